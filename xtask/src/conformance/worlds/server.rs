//! The real icloudpd, ready to run many times.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result};
use serde_json::{Map, json};

use crate::process::{self, Ended};
use crate::real::Clients;

/// A process that becomes the real icloudpd as often as it is asked; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Server {
    pub(super) fn start(clients: &Clients) -> Result<Self> {
        let mut command = clients.server();
        command.env("LC_ALL", "C.UTF-8").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("cannot start the real icloudpd")?;
        let stdin = child.stdin.take().context("no way to speak to icloudpd")?;
        let stdout = BufReader::new(child.stdout.take().context("no way to hear icloudpd")?);
        Ok(Self { child, stdin, stdout })
    }

    /// Runs it with the arguments and the environment of `command`, in `folder`.
    pub(super) fn run(&mut self, fake: &str, command: &Command, folder: &Path) -> Result<Ended> {
        let (out, err) = (folder.join("stdout.log"), folder.join("stderr.log"));
        let arguments: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
        let environment: Map<_, _> = command
            .get_envs()
            .filter_map(|(name, value)| {
                Some((name.to_string_lossy().into(), value?.to_string_lossy().into()))
            })
            .collect();
        let run = json!({
            "fake": fake, "arguments": arguments, "folder": folder, "environment": environment, "out": out, "err": err,
        });
        writeln!(self.stdin, "{run}")?;
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        let code = line.trim().parse().context("serve.py ended")?;
        let text = |path| std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ok(Ended { code, stdout: text(&out)?, stderr: text(&err)? })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        process::end(&mut self.child);
    }
}
