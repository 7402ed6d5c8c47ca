//! Why something is left out, stays, or is named otherwise.

use icloud_photos::sync::layout::{LayoutProblem, LocalTime};
use icloud_photos::sync::{Kept, SkipReason};

use crate::value::{ToValue, Value, variant};

impl ToValue for &SkipReason {
    fn to_value(self) -> Value {
        match self {
            SkipReason::IsVideo => variant!("SkipIsVideo", text = self.to_string()),
            SkipReason::IsPhoto => variant!("SkipIsPhoto", text = self.to_string()),
            SkipReason::CreatedBefore { created, limit } => {
                variant!("SkipCreatedBefore", text = self.to_string(), created = *created, limit = *limit)
            }
            SkipReason::CreatedAfter { created, limit } => {
                variant!("SkipCreatedAfter", text = self.to_string(), created = *created, limit = *limit)
            }
            SkipReason::RemovedHere { name } => {
                variant!("SkipRemovedHere", text = self.to_string(), name = name.as_str())
            }
            SkipReason::NoSuchSize { size, name } => {
                variant!(
                    "SkipNoSuchSize",
                    text = self.to_string(),
                    size = size.as_str(),
                    name = name.as_str()
                )
            }
            SkipReason::Filtered { name } => {
                variant!("SkipFiltered", text = self.to_string(), name = name.as_str())
            }
            _ => variant!("SkipOther", text = self.to_string()),
        }
    }
}

impl ToValue for &LayoutProblem {
    fn to_value(self) -> Value {
        match self {
            LayoutProblem::UndecodableName { value, name } => {
                variant!(
                    "LayoutUndecodableName",
                    text = self.to_string(),
                    value = value.as_str(),
                    name = name.as_str()
                )
            }
            LayoutProblem::UnusableName { name } => {
                variant!("LayoutUnusableName", text = self.to_string(), name = name.as_str())
            }
            LayoutProblem::SizeMissing { size, name } => {
                variant!("LayoutSizeMissing", text = self.to_string(), size = *size, name = name.as_str())
            }
            LayoutProblem::OriginalMissing { name } => {
                variant!("LayoutOriginalMissing", text = self.to_string(), name = name.as_str())
            }
            LayoutProblem::NotLocal { date } => {
                variant!("LayoutNotLocal", text = self.to_string(), date = date)
            }
            _ => variant!("LayoutOther", text = self.to_string()),
        }
    }
}

/// As people see it on a clock: `2024-05-01 12:30:00`.
impl ToValue for &LocalTime {
    fn to_value(self) -> Value {
        self.to_string().to_value()
    }
}

impl ToValue for &Kept {
    fn to_value(self) -> Value {
        match self {
            Kept::Young { days } => variant!("KeptYoung", text = self.to_string(), days = *days),
            Kept::NoDate => variant!("KeptNoDate", text = self.to_string()),
            Kept::NotCopied { role } => variant!("KeptNotCopied", text = self.to_string(), role = *role),
            Kept::EditOfVideo => variant!("KeptEditOfVideo", text = self.to_string()),
            Kept::NotAsInICloud { path } => {
                variant!("KeptNotAsInICloud", text = self.to_string(), path = path)
            }
            Kept::Edited => variant!("KeptEdited", text = self.to_string()),
            Kept::NoChecksum => variant!("KeptNoChecksum", text = self.to_string()),
            Kept::Missing { path } => variant!("KeptMissing", text = self.to_string(), path = path),
            Kept::Differs { path } => variant!("KeptDiffers", text = self.to_string(), path = path),
            Kept::Unreadable { path, reason } => {
                variant!("KeptUnreadable", text = self.to_string(), path = path, reason = reason.as_str())
            }
            Kept::Unremovable { path, reason } => {
                variant!("KeptUnremovable", text = self.to_string(), path = path, reason = reason.as_str())
            }
            Kept::Shared => variant!("KeptShared", text = self.to_string()),
            Kept::MovedOut => variant!("KeptMovedOut", text = self.to_string()),
            Kept::Elsewhere => variant!("KeptElsewhere", text = self.to_string()),
            Kept::OwnerUnclear { reason } => {
                variant!("KeptOwnerUnclear", text = self.to_string(), reason = reason.as_str())
            }
            Kept::NotAsked => variant!("KeptNotAsked", text = self.to_string()),
            Kept::OtherReceipt => variant!("KeptOtherReceipt", text = self.to_string()),
            Kept::Gone => variant!("KeptGone", text = self.to_string()),
            Kept::ForeignSidecar => variant!("KeptForeignSidecar", text = self.to_string()),
            _ => variant!("KeptOther", text = self.to_string()),
        }
    }
}

/// What there is, or why there is nothing.
impl<T: ToValue> ToValue for Result<T, Kept> {
    fn to_value(self) -> Value {
        match self {
            Ok(value) => value.to_value(),
            Err(kept) => (&kept).to_value(),
        }
    }
}
