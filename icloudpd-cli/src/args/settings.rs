//! What is set, by whom, and who wins.
//!
//! One rule: an option given nearer hides the same option given further off. The command line is nearest, then come the
//! environment, a user's own table of the file, and the rest of the file. Only what stands on the command line together adds
//! up, as icloudpd has it: `--size` and `--album` of a user's section go behind those of the defaults.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{ArgMatches, FromArgMatches as _};

use super::errors::{self, UsageError};
use super::options::Options;
use super::table::{COMMAND, Known};

/// Who set something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    CommandLine,
    /// The variable of this name.
    Environment(String),
    /// A line of the file.
    File(Arc<PathBuf>, usize),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine => f.write_str("command line"),
            Self::Environment(name) => f.write_str(name),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
        }
    }
}

/// One option that somebody set. It may be a secret, so it cannot be shown.
#[derive(Clone)]
pub(super) struct Setting {
    pub(super) known: &'static Known,
    /// Flags have none.
    pub(super) value: Option<OsString>,
    pub(super) origin: Origin,
    /// A flag that is switched off, so that whoever switched it on further off is not heard.
    pub(super) is_off: bool,
}

impl Setting {
    pub(super) fn new(known: &'static Known, value: Option<OsString>, origin: Origin) -> Self {
        Self { known, value, origin, is_off: false }
    }

    fn word(&self) -> OsString {
        let mut word = OsString::from(format!("--{}", self.known.long));
        if let Some(value) = &self.value {
            word.push("=");
            word.push(value);
        }
        word
    }
}

/// Those that count, the furthest first; flags that are switched off are among them. `layers` begins with the nearest.
pub(super) fn winners(layers: &[Vec<Setting>]) -> Vec<Setting> {
    let mut won: Vec<Setting> = Vec::new();
    for layer in layers {
        let is_hidden =
            |setting: &Setting| won.iter().any(|nearer| nearer.known.slot() == setting.known.slot());
        let heard: Vec<Setting> = layer.iter().filter(|setting| !is_hidden(setting)).cloned().collect();
        won.splice(0..0, heard);
    }
    won
}

/// What the settings say, read by clap.
///
/// # Errors
/// For the first that is wrong, in icloudpd's words, with the place where it stands if that is not the command line.
pub(super) fn read(settings: &[Setting]) -> Result<Options, UsageError> {
    let read = Options::from_arg_matches_mut(&mut matches(settings)?);
    read.map_err(|error| UsageError::Argument(error.to_string().trim_end().to_owned()))
}

/// The same, as clap has it. It holds passwords: it must not be shown.
pub(super) fn matches(settings: &[Setting]) -> Result<ArgMatches, UsageError> {
    let error = match matched(settings) {
        Ok(matches) => return Ok(matches),
        Err(error) => error,
    };
    let alone =
        settings.iter().find_map(|setting| Some((matched(std::slice::from_ref(setting)).err()?, setting)));
    Err(match alone {
        Some((error, Setting { known, value, origin, .. })) => {
            errors::describe(&error, known, value.as_deref()).at(origin)
        }
        None => UsageError::Argument(error.to_string().trim_end().to_owned()),
    })
}

fn matched(settings: &[Setting]) -> Result<ArgMatches, clap::Error> {
    let words = settings.iter().filter(|setting| !setting.is_off).map(Setting::word);
    COMMAND.clone().try_get_matches_from(std::iter::once(OsString::from("icloudpd")).chain(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(long: &str, value: &str) -> Setting {
        Setting::new(Known::by_long(long).unwrap(), Some(value.into()), Origin::CommandLine)
    }

    fn words(settings: &[Setting]) -> Vec<String> {
        settings.iter().map(|setting| setting.word().into_string().unwrap()).collect()
    }

    #[test]
    fn the_nearer_hides_the_further_option_by_option() {
        let typed = vec![set("album", "a"), set("album", "b")];
        let variables = vec![set("album", "c"), set("recent", "1")];
        let file = vec![set("recent", "2"), set("directory", "x")];
        let won = winners(&[typed, variables, file]);
        assert_eq!(words(&won), ["--directory=x", "--recent=1", "--album=a", "--album=b"]);
    }

    #[test]
    fn a_way_to_the_password_hides_the_other_ways() {
        let won = winners(&[vec![set("password-file", "f")], vec![set("password", "p")]]);
        assert_eq!(words(&won), ["--password-file=f"]);
    }

    #[test]
    fn what_is_switched_off_is_off() {
        let known = Known::by_long("dry-run").unwrap();
        let on = Setting::new(known, None, Origin::CommandLine);
        let off = Setting { is_off: true, ..on.clone() };
        let is_on = |layers: &[Vec<Setting>]| read(&winners(layers)).unwrap().common.dry_run;
        assert!(!is_on(&[vec![off.clone()], vec![on.clone()]]));
        assert!(is_on(&[vec![on], vec![off]]));
    }
}
