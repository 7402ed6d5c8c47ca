//! What an error of SQLite means to a person.

use std::path::Path;

use rusqlite::ErrorCode as Code;

use crate::error::{Error, ErrorKind};

const DAMAGED: &str = "the catalogue is damaged; put one from a backup in its place. If there is none, move it away, with the files \
                       named like it, and let `adopt` recognise the photos again. Keep the damaged one: it alone knows all that was \
                       moved out of iCloud";

pub(super) fn fault(error: rusqlite::Error, file: &Path) -> Error {
    let (kind, advice) = match error.sqlite_error_code() {
        Some(Code::DiskFull) => (ErrorKind::StorageFull, "the disk is full; free some space and run again"),
        Some(Code::NotADatabase | Code::DatabaseCorrupt) => (ErrorKind::Storage, DAMAGED),
        Some(Code::DatabaseBusy | Code::DatabaseLocked) => {
            (ErrorKind::Conflict, "another program is writing to the catalogue; close it and run again")
        }
        Some(Code::PermissionDenied | Code::ReadOnly | Code::CannotOpen) => (
            ErrorKind::PermissionDenied,
            "the catalogue cannot be opened or written; check owner and permissions of the file and its folder",
        ),
        Some(Code::SystemIoFailure | Code::OutOfMemory | Code::FileLockingProtocolFailed | Code::TooBig) => {
            (ErrorKind::Storage, "reading or writing the catalogue failed; check the disk")
        }
        None if is_about_a_row(&error) => (
            ErrorKind::Storage,
            "the catalogue holds a row that this version cannot read; update, or undo what was changed by hand",
        ),
        _ => (ErrorKind::Unexpected, "the catalogue failed in an unexpected way; please report it"),
    };
    Error::new(kind, advice).with("catalogue", file.display()).caused_by(error)
}

fn is_about_a_row(error: &rusqlite::Error) -> bool {
    use rusqlite::Error as E;
    matches!(
        error,
        E::FromSqlConversionFailure(..)
            | E::InvalidColumnType(..)
            | E::IntegralValueOutOfRange(..)
            | E::Utf8Error(..)
    )
}
