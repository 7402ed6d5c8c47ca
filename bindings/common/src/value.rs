//! The form that all languages read.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use icloud_photos::storage::StoragePath;
use icloud_photos::{Album, Asset, Error, Library, Result, Session, library::AlbumTree};

use crate::failure::Failure;

/// What another language is to get.
#[derive(Debug)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    /// A count or a size: below 2^53 in any library.
    Size(u64),
    /// All 64 bits count.
    Digest(u64),
    Float(f64),
    Text(Cow<'static, str>),
    Bytes(Bytes),
    Moment(time::OffsetDateTime),
    /// A time between two moments; without one, its absence is told under the same name.
    Span(Option<time::Duration>),
    List(Vec<Value>),
    /// Several of different types.
    Tuple(Vec<Value>),
    /// Members by names that come from elsewhere.
    Map(Vec<(String, Value)>),
    /// An enum, and its member in snake case.
    Member(&'static str, Cow<'static, str>),
    /// A record, and its members.
    Model(&'static str, Members),
    /// One of several, which have a first word in common: `SyncDownloaded`, `SyncSkipped`.
    Variant(&'static str, Members),
    Failure(Box<Failure>),
    Handle(Handle),
}

/// Members by their names.
pub type Members = Vec<(&'static str, Value)>;

/// What is more than data.
#[derive(Debug)]
pub enum Handle {
    Asset(Asset),
    Album(Album),
    AlbumTree(AlbumTree),
    Library(Library),
    Session(Session),
}

/// Becomes a value.
pub trait ToValue {
    /// The value of this.
    fn to_value(self) -> Value;

    /// What stands where there is none.
    fn absent() -> Value
    where
        Self: Sized,
    {
        Value::Null
    }
}

/// Implements [`ToValue`] for enums without data.
macro_rules! as_member {
    ($($kind:ty => $class:literal),* $(,)?) => { $(
        impl $crate::ToValue for $kind {
            fn to_value(self) -> $crate::Value {
                $crate::Value::Member($class, $crate::snake(&format!("{self:?}")).into())
            }
        }
    )* };
}
pub(crate) use as_member;

/// Implements [`ToValue`] for structs whose fields are all public.
macro_rules! as_model {
    ($kind:ty => $class:literal { $($field:ident),* $(,)? }) => {
        impl $crate::ToValue for $kind {
            fn to_value(self) -> $crate::Value {
                $crate::value::model!($class $(, $field = self.$field)*)
            }
        }
    };
}
pub(crate) use as_model;

/// A record: its class, and its members.
macro_rules! model {
    ($class:literal $(, $field:ident = $value:expr)* $(,)?) => {
        $crate::Value::Model($class, vec![$((stringify!($field), $crate::ToValue::to_value($value))),*])
    };
}
pub(crate) use model;

/// One of several likewise.
macro_rules! variant {
    ($class:literal $(, $field:ident = $value:expr)* $(,)?) => {
        $crate::Value::Variant($class, vec![$((stringify!($field), $crate::ToValue::to_value($value))),*])
    };
}
pub(crate) use variant;

/// A variant of a newer library.
pub(crate) fn unknown(class: &'static str, what: &impl std::fmt::Debug) -> Value {
    Value::Variant(class, vec![("text", format!("{what:?}").to_value())])
}

macro_rules! as_handle {
    ($($kind:ident),* $(,)?) => { $(
        impl ToValue for $kind {
            fn to_value(self) -> Value {
                Value::Handle(Handle::$kind(self))
            }
        }

        impl ToValue for &$kind {
            fn to_value(self) -> Value {
                self.clone().to_value()
            }
        }
    )* };
}

as_handle!(Asset, Album, AlbumTree, Library, Session);

macro_rules! as_number {
    ($as:ident: $($kind:ty),*) => { $(
        impl ToValue for $kind {
            #[allow(clippy::cast_lossless)]
            fn to_value(self) -> Value {
                Value::$as(self as _)
            }
        }
    )* };
}

as_number!(Int: i32, i64);
as_number!(Size: u8, u16, u32, u64, usize);

impl ToValue for f64 {
    fn to_value(self) -> Value {
        Value::Float(self)
    }
}

impl ToValue for () {
    fn to_value(self) -> Value {
        Value::Null
    }
}

impl ToValue for bool {
    fn to_value(self) -> Value {
        Value::Bool(self)
    }
}

impl ToValue for String {
    fn to_value(self) -> Value {
        Value::Text(self.into())
    }
}

impl ToValue for &str {
    fn to_value(self) -> Value {
        self.to_owned().to_value()
    }
}

impl ToValue for &String {
    fn to_value(self) -> Value {
        self.as_str().to_value()
    }
}

impl ToValue for Bytes {
    fn to_value(self) -> Value {
        Value::Bytes(self)
    }
}

/// A SHA-256.
impl ToValue for [u8; 32] {
    fn to_value(self) -> Value {
        Value::Bytes(Bytes::copy_from_slice(&self))
    }
}

impl ToValue for time::OffsetDateTime {
    fn to_value(self) -> Value {
        Value::Moment(self)
    }
}

impl ToValue for SystemTime {
    fn to_value(self) -> Value {
        Value::Moment(moment(self))
    }
}

/// What a file says of its time may be anything: what no calendar knows is told as the calendar's end.
pub fn moment(time: SystemTime) -> time::OffsetDateTime {
    let (nanos, end) = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => (since.as_nanos() as i128, time::PrimitiveDateTime::MAX),
        Err(before) => (-(before.duration().as_nanos() as i128), time::PrimitiveDateTime::MIN),
    };
    time::OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or_else(|_| end.assume_utc())
}

impl ToValue for time::Duration {
    fn to_value(self) -> Value {
        Value::Span(Some(self))
    }

    fn absent() -> Value {
        Value::Span(None)
    }
}

impl ToValue for Duration {
    fn to_value(self) -> Value {
        time::Duration::try_from(self).unwrap_or(time::Duration::MAX).to_value()
    }

    fn absent() -> Value {
        Value::Span(None)
    }
}

impl ToValue for time::UtcOffset {
    fn to_value(self) -> Value {
        time::Duration::seconds(self.whole_seconds().into()).to_value()
    }

    fn absent() -> Value {
        Value::Span(None)
    }
}

impl ToValue for StoragePath {
    fn to_value(self) -> Value {
        self.as_str().to_value()
    }
}

impl ToValue for &StoragePath {
    fn to_value(self) -> Value {
        self.as_str().to_value()
    }
}

/// As a value; as the outcome of an operation it is raised.
impl ToValue for &Error {
    fn to_value(self) -> Value {
        Value::Failure(Box::new(Failure::of(self)))
    }
}

impl ToValue for Error {
    fn to_value(self) -> Value {
        (&self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(self) -> Value {
        self.map_or_else(T::absent, ToValue::to_value)
    }
}

impl<T: ToValue> ToValue for Vec<T> {
    fn to_value(self) -> Value {
        Value::List(self.into_iter().map(ToValue::to_value).collect())
    }
}

/// One of many: a value, or what is wrong with it.
impl<T: ToValue> ToValue for Result<T> {
    fn to_value(self) -> Value {
        match self {
            Ok(value) => value.to_value(),
            Err(error) => error.to_value(),
        }
    }
}

impl<A: ToValue, B: ToValue> ToValue for (A, B) {
    fn to_value(self) -> Value {
        Value::Tuple(vec![self.0.to_value(), self.1.to_value()])
    }
}

impl ToValue for Value {
    fn to_value(self) -> Value {
        self
    }
}
