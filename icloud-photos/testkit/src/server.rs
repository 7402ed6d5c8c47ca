//! The fake behind a TCP port: HTTP/1.1 with keep-alive.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt};
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::cloud::FakeCloud;
use crate::http::{Body, ConnectionReset, Request};

/// A served [`FakeCloud`]. Dropping it closes the port and every connection.
#[derive(Debug)]
pub struct Server {
    url: String,
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Server {
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Address and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) async fn start(cloud: FakeCloud, address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(accept(cloud, listener));
        Ok(Self { url: format!("http://{address}"), address, accepting })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Takes connections until the task is aborted; the set takes its connections down with it.
async fn accept(cloud: FakeCloud, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(converse(cloud.clone(), stream));
            }
            // Out of file handles, most likely: some will come back.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn converse(cloud: FakeCloud, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| respond(cloud.clone(), request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // An error here is a client that went away, or a fault script that wants the connection broken.
    let _ = connection.await;
}

async fn respond(cloud: FakeCloud, request: http::Request<Incoming>) -> io::Result<http::Response<Wire>> {
    let (head, body) = request.into_parts();
    let body = if body.is_end_stream() {
        Bytes::new()
    } else {
        body.collect().await.map_err(io::Error::other)?.to_bytes()
    };
    let response = cloud.handle(Request::from_parts(head, body)).await;
    if response.extensions().get::<ConnectionReset>().is_some() {
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    Ok(response.map(Wire::from))
}

/// Our body as hyper wants one.
enum Wire {
    Full(Option<Bytes>),
    Stream(BoxStream<'static, io::Result<Bytes>>),
}

impl From<Body> for Wire {
    fn from(body: Body) -> Self {
        match body {
            Body::Full(bytes) => Self::Full((!bytes.is_empty()).then_some(bytes)),
            Body::Stream(stream) => Self::Stream(stream),
        }
    }
}

impl HttpBody for Wire {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut *self {
            Self::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream(stream) => {
                stream.poll_next_unpin(context).map(|chunk| Some(chunk?.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Full(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}
