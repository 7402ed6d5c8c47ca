//! How many files in a row stood here already (`--until-found`), by icloudpd's rules.

use super::{Action, Why};
use crate::sync::layout::WantedFile;

/// Counts for one list after the other.
#[derive(Debug, Default)]
pub(super) struct Streak {
    limit: Option<u64>,
    found: u64,
    /// What an earlier run has dealt with says nothing.
    pub(super) pauses: bool,
}

impl Streak {
    pub(super) fn new(limit: Option<u64>) -> Self {
        Self { limit, ..Self::default() }
    }

    /// A list begins.
    pub(super) fn begin(&mut self) {
        self.found = 0;
    }

    /// Takes note of what was planned for a file. Nothing is known of one that cannot be looked at.
    pub(super) fn note(&mut self, file: &WantedFile, planned: Option<&Action>) {
        if file.is_live || self.pauses {
            return;
        }
        match planned {
            Some(Action::Download { why, .. }) if *why != Why::Unconfirmed => self.found = 0,
            Some(Action::Download { .. } | Action::Present { .. }) => self.found += 1,
            Some(_) => {}
            None => self.found = 0,
        }
    }

    /// The number that was asked for, once it is reached.
    pub(super) fn reached(&self) -> Option<u64> {
        self.limit.filter(|limit| self.found >= *limit && (*limit == 0 || !self.pauses))
    }
}
