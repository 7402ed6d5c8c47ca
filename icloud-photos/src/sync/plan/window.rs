//! Photos that an upper limit in days lets in as time passes: no list and no history tells of them again.
//!
//! How far the limit had moved when everything was looked at is noted for the selection. A later run that follows the history looks up
//! whom the catalogue knows with a date between that and the limit of now; for albums, where only a list says what is in them, it lists.
//! A run that goes on with a list which was cut leaves the note as it was: the first part was looked at with an earlier limit.

use std::sync::Arc;

use futures::StreamExt;

use super::super::catalogue::{Progress, WINDOW};
use super::super::dates::micros_of;
use super::super::engine::Inner;
use super::survey::{Item, Step, Survey, survey};
use crate::asset::AssetId;
use crate::error::Result;

/// Rows of the catalogue looked at in one go.
const ROWS: usize = 1000;

/// The dates that came in since the selection was last looked at, in microseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// As noted; `None` if nothing is.
    known: Option<i64>,
    /// As the run began.
    now: i64,
}

impl Window {
    /// `None` if no limit moves so, or nothing is remembered.
    pub(super) async fn open(inner: &Inner) -> Result<Option<Self>> {
        let moving = inner.dates.moving(inner.now(), inner.layout.zone()).filter(|_| inner.remembers());
        let Some(now) = moving else { return Ok(None) };
        let noted = inner.catalogue.progress(&inner.key, &name(inner)).await?;
        let known = noted.and_then(|progress| progress.token?.parse().ok());
        Ok(Some(Self { known, now }))
    }

    /// Whether the catalogue knows anybody in it.
    pub(super) async fn lets_anybody_in(self, inner: &Inner) -> Result<bool> {
        let mut after = None;
        while let Some((ids, last)) = self.page(inner, after.as_ref()).await? {
            if !ids.is_empty() {
                return Ok(true);
            }
            after = Some(last);
        }
        Ok(false)
    }

    /// A page of the catalogue: who is in the window, and where the next page begins.
    async fn page(self, inner: &Inner, after: Option<&AssetId>) -> Result<Option<(Vec<AssetId>, AssetId)>> {
        let rows = inner.catalogue.all_assets(&inner.key, after, ROWS).await?;
        let Some(last) = rows.last().map(|row| row.asset.clone()) else { return Ok(None) };
        let shown = rows.into_iter().filter(|row| !row.trashed && !row.hidden);
        let inside = shown.filter(|row| {
            let created = micros_of(row.created);
            created <= self.now && self.known.is_none_or(|known| known < created)
        });
        Ok(Some((inside.map(|row| row.asset).collect(), last)))
    }

    /// Everything was looked at with the limit of now. A clock that was put back counts.
    pub(super) fn seen(self, inner: Arc<Inner>) -> Option<Survey> {
        let item = (self.known != Some(self.now)).then(|| self.note(&inner));
        item.map(|item| survey(inner, futures::stream::iter([item])))
    }

    fn note(self, inner: &Inner) -> Item {
        let mut progress = Progress::new(inner.key.clone(), name(inner), 0);
        progress.token = Some(self.now.to_string());
        Item::Other(Step::Aside(progress))
    }

    /// Looks up whoever came in.
    pub(super) fn look(self, inner: Arc<Inner>) -> Survey {
        let moved_back = self.known.is_none_or(|known| known > self.now);
        let start = Some((inner.clone(), None, moved_back));
        let pages = futures::stream::unfold(start, move |state| async move {
            let (inner, after, any) = state?;
            match self.page(&inner, after.as_ref()).await {
                Ok(Some((ids, last))) => {
                    let any = any || !ids.is_empty();
                    Some((inner.look_up(ids).await, Some((inner, Some(last), any))))
                }
                // Where nobody came in, nothing need be written down.
                Ok(None) => Some((any.then(|| self.note(&inner)).into_iter().collect(), None)),
                Err(error) => Some((vec![Item::Asset(Err(error))], None)),
            }
        });
        survey(inner, pages.flat_map(futures::stream::iter))
    }
}

fn name(inner: &Inner) -> String {
    format!("{WINDOW} {}", inner.selection)
}
