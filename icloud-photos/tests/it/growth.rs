//! What a later run asks for grows with what has changed, and not with the library.

use icloud_photos_testkit::LibrarySpec;

use crate::copies::Copy;

/// Requests by call of the run after `changes` changes to a library of so many photos.
async fn requests_after(photos: u64, changes: usize) -> Vec<(String, u64)> {
    let copy = Copy::of(LibrarySpec::plain(photos, 500)).await;
    assert!(copy.run().await.unwrap().is_clean());
    copy.rests("nothing has changed").await;
    assert_eq!(copy.world.library().stir(changes, copy.world.cloud.now_ms()), changes);
    copy.world.cloud.reset_counts();
    let report = copy.run().await.unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.downloaded as usize, changes / 4, "a quarter of the changes are photos that came");
    let counts = copy.world.cloud.counts().endpoints;
    counts.into_iter().map(|(call, counts)| (call, counts.requests)).collect()
}

#[tokio::test(start_paused = true)]
async fn as_many_changes_cost_as_many_requests_in_a_library_of_any_size() {
    let small = requests_after(1000, 40).await;
    assert_eq!(small, requests_after(4000, 40).await);
    let lists: Vec<_> = small.iter().filter(|(call, _)| call.contains("query")).collect();
    assert!(lists.is_empty(), "nothing is listed: {small:?}");
    let more: u64 = requests_after(1000, 400).await.into_iter().map(|(_, requests)| requests).sum();
    let few: u64 = small.iter().map(|(_, requests)| requests).sum();
    assert!(few < more && more <= few * 10, "{few} requests for 40 changes, {more} for 400");
}
