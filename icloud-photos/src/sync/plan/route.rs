//! Where the assets of a plan come from, leg by leg.
//!
//! A first run takes a cursor, lists everything, and then follows what happened since the cursor was taken, so that
//! nothing that lands behind the reader's back is lost. A listing that was cut goes on (`rest.rs`). Later runs only follow
//! (`follow.rs`); then they look for the files that the catalogue knows, and what is missing or failed is asked about by its id.

use std::sync::Arc;

use futures::StreamExt;

use super::super::catalogue::{Pending, Progress};
use super::super::engine::Inner;
use super::astray::{self, Astray};
use super::follow::{BY_STRANGERS, follow};
use super::lookup::{Look, recheck};
use super::members::members;
use super::moved_out::moved_out;
use super::rest::{Cut, MARGIN};
use super::survey::{Item, Memory, Step, Survey, listed, survey_with};
use super::sweep::{RollCall, sweep};
use super::window::Window;
use super::{Action, is_about_storage};
use crate::asset::{AssetId, ChangeCursor};
use crate::error::Result;
use crate::library::{AlbumId, AlbumKind};

pub(super) struct Route {
    inner: Arc<Inner>,
    leg: Leg,
    cursor: Option<ChangeCursor>,
    /// Where an earlier run of this selection left off that came to its end.
    before: Option<String>,
    /// Photos were moved out of iCloud from here.
    guarded: bool,
    /// The catalogue knows files of this library: of an adoption, or of another selection.
    known: bool,
    /// A run was killed that may have left files without rows.
    killed: bool,
    /// From before the first page of the list.
    begun: Option<ChangeCursor>,
    /// The album that is listed.
    album: usize,
    /// The list was read in this run.
    listed: bool,
    /// Everything was seen so far, and nothing was wrong with what was seen.
    whole: bool,
    /// Who was in the list, if the catalogue knows anybody who was not.
    roll: Option<RollCall>,
    /// A listing that was cut there goes on.
    cut: Option<Cut>,
    /// Its rest may have begun too late.
    doubtful: bool,
    /// A list was left before its end.
    left: bool,
    /// As the list was begun.
    memory: Memory,
    /// What happened since the list was begun that goes on.
    changes: u64,
    astray: Astray,
    /// What an upper limit in days has let in, if there is one.
    window: Option<Window>,
    /// Who is in which album is known: the history was followed since.
    knows_members: bool,
    /// A list is being read, as far as this rank.
    reading: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leg {
    Begin,
    List(usize),
    Rest,
    Replay,
    Sweep,
    Recheck,
    Window,
    Ask,
    Search,
    MovedOut,
    Members,
    End,
    Over,
}

/// What to say first, and the steps that follow.
pub(super) type Stretch = (Option<Action>, Survey);

impl Route {
    pub(super) fn new(inner: Arc<Inner>) -> Self {
        Self {
            inner,
            leg: Leg::Begin,
            cursor: None,
            before: None,
            guarded: false,
            known: false,
            killed: false,
            begun: None,
            album: 0,
            listed: false,
            whole: true,
            roll: None,
            cut: None,
            doubtful: false,
            left: false,
            memory: Memory::Rows,
            changes: 0,
            astray: Astray::default(),
            window: None,
            knows_members: false,
            reading: None,
        }
    }

    /// The next leg; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Stretch>> {
        self.reading = None;
        while self.leg != Leg::Over {
            let stretch = match self.leg {
                Leg::Begin => self.begin().await?,
                Leg::List(album) => self.list(album).await?,
                Leg::Rest => self.rest().await?,
                Leg::Replay => self.replay(),
                Leg::Sweep => self.sweep(),
                Leg::Recheck => self.recheck(),
                Leg::Window => self.window().await?,
                Leg::Ask => self.ask(),
                Leg::Search => self.search(),
                Leg::MovedOut => self.moved_out(),
                Leg::Members => self.members(),
                Leg::End | Leg::Over => self.end(),
            };
            if stretch.is_some() {
                return Ok(stretch);
            }
        }
        Ok(None)
    }

    /// A listing that was cut is younger than the run that came to its end before it.
    async fn begin(&mut self) -> Result<Option<Stretch>> {
        self.leg = Leg::List(0);
        self.guarded = self.inner.has_record().await;
        self.killed = self.inner.was_killed().await?;
        self.known = self.inner.knows_files().await?;
        self.window = Window::open(&self.inner).await?;
        if self.inner.until_found == Some(0) {
            return Ok(None);
        }
        let Some(Progress { token, pending, .. }) = self.inner.progress().await? else { return Ok(None) };
        self.before = token.clone();
        self.knows_members = token.is_some() && pending.is_none();
        self.astray = Astray::recall(&self.inner).await?;
        let cursor = match (pending, token) {
            (Some(Pending { token: Some(token), album, rank, sweeps, .. }), _) => {
                self.leg = Leg::Rest;
                self.cut = usize::try_from(album).ok().map(|album| Cut { album, rank });
                self.roll = sweeps.then(RollCall::goes_on);
                self.begun = Some(self.inner.cursor_at(token));
                self.begun.clone()
            }
            (_, Some(token)) => {
                self.leg = Leg::Recheck;
                Some(self.inner.cursor_at(token))
            }
            _ => None,
        };
        self.cursor = cursor;
        Ok(self.cursor.as_ref().map(|cursor| (None, follow(self.inner.clone(), cursor))))
    }

    async fn list(&mut self, album: usize) -> Result<Option<Stretch>> {
        if self.is_too_late().await? {
            return Ok(None);
        }
        let mut first = None;
        if album == 0 {
            self.inner.library.require_index().await?;
            self.listed = true;
            self.cursor = self.inner.cursor().await;
            self.begun = self.cursor.clone();
            self.roll = self.inner.roll().await?;
            self.memory = self.inner.memory().await?;
            first = self.inner.tree().await?;
        }
        if album == self.inner.albums.len() {
            self.leg = Leg::Replay;
            return Ok(None);
        }
        (self.album, self.leg) = (album, Leg::List(album + 1));
        let (total, assets) = self.inner.list(album).await?;
        let items = futures::stream::iter(first).chain(listed(assets));
        let steps = survey_with(self.inner.clone(), items, self.memory);
        self.reading = Some(0);
        Ok(Some((Some(Action::Begin { total }), steps)))
    }

    /// The list behind what an earlier run saw of it.
    async fn rest(&mut self) -> Result<Option<Stretch>> {
        let cut = self.cut.filter(|cut| cut.album < self.inner.albums.len());
        match cut.and_then(|cut| Some((cut.album, cut.rest_after(self.changes)?))) {
            None => {
                self.list_anew("too much has changed since it was cut");
                Ok(None)
            }
            Some((album, start)) => {
                (self.album, self.leg, self.doubtful) = (album, Leg::List(album + 1), true);
                self.reading = Some(0);
                self.inner.list_rest(album, start).await.map(Some)
            }
        }
    }

    /// Whether so much happened before the first page of a rest came that something may stand before it that nobody saw.
    async fn is_too_late(&mut self) -> Result<bool> {
        let Some(cursor) = self.cursor.as_ref().filter(|_| self.doubtful) else { return Ok(false) };
        let most = if self.inner.is_whole_library() { MARGIN } else { 0 };
        self.doubtful = !self.inner.is_calm(cursor, most).await?;
        let too_late = self.doubtful;
        if too_late {
            self.list_anew("much has changed while it was read");
        }
        Ok(too_late)
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

    /// After a listing everything was spoken of that it showed; files that are missing of photos that no list shows are asked about by their
    /// ids. Where a list went on the first part of it was
    /// spoken of by another run; in albums, where only a list could say more, the next run looks.
    fn recheck(&mut self) -> Option<Stretch> {
        self.leg = Leg::Window;
        let of_rest = self.cut.is_some() && !self.inner.is_whole_library();
        if !self.inner.remembers() {
            None
        } else if of_rest || self.left {
            Some((None, recheck(self.inner.clone(), Look::Sidecars)))
        } else if !self.listed {
            Some((None, recheck(self.inner.clone(), Look::Files)))
        } else if self.known && (self.whole || self.inner.is_whole_library()) {
            Some((None, self.astray.settle(self.inner.clone())))
        } else {
            None
        }
    }

    /// What was too young before.
    async fn window(&mut self) -> Result<Option<Stretch>> {
        self.leg = Leg::Ask;
        let Some(window) = self.window else { return Ok(None) };
        let inner = self.inner.clone();
        if self.listed {
            return Ok(window.seen(inner).filter(|_| self.cut.is_none()).map(|steps| (None, steps)));
        }
        if self.cut.is_some() {
            return Ok(None);
        }
        if inner.is_whole_library() {
            return Ok(Some((None, window.look(inner))));
        }
        if window.lets_anybody_in(&inner).await? {
            self.list_anew("photos have become old enough");
        }
        Ok(None)
    }

    /// What was found missing or failed is asked about by its id; of an album only a list says what is in it.
    fn ask(&mut self) -> Option<Stretch> {
        self.leg = Leg::Search;
        if self.listed || !self.astray.is_restless() {
            return None;
        }
        if self.inner.is_whole_library() {
            return Some((None, astray::ask(self.inner.clone())));
        }
        self.list_anew("a file is missing, of this album or of another");
        None
    }

    /// What was removed may be elsewhere in the storage.
    fn search(&mut self) -> Option<Stretch> {
        self.leg = Leg::MovedOut;
        (!self.listed && self.astray.wants_search()).then(|| (None, astray::search(self.inner.clone())))
    }

    /// Whatever the run is about, what this copy moved out of iCloud is its to keep.
    fn moved_out(&mut self) -> Option<Stretch> {
        self.leg = Leg::Members;
        self.inner.remembers().then(|| (None, moved_out(self.inner.clone(), self.listed)))
    }

    /// For views by album.
    fn members(&mut self) -> Option<Stretch> {
        self.leg = Leg::End;
        let learns = self.inner.learns_albums() && !self.knows_members;
        learns.then(|| (None, members(self.inner.clone())))
    }

    fn end(&mut self) -> Option<Stretch> {
        self.leg = Leg::Over;
        let cursor = self.cursor.as_ref().filter(|_| self.whole && self.inner.remembers())?;
        let mut progress = Progress::new(self.inner.key.clone(), self.inner.selection.as_str(), 0);
        progress.token = Some(cursor.token().as_str().to_owned());
        Some((Some(Action::Covered { progress }), futures::stream::empty().boxed()))
    }

    /// Whether a name proves nothing. The catalogue had its say before: what it does not know of a file, nobody does. Or a file may be
    /// that of a photo which was moved out of iCloud, and not of the one that is there and has the same name.
    pub(super) fn doubts_names(&self) -> bool {
        self.before.is_some() || self.known || self.guarded || self.killed
    }

    /// Whether even a file that nothing but its name speaks for proves nothing: it may have come in a run that was killed, for another
    /// photo.
    pub(super) fn follows_a_kill(&self) -> bool {
        self.killed
    }

    /// The album of the user's whose list is read, if that is to be remembered of its photos.
    pub(super) fn listed_album(&self) -> Option<AlbumId> {
        let album =
            self.inner.albums.get(self.album).filter(|_| self.is_listing() && self.inner.follows_albums())?;
        album.id().filter(|_| album.kind() == AlbumKind::User).cloned()
    }

    /// Whether the steps are those of a list.
    pub(super) fn is_listing(&self) -> bool {
        self.reading.is_some()
    }

    /// Whether the list is read where an earlier run has read it, or one was killed in the midst of it: what stands here then says
    /// nothing of what stands behind.
    pub(super) fn is_spoken_of(&self) -> bool {
        let cut = self.cut.filter(|cut| cut.album == self.album);
        self.killed || cut.is_some_and(|cut| self.reading.is_some_and(|rank| rank < cut.rank))
    }

    /// The rest of the list is not read: nothing is covered by that.
    pub(super) fn leave(&mut self) {
        (self.whole, self.doubtful, self.left) = (false, false, true);
    }

    /// Something was not seen as it should have been: the next run lists again.
    pub(super) fn flaw(&mut self) {
        self.whole = false;
    }

    /// Takes note of a step; true if the rest of this leg does not matter any more.
    pub(super) async fn note(&mut self, step: &Step) -> Result<bool> {
        if let Some(roll) = &mut self.roll {
            roll.note(step);
        }
        self.astray.note(&self.inner.key, step, self.listed && self.known);
        match step {
            Step::Problem(_, error) => self.whole &= is_about_storage(error),
            Step::End(listing) => self.whole &= listing.has_all(),
            Step::Reached { cursor, changes } => {
                self.cursor = Some(cursor.clone());
                self.changes += changes;
            }
            Step::ListAnew(reason) => {
                self.knows_members &= BY_STRANGERS.contains(&reason.as_str());
                self.list_anew(reason);
                return Ok(true);
            }
            Step::Listed(rank) => {
                self.reading = Some(*rank);
                return self.is_too_late().await;
            }
            _ => {}
        }
        Ok(false)
    }

    fn list_anew(&mut self, reason: &str) {
        tracing::info!(%reason, "the list is read anew");
        (self.cursor, self.begun, self.cut, self.doubtful) = (None, None, None, false);
        if !self.listed {
            (self.leg, self.whole) = (Leg::List(0), true);
        }
    }

    /// What a later run goes on from if this one is cut, and whom the list has shown since the last such mark; as long as nothing was
    /// wrong.
    pub(super) fn mark(&mut self, rank: u64) -> Option<(Progress, Vec<AssetId>)> {
        if self.cut.is_some_and(|cut| cut.album == self.album && cut.rank >= rank) {
            return None;
        }
        let seen = self.roll.as_mut().map(RollCall::take_fresh).unwrap_or_default();
        let begun = self.begun.as_ref().filter(|_| self.whole && self.inner.remembers())?;
        let pending = Pending::new(Some(begun.token().as_str().to_owned()), rank, rank);
        let pending = Pending { album: self.album as u64, sweeps: self.roll.is_some(), ..pending };
        let mut progress = Progress::new(self.inner.key.clone(), self.inner.selection.as_str(), 0);
        (progress.token, progress.pending) = (self.before.clone(), Some(pending));
        Some((progress, seen))
    }
}

impl Inner {
    /// Whether the catalogue knows any file, of this library or another.
    async fn memory(&self) -> Result<Memory> {
        let blank = self.catalogue.files(None, None, 1).await?.is_empty();
        Ok(if blank { Memory::Blank } else { Memory::Rows })
    }

    async fn knows_files(&self) -> Result<bool> {
        Ok(!self.catalogue.files(Some(&self.key), None, 1).await?.is_empty())
    }

    /// Without one the list is read all the same, and read again by the next run.
    async fn cursor(&self) -> Option<ChangeCursor> {
        if !self.remembers() {
            return None;
        }
        let cursor = self.library.cursor().await;
        cursor.inspect_err(|error| tracing::warn!(%error, "Apple does not say where the history stands")).ok()
    }

    /// Who was listed is worth noting only if the catalogue knows somebody.
    async fn roll(&self) -> Result<Option<RollCall>> {
        let sweeps = self.remembers() && self.is_whole_library() && self.knows_assets().await?;
        Ok(sweeps.then(RollCall::default))
    }

    /// The user's albums, to be remembered. They are of no use to the run itself, unless its own are only remembered.
    async fn tree(&self) -> Result<Option<Item>> {
        if !self.remembers() {
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
}
