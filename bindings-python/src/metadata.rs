//! Dates inside of pictures, sidecars beside them, and what types of files are called.

use icloud_photos::asset::uti;
use icloud_photos::metadata::exif;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::asset::Asset;
use crate::convert::ToPython;
use crate::errors::raised;

#[pyfunction]
pub(crate) fn with_date<'py>(py: Python<'py>, data: &[u8], date: &str) -> PyResult<Bound<'py, PyBytes>> {
    let dated = py.detach(|| exif::with_date(data, date)).map_err(|error| raised(py, &error))?;
    Ok(PyBytes::new(py, &dated))
}

#[pyfunction]
pub(crate) fn has_date(py: Python<'_>, data: &[u8]) -> PyResult<bool> {
    py.detach(|| exif::has_date(data)).map_err(|error| raised(py, &error))
}

/// The packet of a sidecar, or what takes the place of `existing`: `None` if that says it already.
#[pyfunction]
pub(crate) fn sidecar<'py>(
    py: Python<'py>,
    asset: &Asset,
    albums: Option<Vec<Vec<String>>>,
    rendering: bool,
    existing: Option<Vec<u8>>,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let packet = icloud_photos_bindings::sidecar(&asset.0, albums.as_deref(), rendering, existing);
    let packet = packet.map_err(|error| raised(py, &error))?;
    Ok(packet.map(|packet| PyBytes::new(py, &packet)))
}

/// The ending of names, kind, and whether it is RAW, by a uniform type identifier.
#[pyfunction]
pub(crate) fn type_of<'py>(
    py: Python<'py>,
    identifier: &str,
) -> PyResult<(Option<&'static str>, Bound<'py, PyAny>, bool)> {
    Ok((uti::extension(identifier), uti::kind(identifier).to_python(py)?, uti::is_raw(identifier)))
}
