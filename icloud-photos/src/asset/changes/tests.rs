use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::page::{Answer, Page, read};
use super::*;
use crate::library::{LibraryId, LibraryIdData};
use crate::session::Database;

const ASSET: &str = "0A1B2C3D-0000-4000-8000-000000000001";

fn library() -> LibraryId {
    let data = LibraryIdData { database: Database::Private, zone: "PrimarySync".to_owned(), owner: None };
    LibraryId(Arc::new(data))
}

fn answer(records: Value) -> Vec<u8> {
    let zone = json!({ "syncToken": "next", "moreComing": false, "records": records });
    json!({ "zones": [zone] }).to_string().into_bytes()
}

fn page(records: Value) -> Page {
    match read(&answer(records)).unwrap() {
        Answer::Page(page) => page,
        Answer::Invalid(reason) => panic!("{reason}"),
    }
}

fn changes(records: Value) -> Vec<Change> {
    page(records).join(Vec::new(), &[], &library())
}

fn asset(name: &str, master: &str, mut fields: Value) -> Value {
    fields["masterRef"] = json!({ "value": { "recordName": master } });
    json!({ "recordName": name, "recordType": "CPLAsset", "fields": fields, "deleted": false })
}

fn master(name: &str, fields: Value) -> Value {
    json!({ "recordName": name, "recordType": "CPLMaster", "fields": fields })
}

fn one_asset(asset_fields: Value, master_fields: Value) -> Asset {
    let changes = changes(json!([asset("a", "m", asset_fields), master("m", master_fields)]));
    match <[Change; 2]>::try_from(changes) {
        Ok([Change::Asset(asset) | Change::Trashed(asset), Change::File { .. }]) => asset,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_kind_of_record_becomes_its_change() {
    let all = changes(json!([
        asset("a1", "m1", json!({})),
        master("m1", json!({})),
        master("m2", json!({})),
        asset("a3", "m3", json!({ "isDeleted": { "value": 1 } })),
        { "recordName": "gone", "recordType": null, "deleted": true },
        { "recordName": "a1-IN-b1", "recordType": null, "deleted": true },
        { "recordName": "-IN-", "deleted": true },
        { "recordName": "b1", "recordType": "CPLAlbum", "fields": {
            "albumNameEnc": { "value": "Sm/MiHJn" }, "albumType": { "value": 3 },
            "parentId": { "value": "b0" }, "isExpunged": { "value": 1 } } },
        { "recordName": "----Root-Folder----", "recordType": "CPLAlbum", "fields": {} },
        { "recordName": "a1-IN-b2", "recordType": "CPLContainerRelation", "fields": {
            "itemId": { "value": "a1" }, "containerId": { "value": "b2" } } },
        { "recordName": "a1-IN-b3", "recordType": "CPLContainerRelation" },
        { "recordName": "a1-IN-b4", "recordType": "CPLContainerRelation", "fields": { "isDeleted": { "value": 1 } } },
        { "recordName": "p", "recordType": "CPLPerson", "fields": { "x": [[1]] } },
        { "recordName": "no kind" },
    ]));
    let told: Vec<String> = all.iter().map(tell).collect();
    let expected = [
        "asset a1",
        "file m1 of 1",
        "file m2 of 0",
        "trashed a3",
        "gone gone",
        "a1 left b1",
        "gone -IN-",
        "album b1 Some(\"J\u{f6}rg\") in Some(\"b0\") Folder deleted",
        "other ----Root-Folder---- Some(\"CPLAlbum\")",
        "a1 entered b2",
        "a1 entered b3",
        "a1 left b4",
        "other p Some(\"CPLPerson\")",
        "other no kind None",
    ];
    assert_eq!(told, expected);
}

fn tell(change: &Change) -> String {
    match change {
        Change::Asset(asset) => format!("asset {}", asset.id()),
        Change::Trashed(asset) => format!("trashed {}", asset.id()),
        Change::File { master, told } => format!("file {master} of {}", told.len()),
        Change::Problem { asset, error } => {
            format!("problem {:?} {:?}", asset.as_ref().map(AssetId::as_str), error.kind())
        }
        Change::Gone { record } => format!("gone {record}"),
        Change::Album { id, name, parent, kind, deleted } => {
            let (parent, deleted) =
                (parent.as_ref().map(AlbumId::as_str), if *deleted { " deleted" } else { "" });
            format!("album {id} {name:?} in {parent:?} {kind:?}{deleted}")
        }
        Change::Entered { album, asset } => format!("{asset} entered {album}"),
        Change::Left { album, asset } => format!("{asset} left {album}"),
        Change::Other { record, kind } => format!("other {record} {kind:?}"),
        Change::Reset { reason } => format!("reset {reason}"),
    }
}

#[test]
fn what_cannot_be_read_costs_itself_alone() {
    let all = changes(json!([
        7,
        { "recordType": "CPLAsset" },
        { "recordName": "a1", "recordType": "CPLAsset", "fields": 5 },
        { "recordName": "b1", "recordType": "CPLAlbum", "fields": "odd" },
        { "recordName": ASSET, "serverErrorCode": "ACCESS_DENIED", "reason": "no" },
        { "recordName": "m1==", "serverErrorCode": "THROTTLED" },
        { "recordName": "a2", "recordType": "CPLAsset", "fields": {} },
        asset("a3", "unknown", json!({})),
        asset("a4", "m4", json!({})),
        master("m4", json!({})),
    ]));
    let told: Vec<String> = all.iter().map(tell).collect();
    let id = format!("problem Some({ASSET:?}) Forbidden");
    assert_eq!(
        told,
        [
            "problem None Protocol",
            "problem None Protocol",
            "problem Some(\"a1\") Protocol",
            "problem None Protocol",
            id.as_str(),
            "problem None RateLimited",
            "problem Some(\"a2\") Protocol",
            "problem Some(\"a3\") Protocol",
            "asset a4",
            "file m4 of 1",
        ]
    );
}

#[test]
fn the_last_record_of_a_name_counts() {
    let hidden = |value| json!({ "isHidden": { "value": value } });
    let all = changes(json!([
        asset("a1", "m1", hidden(0)),
        { "recordName": "a2", "deleted": true },
        master("m1", json!({})),
        asset("a2", "m1", json!({})),
        asset("a1", "m1", hidden(1)),
        asset("a3", "m1", json!({})),
        { "recordName": "a3", "deleted": true },
    ]));
    assert_eq!(all.iter().map(tell).collect::<Vec<_>>(), ["file m1 of 2", "asset a2", "asset a1", "gone a3"]);
    let Change::Asset(asset) = &all[2] else { panic!() };
    assert!(asset.is_hidden());
}

#[test]
fn a_shared_master_is_asked_for_once_and_only_if_it_lacks() {
    let page = page(json!([
        asset("a1", "m1", json!({})),
        asset("a2", "m1", json!({})),
        asset("a3", "m3", json!({})),
        master("m3", json!({})),
    ]));
    assert_eq!(page.missing(), [MasterId::new("m1")]);
}

#[test]
fn errors_of_the_zone_tell_the_token_from_the_moment() {
    let outcome = |zone: Value| read(json!({ "zones": [zone] }).to_string().as_bytes());
    for code in ["BAD_REQUEST", "CHANGE_TOKEN_EXPIRED", "ZONE_RESET", "BRAND_NEW"] {
        let answer = outcome(json!({ "serverErrorCode": code, "reason": "Unknown sync continuation type" }));
        let Ok(Answer::Invalid(reason)) = answer else { panic!("{code}") };
        assert_eq!(reason, "Unknown sync continuation type");
    }
    let rows = [
        ("ZONE_NOT_FOUND", ErrorKind::NotFound),
        ("ACCESS_DENIED", ErrorKind::Forbidden),
        ("AUTHENTICATION_REQUIRED", ErrorKind::SessionExpired),
        ("INTERNAL_ERROR", ErrorKind::Network),
        ("RETRY_LATER", ErrorKind::RateLimited),
        ("TRY_AGAIN_LATER", ErrorKind::RateLimited),
        ("THROTTLED", ErrorKind::RateLimited),
        ("CAS_OP_LOCK", ErrorKind::RateLimited),
        ("ZONE_BUSY", ErrorKind::RateLimited),
    ];
    for (code, kind) in rows {
        let error = outcome(json!({ "serverErrorCode": code, "retryAfter": 9 })).unwrap_err();
        assert_eq!(error.kind(), kind, "{code}");
        let passes = matches!(kind, ErrorKind::Network | ErrorKind::RateLimited);
        assert_eq!((error.is_retryable(), error.retry_after().is_some()), (passes, passes), "{code}");
    }
    assert_eq!(outcome(json!({ "retryAfter": -1 })).unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(read(br#"{"zones":[]}"#).unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(read(b"<html>").unwrap_err().kind(), ErrorKind::Protocol);
}

#[test]
fn circles_are_found_however_wide_and_straight_ways_are_not() {
    let token = |number: u64| SyncToken::new(number.to_string());
    let walk = |next: &dyn Fn(u64) -> u64| {
        let (mut trail, mut at) = (Trail::default(), 0);
        for steps in 0..5000 {
            let to = next(at);
            // Asking again for a page that failed is no circle.
            assert_eq!(trail.leads_on(&token(at), &token(to)), trail.leads_on(&token(at), &token(to)));
            if !trail.leads_on(&token(at), &token(to)) {
                return Some(steps);
            }
            trail.step(&token(to));
            at = to;
        }
        None
    };
    assert_eq!(walk(&|at| at + 1), None);
    assert_eq!(walk(&|at| at), Some(0));
    for width in [2, 3, 7, 100, 500] {
        assert!(walk(&|at| (at + 1) % width).is_some_and(|steps| steps < 4 * width), "{width}");
        assert!(walk(&|at| if at < 300 { at + 1 } else { 300 + (at + 1) % width }).is_some(), "{width}");
    }
}

#[test]
fn a_cursor_is_the_same_after_a_journey_through_text() {
    let shared = LibraryId(Arc::new(LibraryIdData {
        database: Database::Shared,
        zone: "SharedSync-1".to_owned(),
        owner: Some("_abc".to_owned()),
    }));
    for library in [library(), shared] {
        let cursor = ChangeCursor::new(&library, SyncToken::new("AQAA="));
        let text = serde_json::to_string(&cursor).unwrap();
        assert_eq!(serde_json::from_str::<ChangeCursor>(&text).unwrap(), cursor);
    }
    let text = r#"{"version":1,"database":"private","zone":"PrimarySync","token":"AQAA="}"#;
    let cursor = ChangeCursor::new(&library(), SyncToken::new("AQAA="));
    assert_eq!(serde_json::to_string(&cursor).unwrap(), text, "cursors of older versions are read for ever");
    assert!(serde_json::from_str::<ChangeCursor>(&text.replace("1,", "2,")).is_err());
}

fn photo() -> (Value, Value) {
    let resource = |checksum: &str, size| {
        json!({ "value": { "fileChecksum": checksum, "size": size,
        "downloadURL": "https://cvws.icloud-content.com/B/x" } })
    };
    let asset = json!({ "assetDate": { "value": 1000 }, "resJPEGFullRes": resource("AcW96XzA8CMFcrVWfJyAAy8aWWE6", 5) });
    let master = json!({ "filenameEnc": { "value": "a.jpg", "type": "STRING" },
        "resOriginalRes": resource("AW2cWT2PxzWixMKuuNMTHJ8CJ3sH", 7) });
    (asset, master)
}

#[test]
fn digests_are_what_they_always_were() {
    let (asset, master) = photo();
    let state = AssetState::of(&one_asset(asset, master));
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<AssetState>(&text).unwrap(), state);
    assert_eq!(
        text,
        r#"{"content":1605465324778486804,"metadata":16837498555416601636,"trashed":false,"hidden":false,"favorite":false,"master":"m"}"#
    );
}

#[test]
fn every_field_with_an_accessor_shows() {
    let (base, master) = photo();
    let before = AssetState::of(&one_asset(base.clone(), master.clone()));
    let text = json!({ "value": "Zm9v" });
    for (field, value) in [
        ("assetDate", json!({ "value": 1001 })),
        ("addedDate", json!({ "value": 5 })),
        ("timeZoneOffset", json!({ "value": 3600 })),
        ("timeZoneNameEnc", text.clone()),
        ("isFavorite", json!({ "value": 1 })),
        ("isHidden", json!({ "value": 1 })),
        ("dateExpunged", json!({ "value": 9 })),
        ("captionEnc", text.clone()),
        ("extendedDescEnc", text.clone()),
        ("keywordsEnc", text.clone()),
        ("locationEnc", text.clone()),
        ("locationLatitude", json!({ "value": 1.5 })),
        ("locationLongitude", json!({ "value": 1.5 })),
        ("burstId", text.clone()),
        ("burstFlags", json!({ "value": 1 })),
        ("burstFlagsExt", json!({ "value": 1 })),
        ("assetSubtype", json!({ "value": 1 })),
        ("assetSubtypeV2", json!({ "value": 1 })),
        ("adjustmentType", text.clone()),
        ("adjustmentRenderType", json!({ "value": 1 })),
        ("assetHDRType", json!({ "value": 1 })),
        ("orientation", json!({ "value": 6 })),
        ("duration", json!({ "value": 6 })),
        ("vidComplDurValue", json!({ "value": 6 })),
        ("vidComplDurScale", json!({ "value": 6 })),
        ("vidComplDispValue", json!({ "value": 6 })),
        ("vidComplDispScale", json!({ "value": 6 })),
        ("contributors", json!({ "value": [{ "recordName": "_a" }] })),
        ("resJPEGFullWidth", json!({ "value": 6 })),
        ("resJPEGFullFileType", text.clone()),
    ] {
        let mut fields = base.clone();
        fields[field] = value;
        let now = one_asset(fields, master.clone());
        assert_eq!(AssetState::compare(Some(&before), &now), AssetChange::Metadata, "{field}");
    }
    for (field, value) in [
        ("filenameEnc", json!({ "value": "b.jpg", "type": "STRING" })),
        ("itemType", text),
        ("dataClassType", json!({ "value": 2 })),
        ("originalOrientation", json!({ "value": 6 })),
    ] {
        let mut fields = master.clone();
        fields[field] = value;
        let now = one_asset(base.clone(), fields);
        assert_eq!(AssetState::compare(Some(&before), &now), AssetChange::Metadata, "{field}");
    }
}

#[test]
fn what_a_change_was() {
    let (base, master) = photo();
    let now = |change: &dyn Fn(&mut Value)| {
        let mut fields = base.clone();
        change(&mut fields);
        one_asset(fields, master.clone())
    };
    let same = now(&|_| {});
    let trashed = now(&|fields| fields["isDeleted"] = json!({ "value": 1 }));
    let edited = now(&|fields| fields["resJPEGFullRes"]["value"]["size"] = json!(6));
    let other = now(&|fields| {
        fields["resJPEGFullRes"]["value"]["fileChecksum"] = json!("ATE6W0VAGbjhs9B5SmRCwt9Y3yxl")
    });
    let relinked =
        now(&|fields| fields["resJPEGFullRes"]["value"]["downloadURL"] = json!("https://b.example/"));
    let strange = now(&|fields| fields["quantumState"] = json!({ "value": 6 }));
    let (live, dead) = (AssetState::of(&same), AssetState::of(&trashed));
    for (before, now, expected) in [
        (None, &same, AssetChange::Added),
        (None, &trashed, AssetChange::Trashed),
        (Some(&live), &same, AssetChange::Unchanged),
        (Some(&live), &relinked, AssetChange::Unchanged),
        (Some(&live), &strange, AssetChange::Unchanged),
        (Some(&live), &edited, AssetChange::Edited),
        (Some(&live), &other, AssetChange::Edited),
        (Some(&live), &trashed, AssetChange::Trashed),
        (Some(&dead), &trashed, AssetChange::Unchanged),
        (Some(&dead), &same, AssetChange::Restored),
        (Some(&dead), &edited, AssetChange::Restored),
    ] {
        assert_eq!(AssetState::compare(before, now), expected, "{before:?}");
    }
}

/// A page with some of everything.
fn specimen() -> Vec<u8> {
    let (fields, of_master) = photo();
    answer(json!([
        asset(ASSET, "m", fields), master("m", of_master),
        asset("a2", "m2", json!({ "isDeleted": { "value": 1, "type": "INT64" } })),
        { "recordName": "a-IN-b", "recordType": null, "deleted": true },
        { "recordName": "b", "recordType": "CPLAlbum", "fields": { "albumNameEnc": { "value": "Sm/MiHJn" } } },
        { "recordName": "a-IN-c", "recordType": "CPLContainerRelation", "fields": { "itemId": { "value": "a" } } },
        { "recordName": "x", "serverErrorCode": "THROTTLED", "reason": "r" },
    ]))
}

/// Reads and completes whatever it is, as `Changes` does.
fn digest(bytes: &[u8]) {
    let Ok(Answer::Page(page)) = read(bytes) else { return };
    let _ = page.missing();
    for change in page.join(Vec::new(), &[], &library()) {
        if let Change::Asset(asset) | Change::Trashed(asset) = &change {
            let _ = AssetState::compare(None, asset);
        }
        let _ = tell(&change);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let names = "recordName|recordType|fields|deleted|value|type|masterRef|serverErrorCode|CPLAsset|CPLMaster|\
                 CPLAlbum|CPLContainerRelation|a-IN-b|-IN-|itemId|albumNameEnc|resOriginalRes|size|isDeleted|";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        names.prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(names, inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn mangled_pages_never_panic(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..12)) {
        let mut bytes = specimen();
        for (at, byte, how) in edits {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => bytes[at] = b"{}[]\",:019tfn"[usize::from(byte) % 13],
            }
        }
        digest(&bytes);
    }

    #[test]
    fn any_json_is_read_without_panic(records in prop::collection::vec(any_json(), 0..8), whole in any_json()) {
        digest(&answer(Value::from(records)));
        digest(json!({ "zones": [whole.clone()] }).to_string().as_bytes());
        digest(whole.to_string().as_bytes());
    }
}
