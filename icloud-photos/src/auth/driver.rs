//! Runs the machine: sends what it asks for and keeps the budget of attempts.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, header};
use rand::SeedableRng;
use rand::rngs::StdRng;
use secrecy::SecretString;
use url::Url;

use super::machine::{Answer, Call, Event, Machine, Need, Outcome, Service};
use super::{errors, wire};
use crate::endpoints::Endpoints;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Clock, Http, RetryPolicy, USER_AGENT, error_for_status};
use crate::session::request::{WebHeaders, invalid};
use crate::session::tokens::Tokens;
use crate::session::vault::{OpenVault, Vault};
use crate::session::wire::client_query;
use crate::session::{AppleId, SessionStore};

/// Somebody waits at a prompt, and hammering lengthens a block (protocol notes 9.4).
const MOST_TRIES: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(30);

/// What a sign-in needs from the client.
#[derive(Debug, Clone)]
pub(crate) struct Driver {
    /// For the session that comes out of it.
    pub(super) http: Http,
    /// With less patience, for the sign-in itself.
    auth: Http,
    pub(super) endpoints: Endpoints,
    pub(super) vault: Vault,
    web: WebHeaders,
    /// What a new browser calls itself.
    client_id: Option<String>,
}

/// Where a run of the machine ended without an error.
#[derive(Debug)]
pub(super) enum Stop {
    Done,
    Challenge,
    Action(Need),
    Resting,
}

impl Driver {
    pub(crate) fn new(
        http: &Http,
        endpoints: &Endpoints,
        store: Arc<dyn SessionStore>,
        account: AppleId,
    ) -> Result<Self> {
        let mut policy: RetryPolicy = http.retries();
        policy.attempts = policy.attempts.min(MOST_TRIES);
        policy.patience = policy.patience.min(PATIENCE);
        Ok(Self {
            http: http.clone(),
            auth: http.with_retries(policy),
            endpoints: endpoints.clone(),
            web: WebHeaders::new(endpoints)?,
            vault: Vault::new(store, account, http.clock().clone()),
            client_id: None,
        })
    }

    /// A new browser calls itself so.
    pub(crate) fn with_client_id(mut self, client_id: Option<String>) -> Self {
        self.client_id = client_id;
        self
    }

    /// A browser nobody has seen before.
    pub(super) fn new_browser(&self) -> Tokens {
        let fresh = Tokens::fresh();
        Tokens { client_id: self.client_id.clone().unwrap_or(fresh.client_id), ..Tokens::default() }
    }

    pub(super) fn clock(&self) -> &Arc<dyn Clock> {
        self.vault.clock()
    }

    /// Drives the machine from an event to the next place where it waits for somebody.
    pub(super) async fn run(
        &self,
        machine: &mut Machine,
        event: Event,
        vault: &mut OpenVault,
    ) -> Result<Stop> {
        let mut outcome = machine.step(event);
        loop {
            let call = match outcome {
                Outcome::Send(call) => call,
                Outcome::Done => return Ok(Stop::Done),
                Outcome::Challenge => return Ok(Stop::Challenge),
                Outcome::Action(need) => return Ok(Stop::Action(need)),
                Outcome::Resting => return Ok(Stop::Resting),
                Outcome::Fail(error) => return Err(error),
            };
            tracing::debug!(?call, "sign-in");
            outcome = if call.is_attempt {
                self.attempt(machine, call, vault).await?
            } else {
                machine.step(Event::Answer(self.exchange(machine, call).await?))
            };
            self.keep_what_a_code_earned(machine, vault).await;
        }
    }

    /// Once the code was right, each answer is saved as it comes. The account may still be in a state that ends the
    /// sign-in with an error, or the run may be stopped: a person's code must not be asked for twice.
    async fn keep_what_a_code_earned(&self, machine: &Machine, vault: &mut OpenVault) {
        if !machine.factor().is_accepted() {
            return;
        }
        machine.note(&mut vault.saved, self.clock().now());
        if let Err(error) = vault.save().await {
            tracing::warn!(%error, "the code was right, but what came of it cannot be saved");
        }
    }

    /// Sends the proof of the password, within the budget that all processes share.
    async fn attempt(&self, machine: &mut Machine, call: Call, vault: &mut OpenVault) -> Result<Outcome> {
        let password = machine.password().cloned().ok_or_else(errors::out_of_step)?;
        vault.saved.attempts.book(self.clock().now(), &password)?;
        vault.save().await?;
        let outcome = machine.step(Event::Answer(self.exchange(machine, call).await?));
        match &outcome {
            Outcome::Fail(error) if error.kind() == ErrorKind::BadCredentials => {
                vault.saved.attempts.last_was_wrong();
                vault.save().await?;
            }
            Outcome::Fail(error) if error.kind() == ErrorKind::AccountLocked => {
                vault.saved.attempts.last_was_locked(&password);
                vault.save().await?;
            }
            Outcome::Fail(_) => {}
            _ => {
                vault.saved.attempts.password_was_right();
                vault.save().await?;
            }
        }
        Ok(outcome)
    }

    async fn exchange(&self, machine: &Machine, call: Call) -> Result<Answer> {
        let url = self.url(machine, &call);
        let url = Url::parse(&url).map_err(|error| {
            Error::new(ErrorKind::Config, "the endpoints do not make a valid URL").caused_by(error)
        })?;
        let request = self.request(machine, &call, &url)?;
        let answer = if call.repeatable {
            self.auth.retry(|| self.fetch_healthy(request.clone())).await?
        } else {
            self.auth.fetch(request).await?
        };
        let (head, body) = answer.into_parts();
        let now = self.clock().now();
        Ok(Answer { url, http_status: head.status.as_u16(), headers: head.headers, body, now })
    }

    /// Overload and passing faults are errors here, so that they are tried again.
    async fn fetch_healthy(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let answer = self.auth.fetch(request).await?;
        match error_for_status(answer.status(), answer.headers(), self.clock().now()) {
            Some(error) => Err(error),
            None => Ok(answer),
        }
    }

    fn url(&self, machine: &Machine, call: &Call) -> String {
        let (auth, setup) = (self.endpoints.auth_base(), self.endpoints.setup_base());
        match call.service {
            Service::Auth => format!("{auth}{}", call.path),
            Service::Setup => format!("{setup}{}", call.path),
            Service::SetupIdentified => {
                let query = client_query(&machine.tokens().client_id, &machine.details().dsid);
                format!("{setup}{}?{query}", call.path)
            }
        }
    }

    fn request(&self, machine: &Machine, call: &Call, url: &Url) -> Result<Request<Bytes>> {
        let cookie = machine.tokens().cookies.header(url);
        if call.service != Service::Auth {
            let body = call.body.clone().map(|body| ("application/json", body));
            return self.web.request(call.method.clone(), url.as_str(), cookie, body);
        }
        let mut request = Request::new(call.body.clone().unwrap_or_default());
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = url.as_str().parse().map_err(invalid)?;
        let headers = request.headers_mut();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        for (name, value) in wire::headers(machine.tokens(), &self.endpoints) {
            let mut value = HeaderValue::try_from(value).map_err(invalid)?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
        if let Some(cookie) = cookie {
            headers.insert(header::COOKIE, cookie);
        }
        Ok(request)
    }

    pub(super) fn machine(&self, password: Option<SecretString>, tokens: Tokens) -> Machine {
        let rng = StdRng::from_seed(rand::random());
        Machine::new(self.vault.account().clone(), password, tokens, rng)
    }
}
