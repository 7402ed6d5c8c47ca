//! Writing the date of a photo into its file, before that gets its name.
//!
//! The bytes are held in memory for it while they are fetched, few at a time. What cannot be done leaves the file as it came.
//! The way back is exact: [`proven_original`] undoes the change, and looks for Apple's checksum in what was there before.

use std::sync::Arc;

use futures::TryStreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::catalogue::{FileKey, FileRow, Status};
use super::engine::Inner;
use super::event::{SyncObserver, Target};
use super::ledger::seconds;
use crate::asset::{Checksum, Digests};
use crate::download::Received;
use crate::error::Result;
use crate::storage::{ObjectMeta, Storage, StoragePath};

#[cfg(feature = "metadata")]
pub(super) use self::with_metadata::*;
#[cfg(not(feature = "metadata"))]
pub(super) use self::without_metadata::*;

/// Bytes of a storage's file that were made from Apple's: what they are, and how long Apple's are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Undone {
    pub(super) digests: Digests,
    /// Length of what was there before.
    pub(super) original: u64,
}

/// Room in memory for the bytes of one file.
#[derive(Debug)]
pub(super) struct Room {
    bytes: usize,
    _permit: OwnedSemaphorePermit,
}

impl Room {
    /// How many there may be.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Permits are for so many bytes.
const UNIT: u64 = 1024;

/// So many bytes are held at once; a file that is larger is held alone.
const MEMORY: u64 = 32 << 20;

async fn room(memory: &Arc<Semaphore>, bytes: u64) -> Option<Room> {
    let permits = u32::try_from(bytes.min(MEMORY).div_ceil(UNIT).max(1)).ok()?;
    let permit = memory.clone().acquire_many_owned(permits).await.ok()?;
    Some(Room { bytes: usize::try_from(bytes).ok()?, _permit: permit })
}

impl Inner {
    /// Whether what stands there is this resource with a date written into it. `None` also if it cannot be.
    pub(super) async fn undone(
        &self,
        there: &ObjectMeta,
        size: Option<u64>,
        checksum: &Checksum,
    ) -> Result<Option<Undone>> {
        undone(&*self.storage, (&there.path, there.size), size, checksum).await
    }

    /// A row about a file that is this resource with a date written into it.
    pub(super) fn derived_row(
        &self,
        key: FileKey,
        checksum: &Checksum,
        there: &ObjectMeta,
        undone: &Undone,
    ) -> FileRow {
        let mut row = FileRow::new(key, Status::Derived, seconds(self.now()));
        row.path = Some(there.path.clone());
        row.size = Some(there.size);
        row.modified = there.modified.map(seconds);
        (row.resource_size, row.checksum) = (Some(undone.original), Some(*checksum));
        row.sha256 = Some(undone.digests.sha256);
        row
    }
}

/// The same for a file of some length. `size` is that of the resource, where it is sure.
pub(super) async fn undone(
    storage: &dyn Storage,
    (path, length): (&StoragePath, u64),
    size: Option<u64>,
    checksum: &Checksum,
) -> Result<Option<Undone>> {
    let may_be = size.is_none_or(|size| size < length && length - size <= MOST_ADDED);
    if !may_be || length > LIMIT + MOST_ADDED {
        return Ok(None);
    }
    let bytes = bytes_of(storage, path).await?;
    let checksum = *checksum;
    let found = tokio::task::spawn_blocking(move || proven_original(&bytes, size, &checksum));
    Ok(found.await.ok().flatten())
}

async fn bytes_of(storage: &dyn Storage, path: &StoragePath) -> Result<Vec<u8>> {
    let mut bytes = storage.read(path, 0).await?;
    let mut all = Vec::new();
    while let Some(chunk) = bytes.try_next().await? {
        all.extend_from_slice(&chunk);
        if all.len() as u64 > LIMIT + MOST_ADDED {
            return Ok(Vec::new());
        }
    }
    Ok(all)
}

#[cfg(feature = "metadata")]
mod with_metadata {
    use bytes::Bytes;

    use super::*;
    use crate::asset::{Hasher, Role};
    use crate::download::Proof;
    use crate::error::{Error, ErrorKind};
    use crate::metadata::exif::{self, Change, Format};
    pub(in crate::sync) use crate::metadata::exif::{LIMIT, MOST_ADDED};
    use crate::sync::event::SyncEvent;
    use crate::sync::layout::LocalTime;

    /// Which files get a date, and what that may cost.
    #[derive(Debug, Clone)]
    pub(in crate::sync) struct Dating {
        formats: Vec<Format>,
        memory: Arc<Semaphore>,
        /// One is worked on at a time.
        turn: Arc<Semaphore>,
    }

    impl Default for Dating {
        fn default() -> Self {
            Self::new([])
        }
    }

    impl Dating {
        pub(in crate::sync) fn new(formats: impl IntoIterator<Item = Format>) -> Self {
            let memory = Arc::new(Semaphore::new((MEMORY / UNIT) as usize));
            Self { formats: formats.into_iter().collect(), memory, turn: Arc::new(Semaphore::new(1)) }
        }

        fn concerns(&self, target: &Target) -> bool {
            let format = Format::of_name(target.path.name());
            target.role != Role::LiveMovie && format.is_some_and(|format| self.formats.contains(&format))
        }
    }

    /// What came of writing a date.
    pub(super) enum Outcome {
        /// There is one.
        HasOne,
        Dated(Vec<Bytes>),
        Failed {
            unreadable: bool,
            error: Error,
        },
    }

    impl Inner {
        /// Room for the bytes of a file that may get a date; waits until there is some.
        pub(in crate::sync) async fn room_for(&self, target: &Target) -> Option<Room> {
            if !self.dating.concerns(target) {
                return None;
            }
            let size = target.asset.resource(target.role)?.size.unwrap_or(LIMIT);
            if size > LIMIT {
                return None;
            }
            room(&self.dating.memory, size).await
        }

        /// Writes the photo's date into what was received, if that is asked for and it has none.
        pub(in crate::sync) async fn date<'a>(
            &self,
            target: &Target,
            mut received: Received<'a>,
            observer: &dyn SyncObserver,
        ) -> Received<'a> {
            let Some(bytes) = received.copy().filter(|_| received.proof() == Proof::Verified) else {
                return received;
            };
            let created = self.layout.place(&target.asset).created;
            let (unreadable, problem) = match self.dated(bytes, &created).await {
                Outcome::HasOne => return received,
                Outcome::Dated(dated) => {
                    received.rewrite(dated);
                    (false, None)
                }
                Outcome::Failed { unreadable, error } => (unreadable, Some(error)),
            };
            let (path, created, problem) = (&target.path, &created, problem.as_ref());
            observer.event(SyncEvent::Dating { path, created, unreadable, problem });
            received
        }

        /// Whatever a file is made of, the worst that can happen is that it stays as it is.
        async fn dated(&self, bytes: Bytes, created: &LocalTime) -> Outcome {
            // A year needs four digits to be one.
            let date = format!("{:0>19}", created.in_exif());
            let formats = self.dating.formats.clone();
            let _turn = self.dating.turn.acquire().await;
            let work = tokio::task::spawn_blocking(move || write(&bytes, &date, &formats));
            work.await.unwrap_or_else(|error| {
                let message = "a picture was too much for those who read it";
                let error = Error::new(ErrorKind::Unexpected, message).caused_by(error);
                Outcome::Failed { unreadable: true, error }
            })
        }
    }

    pub(super) fn write(bytes: &Bytes, date: &str, formats: &[Format]) -> Outcome {
        // The name says one of them. What the file is in truth may be one that nobody wants to see changed.
        if Format::of_bytes(bytes).is_some_and(|format| !formats.contains(&format)) {
            let message = "it is of another format than its name says, which was not asked for";
            return Outcome::Failed { unreadable: true, error: Error::new(ErrorKind::Unsupported, message) };
        }
        match exif::has_date(bytes) {
            Ok(true) => return Outcome::HasOne,
            Ok(false) => {}
            Err(error) => return Outcome::Failed { unreadable: true, error },
        }
        match exif::change(bytes, date) {
            Ok(change) => Outcome::Dated(parts(bytes, change)),
            Err(error) => Outcome::Failed { unreadable: false, error },
        }
    }

    /// The changed file, of which only what is new takes memory.
    fn parts(bytes: &Bytes, change: Change) -> Vec<Bytes> {
        let (mut parts, mut from) = (Vec::new(), 0);
        for edit in change.into_edits() {
            parts.extend([bytes.slice(from..edit.at.start), edit.piece.into()]);
            from = edit.at.end;
        }
        parts.push(bytes.slice(from..));
        parts
    }

    /// Apple's bytes, found by length and checksum in those that were made from them.
    pub(in crate::sync) fn proven_original(
        bytes: &[u8],
        size: Option<u64>,
        checksum: &Checksum,
    ) -> Option<Undone> {
        let hash = |parts: &[&[u8]]| {
            let mut hasher = Hasher::new();
            parts.iter().for_each(|part| hasher.update(part));
            hasher.finish()
        };
        let originals = exif::originals(bytes);
        let mut fitting = originals.iter().filter(|original| size.is_none_or(|size| size == original.size()));
        let original = fitting.find(|original| hash(&original.parts()).checksum == *checksum)?;
        Some(Undone { digests: hash(&[bytes]), original: original.size() })
    }
}

#[cfg(not(feature = "metadata"))]
mod without_metadata {
    use super::*;

    pub(in crate::sync) const LIMIT: u64 = 0;
    pub(in crate::sync) const MOST_ADDED: u64 = 0;

    #[derive(Debug, Clone, Default)]
    pub(in crate::sync) struct Dating;

    impl Inner {
        pub(in crate::sync) async fn room_for(&self, _: &Target) -> Option<Room> {
            None
        }

        pub(in crate::sync) async fn date<'a>(
            &self,
            _: &Target,
            received: Received<'a>,
            _: &dyn SyncObserver,
        ) -> Received<'a> {
            received
        }
    }

    pub(in crate::sync) fn proven_original(_: &[u8], _: Option<u64>, _: &Checksum) -> Option<Undone> {
        None
    }
}

#[cfg(all(test, feature = "metadata"))]
mod tests {
    use bytes::Bytes;

    use super::with_metadata::{Outcome, write};
    use crate::metadata::exif::Format;

    /// A name may lie; icloudpd cannot read such files, and says so.
    #[test]
    fn a_format_that_is_not_asked_for_is_left_alone_under_whatever_name() {
        let heic = Bytes::from_static(include_bytes!("../metadata/exif/testdata/plain.heic"));
        let written = |formats: &[Format]| write(&heic, "2024:05:06 07:08:09", formats);
        assert!(matches!(written(&[Format::Jpeg]), Outcome::Failed { unreadable: true, .. }));
        assert!(matches!(written(&[Format::Jpeg, Format::Heic]), Outcome::Dated(_)));
    }
}
