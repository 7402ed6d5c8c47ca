//! The options by name, as the readers of command line, environment and file need them; made from clap's table, so that a new
//! option is known to all of them.

use std::sync::LazyLock;

use clap::{Arg, ArgAction, Command, ValueHint};

use super::options::{COMMON, GLOBAL};

/// To whom an option belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// The whole run.
    Global,
    /// All users, or one.
    Common,
    /// One user.
    User,
}

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    One,
    /// Repeatable.
    Many,
}

/// One option.
#[derive(Debug)]
pub(super) struct Known {
    /// Without the dashes.
    pub(super) long: &'static str,
    pub(super) short: Option<char>,
    pub(super) level: Level,
    pub(super) takes: Takes,
    /// One of a fixed list of words.
    pub(super) is_choice: bool,
}

/// clap's table itself.
pub(super) static COMMAND: LazyLock<Command> = LazyLock::new(|| {
    let mut command = super::options::command();
    command.build();
    command
});

/// Every option, in the order of the help text.
pub(super) static TABLE: LazyLock<Vec<Known>> =
    LazyLock::new(|| COMMAND.get_arguments().filter_map(known).collect());

fn known(arg: &'static Arg) -> Option<Known> {
    Some(Known {
        long: arg.get_long()?,
        short: arg.get_short(),
        level: match arg.get_help_heading() {
            Some(GLOBAL) => Level::Global,
            Some(COMMON) => Level::Common,
            _ => Level::User,
        },
        takes: match arg.get_action() {
            ArgAction::Append => Takes::Many,
            ArgAction::Set => Takes::One,
            _ => Takes::Nothing,
        },
        is_choice: !arg.get_possible_values().is_empty(),
    })
}

impl Known {
    /// What `wanted` has among the options.
    pub(super) fn find(wanted: impl Fn(&Self) -> bool) -> Option<&'static Self> {
        TABLE.iter().find(|known| wanted(known))
    }

    pub(super) fn by_long(long: &str) -> Option<&'static Self> {
        Self::find(|known| known.long == long)
    }

    /// clap's own entry.
    pub(super) fn arg(&self) -> Option<&'static Arg> {
        COMMAND.get_arguments().find(|arg| arg.get_long() == Some(self.long))
    }

    /// Help and version are asked for on the command line only.
    pub(super) fn is_question(&self) -> bool {
        matches!(self.long, "help" | "version")
    }

    /// A file or a folder.
    pub(super) fn is_path(&self) -> bool {
        let hint = self.arg().map(Arg::get_value_hint);
        matches!(hint, Some(ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath))
    }

    /// What nobody may see.
    pub(super) fn is_secret(&self) -> bool {
        // The address of a webhook is all that whoever posts to it needs.
        matches!(self.long, "password" | "smtp-password" | "notification-webhook")
    }

    /// Options that say the same thing in several ways: where one is given, those of a lower rank mean nothing.
    pub(super) fn slot(&self) -> &'static str {
        match self.long {
            "password-file" | "password-command" => "password",
            "smtp-password-file" => "smtp-password",
            long => long,
        }
    }

    /// `-d/--directory`, as Python shows it. icloudpd declares `--help` before `-h`.
    pub(super) fn python_name(&self) -> String {
        match self.short {
            Some(short) if self.long == "help" => format!("--help/-{short}"),
            Some(short) => format!("-{short}/--{}", self.long),
            None => format!("--{}", self.long),
        }
    }
}

/// The name that looks most like `typed`, if any is near enough to be meant.
pub(super) fn nearest<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const ALIKE: f64 = 0.75;
    let alike = |name: &'a str| (strsim::jaro_winkler(typed, name), name);
    let best = names.map(alike).max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.filter(|(alike, _)| *alike >= ALIKE).map(|(_, name)| name)
}
