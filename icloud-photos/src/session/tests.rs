//! Sessions over a transport that a test writes.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use futures::FutureExt;
use futures::future::BoxFuture;
use http::{HeaderMap, Request};

use super::account::Account;
use super::tokens::Tokens;
use super::vault::OpenVault;
use super::*;
use crate::error::Retry;
use crate::http::{HttpTransport, RetryPolicy, SystemClock, Timeouts};

const DATABASE: &str = "https://p61-ckdatabasews.icloud.com:443";

type Answers = dyn Fn(usize, &Request<Bytes>) -> Response<Body> + Send + Sync;

/// Answers by a function of the number of the request and the request.
#[derive(Clone)]
struct Script {
    answers: Arc<Answers>,
    sent: Arc<Mutex<Vec<Request<Bytes>>>>,
    reconnected: Arc<Mutex<u32>>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

impl HttpTransport for Script {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>>> {
        let mut sent = self.sent.lock().unwrap();
        let answer = (self.answers)(sent.len(), &request);
        sent.push(request);
        async move { Ok(answer) }.boxed()
    }

    fn reconnect(&self) {
        *self.reconnected.lock().unwrap() += 1;
    }
}

fn answer(status: u16, cookie: Option<&str>) -> Response<Body> {
    let mut response = Response::new(Body::full("{}"));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie.parse().unwrap());
    }
    response
}

fn session(
    answers: impl Fn(usize, &Request<Bytes>) -> Response<Body> + Send + Sync + 'static,
) -> (Session, Script) {
    renewing(answers, MemorySessionStore::new(), |_| Err(errors::expired()))
}

fn renewing(
    answers: impl Fn(usize, &Request<Bytes>) -> Response<Body> + Send + Sync + 'static,
    store: impl SessionStore,
    climb: impl Fn(u64) -> Result<&'static str> + Send + Sync + 'static,
) -> (Session, Script) {
    let script = Script { answers: Arc::new(answers), sent: Arc::default(), reconnected: Arc::default() };
    let transport = Arc::new(script.clone());
    let http = Http::new(transport, Arc::new(SystemClock), Timeouts::default(), RetryPolicy::never());
    let climber = Arc::new(Climber { climb: Box::new(climb), climbs: AtomicU64::new(0) });
    let session = Session::for_tests(http, Endpoints::default(), DATABASE, Arc::new(store), climber);
    (session.unwrap(), script)
}

/// Takes a second to renew; what comes of it is a function of the number of the climb, from 1 on.
struct Climber {
    climb: Box<dyn Fn(u64) -> Result<&'static str> + Send + Sync>,
    climbs: AtomicU64,
}

impl fmt::Debug for Climber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Climber")
    }
}

#[async_trait::async_trait]
impl Renew for Climber {
    async fn renew(&self, _: &mut OpenVault, mut tokens: Tokens, rung: Rung) -> Result<Renewed> {
        let number = self.climbs.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let database = (self.climb)(number)?.parse().ok();
        let setup = "https://setup.icloud.com/setup/ws/1/validate".parse().unwrap();
        tokens.harvest(&setup, &token(number));
        Ok(Renewed { tokens, account: Account { database, ..Account::default() }, rung })
    }
}

/// What hands out the session cookie.
fn token(value: impl fmt::Display) -> HeaderMap {
    let set = format!(r#"X-APPLE-WEBAUTH-TOKEN="{value}"; Path=/; Domain=.icloud.com"#).parse().unwrap();
    std::iter::once((header::SET_COOKIE, set)).collect()
}

/// Refuses what carries no cookie of a renewal.
fn only_renewed(_: usize, request: &Request<Bytes>) -> Response<Body> {
    answer(if cookie_of(request).is_empty() { 421 } else { 200 }, None)
}

async fn query(session: &Session) -> Result<Bytes> {
    let body = serde_json::json!({"a": 1});
    session.cloudkit(Database::Private, "/records/query", &body, whole).await
}

fn whole(answer: &[u8]) -> Result<Bytes> {
    Ok(Bytes::copy_from_slice(answer))
}

fn cookie_of(request: &Request<Bytes>) -> String {
    request.headers().get(header::COOKIE).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

#[tokio::test]
async fn a_call_carries_what_apple_expects() {
    let (session, script) = session(|_, _| answer(200, None));
    query(&session).await.unwrap();
    session.cloudkit(Database::Shared, "/changes/database", &(), whole).await.unwrap();
    let sent = script.sent.lock().unwrap();
    let uri = sent[0].uri();
    assert_eq!(uri.host(), Some("p61-ckdatabasews.icloud.com"));
    assert_eq!(uri.path(), "/database/1/com.apple.photos.cloud/production/private/records/query");
    for part in
        ["remapEnums=true", "getCurrentSyncToken=true", "clientId=auth-", "dsid=", "clientBuildNumber="]
    {
        assert!(uri.query().unwrap().contains(part), "{uri}");
    }
    let header = |name: &str| sent[0].headers()[name].to_str().unwrap();
    assert_eq!((header("content-type"), header("origin")), ("text/plain", "https://www.icloud.com"));
    assert_eq!(&sent[0].body()[..], br#"{"a":1}"#);
    assert!(sent[1].uri().path().ends_with("/production/shared/changes/database"));
}

#[tokio::test]
async fn rotated_cookies_are_used_at_once_and_stay_with_their_hosts() {
    let set = |n: usize| format!(r#"X-APPLE-WEBAUTH-TOKEN="v=2:t={n}"; Path=/; Domain=.icloud.com; Secure"#);
    let (session, script) = session(move |n, _| answer(200, Some(&set(n))));
    for _ in 0..3 {
        query(&session).await.unwrap();
    }
    let link: url::Url = "https://cvws.icloud-content.com/B/a/${f}?s=sig".parse().unwrap();
    session.content(&link.clone().into(), 0, None).await.unwrap();
    session.content(&link.into(), 7, None).await.unwrap();
    let sent = script.sent.lock().unwrap();
    let cookies: Vec<_> = sent.iter().map(cookie_of).collect();
    let token = |n: usize| format!(r#"X-APPLE-WEBAUTH-TOKEN="v=2:t={n}""#);
    assert_eq!(cookies, [String::new(), token(0), token(1), String::new(), String::new()]);
    let ranges: Vec<_> = sent[3..].iter().map(|request| request.headers().get(header::RANGE)).collect();
    assert_eq!(ranges, [None, Some(&"bytes=7-".parse().unwrap())]);
}

#[tokio::test]
async fn content_is_never_fetched_from_a_stranger() {
    let (session, script) = session(|_, _| answer(200, None));
    for link in ["https://evil.example/B/x", "http://cvws.icloud-content.com/B/x", "http://127.0.0.1/B/x"] {
        let link: url::Url = link.parse().unwrap();
        assert_eq!(session.content(&link.into(), 0, None).await.unwrap_err().kind(), ErrorKind::Protocol);
    }
    assert!(script.sent.lock().unwrap().is_empty());
}

#[tokio::test]
async fn content_is_returned_whatever_its_status() {
    let (session, _) = session(|_, _| answer(410, None));
    let link: url::Url = "https://cvws.icloud-content.com/B/x".parse().unwrap();
    assert_eq!(session.content(&link.into(), 0, None).await.unwrap().status(), StatusCode::GONE);
}

#[tokio::test]
async fn content_is_asked_for_as_it_is() {
    let (session, script) = session(|_, _| answer(200, None));
    let link: url::Url = "https://cvws.icloud-content.com/B/x".parse().unwrap();
    session.content(&link.clone().into(), 5, None).await.unwrap();
    session.content(&link.into(), 0, Some(10)).await.unwrap();
    let sent = script.sent.lock().unwrap();
    assert_eq!(sent[0].headers()["accept-encoding"], "identity", "a compressed body has another length");
    assert_eq!(sent[0].headers()["range"], "bytes=5-");
    assert_eq!(sent[1].headers()["range"], "bytes=0-9");
}

#[tokio::test(start_paused = true)]
async fn a_session_beyond_renewal_sends_nothing_more() {
    let (session, script) = session(|_, _| answer(401, None));
    for _ in 0..3 {
        assert_eq!(query(&session).await.unwrap_err().kind(), ErrorKind::SessionExpired);
    }
    assert_eq!(script.sent.lock().unwrap().len(), 1);
    assert_eq!(*script.reconnected.lock().unwrap(), 1, "the connection may have been at fault");
}

#[test]
fn an_answer_that_a_renewal_overtook_changes_no_cookie() {
    let endpoints = Endpoints::default();
    let mut signed_in = SignedIn::default();
    signed_in.account.database = "https://p61-ckdatabasews.icloud.com".parse().ok();
    let live = Live::new(signed_in.clone(), &endpoints, SystemTime::UNIX_EPOCH).unwrap();
    let old = live.route().unwrap();
    signed_in.renewals = 1;
    live.renewed(signed_in, Rung::Token, &endpoints).unwrap();
    live.take_cookies(&old, &token("old"), SystemTime::UNIX_EPOCH);
    assert_eq!(live.cookies(old.url()), None);
    let new = live.route().unwrap();
    let due = |seconds| {
        live.take_cookies(&new, &token(seconds), SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    };
    assert_eq!(
        [due(1), due(299), due(300)],
        [false, false, true],
        "saving is due every five minutes at most"
    );
    assert!(live.cookies(new.url()).is_some());
}

#[test]
fn a_partition_outside_apple_is_refused() {
    let mut signed_in = SignedIn::default();
    signed_in.account.database = "https://ckdatabasews.evil.example".parse().ok();
    let error = Live::new(signed_in, &Endpoints::default(), SystemTime::UNIX_EPOCH).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_left_alone_while_it_renews_stops_nobody() {
    let (session, _) = renewing(only_renewed, MemorySessionStore::new(), |_| Ok(DATABASE));
    let mut idle = Box::pin(query(&session));
    assert!(futures::poll!(&mut idle).is_pending());
    let others = tokio::time::timeout(Duration::from_secs(60), query(&session)).await;
    others.expect("the others go on").unwrap();
    idle.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_while_it_renews_loses_nothing() {
    let store = MemorySessionStore::new();
    let (session, _) = renewing(only_renewed, store.clone(), |_| Ok(DATABASE));
    let mut dropped = Box::pin(query(&session));
    assert!(futures::poll!(&mut dropped).is_pending());
    drop(dropped);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let saved = store.load(session.account()).await.unwrap().unwrap().signed_in.unwrap();
    assert!(saved.tokens.cookies.holds("X-APPLE-WEBAUTH-TOKEN"));
    query(&session).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn only_what_needs_a_person_ends_a_session() {
    let exhausted = || Error::new(ErrorKind::Network, "x").retrying(Retry::Exhausted { attempts: 3 });
    let rows: [(fn() -> Error, bool); 5] = [
        (exhausted, false),
        (|| Error::new(ErrorKind::Protocol, "x"), false),
        (|| Error::new(ErrorKind::StorageFull, "x"), false),
        (|| Error::new(ErrorKind::CodeRequired, "x"), true),
        (errors::expired, true),
    ];
    for (error, ends) in rows {
        let climb = move |number| if number == 1 { Err(error()) } else { Ok(DATABASE) };
        let (session, _) = renewing(only_renewed, MemorySessionStore::new(), climb);
        assert_eq!(query(&session).await.unwrap_err().kind(), error().kind());
        assert_eq!(query(&session).await.is_err(), ends, "{:?}", error());
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ended_still_saves_its_cookies() {
    let store = MemorySessionStore::new();
    let first_only = |n, _: &Request<Bytes>| {
        let cookie = r#"X-APPLE-WEBAUTH-TOKEN="v=2"; Path=/; Domain=.icloud.com"#;
        if n == 0 { answer(200, Some(cookie)) } else { answer(421, None) }
    };
    let (session, _) = renewing(first_only, store.clone(), |_| Err(errors::expired()));
    session.save().await.unwrap();
    query(&session).await.unwrap();
    query(&session).await.unwrap_err();
    session.save().await.unwrap();
    let saved = store.load(session.account()).await.unwrap().unwrap().signed_in.unwrap();
    assert!(saved.tokens.cookies.holds("X-APPLE-WEBAUTH-TOKEN"));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_was_signed_out_ends_and_does_not_come_back() {
    let store = MemorySessionStore::new();
    let (session, _) = renewing(only_renewed, store.clone(), |_| Ok(DATABASE));
    session.save().await.unwrap();
    store.remove(session.account()).await.unwrap();
    assert_eq!(query(&session).await.unwrap_err().kind(), ErrorKind::SessionExpired);
    session.save().await.unwrap();
    assert!(store.load(session.account()).await.unwrap().is_none());

    let (session, _) = renewing(only_renewed, store.clone(), |_| Ok(DATABASE));
    let never_saved = session.clone();
    session.sign_out().await.unwrap();
    never_saved.save().await.unwrap();
    assert!(store.load(never_saved.account()).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn fresh_tokens_are_saved_whatever_database_comes_with_them() {
    let store = MemorySessionStore::new();
    let (session, _) = renewing(only_renewed, store.clone(), |_| Ok("https://ckdatabasews.evil.example"));
    assert_eq!(query(&session).await.unwrap_err().kind(), ErrorKind::Protocol);
    let saved = store.load(session.account()).await.unwrap().unwrap().signed_in.unwrap();
    assert!(saved.tokens.cookies.holds("X-APPLE-WEBAUTH-TOKEN"));
}

#[test]
fn a_cookie_that_comes_while_others_are_saved_is_not_saved_yet() {
    let mut signed_in = SignedIn::default();
    signed_in.account.database = DATABASE.parse().ok();
    let live = Live::new(signed_in, &Endpoints::default(), SystemTime::UNIX_EPOCH).unwrap();
    let route = live.route().unwrap();
    assert!(!live.is_unsaved());
    live.take_cookies(&route, &token(1), SystemTime::UNIX_EPOCH);
    let (_, change) = live.signed_in();
    live.take_cookies(&route, &token(2), SystemTime::UNIX_EPOCH);
    live.saved(change, SystemTime::UNIX_EPOCH);
    assert!(live.is_unsaved());
}
