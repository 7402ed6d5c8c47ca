//! What can be told, and how it reads.

use std::time::SystemTime;

use icloud_photos::ErrorKind;
use icloud_photos::sync::SyncReport;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};

use crate::args::NotifyOn;
use crate::exit::Exit;
use crate::report::{counts, kind_name};

/// The version of what script and webhook are given. Members may be added to it; a change of meaning makes it another.
const VERSION: u32 = 1;

/// Something that happened to an account.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    /// icloudpd's own: nothing goes on before a person did something.
    NeedsPerson { need: ErrorKind, what: &'a str },
    /// Apple asks for a code soon.
    SessionEnds { end: SystemTime, days: u64 },
    /// All is well.
    RunDone { report: Option<&'a SyncReport> },
    /// It is not. `why` is `None` if single files failed.
    RunFailed { exit: Exit, why: Option<&'a str>, report: Option<&'a SyncReport> },
}

impl Event<'_> {
    /// Which of the kinds that people choose from.
    pub(super) fn sort(&self) -> NotifyOn {
        match self {
            Self::NeedsPerson { .. } => NotifyOn::NeedsPerson,
            Self::SessionEnds { .. } => NotifyOn::SessionEnds,
            Self::RunDone { .. } => NotifyOn::RunDone,
            Self::RunFailed { .. } => NotifyOn::RunFailed,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::NeedsPerson { .. } => "needs-person",
            Self::SessionEnds { .. } => "session-ends",
            Self::RunDone { .. } => "run-done",
            Self::RunFailed { .. } => "run-failed",
        }
    }
}

/// An event in words.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) sort: NotifyOn,
    pub(super) name: &'static str,
    /// For the log; icloudpd's word for its one event.
    pub(super) short: &'static str,
    pub(super) username: String,
    pub(super) subject: String,
    /// One or two sentences.
    pub(super) text: String,
    pub(super) details: Map<String, Value>,
}

impl Message {
    pub(super) fn new(username: &str, event: &Event<'_>) -> Self {
        let (headline, text) = words(username, event);
        Self {
            sort: event.sort(),
            name: event.name(),
            short: if is_code(event) { "two-step expired" } else { event.name() },
            username: username.to_owned(),
            subject: format!("icloud_photos_downloader: {headline}"),
            text,
            details: details(event),
        }
    }

    /// For a webhook. `text` is what chat services show.
    pub(super) fn json(&self) -> Value {
        json!({
            "version": VERSION,
            "event": self.name,
            "username": self.username,
            "subject": self.subject,
            "text": self.text,
            "details": self.details,
        })
    }

    /// For a script: names and values of environment variables. No option has a twin of such a name.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let named = [
            ("", self.name),
            ("_USERNAME", &self.username),
            ("_SUBJECT", &self.subject),
            ("_TEXT", &self.text),
        ];
        let named = named.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let details = self.details.iter().map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (format!("_{}", name.to_uppercase()), value)
        });
        // No variable can hold a zero byte.
        named
            .chain(details)
            .map(|(name, value)| (format!("ICLOUDPD_EVENT{name}"), value.replace('\0', "")))
            .collect()
    }
}

fn is_code(event: &Event<'_>) -> bool {
    matches!(event, Event::NeedsPerson { need: ErrorKind::CodeRequired, .. })
}

fn words(username: &str, event: &Event<'_>) -> (String, String) {
    match event {
        // People have rules for icloudpd's subject.
        Event::NeedsPerson { need: ErrorKind::CodeRequired, .. } => (
            "Two step authentication has expired".to_owned(),
            format!(
                "The two-step authentication of {username} has expired for icloud_photos_downloader.\n\
                 Please run it by hand on your server, with --auth-only, and enter the code that Apple sends."
            ),
        ),
        Event::NeedsPerson { what, .. } => {
            ("Somebody has to do something".to_owned(), format!("{username} cannot go on: {what}"))
        }
        Event::SessionEnds { end, days } => (
            format!("Two step authentication expires in {days} days"),
            format!(
                "Apple trusts this machine with {username} until {}: {days} days. After that a code is needed; \
                 --auth-only asks for one",
                local_day(*end)
            ),
        ),
        Event::RunDone { report } => (
            "All photos and videos have been downloaded".to_owned(),
            format!("A run for {username} is done{}", counted(*report)),
        ),
        Event::RunFailed { why: Some(why), .. } => {
            ("The run failed".to_owned(), format!("A run for {username} failed: {why}"))
        }
        Event::RunFailed { why: None, report, .. } => (
            "Some photos or videos failed".to_owned(),
            format!("A run for {username} came to its end, but not all is well{}", counted(*report)),
        ),
    }
}

fn counted(report: Option<&SyncReport>) -> String {
    report.map(|report| format!(": {report}")).unwrap_or_default()
}

fn details(event: &Event<'_>) -> Map<String, Value> {
    let details = match event {
        Event::NeedsPerson { need, what } => json!({"need": kind_name(*need), "what": what}),
        Event::SessionEnds { end, days } => json!({"days": days, "end": utc(*end)}),
        Event::RunDone { report } => json!({"exit": Exit::Success.code(), "counts": report.map(counts)}),
        Event::RunFailed { exit, why, report } => {
            json!({"exit": exit.code(), "why": why, "counts": report.map(counts)})
        }
    };
    match details {
        Value::Object(details) => details.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => Map::new(),
    }
}

fn utc(time: SystemTime) -> String {
    Timestamp::try_from(time).map(|time| time.to_string()).unwrap_or_default()
}

fn local_day(time: SystemTime) -> String {
    let time = Timestamp::try_from(time).map(|time| time.to_zoned(TimeZone::system()));
    time.map(|time| time.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_needed_code_has_icloudpds_subject_and_names_the_user() {
        let event = Event::NeedsPerson { need: ErrorKind::CodeRequired, what: "a code" };
        let message = Message::new("jdoe@example.com", &event);
        assert_eq!(message.subject, "icloud_photos_downloader: Two step authentication has expired");
        assert!(message.text.contains("jdoe@example.com") && message.text.lines().count() == 2);
        assert_eq!(message.short, "two-step expired");
        assert_eq!(message.json()["details"]["need"], "code-required");
    }

    #[test]
    fn a_script_learns_all_of_it_from_its_environment() {
        let mut report = SyncReport::default();
        report.downloaded = 3;
        let event = Event::RunFailed { exit: Exit::Incomplete, why: None, report: Some(&report) };
        let environment = Message::new("a\0b", &event).environment();
        let get =
            |name: &str| environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        assert_eq!(get("ICLOUDPD_EVENT"), Some("run-failed"));
        assert_eq!(get("ICLOUDPD_EVENT_USERNAME"), Some("ab"));
        assert_eq!(get("ICLOUDPD_EVENT_EXIT"), Some("3"));
        assert!(get("ICLOUDPD_EVENT_COUNTS").unwrap().contains("\"downloaded\":3"));
        assert_eq!(get("ICLOUDPD_EVENT_WHY"), None);
    }
}
