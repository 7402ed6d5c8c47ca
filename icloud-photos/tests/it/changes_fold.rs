//! Whatever happens to a library, following its changes leads to what a fresh listing shows.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use futures::StreamExt;
use icloud_photos::asset::{Asset, AssetId, AssetState, Change, ChangeBatch, ChangeCursor};
use icloud_photos::{Album, Library, SmartAlbum};
use icloud_photos_testkit::{Edit, LibrarySpec};
use serde_json::Value;

use crate::fake::World;

/// Numbers that look random and follow from a seed (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }
}

/// What somebody who follows the changes knows.
#[derive(Debug, Default, PartialEq)]
struct Copy {
    assets: BTreeMap<AssetId, AssetState>,
    /// Title of every album that is not deleted.
    albums: BTreeMap<String, Option<String>>,
    /// Album and asset.
    members: BTreeSet<(String, String)>,
}

impl Copy {
    /// By full listings.
    async fn list(library: &Library) -> Self {
        let mut copy = Self::default();
        let lists = [
            library.all(),
            library.smart_album(SmartAlbum::Hidden),
            library.smart_album(SmartAlbum::RecentlyDeleted),
        ];
        for list in lists {
            for asset in read(&list).await {
                copy.assets.insert(asset.id().clone(), AssetState::of(&asset));
            }
        }
        for album in library.albums().await.unwrap().iter() {
            let id = album.id().unwrap().as_str();
            copy.albums.insert(id.to_owned(), Some(album.name().to_owned()));
            let assets = read(album).await;
            copy.members.extend(assets.iter().map(|asset| (id.to_owned(), asset.id().to_string())));
        }
        copy
    }

    /// By changes.
    async fn take(&mut self, batch: ChangeBatch, library: &Library) {
        for change in batch.changes {
            match change {
                Change::Asset(asset) | Change::Trashed(asset) => self.put(&asset),
                Change::File { master, told } => {
                    let of = self.assets.iter().filter(|(_, state)| state.master == master);
                    let of = of.filter(|(id, _)| !told.contains(id));
                    let ids: Vec<AssetId> = of.map(|(id, _)| id.clone()).collect();
                    for (id, found) in ids.iter().zip(library.assets_by_id(&ids).await.unwrap()) {
                        // What is gone meanwhile is told later.
                        match found {
                            Ok(asset) => self.put(&asset),
                            Err(_) => drop(self.assets.remove(id)),
                        }
                    }
                }
                Change::Gone { record } => {
                    self.assets.remove(&AssetId::new(record));
                }
                Change::Album { id, deleted: true, .. } => {
                    self.albums.remove(id.as_str());
                }
                Change::Album { id, name, .. } => drop(self.albums.insert(id.to_string(), name)),
                Change::Entered { album, asset } => {
                    self.members.insert((album.to_string(), asset.to_string()));
                }
                Change::Left { album, asset } => {
                    self.members.remove(&(album.to_string(), asset.to_string()));
                }
                Change::Other { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn put(&mut self, asset: &Asset) {
        self.assets.insert(asset.id().clone(), AssetState::of(asset));
    }

    /// As lists show it: albums hide what was deleted.
    fn shown(&self) -> Self {
        let is_live = |id: &str| self.assets.get(&AssetId::new(id)).is_some_and(|state| !state.trashed);
        let is_shown = |(album, asset): &&(String, String)| self.albums.contains_key(album) && is_live(asset);
        Self {
            assets: self.assets.clone(),
            albums: self.albums.clone(),
            members: self.members.iter().filter(is_shown).cloned().collect(),
        }
    }
}

async fn read(album: &Album) -> Vec<Asset> {
    let mut list = album.assets();
    let mut assets = Vec::new();
    while let Some(asset) = list.next().await {
        assets.push(asset.unwrap());
    }
    assert!(list.outcome().is_complete(), "{:?}", list.outcome());
    assets
}

/// What there is to be changed.
pub(crate) struct Scene {
    pub(crate) assets: Vec<String>,
    pub(crate) albums: Vec<String>,
    pub(crate) folders: Vec<String>,
    /// Album and asset, for assets in Recently Deleted too.
    members: BTreeSet<(String, String)>,
}

impl Scene {
    pub(crate) fn of(world: &World) -> Self {
        let truth = world.truth();
        let own = |value: &&Value| value["zone"] == "PrimarySync";
        let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
        let assets: Vec<&Value> = truth["assets"].as_array().unwrap().iter().filter(own).collect();
        let zone = truth["zones"].as_array().unwrap().iter().find(own).unwrap();
        let all = zone["albums"].as_array().unwrap().iter();
        let named = all.filter(|album| !album["title"].is_null());
        let (folders, albums): (Vec<&Value>, Vec<_>) = named.partition(|album| album["folder"] == true);
        let members = assets.iter().flat_map(|asset| {
            let albums = asset["albums"].as_array().unwrap().iter();
            albums.map(|album| (album.as_str().unwrap().to_owned(), id(asset)))
        });
        let members = members.collect();
        let ids = |values: Vec<&Value>| values.into_iter().map(id).collect();
        Self { assets: ids(assets), albums: ids(albums), folders: ids(folders), members }
    }
}

/// Does something at random to the library.
fn disturb(world: &World, scene: &Scene, dice: &mut Dice) {
    let asset = scene.assets[dice.roll(scene.assets.len())].as_str();
    let album = scene.albums[dice.roll(scene.albums.len())].as_str();
    let (library, now) = (world.library(), world.cloud.now_ms());
    let edit = match dice.roll(18) {
        0 => return drop(library.add_photo(&format!("New{}.JPG", dice.roll(1000)), 2000, now)),
        1 | 2 => return drop(library.duplicate(asset, now)),
        3 => return drop(library.add_album("New album", now)),
        4 => return assert!(library.rename_album(album, &format!("Name {}", dice.roll(100)), now)),
        5 if scene.albums.len() > 4 => return assert!(library.delete_album(album, now)),
        5 | 6 => Edit::Render,
        7 => Edit::Rename(format!("Name{}.JPG", dice.roll(100))),
        8 => Edit::Favourite(dice.roll(2) == 0),
        9 => Edit::Hide(dice.roll(2) == 0),
        10 | 11 => Edit::Trash,
        12 => Edit::Restore,
        13 => Edit::Purge,
        14 => Edit::MoveToShared,
        15 | 16 => Edit::Enter(album.to_owned()),
        _ => Edit::Leave(album.to_owned()),
    };
    library.edit(asset, &edit, now);
}

async fn follow(seed: u64) {
    let mut dice = Dice(seed);
    let world = World::new(LibrarySpec::everyday(seed, 80)).await;
    let library = world.session.primary_library();
    // What happens between the cursor and the listing is in both.
    let mut cursor = library.cursor().await.unwrap();
    let mut scene = Scene::of(&world);
    (0..dice.roll(30)).for_each(|_| disturb(&world, &scene, &mut dice));
    let mut copy = Copy::list(&library).await;
    // Lists of albums hide what is in Recently Deleted, and no change tells of it when it is restored.
    copy.members = Scene::of(&world).members;
    for round in 0..5 {
        scene = Scene::of(&world);
        (0..dice.roll(60)).for_each(|_| disturb(&world, &scene, &mut dice));
        let page = NonZeroUsize::new([1, 3, 10, 50, 200][dice.roll(5)]).unwrap();
        let mut changes = library.changes(&cursor).page_size(page);
        // Asked once more after its end, the feed tells what happened meanwhile.
        let mut ends = 0;
        while ends < 2 {
            let Some(batch) = changes.next().await.unwrap() else {
                ends += 1;
                continue;
            };
            ends = 0;
            let behind = batch.cursor.clone();
            copy.take(batch, &library).await;
            // Sometimes the process ends before the cursor is stored, sometimes after.
            match dice.roll(6) {
                0 => changes = library.changes(&reborn(&cursor)).page_size(page),
                1 => {
                    cursor = reborn(&behind);
                    changes = world.session.primary_library().changes(&cursor).page_size(page);
                }
                _ => cursor = behind,
            }
            if dice.roll(5) == 0 {
                disturb(&world, &scene, &mut dice);
            }
        }
        let fresh = Copy::list(&library).await;
        let (told, listed) = (copy.shown(), fresh.shown());
        let ids = told.assets.keys().chain(listed.assets.keys());
        for id in ids {
            assert_eq!(told.assets.get(id), listed.assets.get(id), "seed {seed}, round {round}: {id}");
        }
        assert_eq!(told.albums, listed.albums, "seed {seed}, round {round}");
        let differ: Vec<_> = told.members.symmetric_difference(&listed.members).collect();
        assert!(differ.is_empty(), "seed {seed}, round {round}: {differ:?}");
    }
}

fn reborn(cursor: &ChangeCursor) -> ChangeCursor {
    serde_json::from_str(&serde_json::to_string(cursor).unwrap()).unwrap()
}

#[tokio::test]
async fn following_the_changes_leads_to_what_a_listing_shows() {
    for seed in 1..=12 {
        follow(seed).await;
    }
}
