//! Which row of the reference (sections 2 to 6) is shown where.

use std::collections::BTreeSet;

use super::{proofs, scenes};

/// Every row, in the order of the reference, and behind a bar what shows it.
const ROWS: &str = include_str!("../../../conformance/rows.txt");

fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = ROWS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once(" | ").unwrap_or((line, "")))
}

#[test]
fn every_row_of_the_reference_is_shown_by_something_that_exists() {
    let missing: Vec<_> = rows()
        .flat_map(|(row, shown)| shown.split("; ").map(move |one| (row, one)))
        .filter(|(_, one)| !proofs::exists(one))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn no_row_stands_twice() {
    let names: BTreeSet<_> = rows().map(|(row, _)| row).collect();
    assert_eq!(names.len(), rows().count());
}

#[test]
fn there_are_more_than_120_sets_of_options_in_three_zones() {
    let sets = scenes::all().len() + super::sets::SETS.len();
    assert!(sets >= 120, "{sets}");
}
