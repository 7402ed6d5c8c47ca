//! The bytes of an asset, and what proves them.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use icloud_photos::asset::Role;
use icloud_photos::storage::StoragePath;
use icloud_photos::{Error, ErrorKind, Result};
use icloud_photos_bindings::{Proven, chunks};
use napi::Env;
use napi::bindgen_prelude::{ClassInstance, Either, Function, Unknown};
use napi_derive::napi;

use crate::asset::{Asset, role};
use crate::library::number;
use crate::progress::Progress;
use crate::runtime::{Abort, Feed, Promised, now, run};
use crate::storage::{Shared, Storage, folder, given};
use crate::value::{ToJs, moment};

#[napi]
pub struct Downloader(icloud_photos::download::Downloader);

/// Under what name a file is to be saved, and how.
#[napi(object, object_to_js = false)]
pub struct Place {
    pub name: String,
    /// Milliseconds since 1970.
    pub modified_ms: Option<f64>,
    pub replace: bool,
}

impl Downloader {
    pub(crate) fn new(library: &icloud_photos::Library) -> Self {
        Self(icloud_photos::download::Downloader::new(library))
    }
}

#[napi]
impl Downloader {
    #[napi(ts_return_type = "Promise<[Buffer, Proof]>")]
    pub fn bytes<'env>(
        &self,
        env: &'env Env,
        asset: &Asset,
        role: String,
        limit: f64,
        progress: Option<Function<'_, f64, ()>>,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let wanted = now(Wanted::new(self, asset, &role, Progress::new(progress)?))?;
        let limit = number("limit", limit);
        run(env, abort, async move {
            let limit = limit?;
            wanted.progress.heard(wanted.download().bytes(limit)).await
        })
    }

    #[napi(ts_return_type = "Promise<Saved>")]
    pub fn save<'env>(
        &self,
        env: &'env Env,
        asset: &Asset,
        role: String,
        to: Either<String, ClassInstance<'_, Storage>>,
        place: Place,
        progress: Option<Function<'_, f64, ()>>,
        abort: Option<&Abort>,
    ) -> Promised<'env> {
        let wanted = now(Wanted::new(self, asset, &role, Progress::new(progress)?))?;
        let to = match to {
            Either::A(path) => Either::A(path),
            Either::B(storage) => Either::B(given(&storage)),
        };
        run(env, abort, async move {
            let path = StoragePath::parse(&place.name)?;
            let storage: Shared = match to {
                Either::A(path) => Arc::new(folder(path).await?),
                Either::B(storage) => storage,
            };
            let mut download = wanted.download();
            if let Some(time) = place.modified_ms.and_then(moment) {
                download = download.modified(time);
            }
            if place.replace {
                download = download.replace();
            }
            wanted.progress.heard(download.save(storage.as_ref(), &path)).await
        })
    }

    #[napi]
    pub fn stream(
        &self,
        asset: &Asset,
        role: String,
        start: f64,
        end: Option<f64>,
        progress: Option<Function<'_, f64, ()>>,
    ) -> napi::Result<ByteStream> {
        let wanted = now(Wanted::new(self, asset, &role, Progress::new(progress)?))?;
        let range = now(range(start, end))?;
        Ok(ByteStream::new(wanted, range))
    }
}

fn range(start: f64, end: Option<f64>) -> Result<Option<Range<u64>>> {
    let start = number("start", start)? as u64;
    let end = end.map(|end| number("end", end)).transpose()?.map(|end| end as u64);
    if end.is_some_and(|end| end < start) {
        return Err(Error::new(
            ErrorKind::Config,
            "end must not be less than start: it is the byte after the last",
        ));
    }
    Ok((start > 0 || end.is_some()).then(|| start..end.unwrap_or(u64::MAX)))
}

/// A download that has not begun.
struct Wanted {
    downloader: icloud_photos::download::Downloader,
    asset: icloud_photos::Asset,
    role: Role,
    progress: Progress,
}

impl Wanted {
    fn new(downloader: &Downloader, asset: &Asset, name: &str, progress: Progress) -> Result<Self> {
        let (downloader, asset) = (downloader.0.clone(), asset.0.clone());
        Ok(Self { downloader, asset, role: role(name)?, progress })
    }

    fn download(&self) -> icloud_photos::download::Download<'_> {
        let progress = self.progress.clone();
        self.downloader.get(&self.asset, self.role).progress(move |bytes| progress.tell(bytes))
    }

    fn stream(&self, range: Option<Range<u64>>) -> Result<icloud_photos::download::ByteStream> {
        match range {
            None => self.download().stream(),
            Some(range) => self.download().range(range).stream(),
        }
    }
}

/// Bytes as they come.
#[napi]
pub struct ByteStream {
    chunks: Feed<Bytes>,
    progress: Progress,
    proven: Proven,
}

impl ByteStream {
    fn new(wanted: Wanted, range: Option<Range<u64>>) -> Self {
        let progress = wanted.progress.clone();
        let (chunks, proven) = chunks(move || wanted.stream(range));
        Self { chunks: Feed::at_most(1, chunks), progress, proven }
    }
}

#[napi]
impl ByteStream {
    /// One chunk, or none at the end.
    #[napi(ts_return_type = "Promise<Array<Buffer>>")]
    pub fn next<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let (read, progress) = (self.chunks.read(), self.progress.clone());
        run(env, abort, async move { Ok(progress.heard(read).await?.all()) })
    }

    #[napi]
    pub fn close(&self) {
        self.chunks.close();
    }

    #[napi(getter, ts_return_type = "Proof | null")]
    pub fn proof<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        self.proven.get().to_js().make(env)
    }
}
