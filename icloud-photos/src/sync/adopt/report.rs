//! What an adoption tells.

use std::fmt;

use crate::asset::{AssetId, Listing};
use crate::error::Error;
use crate::storage::StoragePath;

/// How to adopt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdoptOptions {
    /// Note nothing in the catalogue. Default no.
    pub rehearse: bool,
    /// Read every file that may be a photo, also where the storage keeps beside it what its bytes hash to
    /// ([`Capabilities::metadata`](crate::storage::Capabilities::metadata)). Default no.
    pub reread: bool,
}

impl AdoptOptions {
    /// Notes nothing in the catalogue, if it is to be a rehearsal.
    #[must_use]
    pub fn rehearse(mut self, rehearse: bool) -> Self {
        self.rehearse = rehearse;
        self
    }

    /// Reads every file that may be a photo, whatever the storage keeps beside it.
    #[must_use]
    pub fn reread(mut self, reread: bool) -> Self {
        self.reread = reread;
        self
    }
}

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
    /// A photo that icloudpd wrote its date into.
    Derived {
        /// Where it stands.
        path: &'a StoragePath,
        /// Without what was written into it, it has Apple's checksum. Else all signs are there, and no proof.
        proven: bool,
    },
    /// It has the name and length of a photo that iCloud has no usable checksum for: nothing can be proven.
    Assumed {
        /// Where it stands.
        path: &'a StoragePath,
    },
    /// It has the name of a photo, or a row in the catalogue, and not its bytes; or iCloud has a wrong checksum of it, and then
    /// the next run finds out.
    Damaged {
        /// Where it stands.
        path: &'a StoragePath,
    },
    /// None of the photos that were asked for has its bytes. Hidden ones, those in Recently Deleted, and those outside the
    /// chosen albums were not looked at.
    Unknown {
        /// Where it stands.
        path: &'a StoragePath,
        /// It is as long as a photo that stands nowhere: perhaps that one, damaged.
        like_missing: bool,
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
    /// Files the catalogue knew, and that are as they were; what Apple's checksum proved and nobody touched since was not read again.
    pub known: u64,
    /// Files whose bytes are those of a photo.
    pub recognised: u64,
    /// JPEGs that icloudpd wrote a date into.
    pub derived: u64,
    /// Files with the name and length of a photo that no checksum speaks for.
    pub assumed: u64,
    /// Files with the name of a photo and not its bytes.
    pub damaged: u64,
    /// Files that are none of the photos that were asked for.
    pub unknown: u64,
    /// Files that could not be read, or not be named, and folders.
    pub failed: u64,
    /// Files that are wanted, by the engine's selection, and stand nowhere: at least so many, if the list is
    /// [incomplete](AdoptReport::is_list_complete).
    pub missing: u64,
    /// Lists that may lack something.
    pub short: Vec<Listing>,
    /// Photos of the list that could not be read.
    pub unlisted: u64,
    /// Bytes that were read.
    pub bytes: u64,
}

impl AdoptReport {
    /// Whether iCloud told of everything that was asked for.
    pub fn is_list_complete(&self) -> bool {
        self.short.is_empty() && self.unlisted == 0
    }

    /// Whether every file was read and is sound, and everything was listed.
    pub fn is_clean(&self) -> bool {
        self.damaged == 0 && self.failed == 0 && self.is_list_complete()
    }
}

impl fmt::Display for AdoptReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} files: {} recognised, {} known before, {} with a date written into them, {} not provable, {} damaged, {} \
             unknown, {} unreadable; still missing: ",
            self.files,
            self.recognised,
            self.known,
            self.derived,
            self.assumed,
            self.damaged,
            self.unknown,
            self.failed
        )?;
        if self.is_list_complete() {
            return write!(f, "{}", self.missing);
        }
        write!(f, "{} or more, for the list of iCloud was not complete", self.missing)?;
        self.short.iter().try_for_each(|listing| write!(f, " ({listing})"))?;
        if self.unlisted > 0 { write!(f, ", and {} photos could not be read", self.unlisted) } else { Ok(()) }
    }
}
