//! Bytes as they come, whole files and parts: in order, proven at the end, and no faster than they are read.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt};
use http::{Request, Response};
use icloud_photos::asset::Scheme;
use icloud_photos::download::{ByteStream, Doubt, Download, Downloader, Proof};
use icloud_photos::http::{Body, HttpTransport};
use icloud_photos::storage::MemoryStorage;
use icloud_photos::{Asset, Error, ErrorKind, Role};
use icloud_photos_testkit::{FakeCloud, FaultAction, FaultRule, FaultScript, LibrarySpec};

use crate::copies::{at, status};
use crate::fake::World;
use crate::support::{self, FakeTransport};

const SIZE: u64 = 300_000;

/// Sees what the content host is asked, and how its answers are read.
#[derive(Debug, Clone)]
struct Between {
    fake: FakeTransport,
    /// The content host sends whole files, whatever it is asked for.
    is_deaf: Arc<AtomicBool>,
    /// What it was asked for; empty for everything.
    ranges: Arc<Mutex<Vec<String>>>,
    /// Bytes of its answers that were taken.
    taken: Arc<AtomicU64>,
    /// Answers of it that are being read.
    open: Arc<AtomicU64>,
}

/// An answer that somebody holds.
struct Held(Arc<AtomicU64>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl HttpTransport for Between {
    fn send(&self, mut request: Request<Bytes>) -> BoxFuture<'_, icloud_photos::Result<Response<Body>>> {
        async move {
            if !request.uri().path().starts_with("/B/") {
                return self.fake.send(request).await;
            }
            let range = request.headers().get("range").map(|range| range.to_str().unwrap().to_owned());
            self.ranges.lock().unwrap().push(range.unwrap_or_default());
            if self.is_deaf.load(Relaxed) {
                request.headers_mut().remove("range");
            }
            self.open.fetch_add(1, Relaxed);
            let (held, taken) = (Held(self.open.clone()), self.taken.clone());
            let answer = self.fake.send(request).await?;
            Ok(answer.map(|body| {
                Body::stream(body.inspect_ok(move |piece| {
                    let _ = &held;
                    taken.fetch_add(piece.len() as u64, Relaxed);
                }))
            }))
        }
        .boxed()
    }
}

/// One photo behind a fake, and whoever downloads it.
struct Photo {
    cloud: FakeCloud,
    between: Between,
    downloader: Downloader,
    asset: Asset,
    /// What it is.
    bytes: Bytes,
}

impl Photo {
    async fn new() -> Self {
        Self::of(LibrarySpec::plain(1, SIZE), 1 << 20).await
    }

    async fn of(spec: LibrarySpec, limit: usize) -> Self {
        let cloud = support::cloud(spec);
        let fake = FakeTransport(cloud.clone());
        let (is_deaf, ranges, taken, open) = Default::default();
        let between = Between { fake, is_deaf, ranges, taken, open };
        let session = support::sign_in_by(&cloud, &support::client_over(&cloud, between.clone())).await;
        let library = session.primary_library();
        let asset = library.all().assets().try_next().await.unwrap().expect("the library has a photo");
        let downloader = Downloader::new(&library);
        let bytes = match limit {
            0 => Bytes::new(),
            limit => downloader.get(&asset, Role::Original).bytes(limit).await.unwrap().0,
        };
        let photo = Self { cloud, between, downloader, asset, bytes };
        photo.forget();
        photo
    }

    /// From now on everything is counted anew.
    fn forget(&self) {
        self.cloud.reset_counts();
        self.between.ranges.lock().unwrap().clear();
        self.between.taken.store(0, Relaxed);
    }

    fn faults(&self, rules: Vec<FaultRule>) {
        self.cloud.set_faults(FaultScript { seed: 1, rules }).unwrap();
    }

    fn get(&self) -> Download<'_> {
        self.downloader.get(&self.asset, Role::Original)
    }

    async fn read(&self) -> Read {
        Read::of(self.get().stream().unwrap()).await
    }

    fn ranges(&self) -> Vec<String> {
        self.between.ranges.lock().unwrap().clone()
    }
}

/// What a stream gave.
#[derive(Debug)]
struct Read {
    bytes: Vec<u8>,
    error: Option<Error>,
    proof: Option<Proof>,
}

impl Read {
    async fn of(mut stream: ByteStream) -> Self {
        let (mut bytes, mut error) = (Vec::new(), None);
        while let Some(piece) = stream.next().await {
            assert!(error.is_none(), "nothing comes after an error");
            assert_eq!(stream.proof(), None, "nothing is proven before the end");
            match piece {
                Ok(piece) => bytes.extend_from_slice(&piece),
                Err(cause) => error = Some(cause),
            }
        }
        Self { bytes, error, proof: stream.proof() }
    }

    fn kind(&self) -> Option<ErrorKind> {
        self.error.as_ref().map(Error::kind)
    }
}

fn content(action: FaultAction) -> FaultRule {
    FaultRule::new("content", action)
}

#[tokio::test(start_paused = true)]
async fn a_file_comes_in_order_and_is_proven_at_its_end() {
    let photo = Photo::new().await;
    let stream = photo.get().stream().unwrap();
    assert_eq!(photo.cloud.counts().requests, 0, "nothing is sent before it is read");
    let read = Read::of(stream).await;
    assert!(read.bytes == photo.bytes && read.error.is_none());
    assert_eq!(read.proof, Some(Proof::Verified));
    assert_eq!(photo.cloud.counts().requests, 1);
    let missing = photo.downloader.get(&photo.asset, Role::Edited).stream();
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
}

/// It needs nothing of what made it.
#[tokio::test]
async fn a_stream_goes_on_elsewhere() {
    let photo = Photo::new().await;
    let (stream, bytes) = (photo.get().stream().unwrap(), photo.bytes.clone());
    drop(photo);
    let read = tokio::spawn(Read::of(stream)).await.unwrap();
    assert!(read.bytes == bytes && read.proof == Some(Proof::Verified));
}

#[tokio::test(start_paused = true)]
async fn passing_faults_are_outlived() {
    for action in [
        FaultAction::Cut { after: 100_000 },
        FaultAction::Truncate { after: 100_000 },
        FaultAction::Stall { after: Some(70_000), ms: None },
        FaultAction::Stall { after: None, ms: None },
        FaultAction::Resize { by: -10 },
        FaultAction::Resize { by: 10 },
        FaultAction::Html,
        FaultAction::Tiny,
        FaultAction::Reset,
        status(503),
        status(410),
        status(400),
        status(421),
    ] {
        for is_deaf in [false, true] {
            let photo = Photo::new().await;
            photo.between.is_deaf.store(is_deaf, Relaxed);
            photo.faults(vec![content(action.clone()).times(1)]);
            let read = photo.read().await;
            assert!(read.bytes == photo.bytes, "{action:?} {is_deaf} {:?}", read.error);
            assert_eq!((read.kind(), read.proof), (None, Some(Proof::Verified)), "{action:?} {is_deaf}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_goes_on_at_the_byte_where_it_broke_off() {
    let photo = Photo::new().await;
    photo.faults(vec![content(FaultAction::Cut { after: 100_000 }).times(2)]);
    assert_eq!(photo.read().await.proof, Some(Proof::Verified));
    assert_eq!(photo.ranges(), ["", "bytes=100000-", "bytes=200000-"]);
    assert_eq!(photo.between.taken.load(Relaxed), SIZE, "no byte came twice");
}

#[tokio::test(start_paused = true)]
async fn a_dead_link_is_renewed_in_the_midst_of_a_file() {
    let photo = Photo::new().await;
    let dead = content(status(410)).after(1).times(1);
    photo.faults(vec![content(FaultAction::Cut { after: 5000 }).times(1), dead]);
    let read = photo.read().await;
    assert!(read.bytes == photo.bytes && read.proof == Some(Proof::Verified));
    assert_eq!(photo.cloud.counts().requests_to("cloudkit/records/lookup"), 1);
}

#[tokio::test(start_paused = true)]
async fn lasting_faults_end_the_stream_with_their_own_error() {
    for (action, kind) in [
        (FaultAction::Reset, ErrorKind::Network),
        (FaultAction::Stall { after: None, ms: None }, ErrorKind::Timeout),
        (status(503), ErrorKind::RateLimited),
        (status(410), ErrorKind::LinkExpired),
        (FaultAction::Resize { by: 7 }, ErrorKind::Integrity),
    ] {
        let photo = Photo::new().await;
        photo.faults(vec![content(action.clone())]);
        let read = photo.read().await;
        assert_eq!((read.kind(), read.proof), (Some(kind), None), "{action:?}");
    }
}

/// They were handed out, and the right ones came too late.
#[tokio::test(start_paused = true)]
async fn wrong_bytes_are_told_after_the_last_one() {
    let photo = Photo::new().await;
    photo.faults(vec![content(FaultAction::Flip { at: Some(5) }).times(1)]);
    let read = photo.read().await;
    assert_eq!(read.bytes.len() as u64, SIZE);
    assert!(read.bytes != photo.bytes);
    assert_eq!((read.kind(), read.proof), (Some(ErrorKind::Integrity), None));
    let error = read.error.unwrap().to_string();
    assert!(
        error.contains("read the file once more") && error.contains(photo.asset.id().as_str()),
        "{error}"
    );
    // Other wrong bytes each time.
    photo.faults(vec![content(FaultAction::Flip { at: None })]);
    assert_eq!(photo.read().await.kind(), Some(ErrorKind::Integrity));
}

#[tokio::test(start_paused = true)]
async fn the_same_wrong_bytes_twice_are_handed_out_once_and_prove_nothing() {
    let photo = Photo::new().await;
    photo.faults(vec![content(FaultAction::Flip { at: Some(5) })]);
    let read = photo.read().await;
    assert_eq!((read.bytes.len() as u64, read.kind()), (SIZE, None));
    assert_eq!(read.proof, Some(Proof::Unconfirmed(Doubt::Mismatch)));
}

/// A host that begins anew must send what it sent before.
#[tokio::test(start_paused = true)]
async fn what_was_handed_out_comes_again_or_the_stream_ends() {
    for is_wrong in [false, true] {
        let photo = Photo::new().await;
        photo.between.is_deaf.store(true, Relaxed);
        let flip = content(FaultAction::Flip { at: Some(5) }).after(1);
        let cut = content(FaultAction::Cut { after: 100_000 }).times(1);
        photo.faults(if is_wrong { vec![cut, flip] } else { vec![cut] });
        let read = photo.read().await;
        if is_wrong {
            assert!(read.bytes == photo.bytes[..100_000], "nothing of the second answer is handed out");
            assert_eq!((read.kind(), read.proof), (Some(ErrorKind::Integrity), None));
        } else {
            assert!(read.bytes == photo.bytes && read.proof == Some(Proof::Verified), "{:?}", read.error);
        }
    }
}

/// More was handed out than the file has.
#[tokio::test(start_paused = true)]
async fn bytes_behind_the_end_are_not_forgotten_when_the_right_file_comes() {
    let (world, asset) = described(|_| {}).await;
    let answers = AtomicU64::new(0);
    world.bend(move |path, head, body| {
        if !path.starts_with("/B/") || answers.fetch_add(1, Relaxed) > 0 {
            return body;
        }
        head.headers.remove("content-length");
        [&body[..], b"and more"].concat().into()
    });
    let downloader = Downloader::new(&world.session.primary_library());
    let read = Read::of(downloader.get(&asset, Role::Original).stream().unwrap()).await;
    assert_eq!((read.bytes.len() as u64, read.kind()), (SIZE + 8, Some(ErrorKind::Integrity)));
    assert_eq!(read.proof, None);
}

/// The second answer is cut before it is where the first was, and the third after.
#[tokio::test(start_paused = true)]
async fn a_repetition_that_breaks_off_is_repeated() {
    let photo = Photo::new().await;
    photo.between.is_deaf.store(true, Relaxed);
    let cut = |after, nth| content(FaultAction::Cut { after }).after(nth).times(1);
    photo.faults(vec![cut(200_000, 0), cut(100_000, 1), cut(250_000, 2)]);
    let read = photo.read().await;
    assert!(read.bytes == photo.bytes && read.proof == Some(Proof::Verified), "{:?}", read.error);
}

#[tokio::test(start_paused = true)]
async fn progress_says_what_arrived_and_what_was_for_nothing() {
    let photo = Photo::new().await;
    photo.between.is_deaf.store(true, Relaxed);
    photo.faults(vec![content(FaultAction::Cut { after: 100_000 }).times(1)]);
    let sums = Arc::new(Mutex::new((0, 0)));
    let counter = sums.clone();
    let count = move |bytes: i64| {
        let mut sums = counter.lock().unwrap();
        if bytes > 0 { sums.0 += bytes } else { sums.1 -= bytes }
    };
    Read::of(photo.get().progress(count).stream().unwrap()).await;
    assert_eq!(*sums.lock().unwrap(), (SIZE as i64 + 100_000, 100_000));
}

#[tokio::test(start_paused = true)]
async fn what_no_checksum_speaks_for_is_handed_out_and_said_to_be_so() {
    let cloud = support::cloud(LibrarySpec::wild(3, 80));
    let library = support::sign_in(&cloud).await.primary_library();
    let assets: Vec<Asset> = library.all().assets().filter_map(async |asset| asset.ok()).collect().await;
    let downloader = Downloader::new(&library);
    let mut doubts = Vec::new();
    for asset in &assets {
        let Some(original) = asset.resource(Role::Original).filter(|original| original.is_offered()) else {
            continue;
        };
        let expected = match original.checksum.map(|checksum| checksum.scheme()) {
            Some(Scheme::SaltedSha1) => continue,
            Some(_) => Doubt::UnknownScheme,
            None => Doubt::NoChecksum,
        };
        let read = Read::of(downloader.get(asset, Role::Original).stream().unwrap()).await;
        assert_eq!((read.kind(), read.proof), (None, Some(Proof::Unconfirmed(expected))));
        assert_eq!(Some(read.bytes.len() as u64), original.size);
        doubts.push(expected);
    }
    assert!(doubts.contains(&Doubt::UnknownScheme), "{doubts:?}");
    let (world, asset) = described(|file| drop(file.remove("fileChecksum"))).await;
    let downloader = Downloader::new(&world.session.primary_library());
    let read = Read::of(downloader.get(&asset, Role::Original).stream().unwrap()).await;
    assert_eq!((read.bytes.len() as u64, read.kind()), (SIZE, None));
    assert_eq!(read.proof, Some(Proof::Unconfirmed(Doubt::NoChecksum)));
}

/// A photo whose record is not true.
async fn described(
    change: impl Fn(&mut serde_json::Map<String, serde_json::Value>) + Send + Sync + 'static,
) -> (World, Asset) {
    let world = World::new(LibrarySpec::plain(1, SIZE)).await;
    world.describe(change);
    let library = world.session.primary_library();
    let asset = library.all().assets().try_next().await.unwrap().unwrap();
    (world, asset)
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_wrong_about_the_length_is_overruled_by_its_checksum_alone() {
    let (world, asset) = described(|file| file["size"] = (SIZE + 5).into()).await;
    let downloader = Downloader::new(&world.session.primary_library());
    let read = Read::of(downloader.get(&asset, Role::Original).stream().unwrap()).await;
    assert_eq!((read.bytes.len() as u64, read.proof), (SIZE, Some(Proof::Verified)), "{:?}", read.error);
    let (world, asset) = described(|file| {
        file["size"] = (SIZE + 5).into();
        file["fileChecksum"] = "BG2cWT2PxzWixMKuuNMTHJ8CJ3sH".into();
    })
    .await;
    let downloader = Downloader::new(&world.session.primary_library());
    let read = Read::of(downloader.get(&asset, Role::Original).stream().unwrap()).await;
    assert_eq!((read.bytes.len(), read.kind(), read.proof), (0, Some(ErrorKind::Integrity), None));
    for from in [0, 10] {
        let part = downloader.get(&asset, Role::Original).range(from..from + 10);
        assert_eq!(part.bytes(10).await.unwrap_err().kind(), ErrorKind::Integrity);
    }
}

/// The fake sends pieces of 256 KiB of a film of 1 GiB.
#[tokio::test(start_paused = true)]
async fn no_more_is_fetched_than_is_read_and_nothing_once_the_stream_is_dropped() {
    const PIECE: u64 = 256 << 10;
    let photo = Photo::of(LibrarySpec::plain(0, 1).with_big_file(1 << 30), 0).await;
    let mut stream = photo.get().stream().unwrap();
    for pieces in 1..=3 {
        assert_eq!(stream.try_next().await.unwrap().unwrap().len() as u64, PIECE);
        // Longer than any silence would be borne that is not the reader's own.
        tokio::time::sleep(Duration::from_secs(3600)).await;
        let taken = photo.between.taken.load(Relaxed);
        assert!(taken <= (pieces + 1) * PIECE, "{taken} bytes for {pieces} pieces");
    }
    assert_eq!((photo.ranges().len(), photo.between.open.load(Relaxed)), (1, 1), "the same answer is read");
    drop(stream);
    assert_eq!(photo.between.open.load(Relaxed), 0, "the answer is let go");
    let mut unread = photo.get().stream().unwrap();
    assert!(unread.try_next().now_or_never().is_some() || photo.between.open.load(Relaxed) == 1);
    drop(unread);
    assert_eq!(photo.between.open.load(Relaxed), 0);
}

/// What a range gives, as a stream and in memory.
async fn part(photo: &Photo, from: u64, to: u64) -> (Vec<u8>, Bytes) {
    let read = Read::of(photo.get().range(from..to).stream().unwrap()).await;
    assert_eq!((read.kind(), read.proof), (None, None), "{from}..{to}: {:?}", read.error);
    let (bytes, proof) = photo.get().range(from..to).bytes(1 << 20).await.unwrap();
    assert_eq!(proof, Proof::Unconfirmed(Doubt::Part));
    (read.bytes, bytes)
}

#[tokio::test(start_paused = true)]
async fn a_range_gives_those_of_its_bytes_that_there_are() {
    for is_deaf in [false, true] {
        let photo = Photo::new().await;
        photo.between.is_deaf.store(is_deaf, Relaxed);
        for (from, to) in
            [(0, 10), (100_000, 100_010), (SIZE - 5, SIZE), (SIZE - 5, SIZE + 100), (0, u64::MAX), (0, SIZE)]
        {
            let expected = &photo.bytes[from as usize..to.min(SIZE) as usize];
            let (streamed, held) = part(&photo, from, to).await;
            assert!(streamed == expected && held == expected, "{from}..{to}");
        }
        photo.forget();
        for (from, to) in [(5, 5), (7, 3), (SIZE, SIZE + 1), (SIZE + 9, SIZE + 99), (u64::MAX - 1, u64::MAX)]
        {
            let (streamed, held) = part(&photo, from, to).await;
            assert!(streamed.is_empty() && held.is_empty(), "{from}..{to}");
        }
        assert_eq!(photo.cloud.counts().requests, 0, "nothing is asked where nothing is");
    }
}

#[tokio::test(start_paused = true)]
async fn a_range_costs_no_more_than_it_has() {
    let photo = Photo::of(LibrarySpec::plain(0, 1).with_big_file(1 << 30), 0).await;
    let (bytes, _) = photo.get().range(1 << 29..(1 << 29) + 1000).bytes(1000).await.unwrap();
    assert_eq!(bytes.len(), 1000);
    assert_eq!(
        photo.ranges(),
        [format!("bytes={}-{}", 1 << 29, (1 << 29) + 999)],
        "nothing else is asked for"
    );
    assert_eq!(photo.between.taken.load(Relaxed), 1000);
    assert_eq!(photo.between.open.load(Relaxed), 0);
    let refused = photo.get().range(0..1001).bytes(1000).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
}

#[tokio::test(start_paused = true)]
async fn a_range_outlives_passing_faults_and_goes_on_at_the_same_byte() {
    for action in [
        FaultAction::Cut { after: 30_000 },
        FaultAction::Truncate { after: 30_000 },
        FaultAction::Stall { after: Some(30_000), ms: None },
        FaultAction::Stall { after: None, ms: None },
        FaultAction::Resize { by: -10 },
        FaultAction::Resize { by: 10 },
        FaultAction::Html,
        FaultAction::Tiny,
        FaultAction::Reset,
        status(503),
        status(410),
        status(204),
    ] {
        for is_deaf in [false, true] {
            let photo = Photo::new().await;
            photo.between.is_deaf.store(is_deaf, Relaxed);
            photo.faults(vec![content(action.clone()).times(1)]);
            let read = Read::of(photo.get().range(10_000..SIZE + 1).stream().unwrap()).await;
            assert!(read.bytes == photo.bytes[10_000..], "{action:?} {is_deaf} {:?}", read.error);
            let asked = photo.ranges();
            assert!(asked[0].starts_with("bytes=10000-"), "{asked:?}");
            assert!(asked.iter().all(|range| range.ends_with("-299999")), "{asked:?}");
            if action == (FaultAction::Cut { after: 30_000 }) {
                let next = if is_deaf { 30_000 } else { 40_000 };
                assert!(asked[1].starts_with(&format!("bytes={next}-")), "{asked:?}");
            }
        }
    }
}

/// Whatever comes in place of a file, none of it is taken for the file's first bytes.
#[tokio::test(start_paused = true)]
async fn a_range_of_the_beginning_is_of_the_file() {
    for action in [
        FaultAction::Html,
        FaultAction::Tiny,
        FaultAction::Resize { by: -10 },
        FaultAction::Resize { by: 10 },
    ] {
        let photo = Photo::new().await;
        photo.between.is_deaf.store(true, Relaxed);
        photo.faults(vec![content(action.clone()).times(1)]);
        let (bytes, _) = photo.get().range(0..10).bytes(10).await.unwrap();
        assert!(bytes == photo.bytes[..10], "{action:?}");
        assert_eq!(photo.cloud.counts().requests_to("content"), 2, "{action:?}");
    }
    let (world, asset) = described(|_| {}).await;
    world.bend(|path, head, body| {
        if path.starts_with("/B/") {
            head.status = http::StatusCode::OK;
            head.headers.remove("content-length");
            return Bytes::from_static(b"something else");
        }
        body
    });
    let downloader = Downloader::new(&world.session.primary_library());
    let refused = downloader.get(&asset, Role::Original).range(0..10).bytes(10).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Network);
}

#[tokio::test(start_paused = true)]
async fn lasting_faults_end_a_range_with_their_own_error() {
    for (action, is_deaf, kind) in [
        (FaultAction::Reset, false, ErrorKind::Network),
        (status(410), false, ErrorKind::LinkExpired),
        (status(503), false, ErrorKind::RateLimited),
        (FaultAction::Resize { by: -10 }, true, ErrorKind::Integrity),
        (FaultAction::Html, false, ErrorKind::Network),
    ] {
        let photo = Photo::new().await;
        photo.between.is_deaf.store(is_deaf, Relaxed);
        photo.faults(vec![content(action.clone())]);
        let error = photo.get().range(10..20).bytes(10).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{action:?}");
    }
}

/// Nothing but the answers says where the file ends.
#[tokio::test(start_paused = true)]
async fn a_range_of_a_file_of_unknown_length_ends_with_it() {
    let (world, asset) = described(|file| drop(file.remove("size"))).await;
    let downloader = Downloader::new(&world.session.primary_library());
    let get = |from, to| downloader.get(&asset, Role::Original).range(from..to).bytes(1 << 20);
    let (whole, _) = downloader.get(&asset, Role::Original).bytes(1 << 20).await.unwrap();
    assert_eq!(whole.len() as u64, SIZE);
    assert!(get(SIZE - 5, SIZE + 5).await.unwrap().0 == whole[whole.len() - 5..]);
    assert!(get(0, u64::MAX).await.unwrap().0 == whole);
    assert!(get(SIZE, SIZE + 5).await.unwrap().0.is_empty());
    assert!(get(SIZE + 50, SIZE + 55).await.unwrap().0.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_range_takes_only_answers_about_what_was_asked_for() {
    for (lie, kind) in [
        ("bytes 11-299999/300000", ErrorKind::Network),
        ("bytes 10-299999/300001", ErrorKind::Integrity),
        ("bytes", ErrorKind::Network),
        ("", ErrorKind::Network),
    ] {
        let (world, asset) = described(|_| {}).await;
        world.bend(move |path, head, body| {
            if path.starts_with("/B/") {
                head.headers.insert("content-range", lie.parse().unwrap());
            }
            body
        });
        let downloader = Downloader::new(&world.session.primary_library());
        let refused = downloader.get(&asset, Role::Original).range(10..20).bytes(10).await.unwrap_err();
        assert_eq!(refused.kind(), kind, "{lie}");
    }
}

/// Where no record says how long the file is, two answers must agree.
#[tokio::test(start_paused = true)]
async fn a_range_is_not_made_of_two_files() {
    let (world, asset) = described(|file| drop(file.remove("size"))).await;
    let answers = AtomicU64::new(0);
    world.bend(move |path, head, body| {
        if !path.starts_with("/B/") {
            return body;
        }
        if answers.fetch_add(1, Relaxed) == 0 {
            // It is as long as it says, and breaks off all the same.
            return body.slice(..50);
        }
        let range = head.headers["content-range"].to_str().unwrap().replace("/300000", "/300001");
        head.headers.insert("content-range", range.parse().unwrap());
        body
    });
    let downloader = Downloader::new(&world.session.primary_library());
    let read = Read::of(downloader.get(&asset, Role::Original).range(10..1000).stream().unwrap()).await;
    assert_eq!((read.bytes.len(), read.kind()), (50, Some(ErrorKind::Network)));
}

#[tokio::test(start_paused = true)]
async fn a_part_is_never_stored() {
    let photo = Photo::new().await;
    let storage = MemoryStorage::new();
    let refused = photo.get().range(0..10).save(&storage, &at("A.JPG")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Config);
    assert_eq!(photo.cloud.counts().requests, 0);
}
