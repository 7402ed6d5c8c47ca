//! The bytes of a file, a function of `(format, size, key)`, readable at any offset.
//!
//! A file is a header, then filling. The last stretch of a file (up to some 5 kB) is its own; before it lies
//! filling that a sixteenth of all files share. So the hash of a large file costs only its last stretch: the
//! state of the hasher at the end of the shared part is kept. Every chunk of the shared part carries its own
//! number, so that a read at a wrong offset shows.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use sha1::{Digest, Sha1};

use super::format::Format;
use super::random::{GAMMA, hash, mix};

/// Length of one chunk of shared filling.
const CHUNK: u64 = 4 * 1024;
/// At least so many bytes at the end of a file are its own.
const OWN: u64 = 1024;
/// How many shared fillings there are; files with neighbouring keys have different ones.
const VARIANTS: u64 = 16;

/// What Apple hashes before the bytes of a file.
const SALT: &[u8] = b"com.apple.XattrObjectSalt\0com.apple.DataObjectSalt\0";

/// The 21 bytes of a `fileChecksum`: the number of the scheme, then a SHA-1.
pub(super) type Checksum = [u8; 21];

/// One file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Blob {
    pub(super) format: Format,
    pub(super) size: u64,
    pub(super) key: u64,
}

impl Blob {
    /// Writes the bytes that stand at `offset`. What lies behind the end of the file is filled as well.
    pub(super) fn read(&self, offset: u64, out: &mut [u8]) {
        let shared = self.shared().saturating_sub(offset).min(out.len() as u64) as usize;
        let (front, back) = out.split_at_mut(shared);
        fill_shared(self.variant(), offset, front);
        fill_own(self.key, offset + shared as u64, back);
        if let Some(header) = self.format.header().get(offset as usize..) {
            let n = header.len().min(out.len());
            out[..n].copy_from_slice(&header[..n]);
        }
    }

    /// Apple's checksum of the whole file (protocol page, 6.6.3).
    pub(super) fn checksum(&self) -> Checksum {
        let mut hasher = self.shared_state();
        let mut buffer = vec![0; (self.size - self.shared()) as usize];
        self.read(self.shared(), &mut buffer);
        hasher.update(&buffer);
        seal(hasher)
    }

    /// How many bytes at the beginning are shared filling.
    fn shared(&self) -> u64 {
        self.size.saturating_sub(OWN) / CHUNK * CHUNK
    }

    fn variant(&self) -> u64 {
        self.key % VARIANTS
    }

    /// The hasher after salt and shared part, taken up from the longest part already hashed.
    fn shared_state(&self) -> Sha1 {
        let end = self.shared();
        if end == 0 {
            return Sha1::new_with_prefix(SALT);
        }
        let known = States::get(self.format, self.variant(), end);
        let (mut at, mut hasher) = known.unwrap_or_else(|| (0, Sha1::new_with_prefix(SALT)));
        let mut buffer = [0; CHUNK as usize];
        while at < end {
            self.read(at, &mut buffer);
            hasher.update(buffer);
            at += CHUNK;
        }
        States::put(self.format, self.variant(), end, hasher.clone());
        hasher
    }
}

/// Apple's checksum of given bytes.
#[cfg(test)]
pub(super) fn checksum_of(bytes: &[u8]) -> Checksum {
    seal(Sha1::new_with_prefix(SALT).chain_update(bytes))
}

fn seal(hasher: Sha1) -> Checksum {
    let mut out = [1; 21];
    out[1..].copy_from_slice(&hasher.finalize());
    out
}

fn fill_shared(variant: u64, offset: u64, out: &mut [u8]) {
    let mut at = 0;
    while at < out.len() {
        let chunk = (offset + at as u64) / CHUNK;
        let from = ((offset + at as u64) % CHUNK) as usize;
        let n = (CHUNK as usize - from).min(out.len() - at);
        out[at..at + n].copy_from_slice(&FILLING[from..from + n]);
        let stamp = mix(hash(&[variant, chunk])).to_le_bytes();
        if let Some(stamp) = stamp.get(from..) {
            let n = stamp.len().min(n);
            out[at..at + n].copy_from_slice(&stamp[..n]);
        }
        at += n;
    }
}

static FILLING: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut filling = vec![0; CHUNK as usize];
    fill_own(GAMMA, 0, &mut filling);
    filling
});

/// The word at `8 * i` is a function of the key and `i`.
fn fill_own(key: u64, offset: u64, out: &mut [u8]) {
    let word = |i: u64| mix(key.wrapping_add(GAMMA.wrapping_mul(i))).to_le_bytes();
    let lead = ((8 - offset % 8) % 8).min(out.len() as u64) as usize;
    let (head, rest) = out.split_at_mut(lead);
    let skip = (offset % 8) as usize;
    head.copy_from_slice(&word(offset / 8)[skip..][..lead]);
    for (i, chunk) in ((offset + lead as u64) / 8..).zip(rest.chunks_mut(8)) {
        chunk.copy_from_slice(&word(i)[..chunk.len()]);
    }
}

/// Hashers at the end of shared parts, by format, variant and length.
struct States;

/// At most so many are kept (some 100 bytes each).
const MAX_STATES: usize = 20_000;

static STATES: Mutex<BTreeMap<(Format, u64, u64), Sha1>> = Mutex::new(BTreeMap::new());

impl States {
    fn get(format: Format, variant: u64, end: u64) -> Option<(u64, Sha1)> {
        let states = STATES.lock().unwrap_or_else(PoisonError::into_inner);
        let found = states.range((format, variant, 0)..=(format, variant, end)).next_back();
        found.map(|((_, _, at), hasher)| (*at, hasher.clone()))
    }

    fn put(format: Format, variant: u64, end: u64, hasher: Sha1) {
        let mut states = STATES.lock().unwrap_or_else(PoisonError::into_inner);
        if states.len() < MAX_STATES {
            states.insert((format, variant, end), hasher);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(blob: &Blob) -> Vec<u8> {
        let mut bytes = vec![0; blob.size as usize];
        blob.read(0, &mut bytes);
        bytes
    }

    #[test]
    fn the_vectors_of_the_protocol_page() {
        use base64::Engine;
        let b64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(checksum_of(bytes));
        assert_eq!(b64(b""), "AW2cWT2PxzWixMKuuNMTHJ8CJ3sH");
        assert_eq!(b64(b"hello"), "AcW96XzA8CMFcrVWfJyAAy8aWWE6");
        assert_eq!(b64(b"The quick brown fox jumps over the lazy dog"), "ATE6W0VAGbjhs9B5SmRCwt9Y3yxl");
    }

    #[test]
    fn the_short_way_to_a_checksum_agrees_with_the_long_one() {
        for format in Format::ALL {
            for size in [0, 1, 7, 300, 4096, 5_119, 5_120, 5_121, 100_000, 1_000_000, 50_000] {
                let blob = Blob { format, size, key: size ^ 77 };
                assert_eq!(blob.checksum(), checksum_of(&whole(&blob)), "{format:?} {size}");
            }
        }
    }

    #[test]
    fn every_read_agrees_with_the_whole() {
        let blob = Blob { format: Format::Jpeg, size: 70_001, key: 5 };
        let all = whole(&blob);
        for offset in [0, 1, 3, 8, 100, 239, 4_095, 4_096, 4_099, 65_535, 65_536, 65_537, 70_000] {
            for len in [1, 2, 9, 500, 20_000] {
                let end = all.len().min(offset + len);
                let mut part = vec![0; end - offset];
                blob.read(offset as u64, &mut part);
                assert_eq!(part, all[offset..end], "{offset} {len}");
            }
        }
    }

    #[test]
    fn files_and_offsets_differ() {
        let a = whole(&Blob { format: Format::Mov, size: 100_000, key: 1 });
        let b = whole(&Blob { format: Format::Mov, size: 100_000, key: 17 });
        let c = whole(&Blob { format: Format::Mov, size: 100_000, key: 2 });
        assert_eq!(a[..98_304], b[..98_304], "one variant");
        assert_ne!(a[98_304..], b[98_304..]);
        assert_ne!(a[16_384..32_768], c[16_384..32_768]);
        assert_ne!(a[16_384..32_768], a[32_768..49_152]);
    }
}
