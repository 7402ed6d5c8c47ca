//! Asking objects that are written in JavaScript: by one function, which neither throws nor rejects (`lib/ask.ts`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use icloud_photos::{Error, ErrorKind, Result};
use napi::Status;
use napi::bindgen_prelude::{FromNapiValue, Function, JsValuesTupleIntoVec, Promise};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use tokio::sync::watch;

use crate::errors::thrown;

/// One call of a method.
pub(crate) trait Question: JsValuesTupleIntoVec + Send + Sync + 'static {
    type Answer: Answer;

    /// Nobody needs this thing any more.
    fn end(thing: u32) -> Self;
}

/// What came of it.
pub(crate) trait Answer: FromNapiValue + Send + 'static {
    /// What the method threw, if it did.
    fn failure(&self) -> Option<&ThrownValue>;
}

/// What a method threw; the facade keeps the value itself under `number`.
#[napi(object, object_to_js = false)]
pub struct ThrownValue {
    pub number: u32,
    pub message: String,
    pub kind: Option<String>,
}

/// Weak: what may be asked keeps no process alive.
type Ask<Q> = ThreadsafeFunction<Q, Promise<<Q as Question>::Answer>, Q, Status, false, true>;

/// An object that is written in JavaScript.
pub(crate) struct Asked<Q: Question> {
    function: Arc<Ask<Q>>,
    /// Fails once JavaScript's thread has ended: what it was asked before is never answered then.
    alive: watch::Receiver<()>,
}

impl<Q: Question> Clone for Asked<Q> {
    fn clone(&self) -> Self {
        Self { function: self.function.clone(), alive: self.alive.clone() }
    }
}

impl<Q: Question> Asked<Q> {
    pub(crate) fn new(function: Function<'_, Q, Promise<Q::Answer>>) -> napi::Result<Self> {
        let (sender, alive) = watch::channel(());
        let function = function
            .build_threadsafe_function::<Q>()
            .callee_handled::<false>()
            .weak::<true>()
            .build_callback(move |call| {
                // It is dropped with this function.
                let _sender = &sender;
                Ok(call.value)
            })?;
        Ok(Self { function: Arc::new(function), alive })
    }

    pub(crate) async fn ask(&self, question: Q) -> Result<Q::Answer> {
        let ended = || Error::new(ErrorKind::Cancelled, "the thread of the object that is asked is ending");
        let mut alive = self.alive.clone();
        let answered = async { self.function.call_async(question).await?.await };
        let answer = tokio::select! {
            answer = answered => answer.map_err(|_: napi::Error| ended())?,
            _ = alive.changed() => return Err(ended()),
        };
        match answer.failure() {
            Some(it) => Err(thrown(it.number, it.message.clone(), it.kind.as_deref(), ErrorKind::Storage)),
            None => Ok(answer),
        }
    }

    /// A number for what a method is to make. Whoever gives up waiting for the method ends it too.
    pub(crate) fn thing(&self) -> Thing<Q> {
        static LAST: AtomicU32 = AtomicU32::new(0);
        Thing { asked: self.clone(), number: LAST.fetch_add(1, Ordering::Relaxed) }
    }
}

/// Something that a method made: JavaScript keeps it under a number, until this is dropped.
pub(crate) struct Thing<Q: Question> {
    pub(crate) asked: Asked<Q>,
    pub(crate) number: u32,
}

impl<Q: Question> Drop for Thing<Q> {
    fn drop(&mut self) {
        // Nobody waits for it: whoever comes next finds out if it fails.
        self.asked.function.call(Q::end(self.number), ThreadsafeFunctionCallMode::NonBlocking);
    }
}
