//! Listings that are cut and are not the first of a whole library: of one that was copied before, of another selection of it, of
//! albums.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use icloud_photos::Album;
use icloud_photos::asset::AssetId;
use icloud_photos::sync::catalogue::Status;
use icloud_photos::sync::{Disposal, MoveRule, RemovalLimit, SyncBuilder};
use icloud_photos_testkit::{Edit, FaultAction, FaultRule, LibrarySpec};
use tokio::sync::Notify;

use crate::changes_fold::{Dice, Scene};
use crate::copies::{Choose, Copy, status};
use crate::cut::{After, FLOOD, Flood, complete, pending, ranks, seen, trash};
use crate::follow_edits::{compare_rows, disturb, options, seeds};
use crate::removal::{mirroring, moving};

const PHOTOS: u64 = 2000;

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    /// The whole library, whose history is lost.
    Anew,
    /// The same library for the sake of other options.
    Second,
    /// One album for the first time.
    Album,
    /// Two, and both were listed before.
    Albums,
}

/// How the listing is cut.
#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    /// The network fails.
    Error,
    /// The process is gone, all of a sudden.
    Dropped,
}

/// Albums with so many photos each, the newest first.
async fn albums(copy: &Copy, sizes: &[usize]) -> Vec<Album> {
    let (library, now) = (copy.world.library(), copy.world.cloud.now_ms());
    let scene = Scene::of(&copy.world);
    for (number, size) in sizes.iter().enumerate() {
        let album = library.add_album(&format!("Cut {number}"), now);
        for asset in &scene.assets[..*size] {
            assert!(library.edit(asset, &Edit::Enter(album.clone()), now));
        }
    }
    let all = copy.world.session.primary_library().albums().await.unwrap();
    all.iter().filter(|album| album.name().starts_with("Cut ")).cloned().collect()
}

fn of(albums: Vec<Album>) -> Choose {
    Arc::new(move |_, builder: SyncBuilder| {
        albums.iter().fold(builder, |builder, album| builder.album(album.clone()))
    })
}

impl What {
    fn is_whole(self) -> bool {
        matches!(self, Self::Anew | Self::Second)
    }

    /// Assets in all its lists, and pages of them.
    fn size(self) -> (u64, u64) {
        match self {
            Self::Anew | Self::Second => (PHOTOS, 21),
            Self::Album => (1500, 24),
            Self::Albums => (2000, 32),
        }
    }

    /// A copy about to list; with assets that it knows and no list shows.
    async fn ready(self) -> (Copy, Vec<String>) {
        let mut copy = Copy::of(LibrarySpec::plain(PHOTOS, 300)).await;
        match self {
            Self::Album => copy.choose = of(albums(&copy, &[1500]).await),
            Self::Albums => copy.choose = of(albums(&copy, &[500, 1500]).await),
            _ => {}
        }
        if self == Self::Album {
            return (copy, Vec::new());
        }
        assert!(copy.run().await.unwrap().is_clean());
        let (library, now) = (copy.world.library(), copy.world.cloud.now_ms());
        let mut gone = Vec::new();
        if self.is_whole() {
            // Some of the front of the list, some of its end, and some that stand nowhere near.
            let assets = Scene::of(&copy.world).assets;
            for (number, asset) in assets.iter().step_by(assets.len() / 30).enumerate() {
                let edit = [Edit::Trash, Edit::Hide(true), Edit::Purge][number % 3].clone();
                assert!(library.edit(asset, &edit, now));
                gone.push(asset.clone());
            }
        }
        match self {
            Self::Second => copy.choose = Arc::new(|_, builder| builder.skip_videos(true)),
            _ => library.expire_tokens(),
        }
        (copy, gone)
    }
}

/// Runs until it is cut near the end of all lists.
async fn cut(copy: &Copy, what: What, how: How) {
    let (assets, pages) = what.size();
    let page = |action| FaultRule::new("cloudkit/records/query", action).containing("startRank");
    match how {
        How::Error => {
            copy.faults(vec![page(FaultAction::Reset).after(pages - 3)]);
            copy.run().await.unwrap_err();
        }
        How::Dropped => {
            // Pages take their time, so that there is some to write down in.
            copy.faults(vec![page(FaultAction::Stall { after: None, ms: Some(2500) })]);
            let after = Arc::new(After((assets * 93 / 100).into(), Notify::new()));
            let engine = copy.engine();
            tokio::select! {
                ended = engine.run(after.clone()) => panic!("{ended:?}"),
                () = after.1.notified() => {}
            }
            drop(engine);
            tokio::time::sleep(Duration::from_secs(30)).await;
        }
    }
    copy.faults(Vec::new());
}

/// What a person does meanwhile, before and behind the place where the list was cut.
fn meddle(copy: &Copy) -> Vec<String> {
    let (library, now) = (copy.world.library(), copy.world.cloud.now_ms());
    let live = Scene::of(&copy.world).assets;
    let (front, back) = (&live[200..], &live[live.len() - 200..]);
    for assets in [front, back] {
        assert!(library.edit(&assets[1], &Edit::Favourite(true), now));
        assert!(library.edit(&assets[2], &Edit::Trash, now));
        assert!(library.edit(&assets[3], &Edit::Hide(true), now));
        assert!(library.edit(&assets[4], &Edit::Render, now));
    }
    library.add_photo("Meanwhile.JPG", 700, now);
    let album = library.add_album("Meanwhile", now);
    library.edit(&front[5], &Edit::Enter(album), now);
    [front, back].iter().flat_map(|assets| [assets[2].clone(), assets[3].clone()]).collect()
}

/// Nothing of what was seen to go is taken for what iCloud shows.
async fn are_out_of_sight(copy: &Copy, ids: &[String], about: &str) {
    let rows = copy.asset_rows().await;
    for id in ids {
        let row = rows.iter().find(|row| row.asset.as_str() == id);
        assert!(row.is_none_or(|row| row.trashed || row.hidden), "{about}: {row:?}");
    }
}

async fn goes_on(what: What, how: How, meddles: bool) {
    let about = format!("{what:?}, {how:?}, {meddles}");
    let (copy, mut gone) = what.ready().await;
    cut(&copy, what, how).await;
    let there = pending(&copy).await.unwrap_or_else(|| panic!("{about}: there is no mark"));
    let (_, pages) = what.size();
    assert_eq!(there.album, u64::from(what == What::Albums), "{about}");
    assert!(there.rank >= if how == How::Error { 1300 } else { 900 }, "{about}: {there:?}");
    assert_eq!(there.sweeps, what.is_whole(), "{about}");
    let known = copy.catalogue_knows(&there).await;
    assert!(known, "{about}: who was seen is written with the mark");
    if meddles {
        gone.extend(meddle(&copy));
    }
    ranks(&copy);
    copy.world.cloud.reset_counts();
    let fetched = copy.files().await.len();
    let report = copy.run().await.unwrap();
    let (ranks, counts) = (ranks(&copy), copy.world.cloud.counts());
    assert!(report.is_clean(), "{about}: {report}");
    println!("{about}: cut at {}/{}, then {} of {pages} pages", there.album, there.rank, ranks.len());
    let slack = 100 + 25;
    assert!(ranks.iter().all(|rank| *rank + slack >= there.rank), "{about}: {there:?} {ranks:?}");
    assert!(ranks.len() <= if how == How::Error { 5 } else { 11 }, "{about}: {ranks:?}");
    let lookups = counts.requests_to("cloudkit/records/lookup");
    // Those that are looked for, a few in each of three pages of rows, and what changed.
    assert!(lookups <= 10, "{about}: {lookups}");
    let came = report.downloaded as usize;
    assert!(
        came + fetched >= copy.files().await.len() && (what == What::Album || came <= 3),
        "{about}: {report}"
    );
    are_out_of_sight(&copy, &gone, &about).await;
    if what.is_whole() {
        compare_rows(&copy, &about).await;
    }
    complete(&copy, &about).await;
}

impl Copy {
    /// Whether the catalogue knows of as many assets as the mark says were seen.
    async fn catalogue_knows(&self, there: &icloud_photos::sync::catalogue::Pending) -> bool {
        use icloud_photos::sync::catalogue::Catalogue;
        if !there.sweeps {
            return self.asset_rows().await.len() as u64 >= there.rank;
        }
        let ids: Vec<AssetId> = self.asset_rows().await.into_iter().map(|row| row.asset).collect();
        let all = self.catalogue.all_progress().await.unwrap();
        let selection = all.into_iter().find(|progress| progress.pending.is_some()).unwrap().selection;
        let on_roll = self.catalogue.on_roll(&self.key().await, &selection, &ids).await.unwrap();
        on_roll.into_iter().filter(|seen| *seen).count() as u64 >= there.rank
    }
}

#[tokio::test(start_paused = true)]
async fn a_library_that_is_listed_anew_goes_on() {
    for how in [How::Error, How::Dropped] {
        goes_on(What::Anew, how, false).await;
        goes_on(What::Anew, how, true).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_selection_goes_on() {
    for how in [How::Error, How::Dropped] {
        goes_on(What::Second, how, false).await;
        goes_on(What::Second, how, true).await;
    }
}

#[tokio::test(start_paused = true)]
async fn albums_go_on() {
    for how in [How::Error, How::Dropped] {
        goes_on(What::Album, how, false).await;
        goes_on(What::Albums, how, false).await;
    }
}

/// Cut again and again, it comes nearer to its end each time.
#[tokio::test(start_paused = true)]
async fn a_rest_that_is_cut_goes_on_too() {
    for what in [What::Anew, What::Albums] {
        let (copy, gone) = what.ready().await;
        let page = FaultRule::new("cloudkit/records/query", FaultAction::Reset).containing("startRank");
        let (mut runs, mut read, mut last) = (0, 0, (0, 0));
        loop {
            copy.faults(vec![page.clone().after(9)]);
            ranks(&copy);
            let ended = copy.run().await;
            // Each that failed was tried some times.
            read += ranks(&copy).len().min(9);
            runs += 1;
            if ended.is_ok() {
                break;
            }
            let there = pending(&copy).await.unwrap();
            assert!((there.album, there.rank) > last, "{what:?}: {there:?} after {last:?}");
            last = (there.album, there.rank);
            if what.is_whole() && runs == 2 {
                copy.world.library().add_photo("Late.JPG", 700, copy.world.cloud.now_ms());
            }
        }
        copy.faults(Vec::new());
        println!("{what:?}: {runs} runs, {read} pages");
        assert!(runs >= 3 && read as u64 <= what.size().1 * 3, "{what:?}: {runs} runs, {read} pages");
        are_out_of_sight(&copy, &gone, "in pieces").await;
        if what.is_whole() {
            compare_rows(&copy, "in pieces").await;
        }
        complete(&copy, "in pieces").await;
    }
}

/// Only a list says who is in an album: whatever happens, it is read from its start.
#[tokio::test(start_paused = true)]
async fn albums_are_listed_anew_when_anything_happens() {
    for trouble in ["added", "left", "entered", "trashed", "elsewhere", "between", "expired"] {
        let (copy, _) = What::Albums.ready().await;
        cut(&copy, What::Albums, How::Error).await;
        assert!(pending(&copy).await.is_some_and(|there| there.album == 1));
        let (library, now) = (copy.world.library(), copy.world.cloud.now_ms());
        let scene = Scene::of(&copy.world);
        let album = scene.albums.last().unwrap().clone();
        let mut between = Vec::new();
        match trouble {
            "added" => {
                let photo = library.add_photo("New.JPG", 700, now);
                assert!(library.edit(&photo, &Edit::Enter(album), now));
            }
            "left" => assert!(library.edit(&scene.assets[3], &Edit::Leave(album), now)),
            "entered" => assert!(library.edit(&scene.assets[1900], &Edit::Enter(album), now)),
            "trashed" => assert!(library.edit(&scene.assets[5], &Edit::Trash, now)),
            "elsewhere" => assert!(library.edit(&scene.assets[1950], &Edit::Favourite(true), now)),
            "between" => between = scene.assets[7..9].to_vec(),
            _ => library.expire_tokens(),
        }
        ranks(&copy);
        let report = copy.engine().run(Arc::new(Flood(copy.world.clone(), between))).await.unwrap();
        assert!(report.is_clean(), "{trouble}: {report}");
        assert!(ranks(&copy).contains(&0), "{trouble}");
        if trouble == "between" {
            // It happened again while the list was read anew.
            assert!(copy.run().await.unwrap().is_clean());
        }
        complete(&copy, trouble).await;
    }
}

/// A file of an album that could not be had is come to again by the rest of its list.
#[tokio::test(start_paused = true)]
async fn what_failed_in_an_album_is_not_passed_over() {
    let (copy, _) = What::Album.ready().await;
    copy.faults(vec![
        FaultRule::new("cloudkit/records/query", FaultAction::Reset).containing("startRank").after(21),
        FaultRule::new("content", status(403)).after(900).times(40),
    ]);
    copy.run().await.unwrap_err();
    let failed = copy.rows().await.into_iter().filter(|row| !row.status.is_kept()).count();
    assert!(failed > 0);
    let there = pending(&copy).await.unwrap();
    assert!(there.rank > 700 && there.rank < 1100, "{there:?}");
    copy.faults(Vec::new());
    ranks(&copy);
    let report = copy.run().await.unwrap();
    assert!(report.is_clean(), "{report}");
    let ranks = ranks(&copy);
    assert!(ranks.iter().all(|rank| rank + 100 >= there.rank), "{ranks:?}");
    assert!(copy.rows().await.iter().all(|row| row.status == Status::Verified));
    complete(&copy, "failed in an album").await;
}

/// A plan that is only looked at writes nothing, and finds whom an earlier run saw.
#[tokio::test(start_paused = true)]
async fn a_plan_of_a_rest_changes_nothing() {
    use futures::TryStreamExt;
    let (copy, _) = What::Anew.ready().await;
    cut(&copy, What::Anew, How::Error).await;
    let (writes, there) = (copy.catalogue.writes(), pending(&copy).await);
    for _ in 0..2 {
        copy.world.cloud.reset_counts();
        let actions: Vec<_> = copy.engine().plan().try_collect().await.unwrap();
        assert!(actions.len() < 4000);
        assert!(copy.world.cloud.counts().requests_to("cloudkit/records/lookup") <= 6);
    }
    assert_eq!((copy.catalogue.writes(), pending(&copy).await), (writes, there));
    assert!(copy.run().await.unwrap().is_clean());
    complete(&copy, "after a plan").await;
}

/// Cut at random, changed at random, cut again perhaps; gives whether some run went on from a mark.
async fn in_pieces(seed: u64) -> bool {
    let mut dice = Dice(seed);
    let mut copy = Copy::of(LibrarySpec::everyday(seed, 700 + dice.roll(500) as u64)).await;
    let about = format!("seed {seed}");
    let lists: Vec<_> = match dice.roll(3) {
        0 => albums(&copy, &[150 + dice.roll(300), 150 + dice.roll(300)]).await,
        _ => Vec::new(),
    };
    let whole = lists.is_empty();
    let known = dice.roll(3) > 0;
    if known {
        copy.choose = options(&mut dice, None);
        assert!(copy.run().await.unwrap().is_clean(), "{about}");
    }
    let same = whole && (!known || dice.roll(2) == 0);
    copy.choose = match whole {
        true if same => copy.choose,
        true => options(&mut dice, None),
        false => of(lists),
    };
    let mut scene = Scene::of(&copy.world);
    (0..dice.roll(60)).for_each(|_| disturb(&copy, &mut scene, &mut dice));
    copy.world.library().expire_tokens();
    let mut went_on = false;
    for _ in 0..=dice.roll(3) {
        let page = FaultRule::new("cloudkit/records/query", FaultAction::Reset).containing("startRank");
        copy.faults(vec![page.after(4 + dice.roll(5) as u64)]);
        ranks(&copy);
        let marked = pending(&copy).await.is_some();
        let ended = copy.run().await;
        went_on |= marked && !ranks(&copy).contains(&0);
        copy.faults(Vec::new());
        let mut scene = Scene::of(&copy.world);
        let changes = if whole || dice.roll(2) == 0 { dice.roll(30) } else { 0 };
        (0..changes).for_each(|_| disturb(&copy, &mut scene, &mut dice));
        if dice.roll(8) == 0 {
            trash(&copy.world, &seen(&copy, dice.roll(FLOOD)).await);
        }
        if dice.roll(8) == 0 {
            copy.world.library().expire_tokens();
        }
        if ended.is_ok() {
            break;
        }
    }
    let between = seen(&copy, dice.roll(2) * dice.roll(FLOOD)).await;
    let marked = pending(&copy).await.is_some();
    ranks(&copy);
    let report = copy.engine().run(Arc::new(Flood(copy.world.clone(), between))).await.unwrap();
    went_on |= marked && !ranks(&copy).contains(&0);
    assert!(report.is_clean(), "{about}: {report}");
    // A run that listed did not ask about files that are neither here nor in the list, and what happened in an album while it was
    // listed shows in the next list.
    assert!(copy.run().await.unwrap().is_clean(), "{about}");
    // What other options asked for of the same assets is known as well.
    if same {
        compare_rows(&copy, &about).await;
    }
    complete(&copy, &about).await;
    went_on
}

#[tokio::test(start_paused = true)]
async fn in_however_many_pieces_a_list_is_read_the_copy_is_the_same() {
    let (mut went_on, all) = (0, seeds(1..=16));
    let count = all.clone().count();
    for seed in all {
        went_on += usize::from(in_pieces(seed).await);
    }
    println!("{went_on} of {count} went on");
    assert!(went_on * 4 > count, "{went_on} of {count}");
}

/// A file of unknown origin is read before it is taken for a photo, as it is when the list is read in one go.
#[tokio::test(start_paused = true)]
async fn whoever_goes_on_doubts_what_the_catalogue_does_not_know() {
    let copy = Copy::of(LibrarySpec::plain(PHOTOS, 300)).await;
    let (library, now) = (copy.world.library(), copy.world.cloud.now_ms());
    let id = oldest(&copy).await;
    assert!(library.edit(&id, &Edit::Trash, now));
    copy.run().await.unwrap();
    assert!(library.edit(&id, &Edit::Restore, now));
    let fresh = copy.afresh().await;
    let ((_, _), (path, _)) = fresh.iter().find(|((asset, _), _)| asset.as_str() == id).unwrap();
    copy.put(path.as_str(), vec![7; 300]).await;
    library.expire_tokens();
    cut(&copy, What::Anew, How::Error).await;
    assert!(pending(&copy).await.is_some());
    assert!(copy.engine().cursor().await.unwrap().is_some(), "that a run came to its end is not forgotten");
    assert!(copy.run().await.unwrap().is_clean());
    complete(&copy, "a foreign file").await;
}

/// The last of the list.
async fn oldest(copy: &Copy) -> String {
    let mut list = copy.world.session.primary_library().all().assets();
    let mut last = None;
    while let Some(asset) = list.next().await {
        last = Some(asset.unwrap().id().to_string());
    }
    last.unwrap()
}

/// A run that goes on to the end of the list may remove what one that read it in one go may; a run that is cut removes nothing, and
/// neither does one whose rest lacks something.
#[tokio::test(start_paused = true)]
async fn removals_wait_for_the_end_of_the_rest() {
    for short in [false, true] {
        let copy = Copy::with(LibrarySpec::plain(PHOTOS, 300), mirroring(Disposal::Remove)).await;
        copy.run().await.unwrap();
        let (library, now) = (copy.world.library(), copy.world.cloud.now_ms());
        let live = Scene::of(&copy.world).assets;
        let gone = [&live[3], &live[1500], &live[1990]];
        gone.iter().for_each(|id| assert!(library.edit(id, &Edit::Trash, now)));
        library.expire_tokens();
        cut(&copy, What::Anew, How::Error).await;
        assert_eq!(copy.files().await.len() as u64, PHOTOS, "nothing goes before the list was read");
        let late = &live[700];
        assert!(library.edit(late, &Edit::Trash, now));
        if short {
            library.switch(|switches| switches.missing_from_lists = 3);
            let report = copy.run().await.unwrap();
            assert!(report.removed == 0 && report.stopped && !report.is_clean(), "{report}");
            library.switch(|switches| switches.missing_from_lists = 0);
            assert!(pending(&copy).await.is_none());
        }
        let report = copy.run().await.unwrap();
        assert!(report.is_clean() && report.removed == 4, "{report}");
        let kept: Vec<_> = copy.rows().await.into_iter().map(|row| row.key.asset.to_string()).collect();
        assert!(gone.iter().chain([&late]).all(|id| !kept.contains(id)));
        assert_eq!(copy.files().await.len() as u64, PHOTOS - 4);
    }
}

/// What leaves iCloud leaves once the list is at its end, whoever fetched it.
#[tokio::test(start_paused = true)]
async fn what_a_cut_run_fetched_leaves_after_the_rest() {
    let copy = Copy::with(LibrarySpec::plain(PHOTOS, 300), moving(MoveRule::Fetched)).await;
    let copy = Copy { choose: all_may_go(copy.choose.clone()), ..copy };
    let page = FaultRule::new("cloudkit/records/query", FaultAction::Reset).containing("startRank");
    copy.faults(vec![page.after(18)]);
    copy.run().await.unwrap_err();
    assert_eq!(Scene::of(&copy.world).assets.len() as u64, PHOTOS);
    copy.faults(Vec::new());
    let report = copy.run().await.unwrap();
    assert!(report.is_clean() && report.moved == PHOTOS, "{report}");
    assert_eq!(copy.files().await.len() as u64, PHOTOS);
}

fn all_may_go(choose: Choose) -> Choose {
    Arc::new(move |library, builder| choose(library, builder).removal_limit(RemovalLimit::new(1.0)))
}
