//! What leaves iCloud, what leaves the copy, and what stays.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use icloud_photos::sync::catalogue::{Catalogue, LibraryKey, RemovalState};
use icloud_photos::sync::{
    Disposal, Kept, MoveRule, Receipt, RemovalEvent, RemovalLimit, SyncBuilder, SyncEvent, SyncObserver,
    SyncReport,
};
use icloud_photos_testkit::{AccountSpec, Edit, FakeCloud, FaultAction, FaultRule, LibrarySpec};
use serde_json::Value;

use crate::copies::{Copy, flip, status};
use crate::fake::World;

const OLD: MoveRule = MoveRule::OlderThan { days: 30 };

/// What was told of removals, a line each.
#[derive(Default)]
pub(crate) struct Told(Mutex<Vec<String>>);

impl Told {
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = self.0.lock().unwrap().clone();
        lines.sort();
        lines
    }
}

impl SyncObserver for Told {
    fn event(&self, event: SyncEvent<'_>) {
        let SyncEvent::Removal(event) = event else { return };
        let line = match event {
            RemovalEvent::Moved { name, .. } => format!("moved {name}"),
            RemovalEvent::WouldMove { name, .. } => format!("would move {name}"),
            RemovalEvent::Stays { name, why, .. } => format!("stays {name}: {why}"),
            RemovalEvent::Refused { name, error, .. } => format!("refused {name}: {:?}", error.kind()),
            RemovalEvent::Removed { path, trash: None } => format!("removed {path}"),
            RemovalEvent::Removed { path, .. } => format!("trashed {path}"),
            RemovalEvent::WouldRemove { path } => format!("would remove {path}"),
            RemovalEvent::Left { path, why } => format!("left {path}: {why}"),
            RemovalEvent::Stopped { removals, all } => format!("stopped {removals} of {all}"),
            RemovalEvent::Mirroring { .. } | RemovalEvent::Aged { .. } => return,
            RemovalEvent::Withheld => "withheld".to_owned(),
            other => format!("{other:?}"),
        };
        self.0.lock().unwrap().push(line);
    }
}

impl Copy {
    /// A run, and what it told of removals.
    pub(crate) async fn clear(&self) -> (SyncReport, Vec<String>) {
        let told = Arc::new(Told::default());
        let report = self.engine().run(told.clone()).await.unwrap();
        (report, told.lines())
    }

    /// Whoever is shown in the library.
    pub(crate) fn shown(&self) -> BTreeSet<String> {
        let truth = self.world.library().truth();
        let live = truth["assets"].as_array().unwrap().iter().filter(|asset| asset["deleted"] == false);
        live.map(|asset| asset["id"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn edit(&self, asset: &str, edit: Edit) {
        assert!(self.world.library().edit(asset, &edit, self.world.cloud.now_ms()));
    }

    /// A photo taken so many days ago.
    pub(crate) fn photo(&self, name: &str, days: i64) -> String {
        let now = self.world.cloud.now_ms();
        self.world.library().add_photo(name, 2000 + days.unsigned_abs(), now - days * 86_400_000 - 1000)
    }
}

pub(crate) fn id_of(truth: &Value, name: &str) -> String {
    let named = truth["assets"].as_array().unwrap().iter().find(|asset| asset["name"] == name);
    named.unwrap()["id"].as_str().unwrap().to_owned()
}

pub(crate) fn moving(rule: MoveRule) -> impl Fn(&icloud_photos::Library, SyncBuilder) -> SyncBuilder {
    move |_, builder| builder.move_out(Some(rule))
}

pub(crate) fn mirroring(disposal: Disposal) -> impl Fn(&icloud_photos::Library, SyncBuilder) -> SyncBuilder {
    move |_, builder| builder.mirror(Some(disposal))
}

/// Ten photos of every age, one a day.
async fn ages(
    choose: impl Fn(&icloud_photos::Library, SyncBuilder) -> SyncBuilder + Send + Sync + 'static,
) -> Copy {
    let copy = Copy::with(LibrarySpec::plain(0, 1000), choose).await;
    for days in 25..35 {
        copy.photo(&format!("{days}.JPG"), days);
    }
    copy
}

#[tokio::test(start_paused = true)]
async fn what_is_old_and_proven_leaves_icloud_and_stays_here() {
    let copy = ages(moving(OLD)).await;
    let (report, told) = copy.clear().await;
    let old = ["30", "31", "32", "33", "34"];
    assert!(report.is_clean() && report.moved == 5, "{report:?}");
    let moved: Vec<_> = told.iter().filter(|line| line.starts_with("moved")).cloned().collect();
    assert_eq!(moved, old.map(|days| format!("moved {days}.JPG")));
    assert!(told.contains(&"stays 29.JPG: it is 29 days old".to_owned()), "{told:?}");
    assert_eq!((copy.shown().len(), copy.files().await.len()), (5, 10));
    // Nothing is left to do, and a mirror does not take what was moved for deleted.
    let (report, told) = copy.clear().await;
    assert_eq!((report.moved, report.failed), (0, 0), "{told:?}");
    let mirror = Copy { choose: Arc::new(mirroring(Disposal::Remove)), ..copy };
    let (report, told) = mirror.clear().await;
    assert_eq!((report.removed, mirror.files().await.len()), (0, 10), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_proven_stays_in_icloud() {
    let copy = ages(|_, builder| builder).await;
    copy.run().await.unwrap();
    let paths = copy.paths().await;
    let of = |days: &str| paths.iter().find(|path| path.ends_with(&format!("{days}.JPG"))).unwrap().clone();
    copy.put(&of("31"), flip(copy.bytes(&of("31")).await)).await;
    // Edited since; and one that nobody asked for the edit of.
    let copy = Copy { choose: Arc::new(moving(OLD)), ..copy };
    let edited = id_of(&copy.world.truth(), "32.JPG");
    copy.edit(&edited, Edit::Render);
    let (report, told) = copy.clear().await;
    assert_eq!((report.moved, report.withheld), (3, 2), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("stays 31.JPG") && line.ends_with("holds other bytes")));
    assert!(told.iter().any(|line| line.starts_with("stays 32.JPG") && line.contains("not in the copy")));
    assert!(copy.shown().contains(&edited));
}

#[tokio::test(start_paused = true)]
async fn fetched_ones_leave_even_when_the_first_run_was_cut_off() {
    let copy = ages(moving(MoveRule::Fetched)).await;
    copy.faults(vec![FaultRule::new("cloudkit/records/modify", status(400))]);
    let error = copy.run().await.unwrap_err();
    assert_eq!((copy.shown().len(), copy.files().await.len()), (10, 10), "{error}");
    copy.faults(Vec::new());
    let added = copy.photo("new.JPG", 1);
    let (report, told) = copy.clear().await;
    assert_eq!((report.moved, report.downloaded), (11, 1), "{told:?}");
    assert!(!copy.shown().contains(&added) && copy.files().await.len() == 11);
    let (report, _) = copy.clear().await;
    assert_eq!(report.moved, 0);
}

/// A present file is none that was fetched: icloudpd leaves its photo alone too.
#[tokio::test(start_paused = true)]
async fn present_ones_stay_when_fetched_ones_leave() {
    let copy = ages(|_, builder| builder).await;
    copy.run().await.unwrap();
    let copy = Copy { choose: Arc::new(moving(MoveRule::Fetched)), ..copy };
    let (report, _) = copy.clear().await;
    assert_eq!((report.moved, copy.shown().len()), (0, 10));
}

/// Apple refuses one of a batch: somebody changed it since it was looked up.
#[tokio::test(start_paused = true)]
async fn one_that_icloud_refuses_holds_up_no_other() {
    let cloud: Arc<Mutex<Option<FakeCloud>>> = Arc::default();
    let racing = cloud.clone();
    let world = World::replaying(move |path, _| {
        let cloud = path.ends_with("/records/modify").then(|| racing.lock().unwrap().take()).flatten()?;
        let library = cloud.library(&AccountSpec::default().username).unwrap();
        let id = id_of(&library.truth(), "33.JPG");
        assert!(library.edit(&id, &Edit::Favourite(true), cloud.now_ms()));
        None
    })
    .await;
    *cloud.lock().unwrap() = Some(world.cloud.clone());
    let copy =
        Copy { world, storage: Arc::default(), catalogue: Arc::default(), choose: Arc::new(moving(OLD)) };
    (30..35).for_each(|days| drop(copy.photo(&format!("{days}.JPG"), days)));
    let (report, told) = copy.clear().await;
    assert_eq!((report.moved, report.failed), (4, 1), "{told:?}");
    assert!(told.contains(&"refused 33.JPG: Conflict".to_owned()), "{told:?}");
    assert_eq!(copy.shown(), BTreeSet::from([id_of(&copy.world.truth(), "33.JPG")]));
    let (report, told) = copy.clear().await;
    assert_eq!((report.moved, report.failed), (1, 0), "the next run: {told:?}");
}

#[tokio::test(start_paused = true)]
async fn too_much_stops_and_is_told() {
    let old = |copy: &Copy| (0..30).for_each(|number| drop(copy.photo(&format!("{number}.JPG"), 100)));
    let copy = Copy::with(LibrarySpec::plain(0, 1000), moving(OLD)).await;
    old(&copy);
    let (report, told) = copy.clear().await;
    assert_eq!((report.moved, report.stopped, copy.shown().len()), (0, true, 30), "{told:?}");
    assert!(told.contains(&"stopped 30 of 30".to_owned()) && told.contains(&"would move 7.JPG".to_owned()));
    let lifted = Copy {
        choose: Arc::new(|_, builder: SyncBuilder| {
            builder.move_out(Some(OLD)).removal_limit(RemovalLimit::new(1.0))
        }),
        ..copy
    };
    let (report, told) = lifted.clear().await;
    assert_eq!((report.moved, lifted.shown().len()), (30, 0), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_rehearsal_changes_nothing() {
    let copy = ages(moving(OLD)).await;
    copy.faults(vec![FaultRule::new("cloudkit/records/modify", status(400))]);
    let _ = copy.run().await;
    copy.faults(Vec::new());
    let told = Told::default();
    copy.engine().rehearse_removals(&told).await.unwrap();
    let would = told.lines().into_iter().filter(|line| line.starts_with("would move")).count();
    assert_eq!((would, copy.shown().len()), (5, 10));
}

#[tokio::test(start_paused = true)]
async fn a_receipt_can_be_kept_and_used_later() {
    let copy = ages(|_, builder| builder).await;
    copy.run().await.unwrap();
    let engine = copy.engine();
    let ids: Vec<_> = copy.shown().into_iter().take(3).map(icloud_photos::AssetId::new).collect();
    let mut receipts = Vec::new();
    for asset in engine.library().assets_by_id(&ids).await.unwrap() {
        let receipt = engine.receipt(&asset.unwrap()).await.unwrap().unwrap();
        let text = serde_json::to_string(&receipt).unwrap();
        receipts.push(serde_json::from_str::<Receipt>(&text).unwrap());
    }
    // One file is spoilt since, one photo is gone.
    let spoilt = receipts[0].files()[0].path.clone();
    copy.put(&spoilt, flip(copy.bytes(&spoilt).await)).await;
    copy.edit(ids[1].as_str(), Edit::Trash);
    let results = engine.move_out(&receipts).await.unwrap();
    assert!(matches!(&results[0], Err(Kept::Differs { .. })), "{results:?}");
    assert!(matches!(&results[1], Err(Kept::Gone)), "{results:?}");
    assert!(matches!(&results[2], Ok(Ok(()))), "{results:?}");
    assert!(copy.shown().contains(ids[0].as_str()) && !copy.shown().contains(ids[2].as_str()));
    let key: LibraryKey = copy.rows().await[0].key.library.clone();
    let rows = copy.catalogue.removals(&key, &ids).await.unwrap();
    let row = rows[2].clone().unwrap();
    assert!(row.state == RemovalState::Sent && row.receipt.unwrap().contains("checksum"));
}

#[tokio::test(start_paused = true)]
async fn what_was_deleted_in_icloud_goes_to_the_trash_here() {
    let copy = ages(mirroring(Disposal::Trash)).await;
    copy.run().await.unwrap();
    let before = copy.paths().await;
    let gone: Vec<_> = copy.shown().into_iter().take(2).collect();
    gone.iter().for_each(|asset| copy.edit(asset, Edit::Trash));
    let (report, told) = copy.clear().await;
    assert!(report.is_clean() && report.removed == 2, "{told:?}");
    let after = copy.paths().await;
    let trash: Vec<_> = after.iter().filter(|path| path.starts_with(".icloud-photos-trash/")).collect();
    assert_eq!((after.len(), trash.len()), (before.len(), 2));
    assert_eq!(copy.rows().await.len(), 8);
    copy.rests("nothing more is asked").await;
    // Restored there: it comes back here.
    copy.edit(&gone[0], Edit::Restore);
    assert_eq!(copy.run().await.unwrap().downloaded, 1);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_was_changed_here_is_left_and_sidecars_of_ours_go() {
    let copy = ages(mirroring(Disposal::Remove)).await;
    copy.run().await.unwrap();
    let rows = copy.rows().await;
    let path = |number: usize| rows[number].path.clone().unwrap().to_string();
    copy.put(&path(0), flip(copy.bytes(&path(0)).await)).await;
    copy.put(
        &format!("{}.xmp", path(1)),
        br#"<x:m xmlns:x="adobe:ns:meta/" x:xmptk="icloudpd 1.32.3"/>"#.to_vec(),
    )
    .await;
    copy.put(&format!("{}.xmp", path(2)), b"<x:xmpmeta x:xmptk=\"darktable\">".to_vec()).await;
    for row in &rows[..3] {
        copy.edit(row.key.asset.as_str(), Edit::Trash);
    }
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, report.withheld), (2, 1), "{told:?}");
    let left = copy.paths().await;
    assert!(left.contains(&path(0)) && !left.contains(&path(1)) && !left.contains(&path(2)));
    assert!(!left.contains(&format!("{}.xmp", path(1))) && left.contains(&format!("{}.xmp", path(2))));
}

/// Files that icloudpd fetched, of photos that were deleted before our first run: no row says whose they are. They may be all that is
/// left of photos that were moved out, before the catalogue was lost.
#[tokio::test(start_paused = true)]
async fn a_file_that_no_row_names_is_left() {
    let copy = ages(mirroring(Disposal::Remove)).await;
    let plain = Copy {
        catalogue: Arc::default(),
        choose: Arc::new(|_, builder| builder),
        world: copy.world.clone(),
        storage: copy.storage.clone(),
    };
    plain.run().await.unwrap();
    let before = copy.paths().await;
    copy.shown().iter().take(2).for_each(|asset| copy.edit(asset, Edit::Trash));
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.paths().await), (0, before), "{told:?}");
}

/// Wrong or short answers of iCloud remove nothing.
#[tokio::test(start_paused = true)]
async fn a_short_list_removes_nothing() {
    let copy = ages(mirroring(Disposal::Remove)).await;
    copy.run().await.unwrap();
    let gone: Vec<_> = copy.shown().into_iter().take(4).collect();
    gone.iter().for_each(|asset| copy.edit(asset, Edit::Trash));
    copy.faults(vec![FaultRule::new("cloudkit/records/query", FaultAction::ShortList { keep: 2 })]);
    let (report, told) = copy.clear().await;
    assert!(report.stopped && report.removed == 0, "{told:?}");
    assert_eq!(told, ["withheld"]);
    copy.faults(Vec::new());
    let (report, told) = copy.clear().await;
    assert_eq!(report.removed, 4, "{told:?}");
}

/// The file of a photo that was moved out gets lost here: as long as iCloud has it, it comes back, and after that it is told.
#[tokio::test(start_paused = true)]
async fn a_lost_file_of_a_photo_that_was_moved_out_is_fetched_or_told() {
    let copy = ages(moving(OLD)).await;
    assert_eq!(copy.clear().await.0.moved, 5);
    let path = copy.paths().await.into_iter().find(|path| path.ends_with("33.JPG")).unwrap();
    let bytes = copy.bytes(&path).await;
    copy.remove(&path).await;
    let (report, _) = copy.clear().await;
    assert_eq!((report.downloaded, report.moved), (1, 0), "{report:?}");
    assert!(copy.bytes(&path).await == bytes);
    copy.remove(&path).await;
    copy.edit(&id_of(&copy.world.truth(), "33.JPG"), Edit::Purge);
    for _ in 0..2 {
        let (report, _) = copy.clear().await;
        assert_eq!((report.failed, report.is_clean()), (1, false), "{report:?}");
    }
}

/// A date far outside the calendar is no date, also when the catalogue knows it.
#[tokio::test(start_paused = true)]
async fn a_photo_with_an_absurd_date_stays_for_that_reason() {
    let copy = ages(moving(OLD)).await;
    let now = copy.world.cloud.now_ms();
    copy.world.library().add_photo("never.JPG", 3000, 400_000_000_000_000);
    copy.world.library().add_photo("soon.JPG", 3000, now + 3 * 86_400_000);
    for _ in 0..2 {
        let (_, told) = copy.clear().await;
        assert!(told.iter().any(|line| line.starts_with("stays never.JPG: it has no date")), "{told:?}");
        assert!(told.iter().any(|line| line.starts_with("stays soon.JPG: it is -")), "{told:?}");
    }
}

/// Whoever hid it looks for it in no list.
#[tokio::test(start_paused = true)]
async fn a_hidden_photo_that_an_album_shows_stays_in_icloud() {
    for rule in [OLD, MoveRule::Fetched] {
        let copy = ages(|_, builder| builder).await;
        let album = copy.world.library().add_album("Trip", copy.world.cloud.now_ms());
        for name in ["33.JPG", "34.JPG"] {
            copy.edit(&copy.id(name), Edit::Enter(album.clone()));
        }
        copy.edit(&copy.id("34.JPG"), Edit::Hide(true));
        let albums = copy.world.session.primary_library().albums().await.unwrap();
        let album = albums.find(&["Trip"]).unwrap().clone();
        let copy =
            copy.choosing(Arc::new(move |_, builder| builder.album(album.clone()).move_out(Some(rule))));
        let (report, _) = copy.clear().await;
        assert_eq!((report.downloaded, report.moved), (2, 1), "{rule:?}: {report}");
        assert!(copy.shown().contains(&copy.id("34.JPG")), "{rule:?}");
        copy.fetches_nothing("it is here, and there").await;
        assert!(copy.shown().contains(&copy.id("34.JPG")), "{rule:?}, again");
    }
}
