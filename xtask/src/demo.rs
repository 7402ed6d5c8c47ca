//! `cargo demo`: the main job on a fake iCloud, and what it proved.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;

use crate::conformance::ours;
use crate::fake::{Account, Asset, Fake, PASSWORD, Resource, Truth, USERNAME};
use crate::house::{Profile, Programs};
use crate::process::{self, Person};
use crate::tree::{self, Entry, Tree};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many photos and videos the library holds
    #[arg(long, default_value_t = 1000)]
    assets: u64,
    /// Leave the folder there, to look at
    #[arg(long)]
    keep: bool,
}

const FOLDER: &str = "photos";

pub(crate) fn run(options: &Options) -> Result<()> {
    println!("iCloud Photos, the demo. The iCloud is a fake on this machine; nothing is sent to Apple.\n");
    println!("Building icloudpd and the fake (a minute or two the first time) ...");
    let programs = Programs::build(Profile::Release)?;
    let fake = Fake::start(&programs, Account { twins: true, ..Account::everyday(options.assets, 7) })?;
    let mut place = tempfile::Builder::new().prefix("icloud-photos-demo-").tempdir()?;
    place.disable_cleanup(options.keep);

    let truth = fake.truth()?;
    let wanted = Wanted::of(&truth);
    println!("\n1. Jane has {} photos and videos in iCloud: {}.", truth.listed().count(), wanted.size());
    println!("\n2. She copies them for the first time. Her iPhone shows a code, and she types it.\n");
    let first = copy(&programs, &fake, place.path(), Person::WithDevice(&fake))?;
    println!("\n3. The next day she runs the same again.\n");
    let second = copy(&programs, &fake, place.path(), Person::Nobody)?;

    println!("\n4. What this proved:\n");
    let proofs = prove(&wanted, &first, &second);
    for proof in &proofs {
        println!("   {} {}", if proof.holds { "yes" } else { "NO " }, proof.what);
    }
    if options.keep {
        println!("\nThe photos are in {}", place.path().join(FOLDER).display());
    }
    if proofs.iter().any(|proof| !proof.holds) {
        bail!("not everything was proven");
    }
    println!("\nEvery photo is on the disk, and every byte of it is the one that iCloud holds.");
    println!("Your own: cargo run --release -p icloudpd-cli -- --username YOU --directory PHOTOS");
    println!("More of this, beside the real icloudpd: cargo xtask conformance");
    Ok(())
}

/// What one run of icloudpd did.
struct Copied {
    seconds: f64,
    requests: u64,
    fetched: u64,
    tree: Tree,
}

fn copy(programs: &Programs, fake: &Fake, place: &Path, person: Person<'_>) -> Result<Copied> {
    println!("   $ icloudpd --username {USERNAME} --directory {FOLDER}");
    let mut command = ours(programs, &fake.url);
    command.args(["--username", USERNAME, "--cookie-directory", "session", "--directory", FOLDER]);
    command.args(["--log-level", "info"]).env("ICLOUDPD_PASSWORD", PASSWORD).current_dir(place);
    fake.reset_counts()?;
    let start = Instant::now();
    let code = process::attended(&mut command, person)?;
    let seconds = start.elapsed().as_secs_f64();
    if code != 0 {
        bail!("icloudpd ended with exit code {code}");
    }
    let counts = fake.counts()?;
    let tree = tree::read(&place.join(FOLDER))?;
    let fetched = counts.to("content");
    println!("   {seconds:.1} s, {} requests, {fetched} of them for files", counts.requests);
    Ok(Copied { seconds, requests: counts.requests, fetched, tree })
}

/// The files that must be there: how many by length and Apple's checksum. Two assets may have the same bytes.
struct Wanted(BTreeMap<(u64, String), usize>);

impl Wanted {
    fn of(truth: &Truth) -> Self {
        let mut wanted = BTreeMap::new();
        let key = |resource: &Resource| (resource.size, resource.checksum.clone());
        for resource in truth.listed().flat_map(Asset::fetched) {
            *wanted.entry(key(resource)).or_default() += 1;
        }
        Self(wanted)
    }

    fn size(&self) -> String {
        let files: usize = self.0.values().sum();
        let bytes: u64 = self.0.iter().map(|((size, _), count)| size * *count as u64).sum();
        format!("{files} files, {:.1} MB", bytes as f64 / 1e6)
    }
}

struct Proof {
    holds: bool,
    what: String,
}

fn prove(wanted: &Wanted, first: &Copied, second: &Copied) -> Vec<Proof> {
    let files: Vec<(u64, &String)> = first
        .tree
        .values()
        .filter_map(|entry| match entry {
            Entry::File { length, checksum, .. } => Some((*length, checksum)),
            Entry::Folder => None,
        })
        .collect();
    let proven =
        files.iter().filter(|(length, sum)| wanted.0.contains_key(&(*length, (*sum).clone()))).count();
    let on_disk: BTreeSet<(u64, &String)> = files.iter().copied().collect();
    let there = wanted.0.keys().filter(|(length, sum)| on_disk.contains(&(*length, sum))).count();
    let bytes: u64 = files.iter().map(|(length, _)| length).sum();
    vec![
        Proof {
            holds: there == wanted.0.len(),
            what: format!("{there} of {} different files of the library are on the disk", wanted.0.len()),
        },
        Proof {
            holds: proven == files.len() && !files.is_empty(),
            what: format!(
                "{proven} of {} files, read again from the disk ({bytes} bytes), have Apple's checksum",
                files.len()
            ),
        },
        Proof {
            holds: second.fetched == 0 && second.tree == first.tree,
            what: format!(
                "the second run fetched {} files and changed nothing ({} requests instead of {}, {:.1} s instead of {:.1} s)",
                second.fetched, second.requests, first.requests, second.seconds, first.seconds
            ),
        },
    ]
}
