//! XML as a small tree with namespaces resolved: what another program wrote, as far as it must be kept.
//!
//! Nothing in a document can make this grow beyond its length: entities of a DTD are never expanded, for a document with a DTD is
//! refused, and elements lie in one another only so deep.

use std::fmt;

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{QName, ResolveResult};
use quick_xml::{NsReader, XmlVersion};

/// Deeper nesting is no XMP.
const DEPTH: usize = 64;

/// The namespace of `xml:lang`, which needs no declaration.
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// A name with its namespace; the prefix is only what its writer called that one.
#[derive(Debug, Clone)]
pub(super) struct Name {
    /// Empty for none.
    pub(super) space: String,
    pub(super) local: String,
    pub(super) prefix: String,
}

/// Names are equal whatever their prefixes.
impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.is(&other.space, &other.local)
    }
}

impl Name {
    pub(super) fn new(space: &str, local: &str) -> Self {
        Self { space: space.to_owned(), local: local.to_owned(), prefix: String::new() }
    }

    pub(super) fn is(&self, space: &str, local: &str) -> bool {
        self.local == local && self.space == space
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Element {
    pub(super) name: Name,
    pub(super) attributes: Vec<(Name, String)>,
    pub(super) children: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    pub(super) fn new(space: &str, local: &str) -> Self {
        Self { name: Name::new(space, local), attributes: Vec::new(), children: Vec::new() }
    }

    pub(super) fn text(mut self, text: &str) -> Self {
        self.children.push(Node::Text(text.to_owned()));
        self
    }

    pub(super) fn with(mut self, child: Self) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    pub(super) fn attribute(&self, space: &str, local: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| name.is(space, local)).map(|(_, value)| value.as_str())
    }

    pub(super) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The text directly in it.
    pub(super) fn own_text(&self) -> String {
        let texts = self.children.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        texts.collect()
    }

    /// Line breaks between elements are layout, not text.
    fn settle(&mut self) {
        if self.elements().next().is_some() {
            self.children.retain(|node| !matches!(node, Node::Text(text) if is_blank(text)));
        }
    }

    fn push_text(&mut self, text: &str) {
        match self.children.last_mut() {
            Some(Node::Text(last)) => last.push_str(text),
            _ if text.is_empty() => {}
            _ => self.children.push(Node::Text(text.to_owned())),
        }
    }
}

/// Why something is no XML that can be merged with.
#[derive(Debug)]
pub(super) struct Malformed(String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Malformed {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

fn malformed<T>(text: &str) -> Result<T, Malformed> {
    Err(Malformed(text.to_owned()))
}

/// Reads a document, UTF-8 with or without a byte order mark, and gives its root.
pub(super) fn parse(bytes: &[u8]) -> Result<Element, Malformed> {
    let text = std::str::from_utf8(bytes)?;
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    let (mut open, mut root): (Vec<Element>, Option<Element>) = (Vec::new(), None);
    loop {
        let event = reader.read_event()?;
        let closed = match &event {
            Event::Start(start) => {
                if root.is_some() || open.len() >= DEPTH {
                    return malformed("elements after the root, or too many in one another");
                }
                open.push(element(&reader, start)?);
                None
            }
            Event::Empty(start) if root.is_none() => Some(element(&reader, start)?),
            Event::End(_) => open.pop(),
            Event::Eof if open.is_empty() => break,
            Event::Eof | Event::Empty(_) => return malformed("it ends too early, or goes on after its end"),
            Event::DocType(_) => return malformed("it has a document type"),
            Event::Text(text) => add_text(&mut open, &text.xml10_content())?,
            Event::CData(text) => add_text(&mut open, &text.xml10_content())?,
            Event::GeneralRef(entity) => add_text(&mut open, &resolve(entity)?)?,
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => None,
        };
        let Some(mut closed) = closed else { continue };
        closed.settle();
        match open.last_mut() {
            Some(parent) => parent.children.push(Node::Element(closed)),
            None => root = Some(closed),
        }
    }
    root.map_or_else(|| malformed("no element found"), Ok)
}

fn add_text(open: &mut [Element], text: &str) -> Result<Option<Element>, Malformed> {
    match open.last_mut() {
        Some(element) => element.push_text(text),
        None if is_blank(text) => {}
        None => return malformed("text outside of the root"),
    }
    Ok(None)
}

fn is_blank(text: &str) -> bool {
    text.chars().all(|char| matches!(char, ' ' | '\t' | '\r' | '\n'))
}

fn resolve(entity: &BytesRef<'_>) -> Result<String, Malformed> {
    if let Some(char) = entity.resolve_char_ref()? {
        return Ok(char.to_string());
    }
    match resolve_predefined_entity(entity) {
        Some(text) => Ok(text.to_owned()),
        None => malformed("undefined entity"),
    }
}

fn element(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<Element, Malformed> {
    let name = named(start.name(), reader.resolver().resolve_element(start.name()).0)?;
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let name = named(attribute.key, reader.resolver().resolve_attribute(attribute.key).0)?;
        attributes.push((name, attribute.normalized_value(XmlVersion::Implicit1_0)?.into_owned()));
    }
    Ok(Element { name, attributes, children: Vec::new() })
}

fn named(name: QName<'_>, resolved: ResolveResult<'_>) -> Result<Name, Malformed> {
    let space = match resolved {
        ResolveResult::Bound(space) => space.into_inner().to_owned(),
        ResolveResult::Unbound => String::new(),
        ResolveResult::Unknown(prefix) => return malformed(&format!("unbound prefix {prefix}")),
    };
    let (local, prefix) = name.decompose();
    let prefix = prefix.map(|prefix| prefix.into_inner().to_owned()).unwrap_or_default();
    Ok(Name { space, local: local.into_inner().to_owned(), prefix })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_sections_and_other_prefixes_mean_what_they_say() {
        let root = parse(
            b"\xef\xbb\xbf<?xml version='1.0'?><!-- a --><q:a xmlns:q='urn:one' q:b='1 &amp;&#x41; 2' c='d'>\n  <b \
              xmlns='urn:two'>x &lt; <![CDATA[<y>]]>&#233;</b>\n</q:a>\n",
        )
        .unwrap();
        assert!(root.name.is("urn:one", "a"));
        assert_eq!(root.attribute("urn:one", "b"), Some("1 &A 2"));
        assert_eq!(root.attribute("", "c"), Some("d"));
        let inner = root.elements().next().unwrap();
        assert!(inner.name.is("urn:two", "b"));
        assert_eq!(inner.own_text(), "x < <y>é");
        assert_eq!(root.children.len(), 1, "line breaks between elements are no text");
    }

    #[test]
    fn what_is_no_document_is_refused_whatever_it_is() {
        let deep = "<a>".repeat(100_000);
        let laughs = r#"<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><a>&c;</a>"#;
        let bad: [&[u8]; 13] = [
            b"",
            b"  ",
            b"no xml",
            b"<a>",
            b"</a>",
            b"<a></b>",
            b"<a/><b/>",
            b"<a/>x",
            b"<a>&laugh;</a>",
            b"<q:a/>",
            b"\xff\xfe<\0a\0",
            deep.as_bytes(),
            laughs.as_bytes(),
        ];
        for bytes in bad {
            let start = String::from_utf8_lossy(&bytes[..bytes.len().min(20)]).into_owned();
            assert!(parse(bytes).is_err(), "{start}");
        }
    }
}
