//! What a view shows no more goes, if it is the view's, and if nothing is lost with it.

use super::super::catalogue::{FileRow, LibraryKey};
use super::super::content::{self, Source};
use super::super::ledger::seconds;
use super::super::removal::Disposal;
use super::Laid;
use super::entry::{is_ours, one};
use super::lay::{Laying, Place};
use super::record::{Line, hex};
use super::sorted::Sorted;
use crate::asset::AssetId;
use crate::error::Result;
use crate::storage::{Entry, EntryKind, StoragePath};

const NOT_OURS: &str = "it is not as this view laid it, and stays; it is yours now";
pub(super) const LAST: &str = "this is the last of the file: the copy has it no more, or another file in its place. It stays, and is yours now; see to the copy";

impl Laying<'_> {
    /// Removes what is wanted no more.
    pub(super) async fn clear(&mut self, known: &mut Sorted<Line>, wanted: &mut Sorted<Line>) -> Result<()> {
        let mut places = self.places(known, wanted)?;
        while let Some(place) = places.next()? {
            if place.wanted.is_none() {
                self.stop_if_asked()?;
                let cleared = self.clear_one(&place).await;
                if self.bear(&place.path, cleared)?.is_none() {
                    self.stuck.insert(place.path);
                }
            }
        }
        Ok(())
    }

    async fn clear_one(&mut self, Place { path, known, .. }: &Place) -> Result<()> {
        let Some(entry) = one(self.storage, path.clone()).await? else {
            // A manifest alone: nothing but its line goes.
            let was_line = known.iter().any(|line| line.laid == Laid::Manifest && !line.may_be);
            if was_line {
                self.removed(path);
            }
            return Ok(());
        };
        let was_laid = known.iter().any(|line| line.laid != Laid::Manifest && !line.may_be);
        if !is_ours(self.storage, path, &entry, known).await? {
            // What was only announced never came to stand here.
            if was_laid {
                self.left(path, NOT_OURS);
            }
            return Ok(());
        }
        if self.is_last(&entry, known).await? {
            self.left(path, LAST);
            return Ok(());
        }
        if !self.rehearses {
            self.keep_last(path, &entry, known).await?;
            self.storage.remove(path).await?;
            let parent = path.parent().unwrap_or_else(StoragePath::root);
            self.storage.prune(&parent, &self.folder).await?;
        }
        self.removed(path);
        Ok(())
    }

    /// Whether the file would be gone for good with this entry, though nobody asked for that.
    pub(super) async fn is_last(&self, entry: &Entry, known: &[Line]) -> Result<bool> {
        if !is_alone(entry) {
            return Ok(false);
        }
        for line in known {
            if self.copy_has(line).await? || self.was_mirrored(line).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What a mirror takes out of the copy goes to the trash, if it is told so: so does the last of it.
    async fn keep_last(&self, path: &StoragePath, entry: &Entry, known: &[Line]) -> Result<()> {
        if self.inner.removals.mirror != Some(Disposal::Trash) || !is_alone(entry) {
            return Ok(());
        }
        for line in known {
            if self.copy_has(line).await? {
                return Ok(());
            }
        }
        let Some(stands) = self.inner.hash_of(path).await? else { return Ok(()) };
        self.inner.keep_aside(path, stands).await.map(drop)
    }

    /// Whether the copy has the file, where it was or elsewhere, or what it put in its place: what stands there may be another photo's.
    async fn copy_has(&self, line: &Line) -> Result<bool> {
        let (library, asset) = line.owner();
        let rows = self.inner.catalogue.files_of(&library, &[asset]).await?;
        let is_it = |row: &FileRow, path: &StoragePath| {
            let same_bytes = row.sha256.is_some_and(|sha256| line.sha256.as_ref() == Some(&hex(&sha256)));
            same_bytes || [path.to_string(), format!("{path}.xmp")].contains(&line.file)
        };
        for row in rows.into_iter().flatten().filter(|row| row.status.is_kept()) {
            let Some(path) = row.path.clone().filter(|path| is_it(&row, path)) else { continue };
            // A sidecar has no row of its own: its photo's speaks for it.
            let is_sidecar = line.file == format!("{path}.xmp");
            if is_sidecar && one(self.storage, line.file()?).await?.is_some() {
                return Ok(true);
            }
            if !is_sidecar && self.is_sound(&row, path).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether what stands in the copy is what its row says, and not what a broken disk or another program made of it. What was
    /// touched is read.
    async fn is_sound(&self, row: &FileRow, path: StoragePath) -> Result<bool> {
        let Some(there) = one(self.storage, path.clone()).await? else { return Ok(false) };
        if there.kind == EntryKind::Other || row.size != Some(there.size) {
            return Ok(false);
        }
        if row.modified.is_some() && there.modified.map(seconds) == row.modified {
            return Ok(true);
        }
        let read = content::look(self.storage, &path, Source::Told).await?;
        Ok(read.is_some_and(|(_, digests)| {
            row.sha256 == Some(digests.sha256) || row.checksum == Some(digests.checksum)
        }))
    }

    /// Its photo lies in Recently Deleted, not by this copy's doing, and so its file was removed here: the copy knows of none any more.
    async fn was_mirrored(&self, line: &Line) -> Result<bool> {
        if self.inner.removals.mirror.is_none() {
            return Ok(false);
        }
        let (library, asset) = line.owner();
        let (ids, catalogue) = ([asset], &self.inner.catalogue);
        let is_trashed = catalogue.assets(&library, &ids).await?.into_iter().flatten().any(|row| row.trashed);
        let is_moved = catalogue.removals(&library, &ids).await?.into_iter().flatten().next().is_some();
        let rows = catalogue.files_of(&library, &ids).await?;
        let is_known = rows.iter().flatten().any(|row| {
            row.path
                .as_ref()
                .is_some_and(|path| [path.to_string(), format!("{path}.xmp")].contains(&line.file))
        });
        Ok(is_trashed && !is_moved && !is_known)
    }
}

/// Whether the file has no other name than this.
fn is_alone(entry: &Entry) -> bool {
    !matches!(entry.kind, EntryKind::Link(_)) && entry.names.is_none_or(|names| names < 2)
}

impl Line {
    fn owner(&self) -> (LibraryKey, AssetId) {
        (LibraryKey::new(self.library.as_str()), AssetId::new(self.asset.as_str()))
    }
}
