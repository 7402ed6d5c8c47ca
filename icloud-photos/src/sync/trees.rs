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
//! Of no tree are files that stand where no layout put them: an adoption found them there, or somebody moved them; and those of catalogues
//! that are older than trees. All runs that have no file of their own take them for theirs: they stay where they are, and nothing is laid out
//! beside them. A run whose layout may have put such a file where it stands makes it one of its tree, and other selections, which
//! may lack it now, list once more ([`Action::Settle`](super::Action::Settle)).

use super::catalogue::{FileKey, FileRow, Tree};
use super::engine::{Inner, digest};
use super::event::Target;
use super::layout::{LayoutOptions, Placement};
use crate::asset::Role;
use crate::storage::StoragePath;

/// Copies of one content that a run gives names to, one beside the other.
const COPIES: u32 = 9;

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

    /// Of the rows of an asset the one that this tree has for a file, or else the one that is of no tree; and the others.
    pub(super) fn row_among<'r>(
        &self,
        rows: &'r [FileRow],
        role: Role,
    ) -> (Option<&'r FileRow>, Vec<&'r FileRow>) {
        let of_role = rows.iter().filter(|row| row.key.role == role);
        let (own, mut others): (Vec<_>, Vec<_>) = of_role.partition(|row| self.is_own(row));
        let best = own.iter().copied().max_by_key(|row| !row.key.tree.is_none());
        others.extend(own.into_iter().filter(|row| best.is_some_and(|best| best.key != row.key)));
        (best, others)
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

/// Whether a run under this layout could have given the file its name. If not, somebody moved it.
pub(super) fn is_named_so(placement: &Placement, row: &FileRow, path: &StoragePath) -> bool {
    let files = placement.files.iter().filter(|file| file.role == row.key.role);
    let digits = match &row.checksum {
        Some(checksum) => checksum.digits(),
        None => row.key.asset.as_str().chars().take(8).collect::<String>().to_lowercase(),
    };
    files.into_iter().any(|file| {
        let Ok(plain) = StoragePath::parse(&placement.path(&file.name)) else { return false };
        let by_size = [row.resource_size, row.size].into_iter().flatten();
        let by_content = plain.with_suffix(&digits);
        plain == *path
            || by_content == *path
            || file.legacy_name.as_ref().is_some_and(|name| plain.sibling(name) == *path)
            || by_size.into_iter().any(|size| plain.with_suffix(&size.to_string()) == *path)
            || (2..=COPIES).any(|number| by_content.with_suffix(&number.to_string()) == *path)
    })
}
