//! Removing files whose assets were deleted in iCloud.
//!
//! icloudpd computes the names of whatever lies in Recently Deleted and removes what stands there. Here a file goes only when the
//! catalogue says that it is the asset's, or, for a file that no run of ours ever saw, when it stands under the name that a run would give it.

use futures::StreamExt;

use super::super::catalogue::{Batch, FileKey, FileRow, MIRROR, Progress};
use super::super::content;
use super::super::engine::Inner;
use super::super::ledger::seconds;
use super::{Census, Disposal, Kept, RemovalEvent, Stage};
use crate::asset::{Asset, AssetId, Assets, Checksum, Fields, Resource};
use crate::error::Result;
use crate::library::SmartAlbum;
use crate::storage::StoragePath;

/// Assets looked at in one go.
const ASSETS: usize = 100;

/// So much of a sidecar tells who wrote it.
const HEAD: usize = 4096;

/// A file that its owner deleted in iCloud.
struct Victim {
    asset: AssetId,
    path: StoragePath,
    /// What its bytes must be, one of these.
    checksum: Option<Checksum>,
    sha256: Option<[u8; 32]>,
    /// The row that names it; without one no run of ours ever saw the file.
    row: Option<FileKey>,
}

impl Stage<'_> {
    /// Recently Deleted is read twice: to count, so that nothing goes when too much would, and to remove.
    pub(super) async fn mirror(&mut self, disposal: Disposal, token: Option<&str>, _: Census) -> Result<()> {
        self.tell(RemovalEvent::Mirroring);
        if token.is_some() && self.inner.mirrored().await?.as_deref() == token {
            // Nothing happened in the library since.
            return Ok(());
        }
        let all = self.inner.count_files().await?;
        let most = self.inner.removals.limit.of(all);
        let (mut count, mut first) = (0, Vec::new());
        let mut trashed = Trashed::of(self.inner);
        while let Some(assets) = trashed.next().await? {
            for victim in self.inner.victims(&assets).await? {
                if self.inner.storage.stat(&victim.path).await.is_ok_and(|there| there.is_some()) {
                    count += 1;
                    if first.len() as u64 <= most.min(ASSETS as u64) {
                        first.push(victim.path.clone());
                    }
                    if self.rehearsal {
                        self.tell(RemovalEvent::WouldRemove { path: &victim.path });
                    }
                }
            }
        }
        if self.rehearsal {
            self.warn_of_limit(count, all);
            return Ok(());
        }
        if !trashed.whole() {
            self.withhold();
            return Ok(());
        }
        if count > most {
            first.iter().for_each(|path| self.tell(RemovalEvent::WouldRemove { path }));
            self.stop(count, all);
            return Ok(());
        }
        self.clear(disposal, most).await?;
        self.inner.note_mirrored(token).await
    }

    /// The list may have grown since it was counted: no more than `most` go in any case.
    async fn clear(&mut self, disposal: Disposal, most: u64) -> Result<()> {
        let mut trashed = Trashed::of(self.inner);
        while self.report.removed <= most
            && let Some(assets) = trashed.next().await?
        {
            let mut going = Vec::new();
            for victim in self.inner.victims(&assets).await? {
                match self.inner.may_go(&victim).await? {
                    Ok(()) => going.push(victim),
                    Err(why) => {
                        self.report.withheld += 1;
                        self.tell(RemovalEvent::Left { path: &victim.path, why: &why });
                    }
                }
            }
            self.remove(disposal, going).await?;
        }
        Ok(())
    }

    /// All copies are on the disk before the first file goes; rows go last.
    async fn remove(&mut self, disposal: Disposal, going: Vec<Victim>) -> Result<()> {
        let mut files = Vec::new();
        for victim in &going {
            files.push((victim.path.clone(), true));
            if let Some(sidecar) = self.sidecar(&victim.path).await? {
                files.push((sidecar, false));
            }
        }
        let mut asides = Vec::new();
        for (path, _) in &files {
            asides.push(match disposal {
                Disposal::Trash => self.inner.keep_aside(path).await?,
                Disposal::Remove => None,
            });
        }
        if disposal == Disposal::Trash {
            self.inner.storage.flush().await?;
        }
        for ((path, is_photo), trash) in files.iter().zip(&asides) {
            let there = self.inner.storage.stat(path).await?.is_some();
            self.inner.storage.remove(path).await?;
            if there {
                self.report.removed += u64::from(*is_photo);
                self.tell(RemovalEvent::Removed { path, trash: trash.as_ref() });
            }
        }
        let gone_files: Vec<_> = going.into_iter().filter_map(|victim| victim.row).collect();
        if gone_files.is_empty() {
            return Ok(());
        }
        self.inner.catalogue.commit(Batch { gone_files, ..Batch::default() }).await
    }

    /// The sidecar beside a photo that goes, if icloudpd or we wrote it.
    async fn sidecar(&self, path: &StoragePath) -> Result<Option<StoragePath>> {
        let sidecar = StoragePath::parse(&format!("{path}.xmp"))?;
        if !self.inner.storage.stat(&sidecar).await.is_ok_and(|there| there.is_some()) {
            return Ok(None);
        }
        let mut head = Vec::new();
        let mut bytes = self.inner.storage.read(&sidecar, 0).await?;
        while head.len() < HEAD
            && let Some(chunk) = bytes.next().await.transpose()?
        {
            head.extend_from_slice(&chunk[..chunk.len().min(HEAD)]);
        }
        if head.windows(8).any(|word| word == b"icloudpd") {
            return Ok(Some(sidecar));
        }
        self.tell(RemovalEvent::Left { path: &sidecar, why: &Kept::ForeignSidecar });
        Ok(None)
    }
}

/// Recently Deleted, some assets at a time.
struct Trashed {
    assets: Assets,
    over: bool,
}

impl Trashed {
    fn of(inner: &Inner) -> Self {
        let album = inner.library.smart_album(SmartAlbum::RecentlyDeleted);
        Self { assets: album.assets().fields(Fields::Basic).roles(inner.layout.roles()), over: false }
    }

    async fn next(&mut self) -> Result<Option<Vec<Asset>>> {
        let mut assets = Vec::new();
        while assets.len() < ASSETS && !self.over {
            match self.assets.next().await {
                // The list is Apple's word, the mark of the record its seal.
                Some(Ok(asset)) if asset.is_trashed() => assets.push(asset),
                Some(Ok(_)) => {}
                Some(Err(error)) if Assets::concerns_one(&error) => {}
                Some(Err(error)) => return Err(error),
                None => self.over = true,
            }
        }
        Ok((!assets.is_empty()).then_some(assets))
    }

    fn whole(&self) -> bool {
        self.assets.outcome().is_complete()
    }
}

impl Inner {
    async fn mirrored(&self) -> Result<Option<String>> {
        let progress = self.catalogue.progress(&self.key, MIRROR).await?;
        Ok(progress.and_then(|progress| progress.token))
    }

    async fn note_mirrored(&self, token: Option<&str>) -> Result<()> {
        let Some(token) = token else { return Ok(()) };
        let mut progress = Progress::new(self.key.clone(), MIRROR, seconds(self.now()));
        progress.token = Some(token.to_owned());
        self.catalogue.commit(Batch { progress: vec![progress], ..Batch::default() }).await
    }

    async fn count_files(&self) -> Result<u64> {
        let totals = self.catalogue.totals().await?;
        let kept = [totals.verified, totals.unconfirmed, totals.assumed, totals.derived];
        Ok(kept.iter().map(|tally| tally.files).sum())
    }

    /// The files of these assets that the copy has, as far as they are known.
    async fn victims(&self, assets: &[Asset]) -> Result<Vec<Victim>> {
        let ids: Vec<_> = assets.iter().map(|asset| asset.id().clone()).collect();
        let rows = self.catalogue.files_of(&self.key, &ids).await?;
        let moved = self.catalogue.removals(&self.key, &ids).await?;
        let mut victims = Vec::new();
        for ((asset, rows), moved) in assets.iter().zip(rows).zip(moved) {
            if moved.is_some() {
                continue;
            }
            if rows.is_empty() {
                victims.extend(self.strangers(asset).await?);
            }
            victims.extend(rows.into_iter().filter(|row| row.status.is_kept()).filter_map(Victim::of_row));
        }
        Ok(victims)
    }

    /// Files that stand where a run would have put those of the asset, and that no row names. Only where all of the library is copied:
    /// then no other photo can have them.
    async fn strangers(&self, asset: &Asset) -> Result<Vec<Victim>> {
        if !self.is_whole_library() || !self.remembers() {
            return Ok(Vec::new());
        }
        let placement = self.layout.place(asset);
        let mut found = Vec::new();
        for file in &placement.files {
            let Ok(path) = StoragePath::parse(&placement.path(&file.name)) else { continue };
            let resource = asset.resource(file.role).filter(|resource| resource.is_provable());
            let Some(checksum) = resource.and_then(|resource: &Resource| resource.checksum) else { continue };
            found.push(Victim {
                asset: asset.id().clone(),
                path,
                checksum: Some(checksum),
                sha256: None,
                row: None,
            });
        }
        let paths: Vec<_> = found.iter().map(|victim| victim.path.clone()).collect();
        let owners = self.catalogue.files_at(&paths).await?;
        let unknown = found.into_iter().zip(owners).filter(|(_, owners)| owners.is_empty());
        let mut there = Vec::new();
        for (victim, _) in unknown {
            if self.storage.stat(&victim.path).await.is_ok_and(|there| there.is_some()) {
                there.push(victim);
            }
        }
        Ok(there)
    }

    /// Whether a file is its deleted asset's alone and holds the bytes it should.
    async fn may_go(&self, victim: &Victim) -> Result<std::result::Result<(), Kept>> {
        let owners = self.catalogue.files_at(std::slice::from_ref(&victim.path)).await?;
        let others = owners.into_iter().flatten().filter(|row| row.key.asset != victim.asset);
        let others: Vec<FileRow> = others.collect();
        if others.iter().any(|row| row.key.library != self.key) || self.any_lives(&others).await? {
            return Ok(Err(Kept::Shared));
        }
        let path = victim.path.clone();
        Ok(match content::read(&*self.storage, &path, victim.sha256.is_some()).await {
            // Somebody was quicker; the row goes.
            Ok(None) => Ok(()),
            Ok(Some((_, digests))) => {
                let apples = victim.checksum == Some(digests.checksum);
                let ours = victim.sha256.is_some() && victim.sha256 == digests.sha256;
                if apples || ours { Ok(()) } else { Err(Kept::Differs { path }) }
            }
            Err(error) => Err(Kept::Unreadable { path, reason: error.to_string() }),
        })
    }

    /// Whether one of these assets was not deleted, or may not have been.
    async fn any_lives(&self, rows: &[FileRow]) -> Result<bool> {
        let ids: Vec<_> = rows.iter().map(|row| row.key.asset.clone()).collect();
        if ids.is_empty() {
            return Ok(false);
        }
        let assets = self.library.assets_by_id(&ids).await?;
        Ok(assets.into_iter().any(|asset| match asset {
            Ok(asset) => !asset.is_trashed(),
            Err(error) => error.kind() != crate::error::ErrorKind::NotFound,
        }))
    }
}

impl Victim {
    fn of_row(row: FileRow) -> Option<Self> {
        let path = row.path.clone()?;
        let checksum = row.checksum.filter(|_| row.is_provable());
        Some(Self { asset: row.key.asset.clone(), path, checksum, sha256: row.sha256, row: Some(row.key) })
    }
}
