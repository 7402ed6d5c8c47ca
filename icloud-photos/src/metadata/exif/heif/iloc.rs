//! Where the items of a HEIF file stand in it: the `iloc` box (ISO/IEC 14496-12, 8.11.3).

use std::ops::Range;

use super::bmff::{Reader, put};

/// How an item says where it stands: in the file; in the box `idat`.
pub(super) const IN_FILE: u64 = 0;
pub(super) const IN_IDAT: u64 = 1;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Extent {
    index: u64,
    offset: u64,
    length: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) id: u64,
    pub(super) method: u64,
    base: u64,
    extents: Vec<Extent>,
}

impl Item {
    /// The ranges that it is made of, in the file or wherever it stands.
    pub(super) fn ranges(&self) -> Option<Vec<Range<usize>>> {
        let range = |extent: &Extent| {
            let start = self.base.checked_add(extent.offset)?;
            let end = start.checked_add(extent.length)?;
            Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
        };
        self.extents.iter().map(range).collect()
    }
}

/// The whole box, as it stands there: written again it is the same.
#[derive(Debug, Clone)]
pub(super) struct Iloc {
    version: u8,
    /// Bytes of an offset, a length, a base and an index, as nibbles.
    widths: [u8; 2],
    pub(super) items: Vec<Item>,
}

impl Iloc {
    /// `None` for what is not known here: other versions, items in other files or made of other items, parts without a length.
    pub(super) fn parse(content: &[u8]) -> Option<Self> {
        let mut reader = Reader(content);
        let (version, flags) = (reader.number(1)? as u8, reader.number(3)?);
        let widths = reader.take(2)?.try_into().ok()?;
        let mut iloc = Self { version, widths, items: Vec::new() };
        let are_known =
            [iloc.offset(), iloc.base(), iloc.index()].iter().all(|width| matches!(width, 0 | 4 | 8));
        // Without a length an extent would take no bytes, and be anything.
        if !are_known || !matches!(iloc.length(), 4 | 8) || version > 2 || flags != 0 {
            return None;
        }
        let many = reader.number(iloc.id())?;
        for _ in 0..many {
            let item = iloc.item(&mut reader)?;
            iloc.items.push(item);
        }
        // Whatever was not understood would be missing.
        (reader.0.is_empty() && iloc.content()? == content).then_some(iloc)
    }

    fn item(&self, reader: &mut Reader<'_>) -> Option<Item> {
        let id = reader.number(self.id())?;
        let method = if self.version == 0 { IN_FILE } else { reader.number(2)? };
        let reference = reader.number(2)?;
        let base = reader.number(self.base())?;
        let mut extents = Vec::new();
        for _ in 0..reader.number(2)? {
            let index = reader.number(self.index())?;
            let (offset, length) = (reader.number(self.offset())?, reader.number(self.length())?);
            extents.push(Extent { index, offset, length });
        }
        let is_known = reference == 0 && matches!(method, IN_FILE | IN_IDAT);
        // A length of nothing means all of the file.
        let is_known = is_known && extents.iter().all(|extent| extent.length > 0);
        is_known.then_some(Item { id, method, base, extents })
    }

    /// Whether a file of this length has all that is said to be in it.
    pub(super) fn is_within(&self, length: usize) -> bool {
        let mut items = self.items.iter().filter(|item| item.method == IN_FILE);
        items.all(|item| item.ranges().is_some_and(|ranges| ranges.iter().all(|range| range.end <= length)))
    }

    /// What stands behind the gone range has moved on by so many bytes. `None` if that does not fit, and if something stands in the
    /// range.
    pub(super) fn shift(&mut self, gone: &Range<usize>, growth: usize) -> Option<()> {
        let (growth, by_offset) = (u64::try_from(growth).ok()?, self.offset() > 0);
        for item in self.items.iter_mut().filter(|item| item.method == IN_FILE) {
            let ranges = item.ranges()?;
            if ranges.iter().any(|range| range.start < gone.end && range.end > gone.start) {
                return None;
            }
            let moves = ranges.iter().map(|range| range.start >= gone.end);
            if by_offset {
                for (extent, _) in item.extents.iter_mut().zip(moves).filter(|(_, moves)| *moves) {
                    extent.offset = extent.offset.checked_add(growth)?;
                }
            } else if moves.into_iter().any(|moves| moves) {
                item.base = item.base.checked_add(growth)?;
            }
        }
        Some(())
    }

    /// The item stands in one piece in this range of the file.
    pub(super) fn set(&mut self, id: u64, range: &Range<usize>) -> Option<()> {
        let (start, length) = (u64::try_from(range.start).ok()?, u64::try_from(range.len()).ok()?);
        let (base, offset) = if self.offset() > 0 { (0, start) } else { (start, 0) };
        let item = Item { id, method: IN_FILE, base, extents: vec![Extent { index: 0, offset, length }] };
        match self.items.iter_mut().find(|known| known.id == id) {
            Some(known) => *known = item,
            None => self.items.push(item),
        }
        Some(())
    }

    /// The content of the box. `None` if a number does not fit.
    pub(super) fn content(&self) -> Option<Vec<u8>> {
        let mut out = vec![self.version, 0, 0, 0];
        out.extend(self.widths);
        put(&mut out, u64::try_from(self.items.len()).ok()?, self.id())?;
        for item in &self.items {
            put(&mut out, item.id, self.id())?;
            if self.version > 0 {
                put(&mut out, item.method, 2)?;
            }
            put(&mut out, 0, 2)?;
            put(&mut out, item.base, self.base())?;
            put(&mut out, u64::try_from(item.extents.len()).ok()?, 2)?;
            for extent in &item.extents {
                put(&mut out, extent.index, self.index())?;
                put(&mut out, extent.offset, self.offset())?;
                put(&mut out, extent.length, self.length())?;
            }
        }
        Some(out)
    }

    /// Bytes of an item's number, and of their count.
    fn id(&self) -> usize {
        if self.version < 2 { 2 } else { 4 }
    }

    fn offset(&self) -> usize {
        usize::from(self.widths[0] >> 4)
    }

    fn length(&self) -> usize {
        usize::from(self.widths[0] & 0xf)
    }

    fn base(&self) -> usize {
        usize::from(self.widths[1] >> 4)
    }

    fn index(&self) -> usize {
        if self.version == 0 { 0 } else { usize::from(self.widths[1] & 0xf) }
    }
}
