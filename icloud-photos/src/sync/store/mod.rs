//! Which storage a catalogue is about.
//!
//! A storage bears a mark: a small file with a name of its own, made up once. The catalogue of that name tells what is in it. A
//! storage that was filled before and has lost its mark is most likely not there (a disk that is not mounted): it is refused,
//! not filled.

#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "sqlite")]
pub use self::sqlite::{open, open_read_only};
use crate::storage::StoragePath;

/// The name of the mark.
pub const MARK: &str = ".icloud-photos-store";

/// Where files go that something else takes the place of; the date follows.
pub(super) const TRASH: &str = ".icloud-photos-trash";

/// Files of ours that are no photos: the mark, and the trash.
pub(super) fn is_ours(path: &StoragePath) -> bool {
    let first = path.as_str().split('/').next();
    first.is_some_and(|first| first == MARK || first == TRASH)
}
