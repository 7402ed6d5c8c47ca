//! Reading again what the catalogue says is there.
//!
//! Apple's checksum in the catalogue proves a file without fetching it; the row of a file that was read has our SHA-256 as well from
//! then on. What is damaged or missing can be fetched again; the
//! bad bytes are kept in a dated folder, for they might be somebody's own work.

mod repair;
mod report;

use std::sync::Arc;

use futures::StreamExt;

pub use self::report::{Fault, VerifyEvent, VerifyOptions, VerifyReport};
use super::catalogue::{Batch, Catalogue, FileKey, FileRow, Status};
use super::content::hash_all;
use super::engine::{Inner, SyncEngine};
use super::ledger::seconds;
use super::store::is_ours;
use crate::asset::Digests;
use crate::error::Result;
use crate::storage::{Storage, StoragePath};

/// Rows looked at in one go.
const ROWS: usize = 1000;

/// Reads the files of a storage that its catalogue says are there, and judges them. `engine` is who fetches bad ones again, if
/// the options ask for it; its library's, that is. Otherwise nothing is sent to Apple.
///
/// # Errors
/// What the catalogue reports; what concerns one file is told to `tell`.
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
    Bad(Fault),
}

impl Verification<'_> {
    async fn run(mut self) -> Result<VerifyReport> {
        let mut after: Option<FileKey> = None;
        loop {
            let rows = self.catalogue.files(None, after.as_ref(), ROWS).await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.key.clone());
            let taken = rows.into_iter().filter(|row| row.status.is_kept() && self.options.takes(&row.key));
            let files = taken.filter_map(|row| Some((row.path.clone()?, row))).collect();
            let bad = self.read(files).await?;
            if let Some(repairer) = self.repairer.clone() {
                self.repair(&repairer, bad).await?;
            }
        }
        self.strays().await?;
        Ok(self.report)
    }

    async fn read(&mut self, files: Vec<(StoragePath, FileRow)>) -> Result<Vec<FileRow>> {
        let (mut learned, mut bad) = (Vec::new(), Vec::new());
        // All bytes pass by here: rows without a hash of our own get one.
        let unhashed = |row: &FileRow| row.sha256.is_none() || row.status != Status::Verified;
        let mut hashed = std::pin::pin!(hash_all(&self.storage, files, unhashed));
        while let Some((path, row, digests)) = hashed.next().await {
            let verdict = match digests {
                Ok(Some((size, digests))) => {
                    self.report.bytes += size;
                    self.judge(&row, size, &digests).await
                }
                Ok(None) => Verdict::Bad(Fault::Missing),
                Err(error) => {
                    self.report.failed += 1;
                    (self.tell)(VerifyEvent::Failed { path: &path, error: &error });
                    continue;
                }
            };
            match verdict {
                Verdict::Sound(now) => {
                    self.report.proven += 1;
                    self.report.promoted += u64::from(row.status != Status::Verified);
                    (self.tell)(VerifyEvent::Sound { path: &path, bytes: now.size.unwrap_or(0) });
                    learned.extend((now != row).then_some(now));
                }
                Verdict::Unproven(now) => {
                    self.report.unproven += 1;
                    learned.extend((now != row).then_some(now));
                }
                Verdict::Bad(fault) => {
                    self.report.bad += 1;
                    (self.tell)(VerifyEvent::Bad { path: &path, fault });
                    bad.push(row);
                }
            }
        }
        if !learned.is_empty() {
            self.catalogue.commit(Batch { files: learned, ..Batch::default() }).await?;
        }
        Ok(bad)
    }

    async fn judge(&self, row: &FileRow, size: u64, digests: &Digests) -> Verdict {
        let sha256_agrees = row.sha256.is_some() && row.sha256 == digests.sha256;
        let apple_agrees = row.checksum == Some(digests.checksum);
        match row.status {
            Status::Verified | Status::Assumed | Status::Unconfirmed if apple_agrees => {
                let sha256 = digests.sha256.or(row.sha256);
                Verdict::Sound(FileRow { status: Status::Verified, size: Some(size), sha256, ..row.clone() })
            }
            Status::Derived | Status::Unconfirmed | Status::Assumed
                if sha256_agrees
                    || (row.sha256.is_none() && row.size == Some(size) && !row.is_proven_otherwise()) =>
            {
                // From now on its hash speaks for it.
                Verdict::Unproven(FileRow { sha256: digests.sha256, ..row.clone() })
            }
            _ => Verdict::Bad(self.fault(row, size).await),
        }
    }

    async fn fault(&self, row: &FileRow, size: u64) -> Fault {
        if row.size.is_some_and(|was| size < was) {
            return Fault::Truncated;
        }
        if row.status == Status::Assumed {
            return Fault::NeverRight;
        }
        let now = match &row.path {
            Some(path) => self.storage.stat(path).await.ok().flatten(),
            None => None,
        };
        let time = now.and_then(|meta| meta.modified).map(seconds);
        if time.is_some() && time == row.modified { Fault::Rotten } else { Fault::Changed }
    }

    async fn repair(&mut self, inner: &Inner, bad: Vec<FileRow>) -> Result<()> {
        let bad: Vec<_> = bad.into_iter().filter(|row| row.key.library == inner.key).collect();
        if bad.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = bad.iter().map(|row| row.key.asset.clone()).collect();
        let assets = inner.library.assets_by_id(&ids).await?;
        let mut fetched = Vec::new();
        for (row, asset) in bad.into_iter().zip(assets) {
            let Some(path) = row.path.clone() else { continue };
            let outcome = match asset {
                Ok(asset) => inner.fetch_again(&row, &asset, &path).await,
                Err(error) => Err(error),
            };
            match outcome {
                Ok(row) => {
                    self.report.repaired += 1;
                    (self.tell)(VerifyEvent::Repaired { path: &path });
                    fetched.push(row);
                }
                Err(error) => {
                    self.report.failed += 1;
                    (self.tell)(VerifyEvent::Failed { path: &path, error: &error });
                }
            }
        }
        self.storage.flush().await?;
        self.catalogue.commit(Batch { files: fetched, ..Batch::default() }).await
    }

    /// Files that no row names.
    async fn strays(&mut self) -> Result<()> {
        let mut files = self.storage.list(&StoragePath::root()).ready_chunks(ROWS);
        while let Some(found) = files.next().await {
            let found = found.into_iter().filter_map(|meta| meta.ok().map(|meta| meta.path));
            let paths: Vec<_> = found.filter(|path| !is_ours(path)).collect();
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

impl FileRow {
    /// Whether bytes that Apple's checksum does not prove are wrong.
    fn is_proven_otherwise(&self) -> bool {
        self.is_provable() && self.status == Status::Assumed
    }
}
