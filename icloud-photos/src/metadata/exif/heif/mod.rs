//! The items of a HEIF file: HEIC, AVIF (ISO/IEC 23008-12).
//!
//! What a file is made of stands in its box `meta`, and where that stands in the file, in numbers counted from the file's beginning. A
//! new `meta` comes in the place of the old one, with the old one behind it as it was, and Exif behind that; all else moves on by as much
//! as that is longer, and so do the numbers. It stays as far from the end of the file as it was, where some cameras look for their films.
//!
//! Only files are taken of which every box is known not to hold such numbers elsewhere.

mod bmff;
mod iloc;

use std::borrow::Cow;
use std::ops::Range;

use self::bmff::{Atom, HEAD, Reader, all, put, top, wrap};
use self::iloc::{IN_FILE, Iloc};
use super::Format;
use super::splice::Change;

/// Before the `meta` that was, in a box that readers pass over.
const TRAIL: &[u8; 8] = b"\0dated\0\x01";

/// A `meta` that is longer is not looked into, nor is such Exif. Those of photos have some thousand bytes.
const MOST: usize = 1 << 20;

/// The beginning of Exif in a file that had none, as Apple writes it: where in it the TIFF stands.
const PREFIX: &[u8] = b"\0\0\0\x06Exif\0\0";

const EXIF: &[u8; 4] = b"Exif";

/// No file has more of them; boxes in `meta`, likewise.
const MOST_EXIF: usize = 16;
const MOST_PARTS: usize = 32;

/// The format, by the brands that a file bears.
pub(super) fn format(bytes: &[u8]) -> Option<Format> {
    let ftyp = top(bytes.get(..bytes.len().min(MOST))?, 0).filter(|atom| atom.kind == *b"ftyp");
    let content = match ftyp {
        Some(ftyp) => bytes.get(ftyp.content)?,
        None => return None,
    };
    let (major, rest) = content.split_at_checked(4)?;
    let brands = || std::iter::once(major).chain(rest.get(4..).unwrap_or_default().chunks_exact(4));
    let is_any = |known: &[&[u8]]| brands().any(|brand| known.contains(&brand));
    if is_any(&[b"avif", b"avis"]) {
        Some(Format::Avif)
    } else {
        is_any(&[b"mif1", b"heic", b"heix", b"heim", b"heis"]).then_some(Format::Heic)
    }
}

/// What of a file matters for its Exif.
pub(super) struct Heif {
    /// The box `meta`.
    at: Range<usize>,
    parts: Vec<Atom>,
    iloc: Iloc,
    primary: u64,
    /// The Exif of the primary picture.
    exif: Option<u64>,
    /// A number that no item has.
    unused: u64,
    idat: Option<Range<usize>>,
    before: Option<Change>,
}

/// `None` for what is no whole picture, and for whatever is not understood well enough to move it.
pub(super) fn find(bytes: &[u8]) -> Option<Heif> {
    let meta = meta_of(bytes)?;
    let parts = Parts::of(bytes, &meta)?;
    let iloc = Iloc::parse(parts.content(bytes, b"iloc")?).filter(|iloc| iloc.is_within(bytes.len()))?;
    let primary = primary_of(parts.content(bytes, b"pitm")?)?;
    let infos = infos(bytes, parts.one(b"iinf")?)?;
    let links = links(bytes, parts.one(b"iref"))?;
    let exif = exif_of(primary, &infos, &links)?;
    let listed = infos.iter().map(|info| info.0).chain(iloc.items.iter().map(|item| item.id));
    let linked = links.iter().flat_map(|link| std::iter::once(link.from).chain(link.to.iter().copied()));
    let numbers = listed.chain(linked).chain(groups(bytes, parts.one(b"grpl"))?).chain([primary]);
    let unused = numbers.max()?.checked_add(1)?;
    let idat = parts.one(b"idat").map(|idat| idat.content.clone());
    let before = before(bytes, &meta);
    Some(Heif { at: meta.at, parts: parts.0, iloc, primary, exif, unused, idat, before })
}

/// The boxes in `meta`.
struct Parts(Vec<Atom>);

impl Parts {
    /// `None` if it is not that of pictures, if something is missing, and if there is something that may hold places in the file.
    fn of(bytes: &[u8], meta: &Atom) -> Option<Self> {
        let from = meta.content.start.checked_add(4)?;
        if bytes.get(meta.content.start..from)? != [0; 4] || meta.at.len() > MOST {
            return None;
        }
        let parts = Self(all(bytes, from..meta.content.end)?);
        let is_known = |part: &Atom| match &part.kind {
            b"hdlr" | b"pitm" | b"iloc" | b"iinf" | b"iprp" | b"iref" | b"idat" | b"dinf" | b"grpl" => {
                parts.one(&part.kind).is_some()
            }
            kind => matches!(kind, b"free" | b"skip"),
        };
        let is_whole = parts.one(b"iprp").is_some() && parts.content(bytes, b"hdlr")?.get(8..12)? == b"pict";
        (is_whole && parts.0.len() <= MOST_PARTS && parts.0.iter().all(is_known)).then_some(parts)
    }

    /// The only one of its kind.
    fn one(&self, kind: &[u8; 4]) -> Option<&Atom> {
        let mut of_kind = self.0.iter().filter(|part| part.kind == *kind);
        of_kind.next().filter(|_| of_kind.next().is_none())
    }

    fn content<'a>(&self, bytes: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
        bytes.get(self.one(kind)?.content.clone())
    }
}

/// The only `meta` of a file that holds nothing but pictures.
fn meta_of(bytes: &[u8]) -> Option<Atom> {
    let (mut at, mut meta) = (0, None);
    while at < bytes.len() {
        let atom = top(bytes, at)?;
        let is_first = at == 0;
        at = atom.at.end;
        match &atom.kind {
            b"ftyp" if is_first => {}
            b"meta" if meta.is_none() && atom.content.start == atom.at.start + HEAD => meta = Some(atom),
            // Films of motion photos are whole files of their own.
            b"mdat" | b"free" | b"skip" | b"mpvd" | b"sefd" => {}
            _ => return None,
        }
    }
    meta
}

/// What was in the place of `meta` and of what stands behind it, if that is of this house.
fn before(bytes: &[u8], meta: &Atom) -> Option<Change> {
    let trail = top(bytes, meta.at.end).filter(|atom| atom.kind == *b"free")?;
    let old = bytes.get(trail.content)?.strip_prefix(TRAIL)?;
    let exif = top(bytes, trail.at.end).filter(|atom| atom.kind == *b"mdat")?;
    Some(Change::new([(meta.at.start..exif.at.end, old.to_vec())]))
}

fn primary_of(content: &[u8]) -> Option<u64> {
    let mut reader = Reader(content);
    let width = if reader.number(4)? == 0 { 2 } else { 4 };
    reader.number(width).filter(|_| reader.0.is_empty())
}

/// The items' numbers and kinds. Protected ones may be anything.
fn infos(bytes: &[u8], iinf: &Atom) -> Option<Vec<(u64, [u8; 4])>> {
    let mut reader = Reader(bytes.get(iinf.content.clone())?);
    let width = if reader.number(4)? == 0 { 2 } else { 4 };
    let many = reader.number(width)?;
    let atoms = all(bytes, iinf.content.start + 4 + width..iinf.content.end)?;
    let info = |atom: &Atom| {
        let mut reader = Reader(bytes.get(atom.content.clone())?);
        let version = reader.number(1).filter(|_| atom.kind == *b"infe")?;
        reader.take(3)?;
        let id = match version {
            2 => reader.number(2)?,
            3 => reader.number(4)?,
            _ => return None,
        };
        let is_open = reader.number(2)? == 0;
        Some((id, reader.kind()?)).filter(|_| is_open)
    };
    let found: Vec<_> = atoms.iter().map(info).collect::<Option<_>>()?;
    (usize::try_from(many) == Ok(found.len())).then_some(found)
}

/// That one item has to do with others.
struct Link {
    kind: [u8; 4],
    from: u64,
    to: Vec<u64>,
}

fn links(bytes: &[u8], iref: Option<&Atom>) -> Option<Vec<Link>> {
    let Some(iref) = iref else { return Some(Vec::new()) };
    let width = link_width(bytes, iref)?;
    let link = |atom: &Atom| {
        let mut reader = Reader(bytes.get(atom.content.clone())?);
        let (from, many) = (reader.number(width)?, reader.number(2)?);
        let to: Vec<u64> = (0..many).map(|_| reader.number(width)).collect::<Option<_>>()?;
        Some(Link { kind: atom.kind, from, to }).filter(|_| reader.0.is_empty())
    };
    all(bytes, iref.content.start + 4..iref.content.end)?.iter().map(link).collect()
}

fn link_width(bytes: &[u8], iref: &Atom) -> Option<usize> {
    match Reader(bytes.get(iref.content.clone())?).number(4)? {
        0 => Some(2),
        0x0100_0000 => Some(4),
        _ => None,
    }
}

/// The numbers that groups of items have, which are of the same kind.
fn groups(bytes: &[u8], grpl: Option<&Atom>) -> Option<Vec<u64>> {
    let Some(grpl) = grpl else { return Some(Vec::new()) };
    let number = |atom: &Atom| Reader(bytes.get(atom.content.start + 4..atom.content.end)?).number(4);
    all(bytes, grpl.content.clone())?.iter().map(number).collect()
}

/// The item that is the Exif of the primary picture, if there is one. `None` if that cannot be told.
fn exif_of(primary: u64, infos: &[(u64, [u8; 4])], links: &[Link]) -> Option<Option<u64>> {
    let (mut found, all) = (None, infos.iter().filter(|(_, kind)| kind == EXIF));
    if all.clone().nth(MOST_EXIF).is_some() {
        return None;
    }
    for (id, _) in all {
        let mut described = links.iter().filter(|link| link.kind == *b"cdsc" && link.from == *id).peekable();
        described.peek()?;
        if described.any(|link| link.to.contains(&primary)) && found.replace(*id).is_some() {
            return None;
        }
    }
    Some(found)
}

impl Heif {
    /// The TIFF of the primary picture's Exif, if there is one.
    pub(super) fn tiff<'a>(&self, bytes: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        let (exif, at) = self.exif_bytes(bytes)?;
        Some(match exif {
            Cow::Borrowed(exif) => exif.get(at..)?.into(),
            Cow::Owned(exif) => exif.get(at..)?.to_vec().into(),
        })
    }

    pub(super) fn has_exif(&self) -> bool {
        self.exif.is_some()
    }

    pub(super) fn before(&self) -> Option<Change> {
        self.before.clone()
    }

    /// The item, and where in it the TIFF begins.
    fn exif_bytes<'a>(&self, bytes: &'a [u8]) -> Option<(Cow<'a, [u8]>, usize)> {
        let item = self.item(self.exif?)?;
        let place = match (item.method, &self.idat) {
            (IN_FILE, _) => bytes,
            (_, idat) => bytes.get(idat.clone()?)?,
        };
        let ranges = item.ranges()?;
        if ranges.iter().map(Range::len).sum::<usize>() > MOST {
            return None;
        }
        let exif: Cow<'a, [u8]> = match &ranges[..] {
            [range] => place.get(range.clone())?.into(),
            ranges => {
                let parts = ranges.iter().map(|range| place.get(range.clone()));
                parts.collect::<Option<Vec<_>>>()?.concat().into()
            }
        };
        let at = usize::try_from(Reader(&exif).number(4)?).ok()?.checked_add(4)?;
        let has_more = exif.get(at..)?.starts_with(b"Exif\0\0");
        Some((exif, if has_more { at + 6 } else { at }))
    }

    fn item(&self, id: u64) -> Option<&iloc::Item> {
        let mut of_id = self.iloc.items.iter().filter(|item| item.id == id);
        of_id.next().filter(|_| of_id.next().is_none())
    }

    /// The file with this TIFF.
    pub(super) fn with(&self, bytes: &[u8], tiff: &[u8]) -> Option<Change> {
        let exif = match self.exif {
            Some(_) => {
                let (exif, at) = self.exif_bytes(bytes)?;
                [exif.get(..at)?, tiff].concat()
            }
            None => [PREFIX, tiff].concat(),
        };
        let trail = wrap(b"free", &[TRAIL, bytes.get(self.at.clone())?])?;
        // Its length is the same wherever things stand.
        let start = self.at.start + self.renewed(bytes, 0, &(0..exif.len()))?.len() + trail.len() + HEAD;
        let growth = start + exif.len() - self.at.end;
        let meta = self.renewed(bytes, growth, &(start..start + exif.len()))?;
        let piece = [meta, trail, wrap(b"mdat", &[&exif])?].concat();
        Some(Change::new([(self.at.clone(), piece)]))
    }

    /// The box `meta` of a file in which Exif stands in this range, and what stands behind `meta` has moved on by so many bytes.
    fn renewed(&self, bytes: &[u8], growth: usize, exif: &Range<usize>) -> Option<Vec<u8>> {
        let id = self.exif.unwrap_or(self.unused);
        let mut iloc = self.iloc.clone();
        iloc.shift(&self.at, growth)?;
        iloc.set(id, exif)?;
        let mut content = vec![0; 4];
        for part in &self.parts {
            let whole = bytes.get(part.at.clone())?;
            let old = bytes.get(part.content.clone())?;
            match &part.kind {
                b"iloc" => content.extend(wrap(b"iloc", &[&iloc.content()?])?),
                b"iinf" if self.exif.is_none() => content.extend(wrap(b"iinf", &[&with_info(old, id)?])?),
                b"iref" if self.exif.is_none() => {
                    let link = self.link(link_width(bytes, part)?)?;
                    content.extend(wrap(b"iref", &[old, &link])?);
                }
                _ => content.extend_from_slice(whole),
            }
        }
        if self.exif.is_none() && !self.parts.iter().any(|part| part.kind == *b"iref") {
            content.extend(wrap(b"iref", &[&[0; 4], &self.link(2)?])?);
        }
        wrap(b"meta", &[&content])
    }

    /// That the new item describes the primary picture.
    fn link(&self, width: usize) -> Option<Vec<u8>> {
        let mut link = Vec::new();
        put(&mut link, self.unused, width)?;
        put(&mut link, 1, 2)?;
        put(&mut link, self.primary, width)?;
        wrap(b"cdsc", &[&link])
    }

    /// Whether all items but Exif stand in that file where they stand in this one, but for what came between. Said of bytes that were
    /// read anew: whoever wrote them is not asked.
    pub(super) fn is_moved(&self, there: &Self) -> bool {
        let growth = there.before.is_some().then(|| there.moved()).flatten();
        let Some(growth) = growth else { return false };
        let moved = |range: &Range<usize>| match range.start < self.at.start {
            true => range.clone(),
            false => range.start + growth..range.end + growth,
        };
        self.iloc.items.iter().filter(|item| Some(item.id) != self.exif).all(|item| {
            let Some(now) = there.item(item.id) else { return false };
            let ranges = item.ranges().zip(now.ranges());
            now.method == item.method
                && ranges.is_some_and(|(was, now)| match item.method {
                    IN_FILE => was.iter().map(moved).eq(now),
                    _ => was == now,
                })
        })
    }

    /// By how much all that stands behind has moved.
    fn moved(&self) -> Option<usize> {
        usize::try_from(self.before.as_ref()?.shrinkage()).ok()
    }
}

/// A list of items with one more, which is Exif.
fn with_info(iinf: &[u8], id: u64) -> Option<Vec<u8>> {
    let mut reader = Reader(iinf);
    let version = reader.take(4)?;
    let width = if version == [0; 4] { 2 } else { 4 };
    let many = reader.number(width)?;
    let mut content = version.to_vec();
    put(&mut content, many.checked_add(1)?, width)?;
    content.extend_from_slice(reader.0);
    // Version 2, hidden: nobody shows it. No protection, and no name.
    let mut info = vec![2, 0, 0, 1];
    put(&mut info, id, 2)?;
    info.extend([0; 2]);
    info.extend(EXIF);
    info.push(0);
    content.extend(wrap(b"infe", &[&info])?);
    Some(content)
}
