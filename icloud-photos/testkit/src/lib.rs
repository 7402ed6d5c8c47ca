//! A fake iCloud for tests, demos and benches.
//!
//! It speaks the three services a photo client meets: sign-in (`/appleauth/auth/...`), setup
//! (`/setup/ws/1/...`) and the CloudKit photo database (`/database/1/...`), and serves the bytes of every
//! asset from a content host (`/B/...`). All of them live behind one base URL.
//!
//! The heart is one function from request to response, [`FakeCloud::handle`]; [`FakeCloud::serve`] puts it
//! behind a TCP port. The crate depends on nothing of ours, so that client and fake can only agree on what
//! the protocol says.

mod account;
mod admin;
mod auth;
mod clock;
mod cloud;
mod cookies;
mod counters;
mod desk;
mod endpoint;
mod faults;
mod gate;
mod http;
mod library;
mod server;
mod setup;
mod srp;

pub use crate::account::{
    AccountSpec, Adp, CodeAccepted, CodeRejected, LeadingZero, Phone, Protocol, SecondFactor, SecurityKeys,
    StatusForm,
};
pub use crate::cloud::{FakeCloud, FakeCloudBuilder, ShownCode};
pub use crate::counters::{Counts, EndpointCounts};
pub use crate::faults::{FaultAction, FaultRule, FaultScript, RetryAfter};
pub use crate::http::{Body, ConnectionReset, Request, Response};
pub use crate::library::{
    Access, Context, Edit, ExpiredLink, Library, LibrarySpec, PageOrder, Profile, SharedLibrary, Switches,
};
pub use crate::server::Server;
