//! Asking objects that are written in JavaScript: by one function, which neither throws nor rejects (`lib/ask.ts`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use icloud_photos::{Error, ErrorKind, Result};
use napi::bindgen_prelude::{FromNapiValue, Function, JsValuesTupleIntoVec, Promise};
use napi_derive::napi;

use crate::called::Called;
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

/// An object that is written in JavaScript.
pub(crate) struct Asked<Q: Question>(Arc<Called<Q, Promise<Q::Answer>>>);

impl<Q: Question> Clone for Asked<Q> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<Q: Question> Asked<Q> {
    pub(crate) fn new(function: &Function<'_, Q, Promise<Q::Answer>>) -> napi::Result<Self> {
        Ok(Self(Arc::new(Called::new(function)?)))
    }

    pub(crate) async fn ask(&self, question: Q) -> Result<Q::Answer> {
        let answer = async { self.0.answer(question).await?.await.ok() };
        let ended = || Error::new(ErrorKind::Cancelled, "the thread of the object that is asked is ending");
        let answer = self.0.unless_ended(answer).await.flatten().ok_or_else(ended)?;
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
        self.asked.0.call(Q::end(self.number));
    }
}
