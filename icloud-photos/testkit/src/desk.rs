//! What the services remember: accounts, sign-ins under way, tokens given out, sessions.
//!
//! Every token says in itself what it belongs to, so that nothing here grows with the number of requests.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

use crate::account::{AccountSpec, Protocol};
use crate::srp::{self, Exchange, hex};

/// Minutes a sign-in may take.
pub(crate) const SIGN_IN_MS: i64 = 10 * 60 * 1000;
const DAY_MS: i64 = 86_400_000;

/// All of it.
#[derive(Debug)]
pub(crate) struct Desk {
    random: StdRng,
    pub(crate) accounts: Vec<Account>,
    pub(crate) sign_ins: HashMap<String, SignIn>,
    pub(crate) exchanges: HashMap<String, Pending>,
    pub(crate) session_tokens: HashMap<String, SessionToken>,
    pub(crate) trust_tokens: HashMap<String, TrustToken>,
    pub(crate) web_sessions: HashMap<String, WebSession>,
}

/// An account and what happened to it.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) spec: AccountSpec,
    pub(crate) dsid: String,
    verifier: Option<Vec<u8>>,
    pub(crate) wrong_passwords: u32,
    pub(crate) wrong_codes: u32,
    pub(crate) codes_sent: u32,
}

/// One run through the sign-in service.
#[derive(Debug)]
pub(crate) struct SignIn {
    pub(crate) account: Option<usize>,
    pub(crate) stage: Stage,
    pub(crate) code: Option<IssuedCode>,
    pub(crate) challenge: String,
    opened_ms: i64,
    scnt_key: String,
    scnt_count: u32,
}

/// How far it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Opened,
    RepairNeeded,
    CodeNeeded,
    Verified,
}

/// A code on somebody's screen.
#[derive(Debug, Clone)]
pub(crate) struct IssuedCode {
    pub(crate) value: String,
    /// The phone's number, or `None` for the devices.
    pub(crate) phone: Option<u64>,
    pub(crate) mode: String,
}

/// An SRP exchange between its two calls.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) exchange: Exchange,
    pub(crate) login: String,
    pub(crate) sign_in: String,
}

/// `X-Apple-Session-Token`.
#[derive(Debug, Clone)]
pub(crate) struct SessionToken {
    pub(crate) account: usize,
    /// Whether all that is asked was answered.
    pub(crate) verified: bool,
    pub(crate) trusted: bool,
}

/// `X-Apple-TwoSV-Trust-Token`.
#[derive(Debug, Clone)]
pub(crate) struct TrustToken {
    pub(crate) account: usize,
    issued_ms: i64,
}

/// A session of the setup service: what the `X-APPLE-WEBAUTH-*` cookies stand for.
#[derive(Debug, Clone)]
pub(crate) struct WebSession {
    pub(crate) account: usize,
    pub(crate) session_token: String,
    pub(crate) verified: bool,
    pub(crate) trusted: bool,
    pub(crate) extended: bool,
    /// The partition the client was told.
    pub(crate) partition: u32,
    pub(crate) opened_ms: i64,
    pub(crate) revoked: bool,
    /// How many `X-APPLE-WEBAUTH-TOKEN`s it was given.
    pub(crate) tokens: u64,
    /// A code of the old two-step verification.
    pub(crate) code: Option<IssuedCode>,
    pub(crate) consent: Consent,
    pub(crate) pcs_until_ms: i64,
}

/// The person's yes to handing out keys (Advanced Data Protection).
#[derive(Debug, Clone, Default)]
pub(crate) struct Consent {
    pub(crate) asked: bool,
    pub(crate) consent_polls: u32,
    pub(crate) cookie_polls: u32,
}

/// What `init` answers with; made up for a login nobody has.
#[derive(Debug)]
pub(crate) struct Registration {
    pub(crate) salt: Vec<u8>,
    pub(crate) verifier: Vec<u8>,
    pub(crate) iterations: u32,
    pub(crate) protocol: Protocol,
}

impl Desk {
    pub(crate) fn new(seed: u64, specs: Vec<AccountSpec>) -> Self {
        let accounts = specs.into_iter().enumerate().map(|(index, spec)| Account::new(index, spec)).collect();
        Self {
            random: StdRng::seed_from_u64(seed),
            accounts,
            sign_ins: HashMap::new(),
            exchanges: HashMap::new(),
            session_tokens: HashMap::new(),
            trust_tokens: HashMap::new(),
            web_sessions: HashMap::new(),
        }
    }

    /// The account with that login.
    pub(crate) fn find(&self, login: &str) -> Option<usize> {
        let login = login.trim().to_lowercase();
        self.accounts.iter().position(|account| account.spec.username.trim().to_lowercase() == login)
    }

    /// What the server holds in place of that login's password.
    pub(crate) fn registration(&mut self, login: &str) -> Registration {
        match self.find(login) {
            Some(index) => self.accounts[index].registration(),
            None => Registration {
                salt: salt_of(login),
                verifier: self.bytes(256).into_iter().skip(1).collect(),
                iterations: AccountSpec::default().iterations,
                protocol: Protocol::S2k,
            },
        }
    }

    /// So many random bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.random.fill(&mut bytes[..]);
        bytes
    }

    /// A random name of so many bytes, in hexadecimal.
    pub(crate) fn name(&mut self, bytes: usize) -> String {
        hex(&self.bytes(bytes))
    }

    /// A random UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let name = self.name(16);
        format!("{}-{}-{}-{}-{}", &name[..8], &name[8..12], &name[12..16], &name[16..20], &name[20..])
    }

    /// Six random digits.
    pub(crate) fn code(&mut self) -> String {
        format!("{:06}", self.random.random_range(0..1_000_000))
    }

    /// Begins a sign-in; the answer is its session id. Forgets those that took too long.
    pub(crate) fn open_sign_in(&mut self, now_ms: i64) -> String {
        self.sign_ins.retain(|_, sign_in| sign_in.alive(now_ms));
        let sign_ins = &self.sign_ins;
        self.exchanges.retain(|_, pending| sign_ins.contains_key(&pending.sign_in));
        let id = self.name(48);
        let sign_in = SignIn {
            account: None,
            stage: Stage::Opened,
            code: None,
            challenge: String::new(),
            opened_ms: now_ms,
            scnt_key: self.name(32),
            scnt_count: 0,
        };
        self.sign_ins.insert(id.clone(), sign_in);
        id
    }

    /// The sign-in with that id, unless it took too long.
    pub(crate) fn sign_in(&mut self, id: &str, now_ms: i64) -> Option<&mut SignIn> {
        self.sign_ins.get_mut(id).filter(|sign_in| sign_in.alive(now_ms))
    }

    pub(crate) fn new_session_token(&mut self, account: usize, verified: bool, trusted: bool) -> String {
        let token = format!("{}_{}", self.name(64), account);
        self.session_tokens.insert(token.clone(), SessionToken { account, verified, trusted });
        token
    }

    pub(crate) fn new_trust_token(&mut self, account: usize, now_ms: i64) -> String {
        let token = format!("HSARMTK{}SRVX", self.name(60));
        self.trust_tokens.insert(token.clone(), TrustToken { account, issued_ms: now_ms });
        token
    }

    /// Whether the token still stands for trust in that account.
    pub(crate) fn trusts(&self, token: &str, account: usize, now_ms: i64) -> bool {
        let life = i64::from(self.accounts[account].spec.trust_days) * DAY_MS;
        self.trust_tokens.get(token).is_some_and(|it| it.account == account && now_ms < it.issued_ms + life)
    }

    /// Opens a session for a session token; the answer is its id.
    pub(crate) fn open_web_session(
        &mut self,
        session_token: &str,
        trusted: bool,
        extended: bool,
        now_ms: i64,
    ) -> Option<String> {
        let token = self.session_tokens.get(session_token)?.clone();
        let id = self.name(16);
        let session = WebSession {
            account: token.account,
            session_token: session_token.to_owned(),
            verified: token.verified || trusted,
            trusted: trusted || token.trusted,
            extended,
            partition: self.accounts[token.account].spec.partition,
            opened_ms: now_ms,
            revoked: false,
            tokens: 0,
            code: None,
            consent: Consent::default(),
            pcs_until_ms: 0,
        };
        self.web_sessions.insert(id.clone(), session);
        Some(id)
    }

    /// Whether the session may still be used.
    pub(crate) fn alive(&self, session: &WebSession, now_ms: i64) -> bool {
        let life = i64::from(self.accounts[session.account].spec.session_days) * DAY_MS;
        !session.revoked && now_ms < session.opened_ms + life
    }

    /// A fresh value of `X-APPLE-WEBAUTH-TOKEN`.
    pub(crate) fn next_web_token(&mut self, id: &str) -> Option<String> {
        let session = self.web_sessions.get_mut(id)?;
        session.tokens += 1;
        Some(format!("v=2:t=EQ==BST_{id}_{:x}~~", session.tokens))
    }

    /// The session a cookie of ours belongs to, if it could have been given out: its id and number.
    pub(crate) fn of_cookie(&self, value: &str) -> Option<(String, u64)> {
        let (_, rest) = value.split_once("BST_")?;
        let (id, number) = rest.strip_suffix("~~")?.split_once('_')?;
        let number = u64::from_str_radix(number, 16).ok()?;
        let session = self.web_sessions.get(id)?;
        (number <= session.tokens).then(|| (id.to_owned(), number))
    }
}

impl Account {
    fn new(index: usize, spec: AccountSpec) -> Self {
        let usual = || (12_345_678_901_u64 + index as u64).to_string();
        let dsid = spec.dsid.clone().unwrap_or_else(usual);
        Self { spec, dsid, verifier: None, wrong_passwords: 0, wrong_codes: 0, codes_sent: 0 }
    }

    /// Changes what the account is like.
    pub(crate) fn change(&mut self, spec: AccountSpec) {
        self.spec = spec;
        self.verifier = None;
    }

    pub(crate) fn codes_locked(&self) -> bool {
        self.wrong_codes >= self.spec.wrong_codes_allowed
    }

    pub(crate) fn sending_locked(&self) -> bool {
        self.codes_sent >= self.spec.codes_sent_allowed
    }

    fn registration(&mut self) -> Registration {
        let AccountSpec { username, password, protocol, iterations, salt, .. } = &self.spec;
        let given = salt.as_ref().and_then(|salt| STANDARD.decode(salt).ok());
        let salt = given.unwrap_or_else(|| salt_of(username));
        let make = || srp::verifier(*protocol, password, &salt, *iterations);
        let verifier = self.verifier.get_or_insert_with(make).clone();
        Registration { salt, verifier, iterations: *iterations, protocol: *protocol }
    }
}

impl SignIn {
    /// The next value of `scnt`.
    pub(crate) fn next_scnt(&mut self) -> String {
        self.scnt_count += 1;
        format!("{}{:08x}", self.scnt_key, self.scnt_count)
    }

    /// Whether an echoed `scnt` is one of this sign-in's; the newest one if need be.
    pub(crate) fn knows_scnt(&self, scnt: &str, newest: bool) -> bool {
        let count =
            scnt.strip_prefix(self.scnt_key.as_str()).and_then(|rest| u32::from_str_radix(rest, 16).ok());
        count.is_some_and(|count| if newest { count == self.scnt_count } else { count <= self.scnt_count })
    }

    fn alive(&self, now_ms: i64) -> bool {
        now_ms < self.opened_ms + SIGN_IN_MS
    }
}

fn salt_of(login: &str) -> Vec<u8> {
    Sha256::digest(login.trim().to_lowercase().as_bytes())[..16].to_vec()
}
