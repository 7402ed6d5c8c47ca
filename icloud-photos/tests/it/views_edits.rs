//! Whatever happens in a library, its views are those that are laid from nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use icloud_photos::sync::ViewAs;
use icloud_photos::sync::catalogue::Catalogue;
use icloud_photos_testkit::{Edit, LibrarySpec};
use proptest::prelude::*;

use crate::copies::Copy;
use crate::views::{NOW, viewed, with_views};

const VIEWS: &[&str] = &["albums:{album_path}", "titles:{album}/{:%Y}", "flat:none"];

/// What happens: to which photo, in which album, what.
#[derive(Debug, Clone)]
struct Happening(usize, usize, u8);

fn happenings() -> impl Strategy<Value = Vec<Vec<Happening>>> {
    let one = (0..1000_usize, 0..1000_usize, 0..16_u8)
        .prop_map(|(asset, album, what)| Happening(asset, album, what));
    prop::collection::vec(prop::collection::vec(one, 1..12), 1..4)
}

struct Scene {
    copy: Copy,
    assets: Vec<String>,
    albums: Vec<String>,
    folders: Vec<String>,
}

impl Scene {
    async fn of(seed: u64, shape: ViewAs) -> Self {
        let copy = viewed(LibrarySpec::everyday(seed, 25), VIEWS, shape).await;
        let report = copy.run().await.unwrap();
        assert!(report.is_clean(), "{report}");
        let assets = copy.all().await;
        let tree = copy.world.session.primary_library().albums().await.unwrap();
        let ids = |folder: bool| {
            let chosen = tree
                .iter()
                .filter(|album| (album.kind() == icloud_photos::library::AlbumKind::Folder) == folder);
            chosen.map(|album| album.id().unwrap().to_string()).collect()
        };
        Self { assets, albums: ids(false), folders: ids(true), copy }
    }

    fn happen(&mut self, Happening(asset, album, what): Happening) {
        let library = self.copy.world.library();
        let asset = self.assets[asset % self.assets.len()].clone();
        let (place, album) = (album, self.albums[album % self.albums.len()].clone());
        let title = ["Holiday", "holiday", "A/B", "..", "", "Twin"][place % 6];
        let edit = match what {
            0..=3 => Edit::Enter(album),
            4 | 5 => Edit::Leave(album),
            6 => {
                library.rename_album(&album, title, NOW);
                return;
            }
            7 => {
                let folder = self.folders[place % self.folders.len()].clone();
                library.move_album(&album, (place % 3 > 0).then_some(folder.as_str()), NOW);
                return;
            }
            8 => return self.albums.push(library.add_album(title, NOW)),
            9 => Edit::Hide(place % 2 == 0),
            10 => Edit::Trash,
            11 => Edit::Restore,
            12 => Edit::Render,
            13 => Edit::Purge,
            14 => Edit::Rename(format!("{title}.JPG")),
            _ => {
                self.assets.push(library.add_photo("Twin.JPG", 300 + place as u64, NOW + place as i64));
                return;
            }
        };
        library.edit(&asset, &edit, NOW);
    }
}

type Shown = Vec<BTreeMap<String, Vec<u8>>>;

async fn all_views(copy: &Copy, shape: ViewAs) -> Shown {
    let mut all = Vec::new();
    for view in VIEWS {
        let name = view.split(':').next().unwrap();
        all.push(match shape {
            ViewAs::Manifest => {
                let manifest = copy.manifest(name).await;
                let entries = manifest["entries"].as_array().unwrap().iter();
                entries
                    .map(|entry| (entry["path"].to_string(), entry["file"].to_string().into_bytes()))
                    .collect()
            }
            _ => copy.view_of(name).await,
        });
    }
    all
}

/// Who is in which album, of photos that are there, by the catalogue.
async fn memberships(copy: &Copy) -> BTreeMap<String, Vec<String>> {
    let rows: Vec<_> =
        copy.asset_rows().await.into_iter().filter(|row| !(row.trashed || row.hidden)).collect();
    let ids: Vec<_> = rows.iter().map(|row| row.asset.clone()).collect();
    let albums: Vec<_> = copy.album_rows().await.into_iter().map(|row| format!("in {}", row.album)).collect();
    let found = copy.catalogue.selections_of(&copy.key().await, "in ", &ids).await.unwrap();
    let of_albums =
        found.into_iter().map(|found| found.into_iter().filter(|album| albums.contains(album)).collect());
    ids.into_iter().map(|id| id.to_string()).zip(of_albums).collect()
}

/// Takes all views away with what is written of them, and lays them again.
async fn laid_from_nothing(copy: &Copy, shape: ViewAs) -> Shown {
    for path in copy.paths().await {
        let folders = ["albums/", "titles/", "flat/", ".icloud-photos-views/"];
        if folders.iter().any(|folder| path.starts_with(folder)) {
            copy.remove(&path).await;
        }
    }
    copy.run().await.unwrap();
    all_views(copy, shape).await
}

async fn live(seed: u64, rounds: Vec<Vec<Happening>>, shape: ViewAs) {
    let mut scene = Scene::of(seed, shape).await;
    for (number, round) in rounds.into_iter().enumerate() {
        let about = format!("seed {seed}, round {number}: {round:?}");
        round.into_iter().for_each(|happening| scene.happen(happening));
        if number == 2 {
            scene.copy.world.library().expire_tokens();
        }
        let (report, told) = scene.copy.lays().await;
        assert!(report.is_clean() && report.views_left == 0, "{about}: {report:?} {told:?}");
        scene.copy.rests(&about).await;
        let shown = all_views(&scene.copy, shape).await;
        let twin = scene.copy.twin().await;
        assert_eq!(memberships(&scene.copy).await, memberships(&twin).await, "{about}");
        assert!(laid_from_nothing(&scene.copy, shape).await == shown, "{about}");
    }
}

/// `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_any_edits_views_are_those_laid_from_nothing(seed in 0..50_u64, rounds in happenings()) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let shape = if seed % 3 == 0 { ViewAs::Manifest } else { ViewAs::Best };
        runtime.block_on(live(seed, rounds, shape));
    }
}

/// Two engines that share the storage, each for its own tree, have one view between them.
#[tokio::test(start_paused = true)]
async fn two_trees_have_one_view() {
    let mut copy = viewed(LibrarySpec::plain(5, 500), &["years:{:%Y}"], ViewAs::Best).await;
    copy.run().await.unwrap();
    let shown = copy.view_of("years").await;
    copy.choose = Arc::new(|_, builder| {
        let layout = icloud_photos::sync::LayoutOptions::default().folder("flat");
        with_views(builder.layout(layout), &["years:{:%Y}"], ViewAs::Best)
    });
    let (report, told) = copy.lays().await;
    assert!(report.is_clean() && report.views_removed == 0, "{told:?}");
    assert_eq!(copy.view_of("years").await.len(), shown.len());
    copy.rests("the other tree").await;
}
