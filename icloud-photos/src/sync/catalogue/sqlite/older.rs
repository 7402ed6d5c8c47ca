//! Looking into a catalogue of an older version without changing it: a private copy is brought up to date instead.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::Backup;
use tempfile::TempDir;

use super::{fault::fault, place, schema};
use crate::error::{Error, Result};

/// Pages copied in one go.
const PAGES: i32 = 1000;

/// How long to wait for somebody who writes meanwhile.
const PAUSE: Duration = Duration::from_millis(50);

/// A copy of this version, in a folder of its own that is to be dropped after the connection.
pub(super) fn brought_up_to_date(old: &Connection, path: &Path) -> Result<(Connection, TempDir)> {
    let folder = std::env::temp_dir();
    let folder = tempfile::Builder::new()
        .prefix("icloud-photos-")
        .tempdir_in(&folder)
        .map_err(|error| Error::storage(error, folder.display()))?;
    place::only_for_us(folder.path())?;
    let file = folder.path().join("catalogue");
    place::make_staged(&file)?;
    let mut copy = place::open(&file)?;
    copied(old, &mut copy).map_err(|error| fault(error, path))?;
    // Nobody else comes here, and nothing of it outlives this process.
    let alone = copy
        .pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))
        .and_then(|()| copy.pragma_update(None, "synchronous", "off"));
    alone.map_err(|error| fault(error, &file))?;
    schema::bring_up_to_date(&copy, &file)?;
    copy.pragma_update(None, "query_only", true).map_err(|error| fault(error, &file))?;
    Ok((copy, folder))
}

fn copied(old: &Connection, copy: &mut Connection) -> rusqlite::Result<()> {
    Backup::new(old, copy)?.run_to_completion(PAGES, PAUSE, None)
}
