//! What a run tells while it works, and what it says at the end.

use std::fmt;

use time::OffsetDateTime;

use super::catalogue::Tree;
use super::dates::python;
use super::layout::{LayoutProblem, LocalTime};
use super::removal::RemovalEvent;
use super::views::ViewEvent;
use crate::asset::{Asset, AssetId, Listing, Role};
use crate::download::Doubt;
use crate::error::Error;
use crate::storage::StoragePath;

/// One thing that happened. Borrowed, so that nothing is copied for an observer that does not care.
#[derive(Debug)]
#[non_exhaustive]
pub enum SyncEvent<'a> {
    /// The listing of an album begins. `total` is Apple's count, or the limit that was asked for; `None` if Apple
    /// gave no count.
    Started {
        /// Assets to be looked at.
        total: Option<u64>,
    },
    /// A list is left before its end: so many files in a row stood here already.
    Enough {
        /// How many.
        found: u64,
    },
    /// An asset was planned; all its files were spoken of.
    Planned {
        /// The asset.
        asset: &'a Asset,
    },
    /// A file stands already where it belongs.
    Present {
        /// Where.
        path: &'a StoragePath,
    },
    /// The plain name is taken by another photo; this one gets a longer name.
    Deduplicated {
        /// The name it gets.
        path: &'a StoragePath,
    },
    /// A download begins.
    Downloading {
        /// Where the file will stand.
        path: &'a StoragePath,
    },
    /// Bytes arrived, or were thrown away again (negative).
    Progress {
        /// How many.
        bytes: i64,
    },
    /// A file was fetched, proven and named.
    Downloaded {
        /// Where it stands.
        path: &'a StoragePath,
        /// Its length.
        bytes: u64,
        /// How many of the bytes were there from an earlier run.
        resumed_from: u64,
        /// Nothing came from iCloud: the file stands in another tree of the same folder, and was copied from there.
        copied: bool,
        /// Set if the bytes could not be proven.
        doubt: Option<Doubt>,
    },
    /// A photo was fetched that does not say when it was taken: its date is written into it before it is stored.
    Dating {
        /// Where the file will stand.
        path: &'a StoragePath,
        /// When it was taken.
        created: &'a LocalTime,
        /// Whether its Exif could not be read.
        unreadable: bool,
        /// Why it is stored as it came after all.
        problem: Option<&'a Error>,
    },
    /// An asset or one of its files was left out on purpose.
    Skipped {
        /// The asset.
        asset: &'a Asset,
        /// Why.
        reason: &'a SkipReason,
    },
    /// Something about an asset that a person may want to know; its files are fetched all the same.
    Remark {
        /// The asset.
        asset: &'a Asset,
        /// What.
        problem: &'a LayoutProblem,
    },
    /// Something failed for one asset; the run goes on.
    Failed {
        /// Where the file should have stood, if that was known.
        path: Option<&'a StoragePath>,
        /// The asset, if it was known.
        asset: Option<&'a AssetId>,
        /// What messages call the asset, if it could be read.
        name: Option<&'a str>,
        /// What happened.
        error: &'a Error,
    },
    /// A sidecar was written, or brought up to date.
    Described {
        /// The sidecar.
        path: &'a StoragePath,
    },
    /// A sidecar is not ours to write, and stays as it is.
    SidecarLeft {
        /// The sidecar.
        path: &'a StoragePath,
        /// Why, to follow "not overwriting": `created by darktable 4.2`.
        why: &'a str,
    },
    /// A sidecar could not be written; the next run tries again.
    SidecarFailed {
        /// The sidecar.
        path: &'a StoragePath,
        /// What happened.
        error: &'a Error,
    },
    /// Something was removed, or would be, or stays.
    Removal(RemovalEvent<'a>),
    /// Something about a view.
    View(ViewEvent<'a>),
}

/// Whether a file stands beside a photo and is none: whoever wrote it, no row names it.
pub(super) fn is_sidecar(path: &StoragePath) -> bool {
    path.name().to_ascii_lowercase().ends_with(".xmp")
}

/// Why something was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// Only photos are wanted.
    IsVideo,
    /// Only videos are wanted.
    IsPhoto,
    /// It is older than what is wanted.
    CreatedBefore {
        /// When it was taken, in the zone of the layout.
        created: OffsetDateTime,
        /// The limit, in the zone it was given in, or that of the layout.
        limit: OffsetDateTime,
    },
    /// It is younger than what is wanted.
    CreatedAfter {
        /// When it was taken, in the zone of the layout.
        created: OffsetDateTime,
        /// The limit, in the zone it was given in, or that of the layout.
        limit: OffsetDateTime,
    },
    /// A function of the program's own does not want it ([`SyncBuilder::filter`](super::SyncBuilder::filter)).
    Filtered {
        /// What the function is called.
        name: String,
    },
    /// Somebody removed its file here, and files that were removed are not to be fetched again.
    RemovedHere {
        /// The name of the file.
        name: String,
    },
    /// The size asked for does not exist and no other may stand in for it.
    NoSuchSize {
        /// The size asked for, as icloudpd calls it.
        size: String,
        /// The asset's name.
        name: String,
    },
}

/// A few words after "skipping the photo": those of icloudpd, where it has any.
impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IsVideo => f.write_str("only photos are wanted"),
            Self::IsPhoto => f.write_str("only videos are wanted"),
            Self::CreatedBefore { created, limit } => {
                write!(f, "as it was created {}, before {}", python(*created), python(*limit))
            }
            Self::CreatedAfter { created, limit } => {
                write!(f, "as it was created {}, after {}", python(*created), python(*limit))
            }
            Self::Filtered { name } => write!(f, "the filter {name} leaves it out"),
            Self::RemovedHere { name } => write!(f, "{name} was removed here"),
            Self::NoSuchSize { size, name } => write!(f, "{size} size does not exist for {name}"),
        }
    }
}

/// Hears what happens. Called from several tasks at once; return quickly.
pub trait SyncObserver: Send + Sync {
    /// Takes one event.
    fn event(&self, event: SyncEvent<'_>);
}

/// An observer that does not care.
impl SyncObserver for () {
    fn event(&self, _: SyncEvent<'_>) {}
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyncReport {
    /// Assets that were looked at.
    pub assets: u64,
    /// Files fetched and named.
    pub downloaded: u64,
    /// Of those, files that were not fetched: they stand in another tree of the same folder, and were copied from there.
    pub copied: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Of those, files whose checksum matches; the others are [`SyncReport::unconfirmed`].
    pub verified: u64,
    /// Files that were kept though their bytes could not be proven.
    pub unconfirmed: u64,
    /// Files that were there already.
    pub present: u64,
    /// Assets and files left out on purpose.
    pub skipped: u64,
    /// Files, or assets, that failed, sidecars, and entries of views. Files too that were to be removed and could not be.
    pub failed: u64,
    /// Sidecars written or brought up to date.
    pub sidecars: u64,
    /// Assets moved to Recently Deleted in iCloud.
    pub moved: u64,
    /// Files removed here, for their assets were deleted in iCloud.
    pub removed: u64,
    /// Assets and files that were to be removed and are kept, for something about them is in doubt.
    pub withheld: u64,
    /// Of those, assets of which a file here was read and found to hold other bytes than Apple's checksum says, or could not be read, or
    /// was not there any more after it had been fetched.
    pub damaged: u64,
    /// Nothing was removed though something was to be: it was too much, or a list was short.
    pub stopped: bool,
    /// Lists that were left before their end ([`SyncBuilder::until_found`](super::SyncBuilder::until_found)): nothing is known of the rest.
    pub left_early: u64,
    /// Entries of views that were laid, or laid anew.
    pub views_laid: u64,
    /// Entries of views that were removed: their photos are gone, or stand elsewhere in the view.
    pub views_removed: u64,
    /// Things in the folders of views that are not theirs, and stay where an entry was to be laid or removed.
    pub views_left: u64,
    /// How each listing ended.
    pub listings: Vec<Listing>,
}

impl SyncReport {
    /// True if nothing failed, everything fetched was proven, nothing was found damaged, no listing lacks anything ([`Listing::lacks`]), and removals were not
    /// stopped.
    pub fn is_clean(&self) -> bool {
        self.failed == 0
            && self.unconfirmed == 0
            && self.damaged == 0
            && !self.stopped
            && !self.listings.iter().any(Listing::lacks)
    }
}

impl fmt::Display for SyncReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} downloaded ({} bytes, {} verified), {} present, {} skipped, {} failed",
            self.downloaded, self.bytes, self.verified, self.present, self.skipped, self.failed
        )
    }
}

/// What a file is for, as an action carries it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Target {
    /// Whose file.
    pub asset: Asset,
    /// Which file of it.
    pub role: Role,
    /// In which tree.
    pub tree: Tree,
    /// Where it belongs.
    pub path: StoragePath,
}
