//! Uploads to S3 that nobody ends.
//!
//! A file in pieces is put together by an upload of several steps. Who is killed between the first and the last leaves an upload that
//! is nowhere to be seen and costs money until it is told to end. OpenDAL cannot list those: here two requests of Amazon's protocol
//! are made and signed as OpenDAL signs its own (`ListMultipartUploads`, `AbortMultipartUpload` of the API reference).

use std::collections::{BTreeMap, HashSet};
use std::time::SystemTime;

use http::{Method, Request};
use opendal::{Buffer, HttpTransporter};
use quick_xml::de::from_reader;
use reqsign_aws_v4::{Credential, DefaultCredentialProvider, RequestSigner, StaticCredentialProvider};
use reqsign_core::{Context, OsEnv, ProvideCredentialChain, Signer};
use reqsign_file_read_tokio::TokioFileRead;
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;

use crate::error::{Error, ErrorKind, Result};

/// Finds and ends them, below one folder of one bucket.
pub(super) struct Uploads {
    bucket: Url,
    folder: String,
    signer: Signer<Credential>,
    http: HttpTransporter,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    upload: Vec<Upload>,
    #[serde(default)]
    is_truncated: bool,
    #[serde(default)]
    next_key_marker: String,
    #[serde(default)]
    next_upload_id_marker: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Upload {
    key: String,
    upload_id: String,
    initiated: String,
}

impl Uploads {
    /// For the bucket that these options of OpenDAL name.
    pub(super) fn of(options: &BTreeMap<String, String>) -> Result<Self> {
        let option = |name: &str| options.get(name).map(String::as_str).unwrap_or_default();
        let region = match option("region") {
            "" => std::env::var("AWS_REGION")
                .or_else(|_| std::env::var("AWS_DEFAULT_REGION"))
                .unwrap_or_default(),
            region => region.to_owned(),
        };
        let http = HttpTransporter::default();
        let context =
            Context::new().with_file_read(TokioFileRead).with_env(OsEnv).with_http_send(http.clone());
        let mut usual = DefaultCredentialProvider::builder();
        if !option("profile").is_empty() {
            usual = usual.with_profile(option("profile"));
        }
        let mut provider = ProvideCredentialChain::new().push(usual.build());
        if let (Some(id), Some(key)) = (options.get("access_key_id"), options.get("secret_access_key")) {
            let fixed = StaticCredentialProvider::new(id, key);
            provider = provider.push_front(match options.get("session_token") {
                Some(token) => fixed.with_session_token(token),
                None => fixed,
            });
        }
        let signer = Signer::new(context, provider, RequestSigner::new("s3", &region));
        let folder = option("root").trim_matches('/');
        let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        Ok(Self { bucket: bucket(options, &region)?, folder, signer, http })
    }

    /// Ends those of these files that were begun before `begun`; tells how many.
    pub(super) async fn end_those_before(&self, begun: SystemTime, files: &HashSet<&str>) -> Result<u64> {
        let (mut page, mut ended) = (self.page("", "").await?, 0);
        loop {
            for upload in &page.upload {
                let initiated = OffsetDateTime::parse(&upload.initiated, &Rfc3339);
                let is_ours = upload.key.strip_prefix(&self.folder).is_some_and(|file| files.contains(file));
                if is_ours && initiated.is_ok_and(|initiated| initiated < OffsetDateTime::from(begun)) {
                    self.end(upload).await?;
                    ended += 1;
                }
            }
            if !page.is_truncated || page.next_key_marker.is_empty() {
                return Ok(ended);
            }
            page = self.page(&page.next_key_marker, &page.next_upload_id_marker).await?;
        }
    }

    async fn page(&self, key: &str, id: &str) -> Result<Page> {
        let mut query = vec![("uploads", ""), ("prefix", &self.folder)];
        if !key.is_empty() {
            query.extend([("key-marker", key), ("upload-id-marker", id)]);
        }
        let bytes = self.send(Method::GET, self.bucket.clone(), &query).await?;
        from_reader(&*bytes.to_bytes()).map_err(|error| {
            Error::new(ErrorKind::Storage, "the storage answers something that is no list of uploads")
                .caused_by(error)
        })
    }

    async fn end(&self, upload: &Upload) -> Result<()> {
        let mut object = self.bucket.clone();
        let key = percent_encoding::utf8_percent_encode(&upload.key, UNTOUCHED);
        object.set_path(&format!("{}/{key}", self.bucket.path().trim_end_matches('/')));
        self.send(Method::DELETE, object, &[("uploadId", &upload.upload_id)]).await.map(drop)
    }

    async fn send(&self, method: Method, url: Url, query: &[(&str, &str)]) -> Result<Buffer> {
        let pairs: Vec<_> = query
            .iter()
            .map(|(name, value)| format!("{name}={}", percent_encoding::utf8_percent_encode(value, STRICT)))
            .collect();
        let address = format!("{url}?{}", pairs.join("&"));
        let request = Request::builder().method(method).uri(address).body(Buffer::new());
        let (mut parts, body) = request.map_err(|error| failure().caused_by(error))?.into_parts();
        // SHA-256 of nothing.
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        parts.headers.insert("x-amz-content-sha256", http::HeaderValue::from_static(empty));
        self.signer.sign(&mut parts, None).await.map_err(|_| failure())?;
        let answer = self.http.send(Request::from_parts(parts, body)).await.map_err(|_| failure())?;
        // One that has ended meanwhile is no loss.
        if answer.status().is_success() || answer.status() == http::StatusCode::NOT_FOUND {
            return Ok(answer.into_body());
        }
        Err(failure().with("status", answer.status().as_u16()))
    }
}

/// What Amazon leaves as it is in a query.
const STRICT: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// And in a path.
const UNTOUCHED: &percent_encoding::AsciiSet = &STRICT.remove(b'/');

/// The cause may hold what the request was signed with.
fn failure() -> Error {
    Error::new(
        ErrorKind::Storage,
        "uploads that nobody ends could not be asked for; the storage may lack that, or the right for it",
    )
}

/// The address of the bucket, made as OpenDAL makes it.
fn bucket(options: &BTreeMap<String, String>, region: &str) -> Result<Url> {
    let option = |name: &str| options.get(name).map(String::as_str).unwrap_or_default();
    let endpoint = endpoint(options).unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
    let endpoint = if endpoint.starts_with("http") { endpoint } else { format!("https://{endpoint}") };
    let wrong = |error| Error::new(ErrorKind::Config, "the endpoint is no address").caused_by(error);
    let mut url = Url::parse(&endpoint).map_err(wrong)?;
    match option("enable_virtual_host_style") {
        "true" => {
            let host = format!("{}.{}", option("bucket"), url.host_str().unwrap_or_default());
            url.set_host(Some(&host)).map_err(wrong)?;
        }
        _ => url.set_path(&format!("{}/{}", url.path().trim_end_matches('/'), option("bucket"))),
    }
    Ok(url)
}

/// The endpoint that is named, as OpenDAL looks for it.
pub(super) fn endpoint(options: &BTreeMap<String, String>) -> Option<String> {
    let named = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT", "AWS_S3_ENDPOINT"];
    let from_environment = || named.iter().find_map(|name| std::env::var(name).ok());
    options.get("endpoint").cloned().or_else(from_environment)
}
