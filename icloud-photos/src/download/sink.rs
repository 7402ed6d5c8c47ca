//! Where fetched bytes go before they are proven.

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};

use crate::asset::Hasher;
use crate::error::{Error, ErrorKind, Result, Retry};
use crate::storage::{Metadata, ObjectMeta, Storage, StoragePath, StorageWriter, WriteOptions};

/// Takes bytes in order; can be emptied and asked for what an earlier run left.
#[async_trait]
pub(super) trait Sink: Send {
    /// Bytes that are there already.
    fn position(&self) -> u64;
    /// Those bytes, for hashing.
    async fn resumed(&mut self) -> Result<BoxStream<'static, Result<Bytes>>>;
    /// Forgets everything: the bytes that were hashed here.
    async fn restart(&mut self, dropped: &Hasher) -> Result<()>;
    async fn write(&mut self, chunk: Bytes) -> Result<()>;
}

/// A file of a storage that has no name yet.
pub(super) struct ToStorage {
    writer: Box<dyn StorageWriter>,
    /// Bytes that the writer was given, and those that it had.
    length: u64,
    /// The same bytes in memory, as long as they are no more than the limit.
    copy: Option<BytesMut>,
    limit: usize,
}

impl ToStorage {
    pub(super) async fn open(
        storage: &dyn Storage,
        path: &StoragePath,
        options: WriteOptions,
        limit: usize,
        about: &Metadata,
    ) -> Result<Self> {
        let mut writer = storage.write(path, options).await?;
        writer.describe(about.clone());
        let copy = (limit > 0).then(|| BytesMut::with_capacity(limit));
        Ok(Self { length: writer.position(), writer, copy, limit })
    }

    /// All bytes, if they were to be kept and are not too many.
    pub(super) fn take_copy(&mut self) -> Option<Bytes> {
        self.copy.take().map(BytesMut::freeze)
    }

    fn note(&mut self, chunk: &[u8]) {
        let Some(copy) = &mut self.copy else { return };
        if copy.len() + chunk.len() > self.limit {
            self.copy = None;
        } else {
            copy.extend_from_slice(chunk);
        }
    }

    pub(super) async fn commit(mut self, metadata: Metadata) -> Result<ObjectMeta> {
        self.writer.describe(metadata);
        let stored = self.writer.commit().await?;
        require_length(&stored, self.length)?;
        Ok(stored)
    }

    pub(super) async fn abort(self) -> Result<()> {
        self.writer.abort().await
    }

    /// After wrong bytes nothing stays; after anything else the part waits for the next run.
    pub(super) async fn give_up(self, error: Error) -> Error {
        if error.kind() == ErrorKind::Integrity {
            // The error that brought us here says more than a failure to clean up after it.
            let _ = self.writer.abort().await;
        }
        error
    }
}

#[async_trait]
impl Sink for ToStorage {
    fn position(&self) -> u64 {
        self.writer.position()
    }

    async fn resumed(&mut self) -> Result<BoxStream<'static, Result<Bytes>>> {
        let part = self.writer.resumed().await.map_err(lost_place)?;
        if self.position() > self.limit as u64 {
            self.copy = None;
        }
        if self.copy.is_none() {
            return Ok(part.map_err(lost_place).boxed());
        }
        let part = part.map_err(lost_place).try_collect::<Vec<_>>().await?;
        part.iter().for_each(|chunk| self.note(chunk));
        Ok(stream::iter(part).map(Ok).boxed())
    }

    async fn restart(&mut self, _: &Hasher) -> Result<()> {
        match &mut self.copy {
            Some(copy) => copy.clear(),
            none => *none = (self.limit > 0).then(|| BytesMut::with_capacity(self.limit)),
        }
        self.length = 0;
        self.writer.restart().await.map_err(lost_place)
    }

    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.note(&chunk);
        self.length += chunk.len() as u64;
        self.writer.write(chunk).await.map_err(lost_place)
    }
}

/// That a storage holds as many bytes as it was given.
pub(crate) fn require_length(stored: &ObjectMeta, given: u64) -> Result<()> {
    if stored.size == given {
        return Ok(());
    }
    let message = "the storage says that it holds another number of bytes than it was given: remove the file, and do not trust this \
                   storage before it is mended";
    let error = Error::new(ErrorKind::Storage, message).with("path", &stored.path);
    Err(error.with("given", given).with("holds", stored.size))
}

/// A writer that failed may have taken some of the bytes or none. Going on with it could leave a hole that the checksum,
/// taken from the network, would not see: whatever kind the error is, this writer is done.
fn lost_place(error: Error) -> Error {
    error.retrying(Retry::Never)
}

/// Memory, up to a limit.
pub(super) struct Memory {
    bytes: BytesMut,
    limit: usize,
}

impl Memory {
    pub(super) fn new(limit: usize) -> Self {
        Self { bytes: BytesMut::new(), limit }
    }

    pub(super) fn into_bytes(self) -> Bytes {
        self.bytes.freeze()
    }

    pub(super) fn too_large(&self) -> Error {
        Error::new(ErrorKind::Unsupported, "the file is larger than the limit for memory")
            .with("limit", self.limit)
    }
}

#[async_trait]
impl Sink for Memory {
    fn position(&self) -> u64 {
        0
    }

    async fn resumed(&mut self) -> Result<BoxStream<'static, Result<Bytes>>> {
        Ok(stream::empty().boxed())
    }

    async fn restart(&mut self, _: &Hasher) -> Result<()> {
        self.bytes.clear();
        Ok(())
    }

    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        if self.bytes.len() + chunk.len() > self.limit {
            return Err(self.too_large());
        }
        self.bytes.extend_from_slice(&chunk);
        Ok(())
    }
}
