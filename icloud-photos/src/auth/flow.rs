//! From credentials or a saved session to a session, with stops where somebody must do something.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::sync::Mutex;

use super::action::Action;
use super::challenge::Challenge;
use super::driver::{Driver, Stop};
use super::machine::{Event, Machine, Need};
use super::{Login, errors};
use crate::error::{ErrorKind, Result, Retry};
use crate::http::Clock;
use crate::session::saved::Source;
use crate::session::tokens::Tokens;
use crate::session::vault::OpenVault;
use crate::session::{Renew, Renewed, Rung, Session};

/// A sign-in that waits for somebody. Clones are the same sign-in.
#[derive(Clone)]
pub(super) struct Waiting(Arc<Inner>);

struct Inner {
    driver: Driver,
    machine: Mutex<Machine>,
}

/// Where a sign-in stands after an event.
pub(super) enum Reached {
    Session(Session),
    Code,
    Need(Need),
    /// Where it stood before.
    Same,
}

/// The recovery ladder of a session: the same machine, without anybody to ask.
#[derive(Debug)]
struct Ladder {
    driver: Driver,
    password: Option<SecretString>,
}

impl Driver {
    /// Signs in with a password, as the browser that was trusted before if there is one.
    pub(crate) async fn login(self, password: SecretString) -> Result<Login> {
        let mut vault = self.vault.open().await?;
        let known = vault.saved.sources().into_iter().next();
        let machine =
            self.machine(Some(password), known.map_or_else(|| self.new_browser(), |known| known.tokens));
        let waiting = Waiting::new(self, machine);
        let reached = waiting.advance(Event::Begin(Rung::Password), &mut vault).await?;
        waiting.login(reached).await
    }

    /// Takes a saved session up again, without a password: our own, or one that another program left.
    pub(crate) async fn restore(self) -> Result<Option<Session>> {
        let mut vault = self.vault.open().await?;
        for source in vault.saved.sources() {
            if let Some(session) = self.clone().take_up(source, &mut vault).await? {
                return Ok(Some(session));
            }
        }
        Ok(None)
    }

    async fn take_up(self, source: Source, vault: &mut OpenVault) -> Result<Option<Session>> {
        let Source { tokens, is_borrowed } = source;
        let mark = tokens.mark();
        let mut machine = self.machine(None, tokens);
        if is_borrowed {
            machine = machine.borrowing(vault.saved.signed_in.as_ref().map(|own| own.account.dsid.clone()));
        }
        let waiting = Waiting::new(self, machine);
        let error = match waiting.advance(Event::Begin(Rung::Validate), vault).await {
            Ok(Reached::Session(session)) => return Ok(Some(session)),
            Ok(Reached::Need(need)) => return Err(need.error()),
            Ok(Reached::Code | Reached::Same) => errors::out_of_step(),
            Err(error) => error,
        };
        if waiting.look(Machine::is_foreign).await {
            disown(mark, vault).await?;
            return Ok(None);
        }
        // What is wrong with a session whose account nobody knows says nothing about this account.
        let says_nothing = error.retry() == Retry::Never && waiting.look(Machine::is_unproven).await;
        if says_nothing || error.kind() == ErrorKind::SessionExpired {
            tracing::debug!(%error, is_borrowed, "a saved session is of no use");
            return Ok(None);
        }
        Err(error)
    }
}

/// Never asks about that session again, and never writes over it.
async fn disown(mark: String, vault: &mut OpenVault) -> Result<()> {
    tracing::warn!(
        "the session that the Python icloudpd left under this name belongs to another account; it is not used"
    );
    vault.saved.disowned = Some(mark);
    vault.save().await
}

impl Waiting {
    pub(super) fn new(driver: Driver, machine: Machine) -> Self {
        Self(Arc::new(Inner { driver, machine: Mutex::new(machine) }))
    }

    pub(super) fn clock(&self) -> &Arc<dyn Clock> {
        self.0.driver.clock()
    }

    pub(super) async fn look<T>(&self, read: impl FnOnce(&Machine) -> T) -> T {
        read(&*self.0.machine.lock().await)
    }

    /// Tells the machine what happened and follows it to the next place where it waits.
    pub(super) async fn tell(&self, event: Event) -> Result<Reached> {
        let mut vault = self.0.driver.vault.open().await?;
        self.advance(event, &mut vault).await
    }

    /// What a sign-in that got this far gives to its caller.
    pub(super) async fn login(&self, reached: Reached) -> Result<Login> {
        Ok(match reached {
            Reached::Session(session) => Login::Complete(session),
            Reached::Code => {
                let machine = self.0.machine.lock().await;
                Login::CodeRequired(Challenge::new(self.clone(), machine.account().clone(), machine.factor()))
            }
            Reached::Need(need) => {
                Login::ActionRequired(self.look(|machine| Action::new(self.clone(), machine, need)).await)
            }
            Reached::Same => return Err(errors::out_of_step()),
        })
    }

    async fn advance(&self, event: Event, vault: &mut OpenVault) -> Result<Reached> {
        let Inner { driver, machine } = &*self.0;
        let mut machine = machine.lock().await;
        Ok(match driver.run(&mut machine, event, vault).await? {
            Stop::Done => {
                let saved = keep(&machine, vault, driver.clock().now()).await;
                Reached::Session(driver.session(&machine, vault, saved)?)
            }
            Stop::Challenge => Reached::Code,
            Stop::Action(need) => {
                // A machine that waits for a security key has nothing worth keeping.
                if need != Need::SecurityKey {
                    keep(&machine, vault, driver.clock().now()).await;
                }
                Reached::Need(need)
            }
            Stop::Resting => Reached::Same,
        })
    }
}

impl Driver {
    fn session(&self, machine: &Machine, vault: &OpenVault, saved: bool) -> Result<Session> {
        let ladder = Arc::new(Ladder { driver: self.clone(), password: machine.password().cloned() });
        let signed_in = vault.saved.signed_in.clone().unwrap_or_default();
        let (http, endpoints) = (self.http.clone(), self.endpoints.clone());
        let session = Session::new(http, endpoints, self.vault.clone(), ladder, signed_in)?;
        if !saved {
            session.mark_unsaved();
        }
        Ok(session)
    }
}

/// Saves tokens and account; with a password proven, the attempts before it no longer matter. A store that fails here
/// does not undo a sign-in that a person took part in: [`Session::save`] reports it again.
async fn keep(machine: &Machine, vault: &mut OpenVault, now: SystemTime) -> bool {
    machine.note(&mut vault.saved, now);
    if machine.rung() == Rung::Password {
        vault.saved.attempts.clear();
    }
    let saved = vault.save().await;
    if let Err(error) = &saved {
        tracing::warn!(%error, "signed in, but the session cannot be saved");
    }
    saved.is_ok()
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

/// What it waits with is secret.
impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waiting")
    }
}
