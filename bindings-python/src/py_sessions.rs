//! A store of sessions that is written in Python.

use async_trait::async_trait;
use icloud_photos::session::{SavedSession, SessionStore, StoreLock};
use icloud_photos::{AppleId, ErrorKind, Result};
use icloud_photos_bindings::{ToValue, Value};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::convert::ToPython;
use crate::door;
use crate::object::{Object, require_methods, require_plain};

#[derive(Debug)]
pub(crate) struct PySessions(Object);

impl PySessions {
    pub(crate) fn new(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let methods = ["load", "save", "remove", "try_lock"];
        require_methods(object, &methods, "sessions must be a folder or a SessionStore")?;
        require_plain(object, &methods, "a store of sessions")?;
        Ok(Self(Object::new(object.clone().unbind(), ErrorKind::Storage)))
    }
}

fn account(account: &AppleId) -> impl for<'py> FnOnce(Python<'py>) -> PyResult<Bound<'py, PyTuple>> + use<> {
    let account = account.to_string();
    move |py| PyTuple::new(py, [account])
}

#[async_trait]
impl SessionStore for PySessions {
    async fn load(&self, id: &AppleId) -> Result<Option<SavedSession>> {
        self.0
            .call(
                "load",
                account(id),
                |found| if found.is_none() { Ok(None) } else { saved(&found).map(Some) },
            )
            .await
    }

    async fn save(&self, id: &AppleId, session: &SavedSession) -> Result<()> {
        let id = id.to_string();
        // The parser's and writer's own words might quote what they stumble over.
        let text = serde_json::to_string(session).map_err(|_| {
            icloud_photos::Error::new(ErrorKind::Unexpected, "the session cannot be written down")
        })?;
        let save = move |store: &Bound<'_, PyAny>| {
            let session =
                Value::Model("SavedSession", vec![("json", text.to_value())]).to_python(store.py())?;
            store.call_method1("save", (id, session)).map(drop)
        };
        self.0.with(save).await
    }

    async fn remove(&self, id: &AppleId) -> Result<()> {
        self.0.call("remove", account(id), |_| Ok(())).await
    }

    async fn try_lock(&self, id: &AppleId) -> Result<Option<StoreLock>> {
        let claim = self
            .0
            .call("try_lock", account(id), |claim| Ok((!claim.is_none()).then(|| claim.unbind())))
            .await?;
        Ok(claim.map(|claim| StoreLock::new(Claim(claim))))
    }
}

fn saved(found: &Bound<'_, PyAny>) -> PyResult<SavedSession> {
    let text: String = found.getattr("json")?.extract()?;
    serde_json::from_str(&text)
        .map_err(|_| PyValueError::new_err("the session store gave something that is no saved session"))
}

/// What `try_lock` gave: closed, if it can be, when the claim ends.
struct Claim(Py<PyAny>);

impl Drop for Claim {
    fn drop(&mut self) {
        let claim = &self.0;
        door::with_python(|py| {
            if let Ok(close) = claim.bind(py).getattr("close") {
                // Whoever claims next finds out if this failed.
                let _ = close.call0();
            }
        });
    }
}
