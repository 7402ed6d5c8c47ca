//! The content host: bytes by link, whole or from an offset on (protocol page, 6.6.2).

use std::io;

use ::http::{HeaderValue, StatusCode, header};
use bytes::Bytes;
use futures::StreamExt;

use super::blob::Blob;
use super::link::{self, Wanted};
use super::spec::ExpiredLink;
use crate::http::{Body, Request, Response};

/// Up to this length a body is made at once.
const SMALL: u64 = 1 << 20;
/// A longer one in pieces of this length.
const PIECE: u64 = 256 * 1024;

/// Answers one GET.
pub(super) fn respond(secret: u64, request: &Request, now_ms: i64, expired_link: ExpiredLink) -> Response {
    let uri = request.uri();
    let Some(wanted) = link::read(secret, uri.path(), uri.query().unwrap_or_default()) else {
        return refuse(StatusCode::BAD_REQUEST, "{}");
    };
    if now_ms / 1000 >= wanted.expires {
        return match expired_link {
            ExpiredLink::Gone => refuse(StatusCode::GONE, ""),
            ExpiredLink::BadRequest => refuse(StatusCode::BAD_REQUEST, "{}"),
        };
    }
    let size = wanted.blob.size;
    let range = request.headers().get(header::RANGE).and_then(|value| value.to_str().ok());
    match range.and_then(|range| parse_range(range, size)) {
        None => serve(&wanted, 0..size, StatusCode::OK, now_ms),
        Some(Some(range)) => serve(&wanted, range, StatusCode::PARTIAL_CONTENT, now_ms),
        Some(None) => {
            let mut response = refuse(StatusCode::RANGE_NOT_SATISFIABLE, "");
            set(&mut response, header::CONTENT_RANGE, &format!("bytes */{size}"));
            response
        }
    }
}

/// One range of bytes: `None` when the header is to be ignored, `Some(None)` when it lies outside.
fn parse_range(value: &str, size: u64) -> Option<Option<std::ops::Range<u64>>> {
    let (first, last) = value.strip_prefix("bytes=")?.split_once('-')?;
    let range = if first.is_empty() {
        size.saturating_sub(last.parse().ok()?)..size
    } else {
        let end = if last.is_empty() { size } else { last.parse::<u64>().ok()?.saturating_add(1).min(size) };
        first.parse().ok()?..end
    };
    Some((range.start < range.end).then_some(range))
}

fn serve(wanted: &Wanted, range: std::ops::Range<u64>, status: StatusCode, now_ms: i64) -> Response {
    let size = wanted.blob.size;
    let length = range.end - range.start;
    let mut response = Response::new(body(wanted.blob, range.clone()));
    *response.status_mut() = status;
    for (name, value) in [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::ACCEPT_RANGES, "bytes"),
        (header::LAST_MODIFIED, "Wed, 07 Jun 2023 02:54:18 GMT"),
        (header::CACHE_CONTROL, "no-transform,private,max-age=2592000,s-maxage=2592000"),
        (header::SERVER, "AppleHttpServer/3faf4ee9434b"),
        (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "false"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, ""),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET,OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "https://www.icloud.com"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    set(&mut response, header::CONTENT_LENGTH, &length.to_string());
    if status == StatusCode::PARTIAL_CONTENT {
        let value = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        set(&mut response, header::CONTENT_RANGE, &value);
    }
    let name = disposition_name(&wanted.file_name);
    let value = format!("attachment; filename=\"{name}\"; filename*=UTF-8''{name}");
    set(&mut response, header::CONTENT_DISPOSITION, &value);
    let id = format!("{}-1{now_ms}", wanted.request);
    set(&mut response, header::HeaderName::from_static("x-apple-request-uuid"), &id);
    response
}

/// The placeholder comes back with its dollar sign encoded, as recorded.
fn disposition_name(file_name: &str) -> String {
    file_name.replace('$', "%24").replace('{', "%7B").replace('}', "%7D")
}

fn body(blob: Blob, range: std::ops::Range<u64>) -> Body {
    let piece = move |at: u64| {
        let mut bytes = vec![0; PIECE.min(range.end - at) as usize];
        blob.read(at, &mut bytes);
        Ok::<_, io::Error>(Bytes::from(bytes))
    };
    if range.end - range.start <= SMALL {
        let mut bytes = vec![0; (range.end - range.start) as usize];
        blob.read(range.start, &mut bytes);
        return Body::Full(bytes.into());
    }
    let starts = (range.start..range.end).step_by(PIECE as usize);
    Body::Stream(futures::stream::iter(starts.map(piece)).boxed())
}

fn refuse(status: StatusCode, body: &'static str) -> Response {
    let mut response = Response::new(Bytes::from_static(body.as_bytes()).into());
    *response.status_mut() = status;
    if !body.is_empty() {
        set(&mut response, header::CONTENT_TYPE, "application/json; charset=UTF-8");
    }
    response
}

fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
