//! Who you are: signing in.
//!
//! [`Client::login`](crate::Client::login) proves the password by Apple's variant of SRP; the password itself never
//! leaves the process. Then Apple may want a code ([`Challenge`]) or something else ([`Action`]). What comes out is a
//! [`Session`], which is saved and taken up again by [`Client::restore`](crate::Client::restore).
//!
//! The protocol is a pure state machine (`machine`); `driver` runs it over HTTP; `flow` leads from one stop to the next.

mod action;
mod challenge;
mod code;
mod driver;
mod errors;
mod flow;
mod machine;
mod srp;
mod wire;

use std::fmt;

use secrecy::SecretString;

pub use self::action::{Action, ConsentAction, SecurityKeyAction, SecurityKeyAssertion, TermsAction};
pub use self::challenge::{Challenge, SavedChallenge};
pub use self::code::{CodeDelivery, Phone, SecurityCode};
pub(crate) use self::driver::Driver;
use crate::session::{AppleId, Session};

/// An account and its password.
#[derive(Clone)]
pub struct Credentials {
    pub(crate) account: AppleId,
    pub(crate) password: SecretString,
}

impl Credentials {
    /// Names an account and its password. The password is used as typed.
    pub fn new(account: AppleId, password: impl Into<SecretString>) -> Self {
        Self { account, password: password.into() }
    }

    /// The account.
    pub fn account(&self) -> &AppleId {
        &self.account
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("account", &self.account).finish_non_exhaustive()
    }
}

/// How far a sign-in came.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum Login {
    /// Signed in.
    Complete(Session),
    /// Apple wants a code.
    CodeRequired(Challenge),
    /// The account's owner must do something first.
    ActionRequired(Action),
}
