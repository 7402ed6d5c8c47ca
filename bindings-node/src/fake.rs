//! The fake iCloud, for people who test what they write.

use std::sync::Mutex;

use icloud_photos::{Error, ErrorKind, Result};
use icloud_photos_testkit::{AccountSpec, ExactAsset, FakeCloud, FaultScript, LibrarySpec, Server};
use napi::Env;
use napi_derive::napi;

use crate::library::number;
use crate::runtime::{Promised, lock, run};
use crate::value::as_own;

/// What the fake is told; see `lib/testing.ts`.
#[napi(object, object_to_js = false)]
pub struct FakeOptions {
    pub assets: f64,
    pub profile: String,
    pub file_size: f64,
    pub big_file: Option<f64>,
    pub seed: f64,
    pub state: String,
    pub username: Option<String>,
    pub password: Option<String>,
    pub code: Option<String>,
    pub account: Option<String>,
    pub faults: Option<String>,
    pub library: Option<String>,
}

#[napi]
pub struct Fake(Running);

struct Running {
    cloud: FakeCloud,
    server: Mutex<Option<Server>>,
    url: String,
    username: String,
    password: String,
}

as_own!(Fake);

#[napi]
impl Fake {
    #[napi(ts_return_type = "Promise<Fake>")]
    pub fn start(env: &Env, options: FakeOptions) -> Promised<'_> {
        run(env, None, async move { options.start().await.map(Fake) })
    }

    #[napi(getter)]
    pub fn url(&self) -> &str {
        &self.0.url
    }

    #[napi(getter)]
    pub fn username(&self) -> &str {
        &self.0.username
    }

    #[napi(getter)]
    pub fn password(&self) -> &str {
        &self.0.password
    }

    /// Pairs of whom, and what is shown.
    #[napi]
    pub fn codes(&self) -> Vec<Vec<String>> {
        self.0.cloud.codes().into_iter().map(|shown| vec![shown.username, shown.code]).collect()
    }

    #[napi]
    pub fn close(&self) {
        *lock(&self.0.server) = None;
    }
}

impl FakeOptions {
    async fn start(self) -> Result<Running> {
        let spec = self.account()?;
        let (seed, username, password) = (self.seed()?, spec.username.clone(), spec.password.clone());
        let cloud = FakeCloud::builder().seed(seed).account(spec).library(self.photos()?).build();
        if let Some(script) = &self.faults {
            let script = FaultScript::from_json(script).map_err(wrong)?;
            cloud.set_faults(script).map_err(wrong)?;
        }
        let none_free =
            |error| Error::new(ErrorKind::Network, "no port is free for the fake").caused_by(error);
        let server = cloud.serve().await.map_err(none_free)?;
        let url = server.url().to_owned();
        Ok(Running { cloud, server: Mutex::new(Some(server)), url, username, password })
    }

    fn seed(&self) -> Result<u64> {
        Ok(number("seed", self.seed)? as u64)
    }

    fn account(&self) -> Result<AccountSpec> {
        let state = &self.state;
        let unknown = || wrong(format!("no account is in the state {state:?}"));
        let mut spec = AccountSpec::in_state(state).ok_or_else(unknown)?;
        if let Some(changes) = &self.account {
            spec = spec.with_json(changes).map_err(wrong)?;
        }
        spec.username = self.username.clone().unwrap_or(spec.username);
        spec.password = self.password.clone().unwrap_or(spec.password);
        spec.code = self.code.clone().or(spec.code);
        Ok(spec)
    }

    fn photos(&self) -> Result<LibrarySpec> {
        let (seed, assets) = (self.seed()?, number("assets", self.assets)? as u64);
        if let Some(list) = &self.library {
            return Ok(LibrarySpec::exact(seed, ExactAsset::list_from_json(list).map_err(wrong)?));
        }
        match self.profile.as_str() {
            "plain" => {
                let big_file = self.big_file.map(|size| number("bigFile", size)).transpose()?;
                let file_size = number("fileSize", self.file_size)? as u64;
                let big_file = big_file.map(|size| size as u64);
                Ok(LibrarySpec { seed, big_file, ..LibrarySpec::plain(assets, file_size) })
            }
            "everyday" => Ok(LibrarySpec::everyday(seed, assets)),
            "wild" => Ok(LibrarySpec::wild(seed, assets)),
            _ => Err(wrong("a library is plain, everyday or wild".into())),
        }
    }
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Config, message)
}
