//! Files that somebody moved, found by their content.
//!
//! Only when a file is missing that the catalogue knows: then files that no row names are looked through, those of its length
//! are read, and the one with its bytes is it.

use std::collections::HashMap;

use futures::StreamExt;

use super::super::content;
use super::super::engine::Inner;
use super::super::store::is_ours;
use crate::asset::Checksum;
use crate::error::Result;
use crate::storage::{ObjectMeta, StoragePath};

/// Files asked about in one go.
const FILES: usize = 1000;

/// The files of a storage that no row names, by length.
pub(super) struct Strays(HashMap<u64, Vec<Stray>>);

struct Stray {
    meta: ObjectMeta,
    /// Its content, once it was read.
    content: Option<Checksum>,
    taken: bool,
}

impl Strays {
    /// Walks the storage. What cannot be read is not found: it is fetched again.
    pub(super) async fn gather(inner: &Inner) -> Result<Self> {
        let mut strays: HashMap<u64, Vec<Stray>> = HashMap::new();
        let mut files = inner.storage.list(&StoragePath::root()).ready_chunks(FILES);
        while let Some(found) = files.next().await {
            let metas: Vec<_> = found.into_iter().flatten().filter(|meta| !is_ours(&meta.path)).collect();
            let paths: Vec<_> = metas.iter().map(|meta| meta.path.clone()).collect();
            let rows = inner.catalogue.files_at(&paths).await?;
            for (meta, _) in metas.into_iter().zip(rows).filter(|(_, rows)| rows.is_empty()) {
                strays.entry(meta.size).or_default().push(Stray { meta, content: None, taken: false });
            }
        }
        Ok(Self(strays))
    }

    /// The file of this content: one that nobody took yet, or else one that another photo of the same bytes has, for they may have
    /// shared it before.
    pub(super) async fn find(
        &mut self,
        inner: &Inner,
        size: u64,
        checksum: &Checksum,
    ) -> Result<Option<ObjectMeta>> {
        let Some(strays) = self.0.get_mut(&size) else { return Ok(None) };
        for stray in strays.iter_mut().filter(|stray| !stray.taken) {
            if stray.content.is_none() {
                let read = content::read(&*inner.storage, &stray.meta.path, false).await;
                stray.content = read.ok().flatten().map(|(_, digests)| digests.checksum);
            }
            if stray.content.as_ref() == Some(checksum) {
                stray.taken = true;
                return Ok(Some(stray.meta.clone()));
            }
        }
        let taken = strays.iter().find(|stray| stray.content.as_ref() == Some(checksum));
        Ok(taken.map(|stray| stray.meta.clone()))
    }
}
