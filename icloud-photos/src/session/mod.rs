//! A signed-in connection.
//!
//! A [`Session`] is a cheap handle; its clones share cookies, tokens and the account's web-services map. It repeats
//! calls that failed for passing reasons and renews itself by the recovery ladder of DESIGN section 3, one renewal at
//! a time however many calls notice that the session ended.

pub(crate) mod account;
mod apple_id;
pub(crate) mod budget;
mod errors;
mod live;
#[cfg(feature = "fs")]
mod lwp;
#[cfg(feature = "fs")]
mod pyicloud;
pub(crate) mod reason;
mod renewal;
pub(crate) mod request;
pub(crate) mod saved;
mod store;
#[cfg(feature = "fs")]
mod store_file;
#[cfg(test)]
mod tests;
pub(crate) mod tokens;
pub(crate) mod vault;
pub(crate) mod wire;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Response, StatusCode, header};
use serde::Serialize;

pub use self::apple_id::AppleId;
use self::errors::{Circumstances, Refusal};
use self::live::{Live, Route};
use self::renewal::Turns;
pub(crate) use self::renewal::{Renew, Renewed, Rung};
use self::request::WebHeaders;
pub use self::saved::SavedSession;
use self::saved::SignedIn;
pub use self::store::{MemorySessionStore, SessionStore, StoreLock};
#[cfg(feature = "fs")]
pub use self::store_file::FileSessionStore;
use self::vault::Vault;
use crate::endpoints::Endpoints;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Body, Clock, Http, RetryPolicy};
use crate::redact::SafeUrl;

/// How often one call may have the session renewed.
const MOST_RENEWALS: u32 = 2;

/// Which of the account's CloudKit databases a library lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Database {
    /// The account's own zones.
    Private,
    /// Zones that another account shares with this one.
    Shared,
}

/// A signed-in account. Cheap to clone; clones are the same session.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    http: Http,
    endpoints: Endpoints,
    headers: WebHeaders,
    vault: Vault,
    renewer: Arc<dyn Renew>,
    live: Live,
    turns: Turns,
    dsid: String,
}

impl Session {
    pub(crate) fn new(
        http: Http,
        endpoints: Endpoints,
        vault: Vault,
        renewer: Arc<dyn Renew>,
        signed_in: SignedIn,
    ) -> Result<Self> {
        let headers = WebHeaders::new(&endpoints)?;
        let dsid = signed_in.account.dsid.clone();
        let live = Live::new(signed_in, &endpoints, http.clock().now())?;
        Ok(Self(Arc::new(Inner {
            http,
            endpoints,
            headers,
            vault,
            renewer,
            live,
            turns: Turns::default(),
            dsid,
        })))
    }

    /// Whose session this is.
    pub fn account(&self) -> &AppleId {
        self.0.vault.account()
    }

    /// Apple's number for the account.
    pub fn dsid(&self) -> &str {
        &self.0.dsid
    }

    /// Until when Apple trusts this browser: as long, signing in with the password wants no code. It is what Apple's cookie
    /// `X-APPLE-WEBAUTH-HSA-TRUST` says (protocol notes 1.8; about two months from the last sign-in). `None` for accounts
    /// without a second factor, and if Apple set no such cookie. Nothing is sent.
    pub fn trusted_until(&self) -> Option<SystemTime> {
        self.0.live.signed_in().0.tokens.cookies.end_of(wire::TRUST_COOKIE)
    }

    /// Saves cookies that changed since the last save, unless the session was signed out. Sign-in and renewal save by
    /// themselves, and calls do so every few minutes; call this at the end of a run. Nothing is sent.
    ///
    /// # Errors
    /// What the session store reports.
    pub async fn save(&self) -> Result<()> {
        if !self.0.live.is_unsaved() {
            return Ok(());
        }
        let session = self.clone();
        detached(async move { session.0.save().await }).await
    }

    /// Renews the session now, by the cheapest way that works. Sends `validate`; if Apple refuses the cookies,
    /// `accountLogin` with the stored tokens; if it refuses those and the session was begun with a password, a sign-in.
    ///
    /// # Errors
    /// [`ErrorKind::SessionExpired`] or [`ErrorKind::CodeRequired`] when only a person can go on; what the network
    /// reports.
    pub async fn refresh(&self) -> Result<()> {
        let route = self.0.live.route()?;
        self.renew(route, Rung::Validate).await
    }

    /// Signs out: tells Apple to forget this browser's trust, and removes the saved session. Other handles of this
    /// session stop working.
    ///
    /// # Errors
    /// What the session store reports. Whatever Apple answers, the saved session is gone.
    pub async fn sign_out(self) -> Result<()> {
        let (SignedIn { tokens, .. }, last_change) = self.0.live.signed_in();
        let query = wire::client_query(&tokens.client_id, &self.0.dsid);
        let url = format!("{}/logout?{query}", self.0.endpoints.setup_base());
        let cookie = url::Url::parse(&url).ok().and_then(|url| tokens.cookies.header(&url));
        let body = ("text/plain;charset=UTF-8", Bytes::from_static(wire::LOGOUT));
        let request = self.0.headers.request(Method::POST, &url, cookie, Some(body))?;
        if let Err(error) = self.0.http.fetch(request).await {
            tracing::debug!(%error, "Apple did not hear that we sign out");
        }
        self.0.live.end(Error::new(ErrorKind::SessionExpired, "this session was signed out"));
        let mut vault = self.0.vault.open().await?;
        vault.saved.signed_in = None;
        vault.save().await?;
        // Even one that never got into the store must not come back now.
        self.0.live.saved(last_change, self.0.http.clock().now());
        Ok(())
    }

    /// POSTs `body` to `{ckdatabasews}/database/1/com.apple.photos.cloud/production/{private|shared}{path}` with the
    /// session's cookies and the query of protocol notes 1.6, repeats it as the retry policy allows, renews the
    /// session when it ended, and returns what `read` makes of the 200 answer. CloudKit's own top-level errors (9.1
    /// shape 1) come back as [`Error`]. An answer that `read` cannot read is a failure like any other: when its error
    /// may be tried again, the answer is fetched again.
    pub(crate) async fn cloudkit<T>(
        &self,
        database: Database,
        path: &'static str,
        body: &(impl Serialize + Sync),
        read: impl Fn(&[u8]) -> Result<T>,
    ) -> Result<T> {
        let body = serde_json::to_vec(body)
            .map_err(|error| Error::new(ErrorKind::Unexpected, "cannot write a request").caused_by(error))?;
        let body = Bytes::from(body);
        let attempt = || {
            let answer = self.post_renewing(database, path, body.clone());
            async { read(&answer.await?) }
        };
        self.0.http.retry(attempt).await
    }

    /// GETs a download link from byte `from` on, up to the one before `end`, or to the last. The answer is returned as it is, whatever its
    /// status; no retry, no renewal. The host is checked to be Apple's.
    pub(crate) async fn content(
        &self,
        link: &SafeUrl,
        from: u64,
        end: Option<u64>,
    ) -> Result<Response<Body>> {
        let url = link.expose();
        self.0.endpoints.check_host(url)?;
        let cookie = self.0.live.cookies(url);
        let mut request = self.0.headers.request(Method::GET, url.as_str(), cookie, None)?;
        // Length, ranges and checksum are those of the bytes as they are.
        let plain = http::HeaderValue::from_static("identity");
        request.headers_mut().insert(header::ACCEPT_ENCODING, plain);
        if from > 0 || end.is_some() {
            let last = end.map(|end| end.saturating_sub(1).to_string()).unwrap_or_default();
            let range = format!("bytes={from}-{last}");
            let range = http::HeaderValue::try_from(range).map_err(request::invalid)?;
            request.headers_mut().insert(header::RANGE, range);
        }
        self.0.http.open(request).await
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        self.0.http.clock()
    }

    pub(crate) fn retries(&self) -> RetryPolicy {
        self.0.http.retries()
    }

    /// For a session that could not be saved when it was made.
    pub(crate) fn mark_unsaved(&self) {
        self.0.live.mark_unsaved();
    }

    async fn post_renewing(&self, database: Database, path: &'static str, body: Bytes) -> Result<Bytes> {
        let mut renewals = 0;
        loop {
            let route = self.0.live.route()?;
            let ended = match self.post(&route, database, path, body.clone()).await? {
                Ok(bytes) => return Ok(bytes),
                Err(Refusal::Failed(error)) => return Err(error),
                Err(Refusal::Ended(error)) => error,
            };
            let Some(from) = Rung::after(&route).filter(|_| renewals < MOST_RENEWALS) else {
                return Err(ended);
            };
            self.renew(route, from).await?;
            renewals += 1;
        }
    }

    async fn post(
        &self,
        route: &Route,
        database: Database,
        path: &'static str,
        body: Bytes,
    ) -> Result<Result<Bytes, Refusal>> {
        let (http, live) = (&self.0.http, &self.0.live);
        let body = Some(("text/plain", body));
        let cookie = live.cookies(route.url());
        let request = self.0.headers.request(Method::POST, &route.address(database, path), cookie, body)?;
        let (head, body) = http.fetch(request).await?.into_parts();
        let now = http.clock().now();
        if live.take_cookies(route, &head.headers, now)
            && let Err(error) = self.save().await
        {
            tracing::warn!(%error, "cannot save the session");
        }
        if head.status == StatusCode::LOCKED {
            live.forget_keys(route);
        }
        let at = Circumstances { account: &route.account, database, first_query: !route.was_queried(), now };
        if let Some(refusal) = errors::refusal(head.status, &head.headers, &body, at) {
            return Ok(Err(refusal));
        }
        route.prove(path);
        Ok(Ok(body))
    }
}

impl Inner {
    async fn save(&self) -> Result<()> {
        let mut vault = self.vault.open().await?;
        if self.signed_out(&vault).is_some() {
            return Ok(());
        }
        let (mine, last_change) = self.live.signed_in();
        let overtaken = vault.saved.signed_in.as_ref().is_some_and(|theirs| theirs.renewals > mine.renewals);
        if !overtaken {
            vault.saved.signed_in = Some(mine);
            vault.save().await?;
        }
        self.live.saved(last_change, self.http.clock().now());
        Ok(())
    }
}

/// Does work that holds a lock in a task of its own. A caller that is dropped or not polled for a while must neither
/// keep the lock from others nor lose what Apple handed out.
async fn detached(work: impl Future<Output = Result<()>> + Send + 'static) -> Result<()> {
    tokio::spawn(work).await.map_err(|error| {
        Error::new(ErrorKind::Cancelled, "the work on the session was stopped").caused_by(error)
    })?
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("account", self.account()).finish_non_exhaustive()
    }
}

#[cfg(test)]
impl Session {
    /// A session that sends CloudKit calls to `database` and was never saved.
    pub(crate) fn for_tests(
        http: Http,
        endpoints: Endpoints,
        database: &str,
        store: Arc<dyn SessionStore>,
        renewer: Arc<dyn Renew>,
    ) -> Result<Self> {
        let vault = Vault::new(store, AppleId::new("test@example.com")?, http.clock().clone());
        let mut signed_in = SignedIn { tokens: tokens::Tokens::fresh(), ..SignedIn::default() };
        signed_in.account.database = url::Url::parse(database).ok();
        let session = Self::new(http, endpoints, vault, renewer, signed_in)?;
        session.mark_unsaved();
        Ok(session)
    }
}
