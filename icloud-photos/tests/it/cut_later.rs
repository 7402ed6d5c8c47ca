//! Listings that are cut and are not the first of a whole library: of one that was copied before, of another selection of it, of
//! albums.

use std::sync::Arc;
use std::time::Duration;

use icloud_photos::Album;
use icloud_photos::asset::AssetId;
use icloud_photos::sync::SyncBuilder;
use icloud_photos::sync::catalogue::Status;
use icloud_photos_testkit::{Edit, FaultAction, FaultRule, LibrarySpec};
use tokio::sync::Notify;

use crate::changes_fold::{Dice, Scene};
use crate::copies::{Choose, Copy, status};
use crate::cut::{After, FLOOD, Flood, complete, pending, ranks, seen, trash};
use crate::follow_edits::{compare_rows, disturb, options, seeds};

pub(crate) const PHOTOS: u64 = 2000;

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum What {
    /// The whole library, whose history is lost.
    Anew,
    /// The same library for the sake of other options.
    Second,
    /// One album for the first time.
    Album,
    /// The newest of the library for the first time.
    Recent,
    /// Two, and both were listed before.
    Albums,
}

/// How the listing is cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum How {
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
            Self::Recent => (1500, 16),
            Self::Albums => (2000, 32),
        }
    }

    /// A copy about to list; with assets that it knows and no list shows.
    pub(crate) async fn ready(self) -> (Copy, Vec<String>) {
        let mut copy = Copy::of(LibrarySpec::plain(PHOTOS, 300)).await;
        match self {
            Self::Album => copy.choose = of(albums(&copy, &[1500]).await),
            Self::Albums => copy.choose = of(albums(&copy, &[500, 1500]).await),
            Self::Recent => copy.choose = Arc::new(|_, builder| builder.recent(Some(1500))),
            _ => {}
        }
        if matches!(self, Self::Album | Self::Recent) {
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
pub(crate) async fn cut(copy: &Copy, what: What, how: How) {
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
    assert!(there.rank >= if how == How::Error { 1200 } else { 900 }, "{about}: {there:?}");
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
        came + fetched >= copy.files().await.len()
            && (matches!(what, What::Album | What::Recent) || came <= 3),
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
        goes_on(What::Recent, how, false).await;
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
        copy.choose = options(&mut dice, None, None);
        assert!(copy.run().await.unwrap().is_clean(), "{about}");
    }
    let same = whole && (!known || dice.roll(2) == 0);
    copy.choose = match whole {
        true if same => copy.choose,
        true => options(&mut dice, None, None),
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
