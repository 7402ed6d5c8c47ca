//! Our icloudpd beside the real one, and the real clients alone, all of them on fakes made from one seed.

mod adoption;
mod compare;
#[cfg(test)]
mod coverage;
mod dialogues;
mod differences;
mod exhibits;
mod grammar;
mod modes;
mod pins;
#[cfg(test)]
mod proofs;
mod runs;
mod scene;
mod scenes;
mod sessions;
mod sets;
mod sidecar;
mod their_tests;
#[path = "../../../icloudpd-cli/tests/it/verdict.rs"]
mod verdict;
mod visits;
mod worlds;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::fake::Account;
use crate::house::{self, Profile, Programs};
use crate::real::Clients;
use crate::tally::Tally;

use self::pins::{Allowed, Pins};
pub(crate) use self::runs::ours;
use self::runs::{Pair, World};
use self::scene::Scene;
use self::sets::{SETS, Set};
use self::visits::{VISITS, Visit};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only the rows whose name contains this
    only: Option<String>,
    /// How many assets the library holds
    #[arg(long, default_value_t = 300)]
    assets: u64,
    /// The seed both fakes are made from
    #[arg(long, default_value_t = 20)]
    seed: u64,
    /// How many rows run at once
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Only compare what both make of this many made-up command lines
    #[arg(long)]
    lines: Option<usize>,
    /// Only ask both again about the command lines of icloudpd-cli/tests/it/grammar.jsonl, and write down what they say
    #[arg(long)]
    write_lines: bool,
    /// Only compare what both do in this many made-up worlds, from the seed on
    #[arg(long)]
    worlds: Option<u64>,
    /// Only play this world, which a failed run wrote down
    #[arg(long)]
    world: Option<PathBuf>,
    /// Leave out of a world that fails what it does not need to fail
    #[arg(long)]
    shrink: bool,
    /// Play them with the icloudpd and fake-icloud of this folder instead of building both
    #[arg(long)]
    programs: Option<PathBuf>,
    /// Write down what the exceptions allow, in conformance/exceptions.txt
    #[arg(long)]
    write_exceptions: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            only: None,
            assets: 300,
            seed: 20,
            jobs: 2,
            lines: None,
            write_lines: false,
            worlds: None,
            world: None,
            shrink: false,
            programs: None,
            write_exceptions: false,
        }
    }
}

/// One line of the report.
#[derive(Debug, Clone)]
enum Row {
    /// Ours beside the real one, on exact assets.
    Scene(Box<Scene>),
    /// Ours beside the real one.
    Set(&'static Set),
    /// What both say and ask.
    Dialogue(Box<dialogues::Dialogue>),
    /// A real client alone.
    Visit(&'static Visit),
    /// A few worlds that are made up.
    Worlds,
}

impl Row {
    fn name(&self) -> &str {
        match self {
            Self::Scene(scene) => &scene.name,
            Self::Set(set) => set.name,
            Self::Dialogue(dialogue) => dialogue.name,
            Self::Visit(visit) => visit.name,
            Self::Worlds => "worlds: a few that are made up",
        }
    }

    fn run(&self, world: &World, pair: Option<&Pair<'_>>) -> Result<Found> {
        match self {
            Self::Scene(scene) => scene.run(world),
            Self::Set(set) => runs::both(pair.context("the two are not signed in")?, set),
            Self::Dialogue(dialogue) => dialogue.run(world),
            Self::Visit(visit) => visit.go(world).map(|wrong| Found { wrong, ..Found::default() }),
            Self::Worlds => worlds::few(&world.programs, &world.clients, &world.folder)
                .map(|(wrong, compared)| Found { wrong, compared, ..Found::default() }),
        }
    }
}

/// What a row found out.
#[derive(Debug, Default)]
struct Found {
    /// What is wrong, line by line; nothing when all is well.
    wrong: Vec<String>,
    /// What differs, and may.
    allowed: Vec<Allowed>,
    /// How much was looked at.
    compared: String,
}

/// Runs every row and prints one line for each.
pub(crate) fn run(options: &Options) -> Result<Tally> {
    if options.write_lines {
        return grammar::write_table();
    }
    if let Some(count) = options.lines {
        return grammar::made_up(count, options.seed);
    }
    if options.worlds.is_some() || options.world.is_some() {
        return worlds::made_up(options.worlds.unwrap_or(1), options);
    }
    let rows = chosen(options.only.as_deref())?;
    let world = prepare(options)?;
    let start = Instant::now();
    let sets = rows.iter().any(|row| matches!(row, Row::Set(_)));
    let pair = if sets { Some(Pair::new(&world)?) } else { None };
    println!("{} rows, libraries of {} assets", rows.len(), options.assets);
    let next = AtomicUsize::new(0);
    let tally = Mutex::new(Tally::default());
    let pins = Mutex::new(Pins::read()?);
    thread::scope(|scope| {
        for _ in 0..options.jobs.max(1) {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let passed = report(row, &world, pair.as_ref(), &pins, options.write_exceptions);
                    if let Ok(mut tally) = tally.lock() {
                        tally.add(Tally::of(passed));
                    }
                }
            });
        }
    });
    if options.write_exceptions
        && let Ok(pins) = pins.into_inner()
    {
        pins.write()?;
    }
    println!("took {:.0} s", start.elapsed().as_secs_f64());
    let used: std::collections::BTreeSet<&str> = rows
        .iter()
        .filter_map(|row| match row {
            Row::Scene(scene) => Some(scene.exceptions()),
            Row::Dialogue(dialogue) => Some(dialogue.exceptions()),
            _ => None,
        })
        .flatten()
        .collect();
    println!("{} rows; exceptions used: {}", rows.len(), used.into_iter().collect::<Vec<_>>().join(", "));
    println!("{}", their_tests::summary());
    tally.into_inner().ok().context("a row panicked")
}

fn chosen(only: Option<&str>) -> Result<Vec<Row>> {
    let scenes = scenes::all().into_iter().map(|scene| Row::Scene(Box::new(scene)));
    let worlds = std::iter::once(Row::Worlds);
    let all = worlds.chain(VISITS.iter().map(Row::Visit)).chain(SETS.iter().map(Row::Set)).chain(scenes);
    let all = all.chain(dialogues::all().into_iter().map(|one| Row::Dialogue(Box::new(one))));
    let rows: Vec<Row> = all.filter(|row| only.is_none_or(|part| row.name().contains(part))).collect();
    if rows.is_empty() {
        bail!("no row has {:?} in its name", only.unwrap_or_default());
    }
    Ok(rows)
}

/// Builds the programs and installs the real clients.
fn prepare(options: &Options) -> Result<World> {
    let clients = Clients::install()?;
    let profile = if cfg!(debug_assertions) { Profile::Debug } else { Profile::Release };
    let programs = Programs::build(profile)?;
    let account = Account::everyday(options.assets, options.seed);
    Ok(World { programs, clients, account, folder: empty_folder()? })
}

/// Where all of it happens; what a failed row left stays there to be looked at.
fn empty_folder() -> Result<PathBuf> {
    let folder = house::target()?.join("conformance");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder)?;
    // Relative paths would not survive the change of folder of each run.
    folder.canonicalize().with_context(|| format!("cannot use {}", folder.display()))
}

fn report(row: &Row, world: &World, pair: Option<&Pair<'_>>, pins: &Mutex<Pins>, writes: bool) -> bool {
    const SHOWN: usize = 20;
    let start = Instant::now();
    let found = row.run(world, pair);
    let mut found =
        found.unwrap_or_else(|error| Found { wrong: vec![format!("{error:#}")], ..Found::default() });
    let mut pins = pins.lock().unwrap_or_else(PoisonError::into_inner);
    if writes {
        pins.set(row.name(), found.allowed);
    } else {
        found.wrong.extend(pins.judge(row.name(), &found.allowed));
    }
    drop(pins);
    let verdict = if found.wrong.is_empty() { "ok    " } else { "FAILED" };
    let seconds = start.elapsed().as_secs_f64();
    let mut text = format!("{verdict} {:<40} {:<12} {seconds:>6.1} s", row.name(), found.compared);
    for wrong in found.wrong.iter().take(SHOWN) {
        text.push_str("\n         ");
        text.push_str(&wrong.replace('\n', "\n         "));
    }
    if found.wrong.len() > SHOWN {
        text.push_str(&format!("\n         and {} more", found.wrong.len() - SHOWN));
    }
    println!("{text}");
    found.wrong.is_empty()
}
