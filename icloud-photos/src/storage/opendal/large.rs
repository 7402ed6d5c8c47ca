//! A file that does not fit into one request, as far as the service has it.

use std::sync::Arc;

use opendal::options::ReadOptions;
use opendal::{Buffer, Writer};
use tokio::sync::OwnedSemaphorePermit;

use super::pieces::Pieces;
use super::put::{appearing, put, require_free};
use super::webdav::Put;
use super::{CHUNK, STAGING, Shared, WHOLE_AT_MOST, Way, fault, key};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Metadata, StoragePath, WriteOptions};

#[derive(Default)]
pub(super) enum Large {
    #[default]
    Nothing,
    Pieces(Pieces),
    Stream(Open),
    Rename(Open),
    Whole(Whole),
}

/// A file that the service takes bit by bit. What is dropped is given up, as far as the service can still be told.
pub(super) struct Open {
    shared: Arc<Shared>,
    /// Where it is written, which is another place than its own if it is to be renamed.
    pub(super) at: StoragePath,
    taker: Option<Taker>,
}

/// What hands the bytes to the service.
enum Taker {
    Writer(Writer),
    Put(Put),
}

/// A file that waits in memory.
pub(super) struct Whole {
    chunks: Vec<Buffer>,
    room: Option<OwnedSemaphorePermit>,
}

impl Large {
    pub(super) fn found(pieces: Option<Pieces>) -> Self {
        pieces.map_or(Self::Nothing, Self::Pieces)
    }

    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Pieces(pieces) => pieces.length(),
            _ => 0,
        }
    }

    /// Takes the next chunk; all are of one length, but what comes with the commit.
    pub(super) async fn push(
        &mut self,
        shared: &Arc<Shared>,
        path: &StoragePath,
        options: &WriteOptions,
        metadata: &Metadata,
        chunk: Buffer,
    ) -> Result<()> {
        if matches!(self, Self::Nothing) {
            *self = Self::begin(shared, path, options, metadata).await?;
        }
        match self {
            Self::Nothing => Ok(()),
            Self::Pieces(pieces) => pieces.push(chunk).await,
            Self::Stream(open) | Self::Rename(open) => open.push(chunk).await,
            Self::Whole(whole) => whole.push(chunk, path),
        }
    }

    async fn begin(
        shared: &Arc<Shared>,
        path: &StoragePath,
        options: &WriteOptions,
        metadata: &Metadata,
    ) -> Result<Self> {
        Ok(match shared.way {
            Way::Pieces => Self::Pieces(Pieces::new(shared.clone())),
            Way::Stream => {
                // What is told later comes too late.
                let how = appearing(shared, options, metadata.clone());
                Self::Stream(Open::new(shared.clone(), path.clone(), how).await?)
            }
            Way::Rename => {
                let how = opendal::options::WriteOptions { chunk: Some(CHUNK), ..Default::default() };
                Self::Rename(Open::new(shared.clone(), aside()?, how).await?)
            }
            Way::Whole { .. } => match options.size.filter(|size| *size > CHUNK as u64) {
                Some(size) if shared.puts.is_some() => {
                    Self::Rename(Open::put(shared.clone(), aside()?, size).await?)
                }
                _ => Self::Whole(Whole::new(shared, options).await?),
            },
        })
    }

    pub(super) async fn restart(&mut self) -> Result<()> {
        match self {
            // The place of the part stays taken.
            Self::Pieces(pieces) => pieces.restart().await,
            other => std::mem::take(other).abort().await,
        }
    }

    pub(super) async fn commit(
        self,
        shared: &Arc<Shared>,
        path: &StoragePath,
        options: &WriteOptions,
        rest: Buffer,
        metadata: Metadata,
    ) -> Result<()> {
        match self {
            Self::Nothing if shared.way.renames() => put_aside(shared, path, options, rest).await,
            Self::Nothing => put(shared, path, options, rest, metadata).await,
            Self::Pieces(pieces) if pieces.length() == 0 => {
                put(shared, path, options, rest, metadata).await?;
                pieces.discard().await;
                Ok(())
            }
            Self::Pieces(pieces) => pieces.commit(path, options, rest, metadata).await,
            Self::Stream(mut open) => {
                if !shared.refuses_taken() {
                    require_free(shared, path, options).await?;
                }
                open.push(rest).await?;
                open.close().await
            }
            Self::Rename(mut open) => {
                open.push(rest).await?;
                open.close().await?;
                rename(shared, &open.at, path, options).await
            }
            Self::Whole(mut whole) => {
                whole.push(rest, path)?;
                let bytes = whole.chunks.drain(..).flatten().collect();
                match shared.way.renames() {
                    true => put_aside(shared, path, options, bytes).await,
                    false => put(shared, path, options, bytes, metadata).await,
                }
            }
        }
    }

    pub(super) async fn abort(self) -> Result<()> {
        match self {
            Self::Pieces(pieces) => {
                pieces.discard().await;
                Ok(())
            }
            Self::Stream(mut open) | Self::Rename(mut open) => open.abort().await,
            Self::Nothing | Self::Whole(_) => Ok(()),
        }
    }
}

impl Whole {
    async fn new(shared: &Shared, options: &WriteOptions) -> Result<Self> {
        let size = options.size.unwrap_or(WHOLE_AT_MOST.into());
        let wanted = u32::try_from(size).unwrap_or(u32::MAX).min(WHOLE_AT_MOST);
        // Nobody closes it.
        let room = shared.room.clone().acquire_many_owned(wanted).await.ok();
        Ok(Self { chunks: Vec::new(), room })
    }

    fn push(&mut self, chunk: Buffer, path: &StoragePath) -> Result<()> {
        self.chunks.push(chunk);
        let room = self.room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if self.chunks.iter().map(Buffer::len).sum::<usize>() > room {
            self.chunks.clear();
            let advice = "the file is too large for this storage, which takes files in one go only; leave it out, or copy to another \
                          storage";
            return Err(Error::new(ErrorKind::Unsupported, advice).with("path", path).with("limit", room));
        }
        Ok(())
    }
}

impl Open {
    pub(super) async fn new(
        shared: Arc<Shared>,
        at: StoragePath,
        how: opendal::options::WriteOptions,
    ) -> Result<Self> {
        let writer =
            shared.operator.writer_options(key(&at)?, how).await.map_err(|error| fault(error, &at))?;
        Ok(Self { shared, at, taker: Some(Taker::Writer(writer)) })
    }

    /// So many bytes, by a request of our own.
    async fn put(shared: Arc<Shared>, at: StoragePath, size: u64) -> Result<Self> {
        let Some(puts) = &shared.puts else { return Ok(Self { shared, at, taker: None }) };
        if puts.makes_folders {
            let made = shared.operator.create_dir(&format!("{STAGING}/")).await;
            made.map_err(|error| fault(error, &at))?;
        }
        let put = puts.begin(at.clone(), size);
        Ok(Self { shared, at, taker: Some(Taker::Put(put)) })
    }

    /// Lets the service copy from a file of its own.
    pub(super) async fn copy_from(&mut self, from: &str, how: ReadOptions) -> Result<()> {
        let Some(Taker::Writer(writer)) = &mut self.taker else { return Ok(()) };
        writer.copy_from_options(from, how).await.map_err(|error| fault(error, &self.at))
    }

    pub(super) async fn push(&mut self, chunk: Buffer) -> Result<()> {
        match &mut self.taker {
            _ if chunk.is_empty() => Ok(()),
            Some(Taker::Writer(writer)) => writer.write(chunk).await.map_err(|error| fault(error, &self.at)),
            Some(Taker::Put(put)) => put.push(chunk).await,
            None => Ok(()),
        }
    }

    pub(super) async fn close(&mut self) -> Result<()> {
        match &mut self.taker {
            Some(Taker::Writer(writer)) => {
                writer.close().await.map_err(|error| fault(error, &self.at))?;
            }
            Some(Taker::Put(put)) => {
                put.close().await?;
                put.require_length(self.shared.stat(&self.at).await?)?;
            }
            None => {}
        }
        self.taker = None;
        Ok(())
    }

    pub(super) async fn abort(&mut self) -> Result<()> {
        let Some(taker) = self.taker.take() else { return Ok(()) };
        give_up(taker, &self.shared, &self.at).await.map_err(|error| fault(error, &self.at))
    }
}

/// Services that cannot be told to forget a file have it removed: it is written below the folder of what is not finished.
async fn give_up(taker: Taker, shared: &Shared, at: &StoragePath) -> opendal::Result<()> {
    let aborted = match taker {
        Taker::Writer(mut writer) => writer.abort().await,
        Taker::Put(put) => {
            drop(put);
            Ok(())
        }
    };
    if shared.way.renames() {
        return shared.operator.delete(at.as_str()).await;
    }
    aborted
}

impl Drop for Open {
    fn drop(&mut self) {
        let (Some(taker), Ok(runtime)) = (self.taker.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        let (shared, at) = (self.shared.clone(), self.at.clone());
        runtime.spawn(async move {
            if let Err(error) = give_up(taker, &shared, &at).await {
                tracing::debug!(error = %fault(error, &at), "an unfinished file is left behind");
            }
        });
    }
}

/// A name of its own for what is not finished.
pub(super) fn aside() -> Result<StoragePath> {
    StoragePath::parse(&format!("{STAGING}/{}", uuid::Uuid::new_v4().simple()))
}

async fn put_aside(shared: &Shared, path: &StoragePath, options: &WriteOptions, bytes: Buffer) -> Result<()> {
    let at = aside()?;
    shared.in_turn(shared.operator.write(at.as_str(), bytes)).await.map_err(|error| fault(error, path))?;
    rename(shared, &at, path, options).await
}

async fn rename(shared: &Shared, from: &StoragePath, to: &StoragePath, options: &WriteOptions) -> Result<()> {
    let renamed = async {
        shared.require_folders(to).await?;
        require_free(shared, to, options).await?;
        let renamed = shared.in_turn(shared.operator.rename(from.as_str(), key(to)?)).await;
        renamed.map_err(|error| fault(error, to))
    };
    let renamed = renamed.await;
    if renamed.is_err() {
        // What brought us here says more than a failure to clean up after it.
        let _ = shared.operator.delete(from.as_str()).await;
    }
    renamed
}
