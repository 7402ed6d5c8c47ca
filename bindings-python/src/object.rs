//! Calling objects that are written in Python.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use icloud_photos::{Error, ErrorKind, Result};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use tokio::sync::Semaphore;

use crate::door;
use crate::errors::from_python;

/// An object with methods that may block. They run on threads for such work, one call each, with Python's lock.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    object: Arc<Py<PyAny>>,
    /// What an exception of no known kind counts as.
    otherwise: ErrorKind,
    /// Held while something is done to an object that takes one call at a time. It is waited for without Python's lock.
    turn: Option<Arc<Mutex<()>>>,
    /// How many calls may run at once.
    room: Arc<Semaphore>,
}

/// So many calls of one object, and of what it made, run at once; others wait without a thread.
const ROOM: usize = 256;

impl Object {
    pub(crate) fn new(object: Py<PyAny>, otherwise: ErrorKind) -> Self {
        let room = room_of(&object);
        Self { object: Arc::new(object), otherwise, turn: None, room }
    }

    /// Another object, which this one made.
    pub(crate) fn made(&self, object: Py<PyAny>) -> Self {
        Self { object: Arc::new(object), otherwise: self.otherwise, turn: None, room: self.room.clone() }
    }

    /// One call at a time: whoever cancels a call does not end it, and the next one waits for it.
    pub(crate) fn in_turn(mut self) -> Self {
        self.turn = Some(Arc::default());
        self
    }

    /// Runs `work` on the object where it may block.
    pub(crate) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T> + Send + 'static,
    ) -> Result<T> {
        let this = self.clone();
        let room = self.room.clone().acquire_owned().await;
        let call = move || {
            let _room = room;
            this.now(work)
        };
        let done = tokio::task::spawn_blocking(call).await;
        done.unwrap_or_else(|_| Err(Error::new(ErrorKind::Unexpected, "a call into Python was cut off")))
    }

    /// Calls a method and takes apart what it gives.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        method: &'static str,
        arguments: impl for<'py> FnOnce(Python<'py>) -> PyResult<Bound<'py, PyTuple>> + Send + 'static,
        read: impl FnOnce(Bound<'_, PyAny>) -> PyResult<T> + Send + 'static,
    ) -> Result<T> {
        self.with(move |object| read(object.call_method1(method, arguments(object.py())?)?)).await
    }

    /// Runs `work` here. For what does not block.
    pub(crate) fn now<T>(&self, work: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>) -> Result<T> {
        let _turn = self.turn.as_ref().map(|turn| turn.lock().unwrap_or_else(PoisonError::into_inner));
        let done = door::with_python(|py| {
            work(self.object.bind(py)).map_err(|error| from_python(py, error, self.otherwise))
        });
        done.unwrap_or_else(|| Err(Error::new(ErrorKind::Cancelled, "the interpreter is ending")))
    }
}

/// One for each object of Python's, however often it is handed in.
fn room_of(object: &Py<PyAny>) -> Arc<Semaphore> {
    static ROOMS: LazyLock<Mutex<HashMap<usize, Weak<Semaphore>>>> = LazyLock::new(Mutex::default);
    let mut rooms = ROOMS.lock().unwrap_or_else(PoisonError::into_inner);
    // An object that is gone may have left its place to another.
    rooms.retain(|_, room| room.strong_count() > 0);
    let place = object.as_ptr().addr();
    if let Some(room) = rooms.get(&place).and_then(Weak::upgrade) {
        return room;
    }
    let room = Arc::new(Semaphore::new(ROOM));
    rooms.insert(place, Arc::downgrade(&room));
    room
}

/// That an object has the methods that it is asked for.
pub(crate) fn require_methods(object: &Bound<'_, PyAny>, methods: &[&str], otherwise: &str) -> PyResult<()> {
    for method in methods {
        if !object.getattr_opt(*method)?.is_some_and(|found| found.is_callable()) {
            return Err(PyTypeError::new_err(format!("{otherwise}, and this has no method {method}()")));
        }
    }
    Ok(())
}

/// That methods that are called as plain ones are plain ones, where they are there at all.
pub(crate) fn require_plain(object: &Bound<'_, PyAny>, methods: &[&str], whose: &str) -> PyResult<()> {
    let inspect = object.py().import("inspect")?;
    for method in methods {
        let Ok(found) = object.getattr(*method) else { continue };
        let is_async = |kind: &str| inspect.call_method1(kind, (&found,))?.is_truthy();
        if is_async("iscoroutinefunction")? || is_async("isasyncgenfunction")? {
            let message = format!(
                "{method}() is async; the methods of {whose} are plain functions, called on threads that may block"
            );
            return Err(PyTypeError::new_err(message));
        }
    }
    Ok(())
}
