//! What the library has that a tree of files could hold.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use futures::StreamExt;

use super::super::engine::Inner;
use super::super::layout::{Placement, WantedFile};
use super::{AdoptReport, Tree};
use crate::asset::{Asset, AssetId, Assets, Checksum, Fields, Resource, Role, Scheme};
use crate::error::Result;
use crate::storage::StoragePath;

/// Removals looked at in one go.
const ROWS: usize = 1000;

/// The wishes of a library, as far as a tree could fulfil them.
#[derive(Default)]
pub(super) struct Wishes {
    /// Files of the library whose length is there, by content.
    pub(super) by_content: HashMap<Checksum, Vec<(AssetId, Role, u64)>>,
    /// Which files could stand under a name that is taken.
    by_name: HashMap<StoragePath, Vec<Wish>>,
    /// Files that are wanted, and the beginning of the checksum of each. Two photos of one name and content are one file.
    wanted: HashMap<u64, Option<[u8; 8]>>,
}

/// A file that should stand under some name.
#[derive(Clone)]
pub(super) struct Wish {
    pub(super) asset: AssetId,
    pub(super) role: Role,
    pub(super) size: Option<u64>,
    pub(super) checksum: Option<Checksum>,
    /// When the photo was taken, as Exif says it.
    pub(super) taken: Arc<str>,
    /// Width and height.
    pub(super) pixels: Option<(u32, u32)>,
    /// Which of the files that are wanted.
    pub(super) file: u64,
}

impl Wishes {
    /// Reads the lists that the engine would copy, and notes in the report what they lack.
    pub(super) async fn list(inner: &Arc<Inner>, tree: &Tree, report: &mut AdoptReport) -> Result<Self> {
        let mut wishes = Self::default();
        for album in &inner.albums {
            // How many pixels a photo has is not among the basics.
            let mut assets = album.assets().fields(Fields::Full).roles(Role::ALL);
            if let Some(recent) = inner.recent {
                assets = assets.limit(recent);
            }
            while let Some(asset) = assets.next().await {
                match asset {
                    Ok(asset) => wishes.take(inner, tree, &asset),
                    Err(error) if Assets::concerns_one(&error) => {
                        tracing::warn!(%error, "a photo could not be read");
                        report.unlisted += 1;
                    }
                    Err(error) => return Err(error),
                }
            }
            let listing = assets.outcome();
            report.short.extend(listing.lacks().then_some(listing));
        }
        Ok(wishes)
    }

    /// Adds what this copy moved out of iCloud, by what was proven then.
    pub(super) async fn recall(&mut self, inner: &Inner, tree: &Tree) -> Result<()> {
        let mut after: Option<AssetId> = None;
        loop {
            let sent = inner.catalogue.sent(&inner.key, after.as_ref(), ROWS).await?;
            let Some(last) = sent.last() else { return Ok(()) };
            after = Some(last.asset.clone());
            for file in sent.iter().flat_map(|row| row.proven_files()) {
                let (Some(size), Some(checksum)) = (file.size, file.checksum) else { continue };
                if !tree.lengths.contains(&size) {
                    continue;
                }
                let owners = self.by_content.entry(checksum).or_default();
                // One that its owner took back is in the list.
                if !owners.iter().any(|(asset, role, _)| (asset, role) == (&file.key.asset, &file.key.role)) {
                    owners.push((file.key.asset, file.key.role, size));
                }
            }
        }
    }

    fn take(&mut self, inner: &Inner, tree: &Tree, asset: &Asset) {
        for resource in asset.resources() {
            if let (Some(size), Some(checksum)) = (resource.size, resource.checksum)
                && checksum.scheme() == Scheme::SaltedSha1
                && tree.lengths.contains(&size)
            {
                let files = self.by_content.entry(checksum).or_default();
                files.push((asset.id().clone(), resource.role, size));
            }
        }
        if inner.reason_to_skip(asset).is_none() {
            self.expect(tree, asset, &inner.layout.place(asset));
        }
    }

    fn expect(&mut self, tree: &Tree, asset: &Asset, placement: &Placement) {
        for file in &placement.files {
            let Some(resource) = asset.resource(file.role) else { continue };
            let plain = placement.path(&file.name);
            let number = number_of(asset, resource, &plain);
            self.wanted.insert(number, resource.checksum.as_ref().map(short));
            let mut is_named = false;
            for path in names(&plain, file, resource) {
                if tree.files.contains(&path) {
                    is_named = true;
                    self.by_name.entry(path).or_default().push(Wish {
                        asset: asset.id().clone(),
                        role: file.role,
                        size: resource.size,
                        checksum: resource.checksum,
                        taken: placement.created.in_exif().into(),
                        pixels: resource.width.zip(resource.height),
                        file: number,
                    });
                }
            }
            // What bears its name is read, whatever its length: a record may be wrong about that.
            if let (true, Some(size), Some(checksum)) = (is_named, resource.size, resource.checksum)
                && resource.is_provable()
                && !tree.lengths.contains(&size)
            {
                let files = self.by_content.entry(checksum).or_default();
                files.push((asset.id().clone(), file.role, size));
            }
        }
    }

    /// Whether this file is meant to stand under this name.
    pub(super) fn is_named(&self, path: &StoragePath, asset: &AssetId, role: Role) -> bool {
        self.at(path).iter().any(|wish| wish.asset == *asset && wish.role == role)
    }

    /// The files that may bear this name.
    pub(super) fn at(&self, path: &StoragePath) -> &[Wish] {
        self.by_name.get(path).map_or(&[], Vec::as_slice)
    }

    /// A wanted file stands there, though its bytes do not prove it.
    pub(super) fn settle(&mut self, wish: &Wish) {
        self.wanted.remove(&wish.file);
    }

    /// How many files are wanted whose content is not among these.
    pub(super) fn missing<'a>(&self, contents: impl Iterator<Item = &'a Checksum>) -> u64 {
        let have: HashSet<[u8; 8]> = contents.map(short).collect();
        let is_missing = |content: &&Option<[u8; 8]>| content.is_none_or(|content| !have.contains(&content));
        self.wanted.values().filter(is_missing).count() as u64
    }
}

impl Wish {
    /// Whether both are for the same bytes, for all that is known.
    pub(super) fn is_content_of(&self, other: &Self) -> bool {
        match (&self.checksum, &other.checksum) {
            (Some(one), Some(other)) => one == other,
            _ => (&self.asset, self.role) == (&other.asset, other.role),
        }
    }

    /// Whether a checksum can speak for the bytes.
    pub(super) fn is_provable(&self) -> bool {
        self.checksum.is_some_and(|checksum| checksum.scheme() == Scheme::SaltedSha1)
    }
}

/// The names a file may bear: its plain one, that of older icloudpd, and those that tell it from others of its name.
fn names(plain: &str, file: &WantedFile, resource: &Resource) -> Vec<StoragePath> {
    let Ok(plain) = StoragePath::parse(plain) else { return Vec::new() };
    let legacy = file.legacy_name.as_ref().map(|name| plain.sibling(name));
    let by_size = resource.size.map(|size| plain.with_suffix(&size.to_string()));
    let by_content = resource.checksum.map(|checksum| plain.with_suffix(&checksum.digits()));
    [legacy, by_size, by_content].into_iter().flatten().chain([plain]).collect()
}

/// Of two assets with the same content under the same name one file is wanted.
fn number_of(asset: &Asset, resource: &Resource, plain: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    match resource.checksum {
        Some(checksum) => checksum.as_bytes().hash(&mut hasher),
        None => (asset.id(), resource.role).hash(&mut hasher),
    }
    plain.hash(&mut hasher);
    hasher.finish()
}

fn short(checksum: &Checksum) -> [u8; 8] {
    let mut first = [0; 8];
    first.copy_from_slice(&checksum.as_bytes()[1..9]);
    first
}
