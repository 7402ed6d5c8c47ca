//! The assets of an album as a stream.
//!
//! Pages are fetched ahead, a few at a time and in parallel, and handed on in the server's order. Whatever the size
//! of the library, no more than the pages ahead are held.

mod pairing;
mod ranks;
mod reader;
#[cfg(test)]
mod tests;

use std::fmt;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, Stream, StreamExt};

pub(super) use self::pairing::join_all;
use self::reader::{Reader, Source};
use super::record::{self, Page, parse_page};
use super::{Asset, Fields, Role};
use crate::error::{Error, Result};
use crate::library::{Album, LibraryId, SyncToken, query};

/// Pages fetched ahead unless the caller says otherwise.
const PREFETCH: usize = 4;

/// The assets of an album, newest first; made by [`Album::assets`].
///
/// A stream of results. An `Err` that names an `asset` or a `record` in its context concerns that one only, and the
/// stream goes on; any other is the last item. When the stream has ended, [`Assets::outcome`] says whether
/// everything was seen. The methods that choose have no effect once the first item was asked for.
///
/// Pages are fetched by tasks of the tokio runtime that polls the stream; dropping the stream ends them.
#[must_use = "a stream does nothing unless polled"]
pub struct Assets {
    state: State,
    progress: Arc<Mutex<Progress>>,
}

enum State {
    New(Options),
    Running(BoxStream<'static, Result<Asset>>),
}

#[derive(Debug, Clone)]
struct Options {
    album: Album,
    fields: Fields,
    roles: Vec<Role>,
    page: usize,
    prefetch: usize,
    limit: Option<u64>,
    start: u64,
}

/// How a listing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Listing {
    /// The list was read to its end, without a gap, and holds as many assets as Apple counts.
    Complete {
        /// Different assets seen.
        seen: u64,
    },
    /// As many assets came as were asked for ([`Assets::limit`]), without a gap. Nothing is said of the rest.
    Limited {
        /// Different assets seen.
        seen: u64,
    },
    /// The list may lack something: it was not read to its end, it moved while it was read, or the count does not
    /// agree or is not known. Nothing may be concluded from what was not seen.
    Short {
        /// What Apple counts, if it says.
        expected: Option<u64>,
        /// Different assets seen.
        seen: u64,
        /// The list was not read to its end, or moved so that something may have been passed over.
        gap: bool,
    },
}

impl Listing {
    /// True if what was not seen is not there.
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete { .. })
    }

    /// True if all that was asked for came: the whole list, or as many of its first assets as the limit says.
    pub fn has_all(&self) -> bool {
        matches!(self, Self::Complete { .. } | Self::Limited { .. })
    }

    /// True if something is missing, or may be: fewer assets came than Apple counts, Apple's count is not known, or
    /// there was a gap. Apple's count may lag behind: a list without a gap that brought more than it lacks nothing,
    /// though that is no proof ([`Listing::is_complete`]).
    pub fn lacks(&self) -> bool {
        match *self {
            Self::Complete { .. } | Self::Limited { .. } => false,
            Self::Short { expected, seen, gap } => gap || expected.is_none_or(|expected| seen < expected),
        }
    }

    /// How many assets Apple counts that were not seen. Zero does not mean that nothing is missing:
    /// [`Listing::lacks`].
    pub fn missing(&self) -> u64 {
        match self {
            Self::Short { expected: Some(expected), seen, .. } => expected.saturating_sub(*seen),
            _ => 0,
        }
    }
}

/// `500 of 503 assets`, or `500 assets`.
impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete { seen } | Self::Limited { seen } | Self::Short { expected: None, seen, .. } => {
                write!(f, "{seen} assets")
            }
            Self::Short { expected: Some(expected), seen, .. } => write!(f, "{seen} of {expected} assets"),
        }
    }
}

/// What the reader tells the stream's owner.
#[derive(Debug, Default)]
struct Progress {
    seen: u64,
    expected: Option<u64>,
    /// Read to the end without a gap.
    whole: bool,
    /// As many as were asked for, without a gap.
    full: bool,
    token: Option<SyncToken>,
    /// Everything before this rank was handed out.
    reach: u64,
}

impl Album {
    /// The assets of this album, newest first. Nothing is sent before the stream is polled.
    pub fn assets(&self) -> Assets {
        let page = query::MAX_RECORDS / self.index().records_per_asset;
        let options = Options {
            album: self.clone(),
            fields: Fields::default(),
            roles: Role::ALL.to_vec(),
            page,
            prefetch: PREFETCH,
            limit: None,
            start: 0,
        };
        Assets { state: State::New(options), progress: Arc::default() }
    }
}

impl Assets {
    /// How much to ask about each asset. Default [`Fields::Full`].
    pub fn fields(self, fields: Fields) -> Self {
        self.with(|options| options.fields = fields)
    }

    /// Which files to ask about. Default all. Each costs some 600 bytes per asset in every answer.
    pub fn roles(self, roles: impl IntoIterator<Item = Role>) -> Self {
        self.with(|options| options.roles = roles.into_iter().collect())
    }

    /// Assets per request; default and most is what the server gives: 100, in albums of the user 66.
    pub fn page_size(self, assets: NonZeroUsize) -> Self {
        self.with(|options| options.page = options.page.min(assets.get()))
    }

    /// Pages fetched ahead of the one being read. Default 4.
    pub fn prefetch(self, pages: usize) -> Self {
        self.with(|options| options.prefetch = pages)
    }

    /// The first `assets` of the list only: the outcome is [`Listing::Limited`] then, unless the list is shorter.
    pub fn limit(self, assets: u64) -> Self {
        self.with(|options| options.limit = Some(assets))
    }

    /// Begins at a rank, which counts assets from the newest. Those before it count as seen.
    pub(crate) fn starting_at(self, rank: u64) -> Self {
        self.with(|options| options.start = rank)
    }

    /// Everything before this rank was handed out before the last item, and nothing was passed over.
    pub(crate) fn reach(&self) -> u64 {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).reach
    }

    /// Whether an error that the stream gave concerns one asset only, so that the stream goes on.
    pub fn concerns_one(error: &Error) -> bool {
        error.context().any(|(key, _)| matches!(key, "asset" | "record"))
    }

    fn with(mut self, choose: impl FnOnce(&mut Options)) -> Self {
        if let State::New(options) = &mut self.state {
            choose(options);
        }
        self
    }

    /// How the listing ended. Before the stream's end it is [`Listing::Short`] with what was seen so far.
    pub fn outcome(&self) -> Listing {
        outcome(&self.progress.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The state of the library when the first page was read: changes since then are not in this listing for sure.
    /// `None` before the first item, or if Apple sent none.
    pub fn sync_token(&self) -> Option<SyncToken> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).token.clone()
    }
}

fn outcome(progress: &Progress) -> Listing {
    let Progress { seen, expected, whole, full, .. } = *progress;
    match (whole, full) {
        (true, _) if expected == Some(seen) => Listing::Complete { seen },
        (_, true) => Listing::Limited { seen },
        _ => Listing::Short { expected, seen, gap: !whole },
    }
}

impl Stream for Assets {
    type Item = Result<Asset>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let State::New(options) = &self.state {
            let reader = options.reader(self.progress.clone());
            self.state = State::Running(reader.into_stream().boxed());
        }
        match &mut self.state {
            State::Running(stream) => stream.poll_next_unpin(cx),
            State::New(_) => Poll::Ready(None),
        }
    }
}

impl fmt::Debug for Assets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assets").field("outcome", &self.outcome()).finish_non_exhaustive()
    }
}

impl Options {
    fn reader(&self, progress: Arc<Mutex<Progress>>) -> Reader<AlbumSource> {
        let page = self
            .limit
            .map_or(self.page, |limit| self.page.min(usize::try_from(limit.max(1)).unwrap_or(usize::MAX)));
        let keys = record::desired_keys(self.fields, &self.roles);
        let source = AlbumSource { album: self.album.clone(), keys };
        Reader::new(source, page, self.prefetch, self.limit, progress).starting_at(self.start)
    }
}

/// An album of the account, as the reader sees it.
#[derive(Debug)]
struct AlbumSource {
    album: Album,
    keys: Option<Vec<String>>,
}

impl Source for AlbumSource {
    fn library(&self) -> &LibraryId {
        self.album.library().id()
    }

    fn records_per_asset(&self) -> usize {
        self.album.index().records_per_asset
    }

    fn page(self: Arc<Self>, rank: u64, records: usize) -> BoxFuture<'static, Result<Page>> {
        async move {
            let library = self.album.library();
            let body = query::list(self.album.index(), library.zone(), rank, records, self.keys.as_deref());
            library.query(&body, parse_page).await.map_err(|error| match self.album.name() {
                "" => error,
                name => error.with("album", name),
            })
        }
        .boxed()
    }

    fn count(self: Arc<Self>) -> BoxFuture<'static, Result<Option<u64>>> {
        async move { self.album.count().await }.boxed()
    }

    fn lookup(self: Arc<Self>, names: Vec<String>) -> BoxFuture<'static, Result<Page>> {
        async move { self.album.library().records(&names, self.keys.as_deref()).await }.boxed()
    }
}
