//! An S3 server, in this process: one bucket, one key, on a free port of loopback.
//!
//! HTTP, XML and signatures are those of `s3s`; where the bytes go is written here. The file system that `s3s` offers beside it
//! (`s3s-fs`) was tried first and is too far from S3: `a` and `a/b` cannot both be keys there, `/a` becomes `a`, a condition and
//! the put it guards are two steps, parts have no ETags, and uploads cannot be listed.
//!
//! Held to Amazon's documentation, for a client that is right here and wrong there is what tests are to find:
//!
//! - A key is any text of 1 to 1,024 bytes; a slash means nothing. Lists are in the order of bytes, pages end where they are told
//!   to, and `encoding-type=url` is heeded.
//! - `If-None-Match: *` and `If-Match` are judged in the same step as `PutObject`, `CopyObject` and `CompleteMultipartUpload`
//!   change the bucket; `x-amz-copy-source-if-match` is judged for both kinds of copy.
//! - An upload in parts is there until it is completed or aborted, `ListMultipartUploads` tells of it, and its metadata are those
//!   it began with. Parts below 5 MiB, but for the last, are refused, and so are wrong numbers, orders and ETags.
//! - Deleting what is not there succeeds; reading beyond the end is 416; metadata over 2 KB are refused.
//! - Checksums that come along (`Content-MD5`, `x-amz-checksum-...`, in trailers too) are compared.
//!
//! Not kept: versions, tags, encryption, rights, the checksums of objects, `ListObjects` of the first version. Whole bodies go to
//! files, so memory does not grow with them. What it keeps ends with it.

mod faults;
mod listing;
mod operations;
mod proof;
mod store;
mod wire;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use self::faults::Fault;
use self::faults::Gate;
use self::store::Store;

/// The bucket that is there.
pub const BUCKET: &str = "photos";
/// The region that it is in.
pub const REGION: &str = "us-east-1";
/// Who may use it.
pub const ACCESS_KEY: &str = "AKIATESTTESTTESTTEST";
/// And what proves it.
pub const SECRET_KEY: &str = "not/a/secret/of/anybody";

/// What an operation that changes the bucket, or an upload, is called.
const PUTS: [&str; 6] = [
    "PutObject",
    "CopyObject",
    "CreateMultipartUpload",
    "UploadPart",
    "UploadPartCopy",
    "CompleteMultipartUpload",
];

/// A running server; ends when dropped, with all it holds.
#[derive(Debug)]
pub struct S3Server {
    address: SocketAddr,
    store: Arc<Store>,
    gate: Arc<Gate>,
    serving: JoinHandle<()>,
    _folder: TempDir,
}

impl S3Server {
    /// Starts a server with an empty bucket.
    pub async fn start() -> Self {
        Self::start_at(&std::env::temp_dir(), 0).await
    }

    /// The same with its bytes in a new folder below `root`, on this port; 0 is any that is free.
    pub async fn start_at(root: &Path, port: u16) -> Self {
        let folder = TempDir::with_prefix_in("s3-", root).expect("a folder for the bucket");
        let store = Arc::new(Store::new(folder.path().to_owned(), BUCKET));
        let gate = Arc::new(Gate::default());
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a port of loopback");
        let address = listener.local_addr().expect("the port that was bound");
        let serving = tokio::spawn(wire::serve(listener, service(&store, &gate)));
        Self { address, store, gate, serving, _folder: folder }
    }

    /// Where it listens, as clients want to hear it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often an operation was asked for since the start or [`S3Server::forget_counts`], by Amazon's name for it; requests that
    /// a fault met count too, those with a wrong signature do not.
    pub fn operation(&self, name: &str) -> u64 {
        self.counts().into_iter().find(|(other, _)| other == name).map_or(0, |(_, count)| count)
    }

    /// All operations that were asked for, with how often.
    pub fn counts(&self) -> Vec<(String, u64)> {
        self.gate.counts()
    }

    /// How many requests there were that write: whole objects, copies, and every step of an upload but for aborting it.
    pub fn puts(&self) -> u64 {
        PUTS.iter().map(|name| self.operation(name)).sum()
    }

    /// Counts from zero again.
    pub fn forget_counts(&self) {
        self.gate.forget_counts();
    }

    /// The keys of uploads in parts that were neither completed nor aborted.
    pub fn open_uploads(&self) -> Vec<String> {
        self.store.open_uploads()
    }

    /// The keys of all objects, in the order of bytes.
    pub fn keys(&self) -> Vec<String> {
        self.store.keys()
    }

    /// The bytes of an object.
    pub fn bytes(&self, key: &str) -> Option<Vec<u8>> {
        self.store.bytes(key)
    }

    /// What was said of an object (`x-amz-meta-...`), sorted by name.
    pub fn metadata(&self, key: &str) -> Option<Vec<(String, String)>> {
        self.store.metadata(key)
    }

    /// Puts an object behind the back of all clients.
    pub fn put(&self, key: &str, bytes: &[u8]) {
        self.store.put(key, bytes);
    }

    /// Removes an object behind the back of all clients.
    pub fn remove(&self, key: &str) {
        self.store.remove(key);
    }

    /// Lets the next request of this operation fail; called several times, the next ones in this order.
    pub fn fail_next(&self, operation: &str, fault: Fault) {
        self.gate.fail_next(operation, fault);
    }

    /// From now on every request fails with this probability, in one of the ways of [`Fault`]; one seed, one series of them.
    pub fn chaos(&self, seed: u64, rate: f64) {
        self.gate.chaos(seed, rate);
    }

    /// From now on it knows nothing of `If-None-Match`, as some services do, and says so; of a longer body, by hanging up.
    pub fn forget_conditions(&self) {
        self.gate.forget_conditions();
    }

    /// Ends what [`S3Server::chaos`] and [`S3Server::fail_next`] began.
    pub fn calm(&self) {
        self.gate.calm();
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn service(store: &Arc<Store>, gate: &Arc<Gate>) -> S3Service {
    let mut builder = S3ServiceBuilder::new(operations::Bucket::new(Arc::clone(store)));
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    builder.set_access(faults::Door::new(Arc::clone(gate)));
    builder.build()
}
