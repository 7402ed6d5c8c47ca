//! Every example runs, on the fake, and says what it should.

// Clippy takes helpers of tests for production code.
#![allow(clippy::expect_used)]

use std::process::Command;

fn run(program: &str) -> String {
    let output = Command::new(program)
        .env_remove("ICLOUD_USERNAME")
        .env_remove("ICLOUD_PASSWORD")
        .output()
        .expect("the example starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn list() {
    let text = run(env!("CARGO_BIN_EXE_list"));
    assert!(text.contains("library PrimarySync (Primary)"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("asset")).count(), 10, "{text}");
    assert!(text.lines().any(|line| line.starts_with("album") && line.contains('/')), "{text}");
}

#[test]
fn census() {
    let text = run(env!("CARGO_BIN_EXE_census"));
    assert!(
        text.contains("photo: ") && text.ends_with("0 assets that cannot be read: 58 assets\n"),
        "{text}"
    );
}

#[test]
fn download_one() {
    let text = run(env!("CARGO_BIN_EXE_download_one"));
    assert_eq!(text.matches("Verified").count(), 2, "{text}");
}

#[test]
fn stream() {
    let text = run(env!("CARGO_BIN_EXE_stream"));
    assert!(text.starts_with("the first ") && text.contains(" bytes: Unconfirmed(Part)"), "{text}");
    assert!(text.trim_end().ends_with(" bytes: Some(Verified)"), "{text}");
}

#[test]
fn copy_library() {
    let text = run(env!("CARGO_BIN_EXE_copy_library"));
    let second = text.lines().last().unwrap_or("");
    assert!(second.starts_with("second run: 0 downloaded") && second.ends_with("0 failed"), "{text}");
    assert!(text.lines().count() > 40, "{text}");
}

#[test]
fn code_elsewhere() {
    assert!(run(env!("CARGO_BIN_EXE_code_elsewhere")).starts_with("signed in as "));
}

#[test]
fn follow_changes() {
    let text = run(env!("CARGO_BIN_EXE_follow_changes"));
    for start in ["second run: 0 downloaded", "third run:  0 downloaded"] {
        assert!(text.lines().any(|line| line.starts_with(start)), "{start}: {text}");
    }
    assert!(text.contains("0 bad") && text.contains("still missing: 0"), "{text}");
}

#[test]
fn describe() {
    let text = run(env!("CARGO_BIN_EXE_describe"));
    let second = text.lines().last().unwrap_or("");
    assert!(
        second.starts_with("second run: 0 downloaded") && second.ends_with("0 failed, 0 sidecars"),
        "{text}"
    );
    assert!(text.lines().any(|line| line.starts_with("wrote ") && line.ends_with(".xmp")), "{text}");
    assert!(text.contains(" now stands in "), "{text}");
}

#[test]
fn views() {
    let text = run(env!("CARGO_BIN_EXE_views"));
    assert!(text.contains("albums: ") && text.contains("years: "), "{text}");
    assert!(text.contains("again: 0 laid, 0 removed"), "{text}");
}

#[test]
fn two_trees() {
    let text = run(env!("CARGO_BIN_EXE_two_trees"));
    let last = text.lines().last().unwrap_or("");
    assert!(last.ends_with(" copied, 0 fetched") && !last.contains(" 0 copied"), "{text}");
}

#[test]
fn fleet() {
    let text = run(env!("CARGO_BIN_EXE_fleet"));
    if text.starts_with("skipped") {
        return icloud_photos_test_servers::skip("fleet", "PostgreSQL");
    }
    assert_eq!(text.lines().last(), Some("160 files fetched for 4 accounts"), "{text}");
    assert!(text.contains("worker 1 kept "), "{text}");
}
