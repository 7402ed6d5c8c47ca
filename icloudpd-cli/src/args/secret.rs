//! What must not be shown of a command line that is wrong: a slip of the finger would put a password into logs and mails.
//!
//! Rather too much is hidden than too little: what follows something like a secret option, up to the next option.

use std::collections::HashSet;
use std::ffi::OsString;

use super::table::Known;

/// Parts of names that promise a secret.
const PARTS: [&str; 7] = ["pass", "pasw", "pwd", "pw", "secret", "token", "webh"];

/// Names that are often misspelt.
const NAMES: [&str; 2] = ["password", "smtp-password"];

/// Its value is no secret by itself.
const COMMAND: &str = "password-command";

/// How alike a misspelt name is.
const ALIKE: f64 = 0.85;

/// These words of the line `part`, as they may be shown.
pub(crate) fn without(words: &[OsString], part: &[OsString]) -> String {
    let secrets = values(part);
    let shown = words.iter().map(|word| match secrets.contains(word) {
        true => "***".to_owned(),
        false => shown(&word.to_string_lossy()),
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// The words of `part` that may be secrets, for what stands before them.
fn values(part: &[OsString]) -> HashSet<&OsString> {
    let (mut next, mut more) = (false, false);
    let mut secrets = HashSet::new();
    for word in part {
        let text = word.to_string_lossy();
        let is_option = text.starts_with(is_dash);
        // A secret may begin with a dash, but not a part of one.
        if next || (more && !is_option) {
            secrets.insert(word);
            (next, more) = (false, true);
        } else {
            next = promises(&text);
            more = next;
        }
    }
    secrets
}

/// A word without the secret that it may hold itself.
fn shown(word: &str) -> String {
    if !promises(word) {
        return word.to_owned();
    }
    let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
    let known = end_of_name(name);
    let name = name.get(..known).unwrap_or_default();
    if value.is_some() {
        return format!("{name}=***");
    }
    if known < word.len() { format!("{name}***") } else { word.to_owned() }
}

/// Where the name of the option ends, and what is glued to it begins: `-pSECRET`, `--passwordSECRET`.
fn end_of_name(name: &str) -> usize {
    if is_short(name) {
        return 2;
    }
    let end = ["password", "passwd"].iter().find_map(|part| Some(name.find(part)? + part.len()));
    match end {
        // `--password-fil` is a name.
        Some(end) if !name[end..].starts_with(['-', '_']) => end,
        _ => name.len(),
    }
}

/// `-p`, `-pSECRET`
fn is_short(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next() == Some('-') && letters.next().is_some_and(|letter| letter.is_ascii() && letter != '-')
}

/// Whether a secret follows such a word, or is in it.
fn promises(word: &str) -> bool {
    let name = word.split('=').next().unwrap_or_default();
    let bare = name.trim_start_matches(is_dash).to_lowercase().replace('_', "-");
    // What a password command says may hold one, as in `echo SECRET`.
    if bare != COMMAND && Known::by_long(&bare).is_some_and(|known| !known.is_secret()) {
        return false;
    }
    let is_alike = || NAMES.iter().any(|name| strsim::jaro_winkler(&bare, name) >= ALIKE);
    if name.starts_with(is_dash) {
        // Flags may be glued before the `p`.
        let has_short = || is_short(name) && bare.chars().take(3).any(|letter| letter == 'p');
        return has_short() || PARTS.iter().any(|part| bare.contains(part)) || is_alike();
    }
    matches!(bare.as_str(), "pass" | "pw" | "pwd" | "secret" | "token") || is_alike()
}

/// What editors make of two hyphens counts too.
fn is_dash(letter: char) -> bool {
    matches!(letter, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_and_what_is_glued_to_them_is_not() {
        let table = [
            ("-phunter2", "-p***"),
            ("-p", "-p"),
            ("-P=x", "-P=***"),
            ("--password", "--password"),
            ("--passwordhunter2", "--password***"),
            ("--password-fil", "--password-fil"),
            ("--pasword=hunter2", "--pasword=***"),
            ("--smtp-passwrd=x=y", "--smtp-passwrd=***"),
            ("password=hunter2", "password=***"),
            ("--notification-webhok=http://x", "--notification-webhok=***"),
            ("--password-command=echo hunter2", "--password-command=***"),
            ("--directry=/photos", "--directry=/photos"),
            ("-d", "-d"),
            ("--skip-video", "--skip-video"),
            ("/photos/passport", "/photos/passport"),
            ("-é", "-é"),
        ];
        for (word, expected) in table {
            assert_eq!(shown(word), expected);
        }
    }

    #[test]
    fn what_follows_is_a_secret_up_to_the_next_option() {
        let line: Vec<OsString> = [
            "x",
            "--pasword",
            "-a",
            "b",
            "--password-file",
            "f",
            "g",
            "-p",
            "h",
            "--password-command",
            "echo i",
        ]
        .map(Into::into)
        .into();
        let mut found: Vec<_> = values(&line).into_iter().map(|word| word.to_str().unwrap()).collect();
        found.sort_unstable();
        assert_eq!(found, ["-a", "b", "echo i", "h"]);
    }
}
