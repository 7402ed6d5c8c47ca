//! What happened in a library since a cursor.

use futures::stream::{self, StreamExt};
use icloud_photos::asset::{Change, ChangeBatch, ChangeCursor};
use icloud_photos::{Error, ErrorKind, Result};
use pyo3::prelude::*;

use crate::convert::{Fields, ToPython};
use crate::runtime::{Feed, Op};

#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct Changes(Feed<ChangeBatch>);

impl Changes {
    pub(crate) fn new(changes: icloud_photos::asset::Changes) -> Self {
        let batches = stream::try_unfold(changes, |mut changes| async move {
            Ok(changes.next().await?.map(|batch| (batch, changes)))
        });
        Self(Feed::at_most(1, batches.boxed()))
    }
}

#[pymethods]
impl Changes {
    fn next(&self, into: Py<PyAny>) -> Op {
        self.0.next(into)
    }

    fn close(&self) {
        self.0.close();
    }
}

/// A cursor as it was written down.
pub(crate) fn cursor(json: &str) -> Result<ChangeCursor> {
    serde_json::from_str(json).map_err(|error| {
        Error::new(ErrorKind::Config, "this is not a cursor of changes; take a new one").caused_by(error)
    })
}

impl ToPython for ChangeCursor {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        (&self).to_python(py)
    }
}

impl ToPython for &ChangeCursor {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let json = serde_json::to_string(self).unwrap_or_default();
        Fields::new(py).with("json", json)?.with("library", self.library())?.model("ChangeCursor")
    }
}

impl ToPython for ChangeBatch {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Fields::new(py).with("changes", self.changes)?.with("cursor", self.cursor)?.event("ChangeBatch")
    }
}

impl ToPython for Change {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        (&self).to_python(py)
    }
}

impl ToPython for &Change {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let fields = Fields::new(py);
        match self {
            Change::Asset(asset) => fields.with("asset", asset)?.event("ChangeAsset"),
            Change::Trashed(asset) => fields.with("asset", asset)?.event("ChangeTrashed"),
            Change::File { master, told } => {
                let told: Vec<&str> = told.iter().map(|asset| asset.as_str()).collect();
                fields.with("master", master.as_str())?.with("told", told)?.event("ChangeFile")
            }
            Change::Problem { asset, error } => fields
                .with("asset", asset.as_ref().map(|id| id.as_str()))?
                .with("error", error)?
                .event("ChangeProblem"),
            Change::Gone { record } => fields.with("record", record.as_str())?.event("ChangeGone"),
            Change::Album { id, name, parent, kind, deleted } => fields
                .with("id", id.as_str())?
                .with("name", name.as_deref())?
                .with("parent", parent.as_ref().map(|id| id.as_str()))?
                .with("kind", *kind)?
                .with("deleted", *deleted)?
                .event("ChangeAlbum"),
            Change::Entered { album, asset } => {
                fields.with("album", album.as_str())?.with("asset", asset.as_str())?.event("ChangeEntered")
            }
            Change::Left { album, asset } => {
                fields.with("album", album.as_str())?.with("asset", asset.as_str())?.event("ChangeLeft")
            }
            Change::Other { record, kind } => {
                fields.with("record", record.as_str())?.with("kind", kind.as_deref())?.event("ChangeOther")
            }
            Change::Reset { reason } => fields.with("reason", reason.as_str())?.event("ChangeReset"),
            other => fields.with("record", "")?.with("kind", format!("{other:?}"))?.event("ChangeOther"),
        }
    }
}
