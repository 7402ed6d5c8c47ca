//! When a call is tried again, and how long to wait before.
//!
//! An error says itself whether trying again can help ([`Retry`]); the policy only counts and waits. `Retry-After`
//! wins over the policy's own pauses.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};

use super::Http;
use crate::error::{Error, ErrorKind, Result, Retry};

/// How often and how patiently a call is repeated.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Attempts in all; 1 means never again. Default 5.
    pub attempts: u32,
    /// The pause after the first failure; it doubles each time. Default 1 s.
    pub base: Duration,
    /// The longest pause of our own. Default 60 s.
    pub cap: Duration,
    /// The longest pause a server may impose; beyond it the error is returned. Default 300 s.
    pub patience: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 5,
            base: Duration::from_secs(1),
            cap: Duration::from_secs(60),
            patience: Duration::from_secs(300),
        }
    }
}

impl RetryPolicy {
    /// Never tries again.
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// Sets the number of attempts in all.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// Sets the first pause and the longest one.
    #[must_use]
    pub fn pauses(mut self, base: Duration, cap: Duration) -> Self {
        self.base = base;
        self.cap = cap;
        self
    }

    /// The pause before attempt `failures + 1`, or `None` if `error` ends it. Half of a pause of our own is random.
    pub(crate) fn pause(&self, failures: u32, error: &Error, jitter: f64) -> Option<Duration> {
        if !error.is_retryable() || failures >= self.attempts {
            return None;
        }
        if let Some(wished) = error.retry_after() {
            return (wished <= self.patience).then_some(wished);
        }
        let doubled = self.base.saturating_mul(1 << (failures.saturating_sub(1)).min(16)).min(self.cap);
        // A clock of somebody else's making may say anything.
        let jitter = if (0.0..=1.0).contains(&jitter) { jitter } else { 0.5 };
        Some(doubled.mul_f64(0.5 + jitter / 2.0))
    }

    /// Marks an error that was worth retrying and was, in vain.
    pub(crate) fn exhausted(&self, failures: u32, error: Error) -> Error {
        let spent = failures > 1 && error.is_retryable();
        if spent { error.retrying(Retry::Exhausted { attempts: failures }) } else { error }
    }
}

impl Http {
    /// Calls `attempt` until it succeeds, fails for good, or the policy ends.
    pub(crate) async fn retry<T, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let policy = self.retries();
        let mut failures = 0;
        loop {
            let error = match attempt().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            failures += 1;
            let Some(pause) = policy.pause(failures, &error, self.clock().jitter()) else {
                return Err(policy.exhausted(failures, error));
            };
            tracing::debug!(%error, ?pause, failures, "trying again");
            self.clock().sleep(pause).await;
        }
    }
}

/// `Retry-After`, in seconds or as an HTTP date.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let format = time::format_description::well_known::Rfc2822;
    let date = time::OffsetDateTime::parse(&text.replace("GMT", "+0000"), &format).ok()?;
    Some(SystemTime::from(date).duration_since(now).unwrap_or_default())
}

/// The error for a status that means the same at every Apple service; `None` for statuses with a meaning of their
/// own at some service.
pub(crate) fn error_for_status(status: StatusCode, headers: &HeaderMap, now: SystemTime) -> Option<Error> {
    let after = retry_after(headers, now);
    let limited = |message| {
        Error::new(ErrorKind::RateLimited, message)
            .retrying(Retry::Later { after })
            .with("status", status.as_u16())
    };
    match status.as_u16() {
        429 => Some(limited("Apple asks to slow down; wait a while before the next run")),
        503 => Some(limited("Apple is refusing requests for now; wait a while before the next run")),
        408 | 500 | 502 | 504 => Some(
            Error::new(ErrorKind::Network, "Apple's service had a passing fault")
                .retrying(Retry::Later { after })
                .with("status", status.as_u16()),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_cap_and_end_with_the_attempts() {
        let policy =
            RetryPolicy::default().attempts(4).pauses(Duration::from_secs(1), Duration::from_secs(3));
        let error = Error::new(ErrorKind::Network, "x");
        let pauses: Vec<_> = (1..=4).map(|failures| policy.pause(failures, &error, 1.0)).collect();
        let seconds = |s| Some(Duration::from_secs(s));
        assert_eq!(pauses, [seconds(1), seconds(2), seconds(3), None]);
        for odd in [f64::NAN, f64::INFINITY, -7.0] {
            assert_eq!(policy.pause(1, &error, odd), Some(Duration::from_millis(750)));
        }
    }

    #[test]
    fn the_servers_wish_wins_within_patience() {
        let policy = RetryPolicy::default();
        let wished = |secs| {
            let after = Some(Duration::from_secs(secs));
            Error::new(ErrorKind::RateLimited, "x").retrying(Retry::Later { after })
        };
        assert_eq!(policy.pause(1, &wished(120), 0.0), Some(Duration::from_secs(120)));
        assert_eq!(policy.pause(1, &wished(3600), 0.0), None);
        assert_eq!(policy.pause(1, &Error::new(ErrorKind::BadCredentials, "x"), 0.0), None);
    }

    #[test]
    fn retry_after_comes_as_seconds_or_as_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, value.parse().unwrap());
            retry_after(&headers, now)
        };
        assert_eq!(read("7"), Some(Duration::from_secs(7)));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:47 GMT"), Some(Duration::from_secs(10)));
        assert_eq!(read("Sun, 06 Nov 1990 08:49:47 GMT"), Some(Duration::ZERO));
        assert_eq!(read("soon"), None);
        assert_eq!(read("-4"), None);
    }
}
