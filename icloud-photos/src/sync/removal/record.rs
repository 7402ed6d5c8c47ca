//! What this copy moved out of iCloud, written down beside the photos.
//!
//! A photo that was moved out looks like one that its owner deleted: both lie in Recently Deleted, and later in neither place. Only
//! memory tells them apart. The catalogue remembers, but catalogues get lost, are put back from last month's backup, and know
//! nothing of what another one moved out of the same folder. So what is about to leave iCloud is first written into the storage,
//! one small file for each batch, and no mirror removes anything before it has read them all.
//!
//! The files bear numbers, and the mark of the storage knows the last one: a file that is lost is missed. A file stays once its request
//! is on its way, whatever becomes of that: iCloud may carry it out long after it gave no answer.

use std::collections::HashSet;

use futures::TryStreamExt;
use serde::{Deserialize, Serialize};

use super::super::engine::Inner;
use super::super::ledger::seconds;
use super::super::store::{self, MOVED};
use super::parts::within;
use super::victims::Victim;
use super::{ProvenFile, Receipt};
use crate::asset::Checksum;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::StoragePath;

pub(super) const VERSION: u32 = 1;

const ABOUT: &str = "Photos that icloud-photos moved out of iCloud. Keep this file: it guards theirs here.";

const TOO_MANY: &str = "what leaves iCloud is written down in files with numbers, and the last number, by mark, catalogue or name of a file, \
                        is none that this program gives: put the right mark back, or move the stray file away. Nothing leaves iCloud \
                        before";

const NO_FOLDER: &str = "what leaves iCloud is written down in a folder of this name, and what has the name is a file, or a link that \
                         leads nowhere: nothing leaves iCloud before that is put right. Is a disk missing? If what it led to is lost for \
                         good, or was never there, it may be moved away";

/// One file of the record.
#[derive(Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) version: u32,
    about: String,
    /// When it was written, in seconds since 1970. Older files do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<i64>,
    /// Which record it is a part of, as the mark beside it says, and under which number. Older files do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mark: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) number: Option<u64>,
    pub(super) moved: Vec<Moved>,
}

/// An asset, with the files that its receipt proved.
#[derive(Serialize, Deserialize)]
pub(super) struct Moved {
    library: String,
    asset: String,
    files: Vec<ProvenFile>,
}

impl Record {
    fn of(mark: Option<String>, moved: Vec<Moved>, at: i64) -> Self {
        Self { version: VERSION, about: ABOUT.to_owned(), at: Some(at), mark, number: None, moved }
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
        let mark = store::read_mark(&*self.storage).await?;
        let known = mark.as_ref().map_or(0, |mark| mark.records);
        let mut record = Record::of(mark.map(|mark| mark.id), moved, seconds(self.now()));
        let heard = store::heard_of(&*self.catalogue).await?;
        let mut number = known.max(heard).max(store::last_record(&*self.storage).await?);
        let path = loop {
            if number >= store::MOST_RECORDS - 1 {
                return Err(Error::new(ErrorKind::Storage, TOO_MANY).with("number", number));
            }
            number += 1;
            let path = StoragePath::parse(&format!("{MOVED}/{number:06}.json"))?;
            record.number = Some(number);
            let bytes = record.bytes()?;
            match store::put(&*self.storage, &path, bytes.clone()).await {
                Ok(()) => break path,
                // The answer to an earlier try was lost: this is what it wrote.
                Err(error)
                    if error.kind() == ErrorKind::AlreadyExists && self.holds(&path, &bytes).await? =>
                {
                    break path;
                }
                // Another catalogue was quicker.
                Err(error)
                    if error.kind() == ErrorKind::AlreadyExists
                        && self.storage.stat(&path).await?.is_some() => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    return Err(Error::new(ErrorKind::Storage, NO_FOLDER)
                        .with("path", MOVED)
                        .caused_by(error));
                }
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

    /// Whether these bytes stand there.
    async fn holds(&self, path: &StoragePath, bytes: &[u8]) -> Result<bool> {
        let there = self.storage.stat(path).await?.is_some_and(|meta| meta.size == bytes.len() as u64);
        if !there {
            return Ok(false);
        }
        let read: Vec<_> = self.storage.read(path, 0).await?.try_collect().await?;
        Ok(read.concat() == bytes)
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
            let mut parts = self.whole_record(&root).await?;
            while let Some(part) = parts.next().await? {
                let record = Spoken::of(&root, part.moved);
                (0..victims.len()).filter(|at| record.speaks_of(&victims[*at])).for_each(&mut keep);
            }
        }
        Ok(())
    }

    /// Whether a file of this content was moved out of iCloud. What cannot be read may speak of any file.
    pub(in crate::sync) async fn was_moved_out(&self, size: u64, checksum: &Checksum) -> Result<bool> {
        let content = (size, checksum.to_string());
        let mut parts = self.whole_record(&StoragePath::root()).await?;
        while let Some(part) = parts.next().await? {
            let record = Spoken::of(&StoragePath::root(), part.moved);
            if record.contents.contains(&content) {
                return Ok(true);
            }
        }
        Ok(false)
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
                spoken.contents.extend(file.stored.map(|stored| (stored.size, stored.checksum)));
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

/// Where case means nothing two spellings are one path, and where it does, keeping a file too many does no harm.
fn plain(path: &str) -> String {
    path.to_lowercase()
}
