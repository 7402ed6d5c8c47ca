//! Runs the binary.

mod grammar;
mod support;
