//! The Python package: built as a wheel, installed where nothing else is, and tested there as a user has it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::house;
use crate::process;
use crate::tally::Tally;

/// What builds the wheel.
const BUILDER: &[&str] = &["maturin==1.16.0"];
/// What the tests need beside it; the versions are those that the stubs were checked with.
const TOOLS: &[&str] = &[
    "pytest==9.2.0",
    "pytest-asyncio==1.5.0",
    "mypy==2.4.1",
    "pyright==1.1.414",
    "ruff==0.17.6",
    "fsspec==2026.9.0",
    "pdoc==16.0.0",
    "tqdm==4.70.1",
    "types-tqdm==4.70.0.20261106",
    "vermin==1.9.2",
    "pyicloud==2.4.1",
];

/// A virtual environment with the wheel of this tree.
#[derive(Debug)]
pub(crate) struct Package {
    python: PathBuf,
}

impl Package {
    /// Builds and installs it. `profile` is one of cargo's.
    pub(crate) fn install(profile: &str) -> Result<Self> {
        let folder = house::target()?.join("python");
        let builder = environment(&folder.join("builder"), BUILDER)?;
        let wheels = folder.join("wheels");
        if wheels.exists() {
            fs::remove_dir_all(&wheels)?;
        }
        let mut build = Command::new(&builder);
        build.args(["-m", "maturin", "build", "--quiet", "--profile", profile, "--out"]).arg(&wheels);
        build
            .arg("--interpreter")
            .arg(&builder)
            .current_dir(home())
            .env("CARGO_TARGET_DIR", house::target()?);
        process::must(&mut build)?;
        let wheel = fs::read_dir(&wheels)?.next().context("maturin made no wheel")??.path();
        let python = environment(&folder.join("tests"), TOOLS)?;
        process::must(pip(&python).args(["install", "--force-reinstall", "--no-deps"]).arg(wheel))?;
        Ok(Self { python })
    }

    /// Runs its tests.
    pub(crate) fn tests(&self, seen: impl FnMut(&str)) -> Result<bool> {
        let mut command = self.python(&["-m", "pytest", "-q", "--color=no", "tests"]);
        process::listen(&mut command, seen)
    }

    /// Reads what was written: each check is one test.
    pub(crate) fn checks(&self) -> Result<Tally> {
        let mut tally = Tally::default();
        let checks: &[(&str, &[&str])] = &[
            ("the blocking face is made from the other", &["tools/unasync.py", "--check"]),
            ("ruff", &["-m", "ruff", "check", "."]),
            ("mypy", &["-m", "mypy"]),
            ("pyright", &["-m", "pyright"]),
            ("stubtest", &["-m", "mypy.stubtest", "icloud_photos._native"]),
            ("the reference", &["tools/reference.py", "../target/python/reference"]),
        ];
        for (name, arguments) in checks {
            println!("-- {name}");
            let passed = self.python(arguments).status().is_ok_and(|status| status.success());
            tally.add(Tally::of(passed));
        }
        Ok(tally)
    }

    /// Python with the package, in its folder.
    pub(crate) fn python(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.python);
        command.current_dir(home()).args(arguments);
        // What is imported is the wheel, not the sources beside us.
        command.env_remove("PYTHONPATH").env("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring");
        command
    }
}

fn home() -> PathBuf {
    house::root().join("bindings-python")
}

/// Python in a virtual environment that has these packages.
fn environment(folder: &Path, packages: &[&str]) -> Result<PathBuf> {
    let python = folder.join("bin").join("python");
    let (ready, wanted) = (folder.join("ready"), packages.join(" "));
    if fs::read_to_string(&ready).is_ok_and(|have| have == wanted) {
        return Ok(python);
    }
    println!("installing {wanted}");
    process::must(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder))
        .context("needed are python3 with venv, and a way to PyPI")?;
    process::must(pip(&python).arg("install").args(packages))?;
    fs::write(&ready, wanted)?;
    Ok(python)
}

fn pip(python: &Path) -> Command {
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check"]);
    pip
}
