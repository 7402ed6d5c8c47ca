//! Storages of OpenDAL keep the promises of the trait, on real servers, and with connections that break.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use icloud_photos::storage::{ObjectMeta, OpendalStorage, Storage, StoragePath, WriteOptions};
use icloud_photos::testing::ChaosStorage;
use icloud_photos::{ErrorKind, Result};
use icloud_photos_test_servers::s3::{self, S3Server};
#[cfg(unix)]
use icloud_photos_test_servers::sftp::SftpServer;
use icloud_photos_test_servers::skip;
use icloud_photos_test_servers::webdav::{self, Apache, WebDavServer};
use opendal::Operator;
use opendal::layers::RetryLayer;
use opendal::services::{Fs, Memory, S3};
use tempfile::TempDir;

async fn memory() -> (OpendalStorage, ()) {
    (OpendalStorage::new(Operator::new(Memory::default()).unwrap()), ())
}

async fn disk() -> (OpendalStorage, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let operator = Operator::new(Fs::default().root(folder.path().to_str().unwrap())).unwrap();
    (OpendalStorage::new(operator), folder)
}

fn operator(server: &S3Server, root: &str) -> Operator {
    let service = S3::default()
        .endpoint(&server.endpoint())
        .bucket(s3::BUCKET)
        .region(s3::REGION)
        .access_key_id(s3::ACCESS_KEY)
        .secret_access_key(s3::SECRET_KEY)
        .root(root);
    Operator::new(service).unwrap().layer(RetryLayer::new().with_min_delay(Duration::from_millis(20)))
}

async fn on_s3() -> (OpendalStorage, S3Server) {
    let server = S3Server::start().await;
    (OpendalStorage::new(operator(&server, "photos of mine")), server)
}

/// There are services that speak S3 and cannot refuse a name that is taken.
async fn on_simple_s3() -> (OpendalStorage, S3Server) {
    let (storage, server) = on_s3().await;
    server.forget_conditions();
    (storage, server)
}

async fn chaos_over_s3() -> (ChaosStorage, S3Server) {
    let (storage, server) = on_s3().await;
    (ChaosStorage::new(Arc::new(storage), 1).rate(0.0), server)
}

async fn put(storage: &OpendalStorage, path: &str, bytes: &Bytes, part: Option<&str>) -> Result<ObjectMeta> {
    let mut options = WriteOptions::default().size(bytes.len() as u64);
    options.part = part.map(str::to_owned);
    let mut writer = storage.write(&StoragePath::parse(path).unwrap(), options).await?;
    let from = usize::try_from(writer.position()).unwrap();
    for start in (from..bytes.len()).step_by(1 << 20) {
        writer.write(bytes.slice(start..bytes.len().min(start + (1 << 20)))).await?;
    }
    writer.describe([("sha256".to_owned(), "00".to_owned())].into());
    writer.commit().await
}

/// A file in pieces costs two requests for each, and some beside: what is there is asked once, the upload begins and ends, the
/// pieces are listed and removed together.
#[tokio::test]
async fn large_files_are_put_together_by_the_service() {
    let (storage, server) = on_s3().await;
    let bytes = Bytes::from(vec![7; 40 << 20]);
    put(&storage, "a/film.mov", &bytes, Some("x.part")).await.unwrap();
    let counts: Vec<(String, u64)> = server.counts();
    let count =
        |name: &str| counts.iter().find(|(operation, _)| operation == name).map_or(0, |(_, count)| *count);
    assert_eq!((count("PutObject"), count("UploadPartCopy"), count("UploadPart")), (5, 4, 1), "{counts:?}");
    assert_eq!((count("CreateMultipartUpload"), count("CompleteMultipartUpload")), (1, 1), "{counts:?}");
    assert_eq!((count("HeadObject"), count("GetObject"), count("DeleteObjects")), (0, 0, 1), "{counts:?}");
    assert_eq!(server.keys(), ["photos of mine/a/film.mov"]);
    assert_eq!(
        server.metadata("photos of mine/a/film.mov").unwrap(),
        [("sha256".to_owned(), "00".to_owned())]
    );
    assert!(server.bytes("photos of mine/a/film.mov").unwrap() == bytes);
}

/// The storage as a user names it, with the secrets where they belong.
pub(crate) fn by_address(server: &S3Server, folder: &str) -> OpendalStorage {
    let address = format!("s3://{}/{folder}?endpoint={}", s3::BUCKET, server.endpoint());
    OpendalStorage::from_url_with(&address, secrets).unwrap()
}

fn secrets(name: &str) -> Option<String> {
    match name {
        "OPENDAL_S3_ACCESS_KEY_ID" => Some(s3::ACCESS_KEY.to_owned()),
        "OPENDAL_S3_SECRET_ACCESS_KEY" => Some(s3::SECRET_KEY.to_owned()),
        _ => None,
    }
}

/// An upload that is left in the middle would stay open: it goes to its end, and the file is whole.
#[tokio::test]
async fn a_commit_that_nobody_waits_for_goes_on() {
    let (storage, server) = on_s3().await;
    let bytes = Bytes::from(vec![7; 20 << 20]);
    for _ in 0..8 {
        server.fail_next("UploadPartCopy", s3::Fault::Slow(Duration::from_millis(400)));
    }
    let commit = put(&storage, "film.mov", &bytes, Some("x.part"));
    let mut commit = Box::pin(commit);
    while server.operation("UploadPartCopy") == 0 {
        let waited = tokio::time::timeout(Duration::from_millis(1), &mut commit).await;
        assert!(waited.is_err(), "it was done before it could be cut");
    }
    drop(commit);
    for _ in 0..200 {
        if server.keys() == ["photos of mine/film.mov"] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(
        (server.open_uploads(), server.keys()),
        (Vec::new(), vec!["photos of mine/film.mov".to_owned()])
    );
    assert!(server.bytes("photos of mine/film.mov").unwrap() == bytes);
}

#[tokio::test]
async fn uploads_that_nobody_ends_are_ended() {
    let server = S3Server::start().await;
    let storage = by_address(&server, "a%20+b/é");
    put(&storage, "2018/one.jpg", &Bytes::from_static(b"one"), None).await.unwrap();
    let killed = async |operator: Operator, path: &str| {
        let mut writer = operator.writer_with(path).chunk(5 << 20).await.unwrap();
        writer.write(vec![1; 11 << 20]).await.unwrap();
        std::mem::forget(writer);
    };
    let noted = async |operator: &Operator, number: u64, path: &str| {
        let note = format!(".icloud-photos-staging/uploads/{number}");
        operator.write(&note, format!(".icloud-photos-staging/x{number}\n{path}")).await.unwrap();
    };
    let ours = operator(&server, "a +b/é");
    for number in 0..3 {
        killed(ours.clone(), &format!("2018/{number} é+.mov")).await;
        noted(&ours, number, &format!("2018/{number} é+.mov")).await;
    }
    killed(ours.clone(), "of another program in this folder").await;
    killed(operator(&server, "somebody else's"), "film.mov").await;
    assert_eq!(server.open_uploads().len(), 5);

    storage.tidy(SystemTime::now() - Duration::from_secs(60)).await.unwrap();
    assert_eq!(server.open_uploads().len(), 5, "whoever is at work is not disturbed");
    storage.tidy(SystemTime::now() + Duration::from_secs(1)).await.unwrap();
    let mut left = server.open_uploads();
    left.sort();
    assert_eq!(left, ["a +b/é/of another program in this folder", "somebody else's/film.mov"]);
    assert_eq!(server.keys(), ["a +b/é/2018/one.jpg"]);
}

#[tokio::test]
async fn a_service_without_conditions_is_asked_first() {
    let (storage, server) = on_simple_s3().await;
    assert!(storage.capabilities().exclusive_commit, "nobody knows yet");
    for (name, size) in [("picture.jpg", 700_000), ("small.jpg", 10), ("film.mov", 20 << 20)] {
        put(&storage, name, &Bytes::from(vec![1; size]), Some("x.part")).await.unwrap();
        assert!(!storage.capabilities().exclusive_commit);
        let error = put(&storage, name, &Bytes::from(vec![2; size]), Some("x.part")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
        assert_eq!(server.bytes(&format!("photos of mine/{name}")).unwrap()[0], 1, "{name}");
    }
}

/// What takes its time is looked at once more before it appears.
#[tokio::test]
async fn a_name_that_is_taken_while_a_file_is_put_together_stays_whose_it_is() {
    let (storage, server) = on_simple_s3().await;
    put(&storage, "first.jpg", &Bytes::from_static(b"first"), None).await.unwrap();
    for _ in 0..2 {
        server.fail_next("UploadPartCopy", s3::Fault::Slow(Duration::from_millis(400)));
    }
    let theirs = async {
        while !server.counts().iter().any(|(operation, _)| operation == "UploadPartCopy") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        server.put("photos of mine/a/film.mov", b"somebody else's");
    };
    let bytes = Bytes::from(vec![7; 20 << 20]);
    let (ours, ()) = tokio::join!(put(&storage, "a/film.mov", &bytes, Some("x.part")), theirs);
    assert_eq!(ours.unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(server.bytes("photos of mine/a/film.mov").unwrap(), b"somebody else's");
    assert_eq!(server.open_uploads(), [""; 0]);
}

#[tokio::test]
async fn conditions_may_be_unknown_for_long_files_alone() {
    let (storage, server) = on_s3().await;
    server.fail_next("CompleteMultipartUpload", s3::Fault::Refuse("NotImplemented"));
    put(&storage, "a/film.mov", &Bytes::from(vec![7; 20 << 20]), Some("x.part")).await.unwrap();
    assert!(!storage.capabilities().exclusive_commit);
    assert_eq!(
        (server.keys(), server.open_uploads()),
        (vec!["photos of mine/a/film.mov".to_owned()], vec![])
    );
}

#[tokio::test]
async fn a_service_that_cannot_copy_pieces_is_told_of_and_nothing_piles_up() {
    let (storage, server) = on_s3().await;
    for _ in 0..3 {
        server.fail_next("UploadPartCopy", s3::Fault::Refuse("NotImplemented"));
        let film = Bytes::from(vec![7; 20 << 20]);
        let error = put(&storage, "a/film.mov", &film, Some("x.part")).await.unwrap_err();
        assert!(error.to_string().contains("UploadPartCopy"), "{error}");
        assert!(storage.capabilities().exclusive_commit, "that was not what it does not know");
        assert_eq!(
            (server.keys().len(), server.open_uploads().len()),
            (2, 0),
            "the pieces wait: {:?}",
            server.keys()
        );
    }
}

/// Whoever knows the bytes can tell that they are his.
#[tokio::test]
async fn an_answer_that_is_lost_after_a_file_appeared_says_that_the_name_is_taken() {
    for simple in [false, true] {
        let (storage, server) = on_s3().await;
        if simple {
            server.forget_conditions();
        }
        server.fail_next("CompleteMultipartUpload", s3::Fault::CutAnswer(0));
        let film = Bytes::from(vec![7; 20 << 20]);
        let error = put(&storage, "a/film.mov", &film, Some("x.part")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{simple}: {error}");
        assert!(server.bytes("photos of mine/a/film.mov").unwrap() == film);
    }
}

/// The file stands: nobody will go on with its pieces, and they need not wait for it.
#[tokio::test]
async fn pieces_of_a_file_that_stands_go_with_the_next_tidying() {
    let (storage, server) = on_s3().await;
    for _ in 0..10 {
        server.fail_next("DeleteObjects", s3::Fault::Refuse("InternalError"));
    }
    put(&storage, "a/film.mov", &Bytes::from(vec![7; 20 << 20]), Some("x.part")).await.unwrap();
    server.calm();
    assert!(server.keys().len() > 1, "the pieces could not be removed: {:?}", server.keys());
    storage.tidy(SystemTime::now() + Duration::from_secs(1)).await.unwrap();
    assert_eq!(server.keys(), ["photos of mine/a/film.mov"]);
}

#[tokio::test]
async fn what_never_got_its_name_is_removed() {
    let (storage, folder) = disk().await;
    let staged = folder.path().join(".icloud-photos-staging/left by a kill");
    std::fs::create_dir_all(staged.parent().unwrap()).unwrap();
    std::fs::write(&staged, b"half of a film").unwrap();
    put(&storage, "2018/one.jpg", &Bytes::from_static(b"one"), None).await.unwrap();
    storage.tidy(SystemTime::now() - Duration::from_secs(60)).await.unwrap();
    assert!(staged.exists(), "whoever is at work is not disturbed");
    storage.tidy(SystemTime::now() + Duration::from_secs(1)).await.unwrap();
    assert!(!staged.exists() && folder.path().join("2018/one.jpg").exists());
}

#[test]
fn addresses_say_what_is_wrong_with_them() {
    let none = |_: &str| None;
    let table = [
        ("s3://bucket/x?secret_access_key=hunter2", "OPENDAL_S3_SECRET_ACCESS_KEY"),
        ("s3://bucket/x?regoin=eu", "regoin"),
        ("s3:///x", "names no bucket"),
        ("webdav://me:hunter2@host/x", "OPENDAL_WEBDAV_PASSWORD"),
        ("s3://me@bucket/x", "no name of a user"),
        ("gopher://hunter2/x", "no storage is called gopher"),
        ("s3://buck et/x", "no address"),
        ("az://container/x", "not complete"),
        ("memory://", "no storage is called memory"),
        ("s3:/bucket/x", "names no bucket"),
        ("s3://bucket/x?endpoint=http://me:hunter2@host", "an endpoint is"),
    ];
    for (address, wanted) in table {
        let error = OpendalStorage::from_url_with(address, none).unwrap_err();
        let text = format!("{error} {error:?}");
        assert_eq!(error.kind(), ErrorKind::Config, "{address}");
        assert!(text.contains(wanted), "{address}: {text}");
        assert!(!text.contains("hunter2"), "{address}: {text}");
    }
    for address in ["gs://bucket/x", "webdav+http://me@127.0.0.1:1/x", "sftp://me@host:22/home/me"] {
        let storage = OpendalStorage::from_url_with(address, none);
        assert!(storage.is_ok() || cfg!(windows), "{address}: {storage:?}");
    }
}

#[test]
fn secrets_may_come_from_files_and_are_shown_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "hunter2\n").unwrap();
    let named =
        |name: &str| (name == "OPENDAL_WEBDAV_PASSWORD_FILE").then(|| file.to_str().unwrap().to_owned());
    let storage = OpendalStorage::from_url_with("webdav://me@127.0.0.1:1/x", named).unwrap();
    assert!(!format!("{storage:?}").contains("hunter2"));
    std::fs::remove_file(&file).unwrap();
    let error = OpendalStorage::from_url_with("webdav://me@127.0.0.1:1/x", named).unwrap_err();
    assert!(error.to_string().contains("OPENDAL_WEBDAV_PASSWORD_FILE"), "{error}");
}

pub(crate) fn dav(endpoint: &str) -> OpendalStorage {
    let address =
        format!("webdav+{endpoint}/").replace("webdav+http://", &format!("webdav+http://{}@", webdav::USER));
    let secrets = |name: &str| (name == "OPENDAL_WEBDAV_PASSWORD").then(|| webdav::PASSWORD.to_owned());
    OpendalStorage::from_url_with(&address, secrets).unwrap()
}

async fn on_webdav() -> (OpendalStorage, WebDavServer) {
    let server = WebDavServer::start().await;
    (dav(&server.endpoint()), server)
}

/// Where a server is not on the machine, memory takes its place: there is no way to leave a test of the suite out.
async fn on_apache() -> (OpendalStorage, Option<Apache>) {
    let Some(server) = Apache::start() else {
        skip("WebDAV by Apache", "apache2");
        return (memory().await.0, None);
    };
    (dav(&server.endpoint()), Some(server))
}

#[cfg(unix)]
pub(crate) async fn on_sftp() -> (OpendalStorage, Option<SftpServer>) {
    let Some(server) = SftpServer::start() else {
        skip("SFTP", "sshd");
        return (memory().await.0, None);
    };
    let path = std::env::var("PATH").unwrap_or_default();
    // SAFETY: each test has a process of its own, and nothing else runs in it yet.
    #[allow(unsafe_code)]
    unsafe {
        std::env::set_var("PATH", format!("{}:{path}", server.ssh_folder().display()));
    }
    let host = server.endpoint().replace("ssh://", &format!("sftp://{}@", server.user()));
    let storage =
        OpendalStorage::from_url_with(&format!("{host}{}", server.folder().display()), |_| None).unwrap();
    (storage, Some(server))
}

mod webdav_conformance {
    icloud_photos::storage_conformance!(super::on_webdav);
}

mod apache_conformance {
    icloud_photos::storage_conformance!(super::on_apache);
}

#[cfg(unix)]
mod sftp_conformance {
    icloud_photos::storage_conformance!(super::on_sftp);
}

mod memory_conformance {
    icloud_photos::storage_conformance!(super::memory);
}

mod disk_conformance {
    icloud_photos::storage_conformance!(super::disk);
}

mod s3_conformance {
    icloud_photos::storage_conformance!(super::on_s3);
}

mod simple_s3_conformance {
    icloud_photos::storage_conformance!(super::on_simple_s3);
}

mod chaos_over_s3_conformance {
    icloud_photos::storage_conformance!(super::chaos_over_s3);
}
