//! The one way our packets are written: the same properties give the same bytes.

use std::fmt::Write as _;

use super::tree::{Element, Name, Node, XML};
use super::{META, RDF, TOOLKIT};

/// What namespaces are called, here and wherever XMP is written.
const PREFIXES: [(&str, &str); 13] = [
    (META, "x"),
    (RDF, "rdf"),
    (XML, "xml"),
    (super::DC, "dc"),
    (super::EXIF, "exif"),
    (super::IPTC_EXT, "Iptc4xmpExt"),
    (super::PHOTOSHOP, "photoshop"),
    (super::TIFF, "tiff"),
    (super::XMP, "xmp"),
    (super::DIGIKAM, "digiKam"),
    (super::LIGHTROOM, "lr"),
    ("http://ns.adobe.com/xap/1.0/mm/", "xmpMM"),
    ("http://ns.adobe.com/camera-raw-settings/1.0/", "crs"),
];

/// A packet with this description, and beside it what else another program put there.
pub(super) fn packet(description: &Element, others: &[Element]) -> Vec<u8> {
    let mut names = Names::default();
    names.learn(description);
    others.iter().for_each(|other| names.learn(other));
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<x:xmpmeta xmlns:x=\"");
    out.push_str(META);
    // Nothing can fail: it is written into memory.
    let _ = write!(out, "\" x:xmptk=\"{TOOLKIT}\">\n <rdf:RDF xmlns:rdf=\"{RDF}\"");
    for (space, prefix) in &names.0 {
        let _ = write!(out, "\n   xmlns:{prefix}=\"");
        escape(&mut out, space, true);
        out.push('"');
    }
    out.push_str(">\n");
    for element in std::iter::once(description).chain(others) {
        names.write(&mut out, element, 2);
    }
    out.push_str(" </rdf:RDF>\n</x:xmpmeta>\n");
    out.into_bytes()
}

/// Namespaces that must be declared, in the order they come in, with their prefixes.
#[derive(Default)]
struct Names(Vec<(String, String)>);

impl Names {
    fn learn(&mut self, element: &Element) {
        self.take(&element.name);
        element.attributes.iter().for_each(|(name, _)| self.take(name));
        element.elements().for_each(|child| self.learn(child));
    }

    fn take(&mut self, name: &Name) {
        let known = name.space.is_empty() || [META, RDF, XML].contains(&name.space.as_str());
        if known || self.0.iter().any(|(space, _)| *space == name.space) {
            return;
        }
        let usual = PREFIXES.iter().find(|(space, _)| *space == name.space).map(|(_, prefix)| *prefix);
        let hint = usual.or(Some(name.prefix.as_str()).filter(|prefix| self.is_free(prefix)));
        let prefix = hint.map_or_else(|| self.invent(), str::to_owned);
        self.0.push((name.space.clone(), prefix));
    }

    /// Whether a prefix of another program means nothing else here.
    fn is_free(&self, prefix: &str) -> bool {
        let ours = PREFIXES.iter().any(|(_, usual)| *usual == prefix);
        !(prefix.is_empty() || prefix == "xmlns" || ours || self.0.iter().any(|(_, taken)| taken == prefix))
    }

    fn invent(&self) -> String {
        let mut number = 1;
        loop {
            let prefix = format!("ns{number}");
            if self.is_free(&prefix) {
                return prefix;
            }
            number += 1;
        }
    }

    fn prefix(&self, space: &str) -> &str {
        let usual = PREFIXES.iter().take(3).find(|(known, _)| *known == space).map(|(_, prefix)| *prefix);
        let learnt = || self.0.iter().find(|(known, _)| known == space).map(|(_, prefix)| prefix.as_str());
        usual.or_else(learnt).unwrap_or_default()
    }

    fn put(&self, out: &mut String, name: &Name) {
        let prefix = self.prefix(&name.space);
        if !prefix.is_empty() {
            out.push_str(prefix);
            out.push(':');
        }
        out.push_str(&name.local);
    }

    fn write(&self, out: &mut String, element: &Element, depth: usize) {
        let indent = " ".repeat(depth);
        self.open(out, element, &indent);
        if element.children.is_empty() {
            out.push_str("/>\n");
            return;
        }
        out.push('>');
        // Text among elements must stay as it is.
        let mixed = element.children.iter().any(|node| matches!(node, Node::Text(_)));
        if !mixed {
            out.push('\n');
        }
        for node in &element.children {
            match node {
                Node::Text(text) => escape(out, text, false),
                Node::Element(child) if mixed => {
                    self.write(out, child, 0);
                    out.truncate(out.trim_end_matches('\n').len());
                }
                Node::Element(child) => self.write(out, child, depth + 1),
            }
        }
        if !mixed {
            out.push_str(&indent);
        }
        out.push_str("</");
        self.put(out, &element.name);
        out.push_str(">\n");
    }

    fn open(&self, out: &mut String, element: &Element, indent: &str) {
        out.push_str(indent);
        out.push('<');
        self.put(out, &element.name);
        for (name, value) in &element.attributes {
            out.push(' ');
            self.put(out, name);
            out.push_str("=\"");
            escape(out, value, true);
            out.push('"');
        }
    }
}

/// Leaves out what no XML can hold, not even escaped.
fn escape(out: &mut String, text: &str, in_attribute: bool) {
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if in_attribute => out.push_str("&quot;"),
            // Whoever reads it would make a blank or a line feed of it.
            '\r' => out.push_str("&#13;"),
            '\n' if in_attribute => out.push_str("&#10;"),
            '\t' if in_attribute => out.push_str("&#9;"),
            '\n' | '\t' => out.push(char),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => out.push(char),
        }
    }
}
