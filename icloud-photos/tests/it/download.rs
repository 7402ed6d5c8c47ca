//! Bytes are proven whatever the network does to them.

use futures::{StreamExt, TryStreamExt};
use icloud_photos::asset::Scheme;
use icloud_photos::download::{Doubt, Downloader, Proof};
use icloud_photos::storage::{FsStorage, StoragePath};
use icloud_photos::{Asset, ErrorKind, Library, Role};
use icloud_photos_testkit::{AccountSpec, Edit, FakeCloud, FaultAction, FaultRule, FaultScript, LibrarySpec};

use crate::adopt::base32;
use crate::support;

const SIZE: u64 = 300_000;

async fn photo(cloud: &FakeCloud) -> (Library, Asset) {
    let library = support::sign_in(cloud).await.primary_library();
    let asset = library.all().assets().try_next().await.unwrap().expect("the library has a photo");
    (library, asset)
}

/// Fetches one photo while the fake misbehaves.
async fn fetch_through(rules: Vec<FaultRule>) -> (FakeCloud, icloud_photos::Result<(usize, Proof)>) {
    let cloud = support::cloud(LibrarySpec::plain(3, SIZE));
    let (library, asset) = photo(&cloud).await;
    cloud.set_faults(FaultScript { seed: 1, rules }).unwrap();
    cloud.reset_counts();
    let downloader = Downloader::new(&library);
    let fetched = downloader.get(&asset, Role::Original).bytes(1 << 20).await;
    (cloud, fetched.map(|(bytes, proof)| (bytes.len(), proof)))
}

fn content(action: FaultAction) -> FaultRule {
    FaultRule::new("content", action)
}

fn status(code: u16) -> FaultAction {
    FaultAction::Status { code, retry_after: None, body: None }
}

#[tokio::test(start_paused = true)]
async fn a_photo_arrives_verified_with_one_request() {
    let (cloud, fetched) = fetch_through(Vec::new()).await;
    assert_eq!(fetched.unwrap(), (SIZE as usize, Proof::Verified));
    assert_eq!(cloud.counts().requests, 1, "the listing's link is used while it is fresh");
}

#[tokio::test(start_paused = true)]
async fn passing_faults_are_outlived() {
    for action in [
        FaultAction::Cut { after: 100_000 },
        FaultAction::Truncate { after: 100_000 },
        FaultAction::Stall { after: Some(70_000), ms: None },
        FaultAction::Stall { after: None, ms: None },
        FaultAction::Flip { at: Some(5) },
        FaultAction::Resize { by: -10 },
        FaultAction::Resize { by: 10 },
        FaultAction::Html,
        FaultAction::Tiny,
        FaultAction::Reset,
        status(503),
        status(429),
        status(500),
        status(400),
        status(403),
        status(404),
        status(410),
        status(204),
        status(302),
        status(421),
        status(450),
    ] {
        let (_, fetched) = fetch_through(vec![content(action.clone()).times(1)]).await;
        assert_eq!(fetched.unwrap(), (SIZE as usize, Proof::Verified), "{action:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_download_goes_on_where_it_broke_off() {
    let (cloud, fetched) = fetch_through(vec![content(FaultAction::Cut { after: 100_000 }).times(2)]).await;
    assert_eq!(fetched.unwrap().1, Proof::Verified);
    let sent = cloud.counts().bytes;
    assert!(sent < SIZE + 150_000, "{sent} bytes were sent: the beginning was fetched again");
}

#[tokio::test(start_paused = true)]
async fn wrong_bytes_are_never_kept() {
    // A different bit each time: not the same bytes twice.
    let (_, fetched) = fetch_through(vec![content(FaultAction::Flip { at: None })]).await;
    assert_eq!(fetched.unwrap_err().kind(), ErrorKind::Integrity);
    let (_, fetched) = fetch_through(vec![content(FaultAction::Resize { by: 7 })]).await;
    assert_eq!(fetched.unwrap_err().kind(), ErrorKind::Integrity);
}

#[tokio::test(start_paused = true)]
async fn the_same_wrong_bytes_twice_are_kept_but_prove_nothing() {
    let (cloud, fetched) = fetch_through(vec![content(FaultAction::Flip { at: Some(5) })]).await;
    assert_eq!(fetched.unwrap().1, Proof::Unconfirmed(Doubt::Mismatch));
    assert!(cloud.counts().requests >= 3, "the second fetch is over a fresh link");
}

#[tokio::test(start_paused = true)]
async fn lasting_faults_end_with_their_own_error() {
    let kind = |rules: Vec<FaultRule>| async { fetch_through(rules).await.1.unwrap_err().kind() };
    assert_eq!(kind(vec![content(FaultAction::Reset)]).await, ErrorKind::Network);
    assert_eq!(kind(vec![content(FaultAction::Stall { after: None, ms: None })]).await, ErrorKind::Timeout);
    assert_eq!(kind(vec![content(status(503))]).await, ErrorKind::RateLimited);
    assert_eq!(kind(vec![content(status(410))]).await, ErrorKind::LinkExpired);
    for code in [204, 302, 421] {
        let (cloud, fetched) = fetch_through(vec![content(status(code))]).await;
        assert_eq!(fetched.unwrap_err().kind(), ErrorKind::Protocol);
        assert_eq!(cloud.counts().requests_to("content"), 3, "a fresh link twice, for {code}");
    }
}

/// A dead link costs a lookup and no pause, whatever happened to the file before.
#[tokio::test(start_paused = true)]
async fn a_fresh_link_is_taken_at_once() {
    let cloud = support::cloud(LibrarySpec::plain(3, SIZE));
    let (library, asset) = photo(&cloud).await;
    let pauses_of = async |rules| {
        cloud.set_faults(FaultScript { seed: 1, rules }).unwrap();
        let start = tokio::time::Instant::now();
        Downloader::new(&library).get(&asset, Role::Original).bytes(1 << 20).await.unwrap();
        // The clock is paused: what passes is what was waited for.
        start.elapsed().as_millis()
    };
    let reset = || content(FaultAction::Reset).times(1);
    let broken = pauses_of(vec![reset()]).await;
    let broken_and_dead = pauses_of(vec![reset(), content(status(410)).times(1)]).await;
    assert!((500..=1000).contains(&broken) && broken_and_dead < 1100, "{broken} {broken_and_dead}");
}

/// Downloads that notice one after the other that their links are dead still share a lookup.
#[tokio::test(start_paused = true)]
async fn late_comers_join_the_lookup() {
    let cloud = support::cloud(LibrarySpec::plain(8, 1000));
    let library = support::sign_in(&cloud).await.primary_library();
    let assets: Vec<Asset> = library.all().assets().try_collect().await.unwrap();
    cloud.set_faults(FaultScript { seed: 1, rules: vec![content(status(410)).times(8)] }).unwrap();
    cloud.reset_counts();
    let downloader = Downloader::new(&library);
    let all = assets.iter().zip(0..).map(|(asset, place)| {
        let download = downloader.get(asset, Role::Original).bytes(1000);
        async move {
            tokio::time::sleep(std::time::Duration::from_millis(7 * place)).await;
            download.await.unwrap()
        }
    });
    futures::future::join_all(all).await;
    assert_eq!(cloud.counts().requests_to("cloudkit/records/lookup"), 1);
}

#[tokio::test(start_paused = true)]
async fn expired_links_are_renewed_together() {
    let cloud = support::cloud(LibrarySpec::plain(60, 1000));
    let library = support::sign_in(&cloud).await.primary_library();
    let assets: Vec<Asset> = library.all().assets().try_collect().await.unwrap();
    cloud.set_faults(FaultScript { seed: 1, rules: vec![content(status(410)).times(60)] }).unwrap();
    cloud.reset_counts();
    let downloader = Downloader::new(&library);
    let all = assets.iter().map(|asset| downloader.get(asset, Role::Original).bytes(1000));
    for fetched in futures::future::join_all(all).await {
        assert_eq!(fetched.unwrap().1, Proof::Verified);
    }
    let lookups = cloud.counts().requests - 120;
    assert!((1..=3).contains(&lookups), "{lookups} lookups for 60 links");
}

/// Links that are dead again wait, and wait together.
#[tokio::test(start_paused = true)]
async fn links_that_are_dead_again_are_renewed_together_too() {
    let cloud = support::cloud(LibrarySpec::plain(8, 1000));
    let library = support::sign_in(&cloud).await.primary_library();
    let assets: Vec<Asset> = library.all().assets().try_collect().await.unwrap();
    cloud.set_faults(FaultScript { seed: 1, rules: vec![content(status(410)).times(16)] }).unwrap();
    cloud.reset_counts();
    let downloader = Downloader::new(&library);
    let all = assets.iter().map(|asset| downloader.get(asset, Role::Original).bytes(1000));
    assert!(futures::future::join_all(all).await.iter().all(Result::is_ok));
    assert_eq!(cloud.counts().requests_to("cloudkit/records/lookup"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_file_too_large_for_memory_is_refused() {
    let cloud = support::cloud(LibrarySpec::plain(1, 5000));
    let (library, asset) = photo(&cloud).await;
    cloud.reset_counts();
    let fetched = Downloader::new(&library).get(&asset, Role::Original).bytes(4999).await;
    assert_eq!(fetched.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(cloud.counts().requests, 0, "its length is known");
    let missing = Downloader::new(&library).get(&asset, Role::Edited).bytes(1).await;
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
}

/// An error of some machine on the way is no beginning of a photo.
#[tokio::test(start_paused = true)]
async fn an_answer_that_announces_less_than_the_file_is_thrown_away() {
    let resized = || content(FaultAction::Resize { by: -100_000 });
    let (cloud, fetched) = fetch_through(vec![resized().times(1)]).await;
    assert_eq!(fetched.unwrap(), (SIZE as usize, Proof::Verified));
    assert_eq!(cloud.counts().requests_to("content"), 2);
    // A host that always sends the same beginning of a long film is gone on with: the checksum says what that is worth.
    let (cloud, fetched) = fetch_through(vec![resized().times(2)]).await;
    assert_eq!(fetched.unwrap(), (SIZE as usize, Proof::Verified));
    assert_eq!(cloud.counts().requests_to("content"), 3);
}

/// The text, and the rest of the photo after it, come twice: those are not the same bytes twice.
#[tokio::test(start_paused = true)]
async fn what_is_made_of_two_answers_is_not_what_apple_sent() {
    for size in [1000, SIZE] {
        for after in [1, 2] {
            let cloud = support::cloud(LibrarySpec::plain(1, size));
            let (library, asset) = photo(&cloud).await;
            let rules =
                [content(FaultAction::Tiny).times(1), content(FaultAction::Tiny).after(after).times(1)];
            cloud.set_faults(FaultScript { seed: 1, rules: rules.into() }).unwrap();
            let fetched = Downloader::new(&library).get(&asset, Role::Original).bytes(1 << 20).await;
            assert_eq!(fetched.unwrap().1, Proof::Verified, "{size} {after}");
        }
    }
}

/// Wrong bytes that come in pieces may be of anybody's making: they are no word of Apple's, however often they come.
#[tokio::test(start_paused = true)]
async fn the_same_wrong_bytes_count_only_if_they_come_in_one_piece() {
    let cut = |after| content(FaultAction::Cut { after: 1000 }).after(after).times(1);
    let wrong = content(FaultAction::Flip { at: Some(5) });
    let rules = [0, 2, 4, 6, 8, 10].map(cut).into_iter().chain([wrong]).collect();
    let (_, fetched) = fetch_through(rules).await;
    assert_eq!(fetched.unwrap_err().kind(), ErrorKind::Integrity);
}

/// Nobody speaks for the bytes of these files, so each comes from answers that agree, and not from what an earlier run left.
#[tokio::test(start_paused = true)]
async fn what_no_checksum_speaks_for_is_not_made_of_answers_that_disagree() {
    let cloud = support::cloud(LibrarySpec::wild(3, 80));
    let library = support::sign_in(&cloud).await.primary_library();
    let assets: Vec<Asset> = library.all().assets().filter_map(async |asset| asset.ok()).collect().await;
    let mute = assets.iter().filter(|asset| {
        asset.resource(Role::Original).is_some_and(|original| {
            original.is_offered()
                && original.checksum.is_none_or(|checksum| checksum.scheme() != Scheme::SaltedSha1)
        })
    });
    let downloader = Downloader::new(&library);
    let mut seen = 0;
    for asset in mute {
        let get = || downloader.get(asset, Role::Original);
        let (good, _) = get().bytes(1 << 24).await.unwrap();
        let tiny = || content(FaultAction::Tiny);
        let octets = || content(FaultAction::Resize { by: -10 });
        for rules in [vec![tiny().times(1)], vec![octets().times(1)], vec![octets().times(2)]] {
            cloud.set_faults(FaultScript { seed: 1, rules }).unwrap();
            match get().bytes(1 << 24).await {
                Ok((bytes, proof)) => assert!(bytes == good && proof != Proof::Verified),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Integrity),
            }
        }
        seen += 1;
        let Some(checksum) = asset.resource(Role::Original).unwrap().checksum else { continue };
        cloud.set_faults(FaultScript::default()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let storage = FsStorage::open(folder.path()).unwrap();
        let path = StoragePath::parse("IMG.JPG").unwrap();
        let part = base32(checksum.as_bytes()) + ".part";
        std::fs::write(folder.path().join(part), [b"501 Unimplemented", &good[17..]].concat()).unwrap();
        get().save(&storage, &path).await.unwrap();
        assert!(std::fs::read(folder.path().join("IMG.JPG")).unwrap() == good);
    }
    assert!(seen > 0, "no such file in the library");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_always_too_long_is_not_fetched_for_ever() {
    let (cloud, fetched) = fetch_through(vec![content(FaultAction::Resize { by: 7 })]).await;
    assert_eq!(fetched.unwrap_err().kind(), ErrorKind::Integrity);
    assert_eq!(cloud.counts().requests_to("content"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_download_leaves_the_others_their_links() {
    let cloud = support::cloud(LibrarySpec::plain(2, 1000));
    let library = support::sign_in(&cloud).await.primary_library();
    let assets: Vec<Asset> = library.all().assets().try_collect().await.unwrap();
    let gone = content(status(410)).times(2);
    let slow = FaultRule::new("cloudkit/records/lookup", FaultAction::Stall { after: None, ms: Some(5000) });
    cloud.set_faults(FaultScript { seed: 1, rules: vec![gone, slow.times(1)] }).unwrap();
    let downloader = Downloader::new(&library);
    let seconds = std::time::Duration::from_secs;
    let cancelled = tokio::time::timeout(seconds(2), downloader.get(&assets[0], Role::Original).bytes(1000));
    let other = tokio::time::timeout(seconds(60), downloader.get(&assets[1], Role::Original).bytes(1000));
    let (cancelled, other) = futures::join!(cancelled, other);
    assert!(cancelled.is_err(), "the first one was to be cancelled in the middle of its lookup");
    assert_eq!(other.expect("the other one never ended").unwrap().1, Proof::Verified);
}

#[tokio::test(start_paused = true)]
async fn a_photo_that_changed_since_it_was_listed_is_left_to_the_next_run() {
    let cloud = support::cloud(LibrarySpec::everyday(2, 60));
    let library = support::sign_in(&cloud).await.primary_library();
    let assets: Vec<Asset> = library.all().assets().try_collect().await.unwrap();
    let edited =
        assets.iter().find(|asset| asset.resource(Role::Edited).is_some_and(|edit| edit.is_offered()));
    let edited = edited.expect("an edited photo");
    let account = AccountSpec::default();
    let fake = cloud.library(&account.username).expect("the account has a library");
    assert!(fake.edit(edited.id().as_str(), &Edit::Render, cloud.now_ms()));
    cloud.set_faults(FaultScript { seed: 1, rules: vec![content(status(410)).times(1)] }).unwrap();
    let fetched = Downloader::new(&library).get(edited, Role::Edited).bytes(1 << 20).await;
    assert_eq!(fetched.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_name_that_was_taken_meanwhile_for_the_same_bytes_is_no_failure() {
    let cloud = support::cloud(LibrarySpec::plain(2, SIZE));
    let library = support::sign_in(&cloud).await.primary_library();
    let assets: Vec<Asset> = library.all().assets().try_collect().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let storage = FsStorage::open(folder.path()).unwrap();
    let path = StoragePath::parse("IMG.JPG").unwrap();
    let downloader = Downloader::new(&library);
    let save = |asset| downloader.get(asset, Role::Original).save(&storage, &path);
    save(&assets[0]).await.unwrap();
    assert_eq!(save(&assets[0]).await.unwrap().proof, Proof::Verified);
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, 1, "the part of the second download is gone");
    assert_eq!(save(&assets[1]).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
}
