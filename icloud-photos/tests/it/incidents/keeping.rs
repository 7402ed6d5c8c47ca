//! What must be seen in a copy that has stood for years.

use std::sync::{Arc, Mutex};

use futures::FutureExt as _;

use icloud_photos::asset::Hasher;
use icloud_photos::storage::{FsStorage, MemoryStorage, Storage as _, StoragePath};
use icloud_photos::sync::catalogue::{Catalogue as _, Progress, Status};
use icloud_photos::sync::{
    Fault, SyncBuilder, SyncEngine, SyncEvent, SyncObserver, VerifyEvent, VerifyOptions, store, verify,
};
use icloud_photos_testkit::Edit;

use super::{ALL, copy_of, flat, moving, plain};
use crate::copies::{Choose, Copy, batch, flip};
use crate::removal::id_of;

/// 16: files that were removed here were never fetched again, for the database said that they were there.
#[tokio::test(start_paused = true)]
async fn incident_16_what_is_gone_here_comes_back() {
    let copy = copy_of(&["a.JPG", "b.JPG"], plain()).await;
    copy.run().await.unwrap();
    for path in copy.paths().await {
        copy.remove(&path).await;
    }
    assert_eq!(copy.run().await.unwrap().downloaded, 2);
    assert_eq!(copy.files().await.len(), 2);
}

/// 22: half of a family's photos lay in the shared library, which nobody had asked for.
#[tokio::test(start_paused = true)]
async fn incident_22_what_is_not_copied_can_be_seen() {
    let spec = icloud_photos_testkit::LibrarySpec::everyday(5, 40);
    let copy = Copy::of(spec).await;
    copy.run().await.unwrap();
    let uncovered = copy.engine().uncovered_libraries().await.unwrap();
    let names: Vec<_> = uncovered.iter().map(|library| library.name().to_owned()).collect();
    assert!(names.len() == 1 && names[0].starts_with("SharedSync-"), "{names:?}");
    let engine = SyncEngine::builder(&uncovered[0], copy.storage.clone());
    engine.catalogue(copy.catalogue.clone()).build().unwrap().run(Arc::new(())).await.unwrap();
    assert!(copy.engine().uncovered_libraries().await.unwrap().is_empty());
}

/// 23: a date was written into the originals, and later they were taken for other photos, or for copies to be cleaned away.
#[tokio::test(start_paused = true)]
async fn incident_23_a_changed_file_is_no_proof_and_no_stranger() {
    let choose: Choose = Arc::new(|_, builder: SyncBuilder| builder.layout(flat()));
    let copy = copy_of(&["a.JPG"], choose).await;
    copy.run().await.unwrap();
    let mut stamped = copy.bytes("a.JPG").await;
    stamped.extend_from_slice(b"2024:01:01 00:00:00");
    copy.put("a.JPG", stamped.clone()).await;
    // What `adopt` writes down when it recognises such a file.
    let mut row = copy.rows().await.remove(0);
    let mut hasher = Hasher::new();
    hasher.update(&stamped);
    (row.status, row.size, row.sha256) =
        (Status::Derived, Some(stamped.len() as u64), Some(hasher.finish().sha256));
    copy.catalogue.commit(batch(row)).await.unwrap();
    let choose: Choose = Arc::new(|_, builder: SyncBuilder| builder.layout(flat()).move_out(Some(ALL)));
    let copy = Copy { choose, ..copy };
    let (report, told) = copy.clear().await;
    assert_eq!((report.downloaded, report.moved, copy.shown().len()), (0, 0, 1), "{told:?}");
    assert!(told.contains(&"stays a.JPG: a.JPG is not as iCloud has it".to_owned()), "{told:?}");
    assert_eq!((copy.files().await.len(), copy.bytes("a.JPG").await), (1, stamped));
}

/// 24: the disk was not mounted: photos went into the empty folder, and later everything looked gone.
#[tokio::test]
async fn incident_24_an_empty_mount_point_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let (photos, data) = (root.path().join("photos"), root.path().join("data"));
    std::fs::create_dir_all(&photos).unwrap();
    let copy = copy_of(&["a.JPG"], plain()).await;
    let storage = Arc::new(FsStorage::open(&photos).unwrap());
    let catalogue = store::open(&*storage, "photos", &data).await.unwrap();
    let library = copy.world.session.primary_library();
    let engine =
        SyncEngine::builder(&library, storage.clone()).catalogue(Arc::new(catalogue)).build().unwrap();
    assert_eq!(engine.run(Arc::new(())).await.unwrap().downloaded, 1);
    drop(engine);
    // The disk goes away.
    std::fs::rename(&photos, root.path().join("elsewhere")).unwrap();
    std::fs::create_dir(&photos).unwrap();
    assert!(store::open(&*storage, "photos", &data).await.is_err());
    assert_eq!(std::fs::read_dir(&photos).unwrap().count(), 0);
}

/// 24, in the middle of a run: what came after the disk was gone is not written down, and is fetched again.
#[tokio::test(start_paused = true)]
async fn a_disk_that_goes_away_in_a_run_ends_it() {
    let names: Vec<String> = (0..40).map(|number| format!("{number}.JPG")).collect();
    let copy = copy_of(&names.iter().map(String::as_str).collect::<Vec<_>>(), plain()).await;
    let mark = br#"{"id":"a-1","about":"x"}"#.to_vec();
    copy.put(store::MARK, mark.clone()).await;
    let taken = Taken { storage: copy.storage.clone(), seen: Mutex::new(0) };
    let error = copy.engine().run(Arc::new(taken)).await.unwrap_err();
    assert_eq!(error.kind(), icloud_photos::ErrorKind::StoreLost, "{error}");
    let covered = copy.catalogue.all_progress().await.unwrap();
    assert!(copy.rows().await.is_empty() && covered.iter().all(Progress::is_aside), "{covered:?}");
    copy.put(store::MARK, mark).await;
    assert!(copy.run().await.unwrap().is_clean());
    assert_eq!(copy.rows().await.len(), 40);
}

/// Takes the mark away after some files.
struct Taken {
    storage: Arc<MemoryStorage>,
    seen: Mutex<u32>,
}

impl SyncObserver for Taken {
    fn event(&self, event: SyncEvent<'_>) {
        if !matches!(event, SyncEvent::Downloaded { .. }) {
            return;
        }
        *self.seen.lock().unwrap() += 1;
        if *self.seen.lock().unwrap() == 20 {
            let mark = StoragePath::parse(store::MARK).unwrap();
            self.storage.remove(&mark).now_or_never().unwrap().unwrap();
        }
    }
}

/// 25: files were found damaged years later, and nobody could say which.
#[tokio::test(start_paused = true)]
async fn incident_25_damage_is_found_and_keeps_the_photo_in_icloud() {
    let copy = copy_of(&["a.JPG", "b.JPG", "c.JPG"], plain()).await;
    copy.run().await.unwrap();
    let path = copy.paths().await.remove(1);
    copy.put(&path, flip(copy.bytes(&path).await)).await;
    let copy = Copy { choose: moving(ALL), ..copy };
    let (report, told) = copy.clear().await;
    assert_eq!((report.moved, report.damaged, copy.shown().len()), (2, 1, 1), "{told:?}");
    let bad = std::sync::Mutex::new(Vec::new());
    let report =
        verify(copy.storage.clone(), copy.catalogue.clone(), VerifyOptions::default(), None, |event| {
            if let VerifyEvent::Bad { path, fault, .. } = event {
                bad.lock().unwrap().push((path.to_string(), fault));
            }
        })
        .await
        .unwrap();
    assert_eq!(report.bad, 1);
    assert_eq!(*bad.lock().unwrap(), [(path.clone(), Fault::Rotten)]);
    // From then on the catalogue says so, and the next run has a good one before the photo goes.
    assert!(copy.rows().await.iter().any(|row| matches!(row.status, Status::Failed { .. })));
    let (report, told) = copy.clear().await;
    assert_eq!((report.downloaded, report.moved, copy.files().await.len()), (1, 1, 4), "{told:?}");
}

/// What could not be confirmed is kept, and proves nothing: not among the 26, and their common ground.
#[tokio::test(start_paused = true)]
async fn an_unconfirmed_file_holds_its_photo_in_icloud() {
    let copy = copy_of(&["a.JPG"], moving(ALL)).await;
    copy.faults(vec![icloud_photos_testkit::FaultRule::new(
        "content",
        icloud_photos_testkit::FaultAction::Flip { at: Some(7) },
    )]);
    let (report, told) = copy.clear().await;
    assert_eq!((report.unconfirmed, report.moved, copy.shown().len()), (1, 0, 1), "{told:?}");
    assert_eq!(copy.rows().await[0].status, Status::Unconfirmed);
    copy.edit(&id_of(&copy.world.truth(), "a.JPG"), Edit::Favourite(true));
    let (report, _) = copy.clear().await;
    assert_eq!((report.moved, copy.shown().len()), (0, 1));
}
