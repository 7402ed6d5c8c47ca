//! Errors of the library as exceptions, and exceptions of code written in Python as errors.

use std::error::Error as _;

use icloud_photos::{Error, ErrorKind, Retry};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use crate::convert::{Fields, snake};

/// What an operation that failed raises.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    let mut cause = error.source();
    while let Some(deeper) = cause {
        if let Some(AsItIs(theirs)) = deeper.downcast_ref() {
            return theirs.clone_ref(py);
        }
        cause = deeper.source();
    }
    exception(py, error).map_or_else(|error| error, PyErr::from_value)
}

/// The exception of an error.
pub(crate) fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let (retry, after, attempts) = match error.retry() {
        Retry::Later { after } => ("later", after.map(|after| after.as_secs_f64()), None),
        Retry::Exhausted { attempts } => ("exhausted", None, Some(attempts)),
        _ => ("never", None, None),
    };
    let context = PyDict::new(py);
    for (key, value) in error.context() {
        context.set_item(key, value)?;
    }
    let fields = Fields::new(py)
        .with("kind", snake(&format!("{:?}", error.kind())))?
        .with("message", error.message())?
        .with("operation", error.operation())?
        .with("context", context.into_any().unbind())?
        .with("retry", retry)?
        .with("after", after)?
        .with("attempts", attempts)?
        .with("cause", cause(py, error)?)?;
    fields.call(from_native(py)?)
}

/// The cause as an exception: ours, Python's own, or what it says.
fn cause(py: Python<'_>, error: &Error) -> PyResult<Option<Py<PyAny>>> {
    let Some(source) = error.source() else { return Ok(None) };
    if let Some(ours) = source.downcast_ref::<Error>() {
        return Ok(Some(exception(py, ours)?.unbind()));
    }
    if let Some(theirs) = source.downcast_ref::<Raised>() {
        return Ok(Some(theirs.0.clone_ref(py).into_value(py).into_any()));
    }
    let mut text = source.to_string();
    let mut deeper = source.source();
    while let Some(cause) = deeper {
        text = format!("{text}: {cause}");
        deeper = cause.source();
    }
    Ok(Some(PyErr::new::<PyException, _>(text).into_value(py).into_any()))
}

fn from_native(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static FUNCTION: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    FUNCTION.import(py, "icloud_photos.errors", "from_native")
}

/// An exception on its way through the library.
#[derive(Debug)]
pub(crate) struct Raised(PyErr);

impl std::fmt::Display for Raised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Raised {}

/// The exception of a function that was called on the way: the operation raises it as it is.
#[derive(Debug)]
struct AsItIs(PyErr);

impl std::fmt::Display for AsItIs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for AsItIs {}

/// Ends an operation with an exception that is none of ours.
pub(crate) fn as_it_is(error: PyErr) -> Error {
    Error::new(ErrorKind::Cancelled, "a function that was called failed").caused_by(AsItIs(error))
}

/// The error of an exception that code written in Python raised: of the same kind if it is one of ours or of the system's, else of
/// `otherwise`. What is no `Exception` ends the operation, which raises it.
pub(crate) fn from_python(py: Python<'_>, error: PyErr, otherwise: ErrorKind) -> Error {
    // `SystemExit`, `KeyboardInterrupt`: whoever raised it wants all to end.
    if !error.is_instance_of::<PyException>(py) {
        return as_it_is(error);
    }
    let kind = error.value(py).getattr("kind").ok().and_then(|kind| kind.extract::<String>().ok());
    let kind =
        kind.and_then(|kind| kind_named(&kind)).or_else(|| kind_of_system(py, &error)).unwrap_or(otherwise);
    let said = error.value(py).to_string();
    let text = if said.is_empty() { error.get_type(py).to_string() } else { said };
    Error::new(kind, text).caused_by(Raised(error))
}

fn kind_of_system(py: Python<'_>, error: &PyErr) -> Option<ErrorKind> {
    use pyo3::exceptions::{PyFileExistsError, PyFileNotFoundError, PyOSError, PyPermissionError};
    if error.is_instance_of::<PyFileNotFoundError>(py) {
        return Some(ErrorKind::NotFound);
    }
    if error.is_instance_of::<PyFileExistsError>(py) {
        return Some(ErrorKind::AlreadyExists);
    }
    if error.is_instance_of::<PyPermissionError>(py) {
        return Some(ErrorKind::PermissionDenied);
    }
    if !error.is_instance_of::<PyOSError>(py) {
        return None;
    }
    let number = error.value(py).getattr("errno").ok()?.extract::<i32>().ok()?;
    let full = std::io::Error::from_raw_os_error(number).kind();
    matches!(full, std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
        .then_some(ErrorKind::StorageFull)
}

fn kind_named(name: &str) -> Option<ErrorKind> {
    ErrorKind::ALL.iter().find(|kind| snake(&format!("{kind:?}")) == name).copied()
}
