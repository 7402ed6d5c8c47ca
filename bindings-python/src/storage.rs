//! Storages of the library's own, and those that Python hands in.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use icloud_photos::storage::{
    FsStorage, LinkKind, MemoryStorage, OpendalStorage, StoragePath, WriteOptions, is_address,
};
use icloud_photos::{Error, ErrorKind, Result};
use pyo3::prelude::*;

use crate::convert::{ToPython, as_handle, moment, named};
use crate::errors::raised;
use crate::py_storage::PyStorage;
use crate::runtime::{Batches, Op};

type Shared = Arc<dyn icloud_photos::storage::Storage>;

#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct Storage {
    kind: Kind,
    /// What people call it.
    place: String,
}

enum Kind {
    Local(Arc<FsStorage>),
    Elsewhere(Arc<OpendalStorage>),
    Memory(Arc<MemoryStorage>),
}

impl Storage {
    pub(crate) fn shared(&self) -> Shared {
        match &self.kind {
            Kind::Local(storage) => storage.clone(),
            Kind::Elsewhere(storage) => storage.clone(),
            Kind::Memory(storage) => storage.clone(),
        }
    }
}

/// A storage as Python hands it in: one of ours, or an object with the methods of `icloud_photos.Storage`.
pub(crate) fn given(object: &Bound<'_, PyAny>) -> PyResult<Shared> {
    match ours(object) {
        Some(storage) => Ok(storage.get().shared()),
        None => Ok(Arc::new(PyStorage::new(object)?)),
    }
}

/// How people call a storage that Python handed in, if it says.
pub(crate) fn place_of(object: &Bound<'_, PyAny>) -> Option<String> {
    match ours(object) {
        Some(storage) => Some(storage.get().place.clone()),
        None => object.getattr("place").ok()?.extract().ok(),
    }
}

/// Classes of Python's around one of ours hold it in `_native`.
fn ours<'py>(object: &Bound<'py, PyAny>) -> Option<Bound<'py, Storage>> {
    let inner = object.getattr("_native").unwrap_or_else(|_| object.clone());
    inner.cast_into::<Storage>().ok()
}

#[pymethods]
impl Storage {
    #[staticmethod]
    fn local(py: Python<'_>, root: PathBuf) -> PyResult<Self> {
        let storage = FsStorage::open(&root).map_err(|error| raised(py, &error))?;
        let place = storage.root().display().to_string();
        Ok(Self { kind: Kind::Local(Arc::new(storage)), place })
    }

    #[staticmethod]
    fn memory() -> Self {
        Self { kind: Kind::Memory(Arc::default()), place: "memory".into() }
    }

    #[staticmethod]
    fn from_url(py: Python<'_>, address: &str) -> PyResult<Self> {
        let storage = OpendalStorage::from_url(address).map_err(|error| raised(py, &error))?;
        Ok(Self { kind: Kind::Elsewhere(Arc::new(storage)), place: address.into() })
    }

    #[staticmethod]
    fn is_address(text: &str) -> bool {
        is_address(text)
    }

    #[getter]
    fn place(&self) -> &str {
        &self.place
    }

    fn capabilities<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.shared().capabilities().to_python(py)
    }

    fn check_writable(&self) -> Op {
        match &self.kind {
            Kind::Local(storage) => {
                let storage = storage.clone();
                Op::new(async move { storage.check_writable() })
            }
            Kind::Elsewhere(storage) => {
                let storage = storage.clone();
                Op::new(async move { storage.check_writable().await })
            }
            Kind::Memory(_) => Op::new(async { Ok(()) }),
        }
    }

    fn stat(&self, path: &str) -> Op {
        let (storage, path) = (self.shared(), StoragePath::parse(path));
        Op::new(async move { storage.stat(&path?).await })
    }

    fn stat_all(&self, paths: Vec<String>) -> Op {
        let storage = self.shared();
        let paths: Result<Vec<StoragePath>> = paths.iter().map(|path| StoragePath::parse(path)).collect();
        Op::new(async move { Ok(storage.stat_all(paths?).await) })
    }

    fn write(&self, path: &str, options: &Bound<'_, PyAny>) -> PyResult<Op> {
        let (storage, path, options) = (self.shared(), StoragePath::parse(path), options_of(options)?);
        Ok(Op::new(async move {
            let writer = storage.write(&path?, options).await?;
            Ok(StorageWriter(Arc::new(tokio::sync::Mutex::new(Some(writer)))))
        }))
    }

    fn read(&self, path: &str, start: u64) -> Op {
        let (storage, path) = (self.shared(), StoragePath::parse(path));
        Op::new(async move { Ok(Batches::new(storage.read(&path?, start).await?)) })
    }

    fn remove(&self, path: &str) -> Op {
        let (storage, path) = (self.shared(), StoragePath::parse(path));
        Op::new(async move { storage.remove(&path?).await })
    }

    fn tidy(&self, begun: &Bound<'_, PyAny>) -> PyResult<Op> {
        let (storage, begun) = (self.shared(), moment(begun)?);
        Ok(Op::new(async move { storage.tidy(begun).await }))
    }

    fn list(&self, py: Python<'_>, prefix: &str, with_parts: bool) -> PyResult<Batches> {
        let (storage, prefix) =
            (self.shared(), StoragePath::parse(prefix).map_err(|error| raised(py, &error))?);
        // A stream borrows its storage, so a task that owns both hands the items over, some ahead.
        let (send, receive) = tokio::sync::mpsc::channel(64);
        let mut work = Some(async move {
            use futures::StreamExt as _;
            let mut list = if with_parts { storage.list_with_parts(&prefix) } else { storage.list(&prefix) };
            while let Some(item) = list.next().await {
                if send.send(item).await.is_err() {
                    return;
                }
            }
        });
        let mut receive = receive;
        Ok(Batches::new(Box::pin(futures::stream::poll_fn(move |context| {
            if let Some(work) = work.take() {
                tokio::spawn(work);
            }
            receive.poll_recv(context)
        }))))
    }

    fn flush(&self) -> Op {
        let storage = self.shared();
        Op::new(async move { storage.flush().await })
    }

    fn link(&self, source: &str, target: &str, kind: &str) -> PyResult<Op> {
        let (storage, source, target) =
            (self.shared(), StoragePath::parse(source), StoragePath::parse(target));
        let kind = named("kind of link", kind, &[LinkKind::Hard, LinkKind::Reflink, LinkKind::Symbolic])?;
        Ok(Op::new(async move { storage.link(&source?, &target?, kind).await }))
    }
}

/// Options of a write, as `WriteOptions` of `_models.py` has them.
fn options_of(given: &Bound<'_, PyAny>) -> PyResult<WriteOptions> {
    let mut options = WriteOptions::default();
    if let Some(part) = given.getattr("part")?.extract::<Option<String>>()? {
        options = options.part(part);
    }
    let time = given.getattr("modified")?;
    if !time.is_none() {
        options = options.modified(moment(&time)?);
    }
    if let Some(size) = given.getattr("size")?.extract::<Option<u64>>()? {
        options = options.size(size);
    }
    if given.getattr("through_links")?.extract()? {
        options = options.replace_through_links();
    } else if given.getattr("replace")?.extract()? {
        options = options.replace();
    }
    Ok(options)
}

type Writer = Box<dyn icloud_photos::storage::StorageWriter>;

/// A file that has no name yet.
#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct StorageWriter(Arc<tokio::sync::Mutex<Option<Writer>>>);

as_handle!(StorageWriter, Batches);

#[pymethods]
impl StorageWriter {
    #[getter]
    fn position(&self, py: Python<'_>) -> PyResult<u64> {
        self.now(|writer| writer.position()).map_err(|error| raised(py, &error))
    }

    fn resumed(&self) -> Op {
        let writer = self.0.clone();
        Op::new(async move {
            let bytes = open(&mut writer.lock().await.as_mut())?.resumed().await?;
            Ok(Batches::new(bytes))
        })
    }

    fn restart(&self) -> Op {
        let writer = self.0.clone();
        Op::new(async move { open(&mut writer.lock().await.as_mut())?.restart().await })
    }

    fn write(&self, chunk: &[u8]) -> Op {
        let (writer, chunk) = (self.0.clone(), Bytes::copy_from_slice(chunk));
        Op::new(async move { open(&mut writer.lock().await.as_mut())?.write(chunk).await })
    }

    fn describe(&self, py: Python<'_>, metadata: BTreeMap<String, String>) -> PyResult<()> {
        self.now(|writer| writer.describe(metadata)).map_err(|error| raised(py, &error))
    }

    fn commit(&self) -> Op {
        let writer = self.0.clone();
        Op::new(async move { writer.lock().await.take().ok_or_else(ended)?.commit().await })
    }

    fn abort(&self) -> Op {
        let writer = self.0.clone();
        Op::new(async move {
            match writer.lock().await.take() {
                Some(writer) => writer.abort().await,
                // It was committed, or given up already.
                None => Ok(()),
            }
        })
    }

    fn close(&self) -> Op {
        let writer = self.0.clone();
        Op::new(async move {
            drop(writer.lock().await.take());
            Ok(())
        })
    }
}

impl StorageWriter {
    fn now<T>(&self, act: impl FnOnce(&mut Writer) -> T) -> Result<T> {
        let mut writer =
            self.0.try_lock().map_err(|_| Error::new(ErrorKind::Conflict, "the writer is busy"))?;
        Ok(act(writer.as_mut().ok_or_else(ended)?))
    }
}

fn open<'a>(writer: &'a mut Option<&mut Writer>) -> Result<&'a mut Writer> {
    writer.as_deref_mut().ok_or_else(ended)
}

fn ended() -> Error {
    Error::new(ErrorKind::Config, "this file was committed or given up already; begin another")
}
