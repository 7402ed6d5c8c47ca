//! Cookies in the text format of Python's `http.cookiejar.LWPCookieJar`, which icloudpd and pyicloud keep them in.
//!
//! ```text
//! #LWP-Cookies-2.0
//! Set-Cookie3: NAME="VALUE"; path="/"; domain=".icloud.com"; path_spec; domain_dot; secure; discard; version=0
//! ```
//!
//! A value stands in quotes unless it is all letters, digits and underscores; `"` and `\` in it are escaped by `\`. So
//! Apple's own quotes, which belong to the value, appear as `\"`.

use std::fmt::Write as _;

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use crate::http::{CookieJar, Entry};

const MAGIC: &str = "#LWP-Cookies-2.0";
const LINE: &str = "Set-Cookie3:";
const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]Z");

/// Reads such a file. Lines that make no sense are passed over: a file that was half written still holds the cookies
/// before the tear. `None` if it is no such file.
pub(super) fn read(text: &str) -> Option<CookieJar> {
    // Python takes any version of the format: `#LWP-Cookies-(\d+\.\d+)`.
    let rest = text.strip_prefix("#LWP-Cookies-")?;
    let (_, lines) = rest.split_once('\n').unwrap_or((rest, ""));
    let mut jar = CookieJar::default();
    for entry in lines.lines().filter_map(|line| cookie(line.strip_prefix(LINE)?)) {
        jar.put(entry);
    }
    Some(jar)
}

/// Writes such a file. Cookies that the format cannot hold, such as one with a line feed, are left out.
pub(super) fn write(jar: &CookieJar) -> String {
    let mut text = format!("{MAGIC}\n");
    for entry in jar.entries().filter(is_writable) {
        let dot = if entry.host_only { "" } else { "." };
        let _ = write!(text, "{LINE} {}={}", entry.name, quoted(&entry.value));
        let _ = write!(
            text,
            "; path={}; domain={}",
            quoted(&entry.path),
            quoted(&format!("{dot}{}", entry.domain))
        );
        let flags = [("path_spec", true), ("domain_dot", !entry.host_only), ("secure", entry.secure)];
        for (flag, _) in flags.iter().filter(|(_, set)| *set) {
            let _ = write!(text, "; {flag}");
        }
        match entry.expires.and_then(|at| at.to_offset(time::UtcOffset::UTC).format(DATE).ok()) {
            Some(date) => {
                let _ = write!(text, "; expires=\"{date}\"");
            }
            None => text += "; discard",
        }
        text += if entry.http_only { "; HttpOnly=None; version=0\n" } else { "; version=0\n" };
    }
    text
}

fn is_writable(entry: &Entry) -> bool {
    let texts = [&entry.name, &entry.value, &entry.path, &entry.domain];
    !entry.name.is_empty()
        && !entry.name.contains(|letter: char| letter.is_whitespace() || "=;,\"".contains(letter))
        && !texts.iter().any(|text| text.contains(char::is_control))
}

fn quoted(value: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || letter == '_';
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What stands behind `Set-Cookie3:`.
fn cookie(line: &str) -> Option<Entry> {
    let mut words = Words(line);
    let (name, value) = words.next()?;
    let mut entry = Entry {
        name,
        value: value?,
        domain: String::new(),
        host_only: true,
        path: "/".to_owned(),
        secure: false,
        http_only: false,
        expires: None,
    };
    for (name, value) in words {
        match (name.to_ascii_lowercase().as_str(), value) {
            ("domain", Some(domain)) => {
                entry.host_only = !domain.starts_with('.');
                entry.domain = domain.trim_start_matches('.').to_ascii_lowercase();
            }
            ("path", Some(path)) => entry.path = path,
            ("secure", _) => entry.secure = true,
            ("httponly", _) => entry.http_only = true,
            // A date that cannot be read would make the cookie immortal; Python drops it at the end of the session.
            ("expires", Some(date)) => entry.expires = self::date(&date),
            _ => {}
        }
    }
    let whole = entry.path.starts_with('/') && !entry.domain.is_empty() && is_writable(&entry);
    whole.then_some(entry)
}

fn date(text: &str) -> Option<OffsetDateTime> {
    PrimitiveDateTime::parse(text, DATE).ok().map(PrimitiveDateTime::assume_utc)
}

/// The `name`, `name=value` and `name="value"` of a line, as Python's `split_header_words` reads them. Ends at what it
/// cannot read and at a comma, where Python would begin another cookie.
struct Words<'a>(&'a str);

impl Iterator for Words<'_> {
    type Item = (String, Option<String>);

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.0.trim_start_matches(|letter: char| letter.is_whitespace() || letter == ';');
        let end =
            text.find(|letter: char| letter.is_whitespace() || "=;,".contains(letter)).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        if name.is_empty() {
            return None;
        }
        let rest = rest.trim_start();
        let (value, rest) = match rest.strip_prefix('=').map(str::trim_start) {
            None => (None, rest),
            Some(value) => match value.strip_prefix('"') {
                Some(value) => unquoted(value)?,
                None => {
                    let ends = |letter: char| letter.is_whitespace() || ";,".contains(letter);
                    let (value, rest) = value.split_at(value.find(ends).unwrap_or(value.len()));
                    (Some(value.to_owned()), rest)
                }
            },
        };
        self.0 = rest;
        Some((name.to_owned(), value))
    }
}

/// The text up to the closing quote, without its escapes, and what follows. `None` if there is no such quote.
fn unquoted(text: &str) -> Option<(Option<String>, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((Some(value), &text[at + 1..])),
            '\\' => value.push(letters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by icloudpd 1.32.3 after a sign-in with a code at the fake; the years of `expires` were moved by a hundred.
    const REAL: &str = include_str!("testdata/icloudpd-1.32.3.cookies");

    fn sent(jar: &CookieJar, url: &str) -> String {
        jar.header(&url.parse().unwrap()).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    /// The lines in an order of their own: a jar has none.
    fn sorted(text: &str) -> Vec<&str> {
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        lines
    }

    #[test]
    fn what_icloudpd_wrote_is_read_and_sent_as_it_would_be() {
        let jar = read(REAL).unwrap();
        assert_eq!(jar.entries().count(), REAL.lines().count() - 1);
        let setup = sent(&jar, "https://setup.icloud.com/setup/ws/1/validate");
        assert!(setup.contains(r#"X-APPLE-WEBAUTH-USER="v=1:s=1:d=12345678901""#), "{setup}");
        assert!(
            setup.contains(r#"X-APPLE-WEBAUTH-TOKEN="v=2:t=EQ==BST_"#) && !setup.contains("aasp"),
            "{setup}"
        );
        let auth = sent(&jar, "https://idmsa.apple.com/appleauth/auth");
        assert!(
            auth.contains("aasp=1dd8") && auth.contains("site=USA") && !auth.contains("WEBAUTH"),
            "{auth}"
        );
        assert_eq!(sent(&jar, "http://setup.icloud.com/"), "", "they are for https");
    }

    #[test]
    fn what_we_write_is_what_icloudpd_wrote() {
        let ours = write(&read(REAL).unwrap());
        // Python notes with `domain_dot` whether Apple wrote the dot; it matters to nobody.
        let theirs = REAL
            .replace("domain=\".apple.com\"; path_spec;", "domain=\".apple.com\"; path_spec; domain_dot;");
        let theirs = theirs.replace(
            "domain=\".idmsa.apple.com\"; path_spec;",
            "domain=\".idmsa.apple.com\"; path_spec; domain_dot;",
        );
        assert_eq!(sorted(&ours), sorted(&theirs));
        assert_eq!(sorted(&write(&read(&ours).unwrap())), sorted(&ours));
    }

    #[test]
    fn hostile_values_come_back_as_they_were() {
        let mut jar = CookieJar::default();
        for (number, value) in [r#""a\"b;c,d=e""#, r"\\", "ä ö", "x=y; domain=.evil.com"].iter().enumerate()
        {
            jar.put(Entry {
                name: format!("c{number}"),
                value: (*value).to_owned(),
                domain: "127.0.0.1".to_owned(),
                host_only: true,
                path: "/a b".to_owned(),
                secure: false,
                http_only: true,
                expires: None,
            });
        }
        let text = write(&jar);
        assert_eq!(text.lines().count(), 5, "{text}");
        let again = read(&text).unwrap();
        let values = |jar: &CookieJar| {
            let mut values: Vec<_> =
                jar.entries().map(|entry| (entry.name, entry.value, entry.domain, entry.path)).collect();
            values.sort();
            values
        };
        assert_eq!(values(&again), values(&jar));
    }

    #[test]
    fn a_torn_file_holds_what_stands_before_the_tear() {
        for cut in 0..REAL.len() {
            if let Some(jar) = read(&REAL[..cut]) {
                assert!(jar.entries().count() < REAL.lines().count());
            }
        }
        let half = &REAL[..REAL.len() / 2];
        let whole_lines = half.lines().count() - 2;
        let jar = read(half).unwrap();
        assert!(jar.entries().count() >= whole_lines, "{}", jar.entries().count());
    }

    #[test]
    fn rubbish_is_passed_over() {
        assert!(read("").is_none() && read("\u{80}\u{3}c__main__").is_none() && read("# Netscape").is_none());
        let text = "#LWP-Cookies-2.0\nSet-Cookie3:\nSet-Cookie3: a\nSet-Cookie3: a=\"b\nSet-Cookie3: =x; domain=y\n\
            Set-Cookie3: no=domain\nrubbish\nSet-Cookie3: k=\"v\\\"; domain=\".x.y\nSet-Cookie3: a=1; domain=\"[::\"\n\
            Set-Cookie3: a=1; domain=x.y; path=relative\nSet-Cookie3: ok=1; domain=x.y; expires=\"9999-99-99\"\n\
            Set-Cookie3: dead=1; domain=x.y; expires=\"2001-01-01 00:00:00Z\"\n";
        let names: Vec<String> = read(text).unwrap().entries().map(|entry| entry.name).collect();
        assert_eq!(names, ["ok"]);
    }
}
