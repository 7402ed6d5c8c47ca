//! One test program, one file per room.

mod fake;
mod listing;
mod recordings_listing;
