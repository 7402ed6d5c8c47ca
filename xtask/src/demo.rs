use anyhow::Result;
use clap::Args;
#[derive(Debug, Args)]
pub(crate) struct Options {}
pub(crate) fn run(_options: &Options) -> Result<()> {
    Ok(())
}
