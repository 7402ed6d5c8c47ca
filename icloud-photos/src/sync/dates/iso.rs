//! Dates of ISO 8601, as `datetime.fromisoformat` of CPython 3.11 reads them: more than the standard in some places, less in
//! others. The table of `testdata` holds its answers.

use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset, Weekday};

/// What was read.
pub(super) enum Moment {
    /// A clock on some wall.
    Naive(PrimitiveDateTime),
    Zoned(OffsetDateTime),
}

/// `None` for what Python refuses.
pub(super) fn parse(text: &[u8]) -> Option<Moment> {
    if text.len() < 7 || text.contains(&0) {
        return None;
    }
    let end = end_of_date(text)?;
    let date = date(text.get(..end)?)?;
    let (clock, offset) = match text.get(end..).unwrap_or_default() {
        [] => (Clock::default(), None),
        rest => time_of_day(rest.get(width(rest[0])..)?)?,
    };
    let time = Time::from_hms_micro(clock.hour?, clock.minute?, clock.second?, clock.micro).ok()?;
    let wall = PrimitiveDateTime::new(date, time);
    Some(match offset {
        None => Moment::Naive(wall),
        Some(offset) => {
            let shown = UtcOffset::from_whole_seconds(i32::try_from(offset.whole_seconds()).ok()?).ok()?;
            let fraction = offset - Duration::seconds(offset.whole_seconds());
            Moment::Zoned(wall.assume_offset(shown).checked_sub(fraction)?)
        }
    })
}

/// How many bytes the character has that begins so: any may stand between date and time.
fn width(first: u8) -> usize {
    match first {
        0..0x80 => 1,
        0xe0..0xf0 => 3,
        0xf0.. => 4,
        _ => 2,
    }
}

fn end_of_date(text: &[u8]) -> Option<usize> {
    if text.len() == 7 {
        return Some(7);
    }
    let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    match (text[4], text[5]) {
        (b'-', b'W') if text.get(8) == Some(&b'-') => match text.len() {
            9 => None,
            // The hyphen may be the separator of date and time.
            _ if is_digit(10) => Some(8),
            _ => Some(10),
        },
        (b'-', b'W') => Some(8),
        (b'-', _) => Some(10),
        (b'W', _) => {
            let digits = (7..).find(|at| !is_digit(*at))?;
            Some(match digits {
                7 | 8 => digits,
                even if even % 2 == 0 => 7,
                _ => 8,
            })
        }
        _ => Some(8),
    }
}

fn date(text: &[u8]) -> Option<Date> {
    let mut reader = Reader(text);
    let year = i32::try_from(reader.digits(4)?).ok()?;
    let dashed = reader.take(b"-");
    if reader.take(b"W") {
        let week = reader.digits(2)?;
        let mut day = 1;
        if !reader.0.is_empty() {
            if dashed && !reader.take(b"-") {
                return None;
            }
            day = reader.digits(1)?;
        }
        let weekday = Weekday::Monday.nth_next(u8::try_from(day.checked_sub(1)?).ok()?);
        let is_real = (1..=9999).contains(&year) && day <= 7;
        let date = Date::from_iso_week_date(year, u8::try_from(week).ok()?, weekday).ok()?;
        return (is_real && reader.0.is_empty()).then_some(date).filter(in_calendar);
    }
    let month = Month::try_from(u8::try_from(reader.digits(2)?).ok()?).ok()?;
    if dashed && !reader.take(b"-") {
        return None;
    }
    let day = u8::try_from(reader.digits(2)?).ok()?;
    let date = Date::from_calendar_date(year, month, day).ok().filter(in_calendar);
    date.filter(|_| reader.0.is_empty())
}

fn in_calendar(date: &Date) -> bool {
    (1..=9999).contains(&date.year())
}

#[derive(Default)]
struct Numbers {
    parts: [u32; 3],
    micro: u32,
}

struct Clock {
    hour: Option<u8>,
    minute: Option<u8>,
    second: Option<u8>,
    micro: u32,
}

impl Default for Clock {
    fn default() -> Self {
        Self { hour: Some(0), minute: Some(0), second: Some(0), micro: 0 }
    }
}

fn time_of_day(text: &[u8]) -> Option<(Clock, Option<Duration>)> {
    let zone = text.iter().position(|byte| matches!(byte, b'+' | b'-' | b'Z'));
    let (clock, rest) = text.split_at(zone.unwrap_or(text.len()));
    let (Numbers { parts, micro }, clean) = numbers(clock)?;
    let part = |at: usize| u8::try_from(parts[at]).ok();
    let clock = Clock { hour: part(0), minute: part(1), second: part(2), micro };
    let offset = match rest {
        [] if clean => None,
        [] => return None,
        [b'Z'] => Some(Duration::ZERO),
        [b'Z', ..] => return None,
        [sign, offset @ ..] => {
            let (Numbers { parts: [hours, minutes, seconds], micro }, clean) = numbers(offset)?;
            let seconds = i64::from(hours) * 3600 + i64::from(minutes) * 60 + i64::from(seconds);
            let offset = Duration::seconds(seconds) + Duration::microseconds(micro.into());
            if !clean || offset >= Duration::DAY {
                return None;
            }
            Some(if *sign == b'-' { -offset } else { offset })
        }
    };
    Some((clock, offset))
}

/// `HH[:?MM[:?SS]]` and a fraction; whether nothing is left over. A mark at the very end is overlooked where a zone follows.
fn numbers(text: &[u8]) -> Option<(Numbers, bool)> {
    let mut reader = Reader(text);
    let mut numbers = Numbers::default();
    let mut colons = true;
    for at in 0..3 {
        numbers.parts[at] = reader.digits(2)?;
        let next = reader.0.first().copied();
        if at == 0 {
            colons = next == Some(b':');
        }
        match (next, reader.0.len()) {
            (None, _) => return Some((numbers, true)),
            (Some(_), 1) => return Some((numbers, false)),
            (Some(b':'), _) if colons => reader.0 = &reader.0[1..],
            (Some(b'.' | b','), _) => {
                reader.0 = &reader.0[1..];
                break;
            }
            _ if !colons => {}
            _ => return None,
        }
    }
    let many = reader.0.len().min(6);
    numbers.micro = reader.digits(many)? * 10_u32.pow(6 - u32::try_from(many).ok()?);
    let rest = reader.0.iter().skip_while(|byte| byte.is_ascii_digit()).count();
    Some((numbers, rest == 0))
}

/// What is not read yet.
struct Reader<'t>(&'t [u8]);

impl Reader<'_> {
    fn take(&mut self, text: &[u8]) -> bool {
        let rest = self.0.strip_prefix(text);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// Exactly so many.
    fn digits(&mut self, many: usize) -> Option<u32> {
        let (digits, rest) = self.0.split_at_checked(many)?;
        self.0 = rest;
        digits
            .iter()
            .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
    }
}
