//! Writing one file.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use opendal::Buffer;

use super::large::Large;
use super::pieces::Pieces;
use super::{CHUNK, Shared, WHOLE_AT_MOST, Way};
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
