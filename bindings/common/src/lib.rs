//! What the packages for other languages have in common.
//!
//! Each type of the library becomes a [`Value`], which any thread may make: its words, its numbers, its members by their names, and handles
//! for what is more than data. A language turns values into objects of its own, and has nothing else to know of those types. Names are
//! Rust's: `created_ms`, `SyncDownloaded`.

// Of a private crate: names of the library's, which says what they are.
#![allow(missing_docs)]

mod actions;
mod asset;
mod catalogue;
mod changes;
mod download;
mod events;
mod failure;
mod feed;
pub mod layout;
mod library;
mod names;
mod news;
mod reasons;
mod sidecar;
mod storage;
mod value;

pub use failure::{Cause, Failure, Foreign, kind_named};
pub use feed::{Feed, Taken};
pub use names::{named, snake};
pub use value::{Handle, Members, ToValue, Value, moment};

pub use catalogue::files;
pub use changes::cursor;
pub use download::{Proven, chunks};
pub use library::{at_least_one, depth, role, roles};
pub use sidecar::sidecar;
