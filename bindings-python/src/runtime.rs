//! Where futures run, and how Python waits for them.
//!
//! One multi-threaded tokio runtime for the process. A child of `fork` has none of its parent's threads, so it gets a runtime of its own;
//! the parent's is left where it is, for ending it would wait for threads that are not there.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures::stream::{BoxStream, StreamExt};
use icloud_photos::{Error, ErrorKind, Result};
use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyCFunction;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};
use tokio::task::AbortHandle;

use crate::callback::Callback;
use crate::catalogue::require_here;
use crate::convert::ToPython;
use crate::door;
use crate::errors::raised;

/// How often a blocking call looks whether a signal came.
const TICK: Duration = Duration::from_millis(25);

/// Most items that one step of a lazy sequence hands over.
const BATCH: usize = 500;

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
pub(crate) struct Batches(Feed<Finish>);

impl Batches {
    pub(crate) fn new<T>(stream: BoxStream<'static, Result<T>>) -> Self
    where
        T: ToPython + Send + 'static,
    {
        let convert =
            |item: T| Box::new(move |py: Python<'_>| item.to_python(py).map(Bound::unbind)) as Finish;
        Self(Feed::new(stream.map(move |item| item.map(convert)).boxed()))
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

/// A stream that calls read from, one after the other. Nothing is lost when one is cancelled: what it had read already comes with the next.
pub(crate) struct Feed<T> {
    shelf: Arc<Shelf<T>>,
    closed: watch::Sender<bool>,
    most: usize,
    /// Who made it: a fork does not take along whoever reads.
    process: u32,
}

/// Locked from the first item that is read until the last is in Python's hands.
type Shelf<T> = Mutex<Reading<T>>;

struct Reading<T> {
    stream: Option<BoxStream<'static, Result<T>>>,
    /// What was read and not handed over.
    back: VecDeque<Result<T>>,
    begun: bool,
}

impl<T: ToPython + Send + 'static> Feed<T> {
    pub(crate) fn new(stream: BoxStream<'static, Result<T>>) -> Self {
        Self::at_most(BATCH, stream)
    }

    /// One that hands over no more than so many items at a time.
    pub(crate) fn at_most(most: usize, stream: BoxStream<'static, Result<T>>) -> Self {
        // What came to its end within a batch is asked once more by the next.
        let reading = Reading { stream: Some(stream.fuse().boxed()), back: VecDeque::new(), begun: false };
        Self {
            shelf: Arc::new(Mutex::new(reading)),
            closed: watch::Sender::new(false),
            most,
            process: std::process::id(),
        }
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
        self.closed.send_replace(true);
        if let Ok(mut reading) = self.shelf.try_lock() {
            reading.close();
        }
    }

    /// Takes the whole stream away for good; what somebody has read from lacks what they read.
    pub(crate) fn take(&self) -> Result<BoxStream<'static, Result<T>>> {
        let used = || Error::new(ErrorKind::Config, "this was read from, or used already; make a new one");
        let mut reading = self.shelf.try_lock().map_err(|_| used())?;
        reading.stream.take().filter(|_| !reading.begun).ok_or_else(used)
    }

    fn read(&self, into: Py<PyAny>) -> impl Future<Output = Result<Taken<T>>> + Send + 'static {
        let (shelf, mut closed, most) = (self.shelf.clone(), self.closed.subscribe(), self.most);
        let here = require_here(self.process);
        async move {
            here?;
            let mut reading = shelf.lock_owned().await;
            let batch = tokio::select! {
                biased;
                _ = closed.wait_for(|closed| *closed) => None,
                batch = reading.batch(most) => Some(batch),
            };
            let items = batch.unwrap_or_else(|| {
                reading.close();
                Ok(Vec::new())
            })?;
            Ok(Taken { items, reading, into })
        }
    }
}

impl<T: Send> Reading<T> {
    async fn batch(&mut self, most: usize) -> Result<Vec<T>> {
        self.begun = true;
        if self.back.is_empty() {
            let Some(stream) = &mut self.stream else { return Ok(Vec::new()) };
            match stream.as_mut().ready_chunks(most).next().await {
                Some(chunk) => self.back.extend(chunk),
                None => self.stream = None,
            }
        }
        // What came before an error goes out first; the error is the next call's.
        let mut items = Vec::with_capacity(self.back.len());
        while let Some(item) = self.back.pop_front() {
            match item {
                Ok(item) => items.push(item),
                Err(error) if items.is_empty() => return Err(error),
                error => {
                    self.back.push_front(error);
                    break;
                }
            }
        }
        Ok(items)
    }
}

impl<T> Reading<T> {
    fn close(&mut self) {
        self.stream = None;
        self.back.clear();
    }
}

/// Items on their way to a queue of Python's; they go back if nobody takes them.
struct Taken<T> {
    items: Vec<T>,
    reading: OwnedMutexGuard<Reading<T>>,
    into: Py<PyAny>,
}

impl<T: ToPython> ToPython for Taken<T> {
    fn to_python(mut self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let came = !self.items.is_empty();
        for item in std::mem::take(&mut self.items) {
            let item = item.to_python(py);
            let appended =
                item.and_then(|item| self.into.bind(py).call_method1(intern!(py, "append"), (item,)));
            if let Err(error) = appended {
                // A signal may come while a class of Python's is called. Whoever reads on must not take what follows for the rest.
                self.reading.close();
                self.reading.back.push_back(Err(interrupted()));
                return Err(error);
            }
        }
        came.to_python(py)
    }
}

fn interrupted() -> Error {
    Error::new(ErrorKind::Cancelled, "what was read was lost when this was interrupted; begin anew")
}

impl<T> Drop for Taken<T> {
    fn drop(&mut self) {
        for item in self.items.drain(..).rev() {
            self.reading.back.push_front(Ok(item));
        }
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
