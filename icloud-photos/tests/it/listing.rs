//! Libraries, albums and listings on the fake, end to end.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use futures::StreamExt;
use icloud_photos::asset::{Asset, AssetId, Assets, Fields, Filename, Listing, MediaKind, Role};
use icloud_photos::library::{AlbumKind, IndexState, LibraryKind};
use icloud_photos::{Album, ErrorKind, Library, Retry, SmartAlbum};
use icloud_photos_testkit::{
    Access, Edit, FaultAction, FaultRule, FaultScript, LibrarySpec, PageOrder, SharedLibrary,
};
use serde_json::Value;

use crate::fake::World;

async fn read(mut assets: Assets) -> (Vec<Asset>, Listing) {
    let mut found = Vec::new();
    while let Some(asset) = assets.next().await {
        found.push(asset.unwrap());
    }
    (found, assets.outcome())
}

fn ids<'a>(assets: impl IntoIterator<Item = &'a Asset>) -> BTreeSet<String> {
    assets.into_iter().map(|asset| asset.id().to_string()).collect()
}

/// Assets of the personal library for which `is` holds in the fake's truth, by id.
fn truth(world: &World, is: impl Fn(&Value) -> bool) -> BTreeMap<String, Value> {
    let truth = world.truth();
    let assets = truth["assets"].as_array().unwrap().iter().filter(|asset| asset["zone"] == "PrimarySync");
    let assets = assets.filter(|asset| is(asset));
    assets.map(|asset| (asset["id"].as_str().unwrap().to_owned(), asset.clone())).collect()
}

fn is_visible(asset: &Value) -> bool {
    asset["hidden"] == false && asset["deleted"] == false
}

#[tokio::test]
async fn the_whole_library_is_listed_as_it_is() {
    for order in [PageOrder::MastersFirst, PageOrder::Interleaved] {
        for split in [false, true] {
            let spec = LibrarySpec::everyday(3, 450).with(|switches| {
                switches.page_order = order;
                switches.split_pairs = split;
            });
            let world = World::new(spec).await;
            let (assets, listing) = read(world.session.primary_library().all().assets()).await;
            let real = truth(&world, is_visible);
            assert_eq!(listing, Listing::Complete { seen: real.len() as u64 });
            assert_eq!(assets.len(), real.len());
            for asset in &assets {
                assert_is(asset, &real[asset.id().as_str()]);
            }
            let dates: Vec<_> = assets.iter().filter_map(Asset::created_ms).collect();
            assert!(dates.is_sorted_by(|newer, older| newer >= older), "newest first");
        }
    }
}

fn assert_is(asset: &Asset, real: &Value) {
    assert_eq!(asset.master_id().as_str(), real["master"]);
    assert_eq!(asset.created_ms(), real["date"].as_i64());
    assert_eq!(asset.is_favorite(), real["favourite"].as_bool().unwrap());
    if !real["flaw"].as_str().is_some_and(|flaw| flaw.ends_with("ItemType")) {
        assert_eq!(asset.media_type(), real["kind"].as_str());
    }
    assert_eq!(asset.resource(Role::LiveMovie).is_some(), real["live"].as_bool().unwrap());
    match (asset.filename(), real["name"].as_str()) {
        (Filename::Known(name), Some(real)) => assert_eq!(name, real),
        (Filename::Missing, None) => {}
        other => panic!("{other:?}"),
    }
    for resource in real["resources"].as_array().unwrap() {
        let checksum = resource["fileChecksum"].as_str().unwrap();
        let same = |own: &icloud_photos::asset::Resource| {
            own.checksum.is_some_and(|own| own.to_string() == checksum)
                && own.size == resource["size"].as_u64()
        };
        // Renditions of the edit stand in for those of the original.
        let replaced = asset.is_edited() && resource["family"] != "resOriginal";
        assert!(replaced || asset.resources().iter().any(same), "{} {resource}", asset.id());
    }
}

#[tokio::test]
async fn a_wild_library_loses_nothing_and_panics_nowhere() {
    let spec = LibrarySpec::wild(5, 600).with(|switches| switches.page_order = PageOrder::Interleaved);
    let world = World::new(spec).await;
    let mut assets = world.session.primary_library().all().assets();
    let (mut seen, mut errors) = (BTreeSet::new(), Vec::new());
    while let Some(item) = assets.next().await {
        match item {
            Ok(asset) => drop(seen.insert(asset.id().to_string())),
            Err(error) => errors.push(error),
        }
    }
    for error in &errors {
        assert!(error.context().any(|(key, _)| key == "asset" || key == "record"), "{error}");
        seen.extend(error.context().filter(|(key, _)| *key == "asset").map(|(_, id)| id.to_owned()));
    }
    // A master without an asset is reported under its own name.
    let orphans = truth(&world, |asset| is_visible(asset) && asset["flaw"] == "NoAsset");
    let reported = errors.iter().flat_map(|error| error.context()).filter(|(key, _)| *key == "record");
    let reported: BTreeSet<_> = reported.map(|(_, name)| name).collect();
    assert_eq!(reported, orphans.values().map(|asset| asset["master"].as_str().unwrap()).collect());
    let real: BTreeSet<_> =
        truth(&world, is_visible).into_keys().filter(|id| !orphans.contains_key(id)).collect();
    assert!(!orphans.is_empty() && !assets.outcome().is_complete());
    let lost: Vec<_> = real.difference(&seen).collect();
    let invented: Vec<_> = seen.difference(&real).collect();
    assert_eq!((lost, invented), (vec![], vec![]), "{:?}", assets.outcome());
}

#[tokio::test]
async fn smart_albums_hold_what_they_promise() {
    let world = World::new(LibrarySpec::everyday(7, 400)).await;
    let library = world.session.primary_library();
    for album in SmartAlbum::ALL {
        let (assets, listing) = read(library.smart_album(album).assets()).await;
        assert!(listing.is_complete(), "{album:?} {listing:?}");
        let expected = match album {
            SmartAlbum::Favorites => truth(&world, |asset| is_visible(asset) && asset["favourite"] == true),
            SmartAlbum::Hidden => truth(&world, |asset| asset["hidden"] == true && asset["deleted"] == false),
            SmartAlbum::RecentlyDeleted => truth(&world, |asset| asset["deleted"] == true),
            SmartAlbum::Live => truth(&world, |asset| is_visible(asset) && asset["live"] == true),
            SmartAlbum::Videos => {
                assert!(assets.iter().all(|asset| asset.kind() == MediaKind::Video));
                continue;
            }
            _ => continue,
        };
        assert_eq!(ids(&assets), expected.into_keys().collect(), "{album:?}");
    }
}

#[tokio::test]
async fn albums_lie_in_folders_and_hold_their_assets() {
    let world = World::new(LibrarySpec::everyday(7, 400)).await;
    let library = world.session.primary_library();
    let tree = library.albums().await.unwrap();
    let real = world.truth();
    let real = real["zones"].as_array().unwrap().iter().find(|zone| zone["zone"] == "PrimarySync").unwrap();
    let real = real["albums"].as_array().unwrap().iter();
    let real: Vec<_> = real.filter(|album| album["id"] != "----Root-Folder----").collect();
    assert_eq!(tree.iter().count(), real.len());
    let albums: Vec<Album> = tree.iter().cloned().collect();
    let counts = library.counts(&albums).await.unwrap();
    assert!(tree.iter().any(|album| album.path().len() > 2), "folders are two deep");
    for (album, count) in albums.iter().zip(counts) {
        let id = album.id().unwrap().as_str();
        let truth_of = real.iter().find(|real| real["id"] == id).unwrap();
        assert_eq!(album.kind() == AlbumKind::Folder, truth_of["folder"].as_bool().unwrap());
        assert_eq!(album.original_name(), truth_of["title"].as_str().unwrap_or_default());
        let parent = album.path().split_last().and_then(|(_, parents)| tree.find(parents));
        if let Some(parent) = parent {
            assert_eq!(Some(parent.id().unwrap().as_str()), truth_of["parent"].as_str());
        }
        if album.kind() == AlbumKind::Folder {
            continue;
        }
        let (assets, listing) = read(album.assets()).await;
        assert_eq!(listing, Listing::Complete { seen: count.unwrap() });
        let members = truth(&world, |asset| {
            let albums = asset["albums"].as_array().unwrap();
            asset["deleted"] == false && albums.iter().any(|album| album == id)
        });
        assert!(ids(&assets) == members.into_keys().collect(), "{:?}", album.path());
    }
}

#[tokio::test]
async fn shared_libraries_are_found_in_either_database() {
    for at in [SharedLibrary::Owner, SharedLibrary::Participant] {
        let world = World::new(LibrarySpec::everyday(7, 50).with_shared_library(at, 30)).await;
        let libraries = world.session.libraries().await.unwrap();
        let kinds: Vec<_> = libraries.iter().map(Library::kind).collect();
        assert_eq!(kinds, [LibraryKind::Primary, LibraryKind::Shared], "{at:?}");
        let shared = &libraries[1];
        assert_eq!(world.session.library(shared.name()).await.unwrap().id(), shared.id());
        assert_eq!(shared.albums().await.unwrap().iter().count(), 0, "Apple lists no albums there");
        let (assets, listing) = read(shared.all().assets()).await;
        let real = world.truth();
        let real = real["assets"].as_array().unwrap().iter().filter(|asset| asset["zone"] == shared.name());
        assert!(listing.is_complete() && assets.len() == real.filter(|asset| is_visible(asset)).count());
    }
}

#[tokio::test]
async fn an_account_without_shared_libraries_has_one_library() {
    let spec = LibrarySpec::plain(3, 10).with(|switches| switches.shared_database_fails = true);
    let world = World::new(spec).await;
    assert_eq!(world.session.libraries().await.unwrap().len(), 1);
    let error = world.session.library("SharedSync-X").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_library_that_is_not_ready_says_so() {
    let spec = LibrarySpec::plain(3, 10).with(|switches| switches.indexing_state = "RUNNING".to_owned());
    let world = World::new(spec).await;
    let library = world.session.primary_library();
    assert_eq!(library.index_state().await.unwrap(), IndexState::Building { progress: Some(42) });
    world.library().switch(|switches| switches.access = Access::NeverSetUp);
    assert_eq!(library.index_state().await.unwrap_err().kind(), ErrorKind::NotActivated);
}

/// A page that came short, or is no page at all, is fetched again, and is an error only if it stays so.
#[tokio::test(start_paused = true)]
async fn a_page_that_cannot_be_read_is_fetched_again() {
    let body =
        |code, body: &str| FaultAction::Status { code, retry_after: None, body: Some(body.to_owned()) };
    let broken = [
        FaultAction::Resize { by: -50 },
        body(200, r#"{"records":["#),
        body(200, "{}"),
        body(200, ""),
        body(204, ""),
    ];
    let world = World::new(LibrarySpec::plain(450, 10)).await;
    let album = world.session.primary_library().all();
    for action in broken {
        let rule = FaultRule::new("cloudkit/records/query", action.clone()).containing("CPLAssetAndMaster");
        world.cloud.set_faults(FaultScript::new([rule.clone().after(2).times(1)])).unwrap();
        let (_, listing) = read(album.assets()).await;
        assert_eq!(listing, Listing::Complete { seen: 450 }, "{action:?}");
        world.cloud.set_faults(FaultScript::new([rule])).unwrap();
        let error = album.assets().next().await.unwrap().unwrap_err();
        assert!(matches!(error.retry(), Retry::Exhausted { attempts } if attempts > 2), "{error:?}");
    }
    let unreadable = FaultScript::new([FaultRule::new("cloudkit", body(200, "{}")).times(3)]);
    world.cloud.set_faults(unreadable.clone()).unwrap();
    assert_eq!(world.session.libraries().await.unwrap().len(), 1);
    world.cloud.set_faults(unreadable.clone()).unwrap();
    world.session.primary_library().albums().await.unwrap();
    world.cloud.set_faults(unreadable).unwrap();
    assert_eq!(album.count().await.unwrap(), Some(450));
}

/// Only CloudKit itself can say that Photos was never set up.
#[tokio::test]
async fn a_stray_404_is_not_an_account_without_photos() {
    let world = World::new(LibrarySpec::plain(3, 10)).await;
    let library = world.session.primary_library();
    for body in [None, Some(String::new())] {
        let action = FaultAction::Status { code: 404, retry_after: None, body };
        world.cloud.set_faults(FaultScript::new([FaultRule::new("cloudkit", action)])).unwrap();
        assert_eq!(library.index_state().await.unwrap_err().kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn a_list_that_hides_assets_is_never_complete() {
    let spec = LibrarySpec::plain(250, 10).with(|switches| switches.missing_from_lists = 2);
    let world = World::new(spec).await;
    let (assets, listing) = read(world.session.primary_library().all().assets()).await;
    assert_eq!(assets.len(), 248);
    assert_eq!(listing, Listing::Short { expected: Some(250), seen: 248, gap: false });
}

#[tokio::test]
async fn a_listing_costs_few_requests_and_asks_for_little() {
    let world = World::new(LibrarySpec::plain(1000, 10)).await;
    let album = world.session.primary_library().all();
    let (assets, listing) = read(album.assets().fields(Fields::Basic).roles([Role::Original])).await;
    assert!(listing.is_complete() && assets.len() == 1000);
    let paths = world.paths();
    assert_eq!(
        paths.iter().filter(|path| path.ends_with("/records/query")).count(),
        11,
        "10 pages share an asset"
    );
    assert_eq!(paths.len(), 12, "and one count");
    for (_, body) in world.transport.sent.lock().unwrap().iter().filter(|(path, _)| path.ends_with("/query"))
    {
        let keys: Vec<_> = body["desiredKeys"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let resources: Vec<_> = keys.iter().filter(|key| key.starts_with("res")).collect();
        assert_eq!(resources, [&"resOriginalRes", &"resOriginalFileType"]);
    }
    world.transport.sent.lock().unwrap().clear();
    let recent: Vec<_> = album.assets().limit(5).collect().await;
    assert_eq!((recent.len(), world.paths().len()), (5, 1));
}

#[tokio::test]
async fn small_pages_give_the_same_list() {
    let world = World::new(LibrarySpec::everyday(9, 120)).await;
    let album = world.session.primary_library().all();
    let (whole, _) = read(album.assets()).await;
    for page in [1, 2, 7] {
        let (assets, listing) = read(album.assets().page_size(NonZeroUsize::new(page).unwrap())).await;
        assert!(listing.is_complete(), "{page} {listing:?}");
        assert!(assets.iter().map(Asset::id).eq(whole.iter().map(Asset::id)), "pages of {page}");
    }
}

#[tokio::test]
async fn assets_are_found_by_id_and_renewed() {
    let world = World::new(LibrarySpec::everyday(7, 300)).await;
    let library = world.session.primary_library();
    let (assets, _) = read(library.all().assets()).await;
    let mut wanted: Vec<AssetId> = assets.iter().map(|asset| asset.id().clone()).collect();
    wanted.insert(3, AssetId::new("00000000-0000-0000-0000-000000000000"));
    wanted.push(wanted[0].clone());
    let found = library.assets_by_id(&wanted).await.unwrap();
    for (id, found) in wanted.iter().zip(&found) {
        match found {
            Ok(asset) => assert_eq!(asset.id(), id),
            Err(error) => assert!(error.kind() == ErrorKind::NotFound && id == &wanted[3], "{error}"),
        }
    }
    assert_eq!(found.iter().filter(|found| found.is_err()).count(), 1);
    let gone = &assets[2];
    world.library().edit(gone.id().as_str(), &Edit::Purge, world.cloud.now_ms());
    let renewed = library.renew(&assets, &[Role::Original]).await.unwrap();
    for (asset, renewed) in assets.iter().zip(&renewed) {
        match renewed {
            Ok(renewed) => assert_eq!((renewed.id(), renewed.filename()), (asset.id(), asset.filename())),
            Err(error) => assert!(error.kind() == ErrorKind::NotFound && asset.id() == gone.id(), "{error}"),
        }
    }
    assert!(renewed.iter().filter(|renewed| renewed.is_err()).count() <= 1);
}

#[tokio::test]
async fn everything_brings_fields_that_are_not_modelled() {
    let world = World::new(LibrarySpec::everyday(7, 40)).await;
    let album = world.session.primary_library().all();
    let (assets, _) = read(album.assets().fields(Fields::Everything)).await;
    assert!(assets.iter().all(|asset| asset.raw().next().is_some()));
    for (_, json) in assets.iter().flat_map(Asset::raw) {
        assert!(serde_json::from_str::<Value>(json).unwrap().get("value").is_some());
    }
}
