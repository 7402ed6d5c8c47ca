//! The photo library of one account, made from a seed.
//!
//! Nothing is held that can be generated: the bytes of an asset are a function of the seed and its number.

use crate::http::{Request, Response};

/// What a generated library looks like.
#[derive(Debug, Clone)]
pub struct LibrarySpec {
    /// Everything else follows from this number.
    pub seed: u64,
    /// How many assets the personal library holds.
    pub assets: u64,
}

/// What an endpoint needs to know beside the library itself.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// `http://127.0.0.1:PORT`, without a slash at the end; links to content begin with it.
    pub(crate) base_url: String,
    /// Now, in milliseconds since 1970, as the fake's own clock has it.
    pub(crate) now_ms: i64,
}

/// The state of one account's libraries: zones, records, albums, the change log.
#[derive(Debug)]
pub(crate) struct Library {}

impl Library {
    /// Makes the library of `spec`.
    pub(crate) fn generate(_spec: &LibrarySpec) -> Self {
        Self {}
    }

    /// Answers `/database/1/com.apple.photos.cloud/production/{private|shared}/...`.
    pub(crate) fn cloudkit(&self, _request: &Request, _context: &Context) -> Response {
        Response::new(bytes::Bytes::new().into())
    }

    /// Answers `/B/...`, the content host.
    pub(crate) fn content(&self, _request: &Request, _context: &Context) -> Response {
        Response::new(bytes::Bytes::new().into())
    }
}
