//! Our own verbs about a copy: `adopt`, `verify`, `status`, `plan`. `changes` is in `news.rs`.

use futures::StreamExt as _;
use icloud_photos::storage::StoragePath;
use icloud_photos::sync::{
    Action, AdoptEvent, AdoptOptions, RemovalEvent, Stock, SyncEngine, SyncEvent, SyncObserver, SyncReport,
    VerifyEvent, VerifyOptions, stock, verify as verify_store,
};
use icloud_photos::{Error, ErrorKind, Result};
use indicatif::{HumanBytes, MultiProgress};
use serde_json::json;
use tracing::{debug, error, info, warn};

use super::run;
use crate::config::{Account, Config, Download};
use crate::exit::{Exit, with_causes};
use crate::output::print;

/// `adopt`: recognises what stands in the folder.
pub(super) async fn adopt(
    config: &Config,
    engine: &SyncEngine,
    download: &Download,
    bars: &MultiProgress,
) -> Result<Exit> {
    info!("Recognising the files in {} by their content...", download.directory.display());
    let report = engine
        .adopt(AdoptOptions::default().rehearse(download.dry_run).reread(config.reread), |event| match event {
            AdoptEvent::Reading { files, bytes } => info!("Reading {files} files, {}", HumanBytes(bytes)),
            AdoptEvent::Recognised { path, .. } => debug!("Recognised {path}"),
            AdoptEvent::Derived { path, proven: true } => {
                info!("A date was written into {path}; without it, it is the photo")
            }
            AdoptEvent::Derived { path, .. } => {
                warn!("A date was written into {path}: it counts as there, but cannot be proven")
            }
            AdoptEvent::Assumed { path } => {
                warn!(
                    "{path} has the name and length of a photo that iCloud has no checksum for: taken for it"
                );
            }
            AdoptEvent::Damaged { path } => error!("Damaged: {path}"),
            AdoptEvent::Unknown { path, like_missing: true } => {
                warn!(
                    "Not among the photos that were asked for, though as long as one that is missing: {path}"
                )
            }
            AdoptEvent::Unknown { path, .. } => info!("Not among the photos that were asked for: {path}"),
            AdoptEvent::Failed { path, error } => error!("Cannot read {}", unread(path, error)),
            _ => {}
        })
        .await?;
    if !report.is_list_complete() {
        error!(
            "iCloud did not list everything that was asked for: more may be missing, and less unknown. Try again later"
        );
    }
    let noted = if download.dry_run { "[DRY RUN] " } else { "" };
    let _ = print(bars, format_args!("{noted}{report}"))?;
    Ok(if report.is_clean() { Exit::Success } else { Exit::Incomplete })
}

/// `verify`: reads what the catalogue says is there.
pub(super) async fn verify(
    config: &Config,
    account: &Account,
    download: &Download,
    engine: Option<&SyncEngine>,
    bars: &MultiProgress,
) -> Result<Exit> {
    let storage = download.root.storage(engine.is_none())?;
    let place = download.root.place();
    let Some(known) = account.catalogues.open_read_only(&*storage, &place).await? else {
        return Err(unknown(place));
    };
    let day = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs() / 86_400);
    let mut options = VerifyOptions::default().sample(config.share, day);
    options.repair = config.repair;
    options = options.missing(run::missing(download)).reread(config.reread);
    if storage.capabilities().metadata && !config.reread {
        info!("Judging files by the hashes that the storage keeps beside them; --reread reads them");
    }
    let catalogue = match account.catalogues.open(&*storage, &place).await {
        Ok(catalogue) => catalogue,
        Err(error) if error.kind() == ErrorKind::PermissionDenied && !config.repair => {
            warn!("What is learned now is not kept: {}", with_causes(&error));
            options = options.read_only();
            known
        }
        Err(error) => return Err(error),
    };
    let tell = |event: VerifyEvent<'_>| match event {
        VerifyEvent::Sound { path, .. } => debug!("Proven: {path}"),
        VerifyEvent::Bad { path, fault, reason: Some(reason) } => error!("{path}: {fault} ({reason})"),
        VerifyEvent::Bad { path, fault, .. } => error!("{path}: {fault}"),
        VerifyEvent::Removed { path } => info!("{path}: removed here"),
        VerifyEvent::Repaired { path } => info!("{path}: fetched again"),
        VerifyEvent::Stray { path } => info!("{path}: not in the catalogue"),
        VerifyEvent::View { path, fault } => error!("{path}: {fault}"),
        VerifyEvent::Failed { path, error } => error!("{}", unread(path, error)),
        _ => {}
    };
    let report = verify_store(storage, catalogue, options, engine, tell).await?;
    let _ = print(bars, format_args!("{report}"))?;
    Ok(if report.is_clean() { Exit::Success } else { Exit::Incomplete })
}

/// An error about a file; about a folder it says itself which.
fn unread(path: &StoragePath, error: &Error) -> String {
    match path.as_str() {
        "" => format!("something in the folder: {}", with_causes(error)),
        path => format!("{path}: {}", with_causes(error)),
    }
}

/// A folder that is to be adopted is there: one that is not was mistyped.
pub(super) fn require_folder(download: &Download) -> Result<()> {
    if download.root.as_folder().is_none_or(std::path::Path::is_dir) {
        return Ok(());
    }
    let message = "there is no such folder to adopt";
    Err(Error::new(ErrorKind::NotFound, message).with("folder", &download.root))
}

/// `status`: what the catalogue knows, and whether the files are there. Nothing is read but names, and nothing is sent.
pub(super) async fn status(
    config: &Config,
    account: &Account,
    download: &Download,
    bars: &MultiProgress,
) -> Result<Exit> {
    let storage = download.root.storage(true)?;
    let place = download.root.place();
    let Some(catalogue) = account.catalogues.open_read_only(&*storage, &place).await? else {
        return Err(unknown(place));
    };
    let stock = stock(&*storage, &*catalogue).await?;
    let mut progress = catalogue.all_progress().await?;
    progress.retain(|one| !one.is_aside());
    if config.json {
        let followed: Vec<_> = progress
            .iter()
            .map(
                |one| json!({"library": one.library.as_str(), "followed": one.token.is_some(), "at": one.at}),
            )
            .collect();
        let all = json!({"folder": place, "files": tally(&stock), "libraries": followed});
        let _ = print(bars, all)?;
        return Ok(Exit::Success);
    }
    let mut lines = vec![place];
    for (status, count) in tally(&stock).as_object().into_iter().flatten() {
        lines.push(format!("  {status}: {count}"));
    }
    for one in progress.iter().filter(|one| one.token.is_some()) {
        lines.push(format!("  {}: followed; the next run asks only for what is new", one.library));
    }
    for line in lines {
        if print(bars, line)?.is_break() {
            break;
        }
    }
    Ok(Exit::Success)
}

fn unknown(place: String) -> Error {
    Error::new(
        ErrorKind::NotFound,
        "nothing is known of this folder yet: run icloudpd, or icloudpd adopt, on it first",
    )
    .with("folder", place)
}

fn tally(stock: &Stock) -> serde_json::Value {
    let totals = &stock.here;
    json!({
        "verified": totals.verified.files,
        "unconfirmed": totals.unconfirmed.files,
        "assumed": totals.assumed.files,
        "derived": totals.derived.files,
        "failed": totals.failed.files,
        "missing": stock.missing.files,
        "bytes": totals.verified.bytes + totals.unconfirmed.bytes + totals.assumed.bytes + totals.derived.bytes,
    })
}

/// `plan`: what a run would do, why, and how many bytes it takes. The report counts what it would remove.
pub(super) async fn plan(engine: &SyncEngine, bars: &MultiProgress) -> Result<(Exit, SyncReport)> {
    let (mut files, mut bytes, mut copies, mut problems) = (0_u64, 0_u64, 0_u64, 0_u64);
    let (mut plan, mut removals) = (engine.plan(), engine.rehearsal());
    while let Some(action) = plan.next().await.transpose()? {
        removals.note(&action, &Going(bars)).await?;
        let line = match action {
            Action::Download { target, copies: from, .. } if !from.is_empty() => {
                copies += 1;
                format!("copy {} (it stands in this folder already, under another name)", target.path)
            }
            Action::Download { target, size, why, .. } => {
                files += 1;
                bytes += size.unwrap_or(0);
                let size =
                    size.map_or_else(|| "unknown size".to_owned(), |size| HumanBytes(size).to_string());
                format!("fetch {} ({why}, {size})", target.path)
            }
            Action::Problem { asset, id, error, .. } => {
                problems += 1;
                let id = asset.map(|asset| asset.id().clone()).or(id);
                let about = id.map_or_else(|| "an asset".to_owned(), |id| id.to_string());
                format!("cannot plan {about}: {}", with_causes(&error))
            }
            Action::Lost { path, .. } => {
                problems += 1;
                format!("lost {path}: missing here or damaged, and no longer in iCloud")
            }
            Action::End { listing } if listing.lacks() => {
                problems += 1;
                format!("incomplete: iCloud listed {listing}; there may be more to do")
            }
            _ => continue,
        };
        if print(bars, line)?.is_break() {
            return Ok((Exit::Success, SyncReport::default()));
        }
    }
    let report = removals.finish(&Going(bars)).await?;
    if copies > 0 {
        let _ = print(bars, format_args!("{copies} files to copy within the folder"))?;
    }
    let _ = print(bars, format_args!("{files} files to fetch, {}", HumanBytes(bytes)))?;
    let exit = if problems == 0 && !report.stopped { Exit::Success } else { Exit::Incomplete };
    Ok((exit, report))
}

/// What would be removed by what is known now, a line each.
struct Going<'a>(&'a MultiProgress);

impl SyncObserver for Going<'_> {
    fn event(&self, event: SyncEvent<'_>) {
        let line = match event {
            SyncEvent::Removal(RemovalEvent::WouldMove { name, .. }) => {
                format!("delete in iCloud {name} (old enough, if its files prove to be here)")
            }
            SyncEvent::Removal(RemovalEvent::WouldRemove { path }) => {
                format!("delete {path} (deleted in iCloud)")
            }
            SyncEvent::Removal(RemovalEvent::Stopped { removals, all }) => {
                format!(
                    "nothing would be deleted: {removals} of {all} would be, which is above --remove-at-most"
                )
            }
            SyncEvent::Removal(RemovalEvent::Withheld) => {
                "nothing would be deleted: Apple's list may lack something".to_owned()
            }
            _ => return,
        };
        // The last line of the plan says whether anybody still reads.
        let _ = print(self.0, line);
    }
}
