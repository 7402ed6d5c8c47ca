//! The record of what was moved out of iCloud: lost, damaged, old, doubled, and somebody else's.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use icloud_photos::storage::{Capabilities, ObjectMeta, Storage, StoragePath, StorageWriter, WriteOptions};
use icloud_photos::sync::catalogue::{Batch, Catalogue, LibraryKey, Progress, RemovalState};
use icloud_photos::sync::layout::{LayoutOptions, Size};
use icloud_photos::sync::store::MARK;
use icloud_photos::sync::{
    Disposal, Fault, MoveRule, RemovalLimit, SyncBuilder, VerifyEvent, VerifyOptions, verify,
};
use icloud_photos::{AssetId, ErrorKind, Result};
use icloud_photos_testkit::Edit;

use crate::copies::{Choose, Copy, flip};
use crate::mirror::mirror;

const MOVED: &str = ".icloud-photos-moved";

const PLAIN_MARK: &[u8] = br#"{"id":"mark-1","about":""}"#;

fn choosing(choose: impl Fn(SyncBuilder) -> SyncBuilder + Send + Sync + 'static) -> Choose {
    Arc::new(move |_, builder| choose(builder))
}

/// Originals and edits, and nothing removed.
fn with_edits() -> Choose {
    let sizes = || LayoutOptions::default().sizes([Size::Original, Size::Adjusted]);
    choosing(move |builder| builder.layout(sizes()))
}

/// A folder with two catalogues, both up to date with the originals of three photos.
async fn two() -> (Copy, Copy, String) {
    let ours = mirror(3, Disposal::Remove).await.choosing(with_edits());
    ours.put(MARK, PLAIN_MARK.to_vec()).await;
    let theirs = ours.forgetful();
    for copy in [&ours, &theirs] {
        copy.run().await.unwrap();
    }
    let id = ours.id("0.JPG");
    (ours, theirs, id)
}

impl Copy {
    /// A new edit of a photo, which is in the library whatever became of it before; gives where it stands.
    async fn render(&self, id: &str) -> String {
        if !self.shown().contains(id) {
            self.edit(id, Edit::Restore);
        }
        self.edit(id, Edit::Render);
        let before = self.paths().await;
        self.run().await.unwrap();
        let after = self.paths().await;
        after.into_iter().find(|path| !before.contains(path)).expect("the edit was fetched")
    }

    /// Whether a run finds out that this file is lost, and fetches it.
    async fn misses(&self, path: &str) -> bool {
        let bytes = self.bytes(path).await;
        self.remove(path).await;
        self.run().await.unwrap();
        let back = self.paths().await.iter().any(|there| there == path);
        if !back {
            self.put(path, bytes).await;
        }
        back
    }

    async fn out_of_icloud(&self) -> usize {
        self.catalogue.sent(&self.key().await, None, 1000).await.unwrap().len()
    }
}

/// A copy that moved nothing out, around one that did.
struct Nested {
    outer: Copy,
    folder: String,
}

impl Nested {
    async fn new() -> Self {
        let outer = mirror(3, Disposal::Remove).await;
        let inner = outer.forgetful();
        inner.run().await.unwrap();
        inner.put(MARK, PLAIN_MARK.to_vec()).await;
        inner.send(&outer.id("0.JPG")).await;
        let folder = outer.path("0.JPG").await.split_once('/').unwrap().0.to_owned();
        for file in [MARK.to_owned(), outer.records().await.remove(0)] {
            outer.put(&format!("{folder}/{file}"), outer.bytes(&file).await).await;
            outer.remove(&file).await;
        }
        Self { outer, folder }
    }

    fn mark(&self) -> String {
        format!("{}/{MARK}", self.folder)
    }
}

/// The mark of a copy inside this one is lost, or was removed as somebody advised. Its record speaks all the same.
#[tokio::test(start_paused = true)]
async fn the_record_of_a_copy_inside_counts_without_its_mark() {
    let nested = Nested::new().await;
    let copy = &nested.outer;
    copy.remove(&nested.mark()).await;
    let (report, told) = copy.clear().await;
    assert_eq!((report.removed, copy.files().await.len()), (0, 4), "{told:?}");
    copy.put(&format!("{}/{MOVED}/000001.json", nested.folder), b"{".to_vec()).await;
    copy.trash("1.JPG");
    assert_eq!(copy.run().await.unwrap_err().kind(), ErrorKind::Storage);
}

/// Nobody is told to remove the mark of a copy inside: the outer one would know less then.
#[tokio::test(start_paused = true)]
async fn the_mark_of_a_copy_inside_is_not_to_be_removed() {
    let nested = Nested::new().await;
    let copy = &nested.outer;
    let whole = copy.bytes(&nested.mark()).await;
    copy.put(&nested.mark(), b"{\"id\"".to_vec()).await;
    let error = copy.run().await.unwrap_err().to_string();
    assert!(error.contains(&nested.mark()) && !error.contains("remove the mark"), "{error}");
    assert!(error.contains("backup") && error.contains("that folder"), "{error}");
    copy.put(&nested.mark(), whole).await;
    assert_eq!((copy.run().await.unwrap().removed, copy.files().await.len()), (0, 5));
}

/// A run that was to delete what it fetched was stopped by the limit; then another catalogue moved all of it out.
#[tokio::test(start_paused = true)]
async fn what_was_owed_is_out_when_the_record_says_so() {
    let theirs = mirror(30, Disposal::Remove).await;
    theirs.put(MARK, PLAIN_MARK.to_vec()).await;
    let fetching = |share| {
        choosing(move |builder: SyncBuilder| {
            builder.move_out(Some(MoveRule::Fetched)).removal_limit(RemovalLimit::new(share))
        })
    };
    let ours = theirs.forgetful().choosing(fetching(0.05));
    for path in ours.paths().await {
        ours.remove(&path).await;
    }
    assert!(ours.run().await.unwrap().stopped);
    let all = choosing(|builder| {
        builder.move_out(Some(MoveRule::OlderThan { days: 0 })).removal_limit(RemovalLimit::new(1.0))
    });
    theirs.choosing(with_edits()).run().await.unwrap();
    assert_eq!(theirs.choosing(all).run().await.unwrap().moved, 30);
    for choose in [fetching(1.0), with_edits()] {
        let ours = ours.choosing(choose);
        for _ in 0..2 {
            assert_eq!(ours.run().await.unwrap().moved, 0);
        }
        assert_eq!(ours.out_of_icloud().await, 30);
        assert!(ours.misses(&ours.path("7.JPG").await).await);
    }
    let id = ours.id("8.JPG");
    let owed = ours.catalogue.removals(&ours.key().await, &[AssetId::new(id.as_str())]).await.unwrap();
    assert_eq!(owed[0].as_ref().map(|row| row.state), Some(RemovalState::Sent));
    // Its owner takes one back: nobody deletes it again on account of what was owed once.
    ours.edit(&id, Edit::Restore);
    assert_eq!(ours.choosing(fetching(1.0)).run().await.unwrap().moved, 0);
}

/// A photo was moved out, taken back, edited, and moved out again by the other catalogue: the edit is out, too.
#[tokio::test(start_paused = true)]
async fn the_last_that_the_record_says_of_a_photo_counts() {
    let (ours, theirs, id) = two().await;
    theirs.send(&id).await;
    ours.run().await.unwrap();
    assert_eq!(ours.out_of_icloud().await, 1);
    let edit = theirs.render(&id).await;
    theirs.send(&id).await;
    ours.run().await.unwrap();
    assert!(ours.misses(&edit).await);
    theirs.run().await.unwrap();
    assert!(theirs.misses(&edit).await);
}

/// The catalogue still has the file of an earlier edit than the one that was moved out.
#[tokio::test(start_paused = true)]
async fn an_earlier_edit_does_not_stand_for_the_one_that_is_out() {
    let (ours, theirs, id) = two().await;
    let first = theirs.render(&id).await;
    ours.run().await.unwrap();
    let last = theirs.render(&id).await;
    assert_ne!(first, last);
    theirs.send(&id).await;
    ours.run().await.unwrap();
    assert!(ours.misses(&last).await);
    // What an older version left in the catalogue: what is out is known, and shadowed.
    ours.edit(&id, Edit::Restore);
    let mut before = theirs.rows().await;
    before.retain(|row| row.path.as_ref().is_some_and(|path| path.as_str() == last));
    before[0].checksum = None;
    before[0].path = Some(StoragePath::parse(&first).unwrap());
    before[0].at -= 1000;
    let mut batch = Batch::default();
    batch.files = before;
    ours.catalogue.commit(batch).await.unwrap();
    ours.edit(&id, Edit::Trash);
    ours.run().await.unwrap();
    assert!(ours.misses(&last).await);
}

/// What was fetched after it was moved out is what there is now.
#[tokio::test(start_paused = true)]
async fn a_later_edit_stands_for_itself() {
    let (ours, theirs, id) = two().await;
    ours.render(&id).await;
    theirs.run().await.unwrap();
    theirs.send(&id).await;
    ours.run().await.unwrap();
    let last = ours.render(&id).await;
    let row = || async {
        let rows = ours.rows().await;
        rows.into_iter().find(|row| row.path.as_ref().is_some_and(|path| path.as_str() == last)).unwrap()
    };
    let fetched = row().await;
    ours.run().await.unwrap();
    ours.rests("nothing is new").await;
    assert_eq!(row().await, fetched);
    assert!(ours.misses(&last).await);
}

/// Lists backwards, as a folder does that was put back from a backup in that order.
#[derive(Debug)]
struct Backwards(Arc<dyn Storage>);

#[async_trait]
impl Storage for Backwards {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn stat(&self, path: &StoragePath) -> Result<Option<ObjectMeta>> {
        self.0.stat(path).await
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
        let files = self.0.list(prefix);
        let turned = async move {
            let mut files: Vec<_> = files.collect().await;
            files.reverse();
            stream::iter(files)
        };
        stream::once(turned).flatten().boxed()
    }

    async fn flush(&self) -> Result<()> {
        self.0.flush().await
    }
}

/// Folders list their files in any order.
#[tokio::test(start_paused = true)]
async fn the_record_is_read_in_the_order_of_its_numbers() {
    let (_, theirs, id) = two().await;
    theirs.render(&id).await;
    theirs.send(&id).await;
    let edit = theirs.render(&id).await;
    theirs.send(&id).await;
    assert_eq!(theirs.records().await.len(), 2);
    for (backwards, timeless) in [(false, 0), (true, 0), (false, 1), (false, 2)] {
        // Older versions wrote no times, and clocks go wrong.
        for (path, at) in theirs.records().await.iter().take(timeless).zip([None, Some(7)]) {
            let mut record: serde_json::Value = serde_json::from_slice(&theirs.bytes(path).await).unwrap();
            record["at"] = at.into();
            theirs.put(path, record.to_string().into_bytes()).await;
        }
        let new = theirs.forgetful();
        let storage: Arc<dyn Storage> = new.storage.clone();
        let storage = if backwards { Arc::new(Backwards(storage)) } else { storage };
        new.engine_on(storage).run(Arc::new(())).await.unwrap();
        assert!(new.misses(&edit).await, "{backwards}, {timeless}");
    }
}

/// Two folders were laid over each other, or a part was put back under another number.
#[tokio::test(start_paused = true)]
async fn a_part_of_another_record_is_no_part_of_this_one() {
    let copy = mirror(4, Disposal::Remove).await;
    copy.put(MARK, PLAIN_MARK.to_vec()).await;
    let other = mirror(2, Disposal::Remove).await;
    other.put(MARK, br#"{"id":"mark-2","about":""}"#.to_vec()).await;
    other.send(&other.id("0.JPG")).await;
    let foreign = other.bytes(&other.records().await[0]).await;
    let sending = copy.forgetful();
    sending.run().await.unwrap();
    sending.send(&copy.id("0.JPG")).await;
    sending.send(&copy.id("1.JPG")).await;
    copy.trash("2.JPG");
    let [first, last] = copy.records().await.try_into().unwrap();
    let ours = copy.bytes(&last).await;
    for text in [foreign, copy.bytes(&first).await] {
        copy.put(&last, text).await;
        let error = copy.run().await.unwrap_err();
        assert_eq!((error.kind(), copy.files().await.len()), (ErrorKind::Storage, 4), "{error}");
        assert!(error.to_string().contains(&last) && error.to_string().contains("another"), "{error}");
        // Nobody learns from it either.
        let new = copy.forgetful().choosing(with_edits());
        new.run().await.unwrap();
        assert_eq!(new.out_of_icloud().await, 1);
    }
    // As they were written before they said what they belong to.
    for (path, bytes) in [(&first, copy.bytes(&first).await), (&last, ours)] {
        let mut record: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let fields = record.as_object_mut().unwrap();
        assert!(["mark", "number", "at"].iter().all(|name| fields.remove(*name).is_some()));
        copy.put(path, record.to_string().into_bytes()).await;
    }
    assert_eq!((copy.run().await.unwrap().removed, copy.files().await.len()), (1, 3));
}

/// The mark was lost and made anew, and says which record is its own.
#[tokio::test(start_paused = true)]
async fn a_mark_that_was_made_anew_keeps_its_record() {
    let copy = mirror(4, Disposal::Remove).await;
    copy.put(MARK, PLAIN_MARK.to_vec()).await;
    let sending = copy.forgetful();
    sending.run().await.unwrap();
    sending.send(&copy.id("0.JPG")).await;
    copy.trash("2.JPG");
    copy.put(MARK, br#"{"id":"mark-2","about":"","records":1}"#.to_vec()).await;
    assert_eq!(copy.run().await.unwrap_err().kind(), ErrorKind::Storage);
    let mark = br#"{"id":"mark-2","about":"","records":1,"earlier":[{"id":"mark-1","last":1}]}"#;
    copy.put(MARK, mark.to_vec()).await;
    sending.send(&copy.id("1.JPG")).await;
    assert_eq!((copy.run().await.unwrap().removed, copy.files().await.len()), (1, 3));
    // Without any mark they are in good order.
    copy.remove(MARK).await;
    copy.trash("3.JPG");
    assert_eq!((copy.run().await.unwrap().removed, copy.files().await.len()), (1, 2));
}

/// Somebody copied the folder and removed the mark of the copy, as the advice says; both went on, and then one record was laid over the
/// other.
#[tokio::test(start_paused = true)]
async fn what_the_original_wrote_since_is_no_part_of_the_copys_record() {
    let copy = mirror(4, Disposal::Remove).await;
    copy.put(MARK, PLAIN_MARK.to_vec()).await;
    let sending = copy.forgetful();
    sending.run().await.unwrap();
    sending.send(&copy.id("0.JPG")).await;
    let mark = copy.bytes(MARK).await;
    let anew = br#"{"id":"mark-2","about":"","records":1,"earlier":[{"id":"mark-1","last":1}]}"#;
    copy.put(MARK, anew.to_vec()).await;
    sending.send(&copy.id("1.JPG")).await;
    let (second, ours) = (copy.records().await.remove(1), copy.bytes(MARK).await);
    // The original's.
    copy.remove(&second).await;
    copy.put(MARK, mark).await;
    let original = copy.forgetful();
    original.run().await.unwrap();
    original.send(&copy.id("2.JPG")).await;
    copy.put(MARK, ours).await;
    copy.trash("3.JPG");
    let error = copy.run().await.unwrap_err();
    assert_eq!((error.kind(), copy.files().await.len()), (ErrorKind::Storage, 4), "{error}");
    assert!(error.to_string().contains(&second), "{error}");
}

/// Programs that keep folders alike put a second file beside one that was written twice. It guards its photos, and tells nothing new.
#[tokio::test(start_paused = true)]
async fn a_second_file_of_one_number_takes_nothing_back() {
    let (ours, theirs, id) = two().await;
    theirs.send(&id).await;
    let edit = theirs.render(&id).await;
    theirs.send(&id).await;
    ours.run().await.unwrap();
    let first = ours.bytes(&ours.records().await[0]).await;
    ours.put(&format!("{MOVED}/000001 (conflict).json"), first).await;
    theirs.send(&ours.id("1.JPG")).await;
    ours.run().await.unwrap();
    assert!(ours.misses(&edit).await);
}

/// The mark and the record are lost together, and the run is about another library than the one of which photos were moved out.
#[tokio::test(start_paused = true)]
async fn no_number_is_given_twice_whatever_library_it_is_about() {
    let copy = mirror(3, Disposal::Remove).await;
    copy.put(MARK, PLAIN_MARK.to_vec()).await;
    let mut progress = Progress::new(LibraryKey::new("2/shared/SharedSync-1"), "record", 1);
    progress.token = Some("4".to_owned());
    let mut batch = Batch::default();
    batch.progress.push(progress);
    copy.catalogue.commit(batch).await.unwrap();
    copy.send(&copy.id("0.JPG")).await;
    assert_eq!(copy.records().await, [format!("{MOVED}/000005.json")]);
    copy.trash("1.JPG");
    let error = copy.run().await.unwrap_err().to_string();
    assert!(error.contains("000001.json"), "{error}");
    // A run says it to the mark, for those who know less.
    copy.put(MARK, PLAIN_MARK.to_vec()).await;
    copy.remove(&format!("{MOVED}/000005.json")).await;
    copy.choosing(with_edits()).run().await.unwrap();
    assert!(String::from_utf8(copy.bytes(MARK).await).unwrap().contains("\"records\":4"));
    assert_eq!(copy.forgetful().choosing(copy.choose.clone()).run().await.unwrap().removed, 0);
}

/// A stray file, or a mark that somebody wrote into: no number is used that would not be read again, and nothing leaves iCloud.
#[tokio::test(start_paused = true)]
async fn absurd_numbers_are_named() {
    let copy = mirror(2, Disposal::Remove).await;
    let send = async || {
        let engine = copy.engine();
        let asset = engine.library().asset(&AssetId::new(copy.id("0.JPG"))).await.unwrap();
        let receipt = engine.receipt(&asset).await.unwrap().unwrap();
        engine.move_out(&[receipt]).await.unwrap_err().to_string()
    };
    for records in [999_999, 1_000_000, u64::MAX] {
        copy.put(MARK, format!(r#"{{"id":"mark-1","about":"","records":{records}}}"#).into_bytes()).await;
        let error = send().await;
        assert!(error.contains("mark") && error.contains(&records.to_string()), "{error}");
    }
    copy.put(MARK, PLAIN_MARK.to_vec()).await;
    copy.put(&format!("{MOVED}/999999.json"), b"{}".to_vec()).await;
    let error = send().await;
    assert!(error.contains("999999"), "{error}");
    assert_eq!((copy.records().await.len(), copy.shown().len()), (1, 2));
    copy.trash("1.JPG");
    let error = copy.run().await.unwrap_err().to_string();
    assert!(error.contains("000001.json") && error.contains("999999"), "{error}");
}

/// What is learned from the record was proven once: damage is damage.
#[tokio::test(start_paused = true)]
async fn rot_of_what_was_learned_from_the_record_is_rot() {
    let copy = mirror(2, Disposal::Remove).await;
    copy.put(MARK, PLAIN_MARK.to_vec()).await;
    copy.send(&copy.id("0.JPG")).await;
    let new = copy.forgetful().choosing(with_edits());
    new.run().await.unwrap();
    let path = copy.path("0.JPG").await;
    copy.put(&path, flip(copy.bytes(&path).await)).await;
    for _ in 0..2 {
        let faults = std::sync::Mutex::new(Vec::new());
        let tell = |event: VerifyEvent<'_>| {
            if let VerifyEvent::Bad { fault, .. } = event {
                faults.lock().unwrap().push(fault);
            }
        };
        let (storage, catalogue) = (new.storage.clone(), new.catalogue.clone());
        verify(storage, catalogue, VerifyOptions::default(), None, tell).await.unwrap();
        assert_eq!(faults.into_inner().unwrap(), [Fault::Rotten]);
    }
}
