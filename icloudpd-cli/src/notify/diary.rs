//! What was told on which day, for the processes that come later: a timer starts one each time.
//!
//! A file in the folder of the sessions. Where it cannot be read or written, people are told once more: that is better than
//! not at all.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use tracing::debug;

const FILE: &str = "icloud-photos.told.json";

/// A line for each account is no longer than this.
const LONGEST: u64 = 1 << 20;

/// That the end of a session was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    /// Of this machine's calendar.
    day: String,
    /// Seconds since 1970.
    end: u64,
}

impl Told {
    pub(super) fn today(end: SystemTime) -> Self {
        let end = end.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        Self { day: jiff::Zoned::now().date().to_string(), end }
    }
}

/// By account.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Diary {
    session_ends: BTreeMap<String, Told>,
}

impl Diary {
    /// Nothing, where there is none.
    pub(super) fn read(folder: &Path) -> Self {
        let file = folder.join(FILE);
        let is_sound = fs::metadata(&file).is_ok_and(|file| file.is_file() && file.len() <= LONGEST);
        let text = if is_sound { fs::read(&file).unwrap_or_default() } else { Vec::new() };
        serde_json::from_slice(&text).unwrap_or_default()
    }

    pub(super) fn says(&self, username: &str, told: &Told) -> bool {
        self.session_ends.get(username) == Some(told)
    }
}

/// What is to be written down once it has reached somebody.
#[derive(Debug, Clone)]
pub(super) struct Note {
    pub(super) folder: PathBuf,
    pub(super) username: String,
    pub(super) told: Told,
}

impl Note {
    pub(super) fn write(self) {
        let mut diary = Diary::read(&self.folder);
        diary.session_ends.insert(self.username, self.told);
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
        let told = Told::today(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(5));
        for username in ["a", "b"] {
            assert!(!Diary::read(folder).says(username, &told));
            Note { folder: folder.to_owned(), username: username.to_owned(), told: told.clone() }.write();
        }
        let diary = Diary::read(folder);
        assert!(diary.says("a", &told) && diary.says("b", &told));
        assert!(!diary.says("a", &Told { end: 6, ..told.clone() }), "another end is news");
        for rubbish in ["", "{", "[]", "{\"session-ends\":{\"a\":1}}"] {
            fs::write(folder.join(FILE), rubbish).unwrap();
            assert!(!Diary::read(folder).says("a", &told), "{rubbish}");
        }
    }
}
