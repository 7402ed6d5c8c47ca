//! What becomes of files that are missing here, or not as they should be, once iCloud was asked about their photos.

use std::collections::HashMap;

use super::super::catalogue::{FileKey, FileRow};
use super::super::engine::Inner;
use super::astray::Tally;
use super::survey::{Item, Step};
use crate::asset::{Asset, Change, Role};
use crate::error::Result;

/// What becomes of a file that nobody asks for.
enum Fate {
    /// It is left as it is, and noted.
    Left,
    /// It is the mirror's to judge, which another run may not be.
    Mirrored,
    /// Neither here nor in iCloud.
    Forgotten,
    /// It is fetched by its id, or told as lost.
    Sought,
}

impl Inner {
    /// Asks about the assets of these files by their ids, and says what becomes of the files that this selection does not ask for: who is
    /// shown by no list keeps what is here, and what is damaged is fetched as long as iCloud has it.
    pub(super) async fn ask_about(
        &self,
        doubted: Vec<FileRow>,
        wanted: Vec<FileRow>,
    ) -> Result<(Vec<Item>, Tally)> {
        let ids = doubted.iter().chain(&wanted).map(|row| row.key.asset.clone()).collect();
        let mut items = self.look_up(ids).await;
        if items.iter().any(|item| matches!(item, Item::Asset(Err(_)))) {
            return Ok((items, Tally::default()));
        }
        let assets: HashMap<_, _> =
            items.iter().filter_map(seen).map(|asset| (asset.id().clone(), asset)).collect();
        let unasked = |row: &FileRow| {
            !assets.get(&row.key.asset).is_some_and(|asset| self.asks_for(asset, row.key.role))
        };
        let mut tally = Tally::of(doubted.iter().filter(|row| unasked(row)).map(|row| &row.key));
        let rest: Vec<_> = wanted.into_iter().filter(unasked).collect();
        let mut steps = Vec::new();
        for (row, there) in self.with_files(rest).await {
            let there = match there {
                Ok(there) => there,
                Err(error) => {
                    steps.push(Step::Problem(Some(row.key.asset), error));
                    continue;
                }
            };
            let asset = assets.get(&row.key.asset).filter(|asset| asset.resource(row.key.role).is_some());
            match self.fate(&row, there, asset) {
                Fate::Left => tally.add(&row.key),
                Fate::Mirrored => {}
                Fate::Forgotten => {
                    if asset.is_none_or(|asset| asset.is_trashed()) {
                        steps.extend(self.gone_elsewhere(&row).await?.into_iter().map(Step::Gone));
                    }
                    steps.push(Step::Gone(row.key));
                }
                Fate::Sought => steps.push(Step::Sought(Box::new(row), asset.map(|asset| (*asset).clone()))),
            }
        }
        if !self.is_whole_library() {
            items.retain(|item| !matches!(item, Item::Asset(_)));
        }
        items.extend(steps.into_iter().map(Item::Other));
        Ok((items, tally))
    }

    /// What other trees know of a file that is forgotten, if it is gone there as well: no run may come that lays them out.
    async fn gone_elsewhere(&self, row: &FileRow) -> Result<Vec<FileKey>> {
        let rows = self.catalogue.files_of(&self.key, std::slice::from_ref(&row.key.asset)).await?;
        let others = rows.into_iter().flatten().filter(|other| other.key.role == row.key.role);
        let others = others.filter(|other| !self.is_own(other)).collect();
        let files = self.with_files(others).await.into_iter();
        Ok(files.filter(|(_, there)| matches!(there, Ok(None))).map(|(other, _)| other.key).collect())
    }

    fn asks_for(&self, asset: &Asset, role: Role) -> bool {
        let shown = !asset.is_trashed() && !asset.is_hidden() && self.is_whole_library();
        shown
            && self.reason_to_skip(asset).is_none()
            && self.layout.place(asset).files.iter().any(|file| file.role == role)
    }

    /// What stands where these rows say: its length.
    async fn with_files(&self, rows: Vec<FileRow>) -> Vec<(FileRow, Result<Option<u64>>)> {
        let paths = rows.iter().filter_map(|row| row.path.clone()).collect();
        let mut stats = self.storage.stat_all(paths).await.into_iter();
        let with = |row: FileRow| {
            let there = row.path.as_ref().and_then(|_| stats.next()).unwrap_or(Ok(None));
            (row, there.map(|there| there.map(|there| there.size)))
        };
        rows.into_iter().map(with).collect()
    }

    /// Those of these files whose photos iCloud shows, as far as the catalogue knows, and the others.
    pub(super) async fn shown_or_not(&self, rows: Vec<FileRow>) -> Result<(Vec<FileRow>, Vec<FileRow>)> {
        let ids: Vec<_> = rows.iter().map(|row| row.key.asset.clone()).collect();
        let assets = self.catalogue.assets(&self.key, &ids).await?;
        let (mut shown, mut others) = (Vec::new(), Vec::new());
        for (row, asset) in rows.into_iter().zip(assets) {
            let is_shown = asset.is_some_and(|asset| !asset.trashed && !asset.hidden);
            if is_shown { shown.push(row) } else { others.push(row) }
        }
        Ok((shown, others))
    }

    /// What becomes of a file that is missing, or not as it should be, and not asked for. `asset` is there if iCloud has the file.
    fn fate(&self, row: &FileRow, there: Option<u64>, asset: Option<&&Asset>) -> Fate {
        // Where a file was never fetched another photo's may stand.
        let there = there.filter(|_| row.was_right());
        match asset {
            Some(asset) if asset.is_trashed() && self.removals.mirror.is_some() => Fate::Mirrored,
            Some(asset) if asset.is_trashed() && there.is_none() => Fate::Forgotten,
            Some(asset) if asset.is_trashed() => Fate::Sought,
            Some(asset) if asset.is_hidden() && row.was_right() => Fate::Sought,
            Some(asset) if asset.is_hidden() => Fate::Forgotten,
            // Another selection may want it.
            Some(_) => Fate::Left,
            None => match there {
                None => Fate::Forgotten,
                // Whoever changed the last copy there is had reasons.
                Some(1..) if row.status.is_kept() => Fate::Left,
                Some(_) => Fate::Sought,
            },
        }
    }
}

/// The asset that was found, whether a list shows it or not.
fn seen(item: &Item) -> Option<&Asset> {
    match item {
        Item::Asset(Ok(asset)) | Item::Other(Step::Note(Change::Asset(asset) | Change::Trashed(asset))) => {
            Some(asset)
        }
        _ => None,
    }
}
