//! A storage that is written in JavaScript: an object with the methods of `Storage` of `lib/storage.ts`.

use std::collections::HashMap;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use icloud_photos::storage::{
    Capabilities, Metadata, ObjectMeta, Storage, StoragePath, StorageWriter, WriteOptions,
};
use icloud_photos::{Error, ErrorKind, Result};
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;

use crate::ask::{Answer, Asked, Question, ThrownValue};
use crate::library::number;
use crate::value::{milliseconds, moment};

type Thing = crate::ask::Thing<StorageRequest>;

/// One call of a method of the storage, or of something that it made.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct StorageRequest {
    /// The method's name; `next` of an iteration; `end` of whatever nobody needs any more.
    pub method: String,
    /// The writer or iteration that is asked.
    pub thing: Option<u32>,
    /// The number of the writer or iteration that is made.
    pub made: Option<u32>,
    pub path: Option<String>,
    pub start: Option<f64>,
    pub writing: Option<Writing>,
    pub chunk: Option<Buffer>,
    /// What a writer is to be told before the call.
    pub metadata: Option<HashMap<String, String>>,
    /// Milliseconds since 1970.
    pub begun_ms: Option<f64>,
}

/// How a file is written.
#[napi(object)]
pub struct Writing {
    pub part: Option<String>,
    /// Milliseconds since 1970.
    pub modified_ms: Option<f64>,
    pub size: Option<f64>,
    pub replace: bool,
    pub through_links: bool,
}

/// What came of it.
#[napi(object, object_to_js = false)]
pub struct StorageReply {
    pub found: Option<FoundFile>,
    pub chunk: Option<Buffer>,
    pub position: Option<f64>,
    pub failure: Option<ThrownValue>,
}

/// What the storage knows of a file.
#[napi(object, object_to_js = false)]
pub struct FoundFile {
    pub path: String,
    pub size: f64,
    /// Milliseconds since 1970.
    pub modified_ms: Option<f64>,
    pub metadata: HashMap<String, String>,
}

impl Question for StorageRequest {
    type Answer = StorageReply;

    fn end(thing: u32) -> Self {
        Self { thing: Some(thing), ..request("end") }
    }
}

impl Answer for StorageReply {
    fn failure(&self) -> Option<&ThrownValue> {
        self.failure.as_ref()
    }
}

fn request(method: &str) -> StorageRequest {
    StorageRequest { method: method.into(), ..StorageRequest::default() }
}

fn about(method: &str, path: &StoragePath) -> StorageRequest {
    StorageRequest { path: Some(path.to_string()), ..request(method) }
}

/// Whoever writes a storage need not think of its root.
fn about_file(method: &str, path: &StoragePath) -> Result<StorageRequest> {
    match path.as_str() {
        "" => Err(Error::new(ErrorKind::Config, "the root of a storage is not a file")),
        _ => Ok(about(method, path)),
    }
}

pub(crate) struct JsStorage {
    asked: Asked<StorageRequest>,
    capabilities: Capabilities,
}

impl std::fmt::Debug for JsStorage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JsStorage")
    }
}

impl JsStorage {
    pub(crate) fn new(asked: Asked<StorageRequest>, capabilities: Capabilities) -> Self {
        Self { asked, capabilities }
    }
}

#[async_trait]
impl Storage for JsStorage {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn stat(&self, path: &StoragePath) -> Result<Option<ObjectMeta>> {
        found(self.asked.ask(about("stat", path)).await?)
    }

    async fn write(&self, path: &StoragePath, options: WriteOptions) -> Result<Box<dyn StorageWriter>> {
        options.part_name()?;
        let (thing, writing) = (self.asked.thing(), Some(Writing::from(options)));
        let begin = StorageRequest { made: Some(thing.number), writing, ..about_file("write", path)? };
        let position = self.asked.ask(begin).await?.position.unwrap_or_default();
        Ok(Box::new(Writer { thing, position: number("position", position)? as u64, metadata: None }))
    }

    async fn read(&self, path: &StoragePath, from: u64) -> Result<BoxStream<'static, Result<Bytes>>> {
        let begin = StorageRequest { start: Some(exact(from)), ..about("read", path) };
        // A generator says only at its first step that no file stands there.
        let mut chunks = iteration(self.asked.clone(), begin, chunk);
        let first = chunks.next().await.transpose()?;
        Ok(stream::iter(first.map(Ok)).chain(chunks).boxed())
    }

    async fn remove(&self, path: &StoragePath) -> Result<()> {
        self.asked.ask(about_file("remove", path)?).await.map(drop)
    }

    fn list(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        iteration(self.asked.clone(), about("list", prefix), found)
    }

    async fn flush(&self) -> Result<()> {
        self.asked.ask(request("flush")).await.map(drop)
    }

    async fn tidy(&self, begun: SystemTime) -> Result<()> {
        let asked = StorageRequest { begun_ms: Some(since_1970(begun)), ..request("tidy") };
        self.asked.ask(asked).await.map(drop)
    }
}

struct Writer {
    /// When it is dropped JavaScript gives the file up, unless it was committed.
    thing: Thing,
    position: u64,
    /// What is to be told with the next call: telling it must not block.
    metadata: Option<Metadata>,
}

impl Writer {
    async fn ask(&mut self, method: &str, chunk: Option<Bytes>) -> Result<StorageReply> {
        let metadata = self.metadata.take().map(|told| told.into_iter().collect());
        let chunk = chunk.map(|bytes| Vec::from(bytes).into());
        let asked = StorageRequest { thing: Some(self.thing.number), metadata, chunk, ..request(method) };
        self.thing.asked.ask(asked).await
    }
}

#[async_trait]
impl StorageWriter for Writer {
    fn position(&self) -> u64 {
        self.position
    }

    async fn resumed(&mut self) -> Result<BoxStream<'static, Result<Bytes>>> {
        let begin = StorageRequest { thing: Some(self.thing.number), ..request("resumed") };
        Ok(iteration(self.thing.asked.clone(), begin, chunk))
    }

    async fn restart(&mut self) -> Result<()> {
        self.position = 0;
        self.ask("restart", None).await.map(drop)
    }

    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.ask("take", Some(chunk)).await.map(drop)
    }

    fn describe(&mut self, metadata: Metadata) {
        self.metadata = Some(metadata);
    }

    async fn commit(mut self: Box<Self>) -> Result<ObjectMeta> {
        let committed = found(self.ask("commit", None).await?)?;
        committed.ok_or_else(|| Error::new(ErrorKind::Storage, "the storage does not say what it committed"))
    }

    async fn abort(mut self: Box<Self>) -> Result<()> {
        self.metadata = None;
        self.ask("abort", None).await.map(drop)
    }
}

/// The items of an iteration of JavaScript's, one call for each; it begins with the first.
fn iteration<T: Send + 'static>(
    asked: Asked<StorageRequest>,
    begin: StorageRequest,
    take: fn(StorageReply) -> Result<Option<T>>,
) -> BoxStream<'static, Result<T>> {
    let thing = asked.thing();
    let begin = StorageRequest { made: Some(thing.number), ..begin };
    stream::unfold(Some((thing, begin)), move |state| async move {
        let (thing, question) = state?;
        match thing.asked.ask(question).await.and_then(take).transpose()? {
            Ok(item) => {
                let next = StorageRequest { thing: Some(thing.number), ..request("next") };
                Some((Ok(item), Some((thing, next))))
            }
            Err(error) => Some((Err(error), None)),
        }
    })
    // Whoever looked at the first item may have come to the end.
    .fuse()
    .boxed()
}

fn chunk(reply: StorageReply) -> Result<Option<Bytes>> {
    Ok(reply.chunk.map(|chunk| Bytes::copy_from_slice(&chunk)))
}

fn found(reply: StorageReply) -> Result<Option<ObjectMeta>> {
    reply.found.map(ObjectMeta::try_from).transpose()
}

impl TryFrom<FoundFile> for ObjectMeta {
    type Error = Error;

    fn try_from(found: FoundFile) -> Result<Self> {
        let (path, size) = (StoragePath::parse(&found.path)?, number("size", found.size)? as u64);
        let mut meta = Self::new(path, size, found.modified_ms.and_then(moment));
        meta.metadata = found.metadata.into_iter().collect();
        Ok(meta)
    }
}

impl From<WriteOptions> for Writing {
    fn from(options: WriteOptions) -> Self {
        Self {
            part: options.part,
            modified_ms: options.modified.map(since_1970),
            size: options.size.map(exact),
            replace: options.replace,
            through_links: options.through_links,
        }
    }
}

impl Writing {
    pub(crate) fn options(self) -> Result<WriteOptions> {
        let mut options = WriteOptions::default();
        options.part = self.part;
        options.modified = self.modified_ms.and_then(moment);
        options.size = self.size.map(|size| number("size", size)).transpose()?.map(|size| size as u64);
        (options.replace, options.through_links) = (self.replace || self.through_links, self.through_links);
        Ok(options)
    }
}

/// Sizes stay below 2^53. A start beyond all files is beyond this one too.
#[allow(clippy::cast_precision_loss)]
fn exact(count: u64) -> f64 {
    count.min(9_007_199_254_740_991) as f64
}

fn since_1970(time: SystemTime) -> f64 {
    milliseconds(icloud_photos_bindings::moment(time))
}
