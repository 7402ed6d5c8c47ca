//! What Apple handed out: tokens from headers, and cookies.

use std::fmt;

use http::HeaderMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use super::wire;
use crate::http::CookieJar;

/// A text that opens doors; `Debug` shows only whether there is one.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Token(String);

/// Everything that must be sent back to Apple to stay the same browser (protocol notes 1.9).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Tokens {
    /// Made up once and kept for the life of the trust token.
    pub(crate) client_id: String,
    pub(crate) country: String,
    pub(crate) session_id: Token,
    pub(crate) session_token: Token,
    pub(crate) scnt: Token,
    pub(crate) trust_token: Token,
    pub(crate) attributes: Token,
    pub(crate) cookies: CookieJar,
}

impl Token {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Token {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "none" } else { "***" })
    }
}

impl Tokens {
    /// A browser nobody has seen before.
    pub(crate) fn fresh() -> Self {
        Self { client_id: format!("auth-{}", uuid::Uuid::new_v4()), ..Self::default() }
    }

    /// Takes what an answer of the sign-in or setup service carries, whatever its status. Headers that are absent or
    /// empty change nothing.
    pub(crate) fn harvest(&mut self, url: &Url, headers: &HeaderMap) {
        let read = |name: &str| {
            headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty())
        };
        let slots = [
            (wire::SCNT, &mut self.scnt),
            (wire::SESSION_ID, &mut self.session_id),
            (wire::SESSION_TOKEN, &mut self.session_token),
            (wire::TRUST_TOKEN, &mut self.trust_token),
            (wire::AUTH_ATTRIBUTES, &mut self.attributes),
        ];
        for (name, slot) in slots {
            if let Some(text) = read(name) {
                *slot = text.into();
            }
        }
        if let Some(country) = read(wire::ACCOUNT_COUNTRY) {
            country.clone_into(&mut self.country);
        }
        self.cookies.store(url, headers);
    }

    /// Tells this browser from another without saying anything about either: the client id is made up once.
    pub(crate) fn mark(&self) -> String {
        let hash = Sha256::digest(self.client_id.as_bytes());
        hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Forgets the context of a sign-in; what makes this a known browser stays.
    pub(crate) fn forget_context(&mut self) {
        self.session_id = Token::default();
        self.scnt = Token::default();
        self.attributes = Token::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_headers_change_nothing_and_debug_shows_nothing() {
        let url = "https://idmsa.apple.com/appleauth/auth".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("scnt", "scnt-secret".parse().unwrap());
        headers.insert("X-Apple-Session-Token", "token-secret".parse().unwrap());
        headers.insert("X-Apple-ID-Account-Country", "CHE".parse().unwrap());
        let mut tokens = Tokens::fresh();
        tokens.harvest(&url, &headers);
        headers.insert("scnt", "".parse().unwrap());
        headers.remove("X-Apple-Session-Token");
        tokens.harvest(&url, &headers);
        assert_eq!((tokens.scnt.expose(), tokens.session_token.expose()), ("scnt-secret", "token-secret"));
        assert_eq!(tokens.country, "CHE");
        assert!(!format!("{tokens:?}").contains("secret"));
    }
}
