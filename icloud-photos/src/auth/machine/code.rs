//! The second factor (protocol notes 3).

use serde::{Deserialize, Serialize};

use super::super::action::SecurityKeyAssertion;
use super::super::code::{Phone, SecurityCode};
use super::super::errors::{self, Stage};
use super::super::wire::{self, FactorState, path};
use super::{Answer, Call, Machine, Need, Outcome, Phase, Service};
use crate::error::{ErrorKind, Result};
use crate::session::wire::SESSION_TOKEN;

/// Wrong codes in one challenge before it ends, so that Apple does not lock the account.
const MOST_WRONG_CODES: u32 = 5;

/// What is known about the second factor of a sign-in.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Factor {
    pub(crate) phones: Vec<Phone>,
    /// Some device could show a code.
    pub(crate) devices: bool,
    /// The old two-step verification, which lives at the setup service.
    pub(crate) two_step: bool,
    /// The phone a code was sent to last; otherwise codes are those of a device.
    pub(crate) sent_to: Option<Phone>,
    wrong_codes: u32,
    /// The code was right; what is left needs no person.
    accepted: bool,
}

impl Factor {
    pub(crate) fn is_accepted(&self) -> bool {
        self.accepted
    }
}

impl Machine {
    pub(super) fn fetch_factor_state(&mut self) -> Outcome {
        self.send(Phase::FactorState, Call::get(Service::Auth, path::STATE))
    }

    /// A list that cannot be had is no obstacle: a code from a device needs none.
    pub(super) fn on_factor_state(&mut self, answer: &Answer) -> Result<Outcome> {
        let state =
            if answer.is_success() { wire::factor_state(&answer.body) } else { FactorState::default() };
        if state.security_key.is_some() {
            self.security_key = state.security_key;
            return Ok(Outcome::Action(Need::SecurityKey));
        }
        self.challenge(state)
    }

    pub(super) fn challenge(&mut self, state: FactorState) -> Result<Outcome> {
        if state.locked {
            return Err(errors::no_more_codes());
        }
        // Without devices Apple has texted the first phone by itself.
        let sent_to = state.phones.first().filter(|_| state.no_devices).cloned();
        self.factor =
            Factor { devices: !state.no_devices, phones: state.phones, sent_to, ..Factor::default() };
        Ok(Outcome::Challenge)
    }

    pub(super) fn list_devices(&mut self) -> Outcome {
        self.send(Phase::ListDevices, Call::get(Service::SetupIdentified, path::LIST_DEVICES))
    }

    pub(super) fn on_list_devices(&mut self, answer: &Answer) -> Result<Outcome> {
        if !answer.is_success() {
            return Err(errors::refusal(Stage::SendCode, answer));
        }
        self.factor =
            Factor { phones: wire::two_step_devices(&answer.body), two_step: true, ..Factor::default() };
        Ok(Outcome::Challenge)
    }

    pub(super) fn push(&mut self) -> Outcome {
        if self.factor.two_step || !self.factor.devices {
            return Outcome::Resting;
        }
        self.factor.sent_to = None;
        self.send(Phase::Push, Call::put(Service::Auth, path::DEVICE_CODE).once())
    }

    /// A push that fails is no obstacle: devices can show a code without one.
    pub(super) fn on_push(answer: &Answer) -> Outcome {
        if !answer.is_success() {
            tracing::info!(status = answer.status(), "Apple did not push a code to the devices");
        }
        Outcome::Resting
    }

    pub(super) fn send_code(&mut self, phone: Phone) -> Outcome {
        let call = if self.factor.two_step {
            Call::post(Service::SetupIdentified, path::SEND_CODE).json(&phone.echo)
        } else {
            Call::put(Service::Auth, path::PHONE).json(&wire::phone_request(&phone))
        };
        self.factor.sent_to = Some(phone);
        self.send(Phase::SendCode, call.once())
    }

    pub(super) fn on_send_code(answer: &Answer) -> Result<Outcome> {
        if !answer.is_success() {
            return Err(errors::refusal(Stage::SendCode, answer));
        }
        if wire::factor_state(&answer.body).locked {
            return Err(errors::no_more_codes());
        }
        Ok(Outcome::Resting)
    }

    pub(super) fn verify(&mut self, code: &SecurityCode) -> Result<Outcome> {
        if self.factor.accepted {
            return Ok(self.after_code());
        }
        if self.factor.wrong_codes >= MOST_WRONG_CODES {
            return Err(errors::too_many_codes());
        }
        let sent_to = self.factor.sent_to.as_ref();
        let call = if self.factor.two_step {
            let device = sent_to.or(self.factor.phones.first()).ok_or_else(errors::out_of_step)?;
            Call::post(Service::SetupIdentified, path::CHECK_CODE).json(&wire::two_step_code(device, code))
        } else if let Some(phone) = sent_to {
            Call::post(Service::Auth, path::PHONE_CODE).json(&wire::phone_code(phone, code))
        } else {
            Call::post(Service::Auth, path::DEVICE_CODE).json(&wire::device_code(code))
        };
        Ok(self.send(Phase::Verify, call.once()))
    }

    pub(super) fn verify_key(&mut self, assertion: &SecurityKeyAssertion) -> Result<Outcome> {
        let key = self.security_key.as_ref().ok_or_else(errors::out_of_step)?;
        let body = wire::security_key_answer(key, assertion);
        Ok(self.send(Phase::Verify, Call::post(Service::Auth, path::SECURITY_KEY).json(&body).once()))
    }

    /// A session token with a 409 is the proof that the code was right (protocol notes 3.5).
    pub(super) fn on_verify(&mut self, answer: &Answer) -> Result<Outcome> {
        let accepted = answer.is_success() || (answer.status() == 409 && answer.has(SESSION_TOKEN));
        if !accepted {
            let error = errors::refusal(Stage::Verify, answer);
            if error.kind() == ErrorKind::CodeRejected {
                self.factor.wrong_codes += 1;
            }
            return Err(error);
        }
        self.factor.accepted = true;
        Ok(self.after_code())
    }

    fn after_code(&mut self) -> Outcome {
        if self.factor.two_step {
            return self.account_login();
        }
        self.send(Phase::Trust, Call::get(Service::Auth, path::TRUST))
    }

    /// Whether the session is trusted shows in the account that comes next.
    pub(super) fn on_trust(&mut self, answer: &Answer) -> Outcome {
        if !answer.is_success() {
            tracing::info!(status = answer.status(), "Apple did not say that it trusts this session");
        }
        self.account_login()
    }
}
