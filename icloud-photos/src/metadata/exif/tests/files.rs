//! Files that encoders made (`testdata/make.py`). `tests/it/pixels.rs` decodes them before and after.

use super::*;

macro_rules! files {
    ($($name:literal),* $(,)?) => { &[$(($name, include_bytes!(concat!("../testdata/", $name)))),*] };
}

type File = (&'static str, &'static [u8]);

/// That get a date.
pub(super) const STILLS: &[File] = files![
    "plain.heic",
    "exif.heic",
    "xmp.heic",
    "two.heic",
    "alpha.heic",
    "grid.heic",
    "grid_base.heic",
    "grid_parts.heic",
    "grid_idat.heic",
    "plain.avif",
    "exif.avif",
    "alpha.avif",
    "lossy.webp",
    "lossless.webp",
    "lossless_alpha.webp",
    "alpha.webp",
    "exif.webp",
    "xmp.webp",
    "animated.webp",
];

fn file(name: &str) -> &'static [u8] {
    STILLS.iter().find(|(known, _)| *known == name).unwrap().1
}

fn is_readable_by_kamadak(name: &str) -> bool {
    // It takes the first Exif of a file, whichever picture that describes.
    name != "two.heic"
}

#[test]
fn files_of_every_kind_get_their_date() {
    for (name, bytes) in STILLS {
        assert_eq!(Format::of_name(name), Format::of_bytes(bytes), "{name}");
        assert!(!has_date(bytes).unwrap(), "{name}");
        let dated = with_date(bytes, DATE).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert!(has_date(&dated).unwrap(), "{name}");
        assert!(originals(&dated).iter().any(|original| original.is(bytes)), "{name}");
        assert!(originals(bytes).iter().all(|original| original.size() < bytes.len() as u64), "{name}");
        if is_readable_by_kamadak(name) {
            for tag in [::exif::Tag::DateTimeOriginal, ::exif::Tag::DateTimeDigitized] {
                assert_eq!(read(&dated, tag).as_deref(), Some("2024-05-06 07:08:09"), "{name}");
            }
            let had_exif = name.contains("exif") || matches!(*name, "grid_parts.heic" | "grid_idat.heic");
            let maker = had_exif.then_some("\"TestMaker\"");
            assert_eq!(read(&dated, ::exif::Tag::Make).as_deref(), maker, "{name}");
        }
    }
}

/// A second date takes the place of the first, and leads back to it.
#[test]
fn another_date_gives_way() {
    for (name, bytes) in STILLS {
        let first = with_date(bytes, DATE).unwrap();
        let second = with_date(&first, "2025:05:06 07:08:09").unwrap();
        let found = originals(&second);
        assert!(found.iter().any(|original| original.is(&first)), "{name}");
        assert!(second.windows(19).any(|window| window == b"2025:05:06 07:08:09"), "{name}");
    }
}

#[test]
fn dates_of_their_own_are_seen() {
    let files: &[File] = files!["dated.heic", "dated.webp"];
    for (name, bytes) in files {
        assert!(has_date(bytes).unwrap(), "{name}");
    }
}

/// Numbers that lead elsewhere in a file stand in boxes that are not known here.
#[test]
fn what_is_not_understood_is_left_alone() {
    let film: &[File] = files!["animated.avif"];
    let plain = file("plain.heic");
    let boxed = |kind: &[u8; 4]| [plain, &[0, 0, 0, 8], kind].concat();
    let meta = plain.windows(4).position(|window| window == b"meta").unwrap() - 4;
    let length = u32::from_be_bytes(plain[meta..meta + 4].try_into().unwrap()) as usize;
    let twice = [plain, &plain[meta..meta + length]].concat();
    let mut refused =
        vec![film[0].1.to_vec(), twice, boxed(b"moov"), boxed(b"moof"), boxed(b"uuid"), boxed(b"abcd")];
    refused.extend((1..plain.len()).map(|length| plain[..length].to_vec()));
    // In `iloc`: another version, another file, made of other items, without lengths, all of the file.
    let iloc = plain.windows(4).position(|window| window == b"iloc").unwrap() + 4;
    for (at, value) in [(0, 3), (1, 1), (4, 0x40), (4, 0x34), (11, 1)] {
        let mut other = plain.to_vec();
        other[iloc + at] = value;
        refused.push(other);
    }
    for kind in [&b"iloc"[..], b"pitm", b"iinf", b"iprp", b"pict"] {
        let mut other = plain.to_vec();
        let at = other.windows(4).position(|window| window == kind).unwrap();
        other[at] = b'x';
        refused.push(other);
    }
    for other in refused {
        assert!(
            has_date(&other).is_err() && with_date(&other, DATE).is_err() && originals(&other).is_empty()
        );
    }
}

#[test]
fn items_made_of_other_items_are_refused() {
    let plain = file("grid.heic");
    let iloc = plain.windows(4).position(|window| window == b"iloc").unwrap() + 4;
    // Version, widths, count; then five items of number, method, reference, count, offset and length.
    let grid = iloc + 8 + 4 * 16 + 2;
    assert_eq!(plain[grid..grid + 2], [0, 1]);
    let mut other = plain.to_vec();
    other[grid + 1] = 2;
    assert!(has_date(&other).is_err());
}

#[test]
fn what_comes_before_stays_where_it_is() {
    // `mdat` in front of `meta`: nothing moves but what stands behind.
    let plain = file("plain.heic");
    let meta = plain.windows(4).position(|window| window == b"meta").unwrap() - 4;
    let mdat = plain.windows(4).position(|window| window == b"mdat").unwrap() - 4;
    let mut other = [&plain[..meta], &plain[mdat..], &plain[meta..mdat]].concat();
    let iloc = other.windows(4).position(|window| window == b"iloc").unwrap() + 4;
    let start = (mdat as u32 + 8).to_be_bytes();
    let at = iloc + other[iloc..].windows(4).position(|window| window == start).unwrap();
    other[at..at + 4].copy_from_slice(&((meta + 8) as u32).to_be_bytes());
    let dated = is_dated(&other);
    assert!(dated.starts_with(&other[..meta + plain.len() - mdat]), "the picture's data stayed where it was");
    // Data within `meta` itself.
    other[at..at + 4].copy_from_slice(&((meta + plain.len() - mdat + 20) as u32).to_be_bytes());
    assert!(with_date(&other, DATE).is_err());
    // Data beyond the end.
    other[at..at + 4].copy_from_slice(&u32::MAX.to_be_bytes());
    assert!(has_date(&other).is_err());
}

/// A `meta` and Exif that are too much to be kept twice.
#[test]
fn the_growth_is_bounded() {
    let plain = file("plain.heic");
    let meta = plain.windows(4).position(|window| window == b"meta").unwrap() - 4;
    let length = u32::from_be_bytes(plain[meta..meta + 4].try_into().unwrap()) as usize;
    let grown = |more: usize| {
        let free = [&(more as u32).to_be_bytes()[..], b"free", &vec![0; more - 8]].concat();
        let mut meta_box = [&plain[meta..meta + length], &free].concat();
        meta_box[..4].copy_from_slice(&((length + more) as u32).to_be_bytes());
        let mut all = [&plain[..meta], &meta_box, &plain[meta + length..]].concat();
        let offset = (plain.len() - plain[meta + length..].len() + 8) as u32;
        let at = all.windows(4).position(|window| window == offset.to_be_bytes()).unwrap();
        all[at..at + 4].copy_from_slice(&(offset + more as u32).to_be_bytes());
        all
    };
    is_dated(&grown(60_000));
    let error = with_date(&grown(70_000), DATE).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(!has_date(&grown(70_000)).unwrap(), "it can be read all the same");
    assert!(has_date(&grown(2 << 20)).is_err());
}

#[test]
fn films_and_filling_at_the_end_stay_at_the_end() {
    let moved = [file("plain.heic"), b"\0\0\0\x10mpvdabcdefgh", b"\0\0\0\0free rest"].concat();
    assert!(is_dated(&moved).ends_with(b"\0\0\0\x10mpvdabcdefgh\0\0\0\0free rest"));
}

#[test]
fn a_webp_of_a_simple_form_becomes_extended() {
    for (name, flags) in [("lossy.webp", 0x08), ("lossless.webp", 0x08), ("lossless_alpha.webp", 0x18)] {
        let dated = is_dated(file(name));
        assert_eq!(&dated[12..20], b"VP8X\x0a\0\0\0", "{name}");
        assert_eq!(dated[20..30], [flags, 0, 0, 0, 64, 0, 0, 48, 0, 0], "{name}: 65 by 49");
        assert_eq!(&dated[30..][..file(name).len() - 12], &file(name)[12..], "{name}");
        assert_eq!(u32::from_le_bytes(dated[4..8].try_into().unwrap()) as usize, dated.len() - 8);
    }
}

#[test]
fn exif_of_a_webp_comes_before_xmp_and_what_is_behind_stays() {
    let trailed = [file("xmp.webp"), b"more"].concat();
    let dated = is_dated(&trailed);
    let at = |kind: &[u8]| dated.windows(4).position(|window| window == kind).unwrap();
    assert!(at(b"VP8 ") < at(b"EXIF") && at(b"EXIF") < at(b"XMP ") && dated.ends_with(b"more"));
    let prefixed = with_chunk(b"EXIF", &[b"Exif\0\0", &tiff(false, true, None)[..]].concat());
    let dated = with_date(&prefixed, DATE).unwrap();
    assert!(has_date(&dated).unwrap() && originals(&dated).iter().any(|original| original.is(&prefixed)));
    assert!(dated.windows(8).any(|window| window == b"Exif\0\0II"));
}

/// `xmp.webp` with another chunk at the end.
fn with_chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut bytes = file("xmp.webp").to_vec();
    bytes.extend(
        [kind, &(content.len() as u32).to_le_bytes()[..], content, &[0][..content.len() % 2]].concat(),
    );
    let length = bytes.len() as u32 - 8;
    bytes[4..8].copy_from_slice(&length.to_le_bytes());
    bytes
}

#[test]
fn a_webp_that_does_not_go_together_is_left_alone() {
    let plain = file("lossy.webp");
    let mut refused: Vec<Vec<u8>> = (1..plain.len()).map(|length| plain[..length].to_vec()).collect();
    let mut inter = plain.to_vec();
    inter[20] |= 1;
    let mut flat = plain.to_vec();
    flat[26..28].copy_from_slice(&[0, 0]);
    let twice = {
        let once = with_date(plain, DATE).unwrap();
        let mut twice = [&once[..], &once[once.len() - 20..]].concat();
        twice[once.len()..once.len() + 8].copy_from_slice(b"EXIF\x0c\0\0\0");
        let length = twice.len() as u32 - 8;
        twice[4..8].copy_from_slice(&length.to_le_bytes());
        twice
    };
    refused.extend([inter, flat, twice, with_chunk(b"VP8X", &[0; 10])]);
    for other in refused {
        assert!(has_date(&other).is_err() && with_date(&other, DATE).is_err(), "{other:x?}");
    }
}

/// exiftool, libwebp's tools and others put Exif at the end of a file that had none.
#[test]
fn exif_that_another_program_put_into_a_webp_can_be_taken_out() {
    for name in ["lossy.webp", "lossless.webp", "alpha.webp", "animated.webp"] {
        let dated = with_date(file(name), DATE).unwrap();
        let strange = with_date(&dated, "2020:01:01 00:00:00").unwrap();
        assert!(originals(&strange).iter().any(|original| original.is(file(name))), "{name}");
    }
}
