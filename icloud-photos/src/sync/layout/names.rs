//! Names of files before anything is known of their versions.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Asset, Filename, LiveNaming, NamePolicy};

/// The two forms of an asset's name that icloudpd works with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BaseNames {
    /// Forbidden characters replaced, nothing else: what edits with clashing names are called after.
    pub(super) raw: String,
    /// The same as the options want it.
    pub(super) styled: String,
}

impl BaseNames {
    pub(super) fn new(raw: String, master: &str, keep_unicode: bool, policy: NamePolicy) -> Self {
        let ascii = if keep_unicode { raw.clone() } else { raw.chars().filter(char::is_ascii).collect() };
        let styled = match policy {
            NamePolicy::SizeDedup => ascii,
            NamePolicy::Id7 => add_suffix(&ascii, &format!("_{}", id7(master))),
        };
        Self { raw, styled }
    }
}

/// The name of the asset with what no file system takes replaced.
pub(super) fn cleaned(asset: &Asset) -> String {
    match asset.filename() {
        Filename::Known(name) => clean(name),
        _ => fallback(asset.master_id().as_str(), asset.media_type()),
    }
}

/// The same, of what is remembered of an asset.
pub(super) fn recalled(name: &str, master: &str, media_type: Option<&str>) -> String {
    if name.is_empty() { fallback(master, media_type) } else { clean(name) }
}

/// A name made of the record's, for assets without one.
pub(super) fn fallback(master: &str, media_type: Option<&str>) -> String {
    let safe = |char: char| if char.is_ascii_alphanumeric() { char } else { '_' };
    let stem: String = master.chars().take(12).map(safe).collect();
    format!("{stem}.{}", media_type.and_then(extension_of).unwrap_or("unknown"))
}

fn clean(name: &str) -> String {
    name.replace(['<', '>', ':', '"', '/', '\\', '|', '?', '*', '\0'], "_")
}

/// Seven characters of the base64 of the record name, which is base64 itself.
fn id7(master: &str) -> String {
    STANDARD.encode(master).chars().take(7).collect()
}

/// The name of a version of the given type.
pub(super) fn of_version(base: &str, media_type: Option<&str>, is_movie: bool, live: LiveNaming) -> String {
    if !is_movie && media_type == Some(MOVIE) {
        return of_live_movie(base, live);
    }
    let (stem, extension) = split_extension(base);
    let old = extension.strip_prefix('.').unwrap_or(extension);
    format!("{stem}.{}", media_type.and_then(extension_of).unwrap_or(old))
}

/// The film of a Live Photo. `_HEVC` comes from the photo's name, whatever the photo really is.
fn of_live_movie(base: &str, naming: LiveNaming) -> String {
    match split_extension(base) {
        (_, "") => base.to_owned(),
        (stem, extension) if naming == LiveNaming::Suffix && extension.to_lowercase() == ".heic" => {
            format!("{stem}_HEVC.MOV")
        }
        (stem, _) => format!("{stem}.MOV"),
    }
}

/// Inserts before the extension.
pub(super) fn add_suffix(name: &str, suffix: &str) -> String {
    let (stem, extension) = split_extension(name);
    format!("{stem}{suffix}{extension}")
}

/// Cuts before the last dot, unless only dots stand before it.
fn split_extension(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if name[..at].chars().any(|char| char != '.') => name.split_at(at),
        _ => (name, ""),
    }
}

pub(super) const MOVIE: &str = "com.apple.quicktime-movie";

/// The types icloudpd knows. All but one are images; NRF is its own mistake for NRW, and in every folder by now.
const EXTENSIONS: [(&str, &str); 17] = [
    ("public.heic", "HEIC"),
    ("public.heif", "HEIF"),
    ("public.jpeg", "JPG"),
    ("public.png", "PNG"),
    (MOVIE, "MOV"),
    ("com.adobe.raw-image", "DNG"),
    ("com.canon.cr2-raw-image", "CR2"),
    ("com.canon.crw-raw-image", "CRW"),
    ("com.canon.cr3-raw-image", "CR3"),
    ("com.sony.arw-raw-image", "ARW"),
    ("com.fuji.raw-image", "RAF"),
    ("com.panasonic.rw2-raw-image", "RW2"),
    ("com.nikon.nrw-raw-image", "NRF"),
    ("com.nikon.raw-image", "NEF"),
    ("com.pentax.raw-image", "PEF"),
    ("com.olympus.raw-image", "ORF"),
    ("com.olympus.or-raw-image", "ORF"),
];

pub(super) fn extension_of(media_type: &str) -> Option<&'static str> {
    EXTENSIONS.iter().find(|(known, _)| *known == media_type).map(|(_, extension)| *extension)
}
