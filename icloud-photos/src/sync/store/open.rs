//! Finding the catalogue of a storage, wherever catalogues lie.
//!
//! What is refused here is refused for every kind of catalogue: a storage that lost its mark, and a copy that bears the mark of another.

use std::fmt;
use std::path::Path;

use async_trait::async_trait;

use super::{Earlier, MARK, Mark, heard_of, last_record, mark_of, named_by_record, put};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Storage, StoragePath};
use crate::sync::catalogue::{Catalogue, StoreId};

/// Where the catalogues of many storages lie, each under the id in the mark of its storage: the SQLite files of a folder (a
/// [`Path`]), or a PostgreSQL database (`Database`, feature `postgres`).
#[async_trait]
pub trait Catalogues: fmt::Debug + Send + Sync {
    /// What a catalogue is here.
    type Catalogue: Catalogue;

    /// Opens the catalogue of this id for writing, or makes it.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] while somebody else writes to it, and what the catalogue reports.
    async fn open(&self, id: &str) -> Result<Self::Catalogue>;

    /// Opens it for reading; `None` if there is none. Changes nothing.
    ///
    /// # Errors
    /// What the catalogue reports.
    async fn open_read_only(&self, id: &str) -> Result<Option<Self::Catalogue>>;

    /// Makes the catalogue of this id, if there is none, from the copy that lies in the storage, if one does. Whether it did.
    ///
    /// # Errors
    /// What the storage reports, and the folder of the catalogues.
    async fn restore(&self, _id: &str, _storage: &dyn Storage) -> Result<bool> {
        Ok(false)
    }

    /// The catalogue of a storage that was last seen at `place`, opened for reading, and what people call it. Where there are several
    /// one of them will do.
    ///
    /// # Errors
    /// [`ErrorKind::StoreLost`] if that cannot be told, and what the catalogues report.
    async fn last_seen_at(&self, place: &str) -> Result<Option<(Self::Catalogue, String)>>;
}

/// A catalogue is never to be removed: what was moved out of iCloud would be forgotten with it.
const LOST: &str = "this folder was filled before, or about to be, and what is there now is not it: is the disk mounted? If the disk is \
                    gone, or you emptied the folder on purpose, put its mark back. Keep the catalogue: with it everything is fetched again that \
                    iCloud still has, also what was moved out and is still in Recently Deleted";

const ANOTHER: &str = "what is here now is not what was filled before: it bears the mark of another copy, which no catalogue here knows. Is \
                       it the right disk or bucket? If it is, and the other one is gone for good, give it a catalogue of its own with \
                       --catalogue";

/// Opens the catalogue of `storage` among those that lie in `data`, for writing. A storage without a mark gets one. `place` is
/// what people call the storage: its folder, or its URL.
///
/// # Errors
/// [`ErrorKind::StoreLost`] when a storage was filled under this `place` before, and what is there now does not bear its mark;
/// [`ErrorKind::Conflict`] when it is a copy of a folder that is still there; what storage and catalogue report.
pub async fn open<C>(storage: &dyn Storage, place: &str, data: &C) -> Result<C::Catalogue>
where
    C: Catalogues + ?Sized,
{
    let id = match mark_of(storage).await? {
        Some(id) => id,
        None => {
            let record = Found::of(storage).await?;
            refuse_lost_mark(place, data, &record).await?;
            new_mark(storage, &record).await?
        }
    };
    refuse_another(&id, place, data).await?;
    if data.restore(&id, storage).await? {
        tracing::info!(place, "the catalogue was not there, and is what its copy in the storage says");
    }
    let catalogue = data.open(&id).await?;
    let store = StoreId::new(id, named(place));
    let known = catalogue.store().await?;
    if known.as_ref() != Some(&store) {
        if let Some(known) = known {
            refuse_copy(&known, place).await?;
        }
        catalogue.set_store(&store).await?;
    }
    Ok(catalogue)
}

/// That this place was not filled before under another mark by whoever has never seen this one: it is somebody else's.
async fn refuse_another<C>(id: &str, place: &str, data: &C) -> Result<()>
where
    C: Catalogues + ?Sized,
{
    if data.open_read_only(id).await?.is_some() {
        return Ok(());
    }
    let Some((catalogue, name)) = data.last_seen_at(&named(place)).await? else { return Ok(()) };
    match catalogue.store().await? {
        Some(known) if known.id != id => {
            Err(Error::new(ErrorKind::StoreLost, ANOTHER).with("folder", place).with("catalogue", name))
        }
        _ => Ok(()),
    }
}

/// Makes the mark, unless another worker is first, whose mark it then is. Gives back its id.
async fn new_mark(storage: &dyn Storage, record: &Found) -> Result<String> {
    let id = uuid::Uuid::new_v4().to_string();
    match put(storage, &StoragePath::parse(MARK)?, text_of_mark(&id, record)?.into_bytes()).await {
        Ok(()) => Ok(id),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => mark_of(storage).await?.ok_or(error),
        Err(error) => Err(error),
    }
}

/// A folder that was moved takes its catalogue along. A copy bears the same mark, and what is fetched into one of the two would
/// be taken to stand in the other.
async fn refuse_copy(known: &StoreId, place: &str) -> Result<()> {
    let is_copy = match elsewhere(&known.place, place) {
        Some(original) => named(&known.place) != named(place) && bears(&*original?, known).await?,
        None => stands_beside(known, place),
    };
    if !is_copy {
        return Ok(());
    }
    let advice = "this folder bears the mark of another that is still there: is it a copy? Remove the mark from the copy, and it gets a \
                  catalogue of its own; `icloudpd adopt` then recognises its files";
    Err(Error::new(ErrorKind::Conflict, advice)
        .with("mark", MARK)
        .with("folder", place)
        .with("original", &known.place))
}

/// The storage that was known by a place, if that is an address, asked as the one at `like` is.
#[cfg(feature = "opendal")]
fn elsewhere(place: &str, like: &str) -> Option<Result<Box<dyn Storage>>> {
    use crate::storage::{OpendalStorage, is_address, reached_like};
    let open = || {
        let address = if is_address(like) { reached_like(place, like)? } else { place.to_owned() };
        Ok(Box::new(OpendalStorage::from_url(&address)?) as _)
    };
    is_address(place).then(open)
}

#[cfg(not(feature = "opendal"))]
fn elsewhere(_: &str, _: &str) -> Option<Result<Box<dyn Storage>>> {
    None
}

/// One place has one name, however its address is spelled.
#[cfg(feature = "opendal")]
fn named(place: &str) -> String {
    use crate::storage::{identity, is_address};
    if is_address(place) { identity(place) } else { place.to_owned() }
}

#[cfg(not(feature = "opendal"))]
fn named(place: &str) -> String {
    place.to_owned()
}

/// Whether a storage bears the mark of this store. One that cannot be reached is not known to.
async fn bears(storage: &dyn Storage, known: &StoreId) -> Result<bool> {
    match mark_of(storage).await {
        Ok(id) => Ok(id.is_some_and(|id| id == known.id)),
        Err(error) => {
            tracing::warn!(%error, place = known.place, "whether the folder that had this mark is still there cannot be told");
            Ok(false)
        }
    }
}

/// The same for folders of this machine.
fn stands_beside(known: &StoreId, place: &str) -> bool {
    let mark = |place: &str| Path::new(place).join(MARK);
    let original = std::fs::read(mark(&known.place)).ok();
    let mark_there = original.and_then(|bytes| serde_json::from_slice::<Mark>(&bytes).ok());
    let stands = mark_there.is_some_and(|mark| mark.id == known.id);
    stands && !is_one_file(&mark(&known.place), &mark(place))
}

/// One folder may be reached by several ways.
#[cfg(unix)]
fn is_one_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |path: &Path| std::fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()));
    identity(one).is_some_and(|one| identity(other) == Some(one))
}

#[cfg(not(unix))]
fn is_one_file(one: &Path, other: &Path) -> bool {
    std::fs::canonicalize(one).is_ok_and(|one| std::fs::canonicalize(other).is_ok_and(|other| one == other))
}

/// The same for reading only: changes nothing anywhere. `None` for a storage that has no catalogue yet.
///
/// # Errors
/// As [`open`].
pub async fn open_read_only<C>(storage: &dyn Storage, place: &str, data: &C) -> Result<Option<C::Catalogue>>
where
    C: Catalogues + ?Sized,
{
    let Some(id) = mark_of(storage).await? else {
        return refuse_lost_mark(place, data, &Found::of(storage).await?).await.map(|()| None);
    };
    let Some(catalogue) = data.open_read_only(&id).await? else { return Ok(None) };
    if let Some(known) = catalogue.store().await?.filter(|known| known.place != named(place)) {
        refuse_copy(&known, place).await?;
    }
    Ok(Some(catalogue))
}

/// The record of what was moved out of iCloud, as it stands in a folder whose mark is lost.
struct Found {
    records: u64,
    ids: Vec<Earlier>,
}

impl Found {
    async fn of(storage: &dyn Storage) -> Result<Self> {
        let (records, ids) =
            (last_record(storage).await?, named_by_record(storage, &StoragePath::root()).await?);
        Ok(Self { records, ids })
    }
}

fn text_of_mark(id: &str, found: &Found) -> Result<String> {
    let about = "Tells icloud-photos which catalogue is about this folder. Keep it.".to_owned();
    let earlier = found.ids.iter().filter(|named| named.id != id).cloned().collect();
    serde_json::to_string(&Mark { id: id.to_owned(), about, records: found.records, earlier })
        .map_err(|error| Error::new(ErrorKind::Unexpected, "cannot write the mark").caused_by(error))
}

/// What a person may give to a shell to make the mark anew; elsewhere than in a folder, what the file is to say.
fn way_to_mark(place: &str, id: &str, found: &Found) -> Result<String> {
    if place.contains("://") {
        return Ok(format!("write a file {MARK} there that says {}", text_of_mark(id, found)?));
    }
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let mark = Path::new(place).join(MARK);
    let (text, file) = (quoted(&text_of_mark(id, found)?), quoted(&mark.to_string_lossy()));
    Ok(format!("mkdir -p {} && printf %s {text} > {file}", quoted(place)))
}

/// That no catalogue is about this place. One that is has the folder's id since before the first file came: without its mark this is
/// not the folder, whatever the catalogue knows of files by now.
async fn refuse_lost_mark<C>(place: &str, data: &C, found: &Found) -> Result<()>
where
    C: Catalogues + ?Sized,
{
    let Some((catalogue, name)) = data.last_seen_at(&named(place)).await? else { return Ok(()) };
    let Some(store) = catalogue.store().await? else { return Ok(()) };
    // What was moved out was written down, whether that is there or not.
    let records = found.records.max(known_records(&catalogue).await?);
    let way = way_to_mark(place, &store.id, &Found { records, ids: found.ids.clone() })?;
    Err(Error::new(ErrorKind::StoreLost, LOST)
        .with("folder", place)
        .with("catalogue", name)
        .with("to put the mark back", way))
}

/// How many files the record of what was moved out has, as far as the catalogue knows.
async fn known_records(catalogue: &dyn Catalogue) -> Result<u64> {
    let mut known = heard_of(catalogue).await?;
    for progress in catalogue.all_progress().await? {
        if known == 0 && !catalogue.sent(&progress.library, None, 1).await?.is_empty() {
            known = 1;
        }
    }
    Ok(known)
}
