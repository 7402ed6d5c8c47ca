//! Removing files whose assets were deleted in iCloud.
//!
//! icloudpd computes the names of whatever lies in Recently Deleted and removes what stands there. Here a file goes only when the
//! catalogue says that it is the asset's (`victims.rs`), nobody else has a claim to it, and its bytes are those that were stored.

use std::collections::HashSet;

use super::super::catalogue::{Batch, FileKey, MIRROR, Progress};
use super::super::described::{Whose, beside};
use super::super::engine::Inner;
use super::super::ledger::seconds;
use super::victims::{Deleted, Judged, Victim};
use super::{Census, Disposal, Kept, RemovalEvent, Stage};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{ObjectMeta, StoragePath};

/// Files that go in one go.
const FILES: usize = 100;

/// Rows of the catalogue looked at in one go.
const ROWS: usize = 1000;

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
        matches!(why, Kept::Unreadable { .. } | Kept::Unremovable { .. } | Kept::OwnerUnclear { .. })
    }

    /// All copies are on the disk before the first file goes; rows go last. False if some stay that should have gone. A file goes as it stood
    /// when it was proven, or not at all; where none stood only the row goes.
    async fn remove(&mut self, disposal: Disposal, going: Vec<(Victim, Option<ObjectMeta>)>) -> Result<bool> {
        let (mut ready, mut stays) = (Vec::new(), HashSet::new());
        let mut seen = HashSet::new();
        for (victim, there) in &going {
            let Some(there) = there else { continue };
            // Two assets may have one file.
            if seen.insert(&victim.path) {
                match self.set_aside(disposal, victim).await {
                    Ok(files) => ready.push((there, files)),
                    Err(error) => self.stay(victim.path.clone(), error, &mut stays)?,
                }
            }
        }
        if disposal == Disposal::Trash {
            self.inner.storage.flush().await?;
        }
        for (proven, files) in ready {
            self.remove_all(proven, files, &mut stays).await?;
        }
        let gone = going.into_iter().filter(|(victim, _)| !stays.contains(&victim.path));
        let gone_files: Vec<_> = gone.map(|(victim, _)| victim.row.key).collect();
        if !gone_files.is_empty() {
            self.inner.catalogue.commit(Batch { gone_files, ..Batch::default() }).await?;
        }
        Ok(stays.is_empty())
    }

    /// Removes a photo and what goes with it, the photo first: a sidecar that is left alone says nothing wrong.
    async fn remove_all(
        &mut self,
        proven: &ObjectMeta,
        files: Vec<(StoragePath, Option<StoragePath>)>,
        stays: &mut HashSet<StoragePath>,
    ) -> Result<()> {
        for (path, trash) in files {
            let there = match self.inner.storage.stat(&path).await {
                Ok(there) => there,
                Err(error) => {
                    stays.insert(proven.path.clone());
                    return self.stay(path, error, stays);
                }
            };
            let is_photo = path == proven.path;
            let as_it_was = |now: &ObjectMeta| (now.size, now.modified) == (proven.size, proven.modified);
            if is_photo && !there.as_ref().is_none_or(as_it_was) {
                self.leave(&path, &Kept::Differs { path: path.clone() });
                stays.insert(path);
                return Ok(());
            }
            if let Err(error) = self.inner.storage.remove(&path).await {
                stays.insert(proven.path.clone());
                return self.stay(path, error, stays);
            }
            if there.is_some() {
                self.report.removed += u64::from(is_photo);
                self.tell(RemovalEvent::Removed { path: &path, trash: trash.as_ref() });
            }
        }
        Ok(())
    }

    /// The files of a victim, the photo first, each with its copy in the trash if it is to have one.
    async fn set_aside(
        &self,
        disposal: Disposal,
        victim: &Victim,
    ) -> Result<Vec<(StoragePath, Option<StoragePath>)>> {
        let mut files = Vec::new();
        for path in [Some(victim.path.clone()), self.sidecar(victim).await?].into_iter().flatten() {
            let aside = match disposal {
                Disposal::Trash => self.inner.keep_aside(&path).await?,
                Disposal::Remove => None,
            };
            files.push((path, aside));
        }
        Ok(files)
    }

    /// Tells of a file that could not go; what would befall all others too ends the run.
    fn stay(&mut self, path: StoragePath, error: Error, stays: &mut HashSet<StoragePath>) -> Result<()> {
        let all = [ErrorKind::Cancelled, ErrorKind::StorageFull, ErrorKind::Network, ErrorKind::Timeout];
        if all.contains(&error.kind()) {
            return Err(error);
        }
        self.leave(&path, &Kept::Unremovable { path: path.clone(), reason: error.to_string() });
        stays.insert(path);
        Ok(())
    }

    /// The sidecar beside a photo that goes, if icloudpd or we wrote it.
    async fn sidecar(&self, victim: &Victim) -> Result<Option<StoragePath>> {
        let sidecar = beside(&self.inner.described_row(&victim.row, &victim.path).await?)?;
        let why = match self.inner.whose_sidecar(&sidecar).await {
            Whose::Nobodys => return Ok(None),
            Whose::Ours => return Ok(Some(sidecar)),
            Whose::Foreign => Kept::ForeignSidecar,
            Whose::Unknown(error) => Kept::Unreadable { path: sidecar.clone(), reason: error.to_string() },
        };
        self.tell(RemovalEvent::Left { path: &sidecar, why: &why });
        Ok(None)
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
