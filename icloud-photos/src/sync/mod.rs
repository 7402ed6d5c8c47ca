//! Keeping a copy of a library in a storage.
//!
//! [`SyncEngine::plan`] compares the library with the storage and says what is missing, [`SyncEngine::execute`] fetches
//! it. [`layout`] decides folders and names. What happens is told to a [`SyncObserver`] as [`SyncEvent`]s, and counted
//! in a [`SyncReport`].
//!
//! With a [`catalogue`] a run remembers what it fetched and how far it followed the library's history ([`store`] finds the
//! catalogue that belongs to a storage); the next one asks only what has happened since. [`SyncEngine::news`] says what that is, [`SyncEngine::adopt`] fills it from files that
//! are there already, [`verify()`] reads them again.
//!
//! A copy never deletes anything, here or in iCloud, unless it is asked to: [`SyncBuilder::mirror`] and
//! [`SyncBuilder::move_out`] say what may go, `removal/mod.rs` on what proofs.
//!
//! ```no_run
//! # async fn example(library: icloud_photos::Library) -> icloud_photos::Result<()> {
//! use std::sync::Arc;
//! use icloud_photos::{storage::FsStorage, sync::SyncEngine};
//!
//! let storage = Arc::new(FsStorage::open("Pictures")?);
//! let engine = SyncEngine::builder(&library, storage).skip_videos(true).build()?;
//! let report = engine.run(Arc::new(())).await?;
//! println!("{report}");
//! # Ok(())
//! # }
//! ```

mod adopt;
mod album_check;
mod albums;
mod begun;
mod books;
pub mod catalogue;
mod claims;
mod content;
mod copies;
mod dates;
#[cfg_attr(not(feature = "metadata"), allow(dead_code))]
mod dating;
mod described;
mod doubt;
mod engine;
mod event;
mod execute;
mod filter;
pub mod layout;
mod ledger;
mod marks;
mod news;
mod pace;
mod plan;
pub mod remembered;
mod removal;
mod scribe;
mod shelf;
#[cfg(feature = "metadata")]
mod sidecar;
#[cfg(not(feature = "metadata"))]
#[path = "no_sidecar.rs"]
mod sidecar;
mod stock;
mod stop;
pub mod store;
mod trash;
mod trees;
mod trial;
mod verify;
mod views;
mod write;

pub use self::adopt::{AdoptEvent, AdoptOptions, AdoptReport};
pub use self::dates::DateLimit;
pub use self::engine::{Missing, SyncBuilder, SyncEngine};
pub use self::event::{SkipReason, SyncEvent, SyncObserver, SyncReport, Target};
pub use self::layout::{Layout, LayoutOptions};
pub use self::news::{AssetNews, Detail, Membership, News, NewsEvent};
pub use self::plan::{Action, Plan, Why};
pub use self::removal::{
    Disposal, Kept, MoveRule, ProvenFile, Receipt, Rehearsal, RemovalEvent, RemovalLimit, StoredFile,
};
pub use self::stock::{Stock, stock};
pub use self::stop::StopSignal;
pub use self::verify::{Fault, VerifyEvent, VerifyOptions, VerifyReport, verify};
pub use self::views::{View, ViewAs, ViewEvent, ViewFault};
