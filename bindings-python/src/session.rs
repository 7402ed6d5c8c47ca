//! A signed-in account.

use pyo3::prelude::*;

use crate::convert::ToPython;
use crate::library::Library;
use crate::runtime::Op;

#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct Session(pub(crate) icloud_photos::Session);

#[pymethods]
impl Session {
    #[getter]
    fn account(&self) -> &str {
        self.0.account().as_str()
    }

    #[getter]
    fn dsid(&self) -> &str {
        self.0.dsid()
    }

    #[getter]
    fn trusted_until<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.trusted_until().to_python(py)
    }

    fn save(&self) -> Op {
        let session = self.0.clone();
        Op::new(async move { session.save().await })
    }

    fn refresh(&self) -> Op {
        let session = self.0.clone();
        Op::new(async move { session.refresh().await })
    }

    fn sign_out(&self) -> Op {
        let session = self.0.clone();
        Op::new(async move { session.sign_out().await })
    }

    fn primary_library(&self) -> Library {
        Library(self.0.primary_library())
    }

    fn libraries(&self) -> Op {
        let session = self.0.clone();
        Op::new(async move { session.libraries().await })
    }

    fn library(&self, name: String) -> Op {
        let session = self.0.clone();
        Op::new(async move { session.library(&name).await })
    }
}
