//! What can be chosen about names and folders, with the defaults of icloudpd.

use std::fmt;

use super::{LocalZone, Locale};

/// How files are named and which versions are kept. The default is that of icloudpd without options.
#[derive(Clone)]
pub struct LayoutOptions {
    pub(super) folder: String,
    pub(super) sizes: Vec<Size>,
    pub(super) live_photos: Option<LiveSize>,
    pub(super) force_size: bool,
    pub(super) keep_unicode: bool,
    pub(super) names: NamePolicy,
    pub(super) live_naming: LiveNaming,
    pub(super) align_raw: RawAlign,
    pub(super) zone: Option<LocalZone>,
    pub(super) locale: Option<Locale>,
}

/// Runs are remembered under a digest of this text: what is not chosen is not mentioned, so that a new option changes nothing for
/// those who do not use it.
impl fmt::Debug for LayoutOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("LayoutOptions");
        text.field("folder", &self.folder)
            .field("sizes", &self.sizes)
            .field("live_photos", &self.live_photos);
        text.field("force_size", &self.force_size).field("keep_unicode", &self.keep_unicode);
        text.field("names", &self.names).field("live_naming", &self.live_naming);
        text.field("align_raw", &self.align_raw).field("zone", &self.zone);
        if let Some(locale) = self.locale {
            text.field("locale", &locale);
        }
        text.finish()
    }
}

impl Default for LayoutOptions {
    fn default() -> Self {
        Self {
            folder: "{:%Y/%m/%d}".to_owned(),
            sizes: vec![Size::Original],
            live_photos: Some(LiveSize::Original),
            force_size: false,
            keep_unicode: false,
            names: NamePolicy::SizeDedup,
            live_naming: LiveNaming::Suffix,
            align_raw: RawAlign::AsIs,
            zone: None,
            locale: None,
        }
    }
}

impl LayoutOptions {
    /// The template of folders (`--folder-structure`), checked by [`Layout::new`](super::Layout::new).
    #[must_use]
    pub fn folder(mut self, template: impl Into<String>) -> Self {
        self.folder = template.into();
        self
    }

    /// The versions to keep (`--size`), in this order; repetitions are dropped, none means the original.
    #[must_use]
    pub fn sizes(mut self, sizes: impl IntoIterator<Item = Size>) -> Self {
        self.sizes.clear();
        for size in sizes {
            if !self.sizes.contains(&size) {
                self.sizes.push(size);
            }
        }
        if self.sizes.is_empty() {
            self.sizes.push(Size::Original);
        }
        self
    }

    /// Which films of Live Photos to keep (`--live-photo-size`), if any (`--skip-live-photos`).
    #[must_use]
    pub fn live_photos(mut self, size: Option<LiveSize>) -> Self {
        self.live_photos = size;
        self
    }

    /// Whether a missing size is left out instead of being replaced by the original (`--force-size`).
    #[must_use]
    pub fn force_size(mut self, force: bool) -> Self {
        self.force_size = force;
        self
    }

    /// Whether names keep characters outside ASCII (`--keep-unicode-in-filenames`).
    #[must_use]
    pub fn keep_unicode(mut self, keep: bool) -> Self {
        self.keep_unicode = keep;
        self
    }

    /// How photos of one name are told apart (`--file-match-policy`).
    #[must_use]
    pub fn names(mut self, policy: NamePolicy) -> Self {
        self.names = policy;
        self
    }

    /// What films of Live Photos are called (`--live-photo-mov-filename-policy`).
    #[must_use]
    pub fn live_naming(mut self, naming: LiveNaming) -> Self {
        self.live_naming = naming;
        self
    }

    /// Which of a RAW and a JPEG counts as the original (`--align-raw`).
    #[must_use]
    pub fn align_raw(mut self, align: RawAlign) -> Self {
        self.align_raw = align;
        self
    }

    /// The time zone of folders and dates, instead of that of this computer.
    #[must_use]
    pub fn zone(mut self, zone: LocalZone) -> Self {
        self.zone = Some(zone);
        self
    }

    /// The language of months, days and dates in folders (`--use-os-locale`). `None` is English, as in the C locale.
    #[must_use]
    pub fn locale(mut self, locale: Option<Locale>) -> Self {
        self.locale = locale;
        self
    }

    /// What decides where a file goes, and not whether it is wanted. The zone is none of it: a copy of one zone is no other copy.
    pub(in crate::sync) fn placing(&self) -> String {
        let Self { folder, keep_unicode, names, live_naming, locale, .. } = self;
        format!("{folder:?} {keep_unicode} {names:?} {live_naming:?} {locale:?}")
    }

    /// How photos of one name are told apart.
    pub fn name_policy(&self) -> NamePolicy {
        self.names
    }

    /// The versions to keep.
    pub fn wanted_sizes(&self) -> &[Size] {
        &self.sizes
    }
}

/// A version of a photo or film that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Size {
    /// The untouched original.
    Original,
    /// The current edit.
    Adjusted,
    /// The other half of a RAW+JPEG pair.
    Alternative,
    /// A smaller version.
    Medium,
    /// The smallest version.
    Thumb,
}

impl Size {
    /// All of them, each at the place its number says.
    pub(super) const ALL: [Self; 5] =
        [Self::Original, Self::Adjusted, Self::Alternative, Self::Medium, Self::Thumb];

    /// The word of the command line: `original`, `adjusted`, `alternative`, `medium`, `thumb`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Adjusted => "adjusted",
            Self::Alternative => "alternative",
            Self::Medium => "medium",
            Self::Thumb => "thumb",
        }
    }
}

/// A version of the film of a Live Photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LiveSize {
    /// The original film.
    Original,
    /// 720 lines.
    Medium,
    /// 360 lines.
    Thumb,
}

/// How photos of one name in one folder are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NamePolicy {
    /// By length: the second gets it as a suffix, `IMG_1-1024.JPG`. `name-size-dedup-with-suffix`.
    SizeDedup,
    /// By seven characters of the record name in every name. `name-id7`.
    Id7,
}

/// What the film of a Live Photo is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LiveNaming {
    /// `IMG_1_HEVC.MOV` for HEIC photos, else `IMG_1.MOV`.
    Suffix,
    /// `IMG_1.MOV`.
    Original,
}

/// Which of a RAW and a JPEG counts as the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RawAlign {
    /// As the library has it.
    AsIs,
    /// The RAW.
    Original,
    /// The JPEG.
    Alternative,
}
