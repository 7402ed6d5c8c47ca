//! From a batch of changes to news: everything the catalogue knows of it is asked for at once.

use std::collections::HashMap;

use super::super::catalogue::AssetRow;
use super::super::engine::Inner;
use super::{Membership, NewsEvent, Reader};
use crate::asset::{Asset, AssetId, Change, MasterId};
use crate::error::{ErrorKind, Result};
use crate::library::AlbumId;
use crate::storage::StoragePath;
use crate::sync::AssetNews;

/// What the catalogue knows of the assets of a batch.
#[derive(Default)]
struct Known {
    rows: HashMap<AssetId, AssetRow>,
    files: HashMap<AssetId, Vec<StoragePath>>,
    /// Names of those that are not in the catalogue.
    names: HashMap<AssetId, String>,
    /// Assets of other libraries that show the originals of assets that are gone.
    elsewhere: HashMap<MasterId, AssetRow>,
}

impl Reader {
    pub(super) async fn read(&mut self, changes: Vec<Change>) -> Result<Vec<NewsEvent>> {
        let changes = self.inner.resolve(changes).await?;
        let known = self.inner.known(&changes).await?;
        let mut events = Vec::with_capacity(changes.len());
        for change in changes {
            match change {
                Change::Asset(asset) | Change::Trashed(asset) => events.extend(self.asset(&asset, &known)),
                Change::Gone { record } if self.albums.get(&record).is_some() => {
                    events.extend(self.deleted(&record));
                }
                Change::Gone { record } => events.extend(known.gone(&AssetId::new(record))),
                Change::Album { .. } => self.album(&change, &mut events),
                Change::Entered { album, asset } => {
                    events.push(NewsEvent::Entered(self.membership(album, asset, &known)));
                }
                Change::Left { album, asset } => {
                    events.push(NewsEvent::Left(self.membership(album, asset, &known)));
                }
                Change::Problem { asset, error } => events.push(NewsEvent::Problem { asset, error }),
                Change::Reset { reason } => events.push(NewsEvent::Reset { reason }),
                Change::File { .. } | Change::Other { .. } => {}
            }
        }
        Ok(events)
    }

    fn asset(&self, asset: &Asset, known: &Known) -> Option<NewsEvent> {
        let before = known.rows.get(asset.id());
        let now = AssetRow::of(&self.inner.key, asset, &self.inner.layout.roles());
        let now = match before {
            Some(before) => now.after(before),
            None => now,
        };
        NewsEvent::of(before, now, known.files_of(asset.id()))
    }

    fn album(&mut self, change: &Change, events: &mut Vec<NewsEvent>) {
        let row = match self.inner.album_row(change) {
            Some(Ok(row)) => row,
            Some(Err(gone)) => return events.extend(self.deleted(&gone)),
            None => return,
        };
        let (id, title) = (row.album.clone(), row.path.clone());
        let before = self.albums.get(&id).map(|row| (self.albums.title(row).to_owned(), row.clone()));
        self.albums.put(row);
        let Some(album) = self.albums.get(&id) else { return };
        let Some((was, before)) = before else {
            return events.push(NewsEvent::AlbumMade(album.clone()));
        };
        if before.parent != album.parent {
            events.push(NewsEvent::AlbumMoved { album: album.clone(), was: before.path });
        }
        if was != title {
            events.push(NewsEvent::AlbumRenamed { album: album.clone(), was });
        }
    }

    fn deleted(&mut self, album: &str) -> Option<NewsEvent> {
        let row = self.albums.get(album)?.clone();
        self.albums.remove(album);
        Some(NewsEvent::AlbumDeleted(row))
    }

    fn membership(&self, album: AlbumId, asset: AssetId, known: &Known) -> Membership {
        let name = known.rows.get(&asset).map(|row| &row.name).or_else(|| known.names.get(&asset));
        Membership {
            path: self.albums.get(album.as_str()).map(|row| row.path.clone()),
            name: name.filter(|name| !name.is_empty()).cloned(),
            files: known.files_of(&asset),
            album,
            asset,
        }
    }
}

impl Known {
    fn files_of(&self, asset: &AssetId) -> Vec<StoragePath> {
        self.files.get(asset).cloned().unwrap_or_default()
    }

    /// A record that is gone; who was never seen is no news.
    fn gone(&self, asset: &AssetId) -> Option<NewsEvent> {
        let row = self.rows.get(asset)?.clone();
        let elsewhere = self.elsewhere.get(&row.master).filter(|_| !row.trashed);
        let to = elsewhere.map(|elsewhere| elsewhere.library.clone());
        let news = AssetNews { asset: row, files: self.files_of(asset), details: Vec::new() };
        Some(match to {
            Some(to) => NewsEvent::Moved { news, to },
            None => NewsEvent::Gone(news),
        })
    }
}

impl Inner {
    /// The same changes, with the assets of changed originals after them that did not come along.
    async fn resolve(&self, mut changes: Vec<Change>) -> Result<Vec<Change>> {
        let files = changes.iter().filter_map(|change| match change {
            Change::File { master, told } => Some((master.clone(), told.clone())),
            _ => None,
        });
        let (masters, told): (Vec<MasterId>, Vec<_>) = files.unzip();
        if masters.is_empty() {
            return Ok(changes);
        }
        let rows = self.catalogue.assets_with(&masters).await?;
        let others = told.into_iter().zip(rows).flat_map(|(told, rows)| {
            let here = rows.into_iter().filter(|row| row.library == self.key);
            here.map(|row| row.asset).filter(move |asset| !told.contains(asset))
        });
        let others: Vec<AssetId> = others.collect();
        for (asset, found) in others.iter().zip(self.library.assets_by_id(&others).await?) {
            changes.push(match found {
                Ok(asset) if asset.is_trashed() => Change::Trashed(asset),
                Ok(asset) => Change::Asset(asset),
                // That it is gone the history tells itself.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => Change::Problem { asset: Some(asset.clone()), error },
            });
        }
        Ok(changes)
    }

    async fn known(&self, changes: &[Change]) -> Result<Known> {
        let mut known = Known::default();
        let mut gone = Vec::new();
        let ids = changes.iter().filter_map(|change| match change {
            Change::Asset(asset) | Change::Trashed(asset) => {
                let name = asset.filename().known().unwrap_or_default();
                known.names.insert(asset.id().clone(), name.to_owned());
                Some(asset.id().clone())
            }
            Change::Gone { record } => {
                gone.push(AssetId::new(record.as_str()));
                gone.last().cloned()
            }
            Change::Entered { asset, .. } | Change::Left { asset, .. } => Some(asset.clone()),
            _ => None,
        });
        let mut ids: Vec<AssetId> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        let rows = self.catalogue.assets(&self.key, &ids).await?;
        known.rows = rows.into_iter().flatten().map(|row| (row.asset.clone(), row)).collect();
        let files = self.catalogue.files_of(&self.key, &ids).await?;
        for (asset, rows) in ids.into_iter().zip(files) {
            let kept = rows.into_iter().filter(|row| row.status.is_kept());
            known.files.insert(asset, kept.filter_map(|row| row.path).collect());
        }
        let masters: Vec<MasterId> =
            gone.iter().filter_map(|asset| Some(known.rows.get(asset)?.master.clone())).collect();
        let elsewhere = self.catalogue.assets_with(&masters).await?.into_iter().flatten();
        let elsewhere = elsewhere.filter(|row| row.library != self.key && !row.trashed);
        known.elsewhere = elsewhere.map(|row| (row.master.clone(), row)).collect();
        Ok(known)
    }
}
