//! Fetching again what is damaged or missing.

use super::super::catalogue::{Catalogue, FileRow, Status};
use super::super::content;
use super::super::dating::Room;
use super::super::engine::Inner;
use super::super::event::Target;
use super::super::ledger::seconds;
use crate::asset::Asset;
use crate::download::{Proof, Received};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::StoragePath;

const NOT_BETTER: &str =
    "iCloud sends bytes that its own checksum does not prove, and they are not those that were stored";

const OTHER: &str = "another photo stands there, and this may be the only copy of it: it stays, and the next run fetches this one under \
                     another name";

const MOVED_OUT: &str = "what stands there was moved out of iCloud, as far as can be read what was, and nobody else has it: it stays, and \
                         the next run fetches this one under another name";

impl Inner {
    /// Puts a good file in the place of a bad one, which moves to the trash. `known` is what is verified, whatever the engine remembers
    /// itself.
    pub(super) async fn fetch_again(
        &self,
        known: &dyn Catalogue,
        row: &FileRow,
        asset: &Asset,
        path: &StoragePath,
    ) -> Result<FileRow> {
        require_same(known, row, asset, path).await?;
        self.require_no_other(known, row, path).await?;
        let modified = row.modified.unwrap_or_else(|| self.layout.place(asset).created.seconds());
        let mut download = self.downloader.get(asset, row.key.role).replace();
        if let Some(time) = time_of(modified) {
            download = download.modified(time);
        }
        let (tree, path_of) = (row.key.tree.clone(), path.clone());
        let target = Target { asset: asset.clone(), role: row.key.role, tree, path: path_of };
        // A file that bore its date bears it again; the others are as iCloud has them.
        let room = if row.was_derived() { self.room_for(&target).await } else { None };
        let download = download.copy(room.as_ref().map_or(0, Room::bytes));
        let received = download.receive(&*self.storage, path).await?;
        let stands = self.hash_of(path).await?;
        if !is_good(row, &received, stands) {
            received.discard().await?;
            return Err(Error::new(ErrorKind::Integrity, NOT_BETTER).with("asset", asset.id()));
        }
        let received = self.date(&target, received, &()).await;
        let (status, sha256) = match (received.rewritten(), received.proof()) {
            (Some((_, sha256)), _) => (Status::Derived, sha256),
            (None, Proof::Verified) => (Status::Verified, received.sha256()),
            (None, Proof::Unconfirmed(_)) => (Status::Unconfirmed, received.sha256()),
        };
        let size = if stands == Some(sha256) {
            received.discard().await?;
            self.storage.stat(path).await?.map(|meta| meta.size)
        } else {
            Some(self.replace(path, stands, received).await?)
        };
        let (path, modified, at) = (Some(path.clone()), Some(modified), seconds(self.now()));
        Ok(FileRow { status, path, size, modified, sha256: Some(sha256), at, ..row.clone() })
    }

    /// Commits what came, with a copy of what it takes the place of; how long it is. What failed may have taken that place all the same.
    async fn replace(
        &self,
        path: &StoragePath,
        stands: Option<[u8; 32]>,
        received: Received<'_>,
    ) -> Result<u64> {
        let Some(stands) = stands else { return Ok(received.commit().await?.size) };
        let aside = self.keep_aside(path, stands).await?;
        match received.commit().await {
            Ok(saved) => Ok(saved.size),
            Err(error) if self.take_back(&aside, path, stands).await => Err(error),
            Err(error) => Err(error.with("kept", &aside)),
        }
    }

    /// That what stands there is no other photo, whatever row has the path.
    async fn require_no_other(&self, known: &dyn Catalogue, row: &FileRow, path: &StoragePath) -> Result<()> {
        let Some((size, digests)) = content::read(&*self.storage, path).await? else { return Ok(()) };
        if row.checksum == Some(digests.checksum) {
            return Ok(());
        }
        let others = known.files_with(&[digests.checksum]).await?;
        if others.iter().flatten().any(|other| other.resource_size.is_none_or(|of| of == size)) {
            return Err(Error::new(ErrorKind::Conflict, OTHER));
        }
        // What cannot be read there may speak of any file.
        if self.was_moved_out(size, &digests.checksum).await.unwrap_or(true) {
            return Err(Error::new(ErrorKind::Conflict, MOVED_OUT));
        }
        Ok(())
    }
}

/// That the photo is the one that was stored, and that nothing of another one is in its place.
async fn require_same(known: &dyn Catalogue, row: &FileRow, asset: &Asset, path: &StoragePath) -> Result<()> {
    let resource = asset.resource(row.key.role);
    if resource.and_then(|resource| resource.checksum) != row.checksum {
        let message = "the photo was edited since this file was fetched; the next run fetches the new one";
        return Err(Error::new(ErrorKind::Conflict, message));
    }
    let owners = known.files_at(std::slice::from_ref(path)).await?;
    if owners.iter().flatten().any(|owner| owner.status.is_kept() && owner.checksum != row.checksum) {
        let message = "the file of another photo has its name; the next run fetches it under another one";
        return Err(Error::new(ErrorKind::Conflict, message));
    }
    Ok(())
}

/// Whether bytes may take the place of what stands there: Apple's checksum proves them, or they are those that were stored. Where
/// nothing stands, or nothing more is known of what was stored, the same bytes twice are as good as at the first download.
fn is_good(row: &FileRow, received: &Received<'_>, stands: Option<[u8; 32]>) -> bool {
    let as_stored = row.sha256 == Some(received.sha256());
    let was_proven = row.status == Status::Verified;
    received.proof() == Proof::Verified
        || as_stored
        || !was_proven && (stands.is_none() || row.sha256.is_none())
}

fn time_of(seconds: i64) -> Option<std::time::SystemTime> {
    let distance = std::time::Duration::from_secs(seconds.unsigned_abs());
    let epoch = std::time::SystemTime::UNIX_EPOCH;
    if seconds < 0 { epoch.checked_sub(distance) } else { epoch.checked_add(distance) }
}
