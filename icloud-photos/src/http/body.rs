//! The body of a response.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, Stream, StreamExt};

use super::Clock;
use crate::error::{Error, ErrorKind, Result};

/// A stream of bytes that ends with the body or with an error.
pub struct Body(BoxStream<'static, Result<Bytes>>);

impl Body {
    /// A body that is there already.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self(futures::stream::once(async move { Ok(bytes) }).boxed())
    }

    /// A body that arrives in pieces. A broken connection is an `Err` item, never a silent end.
    pub fn stream(stream: impl Stream<Item = Result<Bytes>> + Send + 'static) -> Self {
        Self(stream.boxed())
    }

    /// Reads everything.
    ///
    /// # Errors
    /// What the stream reports, and [`ErrorKind::Protocol`] beyond `limit` bytes.
    pub async fn collect(mut self, limit: usize) -> Result<Bytes> {
        let mut whole = Bytes::new();
        let mut all = BytesMut::new();
        while let Some(chunk) = self.next().await.transpose()? {
            if whole.len() + all.len() + chunk.len() > limit {
                return Err(Error::new(ErrorKind::Protocol, "the answer is too long").with("limit", limit));
            }
            // A body of one piece is not copied.
            if whole.is_empty() && all.is_empty() {
                whole = chunk;
                continue;
            }
            all.extend_from_slice(&std::mem::take(&mut whole));
            all.extend_from_slice(&chunk);
        }
        Ok(if all.is_empty() { whole } else { all.freeze() })
    }

    pub(super) fn with_stall_limit(self, clock: Arc<dyn Clock>, limit: Duration) -> Self {
        Self(StallGuard { inner: self.0, clock, limit, alarm: None }.boxed())
    }
}

impl Stream for Body {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body")
    }
}

/// Ends a body with [`ErrorKind::Timeout`] when nothing arrives for `limit`. The alarm is only set while waiting.
struct StallGuard {
    inner: BoxStream<'static, Result<Bytes>>,
    clock: Arc<dyn Clock>,
    limit: Duration,
    alarm: Option<BoxFuture<'static, ()>>,
}

impl Stream for StallGuard {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(item) = self.inner.poll_next_unpin(cx) {
            self.alarm = None;
            return Poll::Ready(item);
        }
        let (clock, limit) = (self.clock.clone(), self.limit);
        let alarm = self.alarm.get_or_insert_with(|| clock.sleep(limit));
        if alarm.poll_unpin(cx).is_pending() {
            return Poll::Pending;
        }
        self.alarm = None;
        self.inner = futures::stream::empty().boxed();
        let error = Error::new(ErrorKind::Timeout, "the server stopped sending");
        Poll::Ready(Some(Err(error.with("limit", format!("{limit:?}")))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit_in_however_many_pieces() {
        for pieces in [vec!["abcd"], vec!["ab", "cd"], vec!["", "abc", "", "d"], vec!["a", "b", "c", "d"]] {
            let body = || Body::stream(futures::stream::iter(pieces.clone()).map(|piece| Ok(piece.into())));
            assert_eq!(body().collect(4).await.unwrap(), "abcd");
            assert_eq!(body().collect(3).await.unwrap_err().kind(), ErrorKind::Protocol, "{pieces:?}");
        }
        assert_eq!(Body::stream(futures::stream::empty()).collect(0).await.unwrap(), "");
    }
}
