//! What only the inside can see.

use std::fs;

use rusqlite::OptionalExtension;

use super::*;
use crate::asset::{MasterId, Role};
use crate::sync::catalogue::{Pending, Status};

#[tokio::test]
async fn one_that_is_closed_can_be_opened_while_others_hold_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let held = SqliteCatalogue::open(&path).unwrap();
    let refused = SqliteCatalogue::open(&path).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert!(refused.message().contains("close it"), "{refused}");
    held.close().await.unwrap();
    let again = SqliteCatalogue::open(&path).unwrap();
    assert_eq!(again.totals().await.unwrap().assets, 0);
    assert_eq!(held.totals().await.unwrap_err().kind(), ErrorKind::Config);
    held.close().await.unwrap();
}

/// Every question but the counts goes down an index.
#[test]
fn no_question_reads_a_whole_table() {
    use super::read::sql;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    drop(SqliteCatalogue::open(&path).unwrap());
    let connection = place::open(&path).unwrap();
    let plan = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let count = statement.parameter_count();
        let texts = vec!["1"; count];
        let steps = statement.query_map(rusqlite::params_from_iter(texts), |row| row.get(3)).unwrap();
        steps.collect::<rusqlite::Result<_>>().unwrap()
    };
    let index = |sql: &str| {
        let steps = plan(sql);
        assert_eq!(steps.len(), 1, "no sorting: {sql}\n{steps:?}");
        let (verb, name) = steps[0].split_once(" USING ").unwrap_or((&steps[0], ""));
        assert!(verb.starts_with("SEARCH"), "{sql}\n{steps:?}");
        name.split_whitespace().skip_while(|word| *word != "INDEX").nth(1).unwrap().to_owned()
    };
    let by_key = [sql::FILES_OF, sql::ALL_FILES, sql::FILES, sql::ASSET, sql::ALL_ASSETS, sql::ALBUMS];
    for sql in by_key.into_iter().chain([sql::PROGRESS]) {
        assert!(index(sql).starts_with("sqlite_autoindex"), "{sql}");
    }
    assert_eq!(index(sql::FAILED), "files_failed");
    assert_eq!(plan(sql::REMOVAL), ["SEARCH removals USING PRIMARY KEY (library=? AND asset=?)"]);
    let roll = "SEARCH roll USING PRIMARY KEY (library=? AND selection=? AND asset=?)";
    assert_eq!(plan(sql::ON_ROLL), [roll]);
    assert_eq!(index(sql::OWED), "removals_owed");
    let members = "SEARCH members USING PRIMARY KEY (library=? AND selection=? AND asset>?)";
    assert_eq!(plan(sql::MEMBERS), [members]);
    let places = "SEARCH members USING COVERING INDEX members_by_asset (library=? AND asset=?)";
    assert_eq!(plan(sql::SELECTIONS_OF), [places]);
    assert_eq!(plan(sql::SENT), ["SEARCH removals USING PRIMARY KEY (library=? AND asset>?)"]);
    // The rows of one path, checksum or master are few; these are sorted afterwards.
    let few = [
        (sql::FILES_AT, "files USING INDEX files_by_path "),
        (sql::FILES_WITH, "files USING INDEX files_by_checksum "),
        (sql::ASSETS_WITH, "assets USING INDEX assets_by_master "),
    ];
    for (sql, index) in few {
        let steps = plan(sql);
        assert!(steps[0].contains(&format!("SEARCH {index}")), "{steps:?}");
    }
    assert!(plan(sql::TOTALS)[0].contains("COVERING INDEX files_by_status"), "{:?}", plan(sql::TOTALS));
    assert!(plan(sql::ASSETS)[0].contains("COVERING INDEX"), "{:?}", plan(sql::ASSETS));
}

/// Nobody knows which selection asked for them.
#[tokio::test]
async fn removals_of_version_3_are_nobodys() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let connection = Connection::open(&path).unwrap();
    schema::STEPS[..3].iter().for_each(|step| connection.execute_batch(step).unwrap());
    connection.pragma_update(None, "application_id", schema::APPLICATION).unwrap();
    connection.pragma_update(None, "user_version", 3).unwrap();
    let rows = "INSERT INTO removals VALUES ('L', 'A', 'owed', NULL, 1), ('L', 'B', 'sent', '{}', 1)";
    connection.execute_batch(rows).unwrap();
    drop(connection);
    let catalogue = SqliteCatalogue::open(&path).unwrap();
    let library = LibraryKey::new("L");
    for selection in ["", "all"] {
        assert_eq!(catalogue.owed(&library, selection, None, 9).await.unwrap(), []);
    }
    let sent = catalogue.sent(&library, None, 9).await.unwrap();
    assert!(sent.len() == 1 && sent[0].asset.as_str() == "B" && sent[0].selection.is_none(), "{sent:?}");
}

/// What version 4 has of a listing that was cut is a first listing of a whole library.
#[tokio::test]
async fn a_listing_that_version_4_was_cut_in_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let connection = Connection::open(&path).unwrap();
    schema::STEPS[..4].iter().for_each(|step| connection.execute_batch(step).unwrap());
    connection.pragma_update(None, "application_id", schema::APPLICATION).unwrap();
    connection.pragma_update(None, "user_version", 4).unwrap();
    let rows = "INSERT INTO progress VALUES ('L', 'all', NULL, 1, 'before', 300, 299, 7), \
                ('L', 'done', 'now', 0, NULL, NULL, NULL, 8)";
    connection.execute_batch(rows).unwrap();
    drop(connection);
    let catalogue = SqliteCatalogue::open(&path).unwrap();
    let mut cut = Progress::new(LibraryKey::new("L"), "all", 7);
    cut.pending = Some(Pending::new(Some("before".into()), 300, 299));
    let mut done = Progress::new(LibraryKey::new("L"), "done", 8);
    done.token = Some("now".into());
    assert_eq!(catalogue.all_progress().await.unwrap(), [cut, done]);
}

/// A reader that asked and does not look for the answer, as a stream that nobody polls just now.
#[tokio::test(flavor = "multi_thread")]
async fn one_who_does_not_look_for_the_answer_holds_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = SqliteCatalogue::open(folder.path().join("c.sqlite")).unwrap();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let mut first = Box::pin(catalogue.work(move |_| Ok(wait.recv().is_ok())));
    assert!(futures::poll!(&mut first).is_pending());
    let mut forgotten = Box::pin(catalogue.work(read::totals));
    assert!(futures::poll!(&mut forgotten).is_pending());
    let mut last = Box::pin(catalogue.work(read::totals));
    assert!(futures::poll!(&mut last).is_pending());
    go.send(()).unwrap();
    assert!(first.await.unwrap());
    tokio::time::timeout(std::time::Duration::from_secs(60), last).await.expect("it gets its turn").unwrap();
    forgotten.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_wait_for_no_commit() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = SqliteCatalogue::open(folder.path().join("c.sqlite")).unwrap();
    catalogue.commit(rows(0..3)).await.unwrap();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let mut writing = Box::pin(catalogue.work(move |connection| {
        let transaction = connection.transaction()?;
        transaction.execute("DELETE FROM files", [])?;
        let _ = wait.recv();
        transaction.rollback()
    }));
    assert!(futures::poll!(&mut writing).is_pending());
    let asked = tokio::time::timeout(std::time::Duration::from_secs(60), catalogue.totals()).await;
    assert_eq!(asked.expect("nobody waits").unwrap().verified.files, 3);
    go.send(()).unwrap();
    writing.await.unwrap();
}

#[tokio::test]
async fn a_full_disk_takes_nothing_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = SqliteCatalogue::open(folder.path().join("c.sqlite")).unwrap();
    catalogue.commit(rows(0..10)).await.unwrap();
    let cap = |connection: &mut Connection| {
        connection.pragma_update_and_check(None, "max_page_count", 60, |_| Ok(()))
    };
    catalogue.work(cap).await.unwrap();
    let error = catalogue.commit(rows(5..5000)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull, "{error:?}");
    assert_eq!(catalogue.files(None, None, usize::MAX).await.unwrap(), rows(0..10).files);
    catalogue.commit(rows(10..12)).await.unwrap();
    assert_eq!(catalogue.totals().await.unwrap().verified.files, 12, "it goes on once there is room");
}

#[tokio::test]
async fn a_commit_is_durable_and_written_ahead() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = SqliteCatalogue::open(folder.path().join("c.sqlite")).unwrap();
    assert_eq!(settings(&catalogue).await, ("wal".to_owned(), 3));
}

/// A link to nowhere under the name of the shared memory stands for a file system that has none.
#[cfg(unix)]
#[tokio::test]
async fn without_shared_memory_there_is_a_rollback_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    std::os::unix::fs::symlink("no/where", place::beside(&path, "-shm")).unwrap();
    let catalogue = SqliteCatalogue::open(&path).unwrap();
    assert_eq!(settings(&catalogue).await, ("delete".to_owned(), 3));
    catalogue.commit(rows(0..10)).await.unwrap();
    let reader = SqliteCatalogue::open_read_only(&path).unwrap();
    assert_eq!(reader.totals().await.unwrap().verified.files, 10, "nobody is locked out");
    catalogue.commit(rows(10..20)).await.unwrap();
    assert_eq!(reader.totals().await.unwrap().verified.files, 20);
}

/// The file was written ahead on another file system, and its log came along.
#[cfg(unix)]
#[tokio::test]
async fn a_file_may_move_to_where_no_memory_is_shared() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    let catalogue = SqliteCatalogue::open(&here).unwrap();
    catalogue.commit(rows(0..10)).await.unwrap();
    for suffix in ["", "-wal"] {
        fs::copy(place::beside(&here, suffix), place::beside(&there, suffix)).unwrap();
    }
    std::os::unix::fs::symlink("no/where", place::beside(&there, "-shm")).unwrap();
    let moved = SqliteCatalogue::open(&there).unwrap();
    assert_eq!(settings(&moved).await, ("delete".to_owned(), 3));
    assert_eq!(moved.files(None, None, 99).await.unwrap(), rows(0..10).files);
    moved.commit(rows(10..20)).await.unwrap();
    drop(moved);
    let reader = SqliteCatalogue::open_read_only(&there).unwrap();
    assert_eq!(reader.totals().await.unwrap().verified.files, 20);
}

#[test]
fn a_file_nobody_changes_is_read_without_writing_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd ?#%20 name");
    drop(SqliteCatalogue::open(&path).unwrap());
    let connection = place::connect_still(&path).unwrap();
    schema::version(&connection, &path).unwrap();
    assert_eq!(read::all_files(&connection, None, 9).unwrap(), []);
    assert!(!place::beside(&path, "-shm").exists());
}

#[tokio::test]
async fn what_a_reader_leaves_beside_a_catalogue_is_not_in_the_way_of_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let catalogue = SqliteCatalogue::open(&path).unwrap();
    catalogue.commit(rows(0..10)).await.unwrap();
    drop(catalogue);
    drop(SqliteCatalogue::open_read_only(&path).unwrap());
    assert_eq!(fs::metadata(place::beside(&path, "-wal")).unwrap().len(), 0, "else this proves nothing");
    fs::remove_file(&path).unwrap();
    let catalogue = SqliteCatalogue::open(&path).unwrap();
    assert_eq!(catalogue.totals().await.unwrap().verified.files, 0);
    catalogue.commit(rows(0..3)).await.unwrap();
    drop(catalogue);
    assert_eq!(SqliteCatalogue::open(&path).unwrap().totals().await.unwrap().verified.files, 3);
}

#[tokio::test]
async fn what_was_changed_by_hand_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let catalogue = SqliteCatalogue::open(&path).unwrap();
    catalogue.commit(rows(0..1)).await.unwrap();
    for (column, value) in
        [("role", "'poster'"), ("status", "'lost'"), ("checksum", "'x'"), ("sha256", "'00'")]
    {
        let sql = format!("UPDATE files SET {column} = {value}");
        catalogue.work(move |connection| connection.execute(&sql, [])).await.unwrap();
        let error = catalogue.files(None, None, 9).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage, "{column}");
        assert!(error.message().contains("a row that this version cannot read"), "{error}");
        catalogue.work(|connection| connection.execute("DELETE FROM files", [])).await.unwrap();
        catalogue.commit(rows(0..1)).await.unwrap();
    }
}

#[tokio::test]
async fn a_dropped_question_leaves_the_catalogue_usable() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = SqliteCatalogue::open(folder.path().join("c.sqlite")).unwrap();
    for at in 0..20 {
        let commit = catalogue.commit(rows(at..at + 1));
        // Polled once, then dropped.
        let _ = futures::FutureExt::now_or_never(commit);
    }
    catalogue.commit(rows(20..21)).await.unwrap();
    assert!(catalogue.totals().await.unwrap().verified.files >= 1);
}

async fn settings(catalogue: &SqliteCatalogue) -> (String, i64) {
    let ask = |connection: &mut Connection| {
        let mode = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        let locking: Option<String> =
            connection.pragma_query_value(None, "locking_mode", |row| row.get(0)).optional()?;
        assert_eq!(locking.as_deref(), Some("normal"));
        Ok((mode, connection.pragma_query_value(None, "synchronous", |row| row.get(0))?))
    };
    catalogue.work(ask).await.unwrap()
}

fn rows(numbers: std::ops::Range<i64>) -> Batch {
    let library = LibraryKey::new("1/private/PrimarySync");
    let files = numbers.clone().map(|at| {
        let key = FileKey::new(library.clone(), AssetId::new(format!("{at:06}")), Role::Original);
        FileRow::new(key, Status::Verified, at)
    });
    let assets = numbers.map(|at| {
        AssetRow::new(
            library.clone(),
            AssetId::new(format!("{at:06}")),
            MasterId::new("m"),
            at.cast_unsigned(),
        )
    });
    Batch { files: files.collect(), assets: assets.collect(), ..Batch::default() }
}

/// A catalogue as an older version left it.
fn of_version(path: &Path, version: usize, journal: &str) {
    let connection = Connection::open(path).unwrap();
    connection.pragma_update_and_check(None, "journal_mode", journal, |_| Ok(())).unwrap();
    schema::STEPS[..version].iter().for_each(|step| connection.execute_batch(step).unwrap());
    connection.pragma_update(None, "application_id", schema::APPLICATION).unwrap();
    connection.pragma_update(None, "user_version", version as u32).unwrap();
    let rows = "INSERT INTO store VALUES (1, 'a-1', '/photos'); \
                INSERT INTO files (library, asset, role, path, size, status, at) VALUES \
                ('L', 'A', 'original', '2018/A.JPG', 7, 'verified', 1), ('L', 'B', 'original', '2018/B.JPG', 8, 'assumed', 1); \
                INSERT INTO progress (library, selection, token, pending, at) VALUES ('L', 'all', 'now', 0, 8)";
    connection.execute_batch(rows).unwrap();
}

/// Whoever only looks sees what a run would see, and leaves the file as it is.
#[tokio::test]
async fn files_of_older_versions_can_be_read_and_stay_as_they_are() {
    for journal in ["wal", "delete"] {
        for version in 1..schema::STEPS.len() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("c.sqlite");
            of_version(&path, version, journal);
            let before = fs::read(&path).unwrap();
            let looked = SqliteCatalogue::open_read_only(&path).unwrap();
            let seen = (looked.files(None, None, 9).await.unwrap(), looked.all_progress().await.unwrap());
            let sums = (looked.totals().await.unwrap(), looked.store().await.unwrap());
            assert_eq!((seen.0.len(), seen.1.len()), (2, 1), "{version}");
            looked.commit(Batch { files: seen.0.clone(), ..Batch::default() }).await.unwrap_err();
            let copy = looked.open.lock().await.as_ref().unwrap()._copy.as_ref().unwrap().path().to_owned();
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions();
            #[cfg(unix)]
            for (path, expected) in [(copy.clone(), 0o700), (copy.join("catalogue"), 0o600)] {
                use std::os::unix::fs::PermissionsExt as _;
                assert_eq!(mode(&path).mode() & 0o777, expected, "{}", path.display());
            }
            drop(looked);
            assert!(!copy.exists(), "nothing is left");
            assert!(fs::read(&path).unwrap() == before, "{version} {journal}");
            let opened = SqliteCatalogue::open(&path).unwrap();
            let then = (opened.files(None, None, 9).await.unwrap(), opened.all_progress().await.unwrap());
            assert_eq!(seen, then, "{version} {journal}");
            assert_eq!(sums, (opened.totals().await.unwrap(), opened.store().await.unwrap()));
        }
    }
}
