//! Recognising files that another program, or a person, put there.
//!
//! Whatever its name, a file whose bytes hash to Apple's checksum of a photo is that photo: it goes into the catalogue as
//! verified and is never fetched again. So is a file of a photo that this copy moved out of iCloud, which only the catalogue still
//! speaks of. Only files are read whose length some photo has. Nothing is changed in the storage.

mod exif;
mod report;
mod wishes;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::StreamExt;

pub use self::report::{AdoptEvent, AdoptReport};
use self::wishes::Wishes;
use super::catalogue::{Batch, FileKey, FileRow, Status};
use super::content::hash_all;
use super::engine::{Inner, SyncEngine};
use super::ledger::seconds;
use super::store::is_ours;
use crate::asset::{AssetId, Checksum, Digests, Role};
use crate::error::{Error, Result};
use crate::storage::{ObjectMeta, StoragePath};

/// Rows committed in one go.
const ROWS: usize = 2000;

/// What icloudpd's `--set-exif-datetime` can add to a JPEG, or take from it: one segment.
const EXIF_SEGMENT: u64 = 64 * 1024;

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
        let mut adoption = Adoption {
            tell: &tell,
            report: AdoptReport::default(),
            rehearse,
            rows: Vec::new(),
            have: HashSet::new(),
        };
        let tree = Tree::walk(&inner, &mut adoption).await?;
        let mut wishes = Wishes::list(&inner, &tree).await?;
        wishes.recall(&inner, &tree).await?;
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
    /// Whose it is.
    known: HashSet<(AssetId, Role)>,
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
                let mut proofs = rows.iter().filter(|row| is_proof(row, &meta)).peekable();
                if proofs.peek().is_none() {
                    tree.lengths.insert(meta.size);
                    tree.files.insert(meta.path.clone(), meta);
                    continue;
                }
                adoption.report.known += 1;
                for row in proofs {
                    tree.proven.extend(row.checksum);
                    let ours = row.key.library == inner.key;
                    tree.known.extend(ours.then(|| (row.key.asset.clone(), row.key.role)));
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

struct Adoption<'a> {
    tell: &'a (dyn Fn(AdoptEvent<'_>) + Send + Sync),
    report: AdoptReport,
    rehearse: bool,
    rows: Vec<FileRow>,
    /// Files that were found, or known before.
    have: HashSet<(AssetId, Role)>,
}

impl Adoption<'_> {
    async fn run(mut self, inner: &Arc<Inner>, tree: Tree, mut wishes: Wishes) -> Result<AdoptReport> {
        let Tree { files, proven, known, .. } = tree;
        self.have = known;
        let lengths: HashSet<u64> = wishes.by_content.values().flatten().map(|(_, _, size)| *size).collect();
        let (read, mut strangers): (Vec<_>, Vec<_>) =
            files.into_values().partition(|meta| lengths.contains(&meta.size));
        let contents = self.read(inner, read, &wishes, &mut strangers).await;
        for (checksum, metas) in &contents {
            self.recognise(inner, checksum, metas, &mut wishes).await?;
        }
        // Only now is it known which photos are not there under another name.
        strangers.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        for meta in &strangers {
            self.stranger(inner, meta, &wishes).await?;
        }
        self.commit(inner).await?;
        let missing = wishes.missing(contents.keys().chain(&proven));
        self.report.missing = missing.saturating_sub(self.report.derived + self.report.assumed);
        Ok(self.report)
    }

    /// Hashes files; gives those back that have the content of a photo, by content. The others go to the strangers.
    async fn read(
        &mut self,
        inner: &Inner,
        files: Vec<ObjectMeta>,
        wishes: &Wishes,
        strangers: &mut Vec<ObjectMeta>,
    ) -> HashMap<Checksum, Vec<ObjectMeta>> {
        let bytes = files.iter().map(|meta| meta.size).sum();
        (self.tell)(AdoptEvent::Reading { files: files.len() as u64, bytes });
        let mut contents: HashMap<Checksum, Vec<ObjectMeta>> = HashMap::new();
        let files = files.into_iter().map(|meta| (meta.path.clone(), meta)).collect();
        let mut hashed = std::pin::pin!(hash_all(&inner.storage, files, |_| false));
        while let Some((_, meta, digests)) = hashed.next().await {
            match digests {
                Ok(Some((_, Digests { checksum: content, .. }))) => {
                    self.report.bytes += meta.size;
                    (self.tell)(AdoptEvent::Read { bytes: meta.size });
                    if wishes.by_content.contains_key(&content) {
                        contents.entry(content).or_default().push(meta);
                    } else {
                        strangers.push(meta);
                    }
                }
                Ok(None) => {}
                Err(error) => self.unreadable(&meta.path, &error),
            }
        }
        contents
            .values_mut()
            .for_each(|metas| metas.sort_unstable_by(|one, other| one.path.cmp(&other.path)));
        contents
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
            // One that is proven already stays where it is.
            if !self.have.insert((asset.clone(), *role)) {
                continue;
            }
            let own = |meta: &&ObjectMeta| wishes.is_named(&meta.path, asset, *role);
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
        let Some(wish) = wishes.by_name(meta, &self.have) else {
            self.report.unknown += 1;
            (self.tell)(AdoptEvent::Unknown { path });
            return Ok(());
        };
        let near = wish.size.is_some_and(|size| size != meta.size && size.abs_diff(meta.size) < EXIF_SEGMENT);
        let derived =
            near && exif::is_derived(&*inner.storage, meta, wish.checksum.as_ref()).await.unwrap_or(false);
        let status = if derived {
            self.report.derived += 1;
            (self.tell)(AdoptEvent::Derived { path });
            Status::Derived
        } else if !wish.is_provable() && wish.size.is_none_or(|size| size == meta.size) {
            self.report.assumed += 1;
            (self.tell)(AdoptEvent::Assumed { path });
            Status::Assumed
        } else {
            self.report.damaged += 1;
            (self.tell)(AdoptEvent::Damaged { path });
            // Without a row the next run would take it for the photo, by its name and length.
            Status::Failed { reason: "the file that bears its name has other bytes".to_owned(), attempts: 0 }
        };
        if status.is_kept() {
            self.have.insert((wish.asset.clone(), wish.role));
        }
        let mut row = inner.row_at(&wish.asset, wish.role, meta, status);
        (row.resource_size, row.checksum) = (wish.size, wish.checksum);
        self.note(inner, row).await
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
}
