//! What leaves iCloud there and not here. The two are held to each other photo by photo, by the names that both log.

use super::super::judge::{Difference, Step};
use super::messages;
use super::parts::deleted_name;

/// O15: what was not asked for, and cannot be made again, keeps its photo in iCloud; ours names each.
pub(super) fn would_be_lost(step: &Step<'_>, difference: &Difference) -> bool {
    explained(step, difference, &|name| stays(step, name))
}

/// F1: of a photo nothing is there but what was asked for in vain; theirs moves it.
pub(super) fn nothing_of_it(step: &Step<'_>, difference: &Difference) -> bool {
    explained(step, difference, &|name| stays(step, name) + asked_in_vain(step, name))
}

/// O22: a hidden photo that an album shows is moved there alone.
pub(super) fn is_hidden(step: &Step<'_>, difference: &Difference) -> bool {
    explained(step, difference, &|name| stays(step, name) + hidden(step, name))
}

fn hidden(step: &Step<'_>, name: &str) -> usize {
    let wanted = letters(&plain(step, name));
    let hidden = step.world.library.iter().filter(|asset| asset["hidden"] == true);
    hidden.filter_map(|asset| asset["name"].as_str()).filter(|name| letters(name) == wanted).count()
}

/// How many photos of the name ours says that it keeps. It names them as iCloud does: with all their letters, and without the id that
/// `name-id7` adds.
fn stays(step: &Step<'_>, name: &str) -> usize {
    let wanted = letters(&plain(step, name));
    let kept = messages(&step.ours.ended.stdout).filter_map(|line| line.split_once(" stays in iCloud: "));
    kept.filter(|(kept, _)| letters(kept) == wanted).count()
}

/// The name without the id that `name-id7` adds.
fn plain(step: &Step<'_>, name: &str) -> String {
    let by_id = step.world.values("--file-match-policy").any(|policy| policy == "name-id7");
    if by_id { without_id(name) } else { name.to_owned() }
}

/// What no rule for names changes.
fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// `IMG_1.JPG`, of `IMG_1_QVk2Yyt.JPG`.
fn without_id(name: &str) -> String {
    let (stem, end) = name.rsplit_once('.').map_or((name, None), |(stem, end)| (stem, Some(end)));
    let plain = stem.rsplit_once('_').filter(|(_, id)| id.len() == 7).map_or(stem, |(plain, _)| plain);
    end.map_or_else(|| plain.to_owned(), |end| format!("{plain}.{end}"))
}

/// How many photos of the name both have nothing of: each size that was asked for is told as missing.
fn asked_in_vain(step: &Step<'_>, name: &str) -> usize {
    let end = format!(" size does not exist for {name}. Skipping...");
    let missing = messages(&step.ours.ended.stdout).filter(|line| line.ends_with(&end)).count();
    let sizes: std::collections::BTreeSet<&str> = step.world.values("--size").collect();
    missing / sizes.len().max(1)
}

/// Whether so many photos of each name are gone there alone as ours says that it keeps.
fn explained(step: &Step<'_>, difference: &Difference, kept: &dyn Fn(&str) -> usize) -> bool {
    let moved =
        |text: &str, name: &str| messages(text).filter_map(deleted_name).filter(|one| *one == name).count();
    let (theirs, ours) = (&step.theirs.ended.stdout, &step.ours.ended.stdout);
    let surplus = |name: &str| moved(theirs, name).saturating_sub(moved(ours, name));
    match difference {
        Difference::SaidThere(line) => {
            deleted_name(line).is_some_and(|name| step.world.moves() && surplus(name) <= kept(name))
        }
        Difference::GoneThere(_) => {
            let names: std::collections::BTreeSet<&str> = messages(theirs).filter_map(deleted_name).collect();
            let all: usize = names.into_iter().map(|name| moved(theirs, name).min(kept(name))).sum();
            step.world.moves() && step.theirs.gone.difference(&step.ours.gone).count() <= all
        }
        _ => false,
    }
}

/// K17: something that was to leave iCloud is kept, for it is not proven.
pub(super) fn kept(step: &Step<'_>, difference: &Difference) -> bool {
    let kept = messages(&step.ours.ended.stdout)
        .any(|line| line.starts_with("Kept, though they were to be deleted, "));
    kept && step.ours.ended.code == 3
        && match difference {
            Difference::Exit(0, 3) => true,
            Difference::SaidThere(line) => line.starts_with("All "),
            _ => false,
        }
}
