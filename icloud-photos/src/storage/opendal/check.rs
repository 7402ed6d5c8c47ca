//! Whether a storage does what a run will ask of it.

use bytes::Bytes;
use futures::TryStreamExt;

use super::OpendalStorage;
use super::large::aside;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Storage, StoragePath, StorageWriter, WriteOptions};

/// What is written. No secret, and short: it may stay where removing is what fails.
const WORDS: &[u8] = b"written to see whether that is possible; may be removed\n";

impl OpendalStorage {
    /// Writes a small file below the folder of what is not finished, reads it back, and removes it. A storage that is full, or for whose
    /// credentials one of the three is forbidden, is found out before a run needs it.
    ///
    /// # Errors
    /// Those of the storage; [`Error::operation`] says which of the three went wrong. [`ErrorKind::Integrity`] if other bytes came back.
    pub async fn check_writable(&self) -> Result<()> {
        let path = aside()?;
        let writer = self.write(&path, WriteOptions::default().size(WORDS.len() as u64)).await;
        let written = async { put(writer?).await }.await;
        written.map_err(|error| error.during("write a small file"))?;
        let read = self.read_back(&path).await.map_err(|error| error.during("read a small file back"));
        let removed = self.remove(&path).await.map_err(|error| error.during("remove a small file"));
        read.and(removed)
    }

    async fn read_back(&self, path: &StoragePath) -> Result<()> {
        let bytes: Vec<Bytes> = self.read(path, 0).await?.try_collect().await?;
        if bytes.concat() == WORDS {
            return Ok(());
        }
        let message = "the storage gives other bytes back than it was given; no photo is safe there";
        Err(Error::new(ErrorKind::Integrity, message).with("path", path))
    }
}

async fn put(mut writer: Box<dyn StorageWriter>) -> Result<()> {
    writer.write(Bytes::from_static(WORDS)).await?;
    writer.commit().await.map(drop)
}
