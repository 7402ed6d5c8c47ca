//! Changes, one transaction each.

use rusqlite::{Connection, Params, Result, Statement, Transaction, TransactionBehavior, params};

use super::read;
use crate::asset::AssetId;
use crate::sync::catalogue::row::role_name;
use crate::sync::catalogue::text::to_hex;
use crate::sync::catalogue::{
    AlbumRow, AssetRow, Batch, FileRow, LibraryKey, Pending, Progress, RemovalRow, Roll, Status, StoreId,
};

/// Gives back the store that the catalogue belongs to, if that forbids the change.
pub(super) fn set_store(connection: &mut Connection, store: &StoreId) -> Result<Option<StoreId>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known = read::store(&transaction)?.filter(|known| known.id != store.id);
    if known.is_some()
        && transaction.query_row("SELECT EXISTS (SELECT 1 FROM files)", [], |row| row.get(0))?
    {
        return Ok(known);
    }
    transaction.execute("REPLACE INTO store (one, id, place) VALUES (1, ?, ?)", [&store.id, &store.place])?;
    transaction.commit()?;
    Ok(None)
}

pub(super) fn commit(connection: &mut Connection, batch: &Batch) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    forget(&transaction, batch)?;
    each(
        &transaction,
        "REPLACE INTO files (library, asset, role, path, size, modified, resource_size, checksum, sha256, status, \
         reason, attempts, at, sidecar, tree) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        &batch.files,
        file,
    )?;
    each(
        &transaction,
        "REPLACE INTO assets (library, asset, master, tag, content, trashed, hidden, favorite, metadata, name, \
         created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        &batch.assets,
        asset,
    )?;
    each(
        &transaction,
        "REPLACE INTO albums (library, album, path, kind, parent) VALUES (?, ?, ?, ?, ?)",
        &batch.albums,
        album,
    )?;
    each(
        &transaction,
        "DELETE FROM roll WHERE library = ?1 AND selection = ?2 AND NOT (?3 AND EXISTS (SELECT 1 FROM progress \
         WHERE library = ?1 AND selection = ?2 AND pending AND pending_token IS ?4))",
        &batch.progress,
        other_roll,
    )?;
    each(
        &transaction,
        "REPLACE INTO progress (library, selection, token, pending, pending_token, pending_rank, pending_seen, at, \
         pending_album, pending_sweeps) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        &batch.progress,
        progress,
    )?;
    each(
        &transaction,
        "INSERT OR IGNORE INTO roll (library, selection, asset) VALUES (?, ?, ?)",
        &batch.rolls,
        roll,
    )?;
    each(
        &transaction,
        "REPLACE INTO removals (library, asset, state, selection, receipt, at) VALUES (?, ?, ?, ?, ?, ?)",
        &batch.removals,
        removal,
    )?;
    let members = "INSERT OR IGNORE INTO members (library, selection, asset) VALUES (?, ?, ?)";
    each(&transaction, members, &batch.members, member)?;
    transaction.commit()
}

fn forget(transaction: &Transaction<'_>, batch: &Batch) -> Result<()> {
    let files = "DELETE FROM files WHERE library = ? AND asset = ? AND role = ? AND tree = ?";
    each(transaction, files, &batch.gone_files, |statement, key| {
        let (library, asset) = (key.library.as_str(), key.asset.as_str());
        run(statement, [library, asset, role_name(key.role), key.tree.as_str()])
    })?;
    let assets = "DELETE FROM assets WHERE library = ? AND asset = ?";
    each(transaction, assets, &batch.gone_assets, |statement, (library, asset)| {
        run(statement, [library.as_str(), asset.as_str()])
    })?;
    let removals = "DELETE FROM removals WHERE library = ? AND asset = ?";
    each(transaction, removals, &batch.gone_removals, |statement, (library, asset)| {
        run(statement, [library.as_str(), asset.as_str()])
    })?;
    let members = "DELETE FROM members WHERE library = ? AND selection = ? AND asset = ?";
    each(transaction, members, &batch.gone_members, member)?;
    let albums = "DELETE FROM albums WHERE library = ? AND album = ?";
    each(transaction, albums, &batch.gone_albums, |statement, (library, album)| {
        run(statement, [library.as_str(), album.as_str()])
    })
}

fn each<T>(
    transaction: &Transaction<'_>,
    sql: &str,
    rows: &[T],
    write: impl Fn(&mut Statement<'_>, &T) -> Result<()>,
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut statement = transaction.prepare(sql)?;
    rows.iter().try_for_each(|row| write(&mut statement, row))
}

fn run(statement: &mut Statement<'_>, params: impl Params) -> Result<()> {
    statement.execute(params).map(drop)
}

fn file(statement: &mut Statement<'_>, row: &FileRow) -> Result<()> {
    let (reason, attempts) = match &row.status {
        Status::Failed { reason, attempts } => (Some(reason), Some(attempts)),
        _ => (None, None),
    };
    run(
        statement,
        params![
            row.key.library.as_str(),
            row.key.asset.as_str(),
            role_name(row.key.role),
            row.path.as_ref().map(|path| path.as_str()),
            row.size.map(u64::cast_signed),
            row.modified,
            row.resource_size.map(u64::cast_signed),
            row.checksum.map(|checksum| checksum.to_string()),
            row.sha256.as_ref().map(to_hex),
            row.status.name(),
            reason,
            attempts,
            row.at,
            row.sidecar,
            row.key.tree.as_str(),
        ],
    )
}

fn asset(statement: &mut Statement<'_>, row: &AssetRow) -> Result<()> {
    run(
        statement,
        params![
            row.library.as_str(),
            row.asset.as_str(),
            row.master.as_str(),
            row.tag,
            format!("{:016x}", row.content),
            row.trashed,
            row.hidden,
            row.favorite,
            row.metadata,
            row.name,
            row.created,
        ],
    )
}

fn album(statement: &mut Statement<'_>, row: &AlbumRow) -> Result<()> {
    run(statement, params![row.library.as_str(), row.album, row.path, row.kind, row.parent])
}

fn removal(statement: &mut Statement<'_>, row: &RemovalRow) -> Result<()> {
    let (library, asset) = (row.library.as_str(), row.asset.as_str());
    run(statement, params![library, asset, row.state.name(), row.selection, row.receipt, row.at])
}

fn member(
    statement: &mut Statement<'_>,
    (library, selection, asset): &(LibraryKey, String, AssetId),
) -> Result<()> {
    run(statement, [library.as_str(), selection, asset.as_str()])
}

/// The roll of a selection goes unless the listing goes on that it is of.
fn other_roll(statement: &mut Statement<'_>, row: &Progress) -> Result<()> {
    let pending = row.pending.as_ref();
    let token = pending.and_then(|pending| pending.token.as_ref());
    run(statement, params![row.library.as_str(), row.selection, pending.is_some(), token])
}

fn roll(statement: &mut Statement<'_>, roll: &Roll) -> Result<()> {
    let (library, selection) = (roll.library.as_str(), roll.selection.as_str());
    roll.assets.iter().try_for_each(|asset| run(statement, [library, selection, asset.as_str()]))
}

fn progress(statement: &mut Statement<'_>, row: &Progress) -> Result<()> {
    let pending = row.pending.as_ref();
    let number = |read: fn(&Pending) -> u64| pending.map(|pending| read(pending).cast_signed());
    run(
        statement,
        params![
            row.library.as_str(),
            row.selection,
            row.token,
            pending.is_some(),
            pending.and_then(|pending| pending.token.as_ref()),
            number(|pending| pending.rank),
            number(|pending| pending.seen),
            row.at,
            number(|pending| pending.album),
            pending.map(|pending| pending.sweeps),
        ],
    )
}
