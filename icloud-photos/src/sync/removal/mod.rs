//! Removing: last, by id, and on proofs.
//!
//! Two things may be asked for. *Moving out* ([`MoveRule`]) moves assets to Recently Deleted in iCloud once their files stand
//! here; *mirroring* ([`Disposal`]) removes files here whose assets lie in Recently Deleted. Both come after everything else,
//! and only after a run that saw all it should have seen: a [`Census`] is made from listings that lack nothing and from nothing else.
//!
//! An asset leaves iCloud on a [`Receipt`] alone, and a receipt is made by reading its files again and finding Apple's
//! checksum in the bytes. What goes is written down beside the photos first, so that no mirror takes it for deleted by its owner.
//! A file leaves the copy when the catalogue has it as its asset's, that asset is in Recently Deleted and not by our hand, nobody
//! else has the file, and it still stands where it was put and holds the bytes that were stored. What is in doubt is kept, and told
//! ([`Kept`]).
//!
//! Above a share of all there is ([`RemovalLimit`]) nothing is removed; what would have been is told.

mod candidates;
mod foresight;
mod kept;
mod local;
mod parts;
mod recall;
mod receipt;
mod record;
mod rehearsal;
mod remote;
mod victims;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

pub use self::kept::Kept;
pub(super) use self::receipt::IRREPLACEABLE;
pub use self::receipt::{ProvenFile, Receipt, StoredFile};
pub use self::rehearsal::Rehearsal;
use super::catalogue::FileRow;
use super::engine::Inner;
use super::event::{SyncEvent, SyncObserver, SyncReport};
use super::layout::LocalTime;
use crate::asset::{AssetId, Listing, Role};
use crate::error::{Error, Result};
use crate::storage::StoragePath;

/// Which assets leave iCloud once their files stand in the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MoveRule {
    /// Those taken at least this many times 24 hours ago.
    OlderThan {
        /// Zero means all that are not dated in the future.
        days: u32,
    },
    /// Those of which this run fetched a file, or an earlier one under the same rule and of the same selection: what was fetched
    /// for other albums, sizes or filters is theirs to remove.
    Fetched,
}

/// What becomes of a file whose asset was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Disposal {
    /// It moves to `.icloud-photos-trash/<date>/` in the storage, under its path.
    Trash,
    /// It is removed for good. It can still be had from Recently Deleted, for as long as iCloud keeps it there. A sidecar that could not go
    /// along, and goes without its photo later, is kept as with [`Disposal::Trash`].
    Remove,
}

/// How much one run may remove.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RemovalLimit {
    /// The share of all assets, or files, that the catalogue knows: from 0 to 1.
    pub share: f64,
    /// So many may go whatever their share.
    pub always: u64,
    /// So many went before, in other engines' turns of the same run.
    pub gone: u64,
}

impl Default for RemovalLimit {
    /// 5 %, and 20 always.
    fn default() -> Self {
        Self { share: 0.05, always: 20, gone: 0 }
    }
}

impl RemovalLimit {
    /// This share, and 20 always.
    pub fn new(share: f64) -> Self {
        Self { share, ..Self::default() }
    }

    /// The same for what comes after `gone` removals of the same run, by other engines: together they may remove no more.
    #[must_use]
    pub fn after(self, gone: u64) -> Self {
        Self { gone, ..self }
    }

    /// Of so many, and of those that went before. A share of 1 is no limit.
    fn of(self, all: u64) -> u64 {
        if self.is_none() {
            return u64::MAX;
        }
        let all = all.saturating_add(self.gone);
        self.always.max((all as f64 * self.share) as u64).saturating_sub(self.gone)
    }

    fn is_none(self) -> bool {
        self.share >= 1.0
    }
}

/// What an engine may remove.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Removals {
    pub(super) mirror: Option<Disposal>,
    pub(super) rule: Option<MoveRule>,
    pub(super) limit: RemovalLimit,
}

impl Removals {
    pub(super) fn any(&self) -> bool {
        self.mirror.is_some() || self.rule.is_some()
    }
}

/// What is told of removals.
#[derive(Debug)]
#[non_exhaustive]
pub enum RemovalEvent<'a> {
    /// An asset was moved to Recently Deleted.
    Moved {
        /// Which.
        asset: &'a AssetId,
        /// Its name.
        name: &'a str,
    },
    /// An asset that a run would move, if its files prove to be here: a rehearsal that reads them ([`Rehearsal::reading`]) has seen to
    /// it. Told instead of moving it.
    WouldMove {
        /// Which.
        asset: &'a AssetId,
        /// Its name.
        name: &'a str,
    },
    /// How old an asset is ([`MoveRule::OlderThan`]); what becomes of it is told next.
    Aged {
        /// Which.
        asset: &'a AssetId,
        /// When it was taken.
        created: &'a LocalTime,
        /// It leaves iCloud when it is so many days old.
        keep: u32,
        /// How many days old it is; negative for a date in the future.
        days: i64,
    },
    /// An asset stays in iCloud.
    Stays {
        /// Which.
        asset: &'a AssetId,
        /// Its name.
        name: &'a str,
        /// Why.
        why: &'a Kept,
    },
    /// iCloud did not let an asset go.
    Refused {
        /// Which.
        asset: &'a AssetId,
        /// Its name.
        name: &'a str,
        /// What it says.
        error: &'a Error,
    },
    /// The files of deleted assets come next.
    Mirroring {
        /// Whether all that came before went well ([`SyncReport::is_clean`]). A rehearsal speaks of removals alone.
        clean: bool,
    },
    /// A file was removed here.
    Removed {
        /// Where it stood.
        path: &'a StoragePath,
        /// Where it is now, if it was kept.
        trash: Option<&'a StoragePath>,
    },
    /// A file that a run would remove. Told instead of removing it.
    WouldRemove {
        /// Which.
        path: &'a StoragePath,
    },
    /// A file stays here.
    Left {
        /// Which.
        path: &'a StoragePath,
        /// Why.
        why: &'a Kept,
    },
    /// Above the limit: nothing was removed, and the first of what would have been was told.
    Stopped {
        /// How many would have gone, with those that went before in the same run.
        removals: u64,
        /// Of so many.
        all: u64,
    },
    /// Nothing leaves iCloud, for a list was left before its end, as was asked
    /// ([`SyncBuilder::until_found`](super::SyncBuilder::until_found)).
    LeftEarly,
    /// Nothing is removed, or nothing more, for something was not seen as it should have been.
    Withheld,
}

/// Everything that was asked for was seen. Made from listings that lack nothing, and from nothing else.
#[derive(Debug, Clone, Copy)]
pub(super) struct Census(());

impl Census {
    /// `listings` are those of a run that came to its end. There are none if it followed the history of the library to the present, which
    /// is what `covered` says.
    fn of(listings: &[Listing], covered: bool) -> Option<Self> {
        let seen = if listings.is_empty() { covered } else { listings.iter().all(Listing::has_all) };
        seen.then_some(Self(()))
    }
}

/// What both kinds of removal share.
struct Stage<'a> {
    inner: &'a Arc<Inner>,
    observer: &'a dyn SyncObserver,
    report: &'a mut SyncReport,
    /// Only tells what would be done.
    rehearsal: bool,
    /// What a rehearsal knows that the catalogue does not know yet.
    coming: Coming,
}

/// What a run would have learned, and fetched, before it removes anything.
#[derive(Debug, Default)]
struct Coming {
    /// Whether files are read, as a run does before it lets a photo go.
    reads: bool,
    /// Those that the catalogue has no file of.
    assets: u64,
    /// Those that could leave iCloud then, and could not before.
    leaving: u64,
    /// How many of those have no file here that is not proven.
    proven: u64,
    /// Those that the catalogue still has as hidden or deleted.
    shown: HashSet<AssetId>,
    /// Files of assets that could leave iCloud before, of which more will be known then.
    files: HashMap<AssetId, Vec<Expected>>,
}

/// A file of which a run would learn.
#[derive(Debug)]
struct Expected {
    role: Role,
    /// What the catalogue would say of it. `None` if it is still to come.
    row: Option<FileRow>,
    /// Whether it comes for this very photo, and not for another of the same bytes.
    fetched: bool,
}

/// Removes what the engine may remove. `token` is how far the library's history was followed. Nothing goes of which a sidecar could not be
/// written (`described`), and who that is nobody knows: what iCloud says of a photo leaves with it.
pub(super) async fn run(
    inner: &Arc<Inner>,
    observer: &dyn SyncObserver,
    report: &mut SyncReport,
    token: Option<&str>,
    described: bool,
) -> Result<()> {
    if !inner.removals.any() {
        return Ok(());
    }
    let census = Census::of(&report.listings, token.is_some() || report.left_early > 0);
    let census = census.filter(|_| described);
    let stage = Stage { inner, observer, report, rehearsal: false, coming: Coming::default() };
    stage.run(census, token).await.map_err(|error| error.during("remove"))
}

impl Stage<'_> {
    async fn run(mut self, census: Option<Census>, token: Option<&str>) -> Result<()> {
        let Some(census) = census else {
            self.withhold();
            return Ok(());
        };
        // What Recently Deleted holds says each record there for itself; whom else the library holds says only a whole list.
        if self.inner.removals.rule.is_some() && self.report.left_early > 0 {
            self.tell(RemovalEvent::LeftEarly);
        } else if let Some(rule) = self.inner.removals.rule {
            self.move_out(rule, token, census).await?;
        }
        if let Some(disposal) = self.inner.removals.mirror {
            self.mirror(disposal, token, census).await?;
        }
        Ok(())
    }

    fn tell(&self, event: RemovalEvent<'_>) {
        self.observer.event(SyncEvent::Removal(event));
    }

    fn withhold(&mut self) {
        self.report.stopped = true;
        self.tell(RemovalEvent::Withheld);
    }

    /// A rehearsal stops where the run would.
    fn warn_of_limit(&mut self, removals: u64, all: u64) {
        if removals > self.inner.removals.limit.of(all) {
            self.stop(removals, all);
        }
    }

    fn stop(&mut self, removals: u64, all: u64) {
        self.report.stopped = true;
        let removals = removals.saturating_add(self.inner.removals.limit.gone);
        self.tell(RemovalEvent::Stopped { removals, all });
    }
}
