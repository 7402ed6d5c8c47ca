//! Fresh links, in batches.
//!
//! Many downloads may need a new link at once, for example after an hour, when all links of a listing have ended. The
//! first one to ask waits a moment, then looks up everything that was asked for meanwhile in one request; the others
//! get their share of its answer. If it is cancelled, another takes over.

use std::collections::HashMap;
use std::time::Duration;

use futures::channel::oneshot;
use tokio::sync::Mutex;

use crate::asset::{Asset, Link, Resource, Role};
use crate::error::{Error, ErrorKind, Result};
use crate::library::{LinkRequest, lookup_links};
use crate::session::Session;

/// How long the first asker waits for others.
const GATHER: Duration = Duration::from_millis(5);

/// The most records Apple takes in one lookup (protocol notes 5.9).
const BATCH: usize = 200;

type Waiter = oneshot::Sender<Result<Link>>;

/// Looks links up for many downloads at once.
#[derive(Debug)]
pub(super) struct Links {
    session: Session,
    waiting: std::sync::Mutex<Vec<(LinkRequest, Waiter)>>,
    lookup: Mutex<()>,
}

impl Links {
    pub(super) fn new(session: Session) -> Self {
        Self { session, waiting: std::sync::Mutex::default(), lookup: Mutex::new(()) }
    }

    /// A link that was issued just now.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the record or its file is gone, and what the lookup reports.
    pub(super) async fn fresh(&self, asset: &Asset, resource: &Resource) -> Result<Link> {
        let (send, mut receive) = oneshot::channel();
        self.queue().push((LinkRequest::new(asset, resource), send));
        loop {
            let turn = futures::future::select(Box::pin(self.lookup.lock()), &mut receive).await;
            match turn {
                futures::future::Either::Left((_guard, _)) => {
                    if let Ok(Some(link)) = receive.try_recv() {
                        return link;
                    }
                    self.session.clock().sleep(GATHER).await;
                    self.answer_batch().await;
                }
                futures::future::Either::Right((Ok(link), _)) => return link,
                // Whoever held our request was cancelled in the middle of its lookup.
                futures::future::Either::Right((Err(_), _)) => {
                    let (again, fresh) = oneshot::channel();
                    self.queue().push((LinkRequest::new(asset, resource), again));
                    receive = fresh;
                }
            }
        }
    }

    async fn answer_batch(&self) {
        let mut by_library: HashMap<_, Vec<(LinkRequest, Waiter)>> = HashMap::new();
        let batch = {
            let mut queue = self.queue();
            let share = queue.len().min(BATCH);
            queue.drain(..share).collect::<Vec<_>>()
        };
        for (request, waiter) in batch {
            by_library.entry(request.library().clone()).or_default().push((request, waiter));
        }
        for (library, asked) in by_library {
            let (requests, waiters): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
            let answers = lookup_links(&self.session, &library, &requests).await;
            deliver(waiters, answers);
        }
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Vec<(LinkRequest, Waiter)>> {
        self.waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A waiter that has gone away does not mind.
fn deliver(waiters: Vec<Waiter>, answers: Result<Vec<Result<Link>>>) {
    match answers {
        Ok(answers) => {
            for (waiter, answer) in waiters.into_iter().zip(answers) {
                let _ = waiter.send(answer);
            }
        }
        Err(error) => {
            for waiter in waiters {
                let _ = waiter.send(Err(error.duplicate()));
            }
        }
    }
}
