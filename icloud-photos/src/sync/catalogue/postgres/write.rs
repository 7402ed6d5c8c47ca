//! Changes, one transaction each: what is gone first, then rows that replace those of the same key.
//!
//! Rows go as arrays, a column each, so that a batch costs a statement for each table and not one for each row.

use std::collections::HashSet;
use std::hash::Hash;

use tokio_postgres::types::ToSql;

use super::lease;
use super::read;
use super::session::{Param, Session};
use super::text::stored;
use crate::asset::AssetId;
use crate::error::Result;
use crate::sync::catalogue::row::role_name;
use crate::sync::catalogue::text::to_hex;
use crate::sync::catalogue::{Batch, FileRow, LibraryKey, Pending, Progress, Status, StoreId};

/// So many rows go in one statement: what is sent at once is bounded.
const AT_ONCE: usize = 4_000;

const FILES: &str = "
    INSERT INTO icloud_photos.files AS f (copy, library, asset, role, tree, path, size, modified, resource_size, checksum, sha256,
        status, reason, attempts, at, sidecar)
    SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[],
        $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[], $15::bigint[], $16::boolean[])
    ON CONFLICT (copy, library, asset, role, tree) DO UPDATE SET path = EXCLUDED.path, size = EXCLUDED.size,
        modified = EXCLUDED.modified, resource_size = EXCLUDED.resource_size, checksum = EXCLUDED.checksum,
        sha256 = EXCLUDED.sha256, status = EXCLUDED.status, reason = EXCLUDED.reason, attempts = EXCLUDED.attempts,
        at = EXCLUDED.at, sidecar = EXCLUDED.sidecar";

const ASSETS: &str = "
    INSERT INTO icloud_photos.assets AS a (copy, library, asset, master, tag, content, trashed, hidden, favorite, metadata, name,
        created)
    SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::boolean[],
        $9::boolean[], $10::text[], $11::text[], $12::bigint[])
    ON CONFLICT (copy, library, asset) DO UPDATE SET master = EXCLUDED.master, tag = EXCLUDED.tag, content = EXCLUDED.content,
        trashed = EXCLUDED.trashed, hidden = EXCLUDED.hidden, favorite = EXCLUDED.favorite, metadata = EXCLUDED.metadata,
        name = EXCLUDED.name, created = EXCLUDED.created";

const ALBUMS: &str = "
    INSERT INTO icloud_photos.albums (copy, library, album, path, kind, parent)
    SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
    ON CONFLICT (copy, library, album) DO UPDATE SET path = EXCLUDED.path, kind = EXCLUDED.kind, parent = EXCLUDED.parent";

/// The roll of a selection goes unless the listing goes on that it is of.
const OTHER_ROLLS: &str = "
    DELETE FROM icloud_photos.roll r
    USING unnest($2::text[], $3::text[], $4::boolean[], $5::text[]) AS q (library, selection, pending, token)
    WHERE r.copy = $1 AND r.library = q.library COLLATE \"C\" AND r.selection = q.selection COLLATE \"C\"
    AND NOT (q.pending AND EXISTS (SELECT 1 FROM icloud_photos.progress p WHERE p.copy = $1 AND p.library = r.library
        AND p.selection = r.selection AND p.pending AND p.pending_token IS NOT DISTINCT FROM q.token COLLATE \"C\"))";

const PROGRESS: &str = "
    INSERT INTO icloud_photos.progress (copy, library, selection, token, pending, pending_token, pending_album, pending_rank,
        pending_seen, pending_sweeps, at)
    SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::boolean[], $6::text[], $7::bigint[], $8::bigint[],
        $9::bigint[], $10::boolean[], $11::bigint[])
    ON CONFLICT (copy, library, selection) DO UPDATE SET token = EXCLUDED.token, pending = EXCLUDED.pending,
        pending_token = EXCLUDED.pending_token, pending_album = EXCLUDED.pending_album, pending_rank = EXCLUDED.pending_rank,
        pending_seen = EXCLUDED.pending_seen, pending_sweeps = EXCLUDED.pending_sweeps, at = EXCLUDED.at";

const ROLLS: &str = "
    INSERT INTO icloud_photos.roll (copy, library, selection, asset)
    SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING";

const REMOVALS: &str = "
    INSERT INTO icloud_photos.removals (copy, library, asset, state, selection, receipt, at)
    SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[])
    ON CONFLICT (copy, library, asset) DO UPDATE SET state = EXCLUDED.state, selection = EXCLUDED.selection,
        receipt = EXCLUDED.receipt, at = EXCLUDED.at";

const MEMBERS: &str = "
    INSERT INTO icloud_photos.members (copy, library, selection, asset)
    SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING";

macro_rules! forget {
    ($table:literal, $keys:literal, $arrays:literal) => {
        concat!(
            "DELETE FROM icloud_photos.",
            $table,
            " WHERE copy = $1 AND (",
            $keys,
            ") IN (SELECT * FROM unnest(",
            $arrays,
            "))"
        )
    };
}
const GONE_FILES: &str = forget!(
    "files",
    "library, asset, role, tree",
    "$2::text[] COLLATE \"C\", $3::text[] COLLATE \"C\", $4::text[] COLLATE \"C\", $5::text[] COLLATE \"C\""
);
const GONE_ASSETS: &str =
    forget!("assets", "library, asset", "$2::text[] COLLATE \"C\", $3::text[] COLLATE \"C\"");
const GONE_ALBUMS: &str =
    forget!("albums", "library, album", "$2::text[] COLLATE \"C\", $3::text[] COLLATE \"C\"");
const GONE_REMOVALS: &str =
    forget!("removals", "library, asset", "$2::text[] COLLATE \"C\", $3::text[] COLLATE \"C\"");
const GONE_MEMBERS: &str = forget!(
    "members",
    "library, selection, asset",
    "$2::text[] COLLATE \"C\", $3::text[] COLLATE \"C\", $4::text[] COLLATE \"C\""
);

const HAS_FILES: &str = "SELECT 1 FROM icloud_photos.files WHERE copy = $1 LIMIT 1";
const SET_STORE: &str = "UPDATE icloud_photos.copies SET id = $2, place = $3 WHERE number = $1";

/// Gives back the store that the catalogue belongs to, if that forbids the change.
pub(super) async fn set_store(session: &Session, copy: i32, store: &StoreId) -> Result<Option<StoreId>> {
    whole(session, copy, async {
        let known = session.rows(read::sql::STORE, [copy]).await?.first().map(read::store).transpose()?;
        let other = known.filter(|known| known.id != store.id);
        if other.is_some() && !session.rows(HAS_FILES, [copy]).await?.is_empty() {
            return Ok(other);
        }
        let params: [Param; 3] =
            [Box::new(copy), Box::new(stored(&store.id)), Box::new(stored(&store.place))];
        session.execute(SET_STORE, params).await.map(|_| None)
    })
    .await
}

pub(super) async fn commit(session: &Session, copy: i32, batch: &Batch) -> Result<()> {
    whole(session, copy, async {
        let writer = Writer { session, copy };
        writer.forget(batch).await?;
        writer.files(batch).await?;
        writer.assets(batch).await?;
        writer.albums(batch).await?;
        writer.progress(batch).await?;
        writer.removals(batch).await?;
        writer.names(MEMBERS, &batch.members, member).await
    })
    .await
}

/// All of it or nothing, by whoever has the lease.
async fn whole<T>(session: &Session, copy: i32, work: impl Future<Output = Result<T>>) -> Result<T> {
    session.order(lease::BEGIN).await?;
    let done = async {
        lease::require(session, copy).await?;
        work.await
    };
    match done.await {
        Ok(done) => session.order("COMMIT").await.map(|()| done),
        Err(error) => {
            // On a connection that broke there is nothing to take back.
            let _ = session.order("ROLLBACK").await;
            Err(error)
        }
    }
}

struct Writer<'a> {
    session: &'a Session,
    copy: i32,
}

/// What rows make of a column.
fn column<R, T>(rows: &[&R], read: impl Fn(&R) -> T) -> Param
where
    T: ToSql + Sync + Send + 'static,
{
    Box::new(rows.iter().map(|row| read(row)).collect::<Vec<T>>())
}

/// The last row of each key: one statement cannot change a row twice.
fn last_of<'r, R, K: Eq + Hash>(rows: &'r [R], key: impl Fn(&'r R) -> K) -> Vec<&'r R> {
    let mut seen = HashSet::with_capacity(rows.len());
    let mut last: Vec<&R> = rows.iter().rev().filter(|row| seen.insert(key(row))).collect();
    last.reverse();
    last
}

fn member(row: &(LibraryKey, String, AssetId)) -> Vec<&str> {
    vec![row.0.as_str(), &row.1, row.2.as_str()]
}

fn two(row: &(LibraryKey, AssetId)) -> Vec<&str> {
    vec![row.0.as_str(), row.1.as_str()]
}

impl Writer<'_> {
    async fn each<R>(
        &self,
        sql: &'static str,
        rows: &[&R],
        columns: impl Fn(&[&R]) -> Vec<Param>,
    ) -> Result<()> {
        for part in rows.chunks(AT_ONCE) {
            let copy: Param = Box::new(self.copy);
            let params: Vec<Param> = std::iter::once(copy).chain(columns(part)).collect();
            self.session.execute(sql, params).await?;
        }
        Ok(())
    }

    /// Rows that are a name each, of several parts.
    async fn names<'r, R>(
        &self,
        sql: &'static str,
        rows: &'r [R],
        parts: impl Fn(&'r R) -> Vec<&'r str>,
    ) -> Result<()> {
        let names: Vec<Vec<&str>> = rows.iter().map(parts).collect();
        let count = names.first().map_or(0, Vec::len);
        let part = |number: usize, name: &Vec<&str>| name.get(number).map(|text| stored(text));
        let columns = |names: &[&Vec<&str>]| {
            (0..count).map(|number| column(names, |name| part(number, name))).collect()
        };
        self.each(sql, &names.iter().collect::<Vec<_>>(), columns).await
    }

    async fn forget(&self, batch: &Batch) -> Result<()> {
        self.names(GONE_FILES, &batch.gone_files, |key| {
            vec![key.library.as_str(), key.asset.as_str(), role_name(key.role), key.tree.as_str()]
        })
        .await?;
        self.names(GONE_ASSETS, &batch.gone_assets, two).await?;
        self.names(GONE_REMOVALS, &batch.gone_removals, two).await?;
        self.names(GONE_MEMBERS, &batch.gone_members, member).await?;
        self.names(GONE_ALBUMS, &batch.gone_albums, |(library, album)| vec![library.as_str(), album]).await
    }

    async fn files(&self, batch: &Batch) -> Result<()> {
        let rows = last_of(&batch.files, |row| &row.key);
        let failure = |row: &FileRow| match &row.status {
            Status::Failed { reason, attempts } => Some((stored(reason), i64::from(*attempts))),
            _ => None,
        };
        self.each(FILES, &rows, |rows| {
            vec![
                column(rows, |row| stored(row.key.library.as_str())),
                column(rows, |row| stored(row.key.asset.as_str())),
                column(rows, |row| role_name(row.key.role)),
                column(rows, |row| stored(row.key.tree.as_str())),
                column(rows, |row| row.path.as_ref().map(|path| stored(path.as_str()))),
                column(rows, |row| row.size.map(u64::cast_signed)),
                column(rows, |row| row.modified),
                column(rows, |row| row.resource_size.map(u64::cast_signed)),
                column(rows, |row| row.checksum.map(|checksum| checksum.to_string())),
                column(rows, |row| row.sha256.as_ref().map(to_hex)),
                column(rows, |row| row.status.name()),
                column(rows, |row| failure(row).map(|(reason, _)| reason)),
                column(rows, |row| failure(row).map(|(_, attempts)| attempts)),
                column(rows, |row| row.at),
                column(rows, |row| row.sidecar),
            ]
        })
        .await
    }

    async fn assets(&self, batch: &Batch) -> Result<()> {
        let rows = last_of(&batch.assets, |row| (&row.library, &row.asset));
        self.each(ASSETS, &rows, |rows| {
            vec![
                column(rows, |row| stored(row.library.as_str())),
                column(rows, |row| stored(row.asset.as_str())),
                column(rows, |row| stored(row.master.as_str())),
                column(rows, |row| row.tag.as_deref().map(stored)),
                column(rows, |row| format!("{:016x}", row.content)),
                column(rows, |row| row.trashed),
                column(rows, |row| row.hidden),
                column(rows, |row| row.favorite),
                column(rows, |row| stored(&row.metadata)),
                column(rows, |row| stored(&row.name)),
                column(rows, |row| row.created),
            ]
        })
        .await
    }

    async fn albums(&self, batch: &Batch) -> Result<()> {
        let rows = last_of(&batch.albums, |row| (&row.library, &row.album));
        self.each(ALBUMS, &rows, |rows| {
            vec![
                column(rows, |row| stored(row.library.as_str())),
                column(rows, |row| stored(&row.album)),
                column(rows, |row| stored(&row.path)),
                column(rows, |row| stored(&row.kind)),
                column(rows, |row| row.parent.as_deref().map(stored)),
            ]
        })
        .await
    }

    /// How far histories were followed, and whom the listings have shown that were cut.
    async fn progress(&self, batch: &Batch) -> Result<()> {
        let token = |row: &Progress| row.pending.as_ref()?.token.as_deref().map(stored);
        let all: Vec<&Progress> = batch.progress.iter().collect();
        self.each(OTHER_ROLLS, &all, |rows| {
            vec![
                column(rows, |row| stored(row.library.as_str())),
                column(rows, |row| stored(&row.selection)),
                column(rows, |row| row.pending.is_some()),
                column(rows, token),
            ]
        })
        .await?;
        let rows = last_of(&batch.progress, |row| (&row.library, &row.selection));
        let number = |row: &Progress, read: fn(&Pending) -> u64| {
            row.pending.as_ref().map(|pending| read(pending).cast_signed())
        };
        self.each(PROGRESS, &rows, |rows| {
            vec![
                column(rows, |row| stored(row.library.as_str())),
                column(rows, |row| stored(&row.selection)),
                column(rows, |row| row.token.as_deref().map(stored)),
                column(rows, |row| row.pending.is_some()),
                column(rows, token),
                column(rows, |row| number(row, |pending| pending.album)),
                column(rows, |row| number(row, |pending| pending.rank)),
                column(rows, |row| number(row, |pending| pending.seen)),
                column(rows, |row| row.pending.as_ref().map(|pending| pending.sweeps)),
                column(rows, |row| row.at),
            ]
        })
        .await?;
        for roll in &batch.rolls {
            let (library, selection) = (roll.library.as_str(), roll.selection.as_str());
            self.names(ROLLS, &roll.assets, |asset| vec![library, selection, asset.as_str()]).await?;
        }
        Ok(())
    }

    async fn removals(&self, batch: &Batch) -> Result<()> {
        let rows = last_of(&batch.removals, |row| (&row.library, &row.asset));
        self.each(REMOVALS, &rows, |rows| {
            vec![
                column(rows, |row| stored(row.library.as_str())),
                column(rows, |row| stored(row.asset.as_str())),
                column(rows, |row| row.state.name()),
                column(rows, |row| row.selection.as_deref().map(stored)),
                column(rows, |row| row.receipt.as_deref().map(stored)),
                column(rows, |row| row.at),
            ]
        })
        .await
    }
}
