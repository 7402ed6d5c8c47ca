//! What is known of a copy.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use icloud_photos::storage::StoragePath;
use icloud_photos::sync::catalogue::{Catalogue as Books, MemoryCatalogue, SqliteCatalogue};
use icloud_photos::sync::store::{self, AnyCatalogues};
use icloud_photos::sync::{remembered, stock};
use icloud_photos::{Error, ErrorKind, Result};
use pyo3::prelude::*;

use crate::convert::{ToPython, as_handle};
use crate::errors::raised;
use crate::library::Library;
use crate::runtime::{Batches, Op};
use crate::session::Session;
use crate::storage::{given, place_of};

type Shared = Arc<dyn Books>;

#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct Catalogue {
    books: Mutex<Option<Shared>>,
    /// Who opened it.
    process: u32,
}

as_handle!(Catalogue);

/// The one of a storage, if there is one.
struct Found(Option<Catalogue>);

impl ToPython for Found {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        self.0.map_or_else(|| ().to_python(py), |catalogue| catalogue.to_python(py))
    }
}

impl Catalogue {
    fn new(books: Shared) -> Self {
        Self { books: Mutex::new(Some(books)), process: std::process::id() }
    }

    pub(crate) fn shared(&self) -> Result<Shared> {
        require_here(self.process)?;
        let books = self.books.lock().unwrap_or_else(PoisonError::into_inner).clone();
        books.ok_or_else(|| Error::new(ErrorKind::Config, "this catalogue was closed; open it again"))
    }
}

/// A database that two processes use through one connection is soon damaged.
pub(crate) fn require_here(process: u32) -> Result<()> {
    if process == std::process::id() {
        return Ok(());
    }
    let message = "this was made by the process that this one was forked from; make it here";
    Err(Error::new(ErrorKind::Config, message))
}

#[pymethods]
impl Catalogue {
    #[staticmethod]
    fn memory() -> Self {
        Self::new(Arc::new(MemoryCatalogue::new()))
    }

    #[staticmethod]
    fn sqlite(file: PathBuf) -> Op {
        Op::new(async move { Ok(Self::new(Arc::new(SqliteCatalogue::open(file)?))) })
    }

    #[staticmethod]
    fn open(
        storage: &Bound<'_, PyAny>,
        place: Option<String>,
        at: &Bound<'_, PyAny>,
        read_only: bool,
    ) -> PyResult<Op> {
        let at = AnyCatalogues::at(at.extract::<PathBuf>()?).map_err(|error| raised(at.py(), &error))?;
        let name = place.or_else(|| place_of(storage));
        let storage = given(storage)?;
        Ok(Op::new(async move {
            let name = name.unwrap_or_else(|| "storage".into());
            match read_only {
                true => Ok(Found(at.open_read_only(storage.as_ref(), &name).await?.map(Self::new))),
                false => Ok(Found(Some(Self::new(at.open(storage.as_ref(), &name).await?)))),
            }
        }))
    }

    fn totals(&self) -> Op {
        let books = self.shared();
        Op::new(async move { books?.totals().await })
    }

    fn stock(&self, storage: &Bound<'_, PyAny>) -> PyResult<Op> {
        let (books, storage) = (self.shared(), given(storage)?);
        Ok(Op::new(async move { stock(storage.as_ref(), books?.as_ref()).await }))
    }

    fn library(&self, session: &Session, name: String) -> Op {
        let (books, session) = (self.shared(), session.0.clone());
        Op::new(async move { remembered::library(&session, books?.as_ref(), &name).await })
    }

    fn albums(&self, library: &Library) -> Op {
        let (books, library) = (self.shared(), library.0.clone());
        Op::new(async move { remembered::albums(books?.as_ref(), &library).await })
    }

    fn files(&self, py: Python<'_>) -> PyResult<Batches> {
        let books = self.shared().map_err(|error| raised(py, &error))?;
        Ok(Batches::new(icloud_photos_bindings::files(books)))
    }

    fn files_at(&self, paths: Vec<String>) -> Op {
        let books = self.shared();
        let paths: Result<Vec<StoragePath>> = paths.iter().map(|path| StoragePath::parse(path)).collect();
        Op::new(async move { books?.files_at(&paths?).await })
    }

    fn close(&self) {
        *self.books.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Whether a folder lies in a copy, and in which.
#[pyfunction]
pub(crate) fn copy_above(folder: PathBuf) -> Option<PathBuf> {
    store::copy_above(&folder)
}
