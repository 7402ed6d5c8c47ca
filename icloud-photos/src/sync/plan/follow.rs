//! Following the history of a library.

use std::collections::HashSet;
use std::sync::Arc;

use futures::{Stream, StreamExt};

use super::super::engine::Inner;
use super::survey::{Item, Step, Survey, survey};
use crate::asset::{AssetId, Change, ChangeCursor, Changes, MasterId};
use crate::error::Result;

/// Why everything is to be listed though the history was followed to its end.
pub(super) const BY_STRANGERS: [&str; 2] =
    ["something changed, in this album or elsewhere", "a photo that was left out has another name"];

/// What happened since `cursor`, as steps.
pub(super) fn follow(inner: Arc<Inner>, cursor: &ChangeCursor) -> Survey {
    let changes = inner.changes(cursor);
    survey(inner.clone(), news(inner, changes))
}

fn news(inner: Arc<Inner>, changes: Changes) -> impl Stream<Item = Item> {
    let strangers = Strangers::default();
    let batches = futures::stream::unfold(Some((inner, changes, strangers)), |state| async {
        let (inner, mut changes, mut strangers) = state?;
        match changes.next().await {
            Ok(None) => strangers.verdict(&inner).map(|item| (vec![item], None)),
            Ok(Some(batch)) => {
                let count = batch.changes.len() as u64;
                let mut items = inner.read(batch.changes, &mut strangers).await;
                items.push(Item::Other(Step::Reached { cursor: batch.cursor, changes: count }));
                Some((items, Some((inner, changes, strangers))))
            }
            Err(error) => Some((vec![Item::Asset(Err(error))], None)),
        }
    });
    batches.flat_map(futures::stream::iter)
}

/// Originals that changed, and whose assets are not known: a filter left them out. Filters go by names too, so that another
/// name can make a photo wanted; only a list says whose name it is.
#[derive(Default)]
struct Strangers {
    masters: HashSet<MasterId>,
    /// Originals whose assets came along, on whatever page.
    introduced: HashSet<MasterId>,
    /// Something changed, whatever it was.
    any: bool,
}

impl Strangers {
    fn verdict(&self, inner: &Inner) -> Option<Item> {
        let reason = if self.any && !inner.is_whole_library() {
            BY_STRANGERS[0]
        } else if !self.masters.is_subset(&self.introduced) {
            BY_STRANGERS[1]
        } else {
            return None;
        };
        Some(Item::Other(Step::ListAnew(reason.to_owned())))
    }
}

impl Inner {
    fn changes(&self, cursor: &ChangeCursor) -> Changes {
        self.library.changes(cursor).fields(self.fields()).roles(self.roles())
    }

    /// Whether no more than so much happened since `cursor`, and what happened is known.
    pub(super) async fn is_calm(&self, cursor: &ChangeCursor, most: u64) -> Result<bool> {
        let mut changes = self.changes(cursor);
        let mut count = 0;
        while let Some(batch) = changes.next().await? {
            if batch.changes.iter().any(|change| matches!(change, Change::Reset { .. })) {
                return Ok(false);
            }
            count +=
                batch.changes.iter().filter(|change| !matches!(change, Change::Other { .. })).count() as u64;
            if count > most {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// In an album only a list says what is in it: its changes are noted, and it is listed at their end.
    async fn read(&self, changes: Vec<Change>, strangers: &mut Strangers) -> Vec<Item> {
        let whole = self.is_whole_library();
        let mut items = Vec::new();
        let mut masters = Vec::new();
        for change in changes {
            if let Change::Asset(asset) | Change::Trashed(asset) = &change
                && self.filters()
            {
                strangers.introduced.insert(asset.master_id().clone());
            }
            strangers.any |= !matches!(change, Change::Other { .. });
            match change {
                Change::Reset { reason } => items.push(Item::Other(Step::ListAnew(reason))),
                Change::Problem { asset, error } if whole => {
                    items.push(Item::Other(Step::Problem(asset, error)));
                }
                Change::Asset(asset) if whole && !asset.is_hidden() => items.push(Item::Asset(Ok(asset))),
                Change::File { master, told } if whole => masters.push((master, told)),
                Change::Asset(_) | Change::Trashed(_) | Change::Gone { .. } | Change::Album { .. } => {
                    items.push(Item::Other(Step::Note(change)));
                }
                Change::Entered { .. } | Change::Left { .. } if self.follows_albums() => {
                    items.push(Item::Other(Step::Note(change)));
                }
                _ => {}
            }
        }
        items.extend(self.others_of(masters, strangers).await);
        items
    }

    fn filters(&self) -> bool {
        self.skip_photos || self.skip_videos || self.filter.is_some()
    }

    /// The assets of changed originals that did not come along: those the catalogue knows.
    async fn others_of(
        &self,
        masters: Vec<(MasterId, Vec<AssetId>)>,
        strangers: &mut Strangers,
    ) -> Vec<Item> {
        let names: Vec<_> = masters.iter().map(|(master, _)| master.clone()).collect();
        if names.is_empty() {
            return Vec::new();
        }
        let rows = match self.catalogue.assets_with(&names).await {
            Ok(rows) => rows,
            Err(error) => return vec![Item::Asset(Err(error))],
        };
        let mut others = Vec::new();
        for ((master, told), rows) in masters.into_iter().zip(rows) {
            let rows = rows.into_iter().filter(|row| row.library == self.key);
            let assets: Vec<_> = rows.map(|row| row.asset).collect();
            if assets.is_empty() && told.is_empty() && self.filters() {
                strangers.masters.insert(master);
            }
            others.extend(assets.into_iter().filter(|asset| !told.contains(asset)));
        }
        self.look_up(others).await
    }
}
