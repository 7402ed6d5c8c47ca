//! Real servers on loopback, for tests: what photos are kept on elsewhere, and what knows of them.
//!
//! Each server is started by the test that wants it, on a free port, with a folder of its own, and ends with its guard. Where the
//! program of one is not on the machine the test says that it was skipped ([`skip`]), and where `CI` is set it fails.

// These serve tests: what cannot be started is a panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod azure;
mod child;
pub mod gcs;
pub mod postgres;
pub mod s3;
pub mod sftp;
pub mod webdav;

/// Says that a test was skipped because a program is missing.
///
/// # Panics
/// Where `CI` is set: there nothing may be skipped.
pub fn skip(test: &str, program: &str) {
    assert!(std::env::var_os("CI").is_none(), "{test}: {program} is not on this machine");
    eprintln!("skipped: {test}: {program} is not on this machine");
}
