//! Takes a list of arguments apart as Python's argparse 3.11 does (`ArgumentParser.parse_known_args` without abbreviations),
//! down to its oddities: scripts rely on what it accepts, and people on what it refuses.
//!
//! Which word is an option, and which a value, is settled for all words before any is read. So a value that begins with a dash
//! is none, unless it is a negative number, holds a space, or is given with `=`; and a word that this pass does not know is
//! left to the next one, with its value.

use std::ffi::{OsStr, OsString};

use super::errors::{UsageError, python_repr};
use super::settings::{Origin, Setting};
use super::table::{Known, Level, Takes};

/// What a pass found.
#[derive(Default)]
pub(super) struct Scan {
    /// In order, up to the error if there is one.
    pub(super) found: Vec<Setting>,
    /// What is left for the next pass, in order.
    pub(super) rest: Vec<OsString>,
    /// What ended the pass. What was found before has its say first: a bad value comes before it.
    pub(super) error: Option<UsageError>,
}

/// What a word is.
enum Word {
    /// `--`, and with it the end of options.
    End,
    Value,
    Unknown,
    Option {
        known: &'static Known,
        is_short: bool,
        explicit: Option<OsString>,
    },
}

/// Finds the options of these levels.
pub(super) fn scan(args: &[OsString], levels: &[Level]) -> Scan {
    let words = classify(args, levels);
    let mut scan = Scan::default();
    let mut at = 0;
    while at < args.len() {
        match &words[at] {
            Word::End | Word::Value | Word::Unknown => {
                scan.rest.push(args[at].clone());
                at += 1;
            }
            Word::Option { known, is_short, explicit } => {
                let next = args.get(at + 1).filter(|_| matches!(words[at + 1], Word::Value));
                let consumed = consume(known, *is_short, explicit.clone(), next, levels);
                let taken = consumed.and_then(|(settings, taken)| scan.take(settings).map(|()| taken));
                match taken {
                    Ok(taken) => at += taken,
                    Err(error) => {
                        scan.error = Some(error);
                        return scan;
                    }
                }
            }
        }
    }
    scan
}

impl Scan {
    fn take(&mut self, settings: Vec<Setting>) -> Result<(), UsageError> {
        for setting in settings {
            // They exclude each other; the one that comes second is blamed.
            let other = match setting.known.long {
                "help" => "version",
                "version" => "help",
                _ => "",
            };
            if let Some(first) = self.found.iter().find(|found| found.known.long == other) {
                let reason = format!("not allowed with argument {}", first.known.python_name());
                return Err(complaint(setting.known, &reason));
            }
            self.found.push(setting);
        }
        Ok(())
    }
}

/// Reads one word with options, and perhaps the value after it: what they set, and how many words that took.
fn consume(
    mut known: &'static Known,
    mut is_short: bool,
    mut explicit: Option<OsString>,
    next: Option<&OsString>,
    levels: &[Level],
) -> Result<(Vec<Setting>, usize), UsageError> {
    let mut settings = Vec::new();
    let mut set = |known, value| settings.push(Setting::new(known, value, Origin::CommandLine));
    loop {
        match (explicit, known.takes) {
            (Some(value), Takes::One | Takes::Many) => {
                set(known, Some(value));
                return Ok((settings, 1));
            }
            (None, Takes::One | Takes::Many) => {
                let value = next.ok_or_else(|| complaint(known, "expected one argument"))?;
                set(known, Some(value.clone()));
                return Ok((settings, 2));
            }
            (None, Takes::Nothing) => {
                set(known, None);
                return Ok((settings, 1));
            }
            // Glued short flags.
            (Some(value), Takes::Nothing) => {
                let refused = || {
                    // Somebody may have meant flags and then `-p`.
                    let shown = match is_short && value.as_encoded_bytes().first() == Some(&b'p') {
                        true => "p***".into(),
                        false => value.to_string_lossy(),
                    };
                    complaint(known, &format!("ignored explicit argument {}", python_repr(&shown)))
                };
                let text = value.to_string_lossy();
                let letter = text.chars().next().filter(|_| is_short).ok_or_else(refused)?;
                let glued = by_short(letter, levels).ok_or_else(refused)?;
                set(known, None);
                let rest = tail(&value, letter.len_utf8());
                (known, is_short, explicit) = (glued, true, Some(rest).filter(|rest| !rest.is_empty()));
            }
        }
    }
}

fn complaint(known: &Known, reason: &str) -> UsageError {
    UsageError::Argument(format!("argument {}: {reason}", known.python_name()))
}

fn classify(args: &[OsString], levels: &[Level]) -> Vec<Word> {
    let mut ended = false;
    args.iter()
        .map(|arg| match ended {
            true => Word::Value,
            false if arg == "--" => {
                ended = true;
                Word::End
            }
            false => word(arg, levels),
        })
        .collect()
}

fn word(arg: &OsStr, levels: &[Level]) -> Word {
    let text = arg.to_string_lossy();
    if !text.starts_with('-') || text.len() == 1 {
        return Word::Value;
    }
    let (name, value) = match text.find('=') {
        Some(at) => (&text[..at], Some(tail(arg, at + 1))),
        None => (&*text, None),
    };
    if let Some((known, is_short)) = by_name(&text, levels) {
        return Word::Option { known, is_short, explicit: None };
    }
    if let Some((known, is_short)) = by_name(name, levels).filter(|_| value.is_some()) {
        return Word::Option { known, is_short, explicit: value };
    }
    let mut letters = text.chars().skip(1);
    let letter = letters.next().filter(|letter| *letter != '-');
    if let Some(known) = letter.and_then(|letter| by_short(letter, levels)) {
        return Word::Option { known, is_short: true, explicit: Some(tail(arg, 2)) };
    }
    match is_negative_number(&text) || text.contains(' ') {
        true => Word::Value,
        false => Word::Unknown,
    }
}

fn by_name(name: &str, levels: &[Level]) -> Option<(&'static Known, bool)> {
    if let Some(long) = name.strip_prefix("--") {
        return Known::by_long(long)
            .filter(|known| levels.contains(&known.level))
            .map(|known| (known, false));
    }
    let mut letters = name.strip_prefix('-')?.chars();
    let known = by_short(letters.next()?, levels)?;
    letters.next().is_none().then_some((known, true))
}

fn by_short(letter: char, levels: &[Level]) -> Option<&'static Known> {
    Known::find(|known| known.short == Some(letter) && levels.contains(&known.level))
}

/// `-5`, `-.5`, `-1.5`; neither `-1.` nor `-1e3`.
fn is_negative_number(text: &str) -> bool {
    let digits = |text: &str| text.chars().all(|letter| letter.is_ascii_digit());
    let number = text.strip_prefix('-').unwrap_or_default();
    match number.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction) && !fraction.is_empty(),
        None => digits(number) && !number.is_empty(),
    }
}

/// What comes after the first `at` bytes, which are ASCII or a whole letter.
fn tail(arg: &OsStr, at: usize) -> OsString {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        OsStr::from_bytes(arg.as_bytes().get(at..).unwrap_or_default()).to_owned()
    }
    #[cfg(not(unix))]
    {
        arg.to_string_lossy().get(at..).unwrap_or_default().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Level; 3] = [Level::Global, Level::Common, Level::User];

    /// What was found, what is left, what is wrong; in one line.
    fn scanned(line: &[&str], levels: &[Level]) -> String {
        let args: Vec<OsString> = line.iter().map(OsString::from).collect();
        let scan = scan(&args, levels);
        let found = scan.found.iter().map(|setting| match &setting.value {
            Some(value) => format!("{}={}", setting.known.long, value.to_string_lossy()),
            None => setting.known.long.to_owned(),
        });
        let rest = scan.rest.iter().map(|arg| format!("[{}]", arg.to_string_lossy()));
        let error = scan.error.iter().map(|error| match error {
            UsageError::Argument(text) | UsageError::Unknown(text) => format!("!{text}"),
        });
        found.chain(rest).chain(error).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn values_come_in_all_of_pythons_forms() {
        let table: &[(&[&str], &str)] = &[
            (&["-d", "v"], "directory=v"),
            (&["-dv"], "directory=v"),
            (&["-d=v"], "directory=v"),
            (&["--directory=v=w"], "directory=v=w"),
            (&["--directory="], "directory="),
            (&["-d", ""], "directory="),
            (&["-d", "-"], "directory=-"),
            (&["-d", "-5", "-a", "-.5"], "directory=-5 album=-.5"),
            (&["-d", "-1e3"], "[-1e3] !argument -d/--directory: expected one argument"),
            (&["-d", "-two words"], "directory=-two words"),
            (&["-la", "Fav"], "list-albums album=Fav"),
            (&["-laFav"], "list-albums album=Fav"),
            (&["-la=Fav"], "list-albums album==Fav"),
            (&["-l=a", "Fav"], "list-albums album=Fav"),
        ];
        for (line, found) in table {
            let whole = scanned(line, &ALL);
            assert!(*found == whole || found.ends_with(whole.trim_start_matches('!')), "{line:?}: {whole}");
        }
    }

    #[test]
    fn what_a_pass_does_not_know_is_left_with_its_value() {
        let line = ["-d", "x", "--log-level=info", "pos", "-u", "a", "--foo", "y"];
        assert_eq!(scanned(&line, &[Level::Global]), "log-level=info [-d] [x] [pos] [-u] [a] [--foo] [y]");
        assert_eq!(scanned(&["-d", "--", "-h"], &[Level::Global]), "[-d] [--] [-h]");
    }

    #[test]
    fn what_is_wrong_is_said_in_pythons_words() {
        let table: &[(&[&str], &str)] = &[
            (&["-d", "--", "x"], "!argument -d/--directory: expected one argument"),
            (&["-lx"], "!argument -l/--list-albums: ignored explicit argument 'x'"),
            (&["-h="], "!argument --help/-h: ignored explicit argument ''"),
            (&["--skip-videos=it's"], "!argument --skip-videos: ignored explicit argument \"it's\""),
            (&["-h", "--version"], "help !argument --version: not allowed with argument --help/-h"),
            (&["--list-album"], "[--list-album]"),
        ];
        for (line, found) in table {
            assert_eq!(scanned(line, &ALL), *found, "{line:?}");
        }
    }
}
