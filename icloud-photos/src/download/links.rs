//! Fresh links, in batches.
//!
//! Many downloads may need a new link at once, for example after an hour, when all links of a listing have ended. The
//! first one to ask waits a moment, then looks up everything that was asked for meanwhile in one request; the others
//! get their share of its answer. If it is cancelled, another takes over.

use std::sync::PoisonError;
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{Either, select};
use tokio::sync::Mutex;

use crate::asset::{Asset, Link, Resource, Role};
use crate::error::{Error, ErrorKind, Result};
use crate::library::Library;

/// How long the first asker waits for others, and again after each time that others came.
const GATHER: Duration = Duration::from_millis(10);

/// How often it waits at most.
const MOST_GATHERINGS: u32 = 8;

/// Assets in one lookup, each with its two records; Apple takes 200 records (protocol notes 5.9).
const BATCH: usize = 100;

/// Looks links up for many downloads at once.
#[derive(Debug)]
pub(super) struct Links {
    library: Library,
    waiting: std::sync::Mutex<Vec<Waiter>>,
    turn: Mutex<()>,
}

#[derive(Debug)]
struct Waiter {
    asset: Asset,
    resource: Resource,
    answer: oneshot::Sender<Result<Link>>,
}

impl Links {
    pub(super) fn new(library: Library) -> Self {
        Self { library, waiting: std::sync::Mutex::default(), turn: Mutex::new(()) }
    }

    /// A link that was issued just now.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the asset or its file is gone, [`ErrorKind::Conflict`] if it is another file by now, and
    /// what the lookup reports.
    pub(super) async fn fresh(&self, asset: &Asset, resource: &Resource) -> Result<Link> {
        let mut answer = self.ask(asset, resource);
        loop {
            let turn = Box::pin(self.turn.lock());
            match select(turn, &mut answer).await {
                Either::Left((_turn, _)) => {
                    match answer.try_recv() {
                        Ok(Some(link)) => return link,
                        Ok(None) => {}
                        Err(_) => answer = self.ask(asset, resource),
                    }
                    self.gather().await;
                    self.answer_batch().await;
                }
                Either::Right((Ok(link), _)) => return link,
                // Whoever held our question was cancelled in the middle of its lookup.
                Either::Right((Err(_), _)) => answer = self.ask(asset, resource),
            }
        }
    }

    fn ask(&self, asset: &Asset, resource: &Resource) -> oneshot::Receiver<Result<Link>> {
        let (answer, receiver) = oneshot::channel();
        self.waiting().push(Waiter { asset: asset.clone(), resource: resource.clone(), answer });
        receiver
    }

    /// Waits until nobody else comes: links die together, but their downloads notice one after the other.
    async fn gather(&self) {
        let mut known = self.waiting().len();
        for _ in 0..MOST_GATHERINGS {
            self.library.session().clock().sleep(GATHER).await;
            let waiting = self.waiting().len();
            if waiting == known || waiting >= BATCH {
                return;
            }
            known = waiting;
        }
    }

    async fn answer_batch(&self) {
        let batch: Vec<Waiter> = {
            let mut waiting = self.waiting();
            waiting.retain(|waiter| !waiter.answer.is_canceled());
            let share = waiting.len().min(BATCH);
            waiting.drain(..share).collect()
        };
        let assets: Vec<Asset> = batch.iter().map(|waiter| waiter.asset.clone()).collect();
        let mut roles: Vec<Role> = batch.iter().map(|waiter| waiter.resource.role).collect();
        roles.sort_unstable();
        roles.dedup();
        match self.library.renew(&assets, &roles).await {
            Ok(renewed) => {
                for (waiter, renewed) in batch.into_iter().zip(renewed) {
                    let link = renewed.and_then(|asset| link_of(&asset, &waiter.resource));
                    // A waiter that has gone away does not mind.
                    let _ = waiter.answer.send(link);
                }
            }
            Err(error) => {
                for waiter in batch {
                    let _ = waiter.answer.send(Err(error.duplicate()));
                }
            }
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Waiter>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn link_of(asset: &Asset, listed: &Resource) -> Result<Link> {
    let gone = || Error::new(ErrorKind::NotFound, "Apple offers no link for this file");
    let now = asset.resource(listed.role).ok_or_else(gone)?;
    if (now.size, now.checksum) != (listed.size, listed.checksum) {
        return Err(Error::new(
            ErrorKind::Conflict,
            "the photo was changed meanwhile; the next run fetches it",
        ));
    }
    now.link.clone().ok_or_else(gone)
}
