//! Boxes of ISO base media files (ISO/IEC 14496-12).

use std::ops::Range;

/// Length of a box's head, where that is not more than it must be.
pub(super) const HEAD: usize = 8;

/// One box, as places in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Atom {
    pub(super) kind: [u8; 4],
    /// All of it.
    pub(super) at: Range<usize>,
    pub(super) content: Range<usize>,
}

/// The box that begins here, of a kind that may be large, or reach to the end of the file.
pub(super) fn top(bytes: &[u8], at: usize) -> Option<Atom> {
    let mut head = Reader(bytes.get(at..)?);
    let (length, kind) = (head.number(4)?, head.kind()?);
    let (length, from) = match length {
        0 => (bytes.len() - at, at + HEAD),
        1 => (usize::try_from(head.number(8)?).ok()?, at + HEAD + 8),
        length => (usize::try_from(length).ok()?, at + HEAD),
    };
    let end = at.checked_add(length).filter(|end| from <= *end && *end <= bytes.len())?;
    Some(Atom { kind, at: at..end, content: from..end })
}

/// The boxes that fill this range, none of them large or open. Their number is bounded by the range's length.
pub(super) fn all(bytes: &[u8], range: Range<usize>) -> Option<Vec<Atom>> {
    let (mut found, mut at) = (Vec::new(), range.start);
    let bytes = bytes.get(..range.end)?;
    while at < range.end {
        let atom = top(bytes, at)?;
        let is_plain = bytes.get(at..at + 4)? == u32::try_from(atom.at.len()).ok()?.to_be_bytes();
        at = atom.at.end;
        found.push(Some(atom).filter(|_| is_plain)?);
    }
    Some(found)
}

/// A box with this content.
pub(super) fn wrap(kind: &[u8; 4], content: &[&[u8]]) -> Option<Vec<u8>> {
    let length = HEAD + content.iter().map(|part| part.len()).sum::<usize>();
    let head = u32::try_from(length).ok()?.to_be_bytes();
    Some([&[&head[..], kind], content].concat().concat())
}

/// `value` in so many bytes, if it fits.
pub(super) fn put(out: &mut Vec<u8>, value: u64, width: usize) -> Option<()> {
    let bytes = value.to_be_bytes();
    let (high, low) = bytes.split_at(bytes.len().checked_sub(width)?);
    out.extend_from_slice(low);
    high.iter().all(|byte| *byte == 0).then_some(())
}

/// What is not read yet.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, many: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(many)?;
        self.0 = rest;
        Some(taken)
    }

    /// Of so many bytes, at most eight.
    pub(super) fn number(&mut self, width: usize) -> Option<u64> {
        let bytes = self.take(width)?;
        Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    pub(super) fn kind(&mut self) -> Option<[u8; 4]> {
        self.take(4)?.try_into().ok()
    }
}
