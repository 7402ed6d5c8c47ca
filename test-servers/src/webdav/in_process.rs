//! `dav-server` over hyper; who asks is checked here.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dav_server::DavHandler;
use dav_server::body::Body;
use dav_server::localfs::LocalFs;
use dav_server::memls::MemLs;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use super::{PASSWORD, USER, files_below};

type Counts = Arc<Mutex<BTreeMap<String, u64>>>;

/// A running server; ends when dropped, with all it holds.
#[derive(Debug)]
pub struct WebDavServer {
    address: SocketAddr,
    counts: Counts,
    serving: JoinHandle<()>,
    folder: TempDir,
}

impl WebDavServer {
    /// Starts a server with an empty folder.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the files");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of loopback");
        let address = listener.local_addr().expect("the port that was bound");
        let handler = DavHandler::builder()
            .filesystem(LocalFs::new(folder.path(), false, false, false))
            .locksystem(MemLs::new())
            .build_handler();
        let counts = Counts::default();
        let serving = tokio::spawn(serve(listener, handler, Arc::clone(&counts)));
        Self { address, counts, serving, folder }
    }

    /// Where it listens, as clients want to hear it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The folder that it serves.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The files that are there, as paths with slashes, sorted.
    pub fn files(&self) -> Vec<String> {
        files_below(self.folder.path())
    }

    /// How often a method was asked for (`PUT`, `MOVE`, `PROPFIND`, ...) by those who may.
    pub fn requests(&self, method: &str) -> u64 {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(method).copied().unwrap_or_default()
    }
}

impl Drop for WebDavServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, handler: DavHandler, counts: Counts) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        // What failed here was the client's doing.
        let Ok((socket, _)) = listener.accept().await else { continue };
        let (handler, counts) = (handler.clone(), Arc::clone(&counts));
        let answers = service_fn(move |request| {
            let (handler, counts) = (handler.clone(), Arc::clone(&counts));
            async move { Ok::<_, Infallible>(answer(&handler, &counts, request).await) }
        });
        connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), answers));
    }
}

async fn answer(handler: &DavHandler, counts: &Counts, request: Request<Incoming>) -> Response<Body> {
    let wanted = format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
    if request.headers().get(AUTHORIZATION).is_none_or(|told| told.as_bytes() != wanted.as_bytes()) {
        let mut refused = Response::new(Body::empty());
        *refused.status_mut() = StatusCode::UNAUTHORIZED;
        refused
            .headers_mut()
            .insert(WWW_AUTHENTICATE, http::HeaderValue::from_static("Basic realm=\"photos\""));
        return refused;
    }
    let method = request.method().to_string();
    *counts.lock().unwrap_or_else(PoisonError::into_inner).entry(method).or_default() += 1;
    handler.handle(request).await
}
