//! Errors of the command line in icloudpd's words: one about an option goes to standard output, one about unknown
//! arguments to standard error below the usage line. The exit code is 2 for both.

use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::options::USAGE;
use super::secret;
use super::settings::Origin;
use super::table::Known;

/// What is wrong with the command line, the environment or the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum UsageError {
    /// A line for standard output.
    Argument(String),
    /// Lines for standard error.
    Unknown(String),
}

impl UsageError {
    /// These arguments are left when all options of `part` are read. No secret among them is shown.
    pub(super) fn unknown(arguments: &[OsString], part: &[OsString]) -> Self {
        let hint = match arguments.first().map(|first| first.to_string_lossy()) {
            Some(first) if first.starts_with("-p") || first.starts_with("--password") => {
                "A password belongs to a user: it goes after --username.\n"
            }
            _ => "",
        };
        Self::Unknown(format!(
            "usage: {USAGE}\n{hint}icloudpd: error: unrecognized arguments: {}",
            secret::without(arguments, part)
        ))
    }

    /// The same, with the place where it stands.
    pub(super) fn at(self, origin: &Origin) -> Self {
        match (self, origin) {
            (Self::Argument(text), Origin::Environment(_) | Origin::File(..)) => {
                Self::Argument(format!("{text} ({origin})"))
            }
            (error, _) => error,
        }
    }
}

/// What clap finds wrong with the value of an option.
pub(super) fn describe(error: &clap::Error, known: &Known, value: Option<&OsStr>) -> UsageError {
    let value = value.unwrap_or_default().to_string_lossy();
    let reason = match error.kind() {
        ErrorKind::InvalidValue if known.is_choice => {
            let ignores_case = known.arg().is_some_and(clap::Arg::is_ignore_case_set);
            let value = if ignores_case { value.to_lowercase() } else { value.into_owned() };
            format!("invalid choice: {} (choose from {})", python_repr(&value), choices(error))
        }
        // Only paths: a text may be empty.
        ErrorKind::InvalidValue if value.is_empty() => "must not be empty".to_owned(),
        ErrorKind::InvalidUtf8 => "must be text in UTF-8".to_owned(),
        _ => std::error::Error::source(error).map_or_else(|| "invalid value".to_owned(), ToString::to_string),
    };
    UsageError::Argument(format!("argument {}: {reason}", known.python_name()))
}

fn choices(error: &clap::Error) -> String {
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(names)) => {
            names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
        }
        _ => String::new(),
    }
}

/// A text as Python's `repr` shows it.
pub(crate) fn python_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut shown = String::from(quote);
    for letter in text.chars() {
        match letter {
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            letter if letter == quote => shown.extend(['\\', letter]),
            letter if letter.is_control() => shown.push_str(&format!("\\x{:02x}", u32::from(letter))),
            letter => shown.push(letter),
        }
    }
    shown.push(quote);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_python_quotes_them() {
        let table = [
            ("huge", "'huge'"),
            ("it's", "\"it's\""),
            ("it's \"so\"", "'it\\'s \"so\"'"),
            ("a\\b\n\u{7f}\u{9b}é", "'a\\\\b\\n\\x7f\\x9bé'"),
        ];
        for (text, shown) in table {
            assert_eq!(python_repr(text), shown);
        }
    }

    #[test]
    fn no_password_is_named_among_unknown_arguments() {
        let table: &[(&[&str], &str)] = &[
            // It may be the rest of the password.
            (&["-p", "hunter2", "x", "--y", "z"], "-p *** *** --y z"),
            (&["-phunter2"], "-p***"),
            (&["--password=hunter2"], "--password=***"),
            (&["-p=hunter2"], "-p=***"),
            (&["x", "--password", "hunter2"], "x --password ***"),
        ];
        for (arguments, shown) in table {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            let UsageError::Unknown(text) = UsageError::unknown(&arguments, &arguments) else { panic!() };
            assert!(text.contains(&format!("unrecognized arguments: {shown}")), "{text}");
            assert!(!text.contains("hunter2"));
        }
    }
}
