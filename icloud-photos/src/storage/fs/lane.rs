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

/// How often a thread that finds nothing lets others go first before it ends: on a busy machine there is work again by then, and
/// nobody need be woken.
const LINGER: usize = 6;

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

    fn next(&mut self) -> Option<Job> {
        for _ in 0..LINGER {
            let job = self.lane.state().queue.pop_front();
            if job.is_some() {
                return job;
            }
            std::thread::yield_now();
        }
        self.last()
    }

    /// A thread that finds nothing counts no more from that very moment: what is pushed next brings another.
    fn last(&mut self) -> Option<Job> {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn all_work_is_done_by_few_threads_and_none_is_left() {
        let lane = Lane::default();
        let work = (0..1000).map(|number| lane.run(move || Ok((number, std::thread::current().id()))));
        let done = futures::future::try_join_all(work).await.unwrap();
        assert!(done.iter().enumerate().all(|(number, (seen, _))| number == *seen));
        let state = lane.state();
        assert!(state.queue.is_empty());
    }

    #[tokio::test]
    async fn slow_work_gets_more_threads() {
        let lane = Lane::default();
        let (ready, waiting) = std::sync::mpsc::channel();
        let waiting = Arc::new(Mutex::new(waiting));
        // Each waits for the next one to be under way: one thread alone would wait for ever.
        let first = lane.run({
            let waiting = waiting.clone();
            move || {
                let heard = waiting.lock().unwrap().recv_timeout(Duration::from_secs(20));
                heard.map_err(|_| Error::new(ErrorKind::Timeout, "nobody else came"))
            }
        });
        let others = (0..8).map(|_| {
            let ready = ready.clone();
            lane.run(move || {
                ready.send(()).unwrap();
                Ok(())
            })
        });
        let (first, others) = tokio::join!(first, futures::future::join_all(others));
        first.unwrap();
        assert!(others.into_iter().all(|other| other.is_ok()));
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error_and_the_lane_goes_on() {
        let lane = Lane::default();
        let error = lane.run::<()>(|| panic!("on purpose")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unexpected);
        assert_eq!(lane.run(|| Ok(5)).await.unwrap(), 5);
    }

    #[test]
    fn a_lane_outlives_its_runtime() {
        let lane = Lane::default();
        for number in 0..3 {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            assert_eq!(runtime.block_on(lane.run(move || Ok(number))).unwrap(), number);
        }
    }
}
