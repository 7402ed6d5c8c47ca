//! How many things were proven, and how many were not.

use std::process::ExitCode;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    silent: bool,
}

impl Tally {
    pub(crate) fn new(passed: u64, failed: u64) -> Self {
        Self { passed, failed, silent: false }
    }

    /// One thing, proven or not.
    pub(crate) fn of(passed: bool) -> Self {
        Self::new(passed.into(), (!passed).into())
    }

    /// For commands that count nothing.
    pub(crate) fn silent() -> Self {
        Self { silent: true, ..Self::default() }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// The closing line, and the exit code that says the same.
    pub(crate) fn close(self) -> ExitCode {
        if !self.silent {
            println!("{self}");
        }
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}
