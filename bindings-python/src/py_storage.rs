//! A storage that is written in Python: an object with the methods of `icloud_photos.Storage`, which may block.

use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use futures::TryFutureExt;
use futures::stream::{self, BoxStream, StreamExt};
use icloud_photos::storage::{
    Capabilities, Metadata, ObjectMeta, Storage, StoragePath, StorageWriter, WriteOptions,
};
use icloud_photos::{Error, ErrorKind, Result};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView, PyTuple};

use crate::convert::{ToPython, moment};
use crate::errors::raised;
use crate::object::{Object, require_methods, require_plain};

#[derive(Debug)]
pub(crate) struct PyStorage {
    object: Object,
    capabilities: Capabilities,
}

const METHODS: &[&str] = &["capabilities", "stat", "write", "read", "remove", "list", "flush"];
const METHODS_OF_WRITERS: &[&str] = &["restart", "write", "commit", "abort"];

impl PyStorage {
    pub(crate) fn new(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        require_methods(object, METHODS, "a storage must be derived from icloud_photos.Storage")?;
        require_plain(object, &[METHODS, &["tidy"]].concat(), "a storage")?;
        let told = object.call_method0("capabilities")?;
        let capabilities = capabilities(&told)
            .map_err(|error| unlike(&told, "capabilities() must give Capabilities", error))?;
        Ok(Self { object: Object::new(object.clone().unbind(), ErrorKind::Storage), capabilities })
    }
}

/// The arguments of a call, built where Python's lock is.
macro_rules! arguments {
    ($($value:expr),+ $(,)?) => {
        move |py: Python<'_>| PyTuple::new(py, [$($value.to_python(py)?),+])
    };
}

#[async_trait]
impl Storage for PyStorage {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn stat(&self, path: &StoragePath) -> Result<Option<ObjectMeta>> {
        let path = path.clone();
        let read = |found: Bound<'_, PyAny>| match found.is_none() {
            true => Ok(None),
            false => meta(&found, "stat() must give an ObjectMeta or None").map(Some),
        };
        self.object.call("stat", arguments!(path), read).await
    }

    async fn write(&self, path: &StoragePath, options: WriteOptions) -> Result<Box<dyn StorageWriter>> {
        let (path, part) = (a_file(path)?, options.part_name()?);
        let keeps = self.capabilities.resume && part.is_some();
        // Made where the call is: if nobody waits for it any more, dropping it is what tells Python.
        let storage = self.object.clone();
        let begun = self.object.call("write", arguments!(path, options), move |writer| {
            let position = position(&writer)?;
            let object = storage.made(writer.unbind()).in_turn();
            Ok(Writer { object, position, metadata: None, keeps, is_over: false })
        });
        Ok(Box::new(begun.await?))
    }

    async fn read(&self, path: &StoragePath, from: u64) -> Result<BoxStream<'static, Result<Bytes>>> {
        let path = path.clone();
        let storage = self.object.clone();
        let begun = self.object.call("read", arguments!(path, from), move |chunks| {
            Iteration::of(&storage, &chunks, "read() must give an iterator of bytes")
        });
        // A generator says only at its first step that no file stands there.
        let mut chunks = begun.await?.items(bytes);
        let first = chunks.next().await.transpose()?;
        Ok(stream::iter(first.map(Ok)).chain(chunks).boxed())
    }

    async fn remove(&self, path: &StoragePath) -> Result<()> {
        let path = a_file(path)?;
        self.object.call("remove", arguments!(path), |_| Ok(())).await
    }

    fn list(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        let (object, storage, prefix) = (self.object.clone(), self.object.clone(), prefix.clone());
        let begun = async move {
            let made = object.call("list", arguments!(prefix), move |items| {
                Iteration::of(&storage, &items, "list() must give an iterator of ObjectMeta")
            });
            made.await
        };
        let items = begun.map_ok(|items| items.items(|item| meta(item, "list() must give ObjectMeta")));
        items.try_flatten_stream().boxed()
    }

    async fn flush(&self) -> Result<()> {
        self.object.with(|object| object.call_method0("flush").map(drop)).await
    }

    async fn tidy(&self, begun: SystemTime) -> Result<()> {
        self.object
            .with(move |object| optional(object, "tidy", |py| begun.to_python(py)?.into_args(py)))
            .await
    }
}

/// A method that not every storage has.
fn optional<M>(object: &Bound<'_, PyAny>, method: &str, arguments: M) -> PyResult<()>
where
    M: for<'py> FnOnce(Python<'py>) -> PyResult<Bound<'py, PyTuple>>,
{
    if object.hasattr(method)? {
        object.call_method1(method, arguments(object.py())?)?;
    }
    Ok(())
}

trait IntoArgs<'py> {
    fn into_args(self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>>;
}

impl<'py> IntoArgs<'py> for Bound<'py, PyAny> {
    fn into_args(self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, [self])
    }
}

/// Whoever writes a storage need not think of its root.
fn a_file(path: &StoragePath) -> Result<StoragePath> {
    match path.as_str() {
        "" => Err(Error::new(ErrorKind::Config, "the root of a storage is not a file")),
        _ => Ok(path.clone()),
    }
}

/// Something that is read one by one.
struct Iteration {
    iterator: Object,
    is_over: bool,
}

/// A generator that is left may hold something open.
impl Drop for Iteration {
    fn drop(&mut self) {
        if !self.is_over {
            last(&self.iterator, "close");
        }
    }
}

impl Iteration {
    /// What a storage or a writer made, which must be something iterable.
    fn of(maker: &Object, items: &Bound<'_, PyAny>, must: &str) -> PyResult<Self> {
        let iterator = items.try_iter().map_err(|error| unlike(items, must, error))?;
        Ok(Self { iterator: maker.made(iterator.into_any().unbind()).in_turn(), is_over: false })
    }

    /// Its items, one call for each.
    fn items<T: Send + 'static>(
        self,
        read: impl Fn(&Bound<'_, PyAny>) -> PyResult<T> + Copy + Send + Sync + 'static,
    ) -> BoxStream<'static, Result<T>> {
        let steps = stream::try_unfold(self, move |mut this| async move {
            let step = move |iterator: &Bound<'_, PyAny>| {
                iterator.try_iter()?.next().transpose()?.map(|item| read(&item)).transpose()
            };
            let next = this.iterator.with(step).await;
            this.is_over = matches!(next, Ok(None));
            Ok(next?.map(|item| (item, this)))
        });
        steps.boxed()
    }
}

struct Writer {
    object: Object,
    position: u64,
    /// What is to be told with the next call: telling it must not block.
    metadata: Option<Metadata>,
    /// What is not committed stays as a part for a later writer.
    keeps: bool,
    /// It was committed or given up, or is just being so.
    is_over: bool,
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.is_over {
            last(&self.object, if self.keeps { "close" } else { "abort" });
        }
    }
}

/// Nobody else tells an object of Python's that it was dropped.
fn last(object: &Object, method: &'static str) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    let object = object.clone();
    runtime
        .spawn_blocking(move || object.now(|object| optional(object, method, |py| Ok(PyTuple::empty(py)))));
}

impl Writer {
    async fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T> + Send + 'static,
    ) -> Result<T> {
        let metadata = self.metadata.take();
        self.object
            .with(move |writer| {
                if let Some(metadata) = metadata {
                    optional(writer, "describe", |py| metadata.into_bound_py_any(py)?.into_args(py))?;
                }
                work(writer)
            })
            .await
    }
}

#[async_trait]
impl StorageWriter for Writer {
    fn position(&self) -> u64 {
        self.position
    }

    async fn resumed(&mut self) -> Result<BoxStream<'static, Result<Bytes>>> {
        let maker = self.object.clone();
        let begun = self.with(move |writer| {
            let chunks = writer.call_method0("resumed")?;
            Iteration::of(&maker, &chunks, "resumed() must give an iterator of bytes")
        });
        Ok(begun.await?.items(bytes))
    }

    async fn restart(&mut self) -> Result<()> {
        self.position = 0;
        self.with(|writer| writer.call_method0("restart").map(drop)).await
    }

    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.with(move |writer| writer.call_method1("write", (PyBytes::new(writer.py(), &chunk),)).map(drop))
            .await
    }

    fn describe(&mut self, metadata: Metadata) {
        self.metadata = Some(metadata);
    }

    async fn commit(mut self: Box<Self>) -> Result<ObjectMeta> {
        self.is_over = true;
        let commit = |writer: &Bound<'_, PyAny>| {
            meta(&writer.call_method0("commit")?, "commit() must give an ObjectMeta")
        };
        let committed = self.with(commit).await;
        // What failed is given up, as what is dropped.
        self.is_over = committed.is_ok();
        committed
    }

    async fn abort(mut self: Box<Self>) -> Result<()> {
        (self.metadata, self.is_over) = (None, true);
        self.with(|writer| writer.call_method0("abort").map(drop)).await
    }
}

/// Bytes, or what lets them be read: `bytes(3)` would be three zeroes, so nothing else is taken.
fn bytes(chunk: &Bound<'_, PyAny>) -> PyResult<Bytes> {
    if let Ok(bytes) = chunk.cast::<PyBytes>() {
        return Ok(Bytes::copy_from_slice(bytes.as_bytes()));
    }
    let py = chunk.py();
    if chunk.is_instance_of::<PyByteArray>() || chunk.is_instance_of::<PyMemoryView>() {
        let bytes = py.get_type::<PyBytes>().call1((chunk,))?;
        return Ok(Bytes::copy_from_slice(bytes.cast::<PyBytes>()?.as_bytes()));
    }
    Err(PyTypeError::new_err(format!("chunks are bytes, and this is {}", chunk.get_type().name()?)))
}

/// What a method gave is not what it must be.
fn unlike(given: &Bound<'_, PyAny>, must: &str, error: PyErr) -> PyErr {
    let py = given.py();
    let said = PyTypeError::new_err(format!("{must}: {}", error.value(py)));
    said.set_cause(py, Some(error));
    said
}

/// Where a writer begins, which must be one.
fn position(writer: &Bound<'_, PyAny>) -> PyResult<u64> {
    require_methods(writer, METHODS_OF_WRITERS, "write() must give a StorageWriter")?;
    require_plain(writer, &[METHODS_OF_WRITERS, &["resumed", "describe", "close"]].concat(), "a writer")?;
    let position = writer.getattr("position")?;
    position.extract().map_err(|error| unlike(writer, "the position of a writer must be a number", error))
}

/// An `ObjectMeta` of `_records.py`, or what looks like one.
fn meta(given: &Bound<'_, PyAny>, must: &str) -> PyResult<ObjectMeta> {
    let (path, size, modified, metadata) = fields_of(given).map_err(|error| unlike(given, must, error))?;
    let path = StoragePath::parse(&path).map_err(|error: Error| raised(given.py(), &error))?;
    let mut meta = ObjectMeta::new(path, size, modified);
    meta.metadata = metadata.unwrap_or_default();
    Ok(meta)
}

type Fields = (String, u64, Option<SystemTime>, Option<Metadata>);

fn fields_of(given: &Bound<'_, PyAny>) -> PyResult<Fields> {
    let (path, size) = (given.getattr("path")?.extract()?, given.getattr("size")?.extract()?);
    let time = given.getattr("modified")?;
    let modified = if time.is_none() { None } else { Some(moment(&time)?) };
    Ok((path, size, modified, given.getattr("metadata")?.extract()?))
}

fn capabilities(given: &Bound<'_, PyAny>) -> PyResult<Capabilities> {
    let mut can = Capabilities::default();
    can.modified_time = given.getattr("modified_time")?.extract()?;
    can.resume = given.getattr("resume")?.extract()?;
    can.exclusive_commit = given.getattr("exclusive_commit")?.extract()?;
    can.case_sensitive = given.getattr("case_sensitive")?.extract()?;
    can.max_name = given.getattr("max_name")?.extract()?;
    can.max_size = given.getattr("max_size")?.extract()?;
    can.distant = given.getattr("distant")?.extract()?;
    can.metadata = given.getattr("metadata")?.extract()?;
    // Which names are of one file, and where links lead, no class of Python's can tell yet.
    (can.hard_links, can.reflinks, can.symbolic_links) = (false, false, false);
    Ok(can)
}
