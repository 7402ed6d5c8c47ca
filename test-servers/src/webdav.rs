//! A WebDAV server.
