//! One test program, one file per room.

mod download;
mod storage;
mod support;
