//! Why something was not removed.

use std::fmt;

use crate::asset::Role;
use crate::storage::StoragePath;
use crate::sync::catalogue::role_name;

/// Why something stays.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kept {
    /// It was taken only so many times 24 hours ago.
    Young {
        /// How many; negative for a date in the future.
        days: i64,
    },
    /// Apple has no date for it: its age is not known.
    NoDate,
    /// iCloud holds something of it that cannot be made again and that the copy does not hold, for it was not asked for or
    /// could not be had.
    NotCopied {
        /// What.
        role: Role,
    },
    /// It is a video that was edited: as in icloudpd, no size of a layout stands for the edit, so that it is never copied.
    EditOfVideo,
    /// The file is known not to be as Apple has it: something was written into it, or its bytes could not be confirmed.
    NotAsInICloud {
        /// Which.
        path: StoragePath,
    },
    /// It was edited since its file was fetched.
    Edited,
    /// iCloud has no checksum that could prove the file.
    NoChecksum,
    /// Its file is not where it should be.
    Missing {
        /// Where.
        path: StoragePath,
    },
    /// The file holds other bytes than Apple's checksum says, or than were stored.
    Differs {
        /// Which.
        path: StoragePath,
    },
    /// The file could not be read.
    Unreadable {
        /// Which.
        path: StoragePath,
        /// Why.
        reason: String,
    },
    /// The file could not be removed, or not be kept aside before.
    Unremovable {
        /// Which.
        path: StoragePath,
        /// Why.
        reason: String,
    },
    /// Another photo that was not deleted has the same file.
    Shared,
    /// A photo of this file is in Recently Deleted because this copy moved it there.
    MovedOut,
    /// A file that does not stand where a run would put it, so that somebody moved it.
    Elsewhere,
    /// Another photo has the same file, and whether that one was deleted could not be told.
    OwnerUnclear {
        /// Why.
        reason: String,
    },
    /// Nothing was to leave iCloud.
    NotAsked,
    /// The receipt is for other files than there are now.
    OtherReceipt,
    /// It is no longer in the library, or already in Recently Deleted.
    Gone,
    /// A sidecar that neither icloudpd nor this program wrote, or of which that cannot be told.
    ForeignSidecar,
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Young { days } => write!(f, "it is {days} days old"),
            Self::NoDate => f.write_str("it has no date, so that its age is not known"),
            Self::NotCopied { role } => {
                write!(f, "iCloud holds a file of it that is not in the copy ({})", role_name(*role))
            }
            Self::EditOfVideo => f.write_str(
                "iCloud holds an edit of this video, and edits of videos are not copied, as in icloudpd",
            ),
            Self::NotAsInICloud { path } => write!(f, "{path} is not as iCloud has it"),
            Self::Edited => f.write_str("it was edited since its file was fetched"),
            Self::NoChecksum => f.write_str("iCloud has no checksum to prove its file with"),
            Self::Missing { path } => write!(f, "{path} is missing"),
            Self::Differs { path } => write!(f, "{path} holds other bytes"),
            Self::Unreadable { path, reason } => write!(f, "{path} cannot be read: {reason}"),
            Self::Unremovable { path, reason } => write!(f, "{path} cannot be removed: {reason}"),
            Self::Shared => f.write_str("another photo that was not deleted has the same file"),
            Self::MovedOut => f.write_str("this copy moved a photo of this file out of iCloud"),
            Self::Elsewhere => f.write_str("it was moved: this run would give it another name or folder"),
            Self::OwnerUnclear { reason } => {
                write!(f, "whether another photo has the same file cannot be told: {reason}")
            }
            Self::NotAsked => f.write_str("nothing was to leave iCloud"),
            Self::OtherReceipt => f.write_str("the receipt is for other files"),
            Self::Gone => f.write_str("it is no longer in the library"),
            Self::ForeignSidecar => f.write_str("the sidecar is none that icloudpd wrote"),
        }
    }
}
