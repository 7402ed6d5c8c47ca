//! A copy of the catalogue beside the data, so that a machine that is lost takes nothing along.
//!
//! It is as old as the last run that changed anything. What came since is found under its name, as it would be after a backup was put
//! back; and what was moved out of iCloud has a record of its own.

use futures::TryStreamExt;

use super::SNAPSHOT;
use crate::error::Result;
use crate::storage::{Storage, StoragePath, WriteOptions};
use crate::sync::catalogue::Catalogue;

/// Writes it in place of the last one. Nothing is written for a catalogue that has none.
pub(in crate::sync) async fn write(storage: &dyn Storage, catalogue: &dyn Catalogue) -> Result<()> {
    let Some(mut bytes) = catalogue.snapshot().await? else { return Ok(()) };
    let mut writer = storage.write(&StoragePath::parse(SNAPSHOT)?, WriteOptions::default().replace()).await?;
    while let Some(piece) = bytes.try_next().await? {
        writer.write(piece).await?;
    }
    writer.commit().await?;
    storage.flush().await
}

/// Whether there is one.
pub(in crate::sync) async fn is_there(storage: &dyn Storage) -> Result<bool> {
    Ok(storage.stat(&StoragePath::parse(SNAPSHOT)?).await?.is_some())
}
