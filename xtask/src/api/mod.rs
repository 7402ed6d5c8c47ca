//! `cargo xtask api`: is all that a Rust program can reach there in Python, too?
//!
//! The public items of the library, as rustdoc tells them, are compared with the public names of the installed package,
//! by the rules of [`rules`] and the rows of `bindings/api.txt`. What is in neither is an error, and so is a row that
//! nothing needs, a Python name that stands for nothing, and what the blocking and the asyncio face have not alike.

mod names;
mod report;
mod rows;
mod rules;
mod rustdoc;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use self::names::Package;
use self::report::Report;
use crate::house;
use crate::python;
use crate::tally::Tally;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Prints what stands for each item, too
    #[arg(long)]
    list: bool,
    /// An interpreter that has the package installed; without it the package is built
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<Tally> {
    let mut names = match &options.python {
        Some(python) => Command::new(python),
        None => python::Package::install("dev")?.python(&[]),
    };
    compare(&mut names, options.list)
}

/// `python` is an interpreter that has the package installed.
pub(crate) fn compare(python: &mut Command, list: bool) -> Result<Tally> {
    let items = rustdoc::items(&read(&rustdoc::describe()?)?)?;
    let rows =
        rows::read(&read(&house::root().join("bindings").join("api.txt"))?).context("in bindings/api.txt")?;
    let package = names(python)?;
    let report = Report::new(&items, &package, &rows);
    if list {
        print!("{}", report.table());
    }
    print!("{report}");
    Ok(report.tally())
}

fn names(python: &mut Command) -> Result<Package> {
    let script = house::root().join("bindings-python").join("tools").join("names.py");
    let printed = python.arg(script).output().with_context(|| format!("cannot start {python:?}"))?;
    if !printed.status.success() {
        bail!("{python:?} ended with {}:\n{}", printed.status, String::from_utf8_lossy(&printed.stderr));
    }
    Package::read(&String::from_utf8_lossy(&printed.stdout))
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}
