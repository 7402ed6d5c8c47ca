//! The reader against a list that lives in memory and misbehaves on request.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt;
use serde_json::{Value, json};

use super::*;
use crate::error::{Error, ErrorKind};
use crate::library::LibraryIdData;
use crate::session::Database;

/// A list of numbered assets. Asset `n` hangs on master `m<n>`, unless `shared` gives it another.
#[derive(Debug)]
struct FakeList {
    library: LibraryId,
    records_per_asset: usize,
    /// The server's list and the change to make to it before the n-th page request.
    assets: Mutex<Vec<u32>>,
    changes: Vec<(usize, Change)>,
    requests: AtomicUsize,
    lookups: Mutex<Vec<Vec<String>>>,
    running: AtomicUsize,
    most_running: AtomicUsize,
    count: Option<u64>,
    markers: bool,
    /// Assets whose master comes with no page.
    orphans: BTreeSet<u32>,
    shared: BTreeSet<u32>,
    /// Ranks whose page comes empty the first time, although assets follow.
    empty: Mutex<BTreeSet<usize>>,
    /// Ranks whose page is always empty.
    holes: BTreeSet<usize>,
    fails_at: Option<usize>,
}

#[derive(Debug, Clone)]
enum Change {
    Insert(u32),
    Remove(u32),
}

impl FakeList {
    fn new(assets: u32) -> Self {
        let library =
            LibraryIdData { database: Database::Private, zone: "PrimarySync".to_owned(), owner: None };
        Self {
            library: LibraryId(Arc::new(library)),
            records_per_asset: 2,
            assets: Mutex::new((0..assets).collect()),
            changes: Vec::new(),
            requests: AtomicUsize::new(0),
            lookups: Mutex::default(),
            running: AtomicUsize::new(0),
            most_running: AtomicUsize::new(0),
            count: Some(u64::from(assets)),
            markers: true,
            orphans: BTreeSet::new(),
            shared: BTreeSet::new(),
            empty: Mutex::default(),
            holes: BTreeSet::new(),
            fails_at: None,
        }
    }

    fn master(&self, asset: u32) -> String {
        if self.shared.contains(&asset) { "shared".to_owned() } else { format!("m{asset}") }
    }

    fn answer(&self, rank: usize, records: usize) -> Result<Value> {
        let request = self.requests.fetch_add(1, Ordering::SeqCst);
        if self.fails_at == Some(request) {
            return Err(Error::new(ErrorKind::Network, "cut"));
        }
        let mut assets = self.assets.lock().unwrap();
        for (_, change) in self.changes.iter().filter(|(at, _)| *at == request) {
            match change {
                Change::Insert(asset) => assets.insert(0, *asset),
                Change::Remove(asset) => assets.retain(|other| other != asset),
            }
        }
        let end = assets.len().min(rank + records / self.records_per_asset);
        let empty = self.empty.lock().unwrap().remove(&rank) || self.holes.contains(&rank);
        let page = if empty { &[][..] } else { assets.get(rank..end).unwrap_or(&[]) };
        let mut masters = Vec::new();
        let mut records = Vec::new();
        for asset in page {
            let master = self.master(*asset);
            if !self.orphans.contains(asset) && !masters.contains(&master) {
                records.push(json!({ "recordName": master, "recordType": "CPLMaster", "fields": {} }));
                masters.push(master.clone());
            }
            let reference =
                json!({ "masterRef": { "value": { "recordName": master }, "type": "REFERENCE" } });
            records.push(
                json!({ "recordName": format!("a{asset}"), "recordType": "CPLAsset", "fields": reference }),
            );
            if self.records_per_asset == 3 {
                records.push(
                    json!({ "recordName": format!("a{asset}-IN-x"), "recordType": "CPLContainerRelation" }),
                );
            }
        }
        let mut answer = json!({ "records": records, "syncToken": format!("t{request}") });
        if self.markers && end < assets.len() {
            answer["continuationMarker"] = json!("x");
        }
        Ok(answer)
    }
}

impl Source for FakeList {
    fn library(&self) -> &LibraryId {
        &self.library
    }

    fn records_per_asset(&self) -> usize {
        self.records_per_asset
    }

    fn page(self: Arc<Self>, rank: u64, records: usize) -> BoxFuture<'static, Result<Page>> {
        async move {
            let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_running.fetch_max(running, Ordering::SeqCst);
            tokio::task::yield_now().await;
            let answer = self.answer(rank as usize, records);
            self.running.fetch_sub(1, Ordering::SeqCst);
            parse_page(answer?.to_string().as_bytes())
        }
        .boxed()
    }

    fn count(self: Arc<Self>) -> BoxFuture<'static, Result<Option<u64>>> {
        async move { Ok(self.count) }.boxed()
    }

    fn lookup(self: Arc<Self>, names: Vec<String>) -> BoxFuture<'static, Result<Page>> {
        let record = |name: &String| match name.as_str() {
            "m13" => json!({ "recordName": name, "serverErrorCode": "NOT_FOUND" }),
            "m17" => json!({ "recordName": name, "serverErrorCode": "THROTTLED" }),
            _ => json!({ "recordName": name, "recordType": "CPLMaster", "fields": {} }),
        };
        let answer = json!({ "records": names.iter().map(record).collect::<Vec<_>>() });
        self.lookups.lock().unwrap().push(names);
        async move { parse_page(answer.to_string().as_bytes()) }.boxed()
    }
}

struct Outcome {
    assets: Vec<String>,
    errors: Vec<Error>,
    listing: Listing,
    token: Option<String>,
    list: Arc<FakeList>,
}

async fn read(list: FakeList, page: usize, limit: Option<u64>) -> Outcome {
    read_from(list, page, limit, 0).await
}

async fn read_from(list: FakeList, page: usize, limit: Option<u64>, rank: u64) -> Outcome {
    let progress: Arc<Mutex<Progress>> = Arc::default();
    let reader = Reader::new(list, page, 3, limit, progress.clone()).starting_at(rank);
    let list = reader.source();
    let mut stream = Box::pin(reader.into_stream());
    let (mut assets, mut errors) = (Vec::new(), Vec::new());
    while let Some(item) = stream.next().await {
        match item {
            Ok(asset) => assets.push(asset.id().to_string()),
            Err(error) => errors.push(error),
        }
    }
    let listing = outcome(&progress.lock().unwrap());
    let token = progress.lock().unwrap().token.as_ref().map(|token| token.as_str().to_owned());
    Outcome { assets, errors, listing, token, list }
}

fn names(assets: impl IntoIterator<Item = u32>) -> Vec<String> {
    assets.into_iter().map(|asset| format!("a{asset}")).collect()
}

#[tokio::test]
async fn a_list_of_any_length_is_read_whole_and_in_order() {
    for length in [0, 1, 9, 10, 11, 19, 20, 95, 300] {
        for markers in [true, false] {
            let read = read(FakeList { markers, ..FakeList::new(length) }, 10, None).await;
            assert_eq!(read.assets, names(0..length));
            assert_eq!(read.listing, Listing::Complete { seen: u64::from(length) });
            assert_eq!(read.token.as_deref(), Some("t0"));
        }
    }
}

#[tokio::test]
async fn the_rest_of_a_list_is_complete_if_it_is_as_long_as_the_count_says() {
    for (length, start) in [(95, 1), (95, 40), (95, 94), (95, 95), (100, 90)] {
        let read = read_from(FakeList::new(length), 10, None, u64::from(start)).await;
        assert_eq!(read.assets, names(start..length));
        assert_eq!(read.listing, Listing::Complete { seen: u64::from(length) });
        assert!(read.list.requests.load(Ordering::SeqCst) <= (length - start) as usize / 9 + 2);
    }
    for (count, start) in [(97, 40), (93, 40), (95, 120)] {
        let list = FakeList { count: Some(count), ..FakeList::new(95) };
        assert!(!read_from(list, 10, None, start).await.listing.is_complete(), "{count} from {start}");
    }
}

/// A mark never covers what was not handed out yet, or what nobody can tell was there.
#[tokio::test]
async fn the_reach_of_a_list_is_behind_what_was_handed_out() {
    let lists = [
        FakeList::new(95),
        FakeList { orphans: (20..24).collect(), ..FakeList::new(300) },
        FakeList { changes: vec![(4, Change::Insert(200)), (6, Change::Remove(3))], ..FakeList::new(95) },
        FakeList { holes: [36].into(), ..FakeList::new(95) },
    ];
    for (number, list) in lists.into_iter().enumerate() {
        let hole = if list.holes.is_empty() { u64::MAX } else { 37 };
        let progress: Arc<Mutex<Progress>> = Arc::default();
        let mut stream = Box::pin(Reader::new(list, 10, 3, None, progress.clone()).into_stream());
        let (mut handed_out, mut reach) = (BTreeSet::new(), 0);
        while let Some(item) = stream.next().await {
            let now = progress.lock().unwrap().reach;
            assert!(now >= reach && now <= hole, "list {number}: {now} after {reach}");
            reach = now;
            let before = (0..reach as u32).map(|rank| format!("a{rank}"));
            let missing: Vec<_> =
                before.filter(|id| !handed_out.contains(id) && number != 2 && id != "a3").collect();
            assert!(missing.is_empty(), "list {number}: {missing:?} before {reach}");
            handed_out.extend(item.ok().map(|asset| asset.id().to_string()));
        }
        assert!(reach >= 30, "list {number}: {reach}");
    }
}

#[tokio::test]
async fn albums_bring_three_records_for_each_asset() {
    let list = FakeList { records_per_asset: 3, ..FakeList::new(100) };
    let read = read(list, 10, None).await;
    assert_eq!(read.assets, names(0..100));
    assert!(read.listing.is_complete());
}

#[tokio::test]
async fn no_more_pages_are_held_than_asked_for() {
    let read = read(FakeList::new(1000), 10, None).await;
    let most = read.list.most_running.load(Ordering::SeqCst);
    assert!((2..=4).contains(&most), "{most} at once");
    let progress: Arc<Mutex<Progress>> = Arc::default();
    let reader = Reader::new(FakeList::new(1000), 10, 3, None, progress);
    let list = reader.source();
    let mut stream = Box::pin(reader.into_stream());
    let first: Vec<_> = stream.by_ref().take(15).collect().await;
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    assert_eq!(first.len(), 15);
    assert!(list.requests.load(Ordering::SeqCst) <= 5, "a slow reader stops the fetching");
}

#[tokio::test]
async fn without_a_count_the_end_is_found_but_nothing_is_proven() {
    let read = read(FakeList { count: None, ..FakeList::new(95) }, 10, None).await;
    assert_eq!(read.assets, names(0..95));
    assert_eq!(read.listing, Listing::Short { expected: None, seen: 95, gap: false });
    assert!(read.listing.lacks(), "without a count, what is missing cannot be told");
}

#[tokio::test]
async fn a_count_that_does_not_agree_is_not_complete() {
    for count in [94, 97] {
        let read = read(FakeList { count: Some(count), ..FakeList::new(95) }, 10, None).await;
        assert_eq!(read.assets, names(0..95));
        assert_eq!(read.listing, Listing::Short { expected: Some(count), seen: 95, gap: false });
        assert_eq!(read.listing.lacks(), count > 95, "a count that lags behind is no trouble");
    }
}

#[tokio::test]
async fn an_empty_run_of_pages_is_not_the_end() {
    for markers in [true, false] {
        let empty = Mutex::new(BTreeSet::from([18, 27]));
        let read = read(FakeList { empty, markers, ..FakeList::new(95) }, 10, None).await;
        assert_eq!(read.assets, names(0..95));
        assert!(read.listing.is_complete());
    }
}

#[tokio::test]
async fn a_hole_that_stays_is_passed_over_but_never_complete() {
    for markers in [true, false] {
        let list = FakeList { holes: BTreeSet::from([18, 27]), markers, ..FakeList::new(95) };
        let read = read(list, 10, None).await;
        assert_eq!(read.assets.last().map(String::as_str), Some("a94"));
        assert!(!read.listing.is_complete() && read.listing.lacks());
    }
}

#[tokio::test]
async fn a_gap_is_told_whatever_the_count_says() {
    let list = || FakeList { holes: BTreeSet::from([18, 27]), count: Some(70), ..FakeList::new(95) };
    let read = read(list(), 10, None).await;
    assert!(read.assets.len() >= 70 && read.assets.len() < 95, "{}", read.assets.len());
    let Listing::Short { gap: true, .. } = read.listing else { panic!("{:?}", read.listing) };
    assert_eq!((read.listing.missing(), read.listing.lacks()), (0, true));
}

#[tokio::test]
async fn the_end_is_doubted_while_assets_are_missing() {
    // The list is shorter than the count; the page that would be its end comes empty once.
    let list = FakeList {
        count: Some(40),
        markers: false,
        empty: Mutex::new(BTreeSet::from([9])),
        ..FakeList::new(12)
    };
    let read = read(list, 10, None).await;
    assert_eq!(read.assets.last().map(String::as_str), Some("a11"));
    assert_eq!(read.listing, Listing::Short { expected: Some(40), seen: 12, gap: false });
}

#[tokio::test]
async fn assets_that_share_a_master_need_no_lookup() {
    let shared = BTreeSet::from([4, 5, 6, 33]);
    let read = read(FakeList { shared, ..FakeList::new(60) }, 10, None).await;
    assert_eq!(read.assets, names(0..60));
    assert!(read.list.lookups.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_added_meanwhile_repeats_nothing_and_hides_nothing() {
    for at in 0..9 {
        let changes = vec![(at, Change::Insert(1000)), (at, Change::Insert(1001))];
        let read = read(FakeList { changes, ..FakeList::new(95) }, 10, None).await;
        let old: Vec<_> = read.assets.iter().filter(|asset| asset.len() < 5).cloned().collect();
        let distinct: BTreeSet<_> = read.assets.iter().collect();
        assert_eq!(distinct.len(), read.assets.len());
        assert_eq!(
            BTreeSet::from_iter(old),
            BTreeSet::from_iter(names(0..95)),
            "inserted before request {at}"
        );
    }
}

#[tokio::test]
async fn what_is_removed_meanwhile_hides_nothing_else() {
    for at in 1..9 {
        let changes = [0, 3, 5, 7].map(|asset| (at, Change::Remove(asset))).to_vec();
        let read = read(FakeList { changes, count: Some(91), ..FakeList::new(95) }, 10, None).await;
        let missing: Vec<_> = names(8..95).into_iter().filter(|asset| !read.assets.contains(asset)).collect();
        assert_eq!(missing, Vec::<String>::new(), "removed before request {at}");
    }
}

#[tokio::test]
async fn assets_may_share_a_master_and_masters_may_be_late() {
    let shared = BTreeSet::from([4, 5, 33]);
    let orphans = BTreeSet::from([4, 5, 33, 13, 17, 40]);
    let read = read(FakeList { shared, orphans, ..FakeList::new(60) }, 10, None).await;
    let distinct: BTreeSet<_> = read.assets.iter().cloned().collect();
    assert_eq!(distinct, BTreeSet::from_iter(names((0..60).filter(|asset| ![13, 17].contains(asset)))));
    let [gone, throttled] = read.errors.as_slice() else { panic!("two lack a master: {:?}", read.errors) };
    assert!(gone.context().any(|pair| pair == ("asset", "a13")) && !gone.is_retryable());
    assert!(throttled.context().any(|pair| pair == ("asset", "a17")) && throttled.is_retryable());
    assert_eq!(*read.list.lookups.lock().unwrap(), [["m13", "m17", "m40", "shared"]]);
    assert_eq!(read.listing, Listing::Complete { seen: 60 });
}

#[tokio::test]
async fn a_limit_takes_the_first_and_asks_for_no_more() {
    for (limit, requests) in [(0, 0), (1, 1), (7, 1), (10, 1)] {
        let read = read(FakeList::new(500), limit.clamp(1, 10), Some(limit as u64)).await;
        assert_eq!(read.assets, names(0..limit as u32));
        assert_eq!(read.list.requests.load(Ordering::SeqCst), requests);
        assert_eq!(read.listing, Listing::Limited { seen: limit as u64 });
        assert!(read.listing.has_all() && !read.listing.is_complete() && !read.listing.lacks());
    }
    for length in [25, 26, 500] {
        let read = read(FakeList::new(length), 10, Some(25)).await;
        assert_eq!(read.assets, names(0..25));
        assert!(read.listing.has_all(), "{:?}", read.listing);
    }
}

#[tokio::test]
async fn a_limit_above_the_length_lets_nothing_go_by_unnoticed() {
    for (length, limit) in [(0, 5), (7, 8), (7, 500), (95, 96), (95, 1000)] {
        let whole = read(FakeList::new(length), 10, Some(limit)).await;
        assert_eq!(whole.listing, Listing::Complete { seen: u64::from(length) }, "{length} {limit}");
    }
    let counted = FakeList { count: Some(99), ..FakeList::new(95) };
    let read = read(counted, 10, Some(1000)).await;
    assert!(read.listing.lacks() && !read.listing.has_all(), "{:?}", read.listing);
}

#[tokio::test]
async fn a_limited_list_goes_on_from_a_rank() {
    for (start, limit) in [(10, 25), (24, 25), (25, 25), (40, 25)] {
        let read = read_from(FakeList::new(95), 10, Some(limit), start).await;
        assert_eq!(read.assets, names(start as u32..(limit as u32).max(start as u32)));
        assert_eq!(read.listing, Listing::Limited { seen: start.max(limit) }, "{start} {limit}");
    }
}

#[tokio::test]
async fn a_failed_page_ends_the_stream_and_the_proof() {
    let read = read(FakeList { fails_at: Some(3), ..FakeList::new(95) }, 10, None).await;
    assert_eq!(read.errors.len(), 1);
    assert!(!read.listing.is_complete() && read.listing.lacks());
    assert!(read.assets.len() < 95);
}
