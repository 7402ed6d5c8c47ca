//! Connections, each with a string to cut it by.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use s3s::service::S3Service;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What a connection may still send and take; no limit unless a fault sets one.
#[derive(Debug, Clone)]
pub(super) struct Strings {
    to_read: Arc<AtomicU64>,
    to_write: Arc<AtomicU64>,
}

impl Strings {
    fn new() -> Self {
        let endless = || Arc::new(AtomicU64::new(u64::MAX));
        Self { to_read: endless(), to_write: endless() }
    }

    /// Cuts after so many more bytes from the client.
    pub(super) fn cut_request(&self, bytes: u64) {
        self.to_read.store(bytes, Ordering::SeqCst);
    }

    /// Cuts after so many more bytes to the client.
    pub(super) fn cut_answer(&self, bytes: u64) {
        self.to_write.store(bytes, Ordering::SeqCst);
    }
}

/// Takes connections until it is dropped, and they with it.
pub(super) async fn serve(listener: TcpListener, service: S3Service) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        // What failed here was the client's doing.
        let Ok((socket, _)) = listener.accept().await else { continue };
        connections.spawn(talk(socket, service.clone()));
    }
}

async fn talk(socket: TcpStream, service: S3Service) {
    let strings = Strings::new();
    let socket = TokioIo::new(Cuttable { socket, strings: strings.clone() });
    let with_strings = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(strings.clone());
        let service = service.clone();
        async move { service.call(request.map(s3s::Body::from)).await }
    });
    // A connection that was cut ends with an error; that was the point.
    let _ = http1::Builder::new().serve_connection(socket, with_strings).await;
}

struct Cuttable {
    socket: TcpStream,
    strings: Strings,
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let left = self.strings.to_read.load(Ordering::SeqCst);
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.socket).poll_read(context, buffer);
        spend(&self.strings.to_read, left, buffer.filled().len() - before);
        polled
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let left = self.strings.to_write.load(Ordering::SeqCst);
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let polled = Pin::new(&mut self.socket).poll_write(context, &bytes[..most]);
        if let Poll::Ready(Ok(written)) = &polled {
            spend(&self.strings.to_write, left, *written);
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

/// Counts down, but not from "no limit": that is none, however much flows.
fn spend(string: &AtomicU64, left: u64, bytes: usize) {
    if left != u64::MAX {
        string.store(left.saturating_sub(bytes as u64), Ordering::SeqCst);
    }
}
