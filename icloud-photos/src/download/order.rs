//! One file that is to be had, with everything it takes: it outlives whoever ordered it.

use std::ops::Range;

use super::Downloader;
use super::fetch::{Fetch, Fetched};
use super::part::Part;
use super::sink::Sink;
use super::source::{Progress, Source};
use crate::asset::{Asset, Resource};
use crate::error::{Error, Result};

pub(super) struct Order {
    pub(super) downloader: Downloader,
    pub(super) asset: Asset,
    pub(super) resource: Resource,
    pub(super) progress: Option<Progress>,
}

impl Order {
    /// The whole file, proven as far as it can be.
    pub(super) async fn whole(&self, sink: &mut impl Sink) -> Result<Fetched> {
        let fetched = Fetch::new(self.source(), self.progress.clone()).run(sink).await;
        fetched.map_err(|error| self.told(error))
    }

    /// Those of these bytes that there are.
    pub(super) async fn part(&self, range: Range<u64>, sink: &mut impl Sink) -> Result<()> {
        let done = Part::new(self.source(), range, self.progress.clone()).run(sink).await;
        done.map_err(|error| self.told(error))
    }

    pub(super) fn told(&self, error: Error) -> Error {
        error.with("asset", self.asset.id()).during("download")
    }

    fn source(&self) -> Source<'_> {
        let Downloader { session, links } = &self.downloader;
        Source::new(session, links, &self.asset, &self.resource)
    }
}
