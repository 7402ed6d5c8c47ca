//! `cargo xtask api`: is all that a Rust program can reach there in Python and in Node, too?
//!
//! The public items of the library, as rustdoc tells them, are compared with the public names of each package, by the
//! rules of [`rules`] and the rows of `bindings/api.txt`. What is in neither is an error, and so is a row that nothing
//! needs, a name that stands for nothing, and what the blocking and the asyncio face of Python have not alike.

mod language;
mod names;
mod report;
mod rows;
mod rules;
mod rustdoc;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use self::language::Language;
use self::names::Package;
use self::report::Report;
use crate::house;
use crate::node;
use crate::python;
use crate::tally::Tally;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Prints what stands for each item, too
    #[arg(long)]
    list: bool,
    /// An interpreter that has the Python package installed; without it the package is built
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Compares with one language only
    #[arg(long, value_enum)]
    only: Option<Language>,
}

pub(crate) fn run(options: &Options) -> Result<Tally> {
    let mut tally = Tally::default();
    if options.only != Some(Language::Node) {
        let mut python = match &options.python {
            Some(python) => Command::new(python),
            None => python::Package::install("dev")?.python(&[]),
        };
        tally.add(compare(&mut python, options.list)?);
    }
    if options.only != Some(Language::Python) {
        tally.add(compare_node(options.list)?);
    }
    Ok(tally)
}

/// `python` is an interpreter that has the package installed.
pub(crate) fn compare(python: &mut Command, list: bool) -> Result<Tally> {
    let script = house::root().join("bindings-python").join("tools").join("names.py");
    compared(Language::Python, python.arg(script), list)
}

/// What Node's types say is read in the sources: the package need not be built.
pub(crate) fn compare_node(list: bool) -> Result<Tally> {
    compared(Language::Node, &mut node::names()?, list)
}

/// `names` prints the names of the package.
fn compared(language: Language, names: &mut Command, list: bool) -> Result<Tally> {
    let items = rustdoc::items(&read(&rustdoc::describe()?)?)?;
    let rows =
        rows::read(&read(&house::root().join("bindings").join("api.txt"))?).context("in bindings/api.txt")?;
    let package = printed(names)?;
    let report = Report::new(language, &items, &package, &rows);
    if list {
        print!("{}", report.table());
    }
    print!("{report}");
    Ok(report.tally())
}

fn printed(names: &mut Command) -> Result<Package> {
    let printed = names.output().with_context(|| format!("cannot start {names:?}"))?;
    if !printed.status.success() {
        bail!("{names:?} ended with {}:\n{}", printed.status, String::from_utf8_lossy(&printed.stderr));
    }
    Package::read(&String::from_utf8_lossy(&printed.stdout))
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}
