//! Views: one copy, and any number of trees over it that people browse.
//!
//! The copy stays as its layout has it. A [`View`] is a folder beside it, named as the view is, in which the same files stand once more under other
//! paths: by album, by library, by date. A photo in three albums is fetched once and stored once; its names in the view are links to that one file, or
//! lines of a manifest.
//!
//! A view is derived: from the catalogue, which says what there is and who is in which album, and the files of the copy. Nothing is fetched
//! for it, no proof rests on it, and whatever happens to it, the next run lays it anew. `wanted.rs` says what a view is to show, `names.rs` and
//! `template.rs` under which paths, `record.rs` what stands there by what was written down, and `lay.rs` leads from the one to the other at the end of a
//! run (`kind.rs`: of what entries are made); `sorted.rs` keeps memory bounded meanwhile.
//!
//! Only what is provably ours is taken away (`entry.rs`): a hard link that is the same file as the one of the copy, or the very file
//! that was laid; a symbolic link that leads there; a copy whose bytes are those that were laid. Whatever else stands in the folder is left alone, and told. And
//! the last name of a file is never taken away, unless its photo was deleted in iCloud and the copy mirrors that.
//!
//! `check.rs` tells `verify` whether all stands as the manifests say.
//!
//! Who walks through the storage looking for photos passes the folders of views by (`Folders::of`): adopting, verifying, and looking for files that
//! somebody moved.

mod check;
mod clear;
mod entry;
mod kind;
mod lay;
mod names;
mod record;
mod sorted;
mod template;
mod wanted;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use self::check::ViewFault;
pub(super) use self::check::check;
pub(super) use self::lay::lay;
pub(super) use self::record::Folders;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::StoragePath;

const BAD_NAME: &str = "a view is NAME:TEMPLATE, such as albums:{album_path}; its name is that of a folder below the one of the copy: \
                        without slashes, colons and backslashes, not beginning with a dot, and not ending in .next";

/// A tree over the copy. Its name is that of its folder; its template says which folders are in it, and so which photos.
#[derive(Debug, Clone)]
pub struct View {
    name: String,
    template: String,
    folders: template::Folders,
    shape: ViewAs,
}

impl View {
    /// A view called `name` with folders by `template`, which may hold `{album_path}`, `{album}`, `{library}` and dates as in
    /// [`LayoutOptions::folder`](super::LayoutOptions::folder). One with albums shows each photo in every album that it is in, and none
    /// that is in no album; one without shows all.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a name that is no name of a folder, and for a wrong template.
    pub fn new(name: impl Into<String>, template: impl Into<String>) -> Result<Self> {
        let (name, template) = (name.into(), template.into());
        let is_announcement = name.to_lowercase().ends_with(".next");
        if name.starts_with('.') || is_announcement || names::safe(&name) != name {
            return Err(Error::new(ErrorKind::Config, BAD_NAME).with("view", name.escape_debug()));
        }
        let folders = template::Folders::parse(&template).map_err(|error| error.with("view", &name))?;
        Ok(Self { name, template, folders, shape: ViewAs::default() })
    }

    /// Makes it of these.
    #[must_use]
    pub fn made_of(mut self, shape: ViewAs) -> Self {
        self.shape = shape;
        self
    }

    /// Its name, which is that of its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it shows who is in which album: an engine with such a view learns that of all albums.
    pub fn needs_albums(&self) -> bool {
        self.folders.needs_albums()
    }

    fn folder(&self) -> Result<StoragePath> {
        StoragePath::parse(&self.name)
    }
}

/// From `NAME:TEMPLATE`.
impl FromStr for View {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.split_once(':') {
            // `{:%Y}` alone has no name.
            Some((name, template)) if !name.contains('{') => Self::new(name, template),
            _ => Err(Error::new(ErrorKind::Config, BAD_NAME).with("view", text.escape_debug())),
        }
    }
}

/// What a view is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ViewAs {
    /// Hard links where the disk knows them, else symbolic links, else a manifest: whole for every program, without taking room.
    #[default]
    Best,
    /// Hard links: two names of one file. Who edits it in the view edits the copy.
    HardLink,
    /// Files that share their blocks with those of the copy, and may be edited without harm. Btrfs, XFS and the like alone.
    Reflink,
    /// Symbolic links. Programs must follow them, and the copy must stay where it is.
    SymbolicLink,
    /// Copies, which take their room once more.
    Copy,
    /// Nothing but the manifest, `.icloud-photos-views/<name>.json`.
    Manifest,
}

/// As what an entry was laid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Laid {
    HardLink,
    Reflink,
    Symlink,
    Copy,
    #[default]
    Manifest,
}

/// What is told of views.
#[derive(Debug)]
#[non_exhaustive]
pub enum ViewEvent<'a> {
    /// An entry was laid, or was to be in a rehearsal.
    Laid {
        /// Where.
        path: &'a StoragePath,
        /// The file of the copy that it shows.
        file: &'a StoragePath,
    },
    /// An entry was removed, or was to be: its photo is not there any more, or elsewhere in the view.
    Removed {
        /// Where.
        path: &'a StoragePath,
    },
    /// Something stands there that is not the view's, and stays.
    Left {
        /// Where.
        path: &'a StoragePath,
        /// Why, as a sentence.
        why: &'a str,
    },
    /// An entry could not be laid or removed; the next run tries again.
    Failed {
        /// Which view.
        view: &'a str,
        /// Where, if it is about one entry.
        path: Option<&'a StoragePath>,
        /// What happened.
        error: &'a Error,
    },
    /// A view stands as it should, as far as nothing else was told.
    Done {
        /// Which.
        view: &'a str,
        /// How many entries it has.
        entries: u64,
        /// How many of them were laid now, or were to be.
        laid: u64,
        /// How many others were removed, or were to be.
        removed: u64,
    },
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.template)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_a_name_and_a_template() {
        let view: View = "dates:{:%Y/%m}".parse().unwrap();
        assert_eq!((view.name(), view.to_string().as_str()), ("dates", "dates:{:%Y/%m}"));
        assert!(!view.needs_albums());
        assert!("albums:{album_path}".parse::<View>().unwrap().needs_albums());
        for wrong in ["", "albums", "{:%Y}", ":{album}", "a/b:{album}", ".a:{album}", "..:{album}", "a\\b:x"]
        {
            let error = wrong.parse::<View>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{wrong}");
        }
        assert!("albums:{nothing}".parse::<View>().is_err());
    }
}
