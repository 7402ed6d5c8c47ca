//! A function of the program's own leaves photos out: of lists and of news, and of whatever is removed.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use futures::{FutureExt, TryStreamExt};
use icloud_photos::asset::AssetId;
use icloud_photos::sync::catalogue::{Batch, Catalogue as _};
use icloud_photos::sync::{
    AdoptOptions, Disposal, MoveRule, RemovalLimit, SkipReason, SyncBuilder, SyncEvent, SyncObserver,
    SyncReport, View,
};
use icloud_photos::{Asset, SmartAlbum};
use icloud_photos_testkit::{Edit, LibrarySpec};

use crate::copies::{Choose, Copy};
use crate::removal::Told;

/// The names of the filters that left something out, and of whom.
#[derive(Default)]
struct Left(Mutex<Vec<(String, String)>>);

impl SyncObserver for Left {
    fn event(&self, event: SyncEvent<'_>) {
        if let SyncEvent::Skipped { asset, reason: SkipReason::Filtered { name } } = event {
            self.0.lock().unwrap().push((name.clone(), name_of(asset)));
        }
    }
}

fn name_of(asset: &Asset) -> String {
    asset.filename().known().unwrap_or_default().to_owned()
}

impl Copy {
    /// The names of all files that stand here.
    async fn here(&self) -> BTreeSet<String> {
        self.paths().await.iter().map(|path| path.rsplit('/').next().unwrap().to_owned()).collect()
    }

    /// A run that lists nothing.
    async fn follows(&self) -> SyncReport {
        self.world.cloud.reset_counts();
        let report = self.run().await.unwrap();
        let counts = self.world.cloud.counts();
        assert_eq!(counts.requests_to("cloudkit/records/query"), 0, "{counts:?}");
        assert!(report.is_clean(), "{report}");
        report
    }
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn choose(choose: impl Fn(SyncBuilder) -> SyncBuilder + Send + Sync + 'static) -> Choose {
    Arc::new(move |_, builder| choose(builder))
}

fn favourites(builder: SyncBuilder) -> SyncBuilder {
    builder.filter("favourites", Asset::is_favorite)
}

/// Five photos, one a day; `1.JPG` and `3.JPG` are favourites.
async fn five(pick: impl Fn(SyncBuilder) -> SyncBuilder + Send + Sync + 'static) -> Copy {
    let mut copy = Copy::of(LibrarySpec::plain(0, 1000)).await;
    (0..5).for_each(|day| drop(copy.photo(&format!("{day}.JPG"), day + 1)));
    for name in ["1.JPG", "3.JPG"] {
        copy.edit(&copy.id(name), Edit::Favourite(true));
    }
    copy.choose = choose(pick);
    copy
}

#[tokio::test(start_paused = true)]
async fn what_a_filter_does_not_want_is_skipped_and_told_with_its_name() {
    let copy = five(favourites).await;
    let left = Arc::new(Left::default());
    let report = copy.engine().run(left.clone()).await.unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!((report.assets, report.downloaded, report.skipped), (5, 2, 3));
    assert_eq!(copy.here().await, names(&["1.JPG", "3.JPG"]));
    let mut left = std::mem::take(&mut *left.0.lock().unwrap());
    left.sort();
    assert_eq!(left, ["0.JPG", "2.JPG", "4.JPG"].map(|name| ("favourites".to_owned(), name.to_owned())));
    let reason = SkipReason::Filtered { name: "favourites".to_owned() };
    assert_eq!(reason.to_string(), "the filter favourites leaves it out");
    copy.rests("everything was seen").await;
}

#[tokio::test(start_paused = true)]
async fn what_changes_so_that_it_is_wanted_is_fetched_by_the_next_run() {
    let copy = five(favourites).await;
    copy.run().await.unwrap();
    copy.edit(&copy.id("0.JPG"), Edit::Favourite(true));
    copy.edit(&copy.id("1.JPG"), Edit::Favourite(false));
    let added = copy.photo("new.JPG", 9);
    let report = copy.follows().await;
    assert_eq!(
        (report.downloaded, report.skipped),
        (1, 2),
        "the new one is no favourite, nor is 1.JPG any more"
    );
    assert_eq!(copy.here().await, names(&["0.JPG", "1.JPG", "3.JPG"]), "what is here stays");
    copy.rests("after the news").await;
    copy.edit(&added, Edit::Favourite(true));
    assert_eq!(copy.follows().await.downloaded, 1);
    copy.rests("and after more").await;
}

/// Only a list says who is in an album.
#[tokio::test(start_paused = true)]
async fn of_an_album_too() {
    let mut copy = five(favourites).await;
    let album = copy.world.library().add_album("Some", copy.world.cloud.now_ms());
    for name in ["0.JPG", "1.JPG", "2.JPG"] {
        copy.edit(&copy.id(name), Edit::Enter(album.clone()));
    }
    let tree = copy.world.session.primary_library().albums().await.unwrap();
    let some = tree.iter().find(|album| album.name() == "Some").unwrap().clone();
    copy.choose = choose(move |builder| favourites(builder.album(some.clone())));
    let report = copy.run().await.unwrap();
    assert_eq!((report.downloaded, report.skipped), (1, 2));
    copy.rests("an album").await;
    copy.edit(&copy.id("2.JPG"), Edit::Favourite(true));
    copy.edit(&copy.id("4.JPG"), Edit::Favourite(true));
    assert_eq!(copy.run().await.unwrap().downloaded, 1);
    assert_eq!(copy.here().await, names(&["1.JPG", "2.JPG"]));
    copy.rests("after the list").await;
}

/// Another name is written on the original alone.
#[tokio::test(start_paused = true)]
async fn a_photo_that_gets_the_right_name_is_fetched() {
    let copy = five(|builder| builder.filter("names", |asset| name_of(asset).starts_with('W'))).await;
    assert_eq!(copy.run().await.unwrap().downloaded, 0);
    copy.rests("nothing is wanted").await;
    copy.edit(&copy.id("2.JPG"), Edit::Rename("W.JPG".into()));
    assert_eq!(copy.run().await.unwrap().downloaded, 1);
    copy.rests("it is here").await;
}

/// Nobody knows whose original it is: only a list does.
#[tokio::test(start_paused = true)]
async fn a_photo_that_the_catalogue_does_not_know_is_fetched_too_when_it_gets_the_right_name() {
    let copy = five(|builder| builder.filter("names", |asset| name_of(asset).starts_with('W'))).await;
    copy.run().await.unwrap();
    let mut batch = Batch::default();
    batch.gone_assets.push((copy.key().await, AssetId::new(copy.id("2.JPG"))));
    copy.catalogue.commit(batch).await.unwrap();
    copy.edit(&copy.id("2.JPG"), Edit::Rename("W.JPG".into()));
    assert_eq!(copy.run().await.unwrap().downloaded, 1);
    copy.rests("it is here").await;
}

/// What only a full listing tells must be there to be seen, in lists and in news.
#[tokio::test(start_paused = true)]
async fn a_filter_sees_all_that_is_modelled() {
    let told = |asset: &Asset| asset.title().is_some() || !asset.keywords().is_empty();
    let copy =
        Copy::with(LibrarySpec::everyday(3, 120), move |_, builder| builder.filter("told", told)).await;
    let all: Vec<Asset> = copy.world.session.primary_library().all().assets().try_collect().await.unwrap();
    let wanted = all.iter().filter(|asset| told(asset)).count() as u64;
    assert!(0 < wanted && wanted < all.len() as u64, "{wanted} of {}", all.len());
    let report = copy.run().await.unwrap();
    assert_eq!((report.assets, report.skipped), (all.len() as u64, all.len() as u64 - wanted));
    copy.rests("everything was seen").await;
    let one = all.iter().find(|asset| told(asset) && !asset.is_favorite()).unwrap();
    copy.edit(one.id().as_str(), Edit::Favourite(true));
    assert_eq!(copy.follows().await.skipped, 0, "it is still wanted");
}

/// The name stands for the function.
#[tokio::test(start_paused = true)]
async fn another_name_is_another_selection_and_the_same_name_is_not() {
    let mut copy = five(favourites).await;
    copy.run().await.unwrap();
    copy.choose = choose(|builder| builder.filter("favourites", |_| true));
    copy.rests("under the old name only what changes is asked about").await;
    copy.edit(&copy.id("0.JPG"), Edit::Favourite(true));
    assert_eq!(copy.follows().await.downloaded, 1);
    copy.choose = choose(|builder| builder.filter("all", |_| true));
    let report = copy.run().await.unwrap();
    assert_eq!((report.downloaded, report.present), (2, 3), "the others come, and nothing comes twice");
    copy.rests("under the new name").await;
    copy.choose = choose(|builder| builder);
    let report = copy.run().await.unwrap();
    assert_eq!((report.downloaded, report.present), (0, 5), "without a filter it is a selection of its own");
}

/// A file of a photo that the filter does not want is another selection's affair, whoever removed it.
#[tokio::test(start_paused = true)]
async fn what_is_missing_and_not_wanted_is_not_fetched() {
    let mut copy = five(|builder| builder).await;
    copy.run().await.unwrap();
    copy.choose = choose(favourites);
    copy.run().await.unwrap();
    copy.remove(&copy.path("0.JPG").await).await;
    copy.remove(&copy.path("1.JPG").await).await;
    let report = copy.run().await.unwrap();
    assert!(report.is_clean() && report.downloaded == 1, "{report}");
    assert_eq!(copy.here().await, names(&["1.JPG", "2.JPG", "3.JPG", "4.JPG"]));
    copy.rests("it was asked about once").await;
    copy.choose = choose(|builder| builder);
    assert_eq!(copy.run().await.unwrap().downloaded, 1, "the selection that wants it has it again");
}

fn all_of_it(builder: SyncBuilder) -> SyncBuilder {
    builder.removal_limit(RemovalLimit::new(1.0))
}

#[tokio::test(start_paused = true)]
async fn a_mirror_leaves_what_is_not_wanted() {
    let mut copy = five(|builder| builder).await;
    copy.run().await.unwrap();
    let mirror = |builder: SyncBuilder| all_of_it(builder.mirror(Some(Disposal::Remove)));
    for album in [false, true] {
        let (unwanted, wanted) = if album { ("2.JPG", "3.JPG") } else { ("0.JPG", "1.JPG") };
        copy.choose = Arc::new(move |library, builder| {
            let builder = mirror(favourites(builder));
            if album { builder.album(library.smart_album(SmartAlbum::Favorites)) } else { builder }
        });
        copy.run().await.unwrap();
        copy.trash(unwanted);
        copy.trash(wanted);
        let (report, told) = copy.clear().await;
        assert_eq!(report.removed, 1, "{told:?}");
        let here = copy.here().await;
        assert!(here.contains(unwanted) && !here.contains(wanted), "{here:?}");
    }
    copy.choose = choose(mirror);
    assert_eq!(copy.clear().await.0.removed, 2, "without the filter they go");
}

/// A filter that goes by what only a full listing tells, and a photo in Recently Deleted.
#[tokio::test(start_paused = true)]
async fn a_mirror_sees_of_what_is_deleted_all_that_the_filter_looks_at() {
    let titled = |asset: &Asset| asset.title().is_some();
    let copy = Copy::with(LibrarySpec::everyday(3, 120), move |_, builder| {
        all_of_it(builder.filter("titled", titled).mirror(Some(Disposal::Remove)))
    })
    .await;
    copy.run().await.unwrap();
    let row = copy.rows().await.remove(0);
    copy.edit(row.key.asset.as_str(), Edit::Trash);
    let (report, told) = copy.clear().await;
    assert!(report.removed > 0, "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_wanted_stays_in_icloud_and_nothing_is_said_of_it() {
    for rule in [MoveRule::OlderThan { days: 0 }, MoveRule::OlderThan { days: 3 }, MoveRule::Fetched] {
        for (everything_is_here, album) in [(false, false), (true, false), (false, true)] {
            let mut copy = five(|builder| builder).await;
            if everything_is_here {
                copy.run().await.unwrap();
            }
            copy.choose = Arc::new(move |library, builder| {
                let builder = all_of_it(favourites(builder).move_out(Some(rule)));
                if album {
                    builder.album(library.smart_album(SmartAlbum::Favorites)).album(library.all())
                } else {
                    builder
                }
            });
            let about = format!("{rule:?} {everything_is_here} {album}");
            let expected = match rule {
                MoveRule::OlderThan { days: 3 } => 1,
                MoveRule::Fetched if everything_is_here => 0,
                _ => 2,
            };
            for run in 0..2 {
                let rehearsed = Told::default();
                copy.engine().rehearse_removals(&rehearsed).await.unwrap();
                let (report, told) = copy.clear().await;
                let moved = if run == 0 { expected } else { 0 };
                assert_eq!((report.moved, report.withheld), (moved, 0), "{about}: {told:?}");
                for name in ["0.JPG", "2.JPG", "4.JPG"] {
                    let lines = [rehearsed.lines(), told.clone()].concat();
                    assert!(!lines.iter().any(|line| line.contains(name)), "{about}: {lines:?}");
                }
            }
            assert_eq!(copy.shown().len() as u64, 5 - expected, "{about}");
        }
    }
}

/// It would be withheld if it were wanted, and told by every run.
#[tokio::test(start_paused = true)]
async fn an_edit_that_is_not_here_keeps_only_what_is_wanted() {
    let mut copy = five(|builder| builder).await;
    copy.run().await.unwrap();
    for name in ["0.JPG", "1.JPG"] {
        copy.edit(&copy.id(name), Edit::Render);
    }
    copy.choose =
        choose(|builder| all_of_it(favourites(builder).move_out(Some(MoveRule::OlderThan { days: 0 }))));
    for moved in [1, 0] {
        let (report, told) = copy.clear().await;
        assert_eq!((report.moved, report.withheld), (moved, 1), "{told:?}");
        assert!(!told.iter().any(|line| line.contains("0.JPG")), "{told:?}");
        assert!(told.iter().any(|line| line.starts_with("stays 1.JPG")), "{told:?}");
    }
}

/// The run ends as if it had been killed. Nothing is lost by that, and nothing held for seen.
#[tokio::test(start_paused = true)]
async fn a_filter_that_panics_loses_nothing() {
    let mut copy = five(|builder| builder).await;
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    copy.choose = choose(move |builder| {
        let counter = counter.clone();
        let keep = move |_: &Asset| {
            assert!(counter.fetch_add(1, Relaxed) != 3, "the filter does not like this one");
            true
        };
        all_of_it(builder.filter("all", keep).mirror(Some(Disposal::Remove)))
    });
    assert!(AssertUnwindSafe(copy.run()).catch_unwind().await.is_err());
    assert_eq!(calls.load(Relaxed), 4);
    let engine = copy.engine();
    assert!(engine.covered_at().await.unwrap().is_none(), "nothing is covered");
    let report = copy.run().await.unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!(copy.here().await.len(), 5);
    copy.rests("the next run goes on").await;
    // In the midst of news as well.
    calls.store(3, Relaxed);
    copy.photo("new.JPG", 9);
    assert!(AssertUnwindSafe(copy.run()).catch_unwind().await.is_err());
    assert_eq!(copy.run().await.unwrap().downloaded, 1);
    assert_eq!(copy.here().await.len(), 6);
}

/// Files of photos that are not wanted are nobody's when they are found.
#[tokio::test(start_paused = true)]
async fn an_adoption_takes_by_name_what_is_wanted() {
    let copy = five(|builder| builder).await;
    copy.run().await.unwrap();
    let copy = Copy { choose: choose(favourites), ..copy.forgetful() };
    copy.engine().adopt(AdoptOptions::default(), |_| ()).await.unwrap();
    let report = copy.run().await.unwrap();
    assert_eq!((report.downloaded, report.present, report.skipped), (0, 2, 3), "{report}");
    copy.rests("after the adoption").await;
}

/// A view shows what stands here, wanted or not.
#[tokio::test(start_paused = true)]
async fn a_view_keeps_what_is_not_wanted_any_more() {
    let by_year = |builder: SyncBuilder| favourites(builder).view("Years:{:%Y}".parse::<View>().unwrap());
    let copy = five(by_year).await;
    let report = copy.run().await.unwrap();
    let laid = copy.here().await;
    copy.edit(&copy.id("1.JPG"), Edit::Favourite(false));
    let later = copy.follows().await;
    assert_eq!((later.views_laid, later.views_removed), (0, 0), "{report:?}");
    assert_eq!(copy.here().await, laid);
}
