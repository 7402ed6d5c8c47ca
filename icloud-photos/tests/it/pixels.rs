//! Decoders see the same pictures in files with and without a date, and exiftool the date.

use std::path::{Path, PathBuf};
use std::process::Command;

use icloud_photos::metadata::exif::{has_date, with_date};
use serde_json::Value;

const DATE: &str = "2024:05:06 07:08:09";

/// Prints what each file of a folder decodes to. `heif-convert` (libheif) decodes HEIC and AVIF, Pillow (libwebp, libjpeg) all else.
const DECODE: &str = r#"
import glob, hashlib, json, os, subprocess, sys
from PIL import Image, ImageSequence
found = {}
for path in sorted(glob.glob(os.path.join(sys.argv[1], "*"))):
    pictures = [path]
    if path.endswith(("heic", "avif")):
        out = path + "-decoded"
        os.mkdir(out)
        subprocess.run(["heif-convert", path, os.path.join(out, "o.png")], check=True, stdout=subprocess.DEVNULL)
        pictures = sorted(glob.glob(os.path.join(out, "*.png")))
    frames = []
    for picture in pictures:
        with Image.open(picture) as image:
            for frame in ImageSequence.Iterator(image):
                pixels = frame.convert("RGBA")
                frames.append([pixels.size, len(pixels.getcolors(1 << 20)), hashlib.sha256(pixels.tobytes()).hexdigest()])
    found[os.path.basename(path)] = frames
print(json.dumps(found))
"#;

/// `None`, said plainly, where a program is missing; on CI there is none missing.
fn skipped<T>(what: &str) -> Option<T> {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "CI must have {what}");
    eprintln!("SKIPPED: no {what} on this machine");
    None
}

fn decoded(folder: &Path) -> Option<Value> {
    let has = |program: &str, args: &[&str]| {
        Command::new(program).args(args).output().is_ok_and(|out| out.status.success())
    };
    // Debian's own has Debian's Pillow, whatever else is called python3.
    let pythons = ["/usr/bin/python3", "python3"];
    let python = pythons.into_iter().find(|python| has(python, &["-c", "import PIL"]));
    let Some(python) = python else { return skipped("python3-pil") };
    if Command::new("heif-convert").output().is_err() {
        return skipped("heif-convert (libheif-examples)");
    }
    let out = Command::new(python).args(["-c", DECODE]).arg(folder).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    Some(serde_json::from_slice(&out.stdout).unwrap())
}

/// What exiftool says of the files of a folder, in the order of their names.
fn exiftool(folder: &Path) -> Option<Vec<Value>> {
    let wanted = ["-j", "-G1", "-n", "-b", "-a", "-validate", "-warning", "-all", "-error"];
    let Ok(out) = Command::new("exiftool").args(wanted).arg(folder).output() else {
        return skipped("exiftool");
    };
    let mut said: Vec<Value> = serde_json::from_slice(&out.stdout).unwrap();
    said.sort_by_key(|said| said["SourceFile"].as_str().unwrap().to_owned());
    Some(said)
}

fn undated() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/metadata/exif/testdata");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|path| has_date(&std::fs::read(path).unwrap()).is_ok_and(|has| !has)).collect();
    files.sort();
    assert!(files.len() >= 21, "{files:?}");
    files
}

/// Two folders with files of the same names.
fn before_and_after() -> [tempfile::TempDir; 2] {
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    for file in undated() {
        let (bytes, name) = (std::fs::read(&file).unwrap(), file.file_name().unwrap());
        std::fs::write(folders[1].path().join(name), with_date(&bytes, DATE).unwrap()).unwrap();
        std::fs::write(folders[0].path().join(name), bytes).unwrap();
    }
    folders
}

#[test]
fn every_pixel_is_what_it_was() {
    let [before, after] = before_and_after();
    let Some((was, is)) = decoded(before.path()).zip(decoded(after.path())) else { return };
    assert_eq!(was, is);
    for (name, frames) in is.as_object().unwrap() {
        let many = match &name[..] {
            "two.heic" => 2,
            "animated.webp" => 3,
            _ => 1,
        };
        assert_eq!(frames.as_array().unwrap().len(), many, "{name}");
        assert!(frames[0][1].as_u64().unwrap() > 50, "{name}: no picture to speak of");
    }
}

#[test]
fn exiftool_reads_the_date_and_finds_nothing_new_to_complain_about() {
    let [before, after] = before_and_after();
    let Some((before, after)) = exiftool(before.path()).zip(exiftool(after.path())) else { return };
    assert_eq!((before.len(), after.len()), (undated().len(), undated().len()));
    for (was, is) in before.iter().zip(&after) {
        let name = is["System:FileName"].as_str().unwrap();
        assert_eq!(was["System:FileName"], name);
        for tag in ["ExifIFD:DateTimeOriginal", "ExifIFD:CreateDate"] {
            assert_eq!(is[tag], DATE, "{name}: {is:#}");
        }
        // Of Exif in a JPEG it wants tags that icloudpd does not write either.
        let had_none = was.get("IFD0:Make").is_none();
        let wants_more = name.ends_with("jpg");
        assert!(wants_more || is["ExifTool:Validate"] == "0 0 0", "{name}: {is:#}");
        for (tag, value) in was.as_object().unwrap() {
            let changes = tag.starts_with("System:") || tag.starts_with("ExifTool:") || tag == "SourceFile";
            let is_length = matches!(&tag[..], "QuickTime:MediaDataOffset" | "QuickTime:MediaDataSize");
            let is_form = matches!(&tag[..], "File:FileType" | "RIFF:WebP_Flags" | "RIFF:VP8Version");
            if !(changes || is_length || is_form || had_none && tag == "File:ExifByteOrder") {
                assert_eq!(&is[tag], value, "{name}: {tag}");
            }
        }
    }
}
