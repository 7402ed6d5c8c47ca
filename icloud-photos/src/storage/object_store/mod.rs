//! Buckets that a program holds already, by `object_store`: S3, Google Cloud Storage, Azure Blob, disks, memory, and whatever else
//! implements its trait. Which service, which credentials and how often a request is tried again is the owner's business; nothing
//! here tries again.
//!
//! - Up to eight mebibytes wait in memory and are put in one request, with their metadata, and only where nothing has the name
//!   already. A store that cannot be asked for that is asked before whether the name is free.
//! - A longer file goes up in parts of eight mebibytes, one at a time, and appears when it is complete. `object_store` has no word for
//!   completing an upload only where the name is free, so that is asked first, when it begins and again when it is whole; two
//!   programs that write the same name in that moment are not kept apart. Staging it and copying was dismissed: copies of large objects
//!   end at 5 GiB on S3, and may go on behind the answer on Azure, where removing the original too early loses the bytes.
//! - What is to be kept beside a file must be said when an upload begins, and is known when it ends: beside a longer file there is
//!   nothing.
//! - An upload that is dropped or fails is aborted. One that was killed cannot be found again through `object_store`; a rule of the
//!   bucket that removes unfinished uploads after some days sees to them.
//!
//! What a store cannot do shows when it refuses for the first time; it is not asked again, and [`Storage::capabilities`] says so from
//! then on.

mod fault;
mod keys;
mod writer;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use async_trait::async_trait;
use bytes::Bytes;
use futures::future;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{Attribute, GetOptions, GetRange, GetResult, ObjectStore, ObjectStoreExt as _};

use self::fault::fault;
use self::writer::ObjectWriter;
use super::{
    Capabilities, Metadata, ObjectMeta, Storage, StoragePath, StorageWriter, WriteOptions, require_name,
};
use crate::error::{Error, ErrorKind, Result};

/// So many bytes become one request, or one part of an upload.
const PART: usize = 8 << 20;
/// How many parts an upload may have, on S3 and elsewhere.
const PARTS: u64 = 10_000;

/// A storage that is somebody's `object_store`.
///
/// Clones share what they have learned of it.
///
/// ```
/// use std::sync::Arc;
///
/// use icloud_photos::storage::ObjectStorage;
/// use object_store::memory::InMemory;
/// use object_store::prefix::PrefixStore;
///
/// // What the program holds already; for a folder of it, wrapped.
/// let bucket = InMemory::new();
/// let storage = ObjectStorage::new(Arc::new(PrefixStore::new(bucket, "photos/of anna")));
/// ```
#[derive(Clone)]
pub struct ObjectStorage {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<dyn ObjectStore>,
    /// Whether it has not refused yet to put only where nothing is.
    creates: AtomicBool,
    /// Whether it has not refused yet to keep metadata.
    describes: AtomicBool,
}

impl ObjectStorage {
    /// A storage that this store reaches. Nothing is sent.
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        let (creates, describes) = (AtomicBool::new(true), AtomicBool::new(true));
        Self { shared: Arc::new(Shared { store, creates, describes }) }
    }
}

#[async_trait]
impl Storage for ObjectStorage {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            modified_time: false,
            resume: false,
            // Of files that are put in one request it is true, of longer ones it is not.
            exclusive_commit: false,
            case_sensitive: true,
            max_name: None,
            max_size: Some(PARTS * PART as u64),
            metadata: self.shared.describes.load(Relaxed),
            distant: true,
            ..Capabilities::default()
        }
    }

    async fn stat(&self, path: &StoragePath) -> Result<Option<ObjectMeta>> {
        if path.as_str().is_empty() {
            return Ok(None);
        }
        self.shared.stat(path).await
    }

    async fn write(&self, path: &StoragePath, options: WriteOptions) -> Result<Box<dyn StorageWriter>> {
        require_name(path)?;
        options.part_name()?;
        let key = keys::encode(path)?;
        Ok(Box::new(ObjectWriter::new(self.shared.clone(), path.clone(), key, options)))
    }

    async fn read(&self, path: &StoragePath, from: u64) -> Result<BoxStream<'static, Result<Bytes>>> {
        self.shared.read(path, from).await
    }

    async fn remove(&self, path: &StoragePath) -> Result<()> {
        require_name(path)?;
        match self.shared.store.delete(&keys::encode(path)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(fault(error, path)),
        }
    }

    /// Names of other programs that end like those of parts are left out as everywhere; own parts are never listed.
    fn list(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        let is_part = |meta: &ObjectMeta| meta.path.as_str().ends_with(super::PART_SUFFIX);
        let all = self.list_with_parts(prefix);
        all.filter(move |item| future::ready(!item.as_ref().is_ok_and(is_part))).boxed()
    }

    fn list_with_parts(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        let folder = match keys::encode(prefix) {
            Ok(folder) => folder,
            Err(error) => return stream::once(future::ready(Err(error))).boxed(),
        };
        let below = (!prefix.as_str().is_empty()).then_some(&folder);
        let prefix = prefix.clone();
        let found = self.shared.store.list(below).map(move |meta| {
            let meta = meta.map_err(|error| fault(error, &prefix))?;
            Ok(ObjectMeta::new(keys::decode(&meta.location)?, meta.size, None))
        });
        found.boxed()
    }

    /// What a store has taken it keeps.
    async fn flush(&self) -> Result<()> {
        Ok(())
    }
}

impl fmt::Debug for ObjectStorage {
    /// The name that the store gives itself, as `object_store` does in its errors; its configuration may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectStorage").field("store", &self.shared.store.to_string()).finish_non_exhaustive()
    }
}

impl Shared {
    async fn stat(&self, path: &StoragePath) -> Result<Option<ObjectMeta>> {
        let options = GetOptions { head: true, ..GetOptions::default() };
        match self.store.get_opts(&keys::encode(path)?, options).await {
            Ok(found) => Ok(Some(object(path, &found))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(fault(error, path)),
        }
    }

    async fn read(&self, path: &StoragePath, from: u64) -> Result<BoxStream<'static, Result<Bytes>>> {
        let range = (from > 0).then_some(GetRange::Offset(from));
        let options = GetOptions { range, ..GetOptions::default() };
        let found = match self.store.get_opts(&self.readable(path)?, options).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Err(nothing_there(path)),
            Err(error) => return self.beyond_the_end(path, from, error).await,
        };
        let path = path.clone();
        Ok(found.into_stream().map_err(move |error| fault(error, &path)).boxed())
    }

    /// The root is a folder, and no file can be read there.
    fn readable(&self, path: &StoragePath) -> Result<Path> {
        if path.as_str().is_empty() { Err(nothing_there(path)) } else { keys::encode(path) }
    }

    /// Stores say in many ways that a range begins behind the end, and no two alike.
    async fn beyond_the_end(
        &self,
        path: &StoragePath,
        from: u64,
        error: object_store::Error,
    ) -> Result<BoxStream<'static, Result<Bytes>>> {
        match self.stat(path).await {
            Ok(Some(meta)) if from > 0 && from >= meta.size => Ok(stream::empty().boxed()),
            Ok(None) => Err(nothing_there(path)),
            _ => Err(fault(error, path)),
        }
    }
}

fn object(path: &StoragePath, found: &GetResult) -> ObjectMeta {
    let told = found.attributes.iter().filter_map(|(name, value)| match name {
        Attribute::Metadata(name) => Some((name.to_ascii_lowercase(), value.to_string())),
        _ => None,
    });
    let metadata: Metadata = told.collect();
    ObjectMeta { metadata, ..ObjectMeta::new(path.clone(), found.meta.size, None) }
}

fn nothing_there(path: &StoragePath) -> Error {
    Error::new(ErrorKind::NotFound, "no such file or folder").with("path", path)
}
