//! How JavaScript waits for futures, ends them, and reads lists.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::{AbortHandle, AbortRegistration, Abortable};
use futures::stream::{BoxStream, StreamExt};
use icloud_photos::{Error, ErrorKind, Result};
use icloud_photos_bindings::{Taken, ToValue, Value};
use napi::Env;
use napi::bindgen_prelude::{PromiseRaw, Unknown};
use napi_derive::napi;

use crate::errors::raised;
use crate::value::{Js, ToJs, as_own};

/// A promise of whatever an operation comes to.
pub(crate) type Promised<'env> = napi::Result<PromiseRaw<'env, Unknown<'env>>>;

/// Ends one operation: its future is dropped, and with it its connection.
#[napi]
pub struct Abort {
    handle: AbortHandle,
    registration: Mutex<Option<AbortRegistration>>,
}

#[napi]
impl Abort {
    #[napi(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        let (handle, registration) = AbortHandle::new_pair();
        Self { handle, registration: Mutex::new(Some(registration)) }
    }

    #[napi]
    pub fn abort(&self) {
        self.handle.abort();
    }
}

/// Begins an operation. Its outcome becomes a [`Js`] on the thread that has it, and an object on JavaScript's.
pub(crate) fn run<'env, T: ToJs + 'static>(
    env: &'env Env,
    abort: Option<&Abort>,
    future: impl Future<Output = Result<T>> + Send + 'static,
) -> Promised<'env> {
    let work = async move { future.await.map(ToJs::to_js) };
    let outcome = match abort.and_then(|abort| lock(&abort.registration).take()) {
        Some(registration) => unless_aborted(work, registration).boxed(),
        None => work.boxed(),
    };
    env.spawn_future_with_callback(
        // A future that is done lets go of its connection before anybody is told.
        async move { outcome.await.map_err(|error| raised(&error)) },
        |env, value| value.make(env),
    )
}

async fn unless_aborted(
    work: impl Future<Output = Result<Js>>,
    registration: AbortRegistration,
) -> Result<Js> {
    match Abortable::new(work, registration).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Error::new(ErrorKind::Cancelled, "the caller stopped the operation")),
    }
}

/// A result that is there at once.
pub(crate) fn now<T>(result: Result<T>) -> napi::Result<T> {
    result.map_err(|error| raised(&error))
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A list that is read a batch at a time. When a call is aborted nothing is lost.
pub(crate) struct Feed<T>(icloud_photos_bindings::Feed<T>);

impl<T: ToValue + Send + 'static> Feed<T> {
    pub(crate) fn new(stream: BoxStream<'static, Result<T>>) -> Self {
        Self(icloud_photos_bindings::Feed::new(stream))
    }

    /// One that hands over no more than so many items at a time.
    pub(crate) fn at_most(most: usize, stream: BoxStream<'static, Result<T>>) -> Self {
        Self(icloud_photos_bindings::Feed::at_most(most, stream))
    }

    /// The next items: all that are there by now, one at least; none at the end. An error comes after what was read before it.
    pub(crate) fn next<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let read = self.read();
        run(env, abort, async move { Ok(read.await?.all()) })
    }

    pub(crate) fn read(&self) -> impl Future<Output = Result<Taken<T>>> + Send + 'static {
        self.0.read()
    }

    pub(crate) fn close(&self) {
        self.0.close();
    }

    /// Takes the whole stream away for good; what somebody has read from lacks what they read.
    pub(crate) fn take(&self) -> Result<BoxStream<'static, Result<T>>> {
        self.0.take()
    }
}

/// A list of data.
#[napi]
pub struct Items(Feed<Value>);

impl Items {
    pub(crate) fn new<T: ToValue + 'static>(stream: BoxStream<'static, Result<T>>) -> Self {
        Self(Feed::new(stream.map(|item| item.map(ToValue::to_value)).boxed()))
    }
}

as_own!(Items);

#[napi]
impl Items {
    #[napi(ts_return_type = "Promise<Array<unknown>>")]
    pub fn next<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        self.0.next(env, abort)
    }

    #[napi]
    pub fn close(&self) {
        self.0.close();
    }
}

/// Runs what may block where it may.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Error::new(ErrorKind::Cancelled, "the process is ending")))
}
