//! What was told on which day, for the processes that come later: a timer starts one each time.
//!
//! A file in the folder of the sessions. Where it cannot be read or written, people are told once more: that is better than
//! not at all.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tracing::debug;

const FILE: &str = "icloud-photos.told.json";

/// A line for each account is no longer than this.
const LONGEST: u64 = 1 << 20;

/// Of this machine's calendar.
pub(super) fn today() -> String {
    jiff::Zoned::now().date().to_string()
}

/// The day of the last word to each account.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Diary {
    session_ends: BTreeMap<String, String>,
}

impl Diary {
    /// Nothing, where there is none.
    pub(super) fn read(folder: &Path) -> Self {
        let file = folder.join(FILE);
        let is_sound = fs::metadata(&file).is_ok_and(|file| file.is_file() && file.len() <= LONGEST);
        let text = if is_sound { fs::read(&file).unwrap_or_default() } else { Vec::new() };
        serde_json::from_slice(&text).unwrap_or_default()
    }

    pub(super) fn says(&self, username: &str, day: &str) -> bool {
        self.session_ends.get(username).is_some_and(|told| told == day)
    }
}

/// What is to be written down once it has reached somebody.
#[derive(Debug, Clone)]
pub(super) struct Note {
    pub(super) folder: PathBuf,
    pub(super) username: String,
    pub(super) day: String,
}

impl Note {
    pub(super) fn write(self) {
        let mut diary = Diary::read(&self.folder);
        diary.session_ends.insert(self.username, self.day);
        if let Err(error) = replace(&self.folder, &diary) {
            debug!("It is not remembered that this was told: {error}");
        }
    }
}

fn replace(folder: &Path, diary: &Diary) -> io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(".icloud-photos-told-").tempfile_in(folder)?;
    serde_json::to_writer(&mut file, diary)?;
    file.write_all(b"\n")?;
    file.persist(folder.join(FILE))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_process_told_the_next_one_knows() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let day = "2026-11-27";
        for username in ["a", "b"] {
            assert!(!Diary::read(folder).says(username, day));
            Note { folder: folder.to_owned(), username: username.to_owned(), day: day.to_owned() }.write();
        }
        let diary = Diary::read(folder);
        assert!(diary.says("a", day) && diary.says("b", day) && !diary.says("a", "2026-11-28"));
        for rubbish in ["", "{", "[]", "{\"session-ends\":{\"a\":1}}"] {
            fs::write(folder.join(FILE), rubbish).unwrap();
            assert!(!Diary::read(folder).says("a", day), "{rubbish}");
        }
    }
}
