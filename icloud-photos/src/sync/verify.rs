//! Reading again what the catalogue says is there.
//!
//! Apple's checksum in the catalogue proves a file without fetching it. What is damaged or missing can be fetched again; the
//! bad bytes are kept in a dated folder, for they might be somebody's own work.

use std::fmt;
use std::sync::Arc;

use futures::StreamExt;

use super::catalogue::{Batch, Catalogue, FileKey, FileRow, Status};
use super::content::hash_all;
use super::engine::{Inner, SyncEngine};
use super::ledger::seconds;
use super::store::{TRASH, is_ours};
use crate::asset::Digests;
use crate::download::Proof;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Storage, StoragePath, WriteOptions};

/// Rows looked at in one go.
const ROWS: usize = 1000;

/// How much to verify, and what to do about it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct VerifyOptions {
    /// Which share of the files to read, from 0 to 1; which ones, changes with `seed`. Default all.
    pub share: f64,
    /// Chooses the sample.
    pub seed: u64,
    /// Fetch again what is damaged or missing. Default no.
    pub repair: bool,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self { share: 1.0, seed: 0, repair: false }
    }
}

impl VerifyOptions {
    /// Reads only a share of the files, chosen by `seed`.
    #[must_use]
    pub fn sample(mut self, share: f64, seed: u64) -> Self {
        (self.share, self.seed) = (share, seed);
        self
    }

    /// Fetches again what is damaged or missing.
    #[must_use]
    pub fn repair(mut self) -> Self {
        self.repair = true;
        self
    }

    fn takes(&self, key: &FileKey) -> bool {
        // Stable from run to run, and of no value to anybody: FNV-1a.
        let name = format!("{}/{}/{:?}", self.seed, key.asset, key.role);
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        ((hash >> 11) as f64 / (1u64 << 53) as f64) < self.share
    }
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing stands there.
    Missing,
    /// It is shorter than it was.
    Truncated,
    /// Its bytes are others, though nobody has written to it since: the disk, or whoever kept its time.
    Rotten,
    /// Somebody has written to it since.
    Changed,
    /// It was taken for a photo by name and length, and never was one.
    NeverRight,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "missing",
            Self::Truncated => "truncated",
            Self::Rotten => "damaged",
            Self::Changed => "changed by another program",
            Self::NeverRight => "not the photo whose name it bears",
        })
    }
}

/// What was found about one file.
#[derive(Debug)]
#[non_exhaustive]
pub enum VerifyEvent<'a> {
    /// A file was read, and is as it should be.
    Sound {
        /// Where it stands.
        path: &'a StoragePath,
        /// Its length.
        bytes: u64,
    },
    /// A file is not as it should be.
    Bad {
        /// Where it stands, or should.
        path: &'a StoragePath,
        /// What is wrong.
        fault: Fault,
    },
    /// A bad file was fetched again and is proven.
    Repaired {
        /// Where it stands.
        path: &'a StoragePath,
    },
    /// The catalogue knows nothing of a file.
    Stray {
        /// Where it stands.
        path: &'a StoragePath,
    },
    /// A file could not be read, or not be fetched.
    Failed {
        /// Where it stands.
        path: &'a StoragePath,
        /// What happened.
        error: &'a Error,
    },
}

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifyReport {
    /// Files that were read and are proven by Apple's checksum.
    pub proven: u64,
    /// Of those, files that were only assumed to be right before.
    pub promoted: u64,
    /// Files that are as they were, though no checksum of Apple's speaks for them.
    pub unproven: u64,
    /// Files that are not as they should be.
    pub bad: u64,
    /// Of those, files that were fetched again.
    pub repaired: u64,
    /// Files that could not be read or fetched.
    pub failed: u64,
    /// Files that the catalogue does not know.
    pub strays: u64,
    /// Bytes that were read.
    pub bytes: u64,
}

impl VerifyReport {
    /// True if every file that was looked at is as it should be, now.
    pub fn is_clean(&self) -> bool {
        self.bad == self.repaired && self.failed == 0
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} proven ({} for the first time), {} unchanged but unproven, {} bad, {} repaired, {} failed, {} strays",
            self.proven, self.promoted, self.unproven, self.bad, self.repaired, self.failed, self.strays
        )
    }
}

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
        let unproven = |row: &FileRow| !matches!(row.status, Status::Verified | Status::Assumed);
        let mut hashed = std::pin::pin!(hash_all(&self.storage, files, unproven));
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
                Verdict::Sound(FileRow { status: Status::Verified, size: Some(size), ..row.clone() })
            }
            Status::Derived | Status::Unconfirmed | Status::Assumed
                if sha256_agrees
                    || (row.sha256.is_none() && row.size == Some(size) && !row.is_proven_otherwise()) =>
            {
                // From now on it has a hash of its own.
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
        self.is_provable() && self.status != Status::Unconfirmed
    }
}

impl Inner {
    /// Puts a proven file in the place of a bad one, which moves to the trash.
    async fn fetch_again(
        &self,
        row: &FileRow,
        asset: &crate::asset::Asset,
        path: &StoragePath,
    ) -> Result<FileRow> {
        let resource = asset.resource(row.key.role);
        if resource.and_then(|resource| resource.checksum) != row.checksum {
            let message =
                "the photo was edited since this file was fetched; the next run fetches the new one";
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        self.keep_aside(path).await?;
        let mut download = self.downloader.get(asset, row.key.role).replace();
        if let Some(time) = row.modified.and_then(time_of) {
            download = download.modified(time);
        }
        let saved = download.save(&*self.storage, path).await?;
        let status = match saved.proof {
            Proof::Verified => Status::Verified,
            Proof::Unconfirmed(_) => Status::Unconfirmed,
        };
        let size = Some(saved.size);
        Ok(FileRow { status, size, sha256: saved.sha256, at: seconds(self.now()), ..row.clone() })
    }

    /// Copies what stands under `path` to the trash of today.
    async fn keep_aside(&self, path: &StoragePath) -> Result<()> {
        let Some(meta) = self.storage.stat(path).await? else { return Ok(()) };
        let today = time::OffsetDateTime::from(self.now()).date();
        let aside = StoragePath::parse(&format!("{TRASH}/{today}/{path}"))?;
        let mut options = WriteOptions::default().size(meta.size).replace();
        options.modified = meta.modified;
        let mut writer = self.storage.write(&aside, options).await?;
        let mut bytes = self.storage.read(path, 0).await?;
        while let Some(chunk) = bytes.next().await.transpose()? {
            writer.write(chunk).await?;
        }
        writer.commit().await.map(|_| ())
    }
}

fn time_of(seconds: i64) -> Option<std::time::SystemTime> {
    let distance = std::time::Duration::from_secs(seconds.unsigned_abs());
    let epoch = std::time::SystemTime::UNIX_EPOCH;
    if seconds < 0 { epoch.checked_sub(distance) } else { epoch.checked_add(distance) }
}
