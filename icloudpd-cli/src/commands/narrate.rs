//! Tells what a run does, in icloudpd's words.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use icloud_photos::download::Doubt;
use icloud_photos::storage::StoragePath;
use icloud_photos::sync::layout::{Layout, LayoutProblem};
use icloud_photos::sync::{Kept, RemovalEvent, SkipReason, SyncEvent, SyncObserver, SyncReport, ViewEvent};
use icloud_photos::{Asset, AssetId, Error};
use indicatif::MultiProgress;
use tracing::{debug, error, info, warn};

use crate::board::Seat;
use crate::config::{Download, Root};
use crate::exit::{is_storage, with_causes};
use crate::output::shorten;
use crate::progress::Progress;

/// Turns events of the library into log lines and moves the progress bar.
#[derive(Debug)]
pub(super) struct Narrator {
    layout: Layout,
    directory: PathBuf,
    root: Root,
    library: String,
    dry_run: bool,
    sizes: String,
    skip_photos: bool,
    skip_videos: bool,
    progress: Progress,
    seat: Seat,
    /// The words for a run that has all need not be said any more, or must not be.
    closed: AtomicBool,
}

impl Narrator {
    pub(super) fn new(download: &Download, layout: Layout, bars: &MultiProgress, seat: Seat) -> Self {
        Self {
            layout,
            directory: download.directory.clone(),
            root: download.root.clone(),
            library: download.library.clone(),
            dry_run: download.dry_run,
            sizes: download.sizes.iter().map(|size| size.name()).collect::<Vec<_>>().join(","),
            skip_photos: download.skip_photos,
            skip_videos: download.skip_videos,
            progress: Progress::start(bars),
            seat,
            closed: AtomicBool::new(false),
        }
    }

    /// What messages call a photo.
    pub(super) fn name(&self, asset: &Asset) -> String {
        self.layout.place(asset).name
    }

    /// A rehearsal, whose removals come next, has seen something that is not well.
    pub(super) fn lacks(&self) {
        self.closed.store(true, Relaxed);
    }

    /// As in icloudpd before the first word about files that were deleted in iCloud.
    fn all_downloaded(&self) {
        if !self.closed.swap(true, Relaxed) {
            info!("All {} have been downloaded", self.kinds());
        }
    }

    /// The path of a file as icloudpd prints it: below the directory that was typed.
    pub(super) fn full(&self, path: &StoragePath) -> PathBuf {
        self.root.file(path)
    }

    pub(super) fn looking_up(&self, albums: &[String]) {
        let from = match albums {
            [] => String::new(),
            [one] => format!(" from album {one}"),
            more => format!(" from albums {}", more.join(",")),
        };
        debug!("Looking up all {}{from}...", self.kinds());
    }

    /// `--dry-run` instead of a download.
    pub(super) fn would_download(&self, path: &StoragePath, deduplicated: bool) {
        if deduplicated {
            self.event(SyncEvent::Deduplicated { path });
        }
        self.event(SyncEvent::Downloading { path });
        let full = self.full(path);
        if let Some(folder) = full.parent().filter(|folder| !folder.exists()) {
            debug!("[DRY RUN] Would create folder hierarchy {}", folder.display());
        }
        info!("[DRY RUN] Would download {}", full.display());
    }

    /// `--dry-run` where a run would say that it cannot have a file back.
    pub(super) fn lost(&self, path: &StoragePath) {
        error!("{} is missing or damaged, and its photo is no longer in iCloud", self.full(path).display());
    }

    /// The last words about all albums of a section.
    pub(super) fn finished(&self, report: &SyncReport) {
        if report.unconfirmed > 0 {
            warn!("Kept although Apple's checksum does not prove them: {} of the files", report.unconfirmed);
        }
        for listing in report.listings.iter().filter(|listing| listing.lacks()) {
            match listing.missing() {
                0 => error!(
                    "Apple's list may lack photos and videos: it moved while it was read, or Apple gave no count. \
                     Run again for them"
                ),
                missing => error!(
                    "Photos and videos that Apple counts and did not list: {missing}. Run again for them"
                ),
            }
        }
        if report.failed > 0 {
            error!("Some files failed and will be tried again by the next run: {report}");
        }
        if report.withheld > 0 {
            warn!(
                "Kept, though they were to be deleted, for something about them is not proven: {} photos or files; each is \
                 named above with the reason",
                report.withheld
            );
        }
        if report.is_clean() {
            self.all_downloaded();
        }
    }

    /// An album begins.
    fn started(&self, total: Option<u64>) {
        self.progress.expect(total.unwrap_or(0));
        self.seat.counters().expected.fetch_add(total.unwrap_or(0), Relaxed);
        let (count, kinds) = match total {
            Some(1) => ("the first".to_owned(), self.kind()),
            Some(count) => (count.to_string(), self.kinds()),
            None => ("???".to_owned(), self.kinds()),
        };
        info!("Downloading {count} {} {kinds} to {} ...", self.sizes, self.directory.display());
    }

    fn downloaded(&self, path: &StoragePath, resumed_from: u64, doubt: Option<Doubt>) {
        if resumed_from > 0 {
            debug!("Resuming downloading of {} from {resumed_from}", self.full(path).display());
        }
        if let Some(doubt) = doubt {
            let why = match doubt {
                Doubt::Mismatch => "Apple sent the same bytes twice and they do not match its checksum",
                Doubt::NoChecksum => "Apple gives no checksum for it",
                _ => "Apple's checksum is of an unknown kind",
            };
            warn!("{} could not be verified: {why}", self.full(path).display());
        }
        info!("Downloaded {}", self.short(path));
    }

    /// In icloudpd's words and order: it looks for a date, says what it will write, and writes it.
    fn dating(&self, path: &StoragePath, stamp: &str, unreadable: bool, problem: Option<&Error>) {
        let path = self.full(path);
        if unreadable {
            debug!("Error fetching EXIF data for {}", path.display());
        }
        debug!("Setting EXIF timestamp for {}: {stamp}", path.display());
        if let Some(problem) = problem {
            debug!("Error setting EXIF data for {}", path.display());
            debug!("It is stored as it came: {}", with_causes(problem));
        }
    }

    fn skipped(&self, asset: &Asset, reason: &SkipReason) {
        let name = self.name(asset);
        match reason {
            SkipReason::IsVideo => debug!("Skipping {name}, only downloading photos. (Item type was: MOVIE)"),
            SkipReason::IsPhoto => debug!("Skipping {name}, only downloading videos. (Item type was: IMAGE)"),
            SkipReason::CreatedBefore { .. } | SkipReason::CreatedAfter { .. } => {
                debug!("Skipping {name}, {reason}.");
            }
            SkipReason::NoSuchSize { size, name } => {
                error!("{size} size does not exist for {name}. Skipping...")
            }
            SkipReason::RemovedHere { name } => debug!("Skipping {name}, it was removed here"),
            other => debug!("Skipping {name}. ({other:?})"),
        }
    }

    fn removal(&self, event: &RemovalEvent<'_>) {
        let rehearsal = if self.dry_run { "[DRY RUN] " } else { "" };
        match event {
            RemovalEvent::Moved { name, .. } => {
                debug!("Deleting {name} in iCloud...");
                info!("Deleted {name} in iCloud");
            }
            RemovalEvent::WouldMove { name, .. } => {
                info!("{rehearsal}Would delete {name} in iCloud library {}", self.library);
            }
            RemovalEvent::Aged { created, keep, days, .. } => {
                debug!("Created date: {created}");
                debug!("Keep iCloud recent days: {keep}");
                debug!("Age days: {days}");
            }
            RemovalEvent::Stays { name, why: Kept::Young { days }, .. } => debug!(
                "Skipping deletion of {name} as it is within the keep_icloud_recent_days period ({days} days old)"
            ),
            RemovalEvent::Stays {
                name, why: why @ (Kept::Differs { .. } | Kept::Unreadable { .. }), ..
            } => warn!(
                "{name} stays in iCloud: {why}. The file may be damaged: `icloudpd verify --repair` fetches it again"
            ),
            // One line for all of them comes at the end.
            RemovalEvent::Stays { name, why, .. } => info!("{name} stays in iCloud: {why}"),
            RemovalEvent::Refused { name, error, .. } => {
                error!("Could not delete {name} in iCloud. Reason: {}", with_causes(error));
            }
            RemovalEvent::Mirroring { clean } => {
                if *clean {
                    self.all_downloaded();
                }
                info!("Deleting any files found in 'Recently Deleted'...");
            }
            RemovalEvent::Removed { path, trash } => {
                debug!("Deleting {}...", self.full(path).display());
                info!("Deleted {}", self.full(path).display());
                if let Some(trash) = trash {
                    debug!("Kept as {}", self.full(trash).display());
                }
            }
            RemovalEvent::WouldRemove { path } => {
                info!("{rehearsal}Would delete {}", self.full(path).display());
            }
            RemovalEvent::Left { path, why } => warn!("{} stays: {why}", self.full(path).display()),
            RemovalEvent::Stopped { removals, all } => error!(
                "{rehearsal}Nothing {} deleted: {removals} of {all} would be, and --remove-at-most forbids that. Some of them are \
                 named above; --remove-at-most 100 lets them go",
                if self.dry_run { "would be" } else { "was" }
            ),
            RemovalEvent::LeftEarly => {
                info!("Nothing is deleted in iCloud, for --until-found left the list before its end")
            }
            RemovalEvent::Withheld => {
                error!("Nothing was deleted, for Apple's list may lack something. Run again")
            }
            _ => {}
        }
    }

    fn view(&self, event: &ViewEvent<'_>) {
        match event {
            ViewEvent::Laid { path, file } if self.dry_run => {
                info!("[DRY RUN] Would lay {} for {file}", self.full(path).display());
            }
            ViewEvent::Laid { path, file } => debug!("Laid {} for {file}", self.full(path).display()),
            ViewEvent::Removed { path } if self.dry_run => {
                info!("[DRY RUN] Would remove {} from its view", self.full(path).display());
            }
            ViewEvent::Removed { path } => debug!("Removed {} from its view", self.full(path).display()),
            ViewEvent::Left { path, why } => warn!("{} stays: {why}", self.full(path).display()),
            ViewEvent::Failed { view, path, error } => {
                let reason = with_causes(error);
                let shown = path.map(|path| self.full(path).display().to_string());
                let at = shown.as_ref().map(|path| format!(" at {path}")).unwrap_or_default();
                self.seat.failures().add(None, shown, error);
                error!("The view {view} is not as it should be{at}. The photos are safe. Reason: {reason}");
            }
            ViewEvent::Done { view, entries, laid: 0, removed: 0 } => {
                debug!("View {view}: {entries} entries")
            }
            ViewEvent::Done { view, entries, laid, removed } => {
                let rehearsal = if self.dry_run { "[DRY RUN] " } else { "" };
                info!("{rehearsal}View {view}: {entries} entries, {laid} laid, {removed} removed");
            }
            _ => {}
        }
    }

    /// One file or one asset failed; the run goes on.
    fn failed(&self, path: Option<&StoragePath>, asset: Option<&AssetId>, name: Option<&str>, error: &Error) {
        let reason = with_causes(error);
        let shown = path.map(|path| self.full(path).display().to_string());
        self.seat.failures().add(asset.map(ToString::to_string), shown, error);
        if let Some(path) = path.filter(|_| is_storage(error) && self.root.as_folder().is_some()) {
            error!(
                "IOError while writing file to {}. You might have run out of disk space, or the file might be too \
                 large for your OS. Skipping this file...",
                self.full(path).display()
            );
        }
        let name = match (path, name, asset) {
            (Some(path), ..) => path.name().to_owned(),
            (None, Some(name), _) => name.to_owned(),
            (None, None, Some(asset)) => asset.to_string(),
            (None, None, None) => "an asset".to_owned(),
        };
        error!("Could not download {name}. Please try again later. Reason: {reason}");
    }

    fn short(&self, path: &StoragePath) -> String {
        shorten(&self.full(path))
    }

    fn kind(&self) -> &'static str {
        match (self.skip_videos, self.skip_photos) {
            (true, _) => "photo",
            (_, true) => "video",
            _ => "photo or video",
        }
    }

    fn kinds(&self) -> &'static str {
        match (self.skip_videos, self.skip_photos) {
            (true, _) => "photos",
            (_, true) => "videos",
            _ => "photos and videos",
        }
    }
}

impl SyncObserver for Narrator {
    fn event(&self, event: SyncEvent<'_>) {
        match event {
            SyncEvent::Started { total } => self.started(total),
            SyncEvent::Enough { found } => {
                info!("Found {found} consecutive previously downloaded photos. Exiting");
            }
            SyncEvent::Present { path } => debug!("{} already exists", self.short(path)),
            SyncEvent::Deduplicated { path } => debug!("{} deduplicated", self.short(path)),
            SyncEvent::Downloading { path } => debug!("Downloading {}...", self.short(path)),
            SyncEvent::Progress { bytes } => self.progress.bytes(bytes),
            SyncEvent::Planned { .. } => {
                self.progress.photo();
                self.seat.counters().photos.fetch_add(1, Relaxed);
            }
            SyncEvent::Downloaded { path, bytes, resumed_from, copied, doubt } => {
                self.progress.file();
                let counters = self.seat.counters();
                counters.files.fetch_add(1, Relaxed);
                counters.bytes.fetch_add(bytes, Relaxed);
                if copied {
                    debug!(
                        "{} stands elsewhere in the folder and was copied from there",
                        self.full(path).display()
                    );
                }
                self.downloaded(path, resumed_from, doubt);
            }
            SyncEvent::Dating { path, created, unreadable, problem } => {
                self.dating(path, &created.stamp(), unreadable, problem);
            }
            SyncEvent::Skipped { asset, reason } => self.skipped(asset, reason),
            // The words of icloudpd, and its level.
            SyncEvent::Remark { problem: problem @ LayoutProblem::NotLocal { .. }, .. } => {
                error!("{problem}")
            }
            SyncEvent::Remark { problem, .. } => warn!("{problem}"),
            SyncEvent::Failed { path, asset, name, error } => self.failed(path, asset, name, error),
            SyncEvent::Described { path } => debug!("Wrote XMP file {}", self.full(path).display()),
            SyncEvent::SidecarLeft { path, why } => {
                info!("Not overwriting XMP file {} {why}", self.full(path).display());
            }
            SyncEvent::SidecarFailed { path, error } => {
                error!(
                    "Could not write XMP file {}. Reason: {}",
                    self.full(path).display(),
                    with_causes(error)
                );
            }
            SyncEvent::Removal(event) => self.removal(&event),
            SyncEvent::View(event) => self.view(&event),
            _ => {}
        }
    }
}
