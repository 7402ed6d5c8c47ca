//! The part of a session that changes while it is in use. Locks here are held for moments, never across an await.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, header};
use url::Url;

use super::account::{self, Account};
use super::saved::SignedIn;
use super::{Database, Rung, wire};
use crate::endpoints::Endpoints;
use crate::error::{Error, Result};

/// Rotated cookies are written to the store this often at most.
const SAVE_EVERY: Duration = Duration::from_secs(300);

/// Hosts whose cookies are remembered; beyond it the memory starts over.
const MOST_HOSTS: usize = 16;

/// Where CloudKit calls go, from one renewal to the next.
#[derive(Debug)]
pub(super) struct Route {
    /// Which renewal this is.
    pub(super) generation: u64,
    /// The rung that the last renewal ended on; `None` after a sign-in.
    pub(super) rung: Option<Rung>,
    pub(super) account: Account,
    url: Url,
    private: String,
    shared: String,
    query: String,
    /// A call over this route succeeded.
    proven: AtomicBool,
    /// A query of records over this or an earlier route succeeded.
    queried: AtomicBool,
}

/// Tokens, cookies and route.
#[derive(Debug)]
pub(super) struct Live(RwLock<State>);

#[derive(Debug)]
struct State {
    route: Arc<Route>,
    signed_in: SignedIn,
    /// The `Cookie` header per host, made once per change of the cookies.
    headers: HashMap<String, Option<HeaderValue>>,
    saved_at: SystemTime,
    /// Counts what happened to `signed_in`.
    changes: u64,
    /// Which change the store has; `None` if this session was never saved.
    stored: Option<u64>,
    /// Why this session is beyond renewal.
    ended: Option<Error>,
}

impl Route {
    fn new(signed_in: &SignedIn, rung: Option<Rung>, queried: bool, endpoints: &Endpoints) -> Result<Self> {
        let account = signed_in.account.clone();
        let url = account.database.clone().ok_or_else(account::not_activated)?;
        endpoints.check_host(&url)?;
        let base =
            format!("{}/database/1/com.apple.photos.cloud/production", url.as_str().trim_end_matches('/'));
        Ok(Self {
            generation: signed_in.renewals,
            rung,
            private: format!("{base}/private"),
            shared: format!("{base}/shared"),
            query: wire::cloudkit_query(&signed_in.tokens.client_id, &account.dsid),
            account,
            url,
            proven: AtomicBool::new(false),
            queried: AtomicBool::new(queried),
        })
    }

    pub(super) fn address(&self, database: Database, path: &str) -> String {
        let base = match database {
            Database::Private => &self.private,
            Database::Shared => &self.shared,
        };
        format!("{base}{path}?{}", self.query)
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn is_proven(&self) -> bool {
        self.proven.load(Ordering::Relaxed)
    }

    pub(super) fn was_queried(&self) -> bool {
        self.queried.load(Ordering::Relaxed)
    }

    pub(super) fn prove(&self, path: &str) {
        self.proven.store(true, Ordering::Relaxed);
        if path.contains("/records/") {
            self.queried.store(true, Ordering::Relaxed);
        }
    }
}

impl Live {
    pub(super) fn new(signed_in: SignedIn, endpoints: &Endpoints, now: SystemTime) -> Result<Self> {
        let route = Arc::new(Route::new(&signed_in, None, false, endpoints)?);
        let headers = HashMap::new();
        let (changes, stored) = (0, Some(0));
        Ok(Self(RwLock::new(State {
            route,
            signed_in,
            headers,
            saved_at: now,
            changes,
            stored,
            ended: None,
        })))
    }

    /// The present route.
    ///
    /// # Errors
    /// Why the session ended for good.
    pub(super) fn route(&self) -> Result<Arc<Route>> {
        let state = self.read();
        match &state.ended {
            Some(error) => Err(error.duplicate()),
            None => Ok(state.route.clone()),
        }
    }

    pub(super) fn generation(&self) -> u64 {
        self.read().route.generation
    }

    /// What is to be saved, and the number of its last change.
    pub(super) fn signed_in(&self) -> (SignedIn, u64) {
        let state = self.read();
        (state.signed_in.clone(), state.changes)
    }

    /// The `Cookie` header for a host. Only cookies for the whole of a host matter here, so the path plays no part.
    pub(super) fn cookies(&self, url: &Url) -> Option<HeaderValue> {
        let host = url.host_str().unwrap_or_default();
        if let Some(header) = self.read().headers.get(host) {
            return header.clone();
        }
        let mut state = self.write();
        let mut root = url.clone();
        root.set_path("/");
        root.set_query(None);
        let header = state.signed_in.tokens.cookies.header(&root);
        if state.headers.len() >= MOST_HOSTS {
            state.headers.clear();
        }
        state.headers.insert(host.to_owned(), header.clone());
        header
    }

    /// Takes the cookies of an answer, unless a renewal has overtaken it. Returns whether saving is due.
    pub(super) fn take_cookies(&self, route: &Route, headers: &HeaderMap, now: SystemTime) -> bool {
        if !headers.contains_key(header::SET_COOKIE) {
            return false;
        }
        let mut state = self.write();
        if state.route.generation != route.generation
            || !state.signed_in.tokens.cookies.store(&route.url, headers)
        {
            return false;
        }
        state.headers.clear();
        state.changes += 1;
        now.duration_since(state.saved_at).is_ok_and(|age| age >= SAVE_EVERY)
    }

    /// Forgets keys that the database refused, so that the next sign-in asks a device for new ones.
    pub(super) fn forget_keys(&self, route: &Route) {
        let mut state = self.write();
        if state.route.generation == route.generation
            && state.signed_in.tokens.cookies.forget(&wire::PCS_COOKIES)
        {
            state.headers.clear();
            state.changes += 1;
        }
    }

    /// Puts the outcome of a renewal in place. Returns the number of this change.
    pub(super) fn renewed(&self, signed_in: SignedIn, rung: Rung, endpoints: &Endpoints) -> Result<u64> {
        let mut state = self.write();
        let route = Route::new(&signed_in, Some(rung), state.route.was_queried(), endpoints)?;
        state.route = Arc::new(route);
        state.signed_in = signed_in;
        state.headers.clear();
        state.changes += 1;
        Ok(state.changes)
    }

    pub(super) fn end(&self, error: Error) {
        self.write().ended = Some(error);
    }

    pub(super) fn is_unsaved(&self) -> bool {
        let state = self.read();
        state.stored != Some(state.changes)
    }

    /// Whether the store ever had this session.
    pub(super) fn is_stored(&self) -> bool {
        self.read().stored.is_some()
    }

    pub(super) fn mark_unsaved(&self) {
        self.write().stored = None;
    }

    /// The store has all up to this change.
    pub(super) fn saved(&self, change: u64, now: SystemTime) {
        let mut state = self.write();
        state.saved_at = now;
        state.stored = Some(change);
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
