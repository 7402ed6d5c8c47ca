//! Reading the record of what was moved out of iCloud: all of it, or nothing that is told apart from an error.

use std::collections::{BTreeSet, VecDeque};

use futures::{StreamExt, TryStreamExt};

use super::super::engine::Inner;
use super::super::store::{self, Earlier, MARK, MOVED};
use super::record::{Moved, Record, VERSION};
use super::victims::Victim;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{ObjectMeta, StoragePath};

/// No file of ours is near as long: this bounds what is held in memory.
const LONGEST: u64 = 16 << 20;

const FOREIGN: &str = "a part of what was moved out of iCloud is missing, and a part of another record, or another part of this one, has its \
                       name: were two folders laid over each other, or was the mark put back from another one? Nothing is removed here \
                       before both mark and record are put right, from a backup. Only if the right part is lost for good, and this \
                       catalogue is the only one that moved photos out of this folder, and was itself never put back from a backup \
                       since, put an empty one in its place";

const UNREADABLE: &str = "a part of what was moved out of iCloud is written there, and cannot be read: nothing is removed here before it \
                          can. Put it back from a backup. Only if it is lost for good, and this catalogue is the only one that moved \
                          photos out of this folder, and was itself never put back from a backup since, put an empty one in its place";

/// What stands in for a file that is lost.
const EMPTY: &str = r#"{"version":1,"about":"lost","moved":[]}"#;

/// The files of a record, in the order in which they were written. What a later one says of a photo replaces what an earlier one said.
pub(super) struct Parts<'a> {
    inner: &'a Inner,
    files: VecDeque<ObjectMeta>,
    /// What they may bear, and up to which number.
    ids: Vec<Earlier>,
    /// The number of the last one.
    pub(super) last: u64,
}

/// One file of a record.
pub(super) struct Part {
    /// Whether it has its place among the others.
    pub(super) is_numbered: bool,
    /// When it was written, if it says so.
    pub(super) at: Option<i64>,
    pub(super) moved: Vec<Moved>,
}

impl Parts<'_> {
    /// Only those behind this number, and those that bear none.
    pub(super) fn skip_to(&mut self, known: u64) {
        self.files.retain(|file| store::number_of(&file.path).is_none_or(|number| number > known));
    }

    /// The next file, read whole.
    ///
    /// # Errors
    /// [`ErrorKind::Storage`] if it cannot be read, or says that it is a part of another record.
    pub(super) async fn next(&mut self) -> Result<Option<Part>> {
        let Some(file) = self.files.pop_front() else { return Ok(None) };
        let fault = || unreadable(&file.path);
        if file.size > LONGEST {
            return Err(fault());
        }
        let bytes = match self.inner.storage.read(&file.path, 0).await {
            Ok(bytes) => bytes.try_collect::<Vec<_>>().await,
            Err(error) => Err(error),
        };
        let bytes = bytes.map_err(|error| fault().caused_by(error))?.concat();
        let record: Record = serde_json::from_slice(&bytes).map_err(|error| fault().caused_by(error))?;
        if record.version != VERSION {
            return Err(fault().with("version", record.version));
        }
        self.require_own(&file.path, &record)?;
        Ok(Some(Part {
            is_numbered: store::number_of(&file.path).is_some(),
            at: record.at,
            moved: record.moved,
        }))
    }

    /// Older files do not say what they are of, and a second one of the same number, which bears none, guards its photos all the same.
    fn require_own(&self, path: &StoragePath, record: &Record) -> Result<()> {
        let number = store::number_of(path);
        let is_in_place = number.is_none() || record.number.is_none() || record.number == number;
        let place = record.number.or(number).unwrap_or(0);
        let is_ours = |id: &String| self.ids.iter().any(|ours| ours.id == *id && place <= ours.last);
        if is_in_place && record.mark.as_ref().is_none_or(is_ours) {
            return Ok(());
        }
        let error = Error::new(ErrorKind::Storage, FOREIGN).with("file", path);
        Err(error.with("of", record.mark.as_deref().unwrap_or("?")).with("an empty one", EMPTY))
    }
}

impl Inner {
    /// The root of the storage, and every folder above one of these files that is the root of a copy: it bears a mark, or has a record. One
    /// of the two may be lost.
    pub(super) async fn roots(&self, victims: &[Victim]) -> Result<Vec<StoragePath>> {
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

    /// The record of a root, if none of its files is missing.
    ///
    /// # Errors
    /// [`ErrorKind::Storage`] if one is, or nobody can tell; what reading the mark reports.
    pub(super) async fn whole_record(&self, root: &StoragePath) -> Result<Parts<'_>> {
        let files = self.record_files(root).await?;
        let numbers: BTreeSet<u64> = files.iter().filter_map(|file| store::number_of(&file.path)).collect();
        let mark = store::read_mark_in(&*self.storage, root).await?;
        if mark.is_none() && files.is_empty() && *root != StoragePath::root() {
            // There is something by the name of a record.
            return Err(unreadable(within(root, &format!("{MOVED}/000001.json"))?));
        }
        let mut known = mark.as_ref().map_or(0, |mark| mark.records);
        if *root == StoragePath::root() {
            known = known.max(store::heard_of(&*self.catalogue).await?);
        }
        let ids = match mark {
            Some(mark) => mark.earlier.into_iter().chain([Earlier { id: mark.id, last: u64::MAX }]).collect(),
            None => store::named_by_record(&*self.storage, root).await?,
        };
        let last = known.max(numbers.last().copied().unwrap_or(0));
        match (1..=last).find(|number| !numbers.contains(number)) {
            None => Ok(Parts { inner: self, files, ids, last }),
            Some(lost) => {
                let lost = within(root, &format!("{MOVED}/{lost:06}.json"))?;
                Err(unreadable(lost).with("number of the last file, by mark, catalogue or name", last))
            }
        }
    }

    /// The files of the record that are there, by their numbers.
    async fn record_files(&self, root: &StoragePath) -> Result<VecDeque<ObjectMeta>> {
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
        let mut files: Vec<_> = files.into_iter().filter(is_ours).collect();
        files.sort_by_key(|file| store::number_of(&file.path));
        Ok(files.into())
    }
}

pub(super) fn within(root: &StoragePath, path: &str) -> Result<StoragePath> {
    StoragePath::parse(&format!("{root}/{path}"))
}

fn unreadable(path: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Storage, UNREADABLE).with("file", path).with("an empty one", EMPTY)
}
