//! The date a picture was taken, inside of its file.
//!
//! Nothing of a file is decoded and encoded again: one piece of it, the one with Exif, gives way to another, and all other bytes stay
//! as they were, what follows the picture included, but for the few that say where things stand. Inside of that piece nothing moves
//! either. The directory with the new dates is
//! put behind everything else and the one number that leads to it is changed, so that the notes of a camera's maker, which often
//! hold places in the file, stay right. Behind the directory stands what that number was: [`originals`] gives back the file as it was, bit for bit,
//! and [`with_date`] gives no file of which that is not true.

mod heif;
mod jpeg;
mod place;
mod png;
mod splice;
mod tiff;
mod webp;

use std::fmt;

use self::place::Place;
pub use self::splice::{Change, Edit, Original};
use crate::error::{Error, ErrorKind, Result};

/// Files above this are not looked into: 64 MiB.
pub const LIMIT: u64 = 64 << 20;

/// What [`with_date`] adds to a file at most, in bytes.
pub const MOST_ADDED: u64 = 64 << 10;

/// A format whose files can say when they were taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// `.jpg` and `.jpeg`; the only one that icloudpd knows.
    Jpeg,
    /// `.png`, with the date in its `eXIf` chunk.
    Png,
    /// `.heic`, `.heif` and `.hif`: still pictures, with whatever belongs to them. Not those that are films too.
    Heic,
    /// `.avif`, likewise.
    Avif,
    /// `.webp`. One of a simple form becomes one of the extended form, which Exif needs.
    Webp,
}

impl Format {
    /// The format that files of this name have by icloudpd's rule, which looks at the ending alone.
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "png" => Some(Self::Png),
            "heic" | "heif" | "hif" => Some(Self::Heic),
            "avif" => Some(Self::Avif),
            "webp" => Some(Self::Webp),
            _ => None,
        }
    }

    /// The format of these bytes, whatever the file is called.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(&jpeg::START) {
            Some(Self::Jpeg)
        } else if bytes.starts_with(png::SIGNATURE) {
            Some(Self::Png)
        } else if webp::is_start_of(bytes) {
            Some(Self::Webp)
        } else {
            heif::format(bytes)
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Heic => "HEIC",
            Self::Avif => "AVIF",
            Self::Webp => "WebP",
        })
    }
}

/// Whether the picture says when it was taken: `DateTimeOriginal` is there, and not empty.
///
/// # Errors
/// [`ErrorKind::Unsupported`] if these bytes are no picture of a known format, are longer than [`LIMIT`], or their Exif cannot be
/// followed.
pub fn has_date(bytes: &[u8]) -> Result<bool> {
    match Place::find(bytes)?.tiff(bytes)? {
        None => Ok(false),
        Some(tiff) => tiff::has_date(&tiff).ok_or_else(|| fault(DAMAGED)),
    }
}

/// The same file with `date` as `DateTimeOriginal` and `DateTimeDigitized`, as `YYYY:MM:DD HH:MM:SS`. Like icloudpd it says
/// nothing of the zone. Meant for pictures of which [`has_date`] says no; another date gives way.
///
/// # Errors
/// [`ErrorKind::Config`] for a date of another form. [`ErrorKind::Unsupported`] as [`has_date`], if there is no room left for
/// so much, and if the result, read back, is not what it should be: the date, and otherwise the file that was given.
pub fn with_date(bytes: &[u8], date: &str) -> Result<Vec<u8>> {
    Ok(change(bytes, date)?.made_to(bytes))
}

/// What [`with_date`] does to a file, for those who hold its bytes and want them once only.
///
/// # Errors
/// As [`with_date`].
pub fn change(bytes: &[u8], date: &str) -> Result<Change> {
    let date = tiff::Date::parse(date)
        .ok_or_else(|| Error::new(ErrorKind::Config, "a date in a picture is YYYY:MM:DD HH:MM:SS"))?;
    let place = Place::find(bytes)?;
    let tiff = match place.tiff(bytes)? {
        None => tiff::fresh(&date),
        Some(tiff) => tiff::with_date(&tiff, &date).ok_or_else(|| fault(DAMAGED))?,
    };
    let change = place.with(bytes, &tiff).filter(|change| change.growth() <= MOST_ADDED);
    let change = change.ok_or_else(|| fault("there is no room for a date"))?;
    require_dated(&tiff, &date)?;
    require_same(&place, bytes, &change, &tiff)?;
    Ok(change)
}

/// The new file, read as any other, has this TIFF, and nothing else that is not of the old one.
fn require_same(place: &Place, bytes: &[u8], change: &Change, tiff: &[u8]) -> Result<()> {
    let made = change.made_to(bytes);
    let there = Place::find(&made)?;
    let is_there = there.tiff(&made)?.as_deref() == Some(tiff) && place.is_moved(&there);
    match is_there && there.before(&made).iter().any(|change| change.gives(&made, bytes)) {
        true => Ok(()),
        false => Err(fault("the picture would not have stayed as it is")),
    }
}

/// What a file may have been before a date was written into it: by this program, exactly, or by one that puts Exif into a file that had
/// none. icloudpd puts it in the place of what JFIF had there, which is one of a few things. The caller knows a length and a checksum that
/// say which it is, if any. Never more than sixteen, and none for files above [`LIMIT`].
pub fn originals(bytes: &[u8]) -> Vec<Original<'_>> {
    let Ok(place) = Place::find(bytes) else { return Vec::new() };
    place.before(bytes).into_iter().map(|change| Original { bytes, change }).collect()
}

/// A second reader, which is not of this house, finds the date.
fn require_dated(tiff: &[u8], date: &tiff::Date) -> Result<()> {
    let mut reader = ::exif::Reader::new();
    reader.continue_on_error(true);
    let read = reader.read_raw(tiff.to_vec());
    let read = read.or_else(|error| error.distill_partial_result(|_| ()));
    let read = read.map_err(|error| fault(DAMAGED).caused_by(error))?;
    let says = |tag| match read.get_field(tag, ::exif::In::PRIMARY).map(|field| &field.value) {
        Some(::exif::Value::Ascii(texts)) => texts.first().is_some_and(|text| text == date.text()),
        _ => false,
    };
    match says(::exif::Tag::DateTimeOriginal) && says(::exif::Tag::DateTimeDigitized) {
        true => Ok(()),
        false => Err(fault("the date could not be read back")),
    }
}

const DAMAGED: &str = "its Exif is damaged";

fn fault(message: &'static str) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

#[cfg(test)]
mod tests;
