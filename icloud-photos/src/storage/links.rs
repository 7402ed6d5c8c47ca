//! Second names for files: what views are made of (`sync/views/`).
//!
//! A storage without them keeps the defaults of the trait, which know plain files and make no links.

use std::time::SystemTime;

use super::{ObjectMeta, StoragePath};

/// How a file comes to stand under one more name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkKind {
    /// Two names of one file: who changes it under one changes it under both.
    Hard,
    /// A file of its own that shares its blocks with the other until one of them is changed.
    Reflink,
    /// A name that leads to the other.
    Symbolic,
}

/// What bears a name, looked at without following a link.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// What kind of thing it is.
    pub kind: EntryKind,
    /// Length in bytes of the file, also of one that a link leads to.
    pub size: u64,
    /// Modification time of that file, if the storage keeps one.
    pub modified: Option<SystemTime>,
    /// Which file it is, whatever names it has; `None` where that cannot be told.
    pub id: Option<FileId>,
    /// How many names the file has; `None` where that cannot be told.
    pub names: Option<u64>,
}

/// What a name may belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryKind {
    /// A file.
    File,
    /// A symbolic link. Where it leads, if that is a place within the storage; nothing need stand there.
    Link(Option<StoragePath>),
    /// A folder, or something else that is no file.
    Other,
}

/// Names a file in its storage: two names with the same one are names of one file. The number may serve another file once this one
/// is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FileId {
    /// The disk it is on; may be another number after a restart of the machine.
    pub device: u64,
    /// Its number there.
    pub number: u64,
}

impl FileId {
    /// A file with this number on this disk.
    pub fn new(device: u64, number: u64) -> Self {
        Self { device, number }
    }
}

impl Entry {
    /// Something of this kind and length, of which no more is known.
    pub fn new(kind: EntryKind, size: u64, modified: Option<SystemTime>) -> Self {
        Self { kind, size, modified, id: None, names: None }
    }

    /// A file, as a storage sees it that knows no links.
    pub(super) fn of(meta: &ObjectMeta) -> Self {
        Self::new(EntryKind::File, meta.size, meta.modified)
    }
}
