//! Dates inside of pictures, sidecars beside them, what types of files are called, and digests.

use std::sync::Mutex;

use bytes::Bytes;
use icloud_photos::asset::{Checksum, uti};
use icloud_photos::metadata::exif;
use icloud_photos_bindings::{ToValue, Value};
use napi::Env;
use napi::bindgen_prelude::{Buffer, Uint8Array, Unknown};
use napi_derive::napi;

use crate::asset::Batch;
use crate::runtime::{Abort, Promised, blocking, lock, now, run};
use crate::value::ToJs;

#[napi(ts_return_type = "Promise<Buffer>")]
pub fn with_date<'env>(
    env: &'env Env,
    data: Uint8Array,
    date: String,
    abort: Option<&Abort>,
) -> Promised<'env> {
    let data = data.to_vec();
    run(env, abort, async move { blocking(move || exif::with_date(&data, &date).map(Bytes::from)).await })
}

#[napi(ts_return_type = "Promise<boolean>")]
pub fn has_date<'env>(env: &'env Env, data: Uint8Array, abort: Option<&Abort>) -> Promised<'env> {
    let data = data.to_vec();
    run(env, abort, async move { blocking(move || exif::has_date(&data)).await })
}

/// The packet of a sidecar, or what takes the place of `existing`: null if that says it already.
#[napi]
impl Batch {
    #[napi(ts_return_type = "Buffer | null")]
    pub fn sidecar<'env>(
        &self,
        env: &'env Env,
        at: u32,
        albums: Option<Vec<Vec<String>>>,
        rendering: bool,
        existing: Option<Uint8Array>,
    ) -> napi::Result<Unknown<'env>> {
        let existing = existing.map(|bytes| bytes.to_vec());
        let packet =
            now(icloud_photos_bindings::sidecar(self.at(at)?, albums.as_deref(), rendering, existing))?;
        packet.map(Bytes::from).to_js().make(env)
    }
}

/// The ending of names, kind, and whether it is RAW, by a uniform type identifier.
#[napi(ts_return_type = "{ extension: string | null; kind: MediaKind; isRaw: boolean }")]
pub fn type_of(env: &Env, identifier: String) -> napi::Result<Unknown<'_>> {
    let members = vec![
        ("extension", uti::extension(&identifier).to_value()),
        ("kind", uti::kind(&identifier).to_value()),
        ("is_raw", uti::is_raw(&identifier).to_value()),
    ];
    Value::Model("FileType", members).to_js().make(env)
}

#[napi(ts_return_type = "Checksum | null")]
pub fn parse_checksum(env: &Env, text: String) -> napi::Result<Unknown<'_>> {
    Checksum::parse(&text).to_js().make(env)
}

/// Apple's checksum and SHA-256 in one pass.
#[napi]
pub struct Hasher(Mutex<icloud_photos::asset::Hasher>);

#[napi]
impl Hasher {
    #[napi(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self(Mutex::new(icloud_photos::asset::Hasher::new()))
    }

    #[napi]
    pub fn update(&self, data: Buffer) {
        lock(&self.0).update(&data);
    }

    #[napi(getter)]
    #[allow(clippy::cast_precision_loss)]
    pub fn length(&self) -> f64 {
        lock(&self.0).length() as f64
    }

    #[napi(ts_return_type = "Digests")]
    pub fn digests<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        let hasher = lock(&self.0).clone();
        hasher.finish().to_js().make(env)
    }
}
