//! The command line against icloudpd 1.32.3: the texts were recorded from its own runs (Python 3.11).

use std::process::Command;

use serde_json::Value;

use crate::support::{icloudpd, ran};
use crate::verdict::{Verdict, difference};

/// What the real icloudpd said of some hundred lines, chosen and made up; `cargo xtask conformance --write-lines` asks it again.
#[test]
fn every_line_of_the_table_means_what_it_means_to_icloudpd() {
    let mut rows =
        include_str!("grammar.jsonl").lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let usual = rows.next().unwrap();
    let mut wrong = Vec::new();
    for row in rows {
        let args: Vec<String> = serde_json::from_value(row["args"].clone()).unwrap();
        let ours = Verdict::of_ours(Command::new(env!("CARGO_BIN_EXE_icloudpd")), &args).unwrap();
        let other = difference(&row, &usual, &ours);
        let expected = match row["why"].as_str() {
            None => other.is_none(),
            Some(_) => {
                let message = row["ours"]["message"].as_str();
                row["ours"]["exit"] == ours.exit && message.is_none_or(|message| message == ours.message())
            }
        };
        if !expected {
            wrong.push(format!(
                "{}: {}",
                row["args"],
                other.unwrap_or_else(|| "the same as icloudpd".to_owned())
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_reason_to_differ_stands_in_the_documentation() {
    let page = include_str!("../../../docs/differences.md");
    for row in include_str!("grammar.jsonl").lines().map(|line| serde_json::from_str::<Value>(line).unwrap())
    {
        let reason = row["why"].as_str().unwrap_or("no-user");
        assert!(page.contains(&format!("| {reason} |")), "{reason}");
    }
}

#[test]
fn errors_of_one_option_go_to_stdout_in_icloudpds_words() {
    let table: &[(&[&str], &str)] = &[
        (
            &["--size", "huge", "-l", "-u", "a"],
            "argument --size: invalid choice: 'huge' (choose from 'original', 'medium', 'thumb', 'adjusted', 'alternative')",
        ),
        (
            &["--size", "ORIGINAL", "--size", "huGe", "-l", "-u", "a"],
            "argument --size: invalid choice: 'huge' (choose from 'original', 'medium', 'thumb', 'adjusted', 'alternative')",
        ),
        (
            &["-u", "a", "--foo", "--size", "huge", "-l"],
            "argument --size: invalid choice: 'huge' (choose from 'original', 'medium', 'thumb', 'adjusted', 'alternative')",
        ),
        (
            &["--live-photo-size", "large", "-l", "-u", "a"],
            "argument --live-photo-size: invalid choice: 'large' (choose from 'original', 'medium', 'thumb')",
        ),
        (
            &["--domain", "COM", "-l", "-u", "a"],
            "argument --domain: invalid choice: 'COM' (choose from 'com', 'cn')",
        ),
        (
            &["--mfa-provider", "foo"],
            "argument --mfa-provider: invalid choice: 'foo' (choose from 'console', 'webui')",
        ),
        (
            &["--password-provider", "foo", "-u", "a"],
            "argument --password-provider: invalid choice: 'foo' (choose from 'console', 'keyring', 'parameter', 'webui')",
        ),
        (
            &["--log-level", "warn"],
            "argument --log-level: invalid choice: 'warn' (choose from 'debug', 'info', 'error')",
        ),
        (
            &["--align-raw", "x", "-u", "a"],
            "argument --align-raw: invalid choice: 'x' (choose from 'as-is', 'original', 'alternative')",
        ),
        (&["--recent", "abc", "-l", "-u", "a"], "argument --recent: invalid int value: 'abc'"),
        (&["--recent", "1.5", "-u", "a"], "argument --recent: invalid int value: '1.5'"),
        (&["--smtp-port", "x", "-u", "a"], "argument --smtp-port: invalid int value: 'x'"),
        (&["--threads-num", "x"], "argument --threads-num: invalid int value: 'x'"),
        (&["--recent"], "argument --recent: expected one argument"),
        (&["-u", "a", "--size"], "argument --size: expected one argument"),
        (&["-d"], "argument -d/--directory: expected one argument"),
        (&["-d", "-x", "-u", "a"], "argument -d/--directory: expected one argument"),
        (&["-h", "-d"], "argument -d/--directory: expected one argument"),
        (&["-la", "-u", "a"], "argument -a/--album: expected one argument"),
        (&["-u"], "argument -u/--username: expected one argument"),
        (
            &["--skip-videos=true", "-l", "-u", "a"],
            "argument --skip-videos: ignored explicit argument 'true'",
        ),
        (
            &["--folder-structure", "{%Y}", "-d", "x", "-u", "a"],
            "argument --folder-structure: Format {%Y} specified in --folder-structure is incorrect",
        ),
        (
            &["--folder-structure", "{:%Q}/{:%m}", "-d", "x", "-u", "a"],
            "argument --folder-structure: Format {:%Q}/{:%m} specified in --folder-structure is incorrect",
        ),
        (&["--help", "--version"], "argument --version: not allowed with argument --help/-h"),
        (&["--version", "--help"], "argument --help/-h: not allowed with argument --version"),
    ];
    for (args, line) in table {
        let ran = ran(&mut icloudpd(args)).exits(2);
        assert_eq!(ran.out.trim_end(), *line, "{args:?}");
        assert_eq!(ran.err, "", "{args:?}");
    }
}

#[test]
fn checks_between_options_are_icloudpds_in_its_order() {
    let table: &[(&[&str], &str)] = &[
        (
            &["--skip-videos", "--skip-photos", "-u", "a"],
            "Only one of --skip-videos and --skip-photos can be used at a time for each configuration",
        ),
        (
            &["-u", "a"],
            "--auth-only, --directory, --list-libraries, or --list-albums are required for each configuration",
        ),
        (
            &["-d", "", "-u", "a"],
            "--auth-only, --directory, --list-libraries, or --list-albums are required for each configuration",
        ),
        (
            &["-u", "a", "--skip-videos", "-d", "x", "-u", "b", "--skip-photos"],
            "--auth-only, --directory, --list-libraries, or --list-albums are required for each configuration",
        ),
        (
            &["-u", "a", "-d", "x", "--auto-delete", "--delete-after-download"],
            "--auto-delete and --delete-after-download are mutually exclusive per configuration",
        ),
        (
            &["-u", "a", "-d", "x", "--keep-icloud-recent-days", "1", "--delete-after-download"],
            "--keep-icloud-recent-days and --delete-after-download should not be used together in one configuration",
        ),
        // icloudpd lets 0 through, and deletes by both rules.
        (
            &["-u", "a", "-d", "x", "--keep-icloud-recent-days", "0", "--delete-after-download"],
            "--keep-icloud-recent-days and --delete-after-download should not be used together in one configuration",
        ),
        (
            &["-u", "a", "-l", "--watch-with-interval", "5"],
            "--watch-with-interval is not compatible with --list-albums, --list-libraries, --only-print-filenames, and --auth-only",
        ),
        (
            &["-u", "a", "-d", "x", "--watch-with-interval", "5", "--only-print-filenames"],
            "--watch-with-interval is not compatible with --list-albums, --list-libraries, --only-print-filenames, and --auth-only",
        ),
    ];
    for (args, line) in table {
        let ran = ran(&mut icloudpd(args)).exits(2);
        assert_eq!(ran.out.trim_end(), *line, "{args:?}");
    }
}

#[test]
fn unknown_arguments_go_to_stderr_below_the_usage() {
    let table: &[(&[&str], &str)] = &[
        (&["--foo", "-l", "-u", "a"], "--foo"),
        (&["--foo", "x", "y", "--baz", "-u", "a", "-l"], "--foo x y --baz"),
        (&["--list-album", "-u", "a"], "--list-album"),
        (&["pos", "-l", "-u", "a"], "pos"),
        (&["-u", "a", "-l", "extra", "more"], "extra more"),
        (&["-l", "-u", "a", "--"], "--"),
        (&["-h", "--foo"], "--foo"),
        (&["--foo=bar", "-l", "-u", "a"], "--foo=bar"),
    ];
    for (args, unknown) in table {
        let ran = ran(&mut icloudpd(args)).exits(2);
        assert!(ran.err.starts_with("usage: icloudpd"), "{args:?}");
        let last = ran.err.lines().last().unwrap();
        assert_eq!(last, format!("icloudpd: error: unrecognized arguments: {unknown}"), "{args:?}");
        assert_eq!(ran.out, "", "{args:?}");
    }
}

#[test]
fn user_options_need_a_user() {
    for args in
        [&["-p", "secret", "-u", "a", "-l"][..], &["-ux", "-l"], &["--password-file", "f", "-u", "a", "-l"]]
    {
        let ran = ran(&mut icloudpd(args)).exits(2);
        assert!(ran.err.contains("icloudpd: error: unrecognized arguments: -"), "{}", ran.err);
        assert!(!ran.err.contains("secret"));
    }
}

/// Where icloudpd does nothing, or crashes, and says nothing.
#[test]
fn what_icloudpd_leaves_unsaid_is_said() {
    let table: &[(&[&str], &str)] = &[
        (&["-d", "x"], "No --username was given"),
        (&["-l", "-u", ""], "argument -u/--username: must not be empty"),
        (&["-d", "x", "-u", "a", "--recent", "-5"], "argument --recent: must not be negative: '-5'"),
        (
            &["-d", "x", "-u", "a", "--watch-with-interval", "-5"],
            "argument --watch-with-interval: must not be negative",
        ),
        (
            &["-l", "-u", "a", "--auth-endpoint", "http://example.com"],
            "argument --auth-endpoint: an endpoint must be https",
        ),
        (
            &["-l", "-u", "a", "-p", "x", "--password-file", "y"],
            "Only one of --password, --password-file and --password-command",
        ),
    ];
    for (args, start) in table {
        let ran = ran(&mut icloudpd(args)).exits(2);
        assert!(ran.out.starts_with(start), "{args:?}: {}", ran.out);
    }
}

#[test]
fn options_that_mean_nothing_alone_are_no_reason_to_stop() {
    let harmless = [
        "--smtp-host",
        "h",
        "--smtp-port",
        "25",
        "--smtp-no-tls",
        "--smtp-password",
        "x",
        "--watch-with-interval",
        "0",
        "--use-os-locale",
        "--mfa-provider",
        "console",
        "--no-progress-bar",
        "--threads-num",
        "1",
    ];
    let args: Vec<&str> = harmless.iter().chain(&["--version"]).copied().collect();
    ran(&mut icloudpd(&args)).exits(0);
    // Without --version the run gets as far as asking for a password.
    let sessions = tempfile::tempdir().unwrap();
    let sessions = sessions.path().to_str().unwrap();
    let rest =
        ["--cookie-directory", sessions, "--password-provider", "parameter", "-u", "a@example.com", "-l"];
    let args: Vec<&str> = harmless.iter().chain(&rest).copied().collect();
    ran(&mut icloudpd(&args)).exits(1).says("No password was found.");
}

#[test]
fn a_locale_that_nobody_knows_is_named() {
    let args = ["--use-os-locale", "--folder-structure", "{:%Y/%B}", "-d", "x", "-u", "a"];
    let unknown = ran(icloudpd(&args).env("LC_ALL", "xx_XX.UTF-8")).exits(2);
    assert!(unknown.out.starts_with("argument --use-os-locale: no such locale"), "{}", unknown.out);
}

#[test]
fn limits_on_dates_are_checked() {
    for text in ["5", "-5d", " 5d", "1.5d", "2025-01", "2025/01/02", "2025-01-02T24:00"] {
        let option = format!("--skip-created-before={text}");
        let refused = ran(&mut icloudpd(&[&option, "-d", "x", "-u", "a"])).exits(2);
        let words = "argument --skip-created-before: Not an ISO timestamp or time interval in days";
        assert_eq!(refused.out.trim_end(), words, "{text}");
    }
    let huge = ran(&mut icloudpd(&["--skip-created-after", "99999999999d", "-d", "x", "-u", "a"])).exits(2);
    assert!(
        huge.out.starts_with("argument --skip-created-after: the date is beyond the calendar"),
        "{}",
        huge.out
    );
}

#[test]
fn help_is_grouped_and_names_every_option() {
    let ran_help = ran(&mut icloudpd(&["--help"])).exits(0);
    for part in [
        "icloudpd [GLOBAL] [COMMON] [<USER>",
        "GLOBAL options",
        "COMMON options",
        "USER options",
        "--align-raw",
    ] {
        assert!(ran_help.out.contains(part), "{part}");
    }
    assert_eq!(ran(&mut icloudpd(&[])).exits(0).out, ran_help.out);
    assert_eq!(ran(&mut icloudpd(&["-h", "-u", "a"])).exits(0).out, ran_help.out);
    assert!(ran_help.out.lines().all(|line| line.chars().count() <= 80), "help is wrapped");
}

#[test]
fn the_version_has_icloudpds_shape_and_needs_no_user() {
    let ran = ran(&mut icloudpd(&["--version", "-u", "a"])).exits(0);
    assert!(
        ran.out.starts_with(concat!("version:", env!("CARGO_PKG_VERSION"), ", commit sha:")),
        "{}",
        ran.out
    );
}
