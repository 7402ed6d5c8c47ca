//! Seeing through what icloudpd's `--set-exif-datetime` does to a JPEG: it puts an Exif segment in that says when the photo was
//! taken, always as the first segment, and leaves everything from the picture on as it was. What this program does, to files of any format, is
//! undone exactly.

use futures::TryStreamExt;

use super::super::dating;
use super::wishes::Wish;
use crate::asset::{Hasher, Scheme};
use crate::error::Result;
use crate::storage::{ObjectMeta, Storage};

/// Larger files are not looked into.
const LIMIT: u64 = 256 << 20;

/// What can be added or taken by exchanging one segment.
const SEGMENT: u64 = 64 * 1024;

const START: [u8; 2] = [0xff, 0xd8];
const END: [u8; 2] = [0xff, 0xd9];
const SCAN: u8 = 0xda;
/// The segment that Exif lies in, and how its content begins.
const APP1: [u8; 2] = [0xff, 0xe1];
const EXIF: &[u8] = b"Exif\0\0";

/// The directory with the photo's own tags, and in it when it was taken and when it was made into bytes.
const EXIF_DIRECTORY: u16 = 0x8769;
const TAKEN: u16 = 0x9003;
const DIGITISED: u16 = 0x9004;

/// A file that a date was written into.
pub(super) struct Dated {
    /// Without its Exif segment it has Apple's checksum: it is the very photo.
    pub(super) proven: bool,
    pub(super) sha256: [u8; 32],
}

/// Looks whether a file is the photo with its date written into it. Either that is proven, or all signs are there: a JPEG that is
/// whole by its markers, of the photo's pixels, that bears the photo's date where icloudpd writes it, and of a fitting length.
pub(super) async fn look(storage: &dyn Storage, meta: &ObjectMeta, wish: &Wish) -> Result<Option<Dated>> {
    let near = wish.size.is_some_and(|size| size != meta.size && size.abs_diff(meta.size) <= SEGMENT);
    if !near || meta.size > LIMIT {
        return Ok(None);
    }
    let bytes = storage.read(&meta.path, 0).await?.try_collect::<Vec<_>>().await?.concat();
    let proven = is_proven(&bytes, wish);
    if !proven && !has_all_signs(&bytes, wish) {
        return Ok(None);
    }
    let mut hasher = Hasher::new();
    hasher.update(&bytes);
    Ok(Some(Dated { proven, sha256: hasher.finish().sha256 }))
}

fn is_proven(bytes: &[u8], wish: &Wish) -> bool {
    let Some(checksum) = wish.checksum.filter(|checksum| checksum.scheme() == Scheme::SaltedSha1) else {
        return false;
    };
    if dating::proven_original(bytes, wish.size, &checksum).is_some() {
        return true;
    }
    let Some(parts) = without_exif(bytes) else { return false };
    let mut hasher = Hasher::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finish().checksum == checksum
}

fn has_all_signs(bytes: &[u8], wish: &Wish) -> bool {
    let Some(jpeg) = Jpeg::parse(bytes) else { return false };
    let (width, height) = jpeg.pixels;
    // Apple's numbers are those before rotation, mostly.
    let pixels = wish.pixels.is_none_or(|known| known == (width, height) || known == (height, width));
    let dated = [TAKEN, DIGITISED].map(|tag| jpeg.exif.date(tag));
    let taken = dated.iter().all(|date| *date == Some(wish.taken.as_bytes()));
    // The bytes that were there before: all others, and what the segment took the place of.
    let replaced = wish.size.and_then(|size| size.checked_sub((bytes.len() - jpeg.segment) as u64));
    pixels && taken && replaced.is_some_and(|replaced| replaced < SEGMENT + 64)
}

/// The bytes before and behind the Exif segment.
fn without_exif(bytes: &[u8]) -> Option<[&[u8]; 2]> {
    let mut at = bytes.starts_with(&START).then_some(START.len())?;
    loop {
        let (marker, content, end) = segment(bytes, at)?;
        if marker == APP1[1] && content.starts_with(EXIF) {
            return Some([&bytes[..at], &bytes[end..]]);
        }
        // Only application segments come before it.
        if !(0xe0..=0xef).contains(&marker) {
            return None;
        }
        at = end;
    }
}

/// The segment that begins here: its marker, its content, and where the next one begins.
fn segment(bytes: &[u8], at: usize) -> Option<(u8, &[u8], usize)> {
    let head: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
    let end = at + 2 + length;
    let plain = head[0] == 0xff && !matches!(head[1], 0x00 | 0x01 | 0xd0..=0xd9 | 0xff);
    plain.then_some((head[1], bytes.get(at + 4..end)?, end))
}

/// A JPEG whose first segment is Exif, and that is whole.
struct Jpeg<'a> {
    exif: Tiff<'a>,
    /// Length of the Exif segment.
    segment: usize,
    pixels: (u32, u32),
}

impl<'a> Jpeg<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let whole = bytes.starts_with(&START) && bytes.ends_with(&END);
        let (marker, first, mut at) = segment(bytes, START.len()).filter(|_| whole)?;
        let exif = Tiff::parse(first.strip_prefix(EXIF).filter(|_| marker == APP1[1])?)?;
        let (length, mut pixels) = (at - START.len(), None);
        loop {
            let (marker, content, end) = segment(bytes, at)?;
            at = end;
            match marker {
                // A frame: precision, height, width, and as many bytes for each component as say what it is.
                0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                    let number = |at: usize| {
                        Some(u32::from(u16::from_be_bytes([*content.get(at)?, *content.get(at + 1)?])))
                    };
                    pixels = Some((number(3)?, number(1)?));
                }
                SCAN => {
                    at = end_of_scan(bytes, at)?;
                    if bytes[at..].starts_with(&END) {
                        return Some(Self { exif, segment: length, pixels: pixels? });
                    }
                }
                _ => {}
            }
        }
    }
}

/// Where the next marker stands that is none of those that belong to a picture's data.
fn end_of_scan(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == 0xff)?;
        match *bytes.get(at + 1)? {
            0x00 | 0xd0..=0xd7 => at += 2,
            0xff => at += 1,
            _ => return Some(at),
        }
    }
}

/// Exif as icloudpd writes it: the large end first.
struct Tiff<'a>(&'a [u8]);

impl<'a> Tiff<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        bytes.starts_with(b"MM\0*").then_some(Self(bytes))
    }

    fn date(&self, tag: u16) -> Option<&'a [u8]> {
        let (_, _, directory) = self.entry(self.long(4)?, EXIF_DIRECTORY)?;
        let (kind, count, value) = self.entry(directory, tag)?;
        let (at, count) = (value as usize, count as usize);
        let text = self.0.get(at..at.checked_add(count)?).filter(|_| kind == 2 && count > 4)?;
        text.strip_suffix(b"\0")
    }

    /// Type, count and value of a tag in the directory at `at`.
    fn entry(&self, at: u32, tag: u16) -> Option<(u16, u32, u32)> {
        let entries = (0..u32::from(self.short(at)?)).map(|entry| u64::from(at) + 2 + 12 * u64::from(entry));
        let mut entries = entries.map_while(|entry| u32::try_from(entry).ok());
        let entry = entries.find(|entry| self.short(*entry) == Some(tag))?;
        Some((self.short(entry + 2)?, self.long(entry + 4)?, self.long(entry + 8)?))
    }

    fn short(&self, at: u32) -> Option<u16> {
        let at = at as usize;
        Some(u16::from_be_bytes(self.0.get(at..at.checked_add(2)?)?.try_into().ok()?))
    }

    fn long(&self, at: u32) -> Option<u32> {
        let at = at as usize;
        Some(u32::from_be_bytes(self.0.get(at..at.checked_add(4)?)?.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::{AssetId, Role};

    const DATE: &str = "2024:05:06 07:08:09";

    /// A JPEG of 4 by 2 pixels with these dates.
    fn jpeg(taken: &str, digitised: &str) -> Vec<u8> {
        let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x87\x69\0\x04\0\0\0\x01\0\0\0\x1a\0\0\0\0".to_vec();
        exif.extend(b"\0\x02\x90\x03\0\x02\0\0\0\x14\0\0\0\x34\x90\x04\0\x02\0\0\0\x14\0\0\0\x48");
        exif.extend(format!("{taken}\0{digitised}\0").bytes());
        let mut bytes = [&b"\xff\xd8\xff\xe1"[..], &(exif.len() as u16 + 2).to_be_bytes(), &exif].concat();
        bytes.extend(b"\xff\xc0\0\x0b\x08\0\x02\0\x04\x01\x01\x11\0\xff\xda\0\x08\x01\x01\0\0\x3f\0");
        bytes.extend([&[7; 500][..], b"\xff\0\xff\xd3", &[8; 500], b"\xff\xd9"].concat());
        bytes
    }

    fn wish(size: u64, pixels: (u32, u32)) -> Wish {
        let (asset, taken) = (AssetId::new("A"), DATE.into());
        Wish {
            asset,
            role: Role::Original,
            size: Some(size),
            checksum: None,
            taken,
            pixels: Some(pixels),
            file: 0,
        }
    }

    /// A guess between photos of one name, second and size would cost one of them.
    #[test]
    fn wishes_for_other_bytes_are_told_apart() {
        let with = |asset: &str, content: Option<u8>| Wish {
            asset: AssetId::new(asset),
            checksum: content.map(|byte| {
                let mut hasher = crate::asset::Hasher::new();
                hasher.update(&[byte]);
                hasher.finish().checksum
            }),
            ..wish(1000, (4, 2))
        };
        let table = [
            (with("A", Some(1)), with("B", Some(1)), true),
            (with("A", Some(1)), with("B", Some(2)), false),
            (with("A", None), with("A", None), true),
            (with("A", None), with("B", None), false),
            (with("A", None), with("B", Some(1)), false),
        ];
        for (one, other, same) in table {
            assert_eq!(one.is_content_of(&other), same);
        }
    }

    #[test]
    fn all_signs_are_needed() {
        let good = jpeg(DATE, DATE);
        let size = good.len() as u64;
        for pixels in [(4, 2), (2, 4)] {
            assert!(has_all_signs(&good, &wish(size - 10, pixels)));
        }
        assert!(!has_all_signs(&good, &wish(size - 10, (4, 3))), "other pixels");
        // More is gone than the segment; or nothing could have been added.
        assert!(!has_all_signs(&good, &wish(size + 66_000, (4, 2))));
        assert!(!has_all_signs(&good, &wish(size - 200, (4, 2))));
        let other = "2024:05:06 07:08:10";
        assert!(!has_all_signs(&jpeg(other, other), &wish(size - 10, (4, 2))), "another date");
        assert!(!has_all_signs(&jpeg(DATE, other), &wish(size - 10, (4, 2))), "a camera's two dates");
        for cut in 1..good.len() {
            assert!(!has_all_signs(&good[..good.len() - cut], &wish(size - 10, (4, 2))), "cut by {cut}");
            let ended = [&good[..good.len() - cut], &END].concat();
            let in_picture = cut < 1008;
            assert!(in_picture || !has_all_signs(&ended, &wish(size - 10, (4, 2))), "cut by {cut}, ended");
        }
    }

    #[test]
    fn what_is_no_jpeg_has_no_signs() {
        for bytes in [&b"\xff\xd8\xff\xd9"[..], b"\xff\xd8", b"", b"\xff\xd8\xff\xe1\0\x0aExif\0\0MM\xff\xd9"]
        {
            assert!(Jpeg::parse(bytes).is_none());
        }
        let noise = [&START[..], &[0; 5000], &END].concat();
        assert!(Jpeg::parse(&noise).is_none());
    }

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
