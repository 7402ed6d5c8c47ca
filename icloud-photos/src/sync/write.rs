//! Files that a run makes itself: sidecars, marks, records, views.
//!
//! A storage is believed as little about them as about downloads: what it says it holds is compared with what it was given.

use bytes::Bytes;
use futures::{Stream, TryStreamExt, stream};

use crate::download::require_length;
use crate::error::Result;
use crate::storage::{Storage, StoragePath, WriteOptions};

/// Writes what comes.
///
/// # Errors
/// What the storage reports, and [`ErrorKind::Storage`](crate::ErrorKind::Storage) if it holds another number of bytes then.
pub(super) async fn write(
    storage: &dyn Storage,
    path: &StoragePath,
    options: WriteOptions,
    bytes: impl Stream<Item = Result<Bytes>> + Send,
) -> Result<()> {
    let mut writer = storage.write(path, options).await?;
    if writer.position() > 0 {
        writer.restart().await?;
    }
    let (mut bytes, mut given) = (std::pin::pin!(bytes), 0);
    while let Some(piece) = bytes.try_next().await? {
        given += piece.len() as u64;
        writer.write(piece).await?;
    }
    require_length(&writer.commit().await?, given)
}

/// The same for what is in memory.
pub(super) async fn write_all(
    storage: &dyn Storage,
    path: &StoragePath,
    options: WriteOptions,
    bytes: impl Into<Bytes>,
) -> Result<()> {
    let bytes = bytes.into();
    let options = options.size(bytes.len() as u64);
    write(storage, path, options, stream::once(async { Ok(bytes) })).await
}
