//! How much to verify, and what a verification tells.

use std::fmt;

use super::super::catalogue::FileKey;
use super::super::engine::Missing;
use super::super::views::ViewFault;
use crate::error::Error;
use crate::storage::StoragePath;

/// How much to verify, and what to do about it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct VerifyOptions {
    /// Which share of the files to read, from 0 to 1; which ones, changes with `seed`. Default all.
    pub share: f64,
    /// Chooses the sample.
    pub seed: u64,
    /// Fetch again what is damaged or missing, and what iCloud's checksum could prove and does not. Default no.
    pub repair: bool,
    /// What to think of files that are gone: with [`Missing::Respect`] they were removed on purpose. Default: they are missing.
    pub missing: Missing,
    /// Write nothing into the catalogue: what is learned of the files is told, and forgotten. Default no.
    pub read_only: bool,
    /// Read every file, also where the storage keeps beside it what its bytes hash to ([`Capabilities::metadata`]). Default no: that
    /// they are kept as they were stored is then believed.
    ///
    /// [`Capabilities::metadata`]: crate::storage::Capabilities::metadata
    pub reread: bool,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self {
            share: 1.0,
            seed: 0,
            repair: false,
            missing: Missing::Restore,
            read_only: false,
            reread: false,
        }
    }
}

impl VerifyOptions {
    /// Reads only a share of the files, chosen by `seed`.
    #[must_use]
    pub fn sample(mut self, share: f64, seed: u64) -> Self {
        (self.share, self.seed) = (share, seed);
        self
    }

    /// Fetches again what is damaged or missing.
    #[must_use]
    pub fn repair(mut self) -> Self {
        self.repair = true;
        self
    }

    /// Reads every file, whatever the storage keeps beside it, if so wanted.
    #[must_use]
    pub fn reread(mut self, reread: bool) -> Self {
        self.reread = reread;
        self
    }

    /// What to think of files that are gone.
    #[must_use]
    pub fn missing(mut self, missing: Missing) -> Self {
        self.missing = missing;
        self
    }

    /// Writes nothing into the catalogue, and so repairs nothing.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        (self.read_only, self.repair) = (true, false);
        self
    }

    pub(super) fn takes(&self, key: &FileKey) -> bool {
        // Stable from run to run, and of no value to anybody: FNV-1a.
        let name = format!("{}/{}/{:?}", self.seed, key.asset, key.role);
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        ((hash >> 11) as f64 / (1u64 << 53) as f64) < self.share
    }
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing stands there.
    Missing,
    /// It is shorter than it was.
    Truncated,
    /// Its bytes are others, though nobody has written to it since: the disk, or whoever kept its time.
    Rotten,
    /// Somebody has written to it since.
    Changed,
    /// It was taken for a photo by name and length and never was one, or was known not to be one.
    NeverRight,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "missing",
            Self::Truncated => "truncated",
            Self::Rotten => "damaged",
            Self::Changed => "changed by another program",
            Self::NeverRight => "not the photo whose name it bears",
        })
    }
}

/// What was found about one file.
#[derive(Debug)]
#[non_exhaustive]
pub enum VerifyEvent<'a> {
    /// A file was read, and is as it should be.
    Sound {
        /// Where it stands.
        path: &'a StoragePath,
        /// Its length.
        bytes: u64,
    },
    /// A file is not as it should be.
    Bad {
        /// Where it stands, or should.
        path: &'a StoragePath,
        /// What is wrong.
        fault: Fault,
        /// What was noted when it could not be had.
        reason: Option<&'a str>,
    },
    /// Somebody removed a file, and that is respected, or it stands in another tree of the folder.
    Removed {
        /// Where it stood.
        path: &'a StoragePath,
    },
    /// A bad file was fetched again, and is proven or as good as it was.
    Repaired {
        /// Where it stands.
        path: &'a StoragePath,
    },
    /// The catalogue knows nothing of a file.
    Stray {
        /// Where it stands.
        path: &'a StoragePath,
    },
    /// An entry of a view is not as it should be.
    View {
        /// Where it stands, or should.
        path: &'a StoragePath,
        /// What is wrong, and who mends it.
        fault: ViewFault,
    },
    /// A file or folder could not be read, or a file not be fetched.
    Failed {
        /// Where it stands; the root, if that is all that is known.
        path: &'a StoragePath,
        /// What happened.
        error: &'a Error,
    },
}

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifyReport {
    /// Files that were read and are proven by Apple's checksum; of those with a date written into them, by what they are without it.
    pub proven: u64,
    /// Of those, files that were only assumed to be right before.
    pub promoted: u64,
    /// Files that are as they were, though no checksum of Apple's speaks for them.
    pub unproven: u64,
    /// Of those, files that iCloud was asked for again, and sent nothing better.
    pub retried: u64,
    /// Files that are not as they should be.
    pub bad: u64,
    /// Of those, files that were fetched again.
    pub repaired: u64,
    /// Files that somebody removed, where that is respected, or that stand in another tree of the folder.
    pub removed: u64,
    /// Files and folders that could not be read, and files that could not be fetched.
    pub failed: u64,
    /// Files that the catalogue does not know.
    pub strays: u64,
    /// Entries of views that were looked at.
    pub views: u64,
    /// Of those, entries that are not as they should be.
    pub views_bad: u64,
    /// Bytes that were read, but for those of views.
    pub bytes: u64,
}

impl VerifyReport {
    /// True if every file that was looked at is as it should be, now, and every entry of a view.
    pub fn is_clean(&self) -> bool {
        self.bad == self.repaired && self.failed == 0 && self.views_bad == 0
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} proven ({} for the first time), {} unchanged but unproven",
            self.proven, self.promoted, self.unproven
        )?;
        if self.retried > 0 {
            write!(f, " ({} of them asked for again in vain)", self.retried)?;
        }
        write!(
            f,
            ", {} bad, {} repaired, {} failed, {} strays",
            self.bad, self.repaired, self.failed, self.strays
        )?;
        if self.removed > 0 {
            write!(f, ", {} removed here", self.removed)?;
        }
        match self.views {
            0 => Ok(()),
            views => write!(f, "; {views} entries of views, {} of them bad", self.views_bad),
        }
    }
}
