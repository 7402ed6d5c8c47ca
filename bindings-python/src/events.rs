//! What operations tell, as the dataclasses of `events.py`: `SyncEvent::Downloaded` is `SyncDownloaded` there, field by field.

use icloud_photos::sync::catalogue::{AlbumRow, AssetRow, FileKey, FileRow, Pending, Progress, Status};
use icloud_photos::sync::layout::{LayoutProblem, LocalTime};
use icloud_photos::sync::{
    Action, AdoptEvent, AdoptReport, AssetNews, Detail, Fault, Kept, Membership, NewsEvent, ProvenFile,
    Receipt, RemovalEvent, SkipReason, StoredFile, SyncEvent, SyncReport, Target, VerifyEvent, VerifyReport,
    ViewEvent, ViewFault, Why,
};
use pyo3::prelude::*;

use crate::asset::Sha256;
use crate::convert::{Fields, Member, ToPython, as_member, as_model, variant};

as_member!(Fault => "Fault", ViewFault => "ViewFault", icloud_photos::sync::layout::Size => "Size");
as_model!(ProvenFile => "ProvenFile" { role, tree, path, size, checksum, stored });
as_model!(StoredFile => "StoredFile" { size, checksum, sha256 });

/// A report: its fields, and what it comes to.
macro_rules! as_report {
    ($kind:ty => $class:literal { $($field:ident),* $(,)? } $($method:ident),*) => {
        impl ToPython for $kind {
            fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
                let text = self.to_string();
                $(let $method = self.$method();)*
                Fields::new(py)
                    $(.with(stringify!($field), self.$field)?)*
                    $(.with(stringify!($method), $method)?)*
                    .with("text", text)?
                    .model($class)
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

/// Makes an event: its class, and its fields.
macro_rules! event {
    ($py:expr, $class:literal $(, $field:ident = $value:expr)* $(,)?) => {
        Fields::new($py)$(.with(stringify!($field), $value)?)*.event($class)
    };
}

/// Makes a model likewise.
macro_rules! model {
    ($py:expr, $class:literal $(, $field:ident = $value:expr)* $(,)?) => {
        Fields::new($py)$(.with(stringify!($field), $value)?)*.model($class)
    };
}

impl ToPython for SyncEvent<'_> {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::Started { total } => event!(py, "SyncStarted", total = total),
            Self::Enough { found } => event!(py, "SyncEnough", found = found),
            Self::Planned { asset } => event!(py, "SyncPlanned", asset = asset),
            Self::Present { path } => event!(py, "SyncPresent", path = path),
            Self::Deduplicated { path } => event!(py, "SyncDeduplicated", path = path),
            Self::Downloading { path } => event!(py, "SyncDownloading", path = path),
            Self::Progress { bytes } => event!(py, "SyncProgress", bytes = bytes),
            Self::Downloaded { path, bytes, resumed_from, copied, doubt } => event!(
                py,
                "SyncDownloaded",
                path = path,
                bytes = bytes,
                resumed_from = resumed_from,
                copied = copied,
                doubt = doubt
            ),
            Self::Dating { path, created, unreadable, problem } => event!(
                py,
                "SyncDating",
                path = path,
                created = created,
                unreadable = unreadable,
                problem = problem
            ),
            Self::Skipped { asset, reason } => event!(py, "SyncSkipped", asset = asset, reason = reason),
            Self::Remark { asset, problem } => event!(py, "SyncRemark", asset = asset, problem = problem),
            Self::Failed { path, asset, name, error } => {
                event!(
                    py,
                    "SyncFailed",
                    path = path,
                    asset = asset.map(|id| id.as_str()),
                    name = name,
                    error = error
                )
            }
            Self::Described { path } => event!(py, "SyncDescribed", path = path),
            Self::SidecarLeft { path, why } => event!(py, "SyncSidecarLeft", path = path, why = why),
            Self::SidecarFailed { path, error } => {
                event!(py, "SyncSidecarFailed", path = path, error = error)
            }
            Self::Removal(event) => event.to_python(py),
            Self::View(event) => event.to_python(py),
            other => unknown(py, "SyncUnknown", &other),
        }
    }
}

impl ToPython for RemovalEvent<'_> {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::Moved { asset, name } => event!(py, "RemovalMoved", asset = asset.as_str(), name = name),
            Self::WouldMove { asset, name } => {
                event!(py, "RemovalWouldMove", asset = asset.as_str(), name = name)
            }
            Self::Aged { asset, created, keep, days } => {
                event!(py, "RemovalAged", asset = asset.as_str(), created = created, keep = keep, days = days)
            }
            Self::Stays { asset, name, why } => {
                event!(py, "RemovalStays", asset = asset.as_str(), name = name, why = why)
            }
            Self::Refused { asset, name, error } => {
                event!(py, "RemovalRefused", asset = asset.as_str(), name = name, error = error)
            }
            Self::Mirroring { clean } => event!(py, "RemovalMirroring", clean = clean),
            Self::Removed { path, trash } => event!(py, "RemovalRemoved", path = path, trash = trash),
            Self::WouldRemove { path } => event!(py, "RemovalWouldRemove", path = path),
            Self::Left { path, why } => event!(py, "RemovalLeft", path = path, why = why),
            Self::Stopped { removals, all } => event!(py, "RemovalStopped", removals = removals, all = all),
            Self::LeftEarly => event!(py, "RemovalLeftEarly"),
            Self::Withheld => event!(py, "RemovalWithheld"),
            other => unknown(py, "SyncUnknown", &other),
        }
    }
}

impl ToPython for ViewEvent<'_> {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::Laid { path, file } => event!(py, "ViewLaid", path = path, file = file),
            Self::Removed { path } => event!(py, "ViewRemoved", path = path),
            Self::Left { path, why } => event!(py, "ViewLeft", path = path, why = why),
            Self::Failed { view, path, error } => {
                event!(py, "ViewFailed", view = view, path = path, error = error)
            }
            Self::Done { view, entries, laid, removed } => {
                event!(py, "ViewDone", view = view, entries = entries, laid = laid, removed = removed)
            }
            other => unknown(py, "SyncUnknown", &other),
        }
    }
}

/// An event of a newer library.
fn unknown<'py>(py: Python<'py>, class: &str, what: &impl std::fmt::Debug) -> PyResult<Bound<'py, PyAny>> {
    Fields::new(py).with("text", format!("{what:?}"))?.event(class)
}

impl ToPython for AdoptEvent<'_> {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::Reading { files, bytes } => event!(py, "AdoptReading", files = files, bytes = bytes),
            Self::Read { bytes } => event!(py, "AdoptRead", bytes = bytes),
            Self::Recognised { path, asset } => {
                event!(py, "AdoptRecognised", path = path, asset = asset.as_str())
            }
            Self::Derived { path, proven } => event!(py, "AdoptDerived", path = path, proven = proven),
            Self::Assumed { path } => event!(py, "AdoptAssumed", path = path),
            Self::Damaged { path } => event!(py, "AdoptDamaged", path = path),
            Self::Unknown { path, like_missing } => {
                event!(py, "AdoptUnknown", path = path, like_missing = like_missing)
            }
            Self::Failed { path, error } => event!(py, "AdoptFailed", path = path, error = error),
            other => unknown(py, "AdoptOther", &other),
        }
    }
}

impl ToPython for VerifyEvent<'_> {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::Sound { path, bytes } => event!(py, "VerifySound", path = path, bytes = bytes),
            Self::Bad { path, fault, reason } => {
                event!(py, "VerifyBad", path = path, fault = fault, reason = reason)
            }
            Self::Removed { path } => event!(py, "VerifyRemoved", path = path),
            Self::Repaired { path } => event!(py, "VerifyRepaired", path = path),
            Self::Stray { path } => event!(py, "VerifyStray", path = path),
            Self::View { path, fault } => event!(py, "VerifyView", path = path, fault = fault),
            Self::Failed { path, error } => event!(py, "VerifyFailed", path = path, error = error),
            other => unknown(py, "VerifyOther", &other),
        }
    }
}

impl ToPython for &SkipReason {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            SkipReason::IsVideo => event!(py, "SkipIsVideo", text = self.to_string()),
            SkipReason::IsPhoto => event!(py, "SkipIsPhoto", text = self.to_string()),
            SkipReason::CreatedBefore { created, limit } => {
                event!(py, "SkipCreatedBefore", text = self.to_string(), created = *created, limit = *limit)
            }
            SkipReason::CreatedAfter { created, limit } => {
                event!(py, "SkipCreatedAfter", text = self.to_string(), created = *created, limit = *limit)
            }
            SkipReason::RemovedHere { name } => {
                event!(py, "SkipRemovedHere", text = self.to_string(), name = name.as_str())
            }
            SkipReason::NoSuchSize { size, name } => {
                event!(
                    py,
                    "SkipNoSuchSize",
                    text = self.to_string(),
                    size = size.as_str(),
                    name = name.as_str()
                )
            }
            SkipReason::Filtered { name } => {
                event!(py, "SkipFiltered", text = self.to_string(), name = name.as_str())
            }
            _ => event!(py, "SkipOther", text = self.to_string()),
        }
    }
}

impl ToPython for &LayoutProblem {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            LayoutProblem::UndecodableName { value, name } => {
                event!(
                    py,
                    "LayoutUndecodableName",
                    text = self.to_string(),
                    value = value.as_str(),
                    name = name.as_str()
                )
            }
            LayoutProblem::UnusableName { name } => {
                event!(py, "LayoutUnusableName", text = self.to_string(), name = name.as_str())
            }
            LayoutProblem::SizeMissing { size, name } => {
                event!(py, "LayoutSizeMissing", text = self.to_string(), size = *size, name = name.as_str())
            }
            LayoutProblem::OriginalMissing { name } => {
                event!(py, "LayoutOriginalMissing", text = self.to_string(), name = name.as_str())
            }
            LayoutProblem::NotLocal { date } => {
                event!(py, "LayoutNotLocal", text = self.to_string(), date = date)
            }
            _ => event!(py, "LayoutOther", text = self.to_string()),
        }
    }
}

/// As people see it on a clock: `2024-05-01 12:30:00`.
impl ToPython for &LocalTime {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        self.to_string().to_python(py)
    }
}

impl ToPython for &Kept {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Kept::Young { days } => event!(py, "KeptYoung", text = self.to_string(), days = *days),
            Kept::NoDate => event!(py, "KeptNoDate", text = self.to_string()),
            Kept::NotCopied { role } => event!(py, "KeptNotCopied", text = self.to_string(), role = *role),
            Kept::EditOfVideo => event!(py, "KeptEditOfVideo", text = self.to_string()),
            Kept::NotAsInICloud { path } => {
                event!(py, "KeptNotAsInICloud", text = self.to_string(), path = path)
            }
            Kept::Edited => event!(py, "KeptEdited", text = self.to_string()),
            Kept::NoChecksum => event!(py, "KeptNoChecksum", text = self.to_string()),
            Kept::Missing { path } => event!(py, "KeptMissing", text = self.to_string(), path = path),
            Kept::Differs { path } => event!(py, "KeptDiffers", text = self.to_string(), path = path),
            Kept::Unreadable { path, reason } => {
                event!(py, "KeptUnreadable", text = self.to_string(), path = path, reason = reason.as_str())
            }
            Kept::Shared => event!(py, "KeptShared", text = self.to_string()),
            Kept::MovedOut => event!(py, "KeptMovedOut", text = self.to_string()),
            Kept::Elsewhere => event!(py, "KeptElsewhere", text = self.to_string()),
            Kept::OwnerUnclear { reason } => {
                event!(py, "KeptOwnerUnclear", text = self.to_string(), reason = reason.as_str())
            }
            Kept::NotAsked => event!(py, "KeptNotAsked", text = self.to_string()),
            Kept::OtherReceipt => event!(py, "KeptOtherReceipt", text = self.to_string()),
            Kept::Gone => event!(py, "KeptGone", text = self.to_string()),
            Kept::ForeignSidecar => event!(py, "KeptForeignSidecar", text = self.to_string()),
            _ => event!(py, "KeptOther", text = self.to_string()),
        }
    }
}

/// What there is, or why there is nothing.
pub(crate) struct KeptOr<T>(Result<T, Kept>);

pub(crate) fn kept_or<T>(outcome: Result<T, Kept>) -> KeptOr<T> {
    KeptOr(outcome)
}

impl<T: ToPython> ToPython for KeptOr<T> {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self.0 {
            Ok(value) => value.to_python(py),
            Err(kept) => (&kept).to_python(py),
        }
    }
}

impl ToPython for Receipt {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let json = serde_json::to_string(&self).unwrap_or_default();
        model!(
            py,
            "Receipt",
            json = json,
            asset = self.asset().as_str(),
            files = self.files().to_vec(),
            at = self.at()
        )
    }
}

impl ToPython for NewsEvent {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::Added(news) => event!(py, "NewsAdded", news = news),
            Self::Edited(news) => event!(py, "NewsEdited", news = news),
            Self::Metadata(news) => event!(py, "NewsMetadata", news = news),
            Self::Trashed(news) => event!(py, "NewsTrashed", news = news),
            Self::Restored(news) => event!(py, "NewsRestored", news = news),
            Self::Moved { news, to } => event!(py, "NewsMoved", news = news, to = to.as_str()),
            Self::Gone(news) => event!(py, "NewsGone", news = news),
            Self::AlbumMade(album) => event!(py, "NewsAlbumMade", album = album),
            Self::AlbumRenamed { album, was } => event!(py, "NewsAlbumRenamed", album = album, was = was),
            Self::AlbumMoved { album, was } => event!(py, "NewsAlbumMoved", album = album, was = was),
            Self::AlbumDeleted(album) => event!(py, "NewsAlbumDeleted", album = album),
            Self::Entered(membership) => event!(py, "NewsEntered", membership = membership),
            Self::Left(membership) => event!(py, "NewsLeft", membership = membership),
            Self::Problem { asset, error } => {
                event!(py, "NewsProblem", asset = asset.as_ref().map(|id| id.as_str()), error = error)
            }
            Self::Reset { reason } => event!(py, "NewsReset", reason = reason),
            other => unknown(py, "NewsOther", &other),
        }
    }
}

impl ToPython for AssetNews {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        event!(py, "AssetNews", asset = self.asset, files = self.files, details = self.details)
    }
}

impl ToPython for Membership {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        event!(
            py,
            "Membership",
            album = self.album.as_str(),
            path = self.path,
            asset = self.asset.as_str(),
            name = self.name,
            files = self.files
        )
    }
}

impl ToPython for Detail {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::Files(roles) => event!(py, "DetailFiles", roles = roles),
            Self::Adjustment { was, now } => event!(py, "DetailAdjustment", was = was, now = now),
            Self::Favorite(now) => event!(py, "DetailFavorite", now = now),
            Self::Hidden(now) => event!(py, "DetailHidden", now = now),
            Self::Name { was, now } => event!(py, "DetailName", was = was, now = now),
            Self::Created { was, now } => event!(py, "DetailCreated", was = was, now = now),
            Self::Offset { was, now } => event!(py, "DetailOffset", was = was, now = now),
            Self::Kind => event!(py, "DetailKind"),
            Self::Burst => event!(py, "DetailBurst"),
            Self::Added => event!(py, "DetailAdded"),
            other => unknown(py, "DetailOther", &other),
        }
    }
}

impl ToPython for AssetRow {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        model!(
            py,
            "AssetRow",
            library = self.library.as_str(),
            asset = self.asset.as_str(),
            master = self.master.as_str(),
            tag = self.tag,
            content = self.content,
            trashed = self.trashed,
            hidden = self.hidden,
            favorite = self.favorite,
            metadata = self.metadata,
            name = self.name,
            created = self.created
        )
    }
}

impl ToPython for AlbumRow {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        model!(
            py,
            "AlbumRow",
            library = self.library.as_str(),
            album = self.album,
            path = self.path,
            kind = self.kind,
            parent = self.parent
        )
    }
}

impl ToPython for FileKey {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        model!(
            py,
            "FileKey",
            library = self.library.as_str(),
            asset = self.asset.as_str(),
            role = self.role,
            tree = self.tree.as_str()
        )
    }
}

impl ToPython for FileRow {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let (reason, attempts) = match &self.status {
            Status::Failed { reason, attempts } => (Some(reason.clone()), Some(*attempts)),
            _ => (None, None),
        };
        model!(
            py,
            "FileRow",
            key = self.key,
            path = self.path,
            size = self.size,
            modified = self.modified,
            resource_size = self.resource_size,
            checksum = self.checksum,
            sha256 = self.sha256.map(Sha256),
            status = Member("Status", self.status.name()),
            reason = reason,
            attempts = attempts,
            sidecar = self.sidecar,
            at = self.at
        )
    }
}

impl ToPython for Progress {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        model!(
            py,
            "Progress",
            library = self.library.as_str(),
            selection = self.selection,
            token = self.token,
            pending = self.pending,
            at = self.at
        )
    }
}

impl ToPython for Pending {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        model!(
            py,
            "Pending",
            token = self.token,
            album = self.album,
            rank = self.rank,
            seen = self.seen,
            sweeps = self.sweeps
        )
    }
}

impl ToPython for Target {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        event!(
            py,
            "Target",
            asset = self.asset,
            role = self.role,
            tree = self.tree.as_str(),
            path = self.path
        )
    }
}

impl ToPython for Why {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::Failed { .. } => crate::convert::member(py, "Why", "failed"),
            other => variant(py, "Why", &other),
        }
    }
}

impl ToPython for Action {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::Begin { total } => event!(py, "ActionBegin", total = total),
            Self::Download { target, size, modified, deduplicated, standing, copies, why } => event!(
                py,
                "ActionDownload",
                target = target,
                size = size,
                modified = modified,
                deduplicated = deduplicated,
                standing = standing,
                copies = copies,
                why = why
            ),
            Self::Present { target, deduplicated, known, proven, doubted, found } => event!(
                py,
                "ActionPresent",
                target = target,
                deduplicated = deduplicated,
                known = known,
                proven = proven.map(Sha256),
                doubted = doubted,
                found = found
            ),
            Self::Stands { path, doubted } => event!(py, "ActionStands", path = path, doubted = doubted),
            Self::Describe { target } => event!(py, "ActionDescribe", target = target),
            Self::Claim { row } => event!(py, "ActionClaim", row = row),
            Self::Settle { row, before } => event!(py, "ActionSettle", row = row, before = before),
            Self::Renamed { row, found } => event!(py, "ActionRenamed", row = row, found = found),
            Self::Forget { key } => event!(py, "ActionForget", key = key),
            Self::Lost { key, path } => event!(py, "ActionLost", key = key, path = path),
            Self::Skip { asset, reason } => event!(py, "ActionSkip", asset = asset, reason = &reason),
            Self::Remark { asset, problem } => event!(py, "ActionRemark", asset = asset, problem = &problem),
            Self::Problem { asset, id, lacks, error } => event!(
                py,
                "ActionProblem",
                asset = asset,
                id = id.as_ref().map(|id| id.as_str()),
                lacks = lacks,
                error = error
            ),
            Self::Note { change } => event!(py, "ActionNote", change = change),
            Self::Placed { album, asset } => {
                event!(py, "ActionPlaced", album = album.as_str(), asset = asset.as_str())
            }
            Self::Albums { albums } => event!(py, "ActionAlbums", albums = crate::library::AlbumTree(albums)),
            other => other.of_the_books(py),
        }
    }
}

trait OfTheBooks {
    /// Those that say how far a run has come.
    fn of_the_books(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>>;
}

impl OfTheBooks for Action {
    fn of_the_books(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::Aside { progress } => event!(py, "ActionAside", progress = progress),
            Self::Done { asset } => event!(py, "ActionDone", asset = asset),
            Self::Listed { progress, seen } => {
                let seen: Vec<&str> = seen.iter().map(|id| id.as_str()).collect();
                event!(py, "ActionListed", progress = progress, seen = seen)
            }
            Self::End { listing } => event!(py, "ActionEnd", listing = listing),
            Self::Enough { found } => event!(py, "ActionEnough", found = found),
            Self::EndOfRest => event!(py, "ActionEndOfRest"),
            Self::Covered { progress } => event!(py, "ActionCovered", progress = progress),
            other => unknown(py, "ActionOther", &other),
        }
    }
}
