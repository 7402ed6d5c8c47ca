//! The record of what was moved out of iCloud: lost, damaged, old, doubled, and somebody else's.

use icloud_photos::ErrorKind;
use icloud_photos::sync::Disposal;
use icloud_photos::sync::store::MARK;

use crate::copies::Copy;
use crate::mirror::mirror;

const MOVED: &str = ".icloud-photos-moved";

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
        inner.put(MARK, br#"{"id":"mark-1","about":""}"#.to_vec()).await;
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
