//! The bytes of an asset, proven.
//!
//! A [`Downloader`] hands out [`Download`]s; each does nothing until it is saved, read or streamed. What happens then
//! is DESIGN section 5:
//!
//! 1. A link is taken just before use: the one that came with the listing while it is fresh, else one from a lookup
//!    that many downloads share. A link that Apple refuses (400, 401, 403, 404, 410) is replaced by a fresh one,
//!    and so is, twice, one that gets a status nothing is known of.
//! 2. Bytes are hashed while they stream, in one pass, for Apple's checksum and for SHA-256.
//! 3. What breaks off goes on at the same byte (`Range`, accepted only as `206` with the right `Content-Range`); a part
//!    that an earlier run or icloudpd left is hashed first and then completed.
//! 4. Bytes that do not match are thrown away and fetched again over a fresh link. The same bytes twice, at the right
//!    length, are kept and marked [`Proof::Unconfirmed`]: Apple's value may be stale, but nothing is deleted on them.
//! 5. Only whole, checked bytes get the final name.
//!
//! Where the storage keeps metadata beside a file it is told what the bytes hash to (`beside.rs`).
//!
//! A file that stands in the same storage already, under another name, is not fetched: it is copied, and proven while that is done
//! (`copied.rs`).
//!
//! Sent to Apple: `records/lookup` with record names of the assets, and `GET` of the signed links.

mod answer;
mod beside;
mod copied;
mod fetch;
mod links;
mod sink;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures::TryStreamExt;

pub(crate) use self::beside::told;
use self::copied::copied;
use self::fetch::{Fetch, Fetched, Progress};
use self::links::Links;
use self::sink::{Memory, Sink, ToStorage};
use crate::asset::{Asset, Checksum, Digests, Hasher, Resource, Role};
use crate::error::{Error, ErrorKind, Result};
use crate::library::Library;
use crate::session::Session;
use crate::storage::{Metadata, ObjectMeta, PART_SUFFIX, Storage, StoragePath, WriteOptions};

/// Downloads files of one library. Cheap to clone; clones share the lookups for fresh links.
#[derive(Debug, Clone)]
pub struct Downloader {
    session: Session,
    links: Arc<Links>,
}

/// One file to be downloaded.
#[must_use = "a download does nothing until it is saved or read"]
pub struct Download<'a> {
    downloader: &'a Downloader,
    asset: &'a Asset,
    role: Role,
    modified: Option<SystemTime>,
    progress: Option<Progress>,
    replace: bool,
    copy: usize,
    copies: Vec<StoragePath>,
}

/// What is known of bytes that were fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Proof {
    /// Apple's checksum agrees with the bytes, whatever the record says of their length.
    Verified,
    /// The length agrees, but the checksum could not speak for the bytes. Never a reason to delete anything.
    Unconfirmed(Doubt),
}

/// Why bytes are only [`Proof::Unconfirmed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Doubt {
    /// Apple sent the same bytes twice, at the right length, and they do not match its checksum.
    Mismatch,
    /// The checksum is of a scheme that cannot be computed here.
    UnknownScheme,
    /// The library holds no checksum for the file.
    NoChecksum,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mismatch => "Apple sent the same bytes twice, and they do not match its checksum",
            Self::UnknownScheme => "its checksum is of an unknown kind",
            Self::NoChecksum => "iCloud has no checksum for it",
        })
    }
}

/// A file that was fetched and stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Saved {
    /// Where it stands now.
    pub path: StoragePath,
    /// Length in bytes.
    pub size: u64,
    /// What is known of the bytes.
    pub proof: Proof,
    /// Apple's checksum of the bytes, as computed here.
    pub checksum: Checksum,
    /// SHA-256 of the bytes, as computed here.
    pub sha256: [u8; 32],
    /// How many of the bytes an earlier run had fetched.
    pub resumed_from: u64,
    /// Nothing was fetched: the file stood elsewhere in the storage, and was copied.
    pub copied: bool,
    /// Something was written into the bytes before they were stored: what is known of them they had before, while length and hashes
    /// are those of what stands there now.
    pub rewritten: bool,
}

impl Downloader {
    /// Downloads assets of `library`.
    pub fn new(library: &Library) -> Self {
        Self { session: library.session().clone(), links: Arc::new(Links::new(library.clone())) }
    }

    /// Prepares the download of one file of `asset`. Nothing is sent yet.
    pub fn get<'a>(&'a self, asset: &'a Asset, role: Role) -> Download<'a> {
        let (modified, progress) = (None, None);
        Download {
            downloader: self,
            asset,
            role,
            modified,
            progress,
            replace: false,
            copy: 0,
            copies: Vec::new(),
        }
    }
}

impl Download<'_> {
    /// The modification time that the stored file gets.
    pub fn modified(mut self, time: SystemTime) -> Self {
        self.modified = Some(time);
        self
    }

    /// Takes the place of what stands under the name, once the new bytes are whole and judged.
    pub fn replace(mut self) -> Self {
        self.replace = true;
        self
    }

    /// Where the file may stand in the same storage: it is copied from there if Apple's checksum proves it, and not fetched.
    pub(crate) fn copies(mut self, files: Vec<StoragePath>) -> Self {
        self.copies = files;
        self
    }

    /// Keeps the bytes in memory as well, for [`Received::copy`], if they are no more than `limit`.
    pub(crate) fn copy(mut self, limit: usize) -> Self {
        self.copy = limit;
        self
    }

    /// Calls `report` with the number of bytes that arrived, negative when bytes were thrown away again.
    pub fn progress(mut self, report: impl Fn(i64) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(report));
        self
    }

    /// Fetches the file into `storage`, under `path`, which must be free or hold the very same bytes. A part is kept when the download breaks off
    /// for good, and completed by the next call.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the asset has no such file, [`ErrorKind::Integrity`] if Apple sends wrong bytes
    /// again and again, [`ErrorKind::AlreadyExists`] if other bytes took the name meanwhile, and what network and storage
    /// report. Passing faults were retried already.
    pub async fn save(self, storage: &dyn Storage, path: &StoragePath) -> Result<Saved> {
        self.receive(storage, path).await?.commit().await
    }

    /// The first half of [`Download::save`], for which the network is needed: the bytes, whole and judged, without their
    /// name.
    pub(crate) async fn receive<'s>(
        self,
        storage: &'s dyn Storage,
        path: &'s StoragePath,
    ) -> Result<Received<'s>> {
        let resource = self.resource()?;
        let options = WriteOptions {
            part: resource.checksum.as_ref().map(part_name),
            size: resource.size,
            modified: self.modified,
            replace: self.replace,
            through_links: false,
        };
        let about = beside::about(self.asset);
        let mut sink = ToStorage::open(storage, path, options.clone(), self.copy, &about).await?;
        let fetched = match copied(storage, &self.copies, resource, &mut sink, self.progress.as_ref()).await {
            Ok(None) => self.fetch(resource, &mut sink).await,
            Ok(Some(copied)) => Ok(copied),
            Err(error) => Err(error),
        };
        match fetched {
            Ok(fetched) => {
                let copy = sink.take_copy().filter(|copy| copy.len() as u64 == fetched.size);
                Ok(Received { storage, path, options, sink, fetched, copy, rewritten: None, about })
            }
            Err(error) => Err(sink.give_up(error).await),
        }
    }

    /// Fetches a small file into memory, proven like any other.
    ///
    /// # Errors
    /// As [`Download::save`], and [`ErrorKind::Unsupported`] above `limit` bytes.
    pub async fn bytes(self, limit: usize) -> Result<(Bytes, Proof)> {
        let mut sink = Memory::new(limit);
        let fetched = self.fetch(self.resource()?, &mut sink).await?;
        Ok((sink.into_bytes(), fetched.proof))
    }

    async fn fetch(&self, resource: &Resource, sink: &mut impl Sink) -> Result<Fetched> {
        let Downloader { session, links } = self.downloader;
        Fetch::new(session, links, self.asset, resource, self.progress.clone())
            .run(sink)
            .await
            .map_err(|error| error.with("asset", self.asset.id()).during("download"))
    }

    fn resource(&self) -> Result<&Resource> {
        self.asset.resource(self.role).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "the asset has no such file")
                .with("role", format!("{:?}", self.role))
                .with("asset", self.asset.id())
                .during("download")
        })
    }
}

impl fmt::Debug for Download<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("asset", self.asset.id())
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// Bytes that were judged and wait for their name.
pub(crate) struct Received<'a> {
    storage: &'a dyn Storage,
    path: &'a StoragePath,
    options: WriteOptions,
    sink: ToStorage,
    fetched: Fetched,
    /// The same bytes in memory.
    #[cfg_attr(not(feature = "metadata"), allow(dead_code))]
    copy: Option<Bytes>,
    /// What is to be stored in their place.
    rewritten: Option<Rewritten>,
    /// What is kept beside them, but for what is known of the bytes.
    about: Metadata,
}

/// Bytes that were made from those that were fetched.
struct Rewritten {
    parts: Vec<Bytes>,
    size: u64,
    digests: Digests,
}

impl Received<'_> {
    /// Apple asked for less while the bytes were fetched.
    pub(crate) fn was_throttled(&self) -> bool {
        self.fetched.throttled
    }

    /// What is known of them.
    pub(crate) fn proof(&self) -> Proof {
        self.fetched.proof
    }

    /// How many they are.
    pub(crate) fn size(&self) -> u64 {
        self.fetched.size
    }

    /// SHA-256 of them.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        self.fetched.digests.sha256
    }

    /// The bytes themselves, once, if they were to be kept and are not too many.
    #[cfg_attr(not(feature = "metadata"), allow(dead_code))]
    pub(crate) fn copy(&mut self) -> Option<Bytes> {
        self.copy.take()
    }

    /// Other bytes get the name, made from these.
    #[cfg_attr(not(feature = "metadata"), allow(dead_code))]
    pub(crate) fn rewrite(&mut self, parts: Vec<Bytes>) {
        let mut hasher = Hasher::new();
        parts.iter().for_each(|part| hasher.update(part));
        self.rewritten = Some(Rewritten { parts, size: hasher.length(), digests: hasher.finish() });
    }

    /// Length and SHA-256 of the bytes that are to be stored in place of those that were fetched, if there are such.
    pub(crate) fn rewritten(&self) -> Option<(u64, [u8; 32])> {
        self.rewritten.as_ref().map(|new| (new.size, new.digests.sha256))
    }

    /// They are not needed: nothing is left of them.
    pub(crate) async fn discard(self) -> Result<()> {
        self.sink.abort().await
    }

    /// The second half of [`Download::save`].
    pub(crate) async fn commit(self) -> Result<Saved> {
        let Self { storage, path, mut options, mut sink, fetched, rewritten, mut about, .. } = self;
        let (mut size, mut digests) = (fetched.size, fetched.digests);
        let is_rewritten = rewritten.is_some();
        if let Some(new) = rewritten {
            // The part holds what Apple sent, and nobody may take it for a part of this file, nor the other way round: this one has
            // a name of its own, under which the next run finds what a killed one left.
            sink.abort().await?;
            (size, digests) = (new.size, new.digests);
            options = WriteOptions { part: Some(part_name(&digests.checksum)), size: Some(size), ..options };
            sink = ToStorage::open(storage, path, options.clone(), 0, &about).await?;
            if sink.position() > 0 {
                sink.restart().await?;
            }
            for part in new.parts {
                sink.write(part).await?;
            }
        }
        beside::describe(&digests, &mut about);
        let meta = match sink.commit(about).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                same_bytes(storage, path, options, &digests).await?.ok_or(error)?
            }
            committed => committed?,
        };
        Ok(Saved {
            path: meta.path,
            size,
            proof: fetched.proof,
            checksum: digests.checksum,
            sha256: digests.sha256,
            resumed_from: fetched.resumed_from,
            copied: fetched.copied,
            rewritten: is_rewritten,
        })
    }
}

/// Somebody took the name while we fetched. If it is for the very same bytes, two programs did the same work: what is left
/// of ours is removed, and theirs counts.
async fn same_bytes(
    storage: &dyn Storage,
    path: &StoragePath,
    options: WriteOptions,
    ours: &Digests,
) -> Result<Option<ObjectMeta>> {
    let Some(there) = storage.stat(path).await? else { return Ok(None) };
    let mut bytes = storage.read(path, 0).await?;
    let mut hasher = Hasher::new();
    while let Some(chunk) = bytes.try_next().await? {
        hasher.update(&chunk);
    }
    if hasher.finish().checksum != ours.checksum {
        return Ok(None);
    }
    storage.write(path, options).await?.abort().await?;
    Ok(Some(there))
}

/// Letters that the name of a part has before its ending.
const PART_LETTERS: usize = 40;

/// The name of the part, the same as icloudpd's, so that each can finish what the other began: base32 of the decoded
/// checksum with its padding, and `.part`.
pub(crate) fn part_name(checksum: &Checksum) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut name = String::with_capacity(45);
    for group in checksum.as_bytes().chunks(5) {
        let mut bits = [0u8; 8];
        bits[3..3 + group.len()].copy_from_slice(group);
        let bits = u64::from_be_bytes(bits);
        let symbols = (group.len() * 8).div_ceil(5);
        for index in 0..8 {
            let symbol = ALPHABET[(bits >> (35 - 5 * index)) as usize & 31];
            name.push(if index < symbols { symbol as char } else { '=' });
        }
    }
    name.push_str(".part");
    name
}

/// Whether a file is called as a part that a run makes, or icloudpd: named after a checksum, or anyhow while another has that name.
pub(crate) fn is_part_name(name: &str) -> bool {
    let is_symbol = |letter: u8| matches!(letter, b'A'..=b'Z' | b'2'..=b'7' | b'=');
    name.strip_suffix(PART_SUFFIX).is_some_and(|stem| {
        stem.starts_with('.') || stem.len() == PART_LETTERS && stem.bytes().all(is_symbol)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_bear_the_names_that_icloudpd_gives_them() {
        let checksum = Checksum::parse("AY6c+BsE0jjaXx9tmVGJM1D2VcEO").unwrap();
        assert_eq!(part_name(&checksum), "AGHJZ6A3ATJDRWS7D5WZSUMJGNIPMVOBBY======.part");
        assert!(is_part_name(&part_name(&checksum)) && is_part_name(".tmpX.part"));
        assert!(!is_part_name("IMG_0001.JPG.part") && !is_part_name("AGHJZ6A3.part"));
    }
}
