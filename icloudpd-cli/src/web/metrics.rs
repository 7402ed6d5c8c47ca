//! What monitoring wants to know. No secret and no name of a photo is among it; the names of the accounts are.

use std::fmt::{self, Write as _};
use std::time::SystemTime;

use serde_json::json;

use crate::board::{AccountState, Board, Counted, Phase, State};
use crate::exit::Exit;

/// How an account, or all of them, is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Health {
    Alive,
    /// The last run failed.
    Failing,
    /// Nothing goes on before somebody answers.
    Waiting,
}

impl Health {
    fn of(account: &AccountState) -> Self {
        let failed = account.last_run.as_ref().is_some_and(|run| run.exit >= Exit::Failed);
        match (account.waits_for_person(), failed) {
            (true, _) => Self::Waiting,
            (false, true) => Self::Failing,
            (false, false) => Self::Alive,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Failing => "failing",
            Self::Waiting => "waiting for a person",
        }
    }
}

/// Whether all is well, and the JSON that says how it is: `status` of all, and of each section in its order.
pub(super) fn health(state: &State) -> (bool, String) {
    let each: Vec<Health> = state.accounts.iter().map(Health::of).collect();
    let worst = each.iter().copied().max().unwrap_or(Health::Alive);
    let names: Vec<_> = each.iter().map(|health| health.name()).collect();
    let text = json!({ "status": worst.name(), "sections": names }).to_string();
    (worst == Health::Alive, text + "\n")
}

/// The Prometheus text.
pub(super) fn metrics(board: &Board) -> String {
    let (state, counted) = board.look();
    let mut text = Text::default();
    text.family("icloudpd_info", "gauge", "The program that is running.");
    text.line("icloudpd_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    let sections: Vec<Section<'_>> = state
        .accounts
        .iter()
        .zip(counted)
        .enumerate()
        .map(|(number, (account, counted))| Section { number: (number + 1).to_string(), account, counted })
        .collect();
    runs(&mut text, &sections);
    for (name, kind, help, value) in FAMILIES {
        text.family(name, kind, help);
        for section in &sections {
            if let Some(value) = value(section) {
                text.line(name, &section.labels(), value);
            }
        }
    }
    if let Some(next) = state.next_round {
        text.family("icloudpd_next_run_timestamp_seconds", "gauge", "When the next round begins.");
        text.line("icloudpd_next_run_timestamp_seconds", &[], seconds(next));
    }
    text.0
}

struct Section<'a> {
    number: String,
    account: &'a AccountState,
    counted: Counted,
}

impl Section<'_> {
    /// An account may have several sections.
    fn labels(&self) -> [(&'static str, &str); 2] {
        [("account", &self.account.username), ("section", &self.number)]
    }
}

type Family = (&'static str, &'static str, &'static str, fn(&Section<'_>) -> Option<u64>);

const FAMILIES: [Family; 12] = [
    (
        "icloudpd_downloaded_files_total",
        "counter",
        "Files that were fetched, by runs under way too.",
        |section| Some(section.account.totals.files + section.counted.files),
    ),
    ("icloudpd_downloaded_bytes_total", "counter", "Their bytes.", |section| {
        Some(section.account.totals.bytes + section.counted.bytes)
    }),
    (
        "icloudpd_failures_total",
        "counter",
        "Files or photos that failed; one that fails in each run counts each time.",
        |section| Some(section.account.totals.failures),
    ),
    (
        "icloudpd_last_success_timestamp_seconds",
        "gauge",
        "When the last run ended that left nothing to be done; 0 if there was none.",
        |section| Some(section.account.totals.last_success.map_or(0, seconds)),
    ),
    (
        "icloudpd_last_run_timestamp_seconds",
        "gauge",
        "When the last run ended; 0 if there was none.",
        |section| Some(section.account.last_run.as_ref().map_or(0, |run| seconds(run.ended))),
    ),
    ("icloudpd_last_run_duration_seconds", "gauge", "How long the last run took.", |section| {
        let run = section.account.last_run.as_ref()?;
        Some(run.ended.duration_since(run.began).unwrap_or_default().as_secs())
    }),
    ("icloudpd_last_run_exit_code", "gauge", "What the program would have ended with.", |section| {
        Some(section.account.last_run.as_ref()?.exit.code().into())
    }),
    (
        "icloudpd_waiting_for_person",
        "gauge",
        "1 while nothing goes on before a person did something.",
        |section| Some(u64::from(section.account.waits_for_person())),
    ),
    ("icloudpd_running", "gauge", "1 while the account is being served.", |section| {
        Some(u64::from(section.account.phase != Phase::Idle))
    }),
    ("icloudpd_run_photos", "gauge", "Photos that the run under way has dealt with.", |section| {
        Some(section.counted.photos)
    }),
    ("icloudpd_run_photos_expected", "gauge", "Photos that the run under way will look at.", |section| {
        Some(section.counted.expected)
    }),
    (
        "icloudpd_session_end_timestamp_seconds",
        "gauge",
        "When Apple will want a person, if known.",
        |section| section.account.session_ends.map(seconds),
    ),
];

fn runs(text: &mut Text, sections: &[Section<'_>]) {
    text.family("icloudpd_runs_total", "counter", "Runs that ended, by how they ended.");
    for section in sections {
        let totals = &section.account.totals;
        let [account, number] = section.labels();
        for (result, count) in
            [("success", totals.succeeded), ("incomplete", totals.incomplete), ("failed", totals.failed)]
        {
            text.line("icloudpd_runs_total", &[account, number, ("result", result)], count);
        }
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Writing to a text never fails.
#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: u64) {
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", Label(value))).collect();
        let braces = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{braces} {value}");
    }
}

/// The value of a label, as the format wants it.
struct Label<'a>(&'a str);

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|letter| match letter {
            '\\' => f.write_str("\\\\"),
            '"' => f.write_str("\\\""),
            '\n' => f.write_str("\\n"),
            other => f.write_char(other),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;
    use std::time::Duration;

    use super::*;
    use crate::board::LastRun;

    fn ended(exit: Exit) -> LastRun {
        let began = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        LastRun {
            began,
            ended: began + Duration::from_secs(5),
            exit,
            report: None,
            error: None,
            needs_person: false,
        }
    }

    #[test]
    fn an_account_that_is_left_alone_waits_for_a_person() {
        let board = Board::new(["a"].into_iter());
        board.seat(0).ended(LastRun { needs_person: true, ..ended(Exit::Failed) });
        let (well, text) = health(&board.watch().borrow());
        assert!(!well && text.contains("waiting for a person"), "{text}");
    }

    #[test]
    fn what_a_run_under_way_fetched_is_counted_once() {
        let board = Board::new(["a\"b"].into_iter());
        let seat = board.seat(0);
        let files = || {
            let text = metrics(&board);
            let line = text
                .lines()
                .find(|line| line.starts_with("icloudpd_downloaded_files_total{"))
                .unwrap()
                .to_owned();
            assert!(line.contains(r#"{account="a\"b",section="1"}"#), "{line}");
            line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
        };
        seat.phase(Phase::SigningIn);
        seat.counters().files.fetch_add(3, Relaxed);
        assert_eq!(files(), 3);
        seat.ended(ended(Exit::Success));
        assert_eq!(files(), 3);
        seat.phase(Phase::SigningIn);
        seat.counters().files.fetch_add(2, Relaxed);
        assert_eq!(files(), 5);
        let text = metrics(&board);
        for line in [
            r#"icloudpd_runs_total{account="a\"b",section="1",result="success"} 1"#,
            r#"icloudpd_last_success_timestamp_seconds{account="a\"b",section="1"} 1005"#,
            r#"icloudpd_last_run_duration_seconds{account="a\"b",section="1"} 5"#,
            r#"icloudpd_running{account="a\"b",section="1"} 1"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn every_line_is_of_a_family_that_was_announced_and_none_comes_twice() {
        let board = Board::new(["a", "a"].into_iter());
        let text = metrics(&board);
        let mut seen = std::collections::HashSet::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<u64>().is_ok() && seen.insert(series), "{line}");
            let name = series.split('{').next().unwrap();
            assert!(text.contains(&format!("# TYPE {name} ")), "{line}");
        }
    }

    #[tokio::test]
    async fn health_says_what_is_wrong_and_for_which_section() {
        let board = Board::new(["a", "b"].into_iter());
        let said = || health(&board.look().0);
        assert_eq!(said(), (true, "{\"sections\":[\"alive\",\"alive\"],\"status\":\"alive\"}\n".to_owned()));
        // Some files failed: the next run tries them again, and the program is well.
        board.seat(0).ended(ended(Exit::Incomplete));
        assert!(said().0);
        board.seat(0).ended(ended(Exit::Failed));
        assert_eq!(
            said(),
            (false, "{\"sections\":[\"failing\",\"alive\"],\"status\":\"failing\"}\n".to_owned())
        );
        let seat = board.seat(1);
        let asking = tokio::spawn(async move { seat.ask(crate::board::About::Password).await });
        tokio::task::yield_now().await;
        assert!(said().1.contains("\"status\":\"waiting for a person\""));
        asking.abort();
    }
}
