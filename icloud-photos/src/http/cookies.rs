//! The cookies of one account, for all of Apple's hosts.
//!
//! Session cookies are kept too: they are what a saved session consists of (protocol notes 1.8). Values travel with
//! their quotes. When parallel answers each bring a new token, the last one wins.

use std::time::SystemTime;

use cookie_store::{Cookie, CookieStore, RawCookie};
#[cfg(feature = "fs")]
use cookie_store::{CookieDomain, CookieExpiration};
use http::{HeaderMap, HeaderValue, header};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
#[cfg(feature = "fs")]
use time::OffsetDateTime;
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

    fn take(&mut self, url: &Url, mut raw: RawCookie<'static>) -> bool {
        if raw.value().trim_matches('"').is_empty() {
            raw.make_removal();
        }
        let Ok(cookie) = Cookie::try_from_raw_cookie(&raw, url) else { return false };
        let (domain, path) = (String::from(&cookie.domain), String::from(&cookie.path));
        let held = |jar: &Self| jar.0.get(&domain, &path, raw.name()).map(|cookie| cookie.value().to_owned());
        let before = held(self);
        self.0.insert(cookie.into_owned(), url).is_ok() && held(self) != before
    }

    /// Drops the cookies of these names, whatever their hosts. Returns whether there were any.
    pub(crate) fn forget(&mut self, names: &[&str]) -> bool {
        let named = self.0.iter_any().filter(|cookie| names.contains(&cookie.name()));
        let places: Vec<_> = named
            .map(|kept| (String::from(&kept.domain), String::from(&kept.path), kept.name().to_owned()))
            .collect();
        for (domain, path, name) in &places {
            self.0.remove(domain, path, name);
        }
        !places.is_empty()
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

    /// When the last cookie whose name begins so ends; `None` if there is none, or it ends with the session.
    pub(crate) fn end_of(&self, prefix: &str) -> Option<SystemTime> {
        let named = self.0.iter_unexpired().filter(|cookie| cookie.name().starts_with(prefix));
        named.filter_map(|cookie| cookie.expires_datetime()).max().map(SystemTime::from)
    }

    /// Whether a cookie of this name is held for any host and still good, for example `X-APPLE-WEBAUTH-TOKEN`.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.0.iter_unexpired().any(|cookie| cookie.name() == name)
    }
}

/// One cookie with all that decides where it is sent, for other formats than ours. `value` is a secret.
#[cfg(feature = "fs")]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// With its quotes.
    pub(crate) value: String,
    /// Without a leading dot.
    pub(crate) domain: String,
    /// For `domain` only, not for the hosts below it.
    pub(crate) host_only: bool,
    pub(crate) path: String,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    /// `None` for one that ends with the browser's session.
    pub(crate) expires: Option<OffsetDateTime>,
}

#[cfg(feature = "fs")]
impl CookieJar {
    /// The cookies that are still good.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        self.0.iter_unexpired().map(|cookie| Entry {
            name: cookie.name().to_owned(),
            value: cookie.value().to_owned(),
            domain: String::from(&cookie.domain),
            host_only: matches!(cookie.domain, CookieDomain::HostOnly(_)),
            path: String::from(&cookie.path),
            secure: cookie.secure().unwrap_or(false),
            http_only: cookie.http_only().unwrap_or(false),
            expires: match cookie.expires {
                CookieExpiration::AtUtc(at) => Some(at),
                CookieExpiration::SessionEnd => None,
            },
        })
    }

    /// Takes a cookie as it is. One that has ended, or that no host could have set, is left out.
    pub(crate) fn put(&mut self, entry: Entry) {
        let Ok(url) = Url::parse(&format!("https://{}{}", entry.domain, entry.path)) else { return };
        let mut cookie = RawCookie::build((entry.name, entry.value))
            .path(entry.path)
            .secure(entry.secure)
            .http_only(entry.http_only);
        if !entry.host_only {
            cookie = cookie.domain(entry.domain);
        }
        if let Some(at) = entry.expires {
            cookie = cookie.expires(at);
        }
        self.take(&url, cookie.build());
    }
}

/// Apple writes dates both with and without the space after the comma (recorded); only the first form parses.
fn parse(header: &str) -> Option<RawCookie<'static>> {
    let (pair, attributes) = header.split_once(';').unwrap_or((header, ""));
    let spaced = attributes.replace("Mon,", "Mon, ").replace("Tue,", "Tue, ").replace("Wed,", "Wed, ");
    let spaced = spaced.replace("Thu,", "Thu, ").replace("Fri,", "Fri, ").replace("Sat,", "Sat, ");
    let spaced = spaced.replace("Sun,", "Sun, ").replace(",  ", ", ");
    RawCookie::parse(format!("{pair};{spaced}")).ok().map(RawCookie::into_owned)
}

impl Serialize for CookieJar {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter_unexpired())
    }
}

impl<'de> Deserialize<'de> for CookieJar {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// A cookie that cannot be read is no reason to lose the session.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Saved {
            Cookie(Box<Cookie<'static>>),
            Unreadable(IgnoredAny),
        }
        let cookies = Vec::<Saved>::deserialize(deserializer)?.into_iter().filter_map(|saved| match saved {
            Saved::Cookie(cookie) => Some(Ok::<_, D::Error>(*cookie)),
            Saved::Unreadable(IgnoredAny) => None,
        });
        CookieStore::from_cookies(cookies, true).map(Self)
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

    #[test]
    fn an_emptied_cookie_goes_from_its_own_domain_only() {
        let setup: Url = "https://setup.icloud.com/".parse().unwrap();
        let auth: Url = "https://idmsa.apple.com/".parse().unwrap();
        let mut jar = CookieJar::default();
        jar.store(&setup, &answer(&["same=1; Path=/; Domain=.icloud.com"]));
        jar.store(&auth, &answer(&["same=2; Path=/"]));
        assert!(!jar.store(&auth, &answer(&["same=2; Path=/"])), "nothing changed");
        assert!(jar.store(&auth, &answer(&["same=; Path=/"])));
        assert_eq!((jar.header(&setup), jar.header(&auth)), (Some("same=1".parse().unwrap()), None));
        assert!(jar.store(&setup, &answer(&["same=; Path=/; Domain=.icloud.com"])));
        assert_eq!(jar.header(&setup), None);
        assert_eq!(serde_json::to_string(&jar).unwrap(), "[]");
    }

    #[test]
    fn the_last_end_of_cookies_is_known() {
        let setup: Url = "https://setup.icloud.com/".parse().unwrap();
        let mut jar = CookieJar::default();
        let of = |name: &str, year: u32| format!("{name}=1; Expires=Fri, 12-Jan-{year} 05:06:31 GMT; Path=/");
        jar.store(
            &setup,
            &answer(&[&of("TRUST-A", 2150), &of("TRUST-B", 2124), "TRUST-C=1; Path=/", &of("X", 2200)]),
        );
        let end = jar.end_of("TRUST").unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(end.as_secs(), 5_681_250_391, "2150-01-12 05:06:31");
        assert_eq!(jar.end_of("Y"), None);
    }

    #[test]
    fn a_value_that_looks_like_a_date_stays_as_it_is() {
        let setup: Url = "https://setup.icloud.com/".parse().unwrap();
        let mut jar = CookieJar::default();
        jar.store(&setup, &answer(&["a=xMon,y,  z; Path=/"]));
        assert_eq!(jar.header(&setup).unwrap(), "a=xMon,y,  z");
    }

    #[test]
    fn dead_cookies_are_not_held_and_any_can_be_forgotten() {
        let saved = r#"[{"raw_cookie":"dead=1; Path=/; Domain=icloud.com","path":["/",true],
            "domain":{"Suffix":"icloud.com"},"expires":{"AtUtc":"2001-01-01T00:00:00Z"}},
            {"raw_cookie":"live=1; Path=/; Domain=icloud.com","path":["/",true],
            "domain":{"Suffix":"icloud.com"},"expires":"SessionEnd"},
            {"raw_cookie":"odd=1","path":7}, null]"#;
        let mut jar: CookieJar = serde_json::from_str(saved).unwrap();
        assert_eq!(format!("{jar:?}").matches('"').count(), 4, "the unreadable ones are skipped: {jar:?}");
        assert!(jar.holds("live") && !jar.holds("dead"));
        assert!(jar.forget(&["live", "other"]) && !jar.holds("live"));
        assert!(!jar.forget(&["live"]));
    }
}
