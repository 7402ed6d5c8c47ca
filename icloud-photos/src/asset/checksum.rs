//! Apple's checksum of a file, and the one pass that computes it.
//!
//! `fileChecksum` is base64 of 21 bytes: a scheme byte, `0x01`, then SHA-1 over a fixed salt and the file's bytes
//! (protocol notes 6.6.3, confirmed there on two recorded files and here on one in `tests/it/recordings.rs`).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use sha2::Sha256;

/// Two C strings, each with its terminating zero.
const SALT: &[u8] = b"com.apple.XattrObjectSalt\0com.apple.DataObjectSalt\0";

/// What Apple says the bytes of a file hash to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Checksum([u8; 21]);

/// How a checksum was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scheme {
    /// Salted SHA-1 of the file: can be verified.
    SaltedSha1,
    /// A scheme nobody outside Apple knows: only the length can be compared.
    Unknown(u8),
}

impl Checksum {
    /// Eight digits that tell a file from others of its name.
    pub(crate) fn digits(&self) -> String {
        self.0[1..5].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads base64 of 21 bytes; anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// How it was made.
    pub fn scheme(&self) -> Scheme {
        match self.0[0] {
            1 => Scheme::SaltedSha1,
            other => Scheme::Unknown(other),
        }
    }

    /// The 21 bytes.
    pub fn as_bytes(&self) -> &[u8; 21] {
        &self.0
    }
}

/// Base64, as Apple writes it.
impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checksum({self})")
    }
}

/// Computes length, Apple's checksum and SHA-256 in one pass over the bytes.
#[derive(Clone)]
pub struct Hasher {
    length: u64,
    apple: Sha1,
    ours: Sha256,
}

/// What a [`Hasher`] has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Digests {
    /// Apple's checksum under [`Scheme::SaltedSha1`].
    pub checksum: Checksum,
    /// SHA-256, which says the same to programs that know nothing of Apple's.
    pub sha256: [u8; 32],
}

impl Digests {
    /// SHA-256 in hexadecimal.
    pub(crate) fn sha256_text(&self) -> String {
        self.sha256.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Reads SHA-256 in hexadecimal.
pub(crate) fn parse_sha256(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    let bytes: Vec<u8> =
        digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    bytes.try_into().ok().filter(|_| digits.len() == 64)
}

impl Hasher {
    /// A hasher that has seen nothing yet.
    pub fn new() -> Self {
        Self { length: 0, apple: Sha1::new_with_prefix(SALT), ours: Sha256::new() }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        self.apple.update(bytes);
        self.ours.update(bytes);
    }

    /// Bytes seen so far.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// What the bytes seen hash to.
    pub fn finish(self) -> Digests {
        let mut bytes = [1; 21];
        bytes[1..].copy_from_slice(&self.apple.finalize());
        Digests { checksum: Checksum(bytes), sha256: self.ours.finalize().into() }
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").field("length", &self.length).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checksum(bytes: &[u8]) -> String {
        let mut hasher = Hasher::new();
        bytes.chunks(7).for_each(|chunk| hasher.update(chunk));
        hasher.finish().checksum.to_string()
    }

    #[test]
    fn vectors_of_the_protocol_notes() {
        assert_eq!(checksum(b""), "AW2cWT2PxzWixMKuuNMTHJ8CJ3sH");
        assert_eq!(checksum(b"hello"), "AcW96XzA8CMFcrVWfJyAAy8aWWE6");
        assert_eq!(checksum(b"The quick brown fox jumps over the lazy dog"), "ATE6W0VAGbjhs9B5SmRCwt9Y3yxl");
    }

    #[test]
    fn sha256_is_there_when_asked_for() {
        let mut hasher = Hasher::new();
        hasher.update(b"abc");
        assert_eq!(hasher.finish().sha256[..4], [0xba, 0x78, 0x16, 0xbf]);
    }

    #[test]
    fn only_21_bytes_are_a_checksum() {
        assert_eq!(
            Checksum::parse("AW2cWT2PxzWixMKuuNMTHJ8CJ3sH").map(|c| c.scheme()),
            Some(Scheme::SaltedSha1)
        );
        assert_eq!(
            Checksum::parse("BG2cWT2PxzWixMKuuNMTHJ8CJ3sH").map(|c| c.scheme()),
            Some(Scheme::Unknown(4))
        );
        assert_eq!(Checksum::parse("AW2cWT2PxzWixMKuuNMTHJ8CJ3"), None);
        assert_eq!(Checksum::parse("AQ=="), None);
        assert_eq!(Checksum::parse("not base64!"), None);
    }
}
