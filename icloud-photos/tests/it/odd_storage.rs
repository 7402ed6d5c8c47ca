//! A storage that does something else with some files than it was asked for.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use icloud_photos::storage::{
    Capabilities, Entry, LinkKind, Metadata, ObjectMeta, Storage, StoragePath, StorageWriter, WriteOptions,
};
use icloud_photos::{Error, ErrorKind, Result};

/// What it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Stat,
    Read,
    Write,
    Remove,
    /// Of all there is: the path is the root.
    Flush,
}

/// What it does instead.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Odd {
    Fails(ErrorKind),
    /// For ever: whoever waits is killed.
    Hangs,
    /// It keeps all but the last byte, and says so at the end.
    Cuts,
    /// It says that nothing is there.
    Denies,
    /// It gives other bytes, as many.
    Flips,
    /// It does it all, and fails then.
    FailsLate,
}

type Judge = dyn Fn(Deed, &str) -> Option<Odd> + Send + Sync;

pub(crate) struct OddStorage {
    inner: Arc<dyn Storage>,
    judge: Box<Judge>,
}

impl OddStorage {
    pub(crate) fn over(
        inner: Arc<dyn Storage>,
        judge: impl Fn(Deed, &str) -> Option<Odd> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { inner, judge: Box::new(judge) })
    }

    /// What it does of that, and goes on.
    async fn odd(&self, deed: Deed, path: &StoragePath) -> Result<Option<Odd>> {
        match (self.judge)(deed, path.as_str()) {
            Some(Odd::Hangs) => std::future::pending().await,
            Some(Odd::Fails(kind)) => Err(Error::new(kind, "not today").with("path", path)),
            other => Ok(other),
        }
    }
}

impl fmt::Debug for OddStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OddStorage")
    }
}

#[async_trait]
impl Storage for OddStorage {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn stat(&self, path: &StoragePath) -> Result<Option<ObjectMeta>> {
        match self.odd(Deed::Stat, path).await? {
            Some(Odd::Denies) => Ok(None),
            _ => self.inner.stat(path).await,
        }
    }

    async fn write(&self, path: &StoragePath, options: WriteOptions) -> Result<Box<dyn StorageWriter>> {
        let odd = self.odd(Deed::Write, path).await?;
        let writer = self.inner.write(path, options).await?;
        Ok(match odd {
            Some(odd) => Box::new(OddWriter { writer, held: Bytes::new(), odd }),
            None => writer,
        })
    }

    async fn read(&self, path: &StoragePath, from: u64) -> Result<BoxStream<'static, Result<Bytes>>> {
        let odd = self.odd(Deed::Read, path).await?;
        let bytes = self.inner.read(path, from).await?;
        let Some(Odd::Flips) = odd else { return Ok(bytes) };
        Ok(bytes.map_ok(|piece| piece.iter().map(|byte| byte ^ 1).collect()).boxed())
    }

    async fn remove(&self, path: &StoragePath) -> Result<()> {
        self.odd(Deed::Remove, path).await?;
        self.inner.remove(path).await
    }

    fn list(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn flush(&self) -> Result<()> {
        self.odd(Deed::Flush, &StoragePath::root()).await?;
        self.inner.flush().await
    }

    async fn link(&self, from: &StoragePath, to: &StoragePath, kind: LinkKind) -> Result<()> {
        self.inner.link(from, to, kind).await
    }

    async fn look(&self, paths: Vec<StoragePath>) -> Vec<Result<Option<Entry>>> {
        self.inner.look(paths).await
    }
}

/// Holds what came last, for that is what may be cut.
struct OddWriter {
    writer: Box<dyn StorageWriter>,
    held: Bytes,
    odd: Odd,
}

#[async_trait]
impl StorageWriter for OddWriter {
    fn position(&self) -> u64 {
        self.writer.position()
    }

    async fn resumed(&mut self) -> Result<BoxStream<'static, Result<Bytes>>> {
        self.writer.resumed().await
    }

    async fn restart(&mut self) -> Result<()> {
        self.held = Bytes::new();
        self.writer.restart().await
    }

    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        let before = std::mem::replace(&mut self.held, chunk);
        self.writer.write(before).await
    }

    fn describe(&mut self, metadata: Metadata) {
        self.writer.describe(metadata);
    }

    async fn commit(mut self: Box<Self>) -> Result<ObjectMeta> {
        if let Odd::Cuts = self.odd {
            self.held.truncate(self.held.len().saturating_sub(1));
        }
        self.writer.write(self.held).await?;
        let stored = self.writer.commit().await?;
        match self.odd {
            Odd::FailsLate => {
                Err(Error::new(ErrorKind::Network, "the connection broke").with("path", stored.path))
            }
            _ => Ok(stored),
        }
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        self.writer.abort().await
    }
}
