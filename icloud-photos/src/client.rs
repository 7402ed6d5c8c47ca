//! The front door: wires transport, clock, endpoints, session store and retry policy.

use std::sync::Arc;

use crate::endpoints::{Endpoints, Region};
use crate::error::Result;
#[cfg(not(feature = "reqwest"))]
use crate::error::{Error, ErrorKind};
use crate::http::{Clock, Http, HttpTransport, RetryPolicy, SystemClock, Timeouts};

/// Signs in and restores sessions. Cheap to clone; clones share the connection pool.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) http: Http,
    pub(crate) endpoints: Endpoints,
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
}

impl Client {
    /// Begins to make a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
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

    /// Makes the client. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] without a transport (feature `reqwest` off and none given).
    pub fn build(self) -> Result<Client> {
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport()?,
        };
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let http = Http::new(transport, clock, self.timeouts, self.retries);
        Ok(Client { http, endpoints: self.endpoints })
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
