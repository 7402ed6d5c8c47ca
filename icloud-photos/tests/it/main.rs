//! One test program, one file per room.

mod auth;
mod auth_world;
mod download;
mod fake;
mod listing;
mod recordings_auth;
mod recordings_listing;
mod storage;
mod support;
mod sync;
