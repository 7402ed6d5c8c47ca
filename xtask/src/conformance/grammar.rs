//! Command lines: what the real icloudpd makes of each, and what ours does.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::verdict::{Verdict, difference};
use crate::house::{self, Profile, Programs};
use crate::real::Clients;
use crate::tally::Tally;

/// Whether a difference is a certain one, from the line, and what icloudpd and ours make of it.
type Excused = fn(&[String], &Verdict, &Verdict) -> bool;

/// Why ours differs, and how that is recognised. `docs/differences.md` says it in words; a test compares the names.
const EXCUSED: &[(&str, Excused)] = &[
    ("no-user", |_, theirs, ours| theirs.exit == 0 && ours.stdout.starts_with("No --username was given")),
    ("empty-user", |_, _, ours| ours.stdout == "argument -u/--username: must not be empty"),
    ("equals-form", |args, _, _| args.iter().any(|arg| arg.starts_with("--username="))),
    ("negative", |_, _, ours| ours.stdout.contains(": must not be negative")),
    ("keep-zero-days", |_, _, ours| {
        ours.stdout.starts_with("--keep-icloud-recent-days and --delete-after-download should not")
    }),
    ("dashes", |args, _, _| args.iter().any(|arg| arg.ends_with("=--"))),
    ("crash", |_, theirs, ours| theirs.exit == 1 && ours.exit != 1),
    ("no-secrets", |_, theirs, ours| theirs.exit == 2 && ours.stderr.contains("***")),
    ("empty-path", |_, _, ours| ours.stdout.starts_with("argument --notification-script: must not be empty")),
];

/// Compares lines that are made up, `count` of them.
pub(super) fn made_up(count: usize, seed: u64) -> Result<Tally> {
    let rows = ask(&[&count.to_string(), &seed.to_string()], "")?;
    let program = program()?;
    let (mut tally, mut excused) = (Tally::default(), 0);
    for row in &rows[1..] {
        let found = compare(row, &rows[0], &program)?;
        let wrong = found.iter().find(|found| found.why.is_none());
        if let Some(found) = wrong {
            println!("FAILED {}\n       {}", row["args"], found.what);
        }
        excused += usize::from(found.is_some() && wrong.is_none());
        tally.add(Tally::of(wrong.is_none()));
    }
    println!("{count} command lines, seed {seed}; of {excused} ours thinks otherwise on purpose");
    Ok(tally)
}

/// Asks both again about the lines of the table, and writes down what they say.
pub(super) fn write_table() -> Result<Tally> {
    let path = table();
    let old = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let rows = old.lines().map(serde_json::from_str::<Value>).collect::<Result<Vec<_>, _>>()?;
    let lines: Vec<String> =
        rows.iter().filter(|row| row["args"].is_array()).map(|row| row["args"].to_string()).collect();
    let rows = ask(&[], &lines.join("\n"))?;
    let program = program()?;
    let mut text = format!("{}\n", rows[0]);
    let mut tally = Tally::default();
    for row in &rows[1..] {
        let mut row = row.clone();
        let found = compare(&row, &rows[0], &program)?;
        tally.add(Tally::of(found.as_ref().is_none_or(|found| found.why.is_some())));
        if let Some(Found { what, why, ours }) = found {
            let Some(why) = why else {
                println!("FAILED {}\n       {what}", row["args"]);
                continue;
            };
            row["why"] = why.into();
            row["ours"] = json!({"exit": ours.exit});
            if ours.exit != 0 {
                row["ours"]["message"] = ours.message().into();
            }
        }
        text.push_str(&format!("{row}\n"));
    }
    fs::write(&path, text)?;
    Ok(tally)
}

fn table() -> PathBuf {
    house::root().join("icloudpd-cli/tests/it/grammar.jsonl")
}

/// A difference.
struct Found {
    what: String,
    /// If it is one on purpose.
    why: Option<&'static str>,
    ours: Verdict,
}

fn compare(row: &Value, usual: &Value, program: &PathBuf) -> Result<Option<Found>> {
    let args: Vec<String> = serde_json::from_value(row["args"].clone()).context("a row has no arguments")?;
    let ours = Verdict::of_ours(Command::new(program), &args).context("cannot start icloudpd")?;
    let Some(what) = difference(row, usual, &ours) else { return Ok(None) };
    let theirs = Verdict::of_row(row);
    let why = EXCUSED.iter().find(|(_, excused)| excused(&args, &theirs, &ours)).map(|(name, _)| *name);
    Ok(Some(Found { what, why, ours }))
}

fn program() -> Result<PathBuf> {
    let profile = if cfg!(debug_assertions) { Profile::Debug } else { Profile::Release };
    Ok(Programs::build(profile)?.icloudpd)
}

/// What the real one says; its defaults come first.
fn ask(arguments: &[&str], lines: &str) -> Result<Vec<Value>> {
    let mut command = Clients::install()?.grammar();
    let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().context("no way to speak to icloudpd")?;
    // It reads all lines before it answers.
    stdin.write_all(lines.as_bytes())?;
    drop(stdin);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("grammar.py ended with {}", output.status);
    }
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}
