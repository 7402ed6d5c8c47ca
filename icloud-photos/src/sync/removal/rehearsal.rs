//! What a run would remove, before it does.
//!
//! A run removes last, when all is here that it fetches. So a rehearsal is shown the plan, action by action, and counts what would be
//! here then: it stops where the run would stop.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::catalogue::{FileRow, RemovalRow, RemovalState};
use super::super::engine::{Inner, SyncEngine};
use super::super::event::{SyncEvent, SyncObserver, SyncReport, Target};
use super::super::ledger::seconds;
use super::super::plan::Action;
use super::remote::too_young;
use super::{Census, Coming, MoveRule, RemovalEvent, Stage};
use crate::asset::{Asset, AssetId, Role};
use crate::error::Result;

/// Assets looked up in one go.
const ASSETS: usize = 100;

/// Tells what a run would remove. Changes nothing, and reads no file.
#[derive(Debug)]
#[must_use]
pub struct Rehearsal {
    inner: Arc<Inner>,
    coming: Coming,
    /// Files that the catalogue will know then, of the asset that the plan speaks of; and whether they are to be fetched.
    files: Vec<(AssetId, Role, bool)>,
    /// Assets that have such files.
    arriving: Vec<Arrival>,
    /// All of them, where several albums may show one.
    seen: HashSet<AssetId>,
    /// Assets that iCloud shows.
    shown: Vec<AssetId>,
    /// Lists that the plan left before their end.
    left_early: u64,
}

/// An asset of which the catalogue will know files then.
#[derive(Debug)]
struct Arrival {
    asset: Asset,
    roles: Vec<Role>,
    fetches: bool,
}

impl SyncEngine {
    /// Begins a rehearsal of removals.
    pub fn rehearsal(&self) -> Rehearsal {
        let (inner, coming) = (self.inner(), Coming::default());
        let (files, arriving, seen, shown) = (Vec::new(), Vec::new(), HashSet::new(), Vec::new());
        Rehearsal { inner, coming, files, arriving, seen, shown, left_early: 0 }
    }

    /// Tells what a run would remove, by what the catalogue knows now: [`SyncEngine::rehearsal`] without the plan.
    ///
    /// # Errors
    /// What iCloud and the catalogue report.
    pub async fn rehearse_removals(&self, observer: &dyn SyncObserver) -> Result<SyncReport> {
        self.rehearsal().finish(observer).await
    }
}

impl Rehearsal {
    /// Takes note of an action of the engine's plan; all of them come in order. Tells what would leave iCloud once it is fetched, after
    /// two requests for every 100 such assets.
    ///
    /// # Errors
    /// What iCloud and the catalogue report.
    pub async fn note(&mut self, action: &Action, observer: &dyn SyncObserver) -> Result<()> {
        match action {
            Action::Download { target, .. } => self.expect(target, true),
            Action::Present { target, known: false, .. } => self.expect(target, false),
            Action::Done { asset } => {
                // Not all that is fetched is of an asset that the plan goes through.
                let mut files = std::mem::take(&mut self.files);
                files.retain(|(id, ..)| id == asset.id());
                let roles: Vec<Role> = files.iter().map(|(_, role, _)| *role).collect();
                let fetches = files.iter().any(|(.., fetched)| *fetched);
                if !roles.is_empty() && self.is_first(asset) {
                    self.arriving.push(Arrival { asset: asset.clone(), roles, fetches });
                }
                if self.arriving.len() >= ASSETS {
                    self.arrive(observer).await?;
                }
                if self.inner.removals.rule.is_some() {
                    self.shown.push(asset.id().clone());
                }
                if self.shown.len() >= ASSETS {
                    self.show().await?;
                }
            }
            Action::Enough { .. } => self.left_early += 1,
            _ => {}
        }
        Ok(())
    }

    /// Notes who was hidden or deleted, by what the catalogue says, and is not any more.
    async fn show(&mut self) -> Result<()> {
        let shown = std::mem::take(&mut self.shown);
        let rows = self.inner.catalogue.assets(&self.inner.key, &shown).await?;
        let back = rows.into_iter().flatten().filter(|row| row.trashed || row.hidden);
        self.coming.shown.extend(back.map(|row| row.asset));
        Ok(())
    }

    fn is_first(&mut self, asset: &Asset) -> bool {
        self.inner.albums.len() == 1 || self.seen.insert(asset.id().clone())
    }

    fn expect(&mut self, target: &Target, fetched: bool) {
        if self.inner.removals.rule.is_some() {
            self.files.push((target.asset.id().clone(), target.role, fetched));
        }
    }

    /// Counts those that could leave then and not before. The list speaks of wanted files only: what else iCloud has a lookup says.
    async fn arrive(&mut self, observer: &dyn SyncObserver) -> Result<()> {
        let arriving = std::mem::take(&mut self.arriving);
        let inner = self.inner.clone();
        let Some(rule) = inner.removals.rule.filter(|_| !arriving.is_empty()) else { return Ok(()) };
        let ids: Vec<_> = arriving.iter().map(|arrival| arrival.asset.id().clone()).collect();
        let rows = inner.catalogue.files_of(&inner.key, &ids).await?;
        let now = seconds(inner.now()).saturating_mul(1000);
        for ((arrival, rows), asset) in arriving.iter().zip(rows).zip(inner.library.assets_by_id(&ids).await?)
        {
            self.coming.assets += u64::from(!rows.iter().any(|row| row.status.is_kept()));
            // Of whom nothing is known just now, a run would say so.
            let Ok(asset) = asset else { continue };
            if !asset.is_trashed()
                && !asset.is_hidden()
                && too_young(&asset, rule, now).is_none()
                && inner.leaves(rule, arrival, &asset, &rows).await?
            {
                self.coming.leaving += 1;
                let name = inner.layout.place(&asset).name;
                let event = RemovalEvent::WouldMove { asset: asset.id(), name: &name };
                observer.event(SyncEvent::Removal(event));
            }
        }
        Ok(())
    }

    /// Tells the rest: what would be removed by what the catalogue knows, and whether the run would stop instead. The report counts what
    /// would go.
    ///
    /// # Errors
    /// What iCloud and the catalogue report.
    pub async fn finish(mut self, observer: &dyn SyncObserver) -> Result<SyncReport> {
        self.arrive(observer).await?;
        self.show().await?;
        let Self { inner, coming, left_early, .. } = self;
        let mut report = SyncReport { left_early, ..SyncReport::default() };
        if inner.removals.any() {
            let census = Census::of(&[], true);
            let stage = Stage { inner: &inner, observer, report: &mut report, rehearsal: true, coming };
            stage.run(census, None).await.map_err(|error| error.during("remove"))?;
        }
        Ok(report)
    }
}

impl Inner {
    /// Whether an asset could leave iCloud with the files that arrive, and is not one that the catalogue names anyway.
    async fn leaves(
        &self,
        rule: MoveRule,
        arrival: &Arrival,
        asset: &Asset,
        rows: &[FileRow],
    ) -> Result<bool> {
        let is_named = match rule {
            MoveRule::OlderThan { .. } => true,
            MoveRule::Fetched => self.is_owed(asset.id()).await?,
        };
        let names = is_named && self.claimed(asset, rows, &[]).is_ok();
        let could = (is_named || arrival.fetches) && self.claimed(asset, rows, &arrival.roles).is_ok();
        Ok(could && !names)
    }

    async fn is_owed(&self, asset: &AssetId) -> Result<bool> {
        let rows = self.catalogue.removals(&self.key, std::slice::from_ref(asset)).await?;
        let ours = |row: RemovalRow| row.selection.is_some_and(|selection| selection == self.selection);
        Ok(rows.into_iter().flatten().any(|row| row.state == RemovalState::Owed && ours(row)))
    }
}
