//! The catalogue in a real PostgreSQL keeps the promises of the trait, and its own: leases, lost connections, doors that are closed.

use icloud_photos::storage::StoragePath;
use icloud_photos::sync::catalogue::{
    Batch, Catalogue, Database, FileKey, FileRow, LibraryKey, PostgresCatalogue, Progress, Status, StoreId,
};
use icloud_photos::{AssetId, ErrorKind, Role};
use icloud_photos_test_servers::{postgres::Postgres, skip};

mod conformance {
    icloud_photos::catalogue_conformance!(super::fresh);
}

async fn fresh() -> Option<(PostgresCatalogue, Postgres)> {
    let server = server("conformance")?;
    Some((open(&server, "a-1").await, server))
}

/// A server; none if the machine has none, and then that is said.
pub(crate) fn server(test: &str) -> Option<Postgres> {
    let server = Postgres::start();
    if server.is_none() {
        skip(test, "PostgreSQL");
    }
    server
}

pub(crate) fn database(server: &Postgres) -> Database {
    Database::parse(&server.url()).unwrap()
}

async fn open(server: &Postgres, name: &str) -> PostgresCatalogue {
    PostgresCatalogue::open(&database(server), name).await.unwrap()
}

/// Ends the sessions that hold leases, as a database does that is restarted.
pub(crate) fn end_writers(server: &Postgres) {
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'");
}

#[tokio::test]
async fn reopening_keeps_everything() {
    let Some(server) = server("reopening_keeps_everything") else { return };
    let catalogue = open(&server, "a-1").await;
    let mut batch = rows(0..50);
    batch.progress = vec![Progress::new(library(), "all", 9)];
    let store = StoreId::random("/photos");
    catalogue.set_store(&store).await.unwrap();
    catalogue.commit(batch.clone()).await.unwrap();
    drop(catalogue);
    // Whoever closed it a moment ago is waited for.
    let catalogue = open(&server, "a-1").await;
    assert_eq!(catalogue.store().await.unwrap(), Some(store));
    assert_eq!(catalogue.files(None, None, 100).await.unwrap(), batch.files);
    assert_eq!(catalogue.all_progress().await.unwrap(), batch.progress);
}

#[tokio::test]
async fn catalogues_of_one_database_know_nothing_of_each_other() {
    let Some(server) = server("catalogues_of_one_database_know_nothing_of_each_other") else { return };
    let (one, other) = (open(&server, "one").await, open(&server, "other").await);
    let mut batch = rows(0..5);
    batch.progress = vec![Progress::new(library(), "all", 9)];
    batch.members = vec![(library(), "in a".into(), key(1).asset)];
    one.commit(batch).await.unwrap();
    assert_eq!(other.files(None, None, 9).await.unwrap(), []);
    assert_eq!(other.files_at(&[path(1)]).await.unwrap(), [[]]);
    assert_eq!(other.totals().await.unwrap().verified.files, 0);
    assert_eq!(other.selections_of(&library(), "in ", &[key(1).asset]).await.unwrap(), [[""; 0]]);
    let mut gone = Batch::default();
    (gone.gone_files, gone.progress) = (vec![key(1)], vec![Progress::new(library(), "all", 1)]);
    other.commit(gone).await.unwrap();
    assert_eq!(one.totals().await.unwrap().verified.files, 5);
    assert_eq!(one.progress(&library(), "all").await.unwrap().unwrap().at, 9);
}

#[tokio::test]
async fn one_writer_many_readers() {
    let Some(server) = server("one_writer_many_readers") else { return };
    let catalogue = open(&server, "a-1").await;
    let error = PostgresCatalogue::open(&database(&server), "a-1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    let worker = format!("worker: icloud-photos {} at 127.0.0.1 since ", std::process::id());
    assert!(error.message().contains("another worker") && error.to_string().contains(&worker), "{error}");
    let reader = PostgresCatalogue::open_read_only(&database(&server), "a-1").await.unwrap().unwrap();
    catalogue.commit(rows(0..5)).await.unwrap();
    assert_eq!(reader.files(None, None, 100).await.unwrap(), rows(0..5).files);
    for error in [reader.commit(rows(5..6)).await, reader.set_store(&StoreId::random("x")).await] {
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Unsupported);
    }
    // A person with `psql`.
    let seen = "SELECT library || ' ' || role || ' ' || status || ' ' || path FROM icloud_photos.files WHERE asset = '000003'";
    assert_eq!(server.sql(seen), "1/private/PrimarySync original verified 2018/IMG_000003.JPG");
    // And what the page says of who holds a lease.
    let page = include_str!("../../../docs/postgresql.md");
    let (asked, _) = page[page.find("SELECT c.place").unwrap()..].split_once(';').unwrap();
    let held = server.sql(asked);
    assert!(held.contains(&format!("|icloud-photos {}|127.0.0.1|", std::process::id())), "{held}");
    let clone = catalogue.clone();
    drop(catalogue);
    PostgresCatalogue::open(&database(&server), "a-1").await.unwrap_err();
    drop(clone);
    open(&server, "a-1").await;
}

#[tokio::test]
async fn who_lost_the_connection_lost_the_lease() {
    let Some(server) = server("who_lost_the_connection_lost_the_lease") else { return };
    let catalogue = open(&server, "a-1").await;
    catalogue.commit(rows(0..5)).await.unwrap();
    end_writers(&server);
    let next = open(&server, "a-1").await;
    let errors = [
        catalogue.commit(rows(5..6)).await.unwrap_err(),
        catalogue.set_store(&StoreId::random("x")).await.unwrap_err(),
        catalogue.files(None, None, 9).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Storage, "{error:?}");
        assert!(error.message().contains("connection to the database broke"), "{error}");
    }
    assert_eq!(next.files(None, None, 100).await.unwrap(), rows(0..5).files);
    next.commit(rows(5..7)).await.unwrap();
    assert_eq!(next.files(None, None, 100).await.unwrap(), rows(0..7).files);
}

/// Of a commit that was cut in the middle nothing is left, and the next worker does not wait for it.
#[tokio::test]
async fn a_commit_that_is_cut_leaves_nothing() {
    let Some(server) = server("a_commit_that_is_cut_leaves_nothing") else { return };
    let catalogue = open(&server, "a-1").await;
    catalogue.commit(rows(0..5)).await.unwrap();
    let slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END';
                CREATE TRIGGER slow BEFORE INSERT ON icloud_photos.files FOR EACH ROW WHEN (NEW.asset = '000007') EXECUTE FUNCTION slow()";
    server.sql(slow);
    let commit = tokio::spawn(async move { catalogue.commit(rows(3..10)).await });
    while server.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") != "1" {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    end_writers(&server);
    assert_eq!(commit.await.unwrap().unwrap_err().kind(), ErrorKind::Storage);
    server.sql("DROP TRIGGER slow ON icloud_photos.files");
    let next = open(&server, "a-1").await;
    assert_eq!(next.files(None, None, 100).await.unwrap(), rows(0..5).files);
}

#[tokio::test]
async fn an_error_in_the_middle_takes_nothing() {
    let Some(server) = server("an_error_in_the_middle_takes_nothing") else { return };
    let catalogue = open(&server, "a-1").await;
    catalogue.commit(rows(0..5)).await.unwrap();
    let trap = "CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''trapped''; END';
                CREATE TRIGGER trap BEFORE INSERT ON icloud_photos.files FOR EACH ROW WHEN (NEW.asset = '000007') EXECUTE FUNCTION trap()";
    server.sql(trap);
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
async fn newer_tables_are_refused() {
    let Some(server) = server("newer_tables_are_refused") else { return };
    drop(open(&server, "a-1").await);
    server.sql("UPDATE icloud_photos.version SET number = 1000");
    let opened = PostgresCatalogue::open(&database(&server), "b-1").await.unwrap_err();
    let looked = PostgresCatalogue::open_read_only(&database(&server), "a-1").await.unwrap_err();
    for error in [opened, looked] {
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("newer version"), "{error}");
    }
    assert_eq!(server.sql("SELECT name FROM icloud_photos.copies"), "a-1", "nothing was made");
}

#[tokio::test]
async fn reading_makes_nothing() {
    let Some(server) = server("reading_makes_nothing") else { return };
    let none = PostgresCatalogue::open_read_only(&database(&server), "a-1").await.unwrap();
    assert!(none.is_none());
    assert_eq!(server.sql("SELECT to_regnamespace('icloud_photos') IS NULL"), "t");
    drop(open(&server, "a-1").await);
    assert!(PostgresCatalogue::open_read_only(&database(&server), "b-1").await.unwrap().is_none());
}

/// A fleet whose workers start at one moment, on an empty database.
#[tokio::test]
async fn workers_that_begin_together_make_the_tables_once() {
    let Some(server) = server("workers_that_begin_together_make_the_tables_once") else { return };
    let names = (0..8).map(|number| format!("copy-{}", number % 4));
    let opened = names.map(|name| {
        let database = database(&server);
        async move { PostgresCatalogue::open(&database, &name).await }
    });
    let opened = futures::future::join_all(opened).await;
    let (kept, refused): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
    assert_eq!((kept.len(), refused.len()), (4, 4), "one lease each: {refused:?}");
    for error in refused {
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Conflict);
    }
}

#[tokio::test]
async fn twenty_thousand_rows_in_one_batch() {
    let Some(server) = server("twenty_thousand_rows_in_one_batch") else { return };
    let catalogue = open(&server, "a-1").await;
    catalogue.commit(rows(0..20_000)).await.unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = catalogue.files(Some(&library()), after.as_ref(), 999).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        seen.extend(page);
    }
    assert_eq!(seen, rows(0..20_000).files);
    let ids: Vec<AssetId> = (0..20_000).rev().map(|number| key(number).asset).collect();
    let found = catalogue.files_of(&library(), &ids).await.unwrap();
    assert!(found.iter().zip((0..20_000).rev()).all(|(rows, number)| rows[0].key == key(number)));
    let mut gone = Batch::default();
    gone.gone_files = (0..19_999).map(key).collect();
    catalogue.commit(gone).await.unwrap();
    assert_eq!(catalogue.totals().await.unwrap().verified.files, 1);
}

/// The server of the tests sorts words as people do, `a A b`; keys sort by their bytes.
#[tokio::test]
async fn keys_sort_by_their_bytes_whatever_the_database_thinks() {
    let Some(server) = server("keys_sort_by_their_bytes") else { return };
    assert_eq!(server.sql("SELECT 'a' < 'B'"), "t", "else this proves nothing");
    let catalogue = open(&server, "a-1").await;
    let mut names = ["b", "A", "a", "B", "_", "-", "Ä", "ä", "z", "~", "a\0", "a\u{1}", "aa"];
    let mut batch = Batch::default();
    batch.files = names
        .iter()
        .map(|name| {
            FileRow::new(FileKey::new(library(), AssetId::new(*name), Role::Original), Status::Verified, 1)
        })
        .collect();
    catalogue.commit(batch).await.unwrap();
    names.sort_unstable();
    let (mut seen, mut after) = (Vec::new(), None);
    while let Some(row) = catalogue.files(None, after.as_ref(), 1).await.unwrap().pop() {
        seen.push(row.key.asset.as_str().to_owned());
        after = Some(row.key);
    }
    assert_eq!(seen, names);
}

/// Longer than an index of the database takes.
#[tokio::test]
async fn a_path_may_be_long() {
    let Some(server) = server("a_path_may_be_long") else { return };
    let catalogue = open(&server, "a-1").await;
    let noise =
        (0..400_u32).map(|number| format!("{:x}", number.wrapping_mul(0x9E37_79B9))).collect::<String>();
    let parts: Vec<_> = noise.as_bytes().chunks(200).map(|part| String::from_utf8_lossy(part)).collect();
    let mut batch = rows(0..2);
    batch.files[0].path = Some(StoragePath::parse(&parts.join("/")).unwrap());
    assert!(noise.len() > 2_700, "{}", noise.len());
    catalogue.commit(batch.clone()).await.unwrap();
    let at = batch.files[0].path.clone().unwrap();
    assert_eq!(catalogue.files_at(&[at]).await.unwrap(), [&batch.files[..1]]);
}

#[tokio::test]
async fn many_ask_and_write_at_once() {
    let Some(server) = server("many_ask_and_write_at_once") else { return };
    let catalogue = &open(&server, "a-1").await;
    let tasks = (0..200).map(|at| async move {
        catalogue.commit(rows(at..at + 1)).await?;
        catalogue.files_of(&library(), &[key(at).asset]).await
    });
    let answers = futures::future::try_join_all(tasks).await.unwrap();
    assert!(answers.iter().zip(0..).all(|(answer, at)| answer[0] == rows(at..at + 1).files));
}

/// Somebody who asks and then waits for something else holds up nobody.
#[tokio::test]
async fn questions_that_were_left_hold_up_nobody() {
    let Some(server) = server("questions_that_were_left_hold_up_nobody") else { return };
    let catalogue = open(&server, "a-1").await;
    catalogue.commit(rows(0..5_000)).await.unwrap();
    let mut left = Vec::new();
    for at in 0..10 {
        let (commit, ask) = (catalogue.commit(rows(at..at + 1)), catalogue.files(None, None, 5_000));
        // Polled once, and kept.
        let mut both = Box::pin(futures::future::join(commit, ask));
        assert!(futures::poll!(&mut both).is_pending());
        left.push(both);
    }
    catalogue.commit(rows(6_000..6_001)).await.unwrap();
    assert_eq!(catalogue.files(None, None, 9_999).await.unwrap().len(), 5_001);
    drop(left);
    catalogue.commit(rows(6_001..6_002)).await.unwrap();
}

#[tokio::test]
async fn what_was_changed_by_hand_is_named() {
    let Some(server) = server("what_was_changed_by_hand_is_named") else { return };
    let catalogue = open(&server, "a-1").await;
    for (column, value) in
        [("role", "'poster'"), ("status", "'lost'"), ("checksum", "'x'"), ("sha256", "'00'")]
    {
        catalogue.commit(rows(0..1)).await.unwrap();
        server.sql(&format!("UPDATE icloud_photos.files SET {column} = {value}"));
        let error = catalogue.files(None, None, 9).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage, "{column}");
        assert!(error.message().contains("a row that this version cannot read"), "{error}");
        server.sql("DELETE FROM icloud_photos.files");
    }
    server.sql("DROP TABLE icloud_photos.members");
    let error = catalogue.members(&library(), "x", None, 9).await.unwrap_err();
    assert!(error.message().contains("not what they should be"), "{error}");
}

pub(crate) fn library() -> LibraryKey {
    LibraryKey::new("1/private/PrimarySync")
}

fn key(number: i64) -> FileKey {
    FileKey::new(library(), AssetId::new(format!("{number:06}")), Role::Original)
}

fn path(number: i64) -> StoragePath {
    StoragePath::parse(&format!("2018/IMG_{number:06}.JPG")).unwrap()
}

pub(crate) fn rows(numbers: std::ops::Range<i64>) -> Batch {
    let mut batch = Batch::default();
    for number in numbers {
        let mut row = FileRow::new(key(number), Status::Verified, number);
        (row.path, row.size) = (Some(path(number)), Some(1000));
        batch.files.push(row);
    }
    batch
}
