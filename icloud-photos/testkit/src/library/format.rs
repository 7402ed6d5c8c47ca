//! File formats: what a file of some type begins with, so that decoders and sniffers take it for one.

/// The bytes a file begins with. What follows them is padding that the format allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Format {
    /// A whole baseline JPEG of 8x8 grey pixels, then padding after its end marker.
    Jpeg,
    /// The same with an Exif segment that says when it was taken.
    JpegExif,
    /// A whole PNG of one pixel, then padding.
    Png,
    /// A whole GIF of one pixel, then padding.
    Gif,
    /// `ftyp` of HEIC and an `mdat` that runs to the end of the file. Nothing decodes it.
    Heic,
    /// The same for QuickTime.
    Mov,
    /// The same for MPEG-4.
    Mp4,
    /// The first bytes of a TIFF, as most RAW formats have them.
    Tiff,
    /// Padding from the first byte on.
    Opaque,
    /// [`Format::Jpeg`] with all that a camera writes into it, but for the date: maker and a note of his, place, and a thumbnail.
    JpegCamera,
    /// [`Format::Jpeg`] with Exif that leads nowhere.
    JpegDamaged,
    /// A whole HEIC, with Exif that names a maker and no date, then padding in a box that runs to the end of the file. It and the two that
    /// follow are of icloud-photos/src/metadata/exif/testdata, where they are made.
    HeicStill,
    /// A whole AVIF without Exif, likewise.
    Avif,
    /// A whole WebP, lossless and of the simple form, then padding behind its end.
    Webp,
}

impl Format {
    /// Every format; the place in this list is its number in a link.
    pub(super) const ALL: [Self; 14] = [
        Self::Jpeg,
        Self::JpegExif,
        Self::Png,
        Self::Gif,
        Self::Heic,
        Self::Mov,
        Self::Mp4,
        Self::Tiff,
        Self::Opaque,
        Self::JpegCamera,
        Self::JpegDamaged,
        Self::HeicStill,
        Self::Avif,
        Self::Webp,
    ];

    /// What the file begins with.
    pub(super) const fn header(self) -> &'static [u8] {
        match self {
            Self::Jpeg => &JPEG,
            Self::JpegExif => &JPEG_EXIF,
            Self::Png => PNG,
            Self::Gif => GIF,
            Self::Heic => HEIC,
            Self::Mov => MOV,
            Self::Mp4 => MP4,
            Self::Tiff => b"II*\0\x08\0\0\0\0\0\0\0\0\0",
            Self::Opaque => b"",
            Self::JpegCamera => &JPEG_CAMERA,
            Self::JpegDamaged => &JPEG_DAMAGED,
            Self::HeicStill => &HEIC_STILL,
            Self::Avif => &AVIF,
            Self::Webp => include_bytes!("testdata/still.webp"),
        }
    }
}

/// Quantisation of one everywhere, two one-symbol Huffman tables, one block: DC category 0, end of block.
const JPEG: [u8; JPEG_LEN] = jpeg::<JPEG_LEN>(&[]);
const JPEG_LEN: usize = 2 + TABLES.len() + 64 + SCAN.len();

/// `DateTimeOriginal` is 2017:01:02 03:04:05.
const JPEG_EXIF: [u8; JPEG_LEN + EXIF.len()] = jpeg::<{ JPEG_LEN + EXIF.len() }>(EXIF);

const JPEG_CAMERA: [u8; JPEG_LEN + CAMERA.len()] = jpeg::<{ JPEG_LEN + CAMERA.len() }>(CAMERA);

/// APP1 with a TIFF, the small end first: two directories, one for the thumbnail.
#[rustfmt::skip]
const CAMERA: &[u8] = b"\xff\xe1\x01_Exif\0\0II*\0\x08\0\0\0\x03\0\x0f\x01\x02\0\x0a\0\0\0\xb0\0\0\0i\x87\x04\0\x01\0\0\x002\0\
    \0\0%\x88\x04\0\x01\0\0\0P\0\0\0n\0\0\0\x02\0\0\x90\x07\0\x04\0\0\x000231|\x92\x07\0\x10\0\0\0\xba\0\0\
    \0\0\0\0\0\x02\0\x01\0\x02\0\x02\0\0\0N\0\0\0\x02\0\x05\0\x03\0\0\0\x98\0\0\0\0\0\0\0\x03\0\x03\x01\
    \x03\0\x01\0\0\0\x06\0\0\0\x01\x02\x04\0\x01\0\0\0\xca\0\0\0\x02\x02\x04\0\x01\0\0\0\x8d\0\0\0\0\0\0\
    \0/\0\0\0\x01\0\0\0\x1e\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0TestMaker\0note of a maker\0\xff\xd8\xff\
    \xdb\0C\0\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\
    \x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\
    \x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\xff\xc0\0\x0b\x08\0\x08\0\x08\
    \x01\x01\x11\0\xff\xc4\0\x14\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xc4\0\x14\x10\x01\0\0\0\0\0\0\
    \0\0\0\0\0\0\0\0\0\0\xff\xda\0\x08\x01\x01\0\0?\0?\xff\xd9";

const JPEG_DAMAGED: [u8; JPEG_LEN + DAMAGED.len()] = jpeg::<{ JPEG_LEN + DAMAGED.len() }>(DAMAGED);

const DAMAGED: &[u8] = b"\xff\xe1\x00\x12Exif\0\0II*\0\xff\xff\0\0\0\0";

const TABLES: &[u8] = b"\xff\xdb\x00\x43\x00";
const SCAN: &[u8] = b"\xff\xc0\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00\
    \xff\xc4\x00\x14\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
    \xff\xc4\x00\x14\x10\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
    \xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x3f\xff\xd9";

/// APP1: a TIFF with one directory that points at an Exif directory with one entry.
const EXIF: &[u8] = b"\xff\xe1\x00\x48Exif\0\0MM\0*\0\0\0\x08\
    \0\x01\x87\x69\0\x04\0\0\0\x01\0\0\0\x1a\0\0\0\0\
    \0\x01\x90\x03\0\x02\0\0\0\x14\0\0\0\x2c\0\0\0\0\
    2017:01:02 03:04:05\0";

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\
    \0\0\0\nIDATx\xdach\0\0\0\x82\0\x81\xdaE\x08;\0\0\0\0IEND\xaeB`\x82";

const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

const HEIC: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\0mdat";
const MOV: &[u8] = b"\0\0\0\x14ftypqt  \0\0\0\0qt  \0\0\0\0mdat";
const MP4: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42\0\0\0\0mdat";

const HEIC_FILE: &[u8] = include_bytes!("testdata/still.heic");
const HEIC_STILL: [u8; HEIC_FILE.len() + OPEN.len()] = opened(HEIC_FILE);

const AVIF_FILE: &[u8] = include_bytes!("testdata/still.avif");
const AVIF: [u8; AVIF_FILE.len() + OPEN.len()] = opened(AVIF_FILE);

/// The head of a box for what is not used, which runs to the end of the file.
const OPEN: &[u8] = b"\0\0\0\0free";

const fn opened<const N: usize>(file: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    let at = copy(&mut out, 0, file);
    copy(&mut out, at, OPEN);
    out
}

const fn jpeg<const N: usize>(segment: &[u8]) -> [u8; N] {
    let mut out = [1; N];
    let at = copy(&mut out, 0, b"\xff\xd8");
    let at = copy(&mut out, at, segment);
    let at = copy(&mut out, at, TABLES);
    copy(&mut out, at + 64, SCAN);
    out
}

const fn copy(out: &mut [u8], at: usize, from: &[u8]) -> usize {
    let mut i = 0;
    while i < from.len() {
        out[at + i] = from[i];
        i += 1;
    }
    at + from.len()
}
