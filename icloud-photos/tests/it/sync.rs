//! Copying whole libraries through the engine.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures::TryStreamExt;
use icloud_photos::ErrorKind;
use icloud_photos::storage::{MemoryStorage, Storage, StoragePath, WriteOptions};
use icloud_photos::sync::layout::{LayoutOptions, NamePolicy};
use icloud_photos::sync::{Action, SyncBuilder, SyncEngine, SyncEvent, SyncObserver, SyncReport};
use icloud_photos_testkit::{FakeCloud, FaultAction, FaultRule, FaultScript, LibrarySpec};

use crate::support;

struct World {
    cloud: FakeCloud,
    storage: Arc<MemoryStorage>,
    engine: SyncEngine,
}

async fn world_of(spec: LibrarySpec) -> World {
    world_with(spec, |builder| builder).await
}

async fn world_with(spec: LibrarySpec, choose: impl FnOnce(SyncBuilder) -> SyncBuilder) -> World {
    let cloud = support::cloud(spec);
    let library = support::sign_in(&cloud).await.primary_library();
    let storage = Arc::new(MemoryStorage::new());
    let engine = choose(SyncEngine::builder(&library, storage.clone())).build().unwrap();
    cloud.reset_counts();
    World { cloud, storage, engine }
}

impl World {
    async fn run(&self) -> icloud_photos::Result<SyncReport> {
        self.engine.run(Arc::new(())).await
    }

    async fn tree(&self) -> BTreeMap<String, u64> {
        let files = self.storage.list(&StoragePath::root());
        files.map_ok(|meta| (meta.path.to_string(), meta.size)).try_collect().await.unwrap()
    }

    fn faults(&self, rules: Vec<FaultRule>) {
        self.cloud.set_faults(FaultScript { seed: 1, rules }).unwrap();
    }
}

fn status(code: u16) -> FaultAction {
    FaultAction::Status { code, retry_after: None, body: None }
}

#[tokio::test(start_paused = true)]
async fn a_second_run_fetches_nothing() {
    let world = world_of(LibrarySpec::everyday(3, 400)).await;
    let first = world.run().await.unwrap();
    assert!(first.is_clean() && first.downloaded > 300, "{first}");
    assert_eq!(first.verified, first.downloaded);
    let tree = world.tree().await;
    assert_eq!(tree.len() as u64, first.downloaded);
    world.cloud.reset_counts();
    let second = world.run().await.unwrap();
    assert_eq!((second.downloaded, second.failed), (0, 0), "{second}");
    assert_eq!(second.present, first.downloaded + first.present);
    assert_eq!(world.cloud.counts().requests_to("content"), 0);
    assert_eq!(world.tree().await, tree);
}

#[tokio::test(start_paused = true)]
async fn a_plan_changes_nothing_and_comes_true() {
    let world = world_of(LibrarySpec::everyday(4, 150)).await;
    let actions: Vec<Action> = world.engine.plan().try_collect().await.unwrap();
    let planned: BTreeMap<String, u64> = actions
        .iter()
        .filter_map(|action| match action {
            Action::Download { target, size, .. } => Some((target.path.to_string(), size.unwrap())),
            _ => None,
        })
        .collect();
    assert_eq!(world.cloud.counts().requests_to("content"), 0);
    assert!(world.tree().await.is_empty());
    world.run().await.unwrap();
    assert_eq!(world.tree().await, planned);
}

#[tokio::test(start_paused = true)]
async fn two_photos_of_one_name_and_length_are_both_kept() {
    let world = world_of(LibrarySpec::plain(5, 2000).with_same_length_twins()).await;
    let report = world.run().await.unwrap();
    assert_eq!(report.downloaded, 7, "{report}");
    let tree = world.tree().await;
    assert_eq!(tree.len(), 7);
    // Whichever of the two the disk has under the plain name, the other one is missed and fetched.
    let (plain, twin) = twins(&tree);
    for gone in [&plain, &twin] {
        world.storage.remove(&StoragePath::parse(gone).unwrap()).await.unwrap();
        assert_eq!(world.run().await.unwrap().downloaded, 1);
        assert_eq!(world.tree().await, tree);
    }
    let bytes = |path: &str| {
        let path = StoragePath::parse(path).unwrap();
        let storage = world.storage.clone();
        async move {
            let chunks: Vec<_> = storage.read(&path, 0).await.unwrap().try_collect().await.unwrap();
            chunks.concat()
        }
    };
    // The files change places: what stands under the plain name belongs to the other photo.
    let (one, other) = (bytes(&plain).await, bytes(&twin).await);
    assert_ne!(one, other);
    assert_eq!(world.run().await.unwrap().downloaded, 0);
}

/// Neither of the two is what stands under their name, though it has their length.
#[tokio::test(start_paused = true)]
async fn a_foreign_file_of_the_same_length_hides_neither_of_two_photos() {
    let world = world_of(LibrarySpec::plain(5, 4096).with_same_length_twins()).await;
    world.run().await.unwrap();
    let tree = world.tree().await;
    let (plain, twin) = twins(&tree);
    let path = |text: &str| StoragePath::parse(text).unwrap();
    for gone in [&plain, &twin] {
        world.storage.remove(&path(gone)).await.unwrap();
    }
    let foreign = vec![7; tree[&plain] as usize];
    let mut writer = world.storage.write(&path(&plain), WriteOptions::default()).await.unwrap();
    writer.write(foreign.clone().into()).await.unwrap();
    writer.commit().await.unwrap();
    assert_eq!(world.run().await.unwrap().downloaded, 2);
    let there: Vec<_> = world.storage.read(&path(&plain), 0).await.unwrap().try_collect().await.unwrap();
    assert_eq!(there.concat(), foreign);
    assert_eq!(world.tree().await.len(), tree.len() + 1);
    assert_eq!(world.run().await.unwrap().downloaded, 0);
}

/// Links that are refused whatever is asked are no reason to ask for every photo of a large library.
#[tokio::test(start_paused = true)]
async fn links_that_never_work_end_the_run() {
    let world = world_of(LibrarySpec::plain(2000, 1000)).await;
    world.faults(vec![FaultRule::new("content", status(403))]);
    let error = world.run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LinkExpired);
    assert!(world.cloud.counts().requests_to("content") < 400);
}

fn twins(tree: &BTreeMap<String, u64>) -> (String, String) {
    let twin = tree.keys().find(|path| {
        let stem = path.rsplit_once('.').unwrap().0;
        let digits = stem.rsplit_once('-').map_or("", |(_, digits)| digits);
        digits.len() == 8 && digits.chars().all(|digit| digit.is_ascii_hexdigit())
    });
    let twin = twin.expect("one file with digits of its checksum in its name").clone();
    let (stem, extension) = twin.rsplit_once('.').unwrap();
    (format!("{}.{extension}", stem.rsplit_once('-').unwrap().0), twin)
}

#[tokio::test(start_paused = true)]
async fn one_file_that_fails_does_not_end_the_run() {
    let world = world_of(LibrarySpec::plain(40, 3000)).await;
    world.faults(vec![FaultRule::new("content", FaultAction::Flip { at: None }).after(10).times(4)]);
    let report = world.run().await.unwrap();
    assert!(report.downloaded + report.failed == 40, "{report}");
    world.faults(Vec::new());
    let again = world.run().await.unwrap();
    assert_eq!(
        (again.downloaded, again.failed),
        (report.failed, 0),
        "what failed is fetched by the next run"
    );
}

#[tokio::test(start_paused = true)]
async fn what_concerns_every_file_ends_the_run() {
    let refused = world_of(LibrarySpec::plain(200, 1000)).await;
    refused.faults(vec![FaultRule::new("content", status(503))]);
    assert_eq!(refused.run().await.unwrap_err().kind(), ErrorKind::RateLimited);
    let cut_off = world_of(LibrarySpec::plain(200, 1000)).await;
    cut_off.faults(vec![FaultRule::new("content", FaultAction::Reset)]);
    assert_eq!(cut_off.run().await.unwrap_err().kind(), ErrorKind::Network);
    let requests = cut_off.cloud.counts().requests_to("content");
    assert!(requests < 200, "{requests} requests into the void");
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_breaks_is_an_error_and_not_a_short_library() {
    let world = world_of(LibrarySpec::plain(500, 4096)).await;
    world.faults(vec![FaultRule::new("cloudkit/records/query", status(400)).after(3)]);
    assert!(world.run().await.is_err());
    let gaps = LibrarySpec::plain(500, 4096).with(|switches| switches.missing_from_lists = 3);
    let report = world_of(gaps).await.run().await.unwrap();
    assert_eq!((report.downloaded, report.is_clean()), (497, false), "{report} {:?}", report.listings);
}

#[tokio::test(start_paused = true)]
async fn a_rough_day_ends_with_the_same_tree() {
    let calm = world_of(LibrarySpec::everyday(9, 200)).await;
    calm.run().await.unwrap();
    let rough = world_of(LibrarySpec::everyday(9, 200)).await;
    rough.faults(vec![
        FaultRule::new("content", FaultAction::Cut { after: 700 }).rate(0.1),
        FaultRule::new("content", status(503)).rate(0.05),
        FaultRule::new("content", status(410)).rate(0.05),
        FaultRule::new("content", FaultAction::Flip { at: None }).rate(0.03),
        FaultRule::new("content", FaultAction::Stall { after: Some(10), ms: None }).rate(0.02),
        FaultRule::new("cloudkit", status(503)).rate(0.05),
    ]);
    let mut runs = 0;
    while !rough.run().await.is_ok_and(|report| report.is_clean()) {
        runs += 1;
        assert!(runs < 20, "the run never comes to a clean end");
    }
    assert_eq!(rough.tree().await, calm.tree().await);
}

#[tokio::test(start_paused = true)]
async fn recent_takes_the_newest_before_any_filter() {
    let world = world_with(LibrarySpec::plain(30, 4096), |builder| builder.recent(Some(7))).await;
    let report = world.run().await.unwrap();
    assert_eq!((report.assets, report.downloaded), (7, 7));
    assert!(report.is_clean(), "a listing cut on purpose is not short");
}

#[tokio::test(start_paused = true)]
async fn an_observer_hears_everything() {
    #[derive(Default)]
    struct Heard(Mutex<Vec<&'static str>>);
    impl SyncObserver for Heard {
        fn event(&self, event: SyncEvent<'_>) {
            self.0.lock().unwrap().push(match event {
                SyncEvent::Started { total: Some(3) } => "started",
                SyncEvent::Downloading { .. } => "downloading",
                SyncEvent::Progress { .. } => "progress",
                SyncEvent::Downloaded { doubt: None, .. } => "downloaded",
                SyncEvent::Planned { .. } => "planned",
                other => panic!("{other:?}"),
            });
        }
    }
    let world = world_of(LibrarySpec::plain(3, 4096)).await;
    let heard = Arc::new(Heard::default());
    world.engine.run(heard.clone()).await.unwrap();
    let heard = heard.0.lock().unwrap();
    let count = |what| heard.iter().filter(|event| **event == what).count();
    assert_eq!((count("started"), count("planned"), count("downloading"), count("downloaded")), (1, 3, 3, 3));
}

#[tokio::test(start_paused = true)]
async fn one_file_that_apple_refuses_does_not_end_the_run() {
    let world = world_of(LibrarySpec::plain(60, 4096)).await;
    let actions: Vec<Action> = world.engine.plan().try_collect().await.unwrap();
    let Some(Action::Download { target, .. }) =
        actions.iter().filter(|action| matches!(action, Action::Download { .. })).nth(5)
    else {
        panic!("nothing to download")
    };
    let checksum = target.asset.resource(target.role).unwrap().checksum.unwrap().to_string();
    let in_links = checksum.replace('+', "-").replace('/', "_");
    let mut refuse = FaultRule::new("content", status(503));
    refuse.contains = Some(in_links);
    world.faults(vec![refuse]);
    let report = world.run().await.unwrap();
    assert_eq!((report.downloaded, report.failed), (59, 1), "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_observer_is_an_error_and_not_a_hang() {
    struct Clumsy;
    impl SyncObserver for Clumsy {
        fn event(&self, event: SyncEvent<'_>) {
            assert!(!matches!(event, SyncEvent::Downloaded { .. }), "a pipe was closed");
        }
    }
    let world = world_of(LibrarySpec::plain(60, 4096)).await;
    let error = world.engine.run(Arc::new(Clumsy)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected);
}

/// IMG_1.JPG belongs to one photo and IMG_1-100.JPG to another; a third one of that name and 100 bytes is new.
#[tokio::test(start_paused = true)]
async fn a_newcomer_is_not_taken_for_the_owner_of_a_longer_name() {
    let world = world_of(LibrarySpec::plain(5, 4096).with_same_length_twins()).await;
    world.run().await.unwrap();
    let tree = world.tree().await;
    let (plain, twin) = twins(&tree);
    let path = |text: &str| StoragePath::parse(text).unwrap();
    let older: Vec<_> = world.storage.read(&path(&twin), 0).await.unwrap().try_collect().await.unwrap();
    // Before the newer of the two was taken, icloudpd kept the older one under a longer name.
    let (stem, extension) = plain.rsplit_once('.').unwrap();
    let longer = format!("{stem}-{}.{extension}", tree[&twin]);
    for gone in [&plain, &twin] {
        world.storage.remove(&path(gone)).await.unwrap();
    }
    for (name, bytes) in [(plain.as_str(), b"another length".to_vec()), (&longer, older.concat())] {
        let mut writer = world.storage.write(&path(name), WriteOptions::default()).await.unwrap();
        writer.write(bytes.into()).await.unwrap();
        writer.commit().await.unwrap();
    }
    let report = world.run().await.unwrap();
    assert_eq!(report.downloaded, 1, "the newer one is missing: {report}");
    assert_eq!(world.run().await.unwrap().downloaded, 0);
}

/// Where the name alone decides, what is shorter than the photo was cut, say by a loss of power.
#[tokio::test(start_paused = true)]
async fn a_file_that_was_cut_is_no_photo_whatever_its_name() {
    let by_id = |builder: SyncBuilder| builder.layout(LayoutOptions::default().names(NamePolicy::Id7));
    let whole = world_with(LibrarySpec::plain(3, 3000), by_id).await;
    assert!(whole.run().await.unwrap().is_clean());
    let cut = world_with(LibrarySpec::plain(3, 3000), by_id).await;
    for (path, length) in whole.tree().await.into_keys().zip([0, 2999, 3001]) {
        let options = WriteOptions::default();
        let mut writer = cut.storage.write(&StoragePath::parse(&path).unwrap(), options).await.unwrap();
        writer.write(vec![1; length].into()).await.unwrap();
        writer.commit().await.unwrap();
    }
    let report = cut.run().await.unwrap();
    assert_eq!(
        (report.downloaded, report.present),
        (2, 1),
        "a longer one may have had a date written into it"
    );
    assert_eq!(cut.tree().await.len(), 5, "and nothing is overwritten");
    assert_eq!(cut.run().await.unwrap().downloaded, 0);
}

/// Where the name alone decides, as with icloudpd a photo that its owner compressed is not fetched again.
#[tokio::test(start_paused = true)]
async fn what_its_owner_made_smaller_is_present_by_its_name() {
    let by_id = |builder: SyncBuilder| builder.layout(LayoutOptions::default().names(NamePolicy::Id7));
    let whole = world_with(LibrarySpec::plain(3, 3000), by_id).await;
    assert!(whole.run().await.unwrap().is_clean());
    let jpeg = b"\xff\xd8\xff\xe0\x00\x04xx\xff\xda\x00\x03x12\xff\xd9";
    let copy = world_with(LibrarySpec::plain(3, 3000), by_id).await;
    let paths: Vec<String> = whole.tree().await.into_keys().collect();
    for (path, bytes) in paths.iter().zip([&jpeg[..], &jpeg[..jpeg.len() - 1]]) {
        let path = StoragePath::parse(path).unwrap();
        let mut writer = copy.storage.write(&path, WriteOptions::default()).await.unwrap();
        writer.write(bytes.to_vec().into()).await.unwrap();
        writer.commit().await.unwrap();
    }
    let report = copy.run().await.unwrap();
    assert_eq!((report.downloaded, report.present), (2, 1), "the other one was cut: {report}");
    let tree = copy.tree().await;
    assert_eq!((tree.len(), tree[&paths[0]], tree[&paths[1]]), (4, jpeg.len() as u64, jpeg.len() as u64 - 1));
    assert_eq!(copy.run().await.unwrap().downloaded, 0);
    assert_eq!(copy.tree().await, tree);
}
