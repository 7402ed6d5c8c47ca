//! Uniform type identifiers: their file extension and what kind of thing they are (protocol notes 6.7).

use super::MediaKind;

/// What kind of thing a type is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Image,
    Raw,
    Video,
    Other,
}

/// The usual upper-case extension, without a dot, of files of this type. `None` for a type that is not in the table.
///
/// The names of icloudpd's files follow its own, narrower table; see `sync::layout`.
pub fn extension(uti: &str) -> Option<&'static str> {
    find(uti).map(|(_, extension, _)| *extension)
}

/// What files of this type are; [`MediaKind::Unknown`] for a type that is not in the table, and for sounds and
/// documents.
pub fn kind(uti: &str) -> MediaKind {
    find(uti).map_or(MediaKind::Unknown, |(_, _, kind)| media_kind(*kind))
}

/// True for a camera's raw format.
pub fn is_raw(uti: &str) -> bool {
    find(uti).is_some_and(|(_, _, kind)| *kind == Kind::Raw)
}

/// What a file of this extension is, in any case.
pub(super) fn kind_of_extension(extension: &str) -> MediaKind {
    let same = TABLE.iter().find(|(_, known, _)| known.eq_ignore_ascii_case(extension));
    match same {
        Some((_, _, kind)) => media_kind(*kind),
        None if extension.eq_ignore_ascii_case("jpeg") || extension.eq_ignore_ascii_case("tif") => {
            MediaKind::Photo
        }
        None => MediaKind::Unknown,
    }
}

fn media_kind(kind: Kind) -> MediaKind {
    match kind {
        Kind::Image | Kind::Raw => MediaKind::Photo,
        Kind::Video => MediaKind::Video,
        Kind::Other => MediaKind::Unknown,
    }
}

fn find(uti: &str) -> Option<&'static (&'static str, &'static str, Kind)> {
    TABLE.iter().find(|(known, _, _)| *known == uti)
}

const TABLE: &[(&str, &str, Kind)] = &[
    ("public.jpeg", "JPG", Kind::Image),
    ("public.heic", "HEIC", Kind::Image),
    ("public.heif", "HEIF", Kind::Image),
    ("public.png", "PNG", Kind::Image),
    ("com.apple.quicktime-movie", "MOV", Kind::Video),
    ("public.mpeg-4", "MP4", Kind::Video),
    ("com.compuserve.gif", "GIF", Kind::Image),
    ("org.webmproject.webp", "WEBP", Kind::Image),
    ("public.tiff", "TIFF", Kind::Image),
    ("public.avif", "AVIF", Kind::Image),
    ("public.jpeg-2000", "JP2", Kind::Image),
    ("public.jpeg-xl", "JXL", Kind::Image),
    ("public.mpo-image", "MPO", Kind::Image),
    ("public.pbm", "PBM", Kind::Image),
    ("public.image", "HEIC", Kind::Image),
    ("com.microsoft.bmp", "BMP", Kind::Image),
    ("com.adobe.photoshop-image", "PSD", Kind::Image),
    ("com.adobe.illustrator.ai-image", "AI", Kind::Image),
    ("com.adobe.pdf", "PDF", Kind::Other),
    ("com.truevision.tga-image", "TGA", Kind::Image),
    ("com.sgi.sgi-image", "SGI", Kind::Image),
    ("com.dji.mimo.pano.jpeg", "JPG", Kind::Image),
    ("com.adobe.raw-image", "DNG", Kind::Raw),
    ("com.canon.cr2-raw-image", "CR2", Kind::Raw),
    ("com.canon.cr3-raw-image", "CR3", Kind::Raw),
    ("com.canon.crw-raw-image", "CRW", Kind::Raw),
    ("com.sony.arw-raw-image", "ARW", Kind::Raw),
    ("com.fuji.raw-image", "RAF", Kind::Raw),
    ("com.panasonic.rw2-raw-image", "RW2", Kind::Raw),
    ("com.nikon.raw-image", "NEF", Kind::Raw),
    ("com.nikon.nrw-raw-image", "NRW", Kind::Raw),
    ("com.pentax.raw-image", "PEF", Kind::Raw),
    ("com.olympus.raw-image", "ORF", Kind::Raw),
    ("com.olympus.or-raw-image", "ORF", Kind::Raw),
    ("com.apple.m4v-video", "M4V", Kind::Video),
    ("public.mpeg", "MPG", Kind::Video),
    ("public.mpeg-2-video", "M2V", Kind::Video),
    ("public.3gpp", "3GP", Kind::Video),
    ("public.avi", "AVI", Kind::Video),
    ("public.avchd-mpeg-2-transport-stream", "MTS", Kind::Video),
    ("public.mp3", "MP3", Kind::Other),
    ("com.apple.m4a-audio", "M4A", Kind::Other),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn types_have_extensions_and_kinds() {
        assert_eq!(extension("com.nikon.nrw-raw-image"), Some("NRW"));
        assert_eq!(kind("com.adobe.raw-image"), MediaKind::Photo);
        assert!(is_raw("com.adobe.raw-image") && !is_raw("public.jpeg"));
        assert_eq!(kind("public.mpeg-4"), MediaKind::Video);
        assert_eq!((extension("com.example.new"), kind("com.example.new")), (None, MediaKind::Unknown));
        assert_eq!(kind_of_extension("jpeg"), MediaKind::Photo);
        assert_eq!(kind_of_extension("mov"), MediaKind::Video);
    }

    #[test]
    fn no_type_stands_in_the_table_twice() {
        let mut seen = HashSet::new();
        assert!(TABLE.iter().all(|(uti, _, _)| seen.insert(uti)));
    }
}
