//! Leads from what a view shows to what it should show.
//!
//! Three times through both, in the order of their paths: what is to be laid that no record knows is announced; what is wanted no more
//! is removed; what is wanted is looked at and laid where it is missing. Then the record says what stands there. A run that finds all as it should be
//! writes nothing. `clear.rs` removes.

use std::collections::BTreeSet;

use super::super::engine::Inner;
use super::super::event::{SyncEvent, SyncObserver, SyncReport};
use super::clear::LAST;
use super::entry::{is_one, is_ours};
use super::kind::best;
use super::record::{Draft, Line, Record};
use super::sorted::{Merge, Sorted, Sorter};
use super::wanted::wanted;
use super::{Laid, View, ViewAs, ViewEvent};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Entry, EntryKind, Storage, StoragePath};

/// Entries looked at in one go.
const ENTRIES: usize = 500;

const STRANGER: &str =
    "something stands here that this view did not lay; move it away, or the view goes without this entry";
const ASTRAY: &str = "this link leads nowhere, out of the folder of the copy; if that was moved, remove the folder of the view, and the next \
                      run lays it anew";
/// Lays all views of an engine, or only tells what it would do. What concerns one view or entry is told and counted.
pub(in crate::sync) async fn lay(
    inner: &Inner,
    observer: &dyn SyncObserver,
    report: &mut SyncReport,
    rehearses: bool,
) -> Result<()> {
    for view in &inner.views {
        let mut laying = Laying::new(inner, view, observer, rehearses)?;
        let laid = laying.run().await;
        let Laying { counts, .. } = laying;
        report.views_laid += counts.laid;
        report.views_removed += counts.removed;
        report.views_left += counts.left;
        report.failed += counts.failed;
        match laid {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::StorageFull) => {
                return Err(error);
            }
            Err(error) => {
                report.failed += 1;
                let view = &view.name;
                observer.event(SyncEvent::View(ViewEvent::Failed { view, path: None, error: &error }));
            }
        }
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Counts {
    laid: u64,
    removed: u64,
    left: u64,
    failed: u64,
}

pub(super) struct Laying<'a> {
    pub(super) inner: &'a Inner,
    pub(super) storage: &'a dyn Storage,
    pub(super) view: &'a View,
    observer: &'a dyn SyncObserver,
    pub(super) rehearses: bool,
    pub(super) folder: StoragePath,
    /// What new entries are made of.
    pub(super) best: Laid,
    /// One was made.
    pub(super) tried: bool,
    /// Copies keep the times of their files.
    times: bool,
    counts: Counts,
    /// What could not be removed.
    pub(super) stuck: BTreeSet<StoragePath>,
}

/// One path: what may stand there, and what should.
pub(super) struct Place {
    pub(super) path: StoragePath,
    pub(super) known: Vec<Line>,
    pub(super) wanted: Option<Line>,
}

impl Place {
    /// What the record says was laid there.
    fn before(&self) -> Option<&Line> {
        self.known.iter().find(|line| !line.may_be)
    }
}

impl<'a> Laying<'a> {
    fn new(
        inner: &'a Inner,
        view: &'a View,
        observer: &'a dyn SyncObserver,
        rehearses: bool,
    ) -> Result<Self> {
        let storage = &*inner.storage;
        let (can, counts) = (storage.capabilities(), Counts::default());
        let (folder, times, best) = (view.folder()?, can.modified_time, best(view.shape, &can));
        let stuck = BTreeSet::new();
        Ok(Self {
            inner,
            storage,
            view,
            observer,
            rehearses,
            folder,
            best,
            tried: false,
            times,
            counts,
            stuck,
        })
    }

    async fn run(&mut self) -> Result<()> {
        self.require_links()?;
        let record = Record::of(self.storage, self.view)?;
        let mut known = Sorter::default();
        let found = record.read(&mut known).await?;
        let (mut known, mut wanted) = (known.finish(), wanted(self.inner, self.view, self.rehearses).await?);
        let mut announced = false;
        if !self.rehearses {
            let draft = self.announcement(&record, &mut known, &mut wanted).await?;
            announced = draft.entries > 0;
            if announced {
                record.announce(draft).await?;
            }
        }
        self.clear(&mut known, &mut wanted).await?;
        let draft = self.fill(&record, &mut known, &mut wanted).await?;
        let entries = draft.entries;
        if !self.rehearses {
            let is_done = self.counts.failed == 0;
            record.finish(draft, &found, announced, is_done).await?;
        }
        let (view, Counts { laid, removed, .. }) = (&self.view.name, &self.counts);
        let (laid, removed) = (*laid, *removed);
        self.tell(ViewEvent::Done { view, entries, laid, removed });
        Ok(())
    }

    /// What may stand there soon, or does, and is not in the record. Where nothing can be laid nothing is announced: a run that has nothing
    /// to do writes nothing.
    async fn announcement(
        &self,
        record: &Record<'_>,
        known: &mut Sorted<Line>,
        wanted: &mut Sorted<Line>,
    ) -> Result<Draft> {
        let mut draft = record.begin()?;
        let mut places = self.places(known, wanted)?;
        loop {
            let batch =
                places.batch(|place| place.known.iter().any(|line| line.may_be) || self.is_new(place))?;
            if batch.is_empty() {
                return Ok(draft);
            }
            for (place, entry, file) in self.look(batch).await? {
                for line in place.known.iter().filter(|line| line.may_be) {
                    draft.add(line)?;
                }
                let was_laid = place.known.iter().any(|line| line.laid != Laid::Manifest);
                // What cannot be looked at now may be laid a moment later.
                let is_taken = matches!(entry, Ok(Some(_))) && !was_laid;
                let can_be_laid = !(is_taken || matches!(file, Ok(None)));
                if let Some(wanted) = place.wanted.clone().filter(|_| can_be_laid && self.is_new(&place)) {
                    draft.add(&Line { laid: self.best, ..wanted })?;
                }
            }
        }
    }

    /// Whether the record says nothing of what is wanted there.
    fn is_new(&self, place: &Place) -> bool {
        let Some(wanted) = place.wanted.as_ref().filter(|_| self.best != Laid::Manifest) else {
            return false;
        };
        let same = |known: &Line| known.file == wanted.file && (known.laid == self.best || self.fits(known));
        !place.known.iter().any(same)
    }

    /// Of a view that is made of what is best, any link will do.
    fn fits(&self, known: &Line) -> bool {
        self.view.shape == ViewAs::Best && matches!(known.laid, Laid::HardLink | Laid::Symlink)
    }

    /// Lays what is missing; gives back what the view shows then.
    async fn fill(
        &mut self,
        record: &Record<'_>,
        known: &mut Sorted<Line>,
        wanted: &mut Sorted<Line>,
    ) -> Result<Draft> {
        let mut draft = record.begin()?;
        let mut places = self.places(known, wanted)?;
        loop {
            let batch = places.batch(|place| place.wanted.is_some() || self.stuck.contains(&place.path))?;
            if batch.is_empty() {
                return Ok(draft);
            }
            for (place, entry, file) in self.look(batch).await? {
                self.stop_if_asked()?;
                let shown = match (&place.wanted, entry, file) {
                    (Some(wanted), Ok(entry), Ok(file)) => self.show(&place, wanted, entry, file).await,
                    (None, ..) => Ok(place.before().cloned()),
                    (_, Err(error), _) | (_, _, Err(error)) => Err(error),
                };
                // What failed may stand as it did.
                let shown = self.bear(&place.path, shown)?.unwrap_or_else(|| place.before().cloned());
                if let Some(line) = shown {
                    draft.add(&line)?;
                }
            }
        }
    }

    /// What stands under the names of some entries and their files. For a manifest nothing needs to be asked.
    async fn look(&self, batch: Vec<Place>) -> Result<Vec<(Place, Looked, Looked)>> {
        let is_bare = |place: &Place| place.known.iter().all(|line| line.laid == Laid::Manifest);
        if self.best == Laid::Manifest && batch.iter().all(is_bare) {
            return Ok(batch.into_iter().map(|place| (place, Ok(None), Ok(None))).collect());
        }
        let paths = batch.iter().map(|place| place.path.clone()).collect();
        // Of what is only looked for to be kept the file does not matter.
        let file = |place: &Place| place.wanted.as_ref().map_or_else(|| Ok(place.path.clone()), Line::file);
        let files = batch.iter().map(file).collect::<Result<_>>()?;
        let (entries, files) = (self.storage.look(paths).await, self.storage.look(files).await);
        let places = batch.into_iter().zip(entries).zip(files);
        Ok(places.map(|((place, entry), file)| (place, entry, file)).collect())
    }

    /// Sees to one entry; gives back what stands there then, if that is the view's.
    async fn show(
        &mut self,
        place: &Place,
        wanted: &Line,
        entry: Option<Entry>,
        file: Option<Entry>,
    ) -> Result<Option<Line>> {
        let Place { path, known, .. } = place;
        let file = file.filter(|file| file.kind != EntryKind::Other);
        if let (Some(entry), Some(file)) = (&entry, &file)
            && let Some(laid) = wanted.is_shown((self.view.shape, self.times), entry, file, known)
        {
            return Ok(Some(wanted.laid_as(laid, entry).with_hash_of(known)));
        }
        if self.best == Laid::Manifest {
            return self.list(path, known, wanted, entry).await.map(Some);
        }
        if file.is_none() {
            // It is not here just now. What shows it still, does.
            return Ok(place.before().filter(|_| entry.is_some()).cloned());
        }
        if let Some(entry) = entry {
            let is_link = file.as_ref().is_some_and(|file| is_one(&entry, file));
            if !is_link && !is_ours(self.storage, path, &entry, known).await? {
                let was_link = known.iter().any(|line| line.laid == Laid::Symlink && !line.may_be);
                let leads_away = entry.kind == EntryKind::Link(None) && entry.names.is_none();
                self.left(path, if was_link && leads_away { ASTRAY } else { STRANGER });
                return Ok(None);
            }
            if !is_link && self.is_last(&entry, known).await? {
                self.left(path, LAST);
                // Once the copy is mended the entry follows.
                let is_the_same = known.iter().any(|line| line.asset == wanted.asset);
                return Ok(place.before().filter(|_| is_the_same).cloned());
            }
            self.require_one_disk(&entry, file.as_ref())?;
            if !self.rehearses {
                self.try_kind(path, wanted).await?;
                self.storage.remove(path).await?;
            }
        }
        let line = if self.rehearses { wanted.clone() } else { self.make(path, wanted).await? };
        self.laid(path, wanted)?;
        Ok(Some(line))
    }

    /// A line of a manifest, and nothing else: what was laid there before goes.
    async fn list(
        &mut self,
        path: &StoragePath,
        known: &[Line],
        wanted: &Line,
        entry: Option<Entry>,
    ) -> Result<Line> {
        if let Some(entry) = entry
            && !self.rehearses
            && is_ours(self.storage, path, &entry, known).await?
            && !self.is_last(&entry, known).await?
        {
            self.storage.remove(path).await?;
            let parent = path.parent().unwrap_or_else(StoragePath::root);
            self.storage.prune(&parent, &self.folder).await?;
            self.removed(path);
        }
        if !known.iter().any(|line| line == wanted) {
            self.laid(path, wanted)?;
        }
        Ok(wanted.clone())
    }

    pub(super) fn places<'s>(
        &self,
        known: &'s mut Sorted<Line>,
        wanted: &'s mut Sorted<Line>,
    ) -> Result<Places<'s>> {
        Ok(Places { folder: self.folder.clone(), known: known.iter()?, wanted: wanted.iter()? })
    }

    pub(super) fn stop_if_asked(&self) -> Result<()> {
        match self.inner.stop.is_given() {
            true => Err(Error::new(ErrorKind::Cancelled, "the run was stopped")),
            false => Ok(()),
        }
    }

    fn laid(&mut self, path: &StoragePath, line: &Line) -> Result<()> {
        self.counts.laid += 1;
        self.tell(ViewEvent::Laid { path, file: &line.file()? });
        Ok(())
    }

    pub(super) fn removed(&mut self, path: &StoragePath) {
        self.counts.removed += 1;
        self.tell(ViewEvent::Removed { path });
    }

    pub(super) fn left(&mut self, path: &StoragePath, why: &str) {
        self.counts.left += 1;
        self.tell(ViewEvent::Left { path, why });
    }

    /// What concerns one entry is told; what would concern all others too ends the work on this view.
    pub(super) fn bear<T>(&mut self, path: &StoragePath, outcome: Result<T>) -> Result<Option<T>> {
        let error = match outcome {
            Ok(done) => return Ok(Some(done)),
            Err(error) => error,
        };
        if matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::StorageFull | ErrorKind::Unsupported) {
            return Err(error);
        }
        self.counts.failed += 1;
        self.tell(ViewEvent::Failed { view: &self.view.name, path: Some(path), error: &error });
        Ok(None)
    }

    pub(super) fn tell(&self, event: ViewEvent<'_>) {
        self.observer.event(SyncEvent::View(event));
    }
}

type Looked = Result<Option<Entry>>;

impl Line {
    /// The hash that was taken when the same file was laid.
    fn with_hash_of(self, known: &[Self]) -> Self {
        let before =
            known.iter().find(|line| line.laid == self.laid && line.file == self.file && line.id == self.id);
        let sha256 = self.sha256.clone().or_else(|| before.and_then(|line| line.sha256.clone()));
        Self { sha256, ..self }
    }
}

/// Both lists side by side.
pub(super) struct Places<'s> {
    folder: StoragePath,
    known: Merge<'s, Line>,
    wanted: Merge<'s, Line>,
}

impl Places<'_> {
    /// The next ones that matter.
    fn batch(&mut self, matters: impl Fn(&Place) -> bool) -> Result<Vec<Place>> {
        let mut batch = Vec::new();
        while batch.len() < ENTRIES
            && let Some(place) = self.next()?
        {
            batch.extend(matters(&place).then_some(place));
        }
        Ok(batch)
    }

    pub(super) fn next(&mut self) -> Result<Option<Place>> {
        let heads = [self.known.peek(), self.wanted.peek()];
        let Some(path) = heads.into_iter().flatten().map(|line| line.path.clone()).min() else {
            return Ok(None);
        };
        let mut known = Vec::new();
        while self.known.peek().is_some_and(|line| line.path == path) {
            known.extend(self.known.next()?);
        }
        let mut wanted = None;
        while self.wanted.peek().is_some_and(|line| line.path == path) {
            wanted = self.wanted.next()?;
        }
        let path = StoragePath::parse(&format!("{}/{path}", self.folder))?;
        Ok(Some(Place { path, known, wanted }))
    }
}
