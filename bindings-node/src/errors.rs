//! Errors of the library as text, which the facade makes errors of, and what JavaScript threw as errors.

use icloud_photos::{Error, ErrorKind, Retry};
use icloud_photos_bindings::{Cause, Failure, Foreign, kind_named};
use napi::Status;
use serde_json::{Map, Value, json};

/// What an operation that failed is rejected with.
pub(crate) fn raised(error: &Error) -> napi::Error {
    napi::Error::new(Status::GenericFailure, written(&Failure::of(error)))
}

/// All of a failure as text.
pub(crate) fn written(failure: &Failure) -> String {
    tree(failure).to_string()
}

fn tree(failure: &Failure) -> Value {
    let (retry, after, attempts) = match failure.retry {
        Retry::Later { after } => ("later", after.map(|after| after.as_secs_f64() * 1000.0), None),
        Retry::Exhausted { attempts } => ("exhausted", None, Some(attempts)),
        _ => ("never", None, None),
    };
    let context: Map<String, Value> =
        failure.context.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect();
    json!({
        "kind": failure.kind_name(),
        "message": failure.message,
        "operation": failure.operation,
        "context": context,
        "retry": retry,
        "afterMs": after,
        "attempts": attempts,
        "cause": failure.cause.as_ref().map(cause),
    })
}

/// The cause: an error of ours with all that it has, what JavaScript threw by its number, or what others say.
fn cause(cause: &Cause) -> Value {
    match cause {
        Cause::Ours(ours) => tree(ours),
        Cause::Foreign(foreign) => match foreign.get::<Thrown>() {
            Some(Thrown(number)) => json!({ "thrown": number }),
            None => json!({ "message": foreign.to_string() }),
        },
        Cause::Text(text) => json!({ "message": text }),
    }
}

/// What code in JavaScript threw. It stays there: the facade knows it by this number.
struct Thrown(u32);

/// The error of something that JavaScript threw: of the kind that it says itself, if it is one of ours, else of `otherwise`.
pub(crate) fn thrown(number: u32, message: String, kind: Option<&str>, otherwise: ErrorKind) -> Error {
    let kind = kind.and_then(kind_named).unwrap_or(otherwise);
    Error::new(kind, message.clone()).caused_by(Foreign::new(Thrown(number), message))
}
