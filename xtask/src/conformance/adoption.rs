//! `adopt` on folders that the real icloudpd wrote: as it wrote them, with every file moved and renamed, and with one file
//! in a hundred damaged. What is sound is never fetched again, and what is damaged is named.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::runs::{SESSION, TREE, icloudpd, ours};
use super::visits::{Place, checksums, unless_ended_with};
use crate::fake::{Account, Fake};
use crate::process::{self, Ended, Person};
use crate::tree::{self, Entry, Tree};

/// What damaged files make of an exit code.
const INCOMPLETE: i32 = 3;

/// Every file there is, Live Photos included.
const SIZES: [&str; 6] = ["--size", "original", "--size", "adjusted", "--size", "alternative"];

/// Under icloudpd's default policy.
pub(super) fn by_size(place: &Place<'_>) -> Result<Vec<String>> {
    under(place, "name-size-dedup-with-suffix")
}

/// Under its other one.
pub(super) fn by_id(place: &Place<'_>) -> Result<Vec<String>> {
    under(place, "name-id7")
}

fn under(place: &Place<'_>, policy: &str) -> Result<Vec<String>> {
    let fake = place.fake_of(Account { assets: 350, twins: true, ..place.world.account })?;
    let options = [&SIZES[..], &["--file-match-policy", policy]].concat();
    let ended = place.icloudpd(&fake, &options, Person::WithDevice(&fake))?;
    let mut wrong = unless_ended_with(0, &ended);
    let written = place.tree()?;
    let everything = everything(&fake, &written)?;
    let ours = Ours { place, fake: &fake, options: &options };
    let session = ours.sign_in()?;
    for how in [How::AsWritten, How::Renamed, How::Damaged] {
        let folder = place.folder.join(format!("{how:?}"));
        tree::copy(&session, &folder.join(SESSION))?;
        tree::copy(&place.folder.join(TREE), &folder.join(TREE))?;
        let damaged = how.change(&folder.join(TREE), &written, &mut Dice(place.world.account.seed))?;
        let found = ours.adopt(&folder, &written, &damaged, &everything)?;
        wrong.extend(found.into_iter().map(|line| format!("{how:?}: {line}")));
    }
    Ok(wrong)
}

/// What a copy should hold in the end: what icloudpd fetched, and of two photos of one name and length the other one too.
fn everything(fake: &Fake, written: &Tree) -> Result<BTreeSet<String>> {
    let truth = fake.truth()?;
    let twins = truth.listed().filter(|asset| asset.twin.is_some());
    let twins = twins.flat_map(|asset| asset.fetched()).map(|resource| resource.checksum.clone());
    Ok(checksums(written).into_iter().chain(twins).collect())
}

/// What happened to the folder since icloudpd wrote it.
#[derive(Debug, Clone, Copy)]
enum How {
    AsWritten,
    Renamed,
    Damaged,
}

impl How {
    /// Changes the folder; gives the paths of the files that are damaged now.
    fn change(self, root: &Path, written: &Tree, dice: &mut Dice) -> Result<BTreeSet<String>> {
        let mut damaged = BTreeSet::new();
        let files: Vec<&String> = files(written).collect();
        match self {
            Self::AsWritten => {}
            Self::Renamed => {
                for (number, path) in files.into_iter().enumerate() {
                    let folder = root.join(format!("heap {}", dice.roll(7)));
                    fs::create_dir_all(&folder)?;
                    let name = format!("{:06}-{number}", dice.roll(1_000_000));
                    fs::rename(root.join(path), folder.join(name))?;
                }
            }
            Self::Damaged => {
                while damaged.len() < files.len().div_ceil(100) {
                    let path = files[dice.roll(files.len())];
                    if damaged.insert(path.clone()) {
                        damage(&root.join(path), damaged.len(), dice)?;
                    }
                }
            }
        }
        Ok(damaged)
    }
}

/// One bit is another, or the end is missing.
fn damage(path: &Path, number: usize, dice: &mut Dice) -> Result<()> {
    let mut bytes = fs::read(path)?;
    let at = dice.roll(bytes.len());
    match number % 2 {
        0 => bytes[at] ^= 1 << dice.roll(8),
        _ => bytes.truncate(at),
    }
    fs::write(path, bytes).with_context(|| format!("cannot damage {}", path.display()))
}

fn files(tree: &Tree) -> impl Iterator<Item = &String> {
    tree.iter().filter_map(|(path, entry)| matches!(entry, Entry::File { .. }).then_some(path))
}

/// Our icloudpd and its fake.
struct Ours<'a> {
    place: &'a Place<'a>,
    fake: &'a Fake,
    options: &'a [&'a str],
}

impl Ours<'_> {
    /// Gives the folder with the saved session.
    fn sign_in(&self) -> Result<PathBuf> {
        let folder = self.place.folder.join("ours");
        fs::create_dir_all(&folder)?;
        let command = icloudpd(ours(&self.place.world.programs, &self.fake.url), &folder, &["--auth-only"]);
        let ended = process::run(command, &folder, Person::WithDevice(self.fake))?;
        anyhow::ensure!(ended.code == 0, "ours cannot sign in: {}", ended.tail());
        Ok(folder.join(SESSION))
    }

    /// A rehearsal, the adoption, and the run after it; gives what was wrong with them.
    fn adopt(
        &self,
        folder: &Path,
        written: &Tree,
        damaged: &BTreeSet<String>,
        everything: &BTreeSet<String>,
    ) -> Result<Vec<String>> {
        let before = tree::read(&folder.join(TREE))?;
        let code = if damaged.is_empty() { 0 } else { INCOMPLETE };
        let sound = files(written).count() - damaged.len();
        let mut wrong = Vec::new();
        for options in [&["--dry-run"][..], &[]] {
            let (ended, fetched) = self.run(folder, Some("adopt"), options)?;
            let mut must = |holds: bool, what: String| wrong.extend((!holds).then_some(what));
            must(ended.code == code, format!("not exit code {code}: {}", ended.tail()));
            must(fetched == 0, format!("adopting fetched {fetched} files"));
            must(tree::read(&folder.join(TREE))? == before, "adopting changed files".to_owned());
            let recognised = format!(" {sound} recognised, ");
            must(ended.stdout.contains(&recognised), format!("not{recognised}{}", ended.tail()));
            must(named(&ended) == *damaged, format!("named are {:?}, not {damaged:?}", named(&ended)));
            let rehearsed = !folder.join(TREE).join(tree::MARK).exists() && catalogues(folder)? == 0;
            must(options.is_empty() || rehearsed, "the rehearsal left something".to_owned());
        }
        let lost = lost(written, damaged, everything);
        for wanted in [lost, 0] {
            let (ended, fetched) = self.run(folder, None, &[])?;
            wrong.extend(unless_ended_with(0, &ended));
            if fetched != wanted {
                wrong.push(format!("{fetched} files were fetched, not {wanted}"));
            }
        }
        let after = tree::read(&folder.join(TREE))?;
        let touched = before.iter().filter(|(path, entry)| after.get(*path) != Some(entry));
        wrong.extend(touched.map(|(path, _)| format!("{path} is not what it was")));
        let missing = everything.difference(&checksums(&after)).count();
        wrong.extend((missing > 0).then(|| format!("{missing} files are missing in the end")));
        Ok(wrong)
    }

    /// Gives how many requests were about content, too.
    fn run(&self, folder: &Path, verb: Option<&str>, options: &[&str]) -> Result<(Ended, u64)> {
        self.fake.reset_counts()?;
        let mut command = ours(&self.place.world.programs, &self.fake.url);
        command.args(verb);
        let command = icloudpd(command, folder, &[self.options, options].concat());
        let ended = process::run(command, folder, Person::Nobody)?;
        Ok((ended, self.fake.counts()?.to("content")))
    }
}

/// How many files must be fetched: those damaged whose content stands nowhere else, and what icloudpd never fetches.
fn lost(written: &Tree, damaged: &BTreeSet<String>, everything: &BTreeSet<String>) -> u64 {
    let mut sound = written.clone();
    let taken: BTreeMap<_, _> = damaged.iter().filter_map(|path| sound.remove_entry(path)).collect();
    let sound = checksums(&sound);
    let content = |entry: &Entry| match entry {
        Entry::File { checksum, .. } => !sound.contains(checksum),
        Entry::Folder => false,
    };
    let never = everything.difference(&checksums(written)).count();
    (taken.values().filter(|entry| content(entry)).count() + never) as u64
}

/// The files that an adoption calls damaged.
fn named(ended: &Ended) -> BTreeSet<String> {
    let lines = ended.stdout.lines().chain(ended.stderr.lines());
    lines.filter_map(|line| Some(line.split_once("Damaged: ")?.1.to_owned())).collect()
}

fn catalogues(folder: &Path) -> Result<usize> {
    let files = fs::read_dir(folder.join(SESSION))?.collect::<std::io::Result<Vec<_>>>()?;
    Ok(files.iter().filter(|file| file.path().extension().is_some_and(|end| end == "sqlite")).count())
}

/// The same throws in every run.
struct Dice(u64);

impl Dice {
    /// A number below `sides`; 0 for a dice without any.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize).checked_rem(sides).unwrap_or(0)
    }
}
