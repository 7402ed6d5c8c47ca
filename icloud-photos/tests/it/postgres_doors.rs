//! Who is let into the database, and how; and which storage its catalogues are about.

use std::fs;

use icloud_photos::storage::FsStorage;
use icloud_photos::sync::catalogue::{Catalogue, Database, PostgresCatalogue};
use icloud_photos::sync::store::{self, MARK};
use icloud_photos::{Error, ErrorKind};
use icloud_photos_test_servers::postgres::Postgres;

use crate::postgres::{database, rows, server};

async fn refused(url: &str) -> Error {
    PostgresCatalogue::open(&Database::parse(url).unwrap(), "a-1").await.unwrap_err()
}

#[tokio::test]
async fn a_database_that_is_not_there_is_no_fault_of_apple() {
    let Some(server) = server("a_database_that_is_not_there_is_no_fault_of_apple") else { return };
    let url = format!("postgres://postgres@127.0.0.1:{}/nowhere", server.port());
    let error = refused(&url).await;
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    assert!(error.message().contains("createdb") && error.to_string().contains(&url), "{error}");
    let url = server.url();
    drop(server);
    let error = refused(&url).await;
    assert_eq!(error.kind(), ErrorKind::Storage, "{error:?}");
    assert!(error.message().contains("cannot be reached") && error.is_retryable(), "{error:?}");
}

#[tokio::test]
async fn a_password_opens_the_door() {
    let Some(server) = server("a_password_opens_the_door") else { return };
    server.sql("CREATE USER locked PASSWORD 'hunter2'; GRANT CREATE ON DATABASE postgres TO locked");
    let url = server.url_for("locked");
    let database = Database::parse(&url).unwrap();
    for database in [database.clone(), database.clone().password(&"wrong".into())] {
        let error = PostgresCatalogue::open(&database, "a-1").await.unwrap_err();
        assert!(!format!("{error:?}").contains("wrong"), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error:?}");
        assert!(error.message().contains("PGPASSWORD"), "{error:?}");
    }
    let catalogue = PostgresCatalogue::open(&database.password(&"hunter2".into()), "a-1").await.unwrap();
    catalogue.commit(rows(0..1)).await.unwrap();
    assert!(!format!("{catalogue:?}").contains("hunter2"));
}

#[tokio::test]
async fn what_the_user_may_not_do_is_said() {
    let Some(server) = server("what_the_user_may_not_do_is_said") else { return };
    server.sql("CREATE USER worker");
    let url = server.url_for("worker");
    let error = refused(&url).await;
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error:?}");
    assert!(error.message().contains("docs/postgresql.md"), "{error}");
    // As the page says: somebody else makes the tables, and workers use them.
    drop(PostgresCatalogue::open(&database(&server), "a-1").await.unwrap());
    server.sql(
        "GRANT USAGE ON SCHEMA icloud_photos TO worker; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA icloud_photos TO worker",
    );
    let worker = PostgresCatalogue::open(&Database::parse(&url).unwrap(), "b-1").await.unwrap();
    worker.commit(rows(0..3)).await.unwrap();
    drop(worker);
    server.sql("REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA icloud_photos FROM worker");
    let looked =
        PostgresCatalogue::open_read_only(&Database::parse(&url).unwrap(), "b-1").await.unwrap().unwrap();
    assert_eq!(looked.totals().await.unwrap().verified.files, 3);
}

#[tokio::test]
async fn a_schema_may_be_given_to_the_worker() {
    let Some(server) = server("a_schema_may_be_given_to_the_worker") else { return };
    server.sql("CREATE USER worker; CREATE SCHEMA icloud_photos AUTHORIZATION worker");
    let database = Database::parse(&server.url_for("worker")).unwrap();
    PostgresCatalogue::open(&database, "a-1").await.unwrap().commit(rows(0..3)).await.unwrap();
}

#[tokio::test]
async fn a_database_that_cannot_keep_every_name_is_refused() {
    let Some(server) = server("a_database_that_cannot_keep_every_name_is_refused") else { return };
    server.sql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0");
    let error = refused(&format!("postgres://postgres@127.0.0.1:{}/latin", server.port())).await;
    assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
    assert!(error.message().contains("--encoding UTF8") && error.to_string().contains("LATIN1"), "{error}");
}

#[tokio::test]
async fn the_certificate_must_be_of_that_name_and_trusted() {
    let Some(server) = server("the_certificate_must_be_of_that_name_and_trusted") else { return };
    let root = server.certificate();
    let root = root.to_str().unwrap();
    let at = |host: &str, more: &str| format!("postgres://postgres@{host}:{}/postgres?{more}", server.port());
    let good = Database::parse(&at("localhost", &format!("sslmode=verify-full&sslrootcert={root}"))).unwrap();
    let catalogue = PostgresCatalogue::open(&good, "a-1").await.unwrap();
    catalogue.commit(rows(0..3)).await.unwrap();
    let encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'icloud%'";
    assert_eq!(server.sql(encrypted), "t");
    let bad = [
        at("localhost", "sslmode=verify-full"),
        at("localhost", "sslmode=verify-ca"),
        at("127.0.0.1", &format!("sslmode=verify-full&sslrootcert={root}")),
    ];
    for url in bad {
        let error = refused(&url).await;
        assert!(
            error.message().contains("certificate of the database is not trusted here"),
            "{url} {error:?}"
        );
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Config, false), "{url}");
    }
    drop(catalogue);
    // As libpq has it: the name does not matter here, and nothing but encryption there.
    for url in [
        at("127.0.0.1", &format!("sslmode=verify-ca&sslrootcert={root}")),
        at("127.0.0.1", "sslmode=require"),
    ] {
        drop(PostgresCatalogue::open(&Database::parse(&url).unwrap(), "a-1").await.unwrap());
    }
}

/// As `openssl req -x509` makes them: a certificate that may sign others, and stands for the server itself.
fn certified_by_openssl(folder: &std::path::Path) {
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost", "-keyout", "key", "-out", "crt"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[tokio::test]
async fn a_certificate_as_openssl_makes_it_does() {
    let Some(server) = server("a_certificate_as_openssl_makes_it_does") else { return };
    let (made, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    certified_by_openssl(made.path());
    certified_by_openssl(other.path());
    // Into the files that are there: they belong to the user of the server.
    let data = server.certificate().parent().unwrap().to_owned();
    fs::write(data.join("server.key"), fs::read(made.path().join("key")).unwrap()).unwrap();
    fs::write(data.join("server.crt"), fs::read(made.path().join("crt")).unwrap()).unwrap();
    server.sql("SELECT pg_reload_conf()");
    let at = |host: &str, more: &str| format!("postgres://postgres@{host}:{}/postgres?{more}", server.port());
    let named = |folder: &std::path::Path| format!("sslrootcert={}/crt", folder.display());
    let (right, wrong) = (named(made.path()), named(other.path()));
    // The server reads its files anew a moment later.
    let full = Database::parse(&at("localhost", &format!("sslmode=verify-full&{right}"))).unwrap();
    for _ in 0..50 {
        if PostgresCatalogue::open(&full, "a-1").await.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    for more in
        ["sslmode=require".to_owned(), "sslmode=prefer".to_owned(), format!("sslmode=verify-ca&{right}")]
    {
        let database = Database::parse(&at("127.0.0.1", &more)).unwrap();
        let opened = PostgresCatalogue::open(&database, "a-1")
            .await
            .unwrap_or_else(|error| panic!("{more}: {error:?}"));
        let encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'icloud%'";
        assert_eq!(server.sql(encrypted), "t", "{more}");
        drop(opened);
    }
    drop(PostgresCatalogue::open(&full, "a-1").await.unwrap());
    for url in [
        at("localhost", &format!("sslmode=verify-full&{wrong}")),
        at("localhost", &format!("sslmode=verify-ca&{wrong}")),
        at("localhost", &format!("sslmode=require&{wrong}")),
        at("127.0.0.1", &format!("sslmode=verify-full&{right}")),
        at("localhost", "sslmode=verify-full"),
    ] {
        let error = refused(&url).await;
        assert!(
            error.message().contains("certificate of the database is not trusted here"),
            "{url} {error:?}"
        );
    }
}

/// What answers so, as PostgreSQL does where `ssl` is off, is no PostgreSQL that this test would have to start.
#[tokio::test]
async fn a_server_without_tls_is_told_at_once() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        for _ in 0..2 {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut request = [0; 8];
            client.read_exact(&mut request).await.unwrap();
            client.write_all(b"N").await.unwrap();
        }
    });
    for mode in ["require", "verify-full"] {
        let error = refused(&format!("postgres://me@127.0.0.1:{port}/x?sslmode={mode}")).await;
        let text = error.message();
        assert!(text.contains("offers no TLS") && text.contains("sslmode=disable"), "{error:?}");
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Config, false), "{error:?}");
    }
    server.await.unwrap();
}

/// A server that lets nobody in without TLS, or nobody with it: `allow` and `prefer` take what is left.
#[tokio::test]
async fn where_either_will_do_the_other_way_is_tried() {
    let Some(server) = server("where_either_will_do_the_other_way_is_tried") else { return };
    let rules = server.certificate().with_file_name("pg_hba.conf");
    server.sql("CREATE USER worker SUPERUSER");
    let before = fs::read_to_string(&rules).unwrap();
    for (kind, works, fails) in [("hostssl", "allow", "disable"), ("hostnossl", "prefer", "require")] {
        fs::write(
            &rules,
            format!("{kind} all worker 127.0.0.1/32 trust\nhost all worker all reject\n{before}"),
        )
        .unwrap();
        server.sql("SELECT pg_reload_conf()");
        let at =
            |mode: &str| Database::parse(&format!("{}?sslmode={mode}", server.url_for("worker"))).unwrap();
        let mut error = None;
        for _ in 0..50 {
            error = PostgresCatalogue::open(&at(fails), "a-1").await.err();
            if error.is_some() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert_eq!(error.unwrap().kind(), ErrorKind::PermissionDenied, "{kind}");
        drop(
            PostgresCatalogue::open(&at(works), "a-1")
                .await
                .unwrap_or_else(|error| panic!("{kind}: {error:?}")),
        );
    }
}

/// A storage in `folder` whose catalogue lies in the database.
async fn store_in(server: &Postgres, folder: &std::path::Path) -> icloud_photos::Result<PostgresCatalogue> {
    store::open(&FsStorage::open(folder)?, folder.to_str().unwrap(), &database(server)).await
}

#[tokio::test]
async fn lost_marks_and_copies_are_refused_as_with_files() {
    let Some(server) = server("lost_marks_and_copies_are_refused_as_with_files") else { return };
    let root = tempfile::tempdir().unwrap();
    let (photos, copy) = (root.path().join("photos"), root.path().join("copy"));
    fs::create_dir(&photos).unwrap();
    let catalogue = store_in(&server, &photos).await.unwrap();
    catalogue.commit(rows(0..3)).await.unwrap();
    assert_eq!(
        store_in(&server, &photos).await.unwrap_err().kind(),
        ErrorKind::Conflict,
        "one run at a time"
    );
    drop(catalogue);

    // A copy bears the same mark.
    fs::create_dir(&copy).unwrap();
    fs::copy(photos.join(MARK), copy.join(MARK)).unwrap();
    let error = store_in(&server, &copy).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Conflict && error.message().contains("is it a copy?"), "{error}");

    // What is not mounted is not filled.
    fs::rename(photos.join(MARK), root.path().join("mark")).unwrap();
    let place = photos.to_str().unwrap();
    let storage = FsStorage::open(&photos).unwrap();
    let errors = [
        store_in(&server, &photos).await.unwrap_err(),
        store::open_read_only(&storage, place, &database(&server)).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::StoreLost, "{error}");
        assert!(error.to_string().contains(&database(&server).to_string()), "{error}");
    }
    fs::rename(root.path().join("mark"), photos.join(MARK)).unwrap();
    fs::remove_dir_all(&copy).unwrap();
    // A folder that moved takes its catalogue along.
    fs::rename(&photos, &copy).unwrap();
    let moved = store_in(&server, &copy).await.unwrap();
    assert_eq!(moved.totals().await.unwrap().verified.files, 3);
    assert_eq!(moved.store().await.unwrap().unwrap().place, copy.to_str().unwrap());
}

/// Two workers that come to a new storage at one moment give it one mark, and one of them keeps it.
#[tokio::test]
async fn a_new_storage_gets_one_mark_from_many_workers() {
    let Some(server) = server("a_new_storage_gets_one_mark_from_many_workers") else { return };
    let photos = tempfile::tempdir().unwrap();
    let opened = futures::future::join_all((0..4).map(|_| store_in(&server, photos.path()))).await;
    let (kept, refused): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
    assert_eq!((kept.len(), refused.len()), (1, 3), "{refused:?}");
    for error in refused {
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Conflict);
    }
    assert_eq!(server.sql("SELECT count(*) FROM icloud_photos.copies"), "1");
}
