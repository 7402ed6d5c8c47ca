//! Doing what a plan says.
//!
//! One task walks the plan and hands downloads to a fixed number of workers; what the workers cannot take yet waits in
//! the plan, not in memory. At the end everything that was committed is flushed once.

mod hopeless;
mod sidecars;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use futures::StreamExt;
use tokio::sync::{Mutex, mpsc};
use tokio::task::{JoinError, JoinSet};

use super::catalogue::{FileRow, Progress, Status};
use super::dating::Room;
use super::doubt::Kept;
use super::engine::Inner;
use super::event::{SyncEvent, SyncObserver, SyncReport, Target};
use super::pace::Pace;
use super::plan::{Action, Plan, Why};
use super::removal;
use super::scribe::Scribe;
use super::store::snapshot;
use super::views;
use crate::asset::Asset;
use crate::download::{Proof, Received, Saved};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::StoragePath;

/// So many downloads may wait for a worker: the walk is woken for many at a time.
const QUEUE: usize = 64;

/// So many workers for each download at a time: while one gives a file its name, another may use the network.
const WORKERS: usize = 2;

const LOST: &str = "the file is missing here or damaged, it stands under no other name, and its photo is no longer in this library \
                    of iCloud; if there is another copy of it, put it back; what is damaged and given up may be removed";

/// A download that the plan asked for.
struct Job {
    number: u64,
    target: Target,
    modified: Option<std::time::SystemTime>,
    standing: Vec<StoragePath>,
    copies: Vec<StoragePath>,
    why: Why,
}

impl Job {
    /// What stands there could not be confirmed: better bytes replace it.
    fn is_second_try(&self) -> bool {
        self.why == Why::Unconfirmed
    }

    /// How many runs tried in vain.
    fn failures(&self) -> u32 {
        if let Why::Failed { attempts } = self.why { attempts } else { 0 }
    }
}

/// What the workers share.
struct Shared {
    inner: Arc<Inner>,
    observer: Arc<dyn SyncObserver>,
    tally: Tally,
    scribe: Arc<Scribe>,
    jobs: Mutex<mpsc::Receiver<Job>>,
    pace: Pace,
    fatal: mpsc::Sender<Error>,
}

#[derive(Default)]
struct Tally {
    downloaded: AtomicU64,
    copied: AtomicU64,
    bytes: AtomicU64,
    verified: AtomicU64,
    doubted: AtomicU64,
    failed: AtomicU64,
    failed_in_a_row: AtomicU64,
    sidecars: AtomicU64,
    sidecars_failed: AtomicU64,
    sidecars_failed_in_a_row: AtomicU64,
}

pub(super) async fn execute(
    inner: Arc<Inner>,
    plan: Plan,
    observer: Arc<dyn SyncObserver>,
) -> Result<SyncReport> {
    inner.recall_moved().await?;
    let (haunted, begun) = (inner.has_begun().await?, inner.now());
    let (send, jobs) = mpsc::channel(QUEUE);
    let (fatal, mut fatals) = mpsc::channel(1);
    let count = inner.concurrency;
    let scribe = Arc::new(Scribe::new(&inner).await?);
    let writing = scribe.start(fatal.clone());
    let shared = Arc::new(Shared {
        inner,
        observer,
        tally: Tally::default(),
        scribe,
        jobs: Mutex::new(jobs),
        pace: Pace::new(count),
        fatal,
    });
    let mut workers = JoinSet::new();
    for _ in 0..count * WORKERS {
        workers.spawn(work(shared.clone()));
    }
    let walked = tokio::select! {
        walked = walk(&shared, plan, send) => walked,
        Some(error) = fatals.recv() => Err(error),
        error = panicked(&mut workers) => Err(error),
        error = shared.inner.catalogue.lost() => Err(error),
        error = shared.inner.stop.given() => Err(error),
    };
    let finished = match &walked {
        Ok(_) => tokio::select! {
            finished = finish(&mut workers, &mut fatals) => finished,
            error = shared.inner.catalogue.lost() => Err(error),
            error = shared.inner.stop.given() => Err(error),
        },
        Err(_) => Ok(()),
    };
    let stopped = [walked.as_ref().err(), finished.as_ref().err()].into_iter().flatten().any(is_stop);
    let orderly = stopped && ended(&mut workers).await;
    workers.shutdown().await;
    if walked.is_ok() && finished.is_ok() {
        // The last word comes soon.
        shared.scribe.marks.forget();
    }
    // What was fetched is written down, whatever ended the run, and then how far it came.
    let written = match writing.end().await {
        Ok(()) => shared.scribe.write().await,
        Err(error) => Err(error),
    };
    // What came in an earlier run, and has no row, it has not looked for.
    let written = match written {
        Ok(()) if orderly && !haunted => shared.inner.end_storing().await,
        written => written,
    };
    let (mut report, progress) = walked?;
    finished?;
    written?;
    if haunted || shared.tally.downloaded.load(Relaxed) > 0 {
        tidy(&shared.inner, begun).await;
    }
    shared.retag_late().await?;
    // Before the token says so.
    shared.inner.storage.flush().await?;
    let token = progress.as_ref().and_then(|progress| progress.token.clone());
    // A sidecar that could not be brought up to date is not in the next news.
    let described = shared.tally.sidecars_failed.load(Relaxed) == 0;
    match progress.filter(|_| described) {
        Some(progress) => shared.scribe.ledger.cover(&shared.inner, progress).await?,
        None => shared.scribe.ledger.start_over(&shared.inner).await?,
    }
    shared.inner.end_storing().await?;
    shared.tally.fill(&mut report);
    tokio::select! {
        removed = removal::run(&shared.inner, &*shared.observer, &mut report, token.as_deref(), described) => removed?,
        error = shared.inner.stop.given() => return Err(error),
    }
    // What was removed leaves the views as well.
    views::lay(&shared.inner, &*shared.observer, &mut report, false).await?;
    if shared.inner.snapshots {
        keep_copy(&shared.inner, &report).await;
    }
    Ok(report)
}

/// What the run came to stands, with a copy of the catalogue beside it or without.
async fn keep_copy(inner: &Inner, report: &SyncReport) {
    let copy = async {
        let changed = report.downloaded + report.failed + report.moved + report.removed > 0;
        if !changed && snapshot::is_there(&*inner.storage).await? {
            return Ok(());
        }
        if snapshot::is_newer(&*inner.storage).await? {
            let advice =
                "the one that is there was written by a newer version of this program: update it here";
            return Err(Error::new(ErrorKind::Unsupported, advice));
        }
        snapshot::write(&*inner.storage, &*inner.catalogue).await
    };
    if let Err(error) = copy.await {
        tracing::warn!(%error, "no copy of the catalogue could be left in the storage");
    }
}

/// By now whoever else was at work when this run began has most likely ended what he was about.
async fn tidy(inner: &Inner, begun: std::time::SystemTime) {
    if let Err(error) = inner.storage.tidy(begun).await {
        tracing::warn!(%error, "the storage could not be tidied up");
    }
}

/// Workers that are to stop end by themselves, with what they can finish at once. Whether all came to a good end.
async fn ended(workers: &mut JoinSet<()>) -> bool {
    let mut good = true;
    while let Some(ended) = workers.join_next().await {
        good &= ended.is_ok();
    }
    good
}

/// Ends when a worker ended in a panic, for example one of the observer's.
async fn panicked(workers: &mut JoinSet<()>) -> Error {
    loop {
        match workers.join_next().await {
            Some(Ok(())) => {}
            Some(Err(error)) => return panic_error(error),
            None => return std::future::pending().await,
        }
    }
}

fn panic_error(error: JoinError) -> Error {
    Error::new(ErrorKind::Unexpected, "a download task ended in a panic").caused_by(error)
}

/// Waits for the workers to empty the queue, unless one of them meets something that ends the run.
async fn finish(workers: &mut JoinSet<()>, fatals: &mut mpsc::Receiver<Error>) -> Result<()> {
    while let Some(ended) = workers.join_next().await {
        ended.map_err(panic_error)?;
    }
    fatals.try_recv().map_or(Ok(()), Err)
}

async fn walk(
    shared: &Shared,
    mut plan: Plan,
    jobs: mpsc::Sender<Job>,
) -> Result<(SyncReport, Option<Progress>)> {
    let (mut report, mut storing) = (SyncReport::default(), false);
    while let Some(action) = plan.next().await.transpose()? {
        if let Action::Covered { progress } = action {
            return Ok((report, Some(progress)));
        }
        if let Action::Aside { progress } = action {
            shared.scribe.ledger.aside(&shared.inner, progress);
            continue;
        }
        if let Action::Listed { progress, seen } = action {
            shared.scribe.marks.pass(progress, seen);
            shared.scribe.keep_up().await?;
            continue;
        }
        // The history is read with what the list has shown at hand.
        shared.place(&action).await?;
        for target in shared.inner.told_of(&action).await? {
            shared.describe(&target).await?;
        }
        let listed = matches!(action, Action::End { .. } | Action::EndOfRest);
        if let Some(job) = shared.take(action, &mut report) {
            if !std::mem::replace(&mut storing, true) {
                shared.inner.begin_storing().await?;
            }
            if jobs.send(job).await.is_err() {
                break;
            }
        }
        match listed {
            true => shared.scribe.write_assets().await?,
            false => shared.scribe.keep_up().await?,
        }
    }
    Ok((report, None))
}

async fn work(shared: Arc<Shared>) {
    loop {
        // The guard is dropped with the statement: one worker waits for a job, the others for the guard.
        let job = shared.jobs.lock().await.recv().await;
        let Some(job) = job else { return };
        let number = job.number;
        if let Err(error) = shared.fetch(job).await {
            // Only the first fatal error is told.
            let _ = shared.fatal.try_send(error);
            shared.jobs.lock().await.close();
            return;
        }
        shared.scribe.marks.ended(number);
    }
}

impl Shared {
    /// Tells and counts an action; gives back what a worker must do.
    fn take(&self, action: Action, report: &mut SyncReport) -> Option<Job> {
        match action {
            Action::Begin { total } => self.tell(SyncEvent::Started { total }),
            Action::Download { target, modified, deduplicated, standing, copies, why, .. } => {
                if deduplicated {
                    self.tell(SyncEvent::Deduplicated { path: &target.path });
                }
                let number = self.scribe.marks.hand_out();
                return Some(Job { number, target, modified, standing, copies, why });
            }
            Action::Stands { path, doubted } => {
                report.present += 1;
                report.unconfirmed += u64::from(doubted);
                self.tell(SyncEvent::Present { path: &path });
            }
            Action::Present { target, deduplicated, known, proven, doubted, found } => {
                report.present += 1;
                report.unconfirmed += u64::from(doubted);
                if !known {
                    self.scribe.ledger.found(&self.inner, &target, found.as_ref(), proven, doubted);
                }
                if deduplicated {
                    self.tell(SyncEvent::Deduplicated { path: &target.path });
                }
                self.tell(SyncEvent::Present { path: &target.path });
            }
            Action::Renamed { row, found } => {
                report.present += 1;
                self.scribe.ledger.renamed(&self.inner, row, &found);
                self.tell(SyncEvent::Present { path: &found.path });
            }
            Action::Claim { row } => {
                self.scribe.ledger.add(&self.inner, FileRow { sidecar: true, ..row });
            }
            Action::Settle { row, before } => self.scribe.ledger.settled(&self.inner, row, before),
            Action::Forget { key } => self.scribe.ledger.gone(&self.inner, key),
            Action::Lost { key, path } => {
                report.failed += 1;
                let error = Error::new(ErrorKind::NotFound, LOST).with("path", &path);
                let (path, asset) = (Some(&path), Some(&key.asset));
                self.tell(SyncEvent::Failed { path, asset, name: None, error: &error });
            }
            Action::Skip { asset, reason } => {
                report.skipped += 1;
                self.tell(SyncEvent::Skipped { asset: &asset, reason: &reason });
            }
            Action::Remark { asset, problem } => {
                self.tell(SyncEvent::Remark { asset: &asset, problem: &problem });
            }
            Action::Problem { asset, id, lacks, error } => {
                report.failed += 1;
                let name = asset.as_ref().map(|asset| self.inner.layout.place(asset).name);
                let asset = asset.as_ref().map(Asset::id).or(id.as_ref());
                if let Some((asset, role)) = asset.zip(lacks) {
                    self.scribe.ledger.lacking(&self.inner, asset, role, &error);
                    self.must_come_again(None);
                }
                self.tell(SyncEvent::Failed { path: None, asset, name: name.as_deref(), error: &error });
            }
            Action::Note { change } => self.scribe.books.note(&self.inner, &change),
            Action::Albums { albums } => self.scribe.books.see_albums(&self.inner, &albums),
            Action::Done { asset } => {
                report.assets += 1;
                self.scribe.books.see(&self.inner, &asset);
                self.tell(SyncEvent::Planned { asset: &asset });
            }
            Action::End { listing } => report.listings.push(listing),
            Action::Enough { found } => {
                report.left_early += 1;
                self.tell(SyncEvent::Enough { found });
            }
            Action::Describe { .. }
            | Action::Aside { .. }
            | Action::Placed { .. }
            | Action::EndOfRest
            | Action::Listed { .. }
            | Action::Covered { .. } => {}
        }
        None
    }

    async fn fetch(&self, job: Job) -> Result<()> {
        // Whoever has all bytes gives them their name, also when the run is stopped.
        let (room, received) = tokio::select! {
            received = self.receive_in_turn(&job) => received,
            error = self.inner.stop.given() => (None, Err(error)),
        };
        let received = match received {
            Ok(received) => Ok(self.inner.date(&job.target, received, &*self.observer).await),
            Err(error) => Err(error),
        };
        let again = job.is_second_try();
        let kept = self.inner.keep(&job.target, again, received, &job.standing).await;
        drop(room);
        self.tally.doubted.fetch_add(u64::from(again), Relaxed);
        match kept {
            Ok(Kept::Stored(saved)) => {
                self.tally.doubted.fetch_sub(u64::from(again), Relaxed);
                self.scribe.ledger.fetched(&self.inner, &job.target, &saved, job.modified);
                self.succeed(&saved);
                self.scribe.wake();
                let path = saved.path.clone();
                self.describe(&Target { path, ..job.target.clone() }).await?;
            }
            Ok(Kept::Standing(row)) => {
                let doubted = row.status == Status::Unconfirmed;
                self.tally.doubted.fetch_add(u64::from(!again && doubted), Relaxed);
                self.tell(SyncEvent::Present { path: row.path.as_ref().unwrap_or(&job.target.path) });
                let path = row.path.clone().unwrap_or_else(|| job.target.path.clone());
                self.scribe.ledger.add(&self.inner, row);
                self.describe(&Target { path, ..job.target.clone() }).await?;
            }
            Err(error) if is_stop(&error) => return Err(error),
            // What could not be confirmed stays as it is.
            Err(error) if again => return self.fail(&job.target, error).await,
            Err(error) => {
                let before = self.inner.row_of(&job.target).await?;
                self.scribe.ledger.failed(&self.inner, &job.target, job.failures(), before, &error);
                self.must_come_again(Some(job.number));
                return self.fail(&job.target, error).await;
            }
        }
        Ok(())
    }

    /// What failed in an album is to be had from a list alone: nobody else says which album it is of. The next run begins there.
    fn must_come_again(&self, number: Option<u64>) {
        if !self.inner.is_whole_library() {
            self.scribe.marks.stop_before(number.unwrap_or_else(|| self.scribe.marks.hand_out()));
        }
    }

    /// Waits for room in memory first, if the bytes are to be written to.
    async fn receive_in_turn<'s>(&'s self, job: &'s Job) -> (Option<Room>, Result<Received<'s>>) {
        let room = self.inner.room_for(&job.target).await;
        let received = self.receive(job, room.as_ref().map_or(0, Room::bytes)).await;
        (room, received)
    }

    async fn receive<'s>(&'s self, job: &'s Job, copy: usize) -> Result<Received<'s>> {
        let turn = self.pace.turn().await;
        let Target { asset, role, path, .. } = &job.target;
        self.tell(SyncEvent::Downloading { path });
        let observer = self.observer.clone();
        let mut download = self
            .inner
            .downloader
            .get(asset, *role)
            .copy(copy)
            .copies(job.copies.clone())
            .progress(move |bytes| observer.event(SyncEvent::Progress { bytes }));
        if let Some(modified) = job.modified {
            download = download.modified(modified);
        }
        if job.is_second_try() {
            download = download.replace();
        }
        let received = download.receive(&*self.inner.storage, path).await;
        let throttled = match &received {
            Ok(received) => received.was_throttled(),
            Err(error) => error.kind() == ErrorKind::RateLimited,
        };
        if let Some(turn) = turn {
            self.pace.end(turn, throttled);
        }
        received
    }

    /// Counts and tells.
    fn succeed(&self, saved: &Saved) {
        let doubt = match saved.proof {
            Proof::Verified => None,
            Proof::Unconfirmed(doubt) => Some(doubt),
        };
        self.tally.downloaded.fetch_add(1, Relaxed);
        self.tally.copied.fetch_add(u64::from(saved.copied), Relaxed);
        self.tally.bytes.fetch_add(saved.size, Relaxed);
        self.tally.verified.fetch_add(u64::from(doubt.is_none()), Relaxed);
        self.tally.failed_in_a_row.store(0, Relaxed);
        self.tell(SyncEvent::Downloaded {
            path: &saved.path,
            bytes: saved.size,
            resumed_from: saved.resumed_from,
            copied: saved.copied,
            doubt,
        });
    }

    /// Counts and tells a failure; an error if it ends the run.
    async fn fail(&self, target: &Target, error: Error) -> Result<()> {
        self.tally.failed.fetch_add(1, Relaxed);
        let asset = Some(target.asset.id());
        self.tell(SyncEvent::Failed { path: Some(&target.path), asset, name: None, error: &error });
        self.bear(error, &self.tally.failed_in_a_row).await
    }

    fn tell(&self, event: SyncEvent<'_>) {
        self.observer.event(event);
    }
}

fn is_stop(error: &Error) -> bool {
    error.kind() == ErrorKind::Cancelled
}

impl Tally {
    fn fill(&self, report: &mut SyncReport) {
        report.downloaded = self.downloaded.load(Relaxed);
        report.copied = self.copied.load(Relaxed);
        report.bytes = self.bytes.load(Relaxed);
        report.verified = self.verified.load(Relaxed);
        report.unconfirmed += report.downloaded - report.verified + self.doubted.load(Relaxed);
        report.sidecars = self.sidecars.load(Relaxed);
        report.failed += self.failed.load(Relaxed) + self.sidecars_failed.load(Relaxed);
    }
}
