//! A storage over `object_store` keeps the promises of the trait, on memory, a disk and a real server.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use futures::future::join_all;
use icloud_photos::storage::{
    MemoryStorage, ObjectMeta, ObjectStorage, Storage, StoragePath, StorageWriter, WriteOptions,
};
use icloud_photos::sync::SyncEngine;
use icloud_photos::testing::ChaosStorage;
use icloud_photos::{ErrorKind, Result};
use icloud_photos_test_servers::s3::{self, Fault, S3Server};
use icloud_photos_testkit::LibrarySpec;
use object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::{BackoffConfig, RetryConfig};
use tempfile::TempDir;

use crate::support;

const MIB: usize = 1 << 20;

async fn memory() -> (ObjectStorage, ()) {
    (ObjectStorage::new(Arc::new(InMemory::new())), ())
}

async fn disk() -> (ObjectStorage, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    // Empty folders go with their last file, as in a bucket.
    let store = LocalFileSystem::new_with_prefix(folder.path()).unwrap().with_automatic_cleanup(true);
    (ObjectStorage::new(Arc::new(store)), folder)
}

fn bucket(server: &S3Server) -> AmazonS3Builder {
    AmazonS3Builder::new()
        .with_endpoint(server.endpoint())
        .with_allow_http(true)
        .with_region(s3::REGION)
        .with_bucket_name(s3::BUCKET)
        .with_access_key_id(s3::ACCESS_KEY)
        .with_secret_access_key(s3::SECRET_KEY)
}

/// Tries again soon, and not for ever.
fn impatient() -> RetryConfig {
    let soon = Duration::from_millis(5);
    RetryConfig {
        max_retries: 2,
        backoff: BackoffConfig { init_backoff: soon, max_backoff: soon, base: 2.0 },
        ..RetryConfig::default()
    }
}

fn store(server: &S3Server) -> AmazonS3 {
    bucket(server).build().unwrap()
}

async fn on_s3() -> (ObjectStorage, S3Server) {
    let server = S3Server::start().await;
    (ObjectStorage::new(Arc::new(store(&server))), server)
}

fn calm(storage: impl Storage) -> ChaosStorage {
    ChaosStorage::new(Arc::new(storage), 1).rate(0.0)
}

async fn chaos_over_memory() -> (ChaosStorage, ()) {
    (calm(memory().await.0), ())
}

async fn chaos_over_disk() -> (ChaosStorage, TempDir) {
    let (storage, folder) = disk().await;
    (calm(storage), folder)
}

async fn chaos_over_s3() -> (ChaosStorage, S3Server) {
    let (storage, server) = on_s3().await;
    (calm(storage), server)
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

mod chaos_over_memory_conformance {
    icloud_photos::storage_conformance!(super::chaos_over_memory);
}

mod chaos_over_disk_conformance {
    icloud_photos::storage_conformance!(super::chaos_over_disk);
}

mod chaos_over_s3_conformance {
    icloud_photos::storage_conformance!(super::chaos_over_s3);
}

fn path(text: &str) -> StoragePath {
    StoragePath::parse(text).unwrap()
}

async fn begin(storage: &impl Storage, file: &str, bytes: &Bytes) -> Box<dyn StorageWriter> {
    let mut writer = storage.write(&path(file), WriteOptions::default()).await.unwrap();
    for start in (0..bytes.len()).step_by(300_000) {
        writer.write(bytes.slice(start..bytes.len().min(start + 300_000))).await.unwrap();
    }
    writer
}

async fn put(storage: &impl Storage, file: &str, bytes: &Bytes) -> Result<ObjectMeta> {
    let mut writer = storage.write(&path(file), WriteOptions::default()).await?;
    for start in (0..bytes.len()).step_by(300_000) {
        writer.write(bytes.slice(start..bytes.len().min(start + 300_000))).await?;
    }
    writer.commit().await
}

async fn get(storage: &impl Storage, file: &str) -> Bytes {
    let pieces: Vec<Bytes> = storage.read(&path(file), 0).await.unwrap().try_collect().await.unwrap();
    pieces.concat().into()
}

/// Waits until what a dropped writer sends behind its back has arrived.
async fn no_upload_stays(server: &S3Server) {
    for _ in 0..500 {
        if server.open_uploads().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("still open: {:?}", server.open_uploads());
}

/// The suite asks this of storages that promise it for files of every length.
async fn one_wins(storage: impl Storage + Clone) {
    let puts = (0..8_u8).map(|number| {
        let storage = storage.clone();
        async move { put(&storage, "a", &Bytes::from(vec![number; 1000])).await }
    });
    let all = join_all(puts).await;
    let winner = all.iter().position(Result::is_ok).unwrap();
    let lost = all.iter().filter_map(|put| put.as_ref().err());
    assert_eq!(lost.filter(|error| error.kind() == ErrorKind::AlreadyExists).count(), 7);
    assert_eq!(get(&storage, "a").await, vec![u8::try_from(winner).unwrap(); 1000]);
}

#[tokio::test]
async fn one_of_many_small_files_gets_the_name() {
    one_wins(memory().await.0).await;
    let (storage, _folder) = disk().await;
    one_wins(storage).await;
    let (storage, _server) = on_s3().await;
    one_wins(storage).await;
}

#[tokio::test]
async fn a_store_that_cannot_create_is_asked_first_and_once() {
    let server = S3Server::start().await;
    let store = bucket(&server).with_conditional_put(S3ConditionalPut::Disabled).build().unwrap();
    let storage = ObjectStorage::new(Arc::new(store));
    put(&storage, "a", &Bytes::from_static(b"first")).await.unwrap();
    assert_eq!((server.operation("HeadObject"), server.operation("PutObject")), (1, 1));
    let refused = put(&storage, "a", &Bytes::from_static(b"second")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
    assert_eq!(get(&storage, "a").await, "first");
    assert_eq!(server.operation("PutObject"), 1);
}

#[tokio::test]
async fn a_store_that_keeps_nothing_beside_a_file_says_so_once_it_has_refused() {
    let (storage, _folder) = disk().await;
    for (file, keeps) in [("a", true), ("b", false)] {
        assert_eq!(storage.capabilities().metadata, keeps);
        let mut writer = begin(&storage, file, &Bytes::from_static(b"photo")).await;
        writer.describe([("asset".to_owned(), "A".to_owned())].into());
        writer.commit().await.unwrap();
        assert_eq!(get(&storage, file).await, "photo");
    }
}

#[tokio::test]
async fn a_long_file_goes_up_part_by_part() {
    let (storage, server) = on_s3().await;
    let bytes: Bytes = (0..20 * MIB).map(|at| (at % 251) as u8).collect();
    let writer = begin(&storage, "film.mov", &bytes).await;
    assert_eq!(server.operation("UploadPart"), 2, "two of eight are there, four wait in memory");
    assert_eq!((server.open_uploads(), server.keys()), (vec!["film.mov".to_owned()], Vec::new()));
    writer.commit().await.unwrap();
    assert!(get(&storage, "film.mov").await == bytes);
    assert_eq!((server.operation("UploadPart"), server.operation("PutObject")), (3, 0));
    no_upload_stays(&server).await;
}

#[tokio::test]
async fn what_came_in_between_is_not_replaced() {
    let (storage, server) = on_s3().await;
    let bytes = Bytes::from(vec![1; 9 * MIB]);
    let writer = begin(&storage, "film.mov", &bytes).await;
    server.put("film.mov", b"of somebody else");
    assert_eq!(writer.commit().await.unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(server.bytes("film.mov").unwrap(), b"of somebody else");
    no_upload_stays(&server).await;
    server.forget_counts();
    let mut writer = storage.write(&path("film.mov"), WriteOptions::default()).await.unwrap();
    assert_eq!(writer.write(bytes.clone()).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert!(writer.write(bytes).await.is_err(), "nobody knows any more what it has");
    assert!(writer.commit().await.is_err());
    assert_eq!(server.puts(), 0, "it is known before anything is sent");
}

#[tokio::test]
async fn what_is_given_up_is_aborted() {
    let (storage, server) = on_s3().await;
    let bytes = Bytes::from(vec![1; 9 * MIB]);
    begin(&storage, "a", &bytes).await.abort().await.unwrap();
    assert_eq!(server.open_uploads(), [""; 0]);
    drop(begin(&storage, "a", &bytes).await);
    no_upload_stays(&server).await;
    let mut writer = begin(&storage, "a", &bytes).await;
    writer.restart().await.unwrap();
    assert_eq!(server.open_uploads(), [""; 0]);
    let mut writer = begin(&storage, "a", &bytes).await;
    for _ in 0..20 {
        server.fail_next("UploadPart", Fault::Refuse("InternalError"));
    }
    let quick = ObjectStorage::new(Arc::new(bucket(&server).with_retry(impatient()).build().unwrap()));
    let mut failing = quick.write(&path("b"), WriteOptions::default()).await.unwrap();
    assert!(failing.write(bytes.clone()).await.is_err());
    drop(failing);
    server.calm();
    writer.restart().await.unwrap();
    no_upload_stays(&server).await;
    assert_eq!(server.keys(), [""; 0]);
}

#[tokio::test]
async fn refusals_say_what_to_do_and_no_secret() {
    let server = S3Server::start().await;
    let wrong = bucket(&server).with_secret_access_key("a-wrong-secret").build().unwrap();
    let storage = ObjectStorage::new(Arc::new(wrong));
    let error = put(&storage, "a", &Bytes::from_static(b"x")).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::PermissionDenied, false));
    let told = format!("{error} {error:?} {storage:?}");
    assert!(told.contains("credentials") && told.contains(s3::BUCKET), "{told}");
    assert!(!told.contains("a-wrong-secret"), "{told}");

    let wrong = bucket(&server).with_bucket_name("wrong").build().unwrap();
    let storage = ObjectStorage::new(Arc::new(wrong));
    let error = put(&storage, "a", &Bytes::from_static(b"x")).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Storage && error.to_string().contains("no such bucket"), "{error}");

    let retries = RetryConfig { max_retries: 0, ..impatient() };
    let storage = ObjectStorage::new(Arc::new(bucket(&server).with_retry(retries).build().unwrap()));
    drop(server);
    let error = put(&storage, "a", &Bytes::from_static(b"x")).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Storage, false), "{error}");
}

/// The owner's retries are the only ones: two and the first are three.
#[tokio::test]
async fn retries_do_not_multiply() {
    let server = S3Server::start().await;
    let storage = ObjectStorage::new(Arc::new(bucket(&server).with_retry(impatient()).build().unwrap()));
    for _ in 0..20 {
        server.fail_next("PutObject", Fault::Refuse("SlowDown"));
    }
    assert!(put(&storage, "a", &Bytes::from_static(b"x")).await.is_err());
    assert_eq!(server.operation("PutObject"), 3);
    server.calm();
    for _ in 0..2 {
        server.fail_next("PutObject", Fault::Refuse("SlowDown"));
    }
    put(&storage, "a", &Bytes::from_static(b"x")).await.unwrap();
}

/// The bucket has the file, and nobody has heard of it: whoever knows the bytes is to compare.
#[tokio::test]
async fn a_file_whose_answer_was_lost_has_the_name() {
    let server = S3Server::start().await;
    let storage = ObjectStorage::new(Arc::new(bucket(&server).with_retry(impatient()).build().unwrap()));
    for (operation, size) in [("PutObject", MIB), ("CompleteMultipartUpload", 9 * MIB)] {
        let bytes = Bytes::from(vec![5; size]);
        for _ in 0..3 {
            server.fail_next(operation, Fault::CutAnswer(0));
        }
        let error = put(&storage, operation, &bytes).await.unwrap_err();
        let told = matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::Storage);
        assert!(told && !error.is_retryable(), "{error:?}");
        assert!(size == MIB || error.kind() == ErrorKind::AlreadyExists, "{error:?}");
        server.calm();
        assert_eq!(put(&storage, operation, &bytes).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert!(server.bytes(operation).unwrap() == bytes);
    }
    no_upload_stays(&server).await;
}

/// Connections break, answers get lost, and the server has enough: under a final name is the right file or none.
#[tokio::test]
async fn a_bad_connection_leaves_no_wrong_file() {
    let mut failed_in_all = 0;
    for seed in 0..6 {
        let server = S3Server::start().await;
        let storage = ObjectStorage::new(Arc::new(bucket(&server).with_retry(impatient()).build().unwrap()));
        server.chaos(seed, 0.5);
        let (mut failed, mut wanted) = (0, BTreeMap::new());
        for (number, size) in [0, 100_000, 3 * MIB, 17 * MIB, 100, 9 * MIB].into_iter().enumerate() {
            let bytes = Bytes::from(vec![u8::try_from(number).unwrap(); size]);
            let file = format!("2018/{number}.mov");
            while let Err(error) = put(&storage, &file, &bytes).await {
                failed += 1;
                assert!(failed < 1000, "never done with {file}: {error:?}");
                match server.bytes(&file) {
                    Some(there) => assert!(there == bytes, "a wrong file under {file}, seed {seed}"),
                    None => continue,
                }
                if error.kind() == ErrorKind::AlreadyExists {
                    break;
                }
            }
            wanted.insert(file, bytes);
        }
        server.calm();
        for (file, bytes) in &wanted {
            assert!(get(&storage, file).await == *bytes, "{file}, seed {seed}");
        }
        assert!(server.keys().iter().eq(wanted.keys()));
        failed_in_all += failed;
    }
    assert!(failed_in_all > 3, "the connections were too good: {failed_in_all}");
}

#[tokio::test]
async fn a_library_goes_to_a_bucket_and_a_second_run_puts_nothing() {
    let cloud = support::cloud(LibrarySpec::everyday(3, 60));
    let library = support::sign_in(&cloud).await.primary_library();
    let memory = Arc::new(MemoryStorage::new());
    let engine = SyncEngine::builder(&library, memory.clone()).build().unwrap();
    assert!(engine.run(Arc::new(())).await.unwrap().is_clean());

    let (storage, server) = on_s3().await;
    let engine = SyncEngine::builder(&library, Arc::new(storage.clone())).build().unwrap();
    let first = engine.run(Arc::new(())).await.unwrap();
    assert!(first.is_clean() && first.downloaded > 40, "{first}");
    assert!(server.puts() > 40);
    let listed: Vec<ObjectMeta> = memory.list(&StoragePath::root()).try_collect().await.unwrap();
    assert_eq!(server.keys().len(), listed.len());
    for meta in listed {
        let (here, there) =
            (get(&*memory, meta.path.as_str()).await, get(&storage, meta.path.as_str()).await);
        assert!(here == there, "{}", meta.path);
    }
    server.forget_counts();
    cloud.reset_counts();
    let second = engine.run(Arc::new(())).await.unwrap();
    assert_eq!((second.downloaded, second.failed), (0, 0), "{second}");
    assert_eq!((server.puts(), cloud.counts().requests_to("content")), (0, 0));
}

/// What `object_store` makes of keys that are no paths; the page in the docs says so.
#[tokio::test]
async fn keys_that_are_no_paths_are_told_of() {
    let (storage, server) = on_s3().await;
    server.put("2018/a.jpg", b"x");
    server.put("2019/", b"");
    server.put("2018/esc\u{241b}.jpg", b"x");
    let listed: Vec<ObjectMeta> = storage.list(&StoragePath::root()).try_collect().await.unwrap();
    let names: Vec<&str> = listed.iter().map(|meta| meta.path.as_str()).collect();
    assert_eq!(names, ["2018/a.jpg", "2018/esc\u{1b}.jpg", "2019"]);
    assert_eq!(storage.stat(&path("2019")).await.unwrap(), None);
    server.put("2018//b.jpg", b"x");
    let listed: Result<Vec<ObjectMeta>> = storage.list(&StoragePath::root()).try_collect().await;
    assert_eq!(listed.unwrap_err().kind(), ErrorKind::Unsupported);
}
