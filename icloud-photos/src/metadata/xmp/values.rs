//! From an asset to values as XMP wants them. What cannot be read, or cannot be said, is left out.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use serde::Deserialize;
use time::{OffsetDateTime, UtcOffset};

use crate::asset::{Asset, Location, Subtype};

/// What is known of an edit is some hundred bytes; nobody inflates more.
const MOST_ADJUSTMENT: u64 = 1 << 20;

/// No zone on earth is further from UTC, in seconds.
const FURTHEST: i32 = 14 * 3600;

/// A moment as XMP writes it: `2018-07-30T18:44:10+07:00`, in its own offset, whole seconds as icloudpd.
pub(super) fn date(moment: OffsetDateTime) -> Option<String> {
    let offset = moment.offset().whole_seconds();
    // XMP knows no seconds in offsets, which those of long ago had.
    let offset =
        UtcOffset::from_whole_seconds(if offset.abs() > FURTHEST { 0 } else { offset / 60 * 60 }).ok()?;
    let (hours, minutes, _) = offset.as_hms();
    let sign = if offset.is_negative() { '-' } else { '+' };
    Some(format!(
        "{}{sign}{:02}:{:02}",
        local(moment.checked_to_offset(offset)?)?,
        hours.abs(),
        minutes.abs()
    ))
}

/// A moment in UTC: `2018-07-30T11:44:10Z`.
pub(super) fn date_in_utc(moment: OffsetDateTime) -> Option<String> {
    local(moment.checked_to_offset(UtcOffset::UTC)?).map(|date| format!("{date}Z"))
}

fn local(moment: OffsetDateTime) -> Option<String> {
    let (date, time) = (moment.date(), moment.time());
    (1..=9999).contains(&date.year()).then(|| {
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            date.year(),
            u8::from(date.month()),
            date.day(),
            time.hour(),
            time.minute(),
            time.second()
        )
    })
}

/// The `exif:GPS...` properties of a place, in XMP's forms. Apple writes negative numbers for what it does not know, and a
/// place at zero degrees in both directions for no place.
pub(super) fn place(place: &Location) -> Vec<(&'static str, String)> {
    if place.latitude == 0.0 && place.longitude == 0.0 {
        return Vec::new();
    }
    let mut values = vec![
        ("GPSLatitude", coordinate(place.latitude, 'N', 'S')),
        ("GPSLongitude", coordinate(place.longitude, 'E', 'W')),
    ];
    if let Some((metres, height)) =
        place.altitude.and_then(|metres| Some((metres, rational(metres.abs(), 1000)?)))
    {
        values.push(("GPSAltitude", height));
        values.push(("GPSAltitudeRef", if metres < 0.0 { "1" } else { "0" }.to_owned()));
    }
    // Metres a second; EXIF knows kilometres an hour.
    if let Some(speed) = place.speed.and_then(|speed| rational(speed * 3.6, 1000)) {
        values.extend([("GPSSpeed", speed), ("GPSSpeedRef", "K".to_owned())]);
    }
    if let Some(course) =
        place.course.filter(|course| *course < 360.0).and_then(|course| rational(course, 100))
    {
        values.extend([("GPSTrack", course), ("GPSTrackRef", "T".to_owned())]);
    }
    let accuracy = place.horizontal_accuracy.filter(|metres| *metres > 0.0);
    values
        .extend(accuracy.and_then(|metres| rational(metres, 100)).map(|text| ("GPSHPositioningError", text)));
    values.extend(place.timestamp.and_then(date_in_utc).map(|text| ("GPSTimeStamp", text)));
    values
}

/// Degrees as `50,5.651N`: degrees, minutes to a millionth, direction.
fn coordinate(degrees: f64, positive: char, negative: char) -> String {
    let direction = if degrees < 0.0 { negative } else { positive };
    let millionths = (degrees.abs() * 60e6).round() as u64;
    let (degrees, rest) = (millionths / 60_000_000, millionths % 60_000_000);
    format!("{degrees},{}.{:06}{direction}", rest / 1_000_000, rest % 1_000_000)
}

/// A number as `value/scale`; none for negative ones and those that EXIF cannot hold.
fn rational(value: f64, scale: u32) -> Option<String> {
    let scaled = (value * f64::from(scale)).round();
    (value >= 0.0 && scaled <= f64::from(u32::MAX)).then(|| format!("{}/{scale}", scaled as u32))
}

/// How the original must be turned to look as its owner turned it, 1 to 8: what an edit says in
/// `adjustmentSimpleDataEnc` (protocol notes 6.3), as icloudpd reads it.
pub(super) fn orientation(asset: &Asset) -> Option<u8> {
    #[derive(Deserialize)]
    struct Field {
        value: String,
    }
    #[derive(Deserialize)]
    struct Adjustment {
        metadata: Metadata,
    }
    #[derive(Deserialize)]
    struct Metadata {
        orientation: u8,
    }
    let (_, json) = asset.raw().find(|(name, _)| *name == "adjustmentSimpleDataEnc")?;
    let bytes = STANDARD.decode(serde_json::from_str::<Field>(json).ok()?.value).ok()?;
    if bytes.starts_with(b"crdt") || bytes.starts_with(b"bplist00") {
        return None;
    }
    let mut text = Vec::new();
    DeflateDecoder::new(&bytes[..]).take(MOST_ADJUSTMENT).read_to_end(&mut text).ok()?;
    let adjustment: Adjustment = serde_json::from_slice(&text).ok()?;
    Some(adjustment.metadata.orientation).filter(|value| (1..=8).contains(value))
}

/// Hidden and deleted photos are rejected, favourites have five stars, as icloudpd has it.
pub(super) fn rating(is_rejected: bool, asset: &Asset) -> Option<&'static str> {
    if is_rejected {
        return Some("-1");
    }
    asset.is_favorite().then_some("5")
}

pub(super) fn is_screenshot(asset: &Asset) -> bool {
    asset.subtype() == Subtype::Screenshot
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn dates_keep_the_offset_of_the_photo() {
        assert_eq!(date(datetime!(2018-07-30 18:44:10.9 +7)).unwrap(), "2018-07-30T18:44:10+07:00");
        assert_eq!(date(datetime!(2018-07-30 18:44:10 -3:30)).unwrap(), "2018-07-30T18:44:10-03:30");
        assert_eq!(date(datetime!(0033-01-02 03:04:05 UTC)).unwrap(), "0033-01-02T03:04:05+00:00");
        // An offset with seconds, and one that no place has.
        assert_eq!(date(datetime!(1880-01-01 12:00:00 +7:06:40)).unwrap(), "1880-01-01T11:59:20+07:06");
        assert_eq!(date(datetime!(2018-07-30 18:00:00 +20)).unwrap(), "2018-07-29T22:00:00+00:00");
        assert_eq!(date_in_utc(datetime!(2018-07-30 18:44:10 +7)).unwrap(), "2018-07-30T11:44:10Z");
    }

    #[test]
    fn coordinates_are_degrees_and_minutes() {
        assert_eq!(coordinate(50.094_183_333_333_33, 'N', 'S'), "50,5.651000N");
        assert_eq!(coordinate(-122.25, 'E', 'W'), "122,15.000000W");
        assert_eq!(coordinate(59.999_999_999_9, 'N', 'S'), "60,0.000000N", "sixty minutes are a degree");
        assert_eq!(coordinate(-0.0, 'N', 'S'), "0,0.000000N");
    }

    #[test]
    fn numbers_are_rationals_that_exif_can_hold() {
        assert_eq!(rational(326.95, 1000).unwrap(), "326950/1000");
        assert_eq!(rational(0.0, 1000).unwrap(), "0/1000");
        for bad in [-1.0, f64::NAN, f64::INFINITY, 5e9] {
            assert_eq!(rational(bad, 1000), None, "{bad}");
        }
    }
}
