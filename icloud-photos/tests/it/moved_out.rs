//! What was moved out of iCloud, or is about to be: lost answers, silent answers, lost files.

use std::sync::Arc;

use futures::{FutureExt, StreamExt};
use icloud_photos::SmartAlbum;
use icloud_photos::storage::{MemoryStorage, Storage};
use icloud_photos::sync::catalogue::{Catalogue, RemovalState, Status};
use icloud_photos::sync::layout::{LayoutOptions, NamePolicy, Size};
use icloud_photos::sync::{
    AdoptOptions, Disposal, MoveRule, RemovalLimit, SyncBuilder, SyncEvent, SyncObserver, SyncReport,
    VerifyOptions, VerifyReport, verify,
};

use icloud_photos_testkit::{Edit, FaultAction, FaultRule, LibrarySpec};

use crate::copies::{Choose, Copy, flip, status};
use crate::fake::World;
use crate::removal::{Told, id_of, mirroring, moving};

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

/// A storage that loses what it has just taken.
struct Lossy(Arc<MemoryStorage>);

impl SyncObserver for Lossy {
    fn event(&self, event: SyncEvent<'_>) {
        if let SyncEvent::Downloaded { path, .. } = event
            && path.as_str().ends_with("1.JPG")
        {
            self.0.remove(path).now_or_never().unwrap().unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_lost_what_it_fetched_is_not_clean() {
    let copy = photos(3, moving(MoveRule::Fetched)).await;
    let report = copy.engine().run(Arc::new(Lossy(copy.storage.clone()))).await.unwrap();
    assert_eq!((report.moved, report.withheld, report.damaged), (2, 1, 1), "{report}");
    assert!(!report.is_clean());
    let report = copy.run().await.unwrap();
    assert!(report.is_clean() && report.moved == 1, "{report}");
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
    let mut copy = photos(5, moving(MoveRule::Fetched)).await;
    let cut = FaultRule::new("cloudkit/records/modify", FaultAction::Cut { after: 10 });
    // The first lookups find out who may go.
    let deaf = FaultRule::new("cloudkit/records/lookup", status(503)).after(4);
    copy.faults(vec![cut, deaf]);
    copy.run().await.unwrap_err();
    assert_eq!(states(&copy).await, [Some(RemovalState::Sent); 5]);
    copy.faults(Vec::new());
    let choose = std::mem::replace(&mut copy.choose, Arc::new(mirroring(Disposal::Remove)));
    assert_eq!((copy.clear().await.0.removed, copy.files().await.len()), (0, 5));
    copy.choose = choose;
    assert_eq!(copy.clear().await.0.moved, 0, "they are gone");
    copy.rests("when that is known").await;
}

/// No request came through, and nobody could say so: they are asked for again.
#[tokio::test(start_paused = true)]
async fn what_never_went_is_sent_again() {
    let copy = photos(5, moving(MoveRule::Fetched)).await;
    let deaf = FaultRule::new("cloudkit/records/lookup", status(503)).after(4);
    copy.faults(vec![FaultRule::new("cloudkit/records/modify", status(503)), deaf]);
    copy.run().await.unwrap_err();
    assert_eq!((states(&copy).await, copy.shown().len()), (vec![Some(RemovalState::Sent); 5], 5));
    copy.faults(Vec::new());
    assert_eq!(copy.clear().await.0.moved, 5);
    assert_eq!((states(&copy).await, copy.shown().len()), (vec![Some(RemovalState::Sent); 5], 0));
    // It hears of its own work.
    copy.run().await.unwrap();
    copy.rests("all are gone").await;
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
        // Whatever comes of the request, no mirror takes them for deleted by their owner.
        assert_eq!(states(&copy).await, [Some(RemovalState::Sent); 3]);
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

/// Selections that do not speak of what was moved out, and runs that list.
fn other_runs() -> Vec<(&'static str, Choose)> {
    let album: Choose =
        Arc::new(|library, builder| builder.album(library.smart_album(SmartAlbum::Favorites)));
    let thumbs = || LayoutOptions::default().sizes([Size::Thumb]);
    vec![
        ("the newest few", choose(|builder| builder.recent(Some(2)))),
        ("an album", album),
        ("videos only", choose(|builder| builder.skip_photos(true))),
        ("another size", choose(move |builder| builder.layout(thumbs()))),
    ]
}

/// A file of a photo that was moved out gets lost here: whatever a run is about, it comes back as long as iCloud has it, and then
/// it is told.
#[tokio::test(start_paused = true)]
async fn every_run_looks_for_what_was_moved_out() {
    for (about, other) in other_runs() {
        let mut copy = photos(6, moving(ALL)).await;
        assert_eq!(copy.clear().await.0.moved, 6);
        copy.choose = other;
        assert!(copy.run().await.unwrap().is_clean(), "{about}");
        for _ in 0..2 {
            let lost = lose(&copy, 2).await;
            let report = copy.run().await.unwrap();
            assert!(report.is_clean() && report.downloaded == 2, "{about}: {report:?}");
            for path in &lost {
                assert!(copy.paths().await.contains(path), "{about}: to where it stood");
            }
        }
        assert_eq!(states(&copy).await, [Some(RemovalState::Sent); 6]);
        let lost = lose(&copy, 1).await;
        let row = copy.rows().await.into_iter().find(|row| row.path.as_ref().unwrap().as_str() == lost[0]);
        copy.edit(row.unwrap().key.asset.as_str(), Edit::Purge);
        for _ in 0..2 {
            let report = copy.run().await.unwrap();
            assert_eq!((report.failed, report.is_clean()), (1, false), "{about}: {report:?}");
        }
        assert_eq!(copy.rows().await.len(), 6, "{about}");
    }
}

/// What comes back for the sake of its file is not owed again.
#[tokio::test(start_paused = true)]
async fn what_comes_back_is_not_owed() {
    let copy = photos(3, moving(MoveRule::Fetched)).await;
    assert_eq!(copy.clear().await.0.moved, 3);
    lose(&copy, 3).await;
    let (report, told) = copy.clear().await;
    assert_eq!((report.downloaded, report.moved, report.failed), (3, 0, 0), "{told:?}");
    assert_eq!(states(&copy).await, [Some(RemovalState::Sent); 3]);
    copy.edit(&id_of(&copy.world.truth(), "1.JPG"), Edit::Restore);
    assert_eq!((copy.clear().await.0.moved, copy.shown().len()), (0, 1));
}

/// Something else stands where the file stood: it is left, and the file stands beside it.
#[tokio::test(start_paused = true)]
async fn what_comes_back_overwrites_nothing() {
    let copy = photos(2, moving(ALL)).await;
    assert_eq!(copy.clear().await.0.moved, 2);
    let path = copy.paths().await.remove(0);
    copy.put(&path, b"mine".to_vec()).await;
    let (report, _) = copy.clear().await;
    assert_eq!((report.downloaded, report.failed, copy.files().await.len()), (1, 0, 3));
    assert_eq!(copy.bytes(&path).await, b"mine");
    copy.rests("it is where it is").await;
}

/// Its owner took a photo back from Recently Deleted, and then the file gets lost.
#[tokio::test(start_paused = true)]
async fn a_photo_that_was_taken_back_is_like_any_other() {
    for rule in [None, Some(MoveRule::Fetched)] {
        let mut copy = photos(3, moving(ALL)).await;
        assert_eq!(copy.clear().await.0.moved, 3);
        copy.choose = choose(move |builder| builder.move_out(rule));
        copy.edit(&id_of(&copy.world.truth(), "1.JPG"), Edit::Restore);
        assert!(copy.run().await.unwrap().is_clean());
        lose(&copy, 3).await;
        let report = copy.run().await.unwrap();
        assert!(report.is_clean() && report.downloaded == 3, "{report:?}");
    }
}

/// A photo was moved out and is gone from iCloud; its file, which a twin shares, has another name by now.
#[tokio::test(start_paused = true)]
async fn a_renamed_file_of_a_purged_photo_is_found() {
    for adopting in [false, true] {
        let mut copy = photos(3, moving(ALL)).await;
        let photo = id_of(&copy.world.truth(), "1.JPG");
        let twin = copy.world.library().duplicate(&photo, copy.world.cloud.now_ms()).unwrap();
        assert_eq!(copy.clear().await.0.moved, 4);
        let rows = copy.rows().await;
        let of =
            |id: &str| rows.iter().find(|row| row.key.asset.as_str() == id).unwrap().path.clone().unwrap();
        assert_eq!(of(&photo), of(&twin));
        copy.put("Holiday/best.jpg", copy.bytes(of(&photo).as_str()).await).await;
        copy.remove(of(&photo).as_str()).await;
        [&photo, &twin].into_iter().for_each(|id| copy.edit(id, Edit::Purge));
        if adopting {
            let report = copy.engine().adopt(AdoptOptions::default(), |_| {}).await.unwrap();
            assert_eq!((report.recognised, report.unknown), (1, 0), "{report:?}");
        } else {
            copy.choose = choose(|builder| builder.recent(Some(2)));
            let report = copy.run().await.unwrap();
            assert!(report.is_clean() && report.downloaded == 0, "{report:?}");
        }
        let rows = copy.rows().await;
        let there = rows.iter().filter(|row| row.path.as_ref().unwrap().as_str() == "Holiday/best.jpg");
        assert_eq!((there.count(), rows.len()), (2, 4));
        let report = copy.run().await.unwrap();
        assert!(report.is_clean() && report.downloaded == 0, "{report:?}");
    }
}

/// Photos that can never go, such as edited ones of which only the original is copied, stop no run.
#[tokio::test(start_paused = true)]
async fn what_would_never_go_does_not_count() {
    let spec = LibrarySpec::everyday(2, 500);
    let mut copy =
        Copy::with(spec, |_, builder| builder.move_out(Some(ALL)).removal_limit(RemovalLimit::new(1.0)))
            .await;
    let (report, _) = copy.clear().await;
    let stuck = report.withheld;
    assert!(report.moved > 20 && stuck > 20, "{report:?}");
    copy.choose = Arc::new(moving(ALL));
    (0..3).for_each(|number| drop(copy.photo(&format!("new{number}.JPG"), 9)));
    let (report, told) = copy.clear().await;
    assert_eq!((report.stopped, report.moved, report.withheld), (false, 3, stuck), "{told:?}");
    assert!(!rehearsed(&copy).await.0.stopped);
}

/// Rot is found while the photo is about to go: the photo stays, and the run says so.
#[tokio::test(start_paused = true)]
async fn damage_is_no_success() {
    let mut copy = photos(3, |_, builder| builder).await;
    copy.run().await.unwrap();
    let path = copy.paths().await.remove(0);
    copy.put(&path, flip(copy.bytes(&path).await)).await;
    copy.choose = Arc::new(moving(ALL));
    for _ in 0..2 {
        let (report, told) = copy.clear().await;
        assert_eq!((report.damaged, report.withheld, report.is_clean()), (1, 1, false), "{told:?}");
        assert!(told.iter().any(|line| line.ends_with(&format!("{path} holds other bytes"))), "{told:?}");
    }
    assert_eq!(copy.shown().len(), 1);
}

async fn rehearsed(copy: &Copy) -> (SyncReport, Vec<String>) {
    let (told, engine) = (Told::default(), copy.engine());
    let (mut plan, mut rehearsal) = (engine.plan(), engine.rehearsal());
    while let Some(action) = plan.next().await {
        rehearsal.note(&action.unwrap(), &told).await.unwrap();
    }
    (rehearsal.finish(&told).await.unwrap(), told.lines())
}

/// Photos that were hidden or deleted when the catalogue last saw them, and are back by now.
#[tokio::test(start_paused = true)]
async fn a_rehearsal_counts_what_has_come_back() {
    for (away, back) in [(Edit::Hide(true), Edit::Hide(false)), (Edit::Trash, Edit::Restore)] {
        let copy = photos(30, |_, builder| builder).await;
        let ids = copy.shown();
        copy.run().await.unwrap();
        ids.iter().take(25).for_each(|id| copy.edit(id, away.clone()));
        copy.run().await.unwrap();
        ids.iter().take(25).for_each(|id| copy.edit(id, back.clone()));
        let copy = Copy { choose: Arc::new(moving(ALL)), ..copy };
        let (rehearsal, would) = rehearsed(&copy).await;
        assert!(rehearsal.stopped && would.contains(&"stopped 30 of 30".to_owned()), "{would:?}");
        let (report, told) = copy.clear().await;
        assert!(report.stopped && told.contains(&"stopped 30 of 30".to_owned()), "{told:?}");
    }
}

/// A rehearsal says that the run would stop, also when the run has yet to fetch what it would remove.
#[tokio::test(start_paused = true)]
async fn a_rehearsal_stops_where_the_run_does() {
    for (rule, count) in [(ALL, 30), (MoveRule::Fetched, 30), (ALL, 12), (MoveRule::Fetched, 12)] {
        let copy = photos(count, moving(rule)).await;
        for round in ["nothing is here", "all is here"] {
            let (rehearsal, would) = rehearsed(&copy).await;
            assert_eq!(rehearsal.stopped, count > 20, "{rule:?}, {round}: {would:?}");
            let stopped = format!("stopped {count} of {count}");
            assert_eq!(would.contains(&stopped), count > 20, "{rule:?}, {round}: {would:?}");
            let lines = would.iter().filter(|line| line.starts_with("would move")).count();
            assert_eq!(lines, count, "{rule:?}, {round}: {would:?}");
            if count > 20 {
                let (report, told) = copy.clear().await;
                assert!(report.stopped && told.contains(&stopped), "{rule:?}, {round}: {told:?}");
            }
        }
    }
}

/// The list of a run that copies originals does not speak of edits: they count for nothing all the same.
#[tokio::test(start_paused = true)]
async fn a_rehearsal_counts_as_the_run_does() {
    for rule in [ALL, MoveRule::Fetched] {
        let copy = Copy::with(LibrarySpec::everyday(2, 300), moving(rule)).await;
        let stopped = |told: Vec<String>| told.into_iter().find(|line| line.starts_with("stopped"));
        let before = stopped(rehearsed(&copy).await.1);
        let run = stopped(copy.clear().await.1);
        assert!(run.is_some());
        assert_eq!((before, stopped(rehearsed(&copy).await.1)), (run.clone(), run), "{rule:?}");
    }
}

/// Of what was adopted the catalogue knows the files, and nothing else before a run.
#[tokio::test(start_paused = true)]
async fn a_rehearsal_names_what_was_adopted() {
    let mut copy = photos(10, |_, builder| builder).await;
    copy.run().await.unwrap();
    copy.catalogue = Arc::default();
    copy.choose = Arc::new(moving(MoveRule::OlderThan { days: 4 }));
    copy.engine().adopt(AdoptOptions::default(), |_| {}).await.unwrap();
    let (rehearsal, would) = rehearsed(&copy).await;
    let lines = would.iter().filter(|line| line.starts_with("would move")).count();
    let (report, told) = copy.clear().await;
    assert_eq!((rehearsal.moved, lines as u64, report.moved), (7, 7, 7), "{would:?} {told:?}");
}

/// Under `name-id7` a photo that its owner made smaller is not fetched again. It is not proven, so iCloud keeps it.
#[tokio::test(start_paused = true)]
async fn what_its_owner_made_smaller_stays_in_icloud() {
    let by_id = |builder: SyncBuilder| builder.layout(LayoutOptions::default().names(NamePolicy::Id7));
    let mut copy = photos(3, move |_, builder| by_id(builder)).await;
    copy.run().await.unwrap();
    let paths = copy.paths().await;
    let small = b"\xff\xd8\xff\xe0\x00\x04xx\xff\xda\x00\x03x12\xff\xd9".to_vec();
    copy.put(&paths[0], small.clone()).await;
    for about in ["made smaller", "known by now"] {
        copy.fetches_nothing(about).await;
    }
    let known = copy.rows().await.into_iter().find(|row| row.size == Some(small.len() as u64)).unwrap();
    assert_eq!((known.status, known.sha256), (Status::Assumed, None));
    copy.choose = choose(move |builder| by_id(builder).move_out(Some(ALL)));
    let (report, told) = copy.clear().await;
    assert_eq!((report.moved, report.downloaded, copy.shown().len()), (2, 0, 1), "{told:?}");
    assert!(copy.bytes(&paths[0]).await == small);
    copy.choose = choose(by_id);
    copy.put(&paths[0], small[..small.len() - 1].to_vec()).await;
    assert_eq!(copy.run_noting().await.1.len(), 1, "what was cut comes again");
}

/// Nor is one that grew, by a tag editor for instance.
#[tokio::test(start_paused = true)]
async fn what_its_owner_made_longer_stays_in_icloud() {
    let by_id = |builder: SyncBuilder| builder.layout(LayoutOptions::default().names(NamePolicy::Id7));
    let mut copy = photos(3, move |_, builder| by_id(builder)).await;
    copy.run().await.unwrap();
    let path = copy.paths().await.remove(0);
    let longer = [copy.bytes(&path).await, vec![7; 500]].concat();
    copy.put(&path, longer.clone()).await;
    for about in ["made longer", "known by now"] {
        copy.fetches_nothing(about).await;
    }
    copy.choose = choose(move |builder| by_id(builder).move_out(Some(ALL)));
    let (report, told) = copy.clear().await;
    assert_eq!((report.moved, report.downloaded, copy.shown().len()), (2, 0, 1), "{told:?}");
    assert!(copy.bytes(&path).await == longer);
}

/// Files that icloudpd left are known to nobody before the run.
#[tokio::test(start_paused = true)]
async fn a_rehearsal_counts_what_is_here_and_not_known() {
    let mut copy = photos(30, moving(ALL)).await;
    copy.run().await.unwrap();
    copy.catalogue = Arc::default();
    assert!(rehearsed(&copy).await.0.stopped);
    copy.choose = Arc::new(moving(MoveRule::Fetched));
    let (rehearsal, would) = rehearsed(&copy).await;
    assert!(!rehearsal.stopped && would.is_empty(), "nothing is fetched: {would:?}");
}

/// A photo in two albums counts once.
#[tokio::test(start_paused = true)]
async fn a_photo_in_two_albums_goes_once() {
    let copy = photos(12, |library, builder| {
        let [one, other] =
            [SmartAlbum::Favorites, SmartAlbum::Favorites].map(|album| library.smart_album(album));
        builder.album(one).album(other).move_out(Some(ALL))
    })
    .await;
    copy.shown().iter().for_each(|id| copy.edit(id, Edit::Favourite(true)));
    assert!(!rehearsed(&copy).await.0.stopped);
    let (report, told) = copy.clear().await;
    assert_eq!((report.stopped, report.moved), (false, 12), "{told:?}");
}

/// Apple's list of the album is cut in the middle, after the copy was complete: nobody on it goes.
#[tokio::test(start_paused = true)]
async fn a_list_that_was_not_read_to_its_end_lets_nobody_go() {
    let album = |library: &icloud_photos::Library, builder: SyncBuilder| {
        builder.album(library.smart_album(SmartAlbum::Favorites)).removal_limit(RemovalLimit::new(1.0))
    };
    let mut copy = photos(250, album).await;
    copy.shown().iter().for_each(|id| copy.edit(id, Edit::Favourite(true)));
    assert_eq!(copy.run().await.unwrap().downloaded, 250);
    copy.choose = Arc::new(move |library, builder| album(library, builder).move_out(Some(ALL)));
    // The list is asked for by rank, a page at a time: this is its third.
    copy.faults(vec![short("query", 4).containing(r#""value":198"#)]);
    let (report, told) = copy.clear().await;
    assert!(report.stopped && told.contains(&"withheld".to_owned()), "{told:?}");
    assert_eq!((report.moved, copy.shown().len()), (0, 250));
    copy.faults(Vec::new());
    assert_eq!((copy.clear().await.0.moved, copy.shown().len()), (250, 0));
}

/// No size stands for the edit of a video.
#[tokio::test(start_paused = true)]
async fn an_edited_video_stays_for_that_reason() {
    let sizes = [Size::Original, Size::Adjusted, Size::Alternative];
    let copy = Copy::with(LibrarySpec::everyday(2, 300), move |_, builder| {
        let layout = LayoutOptions::default().sizes(sizes);
        builder.layout(layout).move_out(Some(ALL)).removal_limit(RemovalLimit::new(1.0))
    })
    .await;
    let (_, told) = copy.clear().await;
    assert!(told.iter().any(|line| line.contains("edits of videos are not copied")), "{told:#?}");
}

async fn verified(copy: &Copy) -> VerifyReport {
    let (storage, catalogue) = (copy.storage.clone(), copy.catalogue.clone());
    verify(storage, catalogue, VerifyOptions::default(), Some(&copy.engine()), |_| {}).await.unwrap()
}

/// Photos that were moved out, and one file that rotted, with its right bytes.
async fn rotten(count: usize) -> (Copy, String, Vec<u8>) {
    let copy = photos(count, moving(ALL)).await;
    assert_eq!(copy.clear().await.0.moved, count as u64);
    let path = copy.paths().await.remove(0);
    let good = copy.bytes(&path).await;
    copy.put(&path, flip(good.clone())).await;
    (copy, path, good)
}

async fn purge(copy: &Copy, path: &str) {
    let row = copy.rows().await.into_iter().find(|row| row.path.as_ref().unwrap().as_str() == path);
    copy.edit(row.unwrap().key.asset.as_str(), Edit::Purge);
}

/// Verify finds a file rotten: whatever a run is about, the photo comes back from Recently Deleted, beside the bad file.
#[tokio::test(start_paused = true)]
async fn what_verify_found_damaged_comes_back() {
    for (about, other) in other_runs().into_iter().chain([("everything", choose(|builder| builder))]) {
        let (mut copy, path, good) = rotten(4).await;
        copy.choose = other;
        assert!(copy.run().await.unwrap().is_clean(), "{about}: nobody has read it");
        assert_eq!(verified(&copy).await.bad, 1, "{about}");
        let (report, fetched) = copy.run_noting().await;
        assert!(report.is_clean() && fetched.len() == 1, "{about}: {report:?} {fetched:?}");
        assert!(copy.bytes(&fetched[0]).await == good, "{about}");
        assert!(copy.bytes(&path).await == flip(good), "{about}: nothing is overwritten");
        assert!(copy.rows().await.iter().all(|row| row.status == Status::Verified), "{about}");
        assert_eq!(verified(&copy).await.bad, 0, "{about}");
        let report = copy.run().await.unwrap();
        assert!(report.is_clean() && report.downloaded == 0, "{about}: {report:?}");
    }
}

/// It is gone from Recently Deleted, too: every run says so, until the file is right again.
#[tokio::test(start_paused = true)]
async fn what_verify_found_damaged_and_nobody_has_is_told() {
    for (about, other) in other_runs().into_iter().chain([("everything", choose(|builder| builder))]) {
        let (mut copy, path, good) = rotten(4).await;
        copy.choose = other;
        assert_eq!(verified(&copy).await.bad, 1, "{about}");
        purge(&copy, &path).await;
        for _ in 0..2 {
            let report = copy.run().await.unwrap();
            assert_eq!((report.failed, report.downloaded), (1, 0), "{about}: {report:?}");
        }
        assert_eq!(copy.rows().await.len(), 4, "{about}");
        copy.put(&path, good).await;
        let report = copy.run().await.unwrap();
        assert!(report.is_clean() && report.downloaded == 0, "{about}: {report:?}");
        assert!(copy.rows().await.iter().all(|row| row.status == Status::Verified), "{about}");
    }
}

/// The owner has another copy, and puts it anywhere in the folder, or back where it was and verifies.
#[tokio::test(start_paused = true)]
async fn a_good_copy_of_what_was_damaged_is_found() {
    let (copy, path, good) = rotten(4).await;
    assert_eq!(verified(&copy).await.bad, 1);
    purge(&copy, &path).await;
    copy.put("Backup/good.jpg", good.clone()).await;
    let report = copy.run().await.unwrap();
    assert!(report.is_clean() && report.downloaded == 0, "{report:?}");
    let is_there = |row: &icloud_photos::sync::catalogue::FileRow| {
        row.path.as_ref().unwrap().as_str() == "Backup/good.jpg" && row.status == Status::Verified
    };
    assert!(copy.rows().await.iter().any(is_there));
    copy.rests("found").await;

    let (copy, path, good) = rotten(4).await;
    assert_eq!(verified(&copy).await.bad, 1);
    purge(&copy, &path).await;
    copy.put(&path, good).await;
    assert_eq!(verified(&copy).await.bad, 0);
    assert!(copy.run().await.unwrap().is_clean(), "it hears of the purge");
    copy.rests("verified").await;
}

/// An empty file is nobody's work. Another length may be the owner's, until a verify finds that it is the photo no more.
#[tokio::test(start_paused = true)]
async fn an_empty_file_is_a_lost_one() {
    for (bytes, lost) in [(Vec::new(), 1), (b"my own work".to_vec(), 0)] {
        let copy = photos(3, moving(ALL)).await;
        assert_eq!(copy.clear().await.0.moved, 3);
        let path = copy.paths().await.remove(0);
        copy.put(&path, bytes.clone()).await;
        purge(&copy, &path).await;
        for _ in 0..2 {
            let report = copy.run().await.unwrap();
            assert_eq!(report.failed, lost, "{bytes:?}: {report:?}");
        }
        assert_eq!(verified(&copy).await.bad, 1);
        assert_eq!(copy.run().await.unwrap().failed, 1, "{bytes:?}");
        assert!(copy.bytes(&path).await == bytes);
    }
}

/// Its owner took it back: it is a photo like any other.
#[tokio::test(start_paused = true)]
async fn what_was_damaged_and_taken_back_is_like_any_other() {
    let (mut copy, path, good) = rotten(3).await;
    copy.choose = choose(|builder| builder);
    assert_eq!(verified(&copy).await.bad, 1);
    let row = copy.rows().await.into_iter().find(|row| row.path.as_ref().unwrap().as_str() == path);
    copy.edit(row.unwrap().key.asset.as_str(), Edit::Restore);
    let (report, fetched) = copy.run_noting().await;
    assert!(report.is_clean() && fetched.len() == 1, "{report:?} {fetched:?}");
    assert!(copy.bytes(&fetched[0]).await == good);
    copy.rests("fetched beside").await;
}

/// A rotten file stands where the photo stood when it went, the good one beside it: it is the good one that is looked for.
#[tokio::test(start_paused = true)]
async fn the_file_beside_a_damaged_one_is_looked_for() {
    for (about, other) in other_runs().into_iter().chain([("everything", choose(|builder| builder))]) {
        let (mut copy, path, good) = rotten(3).await;
        copy.choose = other;
        assert_eq!(verified(&copy).await.bad, 1, "{about}");
        let beside = copy.run_noting().await.1.remove(0);
        copy.remove(&beside).await;
        let (report, fetched) = copy.run_noting().await;
        assert!(report.is_clean() && fetched == [beside.clone()], "{about}: {report:?} {fetched:?}");
        assert!(copy.bytes(&beside).await == good);
        purge(&copy, &beside).await;
        copy.remove(&beside).await;
        assert_eq!(copy.run().await.unwrap().failed, 1, "{about}");
        assert!(copy.bytes(&path).await == flip(good), "{about}");
    }
}
