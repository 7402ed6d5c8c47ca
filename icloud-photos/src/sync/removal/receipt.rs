//! The proof that an asset may leave iCloud.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::super::catalogue::{Batch, FileKey, FileRow, RemovalRow, Status, Tree, role_name, role_named};
use super::super::copies::{self, Look, Proven};
use super::super::engine::{Inner, SyncEngine};
use super::super::ledger::seconds;
use super::super::store::require_own;
use super::Kept;
use crate::asset::{Asset, AssetId, Checksum, Digests, Resource, Role};
use crate::error::Result;
use crate::storage::StoragePath;

/// What iCloud cannot make again.
pub(in crate::sync) const IRREPLACEABLE: [Role; 5] =
    [Role::Original, Role::Alternative, Role::LiveMovie, Role::Edited, Role::EditedVideo];

/// Proof that everything of one asset that cannot be made again stands in a storage: each file was read from there, and Apple's
/// checksum was found in its bytes. Where a date was written into a file, that is undone first, exactly. Only an engine makes receipts ([`SyncEngine::receipt`]).
///
/// A receipt serialises, so that it can be kept and be used days later ([`SyncEngine::move_out`]). Nobody has to believe it
/// then: the files are read once more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Receipt {
    library: String,
    asset: String,
    files: Vec<ProvenFile>,
    at: i64,
}

/// One file of a [`Receipt`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProvenFile {
    /// Which file of the asset.
    pub role: String,
    /// In which tree of the folder it stands, if in one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tree: String,
    /// Where it stands.
    pub path: String,
    /// Its length in bytes.
    pub size: u64,
    /// Apple's checksum, which its bytes have.
    pub checksum: String,
    /// Set for a photo that its date was written into: then length and checksum are those that are found once that is undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<StoredFile>,
}

/// The bytes that stand there for a [`ProvenFile`] with a date written into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredFile {
    /// Their length.
    pub size: u64,
    /// Their checksum, computed as Apple does.
    pub checksum: String,
    /// Their SHA-256, in hexadecimal digits.
    pub sha256: String,
}

impl StoredFile {
    fn of(size: u64, digests: &Digests) -> Self {
        let sha256 = digests.sha256_text();
        Self { size, checksum: digests.checksum.to_string(), sha256 }
    }

    fn hash(&self) -> Option<[u8; 32]> {
        let mut hash = [0; 32];
        if self.sha256.len() != 64 {
            return None;
        }
        for (at, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(self.sha256.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        Some(hash)
    }
}

impl Receipt {
    /// What the record has kept of one.
    pub(super) fn recorded(library: &str, asset: &str, files: &[ProvenFile], at: i64) -> Self {
        Self { library: library.to_owned(), asset: asset.to_owned(), files: files.to_vec(), at }
    }

    /// The asset.
    pub fn asset(&self) -> AssetId {
        AssetId::new(self.asset.as_str())
    }

    /// The library it is in.
    pub(super) fn library(&self) -> &str {
        &self.library
    }

    /// The files that were proven.
    pub fn files(&self) -> &[ProvenFile] {
        &self.files
    }

    /// When they were, in seconds since 1970.
    pub fn at(&self) -> i64 {
        self.at
    }

    /// Whether both prove the same.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        (&self.library, &self.asset, &self.files) == (&other.library, &other.asset, &other.files)
    }
}

impl RemovalRow {
    /// The files that were proven when the asset went, as the catalogue would have them.
    pub(in crate::sync) fn proven_files(&self) -> Vec<FileRow> {
        let files = self.receipt().map(|receipt| receipt.files).unwrap_or_default();
        files.into_iter().filter_map(|file| self.proven(&file)).collect()
    }

    /// What the asset was sent on.
    pub(super) fn receipt(&self) -> Option<Receipt> {
        self.receipt.as_deref().and_then(|text| serde_json::from_str(text).ok())
    }

    fn proven(&self, file: &ProvenFile) -> Option<FileRow> {
        let key = FileKey::new(self.library.clone(), self.asset.clone(), role_named(&file.role)?);
        let key = key.within(Tree::new(file.tree.as_str()));
        let mut row = FileRow::new(key, Status::Verified, self.at);
        row.path = Some(StoragePath::parse(&file.path).ok()?);
        (row.size, row.resource_size) = (Some(file.size), Some(file.size));
        row.checksum = Checksum::parse(&file.checksum);
        if let Some(stored) = &file.stored {
            (row.status, row.size, row.sha256) = (Status::Derived, Some(stored.size), stored.hash());
        }
        Some(row)
    }
}

impl FileRow {
    /// Whether this row is about a file that was `proven` when its photo was moved out of iCloud, or about what has come since. A row of
    /// other bytes that is older knows an earlier edit.
    pub(in crate::sync) fn speaks_since(&self, proven: &Self) -> bool {
        self.key.is_same_file(&proven.key) && (self.checksum == proven.checksum || self.at >= proven.at)
    }
}

impl SyncEngine {
    /// Reads the files of an asset and proves them. `Ok(Err(_))` says why there is no proof.
    ///
    /// # Errors
    /// What the catalogue reports.
    pub async fn receipt(&self, asset: &Asset) -> Result<std::result::Result<Receipt, Kept>> {
        let inner = self.inner();
        require_own(&*inner.storage, &*inner.catalogue).await?;
        inner.prove(asset).await
    }
}

impl Inner {
    /// Reads every file of the asset that is wanted here or that cannot be made again. The storage is flushed before, so that what is
    /// proven is on the disk. What stands under another name than was known is known from then on.
    pub(super) async fn prove(&self, asset: &Asset) -> Result<std::result::Result<Receipt, Kept>> {
        self.storage.flush().await?;
        let rows = self.catalogue.files_of(&self.key, std::slice::from_ref(asset.id())).await?;
        let rows = rows.into_iter().next().unwrap_or_default();
        Ok(match self.read_proof(asset, &rows, &[]).await? {
            Ok((receipt, learned)) => {
                if !learned.is_empty() {
                    self.catalogue.commit(Batch { files: learned, ..Batch::default() }).await?;
                }
                Ok(receipt)
            }
            Err(why) => Err(why),
        })
    }

    /// The same, by these rows, but for files that are still to `come`; changes nothing. With it come the rows of files that are
    /// not what was known of them.
    pub(super) async fn read_proof(
        &self,
        asset: &Asset,
        rows: &[FileRow],
        come: &[Role],
    ) -> Result<std::result::Result<(Receipt, Vec<FileRow>), Kept>> {
        // Nothing is read for an asset that stays in any case.
        let claims = match self.claimed(asset, rows, come) {
            Ok(claims) => claims,
            Err(why) => return Ok(Err(why)),
        };
        let (mut files, mut learned) = (Vec::new(), Vec::new());
        for claim in claims {
            match self.read_and_compare(&claim).await {
                Ok((file, now)) => {
                    let is_other = now.path != claim.row.path;
                    let is_dated = now.status == Status::Derived && claim.row.status != Status::Derived;
                    learned.extend((is_other || is_dated).then_some(now));
                    files.push(file);
                }
                Err(why) => return Ok(Err(why)),
            }
        }
        let (library, id) = (self.key.as_str().to_owned(), asset.id().as_str().to_owned());
        Ok(Ok((Receipt { library, asset: id, files, at: seconds(self.now()) }, learned)))
    }

    /// Whether each of these assets could be proven, by what the catalogue says of its files. Nothing is read.
    pub(super) async fn provable(&self, assets: &[Asset]) -> Result<Vec<std::result::Result<(), Kept>>> {
        let ids: Vec<_> = assets.iter().map(|asset| asset.id().clone()).collect();
        let rows = self.catalogue.files_of(&self.key, &ids).await?;
        Ok(assets.iter().zip(rows).map(|(asset, rows)| self.claimed(asset, &rows, &[]).map(drop)).collect())
    }

    /// What would have to be read, but for files that are still to `come`.
    pub(super) fn claimed(
        &self,
        asset: &Asset,
        rows: &[FileRow],
        come: &[Role],
    ) -> std::result::Result<Vec<Claimed>, Kept> {
        let claim = |role| Claimed::of(asset, role, self.best_among(rows, role));
        let (coming, here): (Vec<_>, Vec<_>) =
            self.to_be_proven(asset).into_iter().partition(|role| come.contains(role));
        let is_provable = |role: &Role| asset.resource(*role).is_some_and(Resource::is_provable);
        if !coming.iter().all(is_provable) {
            return Err(Kept::NoChecksum);
        }
        here.into_iter().map(claim).collect()
    }

    /// What the layout wants of the asset, and what iCloud alone has; the original in any case.
    fn to_be_proven(&self, asset: &Asset) -> BTreeSet<Role> {
        let wanted = self.layout.place(asset).files.into_iter().map(|file| file.role);
        let held = asset.resources().iter().map(|resource| resource.role);
        let lost = held.filter(|role| IRREPLACEABLE.contains(role));
        wanted.chain(lost).chain([Role::Original]).collect()
    }

    /// Of several files that may be the photo one that is proven is enough. What cannot be undone proves nothing, even if it is as
    /// it was stored.
    async fn read_and_compare(&self, claim: &Claimed) -> std::result::Result<(ProvenFile, FileRow), Kept> {
        let Claimed { row, path, checksum, stated } = claim;
        let is_derived = row.status == Status::Derived;
        let (path, size) = (path.clone(), stated.filter(|_| !is_derived));
        let why = match copies::look(&*self.storage, &path, size, checksum).await {
            Ok(Look::Proven(proven)) => return Ok(claim.proven(&path, row.modified, &proven)),
            Ok(Look::Missing) => Kept::Missing { path },
            Ok(Look::Other(digests)) if is_derived && row.sha256 == Some(digests.sha256) => {
                Kept::NotAsInICloud { path }
            }
            Ok(Look::Other(_)) => Kept::Differs { path },
            Err(error) => Kept::Unreadable { path, reason: error.to_string() },
        };
        match copies::elsewhere(&*self.storage, &*self.catalogue, row).await {
            Ok(Some((meta, proven))) => Ok(claim.proven(&meta.path, meta.modified.map(seconds), &proven)),
            Ok(None) | Err(_) => Err(why),
        }
    }
}

/// What the catalogue says of a file, and what Apple says that its bytes are.
pub(super) struct Claimed {
    row: FileRow,
    path: StoragePath,
    checksum: Checksum,
    stated: Option<u64>,
}

impl Claimed {
    fn of(asset: &Asset, role: Role, row: Option<&FileRow>) -> std::result::Result<Self, Kept> {
        let not_copied = if role == Role::EditedVideo { Kept::EditOfVideo } else { Kept::NotCopied { role } };
        let Some(row) = row.filter(|row| row.status.is_kept()) else { return Err(not_copied) };
        let (Some(resource), Some(path)) = (asset.resource(role), &row.path) else { return Err(not_copied) };
        // A record may be wrong about the length.
        if row.checksum != resource.checksum {
            return Err(Kept::Edited);
        }
        let checksum = resource.checksum.filter(|_| resource.is_provable()).ok_or(Kept::NoChecksum)?;
        if row.status == Status::Unconfirmed {
            return Err(Kept::NotAsInICloud { path: path.clone() });
        }
        Ok(Self { row: row.clone(), path: path.clone(), checksum, stated: resource.size })
    }

    /// The file of the receipt, and what the catalogue is to say of it.
    fn proven(&self, path: &StoragePath, modified: Option<i64>, proven: &Proven) -> (ProvenFile, FileRow) {
        let file = ProvenFile {
            role: role_name(self.row.key.role).to_owned(),
            tree: self.row.key.tree.as_str().to_owned(),
            path: path.to_string(),
            size: proven.original.unwrap_or(proven.size),
            checksum: self.checksum.to_string(),
            stored: proven.original.map(|_| StoredFile::of(proven.size, &proven.digests)),
        };
        (file, self.row.proven_at(path, modified, proven))
    }
}
