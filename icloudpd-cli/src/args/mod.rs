//! What was typed: icloudpd's grammar over clap.
//!
//! icloudpd cuts the line before every `-u` or `--username`. What stands before the first cut are defaults: they are
//! put in front of each user's own part, so that later values win, flags add up and `--size` and `--album` append.
//! Global options count wherever they stand, so they are read from the whole line.

mod errors;
mod options;
mod values;

use std::ffi::OsString;

use clap::{CommandFactory, Parser};

pub(crate) use self::errors::UsageError;
pub(crate) use self::options::*;

/// The command line, taken apart.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) verb: Verb,
    pub(crate) global: Global,
    /// One per user section, in order.
    pub(crate) sections: Vec<(Common, User)>,
}

/// What is to be done: what icloudpd does, unless the line begins with one of our own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    /// What the options say.
    Run,
    Adopt,
    Verify,
    Status,
    Plan,
    Changes,
    Doctor,
}

impl Verb {
    fn split(args: &[OsString]) -> (Self, &[OsString]) {
        let verb = match args.first().and_then(|first| first.to_str()) {
            Some("adopt") => Self::Adopt,
            Some("verify") => Self::Verify,
            Some("status") => Self::Status,
            Some("plan") => Self::Plan,
            Some("changes") => Self::Changes,
            Some("doctor") => Self::Doctor,
            _ => return (Self::Run, args),
        };
        (verb, &args[1..])
    }

    /// Whether no account need be named: it speaks of what is on this machine, or of what accounts have in common.
    pub(crate) fn is_offline(self, repair: bool) -> bool {
        match self {
            Self::Status | Self::Doctor => true,
            Self::Verify => !repair,
            _ => false,
        }
    }
}

/// Reads the arguments (without the program's name).
///
/// # Errors
/// In icloudpd's words, for the stream icloudpd uses.
pub(crate) fn parse(args: &[OsString]) -> Result<Line, UsageError> {
    let help = [OsString::from("--help")];
    let args = if args.is_empty() { &help } else { args };
    let (verb, args) = Verb::split(args);
    let global = parse_part(args.iter())?.global;
    let (defaults, users) = split(args);
    refuse_user_options(defaults)?;
    let nobody: &[OsString] = &[];
    let users = if users.is_empty() && verb.is_offline(global.repair) { vec![nobody] } else { users };
    let sections = users
        .into_iter()
        .map(|user| parse_part(defaults.iter().chain(user)).map(|options| (options.common, options.user)))
        .collect::<Result<_, _>>()?;
    Ok(Line { verb, global, sections })
}

/// The text of `--help`.
pub(crate) fn help() -> String {
    Options::command().render_help().to_string()
}

fn parse_part<'a>(args: impl Iterator<Item = &'a OsString>) -> Result<Options, UsageError> {
    errors::collecting_unknown(args.cloned().collect(), |args| {
        Options::try_parse_from(std::iter::once(OsString::from("icloudpd")).chain(args.iter().cloned()))
    })
}

/// The part before the first user, and one part for each.
fn split(args: &[OsString]) -> (&[OsString], Vec<&[OsString]>) {
    let mut starts: Vec<usize> = (0..args.len()).filter(|&at| starts_section(&args[at])).collect();
    let defaults = &args[..starts.first().copied().unwrap_or(args.len())];
    starts.push(args.len());
    (defaults, starts.windows(2).map(|pair| &args[pair[0]..pair[1]]).collect())
}

/// `--username=x` is ours alone; icloudpd knows the spaced form only.
fn starts_section(arg: &OsString) -> bool {
    arg == "-u" || arg == "--username" || arg.as_encoded_bytes().starts_with(b"--username=")
}

/// `-p` and its kin mean nothing before a user.
fn refuse_user_options(defaults: &[OsString]) -> Result<(), UsageError> {
    let user = parse_part(defaults.iter())?.user;
    let typed = [
        ("-u", user.username.is_some()),
        ("-p", user.password.is_some()),
        ("--password-file", user.password_file.is_some()),
        ("--password-command", user.password_command.is_some()),
    ];
    match typed.iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(UsageError::unknown(&[format!("{option} (before the first --username)")])),
        None => Ok(()),
    }
}
