//! A small file under a name of its own, that is removed at once: whether a storage takes anything, and whether two are one.

use std::sync::Arc;

use futures::TryStreamExt;

use super::store::{TRIAL, mark_of};
use super::write::write_all;
use crate::error::{ErrorKind, Result};
use crate::storage::{Storage, StoragePath, WriteOptions};

/// That a storage takes a file.
///
/// # Errors
/// Why it does not.
pub(super) async fn require_well(storage: &dyn Storage) -> Result<()> {
    Trial::leave(storage).await?.clear(storage).await;
    Ok(())
}

/// Whether both are one place, however they are reached: what is put into the first is seen in the other, into which nothing is written.
pub(super) async fn are_one(one: &Arc<dyn Storage>, other: &Arc<dyn Storage>) -> Result<bool> {
    if Arc::ptr_eq(one, other) {
        return Ok(true);
    }
    // A copy of a folder has its mark too.
    if mark_of(&**one).await? != mark_of(&**other).await? {
        return Ok(false);
    }
    let trial = Trial::leave(&**one).await?;
    let seen = trial.is_seen_in(&**other).await;
    trial.clear(&**one).await;
    seen
}

struct Trial {
    path: StoragePath,
    words: String,
}

impl Trial {
    async fn leave(storage: &dyn Storage) -> Result<Self> {
        // Others may be at it as well.
        let words = uuid::Uuid::new_v4().to_string();
        let path = StoragePath::parse(&format!("{TRIAL}-{words}"))?;
        write_all(storage, &path, WriteOptions::default(), words.clone()).await?;
        Ok(Self { path, words })
    }

    async fn is_seen_in(&self, storage: &dyn Storage) -> Result<bool> {
        let bytes = match storage.read(&self.path, 0).await {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let bytes: Vec<_> = bytes.try_collect().await?;
        Ok(bytes.concat() == self.words.as_bytes())
    }

    /// Who may not remove anything may still write.
    async fn clear(self, storage: &dyn Storage) {
        if let Err(error) = storage.remove(&self.path).await {
            tracing::warn!(%error, path = %self.path, "what was written to try the storage could not be removed");
        }
    }
}
