//! How far a listing was dealt with, while many downloads are under way.
//!
//! The walk over a plan passes marks: "with all of the above done, the next run may go on from here". Downloads end in any
//! order; a mark is due once all that were handed out before it have ended.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::catalogue::Progress;

/// Marks and the downloads before them.
#[derive(Debug, Default)]
pub(super) struct Marks(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Downloads that were handed out.
    handed_out: u64,
    /// All before this one have ended.
    low: u64,
    /// Those that have ended behind it.
    ended: BTreeSet<u64>,
    /// Marks, with how many downloads were handed out before each.
    waiting: VecDeque<(u64, Progress)>,
    /// The rank of the last mark that was due.
    rank: u64,
}

impl Marks {
    /// The number of the next download.
    pub(super) fn hand_out(&self) -> u64 {
        let mut state = self.lock();
        state.handed_out += 1;
        state.handed_out - 1
    }

    /// A download has ended, and the ledger knows how.
    pub(super) fn ended(&self, number: u64) {
        let mut state = self.lock();
        state.ended.insert(number);
        while let Some(&first) = state.ended.first()
            && first == state.low
        {
            state.ended.pop_first();
            state.low += 1;
        }
    }

    /// The walk has come to a mark.
    pub(super) fn pass(&self, mark: Progress) {
        let mut state = self.lock();
        let before = state.handed_out;
        state.waiting.push_back((before, mark));
    }

    /// The last mark that is due, if it is so many ranks behind the one before.
    pub(super) fn due(&self, ranks: u64) -> Option<Progress> {
        let mut state = self.lock();
        let mut due = None;
        while state.waiting.front().is_some_and(|(before, _)| *before <= state.low) {
            due = state.waiting.pop_front();
        }
        let (before, mark) = due?;
        let rank = mark.pending.as_ref().map_or(0, |pending| pending.rank);
        if rank < state.rank.saturating_add(ranks) {
            state.waiting.push_front((before, mark));
            return None;
        }
        state.rank = rank;
        Some(mark)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::catalogue::{LibraryKey, Pending};

    fn mark(rank: u64) -> Progress {
        let mut progress = Progress::new(LibraryKey::new("1/private/PrimarySync"), "all", 0);
        progress.pending = Some(Pending::new(Some("t".into()), rank, rank));
        progress
    }

    #[test]
    fn a_mark_is_due_once_every_download_before_it_has_ended() {
        let marks = Marks::default();
        let (first, second) = (marks.hand_out(), marks.hand_out());
        marks.pass(mark(100));
        let third = marks.hand_out();
        marks.pass(mark(200));
        for ended in [third, second] {
            marks.ended(ended);
            assert_eq!(marks.due(0), None);
        }
        marks.ended(first);
        assert_eq!(marks.due(0), Some(mark(200)), "the last of them");
        assert_eq!(marks.due(0), None);
    }

    #[test]
    fn marks_that_are_close_together_wait() {
        let marks = Marks::default();
        marks.pass(mark(100));
        assert_eq!(marks.due(150), None);
        marks.pass(mark(150));
        assert_eq!(marks.due(150), Some(mark(150)));
        let under_way = marks.hand_out();
        marks.pass(mark(400));
        assert_eq!(marks.due(100), None);
        marks.ended(under_way);
        assert_eq!(marks.due(100), Some(mark(400)));
    }
}
