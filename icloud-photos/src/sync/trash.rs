//! Where files go that lose their place: `.icloud-photos-trash/<date>/`, under the path they had.

use futures::StreamExt;

use super::content;
use super::engine::Inner;
use super::store::TRASH;
use crate::asset::Hasher;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{ObjectMeta, StoragePath, WriteOptions};

impl Inner {
    /// Copies what stands under `path` to the trash of today, under a name that is free there. A run that was cut may have done so
    /// already.
    pub(super) async fn keep_aside(&self, path: &StoragePath) -> Result<Option<StoragePath>> {
        let Some(meta) = self.storage.stat(path).await? else { return Ok(None) };
        let today = time::OffsetDateTime::from(self.now()).date();
        let plain = StoragePath::parse(&format!("{TRASH}/{today}/{path}"))?;
        let (mut aside, mut number) = (plain.clone(), 1);
        while let Some(there) = self.storage.stat(&aside).await? {
            if self.are_same(&meta, &there).await? {
                return Ok(Some(aside));
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
        if hasher.length() != meta.size {
            writer.abort().await?;
            return Err(not_kept(path));
        }
        writer.commit().await?;
        // What lost its place stands there alone from now on, so nobody is believed about it.
        match content::read(&*self.storage, &aside).await? {
            Some((length, digests)) if (length, digests) == (hasher.length(), hasher.finish()) => {
                Ok(Some(aside))
            }
            _ => {
                self.storage.remove(&aside).await?;
                Err(not_kept(path))
            }
        }
    }

    /// Whether two files hold the same bytes.
    async fn are_same(&self, one: &ObjectMeta, other: &ObjectMeta) -> Result<bool> {
        if one.size != other.size {
            return Ok(false);
        }
        let one = content::read(&*self.storage, &one.path).await?;
        let other = content::read(&*self.storage, &other.path).await?;
        Ok(one.is_some() && one == other)
    }
}

fn not_kept(path: &StoragePath) -> Error {
    let message = "the copy in the trash would not be the file; do not trust this storage";
    Error::new(ErrorKind::Integrity, message).with("path", path)
}
