//! `icloudpd doctor`: why does nothing work? A line for each thing that can be wrong, with what to do.
//!
//! It signs nobody in unless `--sign-in` says so, and then sends the password once: whoever is throttled or locked must not get deeper
//! into it. What it asks Apple otherwise is what a saved session may ask. Nothing is changed, here or there: the small file that a storage
//! elsewhere is given goes again.

mod account;
mod bundle;
mod folder;
mod machine;

use std::fmt;

use icloud_photos::Result;
use tracing::error;

use super::Shared;
use crate::config::{Config, Task};
use crate::exit::{Exit, message};
use crate::output::print;

/// What was looked at, and how it is.
#[derive(Debug)]
struct Finding {
    verdict: Verdict,
    about: &'static str,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    /// Worth knowing, and no fault.
    Note,
    Bad,
}

/// All findings, in the order in which one thing rests on another.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn good(&mut self, about: &'static str, text: impl fmt::Display) {
        self.add(Verdict::Good, about, text);
    }

    fn note(&mut self, about: &'static str, text: impl fmt::Display) {
        self.add(Verdict::Note, about, text);
    }

    fn bad(&mut self, about: &'static str, text: impl fmt::Display) {
        self.add(Verdict::Bad, about, text);
    }

    /// In the words that a run would end with.
    fn error(&mut self, about: &'static str, error: &icloud_photos::Error) {
        self.bad(about, message(error));
    }

    fn add(&mut self, verdict: Verdict, about: &'static str, text: impl fmt::Display) {
        self.0.push(Finding { verdict, about, text: text.to_string() });
    }

    fn are_good(&self) -> bool {
        self.0.iter().all(|finding| finding.verdict != Verdict::Bad)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Good => "ok     ",
            Verdict::Note => "note   ",
            Verdict::Bad => "PROBLEM",
        };
        write!(f, "{verdict} {}: {}", self.about, self.text.replace('\n', " "))
    }
}

pub(super) async fn run(shared: Shared<'_>) -> Exit {
    match examine(shared).await {
        Ok(exit) => exit,
        Err(error) => {
            error!("{}", message(&error));
            Exit::Failed
        }
    }
}

async fn examine(shared: Shared<'_>) -> Result<Exit> {
    let Shared { config, bars, .. } = shared;
    let mut all = Findings::default();
    machine::examine(config, &mut all).await;
    for account in &config.accounts {
        if !account.username.is_empty() {
            account::examine(config, account, &mut all).await;
        }
        if let Task::Download(download) = &account.task {
            folder::examine(account, download, &mut all).await;
        }
    }
    for finding in &all.0 {
        if print(bars, finding)?.is_break() {
            break;
        }
    }
    if let Some(file) = &config.bundle {
        bundle::write(config, &all, file)?;
        let _ =
            print(bars, format_args!("\nWritten to {}: safe to post, but do read it first", file.display()))?;
    }
    Ok(if all.are_good() { Exit::Success } else { Exit::Failed })
}

/// What a finding says of a section whose user was not named.
fn nobody(config: &Config) -> bool {
    config.accounts.iter().all(|account| account.username.is_empty())
}
