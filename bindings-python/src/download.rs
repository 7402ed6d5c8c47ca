//! The bytes of an asset, and what proves them.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use icloud_photos::asset::{Checksum, Role};
use icloud_photos::storage::StoragePath;
use icloud_photos_bindings::{Proven, chunks};
use pyo3::prelude::*;

use crate::asset::Asset;
use crate::callback::Callback;
use crate::convert::{ToPython, moment};
use crate::library::role;
use crate::runtime::{Feed, Op};
use crate::storage::given;

#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct Downloader(icloud_photos::download::Downloader);

impl Downloader {
    pub(crate) fn new(library: &icloud_photos::Library) -> Self {
        Self(icloud_photos::download::Downloader::new(library))
    }
}

#[pymethods]
impl Downloader {
    fn bytes(
        &self,
        asset: &Bound<'_, Asset>,
        role: &str,
        limit: usize,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Op> {
        let wanted = Wanted::new(self, asset, role, progress)?;
        Ok(Op::calling([wanted.progress.clone()], async move {
            let told = wanted.progress.clone();
            told.guard(async { wanted.download().bytes(limit).await }).await
        }))
    }

    fn save(
        &self,
        asset: &Bound<'_, Asset>,
        role: &str,
        storage: &Bound<'_, PyAny>,
        path: &str,
        modified: Option<Bound<'_, PyAny>>,
        replace: bool,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Op> {
        let wanted = Wanted::new(self, asset, role, progress)?;
        let (storage, path) = (given(storage)?, StoragePath::parse(path));
        let modified = modified.map(|time| moment(&time)).transpose()?;
        Ok(Op::calling([wanted.progress.clone()], async move {
            let (path, told) = (path?, wanted.progress.clone());
            let mut download = wanted.download();
            if let Some(time) = modified {
                download = download.modified(time);
            }
            if replace {
                download = download.replace();
            }
            told.guard(download.save(storage.as_ref(), &path)).await
        }))
    }

    fn stream(
        &self,
        asset: &Bound<'_, Asset>,
        role: &str,
        start: u64,
        end: Option<u64>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<ByteStream> {
        let wanted = Wanted::new(self, asset, role, progress)?;
        let range = (start > 0 || end.is_some()).then(|| start..end.unwrap_or(u64::MAX));
        Ok(ByteStream::new(wanted, range))
    }
}

/// A download that has not begun.
struct Wanted {
    downloader: icloud_photos::download::Downloader,
    asset: icloud_photos::Asset,
    role: Role,
    progress: Callback,
}

impl Wanted {
    fn new(
        downloader: &Downloader,
        asset: &Bound<'_, Asset>,
        name: &str,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let (downloader, asset) = (downloader.0.clone(), asset.get().0.clone());
        Ok(Self { downloader, asset, role: role(name)?, progress: Callback::new(progress) })
    }

    fn download(&self) -> icloud_photos::download::Download<'_> {
        let progress = self.progress.clone();
        self.downloader
            .get(&self.asset, self.role)
            .progress(move |bytes| progress.tell(|py| bytes.to_python(py)))
    }

    fn stream(
        &self,
        range: Option<Range<u64>>,
    ) -> icloud_photos::Result<icloud_photos::download::ByteStream> {
        match range {
            None => self.download().stream(),
            Some(range) => self.download().range(range).stream(),
        }
    }
}

/// Bytes as they come.
#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct ByteStream {
    chunks: Feed<bytes::Bytes>,
    progress: Callback,
    proven: Proven,
}

impl ByteStream {
    fn new(wanted: Wanted, range: Option<Range<u64>>) -> Self {
        let progress = wanted.progress.clone();
        let (chunks, proven) = chunks(move || wanted.stream(range));
        Self { chunks: Feed::at_most(1, chunks), progress, proven }
    }
}

#[pymethods]
impl ByteStream {
    fn next(&self, into: Py<PyAny>) -> Op {
        self.chunks.next_guarded(&self.progress, into)
    }

    fn close(&self) {
        self.chunks.close();
    }

    #[getter]
    fn proof<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.proven.get().to_python(py)
    }
}

/// Apple's checksum and SHA-256 in one pass.
#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct Hasher(Mutex<icloud_photos::asset::Hasher>);

#[pymethods]
impl Hasher {
    #[new]
    fn new() -> Self {
        Self(Mutex::new(icloud_photos::asset::Hasher::new()))
    }

    fn update(&self, py: Python<'_>, data: &[u8]) {
        py.detach(|| self.lock().update(data));
    }

    #[getter]
    fn length(&self) -> u64 {
        self.lock().length()
    }

    fn digests<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let hasher = self.lock().clone();
        hasher.finish().to_python(py)
    }
}

impl Hasher {
    fn lock(&self) -> std::sync::MutexGuard<'_, icloud_photos::asset::Hasher> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pyfunction]
pub(crate) fn parse_checksum<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    Checksum::parse(text).to_python(py)
}
