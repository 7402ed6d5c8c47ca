//! What loses its place lies in the trash, whatever the storage says in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use icloud_photos::ErrorKind;
use icloud_photos::storage::Storage;
use icloud_photos::sync::{Disposal, VerifyOptions, verify};
use icloud_photos_testkit::LibrarySpec;

use crate::copies::{Copy, flip};
use crate::odd_storage::{Deed, Odd, OddStorage};

/// So many times in one run is a file looked at, and read, at most.
const TIMES: u64 = 8;

/// Does this at one time of those at which it is asked that of a file.
fn at_time(copy: &Copy, of: &str, deed: Deed, time: u64, odd: Odd) -> Arc<dyn Storage> {
    let (of, asked) = (of.to_owned(), AtomicU64::new(0));
    OddStorage::over(copy.storage.clone(), move |what, path| {
        (what == deed && path == of && asked.fetch_add(1, Relaxed) == time).then_some(odd)
    })
}

async fn deleted() -> (Copy, String) {
    let copy =
        Copy::with(LibrarySpec::plain(0, 1000), |_, builder| builder.mirror(Some(Disposal::Trash))).await;
    (0..3).for_each(|number| drop(copy.photo(&format!("{number}.JPG"), number + 1)));
    copy.run().await.unwrap();
    let photo = copy.path("0.JPG").await;
    copy.trash("0.JPG");
    (copy, photo)
}

/// That bytes which stood there still stand somewhere.
async fn is_held(copy: &Copy, path: &str, bytes: &[u8], about: &str) {
    let paths = copy.paths().await;
    for path in paths.iter().filter(|there| there.ends_with(path)) {
        if copy.bytes(path).await == bytes {
            return;
        }
    }
    panic!("{about}: {path} is lost; there are {paths:?}");
}

#[tokio::test(start_paused = true)]
async fn a_mirror_never_loses_what_a_storage_denies_once() {
    for (deed, odd) in
        [(Deed::Stat, Odd::Denies), (Deed::Read, Odd::Flips), (Deed::Read, Odd::Fails(ErrorKind::Storage))]
    {
        for time in 0..TIMES {
            let (copy, photo) = deleted().await;
            let bytes = copy.bytes(&photo).await;
            let (ran, told) = copy.clear_on(at_time(&copy, &photo, deed, time, odd)).await;
            ran.unwrap();
            let about = format!("{odd:?} at {time}: {told:?}");
            is_held(&copy, &photo, &bytes, &about).await;
            copy.clear().await;
            is_held(&copy, &photo, &bytes, &about).await;
        }
    }
}

/// A copy of what could not go would come with every day.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_removed_leaves_no_copy_in_the_trash() {
    let (copy, photo) = deleted().await;
    let of = photo.clone();
    let storage = OddStorage::over(copy.storage.clone(), move |deed, path| {
        (deed == Deed::Remove && path == of).then_some(Odd::Fails(ErrorKind::PermissionDenied))
    });
    let (ran, told) = copy.clear_on(storage).await;
    assert_eq!(ran.unwrap().failed, 1, "{told:?}");
    let paths = copy.paths().await;
    assert!(
        paths.contains(&photo) && !paths.iter().any(|path| path.starts_with(".icloud-photos-trash/")),
        "{paths:?}"
    );
    copy.clear().await;
    assert!(!copy.paths().await.contains(&photo));
}

#[tokio::test(start_paused = true)]
async fn a_repair_never_loses_what_stood_there() {
    let reads = (0..TIMES).map(|time| (Deed::Read, time, Odd::Flips));
    let stats = (0..TIMES).map(|time| (Deed::Stat, time, Odd::Denies));
    let writes = [
        (Deed::Write, 0, Odd::FailsLate),
        (Deed::Write, 0, Odd::Cuts),
        (Deed::Write, 0, Odd::Fails(ErrorKind::Storage)),
    ];
    for (deed, time, odd) in reads.chain(stats).chain(writes) {
        let copy = Copy::of(LibrarySpec::plain(2, 3000)).await;
        copy.run().await.unwrap();
        let path = copy.paths().await[0].clone();
        let own = flip(copy.bytes(&path).await);
        copy.put(&path, own.clone()).await;
        let storage = at_time(&copy, &path, deed, time, odd);
        let (engine, catalogue) = (copy.engine_on(storage.clone()), copy.catalogue.clone());
        let options = VerifyOptions::default().repair().reread(true);
        let report = verify(storage, catalogue, options, Some(&engine), |_| {}).await;
        is_held(&copy, &path, &own, &format!("{deed:?} {odd:?} at {time}: {report:?}")).await;
    }
}
