//! What listing and streaming cost through Python, beside the same in Rust, and pyicloud.
//!
//! `bindings-python/benches/beside.py` measures; here is what it needs, built as it is published.

use anyhow::Result;

use crate::house::{self, Profile};
use crate::process;
use crate::python::Package;
use crate::real::Clients;

/// What to ask for by name.
pub(super) const NAME: &str = "python";

pub(super) fn run(clients: &Clients) -> Result<()> {
    let programs =
        house::build_only(Profile::Dist, &["icloud-photos-testkit", "examples"], &["fake-icloud", "census"])?;
    let package = Package::install("dist")?;
    let mut command = package.python(&["benches/beside.py"]);
    command.arg(programs.join("fake-icloud")).arg(programs.join("census")).arg(clients.python());
    process::must(&mut command)
}
