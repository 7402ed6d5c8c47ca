//! Short pieces of file work, many of them at once.
//!
//! A thread that may block costs more to wake than a small file costs to write. Whoever is awake here takes up what was
//! asked for meanwhile; another thread joins only when work piles up, as it does on a slow disk.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::error::{Error, ErrorKind, Result};

/// So much waiting work for each thread brings one more.
const PATIENCE: usize = 2;

type Job = Box<dyn FnOnce() + Send>;

#[derive(Clone, Default)]
pub(super) struct Lane(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    threads: usize,
}

/// A thread of the lane, from before it starts to after it ended, however that came.
struct Thread {
    lane: Lane,
    ended: bool,
}

impl Lane {
    /// Runs `work` where it may block. When this future is dropped the work may be done all the same.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (send, receive) = oneshot::channel();
        let job = Box::new(move || {
            // Nobody may be waiting any more.
            let _ = send.send(work());
        });
        if let Some(thread) = self.push(job) {
            tokio::task::spawn_blocking(move || thread.work());
        }
        receive.await.unwrap_or_else(|_| Err(Error::new(ErrorKind::Unexpected, "file work was cut off")))
    }

    /// Gives back a thread to be started, if there are too few.
    fn push(&self, job: Job) -> Option<Thread> {
        let mut state = self.state();
        state.queue.push_back(job);
        let short = state.threads == 0 || state.queue.len() > state.threads * PATIENCE;
        short.then(|| {
            state.threads += 1;
            Thread { lane: self.clone(), ended: false }
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Thread {
    fn work(mut self) {
        while let Some(job) = self.next() {
            // Whoever waits for a job that panics is told, since its sender is dropped.
            let _ = catch_unwind(AssertUnwindSafe(job));
        }
    }

    /// A thread that finds nothing counts no more from that very moment: what is pushed next brings another.
    fn next(&mut self) -> Option<Job> {
        let mut state = self.lane.state();
        let job = state.queue.pop_front();
        if job.is_none() {
            state.threads -= 1;
            self.ended = true;
        }
        job
    }
}

/// The runtime went away before the thread could start.
impl Drop for Thread {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let mut state = self.lane.state();
        state.threads -= 1;
        if state.threads == 0 {
            state.queue.clear();
        }
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lane")
    }
}
