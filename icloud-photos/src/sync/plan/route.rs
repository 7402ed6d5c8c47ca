//! Where the assets of a plan come from, leg by leg.
//!
//! A first run takes a cursor, lists everything, and then follows what happened since the cursor was taken, so that
//! nothing that lands behind the reader's back is lost (one that was cut goes on, `rest.rs`). Later runs only follow; then they look for the files that the catalogue
//! knows, and what is missing or failed is asked about by its id.

use std::collections::HashSet;
use std::sync::Arc;

use futures::{Stream, StreamExt};

use super::super::catalogue::{FileKey, FileRow, Progress};
use super::super::engine::Inner;
use super::astray::{self, Astray, Sorted, Tally};
use super::moved_out::moved_out;
use super::rest::MARGIN;
use super::survey::{Item, Memory, Step, Survey, listed, survey, survey_with};
use super::sweep::{Roll, sweep};
use super::{Action, is_about_storage};
use crate::asset::{AssetId, Change, ChangeCursor, Changes, Fields, MasterId};
use crate::error::{ErrorKind, Result};
use crate::library::SyncToken;

/// Rows of the catalogue looked at in one go.
const ROWS: usize = 1000;

/// Assets looked up in one request pair.
const LOOKUP: usize = 100;

pub(super) struct Route {
    inner: Arc<Inner>,
    leg: Leg,
    cursor: Option<ChangeCursor>,
    /// An earlier run of this selection came to its end.
    has_history: bool,
    /// The list was read in this run.
    listed: bool,
    /// Everything was seen so far, and nothing was wrong with what was seen.
    whole: bool,
    /// Who was in the list, if the catalogue knows anybody who was not.
    roll: Option<Roll>,
    /// A listing that was cut before this rank goes on.
    rest: Option<u64>,
    /// As the list was begun.
    memory: Memory,
    /// What happened since the start of the run, or since the rest of a list was begun.
    changes: u64,
    astray: Astray,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leg {
    Begin,
    List(usize),
    Rest,
    Replay,
    Sweep,
    Recheck,
    Search,
    MovedOut,
    End,
    Over,
}

/// What to say first, and the steps that follow.
pub(super) type Stretch = (Option<Action>, Survey);

impl Route {
    pub(super) fn new(inner: Arc<Inner>) -> Self {
        let (leg, cursor, roll, rest) = (Leg::Begin, None, None, None);
        let (has_history, listed, whole, memory) = (false, false, true, Memory::Rows);
        let astray = Astray::default();
        Self { inner, leg, cursor, has_history, listed, whole, roll, rest, memory, changes: 0, astray }
    }

    /// The next leg; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Stretch>> {
        while self.leg != Leg::Over {
            let stretch = match self.leg {
                Leg::Begin => self.begin().await?,
                Leg::List(album) => self.list(album).await?,
                Leg::Rest => self.rest().await?,
                Leg::Replay => self.replay(),
                Leg::Sweep => self.sweep(),
                Leg::Recheck => self.recheck(),
                Leg::Search => self.search(),
                Leg::MovedOut => self.moved_out(),
                Leg::End | Leg::Over => self.end(),
            };
            if stretch.is_some() {
                return Ok(stretch);
            }
        }
        Ok(None)
    }

    async fn begin(&mut self) -> Result<Option<Stretch>> {
        self.leg = Leg::List(0);
        let cursor = match self.inner.remembered().await? {
            Some(cursor) => {
                (self.leg, self.has_history) = (Leg::Recheck, true);
                self.astray = Astray::recall(&self.inner).await?;
                cursor
            }
            None => {
                let Some((cursor, rank)) = self.inner.pending().await? else { return Ok(None) };
                (self.leg, self.rest) = (Leg::Rest, Some(rank));
                cursor
            }
        };
        let steps = follow(self.inner.clone(), &cursor);
        self.cursor = Some(cursor);
        Ok(Some((None, steps)))
    }

    async fn list(&mut self, album: usize) -> Result<Option<Stretch>> {
        let mut first = None;
        if album == 0 {
            self.inner.library.require_index().await?;
            self.listed = true;
            self.cursor = self.inner.cursor().await;
            self.roll = self.inner.roll().await?;
            self.memory = self.inner.memory().await?;
            first = self.inner.tree().await?;
        }
        if album == self.inner.albums.len() {
            self.leg = Leg::Replay;
            return Ok(None);
        }
        self.leg = Leg::List(album + 1);
        let (total, assets) = self.inner.list(album).await?;
        let items = futures::stream::iter(first).chain(listed(assets));
        let steps = survey_with(self.inner.clone(), items, self.memory);
        Ok(Some((Some(Action::Begin { total }), steps)))
    }

    /// The list behind what an earlier run saw of it.
    async fn rest(&mut self) -> Result<Option<Stretch>> {
        let shift = std::mem::take(&mut self.changes) + MARGIN;
        match self.rest.unwrap_or(0).saturating_sub(shift) {
            0 => {
                self.list_anew("too much has changed since it was cut");
                Ok(None)
            }
            start => {
                self.leg = Leg::Replay;
                self.inner.list_rest(start).await.map(Some)
            }
        }
    }

    /// What an album lacks is not in the history of the library in so many words: the next run sees that there is news,
    /// and lists the album again.
    fn replay(&mut self) -> Option<Stretch> {
        self.leg = Leg::Sweep;
        let cursor = self.cursor.as_ref().filter(|_| self.inner.is_whole_library())?;
        Some((None, follow(self.inner.clone(), cursor)))
    }

    /// Only a whole list says who is not in it.
    fn sweep(&mut self) -> Option<Stretch> {
        self.leg = Leg::Recheck;
        let roll = self.roll.take().filter(|_| self.whole && self.inner.is_whole_library())?;
        Some((None, sweep(self.inner.clone(), roll)))
    }

    /// After a listing everything was spoken of: what no list shows is not asked about.
    fn recheck(&mut self) -> Option<Stretch> {
        self.leg = Leg::Search;
        if self.rest.is_some() && self.changes > MARGIN {
            self.list_anew("much has changed while it was read");
            return None;
        }
        if !self.inner.follows() {
            None
        } else if !self.listed {
            Some((None, recheck(self.inner.clone())))
        } else if self.whole && !self.inner.is_whole_library() {
            Some((None, self.astray.settle(self.inner.clone())))
        } else {
            None
        }
    }

    /// What was found missing may be in a list, or elsewhere in the storage.
    fn search(&mut self) -> Option<Stretch> {
        self.leg = Leg::MovedOut;
        if self.listed {
            return None;
        }
        if self.astray.wants_list() {
            self.list_anew("a file is missing, of this album or of another");
            return None;
        }
        self.astray.wants_search().then(|| (None, astray::search(self.inner.clone())))
    }

    /// Whatever the run is about, what this copy moved out of iCloud is its to keep.
    fn moved_out(&mut self) -> Option<Stretch> {
        self.leg = Leg::End;
        self.inner.remembers().then(|| (None, moved_out(self.inner.clone(), self.listed)))
    }

    fn end(&mut self) -> Option<Stretch> {
        self.leg = Leg::Over;
        let cursor = self.cursor.as_ref().filter(|_| self.whole && self.inner.follows())?;
        let mut progress = Progress::new(self.inner.key.clone(), self.inner.selection.as_str(), 0);
        progress.token = Some(cursor.token().as_str().to_owned());
        Some((Some(Action::Covered { progress }), futures::stream::empty().boxed()))
    }

    /// Whether the catalogue had its say before: what it does not know of a file, nobody does.
    pub(super) fn has_history(&self) -> bool {
        self.has_history
    }

    /// Something was not seen as it should have been: the next run lists again.
    pub(super) fn flaw(&mut self) {
        self.whole = false;
    }

    /// Takes note of a step; true if the rest of this leg does not matter any more.
    pub(super) fn note(&mut self, step: &Step) -> bool {
        if let Some(roll) = &mut self.roll {
            roll.note(step);
        }
        self.astray.note(step, self.listed && !self.inner.is_whole_library());
        match step {
            Step::Problem(_, error) => self.whole &= is_about_storage(error),
            Step::End(listing) => self.whole &= listing.is_complete(),
            Step::Reached { cursor, changes } => {
                self.cursor = Some(cursor.clone());
                self.changes += changes;
            }
            Step::ListAnew(reason) => {
                self.list_anew(reason);
                return true;
            }
            _ => {}
        }
        false
    }

    fn list_anew(&mut self, reason: &str) {
        tracing::info!(%reason, "the list is read anew");
        (self.cursor, self.rest) = (None, None);
        if !self.listed {
            (self.leg, self.whole) = (Leg::List(0), true);
        }
    }

    /// What a later run goes on from if this one is cut: only a first listing has marks, as long as nothing was wrong. Where the
    /// catalogue knows assets that must be looked for in the whole list, the rest of one will not do.
    pub(super) fn mark(&self, rank: u64) -> Option<Progress> {
        let first = self.listed && !self.has_history && self.roll.is_none() && self.inner.is_whole_library();
        let cursor = self.cursor.as_ref().filter(|_| first && self.whole && self.inner.follows())?;
        Some(self.inner.mark(cursor, rank))
    }
}

/// What happened since `cursor`, as steps.
fn follow(inner: Arc<Inner>, cursor: &ChangeCursor) -> Survey {
    let changes = inner.library.changes(cursor).fields(Fields::Basic).roles(inner.roles());
    survey(inner.clone(), news(inner, changes))
}

fn news(inner: Arc<Inner>, changes: Changes) -> impl Stream<Item = Item> {
    let strangers = Strangers::default();
    let batches = futures::stream::unfold(Some((inner, changes, strangers)), |state| async {
        let (inner, mut changes, mut strangers) = state?;
        match changes.next().await {
            Ok(None) => strangers.verdict(&inner).map(|item| (vec![item], None)),
            Ok(Some(batch)) => {
                let count = batch.changes.len() as u64;
                let mut items = inner.read(batch.changes, &mut strangers).await;
                items.push(Item::Other(Step::Reached { cursor: batch.cursor, changes: count }));
                Some((items, Some((inner, changes, strangers))))
            }
            Err(error) => Some((vec![Item::Asset(Err(error))], None)),
        }
    });
    batches.flat_map(futures::stream::iter)
}

/// Originals that changed, and whose assets are not known: a filter left them out. Filters go by names too, so that another
/// name can make a photo wanted; only a list says whose name it is.
#[derive(Default)]
struct Strangers {
    masters: HashSet<MasterId>,
    /// Originals whose assets came along, on whatever page.
    introduced: HashSet<MasterId>,
    /// Something changed, whatever it was.
    any: bool,
}

impl Strangers {
    fn verdict(&self, inner: &Inner) -> Option<Item> {
        let reason = if self.any && !inner.is_whole_library() {
            "something changed, in this album or elsewhere"
        } else if !self.masters.is_subset(&self.introduced) {
            "a photo that was left out has another name"
        } else {
            return None;
        };
        Some(Item::Other(Step::ListAnew(reason.to_owned())))
    }
}

/// Looks for every file that the catalogue knows; what is missing, or failed, is looked up.
fn recheck(inner: Arc<Inner>) -> Survey {
    let pages = futures::stream::unfold(Some((inner.clone(), None)), |state| async {
        let (inner, after) = state?;
        let rows = match inner.catalogue.files(Some(&inner.key), after.as_ref(), ROWS).await {
            Ok(rows) => rows,
            Err(error) => return Some((vec![Item::Asset(Err(error))], None)),
        };
        let last: FileKey = rows.last()?.key.clone();
        let items = inner.look_for(rows).await;
        Some((items, Some((inner, Some(last)))))
    });
    survey(inner, pages.flat_map(futures::stream::iter))
}

impl Inner {
    /// Where the last run of this selection left off.
    pub(in crate::sync) async fn remembered(&self) -> Result<Option<ChangeCursor>> {
        if !self.follows() {
            return Ok(None);
        }
        let progress = self.catalogue.progress(&self.key, &self.selection).await?;
        let token = progress.and_then(|progress| progress.token);
        Ok(token.map(|token| ChangeCursor::new(self.library.id(), SyncToken::new(token))))
    }

    /// Whether the catalogue knows any file, of this library or another.
    async fn memory(&self) -> Result<Memory> {
        let blank = self.catalogue.files(None, None, 1).await?.is_empty();
        Ok(if blank { Memory::Blank } else { Memory::Rows })
    }

    /// Without one the list is read all the same, and read again by the next run.
    async fn cursor(&self) -> Option<ChangeCursor> {
        if !self.follows() {
            return None;
        }
        let cursor = self.library.cursor().await;
        cursor.inspect_err(|error| tracing::warn!(%error, "Apple does not say where the history stands")).ok()
    }

    /// Who was listed is worth noting only if the catalogue knows somebody.
    async fn roll(&self) -> Result<Option<Roll>> {
        let sweeps = self.follows() && self.is_whole_library() && self.knows_assets().await?;
        Ok(sweeps.then(Roll::default))
    }

    /// The user's albums, to be remembered. They are of no use to the run itself, unless its own are only remembered.
    async fn tree(&self) -> Result<Option<Item>> {
        if !self.follows() {
            return Ok(None);
        }
        match self.library.albums().await {
            Ok(albums) => {
                self.album_check.check(&albums)?;
                Ok(Some(Item::Other(Step::Albums(albums))))
            }
            Err(error) if self.album_check.is_none() => {
                tracing::warn!(%error, "the albums are not known");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// In an album only a list says what is in it: its changes are noted, and it is listed at their end.
    async fn read(&self, changes: Vec<Change>, strangers: &mut Strangers) -> Vec<Item> {
        let whole = self.is_whole_library();
        let mut items = Vec::new();
        let mut masters = Vec::new();
        for change in changes {
            if let Change::Asset(asset) | Change::Trashed(asset) = &change
                && self.filters()
            {
                strangers.introduced.insert(asset.master_id().clone());
            }
            strangers.any |= !matches!(change, Change::Other { .. });
            match change {
                Change::Reset { reason } => items.push(Item::Other(Step::ListAnew(reason))),
                Change::Problem { asset, error } if whole => {
                    items.push(Item::Other(Step::Problem(asset, error)));
                }
                Change::Asset(asset) if whole && !asset.is_hidden() => items.push(Item::Asset(Ok(asset))),
                Change::File { master, told } if whole => masters.push((master, told)),
                Change::Asset(_) | Change::Trashed(_) | Change::Gone { .. } | Change::Album { .. } => {
                    items.push(Item::Other(Step::Note(change)));
                }
                _ => {}
            }
        }
        items.extend(self.others_of(masters, strangers).await);
        items
    }

    fn filters(&self) -> bool {
        self.skip_photos || self.skip_videos
    }

    /// The assets of changed originals that did not come along: those the catalogue knows.
    async fn others_of(
        &self,
        masters: Vec<(MasterId, Vec<AssetId>)>,
        strangers: &mut Strangers,
    ) -> Vec<Item> {
        let names: Vec<_> = masters.iter().map(|(master, _)| master.clone()).collect();
        if names.is_empty() {
            return Vec::new();
        }
        let rows = match self.catalogue.assets_with(&names).await {
            Ok(rows) => rows,
            Err(error) => return vec![Item::Asset(Err(error))],
        };
        let mut others = Vec::new();
        for ((master, told), rows) in masters.into_iter().zip(rows) {
            let rows = rows.into_iter().filter(|row| row.library == self.key);
            let assets: Vec<_> = rows.map(|row| row.asset).collect();
            if assets.is_empty() && told.is_empty() && self.filters() {
                strangers.masters.insert(master);
            }
            others.extend(assets.into_iter().filter(|asset| !told.contains(asset)));
        }
        self.look_up(others).await
    }

    async fn look_for(&self, rows: Vec<FileRow>) -> Vec<Item> {
        let Sorted { mut items, doubted, wanted } = match self.sort(rows).await {
            Ok(sorted) => sorted,
            Err(error) => return vec![Item::Asset(Err(error))],
        };
        if !self.is_whole_library() {
            // A row does not say which album it came from.
            let restless = Tally::of(doubted.iter().chain(&wanted).map(|row| &row.key));
            items.push(Item::Other(Step::Restless(restless)));
            return items;
        }
        items.extend(self.look_up(doubted.into_iter().map(|row| row.key.asset).collect()).await);
        items.extend(self.seek(wanted).await);
        items
    }

    /// Asks about the assets of files that are not here. A file that this selection asks for no more is forgotten.
    async fn seek(&self, rows: Vec<FileRow>) -> Vec<Item> {
        let ids: Vec<_> = rows.iter().map(|row| row.key.asset.clone()).collect();
        let mut items = self.look_up(ids).await;
        if items.iter().any(|item| matches!(item, Item::Asset(Err(_)))) {
            return items;
        }
        let mut asked_for = HashSet::new();
        for item in &items {
            if let Item::Asset(Ok(asset)) = item {
                let files = self.layout.place(asset).files;
                asked_for.extend(files.into_iter().map(|file| (asset.id().clone(), file.role)));
            }
        }
        let gone = rows.into_iter().filter(|row| !asked_for.contains(&(row.key.asset.clone(), row.key.role)));
        items.extend(gone.map(|row| Item::Other(Step::Gone(row.key))));
        items
    }

    /// What was proven when this copy moved its photo out of iCloud has a leg of its own (`moved_out.rs`).
    pub(super) async fn leave_moved_out(&self, wanted: &mut Vec<FileRow>) -> Result<()> {
        if wanted.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = wanted.iter().map(|row| row.key.asset.clone()).collect();
        let proven = self.proven_out(&ids).await?;
        wanted.retain(|row| !proven.contains(&(row.key.asset.clone(), row.key.role)));
        Ok(())
    }

    /// Assets as they are now. Who is gone, or out of sight, wants nothing, and is noted.
    async fn look_up(&self, mut ids: Vec<AssetId>) -> Vec<Item> {
        ids.sort_unstable();
        ids.dedup();
        let mut items = Vec::new();
        for ids in ids.chunks(LOOKUP) {
            match self.library.assets_by_id(ids).await {
                Ok(assets) => items.extend(ids.iter().zip(assets).map(|(id, asset)| match asset {
                    Ok(asset) if asset.is_trashed() => Item::Other(Step::Note(Change::Trashed(asset))),
                    Ok(asset) if asset.is_hidden() => Item::Other(Step::Note(Change::Asset(asset))),
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        Item::Other(Step::Note(Change::Gone { record: id.to_string() }))
                    }
                    asset => Item::Asset(asset),
                })),
                Err(error) => items.push(Item::Asset(Err(error))),
            }
        }
        items
    }
}
