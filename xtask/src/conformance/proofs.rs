//! What tables claim is held to the tree: tests that they name exist, pages that they make are as they stand.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use super::{dialogues, scenes, sets, visits};
use crate::house;

/// Whether there is a test of that name: a function of the workspace, or a row of the conformance run.
pub(super) fn exists(name: &str) -> bool {
    NAMES.contains(name)
}

static NAMES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let mut names = BTreeSet::new();
    for folder in ["icloud-photos", "icloudpd-cli", "xtask"] {
        gather(&house::root().join(folder), &mut names);
    }
    names.extend(scenes::all().into_iter().map(|scene| scene.name));
    names.extend(dialogues::all().into_iter().map(|dialogue| dialogue.name.to_owned()));
    names.extend(sets::SETS.iter().map(|set| set.name.to_owned()));
    names.extend(visits::VISITS.iter().map(|visit| visit.name.to_owned()));
    names
});

/// Functions that follow a `#[test]` or the like.
fn gather(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            gather(&path, names);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let mut is_test = false;
            for line in text.lines().map(str::trim) {
                if line.starts_with("#[test") || line.starts_with("#[tokio::test") {
                    is_test = true;
                } else if let (true, Some((_, rest))) = (is_test, line.split_once("fn ")) {
                    names.insert(rest.split('(').next().unwrap_or_default().to_owned());
                    is_test = false;
                }
            }
        }
    }
}

/// Holds a page of `docs/` to what a table makes of it; writes it with `WRITE_PAGES=1`. What follows a line that begins
/// with `## ` is somebody else's.
#[cfg(test)]
pub(super) fn page_is(name: &str, made: &str) {
    let path = house::root().join("docs").join(name);
    let stands = fs::read_to_string(&path).unwrap_or_default();
    let at = stands.find("\n## ").unwrap_or(stands.len());
    let (own, rest) = stands.split_at(at);
    if std::env::var_os("WRITE_PAGES").is_some() {
        fs::write(&path, format!("{made}{rest}")).unwrap();
    } else {
        assert_eq!(
            own.trim_end(),
            made.trim_end(),
            "docs/{name} is old; WRITE_PAGES=1 cargo test -p xtask makes it"
        );
    }
}
