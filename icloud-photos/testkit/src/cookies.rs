//! Cookies as Apple's setup service writes and reads them.
//!
//! Values stand in double quotes and must come back in them. Two ways of writing a date are in use, and both are
//! kept. For a client that talks to a loopback address the cookies carry neither `Domain` nor `Secure`, or it
//! could not send them back; for one that believes it talks to an Apple host they carry both.

use http::header::COOKIE;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::http::{Request, host};

pub(crate) const TOKEN: &str = "X-APPLE-WEBAUTH-TOKEN";
pub(crate) const USER: &str = "X-APPLE-WEBAUTH-USER";
pub(crate) const LOGIN: &str = "X-APPLE-WEBAUTH-LOGIN";
pub(crate) const PCS_PHOTOS: &str = "X-APPLE-WEBAUTH-PCS-Photos";
pub(crate) const PCS_SHARING: &str = "X-APPLE-WEBAUTH-PCS-Sharing";

/// Cookies a page's scripts may read.
const READABLE: &[&str] = &["X-APPLE-UNIQUE-CLIENT-ID", "X-APPLE-WEBAUTH-VALIDATE"];

/// How the date of `Expires` is written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DateStyle {
    /// `Fri, 12-Jan-2024 05:06:31 GMT`
    Spaced,
    /// `Tue,16-Jan-2024 02:07:19 GMT`
    Tight,
}

/// Writes cookies for one answer.
#[derive(Debug)]
pub(crate) struct CookieWriter {
    now_ms: i64,
    apple_host: bool,
    cookies: Vec<String>,
}

impl CookieWriter {
    pub(crate) fn new(request: &Request, now_ms: i64) -> Self {
        Self { now_ms, apple_host: is_apple(host(request)), cookies: Vec::new() }
    }

    /// A cookie for the setup and CloudKit hosts that ends with the browser's session.
    pub(crate) fn short(&mut self, name: &str, value: &str) {
        self.push(name, value, "");
    }

    /// One that outlives it.
    pub(crate) fn long(&mut self, name: &str, value: &str, days: u32, style: DateStyle) {
        let expires = expires(self.now_ms + i64::from(days) * 86_400_000, style);
        self.push(name, value, &expires);
    }

    /// Takes a cookie back: no value, a date long past.
    pub(crate) fn delete(&mut self, name: &str) {
        self.push(name, "", &expires(1000, DateStyle::Spaced));
    }

    /// A cookie of the sign-in service, which writes them without quotes and with other spacing.
    pub(crate) fn sign_in(&mut self, name: &str, value: &str, domain: &str) {
        let place = if self.apple_host { format!(" Domain={domain};") } else { String::new() };
        let secure = if self.apple_host { " Secure;" } else { "" };
        self.cookies.push(format!("{name}={value};{place} Path=/;{secure} HttpOnly"));
    }

    /// What is to be sent.
    pub(crate) fn finish(self) -> Vec<String> {
        self.cookies
    }

    fn push(&mut self, name: &str, value: &str, expires: &str) {
        let place = if self.apple_host { ";Domain=.icloud.com;Secure" } else { "" };
        let hidden = if READABLE.contains(&name) { "" } else { ";HttpOnly" };
        self.cookies.push(format!("{name}=\"{value}\";{expires}Path=/{place}{hidden}"));
    }
}

/// The value of a request's cookie. One that lost its quotes counts as missing.
pub(crate) fn cookie<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let lines = request.headers().get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value);
    values.next()?.strip_prefix('"')?.strip_suffix('"').filter(|value| !value.is_empty())
}

fn is_apple(host: &str) -> bool {
    let of =
        |domain: &str| host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    ["icloud.com", "apple.com", "icloud.com.cn", "apple.com.cn"].into_iter().any(of)
}

fn expires(at_ms: i64, style: DateStyle) -> String {
    const SPACED: &[BorrowedFormatItem<'_>] = format_description!(
        "[weekday repr:short], [day]-[month repr:short]-[year] [hour]:[minute]:[second] GMT"
    );
    const TIGHT: &[BorrowedFormatItem<'_>] = format_description!(
        "[weekday repr:short],[day]-[month repr:short]-[year] [hour]:[minute]:[second] GMT"
    );
    let format = match style {
        DateStyle::Spaced => SPACED,
        DateStyle::Tight => TIGHT,
    };
    let at = OffsetDateTime::from_unix_timestamp(at_ms / 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(format).map(|date| format!("Expires={date};")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_styles_of_dates_are_the_recorded_ones() {
        assert_eq!(expires(1_705_035_991_000, DateStyle::Spaced), "Expires=Fri, 12-Jan-2024 05:06:31 GMT;");
        assert_eq!(expires(1_705_370_839_000, DateStyle::Tight), "Expires=Tue,16-Jan-2024 02:07:19 GMT;");
    }

    #[test]
    fn a_cookie_needs_its_quotes() {
        let request = http::Request::builder()
            .header(COOKIE, "a=\"1=2\"; b=3; c=\"\"")
            .body(Default::default())
            .unwrap();
        assert_eq!(cookie(&request, "a"), Some("1=2"));
        assert_eq!(cookie(&request, "b"), None);
        assert_eq!(cookie(&request, "c"), None);
    }
}
