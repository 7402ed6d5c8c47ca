//! The arrows of the house: each room may use only the rooms below it (ARCHITECTURE.md).

// Clippy takes helpers of tests for production code.
#![allow(clippy::expect_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Room, and the rooms it may use. `lib.rs` and `client.rs` wire everything and are free; what `client.rs` offers to
/// the rooms is its two fields.
const ARROWS: [(&str, &[&str]); 15] = [
    ("error", &["redact"]),
    ("redact", &["error"]),
    ("endpoints", &["error"]),
    ("local_path", &["error"]),
    ("http", &["error", "redact"]),
    ("probe", &["client", "error", "http"]),
    ("session", &["error", "redact", "endpoints", "http", "local_path"]),
    ("auth", &["error", "redact", "endpoints", "http", "session", "client"]),
    ("library", &["error", "redact", "http", "session"]),
    ("asset", &["error", "redact", "library", "session"]),
    ("metadata", &["error", "asset"]),
    ("storage", &["error", "local_path"]),
    ("download", &["error", "http", "session", "library", "asset", "storage"]),
    (
        "sync",
        &["error", "http", "session", "library", "asset", "download", "storage", "metadata", "local_path"],
    ),
    ("testing", &["error", "asset", "storage", "session", "sync"]),
];

#[test]
fn no_arrow_runs_back() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let allowed: BTreeMap<_, _> = ARROWS.into_iter().collect();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in rust_files(&src) {
        let room = room_of(file.strip_prefix(&src).expect("below src"));
        let Some(allowed) = allowed.get(room.as_str()) else {
            assert!(matches!(room.as_str(), "lib" | "client"), "{room} is a room without arrows: add it");
            continue;
        };
        for target in uses(&fs::read_to_string(&file).expect("readable source")) {
            seen += 1;
            // What lib.rs re-exports at the root (`crate::Error`) begins with a capital letter.
            let at_root = target.starts_with(char::is_uppercase);
            if target != room && !at_root && !allowed.contains(&target.as_str()) {
                wrong.push(format!("{}: {room} -> {target}", file.display()));
            }
        }
    }
    assert!(seen > 20, "found only {seen} `crate::` paths: the test reads the wrong files");
    assert!(wrong.is_empty(), "arrows that run back:\n{}", wrong.join("\n"));
}

#[test]
fn the_testkit_depends_on_nothing_of_ours() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("testkit/Cargo.toml");
    let text = fs::read_to_string(manifest).expect("testkit manifest");
    let dependencies = text.split("[dependencies]").nth(1).expect("a list of dependencies");
    assert!(!dependencies.contains("icloud-photos") && !dependencies.contains("icloudpd"));
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("readable folder") {
        let path = entry.expect("readable entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn room_of(path: &Path) -> String {
    let first = path.components().next().expect("a name").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The first segment of every `crate::` path outside comments, `use` lines with braces included.
fn uses(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        // `$crate::` stands in macros, which name what is public.
        let paths = line.match_indices("crate::").filter(|(at, _)| !line[..*at].ends_with('$'));
        for (at, _) in paths {
            let rest = &line[at + "crate::".len()..];
            let names = rest.strip_prefix('{').map_or(rest, |inner| inner.split('}').next().unwrap_or(""));
            let names: Vec<&str> =
                if rest.starts_with('{') { names.split(',').collect() } else { vec![names] };
            for name in names {
                let name: String = name.trim().chars().take_while(|c| is_word(*c)).collect();
                if !name.is_empty() {
                    found.push(name);
                }
            }
        }
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
