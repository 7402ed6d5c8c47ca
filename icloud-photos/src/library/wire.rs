//! CloudKit's envelopes, read from bytes without copying what is not kept (protocol notes 5.13).
//!
//! Everything here is lenient: a member of an unexpected type is as good as absent, because one odd value in one
//! record must not cost the other 199. Only the outermost shape is demanded.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind, Result, Retry};

/// A string that borrows from the answer where it can.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq, Hash)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// A zone as requests and answers name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ZoneId {
    pub(crate) zone_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) owner_record_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) zone_type: Option<String>,
}

/// The answer of `zones/list` and of `changes/database`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Zones {
    pub(crate) zones: Vec<Zone>,
    #[serde(default)]
    pub(crate) more_coming: bool,
    #[serde(default)]
    pub(crate) sync_token: Option<String>,
}

/// One zone of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Zone {
    #[serde(rename = "zoneID")]
    pub(crate) id: ZoneId,
    #[serde(default)]
    pub(crate) deleted: bool,
    /// Where the zone's history stands.
    #[serde(default, rename = "syncToken")]
    pub(crate) sync_token: Option<String>,
}

/// The answer of a query, lookup or change request: records whose fields are read into `F`.
#[derive(Debug)]
pub(crate) struct Records<'a, F> {
    pub(crate) records: Vec<Record<'a, F>>,
    pub(crate) marker: Option<Text<'a>>,
    pub(crate) token: Option<Text<'a>>,
}

/// One record, or what CloudKit says instead of one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "F: Deserialize<'de>"))]
pub(crate) struct Record<'a, F> {
    #[serde(borrow, default)]
    pub(crate) record_name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(crate) record_type: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(crate) record_change_tag: Option<Text<'a>>,
    /// Gone for good; not the same as the field `isDeleted`.
    #[serde(default)]
    pub(crate) deleted: Option<bool>,
    #[serde(default)]
    pub(crate) fields: Option<F>,
    #[serde(borrow, default)]
    pub(crate) server_error_code: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(crate) reason: Option<Text<'a>>,
}

impl<F> Record<'_, F> {
    pub(crate) fn name(&self) -> &str {
        self.record_name.as_deref().unwrap_or("")
    }

    pub(crate) fn kind(&self) -> &str {
        self.record_type.as_deref().unwrap_or("")
    }

    /// The error that stands in the record's place, if one does.
    pub(crate) fn error(&self) -> Option<Error> {
        let code = self.server_error_code.as_deref()?;
        let error = error_for_code(code).with("record", self.name());
        Some(match self.reason.as_deref() {
            Some(reason) => error.with("reason", reason),
            None => error,
        })
    }
}

/// CloudKit's word for a zone that is not there.
pub(crate) const NO_ZONE: &str = "ZONE_NOT_FOUND";

/// What a record's or zone's own error code means; HTTP-level errors are the session's.
pub(crate) fn error_for_code(code: &str) -> Error {
    let (kind, message) = match code {
        "NOT_FOUND" | NO_ZONE => (ErrorKind::NotFound, "iCloud has no such record"),
        "ACCESS_DENIED" => (ErrorKind::Forbidden, "iCloud refuses access to this record"),
        "CONFLICT" => (ErrorKind::Conflict, "the record was changed meanwhile"),
        "THROTTLED" | "TRY_AGAIN_LATER" | "RETRY_LATER" | "CAS_OP_LOCK" | "ZONE_BUSY" => {
            (ErrorKind::RateLimited, "iCloud is busy with this record")
        }
        _ => (ErrorKind::Protocol, "iCloud answered with an error in place of a record"),
    };
    Error::new(kind, message).with("code", code)
}

/// Reads an answer that must be a JSON object of shape `T`. One that is none is a passing fault: nearly always something
/// on the way cut it short, and the same question gets a whole answer.
pub(crate) fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T> {
    // One check of the whole is quicker than one of every string.
    let read = match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(bytes),
    };
    read.map_err(|error| {
        Error::new(ErrorKind::Protocol, "the answer of iCloud cannot be read")
            .retrying(Retry::Later { after: None })
            .caused_by(error)
    })
}

impl<'a, F: Deserialize<'a>> Records<'a, F> {
    /// Reads a page of records. When one record is broken JSON for our types, the others are still had: it becomes
    /// an error record.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self> {
        match read::<Envelope<'a, Record<'a, F>>>(bytes) {
            Ok(page) => {
                Ok(Self { records: page.records, marker: page.continuation_marker, token: page.sync_token })
            }
            Err(_) => Self::read_one_by_one(bytes),
        }
    }

    fn read_one_by_one(bytes: &'a [u8]) -> Result<Self> {
        let page: Envelope<'a, &'a RawValue> = read(bytes)?;
        let records = page.records.into_iter().map(|raw| {
            serde_json::from_str(raw.get()).unwrap_or_else(|_| Record {
                record_name: serde_json::from_str::<Named<'a>>(raw.get())
                    .ok()
                    .and_then(|named| named.record_name),
                record_type: None,
                record_change_tag: None,
                deleted: None,
                fields: None,
                server_error_code: Some(Text(Cow::Borrowed("UNREADABLE"))),
                reason: None,
            })
        });
        Ok(Self { records: records.collect(), marker: page.continuation_marker, token: page.sync_token })
    }
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, default, rename = "recordName")]
    record_name: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "R: Deserialize<'de>"))]
struct Envelope<'a, R> {
    records: Vec<R>,
    #[serde(borrow, default)]
    continuation_marker: Option<Text<'a>>,
    #[serde(borrow, default)]
    sync_token: Option<Text<'a>>,
}

/// The value of a field, `{"value": ..., "type": ...}`.
#[derive(Debug, Default)]
pub(crate) struct Field<'a> {
    pub(crate) value: Value<'a>,
    /// A value was sent, if only null.
    pub(crate) given: bool,
    pub(crate) kind: Option<Cow<'a, str>>,
}

/// Any JSON value, as far as we look into it.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Value<'a> {
    /// Null, absent, or a number beyond 64 bits.
    #[default]
    Nothing,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
    List(Vec<Value<'a>>),
    Object(Object<'a>),
}

/// A reference or a resource: the members of either that matter.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Object<'a> {
    pub(crate) record_name: Option<Cow<'a, str>>,
    pub(crate) file_checksum: Option<Cow<'a, str>>,
    pub(crate) size: Option<i64>,
    pub(crate) download_url: Option<Cow<'a, str>>,
}

impl<'a> Value<'a> {
    pub(crate) fn int(&self) -> Option<i64> {
        match *self {
            Self::Int(int) => Some(int),
            Self::Bool(bool) => Some(bool.into()),
            // Lists carry integers as `1.0`; casting saturates.
            Self::Float(float) if float.fract() == 0.0 => Some(float as i64),
            _ => None,
        }
    }

    pub(crate) fn float(&self) -> Option<f64> {
        match *self {
            Self::Int(int) => Some(int as f64),
            Self::Float(float) => Some(float),
            _ => None,
        }
    }

    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn object(self) -> Option<Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    pub(crate) fn list(self) -> Vec<Self> {
        match self {
            Self::List(list) => list,
            _ => Vec::new(),
        }
    }
}

impl<'a> Field<'a> {
    pub(crate) fn int(self) -> Option<i64> {
        self.value.int()
    }

    pub(crate) fn flag(self) -> bool {
        self.value.int().is_some_and(|int| int != 0)
    }

    pub(crate) fn float(self) -> Option<f64> {
        self.value.float()
    }

    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        self.value.text()
    }

    pub(crate) fn object(self) -> Option<Object<'a>> {
        self.value.object()
    }

    /// The record name of a `REFERENCE`.
    pub(crate) fn reference(self) -> Option<Cow<'a, str>> {
        self.object()?.record_name
    }

    /// Text that came in base64 (`ENCRYPTED_BYTES`); what does not decode is no value.
    pub(crate) fn decoded(self) -> Option<String> {
        decode_text(&self.text()?)
    }
}

/// Strict standard base64 of UTF-8 (protocol notes 6.3).
pub(crate) fn decode_text(text: &str) -> Option<String> {
    String::from_utf8(decode_bytes(text)?).ok()
}

/// Strict standard base64.
pub(crate) fn decode_bytes(text: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct FieldVisitor;

impl<'a> Visitor<'a> for FieldVisitor {
    type Value = Field<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut field = Field::default();
        while let Some(key) = map.next_key::<Text<'a>>()? {
            match &*key {
                "value" => (field.value, field.given) = (map.next_value()?, true),
                "type" => field.kind = map.next_value::<Value<'a>>()?.text(),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(field)
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::default())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Field::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Field::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Field::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Field::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Field::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Field::default())
    }
}

struct ValueVisitor;

impl<'a> Visitor<'a> for ValueVisitor {
    type Value = Value<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut object = Object::default();
        while let Some(key) = map.next_key::<Text<'a>>()? {
            match &*key {
                "recordName" => object.record_name = map.next_value::<Value<'a>>()?.text(),
                "fileChecksum" => object.file_checksum = map.next_value::<Value<'a>>()?.text(),
                "size" => object.size = map.next_value::<Value<'a>>()?.int(),
                "downloadURL" => object.download_url = map.next_value::<Value<'a>>()?.text(),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Value::Object(object))
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element()? {
            list.push(value);
        }
        Ok(Value::List(list))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_bool<E>(self, bool: bool) -> Result<Self::Value, E> {
        Ok(Value::Bool(bool))
    }

    fn visit_i64<E>(self, int: i64) -> Result<Self::Value, E> {
        Ok(Value::Int(int))
    }

    fn visit_u64<E>(self, int: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(int).map_or(Value::Nothing, Value::Int))
    }

    fn visit_f64<E>(self, float: f64) -> Result<Self::Value, E> {
        Ok(Value::Float(float))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }
}

/// The fields of a `CPLAlbum` record that matter (protocol notes 5.10).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct AlbumFields<'a> {
    #[serde(borrow)]
    pub(crate) album_name_enc: Field<'a>,
    #[serde(borrow)]
    pub(crate) album_type: Field<'a>,
    #[serde(borrow)]
    pub(crate) parent_id: Field<'a>,
    #[serde(borrow)]
    pub(crate) is_deleted: Field<'a>,
    #[serde(borrow)]
    pub(crate) is_expunged: Field<'a>,
}

/// The fields of a `CheckIndexingState` record.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct IndexingFields<'a> {
    #[serde(borrow)]
    pub(crate) progress: Field<'a>,
    #[serde(borrow)]
    pub(crate) state: Field<'a>,
}

/// The fields of an `IndexCountResult` record.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CountFields<'a> {
    #[serde(borrow)]
    pub(crate) item_count: Field<'a>,
}

/// The answer of `internal/records/query/batch`: one element per query, in order; an element may be an error.
#[derive(Debug, Deserialize)]
pub(crate) struct Batch<'a> {
    #[serde(borrow)]
    pub(crate) batch: Vec<BatchElement<'a>>,
}

/// One element of it.
#[derive(Debug, Deserialize)]
pub(crate) struct BatchElement<'a> {
    #[serde(borrow, default)]
    pub(crate) records: Vec<Record<'a, CountFields<'a>>>,
}
