//! Files that Apple's checksum does not prove: our own hash of what was stored is what they are judged by, from the start.

use std::sync::{Arc, Mutex};

use icloud_photos::asset::Scheme;
use icloud_photos::sync::catalogue::{Batch, Catalogue, FileRow, Status};
use icloud_photos::sync::{
    AdoptOptions, AdoptReport, Fault, Missing, VerifyEvent, VerifyOptions, VerifyReport, verify,
};
use icloud_photos_testkit::{FaultAction, FaultRule, LibrarySpec};

use crate::copies::{Copy, at, flip};

/// Apple sends bytes that its checksum does not prove, the same each time.
fn stale(copy: &Copy, at: u64) {
    copy.faults(vec![FaultRule::new("content", FaultAction::Flip { at: Some(at) })]);
}

/// A copy of such files.
async fn doubted(files: u64) -> Copy {
    let copy = Copy::of(LibrarySpec::plain(files, 3000)).await;
    stale(&copy, 1200);
    assert_eq!(copy.run().await.unwrap().unconfirmed, files);
    copy
}

async fn check(copy: &Copy, options: VerifyOptions) -> (VerifyReport, Vec<(String, Fault, String)>) {
    let bad = Mutex::new(Vec::new());
    let tell = |event: VerifyEvent<'_>| {
        if let VerifyEvent::Bad { path, fault, reason } = event {
            bad.lock().unwrap().push((path.to_string(), fault, reason.unwrap_or_default().to_owned()));
        }
    };
    let (storage, catalogue) = (copy.storage.clone(), copy.catalogue.clone());
    let report = verify(storage, catalogue, options, Some(&copy.engine()), tell).await.unwrap();
    (report, bad.into_inner().unwrap())
}

async fn adopt(copy: &Copy) -> AdoptReport {
    copy.engine().adopt(AdoptOptions::default(), |_| {}).await.unwrap()
}

async fn a_day_later(copy: &Copy) {
    let mut earlier = Batch::default();
    earlier.files = copy.rows().await;
    earlier.files.iter_mut().for_each(|row| row.at -= 25 * 60 * 60);
    copy.catalogue.commit(earlier).await.unwrap();
}

async fn rot(copy: &Copy, path: &str) -> (Vec<u8>, Vec<u8>) {
    let good = copy.bytes(path).await;
    let bad = flip(good.clone());
    copy.put(path, bad.clone()).await;
    (good, bad)
}

async fn aside(copy: &Copy) -> Vec<Vec<u8>> {
    let mut kept = Vec::new();
    for path in copy.paths().await.iter().filter(|path| path.starts_with(".icloud-photos-trash/")) {
        kept.push(copy.bytes(path).await);
    }
    kept
}

#[tokio::test(start_paused = true)]
async fn rot_before_the_first_verify_is_seen() {
    let copy = doubted(3).await;
    assert!(copy.rows().await.iter().all(|row| row.sha256.is_some()));
    let path = copy.paths().await.remove(0);
    rot(&copy, &path).await;
    let (report, bad) = check(&copy, VerifyOptions::default()).await;
    assert_eq!((report.unproven, report.bad), (2, 1), "{report}");
    assert_eq!(bad, [(path, Fault::Rotten, String::new())]);
}

/// The next try of what could not be confirmed meets rot: it must not be taken for what was stored.
#[tokio::test(start_paused = true)]
async fn a_run_mends_rot_where_the_stored_bytes_come_again() {
    let copy = doubted(2).await;
    let rows = copy.rows().await;
    let path = copy.paths().await.remove(0);
    let (good, bad) = rot(&copy, &path).await;
    a_day_later(&copy).await;
    let report = copy.run().await.unwrap();
    assert_eq!((report.unconfirmed, report.failed), (2, 0), "{report}");
    assert!(copy.bytes(&path).await == good);
    assert_eq!(aside(&copy).await, [bad]);
    let hashes = |rows: &[FileRow]| -> Vec<_> { rows.iter().map(|row| row.sha256).collect() };
    assert_eq!(hashes(&copy.rows().await), hashes(&rows));
    assert_eq!(check(&copy, VerifyOptions::default()).await.0.bad, 0);
}

#[tokio::test(start_paused = true)]
async fn a_run_tells_of_rot_that_it_cannot_mend() {
    let copy = doubted(2).await;
    let rows = copy.rows().await;
    let path = copy.paths().await.remove(0);
    let (_, bad) = rot(&copy, &path).await;
    stale(&copy, 7);
    a_day_later(&copy).await;
    for action in [FaultAction::Flip { at: Some(7) }, FaultAction::Flip { at: None }] {
        copy.faults(vec![FaultRule::new("content", action.clone())]);
        let report = copy.run().await.unwrap();
        assert_eq!((report.failed, report.is_clean()), (1, false), "{action:?}: {report}");
        assert!(copy.bytes(&path).await == bad, "{action:?}");
    }
    for (now, before) in copy.rows().await.iter().zip(&rows) {
        assert_eq!((now.sha256, &now.status), (before.sha256, &before.status));
    }
    let (report, bad) = check(&copy, VerifyOptions::default()).await;
    assert_eq!((report.bad, bad[0].1), (1, Fault::Rotten), "the alarm stays");
    copy.faults(Vec::new());
    a_day_later(&copy).await;
    assert!(copy.run().await.unwrap().is_clean());
}

#[tokio::test(start_paused = true)]
async fn adopting_again_keeps_what_is_known() {
    let copy = doubted(4).await;
    let rows = copy.rows().await;
    let path = copy.paths().await.remove(1);
    let report = adopt(&copy).await;
    assert_eq!((report.known, report.damaged, report.missing), (4, 0, 0), "{report}");
    assert!(copy.rows().await == rows);
    let (good, _) = rot(&copy, &path).await;
    for round in 0..2 {
        let report = adopt(&copy).await;
        assert_eq!((report.known, report.damaged, report.missing), (3, 1, 1), "{round}: {report}");
        let (report, bad) = check(&copy, VerifyOptions::default()).await;
        assert_eq!((report.bad, bad.len(), bad[0].2.is_empty()), (1, 1, false), "{bad:?}");
    }
    let (report, _) = check(&copy, VerifyOptions::default().repair()).await;
    assert_eq!((report.repaired, report.failed), (1, 0), "the bytes that were stored are good: {report}");
    assert!(copy.bytes(&path).await == good);
    assert_eq!(check(&copy, VerifyOptions::default()).await.0.bad, 0);
    assert_eq!(adopt(&copy).await.known, 4);
}

/// Without a catalogue such a file can only be told from a damaged one by fetching it; then it is known to be as good as what
/// comes, and no copy of it piles up.
#[tokio::test(start_paused = true)]
async fn what_stands_there_already_is_not_stored_again() {
    let mut copy = doubted(3).await;
    let paths = copy.paths().await;
    for round in 0..3 {
        copy.catalogue = Arc::default();
        let report = adopt(&copy).await;
        assert_eq!((report.recognised, report.damaged), (0, 3), "{round}: {report}");
        let report = copy.run().await.unwrap();
        assert_eq!((report.unconfirmed, report.downloaded, report.failed), (3, 0, 0), "{round}: {report}");
        assert_eq!(copy.paths().await, paths, "{round}");
        assert!(
            copy.rows().await.iter().all(|row| row.status == Status::Unconfirmed && row.sha256.is_some())
        );
        let report = adopt(&copy).await;
        assert_eq!((report.known, report.damaged), (3, 0), "{round}: {report}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_one_is_fetched_again_as_at_first() {
    let copy = doubted(2).await;
    let path = copy.paths().await.remove(0);
    let bytes = copy.bytes(&path).await;
    copy.remove(&path).await;
    let (report, bad) = check(&copy, VerifyOptions::default().repair()).await;
    assert_eq!((report.bad, report.repaired, bad[0].1), (1, 1, Fault::Missing), "{report}");
    assert!(copy.bytes(&path).await == bytes);
    // What stands there damaged gives way to nothing worse than what was stored.
    let (_, bad) = rot(&copy, &path).await;
    stale(&copy, 7);
    let (report, _) = check(&copy, VerifyOptions::default().repair()).await;
    assert_eq!((report.repaired, report.failed), (0, 1), "{report}");
    assert!(copy.bytes(&path).await == bad);
}

/// What was wanted and could not be had is missing, whoever noticed.
#[tokio::test(start_paused = true)]
async fn verify_names_what_could_not_be_fetched_and_repairs_it() {
    let copy = Copy::of(LibrarySpec::plain(3, 3000)).await;
    copy.faults(vec![FaultRule::new("content", FaultAction::Flip { at: None })]);
    assert_eq!(copy.run().await.unwrap().failed, 3);
    let (report, bad) = check(&copy, VerifyOptions::default()).await;
    assert_eq!((report.bad, report.is_clean()), (3, false), "{report}");
    for (path, fault, reason) in bad {
        assert!(fault == Fault::Missing && !reason.is_empty(), "{path}: {fault:?} {reason}");
    }
    copy.faults(Vec::new());
    let (report, _) = check(&copy, VerifyOptions::default().repair()).await;
    assert_eq!((report.repaired, report.is_clean()), (3, true), "{report}");
    copy.rests("repaired").await;
}

#[tokio::test(start_paused = true)]
async fn what_was_removed_here_is_no_fault_where_that_is_respected() {
    let copy = Copy::of(LibrarySpec::plain(3, 3000)).await;
    copy.run().await.unwrap();
    let path = copy.paths().await.remove(0);
    copy.remove(&path).await;
    let respect = VerifyOptions::default().repair().missing(Missing::Respect);
    let (report, bad) = check(&copy, respect).await;
    assert_eq!((report.removed, report.bad, report.is_clean()), (1, 0, true), "{report} {bad:?}");
    assert_eq!(copy.files().await.len(), 2);
}

/// Two photos with one file: it is fetched once and counted once.
#[tokio::test(start_paused = true)]
async fn a_shared_file_is_one_file() {
    let copy = Copy::of(LibrarySpec::plain(3, 3000)).await;
    copy.run().await.unwrap();
    let row = copy.rows().await.remove(0);
    copy.world.library().duplicate(row.key.asset.as_str(), copy.world.cloud.now_ms()).unwrap();
    copy.run().await.unwrap();
    assert_eq!(copy.rows().await.len(), 4);
    let path = row.path.unwrap();
    rot(&copy, path.as_str()).await;
    copy.world.cloud.reset_counts();
    let (report, _) = check(&copy, VerifyOptions::default().repair()).await;
    assert_eq!((report.bad, report.repaired, report.proven), (1, 1, 2), "{report}");
    assert_eq!(copy.world.cloud.counts().requests_to("content"), 1);
    assert_eq!(aside(&copy).await.len(), 1);
    assert_eq!(check(&copy, VerifyOptions::default()).await.0.proven, 3);
    assert!(copy.rows().await.iter().all(|row| row.status == Status::Verified));
}

/// A file of a library where Apple gives a checksum that nobody can compute.
async fn of_another_kind() -> (Copy, String, Vec<u8>) {
    let copy = Copy::of(LibrarySpec::wild(3, 80)).await;
    copy.run().await.unwrap();
    let is_other = |row: &FileRow| {
        row.status == Status::Unconfirmed
            && row.checksum.is_some_and(|checksum| checksum.scheme() != Scheme::SaltedSha1)
    };
    let row = copy.rows().await.into_iter().find(is_other).unwrap();
    let path = row.path.unwrap().to_string();
    let good = copy.bytes(&path).await;
    copy.put(&path, flip(good.clone())).await;
    assert_eq!(check(&copy, VerifyOptions::default()).await.0.bad, 1);
    (copy, path, good)
}

/// Its name and length are right, and our own hash says that its bytes are not.
#[tokio::test(start_paused = true)]
async fn what_no_checksum_speaks_for_is_not_taken_by_its_name_once_it_is_known_to_be_bad() {
    let (copy, path, good) = of_another_kind().await;
    let (report, fetched) = copy.run_noting().await;
    assert_eq!((report.downloaded, fetched.len()), (1, 1), "{report} {fetched:?}");
    assert!(copy.bytes(&fetched[0]).await == good);
    assert!(copy.bytes(&path).await == flip(good), "nothing is overwritten");
    let row = copy.rows().await.into_iter().find(|row| row.path.as_ref() == Some(&at(&fetched[0]))).unwrap();
    assert_eq!((row.status, row.sha256.is_some()), (Status::Unconfirmed, true));
    assert_eq!(copy.run().await.unwrap().downloaded, 0);
}

/// The owner has put it back, byte for byte.
#[tokio::test(start_paused = true)]
async fn what_was_put_back_is_known_by_our_own_hash() {
    for verifying in [true, false] {
        let (copy, path, good) = of_another_kind().await;
        let before = copy.paths().await;
        copy.put(&path, good).await;
        if verifying {
            let (report, bad) = check(&copy, VerifyOptions::default()).await;
            assert_eq!((report.bad, report.unproven), (0, 2), "{report} {bad:?}");
        }
        let report = copy.run().await.unwrap();
        assert_eq!((report.downloaded, report.unconfirmed, copy.paths().await), (0, 2, before), "{report}");
        let row = copy.rows().await.into_iter().find(|row| row.path.as_ref() == Some(&at(&path))).unwrap();
        assert_eq!((row.status, row.sha256.is_some()), (Status::Unconfirmed, true));
    }
}

/// The same where Apple's checksum is stale.
#[tokio::test(start_paused = true)]
async fn what_was_put_back_needs_no_download() {
    for verifying in [true, false] {
        let copy = doubted(3).await;
        let rows = copy.rows().await;
        let path = copy.paths().await.remove(0);
        let (good, _) = rot(&copy, &path).await;
        assert_eq!(check(&copy, VerifyOptions::default()).await.0.bad, 1);
        copy.put(&path, good).await;
        copy.world.cloud.reset_counts();
        if verifying {
            let (report, bad) = check(&copy, VerifyOptions::default()).await;
            assert_eq!((report.bad, report.unproven), (0, 3), "{report} {bad:?}");
        }
        let report = copy.run().await.unwrap();
        assert_eq!((report.unconfirmed, report.failed), (3, 0), "{report}");
        assert_eq!(copy.world.cloud.counts().requests_to("content"), 0, "verifying: {verifying}");
        for (now, before) in copy.rows().await.iter().zip(&rows) {
            assert_eq!((now.sha256, &now.status, &now.path), (before.sha256, &before.status, &before.path));
        }
    }
}

/// A run that cannot fetch what verify found damaged does not forget what once stood there.
#[tokio::test(start_paused = true)]
async fn a_fetch_that_fails_forgets_nothing() {
    let copy = doubted(2).await;
    let path = copy.paths().await.remove(0);
    let (good, _) = rot(&copy, &path).await;
    let (_, first) = check(&copy, VerifyOptions::default()).await;
    copy.faults(vec![FaultRule::new("content", FaultAction::status(404))]);
    for _ in 0..2 {
        assert_eq!(copy.run().await.unwrap().failed, 1);
    }
    let (report, bad) = check(&copy, VerifyOptions::default()).await;
    assert_eq!((report.bad, bad[0].1, &bad[0].0), (1, first[0].1, &path), "{bad:?}");
    assert!(!bad[0].2.is_empty() && !bad[0].2.contains("verify"), "why it is still so: {bad:?}");
    copy.put(&path, good).await;
    assert_eq!(check(&copy, VerifyOptions::default()).await.0.bad, 0);
}

/// What an adoption found in the place of a photo was never known to be right, though its hash is noted.
#[tokio::test(start_paused = true)]
async fn the_hash_that_an_adoption_noted_proves_nothing() {
    let mut copy = Copy::of(LibrarySpec::plain(2, 3000)).await;
    assert!(copy.run().await.unwrap().is_clean());
    let path = copy.paths().await.remove(0);
    rot(&copy, &path).await;
    copy.catalogue = Arc::default();
    assert_eq!(adopt(&copy).await.damaged, 1);
    for _ in 0..2 {
        let (report, bad) = check(&copy, VerifyOptions::default()).await;
        assert_eq!((report.bad, bad[0].1, &bad[0].0), (1, Fault::NeverRight, &path), "{report}");
        assert!(!bad[0].2.is_empty());
    }
    assert_eq!(copy.run().await.unwrap().downloaded, 1);
}

/// What stands there is what came at first, and not what Apple's checksum says: nobody else looks for something better.
#[tokio::test(start_paused = true)]
async fn the_right_bytes_take_the_place_of_what_was_never_confirmed() {
    for verifying in [true, false] {
        let copy = doubted(3).await;
        let paths = copy.paths().await;
        let before = copy.bytes(&paths[0]).await;
        copy.faults(Vec::new());
        if verifying {
            let (report, bad) = check(&copy, VerifyOptions::default()).await;
            assert_eq!((report.unproven, report.bad, report.repaired), (3, 0, 0), "{report} {bad:?}");
            let (report, bad) = check(&copy, VerifyOptions::default().repair()).await;
            assert_eq!((report.unproven, report.bad, report.repaired), (0, 3, 3), "{report}");
            assert!(report.is_clean() && bad.iter().all(|(_, fault, _)| *fault == Fault::NeverRight));
        } else {
            a_day_later(&copy).await;
            let report = copy.run().await.unwrap();
            assert_eq!((report.verified, report.unconfirmed), (3, 0), "{report}");
        }
        assert!(copy.rows().await.iter().all(|row| row.status == Status::Verified));
        assert!(copy.bytes(&paths[0]).await != before);
        assert_eq!(check(&copy, VerifyOptions::default()).await.0.proven, 3);
    }
}

/// Nothing better is to be had: all stays as it is, and the report says that iCloud was asked.
#[tokio::test(start_paused = true)]
async fn a_repair_says_what_it_could_not_prove() {
    for action in [FaultAction::Flip { at: Some(1200) }, FaultAction::Flip { at: None }] {
        let copy = doubted(2).await;
        let (rows, files) = (copy.rows().await, copy.files().await);
        copy.faults(vec![FaultRule::new("content", action)]);
        let (report, _) = check(&copy, VerifyOptions::default().repair()).await;
        assert_eq!((report.unproven, report.retried, report.bad, report.failed), (2, 2, 0, 0), "{report}");
        assert!(report.to_string().contains("2 of them asked for again in vain"), "{report}");
        assert!(copy.rows().await == rows && copy.files().await == files);
    }
    let copy = doubted(2).await;
    copy.faults(vec![FaultRule::new("content", FaultAction::Reset)]);
    let (report, _) = check(&copy, VerifyOptions::default().repair()).await;
    assert_eq!((report.unproven, report.failed, report.is_clean()), (2, 2, false), "{report}");
}
