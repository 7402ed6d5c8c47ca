//! Errors of the library on their way to JavaScript, and what JavaScript threw on its way through the library.
//!
//! Node-API carries a message and nothing else, so all of an error is in it, as JSON; `lib/errors.ts` makes an `ICloudError` of it.

use std::error::Error as _;

use icloud_photos::{Error, ErrorKind, Retry};
use napi::Status;
use serde_json::{Map, Value, json};

use crate::value::snake;

/// What an operation that failed is rejected with.
pub(crate) fn raised(error: &Error) -> napi::Error {
    napi::Error::new(Status::GenericFailure, json(error))
}

/// All of an error as text.
pub(crate) fn json(error: &Error) -> String {
    tree(error).to_string()
}

fn tree(error: &Error) -> Value {
    let (retry, after, attempts) = match error.retry() {
        Retry::Later { after } => ("later", after.map(|after| after.as_secs_f64() * 1000.0), None),
        Retry::Exhausted { attempts } => ("exhausted", None, Some(attempts)),
        _ => ("never", None, None),
    };
    let context: Map<String, Value> =
        error.context().map(|(key, value)| (key.to_owned(), value.into())).collect();
    json!({
        "kind": snake(&format!("{:?}", error.kind())),
        "message": error.message(),
        "operation": error.operation(),
        "context": context,
        "retry": retry,
        "afterMs": after,
        "attempts": attempts,
        "cause": cause(error),
    })
}

/// The cause: an error of ours with all that it has, what JavaScript threw by its number, or what others say.
fn cause(error: &Error) -> Value {
    let Some(source) = error.source() else { return Value::Null };
    if let Some(ours) = source.downcast_ref::<Error>() {
        return tree(ours);
    }
    if let Some(Thrown(number, _)) = source.downcast_ref() {
        return json!({ "thrown": number });
    }
    let mut text = source.to_string();
    let mut deeper = source.source();
    while let Some(cause) = deeper {
        text = format!("{text}: {cause}");
        deeper = cause.source();
    }
    json!({ "message": text })
}

/// What code in JavaScript threw. It stays there: the facade knows it by this number.
#[derive(Debug)]
struct Thrown(u32, String);

impl std::fmt::Display for Thrown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.1.fmt(f)
    }
}

impl std::error::Error for Thrown {}

/// The error of something that JavaScript threw: of the kind that it says itself, if it is one of ours, else of `otherwise`.
pub(crate) fn thrown(number: u32, message: String, kind: Option<&str>, otherwise: ErrorKind) -> Error {
    let named = |name| ErrorKind::ALL.iter().find(|kind| snake(&format!("{kind:?}")) == name);
    let kind = kind.and_then(named).copied().unwrap_or(otherwise);
    Error::new(kind, message.clone()).caused_by(Thrown(number, message))
}
