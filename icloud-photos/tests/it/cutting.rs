//! A storage that keeps less than it was given: what a run writes beside the photos is compared as downloads are.

use std::sync::{Arc, Mutex};

use icloud_photos::ErrorKind;
use icloud_photos::storage::{FsStorage, Storage};
use icloud_photos::sync::catalogue::SqliteCatalogue;
use icloud_photos::sync::store::{self, MARK};
use icloud_photos::sync::{MoveRule, SyncEvent, SyncObserver, View, ViewAs, ViewEvent};
use icloud_photos_testkit::{Edit, LibrarySpec};

use crate::copies::Copy;
use crate::odd_storage::{Deed, Odd, OddStorage};
use crate::removal::moving;

/// Cuts what is called so.
fn cutting(inner: Arc<dyn Storage>, name: &'static str) -> Arc<dyn Storage> {
    OddStorage::over(inner, move |deed, path| {
        (deed == Deed::Write && path.contains(name)).then_some(Odd::Cuts)
    })
}

/// What failed, and why.
#[derive(Default)]
struct Failures(Mutex<Vec<String>>);

impl SyncObserver for Failures {
    fn event(&self, event: SyncEvent<'_>) {
        let (SyncEvent::SidecarFailed { error, .. } | SyncEvent::View(ViewEvent::Failed { error, .. })) =
            event
        else {
            return;
        };
        self.0.lock().unwrap().push(error.to_string());
    }
}

/// A run over a storage that cuts files of that name: how many of them failed, each for that reason.
async fn failed(copy: &Copy, name: &'static str) -> usize {
    let failures = Arc::new(Failures::default());
    let report = copy.engine_on(cutting(copy.storage.clone(), name)).run(failures.clone()).await.unwrap();
    let told = std::mem::take(&mut *failures.0.lock().unwrap());
    assert_eq!(report.failed, told.len() as u64, "{report}: {told:?}");
    let is_so = |line: &String| line.contains("another number of bytes") && line.contains(name);
    assert!(told.iter().all(is_so), "{told:?}");
    told.len()
}

#[tokio::test(start_paused = true)]
async fn a_sidecar_that_was_cut_is_none() {
    let copy = Copy::with(LibrarySpec::plain(3, 500), |_, builder| builder.sidecars(true)).await;
    assert_eq!(failed(&copy, ".xmp").await, 3);
}

#[tokio::test(start_paused = true)]
async fn an_entry_of_a_view_that_was_cut_is_none() {
    let view = |_: &_, builder: icloud_photos::sync::SyncBuilder| {
        builder.view("seen:{album_path}".parse::<View>().unwrap().made_of(ViewAs::Copy))
    };
    for (name, failures) in [("seen/", 2), (".icloud-photos-views/", 1)] {
        let copy = Copy::with(LibrarySpec::plain(2, 500), view).await;
        copy.run().await.unwrap();
        let trip = copy.world.library().add_album("Trip", crate::views::NOW);
        copy.all().await.iter().for_each(|asset| copy.edit(asset, Edit::Enter(trip.clone())));
        assert_eq!(failed(&copy, name).await, failures, "{name}");
    }
}

/// A mark that was cut names no catalogue.
#[tokio::test]
async fn a_mark_that_was_cut_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| {
        let folder = folder.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    };
    let storage = cutting(Arc::new(FsStorage::open(at("photos")).unwrap()), MARK);
    let error = store::open(&*storage, "photos", &at("data")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
    assert!(error.to_string().contains("another number of bytes"), "{error}");
}

/// Who leaves iCloud is written down first, and how many such files there are.
#[tokio::test(start_paused = true)]
async fn nothing_leaves_icloud_on_a_record_that_was_cut() {
    for name in [".icloud-photos-moved/", MARK] {
        let copy = Copy::with(LibrarySpec::plain(3, 500), moving(MoveRule::OlderThan { days: 0 })).await;
        copy.put(MARK, br#"{"id":"mark-1","about":""}"#.to_vec()).await;
        let engine = copy.engine_on(cutting(copy.storage.clone(), name));
        let error = engine.run(Arc::new(())).await.unwrap_err();
        assert!(error.to_string().contains("another number of bytes"), "{name}: {error}");
        assert_eq!(copy.shown().len(), 3, "{name}");
    }
}

/// That is told by the log alone; here by that nobody waits for the disk to hold it.
#[tokio::test]
async fn a_copy_of_the_catalogue_that_was_cut_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = Arc::new(SqliteCatalogue::open(folder.path().join("catalogue")).unwrap());
    let copy = Copy::of(LibrarySpec::plain(2, 500)).await;
    let mut flushes = Vec::new();
    for cuts in [false, true] {
        let last = Arc::new(Mutex::new(Vec::new()));
        let (noted, name) = (last.clone(), ".icloud-photos-catalogue");
        let storage = OddStorage::over(copy.storage.clone(), move |deed, path| {
            noted.lock().unwrap().push((deed, path.to_owned()));
            (cuts && deed == Deed::Write && path == name).then_some(Odd::Cuts)
        });
        copy.photo(&format!("{cuts}.JPG"), 1);
        let library = copy.world.session.primary_library();
        let builder =
            icloud_photos::sync::SyncEngine::builder(&library, storage).catalogue(catalogue.clone());
        builder.snapshots(true).build().unwrap().run(Arc::new(())).await.unwrap();
        let deeds = last.lock().unwrap().clone();
        assert!(deeds.contains(&(Deed::Write, name.to_owned())), "{deeds:?}");
        flushes.push(deeds.last().unwrap().0);
    }
    assert_eq!(flushes, [Deed::Flush, Deed::Write]);
}
