//! iCloud Photos from a program: sign in, list, download, keep a copy. Every byte is verified against Apple's own
//! checksum.

#![forbid(unsafe_code)]

pub mod asset;
mod client;
mod endpoints;
mod error;
pub mod http;
pub mod library;
pub mod redact;
pub mod session;
pub mod storage;
pub mod sync;
#[cfg(feature = "testing")]
pub mod testing;

pub use crate::client::{Client, ClientBuilder};
pub use crate::endpoints::{Endpoints, Region};
pub use crate::error::{Error, ErrorKind, Result, Retry};
