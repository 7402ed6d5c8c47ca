//! A run is killed while it lays views: whatever stands then, the next run mends it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use icloud_photos::Result;
use icloud_photos::storage::{
    Capabilities, Entry, LinkKind, ObjectMeta, Storage, StoragePath, StorageWriter, WriteOptions,
};
use icloud_photos::sync::ViewAs;
use icloud_photos::testing::ChaosStorage;
use icloud_photos_testkit::{Edit, LibrarySpec};

use crate::copies::Copy;
use crate::views::{NOW, viewed};

/// A storage that hangs for ever at the n-th change to a view.
#[derive(Debug)]
struct Mortal {
    inner: Arc<dyn Storage>,
    left: AtomicU64,
    /// Whether it hangs after the change, and not before.
    after: bool,
}

fn is_of_view(path: &StoragePath) -> bool {
    ["albums", ".icloud-photos-views"].iter().any(|folder| path.as_str().starts_with(folder))
}

impl Mortal {
    async fn change<T>(&self, path: &StoragePath, change: impl Future<Output = T>) -> T {
        let dies = is_of_view(path) && self.left.fetch_sub(1, SeqCst) == 1;
        if dies && !self.after {
            std::future::pending::<()>().await;
        }
        let done = change.await;
        if dies {
            std::future::pending::<()>().await;
        }
        done
    }
}

#[async_trait]
impl Storage for Mortal {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
    async fn stat(&self, path: &StoragePath) -> Result<Option<ObjectMeta>> {
        self.inner.stat(path).await
    }
    async fn write(&self, path: &StoragePath, options: WriteOptions) -> Result<Box<dyn StorageWriter>> {
        // A file shows when it is committed: the next change is what comes after.
        self.change(path, self.inner.write(path, options)).await
    }
    async fn read(&self, path: &StoragePath, from: u64) -> Result<BoxStream<'static, Result<Bytes>>> {
        self.inner.read(path, from).await
    }
    async fn remove(&self, path: &StoragePath) -> Result<()> {
        self.change(path, self.inner.remove(path)).await
    }
    fn list(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }
    async fn flush(&self) -> Result<()> {
        self.inner.flush().await
    }
    async fn link(&self, from: &StoragePath, to: &StoragePath, kind: LinkKind) -> Result<()> {
        self.change(to, self.inner.link(from, to, kind)).await
    }
    async fn look(&self, paths: Vec<StoragePath>) -> Vec<Result<Option<Entry>>> {
        self.inner.look(paths).await
    }
}

impl Copy {
    /// A run that is killed at its n-th change to a view. Whether it was.
    async fn dies_at(&self, number: u64, after: bool) -> bool {
        let storage = Mortal { inner: self.storage.clone(), left: AtomicU64::new(number), after };
        let engine = self.engine_on(Arc::new(storage));
        tokio::time::timeout(Duration::from_secs(3600), engine.run(Arc::new(()))).await.is_err()
    }
}

/// A storage that fails now and then: nothing is forgotten of what was laid.
#[tokio::test(start_paused = true)]
async fn bad_weather_is_got_over() {
    for (seed, shape) in (0..25).flat_map(|seed| [(seed, ViewAs::Best), (seed, ViewAs::Copy)]) {
        let copy = viewed(LibrarySpec::plain(4, 300), &["albums:{album_path}"], shape).await;
        let (library, assets) = (copy.world.library(), copy.all().await);
        let trip = library.add_album("Trip", NOW);
        for (round, asset) in assets.iter().enumerate() {
            library.edit(asset, &Edit::Enter(trip.clone()), NOW);
            library.rename_album(&trip, ["Trip", "Rome"][round % 2], NOW);
            let storage = ChaosStorage::new(copy.storage.clone(), seed).rate(0.08);
            // What became of it the calm run shows.
            let _ = copy.engine_on(Arc::new(storage)).run(Arc::new(())).await;
        }
        library.edit(&assets[0], &Edit::Leave(trip.clone()), NOW);
        let (report, told) = copy.lays().await;
        let about = format!("seed {seed}, {shape:?}: {told:?}");
        assert!(report.is_clean() && report.views_left == 0, "{about}: {report:?}");
        let shown = copy.in_view("albums").await;
        assert!(shown.len() == 3 && shown.iter().all(|path| path.starts_with("Rome/")), "{about}: {shown:?}");
        copy.rests(&about).await;
    }
}

/// Killed while it lays an album, while it takes it away again, and while it moves it, at each step.
#[tokio::test(start_paused = true)]
async fn killed_at_every_step_the_next_run_mends() {
    for shape in [ViewAs::Best, ViewAs::Copy, ViewAs::Manifest] {
        for after in [false, true] {
            let mut number = 1;
            while dies_and_mends(shape, number, after).await {
                number += 1;
            }
            assert!(number > if shape == ViewAs::Manifest { 1 } else { 6 }, "{shape:?}: {number}");
        }
    }
}

/// Whether any of the runs was killed.
async fn dies_and_mends(shape: ViewAs, number: u64, after: bool) -> bool {
    let copy = viewed(LibrarySpec::plain(3, 300), &["albums:{album_path}"], shape).await;
    let library = copy.world.library();
    let assets = copy.all().await;
    let trip = library.add_album("Trip", NOW);
    for asset in &assets {
        library.edit(asset, &Edit::Enter(trip.clone()), NOW);
    }
    let mut died = copy.dies_at(number, after).await;
    // Meanwhile some leave, and the album has another name: what the dead run laid is wanted no more.
    library.edit(&assets[0], &Edit::Leave(trip.clone()), NOW);
    library.rename_album(&trip, "Rome", NOW);
    died |= copy.dies_at(number, after).await;
    library.edit(&assets[1], &Edit::Leave(trip.clone()), NOW);
    let (report, told) = copy.lays().await;
    let about = format!("{shape:?}, {number}, {after}: {told:?}");
    assert!(report.is_clean() && report.views_left == 0, "{about}");
    let entries = copy.manifest("albums").await;
    let entries: Vec<_> = entries["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["path"].as_str().unwrap().to_owned())
        .collect();
    assert!(entries.len() == 1 && entries[0].starts_with("Rome/"), "{about}: {entries:?}");
    let standing = if shape == ViewAs::Manifest { Vec::new() } else { entries };
    assert_eq!(copy.in_view("albums").await, standing, "{about}");
    let written: Vec<_> = copy.paths().await.into_iter().filter(|path| path.starts_with(".icloud")).collect();
    assert_eq!(written, [".icloud-photos-views/albums.json"], "{about}");
    copy.rests(&about).await;
    died
}
