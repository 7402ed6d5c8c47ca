//! The client: where sign-ins begin.

use std::path::PathBuf;
use std::time::Duration;

use icloud_photos::http::{RetryPolicy, Timeouts};
use icloud_photos::session::{FileSessionStore, MemorySessionStore};
use icloud_photos::{AppleId, Credentials, Door, Endpoints, Error, ErrorKind, Region, Result};
use pyo3::prelude::*;

use crate::convert::named;
use crate::errors::raised;
use crate::login::{Challenge, Outcome};
use crate::py_sessions::PySessions;
use crate::runtime::Op;
use crate::transport::Transport;

#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct Client(icloud_photos::Client);

#[pymethods]
impl Client {
    #[new]
    #[pyo3(signature = (*, region, auth_endpoint, setup_endpoint, sessions, beside_icloudpd, client_id, retries, header_timeout, stall_timeout))]
    fn new(
        py: Python<'_>,
        region: &str,
        auth_endpoint: Option<&str>,
        setup_endpoint: Option<&str>,
        sessions: Option<Bound<'_, PyAny>>,
        beside_icloudpd: bool,
        client_id: Option<String>,
        retries: Option<Bound<'_, PyAny>>,
        header_timeout: Option<f64>,
        stall_timeout: Option<f64>,
    ) -> PyResult<Self> {
        let region = named("region", region, &[Region::World, Region::China])?;
        let endpoints =
            endpoints(region, auth_endpoint, setup_endpoint).map_err(|error| raised(py, &error))?;
        let transport = Transport::new().map_err(|error| raised(py, &error))?;
        let mut builder = icloud_photos::Client::builder().endpoints(endpoints).transport(transport);
        builder = match sessions {
            None => builder.sessions(MemorySessionStore::new()),
            Some(sessions) => match sessions.extract::<PathBuf>() {
                Ok(folder) if beside_icloudpd => {
                    builder.sessions(FileSessionStore::new(folder).beside_icloudpd())
                }
                Ok(folder) => builder.sessions(FileSessionStore::new(folder)),
                Err(_) => builder.sessions(PySessions::new(&sessions)?),
            },
        };
        if let Some(id) = client_id {
            builder = builder.client_id(id);
        }
        if let Some(retries) = retries {
            builder = builder.retries(policy(&retries)?);
        }
        builder =
            builder.timeouts(timeouts(header_timeout, stall_timeout).map_err(|error| raised(py, &error))?);
        Ok(Self(builder.build().map_err(|error| raised(py, &error))?))
    }

    fn login(&self, account: &str, password: String) -> Op {
        let (client, account) = (self.0.clone(), account.parse::<AppleId>());
        Op::new(async move { client.login(Credentials::new(account?, password)).await.map(Outcome) })
    }

    fn restore(&self, account: &str) -> Op {
        let (client, account) = (self.0.clone(), account.parse::<AppleId>());
        Op::new(async move { client.restore(&account?).await })
    }

    fn cooldown(&self, account: &str) -> Op {
        let (client, account) = (self.0.clone(), account.parse::<AppleId>());
        Op::new(async move { client.cooldown(&account?).await })
    }

    fn resume(&self, py: Python<'_>, challenge: &str) -> PyResult<Challenge> {
        let saved = serde_json::from_str(challenge).map_err(|_| {
            // What was read may be a secret, and the parser would quote it.
            raised(
                py,
                &Error::new(ErrorKind::Config, "this is not a challenge that was saved; sign in again"),
            )
        })?;
        self.0.resume(saved).map(Challenge::new).map_err(|error| raised(py, &error))
    }

    fn probe(&self, door: &str) -> PyResult<Op> {
        let (client, door) = (self.0.clone(), named("door", door, &[Door::Auth, Door::Setup])?);
        Ok(Op::new(async move { client.probe(door).await }))
    }
}

fn endpoints(region: Region, auth: Option<&str>, setup: Option<&str>) -> Result<Endpoints> {
    let mut endpoints = Endpoints::for_region(region);
    if let Some(url) = auth {
        endpoints = endpoints.with_auth(url)?;
    }
    if let Some(url) = setup {
        endpoints = endpoints.with_setup(url)?;
    }
    Ok(endpoints)
}

/// A `RetryPolicy` of `_models.py`.
fn policy(given: &Bound<'_, PyAny>) -> PyResult<RetryPolicy> {
    let time = |name: &str| given.getattr(name)?.extract::<Duration>();
    let mut policy = RetryPolicy::default()
        .attempts(given.getattr("attempts")?.extract()?)
        .pauses(time("base")?, time("cap")?);
    policy.patience = time("patience")?;
    Ok(policy)
}

fn timeouts(headers: Option<f64>, stall: Option<f64>) -> Result<Timeouts> {
    let mut timeouts = Timeouts::default();
    if let Some(seconds) = headers {
        timeouts = timeouts.headers(limit(seconds)?);
    }
    if let Some(seconds) = stall {
        timeouts = timeouts.stall(limit(seconds)?);
    }
    Ok(timeouts)
}

/// A time that Python gives in seconds.
pub(crate) fn limit(seconds: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(seconds).map_err(|_| {
        Error::new(ErrorKind::Config, "a time limit must be a number of seconds that is not negative")
            .with("seconds", seconds)
    })
}
