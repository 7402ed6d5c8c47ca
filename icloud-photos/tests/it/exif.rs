//! Photos that their date is written into: they are fetched once, stay proven, and can be told from damaged ones.

use std::sync::{Arc, Mutex};

use icloud_photos::Library;
use icloud_photos::metadata::exif::{Format, has_date, with_date};
use icloud_photos::storage::Storage as _;
use icloud_photos::sync::catalogue::{Catalogue, FileRow, RemovalState, Status};
use icloud_photos::sync::layout::{LayoutOptions, NamePolicy};
use icloud_photos::sync::{
    AdoptOptions, AdoptReport, Disposal, MoveRule, SyncBuilder, SyncEvent, SyncObserver, VerifyOptions,
    VerifyReport, verify,
};
use icloud_photos_testkit::{FaultAction, FaultRule, LibrarySpec, Picture};

use crate::copies::{Copy, at, checksum, flip};
use crate::removal::{mirroring, moving};

/// 2024-05-06 07:08:09 UTC, where the tests are.
const TAKEN: i64 = 1_714_979_289_000;
const DATE: &str = "2024:05:06 07:08:09";
const ALL: MoveRule = MoveRule::OlderThan { days: 0 };

fn dating(builder: SyncBuilder) -> SyncBuilder {
    builder.write_dates([Format::Jpeg, Format::Heic, Format::Avif, Format::Webp])
}

/// One of every kind, of which [`DATED`] get a date and [`PLAIN`] do not.
const KINDS: [(&str, Picture); PLAIN + DATED] = [
    ("A.JPG", Picture::Jpeg),
    ("B.JPG", Picture::JpegOfCamera),
    ("C.JPG", Picture::JpegWithDate),
    ("D.JPG", Picture::JpegDamaged),
    ("E.PNG", Picture::Png),
    ("F.HEIC", Picture::Heic),
    ("G.HEIC", Picture::HeicStill),
    ("H.AVIF", Picture::Avif),
    ("I.WEBP", Picture::Webp),
];
const DATED: usize = 5;
const PLAIN: usize = 4;

fn gets_one(name: &str) -> bool {
    matches!(name, "A.JPG" | "B.JPG" | "G.HEIC" | "H.AVIF" | "I.WEBP")
}

async fn library(choose: impl Fn(&Library, SyncBuilder) -> SyncBuilder + Send + Sync + 'static) -> Copy {
    let copy = Copy::with(LibrarySpec::plain(0, 1), choose).await;
    for (name, picture) in KINDS {
        copy.world.library().add_picture(name, picture, 3000, TAKEN);
    }
    copy
}

/// The same after a first run.
async fn copied(choose: impl Fn(&Library, SyncBuilder) -> SyncBuilder + Send + Sync + 'static) -> Copy {
    let copy = library(choose).await;
    let report = copy.run().await.unwrap();
    assert!(report.is_clean() && report.downloaded == 9 && report.verified == 9, "{report}");
    copy
}

async fn dated(copy: &Copy) -> Vec<FileRow> {
    copy.rows().await.into_iter().filter(|row| row.status == Status::Derived).collect()
}

async fn check(copy: &Copy) -> VerifyReport {
    let options = VerifyOptions::default();
    verify(copy.storage.clone(), copy.catalogue.clone(), options, None, |_| {}).await.unwrap()
}

async fn adopt(copy: &Copy) -> AdoptReport {
    copy.engine().adopt(AdoptOptions::default(), |_| {}).await.unwrap()
}

fn policies() -> [NamePolicy; 2] {
    [NamePolicy::SizeDedup, NamePolicy::Id7]
}

fn named(policy: NamePolicy) -> impl Fn(&Library, SyncBuilder) -> SyncBuilder + Send + Sync + 'static {
    move |_, builder| dating(builder).layout(LayoutOptions::default().names(policy))
}

#[tokio::test(start_paused = true)]
async fn photos_without_a_date_get_theirs_and_the_others_stay_as_they_are() {
    let copy = copied(|_, builder| dating(builder)).await;
    for row in copy.rows().await {
        let path = row.path.as_ref().unwrap();
        let bytes = copy.bytes(path.as_str()).await;
        let gets_one = gets_one(path.name());
        assert_eq!(row.status == Status::Derived, gets_one, "{row:?}");
        assert_eq!(Some(checksum(&bytes)) == row.checksum, !gets_one, "{path}");
        assert_eq!((row.size, row.resource_size), (Some(bytes.len() as u64), Some(3000)), "{path}");
        let there = copy.storage.stat(path).await.unwrap().unwrap();
        let modified = there.modified.unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
        assert_eq!(modified.as_secs() as i64, TAKEN / 1000, "{path}");
        if gets_one {
            assert!(has_date(&bytes).unwrap() && bytes.len() > 3000);
            assert!(bytes.windows(19).any(|window| window == DATE.as_bytes()));
        }
    }
    copy.rests("a second run").await;
    let report = check(&copy).await;
    assert_eq!((report.proven, report.unproven, report.bad, report.strays), (9, 0, 0, 0), "{report}");
}

#[tokio::test(start_paused = true)]
async fn pngs_get_a_date_only_if_that_is_asked_for() {
    let copy = copied(|_, builder| builder.write_dates([Format::Png])).await;
    let dated = dated(&copy).await;
    assert_eq!(dated.len(), 1);
    assert_eq!(dated[0].path.as_ref().unwrap().name(), "E.PNG");
    copy.rests("a second run").await;
}

#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl SyncObserver for Told {
    fn event(&self, event: SyncEvent<'_>) {
        let SyncEvent::Dating { path, created, unreadable, problem } = event else { return };
        let line = format!("{} {} {unreadable} {}", path.name(), created.stamp(), problem.is_some());
        self.0.lock().unwrap().push(line);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_written_is_told() {
    let copy = library(|_, builder| dating(builder)).await;
    let told = Arc::new(Told::default());
    copy.engine().run(told.clone()).await.unwrap();
    let mut lines = told.0.lock().unwrap().clone();
    lines.sort();
    let stamp = "2024-05-06 07:08:09+0000";
    let expected = [
        format!("A.JPG {stamp} false false"),
        format!("B.JPG {stamp} false false"),
        format!("D.JPG {stamp} true true"),
        format!("F.HEIC {stamp} true true"),
        format!("G.HEIC {stamp} false false"),
        format!("H.AVIF {stamp} false false"),
        format!("I.WEBP {stamp} false false"),
    ];
    assert_eq!(lines, expected);
}

/// Downloads that break off are gone on with, and the whole is dated.
#[tokio::test(start_paused = true)]
async fn a_photo_in_pieces_gets_its_date_all_the_same() {
    let copy = Copy::with(LibrarySpec::plain(0, 1), |_, builder| dating(builder)).await;
    copy.world.library().add_picture("A.JPG", Picture::Jpeg, 900_000, TAKEN);
    copy.faults(vec![FaultRule::new("content", FaultAction::Cut { after: 300_000 }).times(2)]);
    let report = copy.run().await.unwrap();
    assert!(report.is_clean() && report.downloaded == 1, "{report}");
    let once = copy.bytes(&copy.path("A.JPG").await).await;
    assert_eq!((dated(&copy).await.len(), check(&copy).await.bad), (1, 0));
    // Another run goes on with the part that the first could not complete.
    let copy = Copy { storage: Arc::default(), catalogue: Arc::default(), ..copy };
    copy.faults(vec![
        FaultRule::new("content", FaultAction::Cut { after: 300_000 }).times(1),
        FaultRule::new("content", FaultAction::status(500)),
    ]);
    let report = copy.run().await.unwrap();
    assert_eq!(report.failed, 1, "{report}");
    copy.faults(Vec::new());
    copy.world.cloud.reset_counts();
    let report = copy.run().await.unwrap();
    assert!(report.is_clean() && report.downloaded == 1, "{report}");
    assert_eq!(copy.bytes(&copy.path("A.JPG").await).await, once);
    assert!(copy.world.cloud.counts().bytes < 650_000, "{:?}", copy.world.cloud.counts());
}

#[tokio::test(start_paused = true)]
async fn without_a_catalogue_the_files_are_recognised_by_what_they_were() {
    for policy in policies() {
        let copy = copied(named(policy)).await.forgetful();
        copy.fetches_nothing("catalogue lost").await;
        copy.rests("and then").await;
        assert!(policy == NamePolicy::Id7 || dated(&copy).await.len() == DATED);
    }
}

#[tokio::test(start_paused = true)]
async fn adopting_recognises_the_files_by_what_they_were() {
    for policy in policies() {
        let copy = copied(named(policy)).await;
        let before = dated(&copy).await;
        let copy = copy.forgetful();
        let report = adopt(&copy).await;
        assert_eq!(
            (report.recognised, report.derived, report.missing, report.unknown),
            (4, 5, 0, 0),
            "{report}"
        );
        assert_eq!(dated(&copy).await, before);
        copy.fetches_nothing("adopted").await;
        copy.rests("and then").await;
        let report = check(&copy).await;
        assert_eq!((report.proven, report.unproven, report.bad), (9, 0, 0), "{report}");
        // Adopting once more changes nothing.
        assert_eq!(adopt(&copy).await.known, 9);
        assert_eq!(dated(&copy).await, before);
    }
}

/// A run that is killed leaves files without rows; the next one trusts no name.
#[tokio::test(start_paused = true)]
async fn after_a_kill_the_files_are_recognised() {
    for policy in policies() {
        let copy = copied(named(policy)).await;
        let keys: Vec<_> = copy.rows().await.into_iter().map(|row| row.key).collect();
        let mut progress = copy.catalogue.all_progress().await.unwrap();
        for progress in &mut progress {
            progress.token = progress.selection.starts_with("begun").then(|| "storing".to_owned());
        }
        let mut batch = icloud_photos::sync::catalogue::Batch::default();
        (batch.gone_files, batch.progress) = (keys, progress);
        copy.catalogue.commit(batch).await.unwrap();
        copy.fetches_nothing("killed").await;
        assert_eq!(dated(&copy).await.len(), DATED);
        copy.rests("and then").await;
    }
}

#[tokio::test(start_paused = true)]
async fn rot_is_found_and_what_comes_again_is_dated_again() {
    let copy = copied(|_, builder| dating(builder)).await;
    for row in dated(&copy).await {
        let path = row.path.clone().unwrap();
        let good = copy.bytes(path.as_str()).await;
        copy.put(path.as_str(), flip(good.clone())).await;
        let report = check(&copy).await;
        assert_eq!((report.bad, report.proven), (1, 8), "{path}: {report}");
        let mut options = VerifyOptions::default();
        options.repair = true;
        let (storage, catalogue) = (copy.storage.clone(), copy.catalogue.clone());
        let report = verify(storage, catalogue, options, Some(&copy.engine()), |_| {}).await.unwrap();
        assert_eq!((report.bad, report.repaired), (1, 1), "{path}: {report}");
        assert_eq!(copy.bytes(path.as_str()).await, good, "{path}: the same bytes as before");
        let now = dated(&copy).await.into_iter().find(|now| now.key == row.key).unwrap();
        assert_eq!((now.size, now.sha256), (row.size, row.sha256), "{path}");
        assert_eq!(check(&copy).await.bad, 0, "{path}");
    }
}

/// The picture is right, and only the date in it rotted: that is said, each time, until it is mended. As a proof it is as good as before.
#[tokio::test(start_paused = true)]
async fn a_date_that_rotted_is_named_and_written_again() {
    let copy = copied(|_, builder| dating(builder)).await;
    let row =
        dated(&copy).await.into_iter().find(|row| row.path.as_ref().unwrap().name() == "A.JPG").unwrap();
    let path = row.path.clone().unwrap().to_string();
    let good = copy.bytes(&path).await;
    let mut rotten = good.clone();
    let year = rotten.windows(5).position(|bytes| bytes[0] == b'2' && bytes[4] == b':').unwrap();
    rotten[year + 3] ^= 1;
    copy.put(&path, rotten).await;
    for _ in 0..2 {
        let report = check(&copy).await;
        assert_eq!((report.bad, report.proven), (1, 8), "{report}");
        assert!(dated(&copy).await.contains(&row), "what was stored stays known");
    }
    copy.fetches_nothing("no run fetches for it").await;
    let mut options = VerifyOptions::default();
    options.repair = true;
    let (storage, catalogue) = (copy.storage.clone(), copy.catalogue.clone());
    let report = verify(storage, catalogue, options, Some(&copy.engine()), |_| {}).await.unwrap();
    assert_eq!((report.bad, report.repaired), (1, 1), "{report}");
    assert_eq!(copy.bytes(&path).await, good);
    assert_eq!(check(&copy).await.bad, 0);
}

/// Found damaged, then put back by a person.
#[tokio::test(start_paused = true)]
async fn a_file_that_was_put_back_is_taken() {
    let copy = copied(|_, builder| dating(builder)).await;
    let paths = dated(&copy).await.into_iter().map(|row| row.path.unwrap().to_string());
    let mut good = Vec::new();
    for path in paths {
        let bytes = copy.bytes(&path).await;
        copy.put(&path, flip(bytes.clone())).await;
        good.push((path, bytes));
    }
    assert_eq!(check(&copy).await.bad, DATED as u64);
    for (path, bytes) in good {
        copy.put(&path, bytes).await;
    }
    copy.fetches_nothing("put back").await;
    assert_eq!(dated(&copy).await.len(), DATED);
    copy.rests("and then").await;
}

#[tokio::test(start_paused = true)]
async fn a_file_that_was_moved_is_found() {
    let copy = copied(|_, builder| dating(builder)).await;
    let names = dated(&copy).await.into_iter().map(|row| row.path.unwrap().to_string()).enumerate();
    for (number, path) in names {
        let bytes = copy.bytes(&path).await;
        copy.remove(&path).await;
        copy.put(&format!("elsewhere/kept-{number}"), bytes).await;
    }
    copy.fetches_nothing("moved").await;
    let rows = dated(&copy).await;
    for number in 0..DATED {
        let kept = Some(at(&format!("elsewhere/kept-{number}")));
        assert!(rows.iter().any(|row| row.path == kept), "{rows:?}");
    }
    copy.rests("and then").await;
}

/// What the Python program leaves: a file that grew, and beside it the same once more with the length in its name.
#[tokio::test(start_paused = true)]
async fn a_folder_of_icloudpd_with_dates_is_taken_as_it_is() {
    for pairs in [true, false] {
        let copy = copied(|_, builder| builder).await.forgetful();
        let path = copy.path("A.JPG").await;
        let bytes = copy.bytes(&path).await;
        copy.put(&path, with_date(&bytes, DATE).unwrap()).await;
        if pairs {
            copy.put(&path.replace(".JPG", "-3000.JPG"), with_date(&bytes, DATE).unwrap()).await;
        }
        copy.fetches_nothing("the first run").await;
        copy.fetches_nothing("the second").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_mirror_removes_them_with_their_photos() {
    let copy = copied(|library, builder| mirroring(Disposal::Remove)(library, dating(builder))).await;
    for name in ["A.JPG", "B.JPG", "G.HEIC", "H.AVIF", "I.WEBP"] {
        copy.trash(name);
    }
    let kept = copy.path("B.JPG").await;
    copy.put(&kept, flip(copy.bytes(&kept).await)).await;
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.paths().await.len()), (4, 5), "{told:?}");
    assert!(copy.paths().await.contains(&kept), "what rotted may be somebody's own work");
}

#[tokio::test(start_paused = true)]
async fn photos_leave_icloud_once_their_bytes_are_found_under_the_date() {
    for rule in [ALL, MoveRule::Fetched] {
        leave_icloud(rule).await;
    }
}

async fn leave_icloud(rule: MoveRule) {
    let copy = copied(move |library, builder| moving(rule)(library, dating(builder))).await;
    let (paths, shown) = (copy.paths().await, copy.shown().len());
    assert_eq!(shown, 0, "all that was proven went");
    assert_eq!(paths.len(), 9);
    copy.fetches_nothing("the run that sees the move").await;
    copy.rests("after the move").await;
    // Another computer, or the catalogue lost: the record knows both, what was fetched and what stands there.
    let copy = copy.forgetful();
    copy.fetches_nothing("without a catalogue").await;
    assert_eq!(dated(&copy).await.len(), DATED);
    let report = check(&copy).await;
    assert_eq!((report.proven, report.unproven, report.bad), (9, 0, 0), "{report}");
    copy.fetches_nothing("and then").await;
}

/// By name alone a run takes a file of any length under `name-id7`; reading it then says what it is.
#[tokio::test(start_paused = true)]
async fn verify_knows_dated_files_that_a_run_took_by_their_names() {
    for policy in policies() {
        let copy = copied(named(policy)).await.forgetful();
        let report = copy.run().await.unwrap();
        assert!(report.is_clean() && report.downloaded == 0, "{policy:?}: {report}");
        let report = check(&copy).await;
        assert_eq!((report.bad, report.strays), (0, 0), "{policy:?}: {report}");
        let rows = dated(&copy).await;
        assert_eq!(rows.len(), DATED, "{policy:?}");
        for row in rows {
            let path = row.path.unwrap().to_string();
            copy.put(&path, flip(copy.bytes(&path).await)).await;
        }
        assert_eq!(check(&copy).await.bad, DATED as u64, "{policy:?}");
    }
}

/// What only iCloud knows of a photo is written down before it leaves.
#[tokio::test(start_paused = true)]
async fn dated_files_of_a_lost_catalogue_get_their_sidecars_at_once() {
    for policy in policies() {
        let copy = copied(named(policy)).await.forgetful();
        let choose =
            move |library: &Library, builder: SyncBuilder| named(policy)(library, builder).sidecars(true);
        let copy = copy.choosing(Arc::new(choose));
        let report = copy.run().await.unwrap();
        assert_eq!((report.downloaded, report.sidecars), (0, 9), "{policy:?}: {report}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_damaged_photo_stays_in_icloud() {
    let copy = copied(|_, builder| dating(builder)).await;
    for path in dated(&copy).await.into_iter().map(|row| row.path.unwrap().to_string()) {
        copy.put(&path, flip(copy.bytes(&path).await)).await;
    }
    let moving = copy.choosing(Arc::new(|library, builder| moving(ALL)(library, dating(builder))));
    let (report, told) = moving.clear().await;
    assert_eq!((report.moved, moving.shown().len(), report.damaged), (4, 5, 5), "{told:?}");
    let ids: Vec<_> = dated(&copy).await.into_iter().map(|row| row.key.asset).collect();
    let removals = copy.catalogue.removals(&copy.key().await, &ids).await.unwrap();
    assert_eq!(removals.len(), DATED);
    assert!(removals.iter().flatten().all(|row| row.state != RemovalState::Sent));
}
