//! A storage of one's own: files in memory, each with a note of who wrote it. What it promises is tested by one line in its tests:
//! `icloud_photos::storage_conformance!(make)` (feature `testing`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::stream::{self, BoxStream, StreamExt};
use icloud_photos::storage::{
    Capabilities, Metadata, ObjectMeta, Storage, StoragePath, StorageWriter, WriteOptions,
};
use icloud_photos::sync::SyncEngine;
use icloud_photos::{Error, ErrorKind, Result};

type Files = Arc<Mutex<BTreeMap<StoragePath, (Bytes, Metadata)>>>;

#[derive(Debug, Clone, Default)]
struct Shelf(Files);

impl Shelf {
    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<StoragePath, (Bytes, Metadata)>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Storage for Shelf {
    /// It promises little: what it does not say it can, it is not asked for.
    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::default();
        (can.exclusive_commit, can.case_sensitive, can.metadata) = (true, true, true);
        can
    }

    async fn stat(&self, path: &StoragePath) -> Result<Option<ObjectMeta>> {
        Ok(self.with(|files| {
            files.get(path).map(|(bytes, metadata)| {
                let mut meta = ObjectMeta::new(path.clone(), bytes.len() as u64, None::<SystemTime>);
                meta.metadata = metadata.clone();
                meta
            })
        }))
    }

    async fn write(&self, path: &StoragePath, options: WriteOptions) -> Result<Box<dyn StorageWriter>> {
        options.part_name()?;
        require_name(path)?;
        let (shelf, path) = (self.clone(), path.clone());
        Ok(Box::new(Pen { shelf, path, options, bytes: BytesMut::new(), metadata: Metadata::new() }))
    }

    async fn read(&self, path: &StoragePath, from: u64) -> Result<BoxStream<'static, Result<Bytes>>> {
        let found = self.with(|files| files.get(path).map(|(bytes, _)| bytes.clone()));
        let bytes =
            found.ok_or_else(|| Error::new(ErrorKind::NotFound, "no such file").with("path", path))?;
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(bytes.len());
        Ok(stream::iter((from < bytes.len()).then(|| Ok(bytes.slice(from..)))).boxed())
    }

    async fn remove(&self, path: &StoragePath) -> Result<()> {
        require_name(path)?;
        self.with(|files| files.remove(path));
        Ok(())
    }

    fn list(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        let folder = if prefix.as_str().is_empty() { String::new() } else { format!("{prefix}/") };
        let found: Vec<_> = self.with(|files| {
            let below = files.iter().filter(|(path, _)| path.as_str().starts_with(&folder));
            below
                .map(|(path, (bytes, _))| Ok(ObjectMeta::new(path.clone(), bytes.len() as u64, None)))
                .collect()
        });
        stream::iter(found).boxed()
    }

    async fn flush(&self) -> Result<()> {
        Ok(())
    }
}

fn require_name(path: &StoragePath) -> Result<()> {
    match path.as_str() {
        "" => Err(Error::new(ErrorKind::Config, "the root is not a file")),
        _ => Ok(()),
    }
}

/// Nothing is seen of a file before it is whole.
struct Pen {
    shelf: Shelf,
    path: StoragePath,
    options: WriteOptions,
    bytes: BytesMut,
    metadata: Metadata,
}

#[async_trait]
impl StorageWriter for Pen {
    fn position(&self) -> u64 {
        0
    }

    async fn resumed(&mut self) -> Result<BoxStream<'static, Result<Bytes>>> {
        Ok(stream::empty().boxed())
    }

    async fn restart(&mut self) -> Result<()> {
        self.bytes.clear();
        Ok(())
    }

    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.bytes.extend_from_slice(&chunk);
        Ok(())
    }

    fn describe(&mut self, metadata: Metadata) {
        self.metadata = metadata;
    }

    async fn commit(self: Box<Self>) -> Result<ObjectMeta> {
        let Self { shelf, path, options, bytes, metadata } = *self;
        let meta = ObjectMeta::new(path.clone(), bytes.len() as u64, None);
        shelf.with(|files| {
            if files.contains_key(&path) && !options.replace {
                return Err(Error::new(ErrorKind::AlreadyExists, "the name is taken").with("path", &path));
            }
            files.insert(path, (bytes.freeze(), metadata));
            Ok(meta)
        })
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let guest = examples::sign_in().await?;
    let shelf = Shelf::default();
    let engine = SyncEngine::builder(&guest.session.primary_library(), Arc::new(shelf.clone())).build()?;
    println!("{}", engine.run(Arc::new(())).await?);
    shelf.with(|files| {
        for (path, (bytes, metadata)) in files.iter().take(5) {
            println!("{:>9} {path} {metadata:?}", bytes.len());
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    async fn make() -> (super::Shelf, ()) {
        (super::Shelf::default(), ())
    }

    icloud_photos::storage_conformance!(super::tests::make);
}
