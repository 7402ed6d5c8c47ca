//! What happened in a library since a cursor.

use icloud_photos::asset::{Change, ChangeBatch, ChangeCursor};
use icloud_photos::{Error, ErrorKind, Result};
use napi::Env;
use napi_derive::napi;

use crate::runtime::{Abort, Promised, Slot, run};
use crate::value::{ToJs, Value};

#[napi]
pub struct Changes(Slot<icloud_photos::asset::Changes>);

impl Changes {
    pub(crate) fn new(changes: icloud_photos::asset::Changes) -> Self {
        Self(Slot::new(changes))
    }
}

#[napi]
impl Changes {
    #[napi(ts_return_type = "Promise<ChangeBatch | null>")]
    pub fn next<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let slot = self.0.clone();
        run(env, abort, async move {
            let Some(mut held) = slot.take()? else { return Ok(None) };
            match &mut held.item {
                Some(changes) => changes.next().await,
                None => Ok(None),
            }
        })
    }

    #[napi]
    pub fn close(&self) {
        self.0.close();
    }
}

/// A cursor as it was written down.
pub(crate) fn cursor(json: &str) -> Result<ChangeCursor> {
    serde_json::from_str(json).map_err(|error| {
        Error::new(ErrorKind::Config, "this is not a cursor of changes; take a new one").caused_by(error)
    })
}

impl ToJs for ChangeCursor {
    fn to_js(self) -> Value {
        let json = serde_json::to_string(&self).unwrap_or_default();
        Value::Model(vec![(c"json", json.to_js()), (c"library", self.library().to_js())])
    }
}

impl ToJs for ChangeBatch {
    fn to_js(self) -> Value {
        Value::Model(vec![(c"changes", self.changes.to_js()), (c"cursor", self.cursor.to_js())])
    }
}

impl ToJs for Change {
    fn to_js(self) -> Value {
        let (kind, mut members) = match self {
            Self::Asset(asset) => ("asset", vec![(c"asset", asset.to_js())]),
            Self::Trashed(asset) => ("trashed", vec![(c"asset", asset.to_js())]),
            Self::File { master, told } => {
                let told: Vec<&str> = told.iter().map(|asset| asset.as_str()).collect();
                ("file", vec![(c"master", master.as_str().to_js()), (c"told", told.to_js())])
            }
            Self::Problem { asset, error } => (
                "problem",
                vec![(c"asset", asset.as_ref().map(|id| id.as_str()).to_js()), (c"error", error.to_js())],
            ),
            Self::Gone { record } => ("gone", vec![(c"record", record.as_str().to_js())]),
            Self::Album { id, name, parent, kind, deleted } => (
                "album",
                vec![
                    (c"id", id.as_str().to_js()),
                    (c"name", name.as_deref().to_js()),
                    (c"parent", parent.as_ref().map(|id| id.as_str()).to_js()),
                    (c"albumKind", kind.to_js()),
                    (c"deleted", deleted.to_js()),
                ],
            ),
            Self::Entered { album, asset } => {
                ("entered", vec![(c"album", album.as_str().to_js()), (c"asset", asset.as_str().to_js())])
            }
            Self::Left { album, asset } => {
                ("left", vec![(c"album", album.as_str().to_js()), (c"asset", asset.as_str().to_js())])
            }
            Self::Other { record, kind } => (
                "other",
                vec![(c"record", record.as_str().to_js()), (c"recordType", kind.as_deref().to_js())],
            ),
            Self::Reset { reason } => ("reset", vec![(c"reason", reason.as_str().to_js())]),
            other => ("other", vec![(c"record", "".to_js()), (c"recordType", format!("{other:?}").to_js())]),
        };
        members.insert(0, (c"kind", kind.to_js()));
        Value::Model(members)
    }
}
