//! Files of no tree: adopted where no layout put them, moved by hand, or known since before there were trees.

use std::sync::Arc;

use icloud_photos::sync::AdoptOptions;
use icloud_photos::sync::Missing;
use icloud_photos::sync::catalogue::{Batch, Catalogue, FileRow, Status, Tree};
use icloud_photos::sync::layout::{LayoutOptions, LiveNaming};
use icloud_photos_testkit::LibrarySpec;

use crate::copies::{Choose, Copy};
use crate::trees::{contents, in_folders, laid_out, paths_in, rows_at, two};

/// Rows of a catalogue that knew no trees, and files that somebody put where no layout has them.
#[tokio::test(start_paused = true)]
async fn what_is_of_no_tree_stays_where_it_is_whatever_the_layout() {
    let (by_day, by_year) = two(4).await;
    let rows = by_day.rows().await;
    let mut batch = Batch::default();
    batch.gone_files = rows.iter().map(|row| row.key.clone()).collect();
    batch.files = rows
        .into_iter()
        .map(|mut row| {
            row.key = row.key.within(Tree::default());
            row
        })
        .collect();
    by_day.catalogue.commit(batch).await.unwrap();
    let paths = by_day.paths().await;
    by_year.fetches_nothing("another layout").await;
    by_day.fetches_nothing("the first one").await;
    by_year.remove(&paths[0]).await;
    let (report, fetched) = by_year.run_noting().await;
    assert!(report.is_clean() && fetched.len() == 1 && fetched[0].starts_with("year/"), "{fetched:?}");
    // It has its place by the year now, and by the day none.
    assert_eq!(by_day.run().await.unwrap().copied, 1);
    alternate(&by_day, &by_year).await;
}

#[tokio::test(start_paused = true)]
async fn an_adopted_file_is_of_the_tree_that_puts_it_there_and_else_of_none() {
    let (by_day, by_year) = two(4).await;
    let (by_day, by_year) = (by_day.forgetful(), by_year.forgetful());
    let by_year = Copy { catalogue: by_day.catalogue.clone(), ..by_year };
    let report = by_day.engine().adopt(AdoptOptions::default(), |_| {}).await.unwrap();
    assert_eq!(report.recognised, 4);
    by_day.fetches_nothing("adopted").await;
    assert_eq!(by_year.run().await.unwrap().copied, 4, "a tree beside the adopted one");
    // With another layout the same folder is just somebody's folder.
    let strange = by_day.choosing(in_folders("strange/{:%m}")).forgetful();
    strange.engine().adopt(AdoptOptions::default(), |_| {}).await.unwrap();
    let elsewhere = strange.choosing(in_folders("another/{:%m}"));
    strange.fetches_nothing("adopted, and named otherwise").await;
    elsewhere.fetches_nothing("whatever the layout").await;
}

/// An adoption with the options of one tree finds files of another: those become that one's, once its run comes.
#[tokio::test(start_paused = true)]
async fn a_tree_is_complete_whatever_was_adopted_first() {
    let (by_day, by_year) = two(4).await;
    by_year.run().await.unwrap();
    let paths = by_day.paths().await;
    for path in &paths_in(&paths, false)[2..] {
        by_day.remove(path).await;
    }
    let by_day = by_day.forgetful();
    let by_year = Copy { catalogue: by_day.catalogue.clone(), ..by_year };
    by_day.engine().adopt(AdoptOptions::default(), |_| {}).await.unwrap();
    by_day.fetches_nothing("all are here").await;
    by_year.fetches_nothing("these are where this layout puts them").await;
    by_day.world.cloud.reset_counts();
    let report = by_day.run().await.unwrap();
    assert!(report.is_clean() && report.copied == 2 && contents(&by_day) == 0, "{report}");
    assert_eq!(by_day.paths().await, paths);
    by_day.rests("by day").await;
    by_year.run().await.unwrap();
    by_year.rests("by year").await;
}

/// A file that is lost here and stands in a tree that nobody knows of yet is taken for moved, until that tree is known.
#[tokio::test(start_paused = true)]
async fn what_was_taken_for_moved_is_laid_out_once_it_is_anothers() {
    let (by_day, by_year) = two(3).await;
    by_year.run().await.unwrap();
    let paths = by_day.paths().await;
    let by_day = by_day.forgetful();
    let by_year = Copy { catalogue: by_day.catalogue.clone(), ..by_year };
    by_day.run().await.unwrap();
    by_day.remove(&paths_in(&paths, false)[0]).await;
    by_day.fetches_nothing("it was moved, for all that is known").await;
    by_year.fetches_nothing("no: it is this one's").await;
    assert_eq!(by_day.run().await.unwrap().copied, 1);
    assert_eq!(by_day.paths().await, paths);
    by_day.rests("by day").await;
}

/// What stands in a copy inside of this one was not moved there.
#[tokio::test(start_paused = true)]
async fn files_of_another_copy_are_not_taken_for_moved() {
    let copy = Copy::of(LibrarySpec::plain(3, 1000)).await;
    copy.run().await.unwrap();
    let paths = copy.paths().await;
    copy.put("inner/.icloud-photos-store", b"{}".to_vec()).await;
    copy.put("inner/A.JPG", copy.bytes(&paths[0]).await).await;
    copy.put("B.JPG", copy.bytes(&paths[1]).await).await;
    copy.remove(&paths[0]).await;
    copy.remove(&paths[1]).await;
    let (report, fetched) = copy.run_noting().await;
    assert!(report.is_clean() && fetched == [paths[0].as_str()], "{report}: {fetched:?}");
}

/// What it takes to make two trees of a folder that was adopted with the options of one.
async fn alternate(one: &Copy, other: &Copy) {
    for _ in 0..3 {
        one.run().await.unwrap();
        other.run().await.unwrap();
    }
    one.rests("one").await;
    other.rests("other").await;
}

#[cfg(feature = "metadata")]
#[tokio::test(start_paused = true)]
async fn sidecars_do_not_keep_a_file_from_its_tree() {
    let with = |template: &'static str| -> Choose {
        Arc::new(move |_, builder| builder.layout(LayoutOptions::default().folder(template)).sidecars(true))
    };
    let (by_day, by_year) = two(4).await;
    by_year.run().await.unwrap();
    let paths = by_day.paths().await;
    for path in paths_in(&paths, false) {
        by_day.remove(&path).await;
    }
    let by_day = by_day.forgetful();
    by_day.engine().adopt(AdoptOptions::default(), |_| {}).await.unwrap();
    let by_year = by_day.choosing(with("year/{:%Y}"));
    by_year.run().await.unwrap();
    alternate(&by_day, &by_year).await;
    let (now, rows) = (by_day.paths().await, by_day.rows().await);
    assert!(paths.iter().all(|path| now.contains(path)), "{now:?}");
    assert_eq!(rows.len(), 8);
    let described = rows.iter().filter(|row| row.sidecar).count();
    assert_eq!(described, 4, "those of one tree are to have sidecars");
}

/// Names that tell photos of one name apart are names of the layout, too.
#[tokio::test(start_paused = true)]
async fn a_second_name_is_of_its_tree_as_well() {
    let (by_day, by_year) = (Copy::of(LibrarySpec::plain(0, 1000)).await, in_folders("year/{:%Y}"));
    let now = by_day.world.cloud.now_ms();
    by_day.world.library().add_photo("A.JPG", 1500, now);
    by_day.world.library().add_photo("A.JPG", 1700, now);
    let by_year = by_day.choosing(by_year);
    by_year.run().await.unwrap();
    let by_day = by_day.forgetful();
    let by_year = Copy { catalogue: by_day.catalogue.clone(), ..by_year };
    by_day.engine().adopt(AdoptOptions::default(), |_| {}).await.unwrap();
    alternate(&by_day, &by_year).await;
    assert_eq!(by_day.paths().await.len(), 4, "{:?}", by_day.paths().await);
}

#[tokio::test(start_paused = true)]
async fn what_was_moved_and_came_back_is_of_its_tree_again() {
    for comes_back in [true, false] {
        let (by_day, by_year) = two(3).await;
        let paths = by_day.paths().await;
        let bytes = by_day.bytes(&paths[1]).await;
        by_day.put("keep/x.JPG", bytes.clone()).await;
        by_day.remove(&paths[1]).await;
        by_day.fetches_nothing("moved").await;
        if comes_back {
            by_day.put(&paths[1], bytes).await;
        }
        by_day.remove("keep/x.JPG").await;
        by_day.run().await.unwrap();
        assert_eq!(by_day.paths().await, paths);
        by_year.run().await.unwrap();
        assert_eq!(by_year.paths().await.len(), 6, "comes back: {comes_back}");
        alternate(&by_day, &by_year).await;
    }
}

/// Whoever is satisfied with his own file has no use for one that somebody moved and lost.
#[tokio::test(start_paused = true)]
async fn a_moved_file_that_is_lost_is_nothing_to_a_tree_that_has_its_own() {
    let (by_day, by_year) = two(3).await;
    by_year.run().await.unwrap();
    let lost = paths_in(&by_day.paths().await, false)[0].clone();
    by_day.put("keep/x.JPG", by_day.bytes(&lost).await).await;
    by_day.remove(&lost).await;
    by_day.fetches_nothing("moved").await;
    by_day.remove("keep/x.JPG").await;
    by_year.fetches_nothing("it has its own").await;
    by_year.run().await.unwrap();
    by_year.rests("and asks no more").await;
    let (report, fetched) = by_day.run_noting().await;
    assert!(report.is_clean() && fetched == [lost.as_str()] && report.copied == 1, "{report}: {fetched:?}");
    alternate(&by_day, &by_year).await;
}

/// Under the name that old versions of icloudpd gave it a file is shared as under any other.
#[tokio::test(start_paused = true)]
async fn trees_share_files_under_older_names() {
    let copy = Copy::of(LibrarySpec::plain(3, 1000)).await;
    copy.run().await.unwrap();
    for path in copy.paths().await {
        copy.put(&path.replace(".JPG", "-original.JPG"), copy.bytes(&path).await).await;
        copy.remove(&path).await;
    }
    let copy = copy.forgetful();
    copy.fetches_nothing("by their older names").await;
    let other = copy.choosing(laid_out(|| LayoutOptions::default().live_naming(LiveNaming::Original)));
    other.fetches_nothing("another layout").await;
    alternate(&copy, &other).await;
}

/// The same where removed files are left alone, and are looked for all the same.
#[tokio::test(start_paused = true)]
async fn what_was_found_elsewhere_is_laid_out_once_it_is_anothers() {
    let respecting: Choose = Arc::new(|_, builder| builder.missing(Missing::Respect));
    let (by_day, by_year) = two(3).await;
    by_year.run().await.unwrap();
    let paths = by_day.paths().await;
    let by_day = by_day.forgetful().choosing(respecting);
    let by_year = Copy { catalogue: by_day.catalogue.clone(), ..by_year };
    by_day.run().await.unwrap();
    let lost = paths_in(&paths, false)[0].clone();
    by_day.remove(&lost).await;
    by_day.fetches_nothing("it was moved, for all that is known").await;
    let rows = by_day.rows().await;
    let of_none: Vec<_> = rows.iter().filter(|row| row.key.tree.is_none()).collect();
    assert_eq!(of_none.len(), 1, "{rows:?}");
    by_year.fetches_nothing("no: it is this one's").await;
    by_day.run().await.unwrap();
    assert!(by_day.paths().await.contains(&lost));
}

/// Where one layout accepts that a file was moved another wants it back: from where it stands now.
#[tokio::test(start_paused = true)]
async fn what_is_of_no_tree_can_be_copied_too() {
    let one = Copy::of(LibrarySpec::plain(3, 1000)).await;
    one.run().await.unwrap();
    let other = one.choosing(laid_out(|| LayoutOptions::default().live_naming(LiveNaming::Original)));
    other.run().await.unwrap();
    let path = one.paths().await[0].clone();
    one.put("keep/x.JPG", one.bytes(&path).await).await;
    one.remove(&path).await;
    one.fetches_nothing("moved").await;
    other.world.cloud.reset_counts();
    let (report, laid_out) = other.run_noting().await;
    assert!(report.is_clean() && laid_out == [path.as_str()], "{report}: {laid_out:?}");
    assert_eq!((contents(&other), report.copied), (0, 1));
}

/// Dated files and those that were looked for in vain come home as others do.
#[cfg(feature = "metadata")]
#[tokio::test(start_paused = true)]
async fn what_came_back_is_of_its_tree_whatever_it_is() {
    use icloud_photos::metadata::exif::Format;
    for (dated, missing) in [(true, Missing::Restore), (false, Missing::Respect), (true, Missing::Respect)] {
        let with = |template: &'static str| -> Choose {
            Arc::new(move |_, builder| {
                let builder = builder.layout(LayoutOptions::default().folder(template)).missing(missing);
                if dated { builder.write_dates([Format::Jpeg]) } else { builder }
            })
        };
        let about = format!("dated: {dated}, {missing:?}");
        let by_day = Copy::of(LibrarySpec::everyday(3, 30)).await.choosing(with("{:%Y/%m/%d}"));
        by_day.run().await.unwrap();
        let rows = by_day.rows().await;
        let is_jpeg = |row: &&FileRow| row.path.as_ref().unwrap().as_str().to_lowercase().ends_with(".jpg");
        let mut jpegs = rows.iter().filter(is_jpeg);
        let row = match dated {
            true => jpegs.find(|row| row.status == Status::Derived),
            false => jpegs.next(),
        };
        let path = row.unwrap().path.as_ref().unwrap().to_string();
        let bytes = by_day.bytes(&path).await;
        by_day.put("keep/x.jpg", bytes.clone()).await;
        by_day.remove(&path).await;
        by_day.fetches_nothing(&about).await;
        assert!(rows_at(&by_day, "keep/x.jpg").await[0].key.tree.is_none(), "{about}");
        by_day.put(&path, bytes).await;
        by_day.remove("keep/x.jpg").await;
        by_day.fetches_nothing(&about).await;
        assert!(!rows_at(&by_day, &path).await[0].key.tree.is_none(), "{about}: at home again");
    }
}

/// Somebody has removed the file of another tree for good: that a third one has its own is no reason to bring it back.
#[tokio::test(start_paused = true)]
async fn what_was_moved_and_removed_stays_away_where_that_is_respected() {
    let respecting: Choose = Arc::new(|_, builder| builder.missing(Missing::Respect));
    let (by_day, by_year) = two(3).await;
    let by_day = by_day.choosing(respecting);
    by_day.run().await.unwrap();
    by_year.run().await.unwrap();
    let lost = paths_in(&by_day.paths().await, false)[0].clone();
    by_day.put("keep/x.JPG", by_day.bytes(&lost).await).await;
    by_day.remove(&lost).await;
    by_day.fetches_nothing("moved").await;
    by_day.remove("keep/x.JPG").await;
    alternate(&by_year, &by_day).await;
    assert!(!by_day.paths().await.contains(&lost));
}
