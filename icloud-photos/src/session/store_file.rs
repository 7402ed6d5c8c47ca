//! Sessions as files, for their owner's eyes only.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use super::pyicloud::Files;
use super::{AppleId, SavedSession, SessionStore, StoreLock};
use crate::error::{Error, ErrorKind, Result};
use crate::local_path::refuse_address;

/// A session takes some 10 KB. What is longer is none.
pub(super) const LONGEST: usize = 1 << 20;

/// Keeps sessions in a folder: `<name>-<hash>.icloud-photos.json` per account, beside it a lock file.
///
/// The folder is created with mode 0700 when the first session is saved, files with mode 0600. A file is replaced
/// atomically and only after its bytes are on the disk. The lock is advisory and works across processes; on file
/// systems that know no locks, sessions are kept without.
///
/// With [`FileSessionStore::beside_icloudpd`] it shares sessions with the Python icloudpd.
#[derive(Debug, Clone)]
pub struct FileSessionStore {
    folder: PathBuf,
    /// The files of the Python icloudpd are read and written too.
    shares: bool,
    /// That something is wrong with the files of the Python icloudpd was said.
    told: Arc<AtomicBool>,
    /// That the file is damaged was said.
    complained: Arc<AtomicBool>,
}

impl FileSessionStore {
    /// A store in `folder`. Nothing is touched yet; an address instead is refused with [`ErrorKind::Config`] when the store is used.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), shares: false, told: Arc::default(), complained: Arc::default() }
    }

    /// Shares sessions with the Python icloudpd 1.32 and its kin, whose files lie in the same folder: `<name>` with
    /// cookies and `<name>.session` with tokens.
    ///
    /// A session that is there is taken up where ours is absent or refused by Apple, and first where somebody entered a
    /// code there since ours was saved; no password and no code are asked for. Two accounts can have the same file
    /// names, so the session counts only once Apple has said that it is this account's. Whatever is saved is written
    /// there too, with mode 0600, unless the files may be another account's; a sign-out removes them. That those files
    /// cannot be read or written is never an error.
    #[must_use]
    pub fn beside_icloudpd(mut self) -> Self {
        self.shares = true;
        self
    }

    /// The files of the Python icloudpd, if they matter.
    fn shared(&self, account: &AppleId) -> Option<Files> {
        self.shares.then(|| Files::new(&self.folder, account))
    }

    fn reader(&self, account: &AppleId) -> Reader {
        Reader { file: self.file(account), complained: self.complained.clone() }
    }

    fn file(&self, account: &AppleId) -> PathBuf {
        self.folder.join(format!("{}.icloud-photos.json", file_name(account)))
    }

    fn lock_file(&self, account: &AppleId) -> PathBuf {
        self.folder.join(format!("{}.icloud-photos.lock", file_name(account)))
    }

    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        refuse_address(&self.folder, "sessions are kept in a folder, or by a SessionStore of your own")?;
        tokio::task::spawn_blocking(work).await.map_err(|error| {
            Error::new(ErrorKind::Cancelled, "the work on the session file was stopped").caused_by(error)
        })?
    }
}

#[async_trait]
impl SessionStore for FileSessionStore {
    async fn load(&self, account: &AppleId) -> Result<Option<SavedSession>> {
        let (own, shared, told) = (self.reader(account), self.shared(account), self.told.clone());
        self.on_disk(move || {
            let saved = own.read()?;
            let Some(files) = shared else { return Ok(saved) };
            let mut session = saved.clone().unwrap_or_default();
            session.borrowed = files.borrow(&session, own.written());
            if session.borrowed.is_some() && files.are_exposed() && !told.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    "other users of this machine can read the session files of the Python icloudpd"
                );
            }
            Ok(if session.borrowed.is_some() { Some(session) } else { saved })
        })
        .await
    }

    async fn save(&self, account: &AppleId, session: &SavedSession) -> Result<()> {
        let bytes = serde_json::to_vec(session).map_err(|error| {
            Error::new(ErrorKind::Unexpected, "cannot write the session").caused_by(error)
        })?;
        let (folder, own, session) = (self.folder.clone(), self.reader(account), session.clone());
        let (shared, told) = (self.shared(account), self.told.clone());
        self.on_disk(move || {
            let (before, written) = (own.before(shared.is_some()), own.written());
            replace(&folder, &own.file, &bytes).map_err(|error| Error::storage(error, own.file.display()))?;
            if let Some(files) = shared {
                share(&files, &session, &before, written, &told);
            }
            Ok(())
        })
        .await
    }

    async fn remove(&self, account: &AppleId) -> Result<()> {
        let (own, shared, told) = (self.reader(account), self.shared(account), self.told.clone());
        self.on_disk(move || {
            let before = own.before(shared.is_some());
            match fs::remove_file(&own.file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::storage(error, own.file.display()));
                }
                _ => {}
            }
            if let Some(files) = shared {
                share(&files, &SavedSession::default(), &before, None, &told);
            }
            Ok(())
        })
        .await
    }

    async fn try_lock(&self, account: &AppleId) -> Result<Option<StoreLock>> {
        let (folder, file) = (self.folder.clone(), self.lock_file(account));
        self.on_disk(move || try_lock(&folder, &file).map_err(|error| Error::storage(error, file.display())))
            .await
    }
}

/// The rule of icloudpd (letters, digits and underscores of the name), and a hash, since that rule alone gives
/// `a.b@x` and `ab@x` the same file.
fn file_name(account: &AppleId) -> String {
    let letter = |c: &char| c.is_alphanumeric() || *c == '_';
    let readable: String = account.as_str().chars().filter(letter).take(60).collect();
    let hash = Sha256::digest(account.as_str().as_bytes());
    let hash: String = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{readable}-{hash}")
}

/// Our own file.
struct Reader {
    file: PathBuf,
    complained: Arc<AtomicBool>,
}

impl Reader {
    fn read(&self) -> Result<Option<SavedSession>> {
        let file = &self.file;
        let bytes = match File::open(file).and_then(bounded) {
            Ok(bytes) if bytes.len() > LONGEST => Vec::new(),
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::storage(error, file.display())),
        };
        if let Ok(session) = serde_json::from_slice(&bytes) {
            return Ok(Some(session));
        }
        if is_newer(&bytes) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "this session was saved by a newer version; update, or remove it",
            )
            .with("path", file.display()));
        }
        if !self.complained.swap(true, Ordering::Relaxed) {
            tracing::warn!(path = %file.display(), "the saved session is damaged and is ignored");
        }
        Ok(None)
    }

    /// What is about to be replaced, where that matters.
    fn before(&self, matters: bool) -> SavedSession {
        if matters { self.read().ok().flatten().unwrap_or_default() } else { SavedSession::default() }
    }

    fn written(&self) -> Option<SystemTime> {
        fs::metadata(&self.file).and_then(|metadata| metadata.modified()).ok()
    }
}

/// Does for the files of the Python icloudpd what was done to ours. Only ours matter: a failure is told, once.
fn share(
    files: &Files,
    session: &SavedSession,
    before: &SavedSession,
    written: Option<SystemTime>,
    told: &AtomicBool,
) {
    let done = match session.signed_in {
        Some(_) => files.lend(session, before, written),
        None => files.forget(before),
    };
    if let Err(error) = done
        && !told.swap(true, Ordering::Relaxed)
    {
        tracing::warn!(%error, "the session files of the Python icloudpd stay as they were");
    }
}

/// One byte more than is allowed shows that there is too much; a device or a pipe has no end and no length.
pub(super) fn bounded(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LONGEST as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whole JSON with a format that this version does not know.
fn is_newer(bytes: &[u8]) -> bool {
    let json: Option<serde_json::Value> = serde_json::from_slice(bytes).ok();
    json.is_some_and(|json| json.get("format").is_some_and(|format| format != "1"))
}

pub(super) fn replace(folder: &Path, file: &Path, bytes: &[u8]) -> io::Result<()> {
    create_private(folder)?;
    let mut staged = tempfile::NamedTempFile::new_in(folder)?;
    staged.write_all(bytes)?;
    staged.as_file().sync_all()?;
    staged.persist(file).map_err(|error| error.error)?;
    // Network mounts refuse to sync a folder; the session is in its place all the same.
    #[cfg(unix)]
    if let Err(error) = File::open(folder).and_then(|folder| folder.sync_all()) {
        tracing::debug!(%error, path = %folder.display(), "cannot sync the folder");
    }
    Ok(())
}

fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

fn try_lock(folder: &Path, file: &Path) -> io::Result<Option<StoreLock>> {
    create_private(folder)?;
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let claim = options.open(file)?;
    match claim.try_lock() {
        Ok(()) => Ok(Some(StoreLock::new(claim))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => {
            tracing::warn!(%error, path = %file.display(), "this file system knows no locks; going on without");
            Ok(Some(StoreLock::new(())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::saved::SignedIn;

    fn account(name: &str) -> AppleId {
        AppleId::new(name).unwrap()
    }

    fn session(token: &str) -> SavedSession {
        let mut signed_in = SignedIn::default();
        signed_in.tokens.trust_token = token.into();
        SavedSession { signed_in: Some(signed_in), ..SavedSession::default() }
    }

    #[tokio::test]
    async fn saves_replaces_and_removes_for_the_owner_only() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        let store = FileSessionStore::new(&folder);
        let jane = account("jane@x.com");
        assert!(store.load(&jane).await.unwrap().is_none());
        store.remove(&jane).await.unwrap();
        store.save(&jane, &session("one")).await.unwrap();
        store.save(&jane, &session("two")).await.unwrap();
        let loaded = store.load(&jane).await.unwrap().unwrap();
        assert_eq!(loaded.signed_in.unwrap().tokens.trust_token.expose(), "two");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&folder), mode(&store.file(&jane))), (0o700, 0o600));
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no staging file is left");
        store.remove(&jane).await.unwrap();
        assert!(store.load(&jane).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn damaged_is_none_but_newer_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let store = FileSessionStore::new(root.path());
        let jane = account("jane@x.com");
        fs::write(store.file(&jane), r#"{"format":"1","signed_in":{"tok"#).unwrap();
        assert!(store.load(&jane).await.unwrap().is_none());
        fs::write(store.file(&jane), r#"{"format":"2","else":1}"#).unwrap();
        assert_eq!(store.load(&jane).await.unwrap_err().kind(), ErrorKind::Unsupported);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_file_without_an_end_is_a_damaged_one() {
        let root = tempfile::tempdir().unwrap();
        let store = FileSessionStore::new(root.path());
        let jane = account("jane@x.com");
        std::os::unix::fs::symlink("/dev/zero", store.file(&jane)).unwrap();
        assert!(store.load(&jane).await.unwrap().is_none());
        store.save(&jane, &session("one")).await.unwrap();
        assert!(store.load(&jane).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn only_one_has_the_lock() {
        let root = tempfile::tempdir().unwrap();
        let (one, two) = (FileSessionStore::new(root.path()), FileSessionStore::new(root.path()));
        let jane = account("jane@x.com");
        let claim = one.try_lock(&jane).await.unwrap();
        assert!(claim.is_some());
        assert!(two.try_lock(&jane).await.unwrap().is_none());
        assert!(two.try_lock(&account("joe@x.com")).await.unwrap().is_some());
        drop(claim);
        assert!(two.try_lock(&jane).await.unwrap().is_some());
    }

    #[test]
    fn names_are_readable_and_do_not_clash() {
        let (dotted, plain) = (file_name(&account("a.b@x")), file_name(&account("ab@x")));
        assert!(
            dotted.starts_with("abx-") && plain.starts_with("abx-") && dotted != plain,
            "{dotted} {plain}"
        );
        assert_eq!(file_name(&account("JDoe@Gmail.com")), file_name(&account("jdoe@gmail.com")));
        assert!(file_name(&account(&"é".repeat(500))).len() < 200);
        assert!(!file_name(&account("../../etc/passwd")).contains(['/', '.']));
    }
}
