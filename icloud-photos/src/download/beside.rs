//! What a storage keeps beside a file that was fetched ([`Metadata`]).
//!
//! `checksum` and `sha256` are hashes of the very bytes that were stored, the first as Apple computes it, and `size` is how many they are: a
//! later run learns from them what the file is without reading it. A file of another length is not what was stored, whatever stands beside it. `asset` is the record name, `created` when the photo was taken, for people and for other
//! programs; nothing here reads those again.

use time::format_description::well_known::Rfc3339;

use crate::asset::{Asset, Checksum, Digests, parse_sha256};
use crate::storage::{Metadata, ObjectMeta};

const CHECKSUM: &str = "checksum";
const SHA256: &str = "sha256";
const SIZE: &str = "size";

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
pub(super) fn describe(size: u64, digests: &Digests, about: &mut Metadata) {
    about.insert(SIZE.to_owned(), size.to_string());
    about.insert(CHECKSUM.to_owned(), digests.checksum.to_string());
    about.insert(SHA256.to_owned(), digests.sha256_text());
}

/// What the storage was told of a file's bytes when they were stored.
pub(crate) fn told(meta: &ObjectMeta) -> Option<Digests> {
    let size: u64 = meta.metadata.get(SIZE)?.parse().ok()?;
    let checksum = Checksum::parse(meta.metadata.get(CHECKSUM)?)?;
    let digests = Digests { checksum, sha256: parse_sha256(meta.metadata.get(SHA256)?)? };
    (size == meta.size).then_some(digests)
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
        describe(5, &digests, &mut meta.metadata);
        assert_eq!(told(&meta), Some(digests));
        assert_eq!(told(&ObjectMeta { size: 4, ..meta.clone() }), None, "it was cut since");
        for (name, wrong) in
            [(SIZE, "5 bytes"), (CHECKSUM, "x"), (SHA256, "0f"), (SHA256, "é"), (SHA256, &"+f".repeat(32))]
        {
            let mut meta = meta.clone();
            meta.metadata.insert(name.to_owned(), wrong.to_owned());
            assert_eq!(told(&meta), None, "{name} {wrong}");
        }
    }
}
