//! Files here whose photos their owners deleted, and files that only look so.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use icloud_photos::storage::{
    Capabilities, MemoryStorage, ObjectMeta, Storage, StoragePath, StorageWriter, WriteOptions,
};
use icloud_photos::sync::catalogue::{Batch, Catalogue, FileKey, FileRow, LibraryKey, Status};
use icloud_photos::sync::layout::LayoutOptions;
use icloud_photos::sync::store::MARK;
use icloud_photos::sync::{
    AdoptOptions, Disposal, Kept, Missing, MoveRule, RemovalLimit, SyncBuilder, SyncEngine, SyncReport,
    VerifyOptions, verify,
};
use icloud_photos::{AssetId, Error, ErrorKind, Result, Role};
use icloud_photos_testkit::{Edit, FaultAction, FaultRule, LibrarySpec};

use crate::copies::{Choose, Copy, checksum, flip};
use crate::odd_storage::{Deed, Odd, OddStorage};
use crate::removal::{Told, id_of, mirroring, moving};

const ALL: MoveRule = MoveRule::OlderThan { days: 0 };

/// So many photos, `0.JPG` and on, copied by a mirror.
pub(crate) async fn mirror(photos: i64, disposal: Disposal) -> Copy {
    let copy = Copy::with(LibrarySpec::plain(0, 1000), mirroring(disposal)).await;
    (0..photos).for_each(|number| drop(copy.photo(&format!("{number}.JPG"), number + 1)));
    copy.run().await.unwrap();
    copy
}

impl Copy {
    /// The same library and files, with other options.
    pub(crate) fn choosing(&self, choose: Choose) -> Self {
        let (world, storage) = (self.world.clone(), self.storage.clone());
        Self { world, storage, catalogue: self.catalogue.clone(), choose }
    }

    /// The same with nothing in the catalogue.
    pub(crate) fn forgetful(&self) -> Self {
        Self { catalogue: Arc::default(), ..self.choosing(self.choose.clone()) }
    }

    pub(crate) fn id(&self, name: &str) -> String {
        id_of(&self.world.truth(), name)
    }

    pub(crate) fn trash(&self, name: &str) {
        self.edit(&self.id(name), Edit::Trash);
    }

    pub(crate) async fn path(&self, name: &str) -> String {
        let paths = self.paths().await;
        paths.into_iter().find(|path| path.ends_with(&format!("/{name}"))).unwrap()
    }

    /// A second asset on the same original.
    pub(crate) fn twin_of(&self, name: &str) -> String {
        self.world.library().duplicate(&self.id(name), self.world.cloud.now_ms()).unwrap()
    }

    /// Moves one asset out of iCloud.
    pub(crate) async fn send(&self, asset: &str) {
        let engine = self.engine();
        let asset = engine.library().asset(&AssetId::new(asset)).await.unwrap();
        let receipt = engine.receipt(&asset).await.unwrap().unwrap();
        engine.move_out(&[receipt]).await.unwrap().remove(0).unwrap().unwrap();
    }

    pub(crate) async fn clear_on(&self, storage: Arc<dyn Storage>) -> (Result<SyncReport>, Vec<String>) {
        let told = Arc::new(Told::default());
        (self.engine_on(storage).run(told.clone()).await, told.lines())
    }
}

/// Two assets show one original and have one file. One was moved out of iCloud by this copy, the other its owner deleted: the file
/// is all that is left of the first.
#[tokio::test(start_paused = true)]
async fn a_file_stays_as_long_as_one_of_its_owners_was_moved_out() {
    for purged in [false, true] {
        let copy = mirror(2, Disposal::Remove).await;
        let (moved, twin) = (copy.id("0.JPG"), copy.twin_of("0.JPG"));
        copy.run().await.unwrap();
        copy.send(&moved).await;
        if purged {
            copy.edit(&moved, Edit::Purge);
        }
        copy.edit(&twin, Edit::Trash);
        let (report, told) = copy.clear().await;
        assert_eq!((report.removed, copy.files().await.len()), (0, 2), "{told:?}");
        assert!(told.iter().any(|line| line.contains("moved") && line.contains("out of iCloud")), "{told:?}");
    }
}

/// A catalogue that was put back from a backup does not know what was moved out since.
#[tokio::test(start_paused = true)]
async fn what_was_moved_out_is_known_to_an_older_catalogue() {
    let copy = mirror(5, Disposal::Remove).await;
    let newer = Copy { choose: Arc::new(moving(ALL)), ..copy.forgetful() };
    assert_eq!(newer.run().await.unwrap().moved, 5);
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.files().await.len()), (0, 5), "{told:?}");
    // What the owner deletes goes all the same.
    let added = copy.photo("new.JPG", 1);
    copy.run().await.unwrap();
    copy.edit(&added, Edit::Trash);
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.files().await.len()), (1, 5), "{told:?}");
}

/// The catalogue was lost, and the folder adopted by a new one.
#[tokio::test(start_paused = true)]
async fn what_was_moved_out_is_known_after_the_catalogue_was_lost() {
    let copy = mirror(5, Disposal::Remove).await;
    let twin = copy.twin_of("1.JPG");
    copy.run().await.unwrap();
    for number in 0..3 {
        copy.send(&copy.id(&format!("{number}.JPG"))).await;
    }
    let copy = copy.forgetful();
    let report = copy.engine().adopt(AdoptOptions::default(), |_| {}).await.unwrap();
    assert_eq!((report.files, report.unknown), (5, 0), "the record speaks for its photos: {report}");
    copy.run().await.unwrap();
    // The twin still shows the file of one that was moved out.
    copy.edit(&twin, Edit::Trash);
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.files().await.len()), (0, 5), "{told:?}");
    assert!(told.iter().any(|line| line.contains("1.JPG: this copy moved")), "{told:?}");
}

/// Two catalogues on one folder, and the one that removes never heard of the photo that the other moved out.
#[tokio::test(start_paused = true)]
async fn what_another_catalogue_moved_out_stays() {
    let copy = mirror(2, Disposal::Remove).await;
    let (theirs, ours) = (copy.id("0.JPG"), copy.twin_of("0.JPG"));
    copy.run().await.unwrap();
    let other = copy.forgetful();
    other.choosing(Arc::new(|_, builder| builder)).run().await.unwrap();
    other.send(&theirs).await;
    let rows = copy.rows().await.into_iter().map(|row| row.key);
    let mut batch = Batch::default();
    batch.gone_files = rows.filter(|key| key.asset.as_str() == theirs).collect();
    copy.catalogue.commit(batch).await.unwrap();
    copy.edit(&theirs, Edit::Purge);
    copy.edit(&ours, Edit::Trash);
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.files().await.len()), (0, 2), "{told:?}");
}

/// What cannot be read may speak of any file.
#[tokio::test(start_paused = true)]
async fn nothing_goes_as_long_as_the_record_cannot_be_read() {
    let copy = mirror(3, Disposal::Remove).await;
    copy.send(&copy.id("0.JPG")).await;
    copy.trash("1.JPG");
    let record = copy.records().await.remove(0);
    let whole = copy.bytes(&record).await;
    let newer = String::from_utf8(whole.clone()).unwrap().replace("\"version\":1", "\"version\":2");
    for text in [b"{".to_vec(), whole[..whole.len() - 9].to_vec(), newer.into_bytes(), Vec::new()] {
        copy.put(&record, text).await;
        let error = copy.run().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
        assert!(error.to_string().contains(&record) && error.to_string().contains("moved out"), "{error}");
        assert_eq!(copy.files().await.len(), 3);
    }
    copy.put(&record, whole).await;
    copy.put(".icloud-photos-moved/.DS_Store", b"rubbish".to_vec()).await;
    assert_eq!(copy.run().await.unwrap().removed, 1);
}

/// An empty record is none, when the mark says that there was one: it lies on a disk that is not there, or somebody removed it.
#[tokio::test(start_paused = true)]
async fn nothing_goes_when_the_record_is_gone() {
    let copy = mirror(3, Disposal::Remove).await;
    copy.put(MARK, br#"{"id":"mark-1","about":""}"#.to_vec()).await;
    copy.send(&copy.id("0.JPG")).await;
    copy.trash("1.JPG");
    let record = copy.records().await.remove(0);
    let whole = copy.bytes(&record).await;
    copy.remove(&record).await;
    let error = copy.run().await.unwrap_err();
    assert!(error.to_string().contains("moved out"), "{error}");
    copy.put(&record, whole).await;
    assert_eq!(copy.run().await.unwrap().removed, 1);
}

/// The file has another name by now, and a duplicate for its owner: the content is what was moved out.
#[tokio::test(start_paused = true)]
async fn what_was_moved_out_is_known_by_its_content() {
    let copy = mirror(2, Disposal::Remove).await;
    let twin = copy.twin_of("0.JPG");
    copy.send(&copy.id("0.JPG")).await;
    for path in copy.paths().await {
        copy.put(path.rsplit('/').next().unwrap(), copy.bytes(&path).await).await;
        copy.remove(&path).await;
    }
    let flat = |_: &_, builder: SyncBuilder| {
        let layout = LayoutOptions::default().folder("none");
        builder.layout(layout).mirror(Some(Disposal::Remove))
    };
    let copy = Copy { choose: Arc::new(flat), ..copy.forgetful() };
    assert_eq!(copy.run().await.unwrap().downloaded, 0);
    copy.edit(&twin, Edit::Trash);
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.files().await.len()), (0, 2), "{told:?}");
}

/// It was to leave iCloud, and its owner was quicker.
#[tokio::test(start_paused = true)]
async fn what_was_only_owed_is_deleted_like_any_other() {
    let copy = mirror(30, Disposal::Remove).await;
    let copy = copy.forgetful();
    for path in copy.paths().await {
        copy.remove(&path).await;
    }
    let fetched = copy.choosing(Arc::new(moving(MoveRule::Fetched)));
    assert!(fetched.run().await.unwrap().stopped);
    copy.trash("0.JPG");
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.files().await.len()), (1, 29), "{told:?}");
    let report = fetched.run().await.unwrap();
    assert!(report.stopped, "{report}");
}

/// iCloud may do later what it refused to do: the request before that one may still be on its way.
#[tokio::test(start_paused = true)]
async fn what_was_refused_stays_written_down() {
    let copy = mirror(3, Disposal::Remove).await;
    copy.put(MARK, br#"{"id":"mark-1","about":""}"#.to_vec()).await;
    let sending = copy.choosing(Arc::new(moving(ALL)));
    sending.faults(vec![FaultRule::new("cloudkit/records/modify", FaultAction::status(403))]);
    sending.run().await.unwrap_err();
    sending.faults(Vec::new());
    assert_eq!((copy.shown().len(), copy.records().await.len()), (3, 1));
    copy.trash("1.JPG");
    for copy in [&copy, &copy.forgetful()] {
        assert_eq!((copy.run().await.unwrap().removed, copy.files().await.len()), (0, 3));
    }
}

/// iCloud gave no good answer, then showed the photos as living, and did what it was asked to do all the same.
#[tokio::test(start_paused = true)]
async fn what_icloud_does_late_is_not_taken_for_its_owners_doing() {
    for status in [400, 403, 404, 409, 500, 503] {
        for rule in [ALL, MoveRule::Fetched] {
            let copy = mirror(3, Disposal::Remove).await;
            copy.put(MARK, br#"{"id":"mark-1","about":""}"#.to_vec()).await;
            let sending = copy.forgetful().choosing(Arc::new(moving(rule)));
            for path in copy.paths().await {
                copy.remove(&path).await;
            }
            sending.faults(vec![FaultRule::new("cloudkit/records/modify", FaultAction::status(status))]);
            for _ in 0..3 {
                sending.run().await.unwrap_err();
            }
            sending.faults(Vec::new());
            assert_eq!((copy.shown().len(), copy.records().await.len()), (3, 1), "written down once");
            (0..3).for_each(|number| copy.trash(&format!("{number}.JPG")));
            for mirror in [&copy.forgetful(), &sending.choosing(copy.choose.clone())] {
                let (report, told) = mirror.clear().await;
                assert_eq!((report.removed, copy.files().await.len()), (0, 3), "{status}: {told:?}");
            }
        }
    }
}

/// Two batches, and the file that speaks of the first is lost. The next one does not make up for it.
#[tokio::test(start_paused = true)]
async fn every_part_of_the_record_is_missed() {
    let copy = mirror(4, Disposal::Remove).await;
    copy.put(MARK, br#"{"id":"mark-1","about":""}"#.to_vec()).await;
    let newer = copy.forgetful();
    newer.run().await.unwrap();
    newer.send(&copy.id("0.JPG")).await;
    newer.send(&copy.id("1.JPG")).await;
    let [first, last] = copy.records().await.try_into().unwrap();
    for lost in [&first, &last] {
        let whole = copy.bytes(lost).await;
        copy.remove(lost).await;
        for _ in 0..2 {
            let error = copy.run().await.unwrap_err();
            assert!(error.to_string().contains(lost.as_str()), "{error}");
        }
        copy.put(lost, whole).await;
    }
    copy.remove(&last).await;
    newer.send(&copy.id("2.JPG")).await;
    let error = copy.run().await.unwrap_err();
    assert!(error.to_string().contains(last.as_str()), "{error}");
    assert_eq!(copy.files().await.len(), 4);
    // The way out that the message names: who knows that nothing else was moved goes on.
    let advice = error.to_string();
    let empty = advice.split_once("an empty one: ").unwrap().1.split_once('}').unwrap().0.to_owned() + "}";
    copy.put(&last, empty.into_bytes()).await;
    copy.trash("3.JPG");
    let (report, told) = newer.clear().await;
    assert_eq!((report.removed, copy.files().await.len()), (1, 3), "{told:?}");
}

/// Two copies, one inside the other.
#[tokio::test(start_paused = true)]
async fn the_record_of_a_copy_inside_counts() {
    let copy = mirror(2, Disposal::Remove).await;
    let inner = copy.forgetful();
    inner.run().await.unwrap();
    inner.put(MARK, br#"{"id":"mark-1","about":""}"#.to_vec()).await;
    inner.send(&copy.id("0.JPG")).await;
    let folder = copy.paths().await[0].split_once('/').unwrap().0.to_owned();
    for file in [MARK.to_owned(), copy.records().await.remove(0)] {
        copy.put(&format!("{folder}/{file}"), copy.bytes(&file).await).await;
        copy.remove(&file).await;
    }
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.files().await.len()), (0, 4), "{told:?}");
    copy.remove(&format!("{folder}/.icloud-photos-moved/000001.json")).await;
    copy.trash("1.JPG");
    assert!(copy.run().await.unwrap_err().to_string().contains(&folder));
}

/// A photo of the same name and length as one that was moved out, and a catalogue that knows of neither.
#[tokio::test(start_paused = true)]
async fn a_twin_does_not_take_the_file_of_what_was_moved_out() {
    let copy =
        Copy::with(LibrarySpec::plain(4, 3000).with_same_length_twins(), mirroring(Disposal::Remove)).await;
    copy.run().await.unwrap();
    copy.put(MARK, br#"{"id":"mark-1","about":""}"#.to_vec()).await;
    let held = copy.held().await;
    let plain = held.iter().find(|(_, (path, _))| {
        let (stem, end) = path.as_str().rsplit_once('.').unwrap();
        held.values().any(|(other, _)| {
            other.as_str().starts_with(&format!("{stem}-")) && other.as_str().ends_with(end)
        })
    });
    let ((moved, _), (path, sum)) = plain.expect("two of one name");
    copy.send(moved.as_str()).await;
    let copy = copy.forgetful();
    copy.run().await.unwrap();
    let owners = copy.rows().await.into_iter().filter(|row| row.path.as_ref() == Some(path));
    assert!(owners.map(|row| row.key.asset).eq([moved.clone()]), "it is nobody's who lives");
    assert_eq!(checksum(&copy.bytes(path.as_str()).await), *sum);
}

/// A catalogue that knows nothing of what was moved out learns it from the record: it looks for the files, and no photo of the same
/// name and length takes them.
#[tokio::test(start_paused = true)]
async fn a_new_catalogue_learns_from_the_record() {
    let copy = mirror(3, Disposal::Remove).await;
    copy.put(MARK, br#"{"id":"mark-1","about":""}"#.to_vec()).await;
    for number in 0..2 {
        copy.send(&copy.id(&format!("{number}.JPG"))).await;
    }
    let path = copy.paths().await.into_iter().find(|path| path.ends_with("0.JPG")).unwrap();
    copy.remove(&path).await;
    let copy = copy.forgetful();
    let (report, told) = copy.clear().await;
    assert_eq!((report.downloaded, report.removed, copy.files().await.len()), (1, 0, 3), "{told:?}");
    copy.rests("once it is learned").await;
    let (storage, catalogue) = (copy.storage.clone(), copy.catalogue.clone());
    let options = VerifyOptions::default();
    let report = verify(storage, catalogue, options, None, |_| {}).await.unwrap();
    assert_eq!((report.proven, report.strays, report.bad), (3, 0, 0), "{report}");
    // The mark and the record were put back from a backup together, before the move: this catalogue knows better.
    copy.put(MARK, br#"{"id":"mark-1","about":""}"#.to_vec()).await;
    let last = copy.records().await.pop().unwrap();
    copy.remove(&last).await;
    copy.run().await.unwrap();
    let mark = String::from_utf8(copy.bytes(MARK).await).unwrap();
    assert!(mark.contains("\"records\":2"), "others are to miss {last}: {mark}");
}

/// Nobody's request is sent before it is written down.
#[tokio::test(start_paused = true)]
async fn nothing_is_moved_out_that_cannot_be_written_down() {
    let copy = mirror(3, Disposal::Remove).await;
    let copy = copy.choosing(Arc::new(moving(ALL)));
    let full = Arc::new(crate::copies::Full::new(copy.storage.clone(), 0));
    let (ran, told) = copy.clear_on(full).await;
    assert_eq!(ran.unwrap_err().kind(), ErrorKind::StorageFull, "{told:?}");
    assert_eq!((copy.shown().len(), copy.records().await.len()), (3, 0));
    assert_eq!(copy.run().await.unwrap().moved, 3);
    assert_eq!(copy.records().await.len(), 1, "one file for many");
}

#[tokio::test(start_paused = true)]
async fn what_this_run_leaves_out_is_not_its_to_remove() {
    let copy = Copy::with(LibrarySpec::everyday(2, 150), |_, builder| builder).await;
    copy.run().await.unwrap();
    let rows = copy.rows().await;
    let truth = copy.world.truth();
    let video = truth["assets"].as_array().unwrap().iter().find(|asset| {
        let id = asset["id"].as_str().unwrap();
        asset["kind"] == "com.apple.quicktime-movie" && rows.iter().any(|row| row.key.asset.as_str() == id)
    });
    let video = video.unwrap()["id"].as_str().unwrap();
    copy.edit(video, Edit::Trash);
    let choose: Choose =
        Arc::new(|_, builder: SyncBuilder| builder.skip_videos(true).mirror(Some(Disposal::Remove)));
    let (report, told) = copy.choosing(choose).clear().await;
    assert_eq!(report.removed, 0, "{told:?}");
    let (report, told) = copy.choosing(Arc::new(mirroring(Disposal::Remove))).clear().await;
    assert_eq!(report.removed, 1, "{told:?}");
}

/// A row whose file is gone already is no removal, whatever the limit.
#[tokio::test(start_paused = true)]
async fn a_row_without_a_file_goes_under_any_limit() {
    let copy = mirror(3, Disposal::Remove).await;
    let choose: Choose = Arc::new(|_, builder: SyncBuilder| {
        let mut limit = RemovalLimit::new(0.0);
        limit.always = 0;
        builder.missing(Missing::Respect).mirror(Some(Disposal::Remove)).removal_limit(limit)
    });
    let copy = copy.choosing(choose);
    copy.remove(&copy.path("0.JPG").await).await;
    copy.trash("0.JPG");
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, report.stopped, copy.rows().await.len()), (0, false, 2), "{told:?}");
    copy.trash("1.JPG");
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, report.stopped, copy.files().await.len()), (0, true, 2), "{told:?}");
}

/// The list was whole when it was counted, and short when it was read again.
#[tokio::test(start_paused = true)]
async fn a_short_second_reading_is_not_the_last() {
    let copy = mirror(8, Disposal::Remove).await;
    (0..4).for_each(|number| copy.trash(&format!("{number}.JPG")));
    copy.world.cloud.reset_counts();
    copy.engine().rehearse_removals(&()).await.unwrap();
    let readings = copy.world.cloud.counts().requests_to("cloudkit/records/query");
    let short = FaultAction::ShortList { keep: 2 };
    copy.faults(vec![FaultRule::new("cloudkit/records/query", short).after(readings)]);
    let (report, told) = copy.clear().await;
    assert!(report.stopped && report.removed < 4 && told.contains(&"withheld".to_owned()), "{told:?}");
    copy.faults(Vec::new());
    let removed = report.removed;
    let (report, told) = copy.clear().await;
    assert_eq!(
        (removed + report.removed, report.stopped, copy.files().await.len()),
        (4, false, 4),
        "{told:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_file_that_could_not_be_read_is_tried_again() {
    let copy = mirror(4, Disposal::Remove).await;
    ["0.JPG", "1.JPG"].iter().for_each(|name| copy.trash(name));
    let stubborn = Arc::new(Stubborn::over(&copy));
    *stubborn.unreadable.lock().unwrap() = Some(copy.path("0.JPG").await);
    let (ran, told) = copy.clear_on(stubborn).await;
    assert_eq!(ran.unwrap().removed, 1, "{told:?}");
    let (report, told) = copy.clear().await;
    assert_eq!(report.removed, 1, "{told:?}");
}

/// A folder stands in the place of one file: that file's affair, also for a run that follows the history.
#[tokio::test(start_paused = true)]
async fn a_folder_in_the_place_of_a_file_concerns_that_file_only() {
    for recent in [Some(1), None] {
        let copy = mirror(4, Disposal::Remove).await;
        let choose = move |_: &_, builder: SyncBuilder| builder.mirror(Some(Disposal::Remove)).recent(recent);
        let copy = copy.choosing(Arc::new(choose));
        ["1.JPG", "2.JPG"].iter().for_each(|name| copy.trash(name));
        let stubborn = Arc::new(Stubborn::over(&copy));
        *stubborn.folder.lock().unwrap() = Some(copy.path("1.JPG").await);
        let (ran, told) = copy.clear_on(stubborn).await;
        assert_eq!(ran.unwrap().removed, 1, "{told:?}");
        assert!(told.iter().any(|line| line.starts_with("left ") && line.contains("a folder")), "{told:?}");
        let (report, told) = copy.clear().await;
        assert_eq!((report.removed, copy.files().await.len()), (1, 2), "once it can be looked at: {told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_was_moved_by_hand_is_its_movers() {
    let copy = mirror(3, Disposal::Remove).await;
    let (from, to) = (copy.path("1.JPG").await, "Best of/Rome.JPG");
    let bytes = copy.bytes(&from).await;
    copy.remove(&from).await;
    copy.put(to, bytes).await;
    copy.run().await.unwrap();
    assert!(copy.rows().await.iter().any(|row| row.path.as_ref().is_some_and(|path| path.as_str() == to)));
    ["1.JPG", "2.JPG"].iter().for_each(|name| copy.trash(name));
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.files().await.len()), (1, 2), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with(&format!("left {to}: ")) && line.contains("moved")));
}

/// Names that a run gave because the plain one was taken.
#[tokio::test(start_paused = true)]
async fn files_with_a_suffix_of_ours_go() {
    let spec = LibrarySpec::plain(3, 2000).with_same_length_twins();
    let copy = Copy::with(spec, mirroring(Disposal::Remove)).await;
    let now = copy.world.cloud.now_ms() - 1000;
    [3000, 4000].iter().for_each(|size| drop(copy.world.library().add_photo("same.JPG", *size, now)));
    copy.run().await.unwrap();
    assert!(
        copy.paths().await.iter().any(|path| path.ends_with("same-4000.JPG")),
        "{:?}",
        copy.paths().await
    );
    copy.shown().iter().for_each(|asset| copy.edit(asset, Edit::Trash));
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.files().await.len()), (7, 0), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_sidecar_is_icloudpds_if_its_root_says_so() {
    let copy = mirror(5, Disposal::Remove).await;
    let head = "<?xml version='1.0' encoding='utf-8'?>\n";
    let ours = format!("{head}<x:xml_doc xmlns:x=\"adobe:ns:meta/\" x:xmptk=\"icloudpd 1.32.3+8bd9\"/>");
    let theirs = format!(
        "{head}<x:xmpmeta xmlns:x=\"adobe:ns:meta/\" x:xmptk=\"XMP Core 4.4.0-Exiv2\"><rdf:li>icloudpd import</rdf:li>\
         <rdf:li>x:xmptk=\"icloudpd 1.32.3\"</rdf:li></x:xmpmeta>"
    );
    let sidecars = [(0, ours, false), (1, theirs, true), (2, "icloudpd".to_owned(), true)];
    let mut paths = Vec::new();
    for (number, text, stays) in sidecars {
        let name = format!("{number}.JPG");
        let sidecar = format!("{}.xmp", copy.path(&name).await);
        copy.put(&sidecar, text.into_bytes()).await;
        copy.trash(&name);
        paths.push((sidecar, stays));
    }
    let (report, told) = copy.clear().await;
    let left = copy.paths().await;
    assert_eq!(report.removed, 3, "{told:?}");
    for (path, stays) in paths {
        assert_eq!(left.contains(&path), stays, "{path}: {told:?}");
    }
}

/// What stays in any case does not count against the limit, or nothing would ever go again.
#[tokio::test(start_paused = true)]
async fn files_that_were_changed_here_hold_up_no_others() {
    let copy = mirror(60, Disposal::Remove).await;
    // Another library in the catalogue says nothing about this one.
    let other = LibraryKey::new("1/shared/SharedSync");
    let mut batch = Batch::default();
    batch.files = (0..900)
        .map(|number| {
            let key = FileKey::new(other.clone(), AssetId::new(format!("X{number}")), Role::Original);
            let mut row = FileRow::new(key, Status::Verified, 7);
            row.path = Some(crate::copies::at(&format!("theirs/{number}.JPG")));
            row
        })
        .collect();
    copy.catalogue.commit(batch).await.unwrap();
    for number in 0..32 {
        let name = format!("{number}.JPG");
        let path = copy.path(&name).await;
        let changed = match number {
            // Of another length.
            0..15 => Some(vec![7; 10]),
            15..30 => Some(flip(copy.bytes(&path).await)),
            _ => None,
        };
        if let Some(changed) = changed {
            // With the time of the change.
            copy.remove(&path).await;
            copy.put(&path, changed).await;
        }
        copy.trash(&name);
    }
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, report.withheld, report.stopped), (2, 30, false), "{told:?}");
    (32..60).for_each(|number| copy.trash(&format!("{number}.JPG")));
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, report.stopped), (0, true), "{told:?}");
    assert!(told.contains(&"stopped 28 of 58".to_owned()), "{told:?}");
}

/// The time alone says nothing: the bytes are asked.
#[tokio::test(start_paused = true)]
async fn a_file_that_was_only_touched_goes() {
    let copy = mirror(2, Disposal::Remove).await;
    let path = copy.path("0.JPG").await;
    let bytes = copy.bytes(&path).await;
    copy.remove(&path).await;
    copy.put(&path, bytes).await;
    copy.trash("0.JPG");
    let (report, told) = copy.clear().await;
    assert_eq!(report.removed, 1, "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_file_goes_to_the_trash_once() {
    let copy = mirror(4, Disposal::Trash).await;
    let twin = copy.twin_of("0.JPG");
    copy.run().await.unwrap();
    ["0.JPG", "1.JPG"].iter().for_each(|name| copy.trash(name));
    copy.edit(&twin, Edit::Trash);
    // The first run ends when the copies are made and nothing is removed yet.
    let stubborn = Arc::new(Stubborn::over(&copy));
    stubborn.keeps.store(true, Relaxed);
    let (ran, told) = copy.clear_on(stubborn).await;
    let report = ran.unwrap();
    assert_eq!(
        (report.removed, report.failed, report.is_clean(), copy.files().await.len()),
        (0, 2, false, 6),
        "{:?}",
        copy.paths().await
    );
    assert!(
        told.iter().all(|line| line.starts_with("left ") && line.contains("cannot be removed")),
        "{told:?}"
    );
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.files().await.len()), (2, 4), "{told:?}: {:?}", copy.paths().await);
}

/// Nothing loses its place for a copy that is not whole.
#[tokio::test(start_paused = true)]
async fn what_the_trash_does_not_hold_whole_stays_where_it_is() {
    let copy = mirror(3, Disposal::Trash).await;
    copy.trash("0.JPG");
    for harm in [Harm::Cuts, Harm::Flips] {
        let stubborn = Arc::new(Stubborn::over(&copy));
        *stubborn.harm.lock().unwrap() = Some(harm);
        let (ran, told) = copy.clear_on(stubborn).await;
        assert_eq!((ran.unwrap().removed, copy.files().await.len()), (0, 3), "{harm:?}: {told:?}");
        assert!(told.iter().any(|line| line.contains("do not trust this storage")), "{harm:?}: {told:?}");
    }
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.files().await.len()), (1, 3), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_removed_holds_up_no_others() {
    let copy = mirror(4, Disposal::Remove).await;
    ["0.JPG", "1.JPG", "2.JPG"].iter().for_each(|name| copy.trash(name));
    let stubborn = Arc::new(Stubborn::over(&copy));
    *stubborn.locked.lock().unwrap() = Some(copy.path("1.JPG").await);
    let (ran, told) = copy.clear_on(stubborn).await;
    let report = ran.unwrap();
    assert_eq!((report.removed, report.failed, copy.files().await.len()), (2, 1, 2), "{told:?}");
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.files().await.len()), (1, 1), "once it can go, it goes: {told:?}");
}

/// The trash has no room for one, or it cannot be removed for want of space; where nothing of them can be kept all stay.
#[tokio::test(start_paused = true)]
async fn a_file_that_is_short_of_room_holds_up_no_others() {
    let short: [(Deed, &str, Disposal, u64); 3] = [
        (Deed::Write, "1.JPG", Disposal::Trash, 2),
        (Deed::Remove, "1.JPG", Disposal::Remove, 2),
        (Deed::Flush, "", Disposal::Trash, 0),
    ];
    for (deed, end, disposal, removed) in short {
        let copy = mirror(4, disposal).await;
        ["0.JPG", "1.JPG", "2.JPG"].iter().for_each(|name| copy.trash(name));
        let keeps = AtomicBool::new(false);
        let full = OddStorage::over(copy.storage.clone(), move |asked, path| {
            // It is flushed for the run before, too.
            let trashes = keeps.fetch_or(path.starts_with(".icloud-photos-trash/"), Relaxed);
            let is_it = asked == deed && path.ends_with(end) && (trashes || deed != Deed::Flush);
            is_it.then_some(Odd::Fails(ErrorKind::StorageFull))
        });
        let (ran, told) = copy.clear_on(full).await;
        let report = ran.unwrap();
        assert_eq!((report.removed, report.failed), (removed, 3 - removed), "{deed:?}: {told:?}");
        let left = told.iter().find(|line| line.starts_with("left ") && line.contains("1.JPG: ")).unwrap();
        assert!(left.contains("cannot be removed: not today"), "{deed:?}: {told:?}");
        let (report, told) = copy.clear().await;
        assert_eq!(report.removed, 3 - removed, "once there is room: {told:?}");
    }
}

/// What comes to stand where nothing stood, or after the copy was made, was never proven.
#[tokio::test(start_paused = true)]
async fn what_changes_between_its_proof_and_its_removal_stays() {
    for disposal in [Disposal::Remove, Disposal::Trash] {
        let copy = mirror(2, disposal).await;
        copy.trash("0.JPG");
        let path = copy.path("0.JPG").await;
        let stubborn = Arc::new(Stubborn::over(&copy));
        // Somebody saves the file anew once it was read.
        *stubborn.saved_anew.lock().unwrap() = Some((path.clone(), copy.storage.clone()));
        let (ran, told) = copy.clear_on(stubborn).await;
        assert_eq!(ran.unwrap().removed, 0, "{disposal:?}: {told:?}");
        assert_eq!(copy.bytes(&path).await, b"work of an evening", "{disposal:?}: {told:?}");
    }
}

/// Memory keeps what it was told of a file. Where a photo is to leave iCloud, or a file the copy, that is no proof.
#[tokio::test(start_paused = true)]
async fn what_a_storage_was_told_once_proves_nothing() {
    let copy = mirror(2, Disposal::Remove).await;
    let harmed = copy.path("0.JPG").await;
    // Other bytes, of the same length and time, beside what was told of the right ones.
    let told = copy.storage.stat(&crate::copies::at(&harmed)).await.unwrap().unwrap();
    let mut options = WriteOptions::default().replace();
    options.modified = told.modified;
    let mut writer = copy.storage.write(&told.path, options).await.unwrap();
    writer.write(flip(copy.bytes(&harmed).await).into()).await.unwrap();
    writer.describe(told.metadata);
    writer.commit().await.unwrap();
    let asset = copy.world.session.primary_library().asset(&AssetId::new(copy.id("0.JPG"))).await.unwrap();
    let receipt = copy.engine().receipt(&asset).await.unwrap();
    assert!(matches!(receipt, Err(Kept::Differs { .. })), "{receipt:?}");
    copy.trash("0.JPG");
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.files().await.len()), (0, 2), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_limit_is_a_share() {
    let copy = mirror(1, Disposal::Remove).await;
    for share in [5.0, -0.1, f64::NAN] {
        let library = copy.world.session.primary_library();
        let builder = SyncEngine::builder(&library, copy.storage.clone()).catalogue(copy.catalogue.clone());
        let limit = RemovalLimit::new(share);
        let error = builder.mirror(Some(Disposal::Remove)).removal_limit(limit).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{share}");
    }
}

/// A storage that will not do everything.
#[derive(Debug)]
struct Stubborn {
    inner: Arc<dyn Storage>,
    unreadable: Mutex<Option<String>>,
    folder: Mutex<Option<String>>,
    locked: Mutex<Option<String>>,
    harm: Mutex<Option<Harm>>,
    saved_anew: Mutex<Option<(String, Arc<MemoryStorage>)>>,
    keeps: AtomicBool,
}

/// What becomes of a file in the trash.
#[derive(Debug, Clone, Copy)]
enum Harm {
    Cuts,
    Flips,
}

/// Writes something else.
struct Harming(Box<dyn StorageWriter>, Harm);

#[async_trait]
impl StorageWriter for Harming {
    fn position(&self) -> u64 {
        self.0.position()
    }

    async fn resumed(&mut self) -> Result<BoxStream<'static, Result<Bytes>>> {
        self.0.resumed().await
    }

    async fn restart(&mut self) -> Result<()> {
        self.0.restart().await
    }

    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        let harmed = match self.1 {
            Harm::Cuts => chunk.slice(..chunk.len() - 1),
            Harm::Flips => flip(chunk.to_vec()).into(),
        };
        self.0.write(harmed).await
    }

    async fn commit(self: Box<Self>) -> Result<ObjectMeta> {
        self.0.commit().await
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        self.0.abort().await
    }
}

impl Stubborn {
    fn over(copy: &Copy) -> Self {
        let inner = copy.storage.clone();
        let (unreadable, folder, locked, harm) = Default::default();
        let (saved_anew, keeps) = Default::default();
        Self { inner, unreadable, folder, locked, harm, saved_anew, keeps }
    }
}

#[async_trait]
impl Storage for Stubborn {
    fn capabilities(&self) -> Capabilities {
        // One that is asked what it was told need not be read.
        let mut can = self.inner.capabilities();
        can.metadata = false;
        can
    }

    async fn stat(&self, path: &StoragePath) -> Result<Option<ObjectMeta>> {
        if self.folder.lock().unwrap().as_deref() == Some(path.as_str()) {
            return Err(Error::new(ErrorKind::AlreadyExists, "a folder stands there"));
        }
        self.inner.stat(path).await
    }

    async fn write(&self, path: &StoragePath, options: WriteOptions) -> Result<Box<dyn StorageWriter>> {
        let writer = self.inner.write(path, options).await?;
        let harm = *self.harm.lock().unwrap();
        Ok(match harm.filter(|_| path.as_str().starts_with(".icloud-photos-trash/")) {
            Some(harm) => Box::new(Harming(writer, harm)),
            None => writer,
        })
    }

    async fn read(&self, path: &StoragePath, from: u64) -> Result<BoxStream<'static, Result<Bytes>>> {
        if self.unreadable.lock().unwrap().as_deref() == Some(path.as_str()) {
            return Err(Error::new(ErrorKind::Storage, "a bad sector"));
        }
        let read = self.inner.read(path, from).await;
        let mut saved_anew = self.saved_anew.lock().unwrap().clone();
        if let Some((_, storage)) = saved_anew.take_if(|(saved, _)| saved == path.as_str()) {
            let mut writer = storage.write(path, WriteOptions::default().replace()).await?;
            writer.write("work of an evening".into()).await?;
            writer.commit().await?;
        }
        read
    }

    async fn remove(&self, path: &StoragePath) -> Result<()> {
        if self.keeps.load(Relaxed) || self.locked.lock().unwrap().as_deref() == Some(path.as_str()) {
            return Err(Error::new(ErrorKind::Storage, "no"));
        }
        self.inner.remove(path).await
    }

    fn list(&self, prefix: &StoragePath) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn flush(&self) -> Result<()> {
        self.inner.flush().await
    }
}
