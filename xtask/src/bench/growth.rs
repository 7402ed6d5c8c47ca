//! What a later run costs: requests grow with what has changed, and not with the library.

use anyhow::{Context as _, Result};

use super::{Bed, Bench, Cost, Options, What, give_back, line, quicker};
use crate::fake::{Account, Counts};
use crate::process::Person;

/// One row of the table, for libraries of several sizes.
pub(super) const CHANGED: Bench = Bench {
    name: "second run, nothing and 1 % changed",
    account: Account::plain(0, 0),
    options: &[],
    plain: false,
    theirs: None,
    what: What::Changed,
};

/// A first run, some with nothing new, and some after one asset in a hundred has changed.
pub(super) fn measure(bench: &Bench, bed: &Bed<'_>, options: &Options) -> Result<()> {
    let assets = bench.account.assets;
    bench.heading(bed);
    let folder = bed.fresh()?;
    bed.measure(bed.our_command(&[]), &folder, Person::WithDevice(&bed.fake))?;
    for changes in [0, assets / 100] {
        let mut best: Option<Cost> = None;
        for _ in 0..options.rounds.max(1) {
            bed.fake.stir(changes)?;
            best = quicker(best, bed.measure(bed.our_command(&[]), &folder, Person::Nobody)?);
        }
        line(&format!("{changes} of {assets} changed"), &best.context("nothing was measured")?);
        println!("    {}", by_call(&bed.fake.counts()?));
    }
    give_back(&folder)
}

/// Requests of the last run, call by call.
fn by_call(counts: &Counts) -> String {
    let calls = counts.endpoints.iter().map(|(call, counts)| format!("{call} {}", counts.requests));
    calls.collect::<Vec<_>>().join(", ")
}
