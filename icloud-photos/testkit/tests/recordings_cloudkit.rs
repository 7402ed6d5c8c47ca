//! The fake against the recordings: for the bodies that were really sent, answers of the same shape.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use icloud_photos_testkit::{Context, Library, LibrarySpec, Request, SharedLibrary};
use serde_json::Value;

const NAMES: [&str; 4] = [
    "listing_albums",
    "download_autodelete_photos_part1",
    "download_autodelete_photos_part2",
    "autodelete_photos",
];

/// One recorded exchange with the database.
struct Exchange {
    name: String,
    uri: String,
    request: Value,
    answer: Value,
    headers: BTreeSet<String>,
}

/// The recorded exchanges, or nothing where there are no recordings.
fn recorded() -> Vec<Exchange> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recordings");
    let folder = std::env::var_os("ICLOUD_RECORDINGS").map_or_else(beside, PathBuf::from);
    let mut found = Vec::new();
    for name in NAMES {
        let Ok(text) = std::fs::read(folder.join(format!("{name}.json"))) else {
            println!("skipped: no recording {name} in {}", folder.display());
            continue;
        };
        let exchanges: Vec<Value> = serde_json::from_slice(&text).unwrap();
        for (i, exchange) in exchanges.iter().enumerate() {
            let uri = exchange["request"]["uri"].as_str().unwrap();
            let Some(at) = uri.find("/database/") else { continue };
            let body = exchange["request"]["body"].as_str().unwrap();
            found.push(Exchange {
                name: format!("{name} {i}"),
                uri: uri[at..].to_owned(),
                request: serde_json::from_str(body).unwrap(),
                answer: serde_json::from_str(exchange["response"]["body"].as_str().unwrap()).unwrap(),
                headers: header_names(exchange["response"]["headers"].as_object().unwrap().keys()),
            });
        }
    }
    found
}

/// The headers that belong to the database and not to the way there.
fn header_names<'a>(names: impl Iterator<Item = &'a String>) -> BTreeSet<String> {
    let ours =
        |name: &String| name.starts_with("x-") || name.starts_with("access-") || name == "content-type";
    names.map(|name| name.to_lowercase()).filter(ours).collect()
}

/// A fake, and names of its own that stand for names of the recorded account.
struct Fake {
    library: Library,
    truth: Value,
}

/// Asks the fake the same.
fn ask(Fake { library, truth }: &Fake, exchange: &Exchange) -> (u16, Value, BTreeSet<String>) {
    let shared = truth["zones"].as_array().unwrap().iter().find(|zone| zone["database"] == "shared").unwrap();
    let mut body = exchange.request.to_string();
    body = body.replace("SharedSync-00000000-1111-2222-3333-444444444444", shared["zone"].as_str().unwrap());
    if exchange.uri.contains("modify") {
        let record = &exchange.request["operations"][0]["record"];
        body =
            body.replace(record["recordName"].as_str().unwrap(), truth["assets"][0]["id"].as_str().unwrap());
        body = body.replace(&format!(",\"recordChangeTag\":{}", record["recordChangeTag"]), "");
    }
    let request: Request = ::http::Request::post(&exchange.uri).body(body.into()).unwrap();
    let context =
        Context { base_url: "https://cvws.icloud-content.com".to_owned(), now_ms: 1_686_106_458_410 };
    let response = library.cloudkit(&request, &context);
    let headers = response.headers().keys().map(|name| name.as_str().to_owned()).collect::<Vec<_>>();
    let status = response.status().as_u16();
    let body = futures::executor::block_on(response.into_body().collect()).unwrap();
    (status, serde_json::from_slice(&body).unwrap(), header_names(headers.iter()))
}

/// Every member of every object, with the type of its value; lists count as their elements, and members of
/// `records` go by the kind of record.
fn shape(value: &Value, path: &str, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            let kind = members.get("recordType").and_then(Value::as_str);
            let path = kind.map_or_else(|| path.to_owned(), |kind| format!("{path}<{kind}>"));
            for (name, value) in members {
                shape(value, &format!("{path}.{name}"), out);
            }
        }
        Value::Array(items) => {
            out.insert(format!("{path}[]"));
            items.iter().for_each(|item| shape(item, &format!("{path}[]"), out));
        }
        Value::String(text) if path.ends_with(".type") => drop(out.insert(format!("{path}={text}"))),
        Value::String(_) => drop(out.insert(format!("{path}:text"))),
        Value::Number(_) => drop(out.insert(format!("{path}:number"))),
        Value::Bool(_) => drop(out.insert(format!("{path}:bool"))),
        Value::Null => drop(out.insert(format!("{path}:null"))),
    }
}

fn fake() -> Fake {
    let spec = LibrarySpec::everyday(1, 1_200).with_shared_library(SharedLibrary::Participant, 100);
    let library = Library::generate(&spec);
    Fake { truth: library.truth(), library }
}

#[test]
fn answers_to_recorded_requests_have_the_recorded_shape() {
    let fake = fake();
    let all = recorded();
    // Fields differ from photo to photo: what may appear is what any recording of the same list shows.
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for exchange in &all {
        let kind = exchange.request["query"]["recordType"].to_string();
        shape(&exchange.answer, "", known.entry(kind).or_default());
    }
    for exchange in &all {
        let (status, answer, headers) = ask(&fake, exchange);
        assert_eq!(status, 200, "{}: {answer}", exchange.name);
        let (mut real, mut ours) = (BTreeSet::new(), BTreeSet::new());
        shape(&exchange.answer, "", &mut real);
        shape(&answer, "", &mut ours);
        let missing: Vec<_> = real.difference(&ours).filter(|path| !may_be_missing(path)).collect();
        assert!(missing.is_empty(), "{}: missing {missing:#?}", exchange.name);
        let kind = exchange.request["query"]["recordType"].to_string();
        let added: Vec<_> = ours.difference(&known[&kind]).filter(|path| !may_be_added(path)).collect();
        assert!(added.is_empty(), "{}: not recorded {added:#?}", exchange.name);
        let missing: Vec<_> = exchange.headers.difference(&headers).collect();
        assert!(missing.is_empty(), "{}: headers {missing:?}", exchange.name);
    }
}

/// The last page of the fake's list is another one than that of the recorded list.
fn may_be_missing(path: &str) -> bool {
    path == ".continuationMarker:text"
}

/// Fields the protocol page knows from other recordings and clients, and no recording here happens to hold.
fn may_be_added(path: &str) -> bool {
    let families =
        ["resOriginalAlt", "resVidFull", "resOriginalVidCompl", "resVidMed", "resVidSmall", "resJPEGMed"];
    let fields = [
        "captionEnc",
        "burstId",
        "burstFlagsExt",
        "adjustmentSimpleDataEnc",
        "locationEnc",
        "adjustmentType",
    ];
    let zones = [".zones[].syncToken:text", ".zones[].atomic:bool", ".zones[].deleted:bool"];
    path == ".continuationMarker:text"
        || zones.contains(&path)
        || path.ends_with("zoneID.zoneType:text")
        || path.ends_with(".filenameEnc.type=STRING")
        || families.iter().any(|family| path.contains(&format!(".fields.{family}")))
        || fields.iter().any(|field| path.contains(&format!(".fields.{field}.")))
        || path.contains(".fields.parentId.")
}

#[test]
fn links_have_the_parts_of_recorded_links() {
    let fake = fake();
    for exchange in recorded() {
        let (_, answer, _) = ask(&fake, &exchange);
        for (real, ours) in links(&exchange.answer).iter().zip(links(&answer)) {
            let parts = |link: &str| {
                let url = url::Url::parse(link).unwrap();
                url.query_pairs().map(|(name, _)| name.into_owned()).collect::<BTreeSet<_>>()
            };
            assert_eq!(parts(&ours), parts(real));
            assert_eq!(ours.split('?').next().unwrap().len(), real.split('?').next().unwrap().len());
        }
    }
}

fn links(answer: &Value) -> Vec<String> {
    let records = answer["records"].as_array().cloned().unwrap_or_default();
    let link = |record: &Value| {
        record["fields"]["resOriginalRes"]["value"]["downloadURL"].as_str().map(str::to_owned)
    };
    records.iter().filter_map(link).collect()
}

#[test]
fn the_recorded_order_of_a_page_is_ours() {
    let fake = fake();
    for exchange in recorded().iter().filter(|exchange| exchange.name.starts_with("download")) {
        let kinds = |answer: &Value| {
            let records = answer["records"].as_array().cloned().unwrap_or_default();
            let mut kinds: Vec<String> =
                records.iter().map(|record| record["recordType"].to_string()).collect();
            kinds.dedup();
            kinds
        };
        let (_, answer, _) = ask(&fake, exchange);
        if !answer["records"].as_array().is_none_or(Vec::is_empty) {
            assert_eq!(kinds(&answer), kinds(&exchange.answer), "{}", exchange.name);
        }
    }
}
