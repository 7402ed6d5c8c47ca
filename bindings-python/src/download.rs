//! The bytes of an asset, and what proves them.

use std::sync::Arc;

use futures::StreamExt;
use icloud_photos::asset::{Checksum, Role};
use icloud_photos::download::{Doubt, Proof, Saved};
use icloud_photos::storage::StoragePath;
use pyo3::prelude::*;
use tokio::sync::Mutex;

use crate::asset::{Asset, Sha256};
use crate::callback::Callback;
use crate::convert::{Fields, ToPython, as_member, moment};
use crate::library::role;
use crate::runtime::Op;
use crate::storage::given;

#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct Downloader(icloud_photos::download::Downloader);

as_member!(Doubt => "Doubt");

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
        Ok(ByteStream(Arc::new(Mutex::new(Stream::New(wanted, range)))))
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
}

impl ToPython for Proof {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let doubt = match self {
            Self::Unconfirmed(doubt) => Some(doubt),
            _ => None,
        };
        Fields::new(py).with("verified", matches!(self, Self::Verified))?.with("doubt", doubt)?.model("Proof")
    }
}

impl ToPython for Saved {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Fields::new(py)
            .with("path", self.path)?
            .with("size", self.size)?
            .with("proof", self.proof)?
            .with("checksum", self.checksum)?
            .with("sha256", Sha256(self.sha256))?
            .with("resumed_from", self.resumed_from)?
            .with("copied", self.copied)?
            .with("rewritten", self.rewritten)?
            .model("Saved")
    }
}

/// Bytes as they come.
#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct ByteStream(Arc<Mutex<Stream>>);

enum Stream {
    New(Wanted, Option<std::ops::Range<u64>>),
    Running(icloud_photos::download::ByteStream, Callback),
    Over(Option<Proof>),
}

#[pymethods]
impl ByteStream {
    fn next(&self) -> Op {
        let stream = self.0.clone();
        Op::new(async move { stream.lock().await.next().await })
    }

    fn close(&self) {
        // Somebody who is reading lets go of it soon.
        if let Ok(mut stream) = self.0.try_lock() {
            *stream = Stream::Over(None);
        }
    }

    #[getter]
    fn proof<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let proof = match self.0.try_lock().as_deref() {
            Ok(Stream::Over(proof)) => *proof,
            _ => None,
        };
        proof.to_python(py)
    }
}

impl Stream {
    async fn next(&mut self) -> icloud_photos::Result<bytes::Bytes> {
        if let Self::New(wanted, range) = self {
            let mut download = wanted.download();
            if let Some(range) = range.take() {
                download = download.range(range);
            }
            let told = wanted.progress.clone();
            let stream = download.stream()?;
            *self = Self::Running(stream, told);
        }
        let Self::Running(stream, told) = self else { return Ok(bytes::Bytes::new()) };
        let told = told.clone();
        let chunk = told.guard(async { stream.next().await.transpose() }).await;
        match chunk {
            Ok(Some(chunk)) => Ok(chunk),
            Ok(None) => {
                *self = Self::Over(stream.proof());
                Ok(bytes::Bytes::new())
            }
            Err(error) => {
                *self = Self::Over(None);
                Err(error)
            }
        }
    }
}

/// Apple's checksum and SHA-256 in one pass.
#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct Hasher(std::sync::Mutex<icloud_photos::asset::Hasher>);

#[pymethods]
impl Hasher {
    #[new]
    fn new() -> Self {
        Self(std::sync::Mutex::new(icloud_photos::asset::Hasher::new()))
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
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[pyfunction]
pub(crate) fn parse_checksum<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    Checksum::parse(text).to_python(py)
}
