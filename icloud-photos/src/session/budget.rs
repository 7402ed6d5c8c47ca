//! How often a password may be tried, so that Apple does not lock the account.
//!
//! Apple limits SRP sign-ins to about ten per account in a rolling window (protocol notes 2.1) and locks accounts
//! after repeated failures. The times are kept in the session store: all processes share them. A password that Apple
//! answered with "locked" is not sent again for an hour; another one is, for unlocking often sets a new one.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::error::{Error, ErrorKind, Result, Retry};

/// Attempts within [`WINDOW`], right or wrong.
const MOST_ATTEMPTS: usize = 5;
/// Wrong passwords within [`WINDOW`].
const MOST_WRONG: usize = 3;
const WINDOW: Duration = Duration::from_secs(30 * 60);
/// How long a password rests that a locked account was tried with.
const LOCKED: Duration = Duration::from_secs(60 * 60);
/// Makes a [`Mark`] slow to guess at.
const ROUNDS: u32 = 10_000;

/// The sign-in attempts of late.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Attempts(Vec<Attempt>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Attempt {
    /// Seconds since 1970.
    at: u64,
    #[serde(default)]
    wrong: bool,
    /// Apple said that the account is locked, to the password with this mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    locked: Option<Mark>,
}

/// Tells one password from most others. A single byte: too little to find the password by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Mark {
    salt: [u8; 16],
    byte: u8,
}

impl Attempts {
    /// Books an attempt before it is made: one that never gets an answer counts too.
    ///
    /// # Errors
    /// [`ErrorKind::TooManyAttempts`] and [`ErrorKind::AccountLocked`] with the time to wait.
    pub(crate) fn book(&mut self, now: SystemTime, password: &SecretString) -> Result<()> {
        let now = seconds(now);
        // A time in the future comes from a clock that was set back; keeping it could lock somebody out for years.
        self.0.retain(|attempt| attempt.at <= now && attempt.at + attempt.counts_for().as_secs() > now);
        let refused = |attempt: &&Attempt| attempt.locked.as_ref().is_some_and(|mark| mark.is_of(password));
        if let Some(refused) = self.0.iter().rev().find(refused) {
            return Err(locked(Duration::from_secs(refused.at + LOCKED.as_secs() - now)));
        }
        if let Some(wait) = self.wait(now) {
            return Err(too_many(wait));
        }
        self.0.push(Attempt { at: now, wrong: false, locked: None });
        Ok(())
    }

    /// Why the next attempt would be refused, whatever the password; a locked account counts, though another password might be tried.
    pub(crate) fn cooldown(&self, now: SystemTime) -> Option<Error> {
        let now = seconds(now);
        let ends =
            |attempt: &Attempt| (attempt.at + LOCKED.as_secs()).checked_sub(now).filter(|left| *left > 0);
        let locks = self.0.iter().filter(|attempt| attempt.locked.is_some() && attempt.at <= now);
        match locks.filter_map(ends).max() {
            Some(left) => Some(locked(Duration::from_secs(left))),
            None => self.wait(now).map(too_many),
        }
    }

    /// How long until another attempt may be made, if it may not be made now.
    fn wait(&self, now: u64) -> Option<Duration> {
        let recent =
            || self.0.iter().filter(|attempt| attempt.at <= now && attempt.at + WINDOW.as_secs() > now);
        let free_again = |most: usize, times: Vec<u64>| {
            times.len().checked_sub(most).and_then(|first| times.get(first).copied())
        };
        let all = recent().map(|attempt| attempt.at).collect();
        let wrong = recent().filter(|attempt| attempt.wrong).map(|attempt| attempt.at).collect();
        let oldest = free_again(MOST_WRONG, wrong).max(free_again(MOST_ATTEMPTS, all))?;
        Some(Duration::from_secs(oldest + WINDOW.as_secs() - now))
    }

    /// The attempt booked last was made with a wrong password.
    pub(crate) fn last_was_wrong(&mut self) {
        if let Some(last) = self.0.last_mut() {
            last.wrong = true;
        }
    }

    /// The attempt booked last, with this password, was answered with "locked".
    pub(crate) fn last_was_locked(&mut self, password: &SecretString) {
        if let Some(last) = self.0.last_mut() {
            last.locked = Some(Mark::new(password));
        }
    }

    /// The password is right: wrong ones before it no longer matter.
    pub(crate) fn password_was_right(&mut self) {
        self.0.iter_mut().for_each(|attempt| (attempt.wrong, attempt.locked) = (false, None));
    }

    /// A person signed in.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Attempt {
    fn counts_for(&self) -> Duration {
        if self.locked.is_some() { LOCKED } else { WINDOW }
    }
}

impl Mark {
    fn new(password: &SecretString) -> Self {
        let salt = rand::random();
        Self { salt, byte: Self::byte(&salt, password) }
    }

    fn is_of(&self, password: &SecretString) -> bool {
        self.byte == Self::byte(&self.salt, password)
    }

    fn byte(salt: &[u8; 16], password: &SecretString) -> u8 {
        let [byte] =
            pbkdf2::pbkdf2_hmac_array::<Sha256, 1>(password.expose_secret().as_bytes(), salt, ROUNDS);
        byte
    }
}

fn locked(wait: Duration) -> Error {
    Error::new(
        ErrorKind::AccountLocked,
        "Apple said a short while ago that this account is locked, and the password was not sent again; unlock it at \
         https://iforgot.apple.com, then sign in with the new password, or with the same one after that time",
    )
    .with("wait", minutes(wait))
}

fn minutes(wait: Duration) -> String {
    format!("{} min", wait.as_secs().div_ceil(60))
}

fn too_many(wait: Duration) -> Error {
    Error::new(
        ErrorKind::TooManyAttempts,
        "too many sign-in attempts in a short time; wait before trying again, so that Apple does not lock the account",
    )
    .with("wait", minutes(wait))
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

    fn password() -> SecretString {
        "swordfish".into()
    }

    #[test]
    fn five_attempts_in_half_an_hour() {
        let mut attempts = Attempts::default();
        for at in 0..5 {
            attempts.book(minute(at), &password()).unwrap();
        }
        let error = attempts.book(minute(10), &password()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooManyAttempts);
        assert_eq!(
            error.retry_after(),
            Some(Duration::from_secs(20 * 60)),
            "the first one is 30 minutes old then"
        );
        attempts.book(minute(30), &password()).unwrap();
        assert!(attempts.book(minute(30), &password()).is_err(), "only one place became free");
        attempts.clear();
        attempts.book(minute(30), &password()).unwrap();
    }

    #[test]
    fn three_wrong_passwords() {
        let mut attempts = Attempts::default();
        for at in 0..3 {
            attempts.book(minute(at), &password()).unwrap();
            attempts.last_was_wrong();
        }
        assert_eq!(
            attempts.book(minute(3), &password()).unwrap_err().retry_after(),
            Some(Duration::from_secs(27 * 60))
        );
        attempts.password_was_right();
        attempts.book(minute(3), &password()).unwrap();
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let mut attempts = Attempts::default();
        for _ in 0..5 {
            attempts.book(minute(1_000_000), &password()).unwrap();
        }
        attempts.book(minute(0), &password()).unwrap();
    }
    #[test]
    fn a_locked_account_is_left_alone_for_an_hour_or_until_the_password_changes() {
        let mut attempts = Attempts::default();
        attempts.book(minute(0), &password()).unwrap();
        attempts.last_was_locked(&password());
        let stored = serde_json::to_string(&attempts).unwrap();
        let mut attempts: Attempts = serde_json::from_str(&stored).unwrap();
        let error = attempts.book(minute(59), &password()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AccountLocked);
        assert!(error.context().any(|pair| pair == ("wait", "1 min")), "{error}");
        // The mark is one byte, so that one password in 256 looks the same.
        let others = (0..20).map(|number| SecretString::from(format!("tuna{number}")));
        let passed = others.filter(|other| attempts.clone().book(minute(59), other).is_ok()).count();
        assert!(passed >= 15, "{passed} of 20 passwords are seen to be others");
        attempts.book(minute(60), &password()).unwrap();
    }

    #[test]
    fn a_cooldown_is_told_without_a_password() {
        let (password, start) = (SecretString::from("x"), UNIX_EPOCH + Duration::from_secs(1_000_000));
        let mut attempts = Attempts::default();
        assert!(attempts.cooldown(start).is_none());
        for _ in 0..MOST_WRONG {
            attempts.book(start, &password).unwrap();
            attempts.last_was_wrong();
        }
        let kind = |attempts: &Attempts, at| attempts.cooldown(at).map(|error| error.kind());
        assert_eq!(kind(&attempts, start), Some(ErrorKind::TooManyAttempts));
        assert_eq!(kind(&attempts, start + WINDOW), None);
        attempts.last_was_locked(&password);
        assert_eq!(kind(&attempts, start + WINDOW), Some(ErrorKind::AccountLocked));
        assert_eq!(kind(&attempts, start + LOCKED), None);
    }
}
