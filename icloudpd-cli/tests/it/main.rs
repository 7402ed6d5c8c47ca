//! Runs the binary, against the fake iCloud where it needs one.

#![allow(clippy::unwrap_used, clippy::panic)] // clippy knows only functions marked as tests

mod browser;
mod crash;
mod doctor;
mod elsewhere;
mod exif;
mod failures;
mod filters;
#[cfg(unix)]
mod fleet;
mod grammar;
mod icloud;
#[cfg(unix)]
mod jobs;
mod keep;
mod network;
mod notify;
mod page;
mod pages;
#[cfg(unix)]
mod piped;
mod quiet;
mod removals;
mod runs;
mod settings;
mod signin;
mod support;
#[cfg(unix)]
mod terminal;
mod verdict;
mod views;
mod watch;
mod webui;
