//! Where files of an asset go.
