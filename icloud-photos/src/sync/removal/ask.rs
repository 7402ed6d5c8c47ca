//! Asking the record beside the photos about one file.

use futures::{StreamExt, TryStreamExt};
use serde::Deserialize;

use super::super::engine::Inner;
use super::super::store::MOVED;
use super::ProvenFile;
use crate::asset::Checksum;
use crate::error::Result;
use crate::storage::{ObjectMeta, StoragePath};

/// No file of ours is near as long: this bounds what is held in memory.
const LONGEST: u64 = 16 << 20;

#[derive(Deserialize)]
struct Record {
    moved: Vec<Moved>,
}

#[derive(Deserialize)]
struct Moved {
    files: Vec<ProvenFile>,
}

impl Inner {
    /// Whether the record says that a file of this content was moved out of iCloud. What cannot be read there may speak of any file.
    ///
    /// # Errors
    /// None so far.
    pub(in crate::sync) async fn was_moved_out(
        &self,
        path: &StoragePath,
        size: u64,
        checksum: &Checksum,
    ) -> Result<bool> {
        let checksum = checksum.to_string();
        let mut records = self.storage.list(&StoragePath::parse(MOVED)?);
        while let Some(record) = records.next().await {
            let Ok(record) = record else { return Ok(true) };
            // Systems leave things of their own in every folder.
            let name = record.path.name();
            if name.starts_with('.') || !name.ends_with(".json") {
                continue;
            }
            let Some(Record { moved }) = self.record_at(&record).await else {
                tracing::warn!(record = %record.path, file = %path, "what was moved out cannot be read");
                return Ok(true);
            };
            let mut files = moved.iter().flat_map(|moved| &moved.files);
            if files.any(|file| file.size == size && file.checksum == checksum) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn record_at(&self, record: &ObjectMeta) -> Option<Record> {
        if record.size > LONGEST {
            return None;
        }
        let bytes = self.storage.read(&record.path, 0).await.ok()?;
        let bytes = bytes.try_collect::<Vec<_>>().await.ok()?.concat();
        serde_json::from_slice(&bytes).ok()
    }
}
