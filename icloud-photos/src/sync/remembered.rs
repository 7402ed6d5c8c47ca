//! Libraries and albums as a catalogue remembers them, so that a run in which nothing is new need not ask for them.
//!
//! What is remembered may be out of date. A library that is gone is an error of the first request about it. Albums may have other names
//! by now, which the history of the library tells: [`SyncBuilder::check_albums`](super::SyncBuilder::check_albums) is for that.

use super::catalogue::{Catalogue, LibraryKey};
use super::engine::library_key;
use super::shelf;
use crate::error::Result;
use crate::library::wire::ZoneId;
use crate::library::{Album, AlbumId, AlbumKind, Library};
use crate::session::{Database, Session};

/// What zones of photo libraries are to iCloud.
const ZONE_TYPE: &str = "REGULAR_CUSTOM_ZONE";

/// The library of this name, if the catalogue knows one and no other of the same name. Nothing is sent.
///
/// # Errors
/// What the catalogue reports.
pub async fn library(session: &Session, catalogue: &dyn Catalogue, name: &str) -> Result<Option<Library>> {
    let mut keys: Vec<_> = catalogue.all_progress().await?.into_iter().map(|row| row.library).collect();
    keys.sort();
    keys.dedup();
    let mut known = keys.iter().filter_map(|key| of_key(session, key)).filter(|known| known.name() == name);
    Ok(known.next().filter(|_| known.next().is_none()))
}

/// The user's albums and folders that lie in no folder, in no order. Nothing is sent.
///
/// # Errors
/// What the catalogue reports.
pub async fn albums(catalogue: &dyn Catalogue, library: &Library) -> Result<Vec<Album>> {
    let rows = catalogue.albums(&library_key(library)).await?.into_iter();
    let roots = rows.filter(|row| row.parent.is_none());
    let albums = roots.map(|row| {
        let is_folder = row.kind == shelf::kind(AlbumKind::Folder);
        let kind = if is_folder { AlbumKind::Folder } else { AlbumKind::User };
        Album::user(library.clone(), AlbumId::new(row.album), kind, row.path, &[])
    });
    Ok(albums.collect())
}

/// The reverse of [`library_key`].
fn of_key(session: &Session, key: &LibraryKey) -> Option<Library> {
    let within = key.as_str().strip_prefix(session.dsid())?.strip_prefix('/')?;
    let (database, zone) = within.split_once('/')?;
    let (zone, owner) = match zone.split_once('/') {
        Some((zone, owner)) => (zone, Some(owner.to_owned())),
        None => (zone, None),
    };
    let database = match database {
        "private" => Database::Private,
        "shared" => Database::Shared,
        _ => return None,
    };
    let zone = ZoneId {
        zone_name: zone.to_owned(),
        // The account's own zones go by their names alone (protocol notes 5.1).
        zone_type: owner.is_some().then(|| ZONE_TYPE.to_owned()),
        owner_record_name: owner,
    };
    let library = Library::new(session.clone(), database, zone);
    (library_key(&library) == *key).then_some(library)
}
