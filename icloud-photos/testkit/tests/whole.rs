//! Sign-in, database and content host together.

#![allow(clippy::unwrap_used)] // in helpers; clippy knows only functions marked as tests

mod support;

use icloud_photos_testkit::{AccountSpec, Edit, FakeCloud, FaultAction, FaultRule, FaultScript, LibrarySpec};
use serde_json::{Value, json};
use support::{Answer, Client, PHOTOS};

async fn list(client: &mut Client) -> Answer {
    let filter = |name: &str, kind: &str, value: Value| json!({"fieldName": name, "comparator": "EQUALS", "fieldValue": {"type": kind, "value": value}});
    let body = json!({
        "query": {
            "recordType": "CPLAssetAndMasterByAddedDate",
            "filterBy": [filter("startRank", "INT64", 0.into()), filter("direction", "STRING", "ASCENDING".into())],
        },
        "resultsLimit": 200,
        "zoneID": {"zoneName": "PrimarySync"},
    });
    client.post(&format!("{PHOTOS}/records/query"), body).await
}

/// Links to the originals of a listing.
fn links(listing: &Answer) -> Vec<String> {
    let records = listing.json["records"].as_array().unwrap();
    let link = |record: &Value| {
        record["fields"]["resOriginalRes"]["value"]["downloadURL"].as_str().map(str::to_owned)
    };
    records.iter().filter_map(link).collect()
}

async fn signed_in(cloud: &FakeCloud, login: &str) -> Client {
    let mut client = Client::new(cloud);
    assert_eq!(client.password(login, "correct horse battery staple").await.status, 200);
    assert_eq!(client.account_login().await.status, 200);
    client
}

fn account(login: &str) -> AccountSpec {
    AccountSpec {
        username: login.to_owned(),
        iterations: 1000,
        ..AccountSpec::in_state("password-only").unwrap()
    }
}

#[tokio::test]
async fn each_account_has_its_own_library_and_its_links_lead_there() {
    let cloud = FakeCloud::builder()
        .account(account("a@example.com"))
        .library(LibrarySpec::plain(2, 500))
        .account(account("b@example.com"))
        .library(LibrarySpec { seed: 9, ..LibrarySpec::plain(3, 700) })
        .base_url("http://127.0.0.1:4711")
        .build();
    for (login, photos, size) in [("a@example.com", 2, 500), ("b@example.com", 3, 700)] {
        let mut client = signed_in(&cloud, login).await;
        let links = links(&list(&mut client).await);
        assert_eq!(links.len(), photos);
        for link in links {
            let photo = client.get(&link.replace("${f}", "x")).await;
            assert_eq!((photo.status, photo.bytes.len()), (200, size), "{link}");
        }
    }
}

#[tokio::test]
async fn a_short_list_hides_its_end() {
    let cloud =
        FakeCloud::builder().account(account("a@example.com")).library(LibrarySpec::plain(10, 100)).build();
    let mut client = signed_in(&cloud, "a@example.com").await;
    let whole = list(&mut client).await.json["records"].as_array().unwrap().len();
    let rule = FaultRule::new("cloudkit/records/query", FaultAction::ShortList { keep: 5 });
    cloud.set_faults(FaultScript::new([rule])).unwrap();
    assert_eq!((whole, list(&mut client).await.json["records"].as_array().unwrap().len()), (20, 5));
}

#[tokio::test]
async fn faults_of_content_befall_real_bytes() {
    let cloud = FakeCloud::builder()
        .account(account("a@example.com"))
        .library(LibrarySpec::plain(1, 3_000_000))
        .build();
    let mut client = signed_in(&cloud, "a@example.com").await;
    let link = links(&list(&mut client).await)[0].replace("${f}", "x");
    let right = client.get(&link).await.bytes;
    assert_eq!(right.len(), 3_000_000);
    let flip = FaultRule::new("content", FaultAction::Flip { at: None });
    cloud.set_faults(FaultScript::new([flip])).unwrap();
    let wrong = client.get(&link).await.bytes;
    assert_eq!(wrong.len(), right.len());
    assert_eq!(right.iter().zip(&wrong).filter(|(a, b)| a != b).count(), 1);
    let counts = cloud.counts();
    assert_eq!(counts.endpoints["content"].bytes, 6_000_000);
    cloud.set_faults(FaultScript::new([FaultRule::new("content", FaultAction::status(410))])).unwrap();
    assert_eq!(client.get(&link).await.status, 410);
}

#[tokio::test]
async fn a_library_changes_under_the_client() {
    let cloud =
        FakeCloud::builder().account(account("a@example.com")).library(LibrarySpec::plain(3, 100)).build();
    let mut client = signed_in(&cloud, "a@example.com").await;
    let library = cloud.library("a@example.com").unwrap();
    let added = library.add_photo("NEW.JPG", 100, cloud.now_ms());
    assert_eq!(links(&list(&mut client).await).len(), 4);
    assert!(library.edit(&added, &Edit::Trash, cloud.now_ms()));
    assert_eq!(links(&list(&mut client).await).len(), 3);
}

#[tokio::test]
async fn a_wrong_script_does_not_go_unseen() {
    let script = FaultScript::new([FaultRule::new("auth/inti", FaultAction::Reset)]);
    let cloud = FakeCloud::builder().faults(script).build();
    let answer = Client::new(&cloud).validate().await;
    assert_eq!(answer.status, 500);
    assert!(String::from_utf8_lossy(&answer.bytes).contains("auth/inti"));
}
