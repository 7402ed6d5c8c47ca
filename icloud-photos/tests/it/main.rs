//! One test program, one file per room.

mod download;
mod fake;
mod listing;
mod recordings_listing;
mod storage;
mod support;
mod sync;
