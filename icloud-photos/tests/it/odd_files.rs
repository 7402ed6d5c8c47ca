//! Files that are not as their records say, or that are not sent as files are.

use std::sync::Arc;

use icloud_photos::sync::AdoptOptions;
use icloud_photos::sync::VerifyOptions;
use icloud_photos::sync::catalogue::Status;
use icloud_photos::sync::verify;
use icloud_photos_testkit::{FaultAction, FaultRule, LibrarySpec};

use crate::copies::Copy;

const SIZE: u64 = 3000;

/// A copy of one photo whose record says that it is `size` bytes long.
async fn said_to_have(size: u64) -> Copy {
    let copy = Copy::of(LibrarySpec::plain(1, SIZE)).await;
    copy.world.describe(move |file| file["size"] = size.into());
    copy
}

/// Apple's checksum proves the bytes, whatever the record says of their length; and they are known from then on.
#[tokio::test(start_paused = true)]
async fn what_the_checksum_proves_passes_whatever_its_recorded_length() {
    for size in [SIZE + 10, SIZE - 10, 0, 10 * SIZE] {
        let copy = said_to_have(size).await;
        let report = copy.run().await.unwrap();
        assert_eq!((report.downloaded, report.verified), (1, 1), "{size}: {report}");
        let row = copy.rows().await.remove(0);
        assert_eq!((row.size, row.resource_size), (Some(SIZE), Some(size)));
        copy.rests("it is here").await;
        let (storage, catalogue) = (copy.storage.clone(), copy.catalogue.clone());
        let report = verify(storage, catalogue, VerifyOptions::default(), None, |_| {}).await.unwrap();
        assert_eq!((report.proven, report.bad), (1, 0), "{size}: {report}");
        copy.engine().adopt(AdoptOptions::default(), |_| {}).await.unwrap();
        assert_eq!(copy.rows().await, std::slice::from_ref(&row));
        // Another selection lists it, and knows it.
        let copy = Copy { choose: Arc::new(|_, builder| builder.recent(Some(5))), ..copy };
        assert_eq!(copy.run().await.unwrap().downloaded, 0, "{size}");
        // Somebody moves it.
        let path = row.path.unwrap().to_string();
        copy.put("elsewhere.jpg", copy.bytes(&path).await).await;
        copy.remove(&path).await;
        assert_eq!(copy.run().await.unwrap().downloaded, 0, "{size}: it was moved");
        // And a catalogue that knows nothing yet learns of it.
        let copy = Copy { catalogue: Arc::default(), ..copy };
        copy.put(&path, copy.bytes("elsewhere.jpg").await).await;
        copy.remove("elsewhere.jpg").await;
        let report = copy.engine().adopt(AdoptOptions::default(), |_| {}).await.unwrap();
        assert_eq!((report.recognised, report.damaged), (1, 0), "{size}: {report}");
        assert_eq!(copy.run().await.unwrap().downloaded, 0, "{size}: it was adopted");
    }
}

/// The row was lost with the process, or nobody ever had one.
#[tokio::test(start_paused = true)]
async fn a_file_of_another_length_than_recorded_is_not_stored_again() {
    for size in [SIZE + 10, SIZE - 10, 0] {
        let copy = said_to_have(size).await;
        copy.run().await.unwrap();
        let before = copy.files().await;
        let copy = Copy { catalogue: Arc::default(), ..copy };
        let report = copy.run().await.unwrap();
        assert_eq!((report.downloaded, report.unconfirmed, report.failed), (0, 0, 0), "{size}: {report}");
        assert_eq!(copy.files().await, before);
        let row = copy.rows().await.remove(0);
        assert_eq!((row.status, row.size), (Status::Verified, Some(SIZE)));
        copy.rests("it is here").await;
    }
}

/// The connection breaks in the middle of such a file: it goes on there.
#[tokio::test(start_paused = true)]
async fn a_file_of_another_length_than_recorded_goes_on_where_it_broke_off() {
    let length = 3_000_000;
    for size in [length + 10, length - 10, 0] {
        let copy = Copy::of(LibrarySpec::plain(1, length)).await;
        copy.world.describe(move |file| file["size"] = size.into());
        let cut = FaultRule::new("content", FaultAction::Cut { after: 1_000_000 }).after(1).times(1);
        copy.faults(vec![cut]);
        copy.world.cloud.reset_counts();
        let report = copy.run().await.unwrap();
        assert_eq!((report.downloaded, report.verified), (1, 1), "{size}: {report}");
        assert!(copy.world.cloud.counts().requests_to("content") <= 4);
    }
}

/// Another length came twice, and broke off; then the host is well again.
#[tokio::test(start_paused = true)]
async fn the_recorded_length_is_right_again_as_soon_as_it_comes() {
    let copy = Copy::of(LibrarySpec::plain(1, SIZE)).await;
    let asked = std::sync::atomic::AtomicU64::new(0);
    copy.world.bend(move |path, head, body| {
        if path.starts_with("/database/") || head.headers.get("content-length").is_none_or(|of| of != "3000")
        {
            return body;
        }
        match asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 | 1 => {
                head.headers.insert("content-length", 2000.into());
                body.slice(..0)
            }
            _ => body,
        }
    });
    copy.world.cloud.reset_counts();
    assert_eq!(copy.run().await.unwrap().verified, 1);
    assert_eq!(copy.world.cloud.counts().requests_to("content"), 3);
}

/// Nothing is known of bytes of another length that no checksum proves.
#[tokio::test(start_paused = true)]
async fn bytes_of_another_length_that_nothing_proves_are_refused() {
    for kind in ["none", "other", "wrong"] {
        let copy = Copy::of(LibrarySpec::plain(1, SIZE)).await;
        copy.world.describe(move |file| {
            file["size"] = (SIZE + 10).into();
            let checksum = file["fileChecksum"].as_str().unwrap().to_owned();
            match kind {
                "none" => drop(file.remove("fileChecksum")),
                "other" => file["fileChecksum"] = format!("Ag{}", &checksum[2..]).into(),
                _ => file["fileChecksum"] = format!("{}AAAA", &checksum[..24]).into(),
            }
        });
        let report = copy.run().await.unwrap();
        assert_eq!((report.downloaded, report.failed), (0, 1), "{kind}: {report}");
        assert!(copy.paths().await.is_empty(), "{kind}");
    }
}

/// What bears the right bytes is the photo, whatever it is called on the way; a page that is not is none, however often it comes.
#[tokio::test(start_paused = true)]
async fn a_photo_that_is_sent_as_a_page_is_a_photo() {
    for kind in ["text/html", "application/json"] {
        for good in [true, false] {
            let copy = Copy::of(LibrarySpec::plain(1, SIZE)).await;
            copy.world.bend(move |path, head, body| {
                if path.starts_with("/database/") || body.len() as u64 != SIZE {
                    return body;
                }
                head.headers.insert("content-type", kind.parse().unwrap());
                if good { body } else { vec![b'<'; body.len()].into() }
            });
            let report = copy.run().await.unwrap();
            let came = u64::from(good);
            assert_eq!((report.verified, report.failed), (came, 1 - came), "{kind} {good}: {report}");
            assert_eq!(copy.files().await.len() as u64, came);
        }
    }
}
