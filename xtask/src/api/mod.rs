//! `cargo xtask api`: is all that a Rust program can reach there in Python, too?
//!
//! The public items of the library, as rustdoc tells them, are compared with the public names of the installed package,
//! by the rules of [`rules`] and the rows of `bindings/api.txt`. What is in neither is an error, and so is a row that
//! nothing needs, a Python name that stands for nothing, and what the blocking and the asyncio face have not alike.

mod python;
mod report;
mod rows;
mod rules;
mod rustdoc;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use self::python::Package;
use self::report::Report;
use crate::house;
use crate::tally::Tally;

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Prints what stands for each item, too
    #[arg(long)]
    list: bool,
    /// The interpreter that has the package installed; without it, the one in bindings-python/.venv
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
}

impl Options {
    /// With the package that this interpreter has.
    #[expect(dead_code, reason = "the tests call it once the package is built by them")]
    pub(crate) fn with(python: PathBuf) -> Self {
        Self { python: Some(python), list: false }
    }
}

pub(crate) fn run(options: &Options) -> Result<Tally> {
    let described = rustdoc::describe()?;
    let text =
        fs::read_to_string(&described).with_context(|| format!("cannot read {}", described.display()))?;
    let items = rustdoc::items(&text)?;
    let file = house::root().join("bindings").join("api.txt");
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let rows = rows::read(&text).context("in bindings/api.txt")?;
    let package = names(options)?;
    let report = Report::new(&items, &package, &rows);
    if options.list {
        print!("{}", report.table());
    }
    print!("{report}");
    Ok(report.tally())
}

fn names(options: &Options) -> Result<Package> {
    let home = house::root().join("bindings-python");
    let python = options.python.clone().unwrap_or_else(|| home.join(".venv").join("bin").join("python"));
    // Not in our own folder: what is imported is what is installed.
    let mut command = Command::new(&python);
    command.arg("-P").arg(home.join("tools").join("names.py"));
    let printed = command.output().with_context(|| {
        format!("cannot start {}: give an interpreter that has icloud_photos by --python", python.display())
    })?;
    if !printed.status.success() {
        bail!("tools/names.py ended with {}:\n{}", printed.status, String::from_utf8_lossy(&printed.stderr));
    }
    Package::read(&String::from_utf8_lossy(&printed.stdout))
}
