//! How many files are worked on at a time.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use icloud_photos::Result;
use icloud_photos::storage::{
    Capabilities, MemoryStorage, ObjectMeta, Storage, StoragePath, StorageWriter, WriteOptions,
};
use icloud_photos::sync::SyncEngine;
use icloud_photos_testkit::LibrarySpec;

use crate::support;

/// A disk that takes long to give a file its name holds up neither the network nor the limit on it.
#[tokio::test(start_paused = true)]
async fn a_file_is_fetched_while_another_gets_its_name() {
    let cloud = support::cloud(LibrarySpec::plain(60, 4096));
    let library = support::sign_in(&cloud).await.primary_library();
    let storage = Arc::new(SlowToName::default());
    let two = NonZeroUsize::new(2).unwrap();
    let engine = SyncEngine::builder(&library, storage.clone()).concurrency(two).build().unwrap();
    assert_eq!(engine.run(Arc::new(())).await.unwrap().downloaded, 60);
    let Watched { most_fetched, most_named, .. } = &*storage.watched;
    assert_eq!(most_fetched.load(Relaxed), 2, "files are fetched two at a time");
    assert!((2..=4).contains(&most_named.load(Relaxed)), "{most_named:?}");
}

#[derive(Debug, Default)]
struct SlowToName {
    inner: MemoryStorage,
    watched: Arc<Watched>,
}

#[derive(Debug, Default)]
struct Watched {
    fetched: AtomicUsize,
    named: AtomicUsize,
    most_fetched: AtomicUsize,
    /// While others were fetched.
    most_named: AtomicUsize,
}

struct SlowWriter {
    inner: Box<dyn StorageWriter>,
    watched: Arc<Watched>,
}

#[async_trait]
impl Storage for SlowToName {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn stat(&self, path: &StoragePath) -> Result<Option<ObjectMeta>> {
        self.inner.stat(path).await
    }

    async fn write(&self, path: &StoragePath, options: WriteOptions) -> Result<Box<dyn StorageWriter>> {
        let inner = self.inner.write(path, options).await?;
        let fetched = self.watched.fetched.fetch_add(1, Relaxed) + 1;
        self.watched.most_fetched.fetch_max(fetched, Relaxed);
        self.watched.most_named.fetch_max(self.watched.named.load(Relaxed), Relaxed);
        Ok(Box::new(SlowWriter { inner, watched: self.watched.clone() }))
    }

    async fn read(&self, path: &StoragePath, from: u64) -> Result<BoxStream<'static, Result<Bytes>>> {
        self.inner.read(path, from).await
    }

    async fn remove(&self, path: &StoragePath) -> Result<()> {
        self.inner.remove(path).await
    }

    fn list(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn flush(&self) -> Result<()> {
        self.inner.flush().await
    }
}

#[async_trait]
impl StorageWriter for SlowWriter {
    fn position(&self) -> u64 {
        self.inner.position()
    }

    async fn resumed(&mut self) -> Result<BoxStream<'static, Result<Bytes>>> {
        self.inner.resumed().await
    }

    async fn restart(&mut self) -> Result<()> {
        self.inner.restart().await
    }

    /// The bytes come slowly too.
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.inner.write(chunk).await
    }

    async fn commit(self: Box<Self>) -> Result<ObjectMeta> {
        self.watched.fetched.fetch_sub(1, Relaxed);
        self.watched.named.fetch_add(1, Relaxed);
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.watched.named.fetch_sub(1, Relaxed);
        self.inner.commit().await
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        self.inner.abort().await
    }
}
