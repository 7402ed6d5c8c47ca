//! Storage in memory, for tests and for programs that want bytes rather than files.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::stream::{self, BoxStream, StreamExt};

use super::{
    Capabilities, Entry, FileId, LinkKind, Metadata, ObjectMeta, Storage, StoragePath, StorageWriter,
    WriteOptions, require_name,
};
use crate::error::{Error, ErrorKind, Result};

/// Files in memory, gone with the last clone. It behaves as a local disk does: a file cannot be a folder as well.
#[derive(Clone, Default)]
pub struct MemoryStorage {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    files: BTreeMap<StoragePath, File>,
    /// Parts that no writer holds.
    parts: BTreeMap<StoragePath, Vec<Bytes>>,
    /// The number of the last file that was written.
    last: u64,
}

#[derive(Clone)]
struct File {
    bytes: Bytes,
    modified: Option<SystemTime>,
    metadata: Metadata,
    /// Which file it is: the same under all its names.
    number: u64,
}

impl MemoryStorage {
    /// An empty storage.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Storage for MemoryStorage {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            modified_time: true,
            resume: true,
            exclusive_commit: true,
            case_sensitive: true,
            max_name: None,
            max_size: None,
            distant: false,
            metadata: true,
            hard_links: true,
            reflinks: false,
            symbolic_links: false,
        }
    }

    async fn stat(&self, path: &StoragePath) -> Result<Option<ObjectMeta>> {
        let told = |file: &File| ObjectMeta { metadata: file.metadata.clone(), ..file.meta(path) };
        Ok(self.lock().files.get(path).map(told))
    }

    async fn write(&self, path: &StoragePath, options: WriteOptions) -> Result<Box<dyn StorageWriter>> {
        require_name(path)?;
        let part = options.part_name()?.map(|name| sibling(path, name)).transpose()?;
        let chunks = part.as_ref().and_then(|part| self.lock().parts.remove(part)).unwrap_or_default();
        let resumed = length(&chunks);
        Ok(Box::new(MemoryWriter {
            storage: self.clone(),
            path: path.clone(),
            part,
            options,
            chunks,
            resumed,
            metadata: Metadata::new(),
        }))
    }

    async fn read(&self, path: &StoragePath, from: u64) -> Result<BoxStream<'static, Result<Bytes>>> {
        let file =
            self.lock().files.get(path).cloned().ok_or_else(|| {
                Error::new(ErrorKind::NotFound, "no such file or folder").with("path", path)
            })?;
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(file.bytes.len());
        Ok(pieces(vec![file.bytes.slice(from..)]))
    }

    async fn remove(&self, path: &StoragePath) -> Result<()> {
        require_name(path)?;
        self.lock().files.remove(path);
        Ok(())
    }

    fn list(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        let shared = self.lock();
        let below = shared.files.iter().filter(|(path, _)| is_below(path, prefix));
        let found: Vec<_> = below.map(|(path, file)| Ok(file.meta(path))).collect();
        stream::iter(found).boxed()
    }

    async fn flush(&self) -> Result<()> {
        Ok(())
    }

    async fn link(&self, from: &StoragePath, to: &StoragePath, kind: LinkKind) -> Result<()> {
        require_name(to)?;
        if kind != LinkKind::Hard {
            return Err(Error::new(ErrorKind::Unsupported, "memory knows hard links alone").with("to", to));
        }
        let mut shared = self.lock();
        let file = shared.files.get(from).cloned();
        let file = file.ok_or_else(|| Error::new(ErrorKind::NotFound, "no such file").with("path", from))?;
        shared.refuse_clash(to)?;
        shared.refuse_taken(to)?;
        shared.files.insert(to.clone(), file);
        Ok(())
    }

    async fn look(&self, paths: Vec<StoragePath>) -> Vec<Result<Option<Entry>>> {
        let shared = self.lock();
        paths.iter().map(|path| Ok(shared.entry(path))).collect()
    }
}

impl fmt::Debug for MemoryStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStorage").field("files", &self.lock().files.len()).finish_non_exhaustive()
    }
}

impl File {
    fn meta(&self, path: &StoragePath) -> ObjectMeta {
        ObjectMeta::new(path.clone(), self.bytes.len() as u64, self.modified)
    }
}

impl Shared {
    fn entry(&self, path: &StoragePath) -> Option<Entry> {
        let file = self.files.get(path)?;
        let id = Some(FileId::new(0, file.number));
        Some(Entry { id, ..Entry::of(&file.meta(path)) })
    }

    fn refuse_taken(&self, path: &StoragePath) -> Result<()> {
        if self.files.contains_key(path) {
            let advice = "something with this name exists already";
            return Err(Error::new(ErrorKind::AlreadyExists, advice).with("path", path));
        }
        Ok(())
    }

    fn refuse_clash(&self, path: &StoragePath) -> Result<()> {
        let folder_in_the_way = self.files.keys().any(|other| is_below(other, path));
        let ancestors = std::iter::successors(path.parent(), StoragePath::parent);
        let file_in_the_way = ancestors.into_iter().any(|folder| self.files.contains_key(&folder));
        if folder_in_the_way || file_in_the_way {
            let advice = "a name cannot be a file and a folder at once";
            return Err(Error::new(ErrorKind::AlreadyExists, advice).with("path", path));
        }
        Ok(())
    }
}

struct MemoryWriter {
    storage: MemoryStorage,
    path: StoragePath,
    part: Option<StoragePath>,
    options: WriteOptions,
    chunks: Vec<Bytes>,
    resumed: u64,
    metadata: Metadata,
}

#[async_trait]
impl StorageWriter for MemoryWriter {
    fn position(&self) -> u64 {
        self.resumed
    }

    async fn resumed(&mut self) -> Result<BoxStream<'static, Result<Bytes>>> {
        let mut left = self.resumed;
        let before = self.chunks.iter().take_while(|chunk| {
            let inside = left > 0;
            left = left.saturating_sub(chunk.len() as u64);
            inside
        });
        Ok(pieces(before.cloned().collect()))
    }

    async fn restart(&mut self) -> Result<()> {
        self.chunks.clear();
        self.resumed = 0;
        Ok(())
    }

    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.chunks.push(chunk);
        Ok(())
    }

    fn describe(&mut self, metadata: Metadata) {
        self.metadata = metadata;
    }

    async fn commit(mut self: Box<Self>) -> Result<ObjectMeta> {
        let mut shared = self.storage.lock();
        shared.refuse_clash(&self.path)?;
        if !self.options.replace {
            shared.refuse_taken(&self.path)?;
        }
        shared.last += 1;
        let (number, metadata) = (shared.last, std::mem::take(&mut self.metadata));
        let file = File { bytes: join(&self.chunks), modified: self.options.modified, metadata, number };
        let meta = file.meta(&self.path);
        shared.files.insert(self.path.clone(), file);
        drop(shared);
        self.part = None;
        Ok(meta)
    }

    async fn abort(mut self: Box<Self>) -> Result<()> {
        self.part = None;
        Ok(())
    }
}

/// Leaves the part for a later writer.
impl Drop for MemoryWriter {
    fn drop(&mut self) {
        if let Some(part) = self.part.take() {
            self.storage.lock().parts.insert(part, std::mem::take(&mut self.chunks));
        }
    }
}

fn sibling(path: &StoragePath, name: &str) -> Result<StoragePath> {
    let folder = path.parent().unwrap_or_else(StoragePath::root);
    StoragePath::parse(&format!("{folder}/{name}"))
}

fn is_below(path: &StoragePath, folder: &StoragePath) -> bool {
    let (path, folder) = (path.as_str(), folder.as_str());
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

fn length(chunks: &[Bytes]) -> u64 {
    chunks.iter().map(|chunk| chunk.len() as u64).sum()
}

fn join(chunks: &[Bytes]) -> Bytes {
    match chunks {
        [only] => only.clone(),
        _ => chunks
            .iter()
            .fold(BytesMut::new(), |mut all, chunk| {
                all.extend_from_slice(chunk);
                all
            })
            .freeze(),
    }
}

fn pieces(chunks: Vec<Bytes>) -> BoxStream<'static, Result<Bytes>> {
    stream::iter(chunks.into_iter().filter(|chunk| !chunk.is_empty()).map(Ok)).boxed()
}
