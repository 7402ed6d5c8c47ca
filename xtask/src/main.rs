//! The project's own commands: `cargo xtask <command>`, and `cargo demo`.

mod api;
mod bench;
mod checks;
mod conformance;
mod demo;
mod fake;
mod fetch;
mod house;
mod node;
mod process;
mod python;
mod real;
mod tally;
mod tree;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::tally::Tally;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "The project's own commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs every test there is, in all languages
    Test,
    /// Builds the Python package, and runs its tests alone
    Python,
    /// Builds the Node package, and runs its tests alone
    Node,
    /// Checks all that is not a test: format, lints, documentation, licences, a short fuzz
    Lint,
    /// Runs all that a change must pass: lint, test and conformance
    Ci,
    /// Compares what Rust programs can reach with what Python programs can, and lists what is missing
    Api(api::Options),
    /// Compares our icloudpd with the real one, and lets the real clients prove the fake
    Conformance(conformance::Options),
    /// Shows the main job on a fake iCloud: sign in, copy a library, prove every byte
    Demo(demo::Options),
    /// Measures ours, the real icloudpd and a plain parallel fetch side by side
    Bench(bench::Options),
    /// Installs the real icloudpd and pyicloud from PyPI into target/real-clients
    RealClients,
    /// Fetches a list of links and does nothing else with them: the floor for the bench
    #[command(hide = true)]
    Fetch(fetch::Options),
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(tally) => tally.close(),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<Tally> {
    match command {
        Command::Test => checks::test(),
        Command::Python => Ok(checks::python()),
        Command::Node => Ok(checks::node()),
        Command::Lint => checks::lint(),
        Command::Ci => checks::ci(),
        Command::Api(options) => api::run(&options),
        Command::Conformance(options) => conformance::run(&options),
        Command::Demo(options) => demo::run(&options).map(|()| Tally::silent()),
        Command::Bench(options) => bench::run(&options).map(|()| Tally::silent()),
        Command::RealClients => real::Clients::install().map(|_| Tally::silent()),
        Command::Fetch(options) => fetch::run(&options).map(|()| Tally::silent()),
    }
}
