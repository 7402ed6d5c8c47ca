//! A file that stands elsewhere in the same storage is copied, not fetched.
//!
//! Nobody's word is taken for it: the bytes are proven by Apple's checksum while they are copied, like those that Apple sends. What is
//! not proven is thrown away, and the file is fetched.

use futures::TryStreamExt;

use super::Proof;
use super::fetch::Fetched;
use super::sink::Sink;
use super::source::{Progress, tell};
use crate::asset::{Hasher, Resource};
use crate::error::{Error, Result};
use crate::storage::{Storage, StoragePath};

/// The first of these files that is the resource, in the sink; `None` if none is. Nothing is copied where an earlier run left a part.
pub(super) async fn copied(
    storage: &dyn Storage,
    files: &[StoragePath],
    resource: &Resource,
    sink: &mut impl Sink,
    progress: Option<&Progress>,
) -> Result<Option<Fetched>> {
    if !resource.is_provable() || sink.position() > 0 {
        return Ok(None);
    }
    for file in files {
        let mut hasher = Hasher::new();
        let copied = copy(storage, file, &mut hasher, sink, progress).await;
        if let Err(Failure::Writing(error)) = copied {
            return Err(error);
        }
        let (size, digests) = (hasher.length(), hasher.clone().finish());
        if copied.is_ok() && resource.checksum == Some(digests.checksum) {
            let (proof, throttled) = (Proof::Verified, false);
            return Ok(Some(Fetched { size, proof, digests, resumed_from: 0, throttled, copied: true }));
        }
        if size > 0 {
            tracing::debug!(path = %file, "not the file that was expected; looking on");
            sink.restart(&hasher).await?;
            tell(progress, -size.cast_signed());
        }
    }
    Ok(None)
}

/// What cannot be read is looked for elsewhere; where nothing can be written nothing can be done.
enum Failure {
    Reading,
    Writing(Error),
}

async fn copy(
    storage: &dyn Storage,
    file: &StoragePath,
    hasher: &mut Hasher,
    sink: &mut impl Sink,
    progress: Option<&Progress>,
) -> std::result::Result<(), Failure> {
    let mut bytes = storage.read(file, 0).await.map_err(|_| Failure::Reading)?;
    while let Some(chunk) = bytes.try_next().await.map_err(|_| Failure::Reading)? {
        hasher.update(&chunk);
        tell(progress, (chunk.len() as u64).cast_signed());
        sink.write(chunk).await.map_err(Failure::Writing)?;
    }
    Ok(())
}
