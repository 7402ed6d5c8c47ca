//! Reads a list page by page: fetches ahead, closes gaps, pairs, and ends with a verdict.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use futures::{Stream, StreamExt, stream};
use tokio_util::task::AbortOnDropHandle;

use super::Progress;
use super::pairing::{Pairing, Window, join_all};
use super::ranks::{Ranks, Shape};
use crate::asset::record::Page;
use crate::asset::{Asset, MasterId};
use crate::error::{Error, ErrorKind, Result};
use crate::library::{LibraryId, SyncToken, query};

/// How often to look further back for what a page should have shared with the one before.
const MAX_STEPS_BACK: u32 = 3;

/// An asset waits for its master over so many pages at most.
const MAX_WAIT: u32 = 20;

/// Where pages come from.
pub(super) trait Source: Send + Sync + 'static {
    fn library(&self) -> &LibraryId;
    fn records_per_asset(&self) -> usize;
    fn page(self: Arc<Self>, rank: u64, records: usize) -> BoxFuture<'static, Result<Page>>;
    fn count(self: Arc<Self>) -> BoxFuture<'static, Result<Option<u64>>>;
    fn lookup(self: Arc<Self>, names: Vec<String>) -> BoxFuture<'static, Result<Page>>;
}

pub(super) struct Reader<S> {
    source: Arc<S>,
    page: usize,
    prefetch: usize,
    limit: Option<u64>,
    /// The rank to begin at.
    start: u64,
    progress: Arc<Mutex<Progress>>,
    ranks: Option<Ranks>,
    /// Pages asked for, in the order they will be read.
    ahead: VecDeque<(u64, Fetch)>,
    steps_back: u32,
    /// A gap could not be ruled out.
    gap: bool,
    seen: u64,
    expected: Option<u64>,
    window: Window,
    pairing: Pairing,
    /// Pages since some asset waits for its master.
    waited: u32,
    done: bool,
}

enum Fetch {
    Running(AbortOnDropHandle<Result<Page>>),
    Ready(Page),
}

impl<S: Source> Reader<S> {
    pub(super) fn new(
        source: S,
        page: usize,
        prefetch: usize,
        limit: Option<u64>,
        progress: Arc<Mutex<Progress>>,
    ) -> Self {
        let pairing = Pairing::new(source.library().clone());
        Self {
            source: Arc::new(source),
            page: page.max(1),
            prefetch,
            limit,
            start: 0,
            progress,
            ranks: None,
            ahead: VecDeque::new(),
            steps_back: 0,
            gap: false,
            seen: 0,
            expected: None,
            window: Window::default(),
            pairing,
            waited: 0,
            done: false,
        }
    }

    /// Begins at a rank; the assets before it count as seen.
    pub(super) fn starting_at(self, rank: u64) -> Self {
        Self { start: rank, seen: rank, ..self }
    }

    #[cfg(test)]
    pub(super) fn source(&self) -> Arc<S> {
        self.source.clone()
    }

    pub(super) fn into_stream(self) -> impl Stream<Item = Result<Asset>> + Send {
        let batches = stream::unfold(self, |mut reader| async move {
            if reader.done {
                return None;
            }
            let batch = reader.batch().await.unwrap_or_else(|error| {
                reader.done = true;
                vec![Err(error)]
            });
            Some((stream::iter(batch), reader))
        });
        batches.flatten()
    }

    /// The next few results; an error is fatal.
    async fn batch(&mut self) -> Result<Vec<Result<Asset>>> {
        self.tell_reach();
        if self.is_over() {
            return self.finish().await;
        }
        let (rank, page, waited) = match self.ranks {
            None => self.first().await?,
            Some(_) => self.next().await?,
        };
        if !self.is_in_place(rank, &page) {
            if !waited && self.steps_back < MAX_STEPS_BACK {
                self.step_back(rank, page);
                return Ok(Vec::new());
            }
            self.gap = true;
        }
        if !waited {
            self.steps_back = 0;
        }
        let mut batch = self.take(rank, page);
        self.waited = if self.pairing.waiting() > 0 { self.waited + 1 } else { 0 };
        if self.pairing.waiting() * 2 >= query::MAX_RECORDS || self.waited > MAX_WAIT {
            batch.extend(self.look_up_masters().await?);
        }
        Ok(batch)
    }

    /// Whoever asks for more has taken all that came before.
    fn tell_reach(&self) {
        let reach = self.ranks.as_ref().and_then(Ranks::reach);
        if let Some(reach) = reach.filter(|_| !self.gap && self.pairing.is_idle()) {
            self.tell(|progress| progress.reach = reach);
        }
    }

    fn is_over(&self) -> bool {
        self.is_full() || self.ranks.as_ref().is_some_and(Ranks::ended)
    }

    fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.seen >= limit)
    }

    /// The first page, alone: its token is the oldest, and most lists need no second one. The count comes with it.
    async fn first(&mut self) -> Result<(u64, Page, bool)> {
        let first = self.fetch(self.start);
        if self.limit.is_none_or(|limit| limit > self.page as u64) {
            self.expected = self.count().await;
        }
        let page = first.page().await?;
        let mut ranks = Ranks::new(self.page as u64, self.expected, self.limit, self.start);
        let rank = ranks.first();
        self.ranks = Some(ranks);
        let token = page.token.as_deref().map(SyncToken::new);
        self.tell(|progress| progress.token = token);
        Ok((rank, page, false))
    }

    /// The next page in order, and whether it has waited already.
    async fn next(&mut self) -> Result<(u64, Page, bool)> {
        let Some(ranks) = &mut self.ranks else { return Err(defect()) };
        if self.ahead.front().is_none_or(|(rank, _)| !ranks.reaches(*rank)) {
            let rank = ranks.needed();
            let fetch = self.fetch(rank);
            self.ahead.push_front((rank, fetch));
        }
        while self.ahead.len() <= self.prefetch {
            let Some(rank) = self.ranks.as_mut().and_then(Ranks::ahead) else { break };
            let fetch = self.fetch(rank);
            self.ahead.push_back((rank, fetch));
        }
        let Some((rank, fetch)) = self.ahead.pop_front() else { return Err(defect()) };
        let waited = matches!(fetch, Fetch::Ready(_));
        Ok((rank, fetch.page().await?, waited))
    }

    fn fetch(&self, rank: u64) -> Fetch {
        let source = self.source.clone();
        let records = self.page * source.records_per_asset();
        Fetch::Running(AbortOnDropHandle::new(tokio::spawn(source.page(rank, records))))
    }

    /// A page that shares no asset with what was read before shows that the list moved.
    fn is_in_place(&self, rank: u64, page: &Page) -> bool {
        let alone = rank == self.start || self.page == 1 || page.assets.is_empty();
        alone || page.assets.iter().any(|asset| self.window.contains(&asset.id))
    }

    /// Lets a page wait and reads the ranks before it first.
    fn step_back(&mut self, rank: u64, page: Page) {
        let earlier = self.ranks.as_ref().map_or(0, |ranks| ranks.before(rank, self.steps_back));
        self.steps_back += 1;
        tracing::debug!(rank, earlier, "the list moved while it was read; looking back");
        self.ahead.push_front((rank, Fetch::Ready(page)));
        self.ahead.push_front((earlier, self.fetch(earlier)));
    }

    /// Notes the page and hands out what can be paired.
    fn take(&mut self, rank: u64, page: Page) -> Vec<Result<Asset>> {
        let room = self.limit.map_or(u64::MAX, |limit| limit - self.seen);
        let referenced: HashSet<MasterId> =
            page.assets.iter().filter_map(|asset| asset.master.clone()).collect();
        let total = page.assets.len() as u64;
        let mut fresh: Vec<_> =
            page.assets.into_iter().filter(|asset| self.window.insert(&asset.id)).collect();
        let full = page.records >= self.page * self.source.records_per_asset();
        let shape = Shape { assets: total, fresh: fresh.len() as u64, more: page.more || full };
        if let Some(ranks) = &mut self.ranks {
            ranks.read(rank, shape);
        }
        fresh.truncate(usize::try_from(room).unwrap_or(usize::MAX));
        self.seen += fresh.len() as u64;
        let (seen, expected) = (self.seen, self.expected);
        self.tell(|progress| (progress.seen, progress.expected) = (seen, expected));
        let failures = page.failures.into_iter();
        let failures = failures.filter(|(name, _)| !referenced.contains(&MasterId::new(name.as_str())));
        let failures: Vec<_> = failures.map(|(_, error)| Err(error)).collect();
        let mut batch = self.pairing.pair(fresh, page.masters, &referenced);
        batch.extend(failures);
        batch
    }

    /// After the last page: the assets whose masters never came, then the verdict.
    async fn finish(&mut self) -> Result<Vec<Result<Asset>>> {
        self.ahead.clear();
        if self.pairing.waiting() > 0 {
            return self.look_up_masters().await;
        }
        self.done = true;
        let ended = self.ranks.as_ref().is_some_and(Ranks::ended);
        if ended && !self.is_full() && self.expected != Some(self.seen) {
            self.expected = self.count().await;
        }
        let (seen, expected, gap, full) = (self.seen, self.expected, self.gap, self.is_full());
        self.tell(|progress| {
            (progress.seen, progress.expected) = (seen, expected);
            (progress.whole, progress.full) = (ended && !gap, full && !gap);
        });
        // Of a list that goes on, the photo records may come yet.
        Ok(if ended { self.pairing.abandoned().map(Err).collect() } else { Vec::new() })
    }

    async fn look_up_masters(&mut self) -> Result<Vec<Result<Asset>>> {
        let assets = self.pairing.take_waiting(query::MAX_RECORDS);
        let names: BTreeSet<String> =
            assets.iter().filter_map(|asset| asset.master.as_ref()).map(ToString::to_string).collect();
        let answer = self.source.clone().lookup(names.into_iter().collect()).await?;
        Ok(join_all(assets, answer.masters, &answer.failures, self.source.library()))
    }

    /// A count is advice: without one the listing goes on, but never counts as complete.
    async fn count(&self) -> Option<u64> {
        match self.source.clone().count().await {
            Ok(count) => count,
            Err(error) => {
                tracing::warn!(%error, "the count of an album is not known");
                None
            }
        }
    }

    fn tell(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Fetch {
    async fn page(self) -> Result<Page> {
        match self {
            Self::Ready(page) => Ok(page),
            Self::Running(task) => task.await.map_err(|error| {
                Error::new(ErrorKind::Unexpected, "reading a page ended early").caused_by(error)
            })?,
        }
    }
}

fn defect() -> Error {
    Error::new(ErrorKind::Unexpected, "the listing lost its place; please report this")
}
