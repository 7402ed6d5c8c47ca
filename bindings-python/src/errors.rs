//! Errors of the library as exceptions, and exceptions of code written in Python as errors.

use icloud_photos::{Error, ErrorKind, Retry};
use icloud_photos_bindings::{Cause, Failure, Foreign, kind_named};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{IntoPyDict, PyDict};

/// What an operation that failed raises.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    if let Some(AsItIs(theirs)) = Foreign::behind(error) {
        return theirs.clone_ref(py);
    }
    exception(py, &Failure::of(error)).map_or_else(|error| error, PyErr::from_value)
}

/// The exception of an error.
pub(crate) fn exception<'py>(py: Python<'py>, failure: &Failure) -> PyResult<Bound<'py, PyAny>> {
    let (retry, after, attempts) = match failure.retry {
        Retry::Later { after } => ("later", after.map(|after| after.as_secs_f64()), None),
        Retry::Exhausted { attempts } => ("exhausted", None, Some(attempts)),
        _ => ("never", None, None),
    };
    let context = failure.context.iter().cloned().into_py_dict(py)?;
    let fields = PyDict::new(py);
    fields.set_item("kind", failure.kind_name())?;
    fields.set_item("message", &failure.message)?;
    fields.set_item("operation", failure.operation)?;
    fields.set_item("context", context)?;
    fields.set_item("retry", retry)?;
    fields.set_item("after", after)?;
    fields.set_item("attempts", attempts)?;
    fields.set_item("cause", failure.cause.as_ref().map(|cause| self::cause(py, cause)).transpose()?)?;
    from_native(py)?.call((), Some(&fields))
}

/// The cause as an exception: ours, Python's own, or what it says.
fn cause<'py>(py: Python<'py>, cause: &Cause) -> PyResult<Bound<'py, PyAny>> {
    match cause {
        Cause::Ours(ours) => exception(py, ours),
        Cause::Foreign(foreign) => match foreign.get::<Raised>() {
            Some(Raised(theirs)) => Ok(theirs.clone_ref(py).into_value(py).into_bound(py).into_any()),
            None => Ok(PyException::new_err(foreign.to_string()).into_value(py).into_bound(py).into_any()),
        },
        Cause::Text(text) => Ok(PyException::new_err(text.clone()).into_value(py).into_bound(py).into_any()),
    }
}

fn from_native(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static FUNCTION: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    FUNCTION.import(py, "icloud_photos.errors", "from_native")
}

/// An exception of code that the library called, on its way through it.
struct Raised(PyErr);

/// That of a function that was called on the way: the operation raises it as it is.
struct AsItIs(PyErr);

/// Ends an operation with an exception that is none of ours.
pub(crate) fn as_it_is(error: PyErr) -> Error {
    Error::new(ErrorKind::Cancelled, "a function that was called failed")
        .caused_by(Foreign::new(AsItIs(error), "an exception of Python's"))
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
    let text = if said.is_empty() { error.get_type(py).to_string() } else { said.clone() };
    Error::new(kind, text).caused_by(Foreign::new(Raised(error), said))
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
