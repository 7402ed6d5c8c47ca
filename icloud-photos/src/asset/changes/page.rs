//! From a page of records to changes (protocol notes 7.4).
//!
//! Assets and masters of one page are paired; the masters that assets lack are named, to be looked up. Nothing is kept
//! from page to page.

use std::collections::{HashMap, HashSet, VecDeque};

use icu_normalizer::ComposingNormalizerBorrowed;
use serde_json::value::RawValue;

use super::Change;
use super::wire::{self, Head, RelationFields};
use crate::asset::listing::join_all;
use crate::asset::record::{AssetPart, MasterPart, read_asset, read_master};
use crate::asset::{Asset, AssetId, MasterId};
use crate::error::{Error, ErrorKind, Result};
use crate::library::wire::{AlbumFields, Record};
use crate::library::{AlbumId, AlbumKind, LibraryId};

/// `albumType` of a folder (protocol notes 5.10).
const FOLDER: i64 = 3;
/// How the names of records begin that stand for the tops of trees: `----Root-Folder----`.
const ROOT: &str = "----";
/// What stands between asset and album in the name of a `CPLContainerRelation`.
const IN: &str = "-IN-";

/// What came of a request.
#[derive(Debug)]
pub(super) enum Answer {
    Page(Page),
    /// The token leads nowhere, and what Apple said.
    Invalid(String),
}

/// A page of changes.
#[derive(Debug)]
pub(super) struct Page {
    /// In the server's order, the last one of every name.
    items: Vec<Item>,
    masters: Vec<MasterPart>,
    pub(super) more: bool,
    pub(super) token: Option<String>,
}

#[derive(Debug)]
enum Item {
    Asset(Box<AssetPart>),
    Master(MasterId),
    Ready(Change),
}

/// Reads an answer of `changes/zone`.
pub(super) fn read(bytes: &[u8]) -> Result<Answer> {
    let mut zone = wire::zone(bytes)?;
    if let Some(failure) = zone.failure() {
        return failure.map(Answer::Invalid);
    }
    let Some(records) = zone.records.take() else {
        return Err(Error::new(ErrorKind::Protocol, "iCloud answered without changes"));
    };
    let (more, token) = (zone.more(), zone.token().map(str::to_owned));
    let mut page = Page { items: Vec::with_capacity(records.len()), masters: Vec::new(), more, token };
    for (head, record) in newest(records) {
        let item = page.read(&head, record.get());
        page.items.push(item);
    }
    Ok(Answer::Page(page))
}

/// Of records with one name the last, for it is the newest.
fn newest(records: Vec<&RawValue>) -> Vec<(Head<'_>, &RawValue)> {
    let mut seen = HashSet::new();
    let records = records.into_iter().rev().map(|record| (Head::read(record), record));
    let mut newest: Vec<_> =
        records.filter(|(head, _)| head.name().is_empty() || seen.insert(head.name().to_owned())).collect();
    newest.reverse();
    newest
}

impl Page {
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    fn read(&mut self, head: &Head<'_>, json: &str) -> Item {
        let name = head.name();
        if name.is_empty() {
            let error = Error::new(ErrorKind::Protocol, "iCloud sent a change that names no record");
            return Item::problem(None, error);
        }
        if let Some(error) = head.error() {
            return Item::problem(is_uuid(name).then(|| AssetId::new(name)), error);
        }
        if head.is_gone() {
            return Item::Ready(gone(name));
        }
        let read = match head.kind() {
            Some("CPLAsset") => read_asset(json).map(|asset| Item::Asset(Box::new(asset))),
            Some("CPLMaster") => read_master(json).map(|master| {
                let id = master.id.clone();
                self.masters.push(master);
                Item::Master(id)
            }),
            Some("CPLAlbum") if !name.starts_with(ROOT) => album(name, json).map(Item::Ready),
            Some("CPLContainerRelation") => member(name, json).map(Item::Ready),
            kind => Ok(Item::Ready(other(name, kind))),
        };
        read.unwrap_or_else(|error| {
            let asset = (head.kind() == Some("CPLAsset")).then(|| AssetId::new(name));
            let message = "iCloud sent a record that cannot be read";
            let error = Error::new(ErrorKind::Protocol, message).with("record", name).caused_by(error);
            Item::problem(asset, error)
        })
    }

    /// The masters that assets of this page lack.
    pub(super) fn missing(&self) -> Vec<MasterId> {
        let mut known: HashSet<&MasterId> = self.masters.iter().map(|master| &master.id).collect();
        let wanted = self.assets().filter_map(|asset| asset.master.as_ref());
        wanted.filter(|master| known.insert(*master)).cloned().collect()
    }

    /// The changes, once those masters were looked up: `masters` came, `failures` befell others.
    pub(super) fn join(
        mut self,
        masters: Vec<MasterPart>,
        failures: &[(String, Error)],
        library: &LibraryId,
    ) -> Vec<Change> {
        let mut told: HashMap<MasterId, Vec<AssetId>> = HashMap::new();
        for (master, asset) in self.assets().filter_map(|asset| Some((asset.master.clone()?, &asset.id))) {
            told.entry(master).or_default().push(asset.clone());
        }
        self.masters.extend(masters);
        let (mut live, mut trashed) = (Vec::new(), Vec::new());
        // What comes at each place of the page; assets are taken from their own lists.
        let mut places = Vec::with_capacity(self.items.len());
        for item in self.items {
            match item {
                Item::Asset(asset) => {
                    places.push(Place::Asset { id: asset.id.clone(), trashed: asset.is_trashed() });
                    if asset.is_trashed() { &mut trashed } else { &mut live }.push(*asset);
                }
                Item::Master(master) => {
                    let told = told.get(&master).cloned().unwrap_or_default();
                    places.push(Place::Ready(Change::File { master, told }));
                }
                Item::Ready(change) => places.push(Place::Ready(change)),
            }
        }
        let mut masters_of_trashed = Vec::new();
        if !trashed.is_empty() {
            masters_of_trashed = with_hollow(self.masters.clone(), &trashed, failures);
        }
        let mut live = VecDeque::from(join_all(live, self.masters, failures, library));
        let mut trashed = VecDeque::from(join_all(trashed, masters_of_trashed, failures, library));
        let change = |place| match place {
            Place::Ready(change) => Some(change),
            Place::Asset { id, trashed: false } => Some(joined(id, live.pop_front()?, Change::Asset)),
            Place::Asset { id, trashed: true } => Some(joined(id, trashed.pop_front()?, Change::Trashed)),
        };
        places.into_iter().filter_map(change).collect()
    }

    fn assets(&self) -> impl Iterator<Item = &AssetPart> {
        self.items.iter().filter_map(|item| match item {
            Item::Asset(asset) => Some(&**asset),
            _ => None,
        })
    }
}

enum Place {
    Asset { id: AssetId, trashed: bool },
    Ready(Change),
}

impl Item {
    fn problem(asset: Option<AssetId>, error: Error) -> Self {
        Self::Ready(Change::Problem { asset, error })
    }
}

fn joined(id: AssetId, asset: Result<Asset>, change: fn(Asset) -> Change) -> Change {
    asset.map_or_else(|error| Change::Problem { asset: Some(id), error }, change)
}

/// That a photo was deleted must be heard even if iCloud no longer has its file record: an empty one stands in.
fn with_hollow(
    mut masters: Vec<MasterPart>,
    assets: &[AssetPart],
    failures: &[(String, Error)],
) -> Vec<MasterPart> {
    let failures: HashMap<&str, &Error> =
        failures.iter().map(|(name, error)| (name.as_str(), error)).collect();
    let known: HashSet<MasterId> = masters.iter().map(|master| master.id.clone()).collect();
    let missing = assets.iter().filter_map(|asset| asset.master.as_ref()).filter(|master| {
        let failure = failures.get(master.as_str());
        !known.contains(*master) && failure.is_none_or(|error| error.kind() == ErrorKind::NotFound)
    });
    masters.extend(missing.map(|master| MasterPart::hollow(master.clone())));
    masters
}

fn gone(name: &str) -> Change {
    match membership(name) {
        Some((asset, album)) => Change::Left { album, asset },
        None => Change::Gone { record: name.to_owned() },
    }
}

fn album(name: &str, json: &str) -> serde_json::Result<Change> {
    let fields = serde_json::from_str::<Record<'_, AlbumFields<'_>>>(json)?.fields.unwrap_or_default();
    let parent = fields.parent_id.text().filter(|parent| !parent.is_empty() && !parent.starts_with(ROOT));
    let title = fields.album_name_enc.decoded();
    let is_folder = fields.album_type.int() == Some(FOLDER);
    let (is_deleted, is_expunged) = (fields.is_deleted.flag(), fields.is_expunged.flag());
    Ok(Change::Album {
        id: AlbumId::new(name),
        name: title.map(|title| ComposingNormalizerBorrowed::new_nfc().normalize(&title).into_owned()),
        parent: parent.map(|parent| AlbumId::new(&*parent)),
        kind: if is_folder { AlbumKind::Folder } else { AlbumKind::User },
        deleted: is_deleted || is_expunged,
    })
}

fn member(name: &str, json: &str) -> serde_json::Result<Change> {
    let fields = serde_json::from_str::<Record<'_, RelationFields<'_>>>(json)?.fields.unwrap_or_default();
    let is_deleted = fields.is_deleted.flag();
    let by_fields =
        || Some((AssetId::new(&*fields.item_id.text()?), AlbumId::new(&*fields.container_id.text()?)));
    Ok(match by_fields().or_else(|| membership(name)) {
        Some((asset, album)) if is_deleted => Change::Left { album, asset },
        Some((asset, album)) => Change::Entered { album, asset },
        None => other(name, Some("CPLContainerRelation")),
    })
}

fn other(name: &str, kind: Option<&str>) -> Change {
    Change::Other { record: name.to_owned(), kind: kind.map(str::to_owned) }
}

/// `<asset>-IN-<album>`.
fn membership(name: &str) -> Option<(AssetId, AlbumId)> {
    let (asset, album) =
        name.split_once(IN).filter(|(asset, album)| !asset.is_empty() && !album.is_empty())?;
    Some((AssetId::new(asset), AlbumId::new(album)))
}

/// Whether this may be the name of an asset. Albums are named alike.
fn is_uuid(name: &str) -> bool {
    uuid::Uuid::try_parse(name).is_ok()
}
