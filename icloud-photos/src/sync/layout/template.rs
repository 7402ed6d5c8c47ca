//! Folder templates: format strings of Python with one argument, the date of the photo.

use super::locale::Locale;
use super::localtime::LocalTime;
use super::strftime;
use crate::error::{Error, ErrorKind, Result};

/// A checked template such as `{:%Y/%m/%d}`, `{0:%Y}/{0:%m}` or `none`.
#[derive(Debug, Clone)]
pub(in crate::sync) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text(String),
    /// A date by a format of `strftime`.
    Date(String),
    /// A part of the date, or all of it, as text.
    Value {
        field: Field,
        text: bool,
        spec: Spec,
    },
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Field {
    Whole,
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Microsecond,
}

impl Template {
    /// # Errors
    /// [`ErrorKind::Config`] with the words of icloudpd.
    pub(in crate::sync) fn parse(text: &str) -> Result<Self> {
        if text.eq_ignore_ascii_case("none") {
            return Ok(Self(Vec::new()));
        }
        let mut parser = Parser { rest: text, numbering: None };
        parser.pieces().map(Self).ok_or_else(|| {
            let message = format!("Format {text} specified in --folder-structure is incorrect");
            Error::new(ErrorKind::Config, message)
        })
    }

    pub(in crate::sync) fn render(&self, time: &LocalTime, locale: Option<Locale>) -> String {
        self.0.iter().map(|piece| piece.render(time, locale)).collect()
    }
}

impl Piece {
    fn render(&self, time: &LocalTime, locale: Option<Locale>) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Date(format) => strftime::format(format, time, locale),
            Self::Value { field, text, spec } => match field.of(time) {
                Some(number) if !text => spec.number(number),
                Some(number) => spec.text(&number.to_string()),
                None => spec.text(&time.to_string()),
            },
        }
    }
}

impl Field {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "year" => Self::Year,
            "month" => Self::Month,
            "day" => Self::Day,
            "hour" => Self::Hour,
            "minute" => Self::Minute,
            "second" => Self::Second,
            "microsecond" => Self::Microsecond,
            _ => return None,
        })
    }

    fn of(self, time: &LocalTime) -> Option<u32> {
        let (date, clock) = (time.wall.date(), time.wall.time());
        Some(match self {
            Self::Whole => return None,
            Self::Year => date.year().unsigned_abs(),
            Self::Month => u8::from(date.month()).into(),
            Self::Day => date.day().into(),
            Self::Hour => clock.hour().into(),
            Self::Minute => clock.minute().into(),
            Self::Second => clock.second().into(),
            Self::Microsecond => time.microsecond(),
        })
    }
}

/// `None` anywhere means that Python, or we, refuse the template.
struct Parser<'t> {
    rest: &'t str,
    numbering: Option<Numbering>,
}

/// `{}` may stand once, `{0}` as often as one likes, but not both.
#[derive(PartialEq)]
enum Numbering {
    Automatic,
    Explicit,
}

impl Parser<'_> {
    fn pieces(&mut self) -> Option<Vec<Piece>> {
        let mut pieces = Vec::new();
        while !self.rest.is_empty() {
            if let Some(brace) = ["{{", "}}"].into_iter().find(|brace| self.rest.starts_with(*brace)) {
                pieces.push(Piece::Text(brace[..1].to_owned()));
                self.rest = &self.rest[2..];
            } else if let Some(field) = self.rest.strip_prefix('{') {
                let end = closing(field)?;
                pieces.push(self.field(&field[..end])?);
                self.rest = &field[end + 1..];
            } else {
                let end = self.rest.find(['{', '}']).unwrap_or(self.rest.len());
                if end == 0 {
                    return None;
                }
                pieces.push(Piece::Text(self.rest[..end].to_owned()));
                self.rest = &self.rest[end..];
            }
        }
        Some(pieces)
    }

    /// What stands between braces: `number.attribute!conversion:format`.
    fn field(&mut self, inside: &str) -> Option<Piece> {
        let end = inside.find([':', '!']).unwrap_or(inside.len());
        let (name, rest) = inside.split_at(end);
        let field = self.name(name)?;
        let (text, spec) = match rest.strip_prefix('!') {
            Some(rest) => (true, rest.strip_prefix('s')?),
            None => (false, rest),
        };
        let spec = if spec.is_empty() { String::new() } else { literal(spec.strip_prefix(':')?)? };
        if field == Field::Whole && !text && !spec.is_empty() {
            return Some(Piece::Date(spec));
        }
        let text = text || field == Field::Whole;
        Some(Piece::Value { field, text, spec: Spec::parse(&spec, text)? })
    }

    fn name(&mut self, name: &str) -> Option<Field> {
        let (number, attribute) = match name.split_once('.') {
            Some((number, attribute)) => (number, Field::named(attribute)?),
            None => (name, Field::Whole),
        };
        if !number.chars().all(|char| char == '0') {
            return None;
        }
        let numbering = if number.is_empty() { Numbering::Automatic } else { Numbering::Explicit };
        match &self.numbering {
            None => self.numbering = Some(numbering),
            Some(Numbering::Explicit) if numbering == Numbering::Explicit => {}
            Some(_) => return None,
        }
        Some(attribute)
    }
}

/// Where the brace is that closes a field. Python counts those within: all of a format stands between them.
fn closing(field: &str) -> Option<usize> {
    let mut open = 1_usize;
    for (at, char) in field.char_indices() {
        match char {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at);
        }
    }
    None
}

/// A format with its doubled braces as single ones. Fields within it are refused: nobody was seen to use them.
fn literal(format: &str) -> Option<String> {
    let mut text = String::with_capacity(format.len());
    let mut chars = format.chars();
    while let Some(char) = chars.next() {
        if matches!(char, '{' | '}') && chars.next() != Some(char) {
            return None;
        }
        text.push(char);
    }
    Some(text)
}

/// Python's small language for numbers and text: `[[fill]align][sign][0][width][.precision][type]`.
#[derive(Debug, Clone, PartialEq, Default)]
struct Spec {
    fill: Option<char>,
    align: Option<char>,
    sign: Option<char>,
    width: usize,
    precision: Option<usize>,
}

impl Spec {
    fn parse(spec: &str, text: bool) -> Option<Self> {
        let mut parsed = Self::default();
        let mut rest = parsed.take_align(spec);
        if let Some(sign) = rest.chars().next().filter(|char| "+- ".contains(*char)) {
            parsed.sign = Some(sign);
            rest = &rest[1..];
        }
        if parsed.fill.is_none() && rest.starts_with('0') {
            parsed.fill = Some('0');
            parsed.align = parsed.align.or((!text).then_some('='));
        }
        (parsed.width, rest) = take_number(rest)?;
        if let Some(precision) = rest.strip_prefix('.') {
            if !precision.starts_with(|char: char| char.is_ascii_digit()) {
                return None;
            }
            let (precision, after) = take_number(precision)?;
            (parsed.precision, rest) = (Some(precision), after);
        }
        let refused = if text {
            parsed.sign.is_some() || parsed.align == Some('=')
        } else {
            parsed.precision.is_some()
        };
        let known = rest.is_empty() || rest == if text { "s" } else { "d" };
        (known && !refused).then_some(parsed)
    }

    /// Takes `fill` and `align` from the front.
    fn take_align<'s>(&mut self, spec: &'s str) -> &'s str {
        let is_align = |char: char| "<>=^".contains(char);
        let mut chars = spec.chars();
        match (chars.next(), chars.next()) {
            (Some(fill), Some(align)) if is_align(align) => {
                (self.fill, self.align) = (Some(fill), Some(align));
                chars.as_str()
            }
            (Some(align), _) if is_align(align) => {
                self.align = Some(align);
                &spec[1..]
            }
            _ => spec,
        }
    }

    fn number(&self, number: u32) -> String {
        let sign = self.sign.filter(|sign| *sign != '-').map(String::from).unwrap_or_default();
        if self.align == Some('=') {
            let digits = Self { width: self.width.saturating_sub(sign.len()), ..self.clone() };
            return format!("{sign}{}", digits.pad(&number.to_string(), '>'));
        }
        self.pad(&format!("{sign}{number}"), '>')
    }

    fn text(&self, text: &str) -> String {
        let cut: String = text.chars().take(self.precision.unwrap_or(usize::MAX)).collect();
        self.pad(&cut, '<')
    }

    fn pad(&self, text: &str, default: char) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        let left = match self.align.unwrap_or(default) {
            '<' => 0,
            '^' => missing / 2,
            _ => missing,
        };
        let fill = |count| std::iter::repeat_n(self.fill.unwrap_or(' '), count);
        fill(left).chain(text.chars()).chain(fill(missing - left)).collect()
    }
}

/// Digits from the front, none being zero. Longer than any file name is refused.
fn take_number(text: &str) -> Option<(usize, &str)> {
    let end = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let number = if end == 0 { 0 } else { text[..end].parse().ok()? };
    (number <= 1024).then_some((number, &text[end..]))
}
