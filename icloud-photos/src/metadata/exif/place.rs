//! Exif in a file of any known format.

use std::borrow::Cow;

use super::heif::{self, Heif};
use super::splice::{Change, Splice};
use super::webp::{self, Webp};
use super::{DAMAGED, Format, LIMIT, fault, jpeg, png, tiff};
use crate::error::Result;

/// Makes a TIFF the piece that Exif is in a file.
type Wrap = fn(&[u8]) -> Option<Vec<u8>>;

/// Where Exif stands, or would.
pub(super) enum Place {
    Jpeg(Splice),
    Png(Splice),
    Heif(Heif),
    Webp(Webp),
}

impl Place {
    pub(super) fn find(bytes: &[u8]) -> Result<Self> {
        if bytes.len() as u64 > LIMIT {
            return Err(fault("it is too large to be looked into"));
        }
        let format = Format::of_bytes(bytes);
        let place = match format.ok_or_else(|| fault("it is of no format that a date can be written into"))? {
            Format::Jpeg => jpeg::find(bytes).map(Self::Jpeg),
            Format::Png => png::find(bytes).map(Self::Png),
            Format::Heic | Format::Avif => heif::find(bytes).map(Self::Heif),
            Format::Webp => webp::find(bytes).map(Self::Webp),
        };
        place.ok_or_else(|| {
            fault("it is no whole picture of its kind, or put together in a way that is not known")
        })
    }

    /// The TIFF that is there.
    pub(super) fn tiff<'a>(&self, bytes: &'a [u8]) -> Result<Option<Cow<'a, [u8]>>> {
        Ok(match self {
            Self::Jpeg(splice) | Self::Png(splice) => splice.tiff(bytes).map(Cow::from),
            Self::Webp(webp) => webp.tiff(bytes).map(Cow::from),
            Self::Heif(heif) if heif.has_exif() => Some(heif.tiff(bytes).ok_or_else(|| fault(DAMAGED))?),
            Self::Heif(_) => None,
        })
    }

    /// What makes the file one with this TIFF, if there is room.
    pub(super) fn with(&self, bytes: &[u8], tiff: &[u8]) -> Option<Change> {
        match self {
            Self::Jpeg(splice) => Some(splice.with(jpeg::wrap(tiff)?)),
            Self::Png(splice) => Some(splice.with(png::wrap(tiff)?)),
            Self::Heif(heif) => heif.with(bytes, tiff),
            Self::Webp(webp) => webp.with(bytes, tiff),
        }
    }

    /// What may make the file what it was before there was a date, or Exif, in it.
    pub(super) fn before(&self, bytes: &[u8]) -> Vec<Change> {
        let (splice, wrap): (_, Wrap) = match self {
            Self::Heif(heif) => return heif.before().into_iter().collect(),
            Self::Webp(webp) => return webp.before(bytes),
            Self::Jpeg(splice) => (splice, jpeg::wrap),
            Self::Png(splice) => (splice, png::wrap),
        };
        let Some(tiff) = splice.tiff(bytes) else { return Vec::new() };
        let undone = tiff::undo(tiff).and_then(|tiff| wrap(&tiff));
        let replaced = if matches!(self, Self::Jpeg(_)) { jpeg::replaced(splice) } else { Vec::new() };
        let pieces = undone.into_iter().chain([Vec::new()]).chain(replaced);
        pieces.map(|piece| splice.with(piece)).collect()
    }

    /// Whether what is found by numbers is found in that file too.
    pub(super) fn is_moved(&self, there: &Self) -> bool {
        match (self, there) {
            (Self::Heif(here), Self::Heif(there)) => here.is_moved(there),
            (Self::Heif(_), _) | (_, Self::Heif(_)) => false,
            _ => true,
        }
    }
}
