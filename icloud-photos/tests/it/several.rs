//! Folders in which a photo stands more than once, as icloudpd leaves them: one file that is proven is enough.

use std::sync::{Arc, Mutex};

use futures::StreamExt;
use icloud_photos::metadata::exif::with_date;
use icloud_photos::sync::catalogue::{Catalogue as _, FileRow, Status};
use icloud_photos::sync::{
    MoveRule, RemovalLimit, SyncBuilder, SyncReport, VerifyEvent, VerifyOptions, VerifyReport, verify,
};
use icloud_photos_testkit::{LibrarySpec, Picture};

use crate::copies::{Copy, at, flip};
use crate::removal::{Told, moving};

/// 2024-05-06 07:08:09 UTC, where the tests are.
const TAKEN: i64 = 1_714_979_289_000;
const DATE: &str = "2024:05:06 07:08:09";
const ALL: MoveRule = MoveRule::OlderThan { days: 0 };

/// Where a photo stands, and where once more.
struct Pair {
    copy: Copy,
    plain: String,
    sized: String,
}

impl Pair {
    /// What icloudpd leaves with `--set-exif-datetime`: a file that grew, and beside it the same once more with the length in its name.
    async fn new() -> Self {
        let copy = Copy::of(LibrarySpec::plain(0, 1)).await;
        copy.world.library().add_picture("A.JPG", Picture::Jpeg, 3000, TAKEN);
        copy.run().await.unwrap();
        let copy = copy.forgetful();
        let plain = copy.path("A.JPG").await;
        let sized = plain.replace(".JPG", "-3000.JPG");
        let dated = with_date(&copy.bytes(&plain).await, DATE).unwrap();
        copy.put(&plain, dated.clone()).await;
        copy.put(&sized, dated).await;
        Self { copy, plain, sized }
    }

    /// The same after a run that took it as it is.
    async fn taken() -> Self {
        let pair = Self::new().await;
        pair.copy.fetches_nothing("the first run").await;
        assert_eq!(pair.row().await.path, Some(at(&pair.sized)), "as icloudpd has it");
        pair
    }

    async fn row(&self) -> FileRow {
        let mut rows = self.copy.rows().await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.remove(0)
    }

    async fn spoil(&self, path: &str) {
        self.copy.put(path, flip(self.copy.bytes(path).await)).await;
    }

    fn moving(&self) -> Copy {
        self.copy.choosing(Arc::new(moving(ALL)))
    }
}

async fn check(copy: &Copy) -> (VerifyReport, Vec<String>) {
    let bad = Mutex::<Vec<String>>::default();
    let tell = |event: VerifyEvent<'_>| {
        if let VerifyEvent::Bad { path, fault, .. } = event {
            bad.lock().unwrap().push(format!("{path}: {fault}"));
        }
    };
    let options = VerifyOptions::default();
    let report = verify(copy.storage.clone(), copy.catalogue.clone(), options, None, tell).await.unwrap();
    (report, bad.into_inner().unwrap())
}

#[tokio::test(start_paused = true)]
async fn verify_names_no_file_bad_beside_one_that_is_proven() {
    let pair = Pair::taken().await;
    pair.spoil(&pair.sized).await;
    let (report, bad) = check(&pair.copy).await;
    assert_eq!((report.bad, report.proven, report.strays), (0, 1, 1), "{report}: {bad:?}");
    let row = pair.row().await;
    assert_eq!((row.path, row.status), (Some(at(&pair.plain)), Status::Derived));
    let (report, bad) = check(&pair.copy).await;
    assert_eq!((report.bad, report.proven), (0, 1), "{report}: {bad:?}");
    pair.copy.fetches_nothing("the run after it").await;
}

#[tokio::test(start_paused = true)]
async fn one_of_two_may_be_removed() {
    let pair = Pair::taken().await;
    pair.copy.remove(&pair.sized).await;
    let (report, bad) = check(&pair.copy).await;
    assert_eq!((report.bad, report.proven), (0, 1), "{report}: {bad:?}");
    pair.copy.fetches_nothing("the run after it").await;
}

#[tokio::test(start_paused = true)]
async fn where_none_is_proven_the_one_that_was_taken_is_bad_and_comes_again() {
    let pair = Pair::taken().await;
    pair.spoil(&pair.sized).await;
    pair.spoil(&pair.plain).await;
    let (report, bad) = check(&pair.copy).await;
    assert_eq!((report.bad, report.strays), (1, 1), "{report}: {bad:?}");
    assert!(bad[0].starts_with(&pair.sized), "{bad:?}");
    let report = pair.copy.run().await.unwrap();
    assert_eq!((report.downloaded, report.verified), (1, 1), "{report}");
    assert_eq!(check(&pair.copy).await.0.bad, 0);
}

/// A verification that knew less called the file bad: the other one is found before anything is fetched.
#[tokio::test(start_paused = true)]
async fn a_file_that_was_called_bad_is_not_fetched_beside_one_that_is_proven() {
    let pair = Pair::taken().await;
    pair.spoil(&pair.sized).await;
    let status = Status::Failed { reason: "verify found that the file is not the photo".into(), attempts: 1 };
    let mut row = pair.row().await;
    row.status = status;
    pair.copy.catalogue.commit(crate::copies::batch(row)).await.unwrap();
    pair.copy.fetches_nothing("the next run").await;
    assert_eq!(pair.row().await.path, Some(at(&pair.plain)));
}

#[tokio::test(start_paused = true)]
async fn a_photo_leaves_icloud_on_whichever_file_is_proven() {
    for damaged in [None, Some(true), Some(false)] {
        for verified in [false, true] {
            let pair = Pair::taken().await;
            if let Some(sized) = damaged {
                pair.spoil(if sized { &pair.sized } else { &pair.plain }).await;
            }
            if verified {
                check(&pair.copy).await;
            }
            let moving = pair.moving();
            let (report, told) = moving.clear().await;
            assert_eq!((report.moved, moving.shown().len()), (1, 0), "{damaged:?}, {verified}: {told:?}");
            let stands = if damaged == Some(true) { &pair.plain } else { &pair.sized };
            assert_eq!(pair.row().await.path, Some(at(stands)), "{damaged:?}, {verified}");
            moving.fetches_nothing("once it is gone").await;
            assert_eq!(check(&moving).await.0.bad, 0);
        }
    }
}

/// Also one of which the catalogue sees without reading that it is not there, or not as it was.
#[tokio::test(start_paused = true)]
async fn a_file_that_is_gone_or_cut_keeps_no_photo_in_icloud_that_stands_beside() {
    for cut in [false, true] {
        let pair = Pair::taken().await;
        match cut {
            true => {
                let bytes = pair.copy.bytes(&pair.sized).await;
                pair.copy.put(&pair.sized, bytes[..100].to_vec()).await;
            }
            false => pair.copy.remove(&pair.sized).await,
        }
        let moving = pair.moving();
        let (report, told) = moving.clear().await;
        assert_eq!((report.moved, report.downloaded), (1, 0), "{cut}: {told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_proof_a_photo_stays() {
    let pair = Pair::taken().await;
    pair.spoil(&pair.sized).await;
    pair.spoil(&pair.plain).await;
    let moving = pair.moving();
    let (report, told) = moving.clear().await;
    assert_eq!((report.moved, report.damaged, moving.shown().len()), (0, 1, 1), "{told:?}");
    assert!(told[0].ends_with("-3000.JPG holds other bytes"), "{told:?}");
}

async fn rehearsed(copy: &Copy) -> (SyncReport, Vec<String>) {
    let (told, engine) = (Told::default(), copy.engine());
    let (mut plan, mut rehearsal) = (engine.plan(), engine.rehearsal().reading());
    while let Some(action) = plan.next().await {
        rehearsal.note(&action.unwrap(), &told).await.unwrap();
    }
    (rehearsal.finish(&told).await.unwrap(), told.lines())
}

/// Photos of every kind of standing: rotten, whole, cut, dated, gone.
async fn folder(choose: impl Fn(SyncBuilder) -> SyncBuilder + Send + Sync + 'static) -> Copy {
    let copy = Copy::with(LibrarySpec::plain(0, 1), move |_, builder| choose(builder)).await;
    for name in ["ROTTEN.JPG", "WHOLE.JPG", "DATED.JPG", "GONE.JPG"] {
        copy.world.library().add_picture(name, Picture::Jpeg, 3000, TAKEN);
    }
    copy.run().await.unwrap();
    let path = copy.path("ROTTEN.JPG").await;
    copy.put(&path, flip(copy.bytes(&path).await)).await;
    let path = copy.path("DATED.JPG").await;
    copy.put(&path, with_date(&copy.bytes(&path).await, DATE).unwrap()).await;
    copy.remove(&copy.path("GONE.JPG").await).await;
    copy
}

/// A rehearsal says of each photo what the run then does, whether the catalogue knows the folder or not, and changes nothing.
#[tokio::test(start_paused = true)]
async fn a_rehearsal_that_reads_says_what_the_run_does() {
    for forgetful in [true, false] {
        let copy = folder(|builder| builder).await;
        let copy = if forgetful { copy.forgetful() } else { copy };
        let copy = copy.choosing(Arc::new(|_, builder| {
            builder.move_out(Some(ALL)).removal_limit(RemovalLimit::new(1.0))
        }));
        let (paths, writes) = (copy.paths().await, copy.catalogue.writes());
        copy.world.cloud.reset_counts();
        let (rehearsal, would) = rehearsed(&copy).await;
        assert_eq!(copy.world.cloud.counts().requests_to("content"), 0);
        assert_eq!((copy.paths().await, copy.catalogue.writes()), (paths, writes), "{forgetful}");
        let (report, told) = copy.clear().await;
        let would: Vec<_> = would.iter().map(|line| line.replace("would move", "moved")).collect();
        let mut would: Vec<_> = would.iter().map(String::as_str).collect();
        would.sort_unstable();
        assert_eq!(would, told, "{forgetful}");
        assert_eq!(
            (rehearsal.moved, rehearsal.withheld, rehearsal.damaged),
            (report.moved, report.withheld, report.damaged),
            "{forgetful}: {told:?}"
        );
        assert_eq!(report.moved, 3, "{told:?}");
    }
}

/// Apple's checksum proves a file, whatever the record says of its length.
#[tokio::test(start_paused = true)]
async fn a_record_that_is_wrong_about_a_length_keeps_no_photo_in_icloud() {
    for dated in [false, true] {
        for size in [2990_u64, 3010] {
            let choose = move |_: &icloud_photos::Library, builder: SyncBuilder| {
                let formats = dated.then_some(icloud_photos::metadata::exif::Format::Jpeg);
                builder.move_out(Some(ALL)).write_dates(formats)
            };
            let copy = Copy::with(LibrarySpec::plain(0, 1), choose).await;
            copy.world.library().add_picture("A.JPG", Picture::Jpeg, 3000, TAKEN);
            copy.world.describe(move |file| file["size"] = size.into());
            let (report, told) = copy.clear().await;
            assert_eq!((report.moved, copy.shown().len()), (1, 0), "{dated}, {size}: {told:?}");
        }
    }
}
