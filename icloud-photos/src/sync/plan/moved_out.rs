//! Files of photos that this copy moved out of iCloud, and that are missing here, or known to be damaged.
//!
//! No list shows such a photo, no selection asks for it, and after 30 days nobody else has it. So every run that remembers looks for
//! the files that were proven when it went, whatever it is asked for itself. One that is missing is looked for under other names, and
//! fetched from Recently Deleted to where it stood; what iCloud has no more is told as lost.

use std::collections::HashSet;
use std::sync::Arc;

use futures::{Stream, StreamExt};

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
    let items = failed(inner.clone(), listed).chain(missing(inner.clone(), listed));
    survey(inner, items.flat_map(futures::stream::iter))
}

/// Those that are known to be damaged, or that could not be fetched: they come first, for what becomes of them in this run is its
/// own business.
fn failed(inner: Arc<Inner>, listed: bool) -> impl Stream<Item = Vec<Item>> {
    futures::stream::unfold(Some((inner, None)), move |state| async move {
        let (inner, after) = state?;
        let rows = match inner.catalogue.failed(&inner.key, after.as_ref(), ROWS).await {
            Ok(rows) => rows,
            Err(error) => return Some((vec![Item::Asset(Err(error))], None)),
        };
        let last = rows.last()?.key.clone();
        let items = match inner.proven_among(rows).await {
            Ok(proven) => inner.look_for_proven(proven, listed).await,
            Err(error) => vec![Item::Asset(Err(error))],
        };
        Some((items, Some((inner, Some(last)))))
    })
}

/// Those that do not stand where they should.
fn missing(inner: Arc<Inner>, listed: bool) -> impl Stream<Item = Vec<Item>> {
    futures::stream::unfold(Some((inner, None)), move |state| async move {
        let (inner, after) = state?;
        let removals = match inner.catalogue.sent(&inner.key, after.as_ref(), ROWS).await {
            Ok(removals) => removals,
            Err(error) => return Some((vec![Item::Asset(Err(error))], None)),
        };
        let last = removals.last()?.asset.clone();
        let proven = removals.iter().flat_map(|row| row.proven_files()).collect();
        let items = match inner.astray_of(proven).await {
            Ok(astray) => inner.look_for_proven(astray, listed).await,
            Err(error) => vec![Item::Asset(Err(error))],
        };
        Some((items, Some((inner, Some(last)))))
    })
}

impl Inner {
    /// The files that this copy proved when it moved these assets out of iCloud.
    pub(super) async fn proven_out(&self, ids: &[AssetId]) -> Result<HashSet<(AssetId, Role)>> {
        let rows = self.catalogue.removals(&self.key, ids).await?.into_iter().flatten();
        let sent = rows.filter(|row| row.state == RemovalState::Sent);
        Ok(sent.flat_map(|row| row.proven_files()).map(|file| (file.key.asset, file.key.role)).collect())
    }

    /// Those of these failed files that this copy proved when it moved their assets out.
    async fn proven_among(&self, mut rows: Vec<FileRow>) -> Result<Vec<FileRow>> {
        rows.retain(|row| row.path.is_some());
        let ids: Vec<_> = rows.iter().map(|row| row.key.asset.clone()).collect();
        let removals = self.catalogue.removals(&self.key, &ids).await?.into_iter();
        let proven = removals.map(|row| row.filter(|row| row.state == RemovalState::Sent));
        let is_proven = |row: &FileRow, removal: Option<RemovalRow>| {
            removal.is_some_and(|removal| removal.proven_files().iter().any(|proven| is_of(row, proven)))
        };
        Ok(rows.into_iter().zip(proven).filter_map(|(row, of)| is_proven(&row, of).then_some(row)).collect())
    }

    /// Those of these files that do not stand where they did when they were proven, as the catalogue has them by now.
    async fn astray_of(&self, proven: Vec<FileRow>) -> Result<Vec<FileRow>> {
        let (astray, _) = self.not_standing(proven).await;
        let ids: Vec<_> = astray.iter().map(|file| file.key.asset.clone()).collect();
        let known = self.catalogue.files_of(&self.key, &ids).await?;
        let now = astray.into_iter().zip(known).filter_map(|(file, known)| {
            let row = known.into_iter().find(|row| row.key == file.key && row.path.is_some());
            match row {
                // It was spoken of.
                Some(row) if !row.status.is_kept() && is_of(&row, &file) => None,
                row => Some(row.unwrap_or(file)),
            }
        });
        Ok(now.collect())
    }

    /// What is to be done about those of these files that are not as they should be.
    async fn look_for_proven(&self, files: Vec<FileRow>, listed: bool) -> Vec<Item> {
        let (missing, mut items) = self.not_standing(files).await;
        items.extend(self.ask_for(missing, listed).await);
        items
    }

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

/// Whether a row is about the file that was proven, and not about a later edit.
fn is_of(row: &FileRow, proven: &FileRow) -> bool {
    row.key == proven.key && row.checksum.is_some() && row.checksum == proven.checksum
}

/// Whether no list shows it.
fn is_out(asset: &Asset) -> bool {
    asset.is_trashed() || asset.is_hidden()
}
