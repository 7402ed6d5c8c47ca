//! What a run would remove, before it does.
//!
//! A run removes last, when all is here that it fetches. So a rehearsal is shown the plan, action by action, and counts what would be
//! here then: it stops where the run would stop.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::catalogue::{FileRow, RemovalRow, RemovalState};
use super::super::engine::{Inner, SyncEngine};
use super::super::event::{SyncEvent, SyncObserver, SyncReport};
use super::super::ledger::seconds;
use super::super::plan::Action;
use super::remote::too_young;
use super::{Census, Coming, Expected, Kept, MoveRule, RemovalEvent, Stage};
use crate::asset::{Asset, AssetId, Role};
use crate::error::Result;

/// Assets looked up in one go.
const ASSETS: usize = 100;

/// Tells what a run would remove. Changes nothing, and reads no file unless that is asked for ([`Rehearsal::reading`]).
#[derive(Debug)]
#[must_use]
pub struct Rehearsal {
    inner: Arc<Inner>,
    coming: Coming,
    /// Files of which the catalogue will know more then, of the asset that the plan speaks of.
    files: Vec<(AssetId, Expected)>,
    /// Assets that have such files.
    arriving: Vec<Arrival>,
    /// All of them, where several albums may show one.
    seen: HashSet<AssetId>,
    /// Assets that iCloud shows.
    shown: Vec<AssetId>,
    /// Lists that the plan left before their end, and photos that stay.
    report: SyncReport,
}

/// An asset of which the catalogue will know files then.
#[derive(Debug)]
struct Arrival {
    asset: Asset,
    files: Vec<Expected>,
}

impl SyncEngine {
    /// Begins a rehearsal of removals.
    pub fn rehearsal(&self) -> Rehearsal {
        let (inner, coming) = (self.inner(), Coming::default());
        let (files, arriving, seen, shown) = (Vec::new(), Vec::new(), HashSet::new(), Vec::new());
        Rehearsal { inner, coming, files, arriving, seen, shown, report: SyncReport::default() }
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
    /// The same with a look into the files, as a run takes before it lets a photo go: whoever could not leave iCloud is told as
    /// staying. Costs what the run would cost in reading.
    pub fn reading(mut self) -> Self {
        self.coming.reads = true;
        self
    }

    /// Takes note of an action of the engine's plan; all of them come in order. Tells what would leave iCloud once it is fetched, after
    /// two requests for every 100 such assets.
    ///
    /// # Errors
    /// What iCloud and the catalogue report.
    pub async fn note(&mut self, action: &Action, observer: &dyn SyncObserver) -> Result<()> {
        match action {
            Action::Download { target, .. } => {
                self.expect(target.asset.id(), Expected { role: target.role, row: None, fetched: true });
            }
            Action::Present { target, known: false, found, proven, doubted, .. } => {
                // What this run would fetch for another photo of the same bytes is not here either.
                let row = |found| self.inner.standing_row(target, Some(found), *proven, *doubted);
                let row = found.as_ref().map(row);
                self.expect(target.asset.id(), Expected { role: target.role, row, fetched: false });
            }
            Action::Renamed { row, found } => {
                let now = Some(row.clone().found_at(found));
                let expected = Expected { role: row.key.role, row: now, fetched: false };
                self.expect(&row.key.asset, expected);
            }
            Action::Done { asset } => {
                // Not all that is fetched is of an asset that the plan goes through.
                let mut files = std::mem::take(&mut self.files);
                files.retain(|(id, ..)| id == asset.id());
                let files: Vec<Expected> = files.into_iter().map(|(_, file)| file).collect();
                if !files.is_empty() && self.is_first(asset) {
                    self.arriving.push(Arrival { asset: asset.clone(), files });
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
            Action::Enough { .. } => self.report.left_early += 1,
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

    fn expect(&mut self, asset: &AssetId, expected: Expected) {
        if self.inner.removals.rule.is_some() {
            self.files.push((asset.clone(), expected));
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
        let assets = inner.library.assets_by_id(&ids).await?;
        for ((arrival, rows), asset) in arriving.into_iter().zip(rows).zip(assets) {
            self.coming.assets += u64::from(!rows.iter().any(|row| row.status.is_kept()));
            // Of whom nothing is known just now, a run would say so.
            let Ok(asset) = asset else { continue };
            if asset.is_trashed() || asset.is_hidden() || too_young(&asset, rule, now).is_some() {
                continue;
            }
            match inner.leaves(rule, &arrival, &asset, &rows).await? {
                Leaves::Never => {}
                Leaves::Anyway => {
                    self.coming.files.insert(asset.id().clone(), arrival.files);
                }
                Leaves::Then => {
                    self.coming.leaving += 1;
                    let verdict = self.coming.judge(&inner, &asset, rows, &arrival.files).await?;
                    self.tell_of(&asset, verdict, observer);
                }
            }
        }
        Ok(())
    }

    fn tell_of(
        &mut self,
        asset: &Asset,
        verdict: std::result::Result<(), Kept>,
        observer: &dyn SyncObserver,
    ) {
        let name = self.inner.layout.place(asset).name;
        self.inner.tell_age(asset.id(), asset.created_ms(), observer);
        let (asset, name) = (asset.id(), name.as_str());
        match &verdict {
            Ok(()) => {
                self.coming.proven += 1;
                observer.event(SyncEvent::Removal(RemovalEvent::WouldMove { asset, name }));
            }
            Err(why) => {
                self.report.withhold(why);
                observer.event(SyncEvent::Removal(RemovalEvent::Stays { asset, name, why }));
            }
        }
    }

    /// Tells the rest: what would be removed by what the catalogue knows, and whether the run would stop instead. The report counts what
    /// would go.
    ///
    /// # Errors
    /// What iCloud and the catalogue report.
    pub async fn finish(mut self, observer: &dyn SyncObserver) -> Result<SyncReport> {
        self.arrive(observer).await?;
        self.show().await?;
        let Self { inner, coming, mut report, .. } = self;
        if inner.removals.any() {
            let census = Census::of(&[], true);
            let stage = Stage { inner: &inner, observer, report: &mut report, rehearsal: true, coming };
            stage.run(census, None).await.map_err(|error| error.during("remove"))?;
        }
        Ok(report)
    }
}

/// Whether an asset could leave iCloud.
enum Leaves {
    Never,
    /// With the files that arrive.
    Then,
    /// By what the catalogue knows, whatever arrives.
    Anyway,
}

impl Inner {
    async fn leaves(
        &self,
        rule: MoveRule,
        arrival: &Arrival,
        asset: &Asset,
        rows: &[FileRow],
    ) -> Result<Leaves> {
        let is_named = match rule {
            MoveRule::OlderThan { .. } => true,
            MoveRule::Fetched => self.is_owed(asset.id()).await?,
        };
        if is_named && self.claimed(asset, rows, &[]).is_ok() {
            return Ok(Leaves::Anyway);
        }
        let fetches = arrival.files.iter().any(|file| file.fetched);
        let (rows, come) = with_expected(rows.to_vec(), &arrival.files);
        let could = (is_named || fetches) && self.claimed(asset, &rows, &come).is_ok();
        Ok(if could { Leaves::Then } else { Leaves::Never })
    }

    async fn is_owed(&self, asset: &AssetId) -> Result<bool> {
        let rows = self.catalogue.removals(&self.key, std::slice::from_ref(asset)).await?;
        let ours = |row: RemovalRow| row.selection.is_some_and(|selection| selection == self.selection);
        Ok(rows.into_iter().flatten().any(|row| row.state == RemovalState::Owed && ours(row)))
    }
}

impl Coming {
    /// Whether an asset would leave iCloud, by these rows and what will be known beyond them.
    pub(super) async fn judge(
        &self,
        inner: &Inner,
        asset: &Asset,
        rows: Vec<FileRow>,
        files: &[Expected],
    ) -> Result<std::result::Result<(), Kept>> {
        let (rows, come) = with_expected(rows, files);
        if !self.reads {
            return Ok(inner.claimed(asset, &rows, &come).map(drop));
        }
        Ok(inner.read_proof(asset, &rows, &come).await?.map(drop))
    }
}

/// Rows as they will be, and the files that are still to come.
fn with_expected(mut rows: Vec<FileRow>, files: &[Expected]) -> (Vec<FileRow>, Vec<Role>) {
    let now: Vec<FileRow> = files.iter().filter_map(|file| file.row.clone()).collect();
    // What is found where no layout puts it takes the place of all that was known of it.
    let is_replaced = |row: &FileRow, now: &FileRow| {
        now.key == row.key || now.key.tree.is_none() && now.key.is_same_file(&row.key)
    };
    rows.retain(|row| !now.iter().any(|now| is_replaced(row, now)));
    rows.extend(now);
    (rows, files.iter().filter(|file| file.row.is_none()).map(|file| file.role).collect())
}
