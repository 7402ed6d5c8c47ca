//! Writes records straight into text: a page is 200 records of some 60 fields, and nobody waits for a fake.

use std::collections::HashSet;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The fields an answer may carry.
#[derive(Debug, Default)]
pub(super) struct Keys(Option<HashSet<String>>);

impl Keys {
    /// Reads `desiredKeys`; without it every field is wanted.
    pub(super) fn from_request(value: &Value) -> Self {
        let names = value.as_array().map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned));
        Self(names.map(Iterator::collect))
    }

    fn want(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|names| names.contains(name))
    }
}

/// The `fields` of one record.
pub(super) struct Fields<'a> {
    out: &'a mut String,
    keys: &'a Keys,
    first: bool,
}

impl<'a> Fields<'a> {
    /// Begins the object; [`Fields::end`] ends it.
    pub(super) fn begin(out: &'a mut String, keys: &'a Keys) -> Self {
        out.push('{');
        Self { out, keys, first: true }
    }

    pub(super) fn end(self) {
        self.out.push('}');
    }

    /// Writes one field, if it is wanted. `value` writes the value, as JSON.
    pub(super) fn field(&mut self, name: &str, kind: &str, value: impl FnOnce(&mut String)) {
        if self.keys.want(name) {
            self.open(name);
            value(self.out);
            self.out.push_str(",\"type\":\"");
            self.out.push_str(kind);
            self.out.push_str("\"}");
        }
    }

    /// Writes a field of a family, such as `resOriginal` and `Width`.
    pub(super) fn member(&mut self, prefix: &str, suffix: &str, kind: &str, value: impl FnOnce(&mut String)) {
        let mut name = [0; 40];
        let end = prefix.len() + suffix.len();
        name[..prefix.len()].copy_from_slice(prefix.as_bytes());
        name[prefix.len()..end].copy_from_slice(suffix.as_bytes());
        self.field(std::str::from_utf8(&name[..end]).unwrap_or_default(), kind, value);
    }

    /// Writes a field that has no `type`.
    pub(super) fn untyped(&mut self, name: &str, value: &str) {
        if self.keys.want(name) {
            self.open(name);
            self.out.push_str(value);
            self.out.push('}');
        }
    }

    pub(super) fn int(&mut self, name: &str, value: i64) {
        self.field(name, "INT64", |out| push_int(out, value));
    }

    pub(super) fn time(&mut self, name: &str, value: i64) {
        self.field(name, "TIMESTAMP", |out| push_int(out, value));
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.field(name, "STRING", |out| push_text(out, value));
    }

    pub(super) fn bytes(&mut self, name: &str, value: &[u8]) {
        self.field(name, "ENCRYPTED_BYTES", |out| push_base64(out, value));
    }

    fn open(&mut self, name: &str) {
        self.out.push_str(if self.first { "\"" } else { ",\"" });
        self.first = false;
        self.out.push_str(name);
        self.out.push_str("\":{\"value\":");
    }
}

pub(super) fn push_int(out: &mut String, value: i64) {
    let _ = write!(out, "{value}");
}

/// Writes a text of ours, which needs no escaping.
pub(super) fn push_plain(out: &mut String, text: &str) {
    out.push('"');
    out.push_str(text);
    out.push('"');
}

/// Writes any text.
pub(super) fn push_text(out: &mut String, text: &str) {
    let _ = write!(out, "{}", Value::from(text));
}

pub(super) fn push_base64(out: &mut String, bytes: &[u8]) {
    out.push('"');
    STANDARD.encode_string(bytes, out);
    out.push('"');
}
