//! A look at Apple's doors, before anybody signs in: for programs that have to say why nothing works.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use url::Url;

use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::http::USER_AGENT;

/// A host that is known before sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Door {
    /// Where passwords and codes are checked (`idmsa.apple.com`).
    Auth,
    /// Where sessions are (`setup.icloud.com`).
    Setup,
}

/// What a [`Door`] answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probe {
    /// The host that was asked.
    pub host: String,
    /// The status of the answer. Nobody is signed in, so 4xx is what a healthy host says; 429 and 503 mean that it turns us away.
    pub status: u16,
    /// From the request to the headers of the answer.
    pub took: Duration,
    /// What Apple's clock said (the header `Date`, whole seconds), if it said so.
    pub apple: Option<SystemTime>,
    /// What this computer's clock said at that moment.
    pub here: SystemTime,
}

impl Probe {
    /// True if Apple refuses to serve this client for now.
    pub fn is_turned_away(&self) -> bool {
        [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE]
            .iter()
            .any(|status| *status == self.status)
    }

    /// How far this computer's clock is from Apple's, whichever is ahead. A second more or less says nothing.
    pub fn clock_error(&self) -> Option<Duration> {
        let apple = self.apple?;
        Some(self.here.duration_since(apple).unwrap_or_else(|ahead| ahead.duration()))
    }
}

impl Client {
    /// Asks a door for nothing in particular, to see whether it can be reached and what time it is there. One request (`GET` of the
    /// host's sign-in or setup base, without cookies); no account is named.
    ///
    /// # Errors
    /// [`ErrorKind::Network`] and [`ErrorKind::Timeout`] if no answer came. Any status is an answer.
    pub async fn probe(&self, door: Door) -> Result<Probe> {
        let url = match door {
            Door::Auth => self.endpoints.auth_base(),
            Door::Setup => self.endpoints.setup_base(),
        };
        let request = Request::builder()
            .method(Method::GET)
            .uri(&url)
            .header(header::USER_AGENT, USER_AGENT)
            .body(Bytes::new())
            .map_err(|error| Error::new(ErrorKind::Config, "not an address to ask").caused_by(error))?;
        let clock = self.http.clock();
        let before = clock.now();
        let answer = self.http.open(request).await.map_err(|error| error.during("probe"))?;
        let here = clock.now();
        let date = answer.headers().get(header::DATE).and_then(|date| date.to_str().ok()).and_then(read_date);
        Ok(Probe {
            host: Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default(),
            status: answer.status().as_u16(),
            took: here.duration_since(before).unwrap_or_default(),
            apple: date,
            here,
        })
    }
}

/// `Fri, 27 Nov 2026 10:13:55 GMT`: RFC 2822 but for the name of the zone.
fn read_date(text: &str) -> Option<SystemTime> {
    let text = text.strip_suffix("GMT").map(|text| format!("{text}+0000"));
    OffsetDateTime::parse(&text?, &Rfc2822).ok().map(SystemTime::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_an_answer_is_read() {
        let since = |text| read_date(text).and_then(|date| date.duration_since(SystemTime::UNIX_EPOCH).ok());
        assert_eq!(since("Fri, 27 Nov 2026 10:13:55 GMT"), Some(Duration::from_secs(1_795_774_435)));
        for other in ["Fri, 27 Nov 2026 10:13:55", "27/11/2026 GMT", "GMT", ""] {
            assert_eq!(since(other), None, "{other}");
        }
    }

    #[test]
    fn a_clock_is_wrong_in_both_directions() {
        let apple = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let probe = |seconds| Probe {
            host: String::new(),
            status: 503,
            took: Duration::ZERO,
            apple: Some(apple),
            here: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds),
        };
        assert_eq!(probe(1300).clock_error(), Some(Duration::from_secs(300)));
        assert_eq!(probe(400).clock_error(), Some(Duration::from_secs(600)));
        assert!(probe(0).is_turned_away());
        assert!(!Probe { status: 421, ..probe(0) }.is_turned_away());
    }
}
