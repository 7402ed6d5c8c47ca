//! `--set-exif-datetime`, read back by exiftool.

use std::path::Path;
use std::process::Command;

use icloud_photos_testkit::{LibrarySpec, Picture};
use serde_json::Value;

use crate::keep::verb;
use crate::support::{World, icloudpd, ran};

/// 2024-05-06 07:08:09 UTC.
const TAKEN: i64 = 1_714_979_289_000;
const FOLDER: &str = "2024/05/06";

const KINDS: [(&str, Picture); 6] = [
    ("A.JPG", Picture::Jpeg),
    ("B.JPG", Picture::JpegOfCamera),
    ("C.JPG", Picture::JpegWithDate),
    ("D.JPG", Picture::JpegDamaged),
    ("E.PNG", Picture::Png),
    ("F.HEIC", Picture::Heic),
];

fn world() -> World {
    let world = World::new(LibrarySpec::plain(0, 1));
    let library = world.cloud.library(World::USER).unwrap();
    for (name, picture) in KINDS {
        library.add_picture(name, picture, 3000, TAKEN);
    }
    world
}

fn bytes(world: &World, name: &str) -> Vec<u8> {
    std::fs::read(world.directory().join(FOLDER).join(name)).unwrap()
}

/// What exiftool says of a file, by group. `None`, said plainly, where there is none; on CI there is.
fn exiftool(path: &Path) -> Option<Value> {
    let out = Command::new("exiftool").args(["-j", "-G1", "-n", "-b"]).arg(path).output();
    let Ok(out) = out else {
        assert!(std::env::var_os("CI").is_none(), "no exiftool on CI");
        eprintln!("SKIPPED: no exiftool; install libimage-exiftool-perl");
        return None;
    };
    let mut answers: Vec<Value> = serde_json::from_slice(&out.stdout).unwrap();
    Some(answers.remove(0))
}

#[test]
fn exiftool_reads_the_dates_and_all_that_was_there_before() {
    let (plain, world) = (world(), world());
    ran(&mut plain.download()).exits(0);
    let formats = ["--exif-datetime-format", "jpeg", "--exif-datetime-format", "PNG"];
    ran(world.download().arg("--set-exif-datetime").args(formats).env("TZ", "Europe/Berlin")).exits(0);
    for (name, picture) in KINDS {
        let path = |world: &World| world.directory().join(FOLDER).join(name);
        let Some((before, after)) = exiftool(&path(&plain)).zip(exiftool(&path(&world))) else { return };
        let gets_one = matches!(picture, Picture::Jpeg | Picture::JpegOfCamera | Picture::Png);
        assert_eq!(bytes(&plain, name) != bytes(&world, name), gets_one, "{name}");
        if !gets_one {
            continue;
        }
        for tag in ["ExifIFD:DateTimeOriginal", "ExifIFD:CreateDate"] {
            assert_eq!(after[tag], "2024:05:06 09:08:09", "{name}: {after:#}");
        }
        for (tag, value) in before.as_object().unwrap() {
            if !(tag.starts_with("System:") || tag == "SourceFile" || tag == "File:ExifByteOrder") {
                assert_eq!(&after[tag], value, "{name}: {tag}");
            }
        }
        assert!(after.get("ExifTool:Warning") == before.get("ExifTool:Warning"), "{name}: {after:#}");
        if picture == Picture::JpegOfCamera {
            assert_eq!(after["IFD0:Make"], "TestMaker");
            assert_eq!(after["Composite:GPSLatitude"], before["Composite:GPSLatitude"]);
            assert!(after["IFD1:ThumbnailImage"].as_str().unwrap().starts_with("base64:/9j/"));
        }
    }
}

#[test]
fn the_log_says_what_icloudpd_says() {
    let world = world();
    let run = ran(world.download().args(["--set-exif-datetime"]).env("TZ", "Europe/Berlin")).exits(0);
    let full = |name: &str| world.directory().join(FOLDER).join(name).display().to_string();
    for name in ["A.JPG", "B.JPG", "D.JPG"] {
        run.says(&format!("Setting EXIF timestamp for {}: 2024-05-06 09:08:09+0200", full(name)));
    }
    run.says(&format!("Error fetching EXIF data for {}", full("D.JPG")));
    run.says(&format!("Error setting EXIF data for {}", full("D.JPG")));
    let lines = run.messages();
    assert_eq!(lines.iter().filter(|line| line.contains(" EXIF ")).count(), 5, "{lines:#?}");
}

#[test]
fn a_second_run_and_one_without_a_catalogue_fetch_nothing_and_write_nothing() {
    let world = world();
    ran(world.download().arg("--set-exif-datetime")).exits(0);
    let (tree, a) = (world.photos(), bytes(&world, "A.JPG"));
    assert!(a.len() > 3000);
    let quiet = |options: &[&str]| {
        world.cloud.reset_counts();
        ran(world.download().args(options)).exits(0);
        assert_eq!(world.cloud.counts().requests_to("content"), 0, "{options:?}");
        assert_eq!((world.photos(), bytes(&world, "A.JPG")), (tree.clone(), a.clone()), "{options:?}");
    };
    quiet(&["--set-exif-datetime"]);
    quiet(&[]);
    verb(&world, "verify", &[]).exits(0);
    let status = verb(&world, "status", &[]).exits(0);
    assert!(status.out.contains("derived: 2"), "{}", status.out);
    let catalogues = std::fs::read_dir(world.sessions()).unwrap().map(|entry| entry.unwrap().path());
    for path in catalogues.filter(|path| path.extension().is_some_and(|end| end == "sqlite")) {
        std::fs::remove_file(path).unwrap();
    }
    quiet(&["--set-exif-datetime"]);
    verb(&world, "verify", &[]).exits(0);
}

#[test]
fn files_that_are_there_and_rehearsals_stay_as_they_are() {
    let world = world();
    for option in ["--dry-run", "--only-print-filenames"] {
        let run = ran(world.download().args(["--set-exif-datetime", option])).exits(0);
        assert!(!run.out.contains("EXIF") && !world.directory().exists(), "{}", run.out);
    }
    ran(&mut world.download()).exits(0);
    let before = KINDS.map(|(name, _)| bytes(&world, name));
    ran(world.download().arg("--set-exif-datetime")).exits(0);
    assert!(KINDS.map(|(name, _)| bytes(&world, name)) == before, "they were here");
}

#[test]
fn formats_alone_mean_nothing_and_are_refused() {
    let run = ran(&mut icloudpd(&["-u", "a", "-d", "x", "--exif-datetime-format", "png"])).exits(2);
    assert!(run.out.starts_with("--exif-datetime-format belongs to: --set-exif-datetime"), "{}", run.out);
    ran(&mut icloudpd(&["-u", "a", "-d", "x", "--set-exif-datetime", "--exif-datetime-format", "heic"]))
        .exits(2);
}
