//! Deterministic numbers: a value is a function of what it is for, so nothing needs to be remembered.

/// The step of the SplitMix64 sequence.
pub(super) const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The SplitMix64 finaliser: every bit of the input moves every bit of the output.
pub(super) const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// One number out of several; the order matters.
pub(super) fn hash(parts: &[u64]) -> u64 {
    parts.iter().fold(GAMMA, |state, part| mix(state.wrapping_add(GAMMA) ^ mix(*part)))
}

/// One number out of a text.
pub(super) fn hash_bytes(bytes: &[u8]) -> u64 {
    bytes.chunks(8).fold(bytes.len() as u64, |state, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        mix(state.wrapping_add(GAMMA) ^ u64::from_le_bytes(word))
    })
}

/// `N` bytes out of one number.
pub(super) fn bytes<const N: usize>(key: u64) -> [u8; N] {
    let mut out = [0; N];
    for (i, chunk) in out.chunks_mut(8).enumerate() {
        let word = mix(key.wrapping_add(GAMMA.wrapping_mul(i as u64 + 1))).to_le_bytes();
        chunk.copy_from_slice(&word[..chunk.len()]);
    }
    out
}

/// `N` bytes out of one number, in hexadecimal.
pub(super) fn hex<const N: usize>(key: u64) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(2 * N);
    for byte in bytes::<N>(key) {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// The lower-case UUID of a number.
pub(super) fn uuid(key: u64) -> String {
    let hex = hex::<16>(key);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
