//! The change feed on the fake: what every edit is told as, and what it costs.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use futures::StreamExt;
use icloud_photos::asset::{
    Asset, AssetChange, AssetId, AssetState, Change, ChangeBatch, ChangeCursor, Changes, Fields, Filename,
    Role,
};
use icloud_photos::library::{AlbumKind, SyncToken};
use icloud_photos::{ErrorKind, Library};
use icloud_photos_testkit::{Edit, FaultAction, FaultRule, FaultScript, LibrarySpec, SharedLibrary};
use serde_json::{Value, json};

use crate::fake::World;

/// All changes there are, and the cursor behind them.
pub(crate) async fn drain(mut changes: Changes) -> (Vec<Change>, Option<ChangeCursor>) {
    let (mut all, mut cursor) = (Vec::new(), None);
    while let Some(batch) = changes.next().await.unwrap() {
        all.extend(batch.changes);
        cursor = Some(batch.cursor);
    }
    (all, cursor)
}

/// The same without the counters of the library, which come with everything, and files whose assets came along.
async fn news(library: &Library, since: &ChangeCursor) -> Vec<Change> {
    let (mut all, _) = drain(library.changes(since)).await;
    all.retain(|change| match change {
        Change::Other { kind, .. } => kind.as_deref() != Some("CPLLibraryInfo"),
        Change::File { told, .. } => told.is_empty(),
        _ => true,
    });
    all
}

fn visible(world: &World) -> Vec<AssetId> {
    let truth = world.truth();
    let assets = truth["assets"].as_array().unwrap().iter();
    let visible =
        assets.filter(|it| it["zone"] == "PrimarySync" && it["hidden"] == false && it["deleted"] == false);
    visible.map(|asset| AssetId::new(asset["id"].as_str().unwrap())).collect()
}

fn only_asset(changes: &[Change]) -> &Asset {
    match changes {
        [Change::Asset(asset)] => asset,
        other => panic!("{other:?}"),
    }
}

fn edit(world: &World, id: &AssetId, edit: Edit) {
    assert!(world.library().edit(id.as_str(), &edit, world.cloud.now_ms()), "{edit:?}");
}

fn forget(world: &World) {
    world.transport.sent.lock().unwrap().clear();
}

fn zone_answer(body: &Value) -> FaultAction {
    let body = json!({ "zones": [body] }).to_string();
    FaultAction::Status { code: 200, retry_after: None, body: Some(body) }
}

fn zone_fault(world: &World, body: &Value, times: u64) {
    let rule = FaultRule::new("cloudkit/changes/zone", zone_answer(body)).times(times);
    world.cloud.set_faults(FaultScript::new([rule])).unwrap();
}

async fn only_reset(mut changes: Changes) -> (String, ChangeCursor) {
    let ChangeBatch { changes: told, cursor, .. } = changes.next().await.unwrap().unwrap();
    assert!(
        changes.next().await.unwrap().is_none() && changes.next().await.unwrap().is_none(),
        "the last change"
    );
    match <[Change; 1]>::try_from(told) {
        Ok([Change::Reset { reason }]) => (reason, cursor),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_edit_is_told_as_what_it_was() {
    let world = World::new(LibrarySpec::everyday(7, 200)).await;
    let library = world.session.primary_library();
    let id = visible(&world)[0].clone();
    for (what, expected) in [
        (Edit::Render, AssetChange::Edited),
        (Edit::Favourite(true), AssetChange::Metadata),
        (Edit::Favourite(false), AssetChange::Metadata),
        (Edit::Hide(true), AssetChange::Metadata),
        (Edit::Hide(false), AssetChange::Metadata),
        (Edit::Trash, AssetChange::Trashed),
        (Edit::Restore, AssetChange::Restored),
    ] {
        let before = AssetState::of(&library.asset(&id).await.unwrap());
        let cursor = library.cursor().await.unwrap();
        edit(&world, &id, what.clone());
        let changes = news(&library, &cursor).await;
        let asset = match &changes[..] {
            [Change::Asset(asset)] => asset,
            [Change::Trashed(asset)] if what == Edit::Trash => asset,
            other => panic!("{what:?}: {other:?}"),
        };
        assert_eq!((asset.id(), AssetState::compare(Some(&before), asset)), (&id, expected), "{what:?}");
        assert_eq!(asset.is_trashed(), what == Edit::Trash);
        assert!(asset.resource(Role::Original).unwrap().is_offered(), "with fresh links");
        // What comes through the feed is what a lookup gives.
        let looked_up = library.asset(&id).await.unwrap();
        assert_eq!(AssetState::of(asset), AssetState::of(&looked_up), "{what:?}");
    }
    let cursor = library.cursor().await.unwrap();
    let master = library.asset(&id).await.unwrap().master_id().clone();
    edit(&world, &id, Edit::Purge);
    let gone: BTreeSet<String> = news(&library, &cursor).await.into_iter().filter_map(gone).collect();
    assert_eq!(gone, BTreeSet::from([id.to_string(), master.to_string()]));
}

fn gone(change: Change) -> Option<String> {
    match change {
        Change::Gone { record } => Some(record),
        Change::Left { .. } => None,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_new_comes_whole() {
    let world = World::new(LibrarySpec::everyday(7, 60)).await;
    let library = world.session.primary_library();
    let cursor = library.cursor().await.unwrap();
    let id = world.library().add_photo("New.JPG", 5000, world.cloud.now_ms());
    forget(&world);
    let changes = news(&library, &cursor).await;
    let asset = only_asset(&changes);
    assert_eq!(
        (asset.id().as_str(), asset.filename()),
        (id.as_str(), &Filename::Known("New.JPG".to_owned()))
    );
    assert_eq!(AssetState::compare(None, asset), AssetChange::Added);
    assert_eq!(world.paths(), ["private/changes/zone"], "the master came along");
    // A duplicate is an asset of its own, of the same original.
    let cursor = library.cursor().await.unwrap();
    let twin = world.library().duplicate(&id, world.cloud.now_ms()).unwrap();
    let changes = news(&library, &cursor).await;
    let copy = only_asset(&changes);
    assert_eq!((copy.id().as_str(), copy.master_id()), (twin.as_str(), asset.master_id()));
}

#[tokio::test]
async fn half_a_photo_is_completed_by_one_lookup() {
    let world = World::new(LibrarySpec::plain(300, 10)).await;
    let library = world.session.primary_library();
    let cursor = library.cursor().await.unwrap();
    let ids = visible(&world);
    for id in &ids[..90] {
        edit(&world, id, Edit::Favourite(true));
    }
    forget(&world);
    let changes = news(&library, &cursor).await;
    assert_eq!(changes.len(), 90);
    assert!(changes.iter().all(|change| matches!(change, Change::Asset(asset) if asset.is_favorite()
        && asset.filename().known().is_some() && asset.resource(Role::Original).unwrap().is_offered())));
    assert_eq!(world.paths(), ["private/changes/zone", "private/records/lookup"]);
    let sent = world.transport.sent.lock().unwrap();
    assert!(sent[1].1["records"].as_array().unwrap().len() <= 200);
    assert_eq!(sent[0].1["zones"][0]["resultsLimit"], 200);
}

#[tokio::test]
async fn a_file_that_changed_alone_is_told_by_its_name() {
    let world = World::new(LibrarySpec::plain(10, 10)).await;
    let library = world.session.primary_library();
    let asset = library.asset(&visible(&world)[0]).await.unwrap();
    let cursor = library.cursor().await.unwrap();
    edit(&world, asset.id(), Edit::Rename("Other.JPG".to_owned()));
    let changes = news(&library, &cursor).await;
    assert!(
        matches!(&changes[..], [Change::File { master, told }] if master == asset.master_id() && told.is_empty()),
        "{changes:?}"
    );
    let now = library.asset(asset.id()).await.unwrap();
    assert_eq!(AssetState::compare(Some(&AssetState::of(&asset)), &now), AssetChange::Metadata);
}

#[tokio::test]
async fn fields_and_roles_are_asked_for_as_chosen() {
    let world = World::new(LibrarySpec::plain(10, 10)).await;
    let library = world.session.primary_library();
    let cursor = library.cursor().await.unwrap();
    edit(&world, &visible(&world)[0], Edit::Favourite(true));
    forget(&world);
    let feed = library.changes(&cursor).fields(Fields::Basic).roles([Role::Original]);
    let (changes, _) = drain(feed).await;
    let Some(Change::Asset(asset)) = changes.first() else { panic!("{changes:?}") };
    assert!(asset.resources().iter().all(|resource| resource.role == Role::Original));
    for (path, body) in world.transport.sent.lock().unwrap().iter() {
        let keys =
            if path.ends_with("/zone") { &body["zones"][0]["desiredKeys"] } else { &body["desiredKeys"] };
        let keys: Vec<_> = keys.as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let files: Vec<_> = keys.iter().filter(|key| key.starts_with("res")).collect();
        assert_eq!(files, [&"resOriginalRes", &"resOriginalFileType"]);
    }
    let (changes, _) = drain(library.changes(&cursor).fields(Fields::Everything)).await;
    let Some(Change::Asset(asset)) = changes.first() else { panic!("{changes:?}") };
    assert!(asset.raw().next().is_some());
}

#[tokio::test]
async fn albums_and_their_members_are_told() {
    let world = World::new(LibrarySpec::everyday(7, 100)).await;
    let (library, now) = (world.session.primary_library(), world.cloud.now_ms());
    let id = visible(&world)[0].clone();
    let mut cursor = library.cursor().await.unwrap();
    let album = world.library().add_album("Jo\u{308}rg", now);
    let steps: [(&dyn Fn() -> bool, &str); 5] = [
        (&|| true, "Some(\"J\u{f6}rg\")"),
        (
            &|| world.library().edit(id.as_str(), &Edit::Enter(album.clone()), now),
            "entered Some(\"J\u{f6}rg\")",
        ),
        (&|| world.library().edit(id.as_str(), &Edit::Leave(album.clone()), now), "left Some(\"J\u{f6}rg\")"),
        (&|| world.library().rename_album(&album, "New", now), "Some(\"New\")"),
        (&|| world.library().delete_album(&album, now), "Some(\"New\") deleted"),
    ];
    for (step, expected) in steps {
        assert!(step());
        let changes = news(&library, &cursor).await;
        let told: Vec<String> = changes
            .iter()
            .map(|change| match change {
                Change::Album { id, name, parent, kind, deleted, .. } => {
                    assert!(id.as_str() == album && parent.is_none() && *kind == AlbumKind::User);
                    format!("{name:?}{}", if *deleted { " deleted" } else { "" })
                }
                Change::Entered { album: to, asset } => {
                    assert!(to.as_str() == album && *asset == id);
                    "entered".to_owned()
                }
                Change::Left { album: from, asset } => {
                    assert!(from.as_str() == album && *asset == id);
                    "left".to_owned()
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(told.join(" "), expected);
        cursor = library.cursor().await.unwrap();
    }
}

#[tokio::test]
async fn a_move_is_an_end_here_and_a_beginning_there() {
    for at in [SharedLibrary::Owner, SharedLibrary::Participant] {
        let world = World::new(LibrarySpec::everyday(7, 60).with_shared_library(at, 20)).await;
        let libraries = world.session.libraries().await.unwrap();
        let [own, shared] = &libraries[..] else { panic!() };
        let asset = own.asset(&visible(&world)[0]).await.unwrap();
        let (here, there) = (own.cursor().await.unwrap(), shared.cursor().await.unwrap());
        edit(&world, asset.id(), Edit::MoveToShared);
        let changes = news(own, &here).await;
        let gone =
            |change: &Change| matches!(change, Change::Gone { record } if record == asset.id().as_str());
        assert!(changes.iter().any(gone), "{changes:?}");
        let changes = news(shared, &there).await;
        let moved = only_asset(&changes);
        assert_eq!((moved.master_id(), moved.library()), (asset.master_id(), shared.id()));
        assert_ne!(moved.id(), asset.id());
    }
}

#[tokio::test]
async fn nothing_new_costs_one_request_and_so_does_a_cursor() {
    let world = World::new(LibrarySpec::everyday(7, 200)).await;
    let library = world.session.primary_library();
    forget(&world);
    let cursor = library.cursor().await.unwrap();
    assert_eq!(world.paths(), ["private/changes/database"]);
    forget(&world);
    let mut changes = library.changes(&cursor);
    assert!(world.paths().is_empty(), "nothing is sent before the first batch is asked for");
    assert!(changes.next().await.unwrap().is_none());
    assert_eq!(world.paths(), ["private/changes/zone"]);
    // The same feed tells what happens later.
    edit(&world, &visible(&world)[0], Edit::Render);
    forget(&world);
    assert!(changes.next().await.unwrap().is_some());
    assert!(changes.next().await.unwrap().is_none());
    assert_eq!(world.paths(), ["private/changes/zone", "private/records/lookup"], "the end was known");
}

#[tokio::test]
async fn a_listing_and_the_feed_share_tokens() {
    let world = World::new(LibrarySpec::plain(20, 10)).await;
    let library = world.session.primary_library();
    let mut assets = library.all().assets();
    while assets.next().await.is_some() {}
    let cursor = ChangeCursor::new(library.id(), assets.sync_token().unwrap());
    assert_eq!(cursor, library.cursor().await.unwrap());
    assert!(news(&library, &cursor).await.is_empty());
}

#[tokio::test]
async fn a_zone_without_a_token_of_its_own_is_asked_by_query() {
    let world = World::new(LibrarySpec::plain(20, 10)).await;
    let library = world.session.primary_library();
    let cursor = library.cursor().await.unwrap();
    let database = |zones: Value, more| {
        let body = json!({ "zones": zones, "moreComing": more, "syncToken": "d" }).to_string();
        FaultRule::new(
            "cloudkit/changes/database",
            FaultAction::Status { code: 200, retry_after: None, body: Some(body) },
        )
    };
    let zone = json!({ "zoneID": { "zoneName": "PrimarySync" }, "syncToken": "" });
    world.cloud.set_faults(FaultScript::new([database(json!([zone]), false).times(1)])).unwrap();
    assert_eq!(library.cursor().await.unwrap(), cursor);
    let removed = json!({ "zoneID": { "zoneName": "PrimarySync" }, "deleted": true });
    for (zones, more) in [(json!([]), false), (json!([]), true), (json!([removed]), false)] {
        world.cloud.set_faults(FaultScript::new([database(zones, more)])).unwrap();
        assert_eq!(library.cursor().await.unwrap_err().kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn a_cursor_goes_on_in_another_process() {
    let world = World::new(LibrarySpec::plain(60, 10)).await;
    let library = world.session.primary_library();
    let cursor = library.cursor().await.unwrap();
    let ids = visible(&world);
    for id in &ids[..30] {
        edit(&world, id, Edit::Render);
    }
    let mut first = library.changes(&cursor).page_size(NonZeroUsize::new(12).unwrap());
    let batch = first.next().await.unwrap().unwrap();
    let text = serde_json::to_string(&batch.cursor).unwrap();
    drop(first);
    let cursor: ChangeCursor = serde_json::from_str(&text).unwrap();
    let (rest, _) = drain(world.session.primary_library().changes(&cursor)).await;
    let seen = batch.changes.iter().chain(&rest).filter_map(|change| match change {
        Change::Asset(asset) => Some(asset.id().clone()),
        _ => None,
    });
    assert_eq!(seen.collect::<BTreeSet<_>>(), ids[..30].iter().cloned().collect());
    // A batch that was not acknowledged comes again.
    let mut again = library.changes(&cursor);
    assert!(again.next().await.unwrap().is_some());
}

#[tokio::test]
async fn a_cursor_that_is_no_good_means_a_reset() {
    let world = World::new(LibrarySpec::everyday(7, 60)).await;
    let libraries = world.session.libraries().await.unwrap();
    let (library, shared) = (&libraries[0], &libraries[1]);
    let good = library.cursor().await.unwrap();
    let foreign = shared.cursor().await.unwrap();
    let with = |token: &str| ChangeCursor::new(library.id(), SyncToken::new(token));
    let cut = good.token().as_str()[..30].to_owned();
    for cursor in [with("rubbish"), with(&cut), with(foreign.token().as_str())] {
        let (_, fresh) = only_reset(library.changes(&cursor)).await;
        assert_eq!(fresh, good, "the cursor to use after the listing");
    }
    forget(&world);
    for cursor in [with(""), foreign.clone()] {
        assert_eq!(only_reset(library.changes(&cursor)).await.1, good);
    }
    assert!(
        world.paths().iter().all(|path| path.ends_with("changes/database")),
        "such a token is never sent"
    );
    world.library().expire_tokens();
    let (reason, fresh) = only_reset(library.changes(&good)).await;
    assert_eq!(reason, "The change token is too old");
    assert!(news(library, &fresh).await.is_empty());
    zone_fault(&world, &json!({ "serverErrorCode": "ZONE_WAS_RESET" }), 1);
    assert_eq!(only_reset(library.changes(&fresh)).await.0, "ZONE_WAS_RESET");
    // If no new cursor can be had, the old one leads to a reset again.
    let rules = [
        FaultRule::new("cloudkit/changes/zone", zone_answer(&json!({ "serverErrorCode": "BAD_REQUEST" }))),
        FaultRule::new("cloudkit/changes/database", FaultAction::status(404)),
    ];
    world.cloud.set_faults(FaultScript::new(rules)).unwrap();
    assert_eq!(only_reset(library.changes(&fresh)).await.1, fresh);
}

#[tokio::test(start_paused = true)]
async fn a_busy_library_is_waited_for_and_the_cursor_stays_good() {
    let world = World::new(LibrarySpec::plain(20, 10)).await;
    let library = world.session.primary_library();
    let cursor = library.cursor().await.unwrap();
    edit(&world, &visible(&world)[0], Edit::Render);
    for code in ["RETRY_LATER", "TRY_AGAIN_LATER", "THROTTLED", "CAS_OP_LOCK"] {
        zone_fault(&world, &json!({ "serverErrorCode": code, "retryAfter": 2 }), 2);
        assert_eq!(news(&library, &cursor).await.len(), 1, "{code}");
    }
    zone_fault(&world, &json!({ "serverErrorCode": "THROTTLED" }), 1000);
    let mut changes = library.changes(&cursor);
    let error = changes.next().await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::RateLimited, "read changes"));
    world.cloud.set_faults(FaultScript::default()).unwrap();
    assert!(changes.next().await.unwrap().is_some(), "the same feed goes on");
    zone_fault(&world, &json!({ "serverErrorCode": "ZONE_NOT_FOUND" }), 1);
    assert_eq!(library.changes(&cursor).next().await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_failed_lookup_loses_nothing() {
    let world = World::new(LibrarySpec::plain(60, 10)).await;
    let library = world.session.primary_library();
    let cursor = library.cursor().await.unwrap();
    for id in &visible(&world)[..20] {
        edit(&world, id, Edit::Render);
    }
    let mut changes = library.changes(&cursor).page_size(NonZeroUsize::new(5).unwrap());
    let mut seen = BTreeSet::new();
    loop {
        let refused = FaultRule::new("cloudkit/records/lookup", FaultAction::status(404)).times(1);
        world.cloud.set_faults(FaultScript::new([refused])).unwrap();
        let batch = match changes.next().await {
            Ok(batch) => batch,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
                changes.next().await.unwrap()
            }
        };
        let Some(batch) = batch else { break };
        seen.extend(batch.changes.iter().filter_map(|change| match change {
            Change::Asset(asset) => Some(asset.id().clone()),
            _ => None,
        }));
    }
    assert_eq!(seen.len(), 20);
}

#[tokio::test]
async fn empty_pages_are_passed_over_and_circles_end() {
    let world = World::replaying(|path, body| {
        let since = body["zones"][0]["syncToken"].as_str()?;
        assert!(path.ends_with("/changes/zone") && !since.is_empty());
        let (next, more, records) = match since {
            "stuck" => ("stuck".to_owned(), true, json!([])),
            "round" => ("about".to_owned(), true, json!([])),
            "about" => ("round".to_owned(), true, json!([])),
            "none" => (String::new(), true, json!([])),
            "quiet" => ("quieter".to_owned(), false, json!([])),
            number => {
                let number: u32 = number.parse().unwrap();
                let last = json!([{ "recordName": "p", "recordType": "CPLPerson", "fields": {} }]);
                ((number + 1).to_string(), number < 96, if number == 96 { last } else { json!([]) })
            }
        };
        let zone = json!({ "syncToken": next, "moreComing": more, "records": records });
        Some(json!({ "zones": [zone] }).to_string().into())
    })
    .await;
    let library = world.session.primary_library();
    let with = |token: &str| ChangeCursor::new(library.id(), SyncToken::new(token));
    let mut changes = library.changes(&with("0"));
    let batch = changes.next().await.unwrap().unwrap();
    assert_eq!(batch.cursor, with("97"));
    assert!(
        matches!(&batch.changes[..], [Change::Other { record, kind: Some(kind) }] if record == "p" && kind == "CPLPerson")
    );
    assert!(changes.next().await.unwrap().is_none());
    for token in ["stuck", "round", "none"] {
        let error = library.changes(&with(token)).next().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{token}");
    }
    // A cursor that moved without any change is told, so that nobody walks the way again.
    let mut changes = library.changes(&with("quiet"));
    let batch = changes.next().await.unwrap().unwrap();
    assert!(batch.changes.is_empty() && batch.cursor == with("quieter"));
    assert!(changes.next().await.unwrap().is_none());
}
