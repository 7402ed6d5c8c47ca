use serde_json::{Value, json};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::asset::of_fields;

fn bytes(value: impl AsRef<[u8]>) -> Value {
    json!({ "value": STANDARD.encode(value), "type": "ENCRYPTED_BYTES" })
}

fn number(value: i64) -> Value {
    json!({ "value": value, "type": "INT64" })
}

/// Raw DEFLATE of one stored block.
fn deflated(text: &str) -> Vec<u8> {
    let length = (text.len() as u16).to_le_bytes();
    [&[1][..], &length, &(!(text.len() as u16)).to_le_bytes(), text.as_bytes()].concat()
}

fn packet(fields: Value) -> String {
    String::from_utf8(Sidecar::of(&of_fields(&fields)).packet()).unwrap()
}

fn update(fields: Value, existing: &str) -> Option<String> {
    let existing = Existing::read(existing.into()).unwrap().unwrap();
    let packet = Sidecar::of(&of_fields(&fields)).update(&existing)?;
    Some(String::from_utf8(packet).unwrap())
}

/// As the Python icloudpd writes it.
fn pythons(inner: &str) -> String {
    format!(
        "<?xml version='1.0' encoding='utf-8'?>\n<x:xml_doc xmlns:x=\"adobe:ns:meta/\" x:xmptk=\"icloudpd 1.32.3+8bd9\"><rdf:RDF \
         xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">{inner}</rdf:RDF></x:xml_doc>"
    )
}

#[test]
fn a_packet_says_what_icloud_says() {
    let place = "<plist version=\"1.0\"><dict><key>lat</key><real>50.0941833</real><key>lon</key><real>-14.5</real>\
                 <key>alt</key><real>-3.5</real><key>speed</key><real>-1</real><key>course</key><real>-1</real>\
                 <key>timestamp</key><date>2018-07-30T11:44:09Z</date></dict></plist>";
    let words = "<plist version=\"1.0\"><array><string>a &lt; b</string><string>a &lt; b</string><string/></array></plist>";
    let text = packet(json!({
        "captionEnc": bytes("Tom & \"Jerry\" \u{0}\u{b}<3"),
        "extendedDescEnc": bytes("one\r\ntwo"),
        "keywordsEnc": bytes(words),
        "locationEnc": bytes(place),
        "assetDate": number(1_532_951_050_176),
        "timeZoneOffset": number(25_200),
        "isFavorite": number(1),
        "assetSubtypeV2": number(3),
        "adjustmentSimpleDataEnc": bytes(deflated("{\"metadata\":{\"orientation\":8}}")),
    }));
    let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="icloudpd icloud-photos">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
   xmlns:dc="http://purl.org/dc/elements/1.1/"
   xmlns:digiKam="http://www.digikam.org/ns/1.0/"
   xmlns:exif="http://ns.adobe.com/exif/1.0/"
   xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
   xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
   xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
   xmlns:xmp="http://ns.adobe.com/xap/1.0/">
  <rdf:Description rdf:about="">
   <dc:identifier>F2A2</dc:identifier>
   <dc:title>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">Tom &amp; "Jerry" &lt;3</rdf:li>
    </rdf:Alt>
   </dc:title>
   <dc:description>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">one&#13;
two</rdf:li>
    </rdf:Alt>
   </dc:description>
   <dc:subject>
    <rdf:Bag>
     <rdf:li>a &lt; b</rdf:li>
    </rdf:Bag>
   </dc:subject>
   <digiKam:TagsList>
    <rdf:Seq>
     <rdf:li>a &lt; b</rdf:li>
    </rdf:Seq>
   </digiKam:TagsList>
   <exif:DateTimeOriginal>2018-07-30T18:44:10+07:00</exif:DateTimeOriginal>
   <exif:GPSLatitude>50,5.650998N</exif:GPSLatitude>
   <exif:GPSLongitude>14,30.000000W</exif:GPSLongitude>
   <exif:GPSAltitude>3500/1000</exif:GPSAltitude>
   <exif:GPSAltitudeRef>1</exif:GPSAltitudeRef>
   <exif:GPSTimeStamp>2018-07-30T11:44:09Z</exif:GPSTimeStamp>
   <Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/screenCapture</Iptc4xmpExt:DigitalSourceType>
   <photoshop:DateCreated>2018-07-30T18:44:10+07:00</photoshop:DateCreated>
   <tiff:Orientation>8</tiff:Orientation>
   <tiff:Make>Screenshot</tiff:Make>
   <xmp:CreateDate>2018-07-30T18:44:10+07:00</xmp:CreateDate>
   <xmp:Rating>5</xmp:Rating>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"#;
    assert_eq!(text, expected, "control characters are left out");
}

#[test]
fn hidden_and_deleted_photos_are_rejected_though_they_are_favourites() {
    for field in ["isHidden", "isDeleted"] {
        let text = packet(json!({ "isFavorite": number(1), field: number(1) }));
        assert!(text.contains("<xmp:Rating>-1</xmp:Rating>"), "{field}: {text}");
    }
    assert!(!packet(json!({ "isFavorite": number(0) })).contains("Rating"));
}

/// F8: icloudpd 1.32.3 ends the run over each of these.
#[test]
fn a_broken_value_leaves_its_property_out() {
    let odd = |value: &str| json!({ "value": value, "type": "ENCRYPTED_BYTES" });
    let bomb = {
        use std::io::Write;
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![b' '; 64 << 20]).unwrap();
        encoder.finish().unwrap()
    };
    let nothing = packet(json!({}));
    assert_eq!(nothing.matches("</").count(), 4, "only the identifier: {nothing}");
    for bad in
        [odd("%%%"), odd("AAAA"), bytes("bplist00"), bytes(bomb), json!({ "value": 7 }), json!({}), json!(3)]
    {
        for field in ["keywordsEnc", "locationEnc", "adjustmentSimpleDataEnc"] {
            assert_eq!(packet(json!({ field: bad })), nothing, "{field}: {bad}");
        }
    }
    for (field, value) in [
        ("captionEnc", odd("%%%")),
        ("extendedDescEnc", bytes("")),
        ("assetDate", number(i64::MAX)),
        ("assetDate", number(-62_135_769_600_000)),
        ("adjustmentSimpleDataEnc", bytes(b"crdt\x01\x02")),
        ("adjustmentSimpleDataEnc", bytes(deflated("{\"metadata\":{\"orientation\":9}}"))),
        ("adjustmentSimpleDataEnc", bytes(deflated("{\"metadata\":{}}"))),
    ] {
        assert_eq!(packet(json!({ field: value })), nothing, "{field}");
    }
}

#[test]
fn a_file_that_was_made_from_an_edit_is_turned_already() {
    let asset = of_fields(&json!({
        "adjustmentSimpleDataEnc": bytes(deflated("{\"metadata\":{\"orientation\":6}}")),
    }));
    let text = |sidecar: Sidecar| String::from_utf8(sidecar.packet()).unwrap();
    assert!(text(Sidecar::of(&asset)).contains("tiff:Orientation"));
    assert!(!text(Sidecar::of(&asset).of_rendering()).contains("Orientation"));
}

#[test]
fn only_what_icloudpd_wrote_is_taken_up() {
    let with = |toolkit: &str| format!("<x:xmpmeta xmlns:x='adobe:ns:meta/' {toolkit}/>").into_bytes();
    assert!(Existing::read(Vec::new()).unwrap().is_none());
    assert!(Existing::read(with("x:xmptk='icloudpd 1.33.0'")).unwrap().is_some());
    assert!(Existing::read(Sidecar::of(&of_fields(&json!({}))).packet()).unwrap().is_some());
    let other_prefix = b"<q:xmpmeta xmlns:q='adobe:ns:meta/' q:xmptk='icloudpd'/>".to_vec();
    assert!(Existing::read(other_prefix).unwrap().is_some());
    for (bytes, why) in [
        (with("x:xmptk='Image::ExifTool 12.57'"), "created by Image::ExifTool 12.57"),
        (with(""), "created by None"),
        (with("xmptk='icloudpd'"), "created by None"),
        (b"<a xmlns:x='urn:another' x:xmptk='icloudpd'/>".to_vec(), "created by None"),
        (b"icloudpd".to_vec(), "due to parser error: text outside of the root"),
        (vec![b' '; MOST_BYTES as usize + 1], "due to parser error: it has more than 4194304 bytes"),
    ] {
        assert_eq!(Existing::read(bytes).unwrap_err().to_string(), why);
    }
}

#[test]
fn an_update_keeps_what_another_program_added_and_renews_the_rest() {
    let theirs = pythons(
        "<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:q=\"http://ns.adobe.com/xap/1.0/\" q:Label=\"Red\" q:Rating=\"3\"><dc:title>Old</dc:title>\
         <dc:rights><rdf:Alt><rdf:li xml:lang=\"de\">\u{a9} Jürgen &amp; Söhne</rdf:li></rdf:Alt></dc:rights></rdf:Description>\
         <rdf:Description rdf:about=\"\" xmlns=\"urn:mine\" xmlns:tiff=\"urn:not-tiff\"><faces a=\"1&#10;2\"><tiff:b>x  <c/> y</tiff:b>\
         </faces></rdf:Description><rdf:Description rdf:about=\"uuid:1\" xmlns:m=\"urn:mine\" m:d=\"e\"/>",
    );
    let text = update(json!({ "captionEnc": bytes("New") }), &theirs).unwrap();
    for kept in [
        "xmp:Label=\"Red\"",
        "<rdf:li xml:lang=\"de\">\u{a9} Jürgen &amp; Söhne</rdf:li>",
        "xmlns:ns1=\"urn:mine\"",
        "<ns1:faces a=\"1&#10;2\">",
        "<ns2:b>x  <ns1:c/> y</ns2:b>",
        "<rdf:Description rdf:about=\"uuid:1\" ns1:d=\"e\"/>",
        "<rdf:li xml:lang=\"x-default\">New</rdf:li>",
    ] {
        assert!(text.contains(kept), "{kept} is not in {text}");
    }
    assert!(!text.contains("Old") && !text.contains("Rating"), "{text}");
    assert_eq!(update(json!({ "captionEnc": bytes("New") }), &text), None, "nothing changes twice: {text}");
    let gone = update(json!({}), &text).unwrap();
    assert!(!gone.contains("New") && gone.contains("xmp:Label=\"Red\""), "{gone}");
}

#[test]
fn a_sidecar_says_whose_it_is() {
    let read = |text: &str| Existing::read(text.into()).unwrap().unwrap().asset();
    assert_eq!(read(&packet(json!({}))).unwrap().as_str(), "F2A2");
    assert_eq!(read(&pythons("")), None);
}

/// Whatever stands there, an update can be read again and is final.
#[test]
fn an_update_of_anything_is_final() {
    use proptest::prelude::*;

    let part = prop::sample::select(vec![
        "<a>",
        "</a>",
        "<q:b c='&lt;'>",
        "</q:b>",
        "<d/>",
        " ",
        "\n",
        "x",
        "&amp;",
        "&#13;",
        "<![CDATA[<]]>",
        "<!-- c -->",
        "<?p q?>",
        "<rdf:Description>",
        "</rdf:Description>",
        "<rdf:Description rdf:about='' q:e='\"'>",
        "<x:f xmlns:x='urn:x' x:g='h'/>",
        "<i xmlns='urn:i'>",
        "</i>",
        "\u{e9}",
    ]);
    proptest!(|(parts in prop::collection::vec(part, 0..24))| {
        let inner = format!("<rdf:Description xmlns:q='urn:q'>{}</rdf:Description>", parts.concat());
        if let Ok(Some(existing)) = Existing::read(pythons(&inner).into_bytes()) {
            let sidecar = Sidecar::of(&of_fields(&json!({ "captionEnc": bytes("t") })));
            let first = sidecar.update(&existing).unwrap();
            let again = Existing::read(first.clone()).unwrap().unwrap();
            prop_assert_eq!(sidecar.update(&again).map(|bytes| String::from_utf8(bytes).unwrap()), None, "{}", String::from_utf8_lossy(&first));
        }
    });
}

fn trail(titles: &[&str]) -> Vec<String> {
    titles.iter().map(|title| (*title).to_owned()).collect()
}

#[test]
fn albums_are_tags_of_their_own_and_only_they_go_again() {
    let words = "<plist version=\"1.0\"><array><string>sea</string></array></plist>";
    let asset = of_fields(&json!({ "keywordsEnc": bytes(words) }));
    let before = Sidecar::of(&asset).packet();
    let albums = [trail(&["Trips", "Rome/2"]), trail(&["A|B"])];
    let packet = Sidecar::of(&asset).in_albums(&albums).packet();
    let text = String::from_utf8(packet.clone()).unwrap();
    for item in ["sea", "Albums/Trips/Rome\u{2215}2", "Albums|Trips|Rome/2", "Albums/A|B", "Albums|A\u{a6}B"]
    {
        assert!(text.contains(&format!("<rdf:li>{item}</rdf:li>")), "{item}: {text}");
    }
    assert_eq!(text.matches("<rdf:li>sea<").count(), 2, "as a keyword and as a tag");
    let existing = Existing::read(packet.clone()).unwrap().unwrap();
    assert_eq!(existing.in_albums(&albums), None);
    assert_eq!(Sidecar::of(&asset).in_albums(&albums).update(&existing), None);
    assert_eq!(existing.in_albums(&[]), Some(before.clone()), "to the byte");
    assert_eq!(Sidecar::of(&asset).update(&existing), Some(before.clone()));
    let bare = Existing::read(before).unwrap().unwrap();
    assert_eq!(bare.in_albums(&albums), Some(packet));
}

#[test]
fn what_the_python_icloudpd_wrote_is_not_ours_to_tag() {
    let existing = Existing::read(pythons("").into_bytes()).unwrap().unwrap();
    assert_eq!(existing.in_albums(&[trail(&["Trip"])]), None);
}

#[test]
fn nobody_rejected_what_a_copy_moved_out() {
    let asset = of_fields(&json!({ "isDeleted": number(1), "isFavorite": number(1) }));
    let rating = |sidecar: Sidecar| {
        String::from_utf8(sidecar.packet()).unwrap().split_once("<xmp:Rating>").unwrap().1[..1].to_owned()
    };
    assert_eq!(
        (rating(Sidecar::of(&asset)), rating(Sidecar::of_moved_out(&asset))),
        ("-".to_owned(), "5".to_owned())
    );
}
