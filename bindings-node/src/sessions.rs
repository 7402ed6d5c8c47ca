//! A store of sessions that is written in JavaScript.

use std::sync::Arc;

use async_trait::async_trait;
use icloud_photos::session::{SavedSession, SessionStore, StoreLock};
use icloud_photos::{AppleId, Error, ErrorKind, Result};
use napi::Status;
use napi::bindgen_prelude::{Function, Promise};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;

use crate::errors::thrown;

/// Weak: a client keeps no process alive.
type Ask = ThreadsafeFunction<Request, Promise<Reply>, Request, Status, false, true>;

/// One call of a method of the store.
#[napi(object, object_from_js = false)]
pub struct Request {
    /// `load`, `save`, `remove`, `try_lock`, or `unlock` with what `try_lock` gave.
    pub method: String,
    pub account: String,
    /// The session to save.
    pub session: Option<String>,
    pub claim: Option<u32>,
}

/// What came of it. The facade's function always gives one: it neither throws nor rejects.
#[napi(object, object_to_js = false)]
pub struct Reply {
    pub session: Option<String>,
    pub claim: Option<u32>,
    pub failure: Option<ThrownValue>,
}

/// What the store threw; the facade keeps the value itself under `number`.
#[napi(object, object_to_js = false)]
pub struct ThrownValue {
    pub number: u32,
    pub message: String,
    pub kind: Option<String>,
}

pub(crate) struct JsSessions(Arc<Ask>);

impl std::fmt::Debug for JsSessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JsSessions")
    }
}

impl JsSessions {
    pub(crate) fn new(function: Function<'_, Request, Promise<Reply>>) -> napi::Result<Self> {
        let ask = function
            .build_threadsafe_function::<Request>()
            .callee_handled::<false>()
            .weak::<true>()
            .build_callback(|call| Ok(call.value))?;
        Ok(Self(Arc::new(ask)))
    }

    async fn ask(&self, method: &str, account: &AppleId, session: Option<String>) -> Result<Reply> {
        let request =
            Request { method: method.to_owned(), account: account.to_string(), session, claim: None };
        // JavaScript may end while it is asked.
        let ended = |_| Error::new(ErrorKind::Cancelled, "the thread of the session store is ending");
        let reply = self.0.call_async(request).await.map_err(ended)?.await.map_err(ended)?;
        match reply.failure {
            Some(failure) => {
                Err(thrown(failure.number, failure.message, failure.kind.as_deref(), ErrorKind::Storage))
            }
            None => Ok(reply),
        }
    }
}

#[async_trait]
impl SessionStore for JsSessions {
    async fn load(&self, id: &AppleId) -> Result<Option<SavedSession>> {
        let found = self.ask("load", id, None).await?.session;
        // The parser's own words might quote what it stumbles over.
        let wrong = |_| {
            let message = "the session store gave something that is no saved session";
            Error::new(ErrorKind::Storage, message)
        };
        found.map(|text| serde_json::from_str(&text).map_err(wrong)).transpose()
    }

    async fn save(&self, id: &AppleId, session: &SavedSession) -> Result<()> {
        let text = serde_json::to_string(session)
            .map_err(|_| Error::new(ErrorKind::Unexpected, "the session cannot be written down"))?;
        self.ask("save", id, Some(text)).await.map(drop)
    }

    async fn remove(&self, id: &AppleId) -> Result<()> {
        self.ask("remove", id, None).await.map(drop)
    }

    async fn try_lock(&self, id: &AppleId) -> Result<Option<StoreLock>> {
        let claim = self.ask("try_lock", id, None).await?.claim;
        Ok(claim.map(|number| StoreLock::new(Claim { store: self.0.clone(), account: id.clone(), number })))
    }
}

/// What `try_lock` gave: given up when the claim ends.
struct Claim {
    store: Arc<Ask>,
    account: AppleId,
    number: u32,
}

impl Drop for Claim {
    fn drop(&mut self) {
        let request = Request {
            method: "unlock".to_owned(),
            account: self.account.to_string(),
            session: None,
            claim: Some(self.number),
        };
        // Whoever claims next finds out if this failed.
        self.store.call(request, ThreadsafeFunctionCallMode::NonBlocking);
    }
}
