//! What a catalogue remembers.

use std::sync::Arc;

use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use icloud_photos::Result;
use icloud_photos::sync::Stock;
use icloud_photos::sync::catalogue::{
    AlbumRow, AssetRow, Catalogue, FileKey, FileRow, Pending, Progress, Status, Tally, Totals,
};

use crate::value::{ToValue, Value, as_model, model};

/// Rows looked at in one go.
const ROWS: usize = 1000;

/// All files of a catalogue, in the order of their keys.
pub fn files(books: Arc<dyn Catalogue>) -> BoxStream<'static, Result<FileRow>> {
    let pages = stream::try_unfold(None, move |after: Option<FileKey>| {
        let books = books.clone();
        async move {
            let rows = books.files(None, after.as_ref(), ROWS).await?;
            let last = rows.last().map(|row| row.key.clone());
            Ok(last.map(|last| (rows, Some(last))))
        }
    });
    pages.map_ok(|rows| stream::iter(rows.into_iter().map(Ok))).try_flatten().boxed()
}

as_model!(Stock => "Stock" { here, missing });
as_model!(Tally => "Tally" { files, bytes });
as_model!(Totals => "Totals" { verified, unconfirmed, assumed, derived, failed, assets });

impl ToValue for AssetRow {
    fn to_value(self) -> Value {
        model!(
            "AssetRow",
            library = self.library.as_str(),
            asset = self.asset.as_str(),
            master = self.master.as_str(),
            tag = self.tag,
            content = Value::Digest(self.content),
            trashed = self.trashed,
            hidden = self.hidden,
            favorite = self.favorite,
            metadata = self.metadata,
            name = self.name,
            created = self.created
        )
    }
}

impl ToValue for AlbumRow {
    fn to_value(self) -> Value {
        model!(
            "AlbumRow",
            library = self.library.as_str(),
            album = self.album,
            path = self.path,
            kind = self.kind,
            parent = self.parent
        )
    }
}

impl ToValue for FileKey {
    fn to_value(self) -> Value {
        model!(
            "FileKey",
            library = self.library.as_str(),
            asset = self.asset.as_str(),
            role = self.role,
            tree = self.tree.as_str()
        )
    }
}

impl ToValue for FileRow {
    fn to_value(self) -> Value {
        let (reason, attempts) = match &self.status {
            Status::Failed { reason, attempts } => (Some(reason.clone()), Some(*attempts)),
            _ => (None, None),
        };
        model!(
            "FileRow",
            key = self.key,
            path = self.path,
            size = self.size,
            modified = self.modified,
            resource_size = self.resource_size,
            checksum = self.checksum,
            sha256 = self.sha256,
            status = Value::Member("Status", self.status.name().into()),
            reason = reason,
            attempts = attempts,
            sidecar = self.sidecar,
            at = self.at
        )
    }
}

impl ToValue for Progress {
    fn to_value(self) -> Value {
        model!(
            "Progress",
            library = self.library.as_str(),
            selection = self.selection,
            token = self.token,
            pending = self.pending,
            at = self.at
        )
    }
}

impl ToValue for Pending {
    fn to_value(self) -> Value {
        model!(
            "Pending",
            token = self.token,
            album = self.album,
            rank = self.rank,
            seen = self.seen,
            sweeps = self.sweeps
        )
    }
}
