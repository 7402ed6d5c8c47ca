//! How often a password may be tried, so that Apple does not lock the account.
//!
//! Apple limits SRP sign-ins to about ten per account in a rolling window (protocol notes 2.1) and locks accounts
//! after repeated failures. The times are kept in the session store: all processes share them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result, Retry};

/// Attempts within [`WINDOW`], right or wrong.
const MOST_ATTEMPTS: usize = 5;
/// Wrong passwords within [`WINDOW`].
const MOST_WRONG: usize = 3;
const WINDOW: Duration = Duration::from_secs(30 * 60);

/// The sign-in attempts of late.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Attempts(Vec<Attempt>);

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Attempt {
    /// Seconds since 1970.
    at: u64,
    #[serde(default)]
    wrong: bool,
}

impl Attempts {
    /// Books an attempt before it is made: one that never gets an answer counts too.
    ///
    /// # Errors
    /// [`ErrorKind::TooManyAttempts`] with the time to wait.
    pub(crate) fn book(&mut self, now: SystemTime) -> Result<()> {
        let now = seconds(now);
        // A time in the future comes from a clock that was set back; keeping it could lock somebody out for years.
        self.0.retain(|attempt| attempt.at <= now && attempt.at + WINDOW.as_secs() > now);
        let free_again = |most: usize, times: Vec<u64>| {
            times.len().checked_sub(most).and_then(|first| times.get(first).copied())
        };
        let all = self.0.iter().map(|attempt| attempt.at).collect();
        let wrong = self.0.iter().filter(|attempt| attempt.wrong).map(|attempt| attempt.at).collect();
        if let Some(oldest) = free_again(MOST_WRONG, wrong).max(free_again(MOST_ATTEMPTS, all)) {
            return Err(too_many(Duration::from_secs(oldest + WINDOW.as_secs() - now)));
        }
        self.0.push(Attempt { at: now, wrong: false });
        Ok(())
    }

    /// The attempt booked last was made with a wrong password.
    pub(crate) fn last_was_wrong(&mut self) {
        if let Some(last) = self.0.last_mut() {
            last.wrong = true;
        }
    }

    /// The password is right: wrong ones before it no longer matter.
    pub(crate) fn password_was_right(&mut self) {
        self.0.iter_mut().for_each(|attempt| attempt.wrong = false);
    }

    /// A person signed in.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn too_many(wait: Duration) -> Error {
    let minutes = wait.as_secs().div_ceil(60);
    Error::new(
        ErrorKind::TooManyAttempts,
        "too many sign-in attempts in a short time; wait before trying again, so that Apple does not lock the account",
    )
    .with("wait", format!("{minutes} min"))
    .retrying(Retry::Later { after: Some(wait) })
}

pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(minute: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_000_000 + minute * 60)
    }

    #[test]
    fn five_attempts_in_half_an_hour() {
        let mut attempts = Attempts::default();
        for at in 0..5 {
            attempts.book(minute(at)).unwrap();
        }
        let error = attempts.book(minute(10)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooManyAttempts);
        assert_eq!(
            error.retry_after(),
            Some(Duration::from_secs(20 * 60)),
            "the first one is 30 minutes old then"
        );
        attempts.book(minute(30)).unwrap();
        assert!(attempts.book(minute(30)).is_err(), "only one place became free");
        attempts.clear();
        attempts.book(minute(30)).unwrap();
    }

    #[test]
    fn three_wrong_passwords() {
        let mut attempts = Attempts::default();
        for at in 0..3 {
            attempts.book(minute(at)).unwrap();
            attempts.last_was_wrong();
        }
        assert_eq!(attempts.book(minute(3)).unwrap_err().retry_after(), Some(Duration::from_secs(27 * 60)));
        attempts.password_was_right();
        attempts.book(minute(3)).unwrap();
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let mut attempts = Attempts::default();
        for _ in 0..5 {
            attempts.book(minute(1_000_000)).unwrap();
        }
        attempts.book(minute(0)).unwrap();
    }
}
