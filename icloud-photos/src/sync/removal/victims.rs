//! Who was deleted in iCloud, and what of it may go here.
//!
//! A file is a victim only by its row in the catalogue: what has none never goes, whatever its name. Most of what keeps a victim
//! can be told without reading it, and is told before anything is counted.

use std::collections::{HashMap, HashSet};

use futures::StreamExt;

use super::super::catalogue::{FileRow, RemovalRow, RemovalState, Status};
use super::super::content::{self, Source};
use super::super::engine::Inner;
use super::super::ledger::seconds;
use super::super::trees::is_named_so;
use super::Kept;
use crate::asset::{Asset, AssetId, Assets};
use crate::error::{Error, ErrorKind, Result};
use crate::library::SmartAlbum;
use crate::storage::{ObjectMeta, StoragePath};

/// Assets asked about in one go.
const ASSETS: usize = 100;

/// Files judged in one go: the record of what was moved out is read once for so many.
const VICTIMS: usize = 2000;

/// A file whose asset lies in Recently Deleted.
pub(super) struct Victim {
    pub(super) row: FileRow,
    pub(super) path: StoragePath,
    /// Without a file only the row goes, and the sidecar that was left there.
    pub(super) is_there: bool,
    /// Somebody else has the file too, though it is not there.
    pub(super) is_shared: bool,
}

/// What stood under a victim's name when its bytes were found to be those that were stored.
pub(super) struct Proven {
    pub(super) meta: ObjectMeta,
    pub(super) sha256: [u8; 32],
}

/// What may go, as far as that can be told without reading files, and what stays.
#[derive(Default)]
pub(super) struct Judged {
    pub(super) going: Vec<Victim>,
    pub(super) staying: Vec<(StoragePath, Kept)>,
}

impl Judged {
    /// The files that would go, each once.
    pub(super) fn files(&self) -> impl Iterator<Item = &StoragePath> {
        let mut seen = HashSet::new();
        let there = self.going.iter().filter(|victim| victim.is_there).map(|victim| &victim.path);
        there.filter(move |path| seen.insert(*path))
    }

    fn len(&self) -> usize {
        self.going.len() + self.staying.len()
    }

    fn add(&mut self, victim: Victim, why: Option<Kept>) {
        match why {
            Some(why) => self.staying.push((victim.path, why)),
            None => self.going.push(victim),
        }
    }
}

/// The files of Recently Deleted, some at a time.
pub(super) struct Deleted<'a> {
    inner: &'a Inner,
    assets: Assets,
    over: bool,
}

impl<'a> Deleted<'a> {
    pub(super) fn of(inner: &'a Inner) -> Self {
        let album = inner.library.smart_album(SmartAlbum::RecentlyDeleted);
        let assets = album.assets().fields(inner.fields()).roles(inner.layout.roles());
        Self { inner, assets, over: false }
    }

    /// Whether the list was read to its end and lacks nothing.
    pub(super) fn whole(&self) -> bool {
        self.over && self.assets.outcome().is_complete()
    }

    pub(super) async fn next(&mut self) -> Result<Option<Judged>> {
        let mut judged = Judged::default();
        while judged.len() < VICTIMS && !self.over {
            let assets = self.some().await?;
            self.inner.judge(assets, &mut judged).await?;
        }
        if judged.len() == 0 {
            return Ok(None);
        }
        self.inner.spare_moved(judged).await.map(Some)
    }

    async fn some(&mut self) -> Result<Vec<Asset>> {
        let mut assets = Vec::new();
        while assets.len() < ASSETS && !self.over {
            match self.assets.next().await {
                // The list is Apple's word, the mark of the record its seal. What a filter leaves out is not this run's to judge.
                Some(Ok(asset)) if asset.is_trashed() && self.inner.reason_to_skip(&asset).is_none() => {
                    assets.push(asset);
                }
                Some(Ok(_)) => {}
                Some(Err(error)) if Assets::concerns_one(&error) => {}
                Some(Err(error)) => return Err(error),
                None => self.over = true,
            }
        }
        Ok(assets)
    }
}

impl Inner {
    /// The files that the copy has of these assets. An asset that this copy moved out itself, or may have, has none to lose.
    async fn judge(&self, assets: Vec<Asset>, judged: &mut Judged) -> Result<()> {
        let ids: Vec<_> = assets.iter().map(|asset| asset.id().clone()).collect();
        let rows = self.catalogue.files_of(&self.key, &ids).await?;
        let moved = self.catalogue.removals(&self.key, &ids).await?;
        let (mut rows_of, mut elsewhere) = (Vec::new(), Vec::new());
        for ((asset, rows), _) in assets.iter().zip(rows).zip(moved).filter(|(_, moved)| !was_sent(moved)) {
            let placement = self.layout.place(asset);
            for row in rows.into_iter().filter(|row| row.status.is_kept()) {
                let Some(path) = row.path.clone() else { continue };
                elsewhere.push(!is_named_so(&placement, &row, &path));
                rows_of.push((row, path));
            }
        }
        let paths: Vec<_> = rows_of.iter().map(|(_, path)| path.clone()).collect();
        let others = self.others(&rows_of, &paths).await?;
        let there = self.storage.stat_all(paths).await;
        for (((row, path), elsewhere), (others, there)) in
            rows_of.into_iter().zip(elsewhere).zip(others.into_iter().zip(there))
        {
            let is_there = !matches!(there, Ok(None));
            // Another tree is another run's to judge, but for the files that both have, and for rows without a file: who removed that
            // tree has no more to do with it.
            if is_there && elsewhere && !self.is_own(&row) {
                continue;
            }
            let victim = Victim { row, path, is_there, is_shared: others.is_some() };
            let why = match there {
                Ok(None) => None,
                Ok(Some(_)) if elsewhere => Some(Kept::Elsewhere),
                Ok(Some(_)) if others.is_some() => others,
                Ok(Some(there)) => self.glance(&victim, &there).await,
                Err(error) => Some(Kept::Unreadable { path: victim.path.clone(), reason: error.to_string() }),
            };
            judged.add(victim, why);
        }
        Ok(())
    }

    /// Leaves alone what was moved out, though this catalogue knows nothing of it.
    async fn spare_moved(&self, judged: Judged) -> Result<Judged> {
        let mut moved = HashSet::new();
        self.find_moved(&judged.going, |at| moved.extend([at])).await?;
        let mut spared = Judged { staying: judged.staying, ..Judged::default() };
        for (at, victim) in judged.going.into_iter().enumerate() {
            let why = moved.contains(&at).then_some(Kept::MovedOut);
            spared.add(victim, why);
        }
        Ok(spared)
    }

    /// What can be told of a file from outside. It is read only if it was touched since.
    async fn glance(&self, victim: &Victim, there: &ObjectMeta) -> Option<Kept> {
        let row = &victim.row;
        let can_be_proven = row.is_provable() && matches!(row.status, Status::Verified | Status::Assumed);
        if row.sha256.is_none() && !can_be_proven {
            return Some(Kept::NoChecksum);
        }
        if row.size.is_some_and(|size| size != there.size) {
            return Some(Kept::Differs { path: victim.path.clone() });
        }
        let can = self.storage.capabilities();
        match can.modified_time {
            true if there.modified.map(seconds) == row.modified => None,
            // Nothing else can be told from outside.
            false if !can.metadata => None,
            _ => self.compare(victim, Source::for_rows([row])).await.err(),
        }
    }

    /// Reads a file: what stood there when it was proven to hold the bytes it should, nothing if nothing did, or why it stays.
    pub(super) async fn read_anew(&self, victim: &Victim) -> std::result::Result<Option<Proven>, Kept> {
        let unreadable =
            |error: Error| Kept::Unreadable { path: victim.path.clone(), reason: error.to_string() };
        let Some(meta) = self.storage.stat(&victim.path).await.map_err(unreadable)? else { return Ok(None) };
        let sha256 = self.compare(victim, Source::Bytes).await?;
        Ok(sha256.map(|sha256| Proven { meta, sha256 }))
    }

    /// That a file holds the bytes it should, and their SHA-256; nothing if there is none.
    async fn compare(&self, victim: &Victim, source: Source) -> std::result::Result<Option<[u8; 32]>, Kept> {
        let Victim { row, path, .. } = victim;
        let checksum = row.checksum.filter(|_| row.is_provable());
        match content::look(&*self.storage, path, source).await {
            Ok(None) => Ok(None),
            Ok(Some((_, digests))) => {
                let apples = checksum == Some(digests.checksum);
                let ours = row.sha256 == Some(digests.sha256);
                if apples || ours {
                    Ok(Some(digests.sha256))
                } else {
                    Err(Kept::Differs { path: path.clone() })
                }
            }
            Err(error) => Err(Kept::Unreadable { path: path.clone(), reason: error.to_string() }),
        }
    }

    /// For each of these files, what another owner has against its going.
    async fn others(
        &self,
        victims: &[(FileRow, StoragePath)],
        paths: &[StoragePath],
    ) -> Result<Vec<Option<Kept>>> {
        let owners = self.catalogue.files_at(paths).await?;
        let others: Vec<Vec<FileRow>> = victims
            .iter()
            .zip(owners)
            .map(|((victim, _), mut owners)| {
                owners.retain(|row| {
                    (&row.key.library, &row.key.asset) != (&victim.key.library, &victim.key.asset)
                });
                owners
            })
            .collect();
        let here = others.iter().flatten().filter(|row| row.key.library == self.key);
        let fates = self.fates(here.map(|row| row.key.asset.clone()).collect()).await?;
        let objection = |row: FileRow| {
            if row.key.library != self.key { Some(Kept::Shared) } else { fates.get(&row.key.asset).cloned() }
        };
        Ok(others.into_iter().map(|rows| rows.into_iter().find_map(objection)).collect())
    }

    /// Those of these assets that were not deleted by their owner, or may not have been.
    async fn fates(&self, ids: HashSet<AssetId>) -> Result<HashMap<AssetId, Kept>> {
        let ids: Vec<_> = ids.into_iter().collect();
        let mut fates = HashMap::new();
        if ids.is_empty() {
            return Ok(fates);
        }
        let moved = self.catalogue.removals(&self.key, &ids).await?;
        let assets = self.library.assets_by_id(&ids).await?;
        for ((id, moved), asset) in ids.into_iter().zip(moved).zip(assets) {
            let fate = match asset {
                _ if was_sent(&moved) => Kept::MovedOut,
                Ok(asset) if asset.is_trashed() => continue,
                Ok(_) => Kept::Shared,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => Kept::OwnerUnclear { reason: error.to_string() },
            };
            fates.insert(id, fate);
        }
        Ok(fates)
    }
}

fn was_sent(removal: &Option<RemovalRow>) -> bool {
    removal.as_ref().is_some_and(|row| row.state == RemovalState::Sent)
}
