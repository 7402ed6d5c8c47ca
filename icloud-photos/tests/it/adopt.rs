//! Folders that something else has filled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use icloud_photos::storage::FsStorage;
use icloud_photos::sync::catalogue::{FileRow, Status};
use icloud_photos::sync::layout::{LayoutOptions, NamePolicy, Size};
use icloud_photos::sync::{AdoptEvent, AdoptOptions, AdoptReport, VerifyOptions, VerifyReport, verify};
use icloud_photos_testkit::LibrarySpec;

use crate::changes_fold::Dice;
use crate::copies::{Copy, checksum, flip};

/// What an adoption told of each path.
type Told = BTreeMap<String, &'static str>;

async fn adopt(copy: &Copy, rehearse: bool) -> (AdoptReport, Told) {
    let told = Mutex::new(Told::new());
    let tell = |event: AdoptEvent<'_>| {
        let (path, what) = match event {
            AdoptEvent::Recognised { path, .. } => (path, "recognised"),
            AdoptEvent::Derived { path, .. } => (path, "derived"),
            AdoptEvent::Assumed { path } => (path, "assumed"),
            AdoptEvent::Damaged { path } => (path, "damaged"),
            AdoptEvent::Unknown { path, .. } => (path, "unknown"),
            AdoptEvent::Failed { path, .. } => (path, "failed"),
            _ => return,
        };
        assert_eq!(told.lock().unwrap().insert(path.to_string(), what), None, "{path} is told of twice");
    };
    copy.world.cloud.reset_counts();
    let report = copy.engine().adopt(AdoptOptions::default().rehearse(rehearse), tell).await.unwrap();
    assert_eq!(copy.world.cloud.counts().requests_to("content"), 0, "adopting fetches nothing");
    (report, told.into_inner().unwrap())
}

async fn check(copy: &Copy) -> VerifyReport {
    let options = VerifyOptions::default();
    verify(copy.storage.clone(), copy.catalogue.clone(), options, None, |_| {}).await.unwrap()
}

/// A tree under a name policy, and no catalogue any more.
async fn orphaned(spec: LibrarySpec, policy: NamePolicy) -> Copy {
    let mut copy = Copy::with(spec, move |_, builder| {
        let sizes = [Size::Original, Size::Adjusted, Size::Alternative];
        builder.layout(LayoutOptions::default().names(policy).sizes(sizes))
    })
    .await;
    let report = copy.run().await.unwrap();
    assert!(report.is_clean(), "{report}");
    copy.catalogue = Arc::default();
    copy
}

const POLICIES: [NamePolicy; 2] = [NamePolicy::SizeDedup, NamePolicy::Id7];

/// A run finds everything there, and the next has nothing to do.
async fn nothing_is_fetched(copy: &Copy, about: &str) {
    copy.fetches_nothing(about).await;
    copy.rests(about).await;
}

async fn all_verified(copy: &Copy, about: &str) {
    for row in copy.rows().await {
        assert_eq!(row.status, Status::Verified, "{about}: {row:?}");
        let path = row.path.unwrap();
        assert_eq!(Some(checksum(&copy.bytes(path.as_str()).await)), row.checksum, "{about}: {path}");
    }
}

async fn move_file(copy: &Copy, from: &str, to: &str) {
    let bytes = copy.bytes(from).await;
    copy.remove(from).await;
    copy.put(to, bytes).await;
}

#[tokio::test(start_paused = true)]
async fn a_tree_is_recognised_under_its_names_and_under_any() {
    for (seed, policy) in (1..=2).flat_map(|seed| POLICIES.map(|policy| (seed, policy))) {
        let spec = LibrarySpec::everyday(seed, 150).with_same_length_twins();
        let about = format!("seed {seed}, {policy:?}");
        let copy = orphaned(spec.clone(), policy).await;
        let files = copy.files().await.len() as u64;
        let (report, told) = adopt(&copy, false).await;
        assert_eq!((report.files, report.recognised, report.missing), (files, files, 0), "{about}: {told:?}");
        all_verified(&copy, &about).await;
        nothing_is_fetched(&copy, &about).await;
        let (again, _) = adopt(&copy, false).await;
        assert_eq!(
            (again.known, again.bytes, again.missing),
            (files, 0, 0),
            "{about}: nothing is read twice"
        );

        let copy = orphaned(spec, policy).await;
        let mut dice = Dice(seed);
        for (number, path) in copy.paths().await.into_iter().enumerate() {
            move_file(&copy, &path, &format!("{:06}-{number}", dice.roll(1_000_000))).await;
        }
        let (report, _) = adopt(&copy, false).await;
        assert_eq!((report.recognised, report.unknown, report.missing), (files, 0, 0), "{about}");
        all_verified(&copy, &about).await;
        nothing_is_fetched(&copy, &format!("{about}, renamed")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_damaged_is_named_and_nothing_else_is_fetched() {
    for (seed, policy) in (1..=4).flat_map(|seed| POLICIES.map(|policy| (seed, policy))) {
        let copy = orphaned(LibrarySpec::everyday(seed, 200).with_same_length_twins(), policy).await;
        let fresh = copy.afresh().await;
        let paths = copy.paths().await;
        let mut dice = Dice(seed);
        let mut bad = BTreeMap::new();
        while bad.len() < 6 {
            let path = paths[dice.roll(paths.len())].clone();
            let bytes = copy.bytes(&path).await;
            let (what, worse) = match dice.roll(3) {
                0 => ("flipped", flip(bytes)),
                1 => ("truncated", bytes[..bytes.len() / 2].to_vec()),
                _ => ("foreign", b"something else altogether".to_vec()),
            };
            copy.put(&path, worse.clone()).await;
            bad.insert(path, (what, worse));
        }
        let lost: BTreeSet<_> = fresh.values().filter(|(path, _)| bad.contains_key(path.as_str())).collect();
        let about = format!("seed {seed}, {policy:?}");
        let (report, told) = adopt(&copy, false).await;
        for path in &paths {
            let expected = if bad.contains_key(path) { "damaged" } else { "recognised" };
            assert_eq!(told[path], expected, "{about}: {path}: {:?}", bad.get(path));
        }
        assert_eq!(
            (report.damaged, report.missing),
            (bad.len() as u64, lost.len() as u64),
            "{about}: {bad:?}"
        );
        let (report, fetched) = copy.run_noting().await;
        assert!(report.is_clean(), "{about}: {report}");
        assert_eq!(fetched.len(), bad.len(), "{about}: {fetched:?} for {bad:?}");
        for (path, (_, worse)) in &bad {
            assert!(copy.bytes(path).await == *worse, "{about}: nothing is overwritten");
        }
        let held = copy.held().await;
        for (key, (_, content)) in &fresh {
            assert_eq!(held[key].1, *content, "{about}: {key:?}");
        }
        copy.rests(&about).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_rehearsal_changes_nothing() {
    let copy = orphaned(LibrarySpec::everyday(5, 80), NamePolicy::SizeDedup).await;
    let path = copy.paths().await.remove(3);
    copy.put(&path, flip(copy.bytes(&path).await)).await;
    let before = copy.files().await;
    let (rehearsed, told) = adopt(&copy, true).await;
    assert!(copy.rows().await.is_empty());
    assert_eq!(copy.catalogue.writes(), 0);
    assert_eq!(copy.files().await, before);
    let real = adopt(&copy, false).await;
    assert_eq!(real, (rehearsed, told), "the rehearsal said what came");
}

#[tokio::test(start_paused = true)]
async fn one_content_twice_in_icloud_or_here() {
    let copy = Copy::of(LibrarySpec::plain(4, 3000)).await;
    copy.run().await.unwrap();
    let first = copy.rows().await.remove(0);
    let twin = copy.world.library().duplicate(first.key.asset.as_str(), copy.world.cloud.now_ms()).unwrap();
    assert_eq!(copy.run().await.unwrap().downloaded, 0, "both show one file");
    let mut copy = copy;
    copy.catalogue = Arc::default();
    copy.put("elsewhere/second.jpg", copy.bytes(first.path.as_ref().unwrap().as_str()).await).await;
    let (report, _) = adopt(&copy, false).await;
    assert_eq!((report.recognised, report.unknown, report.missing), (5, 0, 0));
    let rows = copy.rows().await;
    for asset in [first.key.asset.as_str(), &twin] {
        let row = rows.iter().find(|row| row.key.asset.as_str() == asset).unwrap();
        assert_eq!(row.path, first.path, "its own name is better than any other");
    }
    nothing_is_fetched(&copy, "duplicates").await;
}

#[tokio::test(start_paused = true)]
async fn a_date_that_was_written_into_a_jpeg_does_not_make_it_another_photo() {
    let copy = orphaned(LibrarySpec::plain(5, 3000), NamePolicy::SizeDedup).await;
    let path = copy.paths().await.remove(2);
    let mut dated = copy.bytes(&path).await;
    let segment = b"\xff\xe1\0\x16Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0";
    dated.splice(2..2, segment.iter().copied());
    copy.put(&path, dated.clone()).await;
    let (report, told) = adopt(&copy, false).await;
    assert_eq!((report.recognised, report.derived, report.missing), (4, 1, 0), "{told:?}");
    assert_eq!(told[&path], "derived");
    nothing_is_fetched(&copy, "dated").await;
    assert!(copy.bytes(&path).await == dated);
    assert_eq!(copy.rows().await.iter().filter(|row| row.status == Status::Derived).count(), 1);
    // Verifying gives it a hash of its own, and from then on a change of it is seen.
    for round in 0..2 {
        let report = check(&copy).await;
        assert_eq!((report.unproven, report.bad), (0, 0), "{round}: {report}");
    }
    copy.put(&path, flip(copy.bytes(&path).await)).await;
    assert_eq!(check(&copy).await.bad, 1);
    copy.put(&path, flip(copy.bytes(&path).await)).await;
}

/// icloudpd names its parts as we do; see also `download::tests`.
#[tokio::test(start_paused = true)]
async fn parts_of_icloudpd_are_finished() {
    use icloud_photos::storage::{Storage, WriteOptions};
    use icloud_photos::sync::{SyncEvent, SyncObserver};
    #[derive(Default)]
    struct Resumed(Mutex<Vec<(String, u64)>>);
    impl SyncObserver for Resumed {
        fn event(&self, event: SyncEvent<'_>) {
            if let SyncEvent::Downloaded { path, resumed_from, .. } = event {
                self.0.lock().unwrap().push((path.to_string(), resumed_from));
            }
        }
    }
    let copy = orphaned(LibrarySpec::plain(5, 3000), NamePolicy::SizeDedup).await;
    let path = copy.paths().await.remove(1);
    let bytes = copy.bytes(&path).await;
    copy.remove(&path).await;
    let name = base32(checksum(&bytes).as_bytes()) + ".part";
    let mut writer =
        copy.storage.write(&crate::copies::at(&path), WriteOptions::default().part(name)).await.unwrap();
    writer.write(bytes[..1234].to_vec().into()).await.unwrap();
    drop(writer);
    let (report, _) = adopt(&copy, false).await;
    assert_eq!((report.files, report.recognised, report.missing), (4, 4, 1));
    let resumed = Arc::new(Resumed::default());
    copy.engine().run(resumed.clone()).await.unwrap();
    assert_eq!(*resumed.0.lock().unwrap(), [(path.clone(), 1234)]);
    assert!(copy.bytes(&path).await == bytes);
}

/// A name says nothing: only what a run goes on with is a part.
#[tokio::test(start_paused = true)]
async fn a_whole_photo_that_is_named_like_a_part_is_recognised() {
    let mut copy = Copy::of(LibrarySpec::plain(5, 3000)).await;
    let folder = tempfile::tempdir().unwrap();
    let storage = Arc::new(FsStorage::open(folder.path()).unwrap());
    copy.engine_on(storage.clone()).run(Arc::new(())).await.unwrap();
    let path = |row: &FileRow| folder.path().join(row.path.as_ref().unwrap().as_str());
    let rows = copy.rows().await;
    std::fs::rename(path(&rows[0]), folder.path().join("anything.part")).unwrap();
    // What looks like a part, and is none of any photo's.
    std::fs::write(folder.path().join("other.part"), vec![7; 3000]).unwrap();
    // Whole, and without its name yet: the next run gives it.
    let part = base32(rows[1].checksum.unwrap().as_bytes()) + ".part";
    std::fs::rename(path(&rows[1]), path(&rows[1]).with_file_name(part)).unwrap();
    copy.catalogue = Arc::default();
    let engine = copy.engine_on(storage.clone());
    let report = engine.adopt(AdoptOptions::default(), |_| {}).await.unwrap();
    assert_eq!((report.recognised, report.unknown, report.missing), (4, 1, 1), "{report}");
    let report = engine.run(Arc::new(())).await.unwrap();
    assert_eq!((report.downloaded, report.present, report.is_clean()), (1, 4, true), "{report}");
    assert!(path(&rows[1]).is_file() && !path(&rows[0]).exists());
    let options = VerifyOptions::default();
    let (storage, catalogue) = (storage.clone(), copy.catalogue.clone());
    assert_eq!(verify(storage, catalogue, options, None, |_| {}).await.unwrap().proven, 5);
}

/// As Python's `base64.b32encode`.
pub(crate) fn base32(bytes: &[u8]) -> String {
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let symbols = bits.chunks(5).map(|five| {
        let value = (0..5).fold(0, |value, at| value << 1 | five.get(at).copied().unwrap_or(0));
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[value as usize] as char
    });
    let mut text: String = symbols.collect();
    while !text.len().is_multiple_of(8) {
        text.push('=');
    }
    text
}

/// The file of that name is damaged: that says nothing of either of the two photos that want the name.
#[tokio::test(start_paused = true)]
async fn both_of_two_photos_come_where_the_file_of_their_name_is_damaged() {
    let copy = orphaned(LibrarySpec::plain(5, 2000).with_same_length_twins(), NamePolicy::SizeDedup).await;
    let paths = copy.paths().await;
    let twin = paths.iter().find(|path| path.rsplit('/').next().unwrap().matches('-').count() == 1).unwrap();
    let plain =
        paths.iter().find(|path| twin.starts_with(path.trim_end_matches(".JPG")) && *path != twin).unwrap();
    copy.remove(twin).await;
    copy.put(plain, flip(copy.bytes(plain).await)).await;
    let (report, _) = adopt(&copy, false).await;
    assert_eq!(report.damaged, 1, "{report}");
    assert_eq!(copy.run().await.unwrap().downloaded, 2);
    all_verified(&copy, "twins").await;
}

/// Whatever begins and ends as a JPEG does was taken for the photo, and the photo was never fetched.
#[tokio::test(start_paused = true)]
async fn only_the_photo_itself_is_taken_for_one_with_a_date_written_into_it() {
    let copy = orphaned(LibrarySpec::plain(6, 3000), NamePolicy::SizeDedup).await;
    let paths = copy.paths().await;
    let good = copy.bytes(&paths[3]).await;
    let noise: Vec<u8> =
        (0..9000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let others = [
        b"\xff\xd8\xff\xd9".to_vec(),
        [b"\xff\xd8", &noise[..], b"\xff\xd9"].concat(),
        [b"\xff\xd8\xff\xe1\0\x08Exif\0\0", &noise[..100], b"\xff\xd9"].concat(),
        [&good[..1000], &good[1200..], b"\xff\xd9"].concat(),
    ];
    for (path, bytes) in paths.iter().zip(&others) {
        copy.put(path, bytes.clone()).await;
    }
    let (report, told) = adopt(&copy, false).await;
    assert_eq!((report.recognised, report.derived, report.damaged, report.missing), (2, 0, 4, 4), "{told:?}");
    let (report, fetched) = copy.run_noting().await;
    assert_eq!((report.is_clean(), fetched.len()), (true, 4), "{fetched:?}");
    for (path, bytes) in paths.iter().zip(&others) {
        assert!(copy.bytes(path).await == *bytes, "nothing is overwritten");
    }
    all_verified(&copy, "others").await;
}

/// icloudpd fetches a photo again under a name with its length, for the date made the first file longer, and writes the date
/// into that one too.
#[tokio::test(start_paused = true)]
async fn both_files_of_a_dated_photo_are_known_and_watched_from_the_start() {
    let copy = orphaned(LibrarySpec::plain(5, 3000), NamePolicy::SizeDedup).await;
    let path = copy.paths().await.remove(2);
    let mut dated = copy.bytes(&path).await;
    dated.splice(2..2, b"\xff\xe1\0\x16Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0".iter().copied());
    copy.put(&path, dated.clone()).await;
    copy.put(&path.replace(".JPG", "-3000.JPG"), dated.clone()).await;
    let proven = Mutex::new(0);
    let tell = |event: AdoptEvent<'_>| {
        if let AdoptEvent::Derived { proven: true, .. } = event {
            *proven.lock().unwrap() += 1;
        }
    };
    let report = copy.engine().adopt(AdoptOptions::default(), tell).await.unwrap();
    assert_eq!((report.recognised, report.derived, report.unknown, report.missing), (4, 2, 0, 0), "{report}");
    assert_eq!(*proven.lock().unwrap(), 2);
    let row = copy.rows().await.into_iter().find(|row| row.status == Status::Derived).unwrap();
    assert!(row.sha256.is_some(), "a change is seen from now on");
    copy.put(row.path.unwrap().as_str(), flip(dated.clone())).await;
    assert_eq!(check(&copy).await.bad, 0, "the other one is proven, and one is enough");
    let row = copy.rows().await.into_iter().find(|row| row.status == Status::Derived).unwrap();
    copy.put(row.path.unwrap().as_str(), flip(dated)).await;
    assert_eq!(check(&copy).await.bad, 1);
}

/// A second copy of one photo bears the name and has the length of another: it was read, and is not taken for that one.
#[tokio::test(start_paused = true)]
async fn what_adopt_knows_as_one_photo_is_not_taken_for_another() {
    for which in 0..2 {
        let copy =
            orphaned(LibrarySpec::plain(5, 2000).with_same_length_twins(), NamePolicy::SizeDedup).await;
        let twins: Vec<_> = copy.paths().await.into_iter().filter(|path| path.contains("IMG_0006")).collect();
        let bytes = copy.bytes(&twins[which]).await;
        for path in &twins {
            copy.remove(path).await;
        }
        let folder = twins[0].rsplit_once('/').unwrap().0;
        for name in ["IMG_0006.JPG".to_owned(), format!("IMG_0006-{}.JPG", bytes.len())] {
            copy.put(&format!("{folder}/{name}"), bytes.clone()).await;
        }
        let (report, _) = adopt(&copy, false).await;
        assert_eq!(report.missing, 1, "{report}");
        let report = copy.run().await.unwrap();
        assert_eq!((report.downloaded, report.is_clean()), (1, true), "{which}: {report}");
        all_verified(&copy, "twins").await;
    }
}
