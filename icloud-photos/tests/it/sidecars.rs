//! XMP files beside the photos of a copy: who gets one, when it is written, and when not.

use std::sync::{Arc, Mutex};

use icloud_photos::storage::{Storage, StorageWriter};
use icloud_photos::sync::{AdoptOptions, MoveRule, SyncEngine, SyncEvent, SyncObserver};
use icloud_photos_testkit::{Edit, LibrarySpec};

use crate::copies::{Copy, at};
use crate::removal::moving;

pub(crate) const NOW: i64 = 1_700_000_000_000;

async fn with_sidecars(spec: LibrarySpec) -> Copy {
    Copy::with(spec, |_, builder| builder.sidecars(true)).await
}

/// What was said of sidecars.
#[derive(Debug, Default)]
struct Told(Mutex<Vec<String>>);

impl SyncObserver for Told {
    fn event(&self, event: SyncEvent<'_>) {
        let line = match event {
            SyncEvent::Described { path } => format!("wrote {path}"),
            SyncEvent::SidecarLeft { path, why } => format!("left {path} {why}"),
            SyncEvent::SidecarFailed { path, .. } => format!("failed {path}"),
            _ => return,
        };
        self.0.lock().unwrap().push(line);
    }
}

/// A run, and what it said.
pub(crate) async fn run(engine: &SyncEngine) -> (u64, Vec<String>) {
    let told = Arc::new(Told::default());
    let report = engine.run(told.clone()).await.unwrap();
    let mut lines = std::mem::take(&mut *told.0.lock().unwrap());
    lines.sort();
    (report.sidecars, lines)
}

impl Copy {
    pub(crate) async fn sidecars(&self) -> Vec<String> {
        self.paths().await.into_iter().filter(|path| path.ends_with(".xmp")).collect()
    }

    pub(crate) async fn text(&self, path: &str) -> String {
        String::from_utf8(self.bytes(path).await).unwrap()
    }

    /// The asset and path of some original.
    pub(crate) async fn some(&self, number: usize) -> (String, String) {
        let rows = self.rows().await;
        let row = rows.iter().filter(|row| row.status.is_kept()).nth(number).unwrap();
        (row.key.asset.to_string(), row.path.as_ref().unwrap().to_string())
    }
}

#[tokio::test(start_paused = true)]
async fn every_main_file_gets_one_and_a_second_run_writes_none() {
    let copy = with_sidecars(LibrarySpec::everyday(3, 200)).await;
    let first = copy.run().await.unwrap();
    assert!(first.is_clean(), "{first}");
    let (mut with, mut without) = (0, 0);
    let paths = copy.paths().await;
    for row in copy.rows().await {
        let has = paths.contains(&format!("{}.xmp", row.path.unwrap()));
        let is_live = format!("{:?}", row.key.role) == "LiveMovie";
        assert_eq!(has, !is_live, "{:?}", row.key);
        if has { with += 1 } else { without += 1 }
    }
    assert!(with > 100 && without > 5, "{with} with, {without} without");
    assert!(first.sidecars > 100);
    copy.rests("nothing is new").await;
    let fetched = copy.world.cloud.counts().requests_to("content");
    assert_eq!(fetched, 0);
}

#[tokio::test(start_paused = true)]
async fn turning_them_on_later_writes_them_and_fetches_nothing() {
    let mut copy = Copy::of(LibrarySpec::plain(12, 1000)).await;
    copy.run().await.unwrap();
    assert!(copy.sidecars().await.is_empty());
    copy.choose = Arc::new(|_, builder| builder.sidecars(true));
    let (report, fetched) = copy.run_noting().await;
    assert_eq!((report.sidecars, fetched.len(), report.failed), (12, 0, 0), "{report}");
    assert_eq!(copy.sidecars().await.len(), 12);
    copy.rests("all are there").await;
    copy.choose = Arc::new(|_, builder| builder);
    copy.rests("turned off again: nothing goes").await;
    assert_eq!(copy.sidecars().await.len(), 12);
}

/// icloudpd puts the sidecar of `IMG_1-original.JPG` beside `IMG_1.JPG`, and so does a run that lists; no later one makes another.
#[tokio::test(start_paused = true)]
async fn a_file_with_the_name_of_old_versions_has_one_sidecar_that_is_kept_up_to_date() {
    let mut copy = Copy::of(LibrarySpec::plain(5, 1000)).await;
    copy.run().await.unwrap();
    let (asset, path) = copy.some(2).await;
    let bytes = copy.bytes(&path).await;
    copy.remove(&path).await;
    copy.put(&path.replace(".JPG", "-original.JPG"), bytes).await;
    copy.catalogue = Arc::default();
    copy.choose = Arc::new(|_, builder| builder.sidecars(true));
    let (report, fetched) = copy.run_noting().await;
    assert_eq!((report.sidecars, fetched.len()), (5, 0), "{report}");
    assert!(copy.sidecars().await.contains(&format!("{path}.xmp")));
    assert_eq!(run(&copy.engine()).await, (0, Vec::new()));
    assert_eq!(copy.sidecars().await.len(), 5);
    assert!(copy.world.library().edit(&asset, &Edit::Favourite(true), NOW));
    assert_eq!(run(&copy.engine()).await.0, 1);
    assert_eq!(copy.sidecars().await.len(), 5);
    assert!(copy.text(&format!("{path}.xmp")).await.contains("<xmp:Rating>5<"));
}

/// A photo whose name in iCloud is `IMG_1-original.JPG` is no old file of `IMG_1.JPG`: whose sidecar stands beside that is not touched.
#[tokio::test(start_paused = true)]
async fn a_photo_that_is_really_called_original_has_its_own_sidecar() {
    let copy = with_sidecars(LibrarySpec::plain(0, 1000)).await;
    let date = copy.world.cloud.now_ms() - 86_400_000;
    for (name, size) in [("IMG_1.JPG", 2000), ("IMG_1-original.JPG", 2500)] {
        copy.world.library().add_photo(name, size, date);
    }
    copy.run().await.unwrap();
    let sidecars = copy.sidecars().await;
    assert_eq!(sidecars.len(), 2, "{sidecars:?}");
    let old = sidecars.iter().find(|path| path.contains("-original")).unwrap();
    let plain = old.replace("-original", "");
    let before = copy.text(&plain).await;
    copy.remove(old).await;
    assert_eq!(run(&copy.engine()).await, (1, vec![format!("wrote {old}")]), "it is given back");
    assert_eq!(copy.sidecars().await, sidecars);
    // A run that lists, without the sidecar and with nobody known.
    copy.remove(old).await;
    let copy = Copy { catalogue: Arc::default(), ..copy };
    assert_eq!(run(&copy.engine()).await, (1, vec![format!("wrote {old}")]));
    assert!(copy.text(&plain).await == before);
}

/// The sidecar beside the name of today is another photo's, of another account say: the old file gets one of its own.
#[tokio::test(start_paused = true)]
async fn the_sidecar_of_another_photo_is_never_taken_for_that_of_an_old_file() {
    let mut copy = with_sidecars(LibrarySpec::plain(3, 1000)).await;
    copy.run().await.unwrap();
    let (_, path) = copy.some(1).await;
    let old = path.replace(".JPG", "-original.JPG");
    let sidecar = format!("{path}.xmp");
    let (_, other) = copy.some(2).await;
    let others = copy.bytes(&format!("{other}.xmp")).await;
    copy.put(&old, copy.bytes(&path).await).await;
    copy.remove(&path).await;
    copy.put(&sidecar, others.clone()).await;
    // The catalogue knows the file by its old name.
    let options = icloud_photos::sync::VerifyOptions::default();
    let (storage, catalogue) = (copy.storage.clone(), copy.catalogue.clone());
    icloud_photos::sync::verify(storage, catalogue, options, None, |_| {}).await.unwrap();
    assert!(copy.rows().await.iter().any(|row| row.path == Some(at(&old))));
    copy.choose = Arc::new(|_, builder| builder.sidecars(true));
    assert_eq!(run(&copy.engine()).await, (1, vec![format!("wrote {old}.xmp")]));
    assert!(copy.bytes(&sidecar).await == others);
}

#[tokio::test(start_paused = true)]
async fn a_change_in_icloud_reaches_the_sidecar_and_nothing_else() {
    let copy = with_sidecars(LibrarySpec::plain(10, 1000)).await;
    copy.run().await.unwrap();
    let (asset, path) = copy.some(3).await;
    let sidecar = format!("{path}.xmp");
    let rating = async || {
        let text = copy.text(&sidecar).await;
        text.split_once("<xmp:Rating>").map(|(_, rest)| rest.split_once('<').unwrap().0.to_owned())
    };
    assert_eq!(rating().await, None);
    let before = copy.text(&sidecar).await;
    for (edit, expected) in [
        (Edit::Favourite(true), Some("5")),
        (Edit::Hide(true), Some("-1")),
        (Edit::Hide(false), Some("5")),
        (Edit::Trash, Some("-1")),
        (Edit::Restore, Some("5")),
        (Edit::Favourite(false), None),
    ] {
        assert!(copy.world.library().edit(&asset, &edit, NOW));
        let (written, lines) = run(&copy.engine()).await;
        assert_eq!((written, lines), (1, vec![format!("wrote {sidecar}")]), "{edit:?}");
        assert_eq!(rating().await.as_deref(), expected, "{edit:?}");
        copy.rests("it was heard of").await;
    }
    assert_eq!(copy.text(&sidecar).await, before);
}

#[tokio::test(start_paused = true)]
async fn a_sidecar_that_somebody_removed_comes_back_and_the_photo_is_not_fetched() {
    let copy = with_sidecars(LibrarySpec::plain(10, 1000)).await;
    copy.run().await.unwrap();
    let before = copy.files().await;
    let (_, path) = copy.some(2).await;
    copy.storage.remove(&at(&format!("{path}.xmp"))).await.unwrap();
    copy.world.cloud.reset_counts();
    let (written, lines) = run(&copy.engine()).await;
    assert_eq!((written, lines), (1, vec![format!("wrote {path}.xmp")]));
    let counts = copy.world.cloud.counts();
    assert_eq!(
        (counts.requests, counts.requests_to("content")),
        (3, 0),
        "the news, and two lookups: {counts:?}"
    );
    let sizes = |files: Vec<icloud_photos::storage::ObjectMeta>| {
        files.into_iter().map(|meta| (meta.path, meta.size)).collect::<Vec<_>>()
    };
    assert_eq!(sizes(copy.files().await), sizes(before));
    copy.rests("it is back").await;
}

#[tokio::test(start_paused = true)]
async fn nobody_asks_for_ever_about_a_photo_that_icloud_has_no_more() {
    let copy = with_sidecars(LibrarySpec::plain(10, 1000)).await;
    copy.run().await.unwrap();
    let (asset, path) = copy.some(2).await;
    copy.world.library().edit(&asset, &Edit::Trash, NOW);
    copy.world.library().edit(&asset, &Edit::Purge, NOW);
    copy.run().await.unwrap();
    copy.storage.remove(&at(&format!("{path}.xmp"))).await.unwrap();
    copy.run().await.unwrap();
    assert!(copy.paths().await.contains(&path), "the photo stays");
    copy.rests("nobody can describe it").await;
}

#[tokio::test(start_paused = true)]
async fn a_foreign_sidecar_stays_as_it_is_and_is_named() {
    let plain = Copy::of(LibrarySpec::plain(5, 1000)).await;
    plain.run().await.unwrap();
    let theirs = b"<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='darktable'/>".to_vec();
    let mut expected = Vec::new();
    for (number, bytes, why) in [
        (0, theirs.clone(), "created by darktable"),
        (1, b"no xml".to_vec(), "due to parser error: text outside of the root"),
        (2, vec![b' '; 5 << 20], "because it has 5242880 bytes"),
    ] {
        let (_, path) = plain.some(number).await;
        plain.put(&format!("{path}.xmp"), bytes.clone()).await;
        expected.push((format!("{path}.xmp"), bytes, why));
    }
    let (_, empty) = plain.some(3).await;
    plain.put(&format!("{empty}.xmp"), Vec::new()).await;
    let copy = Copy { choose: Arc::new(|_, builder| builder.sidecars(true)), ..plain };
    let (written, lines) = run(&copy.engine()).await;
    assert_eq!(written, 2, "the empty one and the missing one: {lines:?}");
    for (path, bytes, why) in expected {
        assert!(lines.contains(&format!("left {path} {why}")), "{lines:?}");
        assert_eq!(copy.bytes(&path).await, bytes);
    }
    assert!(copy.text(&format!("{empty}.xmp")).await.contains("dc:identifier"));
    copy.rests("they are left alone").await;
}

#[tokio::test(start_paused = true)]
async fn a_plan_writes_no_sidecar() {
    use futures::TryStreamExt;
    let copy = with_sidecars(LibrarySpec::plain(5, 1000)).await;
    let _: Vec<_> = copy.engine().plan().try_collect().await.unwrap();
    assert!(copy.paths().await.is_empty());
    copy.run().await.unwrap();
    let (asset, path) = copy.some(0).await;
    let sidecar = format!("{path}.xmp");
    let before = copy.bytes(&sidecar).await;
    copy.world.library().edit(&asset, &Edit::Favourite(true), NOW);
    let (_, other) = copy.some(1).await;
    copy.storage.remove(&at(&format!("{other}.xmp"))).await.unwrap();
    let _: Vec<_> = copy.engine().plan().try_collect().await.unwrap();
    assert_eq!(copy.bytes(&sidecar).await, before);
    assert!(!copy.paths().await.contains(&format!("{other}.xmp")));
}

/// Two photos that show one file have one sidecar: it does not change hands from run to run.
#[tokio::test(start_paused = true)]
async fn two_photos_of_one_file_do_not_fight_for_its_sidecar() {
    let copy = with_sidecars(LibrarySpec::plain(4, 1000)).await;
    copy.run().await.unwrap();
    let (asset, path) = copy.some(1).await;
    let sidecar = format!("{path}.xmp");
    let before = copy.bytes(&sidecar).await;
    let twin = copy.world.library().duplicate(&asset, NOW).unwrap();
    copy.run().await.unwrap();
    copy.world.library().edit(&twin, &Edit::Favourite(true), NOW);
    copy.run().await.unwrap();
    assert_eq!(copy.bytes(&sidecar).await, before, "it is about the first");
    copy.world.library().edit(&asset, &Edit::Favourite(true), NOW);
    copy.run().await.unwrap();
    assert!(copy.text(&sidecar).await.contains("<xmp:Rating>5<"));
}

/// A disk that fails for one sidecar: the run goes on, says so, and the next one makes up for it.
#[tokio::test(start_paused = true)]
async fn a_sidecar_that_could_not_be_written_is_written_by_the_next_run() {
    let copy = with_sidecars(LibrarySpec::plain(6, 1000)).await;
    copy.run().await.unwrap();
    let (asset, path) = copy.some(2).await;
    copy.world.library().edit(&asset, &Edit::Favourite(true), NOW);
    let before = copy.bytes(&format!("{path}.xmp")).await;
    let broken = Arc::new(NoSidecars { inner: copy.storage.clone(), max_name: None });
    let (written, lines) = run(&copy.engine_on(broken.clone())).await;
    assert_eq!((written, lines), (0, vec![format!("failed {path}.xmp")]));
    let report = copy.engine_on(broken).run(Arc::new(())).await.unwrap();
    assert_eq!(report.failed, 1, "it is tried again, and is no success");
    assert_eq!(copy.bytes(&format!("{path}.xmp")).await, before, "what stands there is whole");
    let (written, _) = run(&copy.engine()).await;
    assert_eq!(written, 1);
    copy.rests("it is written").await;
}

#[tokio::test(start_paused = true)]
async fn photos_of_an_album_have_sidecars_too_and_rest() {
    let copy = Copy::with(LibrarySpec::everyday(3, 150), |library, builder| {
        builder.album(library.smart_album(icloud_photos::SmartAlbum::Favorites)).sidecars(true)
    })
    .await;
    let report = copy.run().await.unwrap();
    assert!(report.sidecars > 0 && report.is_clean(), "{report}");
    copy.rests("an album").await;
    for sidecar in copy.sidecars().await {
        assert!(copy.text(&sidecar).await.contains("<xmp:Rating>5<"), "{sidecar}");
    }
}

#[tokio::test(start_paused = true)]
async fn verify_and_adopt_take_no_sidecar_for_a_photo() {
    let copy = with_sidecars(LibrarySpec::plain(5, 1000)).await;
    copy.run().await.unwrap();
    let report = copy.engine().adopt(AdoptOptions::default(), |_| {}).await.unwrap();
    assert_eq!(report.files, 5, "{report:?}");
}

/// Passes everything on but what is to be written beside a photo.
#[derive(Debug)]
pub(crate) struct NoSidecars {
    pub(crate) inner: Arc<icloud_photos::storage::MemoryStorage>,
    pub(crate) max_name: Option<usize>,
}

#[async_trait::async_trait]
impl Storage for NoSidecars {
    fn capabilities(&self) -> icloud_photos::storage::Capabilities {
        let mut capabilities = self.inner.capabilities();
        capabilities.max_name = self.max_name;
        capabilities
    }

    async fn stat(
        &self,
        path: &icloud_photos::storage::StoragePath,
    ) -> icloud_photos::Result<Option<icloud_photos::storage::ObjectMeta>> {
        self.inner.stat(path).await
    }

    async fn write(
        &self,
        path: &icloud_photos::storage::StoragePath,
        options: icloud_photos::storage::WriteOptions,
    ) -> icloud_photos::Result<Box<dyn StorageWriter>> {
        if path.name().ends_with(".xmp") {
            return Err(icloud_photos::Error::new(icloud_photos::ErrorKind::Storage, "no"));
        }
        self.inner.write(path, options).await
    }

    async fn read(
        &self,
        path: &icloud_photos::storage::StoragePath,
        from: u64,
    ) -> icloud_photos::Result<futures::stream::BoxStream<'static, icloud_photos::Result<bytes::Bytes>>> {
        self.inner.read(path, from).await
    }

    async fn remove(&self, path: &icloud_photos::storage::StoragePath) -> icloud_photos::Result<()> {
        self.inner.remove(path).await
    }

    fn list(
        &self,
        prefix: &icloud_photos::storage::StoragePath,
    ) -> futures::stream::BoxStream<'static, icloud_photos::Result<icloud_photos::storage::ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn flush(&self) -> icloud_photos::Result<()> {
        self.inner.flush().await
    }
}

/// It was not deleted by its owner: nothing calls it rejected.
#[tokio::test(start_paused = true)]
async fn what_was_moved_out_stays_described_as_it_was() {
    let rule = MoveRule::OlderThan { days: 0 };
    let copy = Copy::with(LibrarySpec::plain(3, 500), move |library, builder| {
        moving(rule)(library, builder).sidecars(true)
    })
    .await;
    let (first, _) = run(&copy.engine()).await;
    assert_eq!((first, copy.shown().len()), (3, 0));
    let told = run(&copy.engine()).await;
    assert_eq!(told, (0, Vec::new()));
    for path in copy.sidecars().await {
        assert!(!copy.text(&path).await.contains("Rating"), "{path}");
    }
}
