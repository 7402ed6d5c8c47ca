//! What stands in a catalogue, line by line.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub(crate) use crate::asset::role_name;
use crate::asset::{AssetId, Checksum, MasterId, Role};
use crate::storage::StoragePath;

/// Names a library of an account in a catalogue, such as `<dsid>/private/PrimarySync`. Opaque text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct LibraryKey(Arc<str>);

impl LibraryKey {
    /// A key with this text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for LibraryKey {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<LibraryKey> for String {
    fn from(key: LibraryKey) -> Self {
        key.as_str().to_owned()
    }
}

impl fmt::Display for LibraryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names a tree. Two layouts that place files differently lay the photos of a library out twice in one folder, each in a tree of
/// its own, as icloudpd does. Opaque text; the default is no tree: a file that stands where no layout puts it, and that all of
/// them take for theirs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tree(Arc<str>);

impl Tree {
    /// A tree with this name; no tree for an empty one.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is no tree.
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }
}

/// Which file of which asset, in which tree. Ordered by the texts of library and asset, then by the name of the role (`alternative`
/// before `original`) and that of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileKey {
    /// The library the asset is in.
    pub library: LibraryKey,
    /// The asset.
    pub asset: AssetId,
    /// Which of its files.
    pub role: Role,
    /// In which tree.
    pub tree: Tree,
}

impl FileKey {
    /// A key of these parts, of no tree.
    pub fn new(library: LibraryKey, asset: AssetId, role: Role) -> Self {
        Self { library, asset, role, tree: Tree::default() }
    }

    /// The same file in this tree.
    #[must_use]
    pub fn within(self, tree: Tree) -> Self {
        Self { tree, ..self }
    }

    /// Whether both are for the same file, whatever tree it stands in.
    pub fn is_same_file(&self, other: &Self) -> bool {
        (&self.library, &self.asset, self.role) == (&other.library, &other.asset, other.role)
    }

    fn texts(&self) -> (&str, &str, &str, &str) {
        (self.library.as_str(), self.asset.as_str(), role_name(self.role), self.tree.as_str())
    }
}

impl Ord for FileKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.texts().cmp(&other.texts())
    }
}

impl PartialOrd for FileKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `library/asset/role`, whatever the tree.
impl fmt::Display for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (library, asset, role, _) = self.texts();
        write!(f, "{library}/{asset}/{role}")
    }
}

/// How sure it is that a file stands where its row says, with the right bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// Apple's checksum of these stored bytes was computed and agrees. The only status that is a proof.
    Verified,
    /// The length is right, the checksum could not speak ([`Doubt`](crate::download::Doubt)).
    Unconfirmed,
    /// It stood there with the right name and length; its bytes were never read (icloudpd's rule).
    Assumed,
    /// Known to be made from the resource (EXIF was written into it); its bytes differ.
    Derived,
    /// Wanted, and not there.
    Failed {
        /// Why, for a person.
        reason: String,
        /// How often it was tried.
        attempts: u32,
    },
}

impl Status {
    /// True if a deletion elsewhere may rest on it.
    pub fn is_proof(&self) -> bool {
        matches!(self, Self::Verified)
    }

    /// True if a file is said to stand there, proven or not.
    pub fn is_kept(&self) -> bool {
        !matches!(self, Self::Failed { .. })
    }

    /// Its name in a catalogue: `verified`, `unconfirmed`, `assumed`, `derived` or `failed`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Unconfirmed => "unconfirmed",
            Self::Assumed => "assumed",
            Self::Derived => "derived",
            Self::Failed { .. } => "failed",
        }
    }

    /// The status with this name; what failed has a reason and attempts.
    pub fn named(name: &str, reason: Option<String>, attempts: Option<u32>) -> Option<Self> {
        Some(match name {
            "verified" => Self::Verified,
            "unconfirmed" => Self::Unconfirmed,
            "assumed" => Self::Assumed,
            "derived" => Self::Derived,
            "failed" => Self::Failed { reason: reason?, attempts: attempts? },
            _ => return None,
        })
    }
}

/// One file: wanted, and there or not. A photo that stands in two trees has a row for each of its files in each.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileRow {
    /// Which file of which asset.
    pub key: FileKey,
    /// Where it stands, or where it would have to.
    pub path: Option<StoragePath>,
    /// Length of the stored bytes.
    pub size: Option<u64>,
    /// Modification time as stored, in seconds since 1970.
    pub modified: Option<i64>,
    /// Length of the resource. Differs from [`FileRow::size`] where something was written into the file.
    pub resource_size: Option<u64>,
    /// Apple's checksum of the resource the row is for, whatever was stored.
    pub checksum: Option<Checksum>,
    /// SHA-256 of the stored bytes; of a file that could not be had, of bytes that are right should Apple send them.
    pub sha256: Option<[u8; 32]>,
    /// How sure it is.
    pub status: Status,
    /// A run that writes sidecars had it, or was to have it: it is to have one as long as it stands, whoever looks.
    pub sidecar: bool,
    /// When the row was made, in seconds since 1970.
    pub at: i64,
}

impl FileRow {
    /// A row that knows nothing but its status and time; set the other fields as far as they are known.
    pub fn new(key: FileKey, status: Status, at: i64) -> Self {
        Self {
            key,
            path: None,
            size: None,
            modified: None,
            resource_size: None,
            checksum: None,
            sha256: None,
            status,
            sidecar: false,
            at,
        }
    }
}

/// An asset as it was when last seen. Serialises for people: without tag, digest and metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AssetRow {
    /// The library it is in.
    pub library: LibraryKey,
    /// The asset.
    pub asset: AssetId,
    /// The record that holds its original.
    pub master: MasterId,
    /// Apple's change tag of the record.
    #[serde(skip)]
    pub tag: Option<String>,
    /// A digest of its resources, as far as any selection asked for them: another one means that files changed.
    #[serde(skip)]
    pub content: u64,
    /// Whether it lies in Recently Deleted.
    pub trashed: bool,
    /// Whether it is hidden.
    pub hidden: bool,
    /// Whether it is a favourite.
    pub favorite: bool,
    /// Its metadata as JSON: `kind`, `type`, `added` (milliseconds), `offset` (seconds), `adjustment`, `subtype`,
    /// `subtype_v2` and `burst` as far as they are known, and under `files` a digest for each role that was asked for,
    /// `null` where there is no such file.
    #[serde(skip)]
    pub metadata: String,
    /// Its file name; empty if Apple has none.
    pub name: String,
    /// When it was taken, in milliseconds since 1970.
    pub created: Option<i64>,
}

impl AssetRow {
    /// A row with empty metadata and name, and no flag set; fill in what is known.
    pub fn new(library: LibraryKey, asset: AssetId, master: MasterId, content: u64) -> Self {
        Self {
            library,
            asset,
            master,
            tag: None,
            content,
            trashed: false,
            hidden: false,
            favorite: false,
            metadata: String::new(),
            name: String::new(),
            created: None,
        }
    }
}

/// An album or folder as it was when last seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AlbumRow {
    /// The library it is in.
    pub library: LibraryKey,
    /// Its record name.
    pub album: String,
    /// Its name with the folders above it: `Folder/Name`.
    pub path: String,
    /// What kind of album it is, as its writer calls it; a run writes `album` or `folder`.
    pub kind: String,
    /// The record name of the folder it lies in.
    pub parent: Option<String>,
}

impl AlbumRow {
    /// A row of these parts, in no folder.
    pub fn new(
        library: LibraryKey,
        album: impl Into<String>,
        path: impl Into<String>,
        kind: impl Into<String>,
    ) -> Self {
        Self { library, album: album.into(), path: path.into(), kind: kind.into(), parent: None }
    }
}

/// How the selections begin that stand for mirroring deletions.
pub(crate) const MIRROR: &str = "mirror";

/// For what a selection shows ([`Batch::members`](super::Batch::members)).
pub(crate) const MEMBERS: &str = "members";

/// How the names of albums begin among the selections that members are of ([`Batch::members`](super::Batch::members)).
pub(crate) const IN: &str = "in ";

/// The same for who has left an album, until it is known whether the photo left the library itself: then its places in albums are kept.
pub(crate) const LEFT: &str = "left ";

/// For assets that were hidden when a view was laid.
pub(crate) const HIDDEN: &str = "hidden";

/// For files that are missing and that no list of a selection brings.
pub(crate) const ASTRAY: &str = "astray";

/// For files that somebody removed and that were looked for everywhere.
pub(crate) const REMOVED: &str = "removed";

/// For how far an upper limit in days had moved when a selection was last looked at.
pub(crate) const WINDOW: &str = "window";

/// For what was read of the record of what was moved out of iCloud.
pub(crate) const RECORD: &str = "record";

/// For a run that stores files.
pub(crate) const BEGUN: &str = "begun";

/// How far the history of a library was followed, for one selection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Progress {
    /// The library.
    pub library: LibraryKey,
    /// What was asked for: the options as a digest.
    pub selection: String,
    /// Everything up to here was seen and handled.
    pub token: Option<String>,
    /// A listing that was cut.
    pub pending: Option<Pending>,
    /// When this was written, in seconds since 1970.
    pub at: i64,
}

impl Progress {
    /// Whether this is about something beside the copy, such as mirroring deletions, and does not say how far a library was copied.
    pub fn is_aside(&self) -> bool {
        [MIRROR, MEMBERS, ASTRAY, REMOVED, RECORD, BEGUN, WINDOW]
            .iter()
            .any(|about| self.selection.starts_with(about))
    }

    /// Nothing was followed yet.
    pub fn new(library: LibraryKey, selection: impl Into<String>, at: i64) -> Self {
        Self { library, selection: selection.into(), token: None, pending: None, at }
    }
}

/// Where a listing was cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pending {
    /// The token that was taken before its first page.
    pub token: Option<String>,
    /// Which of the albums that were asked for it was cut in; those before it were listed.
    #[serde(default)]
    pub album: u64,
    /// The rank to go on from.
    pub rank: u64,
    /// Assets seen so far.
    pub seen: u64,
    /// Assets were known before it began: at its end those are looked for that it did not show. A [`Roll`] says whom it has shown.
    #[serde(default)]
    pub sweeps: bool,
}

impl Pending {
    /// A listing that was cut at `rank` of the first album, after `seen` assets; nobody is looked for at its end.
    pub fn new(token: Option<String>, rank: u64, seen: u64) -> Self {
        Self { token, album: 0, rank, seen, sweeps: false }
    }
}

/// Assets that a listing has shown which is not at its end. They are forgotten with its [`Pending`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roll {
    /// The library.
    pub library: LibraryKey,
    /// Whose listing it is, as [`Progress::selection`] names it.
    pub selection: String,
    /// The assets.
    pub assets: Vec<AssetId>,
}

/// The removal of an asset from iCloud.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemovalRow {
    /// The library it is in.
    pub library: LibraryKey,
    /// The asset.
    pub asset: AssetId,
    /// How far it came.
    pub state: RemovalState,
    /// Which selection asked for it, as [`Progress::selection`] names it, as long as it may have to be sent, for the first time or
    /// again: no other may do so. Rows that are older than this field have none.
    pub selection: Option<String>,
    /// On what proof, as JSON ([`Receipt`](crate::sync::Receipt)).
    pub receipt: Option<String>,
    /// When this was written, in seconds since 1970.
    pub at: i64,
}

impl RemovalRow {
    /// A removal without a receipt, of no selection.
    pub fn new(library: LibraryKey, asset: AssetId, state: RemovalState, at: i64) -> Self {
        Self { library, asset, state, selection: None, receipt: None, at }
    }
}

/// How far a removal from iCloud came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RemovalState {
    /// It was asked for, and waits for its proof.
    Owed,
    /// The copy removed it, or was about to: whatever lies in Recently Deleted for that reason says nothing about the
    /// files of the copy.
    Sent,
}

impl RemovalState {
    /// Its name in a catalogue: `owed` or `sent`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Owed => "owed",
            Self::Sent => "sent",
        }
    }

    /// The state with this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Owed, Self::Sent].into_iter().find(|state| state.name() == name)
    }
}

/// The role with this name.
pub(crate) fn role_named(name: &str) -> Option<Role> {
    Role::ALL.into_iter().find(|role| role_name(*role) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_roles_lead_back() {
        for role in Role::ALL {
            assert_eq!(role_named(role_name(role)), Some(role));
        }
        assert_eq!(role_named("Original"), None);
    }

    #[test]
    fn only_verified_is_a_proof() {
        let failed = Status::Failed { reason: "x".into(), attempts: 1 };
        for status in [Status::Unconfirmed, Status::Assumed, Status::Derived, failed] {
            assert!(!status.is_proof(), "{status:?}");
        }
        assert!(Status::Verified.is_proof());
    }

    #[test]
    fn progress_serialises() {
        let mut progress = Progress::new(LibraryKey::new("1/private/PrimarySync"), "all", 5);
        progress.pending = Some(Pending::new(None, 7, 8));
        let json = serde_json::to_string(&progress).unwrap();
        assert_eq!(serde_json::from_str::<Progress>(&json).unwrap(), progress);
    }
}
