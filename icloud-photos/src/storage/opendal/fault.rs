//! OpenDAL's errors as ours.

use opendal::ErrorKind as Theirs;

use crate::error::{Error, ErrorKind, Retry};
use crate::storage::StoragePath;

/// The code for it, of Amazon and others.
const NOT_IMPLEMENTED: &str = "NotImplemented";

/// Our error for one of OpenDAL's. What it knows of the request stays out: addresses may hold a signature.
pub(super) fn fault(error: opendal::Error, path: &StoragePath) -> Error {
    let (kind, advice) = match error.kind() {
        // Whoever reads looks for it himself. Here it is not about a photo that is gone.
        Theirs::NotFound => (ErrorKind::Storage, "the storage has no such bucket or folder"),
        Theirs::PermissionDenied => {
            (ErrorKind::PermissionDenied, "the storage refuses; check its credentials and what they may do")
        }
        Theirs::AlreadyExists | Theirs::ConditionNotMatch => {
            (ErrorKind::AlreadyExists, "something with this name exists already")
        }
        Theirs::IsADirectory => {
            (ErrorKind::AlreadyExists, "a folder stands where a file is needed; move it away")
        }
        Theirs::NotADirectory => {
            (ErrorKind::AlreadyExists, "a file stands where a folder is needed; move it away")
        }
        Theirs::ConfigInvalid => (ErrorKind::Config, "the address or an option of the storage is wrong"),
        Theirs::Unsupported => (ErrorKind::Unsupported, "the storage cannot do that"),
        _ if error.message().contains(NOT_IMPLEMENTED) => {
            (ErrorKind::Unsupported, "the storage cannot do that")
        }
        Theirs::RateLimited => (ErrorKind::Storage, "the storage asks to slow down"),
        _ if error.is_temporary() || error.is_persistent() => {
            (ErrorKind::Storage, "the storage cannot be reached, or failed for a while")
        }
        _ => (ErrorKind::Storage, "the storage failed"),
    };
    let retry = match (error.is_temporary(), error.is_persistent()) {
        (true, _) => Retry::Later { after: None },
        _ => Retry::Never,
    };
    let said = format!("{}: {}", error.kind(), first_line(error.message()));
    Error::new(kind, advice).retrying(retry).with("path", path).with("said", said)
}

/// Whether a service does not know what it was asked for.
pub(super) fn is_not_implemented(error: &Error) -> bool {
    error.kind() == ErrorKind::Unsupported && error.to_string().contains(NOT_IMPLEMENTED)
}

/// What a service answers may be a page.
fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().chars().take(200).collect()
}
