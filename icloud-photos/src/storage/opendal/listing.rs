//! What lies in a storage, but for what this storage itself keeps there.

use std::sync::Arc;

use futures::future;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use opendal::options::ListOptions;
use opendal::{Entry, EntryMode};

use super::{STAGING, Shared, fault, object};
use crate::error::Result;
use crate::storage::{ObjectMeta, STAT_AT_ONCE, StoragePath};

impl Shared {
    /// The files below a folder whose paths are wanted.
    pub(super) fn list(
        self: Arc<Self>,
        prefix: StoragePath,
        wanted: impl Fn(&str) -> bool + Send + 'static,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let folder = if prefix.as_str().is_empty() { "/".to_owned() } else { format!("{prefix}/") };
        let open = async move {
            match self.operator.lister_options(&folder, recursive()).await {
                Ok(lister) => Ok(entries(self, lister, prefix).boxed()),
                Err(error) if error.kind() == opendal::ErrorKind::NotFound => Ok(stream::empty().boxed()),
                Err(error) => Err(fault(error, &prefix)),
            }
        };
        let found = stream::once(open).try_flatten();
        let is_ours = |path: &str| path.split('/').next() == Some(STAGING);
        let wanted = move |meta: &ObjectMeta| !is_ours(meta.path.as_str()) && wanted(meta.path.as_str());
        found.filter(move |item| future::ready(item.as_ref().map_or(true, &wanted))).boxed()
    }
}

pub(super) fn recursive() -> ListOptions {
    ListOptions { recursive: true, ..ListOptions::default() }
}

/// The files among what a service lists. A list that does not tell lengths has them asked for.
fn entries(
    shared: Arc<Shared>,
    lister: opendal::Lister,
    prefix: StoragePath,
) -> impl futures::Stream<Item = Result<ObjectMeta>> + Send {
    let is_file = |entry: &Result<Entry, opendal::Error>| match entry {
        Ok(entry) => entry.metadata().mode() != EntryMode::DIR && !entry.path().ends_with('/'),
        Err(error) => error.kind() != opendal::ErrorKind::NotFound,
    };
    let files = lister.filter(move |entry| future::ready(is_file(entry)));
    files
        .map(move |entry| {
            let (shared, prefix) = (shared.clone(), prefix.clone());
            async move {
                let entry = entry.map_err(|error| fault(error, &prefix))?;
                let path = StoragePath::parse(entry.path())?;
                match entry.metadata().mode() {
                    EntryMode::FILE => Ok(Some(object(path, entry.metadata()))),
                    _ => shared.stat(&path).await,
                }
            }
        })
        .buffered(STAT_AT_ONCE)
        .try_filter_map(future::ok)
}
