//! What `changes/zone` answers (protocol notes 7.3 to 7.5): envelopes, and what errors of a zone mean.
//!
//! As lenient as the other envelopes: of a record only its JSON is taken here, so that an odd one costs itself alone.

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind, Result, Retry};
use crate::library::wire::{Field, Value, error_for_code, read};

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    zones: Vec<ZoneChanges<'a>>,
}

/// The part of the answer about one zone.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ZoneChanges<'a> {
    #[serde(borrow)]
    pub(super) records: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    sync_token: Value<'a>,
    #[serde(borrow)]
    more_coming: Value<'a>,
    #[serde(borrow)]
    server_error_code: Value<'a>,
    #[serde(borrow)]
    reason: Value<'a>,
    #[serde(borrow)]
    retry_after: Value<'a>,
}

/// What every record says about itself.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Head<'a> {
    #[serde(borrow)]
    record_name: Value<'a>,
    #[serde(borrow)]
    record_type: Value<'a>,
    #[serde(borrow)]
    deleted: Value<'a>,
    #[serde(borrow)]
    server_error_code: Value<'a>,
    #[serde(borrow)]
    reason: Value<'a>,
}

/// The fields of a `CPLContainerRelation` record: an asset in an album (protocol notes 5.10).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RelationFields<'a> {
    #[serde(borrow)]
    pub(super) item_id: Field<'a>,
    #[serde(borrow)]
    pub(super) container_id: Field<'a>,
    #[serde(borrow)]
    pub(super) is_deleted: Field<'a>,
}

/// Reads the answer about one zone.
pub(super) fn zone(bytes: &[u8]) -> Result<ZoneChanges<'_>> {
    let answer: Answer<'_> = read(bytes)?;
    let zone = answer.zones.into_iter().next();
    zone.ok_or_else(|| Error::new(ErrorKind::Protocol, "iCloud says nothing about the library's changes"))
}

impl ZoneChanges<'_> {
    pub(super) fn token(&self) -> Option<&str> {
        text(&self.sync_token)
    }

    pub(super) fn more(&self) -> bool {
        is_true(&self.more_coming)
    }

    /// The error that stands in place of changes, if one does: `Err` for what concerns the library or the moment, `Ok`
    /// with Apple's words for what only a new listing cures.
    pub(super) fn failure(&self) -> Option<Result<String>> {
        let code = text(&self.server_error_code)?;
        let reason = text(&self.reason).unwrap_or(code);
        let after = self.retry_after.float().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let error = zone_error(code, after).map(|error| error.with("code", code).with("apple", reason));
        Some(error.map_or_else(|| Ok(reason.to_owned()), Err))
    }
}

/// Errors of a zone that say nothing against the token. All others count against it: a listing too many costs
/// time, a token that leads nowhere would end every run (protocol notes 7.5).
fn zone_error(code: &str, after: Option<Duration>) -> Option<Error> {
    let later = |kind, message: &'static str| Error::new(kind, message).retrying(Retry::Later { after });
    Some(match code {
        "ZONE_NOT_FOUND" | "NOT_FOUND" => Error::new(ErrorKind::NotFound, "iCloud has no such library"),
        "ACCESS_DENIED" => Error::new(ErrorKind::Forbidden, "iCloud refuses access to this library"),
        "AUTHENTICATION_FAILED" | "AUTHENTICATION_REQUIRED" | "SIGN_IN_FAILED" => {
            Error::new(ErrorKind::SessionExpired, "iCloud no longer accepts this session; sign in again")
        }
        "THROTTLED" | "TRY_AGAIN_LATER" | "RETRY_LATER" | "CAS_OP_LOCK" | "ZONE_BUSY" => later(
            ErrorKind::RateLimited,
            "iCloud is busy with this library; wait a while before the next run",
        ),
        "INTERNAL_ERROR" => later(ErrorKind::Network, "iCloud had a passing fault"),
        _ => return None,
    })
}

impl<'a> Head<'a> {
    /// What is no object has no name.
    pub(super) fn read(record: &'a RawValue) -> Self {
        serde_json::from_str(record.get()).unwrap_or_default()
    }

    pub(super) fn name(&self) -> &str {
        text(&self.record_name).unwrap_or("")
    }

    pub(super) fn kind(&self) -> Option<&str> {
        text(&self.record_type)
    }

    /// Gone for good; not the same as the field `isDeleted`.
    pub(super) fn is_gone(&self) -> bool {
        is_true(&self.deleted)
    }

    /// The error that stands in the record's place, if one does.
    pub(super) fn error(&self) -> Option<Error> {
        let error = error_for_code(text(&self.server_error_code)?).with("record", self.name());
        Some(match text(&self.reason) {
            Some(reason) => error.with("reason", reason),
            None => error,
        })
    }
}

fn text<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    match value {
        Value::Text(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

fn is_true(value: &Value<'_>) -> bool {
    value.int().is_some_and(|int| int != 0)
}
