//! Storages of the library's own, and those that are written in JavaScript.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt, TryStreamExt};
use icloud_photos::storage::{Capabilities, FsStorage, LinkKind, MemoryStorage, OpendalStorage, StoragePath};
use icloud_photos::testing::storage::promises;
use icloud_photos::{Error, ErrorKind, Result};
use icloud_photos_bindings::ToValue;
use napi::Env;
use napi::bindgen_prelude::{Function, Promise, Uint8ArraySlice, Unknown};
use napi_derive::napi;
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use crate::ask::Asked;
use crate::js_storage::{JsStorage, StorageReply, StorageRequest, Writing};
use crate::library::number;
use crate::runtime::{Abort, Items, Promised, blocking, now, run};
use crate::value::{ToJs, as_own, moment, named};

pub(crate) type Shared = Arc<dyn icloud_photos::storage::Storage>;

#[napi]
pub struct Storage {
    kind: Kind,
    /// What people call it, if it says.
    place: Option<String>,
}

enum Kind {
    Local(Arc<FsStorage>),
    Elsewhere(Arc<OpendalStorage>),
    Memory(Arc<MemoryStorage>),
    Written(Arc<JsStorage>),
}

/// What a storage that is written in JavaScript can do.
#[napi(object, object_to_js = false)]
pub struct Skills {
    pub modified_time: bool,
    pub resume: bool,
    pub exclusive_commit: bool,
    pub case_sensitive: bool,
    pub max_name: Option<f64>,
    pub max_size: Option<f64>,
    pub distant: bool,
    pub metadata: bool,
}

as_own!(Storage, StorageWriter);

/// A storage that JavaScript gave: `givenStorage` of `lib/storage.ts` makes one of ours of any.
pub(crate) fn given(storage: &Storage) -> Shared {
    match &storage.kind {
        Kind::Local(storage) => storage.clone(),
        Kind::Elsewhere(storage) => storage.clone(),
        Kind::Memory(storage) => storage.clone(),
        Kind::Written(storage) => storage.clone(),
    }
}

/// How people call a storage that JavaScript gave, if it says.
pub(crate) fn place_of(storage: &Storage) -> Option<String> {
    storage.place.clone()
}

/// A folder as a storage.
pub(crate) async fn folder(path: String) -> Result<FsStorage> {
    blocking(move || FsStorage::open(path)).await
}

#[napi]
impl Storage {
    #[napi(ts_return_type = "Promise<Storage>")]
    pub fn local<'env>(env: &'env Env, root: String, abort: Option<&Abort>) -> Promised<'env> {
        run(env, abort, async move {
            let storage = folder(root).await?;
            let place = storage.root().display().to_string();
            Ok(Self { kind: Kind::Local(Arc::new(storage)), place: Some(place) })
        })
    }

    #[napi(ts_return_type = "Promise<Storage>")]
    pub fn from_url<'env>(env: &'env Env, address: String, abort: Option<&Abort>) -> Promised<'env> {
        run(env, abort, async move {
            let place = address.clone();
            // It may read files that hold secrets.
            let storage = blocking(move || OpendalStorage::from_url(&address)).await?;
            Ok(Self { kind: Kind::Elsewhere(Arc::new(storage)), place: Some(place) })
        })
    }

    #[napi(factory)]
    pub fn memory() -> Self {
        Self { kind: Kind::Memory(Arc::default()), place: Some("memory".into()) }
    }

    #[napi(factory)]
    pub fn written(
        ask: Function<'_, StorageRequest, Promise<StorageReply>>,
        skills: Skills,
        place: Option<String>,
    ) -> napi::Result<Self> {
        let capabilities = now(skills.capabilities())?;
        let storage = JsStorage::new(Asked::new(&ask)?, capabilities);
        Ok(Self { kind: Kind::Written(Arc::new(storage)), place })
    }

    #[napi(getter)]
    pub fn place(&self) -> Option<String> {
        place_of(self)
    }

    #[napi(ts_return_type = "Capabilities")]
    pub fn capabilities<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        given(self).capabilities().to_js().make(env)
    }

    #[napi(ts_return_type = "Promise<void>")]
    pub fn check_writable<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        match &self.kind {
            Kind::Local(storage) => {
                let storage = storage.clone();
                run(env, abort, blocking(move || storage.check_writable()))
            }
            Kind::Elsewhere(storage) => {
                let storage = storage.clone();
                run(env, abort, async move { storage.check_writable().await })
            }
            Kind::Memory(_) | Kind::Written(_) => run(env, abort, async { Ok(()) }),
        }
    }

    #[napi(ts_return_type = "Promise<ObjectMeta | null>")]
    pub fn stat<'env>(&self, env: &'env Env, path: String, abort: Option<&Abort>) -> Promised<'env> {
        let storage = given(self);
        run(env, abort, async move { storage.stat(&StoragePath::parse(&path)?).await })
    }

    #[napi(ts_return_type = "Promise<Array<ObjectMeta | Failure | null>>")]
    pub fn stat_all<'env>(
        &self,
        env: &'env Env,
        paths: Vec<String>,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let storage = given(self);
        run(env, abort, async move {
            let paths: Result<Vec<StoragePath>> = paths.iter().map(|path| StoragePath::parse(path)).collect();
            Ok(storage.stat_all(paths?).await)
        })
    }

    #[napi(ts_return_type = "Promise<StorageWriter>")]
    pub fn write<'env>(
        &self,
        env: &'env Env,
        path: String,
        writing: Writing,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let storage = given(self);
        run(env, abort, async move {
            storage.write(&StoragePath::parse(&path)?, writing.options()?).await.map(StorageWriter::new)
        })
    }

    #[napi]
    pub fn read(&self, path: String, start: f64) -> Items {
        let storage = given(self);
        begun(async move {
            let start = number("start", start)? as u64;
            storage.read(&StoragePath::parse(&path)?, start).await
        })
    }

    #[napi(ts_return_type = "Promise<void>")]
    pub fn remove<'env>(&self, env: &'env Env, path: String, abort: Option<&Abort>) -> Promised<'env> {
        let storage = given(self);
        run(env, abort, async move { storage.remove(&StoragePath::parse(&path)?).await })
    }

    #[napi]
    pub fn list(&self, prefix: String, with_parts: bool) -> Items {
        let storage = given(self);
        begun(async move {
            let prefix = StoragePath::parse(&prefix)?;
            Ok(if with_parts { storage.list_with_parts(&prefix) } else { storage.list(&prefix) })
        })
    }

    #[napi(ts_return_type = "Promise<void>")]
    pub fn tidy<'env>(&self, env: &'env Env, begun_ms: f64, abort: Option<&Abort>) -> Promised<'env> {
        let storage = given(self);
        let begun = moment(begun_ms).unwrap_or(SystemTime::UNIX_EPOCH);
        run(env, abort, async move { storage.tidy(begun).await })
    }

    #[napi(ts_return_type = "Promise<void>")]
    pub fn flush<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let storage = given(self);
        run(env, abort, async move { storage.flush().await })
    }

    #[napi(ts_return_type = "Promise<void>")]
    pub fn link<'env>(
        &self,
        env: &'env Env,
        source: String,
        target: String,
        kind: String,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let storage = given(self);
        run(env, abort, async move {
            let kind =
                named("kind of link", &kind, &[LinkKind::Hard, LinkKind::Reflink, LinkKind::Symbolic])?;
            storage.link(&StoragePath::parse(&source)?, &StoragePath::parse(&target)?, kind).await
        })
    }
}

/// A list that begins with the first step.
fn begun<T: ToValue + Send + 'static>(
    list: impl Future<Output = Result<BoxStream<'static, Result<T>>>> + Send + 'static,
) -> Items {
    Items::new(stream::once(list).try_flatten().boxed())
}

/// Whether a text is the address of a storage, and not the name of a folder.
#[napi]
pub fn is_address(text: String) -> bool {
    icloud_photos::storage::is_address(&text)
}

/// What a storage promises, by name.
#[napi]
pub fn storage_promises() -> Vec<&'static str> {
    promises().into_iter().map(|(name, _)| name).collect()
}

/// Keeps an empty storage to one of its promises.
#[napi(ts_return_type = "Promise<void>")]
pub fn check_storage<'env>(
    env: &'env Env,
    storage: &Storage,
    promise: String,
    abort: Option<&Abort>,
) -> Promised<'env> {
    let storage = given(storage);
    run(env, abort, async move {
        let found = promises().into_iter().find(|(name, _)| *name == promise);
        let unknown = || Error::new(ErrorKind::Config, "no promise has this name").with("promise", promise);
        let (name, check) = found.ok_or_else(unknown)?;
        // It says by a panic what is broken.
        let checked = std::panic::AssertUnwindSafe(check(storage)).catch_unwind().await;
        checked.map_err(|said| Error::new(ErrorKind::Storage, text(&*said)).with("promise", name))
    })
}

/// What a panic says.
fn text(said: &(dyn std::any::Any + Send)) -> String {
    let text = said.downcast_ref::<String>().cloned();
    text.or_else(|| said.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

impl Skills {
    fn capabilities(self) -> Result<Capabilities> {
        let most = |what, most: Option<f64>| most.map(|most| number(what, most)).transpose();
        let mut can = Capabilities::default();
        (can.modified_time, can.resume) = (self.modified_time, self.resume);
        (can.exclusive_commit, can.case_sensitive) = (self.exclusive_commit, self.case_sensitive);
        can.max_name = most("maxName", self.max_name)?;
        can.max_size = most("maxSize", self.max_size)?.map(|most| most as u64);
        (can.distant, can.metadata) = (self.distant, self.metadata);
        // Which names are of one file, and where links lead, nothing that is written in JavaScript can tell yet.
        Ok(can)
    }
}

type Writer = Box<dyn icloud_photos::storage::StorageWriter>;

/// A file that has no name yet. The facade has it take one call at a time.
#[napi]
pub struct StorageWriter {
    writer: Arc<Mutex<Option<Writer>>>,
    position: u64,
    runtime: Handle,
}

impl StorageWriter {
    fn new(writer: Writer) -> Self {
        let position = writer.position();
        Self { writer: Arc::new(Mutex::new(Some(writer))), position, runtime: Handle::current() }
    }
}

/// Garbage is collected outside of the runtime, and what a writer leaves elsewhere is cleared away by a task.
impl Drop for StorageWriter {
    fn drop(&mut self) {
        let _inside = self.runtime.enter();
        drop(std::mem::take(&mut self.writer));
    }
}

#[napi]
impl StorageWriter {
    /// Where it began.
    #[napi(getter)]
    #[allow(clippy::cast_precision_loss)]
    pub fn position(&self) -> f64 {
        self.position as f64
    }

    #[napi]
    pub fn resumed(&self) -> Items {
        let writer = self.writer.clone();
        begun(async move { open(&mut *writer.lock().await)?.resumed().await })
    }

    #[napi(ts_return_type = "Promise<void>")]
    pub fn restart<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let writer = self.writer.clone();
        run(env, abort, async move { open(&mut *writer.lock().await)?.restart().await })
    }

    #[napi(ts_return_type = "Promise<void>")]
    pub fn write<'env>(
        &self,
        env: &'env Env,
        chunk: Uint8ArraySlice<'_>,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let (writer, chunk) = (self.writer.clone(), Bytes::copy_from_slice(&chunk));
        run(env, abort, async move { open(&mut *writer.lock().await)?.write(chunk).await })
    }

    #[napi(ts_return_type = "Promise<void>")]
    pub fn describe<'env>(
        &self,
        env: &'env Env,
        metadata: HashMap<String, String>,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let writer = self.writer.clone();
        run(env, abort, async move {
            open(&mut *writer.lock().await)?.describe(metadata.into_iter().collect());
            Ok(())
        })
    }

    #[napi(ts_return_type = "Promise<ObjectMeta>")]
    pub fn commit<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let writer = self.writer.clone();
        run(env, abort, async move { writer.lock().await.take().ok_or_else(ended)?.commit().await })
    }

    #[napi(ts_return_type = "Promise<void>")]
    pub fn abort<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let writer = self.writer.clone();
        run(env, abort, async move {
            match writer.lock().await.take() {
                Some(writer) => writer.abort().await,
                // It was committed, or given up already.
                None => Ok(()),
            }
        })
    }

    /// Lets go of it: a part stays where parts are kept.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn close<'env>(&self, env: &'env Env) -> Promised<'env> {
        let writer = self.writer.clone();
        run(env, None, async move {
            drop(writer.lock().await.take());
            Ok(())
        })
    }
}

fn open(writer: &mut Option<Writer>) -> Result<&mut Writer> {
    writer.as_mut().ok_or_else(ended)
}

fn ended() -> Error {
    Error::new(ErrorKind::Config, "this file was committed or given up already; begin another")
}
