//! Who may use the page.
//!
//! A browser shows the token once and gets a cookie for it. Other pages in the same browser can send requests here too, so
//! what changes something must come from our page: the browser says so (`Sec-Fetch-Site`, `Origin`), and the form holds a
//! value that other pages cannot read. And they could give our address a name of theirs (DNS rebinding), so a request
//! must be for a name we know. A script sends `Authorization: Bearer TOKEN`, which no browser does by itself.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;

use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderMap, HeaderValue, ORIGIN};
use http::uri::Authority;
use icloud_photos::redact::{ExposeSecret as _, SecretString};
use icloud_photos::{Error, ErrorKind, Result};
use rand::TryRngCore as _;
use rand::rngs::OsRng;

/// Shorter ones can be guessed.
const SHORTEST_TOKEN: usize = 16;

/// Opens the page. `Debug` shows nothing.
pub(super) struct Token(SecretString);

impl Token {
    /// As it stands in the address of the page.
    pub(super) fn in_url(&self) -> String {
        url::form_urlencoded::byte_serialize(self.0.expose_secret().as_bytes()).collect()
    }
}

/// The token of a file, or a new one.
///
/// # Errors
/// [`ErrorKind::Config`] if the file cannot be read or holds less than a token.
pub(super) fn token(file: Option<&Path>) -> Result<Token> {
    let Some(file) = file else { return Ok(Token(random()?.into())) };
    let complain = |why: &'static str| Error::new(ErrorKind::Config, why).with("path", file.display());
    let text = crate::secretfile::read(file, false)
        .map(SecretString::from)
        .map_err(|error| complain("The file of --webui-token-file cannot be read").caused_by(error))?;
    crate::prompt::warn_if_exposed(file);
    let token = text.expose_secret().trim_start_matches('\u{feff}').trim();
    if token.chars().count() < SHORTEST_TOKEN || token.contains(char::is_whitespace) {
        return Err(complain(
            "The token of --webui-token-file must be one word of at least 16 characters; `openssl rand -hex 20` makes one",
        ));
    }
    Ok(Token(token.to_owned().into()))
}

/// 160 bits that nobody can guess.
pub(super) fn random() -> Result<String> {
    let mut bytes = [0; 20];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::Unexpected, "the system gives no random numbers").caused_by(error)
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What a request must have to be let in.
pub(super) struct Gate {
    token: Token,
    cookie: SecretString,
    cookie_name: String,
    csrf: String,
}

/// How a request was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Visitor {
    /// Whatever else the browser has open may have sent it.
    Browser,
    /// A program that knows the token.
    Script,
}

impl Gate {
    pub(super) fn new(token: Token, port: u16) -> Result<Self> {
        Ok(Self {
            token,
            cookie: random()?.into(),
            // Cookies know no ports: two of us on one machine must not share a name.
            cookie_name: format!("icloudpd-{port}"),
            csrf: random()?,
        })
    }

    /// The value that our forms bear.
    pub(super) fn csrf(&self) -> &str {
        &self.csrf
    }

    pub(super) fn knows_token(&self, token: &str) -> bool {
        same(self.token.0.expose_secret(), token)
    }

    /// The cookie that lets a browser in until the program ends.
    pub(super) fn cookie(&self) -> Option<HeaderValue> {
        let text = format!(
            "{}={}; Path=/; HttpOnly; SameSite=Strict",
            self.cookie_name,
            self.cookie.expose_secret()
        );
        let mut value = HeaderValue::try_from(text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    pub(super) fn visitor(&self, headers: &HeaderMap) -> Option<Visitor> {
        if let Some(given) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) {
            let (scheme, token) = given.split_once(' ')?;
            let token = Some(token.trim()).filter(|_| scheme.eq_ignore_ascii_case("bearer"))?;
            return self.knows_token(token).then_some(Visitor::Script);
        }
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let ours = |pair: &str| {
            pair.trim().split_once('=').is_some_and(|(name, value)| {
                name == self.cookie_name && same(self.cookie.expose_secret(), value)
            })
        };
        cookies.flat_map(|line| line.split(';')).any(ours).then_some(Visitor::Browser)
    }

    /// Whether a form that a browser sent is one of ours.
    pub(super) fn is_our_form(&self, headers: &HeaderMap, csrf: &str) -> bool {
        same(&self.csrf, csrf) && is_same_origin(headers)
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate")
    }
}

/// Browsers send `Sec-Fetch-Site` over HTTPS and to this machine, and `Origin` with every form.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |value: &'static str| headers.get(value).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let (Some(origin), Some(host)) = (text(ORIGIN.as_str()), text(HOST.as_str())) else { return false };
    let origin = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    origin.is_some_and(|origin| origin.eq_ignore_ascii_case(host))
}

/// Whether a request is for a name of ours. An address in figures is nobody's name; of names only those that were given
/// count, `localhost`, and for what is no secret (`loosely`) those without a dot, which nobody can have in the
/// internet: containers call each other so.
pub(super) fn is_our_name(headers: &HeaderMap, names: &[String], loosely: bool) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Some(authority) = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok()) else {
        return false;
    };
    let name = authority.host().to_lowercase();
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    !authority.as_str().contains('@')
        && (bare.parse::<IpAddr>().is_ok()
            || name == "localhost"
            || name.ends_with(".localhost")
            || names.contains(&name)
            || (loosely && !name.contains('.')))
}

/// Takes as long for a wrong text as for a right one.
fn same(secret: &str, given: &str) -> bool {
    let differs = secret.bytes().zip(given.bytes()).fold(0, |differs, (one, other)| differs | (one ^ other));
    secret.len() == given.len() && std::hint::black_box(differs) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn gate() -> Gate {
        Gate::new(Token("0123456789abcdef".to_owned().into()), 8080).unwrap()
    }

    #[test]
    fn names_that_anybody_could_have_are_not_ours() {
        let table = [
            ("127.0.0.1:8080", true, true),
            ("192.168.1.7", true, true),
            ("[::1]:8080", true, true),
            ("localhost:8080", true, true),
            ("LOCALHOST", true, true),
            ("nas.lan:8080", true, true),
            ("NAS.lan", true, true),
            ("icloudpd:9090", false, true),
            ("evil.example", false, false),
            ("127.0.0.1.evil.example", false, false),
            ("localhost.evil.example", false, false),
            ("user@localhost", false, false),
            ("", false, false),
        ];
        for (host, page, metrics) in table {
            let names = ["nas.lan".to_owned()];
            assert_eq!(is_our_name(&headers(&[("host", host)]), &names, false), page, "{host}");
            assert_eq!(is_our_name(&headers(&[("host", host)]), &names, true), metrics, "{host}");
        }
        assert!(!is_our_name(&headers(&[]), &[], true));
        assert!(!is_our_name(&headers(&[("host", "localhost"), ("host", "evil.example")]), &[], true));
    }

    #[test]
    fn a_form_must_come_from_our_page_and_bear_its_value() {
        let gate = gate();
        let csrf = gate.csrf().to_owned();
        let table: [(&[(&'static str, &str)], bool); 8] = [
            (&[("host", "a:1"), ("origin", "http://a:1")], true),
            (&[("host", "a:1"), ("origin", "https://a:1")], true),
            (&[("host", "a:1"), ("origin", "http://a:2")], false),
            (&[("host", "a:1"), ("origin", "null")], false),
            (&[("host", "a:1")], false),
            (&[("host", "a:1"), ("sec-fetch-site", "same-origin")], true),
            (&[("host", "a:1"), ("origin", "http://a:1"), ("sec-fetch-site", "same-site")], false),
            (&[("host", "a:1"), ("origin", "http://a:1"), ("sec-fetch-site", "none")], false),
        ];
        for (pairs, ours) in table {
            assert_eq!(gate.is_our_form(&headers(pairs), &csrf), ours, "{pairs:?}");
            assert!(!gate.is_our_form(&headers(pairs), "guessed"), "{pairs:?}");
        }
    }

    #[test]
    fn the_cookie_is_not_the_token_and_lets_in() {
        let gate = gate();
        let cookie = gate.cookie().unwrap();
        let cookie = cookie.to_str().unwrap();
        assert!(
            cookie.contains("HttpOnly; SameSite=Strict") && !cookie.contains("0123456789abcdef"),
            "{cookie}"
        );
        let pair = cookie.split(';').next().unwrap();
        let all = format!("theme=dark; {pair}; x=y");
        assert_eq!(gate.visitor(&headers(&[("cookie", &all)])), Some(Visitor::Browser));
        assert_eq!(gate.visitor(&headers(&[("cookie", "icloudpd-8080=")])), None);
        assert_eq!(gate.visitor(&headers(&[("cookie", "icloudpd-8080=0123456789abcdef")])), None);
        let bearer = |token: &str| gate.visitor(&headers(&[("authorization", token), ("cookie", &all)]));
        assert_eq!(bearer("Bearer 0123456789abcdef"), Some(Visitor::Script));
        assert_eq!(bearer("bearer 0123456789abcdef"), Some(Visitor::Script));
        assert_eq!(bearer("Bearer 0123456789abcde"), None);
        assert_eq!(bearer("Basic eDp5"), None);
        assert_eq!(gate.visitor(&headers(&[])), None);
    }

    #[test]
    fn tokens_are_new_each_time_and_those_of_files_long_enough() {
        let (one, two) = (token(None).unwrap(), token(None).unwrap());
        assert!(one.in_url().len() == 40 && one.in_url() != two.in_url());
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, good) in
            [("0123456789abcdef\n", true), ("short", false), ("", false), ("two words are none", false)]
        {
            std::fs::write(file.path(), text).unwrap();
            assert_eq!(token(Some(file.path())).is_ok(), good, "{text:?}");
        }
        let missing = token(Some(Path::new("/no/such/file"))).map(|_| ()).unwrap_err();
        assert!(missing.to_string().contains("/no/such/file"));
    }
}
