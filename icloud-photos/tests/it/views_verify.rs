//! `verify` looks at views too: what is missing there, leads nowhere, or is something else.

use std::sync::{Arc, Mutex};

use icloud_photos::storage::FsStorage;
use icloud_photos::sync::{VerifyEvent, VerifyOptions, VerifyReport, ViewAs, ViewFault, verify};
use icloud_photos_testkit::LibrarySpec;

use crate::copies::Copy;
use crate::views::viewed;

const VIEWS: &[&str] = &["albums:{album_path}", "years:{:%Y}"];

async fn seen_by(copy: &Copy, reread: bool) -> (VerifyReport, Vec<(String, ViewFault)>) {
    let (found, before) = (Mutex::new(Vec::new()), copy.files().await);
    let tell = |event: VerifyEvent<'_>| match event {
        VerifyEvent::View { path, fault } => found.lock().unwrap().push((path.to_string(), fault)),
        VerifyEvent::Failed { path, error } => panic!("{path}: {error}"),
        _ => {}
    };
    let options = VerifyOptions::default().reread(reread);
    let report = verify(copy.storage.clone(), copy.catalogue.clone(), options, None, tell).await.unwrap();
    assert!(copy.files().await == before, "nothing is changed");
    (report, found.into_inner().unwrap())
}

async fn laid(shape: ViewAs) -> (Copy, Vec<String>) {
    let copy = viewed(LibrarySpec::plain(6, 700), VIEWS, shape).await;
    let assets = copy.all().await;
    copy.gather("Trip", &assets[..5]);
    assert!(copy.run().await.unwrap().is_clean());
    let shown = copy.in_view("albums").await.into_iter().map(|path| format!("albums/{path}")).collect();
    (copy, shown)
}

#[tokio::test(start_paused = true)]
async fn what_differs_in_a_view_is_told_and_mended_by_the_next_run() {
    for shape in [ViewAs::HardLink, ViewAs::Copy] {
        let (copy, shown) = laid(shape).await;
        let (report, found) = seen_by(&copy, false).await;
        assert_eq!((report.views, report.views_bad, found), (11, 0, vec![]), "{shape:?}");
        assert!(
            report.is_clean() && report.to_string().ends_with("; 11 entries of views, 0 of them bad"),
            "{report}"
        );
        // One is gone, one is somebody's work.
        copy.remove(&shown[0]).await;
        copy.remove(&shown[1]).await;
        copy.put(&shown[1], b"mine".to_vec()).await;
        let (report, found) = seen_by(&copy, false).await;
        let bad = [(shown[0].clone(), ViewFault::Missing), (shown[1].clone(), ViewFault::Changed)];
        assert_eq!((report.views, report.views_bad, &found[..]), (11, 2, &bad[..]), "{shape:?}");
        assert!(!report.is_clean() && report.bad == 0, "{shape:?}: {report}");
        let (_, told) = copy.lays().await;
        assert!(told.contains(&format!("laid {}", shown[0])), "as it was said: {told:?}");
        assert!(told.iter().any(|line| line.starts_with(&format!("left {}", shown[1]))), "{told:?}");
        // It is no entry of the view any more.
        let (report, found) = seen_by(&copy, false).await;
        assert_eq!((report.views, report.views_bad, found), (10, 0, vec![]), "{shape:?}");
    }
}

/// A file of the copy that is gone is told as such, and so is what leads to it.
#[tokio::test(start_paused = true)]
async fn what_leads_nowhere_is_told() {
    for (shape, faults) in [(ViewAs::Manifest, 2), (ViewAs::HardLink, 0), (ViewAs::Copy, 0)] {
        let (copy, _) = laid(shape).await;
        let blob = copy.blob(&copy.all().await[0]).await;
        copy.remove(&blob).await;
        let (report, found) = seen_by(&copy, false).await;
        assert_eq!(
            (report.bad, report.views_bad, found.len()),
            (1, faults, faults as usize),
            "{shape:?}: {found:?}"
        );
        assert!(found.iter().all(|(_, fault)| *fault == ViewFault::Nowhere), "{shape:?}: {found:?}");
        copy.run().await.unwrap();
        let (report, found) = seen_by(&copy, true).await;
        assert!(report.is_clean(), "{shape:?}: the next run mended it: {report} {found:?}");
    }
}

/// The copy has another file by now, so an entry that is as it was laid is old.
#[tokio::test(start_paused = true)]
async fn what_the_copy_has_anew_is_told_as_old_in_the_view() {
    for shape in [ViewAs::HardLink, ViewAs::Copy] {
        let (copy, _) = laid(shape).await;
        let blob = copy.blob(&copy.all().await[0]).await;
        let bytes = copy.bytes(&blob).await;
        copy.remove(&blob).await;
        copy.put(&blob, bytes).await;
        let (report, found) = seen_by(&copy, false).await;
        assert!(report.views_bad > 0, "{shape:?}: {report}");
        assert!(found.iter().all(|(_, fault)| *fault == ViewFault::Outdated), "{shape:?}: {found:?}");
        copy.run().await.unwrap();
        assert_eq!(seen_by(&copy, false).await.0.views_bad, 0, "{shape:?}");
    }
}

/// Bytes that rotted in a copy show by reading alone.
#[tokio::test]
async fn copies_are_read_if_so_wanted() {
    let copy = viewed(LibrarySpec::plain(3, 700), &["years:{:%Y}"], ViewAs::Copy).await;
    let folder = tempfile::tempdir().unwrap();
    let storage = Arc::new(FsStorage::open(folder.path()).unwrap());
    assert!(copy.engine_on(storage.clone()).run(Arc::new(())).await.unwrap().is_clean());
    let year = std::fs::read_dir(folder.path().join("years")).unwrap().next().unwrap().unwrap().path();
    let entry = std::fs::read_dir(year).unwrap().next().unwrap().unwrap().path();
    let file = std::fs::File::options().write(true).open(&entry).unwrap();
    let modified = file.metadata().unwrap().modified().unwrap();
    std::io::Write::write_all(&mut &file, b"rot").unwrap();
    file.set_modified(modified).unwrap();
    for (reread, bad) in [(false, 0), (true, 1)] {
        let options = VerifyOptions::default().reread(reread);
        let report = verify(storage.clone(), copy.catalogue.clone(), options, None, |_| {}).await.unwrap();
        assert_eq!((report.views, report.views_bad, report.bad), (3, bad, 0), "reread: {reread}");
    }
}

/// Links that lead to nothing, or elsewhere, or are gone.
#[cfg(unix)]
#[tokio::test]
async fn symbolic_links_are_followed() {
    let copy = viewed(LibrarySpec::plain(4, 700), &["flat:none"], ViewAs::SymbolicLink).await;
    let folder = tempfile::tempdir().unwrap();
    let storage = Arc::new(FsStorage::open(folder.path()).unwrap());
    assert!(copy.engine_on(storage.clone()).run(Arc::new(())).await.unwrap().is_clean());
    let mut links: Vec<_> =
        std::fs::read_dir(folder.path().join("flat")).unwrap().map(|entry| entry.unwrap().path()).collect();
    links.sort();
    std::fs::remove_file(std::fs::canonicalize(&links[0]).unwrap()).unwrap();
    let elsewhere = std::fs::read_link(&links[3]).unwrap();
    std::fs::remove_file(&links[1]).unwrap();
    std::os::unix::fs::symlink(elsewhere, &links[1]).unwrap();
    std::fs::remove_file(&links[2]).unwrap();
    let found = Mutex::new(Vec::new());
    let tell = |event: VerifyEvent<'_>| {
        if let VerifyEvent::View { fault, .. } = event {
            found.lock().unwrap().push(fault);
        }
    };
    let options = VerifyOptions::default();
    let report = verify(storage.clone(), copy.catalogue.clone(), options, None, tell).await.unwrap();
    assert_eq!((report.views, report.bad), (4, 1), "{report}");
    let found = found.into_inner().unwrap();
    assert_eq!(found, [ViewFault::Nowhere, ViewFault::Changed, ViewFault::Missing]);
}

/// A manifest that nobody can read is no view that stands.
#[tokio::test(start_paused = true)]
async fn a_manifest_that_cannot_be_read_is_a_finding() {
    let (copy, _) = laid(ViewAs::Best).await;
    copy.put(".icloud-photos-views/albums.json", b"{".to_vec()).await;
    let failed = Mutex::new(Vec::new());
    let tell = |event: VerifyEvent<'_>| {
        if let VerifyEvent::Failed { path, error } = event {
            failed.lock().unwrap().push(format!("{path}: {error}"));
        }
    };
    let verified = verify(copy.storage.clone(), copy.catalogue.clone(), VerifyOptions::default(), None, tell);
    let report = verified.await.unwrap();
    assert_eq!((report.failed, report.views, report.is_clean()), (1, 6, false));
    let failed = failed.into_inner().unwrap();
    assert!(failed[0].contains("albums.json") && failed[0].contains("move the file away"), "{failed:?}");
}

/// A manifest is a file that anybody may write to.
#[tokio::test(start_paused = true)]
async fn lines_that_lead_out_are_told_and_the_others_looked_at() {
    let (copy, _) = laid(ViewAs::HardLink).await;
    let name = ".icloud-photos-views/albums.json";
    let text = String::from_utf8(copy.bytes(name).await).unwrap();
    copy.remove(name).await;
    copy.put(name, text.replacen("\"path\":\"Trip/", "\"path\":\"../../", 1).into_bytes()).await;
    let failed = Mutex::new(0);
    let tell = |event: VerifyEvent<'_>| {
        *failed.lock().unwrap() += u64::from(matches!(event, VerifyEvent::Failed { .. }));
    };
    let options = VerifyOptions::default();
    let report = verify(copy.storage.clone(), copy.catalogue.clone(), options, None, tell).await.unwrap();
    assert_eq!((*failed.lock().unwrap(), report.failed, report.views), (1, 1, 10), "{report}");
}
