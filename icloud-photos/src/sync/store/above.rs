//! Copies around a folder.

use std::io;
use std::path::{Component, Path, PathBuf};

use super::{MARK, MOVED, mark_in};

/// The nearest folder above this one that is a copy from which photos were moved out of iCloud, or may have been. What that one moved out
/// its record tells, which a mirror of this folder does not see: it would take those photos for deleted by their owner.
///
/// A link may lead out of a copy, or into one: both the folders above the path as it is given are asked and those above the place where it
/// leads.
pub fn copy_above(folder: &Path) -> Option<PathBuf> {
    let given = without_dots(&std::path::absolute(folder).ok()?);
    let place = resolved(&given);
    let above = given.ancestors().skip(1).chain(place.ancestors().skip(1));
    above.into_iter().find(|above| may_have_moved(above)).map(Path::to_owned)
}

/// The path without `..`, which behind a link leads elsewhere than its text says; other links stay as they are.
fn without_dots(path: &Path) -> PathBuf {
    let mut way = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                way = resolved(&way);
                way.pop();
            }
            part => way.push(part),
        }
    }
    way
}

/// Where a path leads, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    let real = |above: &Path| Some(std::fs::canonicalize(above).ok()?.join(path.strip_prefix(above).ok()?));
    path.ancestors().find_map(real).unwrap_or_else(|| path.to_owned())
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
