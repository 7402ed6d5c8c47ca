//! Whether a body is what it was said to be: MD5, and the checksums that come in headers or, behind a stream, in trailers.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::TryStreamExt as _;
use http::HeaderMap;
use s3s::checksum::ChecksumHasher;
use s3s::dto::StreamingBlob;
use s3s::{S3Error, S3Result, s3_error};

use super::store::{Body, Store};

/// What was said of one body.
pub(super) struct Proof {
    said: HashMap<&'static str, String>,
    md5: Option<String>,
}

const CHECKSUMS: [&str; 4] =
    ["x-amz-checksum-crc32", "x-amz-checksum-crc32c", "x-amz-checksum-sha1", "x-amz-checksum-sha256"];

impl Proof {
    pub(super) fn new(headers: &HeaderMap, md5: Option<&str>) -> Self {
        Self { said: said(headers), md5: md5.map(str::to_owned) }
    }

    /// Takes the body, and refuses it where it is another one.
    pub(super) async fn take(
        mut self,
        store: &Store,
        body: Option<StreamingBlob>,
        trailers: Option<&s3s::TrailingHeaders>,
    ) -> S3Result<Body> {
        let mut found = ChecksumHasher {
            crc32: Some(Default::default()),
            crc32c: Some(Default::default()),
            sha1: Some(Default::default()),
            sha256: Some(Default::default()),
            ..ChecksumHasher::default()
        };
        let body = match body {
            Some(body) => store.take(body.inspect_ok(|chunk| found.update(chunk))).await?,
            None => store.take(futures::stream::empty::<Result<Bytes, S3Error>>()).await?,
        };
        if let Some(trailers) = trailers.and_then(s3s::TrailingHeaders::take) {
            self.said.extend(said(&trailers));
        }
        let found = found.finalize();
        let found = [found.checksum_crc32, found.checksum_crc32c, found.checksum_sha1, found.checksum_sha256];
        for (name, found) in CHECKSUMS.iter().zip(found) {
            if self.said.get(name).is_some_and(|said| Some(said) != found.as_ref()) {
                return Err(s3_error!(BadDigest));
            }
        }
        if self.md5.is_some_and(|md5| md5 != STANDARD.encode(body.md5)) {
            return Err(s3_error!(BadDigest));
        }
        Ok(body)
    }
}

fn said(headers: &HeaderMap) -> HashMap<&'static str, String> {
    let read = |name: &'static str| Some((name, headers.get(name)?.to_str().ok()?.to_owned()));
    CHECKSUMS.into_iter().filter_map(read).collect()
}
