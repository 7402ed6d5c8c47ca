//! What a view shows no more goes, if it is the view's, and if nothing is lost with it.

use super::super::catalogue::{FileRow, LibraryKey};
use super::Laid;
use super::entry::{is_ours, one};
use super::lay::{Laying, Place};
use super::record::{Line, hex};
use super::sorted::Sorted;
use crate::asset::AssetId;
use crate::error::Result;
use crate::storage::{Entry, EntryKind, StoragePath};

const NOT_OURS: &str = "it is not as this view laid it, and stays; it is yours now";
pub(super) const LAST: &str =
    "its photo is gone from the copy, and this is the last name of the file: it stays; it is yours now";

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
            self.storage.remove(path).await?;
            let parent = path.parent().unwrap_or_else(StoragePath::root);
            self.storage.prune(&parent, &self.folder).await?;
        }
        self.removed(path);
        Ok(())
    }

    /// Whether the file would be gone for good with this entry, though nobody asked for that.
    pub(super) async fn is_last(&self, entry: &Entry, known: &[Line]) -> Result<bool> {
        if matches!(entry.kind, EntryKind::Link(_)) || entry.names.is_some_and(|names| names > 1) {
            return Ok(false);
        }
        for line in known {
            if self.copy_has(line).await? || self.was_mirrored(line).await? {
                return Ok(false);
            }
        }
        Ok(true)
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
            if let Some(path) = row.path.clone().filter(|path| is_it(&row, path))
                && one(self.storage, path).await?.is_some()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Its photo lies in Recently Deleted, and so its file was removed here.
    async fn was_mirrored(&self, line: &Line) -> Result<bool> {
        if self.inner.removals.mirror.is_none() {
            return Ok(false);
        }
        let (library, asset) = line.owner();
        let rows = self.inner.catalogue.assets(&library, &[asset]).await?;
        Ok(rows.into_iter().flatten().any(|row| row.trashed))
    }
}

impl Line {
    fn owner(&self) -> (LibraryKey, AssetId) {
        (LibraryKey::new(self.library.as_str()), AssetId::new(self.asset.as_str()))
    }
}
