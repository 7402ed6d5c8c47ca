//! The second half of a download: bytes that are here get their name.

use bytes::Bytes;
use futures::TryStreamExt;

use super::fetch::Fetched;
use super::sink::{Sink, ToStorage};
use super::{Proof, Saved, beside, part_name};
use crate::asset::{Digests, Hasher};
use crate::error::{ErrorKind, Result};
use crate::storage::{Metadata, ObjectMeta, Storage, StoragePath, WriteOptions};

/// Bytes that were judged and wait for their name.
pub(crate) struct Received<'a> {
    pub(super) storage: &'a dyn Storage,
    pub(super) path: &'a StoragePath,
    pub(super) options: WriteOptions,
    pub(super) sink: ToStorage,
    pub(super) fetched: Fetched,
    /// The same bytes in memory.
    #[cfg_attr(not(feature = "metadata"), allow(dead_code))]
    pub(super) copy: Option<Bytes>,
    /// What is to be stored in their place.
    pub(super) rewritten: Option<Rewritten>,
    /// What is kept beside them, but for what is known of the bytes.
    pub(super) about: Metadata,
}

/// Bytes that were made from those that were fetched.
pub(super) struct Rewritten {
    parts: Vec<Bytes>,
    size: u64,
    digests: Digests,
}

impl Received<'_> {
    /// Apple asked for less while the bytes were fetched.
    pub(crate) fn was_throttled(&self) -> bool {
        self.fetched.throttled
    }

    /// What is known of them.
    pub(crate) fn proof(&self) -> Proof {
        self.fetched.proof
    }

    /// How many they are.
    pub(crate) fn size(&self) -> u64 {
        self.fetched.size
    }

    /// SHA-256 of them.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        self.fetched.digests.sha256
    }

    /// The bytes themselves, once, if they were to be kept and are not too many.
    #[cfg_attr(not(feature = "metadata"), allow(dead_code))]
    pub(crate) fn copy(&mut self) -> Option<Bytes> {
        self.copy.take()
    }

    /// Other bytes get the name, made from these.
    #[cfg_attr(not(feature = "metadata"), allow(dead_code))]
    pub(crate) fn rewrite(&mut self, parts: Vec<Bytes>) {
        let mut hasher = Hasher::new();
        parts.iter().for_each(|part| hasher.update(part));
        self.rewritten = Some(Rewritten { parts, size: hasher.length(), digests: hasher.finish() });
    }

    /// Length and SHA-256 of the bytes that are to be stored in place of those that were fetched, if there are such.
    pub(crate) fn rewritten(&self) -> Option<(u64, [u8; 32])> {
        self.rewritten.as_ref().map(|new| (new.size, new.digests.sha256))
    }

    /// They are not needed: nothing is left of them.
    pub(crate) async fn discard(self) -> Result<()> {
        self.sink.abort().await
    }

    /// The second half of [`Download::save`](super::Download::save).
    pub(crate) async fn commit(self) -> Result<Saved> {
        let Self { storage, path, mut options, mut sink, fetched, rewritten, mut about, .. } = self;
        let (mut size, mut digests) = (fetched.size, fetched.digests);
        let is_rewritten = rewritten.is_some();
        if let Some(new) = rewritten {
            // The part holds what Apple sent, and nobody may take it for a part of this file, nor the other way round: this one has
            // a name of its own, under which the next run finds what a killed one left.
            sink.abort().await?;
            (size, digests) = (new.size, new.digests);
            options = WriteOptions { part: Some(part_name(&digests.checksum)), size: Some(size), ..options };
            sink = ToStorage::open(storage, path, options.clone(), 0, &about).await?;
            if sink.position() > 0 {
                sink.restart(&Hasher::new()).await?;
            }
            for part in new.parts {
                sink.write(part).await?;
            }
        }
        beside::describe(size, &digests, &mut about);
        let meta = match sink.commit(about).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                same_bytes(storage, path, options, &digests).await?.ok_or(error)?
            }
            committed => committed?,
        };
        Ok(Saved {
            path: meta.path,
            size,
            proof: fetched.proof,
            checksum: digests.checksum,
            sha256: digests.sha256,
            resumed_from: fetched.resumed_from,
            copied: fetched.copied,
            rewritten: is_rewritten,
        })
    }
}

/// Somebody took the name while we fetched. If it is for the very same bytes, two programs did the same work: what is left
/// of ours is removed, and theirs counts.
async fn same_bytes(
    storage: &dyn Storage,
    path: &StoragePath,
    options: WriteOptions,
    ours: &Digests,
) -> Result<Option<ObjectMeta>> {
    let Some(there) = storage.stat(path).await? else { return Ok(None) };
    let mut bytes = storage.read(path, 0).await?;
    let mut hasher = Hasher::new();
    while let Some(chunk) = bytes.try_next().await? {
        hasher.update(&chunk);
    }
    if hasher.finish().checksum != ours.checksum {
        return Ok(None);
    }
    storage.write(path, options).await?.abort().await?;
    Ok(Some(there))
}
