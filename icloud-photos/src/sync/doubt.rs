//! What becomes of bytes that Apple's checksum does not prove.
//!
//! Apple's checksum may be stale: the same bytes twice are kept, with our own SHA-256 of what was stored. That hash is what such a
//! file is judged by from then on. It is never replaced by the hash of whatever stands there later: rot would be taken for good.

use super::catalogue::{FileRow, Status};
use super::content;
use super::engine::Inner;
use super::event::Target;
use super::ledger::{seconds, status_of};
use crate::download::{Proof, Received, Saved};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{ObjectMeta, StoragePath};

const DAMAGED: &str = "the file is not as it was stored, and iCloud sends other bytes than were stored; put a good one in its \
                       place, or remove it, and it is fetched again";

/// What a download came to.
pub(super) enum Kept {
    /// What was fetched stands there now.
    Stored(Saved),
    /// What stood there before is as good.
    Standing(FileRow),
}

impl Inner {
    /// Decides about a file that was fetched because the one that stands there could not be confirmed, or is known to be another.
    pub(super) async fn keep(
        &self,
        target: &Target,
        again: bool,
        received: Result<Received<'_>>,
        standing: &[StoragePath],
    ) -> Result<Kept> {
        let unconfirmed = |received: &Received<'_>| received.proof() != Proof::Verified;
        match received {
            Ok(received) if again => self.confirm(target, received).await,
            Ok(received) if unconfirmed(&received) || !standing.is_empty() => {
                self.recognise(target, received, standing).await
            }
            Ok(received) => Ok(Kept::Stored(received.commit().await?)),
            // No two answers were the same: nothing is known but what was known.
            Err(error) if again && error.kind() == ErrorKind::Integrity => {
                let row = self.row_of(target).await?.ok_or(error)?;
                let stands = self.hash_of(&target.path).await?;
                if row.sha256.is_some() && row.sha256 != stands {
                    return Err(damaged(&target.path));
                }
                Ok(Kept::Standing(FileRow { at: seconds(self.now()), ..row }))
            }
            Err(error) => Err(error),
        }
    }

    /// The second and every later try of what could not be confirmed.
    async fn confirm(&self, target: &Target, received: Received<'_>) -> Result<Kept> {
        let row = self.row_of(target).await?;
        let stands = self.hash_of(&target.path).await?;
        let known = row.as_ref().and_then(|row| row.sha256);
        let stored = stands.is_some() && known.is_none_or(|known| Some(known) == stands);
        if received.proof() != Proof::Verified {
            if let Some(row) = row.filter(|_| stored) {
                // A row without a hash gets one only if the very same bytes came again.
                let sha256 = known.or(stands.filter(|stands| received.sha256() == *stands));
                received.discard().await?;
                return Ok(Kept::Standing(FileRow { sha256, at: seconds(self.now()), ..row }));
            }
            if known != Some(received.sha256()) {
                received.discard().await?;
                return Err(damaged(&target.path));
            }
        }
        if let Some(stands) = stands.filter(|_| !stored) {
            self.keep_aside(&target.path, stands).await?;
        }
        Ok(Kept::Stored(received.commit().await?))
    }

    /// Somebody's file bears the name, and it was taken for damaged: if Apple sends the very same bytes, it is as good as they are.
    async fn recognise(
        &self,
        target: &Target,
        received: Received<'_>,
        standing: &[StoragePath],
    ) -> Result<Kept> {
        let row = self.row_of(target).await?.filter(|row| !row.status.is_kept());
        let unproven = received.proof() != Proof::Verified;
        let same = row.filter(|row| unproven && row.sha256 == Some(received.sha256()));
        if let Some(row) = same
            && let Some(path) = &row.path
            && self.hash_of(path).await? == row.sha256
            && let Some(meta) = self.storage.stat(path).await?
        {
            received.discard().await?;
            let modified = meta.modified.map(seconds);
            let (status, at) = (Status::Unconfirmed, seconds(self.now()));
            return Ok(Kept::Standing(FileRow { status, size: Some(meta.size), modified, at, ..row }));
        }
        let as_sent = (status_of(received.proof()), (received.size(), received.sha256()));
        let as_stored = received.rewritten().map(|new| (Status::Derived, new));
        for path in standing {
            for (status, (size, sha256)) in [Some(as_sent.clone()), as_stored.clone()].into_iter().flatten() {
                if let Some(there) = self.same_at(path, target, size, sha256).await? {
                    let row = self.found_row(target, &there, status, sha256);
                    received.discard().await?;
                    return Ok(Kept::Standing(row));
                }
            }
        }
        Ok(Kept::Stored(received.commit().await?))
    }

    /// What stands there, if it has the bytes that came and is no other photo's.
    async fn same_at(
        &self,
        path: &StoragePath,
        target: &Target,
        size: u64,
        sha256: [u8; 32],
    ) -> Result<Option<ObjectMeta>> {
        let Some(there) = self.storage.stat(path).await? else { return Ok(None) };
        let owners = self.catalogue.files_at(std::slice::from_ref(path)).await?;
        let ours = self.key_of(target);
        let is_ours = |row: &FileRow| row.key.is_same_file(&ours);
        let is_taken = owners.iter().flatten().any(|row| row.status.is_kept() && !is_ours(row));
        let may_be = !is_taken && there.size == size;
        let same = may_be && self.hash_of(path).await? == Some(sha256);
        Ok(same.then_some(there))
    }

    /// What the catalogue knows of the very resource.
    pub(super) async fn row_of(&self, target: &Target) -> Result<Option<FileRow>> {
        let resource = target.asset.resource(target.role);
        let checksum = resource.and_then(|resource| resource.checksum);
        let rows = self.catalogue.files_of(&self.key, std::slice::from_ref(target.asset.id())).await?;
        let mut rows = rows.into_iter().flatten();
        let key = self.key_of(target);
        Ok(rows.find(|row| row.key == key && row.checksum == checksum))
    }

    /// SHA-256 of what stands there.
    pub(super) async fn hash_of(&self, path: &StoragePath) -> Result<Option<[u8; 32]>> {
        let read = content::read(&*self.storage, path).await?;
        Ok(read.map(|(_, digests)| digests.sha256))
    }
}

fn damaged(path: &StoragePath) -> Error {
    Error::new(ErrorKind::Integrity, DAMAGED).with("path", path)
}
