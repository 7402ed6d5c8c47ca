//! The photo library of one account, made from a seed.
//!
//! Nothing is held that can be generated: the bytes of a file are a function of its format, length and key, and
//! a link carries all three. What is held is one small struct per photo, per album and per change.

mod albums;
mod asset;
mod blob;
mod changes;
mod content;
mod edit;
mod exact;
mod format;
mod generate;
mod index;
mod json;
mod link;
mod metadata;
mod modify;
mod query;
mod random;
mod record;
mod reply;
mod spec;
mod token;
mod truth;
mod uti;
mod zone;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use serde_json::Value;

pub use self::edit::{Edit, Picture};
pub use self::exact::ExactAsset;
pub use self::spec::{Access, ExpiredLink, LibrarySpec, PageOrder, Profile, SharedLibrary, Switches};

use self::link::Links;
use self::query::Query;
use self::random::{hash, uuid};
use self::reply::Fault;
use self::zone::{Database, Zone};
use crate::http::{Request, Response};

/// What an endpoint needs to know beside the library itself.
#[derive(Debug, Clone)]
pub struct Context {
    /// `http://127.0.0.1:PORT`, without a slash at the end; links to content begin with it.
    pub base_url: String,
    /// Now, in milliseconds since 1970, as the fake's own clock has it.
    pub now_ms: i64,
}

/// The state of one account's libraries: zones, records, albums, the change log.
#[derive(Debug)]
pub struct Library {
    /// Signs links and tokens.
    key: u64,
    state: RwLock<State>,
    calls: AtomicU64,
}

/// What changes.
#[derive(Debug)]
struct State {
    key: u64,
    zones: Vec<Zone>,
    switches: Switches,
    /// Counts changes of any zone.
    clock: u64,
}

/// One call of an endpoint.
struct Call<'a> {
    number: u64,
    id: String,
    key: u64,
    base_url: &'a str,
    now_ms: i64,
    /// The client asked for `syncToken`.
    with_token: bool,
}

impl Library {
    /// Makes the library of `spec`.
    pub fn generate(spec: &LibrarySpec) -> Self {
        let key = hash(&[spec.seed, 1]);
        let zones = generate::zones(spec);
        let clock = zones.len() as u64;
        let state = State { key, zones, switches: spec.switches.clone(), clock };
        Self { key, state: RwLock::new(state), calls: AtomicU64::new(1) }
    }

    /// Changes how the library answers from now on.
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut self.write().switches);
    }

    /// Makes every token given so far too old; change feeds answer `CHANGE_TOKEN_EXPIRED` to it.
    pub fn expire_tokens(&self) {
        for zone in &mut self.write().zones {
            zone.expire_tokens();
        }
    }

    /// Answers `/database/1/com.apple.photos.cloud/production/{private|shared}/...`.
    pub fn cloudkit(&self, request: &Request, context: &Context) -> Response {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let query = request.uri().query().unwrap_or_default();
        let call = Call {
            number,
            id: uuid(hash(&[self.key, number, 2])),
            key: self.key,
            base_url: &context.base_url,
            now_ms: context.now_ms,
            with_token: query.split('&').any(|pair| pair.eq_ignore_ascii_case("getCurrentSyncToken=true")),
        };
        let answer = self.dispatch(request, &call);
        reply::respond(&call.id, answer)
    }

    fn dispatch(&self, request: &Request, call: &Call<'_>) -> Result<String, Fault> {
        let path = request.uri().path();
        let path = path.strip_prefix("/database/1/com.apple.photos.cloud/production/");
        let (database, endpoint) = path.and_then(|path| path.split_once('/')).ok_or_else(unknown_endpoint)?;
        let database = match database {
            "private" => Database::Private,
            "shared" => Database::Shared,
            _ => return Err(unknown_endpoint()),
        };
        let body: Value =
            serde_json::from_slice(request.body()).map_err(|_| Fault::bad_request("the body is not JSON"))?;
        self.read().may_use(database)?;
        if endpoint == "records/modify" {
            return self.write().modify(call, database, &body);
        }
        let state = self.read();
        match endpoint {
            "zones/list" | "changes/database" => state.zones(call, database, &body),
            "changes/zone" => state.changes(call, database, &body),
            "records/query" => state.query(call, database, &body)?.answer(),
            "records/lookup" => state.query(call, database, &body)?.lookup(),
            "internal/records/query/batch" => state.batch(call, database, &body),
            _ => Err(unknown_endpoint()),
        }
    }

    /// Answers `/B/...`, the content host.
    pub fn content(&self, request: &Request, context: &Context) -> Response {
        let expired_link = self.read().switches.expired_link;
        content::respond(self.key, request, context.now_ms, expired_link)
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn may_use(&self, database: Database) -> Result<(), Fault> {
        match self.switches.access {
            Access::Denied => Err(Fault::access_denied()),
            Access::NeverSetUp => Err(Fault::zone_not_found()),
            Access::Granted if database == Database::Shared && self.switches.shared_database_fails => {
                Err(Fault::zone_not_found())
            }
            Access::Granted => Ok(()),
        }
    }

    fn query<'a>(
        &'a self,
        call: &'a Call<'a>,
        database: Database,
        body: &'a Value,
    ) -> Result<Query<'a>, Fault> {
        let zone = self.zone(database, &body["zoneID"])?;
        Ok(Query { call, switches: &self.switches, zone, body })
    }

    /// Answers `internal/records/query/batch`; a query that fails has its error in its place.
    fn batch(&self, call: &Call<'_>, database: Database, body: &Value) -> Result<String, Fault> {
        let queries = body["batch"].as_array().ok_or_else(|| Fault::bad_request("missing batch"))?;
        let answers: Vec<String> = queries
            .iter()
            .map(|body| self.query(call, database, body).and_then(|query| query.answer()))
            .map(|answer| answer.unwrap_or_else(|fault| format!("{{{}}}", fault.members())))
            .collect();
        Ok(format!("{{\"batch\":[{}]}}", answers.join(",")))
    }
}

impl<'a> Call<'a> {
    fn links(&'a self, zone: &'a Zone, switches: &Switches) -> Links<'a> {
        Links {
            base_url: self.base_url,
            secret: self.key,
            request: &self.id,
            expires: self.now_ms / 1000 + switches.link_lifetime,
            zone: &zone.name,
        }
    }
}

fn unknown_endpoint() -> Fault {
    Fault { reason: "No such endpoint".to_owned(), ..Fault::not_found() }
}
