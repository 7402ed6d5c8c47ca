//! icloudpd's own tests, and what ours does in their place. `docs/icloudpd-tests.md` is this table for people.

use std::collections::BTreeMap;

use super::scenes;

/// What stands for one of their tests here.
#[derive(Debug, Clone, Copy)]
enum Ours {
    /// The scene of the same name, in which both programs do the same, but for the exceptions it names.
    Scene,
    /// A test of ours that wants the same.
    Same(&'static str),
    /// A test of ours, and what is safer.
    Safer(&'static str, &'static str),
    /// It does not apply, and why.
    Not(&'static str),
}

include!("their_tests_table.rs");

/// Mark, reason and test of each row.
fn rows() -> Vec<(&'static str, &'static str, &'static str, [String; 3])> {
    let scenes: BTreeMap<String, String> = scenes::all()
        .into_iter()
        .map(|scene| {
            let exceptions: Vec<&str> = scene.exceptions().into_iter().collect();
            (scene.name, exceptions.join(", "))
        })
        .collect();
    let row = |(section, file, test, ours): &(&'static str, &'static str, &'static str, Ours)| {
        let [mark, why, proof] = match *ours {
            Ours::Scene => match scenes.get(*test) {
                Some(exceptions) if exceptions.is_empty() => ["same", "", test],
                Some(exceptions) => ["safer", exceptions, test],
                None => ["missing", "", test],
            },
            Ours::Same(proof) => ["same", "", proof],
            Ours::Safer(proof, why) => ["safer", why, proof],
            Ours::Not(why) => ["does not apply", why, ""],
        };
        (*section, *file, *test, [mark.to_owned(), why.to_owned(), proof.to_owned()])
    };
    THEIR_TESTS.iter().map(row).collect()
}

/// How many are the same, and how the others are marked, in a line.
pub(super) fn summary() -> String {
    let rows = rows();
    let count = |mark: &str| rows.iter().filter(|(.., [is, ..])| is == mark).count();
    let (same, safer, not) = (count("same"), count("safer"), count("does not apply"));
    format!(
        "icloudpd's own {} tests: {same} the same ({:.0} %), {safer} safer, {not} do not apply",
        rows.len(),
        100.0 * same as f64 / (rows.len().max(1)) as f64
    )
}

#[cfg(test)]
mod tests {
    use super::super::proofs;
    use super::*;

    #[test]
    fn the_page_of_their_tests_is_the_table() {
        let mut page = format!(
            "# icloudpd's own tests\n\nWhat stands for each of the tests of icloudpd 1.32 here. Ids such as F8 are those of \
             [differences.md](differences.md). Made from `xtask/src/conformance/their_tests_table.rs` by `WRITE_PAGES=1 cargo \
             test -p xtask`.\n\n{}.\n\n| file | test | mark | why | shown by |\n|---|---|---|---|---|\n",
            summary()
        );
        for (_, file, test, [mark, why, proof]) in rows() {
            let proof = if proof.is_empty() { proof } else { format!("`{proof}`") };
            page.push_str(&format!("| {file} | {test} | {mark} | {why} | {proof} |\n"));
        }
        proofs::page_is("icloudpd-tests.md", &page);
    }

    #[test]
    fn every_test_that_is_named_exists() {
        let proven = rows().into_iter().map(|(.., [_, _, proof])| proof).filter(|proof| !proof.is_empty());
        let missing: Vec<String> = proven.filter(|proof| !proofs::exists(proof)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn each_of_the_222_tests_has_a_row() {
        assert_eq!(THEIR_TESTS.len(), 222);
    }
}
