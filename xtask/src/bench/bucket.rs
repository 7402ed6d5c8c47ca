//! A copy to an S3 server on loopback, beside the bare puts of as many bytes by the same engine.
//!
//! The floor fetches nothing and hashes nothing: it shows what server and engine take of the time. Server, programs and fake share the
//! machine.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::{Bed, Bench, Cost, Options, What, give_back, line, quicker, ratio};
use crate::fake::Account;
use crate::house::{self, Profile};
use crate::process::Person;

const FILES: u64 = 1_000;
const BYTES: u64 = 1_000_000;

pub(super) const TO_S3: Bench = Bench {
    name: "first run to S3, 1,000 files of 1 MB",
    account: Account::plain(FILES, BYTES),
    options: &[],
    plain: false,
    theirs: None,
    what: What::Bucket,
};

/// A server; ends when dropped.
struct Server {
    process: Child,
    program: PathBuf,
    told: Told,
}

#[derive(Debug, Deserialize)]
struct Told {
    endpoint: String,
    bucket: String,
    access_key: String,
    secret_key: String,
}

impl Server {
    fn start(bed: &Bed<'_>) -> Result<Self> {
        let program = house::build(Profile::Dist, &["icloud-photos-test-servers"])?.join("test-servers");
        let mut command = Command::new(&program);
        command.args(["s3", "--root"]).arg(bed.folder).stdout(Stdio::piped());
        let mut process = command.spawn().context("cannot start the S3 server")?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("no output")?).read_line(&mut line)?;
        Ok(Self { told: serde_json::from_str(&line).context("what the server says")?, process, program })
    }

    fn with_keys(&self, mut command: Command) -> Command {
        command
            .env("AWS_ACCESS_KEY_ID", &self.told.access_key)
            .env("AWS_SECRET_ACCESS_KEY", &self.told.secret_key);
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Ours against the floor, in turn.
pub(super) fn measure(bench: &Bench, bed: &Bed<'_>, options: &Options) -> Result<()> {
    bench.heading(bed);
    let server = Server::start(bed)?;
    let (mut ours, mut floor): (Option<Cost>, Option<Cost>) = (None, None);
    for round in 0..options.rounds.max(1) {
        let told = &server.told;
        let address = format!("s3://{}/ours-{round}?endpoint={}", told.bucket, told.endpoint);
        let folder = bed.fresh()?;
        let command = server.with_keys(bed.our_command(&["--directory", &address]));
        ours = quicker(ours, bed.measure(command, &folder, Person::WithDevice(&bed.fake))?);
        give_back(&folder)?;
        let mut command = Command::new(&server.program);
        command.args(["put", "--endpoint", &told.endpoint, "--folder", &format!("floor-{round}")]);
        command.args(["--files", &FILES.to_string(), "--bytes", &BYTES.to_string()]);
        floor = quicker(floor, bed.once(server.with_keys(command), &bed.fresh()?, Person::Nobody)?);
    }
    let (ours, floor) = ours.zip(floor).context("nothing was measured")?;
    line("ours", &ours);
    line("bare puts", &floor);
    ratio("ours to bare puts", &ours, &floor);
    Ok(())
}
