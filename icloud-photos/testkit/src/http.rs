//! Requests and responses as plain values, so that a test needs no socket.

use std::io;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;

/// A whole request. Over TCP the URI is absolute-form or carries a `Host`; only path, query, headers and body
/// are looked at.
pub type Request = ::http::Request<Bytes>;

/// A response whose body may be generated while it is sent.
pub type Response = ::http::Response<Body>;

/// The bytes of a response.
pub enum Body {
    /// Everything at once.
    Full(Bytes),
    /// Produced while sending. An error cuts the connection, as a server does that goes away.
    Stream(BoxStream<'static, io::Result<Bytes>>),
}

impl Body {
    /// Collects the body; an error where the server would have cut it.
    pub async fn collect(self) -> io::Result<Bytes> {
        match self {
            Self::Full(bytes) => Ok(bytes),
            Self::Stream(mut stream) => {
                let mut all = Vec::new();
                while let Some(chunk) = stream.next().await {
                    all.extend_from_slice(&chunk?);
                }
                Ok(all.into())
            }
        }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Full(bytes) => write!(f, "Full({} bytes)", bytes.len()),
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Full(bytes)
    }
}
