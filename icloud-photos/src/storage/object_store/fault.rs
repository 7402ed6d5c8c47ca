//! Errors of `object_store` as ours.

use std::io;

use object_store::Error as Theirs;

use crate::error::{Error, ErrorKind, Retry};
use crate::storage::StoragePath;

/// Our error for one of theirs. It has tried again what was worth it, as often as its owner wants; so nobody else does.
///
/// The cause stays with it: `object_store` leaves the addresses of requests that hold a signature out of its texts.
pub(super) fn fault(error: Theirs, path: &StoragePath) -> Error {
    let (kind, advice) = match &error {
        Theirs::NotFound { .. } => (ErrorKind::NotFound, "no such file or folder, or no such bucket"),
        Theirs::AlreadyExists { .. } => (ErrorKind::AlreadyExists, "something with this name exists already"),
        Theirs::Precondition { .. } | Theirs::NotModified { .. } => {
            (ErrorKind::Conflict, "somebody else changed this file in the same moment")
        }
        Theirs::PermissionDenied { .. } | Theirs::Unauthenticated { .. } => {
            (ErrorKind::PermissionDenied, "the store refuses; check its credentials and what they may do")
        }
        Theirs::NotSupported { .. } | Theirs::NotImplemented { .. } => {
            (ErrorKind::Unsupported, "the store cannot do that")
        }
        Theirs::InvalidPath { .. } => (ErrorKind::Unsupported, "the store does not take, or tell, this name"),
        Theirs::UnknownConfigurationKey { .. } => {
            (ErrorKind::Config, "an option of the store is wrong; see how it is made")
        }
        other => of_the_disk(other).unwrap_or((
            ErrorKind::Storage,
            "the store cannot be reached, or failed; check the connection, and that the bucket is there",
        )),
    };
    Error::new(kind, advice).retrying(Retry::Never).with("path", path).caused_by(error)
}

/// What a store on a disk fails with, where a person can mend it.
fn of_the_disk(error: &Theirs) -> Option<(ErrorKind, &'static str)> {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    let io = causes.filter_map(|cause| cause.downcast_ref::<io::Error>()).next()?;
    match io.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some((ErrorKind::StorageFull, "the disk is full; free some space and run again"))
        }
        io::ErrorKind::InvalidFilename => {
            Some((ErrorKind::Unsupported, "the name is too long for this store"))
        }
        _ => None,
    }
}
