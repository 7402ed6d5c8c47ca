//! Where a photo was taken (protocol notes 6.3, `locationEnc`).

use std::io::Cursor;

use plist::{Dictionary, Value};
use time::OffsetDateTime;

use crate::library::wire::decode_bytes;

/// Where a photo was taken.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Location {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Metres above the sea.
    pub altitude: Option<f64>,
    /// Metres per second.
    pub speed: Option<f64>,
    /// Degrees clockwise from north.
    pub course: Option<f64>,
    /// Metres.
    pub horizontal_accuracy: Option<f64>,
    /// Metres.
    pub vertical_accuracy: Option<f64>,
    /// When the place was measured.
    pub timestamp: Option<OffsetDateTime>,
}

impl Location {
    pub(super) fn at(latitude: f64, longitude: f64) -> Option<Self> {
        let on_earth = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        on_earth.then_some(Self {
            latitude,
            longitude,
            altitude: None,
            speed: None,
            course: None,
            horizontal_accuracy: None,
            vertical_accuracy: None,
            timestamp: None,
        })
    }

    /// Reads the property list; two spellings of the accuracies exist.
    pub(super) fn read(encoded: &str) -> Option<Self> {
        let value = property_list(encoded)?;
        let fields = value.as_dictionary()?;
        let place = Self::at(real(fields, &["lat"])?, real(fields, &["lon"])?)?;
        Some(Self {
            altitude: real(fields, &["alt"]),
            speed: real(fields, &["speed"]),
            course: real(fields, &["course"]),
            horizontal_accuracy: real(fields, &["horzAcc", "horizontalAccuracy"]),
            vertical_accuracy: real(fields, &["vertAcc", "verticalAccuracy"]),
            timestamp: fields.get("timestamp").and_then(Value::as_date).and_then(instant),
            ..place
        })
    }
}

/// A property list, binary or XML, in base64.
pub(super) fn property_list(encoded: &str) -> Option<Value> {
    Value::from_reader(Cursor::new(decode_bytes(encoded)?)).ok()
}

fn real(fields: &Dictionary, names: &[&str]) -> Option<f64> {
    let value = names.iter().find_map(|name| fields.get(name))?;
    let number = value.as_real().or_else(|| value.as_signed_integer().map(|integer| integer as f64));
    number.filter(|number| number.is_finite())
}

/// A property list can hold dates that `OffsetDateTime` cannot; its own `From` would panic.
fn instant(date: plist::Date) -> Option<OffsetDateTime> {
    let time = std::time::SystemTime::from(date);
    let seconds = match time.duration_since(std::time::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).ok()?,
        Err(before) => i64::try_from(before.duration().as_secs()).ok()?.checked_neg()?,
    };
    OffsetDateTime::from_unix_timestamp(seconds).ok()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn encode(fields: &[(&str, Value)]) -> String {
        let dictionary: Dictionary =
            fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let mut bytes = Vec::new();
        Value::Dictionary(dictionary).to_writer_binary(&mut bytes).unwrap();
        STANDARD.encode(bytes)
    }

    #[test]
    fn both_spellings_of_the_accuracy_are_read() {
        for name in ["horzAcc", "horizontalAccuracy"] {
            let encoded = encode(&[("lat", 45.5.into()), ("lon", (-122.25).into()), (name, 65.0.into())]);
            let place = Location::read(&encoded).unwrap();
            assert_eq!((place.latitude, place.longitude), (45.5, -122.25));
            assert_eq!(place.horizontal_accuracy, Some(65.0));
        }
    }

    #[test]
    fn half_a_place_or_one_off_the_earth_is_none() {
        assert_eq!(Location::read(&encode(&[("lat", 45.5.into())])), None);
        assert_eq!(Location::read(&encode(&[("lat", 91.0.into()), ("lon", 0.0.into())])), None);
        assert_eq!(Location::read(&encode(&[("lat", f64::NAN.into()), ("lon", 0.0.into())])), None);
        assert_eq!(Location::read("not base64"), None);
    }
}
