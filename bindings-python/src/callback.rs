//! Functions of Python's that are told of things, or asked, while an operation runs.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use icloud_photos::{Error, ErrorKind, Result};
use pyo3::exceptions::{PyRuntimeError, PyStopAsyncIteration, PyStopIteration};
use pyo3::prelude::*;
use tokio::sync::Notify;

use crate::door;
use crate::errors::as_it_is;
use crate::runtime::panicked;

/// Called on the threads of the runtime, with Python's lock. The first exception ends the operation, which raises it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Callback(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    function: Py<PyAny>,
    raised: Mutex<Option<PyErr>>,
    bell: Notify,
    /// How many operations are under way that call it.
    running: AtomicUsize,
    /// Nobody waits for any of them any more.
    abandoned: AtomicBool,
}

impl Callback {
    /// One that is never called if there is no function.
    pub(crate) fn new(function: Option<Py<PyAny>>) -> Self {
        let inner = |function| Inner {
            function,
            raised: Mutex::default(),
            bell: Notify::new(),
            running: AtomicUsize::new(0),
            abandoned: AtomicBool::new(false),
        };
        Self(function.map(|function| Arc::new(inner(function))))
    }

    /// Whether there is no function.
    pub(crate) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Calls it with what `make` makes.
    pub(crate) fn tell<M>(&self, make: M)
    where
        M: for<'py> FnOnce(Python<'py>) -> PyResult<Bound<'py, PyAny>>,
    {
        let _ = self.ask(make, |_| Ok(()));
    }

    /// Calls it with what `make` makes, and reads what it gives; `None` without a function, and once one call has failed.
    pub(crate) fn ask<T, M>(&self, make: M, read: impl FnOnce(Bound<'_, PyAny>) -> PyResult<T>) -> Option<T>
    where
        M: for<'py> FnOnce(Python<'py>) -> PyResult<Bound<'py, PyAny>>,
    {
        let inner = self.0.as_ref()?;
        if inner.abandoned.load(Ordering::Relaxed) || inner.raised().is_some() {
            return None;
        }
        // It may take its time, and it may call what needs this thread's work to go on elsewhere.
        tokio::task::block_in_place(|| {
            door::with_python(|py| {
                let answer =
                    make(py).and_then(|argument| inner.function.bind(py).call1((argument,))).and_then(read);
                answer.map_err(|error| inner.fail(py, error)).ok()
            })
            .flatten()
        })
    }

    /// It is called no more: what is under way ends where it waits next, which it does soon if nothing holds it up here. If somebody else waits for
    /// an operation that calls it too, it is called until that ends.
    pub(crate) fn abandon(&self) {
        if let Some(inner) = self.0.as_ref().filter(|inner| inner.running.load(Ordering::Relaxed) <= 1) {
            inner.abandoned.store(true, Ordering::Relaxed);
        }
    }

    /// Runs `work` until it ends or a call has failed. What asks may unwind then ([`give_up`]).
    pub(crate) async fn guard<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let Some(inner) = &self.0 else { return work.await };
        let _running = Running::begin(inner);
        let mut work = std::pin::pin!(AssertUnwindSafe(work).catch_unwind());
        let outcome = loop {
            tokio::select! {
                outcome = &mut work => break outcome.unwrap_or_else(|why| Err(unwound(&*why))),
                () = inner.bell.notified() => {
                    // It may have been rung for an operation that had ended by itself.
                    if inner.raised().is_some() {
                        break Err(Error::new(ErrorKind::Cancelled, "a function that was called failed"));
                    }
                }
            }
        };
        match inner.raised().take() {
            Some(error) => Err(as_it_is(error)),
            None => outcome,
        }
    }
}

/// Why an operation came to no end: it gave up, perhaps for what another one was told, or it is our fault.
fn unwound(why: &(dyn Any + Send)) -> Error {
    match why.downcast_ref::<GaveUp>() {
        Some(GaveUp) => {
            Error::new(ErrorKind::Cancelled, "a function failed that another run of this engine calls too")
        }
        None => panicked(),
    }
}

struct GaveUp;

/// An operation that calls the function is under way while this lives.
struct Running<'a>(&'a Inner);

impl<'a> Running<'a> {
    fn begin(inner: &'a Inner) -> Self {
        inner.running.fetch_add(1, Ordering::Relaxed);
        inner.abandoned.store(false, Ordering::Relaxed);
        Self(inner)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Where there is no right answer: a filter that failed has not said that a photo is unwanted, and whatever were made of it would be
/// written down as seen. So the run ends on the spot, as if it had been killed.
pub(crate) fn give_up() -> ! {
    std::panic::resume_unwind(Box::new(GaveUp))
}

/// `StopIteration` would end whatever loops over the outcome, and a future of asyncio takes none: as from a generator, it comes out as a
/// `RuntimeError`.
fn no_end(py: Python<'_>, error: PyErr) -> PyErr {
    if !(error.is_instance_of::<PyStopIteration>(py) || error.is_instance_of::<PyStopAsyncIteration>(py)) {
        return error;
    }
    let outer = PyRuntimeError::new_err("a function that was called raised StopIteration");
    outer.set_cause(py, Some(error));
    outer
}

impl Inner {
    fn fail(&self, py: Python<'_>, error: PyErr) {
        self.raised().get_or_insert(no_end(py, error));
        self.bell.notify_one();
    }

    fn raised(&self) -> std::sync::MutexGuard<'_, Option<PyErr>> {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
