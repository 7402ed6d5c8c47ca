//! What the library tells goes to Python's `logging`, under `icloud_photos`.

use log::{LevelFilter, Log, Metadata, Record};
use pyo3::prelude::*;
use pyo3_log::{Caching, Logger};

use crate::door;

const TARGET: &str = "icloud_photos";

/// Logs as `pyo3-log` does, and not while the interpreter ends.
struct Bridge(Logger);

impl Log for Bridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with(TARGET) && self.0.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if !record.target().starts_with(TARGET) {
            return;
        }
        if let Some(_inside) = door::enter() {
            self.0.log(record);
        }
    }

    fn flush(&self) {}
}

/// Sets it up, unless somebody else in the process has set one up: then it is theirs.
pub(crate) fn install(py: Python<'_>) -> PyResult<()> {
    // What other crates tell is not ours to show; some of them tell requests.
    let logger = Logger::new(py, Caching::LoggersAndLevels)?.filter(LevelFilter::Debug);
    if log::set_boxed_logger(Box::new(Bridge(logger))).is_ok() {
        log::set_max_level(LevelFilter::Debug);
    }
    Ok(())
}
