//! The fake iCloud as a program of its own, and what it tells about itself.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::house::Programs;
use crate::process;

/// Who the fake's one account belongs to.
pub(crate) const USERNAME: &str = "jane.appleseed@example.com";
/// Their password.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// What the account is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    pub(crate) assets: u64,
    pub(crate) kind: Kind,
    /// Both the library and all tokens follow from it.
    pub(crate) seed: u64,
    /// Two different photos with one name, one date and one length are among them.
    pub(crate) twins: bool,
    /// The password alone makes the devices show a code, as it did before iOS 26.4.
    pub(crate) push_on_sign_in: bool,
}

/// What the library is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// JPEGs of so many bytes.
    Plain { file_size: u64 },
    /// Every kind of asset a healthy library has, in small files.
    Everyday,
}

impl Account {
    pub(crate) const fn everyday(assets: u64, seed: u64) -> Self {
        Self { assets, kind: Kind::Everyday, seed, twins: false, push_on_sign_in: false }
    }

    pub(crate) const fn plain(assets: u64, file_size: u64) -> Self {
        Self { kind: Kind::Plain { file_size }, ..Self::everyday(assets, 1) }
    }

    fn arguments(&self, command: &mut Command) {
        command.args(["--assets", &self.assets.to_string(), "--seed", &self.seed.to_string()]);
        match self.kind {
            Kind::Plain { file_size } => {
                command.args(["--profile", "plain", "--file-size", &file_size.to_string()]);
            }
            Kind::Everyday => {
                command.args(["--profile", "everyday"]);
            }
        }
        if self.twins {
            command.arg("--same-length-twins");
        }
        if self.push_on_sign_in {
            command.args(["--account", r#"{"push_on_sign_in": true}"#]);
        }
    }
}

/// A running fake; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Fake {
    pub(crate) url: String,
    process: Child,
    http: reqwest::blocking::Client,
}

impl Fake {
    pub(crate) fn start(programs: &Programs, account: Account) -> Result<Self> {
        Self::start_as(programs, |command| account.arguments(command))
    }

    /// One that is told by its own arguments what it holds.
    pub(crate) fn start_with(programs: &Programs, arguments: &[&str]) -> Result<Self> {
        Self::start_as(programs, |command| {
            command.args(arguments);
        })
    }

    /// One whose account has a name of its own among the arguments.
    pub(crate) fn start_named(programs: &Programs, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(&programs.fake);
        command.args(["--password", PASSWORD]).args(arguments);
        Self::serve(programs, command)
    }

    fn start_as(programs: &Programs, tell: impl FnOnce(&mut Command)) -> Result<Self> {
        let mut command = Command::new(&programs.fake);
        command.args(["--username", USERNAME, "--password", PASSWORD]);
        tell(&mut command);
        Self::serve(programs, command)
    }

    fn serve(programs: &Programs, mut command: Command) -> Result<Self> {
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

    /// The codes that stand on the owner's devices and phones at this moment.
    pub(crate) fn codes(&self) -> Result<Vec<Code>> {
        self.get("codes")
    }

    /// Everything that is true about the account's libraries.
    pub(crate) fn truth(&self) -> Result<Truth> {
        self.get("truth")
    }

    /// Requests since the last reset.
    pub(crate) fn counts(&self) -> Result<Counts> {
        self.get("counters")
    }

    /// Makes one change, as `/fake/mutate` wants it told; false if it does not apply.
    pub(crate) fn mutate(&self, change: &serde_json::Value) -> Result<bool> {
        let url = format!("{}/fake/mutate", self.url);
        Ok(self.http.post(url).json(change).send()?.status().is_success())
    }

    /// Makes so many changes of all sorts all over the library.
    pub(crate) fn stir(&self, changes: u64) -> Result<()> {
        let url = format!("{}/fake/stir?changes={changes}", self.url);
        self.http.post(url).send()?.error_for_status().context("the fake did not change anything")?;
        Ok(())
    }

    /// Ends what Apple would end some day: `sessions`, `session-tokens` or `trust-tokens`.
    pub(crate) fn expire(&self, what: &str) -> Result<()> {
        let url = format!("{}/fake/expire?what={what}", self.url);
        self.http.post(url).send()?.error_for_status().context("the fake did not let anything expire")?;
        Ok(())
    }

    pub(crate) fn reset_counts(&self) -> Result<()> {
        let url = format!("{}/fake/counters/reset", self.url);
        self.http.post(url).send()?.error_for_status().context("the fake did not reset its counters")?;
        Ok(())
    }

    /// Fresh links to every original that the library shows, one a line.
    pub(crate) fn links(&self) -> Result<String> {
        let url = format!("{}/fake/links", self.url);
        let links = self.http.get(url).send()?.error_for_status()?.text();
        links.context("cannot read the links")
    }

    fn get<T: DeserializeOwned>(&self, what: &str) -> Result<T> {
        let url = format!("{}/fake/{what}", self.url);
        let response = self.http.get(&url).send()?.error_for_status()?;
        response.json().with_context(|| format!("cannot read {url}"))
    }
}

/// A code that a device or phone shows.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Code {
    /// Which phone got it as a message; none when the devices show it.
    pub(crate) phone: Option<u64>,
    pub(crate) code: String,
}

/// Requests, counted.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Counts {
    pub(crate) requests: u64,
    pub(crate) endpoints: BTreeMap<String, EndpointCounts>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct EndpointCounts {
    pub(crate) requests: u64,
}

impl Counts {
    /// Requests to one call, such as `content`.
    pub(crate) fn to(&self, endpoint: &str) -> u64 {
        self.endpoints.get(endpoint).map_or(0, |counts| counts.requests)
    }
}

/// What the fake holds.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Truth {
    pub(crate) zones: Vec<Zone>,
    pub(crate) assets: Vec<Asset>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Zone {
    pub(crate) albums: Vec<Album>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Album {
    pub(crate) id: String,
    pub(crate) title: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Asset {
    pub(crate) id: String,
    /// Its file name, where there is one.
    pub(crate) name: Option<String>,
    pub(crate) master: String,
    pub(crate) zone: String,
    pub(crate) hidden: bool,
    pub(crate) deleted: bool,
    /// Another asset with the same name, date and length, but other bytes.
    pub(crate) twin: Option<String>,
    pub(crate) resources: Vec<Resource>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Resource {
    /// Apple's prefix of its fields: `resOriginal`, `resOriginalVidCompl` and so on.
    pub(crate) family: String,
    pub(crate) size: u64,
    /// Apple's own checksum.
    #[serde(rename = "fileChecksum")]
    pub(crate) checksum: String,
}

impl Truth {
    /// The assets that a listing of the personal library shows.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Asset> {
        self.assets.iter().filter(|asset| asset.zone == "PrimarySync" && !asset.hidden && !asset.deleted)
    }
}

impl Asset {
    /// What a run with default options fetches: the original, and the film of a Live Photo.
    pub(crate) fn fetched(&self) -> impl Iterator<Item = &Resource> {
        let wanted = ["resOriginal", "resOriginalVidCompl"];
        self.resources.iter().filter(move |resource| wanted.contains(&resource.family.as_str()))
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
