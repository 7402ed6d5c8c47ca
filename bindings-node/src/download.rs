//! The bytes of an asset, and what proves them.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::StreamExt;
use icloud_photos::asset::Role;
use icloud_photos::download::{Doubt, Proof, Saved};
use icloud_photos::storage::StoragePath;
use icloud_photos::{Error, ErrorKind, Result};
use napi::Env;
use napi::bindgen_prelude::{ClassInstance, Either, Function, Unknown};
use napi_derive::napi;

use crate::asset::{Asset, role};
use crate::library::number;
use crate::progress::Progress;
use crate::runtime::{Abort, Promised, Slot, lock, now, run};
use crate::storage::{Shared, Storage, folder, given};
use crate::value::{ToJs, Value, as_member, as_model, moment};

#[napi]
pub struct Downloader(icloud_photos::download::Downloader);

as_member!(Doubt);
as_model!(Saved {
    c"path": path,
    c"size": size,
    c"proof": proof,
    c"checksum": checksum,
    c"sha256": sha256,
    c"resumedFrom": resumed_from,
    c"copied": copied,
    c"rewritten": rewritten,
});

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
        Ok(ByteStream { stream: Slot::new(Stream::New(Box::new(wanted), range)), proof: Arc::default() })
    }
}

fn range(start: f64, end: Option<f64>) -> Result<Option<Range<u64>>> {
    let start = number("start", start)? as u64;
    let end = end.map(|end| number("end", end)).transpose()?.map(|end| end as u64);
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
}

impl ToJs for Proof {
    fn to_js(self) -> Value {
        let doubt = match self {
            Self::Unconfirmed(doubt) => Some(doubt),
            _ => None,
        };
        Value::Model(vec![(c"verified", matches!(self, Self::Verified).to_js()), (c"doubt", doubt.to_js())])
    }
}

/// Bytes as they come.
#[napi]
pub struct ByteStream {
    stream: Slot<Stream>,
    proof: Arc<Mutex<Option<Proof>>>,
}

enum Stream {
    New(Box<Wanted>, Option<Range<u64>>),
    Running(icloud_photos::download::ByteStream, Progress),
}

#[napi]
impl ByteStream {
    /// Nothing at the end.
    #[napi(ts_return_type = "Promise<Buffer | null>")]
    pub fn next<'env>(&self, env: &'env Env, abort: Option<&Abort>) -> Promised<'env> {
        let (slot, proof) = (self.stream.clone(), self.proof.clone());
        run(env, abort, async move {
            let Some(mut held) = slot.take()? else { return Ok(None) };
            let Some(stream) = held.item.take() else { return Ok(None) };
            let (stream, progress) = stream.begun()?;
            // An aborted call puts it back where it was.
            let (running, _) = held.item.insert(Stream::Running(stream, progress.clone())).running()?;
            match progress.heard(running.next()).await {
                Some(Ok(chunk)) => Ok(Some(chunk)),
                Some(Err(error)) => {
                    held.item = None;
                    Err(error)
                }
                None => {
                    *lock(&proof) = running.proof();
                    held.item = None;
                    Ok(None::<Bytes>)
                }
            }
        })
    }

    #[napi]
    pub fn close(&self) {
        self.stream.close();
    }

    #[napi(getter, ts_return_type = "Proof | null")]
    pub fn proof<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        let proof = *lock(&self.proof);
        proof.to_js().make(env)
    }
}

impl Stream {
    fn begun(self) -> Result<(icloud_photos::download::ByteStream, Progress)> {
        match self {
            Self::Running(stream, progress) => Ok((stream, progress)),
            Self::New(wanted, range) => {
                let mut download = wanted.download();
                if let Some(range) = range {
                    download = download.range(range);
                }
                let stream = download.stream()?;
                Ok((stream, wanted.progress))
            }
        }
    }

    fn running(&mut self) -> Result<(&mut icloud_photos::download::ByteStream, &Progress)> {
        match self {
            Self::Running(stream, progress) => Ok((stream, progress)),
            Self::New(..) => {
                Err(Error::new(ErrorKind::Unexpected, "a stream has not begun; please report this"))
            }
        }
    }
}
