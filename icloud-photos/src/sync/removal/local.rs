//! Removing files whose assets were deleted in iCloud.
//!
//! icloudpd computes the names of whatever lies in Recently Deleted and removes what stands there. Here a file goes only when the
//! catalogue says that it is the asset's (`victims.rs`), nobody else has a claim to it, and its bytes are those that were stored.

use std::collections::HashSet;

use super::super::catalogue::{Batch, FileKey, MIRROR, Progress};
use super::super::described::{Whose, beside};
use super::super::engine::Inner;
use super::super::ledger::seconds;
use super::victims::{Deleted, Judged, Proven, Victim};
use super::{Census, Disposal, Kept, RemovalEvent, Stage};
use crate::asset::AssetId;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::StoragePath;

/// Files that go in one go.
const FILES: usize = 100;

/// Rows of the catalogue looked at in one go.
const ROWS: usize = 1000;

/// Files that may go by now, with their copies in the trash: a photo, as it was proven if it stands, and its sidecar.
struct Ready<'a> {
    path: &'a StoragePath,
    proven: Option<&'a Proven>,
    files: Vec<(StoragePath, Option<StoragePath>)>,
}

impl Stage<'_> {
    /// Recently Deleted is read twice: to count, so that nothing goes when too much would, and to remove.
    pub(super) async fn mirror(&mut self, disposal: Disposal, token: Option<&str>, _: Census) -> Result<()> {
        self.tell(RemovalEvent::Mirroring { clean: self.report.is_clean() });
        if token.is_some() && self.inner.mirrored().await?.as_deref() == token {
            // Nothing happened in the library since.
            return Ok(());
        }
        let all = self.inner.count_files().await?;
        let most = self.inner.removals.limit.of(all);
        let (mut count, mut first) = (0, Vec::new());
        let mut deleted = Deleted::of(self.inner);
        while let Some(judged) = deleted.next().await? {
            for path in judged.files() {
                count += 1;
                if first.len() as u64 <= most.min(FILES as u64) {
                    first.push(path.clone());
                }
                if self.rehearsal {
                    self.tell(RemovalEvent::WouldRemove { path });
                }
            }
        }
        if !deleted.whole() {
            self.withhold();
        } else if self.rehearsal {
            self.report.removed = count;
            self.warn_of_limit(count, all);
        } else if count > most {
            first.iter().for_each(|path| self.tell(RemovalEvent::WouldRemove { path }));
            self.stop(count, all);
        } else if self.clear(disposal, most).await? {
            self.inner.note_mirrored(token).await?;
        }
        Ok(())
    }

    /// False if the next run must look again. The list may have grown since it was counted: no more than `most` go in any case.
    async fn clear(&mut self, disposal: Disposal, most: u64) -> Result<bool> {
        let mut settled = true;
        let mut deleted = Deleted::of(self.inner);
        while let Some(judged) = deleted.next().await? {
            for (path, why) in &judged.staying {
                settled &= !self.leave(path, why);
            }
            let mut going = judged.going.into_iter();
            while going.len() > 0 {
                let some = Judged { going: going.by_ref().take(FILES).collect(), ..Judged::default() };
                if self.report.removed + some.files().count() as u64 > most {
                    self.withhold();
                    return Ok(false);
                }
                let mut proven = Vec::new();
                for victim in some.going {
                    match self.inner.read_anew(&victim).await {
                        Ok(there) => proven.push((victim, there)),
                        Err(why) => settled &= !self.leave(&victim.path, &why),
                    }
                }
                settled &= self.remove(disposal, proven).await?;
            }
        }
        if !deleted.whole() {
            self.withhold();
            return Ok(false);
        }
        Ok(settled)
    }

    /// Tells why a file stays; true if that may be otherwise the next time, though nothing happens in the library.
    fn leave(&mut self, path: &StoragePath, why: &Kept) -> bool {
        self.report.withheld += 1;
        self.tell(RemovalEvent::Left { path, why });
        matches!(why, Kept::Unreadable { .. } | Kept::OwnerUnclear { .. })
    }

    /// All copies are on the disk before the first file goes; rows go last. False if some stay that should have gone. A file goes as it stood
    /// when it was proven, or not at all. Where none stands any more only its sidecar is left to go, for a run was cut, or could not remove
    /// that: the row stays until both are gone.
    async fn remove(&mut self, disposal: Disposal, going: Vec<(Victim, Option<Proven>)>) -> Result<bool> {
        let (mut ready, mut stays) = (Vec::new(), HashSet::new());
        let mut seen = HashSet::new();
        for (victim, proven) in &going {
            // Two assets may have one file. Its sidecar is about one of them.
            if proven.is_some() && !seen.insert(&victim.path) {
                continue;
            }
            match self.set_aside(disposal, victim, proven.as_ref()).await {
                Ok(files) => ready.push(Ready { path: &victim.path, proven: proven.as_ref(), files }),
                Err(error) => self.stay(&victim.path, error, &mut stays)?,
            }
        }
        let is_aside = ready.iter().flat_map(|ready| &ready.files).any(|(_, aside)| aside.is_some());
        if is_aside && let Err(error) = self.inner.storage.flush().await {
            if error.kind() != ErrorKind::StorageFull {
                return Err(error);
            }
            for Ready { path, .. } in std::mem::take(&mut ready) {
                self.stay(path, error.duplicate(), &mut stays)?;
            }
        }
        for ready in ready {
            self.remove_all(ready, &mut stays).await?;
        }
        let gone = going.into_iter().filter(|(victim, _)| !stays.contains(&victim.path));
        let gone_files: Vec<_> = gone.map(|(victim, _)| victim.row.key).collect();
        if !gone_files.is_empty() {
            self.inner.catalogue.commit(Batch { gone_files, ..Batch::default() }).await?;
        }
        Ok(stays.is_empty())
    }

    /// Removes a photo and what goes with it, the photo first: one that stays keeps its sidecar, with whatever other programs wrote into it.
    async fn remove_all(&mut self, ready: Ready<'_>, stays: &mut HashSet<StoragePath>) -> Result<()> {
        let Ready { path: photo, proven, files } = ready;
        let is_as_it_was = match self.inner.storage.stat(photo).await {
            Ok(there) => match (there, proven) {
                (None, None) => true,
                (Some(there), Some(Proven { meta, .. })) => {
                    (there.size, there.modified) == (meta.size, meta.modified)
                }
                _ => false,
            },
            Err(error) => return self.stay(photo, error, stays),
        };
        if !is_as_it_was {
            self.leave(photo, &Kept::Differs { path: photo.clone() });
            stays.insert(photo.clone());
            return Ok(());
        }
        for (path, trash) in files {
            let is_photo = path == *photo;
            if let Err(error) = self.inner.storage.remove(&path).await {
                // It would get another copy with every run.
                if let (true, Some(Proven { sha256, .. }), Some(trash)) = (is_photo, proven, &trash) {
                    self.inner.take_back(trash, photo, *sha256).await;
                }
                stays.insert(photo.clone());
                return self.stay(&path, error, stays);
            }
            self.report.removed += u64::from(is_photo);
            self.tell(RemovalEvent::Removed { path: &path, trash: trash.as_ref() });
        }
        Ok(())
    }

    /// What goes of a victim, the photo first if it stands, each with its copy in the trash if it is to have one.
    async fn set_aside(
        &self,
        disposal: Disposal,
        victim: &Victim,
        proven: Option<&Proven>,
    ) -> Result<Vec<(StoragePath, Option<StoragePath>)>> {
        let mut files = Vec::new();
        if let Some(Proven { sha256, .. }) = proven {
            let aside = match disposal {
                Disposal::Trash => Some(self.inner.keep_aside(&victim.path, *sha256).await?),
                Disposal::Remove => None,
            };
            files.push((victim.path.clone(), aside));
        }
        let Some(sidecar) = self.sidecar(victim, proven.is_some()).await? else { return Ok(files) };
        // Without its photo too: somebody may have moved that by hand, and want what another program wrote beside it.
        let mut aside = None;
        if disposal == Disposal::Trash || proven.is_none() {
            let Some(sha256) = self.inner.hash_of(&sidecar).await? else { return Ok(files) };
            aside = Some(self.inner.keep_aside(&sidecar, sha256).await?);
        }
        files.push((sidecar, aside));
        Ok(files)
    }

    /// Tells of a file that could not go; what would befall all others too ends the run. One that is short of room may be larger than they
    /// are.
    fn stay(&mut self, path: &StoragePath, error: Error, stays: &mut HashSet<StoragePath>) -> Result<()> {
        if matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::Network | ErrorKind::Timeout) {
            return Err(error);
        }
        self.report.failed += 1;
        let why = Kept::Unremovable { path: path.clone(), reason: error.to_string() };
        self.tell(RemovalEvent::Left { path, why: &why });
        stays.insert(path.clone());
        Ok(())
    }

    /// The sidecar that goes with a photo, if icloudpd or we wrote it. Where no photo stands beside it any more it has to speak for itself.
    async fn sidecar(&self, victim: &Victim, stands: bool) -> Result<Option<StoragePath>> {
        let described = self.inner.described_row(&victim.row, &victim.path).await?;
        let sidecar = beside(&described)?;
        let is_victims = |about: Option<&AssetId>| match about {
            Some(asset) => *asset == victim.row.key.asset,
            None => described == victim.path,
        };
        match self.inner.whose_sidecar(&sidecar).await {
            Whose::Ours(about) if stands || (!victim.is_shared && is_victims(about.as_ref())) => {
                Ok(Some(sidecar))
            }
            Whose::Nobodys | Whose::Ours(_) => Ok(None),
            Whose::Foreign => {
                self.tell(RemovalEvent::Left { path: &sidecar, why: &Kept::ForeignSidecar });
                Ok(None)
            }
            // The next run may know whose it is.
            Whose::Unknown(error) => Err(error.with("sidecar", &sidecar)),
        }
    }
}

impl Inner {
    /// What one selection leaves, another may remove.
    fn mirror_selection(&self) -> String {
        format!("{MIRROR} {}", self.selection)
    }

    async fn mirrored(&self) -> Result<Option<String>> {
        let progress = self.catalogue.progress(&self.key, &self.mirror_selection()).await?;
        Ok(progress.and_then(|progress| progress.token))
    }

    async fn note_mirrored(&self, token: Option<&str>) -> Result<()> {
        let Some(token) = token else { return Ok(()) };
        let mut progress = Progress::new(self.key.clone(), self.mirror_selection(), seconds(self.now()));
        progress.token = Some(token.to_owned());
        self.catalogue.commit(Batch { progress: vec![progress], ..Batch::default() }).await
    }

    /// How many files the library has in this tree: of others nothing would go.
    async fn count_files(&self) -> Result<u64> {
        let (mut count, mut after) = (0, None::<FileKey>);
        loop {
            let rows = self.catalogue.files(Some(&self.key), after.as_ref(), ROWS).await?;
            let Some(last) = rows.last() else { return Ok(count) };
            after = Some(last.key.clone());
            let own = rows.iter().filter(|row| row.status.is_kept() && self.is_own(row));
            count += own.count() as u64;
        }
    }
}
