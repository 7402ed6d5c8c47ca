//! A file gets its name, which was free.
//!
//! The service is asked to refuse a name that is taken. Not all that speak S3 know how; they say so (`NotImplemented`), and from then on
//! whether the name is free is asked just before, as where files are renamed.

use std::sync::atomic::Ordering::Relaxed;

use opendal::Buffer;

use super::fault::is_not_implemented;
use super::{CHUNK, NOTES, Shared, fault, key};
use crate::error::{Error, ErrorKind, Result, Retry};
use crate::storage::{Metadata, StoragePath, WriteOptions};

/// Puts a file under its name in one request.
pub(super) async fn put(
    shared: &Shared,
    path: &StoragePath,
    options: &WriteOptions,
    bytes: Buffer,
    metadata: Metadata,
) -> Result<()> {
    let asked = !options.replace && shared.refuses_taken();
    match put_once(shared, path, options, bytes.clone(), metadata.clone()).await {
        Ok(()) => {
            shared.has_refused.fetch_or(asked, Relaxed);
            Ok(())
        }
        Err(error) if asked && cannot_refuse(shared, &error).await => {
            shared.refuses_taken.store(false, Relaxed);
            put_once(shared, path, options, bytes, metadata).await
        }
        Err(error) => Err(error),
    }
}

async fn put_once(
    shared: &Shared,
    path: &StoragePath,
    options: &WriteOptions,
    bytes: Buffer,
    metadata: Metadata,
) -> Result<()> {
    if !shared.refuses_taken() {
        require_free(shared, path, options).await?;
    }
    let how = appearing(shared, options, metadata);
    let put = shared.operator.write_options(key(path)?, bytes, how).await;
    put.map(drop).map_err(|error| fault(error, path))
}

/// Whether it was the question that failed. A service may end the connection before it has read a file of some length, and nobody hears why:
/// an empty one gets through.
async fn cannot_refuse(shared: &Shared, error: &Error) -> bool {
    if shared.has_refused.load(Relaxed) || error.retry() == Retry::Never {
        return is_not_implemented(error);
    }
    let Ok(probe) = StoragePath::parse(&format!("{NOTES}/{}", uuid::Uuid::new_v4().simple())) else {
        return false;
    };
    let put = put_once(shared, &probe, &WriteOptions::default(), Buffer::new(), Metadata::new()).await;
    // One that stays is no note, and goes with the next tidying.
    let _ = shared.operator.delete(probe.as_str()).await;
    put.is_err_and(|error| is_not_implemented(&error))
}

/// A name must be free unless it may be replaced. Where the service can be asked to see to that itself, it is.
pub(super) async fn require_free(shared: &Shared, path: &StoragePath, options: &WriteOptions) -> Result<()> {
    if shared.stat(path).await?.is_some() && !options.replace {
        let advice = "something with this name exists already";
        return Err(Error::new(ErrorKind::AlreadyExists, advice).with("path", path));
    }
    Ok(())
}

/// How a file appears under its name in one go.
pub(super) fn appearing(
    shared: &Shared,
    options: &WriteOptions,
    metadata: Metadata,
) -> opendal::options::WriteOptions {
    let keeps = shared.keeps_metadata() && !metadata.is_empty();
    opendal::options::WriteOptions {
        if_not_exists: !options.replace && shared.refuses_taken(),
        user_metadata: keeps.then(|| metadata.into_iter().collect()),
        chunk: shared.can().write_can_multi.then_some(CHUNK),
        ..Default::default()
    }
}
