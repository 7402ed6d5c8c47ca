//! An S3 server, in this process.
