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
//! Whoever wants the bytes and no file has them as they come ([`ByteStream`]), or a few out of the middle ([`Download::range`]), for which no
//! checksum speaks.
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
mod order;
mod part;
mod received;
mod sink;
mod source;
mod stream;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;

pub(crate) use self::beside::told;
use self::copied::copied;
use self::links::Links;
use self::order::Order;
pub(crate) use self::received::Received;
pub(crate) use self::sink::require_length;
use self::sink::{Memory, ToStorage};
use self::source::Progress;
pub use self::stream::ByteStream;
use crate::asset::{Asset, Checksum, Role, role_name};
use crate::error::{Error, ErrorKind, Result};
use crate::library::Library;
use crate::session::Session;
use crate::storage::{PART_SUFFIX, Storage, StoragePath, WriteOptions};

/// Downloads files of one library. Cheap to clone; clones share the lookups for fresh links.
#[derive(Debug, Clone)]
pub struct Downloader {
    session: Session,
    links: Arc<Links>,
}

/// One file to be downloaded.
#[must_use = "a download does nothing until it is saved, read or streamed"]
pub struct Download<'a> {
    downloader: &'a Downloader,
    asset: &'a Asset,
    role: Role,
    range: Option<Range<u64>>,
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
    /// Only a part of the file was asked for ([`Download::range`]), and a checksum speaks for whole files.
    Part,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mismatch => "Apple sent the same bytes twice, and they do not match its checksum",
            Self::UnknownScheme => "its checksum is of an unknown kind",
            Self::NoChecksum => "iCloud has no checksum for it",
            Self::Part => "only a part of it was asked for",
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
            range: None,
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

    /// Only these bytes, counted from 0: those of them that there are. A range that reaches beyond the end of the file ends with it, and one
    /// that is empty, or begins there, has no bytes; nothing is sent then if iCloud states how long the file is. A host that sends the whole
    /// file all the same is read up to the end of the range.
    ///
    /// Apple is asked for these bytes and no others.
    ///
    /// For [`Download::stream`] and [`Download::bytes`]. Nothing can be proven of a part ([`Doubt::Part`]), but for every answer being of a
    /// file of the right length.
    pub fn range(mut self, bytes: Range<u64>) -> Self {
        self.range = Some(bytes);
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
    /// again and again, [`ErrorKind::AlreadyExists`] if other bytes took the name meanwhile, [`ErrorKind::Config`] with a
    /// [range](Download::range), for only whole files are stored, and what network and storage report. Passing faults were retried already.
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
        if self.range.is_some() {
            let message =
                "only whole files are stored; leave out the range, or read the bytes and store them yourself";
            return Err(Error::new(ErrorKind::Config, message).during("download"));
        }
        let order = self.order()?;
        let resource = &order.resource;
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
            Ok(None) => order.whole(&mut sink).await,
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

    /// Fetches a small file, or a [part](Download::range) of one, into memory; a file is proven like any other.
    ///
    /// # Errors
    /// As [`Download::save`], but for those of the storage, and [`ErrorKind::Unsupported`] above `limit` bytes.
    pub async fn bytes(self, limit: usize) -> Result<(Bytes, Proof)> {
        let order = self.order()?;
        let mut sink = Memory::new(limit);
        let proof = match self.range {
            // What is known to be too large is not fetched to find that out.
            None if order.resource.size > Some(limit as u64) => return Err(order.told(sink.too_large())),
            Some(range) => order.part(range, &mut sink).await.map(|()| Proof::Unconfirmed(Doubt::Part))?,
            None => order.whole(&mut sink).await?.proof,
        };
        Ok((sink.into_bytes(), proof))
    }

    /// Hands the bytes out as they come, for a reader that wants no file here: a player, an upload, a server of one's own. Nothing is sent
    /// before the stream is read, and no more is fetched than is taken: memory holds one piece of some hundred kB at most, and a
    /// reader that pauses pauses the network. What breaks off goes on at the same byte, over a fresh link if need be.
    ///
    /// Bytes are handed out before they are proven. Wait for the end: it is `None`, with [`ByteStream::proof`] set, if the file is what
    /// [`Download::save`] would keep, and an `Err` if not. Where the checksum disagrees the file is fetched once more to tell a wrong checksum from
    /// wrong bytes, which takes as long as the first time.
    ///
    /// ```no_run
    /// # async fn example(library: icloud_photos::Library, asset: icloud_photos::Asset) -> icloud_photos::Result<()> {
    /// use futures::TryStreamExt;
    /// use icloud_photos::{Role, download::Downloader};
    ///
    /// let downloader = Downloader::new(&library);
    /// let mut bytes = downloader.get(&asset, Role::Original).stream()?;
    /// while let Some(piece) = bytes.try_next().await? {
    ///     println!("{} bytes more", piece.len());
    /// }
    /// println!("{:?}", bytes.proof());
    /// // The first megabyte alone.
    /// let (beginning, _) = downloader.get(&asset, Role::Original).range(0..1 << 20).bytes(1 << 20).await?;
    /// # drop(beginning);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the asset has no such file. In the stream: [`ErrorKind::Integrity`] if length or checksum are not those
    /// that Apple states, or if bytes that were handed out turn out to be wrong, and what the network reports. Passing faults were retried already.
    pub fn stream(self) -> Result<ByteStream> {
        Ok(ByteStream::of(self.order()?, self.range))
    }

    fn order(&self) -> Result<Order> {
        let resource = self.asset.resource(self.role).cloned().ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "the asset has no such file")
                .with("role", role_name(self.role))
                .with("asset", self.asset.id())
                .during("download")
        })?;
        let (downloader, asset) = (self.downloader.clone(), self.asset.clone());
        Ok(Order { downloader, asset, resource, progress: self.progress.clone() })
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
