//! The command line of `icloud`, read as Python's argparse reads it: in order, with words cut short where that is clear.
//!
//! A value that begins with a dash is none, unless it is a negative number, holds a space, or is given with `=`. So an option
//! that was forgotten is never taken for a password.

use std::ffi::OsString;

use icloud_photos::redact::SecretString;

use crate::args::{python_repr, without_secrets};

/// What `--help` and every complaint begin with.
pub(super) const USAGE: &str = "\
usage: icloud [-h] [--username USERNAME] [--password PASSWORD] [-n]
              [--delete-from-keyring] [--domain DOMAIN] [--version]
              [--cookie-directory COOKIE_DIRECTORY]
";

pub(super) const HELP: &str = "
Puts an iCloud password into the system's key store and tries it

options:
  -h, --help            show this help message and exit
  --username USERNAME   Apple ID to use
  --password PASSWORD   its password, which other users of this machine can see
                        here; without it the key store is asked, then you are
  -n, --non-interactive
                        do not offer to store the password
  --delete-from-keyring
                        remove the stored password of this Apple ID, and do
                        nothing else
  --domain DOMAIN       Apple's domain: com or cn
  --version             show the version, commit hash and timestamp
  --cookie-directory COOKIE_DIRECTORY
                        where the session is kept: the folder of icloudpd,
                        ~/.pyicloud unless ICLOUDPD_COOKIE_DIRECTORY names
                        another
";

/// Names, and whether a value follows. The last two are for tests against a server of one's own.
const OPTIONS: [(&str, &str, bool); 10] = [
    ("help", "-h/--help", false),
    ("username", "--username", true),
    ("password", "--password", true),
    ("non-interactive", "-n/--non-interactive", false),
    ("delete-from-keyring", "--delete-from-keyring", false),
    ("domain", "--domain", true),
    ("version", "--version", false),
    ("cookie-directory", "--cookie-directory", true),
    ("auth-endpoint", "--auth-endpoint", true),
    ("setup-endpoint", "--setup-endpoint", true),
];

type Known = &'static (&'static str, &'static str, bool);

/// What the line asks for.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) help: bool,
    pub(super) version: bool,
    pub(super) non_interactive: bool,
    pub(super) delete_from_keyring: bool,
    pub(super) username: Option<String>,
    pub(super) password: Option<SecretString>,
    pub(super) domain: Option<String>,
    pub(super) cookie_directory: Option<OsString>,
    pub(super) auth_endpoint: Option<String>,
    pub(super) setup_endpoint: Option<String>,
}

/// Reads the line; what is wrong with it, in argparse's words.
pub(super) fn read(args: &[OsString]) -> Result<Line, String> {
    let mut line = Line::default();
    let mut unknown = Vec::new();
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        at += 1;
        let text = arg.to_string_lossy();
        if text == "--" {
            unknown.extend_from_slice(&args[at - 1..]);
            break;
        }
        let Some((known, given)) = option(&text)? else {
            unknown.push(arg.clone());
            continue;
        };
        if !known.2 {
            line.switch(known, given)?;
        } else {
            let next = args.get(at).filter(|_| given.is_none());
            let value = match next.filter(|next| is_value(&next.to_string_lossy())) {
                Some(next) => next.clone(),
                None => given.ok_or_else(|| complaint(known, "expected one argument"))?,
            };
            at += usize::from(next.is_some());
            line.set(known, value)?;
        }
        if line.help {
            return Ok(line);
        }
    }
    match unknown.is_empty() {
        true => Ok(line),
        false => Err(format!("unrecognized arguments: {}", without_secrets(&unknown, args))),
    }
}

/// The option that a word names, with what stands behind `=` or behind a letter.
fn option(word: &str) -> Result<Option<(Known, Option<OsString>)>, String> {
    let Some(long) = word.strip_prefix("--") else {
        let known = match word.get(..2) {
            Some("-h") => &OPTIONS[0],
            Some("-n") => &OPTIONS[3],
            _ => return Ok(None),
        };
        return Ok(Some((known, (word.len() > 2).then(|| word[2..].into()))));
    };
    let (name, value) = match long.split_once('=') {
        Some((name, value)) => (name, Some(OsString::from(value))),
        None => (long, None),
    };
    if let Some(known) = OPTIONS.iter().find(|known| known.0 == name) {
        return Ok(Some((known, value)));
    }
    let like: Vec<Known> = OPTIONS.iter().filter(|known| known.0.starts_with(name)).collect();
    match like[..] {
        [] => Ok(None),
        [known] => Ok(Some((known, value))),
        _ if word.contains(' ') => Ok(None),
        _ => {
            let names: Vec<String> = like.iter().map(|known| format!("--{}", known.0)).collect();
            Err(format!("ambiguous option: --{name} could match {}", names.join(", ")))
        }
    }
}

fn is_value(word: &str) -> bool {
    let is_number = |word: &str| word.parse::<f64>().is_ok() && word.ends_with(|c: char| c.is_ascii_digit());
    let known = matches!(option(word), Ok(Some(_)) | Err(_));
    !word.starts_with('-') || word == "-" || (!known && (word.contains(' ') || is_number(word)))
}

fn complaint(known: Known, what: &str) -> String {
    format!("argument {}: {what}", known.1)
}

impl Line {
    /// A flag, and those that are glued to its letter.
    fn switch(&mut self, known: Known, glued: Option<OsString>) -> Result<(), String> {
        match known.0 {
            "help" => self.help = true,
            "version" => self.version = true,
            "non-interactive" => self.non_interactive = true,
            _ => self.delete_from_keyring = true,
        }
        let Some(glued) = glued.filter(|_| !self.help) else { return Ok(()) };
        let text = glued.to_string_lossy();
        match option(&format!("-{text}")) {
            Ok(Some((next, rest))) if known.0 == "non-interactive" && !text.starts_with('-') => {
                self.switch(next, rest)
            }
            _ => Err(complaint(known, &format!("ignored explicit argument {}", python_repr(&text)))),
        }
    }

    fn set(&mut self, known: Known, value: OsString) -> Result<(), String> {
        let text =
            || value.to_str().map(str::to_owned).ok_or_else(|| complaint(known, "must be text in UTF-8"));
        match known.0 {
            "username" => self.username = Some(text()?),
            "password" => self.password = Some(text()?.into()),
            "domain" => self.domain = Some(text()?),
            "cookie-directory" => self.cookie_directory = Some(value),
            "auth-endpoint" => self.auth_endpoint = Some(text()?),
            _ => self.setup_endpoint = Some(text()?),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use icloud_photos::redact::ExposeSecret as _;

    use super::*;

    fn of(words: &[&str]) -> Result<Line, String> {
        read(&words.iter().map(OsString::from).collect::<Vec<_>>())
    }

    /// What the real one (Python 3.11) says of these lines; asked by the rows `icloud: ...` of the conformance run too.
    #[test]
    fn what_is_wrong_is_told_as_argparse_tells_it() {
        let table: [(&[&str], &str); 11] = [
            (&["--rubbish"], "unrecognized arguments: --rubbish"),
            (&["x", "--version"], "unrecognized arguments: x"),
            (&["--", "-n"], "unrecognized arguments: -- -n"),
            (&["--username"], "argument --username: expected one argument"),
            (&["--password", "-n"], "argument --password: expected one argument"),
            (&["--password", "-x"], "argument --password: expected one argument"),
            (&["--version=3"], "argument --version: ignored explicit argument '3'"),
            (&["-nx"], "argument -n/--non-interactive: ignored explicit argument 'x'"),
            (&["-n=1"], "argument -n/--non-interactive: ignored explicit argument '=1'"),
            (&["--d"], "ambiguous option: --d could match --delete-from-keyring, --domain"),
            (&["--passw=secret", "-psecret"], "unrecognized arguments: ***"),
        ];
        for (words, complaint) in table {
            assert_eq!(of(words).map(drop), Err(complaint.to_owned()), "{words:?}");
        }
    }

    #[test]
    fn words_may_be_cut_short_and_letters_glued() {
        let line = of(&["--user", "a", "--pass=-b", "-nn", "--dele", "--dom", "cn"]).unwrap();
        assert_eq!((line.username.as_deref(), line.domain.as_deref()), (Some("a"), Some("cn")));
        assert_eq!(line.password.unwrap().expose_secret(), "-b");
        assert!(line.non_interactive && line.delete_from_keyring && !line.version);
        for (value, taken) in [("-5", true), ("-1.5", true), ("-a b", true), ("-", true), ("-1.", false)] {
            assert_eq!(of(&["--password", value]).is_ok(), taken, "{value}");
        }
        assert!(of(&["-nh", "--rubbish"]).unwrap().help, "help comes first");
    }
}
