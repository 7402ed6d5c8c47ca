//! What sidecars say. Both programs' are read by one reader, and compared value by value: icloudpd's are no valid XMP, so their bytes
//! cannot be the same. The reader takes the two ways of writing a value for one (docs of `metadata::xmp`), and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};
use quick_xml::reader::Reader;

use crate::tree::{Entry, Tree};

/// Values of properties by name, for each sidecar by its path.
pub(super) type Sidecars = BTreeMap<String, Facts>;
type Facts = BTreeMap<String, Vec<String>>;

/// Properties that icloudpd does not write. What is in them is shown by tests of ours with exiftool.
const OURS_ALONE: [&str; 8] = [
    "dc:identifier",
    "digiKam:TagsList",
    "exif:DateTimeOriginal",
    "exif:GPSAltitudeRef",
    "exif:GPSSpeedRef",
    "exif:GPSTrack",
    "exif:GPSTrackRef",
    "exif:GPSHPositioningError",
];

/// Reads the sidecars of a tree that one of the two wrote; their bytes and times are no longer compared then.
pub(super) fn take(root: &Path, tree: &mut Tree) -> Result<Sidecars> {
    let mut sidecars = Sidecars::new();
    for (path, entry) in tree.iter_mut().filter(|(path, _)| path.ends_with(".xmp")) {
        let Entry::File { length, sha256, checksum, modified } = entry else { continue };
        let Ok(text) = fs::read_to_string(root.join(path)) else { continue };
        if !text.contains("xmptk=\"icloudpd ") {
            continue;
        }
        let facts = facts(&text).with_context(|| format!("{path} cannot be read"))?;
        sidecars.insert(path.clone(), facts);
        (*length, *modified) = (0, 0);
        sha256.clear();
        checksum.clear();
    }
    Ok(sidecars)
}

/// Of sidecars that both wrote; where one is missing the trees say so.
pub(super) fn compare(theirs: &Sidecars, ours: &Sidecars) -> Vec<String> {
    let mut differences = Vec::new();
    for (path, theirs) in theirs {
        let Some(ours) = ours.get(path) else { continue };
        for name in theirs.keys().chain(ours.keys().filter(|name| !theirs.contains_key(*name))) {
            let (there, here) = (theirs.get(name), ours.get(name));
            if there != here {
                differences.push(format!("sidecar {path}: {name} is {there:?} there, {here:?} in ours"));
            }
        }
    }
    differences
}

/// The text of each property, item by item.
fn facts(text: &str) -> Result<Facts> {
    let mut reader = Reader::from_str(text);
    let (mut facts, mut open, mut value) = (Facts::new(), Vec::<String>::new(), String::new());
    loop {
        match reader.read_event()? {
            Event::Start(start) => {
                open.push(start.name().as_ref().to_owned());
                value.clear();
            }
            Event::Text(part) => value.push_str(&part.xml10_content()),
            Event::GeneralRef(name) => value.push_str(&character(&name)?),
            Event::End(_) => {
                let property = open.iter().skip_while(|name| *name != "rdf:Description").nth(1);
                if let Some(property) = property.filter(|_| !value.trim().is_empty()) {
                    facts.entry(property.clone()).or_default().push(value.clone());
                }
                open.pop();
                value.clear();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    Ok(in_one_form(facts))
}

fn character(entity: &BytesRef<'_>) -> Result<String> {
    if let Some(character) = entity.resolve_char_ref()? {
        return Ok(character.to_string());
    }
    Ok(resolve_predefined_entity(entity).context("an entity that XML does not know")?.to_owned())
}

fn in_one_form(mut facts: Facts) -> Facts {
    let per_hour = facts.get("exif:GPSSpeedRef").is_some_and(|unit| unit == &["K"]);
    for (name, values) in &mut facts {
        for value in values {
            *value = plain(name, value, per_hour).unwrap_or_else(|| value.clone());
        }
    }
    facts.retain(|name, _| !OURS_ALONE.contains(&name.as_str()));
    facts
}

/// A value as icloudpd writes it, rounded to what both can say.
fn plain(name: &str, value: &str, per_hour: bool) -> Option<String> {
    match name {
        "exif:GPSLatitude" | "exif:GPSLongitude" => Some(format!("{:.5}", degrees(value)?)),
        "exif:GPSAltitude" => Some(format!("{:.0}", ratio(value)?)),
        "exif:GPSSpeed" => Some(format!("{:.1}", ratio(value)? / if per_hour { 3.6 } else { 1.0 })),
        "exif:GPSTimeStamp" => value.strip_suffix('Z').map(str::to_owned),
        "xmp:CreateDate" | "photoshop:DateCreated" => {
            let (moment, minutes) = value.split_at_checked(value.len().checked_sub(3)?)?;
            Some(format!("{moment}{}", minutes.strip_prefix(':')?))
        }
        "Iptc4xmpExt:DigitalSourceType" => value.rsplit_once('/').map(|(_, term)| term.to_owned()),
        _ => None,
    }
}

/// `50,5.651000N` or `50.0941833`.
fn degrees(value: &str) -> Option<f64> {
    let Some((degrees, minutes)) = value.split_once(',') else { return value.parse().ok() };
    let (minutes, side) = minutes.split_at_checked(minutes.len().checked_sub(1)?)?;
    let amount = degrees.parse::<f64>().ok()? + minutes.parse::<f64>().ok()? / 60.0;
    Some(if matches!(side, "S" | "W") { -amount } else { amount })
}

/// `32695/100` or `326.95`.
fn ratio(value: &str) -> Option<f64> {
    let (above, below) = value.split_once('/').unwrap_or((value, "1"));
    Some(above.parse::<f64>().ok()? / below.parse::<f64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(properties: &str) -> Facts {
        facts(&format!("<x:m xmlns:x='a'><rdf:RDF><rdf:Description rdf:about=''>{properties}</rdf:Description></rdf:RDF></x:m>"))
            .unwrap()
    }

    #[test]
    fn two_ways_of_saying_one_thing_are_one() {
        let theirs = "<dc:title>A &amp; B</dc:title><dc:subject><rdf:Seq><rdf:li>x</rdf:li><rdf:li>y</rdf:li></rdf:Seq></dc:subject>\
            <exif:GPSLatitude>-50.0941833</exif:GPSLatitude><exif:GPSSpeed>5.0</exif:GPSSpeed><exif:GPSTimeStamp>2020-02-29T18:35:49\
            </exif:GPSTimeStamp><xmp:CreateDate>2018-07-30T18:44:10+0700</xmp:CreateDate>";
        let ours = "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>A &amp; B</rdf:li></rdf:Alt></dc:title><dc:subject><rdf:Bag>\
            <rdf:li>x</rdf:li><rdf:li>y</rdf:li></rdf:Bag></dc:subject><exif:GPSLatitude>50,5.650998S</exif:GPSLatitude>\
            <exif:GPSSpeed>18/1</exif:GPSSpeed><exif:GPSSpeedRef>K</exif:GPSSpeedRef><exif:GPSTimeStamp>2020-02-29T18:35:49Z\
            </exif:GPSTimeStamp><xmp:CreateDate>2018-07-30T18:44:10+07:00</xmp:CreateDate><dc:identifier>z</dc:identifier>";
        assert_eq!(read(theirs), read(ours));
    }

    #[test]
    fn another_value_is_told_by_its_name() {
        let sidecars = |title: &str| {
            Sidecars::from([("a.xmp".to_owned(), read(&format!("<dc:title>{title}</dc:title>")))])
        };
        let told = compare(&sidecars("one"), &sidecars("two"));
        assert_eq!(told, [r#"sidecar a.xmp: dc:title is Some(["one"]) there, Some(["two"]) in ours"#]);
        assert!(compare(&sidecars("one"), &Sidecars::new()).is_empty(), "the trees say that it is missing");
    }
}
