//! A storage that is written in Python: an object with the methods of `icloud_photos.Storage`, which may block.

use std::collections::BTreeMap;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
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
use crate::object::{Object, require_plain};

#[derive(Debug)]
pub(crate) struct PyStorage {
    object: Object,
    capabilities: Capabilities,
}

const METHODS: [&str; 7] = ["capabilities", "stat", "write", "read", "remove", "list", "flush"];

impl PyStorage {
    pub(crate) fn new(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        for method in METHODS {
            if !object.hasattr(method)? {
                let message = format!(
                    "this is no storage: it has no method {method}(); derive it from icloud_photos.Storage"
                );
                return Err(PyTypeError::new_err(message));
            }
        }
        require_plain(object, &METHODS, "a storage")?;
        let capabilities = capabilities(&object.call_method0("capabilities")?)?;
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
        self.object
            .call(
                "stat",
                arguments!(path),
                |found| if found.is_none() { Ok(None) } else { meta(&found).map(Some) },
            )
            .await
    }

    async fn write(&self, path: &StoragePath, options: WriteOptions) -> Result<Box<dyn StorageWriter>> {
        let path = path.clone();
        let keeps = self.capabilities.resume;
        // Made where the call is: if nobody waits for it any more, dropping it is what tells Python.
        let storage = self.object.clone();
        let begun = self.object.call("write", arguments!(path, options), move |writer| {
            let position = writer.getattr("position")?.extract()?;
            let object = storage.made(writer.unbind()).in_turn();
            Ok(Writer { object, position, metadata: None, keeps, is_over: false })
        });
        Ok(Box::new(begun.await?))
    }

    async fn read(&self, path: &StoragePath, from: u64) -> Result<BoxStream<'static, Result<Bytes>>> {
        let path = path.clone();
        // A generator says only at its first step that no file stands there.
        let begun = self.object.call("read", arguments!(path, from), |chunks| {
            let mut chunks = chunks.try_iter()?;
            let first = chunks.next().transpose()?.map(|chunk| bytes(&chunk)).transpose()?;
            Ok((first, chunks.into_any().unbind()))
        });
        let (first, rest) = begun.await?;
        let rest = iterated(self.object.made(rest), |chunk| bytes(&chunk));
        Ok(stream::iter(first.map(Ok)).chain(rest).boxed())
    }

    async fn remove(&self, path: &StoragePath) -> Result<()> {
        let path = path.clone();
        self.object.call("remove", arguments!(path), |_| Ok(())).await
    }

    fn list(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        let (object, asked, prefix) = (self.object.clone(), self.object.clone(), prefix.clone());
        let begun = async move {
            asked.call("list", arguments!(prefix), |items| Ok(items.try_iter()?.into_any().unbind())).await
        };
        let items = stream::once(begun).flat_map(move |items| match items {
            Ok(items) => iterated(object.made(items), |item| meta(&item)),
            Err(error) => stream::iter([Err(error)]).boxed(),
        });
        items.boxed()
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

/// The items of an iterator of Python's, one call for each.
fn iterated<T, R>(iterator: Object, read: R) -> BoxStream<'static, Result<T>>
where
    T: Send + 'static,
    R: Fn(Bound<'_, PyAny>) -> PyResult<T> + Clone + Send + Sync + 'static,
{
    stream::unfold(Some(iterator), move |object| {
        let read = read.clone();
        async move {
            let object = object?;
            let next = object
                .with(move |iterator| iterator.try_iter()?.next().transpose()?.map(read).transpose())
                .await;
            match next {
                Ok(Some(item)) => Some((Ok(item), Some(object))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        }
    })
    .boxed()
}

struct Writer {
    object: Object,
    position: u64,
    /// What is to be told with the next call: telling it must not block.
    metadata: Option<Metadata>,
    /// What is dropped stays as a part.
    keeps: bool,
    /// It was committed or given up, or is just being so.
    is_over: bool,
}

/// Nobody tells an object of Python's that it was dropped, and where no part is kept nothing may stay.
impl Drop for Writer {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if !self.is_over && !self.keeps {
            let object = self.object.clone();
            runtime.spawn_blocking(move || object.now(|writer| writer.call_method0("abort").map(drop)));
        }
    }
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
        let chunks =
            self.with(|writer| Ok(writer.call_method0("resumed")?.try_iter()?.into_any().unbind())).await?;
        Ok(iterated(self.object.made(chunks), |chunk| bytes(&chunk)))
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
        let committed = self.with(|writer| meta(&writer.call_method0("commit")?)).await;
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

/// An `ObjectMeta` of `_models.py`, or what looks like one.
fn meta(given: &Bound<'_, PyAny>) -> PyResult<ObjectMeta> {
    let path: String = given.getattr("path")?.extract()?;
    let path = StoragePath::parse(&path).map_err(|error: Error| raised(given.py(), &error))?;
    let time = given.getattr("modified")?;
    let modified = if time.is_none() { None } else { Some(moment(&time)?) };
    let mut meta = ObjectMeta::new(path, given.getattr("size")?.extract()?, modified);
    meta.metadata =
        given.getattr("metadata")?.extract::<Option<BTreeMap<String, String>>>()?.unwrap_or_default();
    Ok(meta)
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
