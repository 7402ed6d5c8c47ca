//! Where the file is, who may write to it, and how it comes into being.
//!
//! Nothing here opens an existing catalogue but SQLite itself: on Unix, closing a file drops every lock that the process
//! holds on it, those of SQLite included.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use tempfile::TempDir;

use super::{fault::fault, older, schema};
use crate::error::{Error, ErrorKind, Result};
use crate::local_path::refuse_address;

/// How long to wait for somebody who writes with another program.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn absolute(path: &Path) -> Result<PathBuf> {
    refuse_address(path, "this catalogue is a file; one in a database is opened by Catalogue.open")?;
    std::path::absolute(path).map_err(|error| {
        Error::new(ErrorKind::Config, "not a path for a catalogue")
            .with("path", path.display())
            .caused_by(error)
    })
}

/// The one true name of the file, so that all who come by links meet at one lock. Makes the folder.
pub(super) fn find(path: &Path) -> Result<PathBuf> {
    let path = absolute(path)?;
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        let advice = "a catalogue needs a file name";
        return Err(Error::new(ErrorKind::Config, advice).with("path", path.display()));
    };
    make_folder(folder).map_err(|error| Error::storage(error, folder.display()))?;
    match fs::canonicalize(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
            let folder = fs::canonicalize(folder).map_err(|error| Error::storage(error, folder.display()))?;
            Ok(folder.join(name))
        }
        found => found.map_err(|error| Error::storage(error, path.display())),
    }
}

/// True for a file, an error for what is none.
pub(super) fn exists(path: &Path) -> Result<bool> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_file() => Ok(true),
        Ok(_) => Err(Error::new(ErrorKind::AlreadyExists, "no file stands where the catalogue shall be")
            .with("catalogue", path.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::storage(error, path.display())),
    }
}

/// Claims the catalogue for this process; the claim ends when the file is dropped.
pub(super) fn claim(path: &Path) -> Result<Option<File>> {
    let file = beside(path, ".lock");
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    let claim = private(&mut options).open(&file).map_err(|error| Error::storage(error, file.display()))?;
    match claim.try_lock() {
        Ok(()) => Ok(Some(claim)),
        Err(TryLockError::WouldBlock) => Err(Error::new(
            ErrorKind::Conflict,
            "another run uses this catalogue, or this program opened it and did not close it: wait for its end, close it, or give each run \
             a catalogue of its own",
        )
        .with("catalogue", path.display())),
        Err(TryLockError::Error(error)) => {
            tracing::warn!(%error, path = %file.display(), "this file system knows no locks; going on without");
            Ok(None)
        }
    }
}

/// Makes an empty catalogue under another name first: under its own name it is whole from the first moment on, and an
/// empty file there is damage.
pub(super) fn make(path: &Path) -> Result<()> {
    refuse_remains(path)?;
    let staged = beside(path, ".new");
    make_staged(&staged).and_then(|()| {
        let made = open(&staged)?;
        schema::create(&made).map_err(|error| fault(error, &staged))?;
        made.close().map_err(|(_, error)| fault(error, &staged))
    })?;
    fs::rename(&staged, path).map_err(|error| Error::storage(error, path.display()))?;
    // Network mounts refuse to sync a folder; the file is in its place all the same.
    #[cfg(unix)]
    if let Some(folder) = path.parent()
        && let Err(error) = File::open(folder).and_then(|folder| folder.sync_all())
    {
        tracing::debug!(%error, path = %folder.display(), "cannot sync the folder");
    }
    Ok(())
}

pub(super) fn open(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    connect(path, flags).map_err(|error| fault(error, path))
}

/// Opens and looks at the file, so that nothing later can be about its kind. One of an older version is read from a copy, which goes
/// with the folder that comes along.
pub(super) fn open_read_only(path: &Path) -> Result<(Connection, Option<TempDir>)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = connect(path, flags).map_err(|error| fault(error, path))?;
    let (connection, version) = match schema::version(&connection, path) {
        // Without write access to the folder nobody can coordinate with a writer; none is there if nothing is written
        // ahead.
        Err(error) if error.kind() == ErrorKind::PermissionDenied && !beside(path, "-wal").exists() => {
            let still = connect_still(path).ok_or(error)?;
            let version = schema::version(&still, path)?;
            (still, version)
        }
        version => (connection, version?),
    };
    if version == schema::STEPS.len() {
        return Ok((connection, None));
    }
    let (copy, folder) = older::brought_up_to_date(&connection, path)?;
    Ok((copy, Some(folder)))
}

/// Opens a file that nobody changes.
pub(super) fn connect_still(path: &Path) -> Option<Connection> {
    let mut url = url::Url::from_file_path(path).ok()?;
    url.set_query(Some("immutable=1"));
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    connect(Path::new(url.as_str()), flags).ok()
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

/// What SQLite wrote for another file of this name would be played into the new one.
fn refuse_remains(path: &Path) -> Result<()> {
    for suffix in ["-wal", "-journal"] {
        let remains = beside(path, suffix);
        // Whoever only reads leaves an empty one.
        if fs::metadata(&remains).is_ok_and(|meta| meta.len() > 0) {
            let advice = "the catalogue is gone, but what SQLite wrote beside it is here; move this to where the catalogue is now";
            return Err(Error::new(ErrorKind::AlreadyExists, advice).with("path", remains.display()));
        }
    }
    Ok(())
}

pub(super) fn make_staged(staged: &Path) -> Result<()> {
    for suffix in ["", "-journal"] {
        let left = beside(staged, suffix);
        match fs::remove_file(&left) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::storage(error, left.display()));
            }
            _ => {}
        }
    }
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    private(&mut options).open(staged).map_err(|error| Error::storage(error, staged.display()))?;
    Ok(())
}

/// Whatever the system makes of folders for passing things.
pub(super) fn only_for_us(folder: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(folder, mode).map_err(|error| Error::storage(error, folder.display()))?;
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// For its owner's eyes only. SQLite gives its own files the permissions of the catalogue.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
