//! Reading again what the catalogue says is there.
//!
//! Apple's checksum in the catalogue proves a file without fetching it; the row of a file that was read has our SHA-256 as well from
//! then on. What is damaged or missing can be fetched again, what could not be fetched or was found to be damaged before, and what
//! was stored though its checksum does not prove it; the bad bytes are kept in a dated folder, for they might be somebody's own
//! work. A file that several photos share is one file.

mod finding;
mod repair;
mod report;
mod views;

use std::sync::Arc;

use futures::StreamExt;

use self::finding::{noted, reason};
pub use self::report::{Fault, VerifyEvent, VerifyOptions, VerifyReport};
use super::catalogue::{Batch, Catalogue, FileKey, FileRow, Status};
use super::content::{Source, look_at_all};
use super::copies::elsewhere;
use super::dating::undone;
use super::engine::{Inner, Missing, SyncEngine};
use super::event::is_sidecar;
use super::ledger::seconds;
use super::store::{is_ours, require_own};
use super::trial::are_one;
use super::views::Folders;
use crate::asset::Digests;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Storage, StoragePath};

/// Rows looked at in one go.
const ROWS: usize = 1000;

const OTHERS_ENGINE: &str = "the engine keeps another storage than the one that is verified; repair with an engine that keeps this one";

/// Reads the files of a storage that its catalogue says are there, and judges them. `engine` is who fetches bad ones again, if
/// the options ask for it; its library's, that is. Otherwise nothing is sent to Apple.
///
/// # Errors
/// What the catalogue reports, and [`ErrorKind::StoreLost`] if it is about another storage, or `engine` keeps another; what concerns one file
/// is told to `tell`.
pub async fn verify(
    storage: Arc<dyn Storage>,
    catalogue: Arc<dyn Catalogue>,
    options: VerifyOptions,
    engine: Option<&SyncEngine>,
    tell: impl Fn(VerifyEvent<'_>) + Send + Sync,
) -> Result<VerifyReport> {
    let repairer = engine.filter(|_| options.repair).map(SyncEngine::inner);
    let report = VerifyReport::default();
    let verification = Verification { storage, catalogue, repairer, options, tell: &tell, report };
    verification.run().await.map_err(|error| error.during("verify"))
}

struct Verification<'a> {
    storage: Arc<dyn Storage>,
    catalogue: Arc<dyn Catalogue>,
    repairer: Option<Arc<Inner>>,
    options: VerifyOptions,
    tell: &'a (dyn Fn(VerifyEvent<'_>) + Send + Sync),
    report: VerifyReport,
}

enum Verdict {
    Sound(FileRow),
    Unproven(FileRow),
    /// The photo is here, under another name.
    Beside(FileRow),
    Bad(Fault),
    /// The photo, but not as it was stored: its date is another. It stays known as it was, for as a proof it is as good.
    Redated(Fault),
}

/// A file, and the rows that say it stands there, or should: more than one if several photos share it.
type Shared = (StoragePath, Vec<FileRow>);

/// What may be worth fetching again.
#[derive(Default)]
struct Found {
    bad: Vec<Shared>,
    /// As they were stored, though iCloud may have something better.
    doubted: Vec<Shared>,
}

impl Verification<'_> {
    async fn run(mut self) -> Result<VerifyReport> {
        require_own(&*self.storage, &*self.catalogue).await?;
        if let Some(repairer) = &self.repairer {
            // What it fetches goes where it copies to.
            require_own(&*repairer.storage, &*self.catalogue).await?;
            if !are_one(&self.storage, &repairer.storage).await? {
                return Err(Error::new(ErrorKind::StoreLost, OTHERS_ENGINE));
            }
        }
        let mut after: Option<FileKey> = None;
        loop {
            let rows = self.catalogue.files(None, after.as_ref(), ROWS).await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.key.clone());
            let files = self.files_of(rows).await?;
            let Found { bad, doubted } = self.read(files).await?;
            if let Some(repairer) = self.repairer.clone() {
                self.repair(&repairer, bad).await?;
                self.better(&repairer, doubted).await?;
            }
        }
        self.strays().await?;
        self.views().await?;
        Ok(self.report)
    }

    /// The files that these rows are about. One that several rows are about comes with the first of them.
    async fn files_of(&self, rows: Vec<FileRow>) -> Result<Vec<Shared>> {
        let (keys, paths): (Vec<_>, Vec<_>) =
            rows.into_iter().filter_map(|row| Some((row.key, row.path?))).unzip();
        let owners = self.catalogue.files_at(&paths).await?;
        let mut files = Vec::new();
        for ((key, path), owners) in keys.into_iter().zip(paths).zip(owners) {
            let is_first = owners.iter().all(|owner| key <= owner.key);
            files.extend((is_first && self.options.takes(&key)).then_some((path, owners)));
        }
        Ok(files)
    }

    async fn read(&mut self, files: Vec<Shared>) -> Result<Found> {
        let (mut learned, mut found) = (Vec::new(), Found::default());
        let storage = self.storage.clone();
        let reread = self.options.reread;
        let source = move |rows: &Vec<FileRow>| if reread { Source::Bytes } else { Source::for_rows(rows) };
        let mut hashed = std::pin::pin!(look_at_all(&storage, files, source));
        while let Some((path, rows, digests)) = hashed.next().await {
            match digests {
                Ok(Some((size, digests))) => {
                    self.report.bytes += size;
                    let unproven = self.report.unproven;
                    let doubted: Vec<_> = rows.iter().filter(|row| row.is_doubtful(size)).cloned().collect();
                    let wrong = self.judge_all(&path, rows, size, &digests, &mut learned).await;
                    if !wrong.is_empty() {
                        found.bad.push((path, wrong));
                    } else if self.report.unproven > unproven && !doubted.is_empty() {
                        found.doubted.push((path, doubted));
                    }
                }
                Ok(None) => {
                    let rows = self.not_beside(rows, &mut learned).await;
                    let is_bad = !rows.is_empty() && self.is_missing(&path, &rows).await?;
                    found.bad.extend(is_bad.then_some((path, rows)));
                }
                Err(error) => self.failed(&path, &error),
            }
        }
        self.commit(learned).await?;
        Ok(found)
    }

    /// Tells what was found; gives the rows back that are wrong about the file.
    async fn judge_all(
        &mut self,
        path: &StoragePath,
        rows: Vec<FileRow>,
        size: u64,
        digests: &Digests,
        learned: &mut Vec<FileRow>,
    ) -> Vec<FileRow> {
        let (mut wrong, mut fault, mut proven, mut promoted) = (Vec::new(), None, false, false);
        let mut beside = None;
        for row in &rows {
            match self.judge(row, size, digests).await {
                Verdict::Sound(now) => {
                    proven = true;
                    promoted |= !matches!(row.status, Status::Verified | Status::Derived);
                    learned.extend((now != *row).then_some(now));
                }
                Verdict::Unproven(now) => learned.extend((now != *row).then_some(now)),
                Verdict::Beside(now) => {
                    beside = now.path.clone();
                    learned.push(now);
                }
                Verdict::Redated(found) => {
                    fault.get_or_insert((found, None));
                    wrong.push(row.clone());
                }
                Verdict::Bad(found) => {
                    learned.extend(noted(row, found));
                    fault.get_or_insert((absent(row, &rows).unwrap_or(found), reason(row)));
                    wrong.push(row.clone());
                }
            }
        }
        let event = match fault {
            Some((fault, reason)) => {
                self.report.bad += 1;
                VerifyEvent::Bad { path, fault, reason }
            }
            None if proven => {
                self.report.proven += 1;
                self.report.promoted += u64::from(promoted);
                VerifyEvent::Sound { path, bytes: size }
            }
            None => match &beside {
                Some(path) => {
                    self.report.proven += 1;
                    VerifyEvent::Sound { path, bytes: size }
                }
                None => {
                    self.report.unproven += 1;
                    return wrong;
                }
            },
        };
        (self.tell)(event);
        wrong
    }

    /// The rows of a missing file whose photo stands under no other name.
    async fn not_beside(&mut self, rows: Vec<FileRow>, learned: &mut Vec<FileRow>) -> Vec<FileRow> {
        let (mut missing, mut beside) = (Vec::new(), None);
        for row in rows {
            match self.beside(&row).await {
                Some(now) => {
                    beside = now.path.clone().zip(now.size);
                    learned.push(now);
                }
                None => missing.push(row),
            }
        }
        if let Some((path, bytes)) = beside.filter(|_| missing.is_empty()) {
            self.report.proven += 1;
            (self.tell)(VerifyEvent::Sound { path: &path, bytes });
        }
        missing
    }

    /// Whether that is wrong. What was never here, was not removed. A tree that somebody removed for another took nothing away that a run
    /// in it would not put back.
    async fn is_missing(&mut self, path: &StoragePath, rows: &[FileRow]) -> Result<bool> {
        let was_here = rows.iter().all(|row| row.status.is_kept());
        let removed =
            was_here && (self.options.missing == Missing::Respect || self.are_in_other_trees(rows).await?);
        if removed {
            self.report.removed += 1;
            (self.tell)(VerifyEvent::Removed { path });
        } else {
            self.report.bad += 1;
            let reason = rows.iter().find_map(reason);
            (self.tell)(VerifyEvent::Bad { path, fault: Fault::Missing, reason });
        }
        Ok(!removed)
    }

    /// Whether each of these files stands in another tree of the folder. Whether it is right there is told when it is read there.
    async fn are_in_other_trees(&self, rows: &[FileRow]) -> Result<bool> {
        for row in rows {
            let all = self.catalogue.files_of(&row.key.library, std::slice::from_ref(&row.key.asset)).await?;
            let same = |other: &&FileRow| {
                other.key.is_same_file(&row.key) && other.key != row.key && other.checksum == row.checksum
            };
            let paths = all.iter().flatten().filter(same).filter(|other| other.status.is_kept());
            let paths: Vec<_> = paths.filter_map(|other| other.path.clone()).collect();
            if !self.storage.stat_all(paths).await.iter().any(|there| matches!(there, Ok(Some(_)))) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn failed(&mut self, path: &StoragePath, error: &Error) {
        self.report.failed += 1;
        (self.tell)(VerifyEvent::Failed { path, error });
    }

    async fn commit(&self, files: Vec<FileRow>) -> Result<()> {
        if files.is_empty() || self.options.read_only {
            return Ok(());
        }
        self.catalogue.commit(Batch { files, ..Batch::default() }).await
    }

    /// A bad file is not missed where the photo stands under another name as well.
    async fn judge(&self, row: &FileRow, size: u64, digests: &Digests) -> Verdict {
        match self.judge_here(row, size, digests).await {
            Verdict::Bad(fault) => match self.beside(row).await {
                Some(now) => Verdict::Beside(now),
                None => Verdict::Bad(fault),
            },
            verdict => verdict,
        }
    }

    async fn beside(&self, row: &FileRow) -> Option<FileRow> {
        let (there, proven) = elsewhere(&*self.storage, &*self.catalogue, row).await.ok()??;
        Some(row.proven_at(&there.path, there.modified.map(seconds), &proven))
    }

    async fn judge_here(&self, row: &FileRow, size: u64, digests: &Digests) -> Verdict {
        let sha256_agrees = row.sha256 == Some(digests.sha256);
        let unhashed = row.sha256.is_none() && row.size == Some(size) && !row.is_proven_otherwise();
        let (now_size, sha256) = (Some(size), Some(digests.sha256));
        if row.checksum == Some(digests.checksum) {
            return Verdict::Sound(FileRow {
                status: Status::Verified,
                size: now_size,
                sha256,
                ..row.clone()
            });
        }
        // One that Apple's record is wrong about bears no date of ours.
        if row.status != Status::Unconfirmed
            && let Some(now) = self.dated(row, size).await
        {
            // The picture is proven; the date that was written into it is not the one that was stored.
            let other_date =
                row.status == Status::Derived && row.sha256.is_some() && row.sha256 != now.sha256;
            return if other_date {
                Verdict::Redated(self.fault(row, size).await)
            } else {
                Verdict::Sound(now)
            };
        }
        match row.status {
            // From now on its hash speaks for it.
            Status::Derived | Status::Unconfirmed | Status::Assumed if sha256_agrees || unhashed => {
                Verdict::Unproven(FileRow { sha256, ..row.clone() })
            }
            // Put back, byte for byte.
            Status::Failed { .. } if sha256_agrees && row.was_right() => {
                let status = row.status_unproven();
                Verdict::Unproven(FileRow { status, size: now_size, ..row.clone() })
            }
            _ => Verdict::Bad(self.fault(row, size).await),
        }
    }

    /// Apple's checksum may be found in the file once the date is taken out that was written into it.
    async fn dated(&self, row: &FileRow, size: u64) -> Option<FileRow> {
        let (path, checksum) = (row.path.as_ref()?, row.checksum?);
        let undone = undone(&*self.storage, (path, size), row.resource_size, &checksum).await.ok()??;
        let (status, sha256) = (Status::Derived, Some(undone.digests.sha256));
        Some(FileRow {
            status,
            size: Some(size),
            resource_size: Some(undone.original),
            sha256,
            ..row.clone()
        })
    }

    async fn fault(&self, row: &FileRow, size: u64) -> Fault {
        if !row.was_right() {
            return Fault::NeverRight;
        }
        if row.size.is_some_and(|was| size < was) {
            return Fault::Truncated;
        }
        let by_name = row.status == Status::Assumed && row.sha256.is_none();
        if (by_name || row.modified.is_none()) && self.was_proven(row).await {
            return Fault::Rotten;
        }
        if by_name {
            return Fault::NeverRight;
        }
        let now = match &row.path {
            Some(path) => self.storage.stat(path).await.ok().flatten(),
            None => None,
        };
        let time = now.and_then(|meta| meta.modified).map(seconds);
        if time.is_some() && time == row.modified { Fault::Rotten } else { Fault::Changed }
    }

    /// Whether the file was proven when its photo was moved out of iCloud, as a catalogue knows that learned of it from the record.
    async fn was_proven(&self, row: &FileRow) -> bool {
        let removals = self.catalogue.removals(&row.key.library, std::slice::from_ref(&row.key.asset)).await;
        let mut proven = removals.into_iter().flatten().flatten().flat_map(|removal| removal.proven_files());
        proven.any(|file| file.key.is_same_file(&row.key) && file.checksum == row.checksum)
    }

    async fn repair(&mut self, inner: &Inner, bad: Vec<Shared>) -> Result<()> {
        let mut fetched = Vec::new();
        for (path, rows, outcome) in self.fetch(inner, bad).await? {
            match outcome {
                Ok(now) => {
                    fetched.extend(shared_by(rows, &now));
                    self.report.repaired += 1;
                    (self.tell)(VerifyEvent::Repaired { path: &path });
                }
                Err(error) => self.failed(&path, &error),
            }
        }
        self.keep(fetched).await
    }

    /// Files that are as they were stored and that no checksum proves: where iCloud sends what it proves, they were never right.
    async fn better(&mut self, inner: &Inner, doubted: Vec<Shared>) -> Result<()> {
        let mut fetched = Vec::new();
        for (path, rows, outcome) in self.fetch(inner, doubted).await? {
            match outcome {
                Ok(now) if now.status == Status::Verified => {
                    fetched.extend(shared_by(rows, &now));
                    self.report.unproven -= 1;
                    self.report.bad += 1;
                    self.report.repaired += 1;
                    (self.tell)(VerifyEvent::Bad { path: &path, fault: Fault::NeverRight, reason: None });
                    (self.tell)(VerifyEvent::Repaired { path: &path });
                }
                // Nothing that came is better than what is here.
                Ok(_) => self.report.retried += 1,
                Err(error) if error.kind() == ErrorKind::Integrity => self.report.retried += 1,
                Err(error) => self.failed(&path, &error),
            }
        }
        self.keep(fetched).await
    }

    /// Fetches the files again that are of the engine's library.
    async fn fetch(
        &self,
        inner: &Inner,
        files: Vec<Shared>,
    ) -> Result<Vec<(StoragePath, Vec<FileRow>, Result<FileRow>)>> {
        let ours = |rows: &[FileRow]| rows.iter().find(|row| row.key.library == inner.key).cloned();
        let files: Vec<_> =
            files.into_iter().filter_map(|(path, rows)| Some((path, ours(&rows)?, rows))).collect();
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<_> = files.iter().map(|(_, row, _)| row.key.asset.clone()).collect();
        let assets = inner.library.assets_by_id(&ids).await?;
        let mut outcomes = Vec::new();
        for ((path, row, rows), asset) in files.into_iter().zip(assets) {
            let outcome = match asset {
                Ok(asset) => inner.fetch_again(&*self.catalogue, &row, &asset, &path).await,
                Err(error) => Err(error),
            };
            outcomes.push((path, rows, outcome));
        }
        Ok(outcomes)
    }

    async fn keep(&self, fetched: Vec<FileRow>) -> Result<()> {
        if fetched.is_empty() {
            return Ok(());
        }
        self.storage.flush().await?;
        self.commit(fetched).await
    }

    /// Files that no row names.
    async fn strays(&mut self) -> Result<()> {
        let views = Folders::of(&*self.storage).await?;
        let mut files = self.storage.list(&StoragePath::root()).ready_chunks(ROWS);
        while let Some(found) = files.next().await {
            let mut paths = Vec::new();
            for meta in found {
                match meta {
                    Ok(meta)
                        if !(is_ours(&meta.path) || is_sidecar(&meta.path) || views.hold(&meta.path)) =>
                    {
                        paths.push(meta.path);
                    }
                    Ok(_) => {}
                    // Who knows what else it holds.
                    Err(error) => self.failed(&StoragePath::root(), &error),
                }
            }
            let rows = self.catalogue.files_at(&paths).await?;
            let strays = paths.iter().zip(rows).filter(|(_, rows)| rows.is_empty());
            for (path, _) in strays {
                self.report.strays += 1;
                (self.tell)(VerifyEvent::Stray { path });
            }
        }
        Ok(())
    }
}

/// Where the file of another photo has the name, that of this one is not there.
fn absent(row: &FileRow, rows: &[FileRow]) -> Option<Fault> {
    let taken = rows.iter().any(|other| !other.key.is_same_file(&row.key) && other.status.is_kept());
    (!row.status.is_kept() && taken).then_some(Fault::Missing)
}

/// The rows of a file that was fetched again.
fn shared_by(rows: Vec<FileRow>, now: &FileRow) -> impl Iterator<Item = FileRow> {
    let shared = rows.into_iter().filter(|row| row.checksum == now.checksum);
    shared.map(|row| FileRow { key: row.key, ..now.clone() })
}

impl FileRow {
    /// Whether iCloud may have something better than a file of that length, and can prove it.
    fn is_doubtful(&self, size: u64) -> bool {
        let odd = self.resource_size.is_some_and(|resource| resource != size);
        self.status == Status::Unconfirmed && (self.is_provable() || odd)
    }

    /// Whether bytes that Apple's checksum does not prove are wrong.
    fn is_proven_otherwise(&self) -> bool {
        self.is_provable() && self.status == Status::Assumed
    }

    /// What its bytes are as long as our own hash alone speaks for them.
    fn status_unproven(&self) -> Status {
        let as_sent = self.size.zip(self.resource_size).is_none_or(|(size, sent)| size == sent);
        if as_sent { Status::Unconfirmed } else { Status::Derived }
    }
}
