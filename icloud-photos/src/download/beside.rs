//! What a storage keeps beside a file that was fetched ([`Metadata`]).
//!
//! `checksum` and `sha256` are hashes of the very bytes that were stored, the first as Apple computes it: a later run learns from them
//! what the file is without reading it. `asset` is the record name, `created` when the photo was taken, for people and for other
//! programs; nothing here reads those again.

use time::format_description::well_known::Rfc3339;

use crate::asset::{Asset, Checksum, Digests, parse_sha256};
use crate::storage::{Metadata, ObjectMeta};

const CHECKSUM: &str = "checksum";
const SHA256: &str = "sha256";

/// What is known of an asset. Record names are ASCII; one that is not would be refused by some storages, and is left out.
pub(super) fn about(asset: &Asset) -> Metadata {
    let mut about = Metadata::new();
    let id = asset.id().as_str();
    if id.bytes().all(|letter| letter.is_ascii_graphic()) {
        about.insert("asset".to_owned(), id.to_owned());
    }
    if let Some(created) = asset.created().and_then(|created| created.format(&Rfc3339).ok()) {
        about.insert("created".to_owned(), created);
    }
    about
}

/// What is known of the bytes.
pub(super) fn describe(digests: &Digests, about: &mut Metadata) {
    about.insert(CHECKSUM.to_owned(), digests.checksum.to_string());
    about.insert(SHA256.to_owned(), digests.sha256_text());
}

/// What the storage was told of a file's bytes when they were stored.
pub(crate) fn told(meta: &ObjectMeta) -> Option<Digests> {
    let checksum = Checksum::parse(meta.metadata.get(CHECKSUM)?)?;
    Some(Digests { checksum, sha256: parse_sha256(meta.metadata.get(SHA256)?)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::Hasher;
    use crate::storage::StoragePath;

    #[test]
    fn what_is_told_is_heard_again() {
        let mut hasher = Hasher::new();
        hasher.update(b"hello");
        let digests = hasher.finish();
        let mut meta = ObjectMeta::new(StoragePath::root(), 5, None);
        assert_eq!(told(&meta), None);
        describe(&digests, &mut meta.metadata);
        assert_eq!(told(&meta), Some(digests));
        for (name, wrong) in [(CHECKSUM, "x"), (SHA256, "0f"), (SHA256, "é"), (SHA256, &"+f".repeat(32))] {
            let mut meta = meta.clone();
            meta.metadata.insert(name.to_owned(), wrong.to_owned());
            assert_eq!(told(&meta), None, "{name} {wrong}");
        }
    }
}
