//! The recovery ladder, one climb at a time.
//!
//! However many calls notice that the session ended, one of them renews it; the others wait and share the outcome. A
//! renewal that did not help is followed by the next rung, never by the same one: see [`Rung::after`].

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::account::Account;
use super::live::Route;
use super::saved::{self, SignedIn};
use super::tokens::Tokens;
use super::vault::OpenVault;
use super::{Inner, Session, detached};
use crate::error::{Error, ErrorKind, Result};

/// A way to make a session valid again, cheapest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rung {
    /// Ask whether the cookies are still good, and take fresh ones.
    Validate,
    /// Sign in with the session token and the trust token.
    Token,
    /// Sign in with the password.
    Password,
}

/// Climbs the ladder; made by `auth`, which this module knows nothing of.
#[async_trait]
pub(crate) trait Renew: fmt::Debug + Send + Sync {
    /// Starts at `from` and goes on to dearer rungs while cheaper ones are refused.
    async fn renew(&self, vault: &mut OpenVault, tokens: Tokens, from: Rung) -> Result<Renewed>;
}

/// A session that is valid again.
#[derive(Debug)]
pub(crate) struct Renewed {
    pub(crate) tokens: Tokens,
    pub(crate) account: Account,
    /// Where the climb ended.
    pub(crate) rung: Rung,
}

/// Lets one caller climb and tells those who waited how it went.
#[derive(Debug, Default)]
pub(super) struct Turns {
    climbs: AtomicU64,
    last_failure: Mutex<Option<Error>>,
}

impl Rung {
    /// Where the next climb starts after the one that led to `route`; `None` if all that could help was tried.
    ///
    /// A rung is repeated only after a call has succeeded in between. The password is never reached this way: it is
    /// for a session token that Apple refuses, and a token that was just accepted is not at fault.
    pub(super) fn after(route: &Route) -> Option<Self> {
        match route.rung {
            _ if route.is_proven() => Some(Self::Validate),
            None => Some(Self::Validate),
            Some(Self::Validate) => Some(Self::Token),
            Some(Self::Token | Self::Password) => None,
        }
    }
}

impl Session {
    /// Renews the session that calls over `seen` were made with, from a rung on, unless that has happened meanwhile.
    pub(super) async fn renew(&self, seen: Arc<Route>, from: Rung) -> Result<()> {
        let before = self.0.turns.climbs.load(Ordering::Acquire);
        let session = self.clone();
        detached(async move { session.0.take_turn(&seen, before, from).await }).await
    }
}

impl Inner {
    async fn take_turn(&self, seen: &Route, before: u64, from: Rung) -> Result<()> {
        let turns = &self.turns;
        let mut last_failure = turns.last_failure.lock().await;
        if self.live.generation() != seen.generation {
            return Ok(());
        }
        if turns.climbs.load(Ordering::Acquire) != before
            && let Some(error) = last_failure.as_ref()
        {
            return Err(error.duplicate());
        }
        let outcome = self.climb(from).await;
        *last_failure = outcome.as_ref().err().map(Error::duplicate);
        turns.climbs.fetch_add(1, Ordering::Release);
        outcome
    }

    async fn climb(&self, from: Rung) -> Result<()> {
        let mut vault = self.vault.open().await?;
        if let Some(error) = self.signed_out(&vault) {
            return Err(error);
        }
        let (mut mine, _) = self.live.signed_in();
        // Another process may have renewed the same session meanwhile: what it saved is newer than ours.
        if let Some(theirs) = vault.saved.signed_in.as_ref().filter(|theirs| theirs.renewals > mine.renewals)
        {
            mine = theirs.clone();
        }
        tracing::debug!(account = %self.vault.account(), ?from, "renewing the session");
        // A 421 can come from a connection that is stuck at the wrong partition (protocol notes 4.5).
        self.http.reconnect();
        let renewed = match self.renewer.renew(&mut vault, mine.tokens, from).await {
            Ok(renewed) => renewed,
            Err(error) => {
                if needs_a_person(error.kind()) {
                    self.live.end(error.duplicate());
                }
                return Err(error);
            }
        };
        let Renewed { tokens, account, rung } = renewed;
        let now = self.http.clock().now();
        let signed_in = SignedIn { tokens, account, renewals: saved::next_renewal(mine.renewals, now) };
        vault.saved.signed_in = Some(signed_in.clone());
        // Saved first: what Apple handed out is good even if it names a partition that is no use.
        let saved = vault.save().await;
        let change = self.live.renewed(signed_in, rung, &self.endpoints)?;
        match saved {
            Ok(()) => self.live.saved(change, now),
            // The session works; `Session::save` reports it again.
            Err(error) => tracing::warn!(%error, "the session was renewed but cannot be saved"),
        }
        Ok(())
    }

    /// Why there is nothing left to renew or save, if the session is gone from the store; that ends it.
    pub(super) fn signed_out(&self, vault: &OpenVault) -> Option<Error> {
        if vault.saved.signed_in.is_some() || !self.live.is_stored() {
            return None;
        }
        let error = Error::new(ErrorKind::SessionExpired, "this session was signed out");
        self.live.end(error.duplicate());
        Some(error)
    }
}

/// Whether no later attempt can succeed without somebody's doing. Any other failure ends the call, not the session.
fn needs_a_person(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::SessionExpired
            | ErrorKind::CodeRequired
            | ErrorKind::BadCredentials
            | ErrorKind::AccountLocked
            | ErrorKind::SecurityKeyRequired
            | ErrorKind::AdvancedDataProtection
            | ErrorKind::WebAccessDisabled
            | ErrorKind::TermsRequired
            | ErrorKind::WrongRegion
            | ErrorKind::NotActivated
    )
}
