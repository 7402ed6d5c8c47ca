//! A catalogue as one SQLite file, which a person can read with the `sqlite3` program.
//!
//! `place.rs` finds the file, claims it and makes it, `schema.rs` knows its versions, `older.rs` looks into old ones, `read.rs` and `write.rs` its
//! rows, `fault.rs` what its errors mean.

mod fault;
mod older;
mod place;
mod read;
mod schema;
mod snapshot;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::sync::Mutex;

use super::{
    AlbumRow, AssetRow, Batch, Catalogue, FileKey, FileRow, LibraryKey, Progress, RemovalRow, StoreId,
    Totals, of_another_store, start,
};
use crate::asset::{AssetId, Checksum, MasterId};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::StoragePath;

/// A catalogue in one SQLite file. Cheap to clone; the file is closed with the last clone.
///
/// - One writer at a time, across processes: an advisory lock on the file `<name>.lock` beside it. Others may read
///   meanwhile, with [`SqliteCatalogue::open_read_only`] or `sqlite3`.
/// - The file has mode 0600, a folder that is made for it 0700.
/// - It is written ahead (WAL) where the file system allows, and with a rollback journal elsewhere. A commit is on the
///   disk when it returns.
/// - Files of older versions are brought up to date when they are opened for writing, and read from a copy that is when they are
///   opened for reading; it lies in the system's folder for temporary files, for its owner's eyes only, and is removed in the end.
///   Files of newer versions are refused.
/// - A damaged file, or one that is no catalogue, is never written to and never replaced.
#[derive(Clone)]
pub struct SqliteCatalogue {
    path: Arc<Path>,
    writable: bool,
    /// For questions, where they need not wait for a commit. Closed before the other.
    reader: Option<Arc<Mutex<Option<Open>>>>,
    /// Nothing once it is closed.
    open: Arc<Mutex<Option<Open>>>,
}

/// The lock is released, and the copy removed, after the connection is closed.
struct Open {
    connection: Connection,
    _claim: Option<File>,
    /// Where the connection has its file, if that is only a copy.
    _copy: Option<TempDir>,
}

impl SqliteCatalogue {
    /// The version of the files that it writes.
    pub(in crate::sync) const VERSION: usize = schema::STEPS.len();

    /// Opens the catalogue at `path` for reading and writing, or makes it. Blocks for a moment.
    ///
    /// # Errors
    /// - [`ErrorKind::Conflict`] while somebody else has it open for writing.
    /// - [`ErrorKind::Config`] for an address, such as `postgres://...`.
    /// - [`ErrorKind::Unsupported`] if a newer version wrote it.
    /// - [`ErrorKind::Storage`] if it is damaged, [`ErrorKind::AlreadyExists`] if another kind of file stands there.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = place::find(path.as_ref())?;
        let claim = place::claim(&path)?;
        if !place::exists(&path)? {
            place::make(&path)?;
        }
        let connection = schema::open(&path)?;
        let reader = schema::reader(&connection, &path)?;
        let mut catalogue = Self::new(path, Open { connection, _claim: claim, _copy: None }, true);
        let reader = reader.map(|connection| Open { connection, _claim: None, _copy: None });
        catalogue.reader = reader.map(|open| Arc::new(Mutex::new(Some(open))));
        Ok(catalogue)
    }

    /// Opens an existing catalogue for reading, also while somebody else writes to it. Blocks for a moment.
    ///
    /// # Errors
    /// As [`SqliteCatalogue::open`], and [`ErrorKind::NotFound`] if there is none.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self> {
        let path = place::absolute(path.as_ref())?;
        if !place::exists(&path)? {
            let advice = "there is no catalogue yet; a run makes one";
            return Err(Error::new(ErrorKind::NotFound, advice).with("catalogue", path.display()));
        }
        let (connection, copy) = place::open_read_only(&path)?;
        Ok(Self::new(path, Open { connection, _claim: None, _copy: copy }, false))
    }

    /// That no page of the file is damaged. Reads all of it.
    pub(in crate::sync) async fn require_whole(&self) -> Result<()> {
        let path = self.path.clone();
        let found: String = self
            .ask(|connection| connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)))
            .await?;
        if found == "ok" {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Storage, "the catalogue is damaged")
            .with("catalogue", path.display())
            .with("said", found))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn new(path: PathBuf, open: Open, writable: bool) -> Self {
        let open = Arc::new(Mutex::new(Some(open)));
        Self { path: path.into(), writable, reader: None, open }
    }

    /// Reads, beside whoever writes if that can be.
    async fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.on(self.reader.as_ref().unwrap_or(&self.open), ask).await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.on(&self.open, work).await
    }

    /// Works on the file where it may block. When this future is dropped the work may be done all the same.
    async fn on<T: Send + 'static>(
        &self,
        open: &Arc<Mutex<Option<Open>>>,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let open = Arc::clone(open);
        // Waiting for a turn holds no thread. A task of its own waits, and not the caller: one who queues and then does something else
        // before asking again would be given the turn, not take it, and hold up everybody.
        let turn = tokio::spawn(async move {
            let mut open = open.lock_owned().await;
            tokio::task::spawn_blocking(move || open.as_mut().map(|open| work(&mut open.connection))).await
        });
        let done = turn.await.and_then(|done| done).map_err(|error| {
            let kind = if error.is_cancelled() { ErrorKind::Cancelled } else { ErrorKind::Unexpected };
            Error::new(kind, "work on the catalogue was cut off").caused_by(error)
        })?;
        let closed = || Error::new(ErrorKind::Config, "this catalogue was closed; open it again");
        done.ok_or_else(closed)?.map_err(|error| fault::fault(error, &self.path))
    }

    fn require_writable(&self) -> Result<()> {
        if self.writable {
            return Ok(());
        }
        let advice = "the catalogue was opened for reading only";
        Err(Error::new(ErrorKind::Unsupported, advice).with("catalogue", self.path.display()))
    }
}

#[async_trait]
impl Catalogue for SqliteCatalogue {
    async fn close(&self) -> Result<()> {
        // The reader's connection goes before the other, as when both are dropped.
        for open in self.reader.iter().chain([&self.open]) {
            let open = Arc::clone(open).lock_owned().await;
            let closing = tokio::task::spawn_blocking(move || drop({ open }.take()));
            closing.await.map_err(|error| {
                Error::new(ErrorKind::Unexpected, "closing the catalogue was cut off").caused_by(error)
            })?;
        }
        Ok(())
    }

    async fn store(&self) -> Result<Option<StoreId>> {
        self.ask(|connection| read::store(connection)).await
    }

    async fn set_store(&self, store: &StoreId) -> Result<()> {
        self.require_writable()?;
        let given = store.clone();
        let refused = self.work(move |connection| write::set_store(connection, &given)).await?;
        refused.map_or(Ok(()), |known| Err(of_another_store(&known, store)))
    }

    async fn files_of(&self, library: &LibraryKey, assets: &[AssetId]) -> Result<Vec<Vec<FileRow>>> {
        let (library, assets) = (library.clone(), assets.to_vec());
        self.ask(move |connection| read::files_of(connection, &library, &assets)).await
    }

    async fn files_at(&self, paths: &[StoragePath]) -> Result<Vec<Vec<FileRow>>> {
        let paths = paths.to_vec();
        self.ask(move |connection| read::files_at(connection, &paths)).await
    }

    async fn files_with(&self, checksums: &[Checksum]) -> Result<Vec<Vec<FileRow>>> {
        let checksums = checksums.to_vec();
        self.ask(move |connection| read::files_with(connection, &checksums)).await
    }

    async fn files(
        &self,
        library: Option<&LibraryKey>,
        after: Option<&FileKey>,
        limit: usize,
    ) -> Result<Vec<FileRow>> {
        let Some(library) = library else {
            let after = after.cloned();
            return self.ask(move |connection| read::all_files(connection, after.as_ref(), limit)).await;
        };
        let Some(after) = start(library, after) else { return Ok(Vec::new()) };
        let (library, after) = (library.clone(), after.cloned());
        self.ask(move |connection| read::files(connection, &library, after.as_ref(), limit)).await
    }

    async fn failed(
        &self,
        library: &LibraryKey,
        after: Option<&FileKey>,
        limit: usize,
    ) -> Result<Vec<FileRow>> {
        let Some(after) = start(library, after) else { return Ok(Vec::new()) };
        let (library, after) = (library.clone(), after.cloned());
        self.ask(move |connection| read::failed(connection, &library, after.as_ref(), limit)).await
    }

    async fn assets(&self, library: &LibraryKey, ids: &[AssetId]) -> Result<Vec<Option<AssetRow>>> {
        let (library, ids) = (library.clone(), ids.to_vec());
        self.ask(move |connection| read::assets(connection, &library, &ids)).await
    }

    async fn all_assets(
        &self,
        library: &LibraryKey,
        after: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<AssetRow>> {
        let (library, after) = (library.clone(), after.cloned());
        self.ask(move |connection| read::all_assets(connection, &library, after.as_ref(), limit)).await
    }

    async fn assets_with(&self, masters: &[MasterId]) -> Result<Vec<Vec<AssetRow>>> {
        let masters = masters.to_vec();
        self.ask(move |connection| read::assets_with(connection, &masters)).await
    }

    async fn albums(&self, library: &LibraryKey) -> Result<Vec<AlbumRow>> {
        let library = library.clone();
        self.ask(move |connection| read::albums(connection, &library)).await
    }

    async fn progress(&self, library: &LibraryKey, selection: &str) -> Result<Option<Progress>> {
        let (library, selection) = (library.clone(), selection.to_owned());
        self.ask(move |connection| read::progress(connection, &library, &selection)).await
    }

    async fn all_progress(&self) -> Result<Vec<Progress>> {
        self.ask(|connection| read::all_progress(connection)).await
    }

    async fn on_roll(&self, library: &LibraryKey, selection: &str, ids: &[AssetId]) -> Result<Vec<bool>> {
        let (library, selection, ids) = (library.clone(), selection.to_owned(), ids.to_vec());
        self.ask(move |connection| read::on_roll(connection, &library, &selection, &ids)).await
    }

    async fn removals(&self, library: &LibraryKey, ids: &[AssetId]) -> Result<Vec<Option<RemovalRow>>> {
        let (library, ids) = (library.clone(), ids.to_vec());
        self.ask(move |connection| read::removals(connection, &library, &ids)).await
    }

    async fn owed(
        &self,
        library: &LibraryKey,
        selection: &str,
        after: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<AssetId>> {
        let (library, selection, after) = (library.clone(), selection.to_owned(), after.cloned());
        self.ask(move |connection| read::owed(connection, &library, &selection, after.as_ref(), limit)).await
    }

    async fn sent(
        &self,
        library: &LibraryKey,
        after: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<RemovalRow>> {
        let (library, after) = (library.clone(), after.cloned());
        self.ask(move |connection| read::sent(connection, &library, after.as_ref(), limit)).await
    }

    async fn members(
        &self,
        library: &LibraryKey,
        selection: &str,
        after: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<AssetId>> {
        let (library, selection, after) = (library.clone(), selection.to_owned(), after.cloned());
        self.ask(move |connection| read::members(connection, &library, &selection, after.as_ref(), limit))
            .await
    }

    async fn selections_of(
        &self,
        library: &LibraryKey,
        beginning: &str,
        ids: &[AssetId],
    ) -> Result<Vec<Vec<String>>> {
        let (library, beginning, ids) = (library.clone(), beginning.to_owned(), ids.to_vec());
        self.ask(move |connection| read::selections_of(connection, &library, &beginning, &ids)).await
    }

    async fn totals(&self) -> Result<Totals> {
        self.ask(read::totals).await
    }

    async fn snapshot(&self) -> Result<Option<BoxStream<'static, Result<Bytes>>>> {
        self.copied().await.map(Some)
    }

    async fn commit(&self, batch: Batch) -> Result<()> {
        self.require_writable()?;
        if batch.is_empty() {
            return Ok(());
        }
        self.work(move |connection| write::commit(connection, &batch)).await
    }
}

impl fmt::Debug for SqliteCatalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteCatalogue").field("path", &self.path).finish_non_exhaustive()
    }
}
