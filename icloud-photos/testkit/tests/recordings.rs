//! Our answers beside recorded ones: same members of the same types, same cookies written the same way.

#![allow(clippy::unwrap_used)] // in helpers; clippy knows only functions marked as tests

mod support;

use std::path::PathBuf;

use http::Method;
use icloud_photos_testkit::{AccountSpec, FakeCloud, Response};
use serde_json::{Value, json};
use support::Client;

/// One recorded exchange; `None`, said aloud, where there are no recordings.
fn recorded(file: &str, exchange: usize) -> Option<Value> {
    let given = std::env::var_os("ICLOUD_RECORDINGS").map(PathBuf::from);
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recordings");
    let path = given.unwrap_or_else(beside).join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no recording at {}", path.display());
        return None;
    };
    let all: Value = serde_json::from_str(&text).unwrap();
    Some(all[exchange]["response"].clone())
}

fn body(recorded: &Value) -> Value {
    serde_json::from_str(recorded["body"].as_str().unwrap()).unwrap()
}

fn cloud() -> FakeCloud {
    FakeCloud::builder().account(AccountSpec { iterations: 1000, ..AccountSpec::default() }).build()
}

/// Asks as a client would that believes to talk to Apple.
async fn login_at_apple(client: &Client) -> Response {
    let trust = client.trust_token.clone().unwrap_or_default();
    let body = json!({"dsWebAuthToken": client.session_token, "extended_login": true, "trustToken": trust});
    let request =
        http::Request::builder().method(Method::POST).uri("https://setup.icloud.com/setup/ws/1/accountLogin");
    client.cloud.handle(request.body(body.to_string().into()).unwrap()).await
}

/// Name and attributes of a cookie, with the digits and words of dates made alike.
fn shape(cookie: &str) -> String {
    let (name, rest) = cookie.split_once("=\"").unwrap();
    let (_, attributes) = rest.split_once('"').unwrap();
    let attributes: Vec<String> = attributes.split(';').map(date_shape).collect();
    format!("{name} {}", attributes.join(";"))
}

fn date_shape(attribute: &str) -> String {
    let alike = |c: char| {
        if c.is_ascii_digit() {
            '0'
        } else if c.is_ascii_alphabetic() {
            'a'
        } else {
            c
        }
    };
    match attribute.strip_prefix("Expires=") {
        Some(date) => date.chars().map(alike).collect(),
        None => attribute.to_owned(),
    }
}

async fn compare_cookies(ours: &Response, recorded: &Value) {
    let ours: Vec<String> =
        ours.headers().get_all("set-cookie").iter().map(|cookie| shape(cookie.to_str().unwrap())).collect();
    for cookie in recorded["headers"]["Set-Cookie"].as_array().unwrap() {
        let wanted = shape(cookie.as_str().unwrap());
        assert!(ours.contains(&wanted), "{wanted} is not among {ours:#?}");
    }
}

/// Every member of ours that is recorded too must have the recorded type.
fn compare_types(ours: &Value, recorded: &Value, path: &str) {
    let (Some(mine), Some(theirs)) = (ours.as_object(), recorded.as_object()) else {
        assert_eq!(std::mem::discriminant(ours), std::mem::discriminant(recorded), "{path}");
        return;
    };
    for (name, value) in mine {
        if let Some(theirs) = theirs.get(name) {
            compare_types(value, theirs, &format!("{path}.{name}"));
        }
    }
}

async fn compare_account(ours: Response, recorded: &Value) {
    let ours: Value = serde_json::from_slice(&ours.into_body().collect().await.unwrap()).unwrap();
    let recorded = body(recorded);
    compare_types(&ours, &recorded, "");
    for name in recorded.as_object().unwrap().keys() {
        assert!(ours.get(name).is_some(), "{name} is missing");
    }
    for name in ["hsaVersion", "hasICloudQualifyingDevice", "isWebAccessAllowed", "locked", "iCDPEnabled"] {
        assert_eq!(ours["dsInfo"][name], recorded["dsInfo"][name], "{name}");
    }
    for name in ["hsaChallengeRequired", "hsaTrustedBrowser", "version", "isExtendedLogin"] {
        assert_eq!(ours[name], recorded[name], "{name}");
    }
    let (mine, theirs) = (&ours["webservices"]["ckdatabasews"], &recorded["webservices"]["ckdatabasews"]);
    assert_eq!((&mine["status"], &mine["pcsRequired"]), (&theirs["status"], &theirs["pcsRequired"]));
}

#[tokio::test]
async fn login_before_trust() {
    let Some(recorded) = recorded("2fa_flow_valid_code.json", 3) else { return };
    let mut client = Client::new(&cloud());
    client.right_password().await;
    let ours = login_at_apple(&client).await;
    compare_cookies(&ours, &recorded).await;
    compare_account(ours, &recorded).await;
}

#[tokio::test]
async fn login_after_trust() {
    let Some(recorded) = recorded("2fa_flow_valid_code.json", 6) else { return };
    let client = Client::sign_in(&cloud()).await;
    let ours = login_at_apple(&client).await;
    compare_cookies(&ours, &recorded).await;
    compare_account(ours, &recorded).await;
}

#[tokio::test]
async fn answers_of_the_sign_in_service_have_the_recorded_headers_and_bodies() {
    let (Some(complete), Some(code), Some(trust), Some(wrong)) = (
        recorded("2fa_flow_valid_code.json", 1),
        recorded("2fa_flow_valid_code.json", 4),
        recorded("2fa_flow_valid_code.json", 5),
        recorded("2fa_flow_invalid_code.json", 4),
    ) else {
        return;
    };
    let cloud = cloud();
    let mut client = Client::new(&cloud);
    let ours = [
        (client.right_password().await, complete),
        (
            {
                client.push().await;
                client.enter("nocode").await
            },
            wrong,
        ),
        (
            {
                let code = cloud.codes()[0].code.clone();
                client.enter(&code).await
            },
            code,
        ),
        (client.get("/appleauth/auth/2sv/trust").await, trust),
    ];
    for (ours, recorded) in ours {
        let harvested = |name: &&String| {
            name.to_lowercase().starts_with("x-apple") || *name == "scnt" || *name == "Location"
        };
        for name in recorded["headers"].as_object().unwrap().keys().filter(harvested) {
            assert!(ours.header(&name.to_lowercase()).is_some(), "{name}");
        }
        // The recording of a two-factor login says 200 where Apple says 409.
        let status = if recorded["body"] == r#"{"auth_type":"hsa2"}"# {
            json!(409)
        } else {
            recorded["status"].clone()
        };
        assert_eq!(json!(ours.status), status);
    }
}

#[tokio::test]
async fn a_wrong_code_and_a_wrong_password_have_the_recorded_bodies() {
    let (Some(code), Some(password)) =
        (recorded("2fa_flow_invalid_code.json", 4), recorded("failed_auth.json", 1))
    else {
        return;
    };
    let mut client = Client::new(&cloud());
    let refused = client.password("jdoe@example.com", "guess").await;
    assert_eq!(refused.json, body(&password));
    client.right_password().await;
    let wrong = client.enter("901431").await;
    assert_eq!(wrong.json["service_errors"], body(&code)["service_errors"]);
    assert_eq!(wrong.json["hasError"], true);
}
