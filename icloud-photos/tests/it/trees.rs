//! Several layouts over one folder: each lays the library out in a tree of its own, and none fetches what another has.

use std::collections::BTreeSet;
use std::sync::Arc;

use icloud_photos::Role;
use icloud_photos::sync::catalogue::{Catalogue, FileRow, Status};
use icloud_photos::sync::layout::{LayoutOptions, LiveNaming, LocalZone, NamePolicy};
use icloud_photos::sync::{Disposal, Missing, MoveRule, RemovalLimit, VerifyOptions, stock, verify};
use icloud_photos_testkit::{Edit, FaultAction, FaultRule, LibrarySpec};

use crate::copies::{Choose, Copy, at, flip};

pub(crate) fn in_folders(template: &'static str) -> Choose {
    laid_out(move || LayoutOptions::default().folder(template))
}

pub(crate) fn laid_out(layout: impl Fn() -> LayoutOptions + Send + Sync + 'static) -> Choose {
    Arc::new(move |_, builder| builder.layout(layout()))
}

/// A copy by day, and the same folder by year.
pub(crate) async fn two(photos: u64) -> (Copy, Copy) {
    let by_day = Copy::of(LibrarySpec::plain(photos, 1000)).await;
    by_day.run().await.unwrap();
    let by_year = by_day.choosing(in_folders("year/{:%Y}"));
    (by_day, by_year)
}

pub(crate) fn contents(copy: &Copy) -> u64 {
    copy.world.cloud.counts().requests_to("content")
}

pub(crate) async fn rows_at(copy: &Copy, path: &str) -> Vec<FileRow> {
    copy.catalogue.files_at(&[at(path)]).await.unwrap().remove(0)
}

pub(crate) fn paths_in(paths: &[String], year: bool) -> Vec<String> {
    paths.iter().filter(|path| path.starts_with("year/") == year).cloned().collect()
}

#[tokio::test(start_paused = true)]
async fn another_layout_makes_a_tree_of_its_own_and_fetches_nothing() {
    let (by_day, by_year) = two(5).await;
    let first = by_day.paths().await;
    by_day.world.cloud.reset_counts();
    let report = by_year.run().await.unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!((report.downloaded, report.copied, report.verified), (5, 5, 5), "{report}");
    assert_eq!(contents(&by_year), 0, "all of it stands in the other tree");
    let paths = by_year.paths().await;
    assert_eq!(paths_in(&paths, false), first);
    assert_eq!(paths_in(&paths, true).len(), 5);
    let times = |year: bool| {
        let files = paths_in(&paths, year).into_iter().map(|path| at(&path));
        let stats = files.map(|path| by_year.storage_time(path));
        futures::future::join_all(stats)
    };
    let (one, other): (BTreeSet<_>, BTreeSet<_>) =
        (times(false).await.into_iter().collect(), times(true).await.into_iter().collect());
    assert_eq!(one, other, "both trees have the dates of the photos");
    for (copy, about) in [(&by_day, "by day"), (&by_year, "by year"), (&by_day, "by day again")] {
        copy.rests(about).await;
    }
    assert_eq!(by_year.rows().await.len(), 10);
}

impl Copy {
    async fn storage_time(&self, path: icloud_photos::storage::StoragePath) -> std::time::SystemTime {
        use icloud_photos::storage::Storage;
        self.storage.stat(&path).await.unwrap().unwrap().modified.unwrap()
    }
}

/// Nobody has read what icloudpd left there; it is proven on the way.
#[tokio::test(start_paused = true)]
async fn what_was_taken_by_its_name_can_be_copied_too() {
    let (by_day, _) = two(4).await;
    let by_day = by_day.forgetful();
    by_day.fetches_nothing("by name and length").await;
    let by_year = by_day.choosing(in_folders("year/{:%Y}"));
    by_year.world.cloud.reset_counts();
    let report = by_year.run().await.unwrap();
    assert!(report.is_clean() && report.copied == 4 && contents(&by_year) == 0, "{report}");
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_in_one_tree_comes_back_in_that_tree() {
    let (by_day, by_year) = two(3).await;
    by_year.run().await.unwrap();
    let paths = by_day.paths().await;
    let lost = paths_in(&paths, true)[0].clone();
    by_day.remove(&lost).await;
    by_day.rests("the other tree is none of its business").await;
    by_year.world.cloud.reset_counts();
    let (report, fetched) = by_year.run_noting().await;
    assert!(report.is_clean() && fetched == [lost.as_str()], "{report}: {fetched:?}");
    assert_eq!(contents(&by_year), 0);
    assert_eq!(by_day.paths().await, paths);
}

/// What stands in the other tree is a hint, and no proof.
#[tokio::test(start_paused = true)]
async fn damage_does_not_spread_from_tree_to_tree() {
    let (by_day, by_year) = two(3).await;
    let paths = by_day.paths().await;
    let bytes = by_day.bytes(&paths[0]).await;
    by_day.put(&paths[0], flip(bytes.clone())).await;
    by_day.put(&paths[1], b"short".to_vec()).await;
    by_day.remove(&paths[2]).await;
    by_year.world.cloud.reset_counts();
    let report = by_year.run().await.unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!((report.downloaded, report.copied, report.verified), (3, 0, 3), "{report}");
    assert_eq!(contents(&by_year), 3);
    let year = paths_in(&by_year.paths().await, true);
    let mut right = 0;
    for path in &year {
        right += usize::from(by_year.bytes(path).await == bytes);
    }
    assert_eq!(right, 1, "the right bytes came");
}

/// A film of a Live Photo gets another name, its photo does not.
#[tokio::test(start_paused = true)]
async fn files_that_two_trees_have_under_one_name_are_one_file() {
    let suffix = Copy::of(LibrarySpec::everyday(3, 60)).await;
    suffix.run().await.unwrap();
    let before = suffix.paths().await;
    let plain = suffix.choosing(laid_out(|| LayoutOptions::default().live_naming(LiveNaming::Original)));
    plain.world.cloud.reset_counts();
    let (report, laid_out) = plain.run_noting().await;
    assert!(report.is_clean(), "{report}");
    assert!(!laid_out.is_empty() && laid_out.iter().all(|path| path.ends_with(".MOV")), "{laid_out:?}");
    assert_eq!((contents(&plain), report.copied), (0, report.downloaded));
    assert_eq!(plain.paths().await.len(), before.len() + laid_out.len());
    let proven = plain.rows().await.iter().filter(|row| row.status.is_proof()).count();
    assert!(proven > before.len(), "what stands in both is proven in both");
    suffix.rests("one").await;
    plain.rests("other").await;
    // A file that both have is missed by both, and comes once.
    let photo = before.iter().find(|path| path.ends_with(".HEIC")).unwrap();
    plain.remove(photo).await;
    let (report, fetched) = plain.run_noting().await;
    assert!(report.is_clean() && fetched == [photo.as_str()], "{report}: {fetched:?}");
    suffix.rests("it is back for both").await;
}

/// Who removed a file on purpose does not want it back because a film gets another name.
#[tokio::test(start_paused = true)]
async fn a_file_of_two_trees_that_was_removed_stays_away() {
    let respect = |naming| -> Choose {
        Arc::new(move |_, builder| {
            builder.missing(Missing::Respect).layout(LayoutOptions::default().live_naming(naming))
        })
    };
    let suffix = Copy::of(LibrarySpec::plain(4, 1000)).await.choosing(respect(LiveNaming::Suffix));
    suffix.run().await.unwrap();
    let paths = suffix.paths().await;
    suffix.remove(&paths[0]).await;
    suffix.run().await.unwrap();
    let plain = suffix.choosing(respect(LiveNaming::Original));
    let (report, fetched) = plain.run_noting().await;
    assert!(fetched.is_empty(), "{report}: {fetched:?}");
    assert_eq!(plain.paths().await, paths[1..]);
}

#[tokio::test(start_paused = true)]
async fn an_edit_comes_to_each_tree_once() {
    let by_day = Copy::of(LibrarySpec::everyday(5, 40)).await;
    by_day.run().await.unwrap();
    let by_id = by_day.choosing(laid_out(|| LayoutOptions::default().names(NamePolicy::Id7)));
    assert!(by_id.run().await.unwrap().is_clean());
    let now = by_day.world.cloud.now_ms();
    by_day.world.library().add_photo("New.JPG", 3000, now);
    by_day.world.cloud.reset_counts();
    assert_eq!(by_id.run().await.unwrap().downloaded, 1);
    assert_eq!(by_day.run().await.unwrap().copied, 1);
    assert_eq!(contents(&by_day), 1, "fetched for one, copied for the other");
    assert_eq!(by_day.held().await.len(), by_day.afresh().await.len());
    by_day.rests("by day").await;
    by_id.rests("by id").await;
}

/// Photos of plain libraries are taken at every hour of the day.
#[tokio::test(start_paused = true)]
async fn another_zone_lays_nothing_out_again() {
    let zone =
        |name: &'static str| laid_out(move || LayoutOptions::default().zone(LocalZone::named(name).unwrap()));
    let copy = Copy::of(LibrarySpec::everyday(3, 40)).await.choosing(zone("Pacific/Auckland"));
    copy.run().await.unwrap();
    let elsewhere = copy.choosing(zone("America/Los_Angeles"));
    elsewhere.fetches_nothing("another zone").await;
    let fresh = elsewhere.forgetful().twin().await;
    assert_ne!(fresh.paths().await, copy.paths().await, "a first run there has other folders");
}

#[tokio::test(start_paused = true)]
async fn verify_reads_every_tree() {
    let (by_day, by_year) = two(3).await;
    by_year.run().await.unwrap();
    let bad = paths_in(&by_year.paths().await, true)[1].clone();
    let bytes = by_year.bytes(&bad).await;
    by_year.put(&bad, flip(bytes)).await;
    let (storage, catalogue) = (by_day.storage.clone(), by_day.catalogue.clone());
    let engine = by_day.engine();
    let options = VerifyOptions::default().repair();
    let report = verify(storage, catalogue, options, Some(&engine), |_| {}).await.unwrap();
    assert_eq!((report.proven, report.bad, report.repaired, report.strays), (5, 1, 1, 0), "{report:?}");
    by_year.fetches_nothing("repaired").await;
}

/// Who changes the layout for good and removes the old tree has lost nothing.
#[tokio::test(start_paused = true)]
async fn a_tree_that_was_removed_for_another_is_not_missed() {
    let (by_day, by_year) = two(3).await;
    by_year.run().await.unwrap();
    let paths = by_day.paths().await;
    for path in paths_in(&paths, false) {
        by_day.remove(&path).await;
    }
    by_year.rests("the new layout").await;
    let verified = async || {
        let (storage, catalogue) = (by_day.storage.clone(), by_day.catalogue.clone());
        let options = VerifyOptions::default().repair();
        verify(storage, catalogue, options, Some(&by_year.engine()), |_| {}).await.unwrap()
    };
    let report = verified().await;
    assert_eq!((report.proven, report.bad, report.removed), (3, 0, 3), "{report:?}");
    // What stands nowhere is.
    by_year.remove(&paths_in(&paths, true)[0]).await;
    let report = verified().await;
    assert!(report.bad > 0 && report.bad == report.repaired, "{report:?}");
    let (report, fetched) = by_day.run_noting().await;
    assert!(report.is_clean() && fetched.len() >= 2, "its own run brings the old one back: {fetched:?}");
    assert_eq!(by_day.paths().await, paths);
}

fn moving(template: &'static str) -> Choose {
    Arc::new(move |_, builder| {
        let builder = builder.layout(LayoutOptions::default().folder(template));
        builder.move_out(Some(MoveRule::OlderThan { days: 0 })).removal_limit(RemovalLimit::new(1.0))
    })
}

/// The photo leaves iCloud on the proof of one tree. What the other has is its own.
#[tokio::test(start_paused = true)]
async fn what_was_moved_out_comes_back_to_the_tree_that_it_was_proven_in() {
    let (by_day, by_year) = two(3).await;
    by_year.run().await.unwrap();
    let paths = by_year.paths().await;
    let out = by_year.choosing(moving("year/{:%Y}"));
    assert_eq!(out.run().await.unwrap().moved, 3);
    let lost = paths_in(&paths, true)[0].clone();
    by_year.remove(&lost).await;
    // Every run looks for what was moved out, whatever it is about.
    by_day.world.cloud.reset_counts();
    let (report, fetched) = by_day.run_noting().await;
    assert!(report.is_clean() && fetched == [lost.as_str()], "{report}: {fetched:?}");
    assert_eq!(contents(&by_day), 0, "the other tree has it");
    assert_eq!(by_day.paths().await, paths);
    let trees: BTreeSet<_> = paths_in(&paths, false).iter().chain([&lost]).cloned().collect::<BTreeSet<_>>();
    for path in trees {
        assert_eq!(rows_at(&by_day, &path).await.len(), 1, "{path} has its row");
    }
    assert_eq!(by_day.rows().await.len(), 6);
}

/// A film that only the other tree has is as good a copy as any.
#[tokio::test(start_paused = true)]
async fn a_proof_may_stand_in_two_trees() {
    let all = Copy::of(LibrarySpec::everyday(3, 40)).await;
    all.run().await.unwrap();
    let photos: Choose = Arc::new(|_, builder| {
        let layout = LayoutOptions::default().folder("photos").live_photos(None);
        builder
            .layout(layout)
            .move_out(Some(MoveRule::OlderThan { days: 0 }))
            .removal_limit(RemovalLimit::new(1.0))
    });
    let films_elsewhere = all.choosing(photos);
    let report = films_elsewhere.run().await.unwrap();
    let films = films_elsewhere.rows().await.into_iter().filter(|row| row.key.role == Role::LiveMovie);
    let (films, shown) = (films.map(|row| row.key.asset.to_string()).collect::<Vec<_>>(), all.shown());
    assert!(report.moved > 0 && !films.is_empty(), "{report}");
    assert!(films.iter().any(|asset| !shown.contains(asset)), "those with films went too");
}

#[tokio::test(start_paused = true)]
async fn each_tree_is_mirrored_by_its_own_runs() {
    let mirroring = |template: &'static str| -> Choose {
        Arc::new(move |_, builder| {
            let builder = builder.layout(LayoutOptions::default().folder(template));
            builder.mirror(Some(Disposal::Remove)).removal_limit(RemovalLimit::new(1.0))
        })
    };
    let (by_day, _) = two(4).await;
    let by_year = by_day.choosing(mirroring("year/{:%Y}"));
    by_year.run().await.unwrap();
    let by_day = by_day.choosing(mirroring("{:%Y/%m/%d}"));
    let now = by_day.world.cloud.now_ms();
    let gone = by_day.rows().await[0].key.asset.to_string();
    assert!(by_day.world.library().edit(&gone, &Edit::Trash, now));
    let report = by_year.run().await.unwrap();
    assert_eq!((report.removed, report.withheld), (1, 0), "{report}");
    assert_eq!(by_year.paths().await.len(), 7);
    let report = by_day.run().await.unwrap();
    assert_eq!((report.removed, report.withheld), (1, 0), "{report}");
    assert_eq!((by_day.paths().await.len(), by_day.rows().await.len()), (6, 6));
}

/// One file, two rows of one photo: both go with it.
#[tokio::test(start_paused = true)]
async fn a_file_that_two_trees_share_goes_with_all_its_rows() {
    let mirroring = |naming| -> Choose {
        Arc::new(move |_, builder| {
            let builder = builder.layout(LayoutOptions::default().live_naming(naming));
            builder.mirror(Some(Disposal::Remove)).removal_limit(RemovalLimit::new(1.0))
        })
    };
    let one = Copy::of(LibrarySpec::plain(4, 1000)).await.choosing(mirroring(LiveNaming::Suffix));
    one.run().await.unwrap();
    let other = one.choosing(mirroring(LiveNaming::Original));
    other.run().await.unwrap();
    assert_eq!((one.paths().await.len(), one.rows().await.len()), (4, 8));
    let gone = one.rows().await[0].key.asset.to_string();
    assert!(one.world.library().edit(&gone, &Edit::Trash, one.world.cloud.now_ms()));
    assert_eq!(one.run().await.unwrap().removed, 1);
    assert_eq!((one.paths().await.len(), one.rows().await.len()), (3, 6));
}

/// Copying is cut as fetching is: the rest is fetched, and proven with what had come.
#[tokio::test(start_paused = true)]
async fn a_tree_that_could_not_be_finished_is_finished_later() {
    let (by_day, by_year) = two(6).await;
    let full = crate::copies::Full::new(by_day.storage.clone(), 5);
    by_year.engine_on(Arc::new(full)).run(Arc::new(())).await.unwrap_err();
    by_year.faults(vec![FaultRule::new("content", FaultAction::Flip { at: None })]);
    let report = by_year.run().await.unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!(paths_in(&by_year.paths().await, true).len(), 6);
    by_year.faults(Vec::new());
    by_year.rests("finished").await;
}

/// What another layout has is none of what this one may remove a share of.
#[tokio::test(start_paused = true)]
async fn the_limit_is_a_share_of_one_tree() {
    let mirroring = |naming| -> Choose {
        Arc::new(move |_, builder| {
            let builder = builder.layout(LayoutOptions::default().live_naming(naming));
            let mut limit = RemovalLimit::new(0.1);
            limit.always = 1;
            builder.mirror(Some(Disposal::Remove)).removal_limit(limit)
        })
    };
    let one = Copy::of(LibrarySpec::plain(20, 1000)).await.choosing(mirroring(LiveNaming::Suffix));
    one.run().await.unwrap();
    one.choosing(mirroring(LiveNaming::Original)).run().await.unwrap();
    one.choosing(in_folders("year/{:%Y}")).run().await.unwrap();
    let paths = one.paths().await;
    let gone: BTreeSet<_> = one.rows().await.iter().map(|row| row.key.asset.to_string()).take(9).collect();
    assert!(gone.len() >= 3);
    for asset in &gone {
        assert!(one.world.library().edit(asset, &Edit::Trash, one.world.cloud.now_ms()));
    }
    let report = one.run().await.unwrap();
    assert!(report.stopped && report.removed == 0, "{report}");
    assert_eq!(one.paths().await, paths);
}

/// A layout that nobody uses any more, and whose files were removed, says nothing of photos that are gone for good.
#[tokio::test(start_paused = true)]
async fn a_tree_that_is_gone_is_forgotten_with_its_photos() {
    for mirrored in [true, false] {
        let (by_day, by_year) = two(4).await;
        by_year.run().await.unwrap();
        let paths = by_day.paths().await;
        for path in paths_in(&paths, false) {
            by_day.remove(&path).await;
        }
        let row = by_year
            .rows()
            .await
            .into_iter()
            .find(|row| row.path.as_ref().unwrap().as_str().starts_with("year/"));
        let (gone, path) = row.map(|row| (row.key.asset.to_string(), row.path.unwrap())).unwrap();
        let edit = if mirrored { Edit::Trash } else { Edit::Purge };
        assert!(by_year.world.library().edit(&gone, &edit, by_year.world.cloud.now_ms()));
        let by_year = if mirrored {
            let mirroring: Choose = Arc::new(|_, builder| {
                let builder = builder.layout(LayoutOptions::default().folder("year/{:%Y}"));
                builder.mirror(Some(Disposal::Remove))
            });
            by_year.choosing(mirroring)
        } else {
            by_year.remove(path.as_str()).await;
            by_year
        };
        by_year.run().await.unwrap();
        by_year.run().await.unwrap();
        assert!(!by_year.paths().await.contains(&path.to_string()));
        let left = by_year.rows().await.into_iter().filter(|row| row.key.asset.to_string() == gone).count();
        assert_eq!(left, 0, "mirrored: {mirrored}");
        let (storage, catalogue) = (by_year.storage.clone(), by_year.catalogue.clone());
        let options = VerifyOptions::default().repair();
        let report = verify(storage, catalogue, options, Some(&by_year.engine()), |_| {}).await.unwrap();
        assert!(report.is_clean() && report.bad == 0, "mirrored: {mirrored}: {report:?}");
    }
}

/// Whose name was known to a layout that is gone is free again.
#[tokio::test(start_paused = true)]
async fn a_name_is_free_once_its_photo_is_gone_whatever_the_layouts() {
    let naming = |naming| laid_out(move || LayoutOptions::default().live_naming(naming));
    let one = Copy::of(LibrarySpec::plain(0, 1000)).await.choosing(naming(LiveNaming::Original));
    let now = one.world.cloud.now_ms();
    let old = one.world.library().add_photo("NEW.JPG", 1500, now);
    one.run().await.unwrap();
    let two = one.choosing(naming(LiveNaming::Suffix));
    two.run().await.unwrap();
    let path = two.paths().await[0].clone();
    assert!(one.world.library().edit(&old, &Edit::Trash, now));
    two.remove(&path).await;
    two.run().await.unwrap();
    two.run().await.unwrap();
    one.world.library().add_photo("NEW.JPG", 1700, now);
    two.run().await.unwrap();
    assert_eq!(two.paths().await, [path]);
}

#[tokio::test(start_paused = true)]
async fn a_file_counts_once_whatever_the_layouts() {
    let one = Copy::of(LibrarySpec::plain(5, 1000)).await;
    one.run().await.unwrap();
    let two = one.choosing(laid_out(|| LayoutOptions::default().live_naming(LiveNaming::Original)));
    two.run().await.unwrap();
    let paths = two.paths().await;
    two.remove(&paths[0]).await;
    let counted = stock(&*two.storage, &*two.catalogue).await.unwrap();
    assert_eq!((counted.here.verified.files, counted.missing.files), (4, 1), "{counted:?}");
}

/// A catalogue that was lost learns from the record in which tree it was that a photo was proven.
#[tokio::test(start_paused = true)]
async fn the_record_says_which_tree_it_was() {
    let (by_day, by_year) = two(2).await;
    by_year.run().await.unwrap();
    let out = by_year.choosing(moving("year/{:%Y}"));
    assert_eq!(out.run().await.unwrap().moved, 2);
    let trees: BTreeSet<_> = by_year.rows().await.into_iter().map(|row| row.key.tree).collect();
    assert_eq!(trees.len(), 2);
    let lost = by_day.forgetful();
    lost.run().await.unwrap();
    let rows = lost.rows().await;
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| !row.key.tree.is_none() && trees.contains(&row.key.tree)), "{rows:?}");
}

/// A hidden photo is in iCloud, though no list shows it: what one tree had of it another may not forget.
#[tokio::test(start_paused = true)]
async fn a_hidden_photo_is_forgotten_by_no_tree() {
    let (by_day, by_year) = two(3).await;
    by_year.run().await.unwrap();
    let paths = by_day.paths().await;
    let row =
        by_day.rows().await.into_iter().find(|row| row.path.as_ref().unwrap().as_str().starts_with("year/"));
    let row = row.unwrap();
    let own: Vec<_> = by_day.rows().await.into_iter().filter(|own| own.key.is_same_file(&row.key)).collect();
    for own in &own {
        by_day.remove(own.path.as_ref().unwrap().as_str()).await;
    }
    let mut never = own.into_iter().find(|own| own.key != row.key).unwrap();
    never.status = Status::Failed { reason: "no room".into(), attempts: 1 };
    never.sha256 = None;
    by_day.catalogue.commit(crate::copies::batch(never)).await.unwrap();
    let asset = row.key.asset.to_string();
    assert!(by_day.world.library().edit(&asset, &Edit::Hide(true), by_day.world.cloud.now_ms()));
    by_day.run().await.unwrap();
    // Listed anew, and then looked for by its id.
    by_year.run().await.unwrap();
    by_year.run().await.unwrap();
    let now = by_year.paths().await;
    assert!(now.contains(&row.path.unwrap().to_string()), "{now:?} of {paths:?}");
}

/// What a verification found damaged, and its owner removed, is still a photo that was here.
#[tokio::test(start_paused = true)]
async fn a_damaged_file_of_a_hidden_photo_that_was_removed_comes_back() {
    let copy = Copy::of(LibrarySpec::plain(3, 1000)).await;
    copy.run().await.unwrap();
    let paths = copy.paths().await;
    copy.put(&paths[0], flip(copy.bytes(&paths[0]).await)).await;
    let (storage, catalogue) = (copy.storage.clone(), copy.catalogue.clone());
    assert_eq!(verify(storage, catalogue, VerifyOptions::default(), None, |_| {}).await.unwrap().bad, 1);
    copy.remove(&paths[0]).await;
    let asset = rows_at(&copy, &paths[0]).await[0].key.asset.to_string();
    assert!(copy.world.library().edit(&asset, &Edit::Hide(true), copy.world.cloud.now_ms()));
    copy.run().await.unwrap();
    assert_eq!(copy.paths().await, paths);
}

/// A list does not show it: after a list it is asked for by its id all the same, also where lists are never whole.
#[tokio::test(start_paused = true)]
async fn a_missing_file_of_a_hidden_photo_comes_back_after_a_list() {
    let copy = Copy::of(LibrarySpec::plain(4, 1000)).await;
    copy.run().await.unwrap();
    let paths = copy.paths().await;
    let asset = rows_at(&copy, &paths[1]).await[0].key.asset.to_string();
    copy.remove(&paths[1]).await;
    assert!(copy.world.library().edit(&asset, &Edit::Hide(true), copy.world.cloud.now_ms()));
    let lists = copy.choosing(Arc::new(|_, builder| builder.skip_videos(true)));
    let (report, fetched) = lists.run_noting().await;
    assert!(report.is_clean() && fetched == [paths[1].as_str()], "{report}: {fetched:?}");
    assert_eq!(copy.paths().await, paths);
}
