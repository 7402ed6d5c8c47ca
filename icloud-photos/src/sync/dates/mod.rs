//! Limits on the dates of photos (`--skip-created-before`, `--skip-created-after`).

mod iso;

use std::time::SystemTime;

use time::{OffsetDateTime, PrimitiveDateTime};

use super::event::SkipReason;
use super::layout::LocalZone;
use crate::error::{Error, ErrorKind, Result};

/// So many days ago there was no year 1 yet, or there soon will not have been.
const MOST_DAYS: u32 = 730_000;

/// A moment that dates of photos are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DateLimit {
    /// This moment.
    At(OffsetDateTime),
    /// The same time of day so many days ago, by the clock on the wall: it moves along as time passes.
    DaysAgo(u32),
}

impl DateLimit {
    /// Reads what icloudpd takes: `20d` for days (whatever follows the `d` is ignored), or a date of ISO 8601 as
    /// `datetime.fromisoformat` of Python 3.11 reads it: `2025-01-02`, `2025-W01-4`, `20250102T030405.5Z`. What names no zone is meant in
    /// `zone`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for anything else, in icloudpd's words, and for days or dates beyond the calendar, on which icloudpd
    /// crashes.
    pub fn parse(text: &str, zone: &LocalZone) -> Result<Self> {
        let beyond = || Error::new(ErrorKind::Config, "the date is beyond the calendar").with("date", text);
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && text[digits..].starts_with(['d', 'D']) {
            let days = text[..digits].parse().ok().filter(|days| *days <= MOST_DAYS);
            return days.map(Self::DaysAgo).ok_or_else(beyond);
        }
        let moment = iso::parse(text.as_bytes())
            .ok_or_else(|| Error::new(ErrorKind::Config, "Not an ISO timestamp or time interval in days"))?;
        match moment {
            iso::Moment::Zoned(moment) => Ok(Self::At(moment)),
            iso::Moment::Naive(wall) => zone.at_wall(wall).map(Self::At).ok_or_else(beyond),
        }
    }

    /// The moment it means now.
    fn at(self, now: SystemTime, zone: &LocalZone) -> OffsetDateTime {
        match self {
            Self::At(moment) => moment,
            Self::DaysAgo(days) => {
                // Before all days that calendars have nothing was taken.
                zone.days_before(now, days).unwrap_or(PrimitiveDateTime::MIN.assume_utc())
            }
        }
    }

    /// The same text in every run, for the same limit.
    fn text(self) -> String {
        match self {
            Self::At(moment) => format!("at {}", micros(moment)),
            Self::DaysAgo(days) => format!("{days} days ago"),
        }
    }
}

/// What is left out for its date. What is as old as a limit passes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Dates {
    pub(super) before: Option<DateLimit>,
    pub(super) after: Option<DateLimit>,
}

impl Dates {
    /// Whether any date is a reason.
    pub(super) fn is_any(self) -> bool {
        self.before.is_some() || self.after.is_some()
    }

    /// Nothing where no date is a reason, so that digests stay what they were.
    pub(super) fn text(self) -> String {
        let limit = |name: &str, limit: Option<DateLimit>| {
            limit.map(|limit| format!(" {name} {}", limit.text())).unwrap_or_default()
        };
        limit("before", self.before) + &limit("after", self.after)
    }

    /// Why an asset of this date, in milliseconds since 1970, is left out, if it is.
    pub(super) fn reason(
        self,
        created: Option<i64>,
        now: impl Fn() -> SystemTime,
        zone: &LocalZone,
    ) -> Option<SkipReason> {
        if !self.is_any() {
            return None;
        }
        let created = LocalZone::utc_of_asset_date(created);
        let before = self.before.map(|limit| limit.at(now(), zone)).filter(|limit| created < *limit);
        let shown = zone.shown(created).unwrap_or(created);
        if let Some(limit) = before {
            return Some(SkipReason::CreatedBefore { created: shown, limit });
        }
        let after = self.after.map(|limit| limit.at(now(), zone)).filter(|limit| created > *limit);
        after.map(|limit| SkipReason::CreatedAfter { created: shown, limit })
    }

    /// Up to which date photos are let in now, in microseconds since 1970, if time lets in more and more of them. What is
    /// let in by a limit from below goes out of date, and nothing comes in.
    pub(super) fn moving(self, now: SystemTime, zone: &LocalZone) -> Option<i64> {
        let limit = self.after.filter(|limit| matches!(limit, DateLimit::DaysAgo(_)))?;
        Some(micros(limit.at(now, zone)))
    }
}

/// A date of an asset in microseconds since 1970, as it is compared.
pub(super) fn micros_of(created: Option<i64>) -> i64 {
    micros(LocalZone::utc_of_asset_date(created))
}

fn micros(moment: OffsetDateTime) -> i64 {
    moment.unix_timestamp().saturating_mul(1_000_000).saturating_add(moment.microsecond().into())
}

/// `2018-07-30 11:44:05.108000+00:00`, as Python prints dates.
pub(super) fn python(moment: OffsetDateTime) -> String {
    let (date, (hour, minute, second, micro)) = (moment.date(), moment.time().as_hms_micro());
    let fraction = if micro == 0 { String::new() } else { format!(".{micro:06}") };
    let sign = if moment.offset().is_negative() { '-' } else { '+' };
    let (hours, minutes, seconds) = moment.offset().as_hms();
    let seconds = if seconds == 0 { String::new() } else { format!(":{:02}", seconds.unsigned_abs()) };
    let offset = format!("{sign}{:02}:{:02}{seconds}", hours.unsigned_abs(), minutes.unsigned_abs());
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{fraction}{offset}")
}

#[cfg(test)]
mod tests;
