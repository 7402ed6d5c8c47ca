//! The Node package: built, read and tested as a user has it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::house;
use crate::process;
use crate::tally::Tally;

/// The package, built from this tree.
#[derive(Debug)]
pub(crate) struct Package {
    /// Whether what is committed of the native half's declarations is what the Rust code makes.
    is_as_declared: bool,
}

impl Package {
    /// Builds it, in its folder: npm knows no other. `profile` is one of cargo's.
    pub(crate) fn build(profile: &str) -> Result<Self> {
        tools(&home())?;
        let declared = declarations()?;
        let mut native = npm(&["run", "--silent", "native", "--"]);
        // The CLI takes it for the name of a folder too, and cargo's `dev` is in another one.
        if profile != "dev" {
            native.args(["--profile", profile]);
        }
        process::must(native.env("CARGO_TARGET_DIR", house::target()?))?;
        let is_as_declared = declarations()? == declared;
        process::must(&mut npm(&["run", "--silent", "compile"]))?;
        Ok(Self { is_as_declared })
    }

    /// Runs its tests.
    pub(crate) fn tests(&self, seen: impl FnMut(&str)) -> Result<bool> {
        let mut command = Command::new("node");
        // A reporter whose closing lines do not depend on who listens.
        command.current_dir(home()).args(["--test", "--test-reporter=tap"]).args(programs()?);
        process::listen(&mut command, seen)
    }

    /// Reads what was written: each check is one test.
    pub(crate) fn checks(&self) -> Result<Tally> {
        let mut tally = Tally::default();
        println!("-- the native half is declared as it is");
        if !self.is_as_declared {
            println!("native/index.d.cts was out of date; it is made anew now: commit it");
        }
        tally.add(Tally::of(self.is_as_declared));
        tools(&reference())?;
        let checks: &mut [(&str, Command)] = &mut [
            ("types", npm(&["run", "--silent", "types"])),
            (
                "types of what is told are made from Python's",
                command("python3", &["tools/tables.py", "--check"]),
            ),
            ("the reference", command("tools/reference/node_modules/.bin/typedoc", &["--logLevel", "Warn"])),
        ];
        for (name, check) in checks {
            println!("-- {name}");
            tally.add(Tally::of(check.status().is_ok_and(|status| status.success())));
        }
        Ok(tally)
    }
}

/// Has what reads the package's types.
pub(crate) fn names() -> Result<Command> {
    tools(&home())?;
    tools(&reference())?;
    Ok(command("node", &["tools/reference/names.mjs"]))
}

/// What npm installs in a folder, once for each state of its lock file.
fn tools(folder: &Path) -> Result<()> {
    let lock = fs::read_to_string(folder.join("package-lock.json"))?;
    let ready = folder.join("node_modules").join(".ready");
    if fs::read_to_string(&ready).is_ok_and(|have| have == lock) {
        return Ok(());
    }
    println!("installing the tools of {}", folder.join("package-lock.json").display());
    // Those packages need no scripts of their own to be installed.
    let mut install = npm(&["ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]);
    process::must(install.current_dir(folder))
        .context("needed are Node 20 or later with npm, and a way to its registry")?;
    fs::write(&ready, lock)?;
    Ok(())
}

/// The programs of the tests: Node 20 looks for none by a pattern.
fn programs() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(home().join("tests"))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn declarations() -> Result<String> {
    fs::read_to_string(home().join("native").join("index.d.cts")).context("nothing declares the native half")
}

fn npm(arguments: &[&str]) -> Command {
    command("npm", arguments)
}

fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.current_dir(home()).args(arguments);
    command
}

/// Where typedoc is, and the compiler that it needs.
fn reference() -> PathBuf {
    home().join("tools").join("reference")
}

fn home() -> PathBuf {
    house::root().join("bindings-node")
}
