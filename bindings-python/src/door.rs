//! The way from threads of the library into Python.
//!
//! An interpreter that is ending lets no thread in any more: before CPython 3.14 it ends those that want in, which may not happen to a thread
//! that is inside of Rust, and the process would abort. So whoever goes in is counted, and before the interpreter ends the door is shut and
//! those inside are waited for.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

static INSIDE: AtomicUsize = AtomicUsize::new(0);
static SHUT: AtomicBool = AtomicBool::new(false);

/// How long those inside are waited for: they may be in code of somebody's that takes its time.
const PATIENCE: Duration = Duration::from_secs(10);

/// Somebody is inside while this lives.
pub(crate) struct Inside(());

/// Takes part in the count; `None` once the door is shut.
pub(crate) fn enter() -> Option<Inside> {
    let inside = Inside(());
    INSIDE.fetch_add(1, Ordering::SeqCst);
    // Dropping it takes the one back.
    (!SHUT.load(Ordering::SeqCst)).then_some(inside)
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Runs `work` with Python's lock, on a thread of the library's; `None` if the interpreter is ending.
pub(crate) fn with_python<T>(work: impl FnOnce(Python<'_>) -> T) -> Option<T> {
    let _inside = enter()?;
    Python::try_attach(work)
}

/// Has Python call what it must: before it ends, and in a child of `fork`, where nobody else is inside.
pub(crate) fn install(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let shut = wrap_pyfunction!(shut, module)?;
    py.import("atexit")?.call_method1("register", (shut,))?;
    let os = py.import("os")?;
    if os.hasattr("register_at_fork")? {
        let options = pyo3::types::PyDict::new(py);
        options.set_item("after_in_child", wrap_pyfunction!(forget, module)?)?;
        os.call_method("register_at_fork", (), Some(&options))?;
    }
    Ok(())
}

#[pyfunction]
fn shut(py: Python<'_>) {
    SHUT.store(true, Ordering::SeqCst);
    py.detach(|| {
        let begun = Instant::now();
        while INSIDE.load(Ordering::SeqCst) > 0 && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}

#[pyfunction]
fn forget() {
    INSIDE.store(0, Ordering::SeqCst);
}
