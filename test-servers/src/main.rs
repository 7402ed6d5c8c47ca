//! The same servers for scripts, for tests of killed programs, and for whoever wants to look.
//!
//! `test-servers s3 --root DIR --port N` prints one line of JSON: where it listens, bucket, region, keys, and `control`, an address
//! that answers plain HTTP: `GET /counts`, `/uploads`, `/keys` and `/metadata?KEY` (encoded as in a path) as JSON; `POST /reset` forgets the
//! counts, `POST /chaos?SEED,RATE` begins with faults, and `POST /calm` ends them. It serves until it is killed.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use clap::{Parser, Subcommand};
use futures::StreamExt as _;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use icloud_photos_test_servers::s3::{ACCESS_KEY, BUCKET, REGION, S3Server, SECRET_KEY};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[derive(Debug, Parser)]
#[command(about = "Real servers on loopback, for tests")]
struct Arguments {
    #[command(subcommand)]
    server: Server,
}

#[derive(Debug, Subcommand)]
enum Server {
    /// An S3 server with one empty bucket.
    S3 {
        /// The folder that its bytes go to, in a new folder of their own.
        #[arg(long)]
        root: PathBuf,
        /// The port of loopback; 0 is any that is free.
        #[arg(long, default_value_t = 0)]
        port: u16,
    },
    /// No server: puts files of zeros into a bucket and ends, with the keys of the environment. The floor of a bench.
    Put {
        /// Where the server listens.
        #[arg(long)]
        endpoint: String,
        /// A folder of the bucket.
        #[arg(long)]
        folder: String,
        /// How many.
        #[arg(long)]
        files: usize,
        /// How long each is.
        #[arg(long)]
        bytes: usize,
        /// How many at once.
        #[arg(long, default_value_t = 8)]
        at_once: usize,
    },
}

#[tokio::main]
async fn main() {
    let (root, port) = match Arguments::parse().server {
        Server::S3 { root, port } => (root, port),
        Server::Put { endpoint, folder, files, bytes, at_once } => {
            let service = opendal::services::S3::default()
                .endpoint(&endpoint)
                .bucket(BUCKET)
                .region(REGION)
                .root(&folder);
            return put(&opendal::Operator::new(service).expect("a bucket"), files, bytes, at_once).await;
        }
    };
    let server = Arc::new(S3Server::start_at(&root, port).await);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of loopback");
    let control = listener.local_addr().expect("the port that was bound");
    println!("{}", greeting(&server, control));
    loop {
        let (socket, _) = listener.accept().await.expect("a connection");
        let server = Arc::clone(&server);
        let answers = service_fn(move |request: Request<Incoming>| {
            let answer = control_answer(&server, &request);
            async move { Ok::<_, std::convert::Infallible>(answer) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), answers));
    }
}

async fn put(operator: &opendal::Operator, files: usize, bytes: usize, at_once: usize) {
    let zeros = opendal::Buffer::from(vec![0; bytes]);
    let puts = (0..files).map(|number| {
        let (name, zeros) = (format!("{}/{number}", number / 100), zeros.clone());
        async move { operator.write(&name, zeros).await.expect("a put") }
    });
    futures::stream::iter(puts).buffer_unordered(at_once).for_each(|_| async {}).await;
}

fn greeting(server: &S3Server, control: SocketAddr) -> Value {
    json!({
        "endpoint": server.endpoint(),
        "bucket": BUCKET,
        "region": REGION,
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
        "control": format!("http://{control}"),
    })
}

fn control_answer(server: &S3Server, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let query = request.uri().query().unwrap_or_default();
    let told = match (request.method(), request.uri().path()) {
        (&Method::GET, "/counts") => Some(Value::from_iter(server.counts())),
        (&Method::GET, "/uploads") => Some(json!(server.open_uploads())),
        (&Method::GET, "/keys") => Some(json!(server.keys())),
        (&Method::GET, "/metadata") => {
            let key = percent_decode_str(query).decode_utf8_lossy();
            server.metadata(&key).map(Value::from_iter)
        }
        (&Method::POST, "/reset") => Some(json!(server.forget_counts())),
        (&Method::POST, "/calm") => Some(json!(server.calm())),
        (&Method::POST, "/chaos") => chaos(query).map(|(seed, rate)| json!(server.chaos(seed, rate))),
        _ => None,
    };
    let status = if told.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let body = told.map(|told| told.to_string()).unwrap_or_default();
    Response::builder().status(status).body(Full::from(body)).unwrap()
}

fn chaos(query: &str) -> Option<(u64, f64)> {
    let (seed, rate) = query.split_once(',')?;
    let rate: f64 = rate.parse().ok()?;
    Some((seed.parse().ok()?, rate)).filter(|_| (0.0..=1.0).contains(&rate))
}
