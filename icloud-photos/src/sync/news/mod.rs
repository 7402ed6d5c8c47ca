//! What happened in iCloud since the last complete run, told for people and programs: not that a record was written, but that a
//! photo was edited, got a heart, was deleted, came back.
//!
//! The history of a library tells how things are *now* ([`Library::changes`](crate::library::Library::changes)); the catalogue
//! knows how they were when last seen. [`News`] is the difference. It changes nothing: the next run sees it all the same, and
//! until then it is told each time it is asked for.
//!
//! - Where several runs with different options keep one catalogue, what any of them saw is seen: it is no news to the others.
//! - A photo that was hidden or in Recently Deleted at the time of the first run is not known, and is
//!   [`NewsEvent::Added`] when it is shown.
//! - Files are told apart only as far as the options ask for them. An edit is seen in any case by what edited it; a second
//!   edit of a photo of which only the original is asked for is not.

mod event;
mod read;

use std::collections::VecDeque;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::BoxStream;

pub use self::event::{AssetNews, Detail, Membership, NewsEvent};
use super::engine::Inner;
use super::shelf::Shelf;
use crate::asset::{Changes, Fields};
use crate::error::{Error, ErrorKind, Result};

/// What happened, as a lazy stream. An `Err` ends it.
pub type News = BoxStream<'static, Result<NewsEvent>>;

pub(super) fn news(inner: Arc<Inner>) -> News {
    let reader = Reader { inner, changes: None, albums: Shelf::default(), queue: VecDeque::new() };
    futures::stream::try_unfold(reader, |mut reader| async move {
        Ok(reader.next().await?.map(|event| (event, reader)))
    })
    .boxed()
}

struct Reader {
    inner: Arc<Inner>,
    /// `None` before the first question.
    changes: Option<Changes>,
    /// The albums as they are, as far as was read.
    albums: Shelf,
    queue: VecDeque<NewsEvent>,
}

impl Reader {
    async fn next(&mut self) -> Result<Option<NewsEvent>> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Ok(Some(event));
            }
            let changes = match &mut self.changes {
                Some(changes) => changes,
                None => self.begin().await?,
            };
            let Some(batch) = changes.next().await? else { return Ok(None) };
            let events = self.read(batch.changes).await?;
            self.queue.extend(events);
        }
    }

    async fn begin(&mut self) -> Result<&mut Changes> {
        let inner = &self.inner;
        let Some(cursor) = inner.remembered().await? else {
            let advice = "no complete run with these options yet: there is no point to count changes from";
            return Err(Error::new(ErrorKind::NotFound, advice));
        };
        self.albums = Shelf::new(inner.catalogue.albums(&inner.key).await?);
        let changes = inner.library.changes(&cursor).fields(Fields::Basic).roles(inner.layout.roles());
        Ok(self.changes.insert(changes))
    }
}
