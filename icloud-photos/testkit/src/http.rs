//! Requests and responses as plain values, so that a test needs no socket.

use std::io;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use http::header::{CONTENT_TYPE, HOST, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

/// A whole request. Over TCP the URI is absolute-form or carries a `Host`; only method, path, query, headers
/// and body are looked at.
pub type Request = ::http::Request<Bytes>;

/// A response whose body may be generated while it is sent.
pub type Response = ::http::Response<Body>;

/// The bytes of a response.
pub enum Body {
    /// Everything at once.
    Full(Bytes),
    /// Produced while sending. An error cuts the connection, as a server does that goes away.
    Stream(BoxStream<'static, io::Result<Bytes>>),
}

/// A mark in [`http::Extensions`] of a response that must never be sent: the connection is to be closed
/// without an answer. Over TCP [`crate::Server`] does so; in process an adapter that sees the mark should report
/// a broken connection. The body of such a response is an error too, for adapters that do not look.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionReset;

impl Body {
    /// Collects the body; an error where the server would have cut it.
    pub async fn collect(self) -> io::Result<Bytes> {
        match self {
            Self::Full(bytes) => Ok(bytes),
            Self::Stream(mut stream) => {
                let mut all = Vec::new();
                while let Some(chunk) = stream.next().await {
                    all.extend_from_slice(&chunk?);
                }
                Ok(all.into())
            }
        }
    }

    /// The body as a stream, whatever it was.
    pub fn into_stream(self) -> BoxStream<'static, io::Result<Bytes>> {
        match self {
            Self::Full(bytes) => futures::stream::iter((!bytes.is_empty()).then_some(Ok(bytes))).boxed(),
            Self::Stream(stream) => stream,
        }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Full(bytes) => write!(f, "Full({} bytes)", bytes.len()),
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Full(bytes)
    }
}

/// A JSON answer, with the content type the setup and CloudKit services use.
pub(crate) fn json(status: StatusCode, value: &Value) -> Response {
    text(status, "application/json; charset=UTF-8", value.to_string())
}

/// An HTML page.
pub(crate) fn html(status: StatusCode, page: impl Into<Bytes>) -> Response {
    text(status, "text/html;charset=UTF-8", page)
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Bytes::new().into());
    *response.status_mut() = status;
    response
}

/// Any other whole answer.
pub(crate) fn text(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(body.into().into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Setting headers in a chain.
pub(crate) trait ResponseExt: Sized {
    /// Sets a header, unless the value cannot stand in one.
    fn with(self, name: &'static str, value: &str) -> Self;
    /// Adds a `Set-Cookie`.
    fn with_cookie(self, cookie: &str) -> Self;
    /// Adds several.
    fn with_cookies(self, cookies: &[String]) -> Self {
        cookies.iter().fold(self, |response, cookie| response.with_cookie(cookie))
    }
}

impl ResponseExt for Response {
    fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers_mut().insert(HeaderName::from_static(name), value);
        }
        self
    }

    fn with_cookie(mut self, cookie: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(cookie) {
            self.headers_mut().append(SET_COOKIE, value);
        }
        self
    }
}

/// A header as text; empty counts as absent, as Apple's clients treat it.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().filter(|value| !value.is_empty())
}

/// The body as JSON, `Null` when it is none.
pub(crate) fn body_json(request: &Request) -> Value {
    serde_json::from_slice(request.body()).unwrap_or(Value::Null)
}

/// One parameter of the query.
pub(crate) fn query(request: &Request, name: &str) -> Option<String> {
    let query = request.uri().query()?;
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// The host the client believes it talks to, without a port.
pub(crate) fn host(request: &Request) -> &str {
    let of_header = || header(request.headers(), HOST.as_str()).and_then(|host| host.split(':').next());
    request.uri().host().or_else(of_header).unwrap_or("")
}
