//! Where bytes go. Knows nothing of iCloud.
//!
//! A [`Storage`] keeps files under [`StoragePath`]s. Nothing is visible under its final name before
//! [`StorageWriter::commit`]; a writer that is dropped leaves at most a part that a later writer with the same part
//! name goes on with. The local disk and memory are built in; object stores, WebDAV and SFTP come with OpenDAL (feature `opendal`),
//! and a bucket that the program holds already with `object_store` (feature `object-store`);
//! a third party's storage proves itself with `storage_conformance!` (feature `testing`).
//!
//! Storages differ, and say how: [`Capabilities`]. One that keeps [`Metadata`] beside a file can tell later what it is without
//! being read; one that keeps no times, goes on with no parts or takes no large files is used for what it can do.

#[cfg(feature = "fs")]
mod fs;
#[cfg(any(feature = "object-store", feature = "opendal"))]
mod held;
mod links;
mod memory;
#[cfg(feature = "object-store")]
mod object_store;
#[cfg(feature = "opendal")]
mod opendal;
mod path;

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};

#[cfg(feature = "fs")]
pub use self::fs::FsStorage;
pub use self::links::{Entry, EntryKind, FileId, LinkKind};
pub use self::memory::MemoryStorage;
#[cfg(feature = "object-store")]
pub use self::object_store::ObjectStorage;
#[cfg(feature = "opendal")]
pub use self::opendal::{OpendalStorage, is_address};
#[cfg(feature = "opendal")]
pub(crate) use self::opendal::{identity, reached_like};
pub use self::path::StoragePath;
use crate::error::{Error, ErrorKind, Result};

/// How the name of every part ends. [`Storage::list`] leaves such names out.
pub const PART_SUFFIX: &str = ".part";

/// How many files a storage is asked about at once, unless it knows better.
const STAT_AT_ONCE: usize = 16;

/// A place for files.
#[async_trait]
pub trait Storage: fmt::Debug + Send + Sync + 'static {
    /// What this storage can do.
    fn capabilities(&self) -> Capabilities;

    /// What stands under `path`; `None` if nothing does.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] if the name belongs to something that is no file, so that none can be written there. A
    /// storage that keeps no such things, as most object stores, has nothing to look for.
    async fn stat(&self, path: &StoragePath) -> Result<Option<ObjectMeta>>;

    /// [`Storage::stat`] for many paths; the answers come in their order. Worth more than a loop where a call costs more than
    /// its work.
    async fn stat_all(&self, paths: Vec<StoragePath>) -> Vec<Result<Option<ObjectMeta>>> {
        let stats = paths.into_iter().map(|path| async move { self.stat(&path).await });
        stream::iter(stats).buffered(STAT_AT_ONCE).collect().await
    }

    /// Begins to write `path`. Folders are made as needed, at the latest when committing.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for the root, and for a part name that is not one name ending in [`PART_SUFFIX`].
    async fn write(&self, path: &StoragePath, options: WriteOptions) -> Result<Box<dyn StorageWriter>>;

    /// Reads a file from byte `from` on; nothing comes from beyond its end.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when no file stands there.
    async fn read(&self, path: &StoragePath, from: u64) -> Result<BoxStream<'static, Result<Bytes>>>;

    /// Removes a file; no error if there is none.
    async fn remove(&self, path: &StoragePath) -> Result<()>;

    /// All files below the folder `prefix`, in no order. Parts of unfinished writes are not listed. An error names one
    /// folder that could not be read, or one name that is no text; the others still come.
    fn list(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>>;

    /// The same with the files whose names end like those of parts, whoever wrote them. A storage that keeps its parts elsewhere has
    /// nothing to add.
    fn list_with_parts(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        self.list(prefix)
    }

    /// Returns when everything committed so far would survive a loss of power.
    async fn flush(&self) -> Result<()>;

    /// Removes what writers left behind that were killed and that nobody goes on with, if they had not touched it since `begun`: uploads
    /// that were never ended, files that never got their name. Files are never touched. A storage that leaves nothing of the kind has
    /// nothing to do.
    async fn tidy(&self, _begun: SystemTime) -> Result<()> {
        Ok(())
    }

    /// Gives the file `from` one more name, `to`, in one step; folders are made as needed. What stands there is never replaced.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where such links are not known, or not between these two places; [`ErrorKind::AlreadyExists`] if the
    /// name is taken; [`ErrorKind::NotFound`] if no file is at `from`.
    async fn link(&self, from: &StoragePath, to: &StoragePath, kind: LinkKind) -> Result<()> {
        let message = format!("this storage knows no such links ({kind:?}); choose copies or a manifest");
        Err(Error::new(ErrorKind::Unsupported, message).with("from", from).with("to", to))
    }

    /// What bears each of these names, in their order, without following links; `None` where nothing does. What is no file is no
    /// error.
    async fn look(&self, paths: Vec<StoragePath>) -> Vec<Result<Option<Entry>>> {
        let found = self.stat_all(paths).await.into_iter();
        found.map(|found| Ok(found?.as_ref().map(Entry::of))).collect()
    }

    /// Removes the folder, and those above it, as long as they are empty and below `top`. Where folders come and go with their files
    /// there is nothing to do.
    async fn prune(&self, _folder: &StoragePath, _top: &StoragePath) -> Result<()> {
        Ok(())
    }
}

/// Takes the bytes of one file. Dropping it keeps the part, if the storage can resume, and else leaves nothing. A storage
/// may keep less than it was given, never more and never other bytes. After an error only dropping and
/// [`StorageWriter::abort`] make sense.
///
/// While one writer holds a part, another writer of the same part name starts at zero with a part of its own, which is
/// not kept: two files with the same bytes may be fetched at once.
#[async_trait]
pub trait StorageWriter: Send {
    /// Bytes that an earlier writer with the same part name left. They can be read back with
    /// [`StorageWriter::resumed`] and count as written.
    fn position(&self) -> u64;

    /// The bytes before [`StorageWriter::position`], for hashing them.
    async fn resumed(&mut self) -> Result<BoxStream<'static, Result<Bytes>>>;

    /// Throws away what was written so far and starts again at zero.
    async fn restart(&mut self) -> Result<()>;

    /// Takes the next bytes.
    async fn write(&mut self, chunk: Bytes) -> Result<()>;

    /// What is to be kept beside the bytes, in place of what was told before: at the beginning what is known by then, and again before
    /// [`StorageWriter::commit`], when all is. A storage that cannot keep the last word keeps the one that it had when it began to store.
    fn describe(&mut self, _metadata: Metadata) {}

    /// Makes the file appear under its name, whole, with its time. Fails with
    /// [`ErrorKind::AlreadyExists`] when something stands there and [`WriteOptions::replace`] is not set. When it
    /// fails the part is treated as when dropped; when its future is dropped the file may appear all the same.
    async fn commit(self: Box<Self>) -> Result<ObjectMeta>;

    /// Removes the part.
    async fn abort(self: Box<Self>) -> Result<()>;
}

/// What a storage can do; callers degrade knowingly. Start from the default, which promises nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Keeps [`WriteOptions::modified`].
    pub modified_time: bool,
    /// Goes on with the part of an earlier writer.
    pub resume: bool,
    /// Never replaces a foreign file when committing, even against other processes. A service may say with the first file only that it
    /// cannot; until then this is what is expected of it.
    pub exclusive_commit: bool,
    /// `a` and `A` are two names.
    pub case_sensitive: bool,
    /// Longest name between two slashes, in bytes.
    pub max_name: Option<usize>,
    /// Largest file, in bytes, for example because it takes files as a whole.
    pub max_size: Option<u64>,
    /// Each question is a request over a network: where there are many, a list costs less.
    pub distant: bool,
    /// Keeps [`Metadata`] beside a file, and [`Storage::stat`] tells it; if not beside every one, beside most.
    pub metadata: bool,
    /// [`LinkKind::Hard`] may be asked for, and [`Storage::look`] tells which names are of one file.
    pub hard_links: bool,
    /// [`LinkKind::Reflink`] may be asked for.
    pub reflinks: bool,
    /// [`LinkKind::Symbolic`] may be asked for, and [`Storage::look`] tells where they lead.
    pub symbolic_links: bool,
}

/// Names and values that a storage keeps beside a file. Names are single words of lower-case letters and digits, values are ASCII:
/// all object stores take those.
pub type Metadata = BTreeMap<String, String>;

/// How a file is written.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct WriteOptions {
    /// Name of the part, in the folder of the file, ending in [`PART_SUFFIX`]. The same name finds the part of an
    /// earlier writer. Without one nothing is left behind.
    pub part: Option<String>,
    /// Modification time, whole seconds where the storage keeps no better.
    pub modified: Option<SystemTime>,
    /// Length, if known: lets a storage choose how to write.
    pub size: Option<u64>,
    /// Whether to replace what stands under the name. Without it the name must be free.
    pub replace: bool,
    /// Where a symbolic link to a file is replaced, it stays, and the file that it leads to is replaced instead, wherever that is. A storage
    /// without such links has nothing to do.
    pub through_links: bool,
}

impl WriteOptions {
    /// Names the part.
    #[must_use]
    pub fn part(mut self, name: impl Into<String>) -> Self {
        self.part = Some(name.into());
        self
    }

    /// Sets the modification time.
    #[must_use]
    pub fn modified(mut self, time: SystemTime) -> Self {
        self.modified = Some(time);
        self
    }

    /// Tells the length.
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = Some(bytes);
        self
    }

    /// Replaces what stands under the name.
    #[must_use]
    pub fn replace(mut self) -> Self {
        self.replace = true;
        self
    }

    /// Replaces what stands under the name, and where that is a symbolic link, what it leads to.
    #[must_use]
    pub fn replace_through_links(mut self) -> Self {
        (self.replace, self.through_links) = (true, true);
        self
    }

    /// The part name, checked; for those who write a storage.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] unless it is one name that ends in [`PART_SUFFIX`].
    pub fn part_name(&self) -> Result<Option<&str>> {
        let good = |name: &str| !name.contains(['/', '\\', '\0']) && name.ends_with(PART_SUFFIX);
        match self.part.as_deref() {
            Some(name) if !good(name) => {
                let advice = "the name of a part must be one name that ends in .part";
                Err(Error::new(ErrorKind::Config, advice).with("part", name.escape_debug()))
            }
            part => Ok(part),
        }
    }
}

/// What a storage knows of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectMeta {
    /// Where it stands.
    pub path: StoragePath,
    /// Length in bytes.
    pub size: u64,
    /// Modification time, if the storage keeps one.
    pub modified: Option<SystemTime>,
    /// What was kept beside it ([`StorageWriter::describe`]). Lists do not tell.
    pub metadata: Metadata,
}

impl ObjectMeta {
    /// A file at `path` with `size` bytes and its time, if the storage keeps one, and no metadata.
    pub fn new(path: StoragePath, size: u64, modified: Option<SystemTime>) -> Self {
        Self { path, size, modified, metadata: Metadata::new() }
    }
}

/// Writes go to a name below the root.
fn require_name(path: &StoragePath) -> Result<()> {
    if path.as_str().is_empty() {
        return Err(Error::new(ErrorKind::Config, "the root of a storage is not a file"));
    }
    Ok(())
}
