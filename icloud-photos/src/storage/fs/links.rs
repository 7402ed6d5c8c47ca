//! Links on the local disk, and what stands there without following any.

use std::fs::Metadata;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::{Disk, fault, is_absence};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::StoragePath;
use crate::storage::links::{Entry, EntryKind, FileId, LinkKind};

/// What the disks of this system may know; whether one does shows when it is asked.
pub(super) const HARD: bool = cfg!(unix);
pub(super) const SYMBOLIC: bool = cfg!(unix);
pub(super) const REFLINK: bool = cfg!(any(target_os = "linux", target_os = "android"));

const OTHER_DISK: &str = "a hard link cannot lead to another file system, and this folder is on another one than the file; \
                          choose symbolic links or copies";
const NO_LINKS: &str = "such links cannot be made here: the file system does not know them, or the file is somebody else's; \
                        choose another kind, or copies";

impl Disk {
    pub(super) fn look(&self, path: &StoragePath) -> Result<Option<Entry>> {
        let file = self.locate(path);
        let meta = match std::fs::symlink_metadata(&file) {
            Ok(meta) => meta,
            Err(error) if is_absence(&error) => return Ok(None),
            Err(error) => return Err(fault(error, file.display())),
        };
        if !meta.is_symlink() {
            let kind = if meta.is_file() { EntryKind::File } else { EntryKind::Other };
            return Ok(Some(entry(kind, Some(&meta))));
        }
        let followed = std::fs::metadata(&file).ok();
        let target = std::fs::read_link(&file).map_err(|error| fault(error, file.display()))?;
        let leads_to = self.within(&file, &target);
        Ok(Some(entry(EntryKind::Link(leads_to), followed.as_ref())))
    }

    /// Where a link in the storage leads, by its text, if that is in the storage.
    fn within(&self, link: &Path, target: &Path) -> Option<StoragePath> {
        let folder = link.parent()?;
        let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let target = plain(&folder.join(target));
        let root = std::fs::canonicalize(&self.root).unwrap_or_else(|_| self.root.clone());
        let inside = target.strip_prefix(&root).or_else(|_| target.strip_prefix(&self.root)).ok()?;
        StoragePath::parse(inside.to_str()?).ok()
    }

    pub(super) fn link(&self, from: &StoragePath, to: &StoragePath, kind: LinkKind) -> Result<()> {
        let (file, name) = (self.locate(from), self.locate(to));
        let folder = name.parent().unwrap_or(&self.root);
        std::fs::create_dir_all(folder).map_err(|error| fault(error, folder.display()))?;
        let made = match kind {
            // A link to a link would lead nowhere once that one is gone.
            LinkKind::Hard => std::fs::canonicalize(&file).and_then(|file| std::fs::hard_link(file, &name)),
            LinkKind::Symbolic => self.target(from, to, folder).and_then(|target| symlink(&target, &name)),
            LinkKind::Reflink => reflink(&file, &name, folder),
        };
        made.map_err(|error| refusal(error, &name))
    }

    /// Relative, so that the folder may be moved as a whole, unless a link among the folders above leads elsewhere.
    fn target(&self, from: &StoragePath, to: &StoragePath, folder: &Path) -> io::Result<PathBuf> {
        let root = std::fs::canonicalize(&self.root)?;
        let parent = to.parent().unwrap_or_else(StoragePath::root);
        let plain = if parent.as_str().is_empty() { root.clone() } else { root.join(parent.as_str()) };
        if std::fs::canonicalize(folder)? != plain {
            return Ok(root.join(from.as_str()));
        }
        let up = parent.as_str().split('/').filter(|part| !part.is_empty()).count();
        Ok(std::iter::repeat_n("..", up).collect::<PathBuf>().join(from.as_str()))
    }

    /// Removes empty folders from `folder` upwards, below `top`.
    pub(super) fn prune(&self, folder: &StoragePath, top: &StoragePath) {
        let below_top = |folder: &StoragePath| {
            let rest = folder.as_str().strip_prefix(top.as_str());
            !folder.as_str().is_empty() && rest.is_some_and(|rest| rest.starts_with('/'))
        };
        let mut next = Some(folder.clone());
        while let Some(folder) = next.filter(below_top) {
            // Never one that holds anything: the system refuses.
            if std::fs::remove_dir(self.locate(&folder)).is_err() {
                return;
            }
            next = folder.parent();
        }
    }
}

fn entry(kind: EntryKind, meta: Option<&Metadata>) -> Entry {
    let size = meta.map_or(0, Metadata::len);
    let mut entry = Entry::new(kind, size, meta.and_then(|meta| meta.modified().ok()));
    #[cfg(unix)]
    if let Some(meta) = meta {
        use std::os::unix::fs::MetadataExt;
        (entry.id, entry.names) = (Some(FileId::new(meta.dev(), meta.ino())), Some(meta.nlink()));
    }
    entry
}

/// Without `..`, by the text alone.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

fn refusal(error: io::Error, name: &Path) -> Error {
    use io::ErrorKind as Io;
    let advice = match error.kind() {
        Io::CrossesDevices => OTHER_DISK,
        // As Linux says it of FAT, and of file systems without shared blocks.
        Io::Unsupported | Io::TooManyLinks | Io::InvalidInput => NO_LINKS,
        Io::PermissionDenied if is_refused(&error) => NO_LINKS,
        _ => return fault(error, name.display()),
    };
    Error::new(ErrorKind::Unsupported, advice).with("path", name.display()).caused_by(error)
}

/// Not for want of a right to write to the folder.
#[cfg(unix)]
fn is_refused(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::PERM.raw_os_error())
}

#[cfg(not(unix))]
fn is_refused(_: &io::Error) -> bool {
    false
}

#[cfg(unix)]
fn symlink(target: &Path, name: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, name)
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Nothing shows under the name before all blocks are shared.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn reflink(file: &Path, name: &Path, folder: &Path) -> io::Result<()> {
    use std::fs::{File, FileTimes, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use crate::storage::PART_SUFFIX;

    let from = File::open(file)?;
    let mut builder = tempfile::Builder::new();
    let part = builder.prefix(".").suffix(PART_SUFFIX).permissions(Permissions::from_mode(0o666));
    let part = part.tempfile_in(folder)?;
    rustix::fs::ioctl_ficlone(part.as_file(), &from).map_err(|error| match error {
        rustix::io::Errno::NOTTY => io::ErrorKind::Unsupported.into(),
        error => io::Error::from(error),
    })?;
    let modified = from.metadata()?.modified()?;
    part.as_file().set_times(FileTimes::new().set_accessed(modified).set_modified(modified))?;
    part.persist_noclobber(name).map(drop).map_err(|refused| refused.error)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn reflink(_: &Path, _: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
