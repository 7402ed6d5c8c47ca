//! From Rust to JavaScript.
//!
//! `icloud_photos_bindings` says what a type of the library consists of, as a value that any thread may make. Only the last step, in which
//! that becomes an object of JavaScript's, has to be on the thread that runs it: names are written as there, times are numbers of
//! milliseconds whose names end in `Ms`, and one of several is tagged by its `kind`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use icloud_photos::{Error, ErrorKind, Result};
use icloud_photos_bindings::{Handle, Members, ToValue, Value, snake};
use napi::bindgen_prelude::{
    Array, BigInt, BufferSlice, JavaScriptClassExt, JsObjectValue, JsValue, Null, Object, ToNapiValue,
    Unknown,
};
use napi::{Env, Status};

use crate::asset::Batch;
use crate::errors::written;
use crate::library::{Album, AlbumTree, Library};
use crate::session::Session;

/// What a handle does on JavaScript's thread.
pub(crate) type Make = Box<dyn for<'env> FnOnce(&'env Env) -> napi::Result<Unknown<'env>> + Send>;

/// What JavaScript is to get.
pub(crate) enum Js {
    Value(Value),
    /// An object of one of the classes of this crate.
    Own(Make),
    /// Members, some of which are such objects.
    Model(Vec<(&'static str, Js)>),
    List(Vec<Js>),
}

/// Becomes a value of JavaScript's.
pub(crate) trait ToJs {
    fn to_js(self) -> Js;
}

impl<T: ToValue> ToJs for T {
    fn to_js(self) -> Js {
        Js::Value(self.to_value())
    }
}

/// Implements [`ToJs`] for classes of this crate.
macro_rules! as_own {
    ($($class:ident),* $(,)?) => { $(
        impl $crate::value::ToJs for $class {
            fn to_js(self) -> $crate::value::Js {
                $crate::value::own(self)
            }
        }
    )* };
}
pub(crate) use as_own;

/// An object of a class of this crate.
pub(crate) fn own<T: JavaScriptClassExt + Send + 'static>(of: T) -> Js
where
    for<'env> napi::bindgen_prelude::ClassInstance<'env, T>: JsValue<'env>,
{
    Js::Own(Box::new(move |env| instance(env, of)))
}

fn instance<T: JavaScriptClassExt + 'static>(env: &Env, of: T) -> napi::Result<Unknown<'_>>
where
    for<'env> napi::bindgen_prelude::ClassInstance<'env, T>: JsValue<'env>,
{
    Ok(of.into_instance(env)?.as_object(env).to_unknown())
}

impl Js {
    /// Makes it, on JavaScript's own thread.
    pub(crate) fn make(self, env: &Env) -> napi::Result<Unknown<'_>> {
        match self {
            Self::Value(value) => object(env, value),
            Self::Own(make) => make(env),
            Self::Model(members) => {
                let mut made = Object::new(env)?;
                for (name, value) in members {
                    made.set_c_named_property(&property(name), value.make(env)?)?;
                }
                Ok(made.to_unknown())
            }
            Self::List(items) => list(env, items, Js::make),
        }
    }
}

fn object(env: &Env, value: Value) -> napi::Result<Unknown<'_>> {
    match value {
        Value::Null | Value::Span(None) => Null.into_unknown(env),
        Value::Bool(value) => value.into_unknown(env),
        Value::Int(value) => value.into_unknown(env),
        Value::Size(value) => number(value).into_unknown(env),
        Value::Digest(value) => BigInt::from(value).into_unknown(env),
        Value::Float(value) => value.into_unknown(env),
        Value::Text(value) => value.as_ref().into_unknown(env),
        Value::Bytes(bytes) => Ok(BufferSlice::copy_from(env, bytes)?.to_unknown()),
        Value::Moment(at) => Ok(env.create_date(milliseconds(at))?.to_unknown()),
        Value::Span(Some(span)) => (span.as_seconds_f64() * 1000.0).into_unknown(env),
        Value::List(items) | Value::Tuple(items) => list(env, items, |item, env| object(env, item)),
        Value::Map(members) => map(env, members),
        Value::Member(_, word) => word.as_ref().into_unknown(env),
        Value::Model(_, members) => model(env, Object::new(env)?, members),
        Value::Variant(class, members) => variant(env, class, members),
        Value::Failure(failure) => {
            let mut made = Object::new(env)?;
            made.set_c_named_property(c"failure", written(&failure))?;
            Ok(made.to_unknown())
        }
        Value::Handle(handle) => match handle {
            Handle::Asset(asset) => instance(env, Batch::of(asset)),
            Handle::Album(album) => instance(env, Album(album)),
            Handle::AlbumTree(tree) => instance(env, AlbumTree(tree)),
            Handle::Library(library) => instance(env, Library::new(library)),
            Handle::Session(session) => instance(env, Session::new(session)),
        },
    }
}

/// Counts and sizes stay below 2^53.
#[allow(clippy::cast_precision_loss)]
fn number(value: u64) -> f64 {
    value as f64
}

fn list<'env, T>(
    env: &'env Env,
    items: Vec<T>,
    make: impl Fn(T, &'env Env) -> napi::Result<Unknown<'env>>,
) -> napi::Result<Unknown<'env>> {
    let length = u32::try_from(items.len())
        .map_err(|_| napi::Error::new(Status::InvalidArg, "a list is too long for JavaScript"))?;
    let mut array: Array<'_> = env.create_array(length)?;
    for (index, item) in (0..length).zip(items) {
        array.set(index, make(item, env)?)?;
    }
    Ok(array.to_unknown())
}

/// Names from elsewhere may be anything: as keys they are values, so that one with a zero in it is one too.
fn map(env: &Env, members: Vec<(String, Value)>) -> napi::Result<Unknown<'_>> {
    let mut made = Object::new(env)?;
    for (name, value) in members {
        made.set_property(env.create_string(&name)?, object(env, value)?)?;
    }
    Ok(made.to_unknown())
}

fn model<'env>(env: &'env Env, mut made: Object<'env>, members: Members) -> napi::Result<Unknown<'env>> {
    for (name, value) in members {
        let name = match value {
            Value::Span(_) => span_property(name),
            _ => property(name),
        };
        made.set_c_named_property(&name, object(env, value)?)?;
    }
    Ok(made.to_unknown())
}

fn variant<'env>(env: &'env Env, class: &'static str, members: Members) -> napi::Result<Unknown<'env>> {
    let kind = kind(class);
    let mut made = Object::new(env)?;
    made.set_c_named_property(c"kind", kind.as_str())?;
    let (own, rest): (Members, Members) = members.into_iter().partition(|(name, _)| *name == "kind");
    // The tag has that name already.
    for (_, value) in own {
        made.set_named_property(&camel(&format!("{kind}_kind")), object(env, value)?)?;
    }
    model(env, made, rest)
}

/// `SyncDownloaded` is `downloaded`; what is told among other things keeps its family's name: `view_laid`.
fn kind(class: &str) -> String {
    let first = class.char_indices().skip(1).find(|(_, letter)| letter.is_ascii_uppercase());
    match first.map(|(at, _)| class.split_at(at)) {
        None | Some(("Removal" | "View", _)) => snake(class),
        Some((_, own)) => snake(own),
    }
}

/// The name of a member in JavaScript.
fn property(name: &'static str) -> Rc<CStr> {
    thread_local!(static NAMES: RefCell<HashMap<&'static str, Rc<CStr>>> = RefCell::default());
    NAMES.with_borrow_mut(|names| names.entry(name).or_insert_with(|| terminated(camel(name))).clone())
}

fn span_property(name: &'static str) -> Rc<CStr> {
    terminated(format!("{}Ms", camel(name)))
}

fn terminated(name: String) -> Rc<CStr> {
    // Names of Rust's have no zero in them.
    CString::new(name).unwrap_or_default().into()
}

/// `resumed_from` is `resumedFrom`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at(word.len().min(1));
        camel.push_str(&first.to_ascii_uppercase());
        camel.push_str(rest);
    }
    camel
}

/// What JavaScript's words name; an error of the program's says which there are.
pub(crate) fn valid<T>(outcome: std::result::Result<T, String>) -> Result<T> {
    outcome.map_err(|message| Error::new(ErrorKind::Config, message))
}

/// The variant that JavaScript names.
pub(crate) fn named<T: std::fmt::Debug + Copy>(what: &str, word: &str, all: &[T]) -> Result<T> {
    valid(icloud_photos_bindings::named(what, word, all))
}

/// Whole milliseconds since 1970, as a `Date` counts them.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn milliseconds(at: impl Into<time::OffsetDateTime>) -> f64 {
    at.into().unix_timestamp_nanos().div_euclid(1_000_000) as f64
}

/// A moment that JavaScript gives in milliseconds since 1970, of which whole ones count: fractions of seconds would not come back the same.
/// `None` where this machine knows none.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(crate) fn moment(ms: f64) -> Option<SystemTime> {
    let distance = Duration::from_millis(ms.is_finite().then_some(ms.abs() as u64)?);
    if ms < 0.0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    }
}
