//! The private native half of the Node package `icloud-photos`.
//!
//! Handles of the library, and operations on them: each is a promise of a future that runs beside the event loop ([`runtime::run`]), and
//! that an [`runtime::Abort`] drops. What people see is TypeScript (`lib/*.ts`); what crosses over is converted here ([`value`], [`errors`])
//! and nothing else is done.

// What napi's macros make holds some; what is written here does not.
#![deny(unsafe_code)]
// The macros export what is `pub`; nothing of it can be reached from Rust.
#![allow(unreachable_pub, missing_debug_implementations)]
// Where tests are built the macros export nothing, and so nobody calls these functions.
#![cfg_attr(test, allow(dead_code))]
// Values of JavaScript are parameters here, each with its type.
#![allow(clippy::too_many_arguments, clippy::needless_pass_by_value)]

mod ask;
mod asset;
mod called;
mod catalogue;
mod changes;
mod client;
mod command;
mod download;
mod engine;
mod errors;
mod fake;
mod js_storage;
mod layout;
mod library;
mod logging;
mod login;
mod metadata;
mod progress;
mod runtime;
mod session;
mod sessions;
mod storage;
mod told;
mod value;
