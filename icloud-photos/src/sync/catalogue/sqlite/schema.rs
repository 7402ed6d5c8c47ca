//! The tables, and how a file of any older version becomes one of this version.
//!
//! The number of steps that were taken is the `user_version` of the file. A step that was released never changes. Text
//! is what a person reads: checksums as Apple writes them, SHA-256 in hexadecimal, times in seconds since 1970.

use std::path::Path;

use rusqlite::{Connection, ErrorCode as Code, OptionalExtension, TransactionBehavior};

use super::fault::fault;
use super::place;
use crate::error::{Error, ErrorKind, Result};

/// `iCPc`: tells `file` and us whose file this is.
pub(super) const APPLICATION: i32 = 0x6943_5063;

/// One element for each version. A new role or status needs a new one too, so that older programs refuse the file.
pub(super) const STEPS: [&str; 7] = [V1, V2, V3, V4, V5, V6, V7];

const V1: &str = "
    CREATE TABLE store (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        id TEXT NOT NULL,
        place TEXT NOT NULL
    );
    CREATE TABLE files (
        library TEXT NOT NULL,
        asset TEXT NOT NULL,
        role TEXT NOT NULL,
        path TEXT,
        size INTEGER,           -- of the stored bytes
        modified INTEGER,       -- as stored
        resource_size INTEGER,  -- as Apple has it
        checksum TEXT,          -- Apple's, of the resource
        sha256 TEXT,            -- of the stored bytes
        status TEXT NOT NULL,   -- verified, unconfirmed, assumed, derived, failed
        reason TEXT,            -- why it failed
        attempts INTEGER,
        at INTEGER NOT NULL,    -- when this row was written
        UNIQUE (library, asset, role)
    );
    CREATE INDEX files_by_path ON files (path) WHERE path IS NOT NULL;
    CREATE INDEX files_by_checksum ON files (checksum) WHERE checksum IS NOT NULL;
    CREATE INDEX files_by_status ON files (status, size);
    CREATE INDEX files_failed ON files (library, asset, role) WHERE status = 'failed';
    CREATE TABLE assets (
        library TEXT NOT NULL,
        asset TEXT NOT NULL,
        master TEXT NOT NULL,
        tag TEXT,
        content TEXT NOT NULL,  -- digest of its resources
        trashed INTEGER NOT NULL,
        hidden INTEGER NOT NULL,
        favorite INTEGER NOT NULL,
        metadata TEXT NOT NULL, -- JSON
        name TEXT NOT NULL,
        created INTEGER,        -- milliseconds
        UNIQUE (library, asset)
    );
    CREATE TABLE albums (
        library TEXT NOT NULL,
        album TEXT NOT NULL,
        path TEXT NOT NULL,
        kind TEXT NOT NULL,
        PRIMARY KEY (library, album)
    );
    CREATE TABLE progress (
        library TEXT NOT NULL,
        selection TEXT NOT NULL,
        token TEXT,
        pending INTEGER NOT NULL, -- whether a listing was cut
        pending_token TEXT,
        pending_rank INTEGER,
        pending_seen INTEGER,
        at INTEGER NOT NULL,
        PRIMARY KEY (library, selection)
    );
";

/// Nothing wrote down assets and albums before, so that a token of version 1 covers none: everything is listed once more.
const V2: &str = "
    CREATE INDEX assets_by_master ON assets (master);
    ALTER TABLE albums ADD COLUMN parent TEXT;
    UPDATE progress SET token = NULL;
";

/// Removals from iCloud.
const V3: &str = "
    CREATE TABLE removals (
        library TEXT NOT NULL,
        asset TEXT NOT NULL,
        state TEXT NOT NULL,    -- owed, sent
        receipt TEXT,           -- JSON: on what proof
        at INTEGER NOT NULL,
        PRIMARY KEY (library, asset)
    ) WITHOUT ROWID;
    CREATE INDEX removals_owed ON removals (library, asset) WHERE state = 'owed';
";

/// Whose removals they are. Those of version 3 belong to nobody and are never sent.
const V4: &str = "
    ALTER TABLE removals ADD COLUMN selection TEXT;
    DROP INDEX removals_owed;
    CREATE INDEX removals_owed ON removals (library, selection, asset) WHERE selection IS NOT NULL;
";

/// Any listing that was cut goes on; those of version 4 are first listings of whole libraries: nobody is looked for. And what albums show,
/// for those who move out what is old in them.
const V5: &str = "
    ALTER TABLE progress ADD COLUMN pending_album INTEGER;
    ALTER TABLE progress ADD COLUMN pending_sweeps INTEGER;
    CREATE TABLE roll (         -- whom listings have shown that were cut
        library TEXT NOT NULL,
        selection TEXT NOT NULL,
        asset TEXT NOT NULL,
        PRIMARY KEY (library, selection, asset)
    ) WITHOUT ROWID;
    CREATE TABLE members (
        library TEXT NOT NULL,
        selection TEXT NOT NULL,
        asset TEXT NOT NULL,
        PRIMARY KEY (library, selection, asset)
    ) WITHOUT ROWID;
";

/// Which files are to have sidecars, and which albums an asset is in. No selection has said so of the files it covers: everything is
/// listed once more. What is noted beside how far libraries were copied stays as it is; digests of selections alone have 40 letters.
const V6: &str = "
    ALTER TABLE files ADD COLUMN sidecar INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX members_by_asset ON members (library, asset, selection);
    UPDATE progress SET token = NULL WHERE length(selection) = 40 AND instr(selection, ' ') = 0;
";

/// A file of an asset may stand in several trees. What is known so far is of none, and stays where it is; everything is listed once more,
/// for a list says of which tree it is.
const V7: &str = "
    ALTER TABLE files RENAME TO files_of_no_tree;
    DROP INDEX files_by_path;
    DROP INDEX files_by_checksum;
    DROP INDEX files_by_status;
    DROP INDEX files_failed;
    CREATE TABLE files (
        library TEXT NOT NULL,
        asset TEXT NOT NULL,
        role TEXT NOT NULL,
        tree TEXT NOT NULL,     -- which layout put it there; empty for none
        path TEXT,
        size INTEGER,           -- of the stored bytes
        modified INTEGER,       -- as stored
        resource_size INTEGER,  -- as Apple has it
        checksum TEXT,          -- Apple's, of the resource
        sha256 TEXT,            -- of the stored bytes
        status TEXT NOT NULL,   -- verified, unconfirmed, assumed, derived, failed
        reason TEXT,            -- why it failed
        attempts INTEGER,
        at INTEGER NOT NULL,    -- when this row was written
        sidecar INTEGER NOT NULL, -- whether it is to have one
        UNIQUE (library, asset, role, tree)
    );
    INSERT INTO files SELECT library, asset, role, '', path, size, modified, resource_size, checksum, sha256, status, reason,
        attempts, at, sidecar FROM files_of_no_tree;
    DROP TABLE files_of_no_tree;
    CREATE INDEX files_by_path ON files (path) WHERE path IS NOT NULL;
    CREATE INDEX files_by_checksum ON files (checksum) WHERE checksum IS NOT NULL;
    CREATE INDEX files_by_status ON files (status, size);
    CREATE INDEX files_failed ON files (library, asset, role, tree) WHERE status = 'failed';
    UPDATE progress SET token = NULL WHERE length(selection) = 40 AND instr(selection, ' ') = 0;
";

/// Fills a new file.
pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", APPLICATION)?;
    migrate(connection, 0)
}

/// Opens a catalogue for writing and brings it up to date.
pub(super) fn open(path: &Path) -> Result<Connection> {
    let mut connection = place::open(path)?;
    let version = match numbers(&connection) {
        // It was written ahead elsewhere, and here no memory can be shared.
        Err(error) if matches!(error.sqlite_error_code(), Some(Code::CannotOpen | Code::SystemIoFailure)) => {
            drop(connection);
            connection = open_alone(path)?;
            version(&connection, path)?
        }
        numbers => judge(numbers.map_err(|error| fault(error, path))?, path)?,
    };
    migrate(&connection, version).map_err(|error| fault(error, path))?;
    if !write_ahead(&connection) {
        tracing::debug!("no write-ahead log here; using a rollback journal");
        drop(connection);
        connection = open_alone(path)?;
    }
    tune(&connection).map_err(|error| fault(error, path))?;
    Ok(connection)
}

/// A second connection for questions, if the file is written ahead: readers see the last commit and wait for nobody.
pub(super) fn reader(writer: &Connection, path: &Path) -> Result<Option<Connection>> {
    let mode = writer.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0));
    if mode.map_err(|error| fault(error, path))? != "wal" {
        return Ok(None);
    }
    let reader = place::open(path)?;
    reader.pragma_update(None, "query_only", true).map_err(|error| fault(error, path))?;
    Ok(Some(reader))
}

/// Brings a file up to date that is open.
pub(super) fn bring_up_to_date(connection: &Connection, path: &Path) -> Result<()> {
    let version = version(connection, path)?;
    migrate(connection, version).map_err(|error| fault(error, path))
}

pub(super) fn version(connection: &Connection, path: &Path) -> Result<usize> {
    judge(numbers(connection).map_err(|error| fault(error, path))?, path)
}

/// What the file says it is, and its version.
fn numbers(connection: &Connection) -> rusqlite::Result<(i32, i32)> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((number("application_id")?, number("user_version")?))
}

/// The version of a catalogue; an error for what is none, and for one that is too new.
fn judge((application, version): (i32, i32), path: &Path) -> Result<usize> {
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    if application != APPLICATION || version == 0 {
        let advice =
            "this file is no catalogue, or was one and is empty now; move it away, or name another place";
        return Err(Error::new(ErrorKind::AlreadyExists, advice).with("catalogue", path.display()));
    }
    if version > STEPS.len() {
        let advice = "this catalogue was written by a newer version; update, or name another place";
        return Err(Error::new(ErrorKind::Unsupported, advice).with("catalogue", path.display()));
    }
    Ok(version)
}

fn migrate(connection: &Connection, from: usize) -> rusqlite::Result<()> {
    if from == STEPS.len() {
        return Ok(());
    }
    let transaction = rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    for step in &STEPS[from..] {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", STEPS.len() as u32)?;
    transaction.commit()
}

/// Turns to a rollback journal. A connection that has the file for itself from its first look on needs no shared memory.
fn open_alone(path: &Path) -> Result<Connection> {
    let connection = place::open(path)?;
    lock(&connection, "exclusive").map_err(|error| fault(error, path))?;
    version(&connection, path)?;
    let turn = || {
        connection.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))?;
        lock(&connection, "normal")?;
        look(&connection)
    };
    turn().map_err(|error| fault(error, path))?;
    Ok(connection)
}

/// False where the file system cannot do it.
fn write_ahead(connection: &Connection) -> bool {
    let mode = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0));
    mode.is_ok_and(|mode| mode == "wal") && look(connection).is_ok()
}

/// What each connection that writes needs.
fn tune(connection: &Connection) -> rusqlite::Result<()> {
    // A commit is on the disk when it returns, with either kind of journal and on every system.
    connection.pragma_update(None, "synchronous", "extra")?;
    connection.pragma_update_and_check(None, "fullfsync", true, |_| Ok(())).optional()?;
    connection.pragma_update(None, "cache_size", -8_000)?;
    // As many pages as the log may keep: each time it is written back costs several flushes.
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 4_000, |_| Ok(()))?;
    // What a long reader made the log grow to is given back.
    connection.pragma_update_and_check(None, "journal_size_limit", 16 << 20, |_| Ok(()))
}

/// Takes effect with the next look at the file.
fn lock(connection: &Connection, mode: &str) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "locking_mode", mode, |_| Ok(()))
}

fn look(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(()))
}
