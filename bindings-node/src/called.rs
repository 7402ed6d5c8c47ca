//! Functions of JavaScript's that other threads call.

use std::future::Future;

use napi::Status;
use napi::bindgen_prelude::{FromNapiValue, Function, JsValuesTupleIntoVec};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

/// A function, for as long as JavaScript's thread runs. The facade sees to it that it never throws.
pub(crate) struct Called<A: JsValuesTupleIntoVec + 'static, R: FromNapiValue + 'static> {
    /// Weak: what may be called keeps no process alive.
    function: ThreadsafeFunction<A, R, A, Status, false, true>,
    /// Fails once JavaScript's thread has ended: what was called before is never answered then.
    alive: watch::Receiver<()>,
}

impl<A: JsValuesTupleIntoVec + Send + 'static, R: FromNapiValue + Send + 'static> Called<A, R> {
    pub(crate) fn new(function: &Function<'_, A, R>) -> napi::Result<Self> {
        let (sender, alive) = watch::channel(());
        let function = function
            .build_threadsafe_function::<A>()
            .callee_handled::<false>()
            .weak::<true>()
            .build_callback(move |call| {
                // It is dropped with this function.
                let _sender = &sender;
                Ok(call.value)
            })?;
        Ok(Self { function, alive })
    }

    /// Calls it, and waits for nothing.
    pub(crate) fn call(&self, about: A) {
        self.function.call(about, ThreadsafeFunctionCallMode::NonBlocking);
    }

    /// What it gives; `None` if it failed, or if JavaScript's thread is ending.
    pub(crate) async fn answer(&self, about: A) -> Option<R> {
        let (send, answer) = oneshot::channel();
        self.function.call_with_return_value(about, ThreadsafeFunctionCallMode::NonBlocking, |said, _| {
            // Whoever asked may be gone.
            let _ = send.send(said.ok());
            Ok(())
        });
        self.unless_ended(answer).await?.ok().flatten()
    }

    /// What `work` comes to, if that happens while JavaScript runs.
    pub(crate) async fn unless_ended<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut alive = self.alive.clone();
        tokio::select! {
            outcome = work => Some(outcome),
            _ = alive.changed() => None,
        }
    }
}

/// Waits where nothing can be suspended, on a thread of the runtime's.
pub(crate) fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| Handle::current().block_on(work))
}
