//! XMP files beside the photos of a copy.
//!
//! Each file that stands gets one, whether it was fetched or found, but the movies of Live Photos; a download that failed gets
//! none. What the history tells of a photo goes into the one that is there, though no list shows the photo any more.
//!
//! The row of a file says that it is to have one ([`FileRow::sidecar`]), from the moment the file is known to stand: what a run that was
//! killed left out, or somebody took away, is written by the next run that writes sidecars, whatever that one is about. Files that no
//! such run asked for get none.
//!
//! A sidecar that is a symbolic link is written where it leads, as icloudpd does: who put the link there wants it so. Which albums a
//! photo is in `albums.rs` knows.
//!
//! A sidecar that icloudpd did not write is never touched, and none is written that says what stands there already.

use futures::StreamExt;
use sha1::{Digest as _, Sha1};

use super::catalogue::{AssetRow, FileRow, Sheet};
use super::described::{Described, Whose, beside};
use super::engine::Inner;
use super::event::Target;
use super::layout::ItemKind;
use super::plan::Action;
use super::write::write_all;
use crate::asset::{Asset, AssetId, Change, Role};
use crate::error::{Error, ErrorKind, Result};
use crate::metadata::xmp::{Existing, Foreign, MOST_BYTES, Sidecar};
use crate::storage::{ObjectMeta, PART_SUFFIX, StoragePath, WriteOptions};

impl Inner {
    /// The files that an action of a plan says something of, beyond what a download does.
    pub(super) async fn told_of(&self, action: &Action) -> Result<Vec<Target>> {
        if !self.sidecars {
            return Ok(Vec::new());
        }
        Ok(match action {
            // What is only about to come is described then.
            Action::Present { target, found: Some(_), .. } | Action::Describe { target } => {
                vec![target.clone()]
            }
            Action::Note { change: Change::Asset(asset) | Change::Trashed(asset) } => {
                self.described(asset).await?
            }
            _ => Vec::new(),
        })
    }

    /// The files of an asset that have a sidecar.
    async fn described(&self, asset: &Asset) -> Result<Vec<Target>> {
        let id = std::slice::from_ref(asset.id());
        // It stays described as it was.
        if asset.is_trashed() && self.left_through_us(asset.id()).await? {
            return Ok(Vec::new());
        }
        let rows = self.catalogue.files_of(&self.key, id).await?;
        let mut targets = Vec::new();
        for row in rows.into_iter().flatten().filter(|row| row.status.is_kept()) {
            let Some(path) = row.path else { continue };
            if asset.is_trashed() && self.is_shared(asset.id(), &path).await? {
                continue;
            }
            let both = vec![path.clone(), beside(&self.described_as(asset, &path).await)?];
            if self.storage.stat_all(both).await.iter().all(|there| matches!(there, Ok(Some(_)))) {
                let (asset, role, tree) = (asset.clone(), row.key.role, row.key.tree);
                targets.push(Target { asset, role, tree, path });
            }
        }
        Ok(targets)
    }

    /// Sees to it that the sidecar of a file that stands says what iCloud says; nothing, for a file that gets none. `path` is the name
    /// that it is described under.
    ///
    /// # Errors
    /// What the storage reports. What stands there then is as it was.
    pub(super) async fn describe(
        &self,
        target: &Target,
        path: &StoragePath,
        albums: &[Vec<String>],
    ) -> Result<Described> {
        let Target { asset, role, .. } = target;
        if !self.gets_sidecar(asset, *role) {
            return Ok(Described::Same);
        }
        let at = beside(path)?;
        let existing = match self.existing(&at).await? {
            Ok(existing) => existing,
            Err(why) => return Ok(Described::Left(why)),
        };
        let sidecar = self.sidecar_of(asset, *role).await?.in_albums(albums);
        let (packet, options) = match existing {
            Standing::Nothing => (Some(sidecar.packet()), WriteOptions::default()),
            Standing::Empty => (Some(sidecar.packet()), WriteOptions::default().replace_through_links()),
            Standing::Ours(there) if self.is_of_another(&there, asset.id(), path).await? => {
                return Ok(Described::Same);
            }
            Standing::Ours(there) => {
                (sidecar.update(&there), WriteOptions::default().replace_through_links())
            }
        };
        let Some(packet) = packet else { return Ok(Described::Same) };
        self.write_sidecar(&at, packet, options).await
    }

    async fn write_sidecar(
        &self,
        at: &StoragePath,
        packet: Vec<u8>,
        options: WriteOptions,
    ) -> Result<Described> {
        write_all(&*self.storage, at, options.part(part_name(at)), packet).await?;
        Ok(Described::Written)
    }

    /// The names that the files of an asset are described under which are to have sidecars.
    pub(super) async fn described_files(&self, asset: &AssetId) -> Result<Vec<StoragePath>> {
        let id = std::slice::from_ref(asset);
        let rows = self.catalogue.files_of(&self.key, id).await?;
        let rows = rows.into_iter().flatten().filter(|row| row.sidecar && row.status.is_kept());
        let mut names = Vec::new();
        for row in rows {
            if let Some(path) = &row.path {
                names.push(self.described_row(&row, path).await?);
            }
        }
        Ok(names)
    }

    /// The name that the file of a row is described under.
    pub(super) async fn described_row(&self, row: &FileRow, path: &StoragePath) -> Result<StoragePath> {
        let known = self.catalogue.assets(&self.key, std::slice::from_ref(&row.key.asset)).await?;
        Ok(match known.into_iter().next().flatten() {
            Some(known) => self.described_known(&known, path).await,
            None => path.clone(),
        })
    }

    /// Sees to it that a sidecar which is there, and about this asset, names these albums.
    pub(super) async fn retag(
        &self,
        asset: &AssetId,
        path: &StoragePath,
        albums: &[Vec<String>],
    ) -> Result<Described> {
        let at = beside(path)?;
        match self.existing(&at).await? {
            Ok(Standing::Ours(there)) if there.asset().as_ref() == Some(asset) => {
                match there.in_albums(albums) {
                    Some(packet) => {
                        self.write_sidecar(&at, packet, WriteOptions::default().replace_through_links()).await
                    }
                    None => Ok(Described::Same),
                }
            }
            _ => Ok(Described::Same),
        }
    }

    /// What is to be said beside a file of this role.
    async fn sidecar_of(&self, asset: &Asset, role: Role) -> Result<Sidecar> {
        let sidecar = match asset.is_trashed() && self.left_through_us(asset.id()).await? {
            true => Sidecar::of_moved_out(asset),
            false => Sidecar::of(asset),
        };
        Ok(match role {
            Role::Original | Role::Alternative => sidecar,
            _ => sidecar.of_rendering(),
        })
    }

    /// What this copy moved out of iCloud was not deleted by its owner.
    async fn left_through_us(&self, asset: &AssetId) -> Result<bool> {
        let removals = self.catalogue.removals(&self.key, std::slice::from_ref(asset)).await?;
        Ok(removals.iter().any(Option::is_some))
    }

    /// Whether a file of this role is to have a sidecar.
    pub(super) fn gets_sidecar(&self, asset: &Asset, role: Role) -> bool {
        self.sidecars && !self.is_live(asset, role)
    }

    /// Whose the sidecar is that goes with a photo: what would not be replaced is not removed either.
    pub(super) async fn whose_sidecar(&self, at: &StoragePath) -> Whose {
        match self.existing(at).await {
            Ok(Ok(Standing::Nothing)) => Whose::Nobodys,
            Ok(Ok(Standing::Empty)) => Whose::Ours(None),
            Ok(Ok(Standing::Ours(there))) => Whose::Ours(there.asset()),
            Ok(Err(_)) => Whose::Foreign,
            Err(error) => Whose::Unknown(error),
        }
    }

    /// What stands where a sidecar belongs; why it must be left alone, where that is so.
    async fn existing(&self, at: &StoragePath) -> Result<Result<Standing, String>> {
        if self.is_too_long(at) {
            return Ok(Err("because its name would be too long for this storage".to_owned()));
        }
        let size = match self.storage.stat(at).await {
            Ok(None) => return Ok(Ok(Standing::Nothing)),
            Ok(Some(there)) => there.size,
            Err(error) if is_in_the_way(&error) => return Ok(Err(format!("because {error}"))),
            Err(error) => return Err(error),
        };
        if size > MOST_BYTES {
            return Ok(Err(format!("because it has {size} bytes")));
        }
        let bytes = match self.read_small(at).await {
            Ok(bytes) => bytes,
            Err(error) if is_in_the_way(&error) => return Ok(Err(format!("because {error}"))),
            Err(error) => return Err(error),
        };
        Ok(match Existing::read(bytes) {
            Ok(Some(existing)) => Ok(Standing::Ours(Box::new(existing))),
            Ok(None) => Ok(Standing::Empty),
            Err(why @ (Foreign::Author { .. } | Foreign::Unreadable { .. })) => Err(why.to_string()),
        })
    }

    async fn read_small(&self, at: &StoragePath) -> Result<Vec<u8>> {
        let (mut bytes, mut chunks) = (Vec::new(), self.storage.read(at, 0).await?);
        while let Some(chunk) = chunks.next().await.transpose()? {
            // One byte too many is enough to be left alone.
            let room = (MOST_BYTES as usize + 1).saturating_sub(bytes.len());
            bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        Ok(bytes)
    }

    /// Whether the file of a deleted photo is that of another one too.
    async fn is_shared(&self, deleted: &AssetId, path: &StoragePath) -> Result<bool> {
        let owners = self.catalogue.files_at(std::slice::from_ref(path)).await?;
        Ok(owners.into_iter().flatten().any(|row| row.key.asset != *deleted && row.status.is_kept()))
    }

    /// Two photos may show one file. Who was described first stays described, as long as the file is known to be theirs.
    async fn is_of_another(&self, there: &Existing, ours: &AssetId, path: &StoragePath) -> Result<bool> {
        let Some(other) = there.asset().filter(|other| other != ours) else { return Ok(false) };
        let owners = self.catalogue.files_at(std::slice::from_ref(path)).await?;
        Ok(owners.into_iter().flatten().any(|row| row.key.asset == other && row.status.is_kept()))
    }

    /// Whether a file is the movie of a Live Photo, which gets no sidecar.
    fn is_live(&self, asset: &Asset, role: Role) -> bool {
        match role {
            Role::LiveMovie => true,
            Role::VideoMedium | Role::VideoSmall => self.layout.item_kind(asset) != ItemKind::Movie,
            _ => false,
        }
    }

    /// Of these files, which stand and are to have sidecars, those that have none or an empty one, with their photos as they are now.
    pub(super) async fn undescribed(&self, standing: Vec<FileRow>) -> Result<Vec<(FileRow, Result<Asset>)>> {
        let mut files = Vec::new();
        for row in standing {
            let Some(at) = row.path.as_ref().map(beside).transpose()? else { continue };
            if !self.is_too_long(&at) {
                files.push((at, row));
            }
        }
        let stats = self.storage.stat_all(files.iter().map(|(at, _)| at.clone()).collect()).await;
        let is_bare = |there: &Result<Option<ObjectMeta>>| match there {
            Ok(there) => there.as_ref().is_none_or(|there| there.size == 0),
            Err(_) => false,
        };
        let bare = files.into_iter().zip(stats).filter(|(_, there)| is_bare(there));
        let bare: Vec<FileRow> = bare.map(|((_, row), _)| row).collect();
        let ids: Vec<_> = bare.iter().map(|row| row.key.asset.clone()).collect();
        // Whom iCloud has no more, nobody can describe.
        let known = self.catalogue.assets(&self.key, &ids).await?;
        let known = bare.into_iter().zip(known).filter_map(|(row, known)| Some((row, known?)));
        let bare = self.without_any(known.collect()).await;
        if bare.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<_> = bare.iter().map(|row| row.key.asset.clone()).collect();
        let assets = self.library.assets_by_id(&ids).await?;
        Ok(bare.into_iter().zip(assets).collect())
    }

    /// Those of them that have no sidecar under another name either.
    async fn without_any(&self, rows: Vec<(FileRow, AssetRow)>) -> Vec<FileRow> {
        let mut bare = Vec::new();
        for (row, asset) in rows {
            let Some(path) = &row.path else { continue };
            if self.described_known(&asset, path).await == *path {
                bare.push(row);
            }
        }
        bare
    }

    /// [`Inner::described_as`] for an asset that the catalogue knows.
    async fn described_known(&self, asset: &AssetRow, path: &StoragePath) -> StoragePath {
        let media_type = Sheet::read(asset).media_type;
        let (_, name) = self.layout.recall(&asset.name, asset.master.as_str(), media_type.as_deref());
        self.described_by(&asset.asset, &name, path).await
    }

    /// The name that a file is described under: one that old versions of icloudpd named (`IMG_1-original.JPG`) has its sidecar beside
    /// the name of today, where a list asks for it, as with icloudpd.
    pub(super) async fn described_as(&self, asset: &Asset, path: &StoragePath) -> StoragePath {
        self.described_by(asset.id(), &self.layout.place(asset).name, path).await
    }

    /// The same for an asset whose name in iCloud is `name`: who is called `IMG_1-original.JPG` there is no other photo's old file. Nor is
    /// a sidecar taken that names another asset.
    async fn described_by(&self, asset: &AssetId, name: &str, path: &StoragePath) -> StoragePath {
        let own = || path.clone();
        let Some(today) = of_today(path).filter(|_| !is_called_original(name)) else { return own() };
        let (Ok(old), Ok(new)) = (beside(path), beside(&today)) else { return own() };
        match self.storage.stat(&old).await {
            Ok(None) => {}
            _ => return own(),
        }
        match self.existing(&new).await {
            Ok(Ok(Standing::Nothing)) => own(),
            Ok(Ok(Standing::Ours(there))) if there.asset().is_some_and(|other| other != *asset) => own(),
            // What is not ours to write is told of in its place.
            Ok(_) => today,
            Err(_) => own(),
        }
    }

    /// Whether somebody has to see to it that this file, which stands, has its sidecar.
    pub(super) fn may_miss_sidecar(&self, row: &FileRow) -> bool {
        self.sidecars && row.sidecar
    }

    fn is_too_long(&self, at: &StoragePath) -> bool {
        self.storage.capabilities().max_name.is_some_and(|most| at.name().len() > most)
    }
}

/// The same in every run, so that what a run left that was killed in the midst of writing goes when the sidecar is written again. It
/// begins as no photo does.
fn part_name(at: &StoragePath) -> String {
    let digits: String = Sha1::digest(at.name()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!(".icloud-photos-{digits}{PART_SUFFIX}")
}

/// `IMG_1.JPG` of `IMG_1-original.JPG`.
fn of_today(path: &StoragePath) -> Option<StoragePath> {
    let (stem, extension) = path.name().rsplit_once('.')?;
    Some(path.sibling(&format!("{}.{extension}", stem.strip_suffix("-original")?)))
}

/// Whether a photo has that name in iCloud.
fn is_called_original(name: &str) -> bool {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).ends_with("-original")
}

/// What stands where a sidecar belongs.
enum Standing {
    Nothing,
    Empty,
    Ours(Box<Existing>),
}

/// What another program, or a person, put there so that it cannot be read or replaced.
fn is_in_the_way(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::PermissionDenied | ErrorKind::Unsupported)
}
