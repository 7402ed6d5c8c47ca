//! What a storage elsewhere refuses is told in words that say what to do, and hold neither a page nor a secret.

use std::collections::BTreeMap;

use icloud_photos::storage::{OpendalStorage, Storage, StoragePath, WriteOptions};
use icloud_photos::{Error, ErrorKind};
use icloud_photos_test_servers::s3::{self, Fault, S3Server};
use icloud_photos_test_servers::skip;
use icloud_photos_test_servers::webdav::{self, Apache, WebDavServer};

#[cfg(unix)]
use crate::opendal::on_sftp;
use crate::opendal::{by_address, dav};

fn path() -> StoragePath {
    StoragePath::parse("2018/a.jpg").unwrap()
}

/// A host that no resolver is asked about: the name is too long for one.
fn nowhere() -> String {
    "x".repeat(70)
}

/// A small file that is written.
async fn written(storage: &OpendalStorage) -> Error {
    let mut writer = storage.write(&path(), WriteOptions::default().size(3)).await.unwrap();
    writer.write(bytes::Bytes::from_static(b"one")).await.unwrap();
    writer.commit().await.unwrap_err()
}

async fn asked(storage: &OpendalStorage) -> Error {
    storage.stat(&path()).await.unwrap_err()
}

#[track_caller]
fn says(error: &Error, kind: ErrorKind, words: &str) {
    let (text, all) = (error.to_string(), format!("{error:?}"));
    assert_eq!(error.kind(), kind, "{text}");
    assert!(text.contains(words), "no {words:?} in: {text}");
    for secret in ["<html", "<Error", s3::SECRET_KEY, webdav::PASSWORD, "Signature=", "hunter2"] {
        assert!(!all.contains(secret), "{secret} in: {all}");
    }
}

#[tokio::test]
async fn codes_of_s3_are_told_apart() {
    use ErrorKind::{Config, PermissionDenied, Storage, StorageFull, Unsupported};
    let server = S3Server::start().await;
    let storage = by_address(&server, "photos");
    let table = [
        ("InvalidAccessKeyId", PermissionDenied, "does not know these credentials"),
        ("SignatureDoesNotMatch", PermissionDenied, "does not know these credentials"),
        ("ExpiredToken", PermissionDenied, "have expired"),
        ("AccessDenied", PermissionDenied, "no right to do that"),
        ("AuthorizationHeaderMalformed", Config, "another region"),
        ("PermanentRedirect", Config, "another region"),
        ("NoSuchBucket", Config, "no such bucket"),
        ("RequestTimeTooSkewed", Config, "clock of this computer"),
        ("EntityTooLarge", Unsupported, "no file of that length"),
        ("QuotaExceeded", StorageFull, "is full"),
        ("SlowDown", Storage, "slow down"),
    ];
    for (code, kind, words) in table {
        // What may pass is tried again.
        for _ in 0..5 {
            server.fail_next("PutObject", Fault::Refuse(code));
        }
        let error = written(&storage).await;
        says(&error, kind, words);
        assert!(error.to_string().contains(code), "{error}");
        assert!(!error.to_string().contains("disk"), "{error}");
        server.calm();
    }
    assert!(server.keys().is_empty());
}

/// The answer to a question about an object has no body, so no reason.
#[tokio::test]
async fn a_question_that_is_refused_is_explained() {
    let server = S3Server::start().await;
    let address = format!("s3://{}/x?endpoint={}", s3::BUCKET, server.endpoint());
    let with = |key: &'static str, secret: &'static str| {
        let secrets: BTreeMap<_, _> =
            [("OPENDAL_S3_ACCESS_KEY_ID", key), ("OPENDAL_S3_SECRET_ACCESS_KEY", secret)].into();
        OpendalStorage::from_url_with(&address, move |name| secrets.get(name).map(|&value| value.to_owned()))
            .unwrap()
    };
    let unknown = "does not know these credentials";
    says(&asked(&with(s3::ACCESS_KEY, "hunter2")).await, ErrorKind::PermissionDenied, unknown);
    says(&asked(&with("AKIAUNKNOWN", s3::SECRET_KEY)).await, ErrorKind::PermissionDenied, unknown);
}

#[tokio::test]
async fn what_webdav_servers_answer() {
    use ErrorKind::{Config, PermissionDenied, Storage, StorageFull, Unsupported};
    let server = WebDavServer::start().await;
    let storage = dav(&server.endpoint());
    let table = [
        (401, PermissionDenied, "does not accept name and password"),
        (403, PermissionDenied, "what they may do"),
        (413, Unsupported, "no file of that length"),
        (423, Storage, "locked"),
        (500, Storage, "failed for a while"),
        (507, StorageFull, "is full"),
        (301, Config, "another address"),
    ];
    for (status, kind, words) in table {
        server.refuse("*", status);
        says(&asked(&storage).await, kind, words);
        says(&written(&storage).await, kind, words);
    }
}

#[tokio::test]
async fn what_apache_answers() {
    let Some(server) = Apache::start() else { return skip("words of Apache", "apache2") };
    let address = server.endpoint().replace("http://", "webdav+http://me@");
    let wrong = |name: &str| (name == "OPENDAL_WEBDAV_PASSWORD").then(|| "hunter2".to_owned());
    let stranger = OpendalStorage::from_url_with(&address, wrong).unwrap();
    says(&asked(&stranger).await, ErrorKind::PermissionDenied, "does not accept name and password");
    says(&written(&stranger).await, ErrorKind::PermissionDenied, "does not accept name and password");

    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(server.folder(), std::fs::Permissions::from_mode(0o0)).unwrap();
    let error = written(&dav(&server.endpoint())).await;
    std::fs::set_permissions(server.folder(), std::fs::Permissions::from_mode(0o755)).unwrap();
    says(&error, ErrorKind::PermissionDenied, "what they may do");
}

#[tokio::test]
async fn a_server_that_cannot_be_reached() {
    let none = |_: &str| None;
    let server = WebDavServer::start().await;
    let https = server.endpoint().replace("http://", "webdav://");
    let table = [
        ("webdav+http://127.0.0.1:1/x".to_owned(), ErrorKind::Storage, "nothing answers"),
        (format!("webdav+http://{}/x", nowhere()), ErrorKind::Storage, "no host has the name"),
        (https, ErrorKind::Config, "does not speak HTTPS"),
    ];
    for (address, kind, words) in table {
        let storage = OpendalStorage::from_url_with(&address, none).unwrap();
        let error = asked(&storage).await;
        says(&error, kind, words);
        assert_eq!(error.is_retryable(), kind == ErrorKind::Storage, "{error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_ssh_says() {
    let (storage, Some(server)) = on_sftp().await else { return };
    let folder = server.key().parent().unwrap().to_owned();
    let known = std::fs::read_to_string(server.known_hosts()).unwrap();
    let client_key = std::fs::read_to_string(folder.join("key.pub")).unwrap();

    std::fs::write(server.known_hosts(), "").unwrap();
    says(&asked(&storage).await, ErrorKind::PermissionDenied, "ssh does not know this host");

    std::fs::write(server.known_hosts(), format!("[127.0.0.1]:{} {client_key}", server.port())).unwrap();
    says(&asked(&storage).await, ErrorKind::PermissionDenied, "shows another key");

    std::fs::write(server.known_hosts(), known).unwrap();
    let allowed = std::fs::read(folder.join("authorized_keys")).unwrap();
    std::fs::write(folder.join("authorized_keys"), "").unwrap();
    let error = asked(&storage).await;
    says(&error, ErrorKind::PermissionDenied, "accepts none of the keys");
    assert!(error.to_string().contains("Permission denied (publickey)"), "{error}");

    std::fs::write(folder.join("authorized_keys"), allowed).unwrap();
    assert_eq!(storage.stat(&path()).await.unwrap(), None, "and with all of it right it works");

    let nobody = OpendalStorage::from_url_with("sftp://127.0.0.1:1/x", |_| None).unwrap();
    says(&asked(&nobody).await, ErrorKind::Storage, "nothing answers");
    let nowhere = OpendalStorage::from_url_with(&format!("sftp://{}/x", nowhere()), |_| None).unwrap();
    says(&asked(&nowhere).await, ErrorKind::Storage, "no host has the name");
}
