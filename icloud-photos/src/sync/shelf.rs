//! The albums of a library as rows, kept in order while news of single albums come in.

use std::collections::BTreeMap;

use super::catalogue::{AlbumRow, LibraryKey};
use crate::library::{AlbumKind, AlbumNode, AlbumTree};

/// Deeper nesting is taken for damaged data.
const MAX_DEPTH: usize = 32;

/// All albums of one library, by record name.
#[derive(Debug, Default, Clone)]
pub(super) struct Shelf(BTreeMap<String, AlbumRow>);

impl Shelf {
    pub(super) fn new(rows: Vec<AlbumRow>) -> Self {
        Self(rows.into_iter().map(|row| (row.album.clone(), row)).collect())
    }

    /// As Apple lists them.
    pub(super) fn of(library: &LibraryKey, albums: &AlbumTree) -> Self {
        let mut shelf = Self::default();
        albums.roots().iter().for_each(|node| shelf.take(library, node, None));
        shelf
    }

    pub(super) fn get(&self, album: &str) -> Option<&AlbumRow> {
        self.0.get(album)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &AlbumRow> {
        self.0.values()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The titles of the folders above an album, from the top down, then its own. `None` for what is no album that is known, or has no
    /// title.
    pub(super) fn trail(&self, album: &str) -> Option<Vec<String>> {
        let mut row = self.0.get(album).filter(|row| row.kind == kind(AlbumKind::User))?;
        let mut trail = vec![self.title(row).to_owned()];
        while let Some(folder) = row.parent.as_ref().and_then(|parent| self.0.get(parent))
            && trail.len() < MAX_DEPTH
        {
            trail.push(self.title(folder).to_owned());
            row = folder;
        }
        trail.reverse();
        trail.iter().all(|title| !title.is_empty()).then_some(trail)
    }

    /// The title of an album, without the folders above it.
    pub(super) fn title<'a>(&'a self, row: &'a AlbumRow) -> &'a str {
        let folder = row.parent.as_ref().and_then(|parent| self.0.get(parent));
        let within = folder.and_then(|folder| row.path.strip_prefix(&folder.path)?.strip_prefix('/'));
        within.unwrap_or(&row.path)
    }

    /// Puts an album with this title in its folder: what lies in it comes along.
    pub(super) fn put(&mut self, row: AlbumRow) {
        let below = self.below(&row.album);
        let title = row.path.clone();
        let album = row.album.clone();
        self.0.insert(album.clone(), row);
        self.name(&album, &title);
        // Folders come before what lies in them.
        below.iter().for_each(|(album, title)| self.name(album, title));
    }

    /// Takes an album away, with what lies in it: Apple lists it no longer.
    pub(super) fn remove(&mut self, album: &str) {
        for (album, _) in self.below(album) {
            self.0.remove(&album);
        }
        self.0.remove(album);
    }

    /// What leads from `before` to this: rows that are new or changed, and record names of those that are gone.
    pub(super) fn since(&self, before: &Self) -> (Vec<AlbumRow>, Vec<String>) {
        let changed = self.0.values().filter(|row| before.get(&row.album) != Some(row));
        let gone = before.0.keys().filter(|album| !self.0.contains_key(*album));
        (changed.cloned().collect(), gone.cloned().collect())
    }

    fn take(&mut self, library: &LibraryKey, node: &AlbumNode, parent: Option<&str>) {
        let Some(id) = node.album.id() else { return };
        let path = node.album.path().join("/");
        let mut row = AlbumRow::new(library.clone(), id.as_str(), path, kind(node.album.kind()));
        row.parent = parent.map(str::to_owned);
        self.0.insert(row.album.clone(), row);
        node.children.iter().for_each(|child| self.take(library, child, Some(id.as_str())));
    }

    /// Gives an album its path.
    fn name(&mut self, album: &str, title: &str) {
        let parent = self.0.get(album).and_then(|row| row.parent.clone());
        let folder = parent.and_then(|parent| self.0.get(&parent));
        let path = folder.map_or_else(|| title.to_owned(), |folder| format!("{}/{title}", folder.path));
        if let Some(row) = self.0.get_mut(album) {
            row.path = path;
        }
    }

    /// What lies in a folder at any depth, with its title, a folder before what lies in it.
    fn below(&self, folder: &str) -> Vec<(String, String)> {
        let (mut found, mut layer) = (Vec::new(), vec![folder.to_owned()]);
        for _ in 0..MAX_DEPTH {
            let in_layer = |row: &&AlbumRow| row.parent.as_ref().is_some_and(|parent| layer.contains(parent));
            let next: Vec<_> = self.0.values().filter(in_layer).filter(|row| row.album != folder).collect();
            if next.is_empty() {
                break;
            }
            found.extend(next.iter().map(|row| (row.album.clone(), self.title(row).to_owned())));
            layer = next.into_iter().map(|row| row.album.clone()).collect();
        }
        found
    }
}

/// What a row calls a kind of album.
pub(super) fn kind(kind: AlbumKind) -> &'static str {
    if kind == AlbumKind::Folder { "folder" } else { "album" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(album: &str, title: &str, parent: Option<&str>) -> AlbumRow {
        let mut row = AlbumRow::new(LibraryKey::new("l"), album, title, "album");
        row.parent = parent.map(str::to_owned);
        row
    }

    fn paths(shelf: &Shelf) -> Vec<&str> {
        shelf.0.values().map(|row| row.path.as_str()).collect()
    }

    #[test]
    fn folders_take_what_lies_in_them_along() {
        let mut shelf = Shelf::default();
        // A child may be heard of before its folder.
        shelf.put(row("c", "Day 1/2", Some("b")));
        shelf.put(row("b", "Rome", Some("a")));
        assert_eq!(paths(&shelf), ["Rome", "Rome/Day 1/2"]);
        shelf.put(row("a", "Trips", None));
        assert_eq!(paths(&shelf), ["Trips", "Trips/Rome", "Trips/Rome/Day 1/2"]);
        let before = shelf.clone();
        shelf.put(row("a", "Trips/Old", None));
        assert_eq!(paths(&shelf), ["Trips/Old", "Trips/Old/Rome", "Trips/Old/Rome/Day 1/2"]);
        assert_eq!(shelf.since(&before).0.len(), 3);
        assert_eq!(shelf.title(shelf.get("c").unwrap()), "Day 1/2");
        shelf.put(row("b", "Rome", None));
        assert_eq!(paths(&shelf), ["Trips/Old", "Rome", "Rome/Day 1/2"]);
        shelf.remove("b");
        assert_eq!(paths(&shelf), ["Trips/Old"]);
        assert_eq!(shelf.since(&before).1, ["b", "c"]);
    }

    #[test]
    fn a_trail_is_the_titles_from_the_top_down() {
        let mut shelf = Shelf::default();
        let folder = |album: &str, title: &str, parent| AlbumRow {
            kind: "folder".to_owned(),
            ..row(album, title, parent)
        };
        shelf.put(folder("a", "Trips/Old", None));
        shelf.put(row("b", "Day 1/2", Some("a")));
        shelf.put(row("c", "", Some("a")));
        shelf.put(row("d", "Loop", Some("d")));
        assert_eq!(shelf.trail("b"), Some(vec!["Trips/Old".to_owned(), "Day 1/2".to_owned()]));
        assert_eq!((shelf.trail("a"), shelf.trail("c"), shelf.trail("x")), (None, None, None));
        assert!(shelf.trail("d").is_some_and(|trail| trail.len() <= MAX_DEPTH));
    }

    #[test]
    fn circles_end() {
        let mut shelf = Shelf::default();
        shelf.put(row("a", "A", Some("b")));
        shelf.put(row("b", "B", Some("a")));
        shelf.put(row("a", "A", Some("b")));
        shelf.remove("a");
        assert!(paths(&shelf).is_empty());
    }
}
