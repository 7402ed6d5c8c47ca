//! Uniform type identifiers (protocol page, 6.7).

use super::format::Format;

/// A type of file.
#[derive(Debug)]
pub(super) struct Uti {
    pub(super) name: &'static str,
    /// As a camera or an importer would write it.
    pub(super) extension: &'static str,
    pub(super) format: Format,
    /// `dataClassType`: 1 image, 2 video.
    pub(super) class: i64,
}

const fn image(name: &'static str, extension: &'static str, format: Format) -> Uti {
    Uti { name, extension, format, class: 1 }
}

const fn raw(name: &'static str, extension: &'static str) -> Uti {
    image(name, extension, Format::Tiff)
}

const fn video(name: &'static str, extension: &'static str, format: Format) -> Uti {
    Uti { name, extension, format, class: 2 }
}

pub(super) static JPEG: Uti = image("public.jpeg", "JPG", Format::Jpeg);
pub(super) static JPEG_EXIF: Uti = image("public.jpeg", "JPG", Format::JpegExif);
pub(super) static JPEG_CAMERA: Uti = image("public.jpeg", "JPG", Format::JpegCamera);
pub(super) static JPEG_DAMAGED: Uti = image("public.jpeg", "JPG", Format::JpegDamaged);
pub(super) static HEIC: Uti = image("public.heic", "HEIC", Format::Heic);
pub(super) static HEIC_STILL: Uti = image("public.heic", "HEIC", Format::HeicStill);
pub(super) static AVIF: Uti = image("public.avif", "AVIF", Format::Avif);
pub(super) static WEBP: Uti = image("org.webmproject.webp", "WEBP", Format::Webp);
pub(super) static HEIF: Uti = image("public.heif", "HEIF", Format::Heic);
pub(super) static PNG: Uti = image("public.png", "PNG", Format::Png);
pub(super) static GIF: Uti = image("com.compuserve.gif", "GIF", Format::Gif);
pub(super) static MOV: Uti = video("com.apple.quicktime-movie", "MOV", Format::Mov);
pub(super) static MP4: Uti = video("public.mpeg-4", "MP4", Format::Mp4);
pub(super) static DNG: Uti = raw("com.adobe.raw-image", "DNG");
pub(super) static RAWS: [Uti; 11] = [
    raw("com.canon.cr2-raw-image", "CR2"),
    raw("com.canon.cr3-raw-image", "CR3"),
    raw("com.canon.crw-raw-image", "CRW"),
    raw("com.sony.arw-raw-image", "ARW"),
    raw("com.fuji.raw-image", "RAF"),
    raw("com.panasonic.rw2-raw-image", "RW2"),
    raw("com.nikon.raw-image", "NEF"),
    raw("com.nikon.nrw-raw-image", "NRW"),
    raw("com.pentax.raw-image", "PEF"),
    raw("com.olympus.raw-image", "ORF"),
    raw("com.olympus.or-raw-image", "ORF"),
];

/// Types that few assets have.
pub(super) static RARE: [Uti; 25] = [
    image("org.webmproject.webp", "WEBP", Format::Opaque),
    image("public.tiff", "TIFF", Format::Tiff),
    image("public.avif", "AVIF", Format::Opaque),
    image("public.jpeg-2000", "JP2", Format::Opaque),
    image("public.jpeg-xl", "JXL", Format::Opaque),
    image("public.mpo-image", "MPO", Format::Jpeg),
    image("public.pbm", "PBM", Format::Opaque),
    image("public.image", "HEIC", Format::Heic),
    image("com.microsoft.bmp", "BMP", Format::Opaque),
    image("com.adobe.photoshop-image", "PSD", Format::Opaque),
    image("com.adobe.illustrator.ai-image", "AI", Format::Opaque),
    image("com.adobe.pdf", "PDF", Format::Opaque),
    image("com.truevision.tga-image", "TGA", Format::Opaque),
    image("com.sgi.sgi-image", "SGI", Format::Opaque),
    image("com.dji.mimo.pano.jpeg", "JPG", Format::Jpeg),
    video("com.apple.m4v-video", "M4V", Format::Mp4),
    video("public.mpeg", "MPG", Format::Opaque),
    video("public.mpeg-2-video", "M2V", Format::Opaque),
    video("public.3gpp", "3GP", Format::Mp4),
    video("public.avi", "AVI", Format::Opaque),
    video("public.avchd-mpeg-2-transport-stream", "MTS", Format::Opaque),
    video("public.mp3", "MP3", Format::Opaque),
    video("com.apple.m4a-audio", "M4A", Format::Mp4),
    image("public.item", "DAT", Format::Opaque),
    // A type no client knows.
    image("com.example.hologram", "HOLO", Format::Opaque),
];

/// The type of a name.
pub(super) fn find(name: &str) -> Option<&'static Uti> {
    let common = [&JPEG, &HEIC, &HEIF, &PNG, &GIF, &MOV, &MP4, &DNG];
    common.into_iter().chain(&RAWS).chain(&RARE).find(|uti| uti.name == name)
}
