//! The differences that are meant, each as narrow as it can be told: what kind of path or line, and what must stand beside it.
//! The ids are those of `differences_table.rs`.

use super::judge::{Difference, Step};
use super::super::runs::TREE;
use crate::tree::Entry;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

type Rule = fn(&Step<'_>, &Difference) -> bool;

const RULES: &[(&str, Rule)] = &[
    ("C2", beside),
    ("C1", dated),
    ("O3", rehearsed_as_done),
    ("O2", plain_again),
    ("K17", failed),
    ("O5", several_albums),
    ("C5", shared_master),
];

/// The row of the table that a difference falls under.
pub(super) fn find(step: &Step<'_>, difference: &Difference) -> Option<&'static str> {
    RULES.iter().find(|(_, rule)| rule(step, difference)).map(|(id, _)| *id)
}

/// The real one ended in a stack trace, and ours did not.
pub(super) fn has_died(step: &Step<'_>) -> bool {
    step.theirs.ended.code == 1 && step.theirs.ended.stderr.contains("Traceback")
}

pub(super) fn is_jpeg(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    path.ends_with(".jpg") || path.ends_with(".jpeg")
}

/// The path that a photo beside another one would have had: `IMG_1.JPG` for `IMG_1-9f3c2a1b.JPG`, if those are digits of the
/// checksum of its bytes.
fn plain(step: &Step<'_>, path: &str) -> Option<String> {
    let Entry::File { checksum, .. } = step.ours.tree.get(path)? else { return None };
    let bytes = STANDARD.decode(checksum).ok()?;
    let digits: String = bytes.get(1..5)?.iter().map(|byte| format!("{byte:02x}")).collect();
    let mark = format!("-{digits}");
    let at = path.rfind(&mark)?;
    let rest = &path[at + mark.len()..];
    (rest.is_empty() || rest.starts_with('.')).then(|| format!("{}{rest}", &path[..at]))
}

/// Paths of photos that stand beside another one in ours alone, and the paths that they wanted.
fn extras<'a>(step: &'a Step<'_>) -> impl Iterator<Item = (&'a String, String)> {
    let extra = step.ours.tree.keys().filter(|path| !step.theirs.tree.contains_key(*path));
    extra.filter_map(|path| Some((path, plain(step, path)?)))
}

fn told_path(line: &str) -> Option<&str> {
    let path = line.strip_prefix("Downloaded ");
    let path = path.or_else(|| line.strip_suffix(" already exists"));
    let path = path.or_else(|| line.strip_suffix(" deduplicated"))?;
    path.strip_prefix(TREE)?.strip_prefix('/')
}

/// C2: of photos that want one name the second stands beside the first.
fn beside(step: &Step<'_>, difference: &Difference) -> bool {
    let stands = |wanted: &str| step.ours.tree.contains_key(wanted);
    match difference {
        Difference::Extra(path) => {
            let photo = path.strip_suffix(".xmp").unwrap_or(path);
            extras(step).any(|(extra, plain)| extra == photo && stands(&plain))
        }
        Difference::SaidHere(line) => {
            told_path(line).is_some_and(|path| extras(step).any(|(extra, _)| extra == path))
        }
        Difference::SaidThere(line) => told_path(line).is_some_and(|path| {
            !line.starts_with("Downloaded ") && extras(step).any(|(_, plain)| plain == path || by_size(&plain, path))
        }),
        _ => false,
    }
}

/// `IMG_1-1000.JPG` of `IMG_1.JPG`.
fn by_size(plain: &str, path: &str) -> bool {
    let (Some((stem, end)), Some((other, other_end))) = (plain.rsplit_once('.'), path.rsplit_once('.')) else {
        return false;
    };
    let size = other.strip_prefix(stem).and_then(|rest| rest.strip_prefix('-'));
    end == other_end && size.is_some_and(|size| !size.is_empty() && size.bytes().all(|b| b.is_ascii_digit()))
}

/// C1: dates are written in another way, and theirs fetches the dated file again.
fn dated(step: &Step<'_>, difference: &Difference) -> bool {
    if !step.world.has("--set-exif-datetime") {
        return false;
    }
    match difference {
        Difference::Bytes(path) => is_jpeg(path) && step.before.get(path) != step.ours.tree.get(path),
        _ => false,
    }
}

/// O3: a rehearsal downloads nothing.
fn rehearsed_as_done(step: &Step<'_>, difference: &Difference) -> bool {
    step.world.has("--dry-run")
        && matches!(difference, Difference::SaidThere(line) if line.starts_with("Downloaded "))
}

/// O2: the plain name again where photos clash.
fn plain_again(_step: &Step<'_>, _difference: &Difference) -> bool {
    false
}

/// K17: something could not be had.
fn failed(step: &Step<'_>, difference: &Difference) -> bool {
    *difference == Difference::Exit(0, 3) && step.ours.ended.stdout.contains("Could not ")
}

/// O5: what is said of several albums.
fn several_albums(step: &Step<'_>, difference: &Difference) -> bool {
    let line = match difference {
        Difference::SaidThere(line) | Difference::SaidHere(line) => line,
        _ => return false,
    };
    step.world.values("--album").count() > 1
        && (line.starts_with("Downloading ")
            || line.starts_with("All ") && matches!(difference, Difference::SaidThere(_)))
}

/// C5: of assets that share one original another one gives the time.
fn shared_master(_step: &Step<'_>, _difference: &Difference) -> bool {
    false
}
