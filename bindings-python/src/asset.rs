//! One photo or film, and the files that iCloud has of it.

use icloud_photos::asset::{
    AssetChange, AssetState, Checksum, Digests, Filename, Holder, Location, MediaKind, Resource, Role,
    Scheme, Subtype,
};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict};

use crate::convert::{Fields, ToPython, as_handle, as_member, as_model, bare, member, variant};

#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct Asset(pub(crate) icloud_photos::Asset);

as_handle!(Asset);
as_member!(MediaKind => "MediaKind", Role => "Role", Holder => "Holder", AssetChange => "AssetChange");
as_model!(Location => "Location" {
    latitude, longitude, altitude, speed, course, horizontal_accuracy, vertical_accuracy, timestamp,
});

impl ToPython for icloud_photos::Asset {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Asset(self).to_python(py)
    }
}

impl ToPython for &icloud_photos::Asset {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Asset(self.clone()).to_python(py)
    }
}

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
            fn resources<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                self.0.resources().iter().collect::<Vec<_>>().to_python(py)
            }

            fn resource<'py>(&self, py: Python<'py>, role: &str) -> PyResult<Bound<'py, PyAny>> {
                self.0.resource(crate::library::role(role)?).to_python(py)
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
    kind,
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

impl ToPython for &Resource {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let fields = PyDict::new(py);
        fields.set_item(intern!(py, "role"), self.role.to_python(py)?)?;
        fields.set_item(intern!(py, "holder"), self.holder.to_python(py)?)?;
        fields.set_item(intern!(py, "media_type"), self.media_type.as_deref())?;
        fields.set_item(intern!(py, "size"), self.size)?;
        fields.set_item(intern!(py, "checksum"), self.checksum.to_python(py)?)?;
        fields.set_item(intern!(py, "width"), self.width)?;
        fields.set_item(intern!(py, "height"), self.height)?;
        fields.set_item(intern!(py, "is_offered"), self.is_offered())?;
        fields.set_item(intern!(py, "is_provable"), self.is_provable())?;
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        bare(CLASS.import(py, "icloud_photos._models", "Resource")?, &fields)
    }
}

impl ToPython for Subtype {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::Unknown(_) => member(py, "Subtype", "unknown"),
            known => variant(py, "Subtype", &known),
        }
    }
}

impl ToPython for Checksum {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        (&self).to_python(py)
    }
}

impl ToPython for &Checksum {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let fields = PyDict::new(py);
        fields.set_item(intern!(py, "text"), self.to_string())?;
        fields.set_item(intern!(py, "is_known"), matches!(self.scheme(), Scheme::SaltedSha1))?;
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        bare(CLASS.import(py, "icloud_photos._models", "Checksum")?, &fields)
    }
}

impl ToPython for Digests {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Fields::new(py).with("checksum", self.checksum)?.with("sha256", Sha256(self.sha256))?.model("Digests")
    }
}

/// 32 bytes.
pub(crate) struct Sha256(pub(crate) [u8; 32]);

impl ToPython for Sha256 {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Ok(PyBytes::new(py, &self.0).into_any())
    }
}

impl ToPython for AssetState {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Fields::new(py)
            .with("content", self.content)?
            .with("metadata", self.metadata)?
            .with("trashed", self.trashed)?
            .with("hidden", self.hidden)?
            .with("favorite", self.favorite)?
            .with("master", self.master.as_str())?
            .model("AssetState")
    }
}
