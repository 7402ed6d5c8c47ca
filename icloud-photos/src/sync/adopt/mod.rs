//! Recognising files that another program, or a person, put there.
//!
//! Whatever its name, a file whose bytes hash to Apple's checksum of a photo is that photo: it goes into the catalogue as
//! verified and is never fetched again. So is a file of a photo that this copy moved out of iCloud, which only the catalogue still
//! speaks of. Only files are read whose length some photo has, or whose name. Nothing is changed in the storage.
//!
//! What the catalogue knows already counts: a file that its own SHA-256 proves to be what was stored stays known, and no row
//! gives way to one that knows less.

mod exif;
mod report;
mod tree;
mod wishes;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::StreamExt;

pub use self::report::{AdoptEvent, AdoptOptions, AdoptReport};
use self::tree::{Standing, Tree};
use self::wishes::{Wish, Wishes};
use super::catalogue::{Batch, FileKey, FileRow, Status};
use super::content;
use super::content::{Source, look_at_all};
use super::engine::{Inner, SyncEngine};
use super::ledger::seconds;
use super::store::require_own;
use crate::asset::{AssetId, Checksum, Digests, Role};
use crate::error::Result;
use crate::storage::{ObjectMeta, StoragePath};

/// Rows committed in one go.
const ROWS: usize = 2000;

/// After so many files, or bytes, what was recognised is written down: whoever ends an adoption loses no more than that.
const ROUND_FILES: usize = 500;
const ROUND_BYTES: u64 = 1 << 30;

const OTHER_BYTES: &str = "the file that bears its name has other bytes";

impl SyncEngine {
    /// Recognises the files that stand in the storage, and notes them in the catalogue. One listing is
    /// sent to Apple; no file is fetched.
    ///
    /// # Errors
    /// The listing failed, or the catalogue, or it is about another storage; what concerns one file is told to `tell`.
    pub async fn adopt(
        &self,
        options: AdoptOptions,
        tell: impl Fn(AdoptEvent<'_>) + Send + Sync,
    ) -> Result<AdoptReport> {
        let outcome = adopt(self.inner(), options, &tell).await;
        outcome.map_err(|error| error.during("adopt"))
    }
}

type Tell<'a> = &'a (dyn Fn(AdoptEvent<'_>) + Send + Sync);

async fn adopt(inner: Arc<Inner>, options: AdoptOptions, tell: Tell<'_>) -> Result<AdoptReport> {
    let mut report = AdoptReport::default();
    require_own(&*inner.storage, &*inner.catalogue).await?;
    if !options.rehearse {
        inner.recall_moved().await?;
    }
    let (tree, files) = Tree::walk(&inner, &mut report, tell).await?;
    let mut wishes = Wishes::list(&inner, &tree, &mut report).await?;
    wishes.recall(&inner, &tree).await?;
    let Tree { known, proven, .. } = tree;
    let adoption = Adoption {
        inner,
        tell,
        report,
        options,
        wishes,
        rows: Vec::new(),
        superseded: Vec::new(),
        have: known.clone(),
        known,
        contents: proven,
        dirty: HashSet::new(),
    };
    adoption.run(files).await
}

/// A file whose content is known.
struct Place {
    meta: ObjectMeta,
    sha256: Option<[u8; 32]>,
}

struct Adoption<'a> {
    inner: Arc<Inner>,
    tell: Tell<'a>,
    report: AdoptReport,
    options: AdoptOptions,
    wishes: Wishes,
    rows: Vec<FileRow>,
    /// What was known of those files in this tree, or in none, as long as they were not found.
    superseded: Vec<FileKey>,
    /// Files of assets that the catalogue has proven before: they stay where they are.
    known: HashSet<(AssetId, Role)>,
    /// Those, and what was found.
    have: HashSet<(AssetId, Role)>,
    /// Where each content stands.
    contents: HashMap<Checksum, Vec<Place>>,
    /// Contents of which a file was found since the last round.
    dirty: HashSet<Checksum>,
}

impl Adoption<'_> {
    async fn run(mut self, files: Vec<Standing>) -> Result<AdoptReport> {
        // What is proven for another library that shares the folder is for this one, too.
        let shared: Vec<_> = self.contents.keys().copied().collect();
        shared.iter().for_each(|content| self.touch(content));
        let lengths: HashSet<u64> =
            self.wishes.by_content.values().flatten().map(|(_, _, size)| *size).collect();
        let (read, mut strangers): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| {
            let named = !self.wishes.at(&file.meta.path).is_empty();
            named || lengths.contains(&file.meta.size) || file.kept().next().is_some()
        });
        let unreadable = self.read(read, &mut strangers).await?;
        // Only now is it known which photos are not there under another name.
        strangers.sort_unstable_by(|one, other| one.meta.path.cmp(&other.meta.path));
        let lost = self.lengths_not_found();
        for file in strangers {
            self.stranger(&file, &lost).await?;
        }
        for file in unreadable {
            self.unread(&file).await?;
        }
        self.commit().await?;
        self.report.missing = self.wishes.missing(self.contents.keys());
        Ok(self.report)
    }

    /// Hashes files and notes those that have the content of a photo, or that their row proves. The others go to the strangers;
    /// gives back those that could not be read.
    async fn read(&mut self, files: Vec<Standing>, strangers: &mut Vec<Standing>) -> Result<Vec<Standing>> {
        let bytes = files.iter().map(|file| file.meta.size).sum();
        (self.tell)(AdoptEvent::Reading { files: files.len() as u64, bytes });
        let files = files.into_iter().map(|file| (file.meta.path.clone(), file)).collect();
        let storage = self.inner.storage.clone();
        let reread = self.options.reread;
        let source = move |file: &Standing| if reread { Source::Bytes } else { Source::for_rows(&file.rows) };
        let mut hashed = std::pin::pin!(look_at_all(&storage, files, source));
        let (mut unreadable, mut in_round, mut round) = (Vec::new(), 0, 0);
        while let Some((_, file, digests)) = hashed.next().await {
            match digests {
                Ok(Some((size, digests))) => {
                    self.report.bytes += size;
                    (self.tell)(AdoptEvent::Read { bytes: size });
                    (in_round, round) = (in_round + 1, round + size);
                    strangers.extend(self.judge(file, &digests).await?);
                }
                Ok(None) => {}
                Err(error) => {
                    self.report.failed += 1;
                    (self.tell)(AdoptEvent::Failed { path: &file.meta.path, error: &error });
                    unreadable.push(file);
                }
            }
            if in_round >= ROUND_FILES || round >= ROUND_BYTES {
                (in_round, round) = (0, 0);
                self.claim_all().await?;
                self.commit().await?;
            }
        }
        self.claim_all().await?;
        Ok(unreadable)
    }

    /// Gives the file back if it is neither a photo of the list nor what its row says.
    async fn judge(&mut self, file: Standing, digests: &Digests) -> Result<Option<Standing>> {
        let Digests { checksum, sha256 } = *digests;
        if let Some((asset, _, _)) = self.wishes.by_content.get(&checksum).and_then(|owners| owners.first()) {
            self.report.recognised += 1;
            (self.tell)(AdoptEvent::Recognised { path: &file.meta.path, asset });
            self.contents.entry(checksum).or_default().push(Place { meta: file.meta, sha256: Some(sha256) });
            self.touch(&checksum);
            return Ok(None);
        }
        let vouching: Vec<_> = file.kept().filter_map(|row| confirmed(row, &file.meta, digests)).collect();
        if vouching.is_empty() {
            return Ok(Some(file));
        }
        self.report.known += 1;
        for row in vouching {
            self.have.insert((row.key.asset.clone(), row.key.role));
            for wish in self.wishes.at(&file.meta.path).to_vec() {
                if wish.asset == row.key.asset && wish.role == row.key.role {
                    self.wishes.settle(&wish);
                }
            }
            if !file.rows.contains(&row) {
                self.note(row).await?;
            }
        }
        Ok(None)
    }

    fn touch(&mut self, content: &Checksum) {
        if self.wishes.by_content.contains_key(content) {
            self.dirty.insert(*content);
        }
    }

    /// Each asset gets, of the files with its content, the one under its own name, else any.
    async fn claim_all(&mut self) -> Result<()> {
        for checksum in std::mem::take(&mut self.dirty) {
            for row in self.claim(&checksum) {
                self.note(row).await?;
            }
        }
        Ok(())
    }

    fn claim(&mut self, checksum: &Checksum) -> Vec<FileRow> {
        let Some(places) = self.contents.get_mut(checksum) else { return Vec::new() };
        places.sort_unstable_by(|one, other| one.meta.path.cmp(&other.meta.path));
        let owners = self.wishes.by_content.get(checksum).into_iter().flatten();
        let mut rows = Vec::new();
        for (at, (asset, role, size)) in owners.enumerate() {
            if self.known.contains(&(asset.clone(), *role)) {
                continue;
            }
            let own = |place: &&Place| self.wishes.is_named(&place.meta.path, asset, *role);
            let Some(place) = places.iter().find(own).or_else(|| places.get(at % places.len())) else {
                continue;
            };
            let key = FileKey::new(self.inner.key.clone(), asset.clone(), *role);
            // What stands where this layout puts it is of its tree; anything else is where its owner wants it, whatever the layout.
            let (mine, none) = (key.clone().within(self.inner.tree.clone()), key);
            let (key, other) = if own(&place) { (mine, none) } else { (none, mine) };
            self.superseded.push(other);
            let mut row = self.inner.row_at(key, &place.meta, Status::Verified);
            (row.resource_size, row.checksum) = (Some(*size), Some(*checksum));
            row.sha256 = place.sha256;
            rows.push(row);
            self.have.insert((asset.clone(), *role));
        }
        rows
    }

    /// Lengths of photos that stand nowhere.
    fn lengths_not_found(&self) -> HashSet<u64> {
        let lost = self.wishes.by_content.iter().filter(|(content, _)| !self.contents.contains_key(*content));
        lost.flat_map(|(_, owners)| owners).map(|(_, _, size)| *size).collect()
    }

    /// A file whose bytes no photo has, and no row.
    async fn stranger(&mut self, file: &Standing, lost: &HashSet<u64>) -> Result<()> {
        let path = &file.meta.path;
        let wishes = self.wishes.at(path).to_vec();
        if self.is_dated(file, &wishes).await? {
            return Ok(());
        }
        if file.is_of_another_library {
            self.report.known += 1;
            return Ok(());
        }
        let owned: Vec<_> = file.kept().filter(|row| !self.has(&row.key.asset, row.key.role)).collect();
        if !owned.is_empty() {
            self.damaged(path);
            for row in owned {
                let status = Status::Failed { reason: OTHER_BYTES.to_owned(), attempts: 0 };
                self.note(FileRow { status, at: seconds(self.inner.now()), ..row.clone() }).await?;
            }
            return Ok(());
        }
        let Some(wish) = self.open(&wishes, &file.meta) else {
            self.report.unknown += 1;
            (self.tell)(AdoptEvent::Unknown { path, like_missing: lost.contains(&file.meta.size) });
            return Ok(());
        };
        let sha256 = self.right_bytes(file, &wish).await;
        let status = if !wish.is_provable() && wish.size.is_none_or(|size| size == file.meta.size) {
            self.report.assumed += 1;
            (self.tell)(AdoptEvent::Assumed { path });
            self.settle(&wish);
            Status::Assumed
        } else {
            self.damaged(path);
            // Without a row the next run would take it for the photo, by its name and length.
            Status::Failed { reason: OTHER_BYTES.to_owned(), attempts: 0 }
        };
        self.note_wish(&wish, &file.meta, status, sha256).await
    }

    /// Whether it is a photo with its date written into it: one that is not there otherwise, if possible.
    async fn is_dated(&mut self, file: &Standing, wishes: &[Wish]) -> Result<bool> {
        let (open, had): (Vec<&Wish>, Vec<_>) =
            wishes.iter().partition(|wish| !self.has(&wish.asset, wish.role));
        let (mut proven, mut likely) = (None, Vec::new());
        for wish in open.into_iter().chain(had) {
            match exif::look(&*self.inner.storage, &file.meta, wish).await.ok().flatten() {
                Some(dated) if dated.proven => {
                    proven = Some((wish, dated));
                    break;
                }
                Some(dated) => likely.push((wish, dated)),
                None => {}
            }
        }
        // Of photos of one name, second and size any may be meant, and a wrong guess would cost the other.
        let is_one = likely.windows(2).all(|two| two[0].0.is_content_of(two[1].0));
        let guess = likely.into_iter().next().filter(|_| is_one);
        let Some((wish, dated)) = proven.or(guess) else { return Ok(false) };
        self.report.derived += 1;
        (self.tell)(AdoptEvent::Derived { path: &file.meta.path, proven: dated.proven });
        if !self.has(&wish.asset, wish.role) {
            self.settle(wish);
            self.note_wish(wish, &file.meta, Status::Derived, Some(dated.sha256)).await?;
        }
        Ok(true)
    }

    /// What the name stands for and is not there otherwise, of this length if possible.
    fn open(&self, wishes: &[Wish], meta: &ObjectMeta) -> Option<Wish> {
        let mut open = wishes.iter().filter(|wish| !self.has(&wish.asset, wish.role));
        let first = open.next()?;
        let fits = |wish: &&Wish| wish.size == Some(meta.size);
        Some(std::iter::once(first).chain(open).find(fits).unwrap_or(first).clone())
    }

    /// A file that could not be read: without a row the next run would take it for the photo, by its name and length.
    async fn unread(&mut self, file: &Standing) -> Result<()> {
        let wishes = self.wishes.at(&file.meta.path).to_vec();
        match self.open(&wishes, &file.meta) {
            Some(wish) if file.rows.is_empty() => {
                let reason = "the file that bears its name cannot be read".to_owned();
                self.note_wish(&wish, &file.meta, Status::Failed { reason, attempts: 0 }, None).await
            }
            _ => Ok(()),
        }
    }

    /// The hash of the bytes that are right should Apple send them, whatever its checksum says: those that were known to be, else
    /// those that stand there.
    async fn right_bytes(&self, file: &Standing, wish: &Wish) -> Option<[u8; 32]> {
        let same = |row: &&FileRow| row.key.asset == wish.asset && row.key.role == wish.role;
        if let Some(row) = file.rows.iter().find(same)
            && row.sha256.is_some()
        {
            return row.sha256;
        }
        let read = content::read(&*self.inner.storage, &file.meta.path).await;
        read.ok().flatten().map(|(_, digests)| digests.sha256)
    }

    fn has(&self, asset: &AssetId, role: Role) -> bool {
        self.have.contains(&(asset.clone(), role))
    }

    fn settle(&mut self, wish: &Wish) {
        self.have.insert((wish.asset.clone(), wish.role));
        self.wishes.settle(wish);
    }

    fn damaged(&mut self, path: &StoragePath) {
        self.report.damaged += 1;
        (self.tell)(AdoptEvent::Damaged { path });
    }

    async fn note_wish(
        &mut self,
        wish: &Wish,
        meta: &ObjectMeta,
        status: Status,
        sha256: Option<[u8; 32]>,
    ) -> Result<()> {
        let none = FileKey::new(self.inner.key.clone(), wish.asset.clone(), wish.role);
        self.superseded.push(none.clone());
        let mut row = self.inner.row_at(none.within(self.inner.tree.clone()), meta, status);
        (row.resource_size, row.checksum, row.sha256) = (wish.size, wish.checksum, sha256);
        self.note(row).await
    }

    async fn note(&mut self, row: FileRow) -> Result<()> {
        self.rows.push(row);
        if self.rows.len() >= ROWS { self.commit().await } else { Ok(()) }
    }

    async fn commit(&mut self) -> Result<()> {
        let (files, gone_files) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.superseded));
        if self.options.rehearse || files.is_empty() {
            return Ok(());
        }
        self.inner.catalogue.commit(Batch { files, gone_files, ..Batch::default() }).await
    }
}

/// The row with what reading the file added to it, if its bytes are what the row says: what Apple's checksum proves, or our own
/// hash. Rows that were made before each had a hash know the length only.
fn confirmed(row: &FileRow, meta: &ObjectMeta, digests: &Digests) -> Option<FileRow> {
    let proven = row.checksum == Some(digests.checksum);
    let unproven = matches!(row.status, Status::Unconfirmed | Status::Derived);
    let as_stored = match row.sha256 {
        Some(sha256) => sha256 == digests.sha256,
        None => unproven && row.size == Some(meta.size),
    };
    let status = if proven { Status::Verified } else { row.status.clone() };
    let (size, modified) = (Some(meta.size), meta.modified.map(seconds));
    let sha256 = Some(digests.sha256);
    (proven || as_stored).then(|| FileRow { status, size, modified, sha256, ..row.clone() })
}

impl Inner {
    /// A row about a file that stands there.
    fn row_at(&self, key: FileKey, meta: &ObjectMeta, status: Status) -> FileRow {
        let mut row = FileRow::new(key, status, seconds(self.now()));
        row.path = Some(meta.path.clone());
        row.size = Some(meta.size);
        row.modified = meta.modified.map(seconds);
        row
    }
}
