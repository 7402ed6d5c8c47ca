//! What came of each account: told to the board, to people, and to a file.

use std::time::SystemTime;

use icloud_photos::{ErrorKind, Result, Session};

use super::Shared;
use crate::args::Verb;
use crate::board::LastRun;
use crate::config::Task;
use crate::exit::{Exit, Outcome, message};
use crate::report::{self, Entry, Round};

/// A round over all accounts, and those before it.
#[derive(Debug)]
pub(super) struct Books {
    number: u64,
    began: SystemTime,
    entries: Vec<Option<Entry>>,
}

impl Books {
    pub(super) fn new(accounts: usize) -> Self {
        Self { number: 1, began: SystemTime::now(), entries: vec![None; accounts] }
    }

    /// Another round begins.
    pub(super) fn begin(&mut self) {
        self.began = SystemTime::now();
    }

    /// An account was not served this time.
    pub(super) fn left_alone(&mut self, number: usize) {
        if let Some(Some(entry)) = self.entries.get_mut(number) {
            entry.is_old = true;
        }
    }

    /// An account was served.
    pub(super) fn note(
        &mut self,
        shared: Shared<'_>,
        number: usize,
        began: SystemTime,
        served: &Result<Outcome>,
        session: Option<&Session>,
    ) -> Exit {
        let seat = shared.board.seat(number);
        let (exit, copied, error) = match served {
            Ok(outcome) => (outcome.exit, outcome.report.clone(), None),
            Err(error) if error.kind() == ErrorKind::Cancelled => {
                (shared.brake.exit().unwrap_or(Exit::Interrupted), None, None)
            }
            Err(error) => (Exit::Failed, None, Some((error.kind(), message(error)))),
        };
        let ended = SystemTime::now();
        let words = error.as_ref().map(|(_, words)| words.clone());
        let needs = error.as_ref().is_some_and(|(kind, _)| needs_person(*kind));
        seat.ended(LastRun { began, ended, exit, report: copied.clone(), error: words, needs_person: needs });
        let trusted_until = session.and_then(Session::trusted_until);
        seat.session_ends(trusted_until);
        let entry = Entry {
            began,
            ended,
            exit,
            needs_person: needs,
            error,
            trusted_until,
            report: copied,
            failures: std::mem::take(&mut *seat.failures()),
            is_old: false,
        };
        tell(shared, number, &entry);
        if let Some(place) = self.entries.get_mut(number) {
            *place = Some(entry);
        }
        exit
    }

    /// The worst that came of an account in this round.
    pub(super) fn worst(&self) -> Exit {
        let now = self.entries.iter().flatten().filter(|entry| !entry.is_old);
        now.map(|entry| entry.exit).max().unwrap_or(Exit::Success)
    }

    /// Ends the round: writes the report, if one is wanted. A run that was fine has failed without it.
    pub(super) fn close(&mut self, shared: Shared<'_>, mut exit: Exit) -> Exit {
        let config = shared.config;
        if let Some(path) = &config.report_json {
            let (accounts, entries) = (&config.accounts[..], &self.entries[..]);
            let round = Round { number: self.number, began: self.began, exit, accounts, entries };
            if let Err(reason) = report::write(path, &round) {
                super::say(config, &format!("The report cannot be written to {}: {reason}", path.display()));
                // Not everything that was asked for was done.
                exit = if exit == Exit::Success { Exit::Failed } else { exit };
            }
        }
        self.number += 1;
        exit
    }
}

fn tell(shared: Shared<'_>, number: usize, entry: &Entry) {
    let Shared { config, notifier, .. } = shared;
    match &entry.error {
        Some((kind, words)) if entry.needs_person => notifier.needs_person(config, number, *kind, words),
        Some((kind, words)) => notifier.run_failed(config, number, *kind, words),
        None if entry.exit >= Exit::Interrupted => {}
        None => {
            if let Some(end) = entry.trusted_until {
                notifier.trusted_until(config, number, end);
            }
            if is_copy(shared, number) {
                notifier.run_done(config, number, entry.exit, entry.report.as_ref());
            }
        }
    }
}

/// Whether files were to be written: lists and rehearsals are no runs that anybody waits for.
fn is_copy(shared: Shared<'_>, number: usize) -> bool {
    let config = shared.config;
    let account = config.accounts.get(number);
    let writes = account.is_some_and(|account| match &account.task {
        Task::Download(download) => !download.dry_run,
        _ => false,
    });
    writes && config.verb == Verb::Run && !config.only_print_filenames
}

/// Whether nothing but a person's doing helps.
pub(super) fn needs_person(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::BadCredentials
            | ErrorKind::PasswordRequired
            | ErrorKind::CodeRequired
            | ErrorKind::CodeRejected
            | ErrorKind::ChallengeExpired
            | ErrorKind::TooManyCodes
            | ErrorKind::SecurityKeyRequired
            | ErrorKind::SessionExpired
            | ErrorKind::AccountLocked
            | ErrorKind::AdvancedDataProtection
            | ErrorKind::WebAccessDisabled
            | ErrorKind::TermsRequired
            | ErrorKind::WrongRegion
            | ErrorKind::NotActivated
    )
}
