//! One file that is asked for, and what follows for it from what is known.

use std::time::SystemTime;

use super::super::catalogue::{FileRow, Status, Tree};
use super::super::claims::Claim;
use super::super::event::Target;
use super::{Action, Why};
use crate::asset::{Asset, Checksum, Resource, Role};
use crate::storage::{ObjectMeta, StoragePath};

/// One file and the plain path it would like.
pub(super) struct Wanted<'a> {
    pub(super) asset: &'a Asset,
    pub(super) role: Role,
    pub(super) tree: Tree,
    pub(super) size: Option<u64>,
    pub(super) checksum: Option<&'a Checksum>,
    pub(super) path: StoragePath,
    pub(super) modified: Option<SystemTime>,
    /// What the catalogue has.
    pub(super) row: Option<FileRow>,
    /// The catalogue knows something about whatever stands under the plain path.
    pub(super) contested: bool,
    /// Where it stands in other trees, by the catalogue.
    pub(super) copies: Vec<StoragePath>,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(tree: &Tree, asset: &'a Asset, role: Role, path: StoragePath) -> Self {
        let resource: Option<&Resource> = asset.resource(role);
        Self {
            asset,
            role,
            tree: tree.clone(),
            size: resource.and_then(|resource| resource.size),
            checksum: resource.and_then(|resource| resource.checksum.as_ref()),
            path,
            modified: None,
            row: None,
            contested: false,
            copies: Vec::new(),
        }
    }

    /// Whether a row is about the very bytes that are wanted, and not about an earlier edit.
    pub(super) fn is_in(&self, row: &FileRow) -> bool {
        row.status.is_kept() && row.resource_size == self.size && row.checksum.as_ref() == self.checksum
    }

    /// How long the right bytes are: a record may be wrong about that.
    pub(super) fn true_size(&self) -> Option<u64> {
        let proven = self.row.as_ref().filter(|row| row.status.is_proof() && self.is_in(row));
        proven.and_then(|row| row.size).or(self.size)
    }

    pub(super) fn claim(&self) -> Claim {
        Claim::new(self.size, self.checksum)
    }

    pub(super) fn target(&self, path: StoragePath) -> Target {
        Target { asset: self.asset.clone(), role: self.role, tree: self.tree.clone(), path }
    }

    pub(super) fn is_provable(&self) -> bool {
        self.asset.resource(self.role).is_some_and(Resource::is_provable)
    }

    /// Our hash of the right bytes, of a file that is known not to have them: for what Apple's checksum does not prove. What an
    /// adoption noted is of any use only where that can prove nothing at all.
    pub(super) fn right_hash(&self) -> Option<[u8; 32]> {
        let row = self.row.as_ref().filter(|row| !row.status.is_kept())?;
        let usable = row.checksum.as_ref() == self.checksum && (row.was_right() || !self.is_provable());
        row.sha256.filter(|_| usable)
    }

    /// Whether an earlier run was to fetch it though a file stands there, and could not.
    pub(super) fn was_doubted_at(&self, path: &StoragePath) -> bool {
        let failed = self.row.as_ref().filter(|row| !row.status.is_kept());
        failed.and_then(|row| row.path.as_ref()).is_some_and(|wanted| wanted != path)
    }

    /// Another file whose place this is, though it is missing just now.
    pub(super) fn rival<'r>(&self, owners: &'r [FileRow]) -> Option<&'r FileRow> {
        owners.iter().find(|row| {
            let claim = Claim::new(row.resource_size.or(row.size), row.checksum.as_ref());
            let ours = row.key.asset == *self.asset.id() && row.key.role == self.role;
            row.status.is_kept() && !ours && !claim.is_for(self.size, self.checksum)
        })
    }

    /// The same file in this tree.
    pub(super) fn within(&self, tree: Tree) -> Self {
        let (row, copies) = (self.row.clone(), self.copies.clone());
        let Self { modified, contested, .. } = *self;
        let path = self.path.clone();
        Self { modified, contested, row, copies, ..Self::of(&tree, self.asset, self.role, path) }
    }

    /// Where these rows of other trees have it. Whether they are right is proven when it is copied.
    pub(super) fn standing_in<'r>(
        &self,
        elsewhere: impl IntoIterator<Item = &'r FileRow>,
    ) -> Vec<StoragePath> {
        if !self.is_provable() {
            return Vec::new();
        }
        let as_sent = |row: &FileRow| matches!(row.status, Status::Verified | Status::Assumed);
        let same = elsewhere.into_iter().filter(|row| row.key.role == self.role && self.is_in(row));
        let paths = same.filter(|row| as_sent(row)).filter_map(|row| row.path.clone());
        paths.filter(|path| *path != self.path).collect()
    }

    /// What the catalogue knows stands there; `older` is the name that older versions of icloudpd gave it. If it could not be confirmed, it is
    /// fetched again when it is due.
    pub(super) fn known(
        &self,
        row: &FileRow,
        path: StoragePath,
        there: ObjectMeta,
        older: Option<&StoragePath>,
        now: SystemTime,
    ) -> Action {
        let deduplicated = path != self.path;
        let target = self.target(path);
        if row.is_due(now) {
            let (size, modified) = (self.size, self.modified);
            let (standing, copies, why) = (Vec::new(), Vec::new(), Why::Unconfirmed);
            return Action::Download { target, size, modified, deduplicated, standing, copies, why };
        }
        let doubted = row.status == Status::Unconfirmed;
        // As icloudpd says it: under the name of today.
        let is_older = older.is_some_and(|older| *older == target.path);
        let (target, deduplicated) =
            if is_older { (self.target(self.path.clone()), false) } else { (target, deduplicated) };
        Action::Present { target, deduplicated, known: true, proven: None, doubted, found: Some(there) }
    }

    pub(super) fn present(&self, path: StoragePath, deduplicated: bool, found: Option<ObjectMeta>) -> Action {
        let target = self.target(path);
        Action::Present { target, deduplicated, known: false, proven: None, doubted: false, found }
    }

    /// A file whose bytes were read for this plan, and are right.
    pub(super) fn read(
        &self,
        path: StoragePath,
        deduplicated: bool,
        found: ObjectMeta,
        sha256: [u8; 32],
        doubted: bool,
    ) -> Action {
        let (target, found, proven) = (self.target(path), Some(found), Some(sha256));
        Action::Present { target, deduplicated, known: false, proven, doubted, found }
    }
}
