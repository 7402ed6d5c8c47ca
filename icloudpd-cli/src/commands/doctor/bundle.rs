//! What was found, in a file that may be posted: without names, addresses, folders of the home and secrets.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use icloud_photos::{Error, ErrorKind, Result};

use super::Findings;
use crate::config::{Account, Config, Task};

pub(super) fn write(config: &Config, all: &Findings, file: &Path) -> Result<()> {
    let mut text = String::new();
    for finding in &all.0 {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{finding}");
    }
    text.push('\n');
    for (number, account) in config.accounts.iter().enumerate() {
        let _ = writeln!(text, "section {}: {}", number + 1, describe(account));
    }
    let text = Veil::of(config).over(&text);
    new(file)?.write_all(text.as_bytes()).map_err(|error| Error::storage(error, file.display()))
}

/// A file of that name may be anything, a photo too. Devices and pipes hold nothing.
fn new(file: &Path) -> Result<File> {
    let holds_nothing = std::fs::metadata(file).is_ok_and(|there| !there.is_file() && !there.is_dir());
    let mut options = File::options();
    match holds_nothing {
        true => options.write(true),
        false => options.write(true).create_new(true),
    };
    options.open(file).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Error::new(ErrorKind::Config, "The file of --bundle is there already; name one that is not")
                .with("path", file.display())
        }
        _ => Error::storage(error, file.display()),
    })
}

/// What a section asks for, as far as it tells nothing about the person.
fn describe(account: &Account) -> String {
    let Task::Download(download) = &account.task else { return "no folder".to_owned() };
    format!(
        "sizes {:?}, live {:?}, recent {:?}, albums {}, structure {}, policy {:?}, align {:?}, skip photos {} videos {} live {}, \
         force {}, unicode {}, missing {:?}, removals {:?}",
        download.sizes,
        download.live_size,
        download.recent,
        download.albums.len(),
        structure(&download.folder_structure),
        download.match_policy,
        download.align_raw,
        download.skip_photos,
        download.skip_videos,
        download.skip_live_photos,
        download.force_size,
        download.keep_unicode,
        download.missing,
        download.removals,
    )
}

/// The template of folders without what stands between its dates: that may be anything.
fn structure(template: &str) -> String {
    let mut parts = template.split('{');
    let first = parts.next().map_or("", |text| if text.is_empty() { "" } else { "..." });
    let rest = parts.map(|part| match part.split_once('}') {
        Some((date, text)) => {
            format!("{{{date}}}{}", if text.chars().any(char::is_alphanumeric) { "..." } else { text })
        }
        None => "...".to_owned(),
    });
    first.to_owned() + &rest.collect::<String>()
}

/// What is replaced, and by what; longer texts first, so that none is left in half.
struct Veil(Vec<(String, String)>);

impl Veil {
    fn of(config: &Config) -> Self {
        let mut pairs = Vec::new();
        for (number, account) in config.accounts.iter().enumerate() {
            let number = number + 1;
            pairs.push((account.username.clone(), format!("<user {number}>")));
            if let Some((name, _)) = account.username.split_once('@') {
                pairs.push((name.to_owned(), format!("<name {number}>")));
            }
            pairs.push((account.sessions.display().to_string(), format!("<sessions {number}>")));
            pairs.push((account.catalogues.to_string(), format!("<catalogues {number}>")));
            if let Task::Download(download) = &account.task {
                pairs.push((download.root.to_string(), format!("<folder {number}>")));
                pairs.push((download.directory.display().to_string(), format!("<folder {number}>")));
            }
        }
        if let Some(home) = std::env::home_dir() {
            pairs.push((home.display().to_string(), "~".to_owned()));
        }
        // A text of a letter or two would tear words apart; `.` and `/` name nobody.
        pairs.retain(|(text, _)| text.chars().count() > 2);
        pairs.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        Self(pairs)
    }

    fn over(&self, text: &str) -> String {
        let veiled = self.0.iter().fold(text.to_owned(), |text, (name, veil)| text.replace(name, veil));
        let words = veiled.split_inclusive(char::is_whitespace);
        words.map(|word| if tells_somebody(word) { hide(word) } else { word.to_owned() }).collect()
    }
}

/// Addresses, the numbers of accounts, and the long names of shared libraries, wherever they come from.
fn tells_somebody(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    word.contains('@')
        || word.contains("SharedSync-")
        || (digits >= 7 && word.chars().all(|c| !c.is_ascii_alphabetic()))
}

/// Keeps the white space that ends the word.
fn hide(word: &str) -> String {
    let end = word.trim_end().len();
    let kept = if word.contains("SharedSync-") { "SharedSync-<hidden>" } else { "<hidden>" };
    format!("{kept}{}", &word[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_folders_the_dates_are_told() {
        assert_eq!(structure("{:%Y/%m/%d}"), "{:%Y/%m/%d}");
        assert_eq!(structure("JaneAppleseed/{:%Y}/of Jane{0:%m}-{0:%d}"), "...{:%Y}...{0:%m}-{0:%d}");
        assert_eq!(structure("none"), "...");
    }

    #[test]
    fn nothing_that_names_a_person_is_left() {
        let veil =
            Veil(vec![("jane@example.com".into(), "<user 1>".into()), ("/home/jane".into(), "~".into())]);
        let text = "session of jane@example.com in /home/jane/.pyicloud\nowner other@example.org, dsid: 1234567890 \
                    library SharedSync-1234-ABCD 42 photos\n";
        assert_eq!(
            veil.over(text),
            "session of <user 1> in ~/.pyicloud\nowner <hidden> dsid: <hidden> library SharedSync-<hidden> 42 photos\n"
        );
    }
}
