//! Where the files of an asset go: folder and names, exactly as icloudpd 1.32.3 chooses them.
//!
//! Everything here is a pure function of an asset and the [`LayoutOptions`]; nothing looks at a disk. A folder that
//! icloudpd filled is recognised only if every name is the same to the byte, so oddities are kept on purpose: the
//! `testdata` folder holds what the real program answers.

mod locale;
mod localtime;
mod names;
mod options;
mod strftime;
mod template;
mod versions;

#[cfg(test)]
mod tests;

use std::fmt;

pub use self::locale::Locale;
pub use self::localtime::{LocalTime, LocalZone};
use self::names::BaseNames;
pub use self::options::{LayoutOptions, LiveNaming, LiveSize, NamePolicy, RawAlign, Size};
pub(in crate::sync) use self::template::Template;
use self::versions::Chooser;
use crate::asset::{Asset, Filename, Role};
use crate::error::Result;

/// Decides where files go.
#[derive(Debug, Clone)]
pub struct Layout {
    options: LayoutOptions,
    folder: Template,
    zone: LocalZone,
}

/// Where the files of one asset go.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Placement {
    /// When the photo was taken, in local time: its folder and the time of its files.
    pub created: LocalTime,
    /// The folder, relative to the one of the library, its parts joined by `/`; empty for that folder itself. A template
    /// may also make it absolute or let it begin with `..`.
    pub folder: String,
    /// What messages call the asset.
    pub name: String,
    /// What icloudpd takes the asset for.
    pub kind: ItemKind,
    /// The files to keep, in order. Two entries are equal when two sizes had to be replaced by the original.
    pub files: Vec<WantedFile>,
    /// What is wrong with this asset. None of it stops the others.
    pub problems: Vec<LayoutProblem>,
}

/// One file to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WantedFile {
    /// Whose bytes.
    pub role: Role,
    /// The size as messages name it: `original`, `medium`, `small`...
    pub label: &'static str,
    /// Whether this is the film of a Live Photo.
    pub is_live: bool,
    /// The name in the folder.
    pub name: String,
    /// A name under which older icloudpd kept the same file; one that stands there counts as present.
    pub legacy_name: Option<String>,
}

/// What icloudpd takes an asset for. Animated and rare images count as films.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ItemKind {
    /// A photo.
    Image,
    /// A film, or anything of a type it does not know.
    Movie,
    /// The library does not say; treated as a photo, but no filter on kinds catches it.
    Unknown,
}

/// Something about one asset that a person may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayoutProblem {
    /// The name in the library cannot be read; one made of the record's name is used.
    UndecodableName {
        /// The value as it came.
        value: String,
        /// The name used.
        name: String,
    },
    /// The name comes out as nothing or dots; one made of the record's name is used.
    UnusableName {
        /// The name as it would be.
        name: String,
    },
    /// A size was asked for by force and does not exist.
    SizeMissing {
        /// The size.
        size: Size,
        /// The asset.
        name: String,
    },
    /// The original is wanted and does not exist.
    OriginalMissing {
        /// The asset.
        name: String,
    },
    /// The local date is outside the calendar; the date in UTC is used.
    NotLocal {
        /// The date.
        date: LocalTime,
    },
}

impl Layout {
    /// Checks the options and reads the time zone of this computer, if none was given.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for a wrong template, in the words of icloudpd, and for an
    /// unknown time zone.
    pub fn new(options: LayoutOptions) -> Result<Self> {
        let folder = Template::parse(&options.folder)?;
        let zone = options.zone.clone().map_or_else(LocalZone::system, Ok)?;
        Ok(Self { options, folder, zone })
    }

    /// Where the files of `asset` go.
    pub fn place(&self, asset: &Asset) -> Placement {
        let mut problems = Vec::new();
        let created = self.zone.of_asset_date(asset.created_ms()).unwrap_or_else(|utc| {
            problems.push(LayoutProblem::NotLocal { date: utc.clone() });
            utc
        });
        let raw = names::cleaned(asset);
        if let Filename::Undecodable(value) = asset.filename() {
            problems.push(LayoutProblem::UndecodableName { value: value.clone(), name: raw.clone() });
        }
        let kind = kind(asset.media_type(), &raw);
        let names = self.base_names(asset, raw);
        let mut files = self.files(asset, kind, &names, &mut problems);
        if let Some(bad) = files.iter().find(|file| is_unusable(&file.name)) {
            problems.push(LayoutProblem::UnusableName { name: bad.name.clone() });
            let fallback = names::fallback(asset.master_id().as_str(), asset.media_type());
            files = self.files(asset, kind, &self.base_names(asset, fallback), &mut Vec::new());
        }
        let folder = normalise(&self.folder.render(&created, self.options.locale));
        Placement { created, folder, name: names.styled, kind, files, problems }
    }

    /// What icloudpd takes `asset` for; decides whether `--skip-videos` and `--skip-photos` leave it out.
    pub fn item_kind(&self, asset: &Asset) -> ItemKind {
        kind(asset.media_type(), &names::cleaned(asset))
    }

    /// The same, and the name, of what is remembered of an asset.
    pub(super) fn recall(&self, name: &str, master: &str, media_type: Option<&str>) -> (ItemKind, String) {
        let name = names::recalled(name, master, media_type);
        (kind(media_type, &name), name)
    }

    /// The roles whose files can matter under these options; a listing need not ask for others.
    pub(super) fn roles(&self) -> Vec<Role> {
        let options = &self.options;
        let wants = |size| options.sizes.contains(&size);
        let aligns = options.align_raw != RawAlign::AsIs;
        let live = |size| options.live_photos == Some(size);
        [
            (Role::Original, true),
            (Role::Alternative, wants(Size::Alternative) || aligns),
            (Role::Edited, wants(Size::Adjusted)),
            (Role::Medium, wants(Size::Medium)),
            (Role::Thumb, wants(Size::Thumb)),
            (Role::VideoMedium, wants(Size::Medium) || live(LiveSize::Medium)),
            (Role::VideoSmall, wants(Size::Thumb) || live(LiveSize::Thumb)),
            (Role::LiveMovie, live(LiveSize::Original)),
        ]
        .into_iter()
        .filter_map(|(role, matters)| matters.then_some(role))
        .collect()
    }

    /// Whether a file of another length is another file (`name-size-dedup-with-suffix`).
    pub(super) fn compares_sizes(&self) -> bool {
        self.options.names == NamePolicy::SizeDedup
    }

    /// The options it was made of.
    pub fn options(&self) -> &LayoutOptions {
        &self.options
    }

    /// The language of folders.
    pub(in crate::sync) fn locale(&self) -> Option<Locale> {
        self.options.locale
    }

    /// The zone of folders and dates.
    pub(in crate::sync) fn zone(&self) -> &LocalZone {
        &self.zone
    }

    fn base_names(&self, asset: &Asset, raw: String) -> BaseNames {
        BaseNames::new(raw, asset.master_id().as_str(), self.options.keep_unicode, self.options.names)
    }

    fn files(
        &self,
        asset: &Asset,
        kind: ItemKind,
        names: &BaseNames,
        problems: &mut Vec<LayoutProblem>,
    ) -> Vec<WantedFile> {
        Chooser { options: &self.options, asset, kind, names }.choose(problems)
    }
}

impl Placement {
    /// The path of a file of this asset: folder and name.
    pub fn path(&self, name: &str) -> String {
        match self.folder.as_str() {
            "" => name.to_owned(),
            folder if folder.ends_with('/') => format!("{folder}{name}"),
            folder => format!("{folder}/{name}"),
        }
    }
}

fn kind(media_type: Option<&str>, raw_name: &str) -> ItemKind {
    let Some(media_type) = media_type else { return ItemKind::Unknown };
    if media_type == names::MOVIE {
        return ItemKind::Movie;
    }
    let name = raw_name.to_lowercase();
    let looks_like_image = [".heic", ".png", ".jpg", ".jpeg"].iter().any(|end| name.ends_with(end));
    if names::extension_of(media_type).is_some() || looks_like_image {
        ItemKind::Image
    } else {
        ItemKind::Movie
    }
}

/// Names that mean a folder.
fn is_unusable(name: &str) -> bool {
    matches!(name, "" | "." | "..")
}

/// Without doubled slashes, `.` and `a/..`, as `os.path.normpath` of POSIX, but empty instead of `.`.
fn normalise(path: &str) -> String {
    let root = match path.len() - path.trim_start_matches('/').len() {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if !root.is_empty() => {}
            part => parts.push(part),
        }
    }
    format!("{root}{}", parts.join("/"))
}

/// The words of icloudpd, where it has any.
impl fmt::Display for LayoutProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UndecodableName { name, .. } => write!(f, "The name of {name} in iCloud cannot be read"),
            Self::UnusableName { name } => write!(f, "{name:?} cannot be the name of a file; using another"),
            Self::SizeMissing { size, name } => {
                write!(f, "{} size does not exist for {name}. Skipping...", size.as_str())
            }
            Self::OriginalMissing { name } => {
                write!(f, "original size does not exist for {name}. Skipping...")
            }
            Self::NotLocal { date } => {
                write!(f, "Could not convert photo created date to local timezone ({date})")
            }
        }
    }
}
