//! A file that is being written, next to where it will stand.
//!
//! Several processes may share a folder, so a part belongs to whoever holds a lock on it *and* still finds it under its
//! name. Without the second test the lock could be one on a file that its former owner has just moved to its final
//! name, and writing into it would spoil a finished photo.

use std::fs::{File, FileTimes, OpenOptions};
use std::io::{self, IoSlice, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::SystemTime;

use bytes::Bytes;
use tempfile::TempPath;

use crate::storage::PART_SUFFIX;

/// An open part; nobody else writes to it. A named one stays on the disk when dropped.
#[derive(Debug)]
pub(super) struct Part {
    /// Before `file`: dropped first, so that the name goes while the lock still holds.
    path: TempPath,
    file: File,
    length: u64,
}

/// A file under its final name.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) file: File,
    /// The file system it is on.
    pub(super) device: u64,
}

impl Part {
    /// The part that an earlier writer left, opened at its end. `None` if there is none or another writer has it.
    pub(super) fn find(folder: &Path, name: &str) -> io::Result<Option<Self>> {
        let path = folder.join(name);
        let file = match lock::existing(&path) {
            Ok(Some(file)) => file,
            Ok(None) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if lock::is_linked_elsewhere(&file)? {
            // Left by a commit that was cut between linking and unlinking: the other name is a finished file.
            std::fs::remove_file(&path)?;
            return Ok(None);
        }
        let mut part = Self::named(file, &path)?;
        part.length = part.file.seek(SeekFrom::End(0))?;
        Ok(Some(part))
    }

    /// An empty part; its folder is made when missing. A name that another writer holds gives way to a random one.
    pub(super) fn create(folder: &Path, name: Option<&str>) -> io::Result<Self> {
        match Self::create_in(folder, name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                std::fs::create_dir_all(folder)?;
                Self::create_in(folder, name)
            }
            outcome => outcome,
        }
    }

    fn create_in(folder: &Path, name: Option<&str>) -> io::Result<Self> {
        if let Some(name) = name.filter(|_| lock::AVAILABLE) {
            let path = folder.join(name);
            if let Some(file) = lock::fresh(&path)? {
                return Self::named(file, &path);
            }
            if let Some(mut old) = Self::find(folder, name)? {
                old.restart()?;
                return Ok(old);
            }
        }
        Self::random(folder)
    }

    fn named(file: File, path: &Path) -> io::Result<Self> {
        let mut path = TempPath::try_from_path(path)?;
        path.disable_cleanup(true);
        Ok(Self { file, path, length: 0 })
    }

    fn random(folder: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".").suffix(PART_SUFFIX);
        #[cfg(unix)]
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        #[cfg(unix)]
        builder.permissions(permissions);
        let (file, path) = builder.tempfile_in(folder)?.into_parts();
        Ok(Self { file, path, length: 0 })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Removes the file when dropped, named or not.
    pub(super) fn discard_on_drop(&mut self) {
        self.path.disable_cleanup(false);
    }

    /// Back to no bytes.
    pub(super) fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.length = 0;
        Ok(())
    }

    /// Appends chunks without copying them together.
    pub(super) fn append(&mut self, chunks: &[Bytes]) -> io::Result<()> {
        for group in chunks.chunks(MAX_SLICES) {
            let mut slices: Vec<IoSlice<'_>> = group.iter().map(|chunk| IoSlice::new(chunk)).collect();
            let mut rest = &mut slices[..];
            while !rest.is_empty() {
                match self.file.write_vectored(rest) {
                    Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Ok(written) => {
                        self.length += written as u64;
                        IoSlice::advance_slices(&mut rest, written);
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// Returns when the bytes are on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Gives the part its time and its final name.
    pub(super) fn finish(
        self,
        target: &Path,
        modified: Option<SystemTime>,
        replace: bool,
    ) -> io::Result<Finished> {
        let Self { path, file, length } = self;
        let meta = file.metadata()?;
        if meta.len() != length {
            return Err(io::Error::other("another program wrote to the part"));
        }
        if let Some(time) = modified {
            set_time(&file, time);
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        file.sync_all()?;
        let renamed = if replace { path.persist(target) } else { path.persist_noclobber(target) };
        match renamed {
            Err(refused) if !replace && cannot_link(&refused.error) => {
                move_onto_placeholder(&refused.path, target)?
            }
            outcome => outcome.map_err(|refused| refused.error)?,
        }
        Ok(Finished { device: lock::device(&meta), file })
    }
}

/// What Linux takes in one call.
const MAX_SLICES: usize = 1024;

/// A time that the file system refuses becomes the epoch, as icloudpd does; the file matters more than its time.
fn set_time(file: &File, time: SystemTime) {
    let set = |time| file.set_times(FileTimes::new().set_accessed(time).set_modified(time));
    if let Err(error) = set(time).or_else(|_| set(SystemTime::UNIX_EPOCH)) {
        tracing::debug!(%error, "the file system keeps no modification time");
    }
}

/// Neither an exclusive rename nor hard links: FAT, and many network file systems.
fn cannot_link(error: &io::Error) -> bool {
    use io::ErrorKind::{PermissionDenied, Unsupported};
    matches!(error.kind(), PermissionDenied | Unsupported)
}

/// Reserves the name with an empty file, then replaces that; looking first and then replacing could cost somebody's
/// photo. A crash in between leaves the empty file, which whoever comes next takes over.
fn move_onto_placeholder(part: &Path, target: &Path) -> io::Result<()> {
    let placeholder = match OpenOptions::new().write(true).create_new(true).open(target) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            open_left_behind(target).ok_or(error)?
        }
        outcome => outcome?,
    };
    // Claimed until the end: what one writer has reserved is not left behind.
    if !lock::claim(&placeholder, target)? || placeholder.metadata()?.len() > 0 {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    // What is open cannot be replaced there.
    #[cfg(not(unix))]
    drop(placeholder);
    std::fs::rename(part, target).inspect_err(|_| {
        let _ = std::fs::remove_file(target);
    })
}

/// The empty file that stands there, if it is one.
fn open_left_behind(target: &Path) -> Option<File> {
    let meta = target.symlink_metadata().ok()?;
    let empty = meta.is_file() && meta.len() == 0;
    empty.then(|| OpenOptions::new().write(true).open(target).ok()).flatten()
}

#[cfg(unix)]
mod lock {
    use std::fs::{File, Metadata, OpenOptions};
    use std::io;
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
    use std::path::Path;

    use rustix::fs::{FlockOperation, OFlags, flock};
    use rustix::io::Errno;

    pub(super) const AVAILABLE: bool = true;

    /// A new file, locked; `None` if something stands there or takes it from us.
    pub(super) fn fresh(path: &Path) -> io::Result<Option<File>> {
        let Some(file) = open(OpenOptions::new().read(true).write(true).create_new(true), path)? else {
            return Ok(None);
        };
        match lock(&file) {
            Lock::Ours => Ok(still_stands(&file, path)?.then_some(file)),
            Lock::Taken => Ok(None),
            // Not left behind: nobody would ever use it.
            Lock::Unknown => std::fs::remove_file(path).map(|()| None),
        }
    }

    /// The file that stands there, locked; `None` if it is no plain file or another writer has it.
    pub(super) fn existing(path: &Path) -> io::Result<Option<File>> {
        let Some(file) = open(OpenOptions::new().read(true).write(true), path)? else { return Ok(None) };
        // Where locks are unknown, sharing cannot be ruled out: treat the part as taken.
        let ours = matches!(lock(&file), Lock::Ours) && still_stands(&file, path)?;
        Ok(ours.then_some(file))
    }

    /// Locks a file, as far as locks are known; true if it still stands there and nobody else has it.
    pub(super) fn claim(file: &File, path: &Path) -> io::Result<bool> {
        Ok(!matches!(lock(file), Lock::Taken) && still_stands(file, path)?)
    }

    pub(super) fn is_linked_elsewhere(file: &File) -> io::Result<bool> {
        Ok(file.metadata()?.nlink() > 1)
    }

    pub(super) fn device(meta: &Metadata) -> u64 {
        meta.dev()
    }

    /// What asking for a lock came to.
    enum Lock {
        Ours,
        Taken,
        /// The file system has none.
        Unknown,
    }

    fn lock(file: &File) -> Lock {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Lock::Ours,
            Err(Errno::WOULDBLOCK) => Lock::Taken,
            Err(_) => Lock::Unknown,
        }
    }

    fn open(options: &mut OpenOptions, path: &Path) -> io::Result<Option<File>> {
        let nofollow = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
        match options.custom_flags(nofollow).open(path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if is_not_ours(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Somebody else's, or one that we may not touch.
    fn is_not_ours(error: &io::Error) -> bool {
        use io::ErrorKind::{AlreadyExists, IsADirectory, PermissionDenied};
        matches!(error.kind(), AlreadyExists | IsADirectory | PermissionDenied)
            || error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
    }

    fn still_stands(file: &File, path: &Path) -> io::Result<bool> {
        let held = file.metadata()?;
        match path.symlink_metadata() {
            Ok(found) => Ok(found.is_file() && (found.dev(), found.ino()) == (held.dev(), held.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// No locks to lean on: every part gets a random name and none is resumed.
#[cfg(not(unix))]
mod lock {
    use std::fs::{File, Metadata};
    use std::io;
    use std::path::Path;

    pub(super) const AVAILABLE: bool = false;

    pub(super) fn fresh(_: &Path) -> io::Result<Option<File>> {
        Ok(None)
    }

    pub(super) fn existing(_: &Path) -> io::Result<Option<File>> {
        Ok(None)
    }

    pub(super) fn claim(_: &File, _: &Path) -> io::Result<bool> {
        Ok(true)
    }

    pub(super) fn is_linked_elsewhere(_: &File) -> io::Result<bool> {
        Ok(false)
    }

    pub(super) fn device(_: &Metadata) -> u64 {
        0
    }
}

pub(super) const CAN_RESUME: bool = lock::AVAILABLE;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_guards_the_name_where_links_are_unknown() {
        let folder = tempfile::tempdir().unwrap();
        let (part, target) = (folder.path().join("a.part"), folder.path().join("a"));
        std::fs::write(&part, "new").unwrap();
        move_onto_placeholder(&part, &target).unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"new");
        std::fs::write(&part, "newer").unwrap();
        let refused = move_onto_placeholder(&part, &target).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&target).unwrap(), b"new");
        assert!(move_onto_placeholder(&folder.path().join("gone.part"), &folder.path().join("b")).is_err());
        assert!(!folder.path().join("b").exists(), "no placeholder is left");
    }

    #[cfg(unix)]
    #[test]
    fn a_placeholder_that_a_crash_left_is_taken_over_but_not_one_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let (part, target) = (folder.path().join("a.part"), folder.path().join("a"));
        std::fs::write(&part, "photo").unwrap();
        let theirs = File::create(&target).unwrap();
        assert!(lock::claim(&theirs, &target).unwrap());
        let refused = move_onto_placeholder(&part, &target).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        drop(theirs);
        move_onto_placeholder(&part, &target).unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"photo");
        std::fs::write(&part, "photo").unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("link")).unwrap();
        std::fs::create_dir(folder.path().join("folder")).unwrap();
        for other in ["link", "folder"] {
            assert!(move_onto_placeholder(&part, &folder.path().join(other)).is_err(), "{other}");
        }
    }
}
