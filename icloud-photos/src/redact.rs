//! Types that carry secrets without showing them.
//!
//! Passwords, tokens and cookies are [`SecretString`]s; URLs whose query is a signature are [`SafeUrl`]s. Their
//! `Debug` and `Display` show nothing that opens a door.

use std::fmt;

pub use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// A URL that may be printed: scheme, host and path, with query, user and password left out.
///
/// Links to content are such URLs: whoever has the query may fetch the file.
#[derive(Clone, PartialEq, Eq)]
pub struct SafeUrl(Url);

impl SafeUrl {
    /// The whole URL, for sending a request.
    pub fn expose(&self) -> &Url {
        &self.0
    }
}

impl From<Url> for SafeUrl {
    fn from(url: Url) -> Self {
        Self(url)
    }
}

impl fmt::Display for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or(""))?;
        if let Some(port) = self.0.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(self.0.path())?;
        if self.0.query().is_some() { f.write_str("?...") } else { Ok(()) }
    }
}

impl fmt::Debug for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SafeUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_link_shows_no_signature() {
        let url: Url = "https://user:pw@cvws.icloud-content.com:444/B/x/${f}?s=secret&e=1".parse().unwrap();
        let shown = format!("{0} {0:?}", SafeUrl::from(url));
        assert!(
            !shown.contains("secret")
                && !shown.contains("pw")
                && shown.contains("icloud-content.com:444/B/x")
        );
    }
}
