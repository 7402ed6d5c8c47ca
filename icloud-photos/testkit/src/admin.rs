//! `/fake/...`: the switches over HTTP, for programs in other languages and for people.

use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::cloud::FakeCloud;
use crate::faults::FaultScript;
use crate::http::{Request, Response, json, query};

/// Answers a request to the fake itself. These are neither counted nor subject to faults.
pub(crate) fn answer(cloud: &FakeCloud, request: &Request) -> Response {
    let path = request.uri().path().trim_start_matches("/fake/");
    match (request.method(), path) {
        (&Method::GET, "counters") => value(&cloud.counts()),
        (&Method::POST, "counters/reset") => {
            cloud.reset_counts();
            done()
        }
        (&Method::GET, "codes") => value(&cloud.codes()),
        (&Method::POST, "faults") => set_faults(cloud, request),
        (&Method::POST, "advance") => advance(cloud, request),
        (&Method::POST, "expire") => expire(cloud, request),
        (&Method::POST, "move-partition") => {
            cloud.move_partition();
            done()
        }
        (&Method::GET, "account") => account(cloud, request),
        (&Method::POST, "account") => change_account(cloud, request),
        (_, "truth" | "mutate") => library(cloud, request),
        _ => wrong(StatusCode::NOT_FOUND, "there is no such switch"),
    }
}

fn set_faults(cloud: &FakeCloud, request: &Request) -> Response {
    let script = if request.body().is_empty() {
        Ok(FaultScript::default())
    } else {
        FaultScript::from_json(&String::from_utf8_lossy(request.body()))
    };
    match script.and_then(|script| cloud.set_faults(script)) {
        Ok(()) => done(),
        Err(reason) => wrong(StatusCode::BAD_REQUEST, &reason),
    }
}

fn advance(cloud: &FakeCloud, request: &Request) -> Response {
    match query(request, "seconds").and_then(|seconds| seconds.parse().ok()) {
        Some(seconds) => {
            cloud.advance_seconds(seconds);
            value(&json!({"now_ms": cloud.now_ms()}))
        }
        None => wrong(StatusCode::BAD_REQUEST, "advance wants ?seconds=N"),
    }
}

fn expire(cloud: &FakeCloud, request: &Request) -> Response {
    match query(request, "what").as_deref() {
        Some("sessions") => cloud.expire_sessions(),
        Some("session-tokens") => cloud.expire_session_tokens(),
        Some("trust-tokens") => cloud.expire_trust_tokens(),
        _ => {
            return wrong(
                StatusCode::BAD_REQUEST,
                "expire wants ?what=sessions, session-tokens or trust-tokens",
            );
        }
    }
    done()
}

fn account(cloud: &FakeCloud, request: &Request) -> Response {
    match query(request, "username").and_then(|username| cloud.account(&username)) {
        Some(spec) => value(&spec),
        None => wrong(StatusCode::NOT_FOUND, "account wants ?username=NAME of an account"),
    }
}

/// Takes over the members that the body has.
fn change_account(cloud: &FakeCloud, request: &Request) -> Response {
    let username = query(request, "username").unwrap_or_default();
    let Some(spec) = cloud.account(&username) else {
        return wrong(StatusCode::NOT_FOUND, "account wants ?username=NAME of an account");
    };
    match spec.with_json(&String::from_utf8_lossy(request.body())) {
        Ok(spec) => {
            cloud.change_account(&username, |account| *account = spec.clone());
            value(&spec)
        }
        Err(reason) => wrong(StatusCode::BAD_REQUEST, &reason),
    }
}

/// What only the library can say or do.
fn library(cloud: &FakeCloud, request: &Request) -> Response {
    match cloud.library(query(request, "username").as_deref()) {
        Some(_) => wrong(StatusCode::NOT_IMPLEMENTED, "the library cannot do that yet"),
        None => wrong(StatusCode::NOT_FOUND, "there is no such account"),
    }
}

fn value(value: &impl Serialize) -> Response {
    json(StatusCode::OK, &serde_json::to_value(value).unwrap_or_default())
}

fn done() -> Response {
    json(StatusCode::OK, &json!({}))
}

fn wrong(status: StatusCode, reason: &str) -> Response {
    json(status, &json!({"error": reason}))
}
