//! The client: where sign-ins begin.

use std::time::Duration;

use icloud_photos::http::{RetryPolicy, Timeouts};
use icloud_photos::session::{FileSessionStore, MemorySessionStore};
use icloud_photos::{AppleId, Credentials, Door, Endpoints, Error, ErrorKind, Region, Result};
use napi::Env;
use napi::bindgen_prelude::{Function, Promise};
use napi_derive::napi;

use crate::ask::Asked;
use crate::login::{Challenge, Outcome};
use crate::runtime::{Abort, Promised, now, run};
use crate::sessions::{JsSessions, SessionReply, SessionRequest};
use crate::value::named;

#[napi]
pub struct Client(icloud_photos::Client);

/// What a client is told.
#[napi(object, object_to_js = false)]
pub struct ClientOptions {
    pub region: String,
    pub auth_endpoint: Option<String>,
    pub setup_endpoint: Option<String>,
    pub folder: Option<String>,
    pub beside_icloudpd: bool,
    pub client_id: Option<String>,
    pub retries: Option<Retries>,
    pub header_timeout_ms: Option<f64>,
    pub stall_timeout_ms: Option<f64>,
}

/// A `RetryPolicy`.
#[napi(object, object_to_js = false)]
pub struct Retries {
    pub attempts: Option<f64>,
    pub base_ms: Option<f64>,
    pub cap_ms: Option<f64>,
    pub patience_ms: Option<f64>,
}

#[napi]
impl Client {
    /// `sessions` is a store that is written in JavaScript; else there is a folder, or memory.
    #[napi(constructor)]
    pub fn new(
        options: ClientOptions,
        sessions: Option<Function<'_, SessionRequest, Promise<SessionReply>>>,
    ) -> napi::Result<Self> {
        let sessions = sessions.as_ref().map(Asked::new).transpose()?.map(JsSessions::new);
        now(options.build(sessions)).map(Self)
    }

    #[napi(ts_return_type = "Promise<LoginOutcome>")]
    pub fn login<'env>(
        &self,
        env: &'env Env,
        account: String,
        password: String,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let (client, account) = (self.0.clone(), account.parse::<AppleId>());
        run(env, abort, async move { client.login(Credentials::new(account?, password)).await.map(Outcome) })
    }

    #[napi(ts_return_type = "Promise<Session | null>")]
    pub fn restore<'env>(&self, env: &'env Env, account: String, abort: Option<&Abort>) -> Promised<'env> {
        let (client, account) = (self.0.clone(), account.parse::<AppleId>());
        run(env, abort, async move { client.restore(&account?).await })
    }

    #[napi(ts_return_type = "Promise<Failure | null>")]
    pub fn cooldown<'env>(&self, env: &'env Env, account: String, abort: Option<&Abort>) -> Promised<'env> {
        let (client, account) = (self.0.clone(), account.parse::<AppleId>());
        run(env, abort, async move { client.cooldown(&account?).await })
    }

    #[napi]
    pub fn resume(&self, challenge: String) -> napi::Result<Challenge> {
        // What was read may be a secret, and the parser would quote it.
        let wrong =
            |_| Error::new(ErrorKind::Config, "this is not a challenge that was saved; sign in again");
        let saved = serde_json::from_str(&challenge).map_err(wrong);
        now(saved.and_then(|saved| self.0.resume(saved))).map(Challenge::new)
    }

    #[napi(ts_return_type = "Promise<Probe>")]
    pub fn probe<'env>(&self, env: &'env Env, door: String, abort: Option<&Abort>) -> Promised<'env> {
        let (client, door) = (self.0.clone(), named("door", &door, &[Door::Auth, Door::Setup]));
        run(env, abort, async move { client.probe(door?).await })
    }
}

impl ClientOptions {
    fn build(self, sessions: Option<JsSessions>) -> Result<icloud_photos::Client> {
        let mut builder = icloud_photos::Client::builder().endpoints(self.endpoints()?);
        builder = match (sessions, self.folder) {
            (Some(sessions), _) => builder.sessions(sessions),
            (None, Some(folder)) if self.beside_icloudpd => {
                builder.sessions(FileSessionStore::new(folder).beside_icloudpd())
            }
            (None, Some(folder)) => builder.sessions(FileSessionStore::new(folder)),
            (None, None) => builder.sessions(MemorySessionStore::new()),
        };
        if let Some(id) = self.client_id {
            builder = builder.client_id(id);
        }
        if let Some(retries) = self.retries {
            builder = builder.retries(retries.policy()?);
        }
        builder.timeouts(timeouts(self.header_timeout_ms, self.stall_timeout_ms)?).build()
    }

    fn endpoints(&self) -> Result<Endpoints> {
        let region = named("region", &self.region, &[Region::World, Region::China])?;
        let mut endpoints = Endpoints::for_region(region);
        if let Some(url) = &self.auth_endpoint {
            endpoints = endpoints.with_auth(url)?;
        }
        if let Some(url) = &self.setup_endpoint {
            endpoints = endpoints.with_setup(url)?;
        }
        Ok(endpoints)
    }
}

impl Retries {
    fn policy(self) -> Result<RetryPolicy> {
        let mut policy = RetryPolicy::default();
        if let Some(attempts) = self.attempts {
            let attempts = u32::try_from(crate::library::number("attempts", attempts)?);
            policy = policy.attempts(attempts.unwrap_or(u32::MAX));
        }
        let or = |given: Option<f64>, default| given.map_or(Ok(default), limit);
        let (base, cap) = (or(self.base_ms, policy.base)?, or(self.cap_ms, policy.cap)?);
        let mut policy = policy.pauses(base, cap);
        policy.patience = or(self.patience_ms, policy.patience)?;
        Ok(policy)
    }
}

fn timeouts(headers: Option<f64>, stall: Option<f64>) -> Result<Timeouts> {
    let mut timeouts = Timeouts::default();
    if let Some(ms) = headers {
        timeouts = timeouts.headers(limit(ms)?);
    }
    if let Some(ms) = stall {
        timeouts = timeouts.stall(limit(ms)?);
    }
    Ok(timeouts)
}

/// A time that JavaScript gives in milliseconds.
pub(crate) fn limit(ms: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(ms / 1000.0).map_err(|_| {
        Error::new(ErrorKind::Config, "a time limit must be a number of milliseconds that is not negative")
            .with("milliseconds", ms)
    })
}
