//! A library without the feature `metadata` writes no sidecars (`sidecar.rs`).

use super::catalogue::FileRow;
use super::described::{Described, Whose};
use super::engine::Inner;
use super::event::Target;
use super::plan::Action;
use crate::asset::{Asset, AssetId, Role};
use crate::error::Result;
use crate::storage::StoragePath;

impl Inner {
    pub(super) async fn told_of(&self, _: &Action) -> Result<Vec<Target>> {
        Ok(Vec::new())
    }

    pub(super) async fn described_as(&self, _: &Asset, path: &StoragePath) -> StoragePath {
        path.clone()
    }

    pub(super) async fn describe(&self, _: &Target, _: &StoragePath, _: &[Vec<String>]) -> Result<Described> {
        Ok(Described::Same)
    }

    pub(super) async fn described_files(&self, _: &AssetId) -> Result<Vec<StoragePath>> {
        Ok(Vec::new())
    }

    pub(super) async fn described_row(&self, _: &FileRow, path: &StoragePath) -> Result<StoragePath> {
        Ok(path.clone())
    }

    pub(super) async fn retag(&self, _: &AssetId, _: &StoragePath, _: &[Vec<String>]) -> Result<Described> {
        Ok(Described::Same)
    }

    pub(super) async fn undescribed(&self, _: Vec<FileRow>) -> Result<Vec<(FileRow, Result<Asset>)>> {
        Ok(Vec::new())
    }

    pub(super) fn may_miss_sidecar(&self, _: &FileRow) -> bool {
        false
    }

    pub(super) fn gets_sidecar(&self, _: &Asset, _: Role) -> bool {
        false
    }

    /// Who cannot read one cannot tell whose it is.
    pub(super) async fn whose_sidecar(&self, at: &StoragePath) -> Whose {
        match self.storage.stat(at).await {
            Ok(None) => Whose::Nobodys,
            Ok(Some(_)) => Whose::Foreign,
            Err(error) => Whose::Unknown(error),
        }
    }
}
