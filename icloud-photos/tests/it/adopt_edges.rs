//! Adopting where something is amiss: a short list, files that cannot be read, another library in the folder, an early end.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use icloud_photos::storage::{Capabilities, ObjectMeta, Storage, StoragePath, StorageWriter, WriteOptions};
use icloud_photos::sync::AdoptOptions;
use icloud_photos::sync::AdoptReport;
use icloud_photos::sync::catalogue::{Batch, Catalogue, LibraryKey, Status};
use icloud_photos::{Error, ErrorKind, Result};
use icloud_photos_testkit::{FaultAction, FaultRule, LibrarySpec};

use crate::copies::{Copy, at};

async fn orphaned(files: u64) -> Copy {
    let mut copy = Copy::of(LibrarySpec::plain(files, 300)).await;
    assert!(copy.run().await.unwrap().is_clean());
    copy.catalogue = Arc::default();
    copy
}

async fn adopt(copy: &Copy) -> AdoptReport {
    copy.engine().adopt(AdoptOptions::default(), |_| {}).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_short_list_is_told_and_nothing_missing_is_no_claim() {
    let copy = orphaned(20).await;
    let path = copy.paths().await.remove(0);
    copy.remove(&path).await;
    let short = FaultRule::new("cloudkit/records/query", FaultAction::ShortList { keep: 5 });
    copy.faults(vec![short.containing("startRank")]);
    let report = adopt(&copy).await;
    assert!(!report.is_list_complete() && !report.is_clean(), "{report}");
    assert!(report.to_string().contains("or more"), "{report}");
    copy.faults(Vec::new());
    let report = adopt(&copy).await;
    assert!(report.is_clean() && report.missing == 1, "{report}");
}

/// A storage with one file that cannot be read.
#[derive(Debug)]
struct Locked(Arc<dyn Storage>, StoragePath);

#[async_trait]
impl Storage for Locked {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn stat(&self, path: &StoragePath) -> Result<Option<ObjectMeta>> {
        self.0.stat(path).await
    }

    async fn write(&self, path: &StoragePath, options: WriteOptions) -> Result<Box<dyn StorageWriter>> {
        self.0.write(path, options).await
    }

    async fn read(&self, path: &StoragePath, from: u64) -> Result<BoxStream<'static, Result<Bytes>>> {
        if *path == self.1 {
            return Err(Error::new(ErrorKind::PermissionDenied, "locked"));
        }
        self.0.read(path, from).await
    }

    async fn remove(&self, path: &StoragePath) -> Result<()> {
        self.0.remove(path).await
    }

    fn list(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    async fn flush(&self) -> Result<()> {
        self.0.flush().await
    }
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_read_is_not_taken_for_the_photo_later() {
    let copy = orphaned(4).await;
    let path = copy.paths().await.remove(1);
    let locked = Arc::new(Locked(copy.storage.clone(), at(&path)));
    let report = copy.engine_on(locked.clone()).adopt(AdoptOptions::default(), |_| {}).await.unwrap();
    assert_eq!((report.recognised, report.failed, report.missing), (3, 1, 1), "{report}");
    let report = copy.engine_on(locked).run(Arc::new(())).await.unwrap();
    assert!(!report.is_clean(), "{report}");
    let failed = copy.rows().await.into_iter().filter(|row| matches!(row.status, Status::Failed { .. }));
    assert_eq!(failed.count(), 1);
    // Once it can be read, its bytes speak for it.
    let report = copy.run().await.unwrap();
    assert_eq!((report.is_clean(), report.downloaded), (true, 0), "{report}");
    assert!(copy.rows().await.iter().all(|row| row.status == Status::Verified));
}

/// Two libraries share a folder: a file that is proven for the one is for the other, too, if it has the bytes.
#[tokio::test(start_paused = true)]
async fn what_is_proven_for_another_library_is_recognised() {
    let copy = Copy::of(LibrarySpec::plain(5, 300)).await;
    copy.run().await.unwrap();
    let rows = copy.rows().await;
    let mut moved = Batch::default();
    moved.gone_files = rows.iter().map(|row| row.key.clone()).collect();
    moved.files = rows.clone();
    moved.files.iter_mut().for_each(|row| row.key.library = LibraryKey::new("another"));
    copy.catalogue.commit(moved).await.unwrap();
    let report = adopt(&copy).await;
    assert_eq!((report.known, report.missing, report.bytes), (5, 0, 0), "{report}");
    let library = &rows[0].key.library;
    let ours: Vec<_> = copy.rows().await.into_iter().filter(|row| row.key.library == *library).collect();
    assert_eq!(ours.len(), 5);
    assert!(ours.iter().all(|row| row.status == Status::Verified));
    let report = copy.run().await.unwrap();
    assert_eq!((report.is_clean(), report.downloaded), (true, 0), "{report}");
}

/// Whoever ends an adoption early keeps what was recognised so far.
#[tokio::test(start_paused = true)]
async fn what_was_recognised_is_written_down_as_it_comes() {
    let copy = orphaned(1100).await;
    let report = adopt(&copy).await;
    assert_eq!(report.recognised, 1100);
    assert_eq!(copy.catalogue.writes(), 3);
}
