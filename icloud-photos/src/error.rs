//! One error for the whole library.
//!
//! An [`Error`] says what happened ([`ErrorKind`]), whether trying again can help ([`Retry`]), during which
//! operation, about which things (context), and why (source). It is one pointer wide and never holds a secret:
//! URLs enter through [`SafeUrl`](crate::redact::SafeUrl), bodies only as the short reason that Apple gave.
//!
//! Rules for code in this crate:
//!
//! - Make an error where the cause is known, with a message that tells a person what to do.
//! - Add context (`.with("asset", id)`) where the thing is known; add the operation at the public door.
//! - Never match on text. A caller that must act on a cause needs a kind of its own.
//! - What concerns one asset is a value in that asset's result and never ends a run.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// Short for a result with our [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What happened, for a program to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Apple refused the proof of the password. The only kind that means "wrong password".
    BadCredentials,
    /// A password is needed, and nobody has given one.
    PasswordRequired,
    /// The session ended and only a person can start a new one: sign in again.
    CodeRequired,
    /// The code was wrong. The challenge lives on; ask for the code again.
    CodeRejected,
    /// The challenge is too old or was replaced; sign in again to get a new one.
    ChallengeExpired,
    /// The account can be used with a security key only.
    SecurityKeyRequired,
    /// The saved session is no longer accepted and no password was given to renew it.
    SessionExpired,
    /// Apple locked the account for security reasons; <https://iforgot.apple.com> unlocks it.
    AccountLocked,
    /// Our own budget of sign-in attempts is used up, so that Apple does not lock the account.
    TooManyAttempts,
    /// Apple sends or takes no more codes for some hours, or too many wrong ones were given.
    TooManyCodes,
    /// Apple asks to slow down (429), or refuses for a while (503).
    RateLimited,
    /// Advanced Data Protection is on and no device has approved this session.
    AdvancedDataProtection,
    /// "Access iCloud Data on the Web" is switched off for the account.
    WebAccessDisabled,
    /// New terms of service wait to be accepted by the account's holder.
    TermsRequired,
    /// The account belongs to the other region (`com` or `cn`).
    WrongRegion,
    /// iCloud Photos was never set up for this account.
    NotActivated,
    /// Apple still builds the index of the library; try again in a few minutes.
    IndexNotReady,
    /// The sign-in or the request was forbidden and Apple gave no clearer reason.
    Forbidden,
    /// No such library, album, asset or file.
    NotFound,
    /// A record was changed by somebody else meanwhile.
    Conflict,
    /// A download link is no longer valid; a fresh one is needed.
    LinkExpired,
    /// No connection, or it broke.
    Network,
    /// Nothing was heard for too long.
    Timeout,
    /// The server answered something this version does not understand.
    Protocol,
    /// Bytes do not match their length or Apple's checksum.
    Integrity,
    /// The storage failed in a way that has no kind of its own.
    Storage,
    /// The storage is full.
    StorageFull,
    /// What is there is not the storage that was filled before; most likely a disk is not mounted.
    StoreLost,
    /// The storage may not be read or written by this user.
    PermissionDenied,
    /// Something else stands under that name already.
    AlreadyExists,
    /// A value given by the caller is wrong.
    Config,
    /// The back end or this version cannot do that.
    Unsupported,
    /// The caller stopped the work.
    Cancelled,
    /// A defect of this library; please report it.
    Unexpected,
}

/// Whether the same call may succeed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retry {
    /// The same call will fail again.
    Never,
    /// The same call may succeed, after the given time if the server named one.
    Later {
        /// What `Retry-After` said.
        after: Option<Duration>,
    },
    /// It was worth retrying and was retried this many times in vain.
    Exhausted {
        /// Attempts made in all.
        attempts: u32,
    },
}

/// The error of every fallible operation in this crate.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    retry: Retry,
    operation: &'static str,
    message: Cow<'static, str>,
    context: Vec<(&'static str, String)>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A new error. Retry follows from the kind: network faults, time-outs and throttling may be tried again.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            retry: kind.default_retry(),
            operation: "",
            message: message.into(),
            context: Vec::new(),
            source: None,
        }))
    }

    /// What happened.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether trying again can help.
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// True if the same call may succeed when repeated.
    pub fn is_retryable(&self) -> bool {
        matches!(self.0.retry, Retry::Later { .. })
    }

    /// How long the server asked to wait, if it did.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.0.retry {
            Retry::Later { after } => after,
            _ => None,
        }
    }

    /// The operation that failed, such as `"sign in"`; empty if none was named.
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// The message alone, without operation, context and causes.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What the error is about, as pairs such as `("album", "Holiday")`.
    pub fn context(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.context.iter().map(|(key, value)| (*key, value.as_str()))
    }

    /// Adds a piece of context.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((key, value.to_string()));
        self
    }

    /// Names the operation; the outermost name wins.
    #[must_use]
    pub fn during(mut self, operation: &'static str) -> Self {
        self.0.operation = operation;
        self
    }

    /// Sets the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Says whether trying again can help.
    #[must_use]
    pub fn retrying(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// An error of the storage, its kind taken from the I/O error.
    pub fn storage(error: std::io::Error, what: impl fmt::Display) -> Self {
        use std::io::ErrorKind as Io;
        let (kind, advice) = match error.kind() {
            Io::StorageFull | Io::QuotaExceeded => {
                (ErrorKind::StorageFull, "the disk is full; free some space and run again")
            }
            Io::PermissionDenied | Io::ReadOnlyFilesystem => (
                ErrorKind::PermissionDenied,
                "not allowed to read or write here; check owner and permissions",
            ),
            Io::NotFound => (ErrorKind::NotFound, "no such file or folder"),
            Io::AlreadyExists => (ErrorKind::AlreadyExists, "something with this name exists already"),
            _ => (ErrorKind::Storage, "reading or writing failed"),
        };
        Self::new(kind, advice).with("path", what).caused_by(error)
    }

    /// A stand-in with the same kind, retry, operation, message and context, for reporting one failure to several
    /// waiters. Causes become text.
    pub(crate) fn duplicate(&self) -> Self {
        Self(Box::new(Inner {
            kind: self.0.kind,
            retry: self.0.retry,
            operation: self.0.operation,
            message: self.0.message.clone(),
            context: self.0.context.clone(),
            source: self.0.source.as_ref().map(|source| source.to_string().into()),
        }))
    }
}

impl ErrorKind {
    /// Every kind, in the order above.
    pub const ALL: [Self; 34] = [
        Self::BadCredentials,
        Self::PasswordRequired,
        Self::CodeRequired,
        Self::CodeRejected,
        Self::ChallengeExpired,
        Self::SecurityKeyRequired,
        Self::SessionExpired,
        Self::AccountLocked,
        Self::TooManyAttempts,
        Self::TooManyCodes,
        Self::RateLimited,
        Self::AdvancedDataProtection,
        Self::WebAccessDisabled,
        Self::TermsRequired,
        Self::WrongRegion,
        Self::NotActivated,
        Self::IndexNotReady,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::LinkExpired,
        Self::Network,
        Self::Timeout,
        Self::Protocol,
        Self::Integrity,
        Self::Storage,
        Self::StorageFull,
        Self::StoreLost,
        Self::PermissionDenied,
        Self::AlreadyExists,
        Self::Config,
        Self::Unsupported,
        Self::Cancelled,
        Self::Unexpected,
    ];

    fn default_retry(self) -> Retry {
        match self {
            Self::Network | Self::Timeout | Self::RateLimited | Self::IndexNotReady | Self::LinkExpired => {
                Retry::Later { after: None }
            }
            _ => Retry::Never,
        }
    }
}

/// `operation: message (key: value, ...)`; causes are left to [`std::error::Error::source`].
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.operation.is_empty() {
            write!(f, "{}: ", self.0.operation)?;
        }
        f.write_str(&self.0.message)?;
        let mut separator = " (";
        for (key, value) in &self.0.context {
            write!(f, "{separator}{key}: {value}")?;
            separator = ", ";
        }
        if self.0.context.is_empty() { Ok(()) } else { f.write_str(")") }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("retry", &self.0.retry)
            .field("operation", &self.0.operation)
            .field("message", &self.0.message)
            .field("context", &self.0.context)
            .field("source", &self.0.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_among_all() {
        let places: Vec<usize> = ErrorKind::ALL.iter().map(|kind| *kind as usize).collect();
        assert_eq!(places, (0..=ErrorKind::Unexpected as usize).collect::<Vec<_>>());
    }

    #[test]
    fn display_names_operation_message_and_context_but_not_causes() {
        let error = Error::new(ErrorKind::NotFound, "no such album")
            .with("album", "Holiday")
            .with("library", "PrimarySync")
            .caused_by("inner")
            .during("open album");
        assert_eq!(error.to_string(), "open album: no such album (album: Holiday, library: PrimarySync)");
        assert_eq!(std::error::Error::source(&error).map(ToString::to_string).as_deref(), Some("inner"));
    }

    #[test]
    fn only_passing_troubles_are_retryable() {
        assert!(Error::new(ErrorKind::Network, "x").is_retryable());
        assert!(!Error::new(ErrorKind::BadCredentials, "x").is_retryable());
        let spent = Error::new(ErrorKind::Network, "x").retrying(Retry::Exhausted { attempts: 3 });
        assert!(!spent.is_retryable());
    }

    #[test]
    fn full_disks_and_closed_doors_have_their_own_kinds() {
        let full = Error::storage(std::io::Error::from(std::io::ErrorKind::StorageFull), "a");
        assert_eq!(full.kind(), ErrorKind::StorageFull);
        let closed = Error::storage(std::io::Error::from(std::io::ErrorKind::PermissionDenied), "a");
        assert_eq!(closed.kind(), ErrorKind::PermissionDenied);
    }
}
