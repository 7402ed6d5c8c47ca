//! Which storage a catalogue is about.
//!
//! A storage bears a mark: a small file with a name of its own, made up once. The catalogue of that name tells what is in it. A
//! storage that bore one before and has lost it is most likely not there (a disk that is not mounted): it is refused,
//! not filled.

mod above;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod any;
mod open;
#[cfg(feature = "postgres")]
mod postgres;
pub(super) mod snapshot;
#[cfg(feature = "sqlite")]
mod sqlite;

use futures::TryStreamExt;
use serde::{Deserialize, Serialize};

pub use self::above::copy_above;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use self::any::AnyCatalogues;
pub use self::open::{Catalogues, open, open_read_only};
use super::catalogue::{Catalogue, RECORD};
use super::write::write_all;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Storage, StoragePath, WriteOptions};

/// The name of the mark.
pub const MARK: &str = ".icloud-photos-store";

/// Where files go that something else takes the place of; the date follows.
pub(super) const TRASH: &str = ".icloud-photos-trash";

/// Where it is written down what was moved out of iCloud.
pub(super) const MOVED: &str = ".icloud-photos-moved";

/// Where it is written down what stands in the folders of views.
pub(super) const VIEWS: &str = ".icloud-photos-views";

/// A copy of the catalogue.
pub(super) const SNAPSHOT: &str = ".icloud-photos-catalogue";

/// How the names begin of what is written to see whether a storage takes anything, and removed at once.
pub(super) const TRIAL: &str = ".icloud-photos-trial";

/// No record has so many files: what bears a higher number is not ours.
pub(super) const MOST_RECORDS: u64 = 1_000_000;

const BAD_MARK: &str = "the mark of this folder cannot be read; put the right one back. If you do not have it, remove the mark, but not \
                        the catalogue: the next run then says how the right one is made";

/// Whoever reads this is not at work in that folder: with a mark that is gone it would not be known what the copy there moved out.
const BAD_MARK_INSIDE: &str = "the mark of another copy inside this one cannot be read, and so not what that one moved out of iCloud: \
                               nothing is removed here before it can. Put the right mark back from a backup; if you have none, leave it \
                               there and run icloudpd on that folder, which says what to do";

/// Files of ours that are no photos: the mark, the trash, the record of what was moved out, those of views, the copy of the
/// catalogue, and what was only written to be removed.
pub(super) fn is_ours(path: &StoragePath) -> bool {
    let first = path.as_str().split('/').next();
    first.is_some_and(|first| {
        [MARK, TRASH, MOVED, VIEWS, SNAPSHOT].contains(&first) || first.starts_with(TRIAL)
    })
}

/// Writes a small file under a free name, and returns when it is on the disk.
pub(super) async fn put(storage: &dyn Storage, path: &StoragePath, bytes: Vec<u8>) -> Result<()> {
    write_all(storage, path, WriteOptions::default(), bytes).await?;
    storage.flush().await
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) id: String,
    pub(super) about: String,
    /// The number of the last file of the record of what was moved out of iCloud; none of them may be missing.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) records: u64,
    /// What the files of that record bear that were written under marks which were lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) earlier: Vec<Earlier>,
}

/// The id of a mark that was lost, and the number of the last file that was written under it. A copy of the folder may go on under
/// that id: what it wrote since is not of this record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Earlier {
    pub(super) id: String,
    pub(super) last: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Notes in the mark, if there is one, that so many files of the record of what was moved out stand beside it.
pub(super) async fn note_records(storage: &dyn Storage, records: u64) -> Result<()> {
    let Some(mark) = read_mark(storage).await?.filter(|mark| mark.records < records) else { return Ok(()) };
    let bytes = mark_bytes(&Mark { records, ..mark })?;
    write_all(storage, &StoragePath::parse(MARK)?, WriteOptions::default().replace(), bytes).await?;
    storage.flush().await
}

/// The highest number that a file of that record bears, of those that are there.
pub(super) async fn last_record(storage: &dyn Storage) -> Result<u64> {
    let files: Vec<_> = storage.list(&StoragePath::parse(MOVED)?).try_collect().await?;
    Ok(files.iter().filter_map(|file| number_of(&file.path)).max().unwrap_or(0))
}

/// The number of the last file of that record of which a catalogue has heard: numbers are those of the folder, whatever library a file is
/// about.
pub(super) async fn heard_of(catalogue: &dyn Catalogue) -> Result<u64> {
    let told = catalogue.all_progress().await?.into_iter().filter(|progress| progress.selection == RECORD);
    Ok(told.filter_map(|progress| progress.token?.parse().ok()).max().unwrap_or(0))
}

/// The ids that the files of a record bear, in their order; none if they were shuffled. What cannot be read is left to those who need
/// it.
pub(super) async fn named_by_record(storage: &dyn Storage, root: &StoragePath) -> Result<Vec<Earlier>> {
    #[derive(Deserialize)]
    struct Named {
        mark: Option<String>,
    }
    let files: Vec<_> = storage.list(&StoragePath::parse(&format!("{root}/{MOVED}"))?).try_collect().await?;
    let mut files: Vec<_> =
        files.into_iter().filter_map(|file| Some((number_of(&file.path)?, file.path))).collect();
    files.sort();
    let mut found: Vec<Earlier> = Vec::new();
    for (number, path) in files {
        let Ok(bytes) = storage.read(&path, 0).await else { continue };
        let bytes = bytes.try_collect::<Vec<_>>().await.unwrap_or_default().concat();
        let Some(id) = serde_json::from_slice(&bytes).ok().and_then(|named: Named| named.mark) else {
            continue;
        };
        match found.iter().position(|before| before.id == id) {
            None => found.push(Earlier { id, last: number }),
            Some(place) if place + 1 == found.len() => found[place].last = number,
            Some(_) => return Ok(Vec::new()),
        }
    }
    Ok(found)
}

/// The number that a file of that record bears. Those of earlier versions bear none.
pub(super) fn number_of(path: &StoragePath) -> Option<u64> {
    path.name().strip_suffix(".json")?.parse().ok().filter(|number| *number < MOST_RECORDS)
}

fn mark_bytes(mark: &Mark) -> Result<Vec<u8>> {
    serde_json::to_vec(mark)
        .map_err(|error| Error::new(ErrorKind::Unexpected, "cannot write the mark").caused_by(error))
}

/// The id that the storage's mark bears, if it has one.
pub(super) async fn mark_of(storage: &dyn Storage) -> Result<Option<String>> {
    Ok(read_mark(storage).await?.map(|mark| mark.id))
}

pub(super) async fn read_mark(storage: &dyn Storage) -> Result<Option<Mark>> {
    read_mark_in(storage, &StoragePath::root()).await
}

/// The mark of a folder of the storage.
pub(super) async fn read_mark_in(storage: &dyn Storage, root: &StoragePath) -> Result<Option<Mark>> {
    let path = StoragePath::parse(&format!("{root}/{MARK}"))?;
    let bytes = match storage.read(&path, 0).await {
        Ok(bytes) => bytes.try_collect::<Vec<_>>().await?.concat(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match mark_in(&bytes) {
        Some(mark) => Ok(Some(mark)),
        None => {
            let advice = if root.as_str().is_empty() { BAD_MARK } else { BAD_MARK_INSIDE };
            Err(Error::new(ErrorKind::Config, advice).with("path", path))
        }
    }
}

/// The mark that these bytes are, if they are one.
fn mark_in(bytes: &[u8]) -> Option<Mark> {
    let plain = |id: &str| !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    serde_json::from_slice(bytes).ok().filter(|mark: &Mark| plain(&mark.id))
}

/// That a catalogue is about this storage, if it says which one it is about. Gives back the mark.
///
/// # Errors
/// [`ErrorKind::StoreLost`] if it is about another.
pub(super) async fn require_own(storage: &dyn Storage, catalogue: &dyn Catalogue) -> Result<Option<String>> {
    let mark = mark_of(storage).await?;
    match catalogue.store().await? {
        Some(known) if mark.as_ref() != Some(&known.id) => {
            let message = "the catalogue is about another storage than this one: is its disk mounted? Open the catalogue of this one";
            Err(Error::new(ErrorKind::StoreLost, message)
                .with("the catalogue's", known.place)
                .with("mark", MARK))
        }
        _ => Ok(mark),
    }
}

/// That a storage still is the one whose mark was read when the run began.
///
/// # Errors
/// [`ErrorKind::StoreLost`] if it is not.
pub(super) async fn require_mark(storage: &dyn Storage, id: &str) -> Result<()> {
    if mark_of(storage).await?.as_deref() == Some(id) {
        return Ok(());
    }
    let message = "the folder is not the one that it was when the run began: was the disk taken away? What came since then lies \
                   in whatever took its place, and is fetched again by the next run";
    Err(Error::new(ErrorKind::StoreLost, message).with("mark", MARK))
}
