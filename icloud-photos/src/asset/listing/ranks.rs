//! Which ranks of a list to ask for next, and when the list has ended (protocol notes 5.6). Pure; no I/O.
//!
//! A rank counts assets from the newest. Neighbouring pages share one asset, so that a list that moves while it is
//! read shows: a page that shares nothing with what was read before is not where it should be.

/// Consecutive pages that may bring nothing new before the end is believed, while the server says that more follows.
const MAX_EMPTY: u32 = 5;
/// How often the end is doubted when fewer assets came than the count promised.
const MAX_PROBES: u32 = 2;

/// What a page turned out to hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Assets in it.
    pub(super) assets: u64,
    /// Those that were not known before.
    pub(super) fresh: u64,
    /// It holds as many records as were asked for, or the server says that more follows.
    pub(super) more: bool,
}

/// What the reader has seen so far and will ask next.
#[derive(Debug)]
pub(super) struct Ranks {
    /// Assets per page, as the server last filled one.
    stride: u64,
    /// Assets that neighbouring pages share.
    overlap: u64,
    /// Where planning ahead ends: the count, or the caller's limit.
    bound: Option<u64>,
    /// What the count promised.
    expected: Option<u64>,
    /// All ranks below were read.
    covered: u64,
    /// The next rank to plan.
    planned: u64,
    seen: u64,
    ends: u32,
    empties: u32,
    ended: bool,
    /// Ranks were passed over that brought nothing.
    skipped: bool,
}

impl Ranks {
    /// All ranks below `start` count as read.
    pub(super) fn new(page: u64, expected: Option<u64>, limit: Option<u64>, start: u64) -> Self {
        let bound = expected.into_iter().chain(limit).min();
        let overlap = u64::from(page > 1);
        let (covered, planned, seen, ends, empties) = (start, start, start, 0, 0);
        Self {
            stride: page.max(1),
            overlap,
            bound,
            expected,
            covered,
            planned,
            seen,
            ends,
            empties,
            ended: false,
            skipped: false,
        }
    }

    /// Everything before this rank was read; `None` if something there was passed over.
    pub(super) fn reach(&self) -> Option<u64> {
        (!self.skipped).then_some(self.covered)
    }

    /// The rank that is read first.
    pub(super) fn first(&mut self) -> u64 {
        self.plan(self.covered)
    }

    /// The list has been read to its end.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// A rank worth asking for ahead of need.
    pub(super) fn ahead(&mut self) -> Option<u64> {
        if self.ended || self.bound.is_some_and(|bound| self.planned >= bound) {
            return None;
        }
        Some(self.plan(self.planned))
    }

    /// The rank that must be read next for the list to have no gap.
    pub(super) fn needed(&mut self) -> u64 {
        self.plan(self.covered.saturating_sub(self.overlap))
    }

    fn plan(&mut self, rank: u64) -> u64 {
        self.planned = self.planned.max(rank + self.step());
        rank
    }

    fn step(&self) -> u64 {
        (self.stride - self.overlap.min(self.stride)).max(1)
    }

    /// True if everything before `rank` was read.
    pub(super) fn reaches(&self, rank: u64) -> bool {
        rank <= self.covered
    }

    /// An earlier rank to look for what a page at `rank` should have shared; further back at each attempt.
    pub(super) fn before(&self, rank: u64, attempt: u32) -> u64 {
        rank.saturating_sub((self.stride / 2).max(1) << attempt.min(16))
    }

    /// Takes note of the page at `rank`.
    pub(super) fn read(&mut self, rank: u64, page: Shape) {
        self.seen += page.fresh;
        self.covered = self.covered.max(rank + page.assets);
        if page.fresh > 0 {
            (self.ends, self.empties) = (0, 0);
        }
        if page.more {
            self.read_more(rank, page);
        } else if self.expected.is_none_or(|expected| self.seen >= expected) || self.ends >= self.patience() {
            self.ended = true;
        } else {
            self.ends += 1;
            self.skip_if_stuck(rank, page, self.ends);
        }
        self.planned = self.planned.max(self.covered.saturating_sub(self.overlap));
    }

    /// How often "the end" must be said when assets are missing: more often where the count promises some.
    fn patience(&self) -> u32 {
        if self.expected.is_some_and(|expected| self.covered < expected) { MAX_EMPTY } else { MAX_PROBES }
    }

    fn read_more(&mut self, rank: u64, page: Shape) {
        if page.fresh > 0 {
            self.stride = page.assets;
            return;
        }
        self.empties += 1;
        self.ended =
            self.empties > MAX_EMPTY && self.expected.is_none_or(|expected| self.covered >= expected);
        self.skip_if_stuck(rank, page, self.empties);
    }

    /// A page without anything new is asked for once more, then passed over.
    fn skip_if_stuck(&mut self, rank: u64, page: Shape, times: u32) {
        if page.fresh == 0 && times > 1 {
            self.skipped |= rank + self.stride > self.covered;
            self.covered = self.covered.max(rank + self.stride);
        }
    }
}
