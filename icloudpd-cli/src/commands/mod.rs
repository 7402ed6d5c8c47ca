//! What the program does with each account.

mod auth;
mod keep;
mod list;
mod narrate;
mod news;
mod run;
mod subject;

use icloud_photos::{Error, ErrorKind, Result};
use indicatif::MultiProgress;
use tracing::{error, info};

use self::run::Gone;
use crate::args::Verb;
use crate::config::{Account, Config, Task};
use crate::exit::{Exit, message};
use crate::signals::Brake;

/// Serves the accounts one after the other. The first that fails ends the run; one whose copy is incomplete does not.
pub(crate) async fn run(config: &Config, bars: &MultiProgress, brake: &Brake) -> Exit {
    let mut worst = Exit::Success;
    let gone = Gone::default();
    for account in &config.accounts {
        match serve(config, account, bars, brake, &gone).await {
            Ok(exit) => worst = worst.max(exit),
            Err(error) if error.kind() == ErrorKind::Cancelled => return Exit::Interrupted,
            Err(error) => {
                report(config, &error);
                return Exit::Failed;
            }
        }
    }
    worst
}

async fn serve(
    config: &Config,
    account: &Account,
    bars: &MultiProgress,
    brake: &Brake,
    gone: &Gone,
) -> Result<Exit> {
    if let Task::Download(download) = &account.task
        && config.verb.is_offline(config.repair)
    {
        return match config.verb {
            Verb::Status => keep::status(config, account, download, bars).await,
            _ => keep::verify(config, account, download, None, bars).await,
        };
    }
    if let (Task::Download(download), Verb::Adopt) = (&account.task, config.verb) {
        keep::require_folder(download)?;
    }
    info!("Processing user: {}", account.username);
    let session = auth::sign_in(config, account).await?;
    match &account.task {
        Task::SignIn => {
            info!("Authentication completed successfully");
            Ok(Exit::Success)
        }
        Task::ListLibraries => list::libraries(&session, bars).await,
        Task::ListAlbums { library } => list::albums(&session, library, bars).await,
        Task::Download(download) => {
            run::download(config, account, &session, download, bars, brake, gone).await
        }
    }
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
