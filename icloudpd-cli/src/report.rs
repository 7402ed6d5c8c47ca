//! `--report-json`: what came of a run, for programs.
//!
//! One document for each run, replaced in one step, so that no reader sees half of it. Its members:
//!
//! | member | meaning |
//! |---|---|
//! | `version` | of this schema, 1. Members may be added to it; a change of meaning makes it another |
//! | `program`, `program_version` | who wrote it |
//! | `began`, `ended` | of the run, UTC, RFC 3339 |
//! | `exit` | the exit code; with `--watch-with-interval` what it would have been |
//! | `round` | 1 for the first one; more with `--watch-with-interval` alone |
//! | `accounts` | one for each section of the command line, in order |
//!
//! Of each account:
//!
//! | member | meaning |
//! |---|---|
//! | `username`, `directory`, `library`, `albums` | of the section; the last three only if it downloads |
//! | `result` | `success`, `incomplete` (some files failed), `failed`, `interrupted`, `not-run` (another failed before, or it is left alone for a while: see `error`) |
//! | `exit` | its own exit code, `null` if it did not run |
//! | `began`, `ended` | `null` if it did not run |
//! | `error` | why it failed: `kind` and `message`; `null` otherwise |
//! | `needs_person` | whether nothing goes on before somebody did something |
//! | `trusted_until` | when Apple will ask for a code again, as far as is known |
//! | `counts` | numbers of assets, files and bytes; `null` if it did not get that far |
//! | `listings` | how each list ended: `complete`, and `missing`, the number of photos that Apple counts and did not list |
//! | `failures` | of single files: `by_kind` counts them all, `first` tells up to 1000 of them (`asset`, `path`, `kind`, `message`) |

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use icloud_photos::sync::SyncReport;
use icloud_photos::{Error, ErrorKind};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::config::{Account, Task};
use crate::exit::{Exit, with_causes};

/// What is told one by one: memory does not grow with what fails.
const MOST: usize = 1000;

/// So much of a file says whether it is a report.
const HEAD: u64 = 1024;

/// Files and photos that failed in a run.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Failures {
    by_kind: BTreeMap<String, u64>,
    first: Vec<Failure>,
}

#[derive(Debug, Clone, Serialize)]
struct Failure {
    asset: Option<String>,
    path: Option<String>,
    kind: String,
    message: String,
}

impl Failures {
    pub(crate) fn add(&mut self, asset: Option<String>, path: Option<String>, error: &Error) {
        let kind = kind_name(error.kind());
        *self.by_kind.entry(kind.clone()).or_default() += 1;
        if self.first.len() < MOST {
            self.first.push(Failure { asset, path, kind, message: with_causes(error) });
        }
    }
}

/// What came of a section.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) began: SystemTime,
    pub(crate) ended: SystemTime,
    pub(crate) exit: Exit,
    pub(crate) error: Option<(ErrorKind, String)>,
    pub(crate) needs_person: bool,
    pub(crate) trusted_until: Option<SystemTime>,
    pub(crate) report: Option<SyncReport>,
    pub(crate) failures: Failures,
    /// It was left alone this time; what is told is of an earlier round.
    pub(crate) is_old: bool,
}

/// One run over all sections.
#[derive(Debug)]
pub(crate) struct Round<'a> {
    pub(crate) number: u64,
    pub(crate) began: SystemTime,
    pub(crate) exit: Exit,
    pub(crate) accounts: &'a [Account],
    pub(crate) entries: &'a [Option<Entry>],
}

/// Writes the document.
///
/// # Errors
/// What the file system reports, and if something stands there that is not for us to replace: a device, a pipe, or a file that is no
/// earlier report and not empty. It may be a photo.
pub(crate) fn write(path: &Path, round: &Round<'_>) -> std::io::Result<()> {
    let path = &meant(path);
    may_be_replaced(path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // Who reads it is often another user.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut file = builder.prefix(".icloudpd-report-").tempfile_in(folder)?;
    serde_json::to_writer_pretty(&mut file, &document(round))?;
    file.write_all(b"\n")?;
    file.persist(path)?;
    Ok(())
}

/// Looks before a run whether its report will be let in. Its folder may still be made by the run.
///
/// # Errors
/// If something stands there that is not for us to replace.
pub(crate) fn look_ahead(path: &Path) -> std::io::Result<()> {
    may_be_replaced(&meant(path))
}

/// What a link leads to.
fn meant(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn may_be_replaced(path: &Path) -> std::io::Result<()> {
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(std::io::Error::other("something that is no file has that name"));
    }
    if !is_ours(path)? {
        return Err(std::io::Error::other(
            "a file that is no report has that name; give another, or move it away",
        ));
    }
    Ok(())
}

/// Whether nothing would be lost with what stands there.
fn is_ours(path: &Path) -> std::io::Result<bool> {
    let mut head = Vec::new();
    match std::fs::File::open(path) {
        Ok(file) => file.take(HEAD).read_to_end(&mut head)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    let text = String::from_utf8_lossy(&head);
    Ok(text.trim().is_empty() || (text.starts_with('{') && text.contains("\"accounts\"")))
}

fn document(round: &Round<'_>) -> Value {
    let accounts = round.accounts.iter().zip(round.entries);
    json!({
        "version": 1,
        "program": "icloudpd",
        "program_version": env!("CARGO_PKG_VERSION"),
        "began": utc(Some(round.began)),
        "ended": utc(Some(SystemTime::now())),
        "exit": round.exit.code(),
        "round": round.number,
        "accounts": accounts.map(|(account, entry)| of_account(account, entry.as_ref())).collect::<Vec<_>>(),
    })
}

fn of_account(account: &Account, entry: Option<&Entry>) -> Value {
    let download = match &account.task {
        Task::Download(download) => Some(download),
        _ => None,
    };
    let ran = entry.filter(|entry| !entry.is_old);
    let error = entry.and_then(|entry| entry.error.as_ref());
    json!({
        "username": account.username,
        "directory": download.map(|download| download.directory.display().to_string()),
        "library": download.map(|download| &download.library),
        "albums": download.map(|download| &download.albums),
        "result": ran.map_or("not-run", |entry| result(entry.exit)),
        "exit": ran.map(|entry| entry.exit.code()),
        "began": utc(ran.map(|entry| entry.began)),
        "ended": utc(ran.map(|entry| entry.ended)),
        "error": error.map(|(kind, message)| json!({"kind": kind_name(*kind), "message": message})),
        "needs_person": entry.is_some_and(|entry| entry.needs_person),
        "trusted_until": utc(entry.and_then(|entry| entry.trusted_until)),
        "counts": ran.and_then(|entry| entry.report.as_ref()).map(counts),
        "listings": ran.and_then(|entry| entry.report.as_ref()).map(listings),
        "failures": ran.map(|entry| &entry.failures),
    })
}

fn result(exit: Exit) -> &'static str {
    match exit {
        Exit::Success => "success",
        Exit::Incomplete => "incomplete",
        Exit::Failed | Exit::Usage => "failed",
        Exit::Interrupted | Exit::Terminated | Exit::HungUp => "interrupted",
    }
}

/// The numbers of a report.
pub(crate) fn counts(report: &SyncReport) -> Value {
    json!({
        "assets": report.assets,
        "downloaded": report.downloaded,
        "copied": report.copied,
        "bytes": report.bytes,
        "verified": report.verified,
        "unconfirmed": report.unconfirmed,
        "present": report.present,
        "skipped": report.skipped,
        "failed": report.failed,
        "moved": report.moved,
        "removed": report.removed,
        "withheld": report.withheld,
        "damaged": report.damaged,
        "removals_stopped": report.stopped,
        "views_laid": report.views_laid,
        "views_removed": report.views_removed,
        "views_left": report.views_left,
    })
}

fn listings(report: &SyncReport) -> Value {
    report
        .listings
        .iter()
        .map(|listing| json!({"missing": listing.missing(), "complete": !listing.lacks()}))
        .collect()
}

/// `CodeRequired` as `code-required`.
pub(crate) fn kind_name(kind: ErrorKind) -> String {
    let mut name = String::new();
    for letter in format!("{kind:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

fn utc(time: Option<SystemTime>) -> Option<String> {
    time.and_then(|time| Timestamp::try_from(time).ok()).map(|time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_named_as_people_write_them() {
        assert_eq!(kind_name(ErrorKind::CodeRequired), "code-required");
        assert_eq!(kind_name(ErrorKind::Network), "network");
    }

    #[test]
    fn all_failures_are_counted_and_the_first_are_told() {
        let mut failures = Failures::default();
        for number in 0..1500 {
            let kind = if number % 3 == 0 { ErrorKind::Network } else { ErrorKind::StorageFull };
            failures.add(Some(format!("asset {number}")), None, &Error::new(kind, "no"));
        }
        assert_eq!(failures.first.len(), 1000);
        assert_eq!((failures.by_kind["network"], failures.by_kind["storage-full"]), (500, 1000));
    }

    #[test]
    fn a_document_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        let round =
            Round { number: 1, began: SystemTime::now(), exit: Exit::Success, accounts: &[], entries: &[] };
        for _ in 0..2 {
            write(&path, &round).unwrap();
        }
        let read: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!((&read["version"], &read["exit"]), (&json!(1), &json!(0)));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write(Path::new("/no/such/folder/report.json"), &round).is_err());
    }
}
