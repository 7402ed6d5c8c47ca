//! The fake iCloud as a program of its own, and what it tells about itself.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::house::Programs;
use crate::process;

/// Who the fake's one account belongs to.
pub(crate) const USERNAME: &str = "jane.appleseed@example.com";
/// Their password.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// What the account's library is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Library {
    pub(crate) assets: u64,
    /// Bytes of each original; the fake's own choice when absent.
    pub(crate) file_size: Option<u64>,
    pub(crate) profile: &'static str,
    pub(crate) seed: u64,
}

/// A running fake; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Fake {
    pub(crate) url: String,
    process: Child,
    http: reqwest::blocking::Client,
}

impl Fake {
    pub(crate) fn start(programs: &Programs, library: Library) -> Result<Self> {
        let mut command = Command::new(&programs.fake);
        command.args(["--username", USERNAME, "--password", PASSWORD, "--profile", library.profile]);
        command.args(["--assets", &library.assets.to_string(), "--seed", &library.seed.to_string()]);
        if let Some(size) = library.file_size {
            command.args(["--file-size", &size.to_string()]);
        }
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start the fake iCloud ({})", programs.fake.display()))?;
        match Self::first_line(&mut process) {
            Ok(url) => Ok(Self { url, process, http: client()? }),
            Err(error) => {
                process::end(&mut process);
                Err(error)
            }
        }
    }

    fn first_line(process: &mut Child) -> Result<String> {
        let stdout = process.stdout.take().context("the fake iCloud has no stdout")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let url = line.trim();
        if !url.starts_with("http://127.0.0.1:") {
            bail!("the fake iCloud did not print its URL but {url:?}");
        }
        Ok(url.trim_end_matches('/').to_owned())
    }

    /// The codes the owner's phone has shown so far, the newest last.
    pub(crate) fn codes(&self) -> Result<Vec<String>> {
        self.get("codes")
    }

    /// Everything that is true about the account's library.
    pub(crate) fn truth<T: DeserializeOwned>(&self) -> Result<T> {
        self.get("truth")
    }

    /// Fresh links to the bytes of every original.
    pub(crate) fn links(&self) -> Result<Vec<String>> {
        self.get("links")
    }

    /// Requests since the last reset, by endpoint.
    pub(crate) fn counters(&self) -> Result<BTreeMap<String, u64>> {
        self.get("counters")
    }

    /// All requests since the last reset.
    pub(crate) fn requests(&self) -> Result<u64> {
        Ok(self.counters()?.values().sum())
    }

    pub(crate) fn reset_counters(&self) -> Result<()> {
        let url = format!("{}/fake/counters/reset", self.url);
        self.http.post(url).send()?.error_for_status().context("the fake did not reset its counters")?;
        Ok(())
    }

    fn get<T: DeserializeOwned>(&self, what: &str) -> Result<T> {
        let url = format!("{}/fake/{what}", self.url);
        let response = self.http.get(&url).send()?.error_for_status()?;
        response.json().with_context(|| format!("cannot read {url}"))
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        process::end(&mut self.process);
    }
}

fn client() -> Result<reqwest::blocking::Client> {
    let client = reqwest::blocking::Client::builder().no_proxy().timeout(Duration::from_secs(120)).build();
    client.context("cannot make an HTTP client")
}
