//! Moving assets out of iCloud.

use super::super::catalogue::{Batch, FileKey, RemovalRow, RemovalState};
use super::super::engine::{Inner, SyncEngine};
use super::super::event::{SyncEvent, SyncObserver, SyncReport};
use super::super::ledger::seconds;
use super::super::store::{self, require_own};
use super::candidates::{Candidates, Source};
use super::foresight::{Foreseen, Staying};
use super::{Census, Kept, MoveRule, Receipt, RemovalEvent, Stage};
use crate::asset::{Asset, AssetId};
use crate::error::{Error, ErrorKind, Result};

/// Rows of the catalogue looked at in one go.
pub(super) const ROWS: usize = 1000;

/// Assets looked up, proven and moved in one go.
pub(super) const ASSETS: usize = 100;

const DAY: i64 = 24 * 60 * 60 * 1000;

impl Stage<'_> {
    /// Moves out what `rule` says. Counts first what may go, so that nothing goes when too much would.
    pub(super) async fn move_out(&mut self, rule: MoveRule, token: Option<&str>, _: Census) -> Result<()> {
        let all = self.inner.count_assets().await? + self.coming.assets;
        let limit = self.inner.removals.limit;
        let mut eligible = Vec::new();
        let (mut count, mut proven) = (self.coming.leaving, self.coming.proven);
        let mut candidates = Candidates::of(self.inner, rule, token).await?;
        // Where a list says who may go, nobody does before it was read to its end.
        let at_once = limit.is_none() && !matches!(candidates.source, Source::Lists { .. });
        while let Some(ids) = candidates.next().await? {
            let coming = self.rehearsal.then_some(&self.coming);
            let Foreseen { open, staying } = self.inner.foresee(&ids, rule, coming).await?;
            staying.iter().for_each(|staying| self.foreseen(staying));
            let assets = self.judge(&open, rule).await?;
            let assets = self.sort_out(assets).await?;
            count += assets.len() as u64;
            if self.rehearsal {
                proven += self.rehearse(assets).await?;
            } else if at_once {
                self.let_go(assets).await?;
            } else if eligible.len() as u64 <= limit.of(all) {
                eligible.extend(assets.into_iter().map(|asset| asset.id().clone()));
            }
        }
        let whole = candidates.whole;
        if whole && !self.rehearsal {
            candidates.remember(token).await?;
        }
        if !whole {
            self.withhold();
        } else if self.rehearsal {
            self.report.moved = proven;
            self.warn_of_limit(count, all);
        } else if count > limit.of(all) {
            for ids in eligible.chunks(ASSETS) {
                self.judge(ids, rule).await?.iter().for_each(|asset| self.would_move(asset));
            }
            self.stop(count, all);
        } else {
            for ids in eligible.chunks(ASSETS) {
                let assets = self.judge(ids, rule).await?;
                self.let_go(assets).await?;
            }
        }
        Ok(())
    }

    /// What is to be said of an asset of which the catalogue knows that it stays.
    fn foreseen(&mut self, Staying { asset, name, created, why }: &Staying) {
        self.inner.tell_age(asset, *created, self.observer);
        self.report.withheld += u64::from(!matches!(why, Kept::Young { .. } | Kept::NoDate));
        self.report.damaged += u64::from(is_damage(why) || self.is_lost(why));
        self.tell(RemovalEvent::Stays { asset, name, why });
    }

    /// It was fetched a moment ago, and the storage took it.
    fn is_lost(&self, why: &Kept) -> bool {
        self.inner.removals.rule == Some(MoveRule::Fetched) && matches!(why, Kept::Missing { .. })
    }

    fn would_move(&self, asset: &Asset) {
        let name = self.inner.layout.place(asset).name;
        self.inner.tell_age(asset.id(), asset.created_ms(), self.observer);
        self.tell(RemovalEvent::WouldMove { asset: asset.id(), name: &name });
    }

    /// Those of these assets that may go by their dates, as iCloud has them now. Their files are not looked at yet.
    async fn judge(&mut self, ids: &[AssetId], rule: MoveRule) -> Result<Vec<Asset>> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let (mut eligible, mut gone) = (Vec::new(), Vec::new());
        let now = seconds(self.inner.now()).saturating_mul(1000);
        for (id, asset) in ids.iter().zip(self.inner.library.assets_by_id(&ids).await?) {
            let asset = match asset {
                Ok(asset) if asset.is_trashed() => {
                    gone.push(id.clone());
                    continue;
                }
                Ok(asset) => asset,
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    gone.push(id.clone());
                    continue;
                }
                Err(error) => {
                    self.refused(id, id.as_str(), &error);
                    continue;
                }
            };
            if asset.is_hidden() || self.inner.reason_to_skip(&asset).is_some() {
                continue;
            }
            match too_young(&asset, rule, now) {
                None => eligible.push(asset),
                Some(why) => self.stays(&asset, &why),
            }
        }
        if !self.rehearsal {
            self.inner.settle(gone).await?;
        }
        Ok(eligible)
    }

    /// Those of these assets whose files could be proven, by what the catalogue says. The others would never go, and count for nothing.
    async fn sort_out(&mut self, assets: Vec<Asset>) -> Result<Vec<Asset>> {
        let verdicts = self.inner.provable(&assets).await?;
        let (mut able, mut unable) = (Vec::new(), Vec::new());
        for (asset, verdict) in assets.into_iter().zip(verdicts) {
            match verdict {
                Ok(()) => able.push(asset),
                // What a run would fetch first is not known to the catalogue yet.
                Err(_) if self.rehearsal => {}
                Err(why) => {
                    self.report.withheld += 1;
                    self.stays(&asset, &why);
                    unable.push(asset);
                }
            }
        }
        // The next run need not ask.
        self.inner.learn(&unable).await?;
        Ok(able)
    }

    fn stays(&mut self, asset: &Asset, why: &Kept) {
        let name = self.inner.layout.place(asset).name;
        self.inner.tell_age(asset.id(), asset.created_ms(), self.observer);
        self.tell(RemovalEvent::Stays { asset: asset.id(), name: &name, why });
    }

    /// Tells of each whether it would go, by its files as they are and will be; counts those that would.
    async fn rehearse(&mut self, assets: Vec<Asset>) -> Result<u64> {
        let ids: Vec<_> = assets.iter().map(|asset| asset.id().clone()).collect();
        let rows = self.inner.catalogue.files_of(&self.inner.key, &ids).await?;
        let mut would = 0;
        for (asset, rows) in assets.iter().zip(rows) {
            let files = self.coming.files.get(asset.id()).map_or(&[][..], Vec::as_slice);
            match self.coming.judge(self.inner, asset, rows, files).await? {
                Ok(()) => {
                    would += 1;
                    self.would_move(asset);
                }
                Err(why) => self.withhold_one(asset, &why),
            }
        }
        Ok(would)
    }

    fn withhold_one(&mut self, asset: &Asset, why: &Kept) {
        self.report.withhold(why);
        self.report.damaged += u64::from(self.is_lost(why));
        self.stays(asset, why);
    }

    /// Proves the files of each, and moves those that are proven.
    async fn let_go(&mut self, assets: Vec<Asset>) -> Result<()> {
        let mut proven = Vec::new();
        for asset in assets {
            match self.inner.prove(&asset).await? {
                Ok(receipt) => proven.push((asset, receipt)),
                Err(why) => self.withhold_one(&asset, &why),
            }
        }
        let Moved { outcomes, ended } = self.inner.move_proven(proven).await?;
        for (asset, outcome) in outcomes {
            let name = self.inner.layout.place(&asset).name;
            match outcome {
                Ok(()) => {
                    self.report.moved += 1;
                    self.inner.tell_age(asset.id(), asset.created_ms(), self.observer);
                    self.tell(RemovalEvent::Moved { asset: asset.id(), name: &name });
                }
                // The error that ends the run says it for all of them.
                Err(_) if ended.is_some() => {}
                Err(error) => self.refused(asset.id(), &name, &error),
            }
        }
        ended.map_or(Ok(()), Err)
    }

    fn refused(&mut self, asset: &AssetId, name: &str, error: &Error) {
        self.report.failed += 1;
        self.tell(RemovalEvent::Refused { asset, name, error });
    }
}

impl Inner {
    /// Tells how old an asset is, where that is what matters.
    pub(super) fn tell_age(&self, asset: &AssetId, created: Option<i64>, observer: &dyn SyncObserver) {
        let Some((MoveRule::OlderThan { days: keep }, at)) = self.removals.rule.zip(created) else { return };
        let (Ok(created) | Err(created)) = self.layout.zone().of_asset_date(Some(at));
        let days = age(at, seconds(self.now()).saturating_mul(1000));
        observer.event(SyncEvent::Removal(RemovalEvent::Aged { asset, created: &created, keep, days }));
    }
}

/// Why an asset stays by its date. icloudpd's rule: whole spans of 24 hours, rounded down.
pub(super) fn too_young(asset: &Asset, rule: MoveRule, now: i64) -> Option<Kept> {
    let MoveRule::OlderThan { days } = rule else { return None };
    if asset.created().is_none() {
        return Some(Kept::NoDate);
    }
    let age = age(asset.created_ms()?, now);
    (age < i64::from(days)).then_some(Kept::Young { days: age })
}

impl SyncReport {
    /// Counts an asset that stays for something about it is not proven.
    pub(super) fn withhold(&mut self, why: &Kept) {
        self.withheld += 1;
        self.damaged += u64::from(is_damage(why));
    }
}

fn is_damage(why: &Kept) -> bool {
    matches!(why, Kept::Differs { .. } | Kept::Unreadable { .. })
}

/// Days from one moment to another, both in milliseconds.
pub(super) fn age(created: i64, now: i64) -> i64 {
    now.saturating_sub(created).div_euclid(DAY)
}

impl SyncEngine {
    /// Moves assets to Recently Deleted on receipts that were made earlier. Each asset is looked up and its files are read again: what
    /// no longer agrees with its receipt stays. Results are in the order of the receipts.
    ///
    /// # Errors
    /// What iCloud and the catalogue report.
    pub async fn move_out(&self, receipts: &[Receipt]) -> Result<Vec<std::result::Result<Result<()>, Kept>>> {
        let inner = self.inner();
        require_own(&*inner.storage, &*inner.catalogue).await?;
        inner.recall_moved().await?;
        let mut results = Vec::new();
        for receipts in receipts.chunks(ASSETS) {
            let ids: Vec<_> = receipts.iter().map(Receipt::asset).collect();
            let assets = inner.library.assets_by_id(&ids).await?;
            let (mut proven, mut places) = (Vec::new(), Vec::new());
            for (receipt, asset) in receipts.iter().zip(assets) {
                let outcome = match asset {
                    Ok(asset) if !asset.is_trashed() => inner.prove_again(asset, receipt).await?,
                    Ok(_) => Err(Kept::Gone),
                    Err(error) if error.kind() == ErrorKind::NotFound => Err(Kept::Gone),
                    Err(error) => {
                        results.push(Ok(Err(error)));
                        continue;
                    }
                };
                match outcome {
                    Ok(fresh) => {
                        places.push(results.len());
                        results.push(Ok(Ok(())));
                        proven.push(fresh);
                    }
                    Err(why) => results.push(Err(why)),
                }
            }
            let Moved { outcomes, ended } = inner.move_proven(proven).await?;
            if let Some(error) = ended {
                return Err(error);
            }
            for (place, (_, outcome)) in places.into_iter().zip(outcomes) {
                results[place] = Ok(outcome);
            }
        }
        Ok(results)
    }
}

impl Inner {
    async fn prove_again(
        &self,
        asset: Asset,
        receipt: &Receipt,
    ) -> Result<std::result::Result<(Asset, Receipt), Kept>> {
        Ok(match self.prove(&asset).await? {
            Ok(fresh) if fresh.agrees_with(receipt) => Ok((asset, fresh)),
            Ok(_) => Err(Kept::OtherReceipt),
            Err(why) => Err(why),
        })
    }

    /// These are not in the library any more: what was sent has arrived, what was owed is no longer ours to send.
    async fn settle(&self, gone: Vec<AssetId>) -> Result<()> {
        let mut batch = Batch::default();
        for row in self.catalogue.removals(&self.key, &gone).await?.into_iter().flatten() {
            match row.state {
                RemovalState::Owed => batch.gone_removals.push((row.library, row.asset)),
                RemovalState::Sent if row.selection.is_some() => {
                    batch.removals.push(RemovalRow { selection: None, ..row });
                }
                RemovalState::Sent => {}
            }
        }
        if batch.is_empty() { Ok(()) } else { self.catalogue.commit(batch).await }
    }

    /// The only way out of iCloud. What is about to go is written down before, so that nobody takes it for deleted by its owner, even if
    /// the answer never comes, or iCloud does later what it refused to do at first: nothing of it is ever taken back.
    async fn move_proven(&self, proven: Vec<(Asset, Receipt)>) -> Result<Moved> {
        if proven.is_empty() {
            return Ok(Moved::default());
        }
        let ids: Vec<_> = proven.iter().map(|(asset, _)| asset.id().clone()).collect();
        let before = self.catalogue.removals(&self.key, &ids).await?;
        // Before the rows, so that a full disk leaves them as they were. What was sent before is written down already.
        let new = proven.iter().zip(&before).filter(|((_, receipt), row)| !is_sent(row, receipt));
        let record = self.write_down(new.map(|((_, receipt), _)| receipt)).await?;
        let at = seconds(self.now());
        let sent = proven.iter().map(|(asset, receipt)| RemovalRow {
            receipt: serde_json::to_string(receipt).ok(),
            ..RemovalRow::new(self.key.clone(), asset.id().clone(), RemovalState::Sent, at)
        });
        let sent: Vec<RemovalRow> = sent.collect();
        // Until it is known what became of it, whoever asked for it may ask again.
        let asking = (self.removals.rule == Some(MoveRule::Fetched)).then(|| self.selection.clone());
        let asked = sent.iter().map(|row| RemovalRow { selection: asking.clone(), ..row.clone() });
        let mut asked = Batch { removals: asked.collect(), ..Batch::default() };
        if let Some(number) = record.as_ref().and_then(store::number_of) {
            asked.progress.extend(self.recalled_with(number).await?);
        }
        self.catalogue.commit(asked).await?;
        let assets: Vec<Asset> = proven.into_iter().map(|(asset, _)| asset).collect();
        let (mut outcomes, ended) = match self.library.move_to_recently_deleted(&assets).await {
            Ok(outcomes) => (outcomes, None),
            Err(error) => (assets.iter().map(|_| Err(error.duplicate())).collect(), Some(error)),
        };
        self.make_sure(&assets, &mut outcomes).await;
        let mut back = Batch::default();
        if asking.is_some() {
            let gone = sent.into_iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_ok());
            back.removals.extend(gone.map(|(row, _)| row));
        }
        if !back.is_empty() {
            self.catalogue.commit(back).await?;
        }
        let ended = ended.filter(|_| outcomes.iter().any(Result::is_err));
        Ok(Moved { outcomes: assets.into_iter().zip(outcomes).collect(), ended })
    }

    /// Looks up what did not get a yes: an answer may have been lost on its way, and to the second request iCloud then answers that
    /// the photo was changed meanwhile, by the first. What lies in Recently Deleted was moved.
    async fn make_sure(&self, assets: &[Asset], outcomes: &mut [Result<()>]) {
        let doubtful = assets.iter().zip(outcomes).filter(|(_, outcome)| outcome.is_err());
        let (ids, doubtful): (Vec<_>, Vec<_>) =
            doubtful.map(|(asset, outcome)| (asset.id().clone(), outcome)).unzip();
        match self.library.assets_by_id(&ids).await {
            Ok(found) => {
                for (outcome, found) in doubtful.into_iter().zip(found) {
                    if found.is_ok_and(|asset| asset.is_trashed()) {
                        *outcome = Ok(());
                    }
                }
            }
            Err(error) => {
                tracing::debug!(%error, "what became of photos that were to leave iCloud is not known");
            }
        }
    }

    /// How many assets have files here.
    async fn count_assets(&self) -> Result<u64> {
        let (mut count, mut after, mut last) = (0, None::<FileKey>, None::<AssetId>);
        loop {
            let rows = self.catalogue.files(Some(&self.key), after.as_ref(), ROWS).await?;
            let Some(end) = rows.last() else { return Ok(count) };
            after = Some(end.key.clone());
            for row in rows.into_iter().filter(|row| row.status.is_kept()) {
                if last.as_ref() != Some(&row.key.asset) {
                    count += 1;
                    last = Some(row.key.asset);
                }
            }
        }
    }
}

/// Whether an asset was sent on the same proof.
pub(super) fn is_sent(row: &Option<RemovalRow>, receipt: &Receipt) -> bool {
    let sent = row.as_ref().filter(|row| row.state == RemovalState::Sent);
    sent.and_then(RemovalRow::receipt).is_some_and(|sent| sent.agrees_with(receipt))
}

/// What became of assets that were to leave iCloud.
#[derive(Default)]
struct Moved {
    outcomes: Vec<(Asset, Result<()>)>,
    /// The request failed, and not all of them went all the same: others would fare no better.
    ended: Option<Error>,
}
