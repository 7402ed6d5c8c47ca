//! What lies where a photo should be: a `.part` that is whole (F5), and something that is no file (O7).

use super::super::super::runs::TREE;
use super::super::judge::{Difference, Step};
use super::super::past::base32;
use super::{by_size, folder, messages, told_path};
use crate::tree::Entry;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A photo that one of the two could not have.
struct Failed<'a> {
    /// Where its file was to stand.
    path: &'a str,
    /// What it is called in the log.
    name: &'a str,
}

/// What theirs asked for past its end: it went on with a `.part`, and failed.
fn stuck<'a>(step: &'a Step<'_>) -> Vec<Failed<'a>> {
    let (mut all, mut resumed) = (Vec::new(), None);
    for line in messages(&step.theirs.ended.stdout) {
        if let Some(rest) = line.strip_prefix("Resuming downloading of ") {
            let path = rest.rsplit_once(" from ").map_or(rest, |(path, _)| path);
            resumed = path.strip_prefix(TREE).and_then(|path| path.strip_prefix('/'));
        } else if let Some(name) = failed_name(line)
            && let Some(path) = resumed.take()
        {
            all.push(Failed { path, name });
        } else if line.starts_with("Downloaded ") {
            resumed = None;
        }
    }
    all
}

fn failed_name(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("Could not download ")?;
    rest.split_once(". Please try again later.").map(|(name, _)| name)
}

/// F5: a whole `.part` is used up by ours, and asked for past its end by theirs, in every run.
pub(super) fn used_up(step: &Step<'_>, difference: &Difference) -> bool {
    let stuck = stuck(step);
    let at = |path: &str| stuck.iter().any(|one| one.path == path);
    let named = |name: &str| stuck.iter().any(|one| one.name == name);
    match difference {
        Difference::Missing(part) => {
            let here =
                |one: &Failed<'_>| folder(one.path) == folder(part) && step.ours.tree.contains_key(one.path);
            part.ends_with(".part") && step.before.contains_key(part) && stuck.iter().any(here)
        }
        Difference::Extra(path) => {
            let photo = path.strip_suffix(".xmp").unwrap_or(path);
            at(photo) || is_displaced(step, &stuck, photo) || !stuck.is_empty() && lay_in_a_part(step, photo)
        }
        Difference::Bytes(path) => stuck.iter().any(|one| one.path == path && displaced(step, one).is_some()),
        Difference::SaidThere(line) => failed_name(line).is_some_and(named),
        Difference::SaidHere(line) => {
            told_path(line)
                .or_else(|| would(line))
                .is_some_and(|path| at(path) || is_displaced(step, &stuck, path))
                || deleted_name(line).is_some_and(named)
        }
        Difference::GoneHere(_) => {
            let moved = messages(&step.ours.ended.stdout).filter_map(deleted_name).filter(|name| named(name));
            step.ours.gone.difference(&step.theirs.gone).count() <= moved.count()
        }
        _ => false,
    }
}

/// Where the photo stands in ours that has, in theirs, the place of one that failed.
fn displaced<'a>(step: &'a Step<'_>, failed: &Failed<'_>) -> Option<&'a String> {
    let there = sha256(step.theirs.tree.get(failed.path)?)?;
    let beside = step
        .ours
        .tree
        .iter()
        .find(|(path, entry)| by_size(failed.path, path) && sha256(entry) == Some(there));
    beside.map(|(path, _)| path)
}

/// Whether a file has the bytes of a photo whose `.part` lay in its folder.
fn lay_in_a_part(step: &Step<'_>, path: &str) -> bool {
    let Some(Entry::File { checksum, .. }) = step.ours.tree.get(path) else { return false };
    let name = STANDARD.decode(checksum).map(|bytes| format!("{}.part", base32(&bytes)));
    name.is_ok_and(|name| {
        let part = path.rsplit_once('/').map_or(name.clone(), |(folder, _)| format!("{folder}/{name}"));
        step.before.contains_key(&part)
    })
}

fn is_displaced(step: &Step<'_>, stuck: &[Failed<'_>], path: &str) -> bool {
    stuck.iter().any(|one| displaced(step, one).is_some_and(|beside| beside == path))
}

fn sha256(entry: &Entry) -> Option<&str> {
    match entry {
        Entry::File { sha256, .. } => Some(sha256),
        Entry::Folder => None,
    }
}

/// What a rehearsal would fetch.
pub(super) fn would(line: &str) -> Option<&str> {
    line.strip_prefix("[DRY RUN] Would download ")?.strip_prefix(TREE)?.strip_prefix('/')
}

/// The photo that left iCloud.
pub(super) fn deleted_name(line: &str) -> Option<&str> {
    line.strip_prefix("Deleted ")?.strip_suffix(" in iCloud")
}

/// What ours could not have, for something that is no file is in the way.
fn blocked<'a>(step: &'a Step<'_>) -> Vec<Failed<'a>> {
    const REASON: &str = "something that is no file has the name; move it away (path: ";
    let one = |line: &'a str| {
        let (start, path) = line.split_once(REASON)?;
        let name = failed_name(start).or_else(|| start.strip_prefix("icloudpd: ")?.strip_suffix(": "))?;
        let (_, path) = path.split_once(&format!("/{TREE}/"))?;
        Some(Failed { path: path.strip_suffix(')')?, name })
    };
    let said = &step.ours.ended;
    messages(&said.stdout).chain(said.stderr.lines()).filter_map(one).collect()
}

pub(super) fn is_blocked(step: &Step<'_>) -> bool {
    !blocked(step).is_empty()
}

/// O7: something that is no file has the name; theirs leaves what it fetched as a `.part`, and says that all is there.
pub(super) fn in_the_way(step: &Step<'_>, difference: &Difference) -> bool {
    let blocked = blocked(step);
    let at = |path: &str| blocked.iter().any(|one| one.path == path);
    let named = |name: &str| blocked.iter().any(|one| one.name == name);
    match difference {
        Difference::Missing(part) => {
            let beside = |one: &Failed<'_>| folder(one.path) == folder(part);
            part.ends_with(".part") && !step.before.contains_key(part) && blocked.iter().any(beside)
        }
        // Theirs goes on with one that lay there.
        Difference::Bytes(part) => {
            let beside = |one: &Failed<'_>| folder(one.path) == folder(part);
            part.ends_with(".part")
                && step.before.get(part) == step.ours.tree.get(part)
                && blocked.iter().any(beside)
        }
        Difference::SaidThere(line) => {
            told_path(line).or_else(|| would(line)).is_some_and(at)
                || failed_name(line).is_some_and(named)
                || line.starts_with("All ") && !blocked.is_empty()
        }
        Difference::SaidHere(line) => failed_name(line).is_some_and(named),
        Difference::PrintedThere(line) => {
            line.strip_prefix(TREE).and_then(|path| path.strip_prefix('/')).is_some_and(at)
        }
        _ => false,
    }
}
