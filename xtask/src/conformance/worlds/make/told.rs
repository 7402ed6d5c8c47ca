//! What both programs are told, in the first run, before it, and later.

use super::super::dice::Dice;

/// What both are told: what changes names comes often, what changes little seldom.
pub(super) fn options(dice: &mut Dice) -> Vec<Vec<String>> {
    let mut options = names(dice);
    options.extend(filters(dice));
    options.extend(modes(dice));
    options
}

fn one(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Options that decide what files are called.
fn names(dice: &mut Dice) -> Vec<Vec<String>> {
    let mut options = Vec::new();
    if dice.chance(55) {
        options.push(one(&["--folder-structure", &template(dice)]));
    }
    if dice.chance(60) {
        for _ in 0..1 + dice.below(4) {
            let size = dice.pick(&["original", "original", "adjusted", "alternative", "medium", "thumb"]);
            options.push(one(&["--size", size]));
        }
    }
    for (percent, words) in [
        (20, &["--live-photo-size", "medium"][..]),
        (3, &["--live-photo-size", "original"]),
        (25, &["--live-photo-mov-filename-policy", "original"]),
        (35, &["--file-match-policy", "name-id7"]),
        (12, &["--align-raw", "original"]),
        (12, &["--align-raw", "alternative"]),
        (20, &["--force-size"]),
        (25, &["--keep-unicode-in-filenames"]),
        (8, &["--use-os-locale"]),
    ] {
        if dice.chance(percent) {
            options.push(one(words));
        }
    }
    options
}

/// Folders by parts of the date, which are long or short, few or many.
fn template(dice: &mut Dice) -> String {
    let fixed =
        ["none", "{:%Y}", "{:%Y/%m}", "{0:%Y}/{0:%B}", "{}", "{0.year}/{0.month:02}", "all", "{:%H:%M}"];
    if dice.chance(45) {
        return dice.pick(&fixed).to_owned();
    }
    let directives = [
        "%Y", "%m", "%d", "%H", "%j", "%B", "%b", "%a", "%A", "%y", "%G", "%V", "%U", "%Z", "%z", "%p", "%I",
        "%e", "%-m", "%^b", "%F", "%C", "%u", "%w", "%M", "%%", "%s",
    ];
    let mut spec = String::new();
    for part in 0..1 + dice.below(4) {
        if part > 0 {
            spec.push_str(dice.pick(&["/", "-", " ", "_", "."]));
        }
        spec.push_str(dice.pick(&directives));
    }
    format!("{{:{spec}}}")
}

/// Options that leave photos out.
fn filters(dice: &mut Dice) -> Vec<Vec<String>> {
    let days =
        ["2018-07-30", "2018-07-31", "2018-07-31T09:30", "2018-08-01T00:00:00Z", "1971-01-01", "2000d"];
    let (before, after) = (dice.pick(&days), dice.pick(&days));
    let few = dice.below(9).to_string();
    let mut options = Vec::new();
    for (percent, words) in [
        (8, &["--skip-videos"][..]),
        (6, &["--skip-photos"]),
        (12, &["--skip-live-photos"]),
        (10, &["--skip-created-before", before]),
        (10, &["--skip-created-after", after]),
        (12, &["--recent", &few]),
        (8, &["--until-found", &few]),
        (8, &["--album", "One"]),
        (8, &["--album", "Two"]),
        (4, &["--album", "Favorites"]),
        (3, &["--album", "Videos"]),
        (2, &["--album", "Hidden"]),
        (2, &["--album", "Recently Deleted"]),
    ] {
        if dice.chance(percent) {
            options.push(one(words));
        }
    }
    let both =
        |first: &str, second: &str| [first, second].iter().all(|name| options.iter().any(|o| o[0] == *name));
    if both("--skip-videos", "--skip-photos") {
        options.retain(|option| option[0] != "--skip-photos");
    }
    options
}

/// Options about what is done with photos.
fn modes(dice: &mut Dice) -> Vec<Vec<String>> {
    let mut options = Vec::new();
    for (percent, words) in [
        (10, &["--set-exif-datetime"][..]),
        (15, &["--xmp-sidecar"]),
        (8, &["--auto-delete"]),
        (6, &["--dry-run"]),
        (8, &["--only-print-filenames"]),
    ] {
        if dice.chance(percent) {
            options.push(one(words));
        }
    }
    if options.is_empty() && dice.chance(8) {
        options.push(match dice.chance(50) {
            true => one(&["--keep-icloud-recent-days", "100"]),
            false => one(&["--delete-after-download"]),
        });
    }
    options
}

/// Options of one or two older runs: often the same, but for what says how much is done.
pub(super) fn past(dice: &mut Dice, options: &[Vec<String>]) -> Vec<Vec<Vec<String>>> {
    let mut past = Vec::new();
    if dice.chance(35) {
        past.push(older(options.to_vec()));
    }
    if dice.chance(30) {
        past.push(older(names(dice)));
    }
    past
}

fn older(mut options: Vec<Vec<String>>) -> Vec<Vec<String>> {
    const NEVER: [&str; 7] = [
        "--dry-run",
        "--only-print-filenames",
        "--auto-delete",
        "--keep-icloud-recent-days",
        "--delete-after-download",
        "--recent",
        "--until-found",
    ];
    options.retain(|option| !NEVER.contains(&option[0].as_str()));
    options
}

/// Options after which there is nothing more to lay out: photos are gone, or nothing was written.
pub(super) const LAST: [&str; 4] =
    ["--dry-run", "--only-print-filenames", "--keep-icloud-recent-days", "--delete-after-download"];

/// The same options, with one or two others about where files go and what they are called.
pub(super) fn other(dice: &mut Dice, options: &[Vec<String>]) -> Vec<Vec<String>> {
    const LAYOUT: [&str; 7] = [
        "--folder-structure",
        "--folder-structure",
        "--file-match-policy",
        "--live-photo-mov-filename-policy",
        "--keep-unicode-in-filenames",
        "--size",
        "--align-raw",
    ];
    let mut other = options.to_vec();
    for _ in 0..1 + dice.below(2) {
        let name = dice.pick(&LAYOUT);
        let had = other.iter().any(|option| option[0] == name);
        other.retain(|option| option[0] != name);
        match name {
            "--folder-structure" => other.push(one(&[name, &template(dice)])),
            "--size" => {
                for size in ["original", "adjusted", "thumb"].into_iter().filter(|_| dice.chance(50)) {
                    other.push(one(&[name, size]));
                }
            }
            "--file-match-policy" if !had => other.push(one(&[name, "name-id7"])),
            "--live-photo-mov-filename-policy" if !had => other.push(one(&[name, "original"])),
            "--keep-unicode-in-filenames" if !had => other.push(one(&[name])),
            "--align-raw" if !had => other.push(one(&[name, "original"])),
            _ => {}
        }
    }
    other
}
