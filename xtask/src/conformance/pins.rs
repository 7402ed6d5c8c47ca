//! What the exceptions allow, line by line: `conformance/exceptions.txt`. An exception names a kind of difference and its reason; the
//! file names each such difference of each row, so that no other one can hide behind it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::house;

const HEAD: &str = "# Each difference that an exception allows, below the row that shows it. Written by `cargo xtask conformance\n\
    # --write-exceptions`, read by a person before it is committed, and held to by every run.\n";

/// A difference, and the exception that allows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Allowed {
    exception: String,
    line: String,
}

impl Allowed {
    /// Of an exit code the number counts, not what was said before; where the library is of the last days their dates are blanked.
    pub(super) fn new(exception: &str, difference: &str, moving: bool) -> Self {
        let line = match difference.split_once(" in ours: ") {
            Some((codes, _)) if difference.starts_with("exit code ") => format!("{codes} in ours"),
            _ => difference.replace('\n', "\\n"),
        };
        let line = if moving { without_digits_of_days(&line) } else { line };
        let line = if moving || line.contains(".part (") { without_time(&line) } else { line };
        Self { exception: exception.to_owned(), line }
    }
}

/// The end of a line about a file, without its time: what a program leaves unfinished bears the time of the run.
fn without_time(line: &str) -> String {
    let cut = line.split_once(", modified ").map(|(before, _)| format!("{before}, modified lately)"));
    cut.unwrap_or_else(|| line.to_owned())
}

/// `2026/11/27/a.JPG` as `Y/M/D/a.JPG`.
fn without_digits_of_days(line: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in line.split('/') {
        let start = word.rfind(' ').map_or(0, |space| space + 1);
        let (said, last) = word.split_at(start);
        let is = |length: usize, start: &str| {
            last.len() == length && last.bytes().all(|byte| byte.is_ascii_digit()) && last.starts_with(start)
        };
        let named = match words.last().map(String::as_str) {
            Some(before) if before.ends_with('Y') && is(2, "") => "M",
            Some("M") if is(2, "") => "D",
            _ if is(4, "20") => "Y",
            _ => last,
        };
        words.push(format!("{said}{named}"));
    }
    words.join("/")
}

fn path() -> PathBuf {
    house::script("exceptions.txt")
}

/// All that the rows may differ in.
#[derive(Debug, Default)]
pub(super) struct Pins(BTreeMap<String, Vec<Allowed>>);

impl Pins {
    pub(super) fn read() -> Result<Self> {
        let text = fs::read_to_string(path()).context("cannot read conformance/exceptions.txt")?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self> {
        let mut pins = Self::default();
        let mut row = None;
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")) {
            if let Some(name) = line.strip_prefix("## ") {
                row = Some(name.to_owned());
                continue;
            }
            let row = row.clone().context("a line stands below no row")?;
            let (exception, line) = line.split_once(' ').context("a line names no exception")?;
            let allowed = Allowed { exception: exception.to_owned(), line: line.to_owned() };
            pins.0.entry(row).or_default().push(allowed);
        }
        Ok(pins)
    }

    pub(super) fn set(&mut self, row: &str, mut allowed: Vec<Allowed>) {
        allowed.sort();
        if allowed.is_empty() {
            self.0.remove(row);
        } else {
            self.0.insert(row.to_owned(), allowed);
        }
    }

    pub(super) fn write(&self) -> Result<()> {
        let mut text = HEAD.to_owned();
        for (row, allowed) in &self.0 {
            text.push_str(&format!("\n## {row}\n"));
            for one in allowed {
                text.push_str(&format!("{} {}\n", one.exception, one.line));
            }
        }
        fs::write(path(), text).context("cannot write conformance/exceptions.txt")
    }

    /// What of `allowed` the file does not know, and what it knows and was not there.
    pub(super) fn judge(&self, row: &str, allowed: &[Allowed]) -> Vec<String> {
        let mut known = self.0.get(row).cloned().unwrap_or_default();
        let mut wrong = Vec::new();
        for one in allowed {
            match known.iter().position(|pin| pin == one) {
                Some(at) => drop(known.swap_remove(at)),
                None => wrong.push(format!("exception {} does not say: {}", one.exception, one.line)),
            }
        }
        let unused = known.iter();
        wrong.extend(unused.map(|pin| format!("exception {} is not used: {}", pin.exception, pin.line)));
        wrong
    }

    #[cfg(test)]
    fn rows(&self) -> impl Iterator<Item = (&String, &Vec<Allowed>)> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{differences, proofs};
    use super::*;

    #[test]
    fn an_exception_allows_its_very_line_as_often_as_it_stands_there_and_must_be_used() {
        let pins =
            Pins::parse("# head\n\n## one\nC2 only in ours: a (7 bytes)\nC2 only in ours: a (7 bytes)\n")
                .unwrap();
        let line = |text: &str| Allowed::new("C2", text, false);
        let (right, other) = (line("only in ours: a (7 bytes)"), line("only in ours: b (7 bytes)"));
        assert!(pins.judge("one", &[right.clone(), right.clone()]).is_empty());
        assert_eq!(pins.judge("one", std::slice::from_ref(&right)).len(), 1);
        assert_eq!(pins.judge("one", &[right.clone(), right.clone(), right.clone()]).len(), 1);
        assert_eq!(pins.judge("one", &[right, other]).len(), 2);
        assert_eq!(pins.judge("two", &[line("x")]).len(), 1);
    }

    #[test]
    fn days_are_blanked_and_nothing_else() {
        let line = Allowed::new("O1", "logged there alone: photos/2026/11/27/IMG_2026.JPG exists", true);
        assert_eq!(line.line, "logged there alone: photos/Y/M/D/IMG_2026.JPG exists");
        let line = "missing in ours: 2026/11/27/a.JPG (12 bytes, sha256 90f9, modified 1763389970)";
        assert_eq!(
            Allowed::new("F14", line, true).line,
            "missing in ours: Y/M/D/a.JPG (12 bytes, sha256 90f9, modified lately)"
        );
        assert_eq!(Allowed::new("F14", line, false).line, line);
        let part = "missing in ours: 2018/07/31/A=.part (12 bytes, sha256 90f9, modified 1795791413)";
        assert_eq!(
            Allowed::new("O7", part, false).line,
            "missing in ours: 2018/07/31/A=.part (12 bytes, sha256 90f9, modified lately)"
        );
        assert_eq!(
            Allowed::new("F8", "exit code 1 there, 0 in ours: \nKeyError", false).line,
            "exit code 1 there, 0 in ours"
        );
    }

    #[test]
    fn each_line_is_of_a_row_and_an_exception_that_exist() {
        let pins = Pins::read().unwrap();
        for (row, allowed) in pins.rows() {
            assert!(proofs::exists(row), "there is no row {row}");
            for one in allowed {
                assert!(differences::find(&one.exception).is_some(), "{row}: {one:?}");
            }
        }
    }
}
