//! Values of options, read as icloudpd reads them.

use icloud_photos::sync::DateLimit;
use icloud_photos::sync::layout::{Layout, LayoutOptions, LocalZone};

/// A whole number; icloudpd's text when it is none.
pub(super) fn int(text: &str) -> Result<i64, String> {
    text.trim().parse().map_err(|_| format!("invalid int value: '{text}'"))
}

/// A whole number that counts something. icloudpd crashes on negative ones.
pub(super) fn count(text: &str) -> Result<u64, String> {
    u64::try_from(int(text)?).map_err(|_| format!("must not be negative: '{text}'"))
}

/// A folder template that can be applied to a date, or `none`.
pub(super) fn folder_structure(text: &str) -> Result<String, String> {
    match Layout::new(LayoutOptions::default().folder(text)) {
        Ok(_) => Ok(text.to_owned()),
        // Folders need the zone of this computer as well; icloudpd's words are for the template alone.
        Err(error) if error.context().any(|(key, _)| key == "TZ") => Err(error.to_string()),
        Err(_) => Err(format!("Format {text} specified in --folder-structure is incorrect")),
    }
}

/// A date, or a number of days. What names no zone is meant in that of this computer.
pub(super) fn date_limit(text: &str) -> Result<DateLimit, String> {
    let zone = LocalZone::system().map_err(|error| error.to_string())?;
    DateLimit::parse(text, &zone).map_err(|error| error.to_string())
}

/// A share in per cent, with or without the sign.
pub(super) fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim_end().parse().ok();
    let share = number.filter(|share: &f64| *share > 0.0 && *share <= 100.0);
    share.ok_or_else(|| format!("must be more than 0 and at most 100: '{text}'"))
}
