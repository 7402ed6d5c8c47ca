//! Whether views show what their manifests say, for `verify`: all views that a storage has, whoever laid them. Nothing is changed.

use std::fmt;

use super::super::content;
use super::Laid;
use super::entry::{is_one, is_ours};
use super::record::{Line, manifests, read};
use super::sorted::{Sorted, Sorter};
use crate::asset::Digests;
use crate::error::Result;
use crate::storage::{Entry, EntryKind, Storage, StoragePath};

/// Entries looked at in one go.
const ENTRIES: usize = 500;

/// What is wrong with an entry of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ViewFault {
    /// It is not there; the next run with this view lays it again.
    Missing,
    /// It leads to a file that does not stand in the copy, or has another length there.
    Nowhere,
    /// It is not as it was laid, and not the file of the copy: somebody changed it, and it stays.
    Changed,
    /// It is the view's, though not as it was laid, or the copy has another file now; the next run with this view lays it again.
    Outdated,
}

impl fmt::Display for ViewFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "missing; the next run with this view lays it again",
            Self::Nowhere => "leads to nothing, or to something else: see to the file of the copy, then the next run mends it",
            Self::Changed => "not what was laid there, nor the file of the copy: no run touches it. Move it away if it is not yours, and the next run lays the entry again",
            Self::Outdated => "not the file that the copy has now; the next run with this view lays it again",
        })
    }
}

/// What an entry is found to be, told for each: its path, and what is wrong if anything is.
pub(in crate::sync) type Tell<'a> = dyn FnMut(&StoragePath, Result<Option<ViewFault>>) + Send + 'a;

/// Looks at every entry of every view. Copies are judged by length and time, or with `reread` by their bytes.
pub(in crate::sync) async fn check(storage: &dyn Storage, reread: bool, tell: &mut Tell<'_>) -> Result<()> {
    for manifest in manifests(storage).await? {
        let mut lines = Sorter::default();
        match read(storage, &manifest, false, &mut lines).await {
            Ok(_) => check_view(storage, reread, &manifest, lines.finish(), tell).await?,
            Err(error) => tell(&manifest, Err(error)),
        }
    }
    Ok(())
}

async fn check_view(
    storage: &dyn Storage,
    reread: bool,
    manifest: &StoragePath,
    mut lines: Sorted<Line>,
    tell: &mut Tell<'_>,
) -> Result<()> {
    let folder = manifest.name().strip_suffix(".json").unwrap_or_default();
    let mut lines = lines.iter()?;
    loop {
        let (mut batch, mut paths, mut files) = (Vec::new(), Vec::new(), Vec::new());
        while batch.len() < ENTRIES
            && let Some(line) = lines.next()?
        {
            match (StoragePath::parse(&format!("{folder}/{}", line.path)), line.file()) {
                (Ok(path), Ok(file)) => {
                    paths.push(path);
                    files.push(file);
                    batch.push(line);
                }
                (Err(error), _) | (_, Err(error)) => tell(manifest, Err(error)),
            }
        }
        if batch.is_empty() {
            return Ok(());
        }
        // Where nothing was laid, nothing needs to be asked: elsewhere a question is a request.
        let is_bare = batch.iter().all(|line| line.laid == Laid::Manifest);
        let entries = if is_bare { none(paths.len()) } else { storage.look(paths.clone()).await };
        let files = storage.look(files).await;
        for (((line, path), entry), file) in batch.iter().zip(&paths).zip(entries).zip(files) {
            let found = match (entry, file) {
                (Ok(entry), Ok(file)) => judge(storage, reread, (path, line), entry, file).await,
                (Err(error), _) | (_, Err(error)) => Err(error),
            };
            tell(path, found);
        }
    }
}

fn none(count: usize) -> Vec<Result<Option<Entry>>> {
    std::iter::repeat_with(|| Ok(None)).take(count).collect()
}

async fn judge(
    storage: &dyn Storage,
    reread: bool,
    (path, line): (&StoragePath, &Line),
    entry: Option<Entry>,
    file: Option<Entry>,
) -> Result<Option<ViewFault>> {
    let file = file.filter(stands);
    // What stands under the name of a line of a manifest is nobody's of ours.
    if line.laid == Laid::Manifest {
        let names_it = file.is_some_and(|file| line.size.is_none_or(|size| size == file.size));
        return Ok((!names_it).then_some(ViewFault::Nowhere));
    }
    let Some(entry) = entry else { return Ok(Some(ViewFault::Missing)) };
    let is_right = match (&file, line.laid) {
        (_, Laid::Symlink | Laid::Manifest) => {
            matches!(&entry.kind, EntryKind::Link(Some(to)) if to.as_str() == line.file)
        }
        (Some(file), Laid::HardLink) => is_one(&entry, file),
        (Some(file), _) => {
            line.is_untouched(&entry) && is_twin(storage, reread, (path, line), &entry, file).await?
        }
        // It may be the last that is left of its file, which is told of the copy.
        (None, _) => line.is_untouched(&entry),
    };
    if is_right {
        return Ok((line.laid == Laid::Symlink && file.is_none()).then_some(ViewFault::Nowhere));
    }
    let is_ours = is_ours(storage, path, &entry, std::slice::from_ref(line)).await?;
    Ok(Some(if is_ours { ViewFault::Outdated } else { ViewFault::Changed }))
}

/// Whether a file is there, and not only a link to one that was.
fn stands(entry: &Entry) -> bool {
    match entry.kind {
        EntryKind::File => true,
        EntryKind::Link(_) => entry.names.is_some(),
        EntryKind::Other => false,
    }
}

/// Whether a copy is that of the file as it is now.
async fn is_twin(
    storage: &dyn Storage,
    reread: bool,
    (path, line): (&StoragePath, &Line),
    entry: &Entry,
    file: &Entry,
) -> Result<bool> {
    let keeps_times = storage.capabilities().modified_time;
    if entry.size != file.size || (keeps_times && entry.modified != file.modified) {
        return Ok(false);
    }
    if !reread {
        return Ok(true);
    }
    let (here, there) = (content::read(storage, path).await?, content::read(storage, &line.file()?).await?);
    let sha256 = |read: Option<(u64, Digests)>| read.map(|(_, digests)| digests.sha256);
    Ok(sha256(here) == sha256(there))
}
