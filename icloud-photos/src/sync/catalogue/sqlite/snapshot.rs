//! The whole file as it is at one moment, to be kept somewhere else.

use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use rusqlite::Connection;
use rusqlite::backup::Backup;
use tokio::io::AsyncReadExt as _;

use super::{SqliteCatalogue, place};
use crate::error::{Error, Result};

/// Pages copied in one go, and how long to wait for somebody who writes meanwhile.
const PAGES: i32 = 1000;
const PAUSE: Duration = Duration::from_millis(50);

/// So much is read of it at a time.
const PIECE: usize = 256 * 1024;

impl SqliteCatalogue {
    /// A copy in the system's folder for temporary files, for its owner's eyes only, gone with the stream.
    pub(super) async fn copied(&self) -> Result<BoxStream<'static, Result<Bytes>>> {
        let fault = |error| Error::storage(error, "a copy of the catalogue");
        let folder = tempfile::Builder::new().prefix("icloud-photos-").tempdir().map_err(fault)?;
        place::only_for_us(folder.path())?;
        let path = folder.path().join("catalogue");
        let target = path.clone();
        self.ask(move |open| {
            let mut copy = Connection::open(target)?;
            Backup::new(open, &mut copy)?.run_to_completion(PAGES, PAUSE, None)?;
            // One file, whoever reads it.
            copy.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))
        })
        .await?;
        let file = tokio::fs::File::open(&path).await.map_err(fault)?;
        Ok(stream::try_unfold((file, folder), move |(mut file, folder)| async move {
            let mut piece = vec![0; PIECE];
            let read = file.read(&mut piece).await.map_err(fault)?;
            piece.truncate(read);
            Ok((read > 0).then(|| (Bytes::from(piece), (file, folder))))
        })
        .boxed())
    }
}
