//! The engine: what to copy, where to, and how.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::SystemTime;

use sha1::{Digest as _, Sha1};

use super::album_check::AlbumCheck;
use super::catalogue::{Catalogue, LibraryKey, MemoryCatalogue, Tree};
use super::dates::{DateLimit, Dates};
use super::dating::Dating;
use super::event::{SyncObserver, SyncReport};
use super::execute;
use super::filter::Filter;
use super::layout::{Layout, LayoutOptions};
use super::ledger::time_of;
use super::news::{self, News};
use super::plan::{self, Plan};
use super::removal::{Disposal, IRREPLACEABLE, MoveRule, RemovalLimit, Removals};
use super::stop::StopSignal;
use super::trees::tree_of;
use super::views::{self, View};
use crate::asset::{Asset, Assets, ChangeCursor, Fields, Role};
use crate::download::Downloader;
use crate::error::{Error, ErrorKind, Result};
use crate::library::{Album, AlbumKind, AlbumTree, Library};
use crate::session::Database;
use crate::storage::Storage;

/// More downloads at once than this help nobody.
const MOST_AT_ONCE: usize = 256;

/// Keeps a copy of a library. Cheap to clone.
///
/// [`SyncEngine::plan`] says what is to be done and changes nothing; [`SyncEngine::execute`] does it. A dry run is a plan
/// that is printed. Nothing is deleted anywhere unless [`SyncBuilder::mirror`] or [`SyncBuilder::move_out`] asks for it.
#[derive(Debug, Clone)]
pub struct SyncEngine(Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) library: Library,
    pub(super) albums: Vec<Album>,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) layout: Layout,
    pub(super) downloader: Downloader,
    pub(super) recent: Option<u64>,
    pub(super) skip_videos: bool,
    pub(super) skip_photos: bool,
    /// Photos get XMP files beside them.
    pub(super) sidecars: bool,
    /// Trees beside the copy.
    pub(super) views: Vec<View>,
    pub(super) snapshots: bool,
    pub(super) dates: Dates,
    pub(super) filter: Option<Filter>,
    pub(super) until_found: Option<u64>,
    pub(super) concurrency: usize,
    pub(super) missing: Missing,
    pub(super) removals: Removals,
    pub(super) stop: StopSignal,
    pub(super) album_check: AlbumCheck,
    #[cfg_attr(not(feature = "metadata"), allow(dead_code))]
    pub(super) dating: Dating,
    pub(super) catalogue: Arc<dyn Catalogue>,
    /// The catalogue was given, and is there for the next run.
    remembers: bool,
    /// Names the library in the catalogue.
    pub(super) key: LibraryKey,
    /// Names what places the files.
    pub(super) tree: Tree,
    /// Names what is asked for: a token of one selection says nothing about another.
    pub(super) selection: String,
}

/// What to do about a file that the catalogue knows and the storage no longer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// Fetch it again.
    #[default]
    Restore,
    /// Somebody removed it on purpose: leave it.
    Respect,
}

/// Collects what a [`SyncEngine`] needs.
#[derive(Debug)]
#[must_use]
pub struct SyncBuilder {
    library: Library,
    storage: Arc<dyn Storage>,
    albums: Vec<Album>,
    layout: LayoutOptions,
    recent: Option<u64>,
    skip_videos: bool,
    skip_photos: bool,
    sidecars: bool,
    views: Vec<View>,
    snapshots: bool,
    dates: Dates,
    filter: Option<Filter>,
    until_found: Option<u64>,
    concurrency: NonZeroUsize,
    missing: Missing,
    removals: Removals,
    stop: StopSignal,
    album_check: AlbumCheck,
    dating: Dating,
    catalogue: Option<Arc<dyn Catalogue>>,
}

impl SyncEngine {
    /// Copies `library` into `storage`.
    pub fn builder(library: &Library, storage: Arc<dyn Storage>) -> SyncBuilder {
        SyncBuilder {
            library: library.clone(),
            storage,
            albums: Vec::new(),
            layout: LayoutOptions::default(),
            recent: None,
            skip_videos: false,
            skip_photos: false,
            sidecars: false,
            views: Vec::new(),
            snapshots: false,
            dates: Dates::default(),
            filter: None,
            until_found: None,
            concurrency: NonZeroUsize::new(8).unwrap_or(NonZeroUsize::MIN),
            missing: Missing::default(),
            removals: Removals::default(),
            stop: StopSignal::default(),
            album_check: AlbumCheck::default(),
            dating: Dating::default(),
            catalogue: None,
        }
    }

    /// What a run would do, step by step, in the order of the listing. Nothing is changed anywhere; files are read only
    /// where two photos want one name. An `Err` ends the plan: the listing itself failed.
    pub fn plan(&self) -> Plan {
        plan::plan(self.0.clone())
    }

    /// Does what `plan` says. What concerns one file is told to `observer` and counted; it never ends the run. Dropping
    /// the future stops the work: no file bears a final name that is not whole, and parts wait for the next run.
    ///
    /// # Errors
    /// What makes going on pointless: the listing failed, the session ended, Apple keeps refusing, the storage is full
    /// or takes nothing any more, or nothing can be reached. [`ErrorKind::Cancelled`] once the [`StopSignal`] was given: what had come is written
    /// down, and the next run goes on from there.
    pub async fn execute(&self, plan: Plan, observer: Arc<dyn SyncObserver>) -> Result<SyncReport> {
        execute::execute(self.0.clone(), plan, observer).await.map_err(|error| error.during("sync"))
    }

    /// The library that is copied.
    pub fn library(&self) -> &Library {
        &self.0.library
    }

    /// When a run of this selection last came to its end and had anything to remember, by the catalogue.
    ///
    /// # Errors
    /// What the catalogue reports.
    pub async fn covered_at(&self) -> Result<Option<SystemTime>> {
        let progress = self.0.progress().await?.filter(|progress| progress.token.is_some());
        Ok(progress.map(|progress| time_of(progress.at)))
    }

    /// Where the last complete run of this selection left off in the library's history, by the catalogue.
    ///
    /// # Errors
    /// What the catalogue reports.
    pub async fn cursor(&self) -> Result<Option<ChangeCursor>> {
        self.0.remembered().await
    }

    /// Libraries of the account of which the catalogue holds nothing: the shared one, often, that nobody thought of.
    ///
    /// # Errors
    /// Those of listing the libraries, and what the catalogue reports.
    pub async fn uncovered_libraries(&self) -> Result<Vec<Library>> {
        let mut uncovered = Vec::new();
        for library in self.0.library.session().libraries().await? {
            let key = library_key(&library);
            if key != self.0.key && self.0.catalogue.files(Some(&key), None, 1).await?.is_empty() {
                uncovered.push(library);
            }
        }
        Ok(uncovered)
    }

    /// What happened in iCloud since then, compared with what the catalogue knows: photos that were added, edited, marked,
    /// deleted, restored, moved, and albums. Changes nothing, and tells the same until a run has seen it.
    ///
    /// One request (`changes/zone`) when there is nothing new; otherwise as many as
    /// [`Changes::next`](crate::asset::Changes::next), and two lookups where originals were written that several photos show.
    /// The first item is an error of kind [`ErrorKind::NotFound`] if there is no cursor yet.
    pub fn news(&self) -> News {
        news::news(self.0.clone())
    }

    /// Tells what a run would do to the views by what is in the catalogue now: what it would fetch is not there yet. Changes nothing, and sends
    /// nothing.
    ///
    /// # Errors
    /// [`ErrorKind::StorageFull`] where temporary files have no room, and [`ErrorKind::Cancelled`] once the run is stopped.
    pub async fn rehearse_views(&self, observer: &dyn SyncObserver) -> Result<SyncReport> {
        let mut report = SyncReport::default();
        views::lay(&self.0, observer, &mut report, true)
            .await
            .map_err(|error| error.during("rehearse views"))?;
        Ok(report)
    }

    pub(super) fn inner(&self) -> Arc<Inner> {
        self.0.clone()
    }

    /// Plans and executes.
    ///
    /// # Errors
    /// As [`SyncEngine::execute`].
    pub async fn run(&self, observer: Arc<dyn SyncObserver>) -> Result<SyncReport> {
        self.execute(self.plan(), observer).await
    }
}

impl SyncBuilder {
    /// Adds an album; they are copied one after the other. Without any the whole library is copied.
    pub fn album(mut self, album: Album) -> Self {
        self.albums.push(album);
        self
    }

    /// Folders and names. The default is icloudpd's.
    ///
    /// Layouts that place files differently, over one storage and catalogue, make a tree each ([`Tree`]): an engine looks after the files of its
    /// own, and copies from the others what they have, proven by Apple's checksum on the way, before it asks Apple. Files that stand where no
    /// layout put them are of no tree, and all take them as they are. Another zone or other sizes make no other tree.
    pub fn layout(mut self, options: LayoutOptions) -> Self {
        self.layout = options;
        self
    }

    /// Looks only at the first `count` assets of each album, before any filter. They are listed whenever there is anything new in the
    /// library.
    pub fn recent(mut self, count: Option<u64>) -> Self {
        self.recent = count;
        self
    }

    /// Leaves videos out.
    pub fn skip_videos(mut self, skip: bool) -> Self {
        self.skip_videos = skip;
        self
    }

    /// Leaves photos out, with the movies of Live Photos.
    pub fn skip_photos(mut self, skip: bool) -> Self {
        self.skip_photos = skip;
        self
    }

    /// Keeps an XMP sidecar beside every file that stands, but the movies of Live Photos: `IMG_1.JPG.xmp`, with what iCloud says
    /// of the photo ([`metadata::xmp`](crate::metadata::xmp)). One that changed in iCloud is brought up to date by the next run; one
    /// that another program wrote is left alone. A sidecar that is a symbolic link is written where it leads. Listings then ask for all that
    /// is known of a photo. Default: none.
    ///
    /// Which albums a photo is in is known of those whose lists this catalogue has seen, and of what the history has told since; nobody is
    /// asked for more.
    ///
    /// Other than that nothing more is sent, but for sidecars that are missing or empty: their photos are looked up, two requests for 200.
    /// That goes for all files that a run with sidecars has found or fetched, whichever it was. As long as a sidecar cannot be written
    /// nothing is removed anywhere.
    #[cfg(feature = "metadata")]
    pub fn sidecars(mut self, write: bool) -> Self {
        self.sidecars = write;
        self
    }

    /// Lays a tree over the copy, beside it, when all else is done: links to its files by album, library or date ([`View`]). The copy stays as it
    /// is, and nothing is fetched for it. Needs a catalogue. Views of one name are one: all engines that share the storage should have the same.
    ///
    /// Who is in which album must be known for a view by album: the first run lists every album once, one request for each 200 photos or so, and
    /// lists the whole library with it; later runs follow the history and send nothing more than they would without.
    pub fn view(mut self, view: View) -> Self {
        self.views.push(view);
        self
    }

    /// Leaves out what was taken before this. Files that were fetched stay when a limit in days passes them; neither moving out of iCloud
    /// ([`SyncBuilder::move_out`]) nor mirroring ([`SyncBuilder::mirror`]) touches what is left out.
    pub fn skip_created_before(mut self, limit: Option<DateLimit>) -> Self {
        self.dates.before = limit;
        self
    }

    /// Leaves out what was taken after this. With a limit in days later runs fetch what it has passed since: of a whole library they
    /// look those up that the catalogue knows, of albums, or without a catalogue, they list. Nothing that is left out is removed
    /// anywhere.
    pub fn skip_created_after(mut self, limit: Option<DateLimit>) -> Self {
        self.dates.after = limit;
        self
    }

    /// Leaves out the assets that `keep` does not want, after all other filters; the last one that is set counts. What is left out is told as
    /// [`SkipReason::Filtered`](super::SkipReason::Filtered), counted as skipped, and not removed anywhere: neither mirroring
    /// ([`SyncBuilder::mirror`]) nor moving out of iCloud ([`SyncBuilder::move_out`]) touches it, and what was fetched stays when it is not
    /// wanted any more.
    ///
    /// `name` stands for the function in the catalogue: what a run remembers goes for runs with a filter of the same name. **Change the name
    /// whenever the function changes, or anything that it goes by.** With a new name everything is listed once more, and what stands
    /// here is not fetched again. With the old name the new function is asked only about photos that change in iCloud from then on: what it wants of
    /// the others does not come.
    ///
    /// For the same reason it should go by the asset alone, and say the same of the same asset: it is asked when an asset is listed or has
    /// changed, several times in a run perhaps, and not as time passes ([`SyncBuilder::skip_created_before`] does that). An asset that has changed so
    /// that it is wanted now (a photo that was made a favourite) is fetched by the next run. `keep` sees all that is modelled ([`Fields::Full`]: lists
    /// are larger by that), but of files only those that the layout may want. It is called by the task that runs the engine, so it should be
    /// quick. If it panics the panic reaches whoever runs the engine, and the run ends as one that was killed: whatever has its name stands
    /// whole, nothing is removed, nothing is covered that was not seen, and the next run goes on.
    ///
    /// Whoever moves photos out with it pays two requests for every 200 that stay in iCloud, by each run: only their records say whether they
    /// are wanted.
    pub fn filter(
        mut self,
        name: impl Into<String>,
        keep: impl Fn(&Asset) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.filter = Some(Filter::new(name.into(), keep));
        self
    }

    /// Leaves each list where, asset after asset, so many of the files asked for stood here already; films of Live Photos do not
    /// count, nor does what a filter leaves out. Lists begin with the newest. Zero leaves them at once.
    ///
    /// What was not seen is not held for copied: nothing is covered by such a run, and it removes nothing; a later run without this
    /// goes on. If an earlier run of the same selection has seen everything, the history since is followed in place of any list, which
    /// costs less and brings what was added late with an old date. A list that was cut is left only behind the cut, and after a run
    /// that was killed it is read to its end.
    pub fn until_found(mut self, count: Option<u64>) -> Self {
        self.until_found = count;
        self
    }

    /// How many files are fetched at once, at most: when Apple asks for less there are fewer for a while. Default 8, most 256. As many more may wait for the disk to give them their names.
    pub fn concurrency(mut self, files: NonZeroUsize) -> Self {
        self.concurrency = files;
        self
    }

    /// Remembers what was fetched, and how far the library's history was followed: the next run asks Apple only what happened
    /// since. Without one every run lists everything.
    pub fn catalogue(mut self, catalogue: Arc<dyn Catalogue>) -> Self {
        self.catalogue = Some(catalogue);
        self
    }

    /// What to do about files that were fetched and are gone. Default: fetch them again. Matters only with a catalogue.
    pub fn missing(mut self, missing: Missing) -> Self {
        self.missing = missing;
        self
    }

    /// Removes files here whose assets lie in Recently Deleted in iCloud, after everything else. Without it nothing is removed here. Needs a
    /// catalogue.
    pub fn mirror(mut self, disposal: Option<Disposal>) -> Self {
        self.removals.mirror = disposal;
        self
    }

    /// Moves assets to Recently Deleted in iCloud once all that cannot be made again is proven to stand here, after everything else.
    /// Without it nothing is removed from iCloud. Needs a catalogue.
    pub fn move_out(mut self, rule: Option<MoveRule>) -> Self {
        self.removals.rule = rule;
        self
    }

    /// Writes the local date of a photo into its file before that is stored, if the file is of one of these formats, by its name and in truth, and does
    /// not say when it was taken ([`metadata::exif`](crate::metadata::exif)). Default: none. Only bytes that Apple's checksum proves
    /// are written to, and only those of files that are fetched; movies never are. Their rows are [`Status::Derived`](super::catalogue::Status::Derived).
    #[cfg(feature = "metadata")]
    pub fn write_dates(mut self, formats: impl IntoIterator<Item = crate::metadata::exif::Format>) -> Self {
        self.dating = Dating::new(formats);
        self
    }

    /// Leaves a copy of the catalogue in the storage after each run that changed anything: whoever opens the catalogue of that storage and
    /// has none ([`store::open`](super::store::open)) goes on from there. Default no. Catalogues that are not kept on this machine
    /// have none.
    pub fn snapshots(mut self, write: bool) -> Self {
        self.snapshots = write;
        self
    }

    /// How much one run may remove, there or here; above it nothing is removed. Default: 5 %, and 20 always.
    pub fn removal_limit(mut self, limit: RemovalLimit) -> Self {
        self.removals.limit = limit;
        self
    }

    /// For albums that are only remembered ([`remembered`](super::remembered)): shows `check` all albums of the user's as soon as there
    /// is anything new in the library, before a list is read. Its error ends the run, and so does one of listing the albums.
    pub fn check_albums(mut self, check: impl Fn(&AlbumTree) -> Result<()> + Send + Sync + 'static) -> Self {
        self.album_check = AlbumCheck::new(check);
        self
    }

    /// Ends runs early when the signal is given ([`SyncEngine::execute`]).
    pub fn stop(mut self, signal: StopSignal) -> Self {
        self.stop = signal;
        self
    }

    /// Makes the engine. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for options that contradict each other, or lack another.
    pub fn build(self) -> Result<SyncEngine> {
        if self.removals.any() && self.catalogue.is_none() {
            return Err(Error::new(
                ErrorKind::Config,
                "removing anything needs a catalogue that knows what is here",
            ));
        }
        // Five, meant as a percentage, would be no limit at all.
        if !(0.0..=1.0).contains(&self.removals.limit.share) {
            let message = "a limit of removals is a share of all files, from 0 to 1";
            return Err(Error::new(ErrorKind::Config, message).with("share", self.removals.limit.share));
        }
        if self.skip_videos && self.skip_photos {
            return Err(Error::new(ErrorKind::Config, "skipping videos and photos leaves nothing"));
        }
        self.check_views()?;
        self.albums.iter().try_for_each(|album| self.library.require_own(album))?;
        let selection = self.selection();
        let albums = if self.albums.is_empty() { vec![self.library.all()] } else { self.albums };
        Ok(SyncEngine(Arc::new(Inner {
            downloader: Downloader::new(&self.library),
            tree: tree_of(&self.layout),
            layout: Layout::new(self.layout)?,
            key: library_key(&self.library),
            library: self.library,
            albums,
            storage: self.storage,
            recent: self.recent,
            skip_videos: self.skip_videos,
            skip_photos: self.skip_photos,
            sidecars: self.sidecars,
            views: self.views,
            snapshots: self.snapshots,
            dates: self.dates,
            filter: self.filter,
            until_found: self.until_found,
            concurrency: self.concurrency.get().min(MOST_AT_ONCE),
            missing: self.missing,
            removals: self.removals,
            stop: self.stop,
            album_check: self.album_check,
            dating: self.dating,
            remembers: self.catalogue.is_some(),
            catalogue: self.catalogue.unwrap_or_else(|| Arc::new(MemoryCatalogue::new())),
            selection,
        })))
    }

    fn check_views(&self) -> Result<()> {
        if !self.views.is_empty() && self.catalogue.is_none() {
            let message = "views need a catalogue that knows what is here, and who is in which album";
            return Err(Error::new(ErrorKind::Config, message));
        }
        let names: Vec<_> = self.views.iter().map(|view| view.name().to_lowercase()).collect();
        match names.iter().enumerate().find(|(place, name)| names[..*place].contains(name)) {
            Some((_, name)) => {
                Err(Error::new(ErrorKind::Config, "two views have one name, and so one folder")
                    .with("view", name))
            }
            None => Ok(()),
        }
    }

    /// Everything that decides which files are wanted, as a digest.
    fn selection(&self) -> String {
        // Albums that iCloud fills have no record name.
        let albums: Vec<_> = self.albums.iter().map(|album| (album.id(), album.kind())).collect();
        let chosen = (&self.layout, albums, self.recent, self.skip_videos, self.skip_photos);
        // Who turns sidecars on has them all written: the list is read once more.
        let sidecars = if self.sidecars { "with sidecars" } else { "" };
        // So too who turns views by album on: it is the list that is followed by a history that tells who comes and goes.
        let albums = if self.views.iter().any(View::needs_albums) { "with albums" } else { "" };
        let filter = self.filter.as_ref().map(Filter::text).unwrap_or_default();
        digest(&format!("{chosen:?}{}{sidecars}{albums}{filter}", self.dates.text()), 20)
    }
}

/// So many bytes of a digest, as text; the same in every run.
pub(super) fn digest(text: &str, bytes: usize) -> String {
    Sha1::digest(text).iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}

/// The account is part of it: every account has a `PrimarySync`.
pub(super) fn library_key(library: &Library) -> LibraryKey {
    let id = library.id();
    let database = match id.database() {
        Database::Private => "private",
        Database::Shared => "shared",
    };
    let owner = id.owner().map(|owner| format!("/{owner}")).unwrap_or_default();
    LibraryKey::new(format!("{}/{database}/{}{owner}", library.session().dsid(), id.zone()))
}

impl Inner {
    /// Whether what was fetched is to be remembered, and the next run goes on from where this one ends.
    pub(super) fn remembers(&self) -> bool {
        self.remembers
    }

    /// Whether everything is asked for that the library shows.
    pub(super) fn is_whole_library(&self) -> bool {
        self.recent.is_none() && matches!(&self.albums[..], [album] if album.kind() == AlbumKind::Library)
    }

    /// The files to ask iCloud about: those that the layout may want; to be remembered, also those that cannot be made again. Then the
    /// catalogue knows of every asset what would have to be here before it may leave iCloud.
    pub(super) fn roles(&self) -> Vec<Role> {
        let mut roles = self.layout.roles();
        if self.remembers {
            roles.extend(
                IRREPLACEABLE.iter().filter(|role| !roles.contains(role)).copied().collect::<Vec<_>>(),
            );
        }
        roles
    }

    /// Whether it is to be known who is in which album: sidecars say so, and views show it.
    pub(super) fn follows_albums(&self) -> bool {
        self.sidecars || self.learns_albums()
    }

    /// Whether it is to be known of all albums, and not only of those that are copied.
    pub(super) fn learns_albums(&self) -> bool {
        self.views.iter().any(View::needs_albums)
    }

    /// How much to ask for about each asset.
    pub(super) fn fields(&self) -> Fields {
        // A filter may look at anything: what nobody asked for would look to it like what is not there.
        if self.sidecars || self.filter.is_some() { Fields::Full } else { Fields::Basic }
    }

    /// The listing of one album, and how many assets it should bring.
    pub(super) async fn list(&self, album: usize) -> Result<(Option<u64>, Assets)> {
        let album = &self.albums[album];
        let mut assets = album.assets().fields(self.fields()).roles(self.roles());
        let total = match self.recent {
            Some(recent) => {
                assets = assets.limit(recent);
                Some(recent).filter(|_| self.until_found.is_none())
            }
            // Nobody knows how far it will be read.
            None if self.until_found.is_some() => None,
            // The listing itself judges by the count; here it is for people.
            None => album.count().await.unwrap_or_else(|error| {
                tracing::warn!(%error, "Apple gives no count");
                None
            }),
        };
        Ok((total, assets))
    }
}
