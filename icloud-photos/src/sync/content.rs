//! What the bytes of a stored file hash to.
//!
//! A storage that keeps metadata was told when the file was stored, and is asked; elsewhere, and where nothing was told, the file is
//! read. Whoever doubts the storage itself has everything read ([`Source::Bytes`]).

use std::num::NonZeroUsize;
use std::sync::Arc;

use futures::{Stream, StreamExt};
use tokio_util::task::AbortOnDropHandle;

use super::catalogue::FileRow;
use crate::asset::{Digests, Hasher};
use crate::download::told;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Storage, StoragePath};

/// Where it is to be learned what a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// From what the storage keeps beside it, if it does.
    Told,
    /// From its bytes.
    Bytes,
}

impl Source {
    /// Nobody is believed about a file that was found damaged once.
    pub(super) fn for_rows<'r>(rows: impl IntoIterator<Item = &'r FileRow>) -> Self {
        if rows.into_iter().all(|row| row.status.is_kept()) { Self::Told } else { Self::Bytes }
    }
}

/// The length of a stored file and its hashes; `None` if there is none.
pub(super) async fn look(
    storage: &dyn Storage,
    path: &StoragePath,
    source: Source,
) -> Result<Option<(u64, Digests)>> {
    if source == Source::Told && storage.capabilities().metadata {
        let Some(meta) = storage.stat(path).await? else { return Ok(None) };
        if let Some(digests) = told(&meta) {
            return Ok(Some((meta.size, digests)));
        }
    }
    read(storage, path).await
}

/// The same by its bytes alone.
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

/// The same for many files, several at once and in no order.
pub(super) fn look_at_all<T: Send + 'static>(
    storage: &Arc<dyn Storage>,
    files: Vec<(StoragePath, T)>,
    source: impl Fn(&T) -> Source,
) -> impl Stream<Item = (StoragePath, T, Result<Option<(u64, Digests)>>)> {
    let at_once = std::thread::available_parallelism().map_or(2, NonZeroUsize::get) * 2;
    let hash = move |(path, about): (StoragePath, T)| {
        let (storage, file, source) = (storage.clone(), path.clone(), source(&about));
        async move {
            let task = tokio::spawn(async move { look(&*storage, &file, source).await });
            let digests = AbortOnDropHandle::new(task).await.unwrap_or_else(|error| {
                Err(Error::new(ErrorKind::Unexpected, "reading a file ended early").caused_by(error))
            });
            (path, about, digests)
        }
    };
    futures::stream::iter(files).map(hash).buffer_unordered(at_once)
}
