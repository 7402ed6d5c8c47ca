//! The built-in storages keep the promises of the trait, and the disk its own.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::stream::{StreamExt, TryStreamExt};
use icloud_photos::ErrorKind;
use icloud_photos::storage::{FsStorage, MemoryStorage, Storage, StoragePath, WriteOptions};
use icloud_photos::testing::ChaosStorage;
use tempfile::TempDir;

async fn fs() -> (FsStorage, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    // A root that does not exist yet.
    (FsStorage::open(folder.path().join("photos")).unwrap(), folder)
}

async fn memory() -> (MemoryStorage, ()) {
    (MemoryStorage::new(), ())
}

/// The chaos storage adds nothing but failures.
async fn calm_chaos() -> (ChaosStorage, ()) {
    (ChaosStorage::new(Arc::new(MemoryStorage::new()), 1).rate(0.0), ())
}

mod fs_conformance {
    icloud_photos::storage_conformance!(super::fs);
}

mod memory_conformance {
    icloud_photos::storage_conformance!(super::memory);
}

mod chaos_conformance {
    icloud_photos::storage_conformance!(super::calm_chaos);
}

#[cfg(unix)]
mod on_disk {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::process::Command;

    use super::*;

    const PART: &str = "AGHJZ6A3ATJDRWS7D5WZSUMJGNIPMVOBBY======.part";

    #[test]
    fn a_folder_that_takes_no_files_is_known_before_anything_is_fetched() {
        let folder = tempfile::tempdir().unwrap();
        FsStorage::open(folder.path().join("not/yet")).unwrap().check_writable().unwrap();
        assert_eq!(everything_in(folder.path()), [""; 0], "the check leaves nothing behind");
        // /proc refuses new files even for root.
        assert!(FsStorage::open("/proc/photos").unwrap().check_writable().is_err());
    }

    #[tokio::test]
    async fn opening_makes_nothing_and_wants_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let storage = FsStorage::open(folder.path().join("a/b")).unwrap();
        assert!(storage.root().is_absolute());
        storage.flush().await.unwrap();
        drop(storage.write(&path("c/d"), WriteOptions::default().part("x.part")).await.unwrap());
        assert_eq!(everything_in(folder.path()), [""; 0]);
        fs::write(folder.path().join("file"), "x").unwrap();
        let refused = FsStorage::open(folder.path().join("file")).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
        let refused = FsStorage::open(folder.path().join("file/photos")).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
        assert_eq!(FsStorage::open("").unwrap_err().kind(), ErrorKind::Config);
    }

    #[tokio::test]
    async fn no_part_is_left_after_success() {
        let (storage, folder) = fs().await;
        for (number, options) in [
            WriteOptions::default(),
            WriteOptions::default().part(PART),
            WriteOptions::default().part(PART).size(10),
        ]
        .into_iter()
        .enumerate()
        {
            for size in [10, 1_000_000] {
                put(&storage, &format!("{number}-{size}"), &vec![1; size], options.clone()).await.unwrap();
            }
        }
        assert_eq!(everything_in(folder.path()).len(), 1 + 6, "the root and six files");
    }

    #[tokio::test]
    async fn files_get_the_permissions_of_any_new_file() {
        let (storage, folder) = fs().await;
        fs::write(folder.path().join("plain"), "x").unwrap();
        let plain = fs::metadata(folder.path().join("plain")).unwrap().permissions().mode();
        for (name, size, part) in
            [("a", 10, false), ("b", 10, true), ("c", 1_000_000, false), ("d", 1_000_000, true)]
        {
            let options = if part { WriteOptions::default().part(PART) } else { WriteOptions::default() };
            put(&storage, name, &vec![1; size], options).await.unwrap();
            let mode = fs::metadata(storage.root().join(name)).unwrap().permissions().mode();
            assert_eq!(mode, plain, "{name}");
        }
    }

    #[tokio::test]
    async fn both_times_are_set() {
        let (storage, _folder) = fs().await;
        let time = SystemTime::UNIX_EPOCH - Duration::from_secs(157_766_400);
        put(&storage, "a", b"x", WriteOptions::default().modified(time)).await.unwrap();
        let meta = fs::metadata(storage.root().join("a")).unwrap();
        assert_eq!((meta.mtime(), meta.atime()), (-157_766_400, -157_766_400));
    }

    /// icloudpd was stopped in the middle; the part bears the name it would have given it.
    #[tokio::test]
    async fn the_part_of_another_program_is_gone_on_with() {
        let (storage, _folder) = fs().await;
        fs::create_dir_all(storage.root().join("2018")).unwrap();
        fs::write(storage.root().join("2018").join(PART), "the first half, ").unwrap();
        let options = WriteOptions::default().part(PART).size(1_000_000);
        let mut writer = storage.write(&path("2018/IMG_1.MOV"), options).await.unwrap();
        assert_eq!(writer.position(), 16);
        let before: Vec<Bytes> = writer.resumed().await.unwrap().try_collect().await.unwrap();
        assert_eq!(before.concat(), b"the first half, ");
        writer.write(Bytes::from_static(b"the second half")).await.unwrap();
        writer.commit().await.unwrap();
        assert_eq!(
            fs::read(storage.root().join("2018/IMG_1.MOV")).unwrap(),
            b"the first half, the second half"
        );
        assert_eq!(everything_in(storage.root()), ["2018", "2018/IMG_1.MOV"]);
    }

    /// Looking for the part of a small file costs more than fetching it; but it must not stay or spoil anything.
    #[tokio::test]
    async fn the_stale_part_of_a_small_file_is_used_up() {
        let (storage, _folder) = fs().await;
        fs::create_dir_all(storage.root()).unwrap();
        fs::write(storage.root().join(PART), "stale and much longer").unwrap();
        put(&storage, "a", b"small", WriteOptions::default().part(PART).size(5)).await.unwrap();
        assert_eq!(fs::read(storage.root().join("a")).unwrap(), b"small");
        assert_eq!(everything_in(storage.root()), ["a"]);
    }

    /// Left by a commit that was killed between hard link and unlink: part and photo are one file.
    #[tokio::test]
    async fn a_part_that_is_also_a_photo_is_never_written_to() {
        for size in [5, 1_000_000] {
            let (storage, _folder) = fs().await;
            fs::create_dir_all(storage.root()).unwrap();
            fs::write(storage.root().join("photo"), "precious").unwrap();
            fs::hard_link(storage.root().join("photo"), storage.root().join(PART)).unwrap();
            let options = WriteOptions::default().part(PART).size(size);
            assert_eq!(storage.write(&path("b"), options.clone()).await.unwrap().position(), 0);
            put(&storage, "b", &vec![1; usize::try_from(size).unwrap()], options).await.unwrap();
            assert_eq!(fs::read(storage.root().join("photo")).unwrap(), b"precious");
            assert_eq!(everything_in(storage.root()), ["b", "photo"]);
        }
    }

    #[tokio::test]
    async fn a_part_that_is_a_link_is_not_followed() {
        let (storage, folder) = fs().await;
        fs::create_dir_all(storage.root()).unwrap();
        fs::write(folder.path().join("elsewhere"), "precious").unwrap();
        symlink(folder.path().join("elsewhere"), storage.root().join(PART)).unwrap();
        for (name, size) in [("a", 5), ("b", 1_000_000)] {
            put(&storage, name, &vec![1; size], WriteOptions::default().part(PART)).await.unwrap();
        }
        assert_eq!(fs::read(folder.path().join("elsewhere")).unwrap(), b"precious");
    }

    /// Of another user, for example; it fails no photo.
    #[tokio::test]
    async fn a_part_that_may_not_be_opened_is_left_alone() {
        for size in [5, 1_000_000] {
            let (storage, _folder) = fs().await;
            fs::create_dir_all(storage.root()).unwrap();
            let part = storage.root().join(PART);
            fs::write(&part, "theirs").unwrap();
            fs::set_permissions(&part, fs::Permissions::from_mode(0o000)).unwrap();
            if fs::File::open(&part).is_ok() {
                eprintln!("SKIPPED: this user may open every file");
                return;
            }
            put(&storage, "a", &vec![1; size], WriteOptions::default().part(PART)).await.unwrap();
            assert_eq!(everything_in(storage.root()), [PART, "a"]);
        }
    }

    /// Another process of ours holds the part.
    #[tokio::test]
    async fn a_locked_part_is_left_alone() {
        for size in [5, 1_000_000] {
            let (storage, _folder) = fs().await;
            fs::create_dir_all(storage.root()).unwrap();
            fs::write(storage.root().join(PART), "theirs").unwrap();
            let theirs = fs::File::open(storage.root().join(PART)).unwrap();
            rustix::fs::flock(&theirs, rustix::fs::FlockOperation::LockExclusive).unwrap();
            let options = WriteOptions::default().part(PART);
            put(&storage, "a", &vec![1; size], options).await.unwrap();
            assert_eq!(fs::read(storage.root().join(PART)).unwrap(), b"theirs");
            assert_eq!(fs::read(storage.root().join("a")).unwrap(), vec![1; size]);
            assert_eq!(everything_in(storage.root()).len(), 2);
        }
    }

    #[tokio::test]
    async fn a_part_that_grew_under_our_hands_is_not_committed() {
        let (storage, _folder) = fs().await;
        let mut writer = storage.write(&path("a"), WriteOptions::default().part(PART)).await.unwrap();
        for _ in 0..10 {
            writer.write(Bytes::from(vec![1; 100_000])).await.unwrap();
        }
        let part = storage.root().join(PART);
        let mut other = loop {
            if let Ok(file) = fs::OpenOptions::new().append(true).open(&part) {
                break file;
            }
            tokio::task::yield_now().await;
        };
        std::io::Write::write_all(&mut other, &vec![2; 2_000_000]).unwrap();
        assert!(writer.commit().await.is_err());
        assert_eq!(storage.stat(&path("a")).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_pipe_is_no_file_and_nobody_waits_for_it() {
        let (storage, _folder) = fs().await;
        fs::create_dir_all(storage.root()).unwrap();
        assert!(Command::new("mkfifo").arg(storage.root().join("pipe")).status().unwrap().success());
        let reading = tokio::time::timeout(std::time::Duration::from_secs(20), async {
            storage.read(&path("pipe"), 0).await.map(|_| ())
        });
        assert_eq!(reading.await.unwrap().unwrap_err().kind(), ErrorKind::NotFound);
    }

    /// Links among folders lead to ever more ways to the same files: each folder is gone into by one of them.
    #[tokio::test]
    async fn links_among_folders_do_not_multiply_files() {
        let (storage, _folder) = fs().await;
        for folder in 0..9 {
            let folder = storage.root().join(format!("{folder}"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("photo"), "x").unwrap();
            for other in 0..9 {
                symlink(format!("../{other}"), folder.join(format!("to {other}"))).unwrap();
            }
        }
        let listed: Vec<_> = storage.list(&StoragePath::root()).try_collect().await.unwrap();
        assert!((9..=18).contains(&listed.len()), "{}", listed.len());
    }

    /// Not every file system takes such names.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn names_that_are_no_text_are_told() {
        use std::os::unix::ffi::OsStrExt;
        let (storage, _folder) = fs().await;
        fs::create_dir_all(storage.root()).unwrap();
        fs::write(storage.root().join("photo"), "x").unwrap();
        fs::write(storage.root().join(std::ffi::OsStr::from_bytes(b"foto_\xff.jpg")), "x").unwrap();
        let listed: Vec<_> = storage.list(&StoragePath::root()).collect().await;
        let (files, errors): (Vec<_>, Vec<_>) = listed.into_iter().partition(Result::is_ok);
        assert_eq!((files.len(), errors.len()), (1, 1));
        let error = errors.into_iter().next().unwrap().unwrap_err();
        assert!(error.kind() == ErrorKind::Unsupported && error.to_string().contains("foto_"), "{error}");
    }

    #[tokio::test]
    async fn links_are_followed_and_loops_end() {
        let (storage, folder) = fs().await;
        fs::create_dir_all(folder.path().join("big disk")).unwrap();
        fs::create_dir_all(storage.root()).unwrap();
        symlink(folder.path().join("big disk"), storage.root().join("2018")).unwrap();
        put(&storage, "2018/07/a", b"x", WriteOptions::default()).await.unwrap();
        assert_eq!(fs::read(folder.path().join("big disk/07/a")).unwrap(), b"x");
        symlink("..", folder.path().join("big disk/07/up")).unwrap();
        symlink("nowhere", storage.root().join("broken")).unwrap();
        assert_eq!(listed(&storage).await, ["2018/07/a"]);
        let refused = put(&storage, "broken", b"x", WriteOptions::default()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
        // Known before anything is fetched.
        for in_the_way in ["broken", "2018/07"] {
            let error = storage.stat(&path(in_the_way)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{in_the_way}");
        }
        assert!(fs::symlink_metadata(storage.root().join("nowhere")).is_err());
    }

    #[tokio::test]
    async fn what_stands_in_the_way_is_named_as_such() {
        let (storage, _folder) = fs().await;
        put(&storage, "file", b"x", WriteOptions::default()).await.unwrap();
        fs::create_dir_all(storage.root().join("folder")).unwrap();
        for size in [5, 1_000_000] {
            for options in [WriteOptions::default(), WriteOptions::default().replace()] {
                for name in ["file/a", "file/a/b", "folder"] {
                    let error = put(&storage, name, &vec![1; size], options.clone()).await.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{name}: {error:?}");
                }
            }
        }
        assert_eq!(storage.remove(&path("folder")).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
        let error = put(&storage, &"n".repeat(300), b"x", WriteOptions::default()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(everything_in(storage.root()), ["file", "folder"]);
    }

    /// A file system of its own, if the tests may mount one.
    struct Mount(TempDir);

    impl Mount {
        fn new(options: &str) -> Option<Self> {
            let folder = tempfile::tempdir().unwrap();
            let mut mount = Command::new("mount");
            mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder.path());
            let mounted = mount.output().is_ok_and(|output| output.status.success());
            if !mounted {
                eprintln!("SKIPPED: not allowed to mount a file system here");
            }
            mounted.then_some(Self(folder))
        }
    }

    impl Drop for Mount {
        fn drop(&mut self) {
            let _ = Command::new("umount").arg("-l").arg(self.0.path()).output();
        }
    }

    #[tokio::test]
    async fn a_full_disk_says_so_and_the_part_is_gone_on_with() {
        let Some(mount) = Mount::new("size=1m") else { return };
        let storage = FsStorage::open(mount.0.path()).unwrap();
        fs::write(mount.0.path().join("ballast"), vec![0; 700_000]).unwrap();
        let big = vec![7; 800_000];
        let error = put(&storage, "big", &big, WriteOptions::default().part(PART)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull, "{error:?}");
        assert_eq!(storage.stat(&path("big")).await.unwrap(), None);
        let small = vec![7; 200_000];
        let error = put(&storage, "small", &small, WriteOptions::default().part("s.part")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull, "{error:?}");
        assert_eq!(everything_in(mount.0.path()), [PART, "ballast"]);
        fs::remove_file(mount.0.path().join("ballast")).unwrap();
        let mut writer = storage.write(&path("big"), WriteOptions::default().part(PART)).await.unwrap();
        let kept = usize::try_from(writer.position()).unwrap();
        assert!(kept > 0, "the part is kept");
        writer.write(Bytes::copy_from_slice(&big[kept..])).await.unwrap();
        writer.commit().await.unwrap();
        assert!(fs::read(mount.0.path().join("big")).unwrap() == big);
    }

    #[tokio::test]
    async fn a_closed_disk_says_so() {
        let Some(mount) = Mount::new("ro") else { return };
        let storage = FsStorage::open(mount.0.path().join("photos")).unwrap();
        for size in [5, 1_000_000] {
            let error = put(&storage, "a/b", &vec![1; size], WriteOptions::default()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error:?}");
        }
    }

    #[tokio::test]
    async fn several_file_systems_are_flushed() {
        let Some(mount) = Mount::new("size=1m") else { return };
        let (storage, _folder) = fs().await;
        fs::create_dir_all(storage.root()).unwrap();
        symlink(mount.0.path(), storage.root().join("mounted")).unwrap();
        put(&storage, "here", b"x", WriteOptions::default()).await.unwrap();
        put(&storage, "mounted/there", b"x", WriteOptions::default()).await.unwrap();
        storage.flush().await.unwrap();
        assert_eq!(listed(&storage).await, ["here", "mounted/there"]);
    }

    /// Seen by what the kernel need not write any more when a file is cut to nothing.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_large_file_is_on_the_disk_before_it_has_its_name() {
        let (storage, folder) = fs().await;
        let plain = folder.path().join("plain");
        fs::write(&plain, vec![1; 1_000_000]).unwrap();
        if unwritten(&plain).is_none_or(|bytes| bytes == 0) {
            eprintln!("SKIPPED: the file system here does not tell what it has not written");
            return;
        }
        put(&storage, "a", &vec![1; 20_000_000], WriteOptions::default().part(PART)).await.unwrap();
        assert_eq!(unwritten(&storage.root().join("a")), Some(0));
    }

    /// Cuts a file to nothing; says how many of its bytes were not on the disk yet.
    #[cfg(target_os = "linux")]
    fn unwritten(file: &Path) -> Option<u64> {
        let cancelled = || {
            let counts = fs::read_to_string("/proc/thread-self/io").ok()?;
            counts.lines().find_map(|line| line.strip_prefix("cancelled_write_bytes: ")?.parse::<u64>().ok())
        };
        let before = cancelled()?;
        fs::File::create(file).unwrap();
        Some(cancelled()? - before)
    }

    /// The only thread for file work is busy, so that no flush can have happened.
    #[cfg(target_os = "linux")]
    #[test]
    fn no_flush_ends_before_another_that_is_under_way() {
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            let (storage, _folder) = fs().await;
            put(&storage, "a", b"x", WriteOptions::default()).await.unwrap();
            let (go, wait) = std::sync::mpsc::channel::<()>();
            let busy = tokio::task::spawn_blocking(move || wait.recv());
            let (mut first, mut second) = (storage.flush(), storage.flush());
            assert!(futures::poll!(&mut first).is_pending());
            assert!(futures::poll!(&mut second).is_pending());
            drop(first);
            assert!(futures::poll!(storage.flush()).is_pending(), "a flush that was given up proves nothing");
            go.send(()).unwrap();
            second.await.unwrap();
            busy.await.unwrap().unwrap();
            assert!(futures::poll!(storage.flush()).is_ready(), "nothing is left to flush");
        });
    }

    async fn put(
        storage: &FsStorage,
        name: &str,
        bytes: &[u8],
        options: WriteOptions,
    ) -> icloud_photos::Result<()> {
        let mut writer = storage.write(&path(name), options).await?;
        for chunk in bytes.chunks(60_000) {
            writer.write(Bytes::copy_from_slice(chunk)).await?;
        }
        writer.commit().await.map(drop)
    }

    async fn listed(storage: &FsStorage) -> Vec<String> {
        let found: Vec<_> =
            storage.list(&StoragePath::root()).map(|meta| meta.unwrap().path.to_string()).collect().await;
        sorted(found)
    }

    /// Every file, folder and part, as the disk has them.
    fn everything_in(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(next).unwrap().map(Result::unwrap) {
                found.push(entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                }
            }
        }
        sorted(found)
    }

    fn sorted(mut names: Vec<String>) -> Vec<String> {
        names.sort_unstable();
        names
    }
}

fn path(text: &str) -> StoragePath {
    StoragePath::parse(text).unwrap()
}
