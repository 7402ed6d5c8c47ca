//! One photo or film, and the files that iCloud has of it.

use icloud_photos::asset::{AssetState, Checksum, Filename, Resource, Scheme};
use icloud_photos_bindings::role as role_named;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use crate::convert::{ToPython, bare, valid, variant};

#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct Asset(pub(crate) icloud_photos::Asset);

/// Getters whose value is what the library's method of the same name gives.
macro_rules! getters {
    ($($name:ident),* $(,)?) => {
        #[pymethods]
        impl Asset {
            #[getter]
            fn id(&self) -> &str {
                self.0.id().as_str()
            }

            #[getter]
            fn master_id(&self) -> &str {
                self.0.master_id().as_str()
            }

            #[getter]
            fn filename(&self) -> Option<&str> {
                self.0.filename().known()
            }

            #[getter]
            fn undecodable_filename(&self) -> Option<&str> {
                match self.0.filename() {
                    Filename::Undecodable(stored) => Some(stored),
                    _ => None,
                }
            }

            #[getter]
            fn keywords(&self) -> Vec<String> {
                self.0.keywords()
            }

            #[getter]
            fn contributors(&self) -> Vec<String> {
                self.0.contributors().to_vec()
            }

            #[getter]
            fn resources<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
                self.0.resources().iter().map(|one| resource(py, one)).collect()
            }

            fn resource<'py>(&self, py: Python<'py>, role: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
                self.0.resource(valid(role_named(role))?).map(|one| resource(py, one)).transpose()
            }

            #[getter]
            fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                variant(py, "MediaKind", &self.0.kind())
            }

            fn raw<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
                let raw = PyDict::new(py);
                for (name, json) in self.0.raw() {
                    raw.set_item(name, json)?;
                }
                Ok(raw)
            }

            /// What happened since `before`: the members of an `AssetState` as JSON.
            fn compare<'py>(&self, py: Python<'py>, before: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
                let before: Option<AssetState> = match before.map(serde_json::from_str).transpose() {
                    Ok(before) => before,
                    Err(_) => return Err(PyValueError::new_err("this is no state of an asset")),
                };
                AssetState::compare(before.as_ref(), &self.0).to_python(py)
            }

            fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                AssetState::of(&self.0).to_python(py)
            }

            $(
                #[getter]
                fn $name<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                    self.0.$name().to_python(py)
                }
            )*
        }
    };
}

getters!(
    library,
    change_tag,
    media_type,
    subtype,
    created_ms,
    created,
    added,
    utc_offset,
    time_zone,
    location,
    title,
    description,
    is_favorite,
    is_hidden,
    is_trashed,
    expunges_at,
    burst_id,
    burst_flags,
    adjustment_type,
    is_edited,
    is_hdr,
    orientation,
    original_orientation,
    dimensions,
    duration,
    live_duration,
    live_still_at,
);

/// Its hand-made form of the model: lists ask for thousands.
fn resource<'py>(py: Python<'py>, resource: &Resource) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item(intern!(py, "role"), variant(py, "Role", &resource.role)?)?;
    fields.set_item(intern!(py, "holder"), variant(py, "Holder", &resource.holder)?)?;
    fields.set_item(intern!(py, "media_type"), resource.media_type.as_deref())?;
    fields.set_item(intern!(py, "size"), resource.size)?;
    let checksum = resource.checksum.as_ref().map(|sum| checksum(py, sum)).transpose()?;
    fields.set_item(intern!(py, "checksum"), checksum)?;
    fields.set_item(intern!(py, "width"), resource.width)?;
    fields.set_item(intern!(py, "height"), resource.height)?;
    fields.set_item(intern!(py, "is_offered"), resource.is_offered())?;
    fields.set_item(intern!(py, "is_provable"), resource.is_provable())?;
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    bare(CLASS.import(py, "icloud_photos._models", "Resource")?, &fields)
}

fn checksum<'py>(py: Python<'py>, checksum: &Checksum) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item(intern!(py, "text"), checksum.to_string())?;
    fields.set_item(intern!(py, "is_known"), matches!(checksum.scheme(), Scheme::SaltedSha1))?;
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    bare(CLASS.import(py, "icloud_photos._models", "Checksum")?, &fields)
}
