//! A copy of the catalogue beside the data, so that a machine that is lost takes nothing along.
//!
//! It is as old as the last run that changed anything. What came since is found under its name, as it would be after a backup was put
//! back; and what was moved out of iCloud has a record of its own.

use futures::TryStreamExt;

use super::SNAPSHOT;
use crate::error::Result;
use crate::storage::{Storage, StoragePath, WriteOptions};
use crate::sync::catalogue::Catalogue;
use crate::sync::write;

/// Where the file of SQLite has its version.
const VERSION: std::ops::Range<usize> = 60..64;

/// The version of those that this program writes.
#[cfg(feature = "sqlite")]
const OURS: usize = crate::sync::catalogue::SqliteCatalogue::VERSION;
#[cfg(not(feature = "sqlite"))]
const OURS: usize = 0;

/// Writes it in place of the last one. Nothing is written for a catalogue that has none.
pub(in crate::sync) async fn write(storage: &dyn Storage, catalogue: &dyn Catalogue) -> Result<()> {
    let Some(bytes) = catalogue.snapshot().await? else { return Ok(()) };
    write::write(storage, &StoragePath::parse(SNAPSHOT)?, WriteOptions::default().replace(), bytes).await?;
    storage.flush().await
}

/// Whether a newer version of this program wrote the one that is there. Nothing of it is to be lost.
pub(in crate::sync) async fn is_newer(storage: &dyn Storage) -> Result<bool> {
    let path = StoragePath::parse(SNAPSHOT)?;
    if storage.stat(&path).await?.is_none() {
        return Ok(false);
    }
    let (mut bytes, mut head) = (storage.read(&path, 0).await?, Vec::new());
    while let Some(piece) = bytes.try_next().await? {
        head.extend(piece.iter().take(VERSION.end));
        if head.len() >= VERSION.end {
            break;
        }
    }
    // SQLite's format: the version of the program's tables, the highest byte first.
    let version =
        head.get(VERSION).unwrap_or_default().iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    Ok(head.starts_with(b"SQLite format 3\0") && version > OURS)
}

/// Whether there is one.
pub(in crate::sync) async fn is_there(storage: &dyn Storage) -> Result<bool> {
    Ok(storage.stat(&StoragePath::parse(SNAPSHOT)?).await?.is_some())
}
