//! A signed-in session on the fake, with every CloudKit request noted and answers of recordings put before it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::future::BoxFuture;
use icloud_photos::http::{Body, HttpTransport};
use icloud_photos::{AppleId, Client, Credentials, Endpoints, Login, Result, Session};
use icloud_photos_testkit::{AccountSpec, FakeCloud, LibrarySpec};
use serde_json::Value;

use crate::support::FakeTransport;

/// Nothing listens there, and nothing is sent there.
const BASE: &str = "http://127.0.0.1:9";

/// Which recorded answer a request gets, if any: path and query string of the URL, then the body.
type Replay = dyn Fn(&str, &Value) -> Option<Bytes> + Send + Sync;

/// Changes what the fake answers: path of the request, head and body of the answer.
pub(crate) type Bend = dyn Fn(&str, &mut http::response::Parts, Bytes) -> Bytes + Send + Sync;

/// Hands requests to the fake, but those that a recording answers.
#[derive(Clone)]
pub(crate) struct Listener {
    fake: FakeTransport,
    replay: Option<Arc<Replay>>,
    bend: Arc<Mutex<Option<Arc<Bend>>>>,
    /// Every CloudKit request: path and body.
    pub(crate) sent: Arc<Mutex<Vec<(String, Value)>>>,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Listener")
    }
}

impl HttpTransport for Listener {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Body>>> {
        Box::pin(async move {
            let path = request.uri().path().to_owned();
            let bend = self.bend.lock().unwrap().clone();
            if path.starts_with("/database/") {
                let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
                let recorded = self.replay.as_ref().and_then(|replay| replay(&path, &body));
                self.sent.lock().unwrap().push((path.clone(), body));
                if let Some(recorded) = recorded {
                    return Ok(http::Response::new(Body::full(recorded)));
                }
            }
            let answer = self.fake.send(request).await?;
            let Some(bend) = bend else { return Ok(answer) };
            let (mut head, body) = answer.into_parts();
            let body = body.collect(64 << 20).await?;
            let body = bend(&path, &mut head, body);
            Ok(http::Response::from_parts(head, Body::full(body)))
        })
    }
}

/// A signed-in session on a fake with this library.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) cloud: FakeCloud,
    pub(crate) session: Session,
    pub(crate) transport: Listener,
}

impl World {
    pub(crate) async fn new(library: LibrarySpec) -> Self {
        Self::with(library, None).await
    }

    pub(crate) async fn replaying(
        replay: impl Fn(&str, &Value) -> Option<Bytes> + Send + Sync + 'static,
    ) -> Self {
        Self::with(LibrarySpec::plain(0, 1), Some(Arc::new(replay))).await
    }

    async fn with(library: LibrarySpec, replay: Option<Arc<Replay>>) -> Self {
        let account = AccountSpec::in_state("password-only").unwrap();
        let credentials =
            Credentials::new(AppleId::new(&account.username).unwrap(), account.password.clone());
        let cloud = FakeCloud::builder().account(account).library(library).base_url(BASE).build();
        let (bend, sent) = Default::default();
        let transport = Listener { fake: FakeTransport(cloud.clone()), replay, bend, sent };
        let endpoints = Endpoints::default().with_auth(BASE).unwrap().with_setup(BASE).unwrap();
        let client = Client::builder().endpoints(endpoints).transport(transport.clone()).build().unwrap();
        let Login::Complete(session) = client.login(credentials).await.unwrap() else {
            panic!("the fake wants more than a password")
        };
        Self { cloud, session, transport }
    }

    /// From now on answers are changed.
    pub(crate) fn bend(
        &self,
        bend: impl Fn(&str, &mut http::response::Parts, Bytes) -> Bytes + Send + Sync + 'static,
    ) {
        *self.transport.bend.lock().unwrap() = Some(Arc::new(bend));
    }

    /// From now on every file is described otherwise than it is.
    pub(crate) fn describe(
        &self,
        change: impl Fn(&mut serde_json::Map<String, Value>) + Send + Sync + 'static,
    ) {
        self.bend(move |path, head, body| {
            let Ok(mut answer) = serde_json::from_slice(&body) else { return body };
            if path.starts_with("/database/") {
                each_file(&mut answer, &change);
            }
            head.headers.remove("content-length");
            answer.to_string().into()
        });
    }

    /// What the fake knows to be true, and the account's name.
    pub(crate) fn truth(&self) -> Value {
        self.library().truth()
    }

    pub(crate) fn library(&self) -> &icloud_photos_testkit::Library {
        self.cloud.library(&AccountSpec::default().username).unwrap()
    }

    /// Paths of the CloudKit requests so far, without what they have in common.
    pub(crate) fn paths(&self) -> Vec<String> {
        let sent = self.transport.sent.lock().unwrap();
        sent.iter().map(|(path, _)| path.rsplit("/production/").next().unwrap().to_owned()).collect()
    }
}

fn each_file(value: &mut Value, change: &impl Fn(&mut serde_json::Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            if object.contains_key("fileChecksum") {
                change(object);
            }
            object.values_mut().for_each(|value| each_file(value, change));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| each_file(value, change)),
        _ => {}
    }
}

/// The exchanges of a recording: request and response as recorded. `None`, said plainly, where there are none.
pub(crate) fn recording(name: &str) -> Option<Vec<Value>> {
    let shared = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/recordings");
    let folder = std::env::var_os("ICLOUD_RECORDINGS").map_or(shared, PathBuf::from);
    let path = folder.join(format!("{name}.json"));
    let Ok(text) = std::fs::read(&path) else {
        eprintln!("SKIPPED: no recording at {}; set ICLOUD_RECORDINGS", path.display());
        return None;
    };
    Some(serde_json::from_slice(&text).unwrap())
}
