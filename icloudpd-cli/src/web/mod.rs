//! The web page, metrics and health over HTTP.
//!
//! | route | method | what |
//! |---|---|---|
//! | `/` | GET | the page; with `?token=` it lets a browser in |
//! | `/status` | GET | the part of the page that changes |
//! | `/password`, `/code`, `/send`, `/again` | POST | answers to what the page asks |
//! | `/resume`, `/cancel` | POST | begin the next round now; stop the run under way |
//! | `/metrics` | GET | Prometheus text |
//! | `/healthz` | GET | 200 alive, 503 waiting for a person or failing |
//!
//! Everything but the last two is for whoever has the token ([`gate`]). Nothing that is served holds a password, a code
//! or the token. A connection lives a few seconds, whatever it does: nobody can hold up the program, or use up its memory.

mod facts;
mod gate;
mod metrics;
mod page;
mod routes;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use icloud_photos::{Error, ErrorKind, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tracing::{debug, info};

use self::facts::Facts;
use self::gate::Gate;
use self::routes::Site;
use crate::args::{LogLevel, Verb};
use crate::board::Board;
use crate::config::{Config, Page};

/// At the same time, for each address. Whoever comes then takes the place of the one that has said nothing for longest.
const CONNECTIONS: usize = 32;

/// From the first byte of a connection to its last.
const CONNECTION: Duration = Duration::from_secs(20);

/// For the head of a request.
const HEAD: Duration = Duration::from_secs(5);

/// Bytes of the head of a request; hyper wants at least this many.
const HEAD_BYTES: usize = 8192;

/// What is served, until it is dropped.
#[derive(Debug)]
pub(crate) struct Served {
    _servers: JoinSet<()>,
}

/// Begins to serve what the command line asks for; nothing, where it asks for nothing.
///
/// # Errors
/// [`ErrorKind::Config`] if an address cannot be had, or the file of the token cannot be used.
pub(crate) async fn start(config: &Config, board: &Board) -> Result<Served> {
    let mut servers = JoinSet::new();
    let web = &config.web;
    // Our own verbs are short, and ask nobody by a page.
    if config.verb != Verb::Run {
        return Ok(Served { _servers: servers });
    }
    if let Some(page) = &web.page {
        let listener = listen("--webui-address", &page.address).await?;
        let address =
            listener.local_addr().map_err(|error| unusable("--webui-address", &page.address, error))?;
        let file = page.token_file.clone();
        let token = crate::prompt::blocking(move || gate::token(file.as_deref())).await?;
        tell(config, page, address, &token);
        let gate = Gate::new(token, address.port())?;
        let site = Site::new(board.clone(), Facts::of(config), Some(gate), &web.hosts);
        servers.spawn(serve(listener, Arc::new(site)));
    }
    if let Some(address) = web.metrics.as_deref().filter(|address| !is_page(web.page.as_ref(), address)) {
        let listener = listen("--metrics-address", address).await?;
        if let Ok(address) = listener.local_addr() {
            info!("Metrics are at http://{address}/metrics, health is at http://{address}/healthz");
            if !address.ip().is_loopback() {
                info!("Metrics and health can be reached from other machines, without encryption");
            }
        }
        let site = Site::new(board.clone(), Facts::default(), None, &web.hosts);
        servers.spawn(serve(listener, Arc::new(site)));
    }
    Ok(Served { _servers: servers })
}

fn is_page(page: Option<&Page>, address: &str) -> bool {
    page.is_some_and(|page| page.address == address)
}

async fn listen(option: &str, address: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| unusable(option, address, error))
}

fn unusable(option: &str, address: &str, error: io::Error) -> Error {
    let why = match error.kind() {
        io::ErrorKind::AddrInUse => "another program listens there already; choose another port",
        _ => "the system does not allow it",
    };
    Error::new(ErrorKind::Config, format!("{option} {address} cannot be used: {why}")).caused_by(error)
}

/// Says where the page is. Whoever reads the log may open it, as with other programs of this kind; a token of the user's own
/// is not written into it.
fn tell(config: &Config, page: &Page, address: SocketAddr, token: &gate::Token) {
    // An address that stands for all of them is none that a browser can open.
    let host = match address.ip() {
        ip if ip.is_unspecified() => format!("localhost:{}", address.port()),
        _ => address.to_string(),
    };
    let url = match &page.token_file {
        None => format!("http://{host}/?token={}", token.in_url()),
        Some(file) => format!("http://{host}/?token= followed by the token in {}", file.display()),
    };
    if config.only_print_filenames || config.log_level == LogLevel::Error {
        eprintln!("icloudpd: the web page is at {url}");
        return;
    }
    info!("Starting web server for WebUI authentication...");
    debug!("Starting web server...");
    info!("The web page is at {url}");
    if !address.ip().is_loopback() {
        info!("It can be reached from other machines, without encryption");
    }
}

/// Takes connections until the task is aborted; the set takes its connections down with it.
async fn serve(listener: TcpListener, site: Arc<Site>) {
    let (mut connections, mut guests) = (JoinSet::new(), Guests::default());
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                guests.make_room();
                let asks = Arc::<AtomicBool>::default();
                let task = connections.spawn(converse(site.clone(), stream, asks.clone()));
                guests.0.push_back(Guest { task, asks });
            }
            // Out of file handles, most likely: some will come back.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

/// Who is connected, the oldest first.
#[derive(Default)]
struct Guests(VecDeque<Guest>);

struct Guest {
    task: AbortHandle,
    /// Its request has come.
    asks: Arc<AtomicBool>,
}

impl Guests {
    /// Leaves room for one more. Who is being answered goes last.
    fn make_room(&mut self) {
        self.0.retain(|guest| !guest.task.is_finished());
        if self.0.len() >= CONNECTIONS {
            let silent = self.0.iter().position(|guest| !guest.asks.load(Relaxed));
            if let Some(guest) = self.0.remove(silent.unwrap_or_default()) {
                guest.task.abort();
            }
        }
    }
}

async fn converse(site: Arc<Site>, stream: TcpStream, asks: Arc<AtomicBool>) {
    let service = service_fn(move |request| {
        asks.store(true, Relaxed);
        let site = site.clone();
        async move { Ok::<_, std::convert::Infallible>(site.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // An error here is a client that went away, or was too slow.
    let _ = tokio::time::timeout(CONNECTION, connection).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_has_said_nothing_for_longest_gives_way() {
        let mut guests = Guests::default();
        let mut connections = JoinSet::new();
        for number in 0..CONNECTIONS + 3 {
            guests.make_room();
            let task = connections.spawn(std::future::pending::<()>());
            guests.0.push_back(Guest { task, asks: Arc::new(AtomicBool::new(number < 2)) });
        }
        tokio::task::yield_now().await;
        assert_eq!(guests.0.len(), CONNECTIONS);
        let asking = |guest: &Guest| guest.asks.load(Relaxed) && !guest.task.is_finished();
        assert_eq!(guests.0.iter().filter(|guest| asking(guest)).count(), 2, "who is being answered stays");
        guests.0.iter().for_each(|guest| guest.asks.store(true, Relaxed));
        guests.make_room();
        assert_eq!(guests.0.len(), CONNECTIONS - 1, "there is room for one more in any case");
    }
}
