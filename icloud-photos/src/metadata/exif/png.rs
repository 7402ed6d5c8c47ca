//! The chunks of a PNG.

use super::splice::Splice;

pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

const EXIF: &[u8; 4] = b"eXIf";
const END: &[u8; 4] = b"IEND";

/// More would be no Exif of ours.
const MOST: usize = 64 << 10;

/// The Exif chunk, or where it belongs: before the picture's data. `None` if these are not the chunks of a whole picture, or one of
/// those that matter here is damaged.
pub(super) fn find(bytes: &[u8]) -> Option<Splice> {
    let (mut at, mut home, mut found) = (SIGNATURE.len(), None, None);
    loop {
        let head = bytes.get(at..at + 8)?;
        let kind: &[u8; 4] = head[4..].try_into().ok()?;
        let length = u32::from_be_bytes(head[..4].try_into().ok()?) as usize;
        let end = at.checked_add(length)?.checked_add(12)?;
        let content = bytes.get(at + 8..end.checked_sub(4)?)?;
        let sum = bytes.get(end - 4..end)?;
        match kind {
            END => break,
            b"IDAT" if home.is_none() => home = Some(at),
            EXIF if found.is_none() => {
                if crc(kind, content).to_be_bytes() != *sum {
                    return None;
                }
                found = Some(Splice { piece: at..end, tiff: Some(at + 8..end - 4) });
            }
            _ => {}
        }
        at = end;
    }
    let home = home?;
    Some(found.unwrap_or(Splice { piece: home..home, tiff: None }))
}

/// A chunk with this TIFF.
pub(super) fn wrap(tiff: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(tiff.len()).ok().filter(|_| tiff.len() <= MOST)?;
    let sum = crc(EXIF, tiff).to_be_bytes();
    Some([&length.to_be_bytes(), &EXIF[..], tiff, &sum].concat())
}

fn crc(kind: &[u8; 4], content: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(content);
    crc.sum()
}
