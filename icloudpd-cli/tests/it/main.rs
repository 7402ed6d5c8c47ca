//! Runs the binary, against the fake iCloud where it needs one.

#![allow(clippy::unwrap_used, clippy::panic)] // clippy knows only functions marked as tests

mod crash;
mod failures;
mod filters;
mod grammar;
mod keep;
mod network;
mod quiet;
mod removals;
mod runs;
mod signin;
mod support;
