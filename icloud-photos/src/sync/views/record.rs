//! What is written down of a view: its manifest, `.icloud-photos-views/<view>.json`.
//!
//! It says of each path in the view which file of the copy it is. Where the view is made of files and links it says too what was laid,
//! so that nothing is ever taken away that somebody else put there. JSON, an entry a line, sorted by path: it is read and written as a stream, and
//! programs read it as they like. A run that is going to lay entries first says which, in `<view>.next.json` beside it: a run that is
//! killed leaves nothing that nobody knows.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use sha1::{Digest as _, Sha1};

use super::super::catalogue::{FileRow, Status};
use super::super::store::VIEWS;
use super::super::write::write;
use super::names::fold;
use super::sorted::{Sorter, Spool};
use super::{Laid, View};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Storage, StoragePath, WriteOptions};

/// No line of ours is so long.
const LONGEST_LINE: usize = 1 << 20;

const UNREADABLE: &str = "what stands in this view cannot be read; move the file away: entries that are links to files of the copy are \
                          known again by that, and what else stands in the folder of the view is left alone";

/// One entry. Ordered by its path.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Line {
    /// Below the folder of the view.
    pub(super) path: String,
    /// Where the file stands that it shows.
    pub(super) file: String,
    /// As what it stands there.
    #[serde(rename = "as")]
    pub(super) laid: Laid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    /// Seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) modified: Option<i64>,
    /// Apple's, of bytes that it proves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) checksum: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
    pub(super) library: String,
    pub(super) asset: String,
    /// Which file of the disk was laid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<u64>,
    /// It may have been laid: a run was about to.
    #[serde(skip)]
    pub(super) may_be: bool,
}

impl Line {
    /// A file of the copy that a view is to show, its path still to be found.
    pub(super) fn of(row: &FileRow, file: &StoragePath) -> Self {
        let proven = row.checksum.filter(|_| row.status == Status::Verified);
        Self {
            file: file.to_string(),
            size: row.size,
            modified: row.modified,
            checksum: proven.map(|checksum| checksum.to_string()),
            sha256: row.sha256.as_ref().map(hex),
            library: row.key.library.to_string(),
            asset: row.key.asset.to_string(),
            ..Self::default()
        }
    }

    /// Its sidecar.
    pub(super) fn sidecar(&self) -> Self {
        Self {
            path: format!("{}.xmp", self.path),
            file: format!("{}.xmp", self.file),
            library: self.library.clone(),
            asset: self.asset.clone(),
            ..Self::default()
        }
    }
}

pub(super) fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The two files of a view.
pub(super) struct Record<'a> {
    storage: &'a dyn Storage,
    manifest: StoragePath,
    next: StoragePath,
    head: String,
}

impl<'a> Record<'a> {
    pub(super) fn of(storage: &'a dyn Storage, view: &View) -> Result<Self> {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        Ok(Self {
            storage,
            manifest: StoragePath::parse(&format!("{VIEWS}/{}.json", view.name))?,
            next: StoragePath::parse(&format!("{VIEWS}/{}.next.json", view.name))?,
            head: format!(
                "{{\"view\":{},\"template\":{},\"entries\":[",
                text(&view.name),
                text(&view.template)
            ),
        })
    }

    /// All that was laid, or may have been; and a digest of the manifest, if there is one.
    pub(super) async fn read(&self, lines: &mut Sorter<Line>) -> Result<Known> {
        let digest = read(self.storage, &self.manifest, false, lines).await?;
        let is_cut = read(self.storage, &self.next, true, lines).await?.is_some();
        Ok(Known { digest, is_cut })
    }

    pub(super) fn begin(&self) -> Result<Draft> {
        let mut draft = Draft { spool: Spool::new(), sum: Sha1::new(), entries: 0 };
        draft.text(&self.head)?;
        Ok(draft)
    }

    /// Says what is about to be laid.
    pub(super) async fn announce(&self, draft: Draft) -> Result<()> {
        self.write(&self.next, draft.end()?.0).await
    }

    /// Says what was laid, if it is not said already. What was announced stays so until all of it came to a good end.
    pub(super) async fn finish(
        &self,
        draft: Draft,
        known: &Known,
        announced: bool,
        is_done: bool,
    ) -> Result<()> {
        let is_empty = draft.entries == 0;
        let (spool, digest) = draft.end()?;
        let is_said = known.digest.as_ref() == Some(&digest) || (is_empty && known.digest.is_none());
        if !is_said {
            self.write(&self.manifest, spool).await?;
        }
        if is_done && (announced || known.is_cut) {
            self.storage.remove(&self.next).await?;
        }
        Ok(())
    }

    async fn write(&self, path: &StoragePath, spool: Spool) -> Result<()> {
        let pieces = futures::stream::try_unfold((spool, 0), |(mut spool, at)| async move {
            let piece = Bytes::from(spool.piece(at)?);
            let next = at + piece.len() as u64;
            Ok((next > at).then_some((piece, (spool, next))))
        });
        write(self.storage, path, WriteOptions::default().replace(), pieces).await?;
        self.storage.flush().await
    }
}

/// The lines of a manifest, or of an announcement, and a digest of it; `None` if there is none.
pub(super) async fn read(
    storage: &dyn Storage,
    path: &StoragePath,
    may_be: bool,
    lines: &mut Sorter<Line>,
) -> Result<Option<Vec<u8>>> {
    let mut bytes = match storage.read(path, 0).await {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let unreadable = || Error::new(ErrorKind::Storage, UNREADABLE).with("path", path);
    let (mut sum, mut rest, mut is_whole) = (Sha1::new(), Vec::new(), false);
    while let Some(piece) = bytes.next().await.transpose()? {
        sum.update(&piece);
        // What is held is moved once a piece, and not once a line.
        let mut done = 0;
        rest.extend_from_slice(&piece);
        while let Some(end) = rest[done..].iter().position(|byte| *byte == b'\n') {
            let line = &rest[done..=done + end];
            is_whole = line.starts_with(b"]}");
            if let Some(line) = entry(line).map_err(|error| unreadable().caused_by(error))? {
                lines.push(Line { may_be, ..line })?;
            }
            done += end + 1;
        }
        rest.drain(..done);
        if rest.len() > LONGEST_LINE {
            return Err(unreadable());
        }
    }
    if is_whole { Ok(Some(sum.finalize().to_vec())) } else { Err(unreadable()) }
}

/// The manifests of all views of a storage.
pub(super) async fn manifests(storage: &dyn Storage) -> Result<Vec<StoragePath>> {
    let files: Vec<_> = storage.list(&StoragePath::parse(VIEWS)?).try_collect().await?;
    let is_manifest = |name: &str| name.ends_with(".json") && !name.ends_with(".next.json");
    Ok(files.into_iter().map(|file| file.path).filter(|path| is_manifest(path.name())).collect())
}

/// What was found written.
pub(super) struct Known {
    digest: Option<Vec<u8>>,
    /// A run was cut before its end.
    is_cut: bool,
}

/// An entry in a line of text, if one stands there.
fn entry(line: &[u8]) -> serde_json::Result<Option<Line>> {
    let line = line.trim_ascii();
    let line = line.strip_suffix(b",").unwrap_or(line);
    if line.is_empty() || line == b"]}" || line.ends_with(b"\"entries\":[") {
        return Ok(None);
    }
    serde_json::from_slice(line).map(Some)
}

/// A manifest that grows.
pub(super) struct Draft {
    spool: Spool,
    sum: Sha1,
    pub(super) entries: u64,
}

impl Draft {
    pub(super) fn add(&mut self, line: &Line) -> Result<()> {
        let text = serde_json::to_string(line)
            .map_err(|error| Error::new(ErrorKind::Unexpected, "cannot write a manifest").caused_by(error))?;
        let comma = if self.entries > 0 { "," } else { "" };
        self.entries += 1;
        self.text(&format!("{comma}\n{text}"))
    }

    fn text(&mut self, text: &str) -> Result<()> {
        self.sum.update(text);
        self.spool.text(text)
    }

    fn end(mut self) -> Result<(Spool, Vec<u8>)> {
        self.text("\n]}\n")?;
        Ok((self.spool, self.sum.finalize().to_vec()))
    }
}

/// The folders of all views of a storage, whoever laid them: what stands there is no photo of the copy, and no stranger.
#[derive(Debug, Default)]
pub(in crate::sync) struct Folders(BTreeSet<String>);

impl Folders {
    /// Those of which it is written down what stands in them.
    pub(in crate::sync) async fn of(storage: &dyn Storage) -> Result<Self> {
        let files: Vec<_> = storage.list(&StoragePath::parse(VIEWS)?).try_collect().await?;
        let names = files.iter().filter_map(|file| file.path.name().strip_suffix(".json"));
        Ok(Self(names.map(|name| fold(name.strip_suffix(".next").unwrap_or(name))).collect()))
    }

    /// Whether a path is in one of them.
    pub(in crate::sync) fn hold(&self, path: &StoragePath) -> bool {
        let folder = path.as_str().split_once('/').map(|(first, _)| first);
        !self.0.is_empty() && folder.is_some_and(|folder| self.0.contains(&fold(folder)))
    }
}
