//! Sidecars that a run left out, or that somebody took away: whoever runs next makes up for them, whatever it is about.

use std::sync::Arc;

use icloud_photos::storage::{FsStorage, Storage};
use icloud_photos::sync::catalogue::SqliteCatalogue;
use icloud_photos::sync::{DateLimit, Disposal, MoveRule, SyncBuilder, SyncEngine};
use icloud_photos::{Library, SmartAlbum};
use icloud_photos_testkit::{Edit, LibrarySpec};
use sha1::{Digest as _, Sha1};

use crate::copies::Copy;
use crate::fake::World;
use crate::removal::moving;
use crate::sidecars::{NOW, NoSidecars, run};

type Choice = fn(&Library, SyncBuilder) -> SyncBuilder;

fn choices() -> Vec<(&'static str, Choice)> {
    vec![
        ("no videos", |_, builder| builder.skip_videos(true)),
        ("no photos", |_, builder| builder.skip_photos(true)),
        ("the newest", |_, builder| builder.recent(Some(40))),
        ("dates", |_, builder| builder.skip_created_before(Some(DateLimit::DaysAgo(30_000)))),
        ("an album", |library, builder| builder.album(library.smart_album(SmartAlbum::Favorites))),
        ("those found", |_, builder| builder.until_found(Some(3))),
    ]
}

#[tokio::test(start_paused = true)]
async fn whatever_a_run_is_about_sidecars_that_are_missing_or_empty_come_back() {
    for (about, choose) in choices() {
        let spec = LibrarySpec::everyday(3, 150);
        let copy = Copy::with(spec, move |library, builder| choose(library, builder).sidecars(true)).await;
        copy.run().await.unwrap();
        copy.run().await.unwrap();
        let before = copy.files().await.into_iter().map(|meta| (meta.path, meta.size)).collect::<Vec<_>>();
        let sidecars = copy.sidecars().await;
        let [missing, empty] = [&sidecars[0], &sidecars[sidecars.len() - 1]];
        copy.remove(missing).await;
        copy.put(empty, Vec::new()).await;
        copy.world.cloud.reset_counts();
        let (written, mut lines) = run(&copy.engine()).await;
        let mut expected = vec![format!("wrote {missing}"), format!("wrote {empty}")];
        lines.sort();
        expected.sort();
        assert_eq!((written, lines), (2, expected), "{about}");
        assert_eq!(copy.world.cloud.counts().requests_to("content"), 0, "{about}");
        let after = copy.files().await.into_iter().map(|meta| (meta.path, meta.size)).collect::<Vec<_>>();
        assert_eq!(after, before, "{about}");
        if about != "those found" {
            copy.rests(about).await;
        }
    }
}

/// Whoever copied an album without them is not given any because of a run for another.
#[tokio::test(start_paused = true)]
async fn files_that_were_never_to_have_one_get_none() {
    let mut copy = Copy::of(LibrarySpec::everyday(3, 150)).await;
    copy.run().await.unwrap();
    copy.choose =
        Arc::new(|library, builder| builder.album(library.smart_album(SmartAlbum::Favorites)).sidecars(true));
    let (written, _) = run(&copy.engine()).await;
    let sidecars = copy.sidecars().await;
    assert!(written > 0 && sidecars.len() as u64 == written, "{written} {sidecars:?}");
    copy.rests("the others have none").await;
    copy.remove(&sidecars[0]).await;
    assert_eq!(run(&copy.engine()).await, (1, vec![format!("wrote {}", sidecars[0])]));
    copy.rests("it is back").await;
}

/// A run without sidecars that fetched an edit in between changes nothing about who is to have one.
#[tokio::test(start_paused = true)]
async fn an_edit_that_another_run_fetched_keeps_its_claim() {
    let mut copy = Copy::with(LibrarySpec::plain(6, 900), |_, builder| builder.sidecars(true)).await;
    let described = copy.choose.clone();
    copy.run().await.unwrap();
    let (asset, _) = copy.some(2).await;
    copy.choose = Arc::new(|_, builder| builder.skip_videos(true));
    copy.run().await.unwrap();
    copy.world.library().edit(&asset, &Edit::Favourite(true), NOW);
    copy.run().await.unwrap();
    copy.choose = described;
    copy.run().await.unwrap();
    for sidecar in copy.sidecars().await {
        copy.remove(&sidecar).await;
    }
    assert_eq!(run(&copy.engine()).await.0, 6);
    copy.rests("all are back").await;
}

/// A name that leaves no room for the ending of a sidecar is not asked about in every run.
#[tokio::test(start_paused = true)]
async fn a_name_too_long_for_a_sidecar_asks_nobody() {
    let copy = Copy::with(LibrarySpec::plain(3, 500), |_, builder| builder.sidecars(true)).await;
    copy.run().await.unwrap();
    for sidecar in copy.sidecars().await {
        copy.remove(&sidecar).await;
    }
    let narrow = Arc::new(NoSidecars { inner: copy.storage.clone(), max_name: Some(14) });
    copy.world.cloud.reset_counts();
    let report = copy.engine_on(narrow).run(Arc::new(())).await.unwrap();
    assert!(report.is_clean() && report.sidecars == 0, "{report}");
    assert_eq!(copy.world.cloud.counts().requests, 1);
}

/// Nobody rejected what this copy moved out of iCloud, though it lies in Recently Deleted.
#[tokio::test(start_paused = true)]
async fn a_sidecar_of_a_photo_that_was_moved_out_comes_back_without_a_verdict() {
    let rule = MoveRule::OlderThan { days: 0 };
    let spec = LibrarySpec::plain(3, 500);
    let copy = Copy::with(spec, move |library, builder| moving(rule)(library, builder).sidecars(true)).await;
    copy.run().await.unwrap();
    assert_eq!(copy.shown().len(), 0);
    let sidecars = copy.sidecars().await;
    let before = copy.text(&sidecars[1]).await;
    copy.remove(&sidecars[1]).await;
    assert_eq!(run(&copy.engine()).await.0, 1);
    assert_eq!(copy.text(&sidecars[1]).await, before);
}

/// What is known of a photo leaves iCloud with it: nothing goes whose sidecar could not be written.
#[tokio::test(start_paused = true)]
async fn no_photo_leaves_icloud_while_its_sidecar_cannot_be_written() {
    for rule in [MoveRule::OlderThan { days: 0 }, MoveRule::Fetched] {
        let spec = LibrarySpec::plain(3, 500);
        let copy =
            Copy::with(spec, move |library, builder| moving(rule)(library, builder).sidecars(true)).await;
        let broken = Arc::new(NoSidecars { inner: copy.storage.clone(), max_name: None });
        let report = copy.engine_on(broken).run(Arc::new(())).await.unwrap();
        assert_eq!((report.failed, report.moved), (3, 0), "{report}");
        assert_eq!(copy.shown().len(), 3);
        let report = copy.run().await.unwrap();
        assert_eq!((report.sidecars, report.moved), (3, 3), "{report}");
    }
}

/// The same rule decides what is brought up to date and what goes with its photo.
#[tokio::test(start_paused = true)]
async fn a_sidecar_that_would_be_left_alone_stays_when_its_photo_goes() {
    let head = "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\" x:xmptk=\"icloudpd 1.32.3+8bd9\">";
    let cases = [
        ("unparsable", format!("{head}<rdf:RDF"), true),
        ("two roots", format!("{head}</x:xmpmeta><more/>"), true),
        ("another namespace", "<x:m xmlns:x=\"urn:x\" x:xmptk=\"icloudpd 1\"/>".to_owned(), true),
        ("another prefix", "<y:m xmlns:y='adobe:ns:meta/' y:xmptk='icloudpd 1'/>".to_owned(), false),
        ("ours", format!("{head}</x:xmpmeta>"), false),
    ];
    for (about, text, stays) in cases {
        let copy =
            Copy::with(LibrarySpec::plain(4, 500), |_, builder| builder.mirror(Some(Disposal::Remove))).await;
        copy.run().await.unwrap();
        let (asset, path) = copy.some(1).await;
        let sidecar = format!("{path}.xmp");
        copy.put(&sidecar, text.clone().into_bytes()).await;
        copy.world.library().edit(&asset, &Edit::Trash, NOW);
        let report = copy.run().await.unwrap();
        assert_eq!(report.removed, 1, "{about}: {report}");
        let left = copy.paths().await;
        assert!(!left.contains(&path), "{about}");
        assert_eq!(left.contains(&sidecar), stays, "{about}");
        if stays {
            assert_eq!(copy.text(&sidecar).await, text, "{about}");
        }
    }
}

/// Photos on the local disk.
struct OnDisk {
    world: World,
    folder: tempfile::TempDir,
    catalogue: Arc<SqliteCatalogue>,
}

impl OnDisk {
    async fn new(spec: LibrarySpec) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let catalogue = Arc::new(SqliteCatalogue::open(folder.path().join("catalogue")).unwrap());
        Self { world: World::new(spec).await, folder, catalogue }
    }

    fn root(&self) -> std::path::PathBuf {
        self.folder.path().join("photos")
    }

    fn engine(&self) -> SyncEngine {
        let library = self.world.session.primary_library();
        let storage: Arc<dyn Storage> = Arc::new(FsStorage::open(self.root()).unwrap());
        SyncEngine::builder(&library, storage)
            .catalogue(self.catalogue.clone())
            .sidecars(true)
            .build()
            .unwrap()
    }

    /// All sidecars, and whatever else is no photo.
    fn others(&self) -> Vec<std::path::PathBuf> {
        let (mut found, mut folders) = (Vec::new(), vec![self.root()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() && !path.is_symlink() {
                    folders.push(path);
                } else if !path.to_str().unwrap().ends_with(".JPG") {
                    found.push(path);
                }
            }
        }
        found.retain(|path| path.file_name().unwrap() != ".icloud-photos-store");
        found.sort();
        found
    }
}

/// What a kill left of a sidecar goes when the sidecar is written; what only looks alike does not.
#[cfg(unix)]
#[tokio::test]
async fn what_a_kill_left_of_a_sidecar_does_not_stay() {
    let disk = OnDisk::new(LibrarySpec::plain(2, 500)).await;
    disk.engine().run(Arc::new(())).await.unwrap();
    let sidecars = disk.others();
    assert_eq!(sidecars.len(), 2, "{sidecars:?}");
    let folder = sidecars[0].parent().unwrap();
    let digest = Sha1::digest(sidecars[0].file_name().unwrap().as_encoded_bytes());
    let digits: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let name = format!(".icloud-photos-{digits}.part");
    let (left, theirs) = (folder.join(name), folder.join("IMG_9.JPG.xmp.part"));
    std::fs::write(&left, "").unwrap();
    std::fs::write(&theirs, "theirs").unwrap();
    std::fs::remove_file(&sidecars[0]).unwrap();
    disk.engine().run(Arc::new(())).await.unwrap();
    assert!(!left.exists() && sidecars[0].exists());
    assert_eq!(std::fs::read(&theirs).unwrap(), b"theirs");
}

/// As icloudpd does: what the link leads to is brought up to date, and the link stays a link.
#[cfg(unix)]
#[tokio::test]
async fn a_sidecar_that_is_a_link_is_written_where_it_leads() {
    use std::os::unix::fs::symlink;
    let disk = OnDisk::new(LibrarySpec::plain(3, 500)).await;
    disk.engine().run(Arc::new(())).await.unwrap();
    let sidecars = disk.others();
    let elsewhere = disk.folder.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let (ours, theirs) = (elsewhere.join("ours.xmp"), elsewhere.join("theirs.xmp"));
    std::fs::rename(&sidecars[0], &ours).unwrap();
    std::fs::write(&theirs, "<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='darktable'/>").unwrap();
    std::fs::remove_file(&sidecars[1]).unwrap();
    std::fs::remove_file(&sidecars[2]).unwrap();
    for (link, target) in [(0, "../../../../elsewhere/ours.xmp"), (2, "nowhere")] {
        symlink(target, &sidecars[link]).unwrap();
    }
    symlink(&theirs, &sidecars[1]).unwrap();
    let library = disk.world.library();
    let rows =
        icloud_photos::sync::catalogue::Catalogue::files(&*disk.catalogue, None, None, 9).await.unwrap();
    for row in rows {
        assert!(library.edit(row.key.asset.as_str(), &Edit::Favourite(true), NOW));
    }
    let told = run(&disk.engine()).await;
    assert_eq!(told.0, 1, "{told:?}");
    assert!(sidecars.iter().all(|sidecar| sidecar.is_symlink()));
    assert!(std::fs::read_to_string(&ours).unwrap().contains("<xmp:Rating>5<"));
    assert!(std::fs::read_to_string(&theirs).unwrap().contains("darktable"));
    assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 2, "no part is left");
    assert_eq!(disk.others(), sidecars, "none here either");
    assert_eq!(run(&disk.engine()).await.0, 0);
}

/// Folders that are links go on as before, with what is in them.
#[cfg(unix)]
#[tokio::test]
async fn photos_and_sidecars_in_a_folder_that_is_a_link() {
    let disk = OnDisk::new(LibrarySpec::plain(3, 500)).await;
    let real = disk.folder.path().join("real");
    std::fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, disk.root()).unwrap();
    let report = disk.engine().run(Arc::new(())).await.unwrap();
    assert_eq!((report.downloaded, report.sidecars), (3, 3));
    for sidecar in disk.others() {
        std::fs::remove_file(sidecar).unwrap();
    }
    assert_eq!(run(&disk.engine()).await.0, 3);
    assert_eq!(run(&disk.engine()).await.0, 0);
}
