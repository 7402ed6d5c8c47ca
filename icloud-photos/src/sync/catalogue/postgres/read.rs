//! Questions. Each is one statement, and so answered from one moment; those about many things take them as an array.

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use super::fault::strange;
use super::text::{original, shown};
use crate::asset::{AssetId, Checksum, MasterId};
use crate::error::Result;
use crate::storage::StoragePath;
use crate::sync::catalogue::row::role_named;
use crate::sync::catalogue::text::from_hex;
use crate::sync::catalogue::{
    AlbumRow, AssetRow, FileKey, FileRow, LibraryKey, Pending, Progress, RemovalRow, RemovalState, Status,
    StoreId, Totals, Tree,
};

/// All questions there are. `$1` is the number of the copy.
pub(super) mod sql {
    macro_rules! files {
        ($last:literal, $rest:literal) => {
            concat!(
                "SELECT f.library, f.asset, f.role, f.tree, f.path, f.size, f.modified, f.resource_size, f.checksum, f.sha256, ",
                "f.status, f.reason, f.attempts, f.at, f.sidecar, ",
                $last,
                " FROM icloud_photos.files f ",
                $rest
            )
        };
    }
    macro_rules! assets {
        ($last:literal, $rest:literal) => {
            concat!(
                "SELECT a.library, a.asset, a.master, a.tag, a.content, a.trashed, a.hidden, a.favorite, a.metadata, a.name, ",
                "a.created, ",
                $last,
                " FROM icloud_photos.assets a ",
                $rest
            )
        };
    }
    /// Of an array, each with its place in it.
    macro_rules! each {
        ($array:literal) => {
            concat!("JOIN unnest($", $array, "::text[] COLLATE \"C\") WITH ORDINALITY AS q (v, n) ")
        };
    }
    macro_rules! progress {
        ($rest:literal) => {
            concat!(
                "SELECT library, selection, token, pending, pending_token, pending_album, pending_rank, pending_seen, ",
                "pending_sweeps, at FROM icloud_photos.progress WHERE copy = $1 ",
                $rest
            )
        };
    }
    pub(crate) const STORE: &str =
        "SELECT id, place FROM icloud_photos.copies WHERE number = $1 AND id IS NOT NULL";
    pub(crate) const FILES_OF: &str = concat!(
        files!("q.n", ""),
        each!("3"),
        "ON f.asset = q.v WHERE f.copy = $1 AND f.library = $2 ORDER BY q.n, f.role, f.tree"
    );
    pub(crate) const FILES_AT: &str = concat!(
        files!("q.n", ""),
        each!("2"),
        "ON hashtextextended(f.path, 0) = hashtextextended(q.v, 0) AND f.path = q.v \
         WHERE f.copy = $1 ORDER BY q.n, f.library, f.asset, f.role, f.tree"
    );
    pub(crate) const FILES_WITH: &str = concat!(
        files!("q.n", ""),
        each!("2"),
        "ON f.checksum = q.v WHERE f.copy = $1 ORDER BY q.n, f.library, f.asset, f.role, f.tree"
    );
    pub(crate) const ALL_FILES: &str = files!(
        "0::bigint",
        "WHERE f.copy = $1 AND (f.library, f.asset, f.role, f.tree) > ($2, $3, $4, $5) \
         ORDER BY f.library, f.asset, f.role, f.tree LIMIT $6"
    );
    pub(crate) const FILES: &str = files!(
        "0::bigint",
        "WHERE f.copy = $1 AND f.library = $2 AND (f.asset, f.role, f.tree) > ($3, $4, $5) \
         ORDER BY f.asset, f.role, f.tree LIMIT $6"
    );
    pub(crate) const FAILED: &str = files!(
        "0::bigint",
        "WHERE f.status = 'failed' AND f.copy = $1 AND f.library = $2 AND (f.asset, f.role, f.tree) > ($3, $4, $5) \
         ORDER BY f.asset, f.role, f.tree LIMIT $6"
    );
    pub(crate) const ASSETS: &str = concat!(
        assets!("q.n", ""),
        each!("3"),
        "ON a.asset = q.v WHERE a.copy = $1 AND a.library = $2 ORDER BY q.n"
    );
    pub(crate) const ALL_ASSETS: &str = assets!(
        "0::bigint",
        "WHERE a.copy = $1 AND a.library = $2 AND a.asset > $3 ORDER BY a.asset LIMIT $4"
    );
    pub(crate) const ASSETS_WITH: &str = concat!(
        assets!("q.n", ""),
        each!("2"),
        "ON a.master = q.v WHERE a.copy = $1 ORDER BY q.n, a.library, a.asset"
    );
    pub(crate) const ALBUMS: &str = "SELECT library, album, path, kind, parent FROM icloud_photos.albums \
         WHERE copy = $1 AND library = $2 ORDER BY album";
    pub(crate) const PROGRESS: &str = progress!("AND library = $2 AND selection = $3");
    pub(crate) const ALL_PROGRESS: &str = progress!("ORDER BY library, selection");
    pub(crate) const ON_ROLL: &str = concat!(
        "SELECT q.n FROM icloud_photos.roll r ",
        each!("4"),
        "ON r.asset = q.v WHERE r.copy = $1 AND r.library = $2 AND r.selection = $3"
    );
    pub(crate) const REMOVALS: &str = concat!(
        "SELECT r.library, r.asset, r.state, r.selection, r.receipt, r.at, q.n FROM icloud_photos.removals r ",
        each!("3"),
        "ON r.asset = q.v WHERE r.copy = $1 AND r.library = $2 ORDER BY q.n"
    );
    pub(crate) const OWED: &str = "SELECT asset FROM icloud_photos.removals \
         WHERE copy = $1 AND library = $2 AND selection = $3 AND asset > $4 ORDER BY asset LIMIT $5";
    pub(crate) const SENT: &str = "SELECT library, asset, state, selection, receipt, at, 0::bigint FROM icloud_photos.removals \
         WHERE state = 'sent' AND copy = $1 AND library = $2 AND asset > $3 ORDER BY asset LIMIT $4";
    pub(crate) const MEMBERS: &str = "SELECT asset FROM icloud_photos.members \
         WHERE copy = $1 AND library = $2 AND selection = $3 AND asset > $4 ORDER BY asset LIMIT $5";
    pub(crate) const SELECTIONS_OF: &str = concat!(
        "SELECT m.selection, q.n FROM icloud_photos.members m ",
        each!("4"),
        "ON m.asset = q.v WHERE m.copy = $1 AND m.library = $2 AND starts_with(m.selection, $3) \
         ORDER BY q.n, m.selection"
    );
    /// The assets have no status.
    pub(crate) const TOTALS: &str = "SELECT status, COUNT(*), \
             LEAST(GREATEST(COALESCE(SUM(size), 0), 0), 9223372036854775807)::bigint \
             FROM icloud_photos.files WHERE copy = $1 GROUP BY status \
         UNION ALL SELECT NULL, COUNT(*), 0 FROM icloud_photos.assets WHERE copy = $1";
}

/// Puts each row to the question that it answers: its place, from 1 on, stands in column `place`.
pub(super) fn grouped<T>(
    rows: Vec<Row>,
    questions: usize,
    place: usize,
    read: fn(&Row) -> Result<T>,
) -> Result<Vec<Vec<T>>> {
    let mut answers: Vec<Vec<T>> = std::iter::repeat_with(Vec::new).take(questions).collect();
    for row in rows {
        let number = get::<i64>(&row, place)?;
        let answer = usize::try_from(number - 1).ok().and_then(|number| answers.get_mut(number));
        answer.ok_or_else(|| strange("an answer to no question"))?.push(read(&row)?);
    }
    Ok(answers)
}

pub(super) fn store(row: &Row) -> Result<StoreId> {
    Ok(StoreId::new(text(row, 0)?, text(row, 1)?))
}

pub(super) const FILE_PLACE: usize = 15;

pub(super) fn file(row: &Row) -> Result<FileRow> {
    Ok(FileRow {
        key: FileKey {
            library: library(row)?,
            asset: AssetId::new(text(row, 1)?),
            role: meaning(text(row, 2)?, role_named)?,
            tree: Tree::new(text(row, 3)?),
        },
        path: optional(row, 4, |text| StoragePath::parse(text).ok())?,
        size: unsigned(row, 5)?,
        modified: get(row, 6)?,
        resource_size: unsigned(row, 7)?,
        checksum: optional(row, 8, Checksum::parse)?,
        sha256: optional(row, 9, from_hex)?,
        status: status(row)?,
        at: get(row, 13)?,
        sidecar: get(row, 14)?,
    })
}

fn status(row: &Row) -> Result<Status> {
    let (reason, attempts) = (optional_text(row, 11)?, get::<Option<i64>>(row, 12)?);
    let attempts = attempts.map(|number| u32::try_from(number).map_err(strange)).transpose()?;
    let name = text(row, 10)?;
    Status::named(&name, reason, attempts).ok_or_else(|| nothing(&name))
}

pub(super) const ASSET_PLACE: usize = 11;

pub(super) fn asset(row: &Row) -> Result<AssetRow> {
    Ok(AssetRow {
        library: library(row)?,
        asset: AssetId::new(text(row, 1)?),
        master: MasterId::new(text(row, 2)?),
        tag: optional_text(row, 3)?,
        content: meaning(text(row, 4)?, |text| u64::from_str_radix(text, 16).ok())?,
        trashed: get(row, 5)?,
        hidden: get(row, 6)?,
        favorite: get(row, 7)?,
        metadata: text(row, 8)?,
        name: text(row, 9)?,
        created: get(row, 10)?,
    })
}

pub(super) fn album(row: &Row) -> Result<AlbumRow> {
    Ok(AlbumRow {
        library: library(row)?,
        album: text(row, 1)?,
        path: text(row, 2)?,
        kind: text(row, 3)?,
        parent: optional_text(row, 4)?,
    })
}

pub(super) fn progress(row: &Row) -> Result<Progress> {
    let pending = match get(row, 3)? {
        true => Some(Pending {
            token: optional_text(row, 4)?,
            album: unsigned(row, 5)?.unwrap_or(0),
            rank: unsigned(row, 6)?.unwrap_or(0),
            seen: unsigned(row, 7)?.unwrap_or(0),
            sweeps: get::<Option<bool>>(row, 8)?.unwrap_or(false),
        }),
        false => None,
    };
    let (selection, token) = (text(row, 1)?, optional_text(row, 2)?);
    Ok(Progress { library: library(row)?, selection, token, pending, at: get(row, 9)? })
}

pub(super) const REMOVAL_PLACE: usize = 6;

pub(super) fn removal(row: &Row) -> Result<RemovalRow> {
    Ok(RemovalRow {
        library: library(row)?,
        asset: AssetId::new(text(row, 1)?),
        state: meaning(text(row, 2)?, RemovalState::named)?,
        selection: optional_text(row, 3)?,
        receipt: optional_text(row, 4)?,
        at: get(row, 5)?,
    })
}

pub(super) fn id(row: &Row) -> Result<AssetId> {
    Ok(AssetId::new(text(row, 0)?))
}

pub(super) fn selection(row: &Row) -> Result<String> {
    text(row, 0)
}

pub(super) fn totals(rows: &[Row]) -> Result<Totals> {
    let mut totals = Totals::default();
    for row in rows {
        let count = get::<i64>(row, 1)?.cast_unsigned();
        match optional_text(row, 0)? {
            None => totals.assets = count,
            Some(name) => {
                let tally = totals.tally(&name).ok_or_else(|| nothing(&name))?;
                (tally.files, tally.bytes) = (count, get::<i64>(row, 2)?.cast_unsigned());
            }
        }
    }
    Ok(totals)
}

fn library(row: &Row) -> Result<LibraryKey> {
    Ok(LibraryKey::new(text(row, 0)?))
}

pub(super) fn get<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Result<T> {
    row.try_get(column).map_err(strange)
}

fn text(row: &Row, column: usize) -> Result<String> {
    get(row, column).map(original)
}

fn optional_text(row: &Row, column: usize) -> Result<Option<String>> {
    Ok(get::<Option<String>>(row, column)?.map(original))
}

/// A number that may be above what the database counts to: those are kept as negative ones.
fn unsigned(row: &Row, column: usize) -> Result<Option<u64>> {
    Ok(get::<Option<i64>>(row, column)?.map(i64::cast_unsigned))
}

/// A text that must mean something.
fn meaning<T>(text: String, read: impl Fn(&str) -> Option<T>) -> Result<T> {
    read(&text).ok_or_else(|| nothing(&text))
}

/// A text that must mean something if it is there.
fn optional<T>(row: &Row, column: usize, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>> {
    optional_text(row, column)?.map(|text| meaning(text, &read)).transpose()
}

fn nothing(text: &str) -> crate::error::Error {
    strange(format!("`{}` means nothing here", shown(text)))
}
