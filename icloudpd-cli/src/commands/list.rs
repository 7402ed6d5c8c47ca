//! `--list-libraries` and `--list-albums`, and finding what `--library` and `--album` name.

use std::ops::ControlFlow;

use icloud_photos::library::{Album, AlbumTree, Library, SmartAlbum};
use icloud_photos::{Error, ErrorKind, Result, Session};
use indicatif::MultiProgress;

use crate::exit::Exit;
use crate::output::print;

/// How many titles are named when none fits.
const NEAREST: usize = 5;

/// So many choices of albums are looked into where titles are not unique.
const CHOICES: usize = 16;

/// Prints the names of all libraries, the account's own first.
pub(super) async fn libraries(session: &Session, bars: &MultiProgress) -> Result<Exit> {
    print_all(bars, session.libraries().await?.iter().map(Library::name))
}

/// Prints the titles that `--album` takes.
pub(super) async fn albums(session: &Session, library: &str, bars: &MultiProgress) -> Result<Exit> {
    let library = find_library(session, library).await?;
    library.require_index().await?;
    let titles = Titles::of(&library).await?;
    let lines = titles.0.iter().map(|(title, _)| title.as_str());
    print_all(bars, std::iter::once("Albums:").chain(lines))
}

fn print_all<'a>(bars: &MultiProgress, lines: impl Iterator<Item = &'a str>) -> Result<Exit> {
    for line in lines {
        if let ControlFlow::Break(()) = print(bars, line)? {
            break;
        }
    }
    Ok(Exit::Success)
}

/// The library of this name.
pub(super) async fn find_library(session: &Session, name: &str) -> Result<Library> {
    match session.library(name).await {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let libraries = session.libraries().await?;
            let names: Vec<&str> = libraries.iter().map(Library::name).collect();
            drop(error);
            let text =
                format!("Unknown library: {name}. The libraries of this account are: {}", names.join(", "));
            Err(Error::new(ErrorKind::NotFound, text))
        }
        found => found,
    }
}

/// The albums that `titles` name, in that order; none for the whole library.
pub(super) async fn find_albums(library: &Library, titles: &[String]) -> Result<Vec<Album>> {
    if titles.is_empty() {
        return Ok(Vec::new());
    }
    Titles::of(library).await?.find_all(titles)
}

/// The albums that `titles` may name, where `albums` are those of the user's as they are remembered: several choices if titles are not
/// unique, for the order that decides is not remembered; none if one is not there.
pub(super) fn find_remembered(library: &Library, titles: &[String], albums: &[Album]) -> Vec<Vec<Album>> {
    let icloud = Titles::of_icloud(library);
    let mut choices = vec![Vec::new()];
    for title in titles {
        let mut named: Vec<_> = albums.iter().filter(|album| album.is_titled(title)).cloned().collect();
        if named.is_empty() {
            named.extend(icloud.find(title).cloned());
        }
        let longer = |choice: Vec<Album>| {
            named.iter().map(move |album| choice.iter().chain([album]).cloned().collect()).collect::<Vec<_>>()
        };
        choices = choices.into_iter().flat_map(longer).take(CHOICES).collect();
    }
    choices
}

/// The albums that `titles` name now.
pub(super) fn find_listed(library: &Library, titles: &[String], albums: &AlbumTree) -> Result<Vec<Album>> {
    Titles::of_tree(library, albums).find_all(titles)
}

/// Albums by title, in icloudpd's order: those iCloud fills, then the user's. An album of the user's takes the place of
/// an earlier one of the same title.
struct Titles(Vec<(String, Album)>);

impl Titles {
    async fn of(library: &Library) -> Result<Self> {
        Ok(Self::of_tree(library, &library.albums().await?))
    }

    fn of_icloud(library: &Library) -> Self {
        let smart =
            SmartAlbum::ICLOUDPD.iter().map(|album| (album.name().to_owned(), library.smart_album(*album)));
        Self(smart.collect())
    }

    fn of_tree(library: &Library, tree: &AlbumTree) -> Self {
        let mut titles = Self::of_icloud(library);
        titles.add(tree.roots().iter().map(|node| &node.album));
        titles
    }

    fn add<'a>(&mut self, albums: impl Iterator<Item = &'a Album>) {
        for album in albums {
            let title = album.original_name();
            match self.0.iter_mut().find(|(known, _)| known == title) {
                Some((_, known)) => *known = album.clone(),
                None => self.0.push((title.to_owned(), album.clone())),
            }
        }
    }

    fn find_all(&self, titles: &[String]) -> Result<Vec<Album>> {
        titles.iter().map(|title| self.find(title).cloned().ok_or_else(|| self.unknown(title))).collect()
    }

    /// By the exact title, else by the title in composed Unicode, as keyboards give it.
    fn find(&self, title: &str) -> Option<&Album> {
        let exact = self.0.iter().find(|(known, _)| known == title);
        exact.or_else(|| self.0.iter().find(|(_, album)| album.name() == title)).map(|(_, album)| album)
    }

    fn unknown(&self, title: &str) -> Error {
        let nearest = nearest(title, self.0.iter().map(|(known, _)| known.as_str()));
        let text = format!(
            "Unknown album: {title}. The nearest titles are: {}. --list-albums prints all",
            nearest.join(", ")
        );
        Error::new(ErrorKind::NotFound, text)
    }
}

/// The titles most like `title`, the likest first.
fn nearest<'a>(title: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = title.to_lowercase();
    let mut scored: Vec<(f64, &str)> =
        known.map(|known| (strsim::jaro_winkler(&wanted, &known.to_lowercase()), known)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(NEAREST).map(|(_, known)| known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_album() {
        let known =
            ["Time-lapse", "Videos", "Favorites", "Holiday 2024", "Holidays", "Taufe Fotos", "WhatsApp"];
        let nearest = nearest("holyday 2024", known.into_iter());
        assert_eq!(nearest[..2], ["Holiday 2024", "Holidays"]);
        assert_eq!(nearest.len(), NEAREST);
    }
}
