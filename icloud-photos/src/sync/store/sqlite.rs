//! Finding the SQLite catalogue of a storage among those of a folder.

use std::path::{Path, PathBuf};

use super::{Earlier, MARK, Mark, heard_of, last_record, mark_of, named_by_record, put};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Storage, StoragePath};
use crate::sync::catalogue::{Catalogue, SqliteCatalogue, StoreId};

/// How the file of a catalogue is called in the data folder.
const PREFIX: &str = "catalogue-";
const SUFFIX: &str = ".sqlite";

/// A catalogue is never to be removed: what was moved out of iCloud would be forgotten with it.
const LOST: &str = "this folder was filled before, or about to be, and what is there now is not it: is the disk mounted? If the disk is \
                    gone, or you emptied the folder on purpose, put its mark back. Keep the catalogue: with it everything is fetched again that \
                    iCloud still has, also what was moved out and is still in Recently Deleted";

/// Opens the catalogue of `storage` among those in the folder `data`, for writing. A storage without a mark gets one. `place` is
/// what people call the storage, such as its folder.
///
/// # Errors
/// [`ErrorKind::StoreLost`] when a storage was filled under this `place` before, and what is there now does not bear its mark;
/// [`ErrorKind::Conflict`] when it is a copy of a folder that is still there; what storage and catalogue report.
pub async fn open(storage: &dyn Storage, place: &str, data: &Path) -> Result<SqliteCatalogue> {
    let id = match mark_of(storage).await? {
        Some(id) => id,
        None => {
            let record = Found::of(storage).await?;
            refuse_lost_mark(place, data, &record).await?;
            let id = uuid::Uuid::new_v4().to_string();
            put(storage, &StoragePath::parse(MARK)?, text_of_mark(&id, &record)?.into_bytes()).await?;
            id
        }
    };
    let catalogue = SqliteCatalogue::open(file_of(data, &id))?;
    let store = StoreId::new(id, place);
    let known = catalogue.store().await?;
    if known.as_ref() != Some(&store) {
        if let Some(known) = known {
            refuse_copy(&known, place)?;
        }
        catalogue.set_store(&store).await?;
    }
    Ok(catalogue)
}

/// A folder that was moved takes its catalogue along. A copy bears the same mark, and what is fetched into one of the two would
/// be taken to stand in the other.
fn refuse_copy(known: &StoreId, place: &str) -> Result<()> {
    let mark = |place: &str| Path::new(place).join(MARK);
    let original = std::fs::read(mark(&known.place)).ok();
    let mark_there = original.and_then(|bytes| serde_json::from_slice::<Mark>(&bytes).ok());
    let stands = mark_there.is_some_and(|mark| mark.id == known.id);
    if !stands || is_one_file(&mark(&known.place), &mark(place)) {
        return Ok(());
    }
    let advice = "this folder bears the mark of another that is still there: is it a copy? Remove the mark from the copy, and it gets a \
                  catalogue of its own; `icloudpd adopt` then recognises its files";
    Err(Error::new(ErrorKind::Conflict, advice)
        .with("mark", mark(place).display())
        .with("original", &known.place))
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
pub async fn open_read_only(
    storage: &dyn Storage,
    place: &str,
    data: &Path,
) -> Result<Option<SqliteCatalogue>> {
    let Some(id) = mark_of(storage).await? else {
        return refuse_lost_mark(place, data, &Found::of(storage).await?).await.map(|()| None);
    };
    let file = file_of(data, &id);
    if !file.exists() {
        return Ok(None);
    }
    let catalogue = SqliteCatalogue::open_read_only(file)?;
    if let Some(known) = catalogue.store().await?.filter(|known| known.place != place) {
        refuse_copy(&known, place)?;
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

/// What a person may give to a shell to make the mark anew.
fn command_for_mark(place: &str, id: &str, found: &Found) -> Result<String> {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let mark = Path::new(place).join(MARK);
    let (text, file) = (quoted(&text_of_mark(id, found)?), quoted(&mark.to_string_lossy()));
    Ok(format!("mkdir -p {} && printf %s {text} > {file}", quoted(place)))
}

/// That no catalogue is about this place. One that is has the folder's id since before the first file came: without its mark this is
/// not the folder, whatever the catalogue knows of files by now.
async fn refuse_lost_mark(place: &str, data: &Path, found: &Found) -> Result<()> {
    for file in catalogues(data) {
        let catalogue = SqliteCatalogue::open_read_only(&file).map_err(|error| {
            let message = "this folder bears no mark, and whether it was filled before cannot be told, for a catalogue cannot \
                           be read; if that one is not about this folder, move it away";
            Error::new(ErrorKind::StoreLost, message).with("catalogue", file.display()).caused_by(error)
        })?;
        let Some(store) = catalogue.store().await?.filter(|store| store.place == place) else { continue };
        // What was moved out was written down, whether that is there or not.
        let records = found.records.max(known_records(&catalogue).await?);
        let command = command_for_mark(place, &store.id, &Found { records, ids: found.ids.clone() })?;
        return Err(Error::new(ErrorKind::StoreLost, LOST)
            .with("folder", place)
            .with("catalogue", file.display())
            .with("to put the mark back", command));
    }
    Ok(())
}

/// How many files the record of what was moved out has, as far as the catalogue knows.
async fn known_records(catalogue: &SqliteCatalogue) -> Result<u64> {
    let mut known = heard_of(catalogue).await?;
    for progress in catalogue.all_progress().await? {
        if known == 0 && !catalogue.sent(&progress.library, None, 1).await?.is_empty() {
            known = 1;
        }
    }
    Ok(known)
}

fn catalogues(data: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(data) else { return Vec::new() };
    let is_one = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX))
    };
    let mut found: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(is_one).collect();
    found.sort();
    found
}

fn file_of(data: &Path, id: &str) -> PathBuf {
    data.join(format!("{PREFIX}{id}{SUFFIX}"))
}
