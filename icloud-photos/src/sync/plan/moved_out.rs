//! Files of photos that this copy moved out of iCloud, and that are missing here, or known to be damaged.
//!
//! No list shows such a photo, no selection asks for it, and after 30 days nobody else has it. So every run that remembers looks for
//! the files that were proven when it went, whatever it is asked for itself. One that is missing is looked for under other names, and
//! fetched from Recently Deleted to where it stood; what iCloud has no more is told as lost.

use std::collections::HashSet;
use std::sync::Arc;

use futures::StreamExt;

use super::super::catalogue::{FileRow, RemovalRow, RemovalState};
use super::super::engine::{Inner, Missing};
use super::survey::{Item, Step, Survey, survey};
use crate::asset::{Asset, AssetId, Role};
use crate::error::{ErrorKind, Result};

/// Removals looked at in one go.
const ROWS: usize = 1000;

/// Assets looked up in one request pair.
const LOOKUP: usize = 100;

/// The files of all that was moved out. `listed` says that whatever is shown in the library was spoken of already.
pub(super) fn moved_out(inner: Arc<Inner>, listed: bool) -> Survey {
    let pages = futures::stream::unfold(Some((inner.clone(), None)), move |state| async move {
        let (inner, after) = state?;
        let removals = match inner.catalogue.sent(&inner.key, after.as_ref(), ROWS).await {
            Ok(removals) => removals,
            Err(error) => return Some((vec![Item::Asset(Err(error))], None)),
        };
        let last = removals.last()?.asset.clone();
        let items = match inner.proven_now(removals).await {
            Ok(proven) => {
                let (missing, mut items) = inner.not_standing(proven).await;
                items.extend(inner.ask_for(missing, listed).await);
                items
            }
            Err(error) => vec![Item::Asset(Err(error))],
        };
        Some((items, Some((inner, Some(last)))))
    });
    survey(inner, pages.flat_map(futures::stream::iter))
}

impl Inner {
    /// The files that this copy proved when it moved these assets out of iCloud.
    pub(super) async fn proven_out(&self, ids: &[AssetId]) -> Result<HashSet<(AssetId, Role)>> {
        let rows = self.catalogue.removals(&self.key, ids).await?.into_iter().flatten();
        let sent = rows.filter(|row| row.state == RemovalState::Sent);
        Ok(sent.flat_map(|row| row.proven_files()).map(|file| (file.key.asset, file.key.role)).collect())
    }

    /// The files that were proven when these assets went, as the catalogue has them by now: moved, edited since, or known to be bad. What
    /// stands where one stood then may be anything.
    async fn proven_now(&self, removals: Vec<RemovalRow>) -> Result<Vec<FileRow>> {
        let ids: Vec<_> = removals.iter().map(|removal| removal.asset.clone()).collect();
        let known = self.catalogue.files_of(&self.key, &ids).await?;
        let mut files = Vec::new();
        for (removal, known) in removals.iter().zip(known) {
            files.extend(removal.proven_files().into_iter().map(|proven| {
                let speaks = |row: &&FileRow| row.path.is_some() && speaks_for(row, &proven);
                // What was proven in one tree may stand in another by now.
                let speaking = known.iter().filter(speaks);
                let best =
                    speaking.max_by_key(|row| (row.key.tree == proven.key.tree, row.path == proven.path));
                best.cloned().unwrap_or(proven)
            }));
        }
        Ok(files)
    }

    /// Those of these files that are not as they should be, and what could not be looked at.
    async fn not_standing(&self, files: Vec<FileRow>) -> (Vec<FileRow>, Vec<Item>) {
        let files: Vec<_> = files.into_iter().filter_map(|file| Some((file.path.clone()?, file))).collect();
        let stats = self.storage.stat_all(files.iter().map(|(path, _)| path.clone()).collect()).await;
        let (mut missing, mut problems) = (Vec::new(), Vec::new());
        for ((_, file), there) in files.into_iter().zip(stats) {
            match there {
                Ok(Some(there)) if file.status.is_kept() && Some(there.size) == file.size => {}
                Ok(None) if self.missing == Missing::Respect && file.status.is_kept() => {}
                Ok(_) => missing.push(file),
                Err(error) => problems.push(Item::Other(Step::Problem(Some(file.key.asset), error))),
            }
        }
        (missing, problems)
    }

    /// Asks iCloud for their photos. One that its owner took back is like any other again.
    async fn ask_for(&self, files: Vec<FileRow>, listed: bool) -> Vec<Item> {
        let mut items = Vec::new();
        let mut shown: HashSet<AssetId> = HashSet::new();
        for files in files.chunks(LOOKUP) {
            let ids: Vec<_> = files.iter().map(|file| file.key.asset.clone()).collect();
            let assets = match self.library.assets_by_id(&ids).await {
                Ok(assets) => assets,
                Err(error) => {
                    items.push(Item::Asset(Err(error)));
                    break;
                }
            };
            for (file, asset) in files.iter().zip(assets) {
                let file = Box::new(file.clone());
                items.extend(match asset {
                    Ok(asset) if is_out(&asset) => Some(Item::Other(Step::Sought(file, Some(asset)))),
                    Ok(_) if listed => None,
                    Ok(asset) if self.is_whole_library() => {
                        shown.insert(asset.id().clone()).then(|| Item::Asset(Ok(asset)))
                    }
                    Ok(_) => {
                        let reason = "a file is missing of a photo that is back in iCloud".to_owned();
                        Some(Item::Other(Step::ListAnew(reason)))
                    }
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        Some(Item::Other(Step::Sought(file, None)))
                    }
                    Err(error) => Some(Item::Other(Step::Problem(Some(file.key.asset), error))),
                });
            }
        }
        items
    }
}

/// Whether a row says more than the proof. One of an earlier edit does not, and one of a later edit that could not be fetched says
/// nothing of what stands here.
fn speaks_for(row: &FileRow, proven: &FileRow) -> bool {
    row.speaks_since(proven) && (row.status.is_kept() || row.checksum == proven.checksum)
}

/// Whether no list shows it.
fn is_out(asset: &Asset) -> bool {
    asset.is_trashed() || asset.is_hidden()
}
