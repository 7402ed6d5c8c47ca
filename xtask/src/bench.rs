//! Ours, the real icloudpd and a plain parallel fetch, side by side on one fake in one run.

mod bucket;
mod growth;
mod python;

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde::Deserialize;
use tempfile::TempDir;

use crate::conformance::ours;
use crate::fake::{Account, Fake, PASSWORD, USERNAME};
use crate::house::{self, Profile, Programs};
use crate::process::{self, Person};
use crate::real::Clients;
use crate::tree;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only the benches whose name contains this; `python` measures the Python package
    only: Option<String>,
    /// How often ours and the plain fetch run, in turn; the quickest run of each counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Let the real icloudpd run over everything, which takes long, instead of a part that is scaled up
    #[arg(long)]
    whole: bool,
}

/// One table of the report.
#[derive(Debug, Clone, Copy)]
struct Bench {
    name: &'static str,
    account: Account,
    options: &'static [&'static str],
    /// A plain fetch of the same links runs beside it.
    plain: bool,
    /// How many assets the real icloudpd does when its whole run would take too long; none leaves it out.
    theirs: Option<u64>,
    what: What,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// A run with sign-in, on nothing.
    First,
    /// The run after it, with nothing new.
    Second,
    /// Recognising what a first run left, its catalogue lost.
    Adopt,
    /// The run after one asset in a hundred has changed, and one after nothing has.
    Changed,
    /// A first run to a storage elsewhere.
    Bucket,
}

const BENCHES: &[Bench] = &[
    Bench {
        name: "first run, 1,000 files of 1 MB",
        account: Account::plain(1_000, 1_000_000),
        options: &[],
        plain: true,
        theirs: Some(1_000),
        what: What::First,
    },
    Bench {
        name: "first run, 25,000 files of 4 kB",
        account: Account::plain(25_000, 4_000),
        options: &[],
        plain: true,
        theirs: Some(1_000),
        what: What::First,
    },
    Bench {
        name: "listing of 20,000 assets",
        account: Account::plain(20_000, 4_000),
        options: &["--only-print-filenames"],
        plain: false,
        theirs: Some(20_000),
        what: What::First,
    },
    Bench {
        name: "listing of 100,000 assets",
        account: Account::plain(100_000, 4_000),
        options: &["--only-print-filenames"],
        plain: false,
        theirs: None,
        what: What::First,
    },
    Bench {
        name: "one file of 2 GB",
        account: Account::plain(1, 2_000_000_000),
        options: &[],
        plain: true,
        theirs: None,
        what: What::First,
    },
    Bench {
        name: "second run, nothing new, 5,000 assets",
        account: Account::plain(5_000, 4_000),
        options: &[],
        plain: false,
        theirs: Some(5_000),
        what: What::Second,
    },
    Bench {
        name: "adopt, 1,000 files of 1 MB",
        account: Account::plain(1_000, 1_000_000),
        options: &[],
        plain: false,
        theirs: None,
        what: What::Adopt,
    },
    bucket::TO_S3,
    Bench { account: Account::plain(1_000, 4_000), ..growth::CHANGED },
    Bench { account: Account::plain(20_000, 4_000), ..growth::CHANGED },
    Bench { account: Account::plain(100_000, 4_000), ..growth::CHANGED },
];

/// What one run cost.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Cost {
    wall: f64,
    user: f64,
    system: f64,
    /// Bytes.
    peak: u64,
    #[serde(default)]
    requests: u64,
}

impl Cost {
    fn cpu(&self) -> f64 {
        self.user + self.system
    }
}

struct Bed<'a> {
    programs: &'a Programs,
    /// This program, with the plain fetch in it.
    xtask: &'a Path,
    clients: &'a Clients,
    fake: Fake,
    place: Place,
    folder: &'a Path,
    runs: Cell<usize>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let clients = Clients::install()?;
    if options.only.as_deref() == Some(python::NAME) {
        return python::run(&clients);
    }
    let programs = Programs::build(Profile::Dist)?;
    let xtask = house::fast_self()?;
    let chosen: Vec<&Bench> = BENCHES
        .iter()
        .filter(|bench| options.only.as_ref().is_none_or(|part| bench.name.contains(part)))
        .collect();
    if chosen.is_empty() {
        bail!("no bench has {:?} in its name", options.only);
    }
    // Emptied at the very end: where files were just removed, ext4 is slow to make new ones.
    let mut used = Vec::new();
    for bench in chosen {
        for place in Place::all() {
            if *place == Place::Memory && !bench.plain {
                continue;
            }
            let folder = place.folder()?;
            let fake = Fake::start(&programs, bench.account)?;
            let bed = Bed {
                programs: &programs,
                xtask: &xtask,
                clients: &clients,
                fake,
                place: *place,
                folder: folder.path(),
                runs: Cell::new(0),
            };
            bench.run(&bed, options).with_context(|| bench.name)?;
            used.push(folder);
        }
    }
    Ok(())
}

/// Where files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// What the programs cost, whatever the disk.
    Memory,
    /// What a person sees. A disk that takes longer for the bytes than the fetch does is the floor there, and the plain fetch
    /// leaves them in memory: the one that flushes tells what the machine can do.
    Disk,
}

const MEMORY: &str = "/dev/shm";

impl Place {
    fn all() -> &'static [Self] {
        if Path::new(MEMORY).is_dir() { &[Self::Memory, Self::Disk] } else { &[Self::Disk] }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Memory => "in memory",
            Self::Disk => "on disk",
        }
    }

    fn folder(self) -> Result<TempDir> {
        Ok(match self {
            Self::Memory => tempfile::tempdir_in(MEMORY)?,
            // The target folder is on a disk; a temporary folder may be memory.
            Self::Disk => tempfile::tempdir_in(house::target()?)?,
        })
    }
}

impl Bench {
    fn run(&self, bed: &Bed<'_>, options: &Options) -> Result<()> {
        match self.what {
            What::First => self.first(bed, options),
            What::Second => self.second(bed, options),
            What::Adopt => self.adopt(bed, options),
            What::Changed => growth::measure(self, bed, options),
            What::Bucket => bucket::measure(self, bed, options),
        }
    }

    /// Ours and icloudpd, each on what it fetched itself.
    fn second(&self, bed: &Bed<'_>, options: &Options) -> Result<()> {
        self.heading(bed);
        let (ours, theirs) = (bed.fresh()?, bed.fresh()?);
        bed.measure(bed.our_command(&[]), &ours, Person::WithDevice(&bed.fake))?;
        bed.measure(bed.their_command(&[]), &theirs, Person::WithDevice(&bed.fake))?;
        let (mut our_cost, mut their_cost) = (None, None);
        for _ in 0..options.rounds.max(1) {
            our_cost = quicker(our_cost, bed.measure(bed.our_command(&[]), &ours, Person::Nobody)?);
            their_cost = quicker(their_cost, bed.measure(bed.their_command(&[]), &theirs, Person::Nobody)?);
        }
        let (our_cost, their_cost) = our_cost.zip(their_cost).context("nothing was measured")?;
        line("ours", &our_cost);
        line("icloudpd 1.32.3", &their_cost);
        ratio("icloudpd to ours", &their_cost, &our_cost);
        give_back(&ours)?;
        give_back(&theirs)
    }

    /// Ours against `sha1sum` over the same files, which reads and hashes and does nothing else.
    fn adopt(&self, bed: &Bed<'_>, options: &Options) -> Result<()> {
        self.heading(bed);
        let folder = bed.fresh()?;
        bed.measure(bed.our_command(&[]), &folder, Person::WithDevice(&bed.fake))?;
        let (mut ours, mut floor) = (None, None);
        for round in 0..options.rounds.max(1) {
            fs::remove_file(folder.join("photos").join(tree::MARK))?;
            let catalogues = format!("catalogues-{round}");
            let mut command = bed.our_command(&["--catalogue", &catalogues]);
            command = first_argument(command, "adopt");
            ours = quicker(ours, bed.measure(command, &folder, Person::Nobody)?);
            let mut command = Command::new("sh");
            command.args(["-c", "find photos -type f -print0 | xargs -0 -P 2 -n 64 sha1sum"]);
            floor = quicker(floor, bed.measure(command, &folder, Person::Nobody)?);
        }
        let (ours, floor) = ours.zip(floor).context("nothing was measured")?;
        line("ours", &ours);
        line("sha1sum, two at a time", &floor);
        ratio("ours to sha1sum", &ours, &floor);
        let megabytes = 1_000.0;
        println!("  ours {:.0} MB/s, sha1sum {:.0} MB/s", megabytes / ours.wall, megabytes / floor.wall);
        give_back(&folder)
    }

    fn heading(&self, bed: &Bed<'_>) {
        println!("\n{}, {}", self.name, bed.place.name());
        println!("  {:<28} {:>9} {:>9} {:>10} {:>9}", "", "wall s", "CPU s", "peak MB", "requests");
    }

    fn first(&self, bed: &Bed<'_>, options: &Options) -> Result<()> {
        self.heading(bed);
        let links = if self.plain { Some(bed.links()?) } else { None };
        let (mut plain, mut flushed, mut ours) = (None, None, None);
        for _ in 0..options.rounds.max(1) {
            if let Some(links) = &links {
                plain = quicker(plain, bed.plain(links, &[])?);
                if bed.place == Place::Disk {
                    flushed = quicker(flushed, bed.plain(links, &["--flush"])?);
                }
            }
            ours = quicker(ours, bed.ours(self.options)?);
        }
        let ours = ours.context("nothing was measured")?;
        line("ours", &ours);
        let floors = [("plain fetch", plain), ("plain fetch, flushed", flushed)];
        for (name, floor) in &floors {
            if let Some(floor) = floor {
                line(name, floor);
            }
        }
        if let Some(part) = self.theirs.filter(|_| bed.place == Place::Disk) {
            self.compare_icloudpd(bed, &ours, if options.whole { self.account.assets } else { part })?;
        }
        for (name, floor) in &floors {
            if let Some(floor) = floor {
                ratio(&format!("ours to {name}"), &ours, floor);
            }
        }
        Ok(())
    }

    fn compare_icloudpd(&self, bed: &Bed<'_>, ours: &Cost, part: u64) -> Result<()> {
        let mut theirs = bed.theirs(self.options, part)?;
        if part < self.account.assets {
            let start = bed.theirs(self.options, 0)?;
            theirs = theirs.scaled(&start, self.account.assets as f64 / part as f64);
        }
        let name = match part == self.account.assets {
            true => "icloudpd 1.32.3".to_owned(),
            false => format!("icloudpd, scaled from {part}"),
        };
        line(&name, &theirs);
        ratio("icloudpd to ours", &theirs, ours);
        Ok(())
    }
}

fn quicker(best: Option<Cost>, new: Cost) -> Option<Cost> {
    Some(best.filter(|best| best.wall <= new.wall).unwrap_or(new))
}

impl Cost {
    /// What `factor` times as much work would cost. `start` is what a run costs that does none; memory does not grow.
    fn scaled(self, start: &Self, factor: f64) -> Self {
        let of = |all: f64, start: f64| start + (all - start) * factor;
        Self {
            wall: of(self.wall, start.wall),
            user: of(self.user, start.user),
            system: of(self.system, start.system),
            requests: of(self.requests as f64, start.requests as f64).round() as u64,
            peak: self.peak,
        }
    }
}

fn line(name: &str, cost: &Cost) {
    let peak = cost.peak as f64 / 1e6;
    println!("  {name:<28} {:>9.2} {:>9.2} {peak:>10.1} {:>9}", cost.wall, cost.cpu(), cost.requests);
}

fn ratio(name: &str, one: &Cost, other: &Cost) {
    let of = |one: f64, other: f64| format!("{:.2} x", one / other);
    println!(
        "  {name:<28} {:>9} {:>9} {:>10} {:>9}",
        of(one.wall, other.wall),
        of(one.cpu(), other.cpu()),
        of(one.peak as f64, other.peak as f64),
        of(one.requests as f64, other.requests as f64),
    );
}

impl Bed<'_> {
    /// The links of every original, fresh from the fake, in a file.
    fn links(&self) -> Result<PathBuf> {
        let path = self.folder.join("links");
        fs::write(&path, self.fake.links()?)?;
        Ok(path)
    }

    fn plain(&self, links: &Path, options: &[&str]) -> Result<Cost> {
        let folder = self.fresh()?;
        let mut command = Command::new(self.xtask);
        command.arg("fetch").args(options).arg(links).arg(folder.join("files"));
        self.once(command, &folder, Person::Nobody)
    }

    /// A whole run: sign-in with password and code, listing, download, proof, flush.
    fn ours(&self, options: &[&str]) -> Result<Cost> {
        self.once(self.our_command(options), &self.fresh()?, Person::WithDevice(&self.fake))
    }

    fn our_command(&self, options: &[&str]) -> Command {
        let mut command = ours(self.programs, &self.fake.url);
        command.args(ARGUMENTS).args(options);
        command
    }

    fn theirs(&self, options: &[&str], part: u64) -> Result<Cost> {
        let mut command = self.their_command(options);
        command.args(["--recent", &part.to_string()]);
        self.once(command, &self.fresh()?, Person::WithDevice(&self.fake))
    }

    fn their_command(&self, options: &[&str]) -> Command {
        let mut command = self.clients.icloudpd(&self.fake.url);
        command.args(ARGUMENTS).args(options);
        command
    }

    /// Measures a run in a folder that is not needed any more.
    fn once(&self, command: Command, folder: &Path, person: Person<'_>) -> Result<Cost> {
        let cost = self.measure(command, folder, person)?;
        give_back(folder)?;
        Ok(cost)
    }

    fn fresh(&self) -> Result<PathBuf> {
        self.runs.set(self.runs.get() + 1);
        let folder = self.folder.join(self.runs.get().to_string());
        fs::create_dir_all(&folder)?;
        // What others wrote is not ours to wait for.
        process::must(&mut Command::new("sync"))?;
        Ok(folder)
    }

    fn measure(&self, command: Command, folder: &Path, person: Person<'_>) -> Result<Cost> {
        let result = folder.join("cost.json");
        let mut measured = Command::new("python3");
        measured
            .arg(house::script("measure.py"))
            .arg(&result)
            .arg(command.get_program())
            .args(command.get_args());
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                measured.env(name, value);
            }
        }
        measured.current_dir(folder).env("HOME", folder).env("TZ", "UTC");
        self.fake.reset_counts()?;
        let ended = process::run(measured, folder, person)?;
        if ended.code != 0 {
            bail!("{:?}: {}", command.get_program(), ended.tail());
        }
        let mut cost: Cost = serde_json::from_slice(&fs::read(&result)?)?;
        cost.requests = self.fake.counts()?.requests;
        Ok(cost)
    }
}

/// The same command with an argument before all others.
fn first_argument(command: Command, argument: &str) -> Command {
    let mut changed = Command::new(command.get_program());
    changed.arg(argument).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => changed.env(name, value),
            None => changed.env_remove(name),
        };
    }
    changed
}

/// Frees the room that a run took, and leaves its files.
fn give_back(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            give_back(&entry.path())?;
        } else {
            fs::File::create(entry.path())?;
        }
    }
    Ok(())
}

const ARGUMENTS: &[&str] = &[
    "--username",
    USERNAME,
    "--password",
    PASSWORD,
    "--cookie-directory",
    "session",
    "--directory",
    "photos",
    "--no-progress-bar",
    "--log-level",
    "error",
];
