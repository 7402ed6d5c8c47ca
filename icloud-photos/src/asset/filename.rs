//! The name an asset was imported under (protocol notes 6.3).

use std::borrow::Cow;

use base64::alphabet;
use base64::engine::{Engine as _, GeneralPurpose, GeneralPurposeConfig};

use crate::library::wire::{Field, decode_text};

/// The name an asset was imported under.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Filename {
    /// The name, exactly as Apple has it: it may hold slashes, control characters or decomposed Unicode.
    Known(String),
    /// The library has no name for it.
    Missing,
    /// There is a value but it cannot be read; kept as it came.
    Undecodable(String),
}

impl Filename {
    /// The name, if it is known.
    pub fn known(&self) -> Option<&str> {
        match self {
            Self::Known(name) => Some(name),
            Self::Missing | Self::Undecodable(_) => None,
        }
    }

    /// The wire type decides how the value is written: base64 under `ENCRYPTED_BYTES`, clear text under `STRING`.
    pub(super) fn read(field: Field<'_>) -> Self {
        let kind = field.kind;
        let Some(value) = field.value.text() else { return Self::Missing };
        match kind.as_deref() {
            Some("ENCRYPTED_BYTES" | "BYTES") => match decode_text(&value).or_else(|| decode_loosely(&value))
            {
                Some(name) => Self::Known(name),
                None => Self::Undecodable(value.into_owned()),
            },
            Some("STRING") => Self::Known(clear_text(value)),
            _ => Self::Known(decode_text(&value).unwrap_or_else(|| value.into_owned())),
        }
    }
}

/// Base64 as Python reads it: what is not of its alphabet is passed over, and what the last character says too much. Folders that
/// icloudpd filled have the names that it made of such values.
fn decode_loosely(value: &str) -> Option<String> {
    const LOOSE: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    let is_part = |char: &char| char.is_ascii_alphanumeric() || matches!(char, '+' | '/' | '=');
    let bytes = LOOSE.decode(value.chars().filter(is_part).collect::<String>()).ok()?;
    String::from_utf8(bytes).ok()
}

/// Base64 was seen under `STRING` too. A name without a dot that decodes to one with a dot is taken for that.
fn clear_text(value: Cow<'_, str>) -> String {
    match decode_text(&value).filter(|name| !value.contains('.') && name.contains('.')) {
        Some(name) => name,
        None => value.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Filename {
        Filename::read(serde_json::from_str(json).unwrap())
    }

    fn known(name: &str) -> Filename {
        Filename::Known(name.to_owned())
    }

    #[test]
    fn the_wire_type_decides() {
        assert_eq!(read(r#"{"value":"SU1HXzc0MDkuSlBH","type":"ENCRYPTED_BYTES"}"#), known("IMG_7409.JPG"));
        assert_eq!(read(r#"{"value":"IMG_7409.JPG","type":"STRING"}"#), known("IMG_7409.JPG"));
        assert_eq!(read(r#"{"value":"SU1HXzc0MDkuSlBH","type":"STRING"}"#), known("IMG_7409.JPG"));
        assert_eq!(read(r#"{"value":"abcdefgh","type":"STRING"}"#), known("abcdefgh"));
        assert_eq!(read(r#"{"value":"SU1HXzc0MDkuSlBH"}"#), known("IMG_7409.JPG"));
        assert_eq!(read(r#"{"value":"IMG_7409.JPG"}"#), known("IMG_7409.JPG"));
    }

    #[test]
    fn what_cannot_be_read_is_kept_and_never_guessed() {
        let cut = "aS9uIHY6YQBsKmk/ZFxwPGE+dCJofC5KUE";
        let field = format!(r#"{{"value":"{cut}","type":"ENCRYPTED_BYTES"}}"#);
        assert_eq!(read(&field), Filename::Undecodable(cut.to_owned()));
        let not_utf8 = r#"{"value":"abcdefgh","type":"ENCRYPTED_BYTES"}"#;
        assert_eq!(read(not_utf8), Filename::Undecodable("abcdefgh".to_owned()));
        assert_eq!(read("{}"), Filename::Missing);
        assert_eq!(read(r#"{"value":null,"type":"STRING"}"#), Filename::Missing);
    }

    #[test]
    fn what_python_passes_over_is_passed_over() {
        let read =
            |value: &str| read(&serde_json::json!({"value": value, "type": "ENCRYPTED_BYTES"}).to_string());
        assert_eq!(read("SU1H\nXzc0 MDku-SlBH"), known("IMG_7409.JPG"));
        assert_eq!(read("YR=="), known("a"));
        assert_eq!(read("YQ="), Filename::Undecodable("YQ=".to_owned()));
    }

    #[test]
    fn slashes_and_zero_bytes_are_kept() {
        let field = r#"{"value":"aS9uIHY6YQBsKmk/ZFxwPGE+dCJofC5KUEc=","type":"ENCRYPTED_BYTES"}"#;
        assert_eq!(read(field), known("i/n v:a\0l*i?d\\p<a>t\"h|.JPG"));
    }
}
