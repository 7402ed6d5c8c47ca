//! The programs `icloudpd` and `icloud`: the same code as the binaries.

use std::ffi::OsString;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Runs one with these arguments, and gives its exit code.
#[pyfunction]
pub(crate) fn command(py: Python<'_>, name: &str, arguments: Vec<OsString>) -> PyResult<u8> {
    match name {
        "icloudpd" => Ok(py.detach(|| icloudpd_cli::icloudpd(&arguments))),
        "icloud" => Ok(py.detach(|| icloudpd_cli::icloud(&arguments))),
        _ => Err(PyValueError::new_err("there is icloudpd, and icloud")),
    }
}
