//! One test program, one file per room.

mod storage;
