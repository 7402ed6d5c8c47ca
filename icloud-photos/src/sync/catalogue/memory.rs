//! A catalogue that lives as long as its process, for tests and for runs that shall leave nothing behind.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{
    AlbumRow, AssetRow, Batch, Catalogue, FileKey, FileRow, LibraryKey, Progress, RemovalRow, RemovalState,
    Roll, Status, StoreId, Totals, of_another_store, start,
};
use crate::asset::{AssetId, Checksum, MasterId, Role};
use crate::error::Result;
use crate::storage::StoragePath;

/// A catalogue in memory. Clones share their rows.
#[derive(Debug, Clone, Default)]
pub struct MemoryCatalogue(Arc<Mutex<State>>);

type AssetKey = (LibraryKey, AssetId);

#[derive(Debug, Default)]
struct State {
    store: Option<StoreId>,
    files: BTreeMap<FileKey, FileRow>,
    by_path: HashMap<StoragePath, BTreeSet<FileKey>>,
    by_checksum: HashMap<Checksum, BTreeSet<FileKey>>,
    assets: BTreeMap<AssetKey, AssetRow>,
    by_master: HashMap<MasterId, BTreeSet<AssetKey>>,
    albums: BTreeMap<(LibraryKey, String), AlbumRow>,
    progress: BTreeMap<(LibraryKey, String), Progress>,
    rolls: HashMap<(LibraryKey, String), HashSet<AssetId>>,
    removals: BTreeMap<(LibraryKey, AssetId), RemovalRow>,
    members: BTreeSet<(LibraryKey, String, AssetId)>,
}

impl MemoryCatalogue {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Catalogue for MemoryCatalogue {
    async fn store(&self) -> Result<Option<StoreId>> {
        Ok(self.state().store.clone())
    }

    async fn set_store(&self, store: &StoreId) -> Result<()> {
        let mut state = self.state();
        match &state.store {
            Some(known) if known.id != store.id && !state.files.is_empty() => {
                Err(of_another_store(known, store))
            }
            _ => {
                state.store = Some(store.clone());
                Ok(())
            }
        }
    }

    async fn files_of(&self, library: &LibraryKey, assets: &[AssetId]) -> Result<Vec<Vec<FileRow>>> {
        let state = self.state();
        Ok(assets.iter().map(|asset| state.files_of(library, asset)).collect())
    }

    async fn files_at(&self, paths: &[StoragePath]) -> Result<Vec<Vec<FileRow>>> {
        let state = self.state();
        Ok(paths.iter().map(|path| state.rows(state.by_path.get(path))).collect())
    }

    async fn files_with(&self, checksums: &[Checksum]) -> Result<Vec<Vec<FileRow>>> {
        let state = self.state();
        Ok(checksums.iter().map(|checksum| state.rows(state.by_checksum.get(checksum))).collect())
    }

    async fn files(
        &self,
        library: Option<&LibraryKey>,
        after: Option<&FileKey>,
        limit: usize,
    ) -> Result<Vec<FileRow>> {
        Ok(self.state().page(library, after, limit, |_| true))
    }

    async fn failed(
        &self,
        library: &LibraryKey,
        after: Option<&FileKey>,
        limit: usize,
    ) -> Result<Vec<FileRow>> {
        let failed = |row: &FileRow| matches!(row.status, Status::Failed { .. });
        Ok(self.state().page(Some(library), after, limit, failed))
    }

    async fn assets(&self, library: &LibraryKey, ids: &[AssetId]) -> Result<Vec<Option<AssetRow>>> {
        let state = self.state();
        Ok(ids.iter().map(|id| state.assets.get(&(library.clone(), id.clone())).cloned()).collect())
    }

    async fn all_assets(
        &self,
        library: &LibraryKey,
        after: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<AssetRow>> {
        let after = (library.clone(), after.cloned().unwrap_or_else(|| AssetId::new("")));
        let state = self.state();
        let rows = state.assets.range((Bound::Excluded(after), Bound::Unbounded)).map(|(_, row)| row);
        Ok(rows.take_while(|row| row.library == *library).take(limit).cloned().collect())
    }

    async fn assets_with(&self, masters: &[MasterId]) -> Result<Vec<Vec<AssetRow>>> {
        let state = self.state();
        let of = |master: &MasterId| {
            let keys = state.by_master.get(master).into_iter().flatten();
            keys.filter_map(|key| state.assets.get(key).cloned()).collect()
        };
        Ok(masters.iter().map(of).collect())
    }

    async fn albums(&self, library: &LibraryKey) -> Result<Vec<AlbumRow>> {
        Ok(self.state().albums.values().filter(|album| album.library == *library).cloned().collect())
    }

    async fn progress(&self, library: &LibraryKey, selection: &str) -> Result<Option<Progress>> {
        Ok(self.state().progress.get(&(library.clone(), selection.to_owned())).cloned())
    }

    async fn all_progress(&self) -> Result<Vec<Progress>> {
        Ok(self.state().progress.values().cloned().collect())
    }

    async fn on_roll(&self, library: &LibraryKey, selection: &str, ids: &[AssetId]) -> Result<Vec<bool>> {
        let state = self.state();
        let roll = state.rolls.get(&(library.clone(), selection.to_owned()));
        Ok(ids.iter().map(|id| roll.is_some_and(|roll| roll.contains(id))).collect())
    }

    async fn removals(&self, library: &LibraryKey, ids: &[AssetId]) -> Result<Vec<Option<RemovalRow>>> {
        let state = self.state();
        Ok(ids.iter().map(|id| state.removals.get(&(library.clone(), id.clone())).cloned()).collect())
    }

    async fn owed(
        &self,
        library: &LibraryKey,
        selection: &str,
        after: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<AssetId>> {
        let state = self.state();
        let all = state.removals(library, after);
        let owed = all.filter(|row| row.selection.as_deref() == Some(selection));
        Ok(owed.take(limit).map(|row| row.asset.clone()).collect())
    }

    async fn sent(
        &self,
        library: &LibraryKey,
        after: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<RemovalRow>> {
        let state = self.state();
        let sent = state.removals(library, after).filter(|row| row.state == RemovalState::Sent);
        Ok(sent.take(limit).cloned().collect())
    }

    async fn members(
        &self,
        library: &LibraryKey,
        selection: &str,
        after: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<AssetId>> {
        let first = after.map_or(Bound::Included(AssetId::new("")), |after| Bound::Excluded(after.clone()));
        let first = first.map(|id| (library.clone(), selection.to_owned(), id));
        let state = self.state();
        let all = state.members.range((first, Bound::Unbounded));
        let of_it = all.take_while(|member| (&member.0, &*member.1) == (library, selection));
        Ok(of_it.take(limit).map(|member| member.2.clone()).collect())
    }

    async fn selections_of(
        &self,
        library: &LibraryKey,
        beginning: &str,
        ids: &[AssetId],
    ) -> Result<Vec<Vec<String>>> {
        let state = self.state();
        let of = |id: &AssetId| {
            let all = state.members.iter().filter(|member| member.0 == *library && member.2 == *id);
            all.map(|member| member.1.clone()).filter(|name| name.starts_with(beginning)).collect()
        };
        Ok(ids.iter().map(of).collect())
    }

    async fn totals(&self) -> Result<Totals> {
        let state = self.state();
        let mut totals = Totals { assets: state.assets.len() as u64, ..Totals::default() };
        for row in state.files.values() {
            if let Some(tally) = totals.tally(row.status.name()) {
                tally.files += 1;
                tally.bytes = tally.bytes.saturating_add(row.size.unwrap_or(0));
            }
        }
        Ok(totals)
    }

    async fn commit(&self, batch: Batch) -> Result<()> {
        let mut state = self.state();
        batch.gone_files.iter().for_each(|key| state.forget(key));
        batch.files.into_iter().for_each(|row| state.keep(row));
        batch.gone_assets.iter().for_each(|key| state.forget_asset(key));
        batch.assets.into_iter().for_each(|row| state.keep_asset(row));
        batch.gone_albums.iter().for_each(|key| drop(state.albums.remove(key)));
        state
            .albums
            .extend(batch.albums.into_iter().map(|row| ((row.library.clone(), row.album.clone()), row)));
        batch.progress.into_iter().for_each(|row| state.follow(row));
        for Roll { library, selection, assets } in batch.rolls {
            state.rolls.entry((library, selection)).or_default().extend(assets);
        }
        batch.gone_removals.iter().for_each(|key| drop(state.removals.remove(key)));
        let removals = batch.removals.into_iter().map(|row| ((row.library.clone(), row.asset.clone()), row));
        state.removals.extend(removals);
        for member in &batch.gone_members {
            state.members.remove(member);
        }
        state.members.extend(batch.members);
        Ok(())
    }
}

impl State {
    fn files_of(&self, library: &LibraryKey, asset: &AssetId) -> Vec<FileRow> {
        let first = FileKey::new(library.clone(), asset.clone(), Role::Alternative);
        let rows = self.files.range(first..).map(|(_, row)| row);
        rows.take_while(|row| (&row.key.library, &row.key.asset) == (library, asset)).cloned().collect()
    }

    /// Those of these rows that exist, in the order of their keys.
    fn rows(&self, keys: Option<&BTreeSet<FileKey>>) -> Vec<FileRow> {
        keys.into_iter().flatten().filter_map(|key| self.files.get(key).cloned()).collect()
    }

    fn removals<'a>(
        &'a self,
        library: &'a LibraryKey,
        after: Option<&AssetId>,
    ) -> impl Iterator<Item = &'a RemovalRow> {
        let first = after.map_or(Bound::Included(AssetId::new("")), |after| Bound::Excluded(after.clone()));
        let first = first.map(|id| (library.clone(), id));
        let rows = self.removals.range((first, Bound::Unbounded)).map(|(_, row)| row);
        rows.take_while(move |row| row.library == *library)
    }

    fn page(
        &self,
        library: Option<&LibraryKey>,
        after: Option<&FileKey>,
        limit: usize,
        wanted: impl Fn(&FileRow) -> bool,
    ) -> Vec<FileRow> {
        let Some(after) = library.map_or(Some(after), |library| start(library, after)) else {
            return Vec::new();
        };
        // No key of a library comes before the one with an empty asset and the first of all names of roles.
        let first = library.map(|library| FileKey::new(library.clone(), AssetId::new(""), Role::Alternative));
        let from = match (after, &first) {
            (Some(after), _) => Bound::Excluded(after),
            (None, Some(first)) => Bound::Included(first),
            (None, None) => Bound::Unbounded,
        };
        let rows = self.files.range((from, Bound::Unbounded)).map(|(_, row)| row);
        let rows = rows.take_while(|row| library.is_none_or(|library| row.key.library == *library));
        rows.filter(|row| wanted(row)).take(limit).cloned().collect()
    }

    fn keep(&mut self, row: FileRow) {
        self.forget(&row.key);
        if let Some(path) = &row.path {
            self.by_path.entry(path.clone()).or_default().insert(row.key.clone());
        }
        if let Some(checksum) = row.checksum {
            self.by_checksum.entry(checksum).or_default().insert(row.key.clone());
        }
        self.files.insert(row.key.clone(), row);
    }

    /// Another listing has another roll.
    fn follow(&mut self, row: Progress) {
        let key = (row.library.clone(), row.selection.clone());
        let before = self.progress.get(&key).and_then(|before| before.pending.as_ref());
        let goes_on = before.zip(row.pending.as_ref()).is_some_and(|(before, now)| before.token == now.token);
        if !goes_on {
            self.rolls.remove(&key);
        }
        self.progress.insert(key, row);
    }

    fn keep_asset(&mut self, row: AssetRow) {
        let key = (row.library.clone(), row.asset.clone());
        self.forget_asset(&key);
        self.by_master.entry(row.master.clone()).or_default().insert(key.clone());
        self.assets.insert(key, row);
    }

    fn forget_asset(&mut self, key: &AssetKey) {
        if let Some(row) = self.assets.remove(key) {
            remove(&mut self.by_master, &row.master, key);
        }
    }

    fn forget(&mut self, key: &FileKey) {
        let Some(row) = self.files.remove(key) else { return };
        if let Some(path) = &row.path {
            remove(&mut self.by_path, path, key);
        }
        if let Some(checksum) = &row.checksum {
            remove(&mut self.by_checksum, checksum, key);
        }
    }
}

fn remove<K: Hash + Eq, T: Ord>(index: &mut HashMap<K, BTreeSet<T>>, at: &K, key: &T) {
    let Some(keys) = index.get_mut(at) else { return };
    keys.remove(key);
    if keys.is_empty() {
        index.remove(at);
    }
}
