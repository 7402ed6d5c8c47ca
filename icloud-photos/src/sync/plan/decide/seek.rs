//! Files that are not as they should be and that no list asks for: where they are by now, whence they come back, or that they are lost.

use super::super::super::catalogue::{FileRow, REMOVED, Status};
use super::super::super::claims::Claim;
use super::super::super::content;
use super::super::Action;
use super::super::wanted::Wanted;
use super::{Decider, modified};
use crate::asset::{Asset, Digests};
use crate::error::Result;
use crate::storage::StoragePath;

impl Decider {
    /// Plans a file that is missing or damaged, of a photo that no list shows.
    pub(in crate::sync::plan) async fn seek(&mut self, row: FileRow, asset: Option<Asset>) {
        let id = row.key.asset.clone();
        let action = self.sought(row, asset.as_ref()).await.unwrap_or_else(|error| Action::Problem {
            asset,
            id: Some(id),
            lacks: None,
            error,
        });
        self.queue.push_back(action);
    }

    /// Looks for a file that is not where it was, and not to be fetched: it may have been moved.
    pub(in crate::sync::plan) async fn astray(&mut self, row: FileRow) {
        let id = row.key.asset.clone();
        match self.elsewhere(&row, None).await {
            Ok(Some(renamed)) => self.queue.push_back(renamed),
            Ok(None) => self.vain.add(&row.key),
            Err(error) => {
                self.queue.push_back(Action::Problem { asset: None, id: Some(id), lacks: None, error });
            }
        }
    }

    /// All such files were looked for.
    pub(in crate::sync::plan) fn searched(&mut self) {
        let progress = self.inner.aside_of(REMOVED, self.vain);
        self.queue.push_back(Action::Aside { progress });
    }

    /// Another file with these bytes, that no row speaks for.
    async fn elsewhere(&mut self, row: &FileRow, asset: Option<&Asset>) -> Result<Option<Action>> {
        if row.status == Status::Derived
            && let Some(renamed) = self.moved_derived(row, asset).await?
        {
            return Ok(Some(renamed));
        }
        let Some((size, checksum)) = row.resource_size.zip(row.checksum) else { return Ok(None) };
        let inner = self.inner.clone();
        let Some((found, sha256)) = self.strays().await?.find(&inner, size, &checksum).await? else {
            return Ok(None);
        };
        self.claims.set(&found.path, Claim::new(Some(size), Some(&checksum)));
        let row = FileRow { sha256: Some(sha256), ..row.clone() };
        let row = self.settle_where_found(row, asset, &found).await;
        Ok(Some(Action::Renamed { row, found }))
    }

    /// The proven file of another photo, or of the same one in another library, that has these bytes.
    async fn twin(&mut self, row: &FileRow) -> Result<Option<Action>> {
        let Some(checksum) = row.checksum else { return Ok(None) };
        let rows = self.inner.catalogue.files_with(&[checksum]).await?.into_iter().flatten();
        for other in rows.filter(|other| other.key != row.key && other.status.is_proof()) {
            let Some(path) = other.path.as_ref().filter(|path| row.path.as_ref() != Some(path)) else {
                continue;
            };
            let found = self.inner.storage.stat(path).await?;
            if let Some(found) = found.filter(|found| Some(found.size) == other.size) {
                let row = FileRow { sha256: other.sha256, ..row.clone() };
                return Ok(Some(Action::Renamed { row, found }));
            }
        }
        Ok(None)
    }

    /// A file that was found damaged, and that somebody has put right since.
    async fn right_again(&mut self, row: &FileRow, path: &StoragePath) -> Result<Option<Action>> {
        if row.status.is_kept() {
            return Ok(None);
        }
        let Some(found) = self.inner.storage.stat(path).await? else { return Ok(None) };
        let read = content::read(&*self.inner.storage, path).await?;
        let is_derived = |digests: &Digests| row.was_derived() && row.sha256 == Some(digests.sha256);
        let right = read.filter(|(_, digests)| row.checksum == Some(digests.checksum) || is_derived(digests));
        Ok(right.map(|(_, digests)| {
            self.claims.set(path, Claim::new(row.resource_size, row.checksum.as_ref()));
            let status = if is_derived(&digests) { Status::Derived } else { Status::Verified };
            let row = FileRow { status, sha256: Some(digests.sha256), ..row.clone() };
            Action::Renamed { row, found }
        }))
    }

    /// It may have another name by now; else it comes back to where it stood, if iCloud has it.
    async fn sought(&mut self, row: FileRow, asset: Option<&Asset>) -> Result<Action> {
        let Some(path) = row.path.clone() else { return Ok(Action::Forget { key: row.key }) };
        if let Some(right) = self.right_again(&row, &path).await? {
            return Ok(right);
        }
        if row.was_derived()
            && let Some(renamed) =
                self.moved_derived(&FileRow { status: Status::Derived, ..row.clone() }, asset).await?
        {
            return Ok(renamed);
        }
        if let Some(renamed) = self.elsewhere(&row, asset).await? {
            return Ok(renamed);
        }
        let (role, tree) = (row.key.role, row.key.tree.clone());
        let Some(asset) = asset.filter(|asset| asset.resource(role).is_some()) else {
            if let Some(shared) = self.twin(&row).await? {
                return Ok(shared);
            }
            // Whoever changed the last copy there is had reasons. An empty file is nobody's work.
            let there = self.inner.storage.stat(&path).await?.filter(|there| there.size > 0);
            return Ok(match there.filter(|_| row.status.is_kept()) {
                Some(_) => Action::Stands { path, doubted: false },
                None => Action::Lost { key: row.key, path },
            });
        };
        let modified = Some(modified(&self.inner.layout.place(asset)));
        let known = self.inner.catalogue.files_of(&self.inner.key, std::slice::from_ref(asset.id())).await?;
        let wanted = Wanted::of(&tree, asset, role, path.clone());
        let copies = wanted.standing_in(known.iter().flatten().filter(|other| other.key != row.key));
        let wanted = Wanted { modified, copies, row: Some(row), ..wanted };
        match (self.claims.get(&path).cloned(), self.inner.storage.stat(&path).await?) {
            (Some(claim), _) => self.beside(&wanted, claim).await,
            (None, None) => Ok(self.download(&wanted, path, false)),
            (None, Some(_)) => self.by_content(&wanted).await,
        }
    }
}
