//! What happened, as people call it; and what a run remembers for that.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use icloud_photos::library::LibraryKind;
use icloud_photos::sync::catalogue::{Catalogue, SqliteCatalogue};
use icloud_photos::sync::layout::{LayoutOptions, Size};
use icloud_photos::sync::{NewsEvent, SyncEngine};
use icloud_photos::{ErrorKind, SmartAlbum};
use icloud_photos_testkit::{Edit, FaultRule, LibrarySpec, SharedLibrary};
use serde_json::{Value, json};

use crate::copies::{Copy, status};

/// What an engine tells, as JSON.
async fn told_by(engine: &SyncEngine) -> Vec<Value> {
    let news: Vec<NewsEvent> = engine.news().try_collect().await.unwrap();
    news.iter().map(|event| serde_json::to_value(event).unwrap()).collect()
}

async fn told(copy: &Copy) -> Vec<Value> {
    let writes = copy.catalogue.writes();
    let (news, again) = (told_by(&copy.engine()).await, told_by(&copy.engine()).await);
    assert_eq!(news, again, "it is told until a run has seen it");
    assert_eq!(copy.catalogue.writes(), writes, "and nothing is written");
    news
}

/// What there is after something was done; a run later it is no news.
async fn news_of(copy: &Copy, act: impl FnOnce(&icloud_photos_testkit::Library, i64)) -> Vec<Value> {
    act(copy.world.library(), copy.world.cloud.now_ms());
    let news = told(copy).await;
    assert!(copy.run().await.unwrap().is_clean());
    assert_eq!(told(copy).await, [json!(null); 0]);
    let (rows, twin) = (copy.asset_rows().await, copy.twin().await);
    let visible: Vec<_> = rows.into_iter().filter(|row| !row.trashed && !row.hidden).collect();
    assert_eq!(visible, twin.asset_rows().await);
    assert_eq!(copy.album_rows().await, twin.album_rows().await);
    news
}

/// The one thing that was told: what, of which asset, and its details.
fn only(news: &[Value]) -> (&str, &str, &Value) {
    let [one] = news else { panic!("{news:?}") };
    (one["change"].as_str().unwrap(), one["asset"].as_str().unwrap(), &one["details"])
}

async fn first_run() -> (Copy, String, String) {
    let copy = Copy::of(LibrarySpec::plain(6, 2000)).await;
    assert!(copy.run().await.unwrap().is_clean());
    let row = copy.rows().await.remove(2);
    let (asset, path) = (row.key.asset.to_string(), row.path.unwrap().to_string());
    (copy, asset, path)
}

#[tokio::test(start_paused = true)]
async fn every_change_of_a_photo_has_its_name() {
    let (copy, asset, path) = first_run().await;
    let before = copy.asset_rows().await.into_iter().find(|row| row.asset.as_str() == asset).unwrap();
    let edit = async |edit: Edit| {
        let mut done = false;
        let news = news_of(&copy, |library, now| done = library.edit(&asset, &edit, now)).await;
        assert!(done, "{edit:?}");
        let about: Vec<_> = news.into_iter().filter(|event| event["asset"] == asset.as_str()).collect();
        let (change, _, details) = only(&about);
        assert_eq!(about[0]["files"], json!([path]), "{edit:?}");
        assert_eq!(about[0]["library"], before.library.as_str());
        (change.to_owned(), details.clone())
    };
    let named = |change: &str, details: Value| (change.to_owned(), details);
    assert_eq!(edit(Edit::Favourite(true)).await, named("metadata", json!([{ "favorite": true }])));
    assert_eq!(edit(Edit::Favourite(false)).await, named("metadata", json!([{ "favorite": false }])));
    assert_eq!(edit(Edit::Hide(true)).await, named("metadata", json!([{ "hidden": true }])));
    assert_eq!(edit(Edit::Hide(false)).await, named("metadata", json!([{ "hidden": false }])));
    let renamed = json!([{ "name": { "was": before.name, "now": "Other.JPG" } }]);
    assert_eq!(edit(Edit::Rename("Other.JPG".into())).await, named("metadata", renamed));
    let adjusted = json!([{ "adjustment": { "was": null, "now": "com.apple.photo" } }]);
    assert_eq!(edit(Edit::Render).await, named("edited", adjusted));
    assert_eq!(edit(Edit::Trash).await, named("trashed", json!([])));
    assert_eq!(edit(Edit::Restore).await, named("restored", json!([])));
    assert_eq!(edit(Edit::Trash).await.0, "trashed");
    assert_eq!(edit(Edit::Rename("In the bin.JPG".into())).await.0, "metadata");
    assert_eq!(edit(Edit::Purge).await, named("gone", json!([])));
    assert!(copy.asset_rows().await.iter().all(|row| row.asset.as_str() != asset));
}

/// Of a favourite only the `CPLAsset` is told; the name comes by a lookup.
#[tokio::test(start_paused = true)]
async fn half_a_record_is_enough() {
    let (copy, asset, _) = first_run().await;
    assert!(copy.world.library().edit(&asset, &Edit::Favourite(true), copy.world.cloud.now_ms()));
    copy.world.cloud.reset_counts();
    let news = told_by(&copy.engine()).await;
    let counts = copy.world.cloud.counts();
    assert_eq!(counts.requests_to("cloudkit/records/lookup"), 1, "{counts:?}");
    assert_eq!(only(&news), ("metadata", &*asset, &json!([{ "favorite": true }])));
    assert!(news[0]["name"].as_str().unwrap().ends_with(".JPG"), "{news:?}");
}

#[tokio::test(start_paused = true)]
async fn new_photos_and_second_ones_of_an_original() {
    let (copy, asset, _) = first_run().await;
    let mut added = String::new();
    let news = news_of(&copy, |library, now| added = library.add_photo("New.JPG", 1500, now)).await;
    assert_eq!(only(&news), ("added", &*added, &json!([])));
    assert_eq!((&news[0]["name"], &news[0]["files"]), (&json!("New.JPG"), &json!([])));
    let mut second = String::new();
    let news = news_of(&copy, |library, now| second = library.duplicate(&asset, now).unwrap()).await;
    assert_eq!(only(&news), ("added", &*second, &json!([])));
    // A new name of the original is one of both.
    let news = news_of(&copy, |library, now| {
        assert!(library.edit(&asset, &Edit::Rename("Both.JPG".into()), now));
    });
    let mut named: Vec<String> =
        news.await.iter().map(|event| event["asset"].as_str().unwrap().into()).collect();
    named.sort();
    let mut both = vec![asset.clone(), second.clone()];
    both.sort();
    assert_eq!(named, both);
    // Here one is deleted, the other stays.
    let news = news_of(&copy, |library, now| assert!(library.edit(&second, &Edit::Purge, now))).await;
    assert_eq!(only(&news), ("gone", &*second, &json!([])));
}

#[tokio::test(start_paused = true)]
async fn edits_are_told_by_their_files() {
    let sizes = LayoutOptions::default().sizes([Size::Original, Size::Adjusted]);
    let copy = Copy::with(LibrarySpec::plain(4, 2000), move |_, builder| builder.layout(sizes.clone())).await;
    copy.run().await.unwrap();
    let asset = copy.rows().await[1].key.asset.to_string();
    for first in [true, false] {
        let edit = |library: &icloud_photos_testkit::Library, now| {
            assert!(library.edit(&asset, &Edit::Render, now));
        };
        let news = news_of(&copy, edit).await;
        let (change, _, details) = only(&news);
        assert_eq!((change, &details[0]), ("edited", &json!({ "files": ["edited"] })), "first: {first}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_change_of_an_album_has_its_name() {
    let copy = Copy::of(LibrarySpec::everyday(5, 40)).await;
    copy.run().await.unwrap();
    let rows = copy.album_rows().await;
    let folder = rows.iter().find(|row| row.path == "Family").unwrap().album.clone();
    let asset = copy.rows().await[0].key.asset.to_string();
    let path = copy.rows().await[0].path.clone().unwrap().to_string();
    let mut album = String::new();
    let news = news_of(&copy, |library, now| album = library.add_album("Trips", now)).await;
    let row = json!({ "change": "album_made", "library": rows[0].library, "album": album, "path": "Trips",
                      "kind": "album", "parent": null });
    assert_eq!(news, [row]);
    let news = news_of(&copy, |library, now| assert!(library.rename_album(&album, "Rome", now))).await;
    assert_eq!((&news[0]["change"], &news[0]["path"]), (&json!("album_renamed"), &json!("Rome")));
    assert_eq!((&news[0]["was"], news.len()), (&json!("Trips"), 1));
    let news = news_of(&copy, |library, now| assert!(library.move_album(&album, Some(&folder), now))).await;
    assert_eq!((&news[0]["change"], &news[0]["path"]), (&json!("album_moved"), &json!("Family/Rome")));
    assert_eq!((&news[0]["was"], news.len()), (&json!("Rome"), 1));
    for (edit, change) in [(Edit::Enter(album.clone()), "entered"), (Edit::Leave(album.clone()), "left")] {
        let news = news_of(&copy, |library, now| assert!(library.edit(&asset, &edit, now))).await;
        let [one] = &news[..] else { panic!("{news:?}") };
        assert_eq!((&one["change"], &one["asset"]), (&json!(change), &json!(asset)));
        assert_eq!((&one["path"], &one["files"][0]), (&json!("Family/Rome"), &json!(path)));
    }
    // A folder takes its albums along.
    let news = news_of(&copy, |library, now| assert!(library.rename_album(&folder, "Kin", now))).await;
    assert_eq!((&news[0]["change"], &news[0]["kind"]), (&json!("album_renamed"), &json!("folder")));
    assert!(copy.album_rows().await.iter().any(|row| row.path == "Kin/Rome"));
    let news = news_of(&copy, |library, now| assert!(library.delete_album(&album, now))).await;
    assert_eq!((&news[0]["change"], &news[0]["path"]), (&json!("album_deleted"), &json!("Kin/Rome")));
    news_of(&copy, |library, now| assert!(library.delete_album(&folder, now))).await;
    assert!(copy.album_rows().await.iter().all(|row| !row.path.starts_with("Kin")));
}

#[tokio::test(start_paused = true)]
async fn a_photo_that_moved_is_known_again_where_a_run_has_seen_it() {
    let spec = LibrarySpec::plain(5, 2000).with_shared_library(SharedLibrary::Owner, 3);
    let copy = Copy::of(spec).await;
    let libraries = copy.world.session.libraries().await.unwrap();
    let shared = libraries.iter().find(|library| library.kind() == LibraryKind::Shared).unwrap();
    let there = SyncEngine::builder(shared, copy.storage.clone()).catalogue(copy.catalogue.clone());
    let there = there.build().unwrap();
    copy.run().await.unwrap();
    there.run(Arc::new(())).await.unwrap();
    let own = copy.rows().await;
    let asset = own.iter().find(|row| row.key.library.as_str().ends_with("PrimarySync")).unwrap();
    let (asset, here) = (asset.key.asset.to_string(), asset.key.library.clone());
    assert!(copy.world.library().edit(&asset, &Edit::MoveToShared, copy.world.cloud.now_ms()));
    assert_eq!(only(&told(&copy).await), ("gone", &*asset, &json!([])));
    let arrived = told_by(&there).await;
    assert_eq!(only(&arrived).0, "added");
    there.run(Arc::new(())).await.unwrap();
    let news = told(&copy).await;
    assert_eq!(only(&news), ("moved", &*asset, &json!([])));
    assert!(news[0]["to"].as_str().unwrap().contains("SharedSync"), "{news:?}");
    copy.run().await.unwrap();
    let rows = copy.catalogue.all_assets(&here, None, 99).await.unwrap();
    assert_eq!((rows.len(), told(&copy).await.len()), (4, 0));
}

/// A list shows neither what is hidden nor what is deleted; what is known of it is asked about.
#[tokio::test(start_paused = true)]
async fn a_list_read_anew_leaves_no_row_behind() {
    let copy = Copy::of(LibrarySpec::everyday(8, 60)).await;
    copy.run().await.unwrap();
    let rows = copy.rows().await;
    let ids: Vec<String> = rows.iter().map(|row| row.key.asset.to_string()).collect();
    let (library, now) = (copy.world.library(), copy.world.cloud.now_ms());
    for (id, edit) in ids.iter().step_by(2).zip([Edit::Purge, Edit::Trash, Edit::Hide(true)]) {
        assert!(library.edit(id, &edit, now));
    }
    library.expire_tokens();
    let reset = told(&copy).await;
    assert!(reset.len() == 1 && reset[0]["change"] == "reset", "{reset:?}");
    assert!(copy.run().await.unwrap().is_clean());
    let seen = copy.asset_rows().await;
    let row = |id: &str| seen.iter().find(|row| row.asset.as_str() == id);
    assert!(row(&ids[0]).is_none());
    assert!(row(&ids[2]).unwrap().trashed && row(&ids[4]).unwrap().hidden);
    copy.rests("after the list").await;
    // Another list shows nothing new: the token alone is written.
    copy.world.library().expire_tokens();
    let writes = copy.catalogue.writes();
    copy.run().await.unwrap();
    assert_eq!(copy.catalogue.writes(), writes + 1);
}

/// A selection that asks for other files, or shows an album, finds the same rows.
#[tokio::test(start_paused = true)]
async fn selections_share_the_rows_of_assets() {
    let mut copy = Copy::of(LibrarySpec::everyday(4, 50)).await;
    copy.run().await.unwrap();
    let medium = LayoutOptions::default().sizes([Size::Original, Size::Medium]);
    let plain = copy.choose.clone();
    copy.choose = Arc::new(move |_, builder| builder.layout(medium.clone()));
    copy.run().await.unwrap();
    let rows = copy.asset_rows().await;
    copy.choose = plain;
    copy.world.library().expire_tokens();
    copy.run().await.unwrap();
    assert_eq!(copy.asset_rows().await, rows, "what the other knows of other files stays");
    let asset = copy.rows().await[0].key.asset.to_string();
    let now = copy.world.cloud.now_ms();
    assert!(copy.world.library().edit(&asset, &Edit::Favourite(false), now));
    assert!(copy.world.library().edit(&asset, &Edit::Favourite(true), now));
    assert_eq!(only(&told(&copy).await).2, &json!([{ "favorite": true }]), "and no file changed");
    // Whoever lists an album hears of the rest.
    copy.choose = Arc::new(|library, builder| builder.album(library.smart_album(SmartAlbum::Videos)));
    copy.run().await.unwrap();
    assert!(copy.world.library().edit(&asset, &Edit::Trash, now));
    copy.run().await.unwrap();
    let row = copy.asset_rows().await.into_iter().find(|row| row.asset.as_str() == asset).unwrap();
    assert!(row.trashed && row.favorite);
}

#[tokio::test(start_paused = true)]
async fn a_second_run_leaves_the_file_of_the_catalogue_alone() {
    let copy = Copy::of(LibrarySpec::everyday(6, 80)).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.sqlite");
    let catalogue = Arc::new(SqliteCatalogue::open(&path).unwrap());
    let library = copy.world.session.primary_library();
    let engine = SyncEngine::builder(&library, copy.storage.clone()).catalogue(catalogue.clone());
    let engine = engine.build().unwrap();
    engine.run(Arc::new(())).await.unwrap();
    assert!(catalogue.totals().await.unwrap().assets > 50);
    let file = |end: &str| std::fs::read(folder.path().join(format!("catalogue.sqlite{end}"))).ok();
    let before = ["", "-wal"].map(file);
    assert!(before.iter().all(Option::is_some));
    engine.run(Arc::new(())).await.unwrap();
    assert!(["", "-wal"].map(file) == before, "nothing is written");
    // A run that lists compares, and writes the token alone.
    let rows = |catalogue: Arc<SqliteCatalogue>| async move {
        let key = catalogue.all_progress().await.unwrap().remove(0).library;
        catalogue.all_assets(&key, None, 999).await.unwrap()
    };
    let seen = rows(catalogue.clone()).await;
    copy.world.library().expire_tokens();
    engine.run(Arc::new(())).await.unwrap();
    assert_eq!(rows(catalogue).await, seen);
}

/// Rows are written before the token, and a run that ends early leaves what it saw.
#[tokio::test(start_paused = true)]
async fn what_was_seen_before_a_run_broke_is_no_harm() {
    let (copy, asset, _) = first_run().await;
    let now = copy.world.cloud.now_ms();
    assert!(copy.world.library().edit(&asset, &Edit::Trash, now));
    let added = copy.world.library().add_photo("New.JPG", 1500, now);
    copy.faults(vec![FaultRule::new("content", status(503))]);
    assert!(!copy.run().await.is_ok_and(|report| report.is_clean()));
    copy.faults(Vec::new());
    assert!(copy.run().await.unwrap().is_clean());
    let rows = copy.asset_rows().await;
    assert!(rows.iter().any(|row| row.asset.as_str() == added));
    assert!(rows.iter().any(|row| row.asset.as_str() == asset && row.trashed));
    copy.rests("afterwards").await;
}

#[tokio::test]
async fn without_a_complete_run_there_is_no_point_to_count_from() {
    let copy = Copy::of(LibrarySpec::plain(2, 1000)).await;
    let first = copy.engine().news().next().await.unwrap();
    assert_eq!(first.unwrap_err().kind(), ErrorKind::NotFound);
}
