//! XMP sidecars: `IMG_1.JPG.xmp` beside `IMG_1.JPG`.
//!
//! A [`Sidecar`] is what iCloud says of a photo, as an XMP packet. A file that stands there already is read first
//! ([`Existing::read`]): only what icloudpd wrote, the Python one or this one, may be replaced, and of that
//! [`Sidecar::update`] keeps every property that is not in [`MANAGED`].
//!
//! # What is written, and how it differs from icloudpd 1.32.3
//!
//! | property | from | icloudpd 1.32.3 writes | why not the same |
//! |---|---|---|---|
//! | root element | | `x:xml_doc` | XMP has `x:xmpmeta`; both are read |
//! | `dc:title`, `dc:description` | title, description | the text itself | language alternatives (`rdf:Alt`) in XMP; readers show the same text |
//! | `dc:subject` | keywords | `rdf:Seq` | an unordered `rdf:Bag` in XMP |
//! | `digiKam:TagsList` | keywords, and albums as `Albums/Folder/Title` | nothing | what digiKam and Immich take tags from |
//! | `lr:hierarchicalSubject` | albums as `Albums\|Folder\|Title`; what else stands there is kept | nothing | the same for Lightroom |
//! | `xmp:CreateDate`, `photoshop:DateCreated` | date, in the photo's own offset | offset without a colon | ISO 8601 has one in this form; a moment as before |
//! | `exif:DateTimeOriginal` | the same | nothing | the first date that digiKam, Immich and Lightroom look for |
//! | `xmp:Rating` | hidden or deleted -1, favourite 5 | the same | |
//! | `exif:GPSLatitude`, `exif:GPSLongitude` | place | decimal degrees | `50,5.651000N` in XMP |
//! | `exif:GPSAltitude` | metres | decimal | a rational, with `exif:GPSAltitudeRef`; zero is a height too |
//! | `exif:GPSSpeed` | metres a second | that number, unknown as -1 | kilometres an hour with `exif:GPSSpeedRef`; left out if unknown |
//! | `exif:GPSTrack`, `exif:GPSHPositioningError` | course, accuracy | nothing | |
//! | `exif:GPSTimeStamp` | when the place was measured | no zone | the zone is UTC, and said |
//! | a place at exactly 0 degrees in both directions | | nothing | the same: it stands for no place |
//! | `tiff:Orientation` | what an edit says | beside every file | only beside originals: pixels of an edit are turned already |
//! | `tiff:Make` | screenshots: `Screenshot` | the same | |
//! | `Iptc4xmpExt:DigitalSourceType` | screenshots | `screenCapture` | IPTC has the address of the term |
//! | `dc:identifier` | the record name in iCloud | nothing | says which of two photos with one file it is about |
//!
//! Broken values leave their property out; icloudpd 1.32.3 ends the run. Which albums a photo is in its record does not say: they are
//! named as far as the caller knows ([`Sidecar::in_albums`]). People and faces are not written: iCloud sends records of them to a browser,
//! but nothing in those can be read, by any client that is known. `tests/it/xmp.rs` has exiftool read all of it.

mod tree;
mod values;
mod write;

use std::fmt;

use self::tree::{Element, Name, Node, XML};
use crate::asset::{Asset, AssetId};

const META: &str = "adobe:ns:meta/";
const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const DC: &str = "http://purl.org/dc/elements/1.1/";
const EXIF: &str = "http://ns.adobe.com/exif/1.0/";
const IPTC_EXT: &str = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";
const PHOTOSHOP: &str = "http://ns.adobe.com/photoshop/1.0/";
const TIFF: &str = "http://ns.adobe.com/tiff/1.0/";
const XMP: &str = "http://ns.adobe.com/xap/1.0/";
const DIGIKAM: &str = "http://www.digikam.org/ns/1.0/";
const LIGHTROOM: &str = "http://ns.adobe.com/lightroom/1.0/";

/// The property of [`LIGHTROOM`] that holds tags below tags, parted by `|`.
const HIERARCHICAL: &str = "hierarchicalSubject";

/// What our packets say they were written by. The Python icloudpd replaces what begins with its name, and so do we; no version,
/// for a new one is no news of a photo.
pub const TOOLKIT: &str = "icloudpd icloud-photos";

/// How the toolkits of both begin.
const AUTHOR: &str = "icloudpd";

/// A sidecar of more bytes is nobody's that we know.
pub const MOST_BYTES: u64 = 4 << 20;

const SCREENSHOT: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/screenCapture";

/// The properties that belong to iCloud, namespace and name: each packet has those that iCloud has a value for, and no others of
/// them.
pub const MANAGED: [(&str, &str); 22] = [
    (DC, "identifier"),
    (DC, "title"),
    (DC, "description"),
    (DC, "subject"),
    (DIGIKAM, "TagsList"),
    (EXIF, "DateTimeOriginal"),
    (EXIF, "GPSLatitude"),
    (EXIF, "GPSLongitude"),
    (EXIF, "GPSAltitude"),
    (EXIF, "GPSAltitudeRef"),
    (EXIF, "GPSSpeed"),
    (EXIF, "GPSSpeedRef"),
    (EXIF, "GPSTrack"),
    (EXIF, "GPSTrackRef"),
    (EXIF, "GPSHPositioningError"),
    (EXIF, "GPSTimeStamp"),
    (IPTC_EXT, "DigitalSourceType"),
    (PHOTOSHOP, "DateCreated"),
    (TIFF, "Orientation"),
    (TIFF, "Make"),
    (XMP, "CreateDate"),
    (XMP, "Rating"),
];

/// Under what tags albums stand.
const ALBUMS: &str = "Albums";

/// What iCloud says of a photo, in XMP.
#[derive(Debug, Clone)]
pub struct Sidecar {
    properties: Vec<Element>,
    /// As [`HIERARCHICAL`] has them.
    albums: Vec<String>,
}

/// A sidecar that stands there, and that icloudpd wrote.
#[derive(Debug, Clone)]
pub struct Existing {
    bytes: Vec<u8>,
    root: Element,
}

/// Why a sidecar is left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Foreign {
    /// Another program wrote it: the one that it names, if any.
    Author {
        /// `x:xmptk`, as it stands there.
        toolkit: Option<String>,
    },
    /// It cannot be read as XML, so whose it is cannot be told.
    Unreadable {
        /// What is wrong with it.
        reason: String,
    },
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Author { toolkit } => write!(f, "created by {}", toolkit.as_deref().unwrap_or("None")),
            Self::Unreadable { reason } => write!(f, "due to parser error: {reason}"),
        }
    }
}

impl Existing {
    /// Reads a sidecar. `None` if it is empty: then there is nothing to keep.
    ///
    /// # Errors
    /// Why it must be left alone.
    pub fn read(bytes: Vec<u8>) -> Result<Option<Self>, Foreign> {
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.len() as u64 > MOST_BYTES {
            return Err(Foreign::Unreadable { reason: format!("it has more than {MOST_BYTES} bytes") });
        }
        let root = tree::parse(&bytes).map_err(|error| Foreign::Unreadable { reason: error.to_string() })?;
        match root.attribute(META, "xmptk") {
            Some(toolkit) if toolkit.starts_with(AUTHOR) => Ok(Some(Self { bytes, root })),
            toolkit => Err(Foreign::Author { toolkit: toolkit.map(str::to_owned) }),
        }
    }

    /// The asset that it is about, if it says so.
    pub fn asset(&self) -> Option<AssetId> {
        let descriptions = self.descriptions().filter(|element| is_description(element));
        let identifier =
            descriptions.flat_map(Element::elements).find(|element| element.name.is(DC, "identifier"));
        identifier.map(|element| AssetId::new(element.own_text())).filter(|id| !id.as_str().is_empty())
    }

    /// The packet that takes its place if all that is news is in which albums the photo is. `None` if it says so already, or was not
    /// written by this program.
    pub fn in_albums(&self, albums: &[Vec<String>]) -> Option<Vec<u8>> {
        if self.root.attribute(META, "xmptk") != Some(TOOLKIT) {
            return None;
        }
        let own = self.descriptions().filter(|element| is_description(element)).flat_map(Element::elements);
        let properties = own.filter(|property| is_managed(&property.name)).cloned().collect();
        Sidecar { properties, albums: Vec::new() }.in_albums(albums).update(self)
    }

    fn descriptions(&self) -> impl Iterator<Item = &Element> {
        self.root.elements().filter(|element| element.name.is(RDF, "RDF")).flat_map(Element::elements)
    }
}

impl Sidecar {
    /// What is known of `asset`, beside its original. Whatever cannot be read is left out.
    ///
    /// The asset must have been had with [`Fields::Full`](crate::asset::Fields::Full): what was not asked for is taken for
    /// something iCloud does not have.
    pub fn of(asset: &Asset) -> Self {
        Self::rated(asset, values::rating(asset.is_hidden() || asset.is_trashed(), asset))
    }

    /// The same of a photo that lies in Recently Deleted because a copy moved it there: its owner rejected nothing.
    pub fn of_moved_out(asset: &Asset) -> Self {
        Self::rated(asset, values::rating(asset.is_hidden(), asset))
    }

    fn rated(asset: &Asset, rating: Option<&str>) -> Self {
        let mut properties = vec![simple(DC, "identifier", asset.id().as_str())];
        let mut add = |property: Option<Element>| properties.extend(property);
        add(full(asset.title()).map(|title| alternative("title", title)));
        add(full(asset.description()).map(|text| alternative("description", text)));
        let words = words(asset);
        add(list(DC, "subject", "Bag", &words));
        add(list(DIGIKAM, "TagsList", "Seq", &words));
        let created = asset.created().and_then(values::date);
        add(created.as_deref().map(|date| simple(EXIF, "DateTimeOriginal", date)));
        for (name, value) in asset.location().map(|place| values::place(&place)).unwrap_or_default() {
            add(Some(simple(EXIF, name, &value)));
        }
        let screenshot = values::is_screenshot(asset);
        add(screenshot.then(|| simple(IPTC_EXT, "DigitalSourceType", SCREENSHOT)));
        add(created.as_deref().map(|date| simple(PHOTOSHOP, "DateCreated", date)));
        add(values::orientation(asset).map(|value| simple(TIFF, "Orientation", &value.to_string())));
        add(screenshot.then(|| simple(TIFF, "Make", "Screenshot")));
        add(created.as_deref().map(|date| simple(XMP, "CreateDate", date)));
        add(rating.map(|rating| simple(XMP, "Rating", rating)));
        Self { properties, albums: Vec::new() }
    }

    /// The same of a photo that is in these albums; each is the titles of the folders above it, then its own. They become tags below
    /// `Albums`; a title with the sign that parts tags has one that looks like it instead.
    #[must_use]
    pub fn in_albums(mut self, albums: &[Vec<String>]) -> Self {
        let mut tags: Vec<String> =
            self.properties.iter().filter(|own| own.name.is(DC, "subject")).flat_map(items).collect();
        tags.extend(albums.iter().map(|album| tag(album, '/', '\u{2215}')));
        self.properties.retain(|own| !own.name.is(DIGIKAM, "TagsList"));
        let behind = self.properties.iter().take_while(|own| own.name.space == DC).count();
        if let Some(list) = list(DIGIKAM, "TagsList", "Seq", &tags) {
            self.properties.insert(behind, list);
        }
        self.albums = albums.iter().map(|album| tag(album, '|', '\u{a6}')).collect();
        self
    }

    /// The same beside a file that was made from the edit: it is turned already.
    #[must_use]
    pub fn of_rendering(mut self) -> Self {
        self.properties.retain(|property| !property.name.is(TIFF, "Orientation"));
        self
    }

    /// The packet, for a place where none stands: UTF-8, the same bytes for the same values.
    pub fn packet(&self) -> Vec<u8> {
        write::packet(&self.description(Vec::new(), Vec::new()), &[])
    }

    /// The packet that takes the place of `existing`: what iCloud says now, and whatever another program added in other properties.
    /// `None` if it says that already, to the byte.
    pub fn update(&self, existing: &Existing) -> Option<Vec<u8>> {
        let (mut attributes, mut properties, mut others) = (Vec::new(), Vec::<Element>::new(), Vec::new());
        for element in existing.descriptions() {
            if !is_description(element) {
                others.push(element.clone());
                continue;
            }
            for (name, value) in &element.attributes {
                let known = attributes.iter().any(|(other, _)| other == name);
                if !(known || name.space.is_empty() || name.space == RDF || is_managed(name)) {
                    attributes.push((name.clone(), value.clone()));
                }
            }
            for property in element.elements() {
                let known = properties.iter().any(|other| other.name == property.name);
                if !(known || is_managed(&property.name)) {
                    properties.push(property.clone());
                }
            }
        }
        let packet = write::packet(&self.description(attributes, properties), &others);
        (packet != existing.bytes).then_some(packet)
    }

    fn description(&self, attributes: Vec<(Name, String)>, others: Vec<Element>) -> Element {
        let mut description = Element::new(RDF, "Description");
        description.attributes.push((Name::new(RDF, "about"), String::new()));
        description.attributes.extend(attributes);
        let others = with_tags(others, &self.albums);
        description.children = self.properties.iter().cloned().chain(others).map(Node::Element).collect();
        description
    }
}

/// Whether an element of `rdf:RDF` describes the photo, and nothing beside it.
fn is_description(element: &Element) -> bool {
    let about = element.attribute(RDF, "about").or_else(|| element.attribute("", "about"));
    element.name.is(RDF, "Description") && about.is_none_or(str::is_empty)
}

fn is_managed(name: &Name) -> bool {
    MANAGED.iter().any(|(space, local)| name.is(space, local))
}

/// The properties of others with these tags of albums in place of those of before.
fn with_tags(mut others: Vec<Element>, albums: &[String]) -> Vec<Element> {
    let at = others.iter().position(|property| property.name.is(LIGHTROOM, HIERARCHICAL));
    let known: Vec<String> = at.map(|at| items(&others[at]).collect()).unwrap_or_default();
    let is_ours = |item: &String| item.split('|').next() == Some(ALBUMS);
    if albums.is_empty() && !known.iter().any(is_ours) {
        return others;
    }
    let tags: Vec<String> =
        known.into_iter().filter(|item| !is_ours(item)).chain(albums.iter().cloned()).collect();
    if let Some(at) = at {
        others.remove(at);
    }
    if let Some(list) = list(LIGHTROOM, HIERARCHICAL, "Bag", &tags) {
        others.insert(at.unwrap_or(0), list);
    }
    others
}

/// `Albums`, folders and title.
fn tag(album: &[String], separator: char, lookalike: char) -> String {
    let titles = album.iter().map(|title| title.replace(separator, &lookalike.to_string()));
    titles.fold(ALBUMS.to_owned(), |tag, title| format!("{tag}{separator}{title}"))
}

/// The texts of a list.
fn items(property: &Element) -> impl Iterator<Item = String> + '_ {
    property.elements().flat_map(Element::elements).map(Element::own_text)
}

fn full(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// The keywords, each once.
fn words(asset: &Asset) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in asset.keywords() {
        if !word.is_empty() && !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

fn simple(space: &str, name: &str, value: &str) -> Element {
    Element::new(space, name).text(value)
}

fn alternative(name: &str, text: &str) -> Element {
    let mut item = Element::new(RDF, "li").text(text);
    item.attributes.push((Name::new(XML, "lang"), "x-default".to_owned()));
    Element::new(DC, name).with(Element::new(RDF, "Alt").with(item))
}

fn list(space: &str, name: &str, kind: &str, items: &[String]) -> Option<Element> {
    let items = items.iter().map(|item| Element::new(RDF, "li").text(item));
    let container = items.fold(Element::new(RDF, kind), Element::with);
    (!container.children.is_empty()).then(|| Element::new(space, name).with(container))
}

#[cfg(test)]
mod tests;
