//! The words of dates in other languages, as the GNU C library has them.

use std::fmt;

use pure_rust_locales::{Locale as Data, locale_match};

use crate::error::{Error, ErrorKind, Result};

/// A language and country, for names of months and days in folders.
///
/// Of calendars that count years by eras (`%EY` in Japan, Thailand, Laos and Taiwan) only the formats are known, not the years: these
/// come out as those of our own calendar.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Locale(Data);

impl fmt::Debug for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Locale {
    /// What the environment asks for: the first of `LC_ALL`, `LC_TIME` and `LANG` that is set and not empty. `None` for the C locale.
    ///
    /// # Errors
    /// As [`Locale::named`].
    pub fn system() -> Result<Option<Self>> {
        let set = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
        ["LC_ALL", "LC_TIME", "LANG"].iter().find_map(set).map_or(Ok(None), |name| Self::named(&name))
    }

    /// By its name: `de_DE.UTF-8`, `sr_RS@latin`. The character set does not matter. `None` for `C` and `POSIX`. It need not be installed.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a name that the GNU C library does not have.
    pub fn named(name: &str) -> Result<Option<Self>> {
        let (plain, modifier) =
            name.split_once('@').map_or((name, None), |(plain, modifier)| (plain, Some(modifier)));
        let plain = plain.split('.').next().unwrap_or(plain);
        if matches!(plain, "C" | "POSIX") {
            return Ok(None);
        }
        let full = modifier.map_or(plain.to_owned(), |modifier| format!("{plain}@{modifier}"));
        let data = Data::try_from(full.as_str()).map_err(|_| {
            let problem = "no such locale; set LC_ALL to a name such as de_DE.UTF-8, or to C";
            Error::new(ErrorKind::Config, problem).with("locale", name)
        })?;
        Ok(Some(Self(data)))
    }
}

/// The words of one locale.
pub(super) struct Words {
    locale: Option<Data>,
    pub(super) days: &'static [&'static str],
    pub(super) days_short: &'static [&'static str],
    months: [&'static [&'static str]; 2],
    months_short: [&'static [&'static str]; 2],
    /// Before and after noon; empty in many languages.
    pub(super) halves: [&'static str; 2],
    digits: &'static [&'static str],
    pub(super) half_day_time: &'static str,
    date_time: [&'static str; 2],
    date: [&'static str; 2],
    time: [&'static str; 2],
}

impl Words {
    pub(super) fn of(locale: Option<Locale>) -> Self {
        locale.map_or(ENGLISH, |Locale(data)| Self::from(data))
    }

    fn from(data: Data) -> Self {
        let months = locale_match!(data => LC_TIME::MON);
        let months_short = locale_match!(data => LC_TIME::ABMON);
        let halves = locale_match!(data => LC_TIME::AM_PM);
        let half = |at: usize| halves.get(at).copied().unwrap_or_default();
        let or = |era: Option<&'static str>, plain| era.filter(|era| !era.is_empty()).unwrap_or(plain);
        let half_day_time = locale_match!(data => LC_TIME::T_FMT_AMPM);
        let date_time = locale_match!(data => LC_TIME::D_T_FMT);
        let date = locale_match!(data => LC_TIME::D_FMT);
        let time = locale_match!(data => LC_TIME::T_FMT);
        Self {
            locale: Some(data),
            days: locale_match!(data => LC_TIME::DAY),
            days_short: locale_match!(data => LC_TIME::ABDAY),
            months: [months, locale_match!(data => LC_TIME::ALT_MON).unwrap_or(months)],
            months_short: [months_short, locale_match!(data => LC_TIME::AB_ALT_MON).unwrap_or(months_short)],
            halves: [half(0), half(1)],
            digits: locale_match!(data => LC_TIME::ALT_DIGITS).unwrap_or_default(),
            half_day_time: if half_day_time.is_empty() { ENGLISH.half_day_time } else { half_day_time },
            date_time: [date_time, or(locale_match!(data => LC_TIME::ERA_D_T_FMT), date_time)],
            date: [date, or(locale_match!(data => LC_TIME::ERA_D_FMT), date)],
            time: [time, or(locale_match!(data => LC_TIME::ERA_T_FMT), time)],
        }
    }

    /// A month beside its day, or alone: languages with cases tell them apart.
    pub(super) fn month(&self, month: usize, alone: bool) -> &'static str {
        self.months[usize::from(alone)][month]
    }

    pub(super) fn month_short(&self, month: usize, alone: bool) -> &'static str {
        self.months_short[usize::from(alone)][month]
    }

    pub(super) fn date_time(&self, era: bool) -> &'static str {
        self.date_time[usize::from(era)]
    }

    pub(super) fn date(&self, era: bool) -> &'static str {
        self.date[usize::from(era)]
    }

    pub(super) fn time(&self, era: bool) -> &'static str {
        self.time[usize::from(era)]
    }

    /// A number in the digits of the language, where those are asked for and known.
    pub(super) fn digits(&self, value: i64, modifier: Option<char>) -> Option<&'static str> {
        let at = usize::try_from(value).ok().filter(|_| modifier == Some('O'))?;
        self.digits.get(at).copied()
    }

    /// Letter by letter, as the C library does it.
    pub(super) fn upper(&self, text: &str) -> String {
        let Some(locale) = self.locale else { return text.to_ascii_uppercase() };
        let turkic =
            ["tr_", "az_", "crh_", "ku_", "tt_"].iter().any(|name| locale.to_string().starts_with(name));
        text.chars()
            .map(|letter| if turkic && letter == 'i' { '\u{130}' } else { one_upper(letter) })
            .collect()
    }
}

/// A letter that would become several stays.
fn one_upper(letter: char) -> char {
    let mut upper = letter.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => upper,
        _ => letter,
    }
}

const ENGLISH: Words = Words {
    locale: None,
    days: &["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
    days_short: &["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
    months: [MONTHS, MONTHS],
    months_short: [MONTHS_SHORT, MONTHS_SHORT],
    halves: ["AM", "PM"],
    digits: &[],
    half_day_time: "%I:%M:%S %p",
    date_time: ["%a %b %e %H:%M:%S %Y"; 2],
    date: ["%m/%d/%y"; 2],
    time: ["%H:%M:%S"; 2],
};

const MONTHS: &[&str] = &[
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const MONTHS_SHORT: &[&str] =
    &["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
