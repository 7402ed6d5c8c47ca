//! `--keep-icloud-recent-days`, `--delete-after-download`, `--auto-delete`.

use std::path::Path;

use icloud_photos_testkit::{Edit, LibrarySpec};
use serde_json::Value;

use crate::keep::verb;
use crate::support::{World, ran};

/// A photo taken so many days ago; its record name.
fn photo(world: &World, name: &str, days: i64) -> String {
    let now = world.cloud.now_ms();
    library(world).add_photo(name, 2000 + days.unsigned_abs(), now - days * 86_400_000 - 1000)
}

fn library(world: &World) -> &icloud_photos_testkit::Library {
    world.cloud.library(World::USER).unwrap()
}

/// Names of what is shown in the library.
fn shown(world: &World) -> Vec<String> {
    let truth = library(world).truth();
    let assets = truth["assets"].as_array().unwrap().iter();
    let live = assets.filter(|asset| asset["deleted"] == Value::Bool(false));
    live.map(|asset| asset["name"].as_str().unwrap().to_owned()).collect()
}

fn some() -> World {
    let world = World::new(LibrarySpec::plain(0, 1000));
    for days in [1, 29, 30, 31] {
        photo(&world, &format!("{days}.JPG"), days);
    }
    world
}

#[test]
fn old_photos_leave_icloud_once_they_are_proven() {
    let world = some();
    let keep = ["--keep-icloud-recent-days", "30"];
    let dry = ran(world.download().args(keep).arg("--dry-run")).exits(0);
    dry.says("[DRY RUN] Would delete 31.JPG in iCloud library PrimarySync");
    assert!(!dry.out.contains("Would delete 29.JPG") && shown(&world).len() == 4, "{}", dry.out);
    let names = ran(world.download().args(keep).arg("--only-print-filenames")).exits(0);
    assert!(names.out.lines().count() == 4 && shown(&world).len() == 4);
    let run = ran(world.download().args(keep)).exits(0);
    run.says("Deleted 30.JPG in iCloud");
    run.says("Skipping deletion of 29.JPG as it is within the keep_icloud_recent_days period (29 days old)");
    // The words that icloudpd has for both, before it says what becomes of them.
    for (days, then) in [(29, "Skipping deletion of 29.JPG "), (30, "Deleting 30.JPG in iCloud...")] {
        let lines = run.messages();
        let end = lines.iter().position(|line| line.starts_with(then)).unwrap();
        let [created, keep, age] = lines[end - 3..end] else { unreachable!() };
        assert!(created.starts_with("Created date: 20") && created.ends_with("+00:00"), "{created}");
        assert_eq!((keep, age), ("Keep iCloud recent days: 30", format!("Age days: {days}").as_str()));
    }
    assert_eq!(shown(&world), ["1.JPG", "29.JPG"]);
    assert_eq!(world.photos().len(), 4);
    let again = ran(world.download().args(keep)).exits(0);
    assert!(!again.out.contains("Deleted"), "{}", again.out);
    let dry = ran(world.download().args(["--keep-icloud-recent-days", "0", "--dry-run"])).exits(0);
    dry.says("[DRY RUN] Would delete 1.JPG in iCloud library PrimarySync");
    assert_eq!(shown(&world).len(), 2);
}

/// A rehearsal reads what the run would read, promises nothing of a photo that the run keeps, and ends with its exit code.
#[test]
fn a_rehearsal_says_which_photos_stay_for_their_files_are_damaged() {
    let world = some();
    ran(&mut world.download()).exits(0);
    let path =
        world.directory().join(world.photos().into_iter().find(|path| path.ends_with("31.JPG")).unwrap());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[1000] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let keep = ["--keep-icloud-recent-days", "30"];
    let dry = ran(world.download().args(keep).arg("--dry-run")).exits(3);
    dry.says("[DRY RUN] Would delete 30.JPG in iCloud library PrimarySync");
    assert!(
        !dry.out.contains("Would delete 31.JPG") && dry.out.contains("31.JPG stays in iCloud"),
        "{}",
        dry.out
    );
    assert_eq!(shown(&world).len(), 4);
    let run = ran(world.download().args(keep)).exits(3);
    assert!(run.out.contains("31.JPG stays in iCloud") && shown(&world).len() == 3, "{}", run.out);
}

/// Two copies, one inside the other: neither removes what the other moved out.
#[test]
fn copies_inside_each_other_know_what_was_moved_out() {
    for (moves, mirrors) in [("", "2024"), ("2024", "")] {
        let world = some();
        let inner = world.directory().join("2024");
        let run = |folder: &str, flags: &[&str]| {
            let directory = world.directory().join(folder);
            let structure = if folder.is_empty() { "2024" } else { "none" };
            let directory = directory.to_str().unwrap();
            ran(world.icloudpd(&["-d", directory, "--folder-structure", structure]).args(flags))
        };
        std::fs::create_dir_all(&inner).unwrap();
        run(mirrors, &[]).exits(0);
        run(moves, &["--keep-icloud-recent-days", "0"]).exits(0);
        assert_eq!(shown(&world).len(), 0);
        let ran = run(mirrors, &["--auto-delete"]);
        let files = std::fs::read_dir(&inner).unwrap().flatten();
        let photos = files.filter(|file| file.file_name().to_string_lossy().ends_with(".JPG")).count();
        assert_eq!(photos, 4, "{}", ran.out);
        if mirrors == "2024" {
            ran.exits(1).says("this folder lies inside another copy");
        }
    }
}

/// The mark of a copy inside is damaged: what is said leads out, and at no step does the outer copy remove what the inner one moved out.
#[test]
fn a_damaged_mark_of_a_copy_inside_costs_nothing() {
    let world = some();
    let inner = world.directory().join("2024");
    let run = |folder: &Path, structure: &str, flags: &[&str]| {
        let directory = folder.to_str().unwrap();
        ran(world.icloudpd(&["-d", directory, "--folder-structure", structure]).args(flags))
    };
    std::fs::create_dir_all(&inner).unwrap();
    run(&world.directory(), "2024", &[]).exits(0);
    run(&inner, "none", &["--keep-icloud-recent-days", "0"]).exits(0);
    assert_eq!(shown(&world).len(), 0);
    let photos = || {
        let files = std::fs::read_dir(&inner).unwrap().flatten();
        files.filter(|file| file.file_name().to_string_lossy().ends_with(".JPG")).count()
    };
    let outer = || run(&world.directory(), "2024", &["--auto-delete"]);
    let mark = inner.join(".icloud-photos-store");
    std::fs::write(&mark, "{\"id\"").unwrap();
    assert!(outer().exits(1).out.contains("run icloudpd on that folder"));
    assert!(run(&inner, "none", &[]).exits(1).out.contains("remove the mark, but not the catalogue"));
    std::fs::remove_file(&mark).unwrap();
    outer();
    assert_eq!(photos(), 4);
    let told = run(&inner, "none", &[]);
    let (_, command) =
        told.out.split_once("to put the mark back: ").unwrap_or_else(|| panic!("{}", told.out));
    let command = command.lines().next().unwrap().trim_end().strip_suffix(')').unwrap();
    assert!(std::process::Command::new("sh").args(["-c", command]).status().unwrap().success());
    run(&inner, "none", &[]).exits(0);
    outer().exits(0);
    assert_eq!(photos(), 4);
    // Mark and record are lost, and the folder of the record still is there.
    std::fs::remove_file(&mark).unwrap();
    for file in std::fs::read_dir(inner.join(".icloud-photos-moved")).unwrap().flatten() {
        std::fs::remove_file(file.path()).unwrap();
    }
    let gone = photo(&world, "gone.JPG", 3);
    run(&world.directory(), "2024", &[]).exits(0);
    assert!(library(&world).edit(&gone, &Edit::Trash, world.cloud.now_ms()));
    assert!(outer().exits(1).out.contains("000001.json"));
    assert_eq!(photos(), 5);
}

/// The catalogue is lost, and with it what was moved out: a rehearsal says that it does not know what the record does.
#[test]
fn a_rehearsal_says_that_the_record_knows_more() {
    let world = some();
    ran(world.download().args(["--keep-icloud-recent-days", "0"])).exits(0);
    assert_eq!(shown(&world).len(), 0);
    std::fs::remove_dir_all(world.sessions()).unwrap();
    let more = "what was moved out of iCloud from this folder is not all known to the catalogue";
    let plan = || verb(&world, "plan", &[]).exits(0);
    assert!(plan().out.contains(more));
    assert!(ran(world.download().arg("--dry-run")).exits(0).out.contains(more));
    let run = ran(&mut world.download()).exits(0);
    assert!(!run.out.contains(more) && !plan().out.contains(more), "{}", run.out);
}

/// A part of the record is missing: every run says so, and the next move neither hides it nor takes its place.
#[test]
fn a_lost_part_of_the_record_is_told() {
    let world = some();
    ran(world.download().args(["--keep-icloud-recent-days", "30"])).exits(0);
    let moved = world.directory().join(".icloud-photos-moved");
    let first = moved.join("000001.json");
    std::fs::rename(&first, world.directory().join("elsewhere")).unwrap();
    for flags in [&[][..], &["--keep-icloud-recent-days", "10"], &[]] {
        let run = ran(world.download().args(flags)).exits(0);
        let told = run.out.lines().filter(|line| line.contains("000001.json"));
        assert_eq!(told.filter(|line| line.contains("WARNING")).count(), 1, "{}", run.out);
    }
    assert!(!first.exists() && moved.join("000002.json").exists());
    std::fs::rename(world.directory().join("elsewhere"), &first).unwrap();
    let run = ran(&mut world.download()).exits(0);
    assert!(!run.out.contains("000001.json"), "{}", run.out);
}

/// The record is a link to a disk that is not there.
#[cfg(unix)]
#[test]
fn a_record_that_is_no_folder_is_named() {
    let world = some();
    ran(&mut world.download()).exits(0);
    let moved = world.directory().join(".icloud-photos-moved");
    std::os::unix::fs::symlink(world.sessions().join("no/disk"), &moved).unwrap();
    let keep = ["--keep-icloud-recent-days", "0"];
    let run = ran(world.download().args(keep)).exits(1);
    assert!(run.out.contains("a link that leads nowhere") && run.out.contains("moved away"), "{}", run.out);
    assert_eq!(shown(&world).len(), 4);
    std::fs::remove_file(&moved).unwrap();
    ran(world.download().args(keep)).exits(0);
    assert_eq!(shown(&world).len(), 0);
}

/// Files that icloudpd left: nobody proved them yet, and a damaged one must not cost the photo.
#[test]
fn present_files_are_read_before_their_photos_go() {
    let world = some();
    ran(&mut world.download()).exits(0);
    std::fs::remove_dir_all(world.sessions()).unwrap();
    std::fs::remove_file(world.directory().join(".icloud-photos-store")).unwrap();
    let path = world.photos().into_iter().find(|path| path.ends_with("31.JPG")).unwrap();
    let path = world.directory().join(path);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[700] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let keep = ["--keep-icloud-recent-days", "0", "--log-level", "info"];
    let run = ran(world.download().args(keep)).exits(3);
    let warned = run.out.lines().find(|line| line.contains("31.JPG stays in iCloud")).unwrap_or(&run.out);
    assert!(warned.contains("WARNING") && warned.contains("icloudpd verify --repair"), "{warned}");
    assert_eq!(shown(&world), ["31.JPG"]);
}

#[test]
fn downloaded_photos_leave_icloud_and_present_ones_stay() {
    let world = some();
    ran(world.download().args(["--recent", "2"])).exits(0);
    let run = ran(world.download().arg("--delete-after-download")).exits(0);
    run.says("Deleted 31.JPG in iCloud");
    assert_eq!(shown(&world), ["1.JPG", "29.JPG"]);
}

#[test]
fn deleted_photos_go_here_too() {
    let world = some();
    let gone = photo(&world, "gone.JPG", 3);
    let kept = photo(&world, "trash.JPG", 3);
    ran(&mut world.download()).exits(0);
    assert!(library(&world).edit(&gone, &Edit::Trash, world.cloud.now_ms()));
    let dry = ran(world.download().args(["--auto-delete", "--dry-run"])).exits(0);
    dry.says("Deleting any files found in 'Recently Deleted'...");
    dry.says("[DRY RUN] Would delete ");
    assert_eq!(world.photos().len(), 6);
    let run = ran(world.download().arg("--auto-delete")).exits(0);
    run.says("Deleted ");
    for told in [&dry, &run] {
        let lines = told.messages();
        let all = lines.iter().filter(|line| **line == "All photos and videos have been downloaded");
        assert_eq!(all.count(), 1, "{lines:?}");
        let at = |start| lines.iter().position(|line| line.starts_with(start)).unwrap();
        assert!(at("All photos") < at("Deleting any files found"), "{lines:?}");
    }
    let left = world.photos();
    assert!(left.len() == 5 && !left.iter().any(|path| path.contains("gone")), "{left:?}");
    assert!(library(&world).edit(&kept, &Edit::Trash, world.cloud.now_ms()));
    ran(world.download().args(["--auto-delete", "--use-trash"])).exits(0);
    let left = world.photos();
    let trashed = |path: &&String| path.starts_with(".icloud-photos-trash/") && path.ends_with("trash.JPG");
    assert!(left.len() == 5 && left.iter().filter(trashed).count() == 1, "{left:?}");
}

#[test]
fn too_much_stops_and_names_what_would_go() {
    let world = World::new(LibrarySpec::plain(0, 1000));
    (0..25).for_each(|number| drop(photo(&world, &format!("{number}.JPG"), 50)));
    let keep = ["--keep-icloud-recent-days", "5"];
    for _ in 0..2 {
        let dry = ran(world.download().args(keep).arg("--dry-run")).exits(3);
        dry.says("[DRY RUN] Nothing would be deleted: 25 of 25 would be");
        let plan = verb(&world, "plan", &keep).exits(3);
        plan.says("nothing would be deleted: 25 of 25 would be");
        ran(&mut world.download()).exits(0);
    }
    let run = ran(world.download().args(keep)).exits(3);
    run.says("Would delete 7.JPG in iCloud library PrimarySync");
    run.says("Nothing was deleted: 25 of 25 would be");
    assert_eq!(shown(&world).len(), 25);
    ran(world.download().args(keep).args(["--remove-at-most", "100"])).exits(0);
    assert_eq!((shown(&world).len(), world.photos().len()), (0, 25));
}

#[test]
fn options_of_removals_are_checked() {
    let world = World::new(LibrarySpec::plain(0, 1));
    let table: [(&[&str], &str); 5] = [
        (&["--keep-icloud-recent-days", "-1"], "argument --keep-icloud-recent-days: must not be negative"),
        (&["--use-trash"], "--use-trash belongs to: --auto-delete"),
        (
            &["--auto-delete", "--delete-after-download"],
            "--auto-delete and --delete-after-download are mutually",
        ),
        (&["--keep-icloud-recent-days", "0", "--delete-after-download"], "--keep-icloud-recent-days and"),
        (&["--remove-at-most", "0"], ""),
    ];
    for (options, complaint) in table {
        let run = ran(world.download().args(options)).exits(2);
        assert!(
            run.out.contains(complaint) || run.err.contains(complaint),
            "{options:?}: {}{}",
            run.out,
            run.err
        );
    }
}

/// Several sections of one command line are one run: together they remove no more than one may.
#[test]
fn the_limit_is_one_for_all_sections_of_a_user() {
    let world = World::new(LibrarySpec::plain(60, 1000));
    let directory = world.directory().display().to_string();
    let section = ["-d", &directory, "--recent", "15", "--keep-icloud-recent-days", "0"];
    let run = |more: &[&str]| {
        let mut command = world.icloudpd(&section);
        command.args(more);
        for _ in 0..2 {
            command.args(["-u", World::USER]).args(section).args(more);
        }
        ran(&mut command)
    };
    let dry = run(&["--dry-run"]).exits(3);
    assert!(dry.out.contains("Nothing would be deleted: 30 of"), "{}", dry.out);
    assert_eq!(shown(&world).len(), 60);
    let first = run(&[]).exits(3);
    assert!(first.out.contains("Nothing was deleted: 30 of "), "{}", first.out);
    assert_eq!(shown(&world).len(), 45);
    // The next run is another one.
    run(&[]).exits(3);
    assert_eq!(shown(&world).len(), 30);
}

#[test]
fn nobody_says_that_all_is_here_when_it_is_not_before_files_go() {
    let world = some();
    // Of a folder that is not there nobody knows how long its names may be.
    std::fs::create_dir(world.directory()).unwrap();
    world.cloud.library(World::USER).unwrap().add_photo(
        &format!("{}.JPG", "n".repeat(260)),
        2000,
        world.cloud.now_ms(),
    );
    for flags in [&["--auto-delete", "--dry-run"][..], &["--auto-delete"]] {
        let run = ran(world.download().args(flags));
        assert!(!run.out.contains("have been downloaded"), "{}", run.out);
    }
}
