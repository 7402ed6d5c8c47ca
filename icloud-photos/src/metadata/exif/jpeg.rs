//! The segments of a JPEG, as far as the picture's data.

use super::splice::Splice;

pub(super) const START: [u8; 2] = [0xff, 0xd8];

const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const SCAN: u8 = 0xda;
const EXIF: &[u8] = b"Exif\0\0";

/// The first Exif segment, or where it belongs: at the beginning, behind what JFIF has there. `None` if these are not the segments of
/// a picture.
pub(super) fn find(bytes: &[u8]) -> Option<Splice> {
    let mut at = START.len();
    let (mut home, mut found, mut has_frame) = (Some(at), None, false);
    loop {
        let (marker, content, end) = segment(bytes, at)?;
        match marker {
            APP0 if home == Some(at) => home = Some(end),
            APP1 if found.is_none() && bytes.get(content..end)?.starts_with(EXIF) => {
                found = Some(Splice { piece: at..end, tiff: Some(content + EXIF.len()..end) });
            }
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => has_frame = true,
            SCAN => break,
            _ => {}
        }
        at = end;
    }
    let home = home.filter(|_| has_frame)?;
    Some(found.unwrap_or(Splice { piece: home..home, tiff: None }))
}

/// A segment with this TIFF, if it is short enough.
pub(super) fn wrap(tiff: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(2 + EXIF.len() + tiff.len()).ok()?;
    Some([&[0xff, APP1][..], &length.to_be_bytes(), EXIF, tiff].concat())
}

/// What may have stood where the first segment is Exif now: JFIF, with the versions and densities that programs write.
pub(super) fn replaced(splice: &Splice) -> Vec<Vec<u8>> {
    if splice.piece.start != START.len() {
        return Vec::new();
    }
    const DENSITIES: [(u8, u8, u8); 6] =
        [(0, 0, 1), (1, 0, 72), (1, 0, 96), (0, 0, 72), (1, 1, 44), (1, 0, 150)];
    let jfif = |minor: u8, (unit, high, low): (u8, u8, u8)| {
        let numbers = [0, 1, minor, unit, high, low, high, low, 0, 0];
        [&[0xff, APP0, 0, 16][..], b"JFIF", &numbers].concat()
    };
    [1, 2].into_iter().flat_map(|minor| DENSITIES.map(|density| jfif(minor, density))).collect()
}

/// The segment that begins here: its marker, where its content begins, and where the next one does.
fn segment(bytes: &[u8], at: usize) -> Option<(u8, usize, usize)> {
    let head: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    let end = at + 2 + usize::from(u16::from_be_bytes([head[2], head[3]]));
    let is_plain = head[0] == 0xff && !matches!(head[1], 0x00 | 0x01 | 0xd0..=0xd9 | 0xff);
    (is_plain && end >= at + 4 && end <= bytes.len()).then_some((head[1], at + 4, end))
}
