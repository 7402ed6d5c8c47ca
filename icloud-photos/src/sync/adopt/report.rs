//! What an adoption tells.

use std::fmt;

use crate::asset::AssetId;
use crate::error::Error;
use crate::storage::StoragePath;

/// What was found about one file.
#[derive(Debug)]
#[non_exhaustive]
pub enum AdoptEvent<'a> {
    /// So many files are read, with so many bytes in all.
    Reading {
        /// Files whose length some photo has.
        files: u64,
        /// Their bytes.
        bytes: u64,
    },
    /// A file was read.
    Read {
        /// Its length.
        bytes: u64,
    },
    /// Its bytes are those of a photo.
    Recognised {
        /// Where it stands.
        path: &'a StoragePath,
        /// Whose it is; one of them, if several photos have these bytes.
        asset: &'a AssetId,
    },
    /// A whole JPEG under the name of a photo, of almost its length: icloudpd writes dates into files so.
    Derived {
        /// Where it stands.
        path: &'a StoragePath,
    },
    /// It has the name and length of a photo that iCloud has no usable checksum for: nothing can be proven.
    Assumed {
        /// Where it stands.
        path: &'a StoragePath,
    },
    /// It has the name of a photo and not its bytes.
    Damaged {
        /// Where it stands.
        path: &'a StoragePath,
    },
    /// No photo of the library has its bytes.
    Unknown {
        /// Where it stands.
        path: &'a StoragePath,
    },
    /// It could not be read.
    Failed {
        /// Where it stands.
        path: &'a StoragePath,
        /// What happened.
        error: &'a Error,
    },
}

/// What an adoption found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdoptReport {
    /// Files in the storage.
    pub files: u64,
    /// Files the catalogue knew as verified, unchanged since: not read again.
    pub known: u64,
    /// Files whose bytes are those of a photo.
    pub recognised: u64,
    /// JPEGs that icloudpd wrote a date into.
    pub derived: u64,
    /// Files with the name and length of a photo that no checksum speaks for.
    pub assumed: u64,
    /// Files with the name of a photo and not its bytes.
    pub damaged: u64,
    /// Files that are no photo of the library.
    pub unknown: u64,
    /// Files that could not be read.
    pub failed: u64,
    /// Files that are wanted, by the engine's selection, and stand nowhere.
    pub missing: u64,
    /// Bytes that were read.
    pub bytes: u64,
}

impl fmt::Display for AdoptReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} files: {} recognised, {} known before, {} with a date written into them, {} not provable, {} damaged, {} \
             unknown, {} unreadable; still missing: {}",
            self.files,
            self.recognised,
            self.known,
            self.derived,
            self.assumed,
            self.damaged,
            self.unknown,
            self.failed,
            self.missing
        )
    }
}
