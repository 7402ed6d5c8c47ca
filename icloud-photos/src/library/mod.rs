//! What an account holds: libraries, albums, and how many assets are in each.
//!
//! A [`Library`] is a CloudKit zone. Its lists of assets are [`Album`]s: [`Library::all`], those iCloud fills by
//! itself ([`SmartAlbum`]) and those of the user, in folders ([`AlbumTree`]). What is *in* an album is the business
//! of [`asset`](crate::asset): `Album::assets` and `Library::asset` live there.

mod album;
pub(crate) mod query;
mod smart;
mod tree;
pub(crate) mod wire;
mod zones;

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

pub use self::album::{Album, AlbumId, AlbumKind};
pub use self::smart::SmartAlbum;
pub use self::tree::{AlbumNode, AlbumTree};
use self::wire::{IndexingFields, Records, ZoneId};
use crate::error::{Error, ErrorKind, Result};
use crate::session::{Database, Session};

/// The name of everybody's personal library.
const PRIMARY: &str = "PrimarySync";
const SHARED_PREFIX: &str = "SharedSync-";

/// Names one library (a CloudKit zone) of an account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LibraryId(pub(crate) Arc<LibraryIdData>);

#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LibraryIdData {
    pub(crate) database: Database,
    /// `PrimarySync` or `SharedSync-<UUID>`.
    pub(crate) zone: String,
    /// Whose zone it is; only for zones in the shared database, whose names alone need not be unique.
    pub(crate) owner: Option<String>,
}

impl LibraryId {
    /// The database the library lives in.
    pub fn database(&self) -> Database {
        self.0.database
    }

    /// `PrimarySync` or `SharedSync-<UUID>`.
    pub fn zone(&self) -> &str {
        &self.0.zone
    }

    /// The record name of the account that shares the library; `None` for the account's own libraries.
    pub fn owner(&self) -> Option<&str> {
        self.0.owner.as_deref()
    }
}

/// The zone's name.
impl fmt::Display for LibraryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.zone)
    }
}

/// What a library is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LibraryKind {
    /// The account's personal library.
    Primary,
    /// An iCloud Shared Photo Library.
    Shared,
    /// A zone this version knows nothing of.
    Other,
}

/// A point in the history of a library. Opaque.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SyncToken(Arc<str>);

impl SyncToken {
    /// A token as Apple gave it.
    pub fn new(token: impl Into<Arc<str>>) -> Self {
        Self(token.into())
    }

    /// The token as Apple gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How far Apple is with the index that all lists are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum IndexState {
    /// Lists are whole.
    Ready,
    /// Apple still builds it: lists may be short. Try again in a few minutes.
    Building {
        /// Per cent, if told.
        progress: Option<u8>,
    },
    /// A state this version does not know, as Apple spells it; empty if there was none.
    Unknown(String),
}

impl IndexState {
    fn read(answer: &[u8]) -> Result<Self> {
        let mut page = Records::<IndexingFields<'_>>::read(answer)?;
        let fields = page.records.pop().and_then(|record| record.fields).unwrap_or_default();
        let progress = fields.progress.int().and_then(|percent| u8::try_from(percent).ok());
        Ok(match fields.state.text().as_deref() {
            Some("FINISHED") => Self::Ready,
            Some("RUNNING" | "NOT_FINISHED") => Self::Building { progress },
            other => Self::Unknown(other.unwrap_or("").to_owned()),
        })
    }
}

/// One library of an account. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Library(Arc<LibraryData>);

#[derive(Debug)]
struct LibraryData {
    session: Session,
    id: LibraryId,
    zone: ZoneId,
}

impl Library {
    pub(crate) fn new(session: Session, database: Database, zone: ZoneId) -> Self {
        let owner = zone.owner_record_name.clone().filter(|_| database == Database::Shared);
        let id = LibraryId(Arc::new(LibraryIdData { database, zone: zone.zone_name.clone(), owner }));
        Self(Arc::new(LibraryData { session, id, zone }))
    }

    /// What identifies the library among all of the account's.
    pub fn id(&self) -> &LibraryId {
        &self.0.id
    }

    /// The zone's name, which icloudpd takes as `--library`.
    pub fn name(&self) -> &str {
        self.0.id.zone()
    }

    /// What the library is, by the zone's name.
    pub fn kind(&self) -> LibraryKind {
        match self.name() {
            PRIMARY => LibraryKind::Primary,
            name if name.starts_with(SHARED_PREFIX) => LibraryKind::Shared,
            _ => LibraryKind::Other,
        }
    }

    /// Everything in the library but what is hidden or deleted. Nothing is sent.
    pub fn all(&self) -> Album {
        Album::whole_library(self.clone())
    }

    /// An album that iCloud fills by itself. Nothing is sent.
    pub fn smart_album(&self, album: SmartAlbum) -> Album {
        Album::smart(self.clone(), album)
    }

    /// Asks Apple how far the index of this library is.
    ///
    /// # Errors
    /// [`ErrorKind::NotActivated`] if the account never used iCloud Photos, and the errors of every request.
    pub async fn index_state(&self) -> Result<IndexState> {
        let state = self.query(&query::indexing_state(self.zone()), IndexState::read).await;
        state.map_err(|error| {
            // Only CloudKit's own word counts: a bare 404 may come from anything on the way.
            let no_zone = error.context().any(|pair| pair == ("code", wire::NO_ZONE));
            if no_zone && self.kind() == LibraryKind::Primary {
                return Error::new(
                    ErrorKind::NotActivated,
                    "iCloud Photos was never set up for this account",
                )
                .caused_by(error);
            }
            error
        })
    }

    /// Makes sure that lists are whole: while Apple builds its index they are short.
    ///
    /// # Errors
    /// [`ErrorKind::IndexNotReady`] while it is built, and as [`Library::index_state`].
    pub async fn require_index(&self) -> Result<()> {
        match self.index_state().await? {
            IndexState::Building { .. } => {
                let message = "the index of the library is not ready";
                Err(Error::new(ErrorKind::IndexNotReady, message).with("library", self.name()))
            }
            _ => Ok(()),
        }
    }

    /// Whose library it is.
    pub fn session(&self) -> &Session {
        &self.0.session
    }

    pub(crate) fn zone(&self) -> &ZoneId {
        &self.0.zone
    }

    pub(crate) async fn query<T>(
        &self,
        body: &(impl Serialize + Sync),
        read: impl Fn(&[u8]) -> Result<T>,
    ) -> Result<T> {
        self.post("/records/query", body, read).await
    }

    pub(crate) async fn post<T>(
        &self,
        path: &'static str,
        body: &(impl Serialize + Sync),
        read: impl Fn(&[u8]) -> Result<T>,
    ) -> Result<T> {
        let answer = self.0.session.cloudkit(self.0.id.database(), path, body, read).await;
        answer.map_err(|error| error.with("library", self.name()))
    }
}
