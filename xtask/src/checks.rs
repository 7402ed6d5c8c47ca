//! `cargo xtask test`, `cargo xtask lint`, and `cargo xtask ci`, which is all there is.

use std::process::Command;
use std::time::Instant;

use anyhow::Result;

use crate::api;
use crate::conformance;
use crate::house;
use crate::node;
use crate::process;
use crate::python::Package;
use crate::real::Clients;
use crate::tally::Tally;

/// Every test in all languages. The examples are among them: they run on a fake, as a test of their package.
pub(crate) fn test() -> Result<Tally> {
    let mut tally = Tally::default();
    tally.add(suite("Rust tests", |tally| {
        let mut command = if process::exists("cargo", &["nextest", "--version"]) {
            house::cargo(&["nextest", "run", "--workspace", "--no-fail-fast"])
        } else {
            house::cargo(&["test", "--workspace", "--all-targets", "--no-fail-fast"])
        };
        process::listen(&mut command, |line| tally.add(counted(line)))
    })?);
    tally.add(suite("Rust doctests", |tally| {
        let mut command = house::cargo(&["test", "--workspace", "--doc", "--no-fail-fast"]);
        process::listen(&mut command, |line| tally.add(counted(line)))
    })?);
    tally.add(python());
    tally.add(node());
    tally.add(suite("Python scripts", |tally| match Clients::install() {
        Ok(clients) => clients.unit_tests(|line| tally.add(counted_by_python(line))),
        Err(error) => {
            eprintln!("error: {error:#}");
            Ok(false)
        }
    })?);
    Ok(tally)
}

/// The Python package. A wheel that cannot be built is one failure.
pub(crate) fn python() -> Tally {
    let suites = || {
        let package = Package::install("dev")?;
        let mut tally =
            suite("Python package", |tally| package.tests(|line| tally.add(counted_by_pytest(line))))?;
        println!("\n== Python package, read");
        tally.add(package.checks()?);
        println!("\n== what Rust programs can reach, and Python's");
        tally.add(api::compare(&mut package.python(&[]), false)?);
        Ok::<_, anyhow::Error>(tally)
    };
    suites().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        Tally::of(false)
    })
}

/// The Node package. One that cannot be built is one failure.
pub(crate) fn node() -> Tally {
    let suites = || {
        let package = node::Package::build("dev")?;
        let mut tally =
            suite("Node package", |tally| package.tests(|line| tally.add(counted_by_node(line))))?;
        println!("\n== Node package, read");
        tally.add(package.checks()?);
        println!("\n== what Rust programs can reach, and Node's");
        tally.add(api::compare_node(false)?);
        Ok::<_, anyhow::Error>(tally)
    };
    suites().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        Tally::of(false)
    })
}

/// Runs one suite under a heading. A suite that fails without saying which test did is one failure.
fn suite(name: &str, run: impl FnOnce(&mut Tally) -> Result<bool>) -> Result<Tally> {
    println!("\n== {name}");
    let mut tally = Tally::default();
    let ended_well = run(&mut tally)?;
    if !ended_well && tally.failed == 0 {
        tally.failed = 1;
    }
    Ok(tally)
}

/// What a closing line of nextest or cargo test says; nothing for all other lines.
fn counted(line: &str) -> Tally {
    let line = without_colours(line);
    let line = line.trim();
    if !line.starts_with("Summary [") && !line.starts_with("test result:") {
        return Tally::default();
    }
    let words: Vec<&str> =
        line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let number_before = |wanted: &str| -> u64 {
        let pairs = words.windows(2).filter(|pair| pair[1] == wanted);
        pairs.filter_map(|pair| pair[0].parse::<u64>().ok()).sum()
    };
    Tally::new(number_before("passed"), number_before("failed") + number_before("timed"))
}

/// What the closing line of pytest says: `3 failed, 41 passed in 5.2s`; nothing for all other lines.
fn counted_by_pytest(line: &str) -> Tally {
    let time = line.rsplit_once(" in ").and_then(|(_, time)| time.split_whitespace().next());
    let is_last = time
        .is_some_and(|time| time.ends_with('s') && time.starts_with(|first: char| first.is_ascii_digit()));
    let words: Vec<&str> = line.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let number_before = |wanted: &str| -> u64 {
        let pairs = words.windows(2).filter(|pair| pair[1] == wanted);
        pairs.filter_map(|pair| pair[0].parse::<u64>().ok()).sum()
    };
    if !is_last {
        return Tally::default();
    }
    Tally::new(
        number_before("passed"),
        number_before("failed") + number_before("error") + number_before("errors"),
    )
}

/// What the closing lines of Node's runner say, each of one number; nothing for all other lines.
fn counted_by_node(line: &str) -> Tally {
    let number = |name: &str| line.strip_prefix(name).and_then(|rest| rest.trim().parse::<u64>().ok());
    Tally::new(
        number("# pass ").unwrap_or(0),
        number("# fail ").or_else(|| number("# cancelled ")).unwrap_or(0),
    )
}

/// What a line of Python's unittest says about one test, when it talks about each.
fn counted_by_python(line: &str) -> Tally {
    match line.rsplit_once(" ... ").map(|(_, verdict)| verdict) {
        Some("ok") => Tally::of(true),
        Some("FAIL" | "ERROR") => Tally::of(false),
        _ => Tally::default(),
    }
}

fn without_colours(line: &str) -> String {
    let mut plain = String::new();
    let mut inside = false;
    for c in line.chars() {
        match (inside, c) {
            (false, '\u{1b}') => inside = true,
            (false, c) => plain.push(c),
            (true, c) => inside = !c.is_ascii_alphabetic(),
        }
    }
    plain
}

/// One thing that a change must pass beside the tests.
struct Check {
    name: &'static str,
    run: fn() -> Result<Verdict>,
}

enum Verdict {
    Passed,
    Failed,
    /// Why it was not run.
    Skipped(&'static str),
}

impl From<bool> for Verdict {
    fn from(passed: bool) -> Self {
        if passed { Self::Passed } else { Self::Failed }
    }
}

const CHECKS: &[Check] = &[
    Check { name: "format", run: || cargo(&["fmt", "--all", "--check"]) },
    Check {
        name: "lints",
        run: || cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]),
    },
    Check { name: "features, each alone", run: features },
    Check { name: "documentation", run: documentation },
    Check { name: "licences, bans, sources", run: deny },
    Check { name: "short fuzz", run: fuzz },
];

/// Everything beside the tests. All of it runs, whatever failed before.
pub(crate) fn lint() -> Result<Tally> {
    let mut tally = Tally::default();
    let mut summary = Vec::new();
    for check in CHECKS {
        println!("\n== {}", check.name);
        let start = Instant::now();
        let (word, counted) = match (check.run)()? {
            Verdict::Passed => ("ok".to_owned(), Tally::of(true)),
            Verdict::Failed => ("FAILED".to_owned(), Tally::of(false)),
            Verdict::Skipped(why) => (format!("skipped: {why}"), Tally::default()),
        };
        summary.push(format!("{:<26} {word} ({:.0} s)", check.name, start.elapsed().as_secs_f64()));
        tally.add(counted);
    }
    println!("\n{}", summary.join("\n"));
    Ok(tally)
}

/// All that a change must pass. Everything runs, whatever failed before it.
pub(crate) fn ci() -> Result<Tally> {
    let mut tally = Tally::default();
    let rows = || conformance::run(&conformance::Options::default());
    for (name, run) in
        [("lint", &lint as &dyn Fn() -> Result<Tally>), ("test", &test), ("conformance", &rows)]
    {
        let counted = run().unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            Tally::of(false)
        });
        println!("{name}: {counted}");
        tally.add(counted);
    }
    Ok(tally)
}

fn cargo(arguments: &[&str]) -> Result<Verdict> {
    quiet_or_loud(&mut house::cargo(arguments))
}

fn quiet_or_loud(command: &mut Command) -> Result<Verdict> {
    Ok(command.status()?.success().into())
}

/// The library without its default features, and with each of them alone: `cargo add --no-default-features` is a promise too.
fn features() -> Result<Verdict> {
    let mut verdict = true;
    for feature in
        ["", "reqwest", "fs", "sqlite", "metadata", "object-store", "opendal", "postgres", "testing"]
    {
        let mut command =
            house::cargo(&["rustc", "--package", "icloud-photos", "--lib", "--profile", "check", "--quiet"]);
        command.args(["--no-default-features", "--features", feature, "--", "--deny", "warnings"]);
        verdict &= command.status()?.success();
    }
    Ok(verdict.into())
}

fn documentation() -> Result<Verdict> {
    let mut command =
        house::cargo(&["doc", "--workspace", "--no-deps", "--document-private-items", "--quiet"]);
    quiet_or_loud(command.env("RUSTDOCFLAGS", "--deny warnings"))
}

fn deny() -> Result<Verdict> {
    if !process::exists("cargo", &["deny", "--version"]) {
        return Ok(Verdict::Skipped("cargo-deny is not installed (cargo install --locked cargo-deny)"));
    }
    cargo(&["deny", "check", "bans", "licenses", "sources"])
}

fn fuzz() -> Result<Verdict> {
    const SECONDS: &str = "-max_total_time=10";
    let folder = house::root().join("fuzz");
    if !folder.exists() {
        return Ok(Verdict::Skipped("there are no fuzz targets yet"));
    }
    if !process::exists("cargo", &["fuzz", "--version"]) {
        return Ok(Verdict::Skipped("cargo-fuzz is not installed (cargo install --locked cargo-fuzz)"));
    }
    let listed = house::cargo(&["fuzz", "list"]).output()?;
    for target in String::from_utf8_lossy(&listed.stdout).lines() {
        // Without a sanitizer it runs on the stable compiler.
        let run = cargo(&["fuzz", "run", "--sanitizer", "none", target, "--", SECONDS])?;
        if !matches!(run, Verdict::Passed) {
            return Ok(run);
        }
    }
    Ok(listed.status.success().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_of_pytest_are_counted() {
        assert_eq!(counted_by_pytest("2 failed, 41 passed, 1 skipped, 3 errors in 5.20s"), Tally::new(41, 5));
        assert_eq!(counted_by_pytest("97 passed in 61.02s (0:01:01)"), Tally::new(97, 0));
        assert_eq!(counted_by_pytest("tests/test_x.py::test_3 passed in haste"), Tally::default());
    }

    #[test]
    fn closing_lines_of_node_are_counted() {
        for (line, passed, failed) in [
            ("# pass 93", 93, 0),
            ("# fail 2", 0, 2),
            ("# cancelled 1", 0, 1),
            ("# skipped 3", 0, 0),
            ("# Subtest: # pass 3", 0, 0),
        ] {
            assert_eq!(counted_by_node(line), Tally::new(passed, failed), "{line}");
        }
    }

    #[test]
    fn closing_lines_are_understood() {
        for (line, passed, failed) in [
            ("     Summary [   0.080s] 12 tests run: 10 passed (1 slow), 2 failed, 3 skipped", 10, 2),
            (
                "\u{1b}[32;1m     Summary\u{1b}[0m [ 2.1s] \u{1b}[1m5\u{1b}[0m tests run: 5 passed, 0 skipped",
                5,
                0,
            ),
            ("     Summary [   9.080s] 3/4 tests run: 2 passed, 1 timed out, 1 skipped", 2, 1),
            ("test result: FAILED. 7 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out", 7, 1),
            ("test passed::failed ... ok", 0, 0),
        ] {
            let tally = counted(line);
            assert_eq!((tally.passed, tally.failed), (passed, failed), "{line}");
        }
    }

    #[test]
    fn python_tests_are_counted_one_by_one() {
        for (line, passed, failed) in [
            ("test_x (test_launch.Launch.test_x) ... ok", 1, 0),
            ("test_x (test_launch.Launch.test_x) ... FAIL", 0, 1),
            ("test_x (test_launch.Launch.test_x) ... ERROR", 0, 1),
            ("Ran 5 tests in 1.632s", 0, 0),
        ] {
            let tally = counted_by_python(line);
            assert_eq!((tally.passed, tally.failed), (passed, failed), "{line}");
        }
    }

    #[test]
    fn a_suite_that_dies_is_a_failure() {
        assert_eq!(suite("dies", |_| Ok(false)).unwrap().failed, 1);
        assert_eq!(suite("lives", |_| Ok(true)).unwrap().failed, 0);
    }
}
