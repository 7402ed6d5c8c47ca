//! The date a picture was taken, inside of its file.
//!
//! Nothing of a file is decoded and encoded again: one piece of it, the one with Exif, gives way to another, and all other bytes stay
//! where they were, what follows the picture included. Inside of that piece nothing moves either. The directory with the new dates is
//! put behind everything else and the one number that leads to it is changed, so that the notes of a camera's maker, which often
//! hold places in the file, stay right. Behind the directory stands what that number was: [`originals`] gives back the file as it was, bit for bit,
//! and [`with_date`] gives no file of which that is not true.

mod jpeg;
mod png;
mod splice;
mod tiff;

use std::fmt;

use self::splice::Splice;
pub use self::splice::{Change, Original};
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
}

impl Format {
    /// The format that files of this name have by icloudpd's rule, which looks at the ending alone.
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "png" => Some(Self::Png),
            _ => None,
        }
    }

    /// The format of these bytes, whatever the file is called.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(&jpeg::START) {
            Some(Self::Jpeg)
        } else if bytes.starts_with(png::SIGNATURE) {
            Some(Self::Png)
        } else {
            None
        }
    }

    fn find(self, bytes: &[u8]) -> Result<Splice> {
        match self {
            Self::Jpeg => jpeg::find(bytes),
            Self::Png => png::find(bytes),
        }
        .ok_or_else(|| fault("it is no whole picture of its kind"))
    }

    fn wrap(self, tiff: &[u8]) -> Result<Vec<u8>> {
        match self {
            Self::Jpeg => jpeg::wrap(tiff),
            Self::Png => png::wrap(tiff),
        }
        .ok_or_else(|| fault("there is no room for a date"))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
        })
    }
}

/// Whether the picture says when it was taken: `DateTimeOriginal` is there, and not empty.
///
/// # Errors
/// [`ErrorKind::Unsupported`] if these bytes are no picture of a known format, are longer than [`LIMIT`], or their Exif cannot be
/// followed.
pub fn has_date(bytes: &[u8]) -> Result<bool> {
    let splice = format_of(bytes)?.find(bytes)?;
    match splice.tiff(bytes) {
        None => Ok(false),
        Some(tiff) => tiff::has_date(tiff).ok_or_else(|| fault(DAMAGED)),
    }
}

/// The same file with `date` as `DateTimeOriginal` and `DateTimeDigitized`, as `YYYY:MM:DD HH:MM:SS`. Like icloudpd it says
/// nothing of the zone. Meant for pictures of which [`has_date`] says no; another date gives way.
///
/// # Errors
/// [`ErrorKind::Config`] for a date of another form. [`ErrorKind::Unsupported`] as [`has_date`], if the piece for Exif has no
/// room left, and if the result, read back, is not what it should be: the date, and otherwise the file that was given.
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
    let format = format_of(bytes)?;
    let splice = format.find(bytes)?;
    let tiff = match splice.tiff(bytes) {
        None => tiff::fresh(&date),
        Some(tiff) => tiff::with_date(tiff, &date).ok_or_else(|| fault(DAMAGED))?,
    };
    let change = Change { at: splice.piece, piece: format.wrap(&tiff)? };
    require_dated(&tiff, &date)?;
    match originals(&change.made_to(bytes)).iter().any(|original| original.is(bytes)) {
        true => Ok(change),
        false => Err(fault("the picture would not have stayed as it is")),
    }
}

/// What a file may have been before a date was written into it: by this program, exactly, or by one that puts Exif into a file that had
/// none. icloudpd puts it in the place of what JFIF had there, which is one of a few things. The caller knows a length and a checksum that
/// say which it is, if any. Never more than a dozen, and none for files above [`LIMIT`].
pub fn originals(bytes: &[u8]) -> Vec<Original<'_>> {
    let Ok(format) = format_of(bytes) else { return Vec::new() };
    let Ok(splice) = format.find(bytes) else { return Vec::new() };
    let Some(tiff) = splice.tiff(bytes) else { return Vec::new() };
    let before = tiff::undo(tiff).and_then(|tiff| format.wrap(&tiff).ok());
    let replaced = if format == Format::Jpeg { jpeg::replaced(&splice) } else { Vec::new() };
    let pieces = before.into_iter().chain([Vec::new()]).chain(replaced);
    pieces.map(|piece| splice.take(bytes, piece)).collect()
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

fn format_of(bytes: &[u8]) -> Result<Format> {
    if bytes.len() as u64 > LIMIT {
        return Err(fault("it is too large to be looked into"));
    }
    Format::of_bytes(bytes).ok_or_else(|| fault("it is of no format that a date can be written into"))
}

fn fault(message: &'static str) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

#[cfg(test)]
mod tests;
