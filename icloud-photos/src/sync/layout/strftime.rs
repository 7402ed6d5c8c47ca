//! Dates as text, as Python on Linux writes them: `strftime` of the GNU C library.

use super::locale::{Locale, Words};
use super::localtime::LocalTime;

/// What comes of a format such as `%Y/%m/%d`. Unknown directives stay as they are.
pub(super) fn format(format: &str, time: &LocalTime, locale: Option<Locale>) -> String {
    let mut out = String::with_capacity(format.len() + 16);
    Formatter { time, words: &Words::of(locale), upper: false }.run(&python_pass(format, time), &mut out);
    out
}

/// Python itself puts in `%f`, `%z` and `%Z`, where no flag stands before them, and leaves the rest to C.
fn python_pass(format: &str, time: &LocalTime) -> String {
    let mut out = String::with_capacity(format.len());
    let mut chars = format.chars();
    while let Some(char) = chars.next() {
        match (char, char == '%') {
            (_, true) => match chars.next() {
                Some('f') => out.push_str(&format!("{:06}", time.microsecond())),
                Some('z') => out.push_str(&time.offset("")),
                Some('Z') => out.push_str(&time.abbreviation().replace('%', "%%")),
                Some(other) => out.extend(['%', other]),
                None => out.push('%'),
            },
            (char, false) => out.push(char),
        }
    }
    out
}

struct Formatter<'t> {
    time: &'t LocalTime,
    words: &'t Words,
    /// All text in upper case: within `%^c`.
    upper: bool,
}

/// One directive: `%`, flags, width, modifier, conversion.
struct Directive<'f> {
    text: &'f str,
    flags: Flags,
    modifier: Option<char>,
    conversion: Option<char>,
}

#[derive(Clone, Copy, Default)]
struct Flags {
    pad: Option<char>,
    width: usize,
    upper: bool,
    swap: bool,
}

/// What a conversion stands for.
enum Meaning {
    Number {
        value: i64,
        digits: usize,
        pad: char,
    },
    /// `%s`: its width is filled with blanks.
    Seconds(i64),
    Name(&'static str),
    /// `AM`, which `#` turns to lower case.
    HalfDay(&'static str),
    Zone,
    /// The C library is told no offset, so this is always zero.
    Offset,
    Format(&'static str),
    Char(char),
    Lower(&'static str),
}

impl Formatter<'_> {
    fn run(&self, format: &str, out: &mut String) {
        let mut rest = format;
        while let Some(start) = rest.find('%') {
            out.push_str(&rest[..start]);
            let directive = Directive::parse(&rest[start..]);
            rest = &rest[start + directive.text.len()..];
            self.put(&directive, out);
        }
        out.push_str(rest);
    }

    fn put(&self, directive: &Directive<'_>, out: &mut String) {
        let Directive { text, mut flags, modifier, conversion } = *directive;
        flags.upper |= self.upper;
        let meaning =
            conversion.filter(|char| takes(*char, modifier)).and_then(|char| self.meaning(char, modifier));
        let upper = |text: &str| self.words.upper(text);
        match meaning {
            None => {
                // The C library sees to the flag before it sees that it does not know the rest.
                flags.upper |= flags.swap && matches!((modifier, conversion), (Some('E'), Some('b' | 'h')));
                flags.put_cased(text, upper, out);
            }
            Some(Meaning::Number { value, .. }) if self.words.digits(value, modifier).is_some() => {
                flags.put_text(self.words.digits(value, modifier).unwrap_or_default(), out);
            }
            Some(Meaning::Number { value, digits, pad }) => flags.put_number(value, digits, pad, out),
            Some(Meaning::Seconds(value)) => flags.put_text(&value.to_string(), out),
            Some(Meaning::Name(name)) => {
                Flags { upper: flags.upper || flags.swap, ..flags }.put_cased(name, upper, out)
            }
            Some(Meaning::HalfDay(name)) if flags.swap => flags.put_text(&name.to_lowercase(), out),
            Some(Meaning::HalfDay(name)) => flags.put_cased(name, upper, out),
            Some(Meaning::Zone) if flags.swap => {
                flags.put_text(&self.time.abbreviation().to_lowercase(), out)
            }
            Some(Meaning::Zone) => flags.put_cased(self.time.abbreviation(), upper, out),
            Some(Meaning::Offset) => {
                flags.put_text("+", out);
                flags.put_number(0, 4, '0', out);
            }
            Some(Meaning::Format(format)) => {
                let mut inner = String::new();
                Formatter { time: self.time, words: self.words, upper: flags.upper }.run(format, &mut inner);
                flags.put_text(&inner, out);
            }
            Some(Meaning::Char(char)) => flags.put_text(char.encode_utf8(&mut [0; 4]), out),
            Some(Meaning::Lower(text)) => flags.put_text(&text.to_lowercase(), out),
        }
    }

    fn meaning(&self, conversion: char, modifier: Option<char>) -> Option<Meaning> {
        let (date, clock) = (self.time.wall.date(), self.time.wall.time());
        let (year, month) = (i64::from(date.year()), usize::from(u8::from(date.month())) - 1);
        let weekday = usize::from(date.weekday().number_days_from_sunday());
        let (iso_year, iso_week, _) = date.to_iso_week_date();
        let (words, alone, era) = (self.words, modifier == Some('O'), modifier == Some('E'));
        let half = words.halves[usize::from(clock.hour() >= 12)];
        let hour = i64::from(clock.hour());
        let hour12 = if hour % 12 == 0 { 12 } else { hour % 12 };
        let number = |value, digits| Meaning::Number { value, digits, pad: '0' };
        let blank = |value| Meaning::Number { value, digits: 2, pad: '_' };
        Some(match conversion {
            'a' => Meaning::Name(words.days_short[weekday]),
            'A' => Meaning::Name(words.days[weekday]),
            'b' | 'h' => Meaning::Name(words.month_short(month, alone)),
            'B' => Meaning::Name(words.month(month, alone)),
            'c' => Meaning::Format(words.date_time(era)),
            'C' => number(year / 100, 1),
            'd' => number(date.day().into(), 2),
            'D' => Meaning::Format("%m/%d/%y"),
            'x' => Meaning::Format(words.date(era)),
            'e' => blank(date.day().into()),
            'F' => Meaning::Format("%Y-%m-%d"),
            'g' => number(i64::from(iso_year.rem_euclid(100)), 2),
            'G' => number(iso_year.into(), 1),
            'H' => number(hour, 2),
            'I' => number(hour12, 2),
            'j' => number(date.ordinal().into(), 3),
            'k' => blank(hour),
            'l' => blank(hour12),
            'm' => number(month as i64 + 1, 2),
            'M' => number(clock.minute().into(), 2),
            'n' => Meaning::Char('\n'),
            'p' => Meaning::HalfDay(half),
            'P' => Meaning::Lower(half),
            'r' => Meaning::Format(words.half_day_time),
            'R' => Meaning::Format("%H:%M"),
            's' => Meaning::Seconds(self.time.seconds()),
            'S' => number(clock.second().into(), 2),
            't' => Meaning::Char('\t'),
            'T' => Meaning::Format("%H:%M:%S"),
            'X' => Meaning::Format(words.time(era)),
            'u' => number(date.weekday().number_from_monday().into(), 1),
            'U' => number(date.sunday_based_week().into(), 2),
            'V' => number(iso_week.into(), 2),
            'w' => number(weekday as i64, 1),
            'W' => number(date.monday_based_week().into(), 2),
            'y' => number(year % 100, 2),
            'Y' => number(year, 1),
            'z' => Meaning::Offset,
            'Z' => Meaning::Zone,
            '%' => Meaning::Char('%'),
            _ => return None,
        })
    }
}

/// Whether a conversion goes with the modifiers for other calendars (`E`) and digits (`O`).
fn takes(conversion: char, modifier: Option<char>) -> bool {
    match modifier {
        Some('E') => !"aAbBdDeFgGhHIjklmMSUVwW".contains(conversion),
        Some(_) => !"aAcDFxXY".contains(conversion),
        None => true,
    }
}

impl<'f> Directive<'f> {
    /// The directive at the start of `rest`, which starts with `%`.
    fn parse(rest: &'f str) -> Self {
        let mut flags = Flags::default();
        let mut chars = rest.char_indices().skip(1).peekable();
        while let Some((_, flag)) = chars.next_if(|(_, char)| "_-0^#".contains(*char)) {
            match flag {
                '^' => flags.upper = true,
                '#' => flags.swap = true,
                pad => flags.pad = Some(pad),
            }
        }
        while let Some((_, digit)) = chars.next_if(|(_, char)| char.is_ascii_digit()) {
            let digit = digit.to_digit(10).unwrap_or_default() as usize;
            flags.width = flags.width.saturating_mul(10).saturating_add(digit);
        }
        let modifier = chars.next_if(|(_, char)| matches!(char, 'E' | 'O')).map(|(_, char)| char);
        let conversion = chars.next();
        let end = conversion.map_or(rest.len(), |(at, char)| at + char.len_utf8());
        flags.width = flags.width.min(MAX_WIDTH);
        Self { text: &rest[..end], flags, modifier, conversion: conversion.map(|(_, char)| char) }
    }
}

impl Flags {
    /// Text, filled up to the width from the left.
    fn put_text(&self, text: &str, out: &mut String) {
        let fill = if self.pad == Some('0') { '0' } else { ' ' };
        out.extend(std::iter::repeat_n(fill, self.width.saturating_sub(text.chars().count())));
        out.push_str(text);
    }

    fn put_cased(&self, text: &str, upper: impl Fn(&str) -> String, out: &mut String) {
        if self.upper { self.put_text(&upper(text), out) } else { self.put_text(text, out) }
    }

    fn put_number(&self, value: i64, digits: usize, pad: char, out: &mut String) {
        let digits = digits.max(self.width);
        match self.pad.unwrap_or(pad) {
            '-' => self.put_text(&value.to_string(), out),
            '_' => self.put_text(&format!("{value:digits$}"), out),
            _ => self.put_text(&format!("{value:0digits$}"), out),
        }
    }
}

/// More than any file system takes in a name.
const MAX_WIDTH: usize = 1024;
