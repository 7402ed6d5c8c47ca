//! What a run is about: a library and albums of it, as iCloud named them just now, or as the catalogue remembers them.
//!
//! A run in which nothing is new should not have to ask what there is. So what the catalogue remembers is believed; but as soon as there
//! is anything new in the library the titles are looked up again before any list is read, and if they lead elsewhere, or the library
//! is gone, the run begins anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use icloud_photos::library::{Album, AlbumKind, AlbumTree, Library, LibraryKind};
use icloud_photos::storage::Storage;
use icloud_photos::sync::catalogue::Catalogue;
use icloud_photos::sync::{SyncBuilder, SyncEngine, remembered};
use icloud_photos::{Error, ErrorKind, Result, Session};

use super::list::{find_listed, find_remembered};
use crate::config::Download;

const PRIMARY: &str = "PrimarySync";

pub(super) struct Subject {
    library: Library,
    albums: Vec<Album>,
    /// For what is only remembered: set once the titles lead elsewhere.
    elsewhere: Option<Arc<AtomicBool>>,
}

impl Subject {
    /// As iCloud said just now.
    pub(super) fn known(library: Library, albums: Vec<Album>) -> Self {
        Self { library, albums, elsewhere: None }
    }

    /// As the catalogue says, each choice that it leaves; none where it does not know, or need not be asked.
    pub(super) async fn remembered(
        session: &Session,
        catalogue: &dyn Catalogue,
        download: &Download,
    ) -> Result<Vec<Self>> {
        if download.library == PRIMARY && download.albums.is_empty() {
            return Ok(Vec::new());
        }
        let Some(library) = remembered::library(session, catalogue, &download.library).await? else {
            return Ok(Vec::new());
        };
        let albums = remembered::albums(catalogue, &library).await?;
        let choices = find_remembered(&library, &download.albums, &albums).into_iter();
        let subject = |albums| Self { library: library.clone(), albums, elsewhere: Some(Arc::default()) };
        Ok(choices.map(subject).collect())
    }

    pub(super) fn is_remembered(&self) -> bool {
        self.elsewhere.is_some()
    }

    /// Whether an error means that what was remembered is no longer so, and not that something is wrong.
    pub(super) fn is_outdated(&self, error: &Error) -> bool {
        let gone = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Forbidden);
        let Some(elsewhere) = &self.elsewhere else { return false };
        elsewhere.load(Relaxed) || (gone && self.library.kind() != LibraryKind::Primary)
    }

    /// An engine about it, to be told the rest.
    pub(super) fn engine(&self, storage: Arc<dyn Storage>, titles: &[String]) -> SyncBuilder {
        let mut engine = SyncEngine::builder(&self.library, storage);
        for album in &self.albums {
            engine = engine.album(album.clone());
        }
        let Some(elsewhere) = self.elsewhere.clone().filter(|_| !self.albums.is_empty()) else {
            return engine;
        };
        let (library, titles, before) = (self.library.clone(), titles.to_vec(), identities(&self.albums));
        engine.check_albums(move |tree: &AlbumTree| {
            let now = find_listed(&library, &titles, tree);
            if now.as_ref().is_ok_and(|now| identities(now) == before) {
                return Ok(());
            }
            elsewhere.store(true, Relaxed);
            now.and(Err(Error::new(ErrorKind::Conflict, "the titles lead to other albums than before")))
        })
    }
}

fn identities(albums: &[Album]) -> Vec<(Option<String>, AlbumKind)> {
    albums.iter().map(|album| (album.id().map(ToString::to_string), album.kind())).collect()
}
