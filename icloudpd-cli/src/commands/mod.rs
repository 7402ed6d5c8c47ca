//! What the program does with each account.

mod auth;
mod doctor;
mod keep;
mod list;
mod narrate;
mod news;
mod run;
mod subject;

use std::time::SystemTime;

use icloud_photos::{Error, ErrorKind, Result};
use indicatif::MultiProgress;
use tracing::{error, info};

use self::run::Gone;
use crate::args::Verb;
use crate::board::{Board, LastRun, Phase, Seat};
use crate::config::{Account, Config, Task};
use crate::exit::{Exit, Outcome, message};
use crate::signals::Brake;

/// What the accounts have in common while the program runs.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a> {
    pub(crate) config: &'a Config,
    pub(crate) bars: &'a MultiProgress,
    pub(crate) brake: &'a Brake,
    pub(crate) board: &'a Board,
}

/// Serves the accounts one after the other. The first that fails ends the run; one whose copy is incomplete does not.
pub(crate) async fn run(shared: Shared<'_>) -> Exit {
    if shared.config.verb == Verb::Doctor {
        return doctor::run(shared).await;
    }
    let mut worst = Exit::Success;
    let gone = Gone::default();
    for (number, account) in shared.config.accounts.iter().enumerate() {
        let seat = shared.board.seat(number);
        let began = SystemTime::now();
        let served = serve(shared, account, &seat, &gone).await;
        seat.ended(last_run(began, &served));
        match served {
            Ok(outcome) => worst = worst.max(outcome.exit),
            Err(error) if error.kind() == ErrorKind::Cancelled => return Exit::Interrupted,
            Err(error) => {
                report(shared.config, &error);
                return Exit::Failed;
            }
        }
    }
    let forgiven = shared.config.incomplete_is_success && shared.config.verb == Verb::Run;
    if worst == Exit::Incomplete && forgiven { Exit::Success } else { worst }
}

fn last_run(began: SystemTime, served: &Result<Outcome>) -> LastRun {
    let (exit, report, error) = match served {
        Ok(outcome) => (outcome.exit, outcome.report.clone(), None),
        Err(error) => (Exit::Failed, None, Some(message(error))),
    };
    LastRun { began, ended: SystemTime::now(), exit, report, error }
}

async fn serve(shared: Shared<'_>, account: &Account, seat: &Seat, gone: &Gone) -> Result<Outcome> {
    let Shared { config, bars, .. } = shared;
    if let Task::Download(download) = &account.task
        && config.verb.is_offline(config.repair)
    {
        let exit = match config.verb {
            Verb::Status => keep::status(config, account, download, bars).await,
            _ => keep::verify(config, account, download, None, bars).await,
        };
        return exit.map(Outcome::from);
    }
    if let (Task::Download(download), Verb::Adopt) = (&account.task, config.verb) {
        keep::require_folder(download)?;
    }
    info!("Processing user: {}", account.username);
    seat.phase(Phase::SigningIn);
    let session = auth::sign_in(config, account, seat).await?;
    seat.phase(Phase::Running);
    match &account.task {
        Task::SignIn => {
            info!("Authentication completed successfully");
            Ok(Exit::Success.into())
        }
        Task::ListLibraries => list::libraries(&session, bars).await.map(Outcome::from),
        Task::ListAlbums { library } => list::albums(&session, library, bars).await.map(Outcome::from),
        Task::Download(download) => run::download(shared, account, seat, &session, download, gone).await,
    }
}

/// Says why nothing was begun.
pub(crate) fn failed(config: &Config, error: &Error) -> Exit {
    report(config, error);
    Exit::Failed
}

/// The last word of a run that failed. When standard output is for names only, it goes to standard error.
fn report(config: &Config, error: &Error) {
    let text = message(error);
    if config.only_print_filenames {
        eprintln!("icloudpd: {text}");
    } else {
        error!("{text}");
    }
}
