//! How assets and albums were last seen, on its way into the catalogue.
//!
//! What a run sees waits here until there is enough of it, is compared with what the catalogue has, and only what differs is
//! written: a run that meets nothing new writes nothing. It is all written before the token that covers it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use super::catalogue::{AlbumRow, AssetRow, Batch};
use super::engine::Inner;
use super::shelf::{Shelf, kind};
use crate::asset::{Asset, AssetId, Change, Role};
use crate::error::Result;
use crate::library::AlbumTree;

/// So much waits at most, some megabytes. Ids are random: a commit touches most pages of the catalogue's indexes, whatever it
/// brings.
const ROWS: usize = 8000;

/// What waits to be compared and written.
#[derive(Debug)]
pub(super) struct Books {
    /// The roles that files are asked for.
    roles: Vec<Role>,
    waiting: Mutex<Waiting>,
    /// The catalogue knew no asset of the library when the run began: there is nothing to compare with.
    is_new: OnceCell<bool>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// The last word about each asset; `None` for one that is gone, if it was one.
    assets: BTreeMap<AssetId, Option<AssetRow>>,
    albums: Vec<AlbumNote>,
}

#[derive(Debug)]
enum AlbumNote {
    All(Shelf),
    /// The path is only its title.
    One(AlbumRow),
    Gone(String),
}

impl Books {
    pub(super) fn new(inner: &Inner) -> Self {
        Self { roles: inner.roles(), waiting: Mutex::default(), is_new: OnceCell::new() }
    }

    /// An asset as it is.
    pub(super) fn see(&self, inner: &Inner, asset: &Asset) {
        if inner.remembers() {
            let row = AssetRow::of(&inner.key, asset, &self.roles);
            self.lock().assets.insert(row.asset.clone(), Some(row));
        }
    }

    /// The user's albums, all of them.
    pub(super) fn see_albums(&self, inner: &Inner, albums: &AlbumTree) {
        if inner.remembers() {
            self.lock().albums.push(AlbumNote::All(Shelf::of(&inner.key, albums)));
        }
    }

    /// What the history told.
    pub(super) fn note(&self, inner: &Inner, change: &Change) {
        if !inner.remembers() {
            return;
        }
        match change {
            Change::Asset(asset) | Change::Trashed(asset) => self.see(inner, asset),
            Change::Gone { record } => {
                let mut waiting = self.lock();
                waiting.assets.insert(AssetId::new(record.as_str()), None);
                waiting.albums.push(AlbumNote::Gone(record.clone()));
            }
            Change::Album { .. } => self.lock().albums.extend(inner.album_row(change).map(|row| match row {
                Ok(row) => AlbumNote::One(row),
                Err(gone) => AlbumNote::Gone(gone),
            })),
            _ => {}
        }
    }

    /// Whether so much waits that it should be written down.
    pub(super) fn is_full(&self) -> bool {
        let waiting = self.lock();
        waiting.assets.len() >= ROWS || waiting.albums.len() >= ROWS
    }

    /// Whether writing cannot keep up.
    pub(super) fn is_overfull(&self) -> bool {
        self.lock().assets.len() >= 2 * ROWS
    }

    /// Adds what differs from what the catalogue has. One at a time.
    pub(super) async fn collect(&self, inner: &Inner, batch: &mut Batch) -> Result<()> {
        let Waiting { assets, albums } = std::mem::take(&mut *self.lock());
        if assets.is_empty() && albums.is_empty() {
            return Ok(());
        }
        let is_new = self.is_new.get_or_try_init(async || inner.knows_assets().await.map(|knows| !knows));
        let seen = match *is_new.await? {
            true => inner.all_of(assets),
            false => inner.differing(assets).await?,
        };
        (batch.assets, batch.gone_assets) = (seen.assets, seen.gone_assets);
        if !albums.is_empty() {
            let before = Shelf::new(inner.catalogue.albums(&inner.key).await?);
            let mut now = before.clone();
            albums.into_iter().for_each(|note| now.take_note(note));
            let (changed, gone) = now.since(&before);
            batch.albums = changed;
            batch.gone_albums = gone.into_iter().map(|album| (inner.key.clone(), album)).collect();
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn take_note(&mut self, note: AlbumNote) {
        match note {
            AlbumNote::All(all) => *self = all,
            AlbumNote::One(row) => self.put(row),
            AlbumNote::Gone(album) => self.remove(&album),
        }
    }
}

impl Inner {
    fn all_of(&self, assets: BTreeMap<AssetId, Option<AssetRow>>) -> Batch {
        let mut batch = Batch::default();
        for (id, row) in assets {
            match row {
                Some(row) => batch.assets.push(row),
                None => batch.gone_assets.push((self.key.clone(), id)),
            }
        }
        batch
    }

    async fn differing(&self, assets: BTreeMap<AssetId, Option<AssetRow>>) -> Result<Batch> {
        let (ids, seen): (Vec<AssetId>, Vec<_>) = assets.into_iter().unzip();
        let mut batch = Batch::default();
        if ids.is_empty() {
            return Ok(batch);
        }
        let known = self.catalogue.assets(&self.key, &ids).await?;
        for ((id, now), before) in ids.into_iter().zip(seen).zip(known) {
            match (now, before) {
                (None, Some(_)) => batch.gone_assets.push((self.key.clone(), id)),
                (Some(now), Some(before)) if now != before => {
                    let now = now.after(&before);
                    batch.assets.extend((now != before).then_some(now));
                }
                (Some(now), None) => batch.assets.push(now),
                _ => {}
            }
        }
        Ok(batch)
    }

    /// The row of a [`Change::Album`], with its title for a path; `Err` for an album that is gone.
    pub(super) fn album_row(&self, change: &Change) -> Option<std::result::Result<AlbumRow, String>> {
        let Change::Album { id, name, parent, kind: of, deleted } = change else { return None };
        if *deleted {
            return Some(Err(id.to_string()));
        }
        let title = name.clone().unwrap_or_default();
        let mut row = AlbumRow::new(self.key.clone(), id.as_str(), title, kind(*of));
        row.parent = parent.as_ref().map(ToString::to_string);
        Some(Ok(row))
    }
}
