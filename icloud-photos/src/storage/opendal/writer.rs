//! Writing one file.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use opendal::Buffer;

use super::fault::is_not_implemented;
use super::large::Large;
use super::pieces::Pieces;
use super::{CHUNK, Shared, WHOLE_AT_MOST, Way, fault, key};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::held::Held;
use crate::storage::{Metadata, ObjectMeta, StoragePath, StorageWriter, WriteOptions};

pub(super) struct OpendalWriter {
    shared: Arc<Shared>,
    path: StoragePath,
    options: WriteOptions,
    metadata: Metadata,
    /// What is with the service already.
    large: Large,
    resumed: u64,
    length: u64,
    held: Held,
    broken: bool,
}

impl OpendalWriter {
    pub(super) async fn begin(shared: Arc<Shared>, path: StoragePath, options: WriteOptions) -> Result<Self> {
        let part = options.part_name()?.map(str::to_owned);
        let fits = options.size.is_some_and(|size| size <= CHUNK as u64);
        let large = match part.filter(|_| shared.way == Way::Pieces && !fits) {
            Some(part) => Large::found(Pieces::find(shared.clone(), &path, &part).await?),
            None => Large::Nothing,
        };
        let resumed = large.length();
        let (metadata, held) = (Metadata::new(), Held::default());
        Ok(Self { shared, path, options, metadata, large, resumed, length: resumed, held, broken: false })
    }

    /// Hands whole chunks over, as long as there is more than one: a file that fits into one is put at commit.
    async fn spill(&mut self) -> Result<()> {
        while self.held.len() > CHUNK {
            let chunk = Buffer::from(self.held.take(CHUNK));
            let Self { large, shared, path, options, metadata, .. } = self;
            large.push(shared, path, options, metadata, chunk).await?;
        }
        Ok(())
    }

    fn require_whole(&self) -> Result<()> {
        if self.broken {
            let message = "an earlier write of this file failed";
            return Err(Error::new(ErrorKind::Storage, message).with("path", &self.path));
        }
        Ok(())
    }
}

#[async_trait]
impl StorageWriter for OpendalWriter {
    fn position(&self) -> u64 {
        self.resumed
    }

    async fn resumed(&mut self) -> Result<BoxStream<'static, Result<Bytes>>> {
        match &self.large {
            Large::Pieces(pieces) if self.resumed > 0 => Ok(pieces.bytes(self.resumed)),
            _ => Ok(stream::empty().boxed()),
        }
    }

    async fn restart(&mut self) -> Result<()> {
        self.require_whole()?;
        (self.held, self.resumed, self.length) = (Held::default(), 0, 0);
        // Whoever begins anew may have been told a wrong length, and a request is as long as it says. What fits into memory waits there.
        let fits = |size: &u64| *size <= WHOLE_AT_MOST.into();
        if self.shared.puts.is_some() {
            self.options.size = self.options.size.filter(|size| !fits(size));
        }
        self.broken = true;
        self.large.restart().await?;
        self.broken = false;
        Ok(())
    }

    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.require_whole()?;
        if chunk.is_empty() {
            return Ok(());
        }
        self.length += chunk.len() as u64;
        self.held.push(chunk);
        // Cut off in the middle, nobody knows what the service has.
        self.broken = true;
        self.spill().await?;
        self.broken = false;
        Ok(())
    }

    fn describe(&mut self, metadata: Metadata) {
        self.metadata = metadata;
    }

    async fn commit(mut self: Box<Self>) -> Result<ObjectMeta> {
        self.require_whole()?;
        let rest = Buffer::from(self.held.take(usize::MAX));
        let (large, metadata) = (std::mem::take(&mut self.large), std::mem::take(&mut self.metadata));
        large.commit(&self.shared, &self.path, &self.options, rest, metadata).await?;
        Ok(ObjectMeta::new(self.path.clone(), self.length, None))
    }

    async fn abort(mut self: Box<Self>) -> Result<()> {
        std::mem::take(&mut self.large).abort().await
    }
}

/// A name must be free unless it may be replaced. Where the service can be asked to see to that itself, it is.
pub(super) async fn require_free(shared: &Shared, path: &StoragePath, options: &WriteOptions) -> Result<()> {
    if shared.stat(path).await?.is_some() && !options.replace {
        let advice = "something with this name exists already";
        return Err(Error::new(ErrorKind::AlreadyExists, advice).with("path", path));
    }
    Ok(())
}

/// How a file appears under its name in one go.
pub(super) fn appearing(
    shared: &Shared,
    options: &WriteOptions,
    metadata: Metadata,
) -> opendal::options::WriteOptions {
    let keeps = shared.keeps_metadata() && !metadata.is_empty();
    opendal::options::WriteOptions {
        if_not_exists: !options.replace && shared.refuses_taken(),
        user_metadata: keeps.then(|| metadata.into_iter().collect()),
        chunk: shared.can().write_can_multi.then_some(CHUNK),
        ..Default::default()
    }
}

/// Puts a file under its name in one request.
///
/// A service that does not know how to refuse a name that is taken says so: from then on it is asked just before, as where files are
/// renamed.
pub(super) async fn put(
    shared: &Shared,
    path: &StoragePath,
    options: &WriteOptions,
    bytes: Buffer,
    metadata: Metadata,
) -> Result<()> {
    let asked = !options.replace && shared.refuses_taken();
    match put_once(shared, path, options, bytes.clone(), metadata.clone()).await {
        Err(error) if asked && is_not_implemented(&error) => {
            shared.refuses_taken.store(false, Relaxed);
            put_once(shared, path, options, bytes, metadata).await
        }
        put => put,
    }
}

async fn put_once(
    shared: &Shared,
    path: &StoragePath,
    options: &WriteOptions,
    bytes: Buffer,
    metadata: Metadata,
) -> Result<()> {
    if !shared.refuses_taken() {
        require_free(shared, path, options).await?;
    }
    let how = appearing(shared, options, metadata);
    let put = shared.operator.write_options(key(path)?, bytes, how).await;
    put.map(drop).map_err(|error| fault(error, path))
}
