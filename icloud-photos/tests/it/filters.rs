//! Limits on dates, and lists that are left as soon as enough stands here.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use icloud_photos::sync::catalogue::Catalogue as _;
use icloud_photos::sync::layout::{LayoutOptions, LiveSize};
use icloud_photos::sync::{
    DateLimit, Disposal, MoveRule, RemovalEvent, RemovalLimit, SyncBuilder, SyncEvent, SyncObserver,
    SyncReport,
};
use icloud_photos::{Library, SmartAlbum};
use icloud_photos_testkit::{Edit, ExactAsset, LibrarySpec};

use crate::copies::Copy;

/// What a run tells of filters and of what it leaves.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl SyncObserver for Told {
    fn event(&self, event: SyncEvent<'_>) {
        let line = match event {
            SyncEvent::Started { total } => format!("started {total:?}"),
            SyncEvent::Enough { found } => format!("enough {found}"),
            SyncEvent::Skipped { asset, reason } => format!("{}: {reason}", asset.created_ms().unwrap()),
            SyncEvent::Downloaded { path, .. } => format!("+{}", path.name()),
            SyncEvent::Removal(RemovalEvent::LeftEarly) => "nothing leaves iCloud".to_owned(),
            SyncEvent::Removal(RemovalEvent::Removed { path, .. }) => format!("-{}", path.name()),
            _ => return,
        };
        self.0.lock().unwrap().push(line);
    }
}

impl Copy {
    async fn telling(&self) -> (SyncReport, Vec<String>) {
        let told = Arc::new(Told::default());
        let report = self.engine().run(told.clone()).await.unwrap();
        assert!(report.is_clean(), "{report}");
        (report, std::mem::take(&mut *told.0.lock().unwrap()))
    }

    async fn names(&self) -> BTreeSet<String> {
        self.paths().await.iter().map(|path| path.rsplit('/').next().unwrap().to_owned()).collect()
    }

    /// One photo a day, `0.JPG` the youngest.
    fn days(&self, days: std::ops::Range<i64>) {
        days.for_each(|day| drop(self.photo(&format!("{day}.JPG"), day)));
    }
}

fn names(days: impl Iterator<Item = i64>) -> BTreeSet<String> {
    days.map(|day| format!("{day}.JPG")).collect()
}

async fn copy_of(
    days: std::ops::Range<i64>,
    choose: impl Fn(&Library, SyncBuilder) -> SyncBuilder + Send + Sync + 'static,
) -> Copy {
    let copy = Copy::with(LibrarySpec::plain(0, 1000), choose).await;
    copy.days(days);
    copy
}

fn ago(days: u32) -> Option<DateLimit> {
    Some(DateLimit::DaysAgo(days))
}

#[tokio::test(start_paused = true)]
async fn what_is_too_old_or_too_young_is_left_out_of_lists_and_news() {
    let copy =
        copy_of(0..10, |_, builder| builder.skip_created_before(ago(7)).skip_created_after(ago(3))).await;
    let (report, told) = copy.telling().await;
    assert_eq!((report.downloaded, report.skipped), (4, 6));
    assert_eq!(copy.names().await, names(3..7));
    assert_eq!(told.iter().filter(|line| line.contains(", after ")).count(), 3, "{told:?}");
    assert_eq!(told.iter().filter(|line| line.contains(", before ")).count(), 3, "{told:?}");
    copy.rests("filtered").await;
    copy.photo("new.JPG", 5);
    copy.photo("too new.JPG", 1);
    let (report, told) = copy.telling().await;
    assert_eq!((report.downloaded, report.skipped), (1, 1), "{told:?}");
    copy.rests("after the news").await;
}

/// The note of the last look is put back, as if it had been made days ago: time itself does not pass in tests.
#[tokio::test(start_paused = true)]
async fn what_becomes_old_enough_is_fetched_by_a_later_run() {
    for album in [false, true] {
        let copy = copy_of(0..10, move |library, builder| {
            let builder = builder.skip_created_after(ago(3));
            if album { builder.album(library.smart_album(SmartAlbum::Favorites)) } else { builder }
        })
        .await;
        for asset in copy.world.truth()["assets"].as_array().unwrap() {
            copy.edit(asset["id"].as_str().unwrap(), Edit::Favourite(true));
        }
        assert_eq!(copy.telling().await.0.downloaded, 7);
        copy.rests("nothing is old enough yet").await;
        // Two photos were too young for the run before; so their files are not here and nothing tells of them.
        for name in ["4.JPG", "5.JPG"] {
            copy.forget(name).await;
        }
        copy.rests("nothing was old enough: what is not known to be missing is not looked for").await;
        let mut note = window(&copy).await;
        let earlier: i64 = note.token.as_ref().unwrap().parse::<i64>().unwrap() - 3 * 86_400_000_000;
        note.token = Some(earlier.to_string());
        let mut batch = icloud_photos::sync::catalogue::Batch::default();
        batch.progress.push(note);
        copy.catalogue.commit(batch).await.unwrap();
        copy.world.cloud.reset_counts();
        let (report, told) = copy.telling().await;
        assert_eq!(report.downloaded, 2, "album: {album}: {told:?}");
        assert_eq!(copy.names().await, names(3..10));
        if !album {
            let counts = copy.world.cloud.counts();
            assert_eq!(counts.requests_to("cloudkit/records/query"), 0, "no list is read: {counts:?}");
        }
        copy.rests("all of it was seen").await;
    }
}

async fn window(copy: &Copy) -> icloud_photos::sync::catalogue::Progress {
    let all = copy.catalogue.all_progress().await.unwrap();
    all.into_iter().find(|progress| progress.selection.starts_with("window")).unwrap()
}

impl Copy {
    /// As if a file had never been fetched.
    async fn forget(&self, name: &str) {
        let row = self.rows().await.into_iter().find(|row| row.path.as_ref().unwrap().name() == name);
        let row = row.unwrap();
        self.remove(row.path.as_ref().unwrap().as_str()).await;
        let mut batch = icloud_photos::sync::catalogue::Batch::default();
        batch.gone_files.push(row.key);
        self.catalogue.commit(batch).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_limit_leaves_out_neither_leaves_icloud_nor_the_copy() {
    let mut copy = copy_of(0..6, |_, builder| builder).await;
    assert_eq!(copy.telling().await.0.downloaded, 6);
    copy.choose = Arc::new(|_, builder| {
        builder
            .skip_created_before(ago(3))
            .move_out(Some(MoveRule::OlderThan { days: 0 }))
            .mirror(Some(Disposal::Remove))
            .removal_limit(RemovalLimit::new(1.0))
    });
    copy.edit(&crate::removal::id_of(&copy.world.truth(), "5.JPG"), Edit::Trash);
    let (report, told) = copy.telling().await;
    assert_eq!((report.moved, report.removed), (3, 0), "{told:?}");
    assert_eq!(copy.names().await, names(0..6));
}

fn until(count: u64) -> impl Fn(&Library, SyncBuilder) -> SyncBuilder + Send + Sync + 'static {
    move |_, builder| builder.until_found(Some(count))
}

/// Files as another program left them: `present` of ten.
async fn with_files(present: &[i64], count: u64) -> Copy {
    let mut copy = copy_of(0..10, |_, builder| builder).await;
    let full = copy.twin().await;
    for path in full.paths().await {
        if present.iter().any(|day| path.ends_with(&format!("/{day}.JPG"))) {
            copy.put(&path, full.bytes(&path).await).await;
        }
    }
    copy.choose = Arc::new(until(count));
    copy
}

#[tokio::test(start_paused = true)]
async fn a_list_is_left_before_the_asset_that_follows_enough_files_in_a_row() {
    let copy = with_files(&[1, 2, 4, 5, 6, 7, 8], 3).await;
    let (report, told) = copy.telling().await;
    assert_eq!(report.left_early, 1);
    assert_eq!(told[0], "started None");
    assert_eq!(told.iter().filter(|line| *line == "enough 3").count(), 1, "{told:?}");
    assert_eq!(copy.names().await, names(0..9), "0 and 3 were fetched, 9 was not looked at");
    assert!(copy.engine().covered_at().await.unwrap().is_none(), "nothing is covered");
    // The next leaves even earlier; without the option everything comes.
    let (report, told) = copy.telling().await;
    assert_eq!((report.downloaded, report.present), (0, 3), "{told:?}");
    let copy = Copy { choose: Arc::new(|_, builder| builder), ..copy };
    assert_eq!(copy.telling().await.0.downloaded, 1);
    assert_eq!(copy.names().await, names(0..10));
}

#[tokio::test(start_paused = true)]
async fn a_list_that_ends_just_then_is_not_left_early() {
    let copy = with_files(&[7, 8, 9], 3).await;
    let (report, told) = copy.telling().await;
    assert_eq!((report.left_early, report.downloaded), (0, 7), "{told:?}");
    copy.rests("everything was seen, so the history is followed").await;
    copy.photo("old.JPG", 300);
    assert_eq!(copy.telling().await.0.downloaded, 1, "far behind what stands here");
}

#[tokio::test(start_paused = true)]
async fn zero_leaves_at_once_and_what_is_left_out_does_not_count() {
    let copy = with_files(&[0, 1], 0).await;
    let (report, told) = copy.telling().await;
    assert_eq!((report.present, report.downloaded, &told[1..]), (0, 0, &["enough 0".to_owned()][..]));
    // The limit leaves out 2 to 9: they neither add nor reset.
    let copy = with_files(&[0, 1], 3).await;
    let copy = Copy {
        choose: Arc::new(|_, builder| builder.until_found(Some(3)).skip_created_before(ago(2))),
        ..copy
    };
    assert_eq!(copy.telling().await.0.left_early, 0);
}

/// Each album has a counter of its own.
#[tokio::test(start_paused = true)]
async fn albums_are_counted_one_by_one_and_films_of_live_photos_not_at_all() {
    let spec = LibrarySpec::everyday(3, 60);
    let copy = Copy::of(spec).await;
    assert!(copy.run().await.unwrap().is_clean());
    let catalogue = Arc::default();
    let copy = Copy {
        choose: Arc::new(|library, builder| {
            let layout = LayoutOptions::default().live_photos(Some(LiveSize::Original));
            let (all, live) = (library.all(), library.smart_album(SmartAlbum::Live));
            builder.album(all).album(live).layout(layout).until_found(Some(5))
        }),
        catalogue,
        ..copy
    };
    let (report, told) = copy.telling().await;
    assert_eq!(report.downloaded, 0);
    let enough = told.iter().filter(|line| *line == "enough 5").count();
    assert_eq!(
        (enough as u64, told.iter().filter(|line| line.starts_with("started")).count()),
        (report.left_early, 2)
    );
    assert!(report.assets <= 10 && report.left_early >= 1, "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_list_left_early_moves_nothing_out_and_mirrors_what_icloud_says_is_deleted() {
    let mut copy = copy_of(0..6, |_, builder| builder).await;
    assert_eq!(copy.telling().await.0.downloaded, 6);
    copy.edit(&crate::removal::id_of(&copy.world.truth(), "5.JPG"), Edit::Trash);
    copy.choose = Arc::new(|library, builder| {
        builder
            // Another selection, that was never covered.
            .album(library.all())
            .recent(Some(100))
            .until_found(Some(2))
            .move_out(Some(MoveRule::OlderThan { days: 0 }))
            .mirror(Some(Disposal::Remove))
            .removal_limit(RemovalLimit::new(1.0))
    });
    let (report, told) = copy.telling().await;
    assert_eq!((report.left_early, report.moved, report.removed), (1, 0, 1), "{told:?}");
    assert!(
        told.contains(&"nothing leaves iCloud".to_owned()) && told.contains(&"-5.JPG".to_owned()),
        "{told:?}"
    );
}

/// A type that is null is none that anybody knows: its name says what a file is, as in icloudpd. One that is missing is left out by neither.
#[tokio::test(start_paused = true)]
async fn what_has_null_for_a_type_is_what_its_name_says() {
    let asset = |name: &str, flaw: &str, at: u64| {
        let files = serde_json::json!([{ "family": "resOriginal", "size": 500 + at }]);
        serde_json::json!({ "name": name, "kind": "public.jpeg", "date": DAYS_AGO - at, "files": files, "flaw": flaw })
    };
    let assets = serde_json::json!([
        asset("N1.JPG", "null-item-type", 1),
        asset("N2.MOV", "null-item-type", 2),
        asset("N3.XYZ", "null-item-type", 3),
        asset("M1.JPG", "no-item-type", 4),
        asset("M2.MOV", "no-item-type", 5),
    ]);
    let spec = || LibrarySpec::exact(7, ExactAsset::list_from_json(&assets.to_string()).unwrap());
    let photos = Copy::with(spec(), |_, builder| builder.skip_videos(true)).await;
    photos.run().await.unwrap();
    let left = |names: &[&str]| names.iter().map(|name| format!("{name}.JPG")).collect::<BTreeSet<_>>();
    assert_eq!(photos.names().await, left(&["N1", "M1", "M2"]));
    let movies = Copy::with(spec(), |_, builder| builder.skip_photos(true)).await;
    movies.run().await.unwrap();
    assert_eq!(movies.names().await, left(&["N2", "N3", "M1", "M2"]));
    movies.rests("a catalogue remembers it").await;
}

const DAYS_AGO: u64 = 1_533_021_744_816;
