//! A sign-in that waits for a code.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::code::{Phone, SecurityCode};
use super::driver::Driver;
use super::errors;
use super::flow::{Reached, Waiting};
use super::machine::{Event, Factor};
use crate::error::Result;
use crate::session::account::Account;
use crate::session::tokens::Tokens;
use crate::session::{AppleId, Session};

/// Apple wants a code. It waits for about ten minutes.
///
/// The code comes from a trusted device, from a message or call to one of [`Challenge::phones`], or, on a device
/// without network, from its settings. Nothing is asked of Apple before one of the methods is called: a new push or
/// message makes the codes before it worthless, so ask only when somebody is there to read it.
pub struct Challenge {
    waiting: Waiting,
    account: AppleId,
    phones: Vec<Phone>,
    devices: bool,
    two_step: bool,
}

/// A challenge as data: one process may create it and another one answer it.
///
/// It is a secret: whoever has it and a valid code is signed in. It does not hold the password, so a session that comes
/// out of it cannot sign in again by itself when Apple no longer accepts its tokens.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SavedChallenge(Format);

#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "format")]
enum Format {
    #[serde(rename = "1")]
    V1 { account: AppleId, tokens: Tokens, factor: Factor, details: Account },
}

impl Challenge {
    pub(super) fn new(waiting: Waiting, account: AppleId, factor: &Factor) -> Self {
        Self {
            waiting,
            account,
            phones: factor.phones.clone(),
            devices: factor.devices,
            two_step: factor.two_step,
        }
    }

    pub(crate) fn resume(driver: Driver, saved: SavedChallenge) -> Self {
        let Format::V1 { account, tokens, factor, details } = saved.0;
        let machine = driver.machine(None, tokens).resumed(factor.clone(), details);
        Self::new(Waiting::new(driver, machine), account, &factor)
    }

    /// Whose sign-in it is.
    pub fn account(&self) -> &AppleId {
        &self.account
    }

    /// The phones (or, with the old two-step verification, devices) that a code can be sent to.
    pub fn phones(&self) -> &[Phone] {
        &self.phones
    }

    /// Whether some trusted device can show a code.
    pub fn has_devices(&self) -> bool {
        self.devices
    }

    /// Whether this is the old two-step verification: a code comes only after [`Challenge::send_code`].
    pub fn is_two_step(&self) -> bool {
        self.two_step
    }

    /// Asks Apple to show a code on the account's devices. Since iOS 26.4 they show none unless asked. Does nothing if
    /// there are no devices. A failure is not reported: a code can be had in other ways.
    ///
    /// Sends `PUT verify/trusteddevice/securitycode`; codes from before become worthless.
    ///
    /// # Errors
    /// What the network reports.
    pub async fn request_push(&self) -> Result<()> {
        self.waiting.tell(Event::Push).await.map(|_| ())
    }

    /// Asks Apple to send a code to a phone, the way [`Phone::delivery`] says. The next code that is submitted is taken
    /// to be that one.
    ///
    /// Sends `PUT verify/phone` (two-step: `POST sendVerificationCode`).
    ///
    /// # Errors
    /// [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited) if Apple sends no more codes for now,
    /// [`ErrorKind::ChallengeExpired`](crate::ErrorKind::ChallengeExpired).
    pub async fn send_code(&self, phone: &Phone) -> Result<()> {
        self.waiting.tell(Event::SendCode(phone.clone())).await.map(|_| ())
    }

    /// Answers with a code. If Apple accepts it, this browser is trusted from now on and the session is saved.
    ///
    /// Sends the code, then `2sv/trust` and `accountLogin`. When those fail after the code was accepted, call this
    /// again: the code is not sent twice.
    ///
    /// # Errors
    /// - [`ErrorKind::CodeRejected`](crate::ErrorKind::CodeRejected): wrong code; the challenge lives on, ask again.
    /// - [`ErrorKind::ChallengeExpired`](crate::ErrorKind::ChallengeExpired): sign in again.
    /// - [`ErrorKind::TooManyCodes`](crate::ErrorKind::TooManyCodes),
    ///   [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited): too many wrong codes.
    /// - [`ErrorKind::TermsRequired`](crate::ErrorKind::TermsRequired),
    ///   [`ErrorKind::AdvancedDataProtection`](crate::ErrorKind::AdvancedDataProtection): the code was right and this
    ///   browser is trusted, but the owner must do something else; [`Client::login`](crate::Client::login) now needs no
    ///   code and offers it as an [`Action`](super::Action).
    pub async fn submit(&self, code: SecurityCode) -> Result<Session> {
        match self.waiting.tell(Event::Code(code)).await? {
            Reached::Session(session) => Ok(session),
            Reached::Need(need) => Err(need.error()),
            Reached::Code | Reached::Same => Err(errors::out_of_step()),
        }
    }

    /// The challenge as data, for another process to answer.
    pub async fn to_saved(&self) -> SavedChallenge {
        self.waiting
            .look(|machine| {
                SavedChallenge(Format::V1 {
                    account: self.account.clone(),
                    tokens: machine.tokens().clone(),
                    factor: machine.factor().clone(),
                    details: machine.details().clone(),
                })
            })
            .await
    }
}

impl SavedChallenge {
    /// Whose sign-in it is.
    pub fn account(&self) -> &AppleId {
        let Format::V1 { account, .. } = &self.0;
        account
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge")
            .field("account", &self.account)
            .field("phones", &self.phones.len())
            .field("has_devices", &self.devices)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SavedChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavedChallenge").field("account", self.account()).finish_non_exhaustive()
    }
}
