//! Values of options, read as icloudpd reads them.

use std::path::PathBuf;

use icloud_photos::sync::layout::{Layout, LayoutOptions, LocalZone};
use icloud_photos::sync::store::AnyCatalogues;
use icloud_photos::sync::{DateLimit, View};

use super::errors::python_repr;

/// A whole number as Python reads it, with `_` between digits; icloudpd's text when it is none. Python knows no largest number:
/// what is too large for us stands for the largest we have.
pub(super) fn int(text: &str) -> Result<i64, String> {
    let number = text.trim();
    let digits = number.strip_prefix(['-', '+']).unwrap_or(number);
    let is_number =
        digits.split('_').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    if !is_number {
        return Err(format!("invalid int value: {}", python_repr(text)));
    }
    let most = if number.starts_with('-') { i64::MIN } else { i64::MAX };
    Ok(number.replace('_', "").parse().unwrap_or(most))
}

/// A whole number that counts something. icloudpd crashes on negative ones.
pub(super) fn count(text: &str) -> Result<u64, String> {
    u64::try_from(int(text)?).map_err(|_| format!("must not be negative: {}", python_repr(text)))
}

/// A folder template that can be applied to a date, or `none`.
pub(super) fn folder_structure(text: &str) -> Result<String, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok("none".to_owned());
    }
    // Any zone will do: that of this computer is asked for by what needs it.
    match Layout::new(LayoutOptions::default().folder(text).zone(LocalZone::utc())) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(format!("Format {text} specified in --folder-structure is incorrect")),
    }
}

/// A date, or a number of days. What names no zone is meant in that of this computer; where `TZ` names none that is known, nothing
/// is done that heeds a date.
pub(super) fn date_limit(text: &str) -> Result<DateLimit, String> {
    let zone = LocalZone::system().unwrap_or_else(|_| LocalZone::utc());
    DateLimit::parse(text, &zone).map_err(|error| error.to_string())
}

/// A name and a template.
pub(super) fn view(text: &str) -> Result<View, String> {
    text.parse().map_err(|error: icloud_photos::Error| error.message().to_owned())
}

/// A folder, or the URL of a database.
pub(super) fn catalogues(path: PathBuf) -> Result<AnyCatalogues, String> {
    AnyCatalogues::at(path).map_err(|error| error.message().to_owned())
}

/// A share in per cent, with or without the sign.
pub(super) fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim_end().parse().ok();
    let share = number.filter(|share: &f64| *share > 0.0 && *share <= 100.0);
    share.ok_or_else(|| format!("must be more than 0 and at most 100: '{text}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_pythons() {
        let table = [
            ("5", 5),
            (" +7 ", 7),
            ("-5", -5),
            ("1_000", 1000),
            ("007", 7),
            ("99999999999999999999", i64::MAX),
        ];
        for (text, number) in table {
            assert_eq!(int(text), Ok(number), "{text}");
        }
        for text in ["", "_1", "1__0", "1_", "1.5", "0x1", "--5", "+ 5", "abc"] {
            assert_eq!(int(text), Err(format!("invalid int value: '{text}'")));
        }
        assert!(count("-1").is_err());
    }
}
