//! What is not a set of options: the real clients alone, checked against the truth of the fake, and the one thing that
//! ours does otherwise.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::fake::{Account, Asset, Fake, PASSWORD, Truth, USERNAME};
use crate::process::{self, Ended, Person};
use crate::tree::{self, Entry, Tree};

use super::runs::{SESSION, TREE, World, icloudpd, ours};
use super::{adoption, compare, modes, sessions};

/// One of them: a row of the report.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) name: &'static str,
    /// What is wrong, line by line.
    run: fn(&Place<'_>) -> Result<Vec<String>>,
}

pub(super) const VISITS: &[Visit] = &[
    Visit { name: "real icloudpd: a library, whole", run: whole_library },
    Visit { name: "real icloudpd: code by text message", run: text_message },
    Visit { name: "real icloudpd: wrong code", run: wrong_code },
    Visit { name: "real icloudpd: delete after download", run: delete_after_download },
    Visit { name: "real pyicloud: sign-in to deletion", run: pyicloud },
    Visit { name: "two photos of one name and length", run: twins },
    Visit { name: "both: old photos leave iCloud", run: modes::move_out },
    Visit { name: "both: deleted photos go here", run: modes::mirror },
    Visit { name: "session: theirs, then ours, back and forth", run: theirs_then_ours },
    Visit { name: "session: ours, then theirs", run: ours_then_theirs },
    Visit { name: "session: what expires in between", run: sessions::expiring },
    Visit { name: "session: both at once", run: sessions::at_once },
    Visit { name: "session: two accounts of one file name", run: sessions::clashing },
    Visit { name: "session: one key store for both", run: sessions::key_store },
    Visit { name: "adopt: names by size", run: adoption::by_size },
    Visit { name: "adopt: names by id", run: adoption::by_id },
];

/// Where a visit happens: a folder of its own, and fakes of its own, because it changes them.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub(super) world: &'a World,
    pub(super) folder: PathBuf,
}

impl Visit {
    pub(super) fn go(&self, world: &World) -> Result<Vec<String>> {
        let folder = world.folder.join(self.name.replace([' ', ':', ','], "-"));
        fs::create_dir_all(&folder)?;
        let wrong = (self.run)(&Place { world, folder: folder.clone() })?;
        if wrong.is_empty() {
            fs::remove_dir_all(&folder)?;
        }
        Ok(wrong)
    }
}

impl Place<'_> {
    pub(super) fn fake(&self, assets: u64) -> Result<Fake> {
        self.fake_of(Account { assets, ..self.world.account })
    }

    pub(super) fn fake_of(&self, account: Account) -> Result<Fake> {
        Fake::start(&self.world.programs, account)
    }

    /// The real icloudpd, which has never signed in here.
    pub(super) fn icloudpd(&self, fake: &Fake, options: &[&str], person: Person<'_>) -> Result<Ended> {
        let command = icloudpd(self.world.clients.icloudpd(&fake.url), &self.folder, options);
        process::run(command, &self.folder, person)
    }

    pub(super) fn tree(&self) -> Result<Tree> {
        tree::read(&self.folder.join(TREE))
    }
}

/// It fetches every file that the truth names, and nothing else.
fn whole_library(place: &Place<'_>) -> Result<Vec<String>> {
    let fake = place.fake(300)?;
    let ended = place.icloudpd(&fake, &[], Person::WithDevice(&fake))?;
    let truth = fake.truth()?;
    let wanted = truth.listed().flat_map(Asset::fetched).map(|resource| resource.checksum.clone()).collect();
    let mut wrong = differ("file", &wanted, &checksums(&place.tree()?));
    wrong.extend(unless_ended_with(0, &ended));
    Ok(wrong)
}

fn text_message(place: &Place<'_>) -> Result<Vec<String>> {
    let fake = place.fake(10)?;
    let person = Person::WithPhone { fake: &fake, lines: "a\n" };
    Ok(unless_ended_with(0, &place.icloudpd(&fake, &["--auth-only"], person)?))
}

fn wrong_code(place: &Place<'_>) -> Result<Vec<String>> {
    let fake = place.fake(10)?;
    let person = Person::WithPhone { fake: &fake, lines: "000000\n" };
    Ok(unless_ended_with(1, &place.icloudpd(&fake, &["--auth-only"], person)?))
}

/// What it says it deleted is in Recently Deleted, and lies on the disk.
fn delete_after_download(place: &Place<'_>) -> Result<Vec<String>> {
    let fake = place.fake(100)?;
    let before = deleted(&fake.truth()?);
    let options = ["--recent", "10", "--delete-after-download"];
    let ended = place.icloudpd(&fake, &options, Person::WithDevice(&fake))?;
    let truth = fake.truth()?;
    let gone: Vec<&Asset> =
        truth.assets.iter().filter(|asset| asset.deleted && !before.contains(&asset.id)).collect();
    let mut wrong = unless_ended_with(0, &ended);
    let said = ended.stdout.lines().filter(|line| line.contains(" Deleted ")).count();
    if said == 0 || said != gone.len() {
        wrong.push(format!(
            "icloudpd says it deleted {said}, the fake has {} more: {}",
            gone.len(),
            ended.tail()
        ));
    }
    let have = checksums(&place.tree()?);
    for asset in gone {
        let lost = asset.fetched().filter(|resource| !have.contains(&resource.checksum));
        wrong.extend(
            lost.map(|resource| format!("{} {} was deleted, not fetched", asset.id, resource.family)),
        );
    }
    Ok(wrong)
}

pub(super) fn deleted(truth: &Truth) -> BTreeSet<String> {
    truth.assets.iter().filter(|asset| asset.deleted).map(|asset| asset.id.clone()).collect()
}

/// What `pyicloud_run.py` prints.
#[derive(Debug, Deserialize)]
struct Seen {
    code_asked: bool,
    trusted: bool,
    albums: Vec<String>,
    count: usize,
    /// Names of masters, as in all that follows.
    photos: BTreeSet<String>,
    downloads: Vec<Download>,
    deleted: Option<String>,
    left: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
struct Download {
    photo: String,
    length: u64,
    /// Apple's.
    checksum: String,
}

fn pyicloud(place: &Place<'_>) -> Result<Vec<String>> {
    // It waits for a code without asking for one.
    let fake = place.fake_of(Account { assets: 250, push_on_sign_in: true, ..place.world.account })?;
    let before = fake.truth()?;
    let masters: BTreeSet<String> = before.listed().map(|asset| asset.master.clone()).collect();
    let mut command = place.world.clients.pyicloud(&fake.url);
    command.arg(USERNAME).arg("session").current_dir(&place.folder).env("PYICLOUD_PASSWORD", PASSWORD);
    let ended = process::run(command, &place.folder, Person::WithDevice(&fake))?;
    let Ok(seen) = serde_json::from_str::<Seen>(ended.stdout.lines().last().unwrap_or_default()) else {
        bail!("pyicloud did not end well: {}", ended.tail());
    };
    let mut wrong = unless_ended_with(0, &ended);
    let mut must = |holds: bool, what: String| wrong.extend((!holds).then_some(what));
    must(seen.code_asked && seen.trusted, format!("signed in: {} {}", seen.code_asked, seen.trusted));
    must(seen.albums.iter().any(|album| album == "Favorites"), format!("albums: {:?}", seen.albums));
    must(seen.count == before.listed().count(), format!("a count of {}", seen.count));
    must(!seen.downloads.is_empty(), "nothing was downloaded".to_owned());
    for download in &seen.downloads {
        let asset = before.listed().find(|asset| asset.master == download.photo);
        let asset = asset.with_context(|| format!("{} is not in the library", download.photo))?;
        let proven = asset.fetched().any(|r| r.size == download.length && r.checksum == download.checksum);
        must(proven, format!("{} has other bytes", download.photo));
    }
    let gone = fake.truth()?.assets.iter().any(|a| a.deleted && Some(&a.master) == seen.deleted.as_ref());
    must(gone, format!("{:?} is not deleted", seen.deleted));
    must(seen.left.len() + 1 == seen.photos.len(), format!("{} are left", seen.left.len()));
    wrong.extend(differ("photo", &masters, &seen.photos));
    Ok(wrong)
}

/// Where two different photos have one name and one length in one folder icloudpd fetches the first; ours has both.
fn twins(place: &Place<'_>) -> Result<Vec<String>> {
    let run =
        |name: &str, command: fn(&World, &Fake) -> std::process::Command| -> Result<(Ended, Tree, Truth)> {
            let fake = place.fake_of(Account { assets: 100, twins: true, ..place.world.account })?;
            let folder = place.folder.join(name);
            fs::create_dir_all(&folder)?;
            let command = icloudpd(command(place.world, &fake), &folder, &[]);
            let ended = process::run(command, &folder, Person::WithDevice(&fake))?;
            Ok((ended, tree::read(&folder.join(TREE))?, fake.truth()?))
        };
    let (their_end, theirs, truth) = run("theirs", |world, fake| world.clients.icloudpd(&fake.url))?;
    let (our_end, our_tree, _) = run("ours", |world, fake| ours(&world.programs, &fake.url))?;
    let mut wrong = unless_ended_with(0, &their_end);
    wrong.extend(unless_ended_with(0, &our_end));
    let pair = truth.listed().filter(|asset| asset.twin.is_some());
    let pair: Vec<String> = pair.filter_map(|asset| Some(asset.fetched().next()?.checksum.clone())).collect();
    let Ok(pair) = <[String; 2]>::try_from(pair) else { bail!("the fake has no pair of such photos") };
    wrong.extend(compare::twins(&theirs, &our_tree, &pair));
    Ok(wrong)
}

/// Nobody is asked for anything after the first sign-in, whichever program runs.
fn theirs_then_ours(place: &Place<'_>) -> Result<Vec<String>> {
    let fake = place.fake(5)?;
    let first = place.icloudpd(&fake, &["--auth-only"], Person::WithDevice(&fake))?;
    let mut wrong = unless_ended_with(0, &first);
    for _ in 0..5 {
        wrong.extend(unless_ended_with(0, &ours_without_password(place, &fake, Person::Nobody)?));
        wrong.extend(unless_ended_with(0, &place.icloudpd(&fake, &["--auth-only"], Person::Nobody)?));
    }
    Ok(wrong)
}

/// The real one wants its password again: ours has cookies of 127.0.0.1 only, where it is sent by its option.
fn ours_then_theirs(place: &Place<'_>) -> Result<Vec<String>> {
    let fake = place.fake(5)?;
    let command = icloudpd(ours(&place.world.programs, &fake.url), &place.folder, &["--auth-only"]);
    let first = process::run(command, &place.folder, Person::WithDevice(&fake))?;
    let mut wrong = unless_ended_with(0, &first);
    wrong.extend(unless_ended_with(0, &place.icloudpd(&fake, &["--auth-only"], Person::Nobody)?));
    wrong.extend(unless_ended_with(0, &ours_without_password(place, &fake, Person::Nobody)?));
    Ok(wrong)
}

pub(super) fn ours_without_password(place: &Place<'_>, fake: &Fake, person: Person<'_>) -> Result<Ended> {
    let mut command = ours(&place.world.programs, &fake.url);
    command.args(["--cookie-directory", SESSION, "--username", USERNAME, "--auth-only"]);
    command.current_dir(&place.folder).env("HOME", &place.folder);
    process::run(command, &place.folder, person)
}

pub(super) fn unless_ended_with(code: i32, ended: &Ended) -> Vec<String> {
    if ended.code == code { Vec::new() } else { vec![format!("not exit code {code}: {}", ended.tail())] }
}

pub(super) fn checksums(tree: &Tree) -> BTreeSet<String> {
    let checksum = |entry: &Entry| match entry {
        Entry::File { checksum, .. } => Some(checksum.clone()),
        Entry::Folder => None,
    };
    tree.values().filter_map(checksum).collect()
}

fn differ(what: &str, wanted: &BTreeSet<String>, have: &BTreeSet<String>) -> Vec<String> {
    let missing = wanted.difference(have).map(|one| format!("{what} {one} is missing"));
    let more = have.difference(wanted).map(|one| format!("{what} {one} is not in the library"));
    missing.chain(more).collect()
}
