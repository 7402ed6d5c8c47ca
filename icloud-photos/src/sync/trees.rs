//! Several trees over one folder.
//!
//! icloudpd knows nothing but names: with other rules for folders or names, later or in a second line over the same folder, it lays the
//! photos out once more. So does this engine, and each of those trees has rows of its own: a row says in which tree its file stands
//! ([`Tree`]). What decides where a file goes names the tree; what decides whether it is wanted does not, and a zone neither: what stands
//! in the folder of another day is known, and stays there.
//!
//! A run plans, looks for and mirrors the files of its own tree. It may use the others: what they have is copied from there
//! (`download/copied.rs`), a proof may rest on any file, `verify` reads all, and sidecars follow their photos into each.
//!
//! Of no tree are files that an adoption found where no layout put them, and those of catalogues that are older than trees. All runs take
//! them for theirs: they stay where they are, and nothing is laid out beside them.

use super::catalogue::{FileKey, FileRow, Tree};
use super::engine::{Inner, digest};
use super::event::Target;
use super::layout::LayoutOptions;
use crate::asset::Role;

/// The tree of files that are placed so.
pub(super) fn tree_of(layout: &LayoutOptions) -> Tree {
    Tree::new(digest(&layout.placing(), 8))
}

impl Inner {
    /// Names a file in the catalogue.
    pub(super) fn key_of(&self, target: &Target) -> FileKey {
        let (asset, tree) = (target.asset.id().clone(), target.tree.clone());
        FileKey::new(self.key.clone(), asset, target.role).within(tree)
    }

    /// Of the rows of an asset the one that this tree has for a file, or that is of no tree; and those of other trees.
    pub(super) fn row_among<'r>(
        &self,
        rows: &'r [FileRow],
        role: Role,
    ) -> (Option<&'r FileRow>, Vec<&'r FileRow>) {
        let of_role = rows.iter().filter(|row| row.key.role == role);
        let (own, others): (Vec<_>, Vec<_>) = of_role.partition(|row| self.is_own(row));
        (own.into_iter().max_by_key(|row| !row.key.tree.is_none()), others)
    }

    /// The row that speaks for a file wherever it stands: that of this tree, or else the best of the others.
    pub(super) fn best_among<'r>(&self, rows: &'r [FileRow], role: Role) -> Option<&'r FileRow> {
        let (own, others) = self.row_among(rows, role);
        own.or_else(|| {
            others.into_iter().max_by_key(|row| (row.status.is_proof(), row.status.is_kept(), row.at))
        })
    }

    /// Whether a row is about this tree. What is of no tree is of all.
    pub(super) fn is_own(&self, row: &FileRow) -> bool {
        row.key.tree.is_none() || row.key.tree == self.tree
    }

    /// What this tree knows of a file that another one has under the same name.
    pub(super) fn borrowed(&self, row: &FileRow) -> FileRow {
        FileRow { key: row.key.clone().within(self.tree.clone()), ..row.clone() }
    }
}
