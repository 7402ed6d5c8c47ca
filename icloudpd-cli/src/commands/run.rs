//! Downloading, or saying what would be downloaded.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use futures::StreamExt as _;
use icloud_photos::metadata::exif::Format;
use icloud_photos::storage::Storage;
use icloud_photos::sync::catalogue::{Catalogue, MemoryCatalogue};
use icloud_photos::sync::layout::{Layout, LayoutOptions, LiveNaming, LiveSize, NamePolicy, RawAlign, Size};
use icloud_photos::sync::{
    Action, Disposal, Missing, MoveRule, Plan, RemovalLimit, SyncBuilder, SyncEngine, SyncEvent,
    SyncObserver as _, SyncReport, store,
};
use icloud_photos::{Asset, Error, ErrorKind, Result, Session};
use indicatif::MultiProgress;
use tracing::{debug, info, warn};

use super::Shared;
use super::keep;
use super::list::{find_albums, find_library};
use super::narrate::Narrator;
use super::news;
use super::subject::Subject;
use crate::args::{self, Verb};
use crate::board::Seat;
use crate::config::{Account, Config, Download, MoveOut, Removals};
use crate::exit::{Exit, Outcome, with_causes};
use crate::output::print;
use crate::signals::Brake;

/// Copies what the section asks for. What the catalogue remembers of library and albums is believed, as long as nothing contradicts it.
pub(super) async fn download(
    shared: Shared<'_>,
    account: &Account,
    seat: &Seat,
    session: &Session,
    download: &Download,
    gone: &Gone,
) -> Result<Outcome> {
    let Shared { config, bars, brake, .. } = shared;
    let work = Work { config, account, seat, download, bars, brake, gone };
    if let Some(subject) = work.remembered(session).await? {
        match work.copy(&subject).await {
            Err(error) if subject.is_outdated(&error) => {
                debug!("What was remembered of library and albums is out of date: {}", with_causes(&error));
            }
            ended => return ended,
        }
    }
    let library = find_library(session, &download.library).await?;
    work.narrator()?.looking_up(&download.albums);
    // What does not exist leaves nothing behind.
    let albums = find_albums(&library, &download.albums).await?;
    work.copy(&Subject::known(library, albums)).await
}

/// How much the sections removed so far, here and in iCloud, by user: the limit is one for the whole run.
#[derive(Default)]
pub(super) struct Gone(Mutex<HashMap<String, u64>>);

impl Gone {
    fn of(&self, user: &str) -> u64 {
        self.lock().get(user).copied().unwrap_or_default()
    }

    fn add(&self, user: &str, report: &SyncReport) {
        *self.lock().entry(user.to_owned()).or_default() += report.moved + report.removed;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a section of the command line asks for.
struct Work<'a> {
    config: &'a Config,
    account: &'a Account,
    seat: &'a Seat,
    download: &'a Download,
    bars: &'a MultiProgress,
    brake: &'a Brake,
    gone: &'a Gone,
}

impl Work<'_> {
    fn narrator(&self) -> Result<Narrator> {
        Ok(Narrator::new(self.download, Layout::new(layout(self.download))?, self.bars, self.seat.clone()))
    }

    fn changes_nothing(&self) -> bool {
        let Self { config, download, .. } = self;
        download.dry_run || config.only_print_filenames || matches!(config.verb, Verb::Plan | Verb::Changes)
    }

    /// Library and albums as the folder's catalogue knows them, where it is of use: of those that the titles may mean, what a run came
    /// to its end with last. Nothing is sent, and nothing made.
    async fn remembered(&self, session: &Session) -> Result<Option<Subject>> {
        let Self { config, account, download, .. } = self;
        // Adopting and checking are no runs.
        if matches!(config.verb, Verb::Adopt | Verb::Verify) || !download.root.may_exist() {
            return Ok(None);
        }
        let storage = download.root.storage(true)?;
        let place = download.root.place();
        // Whatever is wrong with it, the run itself says.
        let Ok(Some(catalogue)) = account.catalogues.open_read_only(&*storage, &place).await else {
            return Ok(None);
        };
        let mut newest: Option<(SystemTime, Subject)> = None;
        for subject in Subject::remembered(session, &*catalogue, download).await? {
            let engine =
                views(self.engine(&subject, &storage).catalogue(catalogue.clone()), download).build()?;
            let covered = engine.covered_at().await?;
            if let Some(at) = covered.filter(|at| newest.as_ref().is_none_or(|(before, _)| before < at)) {
                newest = Some((at, subject));
            }
        }
        Ok(newest.map(|(_, subject)| subject))
    }

    fn engine(&self, subject: &Subject, storage: &Arc<dyn Storage>) -> SyncBuilder {
        let Self { config, seat, download, brake, .. } = self;
        subject
            .engine(storage.clone(), &download.albums)
            .layout(layout(download))
            .missing(missing(download))
            .recent(download.recent)
            .skip_photos(download.skip_photos)
            .skip_videos(download.skip_videos)
            .skip_created_before(download.skip_created_before)
            .skip_created_after(download.skip_created_after)
            .until_found(download.until_found)
            .sidecars(download.xmp_sidecar)
            .snapshots(config.snapshots)
            .write_dates(download.exif_formats.iter().map(|format| match format {
                args::ExifFormat::Jpeg => Format::Jpeg,
                args::ExifFormat::Png => Format::Png,
                args::ExifFormat::Heic => Format::Heic,
                args::ExifFormat::Avif => Format::Avif,
                args::ExifFormat::Webp => Format::Webp,
            }))
            .stop(seat.stop_signal(&brake.signal))
            .concurrency(NonZeroUsize::new(config.threads).unwrap_or(NonZeroUsize::MIN))
    }

    async fn copy(&self, subject: &Subject) -> Result<Outcome> {
        let Self { config, account, download, bars, .. } = *self;
        let narrator = self.narrator()?;
        let changes_nothing = self.changes_nothing();
        let storage = download.root.storage(changes_nothing)?;
        let mut engine = self.engine(subject, &storage);
        let catalogue = match config.verb {
            Verb::Verify => None,
            _ => match catalogue_for(&*storage, account, download, changes_nothing).await {
                Err(error) if is_kept_by_another(&error) => {
                    warn!("{} is left alone: {}", account.username, with_causes(&error));
                    return Ok(Exit::Incomplete.into());
                }
                opened => opened?,
            },
        };
        if let Some(catalogue) = catalogue {
            engine = views(engine.catalogue(catalogue), download);
            if !config.only_print_filenames {
                engine = removals(engine, &download.removals, self.gone.of(&account.username));
            }
        }
        let engine = engine.build()?;
        if subject.is_remembered() {
            narrator.looking_up(&download.albums);
        }
        if download.root.as_folder().is_some_and(|root| root != download.directory) {
            warn!("--folder-structure leads out of --directory: files go to {}", download.root);
        }
        let ended = match config.verb {
            Verb::Adopt => keep::adopt(config, &engine, download, bars).await.map(Outcome::from),
            Verb::Verify => {
                keep::verify(config, account, download, Some(&engine), bars).await.map(Outcome::from)
            }
            Verb::Plan => {
                let (exit, report) = keep::plan(&engine, bars).await?;
                self.gone.add(&account.username, &report);
                Ok(Outcome { exit, report: Some(report) })
            }
            Verb::Changes => news::changes(config, &engine, bars).await.map(Outcome::from),
            Verb::Run | Verb::Status | Verb::Doctor | Verb::Config => self.run(&engine, narrator).await,
        };
        self.unless_cancelled(ended)
    }

    /// Whoever stops the run of one section on the web page does not stop those of others.
    fn unless_cancelled(&self, ended: Result<Outcome>) -> Result<Outcome> {
        match ended {
            Err(error) if error.kind() == ErrorKind::Cancelled && !self.brake.signal.is_given() => {
                info!("Iteration was cancelled");
                self.seat.stopped();
                Ok(Exit::Incomplete.into())
            }
            ended => ended,
        }
    }

    async fn run(&self, engine: &SyncEngine, narrator: Narrator) -> Result<Outcome> {
        let Self { config, account, download, bars, brake, gone, .. } = *self;
        if config.only_print_filenames {
            return print_filenames(engine.plan(), &narrator, bars).await.map(Outcome::from);
        }
        let narrator = Arc::new(narrator);
        let report = if download.dry_run {
            let mut report = rehearse(engine, &narrator).await?;
            let views = engine.rehearse_views(&*narrator).await?;
            report.failed += views.failed;
            (report.views_laid, report.views_removed) = (views.views_laid, views.views_removed);
            report
        } else {
            brake.heeding(engine.run(narrator.clone())).await?
        };
        narrator.finished(&report);
        gone.add(&account.username, &report);
        if download.recent.is_none() && !report.listings.is_empty() && !self.changes_nothing() {
            tell_uncovered(engine).await;
        }
        let exit = if report.is_clean() { Exit::Success } else { Exit::Incomplete };
        Ok(Outcome { exit, report: Some(report) })
    }
}

/// Half a family's photos may lie in a library that nobody asked for. Told by runs that read the whole list; others are quick.
async fn tell_uncovered(engine: &SyncEngine) {
    match engine.uncovered_libraries().await {
        Ok(libraries) => libraries.iter().for_each(|library| {
            let name = library.name();
            info!("Library {name} of this account is not in this copy; to copy it: --library {name}");
        }),
        Err(error) => debug!("The libraries of the account cannot be listed: {}", with_causes(&error)),
    }
}

/// What is remembered of the folder; where nothing may be changed, only if something is.
async fn catalogue_for(
    storage: &dyn Storage,
    account: &Account,
    download: &Download,
    changes_nothing: bool,
) -> Result<Option<Arc<dyn Catalogue>>> {
    let place = download.root.place();
    if download.removals.auto_delete
        && let Some(above) = download.root.as_folder().and_then(store::copy_above)
    {
        let message = "this folder lies inside another copy, from which photos were moved out of iCloud, or of which that cannot be told: `--auto-delete` here would take \
                       them for deleted by their owner; run it on the outer folder";
        return Err(Error::new(ErrorKind::Config, message).with("outer folder", above.display()));
    }
    if changes_nothing {
        let catalogue = account.catalogues.open_read_only(storage, &place).await?;
        // What may be removed is only asked of a catalogue, and be it an empty one.
        let empty =
            || download.removals.any().then(|| Arc::new(MemoryCatalogue::new()) as Arc<dyn Catalogue>);
        return Ok(catalogue.or_else(empty));
    }
    account.catalogues.open(storage, &place).await.map(Some)
}

/// Whether another worker of the fleet keeps what was to be opened: no fault of anybody, and over when that one is done.
pub(super) fn is_kept_by_another(error: &Error) -> bool {
    error.kind() == ErrorKind::Conflict && error.is_retryable()
}

/// What to think of files that are gone.
pub(super) fn missing(download: &Download) -> Missing {
    match download.missing {
        args::Missing::Restore => Missing::Restore,
        args::Missing::Respect => Missing::Respect,
    }
}

/// Where there is no catalogue nothing is known that a view could show.
fn views(engine: SyncBuilder, download: &Download) -> SyncBuilder {
    download.views.iter().cloned().fold(engine, SyncBuilder::view)
}

fn removals(engine: SyncBuilder, removals: &Removals, gone: u64) -> SyncBuilder {
    let disposal = if removals.use_trash { Disposal::Trash } else { Disposal::Remove };
    engine
        .mirror(removals.auto_delete.then_some(disposal))
        .move_out(removals.move_out.map(|rule| match rule {
            MoveOut::OlderThan(days) => MoveRule::OlderThan { days },
            MoveOut::Downloaded => MoveRule::Fetched,
        }))
        .removal_limit(RemovalLimit::new(removals.at_most).after(gone))
}

/// The section's options in the library's words.
fn layout(download: &Download) -> LayoutOptions {
    LayoutOptions::default()
        .folder(download.folder_structure.clone())
        .locale(download.locale)
        .sizes(download.sizes.iter().map(|size| match size {
            args::Size::Original => Size::Original,
            args::Size::Medium => Size::Medium,
            args::Size::Thumb => Size::Thumb,
            args::Size::Adjusted => Size::Adjusted,
            args::Size::Alternative => Size::Alternative,
        }))
        .live_photos((!download.skip_live_photos).then_some(match download.live_size {
            args::LiveSize::Original => LiveSize::Original,
            args::LiveSize::Medium => LiveSize::Medium,
            args::LiveSize::Thumb => LiveSize::Thumb,
        }))
        .force_size(download.force_size)
        .keep_unicode(download.keep_unicode)
        .names(match download.match_policy {
            args::MatchPolicy::NameSizeDedupWithSuffix => NamePolicy::SizeDedup,
            args::MatchPolicy::NameId7 => NamePolicy::Id7,
        })
        .live_naming(match download.live_naming {
            args::LiveNaming::Suffix => LiveNaming::Suffix,
            args::LiveNaming::Original => LiveNaming::Original,
        })
        .align_raw(match download.align_raw {
            args::AlignRaw::AsIs => RawAlign::AsIs,
            args::AlignRaw::Original => RawAlign::Original,
            args::AlignRaw::Alternative => RawAlign::Alternative,
        })
}

/// `--only-print-filenames`: the path of every missing file, a line each.
async fn print_filenames(mut plan: Plan, narrator: &Narrator, bars: &MultiProgress) -> Result<Exit> {
    let mut exit = Exit::Success;
    while let Some(action) = plan.next().await.transpose()? {
        match action {
            Action::Download { target, .. } => {
                if let ControlFlow::Break(()) = print(bars, narrator.full(&target.path).display())? {
                    break;
                }
            }
            Action::Problem { asset, error, .. } => {
                exit = Exit::Incomplete;
                let about =
                    asset.as_ref().map_or_else(|| "an asset".to_owned(), |asset| narrator.name(asset));
                eprintln!("icloudpd: {about}: {}", with_causes(&error));
            }
            Action::End { listing } if listing.lacks() => exit = Exit::Incomplete,
            _ => {}
        }
    }
    Ok(exit)
}

/// `--dry-run`: says what a run would do.
async fn rehearse(engine: &SyncEngine, narrator: &Narrator) -> Result<SyncReport> {
    let mut plan = engine.plan();
    let mut report = SyncReport::default();
    let mut removals = engine.rehearsal().reading();
    while let Some(action) = plan.next().await.transpose()? {
        removals.note(&action, narrator).await?;
        match &action {
            Action::Begin { total } => narrator.event(SyncEvent::Started { total: *total }),
            Action::Enough { found } => {
                report.left_early += 1;
                narrator.event(SyncEvent::Enough { found: *found });
            }
            Action::Download { target, deduplicated, .. } => {
                narrator.would_download(&target.path, *deduplicated);
            }
            Action::Present { target, deduplicated, doubted, .. } => {
                report.present += 1;
                report.unconfirmed += u64::from(*doubted);
                if *deduplicated {
                    narrator.event(SyncEvent::Deduplicated { path: &target.path });
                }
                narrator.event(SyncEvent::Present { path: &target.path });
            }
            Action::Skip { asset, reason } => {
                report.skipped += 1;
                narrator.event(SyncEvent::Skipped { asset, reason });
            }
            Action::Stands { path, doubted } => {
                report.present += 1;
                report.unconfirmed += u64::from(*doubted);
                narrator.event(SyncEvent::Present { path });
            }
            Action::Problem { asset, id, error, .. } => {
                report.failed += 1;
                let name = asset.as_ref().map(|asset| narrator.name(asset));
                narrator.event(SyncEvent::Failed {
                    path: None,
                    asset: asset.as_ref().map(Asset::id).or(id.as_ref()),
                    name: name.as_deref(),
                    error,
                });
            }
            Action::Done { asset } => {
                report.assets += 1;
                narrator.event(SyncEvent::Planned { asset });
            }
            Action::Renamed { found, .. } => {
                report.present += 1;
                narrator.event(SyncEvent::Present { path: &found.path });
            }
            Action::Lost { path, .. } => {
                report.failed += 1;
                narrator.lost(path);
            }
            Action::Remark { asset, problem } => narrator.event(SyncEvent::Remark { asset, problem }),
            Action::End { listing } => report.listings.push(*listing),
            _ => {}
        }
    }
    if !report.is_clean() {
        narrator.lacks();
    }
    let removals = removals.finish(narrator).await?;
    (report.stopped, report.moved, report.removed) = (removals.stopped, removals.moved, removals.removed);
    (report.withheld, report.damaged) = (removals.withheld, removals.damaged);
    Ok(report)
}
