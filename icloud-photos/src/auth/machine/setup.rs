//! The setup service: the ladder's cheap rungs, the account, terms and device consent (protocol notes 4).

use serde_json::Value;

use super::super::errors::{self, Stage};
use super::super::wire::{self, KeysAnswer, WebAccess, path};
use super::{Answer, Call, Machine, Need, Origin, Outcome, Phase, Service};
use crate::error::{Error, ErrorKind, Result};
use crate::session::account::{self, Account};
use crate::session::{Rung, wire as session_wire};

impl Machine {
    /// Climbs the ladder from `rung`; rungs for which nothing is at hand are passed over.
    pub(super) fn begin(&mut self, rung: Rung) -> Result<Outcome> {
        self.rung = rung;
        match rung {
            Rung::Validate if self.tokens.cookies.holds(wire::SESSION_COOKIE) => {
                let mut call = Call::post(Service::Setup, path::VALIDATE);
                call.body = Some("null".into());
                Ok(self.send(Phase::Validate, call))
            }
            Rung::Validate => self.begin(Rung::Token),
            Rung::Token if !self.tokens.session_token.is_empty() => Ok(self.account_login()),
            Rung::Token | Rung::Password => self.begin_password(),
        }
    }

    pub(super) fn account_login(&mut self) -> Outcome {
        let body = wire::account_login(&self.tokens);
        self.send(Phase::AccountLogin, Call::post(Service::Setup, path::ACCOUNT_LOGIN).json(&body))
    }

    pub(super) fn on_account(&mut self, answer: &Answer) -> Result<Outcome> {
        let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let account = session_wire::account(&json);
        if account.other_domain.is_some() {
            return Err(account.obstacle().unwrap_or_else(errors::out_of_step));
        }
        if answer.is_success() && !account.dsid.is_empty() {
            if !self.is_mine(&account) {
                self.origin = Origin::Foreign;
                return Err(errors::another_account());
            }
            self.origin = Origin::Own;
            return self.settle(account);
        }
        // A page of the edge or an overload says nothing about cookies and tokens.
        match answer.status() {
            200..=299 if answer.reason().refused && self.rung != Rung::Password => self.climb(),
            400..=406 | 409..=428 | 430..=499 if self.rung != Rung::Password && !answer.reason().html => {
                self.climb()
            }
            // Only after a sign-in: cookies and tokens that ended are answered in the same way, on either domain.
            421 if wire::names_other_side(&answer.body) => {
                Err(Error::new(ErrorKind::WrongRegion, account::OTHER_DOMAIN))
            }
            _ => Err(errors::refusal(Stage::Setup, answer)),
        }
    }

    /// A session that another program left may be that of another account; a password is the account's own.
    fn is_mine(&self, account: &Account) -> bool {
        match &self.origin {
            Origin::Borrowed { known } if self.rung != Rung::Password => {
                account.is_named(&self.account) || known.as_ref() == Some(&account.dsid)
            }
            _ => true,
        }
    }

    fn climb(&mut self) -> Result<Outcome> {
        match self.rung {
            Rung::Validate => self.begin(Rung::Token),
            Rung::Token | Rung::Password => self.begin_password(),
        }
    }

    /// Looks at the account and says what is missing.
    fn settle(&mut self, account: Account) -> Result<Outcome> {
        if let Some(obstacle) = account.obstacle() {
            return Err(obstacle);
        }
        let needs_code = account.needs_code();
        self.details = account;
        if needs_code && self.rung != Rung::Password {
            return self.climb();
        }
        if needs_code && !self.factor.is_accepted() {
            let two_step = self.details.hsa_version == 1;
            return Ok(if two_step { self.list_devices() } else { self.fetch_factor_state() });
        }
        // After a two-step code Apple goes on saying that one is needed (recorded).
        if needs_code && !self.factor.two_step {
            return Err(errors::untrusted());
        }
        if self.details.terms_needed {
            return Ok(Outcome::Action(Need::Terms));
        }
        if self.details.needs_consent(&self.tokens.cookies) {
            return Ok(Outcome::Action(Need::Consent));
        }
        if self.details.database.is_none() {
            return Err(account::not_activated());
        }
        Ok(Outcome::Done)
    }

    pub(super) fn fetch_terms(&mut self) -> Outcome {
        let body = wire::get_terms(&self.details.language);
        self.send(Phase::Terms, Call::get(Service::SetupIdentified, path::GET_TERMS).json(&body))
    }

    pub(super) fn on_terms(&mut self, answer: &Answer) -> Result<Outcome> {
        let version = wire::terms_version(&answer.body).filter(|_| answer.is_success());
        let version = version.ok_or_else(|| errors::refusal(Stage::Setup, answer))?;
        let call =
            Call::get(Service::SetupIdentified, path::ACCEPT_TERMS).json(&wire::accept_terms(&version));
        Ok(self.send(Phase::AcceptTerms, call.once()))
    }

    pub(super) fn on_accept_terms(&mut self, answer: &Answer) -> Result<Outcome> {
        if answer.is_success() {
            Ok(self.account_login())
        } else {
            Err(errors::refusal(Stage::Setup, answer))
        }
    }

    pub(super) fn ask_devices(&mut self) -> Outcome {
        self.send(Phase::WebAccess, Call::post(Service::SetupIdentified, path::WEB_ACCESS))
    }

    /// The devices are asked only if none has agreed yet.
    pub(super) fn on_web_access(&mut self, answer: &Answer) -> Result<Outcome> {
        if !answer.is_success() {
            return Err(errors::refusal(Stage::Setup, answer));
        }
        let access: Option<WebAccess> = serde_json::from_slice(&answer.body).ok();
        if access.is_some_and(|access| access.consented) {
            return Ok(Outcome::Resting);
        }
        Ok(self.send(Phase::AskDevices, Call::post(Service::SetupIdentified, path::ASK_DEVICES).once()))
    }

    pub(super) fn on_ask_devices(answer: &Answer) -> Result<Outcome> {
        if answer.is_success() { Ok(Outcome::Resting) } else { Err(errors::refusal(Stage::Setup, answer)) }
    }

    pub(super) fn check_devices(&mut self) -> Outcome {
        let body = wire::request_keys();
        self.send(Phase::RequestKeys, Call::post(Service::SetupIdentified, path::REQUEST_KEYS).json(&body))
    }

    /// Success without the cookies is none.
    pub(super) fn on_keys(&mut self, answer: &Answer) -> Result<Outcome> {
        let keys: Option<KeysAnswer> = serde_json::from_slice(&answer.body).ok();
        let Some(keys) = keys.filter(|_| answer.is_success()) else {
            return Err(errors::refusal(Stage::Setup, answer));
        };
        if keys.is_success() && !self.details.needs_consent(&self.tokens.cookies) {
            return self.settle(self.details.clone());
        }
        if keys.is_success() || keys.is_pending() {
            return Ok(Outcome::Action(Need::Consent));
        }
        Err(account::data_protection().with("apple", keys.message.chars().take(200).collect::<String>()))
    }
}
