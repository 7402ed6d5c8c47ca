//! Long files to WebDAV: they are sent while they come in, and never appear before they are whole. The promises of storages in general
//! are tested in `opendal.rs`.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use icloud_photos::storage::{OpendalStorage, Storage, StoragePath, StorageWriter, WriteOptions};
use icloud_photos::{Error, ErrorKind, Result};
use icloud_photos_test_servers::skip;
use icloud_photos_test_servers::webdav::{Apache, WebDavServer};

use crate::opendal::dav;

const MIB: usize = 1 << 20;

/// Long enough not to wait in memory.
const LONG: usize = 40 * MIB;

fn film(length: usize) -> Bytes {
    (0..length).map(|at| (at / 1000 % 251) as u8).collect::<Vec<_>>().into()
}

async fn begin(storage: &OpendalStorage, told: usize) -> Box<dyn StorageWriter> {
    let path = StoragePath::parse("2018/07/film.mov").unwrap();
    storage.write(&path, WriteOptions::default().size(told as u64)).await.unwrap()
}

async fn fill(writer: &mut Box<dyn StorageWriter>, bytes: &Bytes) -> Result<()> {
    for start in (0..bytes.len()).step_by(MIB) {
        writer.write(bytes.slice(start..bytes.len().min(start + MIB))).await?;
    }
    Ok(())
}

async fn wait_until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what}");
}

/// A server may begin a file after its request was given up: that one is left to whoever tidies up.
async fn wait_until_tidy(storage: &OpendalStorage, server: &WebDavServer) {
    for _ in 0..100 {
        storage.tidy(SystemTime::now() + Duration::from_secs(2)).await.unwrap();
        if server.files().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("something is left: {:?}", server.files());
}

#[tokio::test]
async fn a_long_file_is_sent_while_it_comes_in() {
    let server = WebDavServer::start().await;
    let storage = dav(&server.endpoint());
    assert_eq!(storage.capabilities().max_size, None);
    let bytes = film(LONG);
    let mut writer = begin(&storage, LONG).await;
    fill(&mut writer, &bytes).await.unwrap();
    // The last chunk waits for the commit, and one for the network.
    wait_until("the bytes are held", || server.taken() >= (LONG - 16 * MIB) as u64).await;
    assert!(server.files().iter().all(|file| file.starts_with(".icloud-photos-staging/")));
    writer.commit().await.unwrap();
    assert_eq!(server.files(), ["2018/07/film.mov"]);
    assert!(std::fs::read(server.folder().join("2018/07/film.mov")).unwrap() == bytes);
    assert_eq!((server.requests("PUT"), server.requests("MOVE")), (1, 1));
}

#[tokio::test]
async fn apache_takes_long_files_too() {
    let Some(server) = Apache::start() else { return skip("long files", "apache2") };
    let bytes = film(LONG + 1);
    let mut writer = begin(&dav(&server.endpoint()), bytes.len()).await;
    fill(&mut writer, &bytes).await.unwrap();
    writer.commit().await.unwrap();
    assert_eq!(server.files(), ["2018/07/film.mov"]);
    assert!(std::fs::read(server.folder().join("2018/07/film.mov")).unwrap() == bytes);
}

#[tokio::test]
async fn what_is_given_up_is_gone() {
    let server = WebDavServer::start().await;
    let storage = dav(&server.endpoint());
    for aborts in [true, false] {
        let mut writer = begin(&storage, LONG).await;
        fill(&mut writer, &film(LONG / 2)).await.unwrap();
        wait_until("nothing is sent", || !server.files().is_empty()).await;
        match aborts {
            true => writer.abort().await.unwrap(),
            false => drop(writer),
        }
        wait_until("something is left", || server.files().is_empty()).await;
    }
}

/// A request must be as long as it says. Where Apple's record was wrong, whoever fetches begins anew and may write what there is.
#[tokio::test]
async fn files_of_another_length_than_was_told() {
    let server = WebDavServer::start().await;
    let storage = dav(&server.endpoint());
    for length in [LONG - 1, LONG + 1, LONG - 16 * MIB, LONG + 16 * MIB] {
        let bytes = film(length);
        let mut writer = begin(&storage, LONG).await;
        fill(&mut writer, &bytes).await.unwrap();
        let error = writer.commit().await.unwrap_err();
        assert!(error.message().contains("not as long as iCloud says"), "{error}");
        wait_until_tidy(&storage, &server).await;

        let mut writer = begin(&storage, LONG).await;
        fill(&mut writer, &bytes).await.unwrap();
        writer.restart().await.unwrap();
        fill(&mut writer, &bytes).await.unwrap();
        writer.commit().await.unwrap();
        assert!(std::fs::read(server.folder().join("2018/07/film.mov")).unwrap() == bytes);
        let path = StoragePath::parse("2018/07/film.mov").unwrap();
        storage.remove(&path).await.unwrap();
        wait_until_tidy(&storage, &server).await;
    }
}

/// The error of a long file, wherever it comes up.
async fn fails(storage: &OpendalStorage) -> Error {
    let mut writer = begin(storage, LONG).await;
    match fill(&mut writer, &film(LONG)).await {
        Ok(()) => writer.commit().await.unwrap_err(),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_request_that_fails_says_why() {
    let server = WebDavServer::start().await;
    let storage = dav(&server.endpoint());
    let table =
        [(507, ErrorKind::StorageFull), (403, ErrorKind::PermissionDenied), (413, ErrorKind::Unsupported)];
    for (status, kind) in table {
        server.refuse("PUT", status);
        let error = fails(&storage).await;
        // Who answers without reading may be cut off before anybody has heard him.
        let is_cut = error.kind() == ErrorKind::Storage && error.is_retryable();
        assert!(error.kind() == kind || is_cut, "{status}: {error}");
        assert!(!error.to_string().contains("<html"), "{error}");
    }
    server.refuse("PUT", 503);
    assert!(fails(&storage).await.is_retryable());
    assert!(server.files().is_empty(), "{:?}", server.files());
}

/// Proxies are known that pass on a request without its body, and say that all went well.
#[tokio::test]
async fn a_body_that_was_lost_is_noticed() {
    let server = WebDavServer::start().await;
    let storage = dav(&server.endpoint());
    server.lose();
    let error = fails(&storage).await;
    assert!(error.message().contains("has not kept all of the file") && error.is_retryable(), "{error}");
    wait_until_tidy(&storage, &server).await;
}

/// A storage asks for the bytes as they are.
#[tokio::test]
async fn nothing_is_packed_on_its_way() {
    let server = WebDavServer::start().await;
    let storage = dav(&server.endpoint());
    server.pack();
    std::fs::write(server.folder().join("a.jpg"), b"the bytes").unwrap();
    let path = StoragePath::parse("a.jpg").unwrap();
    let read: Vec<Bytes> =
        futures::TryStreamExt::try_collect(storage.read(&path, 0).await.unwrap()).await.unwrap();
    assert_eq!(read.concat(), b"the bytes");
}
