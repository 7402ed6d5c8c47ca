//! Fault scripts: the right request goes wrong in the right way.

#![allow(clippy::unwrap_used)] // in helpers; clippy knows only functions marked as tests

mod support;

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use http::Method;
use icloud_photos_testkit::{ConnectionReset, FakeCloud, FaultAction, FaultRule, FaultScript, RetryAfter};
use serde_json::{Value, json};
use support::Client;

/// A call whose answer is always the same 29 bytes with status 503.
const FIXED: &str = "/appleauth/auth/signin";
const TEXT: &[u8] = b"Service Temporary Unavailable";

fn cloud(rules: impl IntoIterator<Item = FaultRule>) -> FakeCloud {
    FakeCloud::builder().faults(FaultScript::new(rules)).build()
}

fn on_fixed(action: FaultAction) -> FakeCloud {
    cloud([FaultRule::new("auth/legacy", action)])
}

/// The length the answer declares, the bytes that came, and whether they ended in an error.
async fn body(cloud: &FakeCloud) -> (Option<String>, Vec<u8>, bool) {
    let response = Client::new(cloud).raw(Method::POST, FIXED, Bytes::new()).await;
    let length = response.headers().get("content-length").map(|value| value.to_str().unwrap().to_owned());
    let mut stream = response.into_body().into_stream();
    let (mut all, mut broken) = (Vec::new(), false);
    while let Some(chunk) = stream.next().await {
        match chunk {
            Ok(chunk) => all.extend_from_slice(&chunk),
            Err(_) => broken = true,
        }
    }
    (length, all, broken)
}

async fn status(cloud: &FakeCloud, path: &str) -> u16 {
    Client::new(cloud).post(path, Value::Null).await.status
}

#[tokio::test]
async fn after_and_times_count_the_requests_a_rule_matches() {
    let cloud = cloud([FaultRule::new("setup", FaultAction::status(500)).after(1).times(2)]);
    let mut seen = Vec::new();
    for _ in 0..5 {
        assert_eq!(status(&cloud, FIXED).await, 503, "not of that service");
        seen.push(status(&cloud, "/setup/ws/1/validate").await);
    }
    assert_eq!(seen, [421, 500, 500, 421, 421]);
}

#[tokio::test]
async fn the_first_rule_that_fires_acts() {
    let rules = [
        FaultRule::new("setup/validate", FaultAction::status(450)).times(1),
        FaultRule::new("/setup/ws/1/v", FaultAction::status(429)),
    ];
    let cloud = cloud(rules);
    assert_eq!(status(&cloud, "/setup/ws/1/validate").await, 450);
    assert_eq!(status(&cloud, "/setup/ws/1/validate").await, 429);
    assert_eq!(status(&cloud, "/setup/ws/1/logout").await, 421);
}

#[tokio::test]
async fn a_rate_is_the_same_every_time_and_another_with_another_seed() {
    async fn run(seed: u64) -> Vec<u16> {
        let rule = FaultRule::new("setup", FaultAction::status(500)).rate(0.5);
        let cloud = cloud([]);
        cloud.set_faults(FaultScript { seed, rules: vec![rule] }).unwrap();
        let mut seen = Vec::new();
        for _ in 0..200 {
            seen.push(status(&cloud, "/setup/ws/1/validate").await);
        }
        seen
    }
    let first = run(1).await;
    assert_eq!(first, run(1).await);
    assert_ne!(first, run(2).await);
    let hits = first.iter().filter(|status| **status == 500).count();
    assert!((60..140).contains(&hits), "{hits}");
}

#[tokio::test]
async fn a_rule_may_look_for_a_text() {
    let cloud = cloud([FaultRule::new("*", FaultAction::status(500)).containing("needle")]);
    let mut client = Client::new(&cloud);
    assert_eq!(client.post("/setup/ws/1/validate", json!("hay")).await.status, 421);
    assert_eq!(client.post("/setup/ws/1/validate", json!("a needle")).await.status, 500);
    assert_eq!(client.post("/setup/ws/1/validate?needle=1", Value::Null).await.status, 500);
}

#[tokio::test]
async fn a_status_comes_with_what_its_service_says() {
    let action = FaultAction::Status { code: 503, retry_after: Some(RetryAfter::Seconds(7)), body: None };
    let cloud = cloud([FaultRule::new("*", action)]);
    let mut client = Client::new(&cloud);
    let sign_in = client.post(FIXED, Value::Null).await;
    assert_eq!((sign_in.header("retry-after"), &sign_in.bytes[..]), (Some("7"), TEXT));
    let database = client.zones().await;
    assert_eq!(database.json["serverErrorCode"], "TRY_AGAIN_LATER");
    assert!(client.get("/B/x/y").await.bytes.is_empty());
    cloud.set_faults(FaultScript::new([FaultRule::new("content", FaultAction::status(400))])).unwrap();
    assert_eq!(&client.get("/B/x/y").await.bytes[..], b"{}");
}

#[tokio::test]
async fn pages_and_tiny_texts_come_with_200() {
    let page = Client::new(&on_fixed(FaultAction::Html)).post(FIXED, Value::Null).await;
    assert_eq!(page.status, 200);
    assert!(page.bytes.starts_with(b"<!DOCTYPE html>"));
    let tiny = Client::new(&on_fixed(FaultAction::Tiny)).post(FIXED, Value::Null).await;
    assert_eq!((tiny.status, tiny.bytes.len()), (200, 17));
}

#[tokio::test]
async fn a_reset_is_no_answer() {
    let cloud = on_fixed(FaultAction::Reset);
    let response = Client::new(&cloud).raw(Method::POST, FIXED, Bytes::new()).await;
    assert!(response.extensions().get::<ConnectionReset>().is_some());
    assert!(response.into_body().collect().await.is_err());
    let counts = cloud.counts();
    assert_eq!(counts.requests, 1);
    assert!(counts.endpoints["auth/legacy"].statuses.is_empty());
}

#[tokio::test]
async fn bodies_break_shrink_grow_and_rot() {
    let full = Some("29".to_owned());
    assert_eq!(
        body(&on_fixed(FaultAction::Cut { after: 7 })).await,
        (full.clone(), b"Service".to_vec(), true)
    );
    assert_eq!(
        body(&on_fixed(FaultAction::Truncate { after: 7 })).await,
        (full.clone(), b"Service".to_vec(), false)
    );
    let shorter = (Some("27".to_owned()), TEXT[..27].to_vec(), false);
    assert_eq!(body(&on_fixed(FaultAction::Resize { by: -2 })).await, shorter);
    let longer = (Some("31".to_owned()), [TEXT, &[0, 0]].concat(), false);
    assert_eq!(body(&on_fixed(FaultAction::Resize { by: 2 })).await, longer);
    let flipped = (full.clone(), b"Rervice Temporary Unavailable".to_vec(), false);
    assert_eq!(body(&on_fixed(FaultAction::Flip { at: Some(0) })).await, flipped);

    let (length, anywhere, _) = body(&on_fixed(FaultAction::Flip { at: None })).await;
    let wrong_bits: u32 = TEXT.iter().zip(&anywhere).map(|(a, b)| (a ^ b).count_ones()).sum();
    assert_eq!((length, anywhere.len(), wrong_bits), (full, TEXT.len(), 1));
}

#[tokio::test(start_paused = true)]
async fn a_stall_waits_before_the_headers_or_in_the_body() {
    let whole = async |action: FaultAction| {
        let cloud = on_fixed(action);
        let begun = tokio::time::Instant::now();
        let (_, bytes, _) = body(&cloud).await;
        (bytes, begun.elapsed())
    };
    let minute = Duration::from_secs(60);
    assert_eq!(whole(FaultAction::Stall { after: None, ms: Some(60_000) }).await, (TEXT.to_vec(), minute));
    assert_eq!(whole(FaultAction::Stall { after: Some(7), ms: Some(60_000) }).await, (TEXT.to_vec(), minute));

    let cloud = on_fixed(FaultAction::Stall { after: Some(7), ms: None });
    let response = Client::new(&cloud).raw(Method::POST, FIXED, Bytes::new()).await;
    let mut stream = response.into_body().into_stream();
    assert_eq!(stream.next().await.unwrap().unwrap(), "Service");
    let year = Duration::from_secs(31_536_000);
    assert!(tokio::time::timeout(year, stream.next()).await.is_err());
}

#[test]
fn a_script_that_could_never_fire_is_an_error() {
    for (text, complaint) in [
        (r#"[{"match": "auth/inti", "action": {"kind": "reset"}}]"#, "auth/inti"),
        (r#"[{"match": "auth", "tims": 1, "action": {"kind": "reset"}}]"#, "tims"),
        (r#"[{"match": "auth", "action": {"kind": "status", "code": 42}}]"#, "42"),
        (r#"[{"match": "auth", "action": {"kind": "status", "code": 503, "retryAfter": 1}}]"#, "retryAfter"),
        (r#"[{"match": "auth", "rate": 1.5, "action": {"kind": "reset"}}]"#, "rate"),
    ] {
        let error = FaultScript::from_json(text).unwrap_err();
        assert!(error.contains(complaint), "{error}");
    }
    let text = r#"{"seed": 7, "rules": [
        {"match": "content", "after": 3, "times": 2, "action": {"kind": "status", "code": 503, "retry_after": 1}},
        {"match": "content", "action": {"kind": "status", "code": 429, "retry_after": "Fri, 31 Dec 1999 23:59:59 GMT"}},
        {"match": "*", "rate": 0.1, "action": {"kind": "stall", "ms": 5}},
        {"match": "/B/", "action": {"kind": "short-list", "keep": 3}}]}"#;
    let script = FaultScript::from_json(text).unwrap();
    let again = FaultScript::from_json(&serde_json::to_string(&script).unwrap()).unwrap();
    assert_eq!(script, again);
}
