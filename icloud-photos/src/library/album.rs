//! One album, and how many assets are in albums.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use icu_normalizer::ComposingNormalizerBorrowed;

use super::Library;
use super::query::{self, Index};
use super::smart::{self, SmartAlbum};
use super::wire::{self, Batch, BatchElement};
use crate::error::{Error, ErrorKind, Result};

/// Counts asked in one request. [inferred: one client asks many, none names a limit]
const COUNTS_PER_REQUEST: usize = 50;

/// The record name of an album or folder: what identifies it, for names need not be unique.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AlbumId(Arc<str>);

impl AlbumId {
    /// A record name as Apple gave it.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The record name as Apple gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AlbumId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for AlbumId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

/// What fills an album.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AlbumKind {
    /// Everything in the library but what is hidden or deleted.
    Library,
    /// iCloud.
    Smart(SmartAlbum),
    /// The user.
    User,
    /// Nothing: it holds albums. Its list of assets is empty.
    Folder,
}

/// A list of assets in a library, newest first. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Album(Arc<AlbumData>);

#[derive(Debug)]
struct AlbumData {
    library: Library,
    id: Option<AlbumId>,
    kind: AlbumKind,
    original_name: String,
    path: Vec<String>,
    index: Index,
}

impl Album {
    pub(super) fn whole_library(library: Library) -> Self {
        Self::built_in(library, AlbumKind::Library, "", smart::whole_library())
    }

    pub(super) fn smart(library: Library, album: SmartAlbum) -> Self {
        Self::built_in(library, AlbumKind::Smart(album), album.name(), album.index())
    }

    fn built_in(library: Library, kind: AlbumKind, name: &str, index: Index) -> Self {
        let (original_name, path) = (name.to_owned(), vec![name.to_owned()]);
        Self(Arc::new(AlbumData { library, id: None, kind, original_name, path, index }))
    }

    /// An album or folder of the user's, inside the folder at `parent`.
    pub(crate) fn user(
        library: Library,
        id: AlbumId,
        kind: AlbumKind,
        name: String,
        parent: &[String],
    ) -> Self {
        let composed = ComposingNormalizerBorrowed::new_nfc().normalize(&name).into_owned();
        let path = parent.iter().cloned().chain([composed]).collect();
        let index = smart::user_album(id.as_str());
        Self(Arc::new(AlbumData { library, id: Some(id), kind, original_name: name, path, index }))
    }

    /// The library it belongs to.
    pub fn library(&self) -> &Library {
        &self.0.library
    }

    /// What identifies an album or folder of the user's; `None` for those iCloud fills.
    pub fn id(&self) -> Option<&AlbumId> {
        self.0.id.as_ref()
    }

    /// What fills it.
    pub fn kind(&self) -> AlbumKind {
        self.0.kind
    }

    /// The title in composed Unicode (NFC); empty for the whole library, and for an album whose title cannot be read.
    pub fn name(&self) -> &str {
        self.0.path.last().map_or("", String::as_str)
    }

    /// Whether this is the title, however its characters are composed.
    pub fn is_titled(&self, title: &str) -> bool {
        composed(title) == *self.name()
    }

    /// The title exactly as Apple has it, often in decomposed Unicode.
    pub fn original_name(&self) -> &str {
        &self.0.original_name
    }

    /// The titles of the folders it lies in, then its own.
    pub fn path(&self) -> &[String] {
        &self.0.path
    }

    /// Asks Apple how many assets the album has. The answer may be some items behind; `None` if Apple does not say.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn count(&self) -> Result<Option<u64>> {
        let counts = self.library().counts(std::slice::from_ref(self)).await?;
        Ok(counts.into_iter().next().flatten())
    }

    pub(crate) fn index(&self) -> &Index {
        &self.0.index
    }
}

/// As titles are compared (NFC).
pub(super) fn composed(title: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(title)
}

impl Library {
    /// Asks for the counts of several albums of this library at once, in the order given; see [`Album::count`].
    ///
    /// # Errors
    /// Those of every request; [`ErrorKind::Config`] if an album belongs to another library.
    pub async fn counts(&self, albums: &[Album]) -> Result<Vec<Option<u64>>> {
        albums.iter().try_for_each(|album| self.require_own(album))?;
        let mut counts = Vec::with_capacity(albums.len());
        for albums in albums.chunks(COUNTS_PER_REQUEST) {
            let indexes = albums.iter().map(|album| album.index().count.as_str());
            let body = query::counts(indexes, self.zone());
            let answers = self.post("/internal/records/query/batch", &body, read_counts).await?;
            let mut answers = answers.into_iter();
            counts.extend(albums.iter().map(|_| answers.next().flatten()));
        }
        Ok(counts)
    }

    /// That an album is of this library: two accounts have some of one name, and of one id.
    pub(crate) fn require_own(&self, album: &Album) -> Result<()> {
        let theirs = album.library();
        if theirs.id() == self.id() && theirs.session().dsid() == self.session().dsid() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Config, "the album belongs to another library").with("album", album.name()))
    }
}

fn read_counts(answer: &[u8]) -> Result<Vec<Option<u64>>> {
    let batch = wire::read::<Batch<'_>>(answer)?.batch;
    let count = |element: BatchElement<'_>| {
        let record = element.records.into_iter().next()?;
        u64::try_from(record.fields?.item_count.int()?).ok()
    };
    Ok(batch.into_iter().map(count).collect())
}
