//! Limits on dates, `--until-found` and `--use-os-locale`, by whole runs.

use icloud_photos_testkit::LibrarySpec;

use crate::support::{Ran, World, ran};

fn world() -> World {
    World::new(LibrarySpec::plain(12, 2000))
}

fn run(world: &World, options: &[&str]) -> Ran {
    ran(world.download().args(options)).exits(0)
}

#[test]
fn what_is_left_out_for_its_date_is_told_in_icloudpds_words() {
    let world = world();
    let ran = run(&world, &["--skip-created-after", "0001-02-03T04:05:06+01:00"]);
    let skipped: Vec<_> = ran.messages().into_iter().filter(|line| line.starts_with("Skipping ")).collect();
    assert_eq!(skipped.len(), 12, "{}", ran.out);
    assert!(
        skipped[0].contains(", as it was created ")
            && skipped[0].contains("+00:00, after 0001-02-03 04:05:06+01:00.")
    );
    assert_eq!(world.photos(), [""; 0]);
    run(&world, &["--skip-created-before", "1d", "--dry-run"]);
    run(&world, &["--skip-created-before", "99999d"]);
    assert_eq!(world.photos().len(), 12);
}

#[test]
fn until_found_leaves_the_list_and_says_so() {
    let world = world();
    run(&world, &["--recent", "6"]);
    for rehearsal in [&["--dry-run"][..], &[]] {
        let found = run(&world, &[&["--until-found", "4"], rehearsal].concat());
        found.says("Downloading ??? original photos and videos to ");
        found.says("Found 4 consecutive previously downloaded photos. Exiting");
        found.says("All photos and videos have been downloaded");
        assert_eq!(world.photos().len(), 6);
    }
    let none = run(&world, &["--until-found", "4", "--only-print-filenames"]);
    assert_eq!(none.out, "");
    run(&world, &["--until-found", "-1"]).says("Found 0 consecutive previously downloaded photos. Exiting");
    // More than stand here: everything comes, and the next run asks only what is new.
    run(&world, &["--until-found", "7"]);
    assert_eq!(world.photos().len(), 12);
    world.cloud.reset_counts();
    run(&world, &["--until-found", "4"]);
    let counts = world.cloud.counts();
    assert_eq!(
        (counts.requests_to("cloudkit/changes/zone"), counts.requests_to("cloudkit/records/query")),
        (1, 0)
    );
}

#[test]
fn folders_are_named_in_the_language_of_the_system() {
    let world = world();
    let options = ["--use-os-locale", "--folder-structure", "{:%A}"];
    ran(world.download().args(options).env("LC_ALL", "de_DE.UTF-8")).exits(0);
    let german = ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"];
    let photos = world.photos();
    assert!(
        photos.len() == 12 && photos.iter().all(|path| german.contains(&path.split('/').next().unwrap())),
        "{photos:?}"
    );
}
