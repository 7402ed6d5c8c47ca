//! What is only said: `--dry-run` and `--only-print-filenames`.

use super::super::super::runs::TREE;
use super::super::judge::{Difference, Step};
use super::parts::{is_blocked, would};
use super::{by_size, messages, told_path, without_digits, without_size};

/// O3: a rehearsal downloads nothing.
pub(super) fn rehearsed_as_done(step: &Step<'_>, difference: &Difference) -> bool {
    step.world.has("--dry-run")
        && matches!(difference, Difference::SaidThere(line) if line.starts_with("Downloaded "))
}

/// F12: `--only-print-filenames` writes nothing.
pub(super) fn no_sidecar_for_a_question(step: &Step<'_>, difference: &Difference) -> bool {
    step.world.has("--only-print-filenames")
        && step.world.has("--xmp-sidecar")
        && matches!(difference, Difference::Missing(path) if path.ends_with(".xmp"))
}

/// F12: theirs prints the first album alone.
pub(super) fn every_album(step: &Step<'_>, difference: &Difference) -> bool {
    step.world.has("--only-print-filenames")
        && step.world.values("--album").count() > 1
        && matches!(difference, Difference::PrintedHere(_))
}

/// O2: the plain name again where photos clash; ours prints the names that a run would give.
pub(super) fn plain_again(step: &Step<'_>, difference: &Difference) -> bool {
    let prints = |text: &str, wanted: &str| text.lines().filter(|line| *line == wanted).count();
    let (theirs, ours) = (&step.theirs.ended.stdout, &step.ours.ended.stdout);
    let clashes = |plain: &str| prints(theirs, plain) > prints(ours, plain) || stands(step, plain);
    match difference {
        Difference::PrintedHere(line) => {
            let plain = without_digits(line).map(|(plain, _)| plain);
            [plain, without_size(line)].into_iter().flatten().any(|plain| clashes(&plain))
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
pub(super) fn names(step: &Step<'_>, difference: &Difference) -> bool {
    let (line, other, is_ours) = match difference {
        Difference::SaidThere(line) => (line, &step.ours.ended.stdout, false),
        Difference::SaidHere(line) => (line, &step.theirs.ended.stdout, true),
        _ => return false,
    };
    let is_there = line.ends_with(" already exists");
    let Some(path) = would(line).or_else(|| told_path(line)).filter(|_| !line.starts_with("Downloaded "))
    else {
        return false;
    };
    let plain = |path: &str| {
        let marked = without_digits(path).map(|(plain, _)| plain);
        marked.or_else(|| without_size(path)).unwrap_or_else(|| path.to_owned())
    };
    let told =
        |text: &str| messages(text).filter_map(would).filter(|other| plain(other) == plain(path)).count();
    let wants = told(other) > 0;
    // What theirs would fetch twice, ours has the second time.
    let twice = is_ours && told(other) > told(&step.ours.ended.stdout);
    step.world.has("--dry-run") && if is_there { twice } else { wants }
}

/// C2 and K10 in a rehearsal: what would stand beside the first is said.
pub(super) fn beside(step: &Step<'_>, difference: &Difference) -> bool {
    let (theirs, ours) = (&step.theirs.ended.stdout, &step.ours.ended.stdout);
    let is_there = |plain: &str| {
        let wanted = format!("{TREE}/{plain} already exists");
        messages(theirs).any(|line| line == wanted)
    };
    let plain = |path: &str| without_digits(path).map(|(plain, _)| plain);
    let found = match difference {
        Difference::SaidHere(line) => {
            let path = would(line).or_else(|| told_path(line).filter(|_| line.ends_with(" deduplicated")));
            path.and_then(plain).is_some_and(|plain| is_there(&plain))
        }
        Difference::SaidThere(line) => {
            let path = told_path(line).filter(|_| !line.starts_with("Downloaded "));
            let mut beside = messages(ours).filter_map(would).filter_map(plain);
            path.is_some_and(|path| beside.any(|plain| plain == path || by_size(&plain, path)))
        }
        _ => false,
    };
    step.world.has("--dry-run") && found
}

/// The same under `name-id7`, where a file of another length has the name.
pub(super) fn beside_by_id(step: &Step<'_>, difference: &Difference) -> bool {
    step.world.values("--file-match-policy").any(|policy| policy == "name-id7") && beside(step, difference)
}

/// K17: something could not be had.
pub(super) fn failed(step: &Step<'_>, difference: &Difference) -> bool {
    let said = [&step.ours.ended.stdout, &step.ours.ended.stderr];
    let told = said.iter().any(|said| said.contains("Could not ")) || is_blocked(step);
    *difference == Difference::Exit(0, 3) && told
}
