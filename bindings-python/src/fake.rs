//! The fake iCloud, for people who test what they write.

use std::sync::{Arc, Mutex, PoisonError};

use icloud_photos::{Error, ErrorKind};
use icloud_photos_testkit::{AccountSpec, ExactAsset, FakeCloud, FaultScript, LibrarySpec, Server};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::errors::raised;
use crate::runtime::runtime;

#[pyclass(frozen, module = "icloud_photos._native")]
pub(crate) struct Fake {
    cloud: Arc<FakeCloud>,
    server: Mutex<Option<Server>>,
    url: String,
    username: String,
    password: String,
}

#[pymethods]
impl Fake {
    #[new]
    #[pyo3(signature = (*, assets, profile, file_size, big_file, seed, state, username, password, code, account, faults, library))]
    fn new(
        py: Python<'_>,
        assets: u64,
        profile: &str,
        file_size: u64,
        big_file: Option<u64>,
        seed: u64,
        state: &str,
        username: Option<String>,
        password: Option<String>,
        code: Option<String>,
        account: Option<&str>,
        faults: Option<&str>,
        library: Option<&str>,
    ) -> PyResult<Self> {
        let mut spec = AccountSpec::in_state(state)
            .ok_or_else(|| wrong(format!("no account is in the state {state:?}")))?;
        if let Some(changes) = account {
            spec = spec.with_json(changes).map_err(wrong)?;
        }
        spec.username = username.unwrap_or(spec.username);
        spec.password = password.unwrap_or(spec.password);
        spec.code = code.or(spec.code);
        let photos = match (library, profile) {
            (Some(assets), _) => LibrarySpec::exact(seed, ExactAsset::list_from_json(assets).map_err(wrong)?),
            (None, "plain") => LibrarySpec { seed, big_file, ..LibrarySpec::plain(assets, file_size) },
            (None, "everyday") => LibrarySpec::everyday(seed, assets),
            (None, "wild") => LibrarySpec::wild(seed, assets),
            (None, _) => return Err(wrong("a library is plain, everyday or wild".into())),
        };
        let (username, password) = (spec.username.clone(), spec.password.clone());
        let cloud = FakeCloud::builder().seed(seed).account(spec).library(photos).build();
        if let Some(script) = faults {
            cloud.set_faults(FaultScript::from_json(script).map_err(wrong)?).map_err(wrong)?;
        }
        let runtime = runtime(py)?;
        let server = py.detach(|| runtime.block_on(cloud.serve())).map_err(|error| {
            raised(py, &Error::new(ErrorKind::Network, "no port is free for the fake").caused_by(error))
        })?;
        let url = server.url().to_owned();
        Ok(Self { cloud: Arc::new(cloud), server: Mutex::new(Some(server)), url, username, password })
    }

    #[getter]
    fn url(&self) -> &str {
        &self.url
    }

    #[getter]
    fn username(&self) -> &str {
        &self.username
    }

    #[getter]
    fn password(&self) -> &str {
        &self.password
    }

    fn codes(&self) -> Vec<(String, String)> {
        self.cloud.codes().into_iter().map(|shown| (shown.username, shown.code)).collect()
    }

    fn close(&self) {
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn wrong(message: String) -> PyErr {
    PyValueError::new_err(message)
}
