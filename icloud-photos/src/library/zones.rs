//! Which libraries an account has (protocol notes 5.2).

use super::wire::{self, ZoneId, Zones};
use super::{Library, PRIMARY, query};
use crate::error::{Error, ErrorKind, Result, Retry};
use crate::session::{Database, Session};

impl Session {
    /// The account's personal library. Nothing is sent.
    pub fn primary_library(&self) -> Library {
        let zone = ZoneId { zone_name: PRIMARY.to_owned(), owner_record_name: None, zone_type: None };
        Library::new(self.clone(), Database::Private, zone)
    }

    /// All photo libraries of the account: its own first, then those shared with it. Two requests.
    ///
    /// Deleted ones, bundles of shared links and libraries of apps are left out; a zone of a name this version does
    /// not know is listed as [`LibraryKind::Other`](super::LibraryKind::Other).
    ///
    /// # Errors
    /// Those of every request. That an account has no shared libraries at all is no error.
    pub async fn libraries(&self) -> Result<Vec<Library>> {
        let mut libraries: Vec<Library> = Vec::new();
        for database in [Database::Private, Database::Shared] {
            for zone in self.zones(database).await? {
                let known = libraries.iter().any(|library| library.name() == zone.zone_name);
                if !known && !is_foreign(&zone.zone_name) {
                    libraries.push(Library::new(self.clone(), database, zone));
                }
            }
        }
        Ok(libraries)
    }

    /// The library of that name, such as `PrimarySync` or `SharedSync-<UUID>`. Nothing is sent for the personal one.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the account has none of that name; those of [`Session::libraries`].
    pub async fn library(&self, name: &str) -> Result<Library> {
        if name == PRIMARY {
            return Ok(self.primary_library());
        }
        let libraries = self.libraries().await?;
        libraries.into_iter().find(|library| library.name() == name).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "the account has no library of this name").with("library", name)
        })
    }

    async fn zones(&self, database: Database) -> Result<Vec<ZoneId>> {
        let mut zones = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let body = query::zones(token.as_deref());
            let page: Zones =
                match self.cloudkit(database, "/zones/list", &body, |answer| wire::read(answer)).await {
                    Ok(page) => page,
                    Err(error) if database == Database::Shared && means_none(&error) => return Ok(zones),
                    Err(error) => return Err(error.during("list libraries")),
                };
            zones.extend(page.zones.into_iter().filter(|zone| !zone.deleted).map(|zone| zone.id));
            // A server that says "more" without a new token would be asked for ever.
            if !page.more_coming || page.sync_token.is_none() || page.sync_token == token {
                return Ok(zones);
            }
            token = page.sync_token;
        }
    }
}

/// An account that nobody shares anything with gets 404, 400 or 403. What may pass, or ends the session, is an error.
fn means_none(error: &Error) -> bool {
    let refused = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Forbidden | ErrorKind::Protocol);
    refused && error.retry() == Retry::Never
}

/// Zones that never hold a photo library.
fn is_foreign(zone: &str) -> bool {
    zone.starts_with("CMM-") || zone.starts_with("AppLibrarySync-")
}
