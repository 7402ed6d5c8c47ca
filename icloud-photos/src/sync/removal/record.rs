//! What this copy moved out of iCloud, written down beside the photos.
//!
//! A photo that was moved out looks like one that its owner deleted: both lie in Recently Deleted, and later in neither place. Only
//! memory tells them apart. The catalogue remembers, but catalogues get lost, are put back from last month's backup, and know
//! nothing of what another one moved out of the same folder. So what is about to leave iCloud is first written into the storage,
//! one small file for each batch, and no mirror removes anything before it has read them all.

use std::collections::HashSet;

use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::super::engine::Inner;
use super::super::store::{self, MOVED};
use super::victims::Victim;
use super::{ProvenFile, Receipt};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{ObjectMeta, StoragePath};

const VERSION: u32 = 1;

/// No file of ours is near as long: this bounds what is held in memory.
const LONGEST: u64 = 16 << 20;

const UNREADABLE: &str = "what was moved out of iCloud stands here, and it cannot be read: nothing is removed here before it \
                          can. Put it back as it was, from a backup";

/// One file of the record.
#[derive(Serialize, Deserialize)]
struct Record {
    version: u32,
    about: String,
    moved: Vec<Moved>,
}

/// An asset, with the files that its receipt proved.
#[derive(Serialize, Deserialize)]
struct Moved {
    library: String,
    asset: String,
    files: Vec<ProvenFile>,
}

impl Inner {
    /// Writes down what is about to be moved out; gives where. When this returns, a loss of power does not take it away.
    pub(super) async fn write_down<'a>(
        &self,
        receipts: impl Iterator<Item = &'a Receipt>,
    ) -> Result<StoragePath> {
        let moved = receipts.map(|receipt| Moved {
            library: self.key.as_str().to_owned(),
            asset: receipt.asset().as_str().to_owned(),
            files: receipt.files().to_vec(),
        });
        let about = "Photos that icloud-photos moved out of iCloud. Keep this file: it guards theirs here."
            .to_owned();
        let record = Record { version: VERSION, about, moved: moved.collect() };
        let text = serde_json::to_vec(&record).map_err(|error| {
            Error::new(ErrorKind::Unexpected, "cannot write down what is moved out").caused_by(error)
        })?;
        let today = time::OffsetDateTime::from(self.now()).date();
        let path = StoragePath::parse(&format!("{MOVED}/{today}-{}.json", uuid::Uuid::new_v4()))?;
        store::put(&*self.storage, &path, text).await?;
        Ok(path)
    }

    /// Calls `keep` with those of these files of which the record says that they were moved out, by asset, path or content: files get
    /// other names, and duplicates other owners.
    ///
    /// # Errors
    /// [`ErrorKind::Storage`] if any part of the record cannot be read, or all of it is gone: it may speak of any file.
    pub(super) async fn find_moved(&self, victims: &[Victim], mut keep: impl FnMut(usize)) -> Result<()> {
        if victims.is_empty() {
            return Ok(());
        }
        let mut files = self.storage.list(&StoragePath::parse(MOVED)?);
        let mut found = false;
        while let Some(file) = files.next().await {
            let file = file.map_err(|error| unreadable(MOVED).caused_by(error))?;
            // Systems leave things of their own in every folder.
            let name = file.path.name();
            if name.starts_with('.') || !name.ends_with(".json") {
                continue;
            }
            found = true;
            let moved = self.read_record(&file).await?;
            let contents =
                moved.iter().flat_map(|moved| &moved.files).map(|file| (file.size, &*file.checksum));
            let contents: HashSet<_> = contents.collect();
            let assets: HashSet<_> = moved.iter().map(|moved| (&*moved.library, &*moved.asset)).collect();
            let paths = moved.iter().flat_map(|moved| &moved.files).map(|file| plain(&file.path));
            let paths: HashSet<_> = paths.collect();
            for (at, victim) in victims.iter().enumerate() {
                let key = &victim.row.key;
                let asset = (key.library.as_str(), key.asset.as_str());
                let content = victim.row.resource_size.zip(victim.row.checksum.map(|sum| sum.to_string()));
                let known = content.is_some_and(|(size, sum)| contents.contains(&(size, &*sum)));
                if known || assets.contains(&asset) || paths.contains(&plain(victim.path.as_str())) {
                    keep(at);
                }
            }
        }
        // An empty record is none: somebody took it away, or it is on a disk that is not there.
        if !found && store::read_mark(&*self.storage).await?.is_some_and(|mark| mark.moved) {
            return Err(unreadable(MOVED));
        }
        Ok(())
    }

    async fn read_record(&self, file: &ObjectMeta) -> Result<Vec<Moved>> {
        let fault = || unreadable(&file.path);
        if file.size > LONGEST {
            return Err(fault());
        }
        let bytes = match self.storage.read(&file.path, 0).await {
            Ok(bytes) => bytes.try_collect::<Vec<_>>().await,
            Err(error) => Err(error),
        };
        let bytes = bytes.map_err(|error| fault().caused_by(error))?.concat();
        let record: Record = serde_json::from_slice(&bytes).map_err(|error| fault().caused_by(error))?;
        if record.version != VERSION {
            return Err(fault().with("version", record.version));
        }
        Ok(record.moved)
    }
}

fn unreadable(path: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Storage, UNREADABLE).with("file", path)
}

/// Where case means nothing two spellings are one path, and where it does, keeping a file too many does no harm.
fn plain(path: &str) -> String {
    path.to_lowercase()
}
