//! The mark that says which catalogue is about a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use icloud_photos::storage::{FsStorage, Storage};
use icloud_photos::sync::catalogue::{Batch, Catalogue, FileKey, FileRow, LibraryKey, Status, StoreId};
use icloud_photos::sync::store::{self, AnyCatalogues, MARK};
use icloud_photos::sync::{VerifyOptions, stock, verify};
use icloud_photos::{AssetId, ErrorKind, Role};
use tempfile::TempDir;

/// A folder for photos and one for catalogues.
struct Place {
    root: TempDir,
}

impl Place {
    fn new() -> Self {
        let root = TempDir::new().unwrap();
        fs::create_dir(root.path().join("photos")).unwrap();
        fs::create_dir(root.path().join("data")).unwrap();
        Self { root }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    async fn open(&self, folder: &str) -> icloud_photos::Result<impl Catalogue + use<>> {
        let folder = self.at(folder);
        store::open(&FsStorage::open(&folder)?, folder.to_str().unwrap(), &self.at("data")).await
    }

    async fn look(&self, folder: &str) -> icloud_photos::Result<Option<impl Catalogue + use<>>> {
        let folder = self.at(folder);
        store::open_read_only(&FsStorage::open(&folder)?, folder.to_str().unwrap(), &self.at("data")).await
    }

    fn mark(&self) -> PathBuf {
        self.at("photos").join(MARK)
    }

    /// Every file with its bytes.
    fn all(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.root.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for path in entries(&folder) {
                if path.is_dir() {
                    folders.push(path)
                } else {
                    found.push((path.clone(), fs::read(path).unwrap()))
                }
            }
        }
        found.sort();
        found
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn a_row() -> Batch {
    let key = FileKey::new(LibraryKey::new("1/private/PrimarySync"), AssetId::new("A"), Role::Original);
    let mut batch = Batch::default();
    batch.files.push(FileRow::new(key, Status::Assumed, 7));
    batch
}

#[tokio::test]
async fn a_mark_is_made_once() {
    let place = Place::new();
    drop(place.open("photos").await.unwrap());
    let mark = fs::read(place.mark()).unwrap();
    let catalogue = place.open("photos").await.unwrap();
    assert_eq!(fs::read(place.mark()).unwrap(), mark);
    let known = catalogue.store().await.unwrap().unwrap();
    assert!(String::from_utf8(mark).unwrap().contains(&known.id));
    assert_eq!(known, StoreId::new(known.id.clone(), place.at("photos").to_str().unwrap()));
    assert_eq!(entries(&place.at("photos")).len(), 1, "nothing else is put into the folder");
}

/// The disk is not mounted: the folder is there, and empty.
#[tokio::test]
async fn an_empty_folder_is_not_taken_for_the_one_that_was_filled() {
    let place = Place::new();
    let catalogue = place.open("photos").await.unwrap();
    catalogue.commit(a_row()).await.unwrap();
    drop(catalogue);
    let mark = fs::read(place.mark()).unwrap();
    fs::remove_file(place.mark()).unwrap();
    for _ in 0..2 {
        assert_eq!(place.open("photos").await.err().unwrap().kind(), ErrorKind::StoreLost);
        assert_eq!(place.look("photos").await.err().unwrap().kind(), ErrorKind::StoreLost);
        assert!(entries(&place.at("photos")).is_empty(), "nothing is put there");
    }
    fs::write(place.mark(), mark).unwrap();
    let back = place.open("photos").await.unwrap();
    assert_eq!(back.files(None, None, 9).await.unwrap().len(), 1);
}

/// The disk died, or the folder was emptied on purpose: the catalogue is kept, for it knows what was moved out.
#[tokio::test]
async fn a_lost_mark_is_put_back_by_the_command_that_is_told() {
    let place = Place::new();
    fs::create_dir(place.at("it's full")).unwrap();
    for folder in ["photos", "it's full"] {
        let catalogue = place.open(folder).await.unwrap();
        catalogue.commit(a_row()).await.unwrap();
        drop(catalogue);
        // Cut off in the middle: the mark may go, and the next run says what to do.
        let mark = place.at(folder).join(MARK);
        fs::write(&mark, "{\"id\":\"9").unwrap();
        let told = place.open(folder).await.err().unwrap();
        assert_eq!(told.kind(), ErrorKind::Config);
        assert!(told.to_string().contains("remove the mark, but not the catalogue"), "{told}");
        fs::remove_file(&mark).unwrap();
        let told = place.open(folder).await.err().unwrap().to_string();
        assert!(told.contains("Keep the catalogue") && !told.contains("remove"), "{told}");
        let (_, command) = told.split_once("to put the mark back: ").unwrap();
        let command = command.strip_suffix(')').unwrap();
        let done = std::process::Command::new("sh").args(["-c", command]).status().unwrap();
        assert!(done.success(), "{command}");
        let back = place.open(folder).await.unwrap();
        assert_eq!(back.files(None, None, 9).await.unwrap().len(), 1);
    }
}

/// The disk is taken away in a first run, whose files are on the disk and not in the catalogue yet.
#[tokio::test]
async fn a_folder_was_filled_once_it_bore_a_mark() {
    let place = Place::new();
    drop(place.open("photos").await.unwrap());
    let id = store_id(&place).await;
    fs::remove_dir_all(place.at("photos")).unwrap();
    fs::create_dir(place.at("photos")).unwrap();
    for _ in 0..2 {
        assert_eq!(place.look("photos").await.err().unwrap().kind(), ErrorKind::StoreLost);
        let told = place.open("photos").await.err().unwrap();
        assert_eq!(told.kind(), ErrorKind::StoreLost);
        assert!(entries(&place.at("photos")).is_empty(), "nothing is put there");
    }
    // It was emptied on purpose: what is told leads on.
    let told = place.open("photos").await.err().unwrap().to_string();
    let (_, command) = told.split_once("to put the mark back: ").unwrap();
    let done = std::process::Command::new("sh").args(["-c", command.strip_suffix(')').unwrap()]).status();
    assert!(done.unwrap().success(), "{told}");
    assert_eq!(store_id(&place).await, id);
}

async fn store_id(place: &Place) -> String {
    place.open("photos").await.unwrap().store().await.unwrap().unwrap().id
}

#[tokio::test]
async fn looking_changes_nothing() {
    let place = Place::new();
    assert!(place.look("photos").await.unwrap().is_none());
    assert!(place.all().is_empty());
    let catalogue = place.open("photos").await.unwrap();
    catalogue.commit(a_row()).await.unwrap();
    drop(catalogue);
    let before = place.all();
    let looked = place.look("photos").await.unwrap().unwrap();
    assert_eq!(looked.files(None, None, 9).await.unwrap().len(), 1);
    assert!(looked.commit(a_row()).await.is_err());
    drop(looked);
    // SQLite leaves its two helpers behind a reader; the catalogue is what it was.
    let helper =
        |path: &Path| path.to_string_lossy().ends_with("-wal") || path.to_string_lossy().ends_with("-shm");
    let after: Vec<_> = place.all().into_iter().filter(|(path, _)| !helper(path)).collect();
    assert!(after == before, "{after:?}");
    // A mark whose catalogue is elsewhere.
    for file in entries(&place.at("data")) {
        fs::remove_file(file).unwrap();
    }
    assert!(place.look("photos").await.unwrap().is_none());
    assert!(entries(&place.at("data")).is_empty());
}

#[tokio::test]
async fn a_folder_that_moved_finds_its_catalogue() {
    let place = Place::new();
    let catalogue = place.open("photos").await.unwrap();
    catalogue.commit(a_row()).await.unwrap();
    drop(catalogue);
    fs::rename(place.at("photos"), place.at("pictures")).unwrap();
    let moved = place.open("pictures").await.unwrap();
    assert_eq!(moved.files(None, None, 9).await.unwrap().len(), 1);
    assert_eq!(moved.store().await.unwrap().unwrap().place, place.at("pictures").to_str().unwrap());
    drop(moved);
    // Where it was, another one may begin.
    fs::create_dir(place.at("photos")).unwrap();
    let other = place.open("photos").await.unwrap();
    assert!(other.files(None, None, 9).await.unwrap().is_empty());
}

/// What is fetched into one would be taken to stand in the other.
#[tokio::test]
async fn a_copy_of_a_folder_gets_no_say_in_its_catalogue() {
    let place = Place::new();
    let catalogue = place.open("photos").await.unwrap();
    catalogue.commit(a_row()).await.unwrap();
    drop(catalogue);
    fs::create_dir(place.at("copy")).unwrap();
    fs::copy(place.mark(), place.at("copy").join(MARK)).unwrap();
    let error = place.open("copy").await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    let looking = place.look("copy").await.err().unwrap();
    assert_eq!(looking.to_string(), error.to_string(), "who only looks is told the same");
    fs::remove_file(place.at("copy").join(MARK)).unwrap();
    assert!(place.open("copy").await.unwrap().files(None, None, 9).await.unwrap().is_empty());
    assert_eq!(place.open("photos").await.unwrap().files(None, None, 9).await.unwrap().len(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn one_folder_may_be_reached_by_two_ways() {
    let place = Place::new();
    let catalogue = place.open("photos").await.unwrap();
    catalogue.commit(a_row()).await.unwrap();
    drop(catalogue);
    std::os::unix::fs::symlink(place.at("photos"), place.at("link")).unwrap();
    assert_eq!(place.open("link").await.unwrap().files(None, None, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn two_folders_have_a_catalogue_each() {
    let place = Place::new();
    fs::create_dir(place.at("more")).unwrap();
    let (one, other) = (place.open("photos").await.unwrap(), place.open("more").await.unwrap());
    one.commit(a_row()).await.unwrap();
    assert!(other.files(None, None, 9).await.unwrap().is_empty());
    assert_ne!(one.store().await.unwrap().unwrap().id, other.store().await.unwrap().unwrap().id);
}

#[tokio::test]
async fn a_mark_that_cannot_be_read_is_an_error() {
    let place = Place::new();
    for text in ["", "rubbish", r#"{"id":"../../elsewhere","about":""}"#, r#"{"id":"","about":""}"#] {
        fs::write(place.mark(), text).unwrap();
        assert_eq!(place.open("photos").await.err().unwrap().kind(), ErrorKind::Config, "{text}");
    }
    assert!(entries(&place.at("data")).is_empty());
}

/// What was moved out of the outer folder its record tells, or its mark, or neither can be read: all of it speaks.
#[tokio::test]
async fn a_copy_above_is_known_by_whatever_is_left_of_it() {
    let place = Place::new();
    let (outer, inner) = (place.at("photos"), place.at("photos").join("2024/07"));
    fs::create_dir_all(&inner).unwrap();
    let above = || store::copy_above(&inner);
    assert_eq!(above(), None);
    let bad =
        [r#"{"id":"9","about":"","records":1}"#, "{\"id\"", "", r#"{"id":"9","about":"","records":-1}"#];
    for mark in bad {
        fs::write(place.mark(), mark).unwrap();
        assert!(above().is_some(), "{mark}");
    }
    fs::write(place.mark(), r#"{"id":"9","about":""}"#).unwrap();
    assert_eq!(above(), None, "nothing was moved out of it");
    fs::remove_file(place.mark()).unwrap();
    fs::create_dir(outer.join(".icloud-photos-moved")).unwrap();
    assert!(above().is_some());
    assert_eq!(store::copy_above(&outer), None, "a copy is not above itself");
}

/// Links lead out of a copy, and into one.
#[cfg(unix)]
#[tokio::test]
async fn a_copy_above_is_known_behind_links() {
    use std::os::unix::fs::symlink;
    let place = Place::new();
    let outer = place.at("photos");
    fs::create_dir_all(outer.join("2023")).unwrap();
    fs::create_dir(place.at("disk")).unwrap();
    fs::write(place.mark(), r#"{"id":"9","about":"","records":1}"#).unwrap();
    symlink(place.at("disk"), outer.join("2024")).unwrap();
    symlink(outer.join("2023"), place.at("link")).unwrap();
    symlink("/nonexistent", place.at("lost")).unwrap();
    for folder in ["photos/2024", "photos/2024/not/there", "link", "link/not/there", "disk/../photos/2023"] {
        assert!(store::copy_above(&place.at(folder)).is_some(), "{folder}");
    }
    for folder in ["disk", "photos", "photos/../disk", "photos/2023/../../disk", "lost"] {
        assert_eq!(store::copy_above(&place.at(folder)), None, "{folder}");
    }
    // What was moved out of a folder whose record is a link that leads nowhere, nobody knows.
    fs::remove_file(place.mark()).unwrap();
    assert_eq!(store::copy_above(&outer.join("2023")), None);
    symlink("/nonexistent", outer.join(".icloud-photos-moved")).unwrap();
    assert!(store::copy_above(&outer.join("2023")).is_some());
}

/// The mark is lost, and so is the catalogue: what is made anew knows how many files the record has, and whose they are.
#[tokio::test]
async fn a_new_mark_takes_up_the_record_that_is_there() {
    let earlier = |ids: &[(&str, u64)]| {
        ids.iter().map(|(id, last)| serde_json::json!({ "id": id, "last": last })).collect::<Vec<_>>()
    };
    for (first, others, named) in [
        (None, None, earlier(&[("old", 2)])),
        (None, Some("old"), earlier(&[("old", 3)])),
        (Some("older"), Some("old"), earlier(&[("older", 1), ("old", 3)])),
        // Nobody knows whose they are.
        (Some("older"), Some("older"), Vec::new()),
    ] {
        let place = Place::new();
        let moved = place.at("photos").join(".icloud-photos-moved");
        fs::create_dir(&moved).unwrap();
        let file = |number: u64, mark: Option<&str>| {
            let record = serde_json::json!({ "version": 1, "about": "", "mark": mark, "moved": [] });
            fs::write(moved.join(format!("{number:06}.json")), record.to_string()).unwrap();
        };
        file(1, first);
        file(2, Some("old"));
        file(3, others);
        drop(place.open("photos").await.unwrap());
        let mark: serde_json::Value = serde_json::from_slice(&fs::read(place.mark()).unwrap()).unwrap();
        let told_earlier = mark["earlier"].as_array().cloned().unwrap_or_default();
        assert_eq!((mark["records"].as_u64(), told_earlier), (Some(3), named.clone()), "{others:?}");
        assert_ne!(mark["id"], "old", "it has a catalogue of its own");
        // The command that puts it back knows as much.
        let catalogue = place.open("photos").await.unwrap();
        catalogue.commit(a_row()).await.unwrap();
        drop(catalogue);
        fs::remove_file(place.mark()).unwrap();
        let told = place.open("photos").await.err().unwrap().to_string();
        assert_eq!(told.contains(r#"{"id":"old","last":"#), !named.is_empty(), "{told}");
    }
}

/// Whoever mixes up two storages, or whose disk is not there, would be told that everything is missing, and would have that written down.
#[tokio::test]
async fn a_catalogue_does_not_speak_of_another_storage() {
    let place = Place::new();
    fs::create_dir(place.at("other")).unwrap();
    let at = AnyCatalogues::at(place.at("data")).unwrap();
    let open = |name: &str| FsStorage::open(place.at(name)).unwrap();
    let catalogue = at.open(&open("photos"), place.at("photos").to_str().unwrap()).await.unwrap();
    catalogue.commit(a_row()).await.unwrap();
    let other: Arc<dyn Storage> = Arc::new(open("other"));
    let told = stock(&*other, &*catalogue).await.unwrap_err();
    assert_eq!(told.kind(), ErrorKind::StoreLost, "{told}");
    let told = verify(other.clone(), catalogue.clone(), VerifyOptions::default(), None, |_| {}).await;
    assert_eq!(told.unwrap_err().kind(), ErrorKind::StoreLost);
    assert!(entries(&place.at("other")).is_empty());
    // Another one's mark is none of ours.
    fs::create_dir(place.at("elsewhere")).unwrap();
    drop(store::open(&*other, "other", &place.at("elsewhere")).await.unwrap());
    assert_eq!(stock(&*other, &*catalogue).await.unwrap_err().kind(), ErrorKind::StoreLost);
    assert!(stock(&open("photos"), &*catalogue).await.is_ok());
}

#[test]
fn a_place_for_catalogues_is_a_folder_or_a_database() {
    let said = |place: &str| AnyCatalogues::at(place).map(|at| at.to_string());
    assert_eq!(said("state").unwrap(), "state");
    assert!(said("postgres://jane@localhost/photos").unwrap().contains("localhost"));
    for wrong in ["", "postgres://jane:hidden@localhost/photos", "mysql://jane:hidden@localhost/photos"] {
        let error = AnyCatalogues::at(wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{wrong}");
        assert!(!error.to_string().contains("hidden"), "{error}");
    }
}
