//! Many failures in a row: whether all others would fail too, the storage is asked.

use std::sync::Arc;

use icloud_photos::ErrorKind;
use icloud_photos::storage::Storage;
use icloud_photos_testkit::LibrarySpec;

use crate::copies::Copy;
use crate::odd_storage::{Deed, Odd, OddStorage};

/// Fifty photos, the forty newest of which are called `locked`.
async fn locked() -> Copy {
    let copy = Copy::of(LibrarySpec::plain(0, 1000)).await;
    for number in 0..50 {
        let name = if number < 40 { "locked" } else { "open" };
        copy.photo(&format!("{name}-{number}.JPG"), number);
    }
    copy
}

/// Takes no files whose paths have that in them.
fn refusing(copy: &Copy, part: &'static str, kind: ErrorKind) -> Arc<dyn Storage> {
    OddStorage::over(copy.storage.clone(), move |deed, path| {
        (deed == Deed::Write && path.contains(part)).then_some(Odd::Fails(kind))
    })
}

#[tokio::test(start_paused = true)]
async fn files_that_a_storage_does_not_take_hold_up_no_others() {
    for kind in [ErrorKind::Storage, ErrorKind::PermissionDenied] {
        let copy = locked().await;
        let report = copy.engine_on(refusing(&copy, "locked", kind)).run(Arc::new(())).await.unwrap();
        assert_eq!((report.downloaded, report.failed), (10, 40), "{kind:?}: {report}");
        assert_eq!(copy.files().await.len(), 10, "nothing else is left there: {:?}", copy.paths().await);
        assert_eq!(copy.run().await.unwrap().downloaded, 40, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_storage_that_takes_nothing_ends_the_run() {
    for kind in [ErrorKind::Storage, ErrorKind::PermissionDenied] {
        let copy = locked().await;
        let error = copy.engine_on(refusing(&copy, "", kind)).run(Arc::new(())).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains("failures before"), "{error}");
        assert!(copy.rows().await.len() < 50, "it ended early");
    }
}

#[tokio::test(start_paused = true)]
async fn sidecars_that_a_storage_does_not_take_hold_up_no_photos() {
    let mut copy = locked().await;
    copy.choose = Arc::new(|_, builder| builder.sidecars(true));
    let storage = refusing(&copy, ".xmp", ErrorKind::Storage);
    let report = copy.engine_on(storage).run(Arc::new(())).await.unwrap();
    assert_eq!((report.downloaded, report.sidecars, report.failed), (50, 0, 50), "{report}");
    assert_eq!(copy.run().await.unwrap().sidecars, 50);
}
