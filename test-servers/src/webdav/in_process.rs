//! `dav-server` over hyper; who asks is checked here.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dav_server::DavHandler;
use dav_server::body::Body;
use dav_server::localfs::LocalFs;
use dav_server::memls::MemLs;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use super::{PASSWORD, USER, files_below};

/// What tests ask of the server, and it of them.
#[derive(Debug, Default)]
struct Desk {
    /// Requests by method.
    counts: Mutex<BTreeMap<String, u64>>,
    /// Bytes of bodies that came in, of requests that are not over too.
    taken: AtomicU64,
    /// A method, or `*` for all, and the status that such requests get.
    refusing: Mutex<Option<(String, StatusCode)>>,
    packing: AtomicBool,
    losing: AtomicBool,
}

/// A running server; ends when dropped, with all it holds.
#[derive(Debug)]
pub struct WebDavServer {
    address: SocketAddr,
    desk: Arc<Desk>,
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
        let desk = Arc::<Desk>::default();
        let serving = tokio::spawn(serve(listener, handler, Arc::clone(&desk)));
        Self { address, desk, serving, folder }
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
        let counts = self.desk.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(method).copied().unwrap_or_default()
    }

    /// How many bytes of bodies have come in, those of requests that are not over too.
    pub fn taken(&self) -> u64 {
        self.desk.taken.load(Relaxed)
    }

    /// From now on requests of this method (`*`: all) get this status and a page, before their body is read.
    pub fn refuse(&self, method: &str, status: u16) {
        let status = StatusCode::from_u16(status).expect("a status");
        *self.desk.refusing() = Some((method.to_owned(), status));
    }

    /// From now on bodies are lost and all is said to be well, as by a proxy that does not pass them on.
    pub fn lose(&self) {
        self.desk.losing.store(true, Relaxed);
    }

    /// From now on whoever reads and does not ask for the bytes as they are gets them packed; others could not read that.
    pub fn pack(&self) {
        self.desk.packing.store(true, Relaxed);
    }
}

impl Desk {
    /// What is kept of a chunk.
    fn cut(&self, data: Bytes) -> Bytes {
        self.taken.fetch_add(data.len() as u64, Relaxed);
        if self.losing.load(Relaxed) { data.slice(data.len()..) } else { data }
    }

    fn refusing(&self) -> MutexGuard<'_, Option<(String, StatusCode)>> {
        self.refusing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for WebDavServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, handler: DavHandler, desk: Arc<Desk>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        // What failed here was the client's doing.
        let Ok((socket, _)) = listener.accept().await else { continue };
        let (handler, desk) = (handler.clone(), Arc::clone(&desk));
        let answers = service_fn(move |request| {
            let (handler, desk) = (handler.clone(), Arc::clone(&desk));
            async move { Ok::<_, Infallible>(answer(&handler, desk, request).await) }
        });
        connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), answers));
    }
}

async fn answer(handler: &DavHandler, desk: Arc<Desk>, mut request: Request<Incoming>) -> Response<Body> {
    let wanted = format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
    if request.headers().get(AUTHORIZATION).is_none_or(|told| told.as_bytes() != wanted.as_bytes()) {
        let mut refused = page(StatusCode::UNAUTHORIZED);
        refused
            .headers_mut()
            .insert(WWW_AUTHENTICATE, http::HeaderValue::from_static("Basic realm=\"photos\""));
        return refused;
    }
    let method = request.method().to_string();
    let refused = desk.refusing().clone().filter(|(wanted, _)| *wanted == method || wanted == "*");
    if let Some((_, status)) = refused {
        return page(status);
    }
    *desk.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(method).or_default() += 1;
    let as_it_is = request.headers().get(ACCEPT_ENCODING).is_some_and(|told| told == "identity");
    if desk.packing.load(Relaxed) && request.method() == Method::GET && !as_it_is {
        let mut packed = Response::new(Body::from("packed"));
        packed.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        return packed;
    }
    if desk.losing.load(Relaxed) {
        request.headers_mut().remove(CONTENT_LENGTH);
    }
    let counted = request.map(|body| body.map_frame(move |frame| frame.map_data(|data| desk.cut(data))));
    handler.handle(counted).await
}

/// As most servers say it: with a page for people.
fn page(status: StatusCode) -> Response<Body> {
    let mut page = Response::new(Body::from(format!("<html><body><h1>{status}</h1></body></html>\n")));
    *page.status_mut() = status;
    page
}
