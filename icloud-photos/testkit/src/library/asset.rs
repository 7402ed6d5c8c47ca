//! What is held of one photo: a master that owns the bytes, and an asset that points at it.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::blob::{Blob, Checksum};
use super::exact::Exact;
use super::random::hash;
use super::uti::{self, Uti};

/// The original and what was made of it at import.
#[derive(Debug, Clone)]
pub(super) struct Master {
    /// Its place among the masters of the zone it was imported to; sizes follow from it.
    pub(super) number: u32,
    /// Bytes follow from this.
    pub(super) key: u64,
    pub(super) size: u64,
    pub(super) uti: &'static Uti,
    pub(super) name: Name,
    /// Of the original; also the record's name.
    pub(super) checksum: Checksum,
    /// EXIF orientation, 1 to 8.
    pub(super) orientation: u8,
    /// It has a movie.
    pub(super) live: bool,
    /// The other original of a RAW+JPEG pair.
    pub(super) alternative: Option<&'static Uti>,
    pub(super) flaw: Flaw,
    /// What its records and files are, where they do not follow from the rest.
    pub(super) exact: Option<Arc<Exact>>,
    /// Position of the last change in the log.
    pub(super) changed: u32,
    /// When it was deleted with its last asset, in milliseconds.
    pub(super) trashed: Option<i64>,
    pub(super) purged: bool,
    /// How many assets, not purged, point at it.
    pub(super) assets: u32,
}

/// What a person sees as a photo.
#[derive(Debug, Clone)]
pub(super) struct Asset {
    pub(super) number: u32,
    /// Place of its master in the zone.
    pub(super) master: u32,
    /// `assetDate`, in milliseconds; any value, in a wild library.
    pub(super) date: Option<i64>,
    /// `addedDate`, in milliseconds.
    pub(super) added: i64,
    /// When the record was last written, in milliseconds.
    pub(super) modified: i64,
    /// When it went to Recently Deleted, in milliseconds.
    pub(super) trashed: Option<i64>,
    /// Seconds east of UTC.
    pub(super) zone_offset: i32,
    /// Position of the last change in the log.
    pub(super) changed: u32,
    pub(super) burst: Option<u32>,
    pub(super) edit: Edit,
    /// How often it was edited; every render has other bytes.
    pub(super) renders: u8,
    pub(super) subtype: Subtype,
    pub(super) text: bool,
    pub(super) located: bool,
    pub(super) favourite: bool,
    pub(super) hidden: bool,
    pub(super) purged: bool,
    /// The last write came over the web.
    pub(super) by_web: bool,
    /// What its files are, where they do not follow from the rest.
    pub(super) exact: Option<Arc<Exact>>,
}

/// `filenameEnc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    /// `IMG_0001` and the extension of the type.
    Serial(u32),
    /// Some text.
    Text(Box<str>),
    /// Some text, sent with the type `STRING`.
    Clear(Box<str>),
    /// There is no such field.
    Missing,
    /// Base64 cut short.
    BadBase64,
    /// Base64 of something that is not UTF-8.
    BadUtf8,
}

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Flaw {
    #[default]
    None,
    /// No `itemType`.
    NoItemType,
    /// `itemType` without a value.
    NullItemType,
    /// No `resOriginalFileType`.
    NoFileType,
    /// `resOriginalRes` without `downloadURL`.
    NoLink,
    /// The original's checksum begins with 0x04, and says nothing about its bytes.
    OtherScheme,
    /// The original's checksum is not that of its bytes, on every fetch.
    StaleChecksum,
    /// Fields without values, fields without types, unknown fields.
    Strange,
    /// The asset record does not exist.
    NoAsset,
    /// The master record does not exist.
    NoMaster,
}

/// `adjustmentType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edit {
    None,
    /// Edited in Photos; the render is a JPEG, or a film for a film.
    Photos,
    /// Edited in Photos; the render is a HEIC.
    PhotosHeic,
    /// Cropped right after it was taken.
    Screenshot,
    /// Played slowly; there is no render.
    SlowMotion,
}

/// What kind of photo it is beyond its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subtype {
    None,
    Screenshot,
    Panorama,
    SlowMotion,
    TimeLapse,
    Portrait,
    LongExposure,
    Animated,
}

/// One file of a photo: what the `<prefix>Res` family of fields describes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resource {
    pub(super) prefix: &'static str,
    pub(super) uti: &'static Uti,
    pub(super) blob: Blob,
    /// When it is known already.
    pub(super) checksum: Option<Checksum>,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) no_link: bool,
}

/// The parts a file can play; no two files of a library with different parts have the same length.
#[derive(Clone, Copy)]
pub(super) enum Role {
    Original,
    Movie,
    Alternative,
    Render,
    Medium,
    Thumb,
    MovieMedium,
    MovieSmall,
}

/// Sizes repeat after so many assets: no two of them have the same name on the same day.
const SIZES: u64 = 4999;

/// The length of a file that plays `role` for photo `number`.
pub(super) fn size_of(number: u32, role: Role) -> u64 {
    let base = match role {
        Role::Original | Role::Movie | Role::Alternative | Role::Render => 1024,
        Role::Medium | Role::Thumb | Role::MovieMedium | Role::MovieSmall => 512,
    };
    base + 8 * (u64::from(number) % SIZES) + role as u64
}

impl Master {
    /// A sound master without its checksum.
    pub(super) fn new(number: u32, key: u64, size: u64, uti: &'static Uti, name: Name) -> Self {
        Self {
            number,
            key,
            size,
            uti,
            name,
            checksum: [0; 21],
            orientation: 1,
            live: false,
            alternative: None,
            flaw: Flaw::None,
            exact: None,
            changed: 0,
            trashed: None,
            purged: false,
            assets: 0,
        }
    }

    pub(super) fn original(&self) -> Blob {
        Blob { format: self.uti.format, size: self.size, key: self.key }
    }

    /// The checksum its record shows for the original.
    pub(super) fn shown_checksum(&self) -> Checksum {
        let mut shown = self.checksum;
        if self.flaw == Flaw::OtherScheme {
            shown[0] = 4;
        }
        shown
    }

    pub(super) fn record_name(&self) -> String {
        let exact = self.exact.as_ref().and_then(|exact| exact.record.clone());
        exact.unwrap_or_else(|| STANDARD.encode(self.checksum))
    }

    /// What `itemType` says.
    pub(super) fn item_type(&self) -> &'static str {
        self.exact.as_ref().and_then(|exact| exact.item_type).unwrap_or(self.uti.name)
    }

    /// The name as a person would see it, where there is one.
    pub(super) fn file_name(&self) -> Option<String> {
        match &self.name {
            Name::Serial(n) => Some(format!("IMG_{n:04}.{}", self.uti.extension)),
            Name::Text(text) | Name::Clear(text) => Some(text.to_string()),
            Name::Missing | Name::BadBase64 | Name::BadUtf8 => None,
        }
    }

    pub(super) fn is_video(&self) -> bool {
        self.uti.class == 2
    }

    /// Width and height of the original, as stored.
    fn dimensions(&self) -> (u32, u32) {
        if self.is_video() { (1920, 1080) } else { (4032, 3024) }
    }

    fn file(&self, role: Role, prefix: &'static str, uti: &'static Uti, width: u32, height: u32) -> Resource {
        let blob = Blob {
            format: uti.format,
            size: size_of(self.number, role),
            key: hash(&[self.key, role as u64]),
        };
        Resource { prefix, uti, blob, checksum: None, width, height, no_link: false }
    }

    /// Every file of the master, one after the other.
    pub(super) fn resources(&self, each: &mut dyn FnMut(Resource)) {
        if let Some(exact) = &self.exact {
            return exact.files.iter().copied().for_each(each);
        }
        let (width, height) = self.dimensions();
        let blob = self.original();
        let checksum = Some(self.shown_checksum());
        each(Resource {
            prefix: "resOriginal",
            uti: self.uti,
            blob,
            checksum,
            width,
            height,
            no_link: false,
        });
        if let Some(uti) = self.alternative {
            each(self.file(Role::Alternative, "resOriginalAlt", uti, width, height));
        }
        if self.live {
            each(self.file(Role::Movie, "resOriginalVidCompl", &uti::MOV, 1308, 980));
        }
        if self.live || self.is_video() {
            let uti = if self.live { &uti::MOV } else { &uti::MP4 };
            each(self.file(Role::MovieMedium, "resVidMed", uti, 1280, 720));
            each(self.file(Role::MovieSmall, "resVidSmall", uti, 640, 360));
        }
        if self.number % 7 != 3 || self.is_video() {
            each(self.file(Role::Medium, "resJPEGMed", &uti::JPEG, 2048, 1536));
        }
        each(self.file(Role::Thumb, "resJPEGThumb", &uti::JPEG, 480, 360));
    }
}

impl Asset {
    /// A plain asset, taken and added at `date`.
    pub(super) fn new(number: u32, master: u32, date: i64) -> Self {
        Self {
            number,
            master,
            date: Some(date),
            added: date,
            modified: date,
            trashed: None,
            zone_offset: 0,
            changed: 0,
            burst: None,
            edit: Edit::None,
            renders: 0,
            subtype: Subtype::None,
            text: false,
            located: false,
            favourite: false,
            hidden: false,
            purged: false,
            by_web: false,
            exact: None,
        }
    }

    fn file(&self, master: &Master, role: Role, prefix: &'static str, uti: &'static Uti) -> Resource {
        let blob = Blob {
            format: uti.format,
            // Another length for each render; the last three bits stay the role's.
            size: size_of(self.number, role) + 8 * 5000 * u64::from(self.renders),
            key: hash(&[master.key, u64::from(self.number), u64::from(self.renders), role as u64, 1]),
        };
        let (width, height) = master.dimensions();
        Resource { prefix, uti, blob, checksum: None, width, height, no_link: false }
    }

    /// Every file of the asset's own: the render of its last edit and what was made of that.
    pub(super) fn resources(&self, master: &Master, each: &mut dyn FnMut(Resource)) {
        if let Some(exact) = &self.exact {
            return exact.files.iter().copied().for_each(each);
        }
        let uti = match self.edit {
            Edit::None | Edit::SlowMotion => return,
            Edit::Photos | Edit::PhotosHeic if master.is_video() => {
                each(self.file(master, Role::Render, "resVidFull", &uti::MOV));
                each(self.file(master, Role::MovieMedium, "resVidMed", &uti::MP4));
                each(self.file(master, Role::MovieSmall, "resVidSmall", &uti::MP4));
                return;
            }
            Edit::Photos | Edit::Screenshot => &uti::JPEG,
            Edit::PhotosHeic => &uti::HEIC,
        };
        each(self.file(master, Role::Render, "resJPEGFull", uti));
        if self.edit != Edit::Screenshot {
            each(self.file(master, Role::Medium, "resJPEGMed", &uti::JPEG));
        }
        each(self.file(master, Role::Thumb, "resJPEGThumb", &uti::JPEG));
    }

    /// Shown in the library: neither hidden nor deleted nor gone.
    pub(super) fn is_shown(&self) -> bool {
        self.is_live() && !self.hidden
    }

    /// Neither deleted nor gone.
    pub(super) fn is_live(&self) -> bool {
        !self.purged && self.trashed.is_none()
    }
}
