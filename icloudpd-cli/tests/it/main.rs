//! Runs the binary, against the fake iCloud where it needs one.

mod failures;
mod grammar;
mod network;
mod runs;
mod signin;
mod support;
