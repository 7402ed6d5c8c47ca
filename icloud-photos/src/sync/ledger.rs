//! What a run learns, on its way into the catalogue.
//!
//! A row says `verified` only once the file's bytes and its name are on the disk: rows wait here, the storage is flushed, and
//! then they are committed together. The token that covers them comes last.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::catalogue::{BEGUN, Batch, FileKey, FileRow, Progress, RECORD, RemovalRow, RemovalState, Status};
use super::engine::Inner;
use super::event::Target;
use super::removal::MoveRule;
use super::store;
use crate::asset::{AssetId, Role, Scheme};
use crate::download::{Proof, Saved};
use crate::error::{Error, Result};
use crate::storage::{ObjectMeta, StoragePath};

/// In seconds, somewhat less than a day: a run that starts at the same time every day shall find everything due.
const A_DAY: i64 = 20 * 60 * 60;

/// After so many rows, or bytes, the storage is flushed and the rows are written: that bounds what a cut of power can undo.
const ROWS: usize = 4000;
const BYTES: u64 = 64 << 20;

/// Rows that wait for the next flush.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    waiting: Mutex<Vec<FileRow>>,
    /// Rows that are being written down: what one round could not finish is left to the next.
    flushing: Mutex<(Vec<FileKey>, Vec<FileRow>, Vec<AssetId>)>,
    /// Files that another asset of the same bytes has, or is about to get.
    shared: Mutex<Vec<FileRow>>,
    /// Files that are neither here nor in iCloud.
    gone: Mutex<Vec<FileKey>>,
    /// Assets that leave iCloud because a file of theirs was fetched.
    owed: Mutex<Vec<AssetId>>,
    /// What is to be remembered beside how far the library was copied.
    asides: Mutex<Vec<Progress>>,
    /// Bytes that were stored since the last flush.
    unflushed: AtomicU64,
    /// The id that the storage bore when the run began.
    mark: Option<String>,
}

impl Ledger {
    /// An empty one, for a run that begins.
    pub(super) async fn open(inner: &Inner) -> Result<Self> {
        let mark = store::require_own(&*inner.storage, &*inner.catalogue).await?;
        Ok(Self { mark: mark.filter(|_| inner.remembers()), ..Self::default() })
    }

    /// A file was fetched.
    pub(super) fn fetched(
        &self,
        inner: &Inner,
        target: &Target,
        saved: &Saved,
        modified: Option<SystemTime>,
    ) {
        let status = if saved.rewritten { Status::Derived } else { status_of(saved.proof) };
        let mut row = inner.row(target, status);
        row.path = Some(saved.path.clone());
        row.size = Some(saved.size);
        row.modified = modified.map(seconds);
        row.sha256 = Some(saved.sha256);
        self.unflushed.fetch_add(saved.size, Relaxed);
        // What no list shows has left already, and came back here for a file that was lost.
        if inner.removals.rule == Some(MoveRule::Fetched)
            && !(target.asset.is_trashed() || target.asset.is_hidden())
        {
            lock(&self.owed).push(target.asset.id().clone());
        }
        self.add(inner, row);
    }

    /// A file stood where this asset's belongs, and the catalogue did not know; `proven` is the hash of its bytes, if they were read; they are
    /// `doubted` where that alone speaks for them.
    pub(super) fn found(
        &self,
        inner: &Inner,
        target: &Target,
        found: Option<&ObjectMeta>,
        proven: Option<[u8; 32]>,
        doubted: bool,
    ) {
        let row = inner.standing_row(target, found, proven, doubted);
        if inner.remembers() {
            lock(&self.shared).push(row);
        }
    }

    /// A file that was missing stands under another name: its bytes were read.
    pub(super) fn renamed(&self, inner: &Inner, row: FileRow, found: &ObjectMeta) {
        self.add(inner, FileRow { at: seconds(inner.now()), ..row.found_at(found) });
    }

    /// A file that stands is of another tree than it was. Other layouts that took it for theirs hear of it.
    pub(super) fn settled(&self, inner: &Inner, row: FileRow, before: FileKey) {
        self.add(inner, row);
        self.gone(inner, before);
    }

    /// A file that was wanted could not be had. Which bytes would be right, if that is known, stays known.
    pub(super) fn failed(
        &self,
        inner: &Inner,
        target: &Target,
        failures: u32,
        before: Option<FileRow>,
        error: &Error,
    ) {
        let reason = error.to_string();
        let reason = before.as_ref().map_or(reason.clone(), |before| before.failed_since(reason));
        let status = Status::Failed { reason, attempts: failures.saturating_add(1) };
        let mut row = inner.row(target, status);
        row.path = Some(target.path.clone());
        row.modified = before.as_ref().filter(|before| before.was_right()).and_then(|before| before.modified);
        if let Some(before) = before.filter(|before| before.sha256.is_some() && before.path.is_some()) {
            (row.path, row.size, row.sha256) = (before.path, before.size, before.sha256);
        }
        self.add(inner, row);
    }

    /// A file that nobody asks for any more, and that is not here.
    pub(super) fn gone(&self, inner: &Inner, key: FileKey) {
        if inner.remembers() {
            lock(&self.gone).push(key);
        }
    }

    /// iCloud itself has no such file.
    pub(super) fn lacking(&self, inner: &Inner, asset: &AssetId, role: Role, error: &Error) {
        let status = Status::Failed { reason: error.to_string(), attempts: 1 };
        let key = FileKey::new(inner.key.clone(), asset.clone(), role).within(inner.tree.clone());
        self.add(inner, FileRow::new(key, status, seconds(inner.now())));
    }

    /// Something beside how far the library was copied.
    pub(super) fn aside(&self, inner: &Inner, progress: Progress) {
        lock(&self.asides).push(Progress { at: seconds(inner.now()), ..progress });
    }

    /// A row as it is to be.
    pub(super) fn add(&self, inner: &Inner, row: FileRow) {
        if inner.remembers() {
            lock(&self.waiting).push(row);
        }
    }

    /// Whether so much waits that it should be written down.
    pub(super) fn is_full(&self) -> bool {
        self.waiting_rows() >= ROWS || self.unflushed.load(Relaxed) >= BYTES
    }

    /// Whether writing cannot keep up.
    pub(super) fn is_overfull(&self) -> bool {
        self.waiting_rows() >= 4 * ROWS
    }

    fn waiting_rows(&self) -> usize {
        lock(&self.waiting).len().max(lock(&self.shared).len()).max(lock(&self.gone).len())
    }

    /// Flushes the storage, and gives the rows that waited before that. They are kept until [`Ledger::written`].
    pub(super) async fn collect(&self, inner: &Inner) -> Result<Batch> {
        let (gone_files, files, owed) = {
            let mut flushing = lock(&self.flushing);
            // Before the rows that take their places: those are here already.
            flushing.0.append(&mut lock(&self.gone));
            flushing.1.append(&mut lock(&self.waiting));
            flushing.2.append(&mut lock(&self.owed));
            flushing.clone()
        };
        self.unflushed.store(0, Relaxed);
        inner.storage.flush().await?;
        if !(files.is_empty() && gone_files.is_empty()) {
            // A disk that was taken away took the files with it that are spoken of here.
            if let Some(mark) = &self.mark {
                store::require_mark(&*inner.storage, mark).await?;
            }
        }
        let progress = if gone_files.is_empty() { Vec::new() } else { self.unsettled(inner).await? };
        let removals = owed.into_iter().map(|asset| inner.owes(asset)).collect();
        Ok(Batch { gone_files, progress, removals, ..batch(files) })
    }

    /// What was collected is in the catalogue.
    pub(super) fn written(&self) {
        *lock(&self.flushing) = Default::default();
    }

    /// A file that this selection asks for no more may be wanted by another, which would never hear of it again: the others
    /// list everything the next time.
    async fn unsettled(&self, inner: &Inner) -> Result<Vec<Progress>> {
        let all = inner.catalogue.all_progress().await?;
        let others = all.into_iter().filter(|progress| {
            let knows = progress.token.is_some() || progress.pending.is_some();
            let is_one = progress.library == inner.key && progress.selection != inner.selection;
            is_one && knows && ![BEGUN, RECORD].iter().any(|about| progress.selection.starts_with(about))
        });
        Ok(others.map(|progress| Progress { token: None, pending: None, ..progress }).collect())
    }

    /// Files that were found so far, for [`Ledger::settle`].
    pub(super) fn take_found(&self) -> Vec<FileRow> {
        std::mem::take(&mut *lock(&self.shared))
    }

    /// Rows for what was found before the last rows were written, as proven where it is a proven file.
    pub(super) async fn settle(&self, inner: &Inner, found: Vec<FileRow>) -> Result<Batch> {
        let paths: Vec<StoragePath> = found.iter().filter_map(|row| row.path.clone()).collect();
        let owners = inner.catalogue.files_at(&paths).await?;
        // A file that is about to come has no owner yet.
        let (early, found): (Vec<_>, Vec<_>) =
            found.into_iter().zip(owners).partition(|(row, owners)| row.size.is_none() && owners.is_empty());
        lock(&self.shared).extend(early.into_iter().map(|(row, _)| row));
        Ok(batch(found.into_iter().filter_map(|(row, owners)| proven_by(row, &owners)).collect()))
    }

    /// A run came to its end and covers nothing: the next one lists from the start.
    pub(super) async fn start_over(&self, inner: &Inner) -> Result<()> {
        let before = inner.catalogue.progress(&inner.key, &inner.selection).await?;
        match before.filter(|before| before.pending.is_some()) {
            Some(before) => {
                let over = Progress { pending: None, at: seconds(inner.now()), ..before };
                inner.catalogue.commit(Batch { progress: vec![over], ..Batch::default() }).await
            }
            None => Ok(()),
        }
    }

    /// The last word of a run that saw everything.
    pub(super) async fn cover(&self, inner: &Inner, progress: Progress) -> Result<()> {
        let asides = std::mem::take(&mut *lock(&self.asides));
        if !asides.is_empty() {
            inner.catalogue.commit(Batch { progress: asides, ..Batch::default() }).await?;
        }
        let before = inner.catalogue.progress(&progress.library, &progress.selection).await?;
        if before.is_some_and(|before| before.token == progress.token && before.pending.is_none()) {
            return Ok(());
        }
        let progress = Progress { at: seconds(inner.now()), ..progress };
        inner.catalogue.commit(Batch { progress: vec![progress], ..Batch::default() }).await
    }
}

/// The same bytes under the same name are as proven for this asset as for the one they were fetched for, and as much missing
/// if they could not be had. A file that nobody fetched gets no row.
fn proven_by(row: FileRow, owners: &[FileRow]) -> Option<FileRow> {
    // Its bytes were read.
    if row.sha256.is_some() {
        return Some(row);
    }
    let same = |owner: &&FileRow| {
        let content = owner.checksum.is_some() && owner.checksum == row.checksum;
        content && (row.size.is_none() || owner.size == row.size)
    };
    let kept = owners.iter().filter(same).find(|owner| owner.status.is_kept());
    match kept.or_else(|| owners.iter().find(same)) {
        Some(owner) => Some(FileRow {
            status: owner.status.clone(),
            size: owner.size,
            modified: owner.modified,
            sha256: owner.sha256,
            ..row
        }),
        None => row.size.is_some().then_some(row),
    }
}

pub(super) fn status_of(proof: Proof) -> Status {
    match proof {
        Proof::Verified => Status::Verified,
        Proof::Unconfirmed(_) => Status::Unconfirmed,
    }
}

fn batch(files: Vec<FileRow>) -> Batch {
    Batch { files, ..Batch::default() }
}

impl Inner {
    /// What Apple says of a file, and whether it is to have a sidecar.
    fn row(&self, target: &Target, status: Status) -> FileRow {
        let mut row = FileRow::new(self.key_of(target), status, seconds(self.now()));
        row.sidecar = self.gets_sidecar(&target.asset, target.role);
        let resource = target.asset.resource(target.role);
        row.resource_size = resource.and_then(|resource| resource.size);
        row.checksum = resource.and_then(|resource| resource.checksum);
        row
    }

    /// What is to be said of a file that stands where this asset's belongs.
    pub(super) fn standing_row(
        &self,
        target: &Target,
        found: Option<&ObjectMeta>,
        proven: Option<[u8; 32]>,
        doubted: bool,
    ) -> FileRow {
        let status = match proven {
            Some(_) if doubted => Status::Unconfirmed,
            Some(_) => Status::Verified,
            None => Status::Assumed,
        };
        let mut row = self.row(target, status);
        // Old versions of icloudpd gave it another name.
        row.path = Some(found.map_or(&target.path, |found| &found.path).clone());
        row.size = found.map(|found| found.size);
        row.modified = found.and_then(|found| found.modified).map(seconds);
        row.sha256 = proven;
        row
    }

    /// A file stands there whose bytes came again.
    pub(super) fn found_row(
        &self,
        target: &Target,
        there: &ObjectMeta,
        status: Status,
        sha256: [u8; 32],
    ) -> FileRow {
        let mut row = self.row(target, status);
        row.path = Some(there.path.clone());
        row.size = Some(there.size);
        row.modified = there.modified.map(seconds);
        row.sha256 = Some(sha256);
        row
    }

    fn owes(&self, asset: AssetId) -> RemovalRow {
        let at = seconds(self.now());
        let selection = Some(self.selection.clone());
        RemovalRow { selection, ..RemovalRow::new(self.key.clone(), asset, RemovalState::Owed, at) }
    }

    pub(super) fn now(&self) -> SystemTime {
        self.library.session().clock().now()
    }
}

impl FileRow {
    /// Whether bytes that could not be confirmed should be asked for again: once a day.
    pub(super) fn is_due(&self, now: SystemTime) -> bool {
        // Older versions kept no hash of them at first.
        let tried = self.sha256.is_some() && seconds(now).saturating_sub(self.at) < A_DAY;
        self.status == Status::Unconfirmed && self.is_provable() && !tried
    }

    /// The row of a file that was missing, and whose bytes stand there.
    pub(super) fn found_at(self, found: &ObjectMeta) -> Self {
        let status = if self.status == Status::Derived { Status::Derived } else { Status::Verified };
        let (path, size) = (Some(found.path.clone()), Some(found.size));
        Self { path, size, modified: found.modified.map(seconds), status, ..self }
    }

    /// Whether Apple's checksum can speak for the bytes.
    pub(super) fn is_provable(&self) -> bool {
        self.checksum.is_some_and(|checksum| checksum.scheme() == Scheme::SaltedSha1)
    }

    /// Whether its bytes are, or were once, other than Apple's on purpose, and our own hash says which they are.
    pub(super) fn was_derived(&self) -> bool {
        let grew = self.size.zip(self.resource_size).is_some_and(|(size, sent)| size != sent);
        match self.status {
            Status::Derived => true,
            Status::Failed { .. } => self.was_right() && grew && self.sha256.is_some(),
            _ => false,
        }
    }
}

/// The reverse of [`seconds`].
pub(super) fn time_of(seconds: i64) -> SystemTime {
    let span = Duration::from_secs(seconds.unsigned_abs());
    let time = match seconds {
        0.. => SystemTime::UNIX_EPOCH.checked_add(span),
        _ => SystemTime::UNIX_EPOCH.checked_sub(span),
    };
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Seconds since 1970, also before.
pub(super) fn seconds(time: SystemTime) -> i64 {
    let whole = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => whole(since),
        Err(before) => -whole(before.duration()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
