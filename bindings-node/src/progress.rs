//! How far a download is, told to JavaScript.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use napi::Status;
use napi::bindgen_prelude::Function;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};

/// Weak: what nobody awaits keeps no process alive.
type Told = ThreadsafeFunction<Arc<Count>, (), f64, Status, false, true>;

/// A function of JavaScript's that hears how many bytes came since it was called last. It must not throw: the facade sees to that.
#[derive(Clone, Default)]
pub(crate) struct Progress(Option<(Arc<Told>, Arc<Count>)>);

/// What was not told yet. However fast bytes come, one call at most waits for the event loop.
#[derive(Default)]
struct Count {
    bytes: AtomicI64,
    is_waiting: AtomicBool,
}

impl Count {
    #[allow(clippy::cast_precision_loss)]
    fn take(&self) -> f64 {
        self.is_waiting.store(false, Ordering::SeqCst);
        self.bytes.swap(0, Ordering::SeqCst) as f64
    }
}

impl Progress {
    pub(crate) fn new(function: Option<Function<'_, f64, ()>>) -> napi::Result<Self> {
        let Some(function) = function else { return Ok(Self::default()) };
        let told = function
            .build_threadsafe_function::<Arc<Count>>()
            .callee_handled::<false>()
            .weak::<true>()
            .build_callback(|call| Ok(call.value.take()))?;
        Ok(Self(Some((Arc::new(told), Arc::default()))))
    }

    pub(crate) fn tell(&self, bytes: i64) {
        let Some((told, count)) = &self.0 else { return };
        count.bytes.fetch_add(bytes, Ordering::SeqCst);
        if !count.is_waiting.swap(true, Ordering::SeqCst) {
            told.call(count.clone(), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// Does `work`, and gives its outcome once all was heard.
    pub(crate) async fn heard<T>(&self, work: impl Future<Output = T>) -> T {
        let outcome = work.await;
        if let Some((told, count)) = &self.0
            && count.bytes.load(Ordering::SeqCst) != 0
        {
            // Where JavaScript has ended nobody is left to hear it.
            let _ = told.call_async(count.clone()).await;
        }
        outcome
    }
}
