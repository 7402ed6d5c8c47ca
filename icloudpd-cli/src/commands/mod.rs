//! What the program does with each account.

mod auth;
mod books;
mod doctor;
mod keep;
mod list;
mod narrate;
mod news;
mod run;
mod sign;
mod subject;
mod watch;

use std::time::SystemTime;

use icloud_photos::{Error, ErrorKind, Result, Session};
use indicatif::MultiProgress;
use tracing::{error, info};

use self::auth::Means;
use self::books::{Books, needs_person};
use self::run::Gone;
use crate::args::Verb;
use crate::board::{Board, Phase};
use crate::config::{Account, Config, Task};
use crate::exit::{Exit, Outcome, message};
use crate::notify::Notifier;
use crate::service;
use crate::signals::Brake;

/// What the accounts have in common while the program runs.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a> {
    pub(crate) config: &'a Config,
    pub(crate) bars: &'a MultiProgress,
    pub(crate) brake: &'a Brake,
    pub(crate) board: &'a Board,
    pub(crate) notifier: &'a Notifier,
}

/// Does what the command line asks for, once or for as long as nobody stops it, and waits for what is still to be told.
pub(crate) async fn run(shared: Shared<'_>) -> Exit {
    if shared.config.verb == Verb::Doctor {
        return doctor::run(shared).await;
    }
    // A long run is not to find out at its end that its report is not wanted there.
    if let Some(path) = &shared.config.report_json
        && let Err(reason) = crate::report::look_ahead(path)
    {
        say(
            shared.config,
            &format!("The report cannot be written to {}: {reason}; nothing was done", path.display()),
        );
        return Exit::Usage;
    }
    service::ready();
    let exit = match shared.config.watch {
        Some(interval) => watch::rounds(shared, interval).await,
        None => once(shared).await,
    };
    shared.notifier.finish().await;
    exit
}

/// Serves the accounts one after the other. The first that fails ends the run; one whose copy is incomplete does not.
async fn once(shared: Shared<'_>) -> Exit {
    let gone = Gone::default();
    let mut books = Books::new(shared.config.accounts.len());
    for (number, account) in shared.config.accounts.iter().enumerate() {
        let began = SystemTime::now();
        let mut session = None;
        let served = serve(shared, account, number, &gone, (None, Means::All), &mut session).await;
        books.note(shared, number, began, &served, session.as_ref());
        match served {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Cancelled => {
                return books.close(shared, shared.brake.exit().unwrap_or(Exit::Interrupted));
            }
            Err(error) => {
                report(shared.config, &error);
                return books.close(shared, Exit::Failed);
            }
        }
    }
    let exit = books.worst();
    let forgiven = shared.config.incomplete_is_success && shared.config.verb == Verb::Run;
    books.close(shared, if exit == Exit::Incomplete && forgiven { Exit::Success } else { exit })
}

/// Serves one account. The session, if there was one, is left in `kept`.
async fn serve(
    shared: Shared<'_>,
    account: &Account,
    number: usize,
    gone: &Gone,
    (session, means): (Option<Session>, Means),
    kept: &mut Option<Session>,
) -> Result<Outcome> {
    let Shared { config, bars, board, .. } = shared;
    let seat = &board.seat(number);
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
    let session = match session {
        Some(session) => session,
        None => auth::sign_in(shared, account, number, means).await?,
    };
    let session = &*kept.insert(session);
    seat.phase(Phase::Running);
    match &account.task {
        Task::SignIn => {
            info!("Authentication completed successfully");
            Ok(Exit::Success.into())
        }
        Task::ListLibraries => list::libraries(session, bars).await.map(Outcome::from),
        Task::ListAlbums { library } => list::albums(session, library, bars).await.map(Outcome::from),
        Task::Download(download) => run::download(shared, account, seat, session, download, gone).await,
    }
}

/// Says why nothing was begun.
pub(crate) fn failed(config: &Config, error: &Error) -> Exit {
    report(config, error);
    Exit::Failed
}

/// The last word of a run that failed. When standard output is for names only, it goes to standard error.
fn report(config: &Config, error: &Error) {
    say(config, &message(error));
}

fn say(config: &Config, text: &str) {
    if config.only_print_filenames {
        eprintln!("icloudpd: {text}");
    } else {
        error!("{text}");
    }
}
