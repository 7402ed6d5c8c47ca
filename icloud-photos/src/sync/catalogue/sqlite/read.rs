//! Questions. Each is answered by an index; a test holds them to it.

use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Connection, OptionalExtension, Params, Result, Row, Statement};

use crate::asset::{AssetId, Checksum, MasterId};
use crate::storage::StoragePath;
use crate::sync::catalogue::row::{role_name, role_named};
use crate::sync::catalogue::text::from_hex;
use crate::sync::catalogue::{
    AlbumRow, AssetRow, FileKey, FileRow, LibraryKey, Pending, Progress, RemovalRow, RemovalState, Status,
    StoreId, Totals, Tree,
};

/// All questions there are.
pub(super) mod sql {
    macro_rules! files {
        ($rest:literal) => {
            concat!(
                "SELECT library, asset, role, path, size, modified, resource_size, checksum, sha256, status, reason, ",
                "attempts, at, sidecar, tree FROM files WHERE ",
                $rest
            )
        };
    }
    macro_rules! assets {
        ($rest:literal) => {
            concat!(
                "SELECT library, asset, master, tag, content, trashed, hidden, favorite, metadata, name, created ",
                "FROM assets WHERE ",
                $rest
            )
        };
    }
    pub(crate) const STORE: &str = "SELECT id, place FROM store";
    pub(crate) const FILES_OF: &str = files!("library = ? AND asset = ? ORDER BY role, tree");
    pub(crate) const FILES_AT: &str = files!("path = ? ORDER BY library, asset, role, tree");
    pub(crate) const FILES_WITH: &str = files!("checksum = ? ORDER BY library, asset, role, tree");
    pub(crate) const ALL_FILES: &str =
        files!("(library, asset, role, tree) > (?, ?, ?, ?) ORDER BY library, asset, role, tree LIMIT ?");
    pub(crate) const FILES: &str =
        files!("library = ? AND (asset, role, tree) > (?, ?, ?) ORDER BY asset, role, tree LIMIT ?");
    pub(crate) const FAILED: &str = files!(
        "status = 'failed' AND library = ? AND (asset, role, tree) > (?, ?, ?) ORDER BY asset, role, tree \
         LIMIT ?"
    );
    pub(crate) const ASSET: &str = assets!("library = ? AND asset = ?");
    pub(crate) const ALL_ASSETS: &str = assets!("library = ? AND asset > ? ORDER BY asset LIMIT ?");
    pub(crate) const ASSETS_WITH: &str = assets!("master = ? ORDER BY library, asset");
    pub(crate) const ALBUMS: &str =
        "SELECT library, album, path, kind, parent FROM albums WHERE library = ? ORDER BY album";
    pub(crate) const PROGRESS: &str = "SELECT library, selection, token, pending, pending_token, pending_rank, pending_seen, at, pending_album, pending_sweeps \
         FROM progress WHERE library = ? AND selection = ?";
    pub(crate) const ALL_PROGRESS: &str = "SELECT library, selection, token, pending, pending_token, pending_rank, pending_seen, at, pending_album, pending_sweeps \
         FROM progress ORDER BY library, selection";
    pub(crate) const ON_ROLL: &str = "SELECT 1 FROM roll WHERE library = ? AND selection = ? AND asset = ?";
    pub(crate) const REMOVAL: &str = "SELECT library, asset, state, selection, receipt, at FROM removals \
         WHERE library = ? AND asset = ?";
    pub(crate) const OWED: &str = "SELECT asset FROM removals \
         WHERE library = ? AND selection = ? AND asset > ? ORDER BY asset LIMIT ?";
    // Nearly all rows are sent.
    pub(crate) const SENT: &str = "SELECT library, asset, state, selection, receipt, at FROM removals \
         WHERE state = 'sent' AND library = ? AND asset > ? ORDER BY asset LIMIT ?";
    pub(crate) const MEMBERS: &str = "SELECT asset FROM members \
         WHERE library = ? AND selection = ? AND asset > ? ORDER BY asset LIMIT ?";
    pub(crate) const SELECTIONS_OF: &str = "SELECT selection FROM members WHERE library = ?1 AND asset = ?2 \
         AND substr(selection, 1, length(?3)) = ?3 ORDER BY selection";
    // TOTAL, unlike SUM, has no overflow.
    pub(crate) const TOTALS: &str =
        "SELECT status, COUNT(*), CAST(TOTAL(size) AS INTEGER) FROM files GROUP BY status";
    pub(crate) const ASSETS: &str = "SELECT COUNT(*) FROM assets";
}

pub(super) fn store(connection: &Connection) -> Result<Option<StoreId>> {
    let store = |row: &Row<'_>| Ok(StoreId::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    connection.query_row(sql::STORE, [], store).optional()
}

pub(super) fn files_of(
    connection: &mut Connection,
    library: &LibraryKey,
    assets: &[AssetId],
) -> Result<Vec<Vec<FileRow>>> {
    each(connection, sql::FILES_OF, assets, |statement, asset| {
        rows(statement, [library.as_str(), asset.as_str()], file)
    })
}

pub(super) fn files_at(connection: &mut Connection, paths: &[StoragePath]) -> Result<Vec<Vec<FileRow>>> {
    each(connection, sql::FILES_AT, paths, |statement, path| rows(statement, [path.as_str()], file))
}

pub(super) fn files_with(connection: &mut Connection, checksums: &[Checksum]) -> Result<Vec<Vec<FileRow>>> {
    each(connection, sql::FILES_WITH, checksums, |statement, checksum| {
        rows(statement, [checksum.to_string()], file)
    })
}

pub(super) fn all_files(
    connection: &Connection,
    after: Option<&FileKey>,
    limit: usize,
) -> Result<Vec<FileRow>> {
    let library = after.map_or("", |key| key.library.as_str());
    let (asset, role, tree) = position(after);
    rows(&mut connection.prepare(sql::ALL_FILES)?, (library, asset, role, tree, most(limit)), file)
}

pub(super) fn files(
    connection: &Connection,
    library: &LibraryKey,
    after: Option<&FileKey>,
    limit: usize,
) -> Result<Vec<FileRow>> {
    let (asset, role, tree) = position(after);
    rows(&mut connection.prepare(sql::FILES)?, (library.as_str(), asset, role, tree, most(limit)), file)
}

pub(super) fn failed(
    connection: &Connection,
    library: &LibraryKey,
    after: Option<&FileKey>,
    limit: usize,
) -> Result<Vec<FileRow>> {
    let (asset, role, tree) = position(after);
    rows(&mut connection.prepare(sql::FAILED)?, (library.as_str(), asset, role, tree, most(limit)), file)
}

pub(super) fn assets(
    connection: &mut Connection,
    library: &LibraryKey,
    ids: &[AssetId],
) -> Result<Vec<Option<AssetRow>>> {
    each(connection, sql::ASSET, ids, |statement, id| {
        statement.query_row([library.as_str(), id.as_str()], asset).optional()
    })
}

pub(super) fn removals(
    connection: &mut Connection,
    library: &LibraryKey,
    ids: &[AssetId],
) -> Result<Vec<Option<RemovalRow>>> {
    each(connection, sql::REMOVAL, ids, |statement, id| {
        statement.query_row([library.as_str(), id.as_str()], removal).optional()
    })
}

pub(super) fn owed(
    connection: &mut Connection,
    library: &LibraryKey,
    selection: &str,
    after: Option<&AssetId>,
    limit: usize,
) -> Result<Vec<AssetId>> {
    ids(connection, sql::OWED, library, selection, after, limit)
}

pub(super) fn members(
    connection: &mut Connection,
    library: &LibraryKey,
    selection: &str,
    after: Option<&AssetId>,
    limit: usize,
) -> Result<Vec<AssetId>> {
    ids(connection, sql::MEMBERS, library, selection, after, limit)
}

pub(super) fn selections_of(
    connection: &mut Connection,
    library: &LibraryKey,
    beginning: &str,
    ids: &[AssetId],
) -> Result<Vec<Vec<String>>> {
    each(connection, sql::SELECTIONS_OF, ids, |statement, id| {
        rows(statement, [library.as_str(), id.as_str(), beginning], |row| row.get(0))
    })
}

fn ids(
    connection: &mut Connection,
    sql: &str,
    library: &LibraryKey,
    selection: &str,
    after: Option<&AssetId>,
    limit: usize,
) -> Result<Vec<AssetId>> {
    let params = (library.as_str(), selection, after.map_or("", AssetId::as_str), most(limit));
    rows(&mut connection.prepare(sql)?, params, |row| Ok(AssetId::new(row.get::<_, String>(0)?)))
}

pub(super) fn sent(
    connection: &mut Connection,
    library: &LibraryKey,
    after: Option<&AssetId>,
    limit: usize,
) -> Result<Vec<RemovalRow>> {
    let params = (library.as_str(), after.map_or("", AssetId::as_str), most(limit));
    rows(&mut connection.prepare(sql::SENT)?, params, removal)
}

pub(super) fn all_assets(
    connection: &Connection,
    library: &LibraryKey,
    after: Option<&AssetId>,
    limit: usize,
) -> Result<Vec<AssetRow>> {
    let after = after.map_or("", AssetId::as_str);
    rows(&mut connection.prepare(sql::ALL_ASSETS)?, (library.as_str(), after, most(limit)), asset)
}

pub(super) fn assets_with(connection: &mut Connection, masters: &[MasterId]) -> Result<Vec<Vec<AssetRow>>> {
    each(connection, sql::ASSETS_WITH, masters, |statement, master| rows(statement, [master.as_str()], asset))
}

pub(super) fn albums(connection: &Connection, library: &LibraryKey) -> Result<Vec<AlbumRow>> {
    rows(&mut connection.prepare(sql::ALBUMS)?, [library.as_str()], album)
}

pub(super) fn progress(
    connection: &Connection,
    library: &LibraryKey,
    selection: &str,
) -> Result<Option<Progress>> {
    connection.query_row(sql::PROGRESS, [library.as_str(), selection], progress_row).optional()
}

pub(super) fn all_progress(connection: &Connection) -> Result<Vec<Progress>> {
    rows(&mut connection.prepare(sql::ALL_PROGRESS)?, [], progress_row)
}

pub(super) fn on_roll(
    connection: &mut Connection,
    library: &LibraryKey,
    selection: &str,
    ids: &[AssetId],
) -> Result<Vec<bool>> {
    each(connection, sql::ON_ROLL, ids, |statement, id| {
        statement.exists([library.as_str(), selection, id.as_str()])
    })
}

pub(super) fn totals(connection: &mut Connection) -> Result<Totals> {
    let moment = connection.transaction()?;
    let assets = moment.query_row(sql::ASSETS, [], |row| unsigned(row, 0))?;
    let mut totals = Totals { assets, ..Totals::default() };
    let mut statement = moment.prepare(sql::TOTALS)?;
    let mut groups = statement.query([])?;
    while let Some(row) = groups.next()? {
        let name: String = row.get(0)?;
        let tally = totals.tally(&name).ok_or_else(|| strange(0, &name))?;
        (tally.files, tally.bytes) = (unsigned(row, 1)?, unsigned(row, 2)?);
    }
    Ok(totals)
}

/// One question for many things, all of them answered from one moment.
fn each<K, T>(
    connection: &mut Connection,
    sql: &str,
    keys: &[K],
    mut ask: impl FnMut(&mut Statement<'_>, &K) -> Result<T>,
) -> Result<Vec<T>> {
    let moment = connection.transaction()?;
    let mut statement = moment.prepare(sql)?;
    keys.iter().map(|key| ask(&mut statement, key)).collect()
}

fn removal(row: &Row<'_>) -> Result<RemovalRow> {
    let state: String = row.get(2)?;
    let state = RemovalState::named(&state).ok_or_else(|| strange(2, &state))?;
    Ok(RemovalRow {
        library: library(row)?,
        asset: AssetId::new(row.get::<_, String>(1)?),
        state,
        selection: row.get(3)?,
        receipt: row.get(4)?,
        at: row.get(5)?,
    })
}

fn rows<T>(
    statement: &mut Statement<'_>,
    params: impl Params,
    read: fn(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    statement.query_map(params, read)?.collect()
}

/// Empty texts come before every key.
fn position(after: Option<&FileKey>) -> (&str, &str, &str) {
    after.map_or(("", "", ""), |key| (key.asset.as_str(), role_name(key.role), key.tree.as_str()))
}

fn most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn file(row: &Row<'_>) -> Result<FileRow> {
    let role: String = row.get(2)?;
    Ok(FileRow {
        key: FileKey {
            library: library(row)?,
            asset: AssetId::new(row.get::<_, String>(1)?),
            role: role_named(&role).ok_or_else(|| strange(2, &role))?,
            tree: Tree::new(row.get::<_, String>(14)?),
        },
        path: text(row, 3, |text| StoragePath::parse(text).ok())?,
        size: optional_unsigned(row, 4)?,
        modified: row.get(5)?,
        resource_size: optional_unsigned(row, 6)?,
        checksum: text(row, 7, Checksum::parse)?,
        sha256: text(row, 8, from_hex)?,
        status: status(row)?,
        sidecar: row.get(13)?,
        at: row.get(12)?,
    })
}

fn status(row: &Row<'_>) -> Result<Status> {
    let name: String = row.get(9)?;
    Status::named(&name, row.get(10)?, row.get(11)?).ok_or_else(|| strange(9, &name))
}

fn asset(row: &Row<'_>) -> Result<AssetRow> {
    let content: String = row.get(4)?;
    Ok(AssetRow {
        library: library(row)?,
        asset: AssetId::new(row.get::<_, String>(1)?),
        master: MasterId::new(row.get::<_, String>(2)?),
        tag: row.get(3)?,
        content: u64::from_str_radix(&content, 16).map_err(|_| strange(4, &content))?,
        trashed: row.get(5)?,
        hidden: row.get(6)?,
        favorite: row.get(7)?,
        metadata: row.get(8)?,
        name: row.get(9)?,
        created: row.get(10)?,
    })
}

fn album(row: &Row<'_>) -> Result<AlbumRow> {
    Ok(AlbumRow {
        library: library(row)?,
        album: row.get(1)?,
        path: row.get(2)?,
        kind: row.get(3)?,
        parent: row.get(4)?,
    })
}

fn progress_row(row: &Row<'_>) -> Result<Progress> {
    let pending = match row.get(3)? {
        true => Some(Pending {
            token: row.get(4)?,
            album: optional_unsigned(row, 8)?.unwrap_or(0),
            rank: unsigned(row, 5)?,
            seen: unsigned(row, 6)?,
            sweeps: row.get::<_, Option<bool>>(9)?.unwrap_or(false),
        }),
        false => None,
    };
    Ok(Progress {
        library: library(row)?,
        selection: row.get(1)?,
        token: row.get(2)?,
        pending,
        at: row.get(7)?,
    })
}

fn library(row: &Row<'_>) -> Result<LibraryKey> {
    Ok(LibraryKey::new(row.get::<_, String>(0)?))
}

/// A text that must mean something if it is there.
fn text<T>(row: &Row<'_>, column: usize, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| read(&text).ok_or_else(|| strange(column, &text))).transpose()
}

fn unsigned(row: &Row<'_>, column: usize) -> Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

fn optional_unsigned(row: &Row<'_>, column: usize) -> Result<Option<u64>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(i64::cast_unsigned))
}

/// Text that this version does not know.
fn strange(column: usize, text: &str) -> rusqlite::Error {
    let cause = FromSqlError::Other(format!("`{}` means nothing here", text.escape_debug()).into());
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(cause))
}
