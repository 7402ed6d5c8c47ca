//! Who is known and was not in the list.
//!
//! A list shows nothing hidden or deleted, and the history that would tell of it is not there when a list is read anew. So
//! those that the catalogue knows and the list did not show are looked up, for their rows to be right; no file is wanted of them.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use futures::StreamExt;

use super::super::engine::Inner;
use super::survey::{Item, Step, Survey, survey};
use crate::asset::{AssetId, Change};
use crate::error::{ErrorKind, Result};

/// Rows of the catalogue looked at in one go.
const ROWS: usize = 1000;

/// Assets looked up in one request pair.
const LOOKUP: usize = 200;

/// The assets that were seen, eight bytes each: a plan writes nothing down. Those that an earlier run saw, before it was cut, are
/// on the roll of the catalogue.
#[derive(Default)]
pub(super) struct RollCall {
    seen: HashSet<u64>,
    /// Those of them that no mark was told of yet.
    fresh: Vec<AssetId>,
    /// The listing goes on.
    goes_on: bool,
}

impl RollCall {
    /// Of a listing that was cut.
    pub(super) fn goes_on() -> Self {
        Self { goes_on: true, ..Self::default() }
    }

    /// Who was seen since this was asked last.
    pub(super) fn take_fresh(&mut self) -> Vec<AssetId> {
        std::mem::take(&mut self.fresh)
    }

    pub(super) fn note(&mut self, step: &Step) {
        match step {
            Step::Asset(surveyed) => self.add(surveyed.asset.id().clone()),
            Step::Left(asset, _) | Step::Note(Change::Asset(asset) | Change::Trashed(asset)) => {
                self.add(asset.id().clone());
            }
            Step::Note(Change::Gone { record }) => self.add(AssetId::new(record.as_str())),
            _ => {}
        }
    }

    fn add(&mut self, asset: AssetId) {
        if self.seen.insert(digest(asset.as_str())) {
            self.fresh.push(asset);
        }
    }

    /// Those of these assets that nobody saw.
    async fn unseen(&self, inner: &Inner, mut assets: Vec<AssetId>) -> Result<Vec<AssetId>> {
        assets.retain(|asset| !self.seen.contains(&digest(asset.as_str())));
        if !self.goes_on {
            return Ok(assets);
        }
        let before = inner.catalogue.on_roll(&inner.key, &inner.selection, &assets).await?;
        Ok(assets.into_iter().zip(before).filter(|(_, seen)| !seen).map(|(asset, _)| asset).collect())
    }
}

fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Looks up the assets that the catalogue knows and nobody saw.
pub(super) fn sweep(inner: Arc<Inner>, roll: RollCall) -> Survey {
    let pages = futures::stream::unfold(Some((inner.clone(), roll, None)), |state| async {
        let (inner, roll, after) = state?;
        let rows = match inner.catalogue.all_assets(&inner.key, after.as_ref(), ROWS).await {
            Ok(rows) => rows,
            Err(error) => return Some((vec![Item::Asset(Err(error))], None)),
        };
        let last = rows.last()?.asset.clone();
        let items = match roll.unseen(&inner, rows.into_iter().map(|row| row.asset).collect()).await {
            Ok(unseen) => inner.notes_on(unseen).await,
            Err(error) => return Some((vec![Item::Asset(Err(error))], None)),
        };
        Some((items, Some((inner, roll, Some(last)))))
    });
    survey(inner, pages.flat_map(futures::stream::iter))
}

impl Inner {
    /// Whether the catalogue has seen any asset of the library.
    pub(in crate::sync) async fn knows_assets(&self) -> Result<bool> {
        Ok(!self.catalogue.all_assets(&self.key, None, 1).await?.is_empty())
    }

    /// How assets are now. Of whom Apple says nothing now, the row stays as it is, and the next run asks again.
    async fn notes_on(&self, assets: Vec<AssetId>) -> Vec<Item> {
        let mut items = Vec::new();
        for ids in assets.chunks(LOOKUP) {
            let found = match self.library.assets_by_id(ids).await {
                Ok(found) => found,
                Err(error) => {
                    items.push(Item::Other(Step::Problem(None, error)));
                    break;
                }
            };
            items.extend(ids.iter().zip(found).map(|(id, found)| {
                Item::Other(match found {
                    Ok(asset) if asset.is_trashed() => Step::Note(Change::Trashed(asset)),
                    Ok(asset) => Step::Note(Change::Asset(asset)),
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        Step::Note(Change::Gone { record: id.to_string() })
                    }
                    Err(error) => Step::Problem(Some(id.clone()), error),
                })
            }));
        }
        items
    }
}
