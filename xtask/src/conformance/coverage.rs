//! Which row of the tables of behaviour (sections 2 to 6 of the reference page) is shown where.

use std::collections::BTreeSet;

use super::differences;
use super::{proofs, scenes};

/// Every row, by its section and what it says.
const ROWS: &str = include_str!("../../../conformance/rows.txt");

/// Rows that sets, visits or tests of ours show, which say nothing of rows themselves.
const ELSEWHERE: &[(&str, &str)] = &[
    ("1.5 list albums", "list albums"),
    ("1.5 list libraries", "list libraries"),
    ("2.2 absolute", "a_folder_structure_may_lead_out_of_the_directory"),
    ("4.1 shared", "shared library"),
    ("4.3 more than one page", "second run on a full tree"),
    ("5.1 old trees", "tree half filled and damaged"),
    ("5.2 resume", "the_part_of_another_program_is_gone_on_with"),
    ("5.3 refused", "test_missing_size"),
    ("5.3 busy", "a_503_and_then_all_is_well"),
    ("5.5 one of two failed", "test_download_and_delete_after_fail"),
    ("5.6 EXIF", "test_download_photos_and_set_exif"),
    ("5.8 names alone", "test_listing_recent_photos"),
    ("6.1 copy", "default options, whole sign-in"),
    ("6.2 names", "test_autodelete_photos"),
    ("6.2 live film", "test_autodelete_photos_lp"),
    ("6.2 live film of a HEIC", "test_autodelete_photos_lp_heic"),
    ("6.2 dry run", "test_autodelete_photos_dry_run"),
    ("6.2 no folders", "test_autodelete_photos_folder_none"),
    ("6.2 dedup names", "both: deleted photos go here"),
    ("6.3 failed download", "both: old photos leave iCloud"),
    ("6.3 dry run", "test_keep_icloud_recent_days_delete_existing_dry_run"),
    ("6.5 live film left out", "test_download_and_delete_after"),
];

#[test]
fn every_row_of_the_tables_is_shown_somewhere() {
    let rows: BTreeSet<&str> =
        ROWS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let scenes = scenes::all();
    let mut shown: BTreeSet<&str> = scenes.iter().flat_map(|scene| scene.covers.iter().copied()).collect();
    shown.extend(differences::rows());
    shown.extend(ELSEWHERE.iter().filter(|(_, test)| proofs::exists(test)).map(|(row, _)| *row));
    let not_shown: Vec<_> = rows.difference(&shown).collect();
    let no_row: Vec<_> = shown.difference(&rows).collect();
    assert!(not_shown.is_empty() && no_row.is_empty(), "not shown: {not_shown:?}; no such row: {no_row:?}");
}

#[test]
fn there_are_more_than_120_sets_of_options_in_three_zones() {
    let sets = scenes::all().len() + super::sets::SETS.len();
    assert!(sets >= 120, "{sets}");
}
