//! Fetching again what is damaged or missing.

use super::super::catalogue::{FileRow, Status};
use super::super::engine::Inner;
use super::super::ledger::seconds;
use crate::asset::Asset;
use crate::download::{Proof, Saved};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::StoragePath;

impl Inner {
    /// Puts a proven file in the place of a bad one, which moves to the trash.
    pub(super) async fn fetch_again(
        &self,
        row: &FileRow,
        asset: &Asset,
        path: &StoragePath,
    ) -> Result<FileRow> {
        let resource = asset.resource(row.key.role);
        if resource.and_then(|resource| resource.checksum) != row.checksum {
            let message =
                "the photo was edited since this file was fetched; the next run fetches the new one";
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        let aside = self.keep_aside(path).await?;
        let saved = match self.replace(row, asset, path).await {
            Ok(saved) => saved,
            Err(error) => {
                // What stands there was not touched, and needs no copy.
                if let Some(aside) = aside {
                    self.storage.remove(&aside).await?;
                }
                return Err(error);
            }
        };
        let status = match saved.proof {
            Proof::Verified => Status::Verified,
            Proof::Unconfirmed(_) => Status::Unconfirmed,
        };
        let size = Some(saved.size);
        Ok(FileRow { status, size, sha256: saved.sha256, at: seconds(self.now()), ..row.clone() })
    }

    async fn replace(&self, row: &FileRow, asset: &Asset, path: &StoragePath) -> Result<Saved> {
        let mut download = self.downloader.get(asset, row.key.role).replace();
        download = if row.is_provable() { download.only_proven() } else { download.sha256() };
        if let Some(time) = row.modified.and_then(time_of) {
            download = download.modified(time);
        }
        download.save(&*self.storage, path).await
    }
}

fn time_of(seconds: i64) -> Option<std::time::SystemTime> {
    let distance = std::time::Duration::from_secs(seconds.unsigned_abs());
    let epoch = std::time::SystemTime::UNIX_EPOCH;
    if seconds < 0 { epoch.checked_sub(distance) } else { epoch.checked_add(distance) }
}
