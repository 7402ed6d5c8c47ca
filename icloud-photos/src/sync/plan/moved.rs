//! Files that somebody moved, found by their content.
//!
//! Only when a file is missing that the catalogue knows: then files are looked through that no row names, or that are not of the
//! length their row says; those of the right length are read, and the one with the right bytes is it.

use std::collections::HashMap;

use futures::StreamExt;

use super::super::catalogue::FileRow;
use super::super::content::{self, Source};
use super::super::engine::Inner;
use super::super::store::{MARK, is_ours};
use super::super::views::Folders;
use crate::asset::{Checksum, Digests};
use crate::error::Result;
use crate::storage::{ObjectMeta, StoragePath};

/// Files asked about in one go.
const FILES: usize = 1000;

/// The files of a storage that no row speaks for, by length.
pub(super) struct Strays(HashMap<u64, Vec<Stray>>);

struct Stray {
    meta: ObjectMeta,
    /// Its content, once it was read.
    content: Option<Digests>,
    taken: bool,
}

impl Strays {
    /// Walks the storage. What cannot be read is not found: it is fetched again.
    pub(super) async fn gather(inner: &Inner) -> Result<Self> {
        let (mut strays, mut inside): (HashMap<u64, Vec<Stray>>, Vec<String>) = (HashMap::new(), Vec::new());
        let views = Folders::of(&*inner.storage).await?;
        let mut files = inner.storage.list(&StoragePath::root()).ready_chunks(FILES);
        while let Some(found) = files.next().await {
            let is_none = |meta: &ObjectMeta| is_ours(&meta.path) || views.hold(&meta.path);
            let metas: Vec<_> = found.into_iter().flatten().filter(|meta| !is_none(meta)).collect();
            inside.extend(
                metas.iter().filter_map(|meta| meta.path.as_str().strip_suffix(MARK).map(str::to_owned)),
            );
            let paths: Vec<_> = metas.iter().map(|meta| meta.path.clone()).collect();
            let rows = inner.catalogue.files_at(&paths).await?;
            for (meta, rows) in metas.into_iter().zip(rows) {
                // Two files may have changed names.
                let speaks = |row: &FileRow| row.size.is_none_or(|size| size == meta.size);
                if !rows.iter().any(speaks) {
                    strays.entry(meta.size).or_default().push(Stray { meta, content: None, taken: false });
                }
            }
        }
        // What stands in another copy is that one's, wherever it is.
        for strays in strays.values_mut() {
            strays.retain(|stray| !inside.iter().any(|root| stray.meta.path.as_str().starts_with(root)));
        }
        Ok(Self(strays))
    }

    /// The file of this content, with its SHA-256: one that nobody took yet, or else one that another photo of the same bytes has, for they may have
    /// shared it before.
    pub(super) async fn find(
        &mut self,
        inner: &Inner,
        size: u64,
        checksum: &Checksum,
    ) -> Result<Option<(ObjectMeta, [u8; 32])>> {
        let Some(strays) = self.0.get_mut(&size) else { return Ok(None) };
        for stray in strays.iter_mut().filter(|stray| !stray.taken) {
            stray.read(inner).await;
            if let Some(found) = stray.of(checksum) {
                stray.taken = true;
                return Ok(Some(found));
            }
        }
        Ok(strays.iter().find_map(|stray| stray.of(checksum)))
    }

    /// The file with this SHA-256 that nobody took yet.
    pub(super) async fn find_stored(
        &mut self,
        inner: &Inner,
        size: u64,
        sha256: [u8; 32],
    ) -> Result<Option<ObjectMeta>> {
        let strays = self.0.get_mut(&size).into_iter().flatten();
        for stray in strays.filter(|stray| !stray.taken) {
            stray.read(inner).await;
            if stray.content.is_some_and(|digests| digests.sha256 == sha256) {
                stray.taken = true;
                return Ok(Some(stray.meta.clone()));
            }
        }
        Ok(None)
    }
}

impl Stray {
    async fn read(&mut self, inner: &Inner) {
        if self.content.is_none() {
            let read = content::look(&*inner.storage, &self.meta.path, Source::Told).await;
            self.content = read.ok().flatten().map(|(_, digests)| digests);
        }
    }

    fn of(&self, checksum: &Checksum) -> Option<(ObjectMeta, [u8; 32])> {
        let digests = self.content.filter(|digests| digests.checksum == *checksum)?;
        Some((self.meta.clone(), digests.sha256))
    }
}
