//! A store of sessions that is written in JavaScript.

use async_trait::async_trait;
use icloud_photos::session::{SavedSession, SessionStore, StoreLock};
use icloud_photos::{AppleId, Error, ErrorKind, Result};
use napi_derive::napi;

use crate::ask::{Answer, Asked, Question, ThrownValue};

/// One call of a method of the store.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct SessionRequest {
    /// `load`, `save`, `remove`, `try_lock`, or `end` of what `try_lock` gave.
    pub method: String,
    pub account: String,
    /// The session to save.
    pub session: Option<String>,
    /// The number of a claim.
    pub thing: Option<u32>,
}

/// What came of it.
#[napi(object, object_to_js = false)]
pub struct SessionReply {
    pub session: Option<String>,
    pub claimed: Option<bool>,
    pub failure: Option<ThrownValue>,
}

impl Question for SessionRequest {
    type Answer = SessionReply;

    fn end(thing: u32) -> Self {
        Self { method: "end".into(), thing: Some(thing), ..Self::default() }
    }
}

impl Answer for SessionReply {
    fn failure(&self) -> Option<&ThrownValue> {
        self.failure.as_ref()
    }
}

pub(crate) struct JsSessions(Asked<SessionRequest>);

impl std::fmt::Debug for JsSessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JsSessions")
    }
}

impl JsSessions {
    pub(crate) fn new(asked: Asked<SessionRequest>) -> Self {
        Self(asked)
    }
}

fn request(method: &str, account: &AppleId) -> SessionRequest {
    SessionRequest { method: method.into(), account: account.to_string(), ..SessionRequest::default() }
}

#[async_trait]
impl SessionStore for JsSessions {
    async fn load(&self, id: &AppleId) -> Result<Option<SavedSession>> {
        let found = self.0.ask(request("load", id)).await?.session;
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
        self.0.ask(SessionRequest { session: Some(text), ..request("save", id) }).await.map(drop)
    }

    async fn remove(&self, id: &AppleId) -> Result<()> {
        self.0.ask(request("remove", id)).await.map(drop)
    }

    async fn try_lock(&self, id: &AppleId) -> Result<Option<StoreLock>> {
        let claim = self.0.thing();
        let asked = SessionRequest { thing: Some(claim.number), ..request("try_lock", id) };
        let is_claimed = self.0.ask(asked).await?.claimed == Some(true);
        Ok(is_claimed.then(|| StoreLock::new(claim)))
    }
}
