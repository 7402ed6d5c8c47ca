//! exiftool reads what stands in sidecars.

use std::process::Command;

use futures::StreamExt;
use icloud_photos::metadata::xmp::Sidecar;
use icloud_photos_testkit::LibrarySpec;
use serde_json::Value;

use crate::fake::World;

/// What exiftool answers; `None`, said plainly, where there is none.
fn exiftool(args: &[&str], file: &std::path::Path) -> Option<String> {
    match Command::new("exiftool").args(args).arg(file).output() {
        Ok(output) => Some(String::from_utf8(output.stdout).unwrap()),
        Err(_) => {
            eprintln!("SKIPPED: no exiftool on this machine");
            assert!(std::env::var("CI").as_deref() != Ok("true"), "CI must have exiftool");
            None
        }
    }
}

#[tokio::test(start_paused = true)]
async fn exiftool_reads_every_value_and_finds_nothing_wrong() {
    let world = World::new(LibrarySpec::everyday(3, 80)).await;
    let folder = tempfile::tempdir().unwrap();
    let (mut assets, mut seen) = (world.session.primary_library().all().assets(), 0);
    while let Some(asset) = assets.next().await {
        let asset = asset.unwrap();
        if asset.title().is_none() && asset.location().is_none() && !asset.is_favorite() {
            continue;
        }
        let file = folder.path().join(format!("{seen}.xmp"));
        std::fs::write(&file, Sidecar::of(&asset).packet()).unwrap();
        let Some(json) = exiftool(&["-j", "-n", "-a", "-all", "-validate", "-warning"], &file) else {
            return;
        };
        let said: Value = serde_json::from_str::<Value>(&json).unwrap()[0].take();
        let about = format!("{} {said:#}", asset.id());
        assert_eq!((&said["Validate"], &said["Warning"]), (&"0 0 0".into(), &Value::Null), "{about}");
        assert_eq!(said["Identifier"], asset.id().as_str(), "{about}");
        assert_eq!(said["Title"].as_str(), asset.title(), "{about}");
        assert_eq!(said["Description"].as_str(), asset.description(), "{about}");
        let words = asset.keywords();
        let words = if words.is_empty() { Value::Null } else { words.into() };
        assert_eq!((&said["Subject"], &said["TagsList"]), (&words, &words), "{about}");
        assert_eq!(said["Rating"].as_i64(), asset.is_favorite().then_some(5), "{about}");
        if let Some(place) = asset.location() {
            let near = |name: &str, value: f64, by: f64| {
                let read = said[name].as_f64().unwrap_or_else(|| panic!("{name}: {about}"));
                assert!((read - value).abs() < by, "{name} {value}: {about}");
            };
            near("GPSLatitude", place.latitude, 1e-7);
            near("GPSLongitude", place.longitude, 1e-7);
            near("GPSAltitude", place.altitude.unwrap(), 1e-3);
            near("GPSSpeed", place.speed.unwrap() * 3.6, 1e-3);
            assert!(said["GPSDateTime"].is_string() || said["GPSTimeStamp"].is_string(), "{about}");
        }
        let created = asset.created().unwrap();
        let day = format!("{:04}:{:02}:{:02} ", created.year(), u8::from(created.month()), created.day());
        for name in ["CreateDate", "DateTimeOriginal", "DateCreated"] {
            assert!(said[name].as_str().unwrap().starts_with(&day), "{name}: {about}");
        }
        seen += 1;
    }
    assert!(seen > 10, "only {seen}");
}
