//! One entry: whether what stands there is ours, whether it is right, and how it is laid.

use futures::TryStreamExt;

use super::super::content;
use super::super::ledger::seconds;
use super::super::write::write;
use super::record::{Line, hex};
use super::{Laid, ViewAs};
use crate::asset::Hasher;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Entry, EntryKind, LinkKind, Storage, StoragePath, WriteOptions};

impl Line {
    pub(super) fn file(&self) -> Result<StoragePath> {
        StoragePath::parse(&self.file)
    }

    /// Whether what stands there is the very thing that was laid, untouched, as far as that shows without reading it.
    pub(super) fn is_untouched(&self, entry: &Entry) -> bool {
        let as_laid = self.size == Some(entry.size) && self.modified == entry.modified.map(seconds);
        let same_file = self.id == entry.id.map(|id| id.number);
        entry.kind == EntryKind::File && !self.may_be && as_laid && same_file
    }

    /// As what an entry shows what this line wants, if it does: in this shape, and the file as it is now. `known` is what was laid there;
    /// `times` says whether a copy has the time of its file.
    pub(super) fn is_shown(
        &self,
        (shape, times): (ViewAs, bool),
        entry: &Entry,
        file: &Entry,
        known: &[Line],
    ) -> Option<Laid> {
        let hard = is_one(entry, file);
        let symbolic = matches!(&entry.kind, EntryKind::Link(Some(to)) if to.as_str() == self.file);
        let twin = |laid: Laid| {
            let same = |line: &&Line| line.laid == laid && line.file == self.file && line.is_untouched(entry);
            let of_now = entry.size == file.size && (!times || entry.modified == file.modified);
            known.iter().find(same).is_some_and(|line| of_now && line.sha256_agrees(self)) && !hard
        };
        match shape {
            ViewAs::Best if hard => Some(Laid::HardLink),
            ViewAs::Best if symbolic => Some(Laid::Symlink),
            ViewAs::HardLink => hard.then_some(Laid::HardLink),
            ViewAs::SymbolicLink => symbolic.then_some(Laid::Symlink),
            ViewAs::Reflink => twin(Laid::Reflink).then_some(Laid::Reflink),
            ViewAs::Copy => twin(Laid::Copy).then_some(Laid::Copy),
            ViewAs::Best | ViewAs::Manifest => None,
        }
    }

    fn sha256_agrees(&self, other: &Self) -> bool {
        self.sha256.is_none() || other.sha256.is_none() || self.sha256 == other.sha256
    }

    /// The same as it was laid.
    pub(super) fn laid_as(&self, laid: Laid, entry: &Entry) -> Self {
        let id = entry.id.filter(|_| laid != Laid::Symlink).map(|id| id.number);
        let (size, modified) = (Some(entry.size), entry.modified.map(seconds));
        Self { laid, size, modified, id, may_be: false, ..self.clone() }
    }
}

/// Whether both are names of one file.
pub(super) fn is_one(one: &Entry, other: &Entry) -> bool {
    one.kind == EntryKind::File && one.id.is_some() && one.id == other.id
}

/// Whether what stands at `path` was laid there, by one of these lines.
pub(super) async fn is_ours(
    storage: &dyn Storage,
    path: &StoragePath,
    entry: &Entry,
    known: &[Line],
) -> Result<bool> {
    for line in known {
        let ours = match line.laid {
            Laid::Symlink => matches!(&entry.kind, EntryKind::Link(Some(to)) if to.as_str() == line.file),
            // Whoever moves a view to another disk makes copies of it.
            Laid::HardLink if line.is_untouched(entry) => true,
            Laid::HardLink | Laid::Reflink | Laid::Copy => {
                is_second_name(storage, entry, line).await? || is_copy(storage, path, entry, line).await?
            }
            Laid::Manifest => false,
        };
        if ours {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn is_second_name(storage: &dyn Storage, entry: &Entry, line: &Line) -> Result<bool> {
    Ok(one(storage, line.file()?).await?.is_some_and(|file| is_one(entry, &file)))
}

/// Whether the bytes are those that were laid: by their hash, or where none was noted those of the file they were copied from.
async fn is_copy(storage: &dyn Storage, path: &StoragePath, entry: &Entry, line: &Line) -> Result<bool> {
    if entry.kind != EntryKind::File || line.size.is_some_and(|size| size != entry.size) {
        return Ok(false);
    }
    if line.laid == Laid::Reflink && line.is_untouched(entry) {
        return Ok(true);
    }
    let now = content::read(storage, path).await?.map(|(_, digests)| hex(&digests.sha256));
    match &line.sha256 {
        Some(sha256) => Ok(now.as_ref() == Some(sha256)),
        None => {
            let file = content::read(storage, &line.file()?).await?.map(|(_, digests)| hex(&digests.sha256));
            Ok(now.is_some() && now == file)
        }
    }
}

/// What bears a name.
pub(super) async fn one(storage: &dyn Storage, path: StoragePath) -> Result<Option<Entry>> {
    storage.look(vec![path]).await.pop().unwrap_or(Ok(None))
}

/// Lays what a line wants at a free name. Gives back what was laid.
pub(super) async fn make(storage: &dyn Storage, path: &StoragePath, line: &Line, laid: Laid) -> Result<Line> {
    let file = line.file()?;
    let sha256 = match laid {
        Laid::HardLink => storage.link(&file, path, LinkKind::Hard).await.map(|()| None)?,
        Laid::Symlink => storage.link(&file, path, LinkKind::Symbolic).await.map(|()| None)?,
        Laid::Reflink => storage.link(&file, path, LinkKind::Reflink).await.map(|()| None)?,
        Laid::Copy => Some(copy(storage, &file, path).await?),
        Laid::Manifest => return Ok(Line { laid, may_be: false, ..line.clone() }),
    };
    let entry = one(storage, path.clone()).await?;
    let entry =
        entry.ok_or_else(|| Error::new(ErrorKind::Storage, "what was laid is gone").with("path", path))?;
    let line = Line { sha256: sha256.or_else(|| line.sha256.clone()), ..line.clone() };
    Ok(line.laid_as(laid, &entry))
}

async fn copy(storage: &dyn Storage, file: &StoragePath, path: &StoragePath) -> Result<String> {
    let meta = storage.stat(file).await?;
    let meta = meta.ok_or_else(|| Error::new(ErrorKind::NotFound, "no file to copy").with("path", file))?;
    let mut options = WriteOptions::default().size(meta.size);
    options.modified = meta.modified;
    let mut hasher = Hasher::new();
    let bytes = storage.read(file, 0).await?.inspect_ok(|piece| hasher.update(piece));
    write(storage, path, options, bytes).await?;
    Ok(hex(&hasher.finish().sha256))
}
