//! What the catalogue and the storage know of assets, asked about many at a time.

use std::collections::HashSet;
use std::sync::Arc;

use futures::stream::BoxStream;
use futures::{Stream, StreamExt};

use super::super::catalogue::{FileKey, FileRow, Progress};
use super::super::engine::Inner;
use super::super::event::{SkipReason, Target};
use super::super::layout::{ItemKind, Placement, WantedFile};
use super::astray::Tally;
use crate::asset::{Asset, AssetId, Assets, Change, ChangeCursor, Listing};
use crate::error::{Error, ErrorKind, Result};
use crate::library::AlbumTree;
use crate::storage::{ObjectMeta, StoragePath};

/// The storage is asked about the files of so many assets in one call, if as many are listed already.
const GLANCE: usize = 64;

/// So many such calls are under way at once.
const LOOK_AHEAD: usize = 2;

/// What the catalogue knew of files when the run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Memory {
    /// Nothing: the rows that come are of this run, whose claims say the same.
    Blank,
    Rows,
}

/// Steps of one leg of a plan, in order.
pub(super) type Survey = BoxStream<'static, Result<Step>>;

/// What a leg of a plan comes across.
pub(super) enum Step {
    Asset(Box<Surveyed>),
    /// A filter leaves it out.
    Left(Asset, SkipReason),
    Problem(Option<AssetId>, Error),
    /// A file that the catalogue knows stands where it should.
    Stands {
        path: StoragePath,
        /// Its bytes could not be confirmed.
        doubted: bool,
    },
    /// It stands, and its sidecar does not.
    Undescribed(Box<Target>),
    /// Neither here nor in iCloud.
    Gone(FileKey),
    /// Damaged, or missing here though this copy moved its photo out of iCloud; with the photo, if it is still to be had.
    Sought(Box<FileRow>, Option<Asset>),
    /// Missing, failed or doubted files of this album or another.
    Restless(Tally),
    /// Files that were removed here, and are to be left alone.
    Removed(Tally),
    /// One of them: it may have been moved.
    Astray(Box<FileRow>),
    /// All of them were named.
    Searched,
    /// To be remembered for this selection, beside how far it was copied.
    Aside(Progress),
    /// To be remembered.
    Note(Change),
    /// To be remembered, all of them.
    Albums(AlbumTree),
    /// Everything up to here was seen.
    Reached {
        cursor: ChangeCursor,
        /// So many changes came since the last such place.
        changes: u64,
    },
    /// All of a list before this rank was spoken of.
    Listed(u64),
    /// The history cannot be followed; everything must be listed.
    ListAnew(String),
    End(Listing),
    /// The list of an earlier run ends, as it should.
    EndOfRest,
}

/// An asset with what is known of its files.
pub(super) struct Surveyed {
    pub(super) asset: Asset,
    pub(super) placement: Placement,
    /// One for each file of the placement.
    pub(super) found: Vec<Result<Found>>,
}

/// What is known of one file.
pub(super) struct Found {
    /// The plain path.
    pub(super) path: StoragePath,
    /// What stands there, or under the name that older versions of icloudpd gave the file.
    pub(super) there: There,
    /// Rows of the catalogue that name the plain path, whosever they are.
    pub(super) owners: Vec<FileRow>,
    /// The asset wants the same bytes under another name as well.
    pub(super) is_second: bool,
    /// The catalogue's row of this very file in this tree.
    pub(super) row: Option<FileRow>,
    /// It is that of another tree, which has the file under the same name.
    pub(super) is_borrowed: bool,
    /// Its rows in other trees.
    pub(super) elsewhere: Vec<FileRow>,
    /// What stands under the row's path, if it has one.
    pub(super) at_row: Option<There>,
}

pub(super) type There = Result<Option<ObjectMeta>>;

/// What comes from iCloud, before anything else was asked.
pub(super) enum Item {
    Asset(Result<Asset>),
    Other(Step),
}

/// The items of a listing.
pub(super) fn listed(assets: Assets) -> impl Stream<Item = Item> {
    let items = futures::stream::unfold(Some((assets, 0)), |state| async {
        let (mut assets, before) = state?;
        let asset = assets.next().await;
        let reach = assets.reach();
        let mark = (reach > before).then_some(Item::Other(Step::Listed(reach)));
        let (item, next) = match asset {
            Some(asset) => (Item::Asset(asset), Some((assets, reach))),
            None => (Item::Other(Step::End(assets.outcome())), None),
        };
        Some((mark.into_iter().chain([item]), next))
    });
    items.flat_map(futures::stream::iter)
}

/// Turns items into steps.
pub(super) fn survey(inner: Arc<Inner>, items: impl Stream<Item = Item> + Send + 'static) -> Survey {
    survey_with(inner, items, Memory::Rows)
}

/// The same with or without asking the catalogue.
pub(super) fn survey_with(
    inner: Arc<Inner>,
    items: impl Stream<Item = Item> + Send + 'static,
    memory: Memory,
) -> Survey {
    items
        .ready_chunks(GLANCE)
        .map(move |items| look(inner.clone(), items, memory))
        .buffered(LOOK_AHEAD)
        .flat_map(futures::stream::iter)
        .boxed()
}

/// Asks the catalogue and the storage about all files of some items at once; then, about the older names of those that
/// are missing.
async fn look(inner: Arc<Inner>, items: Vec<Item>, memory: Memory) -> Vec<Result<Step>> {
    let mut steps: Vec<_> = items.into_iter().map(|item| inner.draft(item)).collect();
    if memory == Memory::Rows
        && let Err(error) = recall(&inner, &mut steps).await
    {
        return vec![Err(error)];
    }
    let mut questions = Vec::new();
    for (_, found) in found_of(&mut steps) {
        let known = found.row.as_ref().and_then(|row| row.path.clone());
        questions.push((found.path.clone(), &mut found.there));
        if let Some((path, at_row)) = known.zip(found.at_row.as_mut()) {
            questions.push((path, at_row));
        }
    }
    ask(&inner, questions).await;
    let missing = found_of(&mut steps).filter(|(_, found)| matches!(found.there, Ok(None)));
    let older = missing.filter_map(|(file, found)| {
        let legacy = file.legacy_name.as_ref()?;
        Some((found.path.sibling(legacy), &mut found.there))
    });
    ask(&inner, older.collect()).await;
    steps
}

/// Fills in what the catalogue has.
async fn recall(inner: &Inner, steps: &mut [Result<Step>]) -> Result<()> {
    let ids: Vec<AssetId> = surveyed(steps).map(|surveyed| surveyed.asset.id().clone()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let rows = inner.catalogue.files_of(&inner.key, &ids).await?;
    for (surveyed, rows) in surveyed(steps).zip(rows) {
        let mut roles = HashSet::new();
        for (file, found) in surveyed.placement.files.iter().zip(&mut surveyed.found) {
            let Ok(found) = found else { continue };
            found.is_second = !roles.insert(file.role);
            let (own, others) = inner.row_among(&rows, file.role);
            let older = file.legacy_name.as_ref().map(|name| found.path.sibling(name));
            let is_there = |row: &&&FileRow| {
                row.path.is_some() && (row.path.as_ref() == Some(&found.path) || row.path == older)
            };
            let shared = others.iter().find(is_there);
            let borrowed = shared.filter(|_| own.is_none()).map(|row| inner.borrowed(row));
            found.is_borrowed = borrowed.is_some();
            found.row = own.cloned().or(borrowed);
            found.at_row = found.row.as_ref().and_then(|row| row.path.as_ref()).map(|_| Ok(None));
            found.elsewhere = others.into_iter().cloned().collect();
        }
    }
    let paths: Vec<StoragePath> = found_of(steps).map(|(_, found)| found.path.clone()).collect();
    let owners = inner.catalogue.files_at(&paths).await?;
    for ((_, found), owners) in found_of(steps).zip(owners) {
        found.owners = owners;
    }
    Ok(())
}

async fn ask(inner: &Inner, questions: Vec<(StoragePath, &mut There)>) {
    let (paths, answers): (Vec<_>, Vec<_>) = questions.into_iter().unzip();
    if paths.is_empty() {
        return;
    }
    for (answer, there) in answers.into_iter().zip(inner.storage.stat_all(paths).await) {
        *answer = there;
    }
}

fn surveyed(steps: &mut [Result<Step>]) -> impl Iterator<Item = &mut Surveyed> {
    steps.iter_mut().filter_map(|step| match step {
        Ok(Step::Asset(surveyed)) => Some(&mut **surveyed),
        _ => None,
    })
}

/// Every file whose path the storage can take, with what is known of it.
fn found_of(steps: &mut [Result<Step>]) -> impl Iterator<Item = (&WantedFile, &mut Found)> {
    surveyed(steps)
        .flat_map(|Surveyed { placement, found, .. }| placement.files.iter().zip(found))
        .filter_map(|(file, found)| found.as_mut().ok().map(|found| (file, found)))
}

impl Inner {
    /// What an item asks for, before anybody was asked.
    fn draft(&self, item: Item) -> Result<Step> {
        let asset = match item {
            Item::Other(step) => return Ok(step),
            Item::Asset(Err(error)) if Assets::concerns_one(&error) => return Ok(Step::Problem(None, error)),
            Item::Asset(asset) => asset?,
        };
        if let Some(reason) = self.reason_to_skip(&asset) {
            return Ok(Step::Left(asset, reason));
        }
        let placement = self.layout.place(&asset);
        let draft = |file: &WantedFile| {
            let path = StoragePath::parse(&placement.path(&file.name))?;
            self.require_short(&path)?;
            Ok(Found {
                path,
                there: Ok(None),
                owners: Vec::new(),
                is_second: false,
                row: None,
                is_borrowed: false,
                elsewhere: Vec::new(),
                at_row: None,
            })
        };
        let found = placement.files.iter().map(draft).collect();
        Ok(Step::Asset(Box::new(Surveyed { asset, placement, found })))
    }

    /// Before anything is fetched for a name that the storage cannot take.
    fn require_short(&self, path: &StoragePath) -> Result<()> {
        match self.storage.capabilities().max_name {
            Some(most) if path.name().len() > most => {
                let problem = "the name of the photo is too long for this storage";
                Err(Error::new(ErrorKind::Unsupported, problem).with("path", path))
            }
            _ => Ok(()),
        }
    }

    pub(in crate::sync) fn reason_to_skip(&self, asset: &Asset) -> Option<SkipReason> {
        match self.layout.item_kind(asset) {
            ItemKind::Movie if self.skip_videos => Some(SkipReason::IsVideo),
            ItemKind::Image if self.skip_photos => Some(SkipReason::IsPhoto),
            _ => self
                .date_to_skip(asset.created_ms())
                .or_else(|| self.filter.as_ref().and_then(|filter| filter.reason(asset))),
        }
    }

    /// Whether a date is none that is asked for, by now.
    pub(in crate::sync) fn date_to_skip(&self, created: Option<i64>) -> Option<SkipReason> {
        self.dates.reason(created, || self.now(), self.layout.zone())
    }
}
