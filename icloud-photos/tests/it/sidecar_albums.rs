//! Albums in sidecars: who is in which, as far as lists and the history say it.

use std::process::Command;
use std::sync::Arc;

use icloud_photos::Album;
use icloud_photos::sync::{Disposal, Missing};
use icloud_photos_testkit::{Edit, LibrarySpec};

use crate::copies::Copy;
use crate::sidecars::{NOW, run};

/// A copy of a whole library with sidecars, which has come to its end.
async fn copied(spec: LibrarySpec) -> Copy {
    let copy = Copy::with(spec, |_, builder| builder.sidecars(true)).await;
    copy.run().await.unwrap();
    copy
}

impl Copy {
    /// What the sidecar of a photo says of albums: for digiKam, and for Lightroom.
    async fn albums_in(&self, path: &str) -> (Vec<String>, Vec<String>) {
        let text = self.text(&format!("{path}.xmp")).await;
        let of = |start: &str| {
            let items = text.split("<rdf:li>").skip(1).map(|item| item.split_once('<').unwrap().0.to_owned());
            items.filter(|item| item.starts_with(start)).collect()
        };
        (of("Albums/"), of("Albums|"))
    }

    fn enters(&self, asset: &str, album: &str) {
        assert!(self.world.library().edit(asset, &Edit::Enter(album.to_owned()), NOW));
    }

    fn leaves(&self, asset: &str, album: &str) {
        assert!(self.world.library().edit(asset, &Edit::Leave(album.to_owned()), NOW));
    }

    /// A run, the sidecars that it wrote, and that nobody was asked for more than the news.
    async fn hears(&self) -> Vec<String> {
        self.world.cloud.reset_counts();
        let (_, lines) = run(&self.engine()).await;
        let counts = self.world.cloud.counts();
        assert_eq!(counts.requests, counts.requests_to("cloudkit/changes/zone"), "{counts:?}");
        lines
    }

    async fn album(&self, title: &str) -> Album {
        let albums = self.world.session.primary_library().albums().await.unwrap();
        albums.find(&[title]).unwrap().clone()
    }
}

fn both(titles: &[&str]) -> (Vec<String>, Vec<String>) {
    let with = |sign| titles.iter().map(|title| format!("Albums{sign}{title}")).collect();
    (with('/'), with('|'))
}

#[tokio::test(start_paused = true)]
async fn the_history_tells_who_comes_and_goes_and_what_albums_are_called() {
    let copy = copied(LibrarySpec::plain(6, 700)).await;
    let (asset, path) = copy.some(2).await;
    let before = copy.text(&format!("{path}.xmp")).await;
    let (trip, best) =
        (copy.world.library().add_album("Trip", NOW), copy.world.library().add_album("Best", NOW));
    copy.enters(&asset, &trip);
    let wrote = vec![format!("wrote {path}.xmp")];
    assert_eq!(copy.hears().await, wrote);
    assert_eq!(copy.albums_in(&path).await, both(&["Trip"]));
    copy.rests("it was heard of").await;
    copy.enters(&asset, &best);
    assert_eq!(copy.hears().await, wrote);
    assert_eq!(copy.albums_in(&path).await, both(&["Best", "Trip"]));
    // Whatever else happens to the photo leaves its albums as they are.
    copy.world.library().edit(&asset, &Edit::Favourite(true), NOW);
    assert_eq!(run(&copy.engine()).await.1, wrote);
    assert_eq!(copy.albums_in(&path).await, both(&["Best", "Trip"]));
    assert!(copy.world.library().rename_album(&trip, "Rome | 1/2", NOW));
    assert_eq!(copy.hears().await, wrote);
    let (paths, trails) = copy.albums_in(&path).await;
    assert_eq!(paths, ["Albums/Best", "Albums/Rome | 1\u{2215}2"]);
    assert_eq!(trails, ["Albums|Best", "Albums|Rome \u{a6} 1/2"]);
    copy.rests("it has another name").await;
    assert!(copy.world.library().delete_album(&trip, NOW));
    assert_eq!(copy.hears().await, wrote);
    assert_eq!(copy.albums_in(&path).await, both(&["Best"]));
    copy.leaves(&asset, &best);
    copy.world.library().edit(&asset, &Edit::Favourite(false), NOW);
    copy.run().await.unwrap();
    assert_eq!(copy.text(&format!("{path}.xmp")).await, before, "as it was, to the byte");
    copy.rests("nothing is left").await;
}

#[tokio::test(start_paused = true)]
async fn the_list_of_an_album_says_who_is_in_it() {
    let mut copy = copied(LibrarySpec::plain(6, 700)).await;
    let [one, both_of] = [copy.some(1).await, copy.some(4).await];
    let (trip, best) =
        (copy.world.library().add_album("Trip", NOW), copy.world.library().add_album("Best", NOW));
    for (asset, album) in [(&one.0, &trip), (&both_of.0, &trip), (&both_of.0, &best)] {
        copy.enters(asset, album);
    }
    // A catalogue that has not heard of it.
    copy.catalogue = Arc::default();
    let (trip_album, best_album) = (copy.album("Trip").await, copy.album("Best").await);
    let album = trip_album.clone();
    copy.choose = Arc::new(move |_, builder| builder.album(album.clone()).sidecars(true));
    let (written, _) = run(&copy.engine()).await;
    assert_eq!(written, 2);
    for (_, path) in [&one, &both_of] {
        assert_eq!(copy.albums_in(path).await, both(&["Trip"]));
    }
    copy.rests("an album").await;
    // Another selection knows what the first has learnt.
    copy.choose = Arc::new(move |_, builder| {
        builder.album(trip_album.clone()).album(best_album.clone()).sidecars(true).missing(Missing::Restore)
    });
    run(&copy.engine()).await;
    assert_eq!(copy.albums_in(&both_of.1).await, both(&["Best", "Trip"]));
    assert_eq!(copy.albums_in(&one.1).await, both(&["Trip"]));
    copy.rests("two albums").await;
    copy.leaves(&one.0, &trip);
    copy.run().await.unwrap();
    assert_eq!(copy.albums_in(&one.1).await, both(&[]), "it is in no list any more");
    copy.rests("it has left").await;
}

/// A photo under the name that old versions of icloudpd gave it has its sidecar beside the name of today.
#[tokio::test(start_paused = true)]
async fn an_old_name_finds_its_sidecar() {
    let copy = copied(LibrarySpec::plain(6, 700)).await;
    let (asset, path) = copy.some(2).await;
    let old = path.replace(".JPG", "-original.JPG");
    copy.put(&old, copy.bytes(&path).await).await;
    copy.remove(&path).await;
    copy.run().await.unwrap();
    assert!(copy.rows().await.iter().any(|row| row.path.as_ref().is_some_and(|at| at.as_str() == old)));
    let trip = copy.world.library().add_album("Trip", NOW);
    copy.enters(&asset, &trip);
    assert_eq!(copy.hears().await, [format!("wrote {path}.xmp")]);
    assert_eq!(copy.albums_in(&path).await, both(&["Trip"]));
    assert!(!copy.paths().await.contains(&format!("{old}.xmp")));
    // And goes with it.
    let mirror = copy.choosing(Arc::new(|_, builder| builder.sidecars(true).mirror(Some(Disposal::Remove))));
    assert!(copy.world.library().edit(&asset, &Edit::Trash, NOW));
    mirror.run().await.unwrap();
    let left = copy.paths().await;
    assert!(!left.contains(&old) && !left.contains(&format!("{path}.xmp")), "{left:?}");
}

/// Tags that somebody gave a photo elsewhere are not ours to take.
#[tokio::test(start_paused = true)]
async fn tags_of_others_stay_beside_albums() {
    let copy = copied(LibrarySpec::plain(3, 700)).await;
    let (asset, path) = copy.some(1).await;
    let sidecar = format!("{path}.xmp");
    let theirs = "<lr:hierarchicalSubject xmlns:lr=\"http://ns.adobe.com/lightroom/1.0/\"><rdf:Bag><rdf:li>People|Ann</rdf:li></rdf:Bag></lr:hierarchicalSubject></rdf:Description>";
    let text = copy.text(&sidecar).await.replacen("</rdf:Description>", theirs, 1);
    copy.put(&sidecar, text.into_bytes()).await;
    let trip = copy.world.library().add_album("Trip", NOW);
    copy.enters(&asset, &trip);
    copy.run().await.unwrap();
    assert!(copy.text(&sidecar).await.contains("<rdf:li>People|Ann<"));
    assert_eq!(copy.albums_in(&path).await, both(&["Trip"]));
    copy.leaves(&asset, &trip);
    copy.run().await.unwrap();
    assert!(copy.text(&sidecar).await.contains("<rdf:li>People|Ann<"));
    assert_eq!(copy.albums_in(&path).await, both(&[]));
    // What another program wrote anew is another program's.
    let foreign = b"<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='digiKam'/>".to_vec();
    copy.put(&sidecar, foreign.clone()).await;
    copy.enters(&asset, &trip);
    copy.run().await.unwrap();
    assert_eq!(copy.bytes(&sidecar).await, foreign);
}

#[tokio::test(start_paused = true)]
async fn exiftool_reads_albums_as_tags() {
    let copy = copied(LibrarySpec::plain(2, 700)).await;
    let (asset, path) = copy.some(0).await;
    let trip = copy.world.library().add_album("Trip & Co", NOW);
    copy.enters(&asset, &trip);
    copy.run().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.xmp");
    std::fs::write(&file, copy.bytes(&format!("{path}.xmp")).await).unwrap();
    let args = ["-j", "-validate", "-warning", "-TagsList", "-HierarchicalSubject"];
    let Ok(output) = Command::new("exiftool").args(args).arg(&file).output() else {
        eprintln!("SKIPPED: no exiftool on this machine");
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI must have exiftool");
        return;
    };
    let said = serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()[0].take();
    assert!(said["Warning"].is_null(), "{said}");
    assert_eq!(said["TagsList"], "Albums/Trip & Co", "{said}");
    assert_eq!(said["HierarchicalSubject"], "Albums|Trip & Co", "{said}");
}
