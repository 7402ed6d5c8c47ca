//! What this copy moved out of iCloud, written down beside the photos.
//!
//! A photo that was moved out looks like one that its owner deleted: both lie in Recently Deleted, and later in neither place. Only
//! memory tells them apart. The catalogue remembers, but catalogues get lost, are put back from last month's backup, and know
//! nothing of what another one moved out of the same folder. So what is about to leave iCloud is first written into the storage,
//! one small file for each batch, and no mirror removes anything before it has read them all.
//!
//! The files bear numbers, and the mark of the storage knows the last one: a file that is lost is missed. A file stays once its request
//! is on its way, whatever becomes of that: iCloud may carry it out long after it gave no answer.

use std::collections::{BTreeSet, HashSet};

use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::super::engine::Inner;
use super::super::store::{self, MARK, MOVED};
use super::victims::Victim;
use super::{ProvenFile, Receipt};
use crate::asset::Checksum;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{ObjectMeta, StoragePath};

const VERSION: u32 = 1;

/// No file of ours is near as long: this bounds what is held in memory.
const LONGEST: u64 = 16 << 20;

const ABOUT: &str = "Photos that icloud-photos moved out of iCloud. Keep this file: it guards theirs here.";

const UNREADABLE: &str = "a part of what was moved out of iCloud is written there, and cannot be read: nothing is removed here before it \
                          can. Put it back from a backup. Only if it is lost for good, and this catalogue is the only one that moved \
                          photos out of this folder, and was itself never put back from a backup since, put an empty one in its place";

/// What stands in for a file that is lost.
const EMPTY: &str = r#"{"version":1,"about":"lost","moved":[]}"#;

/// One file of the record.
#[derive(Serialize, Deserialize)]
struct Record {
    version: u32,
    about: String,
    moved: Vec<Moved>,
}

/// An asset, with the files that its receipt proved.
#[derive(Serialize, Deserialize)]
pub(super) struct Moved {
    library: String,
    asset: String,
    files: Vec<ProvenFile>,
}

impl Record {
    fn of(moved: Vec<Moved>) -> Self {
        Self { version: VERSION, about: ABOUT.to_owned(), moved }
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|error| {
            Error::new(ErrorKind::Unexpected, "cannot write down what is moved out").caused_by(error)
        })
    }
}

impl Moved {
    fn of(receipt: &Receipt) -> Self {
        let (library, asset) = (receipt.library().to_owned(), receipt.asset().as_str().to_owned());
        Self { library, asset, files: receipt.files().to_vec() }
    }

    pub(super) fn receipt(&self, at: i64) -> Receipt {
        Receipt::recorded(&self.library, &self.asset, &self.files, at)
    }
}

impl Inner {
    /// Writes down what is about to be moved out; gives where, if there was anything to write. When this returns, a loss of power does not take it away.
    pub(super) async fn write_down<'a>(
        &self,
        receipts: impl Iterator<Item = &'a Receipt>,
    ) -> Result<Option<StoragePath>> {
        let moved: Vec<_> = receipts.map(Moved::of).collect();
        if moved.is_empty() {
            return Ok(None);
        }
        let bytes = Record::of(moved).bytes()?;
        let known = store::read_mark(&*self.storage).await?.map_or(0, |mark| mark.records);
        let mut number = known.max(store::last_record(&*self.storage).await?);
        let path = loop {
            number += 1;
            let path = StoragePath::parse(&format!("{MOVED}/{number:06}.json"))?;
            match store::put(&*self.storage, &path, bytes.clone()).await {
                Ok(()) => break path,
                // Another catalogue was quicker.
                Err(error)
                    if error.kind() == ErrorKind::AlreadyExists
                        && self.storage.stat(&path).await?.is_some() => {}
                Err(error) => return Err(error.with("to be written down", "what is about to leave iCloud")),
            }
        };
        if let Err(error) = store::note_records(&*self.storage, number).await {
            // Nothing is sent.
            self.storage.remove(&path).await?;
            return Err(error);
        }
        Ok(Some(path))
    }

    /// Calls `keep` with those of these files of which the record says that they were moved out, by asset, path or content: files get
    /// other names, and duplicates other owners. A folder that holds some of them may be the root of another copy, with a record of
    /// its own.
    ///
    /// # Errors
    /// [`ErrorKind::Storage`] if any part of a record cannot be read, or is gone: it may speak of any file.
    pub(super) async fn find_moved(&self, victims: &[Victim], mut keep: impl FnMut(usize)) -> Result<()> {
        if victims.is_empty() {
            return Ok(());
        }
        for root in self.roots(victims).await? {
            for file in self.whole_record(&root).await? {
                let record = Spoken::of(&root, self.read_record(&file).await?);
                (0..victims.len()).filter(|at| record.speaks_of(&victims[*at])).for_each(&mut keep);
            }
        }
        Ok(())
    }

    /// Whether a file of this content was moved out of iCloud. What cannot be read may speak of any file.
    pub(in crate::sync) async fn was_moved_out(&self, size: u64, checksum: &Checksum) -> Result<bool> {
        let content = (size, checksum.to_string());
        for file in self.whole_record(&StoragePath::root()).await? {
            let record = Spoken::of(&StoragePath::root(), self.read_record(&file).await?);
            if record.contents.contains(&content) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The root of the storage, and every folder above one of these files that is the root of a copy: it bears a mark, or has a record. One
    /// of the two may be lost.
    async fn roots(&self, victims: &[Victim]) -> Result<Vec<StoragePath>> {
        let mut folders = BTreeSet::new();
        for victim in victims {
            let above = std::iter::successors(victim.path.parent(), StoragePath::parent);
            folders.extend(above);
        }
        let folders: Vec<_> = folders.into_iter().collect();
        let signs: Result<Vec<_>> =
            folders.iter().flat_map(|folder| [within(folder, MARK), within(folder, MOVED)]).collect();
        let signs = self.storage.stat_all(signs?).await;
        let mut roots = vec![StoragePath::root()];
        for (folder, signs) in folders.into_iter().zip(signs.chunks(2)) {
            // What is there and no file may be a folder.
            if signs.iter().any(|sign| !matches!(sign, Ok(None))) || self.has_record_in(&folder).await? {
                roots.push(folder);
            }
        }
        Ok(roots)
    }

    /// Whether a folder has a file of a record. Not all storages know folders.
    async fn has_record_in(&self, folder: &StoragePath) -> Result<bool> {
        let folder = within(folder, MOVED)?;
        let first = self.storage.list(&folder).next().await.transpose();
        Ok(first.map_err(|error| unreadable(&folder).caused_by(error))?.is_some())
    }

    /// All files of the record of a root.
    pub(super) async fn whole_record(&self, root: &StoragePath) -> Result<Vec<ObjectMeta>> {
        let files = self.record_files(root).await?;
        let numbers: BTreeSet<u64> = files.iter().filter_map(|file| store::number_of(&file.path)).collect();
        let mark = store::read_mark_in(&*self.storage, root).await?;
        if mark.is_none() && files.is_empty() && *root != StoragePath::root() {
            // There is something by the name of a record.
            return Err(unreadable(within(root, &format!("{MOVED}/000001.json"))?));
        }
        let known = mark.map_or(0, |mark| mark.records);
        let last = known.max(numbers.last().copied().unwrap_or(0));
        match (1..=last).find(|number| !numbers.contains(number)) {
            None => Ok(files),
            Some(lost) => Err(unreadable(within(root, &format!("{MOVED}/{lost:06}.json"))?)),
        }
    }

    /// The files of the record that are there.
    async fn record_files(&self, root: &StoragePath) -> Result<Vec<ObjectMeta>> {
        let folder = within(root, MOVED)?;
        let files: Vec<_> = self
            .storage
            .list(&folder)
            .try_collect()
            .await
            .map_err(|error| unreadable(&folder).caused_by(error))?;
        // Systems leave things of their own in every folder.
        let is_ours = |file: &ObjectMeta| {
            let name = file.path.name();
            !name.starts_with('.') && name.ends_with(".json") && file.path.parent().as_ref() == Some(&folder)
        };
        Ok(files.into_iter().filter(is_ours).collect())
    }

    pub(super) async fn read_record(&self, file: &ObjectMeta) -> Result<Vec<Moved>> {
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

/// What one file of a record speaks of.
struct Spoken {
    assets: HashSet<(String, String)>,
    contents: HashSet<(u64, String)>,
    paths: HashSet<String>,
}

impl Spoken {
    fn of(root: &StoragePath, moved: Vec<Moved>) -> Self {
        let mut spoken = Self { assets: HashSet::new(), contents: HashSet::new(), paths: HashSet::new() };
        for Moved { library, asset, files } in moved {
            spoken.assets.insert((library, asset));
            for file in files {
                spoken.paths.extend(within(root, &file.path).ok().map(|path| plain(path.as_str())));
                spoken.contents.insert((file.size, file.checksum));
            }
        }
        spoken
    }

    fn speaks_of(&self, victim: &Victim) -> bool {
        let row = &victim.row;
        let asset = (row.key.library.as_str().to_owned(), row.key.asset.as_str().to_owned());
        let content = row.resource_size.zip(row.checksum.map(|sum| sum.to_string()));
        content.is_some_and(|content| self.contents.contains(&content))
            || self.assets.contains(&asset)
            || self.paths.contains(&plain(victim.path.as_str()))
    }
}

fn within(root: &StoragePath, path: &str) -> Result<StoragePath> {
    StoragePath::parse(&format!("{root}/{path}"))
}

fn unreadable(path: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Storage, UNREADABLE).with("file", path).with("an empty one", EMPTY)
}

/// Where case means nothing two spellings are one path, and where it does, keeping a file too many does no harm.
fn plain(path: &str) -> String {
    path.to_lowercase()
}
