//! What a run and a mirror ask of sidecars, whether this build writes any (`sidecar.rs`) or not (`no_sidecar.rs`).

// The stand-in makes few of these; those who ask are the same.
#![cfg_attr(not(feature = "metadata"), expect(dead_code))]

use crate::asset::AssetId;
use crate::error::{Error, Result};
use crate::storage::StoragePath;

/// What became of a sidecar.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Described {
    Written,
    /// It says so already, or is about another photo that shows the same file.
    Same,
    /// It is not ours to write.
    Left(String),
}

/// Whose a sidecar is.
pub(super) enum Whose {
    /// There is none.
    Nobodys,
    /// One that this program or icloudpd wrote, or that says nothing. About whom, if it says so.
    Ours(Option<AssetId>),
    Foreign,
    Unknown(Error),
}

/// Where the sidecar of a file stands, if it can.
pub(super) fn beside(path: &StoragePath) -> Result<StoragePath> {
    StoragePath::parse(&format!("{path}.xmp"))
}
