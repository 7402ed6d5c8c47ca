//! Who is in which album, as far as it is known, for those who write sidecars.
//!
//! Nobody is asked for it. The list of an album that a run copies shows who is in it, and the history of the library tells who comes and
//! goes; of albums that no run ever listed it says nothing about who was in them before. The catalogue keeps it among the members of
//! selections, under the record name of the album.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use tokio::sync::{MappedMutexGuard, MutexGuard};

use super::catalogue::{Batch, IN, LEFT};
use super::engine::Inner;
use super::shelf::Shelf;
use crate::asset::{AssetId, Change};
use crate::error::Result;
use crate::library::{AlbumId, AlbumTree};

/// So much waits at most.
const NOTES: usize = 8000;

/// Whether an asset is in an album, by both.
type Notes = BTreeMap<(AssetId, String), bool>;

/// What a run knows of albums.
#[derive(Debug, Default)]
pub(super) struct Places {
    waiting: Mutex<Waiting>,
    late: Mutex<Late>,
    /// The albums as they were last seen; `None` before anybody asked.
    shelf: tokio::sync::Mutex<Option<Shelf>>,
}

/// Whose sidecars are to be looked at when all files have come.
#[derive(Debug, Default)]
pub(super) struct Late {
    pub(super) assets: BTreeSet<AssetId>,
    pub(super) albums: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Waiting {
    notes: Notes,
    /// On their way into the catalogue.
    leaving: Notes,
}

impl Places {
    /// An asset is in an album, or not.
    pub(super) fn note(&self, asset: &AssetId, album: &AlbumId, is_in: bool) {
        self.lock().notes.insert((asset.clone(), album.to_string()), is_in);
    }

    /// Whether so much waits that it should be written down.
    pub(super) fn is_full(&self) -> bool {
        self.lock().notes.len() >= NOTES
    }

    /// Takes note of an album as it is; gives those that have another name by now, or are gone. Its members may be heard of before it.
    pub(super) async fn see(&self, inner: &Inner, change: &Change) -> Result<Vec<String>> {
        let gone = match change {
            Change::Gone { record } => Some(record.clone()),
            _ => None,
        };
        let row = inner.album_row(change);
        if let (None, Some(gone)) = (&row, &gone)
            && self.shelf(inner).await?.get(gone).is_none()
        {
            return Ok(Vec::new());
        }
        let (changed, _) = self
            .change(inner, |shelf| match (row, gone) {
                (Some(Ok(row)), _) => shelf.put(row),
                (Some(Err(gone)), _) | (None, Some(gone)) => shelf.remove(&gone),
                (None, None) => {}
            })
            .await?;
        Ok(changed)
    }

    /// The same for all albums, but for those that are new.
    pub(super) async fn see_all(&self, inner: &Inner, albums: &AlbumTree) -> Result<Vec<String>> {
        let now = Shelf::of(&inner.key, albums);
        let (mut changed, before) = self.change(inner, |shelf| *shelf = now).await?;
        changed.retain(|album| before.get(album).is_some());
        Ok(changed)
    }

    /// What differs after a change, and how all was before.
    async fn change(&self, inner: &Inner, change: impl FnOnce(&mut Shelf)) -> Result<(Vec<String>, Shelf)> {
        let mut shelf = self.shelf(inner).await?;
        let before = shelf.clone();
        change(&mut shelf);
        let (changed, gone) = shelf.since(&before);
        Ok((changed.into_iter().map(|row| row.album).chain(gone).collect(), before))
    }

    async fn shelf(&self, inner: &Inner) -> Result<MappedMutexGuard<'_, Shelf>> {
        let mut known = self.shelf.lock().await;
        if known.is_none() {
            *known = Some(Shelf::new(inner.catalogue.albums(&inner.key).await?));
        }
        Ok(MutexGuard::map(known, |known| known.get_or_insert_default()))
    }

    /// The albums that an asset is in: each with the titles of the folders above it, then its own.
    pub(super) async fn of(&self, inner: &Inner, asset: &AssetId) -> Result<Vec<Vec<String>>> {
        if self.shelf(inner).await?.is_empty() {
            return Ok(Vec::new());
        }
        // Before the catalogue is asked: what is written down meanwhile is not here any more.
        let notes = self.lock().about(asset);
        let ids = std::slice::from_ref(asset);
        let listed = inner.catalogue.selections_of(&inner.key, IN, ids).await?.into_iter().flatten();
        let mut albums: BTreeSet<String> =
            listed.filter_map(|name| name.strip_prefix(IN).map(str::to_owned)).collect();
        for (album, is_in) in notes {
            if is_in {
                albums.insert(album)
            } else {
                albums.remove(&album)
            };
        }
        let shelf = self.shelf(inner).await?;
        let mut trails: Vec<_> = albums.iter().filter_map(|album| shelf.trail(album)).collect();
        trails.sort();
        trails.dedup();
        Ok(trails)
    }

    /// Adds what waits. It is known here until [`Places::written`]. Who left an album may have left the library with it, which is told in any
    /// order: for views it is remembered where they were.
    pub(super) fn collect(&self, inner: &Inner, batch: &mut Batch) {
        let mut waiting = self.lock();
        let notes = std::mem::take(&mut waiting.notes);
        waiting.leaving.extend(notes);
        for ((asset, album), is_in) in &waiting.leaving {
            let member = |list: &str| (inner.key.clone(), format!("{list}{album}"), asset.clone());
            let (now, before) = if *is_in { (IN, LEFT) } else { (LEFT, IN) };
            batch.members.extend((*is_in || inner.learns_albums()).then(|| member(now)));
            batch.gone_members.extend((!is_in || inner.learns_albums()).then(|| member(before)));
        }
    }

    /// What was collected is in the catalogue.
    pub(super) fn written(&self) {
        self.lock().leaving.clear();
    }

    pub(super) fn late(&self) -> std::sync::MutexGuard<'_, Late> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// The last word about each album.
    fn about(&self, asset: &AssetId) -> Vec<(String, bool)> {
        let from = (asset.clone(), String::new());
        let notes = [&self.leaving, &self.notes]
            .into_iter()
            .flat_map(|notes| notes.range(from.clone()..).take_while(|((id, _), _)| id == asset));
        notes.map(|((_, album), is_in)| (album.clone(), *is_in)).collect()
    }
}
