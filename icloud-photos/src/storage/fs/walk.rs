//! Listing files below a folder, a batch at a time.

use std::collections::{HashSet, VecDeque};
use std::fs::{DirEntry, Metadata, ReadDir};
use std::io;
use std::path::PathBuf;

use futures::stream::{BoxStream, StreamExt, unfold};

use super::{blocking, fault, is_absence};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{ObjectMeta, PART_SUFFIX, StoragePath};

/// How many files are looked at before the caller gets them.
const BATCH: usize = 512;

/// Every plain file below `folder`, parts left out unless they are asked for; an unreadable folder is one error, and so is a name that is no text. A
/// folder that links lead to is gone into by one of them: links among folders lead to ever more ways to the same files.
pub(super) fn files(
    prefix: StoragePath,
    folder: PathBuf,
    parts: bool,
) -> BoxStream<'static, Result<ObjectMeta>> {
    let next = vec![Next { path: prefix, folder, by_link: false }];
    let walk = Walk { parts, open: Vec::new(), next, linked: HashSet::new(), found: VecDeque::new() };
    unfold(Some(walk), |walk| async move {
        let mut walk = walk?;
        if let Some(item) = walk.found.pop_front() {
            return Some((item, Some(walk)));
        }
        match blocking(move || Ok(walk.fill())).await {
            Ok(mut walk) => walk.found.pop_front().map(|item| (item, Some(walk))),
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}

struct Walk {
    parts: bool,
    /// The folders being read, from the top down; depth bounds it.
    open: Vec<Level>,
    /// The folder to go into.
    next: Vec<Next>,
    /// Folders that a link led into.
    linked: HashSet<(u64, u64)>,
    found: VecDeque<Result<ObjectMeta>>,
}

struct Next {
    path: StoragePath,
    folder: PathBuf,
    by_link: bool,
}

struct Level {
    path: StoragePath,
    entries: ReadDir,
    identity: Identity,
}

impl Walk {
    fn fill(mut self) -> Self {
        while self.found.len() < BATCH {
            if let Some(next) = self.next.pop() {
                self.enter(next);
                continue;
            }
            let Some(level) = self.open.last_mut() else { break };
            match level.entries.next() {
                Some(Ok(entry)) => {
                    let parent = level.path.clone();
                    self.visit(&parent, &entry);
                }
                Some(Err(error)) => {
                    let failed = fault(error, &level.path);
                    self.open.pop();
                    self.found.push_back(Err(failed));
                }
                None => drop(self.open.pop()),
            }
        }
        self
    }

    /// Goes into a folder, unless a link led back to one that is being read, or to one that a link led to before.
    fn enter(&mut self, Next { path, folder, by_link }: Next) {
        let opened =
            std::fs::metadata(&folder).and_then(|meta| Ok((identity(&meta), std::fs::read_dir(&folder)?)));
        match opened {
            Ok((identity, _)) if self.open.iter().any(|level| is_same(level.identity, identity)) => {}
            Ok((Some(identity), _)) if by_link && !self.linked.insert(identity) => {}
            Ok((identity, entries)) => self.open.push(Level { path, entries, identity }),
            Err(error) if is_absence(&error) => {}
            Err(error) => self.found.push_back(Err(fault(error, folder.display()))),
        }
    }

    fn visit(&mut self, parent: &StoragePath, entry: &DirEntry) {
        let name = entry.file_name();
        let path = name.to_str().and_then(|name| StoragePath::parse(&format!("{parent}/{name}")).ok());
        let Some(path) = path else { return self.found.push_back(Err(unnameable(entry))) };
        match meta(entry) {
            Ok(meta) if meta.is_dir() => {
                let by_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                self.next.push(Next { path, folder: entry.path(), by_link });
            }
            Ok(meta) if meta.is_file() && (self.parts || !path.as_str().ends_with(PART_SUFFIX)) => {
                self.found.push_back(Ok(ObjectMeta::new(path, meta.len(), meta.modified().ok())));
            }
            Ok(_) => {}
            // Gone meanwhile, or a link that leads nowhere.
            Err(error) if is_absence(&error) => {}
            Err(error) => self.found.push_back(Err(fault(error, entry.path().display()))),
        }
    }
}

fn unnameable(entry: &DirEntry) -> Error {
    let message = "a file or folder whose name is no Unicode text cannot be looked at; give it another name";
    Error::new(ErrorKind::Unsupported, message).with("path", entry.path().display())
}

fn meta(entry: &DirEntry) -> io::Result<Metadata> {
    if entry.file_type()?.is_symlink() { std::fs::metadata(entry.path()) } else { entry.metadata() }
}

type Identity = Option<(u64, u64)>;

#[cfg(unix)]
fn identity(meta: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    Some((meta.dev(), meta.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Identity {
    None
}

fn is_same(one: Identity, other: Identity) -> bool {
    one.is_some() && one == other
}
