//! Views: what they show, what they leave alone, and what they cost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use icloud_photos::ErrorKind;
use icloud_photos::storage::Storage;
use icloud_photos::sync::{
    Disposal, MoveRule, RemovalLimit, SyncEngine, SyncEvent, SyncObserver, SyncReport, View, ViewAs,
    ViewEvent,
};
use icloud_photos_testkit::{Edit, LibrarySpec, SharedLibrary};

use crate::copies::{Copy, at};

pub(crate) const NOW: i64 = 1_700_000_000_000;

/// A copy with these views.
pub(crate) async fn viewed(spec: LibrarySpec, views: &'static [&'static str], shape: ViewAs) -> Copy {
    Copy::with(spec, move |_, builder| with_views(builder, views, shape)).await
}

pub(crate) fn with_views(
    builder: icloud_photos::sync::SyncBuilder,
    views: &[&str],
    shape: ViewAs,
) -> icloud_photos::sync::SyncBuilder {
    views.iter().fold(builder, |builder, view| builder.view(view.parse::<View>().unwrap().made_of(shape)))
}

#[derive(Default)]
pub(crate) struct Told(pub(crate) Mutex<Vec<String>>);

impl SyncObserver for Told {
    fn event(&self, event: SyncEvent<'_>) {
        let SyncEvent::View(event) = event else { return };
        self.0.lock().unwrap().push(match event {
            ViewEvent::Laid { path, .. } => format!("laid {path}"),
            ViewEvent::Removed { path } => format!("removed {path}"),
            ViewEvent::Left { path, why } => format!("left {path}: {why}"),
            ViewEvent::Failed { path, error, .. } => format!("failed {path:?}: {error}"),
            ViewEvent::Done { .. } => return,
            _ => unreachable!(),
        });
    }
}

impl Told {
    pub(crate) fn lines(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Copy {
    pub(crate) async fn lays(&self) -> (SyncReport, Vec<String>) {
        let told = Arc::new(Told::default());
        let report = self.engine().run(told.clone()).await.unwrap();
        (report, told.lines())
    }

    /// What a view shows: the file of the copy behind each path, by its bytes.
    pub(crate) async fn view_of(&self, name: &str) -> BTreeMap<String, Vec<u8>> {
        let mut shown = BTreeMap::new();
        for path in self.paths().await {
            if let Some(inside) = path.strip_prefix(&format!("{name}/")) {
                shown.insert(inside.to_owned(), self.bytes(&path).await);
            }
        }
        shown
    }

    pub(crate) async fn in_view(&self, name: &str) -> Vec<String> {
        self.view_of(name).await.into_keys().collect()
    }

    pub(crate) async fn manifest(&self, name: &str) -> serde_json::Value {
        serde_json::from_slice(&self.bytes(&format!(".icloud-photos-views/{name}.json")).await).unwrap()
    }

    /// Puts some photos into a new album.
    pub(crate) fn gather(&self, title: &str, assets: &[String]) -> String {
        let album = self.world.library().add_album(title, NOW);
        for asset in assets {
            assert!(self.world.library().edit(asset, &Edit::Enter(album.clone()), NOW));
        }
        album
    }

    pub(crate) fn leave(&self, asset: &str, album: &str) {
        assert!(self.world.library().edit(asset, &Edit::Leave(album.to_owned()), NOW));
    }

    /// All photos of the library.
    pub(crate) async fn all(&self) -> Vec<String> {
        let list = self.world.session.primary_library().all().assets();
        list.map(|asset| asset.unwrap().id().to_string()).collect().await
    }

    /// A file of the copy itself.
    pub(crate) async fn blob(&self, asset: &str) -> String {
        let row = self.rows().await.into_iter().find(|row| row.key.asset.as_str() == asset).unwrap();
        row.path.unwrap().to_string()
    }
}

fn name_of(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

/// The heart of it: fetched once, stored once, seen in three albums and by year; and the next run does nothing.
#[tokio::test(start_paused = true)]
async fn two_thousand_photos_in_three_albums_are_fetched_and_stored_once() {
    let views = &["albums:{album_path}", "years:{:%Y}"];
    let copy = viewed(LibrarySpec::plain(2000, 300), views, ViewAs::Best).await;
    let assets = copy.all().await;
    for title in ["One", "Two", "Three"] {
        copy.gather(title, &assets);
    }
    let report = copy.run().await.unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!((report.downloaded, report.views_laid, report.views_removed), (2000, 8000, 0));
    let mut bytes = BTreeMap::new();
    let paths = copy.paths().await.into_iter().filter(|path| !path.starts_with('.')).map(|path| at(&path));
    let paths: Vec<_> = paths.collect();
    assert_eq!(paths.len(), 10_000);
    for entry in copy.storage.look(paths).await {
        let entry = entry.unwrap().unwrap();
        bytes.insert(entry.id.unwrap().number, entry.size);
    }
    assert_eq!((bytes.len(), bytes.values().sum::<u64>()), (2000, report.bytes), "each is there once");
    copy.rests("all is laid").await;
}

#[tokio::test(start_paused = true)]
async fn a_manifest_says_it_all_where_nothing_is_laid() {
    let copy = viewed(LibrarySpec::plain(6, 700), &["albums:{album_path}"], ViewAs::Manifest).await;
    let assets = copy.all().await;
    copy.gather("Trip", &assets[..3]);
    copy.gather("Best/of", &assets[2..4]);
    let report = copy.run().await.unwrap();
    assert_eq!(
        (report.views_laid, copy.in_view("albums").await.len()),
        (5, 0),
        "nothing stands in the folder"
    );
    let manifest = copy.manifest("albums").await;
    assert_eq!(manifest["template"], "{album_path}");
    let entries = manifest["entries"].as_array().unwrap();
    let paths: Vec<_> = entries.iter().map(|entry| entry["path"].as_str().unwrap()).collect();
    let mut sorted = paths.clone();
    sorted.sort_unstable();
    assert_eq!((paths.len(), &paths), (5, &sorted));
    for entry in entries {
        let file = entry["file"].as_str().unwrap();
        let row =
            copy.rows().await.into_iter().find(|row| row.path.as_ref().unwrap().as_str() == file).unwrap();
        assert_eq!(entry["size"].as_u64(), row.size);
        assert_eq!(entry["checksum"].as_str().unwrap(), row.checksum.unwrap().to_string());
        assert_eq!(entry["as"], "manifest");
        assert_eq!(name_of(file), name_of(entry["path"].as_str().unwrap()));
        assert_eq!(entry["sha256"].as_str().unwrap().len(), 64);
    }
    copy.rests("the same bytes are not written again").await;
}

#[tokio::test(start_paused = true)]
async fn the_history_moves_entries() {
    let copy = viewed(LibrarySpec::plain(5, 700), &["albums:{album_path}"], ViewAs::Best).await;
    let assets = copy.all().await;
    let trip = copy.gather("Trip", &assets[..2]);
    copy.run().await.unwrap();
    let (one, two) = (copy.blob(&assets[0]).await, copy.blob(&assets[1]).await);
    let entry = |album: &str, file: &str| format!("{album}/{}", name_of(file));
    let both = |album: &str| {
        let mut both = vec![entry(album, &one), entry(album, &two)];
        both.sort();
        both
    };
    assert_eq!(copy.in_view("albums").await, both("Trip"));

    copy.world.library().rename_album(&trip, "Rome", NOW);
    copy.world.cloud.reset_counts();
    let (report, told) = copy.lays().await;
    assert_eq!((report.views_laid, report.views_removed, told.len()), (2, 2, 4), "{told:?}");
    assert_eq!(copy.world.cloud.counts().requests, 1, "nobody is asked for more than the news");
    assert_eq!(copy.in_view("albums").await, both("Rome"));

    copy.leave(&assets[0], &trip);
    copy.run().await.unwrap();
    assert_eq!(copy.in_view("albums").await, [entry("Rome", &two)]);

    let best = copy.gather("Best", &assets[1..2]);
    copy.run().await.unwrap();
    assert_eq!(copy.in_view("albums").await, [entry("Best", &two), entry("Rome", &two)]);

    assert!(copy.world.library().delete_album(&best, NOW));
    copy.run().await.unwrap();
    assert_eq!(copy.in_view("albums").await, [entry("Rome", &two)]);

    copy.world.library().edit(&assets[1], &Edit::Hide(true), NOW);
    copy.run().await.unwrap();
    assert!(copy.in_view("albums").await.is_empty(), "what is hidden is not shown");
    copy.world.library().edit(&assets[1], &Edit::Hide(false), NOW);
    copy.run().await.unwrap();
    assert_eq!(copy.in_view("albums").await, [entry("Rome", &two)]);
    copy.rests("after all of it").await;
    let blobs = copy.paths().await.into_iter().filter(|path| path.starts_with("20")).count();
    assert_eq!(blobs, 5, "the copy is as it was");
}

/// The photo goes with its film and its sidecar.
#[tokio::test(start_paused = true)]
async fn films_and_sidecars_follow_their_photos() {
    let copy = Copy::with(LibrarySpec::everyday(3, 60), |_, builder| {
        with_views(builder.sidecars(true), &["albums:{album_path}"], ViewAs::Best)
    })
    .await;
    let report = copy.run().await.unwrap();
    assert!(report.is_clean(), "{report}");
    let shown = copy.in_view("albums").await;
    assert!(shown.iter().any(|path| path.ends_with(".MOV")), "{shown:?}");
    let sidecars: Vec<_> = shown.iter().filter(|path| path.ends_with(".xmp")).collect();
    assert!(!sidecars.is_empty());
    for sidecar in &sidecars {
        assert!(shown.iter().any(|path| format!("{path}.xmp") == **sidecar), "{sidecar} has its photo");
    }
    assert!(shown.iter().any(|path| path.starts_with("Family/Grandparents/Oma & Opa/")), "{shown:?}");
    copy.rests("all is laid").await;
    // A sidecar that is written anew is another file.
    let photo = copy.blob_in("albums").await;
    copy.world.library().edit(&photo, &Edit::Favourite(true), NOW);
    let (report, _) = copy.lays().await;
    assert!(report.sidecars > 0 && report.views_laid > 0, "{report:?}");
    for sidecar in sidecars {
        let text = copy.text(&format!("albums/{sidecar}")).await;
        assert!(text.contains("xmpmeta"), "{text}");
    }
    for entry in copy.manifest("albums").await["entries"].as_array().unwrap() {
        let (path, file) = (entry["path"].as_str().unwrap(), entry["file"].as_str().unwrap());
        assert!(copy.bytes(&format!("albums/{path}")).await == copy.bytes(file).await, "{path}");
    }
    copy.rests("again").await;
}

impl Copy {
    /// The asset of some entry that has a sidecar.
    async fn blob_in(&self, view: &str) -> String {
        let manifest = self.manifest(view).await;
        let entries = manifest["entries"].as_array().unwrap().clone();
        let sidecar = entries.iter().find(|entry| entry["path"].as_str().unwrap().ends_with(".xmp")).unwrap();
        sidecar["asset"].as_str().unwrap().to_owned()
    }
}

/// Two photos of one name in an album, albums of one name, and names that no disk should see.
#[tokio::test(start_paused = true)]
async fn names_are_safe_and_the_same_whatever_came_first() {
    let copy = viewed(LibrarySpec::plain(1, 100), &["albums:{album_path}"], ViewAs::Best).await;
    let library = copy.world.library();
    let twins: Vec<_> =
        (0..3).map(|day| library.add_photo("Twin.JPG", 500 + day, NOW + day as i64 * 86_400_000)).collect();
    copy.gather("Trip", &twins);
    for title in ["trip", "../..", "", ".", "a/b", &"ü".repeat(300), "🏖"] {
        copy.gather(title, &twins[..1]);
    }
    let report = copy.run().await.unwrap();
    assert!(report.is_clean(), "{report}");
    let shown = copy.view_of("albums").await;
    let albums: std::collections::BTreeSet<_> =
        shown.keys().map(|path| path.split('/').next().unwrap()).collect();
    assert_eq!(albums.len(), 8, "{albums:?}");
    assert!(shown.keys().all(|path| path.split('/').count() == 2), "{shown:?}");
    let trip = albums
        .iter()
        .find(|name| shown.keys().filter(|path| path.starts_with(&format!("{name}/"))).count() == 3);
    let plain = format!("{}/Twin.JPG", trip.unwrap());
    assert_eq!(shown[&plain].len(), 500, "the first by its date has the plain name");
    // The copy that learns it all at once says the same.
    let twin = copy.twin().await;
    assert_eq!(twin.view_of("albums").await, shown);
    copy.rests("names").await;
}

#[tokio::test(start_paused = true)]
async fn what_a_mirror_removes_leaves_the_view_too() {
    for disposal in [Disposal::Trash, Disposal::Remove] {
        let copy = Copy::with(LibrarySpec::plain(5, 700), move |_, builder| {
            let builder = builder.mirror(Some(disposal)).removal_limit(RemovalLimit::new(1.0));
            with_views(builder, &["albums:{album_path}", "years:{:%Y}"], ViewAs::Best)
        })
        .await;
        let assets = copy.all().await;
        copy.gather("Trip", &assets[..2]);
        copy.run().await.unwrap();
        copy.world.library().edit(&assets[0], &Edit::Trash, NOW);
        let (report, told) = copy.lays().await;
        assert_eq!((report.removed, report.views_removed), (1, 2), "{disposal:?} {told:?}");
        assert_eq!(
            (copy.in_view("albums").await.len(), copy.in_view("years").await.len()),
            (1, 4),
            "{disposal:?}"
        );
        copy.rests("mirrored").await;
    }
}

/// This copy is where they are now.
#[tokio::test(start_paused = true)]
async fn what_this_copy_moved_out_of_icloud_stays_in_the_view() {
    let copy = Copy::with(LibrarySpec::plain(4, 700), |_, builder| {
        let builder =
            builder.move_out(Some(MoveRule::OlderThan { days: 0 })).removal_limit(RemovalLimit::new(1.0));
        with_views(builder, &["years:{:%Y}"], ViewAs::Best)
    })
    .await;
    let report = copy.run().await.unwrap();
    assert_eq!((report.moved, report.views_laid), (4, 4), "{report:?}");
    for _ in 0..2 {
        let report = copy.run().await.unwrap();
        assert_eq!((report.views_laid, report.views_removed), (0, 0), "{report:?}");
    }
    assert_eq!(copy.in_view("years").await.len(), 4);
}

/// Of a copy of some albums the view shows what there is, in all albums that it is in.
#[tokio::test(start_paused = true)]
async fn a_copy_of_one_album_shows_its_photos_in_all_of_theirs() {
    let mut copy = Copy::of(LibrarySpec::plain(6, 500)).await;
    let assets = copy.all().await;
    let trip = copy.gather("Trip", &assets[..3]);
    copy.gather("Best", &assets[2..5]);
    let albums = copy.world.session.primary_library().albums().await.unwrap();
    let album = albums.find(&["Trip"]).unwrap().clone();
    copy.choose = Arc::new(move |_, builder| {
        with_views(builder.album(album.clone()), &["albums:{album_path}"], ViewAs::Best)
    });
    let report = copy.run().await.unwrap();
    assert_eq!((report.downloaded, report.views_laid), (3, 4), "{report:?}");
    copy.rests("one album").await;
    copy.leave(&assets[2], &trip);
    copy.world.cloud.reset_counts();
    copy.run().await.unwrap();
    let shown = copy.in_view("albums").await;
    assert_eq!(shown.len(), 3, "what it left is here still, and in the other one: {shown:?}");
    copy.rests("again").await;
}

#[tokio::test(start_paused = true)]
async fn a_rehearsal_tells_and_changes_nothing() {
    let copy = viewed(LibrarySpec::plain(4, 700), &[], ViewAs::Best).await;
    copy.run().await.unwrap();
    let before = copy.paths().await;
    let library = copy.world.session.primary_library();
    let builder = SyncEngine::builder(&library, copy.storage.clone()).catalogue(copy.catalogue.clone());
    let engine = with_views(builder, &["years:{:%Y}"], ViewAs::Best).build().unwrap();
    let (told, writes) = (Told::default(), copy.catalogue.writes());
    copy.world.cloud.reset_counts();
    let report = engine.rehearse_views(&told).await.unwrap();
    assert_eq!((report.views_laid, told.lines().len()), (4, 4));
    assert_eq!((copy.paths().await, copy.catalogue.writes()), (before, writes));
    assert_eq!(copy.world.cloud.counts().requests, 0);
}

#[tokio::test(start_paused = true)]
async fn a_shared_library_has_its_place() {
    let spec = LibrarySpec::plain(3, 400).with_shared_library(SharedLibrary::Owner, 2);
    let copy = viewed(spec, &["libraries:{library}", "albums:{album_path}"], ViewAs::Best).await;
    copy.run().await.unwrap();
    for library in copy.world.session.libraries().await.unwrap() {
        let builder = SyncEngine::builder(&library, copy.storage.clone()).catalogue(copy.catalogue.clone());
        let builder = with_views(builder, &["libraries:{library}", "albums:{album_path}"], ViewAs::Best);
        let report = builder.build().unwrap().run(Arc::new(())).await.unwrap();
        assert!(report.is_clean(), "{report}");
    }
    let shown = copy.in_view("libraries").await;
    let of = |beginning: &str| shown.iter().filter(|path| path.starts_with(beginning)).count();
    assert_eq!((of("PrimarySync/"), of("SharedSync-"), shown.len()), (3, 2, 5), "{shown:?}");
    copy.rests("both are known").await;
}

#[tokio::test(start_paused = true)]
async fn a_view_may_not_stand_where_the_copy_is() {
    let copy = viewed(LibrarySpec::plain(2, 400), &["2018:{album}"], ViewAs::Best).await;
    let library = copy.world.session.primary_library();
    let builder = || SyncEngine::builder(&library, copy.storage.clone());
    let report = builder()
        .layout(icloud_photos::sync::LayoutOptions::default().folder("2018"))
        .catalogue(copy.catalogue.clone())
        .view("2018:{:%m}".parse().unwrap())
        .build()
        .unwrap()
        .run(Arc::new(()))
        .await
        .unwrap();
    assert_eq!((report.failed, report.views_laid, report.downloaded), (1, 0, 2), "{report:?}");
    let without = builder().view("a:{:%m}".parse().unwrap()).build().unwrap_err();
    assert_eq!(without.kind(), ErrorKind::Config, "no catalogue");
    let twice = builder().catalogue(copy.catalogue.clone());
    let twice = with_views(twice, &["a:{:%m}", "A:{album}"], ViewAs::Best).build().unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::Config, "one folder");
}

/// Who turns views by album on later pays for the lists once, and fetches nothing.
#[tokio::test(start_paused = true)]
async fn albums_are_learned_once() {
    let mut copy = Copy::of(LibrarySpec::everyday(5, 60)).await;
    copy.run().await.unwrap();
    copy.choose = Arc::new(|_, builder| with_views(builder, &["albums:{album_path}"], ViewAs::Manifest));
    copy.world.cloud.reset_counts();
    let (report, fetched) = copy.run_noting().await;
    assert!(report.is_clean() && report.views_laid > 30 && fetched.is_empty(), "{report:?}");
    let learned = copy.manifest("albums").await;
    copy.rests("known by now").await;
    assert_eq!(copy.twin().await.manifest("albums").await["entries"].as_array().unwrap().len(), {
        learned["entries"].as_array().unwrap().len()
    });
    // The history is cut: all is learned anew.
    let assets = copy.all().await;
    copy.gather("While away", &assets[..4]);
    copy.world.library().expire_tokens();
    copy.run().await.unwrap();
    let entries = copy.manifest("albums").await["entries"].as_array().unwrap().len();
    assert!(entries > learned["entries"].as_array().unwrap().len(), "{entries}");
    copy.rests("and followed again").await;
}
