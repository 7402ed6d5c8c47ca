//! Requests as the web site's own client sends them (protocol notes 1.5, 1.6).

use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};

use crate::endpoints::Endpoints;
use crate::error::{Error, ErrorKind, Result};
use crate::http::USER_AGENT;

/// What every request to a signed-in service carries, made once.
#[derive(Debug, Clone)]
pub(crate) struct WebHeaders {
    origin: HeaderValue,
    referer: HeaderValue,
}

impl WebHeaders {
    pub(crate) fn new(endpoints: &Endpoints) -> Result<Self> {
        let home = endpoints.home();
        let value = |text: String| HeaderValue::try_from(text).map_err(invalid);
        Ok(Self { referer: value(format!("{home}/"))?, origin: value(home)? })
    }

    pub(crate) fn request(
        &self,
        method: Method,
        url: &str,
        cookie: Option<HeaderValue>,
        body: Option<(&'static str, Bytes)>,
    ) -> Result<Request<Bytes>> {
        let mut request = Request::builder()
            .method(method)
            .uri(url)
            .header(header::USER_AGENT, HeaderValue::from_static(USER_AGENT))
            .header(header::ORIGIN, self.origin.clone())
            .header(header::REFERER, self.referer.clone());
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let mut bytes = Bytes::new();
        if let Some((kind, given)) = body {
            request = request.header(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            bytes = given;
        }
        request.body(bytes).map_err(invalid)
    }
}

pub(crate) fn invalid(error: impl Into<http::Error>) -> Error {
    // The cause may hold the text of a header or URL and is left out.
    let _ = error.into();
    Error::new(ErrorKind::Unexpected, "cannot make a valid request")
}
