//! The way to the mail server: how many bytes a server may send before it is given up.
//!
//! The mail library looks at the length of an answer once its line has ended, so that a line without an end would fill the memory.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::io::{AsyncRead as _, AsyncWrite as _};
use lettre::transport::smtp::Error;
// There is no other way to hand a stream with TLS over.
#[expect(deprecated)]
use lettre::transport::smtp::client::AsyncNetworkStream as Stream;
use lettre::transport::smtp::client::{AsyncTokioStream, TlsParameters};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Of all answers to one mail together. The library takes no single one beyond a tenth of that.
pub(super) const MOST: usize = 1 << 20;

/// A connection that ends with an error once the server has sent more than [`MOST`] bytes.
#[derive(Debug)]
pub(super) struct Wire {
    #[expect(deprecated)]
    stream: Stream,
    left: usize,
}

impl Wire {
    /// Connects, with TLS from the first byte if there are parameters for it.
    pub(super) async fn to(
        server: (&str, u16),
        silence: Duration,
        tls: Option<TlsParameters>,
    ) -> Result<Self, Error> {
        #[expect(deprecated)]
        let stream = Stream::connect_tokio1(server, Some(silence), tls, None).await?;
        Ok(Self { stream, left: MOST })
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, buffer.initialize_unfilled()))?;
        let Some(left) = self.left.checked_sub(read) else {
            return Poll::Ready(Err(io::Error::other("the server sends more than any answer needs")));
        };
        self.left = left;
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(context)
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}
