mod files;

use proptest::prelude::*;

use super::*;

const DATE: &str = "2024:05:06 07:08:09";

/// Tables, a frame of 8 by 8 grey pixels, the scan and the end, and behind it what some cameras put there.
const PICTURE: &[u8] = b"\xff\xc0\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x3f\xff\xd9 a second picture";
const JFIF: &[u8] = b"\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0";

fn jpeg(segments: &[&[u8]]) -> Vec<u8> {
    [&b"\xff\xd8"[..], &segments.concat(), PICTURE].concat()
}

fn exif(tiff: &[u8]) -> Vec<u8> {
    jpeg::wrap(tiff).unwrap()
}

/// `Make`, and with it the photo's directory with a version, or with `taken` too.
fn tiff(large: bool, has_photo: bool, taken: Option<&[u8]>) -> Vec<u8> {
    let short = |value: u16| if large { value.to_be_bytes() } else { value.to_le_bytes() };
    let long = |value: u32| if large { value.to_be_bytes() } else { value.to_le_bytes() };
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&short(tag)[..], &short(kind), &long(count), &value].concat()
    };
    let root = 1 + u32::from(has_photo);
    let photo = 8 + 2 + 12 * root + 4;
    let text = photo + if has_photo { 2 + 12 * (1 + u32::from(taken.is_some())) + 4 } else { 0 };
    let mut bytes = if large { b"MM\0*".to_vec() } else { b"II*\0".to_vec() };
    bytes.extend(long(8));
    bytes.extend(short(root as u16));
    bytes.extend(entry(0x010f, 2, 6, long(text)));
    if has_photo {
        bytes.extend(entry(0x8769, 4, 1, long(photo)));
    }
    bytes.extend(long(0));
    if has_photo {
        bytes.extend(short(1 + u16::from(taken.is_some())));
        bytes.extend(entry(0x9000, 7, 4, *b"0230"));
        if let Some(taken) = taken {
            bytes.extend(entry(0x9003, 2, taken.len() as u32, long(text + 6)));
        }
        bytes.extend(long(0));
    }
    bytes.extend(b"Maker\0");
    bytes.extend(taken.unwrap_or_default());
    bytes
}

fn png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = png::SIGNATURE.to_vec();
    for (kind, content) in chunks {
        bytes.extend((content.len() as u32).to_be_bytes());
        bytes.extend(*kind);
        bytes.extend(*content);
        let mut crc = flate2::Crc::new();
        crc.update(*kind);
        crc.update(content);
        bytes.extend(crc.sum().to_be_bytes());
    }
    bytes
}

fn read(bytes: &[u8], tag: ::exif::Tag) -> Option<String> {
    let read = ::exif::Reader::new().read_from_container(&mut std::io::Cursor::new(bytes)).unwrap();
    let field = read.get_field(tag, ::exif::In::PRIMARY)?;
    Some(field.display_value().to_string())
}

/// The picture gets its date, and can be had back.
fn is_dated(bytes: &[u8]) -> Vec<u8> {
    assert!(!has_date(bytes).unwrap());
    let dated = with_date(bytes, DATE).unwrap();
    assert!(has_date(&dated).unwrap());
    for tag in [::exif::Tag::DateTimeOriginal, ::exif::Tag::DateTimeDigitized] {
        assert_eq!(read(&dated, tag).unwrap(), "2024-05-06 07:08:09");
    }
    let found = originals(&dated);
    assert!(found.len() <= 16 && found.iter().any(|original| original.is(bytes)));
    assert!(((dated.len() - bytes.len()) as u64) < MOST_ADDED);
    dated
}

#[test]
fn a_picture_without_exif_gets_it_behind_jfif() {
    let dated = is_dated(&jpeg(&[JFIF, b"\xff\xdb\0\x04ab"]));
    assert!(dated[2..].starts_with(JFIF) && dated[2 + JFIF.len()..].starts_with(b"\xff\xe1"));
    assert!(dated.ends_with(PICTURE), "what stands behind the picture stays");
    let dated = is_dated(&jpeg(&[b"\xff\xdb\0\x04ab"]));
    assert!(dated[2..].starts_with(b"\xff\xe1"));
    let dated = is_dated(&png(&[(b"IHDR", &[0; 13]), (b"IDAT", b"x"), (b"IDAT", b"y"), (b"IEND", b"")]));
    assert_eq!(&dated[8 + 25 + 4..][..4], b"eXIf");
}

#[test]
fn nothing_that_is_there_moves() {
    for large in [true, false] {
        for has_photo in [true, false] {
            let before = tiff(large, has_photo, None);
            let segments = [JFIF, &exif(&before), b"\xff\xdb\0\x04ab"];
            let dated = is_dated(&jpeg(&segments));
            assert_eq!(read(&dated, ::exif::Tag::Make).unwrap(), "\"Maker\"");
            let version = has_photo.then(|| "2.3".to_owned());
            assert_eq!(read(&dated, ::exif::Tag::ExifVersion), version);
            let at = 2 + JFIF.len() + 10;
            let differs = before.iter().zip(&dated[at..]).filter(|(one, other)| one != other).count();
            assert!((1..=4).contains(&differs), "{differs} bytes of what was there differ");
        }
    }
    let chunk = tiff(true, true, None);
    is_dated(&png(&[(b"IHDR", &[0; 13]), (b"IDAT", b"x"), (b"eXIf", &chunk), (b"IEND", b"")]));
}

#[test]
fn a_date_that_is_there_is_seen() {
    for (taken, is_date) in [
        (&b"2017:01:02 03:04:05\0"[..], true),
        (b"0000:00:00 00:00:00\0", true),
        (b"\0", false),
        (b"", false),
        (&[b' '; 20], false),
        (&[0; 20], false),
    ] {
        let bytes = jpeg(&[&exif(&tiff(true, true, Some(taken)))]);
        assert_eq!(has_date(&bytes).unwrap(), is_date, "{taken:?}");
        if !is_date {
            is_dated(&bytes);
        }
    }
}

#[test]
fn what_another_program_put_in_can_be_taken_out() {
    let plain = jpeg(&[JFIF]);
    let theirs = jpeg(&[JFIF, &exif(&tiff(true, true, Some(b"2017:01:02 03:04:05\0")))]);
    let found = originals(&theirs);
    assert!(found.len() == 1 && found[0].is(&plain) && found[0].size() == plain.len() as u64);
    // icloudpd's library puts Exif in the place of JFIF.
    let replaced = jpeg(&[&exif(&tiff(true, true, Some(b"2017:01:02 03:04:05\0")))]);
    assert!(originals(&replaced).iter().any(|original| original.is(&plain)));
    assert!(originals(&replaced).iter().any(|original| original.is(&jpeg(&[]))));
    assert!(originals(&plain).is_empty() && originals(b"").is_empty());
    assert!(!found[0].is(&theirs) && !found[0].is(&plain[..plain.len() - 1]) && !found[0].is(b""));
}

#[test]
fn what_cannot_be_followed_is_left_alone() {
    let good = tiff(true, true, None);
    let mut far = good.clone();
    far[4..8].copy_from_slice(&0xffff_fff0u32.to_be_bytes());
    let mut long = good.clone();
    long[8..10].copy_from_slice(&u16::MAX.to_be_bytes());
    let mut twice = good.clone();
    twice[10 + 12 + 4..10 + 12 + 8].copy_from_slice(&7u32.to_be_bytes());
    for damaged in [&far[..], &long, &twice, b"MM\0*", b"", b"XX\0*\0\0\0\x08", &good[..40]] {
        let bytes = jpeg(&[&exif(damaged)]);
        assert_eq!(has_date(&bytes).unwrap_err().kind(), ErrorKind::Unsupported, "{damaged:?}");
        assert!(with_date(&bytes, DATE).is_err());
    }
    for other in
        [&b""[..], b"\xff\xd8", b"\xff\xd8\xff\xd9", b"GIF89a", b"\xff\xd8\xff\xe1\0\x01", png::SIGNATURE]
    {
        assert!(has_date(other).is_err() && with_date(other, DATE).is_err(), "{other:?}");
    }
}

#[test]
fn a_full_segment_takes_no_date() {
    let mut full = tiff(true, true, None);
    full.resize(65_500, 7);
    let error = with_date(&jpeg(&[&exif(&full)]), DATE).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn only_dates_are_dates() {
    for text in
        ["", "2024-05-06 07:08:09", "987:05:06 07:08:09", "12024:05:06 07:08:09", "2024:05:06 07:08:9x"]
    {
        assert_eq!(with_date(&jpeg(&[JFIF]), text).unwrap_err().kind(), ErrorKind::Config, "{text}");
    }
}

#[test]
fn names_tell_the_format() {
    for (name, format) in [
        ("IMG_1.JPG", Some(Format::Jpeg)),
        ("a.b.jpeg", Some(Format::Jpeg)),
        ("x.Png", Some(Format::Png)),
        ("x.HEIC", Some(Format::Heic)),
        ("x.hif", Some(Format::Heic)),
        ("x.avif", Some(Format::Avif)),
        ("x.WebP", Some(Format::Webp)),
        ("x.MOV", None),
        ("jpg", None),
    ] {
        assert_eq!(Format::of_name(name), format, "{name}");
    }
}

fn pictures() -> Vec<Vec<u8>> {
    let dated = with_date(&jpeg(&[JFIF, &exif(&tiff(false, true, None))]), DATE).unwrap();
    vec![
        jpeg(&[JFIF]),
        jpeg(&[&exif(&tiff(true, true, None))]),
        jpeg(&[JFIF, &exif(&tiff(false, false, None))]),
        dated,
        png(&[(b"IHDR", &[0; 13]), (b"eXIf", &tiff(true, true, None)), (b"IDAT", b"x"), (b"IEND", b"")]),
    ]
    .into_iter()
    .chain(files::STILLS.iter().map(|(_, bytes)| bytes.to_vec()))
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Hostile files give an error, or a file that is right.
    #[test]
    fn whatever_comes_nothing_is_lost(
        which in 0usize..5 + files::STILLS.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = pictures().swap_remove(which);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = originals(&bytes);
        if let Ok(false) = has_date(&bytes)
            && let Ok(dated) = with_date(&bytes, DATE)
        {
            prop_assert!(has_date(&dated).unwrap());
            prop_assert!(originals(&dated).iter().any(|original| original.is(&bytes)));
        }
    }

    #[test]
    fn noise_ends_nothing(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for start in [&b""[..], b"RIFF\x90\x01\0\0WEBPVP8X", b"\0\0\0\x10ftypheic\0\0\0\0\0\0\x01\0meta\0\0\0\0", b"\xff\xd8\xff\xe1\0\x80Exif\0\0", b"\xff\xd8\xff\xe1\0\x80Exif\0\0II*\0", png::SIGNATURE] {
            let bytes = [start, &bytes].concat();
            let _ = (has_date(&bytes).is_ok(), with_date(&bytes, DATE).is_ok(), originals(&bytes).len());
        }
    }
}
