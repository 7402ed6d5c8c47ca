//! What CloudKit's refusals mean (protocol notes 9.1 to 9.3, 4.7).

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};

use super::Database;
use super::account::{self, Account};
use super::reason::Reason;
use super::wire;
use crate::error::{Error, ErrorKind, Retry};
use crate::http::{error_for_status, retry_after};

const NOT_FOUND: &str = "iCloud does not find what it was asked for; run again, and if it stays so, look at \
                         https://www.icloud.com/photos whether library and album are still there";

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
    let failed = |kind, message: &'static str| Failed(Error::new(kind, message));
    match status.as_u16() {
        401 | 421 | 450 => Ended(expired()),
        403 => Ended(Error::new(
            ErrorKind::Forbidden,
            "iCloud refused the request; sign in at https://www.icloud.com in a browser, look for a notice, then run again",
        )),
        404 => failed(ErrorKind::NotFound, NOT_FOUND),
        409 => failed(ErrorKind::Conflict, "the record was changed by somebody else meanwhile"),
        // Requests that are fine get a bare 400 at times (protocol notes 11, row 40), and the edge sends pages with 200.
        200 | 400 => failed(ErrorKind::Network, "iCloud answered with something that is no answer"),
        // Empty answers and redirections are nothing a query earns; something on the way made them.
        201..=399 => Failed(unknown_status().retrying(Retry::Later { after: None })),
        _ => Failed(unknown_status()),
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
        "NOT_FOUND" => failed(ErrorKind::NotFound, NOT_FOUND),
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

fn unknown_status() -> Error {
    Error::new(ErrorKind::Protocol, "iCloud answered with an unknown status")
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

/// What is said when a renewal did not help, or could not be had.
pub(super) fn expired() -> Error {
    Error::new(
        ErrorKind::SessionExpired,
        "iCloud Photos keeps refusing this session although it was renewed just now; wait a while and sign in again",
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: bool = true;
    const USED: bool = false;

    /// `E` for one that a renewal may cure, then its kind.
    fn read(status: u16, body: &str, first_query: bool, account: &Account) -> Option<(char, Error)> {
        let at =
            Circumstances { account, database: Database::Private, first_query, now: SystemTime::UNIX_EPOCH };
        let refusal = refusal(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body.as_bytes(), at)?;
        Some(match refusal {
            Refusal::Ended(error) => ('E', error),
            Refusal::Failed(error) => ('F', error),
        })
    }

    fn coded(code: &str) -> String {
        format!(r#"{{"uuid":"u","serverErrorCode":"{code}","reason":"Because."}}"#)
    }

    fn open_account() -> Account {
        Account { web_access: true, ..Account::default() }
    }

    #[test]
    fn every_code_of_cloudkit() {
        let rows = [
            (403, "ACCESS_DENIED", 'F', ErrorKind::Forbidden),
            (401, "AUTHENTICATION_FAILED", 'E', ErrorKind::SessionExpired),
            (421, "AUTHENTICATION_REQUIRED", 'E', ErrorKind::SessionExpired),
            (400, "BAD_REQUEST", 'F', ErrorKind::Protocol),
            (404, "NOT_FOUND", 'F', ErrorKind::NotFound),
            (404, "ZONE_NOT_FOUND", 'F', ErrorKind::NotFound),
            (409, "CONFLICT", 'F', ErrorKind::Conflict),
            (409, "EXISTS", 'F', ErrorKind::AlreadyExists),
            (400, "ATOMIC_ERROR", 'F', ErrorKind::Conflict),
            (412, "VALIDATING_REFERENCE_ERROR", 'F', ErrorKind::Conflict),
            (413, "QUOTA_EXCEEDED", 'F', ErrorKind::StorageFull),
            (429, "THROTTLED", 'F', ErrorKind::RateLimited),
            (503, "TRY_AGAIN_LATER", 'F', ErrorKind::RateLimited),
            (500, "RETRY_LATER", 'F', ErrorKind::RateLimited),
            (409, "CAS_OP_LOCK", 'F', ErrorKind::RateLimited),
            (500, "ZONE_BUSY", 'F', ErrorKind::RateLimited),
            (500, "INTERNAL_ERROR", 'F', ErrorKind::Network),
            (412, "UNIQUE_FIELD_ERROR", 'F', ErrorKind::AlreadyExists),
            (412, "SIGN_IN_FAILED", 'E', ErrorKind::SessionExpired),
            (418, "BRAND_NEW", 'F', ErrorKind::Protocol),
        ];
        for (status, code, fate, kind) in rows {
            for status in [status, 200] {
                if code == "BRAND_NEW" && status == 200 {
                    continue;
                }
                let (found, error) = read(status, &coded(code), USED, &open_account()).unwrap();
                assert_eq!((found, error.kind()), (fate, kind), "{status} {code}");
                assert!(error.context().any(|pair| pair == ("apple", "Because.")), "{error}");
                let retryable = matches!(kind, ErrorKind::RateLimited | ErrorKind::Network);
                assert_eq!(error.is_retryable(), retryable, "{status} {code}");
            }
        }
    }

    #[test]
    fn every_status_without_a_code() {
        let rows = [
            (400, 'F', ErrorKind::Network),
            (401, 'E', ErrorKind::SessionExpired),
            (403, 'E', ErrorKind::Forbidden),
            (404, 'F', ErrorKind::NotFound),
            (409, 'F', ErrorKind::Conflict),
            (421, 'E', ErrorKind::SessionExpired),
            (423, 'E', ErrorKind::AdvancedDataProtection),
            (429, 'F', ErrorKind::RateLimited),
            (450, 'E', ErrorKind::SessionExpired),
            (500, 'F', ErrorKind::Network),
            (502, 'F', ErrorKind::Network),
            (503, 'F', ErrorKind::RateLimited),
            (504, 'F', ErrorKind::Network),
            (302, 'F', ErrorKind::Protocol),
        ];
        for (status, fate, kind) in rows {
            for body in ["", "{}", "<html>Oops</html>"] {
                let (found, error) = read(status, body, USED, &open_account()).unwrap();
                assert_eq!((found, error.kind()), (fate, kind), "{status} {body}");
            }
        }
    }

    #[test]
    fn what_the_account_explains() {
        let kind = |status, code, fresh, account: &Account| {
            read(status, &coded(code), fresh, account).unwrap().1.kind()
        };
        let protected = Account { data_protection: true, ..open_account() };
        assert_eq!(kind(403, "ACCESS_DENIED", USED, &protected), ErrorKind::AdvancedDataProtection);
        assert_eq!(read(423, "", USED, &protected).unwrap().0, 'F', "only a device can cure that");
        assert_eq!(kind(403, "ACCESS_DENIED", USED, &Account::default()), ErrorKind::WebAccessDisabled);
        assert_eq!(kind(404, "ZONE_NOT_FOUND", FRESH, &open_account()), ErrorKind::NotActivated);
        assert_eq!(kind(401, "AUTHENTICATION_FAILED", FRESH, &open_account()), ErrorKind::NotActivated);
    }

    #[test]
    fn a_good_answer_is_none_and_a_bad_one_does_not_hide_behind_200() {
        let fine = |body: &str| read(200, body, USED, &open_account()).is_none();
        assert!(fine(r#"{"records":[]}"#) && fine("{}") && fine("[]"));
        assert!(
            fine(r#"{"records":[{"recordName":"a","serverErrorCode":"NOT_FOUND"}]}"#),
            "data of the caller"
        );
        assert!(fine(&format!(r#"{{"records":["{}"]}}"#, "x".repeat(9000))));
        assert_eq!(read(200, "  <html>", USED, &open_account()).unwrap().1.kind(), ErrorKind::Network);
        let global = r#"{"success":false,"reason":"Invalid global session","error":2}"#;
        assert_eq!(
            read(500, global, USED, &open_account()).unwrap().0,
            'E',
            "says log in again at any status"
        );
    }

    #[test]
    fn the_wait_may_stand_in_the_body() {
        let body = r#"{"serverErrorCode":"THROTTLED","retryAfter":12}"#;
        let (_, error) = read(429, body, USED, &open_account()).unwrap();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(12)));
        let absurd = r#"{"serverErrorCode":"THROTTLED","retryAfter":-1e300}"#;
        assert_eq!(read(429, absurd, USED, &open_account()).unwrap().1.retry_after(), None);
    }
}
