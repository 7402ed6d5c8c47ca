//! The tables, and how those of an older version become those of this one.
//!
//! They lie in a schema of their own, `icloud_photos`, so that a database may hold other things too. The number of steps that were taken
//! stands in `icloud_photos.version`. A step that was released never changes. Text is what a person reads, as in the SQLite file, and
//! sorts by its bytes.

use tokio_postgres::Client;
use tokio_postgres::error::Error as Fault;

use super::lease::CLASS;
use crate::error::{Error, ErrorKind, Result};

/// One element for each version. A new role or status needs a new one too, so that older programs refuse the database.
pub(super) const STEPS: [&str; 1] = [V1];

/// The `number` of a copy is its place in all keys, and names its lease.
const V1: &str = r#"
    CREATE TABLE icloud_photos.version (
        one BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one),
        number INTEGER NOT NULL
    );
    INSERT INTO icloud_photos.version (number) VALUES (0);
    CREATE TABLE icloud_photos.copies (
        number INTEGER PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
        name TEXT COLLATE "C" NOT NULL UNIQUE, -- under which it is opened: the id in the mark of its storage
        id TEXT,                -- of the store that it is for; none while it is new
        place TEXT              -- where that was seen last
    );
    CREATE TABLE icloud_photos.files (
        copy INTEGER NOT NULL REFERENCES icloud_photos.copies ON DELETE CASCADE,
        library TEXT COLLATE "C" NOT NULL,
        asset TEXT COLLATE "C" NOT NULL,
        role TEXT COLLATE "C" NOT NULL,
        tree TEXT COLLATE "C" NOT NULL, -- which layout put it there; empty for none
        path TEXT COLLATE "C",
        size BIGINT,            -- of the stored bytes
        modified BIGINT,        -- as stored
        resource_size BIGINT,   -- as Apple has it
        checksum TEXT COLLATE "C", -- Apple's, of the resource
        sha256 TEXT,            -- of the stored bytes
        status TEXT COLLATE "C" NOT NULL, -- verified, unconfirmed, assumed, derived, failed
        reason TEXT,            -- why it failed
        attempts BIGINT,
        at BIGINT NOT NULL,     -- when this row was written
        sidecar BOOLEAN NOT NULL, -- whether it is to have one
        PRIMARY KEY (copy, library, asset, role, tree)
    );
    -- A path may be longer than an index takes.
    CREATE INDEX files_by_path ON icloud_photos.files (copy, hashtextextended(path, 0)) WHERE path IS NOT NULL;
    CREATE INDEX files_by_checksum ON icloud_photos.files (copy, checksum) WHERE checksum IS NOT NULL;
    CREATE INDEX files_failed ON icloud_photos.files (copy, library, asset, role, tree) WHERE status = 'failed';
    CREATE TABLE icloud_photos.assets (
        copy INTEGER NOT NULL REFERENCES icloud_photos.copies ON DELETE CASCADE,
        library TEXT COLLATE "C" NOT NULL,
        asset TEXT COLLATE "C" NOT NULL,
        master TEXT COLLATE "C" NOT NULL,
        tag TEXT,
        content TEXT NOT NULL,  -- digest of its resources
        trashed BOOLEAN NOT NULL,
        hidden BOOLEAN NOT NULL,
        favorite BOOLEAN NOT NULL,
        metadata TEXT NOT NULL, -- JSON
        name TEXT NOT NULL,
        created BIGINT,         -- milliseconds
        PRIMARY KEY (copy, library, asset)
    );
    CREATE INDEX assets_by_master ON icloud_photos.assets (copy, master);
    CREATE TABLE icloud_photos.albums (
        copy INTEGER NOT NULL REFERENCES icloud_photos.copies ON DELETE CASCADE,
        library TEXT COLLATE "C" NOT NULL,
        album TEXT COLLATE "C" NOT NULL,
        path TEXT NOT NULL,
        kind TEXT NOT NULL,
        parent TEXT,
        PRIMARY KEY (copy, library, album)
    );
    CREATE TABLE icloud_photos.progress (
        copy INTEGER NOT NULL REFERENCES icloud_photos.copies ON DELETE CASCADE,
        library TEXT COLLATE "C" NOT NULL,
        selection TEXT COLLATE "C" NOT NULL,
        token TEXT,
        pending BOOLEAN NOT NULL, -- whether a listing was cut
        pending_token TEXT COLLATE "C",
        pending_album BIGINT,
        pending_rank BIGINT,
        pending_seen BIGINT,
        pending_sweeps BOOLEAN,
        at BIGINT NOT NULL,
        PRIMARY KEY (copy, library, selection)
    );
    CREATE TABLE icloud_photos.roll (   -- whom listings have shown that were cut
        copy INTEGER NOT NULL REFERENCES icloud_photos.copies ON DELETE CASCADE,
        library TEXT COLLATE "C" NOT NULL,
        selection TEXT COLLATE "C" NOT NULL,
        asset TEXT COLLATE "C" NOT NULL,
        PRIMARY KEY (copy, library, selection, asset)
    );
    CREATE TABLE icloud_photos.members (
        copy INTEGER NOT NULL REFERENCES icloud_photos.copies ON DELETE CASCADE,
        library TEXT COLLATE "C" NOT NULL,
        selection TEXT COLLATE "C" NOT NULL,
        asset TEXT COLLATE "C" NOT NULL,
        PRIMARY KEY (copy, library, selection, asset)
    );
    CREATE INDEX members_by_asset ON icloud_photos.members (copy, library, asset, selection);
    CREATE TABLE icloud_photos.removals (
        copy INTEGER NOT NULL REFERENCES icloud_photos.copies ON DELETE CASCADE,
        library TEXT COLLATE "C" NOT NULL,
        asset TEXT COLLATE "C" NOT NULL,
        state TEXT COLLATE "C" NOT NULL, -- owed, sent
        selection TEXT COLLATE "C",
        receipt TEXT,           -- JSON: on what proof
        at BIGINT NOT NULL,
        PRIMARY KEY (copy, library, asset)
    );
    CREATE INDEX removals_owed ON icloud_photos.removals (copy, library, selection, asset) WHERE selection IS NOT NULL;
"#;

// Asked of the tables that they stand in: what a session once looked up by name (`to_regclass`) it may remember wrongly while it waits.
const HAS_SCHEMA: &str = "SELECT 1 FROM pg_namespace WHERE nspname = 'icloud_photos'";
const HAS_TABLES: &str = "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'icloud_photos' AND c.relname = 'version'";

/// How many steps were taken; `None` where there are no tables of ours.
pub(super) async fn version(client: &Client) -> Result<Option<usize>, Fault> {
    if client.query_opt(HAS_TABLES, &[]).await?.is_none() {
        return Ok(None);
    }
    let row = client.query_opt("SELECT number FROM icloud_photos.version", &[]).await?;
    let number = row.map(|row| row.try_get::<_, i32>(0)).transpose()?;
    Ok(Some(number.and_then(|number| usize::try_from(number).ok()).unwrap_or(usize::MAX)))
}

/// Makes the tables, or brings them up to date, in one transaction; whoever else does the same waits. Gives back the version.
pub(super) async fn bring_up_to_date(client: &Client) -> Result<usize, Fault> {
    if let Some(version) = version(client).await?
        && version >= STEPS.len()
    {
        return Ok(version);
    }
    client.batch_execute("BEGIN").await?;
    let done = migrate(client).await;
    // What failed is the reason, not that it could not be undone.
    match done {
        Ok(version) => client.batch_execute("COMMIT").await.map(|()| version),
        Err(fault) => {
            let _ = client.batch_execute("ROLLBACK").await;
            Err(fault)
        }
    }
}

async fn migrate(client: &Client) -> Result<usize, Fault> {
    client.execute("SELECT pg_advisory_xact_lock($1, 0)", &[&CLASS]).await?;
    // Somebody else may have been first.
    let from = version(client).await?;
    if from.is_none() && client.query_opt(HAS_SCHEMA, &[]).await?.is_none() {
        client.batch_execute("CREATE SCHEMA icloud_photos").await?;
    }
    let from = from.unwrap_or(0);
    if from >= STEPS.len() {
        return Ok(from);
    }
    for step in &STEPS[from..] {
        client.batch_execute(step).await?;
    }
    client.execute("UPDATE icloud_photos.version SET number = $1", &[&(STEPS.len() as i32)]).await?;
    Ok(STEPS.len())
}

/// # Errors
/// [`ErrorKind::Unsupported`] for tables of another version.
pub(super) fn require(version: usize, database: &str) -> Result<()> {
    let advice = match version.cmp(&STEPS.len()) {
        std::cmp::Ordering::Equal => return Ok(()),
        std::cmp::Ordering::Greater => {
            "the catalogues in this database were written by a newer version; update this program, or name another database"
        }
        std::cmp::Ordering::Less => {
            "the catalogues in this database are of an older version; a run of this version brings them up to date"
        }
    };
    Err(Error::new(ErrorKind::Unsupported, advice).with("database", database))
}
