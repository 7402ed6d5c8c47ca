//! Errors of the command line in icloudpd's words: one about an option goes to standard output, one about unknown
//! arguments to standard error below the usage line. The exit code is 2 for both.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory};

use super::options::{Options, USAGE};

/// What is wrong with the command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum UsageError {
    /// A line for standard output.
    Argument(String),
    /// Lines for standard error.
    Unknown(String),
}

impl UsageError {
    pub(super) fn unknown(arguments: &[String]) -> Self {
        Self::Unknown(format!(
            "usage: {USAGE}\nicloudpd: error: unrecognized arguments: {}",
            arguments.join(" ")
        ))
    }
}

/// Parses, and when arguments are unknown leaves them out one by one, to name them all. Any other error comes first,
/// as in icloudpd.
pub(super) fn collecting_unknown<T>(
    mut args: Vec<OsString>,
    parse: impl Fn(&[OsString]) -> Result<T, clap::Error>,
) -> Result<T, UsageError> {
    let mut unknown = Vec::new();
    // clap takes a bare `--` as the end of options; icloudpd knows no such thing.
    if let Some(at) = args.iter().position(|arg| arg == "--") {
        unknown.push("--".to_owned());
        args.remove(at);
    }
    loop {
        let error = match parse(&args) {
            Ok(parsed) if unknown.is_empty() => return Ok(parsed),
            Ok(_) => return Err(UsageError::unknown(&unknown)),
            Err(error) => error,
        };
        let found = unknown_argument(&error).and_then(|name| position(&args, &name));
        match found {
            Some(at) => unknown.push(args.remove(at).to_string_lossy().into_owned()),
            None => return Err(describe(&error)),
        }
    }
}

fn unknown_argument(error: &clap::Error) -> Option<String> {
    match error.kind() {
        ErrorKind::UnknownArgument => text(error, ContextKind::InvalidArg),
        _ => None,
    }
}

/// Where the argument stands that clap calls `name`: alone, with a value (`--name=x`), or among glued short flags.
fn position(args: &[OsString], name: &str) -> Option<usize> {
    let with_value = format!("{name}=");
    let short = name.strip_prefix('-').filter(|rest| rest.chars().count() == 1);
    let stands = |arg: &OsString| {
        let arg = arg.to_string_lossy();
        let glued =
            short.is_some_and(|flag| !arg.starts_with("--") && arg.starts_with('-') && arg.contains(flag));
        arg == name || arg.starts_with(&with_value) || glued
    };
    args.iter().position(|arg| arg == name).or_else(|| args.iter().position(stands))
}

fn describe(error: &clap::Error) -> UsageError {
    let value = text(error, ContextKind::InvalidValue).unwrap_or_default();
    let mut name = text(error, ContextKind::InvalidArg).unwrap_or_default();
    let reason = match error.kind() {
        ErrorKind::InvalidValue if value.is_empty() => "expected one argument".to_owned(),
        ErrorKind::InvalidValue => invalid_choice(error, &name, value),
        ErrorKind::TooManyValues => format!("ignored explicit argument '{value}'"),
        ErrorKind::ArgumentConflict => {
            // clap blames the first of the two, Python the second.
            let first = std::mem::replace(&mut name, text(error, ContextKind::PriorArg).unwrap_or_default());
            format!("not allowed with argument {}", python_name(&first))
        }
        ErrorKind::ValueValidation => {
            std::error::Error::source(error).map_or_else(|| "invalid value".to_owned(), ToString::to_string)
        }
        _ => return UsageError::Argument(error.to_string().trim_end().to_owned()),
    };
    UsageError::Argument(format!("argument {}: {reason}", python_name(&name)))
}

fn invalid_choice(error: &clap::Error, option: &str, value: String) -> String {
    let ignores_case = find(&Options::command(), long_or_short(option)).is_some_and(Arg::is_ignore_case_set);
    let value = if ignores_case { value.to_lowercase() } else { value };
    format!("invalid choice: '{value}' (choose from {})", choices(error))
}

fn choices(error: &clap::Error) -> String {
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(names)) => {
            names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
        }
        _ => String::new(),
    }
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        other => Some(other.to_string()),
    }
}

/// `-d/--directory` for what clap shows as `--directory <DIRECTORY>`. icloudpd declares `--help` before `-h`.
fn python_name(shown: &str) -> String {
    let name = long_or_short(shown);
    let command = Options::command();
    match find(&command, name) {
        Some(arg) if arg.get_id() == "help" => "--help/-h".to_owned(),
        Some(arg) => {
            let short = arg.get_short().map(|short| format!("-{short}/")).unwrap_or_default();
            format!("{short}--{}", arg.get_long().unwrap_or_default())
        }
        None => name.to_owned(),
    }
}

fn long_or_short(shown: &str) -> &str {
    shown.split([' ', '=', '[']).next().unwrap_or(shown)
}

fn find<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|arg| {
        let short = arg.get_short().map(|short| format!("-{short}"));
        name.strip_prefix("--").is_some_and(|long| arg.get_long() == Some(long))
            || short.as_deref() == Some(name)
    })
}
