//! When nothing has happened a run asks once, whatever it is asked for.

use std::sync::Arc;

use icloud_photos::library::AlbumKind;
use icloud_photos::sync::{Disposal, MoveRule, RemovalLimit, SyncBuilder, SyncEngine};
use icloud_photos::{Album, Library, SmartAlbum};
use icloud_photos_testkit::{LibrarySpec, SharedLibrary};

use crate::copies::{Copy, Watched};

/// Runs that change something, at most, before there is nothing to do: one that moves photos out hears of its own work.
const UNTIL_SETTLED: usize = 3;

type Mode = (&'static str, fn(SyncBuilder) -> SyncBuilder);

fn all_of_it() -> RemovalLimit {
    RemovalLimit::new(1.0)
}

fn modes() -> [Mode; 5] {
    [
        ("copy", |builder| builder),
        ("mirror", |builder| builder.mirror(Some(Disposal::Remove)).removal_limit(all_of_it())),
        ("move what is old", |builder| {
            builder.move_out(Some(MoveRule::OlderThan { days: 1000 })).removal_limit(all_of_it())
        }),
        ("move what was fetched", |builder| {
            builder.move_out(Some(MoveRule::Fetched)).removal_limit(all_of_it())
        }),
        ("move and mirror", |builder| {
            let rule = MoveRule::OlderThan { days: 1000 };
            builder.move_out(Some(rule)).mirror(Some(Disposal::Trash)).removal_limit(all_of_it())
        }),
    ]
}

/// What is asked for: of which library, and which albums.
async fn selections(copy: &Copy) -> Vec<(&'static str, Library, Vec<Album>, Option<u64>)> {
    let session = &copy.world.session;
    let own = session.primary_library();
    let libraries = session.libraries().await.unwrap();
    let shared = libraries.into_iter().find(|library| library.name() != own.name()).unwrap();
    let tree = own.albums().await.unwrap();
    let user = |deep: bool| {
        let albums = tree.iter().filter(|album| album.kind() == AlbumKind::User);
        albums.filter(|album| (album.path().len() > 1) == deep).cloned().collect::<Vec<_>>()
    };
    let (flat, nested) = (user(false), user(true));
    let favourites = own.smart_album(SmartAlbum::Favorites);
    let in_shared = shared.smart_album(SmartAlbum::Favorites);
    vec![
        ("the whole library", own.clone(), Vec::new(), None),
        ("an album", own.clone(), vec![flat[0].clone()], None),
        ("an album in a folder", own.clone(), vec![nested[0].clone()], None),
        ("two albums", own.clone(), vec![flat[0].clone(), flat[1].clone()], None),
        ("an album that iCloud fills", own.clone(), vec![favourites], None),
        ("the newest few", own.clone(), Vec::new(), Some(40)),
        ("the newest of two albums", own.clone(), vec![flat[0].clone(), flat[1].clone()], Some(3)),
        ("the shared library", shared.clone(), Vec::new(), None),
        ("an album of the shared library", shared, vec![in_shared], None),
    ]
}

#[tokio::test(start_paused = true)]
async fn without_news_every_selection_asks_once_in_every_mode() {
    let mut table = Vec::new();
    let owners = [SharedLibrary::Owner, SharedLibrary::Participant];
    for ((mode, set), at) in modes().into_iter().flat_map(|mode| owners.map(|at| (mode, at))) {
        // The account's own library is the same in both.
        for number in if at == SharedLibrary::Owner { 0..9 } else { 7..9 } {
            // Each on its own: what one moves out another would hear of.
            let copy = Copy::of(LibrarySpec::everyday(3, 150).with_shared_library(at, 80)).await;
            let (selection, library, albums, recent) = selections(&copy).await.swap_remove(number);
            let storage = Watched::new(copy.storage.clone());
            let run = async || {
                let builder = SyncEngine::builder(&library, storage.clone());
                let builder = set(builder.catalogue(copy.catalogue.clone()).recent(recent));
                let builder = albums.iter().fold(builder, |builder, album| builder.album(album.clone()));
                builder.build().unwrap().run(Arc::new(())).await.unwrap()
            };
            assert!(run().await.downloaded > 0, "{selection}, {mode}");
            for _ in 1..UNTIL_SETTLED {
                run().await;
            }
            // Whenever the newest few have gone, others are.
            while recent.is_some() && run().await.moved > 0 {}
            copy.world.cloud.reset_counts();
            let (writes, before) = (copy.catalogue.writes(), storage.counts());
            let report = run().await;
            assert_eq!((report.downloaded, report.moved, report.removed), (0, 0, 0), "{selection}, {mode}");
            let counts = copy.world.cloud.counts();
            let writes = copy.catalogue.writes() - writes;
            assert_eq!(storage.counts(), before, "{selection}, {mode}: nothing is read or written");
            table.push((mode, selection, counts.requests, counts.requests_to("content"), writes));
        }
    }
    for row in &table {
        println!("{row:?}");
    }
    let bad: Vec<_> = table
        .iter()
        .filter(|(_, _, requests, fetches, writes)| (*requests, *fetches, *writes) != (1, 0, 0))
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");
}
