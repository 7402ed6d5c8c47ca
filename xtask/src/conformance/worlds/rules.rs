//! The differences that are meant, each as narrow as it can be told: what kind of path or line, and what must stand beside it.
//! The ids are those of `differences_table.rs`.

use super::super::runs::TREE;
use super::judge::{Difference, Step};
use crate::tree::Entry;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

type Rule = fn(&Step<'_>, &Difference) -> bool;

const RULES: &[(&str, Rule)] = &[
    ("C2", beside),
    ("C1", dated),
    ("C1", fetched_again),
    ("F5", used_up),
    ("O7", in_the_way),
    ("O13", renamed),
    ("O15", would_be_lost),
    ("O2", rehearsed_names),
    ("F12", no_sidecar_for_a_question),
    ("C3", mirrored),
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
        Difference::SaidThere(line) => match told_path(line) {
            Some(path) => path,
            None => return false,
        },
        _ => return false,
    };
    let path = path.strip_suffix(".xmp").unwrap_or(path);
    let of_one_that_stands = || {
        let (stem, end) = path.rsplit_once('.')?;
        let (plain, size) = stem.rsplit_once('-')?;
        let is_size = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
        Some(is_size && step.ours.tree.contains_key(&format!("{plain}.{end}")))
    };
    step.world.has("--set-exif-datetime") && is_jpeg(path) && of_one_that_stands() == Some(true)
}

/// F5: a whole `.part` is used up by ours, and asked for past its end by theirs, in every run.
fn used_up(step: &Step<'_>, difference: &Difference) -> bool {
    let part = |path: &String| path.ends_with(".part") && step.before.contains_key(path);
    if !step.before.keys().any(part) {
        return false;
    }
    let folder_of_part = |path: &str| {
        let mut parts = step.before.keys().filter(|part| part.ends_with(".part"));
        parts.any(|part| folder(part) == folder(path) && !step.ours.tree.contains_key(part))
    };
    match difference {
        Difference::Missing(path) => part(path),
        Difference::Extra(path) => folder_of_part(path) && !step.before.contains_key(path),
        Difference::SaidThere(line) => line.starts_with("Could not download "),
        Difference::SaidHere(line) => {
            line.starts_with("Downloaded ") && told_path(line).is_some_and(folder_of_part)
        }
        Difference::GoneHere(_) => step.world.has("--delete-after-download"),
        _ => false,
    }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// O7: something that is no file has the name; theirs leaves what it fetched as a `.part`, and both say that it failed.
fn in_the_way(step: &Step<'_>, difference: &Difference) -> bool {
    let said = format!("{}{}", step.ours.ended.stdout, step.ours.ended.stderr);
    if !said.contains("something that is no file has the name") {
        return false;
    }
    let is_folder = |path: &str| matches!(step.before.get(path), Some(Entry::Folder));
    match difference {
        Difference::Missing(path) => path.ends_with(".part"),
        Difference::SaidThere(line) | Difference::SaidHere(line) => {
            line.starts_with("Could not download ") || line.starts_with("All ")
        }
        Difference::PrintedThere(line) => {
            line.strip_prefix(TREE).and_then(|path| path.strip_prefix('/')).is_some_and(is_folder)
        }
        _ => false,
    }
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
            Difference::SaidThere(line) => told_path(line).is_some_and(is_new),
            _ => false,
        }
}

/// O3: a rehearsal downloads nothing.
fn rehearsed_as_done(step: &Step<'_>, difference: &Difference) -> bool {
    step.world.has("--dry-run")
        && matches!(difference, Difference::SaidThere(line) if line.starts_with("Downloaded "))
}

/// O2: the plain name again where photos clash; ours prints the names that a run would give.
fn plain_again(step: &Step<'_>, difference: &Difference) -> bool {
    let prints = |line: &str| step.ours.ended.stdout.lines().any(|other| other == line);
    match difference {
        Difference::PrintedHere(line) => {
            without_digits(line).is_some_and(|(plain, _)| prints(&plain) || stands(step, &plain))
        }
        _ => false,
    }
}

/// Whether a printed path is there already.
fn stands(step: &Step<'_>, printed: &str) -> bool {
    let path = printed.strip_prefix(TREE).and_then(|path| path.strip_prefix('/'));
    path.is_some_and(|path| step.before.contains_key(path))
}

/// O2: a rehearsal of `--dry-run` too says the name that a run would give.
fn rehearsed_names(step: &Step<'_>, difference: &Difference) -> bool {
    let (line, other) = match difference {
        Difference::SaidThere(line) => (line, &step.ours.ended.stdout),
        Difference::SaidHere(line) => (line, &step.theirs.ended.stdout),
        _ => return false,
    };
    let path = line.strip_prefix("[DRY RUN] Would download ").or_else(|| line.strip_suffix(" deduplicated"));
    let plain = |path: &str| {
        let (stem, end) = path.rsplit_once('.').unwrap_or((path, ""));
        let (start, mark) = stem.rsplit_once('-').unwrap_or((stem, ""));
        let is_mark = !mark.is_empty() && mark.bytes().all(|byte| byte.is_ascii_hexdigit());
        format!("{}.{end}", if is_mark { start } else { stem })
    };
    let downloads = |text: &str, path: &str| {
        let mut told = text.lines().filter_map(|line| line.split_once("[DRY RUN] Would download "));
        told.any(|(_, other)| plain(other) == plain(path))
    };
    step.world.has("--dry-run") && path.is_some_and(|path| downloads(other, path))
}

/// O14: what was not asked for, and cannot be made again, keeps its photo in iCloud; ours names each.
fn would_be_lost(step: &Step<'_>, difference: &Difference) -> bool {
    let stays = step.ours.ended.stdout.lines().filter(|line| line.contains(" stays in iCloud: ")).count();
    let gone = step.theirs.gone.difference(&step.ours.gone).count();
    step.world.moves()
        && stays >= gone
        && match difference {
            Difference::GoneThere(_) => true,
            Difference::SaidThere(line) => line.starts_with("Deleted ") && line.ends_with(" in iCloud"),
            _ => false,
        }
}

/// F12: `--only-print-filenames` writes nothing.
fn no_sidecar_for_a_question(step: &Step<'_>, difference: &Difference) -> bool {
    step.world.has("--only-print-filenames")
        && step.world.has("--xmp-sidecar")
        && matches!(difference, Difference::Missing(path) if path.ends_with(".xmp"))
}

/// C3: ours removes the files of deleted photos that it stored, whatever they are called; theirs those whose names it can guess, whoever
/// stored them.
fn mirrored(step: &Step<'_>, difference: &Difference) -> bool {
    if !step.world.has("--auto-delete") {
        return false;
    }
    let says = |done: &super::play::Done, path: &str| {
        done.ended.stdout.lines().any(|line| line.ends_with(&format!(" Deleted {TREE}/{path}")))
    };
    match difference {
        Difference::Missing(path) => says(step.ours, path) && step.before.contains_key(path),
        Difference::Extra(path) => says(step.theirs, path) && step.before.contains_key(path),
        Difference::SaidThere(line) | Difference::SaidHere(line) => {
            let path = line.strip_prefix("Deleted ").and_then(|path| path.strip_prefix(TREE));
            path.and_then(|path| path.strip_prefix('/')).is_some_and(|path| step.before.contains_key(path))
        }
        _ => false,
    }
}

/// K17: something could not be had.
fn failed(step: &Step<'_>, difference: &Difference) -> bool {
    let said = [&step.ours.ended.stdout, &step.ours.ended.stderr];
    *difference == Difference::Exit(0, 3) && said.iter().any(|said| said.contains("Could not "))
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

/// C5: of assets that share one original the last of a page gives the file its time there, the first here.
fn shared_master(step: &Step<'_>, difference: &Difference) -> bool {
    let masters: Vec<&str> =
        step.world.library.iter().filter_map(|asset| asset.get("master")?.as_str()).collect();
    let shared = masters.iter().any(|one| masters.iter().filter(|other| *other == one).count() > 1);
    shared && matches!(difference, Difference::Time(_))
}

#[cfg(test)]
mod tests {
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
