//! A listing that was cut goes on from where it was.
//!
//! While a list is read the plan holds marks: a rank of the list before which everything was dealt with, and the token that was
//! taken before the first page. A later run that finds such a mark first follows what happened since the token, and then
//! lists the rest. Until the list is at its end the token stays the same, however often it is cut.
//!
//! Ranks shift meanwhile. What was not seen and has not changed since the token can only have come nearer to the front, by
//! one rank for each change at most: so the rest begins that much earlier, and by a margin for what happens while its first
//! page is under way. If more happens then, or the rest is not as long as Apple's count says, everything is listed anew.
//! So it is with albums whenever anything happens: their changes do not say who is in them, nor in which order.

use std::sync::Arc;

use futures::{Stream, StreamExt};

use super::super::catalogue::Progress;
use super::super::engine::Inner;
use super::Action;
use super::route::Stretch;
use super::survey::{Item, Step, listed, survey};
use crate::asset::{Assets, ChangeCursor};
use crate::error::Result;
use crate::library::SyncToken;

/// So many changes may happen between the replay and the first page.
pub(super) const MARGIN: u64 = 100;

/// Where a listing was cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    pub(super) album: usize,
    pub(super) rank: u64,
}

impl Cut {
    /// Where its rest begins after so many changes; `None` if that is where the whole list does.
    pub(super) fn rest_after(self, changes: u64) -> Option<u64> {
        let start = self.rank.saturating_sub(changes + MARGIN);
        (start > 0 || self.album > 0).then_some(start)
    }
}

impl Inner {
    /// How far this selection came, if that is of use.
    pub(in crate::sync) async fn progress(&self) -> Result<Option<Progress>> {
        match self.remembers() {
            true => self.catalogue.progress(&self.key, &self.selection).await,
            false => Ok(None),
        }
    }

    pub(super) fn cursor_at(&self, token: String) -> ChangeCursor {
        ChangeCursor::new(self.library.id(), SyncToken::new(token))
    }

    /// Where the last run of this selection left off that came to its end.
    pub(in crate::sync) async fn remembered(&self) -> Result<Option<ChangeCursor>> {
        let token = self.progress().await?.and_then(|progress| progress.token);
        Ok(token.map(|token| self.cursor_at(token)))
    }

    /// The list of an album from `start` on.
    pub(super) async fn list_rest(self: &Arc<Self>, album: usize, start: u64) -> Result<Stretch> {
        self.library.require_index().await?;
        let (total, assets) = self.list(album).await?;
        tracing::info!(album, start, "the listing goes on from where it was cut");
        let begin = Action::Begin { total: total.map(|total| total.saturating_sub(start)) };
        Ok((Some(begin), survey(self.clone(), rest(assets.starting_at(start)))))
    }
}

/// The rest says nothing about the whole list: how it ends is nobody's business, unless it is not as it should be.
fn rest(assets: Assets) -> impl Stream<Item = Item> {
    listed(assets).map(|item| match item {
        Item::Other(Step::End(listing)) if listing.has_all() => Item::Other(Step::EndOfRest),
        Item::Other(Step::End(listing)) => {
            let reason = format!("the rest of the list is not what Apple counts: {listing}");
            Item::Other(Step::ListAnew(reason))
        }
        item => item,
    })
}
