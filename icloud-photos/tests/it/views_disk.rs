//! Views on a real disk: of which stuff they are made, and what another disk does to them.
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::StreamExt;
use icloud_photos::storage::{FsStorage, LinkKind, Storage};
use icloud_photos::sync::{SyncReport, ViewAs};
use icloud_photos_testkit::{Edit, LibrarySpec};
use tempfile::TempDir;

use crate::copies::{Copy, at};
use crate::views::{NOW, Told, viewed, with_views};

struct Disk {
    copy: Copy,
    folder: TempDir,
}

impl Disk {
    async fn with(shape: ViewAs) -> Self {
        let copy = viewed(LibrarySpec::everyday(4, 40), &["albums:{album_path}"], shape).await;
        Self { copy, folder: tempfile::tempdir().unwrap() }
    }

    fn storage(&self) -> Arc<FsStorage> {
        Arc::new(FsStorage::open(self.folder.path()).unwrap())
    }

    async fn run(&self) -> (SyncReport, Vec<String>) {
        let told = Arc::new(Told::default());
        let report = self.copy.engine_on(self.storage()).run(told.clone()).await.unwrap();
        (report, told.lines())
    }

    fn entries(&self) -> Vec<(PathBuf, PathBuf)> {
        let text = fs::read(self.folder.path().join(".icloud-photos-views/albums.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let root = self.folder.path();
        let entry = |entry: &serde_json::Value| {
            let path = |key: &str| entry[key].as_str().unwrap().to_owned();
            (root.join("albums").join(path("path")), root.join(path("file")))
        };
        manifest["entries"].as_array().unwrap().iter().map(entry).collect()
    }

    /// Everything that stands there, with what shows whether it was written to.
    fn state(&self) -> BTreeMap<PathBuf, (u64, i64, i64, u64)> {
        let mut state = BTreeMap::new();
        walk(self.folder.path(), &mut |path, meta| {
            state.insert(path.to_owned(), (meta.ino(), meta.ctime(), meta.ctime_nsec(), meta.nlink()));
        });
        state
    }

    async fn rests(&self) {
        let before = self.state();
        self.copy.world.cloud.reset_counts();
        let (report, told) = self.run().await;
        assert!(report.is_clean() && told.is_empty(), "{told:?}");
        assert_eq!(self.copy.world.cloud.counts().requests, 1);
        assert_eq!(self.state(), before, "nothing was touched");
    }
}

fn walk(folder: &Path, see: &mut impl FnMut(&Path, &fs::Metadata)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let meta = fs::symlink_metadata(&path).unwrap();
        see(&path, &meta);
        if meta.is_dir() {
            walk(&path, see);
        }
    }
}

#[tokio::test]
async fn hard_links_are_the_files_of_the_copy() {
    let disk = Disk::with(ViewAs::Best).await;
    let (report, _) = disk.run().await;
    assert!(report.is_clean() && report.views_laid > 20, "{report:?}");
    let mut inodes = BTreeSet::new();
    for (path, file) in disk.entries() {
        let (one, other) = (fs::symlink_metadata(&path).unwrap(), fs::metadata(&file).unwrap());
        assert_eq!((one.dev(), one.ino()), (other.dev(), other.ino()), "{}", path.display());
        inodes.insert(one.ino());
    }
    assert!(inodes.len() < disk.entries().len(), "some are in two albums");
    disk.rests().await;
}

#[tokio::test]
async fn symbolic_links_move_along_with_the_folder() {
    let disk = Disk::with(ViewAs::SymbolicLink).await;
    let (report, _) = disk.run().await;
    assert!(report.is_clean() && report.views_laid > 20, "{report:?}");
    for (path, file) in disk.entries() {
        let target = fs::read_link(&path).unwrap();
        assert!(target.is_relative(), "{}", target.display());
        assert_eq!(fs::canonicalize(&path).unwrap(), fs::canonicalize(&file).unwrap());
    }
    disk.rests().await;
}

#[tokio::test]
async fn copies_are_files_of_their_own_with_the_dates_of_the_photos() {
    let disk = Disk::with(ViewAs::Copy).await;
    disk.run().await;
    for (path, file) in disk.entries() {
        let (one, other) = (fs::symlink_metadata(&path).unwrap(), fs::metadata(&file).unwrap());
        assert_ne!(one.ino(), other.ino());
        assert_eq!(one.mtime(), other.mtime());
        assert!(fs::read(&path).unwrap() == fs::read(&file).unwrap());
    }
    disk.rests().await;
}

/// Only some disks know them; this machine's may not.
#[tokio::test]
async fn reflinks_are_laid_where_the_disk_knows_them() {
    let disk = Disk::with(ViewAs::Reflink).await;
    let storage = disk.storage();
    fs::write(disk.folder.path().join("probe"), "x").unwrap();
    let known = storage.link(&at("probe"), &at("probe-2"), LinkKind::Reflink).await;
    let (report, told) = disk.run().await;
    if let Err(error) = known {
        eprintln!("skipped: this disk knows no reflinks ({error})");
        assert!(report.failed == 1 && told.len() == 1 && told[0].contains("choose another kind"), "{told:?}");
        return;
    }
    for (path, file) in disk.entries() {
        assert_ne!(fs::metadata(&path).unwrap().ino(), fs::metadata(&file).unwrap().ino());
        assert!(fs::read(&path).unwrap() == fs::read(&file).unwrap());
    }
    disk.rests().await;
}

/// One kind gives way to another, and nothing is left of it.
#[tokio::test]
async fn a_view_may_be_made_of_something_else() {
    let mut disk = Disk::with(ViewAs::HardLink).await;
    disk.run().await;
    let before: Vec<_> = disk.entries();
    for shape in [ViewAs::SymbolicLink, ViewAs::Copy, ViewAs::Manifest, ViewAs::HardLink] {
        disk.copy.choose = Arc::new(move |_, builder| with_views(builder, &["albums:{album_path}"], shape));
        let (report, told) = disk.run().await;
        assert!(report.is_clean() && report.views_left == 0, "{shape:?}: {told:?}");
        assert_eq!(disk.entries(), before, "{shape:?}");
        let mut files = 0;
        let albums = disk.folder.path().join("albums");
        if albums.exists() {
            walk(&albums, &mut |_, meta| files += usize::from(!meta.is_dir()));
        }
        assert_eq!(files, if shape == ViewAs::Manifest { 0 } else { before.len() }, "{shape:?}");
        disk.rests().await;
    }
}

/// An album is renamed: its old folder goes.
#[tokio::test]
async fn empty_folders_go() {
    let disk = Disk::with(ViewAs::Best).await;
    disk.run().await;
    let albums = disk.copy.world.session.primary_library().albums().await.unwrap();
    let holiday = albums.find(&["Holiday"]).unwrap().id().unwrap().to_string();
    assert!(disk.folder.path().join("albums/Holiday").is_dir());
    assert!(disk.copy.world.library().rename_album(&holiday, "Vacation", NOW));
    disk.run().await;
    assert!(!disk.folder.path().join("albums/Holiday").exists());
    assert!(disk.folder.path().join("albums/Vacation").is_dir());
    disk.rests().await;
}

/// The view's folder is on another disk: symbolic links, unless hard ones were asked for; then it is said why not.
#[tokio::test]
async fn another_disk_is_told_or_lived_with() {
    let other = tempfile::tempdir_in("/dev/shm");
    let disk = Disk::with(ViewAs::Best).await;
    let Some(other) = other.ok().filter(|other| {
        fs::metadata(other.path()).unwrap().dev() != fs::metadata(disk.folder.path()).unwrap().dev()
    }) else {
        eprintln!("skipped: this machine has one disk");
        return;
    };
    std::os::unix::fs::symlink(other.path(), disk.folder.path().join("albums")).unwrap();
    let (report, told) = disk.run().await;
    assert!(report.is_clean() && report.views_laid > 20, "{told:?}");
    for (path, file) in disk.entries() {
        assert_eq!(fs::canonicalize(&path).unwrap(), fs::canonicalize(&file).unwrap());
    }
    disk.rests().await;
    let strict = Disk::with(ViewAs::HardLink).await;
    let another = tempfile::tempdir_in("/dev/shm").unwrap();
    std::os::unix::fs::symlink(another.path(), strict.folder.path().join("albums")).unwrap();
    let (report, told) = strict.run().await;
    assert!(!report.is_clean() && report.downloaded > 0, "{report:?}");
    assert!(told[0].contains("choose symbolic links or copies"), "{told:?}");
}

/// A photo that is edited again is another file under the same name, or another one: the view shows what the copy has.
#[tokio::test]
async fn edits_are_shown() {
    let disk = Disk::with(ViewAs::Best).await;
    disk.run().await;
    let manifest = disk.entries();
    let assets = disk.copy.world.session.primary_library();
    let mut list = assets.all().assets();
    while let Some(asset) = list.next().await {
        disk.copy.world.library().edit(asset.unwrap().id().as_str(), &Edit::Render, NOW);
    }
    let (report, told) = disk.run().await;
    assert!(report.is_clean(), "{told:?}");
    for (path, file) in disk.entries() {
        assert_eq!(fs::metadata(&path).unwrap().ino(), fs::metadata(&file).unwrap().ino());
    }
    assert!(disk.entries().len() >= manifest.len());
    disk.rests().await;
}

/// A view whose folder somebody moved to another disk, with a link in its place: what were hard links are copies there.
#[tokio::test]
async fn a_view_that_moved_to_another_disk_is_laid_there_or_left_with_a_word() {
    for shape in [ViewAs::Best, ViewAs::HardLink] {
        let disk = Disk::with(shape).await;
        disk.run().await;
        let Some(other) = moved_to_another_disk(&disk.folder.path().join("albums")) else {
            eprintln!("skipped: this machine has one disk");
            return;
        };
        let before = disk.entries();
        let mine = other.path().join("albums/mine.txt");
        fs::write(&mine, "mine").unwrap();
        let (report, told) = disk.run().await;
        assert_eq!(disk.entries(), before, "{shape:?}: {told:?}");
        assert_eq!(fs::read(&mine).unwrap(), b"mine");
        for (path, file) in &before {
            assert!(fs::read(path).unwrap() == fs::read(file).unwrap(), "{shape:?}: {}", path.display());
            let is_link = fs::symlink_metadata(path).unwrap().is_symlink();
            assert_eq!(is_link, shape == ViewAs::Best, "{shape:?}: {}", path.display());
        }
        if shape == ViewAs::Best {
            assert!(report.is_clean() && report.views_left == 0, "{told:?}");
            disk.rests().await;
        } else {
            assert!(
                !report.is_clean() && told.iter().any(|line| line.contains("move its folder back")),
                "{told:?}"
            );
        }
    }
}

/// As `mv` does it, and then `ln -s`.
fn moved_to_another_disk(folder: &Path) -> Option<TempDir> {
    let other = tempfile::tempdir_in("/dev/shm").ok()?;
    if fs::metadata(other.path()).unwrap().dev() == fs::metadata(folder).unwrap().dev() {
        return None;
    }
    let there = other.path().join("albums");
    let copied = std::process::Command::new("cp").arg("-a").args([folder, &there]).status().unwrap();
    assert!(copied.success());
    fs::remove_dir_all(folder).unwrap();
    std::os::unix::fs::symlink(&there, folder).unwrap();
    Some(other)
}

/// The copy moved away from under a view on another disk, whose links say where it was: they are left, with a word.
#[tokio::test]
async fn links_that_lead_nowhere_are_told_as_such() {
    let mut disk = Disk::with(ViewAs::SymbolicLink).await;
    let Ok(other) = tempfile::tempdir_in("/dev/shm") else { return };
    std::os::unix::fs::symlink(other.path(), disk.folder.path().join("albums")).unwrap();
    disk.run().await;
    let (old, new) = (disk.folder.path().to_owned(), tempfile::tempdir().unwrap());
    fs::remove_dir(new.path()).unwrap();
    fs::rename(&old, new.path()).unwrap();
    fs::create_dir(&old).unwrap();
    disk.folder = new;
    let (report, told) = disk.run().await;
    assert!(
        report.views_left > 20 && told.iter().all(|line| line.contains("this link leads nowhere")),
        "{told:?}"
    );
    fs::remove_dir_all(other.path()).unwrap();
    fs::create_dir(other.path()).unwrap();
    let (report, told) = disk.run().await;
    assert!(report.is_clean() && report.views_left == 0, "{told:?}");
    disk.rests().await;
}

/// Where a kind cannot be made nothing goes for it.
#[tokio::test]
async fn a_kind_that_the_disk_does_not_know_takes_nothing_away() {
    let disk = Disk::with(ViewAs::Copy).await;
    disk.run().await;
    let before = disk.entries();
    let copy = viewed(LibrarySpec::everyday(4, 40), &["albums:{album_path}"], ViewAs::Reflink).await;
    let other = Copy { choose: copy.choose.clone(), ..disk.copy };
    let told = Arc::new(Told::default());
    let report = other.engine_on(Arc::new(FsStorage::open(disk.folder.path()).unwrap())).run(told).await;
    let clean = report.as_ref().is_ok_and(SyncReport::is_clean);
    assert!(before.iter().all(|(entry, _)| entry.exists()), "clean: {clean}");
    let parts = |path: &Path| path.extension().is_some_and(|extension| extension == "part");
    walk(disk.folder.path(), &mut |path, _| assert!(!parts(path), "{}", path.display()));
}
