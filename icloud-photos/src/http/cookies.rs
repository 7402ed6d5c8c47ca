//! The cookies of one account, for all of Apple's hosts.
//!
//! Session cookies are kept too: they are what a saved session consists of (protocol notes 1.8). Values travel with
//! their quotes. When parallel answers each bring a new token, the last one wins.

use cookie_store::{CookieStore, RawCookie};
use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};
use url::Url;

/// A jar that serialises whole, session cookies included.
#[derive(Clone, Default)]
pub(crate) struct CookieJar(CookieStore);

impl CookieJar {
    /// Takes every `Set-Cookie` of an answer from `url`. A cookie with an empty value is removed. Returns whether
    /// anything changed.
    pub(crate) fn store(&mut self, url: &Url, headers: &HeaderMap) -> bool {
        let mut changed = false;
        for header in headers.get_all(header::SET_COOKIE) {
            let Some(cookie) = header.to_str().ok().and_then(parse) else { continue };
            changed |= self.take(url, cookie);
        }
        changed
    }

    fn take(&mut self, url: &Url, cookie: RawCookie<'static>) -> bool {
        let (name, value) = (cookie.name().to_owned(), cookie.value().to_owned());
        let before = self.value(&name);
        let emptied = value.trim_matches('"').is_empty();
        if emptied {
            let found = self.0.iter_any().find(|kept| kept.name() == name);
            let Some((domain, path)) =
                found.map(|kept| (String::from(&kept.domain), String::from(&kept.path)))
            else {
                return false;
            };
            return self.0.remove(&domain, &path, &name).is_some();
        }
        self.0.insert_raw(&cookie, url).is_ok() && before.as_deref() != Some(value.as_str())
    }

    /// The `Cookie` header for `url`, if any cookie belongs there.
    pub(crate) fn header(&self, url: &Url) -> Option<HeaderValue> {
        let pairs: Vec<String> =
            self.0.get_request_values(url).map(|(name, value)| format!("{name}={value}")).collect();
        if pairs.is_empty() {
            return None;
        }
        let mut value = HeaderValue::try_from(pairs.join("; ")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Whether a cookie of this name is held for any host, for example `X-APPLE-WEBAUTH-TOKEN`.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    fn value(&self, name: &str) -> Option<String> {
        self.0.iter_any().find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
    }
}

/// Apple writes dates both with and without the space after the comma (recorded); only the first form parses.
fn parse(header: &str) -> Option<RawCookie<'static>> {
    let spaced = header.replace("Mon,", "Mon, ").replace("Tue,", "Tue, ").replace("Wed,", "Wed, ");
    let spaced = spaced.replace("Thu,", "Thu, ").replace("Fri,", "Fri, ").replace("Sat,", "Sat, ");
    let spaced = spaced.replace("Sun,", "Sun, ").replace(",  ", ", ");
    RawCookie::parse(spaced).ok().map(RawCookie::into_owned)
}

impl Serialize for CookieJar {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter_any())
    }
}

impl<'de> Deserialize<'de> for CookieJar {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let cookies = Vec::<cookie_store::Cookie<'static>>::deserialize(deserializer)?;
        let store = CookieStore::from_cookies(cookies.into_iter().map(Ok::<_, D::Error>), true)?;
        Ok(Self(store))
    }
}

impl std::fmt::Debug for CookieJar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter_any().map(|cookie| cookie.name().to_owned())).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(cookies: &[&str]) -> HeaderMap {
        cookies.iter().map(|text| (header::SET_COOKIE, text.parse().unwrap())).collect()
    }

    #[test]
    fn quotes_both_dates_session_cookies_and_removal() {
        let setup: Url = "https://setup.icloud.com/setup/ws/1/accountLogin".parse().unwrap();
        let photos: Url = "https://p61-ckdatabasews.icloud.com/database".parse().unwrap();
        let mut jar = CookieJar::default();
        let set = answer(&[
            r#"X-APPLE-WEBAUTH-TOKEN="v=2:t=ab==";Expires=Tue,16-Jan-2124 02:07:19 GMT;Path=/;Domain=.icloud.com;Secure"#,
            r#"X-APPLE-WEBAUTH-USER="v=1:d=7"; Expires=Fri, 12-Jan-2124 05:06:31 GMT; Path=/; Domain=icloud.com"#,
            r#"SESSION="x"; Path=/; Domain=.icloud.com; HttpOnly"#,
        ]);
        assert!(jar.store(&setup, &set));
        assert!(!jar.store(&setup, &set), "the same cookies again change nothing");
        let saved = serde_json::to_string(&jar).unwrap();
        let mut jar: CookieJar = serde_json::from_str(&saved).unwrap();
        let sent = jar.header(&photos).unwrap();
        let sent = sent.to_str().unwrap();
        assert!(sent.contains(r#"X-APPLE-WEBAUTH-TOKEN="v=2:t=ab==""#), "{sent}");
        assert!(sent.contains("X-APPLE-WEBAUTH-USER") && sent.contains("SESSION"), "{sent}");
        assert!(jar.store(&setup, &answer(&["SESSION=\"\"; Path=/; Domain=.icloud.com"])));
        assert!(!jar.holds("SESSION") && jar.holds("X-APPLE-WEBAUTH-USER"));
        assert_eq!(jar.header(&"https://cvws.icloud-content.com/".parse().unwrap()), None);
        assert!(!format!("{jar:?}").contains("t=ab"));
    }
}
