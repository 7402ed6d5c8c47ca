//! Telling people and programs what happened: by script, by mail, by webhook.
//!
//! Each way is for itself and has half a minute; what goes wrong with one is logged, and changes neither the run nor the other
//! ways. Nothing that is sent holds a secret. A trouble is told once, not each round, until it is over; that a session will end, once a day
//! ([`diary`]).

mod diary;
mod event;
mod mail;
mod script;
mod webhook;
mod wire;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use icloud_photos::ErrorKind;
use icloud_photos::sync::SyncReport;
use tokio::task::JoinSet;
use tracing::{debug, error, info};

use self::diary::{Diary, Note};
pub(crate) use self::event::Event;
use self::event::Message;
use crate::args::NotifyOn;
use crate::config::{Account, Config};
use crate::exit::Exit;

/// How long a way may take.
const LIMIT: Duration = Duration::from_secs(30);

const DAY: u64 = 24 * 60 * 60;

/// Sends what is to be told, without holding up whoever has something to tell.
#[derive(Debug, Default)]
pub(crate) struct Notifier {
    /// What a section's people know already.
    told: Mutex<HashMap<usize, Told>>,
    under_way: Mutex<JoinSet<()>>,
    /// What processes before this one told, by the folder of their sessions.
    before: Mutex<HashMap<PathBuf, Diary>>,
}

#[derive(Debug, Default)]
struct Told {
    need: Option<ErrorKind>,
    failure: Option<(Exit, Option<ErrorKind>)>,
    session_end: Option<String>,
}

impl Notifier {
    /// Somebody has to do something before this account can go on. `what` says it in a sentence.
    pub(crate) fn needs_person(&self, config: &Config, number: usize, need: ErrorKind, what: &str) {
        if self.told(|told| told.entry(number).or_default().need.replace(need)) != Some(need) {
            self.send(config, number, &Event::NeedsPerson { need, what }, None);
        }
    }

    /// Apple trusts this machine until then, as far as is known.
    pub(crate) fn trusted_until(&self, config: &Config, number: usize, end: SystemTime) {
        let Some(account) = config.accounts.get(number) else { return };
        let left = end.duration_since(SystemTime::now()).unwrap_or_default();
        let days = left.as_secs() / DAY;
        if left > Duration::from_secs(account.notifying.days_before.saturating_mul(DAY)) {
            return;
        }
        // A renewal moves the end by hours, which is no news.
        let day = diary::today();
        let before = self.told(|told| told.entry(number).or_default().session_end.replace(day.clone()));
        if before.as_ref() == Some(&day) {
            return;
        }
        let event = Event::SessionEnds { end, days };
        info!("{}", Message::new(&account.username, &event).text);
        if !self.was_told_before(account, &day) {
            let (folder, username) = (account.sessions.clone(), account.username.clone());
            self.send(config, number, &event, Some(Note { folder, username, day }));
        }
    }

    /// Two sections of one account have people of their own, so what this process tells does not count.
    fn was_told_before(&self, account: &Account, day: &str) -> bool {
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        let diary = before.entry(account.sessions.clone()).or_insert_with_key(|folder| Diary::read(folder));
        diary.says(&account.username, day)
    }

    /// A run came to its end.
    pub(crate) fn run_done(&self, config: &Config, number: usize, exit: Exit, report: Option<&SyncReport>) {
        let before = self.told(|told| {
            let told = told.entry(number).or_default();
            told.need = None;
            std::mem::replace(&mut told.failure, (exit != Exit::Success).then_some((exit, None)))
        });
        if exit == Exit::Success {
            self.send(config, number, &Event::RunDone { report }, None);
        } else if before != Some((exit, None)) {
            self.send(config, number, &Event::RunFailed { exit, why: None, report }, None);
        }
    }

    /// A run failed, and not for want of a person.
    pub(crate) fn run_failed(&self, config: &Config, number: usize, kind: ErrorKind, why: &str) {
        let failure = (Exit::Failed, Some(kind));
        if self.told(|told| told.entry(number).or_default().failure.replace(failure)) != Some(failure) {
            let event = Event::RunFailed { exit: Exit::Failed, why: Some(why), report: None };
            self.send(config, number, &event, None);
        }
    }

    /// Waits for what is under way; each has its limit.
    pub(crate) async fn finish(&self) {
        let under_way = std::mem::take(&mut *self.under_way());
        under_way.join_all().await;
    }

    /// The `note` is written down once it has reached somebody.
    fn send(&self, config: &Config, number: usize, event: &Event<'_>, note: Option<Note>) {
        let Some(account) = config.accounts.get(number) else { return };
        if !account.notifying.on.contains(&event.sort()) {
            return;
        }
        let message = Arc::new(Message::new(&account.username, event));
        let mut under_way = self.under_way();
        // Those that are done need no place any more.
        while under_way.try_join_next().is_some() {}
        start(&mut under_way, account, &message, note.as_ref(), config.keeps_stdout());
    }

    fn told<T>(&self, look: impl FnOnce(&mut HashMap<usize, Told>) -> T) -> T {
        look(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn under_way(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn start(
    under_way: &mut JoinSet<()>,
    account: &Account,
    message: &Arc<Message>,
    note: Option<&Note>,
    keeps_stdout: bool,
) {
    let ways = &account.notifying;
    if let Some(path) = ways.script.clone() {
        debug!("Executing notification script...");
        let (work, message) = (message.clone(), message.clone());
        let work = async move { script::run(&path, &work, keeps_stdout).await };
        under_way.spawn(timed("script", message, note.cloned(), work));
    }
    if let Some(mail) = ways.mail.clone() {
        info!("Sending '{}' notification via email...", message.short);
        let (work, message) = (message.clone(), message.clone());
        under_way.spawn(timed("mail", message, note.cloned(), async move { mail::send(&mail, &work).await }));
    }
    if let Some(url) = ways.webhook.clone() {
        debug!("Calling the notification webhook...");
        let (work, message) = (message.clone(), message.clone());
        under_way.spawn(timed(
            "webhook",
            message,
            note.cloned(),
            async move { webhook::post(&url, &work).await },
        ));
    }
}

/// Errors are texts without secrets.
async fn timed(
    way: &str,
    message: Arc<Message>,
    note: Option<Note>,
    work: impl Future<Output = Result<(), String>>,
) {
    let outcome = tokio::time::timeout(LIMIT, work).await;
    let reason = match outcome {
        Ok(Ok(())) => {
            if let Some(note) = note {
                // Whether that worked does not matter to anybody who waits.
                let _ = tokio::task::spawn_blocking(move || note.write()).await;
            }
            return;
        }
        Ok(Err(reason)) => reason,
        Err(_) => format!("it took longer than {} seconds", LIMIT.as_secs()),
    };
    // icloudpd's words for its one event.
    let what = match message.sort {
        NotifyOn::NeedsPerson => "the required MFA".to_owned(),
        _ => message.name.to_owned(),
    };
    error!("Notification of {what} failed ({way}): {reason}");
}
