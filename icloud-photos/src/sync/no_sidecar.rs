//! A library without the feature `metadata` writes no sidecars (`sidecar.rs`).

use super::catalogue::FileRow;
use super::engine::Inner;
use super::event::Target;
use super::plan::Action;
use crate::asset::Asset;
use crate::error::Result;
use crate::storage::StoragePath;

/// What becomes of a sidecar; never anything but the second.
#[derive(Debug)]
#[allow(dead_code, reason = "a run asks for all three")]
pub(super) enum Described {
    Written,
    Same,
    Left(String),
}

pub(super) fn beside(path: &StoragePath) -> Result<StoragePath> {
    Ok(path.clone())
}

impl Inner {
    pub(super) async fn told_of(&self, _: &Action) -> Result<Vec<Target>> {
        Ok(Vec::new())
    }

    pub(super) async fn describe(&self, _: &Target) -> Result<Described> {
        Ok(Described::Same)
    }

    pub(super) async fn undescribed(&self, _: Vec<FileRow>) -> Result<Vec<(FileRow, Result<Asset>)>> {
        Ok(Vec::new())
    }

    pub(super) fn misses_sidecars(&self) -> bool {
        false
    }
}
