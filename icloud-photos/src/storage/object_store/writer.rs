//! Writing one file.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, MultipartUpload, PutMode, PutMultipartOptions, PutOptions, PutPayload,
};

use super::{PART, Shared, fault};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::held::Held;
use crate::storage::{Metadata, ObjectMeta, StoragePath, StorageWriter, WriteOptions};

pub(super) struct ObjectWriter {
    shared: Arc<Shared>,
    path: StoragePath,
    key: Path,
    options: WriteOptions,
    metadata: Metadata,
    /// Once there is more than fits into one request.
    upload: Option<Upload>,
    length: u64,
    held: Held,
    broken: bool,
}

impl ObjectWriter {
    pub(super) fn new(shared: Arc<Shared>, path: StoragePath, key: Path, options: WriteOptions) -> Self {
        let (metadata, held) = (Metadata::new(), Held::default());
        Self { shared, path, key, options, metadata, upload: None, length: 0, held, broken: false }
    }

    /// Hands whole parts over, as long as there is more than one: a file that fits into one is put at commit.
    async fn spill(&mut self) -> Result<()> {
        while self.held.len() > PART {
            let part = PutPayload::from_iter(self.held.take(PART));
            self.push(part).await?;
        }
        Ok(())
    }

    async fn push(&mut self, part: PutPayload) -> Result<()> {
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => {
                self.shared.require_free(&self.path, &self.options).await?;
                none.insert(self.shared.begin(&self.path, &self.key, &self.metadata).await?)
            }
        };
        upload.push(part).await.map_err(|error| refusal(error, &self.path))
    }

    fn require_whole(&self) -> Result<()> {
        if self.broken {
            let message = "an earlier write of this file failed";
            return Err(Error::new(ErrorKind::Storage, message).with("path", &self.path));
        }
        Ok(())
    }
}

#[async_trait]
impl StorageWriter for ObjectWriter {
    fn position(&self) -> u64 {
        0
    }

    async fn resumed(&mut self) -> Result<BoxStream<'static, Result<Bytes>>> {
        Ok(stream::empty().boxed())
    }

    async fn restart(&mut self) -> Result<()> {
        (self.held, self.length) = (Held::default(), 0);
        self.broken = true;
        if let Some(upload) = self.upload.take() {
            upload.abort().await.map_err(|error| fault(error, &self.path))?;
        }
        self.broken = false;
        Ok(())
    }

    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.require_whole()?;
        self.length += chunk.len() as u64;
        self.held.push(chunk);
        // Cut off in the middle, nobody knows what the store has.
        self.broken = true;
        self.spill().await?;
        self.broken = false;
        Ok(())
    }

    fn describe(&mut self, metadata: Metadata) {
        self.metadata = metadata;
    }

    async fn commit(mut self: Box<Self>) -> Result<ObjectMeta> {
        self.require_whole()?;
        let rest = PutPayload::from_iter(self.held.take(usize::MAX));
        if self.upload.is_none() {
            self.shared.put(&self.path, &self.key, &self.options, rest, &self.metadata).await?;
        } else {
            self.push(rest).await?;
            // Somebody may have been faster while this went up.
            self.shared.require_free(&self.path, &self.options).await?;
            if let Some(upload) = self.upload.take() {
                self.shared.complete(&self.path, &self.options, upload).await?;
            }
        }
        Ok(ObjectMeta::new(self.path.clone(), self.length, None))
    }

    async fn abort(mut self: Box<Self>) -> Result<()> {
        match self.upload.take() {
            Some(upload) => upload.abort().await.map_err(|error| fault(error, &self.path)),
            None => Ok(()),
        }
    }
}

impl Shared {
    /// Puts a file under its name in one request. Whatever the store refuses to be asked for, it is not asked for again.
    async fn put(
        &self,
        path: &StoragePath,
        key: &Path,
        options: &WriteOptions,
        bytes: PutPayload,
        metadata: &Metadata,
    ) -> Result<()> {
        let attributes = attributes(metadata);
        loop {
            let creates = !options.replace && self.creates.load(Relaxed);
            let describes = !attributes.is_empty() && self.describes.load(Relaxed);
            if !creates {
                self.require_free(path, options).await?;
            }
            let how = PutOptions {
                mode: if creates { PutMode::Create } else { PutMode::Overwrite },
                attributes: if describes { attributes.clone() } else { Attributes::new() },
                ..PutOptions::default()
            };
            match self.store.put_opts(key, bytes.clone(), how).await {
                Ok(_) => return Ok(()),
                Err(error) if cannot(&error) && describes => self.describes.store(false, Relaxed),
                Err(error) if cannot(&error) && creates => self.creates.store(false, Relaxed),
                Err(error) => return Err(refusal(error, path)),
            }
        }
    }

    /// Begins a file of several parts. What is to be kept beside it must be known by now.
    async fn begin(&self, path: &StoragePath, key: &Path, metadata: &Metadata) -> Result<Upload> {
        let attributes = attributes(metadata);
        loop {
            let describes = !attributes.is_empty() && self.describes.load(Relaxed);
            let attributes = if describes { attributes.clone() } else { Attributes::new() };
            let how = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
            match self.store.put_multipart_opts(key, how).await {
                Ok(upload) => return Ok(Upload(Some(upload))),
                Err(error) if cannot(&error) && describes => self.describes.store(false, Relaxed),
                Err(error) => return Err(refusal(error, path)),
            }
        }
    }

    /// The name was free a moment ago. If the answer is lost and something stands there now, that is most likely this very file: then it
    /// is said that the name is taken, and the caller, who knows the bytes, compares.
    async fn complete(&self, path: &StoragePath, options: &WriteOptions, upload: Upload) -> Result<()> {
        let Err(error) = upload.complete().await else { return Ok(()) };
        self.require_free(path, options).await?;
        Err(refusal(error, path))
    }

    /// A name must be free unless it may be replaced.
    async fn require_free(&self, path: &StoragePath, options: &WriteOptions) -> Result<()> {
        if !options.replace && self.stat(path).await?.is_some() {
            let advice = "something with this name exists already";
            return Err(Error::new(ErrorKind::AlreadyExists, advice).with("path", path));
        }
        Ok(())
    }
}

fn attributes(metadata: &Metadata) -> Attributes {
    let pairs = metadata.iter();
    pairs.map(|(name, value)| (Attribute::Metadata(name.clone().into()), value.clone())).collect()
}

/// What is not there when something is written is never the file itself, so nobody is to take it for gone.
fn refusal(error: object_store::Error, path: &StoragePath) -> Error {
    match error {
        object_store::Error::NotFound { .. } => {
            let message =
                "there is no such bucket, or somebody ended the upload of this file; check the bucket";
            Error::new(ErrorKind::Storage, message).with("path", path).caused_by(error)
        }
        error => fault(error, path),
    }
}

fn cannot(error: &object_store::Error) -> bool {
    use object_store::Error::{NotImplemented, NotSupported};
    matches!(error, NotImplemented { .. } | NotSupported { .. })
}

/// An upload in parts; one that is dropped is aborted.
struct Upload(Option<Box<dyn MultipartUpload>>);

impl Upload {
    async fn push(&mut self, part: PutPayload) -> object_store::Result<()> {
        match &mut self.0 {
            Some(upload) => upload.put_part(part).await,
            None => Ok(()),
        }
    }

    /// What fails here is aborted, unless it was complete in truth: then there is nothing to abort any more.
    async fn complete(mut self) -> object_store::Result<()> {
        let Some(upload) = &mut self.0 else { return Ok(()) };
        upload.complete().await?;
        self.0 = None;
        Ok(())
    }

    async fn abort(mut self) -> object_store::Result<()> {
        match self.0.take() {
            Some(mut upload) => upload.abort().await,
            None => Ok(()),
        }
    }
}

/// Without a runtime nothing can be sent any more; the bucket's rule removes what stays then.
impl Drop for Upload {
    fn drop(&mut self) {
        if let (Some(mut upload), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                if let Err(error) = upload.abort().await {
                    tracing::debug!(%error, "an upload in parts was not aborted");
                }
            });
        }
    }
}
