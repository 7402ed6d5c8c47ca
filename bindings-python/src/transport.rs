//! The default transport, made anew in a child of `fork`.
//!
//! Connections of the parent are looked after by threads that the child does not have, and two processes on one connection would garble
//! it. So each process has a transport of its own. None is ever taken back or waited for: a lock that some thread of the parent held at
//! that moment would stay locked in the child for ever.

use std::sync::OnceLock;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use http::{Request, Response};
use icloud_photos::Result;
use icloud_photos::http::{Body, HttpTransport, ReqwestTransport};

#[derive(Debug)]
pub(crate) struct Transport {
    process: u32,
    inner: ReqwestTransport,
    /// That of a child, seen from there.
    child: OnceLock<Box<Transport>>,
}

impl Transport {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self { process: std::process::id(), inner: ReqwestTransport::new()?, child: OnceLock::new() })
    }

    /// The one of this process.
    fn ours(&self) -> Result<&ReqwestTransport> {
        if self.process == std::process::id() {
            return Ok(&self.inner);
        }
        if self.child.get().is_none() {
            // Two threads of a child may both make one; one is kept.
            let _ = self.child.set(Box::new(Self::new()?));
        }
        self.child.get().map_or(Ok(&self.inner), |child| child.ours())
    }
}

impl HttpTransport for Transport {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>>> {
        match self.ours() {
            Ok(transport) => transport.send(request),
            Err(error) => ready(Err(error)).boxed(),
        }
    }

    fn reconnect(&self) {
        if let Ok(transport) = self.ours() {
            transport.reconnect();
        }
    }
}
