//! The chunks of a WebP.
//!
//! Exif needs the extended form of the format. A file of a simple form gets the chunk that makes it one, in front of its picture,
//! which stays as it is.

use std::ops::Range;

use super::splice::Change;
use super::tiff;

const EXIF: &[u8; 4] = b"EXIF";
const HEAD: &[u8; 4] = b"VP8X";
/// Some programs write it before the TIFF, as in a JPEG.
const PREFIX: &[u8] = b"Exif\0\0";

/// Of the extended form: this file has Exif; has transparency.
const HAS_EXIF: u8 = 0x08;
const HAS_ALPHA: u8 = 0x10;

/// Where the length of the whole stands, and where the first chunk does.
const LENGTH: Range<usize> = 4..8;
const FIRST: usize = 12;
/// Length of the extended form's chunk, and where in it the flags stand.
const HEAD_LENGTH: usize = 18;
const FLAGS: usize = FIRST + 8;

pub(super) fn is_start_of(bytes: &[u8]) -> bool {
    bytes.starts_with(b"RIFF") && bytes.get(8..FIRST) == Some(b"WEBP")
}

/// A chunk, with its head and what fills it up to an even length, and its content.
struct Chunk {
    kind: [u8; 4],
    at: Range<usize>,
    content: Range<usize>,
}

/// What of a WebP matters for its Exif.
pub(super) struct Webp {
    /// The length that its head states.
    length: u32,
    /// Flags of the extended form, if it is of that; else what its chunk must say.
    head: Result<u8, [u8; HEAD_LENGTH]>,
    /// Whether it could be of a simple form without its Exif.
    may_be_simple: bool,
    exif: Option<Chunk>,
    /// Where Exif belongs.
    home: usize,
}

/// `None` if these are not the chunks of a whole picture, or there are some that do not go together.
pub(super) fn find(bytes: &[u8]) -> Option<Webp> {
    let length = u32::from_le_bytes(bytes.get(LENGTH)?.try_into().ok()?);
    let end = usize::try_from(length).ok()?.checked_add(LENGTH.end)?;
    let bytes = bytes.get(..end).filter(|bytes| is_start_of(bytes))?;
    let first = chunk(bytes, FIRST)?;
    let flags = *bytes.get(FLAGS)?;
    let is_extended = first.kind == *HEAD && first.at.len() == HEAD_LENGTH;
    let (mut exif, mut home, mut pictures, mut others, mut at) =
        (None, end, 0_usize, 0_usize, first.at.start);
    while at < end {
        let next = chunk(bytes, at)?;
        at = next.at.end;
        match &next.kind {
            HEAD if next.at.start == FIRST => {}
            HEAD => return None,
            EXIF if exif.is_none() => exif = Some(next),
            EXIF => return None,
            b"VP8 " | b"VP8L" | b"ANMF" => pictures += 1,
            b"XMP " if home == end => (home, others) = (next.at.start, others + 1),
            _ => others += 1,
        }
    }
    let is_simple = !is_extended && pictures == 1 && first.at.end == end;
    let head = match is_extended {
        true => Ok(flags),
        false => Err(head_for(&first.kind, bytes.get(first.content)?).filter(|_| is_simple)?),
    };
    (pictures > 0).then_some(Webp { length, head, may_be_simple: others == 0 && pictures == 1, exif, home })
}

impl Webp {
    pub(super) fn tiff<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let content = bytes.get(self.exif.as_ref()?.content.clone())?;
        Some(content.strip_prefix(PREFIX).unwrap_or(content))
    }

    /// The file with this TIFF.
    pub(super) fn with(&self, bytes: &[u8], tiff: &[u8]) -> Option<Change> {
        let (at, content) = match &self.exif {
            Some(exif) => (exif.at.clone(), self.prefixed(bytes, tiff)?),
            None => (self.home..self.home, tiff.to_vec()),
        };
        let head = match &self.head {
            Ok(flags) => (FLAGS..FLAGS + 1, vec![flags | HAS_EXIF]),
            Err(head) => (FIRST..FIRST, head.to_vec()),
        };
        self.change([head, (at, wrap(&content)?)])
    }

    /// What the file may have been before: with its Exif as that was, or without; of the extended form or not.
    pub(super) fn before(&self, bytes: &[u8]) -> Vec<Change> {
        let (Some(exif), Ok(flags)) = (&self.exif, &self.head) else { return Vec::new() };
        let flagged = |flags: u8| (FLAGS..FLAGS + 1, vec![flags]);
        let without = (exif.at.clone(), Vec::new());
        let undone = self.tiff(bytes).and_then(tiff::undo);
        let undone = undone.and_then(|tiff| wrap(&self.prefixed(bytes, &tiff)?));
        let mut found = Vec::new();
        for piece in undone.map(|piece| (exif.at.clone(), piece)).into_iter().chain([without.clone()]) {
            found.extend(self.change([flagged(*flags), piece.clone()]));
            found.extend(self.change([flagged(flags & !HAS_EXIF), piece]));
        }
        if self.may_be_simple {
            found.extend(self.change([(FIRST..FIRST + HEAD_LENGTH, Vec::new()), without]));
        }
        found
    }

    /// With the length of the whole as these edits make it.
    fn change(&self, edits: [(Range<usize>, Vec<u8>); 2]) -> Option<Change> {
        let mut length = i64::from(self.length);
        for (at, piece) in &edits {
            length += i64::try_from(piece.len()).ok()? - i64::try_from(at.len()).ok()?;
        }
        let length = u32::try_from(length).ok()?.to_le_bytes();
        Some(Change::new([(LENGTH, length.to_vec())].into_iter().chain(edits)))
    }

    /// The content of the Exif chunk with this TIFF, and before it what stands there.
    fn prefixed(&self, bytes: &[u8], tiff: &[u8]) -> Option<Vec<u8>> {
        let content = bytes.get(self.exif.as_ref()?.content.clone())?;
        let prefix = if content.starts_with(PREFIX) { PREFIX } else { &[] };
        Some([prefix, tiff].concat())
    }
}

fn chunk(bytes: &[u8], at: usize) -> Option<Chunk> {
    let head = bytes.get(at..at.checked_add(8)?)?;
    let length = usize::try_from(u32::from_le_bytes(head[4..].try_into().ok()?)).ok()?;
    let content = at + 8..(at + 8).checked_add(length)?;
    let end = content.end.checked_next_multiple_of(2).filter(|end| *end <= bytes.len())?;
    Some(Chunk { kind: head[..4].try_into().ok()?, at: at..end, content })
}

fn wrap(content: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(content.len()).ok()?;
    let fill = &[0][..content.len() % 2];
    Some([EXIF, &length.to_le_bytes()[..], content, fill].concat())
}

/// The chunk of the extended form for the only picture of a simple one.
fn head_for(kind: &[u8; 4], picture: &[u8]) -> Option<[u8; HEAD_LENGTH]> {
    let (width, height, alpha) = match kind {
        b"VP8 " => lossy(picture)?,
        b"VP8L" => lossless(picture)?,
        _ => return None,
    };
    let mut head = [0; HEAD_LENGTH];
    head[..4].copy_from_slice(HEAD);
    head[4] = 10;
    head[8] = HAS_EXIF | if alpha { HAS_ALPHA } else { 0 };
    head[12..15].copy_from_slice(&width.checked_sub(1)?.to_le_bytes()[..3]);
    head[15..18].copy_from_slice(&height.checked_sub(1)?.to_le_bytes()[..3]);
    Some(head)
}

/// Width, height, transparency: of a key frame of VP8 (RFC 6386, 9.1).
fn lossy(picture: &[u8]) -> Option<(u32, u32, bool)> {
    let is_key = picture.first()? & 1 == 0 && picture.get(3..6)? == b"\x9d\x01\x2a";
    let side = |at: usize| {
        let bytes = picture.get(at..at + 2)?.try_into().ok()?;
        Some(u32::from(u16::from_le_bytes(bytes) & 0x3fff))
    };
    Some((side(6)?, side(8)?, false)).filter(|_| is_key)
}

/// The same of VP8L (RFC 9649, 3.4): a signature, then from the lowest bit on 14 bits for each side less one, and one for transparency.
fn lossless(picture: &[u8]) -> Option<(u32, u32, bool)> {
    let bits = u32::from_le_bytes(picture.get(1..5)?.try_into().ok()?);
    let is_known = *picture.first()? == 0x2f && bits >> 29 == 0;
    is_known.then_some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1, bits >> 28 & 1 == 1))
}
