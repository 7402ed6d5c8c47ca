//! What can never go, what is nowhere, what was moved here: it is noticed, settles, and costs nothing afterwards.

use std::sync::Arc;

use icloud_photos::sync::catalogue::{Batch, Catalogue};
use icloud_photos::sync::layout::{LayoutOptions, Size};
use icloud_photos::sync::{Missing, MoveRule, RemovalLimit, SyncBuilder, SyncReport};
use icloud_photos::{Library, SmartAlbum};
use icloud_photos_testkit::{Edit, LibrarySpec};

use crate::copies::{Copy, Watched, flip};
use crate::removal::id_of;

fn moving(days: u32) -> impl Fn(&Library, SyncBuilder) -> SyncBuilder {
    move |_, builder| {
        builder.move_out(Some(MoveRule::OlderThan { days })).removal_limit(RemovalLimit::new(1.0))
    }
}

fn favourites(days: u32) -> impl Fn(&Library, SyncBuilder) -> SyncBuilder {
    move |library, builder| moving(days)(library, builder.album(library.smart_album(SmartAlbum::Favorites)))
}

/// Photos that are one day old, two, and so on; all favourites.
async fn photos(
    count: usize,
    choose: impl Fn(&Library, SyncBuilder) -> SyncBuilder + Send + Sync + 'static,
) -> Copy {
    let copy = Copy::with(LibrarySpec::plain(0, 1000), choose).await;
    for number in 0..count {
        let id = copy.photo(&format!("{number}.JPG"), number as i64 + 1);
        copy.edit(&id, Edit::Favourite(true));
    }
    copy
}

/// A run, what it told of removals, and its requests.
async fn counted(copy: &Copy) -> (SyncReport, Vec<String>, u64) {
    copy.world.cloud.reset_counts();
    let (report, told) = copy.clear().await;
    (report, told, copy.world.cloud.counts().requests)
}

fn with_edits(builder: SyncBuilder) -> SyncBuilder {
    builder.layout(LayoutOptions::default().sizes([Size::Original, Size::Adjusted]))
}

/// Edits that are not kept here: their photos stay, for a reason that every run tells. Once the edits are here they go.
#[tokio::test(start_paused = true)]
async fn what_can_not_go_costs_nothing_and_goes_as_soon_as_it_can() {
    for album in [false, true] {
        let mut copy = photos(40, |_, builder| builder).await;
        copy.choose = if album { Arc::new(favourites(0)) } else { Arc::new(moving(0)) };
        (0..30).for_each(|number| {
            copy.edit(&id_of(&copy.world.truth(), &format!("{number}.JPG")), Edit::Render)
        });
        assert_eq!(copy.clear().await.0.moved, 10, "album: {album}");
        copy.run().await.unwrap();
        for _ in 0..2 {
            let (report, told, requests) = counted(&copy).await;
            assert_eq!((report.withheld, requests), (30, 1), "album: {album}");
            let edits = told.iter().filter(|line| line.ends_with("is not in the copy (edited)")).count();
            assert_eq!(edits, 30, "album: {album}: {told:?}");
        }
        copy.rests("nothing can go").await;
        let before = std::mem::replace(&mut copy.choose, Arc::new(|_, builder| builder));
        copy.choose = Arc::new(move |library, builder| with_edits(before(library, builder)));
        assert_eq!(copy.clear().await.0.moved, 30, "album: {album}");
    }
}

/// Older versions did not ask which edits there are: iCloud is asked about those photos once.
#[tokio::test(start_paused = true)]
async fn what_was_not_asked_for_is_learnt_once() {
    let copy = photos(12, |_, builder| builder).await;
    copy.shown().iter().for_each(|id| copy.edit(id, Edit::Render));
    copy.run().await.unwrap();
    let mut assets = copy.asset_rows().await;
    for row in &mut assets {
        let mut sheet: serde_json::Value = serde_json::from_str(&row.metadata).unwrap();
        sheet["files"].as_object_mut().unwrap().retain(|role, _| role == "original");
        row.metadata = sheet.to_string();
    }
    let mut old = Batch::default();
    old.assets = assets;
    copy.catalogue.commit(old).await.unwrap();
    let copy = Copy { choose: Arc::new(moving(0)), ..copy };
    let (report, told, requests) = counted(&copy).await;
    assert!(report.withheld == 12 && requests > 1, "{told:?}");
    let (report, again, requests) = counted(&copy).await;
    assert_eq!((report.withheld, again, requests), (12, told, 1));
}

/// Nothing happens in iCloud, and photos of an album grow old.
#[tokio::test(start_paused = true)]
async fn what_has_become_old_in_an_album_goes_without_a_list() {
    let mut copy = photos(10, favourites(30)).await;
    assert_eq!(copy.clear().await.0.moved, 0);
    let (_, told, requests) = counted(&copy).await;
    assert_eq!((told.len(), requests), (10, 1), "{told:?}");
    // The same as if five days had passed.
    copy.choose = Arc::new(favourites(6));
    let (report, told, _) = counted(&copy).await;
    assert_eq!((report.moved, told.len()), (5, 10), "{told:?}");
    assert_eq!(copy.world.cloud.counts().requests_to("cloudkit/records/query"), 0);
}

/// Who has left the album since is not its run's to move out.
#[tokio::test(start_paused = true)]
async fn who_left_the_album_stays() {
    let mut copy = photos(10, favourites(30)).await;
    copy.run().await.unwrap();
    let left = id_of(&copy.world.truth(), "8.JPG");
    copy.edit(&left, Edit::Favourite(false));
    copy.choose = Arc::new(favourites(6));
    assert_eq!(copy.clear().await.0.moved, 4);
    assert!(copy.shown().contains(&left));
}

/// A file that somebody removed proves nothing, and one that was cut neither: that is seen without asking.
#[tokio::test(start_paused = true)]
async fn files_that_are_gone_here_keep_their_photos_there_and_cost_nothing() {
    let choose =
        |library: &Library, builder: SyncBuilder| moving(0)(library, builder.missing(Missing::Respect));
    let copy = photos(8, |_, builder| builder.missing(Missing::Respect)).await;
    copy.run().await.unwrap();
    for path in copy.paths().await.iter().take(3) {
        copy.remove(path).await;
    }
    let copy = Copy { choose: Arc::new(choose), ..copy };
    assert_eq!(copy.clear().await.0.moved, 5);
    copy.run().await.unwrap();
    let (report, told, requests) = counted(&copy).await;
    assert_eq!((report.withheld, requests), (3, 1), "{told:?}");
    assert!(told.iter().all(|line| line.ends_with("is missing")), "{told:?}");
}

/// Files are missing that no list of the album brings: of a photo that is gone, and of photos in other albums.
#[tokio::test(start_paused = true)]
async fn what_an_album_does_not_show_is_looked_for_once() {
    for purged in [false, true] {
        let mut copy = Copy::of(LibrarySpec::everyday(6, 60)).await;
        copy.run().await.unwrap();
        let whole = std::mem::replace(&mut copy.choose, Arc::new(favourites_only));
        assert_eq!(copy.run().await.unwrap().failed, 0);
        copy.rests("everything is there").await;
        // A plain photo that is no favourite.
        let rows = copy.asset_rows().await;
        let files = copy.rows().await;
        let other = rows.iter().find(|row| !row.favorite && !row.trashed).unwrap();
        let lost: Vec<_> = files.iter().filter(|row| row.key.asset == other.asset).collect();
        for row in &lost {
            copy.remove(row.path.as_ref().unwrap().as_str()).await;
        }
        if purged {
            copy.edit(other.asset.as_str(), Edit::Purge);
        }
        let report = copy.run().await.unwrap();
        assert!(report.is_clean() && report.downloaded == 0, "purged: {purged}: {report}");
        copy.rests("it is in no list").await;
        // One more goes, of the album itself: it comes back.
        let favourite = rows.iter().find(|row| row.favorite && !row.trashed && !row.hidden).unwrap();
        let file = files.iter().find(|row| row.key.asset == favourite.asset).unwrap();
        copy.remove(file.path.as_ref().unwrap().as_str()).await;
        assert_eq!(copy.run().await.unwrap().downloaded, 1, "purged: {purged}");
        copy.rests("it is back").await;
        copy.choose = whole;
        let restored = copy.run().await.unwrap().downloaded;
        assert_eq!(
            restored as usize,
            if purged { 0 } else { lost.len() },
            "whoever it belongs to has it back"
        );
    }
}

fn favourites_only(library: &Library, builder: SyncBuilder) -> SyncBuilder {
    builder.album(library.smart_album(SmartAlbum::Favorites))
}

/// Moved is not removed, whether the run follows or lists.
#[tokio::test(start_paused = true)]
async fn a_file_that_was_moved_is_no_removed_one() {
    for lists in [false, true] {
        let copy =
            Copy::with(LibrarySpec::plain(6, 2000), |_, builder| builder.missing(Missing::Respect)).await;
        copy.run().await.unwrap();
        let paths = copy.paths().await;
        let bytes = copy.bytes(&paths[0]).await;
        copy.remove(&paths[0]).await;
        copy.put("Best/of all.jpg", bytes).await;
        copy.remove(&paths[1]).await;
        if lists {
            copy.world.library().expire_tokens();
        }
        let report = copy.run().await.unwrap();
        assert!(report.is_clean() && report.downloaded == 0, "lists: {lists}: {report}");
        let here: Vec<_> =
            copy.rows().await.iter().map(|row| row.path.clone().unwrap().to_string()).collect();
        assert!(
            here.contains(&"Best/of all.jpg".to_owned()) && !here.contains(&paths[0]),
            "lists: {lists}: {here:?}"
        );
        assert!(here.contains(&paths[1]), "lists: {lists}: that it was removed stays known");
        if lists {
            copy.run().await.unwrap();
        }
        copy.rests("moved and removed").await;
        // Another one is moved.
        let bytes = copy.bytes(&paths[2]).await;
        copy.remove(&paths[2]).await;
        copy.put("Best/another.jpg", bytes).await;
        // One of the same length is looked into once.
        copy.put("Best/other.jpg", flip(copy.bytes("Best/another.jpg").await)).await;
        let storage = Watched::new(copy.storage.clone());
        let run = async || drop(copy.engine_on(storage.clone()).run(Arc::new(())).await.unwrap());
        run().await;
        assert_eq!(copy.held_here().await.len(), 5, "lists: {lists}");
        let before = storage.counts();
        assert!(before.0 > 0, "lists: {lists}");
        run().await;
        assert_eq!(storage.counts(), before, "lists: {lists}: nothing is read or written");
        copy.rests("two were moved").await;
    }
}
