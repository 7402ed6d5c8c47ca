//! What the bucket holds: an index in memory, bytes in files.
//!
//! A body goes to a file of its own first, without a lock; then one step under the lock judges the condition and changes the
//! index. A file goes with the last one that knows of it, be that the index or an answer on its way.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{ETag, ETagCondition, Metadata};
use s3s::{S3Error, S3Result, s3_error};
use tempfile::{NamedTempFile, TempPath};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _, BufWriter};
use tokio_util::io::ReaderStream;

/// The least a part may have that is not the last.
const MIN_PART: u64 = 5 * 1024 * 1024;
/// Bytes that are read from a file at a time.
const CHUNK: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    bucket: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) objects: BTreeMap<String, Arc<Object>>,
    /// By key and id; ids are in the order of their beginnings.
    pub(super) uploads: BTreeMap<(String, String), Upload>,
    begun: u64,
}

#[derive(Debug)]
pub(super) struct Object {
    pub(super) body: Body,
    pub(super) etag: String,
    pub(super) modified: SystemTime,
    pub(super) about: About,
}

#[derive(Debug)]
pub(super) struct Upload {
    pub(super) begun: SystemTime,
    pub(super) about: About,
    pub(super) parts: BTreeMap<i32, Arc<Object>>,
}

/// What was said of an object by whoever wrote it.
#[derive(Debug, Clone, Default)]
pub(super) struct About {
    pub(super) user: Metadata,
    pub(super) content_type: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) cache_control: Option<String>,
}

/// Bytes in a file, gone with the last that knows of it.
#[derive(Debug)]
pub(super) struct Body {
    file: TempPath,
    pub(super) size: u64,
    pub(super) md5: [u8; 16],
}

/// What must be so for a write to happen.
#[derive(Debug, Default)]
pub(super) struct Condition {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
}

impl Store {
    pub(super) fn new(folder: PathBuf, bucket: &str) -> Self {
        Self { folder, bucket: bucket.to_owned(), state: Mutex::default() }
    }

    pub(super) fn require(&self, bucket: &str) -> S3Result<()> {
        if bucket == self.bucket { Ok(()) } else { Err(s3_error!(NoSuchBucket)) }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, bucket: &str, key: &str) -> S3Result<Arc<Object>> {
        self.require(bucket)?;
        self.lock().objects.get(key).cloned().ok_or_else(|| s3_error!(NoSuchKey))
    }

    /// Takes a body to a file of its own.
    pub(super) async fn take<S, E>(&self, stream: S) -> S3Result<Body>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (file, path) = NamedTempFile::new_in(&self.folder).map_err(internal)?.into_parts();
        let mut file = BufWriter::with_capacity(CHUNK, tokio::fs::File::from_std(file));
        let (mut size, mut md5) = (0, Md5::new());
        let mut stream = std::pin::pin!(stream);
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(incomplete)?;
            md5.update(&chunk);
            size += chunk.len() as u64;
            file.write_all(&chunk).await.map_err(internal)?;
        }
        file.flush().await.map_err(internal)?;
        Ok(Body { file: path, size, md5: md5.finalize() })
    }

    /// Gives a body its key, if the condition holds.
    pub(super) fn commit(&self, key: &str, object: Object, condition: &Condition) -> S3Result<Arc<Object>> {
        let mut state = self.lock();
        condition.judge(state.objects.get(key).map(AsRef::as_ref))?;
        let object = Arc::new(object);
        state.objects.insert(key.to_owned(), Arc::clone(&object));
        Ok(object)
    }

    pub(super) fn begin(&self, key: &str, about: About) -> String {
        let mut state = self.lock();
        state.begun += 1;
        let id = format!("upload-{:012}", state.begun);
        let upload = Upload { begun: SystemTime::now(), about, parts: BTreeMap::new() };
        state.uploads.insert((key.to_owned(), id.clone()), upload);
        id
    }

    /// Whether an upload is open, for those who are about to read a body for it.
    pub(super) fn require_upload(&self, key: &str, id: &str) -> S3Result<()> {
        self.lock().upload(key, id).map(drop)
    }

    pub(super) fn put_part(&self, key: &str, id: &str, number: i32, body: Body) -> S3Result<Arc<Object>> {
        let part = Arc::new(Object::new(body, About::default()));
        self.lock().upload(key, id)?.parts.insert(number, Arc::clone(&part));
        Ok(part)
    }

    pub(super) fn abort(&self, key: &str, id: &str) -> S3Result<()> {
        let gone = self.lock().uploads.remove(&(key.to_owned(), id.to_owned()));
        gone.map(drop).ok_or_else(|| s3_error!(NoSuchUpload))
    }

    /// Makes one object of the parts that are named; all others of the upload go with it.
    pub(super) async fn complete(
        &self,
        key: &str,
        id: &str,
        named: &[(i32, Option<ETag>)],
        condition: &Condition,
    ) -> S3Result<Arc<Object>> {
        let (parts, about) = {
            let mut state = self.lock();
            condition.judge(state.objects.get(key).map(AsRef::as_ref))?;
            let upload = state.upload(key, id)?;
            (choose(upload, named)?, upload.about.clone())
        };
        let bytes = futures::stream::iter(parts.clone()).map(Ok::<_, S3Error>);
        let bytes = bytes.and_then(|part| async move { part.body.read(0..part.body.size).await });
        let body = self.take(bytes.try_flatten()).await?;
        let mut object = Object::new(body, about);
        object.etag = of_parts(&parts);
        // Judged once more with the change itself: somebody else may have been faster.
        let mut state = self.lock();
        condition.judge(state.objects.get(key).map(AsRef::as_ref))?;
        state.uploads.remove(&(key.to_owned(), id.to_owned())).ok_or_else(|| s3_error!(NoSuchUpload))?;
        let object = Arc::new(object);
        state.objects.insert(key.to_owned(), Arc::clone(&object));
        Ok(object)
    }
}

/// What tests ask behind the back of all clients.
impl Store {
    pub(super) fn keys(&self) -> Vec<String> {
        self.lock().objects.keys().cloned().collect()
    }

    pub(super) fn open_uploads(&self) -> Vec<String> {
        self.lock().uploads.keys().map(|(key, _)| key.clone()).collect()
    }

    pub(super) fn bytes(&self, key: &str) -> Option<Vec<u8>> {
        let object = self.lock().objects.get(key).cloned()?;
        Some(std::fs::read(&object.body.file).expect("the bytes of an object"))
    }

    pub(super) fn metadata(&self, key: &str) -> Option<Vec<(String, String)>> {
        let object = self.lock().objects.get(key).cloned()?;
        let sorted: BTreeMap<_, _> = object.about.user.clone().into_iter().collect();
        Some(sorted.into_iter().collect())
    }

    pub(super) fn remove(&self, key: &str) {
        self.lock().objects.remove(key);
    }

    pub(super) fn put(&self, key: &str, bytes: &[u8]) {
        let mut file = NamedTempFile::new_in(&self.folder).expect("a file for an object");
        file.write_all(bytes).expect("the bytes of an object");
        let size = bytes.len() as u64;
        let body = Body { file: file.into_temp_path(), size, md5: Md5::checksum(bytes) };
        self.lock().objects.insert(key.to_owned(), Arc::new(Object::new(body, About::default())));
    }
}

impl State {
    fn upload(&mut self, key: &str, id: &str) -> S3Result<&mut Upload> {
        let upload = self.uploads.get_mut(&(key.to_owned(), id.to_owned()));
        upload.ok_or_else(|| s3_error!(NoSuchUpload))
    }
}

impl Object {
    pub(super) fn new(body: Body, about: About) -> Self {
        let etag = hex(&body.md5);
        Self { body, etag, modified: SystemTime::now(), about }
    }

    pub(super) fn etag(&self) -> ETag {
        ETag::Strong(self.etag.clone())
    }
}

impl Body {
    /// The bytes of a range that lies inside.
    pub(super) async fn read(
        &self,
        range: Range<u64>,
    ) -> S3Result<impl Stream<Item = Result<Bytes, S3Error>> + Send + Sync + use<>> {
        let mut file = tokio::fs::File::open(&self.file).await.map_err(internal)?;
        file.seek(std::io::SeekFrom::Start(range.start)).await.map_err(internal)?;
        let bytes = ReaderStream::with_capacity(file.take(range.end - range.start), CHUNK);
        Ok(bytes.map_err(internal))
    }
}

impl Condition {
    /// As Amazon has it: 404 where `If-Match` names a version of what is not there, 412 for all else that does not hold.
    fn judge(&self, there: Option<&Object>) -> S3Result<()> {
        match (&self.if_match, there) {
            (Some(_), None) => return Err(s3_error!(NoSuchKey)),
            (Some(wanted), Some(object)) if !matches(wanted, object) => {
                return Err(s3_error!(PreconditionFailed));
            }
            _ => {}
        }
        match (&self.if_none_match, there) {
            (Some(wanted), Some(object)) if matches(wanted, object) => Err(s3_error!(PreconditionFailed)),
            _ => Ok(()),
        }
    }
}

pub(super) fn matches(wanted: &ETagCondition, object: &Object) -> bool {
    wanted.is_any() || wanted.as_etag().is_some_and(|etag| etag.value() == object.etag)
}

/// The parts that a completion names: in order, there, unchanged, and large enough.
fn choose(upload: &Upload, named: &[(i32, Option<ETag>)]) -> S3Result<Vec<Arc<Object>>> {
    if named.is_empty() {
        return Err(s3_error!(MalformedXML));
    }
    if !named.is_sorted_by(|(one, _), (next, _)| one < next) {
        return Err(s3_error!(InvalidPartOrder));
    }
    let mut chosen = Vec::new();
    for (index, (number, etag)) in named.iter().enumerate() {
        let part = upload.parts.get(number).ok_or_else(|| s3_error!(InvalidPart))?;
        if etag.as_ref().is_none_or(|etag| etag.value() != part.etag) {
            return Err(s3_error!(InvalidPart));
        }
        if part.body.size < MIN_PART && index + 1 < named.len() {
            return Err(s3_error!(EntityTooSmall));
        }
        chosen.push(Arc::clone(part));
    }
    Ok(chosen)
}

fn of_parts(parts: &[Arc<Object>]) -> String {
    let sums: Vec<u8> = parts.iter().flat_map(|part| part.body.md5).collect();
    format!("{}-{}", hex(&Md5::checksum(&sums)), parts.len())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn internal(error: std::io::Error) -> S3Error {
    s3_error!(error, InternalError)
}

/// A body that broke off, or whose signature was wrong; the latter says so itself.
fn incomplete(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> S3Error {
    let mut answer = s3_error!(IncompleteBody);
    answer.set_source(error.into());
    answer
}
