//! A copy of a fake library: engine, storage and catalogue, with every write counted and every file looked into.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::TryStreamExt;
use futures::stream::BoxStream;
use icloud_photos::asset::{AssetId, Checksum, Hasher, MasterId};
use icloud_photos::storage::{
    Capabilities, MemoryStorage, ObjectMeta, Storage, StoragePath, StorageWriter, WriteOptions,
};
use icloud_photos::sync::catalogue::{
    AlbumRow, AssetRow, Batch, Catalogue, FileKey, FileRow, LibraryKey, MemoryCatalogue, Progress,
    RemovalRow, StoreId, Totals,
};
use icloud_photos::sync::{SyncBuilder, SyncEngine, SyncEvent, SyncObserver, SyncReport};
use icloud_photos::{Error, ErrorKind, Library, Result};
use icloud_photos_testkit::{FaultAction, FaultRule, FaultScript, LibrarySpec};

use crate::fake::World;

/// Chooses the options of an engine.
pub(crate) type Choose = Arc<dyn Fn(&Library, SyncBuilder) -> SyncBuilder + Send + Sync>;

/// A library, and where it is copied to.
pub(crate) struct Copy {
    pub(crate) world: World,
    pub(crate) storage: Arc<MemoryStorage>,
    pub(crate) catalogue: Arc<Counted>,
    pub(crate) choose: Choose,
}

/// Rows of files, tokens, files, and rows of assets and albums.
type State = (Vec<FileRow>, Vec<Progress>, Vec<ObjectMeta>, (Vec<AssetRow>, Vec<AlbumRow>));

/// What stands for a file of an asset: where, and the checksum of the bytes.
pub(crate) type Held = BTreeMap<(AssetId, String), (StoragePath, Checksum)>;

impl Copy {
    pub(crate) async fn of(spec: LibrarySpec) -> Self {
        Self::with(spec, |_, builder| builder).await
    }

    pub(crate) async fn with(
        spec: LibrarySpec,
        choose: impl Fn(&Library, SyncBuilder) -> SyncBuilder + Send + Sync + 'static,
    ) -> Self {
        let world = World::new(spec).await;
        let (storage, catalogue) = (Arc::new(MemoryStorage::new()), Arc::default());
        Self { world, storage, catalogue, choose: Arc::new(choose) }
    }

    pub(crate) fn engine(&self) -> SyncEngine {
        self.engine_on(self.storage.clone())
    }

    pub(crate) fn engine_on(&self, storage: Arc<dyn Storage>) -> SyncEngine {
        let library = self.world.session.primary_library();
        let builder = SyncEngine::builder(&library, storage).catalogue(self.catalogue.clone());
        (self.choose)(&library, builder).build().unwrap()
    }

    /// The same library and options, with nothing fetched yet.
    pub(crate) async fn afresh(&self) -> Held {
        self.twin().await.held().await
    }

    /// Another copy of the same, made by a first run now.
    pub(crate) async fn twin(&self) -> Self {
        let fresh = Self {
            world: self.world.clone(),
            storage: Arc::default(),
            catalogue: Arc::default(),
            choose: self.choose.clone(),
        };
        let report = fresh.run().await.unwrap();
        assert!(report.is_clean(), "{report}");
        fresh
    }

    pub(crate) async fn run(&self) -> Result<SyncReport> {
        self.engine().run(Arc::new(())).await
    }

    /// A run, and the files it fetched.
    pub(crate) async fn run_noting(&self) -> (SyncReport, Vec<String>) {
        let fetched = Arc::new(Fetched::default());
        let report = self.engine().run(fetched.clone()).await.unwrap();
        let mut fetched = std::mem::take(&mut *fetched.0.lock().unwrap());
        fetched.sort();
        (report, fetched)
    }

    /// A run finds everything there.
    pub(crate) async fn fetches_nothing(&self, about: &str) {
        let paths = self.paths().await;
        self.world.cloud.reset_counts();
        let report = self.run().await.unwrap();
        assert!(report.is_clean() && report.downloaded == 0, "{about}: {report}");
        assert_eq!(self.world.cloud.counts().requests_to("content"), 0, "{about}");
        assert_eq!(self.paths().await, paths, "{about}");
    }

    /// Runs when nothing is to be done: one question to Apple, and nothing written anywhere.
    pub(crate) async fn rests(&self, about: &str) {
        let (before, writes) = (self.state().await, self.catalogue.writes());
        self.world.cloud.reset_counts();
        let report = self.run().await.unwrap();
        assert!(report.is_clean() && report.downloaded == 0, "{about}: {report}");
        let counts = self.world.cloud.counts();
        assert_eq!(counts.requests, counts.requests_to("cloudkit/changes/zone"), "{about}: {counts:?}");
        assert_eq!(counts.requests, 1, "{about}");
        assert_eq!(self.catalogue.writes(), writes, "{about}: nothing is written");
        assert!(self.state().await == before, "{about}: rows, token and files are as they were");
    }

    pub(crate) fn faults(&self, rules: Vec<FaultRule>) {
        self.world.cloud.set_faults(FaultScript { seed: 1, rules }).unwrap();
    }

    pub(crate) async fn rows(&self) -> Vec<FileRow> {
        self.catalogue.files(None, None, usize::MAX / 2).await.unwrap()
    }

    /// The key of the library in the catalogue.
    pub(crate) async fn key(&self) -> LibraryKey {
        self.catalogue.all_progress().await.unwrap().remove(0).library
    }

    pub(crate) async fn asset_rows(&self) -> Vec<AssetRow> {
        self.catalogue.all_assets(&self.key().await, None, usize::MAX / 2).await.unwrap()
    }

    pub(crate) async fn album_rows(&self) -> Vec<AlbumRow> {
        self.catalogue.albums(&self.key().await).await.unwrap()
    }

    async fn state(&self) -> State {
        let progress = self.catalogue.all_progress().await.unwrap();
        let seen = (self.asset_rows().await, self.album_rows().await);
        (self.rows().await, progress, self.files().await, seen)
    }

    /// Everything but the mark and the record of what was moved out.
    pub(crate) async fn files(&self) -> Vec<ObjectMeta> {
        let mut files: Vec<ObjectMeta> = self.storage.list(&StoragePath::root()).try_collect().await.unwrap();
        files.retain(|meta| {
            let path = meta.path.as_str();
            path != ".icloud-photos-store" && !path.starts_with(".icloud-photos-moved/")
        });
        files
    }

    /// The files in which it stands what was moved out.
    pub(crate) async fn records(&self) -> Vec<String> {
        let metas: Vec<_> = self.storage.list(&at(".icloud-photos-moved")).try_collect().await.unwrap();
        metas.into_iter().map(|meta: ObjectMeta| meta.path.to_string()).collect()
    }

    pub(crate) async fn paths(&self) -> Vec<String> {
        self.files().await.into_iter().map(|meta| meta.path.to_string()).collect()
    }

    /// What the catalogue says is kept, with the bytes that really stand there.
    pub(crate) async fn held(&self) -> Held {
        self.look_into(self.rows().await).await
    }

    /// The same, without what somebody removed.
    pub(crate) async fn held_here(&self) -> Held {
        let (paths, mut rows) = (self.paths().await, self.rows().await);
        rows.retain(|row| {
            row.path.as_ref().is_some_and(|path| paths.iter().any(|here| here == path.as_str()))
        });
        self.look_into(rows).await
    }

    async fn look_into(&self, rows: Vec<FileRow>) -> Held {
        let mut held = Held::new();
        for row in rows.into_iter().filter(|row| row.status.is_kept()) {
            let path = row.path.unwrap();
            let bytes = self.bytes(path.as_str()).await;
            held.insert((row.key.asset, format!("{:?}", row.key.role)), (path, checksum(&bytes)));
        }
        held
    }

    pub(crate) async fn bytes(&self, path: &str) -> Vec<u8> {
        let chunks: Vec<_> = self
            .storage
            .read(&at(path), 0)
            .await
            .unwrap_or_else(|error| panic!("{path}: {error}"))
            .try_collect()
            .await
            .unwrap();
        chunks.concat()
    }

    /// Puts a file there, with the time of the one it replaces.
    pub(crate) async fn put(&self, path: &str, bytes: Vec<u8>) {
        let mut options = WriteOptions::default().replace();
        options.modified = self.storage.stat(&at(path)).await.unwrap().and_then(|meta| meta.modified);
        let mut writer = self.storage.write(&at(path), options).await.unwrap();
        writer.write(bytes.into()).await.unwrap();
        writer.commit().await.unwrap();
    }

    pub(crate) async fn remove(&self, path: &str) {
        self.storage.remove(&at(path)).await.unwrap();
    }
}

pub(crate) fn at(path: &str) -> StoragePath {
    StoragePath::parse(path).unwrap()
}

pub(crate) fn batch(row: FileRow) -> Batch {
    let mut batch = Batch::default();
    batch.files.push(row);
    batch
}

pub(crate) fn checksum(bytes: &[u8]) -> Checksum {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    hasher.finish().checksum
}

pub(crate) fn flip(mut bytes: Vec<u8>) -> Vec<u8> {
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    bytes
}

pub(crate) fn status(code: u16) -> FaultAction {
    FaultAction::status(code)
}

#[derive(Default)]
struct Fetched(Mutex<Vec<String>>);

impl SyncObserver for Fetched {
    fn event(&self, event: SyncEvent<'_>) {
        match event {
            SyncEvent::Downloaded { path, .. } => self.0.lock().unwrap().push(path.to_string()),
            // Shown when the test fails.
            SyncEvent::Failed { path, error, .. } => eprintln!("failed: {path:?}: {error}"),
            _ => {}
        }
    }
}

/// A catalogue that counts what is written to it.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    inner: MemoryCatalogue,
    writes: AtomicU64,
}

impl Counted {
    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(Relaxed)
    }
}

#[async_trait]
impl Catalogue for Counted {
    async fn store(&self) -> Result<Option<StoreId>> {
        self.inner.store().await
    }

    async fn set_store(&self, store: &StoreId) -> Result<()> {
        self.inner.set_store(store).await
    }

    async fn files_of(&self, library: &LibraryKey, assets: &[AssetId]) -> Result<Vec<Vec<FileRow>>> {
        self.inner.files_of(library, assets).await
    }

    async fn files_at(&self, paths: &[StoragePath]) -> Result<Vec<Vec<FileRow>>> {
        self.inner.files_at(paths).await
    }

    async fn files_with(&self, checksums: &[Checksum]) -> Result<Vec<Vec<FileRow>>> {
        self.inner.files_with(checksums).await
    }

    async fn files(
        &self,
        library: Option<&LibraryKey>,
        after: Option<&FileKey>,
        limit: usize,
    ) -> Result<Vec<FileRow>> {
        self.inner.files(library, after, limit).await
    }

    async fn failed(
        &self,
        library: &LibraryKey,
        after: Option<&FileKey>,
        limit: usize,
    ) -> Result<Vec<FileRow>> {
        self.inner.failed(library, after, limit).await
    }

    async fn assets(&self, library: &LibraryKey, ids: &[AssetId]) -> Result<Vec<Option<AssetRow>>> {
        self.inner.assets(library, ids).await
    }

    async fn all_assets(
        &self,
        library: &LibraryKey,
        after: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<AssetRow>> {
        self.inner.all_assets(library, after, limit).await
    }

    async fn assets_with(&self, masters: &[MasterId]) -> Result<Vec<Vec<AssetRow>>> {
        self.inner.assets_with(masters).await
    }

    async fn albums(&self, library: &LibraryKey) -> Result<Vec<AlbumRow>> {
        self.inner.albums(library).await
    }

    async fn progress(&self, library: &LibraryKey, selection: &str) -> Result<Option<Progress>> {
        self.inner.progress(library, selection).await
    }

    async fn all_progress(&self) -> Result<Vec<Progress>> {
        self.inner.all_progress().await
    }

    async fn on_roll(&self, library: &LibraryKey, selection: &str, ids: &[AssetId]) -> Result<Vec<bool>> {
        self.inner.on_roll(library, selection, ids).await
    }

    async fn removals(&self, library: &LibraryKey, ids: &[AssetId]) -> Result<Vec<Option<RemovalRow>>> {
        self.inner.removals(library, ids).await
    }

    async fn owed(
        &self,
        library: &LibraryKey,
        selection: &str,
        after: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<AssetId>> {
        self.inner.owed(library, selection, after, limit).await
    }

    async fn sent(
        &self,
        library: &LibraryKey,
        after: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<RemovalRow>> {
        self.inner.sent(library, after, limit).await
    }

    async fn members(
        &self,
        library: &LibraryKey,
        selection: &str,
        after: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<AssetId>> {
        self.inner.members(library, selection, after, limit).await
    }

    async fn selections_of(
        &self,
        library: &LibraryKey,
        beginning: &str,
        ids: &[AssetId],
    ) -> Result<Vec<Vec<String>>> {
        self.inner.selections_of(library, beginning, ids).await
    }

    async fn totals(&self) -> Result<Totals> {
        self.inner.totals().await
    }

    async fn commit(&self, batch: Batch) -> Result<()> {
        self.writes.fetch_add(1, Relaxed);
        self.inner.commit(batch).await
    }
}

/// A storage with room for some files.
#[derive(Debug)]
pub(crate) struct Full {
    inner: Arc<dyn Storage>,
    room: AtomicU64,
}

impl Full {
    pub(crate) fn new(inner: Arc<dyn Storage>, room: u64) -> Self {
        Self { inner, room: room.into() }
    }
}

#[async_trait]
impl Storage for Full {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn stat(&self, path: &StoragePath) -> Result<Option<ObjectMeta>> {
        self.inner.stat(path).await
    }

    async fn write(&self, path: &StoragePath, options: WriteOptions) -> Result<Box<dyn StorageWriter>> {
        if self.room.fetch_update(Relaxed, Relaxed, |room| room.checked_sub(1)).is_err() {
            return Err(Error::new(ErrorKind::StorageFull, "no room"));
        }
        self.inner.write(path, options).await
    }

    async fn read(&self, path: &StoragePath, from: u64) -> Result<BoxStream<'static, Result<Bytes>>> {
        self.inner.read(path, from).await
    }

    async fn remove(&self, path: &StoragePath) -> Result<()> {
        self.inner.remove(path).await
    }

    fn list(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn flush(&self) -> Result<()> {
        self.inner.flush().await
    }
}

/// A storage that counts how often contents of photos are read, and how much is written or removed.
#[derive(Debug)]
pub(crate) struct Watched {
    inner: Arc<MemoryStorage>,
    reads: AtomicU64,
    writes: AtomicU64,
}

impl Watched {
    pub(crate) fn new(inner: Arc<MemoryStorage>) -> Arc<Self> {
        Arc::new(Self { inner, reads: AtomicU64::default(), writes: AtomicU64::default() })
    }

    /// Reads and writes so far.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.reads.load(Relaxed), self.writes.load(Relaxed))
    }
}

#[async_trait]
impl Storage for Watched {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn stat(&self, path: &StoragePath) -> Result<Option<ObjectMeta>> {
        self.inner.stat(path).await
    }

    async fn write(&self, path: &StoragePath, options: WriteOptions) -> Result<Box<dyn StorageWriter>> {
        self.writes.fetch_add(1, Relaxed);
        self.inner.write(path, options).await
    }

    async fn read(&self, path: &StoragePath, from: u64) -> Result<BoxStream<'static, Result<Bytes>>> {
        // The mark of the store is no photo.
        self.reads.fetch_add(u64::from(!path.as_str().starts_with(".icloud-photos-")), Relaxed);
        self.inner.read(path, from).await
    }

    async fn remove(&self, path: &StoragePath) -> Result<()> {
        self.writes.fetch_add(1, Relaxed);
        self.inner.remove(path).await
    }

    fn list(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn flush(&self) -> Result<()> {
        self.inner.flush().await
    }
}
