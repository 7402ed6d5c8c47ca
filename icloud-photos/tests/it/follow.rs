//! Runs after the first: what they ask, what they fetch, and what they never write.

use std::sync::Arc;

use futures::TryStreamExt;
use icloud_photos::sync::catalogue::{Catalogue, Status};
use icloud_photos::sync::layout::{LayoutOptions, Size};
use icloud_photos::sync::{Action, Missing, SyncBuilder, Why};
use icloud_photos::testing::ChaosStorage;
use icloud_photos::{ErrorKind, SmartAlbum};
use icloud_photos_testkit::{Edit, FaultAction, FaultRule, LibrarySpec};

use crate::copies::{self, Choose, Copy, checksum, flip, status};

fn now(copy: &Copy) -> i64 {
    copy.world.cloud.now_ms()
}

fn failed(rows: &[icloud_photos::sync::catalogue::FileRow]) -> usize {
    rows.iter().filter(|row| !row.status.is_kept()).count()
}

#[tokio::test(start_paused = true)]
async fn without_news_a_run_asks_once_and_writes_nothing() {
    for spec in [LibrarySpec::everyday(3, 300), LibrarySpec::plain(5, 2000).with_same_length_twins()] {
        let copy = Copy::of(spec).await;
        let first = copy.run().await.unwrap();
        assert!(first.is_clean(), "{first}");
        copy.rests("second run").await;
        copy.rests("third run").await;
    }
}

/// Records that cannot be read and checksums that are stale: what is wrong is told of by every run, and costs no fetch.
#[tokio::test(start_paused = true)]
async fn a_library_with_flaws_settles() {
    let copy = Copy::of(LibrarySpec::wild(3, 200)).await;
    let first = copy.run().await.unwrap();
    copy.run().await.unwrap();
    let (held, files) = (copy.held().await, copy.files().await);
    copy.world.cloud.reset_counts();
    let third = copy.run().await.unwrap();
    assert_eq!(
        (third.downloaded, third.failed, third.unconfirmed),
        (0, first.failed, first.unconfirmed),
        "{first}"
    );
    assert_eq!(copy.world.cloud.counts().requests_to("content"), 0);
    assert!(copy.held().await == held && copy.files().await == files);
}

#[tokio::test(start_paused = true)]
async fn what_failed_is_fetched_by_the_next_run() {
    let copy = Copy::of(LibrarySpec::plain(40, 3000)).await;
    copy.faults(vec![FaultRule::new("content", FaultAction::Flip { at: None }).after(10).times(4)]);
    let first = copy.run().await.unwrap();
    copy.faults(vec![FaultRule::new("content", status(403)).times(12)]);
    copy.world.library().add_photo("New.JPG", 2000, now(&copy));
    let second = copy.run().await.unwrap();
    copy.faults(Vec::new());
    let third = copy.run().await.unwrap();
    assert!(third.is_clean(), "{first}; {second}; {third}");
    assert_eq!(first.downloaded + second.downloaded + third.downloaded, 41);
    assert_eq!(failed(&copy.rows().await), 0);
    assert_eq!(copy.held().await, copy.afresh().await);
    copy.rests("after everything came").await;
}

/// Two photos show one file, and it fails: both are missed.
#[tokio::test(start_paused = true)]
async fn a_file_of_two_photos_that_failed_comes_for_both() {
    let copy = Copy::of(LibrarySpec::plain(3, 3000)).await;
    copy.run().await.unwrap();
    let added = copy.world.library().add_photo("New.JPG", 2500, now(&copy));
    copy.world.library().duplicate(&added, now(&copy)).unwrap();
    copy.faults(vec![FaultRule::new("content", FaultAction::Flip { at: None })]);
    assert_eq!(copy.run().await.unwrap().failed, 1);
    assert_eq!(failed(&copy.rows().await), 2);
    // The first of them is gone meanwhile.
    copy.world.library().edit(&added, &Edit::Purge, now(&copy));
    copy.faults(Vec::new());
    let report = copy.run().await.unwrap();
    assert!(report.is_clean() && report.downloaded == 1, "{report}");
    assert_eq!(copy.held().await, copy.afresh().await);
    copy.rests("the other has it").await;
}

/// A photo that failed, and that is deleted before it could be fetched, is nobody's concern any more.
#[tokio::test(start_paused = true)]
async fn what_failed_and_is_gone_is_forgotten() {
    for edit in [Edit::Purge, Edit::Trash, Edit::Hide(true)] {
        let copy = Copy::of(LibrarySpec::plain(6, 3000)).await;
        copy.run().await.unwrap();
        let added = copy.world.library().add_photo("New.JPG", 2500, now(&copy));
        copy.faults(vec![FaultRule::new("content", FaultAction::Flip { at: None })]);
        assert_eq!(copy.run().await.unwrap().failed, 1);
        assert_eq!(failed(&copy.rows().await), 1);
        copy.faults(Vec::new());
        assert!(copy.world.library().edit(&added, &edit, now(&copy)));
        assert!(copy.run().await.unwrap().is_clean());
        assert_eq!(failed(&copy.rows().await), 0, "{edit:?}");
        copy.rests("it is not asked for again").await;
    }
}

/// Somebody clears a photo away, in iCloud and here.
#[tokio::test(start_paused = true)]
async fn a_file_that_is_gone_on_both_sides_is_forgotten() {
    let copy = Copy::of(LibrarySpec::plain(6, 3000)).await;
    copy.run().await.unwrap();
    let row = copy.rows().await.remove(2);
    copy.world.library().edit(row.key.asset.as_str(), &Edit::Trash, now(&copy));
    copy.remove(row.path.as_ref().unwrap().as_str()).await;
    assert!(copy.run().await.unwrap().is_clean());
    copy.rests("it is not looked for again").await;
    copy.world.library().edit(row.key.asset.as_str(), &Edit::Restore, now(&copy));
    assert_eq!(copy.run().await.unwrap().downloaded, 1);
    copy.rests("and it is back").await;
}

#[tokio::test(start_paused = true)]
async fn a_rough_run_and_a_good_one_lead_to_the_same_copy() {
    let storms: [(&str, Vec<FaultRule>); 6] = [
        (
            "503 everywhere",
            vec![
                FaultRule::new("cloudkit", status(503)).after(3),
                FaultRule::new("content", status(503)).after(30),
            ],
        ),
        (
            "503 now and then",
            vec![
                FaultRule::new("cloudkit", status(503)).rate(0.3),
                FaultRule::new("content", status(503)).rate(0.3),
            ],
        ),
        ("flips", vec![FaultRule::new("content", FaultAction::Flip { at: None }).rate(0.5)]),
        ("listing cut", vec![FaultRule::new("cloudkit/records/query", FaultAction::Reset).after(4)]),
        (
            "content cut",
            vec![
                FaultRule::new("content", FaultAction::Cut { after: 700 }).rate(0.6),
                FaultRule::new("content", FaultAction::Reset).rate(0.2),
            ],
        ),
        (
            "no history",
            vec![
                FaultRule::new("cloudkit/changes", FaultAction::Reset),
                FaultRule::new("content", status(410)).rate(0.3),
            ],
        ),
    ];
    for (name, storm) in storms {
        let copy = Copy::of(LibrarySpec::everyday(21, 130)).await;
        copy.faults(storm.clone());
        let first = copy.run().await;
        let assets: Vec<_> = copy.rows().await.into_iter().map(|row| row.key.asset).collect();
        copy.world.library().add_photo("New.JPG", 2000, now(&copy));
        if let Some(asset) = assets.first() {
            copy.world.library().edit(asset.as_str(), &Edit::Rename("Other.JPG".into()), now(&copy));
        }
        let second = copy.run().await;
        copy.faults(Vec::new());
        let mut healthy = copy.run().await.unwrap();
        if healthy.unconfirmed > 0 {
            healthy = copy.run().await.unwrap();
        }
        assert!(healthy.is_clean(), "{name}: {first:?}, {second:?}, {healthy}");
        assert_eq!(failed(&copy.rows().await), 0, "{name}");
        let (held, fresh) = (copy.held().await, copy.afresh().await);
        for (key, (path, checksum)) in &fresh {
            let (here, found) = held.get(key).unwrap_or_else(|| panic!("{name}: {key:?} {path} is missing"));
            assert_eq!(found, checksum, "{name}: {key:?} at {here}");
        }
        copy.rests(name).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_storage_that_fails_at_random_is_filled_in_the_end() {
    for seed in 1..=4 {
        let copy = Copy::of(LibrarySpec::everyday(seed, 80)).await;
        let chaos = Arc::new(ChaosStorage::new(copy.storage.clone(), seed));
        for _ in 0..3 {
            let _ = copy.engine_on(chaos.clone()).run(Arc::new(())).await;
        }
        let healthy = copy.run().await.unwrap();
        assert!(healthy.is_clean(), "seed {seed}: {healthy}");
        assert_eq!(failed(&copy.rows().await), 0, "seed {seed}");
        let (held, fresh) = (copy.held().await, copy.afresh().await);
        for (key, (path, checksum)) in &fresh {
            assert_eq!(held.get(key).map(|(_, found)| found), Some(checksum), "seed {seed}: {key:?} {path}");
        }
        copy.rests("after chaos").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_too_old_leads_to_a_listing_and_no_fetch() {
    let copy = Copy::of(LibrarySpec::everyday(4, 120)).await;
    copy.run().await.unwrap();
    copy.world.library().expire_tokens();
    let added = copy.world.library().add_photo("New.JPG", 2000, now(&copy));
    copy.world.cloud.reset_counts();
    let (report, fetched) = copy.run_noting().await;
    assert!(report.is_clean(), "{report}");
    assert_eq!(fetched.len(), 1, "{added}: {fetched:?}");
    assert!(copy.world.cloud.counts().requests_to("cloudkit/records/query") > 0);
    copy.rests("the new token is good").await;
}

#[tokio::test(start_paused = true)]
async fn the_newest_few_are_listed_when_there_is_news() {
    let copy = Copy::with(LibrarySpec::plain(30, 4096), |_, builder| builder.recent(Some(7))).await;
    assert_eq!(copy.run().await.unwrap().downloaded, 7);
    let added = copy.world.library().add_photo("New.JPG", 2000, now(&copy));
    let (report, fetched) = copy.run_noting().await;
    assert_eq!((report.downloaded, report.is_clean()), (1, true), "{added}: {fetched:?}");
    copy.rests("the newest few").await;
    // One that is not among them any more has gone: no list shows it. One that is among them comes again.
    let shown: Vec<_> = copy.afresh().await.into_values().map(|(path, _)| path.to_string()).collect();
    let (newest, oldest): (Vec<_>, Vec<_>) =
        copy.paths().await.into_iter().partition(|path| shown.contains(path));
    assert_eq!((newest.len(), oldest.len()), (7, 1));
    for (path, comes) in [(&oldest[0], 0), (&newest[0], 1)] {
        copy.remove(path).await;
        assert_eq!(copy.run().await.unwrap().downloaded, comes, "{path}");
        copy.rests(path).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_album_is_followed() {
    let spec = LibrarySpec::everyday(5, 150);
    let mut copy = Copy::of(spec).await;
    let albums = copy.world.session.primary_library().albums().await.unwrap();
    let mut sized = Vec::new();
    for album in albums.iter().filter(|album| album.kind() == icloud_photos::library::AlbumKind::User) {
        sized.push((album.count().await.unwrap().unwrap_or(0), album.clone()));
    }
    let (count, album) = sized.into_iter().max_by_key(|(count, _)| *count).unwrap();
    assert!(count > 1, "{album:?}");
    let id = album.id().unwrap().to_string();
    copy.choose = Arc::new(move |_, builder: SyncBuilder| builder.album(album.clone()));
    let first = copy.run().await.unwrap();
    assert!(first.is_clean() && first.downloaded > 0, "{first}");
    copy.rests("the album").await;
    let held = copy.held().await;
    let added = copy.world.library().add_photo("New.JPG", 2000, now(&copy));
    assert_eq!(copy.run().await.unwrap().downloaded, 0, "it is not in the album");
    copy.rests("the album after other news").await;
    copy.world.library().edit(&added, &Edit::Enter(id), now(&copy));
    assert_eq!(copy.run().await.unwrap().downloaded, 1);
    copy.rests("the album after news").await;
    let path = &held.values().next().unwrap().0;
    copy.remove(path.as_str()).await;
    assert_eq!(copy.run().await.unwrap().downloaded, 1, "restored");
    copy.rests("the album again").await;
    assert_eq!(copy.held().await, copy.afresh().await);
}

/// Their bytes say whose they are, whatever they are called now.
#[tokio::test(start_paused = true)]
async fn files_moved_here_are_found_and_not_fetched_again() {
    let copy = Copy::of(LibrarySpec::plain(30, 2000).with_same_length_twins()).await;
    copy.run().await.unwrap();
    let held = copy.held().await;
    for (number, (path, _)) in held.values().enumerate().filter(|(number, _)| number % 4 == 0) {
        copy.put(&format!("sorted/{number}.jpeg"), copy.bytes(path.as_str()).await).await;
        copy.remove(path.as_str()).await;
    }
    copy.put("sorted/not a photo.jpeg", vec![7; 2000]).await;
    let paths = copy.paths().await;
    copy.world.cloud.reset_counts();
    assert_eq!(copy.run().await.unwrap().downloaded, 0);
    assert_eq!(copy.world.cloud.counts().requests_to("content"), 0);
    assert_eq!(copy.paths().await, paths, "nothing was put where it had been");
    let contents =
        |held: copies::Held| held.into_iter().map(|(key, (_, sum))| (key, sum)).collect::<Vec<_>>();
    assert_eq!(contents(copy.held().await), contents(held));
    copy.rests("moved").await;
    // A listing finds them as well.
    copy.world.library().expire_tokens();
    assert_eq!(copy.run().await.unwrap().downloaded, 0);
}

#[tokio::test(start_paused = true)]
async fn files_that_changed_names_are_found() {
    let copy = Copy::of(LibrarySpec::plain(6, 2000)).await;
    copy.world.library().add_photo("Longer.JPG", 2500, now(&copy));
    copy.world.library().add_photo("Longest.JPG", 2600, now(&copy));
    copy.run().await.unwrap();
    let held = copy.held().await;
    let of = |name: &str| held.values().map(|(path, _)| path.as_str()).find(|path| path.ends_with(name));
    let (one, other) = (of("Longer.JPG").unwrap(), of("Longest.JPG").unwrap());
    let (first, second) = (copy.bytes(one).await, copy.bytes(other).await);
    copy.put(one, second).await;
    copy.put(other, first).await;
    let paths = copy.paths().await;
    assert_eq!(copy.run().await.unwrap().downloaded, 0);
    assert_eq!(copy.paths().await, paths);
    copy.rests("the other way round").await;
    let sums = |held: &copies::Held| held.values().map(|(_, sum)| *sum).collect::<Vec<_>>();
    assert_eq!(sums(&copy.held().await), sums(&held), "the rows say which is which");
}

/// Files that several photos share among them.
#[tokio::test(start_paused = true)]
async fn a_whole_tree_that_was_moved_is_found_again() {
    let copy = Copy::of(LibrarySpec::everyday(5, 150)).await;
    assert!(copy.run().await.unwrap().is_clean());
    let shared = copy.rows().await.len() - copy.files().await.len();
    assert!(shared > 0, "else this proves less");
    for path in copy.paths().await {
        copy.put(&format!("elsewhere/{path}"), copy.bytes(&path).await).await;
        copy.remove(&path).await;
    }
    let report = copy.run().await.unwrap();
    assert!(report.is_clean() && report.downloaded == 0, "{report}");
    assert!(copy.paths().await.iter().all(|path| path.starts_with("elsewhere/")));
    copy.rests("moved").await;
}

fn smart(album: SmartAlbum) -> Choose {
    Arc::new(move |library, builder| builder.album(library.smart_album(album)))
}

fn size(size: Size) -> Choose {
    Arc::new(move |_, builder| builder.layout(LayoutOptions::default().sizes([size])))
}

/// Albums that iCloud fills have no record name to tell them apart by.
#[tokio::test(start_paused = true)]
async fn every_smart_album_is_a_selection_of_its_own() {
    let mut copy = Copy::of(LibrarySpec::everyday(9, 80)).await;
    for album in [SmartAlbum::Videos, SmartAlbum::Favorites, SmartAlbum::Hidden, SmartAlbum::Screenshots] {
        copy.choose = smart(album);
        assert!(copy.run().await.unwrap().is_clean());
        let (held, wanted) = (copy.held().await, copy.afresh().await);
        assert!(!wanted.is_empty() && wanted.keys().all(|key| held.contains_key(key)), "{album:?}");
    }
    // What becomes no favourite, or hidden, is no reason to fetch it for another album.
    copy.choose = smart(SmartAlbum::Videos);
    let photo = copy.world.library().add_photo("PLAIN.JPG", 900, now(&copy));
    assert!(copy.world.library().edit(&photo, &Edit::Favourite(false), now(&copy)));
    assert_eq!(copy.run().await.unwrap().downloaded, 0);
}

/// A run that asks for one size forgets nothing that a run with another size is still to fetch.
#[tokio::test(start_paused = true)]
async fn selections_that_take_turns_lose_nothing() {
    let mut copy = Copy::with(LibrarySpec::everyday(6, 40), |_, builder| builder).await;
    copy.choose = size(Size::Original);
    copy.run().await.unwrap();
    let held = copy.held().await;
    copy.choose = size(Size::Medium);
    copy.run().await.unwrap();
    for (path, _) in held.values() {
        copy.remove(path.as_str()).await;
    }
    copy.run().await.unwrap();
    copy.choose = size(Size::Original);
    assert!(copy.run().await.unwrap().is_clean());
    let after = copy.held_here().await;
    assert!(held.iter().all(|(key, (_, sum))| after.get(key).is_some_and(|(_, now)| now == sum)));
    // A run over an album fetches nothing of others.
    copy.remove(held.values().next().unwrap().0.as_str()).await;
    copy.choose = smart(SmartAlbum::Panoramas);
    let wanted = copy.afresh().await.len();
    assert!(copy.run().await.unwrap().downloaded as usize <= wanted);
}

#[tokio::test(start_paused = true)]
async fn a_cut_file_is_not_taken_for_a_removed_one() {
    let copy = Copy::with(LibrarySpec::plain(5, 2000), |_, builder| builder.missing(Missing::Respect)).await;
    copy.run().await.unwrap();
    let path = copy.paths().await.remove(0);
    let bytes = copy.bytes(&path).await;
    copy.put(&path, bytes[..10].to_vec()).await;
    assert_eq!(copy.run().await.unwrap().downloaded, 1);
}

#[tokio::test(start_paused = true)]
async fn files_removed_here_come_back_or_stay_away() {
    for missing in [Missing::Restore, Missing::Respect] {
        let copy = Copy::with(LibrarySpec::everyday(6, 60), move |_, builder| builder.missing(missing)).await;
        copy.run().await.unwrap();
        let held = copy.held().await;
        let (path, _) = held.values().next().unwrap();
        copy.remove(path.as_str()).await;
        let restored = missing == Missing::Restore;
        let report = copy.run().await.unwrap();
        assert!(report.is_clean(), "{report}");
        assert_eq!(report.downloaded, u64::from(restored));
        assert_eq!(copy.paths().await.contains(&path.to_string()), restored);
        copy.rests("removed here").await;
        // A listing respects it as well.
        copy.world.library().expire_tokens();
        assert_eq!(copy.run().await.unwrap().downloaded, 0);
        assert_eq!(copy.paths().await.contains(&path.to_string()), restored);
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_replaced_by_another_is_kept_and_the_photo_fetched_again() {
    let copy = Copy::of(LibrarySpec::everyday(7, 60)).await;
    copy.run().await.unwrap();
    let held = copy.held().await;
    let (path, content) = held.values().nth(3).unwrap();
    copy.put(path.as_str(), b"somebody's own work".to_vec()).await;
    let (report, fetched) = copy.run_noting().await;
    assert!(report.is_clean(), "{report}");
    assert_eq!(fetched.len(), 1, "{fetched:?}");
    assert_eq!(copy.bytes(path.as_str()).await, b"somebody's own work");
    assert_eq!(checksum(&copy.bytes(&fetched[0]).await), *content);
    copy.rests("both are there").await;
}

async fn a_day_later(copy: &Copy) {
    let mut earlier = icloud_photos::sync::catalogue::Batch::default();
    earlier.files = copy.rows().await;
    earlier.files.iter_mut().for_each(|row| row.at -= 25 * 60 * 60);
    copy.catalogue.commit(earlier).await.unwrap();
}

/// Apple sends the same wrong bytes twice: they are kept, and told of until they are right.
#[tokio::test(start_paused = true)]
async fn what_could_not_be_confirmed_is_told_of_until_it_is() {
    let copy = Copy::of(LibrarySpec::plain(12, 3000)).await;
    let wrong = FaultRule::new("content", FaultAction::Flip { at: Some(1500) });
    let actions: Vec<Action> = copy.engine().plan().try_collect().await.unwrap();
    let target = actions.iter().find_map(|action| match action {
        Action::Download { target, .. } => Some(target.clone()),
        _ => None,
    });
    let target = target.unwrap();
    let apple = target.asset.resource(target.role).unwrap().checksum.unwrap();
    let wrong = wrong.containing(apple.to_string().replace('+', "-").replace('/', "_"));
    copy.faults(vec![wrong.clone()]);
    let first = copy.run().await.unwrap();
    assert_eq!((first.downloaded, first.unconfirmed, first.is_clean()), (12, 1, false), "{first}");
    let bad = copy.bytes(target.path.as_str()).await;
    let row = copy.rows().await.into_iter().find(|row| row.status == Status::Unconfirmed).unwrap();
    assert!(row.sha256.is_some(), "what was stored is known from the start");
    a_day_later(&copy).await;
    for round in ["followed", "listed"] {
        let plan: Vec<Action> = copy.engine().plan().try_collect().await.unwrap();
        assert!(
            plan.iter().any(|action| matches!(action, Action::Download { why: Why::Unconfirmed, .. })),
            "{round}"
        );
        copy.world.cloud.reset_counts();
        let again = copy.run().await.unwrap();
        assert_eq!((again.unconfirmed, again.is_clean(), again.failed), (1, false, 0), "{round}: {again}");
        let requests = copy.world.cloud.counts().requests_to("content");
        assert!((1..=2).contains(&requests), "{round}: {requests} requests");
        assert!(copy.bytes(target.path.as_str()).await == bad, "{round}: the same wrong bytes");
        // On the same day it is told of and not fetched again.
        copy.world.cloud.reset_counts();
        let again = copy.run().await.unwrap();
        assert_eq!((again.unconfirmed, again.is_clean()), (1, false), "{round}: {again}");
        assert_eq!(copy.world.cloud.counts().requests_to("content"), 0, "{round}");
        a_day_later(&copy).await;
        copy.world.library().expire_tokens();
    }
    copy.faults(Vec::new());
    let healed = copy.run().await.unwrap();
    assert!(healed.is_clean() && healed.downloaded == 1, "{healed}");
    assert_eq!(checksum(&copy.bytes(target.path.as_str()).await), apple);
    assert!(copy.rows().await.iter().all(|row| row.status == Status::Verified));
    assert_eq!(copy.files().await.len(), 12);
    copy.rests("all is well").await;
}

/// Rot of the same length is for `verify` to find; but it is never mistaken for another photo's file.
#[tokio::test(start_paused = true)]
async fn a_new_photo_is_not_taken_for_an_old_edit() {
    let copy = Copy::of(LibrarySpec::plain(4, 3000)).await;
    copy.run().await.unwrap();
    let row = copy.rows().await.remove(0);
    let path = row.path.clone().unwrap();
    // The row forgets the file; what stands there has the length, and is none of Apple's.
    copy.put(path.as_str(), flip(copy.bytes(path.as_str()).await)).await;
    let mut gone = icloud_photos::sync::catalogue::Batch::default();
    gone.gone_files.push(row.key.clone());
    copy.catalogue.commit(gone).await.unwrap();
    copy.world.library().edit(row.key.asset.as_str(), &Edit::Favourite(true), now(&copy));
    let (report, fetched) = copy.run_noting().await;
    assert_eq!(fetched.len(), 1, "{report}");
    assert_eq!(Some(checksum(&copy.bytes(&fetched[0]).await)), row.checksum);
    copy.rests("both stand").await;
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_ends_the_run_and_what_came_is_remembered() {
    let copy = Copy::of(LibrarySpec::plain(60, 3000)).await;
    let full = Arc::new(crate::copies::Full::new(copy.storage.clone(), 20));
    let error = copy.engine_on(full).run(Arc::new(())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    let came = copy.files().await.len();
    assert!(copy.rows().await.iter().filter(|row| row.status == Status::Verified).count() >= came - 8);
    let (report, _) = copy.run_noting().await;
    assert!(report.is_clean());
    assert_eq!(report.downloaded, 60 - came as u64);
    copy.rests("after a full disk").await;
}

/// What one selection does not ask for is left alone, and another brings it.
#[tokio::test(start_paused = true)]
async fn a_missing_file_that_is_not_asked_for_is_another_selections_to_bring() {
    let adjusted = || LayoutOptions::default().sizes([Size::Adjusted]);
    for recent in [Some(4), None] {
        let mut copy = Copy::of(LibrarySpec::plain(4, 1000)).await;
        let both: [Choose; 2] = [
            Arc::new(move |_, builder| builder.recent(recent)),
            Arc::new(move |_, builder| builder.layout(adjusted()).recent(recent)),
        ];
        for choose in &both {
            copy.choose = choose.clone();
            assert!(copy.run().await.unwrap().is_clean());
        }
        let row = copy.rows().await.remove(0);
        copy.remove(row.path.as_ref().unwrap().as_str()).await;
        assert!(copy.world.library().edit(row.key.asset.as_str(), &Edit::Render, now(&copy)));
        assert_eq!(copy.run().await.unwrap().downloaded, 1, "the edit takes the place of the original");
        copy.run().await.unwrap();
        copy.rests(&format!("{recent:?}, the edit")).await;
        copy.choose = both[0].clone();
        assert_eq!(copy.run().await.unwrap().downloaded, 1, "the original: {recent:?}");
        copy.rests(&format!("{recent:?}, the original")).await;
        copy.choose = both[1].clone();
        copy.rests(&format!("{recent:?}, both")).await;
    }
}

/// A filter leaves out what it did not leave out before: it has another name.
#[tokio::test(start_paused = true)]
async fn nobody_asks_again_for_a_missing_file_that_is_filtered_out() {
    let mut copy = Copy::with(LibrarySpec::plain(4, 1000), |_, builder| builder.skip_videos(true)).await;
    assert!(copy.run().await.unwrap().is_clean());
    let row = copy.rows().await.remove(0);
    copy.remove(row.path.as_ref().unwrap().as_str()).await;
    copy.choose = Arc::new(|_, builder| builder.skip_photos(true));
    assert_eq!(copy.run().await.unwrap().downloaded, 0);
    copy.run().await.unwrap();
    copy.rests("without photos").await;
    copy.choose = Arc::new(|_, builder| builder.skip_videos(true));
    assert_eq!(copy.run().await.unwrap().downloaded, 1);
}

/// Another name in iCloud is no reason to fetch a file again, or to move it.
#[tokio::test(start_paused = true)]
async fn a_photo_that_got_another_name_is_not_fetched_again() {
    let copy = Copy::of(LibrarySpec::plain(5, 1000)).await;
    copy.run().await.unwrap();
    let before = copy.files().await;
    let asset = copy.rows().await[2].key.asset.clone();
    assert!(copy.world.library().edit(asset.as_str(), &Edit::Rename("Other.JPG".into()), now(&copy)));
    let (report, fetched) = copy.run_noting().await;
    assert!(report.is_clean() && fetched.is_empty(), "{report}: {fetched:?}");
    assert_eq!(copy.files().await, before);
}

/// Older versions of icloudpd called originals so. By name and length it is the photo, in the second run as in the first.
#[tokio::test(start_paused = true)]
async fn a_file_under_its_older_name_is_known_by_it() {
    let copy = Copy::of(LibrarySpec::plain(3, 1000)).await;
    copy.run().await.unwrap();
    let path = copy.paths().await.into_iter().find(|path| path.ends_with(".JPG")).unwrap();
    let bytes = copy.bytes(&path).await;
    copy.put(&path.replace(".JPG", "-original.JPG"), flip(bytes)).await;
    copy.remove(&path).await;
    let copy = copy.forgetful();
    for run in ["first", "second", "third"] {
        copy.fetches_nothing(run).await;
    }
    // Whoever lists says it under the name of today.
    let listed = copy.choosing(Arc::new(|_, builder| builder.recent(Some(9))));
    let plan: Vec<Action> = listed.engine().plan().try_collect().await.unwrap();
    let said = plan.iter().find_map(|action| match action {
        Action::Present { target, deduplicated, found, .. } if target.path.as_str() == path => {
            Some((*deduplicated, found.as_ref().unwrap().path.to_string()))
        }
        _ => None,
    });
    assert_eq!(said, Some((false, path.replace(".JPG", "-original.JPG"))));
}
