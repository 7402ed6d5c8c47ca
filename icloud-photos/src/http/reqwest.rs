//! The default transport, over `reqwest` with rustls, the system's trust store and the usual proxy variables.

use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, TryStreamExt};
use http::{Request, Response};

use super::{Body, HttpTransport};
use crate::error::{Error, ErrorKind, Result};

/// HTTP over `reqwest`: HTTP/2 where the server has it, rustls with the system's trust store (`SSL_CERT_FILE` and
/// `SSL_CERT_DIR` too), `HTTPS_PROXY` and `NO_PROXY`, no redirects, no cookies of its own.
#[derive(Debug, Clone)]
pub struct ReqwestTransport {
    client: Arc<RwLock<reqwest::Client>>,
    /// The client is the caller's, and only the caller can make it anew.
    given: bool,
}

impl ReqwestTransport {
    /// A transport with its own connection pool.
    ///
    /// # Errors
    /// [`ErrorKind::Network`] if TLS cannot be set up, for example without any trust store.
    pub fn new() -> Result<Self> {
        Ok(Self { client: Arc::new(RwLock::new(client()?)), given: false })
    }

    /// Uses a client of the caller, with its proxies, certificates and limits. It must not follow redirects nor keep
    /// cookies.
    pub fn with_client(client: reqwest::Client) -> Self {
        Self { client: Arc::new(RwLock::new(client)), given: true }
    }

    fn client(&self) -> reqwest::Client {
        self.client.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn client() -> Result<reqwest::Client> {
    reqwest::Client::builder()
        .user_agent(super::USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        // `Http` retries. Two that do so would multiply, and this one keeps a copy of every request.
        .retry(reqwest::retry::never())
        .connect_timeout(std::time::Duration::from_secs(30))
        .tcp_nodelay(true)
        .build()
        .map_err(|error| {
            let message = "cannot set up HTTPS; are there root certificates, and can SSL_CERT_FILE be read if it is set?";
            Error::new(ErrorKind::Network, message).caused_by(error)
        })
}

impl HttpTransport for ReqwestTransport {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>>> {
        async move {
            let request = reqwest::Request::try_from(request).map_err(|error| {
                Error::new(ErrorKind::Unexpected, "not a valid request").caused_by(hide_url(error))
            })?;
            let mut answer = self.client().execute(request).await.map_err(network_error)?;
            let mut response = Response::new(());
            *response.status_mut() = answer.status();
            *response.headers_mut() = std::mem::take(answer.headers_mut());
            Ok(response.map(|()| Body::stream(answer.bytes_stream().map_err(network_error))))
        }
        .boxed()
    }

    /// A client of the caller keeps its connections.
    fn reconnect(&self) {
        if self.given {
            return;
        }
        if let Ok(fresh) = client() {
            *self.client.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
    }
}

fn network_error(error: reqwest::Error) -> Error {
    let (kind, message) = match () {
        () if distrusts(&error) => (
            ErrorKind::Network,
            "the certificate of the other side is not to be trusted; if something on this network opens HTTPS, name its \
             root certificate in SSL_CERT_FILE",
        ),
        () if error.is_connect() => (ErrorKind::Network, "cannot connect; is the network up?"),
        () if error.is_timeout() => (ErrorKind::Timeout, "the server did not answer in time"),
        () => (ErrorKind::Network, "the connection broke"),
    };
    Error::new(kind, message).caused_by(hide_url(error))
}

/// Whether the connection failed on a certificate. Only the TLS library's words tell, and only our words depend on them.
fn distrusts(error: &reqwest::Error) -> bool {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.into_iter().any(|cause| cause.to_string().contains("certificate"))
}

/// Download links are secrets, and reqwest prints the URL with its errors.
fn hide_url(error: reqwest::Error) -> reqwest::Error {
    error.without_url()
}
