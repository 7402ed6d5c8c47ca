//! The folder of the photos: is it there, can it be written to, is there room, does it fit its catalogue?

use std::path::Path;

use icloud_photos::Result;
use icloud_photos::storage::{Capabilities, FsStorage, OpendalStorage, Storage, StoragePath};
use icloud_photos::sync::store::AnyCatalogues;
use icloud_photos::sync::{stock, store};
use indicatif::HumanBytes;

use super::Findings;
use crate::config::{Account, Download, Root};

/// Below that the next run may well fill the disk.
const LITTLE_ROOM: u64 = 1 << 30;

pub(super) async fn examine(account: &Account, download: &Download, all: &mut Findings) {
    let is_storage = match &download.root {
        Root::Folder(folder) => examine_folder(folder, all),
        Root::Address(address) => reach(address, &download.root, all).await,
    };
    if !is_storage {
        return;
    }
    match &account.catalogues {
        AnyCatalogues::Folder(folder) if *folder != account.sessions => catalogues(folder, all),
        AnyCatalogues::Folder(_) => {}
        elsewhere => all.note("catalogue", format_args!("in {elsewhere}")),
    }
    match download.root.storage(true) {
        Ok(storage) => known(account, &download.root.place(), &*storage, all).await,
        Err(error) => all.error("catalogue", &error),
    }
}

/// Whether a storage elsewhere answers, and takes files; whether it answers.
async fn reach(address: &str, root: &Root, all: &mut Findings) -> bool {
    let mark = async {
        let storage = OpendalStorage::from_url(address)?;
        let mark = storage.stat(&StoragePath::parse(store::MARK)?).await?;
        Ok((storage, mark))
    };
    let (storage, mark) = match mark.await {
        Ok(found) => found,
        Err(error) => {
            all.error("storage", &error);
            return false;
        }
    };
    match mark {
        Some(_) => all.good("storage", format_args!("{root} answers, and was filled before")),
        None => all.note("storage", format_args!("{root} answers; nothing is there yet")),
    }
    match storage.check_writable().await {
        Ok(()) => all.good("storage", "a small file could be written, read back and removed"),
        Err(error) => all.error("storage", &error),
    }
    all.note("storage", talents(&storage.capabilities()));
    true
}

/// What differs between storages, as far as people ask for it.
fn talents(can: &Capabilities) -> String {
    let beside = if can.metadata { "keeps" } else { "keeps no" };
    let part = if can.resume { "goes on where it was" } else { "begins anew" };
    let name = if can.exclusive_commit {
        "by the storage itself"
    } else {
        "just before, so let nothing else write there"
    };
    format!(
        "it {beside} hashes beside files, so `verify` and `adopt` {} them; a download that broke off {part}; whether a name is \
         free is seen to {name}",
        if can.metadata { "need not read" } else { "read" }
    )
}

/// Whether it is a folder, or can become one.
fn examine_folder(root: &Path, all: &mut Findings) -> bool {
    let shown = root.display();
    let storage = match FsStorage::open(root) {
        Ok(storage) => storage,
        Err(error) => {
            all.error("folder", &error);
            return false;
        }
    };
    match storage.check_writable() {
        Err(error) => all.error("folder", &error),
        Ok(()) if root.is_dir() => all.good("folder", format_args!("{shown} can be written to")),
        Ok(()) => all.note(
            "folder",
            format_args!("{shown} is not there; the next run makes it. Is its disk mounted?"),
        ),
    }
    room(root, all);
    true
}

/// Whether files can be made in a folder, or it could be made itself.
pub(super) fn takes_files(folder: &Path) -> Result<()> {
    FsStorage::open(folder).and_then(|folder| folder.check_writable())
}

/// A run keeps its books there, and stops where it cannot.
fn catalogues(folder: &Path, all: &mut Findings) {
    let shown = folder.display();
    let looked_at = std::fs::metadata(folder).map(drop);
    match (takes_files(folder), looked_at) {
        (Err(error), _) => all.bad(
            "catalogue folder",
            format_args!("{shown} cannot be written to ({}): choose another --catalogue", error.message()),
        ),
        (Ok(()), Ok(())) => all.good("catalogue folder", shown),
        (Ok(()), Err(error)) if error.kind() == std::io::ErrorKind::NotFound => all.note(
            "catalogue folder",
            format_args!("{shown} is not there; the next run makes it. Is its disk mounted?"),
        ),
        (Ok(()), Err(error)) => {
            all.bad("catalogue folder", format_args!("{shown} cannot be looked at: {error}"));
        }
    }
}

#[cfg(unix)]
fn room(root: &Path, all: &mut Findings) {
    let nearest = root.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
    let Ok(disk) = rustix::fs::statvfs(nearest) else { return };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let text = format!("{} free", HumanBytes(free));
    if disk.f_files > 0 && disk.f_favail == 0 {
        all.bad("disk", "no file can be added: the file system has no inodes left");
    } else if free < LITTLE_ROOM {
        all.bad("disk", format_args!("only {text}: make room before the next run"));
    } else {
        all.good("disk", text);
    }
}

#[cfg(not(unix))]
fn room(_: &Path, _: &mut Findings) {}

/// What is remembered of the folder, opened as a run would, but changing nothing.
async fn known(account: &Account, place: &str, storage: &dyn Storage, all: &mut Findings) {
    let catalogue = match account.catalogues.open_read_only(storage, place).await {
        Ok(Some(catalogue)) => catalogue,
        Ok(None) => return all.note("catalogue", "none yet: the first run makes it"),
        Err(error) => return all.error("catalogue", &error),
    };
    match stock(storage, &*catalogue).await {
        Err(error) => all.error("catalogue", &error),
        Ok(stock) => {
            let (here, gone) = (&stock.here, &stock.missing);
            all.good(
                "catalogue",
                format_args!(
                    "{} files proven, {} taken for what their name says, {} unconfirmed",
                    here.verified.files + here.derived.files,
                    here.assumed.files,
                    here.unconfirmed.files
                ),
            );
            if here.failed.files > 0 {
                all.bad(
                    "files",
                    format_args!(
                        "{} failed; `icloudpd status` and the log of a run say which",
                        here.failed.files
                    ),
                );
            }
            if gone.files > 0 {
                all.note(
                    "files",
                    format_args!(
                        "{} that were fetched are gone; the next run fetches them again",
                        gone.files
                    ),
                );
            }
        }
    }
}
