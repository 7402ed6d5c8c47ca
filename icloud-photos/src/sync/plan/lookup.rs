//! Files that the catalogue knows, looked for in the storage, and assets looked up by their ids.

use std::sync::Arc;

use futures::StreamExt;

use super::super::catalogue::{FileKey, FileRow};
use super::super::engine::Inner;
use super::super::event::Target;
use super::astray::Tally;
use super::survey::{Item, Step, Survey, survey};
use crate::asset::{Asset, AssetId, Change};
use crate::error::{ErrorKind, Result};

/// Rows of the catalogue looked at in one go.
const ROWS: usize = 1000;

/// Assets looked up in one request pair.
const LOOKUP: usize = 100;

/// What is looked for.
#[derive(Clone, Copy)]
pub(super) enum Look {
    /// Files, and the sidecars of those that stand.
    Files,
    Sidecars,
}

/// Looks for every file that the catalogue knows.
pub(super) fn recheck(inner: Arc<Inner>, look: Look) -> Survey {
    let pages = futures::stream::unfold(Some((inner.clone(), None, None)), move |state| async move {
        let (inner, after, all_stand) = state?;
        let rows = match inner.catalogue.files(Some(&inner.key), after.as_ref(), ROWS).await {
            Ok(rows) => rows,
            Err(error) => return Some((vec![Item::Asset(Err(error))], None)),
        };
        let last: FileKey = rows.last()?.key.clone();
        let all_stand = match all_stand {
            Some(known) => known,
            None => match inner.all_stand().await {
                Ok(known) => known,
                Err(error) => return Some((vec![Item::Asset(Err(error))], None)),
            },
        };
        let items = inner.look_for(rows, look, all_stand).await;
        Some((items, Some((inner, Some(last), Some(all_stand)))))
    });
    survey(inner, pages.flat_map(futures::stream::iter))
}

impl Inner {
    async fn look_for(&self, rows: Vec<FileRow>, look: Look, all_stand: bool) -> Vec<Item> {
        let sorted = match self.sort(rows, all_stand).await {
            Ok(sorted) => sorted,
            Err(error) => return vec![Item::Asset(Err(error))],
        };
        if let Look::Sidecars = look {
            return self.to_describe(sorted.standing).await;
        }
        let restless = Tally::of(sorted.doubted.iter().chain(&sorted.wanted).map(|row| &row.key));
        let mut items = sorted.items;
        items.extend((!restless.is_empty()).then_some(Item::Other(Step::Restless(restless))));
        items.extend(self.to_describe(sorted.standing).await);
        items
    }

    /// Files that lack their sidecars. Whom iCloud no longer has is noted, and not asked about again.
    async fn to_describe(&self, standing: Vec<FileRow>) -> Vec<Item> {
        let files = match self.undescribed(standing).await {
            Ok(files) => files,
            Err(error) => return vec![Item::Asset(Err(error))],
        };
        let item = |(row, asset): (FileRow, Result<Asset>)| match asset {
            Ok(asset) => {
                let target = Target { asset, role: row.key.role, tree: row.key.tree, path: row.path? };
                Some(Item::Other(Step::Undescribed(Box::new(target))))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Some(Item::Other(Step::Note(Change::Gone { record: row.key.asset.to_string() })))
            }
            Err(error) => {
                tracing::warn!(%error, asset = %row.key.asset, "no sidecar is written in this run");
                None
            }
        };
        files.into_iter().filter_map(item).collect()
    }

    /// What was proven when this copy moved its photo out of iCloud has a leg of its own (`moved_out.rs`).
    pub(super) async fn leave_moved_out(&self, wanted: &mut Vec<FileRow>) -> Result<()> {
        if wanted.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = wanted.iter().map(|row| row.key.asset.clone()).collect();
        let proven = self.proven_out(&ids).await?;
        wanted.retain(|row| !proven.contains(&(row.key.asset.clone(), row.key.role)));
        Ok(())
    }

    /// Assets as they are now. Who is gone, or out of sight, wants nothing, and is noted.
    pub(super) async fn look_up(&self, mut ids: Vec<AssetId>) -> Vec<Item> {
        ids.sort_unstable();
        ids.dedup();
        let mut items = Vec::new();
        for ids in ids.chunks(LOOKUP) {
            match self.library.assets_by_id(ids).await {
                Ok(assets) => items.extend(ids.iter().zip(assets).map(|(id, asset)| match asset {
                    Ok(asset) if asset.is_trashed() => Item::Other(Step::Note(Change::Trashed(asset))),
                    Ok(asset) if asset.is_hidden() => Item::Other(Step::Note(Change::Asset(asset))),
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        Item::Other(Step::Note(Change::Gone { record: id.to_string() }))
                    }
                    asset => Item::Asset(asset),
                })),
                Err(error) => items.push(Item::Asset(Err(error))),
            }
        }
        items
    }
}
