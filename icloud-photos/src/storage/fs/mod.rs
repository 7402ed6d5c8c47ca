//! Storage on the local disk.

mod lane;
mod links;
mod part;
mod read;
mod walk;
mod writer;

use std::collections::HashMap;
use std::fmt::Display;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use self::lane::Lane;
use self::part::{CAN_RESUME, Finished};
use self::writer::FsWriter;
use super::{
    Capabilities, Entry, LinkKind, ObjectMeta, Storage, StoragePath, StorageWriter, WriteOptions,
    require_name,
};
use crate::error::{Error, ErrorKind, Result};
use crate::local_path::refuse_address;

const ELSEWHERE: &str = "what lies elsewhere is opened by UrlStorage or openStorage (in Python open_storage, in Rust OpendalStorage)";

/// Files below one folder of the local disk. Cheap to clone.
///
/// - A file grows as a part next to its final place and gets its name by a rename that refuses to replace anything. It
///   has the permissions that any new file gets.
/// - Files up to 256 KiB are held in memory and written at commit, in one go. Larger ones go to the disk in pieces of
///   that size, the next being received while one is written, and can be resumed.
/// - Files above 16 MiB are on the disk before they get their name, so that a loss of power cannot leave half of one
///   under it. On Linux the rest is not flushed file by file: [`Storage::flush`] asks the kernel once per file system.
/// - Symbolic links to folders and files are followed, except for parts. What replaces a file takes the place of a link to it, or with
///   [`WriteOptions::through_links`] that of the file.
/// - Names that are not Unicode are not listed.
#[derive(Debug, Clone)]
pub struct FsStorage {
    disk: Arc<Disk>,
}

#[derive(Debug)]
struct Disk {
    root: PathBuf,
    /// The last file committed to each file system since it was flushed, by device number.
    unflushed: Mutex<HashMap<u64, Arc<File>>>,
    /// Where small files are written.
    lane: Lane,
}

impl FsStorage {
    /// A storage below the folder `root`, which is made by the first commit if it is missing. A relative path counts
    /// from the working directory of this moment.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] if a file stands there, [`ErrorKind::Config`] for an empty path, or the address of a storage elsewhere.
    pub fn open(root: impl AsRef<Path>) -> Result<Self> {
        let given = root.as_ref();
        refuse_address(given, ELSEWHERE)?;
        let root = std::path::absolute(given).map_err(|error| {
            Error::new(ErrorKind::Config, "not a folder to store files in")
                .with("path", given.display())
                .caused_by(error)
        })?;
        match std::fs::metadata(&root) {
            Ok(meta) if !meta.is_dir() => Err(fault(io::ErrorKind::NotADirectory.into(), root.display())),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(fault(error, root.display())),
            _ => {
                Ok(Self { disk: Arc::new(Disk { root, unflushed: Mutex::default(), lane: Lane::default() }) })
            }
        }
    }

    /// Makes sure that files can be made here before anything is fetched for them: makes and removes an empty one, in the
    /// root, or in the nearest folder above it while the root does not exist. Room on the disk is not looked at.
    ///
    /// # Errors
    /// [`ErrorKind::PermissionDenied`] for a folder that may not be written to or takes no files at all, and whatever else the
    /// disk reports.
    pub fn check_writable(&self) -> Result<()> {
        let nearest = self.root().ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
        match tempfile::Builder::new().prefix(".icloud-photos-").tempfile_in(nearest) {
            // As /proc says it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let advice = "no file can be made here; choose another folder";
                Err(Error::new(ErrorKind::PermissionDenied, advice)
                    .with("path", nearest.display())
                    .caused_by(error))
            }
            Err(error) if error.kind() != io::ErrorKind::StorageFull => Err(fault(error, nearest.display())),
            _ => Ok(()),
        }
    }

    /// The folder, as an absolute path.
    pub fn root(&self) -> &Path {
        &self.disk.root
    }
}

#[async_trait]
impl Storage for FsStorage {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            modified_time: true,
            resume: CAN_RESUME,
            exclusive_commit: true,
            case_sensitive: !cfg!(any(target_vendor = "apple", windows)),
            max_name: Some(255),
            max_size: None,
            distant: false,
            metadata: false,
            hard_links: links::HARD,
            reflinks: links::REFLINK,
            symbolic_links: links::SYMBOLIC,
        }
    }

    async fn stat(&self, path: &StoragePath) -> Result<Option<ObjectMeta>> {
        let (disk, path) = (Arc::clone(&self.disk), path.clone());
        blocking(move || disk.stat(path)).await
    }

    /// One trip to a thread that may block, instead of one for each file.
    async fn stat_all(&self, paths: Vec<StoragePath>) -> Vec<Result<Option<ObjectMeta>>> {
        let (disk, count) = (Arc::clone(&self.disk), paths.len());
        let stats =
            blocking(move || Ok(paths.into_iter().map(|path| disk.stat(path)).collect::<Vec<_>>())).await;
        stats.unwrap_or_else(|error| (0..count).map(|_| Err(error.duplicate())).collect())
    }

    async fn write(&self, path: &StoragePath, options: WriteOptions) -> Result<Box<dyn StorageWriter>> {
        require_name(path)?;
        options.part_name()?;
        Ok(Box::new(FsWriter::begin(Arc::clone(&self.disk), path.clone(), options).await?))
    }

    async fn read(&self, path: &StoragePath, from: u64) -> Result<BoxStream<'static, Result<Bytes>>> {
        read::stream(self.disk.locate(path), from..u64::MAX).await
    }

    async fn remove(&self, path: &StoragePath) -> Result<()> {
        require_name(path)?;
        let file = self.disk.locate(path);
        blocking(move || match std::fs::remove_file(&file) {
            Ok(()) => Ok(()),
            Err(error) if is_absence(&error) => Ok(()),
            Err(_) if file.is_dir() => Err(fault(io::ErrorKind::IsADirectory.into(), file.display())),
            Err(error) => Err(fault(error, file.display())),
        })
        .await
    }

    fn list(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        walk::files(prefix.clone(), self.disk.locate(prefix), false)
    }

    fn list_with_parts(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        walk::files(prefix.clone(), self.disk.locate(prefix), true)
    }

    async fn flush(&self) -> Result<()> {
        let disk = Arc::clone(&self.disk);
        if disk.unflushed().is_empty() {
            return Ok(());
        }
        blocking(move || disk.flush()).await
    }

    async fn link(&self, from: &StoragePath, to: &StoragePath, kind: LinkKind) -> Result<()> {
        require_name(to)?;
        let (disk, from, to) = (Arc::clone(&self.disk), from.clone(), to.clone());
        blocking(move || disk.link(&from, &to, kind)).await
    }

    async fn look(&self, paths: Vec<StoragePath>) -> Vec<Result<Option<Entry>>> {
        let (disk, count) = (Arc::clone(&self.disk), paths.len());
        let found = blocking(move || Ok(paths.iter().map(|path| disk.look(path)).collect::<Vec<_>>())).await;
        found.unwrap_or_else(|error| (0..count).map(|_| Err(error.duplicate())).collect())
    }

    async fn prune(&self, folder: &StoragePath, top: &StoragePath) -> Result<()> {
        let (disk, folder, top) = (Arc::clone(&self.disk), folder.clone(), top.clone());
        blocking(move || {
            disk.prune(&folder, &top);
            Ok(())
        })
        .await
    }
}

impl Disk {
    fn locate(&self, path: &StoragePath) -> PathBuf {
        // Joining with an empty path would append a slash.
        if path.as_str().is_empty() { self.root.clone() } else { self.root.join(path.as_str()) }
    }

    fn stat(&self, path: StoragePath) -> Result<Option<ObjectMeta>> {
        let file = self.locate(&path);
        let followed = match std::fs::symlink_metadata(&file) {
            Ok(meta) if meta.is_symlink() => std::fs::metadata(&file).map_err(|_| no_file(&file))?,
            Ok(meta) => meta,
            Err(error) if is_absence(&error) => return Ok(None),
            Err(error) => return Err(fault(error, file.display())),
        };
        match followed.is_file() {
            true => Ok(Some(ObjectMeta::new(path, followed.len(), followed.modified().ok()))),
            false => Err(no_file(&file)),
        }
    }

    fn unflushed(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<File>>> {
        self.unflushed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers that a file system has something to flush.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn committed(&self, finished: Finished, _target: &Path) -> io::Result<()> {
        self.unflushed().insert(finished.device, Arc::new(finished.file));
        Ok(())
    }

    /// Elsewhere there is no call for a whole file system: the bytes are on the disk already, now their name.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn committed(&self, _finished: Finished, target: &Path) -> io::Result<()> {
        #[cfg(unix)]
        File::open(target.parent().unwrap_or(target))?.sync_all()?;
        Ok(())
    }

    /// Forgets a file system only once it was flushed, and only if nothing was committed to it meanwhile: another flush
    /// at the same time may not say that all is safe before it is.
    fn flush(&self) -> Result<()> {
        let pending: Vec<_> =
            self.unflushed().iter().map(|(device, file)| (*device, Arc::clone(file))).collect();
        for (device, file) in pending {
            #[cfg(any(target_os = "linux", target_os = "android"))]
            rustix::fs::syncfs(&file).map_err(|error| fault(error.into(), self.root.display()))?;
            let mut unflushed = self.unflushed();
            if unflushed.get(&device).is_some_and(|last| Arc::ptr_eq(last, &file)) {
                unflushed.remove(&device);
            }
        }
        Ok(())
    }
}

fn no_file(file: &Path) -> Error {
    Error::new(ErrorKind::AlreadyExists, "something that is no file has the name; move it away")
        .with("path", file.display())
}

/// Runs file work where it may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(lost(error)))
}

fn lost(error: tokio::task::JoinError) -> Error {
    let kind = if error.is_cancelled() { ErrorKind::Cancelled } else { ErrorKind::Unexpected };
    Error::new(kind, "file work was cut off").caused_by(error)
}

/// No file can stand there: nothing does, a file stands where a folder would have to, or the name is too long.
fn is_absence(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | InvalidFilename)
}

/// Our error for an I/O error, with kinds of their own for what a person can mend.
fn fault(error: io::Error, path: impl Display) -> Error {
    use io::ErrorKind as Io;
    let (kind, advice) = match error.kind() {
        Io::NotADirectory => {
            (ErrorKind::AlreadyExists, "a file stands where a folder is needed; move it away")
        }
        Io::IsADirectory | Io::DirectoryNotEmpty => {
            (ErrorKind::AlreadyExists, "a folder stands where a file is needed; move it away")
        }
        Io::InvalidFilename => (ErrorKind::Unsupported, "the name is too long for this file system"),
        Io::InvalidInput => (ErrorKind::Unsupported, "the file system does not take this name"),
        Io::FileTooLarge => (ErrorKind::Unsupported, "the file is too large for this file system"),
        _ => return Error::storage(error, path),
    };
    Error::new(kind, advice).with("path", path).caused_by(error)
}
