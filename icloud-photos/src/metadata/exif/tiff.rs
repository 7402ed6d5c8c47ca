//! Exif is a small TIFF: a header, and directories that say where values stand.
//!
//! Nothing that is there is moved. A directory that gets a new entry is written again behind the end, and what led to the old one,
//! four bytes, leads to the new one from then on. A trail behind that keeps those four bytes and where they stand.

/// The directory with the photo's own tags, and in it when the photo was taken and when it was made into bytes.
const EXIF_DIRECTORY: u16 = 0x8769;
const TAKEN: u16 = 0x9003;
const DIGITISED: u16 = 0x9004;
const VERSION: u16 = 0x9000;

const ASCII: u16 = 2;
const LONG: u16 = 4;
const UNDEFINED: u16 = 7;

/// Where the header says where the first directory stands.
const ROOT: usize = 4;

/// Bytes of an entry of a directory.
const ENTRY: usize = 12;

/// Before the length that was, and the place and the bytes that were changed.
const TRAIL: &[u8; 8] = b"\0dated\0\x01";
const TRAIL_LENGTH: usize = TRAIL.len() + 12;

/// When a picture was taken, as Exif writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date([u8; 20]);

impl Date {
    /// `YYYY:MM:DD HH:MM:SS`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 19] = text.as_bytes().try_into().ok()?;
        let form = bytes.iter().zip(b"0000:00:00 00:00:00");
        let fits = form.into_iter().all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            form => byte == form,
        });
        let mut date = [0; 20];
        date[..19].copy_from_slice(&bytes);
        fits.then_some(Self(date))
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.0[..19]
    }
}

/// Whether there is a date that is not empty. `None` if it cannot be told.
pub(super) fn has_date(bytes: &[u8]) -> Option<bool> {
    let tiff = Tiff::parse(bytes)?;
    let root = tiff.directory(tiff.long(ROOT)?)?;
    let Some(pointer) = root.entry(EXIF_DIRECTORY) else { return Some(false) };
    let photo = tiff.directory(tiff.pointer(pointer)?)?;
    let Some(taken) = photo.entry(TAKEN) else { return Some(false) };
    let value = tiff.value(taken)?;
    Some(!value.iter().all(|byte| matches!(byte, 0 | b' ')))
}

/// A TIFF with nothing but this date: the large end first, as icloudpd writes it.
pub(super) fn fresh(date: &Date) -> Vec<u8> {
    let mut bytes = b"MM\0*\0\0\0\x08".to_vec();
    let tiff = Tiff { bytes: &[], large: true };
    let photo = bytes.len() as u32 + 2 + ENTRY as u32 + 4;
    bytes.extend(1u16.to_be_bytes());
    bytes.extend(tiff.entry(EXIF_DIRECTORY, LONG, 1, photo.to_be_bytes()));
    bytes.extend([0; 4]);
    let version = tiff.entry(VERSION, UNDEFINED, 4, *b"0232");
    bytes.extend(tiff.photo(bytes.len(), vec![version], [0; 4], date));
    bytes
}

/// The TIFF with this date, and a trail. `None` if it is damaged, or too long.
pub(super) fn with_date(bytes: &[u8], date: &Date) -> Option<Vec<u8>> {
    let tiff = Tiff::parse(bytes)?;
    let root = tiff.directory(tiff.long(ROOT)?)?;
    let mut dated = bytes.to_vec();
    dated.resize(bytes.len().next_multiple_of(2), 0);
    let end = dated.len();
    let changed = match root.position(EXIF_DIRECTORY) {
        Some(at) => {
            let photo = tiff.directory(tiff.pointer(root.entries.get(at)?)?)?;
            let entries = photo.without(&[TAKEN, DIGITISED]);
            dated.extend(tiff.photo(end, entries, photo.next, date));
            root.at + 2 + at * ENTRY + 8
        }
        None => {
            let mut entries = root.entries.clone();
            let photo = end + 2 + (entries.len() + 1) * ENTRY + 4;
            let pointer = tiff.entry(EXIF_DIRECTORY, LONG, 1, tiff.long_bytes(photo)?);
            tiff.insert(&mut entries, pointer);
            dated.extend(tiff.directory_bytes(&entries, root.next)?);
            dated.extend(tiff.photo(photo, Vec::new(), [0; 4], date));
            ROOT
        }
    };
    let before = bytes.get(changed..changed + 4)?;
    dated.extend(TRAIL);
    dated.extend(u32::try_from(bytes.len()).ok()?.to_be_bytes());
    dated.extend(u32::try_from(changed).ok()?.to_be_bytes());
    dated.extend(before);
    dated.get_mut(changed..changed + 4)?.copy_from_slice(&tiff.long_bytes(end)?);
    Some(dated)
}

/// The TIFF as it was before [`with_date`], if it left a trail.
pub(super) fn undo(bytes: &[u8]) -> Option<Vec<u8>> {
    let trail = bytes.len().checked_sub(TRAIL_LENGTH)?;
    let numbers = bytes.get(trail..)?.strip_prefix(TRAIL)?;
    let number = |at: usize| Some(u32::from_be_bytes(numbers.get(at..at + 4)?.try_into().ok()?) as usize);
    let (length, changed) = (number(0)?, number(4)?);
    let mut before = bytes.get(..length).filter(|_| length <= trail)?.to_vec();
    before.get_mut(changed..changed.checked_add(4)?)?.copy_from_slice(numbers.get(8..)?);
    Some(before)
}

struct Tiff<'a> {
    bytes: &'a [u8],
    /// The large end first.
    large: bool,
}

/// As its entries stand there.
struct Directory {
    at: usize,
    entries: Vec<[u8; ENTRY]>,
    tags: Vec<u16>,
    /// Where the next one is, as it stands there.
    next: [u8; 4],
}

impl Directory {
    fn position(&self, tag: u16) -> Option<usize> {
        self.tags.iter().position(|known| *known == tag)
    }

    fn entry(&self, tag: u16) -> Option<&[u8; ENTRY]> {
        self.entries.get(self.position(tag)?)
    }

    fn without(&self, tags: &[u16]) -> Vec<[u8; ENTRY]> {
        let entries = self.entries.iter().zip(&self.tags).filter(|(_, tag)| !tags.contains(tag));
        entries.map(|(entry, _)| *entry).collect()
    }
}

impl<'a> Tiff<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let large = match bytes.get(..4)? {
            b"MM\0*" => true,
            b"II*\0" => false,
            _ => return None,
        };
        Some(Self { bytes, large })
    }

    fn directory(&self, at: usize) -> Option<Directory> {
        let count = usize::from(self.short(self.bytes.get(at..at.checked_add(2)?)?)?);
        let end = at + 2 + count * ENTRY;
        let entries: Vec<[u8; ENTRY]> = self
            .bytes
            .get(at + 2..end)?
            .chunks_exact(ENTRY)
            .filter_map(|entry| entry.try_into().ok())
            .collect();
        let tags = entries.iter().filter_map(|entry| self.short(&entry[..2])).collect();
        let next = self.bytes.get(end..end + 4)?.try_into().ok()?;
        Some(Directory { at, entries, tags, next })
    }

    /// Where an entry leads to.
    fn pointer(&self, entry: &[u8; ENTRY]) -> Option<usize> {
        let is_one = self.short(&entry[2..4])? == LONG && self.number(&entry[4..8])? == 1;
        self.number(&entry[8..]).filter(|_| is_one)
    }

    /// The text of an entry.
    fn value(&self, entry: &[u8; ENTRY]) -> Option<Vec<u8>> {
        let (kind, count) = (self.short(&entry[2..4])?, self.number(&entry[4..8])?);
        if kind != ASCII {
            return None;
        }
        if count <= 4 {
            return Some(entry[8..8 + count].to_vec());
        }
        let at = self.number(&entry[8..])?;
        self.bytes.get(at..at.checked_add(count)?).map(<[u8]>::to_vec)
    }

    fn short(&self, bytes: &[u8]) -> Option<u16> {
        let bytes = bytes.try_into().ok()?;
        Some(if self.large { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn number(&self, bytes: &[u8]) -> Option<usize> {
        let bytes = bytes.try_into().ok()?;
        Some(if self.large { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) } as usize)
    }

    fn long(&self, at: usize) -> Option<usize> {
        self.number(self.bytes.get(at..at.checked_add(4)?)?)
    }

    fn short_bytes(&self, value: u16) -> [u8; 2] {
        if self.large { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn long_bytes(&self, value: usize) -> Option<[u8; 4]> {
        let value = u32::try_from(value).ok()?;
        Some(if self.large { value.to_be_bytes() } else { value.to_le_bytes() })
    }

    fn entry(&self, tag: u16, kind: u16, count: u32, value: [u8; 4]) -> [u8; ENTRY] {
        let mut entry = [0; ENTRY];
        let count = if self.large { count.to_be_bytes() } else { count.to_le_bytes() };
        entry[..2].copy_from_slice(&self.short_bytes(tag));
        entry[2..4].copy_from_slice(&self.short_bytes(kind));
        entry[4..8].copy_from_slice(&count);
        entry[8..].copy_from_slice(&value);
        entry
    }

    /// Entries stand in the order of their tags.
    fn insert(&self, entries: &mut Vec<[u8; ENTRY]>, entry: [u8; ENTRY]) {
        let tag = self.short(&entry[..2]);
        let later = entries.iter().position(|other| self.short(&other[..2]) > tag);
        entries.insert(later.unwrap_or(entries.len()), entry);
    }

    fn directory_bytes(&self, entries: &[[u8; ENTRY]], next: [u8; 4]) -> Option<Vec<u8>> {
        let count = self.short_bytes(u16::try_from(entries.len()).ok()?);
        Some([&count[..], entries.as_flattened(), &next].concat())
    }

    /// The photo's directory with the dates, and behind it the dates, to stand `at` there.
    fn photo(&self, at: usize, mut entries: Vec<[u8; ENTRY]>, next: [u8; 4], date: &Date) -> Vec<u8> {
        let end = at + 2 + (entries.len() + 2) * ENTRY + 4;
        for (tag, value) in [(TAKEN, end), (DIGITISED, end + date.0.len())] {
            let value = self.long_bytes(value).unwrap_or_default();
            self.insert(&mut entries, self.entry(tag, ASCII, date.0.len() as u32, value));
        }
        let directory = self.directory_bytes(&entries, next).unwrap_or_default();
        [&directory[..], &date.0, &date.0].concat()
    }
}
