//! Recognising files that another program, or a person, put there.
//!
//! Whatever its name, a file whose bytes hash to Apple's checksum of a photo is that photo: it goes into the catalogue as
//! verified and is never fetched again. Only files are read whose length some photo has. Nothing is changed in the storage.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};

use super::catalogue::{Batch, FileKey, FileRow, Status};
use super::content::hash_all;
use super::engine::{Inner, SyncEngine};
use super::layout::Placement;
use super::ledger::seconds;
use super::store::is_ours;
use crate::asset::{Asset, AssetId, Assets, Checksum, Digests, Fields, Role, Scheme};
use crate::error::{Error, Result};
use crate::storage::{ObjectMeta, StoragePath};

/// Rows committed in one go.
const ROWS: usize = 2000;

/// What icloudpd's `--set-exif-datetime` can add to a JPEG, or take from it: one segment.
const EXIF_SEGMENT: u64 = 64 * 1024;

/// What was found about one file.
#[derive(Debug)]
#[non_exhaustive]
pub enum AdoptEvent<'a> {
    /// So many files are read, with so many bytes in all.
    Reading {
        /// Files whose length some photo has.
        files: u64,
        /// Their bytes.
        bytes: u64,
    },
    /// A file was read.
    Read {
        /// Its length.
        bytes: u64,
    },
    /// Its bytes are those of a photo.
    Recognised {
        /// Where it stands.
        path: &'a StoragePath,
        /// Whose it is; one of them, if several photos have these bytes.
        asset: &'a AssetId,
    },
    /// A whole JPEG under the name of a photo, of almost its length: icloudpd writes dates into files so.
    Derived {
        /// Where it stands.
        path: &'a StoragePath,
    },
    /// It has the name of a photo and not its bytes.
    Damaged {
        /// Where it stands.
        path: &'a StoragePath,
    },
    /// No photo of the library has its bytes.
    Unknown {
        /// Where it stands.
        path: &'a StoragePath,
    },
    /// It could not be read.
    Failed {
        /// Where it stands.
        path: &'a StoragePath,
        /// What happened.
        error: &'a Error,
    },
}

/// What an adoption found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdoptReport {
    /// Files in the storage.
    pub files: u64,
    /// Files the catalogue knew as verified, unchanged since: not read again.
    pub known: u64,
    /// Files whose bytes are those of a photo.
    pub recognised: u64,
    /// JPEGs that icloudpd wrote a date into.
    pub derived: u64,
    /// Files with the name of a photo and not its bytes.
    pub damaged: u64,
    /// Files that are no photo of the library.
    pub unknown: u64,
    /// Files that could not be read.
    pub failed: u64,
    /// Files that are wanted, by the engine's selection, and stand nowhere.
    pub missing: u64,
    /// Bytes that were read.
    pub bytes: u64,
}

impl fmt::Display for AdoptReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} files: {} recognised, {} known before, {} with a date written into them, {} damaged, {} unknown, {} \
             unreadable; still missing: {}",
            self.files,
            self.recognised,
            self.known,
            self.derived,
            self.damaged,
            self.unknown,
            self.failed,
            self.missing
        )
    }
}

impl SyncEngine {
    /// Recognises the files that stand in the storage, and notes them in the catalogue unless `rehearse` is set. One listing is
    /// sent to Apple; no file is fetched.
    ///
    /// # Errors
    /// The listing failed, or the catalogue; what concerns one file is told to `tell`.
    pub async fn adopt(
        &self,
        rehearse: bool,
        tell: impl Fn(AdoptEvent<'_>) + Send + Sync,
    ) -> Result<AdoptReport> {
        let inner = self.inner();
        let mut adoption =
            Adoption { tell: &tell, report: AdoptReport::default(), rehearse, rows: Vec::new() };
        let tree = Tree::walk(&inner, &mut adoption).await?;
        let wishes = Wishes::list(&inner, &tree).await?;
        let outcome = adoption.run(&inner, tree, wishes).await;
        outcome.map_err(|error| error.during("adopt"))
    }
}

/// The files that stand there, some hundred bytes each.
#[derive(Default)]
struct Tree {
    files: HashMap<StoragePath, ObjectMeta>,
    lengths: HashSet<u64>,
    /// What the catalogue has proven already, by content.
    proven: HashSet<Checksum>,
}

impl Tree {
    async fn walk(inner: &Inner, adoption: &mut Adoption<'_>) -> Result<Self> {
        let mut tree = Self::default();
        let mut files = inner.storage.list(&StoragePath::root()).ready_chunks(ROWS);
        while let Some(found) = files.next().await {
            let mut metas = Vec::new();
            for meta in found {
                match meta {
                    Ok(meta) if !is_ours(&meta.path) => metas.push(meta),
                    Ok(_) => {}
                    Err(error) => adoption.unreadable(&StoragePath::root(), &error),
                }
            }
            let paths: Vec<_> = metas.iter().map(|meta| meta.path.clone()).collect();
            let rows = inner.catalogue.files_at(&paths).await?;
            for (meta, rows) in metas.into_iter().zip(rows) {
                adoption.report.files += 1;
                match rows.iter().find(|row| is_proof(row, &meta)) {
                    Some(row) => {
                        adoption.report.known += 1;
                        tree.proven.extend(row.checksum);
                    }
                    None => {
                        tree.lengths.insert(meta.size);
                        tree.files.insert(meta.path.clone(), meta);
                    }
                }
            }
        }
        Ok(tree)
    }
}

fn is_proof(row: &FileRow, meta: &ObjectMeta) -> bool {
    let untouched = row.size == Some(meta.size) && row.modified == meta.modified.map(seconds);
    matches!(row.status, Status::Verified) && untouched
}

/// What the library has that the tree could hold.
#[derive(Default)]
struct Wishes {
    /// Files of the library whose length is there, by content.
    by_content: HashMap<Checksum, Vec<(AssetId, Role, u64)>>,
    /// Which file should stand under a name that is taken.
    by_name: HashMap<StoragePath, Wish>,
    /// How many files of each content are wanted; the key is the beginning of the checksum.
    wanted: HashMap<[u8; 8], u32>,
    /// Wanted files without a checksum.
    nameless: u64,
}

struct Wish {
    asset: AssetId,
    role: Role,
    size: Option<u64>,
    checksum: Option<Checksum>,
}

impl Wishes {
    async fn list(inner: &Arc<Inner>, tree: &Tree) -> Result<Self> {
        let mut wishes = Self::default();
        for album in &inner.albums {
            let mut assets = album.assets().fields(Fields::Basic).roles(Role::ALL);
            if let Some(recent) = inner.recent {
                assets = assets.limit(recent);
            }
            while let Some(asset) = assets.next().await {
                match asset {
                    Ok(asset) => wishes.take(inner, tree, &asset),
                    Err(error) if Assets::concerns_one(&error) => {
                        tracing::warn!(%error, "a photo could not be read");
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(wishes)
    }

    fn take(&mut self, inner: &Inner, tree: &Tree, asset: &Asset) {
        for resource in asset.resources() {
            if let (Some(size), Some(checksum)) = (resource.size, resource.checksum)
                && checksum.scheme() == Scheme::SaltedSha1
                && tree.lengths.contains(&size)
            {
                let files = self.by_content.entry(checksum).or_default();
                files.push((asset.id().clone(), resource.role, size));
            }
        }
        if inner.reason_to_skip(asset).is_none() {
            self.expect(tree, asset, &inner.layout.place(asset));
        }
    }

    fn expect(&mut self, tree: &Tree, asset: &Asset, placement: &Placement) {
        for file in &placement.files {
            let Some(resource) = asset.resource(file.role) else { continue };
            match resource.checksum {
                Some(checksum) => *self.wanted.entry(short(&checksum)).or_default() += 1,
                None => self.nameless += 1,
            }
            let Ok(path) = StoragePath::parse(&placement.path(&file.name)) else { continue };
            if tree.files.contains_key(&path) {
                self.by_name.entry(path).or_insert_with(|| Wish {
                    asset: asset.id().clone(),
                    role: file.role,
                    size: resource.size,
                    checksum: resource.checksum,
                });
            }
        }
    }
}

fn short(checksum: &Checksum) -> [u8; 8] {
    let mut first = [0; 8];
    first.copy_from_slice(&checksum.as_bytes()[1..9]);
    first
}

struct Adoption<'a> {
    tell: &'a (dyn Fn(AdoptEvent<'_>) + Send + Sync),
    report: AdoptReport,
    rehearse: bool,
    rows: Vec<FileRow>,
}

impl Adoption<'_> {
    async fn run(mut self, inner: &Arc<Inner>, tree: Tree, mut wishes: Wishes) -> Result<AdoptReport> {
        let lengths: HashSet<u64> = wishes.by_content.values().flatten().map(|(_, _, size)| *size).collect();
        let (read, odd): (Vec<_>, Vec<_>) =
            tree.files.into_values().partition(|meta| lengths.contains(&meta.size));
        let bytes = read.iter().map(|meta| meta.size).sum();
        (self.tell)(AdoptEvent::Reading { files: read.len() as u64, bytes });
        let mut contents: HashMap<Checksum, Vec<ObjectMeta>> = HashMap::new();
        let read = read.into_iter().map(|meta| (meta.path.clone(), meta)).collect();
        let mut hashed = std::pin::pin!(hash_all(&inner.storage, read, |_| false));
        while let Some((_, meta, digests)) = hashed.next().await {
            match digests {
                Ok(Some((_, Digests { checksum: content, .. }))) => {
                    self.report.bytes += meta.size;
                    (self.tell)(AdoptEvent::Read { bytes: meta.size });
                    if wishes.by_content.contains_key(&content) {
                        contents.entry(content).or_default().push(meta);
                    } else {
                        self.stranger(inner, &meta, &wishes).await?;
                    }
                }
                Ok(None) => {}
                Err(error) => self.unreadable(&meta.path, &error),
            }
        }
        for (checksum, metas) in &contents {
            self.recognise(inner, checksum, metas, &mut wishes).await?;
        }
        for meta in &odd {
            self.stranger(inner, meta, &wishes).await?;
        }
        self.commit(inner).await?;
        let have: HashSet<[u8; 8]> = contents.keys().chain(&tree.proven).map(short).collect();
        let missing = wishes.wanted.iter().filter(|(first, _)| !have.contains(*first));
        self.report.missing = missing.map(|(_, count)| u64::from(*count)).sum::<u64>() + wishes.nameless;
        self.report.missing = self.report.missing.saturating_sub(self.report.derived);
        Ok(self.report)
    }

    /// Files of one content: each asset that has it gets the one under its own name, else any.
    async fn recognise(
        &mut self,
        inner: &Inner,
        checksum: &Checksum,
        metas: &[ObjectMeta],
        wishes: &mut Wishes,
    ) -> Result<()> {
        let Some(owners) = wishes.by_content.remove(checksum) else { return Ok(()) };
        for meta in metas {
            self.report.recognised += 1;
            (self.tell)(AdoptEvent::Recognised { path: &meta.path, asset: &owners[0].0 });
        }
        for (at, (asset, role, _)) in owners.iter().enumerate() {
            let own = |meta: &&ObjectMeta| {
                wishes.by_name.get(&meta.path).is_some_and(|wish| wish.asset == *asset && wish.role == *role)
            };
            let Some(meta) = metas.iter().find(own).or_else(|| metas.get(at % metas.len())) else { continue };
            let mut row = inner.row_at(asset, *role, meta, Status::Verified);
            (row.resource_size, row.checksum) = (Some(meta.size), Some(*checksum));
            self.note(inner, row).await?;
        }
        Ok(())
    }

    /// A file whose bytes no photo has.
    async fn stranger(&mut self, inner: &Inner, meta: &ObjectMeta, wishes: &Wishes) -> Result<()> {
        let path = &meta.path;
        let Some(wish) = wishes.by_name.get(path) else {
            self.report.unknown += 1;
            (self.tell)(AdoptEvent::Unknown { path });
            return Ok(());
        };
        let near = wish.size.is_some_and(|size| size != meta.size && size.abs_diff(meta.size) < EXIF_SEGMENT);
        if near && inner.is_whole_jpeg(meta).await.unwrap_or(false) {
            self.report.derived += 1;
            (self.tell)(AdoptEvent::Derived { path });
            let mut row = inner.row_at(&wish.asset, wish.role, meta, Status::Derived);
            (row.resource_size, row.checksum) = (wish.size, wish.checksum);
            return self.note(inner, row).await;
        }
        self.report.damaged += 1;
        (self.tell)(AdoptEvent::Damaged { path });
        Ok(())
    }

    async fn note(&mut self, inner: &Inner, row: FileRow) -> Result<()> {
        self.rows.push(row);
        if self.rows.len() >= ROWS { self.commit(inner).await } else { Ok(()) }
    }

    async fn commit(&mut self, inner: &Inner) -> Result<()> {
        let files = std::mem::take(&mut self.rows);
        if self.rehearse || files.is_empty() {
            return Ok(());
        }
        inner.catalogue.commit(Batch { files, ..Batch::default() }).await
    }

    fn unreadable(&mut self, path: &StoragePath, error: &Error) {
        self.report.failed += 1;
        (self.tell)(AdoptEvent::Failed { path, error });
    }
}

impl Inner {
    /// A row about a file that stands there.
    fn row_at(&self, asset: &AssetId, role: Role, meta: &ObjectMeta, status: Status) -> FileRow {
        let key = FileKey { library: self.key.clone(), asset: asset.clone(), role };
        let mut row = FileRow::new(key, status, seconds(self.now()));
        row.path = Some(meta.path.clone());
        row.size = Some(meta.size);
        row.modified = meta.modified.map(seconds);
        row
    }

    /// Whether a file begins and ends as a JPEG does: one that was cut does not.
    async fn is_whole_jpeg(&self, meta: &ObjectMeta) -> Result<bool> {
        let start = self.storage.read(&meta.path, 0).await?.try_next().await?;
        let end = self.storage.read(&meta.path, meta.size.saturating_sub(2)).await?.try_next().await?;
        let begins = start.is_some_and(|bytes| bytes.starts_with(&[0xff, 0xd8]));
        Ok(begins && end.is_some_and(|bytes| bytes[..] == [0xff, 0xd9]))
    }
}
