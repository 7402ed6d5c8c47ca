//! Seeing through what icloudpd's `--set-exif-datetime` does to a JPEG: it puts an Exif segment in.

use futures::TryStreamExt;

use crate::asset::{Checksum, Hasher};
use crate::error::Result;
use crate::storage::{ObjectMeta, Storage};

/// Larger files are not looked into.
const LIMIT: u64 = 256 << 20;

const START: [u8; 2] = [0xff, 0xd8];
const END: [u8; 2] = [0xff, 0xd9];
/// The segment that Exif lies in, and how its content begins.
const APP1: [u8; 2] = [0xff, 0xe1];
const EXIF: &[u8] = b"Exif\0\0";

/// Whether a file is a JPEG that something was written into, and not one that was cut: without its Exif segment it is the
/// very photo; or, where that segment took the place of an older one, it at least begins and ends as a JPEG does.
pub(super) async fn is_derived(
    storage: &dyn Storage,
    meta: &ObjectMeta,
    original: Option<&Checksum>,
) -> Result<bool> {
    if meta.size > LIMIT {
        return Ok(false);
    }
    let bytes = storage.read(&meta.path, 0).await?.try_collect::<Vec<_>>().await?.concat();
    if !bytes.starts_with(&START) {
        return Ok(false);
    }
    let bare = without_exif(&bytes).map(|parts| {
        let mut hasher = Hasher::new();
        parts.iter().for_each(|part| hasher.update(part));
        hasher.finish().checksum
    });
    Ok(bare.is_some() && bare.as_ref() == original || bytes.ends_with(&END))
}

/// The bytes before and behind the Exif segment.
fn without_exif(bytes: &[u8]) -> Option<[&[u8]; 2]> {
    let mut at = START.len();
    loop {
        let head: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let end = at + 2 + length;
        if head[..2] == APP1 && bytes.get(at + 4..end)?.starts_with(EXIF) {
            return Some([&bytes[..at], bytes.get(end..)?]);
        }
        // Only application segments come before it.
        if head[0] != 0xff || !(0xe0..=0xef).contains(&head[1]) {
            return None;
        }
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exif_segment_is_found_behind_others() {
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xe1\0\x0aExif\0\0xy\xff\xdb rest";
        let [before, behind] = without_exif(jpeg).unwrap();
        assert_eq!((before, behind), (&jpeg[..8], &b"\xff\xdb rest"[..]));
        for other in
            [&b"\xff\xd8\xff\xdb\0\x04ab"[..], b"\xff\xd8\xff\xe1\0\x0aExif", b"\xff\xd8\xff", b"\xff\xd8"]
        {
            assert_eq!(without_exif(other), None);
        }
    }
}
