//! A signed-in connection.
//!
//! A [`Session`] is a cheap handle; its clones share cookies, tokens and the account's web-services map. It repeats
//! calls that failed for passing reasons and renews itself by the recovery ladder of DESIGN section 3, one renewal at
//! a time however many calls notice that the session ended.

use bytes::Bytes;
use http::Response;
use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};
use crate::http::Body;
use crate::redact::SafeUrl;

/// Which of the account's CloudKit databases a library lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Database {
    /// The account's own zones.
    Private,
    /// Zones that another account shares with this one.
    Shared,
}

/// A signed-in account.
#[derive(Debug, Clone)]
pub struct Session {}

impl Session {
    /// POSTs `body` to `{ckdatabasews}/database/1/com.apple.photos.cloud/production/{private|shared}{path}` with the
    /// session's cookies and the query of protocol notes 1.6, repeats it as the retry policy allows, renews the
    /// session when it ended, and returns the body of the 200 answer. CloudKit's own top-level errors (9.1 shape 1)
    /// come back as [`Error`].
    pub(crate) async fn cloudkit(
        &self,
        _database: Database,
        _path: &'static str,
        _body: &(impl Serialize + Sync),
    ) -> Result<Bytes> {
        Err(Error::new(ErrorKind::Unsupported, "not yet"))
    }

    /// GETs a download link from byte `from` on. The answer is returned as it is, whatever its status; no retry, no
    /// renewal. The host is checked to be Apple's.
    pub(crate) async fn content(&self, _link: &SafeUrl, _from: u64) -> Result<Response<Body>> {
        Err(Error::new(ErrorKind::Unsupported, "not yet"))
    }
}
