//! One test program, one file per room.

// Clippy takes helpers of tests for production code.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod adopt;
mod adopt_edges;
mod auth;
mod auth_world;
mod catalogue;
mod changes;
mod changes_fold;
mod copies;
mod cut;
mod cut_edges;
mod cut_later;
mod doubt;
mod download;
mod exif;
mod fake;
mod filters;
mod follow;
mod follow_edits;
mod growth;
mod handles;
mod incidents;
mod listing;
mod mirror;
mod moved_out;
mod news;
mod odd_files;
mod pace;
mod pixels;
mod pyicloud;
mod quiet;
mod quiet_edges;
mod record;
mod recordings_auth;
mod recordings_listing;
mod removal;
mod removal_edits;
mod several;
mod sidecar_albums;
mod sidecar_debts;
mod sidecars;
mod storage;
mod store;
mod support;
mod sync;
mod treeless;
mod trees;
mod verify;
mod views;
mod views_disk;
mod views_edits;
mod views_kills;
mod views_ours;
mod xmp;
