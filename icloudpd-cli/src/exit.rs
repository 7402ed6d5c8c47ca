//! How a run ends: the exit code and the one message that says what happened and what to do.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | everything asked for was done |
//! | 1 | the run failed: no sign-in, no listing, a full disk, ... |
//! | 2 | the command line is wrong, or asks for what this version cannot do; nothing was done |
//! | 3 | the run came to its end, but some files failed or the listing was short; run again |
//! | 129 | stopped by SIGHUP: the terminal is gone |
//! | 130 | stopped by Ctrl-C |
//! | 143 | stopped by SIGTERM |
//!
//! icloudpd ends with 0 where we say 3: a script could not tell a whole copy from a broken one.

use std::error::Error as _;

use icloud_photos::sync::SyncReport;
use icloud_photos::{Error, ErrorKind, Retry};

/// The end of a run; later ones are worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    Success,
    Incomplete,
    Failed,
    Usage,
    Interrupted,
    Terminated,
    HungUp,
}

/// What a section of the command line came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) exit: Exit,
    /// If it copied anything, or was to.
    pub(crate) report: Option<SyncReport>,
}

impl From<Exit> for Outcome {
    fn from(exit: Exit) -> Self {
        Self { exit, report: None }
    }
}

impl Exit {
    /// What the system is told.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Incomplete => 3,
            Self::HungUp => 129,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

/// The value of `factor` in errors about the old two-step verification, which have words of their own.
pub(crate) const TWO_STEP: &str = "two-step";

/// The message for an error that ends a run.
pub(crate) fn message(error: &Error) -> String {
    let what = match what_happened(error.kind()) {
        Some(text) => text.to_owned(),
        None => with_causes(error),
    };
    let mut text = what.trim_end_matches('.').to_owned();
    if error.context().any(|(key, value)| key == "factor" && value == TWO_STEP) {
        text = text.replace("wo-factor", "wo-step");
    }
    if let Retry::Exhausted { attempts } = error.retry() {
        text += &format!(" (tried {attempts} times)");
    }
    if let Some(wait) = time_to_wait(error) {
        text += &format!(" (wait {wait})");
    }
    if let Some(advice) = what_to_do(error.kind()) {
        text += &format!(". {advice}");
    }
    text
}

fn time_to_wait(error: &Error) -> Option<String> {
    let server = error.retry_after().map(|wait| format!("{} min", wait.as_secs().div_ceil(60)));
    // A locked account is nothing that waiting mends, so its error is none to try again; it names a time all the same.
    let locked = error.context().find(|(key, _)| error.kind() == ErrorKind::AccountLocked && *key == "wait");
    server.or(locked.map(|(_, wait)| wait.to_owned()))
}

/// For kinds that say it all. Where icloudpd has words, they are here: people search for them.
fn what_happened(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::BadCredentials => "Invalid email/password combination",
        ErrorKind::CodeRequired => {
            "Two-factor authentication is required, and nobody was there to give the code"
        }
        ErrorKind::CodeRejected => "Failed to verify two-factor authentication code",
        ErrorKind::ChallengeExpired => "The two-factor authentication code came too late",
        ErrorKind::SecurityKeyRequired => "This Apple ID signs in with a security key only",
        ErrorKind::AccountLocked => "Apple has locked this Apple ID for security reasons",
        ErrorKind::TooManyAttempts => {
            "Too many sign-ins in half an hour; no password was tried, so that Apple does not lock the Apple ID"
        }
        ErrorKind::TooManyCodes => {
            "Too many two-factor authentication codes; Apple sends or takes no more for now"
        }
        ErrorKind::RateLimited => "Apple iCloud is temporary refusing to serve icloudpd",
        ErrorKind::AdvancedDataProtection => {
            "Advanced Data Protection is on for this Apple ID, so Apple hides the photos"
        }
        ErrorKind::WebAccessDisabled => "\"Access iCloud Data on the Web\" is switched off for this Apple ID",
        ErrorKind::TermsRequired => {
            "Apple has new terms of service that the holder of this Apple ID must accept"
        }
        ErrorKind::WrongRegion => "This Apple ID lives in the other of Apple's two domains",
        ErrorKind::NotActivated => "iCloud Photos was never set up for this Apple ID",
        ErrorKind::IndexNotReady => "iCloud Photos has not finished indexing this library",
        _ => return None,
    })
}

fn what_to_do(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::BadCredentials => {
            "Check the Apple ID and its password (the one of the account, no app-specific one), then run again; after \
             several failures in a row Apple locks the account"
        }
        ErrorKind::CodeRequired => {
            "Run again with --auth-only at a terminal, write the code to standard input, or have it asked for on the web page \
             (--mfa-provider webui)"
        }
        ErrorKind::CodeRejected => "Run again and enter the newest code that Apple has sent",
        ErrorKind::ChallengeExpired => "Run again to get a new one",
        ErrorKind::SecurityKeyRequired => {
            "icloudpd cannot ask a security key: remove it from the Apple ID, or sign in with another Apple ID"
        }
        ErrorKind::SessionExpired => {
            "Run again: a session that has ended is replaced by a new one. If it stays so, wait an hour, then move this \
             Apple ID's file out of --cookie-directory, so that the next run signs in anew"
        }
        ErrorKind::AccountLocked => {
            "Unlock it at https://iforgot.apple.com, sign in once in a browser, then run again. A new password is tried at \
             once; the same one is not sent again for an hour, unless this Apple ID's file is moved out of \
             --cookie-directory"
        }
        ErrorKind::TooManyAttempts => {
            "Check the password, sign in once at https://www.icloud.com, then run again after that time"
        }
        ErrorKind::TooManyCodes => {
            "Wait some hours, then run again and enter the newest code. Each run before that is one more sign-in that Apple counts"
        }
        ErrorKind::RateLimited => "Wait some minutes, then run again; if it stays so, run less often",
        ErrorKind::AdvancedDataProtection => {
            "Run again with --auth-only at a terminal and allow the access when an iPhone, iPad or Mac of this Apple ID \
             asks, or switch Advanced Data Protection off (Settings > your name > iCloud)"
        }
        ErrorKind::WebAccessDisabled => {
            "Switch it on (iPhone: Settings > your name > iCloud > Access iCloud Data on the Web), then run again"
        }
        ErrorKind::TermsRequired => {
            "Sign in at https://www.icloud.com in a browser and accept them, then run again"
        }
        ErrorKind::WrongRegion => "Run again with --domain cn, or with --domain com if you gave cn",
        ErrorKind::NotActivated => {
            "Sign in at https://www.icloud.com/photos in a browser and set Photos up, then run again"
        }
        ErrorKind::IndexNotReady => "Wait some minutes, then run again",
        ErrorKind::Network | ErrorKind::Timeout => {
            "Check the network, HTTPS_PROXY and SSL_CERT_FILE, then run again; what is downloaded stays and is not fetched again"
        }
        ErrorKind::Protocol => {
            "Run again in a while. If it stays so, open https://www.icloud.com in a browser to see whether the network \
             wants you to sign in first, then look for a newer version of icloudpd"
        }
        ErrorKind::Unexpected => {
            "Please report this at https://github.com/icloud-photos/icloud-photos/issues"
        }
        _ => return None,
    })
}

/// The error and its causes on one line, each said once.
pub(crate) fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text += &format!(": {said}");
        }
        cause = error.source();
    }
    match error.kind() {
        ErrorKind::Network | ErrorKind::Timeout => format!("Cannot connect to Apple iCloud service: {text}"),
        _ => text,
    }
}

/// Whether the trouble is on our side of the wire: disk, folder, permission.
pub(crate) fn is_storage(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Storage | ErrorKind::StorageFull | ErrorKind::PermissionDenied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_table() {
        let table = [
            (Exit::Success, 0),
            (Exit::Failed, 1),
            (Exit::Usage, 2),
            (Exit::Incomplete, 3),
            (Exit::Interrupted, 130),
            (Exit::Terminated, 143),
            (Exit::HungUp, 129),
        ];
        for (exit, code) in table {
            assert_eq!(exit.code(), code);
        }
        assert!(Exit::Incomplete > Exit::Success && Exit::Failed > Exit::Incomplete);
    }

    #[test]
    fn a_message_says_what_happened_and_what_to_do() {
        let locked = message(&Error::new(ErrorKind::AccountLocked, "-20209"));
        assert!(locked.starts_with("Apple has locked this Apple ID") && locked.contains("iforgot.apple.com"));
        let full = message(&Error::storage(std::io::Error::from(std::io::ErrorKind::StorageFull), "/photos"));
        assert!(full.contains("/photos") && full.contains("free some space"), "{full}");
    }

    #[test]
    fn two_step_verification_is_called_so() {
        let error = Error::new(ErrorKind::CodeRejected, "x").with("factor", TWO_STEP);
        assert!(message(&error).starts_with("Failed to verify two-step authentication code"));
    }

    #[test]
    fn a_time_to_wait_is_told() {
        let after = Some(std::time::Duration::from_secs(1190));
        let error = Error::new(ErrorKind::TooManyAttempts, "x").retrying(Retry::Later { after });
        assert!(message(&error).contains("(wait 20 min)"), "{}", message(&error));
    }

    #[test]
    fn a_server_that_does_not_answer_is_no_connection() {
        let text = message(&Error::new(ErrorKind::Timeout, "the server did not answer"));
        assert!(
            text.starts_with("Cannot connect to Apple iCloud service: the server did not answer"),
            "{text}"
        );
    }

    #[test]
    fn causes_stand_on_the_line_once() {
        let inner = std::io::Error::other("connection refused");
        let error =
            Error::new(ErrorKind::Network, "no connection").with("host", "idmsa.apple.com").caused_by(inner);
        let text = message(&error);
        assert!(
            text.starts_with("Cannot connect to Apple iCloud service: no connection (host: idmsa.apple.com)")
        );
        assert_eq!(text.matches("connection refused").count(), 1);
        assert!(!text.contains('\n'));
    }
}
