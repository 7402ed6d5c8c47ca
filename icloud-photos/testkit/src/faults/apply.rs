//! Doing to an answer what a rule says.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{pending, ready};
use futures::stream::{BoxStream, iter, once};
use futures::{FutureExt, StreamExt, TryStreamExt};
use http::header::{CONTENT_LENGTH, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::{Fault, FaultAction, RetryAfter};
use crate::endpoint::Endpoint;
use crate::gate;
use crate::http::{Body, ConnectionReset, Response, empty, html, text};

type Chunks = BoxStream<'static, io::Result<Bytes>>;

/// Answers a request that a fault befalls. `route` is what would have happened.
pub(crate) async fn suffer(fault: Fault, endpoint: Endpoint, route: impl FnOnce() -> Response) -> Response {
    match fault.action {
        FaultAction::Status { code, retry_after, body } => status(endpoint, code, retry_after, body),
        FaultAction::Html => html(StatusCode::OK, "<!DOCTYPE html><html><body><h1>iCloud</h1></body></html>"),
        FaultAction::Tiny => text(StatusCode::OK, "text/plain", "501 Unimplemented"),
        FaultAction::Reset => reset(),
        FaultAction::Stall { after: None, ms } => {
            pause(ms).await;
            route()
        }
        FaultAction::Stall { after: Some(at), ms } => {
            in_body(route(), at, move |body, at| stalled(body, at, ms))
        }
        FaultAction::Cut { after } => in_body(route(), after, cut),
        FaultAction::Truncate { after } => in_body(route(), after, truncated),
        FaultAction::Flip { at } => in_body(route(), at.unwrap_or(fault.roll), flipped),
        FaultAction::Resize { by } => resized(route(), by),
        FaultAction::ShortList { keep } => shortened(route(), keep),
    }
}

fn status(endpoint: Endpoint, code: u16, retry_after: Option<RetryAfter>, body: Option<String>) -> Response {
    let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match body {
        Some(body) => text(code, "application/json; charset=UTF-8", body),
        None => usual(endpoint, code),
    };
    let value = match &retry_after {
        Some(RetryAfter::Seconds(seconds)) => HeaderValue::from_str(&seconds.to_string()).ok(),
        Some(RetryAfter::Text(text)) => HeaderValue::from_str(text).ok(),
        None => None,
    };
    if let Some(value) = value {
        response.headers_mut().insert(RETRY_AFTER, value);
    }
    response
}

/// What the service in question says with that status.
fn usual(endpoint: Endpoint, code: StatusCode) -> Response {
    let service = endpoint.name().split('/').next().unwrap_or_default();
    match (service, code.as_u16()) {
        ("auth", 503) => html(code, "Service Temporary Unavailable"),
        ("content", 400) => text(code, "application/json; charset=UTF-8", "{}"),
        ("content", _) => empty(code),
        ("cloudkit", number) => gate::error(code, cloudkit_code(number), "Injected by a fault script"),
        ("setup", _) => {
            let answer = json!({"success": false, "error": "Injected by a fault script"});
            text(code, "application/json; charset=UTF-8", answer.to_string())
        }
        _ => html(code, format!("<html><body>{code}</body></html>")),
    }
}

fn cloudkit_code(status: u16) -> &'static str {
    match status {
        400 => "BAD_REQUEST",
        401 => "AUTHENTICATION_FAILED",
        403 | 423 => "ACCESS_DENIED",
        404 => "NOT_FOUND",
        409 => "CONFLICT",
        412 => "VALIDATING_REFERENCE_ERROR",
        413 => "QUOTA_EXCEEDED",
        421 | 450 => "AUTHENTICATION_REQUIRED",
        429 => "THROTTLED",
        503 => "TRY_AGAIN_LATER",
        _ => "INTERNAL_ERROR",
    }
}

fn reset() -> Response {
    let mut response = Response::new(Body::Stream(once(ready(Err(broken()))).boxed()));
    response.extensions_mut().insert(ConnectionReset);
    response
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "a fault script broke the connection")
}

async fn pause(ms: Option<u64>) {
    match ms {
        Some(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
        None => pending().await,
    }
}

/// Changes a body at one place under the `Content-Length` it had. A place past the end is drawn back into it.
fn in_body(mut response: Response, at: u64, change: impl FnOnce(Chunks, u64) -> Chunks) -> Response {
    let length = length(&response);
    let at = match length {
        Some(0) => return response,
        Some(length) if at >= length => at % length,
        _ => at,
    };
    declare(&mut response, length);
    response.map(|body| Body::Stream(change(body.into_stream(), at)))
}

fn cut(body: Chunks, at: u64) -> Chunks {
    let breaks = once(sent().map(|()| Err(broken())));
    head(body, at).chain(breaks).boxed()
}

fn truncated(body: Chunks, at: u64) -> Chunks {
    let ends = once(sent().map(|()| Ok(Bytes::new())));
    head(body, at).chain(ends).boxed()
}

/// Lets the server send what it has: it drops its buffer with the connection.
fn sent() -> impl Future<Output = ()> + Send {
    tokio::task::yield_now()
}

fn head(body: Chunks, at: u64) -> Chunks {
    let before =
        move |piece: &io::Result<(u64, Bytes)>| ready(piece.as_ref().map_or(true, |(start, _)| *start < at));
    pieces(body, at).take_while(before).map_ok(|(_, bytes)| bytes).boxed()
}

fn stalled(body: Chunks, at: u64, ms: Option<u64>) -> Chunks {
    let wait = move |(start, bytes)| async move {
        if start == at {
            pause(ms).await;
        }
        Ok(bytes)
    };
    pieces(body, at).and_then(wait).boxed()
}

fn flipped(body: Chunks, at: u64) -> Chunks {
    let flip = move |(start, bytes): (u64, Bytes)| {
        if start != at {
            return bytes;
        }
        let mut wrong = bytes.to_vec();
        if let Some(byte) = wrong.first_mut() {
            *byte ^= 1;
        }
        wrong.into()
    };
    pieces(body, at).map_ok(flip).boxed()
}

/// The chunks with their places, cut in two where one would cross `at`.
fn pieces(body: Chunks, at: u64) -> BoxStream<'static, io::Result<(u64, Bytes)>> {
    let place = move |position: &mut u64, chunk: io::Result<Bytes>| {
        let placed = chunk.map(|mut chunk| {
            let start = *position;
            *position += chunk.len() as u64;
            if start < at && at < *position {
                let first = chunk.split_to(usize::try_from(at - start).unwrap_or(0));
                vec![(start, first), (at, chunk)]
            } else {
                vec![(start, chunk)]
            }
        });
        ready(Some(placed))
    };
    body.scan(0, place).map_ok(|pieces| iter(pieces.into_iter().map(Ok))).try_flatten().boxed()
}

fn resized(mut response: Response, by: i64) -> Response {
    let Some(length) = length(&response) else { return response };
    let wanted = length.saturating_add_signed(by);
    declare(&mut response, Some(wanted));
    response.map(|body| {
        let body = body.into_stream();
        if wanted < length {
            return Body::Stream(head(body, wanted));
        }
        let more = usize::try_from(wanted - length).unwrap_or(0);
        Body::Stream(body.chain(once(ready(Ok(Bytes::from(vec![0; more]))))).boxed())
    })
}

/// Takes the end off every `records` of a whole JSON answer.
fn shortened(mut response: Response, keep: usize) -> Response {
    if let Body::Full(bytes) = response.body()
        && let Ok(mut answer) = serde_json::from_slice::<Value>(bytes)
    {
        shorten(&mut answer, keep);
        response.headers_mut().remove(CONTENT_LENGTH);
        *response.body_mut() = Body::Full(answer.to_string().into());
    }
    response
}

fn shorten(answer: &mut Value, keep: usize) {
    if let Some(records) = answer.get_mut("records").and_then(Value::as_array_mut) {
        records.truncate(keep);
    }
    for list in ["batch", "zones"] {
        let parts = answer.get_mut(list).and_then(Value::as_array_mut);
        parts.into_iter().flatten().for_each(|part| shorten(part, keep));
    }
}

fn length(response: &Response) -> Option<u64> {
    match response.body() {
        Body::Full(bytes) => Some(bytes.len() as u64),
        Body::Stream(_) => response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok(),
    }
}

fn declare(response: &mut Response, length: Option<u64>) {
    if let Some(length) = length {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
}
