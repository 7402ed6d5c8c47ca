//! Keeping a copy of a library in a storage.

pub mod layout;
