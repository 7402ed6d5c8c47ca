//! What a verification notes in the row of a bad file, and what others read there.
//!
//! A row that says it once had the right bytes still knows them: their length, their time and our SHA-256 of them. A row that an adoption
//! made, or a fetch that failed, knows nothing of the kind: its hash may be that of the wrong bytes.

use super::super::catalogue::{FileRow, Status};
use super::Fault;

/// How all notes begin of files that were right once.
const ONCE_RIGHT: &str = "verify found the file ";

const NEVER_RIGHT: &str = "verify found that the file is not the photo whose name it bears";

/// As older versions had it.
const NEVER_RIGHT_BEFORE: &str = "verify found the file not the photo whose name it bears";

/// Between the note and why the file could not be fetched since.
const SINCE: &str = "; ";

/// The row of a file that turned out to be bad: from now on everybody knows. Which bytes would be right stays known.
pub(super) fn noted(row: &FileRow, fault: Fault) -> Option<FileRow> {
    let reason = match fault {
        Fault::NeverRight => NEVER_RIGHT.to_owned(),
        Fault::Truncated => format!("{ONCE_RIGHT}cut short"),
        fault => format!("{ONCE_RIGHT}{fault}"),
    };
    row.status.is_kept().then(|| FileRow { status: Status::Failed { reason, attempts: 1 }, ..row.clone() })
}

/// Why there is no file, as a run or an adoption noted it. What a verification found it finds again.
pub(super) fn reason(row: &FileRow) -> Option<&str> {
    let Status::Failed { reason, .. } = &row.status else { return None };
    if [NEVER_RIGHT, NEVER_RIGHT_BEFORE].contains(&reason.as_str()) {
        return None;
    }
    match row.finding() {
        Some(finding) => reason.get(finding.len() + SINCE.len()..),
        None => Some(reason),
    }
}

impl FileRow {
    /// What a verification found of a file that was right once.
    fn finding(&self) -> Option<&str> {
        let Status::Failed { reason, .. } = &self.status else { return None };
        let once_right = reason.starts_with(ONCE_RIGHT) && !reason.starts_with(NEVER_RIGHT_BEFORE);
        reason.split(SINCE).next().filter(|_| once_right)
    }

    /// Whether the file is said to be right, or was until a verification found that it is not.
    pub(in crate::sync) fn was_right(&self) -> bool {
        self.status.is_kept() || self.finding().is_some()
    }

    /// The reason of a failure to fetch it again: what a verification found is kept.
    pub(in crate::sync) fn failed_since(&self, reason: String) -> String {
        match self.finding() {
            Some(finding) => format!("{finding}{SINCE}{reason}"),
            None => reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::catalogue::{FileKey, LibraryKey};
    use super::*;
    use crate::asset::{AssetId, Role};

    fn failed(reason: &str) -> FileRow {
        let key = FileKey::new(LibraryKey::new("1/private/PrimarySync"), AssetId::new("A"), Role::Original);
        FileRow::new(key, Status::Failed { reason: reason.to_owned(), attempts: 1 }, 0)
    }

    #[test]
    fn a_finding_outlives_failures() {
        let kept = FileRow { status: Status::Verified, ..failed("") };
        for fault in [Fault::Truncated, Fault::Rotten, Fault::Changed] {
            let found = noted(&kept, fault).unwrap();
            assert_eq!((found.was_right(), reason(&found)), (true, None));
            let once = failed(&found.failed_since("no link; try later".to_owned()));
            let twice = failed(&once.failed_since("no network".to_owned()));
            assert_eq!((once.was_right(), reason(&once)), (true, Some("no link; try later")));
            assert_eq!((twice.was_right(), reason(&twice)), (true, Some("no network")));
        }
    }

    #[test]
    fn what_was_never_right_stays_so() {
        let kept = FileRow { status: Status::Assumed, ..failed("") };
        let never = noted(&kept, Fault::NeverRight).unwrap();
        for row in [never, failed(NEVER_RIGHT_BEFORE)] {
            assert_eq!((row.was_right(), reason(&row)), (false, None));
        }
        let adopted = failed("the file that bears its name has other bytes");
        assert!(!adopted.was_right() && reason(&adopted).is_some());
    }
}
