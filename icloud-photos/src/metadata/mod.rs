//! What is known of a photo, in the forms that other programs read. Knows nothing of storages and runs.

pub mod xmp;
