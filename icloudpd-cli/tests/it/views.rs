//! `--view`, as a person sees it: folders by album and year beside the copy.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use icloud_photos_testkit::{Edit, LibrarySpec};

use crate::keep::verb;
use crate::support::{World, icloudpd, ran, tree};

const NOW: i64 = 1_714_979_289_000;
const ALBUMS: [&str; 2] = ["--view", "albums:{album_path}"];

/// Two photos of one name in an album, and one of them in another.
fn world() -> World {
    let world = World::new(LibrarySpec::plain(3, 900));
    let library = world.cloud.library(World::USER).unwrap();
    let twins: Vec<_> = (0..2)
        .map(|year| library.add_photo("Twin.JPG", 500 + year, NOW + year as i64 * 40_000_000_000))
        .collect();
    let (trip, best) = (library.add_album("Trip", NOW), library.add_album("Best/of", NOW));
    for (asset, album) in [(&twins[0], &trip), (&twins[1], &trip), (&twins[1], &best)] {
        assert!(library.edit(asset, &Edit::Enter(album.clone()), NOW));
    }
    world
}

fn with(world: &World, args: &[&str]) -> Command {
    let mut command = world.download();
    command.args(args);
    command
}

fn view(world: &World, name: &str) -> Vec<String> {
    let folder = world.directory().join(name);
    if folder.exists() { tree(&folder) } else { Vec::new() }
}

/// The only file of the copy with so many bytes.
fn of_size(folder: &Path, size: u64) -> Vec<PathBuf> {
    let files = tree(folder).into_iter().map(|path| folder.join(path));
    files.filter(|path| path.is_file() && fs::metadata(path).unwrap().len() == size).collect()
}

#[test]
fn albums_stand_beside_the_copy_and_a_second_run_asks_twice_at_most() {
    let world = world();
    ran(&mut world.download()).exits(0);
    let copy = world.photos();
    let run = ran(&mut with(&world, &[&ALBUMS[..], &["--view", "years:{:%Y}"]].concat())).exits(0);
    run.says("View albums: 3 entries, 3 laid, 0 removed");
    run.says("View years: 5 entries, 5 laid, 0 removed");
    let albums = view(&world, "albums");
    assert_eq!(albums.len(), 3, "{albums:?}");
    assert!(albums.contains(&"Trip/Twin.JPG".to_owned()), "{albums:?}");
    assert!(albums.contains(&"Best_of/Twin.JPG".to_owned()), "{albums:?}");
    assert!(copy.iter().all(|path| world.photos().contains(path)), "the copy is as it was");
    // Two photos of 500 and 501 bytes, each one file with all of its names.
    for (size, names) in [(500, 3), (501, 4)] {
        let files = of_size(&world.directory(), size);
        let inode = |path: &PathBuf| fs::metadata(path).unwrap().ino();
        assert_eq!(files.len(), names, "{files:?}");
        assert!(files.iter().all(|file| inode(file) == inode(&files[0])));
    }
    let before = world.photos();
    world.cloud.reset_counts();
    let run = ran(&mut with(&world, &[&ALBUMS[..], &["--view", "years:{:%Y}"]].concat())).exits(0);
    let requests = world.cloud.counts().requests;
    assert!(requests <= 2, "{requests} requests");
    assert!(run.messages().iter().all(|line| !line.contains("laid")), "nothing is to be done");
    assert_eq!(world.photos(), before);
}

#[test]
fn a_dry_run_says_what_would_be_laid() {
    let world = world();
    ran(&mut world.download()).exits(0);
    let before = world.photos();
    let run = ran(&mut with(&world, &["--view", "years:{:%Y}", "--dry-run"])).exits(0);
    run.says("[DRY RUN] Would lay ");
    run.says("[DRY RUN] View years: 5 entries, 5 laid, 0 removed");
    assert_eq!(world.photos(), before);
}

#[test]
fn strangers_are_told_and_the_report_counts() {
    let world = world();
    let notes = world.directory().join("albums/Trip/Twin.JPG");
    fs::create_dir_all(notes.parent().unwrap()).unwrap();
    fs::write(&notes, "mine").unwrap();
    let report = world.directory().parent().unwrap().join("report.json");
    let args = [&ALBUMS[..], &["--view-as", "symlink", "--report-json", report.to_str().unwrap()]].concat();
    let run = ran(&mut with(&world, &args)).exits(0);
    run.says(&format!("{} stays: something stands here that this view did not lay", notes.display()));
    assert_eq!(fs::read_to_string(&notes).unwrap(), "mine");
    let report: serde_json::Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    let counts = &report["accounts"][0]["counts"];
    assert_eq!(
        (&counts["views_laid"], &counts["views_left"], &counts["views_removed"]),
        (&2.into(), &1.into(), &0.into())
    );
    let entry = world.directory().join("albums/Best_of/Twin.JPG");
    assert!(fs::symlink_metadata(&entry).unwrap().is_symlink() && fs::read(&entry).unwrap().len() == 501);
}

#[test]
fn a_manifest_is_a_file_for_programs() {
    let world = world();
    ran(&mut with(&world, &[&ALBUMS[..], &["--view-as", "manifest"]].concat())).exits(0);
    assert!(view(&world, "albums").is_empty());
    let manifest = fs::read(world.directory().join(".icloud-photos-views/albums.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    for entry in manifest["entries"].as_array().unwrap() {
        assert!(world.directory().join(entry["file"].as_str().unwrap()).is_file(), "{entry}");
    }
    assert_eq!(manifest["entries"].as_array().unwrap().len(), 3);
    // Neither is a stranger to the copy.
    let run = verb(&world, "verify", &[]).exits(0);
    assert!(!run.out.contains("albums.json"), "{}", run.out);
}

#[test]
fn verify_tells_what_is_wrong_in_a_view_and_the_next_run_mends_it() {
    let world = world();
    ran(&mut with(&world, &ALBUMS)).exits(0);
    let run = verb(&world, "verify", &[]).exits(0);
    assert!(run.out.contains("; 3 entries of views, 0 of them bad"), "{}", run.out);
    fs::remove_file(world.directory().join("albums/Best_of/Twin.JPG")).unwrap();
    let run = verb(&world, "verify", &[]).exits(3);
    assert!(
        run.out.contains("albums/Best_of/Twin.JPG: missing; the next run with this view lays it again"),
        "{}",
        run.out
    );
    assert!(run.out.contains("; 3 entries of views, 1 of them bad"), "{}", run.out);
    ran(&mut with(&world, &ALBUMS)).exits(0);
    verb(&world, "verify", &[]).exits(0);
}

#[test]
fn lines_that_make_no_sense_are_refused() {
    let refused = |args: &[&str]| ran(&mut icloudpd(&[&["-u", "a", "-d", "x"], args].concat())).exits(2).out;
    assert!(refused(&["--view-as", "copy"]).starts_with("--view-as belongs to: --view"));
    assert!(refused(&["--view", "a:{album}", "--view", "A:{:%Y}"]).contains("two views have one name"));
    assert!(refused(&["--view", "{album}"]).contains("NAME:TEMPLATE"));
    assert!(refused(&["--view", "a:{albums}"]).contains("{album_path}"));
    assert!(refused(&["--view", "a:../{album}"]).contains("{album_path}"));
    assert!(refused(&["--view", "a:{album}", "--view-as", "wish"]).contains("hardlink"));
}
