//! `/fake/...`: the switches over HTTP, for programs in other languages and for people.

use ::http::{Method, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::cloud::FakeCloud;
use crate::faults::FaultScript;
use crate::http::{self, Request, Response, body_json, json, query};
use crate::library::{Context, Edit, Library};

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
        (&Method::GET, "truth") => of_library(cloud, request, truth),
        (&Method::GET, "links") => links(cloud),
        (&Method::POST, "mutate") => of_library(cloud, request, mutate),
        (&Method::POST, "stir") => of_library(cloud, request, stir),
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
        Some("change-tokens") => return of_library(cloud, request, expire_change_tokens),
        _ => {
            return wrong(
                StatusCode::BAD_REQUEST,
                "expire wants ?what=sessions, session-tokens, trust-tokens or change-tokens",
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
fn of_library(
    cloud: &FakeCloud,
    request: &Request,
    answer: fn(&FakeCloud, &Library, &Request) -> Response,
) -> Response {
    let library = match query(request, "username") {
        Some(username) => cloud.library(&username),
        None => cloud.first_library(),
    };
    match library {
        Some(library) => answer(cloud, library, request),
        None => wrong(StatusCode::NOT_FOUND, "there is no such account"),
    }
}

fn truth(_: &FakeCloud, library: &Library, request: &Request) -> Response {
    let mut text = Vec::new();
    match library.write_truth(&mut text, query(request, "sha256").is_some()) {
        Ok(()) => http::text(StatusCode::OK, "application/json; charset=UTF-8", text),
        Err(error) => wrong(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// Text, one link a line, of the first account's library.
fn links(cloud: &FakeCloud) -> Response {
    let Some(library) = cloud.first_library() else {
        return wrong(StatusCode::NOT_FOUND, "there is no account");
    };
    let context = Context { base_url: cloud.base_url(), now_ms: cloud.now_ms() };
    let mut text = Vec::new();
    match library.write_links(&context, &mut text) {
        Ok(()) => http::text(StatusCode::OK, "text/plain", text),
        Err(error) => wrong(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn expire_change_tokens(_: &FakeCloud, library: &Library, _: &Request) -> Response {
    library.expire_tokens();
    done()
}

fn mutate(cloud: &FakeCloud, library: &Library, request: &Request) -> Response {
    let wanted = body_json(request);
    if let Some(name) = wanted["add"].as_str() {
        let size = wanted["size"].as_u64().unwrap_or(1000);
        return value(&json!({"asset": library.add_photo(name, size, cloud.now_ms())}));
    }
    let (Some(asset), Some(edit)) = (wanted["asset"].as_str(), edit(&wanted)) else {
        return wrong(StatusCode::BAD_REQUEST, "mutate wants add, or asset and a known edit");
    };
    if library.edit(asset, &edit, cloud.now_ms()) {
        done()
    } else {
        wrong(StatusCode::CONFLICT, "there is no such asset, or the edit does not apply to it")
    }
}

fn stir(cloud: &FakeCloud, library: &Library, request: &Request) -> Response {
    match query(request, "changes").and_then(|changes| changes.parse().ok()) {
        Some(changes) => value(&json!({"changes": library.stir(changes, cloud.now_ms())})),
        None => wrong(StatusCode::BAD_REQUEST, "stir wants ?changes=N"),
    }
}

fn edit(wanted: &Value) -> Option<Edit> {
    let album = wanted["album"].as_str().map(str::to_owned);
    Some(match wanted["edit"].as_str()? {
        "render" => Edit::Render,
        "rename" => Edit::Rename(wanted["name"].as_str()?.to_owned()),
        "favourite" => Edit::Favourite(true),
        "unfavourite" => Edit::Favourite(false),
        "hide" => Edit::Hide(true),
        "show" => Edit::Hide(false),
        "trash" => Edit::Trash,
        "restore" => Edit::Restore,
        "purge" => Edit::Purge,
        "enter" => Edit::Enter(album?),
        "leave" => Edit::Leave(album?),
        "move-to-shared" => Edit::MoveToShared,
        _ => return None,
    })
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
