//! The fake over TCP: what really goes over the wire, and the switches under `/fake/`.

#![allow(clippy::unwrap_used)] // in helpers; clippy knows only functions marked as tests

mod support;

use icloud_photos_testkit::{AccountSpec, FakeCloud, LibrarySpec, Server};
use serde_json::{Value, json};
use support::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LEGACY: &str = "POST /appleauth/auth/signin HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\
                      x-apple-widget-key: d39ba9916b7251055b22c7f910e2ea796ee65e98b2ddecea8f5dde8d9d1a815d\r\n";

async fn served() -> (FakeCloud, Server) {
    let cloud = FakeCloud::builder()
        .account(AccountSpec { iterations: 1000, ..AccountSpec::default() })
        .library(LibrarySpec::plain(20, 100))
        .build();
    let server = cloud.serve().await.unwrap();
    (cloud, server)
}

/// Sends the text and reads until the server closes.
async fn exchange(server: &Server, text: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

/// One request to a switch: status and JSON.
async fn fake(server: &Server, method: &str, path: &str, body: &str) -> (u16, Value) {
    let length = body.len();
    let text = format!(
        "{method} /fake/{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let answer = exchange(server, &text).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
}

async fn script(server: &Server, action: Value) {
    let rules = json!([{"match": "auth/legacy", "times": 1, "action": action}]);
    assert_eq!(fake(server, "POST", "faults", &rules.to_string()).await.0, 200);
}

#[tokio::test]
async fn connections_are_kept_and_links_point_to_the_port() {
    let (cloud, server) = served().await;
    assert_eq!(cloud.base_url(), server.url());
    let answer = exchange(&server, &format!("{LEGACY}\r\n{LEGACY}connection: close\r\n\r\n")).await;
    assert_eq!(answer.matches("HTTP/1.1 503").count(), 2);
    assert_eq!(answer.matches("content-length: 29").count(), 2);
    assert_eq!(cloud.counts().requests_to("auth"), 2);
}

#[tokio::test]
async fn broken_answers_are_broken_on_the_wire() {
    let (_cloud, server) = served().await;
    let request = format!("{LEGACY}\r\n");
    script(&server, json!({"kind": "reset"})).await;
    assert_eq!(exchange(&server, &request).await, "");
    script(&server, json!({"kind": "cut", "after": 7})).await;
    let cut = exchange(&server, &request).await;
    assert!(cut.contains("content-length: 29\r\n") && cut.ends_with("\r\n\r\nService"), "{cut}");
    script(&server, json!({"kind": "truncate", "after": 7})).await;
    let short = exchange(&server, &request).await;
    assert!(short.contains("content-length: 29\r\n") && short.ends_with("\r\n\r\nService"), "{short}");
    script(&server, json!({"kind": "resize", "by": 3})).await;
    let long = exchange(&server, &format!("{LEGACY}connection: close\r\n\r\n")).await;
    assert!(long.contains("content-length: 32\r\n") && long.ends_with("Unavailable\0\0\0"), "{long}");
}

#[tokio::test]
async fn a_dropped_server_is_gone() {
    let (_cloud, server) = served().await;
    let address = server.address();
    let mut open = TcpStream::connect(address).await.unwrap();
    open.write_all(format!("{LEGACY}\r\n").as_bytes()).await.unwrap();
    let mut begun = [0; 12];
    open.read_exact(&mut begun).await.unwrap();
    drop(server);
    let mut rest = Vec::new();
    // The connection ends; without the drop this would wait for ever.
    let _ = open.read_to_end(&mut rest).await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn switches_work_over_http() {
    let (cloud, server) = served().await;
    let mut client = Client::sign_in(&cloud).await;
    let (_, counters) = fake(&server, "GET", "counters", "").await;
    assert_eq!(counters["endpoints"]["auth/init"]["requests"], 1);
    assert_eq!(counters["endpoints"]["auth/complete"]["statuses"]["409"], 1);
    fake(&server, "POST", "counters/reset", "").await;
    assert_eq!(fake(&server, "GET", "counters", "").await.1["requests"], 0);

    assert_eq!(fake(&server, "POST", "expire?what=sessions", "").await.0, 200);
    assert_eq!(client.validate().await.status, 421);
    assert_eq!(fake(&server, "POST", "expire?what=everything", "").await.0, 400);
    assert_eq!(fake(&server, "POST", "expire?what=session-tokens", "").await.0, 200);
    assert_eq!(client.account_login().await.status, 421);
    assert_eq!(fake(&server, "POST", "expire?what=trust-tokens", "").await.0, 200);
    assert_eq!(client.right_password().await.status, 409);
    client.push().await;
    let (_, codes) = fake(&server, "GET", "codes", "").await;
    assert_eq!(codes[0]["code"], cloud.codes()[0].code.as_str());

    let before = cloud.now_ms();
    let (_, now) = fake(&server, "POST", "advance?seconds=3600", "").await;
    assert!(now["now_ms"].as_i64().unwrap() >= before + 3_600_000);
    assert_eq!(fake(&server, "POST", "advance", "").await.0, 400);

    let path = "account?username=jdoe@example.com";
    let (status, account) = fake(&server, "POST", path, r#"{"web_access": false}"#).await;
    assert_eq!((status, &account["web_access"], &account["iterations"]), (200, &json!(false), &json!(1000)));
    assert_eq!(fake(&server, "POST", path, r#"{"web_acess": true}"#).await.0, 400);
    assert_eq!(fake(&server, "GET", path, "").await.1["web_access"], false);
    assert_eq!(fake(&server, "POST", "faults", r#"[{"match": "nowhere"}]"#).await.0, 400);
    assert_eq!(fake(&server, "POST", "stir?changes=8", "").await, (200, json!({"changes": 8})));
    assert_eq!(fake(&server, "POST", "stir", "").await.0, 400);
    assert_eq!(fake(&server, "GET", "nothing", "").await.0, 404);
}

#[tokio::test]
async fn as_many_requests_at_once_as_there_were_are_remembered() {
    let (cloud, server) = served().await;
    fake(&server, "POST", "faults", r#"[{"match": "auth/legacy", "action": {"kind": "stall"}}]"#).await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(format!("{LEGACY}\r\n").as_bytes()).await.unwrap();
        waiting.push(stream);
    }
    while cloud.counts().peak_concurrent < 3 {
        tokio::task::yield_now().await;
    }
    assert_eq!(cloud.counts().peak_concurrent, 3);
}
