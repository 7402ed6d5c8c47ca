//! Where things stand in the workspace, and how its programs are built.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process;

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The target folder this very program was built into.
pub(crate) fn target() -> Result<PathBuf> {
    let program = std::env::current_exe().context("cannot find out where xtask itself stands")?;
    let folder =
        program.parent().and_then(Path::parent).context("xtask does not stand in a target folder")?;
    Ok(folder.to_owned())
}

/// A file of `conformance/`.
pub(crate) fn script(name: &str) -> PathBuf {
    root().join("conformance").join(name)
}

/// The cargo that started us.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(arguments);
    command
}

/// How a program is built: quickly, or to be fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Debug,
    Release,
    /// As it is published.
    Dist,
}

/// The two programs that everything here drives.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    pub(crate) icloudpd: PathBuf,
    pub(crate) fake: PathBuf,
}

impl Programs {
    pub(crate) fn build(profile: Profile) -> Result<Self> {
        let folder = build(profile, &["icloudpd-cli", "icloud-photos-testkit"])?;
        Ok(Self { icloudpd: folder.join("icloudpd"), fake: folder.join("fake-icloud") })
    }
}

/// This very program, built to be fast.
pub(crate) fn fast_self() -> Result<PathBuf> {
    Ok(build(Profile::Dist, &["xtask"])?.join("xtask"))
}

/// Builds the programs of some packages; gives the folder they are in.
pub(crate) fn build(profile: Profile, packages: &[&str]) -> Result<PathBuf> {
    build_only(profile, packages, &[])
}

/// Builds some programs of some packages, or all if none is named.
pub(crate) fn build_only(profile: Profile, packages: &[&str], programs: &[&str]) -> Result<PathBuf> {
    let target = target()?;
    let mut command = cargo(&["build", "--quiet"]);
    command.arg("--target-dir").arg(&target);
    for package in packages {
        command.args(["--package", package]);
    }
    for program in programs {
        command.args(["--bin", program]);
    }
    let folder = match profile {
        Profile::Debug => target.join("debug"),
        Profile::Release => {
            command.arg("--release");
            target.join("release")
        }
        Profile::Dist => {
            command.args(["--profile", "dist"]);
            target.join("dist")
        }
    };
    process::must(&mut command)?;
    Ok(folder)
}
