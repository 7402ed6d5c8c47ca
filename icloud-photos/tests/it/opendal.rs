//! Storages of OpenDAL keep the promises of the trait, on real servers, and with connections that break.

use std::sync::Arc;

use icloud_photos::storage::{OpendalStorage, Storage};
use icloud_photos::testing::ChaosStorage;
use icloud_photos_test_servers::s3::{self, S3Server};
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

pub(crate) fn operator(server: &S3Server) -> Operator {
    let service = S3::default()
        .endpoint(&server.endpoint())
        .bucket(s3::BUCKET)
        .region(s3::REGION)
        .access_key_id(s3::ACCESS_KEY)
        .secret_access_key(s3::SECRET_KEY)
        .root("photos of mine");
    Operator::new(service).unwrap().layer(RetryLayer::default())
}

async fn on_s3() -> (OpendalStorage, S3Server) {
    let server = S3Server::start().await;
    (OpendalStorage::new(operator(&server)), server)
}

async fn chaos_over_s3() -> (ChaosStorage, S3Server) {
    let (storage, server) = on_s3().await;
    (ChaosStorage::new(Arc::new(storage), 1).rate(0.0), server)
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

mod chaos_over_s3_conformance {
    icloud_photos::storage_conformance!(super::chaos_over_s3);
}
