//! Place, words and the other small things people attach to a photo.

use base64::Engine;

use super::asset::{Asset, Edit, Master};
use super::json::Fields;
use super::random::{hash, mix};

/// When the photo was imported; masters keep no date of their own.
pub(super) fn import_date(master: &Master) -> i64 {
    1_600_000_000_000 + (mix(master.key) % 100_000_000_000) as i64
}

/// Writes the fields.
pub(super) fn push(fields: &mut Fields<'_>, asset: &Asset, master: &Master) {
    if asset.located {
        fields.bytes("locationEnc", &location(hash(&[master.key, 21]), asset.added));
    }
    if asset.text {
        let n = master.number;
        fields.bytes("captionEnc", format!("Title {n} – Žluťoučký kůň").as_bytes());
        fields.bytes("extendedDescEnc", format!("Description {n}\nwith <two> lines & \"quotes\"").as_bytes());
        fields.bytes("keywordsEnc", &keywords(n));
    }
    match asset.edit {
        Edit::Photos => {
            fields.bytes("adjustmentSimpleDataEnc", &deflated(b"{\"metadata\":{\"orientation\":6}}"))
        }
        Edit::Screenshot => fields.bytes("adjustmentSimpleDataEnc", b"crdt\x01\x02\x03"),
        Edit::SlowMotion => {
            fields.bytes("adjustmentSimpleDataEnc", &plist_of(&plist::Value::Array(Vec::new())))
        }
        Edit::None | Edit::PhotosHeic => {}
    }
    fields.field("timeZoneNameEnc", "ENCRYPTED_BYTES", |out| {
        out.push('"');
        base64::engine::general_purpose::STANDARD.encode_string("Asia/Bangkok", out);
        out.push('"');
    });
}

fn location(key: u64, timestamp: i64) -> Vec<u8> {
    let part = |i: u64, span: f64| (hash(&[key, i]) % 100_000) as f64 / 100_000.0 * span;
    let mut place = plist::Dictionary::new();
    let mut real = |name: &str, value: f64| place.insert(name.to_owned(), plist::Value::Real(value));
    real("lat", part(1, 180.0) - 90.0);
    real("lon", part(2, 360.0) - 180.0);
    real("alt", part(3, 3000.0));
    real("speed", part(4, 30.0));
    real("course", -1.0);
    real("horzAcc", 65.0);
    real("vertAcc", 10.0);
    let taken = std::time::UNIX_EPOCH + std::time::Duration::from_secs(timestamp.max(0) as u64 / 1000);
    place.insert("timestamp".to_owned(), plist::Value::Date(taken.into()));
    plist_of(&plist::Value::Dictionary(place))
}

fn keywords(number: u32) -> Vec<u8> {
    let words = ["holiday".to_owned(), "Bäume".to_owned(), format!("number {number}")];
    plist_of(&plist::Value::Array(words.into_iter().map(plist::Value::String).collect()))
}

fn plist_of(value: &plist::Value) -> Vec<u8> {
    let mut out = Vec::new();
    // Into memory, nothing can fail.
    let _ = value.to_writer_binary(&mut out);
    out
}

/// Raw DEFLATE: one stored block.
fn deflated(bytes: &[u8]) -> Vec<u8> {
    let len = (bytes.len() as u16).to_le_bytes();
    let complement = (!(bytes.len() as u16)).to_le_bytes();
    [&[1][..], &len, &complement, bytes].concat()
}
