//! What was moved out of iCloud, or is about to be: lost answers, silent answers, lost files.

use std::sync::Arc;

use icloud_photos::SmartAlbum;
use icloud_photos::sync::catalogue::{Catalogue, RemovalState};
use icloud_photos::sync::{Disposal, MoveRule, RemovalLimit, SyncBuilder, SyncReport};

use icloud_photos_testkit::{Edit, FaultAction, FaultRule, LibrarySpec};

use crate::copies::{Choose, Copy, status};
use crate::fake::World;
use crate::removal::{id_of, mirroring, moving};

const ALL: MoveRule = MoveRule::OlderThan { days: 0 };

/// Answers of this kind lack everything behind so many records, and do not say so.
fn short(on: &str, keep: usize) -> FaultRule {
    FaultRule::new(format!("cloudkit/records/{on}"), FaultAction::ShortList { keep })
}

/// The answer gets lost after the request was carried out.
fn lost(on: &str) -> FaultRule {
    FaultRule::new(format!("cloudkit/records/{on}"), FaultAction::Cut { after: 10 }).times(1)
}

fn choose(choose: impl Fn(SyncBuilder) -> SyncBuilder + Send + Sync + 'static) -> Choose {
    Arc::new(move |_, builder| choose(builder))
}

/// Photos that are a day old, named by numbers.
async fn photos(
    count: usize,
    choose: impl Fn(&icloud_photos::Library, SyncBuilder) -> SyncBuilder + Send + Sync + 'static,
) -> Copy {
    let copy = Copy::with(LibrarySpec::plain(0, 1000), choose).await;
    (0..count).for_each(|number| drop(copy.photo(&format!("{number}.JPG"), number as i64 + 1)));
    copy
}

async fn states(copy: &Copy) -> Vec<Option<RemovalState>> {
    let mut ids: Vec<_> = copy.rows().await.into_iter().map(|row| row.key.asset).collect();
    ids.dedup();
    let rows = copy.catalogue.removals(&copy.key().await, &ids).await.unwrap();
    rows.into_iter().map(|row| row.map(|row| row.state)).collect()
}

async fn lose(copy: &Copy, count: usize) -> Vec<String> {
    let lost: Vec<_> = copy.paths().await.into_iter().take(count).collect();
    for path in &lost {
        copy.remove(path).await;
    }
    lost
}

fn is_whole(report: &SyncReport) -> bool {
    report.is_clean()
}

/// The twin of a deleted photo lives, and Apple's answer does not speak of it.
#[tokio::test(start_paused = true)]
async fn silence_about_a_twin_is_no_death() {
    let copy = photos(2, mirroring(Disposal::Remove)).await;
    let twin = id_of(&copy.world.truth(), "0.JPG");
    let twin = copy.world.library().duplicate(&twin, copy.world.cloud.now_ms()).unwrap();
    copy.run().await.unwrap();
    copy.edit(&twin, Edit::Trash);
    copy.faults(vec![short("lookup", 0)]);
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.files().await.len()), (0, 2), "{told:?}");
}

/// Files are lost here, and Apple's answer speaks of some of their photos only.
#[tokio::test(start_paused = true)]
async fn silence_about_lost_files_forgets_nothing() {
    for keep in [0, 3] {
        let copy = photos(40, |_, builder| builder).await;
        copy.run().await.unwrap();
        let token = copy.catalogue.all_progress().await.unwrap();
        lose(&copy, 5).await;
        copy.faults(vec![short("lookup", keep)]);
        let report = copy.run().await.unwrap();
        assert!(!is_whole(&report) && report.failed == 5 - keep as u64, "{keep}: {report:?}");
        assert_eq!(copy.rows().await.len(), 40, "{keep}");
        assert_eq!(copy.catalogue.all_progress().await.unwrap(), token, "{keep}");
        copy.faults(Vec::new());
        let report = copy.run().await.unwrap();
        assert!(is_whole(&report) && report.downloaded == 5 - keep as u64, "{keep}: {report:?}");
        assert_eq!(copy.files().await.len(), 40);
    }
}

/// Who is not in the list is looked up, and Apple's answer does not speak of them.
#[tokio::test(start_paused = true)]
async fn silence_about_who_is_not_listed_forgets_nobody() {
    for fault in [short("lookup", 0), FaultRule::new("cloudkit/records/lookup", status(503))] {
        let copy = photos(6, |_, builder| builder).await;
        copy.run().await.unwrap();
        let gone = id_of(&copy.world.truth(), "3.JPG");
        copy.edit(&gone, Edit::Trash);
        let mut progress = copy.catalogue.all_progress().await.unwrap().remove(0);
        progress.token = None;
        let mut batch = icloud_photos::sync::catalogue::Batch::default();
        batch.progress.push(progress);
        copy.catalogue.commit(batch).await.unwrap();
        copy.faults(vec![fault]);
        let report = copy.run().await.unwrap();
        assert!(!is_whole(&report), "{report:?}");
        assert!(copy.asset_rows().await.iter().any(|row| row.asset.as_str() == gone && !row.trashed));
        let progress = copy.catalogue.all_progress().await.unwrap().remove(0);
        assert_eq!(progress.token, None, "what was not learned is asked again");
        copy.faults(Vec::new());
        assert!(is_whole(&copy.run().await.unwrap()));
        assert!(copy.asset_rows().await.iter().any(|row| row.asset.as_str() == gone && row.trashed));
    }
}

/// Whoever is to go is looked up, and Apple's answer does not speak of them.
#[tokio::test(start_paused = true)]
async fn silence_about_who_is_to_go_is_told() {
    let copy = photos(4, moving(ALL)).await;
    copy.faults(vec![short("lookup", 1)]);
    let (report, told) = copy.clear().await;
    assert!(report.moved < 4 && report.failed > 0 && !is_whole(&report), "{told:?}");
    copy.faults(Vec::new());
    assert!(copy.clear().await.0.is_clean());
    assert!(copy.shown().is_empty());
}

/// The photos went, and the answer that said so was lost: the request is sent again and meets our own change.
#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_made_up_for() {
    let lost_for_good = FaultRule::new("cloudkit/records/modify", FaultAction::Cut { after: 10 });
    for fault in [lost("modify"), short("modify", 0), lost_for_good] {
        for rule in [ALL, MoveRule::Fetched] {
            let copy = photos(5, moving(rule)).await;
            copy.faults(vec![fault.clone()]);
            let (report, told) = copy.clear().await;
            assert!(report.is_clean() && report.moved == 5, "{fault:?}, {rule:?}: {told:?}");
            assert!(copy.shown().is_empty() && told.iter().all(|line| line.starts_with("moved")), "{told:?}");
            assert_eq!(states(&copy).await, [Some(RemovalState::Sent); 5]);
            // Its owner takes one back: nobody deletes it again on account of that.
            copy.faults(Vec::new());
            let back = id_of(&copy.world.truth(), "2.JPG");
            copy.edit(&back, Edit::Restore);
            if rule == MoveRule::Fetched {
                assert_eq!(copy.clear().await.0.moved, 0);
                assert!(copy.shown().contains(&back));
            }
        }
    }
}

/// Nobody can be asked what became of them: they may have gone.
#[tokio::test(start_paused = true)]
async fn what_may_have_gone_is_never_taken_for_living() {
    let copy = photos(5, moving(MoveRule::Fetched)).await;
    let cut = FaultRule::new("cloudkit/records/modify", FaultAction::Cut { after: 10 });
    // The first lookups find out who may go.
    let deaf = FaultRule::new("cloudkit/records/lookup", status(503)).after(4);
    copy.faults(vec![cut, deaf]);
    copy.run().await.unwrap_err();
    assert_eq!(states(&copy).await, [Some(RemovalState::Sent); 5]);
    copy.faults(Vec::new());
    let mirror = Copy { choose: Arc::new(mirroring(Disposal::Remove)), ..copy };
    assert_eq!((mirror.clear().await.0.removed, mirror.files().await.len()), (0, 5));
}

/// An answer that did nothing and names nobody is no yes.
#[tokio::test(start_paused = true)]
async fn an_empty_answer_that_did_nothing_moved_nothing() {
    let world = World::replaying(|path, _| {
        path.ends_with("/records/modify").then(|| bytes::Bytes::from_static(br#"{"records":[]}"#))
    })
    .await;
    for rule in [ALL, MoveRule::Fetched] {
        let choose = Arc::new(moving(rule));
        let copy = Copy { world: world.clone(), storage: Arc::default(), catalogue: Arc::default(), choose };
        if copy.shown().is_empty() {
            (0..3).for_each(|number| drop(copy.photo(&format!("{number}.JPG"), number + 1)));
        }
        let (report, told) = copy.clear().await;
        assert_eq!((report.moved, report.failed, copy.shown().len()), (0, 3, 3), "{told:?}");
        let before = (rule == MoveRule::Fetched).then_some(RemovalState::Owed);
        assert_eq!(states(&copy).await, [before; 3]);
    }
}

/// A run over everything was stopped by the limit. What it owes is its own: not that of a run over an album, whatever is in it.
#[tokio::test(start_paused = true)]
async fn what_a_selection_owes_no_other_sends() {
    let copy = photos(30, moving(MoveRule::Fetched)).await;
    copy.shown().iter().take(5).for_each(|id| copy.edit(id, Edit::Favourite(true)));
    let (report, told) = copy.clear().await;
    assert!(report.stopped && report.moved == 0, "{told:?}");
    let mut copy = copy;
    for album in ["Favourites", "Videos"] {
        copy.choose = Arc::new(move |library, builder: SyncBuilder| {
            let album = match album {
                "Videos" => library.smart_album(SmartAlbum::Videos),
                _ => library.smart_album(SmartAlbum::Favorites),
            };
            let limit = RemovalLimit::new(1.0);
            builder.album(album).move_out(Some(MoveRule::Fetched)).removal_limit(limit)
        });
        let (report, told) = copy.clear().await;
        assert_eq!((report.moved, copy.shown().len()), (0, 30), "{told:?}");
    }
    copy.choose =
        choose(|builder| builder.move_out(Some(MoveRule::Fetched)).removal_limit(RemovalLimit::new(1.0)));
    assert_eq!((copy.clear().await.0.moved, copy.shown().len()), (30, 0), "the one that fetched them");
}
