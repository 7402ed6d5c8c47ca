//! The sign-in as a pure state machine: events go in, requests and outcomes come out.
//!
//! No I/O, no clock and no prompt here; the random numbers come from a generator that is handed in. [`Machine::step`]
//! takes an event (a wish of the caller, or the answer to the request it gave last) and says what to do next:
//!
//! ```text
//! Begin(Validate) ─▶ validate ─ok─▶ settle          settle: the account JSON decides
//!        refused ▼                                    ├▶ Done
//! Begin(Token) ───▶ accountLogin ─ok─▶ settle         ├▶ Challenge ◀─ Code / SendCode / Push
//!        refused ▼                                    │      └─accepted─▶ trust ─▶ accountLogin ─▶ settle
//! Begin(Password) ▶ init ▶ complete ▶ [repair] ▶ accountLogin ─▶ settle
//!                              └─409─▶ state ─▶ Challenge     └▶ Action ◀─ AcceptTerms / AskDevices / CheckDevices
//! ```
//!
//! The files: `password` proves the password, `code` the second factor, `setup` speaks with the setup service.

mod code;
mod password;
mod setup;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, Method};
use rand::rngs::StdRng;
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

pub(super) use self::code::Factor;
use super::action::SecurityKeyAssertion;
use super::code::{Phone, SecurityCode};
use super::errors;
use super::srp::Ephemeral;
use super::wire::{self, SecurityKey};
use crate::error::{Error, Result};
use crate::session::account::Account;
use crate::session::reason::Reason;
use crate::session::saved::{SignedIn, next_renewal};
use crate::session::tokens::Tokens;
use crate::session::{AppleId, Rung, SavedSession, wire as session_wire};

/// A sign-in, wherever it stands.
pub(super) struct Machine {
    account: AppleId,
    password: Option<SecretString>,
    tokens: Tokens,
    rng: StdRng,
    phase: Phase,
    /// The rung of the ladder that the present climb stands on.
    rung: Rung,
    restarts: Restarts,
    factor: Factor,
    security_key: Option<SecurityKey>,
    details: Account,
    origin: Origin,
}

/// Where the tokens come from.
#[derive(Debug, Default)]
enum Origin {
    /// This account's own earlier sign-in, or nowhere.
    #[default]
    Own,
    /// Another program left them under this account's name. `known` is Apple's number for the account, if a sign-in of
    /// ours told it.
    Borrowed { known: Option<String> },
    /// They turned out to be another account's.
    Foreign,
}

/// Which answer is awaited.
#[derive(Debug)]
enum Phase {
    Rest,
    Validate,
    AccountLogin,
    Init(Ephemeral),
    Complete,
    Repair,
    FactorState,
    Push,
    SendCode,
    Verify,
    Trust,
    ListDevices,
    Terms,
    AcceptTerms,
    WebAccess,
    AskDevices,
    RequestKeys,
}

/// How often `init` was begun anew, for each of the two reasons.
#[derive(Debug, Default)]
struct Restarts {
    stale: u32,
    short: u32,
}

/// What happened.
#[derive(Debug)]
pub(super) enum Event {
    /// Climb the ladder from here.
    Begin(Rung),
    /// The answer to the call that was given out last.
    Answer(Answer),
    /// Somebody is there to read a code: push one to the account's devices.
    Push,
    /// Send a code to this phone.
    SendCode(Phone),
    /// Somebody typed a code.
    Code(SecurityCode),
    /// Somebody touched a security key.
    Assertion(SecurityKeyAssertion),
    /// The account's owner accepts the new terms.
    AcceptTerms,
    /// Ask the account's devices to approve this session.
    AskDevices,
    /// See whether they have.
    CheckDevices,
}

/// What to do next.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Send this and come back with the answer.
    Send(Call),
    /// A person must give a code.
    Challenge,
    /// A person must do something else.
    Action(Need),
    /// What was wished for is done; the sign-in stands where it stood.
    Resting,
    /// Signed in.
    Done,
    /// It went wrong. Where a person can try again, the machine still stands where it stood.
    Fail(Error),
}

/// What only the account's owner can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Terms,
    Consent,
    SecurityKey,
}

/// Which of the two services a call goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Auth,
    Setup,
    /// Setup, with the client's identification in the query.
    SetupIdentified,
}

/// A request, without what every request to its service carries.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) service: Service,
    pub(super) path: &'static str,
    pub(super) body: Option<Bytes>,
    /// Sending it twice does no harm.
    pub(super) repeatable: bool,
    /// It proves the password, and counts as an attempt.
    pub(super) is_attempt: bool,
}

/// An answer.
#[derive(Clone)]
pub(super) struct Answer {
    pub(super) url: Url,
    pub(super) http_status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// When it came, for `Retry-After` dates.
    pub(super) now: SystemTime,
}

impl Machine {
    pub(super) fn new(account: AppleId, password: Option<SecretString>, tokens: Tokens, rng: StdRng) -> Self {
        Self {
            account,
            password,
            tokens,
            rng,
            phase: Phase::Rest,
            rung: Rung::Validate,
            restarts: Restarts::default(),
            factor: Factor::default(),
            security_key: None,
            details: Account::default(),
            origin: Origin::Own,
        }
    }

    /// The tokens are what another program left: they count only if Apple says that they are this account's.
    pub(super) fn borrowing(mut self, known: Option<String>) -> Self {
        self.origin = Origin::Borrowed { known };
        self
    }

    /// Whether what was borrowed turned out to be another account's.
    pub(super) fn is_foreign(&self) -> bool {
        matches!(self.origin, Origin::Foreign)
    }

    /// Whether Apple has not said yet whose the borrowed tokens are.
    pub(super) fn is_unproven(&self) -> bool {
        matches!(self.origin, Origin::Borrowed { .. })
    }

    /// Takes up a challenge that another machine gave.
    pub(super) fn resumed(mut self, factor: Factor, details: Account) -> Self {
        self.factor = factor;
        self.details = details;
        self.rung = Rung::Password;
        self
    }

    pub(super) fn step(&mut self, event: Event) -> Outcome {
        self.advance(event).unwrap_or_else(Outcome::Fail)
    }

    pub(super) fn account(&self) -> &AppleId {
        &self.account
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    pub(super) fn factor(&self) -> &Factor {
        &self.factor
    }

    pub(super) fn details(&self) -> &Account {
        &self.details
    }

    pub(super) fn rung(&self) -> Rung {
        self.rung
    }

    /// Puts the tokens and the account in place of what was saved before.
    pub(super) fn note(&self, saved: &mut SavedSession, now: SystemTime) {
        let previous = saved.signed_in.as_ref().map_or(0, |signed_in| signed_in.renewals);
        let renewals = next_renewal(previous, now);
        let (tokens, account) = (self.tokens.clone(), self.details.clone());
        saved.signed_in = Some(SignedIn { tokens, account, renewals });
    }

    pub(super) fn security_key(&self) -> Option<&SecurityKey> {
        self.security_key.as_ref()
    }

    /// The password, for a session that may have to sign in again by itself.
    pub(super) fn password(&self) -> Option<&SecretString> {
        self.password.as_ref()
    }

    fn advance(&mut self, event: Event) -> Result<Outcome> {
        match event {
            Event::Begin(rung) => self.begin(rung),
            Event::Answer(answer) => {
                self.tokens.harvest(&answer.url, &answer.headers);
                self.answered(&answer)
            }
            Event::Push => Ok(self.push()),
            Event::SendCode(phone) => Ok(self.send_code(phone)),
            Event::Code(code) => self.verify(&code),
            Event::Assertion(assertion) => self.verify_key(&assertion),
            Event::AcceptTerms => Ok(self.fetch_terms()),
            Event::AskDevices => Ok(self.ask_devices()),
            Event::CheckDevices => Ok(self.check_devices()),
        }
    }

    fn answered(&mut self, answer: &Answer) -> Result<Outcome> {
        match std::mem::replace(&mut self.phase, Phase::Rest) {
            Phase::Rest => Err(errors::out_of_step()),
            Phase::Validate | Phase::AccountLogin => self.on_account(answer),
            Phase::Init(ephemeral) => self.on_init(&ephemeral, answer),
            Phase::Complete => self.on_complete(answer),
            Phase::Repair => self.on_repair(answer),
            Phase::FactorState => self.on_factor_state(answer),
            Phase::Push => Ok(Self::on_push(answer)),
            Phase::SendCode => Self::on_send_code(answer),
            Phase::Verify => self.on_verify(answer),
            Phase::Trust => Ok(self.on_trust(answer)),
            Phase::ListDevices => self.on_list_devices(answer),
            Phase::Terms => self.on_terms(answer),
            Phase::AcceptTerms => self.on_accept_terms(answer),
            Phase::WebAccess => self.on_web_access(answer),
            Phase::AskDevices => Self::on_ask_devices(answer),
            Phase::RequestKeys => self.on_keys(answer),
        }
    }

    fn send(&mut self, phase: Phase, call: Call) -> Outcome {
        self.phase = phase;
        Outcome::Send(call)
    }
}

/// The machine holds secrets; where it stands says enough.
impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine")
            .field("account", &self.account)
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

impl Call {
    fn new(method: Method, service: Service, path: &'static str) -> Self {
        Self { method, service, path, body: None, repeatable: true, is_attempt: false }
    }

    fn get(service: Service, path: &'static str) -> Self {
        Self::new(Method::GET, service, path)
    }

    fn post(service: Service, path: &'static str) -> Self {
        Self::new(Method::POST, service, path)
    }

    fn put(service: Service, path: &'static str) -> Self {
        Self::new(Method::PUT, service, path)
    }

    fn json(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string().into());
        self
    }

    fn once(mut self) -> Self {
        self.repeatable = false;
        self
    }
}

/// Bodies hold proofs, tokens and codes.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {}", self.method, self.service, self.path)
    }
}

impl Answer {
    /// The status that is meant: HTTP's, unless a header corrects a 200 (protocol notes 2.7).
    pub(super) fn status(&self) -> u16 {
        let meant = self.headers.get(wire::REAL_STATUS).and_then(|value| value.to_str().ok()?.parse().ok());
        if self.http_status == 200 { meant.unwrap_or(200) } else { self.http_status }
    }

    fn is_success(&self) -> bool {
        (200..300).contains(&self.status()) && !self.reason().refused
    }

    pub(super) fn reason(&self) -> Reason {
        session_wire::reason(&self.headers, &self.body)
    }

    fn has(&self, header: &str) -> bool {
        self.headers.get(header).is_some_and(|value| !value.is_empty())
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({})", self.http_status)
    }
}
