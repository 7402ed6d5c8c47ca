//! What icloudpd makes of a command line, and whether ours makes the same of it. `cargo xtask conformance --lines` uses this file too.

use std::process::Command;

use serde_json::{Map, Value};

/// What a program made of a line: a row of `grammar.jsonl`, or what ours said.
pub(crate) struct Verdict {
    pub(crate) exit: i64,
    /// First line of standard output.
    pub(crate) stdout: String,
    /// Last line of standard error.
    pub(crate) stderr: String,
}

impl Verdict {
    pub(crate) fn of_row(row: &Value) -> Self {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        Self { exit: row["exit"].as_i64().unwrap_or(-1), stdout: text("stdout"), stderr: text("stderr") }
    }

    /// Asks ours, without the environment of whoever asks.
    pub(crate) fn of_ours(mut icloudpd: Command, args: &[String]) -> std::io::Result<Self> {
        icloudpd.env_clear().env("HOME", "/nonexistent").env("TZ", "UTC");
        if !args.is_empty() {
            icloudpd.args(["config", "--json"]);
        }
        let output = icloudpd.args(args).output()?;
        let line = |line: Option<&str>| line.unwrap_or_default().to_owned();
        Ok(Self {
            exit: output.status.code().unwrap_or(-1).into(),
            stdout: line(String::from_utf8_lossy(&output.stdout).lines().next()),
            stderr: line(String::from_utf8_lossy(&output.stderr).lines().next_back()),
        })
    }

    /// The last word of a line that is refused.
    pub(crate) fn message(&self) -> &str {
        if self.stdout.is_empty() { &self.stderr } else { &self.stdout }
    }
}

/// What differs, in words; nothing if all is the same. `usual` are icloudpd's defaults.
pub(crate) fn difference(row: &Value, usual: &Value, ours: &Verdict) -> Option<String> {
    let theirs = Verdict::of_row(row);
    if theirs.exit != ours.exit {
        return Some(format!("ends with {}, ours with {}: {}", theirs.exit, ours.exit, ours.message()));
    }
    if theirs.exit != 0 {
        let same = (&theirs.stdout, &theirs.stderr) == (&ours.stdout, &ours.stderr);
        return (!same).then(|| format!("says {:?}, ours {:?}", theirs.message(), ours.message()));
    }
    match (row["users"].as_array(), serde_json::from_str::<Value>(&ours.stdout)) {
        (Some(users), Ok(listed)) => {
            let whole = of_table(&row["global"], &usual["global"], &listed["global"]);
            let listed: Vec<&Value> = listed["users"].as_array().into_iter().flatten().collect();
            if users.len() != listed.len() {
                return Some(format!("serves {} users, ours {}", users.len(), listed.len()));
            }
            whole.or_else(|| {
                users.iter().zip(listed).find_map(|(user, listed)| of_table(user, &usual["user"], listed))
            })
        }
        (None, Err(_)) => {
            let version = |verdict: &Verdict| verdict.stdout.starts_with("version:");
            (version(&theirs) != version(ours))
                .then(|| format!("prints {:?}, ours {:?}", theirs.stdout, ours.stdout))
        }
        _ => Some("one would run, the other prints a page".to_owned()),
    }
}

/// Whether all of icloudpd's options would have the values that icloudpd gives them.
fn of_table(row: &Value, usual: &Value, ours: &Value) -> Option<String> {
    let none = Map::new();
    let usual = usual.as_object().unwrap_or(&none);
    usual.iter().filter(|(name, _)| !matches!(name.as_str(), "help" | "version")).find_map(|(name, usual)| {
        let theirs = row.get(name).unwrap_or(usual);
        let ours = &ours[name]["value"];
        let same = match name.as_str() {
            "password" | "smtp-password" | "skip-created-before" | "skip-created-after" => {
                theirs.as_bool().unwrap_or_default() != ours.is_null()
            }
            // Ours uses it: another default.
            "threads-num" if theirs == usual => ours == 8 || ours == theirs,
            // Python's numbers have no end.
            _ if theirs.is_number() && theirs.as_i64().is_none() => ours == i64::MAX,
            _ => theirs == ours,
        };
        (!same).then(|| format!("{name} is {theirs}, ours {ours}"))
    })
}
