//! Where in a library's history a reader stands.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::asset::record::parse_page;
use crate::error::{Error, ErrorKind, Result};
use crate::library::wire::{self, Zone, ZoneId, Zones};
use crate::library::{Library, LibraryId, LibraryIdData, SyncToken, query};
use crate::session::Database;

/// The form that is written. A form this version cannot read is refused: the library has to be listed anew.
const VERSION: u32 = 1;
/// A query gives a token only if it may bring this many records (protocol notes 7.1).
const ENOUGH_FOR_A_TOKEN: usize = 2;

/// A point in the history of one library, to go on from. Opaque; it may be kept for as long as one likes, used any
/// number of times, and by other processes: it serialises.
///
/// It is no secret, but says which library it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct ChangeCursor {
    library: LibraryId,
    token: SyncToken,
}

impl ChangeCursor {
    /// A cursor of a token that Apple gave for this library, such as
    /// [`Assets::sync_token`](crate::asset::Assets::sync_token).
    pub fn new(library: &LibraryId, token: SyncToken) -> Self {
        Self { library: library.clone(), token }
    }

    /// The library it belongs to.
    pub fn library(&self) -> &LibraryId {
        &self.library
    }

    /// The token as Apple gave it.
    pub fn token(&self) -> &SyncToken {
        &self.token
    }
}

impl Library {
    /// Where the library's history stands now. Usually one request (`changes/database`), which brings no records.
    ///
    /// To miss nothing, take a cursor before a full listing, list, and then read the [changes](Library::changes) since.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the library is no longer there; those of every request.
    pub async fn cursor(&self) -> Result<ChangeCursor> {
        let cursor = self.token().await.map(|token| ChangeCursor::new(self.id(), token));
        cursor.map_err(|error| error.during("read changes"))
    }

    async fn token(&self) -> Result<SyncToken> {
        let mut database: Option<String> = None;
        loop {
            let body = query::zones(database.as_deref());
            let page: Zones = self.post("/changes/database", &body, |answer| wire::read(answer)).await?;
            match page.zones.into_iter().find(|zone| names(self.zone(), &zone.id)) {
                Some(Zone { deleted: true, .. }) => return Err(self.missing()),
                Some(zone) => match zone.sync_token.filter(|token| !token.is_empty()) {
                    Some(token) => return Ok(SyncToken::new(token)),
                    None => return self.token_of_a_query().await,
                },
                None => {}
            }
            // A server that says "more" without a new token would be asked for ever.
            if !page.more_coming || page.sync_token.is_none() || page.sync_token == database {
                return Err(self.missing());
            }
            database = page.sync_token;
        }
    }

    /// Queries give the same tokens; only zones without one of their own need it.
    async fn token_of_a_query(&self) -> Result<SyncToken> {
        let keys = ["recordName".to_owned()];
        let everything = self.all();
        let body = query::list(everything.index(), self.zone(), 0, ENOUGH_FOR_A_TOKEN, Some(&keys));
        let token = self.query(&body, parse_page).await?.token;
        token.map(SyncToken::new).ok_or_else(|| {
            Error::new(ErrorKind::Protocol, "iCloud does not say where the library's history stands")
                .with("library", self.name())
        })
    }

    fn missing(&self) -> Error {
        Error::new(ErrorKind::NotFound, "iCloud has no such library").with("library", self.name())
    }
}

/// Whether a zone of an answer is the one asked for. The personal one is asked for by its name alone.
fn names(wanted: &ZoneId, found: &ZoneId) -> bool {
    let owners = wanted.owner_record_name.as_ref().zip(found.owner_record_name.as_ref());
    wanted.zone_name == found.zone_name && owners.is_none_or(|(wanted, found)| wanted == found)
}

/// A cursor as it is written.
#[derive(Clone, Serialize, Deserialize)]
struct Written {
    version: u32,
    database: DatabaseName,
    zone: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    token: String,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum DatabaseName {
    Private,
    Shared,
}

impl From<ChangeCursor> for Written {
    fn from(cursor: ChangeCursor) -> Self {
        Self {
            version: VERSION,
            database: match cursor.library.database() {
                Database::Private => DatabaseName::Private,
                Database::Shared => DatabaseName::Shared,
            },
            zone: cursor.library.zone().to_owned(),
            owner: cursor.library.owner().map(str::to_owned),
            token: cursor.token.as_str().to_owned(),
        }
    }
}

impl TryFrom<Written> for ChangeCursor {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { version, database, zone, owner, token } = written;
        if version != VERSION {
            return Err(format!(
                "a change cursor of version {version}, not {VERSION}; list the library anew"
            ));
        }
        let database = match database {
            DatabaseName::Private => Database::Private,
            DatabaseName::Shared => Database::Shared,
        };
        let library = LibraryId(Arc::new(LibraryIdData { database, zone, owner }));
        Ok(Self { library, token: SyncToken::new(token) })
    }
}
