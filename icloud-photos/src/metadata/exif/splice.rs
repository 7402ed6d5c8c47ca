//! Pieces of a file in exchange for others.

use std::ops::Range;

/// Where Exif stands in a file, or would, if it is one piece of it.
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

    /// Another piece comes there.
    pub(super) fn with(&self, piece: Vec<u8>) -> Change {
        Change::new([(self.piece.clone(), piece)])
    }
}

/// One piece of a file gives way to another.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edit {
    /// Which bytes give way; none, where there was no such piece.
    pub at: Range<usize>,
    /// What comes there.
    pub piece: Vec<u8>,
}

/// What becomes of a file: edits in their order, of which none touches another. All other bytes stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    edits: Vec<Edit>,
}

impl Change {
    pub(super) fn new(edits: impl IntoIterator<Item = (Range<usize>, Vec<u8>)>) -> Self {
        Self { edits: edits.into_iter().map(|(at, piece)| Edit { at, piece }).collect() }
    }

    /// The edits, in their order.
    pub fn into_edits(self) -> Vec<Edit> {
        self.edits
    }

    /// By how many bytes the file grows.
    pub(super) fn growth(&self) -> u64 {
        self.added().saturating_sub(self.gone())
    }

    /// By how many bytes it gets shorter.
    pub(super) fn shrinkage(&self) -> u64 {
        self.gone().saturating_sub(self.added())
    }

    fn added(&self) -> u64 {
        self.edits.iter().map(|edit| edit.piece.len() as u64).sum()
    }

    fn gone(&self) -> u64 {
        self.edits.iter().map(|edit| edit.at.len() as u64).sum()
    }

    /// Whether it makes one file the other.
    pub(super) fn gives(&self, bytes: &[u8], other: &[u8]) -> bool {
        let mut rest = Some(other);
        for part in self.parts(bytes) {
            rest = rest.and_then(|rest| rest.strip_prefix(part));
        }
        rest.is_some_and(<[u8]>::is_empty)
    }

    /// The file it is for, with the change made to it.
    pub(super) fn made_to(&self, bytes: &[u8]) -> Vec<u8> {
        self.parts(bytes).concat()
    }

    fn parts<'a>(&'a self, bytes: &'a [u8]) -> Vec<&'a [u8]> {
        let (mut parts, mut from) = (Vec::with_capacity(2 * self.edits.len() + 1), 0);
        for edit in &self.edits {
            parts.extend([bytes.get(from..edit.at.start).unwrap_or_default(), &edit.piece]);
            from = edit.at.end;
        }
        parts.push(bytes.get(from..).unwrap_or_default());
        parts
    }
}

/// A file as it may have been, without a copy of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) change: Change,
}

impl Original<'_> {
    /// Its bytes, in order.
    pub fn parts(&self) -> Vec<&[u8]> {
        self.change.parts(self.bytes)
    }

    /// Its length in bytes.
    pub fn size(&self) -> u64 {
        self.parts().iter().map(|part| part.len() as u64).sum()
    }

    /// Whether these are its bytes.
    pub fn is(&self, bytes: &[u8]) -> bool {
        self.change.gives(self.bytes, bytes)
    }
}
