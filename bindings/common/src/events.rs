//! What operations tell, and what they come to: `SyncEvent::Downloaded` is `SyncDownloaded`, member by member.

use icloud_photos::sync::{
    AdoptEvent, AdoptReport, Fault, ProvenFile, Receipt, RemovalEvent, StoredFile, SyncEvent, SyncReport,
    VerifyEvent, VerifyReport, ViewEvent, ViewFault,
};

use crate::value::{ToValue, Value, as_member, as_model, unknown, variant};

as_member!(Fault => "Fault", ViewFault => "ViewFault");
as_model!(ProvenFile => "ProvenFile" { role, tree, path, size, checksum, stored });
as_model!(StoredFile => "StoredFile" { size, checksum, sha256 });
/// A report: its fields, and what it comes to.
macro_rules! as_report {
    ($kind:ty => $class:literal { $($field:ident),* $(,)? } $($method:ident),*) => {
        impl ToValue for $kind {
            fn to_value(self) -> Value {
                let text = self.to_string();
                $(let $method = self.$method();)*
                Value::Model($class, vec![
                    $((stringify!($field), self.$field.to_value()),)*
                    $((stringify!($method), $method.to_value()),)*
                    ("text", text.to_value()),
                ])
            }
        }
    };
}

as_report!(SyncReport => "SyncReport" {
    assets, downloaded, copied, bytes, verified, unconfirmed, present, skipped, failed, sidecars, moved, removed, withheld, damaged,
    stopped, left_early, views_laid, views_removed, views_left, listings,
} is_clean);

as_report!(AdoptReport => "AdoptReport" {
    files, known, recognised, derived, assumed, damaged, unknown, failed, missing, short, unlisted, bytes,
} is_clean, is_list_complete);

as_report!(VerifyReport => "VerifyReport" {
    proven, promoted, unproven, retried, bad, repaired, removed, failed, strays, views, views_bad, bytes,
} is_clean);

impl ToValue for SyncEvent<'_> {
    fn to_value(self) -> Value {
        match self {
            Self::Started { total } => variant!("SyncStarted", total = total),
            Self::Enough { found } => variant!("SyncEnough", found = found),
            Self::Planned { asset } => variant!("SyncPlanned", asset = asset),
            Self::Present { path } => variant!("SyncPresent", path = path),
            Self::Deduplicated { path } => variant!("SyncDeduplicated", path = path),
            Self::Downloading { path } => variant!("SyncDownloading", path = path),
            Self::Progress { bytes } => variant!("SyncProgress", bytes = bytes),
            Self::Downloaded { path, bytes, resumed_from, copied, doubt } => variant!(
                "SyncDownloaded",
                path = path,
                bytes = bytes,
                resumed_from = resumed_from,
                copied = copied,
                doubt = doubt
            ),
            Self::Dating { path, created, unreadable, problem } => variant!(
                "SyncDating",
                path = path,
                created = created,
                unreadable = unreadable,
                problem = problem
            ),
            Self::Skipped { asset, reason } => variant!("SyncSkipped", asset = asset, reason = reason),
            Self::Remark { asset, problem } => variant!("SyncRemark", asset = asset, problem = problem),
            Self::Failed { path, asset, name, error } => {
                variant!(
                    "SyncFailed",
                    path = path,
                    asset = asset.map(|id| id.as_str()),
                    name = name,
                    error = error
                )
            }
            Self::Described { path } => variant!("SyncDescribed", path = path),
            Self::SidecarLeft { path, why } => variant!("SyncSidecarLeft", path = path, why = why),
            Self::SidecarFailed { path, error } => {
                variant!("SyncSidecarFailed", path = path, error = error)
            }
            Self::Removal(event) => event.to_value(),
            Self::View(event) => event.to_value(),
            other => unknown("SyncUnknown", &other),
        }
    }
}

impl ToValue for RemovalEvent<'_> {
    fn to_value(self) -> Value {
        match self {
            Self::Moved { asset, name } => variant!("RemovalMoved", asset = asset.as_str(), name = name),
            Self::WouldMove { asset, name } => {
                variant!("RemovalWouldMove", asset = asset.as_str(), name = name)
            }
            Self::Aged { asset, created, keep, days } => {
                variant!("RemovalAged", asset = asset.as_str(), created = created, keep = keep, days = days)
            }
            Self::Stays { asset, name, why } => {
                variant!("RemovalStays", asset = asset.as_str(), name = name, why = why)
            }
            Self::Refused { asset, name, error } => {
                variant!("RemovalRefused", asset = asset.as_str(), name = name, error = error)
            }
            Self::Mirroring { clean } => variant!("RemovalMirroring", clean = clean),
            Self::Removed { path, trash } => variant!("RemovalRemoved", path = path, trash = trash),
            Self::WouldRemove { path } => variant!("RemovalWouldRemove", path = path),
            Self::Left { path, why } => variant!("RemovalLeft", path = path, why = why),
            Self::Stopped { removals, all } => variant!("RemovalStopped", removals = removals, all = all),
            Self::LeftEarly => variant!("RemovalLeftEarly"),
            Self::Withheld => variant!("RemovalWithheld"),
            other => unknown("SyncUnknown", &other),
        }
    }
}

impl ToValue for ViewEvent<'_> {
    fn to_value(self) -> Value {
        match self {
            Self::Laid { path, file } => variant!("ViewLaid", path = path, file = file),
            Self::Removed { path } => variant!("ViewRemoved", path = path),
            Self::Left { path, why } => variant!("ViewLeft", path = path, why = why),
            Self::Failed { view, path, error } => {
                variant!("ViewFailed", view = view, path = path, error = error)
            }
            Self::Done { view, entries, laid, removed } => {
                variant!("ViewDone", view = view, entries = entries, laid = laid, removed = removed)
            }
            other => unknown("SyncUnknown", &other),
        }
    }
}

impl ToValue for AdoptEvent<'_> {
    fn to_value(self) -> Value {
        match self {
            Self::Reading { files, bytes } => variant!("AdoptReading", files = files, bytes = bytes),
            Self::Read { bytes } => variant!("AdoptRead", bytes = bytes),
            Self::Recognised { path, asset } => {
                variant!("AdoptRecognised", path = path, asset = asset.as_str())
            }
            Self::Derived { path, proven } => variant!("AdoptDerived", path = path, proven = proven),
            Self::Assumed { path } => variant!("AdoptAssumed", path = path),
            Self::Damaged { path } => variant!("AdoptDamaged", path = path),
            Self::Unknown { path, like_missing } => {
                variant!("AdoptUnknown", path = path, like_missing = like_missing)
            }
            Self::Failed { path, error } => variant!("AdoptFailed", path = path, error = error),
            other => unknown("AdoptOther", &other),
        }
    }
}

impl ToValue for VerifyEvent<'_> {
    fn to_value(self) -> Value {
        match self {
            Self::Sound { path, bytes } => variant!("VerifySound", path = path, bytes = bytes),
            Self::Bad { path, fault, reason } => {
                variant!("VerifyBad", path = path, fault = fault, reason = reason)
            }
            Self::Removed { path } => variant!("VerifyRemoved", path = path),
            Self::Repaired { path } => variant!("VerifyRepaired", path = path),
            Self::Stray { path } => variant!("VerifyStray", path = path),
            Self::View { path, fault } => variant!("VerifyView", path = path, fault = fault),
            Self::Failed { path, error } => variant!("VerifyFailed", path = path, error = error),
            other => unknown("VerifyOther", &other),
        }
    }
}
impl ToValue for Receipt {
    fn to_value(self) -> Value {
        let json = serde_json::to_string(&self).unwrap_or_default();
        variant!(
            "Receipt",
            json = json,
            asset = self.asset().as_str(),
            files = self.files().to_vec(),
            at = self.at()
        )
    }
}
