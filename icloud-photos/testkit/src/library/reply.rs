//! Answers of the database: success, CloudKit errors, and the headers around both.

use ::http::{HeaderValue, StatusCode};
use bytes::Bytes;

use crate::http::Response;

/// An error as CloudKit words it (protocol page, 9.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) reason: String,
}

impl Fault {
    pub(super) fn bad_request(reason: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "BAD_REQUEST", reason: reason.into() }
    }

    pub(super) fn zone_not_found() -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            code: "ZONE_NOT_FOUND",
            reason: "Zone does not exist".to_owned(),
        }
    }

    pub(super) fn access_denied() -> Self {
        let reason = "private db access disabled for this account".to_owned();
        Self { status: StatusCode::FORBIDDEN, code: "ACCESS_DENIED", reason }
    }

    pub(super) fn not_found() -> Self {
        Self { status: StatusCode::NOT_FOUND, code: "NOT_FOUND", reason: "Record not found".to_owned() }
    }

    pub(super) fn conflict(code: &'static str, reason: &str) -> Self {
        Self { status: StatusCode::CONFLICT, code, reason: reason.to_owned() }
    }

    /// The two members that every error object has.
    pub(super) fn members(&self) -> String {
        format!("\"serverErrorCode\":\"{}\",\"reason\":{}", self.code, serde_json::Value::from(&*self.reason))
    }
}

/// Puts the answer of an endpoint into a response.
pub(super) fn respond(request_id: &str, answer: Result<String, Fault>) -> Response {
    let (status, body) = match answer {
        Ok(body) => (StatusCode::OK, body),
        Err(fault) => (fault.status, format!("{{\"uuid\":\"{request_id}\",{}}}", fault.members())),
    };
    let mut response = Response::new(Bytes::from(body).into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-type", "application/json; charset=UTF-8"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-origin", "https://www.icloud.com"),
        ("access-control-expose-headers", "X-Apple-Request-UUID,X-Responding-Instance,Via"),
        ("server", "AppleHttpServer/3faf4ee9434b"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains;"),
        ("x-apple-cloudkit-version", "1.0"),
        ("x-apple-edge-response-time", "161"),
        ("x-apple-user-partition", "54"),
        ("x-responding-instance", "ckdatabasews:35407501:fake:8807:2316B303:0"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-apple-request-uuid", id);
    }
    response
}
