//! One set of options, run by both programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::fake::{Account, Fake, PASSWORD, USERNAME};
use crate::house::Programs;
use crate::process::{self, Ended, Person};
use crate::real::Clients;
use crate::tree;

use super::pins::Allowed;
use super::scene::fits;
use super::sets::{Compare, Set, Start};
use super::sidecar::{self, Sidecars};
use super::{Found, compare};

/// The folder that `--directory` names, the same for both: relative, so that printed paths can be compared.
pub(super) const TREE: &str = "photos";
/// The folder that `--cookie-directory` names.
pub(super) const SESSION: &str = "session";
/// How much of the library the folder of [`Start::Prefilled`] is made from.
const HALF: &str = "150";
/// An album of the everyday library.
const ALBUM: &str = "2018/Summer: 中文";

/// What every row needs.
#[derive(Debug)]
pub(super) struct World {
    pub(super) programs: Programs,
    pub(super) clients: Clients,
    /// What the fakes are made from.
    pub(super) account: Account,
    /// Where all of it happens.
    pub(super) folder: PathBuf,
}

/// The two, signed in, with equal fakes.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    world: &'a World,
    theirs: Side,
    ours: Side,
    /// A title of an album.
    album: String,
    /// The name of the shared library.
    shared: String,
    /// A folder as somebody has it who has used the real icloudpd for a while.
    used: PathBuf,
}

/// One of the two: its fake, and a folder with its saved session and the folders of its runs.
#[derive(Debug)]
struct Side {
    fake: Fake,
    folder: PathBuf,
}

#[derive(Debug, Clone, Copy)]
enum Who {
    Theirs,
    Ours,
}

impl<'a> Pair<'a> {
    pub(super) fn new(world: &'a World) -> Result<Self> {
        let side = |name: &str| -> Result<Side> {
            let folder = world.folder.join(name);
            fs::create_dir_all(&folder)?;
            Ok(Side { fake: Fake::start(&world.programs, world.account)?, folder })
        };
        let (theirs, ours) = (side("theirs")?, side("ours")?);
        let used = world.folder.join("used");
        let mut pair = Self { world, theirs, ours, album: String::new(), shared: String::new(), used };
        pair.sign_in(Who::Theirs)?;
        pair.sign_in(Who::Ours)?;
        pair.shared = pair.ask(&["--list-libraries"], |line| line.starts_with("SharedSync"))?;
        pair.album = pair.ask(&["--list-albums"], |line| line == ALBUM)?;
        pair.fill_used()?;
        Ok(pair)
    }

    /// Both sides sign in with password and code once; the rows take over what that left.
    fn sign_in(&self, who: Who) -> Result<()> {
        let side = self.side(who);
        fs::create_dir_all(&side.folder)?;
        let person = Person::WithDevice(&side.fake);
        let ended = process::run(self.command(who, &side.folder, &["--auth-only"]), &side.folder, person)?;
        if ended.code != 0 {
            bail!("{who:?} cannot sign in with password and code: {}", ended.tail());
        }
        Ok(())
    }

    /// The first line that the real icloudpd prints for `options` and that `is_it`.
    fn ask(&self, options: &[&str], is_it: impl Fn(&str) -> bool) -> Result<String> {
        let side = self.side(Who::Theirs);
        let command = self.command(Who::Theirs, &side.folder, &[options, &["--log-level", "error"]].concat());
        let ended = process::run(command, &side.folder, Person::Nobody)?;
        let line = ended.stdout.lines().find(|line| is_it(line));
        line.map(str::to_owned)
            .with_context(|| format!("nothing fits in the answer to {options:?}: {}", ended.tail()))
    }

    fn side(&self, who: Who) -> &Side {
        match who {
            Who::Theirs => &self.theirs,
            Who::Ours => &self.ours,
        }
    }

    /// One of the two programs in `folder`, where its session is too.
    fn command(&self, who: Who, folder: &Path, options: &[&str]) -> Command {
        let side = self.side(who);
        let command = match who {
            Who::Theirs => self.world.clients.icloudpd(&side.fake.url),
            Who::Ours => ours(&self.world.programs, &side.fake.url),
        };
        icloudpd(command, folder, options)
    }

    /// Half a library of the real icloudpd, then what years do to a folder.
    fn fill_used(&self) -> Result<()> {
        let side = self.side(Who::Theirs);
        let command = self.command(Who::Theirs, &side.folder, &["--recent", HALF]);
        let ended = process::run(command, &side.folder, Person::Nobody)?;
        if ended.code != 0 {
            bail!("the real icloudpd does not download: {}", ended.tail());
        }
        fs::rename(side.folder.join(TREE), &self.used).context("the real icloudpd downloaded nothing")?;
        let files: Vec<String> = tree::read(&self.used)?
            .into_iter()
            .filter_map(|(path, entry)| matches!(entry, tree::Entry::File { .. }).then_some(path))
            .collect();
        for (number, path) in files.iter().enumerate() {
            age(number, &self.used.join(path)).with_context(|| format!("cannot change {path}"))?;
        }
        Ok(())
    }
}

/// Our icloudpd, pointed at the fake.
pub(crate) fn ours(programs: &Programs, fake: &str) -> Command {
    let mut command = Command::new(&programs.icloudpd);
    command.env("ICLOUDPD_AUTH_ENDPOINT", fake).env("ICLOUDPD_SETUP_ENDPOINT", fake).env("NO_PROXY", "*");
    command
}

/// What both are told, in a folder where session and photos are.
pub(super) fn icloudpd(mut command: Command, folder: &Path, options: &[&str]) -> Command {
    command.args(["--username", USERNAME, "--password", PASSWORD, "--cookie-directory", SESSION]);
    command.args(["--directory", TREE, "--no-progress-bar"]).args(options);
    command.current_dir(folder).env("HOME", folder).env("TZ", "UTC").env("LC_ALL", "C.UTF-8");
    command
}

/// Some files were cut short, some removed, some have the name that old versions of icloudpd gave.
fn age(number: usize, path: &Path) -> Result<()> {
    if number % 7 == 3 {
        let file = fs::File::options().write(true).open(path)?;
        file.set_len(file.metadata()?.len() / 2)?;
    } else if number % 11 == 5 {
        fs::remove_file(path)?;
    } else if number % 13 == 7 {
        let name = path.to_string_lossy();
        if let Some((stem, extension)) = name.rsplit_once('.') {
            fs::rename(path, format!("{stem}-original.{extension}"))?;
        }
    }
    Ok(())
}

/// Runs `set` on both sides; what differs is the answer.
pub(super) fn both(pair: &Pair<'_>, set: &Set) -> Result<Found> {
    let theirs = one(pair, Who::Theirs, set).context("the real icloudpd")?;
    let ours = one(pair, Who::Ours, set).context("our icloudpd")?;
    let mut differences = compare::trees(&theirs.tree, &ours.tree);
    differences.extend(sidecar::compare(&theirs.sidecars, &ours.sidecars));
    if theirs.ended.code != ours.ended.code {
        differences.push(format!("exit code {} there, ours: {}", theirs.ended.code, ours.ended.tail()));
    }
    differences.extend(match set.compare {
        Compare::Tree => Vec::new(),
        Compare::Names => compare::names(&theirs.ended.stdout, &ours.ended.stdout),
        Compare::Printed => compare::lines(&theirs.ended.stdout, &ours.ended.stdout),
        Compare::Libraries => compare::libraries(&theirs.ended.stdout, &ours.ended.stdout),
    });
    let mut allowed = Vec::new();
    differences.retain(|line| match set.allows.iter().find(|(_, pattern)| fits(pattern, line)) {
        Some((exception, _)) => {
            allowed.push(Allowed::new(exception, line, false));
            false
        }
        None => true,
    });
    if differences.is_empty() {
        for folder in [&theirs.folder, &ours.folder] {
            fs::remove_dir_all(folder)?;
        }
    }
    Ok(Found { wrong: differences, allowed, compared: compared(set, &theirs) })
}

fn compared(set: &Set, done: &Done) -> String {
    match set.compare {
        Compare::Tree => {
            let files = done.tree.values().filter(|entry| matches!(entry, tree::Entry::File { .. })).count();
            format!("{files} files")
        }
        Compare::Printed | Compare::Names | Compare::Libraries => {
            format!("{} lines", done.ended.stdout.lines().count())
        }
    }
}

/// What a program did.
#[derive(Debug)]
struct Done {
    ended: Ended,
    tree: tree::Tree,
    sidecars: Sidecars,
    folder: PathBuf,
}

fn one(pair: &Pair<'_>, who: Who, set: &Set) -> Result<Done> {
    let side = pair.side(who);
    let folder = side.folder.join(set.name.replace([' ', ','], "-"));
    fs::create_dir_all(&folder)?;
    if !set.sign_in {
        tree::copy(&side.folder.join(SESSION), &folder.join(SESSION))?;
    }
    if set.start == Start::Prefilled {
        tree::copy(&pair.used, &folder.join(TREE))?;
    }
    let options: Vec<String> = set
        .options
        .iter()
        .map(|option| option.replace("{album}", &pair.album).replace("{shared}", &pair.shared))
        .collect();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let person = match set.sign_in {
        true => Person::WithDevice(&side.fake),
        false => Person::Nobody,
    };
    let run = || {
        let mut command = pair.command(who, &folder, &options);
        command.env("TZ", set.tz);
        process::run(command, &folder, person)
    };
    let mut ended = run()?;
    if set.start == Start::SecondRun {
        ended = run()?;
    }
    let root = folder.join(TREE);
    let mut tree = tree::read(&root)?;
    let sidecars = sidecar::take(&root, &mut tree)?;
    Ok(Done { ended, tree, sidecars, folder })
}
