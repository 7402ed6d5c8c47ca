//! Functions of JavaScript's that are told of things, or asked, while an operation runs.
//!
//! They are called on JavaScript's own thread, and the facade sees to it that they never throw: what its user's function throws ends the
//! operation from there.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use icloud_photos_bindings::ToValue;
use napi::Env;
use napi::bindgen_prelude::{Array, Function, JsValue, JsValuesTupleIntoVec, Unknown};
use napi_derive::napi;
use tokio::sync::Semaphore;

use crate::called::{Called, wait};
use crate::runtime::lock;
use crate::value::{Js, ToJs};

/// Most events that wait for the event loop: whoever tells more waits too.
const WAITING: u32 = 1000;

/// What is told, in its order, until JavaScript takes it.
#[napi]
pub struct Events(Told);

/// Tells it.
#[derive(Clone)]
pub(crate) struct Told(Arc<Inner>);

struct Inner {
    queue: Mutex<VecDeque<Js>>,
    room: Semaphore,
    /// Whether JavaScript was called and has not come yet.
    is_called: AtomicBool,
    bell: Called<(), ()>,
}

#[napi]
impl Events {
    /// `bell` is to come and [`Events::take`].
    #[napi(constructor)]
    pub fn new(bell: Function<'_, (), ()>) -> napi::Result<Self> {
        Ok(Self(Told(Arc::new(Inner {
            queue: Mutex::default(),
            room: Semaphore::new(WAITING as usize),
            is_called: AtomicBool::new(false),
            bell: Called::new(&bell)?,
        }))))
    }

    /// What was told since.
    #[napi(ts_return_type = "Array<unknown>")]
    pub fn take<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        let inner = &self.0.0;
        inner.is_called.store(false, Ordering::SeqCst);
        let told = std::mem::take(&mut *lock(&inner.queue));
        let mut taken: Array<'_> = env.create_array(0)?;
        inner.room.add_permits(told.len());
        for event in told {
            taken.insert(event.make(env)?)?;
        }
        Ok(taken.to_unknown())
    }
}

impl Events {
    pub(crate) fn told(events: Option<&Self>) -> Option<Told> {
        events.map(|events| events.0.clone())
    }
}

impl Told {
    /// Tells something. It waits while JavaScript is far behind, so that what waits there stays bounded.
    pub(crate) fn tell(&self, what: impl ToValue) {
        let Self(inner) = self;
        match inner.room.try_acquire() {
            Ok(room) => room.forget(),
            Err(_) => match wait(inner.bell.unless_ended(inner.room.acquire())) {
                Some(Ok(room)) => room.forget(),
                // Nobody is left to hear it.
                _ => return,
            },
        }
        lock(&inner.queue).push_back(what.to_js());
        if !inner.is_called.swap(true, Ordering::SeqCst) {
            inner.bell.call(());
        }
    }

    /// Does `work`, and gives its outcome once all was heard.
    pub(crate) async fn heard<T>(told: Option<Self>, work: impl Future<Output = T>) -> T {
        let outcome = work.await;
        if let Some(Self(inner)) = told {
            let _ = inner.bell.unless_ended(inner.room.acquire_many(WAITING)).await;
        }
        outcome
    }
}

/// A function that answers with yes or no, or with nothing if it failed.
pub(crate) struct Question<A: JsValuesTupleIntoVec + 'static>(Called<A, Option<bool>>);

impl<A: JsValuesTupleIntoVec + Send + 'static> Question<A> {
    pub(crate) fn new(function: &Function<'_, A, Option<bool>>) -> napi::Result<Self> {
        Called::new(function).map(Self)
    }

    /// Asks, and waits for the answer; `None` if it failed, or if JavaScript's thread is ending.
    pub(crate) fn ask(&self, about: A) -> Option<bool> {
        wait(self.0.answer(about)).flatten()
    }
}

/// Where there is no right answer: a filter that failed has not said that a photo is unwanted, and whatever were made of it would be
/// written down as seen. So the operation ends on the spot, as if it had been killed; napi rejects its promise.
pub(crate) fn give_up() -> ! {
    std::panic::resume_unwind(Box::new("a function that was called failed"))
}
