//! Copies around a folder.

use std::io;
use std::path::{Path, PathBuf};

use super::{MARK, MOVED, mark_in};

/// The nearest folder above this one that is a copy from which photos were moved out of iCloud, or may have been. What that one moved out
/// its record tells, which a mirror of this folder does not see: it would take those photos for deleted by their owner.
pub fn copy_above(folder: &Path) -> Option<PathBuf> {
    let folder = std::fs::canonicalize(folder).ok()?;
    folder.ancestors().skip(1).find(|above| may_have_moved(above)).map(Path::to_owned)
}

/// Whether photos were moved out of a folder, by whatever is left of its record and its mark.
fn may_have_moved(folder: &Path) -> bool {
    // A link that leads nowhere is a record, too.
    let is_there = |name: &str| match std::fs::symlink_metadata(folder.join(name)) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
    };
    let mark = || std::fs::read(folder.join(MARK)).ok().and_then(|bytes| mark_in(&bytes));
    is_there(MOVED) || is_there(MARK) && mark().is_none_or(|mark| mark.records > 0)
}
