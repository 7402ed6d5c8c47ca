//! Photos that have left iCloud: in views by album they stay where they were, for as long as the copy keeps their files.

use icloud_photos::sync::{Disposal, MoveRule, RemovalLimit, ViewAs};
use icloud_photos_testkit::{Edit, LibrarySpec};

use crate::copies::Copy;
use crate::views::{NOW, viewed, with_views};

const VIEWS: &[&str] = &["albums:{album_path}", "years:{:%Y}"];

impl Copy {
    fn edits(&self, assets: &[String], edit: &Edit) {
        for asset in assets {
            assert!(self.world.library().edit(asset, edit, NOW), "{asset} {edit:?}");
        }
    }

    /// A run by the history, one that lists everything anew, and one that does nothing: all of them show this.
    async fn shows(&self, about: &str, albums: &[String], years: &[String]) {
        for anew in [false, true] {
            if anew {
                self.world.library().expire_tokens();
            }
            let (report, told) = self.lays().await;
            assert!(report.is_clean(), "{about}, anew: {anew}: {told:?}");
            assert_eq!(self.in_view("albums").await, albums, "{about}, anew: {anew}: {told:?}");
            assert_eq!(self.in_view("years").await, years, "{about}, anew: {anew}: {told:?}");
        }
        self.rests(about).await;
    }
}

/// What this copy moved out of iCloud is nowhere else: first it lies in Recently Deleted, and then Apple takes it out of all albums.
#[tokio::test(start_paused = true)]
async fn what_this_copy_moved_out_keeps_its_albums() {
    for rule in [MoveRule::OlderThan { days: 0 }, MoveRule::Fetched] {
        let copy = Copy::with(LibrarySpec::plain(5, 700), move |_, builder| {
            let builder = builder.move_out(Some(rule)).removal_limit(RemovalLimit::new(1.0));
            with_views(builder, VIEWS, ViewAs::Best)
        })
        .await;
        let assets = copy.all().await;
        let trip = copy.gather("Trip", &assets[..3]);
        copy.gather("Best", &assets[2..4]);
        let report = copy.run().await.unwrap();
        assert_eq!((report.moved, report.views_laid), (5, 10), "{rule:?}: {report:?}");
        let (albums, years) = (copy.in_view("albums").await, copy.in_view("years").await);
        copy.shows(&format!("{rule:?}, in Recently Deleted"), &albums, &years).await;
        copy.edits(&assets[..3], &Edit::Purge);
        copy.shows(&format!("{rule:?}, some gone for good"), &albums, &years).await;
        copy.edits(&assets[3..], &Edit::Purge);
        copy.world.library().expire_tokens();
        copy.shows(&format!("{rule:?}, all gone for good"), &albums, &years).await;
        // The album lives on, and so does its name.
        copy.world.library().rename_album(&trip, "Rome", NOW);
        let renamed: Vec<_> = albums.iter().map(|path| path.replace("Trip/", "Rome/")).collect();
        copy.shows(&format!("{rule:?}, renamed"), &renamed, &years).await;
    }
}

/// Who keeps what others delete keeps it in its albums too; who was taken out of an album before is not put back into it.
#[tokio::test(start_paused = true)]
async fn what_others_deleted_stays_where_it_was_seen_last() {
    let copy = viewed(LibrarySpec::plain(5, 700), VIEWS, ViewAs::Best).await;
    let assets = copy.all().await;
    let trip = copy.gather("Trip", &assets[..4]);
    copy.run().await.unwrap();
    let (all, years) = (copy.in_view("albums").await, copy.in_view("years").await);
    copy.leave(&assets[0], &trip);
    copy.run().await.unwrap();
    let albums = copy.in_view("albums").await;
    assert_eq!((all.len(), albums.len()), (4, 3));
    copy.edits(&assets[..2], &Edit::Trash);
    copy.shows("deleted", &albums, &years).await;
    copy.edits(&assets[1..2], &Edit::Restore);
    copy.shows("taken back", &albums, &years).await;
    copy.edits(&assets[..3], &Edit::Purge);
    copy.shows("gone for good", &albums, &years).await;
    // And not with the history: these two are told in one breath.
    copy.leave(&assets[3], &trip);
    copy.edits(&assets[4..], &Edit::Trash);
    copy.run().await.unwrap();
    assert_eq!(copy.in_view("albums").await.len(), 2, "who is in the library and left is not shown");
    copy.edits(&assets[3..4], &Edit::Purge);
    let albums = copy.in_view("albums").await;
    copy.shows("who left, and then was deleted", &albums, &years).await;
}

/// A list does not show who lies in Recently Deleted, and the news of who is taken back do not say where he was.
#[tokio::test(start_paused = true)]
async fn what_is_taken_back_stands_where_it_stood() {
    let copy = viewed(LibrarySpec::plain(4, 700), VIEWS, ViewAs::Best).await;
    let assets = copy.all().await;
    let trip = copy.gather("Trip", &assets[..3]);
    copy.gather("Best", &assets[..1]);
    copy.run().await.unwrap();
    let (albums, years) = (copy.in_view("albums").await, copy.in_view("years").await);
    copy.edits(&assets[..1], &Edit::Trash);
    copy.world.library().expire_tokens();
    copy.run().await.unwrap();
    assert_eq!(copy.in_view("albums").await, albums);
    copy.edits(&assets[..1], &Edit::Restore);
    copy.run().await.unwrap();
    assert_eq!(copy.in_view("albums").await, albums);
    copy.shows("taken back", &albums, &years).await;
    copy.leave(&assets[0], &trip);
    copy.run().await.unwrap();
    assert_eq!(copy.in_view("albums").await.len(), albums.len() - 1, "its owner has the last word");
}

/// Who was hidden on purpose is not shown because he was deleted for good, nor because this copy had moved him out before.
#[tokio::test(start_paused = true)]
async fn who_is_hidden_stays_hidden() {
    let moving = |builder: icloud_photos::sync::SyncBuilder| {
        builder.move_out(Some(MoveRule::Fetched)).removal_limit(RemovalLimit::new(1.0))
    };
    for moves in [false, true] {
        let copy = Copy::with(LibrarySpec::plain(3, 700), move |_, builder| {
            with_views(if moves { moving(builder) } else { builder }, VIEWS, ViewAs::Best)
        })
        .await;
        let assets = copy.all().await;
        copy.gather("Trip", &assets);
        copy.run().await.unwrap();
        let mut albums = copy.in_view("albums").await;
        if moves {
            copy.edits(&assets[..1], &Edit::Restore);
            copy.run().await.unwrap();
        }
        copy.edits(&assets[..1], &Edit::Hide(true));
        copy.run().await.unwrap();
        let shown = copy.in_view("albums").await;
        assert_eq!(shown.len(), 2, "moves: {moves}: {shown:?}");
        albums.retain(|path| shown.contains(path));
        let years = copy.in_view("years").await;
        copy.edits(&assets[..1], &Edit::Trash);
        copy.run().await.unwrap();
        copy.edits(&assets[..1], &Edit::Purge);
        copy.shows(&format!("moves: {moves}, gone for good"), &albums, &years).await;
    }
}

/// A mirror that removed the file removed it from all views; one that was held up has not.
#[tokio::test(start_paused = true)]
async fn what_a_mirror_keeps_for_now_stays() {
    let copy = Copy::with(LibrarySpec::plain(40, 700), |_, builder| {
        let builder = builder.mirror(Some(Disposal::Remove)).removal_limit(RemovalLimit::new(0.3));
        with_views(builder, VIEWS, ViewAs::Best)
    })
    .await;
    let assets = copy.all().await;
    copy.gather("Trip", &assets);
    copy.run().await.unwrap();
    copy.edits(&assets[..1], &Edit::Trash);
    let (report, told) = copy.lays().await;
    assert_eq!((report.removed, report.views_removed), (1, 2), "{told:?}");
    copy.edits(&assets[1..31], &Edit::Trash);
    let (report, told) = copy.lays().await;
    assert_eq!((report.removed, report.views_removed), (0, 0), "{told:?}");
    assert_eq!((copy.in_view("albums").await.len(), copy.in_view("years").await.len()), (39, 39));
}
