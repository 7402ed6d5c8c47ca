//! Downloading, or saying what would be downloaded.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use futures::StreamExt as _;
use icloud_photos::storage::{FsStorage, MemoryStorage, Storage};
use icloud_photos::sync::{Action, LayoutOptions, Plan, SyncEngine, SyncReport};
use icloud_photos::{Result, Session};
use indicatif::MultiProgress;

use super::list::{find_albums, find_library};
use super::narrate::Narrator;
use crate::config::{Config, Download};
use crate::exit::Exit;
use crate::output::print;

/// Copies what the section asks for.
pub(super) async fn download(
    config: &Config,
    session: &Session,
    download: &Download,
    bars: &MultiProgress,
) -> Result<Exit> {
    let library = find_library(session, &download.library).await?;
    let narrator = Narrator::new(download, bars);
    narrator.looking_up(&download.albums);
    let changes_nothing = download.dry_run || config.only_print_filenames;
    let mut engine = SyncEngine::builder(&library, storage(&download.directory, changes_nothing)?)
        .layout(layout(download)?)
        .recent(download.recent)
        .skip_photos(download.skip_photos)
        .skip_videos(download.skip_videos)
        .concurrency(NonZeroUsize::new(config.threads).unwrap_or(NonZeroUsize::MIN));
    for album in find_albums(&library, &download.albums).await? {
        engine = engine.album(album);
    }
    let engine = engine.build()?;
    if config.only_print_filenames {
        return print_filenames(engine.plan(), &narrator, bars).await;
    }
    let narrator = Arc::new(narrator);
    let report = if download.dry_run {
        rehearse(engine.plan(), &narrator).await?
    } else {
        engine.run(narrator.clone()).await?
    };
    narrator.finished(&report);
    Ok(if report.is_clean() { Exit::Success } else { Exit::Incomplete })
}

/// The folder to write to. Where nothing may be changed, a folder that is missing is an empty one.
fn storage(directory: &Path, changes_nothing: bool) -> Result<Arc<dyn Storage>> {
    if changes_nothing && !directory.exists() {
        return Ok(Arc::new(MemoryStorage::new()));
    }
    Ok(Arc::new(FsStorage::open(directory)?))
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
            Action::Problem { asset, error } => {
                exit = Exit::Incomplete;
                eprintln!("icloudpd: {}", about(asset.as_ref(), &error));
            }
            Action::End { listing } if !listing.is_complete() => exit = Exit::Incomplete,
            _ => {}
        }
    }
    Ok(exit)
}

/// `--dry-run`: says what a run would do.
async fn rehearse(mut plan: Plan, narrator: &Narrator) -> Result<SyncReport> {
    let mut report = SyncReport::default();
    while let Some(action) = plan.next().await.transpose()? {
        match action {
            Action::Begin { total } => narrator.started(total),
            Action::Download { target, deduplicated, .. } => {
                narrator.would_download(&target.path, deduplicated);
            }
            Action::Present { target, deduplicated } => {
                report.present += 1;
                narrator.present(&target.path, deduplicated);
            }
            Action::Skip { asset, reason } => {
                report.skipped += 1;
                narrator.skipped(&asset, &reason);
            }
            Action::Problem { asset, error } => {
                report.failed += 1;
                narrator.failed(None, asset.as_ref().map(Asset::id), &error);
            }
            Action::Done { .. } => {
                report.assets += 1;
                narrator.asset_done();
            }
            Action::End { listing } => report.listings.push(listing),
            _ => {}
        }
    }
    Ok(report)
}
