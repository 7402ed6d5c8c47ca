//! What is peculiar to a language: how it writes names, and what of Rust it has no use for.

use super::names::simple;

/// A language with a package of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Language {
    Python,
    Node,
}

impl Language {
    /// What people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::Node => "Node",
        }
    }

    /// How a function, method or field may be called there.
    pub(super) fn members(self, rust: &str) -> Vec<String> {
        match self {
            Self::Python => vec![rust.to_owned()],
            // A time that is a number says of what.
            Self::Node => vec![camel(rust), format!("{}Ms", camel(rust))],
        }
    }

    /// What a variant without data is called there.
    pub(super) fn word(self, rust: &str) -> String {
        match self {
            Self::Python => snake(rust).to_uppercase(),
            Self::Node => snake(rust),
        }
    }

    /// What has that which `XBuilder` and `XOptions` are told.
    pub(super) fn built(self, rust: &str) -> Option<Built> {
        let own = rust.strip_suffix("Builder").or_else(|| rust.strip_suffix("Options"))?;
        Some(match self {
            Self::Python => Built::Called(own.to_owned(), snake(own)),
            Self::Node => Built::Told(format!("{own}Options")),
        })
    }

    /// The blocking class or function of `AsyncAlbum`, `async_verify`.
    pub(super) fn twin(self, name: &str) -> Option<String> {
        if self != Self::Python {
            return None;
        }
        let own = simple(name);
        let blocking = match own.strip_prefix("async_") {
            Some(function) => function,
            None => own.strip_prefix("Async").filter(|rest| rest.starts_with(char::is_uppercase))?,
        };
        Some(format!("{}{blocking}", &name[..name.len() - own.len()]))
    }

    /// Whether each kind of error is a class of its own, too.
    pub(super) fn has_classes_of_errors(self) -> bool {
        self == Self::Python
    }

    /// Whether it is a type of the language itself.
    pub(crate) fn has_itself(self, name: &str) -> bool {
        match self {
            Self::Python => PYTHON.contains(&name),
            Self::Node => NODE.contains(&name),
        }
    }
}

/// What stands for a builder, or for options.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Built {
    /// A class by its name, or a function or method by its name; their parameters are what is told.
    Called(String, String),
    /// An interface; its members are what is told.
    Told(String),
}

const PYTHON: &[&str] = &[
    "bool",
    "bytes",
    "callable",
    "datetime",
    "dict",
    "float",
    "int",
    "list",
    "raise",
    "str",
    "timedelta",
    "tuple",
];
const NODE: &[&str] = &[
    "AbortSignal",
    "Array",
    "Buffer",
    "Date",
    "Record",
    "bigint",
    "boolean",
    "function",
    "number",
    "string",
    "throw",
];

/// `LiveMovie` as `live_movie`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

/// `live_movie` as `liveMovie`.
fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let mut camel = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut rest = part.chars();
        camel.extend(rest.next().into_iter().flat_map(char::to_uppercase));
        camel.push_str(rest.as_str());
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_writes_names_in_its_manner() {
        assert_eq!(Language::Python.members("resumed_from"), ["resumed_from"]);
        assert_eq!(Language::Node.members("resumed_from"), ["resumedFrom", "resumedFromMs"]);
        assert_eq!(Language::Python.word("LiveMovie"), "LIVE_MOVIE");
        assert_eq!(Language::Node.word("LiveMovie"), "live_movie");
    }

    #[test]
    fn what_is_told_to_builders_has_its_place() {
        let called = Built::Called("AdoptPlan".to_owned(), "adopt_plan".to_owned());
        assert_eq!(Language::Python.built("AdoptPlanOptions"), Some(called));
        assert_eq!(Language::Node.built("ClientBuilder"), Some(Built::Told("ClientOptions".to_owned())));
        assert_eq!(Language::Node.built("Client"), None);
    }
}
