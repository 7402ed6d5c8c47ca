//! What a person is asked at the terminal, and other places where the answers may come from.

mod codes;
#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
mod feed;
#[cfg(unix)]
pub(crate) mod modes;
mod passwords;
#[cfg(unix)]
mod reader;
mod terminal;
#[cfg(unix)]
mod typed;
#[cfg(unix)]
mod waiting;

use icloud_photos::{Error, ErrorKind, Result};

pub(crate) use codes::*;
pub(crate) use passwords::*;
pub(crate) use terminal::*;

/// Runs what may wait for a person or a program off the threads that serve the network.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::new(ErrorKind::Unexpected, "a prompt broke down").caused_by(error)),
    }
}
