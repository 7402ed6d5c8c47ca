//! What a view may remove, and what is not its own; and who might take its entries for something else.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use icloud_photos::Result;
use icloud_photos::storage::{
    Capabilities, MemoryStorage, ObjectMeta, Storage, StoragePath, StorageWriter, WriteOptions,
};
use icloud_photos::sync::{Disposal, RemovalLimit, VerifyOptions, View, ViewAs, verify};
use icloud_photos_testkit::{Edit, LibrarySpec};

use crate::copies::{Copy, at};
use crate::views::{NOW, Told, viewed, with_views};

#[tokio::test(start_paused = true)]
async fn what_is_not_ours_is_left_alone_and_told() {
    let copy = viewed(LibrarySpec::plain(4, 700), &["albums:{album_path}"], ViewAs::Best).await;
    let assets = copy.all().await;
    let trip = copy.gather("Trip", &assets[..2]);
    copy.run().await.unwrap();
    let shown = copy.in_view("albums").await;
    // One is somebody's work now, one is their own file.
    let theirs = format!("albums/{}", shown[0]);
    copy.remove(&theirs).await;
    copy.put(&theirs, b"my own work".to_vec()).await;
    copy.put("albums/Trip/notes.txt", b"notes".to_vec()).await;
    let (report, told) = copy.lays().await;
    assert_eq!((report.views_left, told.len()), (1, 1), "{told:?}");
    assert!(
        report.is_clean() && told[0].starts_with(&format!("left {theirs}: something stands here")),
        "{told:?}"
    );
    copy.rests("told again, and nothing is written").await;
    // Nor when the entry is to go.
    for asset in &assets[..2] {
        copy.leave(asset, &trip);
    }
    let (report, told) = copy.lays().await;
    assert_eq!((report.views_removed, report.views_left), (1, 0), "{told:?}");
    assert_eq!(copy.bytes(&theirs).await, b"my own work");
    let mut left = vec![shown[0].clone(), "Trip/notes.txt".to_owned()];
    left.sort();
    assert_eq!(copy.in_view("albums").await, left);
    copy.rests("what is left is nobody's business").await;
}

/// An entry that was changed behind the view's back stays when it is to go.
#[tokio::test(start_paused = true)]
async fn an_entry_that_somebody_changed_is_theirs() {
    let copy = viewed(LibrarySpec::plain(3, 700), &["albums:{album_path}"], ViewAs::Copy).await;
    let assets = copy.all().await;
    let trip = copy.gather("Trip", &assets[..2]);
    copy.run().await.unwrap();
    copy.rests("copies").await;
    let shown = copy.in_view("albums").await;
    let changed = format!("albums/{}", shown[0]);
    // Of the same length and time.
    copy.put(&changed, vec![7; 700]).await;
    for asset in &assets[..2] {
        copy.leave(asset, &trip);
    }
    let (report, told) = copy.lays().await;
    assert_eq!((report.views_removed, report.views_left), (1, 1), "{told:?}");
    assert_eq!(copy.in_view("albums").await, [shown[0].clone()]);
}

/// So with links: another file of the same length and time is no link to the photo.
#[tokio::test(start_paused = true)]
async fn a_file_that_took_the_place_of_a_link_is_theirs() {
    let copy = viewed(LibrarySpec::plain(3, 700), &["albums:{album_path}"], ViewAs::Best).await;
    let assets = copy.all().await;
    let trip = copy.gather("Trip", &assets[..2]);
    copy.run().await.unwrap();
    let shown = copy.in_view("albums").await;
    let changed = format!("albums/{}", shown[0]);
    copy.put(&changed, vec![7; 700]).await;
    for asset in &assets[..2] {
        copy.leave(asset, &trip);
    }
    let (report, told) = copy.lays().await;
    assert_eq!((report.views_removed, report.views_left), (1, 1), "{told:?}");
    assert_eq!(copy.bytes(&changed).await, vec![7; 700]);
}

/// An entry that somebody removed, and a file of the copy that was replaced: the next run lays them anew.
#[tokio::test(start_paused = true)]
async fn the_next_run_lays_what_is_gone_or_old() {
    for shape in [ViewAs::Best, ViewAs::Copy] {
        let copy = viewed(LibrarySpec::plain(3, 700), &["years:{:%Y}"], shape).await;
        copy.run().await.unwrap();
        let shown = copy.in_view("years").await;
        copy.remove(&format!("years/{}", shown[0])).await;
        let blob = copy.blob(&copy.all().await[0]).await;
        let bytes = copy.bytes(&blob).await;
        copy.put(&blob, bytes.clone()).await;
        let (report, told) = copy.lays().await;
        assert!(report.is_clean() && report.views_left == 0, "{told:?}");
        assert!(report.views_laid >= 1, "{told:?}");
        assert_eq!(copy.in_view("years").await, shown);
        if shape == ViewAs::Best {
            let entries = shown.iter().map(|path| at(&format!("years/{path}"))).chain([at(&blob)]).collect();
            let ids: Vec<_> = copy
                .storage
                .look(entries)
                .await
                .into_iter()
                .map(|entry| entry.unwrap().unwrap().id)
                .collect();
            assert!(ids[..3].contains(&ids[3]), "the link leads to the file as it is now");
        }
        copy.rests("mended").await;
    }
}

/// A storage as most are: it knows no links, and keeps no times.
#[derive(Debug)]
struct Bare(MemoryStorage);

#[async_trait]
impl Storage for Bare {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }
    async fn stat(&self, path: &StoragePath) -> Result<Option<ObjectMeta>> {
        let found = self.0.stat(path).await?;
        // When it was uploaded, as it were.
        Ok(found
            .map(|meta| ObjectMeta::new(meta.path, meta.size, Some(SystemTime::UNIX_EPOCH + hash_of(path)))))
    }
    async fn write(&self, path: &StoragePath, options: WriteOptions) -> Result<Box<dyn StorageWriter>> {
        self.0.write(path, options).await
    }
    async fn read(&self, path: &StoragePath, from: u64) -> Result<BoxStream<'static, Result<Bytes>>> {
        self.0.read(path, from).await
    }
    async fn remove(&self, path: &StoragePath) -> Result<()> {
        self.0.remove(path).await
    }
    fn list(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix)
    }
    async fn flush(&self) -> Result<()> {
        self.0.flush().await
    }
}

fn hash_of(path: &StoragePath) -> Duration {
    Duration::from_secs(path.as_str().bytes().map(u64::from).sum())
}

#[tokio::test(start_paused = true)]
async fn a_storage_without_links_has_manifests_or_copies() {
    for (shape, standing) in [(ViewAs::Best, 0), (ViewAs::Copy, 4), (ViewAs::HardLink, 0)] {
        let copy = viewed(LibrarySpec::plain(4, 500), &["years:{:%Y}"], shape).await;
        let storage = Arc::new(Bare((*copy.storage).clone()));
        let told = Arc::new(Told::default());
        let report = copy.engine_on(storage.clone()).run(told.clone()).await.unwrap();
        assert_eq!(copy.in_view("years").await.len(), standing, "{shape:?}");
        if shape == ViewAs::HardLink {
            let told = told.lines();
            assert!(report.failed == 1 && told[0].contains("knows no links of that kind"), "{told:?}");
            continue;
        }
        assert_eq!(copy.manifest("years").await["entries"].as_array().unwrap().len(), 4);
        let before = copy.files().await;
        let report = copy.engine_on(storage).run(told.clone()).await.unwrap();
        assert_eq!((report.views_laid, report.is_clean()), (0, true), "{shape:?}");
        assert_eq!(copy.files().await, before, "{shape:?}: nothing is written");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_takes_an_entry_for_a_photo_of_the_copy_or_a_stranger() {
    let mut copy =
        viewed(LibrarySpec::plain(5, 700), &["albums:{album_path}", "years:{:%Y}"], ViewAs::Copy).await;
    let assets = copy.all().await;
    copy.gather("Trip", &assets);
    copy.run().await.unwrap();
    let report = verify(copy.storage.clone(), copy.catalogue.clone(), VerifyOptions::default(), None, |_| {})
        .await
        .unwrap();
    assert!(report.strays == 0 && report.proven == 5, "{report:?}");
    // A file of the copy is gone: that of the view is no place it was moved to.
    let blob = copy.blob(&assets[0]).await;
    copy.remove(&blob).await;
    let (report, fetched) = copy.run_noting().await;
    assert!(report.is_clean() && fetched == [blob.as_str()], "{fetched:?}");
    // Adopting with a new catalogue finds the files of the copy alone.
    copy.catalogue = Arc::default();
    let report = copy.engine().adopt(icloud_photos::sync::AdoptOptions::default(), |_| {}).await.unwrap();
    assert_eq!(report.files, 5, "{report:?}");
    let paths: Vec<_> = copy.rows().await.into_iter().map(|row| row.path.unwrap().to_string()).collect();
    assert!(paths.len() == 5 && paths.iter().all(|path| path.starts_with("20")), "{paths:?}");
}

/// Nobody asked for the file to go for good: the view's name is its last.
#[tokio::test(start_paused = true)]
async fn the_last_name_of_a_file_stays() {
    let copy = viewed(LibrarySpec::plain(3, 700), &["years:{:%Y}"], ViewAs::Best).await;
    copy.run().await.unwrap();
    let assets = copy.all().await;
    let blob = copy.blob(&assets[0]).await;
    let bytes = copy.bytes(&blob).await;
    copy.remove(&blob).await;
    copy.world.library().edit(&assets[0], &Edit::Trash, NOW);
    copy.world.library().edit(&assets[0], &Edit::Purge, NOW);
    copy.run().await.unwrap();
    let (_, told) = copy.lays().await;
    let shown = copy.view_of("years").await;
    assert!(shown.values().any(|shown| *shown == bytes), "{told:?}");
}

/// Another photo of the same name moves up, and wants the place of one that is nowhere else any more.
#[tokio::test(start_paused = true)]
async fn the_last_name_of_a_file_stays_whoever_wants_its_place() {
    for shape in [ViewAs::Best, ViewAs::Copy] {
        let copy = viewed(LibrarySpec::plain(2, 700), &["flat:none"], shape).await;
        let library = copy.world.library();
        let lost = library.add_photo("Twin.JPG", 500, NOW);
        library.add_photo("Twin.JPG", 600, NOW + 86_400_000 * 3);
        copy.run().await.unwrap();
        assert_eq!(copy.bytes("flat/Twin.JPG").await.len(), 500);
        copy.remove(&copy.blob(&lost).await).await;
        library.edit(&lost, &Edit::Trash, NOW);
        library.edit(&lost, &Edit::Purge, NOW);
        let mut told = Vec::new();
        for _ in 0..2 {
            told.extend(copy.lays().await.1);
        }
        assert_eq!(copy.bytes("flat/Twin.JPG").await.len(), 500, "{shape:?}: {told:?}");
        assert!(told.iter().any(|line| line.starts_with("left flat/Twin.JPG")), "{shape:?}: {told:?}");
    }
}

/// What stands in the copy may be nothing that anybody wants: a broken disk, or another program, took the photo's place.
#[tokio::test(start_paused = true)]
async fn the_last_sound_bytes_stay_whatever_stands_in_the_copy() {
    for shape in [ViewAs::Best, ViewAs::Copy] {
        for damage in [&b""[..], &[7; 700], &[7; 900]] {
            for leaves in [false, true] {
                let about = format!("{shape:?}, {} bytes, leaves: {leaves}", damage.len());
                let copy = viewed(LibrarySpec::plain(3, 700), &["years:{:%Y}"], shape).await;
                copy.run().await.unwrap();
                let asset = copy.all().await[0].clone();
                let blob = copy.blob(&asset).await;
                let bytes = copy.bytes(&blob).await;
                copy.remove(&blob).await;
                copy.put(&blob, damage.to_vec()).await;
                if leaves {
                    copy.world.library().edit(&asset, &Edit::Trash, NOW);
                }
                copy.world.library().edit(&asset, &Edit::Purge, NOW);
                let mut told = Vec::new();
                for _ in 0..3 {
                    told.extend(copy.lays().await.1);
                }
                let shown = copy.view_of("years").await;
                assert!(shown.values().any(|shown| *shown == bytes), "{about}: {told:?}");
            }
        }
    }
}

/// A mirror that leaves the owner's work alone has not removed what it came from.
#[tokio::test(start_paused = true)]
async fn a_mirror_takes_no_last_bytes_along_that_it_did_not_remove() {
    let copy = Copy::with(LibrarySpec::plain(3, 700), |_, builder| {
        let builder = builder.mirror(Some(Disposal::Remove)).removal_limit(RemovalLimit::new(1.0));
        with_views(builder, &["years:{:%Y}"], ViewAs::Best)
    })
    .await;
    copy.run().await.unwrap();
    let asset = copy.all().await[0].clone();
    let blob = copy.blob(&asset).await;
    let bytes = copy.bytes(&blob).await;
    copy.remove(&blob).await;
    copy.put(&blob, b"my own work".to_vec()).await;
    copy.world.library().edit(&asset, &Edit::Trash, NOW);
    for _ in 0..2 {
        copy.lays().await;
    }
    assert_eq!(copy.bytes(&blob).await, b"my own work");
    assert!(copy.view_of("years").await.values().any(|shown| *shown == bytes));
}

/// What goes with a mirror that has a trash goes to the trash, also where the copy's own file went before.
#[tokio::test(start_paused = true)]
async fn the_last_bytes_go_to_the_trash_where_there_is_one() {
    let copy = Copy::with(LibrarySpec::plain(3, 700), |_, builder| {
        let builder = builder.mirror(Some(Disposal::Trash)).removal_limit(RemovalLimit::new(1.0));
        with_views(builder, &["years:{:%Y}"], ViewAs::Best)
    })
    .await;
    copy.run().await.unwrap();
    let asset = copy.all().await[0].clone();
    let blob = copy.blob(&asset).await;
    let bytes = copy.bytes(&blob).await;
    copy.remove(&blob).await;
    copy.world.library().edit(&asset, &Edit::Trash, NOW);
    for _ in 0..2 {
        copy.lays().await;
    }
    let mut files = copy.storage.list(&icloud_photos::storage::StoragePath::root());
    let mut somewhere = false;
    while let Some(file) = futures::StreamExt::next(&mut files).await {
        somewhere |= copy.bytes(file.unwrap().path.as_str()).await == bytes;
    }
    assert!(somewhere, "it is nowhere any more");
}

#[test]
fn no_view_is_called_as_what_another_announces() {
    for name in ["albums.next:{album}", "Albums.NEXT:{album}"] {
        assert!(name.parse::<View>().is_err(), "{name}");
    }
}
