//! A storage that fails at random, the same way for the same seed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::error::{Error, ErrorKind, Result};
use crate::storage::{
    Capabilities, Entry, LinkKind, Metadata, ObjectMeta, Storage, StoragePath, StorageWriter, WriteOptions,
};

/// Wraps a storage and lets some calls fail: before anything was done, in the middle of a chunk, or after a commit that
/// in truth succeeded. They fail as disks do and as storages behind a network do. Two runs with one seed and the same calls in the same order fail in the same places.
#[derive(Debug, Clone)]
pub struct ChaosStorage {
    inner: Arc<dyn Storage>,
    dice: Dice,
}

#[derive(Debug, Clone)]
struct Dice {
    random: Arc<Mutex<StdRng>>,
    rate: f64,
}

impl ChaosStorage {
    /// Lets about one call in ten fail.
    pub fn new(inner: Arc<dyn Storage>, seed: u64) -> Self {
        let random = Arc::new(Mutex::new(StdRng::seed_from_u64(seed)));
        Self { inner, dice: Dice { random, rate: 0.1 } }
    }

    /// Sets the share of calls that fail, from 0 to 1.
    #[must_use]
    pub fn rate(mut self, rate: f64) -> Self {
        self.dice.rate = rate.clamp(0.0, 1.0);
        self
    }
}

impl Dice {
    fn roll(&self) -> bool {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).random_bool(self.rate)
    }

    fn below(&self, end: usize) -> usize {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).random_range(0..end)
    }

    fn fail_sometimes(&self, what: &'static str) -> Result<()> {
        if self.roll() { Err(self.failure(what)) } else { Ok(()) }
    }

    fn failure(&self, what: &'static str) -> Error {
        let kind = KINDS[self.below(KINDS.len())];
        Error::new(kind, "this storage failed on purpose").with("call", what)
    }
}

/// What storages fail with, on this machine and elsewhere.
const KINDS: [ErrorKind; 3] = [ErrorKind::Storage, ErrorKind::Timeout, ErrorKind::Network];

#[async_trait]
impl Storage for ChaosStorage {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn stat(&self, path: &StoragePath) -> Result<Option<ObjectMeta>> {
        self.dice.fail_sometimes("stat")?;
        self.inner.stat(path).await
    }

    async fn write(&self, path: &StoragePath, options: WriteOptions) -> Result<Box<dyn StorageWriter>> {
        self.dice.fail_sometimes("write")?;
        let inner = self.inner.write(path, options).await?;
        Ok(Box::new(ChaosWriter { inner, dice: self.dice.clone() }))
    }

    async fn read(&self, path: &StoragePath, from: u64) -> Result<BoxStream<'static, Result<Bytes>>> {
        self.dice.fail_sometimes("read")?;
        let dice = self.dice.clone();
        let bytes = self.inner.read(path, from).await?;
        Ok(bytes.map(move |piece| dice.fail_sometimes("read").and(piece)).boxed())
    }

    async fn remove(&self, path: &StoragePath) -> Result<()> {
        self.dice.fail_sometimes("remove")?;
        self.inner.remove(path).await
    }

    fn list(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        let dice = self.dice.clone();
        self.inner.list(prefix).map(move |item| dice.fail_sometimes("list").and(item)).boxed()
    }

    async fn tidy(&self, begun: SystemTime) -> Result<()> {
        self.dice.fail_sometimes("tidy")?;
        self.inner.tidy(begun).await
    }

    async fn flush(&self) -> Result<()> {
        self.dice.fail_sometimes("flush")?;
        self.inner.flush().await
    }

    async fn link(&self, from: &StoragePath, to: &StoragePath, kind: LinkKind) -> Result<()> {
        self.dice.fail_sometimes("link")?;
        self.inner.link(from, to, kind).await
    }

    async fn look(&self, paths: Vec<StoragePath>) -> Vec<Result<Option<Entry>>> {
        let found = self.inner.look(paths).await.into_iter();
        found.map(|found| self.dice.fail_sometimes("look").and(found)).collect()
    }

    async fn prune(&self, folder: &StoragePath, top: &StoragePath) -> Result<()> {
        self.dice.fail_sometimes("prune")?;
        self.inner.prune(folder, top).await
    }
}

struct ChaosWriter {
    inner: Box<dyn StorageWriter>,
    dice: Dice,
}

#[async_trait]
impl StorageWriter for ChaosWriter {
    fn position(&self) -> u64 {
        self.inner.position()
    }

    async fn resumed(&mut self) -> Result<BoxStream<'static, Result<Bytes>>> {
        self.dice.fail_sometimes("resumed")?;
        self.inner.resumed().await
    }

    async fn restart(&mut self) -> Result<()> {
        self.dice.fail_sometimes("restart")?;
        self.inner.restart().await
    }

    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        if self.dice.roll() {
            let end = self.dice.below(chunk.len() + 1);
            self.inner.write(chunk.slice(..end)).await?;
            return Err(self.dice.failure("write"));
        }
        self.inner.write(chunk).await
    }

    fn describe(&mut self, metadata: Metadata) {
        self.inner.describe(metadata);
    }

    async fn commit(self: Box<Self>) -> Result<ObjectMeta> {
        self.dice.fail_sometimes("commit")?;
        let meta = self.inner.commit().await?;
        self.dice.fail_sometimes("commit")?;
        Ok(meta)
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        self.dice.fail_sometimes("abort")?;
        self.inner.abort().await
    }
}
