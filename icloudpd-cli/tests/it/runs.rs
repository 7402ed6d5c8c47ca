//! Whole runs that end well: lists, downloads, rehearsals.

use std::time::{Duration, SystemTime};

use icloud_photos_testkit::{FaultAction, FaultRule, FaultScript, LibrarySpec};

use crate::support::{World, is_log_line, ran};

#[test]
fn a_first_run_downloads_and_a_second_finds_everything_there() {
    let world = World::new(LibrarySpec::plain(7, 1000));
    let first = ran(&mut world.download()).exits(0);
    assert!(first.out.lines().all(is_log_line), "{}", first.out);
    let directory = world.directory();
    assert_eq!(
        first.messages()[..4],
        [
            "Processing user: jdoe@example.com".to_owned(),
            "Authenticating...".to_owned(),
            "Looking up all photos and videos...".to_owned(),
            format!("Downloading 7 original photos and videos to {} ...", directory.display()),
        ]
    );
    assert_eq!(first.messages().iter().filter(|line| line.starts_with("Downloaded ")).count(), 7);
    assert_eq!(first.messages().last(), Some(&"All photos and videos have been downloaded"));
    let photos = world.photos();
    assert_eq!(photos.len(), 7);
    for photo in &photos {
        assert_eq!(std::fs::metadata(directory.join(photo)).unwrap().len(), 1000);
    }
    world.cloud.reset_counts();
    let second = ran(&mut world.download()).exits(0);
    assert_eq!(second.messages().iter().filter(|line| line.ends_with(" already exists")).count(), 7);
    assert_eq!(world.cloud.counts().requests_to("content"), 0);
    assert_eq!(world.photos(), photos);
}

#[test]
fn a_rehearsal_changes_nothing() {
    let world = World::new(LibrarySpec::plain(3, 1000));
    let ran = ran(world.download().arg("--dry-run")).exits(0);
    assert_eq!(ran.messages().iter().filter(|line| line.starts_with("[DRY RUN] Would download ")).count(), 3);
    ran.says("[DRY RUN] Would create folder hierarchy ");
    assert!(!world.directory().exists());
    assert_eq!(world.cloud.counts().requests_to("content"), 0);
}

#[test]
fn only_names_are_printed_when_names_are_wanted() {
    let world = World::new(LibrarySpec::plain(3, 1000));
    let names = ran(world.download().arg("--only-print-filenames")).exits(0);
    assert!(!world.directory().exists());
    let mut printed: Vec<_> = names.out.lines().map(str::to_owned).collect();
    printed.sort();
    assert_eq!(names.err, "");
    ran(&mut world.download()).exits(0);
    let directory = world.directory();
    let written: Vec<_> =
        world.photos().iter().map(|path| directory.join(path).display().to_string()).collect();
    assert_eq!(printed, written);
    // What is there is not printed.
    assert_eq!(ran(world.download().arg("--only-print-filenames")).exits(0).out, "");
}

#[test]
fn an_error_leaves_the_list_of_names_clean() {
    let world = World::new(LibrarySpec::plain(3, 1000));
    let ran = ran(world.download().args(["--only-print-filenames", "--library", "none"])).exits(1);
    assert_eq!(ran.out, "");
    assert!(ran.err.contains("Unknown library: none"), "{}", ran.err);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    use std::process::Stdio;
    let world = World::new(LibrarySpec::plain(300, 1000));
    let mut command = world.download();
    let mut child = command.arg("--only-print-filenames").stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn albums_are_listed_in_icloudpds_order_and_downloaded_by_title() {
    let world = World::new(LibrarySpec::everyday(1, 60));
    let list = ran(&mut world.icloudpd(&["--list-albums", "--log-level", "error"])).exits(0);
    let lines: Vec<_> = list.out.lines().collect();
    assert_eq!(
        lines[..11],
        [
            "Albums:",
            "Time-lapse",
            "Videos",
            "Slo-mo",
            "Bursts",
            "Favorites",
            "Panoramas",
            "Screenshots",
            "Live",
            "Recently Deleted",
            "Hidden",
        ]
    );
    assert!(lines.len() > 11, "{lines:?}");
    let run = ran(world.download().args(["-a", lines[11], "--album", "Favorites"])).exits(0);
    run.says(&format!("Looking up all photos and videos from albums {},Favorites...", lines[11]));
    assert!(!world.photos().is_empty());
}

#[test]
fn libraries_are_listed_with_the_personal_one_first() {
    let world = World::new(LibrarySpec::everyday(1, 30));
    let list = ran(&mut world.icloudpd(&["--list-libraries", "--log-level", "error"])).exits(0);
    let lines: Vec<_> = list.out.lines().collect();
    assert_eq!(lines[0], "PrimarySync");
    assert!(lines[1].starts_with("SharedSync-"), "{lines:?}");
    assert_eq!(lines.len(), 2);
    ran(world.download().args(["--library", lines[1]])).exits(0);
    assert!(!world.photos().is_empty());
}

#[test]
fn filters_say_what_they_leave_out() {
    let world = World::new(LibrarySpec::everyday(1, 60));
    let run = ran(world.download().args(["--skip-videos", "--recent", "40", "--dry-run"])).exits(0);
    run.says("Looking up all photos...");
    run.says("Downloading 40 original photos to ");
    run.says("All photos have been downloaded");
    let skipped = run.messages().iter().any(|line| {
        line.starts_with("Skipping ") && line.ends_with(", only downloading photos. (Item type was: MOVIE)")
    });
    assert!(skipped, "{}", run.out);
}

#[test]
fn one_photo_is_the_first_one() {
    let world = World::new(LibrarySpec::plain(9, 1000));
    let run = ran(world.download().args(["--recent", "1", "--size", "original", "--size", "thumb"])).exits(0);
    run.says("Downloading the first original,thumb photo or video to ");
    let photos = world.photos();
    assert_eq!(photos.len(), 2);
    assert!(photos[0].ends_with("-thumb.JPG"), "{photos:?}");
    assert_eq!(ran(world.download().args(["--recent", "0"])).exits(0).messages().len(), 5);
}

#[test]
fn the_log_level_is_a_threshold() {
    let world = World::new(LibrarySpec::plain(2, 1000));
    let info = ran(world.download().args(["--log-level", "info"])).exits(0);
    assert!(!info.out.contains(" DEBUG ") && info.out.contains(" INFO "));
    assert_eq!(ran(world.download().args(["--log-level", "ERROR"])).exits(0).out, "");
}

#[test]
fn no_bar_is_drawn_where_nobody_looks() {
    let world = World::new(LibrarySpec::plain(2, 1000));
    assert_eq!(ran(&mut world.download()).exits(0).err, "");
}

#[test]
fn folders_and_times_follow_the_time_zone() {
    let world = World::new(LibrarySpec::plain(2, 1000));
    let run = |zone: &str, folder: &str| {
        let folder = world.directory().join(folder);
        ran(world
            .icloudpd(&["-d", folder.to_str().unwrap(), "--folder-structure", "{:%Y/%m/%d %H}"])
            .env("TZ", zone))
        .exits(0);
        crate::support::tree(&folder)
    };
    assert_ne!(run("UTC", "utc"), run("Asia/Tokyo", "tokyo"));
    let photo = world.directory().join("utc").join(&crate::support::tree(&world.directory().join("utc"))[0]);
    let modified = std::fs::metadata(photo).unwrap().modified().unwrap();
    assert!(
        modified < SystemTime::now() - Duration::from_secs(60),
        "the time of the photo, not of the download"
    );
}

/// As icloudpd has it, which finds on the disk what it has just put there: `IMG_1-original.JPG` is what its older versions called
/// `IMG_1.JPG`. Where the lengths are the same it takes one photo for the other; here both are kept.
#[test]
fn a_photo_of_this_run_may_have_the_older_name_of_another() {
    for (size, names) in
        [(2001, ["IMG_1-2001.JPG", "IMG_1-original.JPG"]), (2000, ["IMG_1-original.JPG", "IMG_1.JPG"])]
    {
        let world = World::new(LibrarySpec::plain(0, 1000));
        let library = world.cloud.library(World::USER).unwrap();
        library.add_photo("IMG_1.JPG", size, 1_714_979_289_000 - 1000);
        library.add_photo("IMG_1-original.JPG", 2000, 1_714_979_289_000);
        for fetched in [2, 0] {
            world.cloud.reset_counts();
            ran(world.download().args(["--folder-structure", "none"])).exits(0);
            assert_eq!(
                (world.photos(), world.cloud.counts().requests_to("content")),
                (names.map(str::to_owned).to_vec(), fetched)
            );
        }
    }
}

#[test]
fn a_date_without_a_local_day_is_told_as_an_error() {
    let world = World::new(LibrarySpec::plain(0, 1000));
    world.cloud.library(World::USER).unwrap().add_photo("IMG_1.JPG", 2000, -62_135_596_800_000);
    let run = ran(world.download().env("TZ", "America/Los_Angeles")).exits(0);
    let told = "ERROR    Could not convert photo created date to local timezone (0001-01-01 00:00:00+00:00)";
    assert!(run.out.contains(told), "{}", run.out);
}

/// No option is blamed for it, and only what puts photos in folders minds.
#[test]
fn a_zone_that_nobody_knows_is_told_where_one_is_needed() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let with = |args: &[&str]| ran(world.icloudpd(args).env("TZ", "Mars/Olympus"));
    let told =
        "environment variable TZ: no such time zone: 'Mars/Olympus'. Set it to a name such as Europe/Berlin";
    let directory = world.directory();
    let copy = ["-d", directory.to_str().unwrap()];
    with(&copy).exits(2).says(told);
    let dated = [&copy[..], &["--no-progress-bar", "--skip-created-before", "2018-01-01"]].concat();
    with(&dated).exits(2).says(told);
    for question in ["--version", "--help", "--list-albums", "--list-libraries", "--auth-only"] {
        let all = [&[question], &dated[..]].concat();
        assert!(!with(&all).exits(0).out.contains("time zone:"), "{question}");
    }
}

#[test]
fn a_folder_structure_may_lead_out_of_the_directory() {
    let world = World::new(LibrarySpec::plain(2, 1000));
    let run = ran(world.download().args(["--folder-structure", "../beside/{:%Y}"])).exits(0);
    run.says("--folder-structure leads out of --directory: files go to ");
    let beside = world.directory().with_file_name("beside");
    assert_eq!(crate::support::tree(&beside).len(), 2);
    ran(world.download().args(["--folder-structure", "../beside/{:%Y}"])).exits(0);
    assert_eq!(crate::support::tree(&beside).len(), 2);
    assert!(!world.directory().exists());
}

/// Ctrl-C while bytes come in: a death that a shell knows, and nothing that is not whole under a final name.
#[cfg(unix)]
#[test]
fn ctrl_c_stops_cleanly() {
    use std::process::Stdio;
    let world = World::new(LibrarySpec::plain(1, 3_000_000));
    let stall = FaultRule::new("content", FaultAction::Stall { after: Some(1_000_000), ms: None });
    world.cloud.set_faults(FaultScript { seed: 1, rules: vec![stall] }).unwrap();
    let mut child = world.download().stdout(Stdio::null()).spawn().unwrap();
    // What stands beside the folders of photos for a moment is the mark on its way.
    let is_coming = |path: &String| {
        path.contains('/') && world.directory().join(path).metadata().is_ok_and(|meta| meta.len() > 0)
    };
    while !world.directory().exists() || !world.photos().iter().any(is_coming) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let status = child.wait().unwrap();
    // icloudpd dies of it too.
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(2), "{status}");
    let [part] = &world.photos()[..] else { panic!("{:?}", world.photos()) };
    assert!(part.ends_with(".part"), "{part}");
    world.cloud.set_faults(FaultScript::default()).unwrap();
    let next = ran(&mut world.download()).exits(0);
    next.says("Resuming downloading of ");
    assert_eq!(world.photos().len(), 1);
}

#[test]
fn xmp_sidecars_are_written_once_and_foreign_ones_are_named() {
    let world = World::new(LibrarySpec::plain(4, 1000));
    let run = |more: &[&str]| ran(world.download().arg("--xmp-sidecar").args(more)).exits(0);
    run(&["--dry-run"]);
    run(&["--only-print-filenames"]);
    assert!(!world.directory().exists());
    run(&[]).says("Wrote XMP file ");
    let photos = world.photos();
    assert_eq!(photos.iter().filter(|path| path.ends_with(".xmp")).count(), 4, "{photos:?}");
    let again = run(&[]);
    assert!(!again.out.contains("XMP"), "{}", again.out);
    let sidecar = world.directory().join(photos.iter().find(|path| path.ends_with(".xmp")).unwrap());
    std::fs::write(&sidecar, "<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='digiKam'/>").unwrap();
    let other = run(&["--skip-videos"]);
    other.says(&format!("Not overwriting XMP file {} created by digiKam", sidecar.display()));
    assert!(std::fs::read_to_string(&sidecar).unwrap().contains("digiKam"));
}
