//! Variables: `ICLOUDPD_` and the long name of an option, in capitals, with `_` for `-`.
//!
//! - An empty variable is as good as none.
//! - A flag is `true` or `1`, or `false` or `0`, which switches off what the file switches on.
//! - A repeatable option has a value on each line; where the values are words of a fixed list, commas do too.
//! - What belongs to one user is a default for all of them: `ICLOUDPD_USERNAME` counts only where nobody else names a user.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::errors::UsageError;
use super::settings::{Origin, Setting};
use super::table::{Known, TABLE, Takes, nearest};

const PREFIX: &str = "ICLOUDPD_";

/// What surrounds the program: variables and the home folder. Empty in tests.
#[derive(Default)]
pub(crate) struct Surroundings {
    pub(super) variables: BTreeMap<String, OsString>,
    pub(super) home: Option<PathBuf>,
}

impl Surroundings {
    /// Of this process.
    pub(crate) fn here() -> Self {
        let variables = std::env::vars_os().filter(|(_, value)| !value.is_empty());
        let named = variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let ours = named.filter(|(name, _)| name.starts_with(PREFIX) || name == "XDG_CONFIG_HOME");
        Self { variables: ours.collect(), home: std::env::home_dir() }
    }

    /// What the variable of an option says.
    pub(super) fn of(&self, long: &str) -> Option<&OsStr> {
        self.variables.get(&variable(long)).map(OsString::as_os_str)
    }

    /// What the variables set.
    ///
    /// # Errors
    /// For a flag that is neither true nor false. Values are looked at later.
    pub(super) fn settings(&self) -> Result<Vec<Setting>, UsageError> {
        let mut settings = Vec::new();
        for known in TABLE.iter().filter(|known| !known.is_question()) {
            let Some(value) = self.of(known.long) else { continue };
            let origin = Origin::Environment(variable(known.long));
            match known.takes {
                Takes::Nothing => settings.push(flag(known, value, origin)?),
                Takes::One => settings.push(self.one(known, value.to_owned(), origin)),
                Takes::Many => {
                    let values = several(known, value);
                    settings.extend(values.into_iter().map(|value| self.one(known, value, origin.clone())));
                }
            }
        }
        Ok(settings)
    }

    /// One value. No shell has seen it, so what a shell makes of `~` is made here.
    pub(super) fn one(&self, known: &'static Known, value: OsString, origin: Origin) -> Setting {
        let home = self.home.as_ref().filter(|_| known.is_path());
        let value = match (home, value.to_str().and_then(|text| text.strip_prefix("~/"))) {
            (Some(home), Some(rest)) => home.join(rest).into_os_string(),
            _ => value,
        };
        Setting::new(known, Some(value), origin)
    }

    /// One line for each variable that looks like ours and is not.
    pub(crate) fn strangers(&self) -> Vec<String> {
        let known: Vec<String> = TABLE.iter().map(|known| variable(known.long)).collect();
        let strange = self.variables.keys().filter(|name| name.starts_with(PREFIX) && !known.contains(name));
        strange
            .map(|name| {
                let nearest = nearest(name, known.iter().map(String::as_str));
                let advice = nearest.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                format!("The environment variable {name} is no option of icloudpd and has no effect{advice}")
            })
            .collect()
    }
}

/// The variable of an option.
pub(super) fn variable(long: &str) -> String {
    format!("{PREFIX}{}", long.to_uppercase().replace('-', "_"))
}

fn flag(known: &'static Known, value: &OsStr, origin: Origin) -> Result<Setting, UsageError> {
    let is_on = match value.to_string_lossy().trim().to_lowercase().as_str() {
        "true" | "1" => true,
        "false" | "0" => false,
        _ => {
            let text = format!("argument {}: must be true, false, 1 or 0", known.python_name());
            return Err(UsageError::Argument(text).at(&origin));
        }
    };
    Ok(Setting { is_off: !is_on, ..Setting::new(known, None, origin) })
}

fn several(known: &Known, value: &OsStr) -> Vec<OsString> {
    // What is not UTF-8 is one value, and complained about where it is read.
    let Some(text) = value.to_str() else { return vec![value.to_owned()] };
    let separators: &[char] = if known.is_choice { &['\n', ','] } else { &['\n'] };
    let values = text.split(separators).map(|value| value.trim_end_matches('\r'));
    let values = values.map(|value| if known.is_choice { value.trim() } else { value });
    values.filter(|value| !value.is_empty()).map(OsString::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Surroundings {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value)));
        Surroundings { variables: variables.collect(), home: Some(PathBuf::from("/home/me")) }
    }

    fn set(name: &str, value: &str) -> Vec<String> {
        let settings = with(&[(name, value)]).settings().unwrap();
        let shown = |setting: &Setting| match &setting.value {
            Some(value) => format!("{}={}", setting.known.long, value.to_string_lossy()),
            None => format!("{} {}", setting.known.long, if setting.is_off { "off" } else { "on" }),
        };
        settings.iter().map(shown).collect()
    }

    #[test]
    fn every_option_but_help_and_version_has_a_variable() {
        for known in TABLE.iter().filter(|known| !known.is_question()) {
            let name = variable(known.long);
            assert!(
                name.chars().all(|letter| letter.is_ascii_uppercase() || "_0123456789".contains(letter)),
                "{name}"
            );
            assert_eq!(set(&name, "1").len(), 1, "{name}");
        }
    }

    #[test]
    fn values_are_read_by_kind() {
        assert_eq!(set("ICLOUDPD_SKIP_VIDEOS", "True"), ["skip-videos on"]);
        assert_eq!(set("ICLOUDPD_SKIP_VIDEOS", "0"), ["skip-videos off"]);
        assert_eq!(set("ICLOUDPD_SIZE", "original, medium"), ["size=original", "size=medium"]);
        assert_eq!(
            set("ICLOUDPD_ALBUM", "Paris, 2019\nFavorites\n"),
            ["album=Paris, 2019", "album=Favorites"]
        );
        assert_eq!(set("ICLOUDPD_DIRECTORY", "~/Photos"), ["directory=/home/me/Photos"]);
        assert_eq!(set("ICLOUDPD_LIBRARY", "~/x"), ["library=~/x"]);
        assert!(with(&[("ICLOUDPD_DRY_RUN", "perhaps")]).settings().is_err());
    }

    #[test]
    fn strangers_are_named_with_what_was_meant() {
        let strangers = with(&[("ICLOUDPD_SKIP_VIDEO", "1"), ("ICLOUDPD_SIZE", "x")]).strangers();
        assert_eq!(strangers.len(), 1);
        assert!(
            strangers[0].contains("ICLOUDPD_SKIP_VIDEO ")
                && strangers[0].ends_with("did you mean ICLOUDPD_SKIP_VIDEOS?")
        );
    }
}
