//! A long file to WebDAV, as one request whose body is made while it is sent.
//!
//! OpenDAL hands such a request over only when it holds all of its body. Here one request of the protocol (`PUT`) is made beside it, with
//! what the address says: it writes below the folder of what is not finished, and OpenDAL renames the file as it does any other. How long
//! the body is stands in front of it: servers that pass requests on to another program lose bodies of unknown length.
//!
//! A request that fails is not made again: the bytes are gone, and whoever fetches them begins anew.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::stream::{self, StreamExt};
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderValue};
use opendal::Buffer;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use super::address::TRANSFER;
use super::fault::{refusal, unreachable};
use crate::error::{Error, ErrorKind, Result, Retry};
use crate::storage::{ObjectMeta, StoragePath};

/// So long the server may take to let us in.
const CONNECT: Duration = Duration::from_secs(30);

/// So many chunks wait for a request that is still busy with an earlier one.
const WAITING: usize = 1;

/// Makes such requests to one server, below one folder.
pub(super) struct Puts {
    client: reqwest::Client,
    root: Url,
    authorization: Option<HeaderValue>,
    /// Whether folders must be made before there can be a file in them.
    pub(super) makes_folders: bool,
}

/// One request that is under way. It ends when it is dropped.
pub(super) struct Put {
    at: StoragePath,
    /// `None` once it has all bytes, or they turned out to be others than it was told of.
    chunks: Option<mpsc::Sender<Buffer>>,
    answer: AbortOnDropHandle<Result<()>>,
    /// Bytes that went out.
    sent: Arc<AtomicU64>,
    size: u64,
    /// Bytes that are still to come; `None` if there were more than that.
    missing: Option<u64>,
}

impl Puts {
    /// To where these options of OpenDAL point.
    pub(super) fn of(options: &BTreeMap<String, String>) -> Result<Self> {
        let option = |name: &str| options.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let mut root = Url::parse(option("endpoint").unwrap_or_default())
            .map_err(|error| Error::new(ErrorKind::Config, "the endpoint is no address").caused_by(error))?;
        extend(&mut root, option("root").unwrap_or_default());
        let authorization = match (option("token"), option("username")) {
            (Some(token), _) => Some(secret(&format!("Bearer {token}"))?),
            (None, Some(name)) => {
                let pair = format!("{name}:{}", option("password").unwrap_or_default());
                Some(secret(&format!("Basic {}", STANDARD.encode(pair)))?)
            }
            (None, None) => None,
        };
        let makes_folders = option("disable_create_dir") != Some("true");
        Ok(Self { client: client()?, root, authorization, makes_folders })
    }

    /// Begins to write so many bytes. The folder must be there.
    pub(super) fn begin(&self, at: StoragePath, size: u64) -> Put {
        let mut url = self.root.clone();
        extend(&mut url, at.as_str());
        let mut request = self.client.put(url).header(CONTENT_LENGTH, size);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let (chunks, waiting) = mpsc::channel::<Buffer>(WAITING);
        let sent = Arc::new(AtomicU64::new(0));
        let body =
            stream::unfold(waiting, |mut waiting| async move { Some((waiting.recv().await?, waiting)) });
        let counted = sent.clone();
        let body = body.flat_map(stream::iter).map(move |bytes| {
            counted.fetch_add(bytes.len() as u64, Relaxed);
            Ok::<_, std::convert::Infallible>(bytes)
        });
        let (request, path) = (request.body(reqwest::Body::wrap_stream(body)), at.clone());
        let answer = tokio::spawn(async move {
            let answer = request.send().await.map_err(|error| unreachable(&error.without_url(), &path))?;
            match answer.status() {
                StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT => Ok(()),
                status => Err(refusal(status, &path)),
            }
        });
        Put {
            at,
            chunks: Some(chunks),
            answer: AbortOnDropHandle::new(answer),
            sent,
            size,
            missing: Some(size),
        }
    }
}

fn secret(text: &str) -> Result<HeaderValue> {
    // What it is about stays out of the error.
    let mut value = HeaderValue::try_from(text)
        .map_err(|_| Error::new(ErrorKind::Config, "the token of the storage holds what no token holds"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Whoever is sent elsewhere would take the password there, and a body that is gone cannot be sent again.
fn client() -> Result<reqwest::Client> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT)
        .tcp_nodelay(true);
    // A disk that wakes up takes nothing for longer than the half minute that is usual there.
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let client = client.tcp_user_timeout(TRANSFER);
    client.build().map_err(|error| {
        let message =
            "cannot set up HTTPS; are there root certificates, and can SSL_CERT_FILE be read if it is set?";
        Error::new(ErrorKind::Config, message).caused_by(error)
    })
}

/// Appends to a path what is not encoded yet.
pub(super) fn extend(url: &mut Url, path: &str) {
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path.split('/').filter(|name| !name.is_empty()));
    }
}

impl Put {
    /// Hands a chunk over; waits while the server is busy with earlier ones.
    pub(super) async fn push(&mut self, chunk: Buffer) -> Result<()> {
        self.missing = self.missing.and_then(|missing| missing.checked_sub(chunk.len() as u64));
        if self.missing.is_none() {
            // The body was to be shorter. Whoever writes may begin anew, and is not to fail before.
            self.chunks = None;
            self.answer.abort();
        }
        let Some(chunks) = &self.chunks else { return Ok(()) };
        match timeout(TRANSFER, chunks.send(chunk)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => {
                Err(self.answered().await.err().unwrap_or_else(|| self.failed("answered too early")))
            }
            Err(_) => Err(self.failed("took nothing for minutes")),
        }
    }

    /// Waits until the server has taken all of it.
    pub(super) async fn close(&mut self) -> Result<()> {
        self.chunks = None;
        if self.missing == Some(0) {
            return self.answered().await;
        }
        self.answer.abort();
        let advice = "the file is not as long as iCloud says, and WebDAV wants to know before; copy to another kind of storage, or leave \
                      it out";
        Err(Error::new(ErrorKind::Storage, advice).with("path", &self.at))
    }

    /// What stands between us and the server may lose a body, and say that all went well.
    pub(super) fn require_length(&self, there: Option<ObjectMeta>) -> Result<()> {
        match there.map(|meta| meta.size) {
            Some(size) if size == self.size => Ok(()),
            there => {
                let advice = "the storage has not kept all of the file; look into the log of its server, and of proxies before it";
                let error = Error::new(ErrorKind::Storage, advice).retrying(Retry::Later { after: None });
                Err(error.with("path", &self.at).with("sent", self.size).with("kept", there.unwrap_or(0)))
            }
        }
    }

    /// What the server says at last. As long as bytes go out there is no limit.
    async fn answered(&mut self) -> Result<()> {
        loop {
            let before = self.sent.load(Relaxed);
            match timeout(TRANSFER, &mut self.answer).await {
                Ok(Ok(answer)) => return answer,
                Ok(Err(_)) => return Err(self.failed("was cut off")),
                Err(_) if self.sent.load(Relaxed) > before => {}
                Err(_) => return Err(self.failed("did not answer for minutes")),
            }
        }
    }

    fn failed(&self, said: &str) -> Error {
        Error::new(ErrorKind::Storage, "the storage cannot be reached, or failed for a while; run again")
            .retrying(Retry::Later { after: None })
            .with("path", &self.at)
            .with("said", format!("the server {said}"))
    }
}
