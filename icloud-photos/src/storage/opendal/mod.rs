//! Storages elsewhere, by OpenDAL: it does the transport, and it alone tries again what a passing fault broke.
//!
//! What is committed appears at once and whole, whatever the service can do, and nothing takes a name that is not free:
//!
//! - Up to eight mebibytes wait in memory and are put in one request, which the service is asked to refuse where something has the
//!   name already. One that answers that it cannot do that is asked just before, as those are where files are renamed.
//! - Of a longer file, where the service puts objects together from others (S3), each eight mebibytes become an object of
//!   their own below [`STAGING`], and these the file at commit, on the service's side, each bound to the version that was written.
//!   What an earlier run left of them a later one goes on with (`pieces.rs`).
//! - Where it cannot, but takes a file bit by bit and shows it at its end (Google Cloud Storage, Azure), it is given it so.
//! - Where files are renamed (WebDAV, SFTP, disks) they are written below [`STAGING`] and then renamed. Whether a name is free is asked
//!   just before; two programs that write the same name at the same moment are not kept apart there
//!   ([`Capabilities::exclusive_commit`]).
//! - Where OpenDAL gives a file over in one request only (WebDAV), a storage that was made from an address makes that request itself, and
//!   streams it (`webdav.rs`). Where the length is not known before, or the operator was made by the program, the file is held in memory
//!   until then, up to a size ([`Capabilities::max_size`]), and only so many of these at once.
//!
//! What this storage wrote and did not finish lies below [`STAGING`] and nowhere else. It is never listed.

mod address;
mod check;
mod fault;
mod large;
mod listing;
mod pieces;
mod put;
mod uploads;
mod webdav;
mod writer;

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use opendal::options::ReadOptions;
use opendal::{Entry, Operator};

pub use self::address::is_address;
pub(crate) use self::address::{identity, reached_like};
use self::fault::fault;
use self::listing::recursive;
use self::uploads::Uploads;
use self::webdav::Puts;
use self::writer::OpendalWriter;
use super::{
    Capabilities, Metadata, ObjectMeta, Storage, StoragePath, StorageWriter, WriteOptions, require_name,
};
use crate::error::{Error, ErrorKind, Result};

/// The folder of what is not finished.
const STAGING: &str = ".icloud-photos-staging";

/// Below it the paths of uploads that were begun.
const NOTES: &str = ".icloud-photos-staging/uploads";

/// A storage that OpenDAL has a service for.
///
/// Clones share what they have open. The operator should try again what may pass (`RetryLayer`); nothing else does.
#[derive(Clone)]
pub struct OpendalStorage {
    shared: Arc<Shared>,
}

struct Shared {
    operator: Operator,
    way: Way,
    /// Whether it is to be asked to refuse a put where something has the name: not all that speak S3 know that.
    refuses_taken: AtomicBool,
    /// Whether it was asked to, and understood.
    has_refused: AtomicBool,
    /// The parts that writers of this process hold, by their place below [`STAGING`].
    held: Mutex<HashSet<String>>,
    /// Folders that are there, or can be made: no file has their name.
    folders: Mutex<HashSet<StoragePath>>,
    /// Knows of what a killed program began and did not end.
    uploads: Option<Uploads>,
    /// Sends long files where OpenDAL holds them in memory.
    puts: Option<Puts>,
    /// Whoever has a question waits here where each takes a connection of its own, and servers count those that come at once.
    door: Option<tokio::sync::Semaphore>,
    /// Room for files that are held in memory whole.
    room: Arc<tokio::sync::Semaphore>,
}

/// How a file that does not fit into one request gets its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The service puts it together from pieces.
    Pieces,
    /// It is streamed, and appears at its end.
    Stream,
    /// It is streamed under another name, and renamed.
    Rename,
    /// It is held in memory whole, unless [`Puts`] can send it, written under another name, and renamed if that can be.
    Whole { renames: bool },
}

/// So many bytes become one request, or one piece.
const CHUNK: usize = 8 << 20;

/// So long may a file be that is held in memory whole, and so much all of these.
const WHOLE_AT_MOST: u32 = 512 << 20;

/// So many folders are remembered.
const FOLDERS: usize = 1000;

/// So many may ask at once where they are counted: Debian's sshd begins to turn callers away at ten.
const CALLERS: usize = 4;

/// No file is longer, and some servers cannot count further.
const LARGEST: u64 = 1 << 62;

/// So long the pieces of a file wait for somebody to go on with them.
const PIECES_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

impl Way {
    fn of(can: &opendal::Capability) -> Self {
        match (can.rename, can.write_can_multi) {
            (true, true) => Self::Rename,
            (renames, false) => Self::Whole { renames },
            (false, true) if can.write_can_copy_from => Self::Pieces,
            (false, true) => Self::Stream,
        }
    }

    fn renames(self) -> bool {
        matches!(self, Self::Rename | Self::Whole { renames: true })
    }
}

impl OpendalStorage {
    /// A storage that this operator reaches, below its root. Nothing is sent.
    pub fn new(operator: Operator) -> Self {
        let can = operator.info().capability();
        let way = Way::of(&can);
        let door = (operator.info().scheme() == "sftp").then(|| tokio::sync::Semaphore::new(CALLERS));
        let room = Arc::new(tokio::sync::Semaphore::new(WHOLE_AT_MOST as usize));
        Self {
            shared: Arc::new(Shared {
                operator,
                way,
                refuses_taken: AtomicBool::new(can.write_with_if_not_exists && !way.renames()),
                has_refused: AtomicBool::new(false),
                held: Mutex::default(),
                folders: Mutex::default(),
                uploads: None,
                puts: None,
                door,
                room,
            }),
        }
    }

    /// With what only an address tells. Only before it is cloned.
    fn with(mut self, uploads: Option<Uploads>, puts: Option<Puts>) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            (shared.uploads, shared.puts) = (uploads, puts);
        }
        self
    }
}

#[async_trait]
impl Storage for OpendalStorage {
    fn capabilities(&self) -> Capabilities {
        let way = self.shared.way;
        Capabilities {
            modified_time: false,
            resume: way == Way::Pieces,
            exclusive_commit: self.shared.refuses_taken(),
            case_sensitive: true,
            max_name: None,
            max_size: (matches!(way, Way::Whole { .. }) && self.shared.puts.is_none())
                .then_some(WHOLE_AT_MOST.into()),
            distant: !matches!(self.shared.operator.info().scheme(), "fs" | "memory"),
            metadata: self.shared.keeps_metadata(),
            ..Capabilities::default()
        }
    }

    async fn stat(&self, path: &StoragePath) -> Result<Option<ObjectMeta>> {
        self.shared.stat(path).await
    }

    async fn write(&self, path: &StoragePath, options: WriteOptions) -> Result<Box<dyn StorageWriter>> {
        require_name(path)?;
        key(path)?;
        self.shared.require_listable(path)?;
        Ok(Box::new(OpendalWriter::begin(self.shared.clone(), path.clone(), options).await?))
    }

    async fn read(&self, path: &StoragePath, from: u64) -> Result<BoxStream<'static, Result<Bytes>>> {
        self.shared.read(path, from).await
    }

    async fn remove(&self, path: &StoragePath) -> Result<()> {
        require_name(path)?;
        if self.shared.way.renames() {
            // A folder of that name is not to go.
            self.shared.stat(path).await?;
        }
        let Ok(key) = key(path) else { return Ok(()) };
        self.shared.in_turn(self.shared.operator.delete(key)).await.map_err(|error| fault(error, path))
    }

    fn list(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        let is_part = |path: &str| path.ends_with(super::PART_SUFFIX);
        self.shared.clone().list(prefix.clone(), move |path| !is_part(path))
    }

    fn list_with_parts(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        self.shared.clone().list(prefix.clone(), |_| true)
    }

    async fn tidy(&self, begun: SystemTime) -> Result<()> {
        let begun_uploads = self.shared.noted(begun).await?;
        if let Some(uploads) = self.shared.uploads.as_ref().filter(|_| !begun_uploads.is_empty()) {
            let files = begun_uploads.iter().map(|(_, file)| file.as_str()).collect();
            let ended = uploads.end_those_before(begun, &files).await?;
            tracing::debug!(ended, "uploads that were left behind");
        }
        self.shared.remove_joined(&begun_uploads).await?;
        self.shared.remove_staged(begun).await
    }

    /// What a service has taken it keeps.
    async fn flush(&self) -> Result<()> {
        Ok(())
    }
}

impl fmt::Debug for OpendalStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = self.shared.operator.info();
        f.debug_struct("OpendalStorage")
            .field("scheme", &info.scheme())
            .field("name", &info.name())
            .field("root", &info.root())
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn can(&self) -> opendal::Capability {
        self.operator.info().capability()
    }

    /// Servers of files seldom keep what they are told beside one, and refuse the file for it.
    fn keeps_metadata(&self) -> bool {
        self.can().write_with_user_metadata && !self.way.renames()
    }

    fn refuses_taken(&self) -> bool {
        self.refuses_taken.load(Relaxed)
    }

    fn held(&self) -> MutexGuard<'_, HashSet<String>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for its turn, where turns are taken. Nobody waits in here for another who does.
    async fn in_turn<T>(&self, work: impl Future<Output = opendal::Result<T>>) -> opendal::Result<T> {
        let _turn = match &self.door {
            Some(door) => door.acquire().await.ok(),
            None => None,
        };
        work.await
    }

    async fn stat(&self, path: &StoragePath) -> Result<Option<ObjectMeta>> {
        use opendal::ErrorKind::{IsADirectory, NotADirectory, NotFound};
        let Ok(key) = key(path) else { return Ok(None) };
        match self.in_turn(self.operator.stat(key)).await {
            Ok(meta) if meta.is_dir() => Err(no_file(path)),
            Ok(meta) => Ok(Some(object(path.clone(), &meta))),
            Err(error) if error.kind() == IsADirectory => Err(no_file(path)),
            Err(error) if matches!(error.kind(), NotFound | NotADirectory) => Ok(None),
            Err(error) if error.message().is_empty() => Err(self.why(key, path, error).await),
            Err(error) => Err(fault(error, path)),
        }
    }

    /// What was said without a word. The answer to a question about a file has no body, where the reason would stand; that to a reader has.
    async fn why(&self, key: &str, path: &StoragePath, error: opendal::Error) -> Error {
        let one = ReadOptions { range: (0..1).into(), ..ReadOptions::default() };
        match self.operator.read_options(key, one).await {
            Err(other) if other.kind() != opendal::ErrorKind::NotFound => fault(other, path),
            _ => fault(error, path),
        }
    }

    /// That a list can hold the name: Azure's are XML, which does not know all characters, and one such name makes the list unreadable.
    fn require_listable(&self, path: &StoragePath) -> Result<()> {
        if self.operator.info().scheme() != "azblob" || !path.as_str().contains(is_unlisted) {
            return Ok(());
        }
        let message = "names with control characters, or with what is none, cannot be stored here";
        Err(Error::new(ErrorKind::Unsupported, message).with("path", format!("{:?}", path.as_str())))
    }

    /// That no file has the name of a folder which a path needs. Servers of files say so late, or badly.
    async fn require_folders(&self, path: &StoragePath) -> Result<()> {
        let mut above = path.parent();
        while let Some(folder) = above {
            if self.folders().contains(&folder) {
                return Ok(());
            }
            if matches!(self.stat(&folder).await, Ok(Some(_))) {
                let advice = "a file stands where a folder is needed; move it away";
                return Err(Error::new(ErrorKind::AlreadyExists, advice).with("path", folder));
            }
            above = folder.parent();
            let mut folders = self.folders();
            if folders.len() >= FOLDERS {
                folders.clear();
            }
            folders.insert(folder);
        }
        Ok(())
    }

    fn folders(&self) -> MutexGuard<'_, HashSet<StoragePath>> {
        self.folders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(&self, path: &StoragePath, from: u64) -> Result<BoxStream<'static, Result<Bytes>>> {
        let Ok(key) = key(path) else {
            return Err(Error::new(ErrorKind::NotFound, "no such file or folder").with("path", path));
        };
        if self.way.renames() || from > LARGEST {
            // Such servers take all kinds of mistakes for passing faults, and are not to be led into any.
            match self.stat(path).await {
                Ok(Some(meta)) if from >= meta.size => return Ok(stream::empty().boxed()),
                Ok(Some(_)) => {}
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                _ => return Err(Error::new(ErrorKind::NotFound, "no such file or folder").with("path", path)),
            }
        }
        let open = async || {
            let reader = self.operator.reader(key).await?;
            let mut bytes = reader.into_stream(from..).await?;
            // Nothing is asked before the first bytes are wanted.
            let first = bytes.try_next().await?;
            Ok((first, bytes))
        };
        let (first, rest) = match self.in_turn(open()).await {
            Ok(open) => open,
            Err(error) => return self.nothing_there(path, from, error).await,
        };
        let file = path.clone();
        let pieces =
            stream::iter(first.map(Ok)).chain(rest).map_ok(|buffer| stream::iter(Iterator::map(buffer, Ok)));
        Ok(pieces.try_flatten().map_err(move |error| fault(error, &file)).boxed())
    }

    /// Why nothing could be read: there is no file, or none from there on.
    async fn nothing_there(
        &self,
        path: &StoragePath,
        from: u64,
        error: opendal::Error,
    ) -> Result<BoxStream<'static, Result<Bytes>>> {
        let no_file = || Err(Error::new(ErrorKind::NotFound, "no such file or folder").with("path", path));
        use opendal::ErrorKind::{IsADirectory, NotADirectory, NotFound};
        match error.kind() {
            NotFound | NotADirectory | IsADirectory => no_file(),
            // Services differ in what they say of a range that begins behind the end.
            _ => match self.stat(path).await {
                Ok(Some(meta)) if from >= meta.size => Ok(stream::empty().boxed()),
                Ok(None) => no_file(),
                Err(other) if other.kind() == ErrorKind::AlreadyExists => no_file(),
                _ => Err(fault(error, path)),
            },
        }
    }

    /// The uploads that this storage began before, and of which it did not note that they are over: where the pieces lie, and which file
    /// they make. They are few, for a run joins few at once.
    async fn noted(&self, begun: SystemTime) -> Result<Vec<(String, String)>> {
        let notes = StoragePath::parse(NOTES)?;
        let found = match self.operator.list(&format!("{NOTES}/")).await {
            Ok(found) => found,
            Err(error) if error.kind() == opendal::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(fault(error, &notes)),
        };
        let is_before =
            |note: &Entry| note.metadata().last_modified().is_some_and(|time| SystemTime::from(time) < begun);
        let mut uploads = Vec::new();
        for note in found.iter().filter(|note| !note.path().ends_with('/') && is_before(note)) {
            let text = self.operator.read(note.path()).await.map_err(|error| fault(error, &notes))?.to_vec();
            let text = String::from_utf8_lossy(&text);
            uploads.extend(text.split_once('\n').map(|(pieces, file)| (pieces.to_owned(), file.to_owned())));
        }
        Ok(uploads)
    }

    /// Removes the pieces of files that stand: whoever joined them was killed before he could.
    async fn remove_joined(&self, uploads: &[(String, String)]) -> Result<()> {
        for (pieces, file) in uploads {
            let file = StoragePath::parse(file)?;
            let is_ours = pieces.starts_with(STAGING) && StoragePath::parse(pieces).is_ok();
            if is_ours && !self.held().contains(pieces) && self.stat(&file).await?.is_some() {
                pieces::remove(self, pieces).await.map_err(|error| fault(error, &file))?;
            }
        }
        Ok(())
    }

    /// Removes what lies below [`STAGING`] that nobody has written to since then; pieces that a later run may go on with are kept
    /// for a month.
    async fn remove_staged(&self, begun: SystemTime) -> Result<()> {
        let staging = StoragePath::parse(STAGING)?;
        let mut files = match self.operator.lister_options(&format!("{STAGING}/"), recursive()).await {
            Ok(files) => files,
            Err(error) if error.kind() == opendal::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(fault(error, &staging)),
        };
        while let Some(file) = files.try_next().await.map_err(|error| fault(error, &staging))? {
            let written = match file.metadata().last_modified() {
                Some(time) => Some(time),
                None => self.operator.stat(file.path()).await.ok().and_then(|meta| meta.last_modified()),
            };
            let is_piece = self.way == Way::Pieces && !file.path().starts_with(NOTES);
            let kept_since = if is_piece { begun.checked_sub(PIECES_KEPT) } else { Some(begun) };
            let is_old =
                written.is_some_and(|time| kept_since.is_some_and(|since| SystemTime::from(time) < since));
            if is_old && !file.path().ends_with('/') {
                self.operator.delete(file.path()).await.map_err(|error| fault(error, &staging))?;
            }
        }
        Ok(())
    }
}

/// What OpenDAL calls a file. It cuts off the space around a path, which is then another.
fn key(path: &StoragePath) -> Result<&str> {
    let text = path.as_str();
    if text.trim() == text {
        return Ok(text);
    }
    let message = "names with space around them cannot be stored here";
    Err(Error::new(ErrorKind::Unsupported, message).with("path", format!("{text:?}")))
}

fn object(path: StoragePath, meta: &opendal::Metadata) -> ObjectMeta {
    let told = meta.user_metadata().into_iter().flatten();
    let metadata: Metadata =
        told.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    ObjectMeta { metadata, ..ObjectMeta::new(path, meta.content_length(), None) }
}

/// What XML has no way to write.
fn is_unlisted(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}')
}

fn no_file(path: &StoragePath) -> Error {
    Error::new(ErrorKind::AlreadyExists, "something that is no file has the name; move it away")
        .with("path", path)
}
