//! What happened in a library since a cursor.

use icloud_photos::asset::{Change, ChangeBatch, ChangeCursor};
use icloud_photos::{Error, ErrorKind, Result};

use crate::value::{ToValue, Value, model, unknown, variant};

/// A cursor as it was written down.
///
/// # Errors
///
/// [`ErrorKind::Config`] if it is none.
pub fn cursor(json: &str) -> Result<ChangeCursor> {
    serde_json::from_str(json).map_err(|error| {
        Error::new(ErrorKind::Config, "this is not a cursor of changes; take a new one").caused_by(error)
    })
}

impl ToValue for ChangeCursor {
    fn to_value(self) -> Value {
        (&self).to_value()
    }
}

impl ToValue for &ChangeCursor {
    fn to_value(self) -> Value {
        let json = serde_json::to_string(self).unwrap_or_default();
        model!("ChangeCursor", json = json, library = self.library())
    }
}

impl ToValue for ChangeBatch {
    fn to_value(self) -> Value {
        model!("ChangeBatch", changes = self.changes, cursor = self.cursor)
    }
}

impl ToValue for Change {
    fn to_value(self) -> Value {
        (&self).to_value()
    }
}

impl ToValue for &Change {
    fn to_value(self) -> Value {
        match self {
            Change::Asset(asset) => variant!("ChangeAsset", asset = asset),
            Change::Trashed(asset) => variant!("ChangeTrashed", asset = asset),
            Change::File { master, told } => {
                let told: Vec<&str> = told.iter().map(|asset| asset.as_str()).collect();
                variant!("ChangeFile", master = master.as_str(), told = told)
            }
            Change::Problem { asset, error } => {
                variant!("ChangeProblem", asset = asset.as_ref().map(|id| id.as_str()), error = error)
            }
            Change::Gone { record } => variant!("ChangeGone", record = record.as_str()),
            Change::Album { id, name, parent, kind, deleted } => variant!(
                "ChangeAlbum",
                id = id.as_str(),
                name = name.as_deref(),
                parent = parent.as_ref().map(|id| id.as_str()),
                kind = *kind,
                deleted = *deleted
            ),
            Change::Entered { album, asset } => {
                variant!("ChangeEntered", album = album.as_str(), asset = asset.as_str())
            }
            Change::Left { album, asset } => {
                variant!("ChangeLeft", album = album.as_str(), asset = asset.as_str())
            }
            Change::Other { record, kind } => {
                variant!("ChangeOther", record = record.as_str(), kind = kind.as_deref())
            }
            Change::Reset { reason } => variant!("ChangeReset", reason = reason.as_str()),
            other => unknown("ChangeUnknown", other),
        }
    }
}
