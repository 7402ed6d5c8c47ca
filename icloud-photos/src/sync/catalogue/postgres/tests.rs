//! What shows from inside only: the session's settings, the fence of the lease, the plans of questions.

use icloud_photos_test_servers::{postgres::Postgres, skip};

use super::*;
use crate::asset::Role;
use crate::sync::catalogue::{RemovalState, Roll, Status};

async fn open(test: &str) -> Option<(PostgresCatalogue, Postgres)> {
    let Some(server) = Postgres::start() else {
        skip(test, "PostgreSQL");
        return None;
    };
    // What a careless administrator sets for everybody.
    server.sql(
        "ALTER ROLE postgres SET synchronous_commit = off; ALTER ROLE postgres SET idle_session_timeout = '1s'; \
         ALTER ROLE postgres SET default_transaction_isolation = serializable",
    );
    let catalogue = PostgresCatalogue::open(&Database::parse(&server.url()).unwrap(), "a-1").await.unwrap();
    Some((catalogue, server))
}

fn rows(numbers: std::ops::Range<i64>) -> Batch {
    let library = LibraryKey::new("L");
    let files = numbers.clone().map(|at| {
        let key = FileKey::new(library.clone(), AssetId::new(format!("{at:06}")), Role::Original);
        let path = StoragePath::parse(&format!("2018/{at}.JPG")).unwrap();
        FileRow { path: Some(path), ..FileRow::new(key, Status::Verified, at) }
    });
    let assets = numbers.clone().map(|at| {
        let master = MasterId::new(format!("m{at}"));
        AssetRow::new(library.clone(), AssetId::new(format!("{at:06}")), master, at.cast_unsigned())
    });
    let members = numbers.map(|at| (library.clone(), "in a".to_owned(), AssetId::new(format!("{at:06}"))));
    let (files, assets, members) = (files.collect(), assets.collect(), members.collect());
    Batch { files, assets, members, ..Batch::default() }
}

/// Rows of the other tables.
fn others(numbers: std::ops::Range<i64>) -> Batch {
    let library = LibraryKey::new("L");
    let ids = numbers.map(|at| AssetId::new(format!("{at:06}")));
    // Nearly all are sent.
    let removals = ids.clone().enumerate().map(|(number, id)| match number % 100 {
        0 => RemovalRow {
            selection: Some("all".to_owned()),
            ..RemovalRow::new(library.clone(), id, RemovalState::Owed, 1)
        },
        _ => RemovalRow::new(library.clone(), id, RemovalState::Sent, 1),
    });
    let removals = removals.collect();
    let rolls = vec![Roll { library, selection: "all".to_owned(), assets: ids.collect() }];
    Batch { rolls, removals, ..Batch::default() }
}

#[tokio::test]
async fn a_commit_is_durable_and_a_machine_that_vanished_is_noticed() {
    let Some((catalogue, _server)) = open("a_commit_is_durable").await else { return };
    let session = &catalogue.writer().unwrap().session;
    // As the server has them on its side of the connection.
    let wanted = [
        ("synchronous_commit", "on"),
        ("idle_session_timeout", "0"),
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
        ("tcp_user_timeout", "25000"),
    ];
    for (name, value) in wanted {
        let row = session.client.query_one(&format!("SHOW {name}"), &[]).await.unwrap();
        assert_eq!(row.get::<_, String>(0), value, "{name}");
    }
}

#[tokio::test]
async fn without_the_lock_nothing_is_written() {
    let Some((catalogue, _server)) = open("without_the_lock_nothing_is_written").await else { return };
    catalogue.commit(rows(0..3)).await.unwrap();
    let session = &catalogue.writer().unwrap().session;
    session.client.execute("SELECT pg_advisory_unlock_all()", &[]).await.unwrap();
    let error = catalogue.commit(rows(3..5)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    assert_eq!(catalogue.totals().await.unwrap().verified.files, 3);
}

/// A newer program changed the tables while this one was at work.
#[tokio::test]
async fn into_tables_of_another_version_nothing_is_written() {
    let Some((catalogue, server)) = open("into_tables_of_another_version").await else { return };
    catalogue.commit(rows(0..3)).await.unwrap();
    assert!(
        lease::BEGIN.contains(&format!("({}, 0)", lease::CLASS)),
        "the lock of those who change the tables"
    );
    server.sql("UPDATE icloud_photos.version SET number = number + 1");
    let error = catalogue.commit(rows(3..5)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    server.sql("UPDATE icloud_photos.version SET number = number - 1");
    assert_eq!(catalogue.totals().await.unwrap().verified.files, 3);
    catalogue.commit(rows(3..5)).await.unwrap();
}

/// Two workers behind a pooler may get one session, whose locks both would have.
#[tokio::test]
async fn a_session_that_has_the_lock_already_is_somebody_elses() {
    let Some((catalogue, _server)) = open("a_session_that_has_the_lock_already").await else { return };
    let session = &catalogue.writer().unwrap().session;
    let error = lease::take(session, catalogue.copy).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
    assert!(error.message().contains("pooler"), "{error}");
}

#[tokio::test]
async fn every_question_is_answered_by_an_index() {
    let Some((catalogue, server)) = open("every_question_is_answered_by_an_index").await else { return };
    let other = PostgresCatalogue::open(&Database::parse(&server.url()).unwrap(), "b-1").await.unwrap();
    catalogue.commit(rows(0..10_000)).await.unwrap();
    other.commit(rows(0..10_000)).await.unwrap();
    catalogue.commit(others(0..10_000)).await.unwrap();
    server.sql("ANALYZE");
    use read::sql;
    let array = "ARRAY['000007','000008']";
    let questions: [(&str, &[&str]); 15] = [
        (sql::FILES_OF, &["1", "'L'", array]),
        (sql::FILES_AT, &["1", "ARRAY['2018/7.JPG','2018/8.JPG']"]),
        (sql::FILES_WITH, &["1", array]),
        (sql::ALL_FILES, &["1", "'L'", "'000007'", "'original'", "''", "10"]),
        (sql::FILES, &["1", "'L'", "'000007'", "'original'", "''", "10"]),
        (sql::FAILED, &["1", "'L'", "'000007'", "'original'", "''", "10"]),
        (sql::ASSETS, &["1", "'L'", array]),
        (sql::ALL_ASSETS, &["1", "'L'", "'000007'", "10"]),
        (sql::ASSETS_WITH, &["1", "ARRAY['m7','m8']"]),
        (sql::ON_ROLL, &["1", "'L'", "'all'", array]),
        (sql::REMOVALS, &["1", "'L'", array]),
        (sql::OWED, &["1", "'L'", "'all'", "'000007'", "10"]),
        (sql::SENT, &["1", "'L'", "'000007'", "10"]),
        (sql::MEMBERS, &["1", "'L'", "'in a'", "'000007'", "10"]),
        (sql::SELECTIONS_OF, &["1", "'L'", "'in '", array]),
    ];
    for (question, values) in questions {
        let literal = values
            .iter()
            .enumerate()
            .rev()
            .fold(question.to_owned(), |sql, (at, value)| sql.replace(&format!("${}", at + 1), value));
        let plan = server.sql(&format!("SET plan_cache_mode = force_custom_plan; EXPLAIN {literal}"));
        let scans =
            ["files", "assets", "members", "roll", "removals"].map(|table| format!("Seq Scan on {table}"));
        assert!(!scans.iter().any(|scan| plan.contains(scan)), "{literal}\n{plan}");
        assert!(plan.contains("Index"), "{literal}\n{plan}");
    }
}
