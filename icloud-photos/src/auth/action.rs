//! What only the account's owner can do before the sign-in can go on.

use std::fmt;
use std::time::Duration;

use super::Login;
use super::flow::{Reached, Waiting};
use super::machine::{Event, Machine, Need};
use super::wire::SecurityKey;
use crate::error::{Error, ErrorKind, Result};
use crate::session::{Session, account};

/// Between two looks whether a device has approved (protocol notes 4.6).
const POLL: Duration = Duration::from_secs(10);

/// Something the account's owner must do. A program that cannot offer it returns [`Action::error`].
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum Action {
    /// New terms of service wait to be accepted.
    AcceptTerms(TermsAction),
    /// Advanced Data Protection is on: a trusted device must approve this session.
    ApproveOnDevice(ConsentAction),
    /// The account wants a security key.
    UseSecurityKey(SecurityKeyAction),
}

/// Terms of service to be accepted.
#[derive(Debug)]
pub struct TermsAction(Waiting);

/// An approval to be given on a trusted device.
#[derive(Debug)]
pub struct ConsentAction(Waiting);

/// A WebAuthn challenge to be answered by a security key.
///
/// **Unproven.** One client is known to sign in this way; another reports that iCloud refuses such sessions later.
#[derive(Debug)]
pub struct SecurityKeyAction {
    waiting: Waiting,
    key: SecurityKey,
}

/// What a WebAuthn authenticator says to [`SecurityKeyAction`]. All in standard base64 with padding.
/// `Debug` shows nothing.
#[derive(Clone)]
#[allow(clippy::exhaustive_structs)]
pub struct SecurityKeyAssertion {
    /// The client data, as JSON, in base64.
    pub client_data: String,
    /// The signature.
    pub signature: String,
    /// The authenticator data.
    pub authenticator_data: String,
    /// The user handle, if the authenticator gave one.
    pub user_handle: Option<String>,
    /// The identifier of the credential that signed.
    pub credential_id: String,
}

impl fmt::Debug for SecurityKeyAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecurityKeyAssertion(***)")
    }
}

impl Action {
    pub(super) fn new(waiting: Waiting, machine: &Machine, need: Need) -> Self {
        match need {
            Need::Terms => Self::AcceptTerms(TermsAction(waiting)),
            Need::Consent => Self::ApproveOnDevice(ConsentAction(waiting)),
            Need::SecurityKey => {
                let key = machine.security_key().cloned().unwrap_or_default();
                Self::UseSecurityKey(SecurityKeyAction { waiting, key })
            }
        }
    }

    /// The error that says what is needed: [`ErrorKind::TermsRequired`], [`ErrorKind::AdvancedDataProtection`] or
    /// [`ErrorKind::SecurityKeyRequired`].
    pub fn error(&self) -> Error {
        match self {
            Self::AcceptTerms(_) => Need::Terms,
            Self::ApproveOnDevice(_) => Need::Consent,
            Self::UseSecurityKey(_) => Need::SecurityKey,
        }
        .error()
    }
}

impl Need {
    pub(super) fn error(self) -> Error {
        match self {
            Self::Terms => Error::new(
                ErrorKind::TermsRequired,
                "Apple has new terms of service; accept them at https://www.icloud.com and sign in again",
            ),
            Self::Consent => account::data_protection(),
            Self::SecurityKey => Error::new(
                ErrorKind::SecurityKeyRequired,
                "this account signs in with a security key, and nothing here talks to one",
            ),
        }
    }
}

impl TermsAction {
    /// Accepts the terms in the name of the account's owner. That is a legal act: call this only when the owner said
    /// so. Sends `getTerms`, `repairDone` and `accountLogin`.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] or [`ErrorKind::Protocol`] if Apple does not take it.
    pub async fn accept(&self) -> Result<Login> {
        self.0.login(self.0.tell(Event::AcceptTerms).await?).await
    }
}

impl ConsentAction {
    /// Asks the account's devices to show the question. Sends `requestWebAccessState` and, if none has agreed yet,
    /// `enableDeviceConsentForPCS`.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] or [`ErrorKind::Protocol`] if Apple does not take it.
    pub async fn request(&self) -> Result<()> {
        self.0.tell(Event::AskDevices).await.map(|_| ())
    }

    /// Looks whether a device has approved. `None` if not yet. Sends `requestPCS`.
    ///
    /// # Errors
    /// [`ErrorKind::AdvancedDataProtection`] if a device refused.
    pub async fn poll(&self) -> Result<Option<Session>> {
        match self.0.tell(Event::CheckDevices).await? {
            Reached::Session(session) => Ok(Some(session)),
            Reached::Need(need) if need != Need::Consent => Err(need.error()),
            _ => Ok(None),
        }
    }

    /// Asks the devices and looks every ten seconds until one has approved.
    ///
    /// # Errors
    /// As [`ConsentAction::poll`]; [`ErrorKind::AdvancedDataProtection`] after `limit`.
    pub async fn wait(&self, limit: Duration) -> Result<Session> {
        self.request().await?;
        let mut waited = Duration::ZERO;
        loop {
            if let Some(session) = self.poll().await? {
                return Ok(session);
            }
            if waited >= limit {
                return Err(Need::Consent.error());
            }
            self.0.clock().sleep(POLL).await;
            waited += POLL;
        }
    }
}

impl SecurityKeyAction {
    /// The challenge, in base64url without padding.
    pub fn challenge(&self) -> &str {
        &self.key.challenge
    }

    /// The identifiers of the credentials that may answer, in base64url.
    pub fn credentials(&self) -> &[String] {
        &self.key.credentials
    }

    /// The relying party, `apple.com`.
    pub fn relying_party(&self) -> &str {
        &self.key.relying_party
    }

    /// The names the owner gave to the keys.
    pub fn key_names(&self) -> &[String] {
        &self.key.names
    }

    /// Answers the challenge. Sends the assertion; if Apple accepts it, asks for trust and for the account.
    ///
    /// # Errors
    /// [`ErrorKind::CodeRejected`] if Apple does not accept it, [`ErrorKind::ChallengeExpired`] if it came too late.
    pub async fn submit(&self, assertion: SecurityKeyAssertion) -> Result<Login> {
        self.waiting.login(self.waiting.tell(Event::Assertion(assertion)).await?).await
    }
}
