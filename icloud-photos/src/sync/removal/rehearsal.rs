//! What a run would remove, before it does.
//!
//! A run removes last, when all is here that it fetches. So a rehearsal is shown the plan, action by action, and counts what would be
//! here then: it stops where the run would stop.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::catalogue::{RemovalRow, RemovalState};
use super::super::engine::{Inner, SyncEngine};
use super::super::event::{SyncEvent, SyncObserver, SyncReport, Target};
use super::super::ledger::seconds;
use super::super::plan::Action;
use super::remote::too_young;
use super::{Census, Coming, MoveRule, RemovalEvent, Stage};
use crate::asset::{Asset, AssetId, Role};
use crate::error::Result;

/// Tells what a run would remove. Changes nothing, and reads no file.
#[derive(Debug)]
#[must_use]
pub struct Rehearsal {
    inner: Arc<Inner>,
    coming: Coming,
    /// Files that the catalogue will know then, of the asset that the plan speaks of; and whether they are to be fetched.
    arriving: Vec<(AssetId, Role, bool)>,
    /// Assets of which files arrive, where several albums may show one.
    seen: HashSet<AssetId>,
}

impl SyncEngine {
    /// Begins a rehearsal of removals. Nothing is sent before [`Rehearsal::finish`].
    pub fn rehearsal(&self) -> Rehearsal {
        Rehearsal {
            inner: self.inner(),
            coming: Coming::default(),
            arriving: Vec::new(),
            seen: HashSet::new(),
        }
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
    /// Takes note of an action of the engine's plan; all of them come in order. Tells what would leave iCloud once it is fetched.
    ///
    /// # Errors
    /// What the catalogue reports.
    pub async fn note(&mut self, action: &Action, observer: &dyn SyncObserver) -> Result<()> {
        match action {
            Action::Download { target, .. } => self.expect(target, true),
            Action::Present { target, known: false, .. } => self.expect(target, false),
            Action::Done { asset } => {
                // Not all that is fetched is of an asset that the plan goes through.
                let mut arriving = std::mem::take(&mut self.arriving);
                arriving.retain(|(id, ..)| id == asset.id());
                let roles: Vec<Role> = arriving.iter().map(|(_, role, _)| *role).collect();
                let fetches = arriving.iter().any(|(.., fetched)| *fetched);
                if !roles.is_empty() && self.is_first(asset) {
                    self.arrives(asset, &roles, fetches, observer).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn is_first(&mut self, asset: &Asset) -> bool {
        self.inner.albums.len() == 1 || self.seen.insert(asset.id().clone())
    }

    fn expect(&mut self, target: &Target, fetched: bool) {
        self.arriving.push((target.asset.id().clone(), target.role, fetched));
    }

    async fn arrives(
        &mut self,
        asset: &Asset,
        arriving: &[Role],
        fetches: bool,
        observer: &dyn SyncObserver,
    ) -> Result<()> {
        let inner = &self.inner;
        let Some(rule) = inner.removals.rule else { return Ok(()) };
        let id = std::slice::from_ref(asset.id());
        let rows = inner.catalogue.files_of(&inner.key, id).await?.into_iter().next().unwrap_or_default();
        self.coming.assets += u64::from(!rows.iter().any(|row| row.status.is_kept()));
        let now = seconds(inner.now()).saturating_mul(1000);
        if too_young(asset, rule, now).is_some() || inner.claimed(asset, &rows, arriving).is_err() {
            return Ok(());
        }
        let is_named = match rule {
            MoveRule::OlderThan { .. } => true,
            MoveRule::Fetched => inner.is_owed(asset.id()).await?,
        };
        if !(is_named || fetches) {
            return Ok(());
        }
        // The catalogue names it anyway.
        if is_named && inner.claimed(asset, &rows, &[]).is_ok() {
            return Ok(());
        }
        self.coming.leaving += 1;
        let name = inner.layout.place(asset).name;
        observer.event(SyncEvent::Removal(RemovalEvent::WouldMove { asset: asset.id(), name: &name }));
        Ok(())
    }

    /// Tells the rest: what would be removed by what the catalogue knows, and whether the run would stop instead.
    ///
    /// # Errors
    /// What iCloud and the catalogue report.
    pub async fn finish(self, observer: &dyn SyncObserver) -> Result<SyncReport> {
        let Self { inner, coming, .. } = self;
        let mut report = SyncReport::default();
        if inner.removals.any() {
            let census = Census::of(&[], true, false);
            let stage = Stage { inner: &inner, observer, report: &mut report, rehearsal: true, coming };
            stage.run(census, None).await.map_err(|error| error.during("remove"))?;
        }
        Ok(report)
    }
}

impl Inner {
    async fn is_owed(&self, asset: &AssetId) -> Result<bool> {
        let rows = self.catalogue.removals(&self.key, std::slice::from_ref(asset)).await?;
        let ours = |row: RemovalRow| row.selection.is_some_and(|selection| selection == self.selection);
        Ok(rows.into_iter().flatten().any(|row| row.state == RemovalState::Owed && ours(row)))
    }
}
