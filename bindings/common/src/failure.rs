//! Errors as data, and what code in another language threw on its way through the library.

use std::any::Any;
use std::error::Error as _;
use std::fmt;
use std::sync::Arc;

use icloud_photos::{Error, ErrorKind, Retry};

use crate::names::snake;

/// All that an [`Error`] says.
#[derive(Debug)]
pub struct Failure {
    pub kind: ErrorKind,
    pub message: String,
    pub operation: &'static str,
    pub context: Vec<(String, String)>,
    pub retry: Retry,
    pub cause: Option<Cause>,
}

/// What is behind a failure.
#[derive(Debug)]
pub enum Cause {
    /// Another one of the library's.
    Ours(Box<Failure>),
    /// What code in the other language threw.
    Foreign(Foreign),
    /// What others say.
    Text(String),
}

impl Failure {
    /// What an error says.
    pub fn of(error: &Error) -> Self {
        Self {
            kind: error.kind(),
            message: error.message().to_owned(),
            operation: error.operation(),
            context: error.context().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            retry: error.retry(),
            cause: cause(error),
        }
    }

    /// Its kind in snake case.
    pub fn kind_name(&self) -> String {
        snake(&format!("{:?}", self.kind))
    }
}

fn cause(error: &Error) -> Option<Cause> {
    let source = error.source()?;
    if let Some(ours) = source.downcast_ref::<Error>() {
        return Some(Cause::Ours(Box::new(Failure::of(ours))));
    }
    if let Some(foreign) = source.downcast_ref::<Foreign>() {
        return Some(Cause::Foreign(foreign.clone()));
    }
    let mut text = source.to_string();
    let mut deeper = source.source();
    while let Some(cause) = deeper {
        text = format!("{text}: {cause}");
        deeper = cause.source();
    }
    Some(Cause::Text(text))
}

/// What code in the other language threw: that language alone knows what it is.
#[derive(Clone)]
pub struct Foreign {
    thrown: Arc<dyn Any + Send + Sync>,
    said: String,
}

impl Foreign {
    /// `said` is what it says in words.
    pub fn new<T: Any + Send + Sync>(thrown: T, said: impl Into<String>) -> Self {
        Self { thrown: Arc::new(thrown), said: said.into() }
    }

    /// What was thrown, if it is such a thing.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.thrown.downcast_ref()
    }

    /// The innermost that an error comes from, of this type.
    pub fn behind<T: Any>(error: &Error) -> Option<&T> {
        let mut cause = error.source();
        while let Some(deeper) = cause {
            if let Some(found) = deeper.downcast_ref::<Self>().and_then(Self::get) {
                return Some(found);
            }
            cause = deeper.source();
        }
        None
    }
}

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Foreign")
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.said.fmt(f)
    }
}

impl std::error::Error for Foreign {}

/// The kind of errors that a word in snake case names.
pub fn kind_named(name: &str) -> Option<ErrorKind> {
    ErrorKind::ALL.iter().find(|kind| snake(&format!("{kind:?}")) == name).copied()
}
