//! Runs the machine: sends what it asks for, keeps the budget, stores the outcome.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, header};
use rand::SeedableRng;
use rand::rngs::StdRng;
use secrecy::SecretString;
use url::Url;

use super::action::Action;
use super::challenge::Challenge;
use super::machine::{Answer, Call, Event, Machine, Need, Outcome, Service};
use super::{Login, errors, wire};
use crate::endpoints::Endpoints;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Http, RetryPolicy, USER_AGENT, error_for_status};
use crate::session::request::{WebHeaders, invalid};
use crate::session::saved::SignedIn;
use crate::session::tokens::Tokens;
use crate::session::vault::{OpenVault, Vault};
use crate::session::wire::client_query;
use crate::session::{AppleId, Renew, Renewed, Rung, Session, SessionStore};

/// Somebody waits at a prompt, and hammering lengthens a block (protocol notes 9.4).
const MOST_TRIES: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(30);

/// What a sign-in needs from the client.
#[derive(Debug, Clone)]
pub(crate) struct Driver {
    /// For the session that comes out of it.
    http: Http,
    /// With less patience, for the sign-in itself.
    auth: Http,
    endpoints: Endpoints,
    web: WebHeaders,
    vault: Vault,
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
        })
    }

    pub(super) fn clock(&self) -> &Arc<dyn crate::http::Clock> {
        self.vault.clock()
    }

    pub(super) async fn open(&self) -> Result<OpenVault> {
        self.vault.open().await
    }

    /// Signs in with a password, as the browser that was trusted before if there is one.
    pub(crate) async fn login(&self, password: SecretString) -> Result<Login> {
        let mut vault = self.open().await?;
        let tokens = vault.saved.signed_in.as_ref().map(|saved| saved.tokens.clone());
        let mut machine = self.machine(Some(password), tokens.unwrap_or_else(Tokens::fresh));
        let stop = self.run(&mut machine, Event::Begin(Rung::Password), &mut vault).await?;
        self.login_at(stop, machine, &mut vault).await
    }

    /// Takes a saved session up again, without a password.
    pub(crate) async fn restore(&self) -> Result<Option<Session>> {
        let mut vault = self.open().await?;
        let Some(saved) = vault.saved.signed_in.clone() else { return Ok(None) };
        let mut machine = self.machine(None, saved.tokens);
        match self.run(&mut machine, Event::Begin(Rung::Validate), &mut vault).await {
            Ok(Stop::Done) => self.session(&machine, &mut vault).await.map(Some),
            Ok(Stop::Action(need)) => Err(need.error()),
            Ok(Stop::Challenge | Stop::Resting) => Err(errors::out_of_step()),
            Err(error) if error.kind() == ErrorKind::SessionExpired => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Turns the place where a run ended into what the caller gets.
    pub(super) async fn login_at(
        &self,
        stop: Stop,
        machine: Machine,
        vault: &mut OpenVault,
    ) -> Result<Login> {
        match stop {
            Stop::Done => self.session(&machine, vault).await.map(Login::Complete),
            Stop::Challenge => Ok(Login::CodeRequired(Challenge::new(self.clone(), machine))),
            Stop::Action(need) => {
                // A machine that waits for a security key has nothing worth keeping.
                if need != Need::SecurityKey {
                    self.keep(&machine, vault).await;
                }
                Ok(Login::ActionRequired(Action::new(self.clone(), machine, need)))
            }
            Stop::Resting => Err(errors::out_of_step()),
        }
    }

    /// Saves what the machine gained and makes a session of it.
    pub(super) async fn session(&self, machine: &Machine, vault: &mut OpenVault) -> Result<Session> {
        let saved = self.keep(machine, vault).await;
        let signed_in = vault.saved.signed_in.clone().unwrap_or_default();
        let ladder = Arc::new(Ladder { driver: self.clone(), password: machine.password().cloned() });
        let (http, endpoints) = (self.http.clone(), self.endpoints.clone());
        let session = Session::new(http, endpoints, self.vault.clone(), ladder, signed_in)?;
        if !saved {
            session.mark_unsaved();
        }
        Ok(session)
    }

    /// Saves tokens and account; with a password proven, the attempts before it no longer matter. A store that fails
    /// here does not undo a sign-in that a person took part in: [`Session::save`] reports it again.
    pub(super) async fn keep(&self, machine: &Machine, vault: &mut OpenVault) -> bool {
        let renewals = vault.saved.signed_in.as_ref().map_or(0, |saved| saved.renewals) + 1;
        let (tokens, account) = (machine.tokens().clone(), machine.details().clone());
        vault.saved.signed_in = Some(SignedIn { tokens, account, renewals });
        if machine.rung() == Rung::Password {
            vault.saved.attempts.clear();
        }
        let saved = vault.save().await;
        if let Err(error) = &saved {
            tracing::warn!(%error, "signed in, but the session cannot be saved");
        }
        saved.is_ok()
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
        }
    }

    /// Sends the proof of the password, within the budget that all processes share.
    async fn attempt(&self, machine: &mut Machine, call: Call, vault: &mut OpenVault) -> Result<Outcome> {
        vault.saved.attempts.book(self.clock().now())?;
        vault.save().await?;
        let outcome = machine.step(Event::Answer(self.exchange(machine, call).await?));
        match &outcome {
            Outcome::Fail(error) if error.kind() == ErrorKind::BadCredentials => {
                vault.saved.attempts.last_was_wrong();
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

/// The recovery ladder of a session: the same machine, without anybody to ask.
#[derive(Debug)]
struct Ladder {
    driver: Driver,
    password: Option<SecretString>,
}

#[async_trait]
impl Renew for Ladder {
    async fn renew(&self, vault: &mut OpenVault, tokens: Tokens, from: Rung) -> Result<Renewed> {
        let mut machine = self.driver.machine(self.password.clone(), tokens);
        match self.driver.run(&mut machine, Event::Begin(from), vault).await? {
            Stop::Done => Ok(Renewed {
                tokens: machine.tokens().clone(),
                account: machine.details().clone(),
                rung: machine.rung(),
            }),
            Stop::Challenge | Stop::Resting => Err(errors::code_required()),
            Stop::Action(need) => Err(need.error()),
        }
    }
}
