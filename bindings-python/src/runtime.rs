//! Where futures run, and how Python waits for them.
//!
//! One multi-threaded tokio runtime for the process. A child of `fork` has none of its parent's threads, so it gets a runtime of its own;
//! the parent's is left where it is, for ending it would wait for threads that are not there.

use std::future::Future;
use std::pin::Pin;
use std::sync::PoisonError;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use futures::stream::{BoxStream, StreamExt};
use icloud_photos::{Error, ErrorKind, Result};
use icloud_photos_bindings::{Taken, ToValue, Value};
use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyCFunction;
use tokio::runtime::{Builder, Runtime};
use tokio::task::AbortHandle;

use crate::callback::Callback;
use crate::catalogue::require_here;
use crate::convert::ToPython;
use crate::door;
use crate::errors::raised;

/// How often a blocking call looks whether a signal came.
const TICK: Duration = Duration::from_millis(25);

/// Most threads for what blocks, made as needed. A storage that is written in Python may call one of ours, which needs a thread too while the first
/// one waits: `object::ROOM` leaves some for it.
const BLOCKING: usize = 4096;

/// The last step of an operation, with Python's lock: what came becomes a value or an exception.
type Finish = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

type Work = Pin<Box<dyn Future<Output = Finish> + Send>>;

/// An operation that has not begun.
#[pyclass(frozen, generic, module = "icloud_photos._native")]
pub(crate) struct Op {
    work: std::sync::Mutex<Option<Work>>,
    /// What it calls on the way.
    calls: Vec<Callback>,
}

impl Op {
    /// An operation of `future`; what it gives is converted on the thread that waits.
    pub(crate) fn new<T>(future: impl Future<Output = Result<T>> + Send + 'static) -> Self
    where
        T: ToPython + Send + 'static,
    {
        Self::calling([], future)
    }

    /// One that calls functions of Python's on the way: none is called any more once nobody waits.
    pub(crate) fn calling<T>(
        calls: impl IntoIterator<Item = Callback>,
        future: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Self
    where
        T: ToPython + Send + 'static,
    {
        let work: Work = Box::pin(async move {
            let outcome = future.await;
            Box::new(move |py: Python<'_>| match outcome {
                Ok(value) => value.to_python(py).map(Bound::unbind),
                Err(error) => Err(raised(py, &error)),
            }) as Finish
        });
        Self { work: std::sync::Mutex::new(Some(work)), calls: calls.into_iter().collect() }
    }

    fn take(&self) -> PyResult<Work> {
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
        work.ok_or_else(|| PyRuntimeError::new_err("this operation was begun already; call the method again"))
    }
}

#[pymethods]
impl Op {
    /// Runs it and blocks.
    fn wait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let work = self.take()?;
        let (send, mut receive) = sync_channel(1);
        let task = spawn(py, async move {
            // Whoever waits may have been interrupted.
            let _ = send.send(work.await);
        })?;
        let _ends_with_us = AbortOnDrop(task);
        loop {
            let (outcome, back) = py.detach(move || (receive.recv_timeout(TICK), receive));
            receive = back;
            match outcome {
                Ok(finish) => return finish(py),
                Err(RecvTimeoutError::Timeout) => {
                    py.check_signals().inspect_err(|_| self.calls.iter().for_each(Callback::abandon))?;
                }
                Err(RecvTimeoutError::Disconnected) => return Err(raised(py, &panicked())),
            }
        }
    }

    /// Runs it beside the event loop.
    fn __await__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let event_loop = running_loop(py)?;
        let future = event_loop.call_method0("create_future")?;
        let work = self.take()?;
        let answer = Answer { event_loop: event_loop.unbind(), future: future.clone().unbind() };
        let task = spawn(py, async move {
            let mut answer = Undelivered(Some(answer));
            let finish = work.await;
            answer.deliver(finish);
        })?;
        future.call_method1("add_done_callback", (abort_when_cancelled(py, task, self.calls.clone())?,))?;
        future.call_method0("__await__")
    }
}

/// A future of asyncio that waits for an outcome.
struct Answer {
    event_loop: Py<PyAny>,
    future: Py<PyAny>,
}

/// Whatever becomes of the task, somebody who awaits hears of it.
struct Undelivered(Option<Answer>);

impl Undelivered {
    fn deliver(&mut self, finish: Finish) {
        let Some(answer) = self.0.take() else { return };
        door::with_python(|py| {
            // A loop that was closed meanwhile has nobody who waits.
            let _ = answer.send(py, finish);
        });
    }
}

impl Drop for Undelivered {
    fn drop(&mut self) {
        self.deliver(Box::new(|py| Err(raised(py, &panicked()))));
    }
}

impl Answer {
    /// The outcome is converted on the thread of the loop, which waits for it anyway.
    fn send(self, py: Python<'_>, finish: Finish) -> PyResult<()> {
        let Self { event_loop, future } = self;
        let finish = std::sync::Mutex::new(Some(finish));
        let settle = PyCFunction::new_closure(py, None, None, move |args, _| -> PyResult<()> {
            let py = args.py();
            let future = future.bind(py);
            let finish = finish.lock().unwrap_or_else(PoisonError::into_inner).take();
            let Some(finish) = finish else { return Ok(()) };
            if future.call_method0("done")?.is_truthy()? {
                return Ok(());
            }
            match finish(py) {
                Ok(value) => future.call_method1("set_result", (value,))?,
                Err(error) => future.call_method1("set_exception", (error,))?,
            };
            Ok(())
        })?;
        event_loop.call_method1(py, "call_soon_threadsafe", (settle,))?;
        Ok(())
    }
}

/// What ends the task when its future is cancelled.
fn abort_when_cancelled(
    py: Python<'_>,
    task: AbortHandle,
    calls: Vec<Callback>,
) -> PyResult<Bound<'_, PyCFunction>> {
    PyCFunction::new_closure(py, None, None, move |args, _| -> PyResult<()> {
        if args.get_item(0)?.call_method0("cancelled")?.is_truthy()? {
            calls.iter().for_each(Callback::abandon);
            task.abort();
        }
        Ok(())
    })
}

fn running_loop(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    static GET: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let found = GET.import(py, "asyncio", "get_running_loop")?.call0();
    found.map_err(|_| {
        PyRuntimeError::new_err(
            "no event loop of asyncio runs here: use asyncio.run(), or the blocking Client in a thread where another library has the loop",
        )
    })
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(crate) fn panicked() -> Error {
    Error::new(ErrorKind::Unexpected, "the operation ended without an outcome; please report this")
}

/// A lazy sequence, read a batch at a time.
#[pyclass(frozen, generic, module = "icloud_photos._native")]
pub(crate) struct Batches(Feed<Value>);

impl Batches {
    pub(crate) fn new<T: ToValue + 'static>(stream: BoxStream<'static, Result<T>>) -> Self {
        Self(Feed::new(stream.map(|item| item.map(ToValue::to_value)).boxed()))
    }
}

#[pymethods]
impl Batches {
    fn next(&self, into: Py<PyAny>) -> Op {
        self.0.next(into)
    }

    fn close(&self) {
        self.0.close();
    }
}

/// A stream that calls read from, in the process that made it: a fork does not take along whoever reads.
pub(crate) struct Feed<T> {
    items: icloud_photos_bindings::Feed<T>,
    process: u32,
}

impl<T: ToPython + Send + 'static> Feed<T> {
    pub(crate) fn new(stream: BoxStream<'static, Result<T>>) -> Self {
        Self { items: icloud_photos_bindings::Feed::new(stream), process: std::process::id() }
    }

    /// One that hands over no more than so many items at a time.
    pub(crate) fn at_most(most: usize, stream: BoxStream<'static, Result<T>>) -> Self {
        Self { items: icloud_photos_bindings::Feed::at_most(most, stream), process: std::process::id() }
    }

    /// Appends the next items to a queue of Python's, all that are there by now, and tells whether any came: none is the end. An error comes
    /// after what was read before it.
    pub(crate) fn next(&self, into: Py<PyAny>) -> Op {
        Op::new(self.read(into))
    }

    /// The same, while a function of Python's is asked on the way.
    pub(crate) fn next_guarded(&self, asked: &Callback, into: Py<PyAny>) -> Op {
        let (asked, read) = (asked.anew(), self.read(into));
        Op::calling([asked.clone()], async move { asked.guard(read).await })
    }

    /// Drops the stream, also while a call waits for it, which finds its end.
    pub(crate) fn close(&self) {
        self.items.close();
    }

    /// Takes the whole stream away for good; what somebody has read from lacks what they read.
    pub(crate) fn take(&self) -> Result<BoxStream<'static, Result<T>>> {
        self.items.take()
    }

    fn read(&self, into: Py<PyAny>) -> impl Future<Output = Result<Handed<T>>> + Send + 'static {
        let (read, here) = (self.items.read(), require_here(self.process));
        async move {
            here?;
            Ok(Handed { items: read.await?, into })
        }
    }
}

/// Items on their way to a queue of Python's.
struct Handed<T> {
    items: Taken<T>,
    into: Py<PyAny>,
}

impl<T: ToPython> ToPython for Handed<T> {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let Self { items, into } = self;
        // A signal may come while a class of Python's is called.
        let came = items.hand(|item| {
            into.bind(py).call_method1(intern!(py, "append"), (item.to_python(py)?,)).map(drop)
        })?;
        came.to_python(py)
    }
}

/// Begins `future` on this process's runtime. Always with Python's lock, so that no other thread is in here when the process forks.
pub(crate) fn spawn(
    py: Python<'_>,
    future: impl Future<Output = ()> + Send + 'static,
) -> PyResult<AbortHandle> {
    Ok(runtime(py)?.spawn(future).abort_handle())
}

/// The runtime of this process.
pub(crate) fn runtime(_py: Python<'_>) -> PyResult<&'static Runtime> {
    static SLOT: std::sync::Mutex<Option<(u32, &'static Runtime)>> = std::sync::Mutex::new(None);
    let here = std::process::id();
    let mut slot = SLOT.lock().unwrap_or_else(PoisonError::into_inner);
    match *slot {
        Some((process, runtime)) if process == here => Ok(runtime),
        _ => {
            let runtime: &'static Runtime = Box::leak(Box::new(
                Builder::new_multi_thread().enable_all().max_blocking_threads(BLOCKING).build()?,
            ));
            *slot = Some((here, runtime));
            Ok(runtime)
        }
    }
}
