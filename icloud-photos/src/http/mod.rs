//! Plumbing: one request out, one response back, with time limits and retries.
//!
//! [`HttpTransport`] is the seam to the network, [`Clock`] the seam to time. Everything above speaks through
//! `Http`, which adds the time limits; retries live in `retry.rs` and nowhere else.

mod body;
mod clock;
mod cookies;
#[cfg(feature = "reqwest")]
mod reqwest;
mod retry;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::http::{Request, Response};
use bytes::Bytes;
use futures::future::{BoxFuture, Either, select};

pub use self::body::Body;
pub use self::clock::{Clock, SystemClock};
pub(crate) use self::cookies::CookieJar;
#[cfg(feature = "fs")]
pub(crate) use self::cookies::Entry;
#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestTransport;
pub use self::retry::RetryPolicy;
pub(crate) use self::retry::{error_for_status, retry_after};
use crate::error::{Error, ErrorKind, Result};

/// Sends one HTTP request. No cookies, no redirects, no retries: those are decided above.
pub trait HttpTransport: fmt::Debug + Send + Sync + 'static {
    /// Sends a request and returns as soon as the response's headers are there.
    ///
    /// # Errors
    /// [`ErrorKind::Network`] if no answer could be had. Any status is an answer.
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>>>;

    /// Uses new connections from now on; requests under way go on. A transport without connections has nothing to do.
    fn reconnect(&self) {}
}

/// How long silence is borne.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Timeouts {
    /// From sending a request to the headers of its answer. Default 60 s.
    pub headers: Duration,
    /// Between two pieces of a body. Default 60 s.
    pub stall: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { headers: Duration::from_secs(60), stall: Duration::from_secs(60) }
    }
}

impl Timeouts {
    /// Sets the limit for the headers of an answer.
    #[must_use]
    pub fn headers(mut self, limit: Duration) -> Self {
        self.headers = limit;
        self
    }

    /// Sets the limit for silence inside a body.
    #[must_use]
    pub fn stall(mut self, limit: Duration) -> Self {
        self.stall = limit;
        self
    }
}

/// What a browser would send; Apple's services expect one (protocol notes 1.3).
pub(crate) const USER_AGENT: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 \
                                     (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36";

/// The largest answer that is taken into memory. A page of 200 records is below 1 MB (recorded).
const MAX_ANSWER: usize = 64 << 20;

/// Transport, clock, time limits and retry policy of one client.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    transport: Arc<dyn HttpTransport>,
    clock: Arc<dyn Clock>,
    timeouts: Timeouts,
    retries: RetryPolicy,
}

impl Http {
    pub(crate) fn new(
        transport: Arc<dyn HttpTransport>,
        clock: Arc<dyn Clock>,
        timeouts: Timeouts,
        retries: RetryPolicy,
    ) -> Self {
        Self { transport, clock, timeouts, retries }
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub(crate) fn retries(&self) -> RetryPolicy {
        self.retries
    }

    /// Uses new connections from now on.
    pub(crate) fn reconnect(&self) {
        self.transport.reconnect();
    }

    /// The same connections with another retry policy.
    pub(crate) fn with_retries(&self, retries: RetryPolicy) -> Self {
        Self { retries, ..self.clone() }
    }

    /// Sends a request; the body of the answer fails with [`ErrorKind::Timeout`] when it stalls.
    pub(crate) async fn open(&self, request: Request<Bytes>) -> Result<Response<Body>> {
        let host = request.uri().host().unwrap_or("").to_owned();
        let sent = self.transport.send(request);
        let answer = self.within(self.timeouts.headers, sent, "the server did not answer").await;
        let answer = answer.and_then(|inner| inner).map_err(|error| error.with("host", host))?;
        let (clock, limit) = (self.clock.clone(), self.timeouts.stall);
        Ok(answer.map(|body| body.with_stall_limit(clock, limit)))
    }

    /// Sends a request and reads the whole answer, 64 MiB at most.
    pub(crate) async fn fetch(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let (head, body) = self.open(request).await?.into_parts();
        Ok(Response::from_parts(head, body.collect(MAX_ANSWER).await?))
    }

    async fn within<F: Future>(
        &self,
        limit: Duration,
        future: F,
        silence: &'static str,
    ) -> Result<F::Output> {
        futures::pin_mut!(future);
        match select(future, self.clock.sleep(limit)).await {
            Either::Left((output, _)) => Ok(output),
            Either::Right(_) => {
                Err(Error::new(ErrorKind::Timeout, silence).with("limit", format!("{limit:?}")))
            }
        }
    }
}
