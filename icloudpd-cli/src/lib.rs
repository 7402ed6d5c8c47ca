//! `icloudpd`: a thin face. Arguments -> configuration -> library -> exit code.

#![forbid(unsafe_code)]

mod args;
mod board;
mod commands;
mod config;
mod exit;
mod icloud;
mod keystore;
mod notify;
mod output;
mod process;
mod progress;
mod prompt;
mod report;
mod secretfile;
mod service;
mod signals;
mod web;

use std::ffi::OsString;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::args::{Request, Surroundings, UsageError};
use crate::board::Board;
use crate::commands::Shared;
use crate::config::{Config, Invocation};
use crate::exit::Exit;
use crate::notify::Notifier;
use crate::signals::{Brake, Terminal};

/// Service managers kill after 10 seconds, or later.
const GRACE: Duration = Duration::from_secs(8);

const LAST_MOMENT: Duration = Duration::from_secs(1);

/// The program `icloud`: a password for the system's key store, proved by a sign-in. Gives its exit code.
pub fn icloud(args: &[OsString]) -> u8 {
    signals::end(icloud::main(args))
}

/// The program `icloudpd`. Gives its exit code.
pub fn icloudpd(args: &[OsString]) -> u8 {
    let around = Surroundings::here();
    let asked = args::parse(args, &around).and_then(|request| match request {
        Request::Page(page) => Ok(Invocation::Print(page)),
        Request::Line(line) => config::interpret(*line),
    });
    // A run logs them. Where none begins they may say why.
    if matches!(asked, Err(_) | Ok(Invocation::Print(_))) && !args.is_empty() {
        around.strangers().iter().for_each(|line| eprintln!("icloudpd: warning: {line}"));
    }
    let exit = match asked {
        Ok(Invocation::Help) => say(&args::help()),
        Ok(Invocation::Print(text)) => say(&text),
        Ok(Invocation::Version) => say(&version()),
        Ok(Invocation::Run(config)) => run(config),
        Err(UsageError::Argument(text)) => {
            say(&text);
            Exit::Usage
        }
        Err(UsageError::Unknown(text)) => {
            eprintln!("{text}");
            Exit::Usage
        }
    };
    signals::end(exit)
}

fn say(text: &str) -> Exit {
    use std::io::Write as _;
    // Nobody reading is no failure.
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            eprintln!("icloudpd: standard output cannot be written to: {error}");
            Exit::Failed
        }
        _ => Exit::Success,
    }
}

/// In icloudpd's shape: scripts take it apart.
fn version() -> String {
    let commit = option_env!("ICLOUDPD_COMMIT").unwrap_or("unknown");
    let time = option_env!("ICLOUDPD_COMMIT_TIME").unwrap_or("unknown");
    format!("version:{}, commit sha:{commit}, commit timestamp:{time}", env!("CARGO_PKG_VERSION"))
}

/// Runs until the work is done or a signal stops it.
fn run(config: Box<Config>) -> Exit {
    let bars = progress::area(config.progress_bar);
    output::start_log(&config, bars.clone());
    config.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    // Signals and the clock are heeded on this thread, whatever holds up those that work: output that nobody reads, for example.
    let watch = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (runtime, watch) = match tokio::runtime::Runtime::new().and_then(|runtime| Ok((runtime, watch?))) {
        Ok(runtimes) => runtimes,
        Err(error) => {
            eprintln!("icloudpd: the system gives no threads or sockets: {error}");
            return Exit::Failed;
        }
    };
    {
        let _guard = watch.enter();
        signals::outlive_nudges();
    }
    let (brake, terminal) = (Brake::default(), Terminal::remember());
    // On a thread of the runtime: handing work from this one to the others would cost a wake-up for each file.
    let mut work = runtime.spawn({
        let brake = brake.clone();
        async move {
            let board = Board::new(config.accounts.iter().map(|account| account.username.as_str()));
            // It is served until this value goes.
            let _served = match web::start(&config, &board).await {
                Ok(served) => served,
                Err(error) => return commands::failed(&config, &error),
            };
            let notifier = Notifier::default();
            let shared =
                Shared { config: &config, bars: &bars, brake: &brake, board: &board, notifier: &notifier };
            tokio::select! {
                exit = commands::run(shared) => exit,
                () = service::heartbeat() => Exit::Failed,
            }
        }
    });
    let exit = watch.block_on(async {
        tokio::select! {
            ended = &mut work => ended.unwrap_or_else(panicked),
            exit = signals::next() => {
                service::stopping();
                brake.pull(exit);
                stop(&brake, work).await;
                exit
            }
        }
    });
    // A prompt may still wait for a person; it gets a moment to give the terminal back.
    runtime.shutdown_timeout(Duration::from_millis(200));
    if let Some(terminal) = terminal.filter(|_| exit >= Exit::Interrupted) {
        terminal.give_back();
    }
    exit
}

/// A run writes down what it has, unless that takes too long or the person insists. What is half done then is dropped: no file
/// bears a name that is not whole.
async fn stop(brake: &Brake, mut work: JoinHandle<Exit>) {
    if brake.is_heeded() {
        tokio::select! {
            _ = &mut work => return,
            _ = signals::next() => {}
            () = tokio::time::sleep(GRACE) => {}
        }
    }
    work.abort();
    // Dropping what is half done belongs to the work; but it may wait for somebody to read its output, and then nobody waits for it.
    let _ = tokio::time::timeout(LAST_MOMENT, work).await;
}

/// The panic was printed where it happened.
fn panicked(_: tokio::task::JoinError) -> Exit {
    Exit::Failed
}
