//! A cloud for tests of sign-in: what was sent is noted, and a test moves the clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{Request, Response};
use icloud_photos::http::{Body, Clock, HttpTransport};
use icloud_photos::session::SessionStore;
use icloud_photos::{AppleId, Client, Credentials, Endpoints, Result};
use icloud_photos_testkit::{AccountSpec, FakeCloud};

use crate::support::FakeTransport;

pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// Notes what was sent, as `METHOD path`.
#[derive(Clone)]
pub(crate) struct NotingTransport {
    inner: FakeTransport,
    sent: Arc<Mutex<Vec<String>>>,
}

/// Starts at a fixed time; sleeping moves it and takes no time.
#[derive(Debug, Clone, Default)]
pub(crate) struct TestClock(Arc<AtomicU64>);

/// A cloud, and what a client of it needs.
pub(crate) struct World {
    pub(crate) cloud: FakeCloud,
    pub(crate) transport: NotingTransport,
    pub(crate) clock: TestClock,
}

impl World {
    /// A cloud with one account.
    pub(crate) fn new(spec: AccountSpec) -> Self {
        let cloud = FakeCloud::builder().account(spec).base_url("http://127.0.0.1:9").build();
        let transport = NotingTransport { inner: FakeTransport(cloud.clone()), sent: Arc::default() };
        Self { cloud, transport, clock: TestClock::default() }
    }

    /// A cloud whose account is in one of [`AccountSpec::STATES`].
    pub(crate) fn in_state(name: &str) -> Self {
        Self::new(AccountSpec::in_state(name).unwrap())
    }

    /// A process of its own: a client over the given store.
    pub(crate) fn client(&self, store: impl SessionStore) -> Client {
        let endpoints = Endpoints::default().with_auth("http://127.0.0.1:9").unwrap();
        Client::builder()
            .endpoints(endpoints.with_setup("http://127.0.0.1:9").unwrap())
            .transport(self.transport.clone())
            .clock(self.clock.clone())
            .sessions(store)
            .build()
            .unwrap()
    }

    /// The one code that stands on a screen now.
    pub(crate) fn shown_code(&self) -> String {
        let codes = self.cloud.codes();
        assert_eq!(codes.len(), 1, "{codes:?}");
        codes[0].code.clone()
    }

    /// What was sent since the last call of this.
    pub(crate) fn sent(&self) -> Vec<String> {
        std::mem::take(&mut *self.transport.sent.lock().unwrap())
    }
}

pub(crate) fn jane() -> AppleId {
    AppleId::new("jdoe@example.com").unwrap()
}

pub(crate) fn credentials() -> Credentials {
    Credentials::new(jane(), PASSWORD)
}

impl NotingTransport {
    pub(crate) fn of(cloud: &FakeCloud) -> Self {
        Self { inner: FakeTransport(cloud.clone()), sent: Arc::default() }
    }

    /// What was sent since the last call of this.
    pub(crate) fn sent(&self) -> Vec<String> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }
}

/// The fake knows the secrets that a test looks for.
impl std::fmt::Debug for NotingTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NotingTransport")
    }
}

impl HttpTransport for NotingTransport {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>>> {
        self.sent.lock().unwrap().push(format!("{} {}", request.method(), request.uri().path()));
        self.inner.send(request)
    }
}

impl TestClock {
    pub(crate) fn advance(&self, time: Duration) {
        self.0.fetch_add(time.as_millis() as u64, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(1_800_000_000_000 + self.0.load(Ordering::SeqCst))
    }

    /// Time limits are set with every request, so a long sleep must not end before the answer is there.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let clock = self.clone();
        async move {
            tokio::task::yield_now().await;
            if duration >= Duration::from_secs(60) {
                return std::future::pending().await;
            }
            clock.advance(duration);
        }
        .boxed()
    }

    fn jitter(&self) -> f64 {
        0.5
    }
}
