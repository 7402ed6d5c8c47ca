//! What the library has that a tree of files could hold.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::StreamExt;

use super::super::engine::Inner;
use super::super::layout::{Placement, WantedFile};
use super::Tree;
use crate::asset::{Asset, AssetId, Assets, Checksum, Fields, Resource, Role, Scheme};
use crate::error::Result;
use crate::storage::{ObjectMeta, StoragePath};

/// Removals looked at in one go.
const ROWS: usize = 1000;

/// The wishes of a library, as far as a tree could fulfil them.
#[derive(Default)]
pub(super) struct Wishes {
    /// Files of the library whose length is there, by content.
    pub(super) by_content: HashMap<Checksum, Vec<(AssetId, Role, u64)>>,
    /// Which files could stand under a name that is taken.
    by_name: HashMap<StoragePath, Vec<Wish>>,
    /// How many files of each content are wanted; the key is the beginning of the checksum.
    wanted: HashMap<[u8; 8], u32>,
    /// Wanted files without a checksum.
    nameless: u64,
}

/// A file that should stand under some name.
#[derive(Clone)]
pub(super) struct Wish {
    pub(super) asset: AssetId,
    pub(super) role: Role,
    pub(super) size: Option<u64>,
    pub(super) checksum: Option<Checksum>,
}

impl Wishes {
    /// Reads the lists that the engine would copy.
    pub(super) async fn list(inner: &Arc<Inner>, tree: &Tree) -> Result<Self> {
        let mut wishes = Self::default();
        for album in &inner.albums {
            let mut assets = album.assets().fields(Fields::Basic).roles(Role::ALL);
            if let Some(recent) = inner.recent {
                assets = assets.limit(recent);
            }
            while let Some(asset) = assets.next().await {
                match asset {
                    Ok(asset) => wishes.take(inner, tree, &asset),
                    Err(error) if Assets::concerns_one(&error) => {
                        tracing::warn!(%error, "a photo could not be read");
                    }
                    Err(error) => return Err(error),
                }
            }
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
            match resource.checksum {
                Some(checksum) => *self.wanted.entry(short(&checksum)).or_default() += 1,
                None => self.nameless += 1,
            }
            for path in names(placement, file, resource) {
                if tree.files.contains_key(&path) {
                    self.by_name.entry(path).or_default().push(Wish {
                        asset: asset.id().clone(),
                        role: file.role,
                        size: resource.size,
                        checksum: resource.checksum,
                    });
                }
            }
        }
    }

    /// Whether this file is meant to stand under this name.
    pub(super) fn is_named(&self, path: &StoragePath, asset: &AssetId, role: Role) -> bool {
        let wishes = self.by_name.get(path).into_iter().flatten();
        wishes.into_iter().any(|wish| wish.asset == *asset && wish.role == role)
    }

    /// The file that a stranger to all contents was meant to be: one that is not there otherwise, of its length if possible.
    pub(super) fn by_name(&self, meta: &ObjectMeta, have: &HashSet<(AssetId, Role)>) -> Option<Wish> {
        let open = |wish: &&Wish| !have.contains(&(wish.asset.clone(), wish.role));
        let mut wishes = self.by_name.get(&meta.path)?.iter().filter(open);
        let first = wishes.next()?;
        let fits = |wish: &&Wish| wish.size == Some(meta.size);
        Some(std::iter::once(first).chain(wishes).find(fits).unwrap_or(first).clone())
    }

    /// How many files are wanted whose content is not among these.
    pub(super) fn missing<'a>(&self, contents: impl Iterator<Item = &'a Checksum>) -> u64 {
        let have: HashSet<[u8; 8]> = contents.map(short).collect();
        let missing = self.wanted.iter().filter(|(first, _)| !have.contains(*first));
        missing.map(|(_, count)| u64::from(*count)).sum::<u64>() + self.nameless
    }
}

impl Wish {
    /// Whether a checksum can speak for the bytes.
    pub(super) fn is_provable(&self) -> bool {
        self.checksum.is_some_and(|checksum| checksum.scheme() == Scheme::SaltedSha1)
    }
}

/// The names a file may bear: its plain one, that of older icloudpd, and those that tell it from others of its name.
fn names(placement: &Placement, file: &WantedFile, resource: &Resource) -> Vec<StoragePath> {
    let Ok(plain) = StoragePath::parse(&placement.path(&file.name)) else { return Vec::new() };
    let legacy = file.legacy_name.as_ref().map(|name| plain.sibling(name));
    let by_size = resource.size.map(|size| plain.with_suffix(&size.to_string()));
    let by_content = resource.checksum.map(|checksum| plain.with_suffix(&checksum.digits()));
    [legacy, by_size, by_content].into_iter().flatten().chain([plain]).collect()
}

fn short(checksum: &Checksum) -> [u8; 8] {
    let mut first = [0; 8];
    first.copy_from_slice(&checksum.as_bytes()[1..9]);
    first
}
