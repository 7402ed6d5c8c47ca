//! What both programs say to a person, and what they make of the answers: typed into a pipe, or at a terminal.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::Found;
use super::runs::{SESSION, World, ours};
use super::scene::Scene;
use crate::fake::{Fake, PASSWORD, USERNAME};
use crate::process::{self, Ended, Person};

pub(super) const CODE: &str = "012345";

/// One of them: a row of the report.
#[derive(Debug, Clone)]
pub(super) struct Dialogue {
    pub(super) name: &'static str,
    /// `icloud` and not `icloudpd`.
    is_icloud: bool,
    /// The state of the fake's account, and what is special about it, as JSON.
    account: (&'static str, String),
    options: Vec<&'static str>,
    /// Lines; at a terminal each is typed when something is asked.
    typed: &'static str,
    at_terminal: bool,
    differs: Vec<(&'static str, &'static str)>,
}

impl Dialogue {
    pub(super) fn exceptions(&self) -> BTreeSet<&'static str> {
        self.differs.iter().map(|(exception, _)| *exception).collect()
    }

    pub(super) fn run(&self, world: &World) -> Result<Found> {
        let slug: String = self.name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        let folder = world.folder.join("dialogues").join(slug);
        let theirs = self.one(world, &folder.join("theirs"), false).context("the real one")?;
        let ours = self.one(world, &folder.join("ours"), true).context("ours")?;
        let mut judge = Scene::new(self.name, Vec::new, &[]);
        for (exception, line) in &self.differs {
            judge = judge.differs(exception, &[*line]);
        }
        let (wrong, allowed) = judge.judge(self.compare(&theirs, &ours));
        if wrong.is_empty() {
            fs::remove_dir_all(&folder)?;
        }
        Ok(Found { wrong, allowed, compared: format!("{} lines", theirs.stdout.lines().count()) })
    }

    fn one(&self, world: &World, folder: &Path, is_ours: bool) -> Result<Ended> {
        fs::create_dir_all(folder)?;
        let (state, account) = &self.account;
        let fake = Fake::start_with(
            &world.programs,
            &["--state", state, "--account", account, "--code", CODE, "--assets", "3", "--seed", "20"],
        )?;
        let mut command = match (is_ours, self.is_icloud) {
            (true, false) => ours(&world.programs, &fake.url),
            (true, true) => {
                let mut icloud = Command::new(world.programs.icloudpd.with_file_name("icloud"));
                let template = ours(&world.programs, &fake.url);
                icloud.envs(template.get_envs().filter_map(|(name, value)| Some((name, value?))));
                icloud.env("ICLOUDPD_COOKIE_DIRECTORY", folder.join(SESSION));
                icloud
            }
            (false, false) => world.clients.icloudpd(&fake.url),
            (false, true) => world.clients.icloud(&fake.url),
        };
        if !self.is_icloud {
            command.args(["--username", USERNAME, "--auth-only", "--no-progress-bar"]);
            command.args(["--cookie-directory", SESSION]);
        }
        command.args(&self.options).env("HOME", folder).env("TMPDIR", folder).env("TZ", "UTC");
        // Nothing of this machine, and argparse's lines as wide as ever.
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent").env("COLUMNS", "80");
        let (mut command, person) = match self.at_terminal {
            true => {
                (world.clients.at_terminal(&self.typed.lines().collect::<Vec<_>>(), &command), Person::Nobody)
            }
            false => (detached(&command), Person::Typing(self.typed)),
        };
        command.current_dir(folder);
        process::run(command, folder, person)
    }

    fn compare(&self, theirs: &Ended, ours: &Ended) -> Vec<String> {
        let mut differences = Vec::new();
        if theirs.code != ours.code {
            differences.push(format!("exit code {} there, {} in ours", theirs.code, ours.code));
        }
        let join =
            |text: &str| if self.at_terminal { text.to_owned() } else { without_ends_of_prompts(text) };
        differences.extend(alone("out", &said(&theirs.stdout), &said(&join(&ours.stdout))));
        // Prompts for a password end their line there too.
        differences.extend(alone("err", &said(&join(&theirs.stderr)), &said(&join(&ours.stderr))));
        differences
    }
}

/// The same program without a terminal: no prompt reaches past standard input.
fn detached(command: &Command) -> Command {
    let mut detached = Command::new("setsid");
    detached.arg("--wait").arg(command.get_program()).args(command.get_args());
    detached.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    detached
}

/// Ours ends the line of a prompt that is answered through a pipe (P1).
fn without_ends_of_prompts(text: &str) -> String {
    [": ", "--> ", "[y/N] "].iter().fold(text.to_owned(), |text, end| text.replace(&format!("{end}\n"), end))
}

/// What was said, line by line: without moments, exchanges with Apple, stack traces but for their last line, and what is
/// said at debug level but for what people search for.
fn said(text: &str) -> Vec<String> {
    const SEARCHED: [&str; 2] = ["Authenticating...", "2FA push notification triggered"];
    // getpass's words about a terminal that is none.
    const ABOUT_ECHO: [&str; 3] = ["GetPassWarning", "fallback_getpass(", "Warning: Password input may"];
    let mut lines = Vec::new();
    let (mut in_dump, mut in_trace, mut seen_trace) = (false, false, false);
    let text = without_moments(text);
    for line in text.lines() {
        let begins_trace = line.find("Traceback (most recent call last)");
        if in_dump || line.ends_with("DEBUG    {") {
            in_dump = line != "}";
        } else if let Some(at) = begins_trace {
            (in_trace, seen_trace) = (true, true);
            lines.extend(Some(line[..at].to_owned()).filter(|before| !before.is_empty()));
        } else if seen_trace && is_between_traces(line) || in_trace && line.starts_with(' ') {
            // Nothing is said.
        } else if in_trace {
            in_trace = false;
            lines.retain(|line: &String| !line.starts_with("trace: "));
            lines.push(format!("trace: {line}"));
        } else if let Some(told) = line.strip_prefix("DEBUG    ") {
            lines.extend(SEARCHED.contains(&told).then(|| line.to_owned()));
        } else if !ABOUT_ECHO.iter().any(|word| line.contains(word)) {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// Of several traces in a row the last says what ended it.
fn is_between_traces(line: &str) -> bool {
    line.is_empty()
        || line.starts_with("During handling of the above")
        || line.starts_with("The above exception was")
}

/// A log line after a prompt that nobody ended stands on the line of the prompt.
fn without_moments(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("20") {
        let moment = rest.get(at..at + 20).filter(|moment| {
            moment.bytes().zip("dddd-dd-dd dd:dd:dd ".bytes()).all(|(byte, wanted)| match wanted {
                b'd' => byte.is_ascii_digit(),
                other => byte == other,
            })
        });
        plain.push_str(&rest[..at]);
        let taken = moment.map_or("20", |moment| {
            if !plain.is_empty() && !plain.ends_with('\n') {
                plain.push('\n');
            }
            moment
        });
        if moment.is_none() {
            plain.push_str(taken);
        }
        rest = &rest[at + taken.len()..];
    }
    plain.push_str(rest);
    plain
}

/// The lines between what both begin with and what both end with.
fn alone(stream: &str, theirs: &[String], ours: &[String]) -> Vec<String> {
    let same = |(one, other): &(&String, &String)| one == other;
    let begin = theirs.iter().zip(ours).take_while(same).count();
    let (theirs, ours) = (&theirs[begin..], &ours[begin..]);
    let end = theirs.iter().rev().zip(ours.iter().rev()).take_while(same).count();
    let there = theirs[..theirs.len() - end].iter().map(|line| format!("{stream}, there alone: {line}"));
    there
        .chain(ours[..ours.len() - end].iter().map(|line| format!("{stream}, in ours alone: {line}")))
        .collect()
}

include!("dialogues_table.rs");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_compared_without_moments_dumps_and_traces() {
        let theirs = "2026-01-02 03:04:05 INFO     a\nCode: 2026-01-02 03:04:05 ERROR    2026 it\n\
            2026-01-02 03:04:05 DEBUG    {\n  \"x\": 1\n}\nPrompt: Traceback (most recent call last):\n  File\n    ^^\nEOFError: end\n";
        assert_eq!(
            said(theirs),
            ["INFO     a", "Code: ", "ERROR    2026 it", "Prompt: ", "trace: EOFError: end"]
        );
        assert_eq!(said("DEBUG    own words\nDEBUG    Authenticating...\n"), ["DEBUG    Authenticating..."]);
        assert_eq!(without_ends_of_prompts("Code: \nx: y\n"), "Code: x: y\n");
    }

    #[test]
    fn lines_that_differ_are_named_with_their_stream() {
        let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            alone("out", &lines("a b d"), &lines("a c c d")),
            ["out, there alone: b", "out, in ours alone: c", "out, in ours alone: c"]
        );
        assert!(alone("out", &lines("a a"), &lines("a a")).is_empty());
        assert_eq!(alone("out", &lines("a b"), &lines("b a")).len(), 4, "order counts");
    }
}
