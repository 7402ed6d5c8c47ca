//! Where files go that lose their place: `.icloud-photos-trash/<date>/`, under the path they had.

use futures::StreamExt;

use super::engine::Inner;
use super::store::TRASH;
use crate::asset::Hasher;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{StoragePath, WriteOptions};

impl Inner {
    /// Copies what stands under `path` to the trash of today, under a name that is free there. A run that was cut may have done so
    /// already. `sha256` is what somebody found there who read it before: a storage that gives other bytes now is not believed.
    pub(super) async fn keep_aside(&self, path: &StoragePath, sha256: [u8; 32]) -> Result<StoragePath> {
        let meta = self.storage.stat(path).await?.ok_or_else(|| not_kept(path))?;
        let today = time::OffsetDateTime::from(self.now()).date();
        let plain = StoragePath::parse(&format!("{TRASH}/{today}/{path}"))?;
        let (mut aside, mut number) = (plain.clone(), 1);
        while let Some(there) = self.storage.stat(&aside).await? {
            if there.size == meta.size && self.hash_of(&aside).await? == Some(sha256) {
                return Ok(aside);
            }
            number += 1;
            aside = plain.with_suffix(&number.to_string());
        }
        let mut options = WriteOptions::default().size(meta.size);
        options.modified = meta.modified;
        let mut writer = self.storage.write(&aside, options).await?;
        let (mut bytes, mut hasher) = (self.storage.read(path, 0).await?, Hasher::new());
        while let Some(chunk) = bytes.next().await.transpose()? {
            hasher.update(&chunk);
            writer.write(chunk).await?;
        }
        if hasher.length() != meta.size || hasher.finish().sha256 != sha256 {
            writer.abort().await?;
            return Err(not_kept(path));
        }
        writer.commit().await?;
        // What lost its place stands there alone from now on, so nobody is believed about it.
        if self.hash_of(&aside).await? == Some(sha256) {
            return Ok(aside);
        }
        self.storage.remove(&aside).await?;
        Err(not_kept(path))
    }

    /// Removes the copy of a file that did not lose its place. False if that is not sure: then it stays.
    pub(super) async fn take_back(&self, aside: &StoragePath, path: &StoragePath, sha256: [u8; 32]) -> bool {
        let stands = self.hash_of(path).await.is_ok_and(|stands| stands == Some(sha256));
        if stands && let Err(error) = self.storage.remove(aside).await {
            tracing::warn!(%error, path = %aside, "a copy in the trash that nobody needs could not be removed");
        }
        stands
    }
}

fn not_kept(path: &StoragePath) -> Error {
    let message = "the copy in the trash would not be the file; do not trust this storage";
    Error::new(ErrorKind::Integrity, message).with("path", path)
}
