//! A storage over `object_store` keeps the promises of the trait, on memory, a disk and a real server.

use std::sync::Arc;

use icloud_photos::storage::{ObjectStorage, Storage};
use icloud_photos::testing::ChaosStorage;
use icloud_photos_test_servers::s3::{self, S3Server};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use tempfile::TempDir;

async fn memory() -> (ObjectStorage, ()) {
    (ObjectStorage::new(Arc::new(InMemory::new())), ())
}

async fn disk() -> (ObjectStorage, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
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
