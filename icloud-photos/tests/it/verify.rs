//! Reading again what the catalogue says is there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use futures::TryStreamExt;
use icloud_photos::ErrorKind;
use icloud_photos::asset::Hasher;
use icloud_photos::storage::{Storage, StoragePath, WriteOptions};
use icloud_photos::sync::catalogue::{Catalogue, FileRow, Status};
use icloud_photos::sync::store::MARK;
use icloud_photos::sync::{
    Disposal, Fault, MoveRule, SyncEngine, VerifyEvent, VerifyOptions, VerifyReport, verify,
};
use icloud_photos_testkit::{Edit, FaultAction, FaultRule, LibrarySpec, SharedLibrary};

use crate::copies::{Copy, at, batch, checksum, flip};
use crate::odd_storage::{Deed, OddStorage};
use crate::removal::moving;

/// What was told of each path, in order.
type Told = BTreeMap<String, Vec<String>>;

async fn check(copy: &Copy, options: VerifyOptions) -> (VerifyReport, Told) {
    check_with(copy, options, &copy.engine()).await
}

async fn check_with(copy: &Copy, options: VerifyOptions, engine: &SyncEngine) -> (VerifyReport, Told) {
    let told = Mutex::new(Told::new());
    let tell = |event: VerifyEvent<'_>| {
        let (path, what) = match event {
            VerifyEvent::Sound { path, .. } => (path, "sound".to_owned()),
            VerifyEvent::Bad { path, fault, .. } => (path, format!("{fault:?}")),
            VerifyEvent::Repaired { path } => (path, "repaired".to_owned()),
            VerifyEvent::Stray { path } => (path, "stray".to_owned()),
            VerifyEvent::Failed { path, error } => (path, format!("failed: {error}")),
            _ => return,
        };
        told.lock().unwrap().entry(path.to_string()).or_default().push(what);
    };
    let (storage, catalogue) = (copy.storage.clone(), copy.catalogue.clone());
    let report = verify(storage, catalogue, options, Some(engine), tell).await.unwrap();
    (report, told.into_inner().unwrap())
}

async fn copied(spec: LibrarySpec) -> Copy {
    let copy = Copy::of(spec).await;
    assert!(copy.run().await.unwrap().is_clean());
    copy.world.cloud.reset_counts();
    copy
}

/// Writes a file with a time of its own, as somebody does who works on it.
async fn rework(copy: &Copy, path: &str, bytes: Vec<u8>) {
    let options = WriteOptions::default().replace().modified(std::time::SystemTime::now());
    let mut writer = copy.storage.write(&at(path), options).await.unwrap();
    writer.write(bytes.into()).await.unwrap();
    writer.commit().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_sound_is_proven_without_a_request_or_a_write() {
    let copy = copied(LibrarySpec::everyday(1, 100)).await;
    let files = copy.files().await;
    for row in copy.catalogue.files(None, None, usize::MAX).await.unwrap() {
        let Some(path) = &row.path else { continue };
        let mut hasher = Hasher::new();
        hasher.update(&copy.bytes(path.as_str()).await);
        assert_eq!(row.sha256, Some(hasher.finish().sha256), "the run keeps our own hash of {path}");
    }
    let writes = copy.catalogue.writes();
    let (report, told) = check(&copy, VerifyOptions::default()).await;
    assert!(report.is_clean(), "{report}");
    assert_eq!((report.promoted, report.unproven, report.strays), (0, 0, 0), "{report}");
    assert_eq!(told.len(), files.len());
    assert_eq!(copy.catalogue.writes(), writes);
    assert_eq!(copy.world.cloud.counts().requests, 0);
}

/// Older versions kept none.
#[tokio::test(start_paused = true)]
async fn a_row_without_a_hash_of_our_own_gets_one() {
    let copy = copied(LibrarySpec::plain(5, 3000)).await;
    let rows = copy.rows().await;
    for mut row in rows.clone() {
        row.sha256 = None;
        copy.catalogue.commit(batch(row)).await.unwrap();
    }
    let (report, _) = check(&copy, VerifyOptions::default()).await;
    assert!(report.is_clean(), "{report}");
    assert_eq!(copy.rows().await, rows);
}

/// One of each fault, with the bytes that stand there instead.
async fn ruin(copy: &Copy) -> BTreeMap<String, (Fault, Option<Vec<u8>>)> {
    let paths = copy.paths().await;
    let mut faults = BTreeMap::new();
    let bytes = copy.bytes(&paths[0]).await;
    copy.put(&paths[0], flip(bytes.clone())).await;
    faults.insert(paths[0].clone(), (Fault::Rotten, Some(flip(bytes))));
    let bytes = copy.bytes(&paths[1]).await;
    copy.put(&paths[1], bytes[..100].to_vec()).await;
    faults.insert(paths[1].clone(), (Fault::Truncated, Some(bytes[..100].to_vec())));
    let bytes = [copy.bytes(&paths[2]).await, b"and a caption".to_vec()].concat();
    rework(copy, &paths[2], bytes.clone()).await;
    faults.insert(paths[2].clone(), (Fault::Changed, Some(bytes)));
    copy.remove(&paths[3]).await;
    faults.insert(paths[3].clone(), (Fault::Missing, None));
    let bytes = flip(copy.bytes(&paths[4]).await);
    rework(copy, &paths[4], bytes.clone()).await;
    faults.insert(paths[4].clone(), (Fault::Changed, Some(bytes)));
    faults
}

#[tokio::test(start_paused = true)]
async fn every_fault_is_named_and_none_is_touched() {
    let copy = copied(LibrarySpec::plain(12, 3000)).await;
    let faults = ruin(&copy).await;
    copy.put("somebody/else.txt", b"mine".to_vec()).await;
    let before = copy.files().await;
    let (report, told) = check(&copy, VerifyOptions::default()).await;
    assert_eq!((report.bad, report.proven, report.strays, report.repaired), (5, 7, 1, 0), "{report}");
    assert!(!report.is_clean());
    for (path, (fault, _)) in &faults {
        assert_eq!(told[path], [format!("{fault:?}")], "{path}");
    }
    assert_eq!(told["somebody/else.txt"], ["stray"]);
    assert_eq!(copy.files().await, before);
    assert_eq!(copy.world.cloud.counts().requests, 0);
}

#[tokio::test(start_paused = true)]
async fn repair_brings_the_right_bytes_and_keeps_the_others() {
    let copy = copied(LibrarySpec::plain(12, 3000)).await;
    let held = copy.held().await;
    let faults = ruin(&copy).await;
    let (report, told) = check(&copy, VerifyOptions::default().repair()).await;
    assert_eq!((report.bad, report.repaired, report.failed), (5, 5, 0), "{report} {told:?}");
    assert!(report.is_clean());
    assert_eq!(copy.world.cloud.counts().requests_to("content"), 5);
    assert_eq!(copy.held().await, held, "all as it was");
    let paths = copy.paths().await;
    for (path, (_, bytes)) in &faults {
        let aside =
            paths.iter().find(|aside| aside.starts_with(".icloud-photos-trash/") && aside.ends_with(path));
        match (bytes, aside) {
            (Some(bytes), Some(aside)) => assert!(copy.bytes(aside).await == *bytes, "{aside}"),
            (None, None) => {}
            other => panic!("{path}: {other:?}"),
        }
    }
    let (report, _) = check(&copy, VerifyOptions::default()).await;
    assert_eq!((report.proven, report.bad, report.strays), (12, 0, 0), "{report}");
    copy.rests("after the repair").await;
}

/// Two repairs on one day: the second must not write over what the first has kept.
#[tokio::test(start_paused = true)]
async fn what_was_kept_aside_stays() {
    let copy = copied(LibrarySpec::plain(3, 3000)).await;
    let path = copy.paths().await.remove(0);
    let mut kept = Vec::new();
    for work in [&b"first"[..], b"second", b"third"] {
        rework(&copy, &path, work.to_vec()).await;
        check(&copy, VerifyOptions::default().repair()).await;
        kept.push(work.to_vec());
    }
    let mut aside = Vec::new();
    for path in copy.paths().await.iter().filter(|path| path.starts_with(".icloud-photos-trash/")) {
        aside.push(copy.bytes(path).await);
    }
    aside.sort();
    assert_eq!(aside, kept);
}

/// Apple sends wrong bytes during a repair: what stands there stays, and is not lost.
#[tokio::test(start_paused = true)]
async fn a_repair_that_fails_changes_no_file() {
    for action in
        [FaultAction::Flip { at: None }, FaultAction::Flip { at: Some(7) }, FaultAction::status(404)]
    {
        let copy = copied(LibrarySpec::plain(4, 3000)).await;
        let path = copy.paths().await.remove(0);
        let damaged = flip(copy.bytes(&path).await);
        copy.put(&path, damaged.clone()).await;
        copy.faults(vec![FaultRule::new("content", action.clone())]);
        let (report, told) = check(&copy, VerifyOptions::default().repair()).await;
        assert_eq!(
            (report.repaired, report.failed, report.is_clean()),
            (0, 1, false),
            "{action:?}: {told:?}"
        );
        assert!(copy.bytes(&path).await == damaged, "{action:?}");
        let is_good = |row: &FileRow| row.status == Status::Verified;
        let (good, bad): (Vec<_>, Vec<_>) = copy.rows().await.into_iter().partition(is_good);
        assert!(good.len() == 3 && matches!(bad[0].status, Status::Failed { .. }), "{action:?}: {bad:?}");
        let trash: Vec<_> = copy.storage.list(&at(".icloud-photos-trash")).try_collect().await.unwrap();
        assert!(trash.is_empty(), "{trash:?}");
        let all: Vec<_> = copy.storage.list(&StoragePath::root()).try_collect().await.unwrap();
        assert_eq!(all.len(), 4);
    }
}

/// A tree that a first run took over by name and length.
#[tokio::test(start_paused = true)]
async fn what_was_assumed_is_proven_or_found_out() {
    let mut copy = copied(LibrarySpec::plain(10, 3000)).await;
    let path = copy.paths().await.remove(4);
    copy.put(&path, flip(copy.bytes(&path).await)).await;
    copy.catalogue = Arc::default();
    assert_eq!(copy.run().await.unwrap().downloaded, 0);
    assert!(copy.rows().await.iter().all(|row| row.status == Status::Assumed));
    let (report, told) = check(&copy, VerifyOptions::default()).await;
    assert_eq!((report.proven, report.promoted, report.bad), (9, 9, 1), "{report}");
    assert_eq!(told[&path], ["NeverRight"]);
    let proven = copy.rows().await.iter().filter(|row| row.status == Status::Verified).count();
    assert_eq!(proven, 9);
    let (report, _) = check(&copy, VerifyOptions::default().repair()).await;
    assert_eq!((report.promoted, report.repaired), (0, 1), "{report}");
    copy.rests("all proven").await;
    assert!(copy.rows().await.iter().all(|row| row.status == Status::Verified));
}

#[tokio::test(start_paused = true)]
async fn samples_are_shares_and_lead_to_everything() {
    let copy = copied(LibrarySpec::plain(200, 300)).await;
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..40 {
        let (report, told) = check(&copy, VerifyOptions::default().sample(0.2, seed)).await;
        assert!((15..=70).contains(&report.proven), "seed {seed}: {report}");
        assert_eq!(check(&copy, VerifyOptions::default().sample(0.2, seed)).await.1, told, "the same again");
        seen.extend(told.into_keys());
    }
    assert_eq!(seen.len(), 200, "every file has its turn");
    assert_eq!(check(&copy, VerifyOptions::default().sample(0.0, 1)).await.0.proven, 0);
}

/// A file that Apple's checksum never proved is not bad for that; only if it changes.
#[tokio::test(start_paused = true)]
async fn what_could_not_be_confirmed_is_watched() {
    let copy = Copy::of(LibrarySpec::plain(3, 3000)).await;
    copy.faults(vec![FaultRule::new("content", FaultAction::Flip { at: Some(1500) })]);
    assert_eq!(copy.run().await.unwrap().unconfirmed, 3);
    for _ in 0..2 {
        let (report, told) = check(&copy, VerifyOptions::default()).await;
        assert_eq!((report.unproven, report.bad), (3, 0), "{report} {told:?}");
    }
    let path = copy.paths().await.remove(0);
    let mut worse = copy.bytes(&path).await;
    worse[3] ^= 1;
    copy.put(&path, worse.clone()).await;
    let (report, told) = check(&copy, VerifyOptions::default()).await;
    assert_eq!((report.unproven, report.bad), (2, 1), "{report}");
    assert_eq!(told[&path], ["Rotten"]);
    copy.faults(Vec::new());
    let (report, _) = check(&copy, VerifyOptions::default().repair()).await;
    assert_eq!(report.repaired, 3, "iCloud has better ones of the others too");
    assert_ne!(checksum(&copy.bytes(&path).await), checksum(&worse));
    assert_eq!(copy.catalogue.totals().await.unwrap().verified.files, 3);
}

/// What once stood there is known: the fault is the same whoever asks, and how often.
#[tokio::test(start_paused = true)]
async fn a_fault_keeps_its_name() {
    let copy = copied(LibrarySpec::plain(12, 3000)).await;
    let faults = ruin(&copy).await;
    let (first, told) = check(&copy, VerifyOptions::default()).await;
    for _ in 0..2 {
        assert_eq!(check(&copy, VerifyOptions::default()).await, (first.clone(), told.clone()));
    }
    for (path, (fault, _)) in &faults {
        assert_eq!(told[path], [format!("{fault:?}")], "{path}");
    }
    assert_eq!(check(&copy, VerifyOptions::default().repair()).await.0.repaired, 5);
}

/// What verify found is noted in words that a person reads in the catalogue, and not said twice.
#[tokio::test(start_paused = true)]
async fn what_was_found_is_noted_in_english() {
    let mut copy = copied(LibrarySpec::plain(12, 3000)).await;
    ruin(&copy).await;
    check(&copy, VerifyOptions::default()).await;
    let mut reasons = reasons(&copy).await;
    reasons.sort();
    reasons.dedup();
    assert_eq!(
        reasons,
        [
            "verify found the file changed by another program",
            "verify found the file cut short",
            "verify found the file damaged"
        ]
    );
    copy = copied(LibrarySpec::plain(3, 3000)).await;
    let path = copy.paths().await.remove(0);
    copy.put(&path, flip(copy.bytes(&path).await)).await;
    copy.catalogue = Arc::default();
    copy.run().await.unwrap();
    for _ in 0..2 {
        assert_eq!(check(&copy, VerifyOptions::default()).await.1[&path], ["NeverRight"]);
        let reason = "verify found that the file is not the photo whose name it bears";
        assert_eq!(self::reasons(&copy).await, [reason]);
    }
}

async fn reasons(copy: &Copy) -> Vec<String> {
    let rows = copy.rows().await.into_iter();
    rows.filter_map(|row| if let Status::Failed { reason, .. } = row.status { Some(reason) } else { None })
        .collect()
}

/// Two files changed names. Each is the only copy here of its photo, and none is put away for the other's sake.
#[tokio::test(start_paused = true)]
async fn a_repair_puts_no_other_photo_away() {
    let copy = copied(LibrarySpec::plain(4, 3000)).await;
    let paths = copy.paths().await;
    let (one, other) = (copy.bytes(&paths[0]).await, copy.bytes(&paths[1]).await);
    copy.put(&paths[0], other.clone()).await;
    copy.put(&paths[1], one.clone()).await;
    // Whoever repairs need not be who fetched, and know the catalogue: it is given.
    let library = copy.world.session.primary_library();
    let stranger = SyncEngine::builder(&library, copy.storage.clone()).build().unwrap();
    let (report, told) = check_with(&copy, VerifyOptions::default().repair(), &stranger).await;
    assert_eq!((report.bad, report.repaired, report.failed), (2, 0, 2), "{report} {told:?}");
    assert!(told[&paths[0]][1].contains("another photo"), "{told:?}");
    assert_eq!(copy.world.cloud.counts().requests_to("content"), 0);
    assert_eq!(copy.paths().await, paths, "nothing is in the trash");
    assert!(copy.bytes(&paths[0]).await == other && copy.bytes(&paths[1]).await == one);
    assert!(copy.run().await.unwrap().is_clean());
    assert_eq!(check(&copy, VerifyOptions::default()).await.0.bad, 0);
}

/// An engine of another storage would fetch into that one: one that knows nothing of the copy, and one that was copied from it, mark and all.
#[tokio::test(start_paused = true)]
async fn an_engine_of_another_storage_repairs_nothing_and_writes_nothing() {
    for (copied_from_it, marked) in [(false, false), (true, false), (true, true)] {
        let copy = copied(LibrarySpec::plain(2, 3000)).await;
        let path = copy.paths().await[0].clone();
        copy.put(&path, flip(copy.bytes(&path).await)).await;
        if marked {
            copy.put(MARK, br#"{"id":"mark-1","about":""}"#.to_vec()).await;
        }
        let theirs = copy.choosing(copy.choose.clone());
        let theirs = Copy { storage: Arc::default(), ..theirs };
        for meta in copy.storage.list(&StoragePath::root()).try_collect::<Vec<_>>().await.unwrap() {
            if copied_from_it {
                theirs.put(meta.path.as_str(), copy.bytes(meta.path.as_str()).await).await;
            }
        }
        let (before, here) = (theirs.files().await, copy.files().await);
        let written = Arc::new(AtomicU64::new(0));
        let counted = written.clone();
        let stranger = copy.engine_on(OddStorage::over(theirs.storage.clone(), move |deed, _| {
            counted.fetch_add(u64::from(![Deed::Read, Deed::Stat].contains(&deed)), Relaxed);
            None
        }));
        let (storage, catalogue) = (copy.storage.clone(), copy.catalogue.clone());
        let options = VerifyOptions::default().repair().reread(true);
        let error = verify(storage, catalogue, options, Some(&stranger), |_| {}).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreLost, "{error}");
        assert!(error.to_string().contains("an engine that keeps this one"), "{error}");
        assert_eq!(written.load(Relaxed), 0, "{copied_from_it} {marked}");
        assert!(theirs.files().await == before && copy.files().await == here);
    }
}

/// One place may be reached by several ways.
#[tokio::test(start_paused = true)]
async fn an_engine_that_reaches_the_storage_by_another_way_repairs() {
    let copy = copied(LibrarySpec::plain(2, 3000)).await;
    let path = copy.paths().await[0].clone();
    copy.put(&path, flip(copy.bytes(&path).await)).await;
    let other_way = copy.engine_on(OddStorage::over(copy.storage.clone(), |_, _| None));
    let options = VerifyOptions::default().repair().reread(true);
    let (report, told) = check_with(&copy, options, &other_way).await;
    assert_eq!((report.bad, report.repaired, report.failed), (1, 1, 0), "{report} {told:?}");
    assert_eq!(copy.files().await.len(), 3, "with what was put away: {:?}", copy.paths().await);
}

/// The catalogue got lost, and a photo of the same name and length was taken for one that was moved out: the file is the only copy
/// of that, and stays.
#[tokio::test(start_paused = true)]
async fn a_repair_puts_nothing_away_that_was_moved_out() {
    for readable in [true, false] {
        let mut copy = Copy::with(LibrarySpec::plain(0, 1000), moving(MoveRule::OlderThan { days: 0 })).await;
        let gone = copy.photo("A.JPG", 1);
        assert_eq!(copy.clear().await.0.moved, 1);
        let path = copy.paths().await.remove(0);
        let only = copy.bytes(&path).await;
        copy.choose = Arc::new(|_, builder| builder);
        let twin = copy.photo("A.JPG", 1);
        copy.catalogue = Arc::default();
        // Where the record is known no name is trusted.
        let record = copy.records().await.remove(0);
        let whole = copy.bytes(&record).await;
        copy.remove(&record).await;
        assert_eq!(copy.run().await.unwrap().downloaded, 0, "taken by its name");
        let row = copy.rows().await.remove(0);
        assert_ne!(row.key.asset.as_str(), gone);
        assert_eq!((row.key.asset.as_str(), &row.status), (&*twin, &Status::Assumed));
        copy.put(&record, if readable { whole } else { b"{".to_vec() }).await;
        copy.world.cloud.reset_counts();
        let (report, told) = check(&copy, VerifyOptions::default().repair()).await;
        assert_eq!((report.bad, report.repaired, report.failed), (1, 0, 1), "{report} {told:?}");
        assert!(told[&path][1].contains("moved out"), "{told:?}");
        assert_eq!((copy.paths().await.len(), copy.world.cloud.counts().requests_to("content")), (1, 0));
        let report = copy.run().await.unwrap();
        assert_eq!((report.downloaded, report.is_clean()), (1, true), "the twin stands beside: {report}");
        assert!(copy.bytes(&path).await == only);
    }
}

/// What harm a file came to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Harm {
    /// It rotted, and `verify` has seen it.
    Rot,
    Cut,
    Emptied,
    Missing,
}

async fn harm(copy: &Copy, path: &str, harm: Harm) -> Vec<u8> {
    let bytes = copy.bytes(path).await;
    match harm {
        Harm::Rot => {
            copy.put(path, flip(bytes.clone())).await;
            assert_eq!(check(copy, VerifyOptions::default()).await.0.bad, 1);
        }
        Harm::Cut => copy.put(path, bytes[..bytes.len() / 2].to_vec()).await,
        Harm::Emptied => copy.put(path, Vec::new()).await,
        Harm::Missing => copy.remove(path).await,
    }
    bytes
}

/// No list shows its photo any more; that is no reason to forget it.
#[tokio::test(start_paused = true)]
async fn a_bad_file_is_mended_or_told_also_when_its_photo_is_out_of_sight() {
    let edits = [Edit::Hide(true), Edit::Trash, Edit::Purge, Edit::MoveToShared];
    let harms = [Harm::Rot, Harm::Cut, Harm::Emptied, Harm::Missing];
    for (edit, (harmed, recent)) in edits
        .iter()
        .flat_map(|edit| harms.iter().flat_map(move |harm| [(edit, (*harm, None)), (edit, (*harm, Some(6)))]))
    {
        let about = format!("{harmed:?}, {edit:?}, {recent:?}");
        let spec = LibrarySpec::plain(6, 1000).with_shared_library(SharedLibrary::Owner, 2);
        let copy = Copy::with(spec, move |_, builder| builder.recent(recent)).await;
        assert!(copy.run().await.unwrap().is_clean());
        let row = copy.rows().await.remove(0);
        let path = row.path.as_ref().unwrap().to_string();
        let bytes = harm(&copy, &path, harmed).await;
        assert!(
            copy.world.library().edit(row.key.asset.as_str(), edit, copy.world.cloud.now_ms()),
            "{about}"
        );
        let report = copy.run().await.unwrap();
        let now = copy.rows().await.into_iter().find(|now| now.key == row.key);
        let is_there = matches!(edit, Edit::Hide(_)) || (*edit == Edit::Trash && harmed != Harm::Missing);
        match (is_there, harmed) {
            (true, _) => {
                assert_eq!((report.downloaded, report.is_clean()), (1, true), "{about}: {report}");
                let now = now.unwrap();
                assert_eq!(copy.bytes(now.path.unwrap().as_str()).await, bytes, "{about}");
                copy.rests(&about).await;
            }
            (false, Harm::Missing) => assert_eq!((now, report.is_clean()), (None, true), "{about}"),
            // Somebody may have had reasons; `verify` tells.
            (false, Harm::Cut) => {
                assert!(now.is_some() && report.is_clean(), "{about}: {report}");
                copy.rests(&about).await;
                assert_eq!(check(&copy, VerifyOptions::default()).await.0.bad, 1, "{about}");
            }
            (false, _) => {
                for _ in 0..2 {
                    let again = copy.run().await.unwrap();
                    assert_eq!((again.failed, again.downloaded), (1, 0), "{about}: {again}");
                }
                assert_eq!(check(&copy, VerifyOptions::default()).await.0.bad, 1, "{about}");
                copy.put(&path, bytes).await;
                assert!(copy.run().await.unwrap().is_clean(), "{about}");
                assert_eq!(check(&copy, VerifyOptions::default()).await.0.bad, 0, "{about}");
                // When it was found, and the time of the file, are another's.
                let mut now = copy.rows().await.into_iter().find(|now| now.key == row.key).unwrap();
                (now.at, now.modified) = (row.at, row.modified);
                assert_eq!(now, row, "{about}");
            }
        }
    }
}

/// A mirror leaves the bad file of a deleted photo to its owner; runs that are none still mend it, or tell.
#[tokio::test(start_paused = true)]
async fn a_mirror_makes_nobody_forget_a_bad_file() {
    for purged in [false, true] {
        let mut copy = copied(LibrarySpec::plain(6, 1000)).await;
        let row = copy.rows().await.remove(0);
        let path = row.path.as_ref().unwrap().to_string();
        harm(&copy, &path, Harm::Rot).await;
        let edit = |edit: Edit| {
            assert!(copy.world.library().edit(row.key.asset.as_str(), &edit, copy.world.cloud.now_ms()));
        };
        edit(Edit::Trash);
        let plain = copy.choose.clone();
        copy.choose = Arc::new(|_, builder| builder.mirror(Some(Disposal::Remove)));
        assert_eq!(copy.run().await.unwrap().removed, 0);
        copy.choose = plain;
        if purged {
            let library = copy.world.library();
            assert!(library.edit(row.key.asset.as_str(), &Edit::Purge, copy.world.cloud.now_ms()));
        }
        let report = copy.run().await.unwrap();
        assert_eq!((report.downloaded, report.failed), (u64::from(!purged), u64::from(purged)), "{report}");
    }
}

/// Its photo was moved to the shared library, whose copy of it stands in the same folder.
#[tokio::test(start_paused = true)]
async fn what_another_library_has_is_not_lost() {
    for harmed in [Harm::Rot, Harm::Emptied] {
        let spec = LibrarySpec::plain(6, 1000).with_shared_library(SharedLibrary::Owner, 2);
        let copy = copied(spec).await;
        let row = copy.rows().await.remove(0);
        let path = row.path.as_ref().unwrap().to_string();
        harm(&copy, &path, harmed).await;
        let (library, now) = (copy.world.library(), copy.world.cloud.now_ms());
        assert!(library.edit(row.key.asset.as_str(), &Edit::MoveToShared, now));
        assert_eq!(copy.run().await.unwrap().failed, 1, "{harmed:?}");
        let own = copy.world.session.primary_library();
        let libraries = copy.world.session.libraries().await.unwrap();
        let shared = libraries.into_iter().find(|library| library.name() != own.name()).unwrap();
        let builder = SyncEngine::builder(&shared, copy.storage.clone()).catalogue(copy.catalogue.clone());
        assert!(builder.build().unwrap().run(Arc::new(())).await.unwrap().is_clean());
        let report = copy.run().await.unwrap();
        assert!(report.is_clean(), "{harmed:?}: {report}");
        copy.rests("it stands under another name").await;
    }
}
