//! The promises of a storage, one function each; [`storage_conformance!`](crate::storage_conformance) makes tests of
//! them.

#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{BoxStream, StreamExt, TryStreamExt};

use super::ChaosStorage;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{
    EntryKind, LinkKind, Metadata, ObjectMeta, Storage, StoragePath, StorageWriter, WriteOptions,
};

type Store = Arc<dyn Storage>;

/// Runs one test; third parties need no tokio of their own.
pub fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test);
}

/// The name of a promise, and what checks it on an empty storage: a panic says what is broken.
pub type Promise = (&'static str, fn(Store) -> BoxFuture<'static, ()>);

/// All of them, for those who can stamp no tests: other languages.
pub fn promises() -> impl IntoIterator<Item = Promise> {
    let all: [Promise; _] = storage_conformance!(@promises functions);
    all
}

pub async fn nothing_stands_in_an_empty_storage(store: Store) {
    let nowhere = path("2018/07/IMG_1.JPG");
    assert_eq!(store.stat(&nowhere).await.unwrap(), None);
    let error = store.read(&nowhere, 0).await.err().expect("nothing to read");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    store.remove(&nowhere).await.unwrap();
    assert_eq!(names(&store, "").await, [""; 0]);
    assert_eq!(names(&store, "2018").await, [""; 0]);
}

pub async fn files_of_every_size_read_back(store: Store) {
    for (number, size) in SIZES.into_iter().enumerate() {
        for (way, chunk) in [size, 1 + size / 3, 64 * 1024, 999].into_iter().enumerate() {
            for hint in [None, Some(size as u64)] {
                let file = path(&format!("{number}/{way}-{hint:?}"));
                let bytes = content(size as u64, size);
                let options = WriteOptions { size: hint, ..WriteOptions::default() };
                let meta = put_chunked(&store, &file, &bytes, chunk, options).await.unwrap();
                assert_eq!((&meta.path, meta.size), (&file, size as u64));
                assert_eq!(store.stat(&file).await.unwrap().unwrap().size, size as u64);
                assert!(get(&store, &file, 0).await == bytes, "{file} holds other bytes");
            }
        }
    }
}

pub async fn many_are_asked_about_in_order(store: Store) {
    put(&store, &path("b/1"), &content(1, 5)).await.unwrap();
    put(&store, &path("a"), &content(2, 7)).await.unwrap();
    let names = ["none", "a", "b/1", "b/none", "a"];
    let sizes = store.stat_all(names.iter().map(|name| path(name)).collect()).await;
    let sizes: Vec<_> = sizes.into_iter().map(|stat| stat.unwrap().map(|meta| meta.size)).collect();
    assert_eq!(sizes, [None, Some(7), Some(5), None, Some(7)]);
    assert!(store.stat_all(Vec::new()).await.is_empty());
}

pub async fn reading_may_start_anywhere(store: Store) {
    let (file, bytes) = (path("a"), content(1, 700_001));
    put(&store, &file, &bytes).await.unwrap();
    for from in [0, 1, 262_143, 262_144, 700_000, 700_001, 900_000, u64::MAX] {
        let start = usize::try_from(from).unwrap_or(usize::MAX).min(bytes.len());
        assert!(get(&store, &file, from).await == bytes.slice(start..), "from {from}");
    }
}

pub async fn nothing_shows_before_commit(store: Store) {
    let file = path("folder/a");
    for size in WAYS {
        for part in [false, true] {
            let mut writer = store.write(&file, options_with(part, "a.part")).await.unwrap();
            if writer.position() > 0 {
                writer.restart().await.unwrap();
            }
            write_all(&mut writer, &content(2, size), 50_000).await.unwrap();
            assert_eq!(store.stat(&file).await.unwrap(), None);
            assert_eq!(names(&store, "").await, [""; 0]);
            drop(writer);
            assert_eq!(store.stat(&file).await.unwrap(), None);
            assert_eq!(names(&store, "").await, [""; 0]);
        }
    }
}

pub async fn abort_leaves_nothing(store: Store) {
    let file = path("folder/a");
    for size in WAYS {
        let mut writer = store.write(&file, options_with(true, "a.part")).await.unwrap();
        assert_eq!(writer.position(), 0);
        write_all(&mut writer, &content(3, size), 50_000).await.unwrap();
        writer.abort().await.unwrap();
        assert_eq!(names(&store, "").await, [""; 0]);
    }
    assert_eq!(store.write(&file, options_with(true, "a.part")).await.unwrap().position(), 0);
}

pub async fn restart_forgets_the_bytes(store: Store) {
    for size in WAYS {
        let (file, right) = (path(&format!("a{size}")), content(4, size));
        let mut writer = store.write(&file, options_with(true, "a.part")).await.unwrap();
        write_all(&mut writer, &content(5, 19_000_000), 50_000).await.unwrap();
        writer.restart().await.unwrap();
        assert_eq!(writer.position(), 0);
        write_all(&mut writer, &right, 50_000).await.unwrap();
        assert_eq!(writer.commit().await.unwrap().size, size as u64);
        assert!(get(&store, &file, 0).await == right);
    }
}

pub async fn commit_never_replaces_unless_told(store: Store) {
    for size in WAYS {
        let file = path(&format!("folder/{size}"));
        let (first, second) = (content(6, size), content(7, size + 1));
        put(&store, &file, &first).await.unwrap();
        let refused = put(&store, &file, &second).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
        assert!(get(&store, &file, 0).await == first);
        put_chunked(&store, &file, &second, 70_000, WriteOptions::default().replace()).await.unwrap();
        assert!(get(&store, &file, 0).await == second);
    }
}

pub async fn times_are_kept(store: Store) {
    if !store.capabilities().modified_time {
        return;
    }
    let taken = [0, 1, 1_533_021_744, -1, -157_766_400, 4_102_444_800];
    for (number, seconds) in taken.into_iter().enumerate() {
        let (file, time) = (path(&format!("{number}")), seconds_since_1970(seconds));
        for size in [5, 600_000] {
            let options = WriteOptions::default().modified(time).replace();
            let meta = put_chunked(&store, &file, &content(8, size), 99_999, options).await.unwrap();
            assert_eq!(meta.modified, Some(time));
            assert_eq!(store.stat(&file).await.unwrap().unwrap().modified, Some(time), "{seconds} seconds");
        }
    }
    let far = seconds_since_1970(200_000_000_000);
    put_chunked(&store, &path("far"), &content(9, 5), 5, WriteOptions::default().modified(far))
        .await
        .unwrap();
}

pub async fn metadata_is_kept(store: Store) {
    let metadata: Metadata =
        [("sha256", "0f"), ("asset", "A b/c%+\"'~")].map(|(k, v)| (k.into(), v.into())).into();
    for size in WAYS {
        let file = path(&format!("folder/{size}"));
        for told in [metadata.clone(), Metadata::new()] {
            let mut writer = store.write(&file, WriteOptions::default().replace()).await.unwrap();
            let early: Metadata = told.clone().into_iter().filter(|(name, _)| name == "asset").collect();
            writer.describe(early.clone());
            write_all(&mut writer, &content(8, size), 70_000).await.unwrap();
            writer.describe(told.clone());
            writer.commit().await.unwrap();
            let kept = store.stat(&file).await.unwrap().unwrap().metadata;
            let keeps = store.capabilities().metadata;
            let [wanted, early] = [told, early].map(|told| if keeps { told } else { Metadata::new() });
            // A storage that must be told before the last byte keeps beside a long file what it was told first.
            let too_late = size > 8 << 20 && kept == early;
            assert!(too_late || kept == wanted, "{kept:?} was told of a file of {size} bytes");
        }
    }
}

pub async fn folders_come_with_their_files(store: Store) {
    for name in ["a", "b/c", "b/d/e/f/g", "bb/h", "b/.hidden"] {
        put(&store, &path(name), &content(10, 3)).await.unwrap();
    }
    assert_eq!(names(&store, "").await, ["a", "b/.hidden", "b/c", "b/d/e/f/g", "bb/h"]);
    assert_eq!(names(&store, "b").await, ["b/.hidden", "b/c", "b/d/e/f/g"]);
    assert_eq!(names(&store, "b/d/e").await, ["b/d/e/f/g"]);
    assert_eq!(names(&store, "nowhere").await, [""; 0]);
    for folder in ["b", "b/d/e/f"] {
        // Where the storage has folders, one is in the way of a file.
        match store.stat(&path(folder)).await {
            Ok(stat) => assert_eq!(stat, None, "a folder is not a file"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::AlreadyExists),
        }
        assert_eq!(store.read(&path(folder), 0).await.err().unwrap().kind(), ErrorKind::NotFound);
    }
    let listed: Vec<ObjectMeta> = store.list(&StoragePath::root()).try_collect().await.unwrap();
    assert!(listed.iter().all(|meta| meta.size == 3));
}

pub async fn names_are_kept_exactly(store: Store) {
    let mut wanted = Vec::new();
    for name in ODD_NAMES {
        match put(&store, &path(name), name.as_bytes()).await {
            Ok(_) => wanted.push(name),
            // Better than another name.
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}"),
        }
    }
    assert!(wanted.len() > ODD_NAMES.len() / 2, "too many are refused: {wanted:?}");
    for name in ODD_NAMES {
        match wanted.contains(&name) {
            true => assert_eq!(get(&store, &path(name), 0).await, name.as_bytes(), "{name:?}"),
            false => assert_eq!(store.stat(&path(name)).await.unwrap(), None, "{name:?}"),
        }
    }
    wanted.sort_unstable();
    assert_eq!(names(&store, "").await, wanted);
}

pub async fn names_that_are_too_long_are_refused(store: Store) {
    let Some(longest) = store.capabilities().max_name else { return };
    for size in WAYS {
        let (fits, too_long) = ("f".repeat(longest), "l".repeat(longest + 1));
        let options = || WriteOptions::default().replace();
        put_chunked(&store, &path(&fits), &content(11, size), 70_000, options()).await.unwrap();
        let refused = put_chunked(&store, &path(&too_long), &content(11, size), 70_000, options()).await;
        assert!(refused.is_err());
        assert_eq!(store.stat(&path(&too_long)).await.unwrap(), None);
        assert_eq!(names(&store, "").await, [fits]);
    }
}

pub async fn upper_and_lower_case_differ(store: Store) {
    if !store.capabilities().case_sensitive {
        return;
    }
    put(&store, &path("img.jpg"), b"lower").await.unwrap();
    put(&store, &path("IMG.JPG"), b"upper").await.unwrap();
    assert_eq!(get(&store, &path("img.jpg"), 0).await, "lower");
}

pub async fn a_dropped_write_is_resumed(store: Store) {
    let (file, bytes) = (path("folder/a"), content(12, 24_000_000));
    let mut writer = store.write(&file, options_with(true, "a.part")).await.unwrap();
    write_all(&mut writer, &bytes.slice(..18_000_000), 70_000).await.unwrap();
    drop(writer);
    let mut writer = reopen(&store, &file, "a.part").await;
    if store.capabilities().resume {
        assert!(writer.position() > 0, "nothing was kept");
    }
    assert!(writer.position() <= 18_000_000);
    let kept = usize::try_from(writer.position()).unwrap();
    assert!(collect(writer.resumed().await.unwrap()).await.unwrap() == bytes.slice(..kept));
    write_all(&mut writer, &bytes.slice(kept..), 70_000).await.unwrap();
    let meta = writer.commit().await.unwrap();
    assert_eq!(meta.size, 24_000_000);
    assert!(get(&store, &file, 0).await == bytes);
    let next = store.write(&path("folder/b"), options_with(true, "a.part")).await.unwrap();
    assert_eq!(next.position(), 0, "a part is gone once it is committed");
}

pub async fn parts_are_found_by_name_and_folder_only(store: Store) {
    let mut writer = store.write(&path("folder/a"), options_with(true, "a.part")).await.unwrap();
    write_all(&mut writer, &content(13, 18_000_000), 70_000).await.unwrap();
    drop(writer);
    for (file, part) in [("folder/a", "b.part"), ("other/a", "a.part"), ("a", "a.part")] {
        let writer = store.write(&path(file), options_with(true, part)).await.unwrap();
        assert_eq!(writer.position(), 0, "{file} by {part}");
    }
    let writer = store.write(&path("folder/a"), WriteOptions::default()).await.unwrap();
    assert_eq!(writer.position(), 0, "no part was named");
    drop(writer);
    let elsewhere = reopen(&store, &path("folder/z"), "a.part").await;
    assert_eq!(elsewhere.position() > 0, store.capabilities().resume, "the name of the file does not matter");
}

pub async fn writers_of_one_part_do_not_clash(store: Store) {
    for size in [100, 1_500_000] {
        let bytes: Vec<Bytes> = (0..4).map(|seed| content(seed, size)).collect();
        let mut writers = Vec::new();
        for number in 0..4 {
            let file = path(&format!("{size}/{number}"));
            writers.push(store.write(&file, options_with(true, "same.part")).await.unwrap());
        }
        for start in (0..size).step_by(50_000) {
            for (writer, bytes) in writers.iter_mut().zip(&bytes) {
                writer.write(bytes.slice(start..size.min(start + 50_000))).await.unwrap();
            }
        }
        for writer in writers {
            writer.commit().await.unwrap();
        }
        for (number, bytes) in bytes.iter().enumerate() {
            assert!(get(&store, &path(&format!("{size}/{number}")), 0).await == *bytes);
        }
    }
}

pub async fn one_of_many_writers_wins_a_name(store: Store) {
    // Some services say only when they are asked what they cannot do.
    put(&store, &path("folder/first"), b"first").await.unwrap();
    if !store.capabilities().exclusive_commit {
        return;
    }
    let tasks: Vec<_> = (0..8_u8)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { put(&store, &path("folder/a"), &[number; 1000]).await })
        })
        .collect();
    let mut winners = Vec::new();
    for (number, task) in tasks.into_iter().enumerate() {
        match task.await.unwrap() {
            Ok(_) => winners.push(u8::try_from(number).unwrap()),
            Err(error) => assert_eq!(error.kind(), ErrorKind::AlreadyExists),
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(get(&store, &path("folder/a"), 0).await, vec![winners[0]; 1000]);
}

/// Object stores take both names; a disk refuses the second. Neither may spoil the first.
pub async fn a_file_is_not_a_folder(store: Store) {
    put(&store, &path("a"), b"a file").await.unwrap();
    put(&store, &path("b/c"), b"in a folder").await.unwrap();
    for size in WAYS {
        for file in ["a/inside", "a/deep/inside", "b"] {
            let options = WriteOptions::default().replace();
            if put_chunked(&store, &path(file), &content(14, size), 70_000, options).await.is_ok() {
                assert!(get(&store, &path(file), 0).await == content(14, size));
                store.remove(&path(file)).await.unwrap();
            }
        }
    }
    assert_eq!(get(&store, &path("a"), 0).await, "a file");
    assert_eq!(get(&store, &path("b/c"), 0).await, "in a folder");
    assert_eq!(names(&store, "").await, ["a", "b/c"]);
}

pub async fn the_root_is_not_a_file(store: Store) {
    let root = StoragePath::root();
    assert_eq!(store.write(&root, WriteOptions::default()).await.err().unwrap().kind(), ErrorKind::Config);
    assert!(store.remove(&root).await.is_err());
}

pub async fn part_names_stay_in_their_folder(store: Store) {
    for part in ["", "a", "../a.part", "/tmp/a.part", "b/a.part", "a.part/", "a\0.part", "a.part.x"] {
        let refused = store.write(&path("folder/a"), WriteOptions::default().part(part)).await;
        assert_eq!(refused.err().map(|error| error.kind()), Some(ErrorKind::Config), "{part:?}");
    }
}

pub async fn removing_twice_is_no_error(store: Store) {
    let file = path("folder/a");
    put(&store, &file, b"x").await.unwrap();
    store.remove(&file).await.unwrap();
    store.remove(&file).await.unwrap();
    assert_eq!(store.stat(&file).await.unwrap(), None);
    put(&store, &file, b"y").await.unwrap();
    assert_eq!(get(&store, &file, 0).await, "y");
}

pub async fn many_files_at_once(store: Store) {
    let tasks: Vec<_> = (0..16_u64)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for number in 0..40 {
                    let file = path(&format!("{}/{task}-{number}", number % 5));
                    put(&store, &file, &content(task * 1000 + number, 2000)).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(names(&store, "").await.len(), 640);
    assert!(get(&store, &path("3/7-13"), 0).await == content(7013, 2000));
}

pub async fn flushing_is_always_possible(store: Store) {
    store.flush().await.unwrap();
    put(&store, &path("a"), b"x").await.unwrap();
    store.flush().await.unwrap();
    store.flush().await.unwrap();
    assert_eq!(get(&store, &path("a"), 0).await, "x");
}

/// Files are written through a storage that fails at random, with retries and resuming, as a download would. Under a
/// final name there is at every moment either nothing or the right bytes.
pub async fn links_are_second_names(store: Store) {
    let can = store.capabilities();
    let kinds = [
        (LinkKind::Hard, can.hard_links),
        (LinkKind::Reflink, can.reflinks),
        (LinkKind::Symbolic, can.symbolic_links),
    ];
    let (file, bytes) = (path("2018/a"), content(20, 300_000));
    put(&store, &file, &bytes).await.unwrap();
    for (number, (kind, promised)) in kinds.into_iter().enumerate() {
        let name = path(&format!("view {number}/of/b"));
        match store.link(&file, &name, kind).await {
            Ok(()) => assert!(promised, "{kind:?}"),
            // What a system knows its disks need not.
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
                assert_eq!(
                    store.look(vec![name]).await.pop().unwrap().unwrap(),
                    None,
                    "nothing is left of it"
                );
                continue;
            }
        }
        assert!(get(&store, &name, 0).await == bytes, "{kind:?}");
        let taken = store.link(&file, &name, kind).await.unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::AlreadyExists, "{kind:?}");
        let mut found = store.look(vec![name.clone(), file.clone()]).await;
        let (of_file, of_name) =
            (found.pop().unwrap().unwrap().unwrap(), found.pop().unwrap().unwrap().unwrap());
        match kind {
            LinkKind::Hard => assert!(of_name.id.is_some() && of_name.id == of_file.id),
            LinkKind::Symbolic => assert_eq!(of_name.kind, EntryKind::Link(Some(file.clone()))),
            _ => assert!(of_name.id.is_none() || of_name.id != of_file.id),
        }
        // Whichever name goes, the file does not.
        store.remove(&name).await.unwrap();
        assert!(get(&store, &file, 0).await == bytes, "{kind:?}");
        let nothing = store.link(&path("none"), &path("c"), kind).await;
        assert!(kind == LinkKind::Symbolic || nothing.is_err(), "{kind:?}");
    }
}

pub async fn looking_tells_files_from_other_things(store: Store) {
    assert_eq!(store.look(vec![path("none"), path("a/none")]).await.len(), 2);
    put(&store, &path("a/b"), &content(21, 10)).await.unwrap();
    let found = store.look(vec![path("none"), path("a/b")]).await;
    let found: Vec<_> = found.into_iter().map(|found| found.unwrap()).collect();
    assert_eq!(found[0], None);
    assert_eq!(found[1].as_ref().map(|entry| (&entry.kind, entry.size)), Some((&EntryKind::File, 10)));
    put_chunked(&store, &path("a/b"), &content(22, 11), 99, WriteOptions::default().replace()).await.unwrap();
    let now = store.look(vec![path("a/b")]).await.pop().unwrap().unwrap().unwrap();
    assert_eq!(now.size, 11);
    let before = found[1].as_ref().and_then(|entry| entry.id);
    assert!(now.id.is_none() || now.id != before, "it is another file now");
}

pub async fn folders_are_pruned_only_when_empty(store: Store) {
    for name in ["view/a/b/1", "view/a/2", "beside/3"] {
        put(&store, &path(name), &content(23, 5)).await.unwrap();
    }
    store.remove(&path("view/a/b/1")).await.unwrap();
    for folder in ["view/a/b", "view/a", "beside", "none/such"] {
        store.prune(&path(folder), &path("view")).await.unwrap();
    }
    assert_eq!(names(&store, "").await, ["beside/3", "view/a/2"]);
    // Where there are links there are folders to be given up. Some servers would take what is in a folder along with it.
    let can = store.capabilities();
    if can.hard_links || can.reflinks || can.symbolic_links {
        put(&store, &path("view/a/b"), &content(24, 5)).await.expect("the folder is gone");
    }
}

pub async fn failures_never_leave_a_wrong_file(store: Store) {
    for seed in 0..12 {
        let chaos: Store = Arc::new(ChaosStorage::new(Arc::clone(&store), seed).rate(0.08));
        let mut wanted = BTreeMap::new();
        for (number, size) in [0, 10, 300_000, 1_700_000, 9_000_000].into_iter().enumerate() {
            let file = path(&format!("{seed}/{number}"));
            wanted.insert(file, content(seed * 100 + number as u64, size));
        }
        for (file, bytes) in &wanted {
            let mut attempts = 0;
            while let Err(error) = fetch(&chaos, file, bytes).await {
                assert!(error.message().ends_with("on purpose"), "{error}");
                if store.stat(file).await.unwrap().is_some() {
                    assert!(get(&store, file, 0).await == *bytes, "a wrong file under {file}, seed {seed}");
                    break;
                }
                attempts += 1;
                assert!(attempts < 1000, "never done with {file}, seed {seed}");
            }
            assert!(get(&store, file, 0).await == *bytes, "a wrong file under {file}, seed {seed}");
        }
        let listed = names(&store, &seed.to_string()).await;
        assert!(listed.iter().eq(wanted.keys().map(StoragePath::as_str)), "{listed:?}");
    }
}

/// One attempt: goes on with the part if it is a beginning of the right bytes, else starts over.
async fn fetch(store: &Store, file: &StoragePath, bytes: &Bytes) -> Result<()> {
    let mut writer = store.write(file, options_with(true, "x.part")).await?;
    let mut kept = usize::try_from(writer.position()).unwrap();
    if kept > 0 {
        let before = collect(writer.resumed().await?).await?;
        assert_eq!(before.len(), kept);
        if !bytes.starts_with(&before) {
            writer.restart().await?;
            kept = 0;
        }
    }
    // Each call may fail: there are not to be too many.
    write_all(&mut writer, &bytes.slice(kept..), 40_000 + bytes.len() / 40).await?;
    writer.commit().await?;
    Ok(())
}

/// A file that fits into anything, one that does not fit into a buffer, and one that does not fit into a request.
const WAYS: [usize; 3] = [10, 2_000_000, 18_000_000];

/// Around the sizes where an implementation may change its ways.
const SIZES: [usize; 11] =
    [0, 1, 4096, 262_143, 262_144, 262_145, 600_000, 1_048_577, 8_388_607, 8_388_608, 8_388_609];

const ODD_NAMES: [&str; 19] = [
    "no character \u{fffe}.jpg",
    " leading and trailing ",
    " leading",
    ".JPG",
    "..jpg",
    "100% #1 [a] {b} ~c.jpg",
    "a.b.c",
    "a;b&c=d+e,f!.heic",
    "back`tick'quote",
    "bare dot.",
    "nul",
    "x/.y/z",
    "\u{1b}[31m.txt",
    "новый/файл.jpg",
    "中文.JPG",
    "📷 photo.HEIC",
    "%2e%2e",
    "~",
    "-rf",
];

fn path(text: &str) -> StoragePath {
    StoragePath::parse(text).unwrap()
}

/// Bytes that differ by seed and nowhere repeat with a period that a chunk could hide.
fn content(seed: u64, length: usize) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    Bytes::from(bytes)
}

fn seconds_since_1970(seconds: i64) -> SystemTime {
    let span = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { SystemTime::UNIX_EPOCH - span } else { SystemTime::UNIX_EPOCH + span }
}

fn options_with(part: bool, name: &str) -> WriteOptions {
    if part { WriteOptions::default().part(name) } else { WriteOptions::default() }
}

async fn put(store: &Store, file: &StoragePath, bytes: &[u8]) -> Result<ObjectMeta> {
    put_chunked(store, file, bytes, 100_000, WriteOptions::default()).await
}

async fn put_chunked(
    store: &Store,
    file: &StoragePath,
    bytes: &[u8],
    chunk: usize,
    options: WriteOptions,
) -> Result<ObjectMeta> {
    let mut writer = store.write(file, options).await?;
    write_all(&mut writer, &Bytes::copy_from_slice(bytes), chunk).await?;
    writer.commit().await
}

async fn write_all(writer: &mut Box<dyn StorageWriter>, bytes: &Bytes, chunk: usize) -> Result<()> {
    for start in (0..bytes.len()).step_by(chunk.max(1)) {
        writer.write(bytes.slice(start..bytes.len().min(start + chunk))).await?;
    }
    Ok(())
}

/// Opens a part again. What a dropped writer had in flight may take a moment to come to rest.
async fn reopen(store: &Store, file: &StoragePath, part: &str) -> Box<dyn StorageWriter> {
    for _ in 0..200 {
        let writer = store.write(file, options_with(true, part)).await.unwrap();
        if writer.position() > 0 || !store.capabilities().resume {
            return writer;
        }
        drop(writer);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    store.write(file, options_with(true, part)).await.unwrap()
}

async fn get(store: &Store, file: &StoragePath, from: u64) -> Bytes {
    collect(store.read(file, from).await.unwrap()).await.unwrap()
}

async fn collect(stream: BoxStream<'static, Result<Bytes>>) -> Result<Bytes, Error> {
    let pieces: Vec<Bytes> = stream.try_collect().await?;
    Ok(pieces.concat().into())
}

async fn names(store: &Store, prefix: &str) -> Vec<String> {
    let found: Vec<ObjectMeta> = store.list(&path(prefix)).map(Result::unwrap).collect().await;
    let mut names: Vec<String> = found.into_iter().map(|meta| meta.path.as_str().to_owned()).collect();
    names.sort_unstable();
    names
}
