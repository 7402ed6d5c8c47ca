//! One piece of a file in exchange for another.

use std::borrow::Cow;
use std::ops::Range;

/// Where Exif stands in a file, or would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Splice {
    /// The whole piece; empty if there is none yet.
    pub(super) piece: Range<usize>,
    /// What of it is TIFF.
    pub(super) tiff: Option<Range<usize>>,
}

impl Splice {
    /// The TIFF in the piece.
    pub(super) fn tiff<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        bytes.get(self.tiff.clone()?)
    }

    /// The file with another piece there, without a copy.
    pub(super) fn take<'a>(&self, bytes: &'a [u8], piece: Vec<u8>) -> Original<'a> {
        let (before, behind) = (&bytes[..self.piece.start], &bytes[self.piece.end..]);
        Original { before, piece: piece.into(), behind }
    }
}

/// One piece of a file gives way to another.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// Which bytes give way; none, where there was no such piece.
    pub at: Range<usize>,
    /// What comes there.
    pub piece: Vec<u8>,
}

impl Change {
    /// The file it is for, with the change made to it.
    pub(super) fn made_to(&self, bytes: &[u8]) -> Vec<u8> {
        [&bytes[..self.at.start], &self.piece, &bytes[self.at.end..]].concat()
    }
}

/// A file as it may have been, in three parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original<'a> {
    before: &'a [u8],
    piece: Cow<'a, [u8]>,
    behind: &'a [u8],
}

impl Original<'_> {
    /// Its bytes, in order.
    pub fn parts(&self) -> [&[u8]; 3] {
        [self.before, &self.piece, self.behind]
    }

    /// Its length in bytes.
    pub fn size(&self) -> u64 {
        self.parts().iter().map(|part| part.len() as u64).sum()
    }

    /// Whether these are its bytes.
    pub fn is(&self, bytes: &[u8]) -> bool {
        let mut rest = Some(bytes);
        for part in self.parts() {
            rest = rest.and_then(|rest| rest.strip_prefix(part));
        }
        rest.is_some_and(<[u8]>::is_empty)
    }
}
