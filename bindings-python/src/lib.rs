//! The private native half of the Python package `icloud_photos`.
//!
//! Handles of the library, and operations on them: each is written once, as a future that has not begun ([`runtime::Op`]). The faces that
//! people see, blocking and asyncio, are Python; what crosses over is converted here and nothing else is done. Values leave as the
//! dataclasses and enums of `_models.py` and `events.py`, errors as the exceptions of `errors.py`.
//!
//! What is promised of each call: Python's lock is free while it runs, Ctrl-C ends it within 25 ms, a cancelled task ends it, and a child
//! of `fork` starts anew ([`runtime`], [`transport`]).

// What PyO3's macros make holds some; what is written here does not.
#![deny(unsafe_code)]
// Keyword parameters of Python are parameters here, each with its type.
#![allow(clippy::too_many_arguments)]

mod asset;
mod callback;
mod catalogue;
mod changes;
mod client;
mod command;
mod convert;
mod door;
mod download;
mod engine;
mod errors;
mod fake;
mod layout;
mod library;
mod logging;
mod login;
mod metadata;
mod object;
mod py_sessions;
mod py_storage;
mod runtime;
mod session;
mod storage;
mod transport;

use pyo3::prelude::*;

#[pymodule]
mod _native {
    use super::*;

    #[pymodule_export]
    use super::asset::Asset;
    #[pymodule_export]
    use super::catalogue::{Catalogue, copy_above};
    #[pymodule_export]
    use super::changes::Changes;
    #[pymodule_export]
    use super::client::Client;
    #[pymodule_export]
    use super::command::command;
    #[pymodule_export]
    use super::download::{ByteStream, Downloader, Hasher, parse_checksum};
    #[pymodule_export]
    use super::engine::{Plan, SyncEngine, verify};
    #[pymodule_export]
    use super::fake::Fake;
    #[pymodule_export]
    use super::layout::place;
    #[pymodule_export]
    use super::library::{Album, AlbumNode, AlbumTree, Assets, Library};
    #[pymodule_export]
    use super::login::{Challenge, Consent, SecurityKey, Terms};
    #[pymodule_export]
    use super::metadata::{has_date, sidecar, type_of, with_date};
    #[pymodule_export]
    use super::runtime::{Batches, Op};
    #[pymodule_export]
    use super::session::Session;
    #[pymodule_export]
    use super::storage::{Storage, StorageWriter};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        super::door::install(module)?;
        super::logging::install(module.py())
    }
}
