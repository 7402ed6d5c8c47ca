//! A file that the service puts together from pieces.
//!
//! Each piece is an object below the folder of what is not finished, all of one length: pieces of one file that two programs write are
//! the same. What is put together is what this writer wrote or read, for each piece is bound to its version (its ETag): a piece that
//! somebody wrote anew meanwhile makes the commit fail, and never gets under a final name.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use futures::future;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use opendal::Buffer;
use opendal::options::ReadOptions;
use sha1::{Digest as _, Sha1};

use super::fault::is_not_implemented;
use super::large::Open;
use super::put::{appearing, put, require_free};
use super::{CHUNK, NOTES, STAGING, Shared, fault};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Metadata, StoragePath, WriteOptions};

pub(super) struct Pieces {
    shared: Arc<Shared>,
    folder: String,
    /// The version of each.
    versions: Vec<String>,
    /// Whether a later writer may go on with them.
    named: bool,
}

impl Pieces {
    /// For a file that nobody goes on with.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let folder = format!("{STAGING}/{}", uuid::Uuid::new_v4().simple());
        Self { shared, folder, versions: Vec::new(), named: false }
    }

    /// Those that an earlier writer left, or none yet; `None` if another writer of this process is at them.
    pub(super) async fn find(shared: Arc<Shared>, path: &StoragePath, part: &str) -> Result<Option<Self>> {
        let folder = place(path, part);
        if !shared.held().insert(folder.clone()) {
            return Ok(None);
        }
        let mut found = Self { shared, folder, versions: Vec::new(), named: true };
        found.versions = found.look().await?;
        Ok(Some(found))
    }

    /// The versions of whole pieces from the first on, without a gap.
    async fn look(&self) -> Result<Vec<String>> {
        let folder = format!("{}/", self.folder);
        let mut found: Vec<_> = match self.shared.operator.list(&folder).await {
            Ok(entries) => entries,
            Err(error) if error.kind() == opendal::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(self.fault(error)),
        };
        found.retain(|entry| !entry.path().ends_with('/'));
        found.sort_by(|one, other| one.path().cmp(other.path()));
        let whole = found.into_iter().enumerate().map_while(|(number, entry)| {
            let is_next =
                entry.path() == self.name(number) && entry.metadata().content_length() == CHUNK as u64;
            entry.metadata().etag().filter(|_| is_next).map(str::to_owned)
        });
        Ok(whole.collect())
    }

    pub(super) fn length(&self) -> u64 {
        (self.versions.len() * CHUNK) as u64
    }

    /// What the pieces hold, up to so many bytes.
    pub(super) fn bytes(&self, length: u64) -> BoxStream<'static, Result<Bytes>> {
        let count = usize::try_from(length).unwrap_or(usize::MAX) / CHUNK;
        let pieces = self.versions.iter().enumerate().take(count);
        let pieces: Vec<_> = pieces.map(|(number, version)| (self.name(number), version.clone())).collect();
        let shared = self.shared.clone();
        let read = move |(name, version): (String, String)| {
            let shared = shared.clone();
            async move {
                let bound = ReadOptions { if_match: Some(version), ..ReadOptions::default() };
                let path = StoragePath::parse(&name)?;
                let bytes = shared.operator.read_options(&name, bound).await;
                bytes.map(|bytes| stream::iter(Iterator::map(bytes, Ok))).map_err(|error| fault(error, &path))
            }
        };
        stream::iter(pieces).then(read).try_flatten().boxed()
    }

    pub(super) async fn push(&mut self, chunk: Buffer) -> Result<()> {
        let name = self.name(self.versions.len());
        let put = self.shared.operator.write(&name, chunk).await.map_err(|error| self.fault(error))?;
        let version = put.etag().ok_or_else(|| {
            let message = "the storage does not say which version of a file it has taken";
            Error::new(ErrorKind::Unsupported, message).with("path", name)
        })?;
        self.versions.push(version.to_owned());
        Ok(())
    }

    pub(super) async fn restart(&mut self) -> Result<()> {
        self.versions.clear();
        self.remove().await.map_err(|error| self.fault(error))
    }

    /// Puts the file together, and removes the pieces. Who is no longer waited for goes on: an upload that is left in the middle would
    /// stay open.
    pub(super) async fn commit(
        self,
        path: &StoragePath,
        options: &WriteOptions,
        rest: Buffer,
        metadata: Metadata,
    ) -> Result<()> {
        // Others may have uploads in the same bucket: whose this is stands beside it until it is over. It is put as files are, so that
        // a service which cannot refuse names says so before the file depends on it.
        let note = StoragePath::parse(&format!("{NOTES}/{}", uuid::Uuid::new_v4().simple()))?;
        let whose = Buffer::from(format!("{}\n{path}", self.folder));
        match put(&self.shared, &note, &WriteOptions::default(), whose, Metadata::new()).await {
            // Nobody else has the name: the answer to an earlier try was lost.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            put => put?,
        }
        let (path, options) = (path.clone(), options.clone());
        let joining = tokio::spawn(async move {
            let asked = !options.replace && self.shared.refuses_taken();
            let (mut joined, mut over) = self.join(&path, &options, rest.clone(), metadata.clone()).await;
            if asked && over && joined.as_ref().is_err_and(is_not_implemented) {
                // There are services that know it of a file in one request only.
                self.shared.refuses_taken.store(false, Relaxed);
                (joined, over) = self.join(&path, &options, rest, metadata).await;
            }
            let shared = self.shared.clone();
            if joined.is_ok() {
                over = self.discard().await;
            }
            // Whoever is killed before, or cannot clean up, leaves the note to whoever tidies up: without one pieces of a file that stands are
            // kept for a month, and uploads for ever.
            if over {
                let _ = shared.operator.delete(note.as_str()).await;
            }
            joined
        });
        joining.await.unwrap_or_else(|error| {
            Err(Error::new(ErrorKind::Cancelled, "putting a file together was cut off").caused_by(error))
        })
    }

    /// Puts the file together; gives back whether no upload is open any more, too.
    async fn join(
        &self,
        path: &StoragePath,
        options: &WriteOptions,
        rest: Buffer,
        metadata: Metadata,
    ) -> (Result<()>, bool) {
        let how = appearing(&self.shared, options, metadata);
        let asks = how.if_not_exists;
        let mut upload = match Open::new(self.shared.clone(), path.clone(), how).await {
            Ok(upload) => upload,
            Err(error) => return (Err(error), true),
        };
        let joined = async {
            self.fill(&mut upload, rest).await?;
            if !asks {
                // This took its time, and nobody else looks.
                require_free(&self.shared, path, options).await?;
            }
            upload.close().await
        };
        let Err(error) = joined.await else { return (Ok(()), true) };
        // What brought us here says more than a failure to clean up after it.
        let over = upload.abort().await.is_ok();
        // If the answer was lost and something stands there now, that is most likely this very file: then it is said that the name is taken,
        // and the caller, who knows the bytes, compares.
        (require_free(&self.shared, path, options).await.and(Err(error)), over)
    }

    async fn fill(&self, upload: &mut Open, rest: Buffer) -> Result<()> {
        for (number, version) in self.versions.iter().enumerate() {
            let bound = ReadOptions {
                range: (0..CHUNK as u64).into(),
                if_match: Some(version.clone()),
                ..ReadOptions::default()
            };
            upload.copy_from(&self.name(number), bound).await.map_err(|error| {
                let advice = "the storage cannot put a file together from others (UploadPartCopy), which is how long files get there";
                match is_not_implemented(&error) {
                    true => Error::new(ErrorKind::Unsupported, advice).with("path", &upload.at),
                    false => error,
                }
            })?;
        }
        upload.push(rest).await
    }

    /// They are not needed any more. Whether they are gone: what cannot be removed waits for whoever tidies up.
    pub(super) async fn discard(mut self) -> bool {
        self.versions.clear();
        self.named = true;
        match self.remove().await {
            Ok(()) => true,
            Err(error) => {
                tracing::debug!(error = %self.fault(error), "pieces are left behind");
                false
            }
        }
    }

    async fn remove(&self) -> opendal::Result<()> {
        remove(&self.shared, &self.folder).await
    }

    fn name(&self, number: usize) -> String {
        format!("{}/{number:06}", self.folder)
    }

    fn fault(&self, error: opendal::Error) -> Error {
        fault(error, &StoragePath::parse(&self.folder).unwrap_or_default())
    }
}

/// Lets go of the place. What nobody goes on with is removed, as far as that can still be done.
impl Drop for Pieces {
    fn drop(&mut self) {
        self.shared.held().remove(&self.folder);
        if self.named || self.versions.is_empty() {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let left = Self {
                shared: self.shared.clone(),
                folder: self.folder.clone(),
                versions: std::mem::take(&mut self.versions),
                named: true,
            };
            runtime.spawn(left.discard());
        }
    }
}

/// Removes all pieces that lie there.
pub(super) async fn remove(shared: &Shared, folder: &str) -> opendal::Result<()> {
    let lister = match shared.operator.lister(&format!("{folder}/")).await {
        Ok(lister) => lister,
        Err(error) if error.kind() == opendal::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let files = lister.try_filter(|entry| future::ready(!entry.path().ends_with('/')));
    shared.operator.delete_try_stream(files).await
}

/// Where the pieces of a part lie: a part is one of a folder.
fn place(path: &StoragePath, part: &str) -> String {
    let folder = path.parent().unwrap_or_default();
    let digest = Sha1::digest(format!("{folder}/{part}"));
    let text: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{STAGING}/{text}")
}
