//! The fake iCloud as a transport, without sockets. Tests run on tokio's paused clock, so that waits take no time.

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use http::{Request, Response};
use icloud_photos::http::{Body, HttpTransport, RetryPolicy};
use icloud_photos::{Client, Credentials, Endpoints, Error, ErrorKind, Login, Session};
use icloud_photos_testkit as testkit;
use icloud_photos_testkit::{AccountSpec, FakeCloud, LibrarySpec};

/// A fake with one account that needs a code, and the library of `spec`.
pub(crate) fn cloud(spec: LibrarySpec) -> FakeCloud {
    FakeCloud::builder().account(AccountSpec::default()).library(spec).build()
}

/// A client of that fake.
pub(crate) fn client(cloud: &FakeCloud) -> Client {
    client_over(cloud, FakeTransport(cloud.clone()))
}

/// The same with something between the two.
pub(crate) fn client_over(cloud: &FakeCloud, transport: impl HttpTransport) -> Client {
    let url = cloud.base_url();
    let endpoints = Endpoints::default().with_auth(&url).unwrap().with_setup(&url).unwrap();
    let builder = Client::builder().endpoints(endpoints).transport(transport);
    builder.retries(RetryPolicy::default().attempts(4)).build().unwrap()
}

/// Signs in with the code that the person's phone shows.
pub(crate) async fn sign_in(cloud: &FakeCloud) -> Session {
    sign_in_by(cloud, &client(cloud)).await
}

/// The same by a client of the test's own.
pub(crate) async fn sign_in_by(cloud: &FakeCloud, client: &Client) -> Session {
    let account = AccountSpec::default();
    let credentials = Credentials::new(account.username.parse().unwrap(), account.password);
    match client.login(credentials).await.unwrap() {
        Login::Complete(session) => session,
        Login::CodeRequired(challenge) => {
            challenge.request_push().await.unwrap();
            let code = cloud.codes().last().expect("a code was pushed").code.parse().unwrap();
            challenge.submit(code).await.unwrap()
        }
        other => panic!("not signed in: {other:?}"),
    }
}

/// Hands requests to the fake.
#[derive(Debug, Clone)]
pub(crate) struct FakeTransport(pub(crate) FakeCloud);

impl HttpTransport for FakeTransport {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, icloud_photos::Result<Response<Body>>> {
        async move {
            let answer = self.0.handle(request).await;
            if answer.extensions().get::<testkit::ConnectionReset>().is_some() {
                return Err(broken("closed without an answer"));
            }
            Ok(answer.map(|body| match body {
                testkit::Body::Full(bytes) => Body::full(bytes),
                testkit::Body::Stream(stream) => Body::stream(stream.map(|chunk| chunk.map_err(broken))),
            }))
        }
        .boxed()
    }
}

fn broken(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Network, "the connection broke").caused_by(cause)
}
