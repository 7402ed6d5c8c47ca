//! The modes that delete, beside the real icloudpd: ours deletes what it deletes, but for what is in doubt, and says so.

use std::collections::BTreeSet;
use std::fs;

use anyhow::Result;

use super::compare;
use super::runs::{TREE, icloudpd, ours};
use super::visits::{Place, deleted, unless_ended_with};
use crate::fake::{Fake, Truth};
use crate::process::{self, Ended, Person};
use crate::tree::{self, Tree};

/// What one of the two did: its last run, its tree, and its fake after it.
struct Done {
    ended: Ended,
    tree: Tree,
    truth: Truth,
}

/// `runs` one after the other, in a folder of its own, on a fake of its own.
fn go(place: &Place<'_>, is_ours: bool, assets: u64, runs: &[&[&str]]) -> Result<Done> {
    let fake: Fake = place.fake(assets)?;
    let folder = place.folder.join(if is_ours { "ours" } else { "theirs" });
    fs::create_dir_all(&folder)?;
    let mut last = None;
    for options in runs {
        let command = match is_ours {
            true => ours(&place.world.programs, &fake.url),
            false => place.world.clients.icloudpd(&fake.url),
        };
        let mut command = icloudpd(command, &folder, options);
        if is_ours {
            command.args(["--remove-at-most", "100"]);
        }
        last = Some(process::run(command, &folder, Person::WithDevice(&fake))?);
    }
    let ended = last.ok_or_else(|| anyhow::anyhow!("no run"))?;
    Ok(Done { ended, tree: tree::read(&folder.join(TREE))?, truth: fake.truth()? })
}

/// `--keep-icloud-recent-days`: the same files here, and nothing is gone in iCloud that is not gone there. What stays is named.
pub(super) fn move_out(place: &Place<'_>) -> Result<Vec<String>> {
    const SIZES: [&str; 6] = ["--size", "original", "--size", "adjusted", "--size", "alternative"];
    let options = [&SIZES[..], &["--keep-icloud-recent-days", "900"]].concat();
    let before = deleted(&place.fake(300)?.truth()?);
    let theirs = go(place, false, 300, &[&options])?;
    let ours = go(place, true, 300, &[&options])?;
    let gone =
        |done: &Done| -> BTreeSet<String> { deleted(&done.truth).difference(&before).cloned().collect() };
    let (there, here) = (gone(&theirs), gone(&ours));
    let mut wrong = compare::trees(&theirs.tree, &ours.tree);
    wrong.extend(unless_ended_with(0, &theirs.ended));
    wrong.extend(here.difference(&there).map(|id| format!("{id} is gone in iCloud, and not with icloudpd")));
    let stays = ours.ended.stdout.lines().filter(|line| line.contains(" stays in iCloud: ")).count();
    let more = there.difference(&here).count();
    if more != stays {
        wrong.push(format!("icloudpd deleted {more} more in iCloud; ours names {stays} that stay"));
    }
    if here.len() < 50 {
        wrong.push(format!("only {} are gone in iCloud: {}", here.len(), ours.ended.tail()));
    }
    Ok(wrong)
}

/// `--auto-delete`: what lies in Recently Deleted goes here. Names that icloudpd cannot guess go too: they are known by id.
pub(super) fn mirror(place: &Place<'_>) -> Result<Vec<String>> {
    let runs: [&[&str]; 2] = [&["--album", "Recently Deleted"], &["--auto-delete", "--recent", "40"]];
    let theirs = go(place, false, 600, &runs)?;
    let ours = go(place, true, 600, &runs)?;
    let only_by_id = |path: &String| {
        let stem = path.rsplit_once('.').map_or(path.as_str(), |(stem, _)| stem);
        stem.rsplit_once('-').is_some_and(|(_, end)| end.chars().all(|digit| digit.is_ascii_hexdigit()))
    };
    let mut left = theirs.tree.clone();
    left.retain(|path, _| ours.tree.contains_key(path) || !only_by_id(path));
    let mut wrong = compare::trees(&left, &ours.tree);
    wrong.extend(unless_ended_with(0, &theirs.ended));
    wrong.extend(unless_ended_with(0, &ours.ended));
    let removed = |done: &Done| done.ended.stdout.lines().filter(|line| line.contains(" Deleted ")).count();
    if removed(&theirs) == 0 || removed(&ours) < removed(&theirs) {
        wrong.push(format!("icloudpd removed {} here, ours {}", removed(&theirs), removed(&ours)));
    }
    Ok(wrong)
}
