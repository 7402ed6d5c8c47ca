//! Real answers of Apple, read by the whole client.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::StreamExt;
use icloud_photos::asset::{
    Asset, AssetId, Checksum, Filename, Hasher, Holder, Listing, MediaKind, Role, Subtype,
};
use icloud_photos::library::{AlbumKind, IndexState, LibraryKind};
use icloud_photos::{Album, SmartAlbum};
use serde_json::Value;
use time::macros::datetime;

use crate::fake::{World, recording};

/// Answers with the first recorded exchange of this path whose body has the same query, whatever the names of the
/// index: today's client lists by another one than in the year of the recording.
async fn replay(name: &str) -> Option<World> {
    let exchanges = recording(name)?;
    let world = World::replaying(move |path, body| {
        let exchange = exchanges.iter().find(|exchange| answers(exchange, path, body))?;
        Some(Bytes::from(exchange["response"]["body"].as_str()?.to_owned()))
    });
    Some(world.await)
}

fn answers(exchange: &Value, path: &str, body: &Value) -> bool {
    let uri = exchange["request"]["uri"].as_str().unwrap_or_default();
    let recorded = exchange["request"]["body"].as_str().and_then(|body| serde_json::from_str(body).ok());
    let recorded: Value = recorded.unwrap_or_default();
    uri.split('?').next().is_some_and(|uri| uri.ends_with(path)) && shape(&recorded) == shape(body)
}

/// What must agree: the kind of query and the rank.
fn shape(body: &Value) -> (String, Value) {
    let kind = body["query"]["recordType"].as_str().unwrap_or_default();
    let kind = kind.split("By").next().unwrap_or_default().replace("Deleted", "");
    let rank = body["query"]["filterBy"][0]["fieldValue"]["value"].clone();
    (kind, rank)
}

async fn all(album: &Album) -> (Vec<Asset>, Listing) {
    let mut assets = album.assets();
    let mut found = Vec::new();
    while let Some(asset) = assets.next().await {
        found.push(asset.unwrap());
    }
    (found, assets.outcome())
}

#[tokio::test]
async fn albums_of_2019() {
    let Some(world) = replay("listing_albums").await else { return };
    let library = world.session.primary_library();
    assert_eq!(library.index_state().await.unwrap(), IndexState::Ready);
    let tree = library.albums().await.unwrap();
    let names: Vec<&str> = tree.iter().map(Album::name).collect();
    let expected = [
        "Bilderrahmen",
        "J\u{f6}rg",
        "Ferienhaus",
        "Trash (PhotoSweeper)",
        "Hochzeit",
        "Garage vorher/nachher",
        "Fahrzeuge",
        "Runtastic",
        "Wohnwagen",
        "Monster",
        "24.09.2009",
        "Laminat Stadthagen",
        "Baby Matti 2009",
        "30.06.2009",
        "WhatsApp",
        "Taufe Fotos",
    ];
    assert_eq!(names, expected, "in the user's order, without the root folder");
    let album = tree.find(&["J\u{f6}rg"]).unwrap();
    assert_eq!(album.original_name(), "Jo\u{308}rg");
    assert_eq!(album.id().unwrap().as_str(), "1EB42751-25E0-437F-951D-5A5EB7140BD5");
    assert!(tree.iter().all(|album| album.kind() == AlbumKind::User && album.path().len() == 1));
}

#[tokio::test]
async fn libraries_of_2019() {
    let Some(world) = replay("listing_albums").await else { return };
    let libraries = world.session.libraries().await.unwrap();
    let named: Vec<_> = libraries.iter().map(|library| (library.name(), library.kind())).collect();
    let shared = "SharedSync-00000000-1111-2222-3333-444444444444";
    assert_eq!(named[0], ("PrimarySync", LibraryKind::Primary));
    assert!(named.contains(&(shared, LibraryKind::Shared)), "{named:?}");
    assert_eq!(libraries[0].id(), world.session.primary_library().id());
}

#[tokio::test]
async fn a_page_of_2023() {
    let Some(world) = replay("download_autodelete_photos_part1").await else { return };
    let album = world.session.primary_library().all();
    assert_eq!(album.count().await.unwrap(), Some(7840));
    let assets: Vec<Asset> = album.assets().limit(100).map(Result::unwrap).collect().await;
    assert_eq!(assets.len(), 100);

    let first = &assets[0];
    assert_eq!(first.id().as_str(), "A5A7C0F1-BE37-46D8-9A99-400AD6DC2351");
    assert_eq!(first.master_id().as_str(), "AeYfMtlOMb3dM9bETic9fXkMpjMV");
    assert_eq!(*first.filename(), Filename::Known("IMG_3589.JPG".to_owned()));
    assert_eq!(first.change_tag(), Some("1s2g"));
    assert_eq!(first.created_ms(), Some(1_686_106_167_436));
    assert_eq!(first.created(), Some(datetime!(2023-06-06 19:49:27.436 -7)));
    assert_eq!(first.added(), Some(datetime!(2023-06-07 02:49:27.440 UTC)));
    assert_eq!((first.kind(), first.media_type()), (MediaKind::Photo, Some("public.jpeg")));
    assert_eq!((first.dimensions(), first.orientation()), (Some((950, 637)), Some(1)));
    assert_eq!((first.duration(), first.location()), (None, None));
    let original = first.resource(Role::Original).unwrap();
    assert_eq!((original.size, original.holder), (Some(85_638), Holder::Master));
    assert_eq!(original.checksum, Checksum::parse("AeYfMtlOMb3dM9bETic9fXkMpjMV"));
    assert!(original.is_offered());

    let names: Vec<_> = [1, 50, 99].iter().map(|i| assets[*i].filename().known().unwrap()).collect();
    let last = "70207890113__CB85D899-3F6E-452F-8E21-A838F90BC26B.HEIC";
    assert_eq!(names, ["IMG_3586.HEIC", "IMG_3407.MOV", last]);
    let place = assets[1].location().unwrap();
    assert_eq!((place.latitude, place.longitude), (34.435425, -119.85610333333334));
    assert_eq!(place.timestamp.map(|time| time.unix_timestamp()), Some(1_685_996_484));
}

#[tokio::test]
async fn every_asset_of_that_page_makes_sense() {
    let Some(world) = replay("download_autodelete_photos_part1").await else { return };
    let album = world.session.primary_library().all();
    let assets: Vec<Asset> = album.assets().limit(100).map(Result::unwrap).collect().await;
    let count = |of: &dyn Fn(&Asset) -> bool| assets.iter().filter(|asset| of(asset)).count();
    assert_eq!(count(&|asset| asset.kind() == MediaKind::Video && asset.duration().is_some()), 11);
    assert_eq!(count(&|asset| asset.kind() == MediaKind::Photo && asset.duration().is_none()), 89);
    assert_eq!(count(&|asset| asset.location().is_some()), 50);
    assert_eq!(count(&|asset| asset.is_edited()), 9);
    assert_eq!(count(&|asset| asset.subtype() == Subtype::Screenshot), 1);
    assert_eq!(count(&Asset::is_favorite), 1);
    assert_eq!(count(&|asset| asset.is_hidden() || asset.is_trashed() || asset.is_hdr()), 0);
    for asset in &assets {
        let name = asset.filename().known().unwrap();
        let original = asset.resource(Role::Original).unwrap();
        assert!(original.is_offered() && asset.created().is_some(), "{name}");
        assert_eq!(original.checksum.unwrap().to_string(), asset.master_id().as_str(), "{name}");
        for resource in asset.resources() {
            let from_edit =
                matches!(resource.role, Role::Edited | Role::Medium | Role::Thumb) && asset.is_edited();
            if from_edit && asset.resource(Role::Edited).is_some() {
                assert_eq!(resource.holder, Holder::Asset, "{name} {resource:?}");
            }
        }
    }
    assert!(assets.iter().any(|asset| asset.resource(Role::Edited).is_some()));
}

#[tokio::test]
async fn the_recorded_photo_is_the_one_its_record_describes() {
    let Some(world) = replay("download_autodelete_photos_part1").await else { return };
    let exchanges = recording("download_autodelete_photos_part1").unwrap();
    let encoded = exchanges.iter().find_map(|exchange| exchange["response"]["body_base64"].as_str()).unwrap();
    let album = world.session.primary_library().all();
    let asset = album.assets().limit(100).next().await.unwrap().unwrap();
    let mut hasher = Hasher::new();
    hasher.update(&STANDARD.decode(encoded).unwrap());
    let original = asset.resource(Role::Original).unwrap();
    assert_eq!(Some(hasher.length()), original.size);
    assert_eq!(Some(hasher.finish().0), original.checksum);
}

#[tokio::test]
async fn recently_deleted_of_2023() {
    let Some(world) = replay("download_autodelete_photos_part2").await else { return };
    let library = world.session.primary_library();
    let (assets, listing) = all(&library.smart_album(SmartAlbum::RecentlyDeleted)).await;
    assert_eq!(assets.len(), 79);
    // The recorded count is that of the whole library.
    assert_eq!(listing, Listing::Short { expected: Some(7839), seen: 79, gap: false });
    assert!(assets.iter().all(|asset| asset.is_trashed() && asset.expunges_at().is_some()));
    assert_eq!(assets[0].id(), &AssetId::new("A5A7C0F1-BE37-46D8-9A99-400AD6DC2351"));
    assert_eq!(assets[0].expunges_at(), Some(datetime!(2023-07-07 02:54:18.380 UTC)));
}

#[tokio::test]
async fn recently_deleted_of_2018() {
    let Some(world) = replay("autodelete_photos").await else { return };
    let library = world.session.primary_library();
    let (assets, listing) = all(&library.smart_album(SmartAlbum::RecentlyDeleted)).await;
    assert_eq!(assets.len(), 16);
    assert_eq!(listing, Listing::Short { expected: Some(33_161), seen: 16, gap: false });
    assert_eq!(assets[0].id(), &AssetId::new("53F52747-EB6F-492C-B3FA-6718DAE0287D"));
    let live = assets.iter().find(|asset| asset.live_duration().is_some()).unwrap();
    assert!(live.subtype() == Subtype::Live && live.resource(Role::LiveMovie).is_some());
}
