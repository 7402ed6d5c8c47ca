//! Sidecars in the course of a run: those of files that were just found or fetched, and those that only lack the name of an album.

use std::sync::atomic::Ordering::Relaxed;

use super::super::albums::Late;
use super::super::catalogue::IN;
use super::super::described::{Described, beside};
use super::super::engine::Inner;
use super::super::event::{SyncEvent, Target};
use super::super::plan::Action;
use super::Shared;
use crate::asset::{AssetId, Change};
use crate::error::Result;
use crate::storage::StoragePath;

/// Members of an album looked at in one go.
const MEMBERS: usize = 1000;

/// So many assets wait at most for the workers to end, half a megabyte.
const LATE: usize = 10_000;

impl Shared {
    /// The sidecar of a file that stands. Its failure is counted, and ends the run only if everything else would fail too.
    pub(super) async fn describe(&self, target: &Target) -> Result<()> {
        if !self.inner.gets_sidecar(&target.asset, target.role) {
            return Ok(());
        }
        let path = self.inner.described_as(&target.asset, &target.path).await;
        let described = match self.scribe.places.of(&self.inner, target.asset.id()).await {
            Ok(albums) => self.inner.describe(target, &path, &albums).await,
            Err(error) => Err(error),
        };
        self.tell_of_sidecar(&path, described).await
    }

    /// Takes note of who is in which album, and sees to it that sidecars which are there say so.
    pub(super) async fn place(&self, action: &Action) -> Result<()> {
        if !self.inner.follows_albums() {
            return Ok(());
        }
        let places = &self.scribe.places;
        let renamed = match action {
            // Its files come next.
            Action::Placed { album, asset } => {
                places.note(asset, album, true);
                Vec::new()
            }
            Action::Note {
                change: change @ (Change::Entered { album, asset } | Change::Left { album, asset }),
            } => {
                places.note(asset, album, matches!(change, Change::Entered { .. }));
                return if self.inner.sidecars { self.retag_later(asset).await } else { Ok(()) };
            }
            // Views see to that when all else is done.
            _ if !self.inner.sidecars => Vec::new(),
            Action::Note { change: change @ (Change::Album { .. } | Change::Gone { .. }) } => {
                places.see(&self.inner, change).await?
            }
            Action::Albums { albums } => places.see_all(&self.inner, albums).await?,
            _ => Vec::new(),
        };
        for album in renamed {
            self.retag_album(&album).await?;
            places.late().albums.insert(album);
        }
        Ok(())
    }

    /// A worker may be about to write the sidecar of an asset that has just come, and not have heard of the album.
    async fn retag_later(&self, asset: &AssetId) -> Result<()> {
        let many = {
            let mut late = self.scribe.places.late();
            late.assets.insert(asset.clone());
            late.assets.len() >= LATE
        };
        if many {
            // Files that have just come are looked for in the catalogue.
            self.scribe.write().await?;
            self.retag_late().await?;
        }
        Ok(())
    }

    /// Sees to those whose albums have changed in this run, once no worker is left.
    pub(super) async fn retag_late(&self) -> Result<()> {
        let Late { assets, albums } = std::mem::take(&mut *self.scribe.places.late());
        for asset in assets {
            self.retag(&asset).await?;
        }
        for album in albums {
            self.retag_album(&album).await?;
        }
        Ok(())
    }

    /// The album has another name. That is written down later: a run that is killed meanwhile begins with this again.
    async fn retag_album(&self, album: &str) -> Result<()> {
        self.scribe.write_assets().await?;
        let (selection, mut after) = (format!("{IN}{album}"), None);
        loop {
            let Inner { catalogue, key, .. } = &*self.inner;
            let assets = catalogue.members(key, &selection, after.as_ref(), MEMBERS).await?;
            let Some(last) = assets.last() else { return Ok(()) };
            after = Some(last.clone());
            for asset in &assets {
                self.retag(asset).await?;
            }
        }
    }

    /// The sidecars of an asset of which only that is known by now in which albums it is.
    async fn retag(&self, asset: &AssetId) -> Result<()> {
        let albums = self.scribe.places.of(&self.inner, asset).await?;
        for path in self.inner.described_files(asset).await? {
            let retagged = self.inner.retag(asset, &path, &albums).await;
            self.tell_of_sidecar(&path, retagged).await?;
        }
        Ok(())
    }

    async fn tell_of_sidecar(&self, path: &StoragePath, described: Result<Described>) -> Result<()> {
        // Said only where a sidecar can stand.
        let path = beside(path)?;
        match described {
            Ok(Described::Same) => {}
            Ok(Described::Written) => {
                self.tally.sidecars.fetch_add(1, Relaxed);
                self.tally.sidecars_failed_in_a_row.store(0, Relaxed);
                self.tell(SyncEvent::Described { path: &path });
            }
            Ok(Described::Left(why)) => self.tell(SyncEvent::SidecarLeft { path: &path, why: &why }),
            Err(error) => {
                self.tally.sidecars_failed.fetch_add(1, Relaxed);
                self.tell(SyncEvent::SidecarFailed { path: &path, error: &error });
                self.bear(error, &self.tally.sidecars_failed_in_a_row).await?;
            }
        }
        Ok(())
    }
}
