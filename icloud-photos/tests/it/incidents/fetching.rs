//! What must not be taken for a photo.

use std::sync::Arc;

use icloud_photos::sync::SyncBuilder;
use icloud_photos::sync::catalogue::Catalogue;
use icloud_photos_testkit::{Edit, ExpiredLink, FaultAction, FaultRule, LibrarySpec};

use super::{copy_of, flat, plain, spoilt};
use crate::copies::{Choose, Copy, checksum, status};
use crate::removal::id_of;

/// Everything stands under its name with the bytes that Apple's checksum says.
async fn all_proven(copy: &Copy, files: usize) {
    let rows = copy.rows().await;
    assert_eq!((rows.len(), copy.files().await.len()), (files, files));
    for row in rows {
        let bytes = copy.bytes(row.path.as_ref().unwrap().as_str()).await;
        assert_eq!(Some(checksum(&bytes)), row.checksum, "{row:?}");
    }
}

/// 8: in a flat folder photos of one name overwrote each other.
#[tokio::test(start_paused = true)]
async fn incident_08_nothing_is_overwritten() {
    let choose: Choose = Arc::new(|_, builder: SyncBuilder| builder.layout(flat()));
    let copy = copy_of(&["a.JPG", "a.JPG", "a.JPG", "b.JPG"], choose).await;
    copy.put("b.JPG", b"a photo that is not in iCloud".to_vec()).await;
    assert!(copy.run().await.unwrap().is_clean());
    assert_eq!(copy.bytes("b.JPG").await, b"a photo that is not in iCloud");
    assert_eq!(copy.files().await.len(), 5);
    assert!(copy.run().await.unwrap().is_clean());
    assert_eq!(copy.files().await.len(), 5);
}

/// 9: long videos that came cut, in good order, were kept at 1.01 GB.
#[tokio::test(start_paused = true)]
async fn incident_09_a_body_that_ends_early_gets_no_name() {
    let copy = copy_of(&["a.JPG"], plain()).await;
    copy.faults(vec![FaultRule::new("content", FaultAction::Truncate { after: 1010 })]);
    let report = copy.run().await.unwrap();
    assert_eq!((report.failed, copy.files().await.len()), (1, 0), "{report:?}");
    copy.faults(vec![FaultRule::new("content", FaultAction::Truncate { after: 1010 }).times(2)]);
    assert!(copy.run().await.unwrap().is_clean());
    all_proven(&copy, 1).await;
}

/// 10: half a video was accepted when the session ended in the middle of it.
#[tokio::test(start_paused = true)]
async fn incident_10_a_session_that_ends_in_a_file_does_not_end_the_file() {
    let copy = copy_of(&["a.JPG", "b.JPG"], plain()).await;
    copy.world.library().switch(|switches| switches.expired_link = ExpiredLink::BadRequest);
    copy.faults(vec![
        FaultRule::new("content", FaultAction::Cut { after: 600 }).times(1),
        FaultRule::new("content", status(400)).times(1),
        FaultRule::new("cloudkit/records/lookup", status(421)).times(1),
    ]);
    assert!(copy.run().await.unwrap().is_clean());
    all_proven(&copy, 2).await;
}

/// 11: a server that ignored the wish for a part sent all, and all was appended to what was there.
#[tokio::test(start_paused = true)]
async fn incident_11_a_whole_answer_is_not_appended_to_a_part() {
    let copy = copy_of(&["a.JPG"], plain()).await;
    let whole = FaultAction::Status { code: 200, retry_after: None, body: Some("x".repeat(1500)) };
    copy.faults(vec![
        FaultRule::new("content", FaultAction::Cut { after: 500 }).times(1),
        FaultRule::new("content", whole).times(1),
    ]);
    assert!(copy.run().await.unwrap().is_clean());
    all_proven(&copy, 1).await;
}

/// 12: the part of one version of a photo was finished with the bytes of another.
#[tokio::test(start_paused = true)]
async fn incident_12_a_part_belongs_to_one_version() {
    let choose: Choose = Arc::new(|_, builder: SyncBuilder| {
        builder.layout(flat().sizes([icloud_photos::sync::layout::Size::Adjusted]))
    });
    let copy = copy_of(&["a.JPG"], choose).await;
    let photo = id_of(&copy.world.truth(), "a.JPG");
    copy.edit(&photo, Edit::Render);
    copy.faults(vec![FaultRule::new("content", FaultAction::Cut { after: 400 })]);
    assert_eq!(copy.run().await.unwrap().failed, 1);
    copy.edit(&photo, Edit::Render);
    copy.faults(Vec::new());
    assert!(copy.run().await.unwrap().is_clean());
    all_proven(&copy, 1).await;
}

/// 13: the error text of the content host was stored as a photo.
#[tokio::test(start_paused = true)]
async fn incident_13_an_error_text_is_no_photo() {
    let copy = copy_of(&["a.JPG", "b.JPG"], plain()).await;
    for text in [FaultAction::Tiny, FaultAction::Html] {
        copy.faults(vec![FaultRule::new("content", text)]);
        let report = copy.run().await.unwrap();
        assert_eq!((report.failed, copy.files().await.len()), (2, 0), "{report:?}");
    }
    copy.faults(Vec::new());
    assert!(copy.run().await.unwrap().is_clean());
    all_proven(&copy, 2).await;
}

/// 14: the token moved on over pages that had failed, and what was on them was never fetched.
#[tokio::test(start_paused = true)]
async fn incident_14_a_token_covers_only_what_was_done() {
    let copy = Copy::of(LibrarySpec::plain(450, 1000)).await;
    copy.faults(vec![FaultRule::new("cloudkit/records/query", FaultAction::Html).after(3).times(400)]);
    assert!(copy.run().await.is_err());
    assert!(copy.catalogue.all_progress().await.unwrap().iter().all(|progress| progress.token.is_none()));
    copy.faults(vec![spoilt().rate(0.6)]);
    assert!(copy.run().await.unwrap().failed > 0);
    copy.faults(Vec::new());
    assert!(copy.run().await.unwrap().is_clean());
    all_proven(&copy, 450).await;
}

/// 15: the list ended at an empty page, or at a page without a whole photo.
#[tokio::test(start_paused = true)]
async fn incident_15_an_empty_page_is_not_the_end() {
    for keep in [0, 1] {
        let spec = LibrarySpec::plain(450, 1000).with(|switches| switches.split_pairs = true);
        let copy = Copy::of(spec).await;
        copy.faults(vec![
            FaultRule::new("cloudkit/records/query", FaultAction::ShortList { keep }).after(2).times(1),
        ]);
        let first = copy.run().await.unwrap();
        copy.faults(Vec::new());
        let second = copy.run().await.unwrap();
        assert_eq!(first.downloaded + second.downloaded, 450, "{first}; {second}");
        all_proven(&copy, 450).await;
    }
}

/// 20: "recent" meant days in one program and a number of photos in another.
#[tokio::test(start_paused = true)]
async fn incident_20_recent_is_a_number_of_photos() {
    let choose: Choose = Arc::new(|_, builder: SyncBuilder| builder.layout(flat()).recent(Some(3)));
    let copy = copy_of(&["a.JPG", "b.JPG", "c.JPG", "d.JPG", "e.JPG"], choose).await;
    copy.run().await.unwrap();
    let mut paths = copy.paths().await;
    paths.sort();
    assert_eq!(paths, ["a.JPG", "b.JPG", "c.JPG"]);
}
