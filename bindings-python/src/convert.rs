//! From Rust to Python.
//!
//! Models are dataclasses and enums of Python's own, made by calling them: they print, compare, pickle and match as such things do, and
//! type checkers read them. Each type of the library says in its own room how it becomes one; here is what all need.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use icloud_photos::storage::StoragePath;
use icloud_photos::{Error, Result};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyList, PyNone};

use crate::errors::exception;

/// Becomes an object of Python.
pub(crate) trait ToPython {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>>;
}

/// What PyO3 converts itself.
macro_rules! as_pyo3_has_it {
    ($($kind:ty),* $(,)?) => { $(
        impl ToPython for $kind {
            fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
                self.into_bound_py_any(py)
            }
        }
    )* };
}

as_pyo3_has_it!(
    bool,
    u8,
    u16,
    u32,
    u64,
    usize,
    i32,
    i64,
    f64,
    &str,
    String,
    Duration,
    time::Duration,
    PathBuf,
    Py<PyAny>,
);

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

impl ToPython for () {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Ok(PyNone::get(py).to_owned().into_any())
    }
}

impl ToPython for Bytes {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Ok(PyBytes::new(py, &self).into_any())
    }
}

/// Moments are in UTC. One that Python's calendar has not, before the year 1, is none.
impl ToPython for time::OffsetDateTime {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let utc = time::UtcDateTime::from(self);
        match utc.year() {
            1.. => utc.into_bound_py_any(py),
            _ => ().to_python(py),
        }
    }
}

impl ToPython for SystemTime {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        time::OffsetDateTime::from(self).to_python(py)
    }
}

/// A moment that Python gives, as far back as its calendar goes.
pub(crate) fn moment(given: &Bound<'_, PyAny>) -> PyResult<SystemTime> {
    Ok(given.extract::<time::OffsetDateTime>()?.into())
}

impl ToPython for time::UtcOffset {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        time::Duration::seconds(self.whole_seconds().into()).to_python(py)
    }
}

impl ToPython for StoragePath {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        self.as_str().into_bound_py_any(py)
    }
}

impl ToPython for &StoragePath {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        self.as_str().into_bound_py_any(py)
    }
}

/// As a value; as the outcome of an operation it is raised.
impl ToPython for &Error {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        exception(py, self)
    }
}

impl ToPython for Error {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        exception(py, &self)
    }
}

impl<T: ToPython> ToPython for Option<T> {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Some(value) => value.to_python(py),
            None => ().to_python(py),
        }
    }
}

impl<T: ToPython> ToPython for Vec<T> {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let list = PyList::empty(py);
        for item in self {
            list.append(item.to_python(py)?)?;
        }
        Ok(list.into_any())
    }
}

/// One of many: a value, or what is wrong with it.
impl<T: ToPython> ToPython for Result<T> {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Ok(value) => value.to_python(py),
            Err(error) => error.to_python(py),
        }
    }
}

impl<A: ToPython, B: ToPython> ToPython for (A, B) {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        (self.0.to_python(py)?, self.1.to_python(py)?).into_bound_py_any(py)
    }
}

impl ToPython for Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send> {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Ok(self(py)?.into_bound(py))
    }
}

/// Keyword arguments.
pub(crate) struct Fields<'py>(Bound<'py, PyDict>);

impl<'py> Fields<'py> {
    pub(crate) fn new(py: Python<'py>) -> Self {
        Self(PyDict::new(py))
    }

    pub(crate) fn with(self, name: &str, value: impl ToPython) -> PyResult<Self> {
        self.0.set_item(name, value.to_python(self.0.py())?)?;
        Ok(self)
    }

    /// Calls anything with them.
    pub(crate) fn call(self, what: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        what.call((), Some(&self.0))
    }

    /// Calls a class of `_models.py` with them.
    pub(crate) fn model(self, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let class = models(self.0.py())?.getattr(name)?;
        self.call(&class)
    }

    /// Calls a class of `events.py` with them.
    pub(crate) fn event(self, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let class = events(self.0.py())?.getattr(name)?;
        self.call(&class)
    }
}

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

/// Members that were looked up before: lists ask for the same few again and again.
fn known(py: Python<'_>) -> PyResult<&Bound<'_, PyDict>> {
    static KNOWN: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    Ok(KNOWN.get_or_init(py, || PyDict::new(py).unbind()).bind(py))
}

/// The same as a value: class, value.
pub(crate) struct Member(pub(crate) &'static str, pub(crate) &'static str);

impl ToPython for Member {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        member(py, self.0, self.1)
    }
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

/// `SloMo` is `slo_mo`.
pub(crate) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// The variant that Python names.
pub(crate) fn named<T: std::fmt::Debug + Copy>(what: &str, value: &str, all: &[T]) -> PyResult<T> {
    let found = all.iter().find(|one| snake(&format!("{one:?}")) == value);
    found.copied().ok_or_else(|| {
        let names: Vec<String> = all.iter().map(|one| snake(&format!("{one:?}"))).collect();
        PyValueError::new_err(format!("no {what} is called {value:?}; there are: {}", names.join(", ")))
    })
}

/// Implements [`ToPython`] for enums without data.
macro_rules! as_member {
    ($($kind:ty => $class:literal),* $(,)?) => { $(
        impl $crate::convert::ToPython for $kind {
            fn to_python(self, py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Bound<'_, pyo3::PyAny>> {
                $crate::convert::variant(py, $class, &self)
            }
        }
    )* };
}
pub(crate) use as_member;

/// Implements [`ToPython`] for structs whose fields are all public.
macro_rules! as_model {
    ($kind:ty => $class:literal { $($field:ident),* $(,)? }) => {
        impl $crate::convert::ToPython for $kind {
            fn to_python(self, py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Bound<'_, pyo3::PyAny>> {
                $crate::convert::Fields::new(py)
                    $(.with(stringify!($field), self.$field)?)*
                    .model($class)
            }
        }
    };
}
pub(crate) use as_model;

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
