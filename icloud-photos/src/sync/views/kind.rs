//! Of what the entries of a view are made: what was asked for, or the best that storage and disk know.

use super::entry::make;
use super::lay::Laying;
use super::record::Line;
use super::{Laid, ViewAs};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Capabilities, Entry, EntryKind, PART_SUFFIX, StoragePath};

const OTHER_DISK: &str = "the view stands on another disk than the copy, where neither hard links nor shared bytes can lead; let the view be \
                          made of symbolic links or copies, or move its folder back";
const NO_LINKS: &str = "this storage knows no links of that kind; choose another, copies, or a manifest";

/// What to begin with; a disk may know less than its storage promises.
pub(super) fn best(shape: ViewAs, can: &Capabilities) -> Laid {
    match shape {
        ViewAs::Best if can.hard_links => Laid::HardLink,
        ViewAs::Best if can.symbolic_links => Laid::Symlink,
        ViewAs::Best | ViewAs::Manifest => Laid::Manifest,
        ViewAs::HardLink => Laid::HardLink,
        ViewAs::Reflink => Laid::Reflink,
        ViewAs::SymbolicLink => Laid::Symlink,
        ViewAs::Copy => Laid::Copy,
    }
}

impl Laying<'_> {
    pub(super) fn require_links(&self) -> Result<()> {
        let can = self.storage.capabilities();
        let knows = match self.best {
            Laid::HardLink => can.hard_links,
            Laid::Reflink => can.reflinks,
            Laid::Symlink => can.symbolic_links,
            Laid::Copy | Laid::Manifest => true,
        };
        if knows { Ok(()) } else { Err(Error::new(ErrorKind::Unsupported, NO_LINKS)) }
    }

    /// That a hard link can take the place of an entry, before that goes: its folder may have moved to another disk.
    pub(super) fn require_one_disk(&mut self, entry: &Entry, file: Option<&Entry>) -> Result<()> {
        let device = |entry: &Entry| entry.id.map(|id| id.device);
        let is_elsewhere =
            entry.kind == EntryKind::File && file.is_some_and(|file| device(entry) != device(file));
        if self.best != Laid::HardLink || !is_elsewhere {
            return Ok(());
        }
        if self.view.shape != ViewAs::Best || !self.storage.capabilities().symbolic_links {
            return Err(Error::new(ErrorKind::Unsupported, OTHER_DISK));
        }
        tracing::info!(view = %self.view.name, "the view stands on another disk than the copy; laying symbolic links");
        self.best = Laid::Symlink;
        Ok(())
    }

    /// That entries of this kind can be made beside this one, before the first of them goes.
    pub(super) async fn try_kind(&mut self, path: &StoragePath, wanted: &Line) -> Result<()> {
        if self.tried || matches!(self.best, Laid::Copy | Laid::Manifest) {
            return Ok(());
        }
        let name = format!("{}{PART_SUFFIX}", uuid::Uuid::new_v4().simple());
        let folder = path.parent().unwrap_or_default();
        let aside = StoragePath::parse(format!("{folder}/{name}").trim_start_matches('/'))?;
        self.make(&aside, wanted).await?;
        self.storage.remove(&aside).await?;
        self.tried = true;
        Ok(())
    }

    /// Makes an entry; where links are not known, the next best.
    pub(super) async fn make(&mut self, path: &StoragePath, wanted: &Line) -> Result<Line> {
        loop {
            let made = make(self.storage, path, wanted, self.best).await;
            let next = match self.best {
                Laid::HardLink if self.storage.capabilities().symbolic_links => Laid::Symlink,
                _ => Laid::Manifest,
            };
            match made {
                Err(error)
                    if error.kind() == ErrorKind::Unsupported
                        && self.view.shape == ViewAs::Best
                        && self.best != Laid::Manifest =>
                {
                    tracing::info!(view = %self.view.name, %error, "links cannot be made here; taking the next best");
                    self.best = next;
                }
                made => return made,
            }
        }
    }
}
