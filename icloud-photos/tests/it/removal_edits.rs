//! Whatever happens, a run that may delete loses nothing: what it moves out of iCloud stands here with Apple's checksum, and
//! what it removes here its owner deleted there, and the catalogue knew it as that photo's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use icloud_photos::asset::{AssetId, Role};
use icloud_photos::sync::catalogue::{Catalogue, RemovalState};
use icloud_photos::sync::{Disposal, MoveRule, Receipt, RemovalLimit, SyncBuilder};
use icloud_photos_testkit::{Edit, FaultAction, FaultRule, LibrarySpec};

use crate::changes_fold::{Dice, Scene};
use crate::copies::{Copy, checksum};
use crate::follow_edits::{disturb, options, recent, seeds, weather};

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_by_runs_that_delete() {
    let mut total = Gone::default();
    for seed in seeds(1..=12) {
        let gone = live(seed).await;
        total.moved += gone.moved;
        total.removed += gone.removed;
    }
    assert!(total.moved > 0 && total.removed > 0, "some were deleted: {total:?}");
}

#[derive(Debug, Default)]
struct Gone {
    moved: u64,
    removed: u64,
}

async fn live(seed: u64) -> Gone {
    let mut dice = Dice(seed);
    let size = 30 + dice.roll(60) as u64;
    let mut copy = Copy::of(LibrarySpec::everyday(seed, size).with_same_length_twins()).await;
    let recent = recent(&mut dice, size);
    let choose = options(&mut dice, None, recent);
    let disposal = [None, Some(Disposal::Trash), Some(Disposal::Remove)][dice.roll(3)];
    let rule = [
        None,
        Some(MoveRule::Fetched),
        Some(MoveRule::OlderThan { days: 0 }),
        Some(MoveRule::OlderThan { days: 2000 }),
    ][dice.roll(4)];
    let limit = RemovalLimit::new([0.1, 1.0][dice.roll(2)]);
    copy.choose = Arc::new(move |library, builder: SyncBuilder| {
        choose(library, builder).mirror(disposal).move_out(rule).removal_limit(limit)
    });
    let about = format!("seed {seed}, {disposal:?}, {rule:?}, {recent:?}");
    let mut gone = Gone::default();
    for round in 0..6 {
        let mut rules = if dice.roll(2) == 0 { weather(&mut dice) } else { Vec::new() };
        rules.extend(gaps(&mut dice));
        copy.faults(rules);
        let before = Before::of(&copy).await;
        if let Ok(report) = copy.run().await {
            gone.moved += report.moved;
            gone.removed += report.removed;
        }
        copy.faults(Vec::new());
        before.check(&copy, &format!("{about}, round {round}")).await;
        let mut scene = Scene::of(&copy.world);
        (0..dice.roll(20)).for_each(|_| disturb(&copy, &mut scene, &mut dice));
        let trash = scene.assets.get(dice.roll(scene.assets.len())).cloned();
        trash.map(|asset| copy.world.library().edit(&asset, &Edit::Trash, copy.world.cloud.now_ms()));
        let paths = copy.paths().await;
        for _ in 0..dice.roll(3).min(paths.len()) {
            let path = &paths[dice.roll(paths.len())];
            match dice.roll(2) {
                0 => copy.put(path, vec![7; 10 + round]).await,
                _ => copy.remove(path).await,
            }
        }
    }
    gone
}

/// Answers that get lost, or do not speak of all that was asked about.
fn gaps(dice: &mut Dice) -> Vec<FaultRule> {
    let short = |dice: &mut Dice| FaultAction::ShortList { keep: dice.roll(4) };
    let mut rules = Vec::new();
    if dice.roll(3) == 0 {
        let rule = FaultRule::new("cloudkit/records/lookup", short(dice));
        rules.push(rule.after(dice.roll(5) as u64).times(1 + dice.roll(3) as u64));
    }
    if dice.roll(3) == 0 {
        let actions = [FaultAction::Cut { after: 10 }, short(dice), FaultAction::status(503)];
        let rule = FaultRule::new("cloudkit/records/modify", actions[dice.roll(3)].clone());
        rules.push(rule.times(1 + dice.roll(6) as u64));
    }
    rules
}

/// What stood here before a run, and whose it was, and who was in Recently Deleted.
struct Before {
    owners: BTreeMap<String, BTreeSet<(AssetId, Role)>>,
    contents: BTreeSet<String>,
    deleted: BTreeSet<String>,
    shown: BTreeSet<String>,
}

impl Before {
    async fn of(copy: &Copy) -> Self {
        let mut owners: BTreeMap<String, BTreeSet<(AssetId, Role)>> = BTreeMap::new();
        for row in copy.rows().await {
            let Some(path) = row.path.filter(|_| row.status.is_kept()) else { continue };
            owners.entry(path.to_string()).or_default().insert((row.key.asset, row.key.role));
        }
        Self { owners, contents: contents(copy).await, deleted: deleted(copy), shown: copy.shown() }
    }

    async fn check(&self, copy: &Copy, about: &str) {
        let now = contents(copy).await;
        // Who was deleted by its owner: whoever is in Recently Deleted, or gone from there too, and not by our hand.
        let sent = sent(copy).await;
        let rows = copy.rows().await;
        for lost in self.contents.difference(&now) {
            let (path, content) = lost.rsplit_once(' ').unwrap();
            let owners = self.owners.get(path);
            let theirs = |id: &AssetId| !self.shown.contains(id.as_str()) && !sent.contains_key(id);
            // One who was edited since has another file by now.
            let edited = |(id, role): &(AssetId, Role)| {
                let mut theirs = rows.iter().filter(|row| row.key.asset == *id && row.key.role == *role);
                theirs.any(|row| {
                    row.status.is_proof() && row.checksum.is_some_and(|sum| sum.to_string() != content)
                })
            };
            assert!(
                owners.is_some_and(|owners| owners.iter().all(|owner| theirs(&owner.0) || edited(owner))),
                "{about}: {path} of {owners:?} was removed"
            );
        }
        let deleted = deleted(copy);
        for (asset, receipt) in sent
            .iter()
            .filter(|(asset, _)| deleted.contains(asset.as_str()) && !self.deleted.contains(asset.as_str()))
        {
            for file in receipt.files() {
                let bytes = copy.bytes(&file.path).await;
                assert_eq!(checksum(&bytes).to_string(), file.checksum, "{about}: {asset}");
            }
        }
        let by_us =
            deleted.difference(&self.deleted).filter(|id| !sent.contains_key(&AssetId::new(id.as_str())));
        assert_eq!(by_us.count(), 0, "{about}: something was deleted in iCloud without a receipt");
    }
}

/// Path and checksum of every file, without the trash.
async fn contents(copy: &Copy) -> BTreeSet<String> {
    let mut contents = BTreeSet::new();
    for path in copy.paths().await.into_iter().filter(|path| !path.starts_with(".icloud-photos-trash")) {
        contents.insert(format!("{path} {}", checksum(&copy.bytes(&path).await)));
    }
    contents
}

fn deleted(copy: &Copy) -> BTreeSet<String> {
    let truth = copy.world.truth();
    let assets = truth["assets"].as_array().unwrap().iter().filter(|asset| asset["deleted"] == true);
    assets.map(|asset| asset["id"].as_str().unwrap().to_owned()).collect()
}

async fn sent(copy: &Copy) -> BTreeMap<AssetId, Receipt> {
    let ids: BTreeSet<AssetId> = copy.rows().await.into_iter().map(|row| row.key.asset).collect();
    let ids: Vec<AssetId> = ids.into_iter().collect();
    let Some(key) = copy.rows().await.first().map(|row| row.key.library.clone()) else {
        return BTreeMap::new();
    };
    let rows = copy.catalogue.removals(&key, &ids).await.unwrap().into_iter().flatten();
    let sent = rows.filter(|row| row.state == RemovalState::Sent);
    sent.map(|row| (row.asset, serde_json::from_str(&row.receipt.unwrap()).unwrap())).collect()
}
