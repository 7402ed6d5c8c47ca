//! One photo or video.
//!
//! An [`Asset`] is a `CPLAsset` record; its bytes hang on a `CPLMaster`. Two assets may share one master: they are
//! two photos with the same original. The identity of a file is `(library, asset, role)`; the identity of content is
//! its [`Checksum`].

mod checksum;

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::{Map, Value};
use time::{OffsetDateTime, UtcOffset};

pub use self::checksum::{Checksum, Hasher, Scheme};
use crate::library::LibraryId;
use crate::redact::SafeUrl;

/// The record name of a `CPLAsset`, unique in its library: an upper-case UUID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AssetId(pub(crate) Arc<str>);

/// The record name of a `CPLMaster`, in base64: Apple's checksum of the original.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MasterId(pub(crate) Arc<str>);

macro_rules! record_name {
    ($name:ident) => {
        impl $name {
            /// A record name as Apple gave it.
            pub fn new(name: impl Into<Arc<str>>) -> Self {
                Self(name.into())
            }

            /// The record name as Apple gave it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

record_name!(AssetId);
record_name!(MasterId);

/// What a file of an asset is for. One role per resource family of protocol notes 6.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Role {
    /// The untouched original (`resOriginal`).
    Original,
    /// The other original of a RAW+JPEG pair (`resOriginalAlt`).
    Alternative,
    /// The movie of a Live Photo (`resOriginalVidCompl`).
    LiveMovie,
    /// The current edit of a photo, full size (`resJPEGFull`).
    Edited,
    /// The current edit of a video, full size (`resVidFull`).
    EditedVideo,
    /// A large JPEG derivative; rare (`resJPEGLarge`).
    Large,
    /// A JPEG derivative of about 2048 pixels (`resJPEGMed`).
    Medium,
    /// A JPEG derivative of about 480 pixels (`resJPEGThumb`).
    Thumb,
    /// A 720p transcode of a video or of the Live Photo movie (`resVidMed`).
    VideoMedium,
    /// A 360p transcode (`resVidSmall`).
    VideoSmall,
    /// An HDR transcode (`resVidHDRMed`).
    VideoHdr,
    /// A sidecar that belongs to the original, such as AAE (`resSidecar`).
    Sidecar,
}

/// Which record of an asset holds a resource; a fresh link is had by looking that record up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Holder {
    /// The `CPLMaster`.
    Master,
    /// The `CPLAsset`: edits and what is derived from them.
    Asset,
}

/// One downloadable file of an asset.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Resource {
    /// What it is for.
    pub role: Role,
    /// The record that holds it.
    pub holder: Holder,
    /// Uniform type identifier such as `public.heic`, if given.
    pub media_type: Option<String>,
    /// Length in bytes, if given.
    pub size: Option<u64>,
    /// Apple's checksum, if given and well-formed.
    pub checksum: Option<Checksum>,
    /// Pixels, as stored (before rotation).
    pub width: Option<u32>,
    /// Pixels, as stored (before rotation).
    pub height: Option<u32>,
    /// The link that came with the listing. It lives about an hour and is never stored.
    pub(crate) link: Option<Link>,
}

/// A signed download link and when it ends.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) url: SafeUrl,
    /// Seconds since 1970, if the link says so.
    pub(crate) expires: Option<i64>,
}

impl Link {
    /// A link with less than a minute to live is not worth trying.
    pub(crate) fn is_fresh(&self, now: SystemTime) -> bool {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
        self.expires.is_none_or(|end| end - now > 60)
    }
}

/// The name an asset was imported under.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Filename {
    /// The name, exactly as Apple has it: it may hold slashes, control characters or decomposed Unicode.
    Known(String),
    /// The library has no name for it.
    Missing,
    /// There is a value but it cannot be read; kept as it came.
    Undecodable(String),
}

/// What kind of thing an asset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediaKind {
    /// A still, animated ones too.
    Photo,
    /// A film.
    Video,
    /// Apple does not say.
    Unknown,
}

/// Where a photo was taken.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Location {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Metres above the sea.
    pub altitude: Option<f64>,
    /// Metres per second.
    pub speed: Option<f64>,
    /// Degrees clockwise from north.
    pub course: Option<f64>,
    /// Metres.
    pub horizontal_accuracy: Option<f64>,
    /// When the place was measured.
    pub timestamp: Option<OffsetDateTime>,
}

/// One photo or video of a library, with everything the listing said about it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Asset(pub(crate) Arc<AssetData>);

#[derive(Debug)]
pub(crate) struct AssetData {
    pub(crate) id: AssetId,
    pub(crate) master: MasterId,
    pub(crate) library: LibraryId,
    pub(crate) change_tag: Option<String>,
    pub(crate) filename: Filename,
    pub(crate) media_type: Option<String>,
    pub(crate) kind: MediaKind,
    pub(crate) created_ms: Option<i64>,
    pub(crate) added_ms: Option<i64>,
    pub(crate) utc_offset: Option<UtcOffset>,
    pub(crate) resources: Vec<Resource>,
    pub(crate) raw: Map<String, Value>,
}

impl Asset {
    /// The `CPLAsset` record name: what identifies this photo in its library.
    pub fn id(&self) -> &AssetId {
        &self.0.id
    }

    /// The `CPLMaster` record name; shared by duplicates.
    pub fn master_id(&self) -> &MasterId {
        &self.0.master
    }

    /// The library it was listed in.
    pub fn library(&self) -> &LibraryId {
        &self.0.library
    }

    /// The name it was imported under.
    pub fn filename(&self) -> &Filename {
        &self.0.filename
    }

    /// Uniform type identifier of the original (`itemType`), if given.
    pub fn media_type(&self) -> Option<&str> {
        self.0.media_type.as_deref()
    }

    /// Photo or video, by `dataClassType`, else by the type.
    pub fn kind(&self) -> MediaKind {
        self.0.kind
    }

    /// `assetDate` as it came: milliseconds since 1970, UTC. It may be absurd; see [`Asset::created`].
    pub fn created_ms(&self) -> Option<i64> {
        self.0.created_ms
    }

    /// When the photo was taken, in the asset's own offset from UTC where known. `None` if Apple has no date, or one
    /// outside the years 1 to 9999, or the year-1 value that stands for "no date".
    pub fn created(&self) -> Option<OffsetDateTime> {
        todo!("library helper")
    }

    /// When it came into the library.
    pub fn added(&self) -> Option<OffsetDateTime> {
        todo!("library helper")
    }

    /// All files of this asset that Apple offers.
    pub fn resources(&self) -> &[Resource] {
        &self.0.resources
    }

    /// The file of one role.
    pub fn resource(&self, role: Role) -> Option<&Resource> {
        self.0.resources.iter().find(|resource| resource.role == role)
    }

    /// Fields this version does not model, exactly as Apple sent them (`{"value": ..., "type": ...}`).
    pub fn raw(&self) -> &Map<String, Value> {
        &self.0.raw
    }
}
