//! A first listing that is cut, and the run that goes on from there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use icloud_photos::ErrorKind;
use icloud_photos::sync::catalogue::{Batch, Catalogue, Pending, Status};
use icloud_photos::sync::{StopSignal, SyncBuilder, SyncEvent, SyncObserver};
use icloud_photos_testkit::{Edit, FaultAction, FaultRule, LibrarySpec};
use tokio::sync::Notify;

use crate::changes_fold::{Dice, Scene};
use crate::copies::{Copy, Full};
use crate::fake::World;
use crate::follow_edits::{disturb, seeds};

/// More than the rest of a list is begun early.
pub(crate) const FLOOD: usize = 150;

/// So many questions are answered, for albums and pages of the list, and no more.
pub(crate) fn cut_after(copy: &Copy, pages: u64) {
    copy.faults(vec![FaultRule::new("cloudkit/records/query", FaultAction::Reset).after(pages)]);
}

pub(crate) async fn pending(copy: &Copy) -> Option<Pending> {
    let all = copy.catalogue.all_progress().await.unwrap();
    all.into_iter().find_map(|progress| progress.pending)
}

/// The ranks of all pages that were asked for since the last call.
pub(crate) fn ranks(copy: &Copy) -> Vec<u64> {
    let sent = std::mem::take(&mut *copy.world.transport.sent.lock().unwrap());
    let rank = |body: &serde_json::Value| {
        let filters = body["query"]["filterBy"].as_array()?;
        filters.iter().find(|filter| filter["fieldName"] == "startRank")?["fieldValue"]["value"].as_u64()
    };
    sent.iter().filter_map(|(_, body)| rank(body)).collect()
}

/// Everything is here that a first run into an empty folder brings, and the next run has nothing to do. Gives whether the
/// names are the same, too.
pub(crate) async fn complete(copy: &Copy, about: &str) -> bool {
    let (held, fresh) = (copy.held().await, copy.afresh().await);
    for (key, (path, content)) in &fresh {
        let Some((here, found)) = held.get(key) else { panic!("{about}: {key:?} ({path}) is missing") };
        assert_eq!(found, content, "{about}: {key:?} at {here}, afresh at {path}");
    }
    assert_eq!(pending(copy).await, None, "{about}");
    copy.rests(about).await;
    held == fresh
}

#[tokio::test(start_paused = true)]
async fn a_list_that_was_cut_near_its_end_is_not_read_again() {
    let copy = Copy::of(LibrarySpec::plain(3000, 300)).await;
    cut_after(&copy, 30);
    copy.run().await.unwrap_err();
    let there = pending(&copy).await.unwrap();
    assert!(there.rank >= 2400 && there.seen == there.rank, "{there:?}");
    let fetched = copy.files().await.len() as u64;
    copy.faults(Vec::new());
    ranks(&copy);
    let report = copy.run().await.unwrap();
    let ranks = ranks(&copy);
    assert!(ranks.len() <= 10 && ranks.iter().all(|rank| *rank >= there.rank - 100), "{ranks:?}");
    assert!(report.is_clean() && report.downloaded == 3000 - fetched, "{report}");
    assert!(complete(&copy, "cut near the end").await);
}

/// Tells when so many photos were spoken of.
pub(crate) struct After(pub(crate) AtomicU64, pub(crate) Notify);

impl SyncObserver for After {
    fn event(&self, event: SyncEvent<'_>) {
        if matches!(event, SyncEvent::Planned { .. }) && self.0.fetch_sub(1, Relaxed) == 1 {
            self.1.notify_one();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_without_warning_goes_on_from_the_last_mark() {
    let copy = Copy::of(LibrarySpec::plain(5000, 300)).await;
    let after = Arc::new(After(4700.into(), Notify::new()));
    let engine = copy.engine();
    tokio::select! {
        ended = engine.run(after.clone()) => panic!("{ended:?}"),
        () = after.1.notified() => {}
    }
    let there = pending(&copy).await.unwrap();
    assert!(there.rank >= 3700, "{there:?}");
    let known = copy.rows().await.len() as u64;
    assert!(known >= there.rank, "rows come before the mark: {known} for {there:?}");
    ranks(&copy);
    assert!(copy.run().await.unwrap().is_clean());
    assert!(ranks(&copy).iter().all(|rank| *rank >= there.rank - 100));
    assert!(complete(&copy, "stopped").await);
}

/// Somebody deletes photos just before the rest of the list is read.
pub(crate) struct Flood(pub(crate) World, pub(crate) Vec<String>);

impl SyncObserver for Flood {
    fn event(&self, event: SyncEvent<'_>) {
        if matches!(event, SyncEvent::Started { .. }) {
            trash(&self.0, &self.1);
        }
    }
}

pub(crate) fn trash(world: &World, assets: &[String]) {
    for asset in assets {
        world.library().edit(asset, &Edit::Trash, world.cloud.now_ms());
    }
}

/// Photos that were seen, and with which the list shifts.
pub(crate) async fn seen(copy: &Copy, count: usize) -> Vec<String> {
    let mut assets: Vec<_> = copy.rows().await.into_iter().map(|row| row.key.asset.to_string()).collect();
    assets.dedup();
    assets.truncate(count);
    assets
}

#[tokio::test(start_paused = true)]
async fn a_mark_that_is_of_no_use_means_a_new_list() {
    for trouble in ["none", "token", "count", "flood before", "flood between", "ripple between"] {
        let copy = Copy::of(LibrarySpec::plain(900, 300)).await;
        cut_after(&copy, 10);
        copy.run().await.unwrap_err();
        assert!(pending(&copy).await.unwrap().rank >= 400);
        copy.faults(Vec::new());
        ranks(&copy);
        let mut between = Vec::new();
        match trouble {
            "token" => copy.world.library().expire_tokens(),
            "count" => copy.world.library().switch(|switches| switches.missing_from_lists = 3),
            "flood before" => trash(&copy.world, &seen(&copy, 500).await),
            "flood between" => between = seen(&copy, FLOOD).await,
            "ripple between" => between = seen(&copy, 40).await,
            _ => {}
        }
        let report = copy.engine().run(Arc::new(Flood(copy.world.clone(), between))).await.unwrap();
        let anew = !["none", "ripple between"].contains(&trouble);
        assert_eq!(ranks(&copy).contains(&0), anew, "{trouble}");
        if trouble == "count" {
            assert!(!report.is_clean() && pending(&copy).await.is_none(), "{report}");
            copy.world.library().switch(|switches| switches.missing_from_lists = 0);
            assert!(copy.run().await.unwrap().is_clean());
            assert!(ranks(&copy).contains(&0), "nothing was covered");
        }
        complete(&copy, trouble).await;
    }
}

/// Cut in some way, changed in some way, and run again; gives whether it went on from a mark.
async fn cut_and_go_on(seed: u64) -> bool {
    let mut dice = Dice(seed);
    let copy = Copy::of(LibrarySpec::everyday(seed, 400 + dice.roll(500) as u64)).await;
    let about = format!("seed {seed}");
    match dice.roll(3) {
        0 => {
            let room = 300 + dice.roll(500) as u64;
            let full = Arc::new(Full::new(copy.storage.clone(), room));
            let _ = copy.engine_on(full).run(Arc::new(())).await;
        }
        _ => {
            cut_after(&copy, 4 + dice.roll(6) as u64);
            let _ = copy.run().await;
        }
    }
    copy.faults(Vec::new());
    let before = dice.roll(2) * dice.roll(2 * FLOOD);
    trash(&copy.world, &seen(&copy, before).await);
    let mut scene = Scene::of(&copy.world);
    (0..dice.roll(40)).for_each(|_| disturb(&copy, &mut scene, &mut dice));
    let between = dice.roll(2) * dice.roll(FLOOD);
    let between = seen(&copy, before + between).await.into_iter().skip(before).collect();
    ranks(&copy);
    let report = copy.engine().run(Arc::new(Flood(copy.world.clone(), between))).await.unwrap();
    let went_on = !ranks(&copy).contains(&0);
    assert!(report.is_clean(), "{about}: {report}");
    if !went_on {
        // A run that listed did not ask about files that are neither here nor in the list.
        copy.run().await.unwrap();
    }
    complete(&copy, &about).await;
    went_on
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_between_a_cut_and_the_next_run_nothing_is_lost() {
    let mut went_on = 0;
    for seed in seeds(1..=12) {
        went_on += u64::from(cut_and_go_on(seed).await);
    }
    assert!(went_on > 2, "{went_on}");
}

/// Stops the run when so many files have come.
struct StopAfter(AtomicU64, StopSignal);

impl SyncObserver for StopAfter {
    fn event(&self, event: SyncEvent<'_>) {
        if matches!(event, SyncEvent::Downloaded { .. }) && self.0.fetch_sub(1, Relaxed) == 1 {
            self.1.stop();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_forgets_nothing_that_it_proved() {
    for files in [1, 70, 299] {
        let stop = StopSignal::new();
        let signal = stop.clone();
        let copy =
            Copy::with(LibrarySpec::plain(300, 300), move |_, builder| builder.stop(signal.clone())).await;
        let stopped = copy.engine().run(Arc::new(StopAfter(AtomicU64::new(files), stop))).await;
        assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Cancelled);
        let there = copy.files().await.len();
        assert!(there >= files as usize && (files == 299 || there < 300), "{there} after {files}");
        let rows = copy.rows().await;
        assert_eq!(rows.len(), there, "every file that came has its row");
        assert!(rows.iter().all(|row| row.status == Status::Verified));
        let copy = Copy { choose: Arc::new(|_, builder| builder), ..copy };
        let (report, fetched) = copy.run_noting().await;
        assert!(report.is_clean(), "{report}");
        assert_eq!(fetched.len() + there, 300, "nothing comes twice");
        assert!(copy.rows().await.iter().all(|row| row.status == Status::Verified));
    }
}

/// Tells when a file came.
struct Came(Notify);

impl SyncObserver for Came {
    fn event(&self, event: SyncEvent<'_>) {
        if matches!(event, SyncEvent::Downloaded { .. }) {
            self.0.notify_one();
        }
    }
}

/// The process is killed: the file has its name, and no row says whose it is.
async fn killed_after_one_file(copy: &Copy) {
    killed(copy).await;
    assert_eq!((copy.files().await.len(), copy.rows().await.len()), (1, 0));
}

/// The process is killed as soon as a file has come.
async fn killed(copy: &Copy) {
    let came = Arc::new(Came(Notify::new()));
    let engine = copy.engine();
    tokio::select! {
        ended = engine.run(came.clone()) => panic!("{ended:?}"),
        () = came.0.notified() => {}
    }
}

async fn notes_of_runs(copy: &Copy) -> usize {
    let all = copy.catalogue.all_progress().await.unwrap();
    all.iter().filter(|note| note.selection.starts_with("begun") && note.token.is_some()).count()
}

/// All rows are written then; but not those of files that an earlier run left which was killed.
#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_takes_back_that_it_began_and_no_more() {
    for is_killed in [false, true] {
        let copy = Copy::of(LibrarySpec::plain(300, 300)).await;
        if is_killed {
            killed(&copy).await;
        }
        let stop = StopSignal::new();
        let signal = stop.clone();
        let copy = Copy { choose: Arc::new(move |_, builder| builder.stop(signal.clone())), ..copy };
        let stopped = copy.engine().run(Arc::new(StopAfter(AtomicU64::new(70), stop))).await;
        assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Cancelled);
        assert_eq!(notes_of_runs(&copy).await, usize::from(is_killed));
        let copy = Copy { choose: Arc::new(|_, builder| builder), ..copy };
        assert!(copy.run().await.unwrap().is_clean());
        assert_eq!(notes_of_runs(&copy).await, 0);
    }
}

/// The place of a photo that came in a run which was killed is taken by another of the same name, day and length.
#[tokio::test(start_paused = true)]
async fn a_file_of_a_run_that_was_killed_is_not_taken_for_another_photo() {
    for of_albums in [false, true] {
        let copy = Copy::of(LibrarySpec::plain(0, 300)).await;
        let first = copy.world.library().add_photo("TWIN.JPG", 777, copy.world.cloud.now_ms());
        killed_after_one_file(&copy).await;
        trash(&copy.world, &[first]);
        copy.world.library().add_photo("TWIN.JPG", 777, copy.world.cloud.now_ms());
        // What is asked for may be something else by now.
        let choose = move |_: &_, builder: SyncBuilder| builder.recent(of_albums.then_some(5));
        let copy = Copy { choose: Arc::new(choose), ..copy };
        let report = copy.run().await.unwrap();
        assert_eq!((report.downloaded, report.verified), (1, 1), "{report}");
        assert_eq!(copy.files().await.len(), 2, "nothing is overwritten");
        assert!(copy.rows().await.iter().all(|row| row.status == Status::Verified));
        copy.rests("both are here").await;
    }
}

async fn fetches_nothing(copy: &Copy) {
    copy.world.cloud.reset_counts();
    assert_eq!(copy.run().await.unwrap().failed, 0);
    assert_eq!(copy.world.cloud.counts().requests, 1);
}

/// Apple says nothing of the bytes that can be computed here.
fn mute(copy: &Copy, kind: &'static str) {
    copy.world.describe(move |file| match kind {
        "none" => drop(file.remove("fileChecksum")),
        _ => file["fileChecksum"] = format!("Ag{}", &file["fileChecksum"].as_str().unwrap()[2..]).into(),
    });
}

/// What cannot be proven by reading it is fetched to compare, whatever becomes of the next run.
#[tokio::test(start_paused = true)]
async fn a_file_of_a_run_that_was_killed_is_not_taken_for_another_photo_that_nothing_proves() {
    for (kind, fails) in [("none", false), ("other", false), ("none", true), ("other", true)] {
        let copy = Copy::of(LibrarySpec::plain(0, 300)).await;
        mute(&copy, kind);
        let first = copy.world.library().add_photo("TWIN.JPG", 777, copy.world.cloud.now_ms());
        killed_after_one_file(&copy).await;
        trash(&copy.world, &[first]);
        copy.world.library().add_photo("TWIN.JPG", 777, copy.world.cloud.now_ms());
        if fails {
            copy.faults(vec![FaultRule::new("content", FaultAction::Reset)]);
            assert_eq!(copy.run().await.unwrap().failed, 1);
            copy.faults(Vec::new());
        }
        let report = copy.run().await.unwrap();
        assert_eq!((report.downloaded, report.unconfirmed), (1, 1), "{kind} {fails}: {report}");
        assert_eq!(copy.files().await.len(), 2, "nothing is overwritten");
        fetches_nothing(&copy).await;
    }
}

/// The file of a run that was killed is the photo's own: the same bytes come again, and are not kept twice.
#[tokio::test(start_paused = true)]
async fn what_nothing_proves_stands_once_after_a_kill() {
    for kind in ["stale", "none", "other"] {
        let copy = Copy::of(LibrarySpec::plain(0, 300)).await;
        if kind == "stale" {
            copy.faults(vec![FaultRule::new("content", FaultAction::Flip { at: Some(500) })]);
        } else {
            mute(&copy, kind);
        }
        copy.world.library().add_photo("TWIN.JPG", 777, copy.world.cloud.now_ms());
        killed_after_one_file(&copy).await;
        let before = copy.files().await;
        let report = copy.run().await.unwrap();
        assert_eq!((report.downloaded, report.unconfirmed), (0, 1), "{kind}: {report}");
        assert_eq!(copy.files().await, before, "{kind}");
        let row = copy.rows().await.remove(0);
        assert_eq!((row.path.as_ref(), row.status), (Some(&before[0].path), Status::Unconfirmed));
        assert!(row.sha256.is_some() && row.size == Some(777));
        fetches_nothing(&copy).await;
    }
}

/// Files that stood there before anything of ours are taken by name and length, as icloudpd does, however often a run fails or
/// is stopped as long as it fetches nothing; not any more once the catalogue knows files.
#[tokio::test(start_paused = true)]
async fn files_that_stood_there_before_are_not_read() {
    let copy = Copy::of(LibrarySpec::plain(20, 300)).await;
    copy.run().await.unwrap();
    let copy = Copy { catalogue: Arc::default(), ..copy };
    cut_after(&copy, 1);
    copy.run().await.unwrap_err();
    copy.faults(Vec::new());
    copy.run().await.unwrap();
    assert!(copy.rows().await.iter().all(|row| row.status == Status::Assumed));
    copy.world.library().add_photo("NEW.JPG", 777, copy.world.cloud.now_ms());
    assert_eq!(copy.run().await.unwrap().downloaded, 1);
    let copy = Copy { choose: Arc::new(|_, builder| builder.recent(Some(5))), ..copy };
    let path = copy.paths().await.pop().unwrap();
    let row = copy.rows().await.into_iter().find(|row| row.path.as_ref().unwrap().as_str() == path).unwrap();
    let mut gone = Batch::default();
    gone.gone_files.push(row.key.clone());
    copy.catalogue.commit(gone).await.unwrap();
    copy.run().await.unwrap();
    let row = copy.rows().await.into_iter().find(|now| now.key == row.key).unwrap();
    assert_eq!(row.status, Status::Verified, "the catalogue had its say, whatever the selection");
}
