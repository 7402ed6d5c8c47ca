//! A first listing that was cut goes on from where it was.
//!
//! While a library is listed for the first time the plan holds marks: a rank of the list before which everything was dealt
//! with, and the token that was taken before the first page. A later run that finds such a mark first follows what happened
//! since the token, and then lists the rest.
//!
//! Ranks shift meanwhile. What was not seen and has not changed since the token can only have come nearer to the front, by
//! one rank for each change at most: so the rest begins that much earlier, and by a margin for what happens while its first
//! page is under way. If more happens then, or the rest is not as long as Apple's count says, everything is listed anew.

use std::sync::Arc;

use futures::{Stream, StreamExt};

use super::super::catalogue::{Pending, Progress};
use super::super::engine::Inner;
use super::Action;
use super::route::Stretch;
use super::survey::{Item, Step, listed, survey};
use crate::asset::{Assets, ChangeCursor};
use crate::error::Result;
use crate::library::SyncToken;

/// So many changes may happen between the replay and the first page.
pub(super) const MARGIN: u64 = 100;

impl Inner {
    /// Where a listing of this selection was cut: the cursor from before its first page, and the rank.
    pub(super) async fn pending(&self) -> Result<Option<(ChangeCursor, u64)>> {
        if !(self.follows() && self.is_whole_library()) {
            return Ok(None);
        }
        let progress = self.catalogue.progress(&self.key, &self.selection).await?;
        let Some(Pending { token: Some(token), rank, .. }) = progress.and_then(|progress| progress.pending)
        else {
            return Ok(None);
        };
        Ok(Some((ChangeCursor::new(self.library.id(), SyncToken::new(token)), rank)))
    }

    /// What the next run needs to go on from `rank`.
    pub(super) fn mark(&self, cursor: &ChangeCursor, rank: u64) -> Progress {
        let mut progress = Progress::new(self.key.clone(), self.selection.as_str(), 0);
        let token = cursor.token().as_str().to_owned();
        progress.pending = Some(Pending::new(Some(token), rank, rank));
        progress
    }

    /// The list from `start` on.
    pub(super) async fn list_rest(self: &Arc<Self>, start: u64) -> Result<Stretch> {
        self.library.require_index().await?;
        let (total, assets) = self.list(0).await?;
        tracing::info!(start, "the listing goes on from where it was cut");
        let begin = Action::Begin { total: total.map(|total| total.saturating_sub(start)) };
        Ok((Some(begin), survey(self.clone(), rest(assets.starting_at(start)))))
    }
}

/// The rest says nothing about the whole list: its end is nobody's business, unless it is not as it should be.
fn rest(assets: Assets) -> impl Stream<Item = Item> {
    listed(assets).filter_map(|item| async {
        match item {
            Item::Other(Step::End(listing)) if listing.is_complete() => None,
            Item::Other(Step::End(listing)) => {
                let reason = format!("the rest of the list is not what Apple counts: {listing}");
                Some(Item::Other(Step::ListAnew(reason)))
            }
            item => Some(item),
        }
    })
}
