//! What the program is doing, for whoever wants to show it or wait for it: page, metrics, notifications, watch mode.
//!
//! The commands write it down as they go; nobody has to look. It holds no secret.

#![allow(dead_code, reason = "the page and the metrics that read it are being built")]

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use icloud_photos::sync::SyncReport;
use tokio::sync::{Notify, watch};

use crate::exit::Exit;
use crate::report::Failures;

/// Shared by all that work and all that look. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Board(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: watch::Sender<State>,
    /// One for each section of the command line.
    counters: Vec<Counters>,
    /// What failed in the run under way, by section.
    failures: Vec<Mutex<Failures>>,
    /// Somebody wants the next round now.
    resume: Notify,
}

/// All there is to see, but for what changes with every file.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    /// One for each section of the command line.
    pub(crate) accounts: Vec<AccountState>,
    /// All sections were served; the next round begins then.
    pub(crate) next_round: Option<SystemTime>,
}

/// One section of the command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct AccountState {
    pub(crate) username: String,
    pub(crate) phase: Phase,
    pub(crate) last_run: Option<LastRun>,
}

/// What is being done for an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Phase {
    #[default]
    Idle,
    SigningIn,
    Running,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub(crate) struct LastRun {
    pub(crate) began: SystemTime,
    pub(crate) ended: SystemTime,
    pub(crate) exit: Exit,
    /// `None` if it did not get as far as copying.
    pub(crate) report: Option<SyncReport>,
    /// Why it failed, in words for a person.
    pub(crate) error: Option<String>,
}

/// What changes with every file of the run under way.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Photos to be looked at.
    pub(crate) expected: AtomicU64,
    /// Photos that were dealt with.
    pub(crate) photos: AtomicU64,
    /// Files that were fetched.
    pub(crate) files: AtomicU64,
    /// Their bytes.
    pub(crate) bytes: AtomicU64,
}

/// The place of one section on the board. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Seat {
    board: Board,
    number: usize,
}

impl Board {
    /// Nothing was begun yet.
    pub(crate) fn new<'a>(usernames: impl Iterator<Item = &'a str>) -> Self {
        let account = |username: &str| AccountState { username: username.to_owned(), ..Default::default() };
        let accounts: Vec<_> = usernames.map(account).collect();
        let counters = accounts.iter().map(|_| Counters::default()).collect();
        let failures = accounts.iter().map(|_| Mutex::default()).collect();
        let state = watch::Sender::new(State { accounts, next_round: None });
        Self(Arc::new(Inner { state, counters, failures, resume: Notify::new() }))
    }

    /// The place of a section; sections are numbered from 0.
    pub(crate) fn seat(&self, number: usize) -> Seat {
        Seat { board: self.clone(), number }
    }

    /// When the next round begins; `None` while one is under way.
    pub(crate) fn next_round(&self, at: Option<SystemTime>) {
        self.0.state.send_modify(|state| state.next_round = at);
    }

    /// A person wants the next round now, and is there to answer. During a round it is meant for the one after it.
    pub(crate) fn resume(&self) {
        self.0.resume.notify_one();
    }

    /// Waits for [`Board::resume`].
    pub(crate) async fn resumed(&self) {
        self.0.resume.notified().await;
    }

    /// To look at it, and to wait for the next change.
    pub(crate) fn watch(&self) -> watch::Receiver<State> {
        self.0.state.subscribe()
    }
}

impl Seat {
    /// Something else is being done.
    pub(crate) fn phase(&self, phase: Phase) {
        if phase == Phase::SigningIn {
            let counters = self.counters();
            *self.failures() = Failures::default();
            for counter in [&counters.expected, &counters.photos, &counters.files, &counters.bytes] {
                counter.store(0, Relaxed);
            }
        }
        self.change(|account| account.phase = phase);
    }

    /// A run came to its end.
    pub(crate) fn ended(&self, run: LastRun) {
        self.change(|account| {
            account.phase = Phase::Idle;
            account.last_run = Some(run);
        });
    }

    /// The counters of the run under way.
    pub(crate) fn counters(&self) -> &Counters {
        &self.board.0.counters[self.number]
    }

    /// What failed in the run under way.
    pub(crate) fn failures(&self) -> MutexGuard<'_, Failures> {
        self.board.0.failures[self.number].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut AccountState)) {
        self.board.0.state.send_modify(|state| {
            if let Some(account) = state.accounts.get_mut(self.number) {
                change(account);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_looks_sees_each_section_for_itself() {
        let board = Board::new(["a", "b"].into_iter());
        let mut watch = board.watch();
        board.seat(1).phase(Phase::Running);
        board.seat(1).counters().photos.fetch_add(2, Relaxed);
        assert!(watch.has_changed().unwrap());
        let state = watch.borrow_and_update().clone();
        assert_eq!((&state.accounts[0].phase, &state.accounts[1].phase), (&Phase::Idle, &Phase::Running));
        board.seat(1).phase(Phase::SigningIn);
        assert_eq!(board.seat(1).counters().photos.load(Relaxed), 0);
        let now = SystemTime::now();
        board.seat(1).ended(LastRun {
            began: now,
            ended: now,
            exit: Exit::Failed,
            report: None,
            error: None,
        });
        assert_eq!(
            board.watch().borrow().accounts[1].last_run.as_ref().map(|run| run.exit),
            Some(Exit::Failed)
        );
    }
}
