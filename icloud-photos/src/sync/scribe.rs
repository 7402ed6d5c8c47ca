//! Writing down what a run learns, beside the work and not in its way.
//!
//! A task of its own waits to be woken. It flushes the storage, commits the rows of files and assets that wait, and then how far
//! a listing has come: in that order, so that nothing is said that is not so. Walk and workers go on meanwhile; only
//! when far too much waits they wait as well.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify, mpsc};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::task::AbortOnDropHandle;

use super::albums::Places;
use super::books::Books;
use super::catalogue::{Batch, Progress, Roll};
use super::engine::Inner;
use super::ledger::{Ledger, seconds};
use super::marks::Marks;
use crate::asset::AssetId;
use crate::error::{Error, ErrorKind, Result};

/// How far a listing has come is written at least this often: that bounds what is listed again after the process was killed.
const PAUSE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Scribe {
    inner: Arc<Inner>,
    pub(super) ledger: Ledger,
    pub(super) books: Books,
    pub(super) places: Places,
    pub(super) marks: Marks,
    wake: Notify,
    /// One at a time writes.
    turn: Mutex<()>,
}

/// The task that writes, from start to [`Task::end`]. It ends when this is dropped.
#[must_use]
pub(super) struct Task(AbortOnDropHandle<()>, mpsc::Sender<()>);

impl Scribe {
    pub(super) async fn new(inner: &Arc<Inner>) -> Result<Self> {
        let (ledger, books) = (Ledger::open(inner).await?, Books::new(inner));
        let (inner, marks) = (inner.clone(), Marks::default());
        Ok(Self {
            inner,
            ledger,
            books,
            places: Places::default(),
            marks,
            wake: Notify::new(),
            turn: Mutex::new(()),
        })
    }

    /// Starts the task. What it cannot write is told to `fatal`, and it ends.
    pub(super) fn start(self: &Arc<Self>, fatal: mpsc::Sender<Error>) -> Task {
        let (scribe, (end, mut ended)) = (self.clone(), mpsc::channel(1));
        let work = async move {
            let mut ticks = interval(PAUSE);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                let is_time = tokio::select! {
                    _ = ended.recv() => return,
                    // Woken again for what was written meanwhile.
                    () = scribe.wake.notified() => scribe.has_enough(),
                    _ = ticks.tick() => scribe.marks.is_due(),
                };
                if !is_time {
                    continue;
                }
                if let Err(error) = scribe.write().await {
                    // Only the first fatal error is told.
                    let _ = fatal.try_send(error);
                    return;
                }
            }
        };
        Task(AbortOnDropHandle::new(tokio::spawn(work)), end)
    }

    /// Wakes the task if there is enough to be written.
    pub(super) fn wake(&self) {
        if self.has_enough() {
            self.wake.notify_one();
        }
    }

    /// Wakes the task when enough waits; writes itself when it cannot keep up.
    pub(super) async fn keep_up(&self) -> Result<()> {
        if self.ledger.is_overfull() || self.books.is_overfull() {
            return self.write().await;
        }
        self.wake();
        Ok(())
    }

    fn has_enough(&self) -> bool {
        self.ledger.is_full() || self.books.is_full() || self.places.is_full()
    }

    /// The assets that were seen, for whoever asks the catalogue next.
    pub(super) async fn write_assets(&self) -> Result<()> {
        let _turn = self.turn.lock().await;
        let mut batch = Batch::default();
        self.books.collect(&self.inner, &mut batch).await?;
        self.places.collect(&self.inner, &mut batch);
        self.commit(batch).await?;
        self.places.written();
        Ok(())
    }

    /// Writes down all that waits, and how far the listing has come with it.
    pub(super) async fn write(&self) -> Result<()> {
        let _turn = self.turn.lock().await;
        // Looked up first: downloads that end meanwhile may miss the flush.
        let mark = self.marks.due();
        // So too what was found: whose files it names comes before it.
        let found = self.ledger.take_found();
        let mut batch = self.ledger.collect(&self.inner).await?;
        self.books.collect(&self.inner, &mut batch).await?;
        self.places.collect(&self.inner, &mut batch);
        if !found.is_empty() {
            self.commit(batch).await?;
            batch = self.ledger.settle(&self.inner, found).await?;
        }
        if let Some((progress, seen)) = mark {
            batch.rolls.extend(roll(&progress, seen));
            batch.progress.push(Progress { at: seconds(self.inner.now()), ..progress });
        }
        self.commit(batch).await?;
        self.ledger.written();
        self.places.written();
        Ok(())
    }

    async fn commit(&self, batch: Batch) -> Result<()> {
        if batch.is_empty() { Ok(()) } else { self.inner.catalogue.commit(batch).await }
    }
}

fn roll(progress: &Progress, assets: Vec<AssetId>) -> Option<Roll> {
    let (library, selection) = (progress.library.clone(), progress.selection.clone());
    (!assets.is_empty()).then_some(Roll { library, selection, assets })
}

impl Task {
    /// Lets it finish what it writes.
    pub(super) async fn end(self) -> Result<()> {
        let Self(task, end) = self;
        drop(end);
        let lost = "the task that writes to the catalogue ended in a panic";
        task.await.map_err(|error| Error::new(ErrorKind::Unexpected, lost).caused_by(error))
    }
}
