//! Azure and Google Cloud Storage keep the promises of the trait, as far as what stands for them on loopback goes.

use bytes::Bytes;
use futures::TryStreamExt;
use icloud_photos::storage::{OpendalStorage, Storage, StoragePath, WriteOptions};
use icloud_photos_test_servers::azure::{self, Azurite};
use icloud_photos_test_servers::gcs::{self, Gcs};
use icloud_photos_test_servers::skip;
use opendal::Operator;
use opendal::services::Memory;

/// Where a server is not on the machine, memory takes its place: there is no way to leave a test of the suite out.
async fn on_azure() -> (OpendalStorage, Option<Azurite>) {
    let Some(server) = Azurite::start().await else {
        skip("Azure by Azurite", "azurite");
        return (memory(), None);
    };
    let address = format!(
        "az://{}/photos of mine?endpoint={}&account_name={}",
        azure::CONTAINER,
        server.endpoint(),
        azure::ACCOUNT
    );
    let secrets = |name: &str| (name == "AZURE_STORAGE_ACCOUNT_KEY").then(|| azure::KEY.to_owned());
    (OpendalStorage::from_url_with(&address, secrets).unwrap(), Some(server))
}

fn memory() -> OpendalStorage {
    OpendalStorage::new(Operator::new(Memory::default()).unwrap())
}

mod azure_conformance {
    icloud_photos::storage_conformance!(super::on_azure);
}

/// The emulator knows no conditions, and reads what it is sent with mistakes of its own: the suite would judge it, not us.
#[tokio::test]
async fn google_keeps_small_and_large_files() {
    let Some(server) = Gcs::start() else {
        return skip("Google Cloud Storage by an emulator", "gcp-storage-emulator");
    };
    let address = format!("gs://{}/photos of mine?endpoint={}", gcs::BUCKET, server.endpoint());
    let secrets = |name: &str| (name == "OPENDAL_GCS_TOKEN").then(|| "not-a-secret".to_owned());
    let storage = OpendalStorage::from_url_with(&address, secrets).unwrap();
    let mut wanted = Vec::new();
    for (name, size) in [("2018/none.jpg", 0), ("2018/один.jpg", 70_000), ("2019/film.mov", 20 << 20)] {
        let (path, bytes) = (StoragePath::parse(name).unwrap(), Bytes::from(vec![b'7'; size]));
        let mut writer = storage.write(&path, WriteOptions::default()).await.unwrap();
        for start in (0..size).step_by(3 << 20) {
            writer.write(bytes.slice(start..size.min(start + (3 << 20)))).await.unwrap();
        }
        assert_eq!(storage.stat(&path).await.unwrap(), None, "{name} appears at its end");
        writer.commit().await.unwrap();
        assert_eq!(storage.stat(&path).await.unwrap().unwrap().size, size as u64);
        let read: Vec<Bytes> = storage.read(&path, 0).await.unwrap().try_collect().await.unwrap();
        assert!(read.concat() == bytes, "{name} reads back");
        wanted.push((path, size as u64));
    }
    let listed = storage.list(&StoragePath::root()).map_ok(|meta| (meta.path, meta.size));
    let mut listed: Vec<_> = listed.try_collect().await.unwrap();
    listed.sort();
    assert_eq!(listed, wanted);
    storage.remove(&wanted[2].0).await.unwrap();
    assert_eq!(storage.stat(&wanted[2].0).await.unwrap(), None);
}
