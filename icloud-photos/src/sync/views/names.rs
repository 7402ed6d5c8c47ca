//! Names in a view: safe on every disk, and the same in every run.
//!
//! Titles of albums are whatever people write. What a file system may refuse or take for something else becomes `_`, and two names that
//! differ in upper and lower case only count as one, for on many disks they are. Who comes second gets eight digits of its own in its name, made of its
//! record's name: they depend on nothing else that is there.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use icu_normalizer::ComposingNormalizerBorrowed;

use super::super::engine::digest;
use super::super::shelf::{Shelf, kind};
use crate::library::AlbumKind;
use crate::storage::StoragePath;

/// Bytes of a name that is cut: with its digits, `.xmp` and the like it stays below the 255 that most disks take.
const LONGEST: usize = 200;

/// Deeper nesting is taken for damaged data.
const MAX_DEPTH: usize = 32;

/// What counts as the same name.
pub(super) fn fold(name: &str) -> String {
    nfc(&name.to_lowercase()).into_owned()
}

fn nfc(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// Eight digits that belong to a record.
pub(super) fn digits(record: &str) -> String {
    digest(record, 4)
}

/// A title as the name of a folder.
pub(super) fn safe(title: &str) -> String {
    let plain = |c: char| if c.is_control() || "/\\:*?\"<>|".contains(c) { '_' } else { c };
    let name: String = nfc(title).chars().map(plain).collect();
    let name = name.trim().trim_end_matches(['.', ' ']);
    let name = match name.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None => name.to_owned(),
    };
    if name.is_empty() { "_".to_owned() } else { short(&name) }
}

/// A name that is too long ends in digits of the whole, before what follows its last dot.
pub(super) fn short(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= 10 && !stem.is_empty() => {
            (stem, format!(".{extension}"))
        }
        _ => (name, String::new()),
    };
    let mut end = LONGEST.min(stem.len());
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}-{}{extension}", stem[..end].trim_end(), digits(name))
}

/// The name of a file that comes second, or later; `0` is the first.
pub(super) fn numbered(name: &str, record: &str, number: u32) -> String {
    let suffix = match number {
        0 => return short(name),
        1 => digits(record),
        number => format!("{}-{number}", digits(record)),
    };
    StoragePath::default().sibling(&short(name)).with_suffix(&suffix).to_string()
}

/// The albums of a library as folders of a view.
#[derive(Debug, Default)]
pub(super) struct Labels(HashMap<String, Label>);

/// What stands for an album in a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Label {
    /// `{album_path}`
    pub(super) path: String,
    /// `{album}`
    pub(super) title: String,
}

impl Labels {
    pub(super) fn of(shelf: &Shelf) -> Self {
        let albums: Vec<_> = shelf.rows().filter(|row| row.kind == kind(AlbumKind::User)).collect();
        let trails = albums.iter().map(|row| (row.album.clone(), trail(shelf, &row.album)));
        let (ids, trails): (Vec<_>, Vec<_>) = trails.unzip();
        let paths = unique(ids.iter().zip(trails.iter().map(|trail| trail.join("/"))));
        let titles = unique(ids.iter().zip(trails.iter().filter_map(|trail| trail.last().cloned())));
        let labels = ids.into_iter().zip(paths.into_iter().zip(titles));
        Self(labels.map(|(album, (path, title))| (album, Label { path, title })).collect())
    }

    pub(super) fn get(&self, album: &str) -> Option<&Label> {
        self.0.get(album)
    }
}

/// The folders above an album and its own, from the top down.
fn trail(shelf: &Shelf, album: &str) -> Vec<String> {
    let mut trail = Vec::new();
    let mut next = shelf.get(album);
    while let Some(row) = next.filter(|_| trail.len() < MAX_DEPTH) {
        trail.push(safe(shelf.title(row)));
        next = row.parent.as_ref().and_then(|parent| shelf.get(parent));
    }
    trail.reverse();
    trail
}

/// The names, in their order, each once: the first by its record keeps the plain one.
fn unique<'a>(named: impl Iterator<Item = (&'a String, String)>) -> Vec<String> {
    let named: Vec<_> = named.collect();
    let mut order: Vec<usize> = (0..named.len()).collect();
    order.sort_by_key(|place| named[*place].0);
    let mut names = vec![String::new(); named.len()];
    let mut taken = HashSet::new();
    let (mut later, mut place_in) = (Vec::new(), |place: usize, name: String| names[place] = name);
    for place in order {
        match taken.insert(fold(&named[place].1)) {
            true => place_in(place, named[place].1.clone()),
            false => later.push(place),
        }
    }
    for place in later {
        let (record, name) = &named[place];
        let candidates = (1_u32..).map(|number| match number {
            1 => format!("{name}-{}", digits(record)),
            number => format!("{name}-{}-{number}", digits(record)),
        });
        let free = candidates.into_iter().find(|name| taken.insert(fold(name)));
        place_in(place, free.unwrap_or_default());
    }
    names
}

/// The zone of a library, which is what `--library` calls it, by its key in the catalogue: `<dsid>/private/<zone>`.
pub(super) fn library_label(key: &str) -> String {
    safe(key.split('/').nth(2).unwrap_or(key))
}

#[cfg(test)]
mod tests {
    use super::super::super::catalogue::{AlbumRow, LibraryKey};
    use super::*;

    #[test]
    fn titles_become_names_that_every_disk_takes() {
        let titles =
            ["Trips", "a/b\\c", "..", ".", "", " ", ".hidden", "end. ", "CON: a?", "🏖 Été", "a\0b\n"];
        let names = titles.map(safe);
        let right = ["Trips", "a_b_c", "_", "_", "_", "_", "_hidden", "end", "CON_ a_", "🏖 Été", "a_b_"];
        assert_eq!(names, right.map(str::to_owned));
        assert_eq!(safe("E\u{301}te"), safe("Éte"), "as composed");
        let long = safe(&"é".repeat(400));
        assert!(long.len() <= 255 && long.ends_with(&digits(&"é".repeat(400))), "{long}");
        assert_ne!(safe(&"x".repeat(300)), safe(&"x".repeat(301)));
    }

    #[test]
    fn the_second_file_gets_digits_of_its_own() {
        assert_eq!(numbered("IMG_1.JPG", "A", 0), "IMG_1.JPG");
        assert_eq!(numbered("IMG_1.JPG", "A", 1), format!("IMG_1-{}.JPG", digits("A")));
        assert_eq!(numbered("IMG_1.JPG", "A", 2), format!("IMG_1-{}-2.JPG", digits("A")));
        let long = numbered(&format!("{}.JPG", "n".repeat(251)), "A", 1);
        assert!(long.len() <= 250 && long.ends_with(".JPG"), "{long}");
    }

    fn label(rows: &[(&str, &str, Option<&str>)]) -> Vec<(String, String)> {
        let mut shelf = Shelf::default();
        for (album, title, parent) in rows {
            let kind = if album.starts_with('F') { "folder" } else { "album" };
            let mut row = AlbumRow::new(LibraryKey::new("l"), *album, *title, kind);
            row.parent = parent.map(str::to_owned);
            shelf.put(row);
        }
        let labels = Labels::of(&shelf);
        let albums = rows.iter().filter_map(|(album, ..)| labels.get(album));
        albums.map(|label| (label.path.clone(), label.title.clone())).collect()
    }

    #[test]
    fn albums_of_one_name_are_told_apart_whatever_comes_first() {
        let rows = [
            ("F1", "Trips/2019", None),
            ("a", "Rome", Some("F1")),
            ("b", "Rome", None),
            ("c", "ROME", None),
            ("d", "", None),
            ("e", "..", Some("F1")),
        ];
        let named = label(&rows);
        let paths: Vec<_> = named.iter().map(|(path, _)| path.as_str()).collect();
        let c = format!("ROME-{}", digits("c"));
        assert_eq!(paths, ["Trips_2019/Rome", "Rome", &c, "_", "Trips_2019/_"]);
        let titles: Vec<_> = named.iter().map(|(_, title)| title.as_str()).collect();
        let (b, e) = (format!("Rome-{}", digits("b")), format!("_-{}", digits("e")));
        assert_eq!(titles, ["Rome", &b, &c, "_", &e]);
        let backwards: Vec<_> = rows.into_iter().rev().collect();
        let mut again = label(&backwards);
        again.reverse();
        assert_eq!(again, named);
    }

    #[test]
    fn circles_end() {
        assert_eq!(label(&[("a", "A", Some("F1")), ("F1", "F", Some("F1"))]).len(), 1);
    }
}
