//! What happened in a library since a point in its history (protocol notes 7).
//!
//! Apple keeps a log of records per library. A reader holds a [`ChangeCursor`] and asks for what came after it; the
//! answer is pages of records as they are *now*, not of steps: a photo that was changed five times comes once. The
//! pages become [`Change`]s here, with assets whole: the log often brings only the half of a photo that was written,
//! and the other half is looked up.
//!
//! Nobody else knows which changes the caller has dealt with. A [`ChangeBatch`] comes with the cursor behind it, and
//! storing that cursor, in one transaction with what was made of the changes, is the acknowledgement. A batch that was
//! not acknowledged comes again. So it does no harm to hear of a change twice, and every change must be taken that way.
//!
//! ```no_run
//! # use icloud_photos::{Library, Result};
//! # use icloud_photos::asset::{Change, ChangeCursor};
//! # async fn example(library: Library, stored: ChangeCursor) -> Result<()> {
//! let mut changes = library.changes(&stored);
//! while let Some(batch) = changes.next().await? {
//!     for change in &batch.changes {
//!         match change {
//!             Change::Asset(asset) => println!("{} is new or was changed", asset.id()),
//!             Change::Gone { record } => println!("{record} is gone"),
//!             Change::Reset { reason } => println!("list everything anew: {reason}"),
//!             _ => {}
//!         }
//!     }
//!     // Store batch.cursor.
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A photo that moves to another library is [`Change::Gone`] in the one and a [`Change::Asset`] of another id in the
//! other. Only [`Asset::master_id`] stays: it is the checksum of the original.

mod cursor;
mod page;
mod state;
#[cfg(test)]
mod tests;
mod wire;

use std::num::NonZeroUsize;

pub use self::cursor::ChangeCursor;
use self::page::{Answer, Page};
pub use self::state::{AssetChange, AssetState};
use super::record::desired_keys;
use super::{Asset, AssetId, Fields, MasterId, Role};
use crate::error::{Error, ErrorKind, Result};
use crate::library::{AlbumId, AlbumKind, Library, SyncToken, query};

/// Asked for beside what assets bring: what albums and their members are read from.
const ALBUM_KEYS: [&str; 6] =
    ["albumNameEnc", "albumType", "parentId", "isExpunged", "itemId", "containerId"];

/// One thing that happened in a library. What is told is how things are now.
#[derive(Debug)]
#[non_exhaustive]
pub enum Change {
    /// An asset as it is now, whole, with fresh links: it came, or was edited, hidden, marked, restored, or written
    /// without any visible difference. Which of it, [`AssetState::compare`] tells.
    Asset(Asset),
    /// An asset that is in Recently Deleted now. It may have links still; if iCloud has lost its file record, it has
    /// neither name nor files. It keeps its places in albums, of which lists show nothing meanwhile; when it is restored,
    /// nothing tells of them.
    Trashed(Asset),
    /// The file record of a photo was written: it is new, or has another name, say. That concerns every asset that
    /// shows it, duplicates too, and Apple cannot be asked which ones do: a caller that knows some
    /// ([`AssetState::master`]) beside those `told` looks them up ([`Library::assets_by_id`]). For a photo that was
    /// never duplicated there are none.
    File {
        /// The file: what [`Asset::master_id`] gives.
        master: MasterId,
        /// Assets of it that are changes of this batch themselves. Nothing is to be done about these.
        told: Vec<AssetId>,
    },
    /// One asset, or one record, could not be read or completed; the rest goes on. The cursor passes over it: a caller
    /// that needs the asset looks it up later ([`Library::assets_by_id`]).
    Problem {
        /// Which asset, if known. When Apple sent an error in place of a record this is an album at times.
        asset: Option<AssetId>,
        /// What is wrong with it. Its context names the record, if Apple did.
        error: Error,
    },
    /// A record that is gone for good: an asset, a master, an album, or something else. Apple does not say which; of
    /// a photo asset and master come, each for itself.
    Gone {
        /// The name it had.
        record: String,
    },
    /// An album or folder that was made, renamed, moved or deleted, or whose members changed.
    Album {
        /// Its record name.
        id: AlbumId,
        /// Its title in composed Unicode (NFC), if there is one that can be read.
        name: Option<String>,
        /// The folder it lies in, if any.
        parent: Option<AlbumId>,
        /// [`AlbumKind::Folder`] or [`AlbumKind::User`].
        kind: AlbumKind,
        /// It was deleted. Its members are not mentioned then.
        deleted: bool,
    },
    /// An asset that is in an album now.
    Entered {
        /// The album.
        album: AlbumId,
        /// The asset.
        asset: AssetId,
    },
    /// An asset that is in an album no longer.
    Left {
        /// The album.
        album: AlbumId,
        /// The asset.
        asset: AssetId,
    },
    /// A record that is none of these, such as the library's counters or one of a kind this version does not know.
    Other {
        /// Its name.
        record: String,
        /// Its kind as Apple spells it.
        kind: Option<String>,
    },
    /// The cursor is of no use: too old, not of this library, not a cursor, or the library was made anew. What is
    /// known must be compared with a full listing. This is the last change of the feed.
    ///
    /// The cursor of this batch was taken now: keep it, list everything, and store it when the listing is complete. If
    /// none could be had it is the old one, which leads to a reset again.
    Reset {
        /// Why, in Apple's words or ours.
        reason: String,
    },
}

/// Some changes, and the place behind them.
#[derive(Debug)]
#[non_exhaustive]
pub struct ChangeBatch {
    /// What happened, in Apple's order.
    pub changes: Vec<Change>,
    /// Where to go on. Storing it acknowledges the batch; see [`Change::Reset`] for the one exception.
    pub cursor: ChangeCursor,
}

/// The changes of a library since a cursor; made by [`Library::changes`]. Holds one page at a time.
#[derive(Debug)]
#[must_use = "nothing is sent before the first batch is asked for"]
pub struct Changes {
    library: Library,
    cursor: ChangeCursor,
    fields: Fields,
    roles: Vec<Role>,
    page: usize,
    trail: Trail,
    /// The last batch ended at the present.
    caught_up: bool,
    /// A reset was reported.
    over: bool,
}

impl Library {
    /// What happened in this library since a cursor. Nothing is sent before the first batch is asked for.
    pub fn changes(&self, since: &ChangeCursor) -> Changes {
        Changes {
            library: self.clone(),
            cursor: since.clone(),
            fields: Fields::default(),
            roles: Role::ALL.to_vec(),
            page: query::MAX_RECORDS,
            trail: Trail::default(),
            caught_up: false,
            over: false,
        }
    }
}

impl Changes {
    /// How much to ask about each asset. Default [`Fields::Full`].
    pub fn fields(mut self, fields: Fields) -> Self {
        self.fields = fields;
        self
    }

    /// Which files to ask about. Default all.
    pub fn roles(mut self, roles: impl IntoIterator<Item = Role>) -> Self {
        self.roles = roles.into_iter().collect();
        self
    }

    /// Records per request; default and most is what the server gives, 200. A photo has two.
    pub fn page_size(mut self, records: NonZeroUsize) -> Self {
        self.page = query::MAX_RECORDS.min(records.get());
        self
    }

    /// The next changes; `None` when there are no more now, and for ever after a [`Change::Reset`].
    ///
    /// A batch may hold no changes, just a cursor that moved. After an error, and when the future was dropped, the
    /// feed stands behind the last batch it gave, and may be asked again. After `None` it may be asked again too:
    /// for what happened meanwhile.
    ///
    /// One request (`changes/zone`) when there is nothing new; otherwise one for every page, and one lookup for the
    /// masters that a page lacks. Pages without anything are passed over.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the library is no longer there; [`ErrorKind::RateLimited`] if it stays busy;
    /// [`ErrorKind::Protocol`] if the server leads in a circle; those of every request.
    pub async fn next(&mut self) -> Result<Option<ChangeBatch>> {
        if self.over || std::mem::take(&mut self.caught_up) {
            return Ok(None);
        }
        let batch = match self.objection() {
            Some(reason) => Ok(Some(self.reset(reason.to_owned()).await)),
            None => self.read().await,
        };
        batch.map_err(|error| error.during("read changes"))
    }

    /// What is wrong with the cursor at first sight. Apple takes an empty token for "nothing new".
    fn objection(&self) -> Option<&'static str> {
        if self.cursor.library() != self.library.id() {
            Some("the cursor belongs to another library")
        } else if self.cursor.token().as_str().is_empty() {
            Some("the cursor is empty")
        } else {
            None
        }
    }

    async fn read(&mut self) -> Result<Option<ChangeBatch>> {
        let start = self.cursor.clone();
        loop {
            let page = match self.page().await? {
                Answer::Page(page) => page,
                Answer::Invalid(reason) => return Ok(Some(self.reset(reason).await)),
            };
            let cursor = match &page.token {
                Some(token) => ChangeCursor::new(self.library.id(), SyncToken::new(token.as_str())),
                None => self.cursor.clone(),
            };
            let (more, empty) = (page.more, page.is_empty());
            if more && !self.trail.leads_on(self.cursor.token(), cursor.token()) {
                return Err(self.circle());
            }
            let changes = self.complete(page).await?;
            self.go_on(&cursor, more);
            if empty && more {
                continue;
            }
            if empty && cursor == start {
                return Ok(None);
            }
            self.caught_up = !more;
            return Ok(Some(ChangeBatch { changes, cursor }));
        }
    }

    /// Moves behind a page, once nothing about it can fail any more.
    fn go_on(&mut self, cursor: &ChangeCursor, more: bool) {
        self.cursor = cursor.clone();
        if more { self.trail.step(cursor.token()) } else { self.trail = Trail::default() }
    }

    /// The next page. A zone that is busy says so inside an answer that is good otherwise, so that the session does
    /// not try again by itself.
    async fn page(&self) -> Result<Answer> {
        let mut keys = desired_keys(self.fields, &self.roles);
        if let Some(keys) = &mut keys {
            keys.extend(ALBUM_KEYS.map(str::to_owned));
        }
        let body = query::changes(self.library.zone(), self.cursor.token(), self.page, keys.as_deref());
        self.library.post("/changes/zone", &body, page::read).await
    }

    /// Looks up the masters that a page lacks and makes changes of it.
    async fn complete(&self, page: Page) -> Result<Vec<Change>> {
        let keys = desired_keys(self.fields, &self.roles);
        let (mut masters, mut failures) = (Vec::new(), Vec::new());
        for names in page.missing().chunks(query::MAX_RECORDS) {
            let names: Vec<&str> = names.iter().map(MasterId::as_str).collect();
            let answer = self.library.records(&names, keys.as_deref()).await?;
            masters.extend(answer.masters);
            failures.extend(answer.failures);
        }
        Ok(page.join(masters, &failures, self.library.id()))
    }

    async fn reset(&mut self, reason: String) -> ChangeBatch {
        let cursor = match self.library.cursor().await {
            Ok(cursor) => cursor,
            Err(error) => {
                tracing::warn!(%error, "where the library's history stands is not known");
                self.cursor.clone()
            }
        };
        self.over = true;
        ChangeBatch { changes: vec![Change::Reset { reason }], cursor }
    }

    fn circle(&self) -> Error {
        let message = "iCloud promises more changes and repeats itself; try again later";
        Error::new(ErrorKind::Protocol, message).with("library", self.library.name())
    }
}

/// Finds out when tokens lead in a circle, however wide, and remembers one only (Brent's algorithm).
#[derive(Debug, Default)]
struct Trail {
    mark: Option<SyncToken>,
    steps: u64,
    /// The mark is set anew after this many steps, and then after twice as many.
    reach: u64,
}

impl Trail {
    fn leads_on(&self, from: &SyncToken, to: &SyncToken) -> bool {
        from != to && self.mark.as_ref() != Some(to)
    }

    fn step(&mut self, to: &SyncToken) {
        self.steps += 1;
        if self.steps > self.reach {
            self.mark = Some(to.clone());
            (self.steps, self.reach) = (0, self.reach.saturating_mul(2).max(1));
        }
    }
}
