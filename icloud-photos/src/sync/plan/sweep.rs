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

/// The assets that were seen, eight bytes each.
#[derive(Default)]
pub(super) struct Roll(HashSet<u64>);

impl Roll {
    pub(super) fn note(&mut self, step: &Step) {
        match step {
            Step::Asset(surveyed) => self.add(surveyed.asset.id().as_str()),
            Step::Left(asset, _) | Step::Note(Change::Asset(asset) | Change::Trashed(asset)) => {
                self.add(asset.id().as_str());
            }
            Step::Note(Change::Gone { record }) => self.add(record),
            _ => {}
        }
    }

    fn add(&mut self, asset: &str) {
        self.0.insert(digest(asset));
    }

    fn has(&self, asset: &AssetId) -> bool {
        self.0.contains(&digest(asset.as_str()))
    }
}

fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Looks up the assets that the catalogue knows and `roll` does not hold.
pub(super) fn sweep(inner: Arc<Inner>, roll: Roll) -> Survey {
    let pages = futures::stream::unfold(Some((inner.clone(), roll, None)), |state| async {
        let (inner, roll, after) = state?;
        let rows = match inner.catalogue.all_assets(&inner.key, after.as_ref(), ROWS).await {
            Ok(rows) => rows,
            Err(error) => return Some((vec![Item::Asset(Err(error))], None)),
        };
        let last = rows.last()?.asset.clone();
        let unseen = rows.into_iter().map(|row| row.asset).filter(|asset| !roll.has(asset)).collect();
        let items = inner.notes_on(unseen).await;
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
