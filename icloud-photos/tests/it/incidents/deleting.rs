//! What must not be deleted, here or in iCloud.

use std::sync::Arc;

use icloud_photos::sync::SyncBuilder;
use icloud_photos::sync::layout::Size;
use icloud_photos_testkit::{Edit, FaultAction, FaultRule, LibrarySpec};

use super::{ALL, copy_of, flat, mirroring, moving, plain, spoilt};
use crate::copies::{Choose, Copy, status};
use crate::removal::id_of;
use icloud_photos::sync::MoveRule;

/// 1: a download failed, and the photo was removed from iCloud.
#[tokio::test(start_paused = true)]
async fn incident_01_a_failed_download_removes_nothing() {
    let copy = copy_of(&["a.JPG", "b.JPG", "c.JPG"], moving(MoveRule::Fetched)).await;
    copy.faults(vec![spoilt().after(1).times(12)]);
    let (report, told) = copy.clear().await;
    assert_eq!(
        (report.downloaded, report.failed, report.moved),
        (report.moved, 3 - report.moved, report.moved),
        "{told:?}"
    );
    assert!(report.failed > 0 && copy.shown().len() as u64 == report.failed, "{report:?}");
}

/// 2: videos that a filter left out were removed from iCloud.
#[tokio::test(start_paused = true)]
async fn incident_02_what_a_filter_leaves_out_stays() {
    let choose: Choose = Arc::new(|_, builder: SyncBuilder| {
        let limit = icloud_photos::sync::RemovalLimit::new(1.0);
        builder.skip_videos(true).move_out(Some(ALL)).removal_limit(limit)
    });
    let copy =
        Copy::with(LibrarySpec::everyday(2, 150), move |library, builder| choose(library, builder)).await;
    let before = copy.shown();
    let (report, _) = copy.clear().await;
    let after = copy.shown();
    let truth = copy.world.truth();
    let kind = |id: &str| {
        let assets = truth["assets"].as_array().unwrap();
        assets.iter().find(|asset| asset["id"] == id).unwrap()["kind"].as_str().unwrap().to_owned()
    };
    let videos = ["com.apple.quicktime-movie", "public.mpeg-4"];
    let gone: Vec<_> = before.difference(&after).collect();
    assert!(report.moved > 20 && gone.iter().all(|id| !videos.contains(&kind(id).as_str())), "{report:?}");
    assert!(after.iter().any(|id| videos.contains(&kind(id).as_str())));
}

/// 3: the same as 1 with an age in place of "was downloaded": the fix of 1 had forgotten it.
#[tokio::test(start_paused = true)]
async fn incident_03_an_age_does_not_replace_a_proof() {
    let copy = copy_of(&["a.JPG", "b.JPG"], moving(ALL)).await;
    copy.faults(vec![FaultRule::new("content", status(404))]);
    let (report, told) = copy.clear().await;
    assert_eq!((report.failed, report.moved, copy.shown().len()), (2, 0, 2), "{told:?}");
}

/// 4: of several sizes the last one succeeded, which hid that the first had failed.
#[tokio::test(start_paused = true)]
async fn incident_04_every_wanted_file_must_be_proven() {
    let choose: Choose = Arc::new(|_, builder: SyncBuilder| {
        let limit = icloud_photos::sync::RemovalLimit::new(1.0);
        builder.layout(flat().sizes([Size::Original, Size::Thumb])).move_out(Some(ALL)).removal_limit(limit)
    });
    let copy =
        Copy::with(LibrarySpec::everyday(4, 40), move |library, builder| choose(library, builder)).await;
    copy.faults(vec![spoilt().rate(0.8)]);
    let (report, told) = copy.clear().await;
    let (kept, failed): (Vec<_>, Vec<_>) =
        copy.rows().await.into_iter().partition(|row| row.status.is_kept());
    let halves: Vec<_> =
        failed.iter().filter(|row| kept.iter().any(|kept| kept.key.asset == row.key.asset)).collect();
    assert!(!halves.is_empty() && report.moved > 0, "{report:?}: {told:?}");
    let shown = copy.shown();
    assert!(failed.iter().all(|row| shown.contains(row.key.asset.as_str())), "{told:?}");
}

/// 5: of two different photos with one name and one length the second was taken for present, and removed.
#[tokio::test(start_paused = true)]
async fn incident_05_a_twin_is_fetched_before_it_goes() {
    let choose: Choose = Arc::new(|_, builder: SyncBuilder| builder.move_out(Some(ALL)));
    let spec = LibrarySpec::plain(3, 2000).with_same_length_twins();
    let copy = Copy::with(spec, move |library, builder| choose(library, builder)).await;
    let (report, told) = copy.clear().await;
    let rows = copy.rows().await;
    let contents: std::collections::BTreeSet<_> =
        rows.iter().map(|row| row.checksum.unwrap().to_string()).collect();
    assert_eq!((report.moved, copy.shown().len()), (5, 0), "{told:?}");
    assert_eq!((contents.len(), copy.files().await.len()), (5, 5), "five contents, five files");
    for row in rows {
        let bytes = copy.bytes(row.path.unwrap().as_str()).await;
        assert_eq!(crate::copies::checksum(&bytes), row.checksum.unwrap());
    }
}

/// 6: a photo lost its file because a duplicate of it lay in Recently Deleted.
#[tokio::test(start_paused = true)]
async fn incident_06_a_deleted_duplicate_takes_no_file_with_it() {
    let copy = copy_of(&["a.JPG", "b.JPG"], mirroring()).await;
    let twin = copy
        .world
        .library()
        .duplicate(&id_of(&copy.world.truth(), "a.JPG"), copy.world.cloud.now_ms())
        .unwrap();
    copy.run().await.unwrap();
    copy.edit(&twin, Edit::Trash);
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.files().await.len()), (0, 2), "{told:?}");
    assert!(
        told.iter().any(|line| line.contains("another photo that was not deleted has the same file")),
        "{told:?}"
    );
    // Both are deleted: now it goes.
    copy.edit(&id_of(&copy.world.truth(), "a.JPG"), Edit::Trash);
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.files().await.len()), (1, 1), "{told:?}");
}

/// 7: a year of photos was wiped: what was meant as a backup was a mirror.
#[tokio::test(start_paused = true)]
async fn incident_07_a_mirror_stops_when_much_would_go() {
    let names: Vec<String> = (0..60).map(|number| format!("{number}.JPG")).collect();
    let copy = copy_of(&names.iter().map(String::as_str).collect::<Vec<_>>(), mirroring()).await;
    copy.run().await.unwrap();
    copy.shown().iter().take(40).for_each(|asset| copy.edit(asset, Edit::Trash));
    let (report, told) = copy.clear().await;
    assert!(report.stopped && !report.is_clean(), "{told:?}");
    assert_eq!((report.removed, copy.files().await.len()), (0, 60));
    assert!(told.contains(&"stopped 40 of 60".to_owned()), "{told:?}");
    // A copy, which is the default, removes nothing in any case.
    let copy = Copy { choose: plain(), ..copy };
    assert_eq!((copy.run().await.unwrap().removed, copy.files().await.len()), (0, 60));
}

/// 17: each retry removed files that were synced already.
#[tokio::test(start_paused = true)]
async fn incident_17_failing_runs_take_nothing_away() {
    let names: Vec<String> = (0..30).map(|number| format!("{number}.JPG")).collect();
    let copy = copy_of(&names.iter().map(String::as_str).collect::<Vec<_>>(), mirroring()).await;
    let mut most = 0;
    for round in 0..6 {
        copy.faults(vec![spoilt().rate(0.7), FaultRule::new("cloudkit", status(500)).rate(0.05)]);
        let _ = copy.run().await;
        let files = copy.files().await.len();
        assert!(files >= most, "round {round}: {files} of {most} files");
        most = files;
    }
    copy.faults(Vec::new());
    assert!(copy.run().await.unwrap().is_clean());
    assert_eq!(copy.files().await.len(), 30);
}

/// 18: whatever was not in the list of one run was removed, foreign files and the mark of the mount included.
#[tokio::test(start_paused = true)]
async fn incident_18_foreign_files_are_nobodys_to_remove() {
    let copy = copy_of(&["a.JPG", "b.JPG"], mirroring()).await;
    for foreign in [".mounted", "2020/holiday.mov", "notes.txt"] {
        copy.put(foreign, b"mine".to_vec()).await;
    }
    copy.run().await.unwrap();
    copy.edit(&id_of(&copy.world.truth(), "a.JPG"), Edit::Trash);
    let (report, told) = copy.clear().await;
    let left = copy.paths().await;
    assert_eq!(report.removed, 1, "{told:?}");
    assert!(
        [".mounted", "2020/holiday.mov", "notes.txt"].iter().all(|path| left.iter().any(|left| left == path))
    );
}

/// 19: with a mirror and only the newest few, everything else was removed.
#[tokio::test(start_paused = true)]
async fn incident_19_what_a_filter_hides_is_not_deleted() {
    let copy = copy_of(&["a.JPG", "b.JPG", "c.JPG", "d.JPG"], plain()).await;
    copy.run().await.unwrap();
    let choose: Choose = Arc::new(|_, builder: SyncBuilder| {
        builder.mirror(Some(icloud_photos::sync::Disposal::Remove)).recent(Some(1))
    });
    let copy = Copy { choose, ..copy };
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.files().await.len()), (0, 4), "{told:?}");
    // An empty list removes nothing either.
    copy.faults(vec![FaultRule::new("cloudkit/records/query", FaultAction::ShortList { keep: 0 })]);
    let _ = copy.run().await;
    assert_eq!(copy.files().await.len(), 4);
}

/// 21: the movies of Live Photos and the halves of RAW pairs were never fetched, and iCloud was emptied.
#[tokio::test(start_paused = true)]
async fn incident_21_what_was_not_copied_holds_the_photo_in_icloud() {
    let choose: Choose = Arc::new(|_, builder: SyncBuilder| {
        let limit = icloud_photos::sync::RemovalLimit::new(1.0);
        builder.layout(flat().live_photos(None)).move_out(Some(ALL)).removal_limit(limit)
    });
    let copy =
        Copy::with(LibrarySpec::everyday(7, 150), move |library, builder| choose(library, builder)).await;
    let (report, told) = copy.clear().await;
    let truth = copy.world.truth();
    let live =
        truth["assets"].as_array().unwrap().iter().filter(|asset| {
            asset["live"] == true && asset["zone"] == "PrimarySync" && asset["hidden"] == false
        });
    let live: Vec<_> = live.filter(|asset| copy.shown().contains(asset["id"].as_str().unwrap())).collect();
    assert!(report.moved > 20 && live.len() > 3, "{report:?}");
    assert!(told.iter().any(|line| line.contains("not in the copy (live_movie)")), "{told:?}");
    let trashed = truth["assets"].as_array().unwrap().iter().filter(|asset| asset["deleted"] == true);
    let lost =
        trashed.filter(|asset| copy_moved(&told, asset["name"].as_str()) && asset["live"] == true).count();
    assert_eq!(lost, 0);
}

fn copy_moved(told: &[String], name: Option<&str>) -> bool {
    name.is_some_and(|name| told.contains(&format!("moved {name}")))
}

/// 26: a photo that was moved to the shared library was lost here, or doubled.
#[tokio::test(start_paused = true)]
async fn incident_26_a_photo_that_changes_libraries_keeps_its_file() {
    let spec =
        LibrarySpec::plain(0, 1000).with_shared_library(icloud_photos_testkit::SharedLibrary::Owner, 0);
    let copy =
        Copy::with(spec, |_, builder| builder.mirror(Some(icloud_photos::sync::Disposal::Remove))).await;
    let moved = copy.photo("a.JPG", 3);
    copy.photo("b.JPG", 4);
    copy.run().await.unwrap();
    copy.edit(&moved, Edit::MoveToShared);
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.files().await.len()), (0, 2), "{told:?}");
    let libraries = copy.world.session.libraries().await.unwrap();
    let shared = libraries.iter().find(|library| library.name().starts_with("SharedSync")).unwrap();
    let engine = icloud_photos::sync::SyncEngine::builder(shared, copy.storage.clone());
    let engine = engine.catalogue(copy.catalogue.clone()).build().unwrap();
    let report = engine.run(Arc::new(())).await.unwrap();
    assert_eq!((report.downloaded, report.present, copy.files().await.len()), (0, 1, 2), "{report:?}");
}
