//! Hashing what is stored.

use std::num::NonZeroUsize;
use std::sync::Arc;

use futures::{Stream, StreamExt};
use tokio_util::task::AbortOnDropHandle;

use crate::asset::{Digests, Hasher};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Storage, StoragePath};

/// Reads a stored file: its length and its hashes; `None` if there is none.
pub(super) async fn read(storage: &dyn Storage, path: &StoragePath) -> Result<Option<(u64, Digests)>> {
    let mut bytes = match storage.read(path, 0).await {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut hasher = Hasher::new();
    while let Some(chunk) = bytes.next().await.transpose()? {
        hasher.update(&chunk);
    }
    Ok(Some((hasher.length(), hasher.finish())))
}

/// Reads files, several at once and in no order.
pub(super) fn hash_all<T: Send + 'static>(
    storage: &Arc<dyn Storage>,
    files: Vec<(StoragePath, T)>,
) -> impl Stream<Item = (StoragePath, T, Result<Option<(u64, Digests)>>)> {
    let at_once = std::thread::available_parallelism().map_or(2, NonZeroUsize::get) * 2;
    let hash = move |(path, about): (StoragePath, T)| {
        let (storage, file) = (storage.clone(), path.clone());
        async move {
            let task = tokio::spawn(async move { read(&*storage, &file).await });
            let digests = AbortOnDropHandle::new(task).await.unwrap_or_else(|error| {
                Err(Error::new(ErrorKind::Unexpected, "reading a file ended early").caused_by(error))
            });
            (path, about, digests)
        }
    };
    futures::stream::iter(files).map(hash).buffer_unordered(at_once)
}
