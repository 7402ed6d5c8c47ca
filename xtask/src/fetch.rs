//! The floor of the machine: fetches a list of links in parallel and writes what comes, nothing else. No listing, no
//! proof, no names, and no flush unless it is asked for.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use futures::{StreamExt as _, TryStreamExt as _};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// A file with one link per line
    links: PathBuf,
    /// The folder the files go to
    folder: PathBuf,
    /// How many at once
    #[arg(long, default_value_t = 8)]
    threads: usize,
    /// Return when everything is on the disk, with one flush at the end
    #[arg(long)]
    flush: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let links = fs::read_to_string(&options.links).context("cannot read the list of links")?;
    fs::create_dir_all(&options.folder)?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start tokio")?;
    runtime.block_on(async {
        let http = reqwest::Client::builder().no_proxy().build()?;
        futures::stream::iter(links.lines().enumerate().map(Ok))
            .try_for_each_concurrent(options.threads, |(number, link)| {
                fetch(&http, link, options.folder.join(number.to_string()))
            })
            .await
    })?;
    if options.flush { flush(&options.folder) } else { Ok(()) }
}

#[cfg(target_os = "linux")]
fn flush(folder: &Path) -> Result<()> {
    rustix::fs::syncfs(fs::File::open(folder)?).context("cannot flush the file system")
}

#[cfg(not(target_os = "linux"))]
fn flush(folder: &Path) -> Result<()> {
    for file in fs::read_dir(folder)? {
        fs::File::open(file?.path())?.sync_all()?;
    }
    Ok(())
}

async fn fetch(http: &reqwest::Client, link: &str, path: impl AsRef<Path>) -> Result<()> {
    let mut body = http.get(link).send().await?.error_for_status()?.bytes_stream();
    let mut file = fs::File::create(path)?;
    while let Some(piece) = body.next().await {
        file.write_all(&piece?)?;
    }
    Ok(())
}
