//! Local time. The only file that knows rules of time zones.
//!
//! icloudpd puts a photo in the folder of the day it was *here*, in the zone of the computer, not there where it was
//! taken; folders of an existing library can be matched in no other way.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

use crate::error::{Error, ErrorKind, Result};

/// A time zone with its whole history.
#[derive(Debug, Clone)]
pub struct LocalZone(TimeZone);

impl LocalZone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The zone of this computer: the environment variable `TZ` if it is set and not empty, else the system's setting,
    /// else UTC.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when `TZ` names no zone that is known here.
    pub fn system() -> Result<Self> {
        match std::env::var("TZ") {
            Ok(name) if name.is_empty() => Ok(Self(system_file().unwrap_or(TimeZone::UTC))),
            Ok(name) => Self::named(&name),
            Err(_) => Ok(Self(TimeZone::try_system().unwrap_or(TimeZone::UTC))),
        }
    }

    /// A zone by the name it has in the IANA database (`Europe/Berlin`), by the path of a zone file, or by a POSIX rule.
    /// All may follow a colon, as in `TZ`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when nothing of that kind is known here.
    pub fn named(name: &str) -> Result<Self> {
        let plain = name.strip_prefix(':').unwrap_or(name);
        let zone = if plain.starts_with('/') {
            zone_file(Path::new(plain))
        } else {
            listed(plain).or_else(|| TimeZone::posix(plain).ok())
        };
        zone.map(Self).ok_or_else(|| {
            Error::new(ErrorKind::Config, "no such time zone; set TZ to a name such as Europe/Berlin")
                .with("TZ", name)
        })
    }

    /// Its name in the IANA database, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.0.iana_name()
    }

    /// What a clock on the wall shows then.
    pub fn at(&self, time: SystemTime) -> LocalTime {
        let milliseconds = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).ok(),
            Err(before) => i64::try_from(before.duration().as_millis()).ok().map(|before| -before),
        };
        self.of_asset_date(milliseconds).unwrap_or_else(|first| first)
    }

    /// The local time of an asset's date as Apple gives it, milliseconds since 1970. No date, or one outside the years 1
    /// to 9999, counts as the first moment of 1970.
    pub(in crate::sync) fn of_asset_date(&self, milliseconds: Option<i64>) -> Result<LocalTime, LocalTime> {
        let (seconds, microsecond) =
            milliseconds.map(seconds).filter(|time| is_in_range(time.0)).unwrap_or_default();
        let utc = LocalTime::new(seconds, microsecond, 0, "UTC");
        // The rules end a little before the year 10000; the last one known goes on.
        let moment = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
        let info = self.0.to_offset_info(moment);
        let offset = info.offset().seconds();
        if is_in_range(seconds + i64::from(offset)) {
            Ok(LocalTime::new(seconds, microsecond, offset, info.abbreviation()))
        } else {
            Err(utc)
        }
    }
}

/// For limits on dates.
impl LocalZone {
    /// The date of an asset in UTC, read as [`LocalZone::of_asset_date`] reads it.
    pub(in crate::sync) fn utc_of_asset_date(milliseconds: Option<i64>) -> OffsetDateTime {
        let (Ok(utc) | Err(utc)) = Self::utc().of_asset_date(milliseconds);
        utc.wall.replace_microsecond(utc.microsecond).unwrap_or(utc.wall)
    }

    /// The moment when clocks here show this, as Python finds it: the first of two, and if they skip it, one before the gap. `None`
    /// outside of what Python can work with, from the second day of the year 1 to the end of 9999.
    pub(in crate::sync) fn at_wall(&self, wall: PrimitiveDateTime) -> Option<OffsetDateTime> {
        // The rules end a little before the year 10000; the last one known goes on.
        let last = wall.year() == 9999 && wall.ordinal() >= 364;
        let offset = if last {
            self.0.to_offset(Timestamp::MAX).seconds()
        } else {
            let moment = self.0.to_ambiguous_timestamp(civil(wall)?).earlier().ok()?;
            let apart = wall.assume_utc().unix_timestamp_nanos() - moment.as_nanosecond();
            i32::try_from(apart / 1_000_000_000).ok()?
        };
        let utc = wall.assume_offset(UtcOffset::from_whole_seconds(offset).ok()?).to_offset(UtcOffset::UTC);
        let first = (wall.year(), wall.ordinal()) == (1, 1);
        self.shown(utc).filter(|_| !first)
    }

    /// What clocks here showed so many days before `now`, at the same time of day.
    pub(in crate::sync) fn days_before(&self, now: SystemTime, days: u32) -> Option<OffsetDateTime> {
        let now = self.0.to_datetime(Timestamp::try_from(now).ok()?);
        let then = now.checked_sub(Span::new().try_days(days).ok()?).ok()?;
        let moment = self.0.to_ambiguous_timestamp(then).compatible().ok()?;
        self.shown(OffsetDateTime::from_unix_timestamp_nanos(moment.as_nanosecond()).ok()?)
    }

    /// The same moment, as clocks here showed it.
    pub(in crate::sync) fn shown(&self, moment: OffsetDateTime) -> Option<OffsetDateTime> {
        let rules = Timestamp::from_second(moment.unix_timestamp()).unwrap_or(Timestamp::MAX);
        let offset = UtcOffset::from_whole_seconds(self.0.to_offset(rules).seconds()).ok()?;
        let shown = moment.checked_to_offset(offset)?;
        is_in_range(shown.unix_timestamp() + i64::from(offset.whole_seconds())).then_some(shown)
    }
}

fn civil(wall: PrimitiveDateTime) -> Option<DateTime> {
    let (year, month, day) = wall.to_calendar_date();
    let (hour, minute, second, nanos) = wall.as_hms_nano();
    let small = |number: u8| i8::try_from(number).ok();
    let (month, day) = (small(month.into())?, small(day)?);
    let (hour, minute, second) = (small(hour)?, small(minute)?, small(second)?);
    let (year, nanos) = (i16::try_from(year).ok()?, i32::try_from(nanos).ok()?);
    DateTime::new(year, month, day, hour, minute, second, nanos).ok()
}

/// A zone by its name: of the database, or a file beside it, as the C library has it. Some systems keep every zone once more below
/// `posix/` and, with leap seconds, below `right/`; elsewhere the zone itself stands for both.
fn listed(name: &str) -> Option<TimeZone> {
    let known = |name: &str| TimeZone::get(name).ok();
    let plain = name.strip_prefix("posix/").or_else(|| name.strip_prefix("right/"));
    known(name).or_else(|| beside_the_database(name)).or_else(|| plain.and_then(known))
}

fn beside_the_database(name: &str) -> Option<TimeZone> {
    const FOLDERS: [&str; 4] =
        ["/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/zoneinfo", "/etc/zoneinfo"];
    // Such a name is none of the database.
    if name.split('/').any(|part| part == "..") {
        return None;
    }
    let folders = std::env::var_os("TZDIR").map(PathBuf::from).into_iter();
    folders.chain(FOLDERS.map(PathBuf::from)).find_map(|folder| zone_file(&folder.join(name)))
}

fn zone_file(path: &Path) -> Option<TimeZone> {
    let data = std::fs::read(path).ok()?;
    TimeZone::tzif(&path.to_string_lossy(), &data).ok()
}

/// What `TZ` hides when it is set but empty.
fn system_file() -> Option<TimeZone> {
    let data = std::fs::read("/etc/localtime").ok()?;
    TimeZone::tzif("local", &data).ok()
}

/// Whole seconds and microseconds, rounded on the way through a float as Python rounds them: far from 1970 that shows.
fn seconds(milliseconds: i64) -> (i64, u32) {
    #[allow(clippy::cast_precision_loss)]
    let exact = milliseconds as f64 / 1000.0;
    let mut whole = exact.trunc();
    let mut micros = ((exact - whole) * 1e6).round_ties_even();
    if micros >= 1e6 {
        (whole, micros) = (whole + 1.0, micros - 1e6);
    } else if micros < 0.0 {
        (whole, micros) = (whole - 1.0, micros + 1e6);
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    (whole as i64, micros as u32)
}

fn is_in_range(seconds: i64) -> bool {
    const FIRST: i64 = -62_135_596_800;
    const LAST: i64 = 253_402_300_799;
    (FIRST..=LAST).contains(&seconds)
}

/// A moment as a clock on the wall showed it. Prints as `2018-07-31 09:22:24.816000+02:00`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalTime {
    seconds: i64,
    microsecond: u32,
    offset: i32,
    abbreviation: String,
    /// The same digits in UTC, for the calendar.
    pub(super) wall: OffsetDateTime,
}

impl LocalTime {
    /// `seconds + offset` lies within the years 1 to 9999.
    fn new(seconds: i64, microsecond: u32, offset: i32, abbreviation: &str) -> Self {
        let wall = OffsetDateTime::from_unix_timestamp(seconds + i64::from(offset));
        let wall = wall.unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Self { seconds, microsecond, offset, abbreviation: abbreviation.to_owned(), wall }
    }

    /// Whole seconds since 1970, UTC, rounded down: the modification time of the files. It is the true moment also in
    /// the rare hour that a zone went through twice without summer time (Moscow in 2014), where icloudpd always takes the later.
    pub fn seconds(&self) -> i64 {
        self.seconds
    }

    /// Microseconds after [`LocalTime::seconds`].
    pub fn microsecond(&self) -> u32 {
        self.microsecond
    }

    /// As icloudpd writes it into a photo: `2018:07:31 09:22:24`, the year without zeros before it.
    pub(in crate::sync) fn in_exif(&self) -> String {
        let (date, time) = (self.wall.date(), self.wall.time());
        let (month, day) = (u8::from(date.month()), date.day());
        let (hour, minute, second) = time.as_hms();
        format!("{}:{month:02}:{day:02} {hour:02}:{minute:02}:{second:02}", date.year())
    }

    /// As icloudpd logs what it writes into a photo: `2018-07-31 09:22:24+0200`, the year without zeros before it.
    pub fn stamp(&self) -> String {
        format!("{}{}", self.in_exif().replacen(':', "-", 2), self.offset(""))
    }

    /// `CEST`, or `+0545` where the zone has no letters.
    pub(super) fn abbreviation(&self) -> &str {
        &self.abbreviation
    }

    /// `+0200`, with seconds if there are any; a separator goes between the parts.
    pub(super) fn offset(&self, separator: &str) -> String {
        let (sign, rest) = (if self.offset < 0 { '-' } else { '+' }, self.offset.unsigned_abs());
        let (hours, minutes, seconds) = (rest / 3600, rest / 60 % 60, rest % 60);
        let short = format!("{sign}{hours:02}{separator}{minutes:02}");
        if seconds == 0 { short } else { format!("{short}{separator}{seconds:02}") }
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = (self.wall.date(), self.wall.time());
        write!(f, "{:04}-{:02}-{:02} ", date.year(), u8::from(date.month()), date.day())?;
        write!(f, "{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())?;
        if self.microsecond > 0 {
            write!(f, ".{:06}", self.microsecond)?;
        }
        f.write_str(&self.offset(":"))
    }
}
