//! iCloud Photos from a program: sign in, list, download, keep a copy. Every byte is verified against Apple's own
//! checksum.

#![forbid(unsafe_code)]

pub mod asset;
pub mod auth;
mod client;
pub mod download;
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

pub use crate::asset::{Asset, AssetId, Assets, Fields, Listing, Role};
pub use crate::auth::{Challenge, Credentials, Login, SecurityCode};
pub use crate::client::{Client, ClientBuilder};
pub use crate::endpoints::{Endpoints, Region};
pub use crate::error::{Error, ErrorKind, Result, Retry};
pub use crate::library::{Album, Library, LibraryId, SmartAlbum};
pub use crate::session::{AppleId, Session};
