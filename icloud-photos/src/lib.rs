//! iCloud Photos from a program: sign in, list, download, keep a copy. Every byte is verified against Apple's own
//! checksum.
//!
//! # The map
//!
//! ```text
//!  auth ───▶ session ───▶ library ───▶ asset ───▶ download ───▶ storage
//!    1          2            3           4           5            6a
//!  who you   signed in   what there   one photo   its bytes,   where they
//!  are                      is                      proven         go
//!                └───────────── sync (6b): plan, then execute ─────────────┘
//! ```
//!
//! 1. [`Client::login`] proves a password and yields a [`Login`]: a [`Session`], or a [`Challenge`] that wants a code.
//!    [`Client::restore`] takes up a saved session without asking anybody anything.
//! 2. A [`Session`] keeps cookies and tokens, repeats what failed for passing reasons, and renews itself.
//! 3. [`Session::primary_library`] and [`Session::libraries`] give a [`Library`]; its [`Album`]s are lists of assets.
//! 4. [`Album::assets`] streams [`Asset`]s: names, dates, places, and the files Apple offers, each with a [`Role`].
//! 5. A [`Downloader`](download::Downloader) fetches a file and says what is [proven](download::Proof) of its bytes.
//! 6. A [`Storage`](storage::Storage) takes them; a [`SyncEngine`](sync::SyncEngine) keeps a whole copy.
//!    With a [`Catalogue`](sync::catalogue::Catalogue) it goes on from where it left off;
//!    [`adopt`](sync::SyncEngine::adopt) recognises files that are there, [`verify`](sync::verify) reads them again.
//!    What other programs want to know goes into and beside the files ([`metadata`]).
//!
//! # Ten lines
//!
//! ```no_run
//! use std::sync::Arc;
//! use icloud_photos::{Client, Credentials, Login, Result, storage::FsStorage, sync::SyncEngine};
//!
//! # async fn example(password: String, code: &str) -> Result<()> {
//! let client = Client::builder().build()?;
//! let session = match client.login(Credentials::new("you@example.com".parse()?, password)).await? {
//!     Login::Complete(session) => session,
//!     Login::CodeRequired(challenge) => {
//!         challenge.request_push().await?;
//!         challenge.submit(code.parse()?).await?
//!     }
//!     other => todo!("a person is needed: {other:?}"),
//! };
//! let storage = Arc::new(FsStorage::open("Pictures")?);
//! let report = SyncEngine::builder(&session.primary_library(), storage).build()?.run(Arc::new(())).await?;
//! println!("{report}");
//! # Ok(())
//! # }
//! ```
//!
//! # What holds everywhere
//!
//! - Handles ([`Client`], [`Session`], [`Library`], [`Album`], [`Asset`]) are cheap to clone, `Send` and `Sync`. Dropping
//!   a future or a stream stops its work.
//! - There is one [`Error`]: its [kind](ErrorKind) says what happened, [`Retry`] whether trying again can help. What
//!   concerns one asset is a value in a stream or an event, never the end of a run.
//! - No type shows a secret in `Debug` or `Display`.
//! - Memory does not grow with a file. With the library it grows only where names must be told apart: some hundred bytes a
//!   file in a run that lists everything, and in [`SyncEngine::adopt`](sync::SyncEngine::adopt).
//! - All calls run inside a tokio runtime. The network is behind [`http::HttpTransport`], time behind [`http::Clock`].
//!
//! # Features
//!
//! | feature | default | what it brings |
//! |---|---|---|
//! | `reqwest` | yes | the default HTTP transport |
//! | `fs` | yes | storage and session store on the local disk |
//! | `sqlite` | yes | the [catalogue](sync::catalogue) of a copy as one SQLite file |
//! | `metadata` | yes | [dates inside of pictures](metadata::exif), [XMP sidecars](metadata::xmp) beside them |
//! | `opendal` | no | storages elsewhere: S3, Google Cloud Storage, Azure, WebDAV, SFTP |
//! | `object-store` | no | a storage that the program holds already, as an `object_store` |
//! | `postgres` | no | the catalogue of many copies in a PostgreSQL database, for fleets |
//! | `testing` | no | conformance suites for people who write their own storage or catalogue |
//!
//! # What is sent to Apple
//!
//! The same requests that icloud.com's own pages send from a browser. Apple publishes no documentation; each fact about
//! the protocol names its source where it is used, as "protocol notes" with the way it is known.

#![forbid(unsafe_code)]

pub mod asset;
pub mod auth;
mod client;
pub mod download;
mod endpoints;
mod error;
pub mod http;
pub mod library;
#[cfg(any(feature = "fs", feature = "sqlite"))]
mod local_path;
#[cfg(feature = "metadata")]
pub mod metadata;
mod probe;
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
pub use crate::probe::{Door, Probe};
pub use crate::session::{AppleId, Session};

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
