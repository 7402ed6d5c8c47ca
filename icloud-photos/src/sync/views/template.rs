//! The folders of a view: fields for album and library, and dates as `--folder-structure` writes them.

use std::time::SystemTime;

use super::super::layout::{LocalTime, LocalZone, Locale, Template};
use super::names::{Label, short};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::StoragePath;

const FIELDS: &str = "it may hold {album_path}, {album}, {library} and dates such as {:%Y/%m}, and may not lead out of its folder";

/// A checked template such as `{album_path}` or `{library}/{:%Y}`.
#[derive(Debug, Clone)]
pub(super) struct Folders(Vec<Piece>);

#[derive(Debug, Clone)]
enum Piece {
    AlbumPath,
    Album,
    Library,
    Date(Template),
}

const NAMED: [(&str, Piece); 3] =
    [("{album_path}", Piece::AlbumPath), ("{album}", Piece::Album), ("{library}", Piece::Library)];

impl Folders {
    /// # Errors
    /// [`ErrorKind::Config`] for what is no template.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let wrong = || Error::new(ErrorKind::Config, format!("the template of a view is wrong: {FIELDS}"));
        let (mut pieces, mut rest) = (Vec::new(), text);
        while !rest.is_empty() {
            let named = NAMED.iter().filter_map(|(name, piece)| Some((rest.find(name)?, name, piece)));
            let next = named.min_by_key(|(at, ..)| *at);
            let end = next.as_ref().map_or(rest.len(), |(at, ..)| *at);
            if end > 0 {
                let date = Template::parse(&rest[..end]);
                let date = date.map_err(|_| wrong().with("template", text.escape_debug()))?;
                pieces.push(Piece::Date(date));
            }
            let Some((_, name, piece)) = next else { break };
            pieces.push(piece.clone());
            rest = &rest[end + name.len()..];
        }
        let folders = Self(pieces);
        let label = Label { path: "a".to_owned(), title: "a".to_owned() };
        let sample = folders.text(Some(&label), "l", &epoch(), None);
        StoragePath::parse(&sample).map_err(|_| wrong().with("template", text.escape_debug()))?;
        Ok(folders)
    }

    /// Whether it shows who is in which album. Then photos that are in none do not appear.
    pub(super) fn needs_albums(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::AlbumPath | Piece::Album))
    }

    /// The folder of a photo; empty for that of the view itself.
    pub(super) fn render(
        &self,
        album: Option<&Label>,
        library: &str,
        time: &LocalTime,
        locale: Option<Locale>,
    ) -> String {
        let text = self.text(album, library, time, locale);
        let parts = text.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
        parts.map(short).collect::<Vec<_>>().join("/")
    }

    fn text(&self, album: Option<&Label>, library: &str, time: &LocalTime, locale: Option<Locale>) -> String {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::AlbumPath => album.map(|album| album.path.clone()).unwrap_or_default(),
            Piece::Album => album.map(|album| album.title.clone()).unwrap_or_default(),
            Piece::Library => library.to_owned(),
            Piece::Date(template) => template.render(time, locale),
        });
        pieces.collect()
    }
}

fn epoch() -> LocalTime {
    LocalZone::utc().at(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(template: &str) -> String {
        let label = Label { path: "Trips/Rome".to_owned(), title: "Rome".to_owned() };
        Folders::parse(template).unwrap().render(Some(&label), "PrimarySync", &epoch(), None)
    }

    #[test]
    fn fields_and_dates_stand_beside_each_other() {
        assert_eq!(folder("{album_path}"), "Trips/Rome");
        assert_eq!(folder("{album}"), "Rome");
        assert_eq!(folder("/{library}/{:%Y/%m}/"), "PrimarySync/1970/01");
        assert_eq!(folder("of {album} {:%Y}"), "of Rome 1970");
        assert_eq!(folder("none"), "");
        assert_eq!(folder(""), "");
    }

    #[test]
    fn what_is_no_template_is_refused_and_so_is_a_way_out() {
        for wrong in ["{album", "{albums}", "{:%Y}{:%m}}", "../{album}", "{album}/../..", "{}{0}"] {
            let error = Folders::parse(wrong).unwrap_err();
            assert!(
                error.kind() == ErrorKind::Config && error.to_string().contains("{album_path}"),
                "{wrong}"
            );
        }
        assert!(Folders::parse("{library}").is_ok_and(|folders| !folders.needs_albums()));
        assert!(Folders::parse("x{album}").is_ok_and(|folders| folders.needs_albums()));
    }
}
