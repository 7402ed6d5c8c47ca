//! Functions of Python's that are told of things, or asked, while an operation runs.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
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
pub(crate) struct Callback {
    inner: Option<Arc<Inner>>,
    /// Nobody waits any more for the operation that this clone is for.
    left: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Inner {
    function: Py<PyAny>,
    raised: Mutex<Option<PyErr>>,
    bell: Notify,
    running: Mutex<Operations>,
}

impl Callback {
    /// One that is never called if there is no function.
    pub(crate) fn new(function: Option<Py<PyAny>>) -> Self {
        let inner = |function| Inner {
            function,
            raised: Mutex::default(),
            bell: Notify::new(),
            running: Mutex::default(),
        };
        Self { inner: function.map(|function| Arc::new(inner(function))), left: Arc::default() }
    }

    /// The same function, for one more operation.
    pub(crate) fn anew(&self) -> Self {
        Self { inner: self.inner.clone(), left: Arc::default() }
    }

    /// Whether there is no function.
    pub(crate) fn is_none(&self) -> bool {
        self.inner.is_none()
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
        let inner = self.inner.as_ref()?;
        if inner.running().are_abandoned() || inner.raised().is_some() {
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

    /// It is called no more: what is under way ends where it waits next, which it does soon if nothing holds it up here. If somebody waits for
    /// another operation that calls it too, it is called until that ends.
    pub(crate) fn abandon(&self) {
        self.left.store(true, Ordering::Relaxed);
    }

    /// Runs `work` until it ends or a call has failed. What asks may unwind then ([`give_up`]).
    pub(crate) async fn guard<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let Some(inner) = &self.inner else { return work.await };
        let _running = Running::begin(inner, self.left.clone());
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
struct Running<'a>(&'a Inner, Arc<AtomicBool>);

impl<'a> Running<'a> {
    fn begin(inner: &'a Inner, left: Arc<AtomicBool>) -> Self {
        inner.running().under_way.push(left.clone());
        Self(inner, left)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut running = self.0.running();
        running.under_way.retain(|one| !Arc::ptr_eq(one, &self.1));
        running.was_left = self.1.load(Ordering::Relaxed);
    }
}

/// Which of those that call the function are under way, by whether somebody waits for them.
#[derive(Debug, Default)]
struct Operations {
    under_way: Vec<Arc<AtomicBool>>,
    /// Nobody waited for the last one that ended: what it began may call still.
    was_left: bool,
}

impl Operations {
    fn are_abandoned(&self) -> bool {
        match &*self.under_way {
            [] => self.was_left,
            all => all.iter().all(|left| left.load(Ordering::Relaxed)),
        }
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

    fn running(&self) -> std::sync::MutexGuard<'_, Operations> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn raised(&self) -> std::sync::MutexGuard<'_, Option<PyErr>> {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
