//! What CloudKit's refusals mean (protocol notes 9.1 to 9.3, 4.7).

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};

use super::Database;
use super::account::{self, Account};
use super::reason::Reason;
use super::wire;
use crate::error::{Error, ErrorKind, Retry};
use crate::http::{error_for_status, retry_after};

/// What to do about a refusal.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The session ended; the error is for the case that renewing it does not help.
    Ended(Error),
    /// Nothing a renewal could cure.
    Failed(Error),
}

/// Where a refusal came from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circumstances<'a> {
    pub(super) account: &'a Account,
    pub(super) database: Database,
    /// No query of records has ever succeeded in this session.
    pub(super) first_query: bool,
    pub(super) now: SystemTime,
}

/// Reads an answer; `None` if it is a good one.
pub(super) fn refusal(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    at: Circumstances<'_>,
) -> Option<Refusal> {
    if status == StatusCode::OK && !fails_inside(headers, body) {
        return None;
    }
    let reason = wire::reason(headers, body);
    Some(judge(status, headers, &reason, at).explained(&reason, status))
}

/// Whether a 200 is an error in disguise. Errors are short: pages of records are never read twice. Errors of single
/// records or zones are data and stay with the caller.
fn fails_inside(headers: &HeaderMap, body: &[u8]) -> bool {
    const LONGEST: usize = 2048;
    if body.len() > LONGEST {
        return wire::looks_like_html(headers, body.get(..LONGEST).unwrap_or_default());
    }
    wire::looks_like_html(headers, body) || wire::is_cloudkit_error(body)
}

fn judge(status: StatusCode, headers: &HeaderMap, reason: &Reason, at: Circumstances<'_>) -> Refusal {
    use Refusal::{Ended, Failed};
    if reason.says("Invalid global session") {
        return Ended(expired());
    }
    // Keys that a device hands over are missing; only accounts with Advanced Data Protection need them.
    if status == StatusCode::LOCKED {
        let error = account::data_protection();
        return if at.account.data_protection { Failed(error) } else { Ended(error) };
    }
    if let Some(refusal) = reason.code.as_deref().and_then(|code| by_code(code, headers, reason, at)) {
        return refusal;
    }
    if let Some(error) = error_for_status(status, headers, at.now) {
        return Failed(error);
    }
    match status.as_u16() {
        401 | 421 | 450 => Ended(expired()),
        403 => Ended(Error::new(ErrorKind::Forbidden, "iCloud refused the request")),
        404 => Failed(Error::new(ErrorKind::NotFound, "iCloud has no such thing")),
        409 => Failed(Error::new(ErrorKind::Conflict, "the record was changed by somebody else meanwhile")),
        // Requests that are fine get a bare 400 at times (protocol notes 11, row 40), and the edge sends pages with 200.
        200 | 400 => {
            Failed(Error::new(ErrorKind::Network, "iCloud answered with something that is no answer"))
        }
        _ => Failed(Error::new(ErrorKind::Protocol, "iCloud answered with an unknown status")),
    }
}

fn by_code(code: &str, headers: &HeaderMap, reason: &Reason, at: Circumstances<'_>) -> Option<Refusal> {
    use Refusal::{Ended, Failed};
    let after = retry_after(headers, at.now)
        .or_else(|| reason.retry_after.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()));
    let failed = |kind, message: &'static str| Failed(Error::new(kind, message));
    let later =
        |kind, message: &'static str| Failed(Error::new(kind, message).retrying(Retry::Later { after }));
    let private = at.database == Database::Private;
    Some(match code {
        "ACCESS_DENIED" => Failed(access_denied(at.account)),
        "AUTHENTICATION_FAILED" if at.first_query && private => Ended(account::not_activated()),
        "AUTHENTICATION_FAILED" | "AUTHENTICATION_REQUIRED" | "SIGN_IN_FAILED" => Ended(expired()),
        "ZONE_NOT_FOUND" if at.first_query && private => Failed(account::not_activated()),
        "ZONE_NOT_FOUND" => failed(ErrorKind::NotFound, "iCloud has no such library"),
        "NOT_FOUND" => failed(ErrorKind::NotFound, "iCloud has no such record"),
        "BAD_REQUEST" => failed(ErrorKind::Protocol, "iCloud does not understand the request"),
        "CONFLICT" | "ATOMIC_ERROR" => {
            failed(ErrorKind::Conflict, "the record was changed by somebody else meanwhile")
        }
        "EXISTS" | "UNIQUE_FIELD_ERROR" => {
            failed(ErrorKind::AlreadyExists, "iCloud has such a record already")
        }
        "VALIDATING_REFERENCE_ERROR" => failed(ErrorKind::Conflict, "another record refers to this one"),
        "QUOTA_EXCEEDED" => failed(ErrorKind::StorageFull, "the account's iCloud storage is full"),
        "THROTTLED" | "TRY_AGAIN_LATER" | "RETRY_LATER" | "CAS_OP_LOCK" | "ZONE_BUSY" => {
            later(ErrorKind::RateLimited, "iCloud asks to slow down; wait a while before the next run")
        }
        "INTERNAL_ERROR" => later(ErrorKind::Network, "iCloud had a passing fault"),
        _ => return None,
    })
}

/// Three troubles share this code; the account tells them apart.
fn access_denied(account: &Account) -> Error {
    if account.data_protection {
        return account::data_protection();
    }
    if !account.web_access {
        return account::web_access_disabled();
    }
    Error::new(
        ErrorKind::Forbidden,
        "iCloud denied access; check that access to iCloud data on the web is on and Advanced Data Protection is off, \
         or try again later",
    )
}

pub(super) fn expired() -> Error {
    Error::new(ErrorKind::SessionExpired, "iCloud no longer accepts this session; sign in again")
}

impl Refusal {
    fn explained(self, reason: &Reason, status: StatusCode) -> Self {
        let explain = |error: Error| reason.explain(error.with("http", status.as_u16()));
        match self {
            Self::Ended(error) => Self::Ended(explain(error)),
            Self::Failed(error) => Self::Failed(explain(error)),
        }
    }
}
