//! The files that stand there, some hundred bytes each.

use std::collections::{HashMap, HashSet};

use futures::StreamExt;

use super::super::catalogue::{FileRow, Status};
use super::super::engine::Inner;
use super::super::event::is_sidecar;
use super::super::ledger::seconds;
use super::super::store::is_ours;
use super::super::views::Folders;
use super::{AdoptEvent, AdoptReport, Place, ROWS, Tell};
use crate::asset::{AssetId, Checksum, Role};
use crate::download::is_part_name;
use crate::error::Result;
use crate::storage::{ObjectMeta, StoragePath};

#[derive(Default)]
pub(super) struct Tree {
    /// The names of files that nothing has proven yet.
    pub(super) files: HashSet<StoragePath>,
    pub(super) lengths: HashSet<u64>,
    /// What the catalogue has proven already, by content.
    pub(super) proven: HashMap<Checksum, Vec<Place>>,
    /// Which files of which assets that is.
    pub(super) known: HashSet<(AssetId, Role)>,
}

/// A file that nothing has proven yet.
pub(super) struct Standing {
    pub(super) meta: ObjectMeta,
    /// What the catalogue says stands there, or should.
    pub(super) rows: Vec<FileRow>,
    /// It belongs to another library whose copy shares the folder.
    pub(super) is_of_another_library: bool,
}

impl Standing {
    /// The rows that say it does.
    pub(super) fn kept(&self) -> impl Iterator<Item = &FileRow> {
        self.rows.iter().filter(|row| row.status.is_kept())
    }
}

impl Tree {
    pub(super) async fn walk(
        inner: &Inner,
        report: &mut AdoptReport,
        tell: Tell<'_>,
    ) -> Result<(Self, Vec<Standing>)> {
        let (mut tree, mut standing) = (Self::default(), Vec::new());
        let views = Folders::of(&*inner.storage).await?;
        let mut files = inner.storage.list_with_parts(&StoragePath::root()).ready_chunks(ROWS);
        while let Some(found) = files.next().await {
            let mut metas = Vec::new();
            for meta in found {
                match meta {
                    Ok(meta) if is_photo(&meta.path) && !views.hold(&meta.path) => metas.push(meta),
                    Ok(_) => {}
                    Err(error) => {
                        report.failed += 1;
                        tell(AdoptEvent::Failed { path: &StoragePath::root(), error: &error });
                    }
                }
            }
            report.files += metas.len() as u64;
            let paths: Vec<_> = metas.iter().map(|meta| meta.path.clone()).collect();
            let rows = inner.catalogue.files_at(&paths).await?;
            for (meta, rows) in metas.into_iter().zip(rows) {
                report.known += u64::from(rows.iter().any(|row| is_proof(row, &meta)));
                standing.extend(tree.take(inner, meta, rows));
            }
        }
        Ok((tree, standing))
    }

    /// Gives the file back if no row proves it.
    fn take(&mut self, inner: &Inner, meta: ObjectMeta, rows: Vec<FileRow>) -> Option<Standing> {
        self.lengths.insert(meta.size);
        let Some(content) = rows.iter().find(|row| is_proof(row, &meta)).and_then(|row| row.checksum) else {
            self.files.insert(meta.path.clone());
            let (rows, others): (Vec<_>, Vec<_>) =
                rows.into_iter().partition(|row| row.key.library == inner.key);
            let is_of_another_library = others.iter().any(|row| row.status.is_kept());
            return Some(Standing { meta, rows, is_of_another_library });
        };
        let ours = rows.iter().filter(|row| is_proof(row, &meta) && row.key.library == inner.key);
        self.known.extend(ours.map(|row| (row.key.asset.clone(), row.key.role)));
        let sha256 = rows.iter().find_map(|row| row.sha256.filter(|_| row.checksum == Some(content)));
        self.proven.entry(content).or_default().push(Place { meta, sha256 });
        None
    }
}

/// Whether a file may be anybody's photo.
fn is_photo(path: &StoragePath) -> bool {
    !(is_ours(path) || is_part_name(path.name()) || is_sidecar(path))
}

fn is_proof(row: &FileRow, meta: &ObjectMeta) -> bool {
    let untouched = row.size == Some(meta.size) && row.modified == meta.modified.map(seconds);
    row.status == Status::Verified && row.checksum.is_some() && untouched
}
