//! Who may have to leave iCloud, some at a time.

use std::collections::{HashSet, VecDeque};

use futures::StreamExt;

use super::super::catalogue::{Batch, FileKey, MEMBERS, Progress};
use super::super::engine::Inner;
use super::super::ledger::seconds;
use super::MoveRule;
use super::remote::{ASSETS, ROWS};
use crate::asset::{AssetId, Assets, Fields};
use crate::error::Result;

/// Ids of assets that may have to go.
pub(super) struct Candidates<'a> {
    inner: &'a Inner,
    pub(super) source: Source,
    /// Nothing is known to be missing from the lists that were read.
    pub(super) whole: bool,
}

pub(super) enum Source {
    /// Whatever has files here, after this one: all of the library is asked for.
    Files(Option<FileKey>),
    /// What was fetched under the rule, by this selection.
    Owed(Option<AssetId>),
    /// What the selection showed when it was listed. Nothing has happened in the library since.
    Members(Option<AssetId>),
    /// What the selection shows: an album, or the newest few.
    Lists { albums: VecDeque<usize>, open: Option<Box<Assets>>, seen: HashSet<AssetId> },
}

impl<'a> Candidates<'a> {
    /// `token` is how far the history of the library was followed.
    pub(super) async fn of(inner: &'a Inner, rule: MoveRule, token: Option<&str>) -> Result<Self> {
        let source = match rule {
            MoveRule::Fetched => Source::Owed(None),
            MoveRule::OlderThan { .. } if inner.is_whole_library() => Source::Files(None),
            MoveRule::OlderThan { .. } if token.is_some() && inner.listed_at().await?.as_deref() == token => {
                Source::Members(None)
            }
            MoveRule::OlderThan { .. } => {
                let albums = (0..inner.albums.len()).collect();
                Source::Lists { albums, open: None, seen: HashSet::new() }
            }
        };
        Ok(Self { inner, source, whole: true })
    }

    pub(super) async fn next(&mut self) -> Result<Option<Vec<AssetId>>> {
        let Inner { catalogue, key, selection, .. } = self.inner;
        match &mut self.source {
            Source::Files(after) => {
                let rows = catalogue.files(Some(key), after.as_ref(), ROWS).await?;
                let Some(last) = rows.last() else { return Ok(None) };
                // An asset may begin on one page and end on the next.
                let known = after.replace(last.key.clone()).map(|key| key.asset);
                let kept = rows.into_iter().filter(|row| row.status.is_kept()).map(|row| row.key.asset);
                let mut ids: Vec<_> = kept.filter(|asset| Some(asset) != known.as_ref()).collect();
                ids.dedup();
                Ok(Some(ids))
            }
            Source::Owed(after) => {
                let ids = catalogue.owed(key, selection, after.as_ref(), ASSETS).await?;
                *after = ids.last().cloned();
                Ok((!ids.is_empty()).then_some(ids))
            }
            Source::Members(after) => {
                let ids = catalogue.members(key, selection, after.as_ref(), ROWS).await?;
                *after = ids.last().cloned();
                Ok((!ids.is_empty()).then_some(ids))
            }
            Source::Lists { .. } => self.listed().await,
        }
    }

    async fn listed(&mut self) -> Result<Option<Vec<AssetId>>> {
        let Source::Lists { albums, open, seen } = &mut self.source else { return Ok(None) };
        let assets = match open {
            Some(assets) => assets,
            None => {
                let Some(album) = albums.pop_front() else { return Ok(None) };
                open.insert(Box::new(self.inner.list(album).await?.1.fields(Fields::Basic)))
            }
        };
        let mut ids = Vec::new();
        while ids.len() < ASSETS {
            match assets.next().await {
                // Who is in two albums goes once.
                Some(Ok(asset)) => ids.extend(seen.insert(asset.id().clone()).then(|| asset.id().clone())),
                Some(Err(error)) if Assets::concerns_one(&error) => {}
                Some(Err(error)) => return Err(error),
                None => {
                    self.whole &= assets.outcome().has_all();
                    *open = None;
                    break;
                }
            }
        }
        Ok(Some(ids))
    }

    /// Notes who was listed: as long as nothing happens in the library it need not be listed again for the sake of a photo that has
    /// become old meanwhile.
    pub(super) async fn remember(self, token: Option<&str>) -> Result<()> {
        match (self.source, token) {
            (Source::Lists { seen, .. }, Some(token)) => self.inner.note_members(seen, token).await,
            _ => Ok(()),
        }
    }
}

impl Inner {
    fn members_selection(&self) -> String {
        format!("{MEMBERS} {}", self.selection)
    }

    /// Where the history stood when it was noted what the selection shows.
    async fn listed_at(&self) -> Result<Option<String>> {
        let progress = self.catalogue.progress(&self.key, &self.members_selection()).await?;
        Ok(progress.and_then(|progress| progress.token))
    }

    /// Writes down what differs, and last of all that it is so.
    async fn note_members(&self, mut seen: HashSet<AssetId>, token: &str) -> Result<()> {
        let member = |asset| (self.key.clone(), self.selection.clone(), asset);
        let mut after = None;
        loop {
            let known = self.catalogue.members(&self.key, &self.selection, after.as_ref(), ROWS).await?;
            let Some(last) = known.last() else { break };
            after = Some(last.clone());
            let gone = known.into_iter().filter(|asset| !seen.remove(asset)).map(member);
            let batch = Batch { gone_members: gone.collect(), ..Batch::default() };
            if !batch.is_empty() {
                self.catalogue.commit(batch).await?;
            }
        }
        let mut progress = Progress::new(self.key.clone(), self.members_selection(), seconds(self.now()));
        progress.token = Some(token.to_owned());
        let members = seen.into_iter().map(member).collect();
        self.catalogue.commit(Batch { members, progress: vec![progress], ..Batch::default() }).await
    }
}
