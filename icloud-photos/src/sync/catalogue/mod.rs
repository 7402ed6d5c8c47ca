//! What a copy holds: which file of which asset was fetched, what is proven of its bytes, where it stands, what each
//! asset was like when last seen, and how far the history of the account was followed.
//!
//! A [`Catalogue`] answers in batches and is changed by [`Catalogue::commit`] alone, one [`Batch`] at a time, all of it
//! or nothing: rows and the token that covers them can never disagree. [`SqliteCatalogue`] keeps it in one file that
//! a person may read with the `sqlite3` program, `PostgresCatalogue` (feature `postgres`) those of many copies in one database,
//! [`MemoryCatalogue`] forgets it at the end.
//!
//! A catalogue never stands in for the files. It says what was there; whoever deletes on its word asks for
//! [`Status::Verified`] and nothing less.

mod memory;
#[cfg(feature = "postgres")]
mod postgres;
mod row;
mod sheet;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod text;

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};

pub use self::memory::MemoryCatalogue;
#[cfg(feature = "postgres")]
pub use self::postgres::{Database, PostgresCatalogue};
pub(crate) use self::row::{
    ASTRAY, BEGUN, HIDDEN, IN, LEFT, MEMBERS, MIRROR, RECORD, REMOVED, WINDOW, role_name, role_named,
};
pub use self::row::{
    AlbumRow, AssetRow, FileKey, FileRow, LibraryKey, Pending, Progress, RemovalRow, RemovalState, Roll,
    Status, Tree,
};
pub(crate) use self::sheet::{Sheet, digest};
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteCatalogue;
use crate::asset::{AssetId, Checksum, MasterId};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::StoragePath;

/// Keeps the rows. Questions about many things are answered in the order they were asked in.
///
/// # Errors
/// [`ErrorKind::StorageFull`], [`ErrorKind::PermissionDenied`], [`ErrorKind::Conflict`] when somebody else holds it, and
/// [`ErrorKind::Storage`] for all else, a damaged catalogue included. Nothing unknown is an error.
#[async_trait]
pub trait Catalogue: fmt::Debug + Send + Sync + 'static {
    /// Lets go of what it holds, once what is under way is done: others may open it then. Whoever asks it after that is refused, or, where it
    /// holds nothing, served as before.
    async fn close(&self) -> Result<()> {
        Ok(())
    }

    /// The identity of the store this catalogue is for; `None` while it is new.
    async fn store(&self) -> Result<Option<StoreId>>;

    /// Says which store this catalogue is for, or where it was seen last.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] if the catalogue has rows of files and belongs to a store with another id.
    async fn set_store(&self, store: &StoreId) -> Result<()>;

    /// The rows of each of these assets, in the order of their keys; an empty list for an asset without any.
    async fn files_of(&self, library: &LibraryKey, assets: &[AssetId]) -> Result<Vec<Vec<FileRow>>>;

    /// Who owns each of these paths, in any library. Paths are compared exactly.
    async fn files_at(&self, paths: &[StoragePath]) -> Result<Vec<Vec<FileRow>>>;

    /// The rows for resources with each of these checksums, in any library.
    async fn files_with(&self, checksums: &[Checksum]) -> Result<Vec<Vec<FileRow>>>;

    /// Up to `limit` rows after the key `after`, in the order of the keys, of one library or of all.
    async fn files(
        &self,
        library: Option<&LibraryKey>,
        after: Option<&FileKey>,
        limit: usize,
    ) -> Result<Vec<FileRow>>;

    /// The same for the rows of one library that are [`Status::Failed`].
    async fn failed(
        &self,
        library: &LibraryKey,
        after: Option<&FileKey>,
        limit: usize,
    ) -> Result<Vec<FileRow>>;

    /// Each of these assets as it was when last seen.
    async fn assets(&self, library: &LibraryKey, ids: &[AssetId]) -> Result<Vec<Option<AssetRow>>>;

    /// Up to `limit` assets of a library after the asset `after`, in the order of their ids.
    async fn all_assets(
        &self,
        library: &LibraryKey,
        after: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<AssetRow>>;

    /// The assets that show each of these originals, in any library, in the order of library and asset.
    async fn assets_with(&self, masters: &[MasterId]) -> Result<Vec<Vec<AssetRow>>>;

    /// All albums of a library, by record name.
    async fn albums(&self, library: &LibraryKey) -> Result<Vec<AlbumRow>>;

    /// How far a library was followed for a selection.
    async fn progress(&self, library: &LibraryKey, selection: &str) -> Result<Option<Progress>>;

    /// How far everything was followed, by library and selection.
    async fn all_progress(&self) -> Result<Vec<Progress>>;

    /// Which of these assets the listing of a selection has shown that was cut, by its [`Roll`].
    async fn on_roll(&self, library: &LibraryKey, selection: &str, ids: &[AssetId]) -> Result<Vec<bool>>;

    /// What became of the removal of each of these assets from iCloud, if one was ever asked for.
    async fn removals(&self, library: &LibraryKey, ids: &[AssetId]) -> Result<Vec<Option<RemovalRow>>>;

    /// Up to `limit` assets of a library after `after`, in the order of their ids, whose removal row names this selection: it is
    /// [`RemovalState::Owed`], or was sent and nothing is known of what became of it.
    async fn owed(
        &self,
        library: &LibraryKey,
        selection: &str,
        after: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<AssetId>>;

    /// Up to `limit` removals of a library after the asset `after`, in the order of their ids, that are [`RemovalState::Sent`].
    async fn sent(
        &self,
        library: &LibraryKey,
        after: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<RemovalRow>>;

    /// Up to `limit` assets after `after`, in the order of their ids, that a selection of a library was last seen to show
    /// ([`Batch::members`]).
    async fn members(
        &self,
        library: &LibraryKey,
        selection: &str,
        after: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<AssetId>>;

    /// The selections of a library that begin so and show each of these assets, in their order.
    async fn selections_of(
        &self,
        library: &LibraryKey,
        beginning: &str,
        ids: &[AssetId],
    ) -> Result<Vec<Vec<String>>>;

    /// Counts of everything.
    async fn totals(&self) -> Result<Totals>;

    /// Returns when nothing can be committed any more, with the reason: whoever is at work for this catalogue should end. Never for one
    /// that is not lost.
    async fn lost(&self) -> Error {
        std::future::pending().await
    }

    /// All of it as one file, as it is at this moment, for whoever keeps it somewhere else; `None` where that is of no use, for example
    /// because it is not kept on this machine.
    async fn snapshot(&self) -> Result<Option<BoxStream<'static, Result<Bytes>>>> {
        Ok(None)
    }

    /// Takes all of it or nothing. When it returns, a loss of power takes nothing of it away. When its future is dropped
    /// the batch may be taken all the same.
    async fn commit(&self, batch: Batch) -> Result<()>;
}

/// One transaction. What is gone goes first, then rows replace those with the same key; of two in one batch the last
/// counts. Each list stands alone: the files of an asset that is gone stay until they are named.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Batch {
    /// Rows of files, new or changed.
    pub files: Vec<FileRow>,
    /// Files to be forgotten.
    pub gone_files: Vec<FileKey>,
    /// Assets, new or changed.
    pub assets: Vec<AssetRow>,
    /// Assets to be forgotten.
    pub gone_assets: Vec<(LibraryKey, AssetId)>,
    /// Albums, new or changed.
    pub albums: Vec<AlbumRow>,
    /// Albums to be forgotten, by record name.
    pub gone_albums: Vec<(LibraryKey, String)>,
    /// How far histories were followed with these rows. One without a listing that was cut, or with another than before, which
    /// shows by its token, takes the [`Roll`] of its selection away.
    pub progress: Vec<Progress>,
    /// Whom listings have shown that are not at their end, beside those of before.
    pub rolls: Vec<Roll>,
    /// Removals from iCloud, asked for or sent.
    pub removals: Vec<RemovalRow>,
    /// Removals to be forgotten.
    pub gone_removals: Vec<(LibraryKey, AssetId)>,
    /// Assets that a selection shows, or an album, whose record name is then behind `in `.
    pub members: Vec<(LibraryKey, String, AssetId)>,
    /// Those that it shows no more.
    pub gone_members: Vec<(LibraryKey, String, AssetId)>,
}

impl Batch {
    /// True if it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The identity of a store, so that an unmounted disk or another one is noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoreId {
    /// Random text that the store carries itself.
    pub id: String,
    /// Where it was seen last, for a person.
    pub place: String,
}

impl StoreId {
    /// A store that is known.
    pub fn new(id: impl Into<String>, place: impl Into<String>) -> Self {
        Self { id: id.into(), place: place.into() }
    }

    /// A new identity for the store at `place`.
    pub fn random(place: impl Into<String>) -> Self {
        Self::new(uuid::Uuid::new_v4().to_string(), place)
    }
}

/// How much a catalogue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Totals {
    /// [`Status::Verified`].
    pub verified: Tally,
    /// [`Status::Unconfirmed`].
    pub unconfirmed: Tally,
    /// [`Status::Assumed`].
    pub assumed: Tally,
    /// [`Status::Derived`].
    pub derived: Tally,
    /// [`Status::Failed`].
    pub failed: Tally,
    /// Assets.
    pub assets: u64,
}

impl Totals {
    /// Rows of files that are said to stand there, proven or not.
    pub(in crate::sync) fn kept(&self) -> u64 {
        [self.verified, self.unconfirmed, self.assumed, self.derived].iter().map(|tally| tally.files).sum()
    }

    /// The count for a status with this name.
    pub(super) fn tally(&mut self, status: &str) -> Option<&mut Tally> {
        Some(match status {
            "verified" => &mut self.verified,
            "unconfirmed" => &mut self.unconfirmed,
            "assumed" => &mut self.assumed,
            "derived" => &mut self.derived,
            "failed" => &mut self.failed,
            _ => return None,
        })
    }
}

/// Some files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many. One that two assets share counts for each.
    pub files: u64,
    /// Their stored bytes, as far as lengths are known.
    pub bytes: u64,
}

/// Why [`Catalogue::set_store`] refuses.
fn of_another_store(known: &StoreId, given: &StoreId) -> Error {
    let advice = "this catalogue belongs to another store; give this store a catalogue of its own";
    Error::new(ErrorKind::Conflict, advice)
        .with("store", &given.place)
        .with("catalogue of", format!("{} ({})", known.place, known.id))
}

/// Where paging in one library begins: after this key, or at the first row if `Some(None)`; `None` if nothing can follow.
fn start<'a>(library: &LibraryKey, after: Option<&'a FileKey>) -> Option<Option<&'a FileKey>> {
    use std::cmp::Ordering;
    let Some(after) = after else { return Some(None) };
    match after.library.cmp(library) {
        Ordering::Less => Some(None),
        Ordering::Equal => Some(Some(after)),
        Ordering::Greater => None,
    }
}
