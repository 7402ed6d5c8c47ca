//! The catalogues of many copies in one PostgreSQL database, so that many workers keep many accounts.
//!
//! `database.rs` says which database and how it is reached (`passfile.rs`: with which password, `tls.rs`: whom it trusts), `session.rs` is a connection,
//! `schema.rs` knows the versions of the tables, `lease.rs` who keeps a copy, `read.rs` and `write.rs` the rows, `text.rs` what
//! becomes of a NUL, `fault.rs` what errors mean.

mod database;
mod fault;
mod lease;
mod passfile;
mod read;
mod schema;
mod session;
#[cfg(test)]
mod tests;
mod text;
mod tls;
mod write;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;
use tokio_postgres::Row;

pub use self::database::Database;
use self::session::{Param, Session};
use self::text::stored;
use super::{
    AlbumRow, AssetRow, Batch, Catalogue, FileKey, FileRow, LibraryKey, Progress, RemovalRow, StoreId,
    Totals, of_another_store, role_name, start,
};
use crate::asset::{AssetId, Checksum, MasterId};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::StoragePath;

/// A catalogue in a PostgreSQL database, which may keep those of many copies, each under a name. Cheap to clone; the connections are
/// closed with the last clone.
///
/// - One writer for each copy at a time, wherever it runs: opening for writing takes a *lease*, an advisory lock of the database that belongs
///   to the very connection on which commits go. A worker that is killed, or loses its connection, has lost the lease with it and can
///   commit nothing; another takes over. The server notices within 25 seconds that a machine vanished, and at once that a program ended.
///   It is a lease of the copy and not of an account, for two that share a storage would give one name to two files.
/// - Others may read meanwhile, with [`PostgresCatalogue::open_read_only`].
/// - Whoever lost the lease is told by every question too, not by commits alone.
/// - A commit is durable when it returns, if the server flushes (`fsync`).
/// - The tables are made, and those of older versions brought up to date, when a catalogue is opened for writing. Those of newer versions
///   are refused.
/// - It takes two connections: questions need not wait for a commit.
#[derive(Clone)]
pub struct PostgresCatalogue {
    copy: i32,
    reader: Arc<Session>,
    writer: Option<Arc<Writer>>,
}

/// How often to see whether the connection still is.
const LOOK: Duration = Duration::from_millis(250);

/// The session that has the lease, and whose turn it is to write.
struct Writer {
    session: Arc<Session>,
    turn: Arc<Mutex<()>>,
}

impl PostgresCatalogue {
    /// Opens the catalogue with this name for reading and writing, or makes it, and takes its lease. Whoever closed it a moment ago is
    /// waited for, two seconds at most.
    ///
    /// # Errors
    /// - [`ErrorKind::Conflict`] while somebody else has the lease; the error says who, and is worth another try later.
    /// - [`ErrorKind::Storage`], worth another try later, if the database is not reached; [`ErrorKind::PermissionDenied`] if it does not
    ///   let the user in.
    /// - [`ErrorKind::Unsupported`] if a newer version wrote it.
    pub async fn open(database: &Database, name: &str) -> Result<Self> {
        let session = Arc::new(Session::open(database).await?);
        let version =
            schema::bring_up_to_date(&session.client).await.map_err(|error| session.fault(error))?;
        schema::require(version, session.database())?;
        let copy = match number_of(&session, name).await? {
            Some(copy) => copy,
            None => make(&session, name).await?,
        };
        lease::take(&session, copy).await?;
        session.warn_of_unsafe_server();
        let reader = Arc::new(Session::open(database).await?);
        let writer = Writer { session, turn: Arc::default() };
        Ok(Self { copy, reader, writer: Some(Arc::new(writer)) })
    }

    /// Opens the catalogue with this name for reading, also while somebody else writes to it; `None` if there is none. Changes nothing.
    ///
    /// # Errors
    /// As [`PostgresCatalogue::open`], but for leases; and [`ErrorKind::Unsupported`] for tables of an older version, too.
    pub async fn open_read_only(database: &Database, name: &str) -> Result<Option<Self>> {
        let Some(session) = look_into(database).await? else { return Ok(None) };
        let copy = number_of(&session, name).await?;
        Ok(copy.map(|copy| Self { copy, reader: session, writer: None }))
    }

    /// The catalogue of a store that was last seen at this place, opened for reading.
    pub(in crate::sync) async fn of_place(database: &Database, place: &str) -> Result<Option<Self>> {
        let Some(session) = look_into(database).await? else { return Ok(None) };
        let sql = "SELECT number FROM icloud_photos.copies WHERE place = $1 AND id IS NOT NULL ORDER BY name LIMIT 1";
        let rows = session.rows(sql, [stored(place)]).await?;
        let copy = rows.first().map(|row| read::get(row, 0)).transpose()?;
        Ok(copy.map(|copy| Self { copy, reader: session, writer: None }))
    }

    /// The database, as a URL without password.
    pub fn database(&self) -> &str {
        self.reader.database()
    }

    /// Asks on the connection for questions. A task of its own does, and not the caller: one who begins to ask and then does something
    /// else before it takes the answer would hold up everybody whose answer comes after it.
    async fn ask(&self, sql: &'static str, params: Vec<Param>) -> Result<Vec<Row>> {
        if let Some(writer) = &self.writer
            && writer.session.client.is_closed()
        {
            let message = "the connection to the database broke, and with it the lease of this copy; what was not committed is done \
                           again by the next run";
            return Err(Error::new(ErrorKind::Storage, message).with("database", self.database()));
        }
        let session = self.reader.clone();
        let copy: Param = Box::new(self.copy);
        let params: Vec<Param> = std::iter::once(copy).chain(params).collect();
        finished(tokio::spawn(async move { session.rows(sql, params).await }).await)
    }

    async fn list<T>(
        &self,
        sql: &'static str,
        params: Vec<Param>,
        read: fn(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.ask(sql, params).await?.iter().map(read).collect()
    }

    fn writer(&self) -> Result<&Writer> {
        let advice = "the catalogue was opened for reading only";
        let refused = || Error::new(ErrorKind::Unsupported, advice).with("database", self.database());
        self.writer.as_deref().ok_or_else(refused)
    }
}

/// A session on a database that has tables of this version; `None` where there are none.
async fn look_into(database: &Database) -> Result<Option<Arc<Session>>> {
    let session = Session::open(database).await?;
    let version = schema::version(&session.client).await.map_err(|error| session.fault(error))?;
    let Some(version) = version else { return Ok(None) };
    schema::require(version, session.database())?;
    Ok(Some(Arc::new(session)))
}

async fn number_of(session: &Session, name: &str) -> Result<Option<i32>> {
    let sql = "SELECT number FROM icloud_photos.copies WHERE name = $1";
    let rows = session.rows(sql, [stored(name)]).await?;
    rows.first().map(|row| read::get(row, 0)).transpose()
}

/// Somebody else may make the same at this moment.
async fn make(session: &Session, name: &str) -> Result<i32> {
    let sql = "INSERT INTO icloud_photos.copies (name) VALUES ($1) ON CONFLICT DO NOTHING";
    session.execute(sql, [stored(name)]).await?;
    number_of(session, name).await?.ok_or_else(|| {
        let message = "the catalogue was taken out of the database while it was opened; run again";
        Error::new(ErrorKind::Conflict, message).with("database", session.database())
    })
}

fn finished<T>(done: Result<Result<T>, tokio::task::JoinError>) -> Result<T> {
    done.map_err(|error| {
        let kind = if error.is_cancelled() { ErrorKind::Cancelled } else { ErrorKind::Unexpected };
        Error::new(kind, "work on the catalogue was cut off").caused_by(error)
    })?
}

fn param(text: &str) -> Param {
    Box::new(stored(text))
}

fn array<T>(things: &[T], text: impl Fn(&T) -> String) -> Param {
    Box::new(things.iter().map(|thing| stored(&text(thing))).collect::<Vec<String>>())
}

fn ids(ids: &[AssetId]) -> Param {
    array(ids, |id| id.as_str().to_owned())
}

fn most(limit: usize) -> Param {
    Box::new(i64::try_from(limit).unwrap_or(i64::MAX))
}

/// Empty texts come before every key.
fn position(after: Option<&FileKey>) -> [Param; 3] {
    let texts =
        after.map_or(["", "", ""], |key| [key.asset.as_str(), role_name(key.role), key.tree.as_str()]);
    texts.map(param)
}

fn after(id: Option<&AssetId>) -> Param {
    param(id.map_or("", AssetId::as_str))
}

#[async_trait]
impl Catalogue for PostgresCatalogue {
    async fn store(&self) -> Result<Option<StoreId>> {
        Ok(self.list(read::sql::STORE, vec![], read::store).await?.pop())
    }

    async fn set_store(&self, store: &StoreId) -> Result<()> {
        let writer = self.writer()?;
        let (session, turn, copy, given) =
            (writer.session.clone(), writer.turn.clone(), self.copy, store.clone());
        let work = tokio::spawn(async move {
            let _turn = turn.lock().await;
            write::set_store(&session, copy, &given).await
        });
        finished(work.await)?.map_or(Ok(()), |known| Err(of_another_store(&known, store)))
    }

    async fn files_of(&self, library: &LibraryKey, assets: &[AssetId]) -> Result<Vec<Vec<FileRow>>> {
        let rows = self.ask(read::sql::FILES_OF, vec![param(library.as_str()), ids(assets)]).await?;
        read::grouped(rows, assets.len(), read::FILE_PLACE, read::file)
    }

    async fn files_at(&self, paths: &[StoragePath]) -> Result<Vec<Vec<FileRow>>> {
        let rows = self.ask(read::sql::FILES_AT, vec![array(paths, |path| path.as_str().to_owned())]).await?;
        read::grouped(rows, paths.len(), read::FILE_PLACE, read::file)
    }

    async fn files_with(&self, checksums: &[Checksum]) -> Result<Vec<Vec<FileRow>>> {
        let rows = self.ask(read::sql::FILES_WITH, vec![array(checksums, Checksum::to_string)]).await?;
        read::grouped(rows, checksums.len(), read::FILE_PLACE, read::file)
    }

    async fn files(
        &self,
        library: Option<&LibraryKey>,
        after: Option<&FileKey>,
        limit: usize,
    ) -> Result<Vec<FileRow>> {
        let (sql, library, after) = match library {
            None => (read::sql::ALL_FILES, after.map_or("", |key| key.library.as_str()), after),
            Some(library) => match start(library, after) {
                Some(after) => (read::sql::FILES, library.as_str(), after),
                None => return Ok(Vec::new()),
            },
        };
        let [asset, role, tree] = position(after);
        self.list(sql, vec![param(library), asset, role, tree, most(limit)], read::file).await
    }

    async fn failed(
        &self,
        library: &LibraryKey,
        after: Option<&FileKey>,
        limit: usize,
    ) -> Result<Vec<FileRow>> {
        let Some(after) = start(library, after) else { return Ok(Vec::new()) };
        let [asset, role, tree] = position(after);
        let params = vec![param(library.as_str()), asset, role, tree, most(limit)];
        self.list(read::sql::FAILED, params, read::file).await
    }

    async fn assets(&self, library: &LibraryKey, assets: &[AssetId]) -> Result<Vec<Option<AssetRow>>> {
        let rows = self.ask(read::sql::ASSETS, vec![param(library.as_str()), ids(assets)]).await?;
        let answers = read::grouped(rows, assets.len(), read::ASSET_PLACE, read::asset)?;
        Ok(answers.into_iter().map(|mut rows| rows.pop()).collect())
    }

    async fn all_assets(
        &self,
        library: &LibraryKey,
        last: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<AssetRow>> {
        let params = vec![param(library.as_str()), after(last), most(limit)];
        self.list(read::sql::ALL_ASSETS, params, read::asset).await
    }

    async fn assets_with(&self, masters: &[MasterId]) -> Result<Vec<Vec<AssetRow>>> {
        let params = vec![array(masters, |master| master.as_str().to_owned())];
        let rows = self.ask(read::sql::ASSETS_WITH, params).await?;
        read::grouped(rows, masters.len(), read::ASSET_PLACE, read::asset)
    }

    async fn albums(&self, library: &LibraryKey) -> Result<Vec<AlbumRow>> {
        self.list(read::sql::ALBUMS, vec![param(library.as_str())], read::album).await
    }

    async fn progress(&self, library: &LibraryKey, selection: &str) -> Result<Option<Progress>> {
        let params = vec![param(library.as_str()), param(selection)];
        Ok(self.list(read::sql::PROGRESS, params, read::progress).await?.pop())
    }

    async fn all_progress(&self) -> Result<Vec<Progress>> {
        self.list(read::sql::ALL_PROGRESS, vec![], read::progress).await
    }

    async fn on_roll(&self, library: &LibraryKey, selection: &str, assets: &[AssetId]) -> Result<Vec<bool>> {
        let params = vec![param(library.as_str()), param(selection), ids(assets)];
        let rows = self.ask(read::sql::ON_ROLL, params).await?;
        let answers = read::grouped(rows, assets.len(), 0, |_| Ok(()))?;
        Ok(answers.iter().map(|found| !found.is_empty()).collect())
    }

    async fn removals(&self, library: &LibraryKey, assets: &[AssetId]) -> Result<Vec<Option<RemovalRow>>> {
        let rows = self.ask(read::sql::REMOVALS, vec![param(library.as_str()), ids(assets)]).await?;
        let answers = read::grouped(rows, assets.len(), read::REMOVAL_PLACE, read::removal)?;
        Ok(answers.into_iter().map(|mut rows| rows.pop()).collect())
    }

    async fn owed(
        &self,
        library: &LibraryKey,
        selection: &str,
        last: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<AssetId>> {
        let params = vec![param(library.as_str()), param(selection), after(last), most(limit)];
        self.list(read::sql::OWED, params, read::id).await
    }

    async fn sent(
        &self,
        library: &LibraryKey,
        last: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<RemovalRow>> {
        let params = vec![param(library.as_str()), after(last), most(limit)];
        self.list(read::sql::SENT, params, read::removal).await
    }

    async fn members(
        &self,
        library: &LibraryKey,
        selection: &str,
        last: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<AssetId>> {
        let params = vec![param(library.as_str()), param(selection), after(last), most(limit)];
        self.list(read::sql::MEMBERS, params, read::id).await
    }

    async fn selections_of(
        &self,
        library: &LibraryKey,
        beginning: &str,
        assets: &[AssetId],
    ) -> Result<Vec<Vec<String>>> {
        let params = vec![param(library.as_str()), param(beginning), ids(assets)];
        let rows = self.ask(read::sql::SELECTIONS_OF, params).await?;
        read::grouped(rows, assets.len(), 1, read::selection)
    }

    async fn totals(&self) -> Result<Totals> {
        read::totals(&self.ask(read::sql::TOTALS, vec![]).await?)
    }

    async fn lost(&self) -> Error {
        let Some(writer) = &self.writer else { return std::future::pending().await };
        loop {
            tokio::time::sleep(LOOK).await;
            if writer.session.client.is_closed()
                && let Err(error) = writer.session.order("SELECT 1").await
            {
                return error;
            }
        }
    }

    async fn commit(&self, batch: Batch) -> Result<()> {
        let writer = self.writer()?;
        if batch.is_empty() {
            return Ok(());
        }
        let (session, turn, copy) = (writer.session.clone(), writer.turn.clone(), self.copy);
        // As with questions: whoever waits for a turn and is not asked again would take it and never use it.
        let work = tokio::spawn(async move {
            let _turn = turn.lock().await;
            write::commit(&session, copy, &batch).await
        });
        finished(work.await)
    }
}

impl fmt::Debug for PostgresCatalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (database, copy) = (self.database(), self.copy);
        f.debug_struct("PostgresCatalogue")
            .field("database", &database)
            .field("copy", &copy)
            .finish_non_exhaustive()
    }
}
