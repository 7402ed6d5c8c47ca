//! One test program, one file per room.

mod download;
mod support;
