//! Whole runs in made-up worlds, ours beside the real one.

mod dice;
mod judge;
mod make;
mod past;
mod play;
mod rules;
mod server;
mod world;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result};

use self::judge::{Used, Verdict};
use self::play::Stage;
use self::server::Server;
use self::world::World;
use super::{Options, differences};
use crate::house::{self, Profile, Programs};
use crate::real::Clients;
use crate::tally::Tally;

/// How many smaller worlds are tried at most when one is made small.
const TRIES: usize = 150;

/// Plays worlds that are made up, `count` of them, from `seed` on.
pub(super) fn made_up(count: u64, options: &Options) -> Result<Tally> {
    let clients = Clients::install()?;
    let programs = match &options.programs {
        Some(folder) => Programs { icloudpd: folder.join("icloudpd"), fake: folder.join("fake-icloud") },
        None => Programs::build(if cfg!(debug_assertions) { Profile::Debug } else { Profile::Release })?,
    };
    let folder = house::target()?.join("conformance").join("worlds");
    fs::create_dir_all(&folder)?;
    let hall = Hall { programs, clients, folder: folder.canonicalize()?, shrink: options.shrink };
    if let Some(path) = &options.world {
        return hall.again(path);
    }
    hall.play_all(options.seed..options.seed + count, options.jobs)
}

/// How many worlds every conformance run plays, and from which seed on: those that found something are among them.
const FEW: std::ops::Range<u64> = 42..62;

/// The few worlds of every conformance run: what is wrong, and how many there were.
pub(super) fn few(programs: &Programs, clients: &Clients, folder: &Path) -> Result<(Vec<String>, String)> {
    let folder = folder.join("worlds");
    fs::create_dir_all(&folder)?;
    let hall = Hall { programs: programs.clone(), clients: clients.clone(), folder, shrink: false };
    let mut stage = hall.stage("stage")?;
    let mut wrong = Vec::new();
    for seed in FEW {
        let verdict = hall.one(&mut stage, &make::world(seed))?;
        wrong.extend(verdict.wrong.iter().map(|line| format!("world {seed}: {line}")));
    }
    Ok((wrong, format!("{} worlds", FEW.end - FEW.start)))
}

/// What all stages share.
#[derive(Debug)]
struct Hall {
    programs: Programs,
    clients: Clients,
    folder: PathBuf,
    /// Whether a world that fails is made small.
    shrink: bool,
}

#[derive(Debug, Default)]
struct Sum {
    tally: Tally,
    used: Used,
    /// What the real icloudpd said last where it ended in a stack trace, and how often.
    died: BTreeMap<String, u64>,
}

impl Hall {
    fn stage(&self, name: &str) -> Result<Stage<'_>> {
        let server = Server::start(&self.clients)?;
        Ok(Stage { programs: &self.programs, server, folder: self.folder.join(name) })
    }

    fn play_all(&self, seeds: std::ops::Range<u64>, jobs: usize) -> Result<Tally> {
        let start = Instant::now();
        let (next, sum) = (AtomicU64::new(seeds.start), Mutex::new(Sum::default()));
        let worker = |job: usize| -> Result<()> {
            let mut stage = self.stage(&format!("stage-{job}"))?;
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds.end {
                    return Ok(());
                }
                let verdict = self.one(&mut stage, &make::world(seed))?;
                sum.lock().ok().context("a stage panicked")?.add(verdict);
            }
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..jobs.max(1)).map(|job| scope.spawn(move || worker(job))).collect();
            workers.into_iter().try_for_each(|worker| worker.join().ok().context("a stage panicked")?)
        })?;
        let sum = sum.into_inner().ok().context("a stage panicked")?;
        println!("{} worlds, took {:.0} s", seeds.end - seeds.start, start.elapsed().as_secs_f64());
        println!("exceptions used: {:?}", sum.used);
        println!("the real icloudpd ended in a stack trace with: {:?}", sum.died);
        Ok(sum.tally)
    }

    fn one(&self, stage: &mut Stage<'_>, world: &World) -> Result<Verdict> {
        let verdict = attempt(stage, world);
        if verdict.is_wrong() {
            let path = self.folder.join(format!("{}.json", world.seed));
            fs::write(&path, serde_json::to_string_pretty(world)?)?;
            tell(world, &verdict, &path);
            if self.shrink {
                self.make_small(stage, world.clone(), &verdict)?;
            }
        }
        Ok(verdict)
    }

    /// Plays a world that was written down.
    fn again(&self, path: &Path) -> Result<Tally> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let world: World = serde_json::from_str(&text).context("that is no world")?;
        let verdict = self.one(&mut self.stage("stage-again")?, &world)?;
        Ok(Tally::of(!verdict.is_wrong()))
    }

    /// Leaves out what is not needed for the first thing that is wrong.
    fn make_small(&self, stage: &mut Stage<'_>, mut world: World, verdict: &Verdict) -> Result<()> {
        let wanted = kind(verdict);
        let mut tries = 0;
        'smaller: loop {
            for smaller in world.smaller() {
                tries += 1;
                if tries > TRIES {
                    break 'smaller;
                }
                if kind(&attempt(stage, &smaller)) == wanted {
                    world = smaller;
                    continue 'smaller;
                }
            }
            break;
        }
        let path = self.folder.join(format!("{}-small.json", world.seed));
        fs::write(&path, serde_json::to_string_pretty(&world)?)?;
        println!("as small as it gets, after {tries} tries:");
        tell(&world, &attempt(stage, &world), &path);
        Ok(())
    }
}

impl Sum {
    fn add(&mut self, verdict: Verdict) {
        self.tally.add(Tally::of(!verdict.is_wrong()));
        if let Some(words) = verdict.died {
            *self.died.entry(words).or_default() += 1;
        }
        for (id, times) in verdict.used {
            *self.used.entry(id).or_default() += times;
        }
    }
}

/// A world that cannot be played is wrong too.
fn attempt(stage: &mut Stage<'_>, world: &World) -> Verdict {
    let played = stage.play(world);
    let mut verdict = played.unwrap_or_else(|error| Verdict {
        wrong: vec![format!("not played: {error:#}")],
        ..Verdict::default()
    });
    let unknown = verdict.used.keys().filter(|id| differences::find(id).is_none());
    let unknown: Vec<String> = unknown.map(|id| format!("there is no exception {id}")).collect();
    verdict.wrong.extend(unknown);
    verdict
}

/// What kind of thing is wrong first: the step and the words, without the path.
fn kind(verdict: &Verdict) -> Option<String> {
    let first = verdict.wrong.first()?;
    Some(first.split(['(', '[', '\n']).next().unwrap_or_default().to_owned())
}

fn tell(world: &World, verdict: &Verdict, path: &Path) {
    let mut text = format!("FAILED world {} (TZ={}): {}", world.seed, world.tz, world.arguments().join(" "));
    for wrong in verdict.wrong.iter().take(12) {
        text.push_str(&format!("\n         {}", wrong.replace('\n', "\n         ")));
    }
    println!("{text}\n         cargo xtask conformance --world {}", path.display());
}
