//! In which ways a file that stands may be the one that is wanted: moved, dated, changed by its owner, or right by its name.

use super::super::super::catalogue::{FileRow, Status, Tree};
use super::super::super::claims::Claim;
use super::super::super::content::{self, Source};
use super::super::super::engine::Missing;
use super::super::super::event::SkipReason;
use super::super::super::trees::is_named_so;
use super::super::Action;
use super::super::moved::Strays;
use super::super::survey::There;
use super::super::wanted::Wanted;
use super::super::whole::is_whole;
use super::Decider;
use crate::asset::Asset;
use crate::error::Result;
use crate::storage::{ObjectMeta, StoragePath};

impl Decider {
    /// What follows from the row of a file that has what is wanted: it stands where the row says, or elsewhere, or was removed. `None` if it is
    /// to be laid out. `older` is the name that older versions of icloudpd gave it.
    pub(super) async fn as_remembered(
        &mut self,
        wanted: &Wanted<'_>,
        at_row: Option<There>,
        older: Option<&StoragePath>,
    ) -> Result<Option<Action>> {
        let Some((row, there)) = wanted.row.as_ref().zip(at_row) else { return Ok(None) };
        let Some(path) = row.path.as_ref().filter(|_| wanted.is_in(row)) else { return Ok(None) };
        let there = there?;
        if let Some(there) = there.clone().filter(|there| Some(there.size) == row.size) {
            self.claims.set(path, wanted.claim());
            return Ok(Some(wanted.known(row, path.clone(), there, older, self.inner.now())));
        }
        let removed = there.is_none();
        if row.status == Status::Derived
            && let Some(action) = self.moved_derived(row, Some(wanted.asset)).await?
        {
            return Ok(Some(action));
        }
        if let Some(action) = self.moved(wanted).await? {
            return Ok(Some(action));
        }
        if let Some(action) = self.changed_by_hand(wanted, row, there).await? {
            return Ok(Some(action));
        }
        if removed && self.inner.missing == Missing::Respect && row.status.is_kept() {
            let (asset, name) = (wanted.asset.clone(), path.name().to_owned());
            return Ok(Some(Action::Skip { asset, reason: SkipReason::RemovedHere { name } }));
        }
        Ok(None)
    }

    /// Whether somebody moved the file that the catalogue knows, or gave it another name.
    pub(super) async fn moved(&mut self, wanted: &Wanted<'_>) -> Result<Option<Action>> {
        let (Some(size), Some(checksum)) = (wanted.true_size(), wanted.checksum) else { return Ok(None) };
        let inner = self.inner.clone();
        let Some((meta, sha256)) = self.strays().await?.find(&inner, size, checksum).await? else {
            return Ok(None);
        };
        let path = meta.path.clone();
        self.claims.set(&path, wanted.claim());
        let deduplicated = path != wanted.path;
        // Where no layout put it, it is of no tree: should another layout lay claim to it, this one's place is empty.
        let tree = if deduplicated { Tree::default() } else { self.inner.tree.clone() };
        if let Some(row) = &wanted.row {
            let row = FileRow { sha256: Some(sha256), ..row.clone() };
            self.settle(row, tree.clone(), &meta);
        }
        Ok(Some(wanted.within(tree).read(path, deduplicated, meta, sha256, false)))
    }

    /// A file that was found is of this tree where this layout may have put it, and else of none. Who does not have its photo at hand asks
    /// for it, if that matters: what was of no tree may have come back.
    pub(super) async fn settle_where_found(
        &mut self,
        row: FileRow,
        asset: Option<&Asset>,
        found: &ObjectMeta,
    ) -> FileRow {
        let asked = match asset {
            None if row.key.tree.is_none() => self.inner.library.asset(&row.key.asset).await.ok(),
            _ => None,
        };
        let is_at_home = asset
            .or(asked.as_ref())
            .is_some_and(|asset| is_named_so(&self.inner.layout.place(asset), &row, &found.path));
        let tree = if is_at_home { self.inner.tree.clone() } else { Tree::default() };
        self.settle(row, tree, found)
    }

    /// What stands there is of this tree now, if it was of another.
    pub(super) fn settle(&mut self, row: FileRow, tree: Tree, found: &ObjectMeta) -> FileRow {
        let before = row.key.clone();
        let now = FileRow { key: before.clone().within(tree), ..row };
        if now.key != before {
            self.queue.push_back(Action::Settle { row: now.clone().found_at(found), before });
        }
        now
    }

    /// The same for a file that something was written into: its own hash says which it is.
    pub(in crate::sync::plan) async fn moved_derived(
        &mut self,
        row: &FileRow,
        asset: Option<&Asset>,
    ) -> Result<Option<Action>> {
        let (Some(size), Some(sha256)) = (row.size, row.sha256) else { return Ok(None) };
        let inner = self.inner.clone();
        let Some(found) = self.strays().await?.find_stored(&inner, size, sha256).await? else {
            return Ok(None);
        };
        self.claims.set(&found.path, Claim::new(row.resource_size, row.checksum.as_ref()));
        let row = self.settle_where_found(row.clone(), asset, &found).await;
        Ok(Some(Action::Renamed { row, found }))
    }

    /// A longer file that nobody has may be the photo with a date written into it. `None` if that is not proven.
    pub(super) async fn derived(&mut self, wanted: &Wanted<'_>, there: ObjectMeta) -> Result<Option<Action>> {
        let Some(checksum) = wanted.checksum.filter(|_| wanted.is_provable()) else { return Ok(None) };
        let is_longer = wanted.size.is_some_and(|size| size < there.size);
        if !is_longer || self.claims.get(&there.path).is_some() {
            return Ok(None);
        }
        let Some(undone) = self.inner.undone(&there, wanted.size, checksum).await? else { return Ok(None) };
        self.claims.set(&there.path, wanted.claim());
        let key = self.inner.key_of(&wanted.target(there.path.clone()));
        let row = self.inner.derived_row(key, checksum, &there, &undone);
        Ok(Some(Action::Renamed { row, found: there }))
    }

    /// One of these files that is proven to be the photo with a date written into it.
    pub(super) async fn dated_among(
        &mut self,
        wanted: &Wanted<'_>,
        paths: &[StoragePath],
    ) -> Result<Option<Action>> {
        for there in self.inner.storage.stat_all(paths.to_vec()).await {
            if let Some(there) = there?
                && let Some(action) = self.derived(wanted, there).await?
            {
                return Ok(Some(action));
            }
        }
        Ok(None)
    }

    pub(super) async fn strays(&mut self) -> Result<&mut Strays> {
        Ok(match &mut self.strays {
            Some(strays) => strays,
            none => none.insert(Strays::gather(&self.inner).await?),
        })
    }

    /// Takes a file for the one that is wanted, by its name; by its bytes where there is doubt. `None` if it is another.
    pub(super) async fn take(
        &mut self,
        wanted: &Wanted<'_>,
        path: StoragePath,
        there: ObjectMeta,
    ) -> Result<Option<Action>> {
        let deduplicated = path != wanted.path;
        let doubtful = self.doubts || wanted.contested || wanted.row.is_some();
        let readable = wanted.is_provable() || wanted.right_hash().is_some();
        if !readable && (self.compares || wanted.was_doubted_at(&path)) {
            return Ok(None);
        }
        if !(doubtful && readable) {
            self.claims.set(&path, wanted.claim().assumed(wanted.asset.id(), wanted.role));
            return Ok(Some(wanted.present(path, deduplicated, Some(there))));
        }
        let read = content::look(&*self.inner.storage, &path, Source::for_rows(&wanted.row)).await?;
        let Some((_, digests)) = read else { return Ok(None) };
        let doubted = Some(&digests.checksum) != wanted.checksum;
        if doubted && wanted.right_hash() != Some(digests.sha256) {
            return self.derived(wanted, there).await;
        }
        self.claims.set(&path, wanted.claim());
        Ok(Some(wanted.read(path, deduplicated, there, digests.sha256, doubted)))
    }

    /// Takes a shorter file as icloudpd does, by its name; of what was cut `None`, and where there is doubt.
    pub(super) async fn smaller(&mut self, wanted: &Wanted<'_>, there: ObjectMeta) -> Result<Option<Action>> {
        if self.doubts || wanted.contested || wanted.row.is_some() {
            return Ok(None);
        }
        if !is_whole(&*self.inner.storage, &there).await? {
            return Ok(None);
        }
        self.take(wanted, wanted.path.clone(), there).await
    }

    /// A file that the catalogue knows and that has another length now was changed by its owner, if it was not cut: where the name
    /// alone decides nothing is fetched. Nor is it proven any more, so the photo stays in iCloud.
    pub(super) async fn changed_by_hand(
        &mut self,
        wanted: &Wanted<'_>,
        row: &FileRow,
        there: Option<ObjectMeta>,
    ) -> Result<Option<Action>> {
        let by_name = !self.inner.layout.compares_sizes() && row.path.as_ref() == Some(&wanted.path);
        let Some((found, size)) = there.filter(|_| by_name).zip(wanted.size) else { return Ok(None) };
        let is_ours =
            self.claims.get(&found.path).is_none_or(|claim| claim.is_for(Some(size), wanted.checksum));
        if !is_ours || found.size == size {
            return Ok(None);
        }
        if found.size > size {
            if let Some(action) = self.derived(wanted, found.clone()).await? {
                return Ok(Some(action));
            }
        } else if !is_whole(&*self.inner.storage, &found).await? {
            return Ok(None);
        }
        self.claims.set(&found.path, wanted.claim().assumed(wanted.asset.id(), wanted.role));
        Ok(Some(wanted.present(found.path.clone(), false, Some(found))))
    }
}
