//! The promises of a catalogue, one function each; [`catalogue_conformance!`](crate::catalogue_conformance) makes tests
//! of them.

#![allow(missing_docs)]

use std::sync::Arc;

use crate::asset::{AssetId, Checksum, Hasher, MasterId, Role};
use crate::error::ErrorKind;
use crate::storage::StoragePath;
use crate::sync::catalogue::{
    AlbumRow, AssetRow, Batch, Catalogue, FileKey, FileRow, LibraryKey, Pending, Progress, RemovalRow,
    RemovalState, Roll, Status, StoreId, Tally, Totals, Tree,
};

type Books = Arc<dyn Catalogue>;

pub async fn an_empty_one_knows_nothing(books: Books) {
    let ids = [asset("A"), asset("B")];
    assert_eq!(books.store().await.unwrap(), None);
    assert_eq!(books.files_of(&home(), &ids).await.unwrap(), [[], []]);
    assert_eq!(books.files_at(&[path("a"), path("b/c")]).await.unwrap(), [[], []]);
    assert_eq!(books.files_with(&[checksum(b"x")]).await.unwrap(), [[]]);
    assert_eq!(books.files(None, None, 10).await.unwrap(), []);
    assert_eq!(books.files(Some(&home()), None, 10).await.unwrap(), []);
    assert_eq!(books.failed(&home(), None, 10).await.unwrap(), []);
    assert_eq!(books.assets(&home(), &ids).await.unwrap(), [None, None]);
    assert_eq!(books.all_assets(&home(), None, 10).await.unwrap(), []);
    assert_eq!(books.assets_with(&[MasterId::new("m-A")]).await.unwrap(), [[]]);
    assert_eq!(books.albums(&home()).await.unwrap(), []);
    assert_eq!(books.progress(&home(), "all").await.unwrap(), None);
    assert_eq!(books.all_progress().await.unwrap(), []);
    assert_eq!(books.on_roll(&home(), "all", &ids).await.unwrap(), [false, false]);
    assert_eq!(books.totals().await.unwrap(), Totals::default());
    assert!(books.files_of(&home(), &[]).await.unwrap().is_empty());
    books.commit(Batch::default()).await.unwrap();
    let gone = Batch {
        gone_files: vec![key("A")],
        gone_assets: vec![(home(), asset("A"))],
        gone_albums: vec![(home(), "album".into())],
        ..Batch::default()
    };
    books.commit(gone).await.unwrap();
    assert_eq!(books.totals().await.unwrap(), Totals::default());
}

pub async fn every_field_is_kept(books: Books) {
    let batch = full("A");
    books.commit(batch.clone()).await.unwrap();
    assert_eq!(books.files_of(&home(), &[asset("A")]).await.unwrap(), [batch.files]);
    assert_eq!(books.assets(&home(), &[asset("A")]).await.unwrap(), [batch.assets.first().cloned()]);
    assert_eq!(books.albums(&home()).await.unwrap(), batch.albums);
    assert_eq!(books.all_progress().await.unwrap(), batch.progress);
    assert_eq!(
        books.removals(&home(), &[asset("A"), asset("B")]).await.unwrap(),
        [batch.removals.first().cloned(), None]
    );

    let sparse = Batch {
        files: vec![row("B")],
        assets: vec![AssetRow::new(home(), asset("B"), MasterId::new("m"), 0)],
        progress: vec![Progress::new(home(), "other", 0)],
        ..Batch::default()
    };
    books.commit(sparse.clone()).await.unwrap();
    assert_eq!(books.files_of(&home(), &[asset("B")]).await.unwrap(), [sparse.files]);
    assert_eq!(books.assets(&home(), &[asset("B")]).await.unwrap(), [sparse.assets.first().cloned()]);
    assert_eq!(books.progress(&home(), "other").await.unwrap().as_ref(), sparse.progress.first());
}

pub async fn owed_removals_come_in_order_until_they_are_sent(books: Books) {
    let row = |library: &LibraryKey, id: &str, state| {
        let selection = Some("all".to_owned());
        RemovalRow { selection, ..RemovalRow::new(library.clone(), asset(id), state, 1) }
    };
    let away = LibraryKey::new("0");
    let owed = ["C", "A", "B", "D"].map(|id| row(&home(), id, RemovalState::Owed));
    let others = [Some("album".to_owned()), None].map(|selection| {
        let id = if selection.is_some() { "AA" } else { "BB" };
        RemovalRow { selection, ..row(&home(), id, RemovalState::Owed) }
    });
    let removals = owed.into_iter().chain(others).chain([row(&away, "A", RemovalState::Owed)]).collect();
    books.commit(Batch { removals, ..Batch::default() }).await.unwrap();
    assert_eq!(books.owed(&home(), "all", None, 2).await.unwrap(), ["A", "B"].map(asset));
    assert_eq!(books.owed(&home(), "all", Some(&asset("B")), 9).await.unwrap(), ["C", "D"].map(asset));
    assert_eq!(books.owed(&home(), "album", None, 9).await.unwrap(), [asset("AA")]);
    assert_eq!(books.owed(&home(), "", None, 9).await.unwrap(), [], "older rows are nobody's");
    let asked = Batch { removals: vec![row(&home(), "A", RemovalState::Sent)], ..Batch::default() };
    books.commit(asked).await.unwrap();
    assert_eq!(
        books.owed(&home(), "all", None, 1).await.unwrap(),
        [asset("A")],
        "it may have to be sent again"
    );
    let arrived = RemovalRow { selection: None, ..row(&home(), "A", RemovalState::Sent) };
    let sent = Batch {
        removals: vec![arrived.clone()],
        gone_removals: vec![(home(), asset("C"))],
        ..Batch::default()
    };
    books.commit(sent).await.unwrap();
    assert_eq!(books.owed(&home(), "all", None, 9).await.unwrap(), ["B", "D"].map(asset));
    assert_eq!(books.owed(&away, "all", None, 9).await.unwrap(), [asset("A")]);
    let rows = books.removals(&home(), &["A", "C"].map(asset)).await.unwrap();
    assert_eq!(rows, [Some(arrived), None]);
}

pub async fn members_come_in_order_until_they_are_gone(books: Books) {
    let member = |selection: &str, id: &str| (home(), selection.to_owned(), asset(id));
    let elsewhere = (LibraryKey::new("0"), "b".to_owned(), asset("E"));
    let members = ["C", "A", "B"].map(|id| member("b", id)).into_iter();
    let members = members.chain([member("a", "A"), member("c", "D"), elsewhere]).collect();
    books.commit(Batch { members, ..Batch::default() }).await.unwrap();
    let of_b = async |after: Option<&str>, limit| {
        books.members(&home(), "b", after.map(asset).as_ref(), limit).await.unwrap()
    };
    assert_eq!(of_b(None, 2).await, ["A", "B"].map(asset));
    assert_eq!(of_b(Some("B"), 9).await, [asset("C")]);
    assert_eq!(of_b(Some("C"), 9).await, []);
    let change = Batch {
        gone_members: vec![member("b", "A"), member("b", "Z")],
        members: vec![member("b", "B"), member("b", "D")],
        ..Batch::default()
    };
    books.commit(change).await.unwrap();
    assert_eq!(of_b(None, 9).await, ["B", "C", "D"].map(asset));
    assert_eq!(books.members(&home(), "a", None, 9).await.unwrap(), [asset("A")]);
    let names = ["in 2", "in 1", "in", "b"].map(|name| member(name, "Q"));
    books.commit(Batch { members: names.to_vec(), ..Batch::default() }).await.unwrap();
    let found = books.selections_of(&home(), "in ", &["Q", "A", "Z"].map(asset)).await.unwrap();
    assert_eq!(found, [vec!["in 1".to_owned(), "in 2".to_owned()], Vec::new(), Vec::new()]);
}

pub async fn sent_removals_come_in_pages(books: Books) {
    let row = |library: &LibraryKey, id: &str, state| RemovalRow {
        receipt: Some(format!("of {id}")),
        ..RemovalRow::new(library.clone(), asset(id), state, 1)
    };
    let away = LibraryKey::new("0");
    let sent = ["C", "A", "B"].map(|id| row(&home(), id, RemovalState::Sent));
    let others = [row(&home(), "AA", RemovalState::Owed), row(&away, "A", RemovalState::Sent)];
    let removals = sent.clone().into_iter().chain(others.clone()).collect();
    books.commit(Batch { removals, ..Batch::default() }).await.unwrap();
    let [c, a, b] = sent;
    assert_eq!(books.sent(&home(), None, 2).await.unwrap(), [a, b]);
    assert_eq!(books.sent(&home(), Some(&asset("B")), 9).await.unwrap(), [c]);
    assert_eq!(books.sent(&away, None, 9).await.unwrap(), others[1..]);
}

pub async fn every_role_and_status_is_kept(books: Books) {
    let mut files = Vec::new();
    for role in Role::ALL {
        for (number, status) in statuses().into_iter().enumerate() {
            files.push(FileRow::new(FileKey::new(home(), asset(&number.to_string()), role), status, 1));
        }
    }
    books.commit(Batch { files: files.clone(), ..Batch::default() }).await.unwrap();
    files.sort_by(|one, other| one.key.cmp(&other.key));
    assert_eq!(books.files(None, None, 1000).await.unwrap(), files);
    let first = books.files_of(&home(), &[asset("0")]).await.unwrap().remove(0);
    assert_eq!(first, files[..Role::ALL.len()], "in the order of the keys");
}

pub async fn odd_texts_and_numbers_are_kept(books: Books) {
    let texts = ["", "'; DROP TABLE files; --", "%_\\\"", "Ünïcödé 👩‍👩‍👧 e\u{301}", "a\nb\tc", "nul\0inside"];
    for (number, text) in texts.into_iter().enumerate() {
        let library = LibraryKey::new(format!("{text}/zone"));
        let mut batch = full("A");
        let file = &mut batch.files[0];
        file.key = FileKey::new(library.clone(), AssetId::new(text), Role::LiveMovie);
        file.path = Some(path(&format!("{number}/{}", text.replace('\0', ""))));
        file.status = Status::Failed { reason: text.into(), attempts: u32::MAX };
        (file.size, file.resource_size) = (Some(0), Some(u64::MAX));
        (file.modified, file.at) = (Some(i64::MIN), i64::MAX);
        let asset = &mut batch.assets[0];
        (asset.library, asset.asset, asset.master) =
            (library.clone(), AssetId::new(text), MasterId::new(text));
        (asset.tag, asset.metadata, asset.name) = (Some(text.into()), text.into(), text.into());
        (asset.content, asset.created) = (u64::MAX, Some(i64::MIN));
        batch.albums = vec![AlbumRow::new(library.clone(), text, text, text)];
        let progress = &mut batch.progress[0];
        (progress.library, progress.selection) = (library.clone(), text.into());
        progress.pending = Some(Pending::new(Some(text.into()), u64::MAX, u64::MAX));
        books.commit(batch.clone()).await.unwrap();

        let id = [AssetId::new(text)];
        let at = batch.files[0].path.clone().unwrap();
        assert_eq!(books.files_of(&library, &id).await.unwrap(), [batch.files.clone()], "{text:?}");
        assert_eq!(books.files_at(&[at]).await.unwrap(), [batch.files.clone()], "{text:?}");
        assert_eq!(books.files(Some(&library), None, 9).await.unwrap(), batch.files, "{text:?}");
        assert_eq!(books.assets(&library, &id).await.unwrap(), [batch.assets.pop()], "{text:?}");
        assert_eq!(books.albums(&library).await.unwrap(), batch.albums, "{text:?}");
        assert_eq!(books.progress(&library, text).await.unwrap(), batch.progress.pop(), "{text:?}");
    }
    assert_eq!(books.totals().await.unwrap().assets, texts.len() as u64);
}

pub async fn the_last_row_of_a_key_counts(books: Books) {
    books.commit(full("A")).await.unwrap();
    let mut newer = row("A");
    newer.status = Status::Failed { reason: "cut".into(), attempts: 2 };
    let mut newest = newer.clone();
    newest.at = 99;
    let mut asset_row = AssetRow::new(home(), asset("A"), MasterId::new("other"), 3);
    asset_row.trashed = true;
    let album = AlbumRow::new(home(), "album-A", "Moved/Holiday", "smart");
    let progress = Progress::new(home(), "all", 77);
    let batch = Batch {
        files: vec![newer, newest.clone()],
        assets: vec![asset_row.clone()],
        albums: vec![album.clone()],
        progress: vec![progress.clone()],
        ..Batch::default()
    };
    books.commit(batch).await.unwrap();
    assert_eq!(books.files(None, None, 10).await.unwrap(), [newest], "old fields do not shine through");
    assert_eq!(books.assets(&home(), &[asset("A")]).await.unwrap(), [Some(asset_row)]);
    assert_eq!(books.albums(&home()).await.unwrap(), [album]);
    assert_eq!(books.all_progress().await.unwrap(), [progress]);
}

pub async fn what_is_gone_goes_first(books: Books) {
    books.commit(full("A")).await.unwrap();
    let again = Batch {
        gone_files: vec![key("A")],
        gone_assets: vec![(home(), asset("A"))],
        gone_albums: vec![(home(), "album-A".into())],
        ..full("A")
    };
    books.commit(again).await.unwrap();
    let batch = full("A");
    assert_eq!(books.files(None, None, 10).await.unwrap(), batch.files);
    assert_eq!(books.assets(&home(), &[asset("A")]).await.unwrap(), [batch.assets.first().cloned()]);
    assert_eq!(books.albums(&home()).await.unwrap(), batch.albums);
}

pub async fn removal_is_exact(books: Books) {
    let movie = FileRow::new(FileKey::new(home(), asset("A"), Role::LiveMovie), Status::Derived, 1);
    books.commit(full("A")).await.unwrap();
    books.commit(Batch { files: vec![movie.clone()], ..full("B") }).await.unwrap();
    let original = Batch { gone_files: vec![key("A")], ..Batch::default() };
    books.commit(original).await.unwrap();
    assert_eq!(books.files(None, None, 10).await.unwrap().first(), Some(&movie));
    let rest = Batch {
        gone_assets: vec![(home(), asset("A")), (LibraryKey::new("elsewhere"), asset("B"))],
        gone_albums: vec![(home(), "album-B".into())],
        ..Batch::default()
    };
    books.commit(rest).await.unwrap();
    assert_eq!(books.files(None, None, 10).await.unwrap(), [movie], "files go only when they are named");
    let assets = books.assets(&home(), &[asset("A"), asset("B")]).await.unwrap();
    assert_eq!(assets, [None, full("B").assets.pop()]);
    assert_eq!(books.albums(&home()).await.unwrap(), full("A").albums);
}

pub async fn answers_come_in_the_order_of_the_questions(books: Books) {
    for id in ["C", "A", "B"] {
        books.commit(full(id)).await.unwrap();
    }
    let ids: Vec<AssetId> = ["B", "none", "A", "B"].map(asset).to_vec();
    let files = books.files_of(&home(), &ids).await.unwrap();
    assert_eq!(files, [full("B").files, vec![], full("A").files, full("B").files]);
    let assets = books.assets(&home(), &ids).await.unwrap();
    assert_eq!(assets, [full("B").assets.pop(), None, full("A").assets.pop(), full("B").assets.pop()]);
    let paths = ["2018/B.JPG", "2018/none.JPG", "2018/C.JPG"].map(path);
    assert_eq!(books.files_at(&paths).await.unwrap(), [full("B").files, vec![], full("C").files]);
    let sums = [checksum(b"C"), checksum(b"none"), checksum(b"A")];
    assert_eq!(books.files_with(&sums).await.unwrap(), [full("C").files, vec![], full("A").files]);
}

pub async fn paths_and_checksums_find_their_rows(books: Books) {
    let mut files: Vec<FileRow> = ["1", "2", "3"].map(row).to_vec();
    files[2].key.library = LibraryKey::new("0");
    for file in &mut files {
        (file.path, file.checksum) = (Some(path("2018/IMG_1.JPG")), Some(checksum(b"same")));
    }
    books.commit(Batch { files: files.clone(), ..Batch::default() }).await.unwrap();
    files.rotate_right(1);
    assert_eq!(books.files_at(&[path("2018/IMG_1.JPG")]).await.unwrap(), [files.clone()], "of any library");
    assert_eq!(books.files_with(&[checksum(b"same")]).await.unwrap(), [files]);
    let near = ["2018/img_1.jpg", "2018", "2018/IMG_1.JPG/x", "IMG_1.JPG", "2018/IMG%"].map(path);
    assert_eq!(books.files_at(&near).await.unwrap(), [[], [], [], [], []], "paths are compared exactly");
}

pub async fn old_paths_and_checksums_find_nothing(books: Books) {
    books.commit(full("A")).await.unwrap();
    let mut moved = full("A").files.remove(0);
    (moved.path, moved.checksum) = (Some(path("2019/A.JPG")), Some(checksum(b"new")));
    books.commit(Batch { files: vec![moved.clone()], ..Batch::default() }).await.unwrap();
    let at = books.files_at(&[path("2018/A.JPG"), path("2019/A.JPG")]).await.unwrap();
    assert_eq!(at, [vec![], vec![moved.clone()]]);
    let with = books.files_with(&[checksum(b"A"), checksum(b"new")]).await.unwrap();
    assert_eq!(with, [vec![], vec![moved]]);
    books.commit(Batch { gone_files: vec![key("A")], ..Batch::default() }).await.unwrap();
    assert_eq!(books.files_at(&[path("2019/A.JPG")]).await.unwrap(), [[]]);
    assert_eq!(books.files_with(&[checksum(b"new")]).await.unwrap(), [[]]);
}

pub async fn assets_come_in_pages(books: Books) {
    let other = LibraryKey::new("0");
    let row = |library: &LibraryKey, id: String| {
        AssetRow::new(library.clone(), AssetId::new(id), MasterId::new("m"), 7)
    };
    let mut assets: Vec<_> = (0..50).map(|at| row(&home(), format!("{:03}", at * 37 % 50))).collect();
    assets.push(row(&other, "007".into()));
    books.commit(Batch { assets: assets.clone(), ..Batch::default() }).await.unwrap();
    assets.pop();
    assets.sort_by(|one, other| one.asset.cmp(&other.asset));
    for limit in [1, 7, 50, usize::MAX] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = books.all_assets(&home(), after.as_ref(), limit).await.unwrap();
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = Some(last.asset.clone());
            seen.extend(page);
        }
        assert_eq!(seen, assets, "pages of {limit}");
    }
    assert_eq!(books.all_assets(&home(), Some(&asset("zz")), 9).await.unwrap(), []);
}

pub async fn masters_find_their_assets(books: Books) {
    let (other, master) = (LibraryKey::new("0"), MasterId::new("m"));
    let rows = [("A", home()), ("B", home()), ("A", other)]
        .map(|(id, library)| AssetRow::new(library, asset(id), master.clone(), 7));
    books.commit(Batch { assets: rows.to_vec(), ..Batch::default() }).await.unwrap();
    let of = [MasterId::new("none"), master.clone()];
    let [a, b, elsewhere] = rows;
    assert_eq!(books.assets_with(&of).await.unwrap(), [vec![], vec![elsewhere, a.clone(), b]]);
    let changed = AssetRow::new(home(), asset("B"), MasterId::new("new"), 7);
    let mut batch = Batch { assets: vec![changed.clone()], ..Batch::default() };
    batch.gone_assets = vec![(LibraryKey::new("0"), asset("A"))];
    books.commit(batch).await.unwrap();
    let now = books.assets_with(&[master, MasterId::new("new")]).await.unwrap();
    assert_eq!(now, [[a], [changed]]);
}

pub async fn pages_hold_every_row_once_in_order(books: Books) {
    let files = many();
    for part in files.chunks(40) {
        books.commit(Batch { files: part.to_vec(), ..Batch::default() }).await.unwrap();
    }
    let mut sorted = files;
    sorted.sort_by(|one, other| one.key.cmp(&other.key));
    for limit in [1, 7, 100, usize::MAX] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = books.files(None, after.as_ref(), limit).await.unwrap();
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            seen.extend(page);
        }
        assert_eq!(seen, sorted, "pages of {limit}");
    }
    assert_eq!(books.files(None, None, 0).await.unwrap(), []);
    let between = FileKey::new(home(), asset("0005x"), Role::Original);
    let next = books.files(None, Some(&between), 1).await.unwrap();
    assert_eq!(next.first(), sorted.iter().find(|row| row.key > between), "a key need not exist");
}

pub async fn pages_of_one_library(books: Books) {
    books.commit(Batch { files: many(), ..Batch::default() }).await.unwrap();
    let mut wanted: Vec<FileRow> = many().into_iter().filter(|row| row.key.library == home()).collect();
    wanted.sort_by(|one, other| one.key.cmp(&other.key));
    let (first, rest) = wanted.split_at(7);
    let library = Some(home());
    assert_eq!(books.files(library.as_ref(), None, 7).await.unwrap(), first);
    let after = first.last().map(|row| row.key.clone());
    assert_eq!(books.files(library.as_ref(), after.as_ref(), 999).await.unwrap(), rest);
    let of = |library: &str| FileKey::new(LibraryKey::new(library), asset("zz"), Role::Original);
    assert_eq!(books.files(library.as_ref(), Some(&of("")), 999).await.unwrap(), wanted);
    assert_eq!(books.files(library.as_ref(), Some(&of("zz")), 999).await.unwrap(), []);
}

pub async fn pages_of_what_failed(books: Books) {
    books.commit(Batch { files: many(), ..Batch::default() }).await.unwrap();
    let failed = |row: &FileRow| row.key.library == home() && matches!(row.status, Status::Failed { .. });
    let mut wanted: Vec<FileRow> = many().into_iter().filter(failed).collect();
    wanted.sort_by(|one, other| one.key.cmp(&other.key));
    assert!(wanted.len() > 3, "the test needs some");
    let (first, rest) = wanted.split_at(2);
    assert_eq!(books.failed(&home(), None, 2).await.unwrap(), first);
    assert_eq!(books.failed(&home(), Some(&first[1].key), 999).await.unwrap(), rest);
    let of = |library: &str| FileKey::new(LibraryKey::new(library), asset("zz"), Role::Original);
    assert_eq!(books.failed(&home(), Some(&of("")), 999).await.unwrap(), wanted);
    assert_eq!(books.failed(&home(), Some(&of("zz")), 999).await.unwrap(), []);
    let mut mended = first[0].clone();
    mended.status = Status::Verified;
    books.commit(Batch { files: vec![mended], ..Batch::default() }).await.unwrap();
    assert_eq!(books.failed(&home(), None, 999).await.unwrap(), wanted[1..]);
}

pub async fn a_file_has_a_row_in_each_tree(books: Books) {
    let in_tree = |tree: &str, place: &str| {
        let mut row = row("A");
        row.key = row.key.within(Tree::new(tree));
        (row.path, row.checksum) = (Some(path(place)), Some(checksum(b"A")));
        row
    };
    let rows = [in_tree("", "A"), in_tree("one", "one/A"), in_tree("two", "two/A")];
    let files = vec![rows[2].clone(), rows[0].clone(), rows[1].clone(), row("B")];
    books.commit(Batch { files, ..Batch::default() }).await.unwrap();
    let of = async || books.files_of(&home(), &[asset("A")]).await.unwrap().remove(0);
    assert_eq!(of().await, rows, "in the order of their trees");
    assert_eq!(books.files_with(&[checksum(b"A")]).await.unwrap().remove(0), rows);
    assert_eq!(books.files_at(&[path("one/A")]).await.unwrap(), [[rows[1].clone()]]);
    assert_eq!(books.files(None, Some(&rows[1].key), 1).await.unwrap(), rows[2..]);
    assert_eq!(books.files(Some(&home()), Some(&rows[0].key), 2).await.unwrap(), rows[1..]);
    let mut lost = rows[1].clone();
    lost.status = Status::Failed { reason: "x".into(), attempts: 1 };
    books.commit(Batch { files: vec![lost.clone()], ..Batch::default() }).await.unwrap();
    assert_eq!(books.failed(&home(), Some(&rows[0].key), 9).await.unwrap(), [lost.clone()]);
    assert_eq!(books.failed(&home(), Some(&lost.key), 9).await.unwrap(), []);
    books.commit(Batch { gone_files: vec![lost.key], ..Batch::default() }).await.unwrap();
    assert_eq!(of().await, [rows[0].clone(), rows[2].clone()], "the others stay");
    assert_eq!(books.totals().await.unwrap().verified.files, 3);
}

pub async fn libraries_do_not_mix(books: Books) {
    let other = LibraryKey::new(format!("{}x", home()));
    books.commit(full("A")).await.unwrap();
    assert_eq!(books.files_of(&other, &[asset("A")]).await.unwrap(), [[]]);
    assert_eq!(books.assets(&other, &[asset("A")]).await.unwrap(), [None]);
    assert_eq!(books.albums(&other).await.unwrap(), []);
    assert_eq!(books.progress(&other, "all").await.unwrap(), None);
    let gone = Batch {
        gone_files: vec![FileKey::new(other.clone(), asset("A"), Role::Original)],
        gone_assets: vec![(other.clone(), asset("A"))],
        gone_albums: vec![(other, "album-A".into())],
        ..Batch::default()
    };
    books.commit(gone).await.unwrap();
    assert_eq!(books.files(None, None, 10).await.unwrap(), full("A").files);
    assert_eq!(books.assets(&home(), &[asset("A")]).await.unwrap(), [full("A").assets.pop()]);
    assert_eq!(books.albums(&home()).await.unwrap(), full("A").albums);
}

pub async fn progress_is_kept_for_each_selection(books: Books) {
    let mut all = Progress::new(home(), "all", 1);
    all.token = Some("t1".into());
    let mut videos = Progress::new(home(), "videos", 2);
    videos.pending = Some(Pending::new(None, 5, 6));
    let elsewhere = Progress::new(LibraryKey::new("0"), "all", 3);
    let progress = vec![videos.clone(), all.clone(), elsewhere.clone()];
    books.commit(Batch { progress, ..Batch::default() }).await.unwrap();
    assert_eq!(books.progress(&home(), "all").await.unwrap(), Some(all.clone()));
    assert_eq!(books.progress(&home(), "videos").await.unwrap(), Some(videos.clone()));
    assert_eq!(books.progress(&home(), "none").await.unwrap(), None);
    assert_eq!(books.all_progress().await.unwrap(), [elsewhere.clone(), all.clone(), videos.clone()]);
    (videos.token, videos.pending) = (Some("t2".into()), None);
    books.commit(Batch { progress: vec![videos.clone()], ..Batch::default() }).await.unwrap();
    assert_eq!(books.all_progress().await.unwrap(), [elsewhere, all, videos]);
}

pub async fn a_roll_is_kept_as_long_as_its_listing_is_pending(books: Books) {
    let at = |token: &str, rank| {
        let pending = Some(Pending::new(Some(token.into()), rank, rank));
        Progress { pending, ..Progress::new(home(), "all", 1) }
    };
    let roll = |selection: &str, ids: &[&str]| Roll {
        library: home(),
        selection: selection.into(),
        assets: ids.iter().map(|id| asset(id)).collect(),
    };
    let ids = ["A", "B", "C"].map(asset);
    let on_roll = async |selection| books.on_roll(&home(), selection, &ids).await.unwrap();
    let first = Batch {
        progress: vec![at("t1", 100), Progress { selection: "other".into(), ..at("t1", 7) }],
        rolls: vec![roll("all", &["C"]), roll("other", &["A"])],
        ..Batch::default()
    };
    books.commit(first).await.unwrap();
    assert_eq!(on_roll("all").await, [false, false, true]);
    let on = Batch {
        progress: vec![at("t1", 200)],
        rolls: vec![roll("all", &["A", "C", "A"])],
        ..Batch::default()
    };
    books.commit(on).await.unwrap();
    assert_eq!(on_roll("all").await, [true, false, true], "the listing goes on");
    assert_eq!(books.on_roll(&LibraryKey::new("0"), "all", &ids).await.unwrap(), [false; 3]);
    let anew = Batch { progress: vec![at("t2", 50)], rolls: vec![roll("all", &["B"])], ..Batch::default() };
    books.commit(anew).await.unwrap();
    assert_eq!(on_roll("all").await, [false, true, false], "another listing");
    let mut done = Progress::new(home(), "all", 2);
    done.token = Some("t3".into());
    books.commit(Batch { progress: vec![done], ..Batch::default() }).await.unwrap();
    assert_eq!(on_roll("all").await, [false; 3], "it came to its end");
    assert_eq!(on_roll("other").await, [true, false, false], "nobody else's");
}

pub async fn totals_count_what_is_there(books: Books) {
    let mut files = Vec::new();
    for (number, status) in statuses().into_iter().enumerate() {
        for copy in 0..=number {
            let mut file = row(&format!("{number}-{copy}"));
            file.status = status.clone();
            file.size = (copy > 0).then_some(1000 * copy as u64);
            files.push(file);
        }
    }
    books.commit(Batch { files, ..full("A") }).await.unwrap();
    let tally = |files, bytes| Tally { files, bytes };
    let mut totals = Totals::default();
    (totals.verified, totals.unconfirmed) = (tally(1, 0), tally(2, 1000));
    (totals.assumed, totals.derived) = (tally(3, 3000), tally(4, 6000));
    (totals.failed, totals.assets) = (tally(5, 10_000), 1);
    assert_eq!(books.totals().await.unwrap(), totals);
}

pub async fn the_store_changes_only_while_there_are_no_files(books: Books) {
    let (one, other) = (StoreId::random("/one"), StoreId::random("/other"));
    assert_ne!(one.id, other.id);
    books.set_store(&one).await.unwrap();
    books.set_store(&other).await.unwrap();
    assert_eq!(books.store().await.unwrap(), Some(other.clone()));
    books.commit(full("A")).await.unwrap();
    let error = books.set_store(&one).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(books.store().await.unwrap(), Some(other.clone()));
    let moved = StoreId::new(other.id.clone(), "/mnt/other");
    books.set_store(&moved).await.unwrap();
    assert_eq!(books.store().await.unwrap(), Some(moved));
    books.commit(Batch { gone_files: vec![key("A")], ..Batch::default() }).await.unwrap();
    books.set_store(&one).await.unwrap();
    assert_eq!(books.store().await.unwrap(), Some(one));
}

/// Who looks while others write sees each batch with all its rows or none.
pub async fn batches_are_seen_whole(books: Books) {
    let ids: Vec<AssetId> = (0..20).map(|number| asset(&number.to_string())).collect();
    let writer = {
        let (books, ids) = (Arc::clone(&books), ids.clone());
        tokio::spawn(async move {
            for at in 1..=30 {
                let rows = ids.iter().map(|id| {
                    FileRow::new(FileKey::new(home(), id.clone(), Role::Original), Status::Verified, at)
                });
                books.commit(Batch { files: rows.collect(), ..Batch::default() }).await.unwrap();
            }
        })
    };
    loop {
        let done = writer.is_finished();
        let rows = books.files_of(&home(), &ids).await.unwrap().concat();
        let times: Vec<i64> = rows.iter().map(|row| row.at).collect();
        assert!(times.is_empty() || times == vec![times[0]; ids.len()], "half a batch: {times:?}");
        if done {
            assert_eq!(times.first(), Some(&30));
            break;
        }
    }
    writer.await.unwrap();
}

fn home() -> LibraryKey {
    LibraryKey::new("1234/private/PrimarySync")
}

fn asset(id: &str) -> AssetId {
    AssetId::new(id)
}

fn path(text: &str) -> StoragePath {
    StoragePath::parse(text).unwrap()
}

fn key(id: &str) -> FileKey {
    FileKey::new(home(), asset(id), Role::Original)
}

fn row(id: &str) -> FileRow {
    FileRow::new(key(id), Status::Verified, 1_500_000_000)
}

fn checksum(bytes: &[u8]) -> Checksum {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    hasher.finish().checksum
}

fn statuses() -> [Status; 5] {
    let failed = Status::Failed { reason: "the link was cut".into(), attempts: 3 };
    [Status::Verified, Status::Unconfirmed, Status::Assumed, Status::Derived, failed]
}

/// A batch with one row of each kind, every field set.
fn full(id: &str) -> Batch {
    let mut file = row(id);
    file.path = Some(path(&format!("2018/{id}.JPG")));
    (file.size, file.resource_size) = (Some(1234), Some(1200));
    file.modified = Some(-5);
    file.checksum = Some(checksum(id.as_bytes()));
    file.sha256 = Some(std::array::from_fn(|at| (at * 9) as u8));
    (file.status, file.sidecar) = (Status::Derived, true);
    let mut asset_row = AssetRow::new(home(), asset(id), MasterId::new(format!("m-{id}")), 0xdead_beef);
    asset_row.tag = Some("4f".into());
    (asset_row.hidden, asset_row.favorite) = (true, true);
    asset_row.metadata = r#"{"caption":"Füße"}"#.into();
    asset_row.name = format!("{id}.JPG");
    asset_row.created = Some(1_500_000_000_123);
    let mut album = AlbumRow::new(home(), format!("album-{id}"), "Folder/Holiday", "album");
    album.parent = Some("folder".into());
    let mut progress = Progress::new(home(), "all", 55);
    progress.token = Some("token".into());
    let cut = Pending::new(Some("before".into()), 200, 199);
    progress.pending = Some(Pending { album: 3, sweeps: true, ..cut });
    let mut removal = RemovalRow::new(home(), asset(id), RemovalState::Sent, 77);
    (removal.selection, removal.receipt) = (Some("all".into()), Some(r#"{"asset":"A"}"#.into()));
    Batch {
        files: vec![file],
        assets: vec![asset_row],
        albums: vec![album],
        progress: vec![progress],
        removals: vec![removal],
        ..Batch::default()
    }
}

/// Rows of three libraries in no order, with every status.
fn many() -> Vec<FileRow> {
    let libraries = ["1234/private/PrimarySync-2", "1234/private/PrimarySync", "0"];
    let rows = (0..150usize).map(|number| {
        let number = number * 67 % 150;
        let role = Role::ALL[number % Role::ALL.len()];
        let id = asset(&format!("{:04}", number / 3));
        let key = FileKey::new(LibraryKey::new(libraries[number % 3]), id, role);
        FileRow::new(key, statuses()[number % 5].clone(), number as i64)
    });
    rows.collect()
}
