//! What the program is doing, for whoever wants to show it or wait for it: page, metrics, notifications, watch mode.
//!
//! The commands write it down as they go; nobody has to look. It holds no secret.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use futures::FutureExt as _;
use icloud_photos::sync::{StopSignal, SyncReport};
use tokio::sync::{Notify, watch};

pub(crate) use self::desk::{About, Answer, NotAsked, Question};

use crate::exit::Exit;
use crate::report::Failures;

mod desk;

/// Shared by all that work and all that look. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Board(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: watch::Sender<State>,
    /// One for each section of the command line.
    counters: Vec<Counters>,
    /// Who waits for an answer of a person.
    desk: Mutex<desk::Desk>,
    /// Ends the run under way of a section, if there is one.
    stops: Mutex<Vec<Option<StopSignal>>>,
    /// Somebody wants the next round now.
    hurry: Notify,
    /// What failed in the run under way, by section.
    failures: Vec<Mutex<Failures>>,
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
    /// What a person is asked at this moment.
    pub(crate) question: Option<Question>,
    /// Why the last try to sign in failed, in words for a person.
    pub(crate) trouble: Option<String>,
    /// What somebody should do elsewhere, on a phone for instance.
    pub(crate) notice: Option<String>,
    /// Somebody stopped the last run.
    pub(crate) stopped: bool,
    /// When Apple will want a person again, if that is known.
    pub(crate) session_ends: Option<SystemTime>,
    pub(crate) totals: Totals,
}

impl AccountState {
    /// Whether nothing goes on before somebody answers, or does something elsewhere.
    pub(crate) fn waits_for_person(&self) -> bool {
        // A try without a person may be under way; a session that was had needs none any more.
        let needs =
            self.last_run.as_ref().is_some_and(|run| run.needs_person) && self.phase != Phase::Running;
        self.question.is_some() || self.notice.is_some() || needs
    }
}

/// What came of all runs that ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Totals {
    pub(crate) succeeded: u64,
    /// They came to their end, and something is missing.
    pub(crate) incomplete: u64,
    pub(crate) failed: u64,
    /// Files that were fetched.
    pub(crate) files: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// Files, or photos, that failed; a file that fails in each run counts each time.
    pub(crate) failures: u64,
    pub(crate) last_success: Option<SystemTime>,
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
    /// Nothing helps but a person's doing.
    pub(crate) needs_person: bool,
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
        let stops = Mutex::new(vec![None; accounts.len()]);
        let failures = accounts.iter().map(|_| Mutex::default()).collect();
        let state = watch::Sender::new(State { accounts, next_round: None });
        let (desk, hurry) = (Mutex::default(), Notify::new());
        Self(Arc::new(Inner { state, counters, desk, stops, hurry, failures }))
    }

    /// The place of a section; sections are numbered from 0.
    pub(crate) fn seat(&self, number: usize) -> Seat {
        Seat { board: self.clone(), number }
    }

    /// To look at it, and to wait for the next change.
    #[cfg(test)]
    pub(crate) fn watch(&self) -> watch::Receiver<State> {
        self.0.state.subscribe()
    }

    /// All there is to see, with the counters of each section; nothing ends between the two.
    pub(crate) fn look(&self) -> (State, Vec<Counted>) {
        let state = self.0.state.borrow();
        let counted = self.0.counters.iter().map(Counters::read).collect();
        (state.clone(), counted)
    }

    /// All sections were served, and the next round begins then; or it begins now.
    pub(crate) fn next_round(&self, at: Option<SystemTime>) {
        // Whoever was in a hurry before meant another wait.
        let _ = self.0.hurry.notified().now_or_never();
        self.0.state.send_modify(|state| state.next_round = at);
    }

    /// Somebody wants the next round now. Means nothing while a round is under way.
    pub(crate) fn hurry(&self) {
        if self.0.state.borrow().next_round.is_some() {
            self.0.hurry.notify_one();
        }
    }

    /// Waits until somebody wants the next round. For whoever waits between two rounds.
    pub(crate) async fn hurried(&self) {
        self.0.hurry.notified().await;
    }

    /// Ends the runs under way in good order; whether there was one.
    pub(crate) fn cancel(&self) -> bool {
        let stops = lock(&self.0.stops);
        stops.iter().flatten().map(StopSignal::stop).count() > 0
    }

    /// Gives an answer to the question of this number.
    ///
    /// # Errors
    /// If nobody asks that, or something else is asked.
    pub(crate) fn answer(&self, question: u64, answer: Answer) -> Result<(), NotAsked> {
        lock(&self.0.desk).answer(question, answer)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counters at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted {
    pub(crate) expected: u64,
    pub(crate) photos: u64,
    pub(crate) files: u64,
    pub(crate) bytes: u64,
}

impl Counters {
    fn read(&self) -> Counted {
        Counted {
            expected: self.expected.load(Relaxed),
            photos: self.photos.load(Relaxed),
            files: self.files.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
        }
    }

    fn reset(&self) {
        for counter in [&self.expected, &self.photos, &self.files, &self.bytes] {
            counter.store(0, Relaxed);
        }
    }
}

impl Totals {
    fn add(&mut self, run: &LastRun, counted: Counted) {
        match run.exit {
            Exit::Success => {
                self.succeeded += 1;
                self.last_success = Some(run.ended);
            }
            Exit::Incomplete => self.incomplete += 1,
            _ => self.failed += 1,
        }
        self.files += counted.files;
        self.bytes += counted.bytes;
        self.failures += run.report.as_ref().map_or(0, |report| report.failed);
    }
}

impl Seat {
    /// Something else is being done.
    pub(crate) fn phase(&self, phase: Phase) {
        if phase == Phase::SigningIn {
            self.counters().reset();
            *self.failures() = Failures::default();
        }
        self.change(|account| {
            if phase != Phase::Idle {
                (account.trouble, account.notice, account.stopped) = (None, None, false);
            }
            account.phase = phase;
        });
    }

    /// Why a try to sign in failed, in words for a person; `None` once that is over.
    pub(crate) fn trouble(&self, why: Option<String>) {
        self.change(|account| account.trouble = why);
    }

    /// What somebody should do elsewhere; `None` once it is done.
    pub(crate) fn notice(&self, what: Option<String>) {
        self.change(|account| account.notice = what);
    }

    /// Somebody stopped the run of this section alone.
    pub(crate) fn stopped(&self) {
        self.change(|account| account.stopped = true);
    }

    /// When Apple will want a person again.
    pub(crate) fn session_ends(&self, at: Option<SystemTime>) {
        self.change(|account| account.session_ends = at);
    }

    /// The signal that ends the next run of this section, with the whole program or alone ([`Board::cancel`]).
    pub(crate) fn stop_signal(&self, program: &StopSignal) -> StopSignal {
        let signal = program.child();
        if let Some(stop) = lock(&self.board.0.stops).get_mut(self.number) {
            *stop = Some(signal.clone());
        }
        signal
    }

    /// A run came to its end.
    pub(crate) fn ended(&self, run: LastRun) {
        if let Some(stop) = lock(&self.board.0.stops).get_mut(self.number) {
            *stop = None;
        }
        let counters = self.counters();
        self.change(|account| {
            account.totals.add(&run, counters.read());
            counters.reset();
            account.phase = Phase::Idle;
            account.notice = None;
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

    /// Page, health and metrics go by this.
    #[test]
    fn who_waits_for_a_person_is_known_in_every_phase() {
        let board = Board::new(["a"].into_iter());
        let seat = board.seat(0);
        let waits = || board.look().0.accounts[0].waits_for_person();
        assert!(!waits());
        seat.phase(Phase::SigningIn);
        seat.notice(Some("Waits for the code at the terminal".to_owned()));
        assert!(waits());
        let (began, ended) = (SystemTime::now(), SystemTime::now());
        let last =
            LastRun { began, ended, exit: Exit::Failed, report: None, error: None, needs_person: true };
        seat.ended(last);
        assert!(waits(), "it is left alone");
        seat.phase(Phase::SigningIn);
        assert!(waits(), "whether the next try succeeds is not known");
        seat.phase(Phase::Running);
        assert!(!waits(), "there is a session");
    }

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
            needs_person: false,
        });
        assert_eq!(
            board.watch().borrow().accounts[1].last_run.as_ref().map(|run| run.exit),
            Some(Exit::Failed)
        );
    }
}
