//! Both programs in one world: what each does, step by step.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::super::runs::{TREE, icloudpd, ours};
use super::judge::{Step, Verdict, judge, promises};
use super::past;
use super::server::Server;
use super::world::World;
use crate::fake::{Fake, Truth};
use crate::house::Programs;
use crate::process::{self, Ended, Person};
use crate::tree::{self, Tree};

/// What a program did.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) ended: Ended,
    pub(super) tree: Tree,
    /// Requests for content.
    pub(super) fetched: u64,
    /// Photos that went to Recently Deleted.
    pub(super) gone: BTreeSet<String>,
}

/// Where worlds are played.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    pub(super) programs: &'a Programs,
    pub(super) server: Server,
    pub(super) folder: PathBuf,
}

/// One world on the stage.
struct Play<'a, 'b> {
    stage: &'a mut Stage<'b>,
    world: &'a World,
    /// What both are told now.
    arguments: Vec<String>,
    /// The name of the shared library.
    shared: String,
    theirs: Fake,
    ours: Fake,
}

impl Stage<'_> {
    /// Plays a world to its end, or to the first step where the two differ without a reason.
    pub(super) fn play(&mut self, world: &World) -> Result<Verdict> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)?;
        }
        fs::create_dir_all(&self.folder)?;
        let library = self.folder.join("library.json");
        fs::write(&library, Value::from(world.library.clone()).to_string())?;
        fs::write(self.folder.join("world.json"), serde_json::to_string_pretty(world)?)?;
        let fake = || {
            let path = library.to_string_lossy();
            Fake::start_with(self.programs, &["--library", &path, "--state", "password-only", "--seed", "20"])
        };
        let (theirs, ours) = (fake()?, fake()?);
        let shared = theirs.truth()?.assets.into_iter().find(|asset| asset.zone.starts_with("SharedSync"));
        let shared = shared.map_or_else(|| "SharedSync".to_owned(), |asset| asset.zone);
        let mut play = Play { stage: self, world, arguments: Vec::new(), shared, theirs, ours };
        play.tell(world);
        play.run()
    }
}

impl Play<'_, '_> {
    fn tell(&mut self, world: &World) {
        let words = world.arguments();
        self.arguments = words.iter().map(|word| word.replace("{shared}", &self.shared)).collect();
    }

    fn run(&mut self) -> Result<Verdict> {
        let before = self.fill().context("the past")?;
        let mut verdict = Verdict::default();
        let theirs = self.theirs_in("theirs")?;
        let start = Instant::now();
        let ours = self.ours_in("ours")?;
        let took = start.elapsed();
        let truth = self.ours.truth()?;
        let first =
            Step { name: "first run", world: self.world, before: &before, theirs: &theirs, ours: &ours };
        verdict.add(judge(&first));
        verdict.add(promises(&first, &truth));
        if verdict.is_wrong() || verdict.died.is_some() {
            return Ok(verdict);
        }
        // What left iCloud makes room for others among the newest.
        if !(self.world.moves() && self.world.has("--recent")) {
            verdict.add(self.again(&ours)?);
        }
        if !self.world.moves() {
            verdict.add(self.killed(&ours, took)?);
            verdict.add(self.other_way(&theirs, &ours)?);
        }
        let (mut theirs, mut ours) = (theirs, ours);
        if !verdict.is_wrong() && !self.world.other.is_empty() {
            verdict.add(self.with_others(&mut theirs, &mut ours)?);
        }
        let ends = verdict.is_wrong() || verdict.died.is_some();
        if !ends && !self.world.edits.is_empty() && self.edit()? {
            verdict.add(self.edited(&theirs, &ours)?);
        }
        Ok(verdict)
    }

    /// Both run with other options over the same folder, and with the first ones again.
    fn with_others(&mut self, theirs: &mut Done, ours: &mut Done) -> Result<Verdict> {
        let other = self.world.told(self.world.other.clone());
        let mut verdict = Verdict::default();
        for (name, world) in [("other options", &other), ("the first options again", self.world)] {
            self.tell(world);
            let now = (self.theirs_in("theirs")?, self.ours_in("ours")?);
            let step = Step { name, world, before: &ours.tree, theirs: &now.0, ours: &now.1 };
            verdict.add(Verdict::of_changes(&step, theirs, ours));
            verdict.add(Verdict::of_copies(&step));
            verdict.add(promises(&step, &self.ours.truth()?));
            (*theirs, *ours) = now;
            if verdict.is_wrong() || verdict.died.is_some() {
                break;
            }
        }
        self.tell(self.world);
        Ok(verdict)
    }

    /// The folder as both find it.
    fn fill(&mut self) -> Result<Tree> {
        let folder = self.folder("past")?;
        for options in &self.world.past {
            self.theirs_with(&folder, &options.concat())?;
        }
        let root = folder.join(TREE);
        fs::create_dir_all(&root)?;
        past::damage(&root, &self.world.damages)?;
        for side in ["theirs", "ours", "killed"] {
            tree::copy(&root, &self.folder(side)?.join(TREE))?;
        }
        tree::read(&root)
    }

    fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.stage.folder.join(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    fn command(&self, command: Command, folder: &Path, options: &[String]) -> Command {
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let mut command = icloudpd(command, folder, &options);
        command.env("TZ", &self.world.tz);
        command
    }

    fn theirs_with(&mut self, folder: &Path, options: &[String]) -> Result<Ended> {
        let command = self.command(Command::new("icloudpd"), folder, options);
        self.stage.server.run(&self.theirs.url, &command, folder)
    }

    fn theirs_in(&mut self, name: &str) -> Result<Done> {
        let folder = self.folder(name)?;
        let before = deleted(&self.theirs.truth()?);
        self.theirs.reset_counts()?;
        let ended = self.theirs_with(&folder, &self.arguments.clone())?;
        done(&self.theirs, &folder, ended, &before)
    }

    fn ours_in(&mut self, name: &str) -> Result<Done> {
        let folder = self.folder(name)?;
        let before = deleted(&self.ours.truth()?);
        self.ours.reset_counts()?;
        let command = self.command(ours(self.stage.programs, &self.ours.url), &folder, &self.arguments);
        let ended = process::run(command, &folder, Person::Nobody)?;
        // As the server does it for the real one: what a failed world left tells what was said.
        fs::write(folder.join("stdout.log"), &ended.stdout)?;
        fs::write(folder.join("stderr.log"), &ended.stderr)?;
        done(&self.ours, &folder, ended, &before)
    }

    /// A second run of ours has nothing to do.
    fn again(&mut self, first: &Done) -> Result<Verdict> {
        let again = self.ours_in("ours")?;
        Ok(Verdict::of_nothing_new("ours again", self.world, first, &again))
    }

    /// A run that was killed, and killed again, is finished by the next.
    fn killed(&mut self, whole: &Done, took: Duration) -> Result<Verdict> {
        if self.world.kills.is_empty() || self.world.rehearses() {
            return Ok(Verdict::default());
        }
        let folder = self.folder("killed")?;
        for part in &self.world.kills {
            let mut command =
                self.command(ours(self.stage.programs, &self.ours.url), &folder, &self.arguments);
            let mut child =
                command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
            std::thread::sleep(took.mul_f64(*part as f64 / 1000.0));
            process::end(&mut child);
        }
        let last = self.ours_in("killed")?;
        Ok(Verdict::of_equal_trees("ours, killed", whole, &last))
    }

    /// Each goes on with the folder of the other, without anything else of it.
    fn other_way(&mut self, theirs: &Done, ours: &Done) -> Result<Verdict> {
        let root = self.stage.folder.clone();
        let swap = |from: &str, to: &str| tree::copy(&root.join(from).join(TREE), &root.join(to).join(TREE));
        swap("theirs", "ours-over-theirs")?;
        let taken = self.ours_in("ours-over-theirs")?;
        let mut verdict = Verdict::of_takeover(self.world, theirs, ours, &taken);
        // What the real one makes of files whose length it did not expect is its own affair.
        if self.world.seed.is_multiple_of(2) && !self.world.has("--set-exif-datetime") {
            swap("ours", "theirs-over-ours")?;
            swap("theirs", "theirs-again")?;
            let back = self.theirs_in("theirs-over-ours")?;
            let own = self.theirs_in("theirs-again")?;
            verdict.add(Verdict::of_going_back(self.world, theirs, &own, ours, &back));
        }
        Ok(verdict)
    }

    /// What a person does meanwhile; false if it came to nothing.
    fn edit(&self) -> Result<bool> {
        let ids: Vec<String> = self.theirs.truth()?.assets.into_iter().map(|asset| asset.id).collect();
        let mut any = false;
        for edit in &self.world.edits {
            let Some(id) = ids.get(edit.asset % ids.len().max(1)) else { continue };
            let change = json!({"asset": id, "edit": edit.kind, "name": edit.name});
            let (there, here) = (self.theirs.mutate(&change)?, self.ours.mutate(&change)?);
            anyhow::ensure!(there == here, "the two fakes differ over {change}");
            any |= there;
        }
        Ok(any)
    }

    fn edited(&mut self, their_first: &Done, our_first: &Done) -> Result<Verdict> {
        let theirs = self.theirs_in("theirs")?;
        let ours = self.ours_in("ours")?;
        let step = Step {
            name: "after changes",
            world: self.world,
            before: &our_first.tree,
            theirs: &theirs,
            ours: &ours,
        };
        let mut verdict = Verdict::of_changes(&step, their_first, our_first);
        verdict.add(promises(&step, &self.ours.truth()?));
        Ok(verdict)
    }
}

fn done(fake: &Fake, folder: &Path, ended: Ended, before: &BTreeSet<String>) -> Result<Done> {
    let gone = deleted(&fake.truth()?).difference(before).cloned().collect();
    let fetched = fake.counts()?.to("content");
    Ok(Done { ended, tree: tree::read(&folder.join(TREE))?, fetched, gone })
}

fn deleted(truth: &Truth) -> BTreeSet<String> {
    truth.assets.iter().filter(|asset| asset.deleted).map(|asset| asset.id.clone()).collect()
}
