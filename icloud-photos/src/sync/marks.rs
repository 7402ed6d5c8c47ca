//! How far a listing was dealt with, while many downloads are under way.
//!
//! The walk over a plan passes marks: "with all of the above done, the next run may go on from here". Downloads end in any
//! order; a mark is due once all that were handed out before it have ended.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::catalogue::Progress;
use crate::asset::AssetId;

/// A place to go on from, and whom the listing has shown since the one before.
type Mark = (Progress, Vec<AssetId>);

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
    /// The first that a later run must come to again, if there is one.
    barrier: Option<u64>,
    /// Marks, with how many downloads were handed out before each.
    waiting: VecDeque<(u64, Mark)>,
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
        if state.barrier.is_some_and(|barrier| barrier <= number) {
            return;
        }
        state.ended.insert(number);
        while let Some(&first) = state.ended.first()
            && first == state.low
        {
            state.ended.pop_first();
            state.low += 1;
        }
    }

    /// A later run must come to this download again: no mark behind it will be due.
    pub(super) fn stop_before(&self, number: u64) {
        let mut state = self.lock();
        let barrier = state.barrier.map_or(number, |barrier| barrier.min(number));
        state.barrier = Some(barrier);
        state.waiting.retain(|(before, _)| *before <= barrier);
        state.ended.split_off(&barrier);
    }

    /// The walk has come to a mark.
    pub(super) fn pass(&self, progress: Progress, seen: Vec<AssetId>) {
        let mut state = self.lock();
        let before = state.handed_out;
        if state.barrier.is_none_or(|barrier| before <= barrier) {
            state.waiting.push_back((before, (progress, seen)));
        }
    }

    /// The list is at its end: nobody goes on from any mark.
    pub(super) fn forget(&self) {
        self.lock().waiting.clear();
    }

    /// Whether some mark is due.
    pub(super) fn is_due(&self) -> bool {
        self.lock().is_due()
    }

    /// The last mark that is due, with whom the listing has shown up to there.
    pub(super) fn due(&self) -> Option<Mark> {
        let mut state = self.lock();
        let mut due: Option<Mark> = None;
        while state.is_due()
            && let Some((_, (progress, mut seen))) = state.waiting.pop_front()
        {
            let mut all = due.map(|(_, all)| all).unwrap_or_default();
            all.append(&mut seen);
            due = Some((progress, all));
        }
        due
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_due(&self) -> bool {
        self.waiting.front().is_some_and(|(before, _)| *before <= self.low)
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

    fn seen(ids: &[&str]) -> Vec<AssetId> {
        ids.iter().map(|id| AssetId::new(*id)).collect()
    }

    #[test]
    fn a_mark_is_due_once_every_download_before_it_has_ended() {
        let marks = Marks::default();
        let (first, second) = (marks.hand_out(), marks.hand_out());
        marks.pass(mark(100), seen(&["A"]));
        let third = marks.hand_out();
        marks.pass(mark(200), seen(&["B", "C"]));
        for ended in [third, second] {
            marks.ended(ended);
            assert_eq!((marks.is_due(), marks.due()), (false, None));
        }
        marks.ended(first);
        assert!(marks.is_due());
        assert_eq!(
            marks.due(),
            Some((mark(200), seen(&["A", "B", "C"]))),
            "the last of them, and all who were seen"
        );
        assert_eq!((marks.is_due(), marks.due()), (false, None));
    }

    #[test]
    fn no_mark_passes_what_must_be_come_to_again() {
        let marks = Marks::default();
        let first = marks.hand_out();
        marks.pass(mark(100), Vec::new());
        let failing = marks.hand_out();
        marks.pass(mark(200), Vec::new());
        let last = marks.hand_out();
        marks.ended(last);
        marks.stop_before(failing);
        marks.ended(failing);
        marks.pass(mark(300), Vec::new());
        assert_eq!(marks.due(), None);
        marks.ended(first);
        assert_eq!(marks.due(), Some((mark(100), Vec::new())));
        let next = marks.hand_out();
        marks.ended(next);
        marks.pass(mark(400), Vec::new());
        assert_eq!(marks.due(), None);
    }
}
