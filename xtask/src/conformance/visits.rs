//! The real clients alone: what the fake must serve, checked against its own truth.

use anyhow::Result;

use super::runs::World;

#[derive(Debug)]
pub(super) struct Visit {
    pub(super) name: &'static str,
    /// What is wrong, line by line.
    pub(super) run: fn(&World) -> Result<Vec<String>>,
}

pub(super) const VISITS: &[Visit] = &[];
