//! Records as they come, and as they should never come.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use time::macros::datetime;

use super::super::{Checksum, Fields};
use super::*;
use crate::asset::listing::join_all;
use crate::asset::{Scheme, Subtype};
use crate::library::LibraryIdData;
use crate::session::Database;

fn library() -> LibraryId {
    let data = LibraryIdData { database: Database::Private, zone: "PrimarySync".to_owned(), owner: None };
    LibraryId(Arc::new(data))
}

fn field(kind: &str, value: impl Into<Value>) -> Value {
    json!({ "value": value.into(), "type": kind })
}

fn content(checksum: &str, size: i64) -> Value {
    let url = "https://cvws.icloud-content.com/B/x/${f}?o=1&e=1686110055&k=2";
    field("ASSETID", json!({ "fileChecksum": checksum, "size": size, "downloadURL": url }))
}

/// The asset of a pair of records with these fields.
fn asset(asset: Value, master: Value) -> Asset {
    let mut asset = asset;
    asset["masterRef"] = field("REFERENCE", json!({ "recordName": "M", "action": "DELETE_SELF" }));
    let page = json!({ "records": [
        { "recordName": "M", "recordType": "CPLMaster", "fields": master },
        { "recordName": "A", "recordType": "CPLAsset", "fields": asset, "recordChangeTag": "1s2g" },
    ]});
    let page = parse_page(page.to_string().as_bytes()).unwrap();
    join_all(page.assets, page.masters, &page.failures, &library()).pop().unwrap().unwrap()
}

#[test]
fn dates_are_in_the_offset_of_the_photo_and_absurd_ones_are_none() {
    let at = |ms: i64, offset: i64| {
        let fields = json!({ "assetDate": field("TIMESTAMP", ms), "timeZoneOffset": field("INT64", offset) });
        asset(fields, json!({})).created()
    };
    assert_eq!(at(1_533_021_744_816, 25_200), Some(datetime!(2018-07-31 14:22:24.816 +7)));
    assert_eq!(at(-1, 0), Some(datetime!(1969-12-31 23:59:59.999 UTC)));
    assert_eq!(at(-61_994_678_400_000, 0).map(|date| date.year()), Some(5), "icloudpd issue 122");
    assert_eq!(at(0, 1_000_000), Some(datetime!(1970-01-01 0:00 UTC)), "no such offset");
    for absurd in [-62_135_769_600_000, -62_135_596_800_000, i64::MAX, i64::MIN, 253_402_300_800_000] {
        assert_eq!(at(absurd, 0), None, "{absurd}");
        assert_eq!(at(absurd, -7200), None, "{absurd}");
    }
    assert_eq!(at(253_402_300_799_000, 7200), None, "beyond the year 9999 over there");
    assert_eq!(asset(json!({}), json!({})).created(), None);
}

#[test]
fn kinds_go_by_class_then_type_then_name() {
    let kind = |class: Value, uti: Value, name: &str| {
        let name = field("STRING", name);
        asset(json!({}), json!({ "dataClassType": class, "itemType": uti, "filenameEnc": name })).kind()
    };
    let (uti, null) = (|uti: &str| field("STRING", uti), || field("STRING", Value::Null));
    assert_eq!(kind(field("INT64", 2), uti("public.jpeg"), "a.jpg"), MediaKind::Video);
    assert_eq!(kind(field("INT64", 9), uti("public.mpeg-4"), "a.jpg"), MediaKind::Video);
    assert_eq!(kind(null(), uti("com.example.new"), "a.MOV"), MediaKind::Video);
    assert_eq!(kind(null(), null(), "a.heic"), MediaKind::Photo);
    assert_eq!(kind(null(), null(), "a"), MediaKind::Unknown);
}

#[test]
fn renditions_of_the_edit_come_first_and_originals_from_the_master() {
    let of =
        |checksum| json!({ "resOriginalRes": content(checksum, 1), "resJPEGMedRes": content(checksum, 1) });
    let (own, masters) = ("AW2cWT2PxzWixMKuuNMTHJ8CJ3sH", "AcW96XzA8CMFcrVWfJyAAy8aWWE6");
    let both = asset(of(own), of(masters));
    assert_eq!(both.resource(Role::Original).map(|file| file.holder), Some(Holder::Master));
    assert_eq!(both.resource(Role::Medium).map(|file| file.holder), Some(Holder::Asset));
    assert_eq!(both.resource(Role::Medium).and_then(|file| file.checksum), Checksum::parse(own));
    let only_width = json!({ "resJPEGMedWidth": field("INT64", 7) });
    let described = asset(only_width, of(masters));
    assert_eq!(described.resource(Role::Medium).map(|file| file.holder), Some(Holder::Master));
    assert_eq!(described.resources().len(), 2);
}

#[test]
fn partial_families_are_kept_but_not_offered() {
    let master = json!({
        "resOriginalRes": field("ASSETID", json!({ "size": 12, "fileChecksum": "BG2cWT2PxzWixMKuuNMTHJ8CJ3sH" })),
        "resOriginalAltFileType": field("STRING", "com.adobe.raw-image"),
        "resVidSmallRes": field("ASSETID", Value::Null),
        "resJPEGThumbRes": field("ASSETID", json!({ "size": -1, "downloadURL": "no url" })),
    });
    let asset = asset(json!({}), master);
    assert_eq!(asset.resources().len(), 4);
    assert!(asset.resources().iter().all(|file| !file.is_offered()));
    let original = asset.resource(Role::Original).unwrap();
    assert_eq!(
        (original.size, original.checksum.map(|sum| sum.scheme())),
        (Some(12), Some(Scheme::Unknown(4)))
    );
    assert_eq!(
        asset.resource(Role::Alternative).and_then(|file| file.media_type.as_deref()),
        Some("com.adobe.raw-image")
    );
}

#[test]
fn links_say_when_they_end_and_show_no_signature() {
    let asset = asset(json!({}), json!({ "resOriginalRes": content("AW2cWT2PxzWixMKuuNMTHJ8CJ3sH", 1) }));
    let link = asset.resource(Role::Original).and_then(|file| file.link.clone()).unwrap();
    assert_eq!(link.expires(), Some(1_686_110_055));
    assert_eq!(link.url().unwrap().to_string(), "https://cvws.icloud-content.com/B/x/$%7Bf%7D?...");
    assert!(!format!("{asset:?}").contains("k=2"));
}

#[test]
fn metadata_is_decoded_and_what_cannot_be_is_none() {
    let fields = json!({
        "captionEnc": field("ENCRYPTED_BYTES", "VGl0bGU="),
        "extendedDescEnc": field("ENCRYPTED_BYTES", "/w=="),
        "timeZoneNameEnc": field("ENCRYPTED_BYTES", "QXNpYS9UYWlwZWk="),
        "keywordsEnc": field("ENCRYPTED_BYTES", "PHBsaXN0PjxhcnJheT48c3RyaW5nPmE8L3N0cmluZz48c3RyaW5nPmI8L3N0cmluZz48L2FycmF5PjwvcGxpc3Q+"),
        "isFavorite": field("INT64", 1), "isHidden": field("INT64", 1.0), "isDeleted": field("INT64", Value::Null),
        "duration": field("INT64", 789_582), "orientation": field("INT64", 9), "assetHDRType": field("INT64", 1),
        "vidComplDurValue": field("INT64", 1500), "vidComplDurScale": field("INT64", 600),
        "vidComplDispValue": field("INT64", 1), "vidComplDispScale": field("INT64", 0),
        "locationLatitude": field("DOUBLE", 1.5), "locationLongitude": field("DOUBLE", 2),
        "adjustmentType": field("STRING", "com.apple.video.slomo"),
        "burstId": field("STRING", "B"), "burstFlags": field("INT64", 4),
        "contributors": field("REFERENCE_LIST", json!([{ "recordName": "_a" }, { "recordName": "_b" }, 7])),
        "newThing": field("STRING", "x"),
    });
    let asset = asset(fields, json!({ "originalOrientation": field("INT64", 6) }));
    assert_eq!((asset.title(), asset.description()), (Some("Title"), None));
    assert_eq!(asset.time_zone(), Some("Asia/Taipei"));
    assert_eq!(asset.keywords(), ["a", "b"]);
    assert!(asset.is_favorite() && asset.is_hidden() && !asset.is_trashed() && asset.is_hdr());
    assert_eq!(asset.duration(), Some(Duration::from_millis(789_582)));
    assert_eq!((asset.orientation(), asset.original_orientation()), (None, Some(6)));
    assert_eq!(asset.live_duration(), Some(Duration::from_millis(2500)));
    assert_eq!(asset.live_still_at(), None, "a scale of zero");
    assert_eq!(asset.location().map(|place| (place.latitude, place.longitude)), Some((1.5, 2.0)));
    assert!(!asset.is_edited() && asset.adjustment_type().is_some());
    assert_eq!((asset.burst_id(), asset.burst_flags()), (Some("B"), (Some(4), None)));
    assert_eq!(asset.contributors(), ["_a", "_b"]);
    assert_eq!(asset.change_tag(), Some("1s2g"));
    let raw: Vec<_> = asset.raw().collect();
    assert_eq!(raw, [("newThing", r#"{"type":"STRING","value":"x"}"#)]);
}

#[test]
fn subtypes_are_read_from_either_field() {
    let subtype = |name: &str, value: i64, render: i64| {
        let render = field("INT64", render);
        asset(json!({ name: field("INT64", value), "adjustmentRenderType": render }), json!({})).subtype()
    };
    assert_eq!(subtype("assetSubtypeV2", 2, 0), Subtype::Live);
    assert_eq!(subtype("assetSubtypeV2", 2, 4), Subtype::LongExposure);
    assert_eq!(subtype("assetSubtypeV2", 3, 0), Subtype::Screenshot);
    assert_eq!(subtype("assetSubtype", 100, 0), Subtype::SloMo);
    assert_eq!(subtype("assetSubtype", 101, 0), Subtype::TimeLapse);
    assert_eq!(subtype("assetSubtype", 0, 2050), Subtype::Portrait);
    assert_eq!(subtype("assetSubtype", 77, 0), Subtype::Unknown(77));
}

#[test]
fn one_broken_record_does_not_cost_the_page() {
    let page = br#"{"syncToken":"t","records":[
        {"recordName":"bad","recordType":"CPLAsset","fields":{"assetDate":{"value":1e999}}},
        {"recordName":"odd","recordType":"CPLAsset","fields":[1,2]},
        {"recordName":"gone","serverErrorCode":"NOT_FOUND","reason":"x"},
        {"recordName":"A","recordType":"CPLAsset","fields":{}},
        {"recordName":"T","recordType":null,"deleted":true},
        {"recordName":"R","recordType":"CPLContainerRelation","fields":{}}]}"#;
    let page = parse_page(page).unwrap();
    assert_eq!(page.assets.iter().map(|asset| asset.id.as_str()).collect::<Vec<_>>(), ["A"]);
    let failures: Vec<_> = page.failures.iter().map(|(name, error)| (name.as_str(), error.kind())).collect();
    let (protocol, missing) = (crate::ErrorKind::Protocol, crate::ErrorKind::NotFound);
    assert_eq!(failures, [("bad", protocol), ("odd", protocol), ("gone", missing)]);
    assert_eq!((page.records, page.token.as_deref()), (6, Some("t")));
    assert!(parse_page(b"<html>").is_err() && parse_page(br#"{"records":{}}"#).is_err());
}

#[test]
fn what_is_asked_for_follows_from_fields_and_roles() {
    let keys = desired_keys(Fields::Basic, &[Role::Original, Role::LiveMovie]).unwrap();
    assert!(keys.contains(&"masterRef".to_owned()) && keys.contains(&"resOriginalVidComplRes".to_owned()));
    assert!(!keys.iter().any(|key| key.starts_with("resJPEG") || key.ends_with("Width")));
    assert_eq!(desired_keys(Fields::Everything, &[]), None);
    let full = desired_keys(Fields::Full, &Role::ALL).unwrap();
    assert!(full.contains(&"resSidecarHeight".to_owned()) && full.contains(&"locationEnc".to_owned()));
}

/// Any JSON, with the names and values of the wire among it.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "AW2cWT2PxzWixMKuuNMTHJ8CJ3sH",
            "YnBsaXN0MDA=",
            "SU1HLkpQRw==",
            "STRING",
            "https://x/?e=9"
        ])
        .prop_map(Value::from),
    ];
    let key =
        prop::sample::select(vec!["value", "type", "recordName", "size", "downloadURL", "fileChecksum", "x"]);
    leaf.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
        ]
    })
}

fn any_fields() -> impl Strategy<Value = Value> {
    let keys = desired_keys(Fields::Full, &Role::ALL).unwrap_or_default();
    let typed =
        (any_json(), prop::sample::select(vec!["INT64", "STRING", "ENCRYPTED_BYTES", "DOUBLE", "ASSETID"]))
            .prop_map(|(value, kind)| json!({ "value": value, "type": kind }));
    let value = prop_oneof![3 => typed, 1 => any_json()];
    prop::collection::vec((prop::sample::select(keys), value), 0..24)
        .prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>()))
}

/// Touches every accessor, each of which may decode something.
fn look_at(asset: &Asset) {
    let _ = (asset.created(), asset.added(), asset.expunges_at(), asset.location(), asset.keywords());
    let _ =
        (asset.subtype(), asset.duration(), asset.live_duration(), asset.live_still_at(), asset.dimensions());
    let _ = (asset.raw().count(), format!("{asset:?}"));
}

proptest! {
    #[test]
    fn fields_of_any_shape_are_read_without_panic(own in any_fields(), masters in any_fields()) {
        look_at(&asset(own, masters));
    }

    #[test]
    fn records_of_any_shape_are_read_without_panic(records in prop::collection::vec(any_json(), 0..4), page in any_json()) {
        let _ = parse_page(json!({ "records": records }).to_string().as_bytes());
        let _ = parse_page(page.to_string().as_bytes());
    }

    #[test]
    fn bytes_of_any_kind_are_read_without_panic(mut bytes in Just(PAGE.to_vec()), at in 0..PAGE.len(), with in any::<u8>()) {
        bytes[at] = with;
        if let Ok(page) = parse_page(&bytes) {
            for asset in join_all(page.assets, page.masters, &page.failures, &library()).iter().flatten() {
                look_at(asset);
            }
        }
        let _ = parse_page(&bytes[..at]);
    }
}

const PAGE: &[u8] = br#"{"records":[{"recordName":"M","recordType":"CPLMaster","fields":{"filenameEnc":{"value":"SU1HLkpQRw==","type":"ENCRYPTED_BYTES"},"resOriginalRes":{"value":{"fileChecksum":"AW2cWT2PxzWixMKuuNMTHJ8CJ3sH","size":1,"downloadURL":"https://cvws.icloud-content.com/B/x/${f}?e=1"},"type":"ASSETID"}},"deleted":false},{"recordName":"A","recordType":"CPLAsset","fields":{"assetDate":{"value":1686106167436,"type":"TIMESTAMP"},"masterRef":{"value":{"recordName":"M"},"type":"REFERENCE"},"locationEnc":{"value":"YnBsaXN0MDDRAQJTbGF0Iz/wAAAAAAAACAsPAAAAAAAAAQEAAAAAAAAAAwAAAAAAAAAAAAAAAAAAABg=","type":"ENCRYPTED_BYTES"}},"recordChangeTag":"1s2g","deleted":false}],"continuationMarker":"x","syncToken":"t"}"#;

/// Not a test: `ICLOUD_RECORDINGS=... cargo test --release -p icloud-photos parse_speed -- --ignored --nocapture`
/// prints what an asset of the recorded page costs in wall time, as it came and with only what a plain download asks for.
#[test]
#[ignore = "prints a measurement"]
fn parse_speed() {
    let folder = std::env::var("ICLOUD_RECORDINGS").unwrap();
    let text = std::fs::read(format!("{folder}/download_autodelete_photos_part1.json")).unwrap();
    let exchanges: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let whole = exchanges[5]["response"]["body"].as_str().unwrap().to_owned();
    let mut small: Value = serde_json::from_str(&whole).unwrap();
    let keys = desired_keys(Fields::Basic, &[Role::Original]).unwrap();
    for record in small["records"].as_array_mut().unwrap() {
        let fields = record["fields"].as_object_mut().unwrap();
        fields.retain(|key, _| keys.contains(key));
    }
    for (name, page) in [("everything", whole), ("basic, original", small.to_string())] {
        let rounds = 300;
        let start = std::time::Instant::now();
        let mut seen = 0;
        for _ in 0..rounds {
            let page = parse_page(page.as_bytes()).unwrap();
            seen += join_all(page.assets, page.masters, &page.failures, &library()).iter().flatten().count();
        }
        let (each, bytes) = (start.elapsed() / seen as u32, page.len() / 100);
        eprintln!("{name}: {each:?} and {bytes} bytes per asset");
    }
}
