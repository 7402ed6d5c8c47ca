use std::collections::BTreeSet;

use super::super::judge::Difference::{
    Bytes, Exit, Extra, GoneHere, GoneThere, Missing, PrintedHere, PrintedThere, SaidHere, SaidThere,
};
use super::super::judge::{Difference, Step};
use super::super::play::Done;
use super::super::world::World;
use super::*;
use crate::process::Ended;
use crate::tree::Tree;

/// Two runs as they may have been: what stood there before, what stands there now, what was said.
struct Case {
    world: World,
    before: Tree,
    theirs: Done,
    ours: Done,
}

fn file(bytes: &str) -> Entry {
    let checksum = STANDARD.encode(bytes);
    Entry::File { length: bytes.len() as u64, sha256: bytes.to_owned(), checksum, modified: 0 }
}

fn done(files: &[(&str, &str)], said: &[&str], gone: &[&str]) -> Done {
    let tree = files.iter().map(|(path, bytes)| ((*path).to_owned(), file(bytes))).collect();
    let lines = said.iter().map(|line| format!("2018-07-31 07:22:24 INFO     {line}\n"));
    let ended = Ended { code: 0, stdout: lines.collect(), stderr: String::new() };
    Done { ended, tree, fetched: 0, gone: gone.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>() }
}

impl Case {
    fn new(options: &str, theirs: Done, ours: Done) -> Self {
        let options =
            options.split(", ").map(|group| group.split(' ').map(str::to_owned).collect()).collect();
        let world = World {
            seed: 0,
            tz: "UTC".to_owned(),
            library: Vec::new(),
            options,
            past: Vec::new(),
            damages: Vec::new(),
            edits: Vec::new(),
            kills: Vec::new(),
            other: Vec::new(),
        };
        Self { world, before: Tree::new(), theirs, ours }
    }

    fn before(mut self, files: &[(&str, &str)]) -> Self {
        self.before = done(files, &[], &[]).tree;
        self
    }

    fn find(&self, difference: &Difference) -> Option<&'static str> {
        let (world, before, theirs, ours) = (&self.world, &self.before, &self.theirs, &self.ours);
        find(&Step { name: "first run", world, before, theirs, ours }, difference)
    }

    fn is(&self, id: &str, differences: &[Difference]) {
        for one in differences {
            assert_eq!(self.find(one), Some(id), "{one:?}");
        }
    }

    fn is_nothing(&self, differences: &[Difference]) {
        for one in differences {
            assert_eq!(self.find(one), None, "{one:?}");
        }
    }
}

fn said(make: fn(String) -> Difference, line: &str) -> Difference {
    make(line.to_owned())
}

#[test]
fn a_whole_part_excuses_its_own_photo_alone() {
    let theirs = done(
        &[("d/X.part", "a")],
        &[
            "Resuming downloading of photos/d/a.JPG from 1",
            "Could not download a.JPG. Please try again later.",
        ],
        &[],
    );
    let ours = done(&[("d/a.JPG", "a"), ("d/b.JPG", "b")], &["Deleted a.JPG in iCloud"], &["1"]);
    let case = Case::new("--delete-after-download", theirs, ours).before(&[("d/X.part", "a")]);
    case.is(
        "F5",
        &[
            said(Missing, "d/X.part"),
            said(Extra, "d/a.JPG"),
            said(SaidThere, "Could not download a.JPG. Please try again later."),
            said(SaidHere, "Downloaded photos/d/a.JPG"),
            said(SaidHere, "[DRY RUN] Would download photos/d/a.JPG"),
            said(SaidHere, "Deleted a.JPG in iCloud"),
            said(GoneHere, "1"),
        ],
    );
    case.is_nothing(&[
        said(Extra, "d/b.JPG"),
        said(Missing, "d/Y.part"),
        said(SaidThere, "Could not download b.JPG. Please try again later."),
        said(SaidHere, "Downloaded photos/d/b.JPG"),
        said(SaidHere, "Deleted b.JPG in iCloud"),
    ]);
}

#[test]
fn who_took_the_place_of_a_photo_that_failed_stands_beside_it_in_ours() {
    let theirs = done(
        &[("d/a.JPG", "other")],
        &[
            "Resuming downloading of photos/d/a.JPG from 1",
            "Could not download a.JPG. Please try again later.",
        ],
        &[],
    );
    let ours = done(&[("d/a.JPG", "a"), ("d/a-5.JPG", "other"), ("d/a-6.JPG", "third")], &[], &[]);
    let case = Case::new("--size original", theirs, ours);
    let beside = "photos/d/a-5.JPG deduplicated";
    case.is("F5", &[said(Bytes, "d/a.JPG"), said(Extra, "d/a-5.JPG"), said(SaidHere, beside)]);
    case.is_nothing(&[said(Extra, "d/a-6.JPG"), said(Bytes, "d/a-5.JPG")]);
}

#[test]
fn what_is_no_file_excuses_the_photo_of_its_name_alone() {
    let reason = "something that is no file has the name; move it away (path: /x/ours/photos/d/a.JPG)";
    let line = format!("Could not download a.JPG. Please try again later. Reason: {reason}");
    let theirs = done(&[("d/N.part", "a")], &[], &[]);
    let case = Case::new("--dry-run", theirs, done(&[], &[&line], &[]));
    case.is(
        "O7",
        &[
            said(Missing, "d/N.part"),
            SaidHere(line.clone()),
            said(SaidThere, "All photos have been downloaded"),
            said(SaidThere, "[DRY RUN] Would download photos/d/a.JPG"),
        ],
    );
    let gone_on = done(&[("d/N.part", "aa"), ("e/N.part", "aa")], &[], &[]);
    let left = done(&[("d/N.part", "a"), ("e/N.part", "a")], &[&line], &[]);
    let half = Case::new("--size original", gone_on, left).before(&[("d/N.part", "a"), ("e/N.part", "a")]);
    half.is("O7", &[said(Bytes, "d/N.part")]);
    half.is_nothing(&[said(Bytes, "e/N.part")]);
    case.is_nothing(&[
        said(Missing, "e/N.part"),
        said(SaidHere, "Could not download b.JPG. Please try again later. Reason: no answer"),
        said(SaidThere, "[DRY RUN] Would download photos/d/b.JPG"),
        said(SaidHere, "All photos have been downloaded"),
    ]);
}

#[test]
fn names_alone_end_with_3_where_something_is_in_the_way() {
    let mut ours = done(&[], &[], &[]);
    ours.ended.stderr =
        "icloudpd: a.JPG: something that is no file has the name; move it away (path: /x/photos/a.JPG)\n"
            .to_owned();
    let case = Case::new("--only-print-filenames", done(&[], &[], &[]), ours);
    case.is("K17", &[Exit(0, 3)]);
    case.is_nothing(&[Exit(0, 1), Exit(3, 0)]);
    Case::new("--only-print-filenames", done(&[], &[], &[]), done(&[], &[], &[])).is_nothing(&[Exit(0, 3)]);
}

#[test]
fn a_dated_file_is_there_where_theirs_fetches_it_beside() {
    let theirs = done(&[("a.JPG", "dated"), ("a-1.JPG", "a")], &["photos/a-1.JPG deduplicated"], &[]);
    let ours = done(&[("a.JPG", "dated"), ("b.JPG", "dated")], &[], &[]);
    let both = [("a.JPG", "dated"), ("b.JPG", "dated")];
    let case = Case::new("--set-exif-datetime", theirs, ours).before(&both);
    case.is(
        "C1",
        &[
            said(SaidHere, "photos/a.JPG already exists"),
            said(SaidThere, "[DRY RUN] Would download photos/a-1.JPG"),
        ],
    );
    case.is("C1", &[said(PrintedThere, "photos/a-1.JPG")]);
    case.is_nothing(&[said(PrintedThere, "photos/c-1.JPG"), said(PrintedThere, "photos/a-x.JPG")]);
    case.is_nothing(&[
        said(SaidHere, "photos/b.JPG already exists"),
        said(SaidHere, "photos/c.JPG already exists"),
    ]);
}

#[test]
fn photos_that_stay_are_told_by_their_names() {
    let theirs =
        done(&[], &["Deleted a_QVk2Yyt.JPG in iCloud", "Deleted b_QVk2Yyt.JPG in iCloud"], &["1", "2"]);
    let ours =
        done(&[], &["a.JPG stays in iCloud: iCloud holds a file of it", "c.JPG stays in iCloud: why"], &[]);
    let case = Case::new("--delete-after-download, --file-match-policy name-id7", theirs, ours);
    case.is("O15", &[said(SaidThere, "Deleted a_QVk2Yyt.JPG in iCloud")]);
    // Two stay, but one of them is another one.
    case.is_nothing(&[said(SaidThere, "Deleted b_QVk2Yyt.JPG in iCloud"), said(GoneThere, "1")]);
}

#[test]
fn a_hidden_photo_of_an_album_stays() {
    let theirs = done(&[], &["Deleted a.JPG in iCloud", "Deleted b.JPG in iCloud"], &["1", "2"]);
    let mut case = Case::new("--delete-after-download, --album One", theirs, done(&[], &[], &[]));
    case.world.library = vec![serde_json::json!({ "name": "a.JPG", "hidden": true })];
    case.is("O22", &[said(SaidThere, "Deleted a.JPG in iCloud")]);
    case.is_nothing(&[said(SaidThere, "Deleted b.JPG in iCloud"), said(GoneThere, "1")]);
}

#[test]
fn a_photo_of_which_nothing_is_there_stays() {
    let missing =
        ["thumb", "medium"].map(|size| format!("{size} size does not exist for a.JPG. Skipping..."));
    let options = "--delete-after-download, --size thumb, --size medium, --force-size";
    let case = |lines: &[&str]| {
        Case::new(options, done(&[], &["Deleted a.JPG in iCloud"], &["1"]), done(&[], lines, &[]))
    };
    case(&[&missing[0], &missing[1]])
        .is("F1", &[said(GoneThere, "1"), said(SaidThere, "Deleted a.JPG in iCloud")]);
    case(&[&missing[0]]).is_nothing(&[said(GoneThere, "1"), said(SaidThere, "Deleted a.JPG in iCloud")]);
}

#[test]
fn lengths_are_printed_where_theirs_prints_a_name_twice() {
    let (mut theirs, mut ours) = (done(&[], &[], &[]), done(&[], &[], &[]));
    theirs.ended.stdout = "photos/a.JPG\nphotos/a.JPG\nphotos/b.JPG\n".to_owned();
    ours.ended.stdout = "photos/a.JPG\nphotos/a-1000.JPG\nphotos/b.JPG\nphotos/b-1000.JPG\n".to_owned();
    let case = Case::new("--only-print-filenames", theirs, ours);
    case.is("O2", &[said(PrintedHere, "photos/a-1000.JPG")]);
    case.is_nothing(&[said(PrintedHere, "photos/b-1000.JPG"), said(PrintedHere, "photos/a-x.JPG")]);
}

#[test]
fn every_album_is_printed_here() {
    let nothing = || done(&[], &[], &[]);
    let printed = [said(PrintedHere, "photos/a.JPG")];
    Case::new("--only-print-filenames, --album One, --album Two", nothing(), nothing()).is("F12", &printed);
    Case::new("--only-print-filenames, --album One", nothing(), nothing()).is_nothing(&printed);
}

#[test]
fn a_name_without_a_dot_takes_a_length_here_alone() {
    let theirs = done(&[("d/noext", "a")], &[], &[]);
    let ours =
        done(&[("d/noext", "a"), ("d/noext-2", "bb"), ("d/noext-9", "c"), ("d/a.JPG-2", "bb")], &[], &[]);
    let case = Case::new("--size original", theirs, ours);
    case.is("O14", &[said(Extra, "d/noext-2"), said(SaidThere, "photos/d/noext already exists")]);
    case.is_nothing(&[said(Extra, "d/noext-9"), said(Extra, "d/a.JPG-2")]);
}

#[test]
fn names_that_stay_are_compared_by_what_no_rule_changes() {
    let theirs = done(&[], &["Deleted Caf_QVk2Yyt.JPG in iCloud", "Deleted a_b.JPG in iCloud"], &["1", "2"]);
    let stays = ["Caf\u{e9}.JPG stays in iCloud: why", "a:b.JPG stays in iCloud: why"];
    let case =
        Case::new("--delete-after-download, --file-match-policy name-id7", theirs, done(&[], &stays, &[]));
    case.is(
        "O15",
        &[said(SaidThere, "Deleted Caf_QVk2Yyt.JPG in iCloud"), said(SaidThere, "Deleted a_b.JPG in iCloud")],
    );
}

#[test]
fn what_is_kept_for_it_is_not_proven_ends_with_3() {
    let mut ours =
        done(&[], &["Kept, though they were to be deleted, for something about them is not proven: 1"], &[]);
    ours.ended.code = 3;
    let all = said(SaidThere, "All photos have been downloaded");
    Case::new("--delete-after-download", done(&[], &[], &[]), ours).is("K17", &[Exit(0, 3), all.clone()]);
    Case::new("--delete-after-download", done(&[], &[], &[]), done(&[], &[], &[]))
        .is_nothing(&[Exit(0, 3), all]);
}

#[test]
fn who_got_another_name_leaves_the_library_there_alone() {
    let theirs = done(&[], &["Deleted new.JPG in iCloud"], &["1"]);
    let mut case = Case::new("--delete-after-download", theirs, done(&[], &[], &[]));
    let name = Some("new.JPG".to_owned());
    case.world.edits.push(super::super::world::Edit { asset: 0, kind: "rename".to_owned(), name });
    let (before, ours) = (&case.before, &case.ours);
    let find = |name, difference| {
        find(&Step { name, world: &case.world, before, theirs: &case.theirs, ours }, &difference)
    };
    assert_eq!(find("after changes", said(GoneThere, "1")), Some("O13"));
    assert_eq!(find("after changes", said(SaidThere, "Deleted new.JPG in iCloud")), Some("O13"));
    assert_eq!(find("first run", said(GoneThere, "1")), None);
}
