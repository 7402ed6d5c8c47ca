//! The front door: wires transport, clock, endpoints, session store and retry policy.

use std::sync::Arc;

use crate::auth::{Challenge, Credentials, Driver, Login, SavedChallenge};
use crate::endpoints::{Endpoints, Region};
#[cfg(not(feature = "reqwest"))]
use crate::error::ErrorKind;
use crate::error::{Error, Result};
use crate::http::{Clock, Http, HttpTransport, RetryPolicy, SystemClock, Timeouts};
use crate::session::vault::Vault;
use crate::session::{AppleId, MemorySessionStore, Session, SessionStore};

/// Signs in and restores sessions. Cheap to clone; clones share the connection pool.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) http: Http,
    pub(crate) endpoints: Endpoints,
    sessions: Arc<dyn SessionStore>,
    client_id: Option<String>,
}

/// Collects what a [`Client`] is made of; everything has a default.
#[derive(Debug, Default)]
#[must_use]
pub struct ClientBuilder {
    endpoints: Endpoints,
    transport: Option<Arc<dyn HttpTransport>>,
    clock: Option<Arc<dyn Clock>>,
    timeouts: Timeouts,
    retries: RetryPolicy,
    sessions: Option<Arc<dyn SessionStore>>,
    client_id: Option<String>,
}

impl Client {
    /// Begins to make a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Signs in with a password. If this client has been trusted before and its saved session is at hand, Apple wants no
    /// code.
    ///
    /// Sends `signin/init` and `signin/complete` with a proof of the password (never the password), then
    /// `accountLogin`. Try [`Client::restore`] first: Apple counts sign-ins. The session keeps the password in memory
    /// to sign in again by itself when Apple no longer accepts its tokens.
    ///
    /// # Errors
    /// - [`ErrorKind::BadCredentials`](crate::ErrorKind::BadCredentials): wrong name or password, and only that.
    /// - [`ErrorKind::TooManyAttempts`](crate::ErrorKind::TooManyAttempts): our own budget, shared by all processes
    ///   with the same session store (5 sign-ins and 3 wrong passwords in 30 minutes), says to wait.
    /// - [`ErrorKind::AccountLocked`](crate::ErrorKind::AccountLocked),
    ///   [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited),
    ///   [`ErrorKind::WebAccessDisabled`](crate::ErrorKind::WebAccessDisabled),
    ///   [`ErrorKind::WrongRegion`](crate::ErrorKind::WrongRegion),
    ///   [`ErrorKind::NotActivated`](crate::ErrorKind::NotActivated),
    ///   [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden).
    pub async fn login(&self, credentials: Credentials) -> Result<Login> {
        let Credentials { account, password } = credentials;
        self.driver(account)?.login(password).await.map_err(|error| error.during("sign in"))
    }

    /// Takes a saved session up again: no password, no code, no prompt. `None` if none is saved or Apple no longer
    /// accepts it; then sign in.
    ///
    /// Sends `validate` and, if Apple refuses the cookies, `accountLogin` with the saved tokens.
    ///
    /// # Errors
    /// What the network and the session store report, and what keeps the account from being used, as for
    /// [`Client::login`].
    pub async fn restore(&self, account: &AppleId) -> Result<Option<Session>> {
        self.driver(account.clone())?.restore().await.map_err(|error| error.during("restore the session"))
    }

    /// Why a password would not be tried now: too many were of late, or Apple answered that the account is locked. The times are
    /// those in the session store, shared by all programs that use it. Nothing is sent.
    ///
    /// # Errors
    /// What the session store reports.
    pub async fn cooldown(&self, account: &AppleId) -> Result<Option<Error>> {
        let vault =
            Vault::new(self.sessions.clone(), account.clone(), self.http.clock().clone()).open().await?;
        Ok(vault.saved.attempts.cooldown(self.http.clock().now()))
    }

    /// Takes up a challenge that this or another process saved. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for endpoints that cannot be used.
    pub fn resume(&self, challenge: SavedChallenge) -> Result<Challenge> {
        Ok(Challenge::resume(self.driver(challenge.account().clone())?, challenge))
    }

    fn driver(&self, account: AppleId) -> Result<Driver> {
        let driver = Driver::new(&self.http, &self.endpoints, self.sessions.clone(), account)?;
        Ok(driver.with_client_id(self.client_id.clone()))
    }
}

impl ClientBuilder {
    /// The world the account lives in.
    pub fn region(self, region: Region) -> Self {
        self.endpoints(Endpoints::for_region(region))
    }

    /// Hosts given whole, for example those of a fake.
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// Another HTTP stack than the default one.
    pub fn transport(mut self, transport: impl HttpTransport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Another clock than the machine's.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// How long silence is borne.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// How often and how patiently calls are repeated.
    pub fn retries(mut self, retries: RetryPolicy) -> Self {
        self.retries = retries;
        self
    }

    /// Where sessions are kept between runs. Without it they live as long as the client.
    pub fn sessions(mut self, store: impl SessionStore) -> Self {
        self.sessions = Some(Arc::new(store));
        self
    }

    /// The id by which Apple knows this browser, where no saved session has one. Without it, or if it is empty or no
    /// text for a header, one is made up.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id =
            Some(id.into()).filter(|id| !id.is_empty() && http::HeaderValue::from_str(id).is_ok());
        self
    }

    /// Makes the client. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) without a transport (feature `reqwest` off and none given).
    pub fn build(self) -> Result<Client> {
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport()?,
        };
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let http = Http::new(transport, clock, self.timeouts, self.retries);
        let sessions = self.sessions.unwrap_or_else(|| Arc::new(MemorySessionStore::new()));
        Ok(Client { http, endpoints: self.endpoints, sessions, client_id: self.client_id })
    }
}

#[cfg(feature = "reqwest")]
fn default_transport() -> Result<Arc<dyn HttpTransport>> {
    Ok(Arc::new(crate::http::ReqwestTransport::new()?))
}

#[cfg(not(feature = "reqwest"))]
fn default_transport() -> Result<Arc<dyn HttpTransport>> {
    Err(Error::new(ErrorKind::Config, "no HTTP transport: give one, or switch the feature `reqwest` on"))
}
