//! The built-in catalogues keep the promises of the trait, and the SQLite file its own.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use icloud_photos::storage::StoragePath;
use icloud_photos::sync::catalogue::{
    Batch, Catalogue, FileKey, FileRow, LibraryKey, MemoryCatalogue, Progress, SqliteCatalogue, Status,
    StoreId,
};
use icloud_photos::{AssetId, ErrorKind, Role};
use rusqlite::Connection;
use tempfile::TempDir;

/// Frozen; see there.
const V1: &str = include_str!("catalogue-v1.sql");

async fn memory() -> (MemoryCatalogue, ()) {
    (MemoryCatalogue::new(), ())
}

async fn sqlite() -> (SqliteCatalogue, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (SqliteCatalogue::open(file(&folder)).unwrap(), folder)
}

mod memory_conformance {
    icloud_photos::catalogue_conformance!(super::memory);
}

mod sqlite_conformance {
    icloud_photos::catalogue_conformance!(super::sqlite);
}

#[tokio::test]
async fn reopening_keeps_everything() {
    let (catalogue, folder) = sqlite().await;
    let mut batch = rows(0..50);
    batch.progress = vec![Progress::new(library(), "all", 9)];
    let store = StoreId::random("/photos");
    catalogue.set_store(&store).await.unwrap();
    catalogue.commit(batch.clone()).await.unwrap();
    drop(catalogue);
    assert_eq!(
        names_in(folder.path()),
        ["catalogue.sqlite", "catalogue.sqlite.lock"],
        "one file, and its lock"
    );
    let catalogue = SqliteCatalogue::open(file(&folder)).unwrap();
    assert_eq!(catalogue.path(), fs::canonicalize(file(&folder)).unwrap());
    assert_eq!(catalogue.store().await.unwrap(), Some(store));
    assert_eq!(catalogue.files(None, None, 100).await.unwrap(), batch.files);
    assert_eq!(catalogue.all_progress().await.unwrap(), batch.progress);
}

/// What stands on the disk between two commits, as after a kill or a loss of power.
#[tokio::test]
async fn what_was_committed_survives_a_kill() {
    let (catalogue, folder) = sqlite().await;
    for batch in 0..40 {
        catalogue.commit(rows(batch * 100..(batch + 1) * 100)).await.unwrap();
        if batch % 13 == 0 {
            let copy = tempfile::tempdir().unwrap();
            for suffix in ["", "-wal"] {
                let name = format!("catalogue.sqlite{suffix}");
                fs::copy(folder.path().join(&name), copy.path().join(&name)).unwrap();
            }
            let found = SqliteCatalogue::open(file(&copy)).unwrap();
            let files = found.files(None, None, usize::MAX).await.unwrap();
            assert_eq!(files, rows(0..(batch + 1) * 100).files);
        }
    }
}

#[tokio::test]
async fn an_error_in_the_middle_takes_nothing() {
    let (catalogue, folder) = sqlite().await;
    catalogue.commit(rows(0..5)).await.unwrap();
    let trigger = "CREATE TRIGGER trap BEFORE INSERT ON files WHEN NEW.asset = '000007'
                   BEGIN SELECT RAISE(ABORT, 'trapped'); END";
    Connection::open(file(&folder)).unwrap().execute_batch(trigger).unwrap();
    let mut batch = rows(3..10);
    batch.gone_files = vec![key(0)];
    batch.progress = vec![Progress::new(library(), "all", 9)];
    catalogue.commit(batch).await.unwrap_err();
    assert_eq!(catalogue.files(None, None, 100).await.unwrap(), rows(0..5).files);
    assert_eq!(catalogue.all_progress().await.unwrap(), []);
    catalogue.commit(rows(5..7)).await.unwrap();
    assert_eq!(catalogue.files(None, None, 100).await.unwrap(), rows(0..7).files, "it goes on");
}

#[tokio::test]
async fn one_writer_many_readers() {
    let (catalogue, folder) = sqlite().await;
    let error = SqliteCatalogue::open(file(&folder)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert!(error.message().contains("another run"), "{error}");
    let reader = SqliteCatalogue::open_read_only(file(&folder)).unwrap();
    catalogue.commit(rows(0..5)).await.unwrap();
    assert_eq!(reader.files(None, None, 100).await.unwrap(), rows(0..5).files);
    for error in [reader.commit(rows(5..6)).await, reader.set_store(&StoreId::random("x")).await] {
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Unsupported);
    }
    // A person with `sqlite3`.
    let person = Connection::open(file(&folder)).unwrap();
    let seen =
        "SELECT library || ' ' || role || ' ' || status || ' ' || path FROM files WHERE asset = '000003'";
    let seen: String = person.query_row(seen, [], |row| row.get(0)).unwrap();
    assert_eq!(seen, "1/private/PrimarySync original verified 2018/IMG_000003.JPG");

    let clone = catalogue.clone();
    drop(catalogue);
    assert!(SqliteCatalogue::open(file(&folder)).is_err(), "a clone still writes");
    drop((clone, reader, person));
    SqliteCatalogue::open(file(&folder)).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn all_names_of_a_file_lead_to_one_lock() {
    let (catalogue, folder) = sqlite().await;
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(file(&folder), &link).unwrap();
    assert_eq!(SqliteCatalogue::open(&link).unwrap_err().kind(), ErrorKind::Conflict);
    drop(catalogue);
    SqliteCatalogue::open(&link).unwrap();
    fs::remove_file(file(&folder)).unwrap();
    SqliteCatalogue::open(&link).unwrap_err();
}

#[tokio::test]
async fn version_1_opens_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    Connection::open(file(&folder)).unwrap().execute_batch(V1).unwrap();
    let catalogue = SqliteCatalogue::open(file(&folder)).unwrap();
    assert_eq!(catalogue.store().await.unwrap().unwrap().place, "/volume1/photos");
    let (library, ids) = (LibraryKey::new("1234/private/PrimarySync"), [AssetId::new("A-1")]);
    let files = catalogue.files_of(&library, &ids).await.unwrap().remove(0);
    let failed = Status::Failed { reason: "the link was cut".into(), attempts: 3 };
    assert_eq!((files[0].key.role, &files[0].status), (Role::LiveMovie, &failed));
    assert_eq!((files[1].key.role, &files[1].status), (Role::Original, &Status::Verified));
    assert_eq!(files[1].checksum.unwrap().to_string(), "ATE6W0VAGbjhs9B5SmRCwt9Y3yxl");
    assert_eq!(files[1].sha256.unwrap()[..3], [0xd7, 0xa8, 0xfb]);
    assert_eq!((files[1].size, files[1].modified), (Some(1_884_695), Some(1_533_021_744)));
    let assets = catalogue.assets(&library, &ids).await.unwrap();
    let asset = assets[0].as_ref().unwrap();
    assert_eq!((asset.content, asset.created), (u64::MAX, Some(1_533_021_744_816)));
    assert_eq!((asset.trashed, asset.hidden, asset.favorite), (false, true, true));
    assert_eq!(catalogue.albums(&library).await.unwrap()[0].path, "Trips/Holiday");
    let progress = catalogue.all_progress().await.unwrap();
    assert_eq!(progress[0].pending.as_ref().map(|pending| (pending.rank, pending.seen)), Some((200, 199)));
    // Version 1 wrote no rows of assets: its tokens cover none.
    assert_eq!((progress[0].token.as_deref(), progress[1].pending.as_ref()), (None, None));
    catalogue.commit(rows(0..3)).await.unwrap();
}

/// Files that were brought up to date have the tables that new ones have.
#[tokio::test]
async fn old_files_become_like_new_ones() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    Connection::open(file(&old)).unwrap().execute_batch(V1).unwrap();
    let tables = |folder: &TempDir| -> Vec<String> {
        drop(SqliteCatalogue::open(file(folder)).unwrap());
        let connection = Connection::open(file(folder)).unwrap();
        let mut statement =
            connection.prepare("SELECT COALESCE(sql, name) FROM sqlite_schema ORDER BY name").unwrap();
        let texts = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        texts.map(|text| text.unwrap().split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    assert_eq!(tables(&old), tables(&new));
}

#[tokio::test]
async fn newer_files_are_refused_untouched() {
    let (catalogue, folder) = sqlite().await;
    catalogue.commit(rows(0..3)).await.unwrap();
    drop(catalogue);
    Connection::open(file(&folder)).unwrap().pragma_update(None, "user_version", 1000).unwrap();
    let before = fs::read(file(&folder)).unwrap();
    for opened in [SqliteCatalogue::open(file(&folder)), SqliteCatalogue::open_read_only(file(&folder))] {
        let error = opened.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("newer version"), "{error}");
    }
    assert!(fs::read(file(&folder)).unwrap() == before);
}

#[tokio::test]
async fn foreign_files_are_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let database = fs::read(&other).unwrap();
    let damaged = [b"SQLite format 3\0".as_slice(), &[0xff; 9000]].concat();
    let cases = [
        (Vec::new(), ErrorKind::AlreadyExists),
        (b"short".to_vec(), ErrorKind::Storage),
        (vec![b'x'; 100_000], ErrorKind::Storage),
        (damaged, ErrorKind::Storage),
        (database, ErrorKind::AlreadyExists),
    ];
    for (bytes, kind) in cases {
        fs::write(file(&folder), &bytes).unwrap();
        for opened in [SqliteCatalogue::open(file(&folder)), SqliteCatalogue::open_read_only(file(&folder))] {
            let error = opened.unwrap_err();
            assert_eq!(error.kind(), kind, "{} bytes: {error:?}", bytes.len());
            assert!(error.message().contains("move it away"), "{error}");
        }
        assert!(fs::read(file(&folder)).unwrap() == bytes);
    }
    fs::remove_file(file(&folder)).unwrap();
    fs::create_dir(file(&folder)).unwrap();
    assert_eq!(SqliteCatalogue::open(file(&folder)).unwrap_err().kind(), ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn damage_inside_is_an_error_that_says_what_to_do() {
    let (catalogue, folder) = sqlite().await;
    catalogue.commit(rows(0..2000)).await.unwrap();
    drop(catalogue);
    let mut bytes = fs::read(file(&folder)).unwrap();
    bytes[4096..].iter_mut().for_each(|byte| *byte ^= 0x5a);
    fs::write(file(&folder), &bytes).unwrap();
    // Where the damage shows depends on what it hit.
    let errors = match SqliteCatalogue::open(file(&folder)) {
        Err(error) => vec![error],
        Ok(catalogue) => {
            let asked = catalogue.files(None, None, 10).await.unwrap_err();
            vec![asked, catalogue.commit(rows(0..10)).await.unwrap_err()]
        }
    };
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Storage, "{error:?}");
        assert!(error.message().contains("move it away") && error.message().contains("adopt"), "{error}");
    }
}

#[tokio::test]
async fn what_is_left_of_another_catalogue_is_not_mixed_in() {
    let (catalogue, folder) = sqlite().await;
    catalogue.commit(rows(0..5)).await.unwrap();
    let wal = folder.path().join("catalogue.sqlite-wal");
    let left = fs::read(&wal).unwrap();
    drop(catalogue);
    fs::remove_file(file(&folder)).unwrap();
    fs::write(&wal, &left).unwrap();
    let error = SqliteCatalogue::open(file(&folder)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
    fs::remove_file(&wal).unwrap();
    // What a killed process left of making one is in nobody's way.
    fs::write(folder.path().join("catalogue.sqlite.new"), "half").unwrap();
    let catalogue = SqliteCatalogue::open(file(&folder)).unwrap();
    assert_eq!(catalogue.files(None, None, 10).await.unwrap(), []);
    assert!(!folder.path().join("catalogue.sqlite.new").exists());
}

#[test]
fn reading_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let error = SqliteCatalogue::open_read_only(folder.path().join("a/catalogue.sqlite")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(names_in(folder.path()), [""; 0]);
}

#[cfg(unix)]
#[tokio::test]
async fn for_its_owners_eyes_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("a/b");
    let catalogue = SqliteCatalogue::open(inner.join("catalogue.sqlite")).unwrap();
    catalogue.commit(rows(0..5)).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&inner), 0o700);
    let names = names_in(&inner);
    assert_eq!(
        names,
        ["catalogue.sqlite", "catalogue.sqlite-shm", "catalogue.sqlite-wal", "catalogue.sqlite.lock"]
    );
    for name in names {
        assert_eq!(mode(&inner.join(&name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn twenty_thousand_rows_page_by_page() {
    let (catalogue, _folder) = sqlite().await;
    for at in (0..20_000).step_by(2000) {
        catalogue.commit(rows(at..at + 2000)).await.unwrap();
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = catalogue.files(Some(&library()), after.as_ref(), 999).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        seen.extend(page);
    }
    assert_eq!(seen, rows(0..20_000).files);
    assert_eq!(catalogue.totals().await.unwrap().verified.files, 20_000);
}

#[tokio::test]
async fn many_ask_and_write_at_once() {
    let (catalogue, _folder) = sqlite().await;
    let catalogue = &catalogue;
    let tasks = (0..200).map(|at| async move {
        catalogue.commit(rows(at..at + 1)).await?;
        catalogue.files_of(&library(), &[key(at).asset]).await
    });
    let answers = futures::future::try_join_all(tasks).await.unwrap();
    assert!(answers.iter().zip(0..).all(|(answer, at)| answer[0] == rows(at..at + 1).files));
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("catalogue.sqlite")
}

fn library() -> LibraryKey {
    LibraryKey::new("1/private/PrimarySync")
}

fn key(number: i64) -> FileKey {
    FileKey::new(library(), AssetId::new(format!("{number:06}")), Role::Original)
}

fn rows(numbers: std::ops::Range<i64>) -> Batch {
    let mut batch = Batch::default();
    for number in numbers {
        let mut row = FileRow::new(key(number), Status::Verified, number);
        row.path = Some(StoragePath::parse(&format!("2018/IMG_{number:06}.JPG")).unwrap());
        row.size = Some(1000);
        batch.files.push(row);
    }
    batch
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
