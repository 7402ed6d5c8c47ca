//! What is said about a picture inside of its file, and beside it. Bytes in, bytes out: knows nothing of iCloud and of storages.

pub mod exif;
pub mod xmp;
