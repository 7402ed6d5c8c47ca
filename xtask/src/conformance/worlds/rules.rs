//! The differences that are meant, each as narrow as it can be told: what kind of path or line, and what must stand beside it.
//! The ids are those of `differences_table.rs`.

mod moves;
mod parts;
mod rehearsals;

use super::super::runs::TREE;
use super::judge::{Difference, Step};
use crate::tree::Entry;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

type Rule = fn(&Step<'_>, &Difference) -> bool;

const RULES: &[(&str, Rule)] = &[
    ("C2", beside),
    ("O14", without_a_dot),
    ("C1", dated),
    ("C1", fetched_again),
    ("C1", taken_over),
    ("F5", parts::used_up),
    ("O7", parts::in_the_way),
    ("O13", renamed),
    ("O15", moves::would_be_lost),
    ("F1", moves::nothing_of_it),
    ("O22", moves::is_hidden),
    ("K10", rehearsals::beside_by_id),
    ("C2", rehearsals::beside),
    ("O2", rehearsals::names),
    ("O2", rehearsals::plain_again),
    ("O3", rehearsals::rehearsed_as_done),
    ("F12", rehearsals::no_sidecar_for_a_question),
    ("F12", rehearsals::every_album),
    ("C3", mirrored),
    ("K17", rehearsals::failed),
    ("K17", moves::kept),
    ("O5", several_albums),
    ("C5", shared_master),
    ("C2", stopped_early),
];

/// The row of the table that a difference falls under.
pub(super) fn find(step: &Step<'_>, difference: &Difference) -> Option<&'static str> {
    RULES.iter().find(|(_, rule)| rule(step, difference)).map(|(id, _)| *id)
}

/// What the real one said last, if it ended in a stack trace.
pub(super) fn last_words(step: &Step<'_>) -> Option<String> {
    let theirs = &step.theirs.ended;
    let died = theirs.code == 1 && theirs.stderr.contains("Traceback");
    died.then(|| theirs.stderr.lines().last().unwrap_or_default().chars().take(80).collect())
}

/// F8: one photo ends the run there, and not here; F10: both end, and ours says why.
pub(super) fn why_it_died(step: &Step<'_>) -> &'static str {
    if step.ours.ended.code == 1 { "F10" } else { "F8" }
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
    let (plain, mark) = without_digits(path)?;
    // A date is no part of what the digits are made from.
    let dated = step.world.has("--set-exif-datetime") && is_jpeg(path);
    (dated || mark == digits).then_some(plain)
}

/// `IMG_1.JPG` and `9f3c2a1b`, of `IMG_1-9f3c2a1b.JPG`.
fn without_digits(path: &str) -> Option<(String, &str)> {
    path.rmatch_indices('-').find_map(|(at, _)| {
        let (digits, rest) = path.get(at + 1..)?.split_at_checked(8)?;
        let ends = rest.is_empty() || rest.starts_with('.');
        let fits = ends && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| (format!("{}{rest}", &path[..at]), digits))
    })
}

/// Paths of photos that stand beside another one in ours alone, and the paths that they wanted.
fn extras<'a>(step: &'a Step<'_>) -> impl Iterator<Item = (&'a String, String)> {
    let extra = step.ours.tree.keys().filter(|path| !step.theirs.tree.contains_key(*path));
    extra.filter_map(|path| Some((path, plain(step, path)?)))
}

/// What a log says, without times and levels.
fn messages(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.get(29..))
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
            !line.starts_with("Downloaded ")
                && extras(step).any(|(_, plain)| plain == path || by_size(&plain, path))
        }),
        _ => false,
    }
}

/// `IMG_1-1000.JPG` of `IMG_1.JPG`.
fn by_size(plain: &str, path: &str) -> bool {
    let (Some((stem, end)), Some((other, other_end))) = (plain.rsplit_once('.'), path.rsplit_once('.'))
    else {
        return false;
    };
    let size = other.strip_prefix(stem).and_then(|rest| rest.strip_prefix('-'));
    end == other_end && size.is_some_and(|size| !size.is_empty() && size.bytes().all(|b| b.is_ascii_digit()))
}

/// `IMG_1.JPG`, of `IMG_1-1000.JPG`.
fn without_size(path: &str) -> Option<String> {
    let (stem, end) = path.rsplit_once('.')?;
    let (plain, size) = stem.rsplit_once('-')?;
    let is_size = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
    is_size.then(|| format!("{plain}.{end}"))
}

/// O14: theirs has no place for the length in a name without a dot, and never fetches the second of two.
fn without_a_dot(step: &Step<'_>, difference: &Difference) -> bool {
    let extras = || {
        let extra = step.ours.tree.iter().filter(|(path, _)| !step.theirs.tree.contains_key(*path));
        extra.filter_map(|(path, entry)| {
            let Entry::File { length, .. } = entry else { return None };
            let plain = path.strip_suffix(&format!("-{length}"))?;
            let name = plain.rsplit_once('/').map_or(plain, |(_, name)| name);
            (!name.contains('.') && step.ours.tree.contains_key(plain)).then_some((path.as_str(), plain))
        })
    };
    match difference {
        Difference::Extra(path) => extras().any(|(extra, _)| extra == path),
        Difference::SaidHere(line) => {
            told_path(line).is_some_and(|path| extras().any(|(extra, _)| extra == path))
        }
        Difference::SaidThere(line) => {
            let path = told_path(line).filter(|_| !line.starts_with("Downloaded "));
            path.is_some_and(|path| extras().any(|(_, plain)| plain == path))
        }
        _ => false,
    }
}

/// C2: a photo that theirs takes for another one, which is there, counts for its `--until-found`; ours has it beside, and goes on.
fn stopped_early(step: &Step<'_>, difference: &Difference) -> bool {
    let found = |text: &str| messages(text).any(|line| line.starts_with("Found "));
    let alone = found(&step.theirs.ended.stdout) && !found(&step.ours.ended.stdout);
    step.world.has("--until-found")
        && alone
        && extras(step).next().is_some()
        && match difference {
            Difference::SaidThere(line) => line.starts_with("Found "),
            Difference::Extra(_) | Difference::GoneHere(_) | Difference::SaidHere(_) => true,
            _ => false,
        }
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

/// C1: a file that got a date is longer than iCloud says, so theirs fetches it again, beside it.
fn fetched_again(step: &Step<'_>, difference: &Difference) -> bool {
    let path = match difference {
        Difference::Missing(path) => path,
        Difference::SaidThere(line) => match told_path(line).or_else(|| parts::would(line)) {
            Some(path) => path,
            None => return false,
        },
        Difference::PrintedThere(line) => {
            match line.strip_prefix(TREE).and_then(|path| path.strip_prefix('/')) {
                Some(path) => path,
                None => return false,
            }
        }
        _ => return false,
    };
    let path = path.strip_suffix(".xmp").unwrap_or(path);
    let stands = |plain: String| step.ours.tree.contains_key(&plain);
    step.world.has("--set-exif-datetime") && is_jpeg(path) && without_size(path).is_some_and(stands)
}

/// C1: such a file is there for ours, and stays as it is; theirs says that it fetches another.
fn taken_over(step: &Step<'_>, difference: &Difference) -> bool {
    let Difference::SaidHere(line) = difference else { return false };
    let Some(path) = told_path(line).filter(|_| line.ends_with(" already exists")) else { return false };
    let again = |line: &str| {
        let other = told_path(line).filter(|_| line.ends_with(" deduplicated"));
        other.is_some_and(|other| by_size(path, other))
    };
    step.world.has("--set-exif-datetime")
        && is_jpeg(path)
        && step.before.contains_key(path)
        && step.before.get(path) == step.ours.tree.get(path)
        && messages(&step.theirs.ended.stdout).any(again)
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// O13: a photo that got another name in iCloud is fetched again under it by theirs, and stays where it is here.
fn renamed(step: &Step<'_>, difference: &Difference) -> bool {
    let names = step.world.edits.iter().filter_map(|edit| edit.name.as_deref());
    let is_new = |path: &str| {
        let stem = |name: &str| name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
        let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
        names.clone().any(|new| name.starts_with(&stem(new)))
    };
    step.name == "after changes"
        && match difference {
            Difference::Missing(path) => is_new(path),
            Difference::SaidThere(line) => {
                told_path(line).or_else(|| parts::deleted_name(line)).is_some_and(is_new)
            }
            Difference::GoneThere(_) => {
                let moved = messages(&step.theirs.ended.stdout)
                    .filter_map(parts::deleted_name)
                    .filter(|name| is_new(name));
                step.theirs.gone.difference(&step.ours.gone).count() <= moved.count()
            }
            _ => false,
        }
}

/// C3: ours removes the files of deleted photos that it stored, whatever they are called; theirs those whose names it can guess, whoever
/// stored them, and be it a moment ago.
fn mirrored(step: &Step<'_>, difference: &Difference) -> bool {
    let says = |text: &str, what: &str, path: &str| {
        let wanted = format!("{what} {TREE}/{path}");
        messages(text).any(|line| line == wanted)
    };
    let (theirs, ours) = (&step.theirs.ended.stdout, &step.ours.ended.stdout);
    let was_there = |path: &str| step.before.contains_key(path);
    let fetched = |path: &str| says(theirs, "Downloaded", path.strip_suffix(".xmp").unwrap_or(path));
    let deleted = |line: &str| {
        let path = line.strip_prefix("Deleted ")?.strip_prefix(TREE)?.strip_prefix('/')?;
        Some(path.to_owned())
    };
    step.world.has("--auto-delete")
        && match difference {
            Difference::Missing(path) => says(ours, "Deleted", path) && was_there(path),
            Difference::Extra(path) => says(theirs, "Deleted", path),
            Difference::SaidThere(line) => {
                deleted(line).is_some_and(|path| was_there(&path) || fetched(&path))
                    || fetched_anew(step, line)
            }
            Difference::SaidHere(line) => deleted(line).is_some_and(|path| was_there(&path)),
            _ => false,
        }
}

/// What theirs removed before for its name, and fetches again, stands in ours as it did.
fn fetched_anew(step: &Step<'_>, line: &str) -> bool {
    let path = told_path(line).filter(|_| line.starts_with("Downloaded "));
    path.is_some_and(|path| {
        let ours = step.ours.tree.get(path);
        let again = format!("Deleted {TREE}/{path}");
        let removed = messages(&step.theirs.ended.stdout).any(|line| line == again);
        ours.is_some() && step.before.get(path) == ours && (removed || step.theirs.tree.get(path) == ours)
    })
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

/// C5: of assets that share one original the last of a page gives the file its time and folder there; here each has its own, and the
/// first gives a file that they share its time.
fn shared_master(step: &Step<'_>, difference: &Difference) -> bool {
    let masters: Vec<&str> =
        step.world.library.iter().filter_map(|asset| asset.get("master")?.as_str()).collect();
    let shared = masters.iter().any(|one| masters.iter().filter(|other| *other == one).count() > 1);
    let name = |path: &str| path.rsplit_once('/').map_or(path, |(_, name)| name).to_owned();
    // The same bytes under the same name stand in another folder of both.
    let elsewhere = |path: &str| {
        // Dates differ, and so the bytes of what gets one.
        let dated = step.world.has("--set-exif-datetime") && is_jpeg(path);
        let same_bytes = |one: &Entry, other: &Entry| dated || same_bytes(one, other);
        let same = |(other, entry): (&String, &Entry)| {
            other != path
                && name(other) == name(path)
                && step.theirs.tree.get(other).is_some_and(|there| same_bytes(there, entry))
                && step.ours.tree.get(path).is_some_and(|here| same_bytes(here, entry))
        };
        step.ours.tree.iter().any(same)
    };
    let is_new = |path: &str| !step.theirs.tree.contains_key(path) && elsewhere(path);
    shared
        && match difference {
            Difference::Time(_) => true,
            Difference::Extra(path) => is_new(path.strip_suffix(".xmp").unwrap_or(path)),
            Difference::SaidHere(line) => {
                let rehearsed = parts::would(line);
                told_path(line).is_some_and(is_new)
                    || rehearsed.is_some_and(|path| rehearsed_twice(step, name(path)))
            }
            Difference::SaidThere(line) => {
                let path = told_path(line).filter(|_| line.ends_with(" already exists"));
                let twins = |path: &str| {
                    step.ours.tree.keys().any(|other| name(other) == name(path) && is_new(other))
                };
                path.is_some_and(twins)
            }
            _ => false,
        }
}

/// Whether a rehearsal of theirs would fetch a file of that name twice into one folder.
fn rehearsed_twice(step: &Step<'_>, wanted: String) -> bool {
    let end = format!("/{wanted}");
    let paths =
        || messages(&step.theirs.ended.stdout).filter_map(parts::would).filter(|path| path.ends_with(&end));
    paths().any(|path| paths().filter(|other| *other == path).count() > 1)
}

fn same_bytes(one: &Entry, other: &Entry) -> bool {
    matches!((one, other), (Entry::File { sha256: one, .. }, Entry::File { sha256: other, .. }) if one == other)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod names {
    use super::*;

    #[test]
    fn digits_are_told_from_all_else_that_may_stand_there() {
        let found = |path| without_digits(path);
        assert_eq!(found("a/IMG_1-9f3c2a1b.JPG"), Some(("a/IMG_1.JPG".to_owned(), "9f3c2a1b")));
        assert_eq!(found("a/-9f3c2a1b.b-medium"), Some(("a/.b-medium".to_owned(), "9f3c2a1b")));
        for other in
            ["a/IMG_1-1000.JPG", "a/IMG_1-9f3c2a1.JPG", "a/IMG_1-9f3c2a1bc.JPG", "a/IMG-9f3c2a1g.JPG"]
        {
            assert_eq!(found(other), None, "{other}");
        }
    }

    #[test]
    fn a_copy_by_size_is_one_of_that_very_file() {
        assert!(by_size("a/IMG_1.JPG", "a/IMG_1-1000.JPG"));
        for other in ["a/IMG_1.JPG", "a/IMG_1-x.JPG", "a/IMG_2-1000.JPG", "a/IMG_1-1000.MOV"] {
            assert!(!by_size("a/IMG_1.JPG", other), "{other}");
        }
    }
}
