//! Bytes handed out as they come.
//!
//! The work on the file runs only while somebody asks for the next piece, and pauses until that is taken: a reader that stops reading stops
//! the network, and nothing is held but one piece. What was handed out cannot be taken back. Where a stored file is thrown away and begun
//! again, the same bytes must come once more: they are compared by their SHA-256, and handed out from where the reader is. Other bytes end the
//! stream.

use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;
use futures::channel::mpsc;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, SinkExt, Stream, StreamExt};

use super::Proof;
use super::order::Order;
use super::sink::Sink;
use crate::asset::Hasher;
use crate::error::{Error, ErrorKind, Result};

/// The bytes of one file, in order, as they arrive ([`Download::stream`](super::Download::stream)).
///
/// Ends after the last byte, or after the first `Err`. Bytes are handed out before they are proven, and cannot be taken back: whoever
/// does something for good with them waits for the end of the stream, and [`ByteStream::proof`]. Dropping it ends the request.
#[must_use = "nothing is fetched until the stream is read"]
pub struct ByteStream {
    pieces: mpsc::Receiver<Bytes>,
    /// `None` once it is done.
    work: Option<BoxFuture<'static, Result<Option<Proof>>>>,
    /// How it went, until the reader has heard of it.
    done: Option<Result<Option<Proof>>>,
    proof: Option<Proof>,
}

impl ByteStream {
    /// The whole file, or a part of it.
    pub(super) fn of(order: Order, range: Option<Range<u64>>) -> Self {
        // No more than the piece that is being taken.
        let (sender, pieces) = mpsc::channel(0);
        let work = async move {
            let mut sink = Handing { pieces: sender, handed: 0, before: None, again: None };
            if let Some(range) = range {
                return order.part(range, &mut sink).await.map(|()| None);
            }
            let fetched = order.whole(&mut sink).await?;
            sink.end().map_err(|error| order.told(error))?;
            Ok(Some(fetched.proof))
        };
        Self { pieces, work: Some(work.boxed()), done: None, proof: None }
    }

    /// What is known of the bytes, once the stream has ended without an error; `None` before, and for a part of a file
    /// ([`Download::range`](super::Download::range)), of which nothing can be known.
    pub fn proof(&self) -> Option<Proof> {
        self.proof
    }
}

impl Stream for ByteStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(work) = &mut self.work
            && let Poll::Ready(done) = work.poll_unpin(cx)
        {
            (self.work, self.done) = (None, Some(done));
        }
        match self.pieces.poll_next_unpin(cx) {
            Poll::Ready(Some(piece)) => Poll::Ready(Some(Ok(piece))),
            Poll::Ready(None) => Poll::Ready(match self.done.take() {
                Some(Err(error)) => Some(Err(error)),
                Some(Ok(proof)) => {
                    self.proof = proof;
                    None
                }
                None => None,
            }),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteStream").field("proof", &self.proof).finish_non_exhaustive()
    }
}

/// Whoever reads, who keeps what was handed out.
struct Handing {
    pieces: mpsc::Sender<Bytes>,
    /// So many bytes were handed out.
    handed: u64,
    /// SHA-256 of those, once they are to come again.
    before: Option<[u8; 32]>,
    /// What came again so far.
    again: Option<Hasher>,
}

impl Handing {
    /// The file ends here.
    fn end(&self) -> Result<()> {
        if self.again.is_some() { Err(changed()) } else { Ok(()) }
    }

    /// The part of a piece that was not handed out before.
    fn fresh(&mut self, mut piece: Bytes) -> Result<Bytes> {
        let Some(again) = &mut self.again else { return Ok(piece) };
        let missing = self.handed - again.length();
        let known =
            piece.split_to(usize::try_from(missing).map_or(piece.len(), |most| most.min(piece.len())));
        again.update(&known);
        if again.length() == self.handed {
            if Some(again.clone().finish().sha256) != self.before {
                return Err(changed());
            }
            self.again = None;
        }
        Ok(piece)
    }
}

fn changed() -> Error {
    let message = "Apple sent other bytes when asked again, and the first were handed out already; read the file once more";
    Error::new(ErrorKind::Integrity, message)
}

#[async_trait]
impl Sink for Handing {
    fn position(&self) -> u64 {
        0
    }

    async fn resumed(&mut self) -> Result<BoxStream<'static, Result<Bytes>>> {
        Ok(futures::stream::empty().boxed())
    }

    async fn restart(&mut self, dropped: &Hasher) -> Result<()> {
        // In the midst of a repetition less is dropped than was handed out, and what that was is known.
        if self.again.is_none() {
            self.before = Some(dropped.clone().finish().sha256);
        }
        self.again = (self.handed > 0).then(Hasher::new);
        Ok(())
    }

    async fn write(&mut self, piece: Bytes) -> Result<()> {
        let fresh = self.fresh(piece)?;
        if fresh.is_empty() {
            return Ok(());
        }
        self.handed += fresh.len() as u64;
        let gone = |error| Error::new(ErrorKind::Cancelled, "nobody reads any more").caused_by(error);
        self.pieces.send(fresh).await.map_err(gone)
    }
}
