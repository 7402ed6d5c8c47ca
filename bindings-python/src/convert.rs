//! From Rust to Python.
//!
//! Models are dataclasses and enums of Python's own, made by calling them: they print, compare, pickle and match as such things do, and
//! type checkers read them. `icloud_photos_bindings` says what a type of the library consists of; here it becomes one.

use std::time::SystemTime;

use icloud_photos_bindings::{Handle, Members, ToValue, Value, snake};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyList, PyNone, PyTuple};

use crate::asset::Asset;
use crate::errors::exception;
use crate::library::{Album, AlbumTree, Library};
use crate::session::Session;

/// Becomes an object of Python.
pub(crate) trait ToPython {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>>;
}

impl<T: ToValue> ToPython for T {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        object(py, self.to_value())
    }
}

/// The object of a value.
fn object(py: Python<'_>, value: Value) -> PyResult<Bound<'_, PyAny>> {
    match value {
        Value::Null | Value::Span(None) => Ok(PyNone::get(py).to_owned().into_any()),
        Value::Bool(value) => value.into_bound_py_any(py),
        Value::Int(value) => value.into_bound_py_any(py),
        Value::Size(value) | Value::Digest(value) => value.into_bound_py_any(py),
        Value::Float(value) => value.into_bound_py_any(py),
        Value::Text(value) => value.into_bound_py_any(py),
        Value::Bytes(bytes) => Ok(PyBytes::new(py, &bytes).into_any()),
        Value::Moment(at) => moment_of(py, at),
        Value::Span(Some(span)) => span.into_bound_py_any(py),
        Value::List(items) => {
            let list = PyList::empty(py);
            items.into_iter().try_for_each(|item| list.append(object(py, item)?))?;
            Ok(list.into_any())
        }
        Value::Tuple(items) => {
            let items = items.into_iter().map(|item| object(py, item)).collect::<PyResult<Vec<_>>>()?;
            Ok(PyTuple::new(py, items)?.into_any())
        }
        Value::Map(members) => {
            let dict = PyDict::new(py);
            members.into_iter().try_for_each(|(key, value)| dict.set_item(key, object(py, value)?))?;
            Ok(dict.into_any())
        }
        Value::Member(class, word) => member(py, class, &word),
        Value::Model(class, members) | Value::Variant(class, members) => made(py, class, members),
        Value::Failure(failure) => exception(py, &failure),
        Value::Handle(handle) => match handle {
            Handle::Asset(asset) => Ok(Bound::new(py, Asset(asset))?.into_any()),
            Handle::Album(album) => Ok(Bound::new(py, Album(album))?.into_any()),
            Handle::AlbumTree(tree) => Ok(Bound::new(py, AlbumTree(tree))?.into_any()),
            Handle::Library(library) => Ok(Bound::new(py, Library(library))?.into_any()),
            Handle::Session(session) => Ok(Bound::new(py, Session(session))?.into_any()),
        },
    }
}

/// Calls a class with its members.
fn made<'py>(py: Python<'py>, class: &str, members: Members) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    members.into_iter().try_for_each(|(name, value)| fields.set_item(name, object(py, value)?))?;
    self::class(py, class)?.call((), Some(&fields))
}

/// A class of the package's, wherever it stands.
fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    if let Some(known) = known(py)?.get_item(name)? {
        return Ok(known);
    }
    let class = match models(py)?.getattr_opt(name)? {
        Some(class) => class,
        None => events(py)?.getattr(name)?,
    };
    known(py)?.set_item(name, &class)?;
    Ok(class)
}

/// Moments are in UTC. One that Python's calendar has not, before the year 1, is none.
fn moment_of(py: Python<'_>, at: time::OffsetDateTime) -> PyResult<Bound<'_, PyAny>> {
    let utc = time::UtcDateTime::from(at);
    match utc.year() {
        1.. => utc.into_bound_py_any(py),
        _ => Ok(PyNone::get(py).to_owned().into_any()),
    }
}

/// A moment that Python gives, as far back as its calendar goes.
pub(crate) fn moment(given: &Bound<'_, PyAny>) -> PyResult<SystemTime> {
    Ok(given.extract::<time::OffsetDateTime>()?.into())
}

/// Handles: the pyclass that holds one.
macro_rules! as_handle {
    ($($kind:ty),* $(,)?) => { $(
        impl $crate::convert::ToPython for $kind {
            fn to_python(self, py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Bound<'_, pyo3::PyAny>> {
                Ok(pyo3::Bound::new(py, self)?.into_any())
            }
        }
    )* };
}
pub(crate) use as_handle;

/// An object of a frozen dataclass, made without its own hand, which takes ten times as long: for those that lists have thousands of. All
/// fields must be there.
pub(crate) fn bare<'py>(
    class: &Bound<'py, PyAny>,
    fields: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = class.py();
    let made = class.call_method1(intern!(py, "__new__"), (class,))?;
    made.getattr(intern!(py, "__dict__"))?.cast::<PyDict>()?.update(fields.as_mapping())?;
    Ok(made)
}

/// A member of an enum of `_models.py`, by its value.
pub(crate) fn member<'py>(py: Python<'py>, class: &str, value: &str) -> PyResult<Bound<'py, PyAny>> {
    models(py)?.getattr(class)?.call1((value,))
}

/// Classes and members that were looked up before: lists ask for the same few again and again.
fn known(py: Python<'_>) -> PyResult<&Bound<'_, PyDict>> {
    static KNOWN: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    Ok(KNOWN.get_or_init(py, || PyDict::new(py).unbind()).bind(py))
}

/// A variant without data, from what `Debug` says of it: `LiveMovie` is `live_movie` in Python.
pub(crate) fn variant<'py>(
    py: Python<'py>,
    class: &str,
    value: &impl std::fmt::Debug,
) -> PyResult<Bound<'py, PyAny>> {
    use std::fmt::Write as _;
    let mut name = String::with_capacity(32);
    let _ = write!(name, "{class}.{value:?}");
    if let Some(known) = known(py)?.get_item(&name)? {
        return Ok(known);
    }
    let member = member(py, class, &snake(&name[class.len() + 1..]))?;
    known(py)?.set_item(name, &member)?;
    Ok(member)
}

/// What Python's words name; a `ValueError` says which there are.
pub(crate) fn valid<T>(outcome: Result<T, String>) -> PyResult<T> {
    outcome.map_err(PyValueError::new_err)
}

/// The variant that Python names.
pub(crate) fn named<T: std::fmt::Debug + Copy>(what: &str, value: &str, all: &[T]) -> PyResult<T> {
    valid(icloud_photos_bindings::named(what, value, all))
}

pub(crate) fn models(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static MODULE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    module(py, &MODULE, "icloud_photos._models")
}

fn events(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static MODULE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    module(py, &MODULE, "icloud_photos.events")
}

fn module<'py>(
    py: Python<'py>,
    cell: &'static PyOnceLock<Py<PyAny>>,
    name: &str,
) -> PyResult<&'py Bound<'py, PyAny>> {
    Ok(cell.get_or_try_init(py, || Ok::<_, PyErr>(py.import(name)?.into_any().unbind()))?.bind(py))
}
