//! The CloudKit half of the fake: lists, counts, albums, lookups, writes, the change feed, content.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use icloud_photos_testkit::{
    Access, Body, Context, Edit, ExpiredLink, Library, LibrarySpec, PageOrder, Request, SharedLibrary,
};
use serde_json::{Value, json};

const NOW: i64 = 1_720_000_000_000;

/// A library and the clock it is asked at.
struct Fake {
    library: Library,
    context: Context,
}

impl Fake {
    fn new(spec: &LibrarySpec) -> Self {
        let context = Context { base_url: "http://127.0.0.1:1".to_owned(), now_ms: NOW };
        Self { library: Library::generate(spec), context }
    }

    fn post_to(&self, database: &str, endpoint: &str, body: &Value) -> (u16, Value) {
        let uri = format!(
            "/database/1/com.apple.photos.cloud/production/{database}/{endpoint}?remapEnums=True&getCurrentSyncToken=True"
        );
        let request: Request = ::http::Request::post(uri).body(body.to_string().into()).unwrap();
        let response = self.library.cloudkit(&request, &self.context);
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&bytes(response.into_body())).unwrap())
    }

    fn post(&self, endpoint: &str, body: &Value) -> Value {
        let (status, answer) = self.post_to("private", endpoint, body);
        assert_eq!(status, 200, "{endpoint} {body}: {answer}");
        answer
    }

    fn get(&self, url: &str, range: Option<&str>) -> icloud_photos_testkit::Response {
        let mut request = ::http::Request::get(url.replace("${f}", "$%7Bf%7D"));
        if let Some(range) = range {
            request = request.header("range", range);
        }
        self.library.content(&request.body(Default::default()).unwrap(), &self.context)
    }

    /// Every record of a list, page after page by the number of photos received.
    fn list(&self, zone: &str, record_type: &str, filters: &[Value]) -> Vec<Value> {
        let mut all = Vec::new();
        let mut rank = 0;
        loop {
            let page = self.post("records/query", &list_body(zone, record_type, rank, "ASCENDING", filters));
            let records = page["records"].as_array().unwrap().clone();
            assert!(records.len() <= 200);
            if records.is_empty() {
                return all;
            }
            rank +=
                if record_type.starts_with("CPLContainer") { records.len() / 3 } else { records.len() / 2 };
            all.extend(records);
        }
    }

    fn count(&self, zone: &str, id: &str) -> u64 {
        let query = json!({"recordType": "HyperionIndexCountLookup", "filterBy": {"fieldName": "indexCountID",
            "comparator": "IN", "fieldValue": {"type": "STRING_LIST", "value": [id]}}});
        let body = json!({"batch": [{"resultsLimit": 1, "query": query, "zoneWide": true,
            "zoneID": {"zoneName": zone}}]});
        let answer = self.post("internal/records/query/batch", &body);
        answer["batch"][0]["records"][0]["fields"]["itemCount"]["value"].as_u64().unwrap()
    }
}

fn bytes(body: Body) -> bytes::Bytes {
    futures::executor::block_on(body.collect()).unwrap()
}

fn list_body(zone: &str, record_type: &str, rank: usize, direction: &str, filters: &[Value]) -> Value {
    let mut all = vec![
        json!({"fieldName": "startRank", "comparator": "EQUALS", "fieldValue": {"type": "INT64", "value": rank}}),
        json!({"fieldName": "direction", "comparator": "EQUALS", "fieldValue": {"type": "STRING", "value": direction}}),
    ];
    all.extend_from_slice(filters);
    json!({"query": {"recordType": record_type, "filterBy": all}, "resultsLimit": 200,
        "desiredKeys": ["masterRef", "isDeleted", "itemId"], "zoneID": {"zoneName": zone}})
}

fn filter(name: &str, value: &str) -> Value {
    json!({"fieldName": name, "comparator": "EQUALS", "fieldValue": {"type": "STRING", "value": value}})
}

fn names(records: &[Value], kind: &str) -> Vec<String> {
    let of_kind = records.iter().filter(|record| record["recordType"] == kind);
    of_kind.map(|record| record["recordName"].as_str().unwrap().to_owned()).collect()
}

fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort();
    items
}

/// The assets of a zone that the truth says are in some list.
fn truth_ids(truth: &Value, zone: &str, keep: impl Fn(&Value) -> bool) -> Vec<String> {
    let assets = truth["assets"].as_array().unwrap().iter();
    let kept = assets.filter(|asset| asset["zone"] == zone && keep(asset));
    sorted(kept.map(|asset| asset["id"].as_str().unwrap().to_owned()))
}

fn is(asset: &Value, flag: &str) -> bool {
    asset[flag].as_bool().unwrap()
}

#[test]
fn every_list_holds_every_asset_once_and_counts_agree() {
    let fake = Fake::new(&LibrarySpec::everyday(7, 1_000));
    let truth = fake.library.truth();
    type Keep = fn(&Value) -> bool;
    let smart = [filter("smartAlbum", "FAVORITE")];
    let cases: [(&str, &str, &[Value], Keep); 5] = [
        (
            "CPLAssetAndMasterByAssetDateWithoutHiddenOrDeleted",
            "CPLAssetByAssetDateWithoutHiddenOrDeleted",
            &[],
            |asset| !is(asset, "deleted") && !is(asset, "hidden"),
        ),
        ("CPLAssetAndMasterByAddedDate", "CPLAssetByAddedDate", &[], |asset| !is(asset, "deleted")),
        ("CPLAssetAndMasterDeletedByExpungedDate", "CPLAssetDeletedByExpungedDate", &[], |asset| {
            is(asset, "deleted")
        }),
        ("CPLAssetAndMasterHiddenByAssetDate", "CPLAssetHiddenByAssetDate", &[], |asset| {
            is(asset, "hidden") && !is(asset, "deleted")
        }),
        (
            "CPLAssetAndMasterInSmartAlbumByAssetDate",
            "CPLAssetInSmartAlbumByAssetDate:Favorite",
            &smart,
            |asset| is(asset, "favourite") && !is(asset, "deleted") && !is(asset, "hidden"),
        ),
    ];
    for (list, count, filters, keep) in cases {
        let expected = truth_ids(&truth, "PrimarySync", keep);
        assert!(!expected.is_empty(), "{list}");
        let records = fake.list("PrimarySync", list, filters);
        assert_eq!(sorted(names(&records, "CPLAsset")), expected, "{list}");
        assert_eq!(names(&records, "CPLMaster").len(), expected.len(), "{list}");
        assert_eq!(fake.count("PrimarySync", count), expected.len() as u64, "{count}");
    }
}

#[test]
fn every_smart_album_can_be_listed_and_counted() {
    let fake = Fake::new(&LibrarySpec::everyday(1, 500));
    for (list, count) in [
        ("VIDEO", "Video"),
        ("LIVE", "Live"),
        ("SCREENSHOT", "Screenshot"),
        ("PANORAMA", "Panorama"),
        ("SLOMO", "Slomo"),
        ("TIMELAPSE", "Timelapse"),
        ("DEPTH", "Depth"),
        ("EXPOSURE", "Exposure"),
        ("ANIMATED", "Animated"),
    ] {
        let records = fake.list(
            "PrimarySync",
            "CPLAssetAndMasterInSmartAlbumByAssetDate",
            &[filter("smartAlbum", list)],
        );
        let counted = fake.count("PrimarySync", &format!("CPLAssetInSmartAlbumByAssetDate:{count}"));
        assert_eq!(records.len() as u64, 2 * counted, "{list}");
        assert_ne!(counted, 0, "{list}");
    }
    let bursts = fake.list("PrimarySync", "CPLBurstStackAssetAndMasterByAssetDate", &[]);
    assert_eq!(bursts.len() as u64, 2 * fake.count("PrimarySync", "CPLAssetBurstStackAssetByAssetDate"));
    assert!(!bursts.is_empty());
}

#[test]
fn a_page_is_masters_first_newest_first_and_ends_as_recorded() {
    let fake = Fake::new(&LibrarySpec::everyday(3, 250));
    let list = "CPLAssetAndMasterByAssetDateWithoutHiddenOrDeleted";
    let mut body = list_body("PrimarySync", list, 0, "ASCENDING", &[]);
    body["desiredKeys"] = Value::Null;
    let page = fake.post("records/query", &body);
    let records = page["records"].as_array().unwrap();
    let kinds: Vec<&str> = records.iter().map(|record| record["recordType"].as_str().unwrap()).collect();
    assert!(kinds[..100].iter().all(|kind| *kind == "CPLMaster"), "{kinds:?}");
    assert!(kinds[100..].iter().all(|kind| *kind == "CPLAsset"), "{kinds:?}");
    let dates: Vec<i64> = records[100..]
        .iter()
        .map(|record| record["fields"]["assetDate"]["value"].as_i64().unwrap())
        .collect();
    assert!(dates.is_sorted_by(|a, b| a >= b), "{dates:?}");
    assert_eq!(page["continuationMarker"].as_str().unwrap().len(), 68);
    assert_eq!(page["syncToken"].as_str().unwrap().len(), 44);

    let past = fake.post("records/query", &list_body("PrimarySync", list, 9999, "ASCENDING", &[]));
    assert_eq!(past["records"], json!([]));
    assert_eq!(past["continuationMarker"], Value::Null);
    assert_eq!(past["syncToken"], page["syncToken"]);
}

#[test]
fn markers_and_descending_ranks_walk_the_same_list() {
    let fake = Fake::new(&LibrarySpec::everyday(3, 400));
    let list = "CPLAssetAndMasterByAssetDateWithoutHiddenOrDeleted";
    let ascending = names(&fake.list("PrimarySync", list, &[]), "CPLAsset");

    let mut body = list_body("PrimarySync", list, 0, "ASCENDING", &[]);
    let mut by_marker = Vec::new();
    loop {
        let page = fake.post("records/query", &body);
        by_marker.extend(names(page["records"].as_array().unwrap(), "CPLAsset"));
        match page["continuationMarker"].as_str() {
            Some(marker) => body["continuationMarker"] = marker.into(),
            None => break,
        }
    }
    assert_eq!(by_marker, ascending);

    let mut descending = Vec::new();
    let mut rank = ascending.len() as i64 - 1;
    while rank >= 0 {
        let page =
            fake.post("records/query", &list_body("PrimarySync", list, rank as usize, "DESCENDING", &[]));
        let found = names(page["records"].as_array().unwrap(), "CPLAsset");
        rank -= found.len() as i64;
        descending.extend(found);
    }
    descending.reverse();
    assert_eq!(descending, ascending);
}

#[test]
fn albums_nest_and_hold_three_records_per_photo() {
    let fake = Fake::new(&LibrarySpec::everyday(5, 700));
    let truth = fake.library.truth();
    let children = |parent: Option<&str>| {
        let filters: Vec<Value> = parent.map(|id| filter("parentId", id)).into_iter().collect();
        let body = json!({"query": {"recordType": "CPLAlbumByPositionLive", "filterBy": filters},
            "zoneID": {"zoneName": "PrimarySync"}});
        fake.post("records/query", &body)["records"].as_array().unwrap().clone()
    };
    let mut folders: Vec<Option<String>> = vec![None];
    let mut found = Vec::new();
    let mut depth = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for album in children(folder.as_deref()) {
            let id = album["recordName"].as_str().unwrap().to_owned();
            if album["fields"]["albumType"]["value"] == 3 && id != "----Root-Folder----" {
                folders.push(Some(id.clone()));
                depth.insert(album["fields"]["parentId"]["value"].as_str().is_some());
            }
            found.push(id);
        }
    }
    let zone = &truth["zones"][0];
    let expected =
        zone["albums"].as_array().unwrap().iter().map(|album| album["id"].as_str().unwrap().to_owned());
    assert_eq!(sorted(found), sorted(expected));
    assert_eq!(depth.len(), 2, "a folder at the root and one inside it");

    for album in zone["albums"].as_array().unwrap() {
        let id = album["id"].as_str().unwrap();
        for list in ["CPLContainerRelationLiveByAssetDate", "CPLContainerRelationLiveByPosition"] {
            let records = fake.list("PrimarySync", list, &[filter("parentId", id)]);
            let assets = sorted(names(&records, "CPLAsset"));
            let expected = truth_ids(&truth, "PrimarySync", |asset| {
                !is(asset, "deleted") && asset["albums"].as_array().unwrap().contains(&id.into())
            });
            assert_eq!(assets, expected);
            assert_eq!(records.len(), 3 * assets.len());
            assert_eq!(assets.len() as u64, album["assets"].as_u64().unwrap());
            let count = format!("CPLContainerRelationNotDeletedByAssetDate:{id}");
            assert_eq!(fake.count("PrimarySync", &count), assets.len() as u64);
        }
    }
}

#[test]
fn zones_are_found_where_the_account_sees_them() {
    let zones = |fake: &Fake, database: &str| {
        let (status, answer) = fake.post_to(database, "zones/list", &json!({}));
        assert_eq!(status, 200);
        let zones = answer["zones"].as_array().unwrap().clone();
        zones
            .iter()
            .map(|zone| zone["zoneID"]["zoneName"].as_str().unwrap()[..4].to_owned())
            .collect::<Vec<_>>()
    };
    let owner = Fake::new(&LibrarySpec::everyday(5, 100));
    assert_eq!(zones(&owner, "private"), ["Prim", "CMM-", "Shar"]);
    assert!(zones(&owner, "shared").is_empty());
    let guest = Fake::new(&LibrarySpec::everyday(5, 100).with_shared_library(SharedLibrary::Participant, 30));
    assert_eq!(zones(&guest, "private"), ["Prim", "CMM-"]);
    assert_eq!(zones(&guest, "shared"), ["Shar"]);
    let wild = Fake::new(&LibrarySpec::wild(5, 100));
    assert_eq!(zones(&wild, "private"), ["Prim", "CMM-", "AppL", "Shar", "Shar"]);
}

#[test]
fn a_shared_library_lists_its_own_and_has_no_albums() {
    let fake = Fake::new(&LibrarySpec::everyday(5, 100).with_shared_library(SharedLibrary::Owner, 130));
    let truth = fake.library.truth();
    let zones = fake.post("zones/list", &json!({}));
    let zone = zones["zones"][2]["zoneID"].clone();
    let name = zone["zoneName"].as_str().unwrap();
    let records = fake.list(name, "CPLAssetAndMasterByAssetDateWithoutHiddenOrDeleted", &[]);
    let expected = truth_ids(&truth, name, |asset| !is(asset, "deleted") && !is(asset, "hidden"));
    assert_eq!(sorted(names(&records, "CPLAsset")), expected);
    for record_type in ["CPLAlbumByPositionLive", "CPLAssetAndMasterInSmartAlbumByAssetDate"] {
        let body = list_body(name, record_type, 0, "ASCENDING", &[filter("smartAlbum", "VIDEO")]);
        let (status, answer) = fake.post_to("private", "records/query", &body);
        assert_eq!((status, &answer["reason"]), (400, &json!("Index has invalid data")));
    }
}

#[test]
fn what_is_not_there_is_refused() {
    let fake = Fake::new(&LibrarySpec::everyday(5, 50));
    let ask = |body: Value| fake.post_to("private", "records/query", &body);
    let (status, answer) = ask(list_body("PrimarySync", "CPLNoSuchIndex", 0, "ASCENDING", &[]));
    assert_eq!((status, &answer["serverErrorCode"]), (400, &json!("BAD_REQUEST")));
    let (status, answer) = ask(list_body("SharedSync", "CPLAssetAndMasterByAddedDate", 0, "ASCENDING", &[]));
    assert_eq!((status, &answer["serverErrorCode"]), (404, &json!("ZONE_NOT_FOUND")));
    let index = json!({"query": {"recordType": "CheckIndexingState"}, "zoneID": {"zoneName": "PrimarySync"}});
    assert_eq!(ask(index.clone()).1["records"][0]["fields"]["state"]["value"], "FINISHED");
    fake.library.switch(|switches| switches.indexing_state = "RUNNING".to_owned());
    assert_eq!(ask(index.clone()).1["records"][0]["fields"]["state"]["value"], "RUNNING");
    fake.library.switch(|switches| switches.access = Access::Denied);
    let (status, answer) = ask(index.clone());
    assert_eq!(status, 403);
    assert_eq!(answer["reason"], "private db access disabled for this account");
    fake.library.switch(|switches| switches.access = Access::NeverSetUp);
    assert_eq!(ask(index).1["serverErrorCode"], "ZONE_NOT_FOUND");
}

#[test]
fn switches_change_pages_but_not_what_they_hold() {
    let fake = Fake::new(&LibrarySpec::everyday(9, 350));
    let list = "CPLAssetAndMasterByAssetDateWithoutHiddenOrDeleted";
    let all = sorted(names(&fake.list("PrimarySync", list, &[]), "CPLAsset"));
    fake.library.switch(|switches| switches.page_order = PageOrder::Interleaved);
    let page = fake.list("PrimarySync", list, &[]);
    assert_eq!([&page[0]["recordType"], &page[1]["recordType"]], ["CPLAsset", "CPLMaster"]);
    assert_eq!(sorted(names(&page, "CPLAsset")), all);

    fake.library.switch(|switches| switches.split_pairs = true);
    let first = fake.post("records/query", &list_body("PrimarySync", list, 0, "ASCENDING", &[]));
    let records = first["records"].as_array().unwrap();
    assert_eq!((names(records, "CPLAsset").len(), names(records, "CPLMaster").len()), (99, 100));
    let mut split = Vec::new();
    for rank in (0..all.len()).step_by(100) {
        let page = fake.post("records/query", &list_body("PrimarySync", list, rank, "ASCENDING", &[]));
        split.extend(names(page["records"].as_array().unwrap(), "CPLAsset"));
    }
    assert_eq!(sorted(split), all);

    fake.library.switch(|switches| (switches.split_pairs, switches.missing_from_lists) = (false, 5));
    assert_eq!(names(&fake.list("PrimarySync", list, &[]), "CPLAsset").len(), all.len() - 5);
    assert_eq!(fake.count("PrimarySync", "CPLAssetByAssetDateWithoutHiddenOrDeleted"), all.len() as u64);
}

#[test]
fn lookup_gives_every_kind_of_record_and_says_what_is_missing() {
    let fake = Fake::new(&LibrarySpec::everyday(2, 200));
    let truth = fake.library.truth();
    let asset = truth["assets"][0]["id"].as_str().unwrap();
    let master = truth["assets"][0]["master"].as_str().unwrap();
    let album = truth["zones"][0]["albums"][1]["id"].as_str().unwrap();
    let member = truth["assets"].as_array().unwrap().iter().find(|a| a["albums"][0] == album).unwrap();
    let relation = format!("{}-IN-{album}", member["id"].as_str().unwrap());
    let wanted = [master, asset, "nonsense", album, &relation, "PrimarySync-0000-LI", "AAAA"];
    let records: Vec<Value> = wanted.iter().map(|name| json!({"recordName": name})).collect();
    let answer =
        fake.post("records/lookup", &json!({"records": records, "zoneID": {"zoneName": "PrimarySync"}}));
    let found: Vec<(&str, &str)> = (answer["records"].as_array().unwrap().iter())
        .map(|record| {
            (record["recordName"].as_str().unwrap(), record["recordType"].as_str().unwrap_or("NOT_FOUND"))
        })
        .collect();
    let kinds = [
        "CPLMaster",
        "CPLAsset",
        "NOT_FOUND",
        "CPLAlbum",
        "CPLContainerRelation",
        "CPLLibraryInfo",
        "NOT_FOUND",
    ];
    assert_eq!(found, wanted.into_iter().zip(kinds).collect::<Vec<_>>());
    assert_eq!(answer["records"][2]["serverErrorCode"], "NOT_FOUND");
}

/// Every resource the whole library shows: where to get it, its length and checksum.
fn resources(fake: &Fake, zone: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for list in ["CPLAssetAndMasterByAddedDate", "CPLAssetAndMasterDeletedByExpungedDate"] {
        let mut rank = 0;
        loop {
            let mut body = list_body(zone, list, rank, "ASCENDING", &[]);
            body["desiredKeys"] = Value::Null;
            let page = fake.post("records/query", &body);
            let records = page["records"].as_array().unwrap();
            if records.is_empty() {
                break;
            }
            rank += records.len() / 2;
            for record in records {
                let fields = record["fields"].as_object().unwrap();
                found.extend(
                    fields.values().filter(|field| field["type"] == "ASSETID").map(|f| f["value"].clone()),
                );
            }
        }
    }
    found
}

/// Apple's rule, written down once more.
fn apple_checksum(bytes: &[u8]) -> String {
    use base64::Engine;
    use sha1::{Digest, Sha1};
    let salted = Sha1::new_with_prefix(b"com.apple.XattrObjectSalt\0com.apple.DataObjectSalt\0");
    let sum = salted.chain_update(bytes).finalize();
    base64::engine::general_purpose::STANDARD.encode([&[1][..], &sum[..]].concat())
}

#[test]
fn every_file_of_a_library_has_the_length_and_checksum_its_record_says() {
    let fake = Fake::new(&LibrarySpec::everyday(11, 160));
    let all = resources(&fake, "PrimarySync");
    assert!(all.len() > 500);
    for resource in &all {
        let response = fake.get(resource["downloadURL"].as_str().unwrap(), None);
        assert_eq!(response.status(), 200);
        let body = bytes(response.into_body());
        assert_eq!(body.len() as u64, resource["size"].as_u64().unwrap());
        assert_eq!(apple_checksum(&body), resource["fileChecksum"].as_str().unwrap());
    }
}

#[test]
fn originals_decode() {
    let fake = Fake::new(&LibrarySpec::everyday(11, 160));
    let mut decoded = BTreeMap::new();
    for resource in resources(&fake, "PrimarySync") {
        let body = bytes(fake.get(resource["downloadURL"].as_str().unwrap(), None).into_body());
        let format = match &body[..4] {
            [0xff, 0xd8, ..] => image::ImageFormat::Jpeg,
            b"\x89PNG" => image::ImageFormat::Png,
            b"GIF8" => image::ImageFormat::Gif,
            _ => continue,
        };
        image::load_from_memory_with_format(&body, format).unwrap();
        *decoded.entry(format!("{format:?}")).or_insert(0) += 1;
    }
    assert_eq!(decoded.keys().collect::<Vec<_>>(), ["Gif", "Jpeg", "Png"]);
}

#[test]
fn ranges_are_cut_from_the_whole_at_any_offset() {
    for size in [4_000_u64, 3_000_001] {
        let fake = Fake::new(&LibrarySpec::plain(1, size));
        let all = resources(&fake, "PrimarySync");
        let original = all.iter().find(|resource| resource["size"] == size).unwrap();
        let url = original["downloadURL"].as_str().unwrap();
        let whole = bytes(fake.get(url, None).into_body());
        for (range, from, to) in [
            ("bytes=0-".to_owned(), 0, size),
            ("bytes=1-".to_owned(), 1, size),
            (format!("bytes={}-", size / 2 + 3), size / 2 + 3, size),
            (format!("bytes={}-", size - 1), size - 1, size),
            ("bytes=10-19".to_owned(), 10, 20),
            ("bytes=-5".to_owned(), size - 5, size),
        ] {
            let response = fake.get(url, Some(&range));
            assert_eq!(response.status(), 206, "{range}");
            let expected = format!("bytes {from}-{}/{size}", to - 1);
            assert_eq!(response.headers()["content-range"], expected.as_str());
            assert_eq!(response.headers()["content-length"], (to - from).to_string().as_str());
            assert_eq!(bytes(response.into_body()), whole.slice(from as usize..to as usize), "{range}");
        }
        for range in [format!("bytes={size}-"), format!("bytes={}-", size + 7)] {
            let response = fake.get(url, Some(&range));
            assert_eq!(response.status(), 416);
            assert_eq!(response.headers()["content-range"], format!("bytes */{size}").as_str());
        }
    }
}

#[test]
fn a_large_file_is_streamed() {
    let size = 300_000_000;
    let fake = Fake::new(&LibrarySpec::plain(1, 4_000).with_big_file(size));
    let all = resources(&fake, "PrimarySync");
    let big = all.iter().find(|resource| resource["size"] == size).unwrap();
    let Body::Stream(stream) = fake.get(big["downloadURL"].as_str().unwrap(), None).into_body() else {
        panic!("held in memory")
    };
    use futures::StreamExt;
    use sha1::{Digest, Sha1};
    let hasher = Sha1::new_with_prefix(b"com.apple.XattrObjectSalt\0com.apple.DataObjectSalt\0");
    let (hasher, read) =
        futures::executor::block_on(stream.fold((hasher, 0), |(hasher, read), piece| async move {
            let piece = piece.unwrap();
            assert!(piece.len() <= 1 << 20);
            (hasher.chain_update(&piece), read + piece.len() as u64)
        }));
    assert_eq!(read, size);
    use base64::Engine;
    let sum = base64::engine::general_purpose::STANDARD.encode([&[1][..], &hasher.finalize()[..]].concat());
    assert_eq!(big["fileChecksum"], sum);
}

#[test]
fn links_expire_and_cannot_be_bent() {
    let mut fake = Fake::new(&LibrarySpec::plain(1, 4_000));
    let url = resources(&fake, "PrimarySync")[0]["downloadURL"].as_str().unwrap().to_owned();
    assert_eq!(fake.get(&url, None).status(), 200);
    assert_eq!(fake.get(&url.replace("&e=17", "&e=27"), None).status(), 400);
    assert_eq!(fake.get(&url.replace("/B/A", "/B/B"), None).status(), 400);
    fake.context.now_ms += 3_599_000;
    assert_eq!(fake.get(&url, None).status(), 200);
    fake.context.now_ms += 1_000;
    assert_eq!(fake.get(&url, None).status(), 410);
    fake.library.switch(|switches| switches.expired_link = ExpiredLink::BadRequest);
    let response = fake.get(&url, None);
    assert_eq!(response.status(), 400);
    assert_eq!(&bytes(response.into_body())[..], b"{}");
    let fresh = resources(&fake, "PrimarySync")[0]["downloadURL"].as_str().unwrap().to_owned();
    assert_eq!(fake.get(&fresh, None).status(), 200);
    fake.library.switch(|switches| switches.link_lifetime = 0);
    let stale = resources(&fake, "PrimarySync")[0]["downloadURL"].as_str().unwrap().to_owned();
    assert_eq!(fake.get(&stale, None).status(), 400);
}

/// A client that follows the change feed.
#[derive(Default)]
struct Follower {
    token: Option<String>,
    records: HashMap<String, Value>,
    empty_pages: usize,
}

impl Follower {
    fn follow(&mut self, fake: &Fake, limit: u64) {
        loop {
            let mut zone = json!({"zoneID": {"zoneName": "PrimarySync"}, "resultsLimit": limit,
                "desiredKeys": ["isDeleted", "isFavorite", "isHidden", "masterRef", "resJPEGFullFingerprint"]});
            if let Some(token) = &self.token {
                zone["syncToken"] = json!(token);
            }
            let answer = fake.post("changes/zone", &json!({"zones": [zone]}));
            let answer = &answer["zones"][0];
            let records = answer["records"].as_array().unwrap_or_else(|| panic!("{answer}"));
            assert!(records.len() as u64 <= limit);
            self.empty_pages += usize::from(records.is_empty());
            for record in records {
                let name = record["recordName"].as_str().unwrap().to_owned();
                if record["deleted"] == true {
                    assert_eq!(record["recordType"], Value::Null);
                    self.records.remove(&name);
                } else {
                    self.records.insert(name, record.clone());
                }
            }
            let next = answer["syncToken"].as_str().unwrap().to_owned();
            let more = answer["moreComing"].as_bool().unwrap();
            assert!(!more || self.token.as_ref() != Some(&next), "no progress");
            self.token = Some(next);
            if !more {
                return;
            }
        }
    }
}

#[test]
fn following_the_changes_leads_to_the_same_state_as_starting_over() {
    let fake = Fake::new(&LibrarySpec::everyday(4, 300));
    let truth = fake.library.truth();
    let ids = truth_ids(&truth, "PrimarySync", |asset| !is(asset, "deleted") && !is(asset, "hidden"));
    let album = truth["zones"][0]["albums"][1]["id"].as_str().unwrap().to_owned();
    let mut follower = Follower::default();
    follower.follow(&fake, 200);
    assert!(follower.empty_pages > 0);
    let old_token = follower.token.clone();
    let edits = [
        Edit::Render,
        Edit::Favourite(true),
        Edit::Hide(true),
        Edit::Trash,
        Edit::Purge,
        Edit::Enter(album.clone()),
        Edit::MoveToShared,
        Edit::Leave(album.clone()),
    ];
    for (i, id) in ids.iter().enumerate().take(60) {
        fake.library.edit(id, &edits[i % edits.len()], NOW + i as i64);
    }
    assert!(fake.library.edit(&ids[3], &Edit::Restore, NOW));
    assert!(!fake.library.edit(&ids[4], &Edit::Trash, NOW), "it was purged");
    let new = fake.library.add_photo("New.JPG", 5_000, NOW);
    follower.follow(&fake, 7);
    let mut anew = Follower::default();
    anew.follow(&fake, 200);
    let plain = |records: &HashMap<String, Value>| {
        records
            .iter()
            .map(|(name, record)| (name.clone(), record["fields"].to_string()))
            .collect::<BTreeMap<_, _>>()
    };
    assert_eq!(plain(&follower.records), plain(&anew.records));
    assert!(follower.records.contains_key(&new));
    assert!(!follower.records.contains_key(&ids[4]));

    let truth = fake.library.truth();
    let mut listed = truth_ids(&truth, "PrimarySync", |_| true);
    listed.retain(|id| follower.records[id]["recordType"] == "CPLAsset");
    let followed = follower.records.values().filter(|record| record["recordType"] == "CPLAsset").count();
    assert_eq!(listed.len(), followed);
    for asset in truth["assets"].as_array().unwrap().iter().filter(|asset| asset["zone"] == "PrimarySync") {
        let fields = &follower.records[asset["id"].as_str().unwrap()]["fields"];
        assert_eq!(fields["isDeleted"]["value"] == 1, is(asset, "deleted"));
        assert_eq!(fields["isHidden"]["value"] == 1, is(asset, "hidden"));
        assert_eq!(fields["isFavorite"]["value"] == 1, is(asset, "favourite"));
    }

    let mut again = Follower { token: old_token, ..Follower::default() };
    again.follow(&fake, 200);
    assert!(again.records.len() < 150, "only what changed");
}

#[test]
fn tokens_that_are_wrong_are_told_apart() {
    let fake = Fake::new(&LibrarySpec::everyday(4, 30));
    let database = fake.post("changes/database", &json!({}));
    let zone_token = database["zones"][0]["syncToken"].as_str().unwrap().to_owned();
    let database_token = database["syncToken"].as_str().unwrap();
    let ask = |token: &str| {
        let zone = json!({"zoneID": {"zoneName": "PrimarySync"}, "syncToken": token});
        fake.post("changes/zone", &json!({"zones": [zone]}))["zones"][0].clone()
    };
    assert_eq!(ask(&zone_token)["records"], json!([]));
    assert_eq!(ask("")["records"], json!([]));
    assert_eq!(ask("")["syncToken"], zone_token.as_str());
    for (token, reason) in [
        ("rubbish", "Unknown sync continuation type"),
        (database_token, "Unknown sync continuation type"),
        (database["zones"][1]["syncToken"].as_str().unwrap(), "Unknown sync continuation type"),
        (&zone_token[..30], "Invalid continuation format"),
    ] {
        let answer = ask(token);
        assert_eq!(
            (&answer["serverErrorCode"], &answer["reason"]),
            (&json!("BAD_REQUEST"), &json!(reason)),
            "{token}"
        );
        assert_eq!(answer["zoneID"]["zoneName"], "PrimarySync");
    }
    fake.library.expire_tokens();
    assert_eq!(ask(&zone_token)["serverErrorCode"], "CHANGE_TOKEN_EXPIRED");
    let unknown = fake.post("changes/zone", &json!({"zones": [{"zoneID": {"zoneName": "SharedSync"}}]}));
    assert_eq!(unknown["zones"][0]["serverErrorCode"], "ZONE_NOT_FOUND");
}

#[test]
fn the_database_feed_names_the_zones_that_changed() {
    let fake = Fake::new(&LibrarySpec::everyday(4, 30));
    let all = fake.post("changes/database", &json!({}));
    assert_eq!(all["zones"].as_array().unwrap().len(), 3);
    let token = all["syncToken"].clone();
    let none = fake.post("changes/database", &json!({"syncToken": token}));
    assert_eq!(none["zones"], json!([]));
    assert_ne!(none["syncToken"], token, "another one on every call");
    fake.library.add_photo("New.JPG", 5_000, NOW);
    let one = fake.post("changes/database", &json!({"syncToken": none["syncToken"]}));
    assert_eq!(one["zones"].as_array().unwrap().len(), 1);
    assert_eq!(one["zones"][0]["zoneID"]["zoneName"], "PrimarySync");
}

/// The asset record of this name.
fn record(fake: &Fake, name: &str) -> Value {
    let body = json!({"records": [{"recordName": name}], "zoneID": {"zoneName": "PrimarySync"}});
    fake.post("records/lookup", &body)["records"][0].clone()
}

fn update(record: &Value, field: &str, value: i64) -> Value {
    json!({"operationType": "update", "record": {"recordName": record["recordName"], "recordType": "CPLAsset",
        "recordChangeTag": record["recordChangeTag"], "fields": {field: {"value": value}}}})
}

fn modify(fake: &Fake, atomic: bool, operations: Value) -> Value {
    let body = json!({"atomic": atomic, "operations": operations, "zoneID": {"zoneName": "PrimarySync"}});
    fake.post("records/modify", &body)["records"].clone()
}

#[test]
fn deleting_moves_a_photo_to_recently_deleted_and_back() {
    let fake = Fake::new(&LibrarySpec::plain(20, 4_000));
    let library = "CPLAssetByAssetDateWithoutHiddenOrDeleted";
    let id = fake.library.truth()["assets"][3]["id"].as_str().unwrap().to_owned();
    let before = record(&fake, &id);
    let after = modify(&fake, true, json!([update(&before, "isDeleted", 1)]))[0].clone();
    assert_eq!(after["fields"]["isDeleted"]["value"], 1);
    assert_eq!(after["fields"]["dateExpunged"]["value"], NOW + 30 * 86_400_000);
    assert_eq!(after["expirationTime"], NOW / 1000 + 3_456_000);
    assert_eq!(after["modified"]["deviceID"], "2");
    assert_eq!(after["zoneID"], Value::Null);
    assert_ne!(after["recordChangeTag"], before["recordChangeTag"]);
    assert_eq!(record(&fake, &id)["recordChangeTag"], after["recordChangeTag"]);
    let master = record(&fake, before["fields"]["masterRef"]["value"]["recordName"].as_str().unwrap());
    assert_eq!(master["fields"]["isDeleted"]["value"], 1);
    assert_eq!(
        (fake.count("PrimarySync", library), fake.count("PrimarySync", "CPLAssetDeletedByExpungedDate")),
        (19, 1)
    );

    let conflict = modify(&fake, true, json!([update(&before, "isDeleted", 0)]));
    assert_eq!(conflict[0]["serverErrorCode"], "CONFLICT");
    modify(&fake, true, json!([update(&after, "isDeleted", 0)]));
    assert_eq!(record(&fake, &id)["fields"]["isDeleted"], Value::Null);
    assert_eq!(fake.count("PrimarySync", library), 20);
}

#[test]
fn a_batch_is_all_or_nothing_only_when_it_is_atomic() {
    let fake = Fake::new(&LibrarySpec::plain(20, 4_000));
    let truth = fake.library.truth();
    let good = record(&fake, truth["assets"][0]["id"].as_str().unwrap());
    let operations =
        json!([update(&good, "isFavorite", 1), update(&json!({"recordName": "nobody"}), "isHidden", 1)]);
    let answer = modify(&fake, true, operations.clone());
    assert_eq!([&answer[0]["serverErrorCode"], &answer[1]["serverErrorCode"]], ["ATOMIC_ERROR", "NOT_FOUND"]);
    assert_eq!(fake.count("PrimarySync", "CPLAssetInSmartAlbumByAssetDate:Favorite"), 0);
    let answer = modify(&fake, false, operations);
    assert_eq!(answer[0]["fields"]["isFavorite"]["value"], 1);
    assert_eq!(answer[1]["serverErrorCode"], "NOT_FOUND");
    assert_eq!(fake.count("PrimarySync", "CPLAssetInSmartAlbumByAssetDate:Favorite"), 1);
    let many: Vec<Value> = (0..201).map(|_| update(&good, "isHidden", 1)).collect();
    let body = json!({"operations": many, "zoneID": {"zoneName": "PrimarySync"}});
    assert_eq!(fake.post_to("private", "records/modify", &body).0, 400);
}

#[test]
fn albums_are_made_renamed_filled_emptied_and_deleted() {
    let fake = Fake::new(&LibrarySpec::plain(20, 4_000));
    let photo = fake.library.truth()["assets"][5]["id"].as_str().unwrap().to_owned();
    let made = modify(
        &fake,
        false,
        json!([{"operationType": "create", "record": {"recordType": "CPLAlbum",
        "fields": {"albumNameEnc": {"value": "VHJpcA=="}, "albumType": {"value": 0}, "position": {"value": 5}}}}]),
    );
    let album = made[0]["recordName"].as_str().unwrap().to_owned();
    let relation = format!("{photo}-IN-{album}");
    let enter = json!([{"operationType": "create", "record": {"recordType": "CPLContainerRelation",
        "recordName": relation, "fields": {"itemId": {"value": photo}, "containerId": {"value": album}}}}]);
    assert_eq!(modify(&fake, false, enter.clone())[0]["recordType"], "CPLContainerRelation");
    assert_eq!(modify(&fake, false, enter)[0]["serverErrorCode"], "EXISTS");
    let count = format!("CPLContainerRelationNotDeletedByAssetDate:{album}");
    assert_eq!(fake.count("PrimarySync", &count), 1);
    let rename = json!([{"operationType": "update", "record": {"recordType": "CPLAlbum", "recordName": album,
        "fields": {"albumNameEnc": {"value": "U2Vh"}}}}]);
    assert_eq!(modify(&fake, false, rename)[0]["fields"]["albumNameEnc"]["value"], "U2Vh");
    let leave = json!([{"operationType": "forceDelete", "record": {"recordName": relation}}]);
    assert_eq!(modify(&fake, false, leave)[0], json!({"recordName": relation, "deleted": true}));
    assert_eq!(fake.count("PrimarySync", &count), 0);
    let delete = json!([{"operationType": "update", "record": {"recordType": "CPLAlbum", "recordName": album,
        "fields": {"isDeleted": {"value": 1}}}}]);
    assert_ne!(modify(&fake, false, delete)[0]["expirationTime"], Value::Null);
    let albums =
        json!({"query": {"recordType": "CPLAlbumByPositionLive"}, "zoneID": {"zoneName": "PrimarySync"}});
    assert_eq!(fake.post("records/query", &albums)["records"], json!([]));
}

#[test]
fn two_libraries_of_one_seed_are_equal_and_of_two_are_not() {
    let truth = |seed| Fake::new(&LibrarySpec::wild(seed, 300)).library.truth();
    assert_eq!(truth(1), truth(1));
    assert_ne!(truth(1), truth(2));
}

#[test]
fn twins_differ_only_in_their_bytes() {
    let fake = Fake::new(&LibrarySpec::everyday(6, 900).with_same_length_twins());
    let truth = fake.library.truth();
    let assets = truth["assets"].as_array().unwrap();
    let twins: Vec<&Value> = assets.iter().filter(|asset| asset["twin"].is_string()).collect();
    assert_eq!(twins.len(), 2);
    assert_eq!(twins[0]["twin"], twins[1]["id"]);
    assert_eq!((&twins[0]["name"], &twins[0]["date"]), (&twins[1]["name"], &twins[1]["date"]));
    assert_eq!(twins[0]["resources"][0]["size"], twins[1]["resources"][0]["size"]);
    assert_ne!(twins[0]["resources"][0]["fileChecksum"], twins[1]["resources"][0]["fileChecksum"]);
}

/// Two files that icloudpd would take for one: same day, same length, same name in ASCII.
#[test]
fn no_two_files_of_a_healthy_library_are_taken_for_one_by_name_day_and_length() {
    let truth = Fake::new(&LibrarySpec::everyday(6, 6_000)).library.truth();
    let mut seen = HashMap::new();
    for asset in truth["assets"].as_array().unwrap().iter().filter(|asset| asset["zone"] == "PrimarySync") {
        let name: String =
            asset["name"].as_str().unwrap_or_default().chars().filter(char::is_ascii).collect();
        let stem = name.rsplit_once('.').map_or(&*name, |(stem, _)| stem).to_owned();
        let day = asset["date"].as_i64().map(|date| date.div_euclid(86_400_000));
        for resource in asset["resources"].as_array().unwrap() {
            let key = (stem.clone(), day, resource["size"].as_u64());
            let bytes = (resource["fileChecksum"].clone(), resource["family"].clone());
            let other = seen.entry(key.clone()).or_insert_with(|| bytes.clone());
            assert_eq!(*other, bytes, "{key:?}");
        }
    }
}

#[test]
fn a_healthy_library_has_nothing_wrong_and_a_wild_one_everything() {
    let flaws = |spec: &LibrarySpec| {
        let truth = Fake::new(spec).library.truth();
        let assets = truth["assets"].as_array().unwrap().clone();
        let unproven = (assets.iter())
            .flat_map(|asset| asset["resources"].as_array().unwrap())
            .filter(|resource| resource["proven"] == false)
            .count();
        let flaws: BTreeSet<String> =
            assets.iter().filter_map(|a| a["flaw"].as_str().map(str::to_owned)).collect();
        (flaws, unproven)
    };
    let (healthy, unproven) = flaws(&LibrarySpec::everyday(1, 300));
    assert_eq!((healthy.len(), unproven), (1, 0), "a missing itemType hurts nobody: {healthy:?}");
    let (wild, unproven) = flaws(&LibrarySpec::wild(1, 300));
    assert_eq!(wild.len(), 9, "{wild:?}");
    assert!(unproven > 0);
}

#[test]
fn damaged_records_are_served_without_a_fault() {
    let fake = Fake::new(&LibrarySpec::wild(1, 300));
    let mut rank = 0;
    let mut seen = BTreeSet::new();
    loop {
        let list = "CPLAssetAndMasterByAssetDateWithoutHiddenOrDeleted";
        let mut body = list_body("PrimarySync", list, rank, "ASCENDING", &[]);
        body["desiredKeys"] = Value::Null;
        let page = fake.post("records/query", &body);
        if page["records"].as_array().unwrap().is_empty() {
            break;
        }
        rank += 100;
        for record in page["records"].as_array().unwrap() {
            seen.extend(record["fields"].as_object().unwrap().keys().cloned());
        }
    }
    assert!(seen.contains("quantumState"));
}

#[test]
fn a_hundred_thousand_assets_take_little_memory() {
    let resident = || {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?.to_owned();
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    let Some(before) = resident() else {
        println!("skipped: no /proc here");
        return;
    };
    let fake = Fake::new(&LibrarySpec::everyday(1, 100_000));
    let list = "CPLAssetAndMasterByAssetDateWithoutHiddenOrDeleted";
    let page = fake.post("records/query", &list_body("PrimarySync", list, 50_000, "ASCENDING", &[]));
    assert_eq!(page["records"].as_array().unwrap().len(), 200);
    let used = resident().unwrap().saturating_sub(before);
    println!("{} kB for 100,000 assets", used);
    assert!(used < 100_000, "{used} kB");
}
