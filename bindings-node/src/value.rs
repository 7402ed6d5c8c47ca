//! From Rust to JavaScript.
//!
//! Each type of the library says in its own room what it becomes, as a [`Value`], which any thread may make. Only the last step, a value that
//! becomes an object of JavaScript's, has to be on the thread that runs it.

use std::borrow::Cow;
use std::ffi::CStr;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use icloud_photos::storage::StoragePath;
use icloud_photos::{Error, Result};
use napi::bindgen_prelude::{
    Array, BigInt, BufferSlice, JavaScriptClassExt, JsObjectValue, JsValue, Null, Object, ToNapiValue,
    Unknown,
};
use napi::{Env, Status};

use crate::errors::json;

/// What a [`Value::Handle`] does on JavaScript's thread.
pub(crate) type Make = Box<dyn for<'env> FnOnce(&'env Env) -> napi::Result<Unknown<'env>> + Send>;

/// What JavaScript is to get.
pub(crate) enum Value {
    /// What a method gives that gives nothing.
    Nothing,
    Null,
    Bool(bool),
    Number(f64),
    /// What a number cannot hold.
    Big(u64),
    Text(Cow<'static, str>),
    /// Milliseconds since 1970, as a `Date`.
    Moment(f64),
    /// As a `Buffer`.
    Bytes(Bytes),
    List(Vec<Value>),
    /// Members by names that are known here.
    Model(Vec<(&'static CStr, Value)>),
    /// Members by names that come from elsewhere.
    Map(Vec<(String, Value)>),
    /// An object of one of the classes of this crate.
    Handle(Make),
}

impl Value {
    /// Makes it, on JavaScript's own thread.
    pub(crate) fn make(self, env: &Env) -> napi::Result<Unknown<'_>> {
        match self {
            Self::Nothing => ().into_unknown(env),
            Self::Null => Null.into_unknown(env),
            Self::Bool(value) => value.into_unknown(env),
            Self::Number(value) => value.into_unknown(env),
            Self::Big(value) => BigInt::from(value).into_unknown(env),
            Self::Text(value) => value.as_ref().into_unknown(env),
            Self::Moment(at) => Ok(env.create_date(at)?.to_unknown()),
            Self::Bytes(bytes) => Ok(BufferSlice::copy_from(env, bytes)?.to_unknown()),
            Self::List(items) => list(env, items),
            Self::Model(members) => model(env, members),
            Self::Map(members) => map(env, members),
            Self::Handle(make) => make(env),
        }
    }
}

fn list(env: &Env, items: Vec<Value>) -> napi::Result<Unknown<'_>> {
    let length = u32::try_from(items.len())
        .map_err(|_| napi::Error::new(Status::InvalidArg, "a list is too long for JavaScript"))?;
    let mut array: Array<'_> = env.create_array(length)?;
    for (index, item) in (0..length).zip(items) {
        array.set(index, item.make(env)?)?;
    }
    Ok(array.to_unknown())
}

fn model<'env>(env: &'env Env, members: Vec<(&'static CStr, Value)>) -> napi::Result<Unknown<'env>> {
    let mut object = Object::new(env)?;
    for (name, value) in members {
        object.set_c_named_property(name, value.make(env)?)?;
    }
    Ok(object.to_unknown())
}

/// Names from elsewhere may be anything: as keys they are values, so that one with a zero in it is one too.
fn map(env: &Env, members: Vec<(String, Value)>) -> napi::Result<Unknown<'_>> {
    let mut object = Object::new(env)?;
    for (name, value) in members {
        object.set_property(env.create_string(&name)?, value.make(env)?)?;
    }
    Ok(object.to_unknown())
}

/// Becomes a value of JavaScript's.
pub(crate) trait ToJs {
    fn to_js(self) -> Value;
}

/// Implements [`ToJs`] for structs whose fields are all public: the name there, the field here.
macro_rules! as_model {
    ($kind:ty { $($name:literal: $field:ident),* $(,)? }) => {
        impl $crate::value::ToJs for $kind {
            fn to_js(self) -> $crate::value::Value {
                $crate::value::Value::Model(vec![$(($name, $crate::value::ToJs::to_js(self.$field))),*])
            }
        }
    };
}
pub(crate) use as_model;

/// Implements [`ToJs`] for enums without data: a word.
macro_rules! as_member {
    ($($kind:ty),* $(,)?) => { $(
        impl $crate::value::ToJs for $kind {
            fn to_js(self) -> $crate::value::Value {
                $crate::value::word(&self)
            }
        }
    )* };
}
pub(crate) use as_member;

/// Implements [`ToJs`] for what the classes of this crate hold: an object of that class.
macro_rules! as_handle {
    ($($kind:ty => $class:ident),* $(,)?) => { $(
        impl $crate::value::ToJs for $kind {
            fn to_js(self) -> $crate::value::Value {
                $crate::value::handle($class::new(self))
            }
        }
    )* };
}
pub(crate) use as_handle;

/// An object of a class of this crate.
pub(crate) fn handle<T: JavaScriptClassExt + Send + 'static>(of: T) -> Value
where
    for<'env> napi::bindgen_prelude::ClassInstance<'env, T>: JsValue<'env>,
{
    Value::Handle(Box::new(move |env| Ok(of.into_instance(env)?.as_object(env).to_unknown())))
}

/// What `Debug` says of a variant, as JavaScript has it: `LiveMovie` is `live_movie`.
pub(crate) fn word(variant: &impl std::fmt::Debug) -> Value {
    Value::Text(snake(&format!("{variant:?}")).into())
}

/// `SloMo` is `slo_mo`.
pub(crate) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// The variant that JavaScript names.
pub(crate) fn named<T: std::fmt::Debug + Copy>(what: &str, value: &str, all: &[T]) -> Result<T> {
    let found = all.iter().find(|one| snake(&format!("{one:?}")) == value);
    found.copied().ok_or_else(|| {
        let names: Vec<String> = all.iter().map(|one| snake(&format!("{one:?}"))).collect();
        let message = format!("no {what} is called {value:?}; there are: {}", names.join(", "));
        Error::new(icloud_photos::ErrorKind::Config, message)
    })
}

impl ToJs for () {
    fn to_js(self) -> Value {
        Value::Nothing
    }
}

impl ToJs for bool {
    fn to_js(self) -> Value {
        Value::Bool(self)
    }
}

/// Numbers that are exact in JavaScript, or counts and sizes, which stay below 2^53.
macro_rules! as_number {
    ($($kind:ty),*) => { $(
        impl ToJs for $kind {
            #[allow(clippy::cast_precision_loss, clippy::cast_lossless)]
            fn to_js(self) -> Value {
                Value::Number(self as f64)
            }
        }
    )* };
}

as_number!(u8, u16, u32, i32, u64, i64, usize, f64);

impl ToJs for String {
    fn to_js(self) -> Value {
        Value::Text(self.into())
    }
}

impl ToJs for &str {
    fn to_js(self) -> Value {
        Value::Text(self.to_owned().into())
    }
}

impl ToJs for Bytes {
    fn to_js(self) -> Value {
        Value::Bytes(self)
    }
}

impl ToJs for [u8; 32] {
    fn to_js(self) -> Value {
        Value::Bytes(Bytes::copy_from_slice(&self))
    }
}

/// Milliseconds.
impl ToJs for Duration {
    fn to_js(self) -> Value {
        Value::Number(self.as_secs_f64() * 1000.0)
    }
}

/// Milliseconds.
impl ToJs for time::Duration {
    fn to_js(self) -> Value {
        Value::Number(self.as_seconds_f64() * 1000.0)
    }
}

/// Milliseconds.
impl ToJs for time::UtcOffset {
    fn to_js(self) -> Value {
        Value::Number(f64::from(self.whole_seconds()) * 1000.0)
    }
}

/// A `Date` counts whole milliseconds.
impl ToJs for time::OffsetDateTime {
    #[allow(clippy::cast_precision_loss)]
    fn to_js(self) -> Value {
        Value::Moment(self.unix_timestamp_nanos().div_euclid(1_000_000) as f64)
    }
}

impl ToJs for SystemTime {
    fn to_js(self) -> Value {
        Value::Moment(milliseconds(self))
    }
}

/// Whole milliseconds since 1970, as a `Date` counts them.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_wrap)]
pub(crate) fn milliseconds(time: SystemTime) -> f64 {
    let nanos = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => since.as_nanos() as i128,
        Err(before) => -(before.duration().as_nanos() as i128),
    };
    nanos.div_euclid(1_000_000) as f64
}

/// A moment that JavaScript gives in milliseconds since 1970, of which whole ones count: fractions of seconds would not come back the same.
/// `None` where this machine knows none.
pub(crate) fn moment(ms: f64) -> Option<SystemTime> {
    let distance = Duration::from_millis(ms.is_finite().then_some(ms.abs() as u64)?);
    if ms < 0.0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    }
}

impl ToJs for StoragePath {
    fn to_js(self) -> Value {
        self.as_str().to_js()
    }
}

/// As a value: the facade makes an `ICloudError` of it.
impl ToJs for &Error {
    fn to_js(self) -> Value {
        Value::Model(vec![(c"failure", Value::Text(json(self).into()))])
    }
}

impl ToJs for Error {
    fn to_js(self) -> Value {
        (&self).to_js()
    }
}

impl<T: ToJs> ToJs for Option<T> {
    fn to_js(self) -> Value {
        self.map_or(Value::Null, ToJs::to_js)
    }
}

impl<T: ToJs> ToJs for Vec<T> {
    fn to_js(self) -> Value {
        Value::List(self.into_iter().map(ToJs::to_js).collect())
    }
}

/// One of many: a value, or what is wrong with it.
impl<T: ToJs> ToJs for Result<T> {
    fn to_js(self) -> Value {
        match self {
            Ok(value) => value.to_js(),
            Err(error) => error.to_js(),
        }
    }
}

impl<A: ToJs, B: ToJs> ToJs for (A, B) {
    fn to_js(self) -> Value {
        Value::List(vec![self.0.to_js(), self.1.to_js()])
    }
}

impl ToJs for Value {
    fn to_js(self) -> Value {
        self
    }
}
