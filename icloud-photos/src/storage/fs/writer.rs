//! Writing one file.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use tokio::task::JoinHandle;

use super::part::Part;
use super::{Disk, blocking, fault, lost, read};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{ObjectMeta, StoragePath, StorageWriter, WriteOptions};

/// Bytes held in memory before they go to the disk; a file up to this size goes there at commit only.
const BATCH: usize = 256 * 1024;

/// A longer file is on the disk before it gets its name; for shorter ones one flush serves many.
const SYNC_ABOVE: u64 = 16 << 20;

/// Chunks held in memory, so that many tiny ones weigh little more than their bytes.
const MAX_CHUNKS: usize = 1024;

pub(super) struct FsWriter {
    disk: Arc<Disk>,
    target: Arc<Target>,
    state: State,
    resumed: u64,
    length: u64,
    held: Vec<Bytes>,
    held_bytes: usize,
}

struct Target {
    path: StoragePath,
    file: PathBuf,
    folder: PathBuf,
    options: WriteOptions,
}

enum State {
    /// Nothing is on the disk.
    Fresh,
    /// The part waits for more.
    Open(Part),
    /// The part takes a batch.
    Busy(JoinHandle<Result<Part>>),
    /// A write failed.
    Broken,
}

impl FsWriter {
    pub(super) async fn begin(disk: Arc<Disk>, path: StoragePath, options: WriteOptions) -> Result<Self> {
        let mut file = disk.locate(&path);
        if options.replace && options.through_links {
            file = blocking(move || end_of_link(file)).await?;
        }
        let folder = file.parent().map_or_else(|| disk.root.clone(), PathBuf::from);
        let target = Arc::new(Target { path, file, folder, options });
        let mut writer = Self {
            disk,
            target,
            state: State::Fresh,
            resumed: 0,
            length: 0,
            held: Vec::new(),
            held_bytes: 0,
        };
        if let Some(part) = writer.find_part().await? {
            (writer.resumed, writer.length) = (part.length(), part.length());
            writer.state = State::Open(part);
        }
        Ok(writer)
    }

    /// Looks for the part of an earlier writer; not for small files, which cost less to fetch than to look for.
    async fn find_part(&self) -> Result<Option<Part>> {
        let options = &self.target.options;
        if options.part.is_none() || options.size.is_some_and(|size| size <= BATCH as u64) {
            return Ok(None);
        }
        let target = Arc::clone(&self.target);
        blocking(move || target.find()).await
    }

    /// Waits until the part is at rest and takes it.
    async fn take_part(&mut self) -> Result<Option<Part>> {
        if let State::Busy(task) = &mut self.state {
            let outcome = task.await;
            self.state = State::Broken;
            self.state = State::Open(outcome.unwrap_or_else(|error| Err(lost(error)))?);
        }
        match std::mem::replace(&mut self.state, State::Broken) {
            State::Fresh => Ok(None),
            State::Open(part) => Ok(Some(part)),
            State::Busy(_) | State::Broken => {
                Err(Error::new(ErrorKind::Storage, "an earlier write of this file failed")
                    .with("path", self.target.file.display()))
            }
        }
    }

    fn take_held(&mut self) -> Vec<Bytes> {
        self.held_bytes = 0;
        std::mem::take(&mut self.held)
    }

    async fn spill(&mut self) -> Result<()> {
        let part = self.take_part().await?;
        let (chunks, target) = (self.take_held(), Arc::clone(&self.target));
        self.state = State::Busy(tokio::task::spawn_blocking(move || {
            let mut part = part.map_or_else(|| target.create(), Ok)?;
            part.append(&chunks).map_err(|error| target.fault(error))?;
            Ok(part)
        }));
        Ok(())
    }
}

#[async_trait]
impl StorageWriter for FsWriter {
    fn position(&self) -> u64 {
        self.resumed
    }

    async fn resumed(&mut self) -> Result<BoxStream<'static, Result<Bytes>>> {
        match &self.state {
            State::Open(part) if self.resumed > 0 => {
                read::stream(part.path().to_owned(), 0..self.resumed).await
            }
            _ => Ok(stream::empty().boxed()),
        }
    }

    async fn restart(&mut self) -> Result<()> {
        let part = self.take_part().await?;
        self.take_held();
        (self.resumed, self.length) = (0, 0);
        self.state = match part {
            None => State::Fresh,
            Some(mut part) => {
                let target = Arc::clone(&self.target);
                State::Open(
                    blocking(move || part.restart().map(|()| part).map_err(|error| target.fault(error)))
                        .await?,
                )
            }
        };
        Ok(())
    }

    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        if chunk.is_empty() {
            return Ok(());
        }
        self.length += chunk.len() as u64;
        self.held_bytes += chunk.len();
        self.held.push(chunk);
        if self.held_bytes > BATCH || self.held.len() >= MAX_CHUNKS { self.spill().await } else { Ok(()) }
    }

    async fn commit(mut self: Box<Self>) -> Result<ObjectMeta> {
        let part = self.take_part().await?;
        let chunks = self.take_held();
        let (disk, target, length) = (Arc::clone(&self.disk), Arc::clone(&self.target), self.length);
        let lane = self.disk.lane.clone();
        lane.run(move || {
            let mut part = part.map_or_else(|| target.create_whole(), Ok)?;
            let options = &target.options;
            part.append(&chunks)
                .and_then(|()| if length > SYNC_ABOVE { part.sync() } else { Ok(()) })
                .and_then(|()| part.finish(&target.file, options.modified, options.replace))
                .and_then(|finished| disk.committed(finished, &target.file))
                .map_err(|error| target.fault(error))?;
            Ok(ObjectMeta::new(target.path.clone(), length, options.modified))
        })
        .await
    }

    async fn abort(mut self: Box<Self>) -> Result<()> {
        match self.take_part().await {
            Ok(Some(mut part)) => {
                blocking(move || {
                    part.discard_on_drop();
                    Ok(())
                })
                .await
            }
            Ok(None) => Ok(()),
            // A failed write has let go of its part; take it up to remove it.
            Err(_) => {
                let target = Arc::clone(&self.target);
                blocking(move || {
                    if let Some(mut part) = target.find()? {
                        part.discard_on_drop();
                    }
                    Ok(())
                })
                .await
            }
        }
    }
}

/// Where a link leads, if it is one.
fn end_of_link(file: PathBuf) -> Result<PathBuf> {
    if !file.is_symlink() {
        return Ok(file);
    }
    std::fs::canonicalize(&file).map_err(|error| fault(error, file.display()))
}

impl Target {
    fn find(&self) -> Result<Option<Part>> {
        let Some(name) = self.options.part.as_deref() else { return Ok(None) };
        Part::find(&self.folder, name).map_err(|error| self.fault(error))
    }

    fn create(&self) -> Result<Part> {
        Part::create(&self.folder, self.options.part.as_deref()).map_err(|error| self.fault(error))
    }

    /// A part that is filled and committed at once; when that fails it is worth nothing.
    fn create_whole(&self) -> Result<Part> {
        let mut part = self.create()?;
        part.discard_on_drop();
        Ok(part)
    }

    fn fault(&self, error: std::io::Error) -> Error {
        fault(error, self.file.display())
    }
}
