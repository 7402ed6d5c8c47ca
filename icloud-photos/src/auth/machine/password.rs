//! Proving the password (protocol notes 2.3 to 2.7).

use secrecy::ExposeSecret;

use super::super::errors::{self, Stage};
use super::super::srp::Ephemeral;
use super::super::wire::{self, path};
use super::{Answer, Call, Machine, Need, Outcome, Phase, Restarts, Service};
use crate::error::{Error, ErrorKind, Result};
use crate::session::Rung;
use crate::session::tokens::Token;

/// Exchanges that may be thrown away because a number has a zero top byte; one in 128 has.
const MOST_SHORT: u32 = 3;

impl Machine {
    /// The dearest rung. Without a password only a person can go on.
    pub(super) fn begin_password(&mut self) -> Result<Outcome> {
        if self.password.is_none() {
            return Err(errors::expired());
        }
        self.rung = Rung::Password;
        self.restarts = Restarts::default();
        self.factor = super::Factor::default();
        self.tokens.session_token = Token::default();
        self.tokens.forget_context();
        Ok(self.init())
    }

    fn init(&mut self) -> Outcome {
        let ephemeral = Ephemeral::draw(&mut self.rng);
        let body = wire::init(self.account.as_str(), &ephemeral.public());
        self.send(Phase::Init(ephemeral), Call::post(Service::Auth, path::INIT).json(&body))
    }

    pub(super) fn on_init(&mut self, mine: &Ephemeral, answer: &Answer) -> Result<Outcome> {
        match answer.status() {
            200 | 409 if !answer.reason().refused => {}
            // The context is stale; it says nothing about the password.
            401 | 421 | 450 if self.restarts.stale == 0 => {
                self.restarts.stale += 1;
                self.tokens.forget_context();
                return Ok(self.init());
            }
            _ => return Err(errors::refusal(Stage::Init, answer)),
        }
        let (hello, context) = wire::server_hello(&answer.body)?;
        let password = self.password.as_ref().ok_or_else(errors::out_of_step)?;
        let Some(proof) = mine.prove(self.account.as_str(), password.expose_secret(), &hello)? else {
            self.restarts.short += 1;
            if self.restarts.short > MOST_SHORT {
                return Err(Error::new(
                    ErrorKind::Protocol,
                    "Apple's sign-in numbers keep being too short; try again",
                ));
            }
            return Ok(self.init());
        };
        let body = wire::complete(self.account.as_str(), &context, &proof, &self.tokens);
        let mut call = Call::post(Service::Auth, path::COMPLETE).json(&body).once();
        call.is_attempt = true;
        Ok(self.send(Phase::Complete, call))
    }

    pub(super) fn on_complete(&mut self, answer: &Answer) -> Result<Outcome> {
        match answer.status() {
            200..=299 if answer.is_success() => Ok(self.account_login()),
            409 => self.on_second_factor(answer),
            412 => Ok(self
                .send(Phase::Repair, Call::post(Service::Auth, path::REPAIR).json(&serde_json::json!({})))),
            _ => Err(errors::refusal(Stage::Complete, answer)),
        }
    }

    /// The password is right and Apple wants a second factor. Accounts with the old two-step verification learn so
    /// from the setup service.
    fn on_second_factor(&mut self, answer: &Answer) -> Result<Outcome> {
        let state = wire::factor_state(&answer.body);
        if state.auth_type.as_deref() == Some("hsa") {
            return Ok(self.account_login());
        }
        if state.security_key.is_some() {
            self.security_key = state.security_key;
            return Ok(Outcome::Action(Need::SecurityKey));
        }
        if state.phones.is_empty() {
            return Ok(self.fetch_factor_state());
        }
        self.challenge(state)
    }

    pub(super) fn on_repair(&mut self, answer: &Answer) -> Result<Outcome> {
        if answer.is_success() {
            Ok(self.account_login())
        } else {
            Err(errors::refusal(Stage::Repair, answer))
        }
    }
}
