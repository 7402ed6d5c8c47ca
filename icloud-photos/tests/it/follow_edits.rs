//! Whatever happens to a library, following it leads to the copy that a first run would make.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use futures::StreamExt;
use icloud_photos::asset::AssetId;
use icloud_photos::sync::SyncBuilder;
use icloud_photos::sync::catalogue::AssetRow;
use icloud_photos::sync::layout::{LayoutOptions, LiveNaming, LiveSize, NamePolicy, RawAlign, Size};
use icloud_photos::{Album, Library};
use icloud_photos_testkit::{Edit, FaultAction, FaultRule, LibrarySpec};

use crate::changes_fold::{Dice, Scene};
use crate::copies::{Choose, Copy, Held, checksum, status};

/// Options at random.
pub(crate) fn options(dice: &mut Dice, album: Option<Album>, recent: Option<u64>) -> Choose {
    let sizes = [Size::Original, Size::Adjusted, Size::Alternative, Size::Medium, Size::Thumb];
    let sizes: Vec<Size> = match dice.roll(3) {
        0 => vec![Size::Original],
        1 => vec![Size::Original, Size::Adjusted],
        _ => sizes.into_iter().filter(|_| dice.roll(2) == 0).collect(),
    };
    let live = [None, Some(LiveSize::Original), Some(LiveSize::Medium)][dice.roll(3)];
    let layout = LayoutOptions::default()
        .sizes(sizes)
        .live_photos(live)
        .force_size(dice.roll(4) == 0)
        .keep_unicode(dice.roll(2) == 0)
        .names([NamePolicy::SizeDedup, NamePolicy::Id7][dice.roll(2)])
        .live_naming([LiveNaming::Suffix, LiveNaming::Original][dice.roll(2)])
        .align_raw([RawAlign::AsIs, RawAlign::Original, RawAlign::Alternative][dice.roll(3)])
        .folder(["{:%Y/%m/%d}", "{:%Y}", "none"][dice.roll(3)]);
    let skip = dice.roll(6);
    Arc::new(move |_: &Library, builder: SyncBuilder| {
        let builder =
            builder.layout(layout.clone()).recent(recent).skip_videos(skip == 1).skip_photos(skip == 2);
        album.iter().fold(builder, |builder, album| builder.album(album.clone()))
    })
}

/// Now and then only the newest few are asked for.
pub(crate) fn recent(dice: &mut Dice, size: u64) -> Option<u64> {
    (dice.roll(4) == 0).then(|| dice.roll(size as usize * 5 / 4) as u64)
}

/// Does something at random to the library, but deletes no album.
pub(crate) fn disturb(copy: &Copy, scene: &mut Scene, dice: &mut Dice) {
    let asset = scene.assets[dice.roll(scene.assets.len())].clone();
    let album = scene.albums[dice.roll(scene.albums.len())].clone();
    let (library, now) = (copy.world.library(), copy.world.cloud.now_ms());
    let edit = match dice.roll(20) {
        0 | 1 => {
            let name = format!("New{}.JPG", dice.roll(3));
            // Names and lengths clash now and then.
            return scene.assets.push(library.add_photo(&name, 2000 + 100 * dice.roll(2) as u64, now));
        }
        2 | 3 => return scene.assets.extend(library.duplicate(&asset, now)),
        4 => return assert!(library.rename_album(&album, &format!("Name {}", dice.roll(100)), now)),
        5..=7 => Edit::Render,
        8 => Edit::Rename(format!("New{}.JPG", dice.roll(3))),
        9 => Edit::Favourite(dice.roll(2) == 0),
        10 => Edit::Hide(dice.roll(2) == 0),
        11 => Edit::Trash,
        12 | 13 => Edit::Restore,
        14 => Edit::Purge,
        15 => Edit::MoveToShared,
        16 => Edit::Enter(album),
        17 => return drop(library.add_album("New album", now)),
        18 => {
            let folder = scene.folders[dice.roll(scene.folders.len())].clone();
            let into = (dice.roll(3) > 0).then_some(folder.as_str());
            return assert!(library.move_album(&album, into, now));
        }
        _ => Edit::Leave(album),
    };
    library.edit(&asset, &edit, now);
}

async fn live(seed: u64) {
    let mut dice = Dice(seed);
    let size = 20 + dice.roll(90) as u64;
    let mut spec = LibrarySpec::everyday(seed, size);
    if dice.roll(3) == 0 {
        spec = spec.with_same_length_twins();
    }
    let mut copy = Copy::of(spec).await;
    let albums = copy.world.session.primary_library().albums().await.unwrap();
    let albums: Vec<Album> = albums.iter().cloned().collect();
    let album = (dice.roll(4) == 0).then(|| albums[dice.roll(albums.len())].clone());
    let recent = recent(&mut dice, size);
    let about = format!("seed {seed}, {:?}, {recent:?}", album.as_ref().map(Album::name));
    let whole = album.is_none() && recent.is_none();
    copy.choose = options(&mut dice, album, recent);
    let first = copy.run().await.unwrap();
    assert!(first.is_clean(), "{about}: {first}");
    let mut downloaded = first.downloaded;
    let beginning = copy.held().await;
    let mut owners = Owners::new();
    note(&copy, &mut owners).await;
    copy.rests(&about).await;
    for round in 0..4 {
        let mut scene = Scene::of(&copy.world);
        (0..dice.roll(30)).for_each(|_| disturb(&copy, &mut scene, &mut dice));
        if dice.roll(8) == 0 {
            copy.world.library().expire_tokens();
        }
        let report = copy.run().await.unwrap();
        assert!(report.is_clean(), "{about}, round {round}: {report}");
        if whole {
            compare_rows(&copy, &format!("{about}, round {round}")).await;
            assert_eq!(copy.engine().news().count().await, 0, "{about}, round {round}: all was seen");
        }
        downloaded += report.downloaded;
        note(&copy, &mut owners).await;
        if dice.roll(2) == 0 {
            compare(&copy, &owners, &format!("{about}, round {round}")).await;
        }
    }
    compare(&copy, &owners, &about).await;
    assert_eq!(downloaded, copy.files().await.len() as u64, "{about}: every fetch made a file");
    steady(&copy, &beginning, &about).await;
    copy.rests(&about).await;
}

/// The rows of a run that followed are those of one that listed; who is out of its sight is known as the truth has it.
pub(crate) async fn compare_rows(copy: &Copy, about: &str) {
    let fresh = copy.twin().await;
    assert_eq!(copy.album_rows().await, fresh.album_rows().await, "{about}");
    let listed = fresh.asset_rows().await;
    let by_id = |row: &AssetRow| (row.asset.clone(), row.clone());
    let mut known: BTreeMap<AssetId, AssetRow> = copy.asset_rows().await.iter().map(by_id).collect();
    for row in listed {
        assert_eq!(known.remove(&row.asset), Some(row), "{about}");
    }
    let truth = copy.world.truth();
    let truth = truth["assets"].as_array().unwrap();
    for (id, row) in known {
        let found = truth.iter().find(|asset| asset["id"] == id.as_str());
        let Some(asset) = found else { panic!("{about}: {id} is gone") };
        let is = |field: &str| asset[field].as_bool().unwrap();
        let flags = (is("hidden"), is("deleted"), is("favourite"));
        assert_eq!((row.hidden, row.trashed, row.favorite), flags, "{about}: {id}");
        assert!(row.hidden || row.trashed, "{about}: {id}");
        assert_eq!(asset["name"].as_str().unwrap_or(""), row.name, "{about}: {id}");
    }
}

/// Whose file each path has ever been.
type Owners = BTreeMap<String, BTreeSet<(AssetId, String)>>;

async fn note(copy: &Copy, owners: &mut Owners) {
    for (key, (path, _)) in copy.held().await {
        owners.entry(path.to_string()).or_default().insert(key);
    }
}

/// A first run into an empty folder brings nothing that is not here; and nothing was fetched twice.
async fn compare(copy: &Copy, owners: &Owners, about: &str) {
    let (held, fresh) = (copy.held().await, copy.afresh().await);
    for (key, (path, content)) in &fresh {
        let Some((here, found)) = held.get(key) else { panic!("{about}: {key:?} ({path}) is missing") };
        assert_eq!(found, content, "{about}: {key:?} at {here}, afresh at {path}");
    }
    let named: BTreeSet<String> = held.values().map(|(path, _)| path.to_string()).collect();
    for path in copy.paths().await.into_iter().filter(|path| !named.contains(path)) {
        let content = checksum(&copy.bytes(&path).await).to_string();
        let again =
            |key: &&(AssetId, String)| held.get(key).is_some_and(|(_, now)| now.to_string() == content);
        let others: Vec<_> = owners.get(&path).into_iter().flatten().filter(again).collect();
        assert!(others.is_empty(), "{about}: {path} was fetched again: {others:?}");
    }
}

/// A file whose bytes are still wanted stands where it stood.
async fn steady(copy: &Copy, beginning: &Held, about: &str) {
    let held = copy.held().await;
    for (key, (path, content)) in beginning {
        let (here, found) = &held[key];
        assert!(found != content || here == path, "{about}: {key:?} moved from {path} to {here}");
    }
}

/// The same with bad weather, runs that end early, and somebody who tampers with the files here.
async fn suffer(seed: u64) {
    let mut dice = Dice(seed);
    let size = 20 + dice.roll(60) as u64;
    let mut copy = Copy::of(LibrarySpec::everyday(seed, size).with_same_length_twins()).await;
    let recent = recent(&mut dice, size);
    copy.choose = options(&mut dice, None, recent);
    let about = format!("seed {seed}, {recent:?}");
    for round in 0..5 {
        copy.faults(weather(&mut dice));
        let _ = copy.run().await;
        let mut scene = Scene::of(&copy.world);
        (0..dice.roll(15)).for_each(|_| disturb(&copy, &mut scene, &mut dice));
        let paths = copy.paths().await;
        for _ in 0..dice.roll(4).min(paths.len()) {
            let path = &paths[dice.roll(paths.len())];
            match dice.roll(3) {
                0 => copy.put(path, vec![7; 10 + round]).await,
                _ => copy.remove(path).await,
            }
        }
        if dice.roll(6) == 0 {
            copy.world.library().expire_tokens();
        }
        if dice.roll(3) == 0 {
            heal(&copy, &format!("{about}, round {round}")).await;
        }
    }
    heal(&copy, &about).await;
    // A run that listed did not ask about files that are neither here nor in the list.
    heal(&copy, &about).await;
    copy.rests(&about).await;
}

pub(crate) fn weather(dice: &mut Dice) -> Vec<FaultRule> {
    let actions = [
        status(503),
        status(403),
        FaultAction::Flip { at: None },
        FaultAction::Cut { after: 500 },
        FaultAction::Reset,
        FaultAction::Truncate { after: 900 },
    ];
    let rate = [0.0, 0.1, 0.5, 0.9][dice.roll(4)];
    let mut rules = vec![FaultRule::new("content", actions[dice.roll(6)].clone()).rate(rate)];
    if dice.roll(3) == 0 {
        let call = ["cloudkit", "cloudkit/records/lookup", "cloudkit/records/query", "cloudkit/changes"];
        rules.push(
            FaultRule::new(call[dice.roll(4)], actions[dice.roll(2)].clone()).after(dice.roll(6) as u64),
        );
    }
    rules
}

async fn heal(copy: &Copy, about: &str) {
    copy.faults(Vec::new());
    let (report, _) = copy.run_noting().await;
    assert!(report.is_clean(), "{about}: {report}");
    let (held, fresh) = (copy.held_here().await, copy.afresh().await);
    for (key, (path, content)) in &fresh {
        let Some((here, found)) = held.get(key) else { panic!("{about}: {key:?} ({path}) is missing") };
        assert_eq!(found, content, "{about}: {key:?} at {here}, afresh at {path}");
    }
}

#[tokio::test(start_paused = true)]
async fn bad_weather_and_tampering_are_got_over() {
    for seed in seeds(1..=8) {
        suffer(seed).await;
    }
}

#[tokio::test(start_paused = true)]
async fn following_leads_to_what_a_first_run_makes() {
    for seed in seeds(1..=16) {
        live(seed).await;
    }
}

/// Others than usual by `ICLOUD_SEEDS=17-300`.
pub(crate) fn seeds(usual: RangeInclusive<u64>) -> RangeInclusive<u64> {
    let given = std::env::var("ICLOUD_SEEDS").ok();
    let given = given.as_deref().and_then(|seeds| seeds.split_once('-'));
    given.and_then(|(from, to)| Some(from.parse().ok()?..=to.parse().ok()?)).unwrap_or(usual)
}
