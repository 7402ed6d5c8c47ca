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

const KINDS: [(&str, Picture); 9] = [
    ("A.JPG", Picture::Jpeg),
    ("B.JPG", Picture::JpegOfCamera),
    ("C.JPG", Picture::JpegWithDate),
    ("D.JPG", Picture::JpegDamaged),
    ("E.PNG", Picture::Png),
    ("F.HEIC", Picture::Heic),
    ("G.HEIC", Picture::HeicStill),
    ("H.AVIF", Picture::Avif),
    ("I.WEBP", Picture::Webp),
];

const ALL: [&str; 5] = ["jpeg", "PNG", "heic", "avif", "webp"];

/// `--set-exif-datetime` for all formats.
fn all() -> Vec<&'static str> {
    let formats = ALL.into_iter().flat_map(|format| ["--exif-datetime-format", format]);
    std::iter::once("--set-exif-datetime").chain(formats).collect()
}

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
    ran(world.download().args(all()).env("TZ", "Europe/Berlin")).exits(0);
    for (name, picture) in KINDS {
        let path = |world: &World| world.directory().join(FOLDER).join(name);
        let Some((before, after)) = exiftool(&path(&plain)).zip(exiftool(&path(&world))) else { return };
        let gets_one = !matches!(picture, Picture::JpegWithDate | Picture::JpegDamaged | Picture::Heic);
        assert_eq!(bytes(&plain, name) != bytes(&world, name), gets_one, "{name}");
        if !gets_one {
            continue;
        }
        for tag in ["ExifIFD:DateTimeOriginal", "ExifIFD:CreateDate"] {
            assert_eq!(after[tag], "2024:05:06 09:08:09", "{name}: {after:#}");
        }
        for (tag, value) in before.as_object().unwrap() {
            let is_of_the_file =
                tag.starts_with("System:") || tag == "SourceFile" || tag == "File:ExifByteOrder";
            // Where the data of a HEIC stand, and how much of them there is; the form of a WebP.
            let moves = tag.starts_with("QuickTime:MediaData") || tag.starts_with("File:FileType");
            if !(is_of_the_file || moves || name == "I.WEBP" && tag.starts_with("RIFF:")) {
                assert_eq!(&after[tag], value, "{name}: {tag}");
            }
        }
        if picture == Picture::HeicStill {
            assert_eq!(after["IFD0:Make"], "TestMaker");
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

/// What cannot be dated is told in the words that icloudpd has for a JPEG.
#[test]
fn the_log_says_the_same_of_other_formats() {
    let world = world();
    let run = ran(world.download().args(["--set-exif-datetime", "--exif-datetime-format", "heic"])).exits(0);
    let full = |name: &str| world.directory().join(FOLDER).join(name).display().to_string();
    for name in ["F.HEIC", "G.HEIC"] {
        run.says(&format!("Setting EXIF timestamp for {}: 2024-05-06 07:08:09+0000", full(name)));
    }
    run.says(&format!("Error fetching EXIF data for {}", full("F.HEIC")));
    run.says(&format!("Error setting EXIF data for {}", full("F.HEIC")));
    let lines = run.messages();
    assert_eq!(lines.iter().filter(|line| line.contains(" EXIF ")).count(), 4, "{lines:#?}");
}

#[test]
fn a_second_run_and_one_without_a_catalogue_fetch_nothing_and_write_nothing() {
    let world = world();
    ran(world.download().args(all())).exits(0);
    let contents = || KINDS.map(|(name, _)| bytes(&world, name));
    let (tree, a) = (world.photos(), contents());
    assert_eq!(a.iter().filter(|bytes| bytes.len() > 3000).count(), 6);
    let quiet = |options: &[&str]| {
        world.cloud.reset_counts();
        ran(world.download().args(options)).exits(0);
        assert_eq!(world.cloud.counts().requests_to("content"), 0, "{options:?}");
        assert!(world.photos() == tree && contents() == a, "{options:?}");
    };
    quiet(&all());
    quiet(&[]);
    verb(&world, "verify", &[]).exits(0);
    let status = verb(&world, "status", &[]).exits(0);
    assert!(status.out.contains("derived: 6"), "{}", status.out);
    let catalogues = std::fs::read_dir(world.sessions()).unwrap().map(|entry| entry.unwrap().path());
    for path in catalogues.filter(|path| path.extension().is_some_and(|end| end == "sqlite")) {
        std::fs::remove_file(path).unwrap();
    }
    quiet(&all());
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
    ran(world.download().args(all())).exits(0);
    assert!(KINDS.map(|(name, _)| bytes(&world, name)) == before, "they were here");
}

#[test]
fn formats_alone_mean_nothing_and_are_refused() {
    let run = ran(&mut icloudpd(&["-u", "a", "-d", "x", "--exif-datetime-format", "png"])).exits(2);
    assert!(run.out.starts_with("--exif-datetime-format belongs to: --set-exif-datetime"), "{}", run.out);
    ran(&mut icloudpd(&["-u", "a", "-d", "x", "--set-exif-datetime", "--exif-datetime-format", "gif"]))
        .exits(2);
}
