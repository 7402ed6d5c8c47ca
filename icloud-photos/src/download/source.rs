//! Where the bytes of one file come from: a link, a request, and another one after a failure.
//!
//! Whoever reads a file, whole or in part, asks here from which byte on, and says what went wrong; links are renewed and pauses are made
//! here and nowhere else.

use std::sync::Arc;
use std::time::SystemTime;

use http::Response;

use super::links::Links;
use crate::asset::{Asset, Link, Resource};
use crate::error::{Error, ErrorKind, Result};
use crate::http::Body;
use crate::session::Session;

/// Called with the number of bytes that arrived just now; negative when bytes were thrown away.
pub(super) type Progress = Arc<dyn Fn(i64) + Send + Sync>;

/// How often a status that nothing is known of is answered with a fresh link.
const MAX_STRANGE: u32 = 2;

/// This much progress in one attempt makes earlier failures forgotten: the host is known to cut long films at 1 GB.
const FORGIVING: u64 = 256 << 10;

/// The content host, as far as one file goes.
pub(super) struct Source<'a> {
    session: &'a Session,
    links: &'a Links,
    pub(super) asset: &'a Asset,
    pub(super) resource: &'a Resource,
    /// The link in use; `None` means that the next request needs a fresh one.
    link: Option<Link>,
    /// A dead link was replaced before.
    renewed: bool,
    /// Apple asked for less at some point.
    pub(super) throttled: bool,
}

/// What went wrong since there was progress.
pub(super) struct Failures {
    count: u32,
    strange: u32,
    furthest: u64,
}

impl Failures {
    /// None yet, at this byte.
    pub(super) fn at(furthest: u64) -> Self {
        Self { count: 0, strange: 0, furthest }
    }
}

impl<'a> Source<'a> {
    pub(super) fn new(
        session: &'a Session,
        links: &'a Links,
        asset: &'a Asset,
        resource: &'a Resource,
    ) -> Self {
        let now = session.clock().now();
        let link = resource.link.clone().filter(|link| link.is_fresh(now));
        Self { session, links, asset, resource, link, renewed: false, throttled: false }
    }

    pub(super) fn now(&self) -> SystemTime {
        self.session.clock().now()
    }

    /// One request for the bytes from `from` on, up to the one before `end`, or to the last.
    pub(super) async fn ask(&mut self, from: u64, end: Option<u64>) -> Result<Response<Body>> {
        let link = match &self.link {
            Some(link) => link.clone(),
            None => self.links.fresh(self.asset, self.resource).await?,
        };
        let answer = self.session.content(&link.url()?, from, end).await?;
        self.link = Some(link);
        Ok(answer)
    }

    /// The next request is over a fresh link.
    pub(super) fn forget_link(&mut self) {
        self.link = None;
    }

    /// Waits as long as it takes until it makes sense to ask again, with `at` bytes here by now.
    ///
    /// # Errors
    /// The same error, once there is no sense in that.
    pub(super) async fn bear(&mut self, failures: &mut Failures, error: Error, at: u64) -> Result<()> {
        let policy = self.session.retries();
        let dead = matches!(error.kind(), ErrorKind::LinkExpired | ErrorKind::Protocol);
        if dead {
            self.link = None;
        }
        self.throttled |= error.kind() == ErrorKind::RateLimited;
        failures.strange += u32::from(error.kind() == ErrorKind::Protocol);
        if at >= failures.furthest + FORGIVING {
            (failures.count, failures.furthest) = (0, at);
        }
        failures.count += 1;
        let clock = self.session.clock();
        // Whoever waits for a fresh link waits as long as the others do, so that one lookup serves them all.
        let jitter = if dead { 0.0 } else { clock.jitter() };
        let pause = policy.pause(failures.count, &error, jitter);
        let Some(pause) = pause.filter(|_| failures.strange <= MAX_STRANGE) else {
            return Err(policy.exhausted(failures.count, error));
        };
        tracing::debug!(asset = %self.asset.id(), %error, ?pause, at, "download interrupted");
        // A fresh link is to be had at once; only one that is dead too says that time may help.
        if !dead || std::mem::replace(&mut self.renewed, true) {
            clock.sleep(pause).await;
        }
        Ok(())
    }
}

pub(super) fn tell(progress: Option<&Progress>, bytes: i64) {
    if let Some(progress) = progress {
        progress(bytes);
    }
}
