//! The fake as a whole: one function from request to response, and the switches a test may throw.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use http::StatusCode;
use http::Uri;
use serde::{Deserialize, Serialize};

use crate::account::AccountSpec;
use crate::admin;
use crate::clock::Clock;
use crate::counters::{Counters, Counts};
use crate::desk::Desk;
use crate::endpoint::Endpoint;
use crate::faults::{self, FaultAction, FaultRule, FaultScript, Faults};
use crate::http::{Request, Response, empty};
use crate::library::{Context, Library, LibrarySpec};
use crate::server::Server;
use crate::{auth, gate, setup};

/// Where links point while nobody has said otherwise: an address that answers nobody.
const NOWHERE: &str = "http://127.0.0.1:9";

/// A fake iCloud. Clones are the same cloud.
#[derive(Debug, Clone)]
pub struct FakeCloud {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    base_url: RwLock<String>,
    base_url_given: bool,
    clock: Clock,
    desk: Mutex<Desk>,
    libraries: Vec<Library>,
    faults: Faults,
    counters: Arc<Counters>,
}

/// Makes a [`FakeCloud`].
#[derive(Debug)]
pub struct FakeCloudBuilder {
    accounts: Vec<(AccountSpec, Option<LibrarySpec>)>,
    faults: FaultScript,
    base_url: Option<String>,
    standing_at_ms: Option<i64>,
    seed: u64,
}

/// A code that stands on somebody's screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownCode {
    /// Whose.
    pub username: String,
    /// The phone it was sent to; absent for the account's devices.
    pub phone: Option<u64>,
    /// `device`, `sms` or `voice`.
    pub mode: String,
    /// Six digits.
    pub code: String,
}

impl FakeCloud {
    /// A builder with nothing in it.
    pub fn builder() -> FakeCloudBuilder {
        FakeCloudBuilder {
            accounts: Vec::new(),
            faults: FaultScript::default(),
            base_url: None,
            standing_at_ms: None,
            seed: 1,
        }
    }

    /// Answers one request. Path, query, headers and body decide; the host only whether cookies are written for
    /// Apple's domains or for a loopback address. Waits only where a fault script says so, on tokio's clock.
    pub async fn handle(&self, request: Request) -> Response {
        if request.uri().path().starts_with("/fake/") {
            return admin::answer(self, &request);
        }
        let (library, request) = without_library(request);
        let endpoint = Endpoint::of(request.method(), request.uri().path());
        let in_flight = self.inner.counters.enter(endpoint);
        let route = || self.route(endpoint, library, &request);
        let response = match self.inner.faults.strike(endpoint, &request) {
            Some(fault) => faults::suffer(fault, endpoint, route).await,
            None => route(),
        };
        in_flight.answered(response)
    }

    /// Serves on a free port of 127.0.0.1 until the returned value is dropped.
    pub async fn serve(&self) -> io::Result<Server> {
        self.serve_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Serves on that address until the returned value is dropped. Links point to it from now on, unless
    /// [`FakeCloudBuilder::base_url`] said where they point.
    pub async fn serve_at(&self, address: SocketAddr) -> io::Result<Server> {
        let server = Server::start(self.clone(), address).await?;
        if !self.inner.base_url_given {
            self.set_base_url(server.url());
        }
        Ok(server)
    }

    /// Where links to content and the map of services point, without a slash at the end.
    pub fn base_url(&self) -> String {
        self.inner.base_url.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes [`FakeCloud::base_url`].
    pub fn set_base_url(&self, url: &str) {
        *self.inner.base_url.write().unwrap_or_else(PoisonError::into_inner) =
            url.trim_end_matches('/').to_owned();
    }

    /// What people see on their devices and phones now.
    pub fn codes(&self) -> Vec<ShownCode> {
        let desk = self.desk();
        let pushed = desk.sign_ins.values().map(|sign_in| (sign_in.account, &sign_in.code));
        let stepped = desk.web_sessions.values().map(|session| (Some(session.account), &session.code));
        let shown = pushed.chain(stepped).filter_map(|(account, code)| {
            let (account, code) = (desk.accounts.get(account?)?, code.as_ref()?);
            Some(ShownCode {
                username: account.spec.username.clone(),
                phone: code.phone,
                mode: code.mode.clone(),
                code: code.value.clone(),
            })
        });
        shown.collect()
    }

    /// The counters.
    pub fn counts(&self) -> Counts {
        self.inner.counters.read()
    }

    /// Sets the counters to zero.
    pub fn reset_counts(&self) {
        self.inner.counters.reset();
    }

    /// Replaces the fault script.
    ///
    /// # Errors
    /// What is wrong with the script, as [`FaultScript::check`] says.
    pub fn set_faults(&self, script: FaultScript) -> Result<(), String> {
        self.inner.faults.set(script)
    }

    /// The time of the fake, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.inner.clock.now_ms()
    }

    /// Moves the fake's clock.
    pub fn advance_seconds(&self, seconds: i64) {
        self.inner.clock.advance(seconds.saturating_mul(1000));
    }

    /// Revokes every session: cookies are worth nothing. Session tokens and trust tokens stay good.
    pub fn expire_sessions(&self) {
        self.desk().web_sessions.values_mut().for_each(|session| session.revoked = true);
    }

    /// Forgets every `X-Apple-Session-Token`.
    pub fn expire_session_tokens(&self) {
        self.desk().session_tokens.clear();
    }

    /// Forgets every trust token: the next sign-in asks for a code.
    pub fn expire_trust_tokens(&self) {
        self.desk().trust_tokens.clear();
    }

    /// Moves every account to another partition: CloudKit answers 421 until the client has read the map of
    /// services again.
    pub fn move_partition(&self) {
        self.desk().accounts.iter_mut().for_each(|account| account.spec.partition += 1);
    }

    /// What an account is like now.
    pub fn account(&self, username: &str) -> Option<AccountSpec> {
        let desk = self.desk();
        desk.find(username).map(|index| desk.accounts[index].spec.clone())
    }

    /// Changes an account; `false` if there is none of that name.
    pub fn change_account(&self, username: &str, change: impl FnOnce(&mut AccountSpec)) -> bool {
        let mut desk = self.desk();
        let Some(index) = desk.find(username) else { return false };
        let mut spec = desk.accounts[index].spec.clone();
        change(&mut spec);
        desk.accounts[index].change(spec);
        true
    }

    /// The library of an account, to look into it or to change it.
    pub fn library(&self, username: &str) -> Option<&Library> {
        let index = self.desk().find(username)?;
        self.inner.libraries.get(index)
    }

    /// The library of the first account.
    pub(crate) fn first_library(&self) -> Option<&Library> {
        self.inner.libraries.first()
    }

    fn route(&self, endpoint: Endpoint, library: usize, request: &Request) -> Response {
        let now_ms = self.now_ms();
        match endpoint.name().split('/').next().unwrap_or_default() {
            "auth" => auth::answer(&mut self.desk(), endpoint.name(), request, now_ms),
            "setup" => setup::answer(&mut self.desk(), endpoint.name(), request, now_ms, &self.base_url()),
            "cloudkit" => self.cloudkit(request, now_ms),
            "content" => match self.inner.libraries.get(library) {
                Some(found) => found.content(request, &self.context(library)),
                None => empty(StatusCode::NOT_FOUND),
            },
            _ => empty(StatusCode::NOT_FOUND),
        }
    }

    fn cloudkit(&self, request: &Request, now_ms: i64) -> Response {
        let admitted = gate::admit(&mut self.desk(), request, now_ms);
        let pass = match admitted {
            Ok(pass) => pass,
            Err(refusal) => return *refusal,
        };
        match self.inner.libraries.get(pass.account) {
            Some(library) => {
                let response = library.cloudkit(request, &self.context(pass.account));
                pass.seal(response)
            }
            None => empty(StatusCode::NOT_FOUND),
        }
    }

    fn context(&self, library: usize) -> Context {
        let base_url = match library {
            0 => self.base_url(),
            _ => format!("{}{LIBRARY_PATH}{library}", self.base_url()),
        };
        Context { base_url, now_ms: self.now_ms() }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.inner.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FakeCloudBuilder {
    /// Adds an account.
    #[must_use]
    pub fn account(mut self, spec: AccountSpec) -> Self {
        self.accounts.push((spec, None));
        self
    }

    /// Says what the library of the account added last looks like; with no account yet, adds the default one.
    #[must_use]
    pub fn library(mut self, spec: LibrarySpec) -> Self {
        match self.accounts.last_mut() {
            Some((_, library)) => *library = Some(spec),
            None => self.accounts.push((AccountSpec::default(), Some(spec))),
        }
        self
    }

    /// What goes wrong. If the script itself is wrong, every request is answered 500 with the reason, so that it
    /// does not go unseen; [`FaultScript::check`] and [`FakeCloud::set_faults`] say it at once.
    #[must_use]
    pub fn faults(mut self, script: FaultScript) -> Self {
        self.faults = script;
        self
    }

    /// Where links and the map of services point, for a fake behind a proxy.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// A clock that stands at this time (milliseconds since 1970) until it is advanced. The default is the
    /// machine's.
    #[must_use]
    pub fn clock_at_ms(mut self, at_ms: i64) -> Self {
        self.standing_at_ms = Some(at_ms);
        self
    }

    /// What tokens and codes are drawn from.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The cloud. Without an account it has the default one.
    #[must_use]
    pub fn build(mut self) -> FakeCloud {
        if self.accounts.is_empty() {
            self.accounts.push((AccountSpec::default(), None));
        }
        let (specs, libraries): (Vec<_>, Vec<_>) = self.accounts.into_iter().unzip();
        let libraries = libraries
            .into_iter()
            .map(|spec| Library::generate(&spec.unwrap_or_else(|| LibrarySpec::plain(0, 0))));
        let faults = Faults::default();
        if let Err(reason) = faults.set(self.faults) {
            let _ = faults.set(everything_fails(reason));
        }
        let base_url_given = self.base_url.is_some();
        let cloud = FakeCloud {
            inner: Arc::new(Inner {
                base_url: RwLock::new(String::new()),
                base_url_given,
                clock: self.standing_at_ms.map_or_else(Clock::default, Clock::standing),
                desk: Mutex::new(Desk::new(self.seed, specs)),
                libraries: libraries.collect(),
                faults,
                counters: Arc::default(),
            }),
        };
        cloud.set_base_url(self.base_url.as_deref().unwrap_or(NOWHERE));
        cloud
    }
}

/// Links carry no cookies, so those to content of a further account say in their path whose it is.
const LIBRARY_PATH: &str = "/library/";

fn without_library(mut request: Request) -> (usize, Request) {
    let found = request.uri().path_and_query().and_then(|path| {
        let (index, rest) = path.as_str().strip_prefix(LIBRARY_PATH)?.split_once('/')?;
        Some((index.parse::<usize>().ok()?, format!("/{rest}").parse::<Uri>().ok()?))
    });
    match found {
        Some((index, uri)) => {
            *request.uri_mut() = uri;
            (index, request)
        }
        None => (0, request),
    }
}

fn everything_fails(reason: String) -> FaultScript {
    let action = FaultAction::Status { code: 500, retry_after: None, body: Some(reason) };
    FaultScript::new([FaultRule::new("*", action)])
}
